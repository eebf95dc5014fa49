// SPDX-License-Identifier: MIT
// Recorded case files: what stands in them, what is left out, and that they replay.
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "script/cases.h"
#include "script/record.h"
#include "script/script.h"

static char* text;
static size_t length;
static struct record record;

static void begin(void) {
  struct config config;
  struct error err;
  config_default(&config);
  FILE* file = open_memstream(&text, &length);
  assert_non_null(file);
  assert_true(record_begin(&record, file, &config, "a test", "model", &err));
}

// The recorded file, in `text`.
static void end(void) {
  FILE* file = record.out;
  record_end(&record);
  assert_int_equal(fclose(file), 0);
}

static void record_script(const struct script* script) {
  struct bench bench;
  struct error err = {""};
  struct script_totals totals = {0};
  assert_true(bench_open(&bench, ENGINE_MODEL, &script->config, &err));
  bench.engine = record_engine(&record, bench.engine, bench.ram, &err);
  assert_non_null(bench.engine);
  if (!script_run(script, &bench, NULL, &totals, &err)) fail_msg("%s", err.text);
  bench_close(&bench);
}

static void record_text(const char* operations) {
  struct config config;
  struct script script;
  struct error err = {""};
  config_default(&config);
  if (!script_parse(&script, "test", operations, strlen(operations), &config, &err)) fail_msg("%s", err.text);
  record_script(&script);
  script_free(&script);
}

static void replays(uint64_t cases) {
  char path[] = "/tmp/pagewalk-record-XXXXXX";
  struct case_totals totals = {0};
  struct error err = {""};
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, length), length);
  close(fd);
  if (!cases_replay(path, ENGINE_MODEL, stderr, &totals, &err)) fail_msg("%s", err.text);
  unlink(path);
  assert_int_equal(totals.failed, 0);
  assert_int_equal(totals.passed, cases);
}

static void says(const char* what) {
  if (!strstr(text, what)) fail_msg("no '%s' in:\n%s", what, text);
}

static const char mapping[] =
    "mem4 1004 2007\n"  // A is clear
    "mem4 2004 5007\n"
    "mem4 2008 6001\n"
    "reg cr3 1000\n"
    "reg cr0 80010011\n";

static void each_access_is_a_line(void** state) {
  (void)state;
  char operations[1024];
  snprintf(operations, sizeof operations, "%saccess w 401234 user\naccess r 402000 user\naccess x 400abc\n", mapping);
  begin();
  record_text(operations);
  end();
  assert_memory_equal(text, "# kind: x86\n", 12);
  says(
      "\nid=rec-1 mode=32 cr0=80010011 cr3=1000 cr4=0 efer=0 cpl=3 ac=0 op=w va=401234 nent=2 "
      "pte0=1004:2007:2027 pte1=2004:5007:5067 result=ok pa=5234 pgsz=12\n");
  says(
      "\nid=rec-2 mode=32 cr0=80010011 cr3=1000 cr4=0 efer=0 cpl=3 ac=0 op=r va=402000 nent=2 "
      "pte0=1004:2027:2027 pte1=2008:6001:6001 result=pf err=5 cr2=402000\n");
  says(
      "\nid=rec-3 mode=32 cr0=80010011 cr3=1000 cr4=0 efer=0 cpl=0 ac=0 op=x va=400abc nent=2 "
      "pte0=1004:2027:2027 pte1=2000:0:0 result=pf err=0 cr2=400abc\n");
  replays(3);
  free(text);
}

// Other processors may set A in the entries above a fault; ours does not.
static void accessed_bits_above_a_fault_are_optional(void** state) {
  (void)state;
  char operations[1024];
  snprintf(operations, sizeof operations, "%saccess r 402000 user\n", mapping);
  begin();
  record_text(operations);
  end();
  says(" pte0=1004:2007:2027 pte1=2008:6001:6001 result=pf err=5 cr2=402000 aopt=1\n");
  replays(1);
  free(text);
}

