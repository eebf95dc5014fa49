// SPDX-License-Identifier: MIT
// An RTL that gets stuck, by deliberate bugs that hang a walk: the engine gives up, names what is stuck, and whoever
// waits goes on. docs/rtl.md, "The engine".
#include <sanitizer/lsan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "rtl/stand.h"
#include "rtl_engine/rtl_engine.h"

enum { VA = 0x401000, FRAME = 0x5000 };

// Verilator keeps a name of the calls to C that ask for the bug, and nothing frees it (Verilated::catName).
static void choose(const char* bug) {
  __lsan_disable();
  setenv("PAGEWALK_BUG", bug, 1);
}

static void chosen(void) {
  unsetenv("PAGEWALK_BUG");
  __lsan_enable();
}

static void create_with_bug(struct stand* s, const char* bug) {
  struct config config = stand_config();
  choose(bug);
  stand_create(s, &config);
  chosen();
  stand_start(s, false, 0, 0, 0);
}

static void expect_report(const struct stand* s, const char* words) {
  const char* report = NULL;
  assert_false(engine_agrees(s->engine, &report));
  assert_non_null(report);
  if (!strstr(report, words)) fail_msg("'%s' is not in: %s", words, report);
}

// Bug 44: an operation that arrives in a command's first cycle swallows it.
static void a_cycle_that_never_comes(void** state) {
  (void)state;
  struct stand s;
  create_with_bug(&s, "44");
  stand_map(&s, VA, FRAME, P | W | U | A | D, P | W | U | A);
  assert_true(engine_agrees(s.engine, NULL));
  const struct control control = {.op = CONTROL_INVLPG, .value = 0x1000};
  const struct intrusion intrusion = {.at = 2, .control = &control};
  uint64_t done;
  struct answer answer = stand_access_with(&s, ACCESS_READ, VA, REF_USER, &intrusion, &done);
  assert_int_equal(answer.fault, FAULT_BUS);
  expect_report(&s, "a reference at the data port");
  expect_report(&s, "a control operation (invlpg)");
  expect_report(&s, "level 2");

  // Nobody waits for it again.
  answer = stand_access(&s, ACCESS_READ, VA, REF_USER);
  assert_int_equal(answer.fault, FAULT_BUS);
  stand_write_register(&s, CONTROL_CR3, 0x1000);
  struct ref ref = {.va = VA, .size = 1, .kind = ACCESS_READ, .flags = REF_USER};
  struct play play = {.until = UINT64_MAX};
  engine_play(s.engine, &ref, 1, &play);
  assert_int_equal(play.stop, PLAY_DIFFERS);
  assert_int_equal(play.done, 0);
  stand_destroy(&s);
}

// A memory in which another agent always writes first.
static bool swaps_nothing(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* succeeded) {
  (void)ctx, (void)pa, (void)size, (void)expected, (void)desired;
  *succeeded = false;
  return true;
}

// Bug 46: a walk hangs after a compare-and-swap that failed; found in a run, with nobody told of events.
static void a_run_that_never_ends(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s = {.config = config, .ram = ram_create(UINT64_C(1) << 40)};
  assert_non_null(s.ram);
  struct memory_bus bus = ram_bus(s.ram);
  bus.cas = swaps_nothing;
  struct error err = {""};
  choose("46");
  s.engine = rtl_engine_create(&config, bus, false, &err);
  chosen();
  if (!s.engine) fail_msg("%s", err.text);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, VA, FRAME, P | W | U | A | D, P | W | U);
  const struct ref refs[] = {{.va = VA, .size = 1, .kind = ACCESS_READ, .flags = REF_USER},
                             {.va = VA, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}};
  struct play play = {.until = UINT64_MAX};
  engine_play(s.engine, refs, 2, &play);
  assert_int_equal(play.stop, PLAY_DIFFERS);
  assert_int_equal(play.done, 0);
  expect_report(&s, "the compare-and-swap of the entry of level 2 at");
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_cycle_that_never_comes),
    cmocka_unit_test(a_run_that_never_ends),
};
TEST_MAIN(tests)
