// SPDX-License-Identifier: MIT
// Walk caches (docs/timing.md, "Walk caches", finer points 22-24). walk.start 1, walk.step 1, DRAM 10: an entry takes
// 11 cycles, a swap 14; a miss at 0, walk.start 1, n entries are read: answered in 1 + 11 n, so 2 + 11 n cycles.
#include "check.h"
#include "model/rig.h"

static struct rig rig;
static struct config config;

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.dram.latency = 10;
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 2;
  rig_create(&rig, &config);
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

static void rebuild(void) {
  rig_destroy(&rig);
  rig_create(&rig, &config);
}

enum { U = 7, AD = 0x60 };
static const uint64_t GIB = UINT64_C(1) << 30, TIB = UINT64_C(1) << 40;

static void map(unsigned top, uint64_t va) { rig_map_long(&rig, top, va, 0x5000 | AD | U); }

static unsigned reads(uint64_t va) {
  struct answer a = rig_access(&rig, ACCESS_READ, va, REF_USER);
  assert_int_equal(a.fault, FAULT_NONE);
  if (a.path == PATH_WALK) assert_int_equal(a.cycle - a.accept, config.walk.start + 11 * a.reads);
  return a.reads;
}

struct expected {
  unsigned hits, misses;
};

// Of each level since `since`.
static void counts(struct counters* since, const struct expected expected[4]) {
  struct counters now = rig_counters(&rig);
  for (int i = 0; i < 4; i++) {
    if (now.psc[i].hits - since->psc[i].hits != expected[i].hits ||
        now.psc[i].misses - since->psc[i].misses != expected[i].misses)
      fail_msg("level %d: %llu hits, %llu misses", i, (unsigned long long)(now.psc[i].hits - since->psc[i].hits),
               (unsigned long long)(now.psc[i].misses - since->psc[i].misses));
  }
  *since = now;
}

// The deepest hit counts; deeper levels miss, shallower ones count nothing.
static void a_walk_starts_below_the_deepest_hit(void** state) {
  (void)state;
  rig_start_long(&rig, CR4_LA57, 0);
  const uint64_t vas[] = {0, 0x1000, 0x200000, GIB, TIB / 2, 256 * TIB};
  for (int i = 0; i < 6; i++) map(5, vas[i]);
  struct counters since = rig_counters(&rig);
  assert_int_equal(reads(0), 5);
  counts(&since, (const struct expected[4]){{0, 1}, {0, 1}, {0, 1}, {0, 1}});
  assert_int_equal(reads(0x1000), 1);
  counts(&since, (const struct expected[4]){{1, 0}, {0, 0}, {0, 0}, {0, 0}});
  assert_int_equal(reads(0x200000), 2);
  counts(&since, (const struct expected[4]){{0, 1}, {1, 0}, {0, 0}, {0, 0}});
  assert_int_equal(reads(GIB), 3);
  counts(&since, (const struct expected[4]){{0, 1}, {0, 1}, {1, 0}, {0, 0}});
  assert_int_equal(reads(TIB / 2), 4);
  counts(&since, (const struct expected[4]){{0, 1}, {0, 1}, {0, 1}, {1, 0}});
  assert_int_equal(reads(256 * TIB), 5);
  counts(&since, (const struct expected[4]){{0, 1}, {0, 1}, {0, 1}, {0, 1}});
}

static void lookups_are_in_the_last_cycle_of_walk_start(void** state) {
  (void)state;
  for (uint32_t start = 0; start < 4; start++) {
    config.walk.start = start;
    rebuild();
    rig_start_32bit(&rig, 0);
    rig_map_32bit(&rig, 0x401000, 0x5067);
    rig_clear(&rig);
    struct answer a = rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
    const struct event* event = rig_event(&rig, EVENT_PSC, 0);
    assert_int_equal(event->cycle, a.accept + start);
    assert_int_equal(event->array, ARRAY_PSC_PDE);
    assert_int_equal(event->hit, 0);
    const struct event* fill = rig_event(&rig, EVENT_FILL, 1);
    assert_int_equal(fill->array, ARRAY_PSC_PDE);
    assert_int_equal(fill->cycle, a.cycle);
    assert_int_equal(fill->shift, 22);
    assert_int_equal(fill->va, 0x400000);
    assert_int_equal(fill->pa, rig_read(&rig, rig_entry_32bit(&rig, 2, 0x401000), 4) & ~UINT64_C(0xfff));
  }
}

