// SPDX-License-Identifier: MIT
// The watchdog over engines that are stuck on purpose: it names the unit, shows the last events, and time never stands
// still. Over engines that are only slow it keeps quiet.
#include <string.h>

#include "check.h"
#include "engine/broken.h"
#include "engine/watchdog.h"
#include "script/script.h"
#include "small.h"

// A fault that begins at the n-th cycle in which something of the kind happens.
struct stuck {
  uint64_t from;    // nothing is answered from this cycle on ...
  bool silent;      // ... and no next cycle is named
  bool no_control;  // ... and no control operation ends
};

static void hold_back(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  const struct stuck* stuck = ctx;
  (void)in;
  if (now < stuck->from) return;
  for (int port = 0; port < PORT_COUNT; port++) out->answered[port] = false;
  if (stuck->no_control) out->control_done = false;
  if (stuck->silent)
    out->next = UINT64_MAX;
  else if (out->next == UINT64_MAX)
    out->next = now + 1000;
}

static char printed[1 << 14];

// Runs the script on a model that gets stuck. The run must end, and fail.
static void run(const char* operations, struct stuck* stuck, struct error* err) {
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  small_machine(&config);
  config.walk.start = 5;
  memset(printed, 0, sizeof printed);
  FILE* out = fmemopen(printed, sizeof printed - 1, "w");
  if (!script_parse(&script, "test", operations, strlen(operations), &config, err)) fail_msg("%s", err->text);
  assert_true(bench_open(&bench, ENGINE_MODEL, &script.config, err));
  bench.engine = broken_engine(bench.engine, hold_back, stuck);
  bench.engine = watchdog_engine(bench.engine, &script.config, err);
  assert_non_null(bench.engine);
  assert_false(script_run(&script, &bench, out, &totals, err));
  assert_true(watchdog_barks(bench.engine));
  bench_close(&bench);
  script_free(&script);
  fclose(out);
}

static void says(const char* what) {
  if (!strstr(printed, what)) fail_msg("no '%s' in:\n%s", what, printed);
}

#define MAPPING "mem4 1004 2027\nmem4 2004 5027\nreg cr3 1000\nreg cr0 80000011\n"  // accesses begin in cycle 60
enum { START = 60, DECIDED = START + 5 + 2 * 201 };

static void the_memory_port(void** state) {
  (void)state;
  struct stuck stuck = {.from = START + 10, .silent = true};
  struct error err;
  run(MAPPING "access r 401000\n", &stuck, &err);
  assert_non_null(strstr(err.text, "test:5: the MMU is stuck"));
  says("a reference at the data port since cycle 60");
  says("the memory port, or the walker behind it: the read of the entry of level ");
  says("the last ");
  says("accept");
}

static void the_walker_before_its_first_read(void** state) {
  (void)state;
  struct stuck stuck = {.from = START, .silent = true};
  struct error err;
  run(MAPPING "access x 401000\n", &stuck, &err);
  says("a reference at the fetch port since cycle 60; stuck is the ");
}

static void a_port_that_accepts_nothing(void** state) {
  (void)state;
  char text[WATCHDOG_REPORT];
  struct watchdog w = {.patience = 10};
  struct ref ref = {.size = 1, .kind = ACCESS_WRITE};
  struct control control = {.op = CONTROL_CR3};
  struct tick_in in = {.part = {[PORT_DATA] = &ref}, .control = &control};
  struct tick_out out = {.next = 1};
  watchdog_cycle(&w, 5, &in, &out);
  assert_true(watchdog_is_late(&w, 16, 17));
  watchdog_report(&w, 16, text, sizeof text);
  assert_non_null(strstr(text, "the data port since cycle 5; stuck is the port itself: it does not accept, for the"));
  assert_non_null(strstr(text, "a control operation (cr3) since cycle 5; stuck is what it waits for, above"));
}

static void a_hit_that_is_not_answered(void** state) {
  (void)state;
  struct stuck stuck = {.from = DECIDED + 1};
  struct error err;
  run(MAPPING "access r 401000\naccess r 401000\n", &stuck, &err);
  says("the answer of the data port: ");
}

static void a_control_operation(void** state) {
  (void)state;
  struct stuck stuck = {.from = 0, .silent = true, .no_control = true};
  struct error err;
  run("invlpg 1000\n", &stuck, &err);
  says("a control operation (invlpg) since cycle 0; stuck is the control port");
}

