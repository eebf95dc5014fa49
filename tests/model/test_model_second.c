// SPDX-License-Identifier: MIT
// The second level (docs/timing.md, "Second level", finer points 17-21), its cycles derived by hand. L1 latencies 1,
// second level 7, walk.start 1, walk.step 1, walk.cas 4, DRAM 10: an entry takes 11 cycles, a swap 14. Cycle 0 is the
// accept cycle: s = 7, walk.start in 8, PDE 9-19, PTE 20-30.
#include "check.h"
#include "model/rig.h"

static struct rig rig;
static struct config config;

static void rebuild(void) {
  rig_create(&rig, &config);
  rig_start_32bit(&rig, CR4_PGE);
}

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.stlb = (struct tlb_config){
      .sets = 8, .ways = 3, .replacement = REPLACE_LRU, .large_sets = 0, .large_ways = 8, .latency = 7};
  config.itlb.sets = config.dtlb.sets = 1;
  config.itlb.ways = config.dtlb.ways = 1;
  config.dram.latency = 10;
  rebuild();
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

static uint64_t cycles(struct answer a) { return a.cycle - a.accept + 1; }

enum { U = 7, AD = 0x60 };

static void a_hit_takes_its_latency_and_fills_the_asking_port(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x401234, REF_USER);
  assert_int_equal(a.path, PATH_WALK);
  assert_int_equal(cycles(a), 31);
  assert_int_equal(a.base, 1);
  assert_int_equal(a.stlb, 7);
  assert_int_equal(a.walk, 23);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);  // throws it out of the DTLB
  rig_clear(&rig);
  a = rig_access(&rig, ACCESS_READ, 0x401234, REF_USER);
  assert_int_equal(a.path, PATH_STLB);
  assert_int_equal(cycles(a), 8);
  assert_int_equal(a.pa, 0x5234);
  assert_int_equal(a.base, 1);
  assert_int_equal(a.stlb, 7);
  assert_int_equal(a.walk, 0);
  const struct event* lookup = rig_event(&rig, EVENT_LOOKUP, 1);
  assert_int_equal(lookup->cycle, a.cycle);
  assert_int_equal(lookup->array, ARRAY_STLB);
  assert_int_equal(lookup->hit, 1);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 1);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 0)->array, ARRAY_DTLB);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 0)->cycle, a.cycle);
  assert_int_equal(cycles(rig_access(&rig, ACCESS_READ, 0x401234, REF_USER)), 1);
  assert_int_equal(cycles(rig_access(&rig, ACCESS_FETCH, 0x401234, REF_USER)), 8);  // unified
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.stlb.hits, 2);
  assert_int_equal(c.stlb.misses, 2);
  assert_int_equal(c.stlb.fills, 2);
  assert_int_equal(c.cycles_stlb, 28);
}

// Both miss in 0. The fetch's lookup takes 1-7; it hits. Data's begins as if it had missed in 7: 8-14, walk 15-37.
static void it_serves_one_at_a_time(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  const struct ref refs[PORT_COUNT] = {{.va = 0x401000, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                       {.va = 0x402000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}};
  struct answer answers[PORT_COUNT];
  rig_both(&rig, refs, answers);
  assert_int_equal(cycles(answers[PORT_FETCH]), 8);
  assert_int_equal(answers[PORT_FETCH].path, PATH_STLB);
  assert_int_equal(cycles(answers[PORT_DATA]), 38);
  assert_int_equal(answers[PORT_DATA].stlb, 7);
  assert_int_equal(answers[PORT_DATA].walk, 23);  // 7 cycles of waiting are nobody's
}

// Counted as a hit, answered in s, touches nothing, drops in every array.
static void a_denied_hit_faults_there(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | 3);  // supervisor
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  rig_access(&rig, ACCESS_FETCH, 0x401000, 0);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(a.error, PFEC_P | PFEC_U);
  assert_int_equal(a.path, PATH_STLB);
  assert_int_equal(cycles(a), 8);
  assert_int_equal(a.reads, 0);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 0);
  assert_int_equal(rig_count(&rig, EVENT_DROP), 2);  // ITLB and second level
  assert_int_equal(rig_event(&rig, EVENT_DROP, 1)->array, ARRAY_STLB);
  assert_int_equal(rig_counters(&rig).stlb.hits, 1);
  assert_int_equal(rig_counters(&rig).stlb.drops, 1);
}