static void what_is_no_case_is_counted(void** state) {
  (void)state;
  char operations[2048];
  snprintf(operations, sizeof operations,
           "access r 5000\n%s"
           "access r 401000\naccess r 401fff\naccess r 401000 user\n"  // the second is like the first
           "access r 401000 implicit\n"
           "seg 1 base=0 limit=fff flags=r dpl3\naccess r 401000 seg=1\n"
           "seg 2 base=1000 limit=ffffffff flags=r dpl3\naccess r 401000 seg=2\n"  // linear 402000
           "mem4 2004 7067\naccess r 401008\n"                                     // a TLB still holds frame 5
           "invlpg 401000\naccess r 401008\n",
           mapping);
  begin();
  record_text(operations);
  end();
  assert_int_equal(record.count[RECORD_OFF], 1);
  assert_int_equal(record.count[RECORD_REPEATED], 0);
  assert_int_equal(record.count[RECORD_IMPLICIT], 1);
  assert_int_equal(record.count[RECORD_SEGMENT], 1);
  assert_int_equal(record.count[RECORD_CACHED], 1);
  assert_int_equal(record.count[RECORD_WRITTEN], 5);
  says("va=402000 ");
  says("pa=7008");
  replays(5);
  free(text);
}

static void cases_that_are_alike_are_written_once(void** state) {
  (void)state;
  char operations[1024];
  snprintf(operations, sizeof operations, "%saccess r 401000\naccess r 401000\naccess r 401fff\naccess w 401000\n",
           mapping);
  begin();
  record_text(operations);
  end();
  assert_int_equal(record.count[RECORD_REPEATED], 1);  // the first has set A: the second's entries differ from it
  assert_int_equal(record.count[RECORD_WRITTEN], 3);
  replays(3);
  free(text);
}

static void a_crossing_access_is_two_cases(void** state) {
  (void)state;
  char operations[1024];
  snprintf(operations, sizeof operations, "%saccess r 401ffc size=8\n", mapping);
  begin();
  record_text(operations);
  end();
  says("va=401ffc ");
  says("va=402000 ");
  replays(2);
  free(text);
}

static void other_widths_are_refused(void** state) {
  (void)state;
  struct config config;
  struct error err;
  config_default(&config);
  config.maxphyaddr = 36;
  assert_false(record_begin(&record, stdout, &config, "a test", "model", &err));
  assert_non_null(strstr(err.text, "maxphyaddr"));
}

static int is_script(const struct dirent* entry) { return strstr(entry->d_name, ".mmu") != NULL; }

static void all_timelines_can_be_recorded(void** state) {
  (void)state;
  static const char folder[] = PAGEWALK_ROOT "/tests/timelines";
  struct config config;
  struct dirent** entries;
  int count = scandir(folder, &entries, is_script, alphasort);
  assert_true(count > 0);
  config_default(&config);
  begin();
  for (int i = 0; i < count; i++) {
    char path[512];
    struct script script;
    struct error err;
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    if (!script_load(&script, path, &config, &err)) fail_msg("%s", err.text);
    record_script(&script);
    script_free(&script);
    free(entries[i]);
  }
  free(entries);
  end();
  assert_int_equal(record.count[RECORD_BUS], 0);
  static const char* const modes[] = {"mode=32 ",  "mode=pae ", "mode=4l ", "mode=5l ",
                                      "result=gp", "pgsz=30",   "pgsz=22"};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) says(modes[i]);
  replays(record.count[RECORD_WRITTEN]);
  free(text);
}

// What other programs wrote is written as it was read, but for the words that say who saw it.
static void cases_are_written_as_they_are_read(void** state) {
  (void)state;
  static const char* const names[] = {"m32", "pae", "la48", "la57", "pku48"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512], line[1024], copy[1024];
    snprintf(path, sizeof path, PAGEWALK_ROOT "/tests/cases/x86/%s.txt", names[i]);
    FILE* file = fopen(path, "r");
    assert_non_null(file);
    for (int lines = 0; lines < 400 && fgets(line, sizeof line, file);) {
      struct x86_case c;
      struct error err;
      if (*line == '#') continue;
      lines++;
      *strstr(line, " by=") = 0;
      strcpy(copy, line);
      if (!x86_case_parse(&c, copy, &err)) fail_msg("%s", err.text);
      FILE* out = open_memstream(&text, &length);
      x86_case_write(&c, out);
      fclose(out);
      strcat(line, "\n");
      if (c.pkru || !strstr(line, "pkru=")) assert_string_equal(text, line);
      free(text);
    }
    fclose(file);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_access_is_a_line),          cmocka_unit_test(accessed_bits_above_a_fault_are_optional),
    cmocka_unit_test(what_is_no_case_is_counted),     cmocka_unit_test(cases_that_are_alike_are_written_once),
    cmocka_unit_test(a_crossing_access_is_two_cases), cmocka_unit_test(other_widths_are_refused),
    cmocka_unit_test(all_timelines_can_be_recorded),  cmocka_unit_test(cases_are_written_as_they_are_read),
};
TEST_MAIN(tests)
