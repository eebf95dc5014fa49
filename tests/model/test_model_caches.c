// SPDX-License-Identifier: MIT
// Timing caches (docs/timing.md, "Timing caches", finer points 27-31): who serves, what is filled, what is dirty, and
// what it costs. Latencies here: L1D 4, L2 14, L3 40, DRAM 100; walk.start 1, walk.step 1, walk.cas 4.
#include <string.h>

#include "check.h"
#include "engine/serial.h"
#include "model/caches.h"
#include "model/rig.h"

static struct config config;
static struct counters counters;
static struct events events;
static struct caches caches;
static struct event kept[64];
static size_t logged;

static void keep(void* ctx, const struct event* event) {
  (void)ctx;
  assert_true(logged < 64);
  kept[logged++] = *event;
}

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.cache.l1d = (struct cache_config){1, 2, 4};
  config.cache.l2 = (struct cache_config){1, 4, 14};
  config.cache.l3 = (struct cache_config){0, 8, 40};
  config.data.cache = DATA_CACHE_TIMED;
  config.dram.latency = 100;
  return 0;
}

static void create(void) {
  memset(&counters, 0, sizeof counters);
  logged = 0;
  assert_true(events_create(&events, 64));
  events.fn = keep;
  assert_true(caches_create(&caches, &config, &counters, &events));
}

static void destroy(void) {
  caches_free(&caches);
  events_free(&events);
}

static enum served_by data(char line, bool write) {
  uint64_t pa = (uint64_t)line * 64 + 5;
  if (caches_data_near(&caches, pa, write)) return SERVED_L1D;
  enum served_by served = caches_data_further(&caches, pa, write, 7).by;
  events_flush(&events);
  return served;
}

static enum served_by walk(char line) {
  enum served_by served = caches_walk(&caches, (uint64_t)line * 64, 7).by;
  events_flush(&events);
  return served;
}

static void a_miss_fills_the_levels_above(void** state) {
  (void)state;
  create();
  assert_int_equal(data('A', false), SERVED_DRAM);
  assert_int_equal(data('A', false), SERVED_L1D);
  assert_int_equal(data('B', false), SERVED_DRAM);
  assert_int_equal(data('C', false), SERVED_DRAM);  // A leaves L1D
  assert_int_equal(data('A', false), SERVED_L2);    // B leaves L1D
  assert_int_equal(data('A', false), SERVED_L1D);
  assert_int_equal(data('C', false), SERVED_L1D);
  assert_int_equal(data('B', false), SERVED_L2);
  // L2 in order of touch, oldest first: C (its hits in L1D did not get here), A, B.
  assert_int_equal(data('D', false), SERVED_DRAM);
  assert_int_equal(data('E', false), SERVED_DRAM);  // C leaves L2
  assert_int_equal(data('C', false), SERVED_DRAM);  // A leaves L2
  assert_int_equal(data('B', false), SERVED_L2);
  assert_int_equal(counters.writebacks, 0);
  destroy();
}

// Of both L1D ways and both kinds of hit.
static void hits_and_misses_are_counted_where_looked_up(void** state) {
  (void)state;
  create();
  data('A', false);
  data('B', false);
  data('C', false);
  data('A', false);
  walk('A');
  walk('D');
  walk('B');
  const struct cache_counters l1d = {.walk_hits = 1, .walk_misses = 2, .data_hits = 0, .data_misses = 4};
  const struct cache_counters l2 = {.walk_hits = 1, .walk_misses = 1, .data_hits = 1, .data_misses = 3};
  assert_memory_equal(&counters.cache[CACHE_L1D], &l1d, sizeof l1d);
  assert_memory_equal(&counters.cache[CACHE_L2], &l2, sizeof l2);
  destroy();
}

