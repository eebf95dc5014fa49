// SPDX-License-Identifier: MIT
// Two ports, one walker, a control port: who waits for whom, and until when (docs/timing.md, "Order within a cycle, and
// between"). Cycles derived by hand: L1 latency 1, walk.start 1, an entry 201, so that a walk of two entries is 403.
#include <string.h>

#include "check.h"
#include "model/rig.h"

static struct rig rig;

static int set_up(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  rig_create(&rig, &config);
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

enum { CODE = 0x401000, DATA = 0x801000 };

static void start(void) {
  rig_start_32bit(&rig, CR4_PGE);
  rig_map_32bit(&rig, CODE, 0x5027);
  rig_map_32bit(&rig, DATA, 0x6027);
  rig_clear(&rig);
}

// What is presented, relative to the first cycle of the run; `never` if nothing is.
enum { NEVER = 1 << 30 };
struct script {
  uint64_t fetch_at, data_at, control_at;
  struct ref fetch, data;
  struct control control;
};
struct outcome {
  struct answer answer[PORT_COUNT];
  uint64_t done;  // the operation's last cycle
  bool gp;
};

static struct script quiet(void) {
  return (struct script){
      .fetch_at = NEVER,
      .data_at = NEVER,
      .control_at = NEVER,
      .fetch = {.va = CODE, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
      .data = {.va = DATA, .size = 1, .kind = ACCESS_READ, .flags = REF_USER},
      .control = {.op = CONTROL_INVLPG, .value = 0xdeadb000},
  };
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

// Runs a script to its end. Cycles in the outcome are counted from its first one.
static struct outcome run(const struct script* script) {
  struct outcome o;
  struct tick_in in = {.control = NULL};
  struct tick_out out;
  uint64_t first = rig_now(&rig), now = first;
  unsigned wanted = (script->fetch_at != NEVER) + (script->data_at != NEVER) + (script->control_at != NEVER);
  uint64_t at[3] = {script->fetch_at, script->data_at, script->control_at};
  memset(&o, 0, sizeof o);
  rig_clear(&rig);
  for (;;) {
    if (now - first == at[0]) in.part[PORT_FETCH] = &script->fetch;
    if (now - first == at[1]) in.part[PORT_DATA] = &script->data;
    in.control = now - first == at[2] ? &script->control : NULL;
    rig_tick(&rig, now, &in, &out);
    for (int port = 0; port < PORT_COUNT; port++) {
      if (out.accepted[port]) in.part[port] = NULL;
      if (!out.answered[port]) continue;
      o.answer[port] = out.answer[port];
      o.answer[port].accept -= first;
      o.answer[port].cycle -= first;
      wanted--;
    }
    if (out.control_done) {
      o.done = now - first;
      o.gp = out.control_gp;
      wanted--;
    }
    if (!wanted) return o;
    uint64_t next = out.next;
    for (int i = 0; i < 3; i++)
      if (first + at[i] > now) next = least(next, first + at[i]);
    assert_true(next > now);
    now = next;
  }
}

static bool data_cached(void) { return rig_holds(&rig, ARRAY_DTLB, DATA, 12); }
static bool code_cached(void) { return rig_holds(&rig, ARRAY_ITLB, CODE, 12); }

// --- arbitration
// ------------------------------------------------------------------------------------------------------

// Both miss in 0. Fetch walks 1..403; data's walk.start is 404, its answer 806.
static void fetch_goes_first_when_both_miss_at_once(void** state) {
  (void)state;
  start();
  struct script s = quiet();
  s.fetch_at = s.data_at = 0;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 403);
  assert_int_equal(o.answer[PORT_DATA].cycle, 806);
  assert_int_equal(rig_event(&rig, EVENT_WALK_BEGIN, 1)->cycle - rig_event(&rig, EVENT_WALK_BEGIN, 0)->cycle, 403);
  assert_int_equal(o.answer[PORT_DATA].walk, 403);
  assert_int_equal(o.answer[PORT_DATA].base, 1);  // the wait is in none of its parts
  assert_int_equal(rig_count(&rig, EVENT_LOOKUP), 2);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.walk_cycles, 806);
  assert_int_equal(c.cycles_walk, 806);
  assert_int_equal(c.cycles_base, 2);
}

static void the_older_miss_goes_first(void** state) {
  (void)state;
  start();
  struct script s = quiet();
  s.data_at = 0;
  s.fetch_at = 1;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_DATA].cycle, 403);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 806);
}

