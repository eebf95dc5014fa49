// SPDX-License-Identifier: MIT
// What `pagewalk os sharing` finds out, and that docs/programs.md shows it.
#include <ctype.h>
#include <string.h>

#include "check.h"
#include "programs/command.h"

#define PAGEWALK PAGEWALK_ROOT "/build/pagewalk"

static struct outcome outcome;

static int run_scenario(void** state) {
  (void)state;
  static const char* const words[] = {PAGEWALK, "os", "sharing", "--engine", "model", NULL};
  struct command command = {.path = words[0], .words = words, .folder = PAGEWALK_ROOT, .seconds = 100};
  command_run(&command, &outcome);
  return outcome.status == 0 ? 0 : -1;
}

// The columns of a way's line in the table below that heading.
static int columns(const char* heading, const char* way, char text[256], const char* words[COMMAND_WORDS_MAX]) {
  char start[32];
  const char* table = strstr(outcome.output, heading);
  if (!table) fail_msg("there is no '%s' in %s", heading, outcome.output);
  snprintf(start, sizeof start, "\n  %-9s", way);
  const char* line = strstr(table, start);
  assert_non_null(line);
  char copy[256];
  snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
  return command_words(copy, text, 256, words);
}

static const char* const all[] = {"alone", "images", "static", "base", "bounds", "segments", "paging"};
enum { WAYS = sizeof all / sizeof *all };

// In column `column` of that table stands `expected`, by way.
static void expect(const char* heading, int column, const char* const expected[WAYS]) {
  for (int way = 0; way < WAYS; way++) {
    char text[256];
    const char* words[COMMAND_WORDS_MAX];
    assert_true(columns(heading, all[way], text, words) > column);
    if (strcmp(words[column], expected[way]) != 0)
      fail_msg("%s, %s: '%s', not '%s'", heading, all[way], words[column], expected[way]);
  }
}

static double figure(const char* heading, const char* way, int column) {
  char text[256], digits[64];
  const char* words[COMMAND_WORDS_MAX];
  size_t used = 0;
  assert_true(columns(heading, way, text, words) > column);
  for (const char* c = words[column]; *c && used < sizeof digits - 1; c++)
    if (*c != ',') digits[used++] = *c;
  digits[used] = '\0';
  return strtod(digits, NULL);
}

static void time_sharing_is_dearer_by_orders_of_magnitude(void** state) {
  (void)state;
  double images = figure("Two programs", "images", 2), bounds = figure("Two programs", "bounds", 2);
  assert_true(bounds > 0);
  assert_true(images > 10000 * bounds);
  assert_true(figure("Two programs", "base", 2) == bounds);
  assert_true(figure("Two programs", "segments", 2) > 2 * bounds);
  assert_true(figure("Two programs", "static", 2) == 0);
  assert_true(figure("Two programs", "alone", 1) == 2);
}

static void more_fit_where_sizes_differ(void** state) {
  (void)state;
  expect("Six programs", 1, (const char* const[WAYS]){"1", "1", "4", "4", "4", "6", "6"});
  assert_true(figure("Six programs", "segments", 3) < figure("Six programs", "bounds", 3) / 2);
}

static void rights_and_growth(void** state) {
  (void)state;
  expect("What a program", 2,
         (const char* const[WAYS]){"itself", "itself", "another", "another", "stopped", "stopped", "itself"});
  const char* const grow[WAYS] = {"fails", "fails", "fails", "fails", "fails", "works", "works"};
  expect("What a program", 3, grow);
  expect("What a program", 4, grow);
  expect("What a program", 5, (const char* const[WAYS]){"fails", "fails", "fails", "fails", "fails", "fails", "works"});
  expect("What a program", 6, (const char* const[WAYS]){"fails", "works", "fails", "works", "works", "works", "works"});
}

static void assumptions_are_dropped_one_by_one(void** state) {
  (void)state;
  const char* const pieces[WAYS] = {"yes", "yes", "yes", "yes", "yes", "dropped", "dropped"};
  expect("Which assumption", 1, pieces);
  expect("Which assumption", 2, (const char* const[WAYS]){"yes", "yes", "yes", "yes", "yes", "yes", "dropped"});
  expect("Which assumption", 3, pieces);
}

static unsigned long number_before(const char* words) {
  const char* at = strstr(outcome.output, words);
  if (!at) fail_msg("there is no '%s'", words);
  while (at > outcome.output && isspace((unsigned char)at[-1])) at--;
  while (at > outcome.output && isdigit((unsigned char)at[-1])) at--;
  return strtoul(at, NULL, 10);
}

static void compaction_serves_what_found_no_hole(void** state) {
  (void)state;
  assert_true(number_before("times no hole") > 0);
  assert_true(number_before("pieces were") > 0);
}

// --- the document ----------------------------------------------------------------------------------------------------

// The next word, or NULL. Numbers count as alike: they change with compilers, programs and the kernel's costs.
static const char* next_word(const char** text, size_t* length) {
  while (isspace((unsigned char)**text)) ++*text;
  const char* word = *text;
  while (**text && !isspace((unsigned char)**text)) ++*text;
  *length = (size_t)(*text - word);
  if (*length == 0) return NULL;
  if (!isdigit((unsigned char)*word) || strspn(word, "0123456789.,") < *length) return word;
  *length = 1;
  return "#";
}

static void the_document_shows_what_is_printed(void** state) {
  (void)state;
  static char document[1 << 16];
  FILE* file = fopen(PAGEWALK_ROOT "/docs/programs.md", "r");
  assert_non_null(file);
  document[fread(document, 1, sizeof document - 1, file)] = '\0';
  fclose(file);
  const char *shown = strstr(document, "```\nTwo programs that give way"), *printed = outcome.output;
  assert_non_null(shown);
  shown += strlen("```\n");
  for (;;) {
    size_t a_length, b_length;
    const char *a = next_word(&printed, &a_length), *b = next_word(&shown, &b_length);
    if (!a) {
      assert_true(b && strncmp(b, "```", 3) == 0);
      return;
    }
    if (!b || a_length != b_length || memcmp(a, b, a_length) != 0)
      fail_msg("printed is '%.*s', shown is '%.*s'", (int)a_length, a, b ? (int)b_length : 0, b ? b : "");
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(time_sharing_is_dearer_by_orders_of_magnitude),
    cmocka_unit_test(more_fit_where_sizes_differ),
    cmocka_unit_test(rights_and_growth),
    cmocka_unit_test(assumptions_are_dropped_one_by_one),
    cmocka_unit_test(compaction_serves_what_found_no_hole),
    cmocka_unit_test(the_document_shows_what_is_printed),
};
TEST_MAIN_BETWEEN(tests, run_scenario, NULL)