// 32-bit and PAE paging have the PDE cache alone; an absent PDPTE register looks up nothing.
static void short_modes_have_one(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_map_pae(&rig, 0x401000, 0x5067);
  rig_map_pae(&rig, 0x402000, 0x6067);
  rig_map_pae(&rig, 0x601000, 0x6067);
  struct counters since = rig_counters(&rig);
  assert_int_equal(reads(0x401000), 2);
  assert_int_equal(reads(0x402000), 1);
  assert_int_equal(reads(0x601000), 2);
  counts(&since, (const struct expected[4]){{1, 2}, {0, 0}, {0, 0}, {0, 0}});
  rig_write(&rig, RIG_ROOT + 8, 8, 0);
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
  assert_int_equal(rig_access(&rig, ACCESS_READ, GIB, 0).fault, FAULT_PF);
  counts(&since, (const struct expected[4]){{0, 0}, {0, 0}, {0, 0}, {0, 0}});
}

// A large page's leaf is no upper entry.
static void leaves_are_not_cached(void** state) {
  (void)state;
  rig_start_long(&rig, 0, 0);
  rig_write(&rig, rig_entry_long(&rig, 4, 2, 0x200000), 8, 0x200000 | 0x80 | AD | U);
  rig_write(&rig, rig_entry_long(&rig, 4, 3, 2 * GIB), 8, 2 * GIB | 0x80 | AD | U);
  assert_int_equal(reads(0x200000), 3);
  assert_int_equal(rig_counters(&rig).psc[0].fills, 0);
  assert_int_equal(rig_counters(&rig).psc[1].fills, 1);
  assert_int_equal(reads(2 * GIB), 1);  // below its PML4E
  assert_int_equal(rig_counters(&rig).psc[1].fills, 1);
}

// What was read in the last pass, and no more.
static void a_fill_is_what_the_last_pass_read(void** state) {
  (void)state;
  rig_start_long(&rig, 0, 0);
  map(4, 0);
  map(4, 0x200000);
  reads(0);
  struct counters before = rig_counters(&rig);
  assert_int_equal(reads(0x200000), 2);
  struct counters after = rig_counters(&rig);
  assert_int_equal(after.psc[0].fills - before.psc[0].fills, 1);
  assert_int_equal(after.psc[1].fills - before.psc[1].fills, 0);
  assert_int_equal(after.psc[2].fills - before.psc[2].fills, 0);
}

// Two entries, LRU, touched on hits and fills.
static void they_are_lru(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  for (uint64_t i = 0; i < 3; i++)
    for (uint64_t j = 0; j < 4; j++) rig_map_32bit(&rig, i << 22 | j << 12, 0x5067);
  reads(0);
  reads(UINT64_C(1) << 22);
  assert_int_equal(reads(0x1000), 1);             // touches the first
  assert_int_equal(reads(UINT64_C(2) << 22), 2);  // the second goes
  assert_int_equal(reads(0x2000), 1);
  assert_int_equal(reads(1 << 22 | 0x1000), 2);  // the third goes
  assert_int_equal(reads(0x3000), 1);
  assert_int_equal(rig_counters(&rig).psc[0].evictions, 2);
}

// With walk.start 0 the lookup of the walk that comes next falls into the cycle of the fill: it does not see it. Both
// ports miss the same region in 0; the fetch reads in 1-11 and 12-22, data, as if missed in 22, in 23-33 and 34-44.
static void a_lookup_does_not_see_the_fill_of_its_cycle(void** state) {
  (void)state;
  config.walk.start = 0;
  rebuild();
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5067);
  rig_map_32bit(&rig, 0x402000, 0x6067);
  const struct ref refs[PORT_COUNT] = {{.va = 0x401000, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                       {.va = 0x402000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}};
  struct answer answers[PORT_COUNT];
  rig_both(&rig, refs, answers);
  assert_int_equal(answers[PORT_FETCH].cycle - answers[PORT_FETCH].accept, 22);
  assert_int_equal(answers[PORT_DATA].reads, 2);
  assert_int_equal(answers[PORT_DATA].cycle - answers[PORT_DATA].accept, 44);
  assert_int_equal(rig_counters(&rig).psc[0].misses, 2);
}