// A miss in the very cycle of the other's answer begins in the next, as if nothing had been there.
static void a_miss_in_the_cycle_of_the_others_answer_does_not_wait(void** state) {
  (void)state;
  start();
  struct script s = quiet();
  s.data_at = 0;
  s.fetch_at = 403;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 403 + 403);
}

static void hits_pass_under_the_others_walk(void** state) {
  (void)state;
  start();
  rig_access(&rig, ACCESS_FETCH, CODE, REF_USER);
  struct script s = quiet();
  s.data_at = 0;
  s.fetch_at = 100;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 100);
  assert_int_equal(o.answer[PORT_DATA].cycle, 403);
}

// The page that both miss: the second walks too, and finds nothing new in its own TLB.
static void each_port_fills_its_own_tlb(void** state) {
  (void)state;
  start();
  struct script s = quiet();
  s.fetch_at = s.data_at = 0;
  s.data.va = CODE;
  run(&s);
  assert_true(code_cached());
  assert_true(rig_holds(&rig, ARRAY_DTLB, CODE, 12));
  assert_int_equal(rig_counters(&rig).walk_refs, 4);
}

// A fault of one port drops in the cycle in which the other fills: the drop wins. Data walks 1..403 to fill CODE in
// the DTLB; the fetch hits a stale entry without rights in 403.
static void a_drop_beats_a_fill_of_the_same_page(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, CODE, 0x5021);
  rig_access(&rig, ACCESS_FETCH, CODE, 0);
  rig_map_32bit(&rig, CODE, 0x5027);
  struct script s = quiet();
  s.data.va = CODE;
  s.data_at = 0;
  s.fetch_at = 403;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].fault, FAULT_PF);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 403);
  assert_int_equal(o.answer[PORT_DATA].fault, FAULT_NONE);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 1);
  assert_int_equal(rig_count(&rig, EVENT_DROP), 2);
  assert_false(rig_holds(&rig, ARRAY_DTLB, CODE, 12));
  assert_int_equal(rig_counters(&rig).dtlb.drops, 1);
}

// ... but not a fill that took over its way.
static void a_drop_spares_the_entry_that_took_the_way(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  config.dtlb.sets = config.dtlb.ways = 1;
  rig_destroy(&rig);
  rig_create(&rig, &config);
  start();
  rig_map_32bit(&rig, CODE, 0x5021);
  rig_access(&rig, ACCESS_READ, CODE, 0);
  rig_access(&rig, ACCESS_FETCH, CODE, 0);
  struct script s = quiet();
  s.data_at = 0;
  s.fetch_at = 403;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].fault, FAULT_PF);
  assert_true(data_cached());
  assert_int_equal(rig_counters(&rig).dtlb.evictions, 1);
  assert_int_equal(rig_counters(&rig).dtlb.drops, 0);
}

static void both_ports_may_fault_in_one_cycle(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, CODE, 0x5021);
  rig_map_32bit(&rig, DATA, 0x6021);
  rig_access(&rig, ACCESS_FETCH, CODE, 0);
  rig_access(&rig, ACCESS_READ, DATA, 0);
  struct script s = quiet();
  s.fetch_at = s.data_at = 0;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].fault, FAULT_PF);
  assert_int_equal(o.answer[PORT_DATA].fault, FAULT_PF);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 0);
  assert_int_equal(o.answer[PORT_DATA].cycle, 0);
  assert_false(code_cached());
  assert_false(data_cached());
  assert_int_equal(rig_counters(&rig).faults_pf, 2);
}

// walk.start 0 and both PDPTE registers absent: all of it in one cycle.
static void both_ports_may_miss_and_fault_in_one_cycle(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  config.walk.start = 0;
  rig_destroy(&rig);
  rig_create(&rig, &config);
  assert_true(rig_control(&rig, CONTROL_CR4, CR4_PAE));
  assert_true(rig_control(&rig, CONTROL_CR0, CR0_PE | CR0_PG));  // the PDPTEs at 0 are absent
  struct script s = quiet();
  s.fetch_at = s.data_at = 0;
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 0);
  assert_int_equal(o.answer[PORT_DATA].cycle, 0);
  assert_int_equal(rig_counters(&rig).walks, 2);
}