// One set of two: A, B; a denied hit of A does not make it younger, nor would it stay anyway; a good hit of A does.
static void hits_are_touched(void** state) {
  (void)state;
  tear_down(state);
  config.stlb.sets = 1;
  config.stlb.ways = 2;
  rebuild();
  for (uint64_t i = 0; i < 4; i++) rig_map_32bit(&rig, 0x401000 + 0x1000 * i, (0x5000 + 0x1000 * i) | AD | U);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  assert_int_equal(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER).path, PATH_STLB);
  rig_access(&rig, ACCESS_READ, 0x403000, REF_USER);
  assert_true(rig_holds(&rig, ARRAY_STLB, 0x401000, 12));
  assert_false(rig_holds(&rig, ARRAY_STLB, 0x402000, 12));
  // Evictions move nothing: 404000 throws 401000 out of the second level alone.
  rig_access(&rig, ACCESS_FETCH, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x403000, REF_USER);  // in the DTLB: no touch here
  rig_access(&rig, ACCESS_READ, 0x404000, REF_USER);
  assert_false(rig_holds(&rig, ARRAY_STLB, 0x403000, 12));
  assert_true(rig_holds(&rig, ARRAY_ITLB, 0x401000, 12));
  assert_int_equal(rig_counters(&rig).stlb.evictions, 2);
}

// The walk begins in s + 1 = 8, the update takes 31-44; both levels are overwritten in place.
static void a_clean_hit_walks_from_there(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | 0x20 | U);
  rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER);
  assert_int_equal(a.path, PATH_STLB);
  assert_int_equal(cycles(a), 45);
  assert_int_equal(a.stlb, 7);
  assert_int_equal(a.ad_update, 37);
  assert_int_equal(a.walk, 0);
  assert_int_equal(rig_event(&rig, EVENT_WALK_BEGIN, 0)->cycle, a.accept + 8);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 2);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 1)->array, ARRAY_STLB);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 1)->hit, 0);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.stlb.hits, 1);
  assert_int_equal(c.stlb.fills, 3);
  // In the L1: no lookup here, the walk begins in 1.
  rig_map_32bit(&rig, 0x403000, 0x7000 | 0x20 | U);
  rig_access(&rig, ACCESS_READ, 0x403000, REF_USER);
  rig_clear(&rig);
  a = rig_access(&rig, ACCESS_WRITE, 0x403000, REF_USER);
  assert_int_equal(a.path, PATH_L1);
  assert_int_equal(cycles(a), 38);
  assert_int_equal(a.stlb, 0);
  assert_int_equal(rig_count(&rig, EVENT_LOOKUP), 1);
  assert_int_equal(rig_count(&rig, EVENT_FILL), 2);
  assert_int_equal(rig_counters(&rig).stlb.misses, 3);
}

// Arrival in cycle `at` of a miss: what is filled, and the operation's cycles (INVLPG of another page, 5).
static void control_operations_meet_lookups(void** state) {
  static const struct {
    bool hit;
    uint64_t at;
    bool fills;
    uint64_t cycles;
  } cases[] = {
      {true, 1, true, 12},    // the lookup is no walk: it fills in 7, the operation 8-12
      {true, 7, true, 6},     //
      {false, 1, true, 35},   // the walk begins in 8, after the arrival: it fills in 30; 31-35
      {false, 7, true, 29},   // m in 7, arrival in 7: it begins in 8
      {false, 8, false, 28},  // walk.start's first cycle
      {false, 30, false, 6}, {false, 31, true, 5},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tear_down(state);
    config.op.invlpg = 5;
    rebuild();
    rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
    rig_map_32bit(&rig, 0x402000, 0x6000 | AD | U);
    if (cases[i].hit) rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
    if (cases[i].hit) rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
    const struct ref ref = {.va = 0x401000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER};
    const struct control control = {.op = CONTROL_INVLPG, .value = 0x900000};
    struct tick_out out;
    uint64_t first = rig_now(&rig), now = first;
    for (bool over = false; !over; now++) {
      struct tick_in in = {.part = {NULL, now == first ? &ref : NULL},
                           .control = now == first + cases[i].at ? &control : NULL};
      rig_tick(&rig, now, &in, &out);
      over = out.control_done;
    }
    if (now - first - cases[i].at != cases[i].cycles) fail_msg("case %zu: %d cycles", i, (int)(now - first));
    if (rig_holds(&rig, ARRAY_DTLB, 0x401000, 12) != cases[i].fills) fail_msg("case %zu: fill", i);
    if (rig_holds(&rig, ARRAY_STLB, 0x401000, 12) != cases[i].fills) fail_msg("case %zu: fill of the second", i);
  }
}

