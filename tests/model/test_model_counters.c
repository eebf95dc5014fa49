// SPDX-License-Identifier: MIT
// Counters in detail (engine.h): each group sums up to its total, and each detail says what happened.
#include <string.h>

#include "check.h"
#include "model/rig.h"

enum { PAGE_BITS = 0x67 };

static struct rig rig;
static struct config config;

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  return 0;
}

static uint64_t sum(const uint64_t* terms, size_t n) {
  uint64_t total = 0;
  for (size_t i = 0; i < n; i++) total += terms[i];
  return total;
}

static void check_sizes(const struct tlb_counters* total, const struct size_counters* sizes) {
  assert_int_equal(total->hits, sum(sizes->hits, SIZE_CLASSES));
  assert_int_equal(total->fills, sum(sizes->fills, SIZE_CLASSES));
  assert_int_equal(total->evictions, sum(sizes->evictions, SIZE_CLASSES));
}

static struct counters checked(void) {
  struct counters c = rig_counters(&rig);
  check_sizes(&c.itlb, &c.itlb_sizes);
  check_sizes(&c.dtlb, &c.dtlb_sizes);
  check_sizes(&c.stlb, &c.stlb_sizes);
  assert_int_equal(c.walk_refs, sum((const uint64_t*)c.walk_reads, (size_t)LEVEL_COUNT * 4));
  assert_int_equal(c.walk_cycles, sum(c.walker_cycles, WALKERS_MAX));
  assert_int_equal(c.faults_pf, sum(c.faults_by_error, ERROR_CODES));
  assert_int_equal(c.controls, sum(c.controls_by_op, CONTROL_OPS) + c.control_gps);
  assert_int_equal(c.controls_by_op[CONTROL_INVPCID], sum(c.invpcid_by_type, INVPCID_TYPES));
  return c;
}

static void play(const struct ref* refs, size_t n) {
  struct play play = {.until = UINT64_MAX};
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  rig.engine->ops->play(rig.engine->self, refs, n, &play);
  assert_int_equal(play.done, n);
}

static void counts(const uint64_t is[SIZE_CLASSES], uint64_t small, uint64_t large, uint64_t huge) {
  assert_int_equal(is[SIZE_4K], small);
  assert_int_equal(is[SIZE_LARGE], large);
  assert_int_equal(is[SIZE_1G], huge);
}

// A page of each size; the second level is mixed and has one entry, so that each fill but the first evicts.
static void sizes_are_told_apart(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){.sets = 1, .ways = 1, .latency = 2};
  rig_create(&rig, &config);
  rig_start_long(&rig, 0, 0);
  rig_map_long(&rig, 4, 0x401000, 0x5000 | PAGE_BITS);
  rig_write(&rig, rig_entry_long(&rig, 4, 2, 0x800000), 8, 0x200000 | PAGE_BITS | 0x80);
  rig_write(&rig, rig_entry_long(&rig, 4, 3, 0x80000000), 8, 0x40000000 | PAGE_BITS | 0x80);
  const uint64_t page[] = {0x401000, 0x800000, 0x80000000};
  struct ref refs[6];
  for (int i = 0; i < 3; i++) {
    rig_access(&rig, ACCESS_FETCH, page[i], 0);
    rig_access(&rig, ACCESS_READ, page[i], 0);  // hits the second level
    for (int j = 0; j < 6; j++) refs[j] = (struct ref){.va = page[i] + 8u * j, .size = 4, .kind = ACCESS_WRITE};
    play(refs, 2u * i + 2);  // 2, 4 and 6 hits
    refs[0].kind = ACCESS_FETCH;
    play(refs, 1);
  }
  const struct counters c = checked();
  counts(c.dtlb_sizes.hits, 2, 4, 6);
  counts(c.dtlb_sizes.fills, 1, 1, 1);
  counts(c.itlb_sizes.hits, 1, 1, 1);
  counts(c.stlb_sizes.hits, 1, 1, 1);
  counts(c.stlb_sizes.fills, 1, 1, 1);
  counts(c.stlb_sizes.evictions, 0, 1, 1);  // by what came
  counts(c.dtlb_sizes.evictions, 0, 0, 0);
  assert_int_equal(c.dtlb.misses, 3);
  rig_destroy(&rig);
}

// A 4 MiB page, and a 2 MiB page, are large.
static void four_mib_pages_are_large(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x800000), 4, 0x400000 | PAGE_BITS | 0x80);
  rig_access(&rig, ACCESS_READ, 0x800000, 0);
  rig_access(&rig, ACCESS_READ, 0x801000, 0);
  const struct counters c = checked();
  counts(c.dtlb_sizes.fills, 0, 1, 0);
  counts(c.dtlb_sizes.hits, 0, 1, 0);
  rig_destroy(&rig);
}

