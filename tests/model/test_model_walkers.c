// SPDX-License-Identifier: MIT
// Two walkers (docs/timing.md, "Two walkers"): side by side, shared walks, who goes first in one cycle. L1 latency 1,
// walk.start 1, walk.step 1, walk.cas 4, DRAM 10: a walk is answered in 23, entries are read in 2-12 and 13-23.
#include "check.h"
#include "model/rig.h"

static struct rig rig;
static struct config config;
enum { U = 7, A = 0x20, AD = 0x60 };

static void rebuild(void) {
  rig_destroy(&rig);
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
}

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.dram.latency = 10;
  config.walkers = 2;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

static struct answer answers[PORT_COUNT];
static uint64_t first;  // the cycle in which the fetch was accepted

// The data reference is accepted `late` cycles after the fetch (before it, if negative).
static void both(uint64_t fetch, enum access_kind kind, uint64_t data, int late) {
  const struct ref ref[PORT_COUNT] = {{.va = fetch, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                      {.va = data, .size = 1, .kind = (uint8_t)kind, .flags = REF_USER}};
  uint64_t now = rig_now(&rig);
  first = late < 0 ? now + (uint64_t)-late : now;
  bool done[PORT_COUNT] = {false, false};
  for (; !done[PORT_FETCH] || !done[PORT_DATA]; now++) {
    struct tick_in in = {
        .part = {now == first ? &ref[PORT_FETCH] : NULL, now == first + (uint64_t)late ? &ref[PORT_DATA] : NULL}};
    struct tick_out out;
    rig_tick(&rig, now, &in, &out);
    for (int port = 0; port < PORT_COUNT; port++)
      if (out.answered[port]) done[port] = true, answers[port] = out.answer[port];
  }
}

static uint64_t at(enum port port) { return answers[port].cycle - first; }

static void both_walk_at_once(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  both(0x401000, ACCESS_READ, 0x402000, 0);
  assert_int_equal(at(PORT_FETCH), 23);
  assert_int_equal(at(PORT_DATA), 23);
  assert_int_equal(answers[PORT_DATA].walk, 23);
  assert_int_equal(answers[PORT_DATA].reads, 2);
  // In one cycle the fetch's commands go first.
  assert_int_equal(rig_event(&rig, EVENT_READ, 0)->port, PORT_FETCH);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.walks, 2);
  assert_int_equal(c.walk_cycles, 46);
  assert_int_equal(c.merged, 0);
}

// Data miss in the cycle `late`, while the fetch's walk is in flight: from its miss to its answer.
static void a_miss_shares_a_walk_in_flight(void** state) {
  (void)state;
  for (int late = 0; late <= 24; late++) {
    rebuild();
    rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
    both(0x401000, ACCESS_READ, 0x401008, late);
    bool shares = late <= 23;
    assert_int_equal(answers[PORT_DATA].merged, shares);
    assert_int_equal(at(PORT_DATA), shares ? 23 : 47);
    assert_int_equal(answers[PORT_DATA].reads, shares ? 0 : 2);
    assert_int_equal(answers[PORT_DATA].pa, 0x5008);
    assert_int_equal(answers[PORT_DATA].path, PATH_WALK);
    assert_int_equal(answers[PORT_DATA].base, 1);
    assert_int_equal(answers[PORT_DATA].walk, shares ? 0 : 23);
    struct counters c = rig_counters(&rig);
    assert_int_equal(c.merged, shares);
    assert_int_equal(c.walks, shares ? 1 : 2);
    assert_int_equal(c.dtlb.fills, 1);
    assert_int_equal(c.itlb.fills, 1);
    assert_true(rig_holds(&rig, ARRAY_DTLB, 0x401000, 12));
  }
  // And the other way round.
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  both(0x401000, ACCESS_READ, 0x401008, -5);
  assert_int_equal(answers[PORT_FETCH].merged, 1);
  assert_int_equal(answers[PORT_DATA].merged, 0);
  assert_int_equal(at(PORT_FETCH), 18);
}