// And what it touches does not save it from that fill: of entries A (older) and B, data's lookup hits A in the cycle in
// which the fetch's walk fills C: A goes.
static void nor_does_its_touch_count_for_that_fill(void** state) {
  (void)state;
  config.walk.start = 0;
  rebuild();
  rig_start_32bit(&rig, 0);
  for (uint64_t i = 0; i < 3; i++)
    for (uint64_t j = 0; j < 3; j++) rig_map_32bit(&rig, i << 22 | j << 12, 0x5067);
  reads(0);
  reads(UINT64_C(1) << 22);
  const struct ref refs[PORT_COUNT] = {{.va = UINT64_C(2) << 22, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
                                       {.va = 0x1000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}};
  struct answer answers[PORT_COUNT];
  rig_both(&rig, refs, answers);
  assert_int_equal(answers[PORT_FETCH].reads, 2);
  assert_int_equal(answers[PORT_DATA].reads, 1);
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, UINT64_C(1) << 22, 22));
  assert_false(rig_holds(&rig, ARRAY_PSC_PDE, 0, 22));
}

// Rights are those of all levels above, also where they are not read again.
static void rights_are_combined(void** state) {
  (void)state;
  const struct {
    uint64_t level, take, put;  // bits taken from, put into an upper entry
    enum access_kind kind;
    unsigned error;
  } cases[] = {
      {2, 2, 0, ACCESS_WRITE, PFEC_P | PFEC_W | PFEC_U},
      {3, 4, 0, ACCESS_READ, PFEC_P | PFEC_U},
      {4, 0, UINT64_C(1) << 63, ACCESS_FETCH, PFEC_P | PFEC_U | PFEC_ID},
      {4, 2, 0, ACCESS_WRITE, PFEC_P | PFEC_W | PFEC_U},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rebuild();
    rig_start_long(&rig, 0, EFER_NXE);
    map(4, 0);
    map(4, 0x1000);
    uint64_t pa = rig_entry_long(&rig, 4, (unsigned)cases[i].level, 0);
    rig_write(&rig, pa, 8, (rig_read(&rig, pa, 8) & ~cases[i].take) | cases[i].put);
    rig_access(&rig, ACCESS_READ, 0, 0);  // a supervisor may always read
    assert_int_equal(rig_counters(&rig).psc[0].fills, 1);
    struct answer a = rig_access(&rig, cases[i].kind, 0x1000, REF_USER);
    assert_int_equal(a.reads, 1);
    assert_int_equal(a.fault, FAULT_PF);
    assert_int_equal(a.error, cases[i].error);
  }
}

static void faults_and_suppressed_walks_fill_nothing(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5063);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  assert_int_equal(rig_counters(&rig).psc[0].fills, 0);
  const struct ref ref = {.va = 0x401000, .size = 1, .kind = ACCESS_READ};
  const struct control control = {.op = CONTROL_INVLPG, .value = 0x900000};
  struct tick_in in = {.part = {NULL, &ref}};
  struct tick_out out;
  uint64_t now = rig_now(&rig);
  rig_tick(&rig, now, &in, &out);
  in.part[PORT_DATA] = NULL;
  rig_tick(&rig, now + 1, &in, &out);
  in.control = &control;
  rig_tick(&rig, now + 2, &in, &out);
  in.control = NULL;
  while (!out.control_done) rig_tick(&rig, out.next, &in, &out);
  assert_int_equal(rig_counters(&rig).psc[0].fills, 0);
  assert_int_equal(rig_access(&rig, ACCESS_READ, 0x401000, 0).reads, 2);
  assert_int_equal(rig_counters(&rig).psc[0].fills, 1);
}