// A dirty victim is marked dirty below if it is there, and not touched; else it is filled there, dirty, and touched;
// from the last level it is written back.
static void dirty_victims_go_one_level_down(void** state) {
  (void)state;
  create();
  data('A', true);
  data('B', false);
  data('C', false);  // A goes to L2, where it is: marked, not touched
  assert_int_equal(counters.writebacks, 0);
  data('D', false);
  data('E', false);  // L2 was A B C D, oldest first: A leaves it, dirty
  assert_int_equal(counters.writebacks, 1);
  assert_int_equal(logged, 1);
  assert_int_equal(kept[0].type, EVENT_WRITEBACK);
  assert_int_equal(kept[0].pa, 'A' * 64);
  assert_int_equal(kept[0].cycle, 7);
  // L1D: E D. A line that is in L1D but has left L2: fill E, F, G, H around a D that is hit again and again.
  data('D', true);
  data('F', false);  // E leaves L1D
  data('D', false);
  data('G', false);  // F leaves L1D; L2: D E F G
  data('D', false);
  data('H', false);  // L2: E F G H, D is in L1D alone
  data('H', false);
  assert_int_equal(counters.writebacks, 1);
  data('I', false);  // D leaves L1D and is filled into L2, over F: E went for I
  assert_int_equal(counters.writebacks, 1);
  assert_int_equal(data('F', false), SERVED_DRAM);  // over G
  assert_int_equal(data('D', false), SERVED_L2);    // touched when it came
  destroy();
}

// One line each in L1D and L2, two in L3; dirty lines have a star, the most recent comes first.
//   write A   L1D A*   L2 A    L3 A
//   write B   L1D B*   L2 A*   L3 B A      B fills all; A leaves L1D for L2
//   write A   L1D A*   L2 B*   L3 B A*     B leaves for L2, A leaves that: L3 has it
//   write B   L1D B*   L2 A*   L3 B* A*
//   write C   L1D C*   L2 B*   L3 A* C     first A leaves L3: written back; then A leaves L2, is filled into L3, and B,
//                                          its oldest, is written back; then B leaves L1D
static void victims_leave_outermost_first(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){1, 1, 4};
  config.cache.l2 = (struct cache_config){1, 1, 14};
  config.cache.l3 = (struct cache_config){1, 2, 40};
  create();
  assert_int_equal(data('A', true), SERVED_DRAM);
  assert_int_equal(data('B', true), SERVED_DRAM);
  assert_int_equal(data('A', true), SERVED_L2);
  assert_int_equal(data('B', true), SERVED_L2);
  assert_int_equal(counters.writebacks, 0);
  assert_int_equal(data('C', true), SERVED_DRAM);
  assert_int_equal(counters.writebacks, 2);
  assert_int_equal(kept[0].pa, 'A' * 64);
  assert_int_equal(kept[1].pa, 'B' * 64);
  assert_int_equal(walk('A'), SERVED_L3);
  destroy();
}

static void a_fetched_line_is_clean_above(void** state) {
  (void)state;
  config.cache.l2 = (struct cache_config){0, 4, 14};
  create();
  data('A', true);
  data('B', false);
  data('C', false);  // A is written back from L1D, the last level
  assert_int_equal(counters.writebacks, 1);
  data('A', false);
  data('B', false);
  data('C', false);
  assert_int_equal(counters.writebacks, 1);
  destroy();
}

static void a_write_marks_wherever_the_line_was(void** state) {
  (void)state;
  config.cache.l2 = (struct cache_config){0, 4, 14};
  for (int where = 0; where < 3; where++) {
    create();
    data('A', false);
    if (where == 1) data('B', false);
    if (where == 2) data('B', false), data('C', false);
    data('A', true);  // most recent; second; from DRAM
    data('D', false);
    data('E', false);
    assert_int_equal(counters.writebacks, 1);
    destroy();
  }
}