// --- control operations
// -----------------------------------------------------------------------------------------------

// A data walk from 0: lookup 0, walk 1..403. An INVLPG of something else arrives in every cycle of it, and a fetch that
// hits is presented from the same cycle on.
static void a_control_operation_in_every_cycle_of_a_walk(void** state) {
  (void)state;
  start();
  for (uint64_t c = 0; c <= 410; c++) {
    assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
    rig_access(&rig, ACCESS_FETCH, CODE, REF_USER);
    struct script s = quiet();
    s.data_at = 0;
    s.control_at = c;
    s.fetch_at = c;
    struct outcome o = run(&s);
    uint64_t began = c <= 0 ? 0 : c <= 403 ? 404 : c;  // in 0 the data part itself has to wait
    assert_int_equal(o.done, began + 99);
    assert_int_equal(o.answer[PORT_FETCH].cycle, o.done + 1);
    assert_int_equal(o.answer[PORT_FETCH].accept, o.done + 1);
    assert_int_equal(o.answer[PORT_DATA].cycle, c == 0 ? 100 + 403 : 403);
    assert_int_equal(o.answer[PORT_DATA].fault, FAULT_NONE);
    assert_int_equal(o.answer[PORT_DATA].pa, 0x6000);
    // In the walker at c: from its first cycle, 1, to its last, 403, whatever the operation names.
    assert_int_equal(data_cached(), !(c >= 1 && c <= 403));
  }
}

// With L1 latency 3 the lookup is in cycle 2: an operation in 1 or 2 finds the reference accepted but no walk, so it
// fills (and the operation, acting later, may drop it).
static void a_walk_that_begins_after_the_operation_arrived_fills(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  config.dtlb.latency = 3;
  rig_destroy(&rig);
  rig_create(&rig, &config);
  start();
  for (uint64_t c = 1; c <= 4; c++) {
    assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
    struct script s = quiet();
    s.data_at = 0;
    s.control_at = c;
    struct outcome o = run(&s);
    assert_int_equal(o.answer[PORT_DATA].cycle, 405);
    assert_int_equal(o.done, 406 + 99);
    assert_int_equal(data_cached(), c <= 2);
  }
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
  struct script s = quiet();
  s.data_at = 0;
  s.control_at = 2;
  s.control.value = DATA;
  run(&s);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 1);
  assert_int_equal(rig_count(&rig, EVENT_DROP), 1);
  assert_false(data_cached());
}

