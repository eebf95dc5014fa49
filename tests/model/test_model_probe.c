// SPDX-License-Identifier: MIT
// The debug port (docs/timing.md, finer point 60): it says what the MMU would answer, and nothing is different
// afterwards.
#include <string.h>

#include "check.h"
#include "model/rig.h"

enum { PAGE_BITS = 0x7, AD = 0x60 };

static struct rig rig;
static struct config config;

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  return 0;
}

static struct answer probe(enum access_kind kind, uint64_t va, unsigned flags) {
  const struct ref ref = {.va = va, .size = 1, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
  struct answer answer;
  rig.engine->ops->probe(rig.engine->self, &ref, &answer);
  return answer;
}

static void expect(struct answer a, enum answer_path path, unsigned reads, uint64_t pa) {
  const struct answer good = {.path = (uint8_t)path, .reads = reads, .pa = pa};
  rig_same_answer(&a, &good);
}

static void expect_fault(struct answer a, enum answer_path path, unsigned reads, unsigned error, uint64_t cr2) {
  const struct answer bad = {
      .path = (uint8_t)path, .reads = reads, .fault = FAULT_PF, .error = (uint8_t)error, .cr2 = cr2};
  rig_same_answer(&a, &bad);
}

static void with_paging_off_it_is_the_linear_address(void** state) {
  (void)state;
  rig_create(&rig, &config);
  expect(probe(ACCESS_READ, 0x12345, 0), PATH_OFF, 0, 0x12345);
  const struct control load = {
      .op = CONTROL_SEGMENT,
      .index = 1,
      .segment = {.base = 0x1000, .limit = 0xfff, .present = true, .privilege = 3},
  };
  assert_true(rig_operate(&rig, &load));
  struct ref ref = {.va = 0xffe, .size = 2, .kind = ACCESS_READ, .segment = 1};
  struct answer a;
  rig.engine->ops->probe(rig.engine->self, &ref, &a);
  expect(a, PATH_OFF, 0, 0x1ffe);
  ref.size = 3;
  rig.engine->ops->probe(rig.engine->self, &ref, &a);
  assert_int_equal(a.fault, FAULT_GP);
  assert_int_equal(a.path, PATH_OFF);
  assert_int_equal(a.pa, 0);
  rig_destroy(&rig);
}

static void it_finds_what_the_levels_hold(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){.sets = 8, .ways = 2, .latency = 7};
  config.psc.pde = 4;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS | AD);
  rig_map_32bit(&rig, 0x402000, 0x6000 | PAGE_BITS | AD);
  expect(probe(ACCESS_READ, 0x401234, REF_USER), PATH_WALK, 2, 0x5234);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  expect(probe(ACCESS_READ, 0x401234, REF_USER), PATH_L1, 0, 0x5234);
  expect(probe(ACCESS_FETCH, 0x401234, REF_USER), PATH_STLB, 0, 0x5234);
  expect(probe(ACCESS_READ, 0x402234, REF_USER), PATH_WALK, 1, 0x6234);  // the PDE is cached
  // Old entries answer, not memory.
  rig_map_32bit(&rig, 0x401000, 0);
  expect(probe(ACCESS_WRITE, 0x401234, REF_USER), PATH_L1, 0, 0x5234);
  rig_destroy(&rig);
}

static void it_faults_as_the_mmu_does(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){.sets = 8, .ways = 2, .latency = 7};
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5003 | AD);
  expect_fault(probe(ACCESS_READ, 0x800123, REF_USER), PATH_WALK, 1, PFEC_U, 0x800123);
  expect_fault(probe(ACCESS_WRITE, 0x402123, 0), PATH_WALK, 2, PFEC_W, 0x402123);
  expect_fault(probe(ACCESS_READ, 0x401123, REF_USER), PATH_WALK, 2, PFEC_P | PFEC_U, 0x401123);
  rig_access(&rig, ACCESS_READ, 0x401000, 0);
  expect_fault(probe(ACCESS_READ, 0x401123, REF_USER), PATH_L1, 0, PFEC_P | PFEC_U, 0x401123);
  expect_fault(probe(ACCESS_FETCH, 0x401123, REF_USER), PATH_STLB, 0, PFEC_P | PFEC_U, 0x401123);
  expect(probe(ACCESS_READ, 0x401123, 0), PATH_L1, 0, 0x5123);  // nothing was dropped
  rig_destroy(&rig);
}

static void a_table_outside_memory_is_a_bus_error(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_long(&rig, 0, 0);
  rig_write(&rig, RIG_ROOT, 8, UINT64_C(0x8000000027));
  const struct answer a = probe(ACCESS_READ, 0x1000, 0);
  assert_int_equal(a.fault, FAULT_BUS);
  assert_int_equal(a.reads, 2);
  assert_int_equal(a.cr2, 0);
  assert_int_equal(probe(ACCESS_READ, UINT64_C(1) << 60, 0).fault, FAULT_GP);
  rig_destroy(&rig);
}