static void the_walker_enters_where_it_is_told(void** state) {
  (void)state;
  config.cache.l3 = (struct cache_config){1, 8, 40};
  config.cache.walker = CACHE_L2;
  create();
  assert_int_equal(walk('A'), SERVED_DRAM);
  assert_int_equal(walk('A'), SERVED_L2);
  assert_int_equal(counters.cache[CACHE_L1D].walk_misses, 0);
  assert_int_equal(data('A', false), SERVED_L2);
  // It marks L2's line dirty: four more lines drive it out of L2, into L3, where it is already.
  caches_walk(&caches, 'A' * 64, 8);
  caches_walk_wrote(&caches, 'A' * 64);
  for (char line = 'B'; line < 'F'; line++) walk(line);
  assert_int_equal(counters.writebacks, 0);
  for (char line = 'F'; line < 'M'; line++) walk(line);
  assert_int_equal(counters.writebacks, 1);
  destroy();
  config.cache.l2.sets = 0;  // passed over
  create();
  assert_int_equal(walk('A'), SERVED_DRAM);
  assert_int_equal(walk('A'), SERVED_L3);
  destroy();
  config.cache.l3.sets = 0;
  create();
  assert_int_equal(walk('A'), SERVED_DRAM);
  assert_int_equal(walk('A'), SERVED_DRAM);
  caches_walk_wrote(&caches, 'A' * 64);
  destroy();
}

static void sets_are_the_low_bits_of_the_line(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){4, 1, 4};
  config.cache.l2.sets = 0;
  create();
  for (char line = 0; line < 4; line++) assert_int_equal(data(line, false), SERVED_DRAM);
  for (char line = 0; line < 4; line++) assert_int_equal(data(line, false), SERVED_L1D);
  assert_int_equal(data(5, false), SERVED_DRAM);
  assert_int_equal(data(1, false), SERVED_DRAM);
  assert_int_equal(data(0, false), SERVED_L1D);
  destroy();
}

// --- in the MMU -----------------------------------------------------------------------------------------------------

static struct rig rig;
enum { U = 7, AD = 0x60 };

static void start(void) {
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
}

// PDE 1004 and PTE 101004 lie in different lines, both from DRAM: 1 + 101 + 101; then the PDE's line is in L1D.
static void entries_cost_what_serves_them(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | 0x20 | U);
  rig_map_32bit(&rig, 0x440000, 0x7000 | AD | U);
  rig_clear(&rig);
  assert_int_equal(rig_access(&rig, ACCESS_FETCH, 0x401000, REF_USER).walk, 203);
  assert_int_equal(rig_event(&rig, EVENT_READ, 0)->served, SERVED_DRAM);
  assert_int_equal(rig_access(&rig, ACCESS_FETCH, 0x402000, REF_USER).walk, 1 + 5 + 5);  // one line holds both PTEs
  assert_int_equal(rig_event(&rig, EVENT_READ, 3)->served, SERVED_L1D);
  assert_int_equal(rig_access(&rig, ACCESS_FETCH, 0x440000, REF_USER).walk, 1 + 5 + 101);
  // The swap: the line has just been read: 4 + 4.
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_WRITE, 0x402000, REF_USER);
  assert_int_equal(a.ad_update, 8);
  assert_int_equal(a.walk, 1 + 5 + 15);  // L1D holds 1000 and 101100; 101000 is in L2
  assert_int_equal(rig_event(&rig, EVENT_CAS, 0)->served, SERVED_L1D);
  rig_destroy(&rig);
}

static void pdptes_are_one_line(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_pae(&rig, 0, 0);
  rig_clear(&rig);
  struct counters before = rig_counters(&rig);
  uint64_t first = rig_now(&rig);
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));  // loaded before, by the CR0 write: L1D has it
  assert_int_equal(rig_now(&rig) - first, 4 + 1 + 30);
  assert_int_equal(rig_event(&rig, EVENT_PDPTE, 0)->served, SERVED_L1D);
  struct counters after = rig_counters(&rig);
  assert_int_equal(after.cache[CACHE_L1D].walk_hits - before.cache[CACHE_L1D].walk_hits, 1);
  assert_int_equal(before.cache[CACHE_L1D].walk_misses, 1);
  assert_int_equal(after.cycles_flush - before.cycles_flush, 35);
  rig_destroy(&rig);
}