// A fault drops what leads to its address, at every level, also when found on a TLB hit; other addresses stay.
static void a_fault_drops_what_leads_to_its_address(void** state) {
  (void)state;
  for (int on_hit = 0; on_hit < 2; on_hit++) {
    rebuild();
    rig_start_long(&rig, 0, 0);
    map(4, 0);
    map(4, 0x1000);
    map(4, 0x2000);
    map(4, 0x200000);
    map(4, GIB);
    map(4, TIB);
    rig_map_long(&rig, 4, 0x1000, 0x5063);  // supervisor
    reads(0x200000);
    reads(0);
    reads(TIB);
    if (on_hit) assert_int_equal(rig_access(&rig, ACCESS_READ, 0x1000, 0).reads, 1);
    rig_clear(&rig);
    struct answer a = rig_access(&rig, ACCESS_READ, 0x1000, REF_USER);
    assert_int_equal(a.fault, FAULT_PF);
    assert_int_equal(a.reads, !on_hit);
    assert_int_equal(rig_count(&rig, EVENT_DROP), 3 + on_hit);
    for (size_t i = 0; i < 3; i++) {
      const struct event* drop = rig_event(&rig, EVENT_DROP, i + (size_t)on_hit);
      assert_int_equal(drop->array, ARRAY_PSC_PDE + i);
      assert_int_equal(drop->cycle, a.cycle);
    }
    assert_false(rig_holds(&rig, ARRAY_PSC_PDE, 0, 21));
    assert_false(rig_holds(&rig, ARRAY_PSC_PDPTE, 0, 30));
    assert_false(rig_holds(&rig, ARRAY_PSC_PML4E, 0, 39));
    assert_true(rig_holds(&rig, ARRAY_PSC_PDE, TIB, 21));
    assert_true(rig_holds(&rig, ARRAY_PSC_PDPTE, TIB, 30));
    assert_true(rig_holds(&rig, ARRAY_PSC_PML4E, TIB, 39));
  }
}

// A swap fails: the walk starts over, and looks up again; it fills what its second pass read.
static void a_walk_that_starts_over_looks_up_again(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5047);  // A is clear
  rig_map_32bit(&rig, 0x402000, 0x5067);
  reads(0x402000);
  const struct ref ref = {.va = 0x401000, .size = 1, .kind = ACCESS_READ, .flags = REF_USER};
  struct tick_in in = {.part = {NULL, &ref}};
  struct tick_out out;
  uint64_t first = rig_now(&rig);
  rig_tick(&rig, first, &in, &out);
  in.part[PORT_DATA] = NULL;
  while (!out.answered[PORT_DATA]) {
    uint64_t now = out.next;
    if (now == first + 13) rig_map_32bit(&rig, 0x401000, 0x6047);  // the swap's cycle: PTE 2-12
    rig_tick(&rig, now, &in, &out);
  }
  // 13-26 fails; 27 walk.start; 28-38 the PTE; 39-52.
  assert_int_equal(out.answer[PORT_DATA].cycle - first, 52);
  assert_int_equal(out.answer[PORT_DATA].reads, 2);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.psc[0].hits, 2);
  assert_int_equal(c.psc[0].misses, 1);
  assert_int_equal(c.psc[0].fills, 1);
  assert_int_equal(c.cas_failures, 1);
}

// Each level may be missing.
static void levels_without_entries_count_nothing(void** state) {
  (void)state;
  config.psc.pde = 0;
  config.psc.pml4e = 0;
  rebuild();
  rig_start_long(&rig, 0, 0);
  map(4, 0);
  map(4, 0x1000);
  struct counters since = rig_counters(&rig);
  assert_int_equal(reads(0), 4);
  assert_int_equal(reads(0x1000), 2);
  counts(&since, (const struct expected[4]){{0, 0}, {1, 1}, {0, 0}, {0, 0}});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(a_walk_starts_below_the_deepest_hit),
    TEST(lookups_are_in_the_last_cycle_of_walk_start),
    TEST(short_modes_have_one),
    TEST(leaves_are_not_cached),
    TEST(a_fill_is_what_the_last_pass_read),
    TEST(they_are_lru),
    TEST(a_lookup_does_not_see_the_fill_of_its_cycle),
    TEST(nor_does_its_touch_count_for_that_fill),
    TEST(rights_are_combined),
    TEST(faults_and_suppressed_walks_fill_nothing),
    TEST(a_fault_drops_what_leads_to_its_address),
    TEST(a_walk_that_starts_over_looks_up_again),
    TEST(levels_without_entries_count_nothing),
};
TEST_MAIN(tests)