static void what_does_not_share(void** state) {
  (void)state;
  // Another 4 KiB page, though of the same large one.
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x400000), 4, 0x400000 | 0x80 | AD | U);
  both(0x401000, ACCESS_READ, 0x402000, 3);
  assert_int_equal(answers[PORT_DATA].merged, 0);
  assert_int_equal(at(PORT_DATA), 15);
  // The same 4 KiB of it does.
  rebuild();
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x400000), 4, 0x400000 | 0x80 | AD | U);
  both(0x401000, ACCESS_READ, 0x401ff0, 3);
  assert_int_equal(answers[PORT_DATA].merged, 1);
  assert_int_equal(answers[PORT_DATA].pa, 0x401ff0);
  // Writes: neither the one that comes second nor the one that is first.
  for (int late = -3; late <= 3; late += 6) {
    rebuild();
    rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
    both(0x401000, ACCESS_WRITE, 0x401000, late);
    assert_int_equal(answers[PORT_FETCH].merged + answers[PORT_DATA].merged, 0);
    assert_int_equal(at(PORT_FETCH), 23);
    assert_int_equal(at(PORT_DATA), 23 + late);
  }
  // Nor with one walker.
  config.walkers = 1;
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  both(0x401000, ACCESS_READ, 0x401000, 0);
  assert_int_equal(answers[PORT_DATA].merged, 0);
  assert_int_equal(at(PORT_DATA), 46);
}

// The fetch faults in 23 (no-execute): the read walks itself: walk.start 24, entries 25-46.
static void after_a_fault_the_second_walks_itself(void** state) {
  (void)state;
  rig_destroy(&rig);
  rig_create(&rig, &config);
  rig_start_pae(&rig, 0, EFER_NXE);
  rig_map_pae(&rig, 0x401000, UINT64_C(1) << 63 | 0x5000 | AD | U);
  both(0x401000, ACCESS_READ, 0x401000, 4);
  assert_int_equal(answers[PORT_FETCH].fault, FAULT_PF);
  assert_int_equal(answers[PORT_DATA].fault, FAULT_NONE);
  assert_int_equal(answers[PORT_DATA].merged, 0);
  assert_int_equal(answers[PORT_DATA].walk, 23);
  assert_int_equal(at(PORT_DATA), 46);
  assert_int_equal(rig_counters(&rig).merged, 0);
  assert_true(rig_holds(&rig, ARRAY_DTLB, 0x401000, 12));
}

// The first is the read here, the fetch takes its walk and is denied: a fault in the same cycle, which drops what the
// read has just filled, in both TLBs and the second level.
static void rights_are_each_ones_own(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){1, 4, REPLACE_LRU, 0, 1, 2};
  rig_destroy(&rig);
  rig_create(&rig, &config);
  rig_start_pae(&rig, 0, EFER_NXE);
  rig_map_pae(&rig, 0x401000, UINT64_C(1) << 63 | 0x5000 | AD | U);
  both(0x401000, ACCESS_READ, 0x401000, -1);
  assert_int_equal(answers[PORT_DATA].fault, FAULT_NONE);
  assert_int_equal(answers[PORT_FETCH].fault, FAULT_PF);
  assert_int_equal(answers[PORT_FETCH].error, PFEC_P | PFEC_U | PFEC_ID);
  assert_int_equal(answers[PORT_FETCH].cr2, 0x401000);
  assert_int_equal(answers[PORT_FETCH].merged, 1);
  assert_int_equal(at(PORT_FETCH), at(PORT_DATA));
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.merged, 1);
  assert_int_equal(c.dtlb.fills, 1);
  assert_int_equal(c.itlb.fills, 0);
  assert_int_equal(c.stlb.fills, 1);
  assert_int_equal(c.dtlb.drops + c.stlb.drops, 2);
  assert_false(rig_holds(&rig, ARRAY_DTLB, 0x401000, 12));
}