// The slowest machine there can be, and not a word.
static void slow_machines_are_not_stuck(void** state) {
  (void)state;
  static const char operations[] =
      "set dram.latency=1000000 walk.start=1000000 walk.step=1000000 walk.cas=1000000 op.cr=1000000\n"
      "mem4 1004 2007\nmem4 2004 5007\nreg cr3 1000\nreg cr0 80000011\n"
      "at 4000000 mem4 1004 2003\n"
      "both x 401000 ; w 401000 => ok ; ok\n";
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  small_machine(&config);
  if (!script_parse(&script, "test", operations, strlen(operations), &config, &err)) fail_msg("%s", err.text);
  assert_true(script_open_bench(&script, &bench, ENGINE_MODEL, &err));
  if (!script_run(&script, &bench, NULL, &totals, &err)) fail_msg("%s", err.text);
  assert_int_equal(totals.passed, 1);
  assert_false(watchdog_barks(bench.engine));
  bench_close(&bench);
  script_free(&script);
}

// An engine_play that never ends, as one whose answer is lost would be, is one that says so.
static void plays_end(void** state) {
  (void)state;
  struct config config;
  struct error err;
  struct bench bench;
  struct stuck stuck = {.silent = true};
  struct ref ref = {.va = 5, .size = 1};
  struct play play = {.until = UINT64_MAX};
  const char* report = NULL;
  small_machine(&config);
  assert_true(bench_open(&bench, ENGINE_MODEL, &config, &err));
  bench.engine = broken_engine(bench.engine, hold_back, &stuck);
  engine_play(bench.engine, &ref, 1, &play);
  assert_int_equal(play.stop, PLAY_DIFFERS);
  assert_false(engine_agrees(bench.engine, &report));
  assert_non_null(strstr(report, "idle though it owes an answer"));
  bench_close(&bench);
}

// Each unit by the event that came last.
static void every_unit_has_a_name(void** state) {
  (void)state;
  static const struct {
    struct event event;
    const char* name;
  } units[] = {
      {{.type = EVENT_ACCEPT}, "the fetch port's L1 lookup"},
      {{.type = EVENT_LOOKUP, .array = ARRAY_ITLB}, "the arbiter in front of the second level and the walker"},
      {{.type = EVENT_LOOKUP, .array = ARRAY_STLB}, "the arbiter in front of the walker"},
      {{.type = EVENT_LOOKUP, .array = ARRAY_STLB, .hit = 1}, "the answer of the fetch port"},
      {{.type = EVENT_WALK_BEGIN}, "the walker: its walk for the fetch port has begun"},
      {{.type = EVENT_PSC, .array = ARRAY_PSC_PDE}, "the walker: after the lookup in"},
      {{.type = EVENT_READ, .level = 3, .pa = 0x1238}, "the read of the entry of level 3 at 1238"},
      {{.type = EVENT_CAS, .level = 1, .pa = 0x1238}, "the compare-and-swap of the entry of level 1 at 1238"},
  };
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    char text[WATCHDOG_REPORT];
    struct watchdog w = {.patience = 10};
    struct ref ref = {.size = 1, .kind = ACCESS_FETCH};
    struct tick_in in = {.part = {[PORT_FETCH] = &ref}};
    struct tick_out out = {.accepted = {[PORT_FETCH] = true}};
    watchdog_event(&w, &units[i].event);
    watchdog_cycle(&w, 100, &in, &out);
    assert_false(watchdog_is_late(&w, 110, 111));
    assert_true(watchdog_is_late(&w, 111, 112));
    assert_true(watchdog_is_late(&w, 100, UINT64_MAX));
    watchdog_report(&w, 111, text, sizeof text);
    if (!strstr(text, units[i].name)) fail_msg("no '%s' in:\n%s", units[i].name, text);
    watchdog_report(&w, 111, text, 30);
    assert_int_equal(strlen(text), 29);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_memory_port),
    cmocka_unit_test(the_walker_before_its_first_read),
    cmocka_unit_test(a_port_that_accepts_nothing),
    cmocka_unit_test(a_hit_that_is_not_answered),
    cmocka_unit_test(a_control_operation),
    cmocka_unit_test(slow_machines_are_not_stuck),
    cmocka_unit_test(plays_end),
    cmocka_unit_test(every_unit_has_a_name),
};
TEST_MAIN(tests)
