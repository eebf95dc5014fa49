// SPDX-License-Identifier: MIT
// The Verilated MMU as a SystemC module makes the walk of the golden timeline "walk-32bit" (docs/timing.md) in the same
// cycles. The program is csrc/systemc/walk.cpp, built under build/systemc/ when a source has changed.
#include <string.h>

#include "check.h"
#include "rtl/tool.h"

static void one_walk(void** state) {
  (void)state;
  static const char timeline[] =
      "cycle 0: accepted\n"
      "cycle 2: read level 2 at 1004\n"
      "cycle 13: read level 1 at 2004\n"
      "cycle 23: answered, fault 0, pa 5234\n";
  char text[4096];
  if (tool_run("scripts/systemc.sh build/systemc", text, sizeof text) != 0) fail_msg("building: %s", text);
  int status = tool_run("build/systemc/walk", text, sizeof text);
  if (status != 0 || !strstr(text, timeline))
    fail_msg("exit status %d, not this timeline:\n%s\n%s", status, timeline, text);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(one_walk)};
TEST_MAIN(tests)