// A failed swap reads only: nothing to write back.
static void only_a_swap_that_succeeds_makes_dirty(void** state) {
  (void)state;
  config.cache.l2.sets = 0;
  config.data.cache = DATA_CACHE_NONE;
  for (int fails = 0; fails < 2; fails++) {
    start();
    rig_map_32bit(&rig, 0x401000, 0x5000 | U);
    const struct ref ref = {.va = 0x401000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER};
    struct tick_in in = {.part = {NULL, &ref}};
    struct tick_out out;
    uint64_t first = rig_now(&rig);
    rig_tick(&rig, first, &in, &out);
    in.part[PORT_DATA] = NULL;
    while (!out.answered[PORT_DATA]) {
      uint64_t now = out.next;
      if (fails && now == first + 204) rig_map_32bit(&rig, 0x401000, 0);
      rig_tick(&rig, now, &in, &out);
    }
    assert_int_equal(out.answer[PORT_DATA].fault, fails ? FAULT_PF : FAULT_NONE);
    rig_access(&rig, ACCESS_READ, 0x801000, 0);  // faults, but reads two lines
    rig_access(&rig, ACCESS_READ, 0x10801000, 0);
    rig_access(&rig, ACCESS_READ, 0x20801000, 0);
    assert_int_equal(rig_counters(&rig).writebacks, !fails);
    rig_destroy(&rig);
  }
}

// --- data -----------------------------------------------------------------------------------------------------------

static struct ref read_of(uint64_t va, uint16_t size) {
  return (struct ref){.va = va, .size = size, .kind = ACCESS_READ, .flags = REF_USER};
}

static uint64_t play(const struct ref* refs, size_t n, struct answer* answers) {
  struct play play = {.until = UINT64_MAX, .answers = answers};
  uint64_t first = rig_now(&rig);
  rig.engine->ops->play(rig.engine->self, refs, n, &play);
  assert_int_equal(play.done, n);
  return rig_now(&rig) - first;
}

static void start_off(bool listen) {
  rig_create(&rig, &config);
  if (!listen) rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
}

// Paging off: every part is answered in its cycle; x = 96 from DRAM, 10 from L2, 0 from L1D.
static void the_next_reference_waits_for_the_data(void** state) {
  (void)state;
  for (int listen = 0; listen < 2; listen++) {
    start_off(listen);
    struct answer a[6];
    const struct ref refs[] = {read_of(0, 4),   read_of(60, 4), read_of(64, 4),
                               read_of(128, 4), read_of(0, 4),  {.va = 0x1000, .size = 4, .kind = ACCESS_FETCH}};
    assert_int_equal(play(refs, 6, a), 97 + 1 + 97 + 97 + 11 + 1);
    const uint32_t x[] = {96, 0, 96, 96, 10, 0};
    for (int i = 0; i < 6; i++) assert_int_equal(a[i].data, x[i]);
    assert_int_equal(a[1].accept - a[0].cycle, 97);
    assert_int_equal(a[1].cycle - a[1].accept, 0);
    struct counters c = rig_counters(&rig);
    assert_int_equal(c.cycles_data, 298);
    assert_int_equal(c.cycles_base, 6);
    assert_int_equal(c.cache[CACHE_L1D].data_hits, 1);
    assert_int_equal(c.cache[CACHE_L1D].data_misses, 4);
    rig_destroy(&rig);
  }
}

static void data_take_no_time_if_the_machine_says_so(void** state) {
  (void)state;
  const struct ref refs[] = {read_of(0, 4), read_of(64, 4)};
  config.data.cache = DATA_CACHE_NONE;
  start_off(true);
  assert_int_equal(play(refs, 2, NULL), 2);
  assert_int_equal(rig_count(&rig, EVENT_DATA), 0);
  rig_destroy(&rig);
  config.data.cache = DATA_CACHE_TIMED;
  config.cache.l1d.sets = 0;  // though L2 is there
  start_off(true);
  assert_int_equal(play(refs, 2, NULL), 2);
  assert_int_equal(rig_count(&rig, EVENT_DATA), 0);
  assert_int_equal(rig_counters(&rig).cache[CACHE_L2].data_misses, 0);
  rig_destroy(&rig);
}

static void an_outer_level_that_is_faster_gains_nothing(void** state) {
  (void)state;
  config.cache.l2.latency = 2;
  start_off(true);
  const struct ref refs[] = {read_of(0, 4), read_of(64, 4), read_of(128, 4), read_of(0, 4)};
  struct answer a[4];
  play(refs, 4, a);
  assert_int_equal(a[3].data, 0);
  rig_destroy(&rig);
}