// INVLPG arrives in 10: the fetch's walk (1-23) fills nothing and is not shared; data walk 24-46, and fill.
static void a_suppressed_walk_is_not_shared(void** state) {
  (void)state;
  config.op.invlpg = 5;
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  const struct ref ref[PORT_COUNT] = {{.va = 0x401000, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                      {.va = 0x401000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}};
  const struct control control = {.op = CONTROL_INVLPG, .value = 0x900000};
  struct tick_out out;
  uint64_t begin = rig_now(&rig), now = begin, answered[PORT_COUNT] = {0};
  for (bool over = false; !over; now++) {
    struct tick_in in = {.part = {now == begin ? &ref[0] : NULL, now == begin ? &ref[1] : NULL},
                         .control = now == begin + 10 ? &control : NULL};
    rig_tick(&rig, now, &in, &out);
    for (int port = 0; port < PORT_COUNT; port++)
      if (out.answered[port]) answered[port] = now - begin;
    over = out.control_done;
  }
  assert_int_equal(answered[PORT_FETCH], 23);
  assert_int_equal(answered[PORT_DATA], 46);
  assert_int_equal(now - begin, 52);
  assert_int_equal(rig_counters(&rig).merged, 0);
  assert_false(rig_holds(&rig, ARRAY_ITLB, 0x401000, 12));
  assert_true(rig_holds(&rig, ARRAY_DTLB, 0x401000, 12));
}

static void both_walks_are_suppressed(void** state) {
  (void)state;
  config.op.invlpg = 5;
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  const struct ref ref[PORT_COUNT] = {{.va = 0x401000, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                      {.va = 0x402000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}};
  const struct control control = {.op = CONTROL_INVLPG, .value = 0x900000};
  struct tick_out out;
  uint64_t begin = rig_now(&rig), now = begin;
  for (bool over = false; !over; now++) {
    struct tick_in in = {.part = {now == begin ? &ref[0] : NULL, now == begin ? &ref[1] : NULL},
                         .control = now == begin + 10 ? &control : NULL};
    rig_tick(&rig, now, &in, &out);
    over = out.control_done;
  }
  assert_int_equal(now - begin, 29);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 0);
}

// Two pages below one PDE whose A is clear: both read it in 2, both swap in 24; the fetch's goes first, data's fails,
// costs its 14 cycles, starts over in 38, reads 39-49, 50-60: A is set.
static void in_one_cycle_the_fetch_swaps_first(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  uint64_t pde = rig_entry_32bit(&rig, 2, 0x400000);
  rig_write(&rig, pde, 4, rig_read(&rig, pde, 4) & ~(uint64_t)A);
  both(0x401000, ACCESS_READ, 0x402000, 0);
  assert_int_equal(at(PORT_FETCH), 37);
  assert_int_equal(at(PORT_DATA), 60);
  assert_int_equal(answers[PORT_DATA].reads, 4);
  assert_int_equal(answers[PORT_DATA].ad_update, 14);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.ad_updates, 1);
  assert_int_equal(c.cas_failures, 1);
}

// --- the second level -----------------------------------------------------------------------------------------------

static void second_level(uint32_t ways) {
  config.stlb = (struct tlb_config){1, ways, REPLACE_LRU, 0, 1, 2};
  config.itlb.sets = config.dtlb.sets = config.itlb.ways = config.dtlb.ways = 1;
  rebuild();
  for (uint64_t i = 1; i < 10; i++) rig_map_32bit(&rig, 0x400000 | i << 12, (0x5000 + (i << 12)) | AD | U);
}

// Both look up and hit in one cycle; the fetch's entry counts as the older.
static void a_lookup_slot_each(void** state) {
  (void)state;
  second_level(3);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x403000, REF_USER);
  rig_access(&rig, ACCESS_FETCH, 0x404000, REF_USER);  // 401000 goes
  both(0x403000, ACCESS_READ, 0x402000, 0);
  assert_int_equal(at(PORT_FETCH), 2);
  assert_int_equal(at(PORT_DATA), 2);
  // In order: 404000, 403000, 402000.
  rig_access(&rig, ACCESS_READ, 0x405000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x406000, REF_USER);
  assert_true(rig_holds(&rig, ARRAY_STLB, 0x402000, 12));
  assert_false(rig_holds(&rig, ARRAY_STLB, 0x403000, 12));
}

// Both fill one set in one cycle: one after the other, the fetch's first.
static void two_fills_of_one_set(void** state) {
  (void)state;
  second_level(3);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x403000, REF_USER);
  both(0x404000, ACCESS_READ, 0x405000, 0);
  assert_int_equal(at(PORT_FETCH), at(PORT_DATA));
  assert_true(rig_holds(&rig, ARRAY_STLB, 0x403000, 12));
  rig_access(&rig, ACCESS_READ, 0x406000, REF_USER);  // 403000 goes
  rig_access(&rig, ACCESS_READ, 0x407000, REF_USER);  // then the fetch's
  assert_true(rig_holds(&rig, ARRAY_STLB, 0x405000, 12));
  assert_false(rig_holds(&rig, ARRAY_STLB, 0x404000, 12));
}

// Data hit the oldest entry in the cycle in which the fetch's walk fills: the victim is chosen from the state before,
// so it goes all the same; the hit is answered.
static void a_victim_is_chosen_before_the_hits_of_its_cycle(void** state) {
  (void)state;
  second_level(2);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  // The fetch: 0, second level 1-2, walk 3-25. Data are accepted in 23 and look up in 25.
  both(0x403000, ACCESS_READ, 0x401000, 23);
  assert_int_equal(at(PORT_FETCH), 25);
  assert_int_equal(at(PORT_DATA), 25);
  assert_int_equal(answers[PORT_DATA].path, PATH_STLB);
  assert_true(rig_holds(&rig, ARRAY_STLB, 0x402000, 12));
  assert_false(rig_holds(&rig, ARRAY_STLB, 0x401000, 12));
}

