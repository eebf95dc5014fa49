// SPDX-License-Identifier: MIT
// Messages, suggestions, numbers, files that appear whole or not at all.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"
#include "base/output.h"
#include "check.h"

static void messages_are_set_and_prefixed(void** state) {
  (void)state;
  struct error err;
  assert_false(error_set(&err, "line %d", 3));
  assert_string_equal(err.text, "line 3");
  assert_false(error_prefix(&err, "file%c", 'x'));
  assert_string_equal(err.text, "filex: line 3");
  assert_false(error_set(NULL, "nobody listens"));
  assert_false(error_prefix(NULL, "nobody listens"));
}

// Quoted from a file, an escape sequence would do to the terminal what the file wants.
static void messages_hold_no_control_characters(void** state) {
  (void)state;
  struct error err;
  error_set(&err, "'%s'\nsecond line", "\x1b[2J\r+\x7f");
  assert_string_equal(err.text, "'?[2J?+?'\nsecond line");
  error_prefix(&err, "\a%s", "file");
  assert_string_equal(err.text, "?file: '?[2J?+?'\nsecond line");
}

static void long_messages_are_cut(void** state) {
  (void)state;
  struct error err;
  char text[3000];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  error_set(&err, "%s", text);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
  error_prefix(&err, "in front");
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
  assert_memory_equal(err.text, "in front: aaa", 13);
  error_prefix(&err, "%s", text);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void near_words_are_suggested(void** state) {
  (void)state;
  static const char* const words[] = {"tour", "run", "script", "explain", "vectors", NULL};
  assert_string_equal(error_suggest("rnu", words), "run");
  assert_string_equal(error_suggest("Scirpt", words), "script");
  assert_string_equal(error_suggest("vec", words), "vectors");
  assert_string_equal(error_suggest("explane", words), "explain");
  assert_null(error_suggest("zzz", words));
  assert_null(error_suggest("q", words));
  assert_null(error_suggest("", words));
}

static void numbers_are_read_whole(void** state) {
  (void)state;
  uint64_t value;
  assert_true(number_parse("0", &value));
  assert_true(number_parse("18446744073709551615", &value));
  assert_true(value == UINT64_MAX);
  assert_true(number_parse("0xFf", &value));
  assert_int_equal(value, 255);
  static const char* const bad[] = {"", "0x", "-1", "+1", " 1", "1 ", "1k", "0x1g", "18446744073709551616"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(number_parse(bad[i], &value));
}

static void numbers_are_written_in_threes(void** state) {
  (void)state;
  char text[NUMBER_TEXT_MAX];
  assert_string_equal(number_text(0, text), "0");
  assert_string_equal(number_text(999, text), "999");
  assert_string_equal(number_text(1000, text), "1,000");
  assert_string_equal(number_text(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

// ---- files ----------------------------------------------------------------------------------------------------------

static char folder[64], path[96];

static int make_folder(void** state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/pagewalk-test-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/file", folder);
  return 0;
}

// Fails if anything but `path` is left in the folder.
static int remove_folder(void** state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static long size_of(const char* name) {
  struct stat status;
  return stat(name, &status) == 0 ? (long)status.st_size : -1;
}

static void a_file_appears_when_it_is_whole(void** state) {
  (void)state;
  struct output output;
  struct error err;
  assert_true(output_open(&output, path, &err));
  fputs("text", output.file);
  fflush(output.file);
  assert_int_equal(size_of(path), -1);
  assert_true(output_commit(&output, &err));
  assert_int_equal(size_of(path), 4);
}

static void an_abandoned_file_leaves_the_old_one(void** state) {
  (void)state;
  struct output output;
  struct error err;
  assert_true(output_open(&output, path, &err));
  fputs("old", output.file);
  assert_true(output_commit(&output, &err));
  assert_true(output_open(&output, path, &err));
  fputs("new text", output.file);
  output_abandon(&output);
  output_abandon(&output);
  assert_int_equal(size_of(path), 3);
}

static void a_full_disk_leaves_nothing(void** state) {
  (void)state;
  struct output output;
  struct error err;
  struct rlimit old, small = {.rlim_cur = 1000};
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &old);
  small.rlim_max = old.rlim_max;
  setrlimit(RLIMIT_FSIZE, &small);
  assert_true(output_open(&output, path, &err));
  for (int i = 0; i < 5000; i++) fputc('x', output.file);
  bool ok = output_commit(&output, &err);
  setrlimit(RLIMIT_FSIZE, &old);
  assert_false(ok);
  assert_non_null(strstr(err.text, path));
  assert_int_equal(size_of(path), -1);
}

static void a_full_device_is_told(void** state) {
  (void)state;
  struct output output;
  struct error err;
  assert_true(output_open(&output, "/dev/full", &err));
  fputs("text", output.file);
  assert_false(output_commit(&output, &err));
  assert_non_null(strstr(err.text, "No space left"));
}

static void unwritable_places_are_told(void** state) {
  (void)state;
  struct output output;
  struct error err;
  char below[128];
  snprintf(below, sizeof below, "%s/none/file", folder);
  assert_false(output_check(below, &err));
  assert_non_null(strstr(err.text, "no such folder"));
  assert_false(output_check(folder, &err));
  assert_non_null(strstr(err.text, "a folder"));
  assert_false(output_reserve(&output, "/dev/null", &err));
  assert_non_null(strstr(err.text, "not a regular file"));
  assert_true(output_check(path, &err));
  assert_int_equal(size_of(path), -1);
}

static void links_are_followed(void** state) {
  (void)state;
  struct output output;
  struct error err;
  char link[128];
  snprintf(link, sizeof link, "%s/link", folder);
  close(open(path, O_CREAT | O_WRONLY, 0600));
  assert_int_equal(symlink(path, link), 0);
  assert_true(output_open(&output, link, &err));
  fputs("text", output.file);
  assert_true(output_commit(&output, &err));
  assert_int_equal(size_of(path), 4);
  assert_int_equal(unlink(link), 0);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(messages_are_set_and_prefixed), cmocka_unit_test(messages_hold_no_control_characters),
    cmocka_unit_test(long_messages_are_cut),         cmocka_unit_test(near_words_are_suggested),
    cmocka_unit_test(numbers_are_read_whole),        cmocka_unit_test(numbers_are_written_in_threes),
    FILE_TEST(a_file_appears_when_it_is_whole),      FILE_TEST(an_abandoned_file_leaves_the_old_one),
    FILE_TEST(a_full_disk_leaves_nothing),           FILE_TEST(a_full_device_is_told),
    FILE_TEST(unwritable_places_are_told),           FILE_TEST(links_are_followed),
};
TEST_MAIN(tests)