// A part each: the second is issued right after the first's answer, the next reference when both have come.
static void crossing_references_wait_for_both_parts(void** state) {
  (void)state;
  const struct {
    uint64_t warm;  // what L1D holds before
    uint64_t span;
    uint32_t data;
  } cases[] = {
      {0x5000, 98, 96},  // x1 = x2 = 96: max(0 + 97, 1 + 97)
      {0xffe, 98, 96},   // x1 = 0
      {0x1000, 97, 95},  // x2 = 0: 97 after all
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int listen = 0; listen < 2; listen++) {
      start_off(listen);
      const struct ref warm = read_of(cases[i].warm, 1), crossing = read_of(0xffe, 4);
      play(&warm, 1, NULL);
      struct answer a;
      assert_int_equal(play(&crossing, 1, &a), cases[i].span);
      assert_int_equal(a.data, cases[i].data);
      assert_int_equal(a.cycle - a.accept, 1);
      struct counters c = rig_counters(&rig);
      assert_int_equal(c.cycles_base, 3);
      assert_int_equal(c.cycles_data, 96 + cases[i].data);
      if (listen) assert_int_equal(rig_count(&rig, EVENT_DATA), 3);
      rig_destroy(&rig);
    }
  }
}

// If the second part faults, no data move: the first's were looked up, but nobody waits for them.
static void nobody_waits_for_the_data_of_a_fault(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  const struct ref crossing = read_of(0x401ffe, 4);
  struct play play = {.until = UINT64_MAX};
  uint64_t first = rig_now(&rig);
  rig.engine->ops->play(rig.engine->self, &crossing, 1, &play);
  assert_int_equal(play.stop, PLAY_FAULT);
  // 0-203 the first part, whose data drive the PDE's line out of L1D; 204 miss, 205, PDE from L2 206-220, which drives
  // the PTEs' line out, 221-235.
  assert_int_equal(play.fault.cycle - first, 235);
  assert_int_equal(rig_now(&rig) - first, 236);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.cycles_data, 0);
  assert_int_equal(c.cycles_base + c.cycles_walk, 236);
  assert_int_equal(rig_count(&rig, EVENT_DATA), 1);
  rig_destroy(&rig);
}

// The walker's lookup comes first: with an L1D of one line, data that were in it are not any more. The fetch misses in
// 0 and reads its PDE in 2; data, latency 3, are answered in 2.
static void in_one_cycle_the_walker_comes_first(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){1, 1, 4};
  config.cache.l2.sets = 0;
  config.dtlb.latency = 3;
  start();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  assert_int_equal(rig_access(&rig, ACCESS_READ, 0x402000, REF_USER).data, 0);
  const struct ref refs[PORT_COUNT] = {{.va = 0x401000, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                       read_of(0x402000, 1)};
  struct answer answers[PORT_COUNT];
  rig_both(&rig, refs, answers);
  assert_int_equal(answers[PORT_DATA].data, 96);
  rig_destroy(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
static const struct CMUnitTest tests[] = {
    TEST(a_miss_fills_the_levels_above),
    TEST(hits_and_misses_are_counted_where_looked_up),
    TEST(dirty_victims_go_one_level_down),
    TEST(victims_leave_outermost_first),
    TEST(a_fetched_line_is_clean_above),
    TEST(a_write_marks_wherever_the_line_was),
    TEST(the_walker_enters_where_it_is_told),
    TEST(sets_are_the_low_bits_of_the_line),
    TEST(entries_cost_what_serves_them),
    TEST(pdptes_are_one_line),
    TEST(only_a_swap_that_succeeds_makes_dirty),
    TEST(the_next_reference_waits_for_the_data),
    TEST(data_take_no_time_if_the_machine_says_so),
    TEST(an_outer_level_that_is_faster_gains_nothing),
    TEST(crossing_references_wait_for_both_parts),
    TEST(nobody_waits_for_the_data_of_a_fault),
    TEST(in_one_cycle_the_walker_comes_first),
};
TEST_MAIN(tests)