// But a hit of the cycle is older than its fill: data hit 402000 while 404000 is filled over 401000. Then 403000 goes,
// then 402000.
static void a_hit_is_older_than_the_fill_of_its_cycle(void** state) {
  (void)state;
  second_level(3);
  for (uint64_t i = 1; i < 4; i++) rig_access(&rig, ACCESS_READ, 0x400000 | i << 12, REF_USER);
  both(0x404000, ACCESS_READ, 0x402000, 23);
  assert_int_equal(at(PORT_FETCH), 25);
  assert_int_equal(at(PORT_DATA), 25);
  assert_int_equal(answers[PORT_DATA].path, PATH_STLB);
  rig_access(&rig, ACCESS_READ, 0x405000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x406000, REF_USER);
  assert_true(rig_holds(&rig, ARRAY_STLB, 0x404000, 12));
  assert_false(rig_holds(&rig, ARRAY_STLB, 0x402000, 12));
}

// The second's lookup in the cycle of the first's answer comes before the fill: it misses, and shares.
static void a_second_level_miss_shares_too(void** state) {
  (void)state;
  for (int late = 0; late <= 24; late++) {
    second_level(2);
    both(0x403000, ACCESS_READ, 0x403000, late);
    assert_int_equal(answers[PORT_DATA].merged, late <= 23);
    assert_int_equal(at(PORT_DATA), late <= 23 ? 25 : 26);  // a hit in 24's own time
    assert_int_equal(answers[PORT_DATA].stlb, 2);
    assert_int_equal(rig_counters(&rig).stlb.misses, late <= 23 ? 2 : 1);
    assert_int_equal(rig_counters(&rig).stlb.fills, 1);
  }
}

// --- walk caches and timing caches ----------------------------------------------------------------------------------

// Both walks fill one walk cache in one cycle, one after the other; both begin below it later, in one cycle.
static void walk_caches_serve_both(void** state) {
  (void)state;
  config.psc.pde = 2;
  rebuild();
  for (uint64_t i = 1; i < 5; i++) {
    rig_map_32bit(&rig, i << 22, 0x5000 | AD | U);
    rig_map_32bit(&rig, i << 22 | 0x1000, 0x6000 | AD | U);
    rig_map_32bit(&rig, i << 22 | 0x2000, 0x7000 | AD | U);
  }
  both(0x400000, ACCESS_READ, 0x800000, 0);
  assert_int_equal(rig_counters(&rig).psc[0].fills, 2);
  both(0x801000, ACCESS_READ, 0x401000, 0);  // touched in this order
  assert_int_equal(answers[PORT_FETCH].reads + answers[PORT_DATA].reads, 2);
  rig_access(&rig, ACCESS_READ, 0xc00000, REF_USER);
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0x400000, 22));
  assert_false(rig_holds(&rig, ARRAY_PSC_PDE, 0x800000, 22));
}

// One line of L1D: the fetch's walker looks up first, then data's, then the data themselves.
static void timing_caches_in_one_cycle(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){1, 1, 4};
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x10402000, 0x6000 | AD | U);  // its PDE is in another line
  both(0x401000, ACCESS_READ, 0x10402000, 0);
  // 2: PDEs, both from DRAM; 13: PTEs of two tables, likewise.
  assert_int_equal(at(PORT_FETCH), 23);
  assert_int_equal(at(PORT_DATA), 23);
  assert_int_equal(rig_counters(&rig).cache[CACHE_L1D].walk_misses, 4);
  // Both read one line in one cycle: the second finds it.
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  both(0x401000, ACCESS_READ, 0x402000, 0);
  assert_int_equal(at(PORT_DATA), 17);   // 2-6 from L1D, 7-17 from DRAM
  assert_int_equal(at(PORT_FETCH), 17);  // 2-12 from DRAM, then the line that data have looked up in 7: 13-17
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(both_walk_at_once),
    TEST(a_miss_shares_a_walk_in_flight),
    TEST(what_does_not_share),
    TEST(after_a_fault_the_second_walks_itself),
    TEST(rights_are_each_ones_own),
    TEST(a_suppressed_walk_is_not_shared),
    TEST(both_walks_are_suppressed),
    TEST(in_one_cycle_the_fetch_swaps_first),
    TEST(a_lookup_slot_each),
    TEST(two_fills_of_one_set),
    TEST(a_victim_is_chosen_before_the_hits_of_its_cycle),
    TEST(a_hit_is_older_than_the_fill_of_its_cycle),
    TEST(a_second_level_miss_shares_too),
    TEST(walk_caches_serve_both),
    TEST(timing_caches_in_one_cycle),
};
TEST_MAIN(tests)