// Both miss in 0; fetch walks 1..403, data 404..806. The operation suppresses the walk that it meets, and waits for
// both.
static void a_walk_that_waited_fills_if_it_began_later(void** state) {
  (void)state;
  start();
  static const struct {
    uint64_t at;
    bool code, data;
  } cases[] = {{1, false, true}, {403, false, true}, {404, true, false}, {806, true, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
    struct script s = quiet();
    s.fetch_at = s.data_at = 0;
    s.control_at = cases[i].at;
    struct outcome o = run(&s);
    assert_int_equal(o.answer[PORT_DATA].cycle, 806);
    assert_int_equal(o.done, 807 + 99);
    assert_int_equal(code_cached(), cases[i].code);
    assert_int_equal(data_cached(), cases[i].data);
  }
}

// The operation arrives during the failed swap of a walk: what starts over is the same walk.
static void a_suppressed_walk_stays_suppressed_when_it_starts_over(void** state) {
  (void)state;
  start();
  uint64_t pte = rig_entry_32bit(&rig, 1, DATA);
  struct ref ref = {.va = DATA, .size = 1, .kind = ACCESS_WRITE, .flags = REF_USER};
  struct control control = {.op = CONTROL_INVLPG, .value = 0xdeadb000};
  struct tick_in in = {.part = {NULL, &ref}};
  struct tick_out out;
  uint64_t t = rig_now(&rig);
  rig_tick(&rig, t, &in, &out);
  in.part[PORT_DATA] = NULL;
  while (out.next < t + 403) rig_tick(&rig, out.next, &in, &out);
  rig_write(&rig, pte, 4, 0x9027);
  in.control = &control;
  rig_tick(&rig, t + 402, &in, &out);
  in.control = NULL;
  while (!out.answered[PORT_DATA]) rig_tick(&rig, out.next, &in, &out);
  assert_int_equal(out.answer[PORT_DATA].pa, 0x9000);
  assert_int_equal(rig_counters(&rig).cas_failures, 1);
  assert_false(data_cached());
}

static void operations_on_an_idle_mmu_begin_at_once_and_hold_parts_back(void** state) {
  (void)state;
  start();
  rig_access(&rig, ACCESS_FETCH, CODE, REF_USER);
  struct script s = quiet();
  s.control_at = s.fetch_at = 0;
  s.control.op = CONTROL_CR0;
  s.control.value = CR0_PE | CR0_PG | CR0_WP;
  struct outcome o = run(&s);
  assert_int_equal(o.done, 29);
  assert_int_equal(o.answer[PORT_FETCH].accept, 30);
  assert_int_equal(o.answer[PORT_FETCH].cycle, 30);
  assert_false(o.gp);
}

// A PDPTE load waits for the references in flight, then reads.
static void a_pdpte_load_reads_after_the_last_answer(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_map_pae(&rig, DATA, 0x6027);
  struct script s = quiet();
  s.data_at = 0;
  s.control_at = 5;
  s.control = (struct control){.op = CONTROL_CR3, .value = RIG_ROOT};
  uint64_t first = rig_now(&rig);
  struct outcome o = run(&s);
  assert_int_equal(o.answer[PORT_DATA].cycle, 403);
  assert_int_equal(rig_event(&rig, EVENT_PDPTE, 0)->cycle - first, 404);
  assert_int_equal(o.done, 403 + 231);
}

static void an_mmu_with_nothing_to_do_says_so(void** state) {
  (void)state;
  start();
  struct tick_in in = {.control = NULL};
  struct tick_out out;
  rig_tick(&rig, rig_now(&rig), &in, &out);
  assert_true(out.next == UINT64_MAX);
  rig.engine->ops->wait(rig.engine->self, 123456);
  assert_int_equal(rig_now(&rig), 123456);
  assert_int_equal(rig_access(&rig, ACCESS_READ, DATA, REF_USER).accept, 123456);
}

static void events_of_a_cycle_come_in_order(void** state) {
  (void)state;
  start();
  rig_access(&rig, ACCESS_FETCH, CODE, REF_USER);
  rig_access(&rig, ACCESS_READ, DATA, REF_USER);
  struct script s = quiet();
  s.fetch_at = s.data_at = 0;
  run(&s);
  static const struct {
    enum event_type type;
    enum port port;
  } order[] = {{EVENT_ACCEPT, PORT_FETCH}, {EVENT_ACCEPT, PORT_DATA},  {EVENT_LOOKUP, PORT_FETCH},
               {EVENT_LOOKUP, PORT_DATA},  {EVENT_ANSWER, PORT_FETCH}, {EVENT_ANSWER, PORT_DATA}};
  assert_int_equal(rig.logged, 6);
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(rig.log[i].type, order[i].type);
    assert_int_equal(rig.log[i].port, order[i].port);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(fetch_goes_first_when_both_miss_at_once),
    TEST(the_older_miss_goes_first),
    TEST(a_miss_in_the_cycle_of_the_others_answer_does_not_wait),
    TEST(hits_pass_under_the_others_walk),
    TEST(each_port_fills_its_own_tlb),
    TEST(a_drop_beats_a_fill_of_the_same_page),
    TEST(a_drop_spares_the_entry_that_took_the_way),
    TEST(both_ports_may_fault_in_one_cycle),
    TEST(both_ports_may_miss_and_fault_in_one_cycle),
    TEST(a_control_operation_in_every_cycle_of_a_walk),
    TEST(a_walk_that_begins_after_the_operation_arrived_fills),
    TEST(a_walk_that_waited_fills_if_it_began_later),
    TEST(a_suppressed_walk_stays_suppressed_when_it_starts_over),
    TEST(operations_on_an_idle_mmu_begin_at_once_and_hold_parts_back),
    TEST(a_pdpte_load_reads_after_the_last_answer),
    TEST(an_mmu_with_nothing_to_do_says_so),
    TEST(events_of_a_cycle_come_in_order),
};
TEST_MAIN(tests)