static void reads_are_told_apart_by_level_and_server(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){64, 2, 4};
  config.cache.l3 = (struct cache_config){64, 2, 40};
  config.psc.pde = 1;
  rig_create(&rig, &config);
  rig_start_long(&rig, CR4_LA57, 0);
  rig_map_long(&rig, 5, 0x401000, 0x5000 | PAGE_BITS);
  rig_map_long(&rig, 5, 0x402000, 0x6000 | PAGE_BITS);
  rig_map_long(&rig, 5, 0x441000, 0x7000 | PAGE_BITS);
  rig_access(&rig, ACCESS_READ, 0x401000, 0);
  rig_access(&rig, ACCESS_READ, 0x402000, 0);  // the PTE alone
  rig_access(&rig, ACCESS_READ, 0x441000, 0);
  const struct counters c = checked();
  for (int level = 1; level < LEVEL_COUNT; level++) assert_int_equal(c.walk_reads[level][SERVED_DRAM], 1);
  assert_int_equal(c.walk_reads[0][SERVED_DRAM], 2);
  assert_int_equal(c.walk_reads[0][SERVED_L1D], 1);
  assert_int_equal(c.walk_reads[0][SERVED_L3], 0);
  assert_int_equal(c.walk_refs, 7);
  rig_destroy(&rig);
}

// The PTE's line has left an L1D of one line for the PDE's.
static void a_read_that_l2_serves_counts_there(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){1, 1, 4};
  config.cache.l2 = (struct cache_config){64, 2, 14};
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS);
  rig_access(&rig, ACCESS_READ, 0x401000, 0);
  rig_access(&rig, ACCESS_FETCH, 0x401000, 0);
  const struct counters c = checked();
  assert_int_equal(c.walk_reads[1][SERVED_DRAM], 1);
  assert_int_equal(c.walk_reads[1][SERVED_L2], 1);
  assert_int_equal(c.walk_reads[0][SERVED_DRAM], 1);
  assert_int_equal(c.walk_reads[0][SERVED_L2], 1);
  rig_destroy(&rig);
}

static void faults_are_told_apart_by_error_code(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5061);
  rig_access(&rig, ACCESS_READ, 0x800000, 0);
  rig_access(&rig, ACCESS_READ, 0x800000, REF_USER);
  rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER);
  rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER);
  const struct counters c = checked();
  assert_int_equal(c.faults_by_error[0], 1);
  assert_int_equal(c.faults_by_error[PFEC_U], 1);
  assert_int_equal(c.faults_by_error[PFEC_U | PFEC_W | PFEC_P], 2);
  assert_int_equal(c.faults_pf, 4);
  rig_destroy(&rig);
}

static void operations_are_told_apart_and_refused_ones_are_not(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_long(&rig, CR4_PCIDE, 0);
  struct counters before = rig_counters(&rig);
  static const unsigned times[CONTROL_OPS] = {
      [CONTROL_CR0] = 1,  [CONTROL_CR3] = 2,    [CONTROL_CR4] = 1,     [CONTROL_EFER] = 1,
      [CONTROL_PKRU] = 3, [CONTROL_INVLPG] = 4, [CONTROL_INVPCID] = 0, [CONTROL_SEGMENT] = 2};
  for (int op = 0; op < CONTROL_OPS; op++) {
    struct control control = {.op = (uint8_t)op};
    if (op < CONTROL_PKRU) {
      uint64_t now[5], pdptes[4];
      rig.engine->ops->registers(rig.engine->self, now, pdptes);
      control.value = now[op];
    }
    for (unsigned i = 0; i < times[op]; i++) assert_true(rig_operate(&rig, &control));
    control.user = true;
    if (op != CONTROL_PKRU) assert_false(rig_operate(&rig, &control));
  }
  for (unsigned type = 0; type < 5; type++) {
    const struct control invpcid = {.op = CONTROL_INVPCID, .type = type};
    for (unsigned i = 0; i <= type; i++) assert_int_equal(rig_operate(&rig, &invpcid), type < 4);
  }
  const struct counters c = checked();
  for (int op = 0; op < CONTROL_OPS; op++)
    if (op != CONTROL_INVPCID) assert_int_equal(c.controls_by_op[op] - before.controls_by_op[op], times[op]);
  assert_int_equal(c.controls_by_op[CONTROL_INVPCID], 1 + 2 + 3 + 4);
  for (unsigned type = 0; type < 4; type++) assert_int_equal(c.invpcid_by_type[type], type + 1);
  assert_int_equal(c.control_gps, 7 + 5);
  rig_destroy(&rig);
}

// Each port's walk in its own walker, or both in the one that there is.
static void a_walkers_cycles_are_its_own(void** state) {
  (void)state;
  for (config.walkers = 1; config.walkers <= 2; config.walkers++) {
    rig_create(&rig, &config);
    rig_start_32bit(&rig, 0);
    rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS);
    rig_access(&rig, ACCESS_FETCH, 0x401000, 0);
    rig_access(&rig, ACCESS_READ, 0x401000, 0);
    rig_access(&rig, ACCESS_READ, 0x800000, 0);  // the PDE is absent
    const struct counters c = checked();
    uint64_t fetch = 403, data = 403 + 202;
    assert_int_equal(c.walker_cycles[0], config.walkers == 1 ? fetch + data : fetch);
    assert_int_equal(c.walker_cycles[1], config.walkers == 1 ? 0 : data);
    rig_destroy(&rig);
  }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
static const struct CMUnitTest tests[] = {
    TEST(sizes_are_told_apart),
    TEST(four_mib_pages_are_large),
    TEST(reads_are_told_apart_by_level_and_server),
    TEST(a_read_that_l2_serves_counts_there),
    TEST(faults_are_told_apart_by_error_code),
    TEST(operations_are_told_apart_and_refused_ones_are_not),
    TEST(a_walkers_cycles_are_its_own),
};
TEST_MAIN(tests)
