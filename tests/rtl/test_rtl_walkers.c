// SPDX-License-Identifier: MIT
// Two walkers, merged misses, a core that runs ahead (docs/timing.md, "Two walkers" and finer points 34 to 42). Each
// number of cycles is derived by hand, in the comment beside it.
#include "rtl/stand.h"

enum { TABLE = P | W | U | A, PAGE = P | W | U | A | D };

static struct config two_walkers(void) {
  struct config config = stand_config();
  config.walkers = 2;
  return config;
}

static void start(struct stand* s, const struct config* config) {
  stand_create(s, config);
  stand_start(s, false, 0, 0, 0);
  for (uint64_t i = 1; i < 32; i++) stand_map(s, 0x400000 + i * 0x1000, 0x100000 + i * 0x1000, PAGE, TABLE);
}

static struct ref fetch_of(uint64_t va) { return (struct ref){.va = va, .size = 1, .kind = ACCESS_FETCH}; }
static struct ref read_of(uint64_t va) { return (struct ref){.va = va, .size = 1, .kind = ACCESS_READ}; }
static struct ref write_of(uint64_t va) { return (struct ref){.va = va, .size = 1, .kind = ACCESS_WRITE}; }

static void both(struct stand* s, struct ref fetch, struct ref data, struct answer answers[PORT_COUNT]) {
  stand_both(s, &fetch, &data, answers);
}

static void expect(const struct answer* answer, uint64_t cycles, uint32_t reads, bool merged) {
  assert_int_equal(answer->fault, FAULT_NONE);
  assert_int_equal(stand_cycles(answer), cycles);
  assert_int_equal(answer->reads, reads);
  assert_int_equal(answer->merged, merged);
}

static void each_port_walks_at_once(void** state) {
  (void)state;
  struct config config = two_walkers();
  struct stand s;
  struct answer a[PORT_COUNT];
  start(&s, &config);
  both(&s, fetch_of(0x401000), read_of(0x402000), a);
  expect(&a[PORT_FETCH], WALK2, 2, false);
  expect(&a[PORT_DATA], WALK2, 2, false);
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.walks, 2);
  assert_int_equal(counters.merged, 0);
  stand_destroy(&s);
}

static void misses_of_one_page_share_a_walk(void** state) {
  (void)state;
  struct config config = two_walkers();
  struct stand s;
  struct answer a[PORT_COUNT];
  start(&s, &config);
  both(&s, fetch_of(0x401004), read_of(0x401008), a);
  expect(&a[PORT_FETCH], WALK2, 2, false);
  expect(&a[PORT_DATA], WALK2, 0, true);
  assert_int_equal(a[PORT_DATA].pa, 0x101008);
  assert_int_equal(a[PORT_DATA].walk, 0);  // all of it is wait
  assert_int_equal(a[PORT_DATA].base, 1);
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.walks, 1);
  assert_int_equal(counters.merged, 1);
  assert_int_equal(counters.itlb.fills + counters.dtlb.fills, 2);
  // neither may be a write: it walks for itself
  both(&s, fetch_of(0x402000), write_of(0x402000), a);
  expect(&a[PORT_FETCH], WALK2, 2, false);
  expect(&a[PORT_DATA], WALK2, 2, false);
  stand_destroy(&s);
}

// The fetch misses in the cycle itlb.latency - 1. Data's walk is in flight from 0 through its answer in 23.
static void a_walk_is_shared_through_its_answer(void** state) {
  (void)state;
  struct config config = two_walkers();
  struct stand s;
  struct answer a[PORT_COUNT];
  config.itlb.latency = WALK2;  // misses in 23
  start(&s, &config);
  both(&s, fetch_of(0x401000), read_of(0x401000), a);
  expect(&a[PORT_DATA], WALK2, 2, false);
  expect(&a[PORT_FETCH], WALK2, 0, true);  // in its own last cycle
  stand_destroy(&s);
  config.itlb.latency = WALK2 + 1;  // misses in 24: the walk is over, and the ITLB has no entry
  start(&s, &config);
  both(&s, fetch_of(0x401000), read_of(0x401000), a);
  expect(&a[PORT_FETCH], WALK2 + 1 + WALK2 - 1, 2, false);
  stand_destroy(&s);
}

