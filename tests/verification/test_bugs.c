// SPDX-License-Identifier: MIT
// The bug catalogue and its scripts: every entry has its line in the RTL and a source, the scripts hold on the model,
// seeds pick bugs of the catalogue, docs/properties.md is what the sources say, and
// each property can fail.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "rtl/tool.h"
#include "rtl_engine/bugs.h"

static void every_bug_has_a_line_and_a_source(void** state) {
  (void)state;
  struct bug bugs[BUGS_MAX];
  struct error err;
  size_t count = bugs_load(bugs, &err);
  assert_in_range(count, 40, BUGS_MAX);
  for (size_t i = 0; i < count; i++) {
    char command[128], text[1024];
    assert_true(strlen(bugs[i].what) > 10 && strlen(bugs[i].seen) > 5);
    if (i) assert_true(bugs[i].number > bugs[i - 1].number);
    snprintf(command, sizeof command, "grep -rqF '`BUG(%d, ' rtl", bugs[i].number);
    if (tool_run(command, text, sizeof text) != 0) fail_msg("bug %d has no line in rtl/", bugs[i].number);
  }
}

static void numbers_and_seeds(void** state) {
  (void)state;
  struct error err;
  assert_int_equal(bug_meant("0", &err), 0);
  assert_int_equal(bug_meant("38", &err), 38);
  assert_int_equal(bug_meant("999", &err), -1);
  assert_int_equal(bug_meant("", &err), -1);
  assert_int_equal(bug_meant("?", &err), -1);
  assert_int_equal(bug_meant("7x", &err), -1);
  int first = bug_meant("?1", &err), others = 0;
  assert_true(first > 0);
  assert_int_equal(bug_meant("?1", &err), first);
  for (int seed = 2; seed < 12; seed++) {
    char text[16];
    snprintf(text, sizeof text, "?%d", seed);
    int number = bug_meant(text, &err);
    assert_true(number > 0);
    others += number != first;
  }
  assert_true(others >= 5);
}

static void normal_builds_show_no_trace(void** state) {
  (void)state;
  char text[4096];
  assert_int_equal(
      tool_run("verilator -E -P rtl/mmu_pkg.sv $(ls rtl/*.sv rtl/*/*.sv | grep -v mmu_pkg) >build/plain.sv && "
               "! grep -nE 'BUG|\\bbug' build/plain.sv; s=$?; rm -f build/plain.sv; exit $s",
               text, sizeof text),
      0);
}

static void the_scripts_hold_on_the_model(void** state) {
  (void)state;
  char text[4096];
  if (tool_run("build/pagewalk script --engine model tests/bugs/*.mmu", text, sizeof text) != 0) fail_msg("%s", text);
}

static void properties_are_documented(void** state) {
  (void)state;
  char text[4096];
  if (tool_run("scripts/properties.sh | diff - docs/properties.md", text, sizeof text) != 0)
    fail_msg("docs/properties.md is not what scripts/properties.sh prints:\n%s", text);
  assert_int_equal(tool_run("test $(grep -c '^| [A-Z]' docs/properties.md) -ge 25", text, sizeof text), 0);
}

// No property is empty: random signals on its inputs break each of them.
static void every_property_can_fail(void** state) {
  (void)state;
  char text[4096];
  const char* compare =
      "scripts/fire.sh >build/fired.txt && "
      "scripts/properties.sh | sed -n 's/^| \\([A-Z][A-Za-z0-9]*\\) .*/\\1/p' | sort -u | diff - build/fired.txt; "
      "s=$?; rm -f build/fired.txt; exit $s";
  if (tool_run(compare, text, sizeof text) != 0) fail_msg("not every property fires:\n%s", text);
}

// A bug that is not there would else be "caught": every run with it fails.
static void tools_refuse_what_is_in_no_list(void** state) {
  (void)state;
  char text[1024];
  assert_int_equal(tool_run("scripts/bugs.sh 99 2>&1", text, sizeof text), 1);
  assert_non_null(strstr(text, "has no bug '99'"));
  assert_int_equal(tool_run("scripts/bugs.sh '?7' 2>&1", text, sizeof text), 1);
  assert_int_equal(tool_run("BUG=99 scripts/formal.sh lru 2>&1", text, sizeof text), 1);
  assert_non_null(strstr(text, "has no bug '99'"));
  assert_int_equal(tool_run("scripts/fuzz_parsers.sh nosuch 10 1 2>&1", text, sizeof text), 1);
  assert_non_null(strstr(text, "there is no parser 'nosuch'"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_bug_has_a_line_and_a_source), cmocka_unit_test(numbers_and_seeds),
    cmocka_unit_test(normal_builds_show_no_trace),       cmocka_unit_test(the_scripts_hold_on_the_model),
    cmocka_unit_test(properties_are_documented),         cmocka_unit_test(every_property_can_fail),
    cmocka_unit_test(tools_refuse_what_is_in_no_list),
};
TEST_MAIN(tests)