// Large pages in the main array, by their own page number; all sizes are looked up, the smallest wins.
static void mixed_sizes(void** state) {
  (void)state;
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x800000), 4, 0x01400000 | 0x80 | AD | U);
  assert_int_equal(rig_access(&rig, ACCESS_READ, 0x8abcde, REF_USER).pa, 0x14abcde);
  struct tlb_entry entry;
  assert_int_equal(rig.engine->ops->dump(rig.engine->self, ARRAY_STLB, &entry, 1), 1);
  assert_int_equal(entry.set, 2);  // page number 2
  assert_int_equal(entry.shift, 22);
  assert_int_equal(rig_access(&rig, ACCESS_FETCH, 0x8ff000, REF_USER).path, PATH_STLB);
  assert_int_equal(rig.engine->ops->dump(rig.engine->self, ARRAY_ITLB_LARGE, &entry, 1), 1);
  assert_int_equal(entry.pa, 0x1400000);
}

static void a_separate_array_for_large_pages(void** state) {
  (void)state;
  tear_down(state);
  config.stlb.large_sets = 2;
  config.stlb.large_ways = 2;
  rebuild();
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0xc00000), 4, 0x01400000 | 0x80 | AD | U);
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  rig_access(&rig, ACCESS_READ, 0xc00000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  struct tlb_entry entry;
  assert_int_equal(rig.engine->ops->dump(rig.engine->self, ARRAY_STLB_LARGE, &entry, 1), 1);
  assert_int_equal(entry.set, 1);  // page number 3
  assert_int_equal(rig.engine->ops->dump(rig.engine->self, ARRAY_STLB, &entry, 1), 1);
  assert_int_equal(entry.va, 0x401000);
  rig_clear(&rig);
  assert_int_equal(rig_access(&rig, ACCESS_FETCH, 0xc12000, REF_USER).path, PATH_STLB);
  assert_int_equal(rig_event(&rig, EVENT_LOOKUP, 1)->array, ARRAY_STLB_LARGE);
}

// A small page and a large one for one address, both here: the small one wins and alone is touched.
static void the_smallest_wins(void** state) {
  (void)state;
  tear_down(state);
  config.stlb.sets = 1;
  config.stlb.ways = 3;
  rebuild();
  uint64_t pde = rig_entry_32bit(&rig, 2, 0x400000);
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  uint64_t table = rig_read(&rig, pde, 4);
  rig_write(&rig, pde, 4, 0x01400000 | 0x80 | 0x20 | U);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);                                // way 0: large, clean
  rig_write(&rig, pde, 4, table);                                                   // and software forgets the INVLPG
  assert_int_equal(rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER).pa, 0x5000);  // way 1: small
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_FETCH, 0x401000, REF_USER);
  assert_int_equal(a.path, PATH_STLB);
  assert_int_equal(a.pa, 0x5000);
  assert_int_equal(rig_event(&rig, EVENT_LOOKUP, 1)->way, 1);
  assert_int_equal(rig_access(&rig, ACCESS_FETCH, 0x402000, REF_USER).pa, 0x1402000);
}

// Reads fill it, faults do not, and without it nothing is looked up.
static void faults_fill_nothing(void** state) {
  (void)state;
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | 3);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  assert_int_equal(cycles(a), 31);
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(rig_counters(&rig).stlb.fills, 0);
  tear_down(state);
  config.stlb.sets = 0;
  rebuild();
  rig_map_32bit(&rig, 0x401000, 0x5000 | AD | U);
  assert_int_equal(cycles(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER)), 24);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.stlb.hits + c.stlb.misses + c.stlb.fills, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(a_hit_takes_its_latency_and_fills_the_asking_port),
    TEST(it_serves_one_at_a_time),
    TEST(a_denied_hit_faults_there),
    TEST(hits_are_touched),
    TEST(a_clean_hit_walks_from_there),
    TEST(control_operations_meet_lookups),
    TEST(mixed_sizes),
    TEST(a_separate_array_for_large_pages),
    TEST(the_smallest_wins),
    TEST(faults_fill_nothing),
};
TEST_MAIN(tests)