static void who_shares_a_walk_that_fails_walks_itself(void** state) {
  (void)state;
  struct config config = two_walkers();
  struct stand s;
  struct answer a[PORT_COUNT];
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, EFER_NXE);
  stand_map(&s, 0x401000, 0x101000, PAGE | UINT64_C(1) << 63, TABLE);
  both(&s, fetch_of(0x401000), read_of(0x401000), a);
  assert_int_equal(a[PORT_FETCH].fault, FAULT_PF);     // no-execute, in 23
  expect(&a[PORT_DATA], WALK2 + WALK2 - 1, 2, false);  // m = 23: 24 start, 25..46
  assert_int_equal(stand_counters(&s).merged, 0);
  stand_destroy(&s);
}

static void rights_of_ones_own_count(void** state) {
  (void)state;
  struct config config = two_walkers();
  config.itlb.latency = 3;
  struct stand s;
  struct answer a[PORT_COUNT];
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, EFER_NXE);
  stand_map(&s, 0x401000, 0x101000, PAGE | UINT64_C(1) << 63, TABLE);
  both(&s, fetch_of(0x401000), read_of(0x401000), a);  // data walk, the fetch joins in 2
  expect(&a[PORT_DATA], WALK2, 2, false);
  assert_int_equal(a[PORT_FETCH].fault, FAULT_PF);
  assert_int_equal(a[PORT_FETCH].error, 0x11);
  assert_int_equal(stand_cycles(&a[PORT_FETCH]), WALK2);
  assert_int_equal(a[PORT_FETCH].reads, 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 0);  // its drop beats the fill of that cycle
  stand_destroy(&s);
}

static void a_suppressed_walk_serves_nobody_else(void** state) {
  (void)state;
  struct config config = two_walkers();
  struct stand s;
  start(&s, &config);
  struct ref fetch = fetch_of(0x401000), data = read_of(0x401000);
  struct control invlpg = {.op = CONTROL_INVLPG, .value = 0x900000};
  struct tick_in in = {{&fetch, &data}, NULL};
  struct tick_out out;
  struct answer a[PORT_COUNT] = {0};
  uint64_t t = engine_now(s.engine), now = t, done = 0;
  for (int answered = 0; answered < 2 || !done; now++) {
    in.control = now == t + 10 ? &invlpg : NULL;
    engine_tick(s.engine, now, &in, &out);
    in.part[0] = in.part[1] = NULL;
    for (int p = 0; p < PORT_COUNT; p++)
      if (out.answered[p]) a[p] = out.answer[p], answered++;
    if (out.control_done) done = now;
  }
  expect(&a[PORT_FETCH], WALK2, 2, false);
  expect(&a[PORT_DATA], WALK2 + WALK2 - 1, 2, false);
  assert_int_equal(stand_entries(&s, ARRAY_ITLB), 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 1);  // its own walk began after the arrival
  assert_int_equal(done - t, 47 + 4);                  // in the cycle after the last answer, op.invlpg cycles
  stand_destroy(&s);
}

// Two fills of one set of the second level in one cycle: the fetch's victim is the oldest, data's the next.
static void two_fills_of_a_set_take_two_ways(void** state) {
  (void)state;
  struct config config = two_walkers();
  config.stlb = (struct tlb_config){.sets = 1, .ways = 3, .replacement = REPLACE_LRU, .latency = 2};
  struct stand s;
  struct answer a[PORT_COUNT];
  start(&s, &config);
  for (uint64_t page = 1; page <= 3; page++) stand_access(&s, ACCESS_READ, 0x400000 + page * 0x1000, 0);  // ways 0 1 2
  stand_forget(&s);
  both(&s, fetch_of(0x404000), read_of(0x405000), a);
  expect(&a[PORT_FETCH], WALK2 + 2, 2, false);
  expect(&a[PORT_DATA], WALK2 + 2, 2, false);
  struct event fill;
  assert_int_equal(stand_events(&s, EVENT_FILL, ARRAY_STLB, &fill), 2);
  assert_int_equal(fill.va, 0x405000);
  assert_int_equal(fill.way, 1);
  assert_int_equal(fill.hit, 1);
  assert_int_equal(stand_entries(&s, ARRAY_STLB), 3);
  // page 3 is what is left of the first three
  assert_int_equal(stand_access(&s, ACCESS_FETCH, 0x403000, 0).path, PATH_STLB);
  // both look up side by side, and both hit
  both(&s, fetch_of(0x405000), read_of(0x404000), a);
  expect(&a[PORT_FETCH], 3, 0, false);
  expect(&a[PORT_DATA], 3, 0, false);
  stand_destroy(&s);
}