// A, and A and D, to set: the walk is over in one pass, and memory is as it was.
static void swaps_count_as_done(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS);
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x401000), 4, RIG_TABLES + 0x1000 + PAGE_BITS);
  expect(probe(ACCESS_WRITE, 0x401234, 0), PATH_WALK, 2, 0x5234);
  assert_int_equal(rig_read(&rig, rig_entry_32bit(&rig, 2, 0x401000), 4), RIG_TABLES + 0x1000 + PAGE_BITS);
  assert_int_equal(rig_read(&rig, rig_entry_32bit(&rig, 1, 0x401000), 4), 0x5000 | PAGE_BITS);
  // A clean entry: a write walks, and says so by its reads alone.
  rig_access(&rig, ACCESS_READ, 0x401000, 0);
  expect(probe(ACCESS_WRITE, 0x401234, 0), PATH_L1, 2, 0x5234);
  expect(probe(ACCESS_READ, 0x401234, 0), PATH_L1, 0, 0x5234);
  rig_destroy(&rig);
}

// One machine is probed in every cycle, one never: the same answers, events, counters and victims.
static void probing_changes_nothing(void** state) {
  (void)state;
  static struct rig probed;
  config.stlb = (struct tlb_config){.sets = 1, .ways = 3, .latency = 2};
  config.dtlb = config.itlb = (struct tlb_config){.sets = 1, .ways = 2, .latency = 1};
  config.psc.pde = 2;
  config.cache.l1d = (struct cache_config){1, 2, 4};
  config.dram.banks = 2;
  config.dram.row = 4096;
  config.dram.row_hit = 3;
  config.dram.row_conflict = 9;
  struct rig* rigs[] = {&probed, &rig};
  for (int i = 0; i < 2; i++) {
    rig_create(rigs[i], &config);
    rig_start_32bit(rigs[i], 0);
    for (uint64_t page = 0; page < 8; page++) rig_map_32bit(rigs[i], 0x401000 + (page << 20), page << 12 | PAGE_BITS);
  }
  uint64_t seed = 0x1717;
  for (int i = 0; i < 400; i++) {
    struct answer answer[2];
    enum access_kind kind = (enum access_kind)(rig_random(&seed) % 3);
    uint64_t va = 0x401000 + (rig_random(&seed) % 9 << 20);
    unsigned flags = rig_random(&seed) % 2 ? REF_USER : 0;
    probe(ACCESS_READ, 0x401000 + (rig_random(&seed) % 9 << 20), 0);
    probe(ACCESS_WRITE, 0x401000 + (rig_random(&seed) % 9 << 20), 0);
    const struct tick_in nothing = {.control = NULL};
    struct tick_out out;
    rig_tick(&rig, rig_now(&rig), &nothing, &out);
    rig_tick(&probed, rig_now(&probed), &nothing, &out);
    for (int j = 0; j < 2; j++) answer[j] = rig_access(rigs[j], kind, va, flags);
    rig_same_answer(&answer[0], &answer[1]);
  }
  const struct counters a = rig_counters(&rig), b = rig_counters(&probed);
  assert_memory_equal(&a, &b, sizeof a);
  rig_same_events(&rig, &probed);
  uint64_t pa;
  assert_true(ram_equal(rig.ram, probed.ram, &pa));
  rig_destroy(&rig);
  rig_destroy(&probed);
}

// During another reference's walk: as if alone.
static void it_works_at_any_time(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS | AD);
  const struct ref ref = {.va = 0x401000, .size = 1, .kind = ACCESS_READ};
  struct tick_in in = {.part = {[PORT_DATA] = &ref}};
  struct tick_out out;
  uint64_t now = rig_now(&rig);
  rig_tick(&rig, now, &in, &out);
  in.part[PORT_DATA] = NULL;
  while (!out.answered[PORT_DATA]) {
    expect(probe(ACCESS_READ, 0x401004, 0), PATH_WALK, 2, 0x5004);
    rig_tick(&rig, now = out.next, &in, &out);
  }
  assert_int_equal(out.answer[PORT_DATA].cycle - out.answer[PORT_DATA].accept, 403);
  expect(probe(ACCESS_READ, 0x401004, 0), PATH_L1, 0, 0x5004);
  rig_destroy(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
static const struct CMUnitTest tests[] = {
    TEST(with_paging_off_it_is_the_linear_address),
    TEST(it_finds_what_the_levels_hold),
    TEST(it_faults_as_the_mmu_does),
    TEST(a_table_outside_memory_is_a_bus_error),
    TEST(swaps_count_as_done),
    TEST(probing_changes_nothing),
    TEST(it_works_at_any_time),
};
TEST_MAIN(tests)