// Two writers of one page: both walks end in one cycle, and the page stands once in the second level.
static void two_walks_of_a_page_fill_one_entry(void** state) {
  (void)state;
  struct config config = two_walkers();
  config.stlb = (struct tlb_config){.sets = 1, .ways = 3, .replacement = REPLACE_LRU, .latency = 2};
  config.psc.pde = 2;
  struct stand s;
  struct answer a[PORT_COUNT];
  start(&s, &config);
  both(&s, fetch_of(0x401000), write_of(0x401000), a);
  expect(&a[PORT_FETCH], WALK2 + 2, 2, false);
  expect(&a[PORT_DATA], WALK2 + 2, 2, false);
  assert_int_equal(stand_entries(&s, ARRAY_STLB), 1);
  assert_int_equal(stand_entries(&s, ARRAY_PSC_PDE), 1);
  stand_destroy(&s);
}

// A swap by data finds what the fetch's swap of the same cycle has made of the entry: it fails, and the walk starts
// over.
static void the_fetch_swaps_first(void** state) {
  (void)state;
  struct config config = two_walkers();
  struct stand s;
  struct answer a[PORT_COUNT];
  start(&s, &config);
  uint64_t pa = stand_map(&s, 0x401000, 0x101000, P | W | U, TABLE);
  both(&s, fetch_of(0x401000), write_of(0x401000), a);
  expect(&a[PORT_FETCH], WALK2 + CAS, 2, false);  // A: 24..37
  // data: its swap of A and D (24..37) fails; 38 start, 39..60 reads, 61..74 D alone
  expect(&a[PORT_DATA], WALK2 + CAS + 1 + 2 * ENTRY + CAS, 4, false);
  assert_int_equal(ram_read_word(s.ram, pa, 4) & (A | D), A | D);
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.cas_failures, 1);
  assert_int_equal(counters.ad_updates, 2);
  stand_destroy(&s);
}

// --- a core that runs ahead -----------------------------------------------------------------------------------------

static uint64_t play(struct stand* s, const struct ref* refs, size_t n, struct answer* answers) {
  struct play play = {.until = UINT64_MAX, .answers = answers};
  uint64_t begin = engine_now(s->engine);
  engine_play(s->engine, refs, n, &play);
  assert_int_equal(play.stop, PLAY_END);
  assert_int_equal(play.done, n);
  return engine_now(s->engine) - begin;
}

static void the_next_fetch_runs_ahead(void** state) {
  (void)state;
  const struct ref refs[] = {fetch_of(0x401000), read_of(0x402000), fetch_of(0x403000), read_of(0x402004)};
  struct answer a[4];
  for (unsigned overlap = 0; overlap < 2; overlap++) {
    for (unsigned walkers = 1; walkers <= 2; walkers++) {
      struct config config = stand_config();
      config.walkers = walkers;
      config.core.overlap = overlap;
      struct stand s;
      start(&s, &config);
      uint64_t cycles = play(&s, refs, 4, a);
      uint64_t from = a[0].accept;
      assert_int_equal(a[1].accept - from, WALK2);
      if (!overlap) {
        assert_int_equal(cycles, 3 * WALK2 + 1);
      } else {
        assert_int_equal(a[2].accept - from, WALK2 + 1);  // the cycle after data's accept
        // two walkers: its walk is 26..48 of data's 25..47; one: it counts as missing in 47, and walks 48..70
        assert_int_equal(a[2].cycle - from, walkers == 2 ? 2 * WALK2 : 3 * WALK2 - 2);
        assert_int_equal(cycles, walkers == 2 ? 2 * WALK2 + 2 : 3 * WALK2);
      }
      struct counters counters = stand_counters(&s);
      assert_int_equal(counters.refs, 4);
      stand_destroy(&s);
    }
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_port_walks_at_once),
    cmocka_unit_test(misses_of_one_page_share_a_walk),
    cmocka_unit_test(a_walk_is_shared_through_its_answer),
    cmocka_unit_test(who_shares_a_walk_that_fails_walks_itself),
    cmocka_unit_test(rights_of_ones_own_count),
    cmocka_unit_test(a_suppressed_walk_serves_nobody_else),
    cmocka_unit_test(two_fills_of_a_set_take_two_ways),
    cmocka_unit_test(two_walks_of_a_page_fill_one_entry),
    cmocka_unit_test(the_fetch_swaps_first),
    cmocka_unit_test(the_next_fetch_runs_ahead),
};
TEST_MAIN(tests)
