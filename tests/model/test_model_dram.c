// SPDX-License-Identifier: MIT
// Open-row memory (docs/timing.md, finer points 57-59). Here: an access that finds no row open takes 50 cycles, a row
// hit 30, a conflict 90; 2 banks, rows of 4 KiB, so that page n is row n, in bank n modulo 2.
#include <string.h>

#include "check.h"
#include "model/dram.h"
#include "model/rig.h"

enum { NONE = 50, HIT = 30, CONFLICT = 90, PAGE_BITS = 0x67 };

static struct rig rig;
static struct config config;

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.dram.latency = NONE;
  config.dram.row_hit = HIT;
  config.dram.row_conflict = CONFLICT;
  config.dram.banks = 2;
  config.dram.row = 4096;
  return 0;
}

static void a_bank_holds_one_row_open(void** state) {
  (void)state;
  struct dram dram;
  struct counters counters = {0};
  dram_create(&dram, &config, &counters);
  assert_int_equal(dram_access(&dram, 0x0), NONE);  // row 0, though it is number 0
  assert_int_equal(dram_access(&dram, 0xfff), HIT);
  assert_int_equal(dram_access(&dram, 0x1000), NONE);  // the other bank
  assert_int_equal(dram_access(&dram, 0x0), HIT);
  assert_int_equal(dram_access(&dram, 0x2000), CONFLICT);
  assert_int_equal(dram_access(&dram, 0x2fff), HIT);
  assert_int_equal(dram_access(&dram, 0x1000), HIT);
  assert_int_equal(dram_access(&dram, 0x0), CONFLICT);
  assert_int_equal(dram_access(&dram, UINT64_C(0x8000000000)), CONFLICT);  // a row number is no bank's alone
  assert_int_equal(counters.dram_row_hits, 4);
  assert_int_equal(counters.dram_row_opens, 2);
  assert_int_equal(counters.dram_row_conflicts, 3);
}

static void rows_and_banks_are_as_many_as_the_machine_says(void** state) {
  (void)state;
  struct dram dram;
  struct counters counters = {0};
  config.dram.banks = 64;
  config.dram.row = 64;
  dram_create(&dram, &config, &counters);
  for (uint64_t row = 0; row < 64; row++) assert_int_equal(dram_access(&dram, row * 64), NONE);
  for (uint64_t row = 0; row < 64; row++) assert_int_equal(dram_access(&dram, row * 64 + 63), HIT);
  assert_int_equal(dram_access(&dram, 64 * 64), CONFLICT);
  config.dram.banks = 0;
  counters = (struct counters){0};
  dram_create(&dram, &config, &counters);
  for (int i = 0; i < 3; i++) assert_int_equal(dram_access(&dram, 0x1000), NONE);
  assert_int_equal(counters.dram_row_hits + counters.dram_row_opens + counters.dram_row_conflicts, 0);
}

// The root (row 1) and the table (row 101 hex) lie in bank 1.
static void walks_and_swaps_open_rows(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x402000, 0x5007);
  const uint32_t entry = 1;  // walk.step
  struct answer a = rig_access(&rig, ACCESS_READ, 0x401000, 0);
  assert_int_equal(a.walk, 1 + NONE + entry + CONFLICT + entry);
  a = rig_access(&rig, ACCESS_WRITE, 0x402000, 0);
  assert_int_equal(a.walk, 1 + CONFLICT + entry + CONFLICT + entry);
  assert_int_equal(a.ad_update, HIT + 4);  // one access, though it reads and writes
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.dram_row_opens, 1);
  assert_int_equal(c.dram_row_conflicts, 3);
  assert_int_equal(c.dram_row_hits, 1);
  rig_destroy(&rig);
}

static void a_pdpte_load_is_one_access(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_pae(&rig, 0, 0);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.dram_row_opens, 1);
  uint64_t before = rig_now(&rig);
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
  assert_int_equal(rig_now(&rig) - before, HIT + 1 + 30);
  before = rig_now(&rig);
  for (uint64_t i = 0; i < 4; i++) rig_write(&rig, 0x3000 + 8 * i, 8, 0);
  assert_true(rig_control(&rig, CONTROL_CR3, 0x3000));
  assert_int_equal(rig_now(&rig) - before, CONFLICT + 1 + 30);
  rig_destroy(&rig);
}

// Data in pages 8 and 10 (bank 0), through an L1D of one line and latency 4.
static void data_wait_for_their_row(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){1, 1, 4};
  config.data.cache = DATA_CACHE_TIMED;
  rig_create(&rig, &config);
  const struct {
    uint64_t pa;
    uint32_t data;
  } reads[] = {{0x8000, NONE - 4}, {0x8040, HIT - 4}, {0xa000, CONFLICT - 4}, {0xa000, 0}, {0x9000, NONE - 4}};
  for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
    assert_int_equal(rig_access(&rig, ACCESS_READ, reads[i].pa, 0).data, reads[i].data);
  // Dirty: its write-back touches no row.
  rig_access(&rig, ACCESS_WRITE, 0x8000, 0);
  assert_int_equal(rig_access(&rig, ACCESS_READ, 0xa000, 0).data, CONFLICT - 4);
  assert_int_equal(rig_counters(&rig).writebacks, 1);
  assert_int_equal(rig_access(&rig, ACCESS_READ, 0xa040, 0).data, HIT - 4);
  rig_destroy(&rig);
  // Never less than what L1D takes; a play says the same.
  config.cache.l1d.latency = HIT + 1;
  rig_create(&rig, &config);
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  const struct ref refs[] = {{.va = 0x8000, .size = 1, .kind = ACCESS_READ},
                             {.va = 0x8040, .size = 1, .kind = ACCESS_READ}};
  struct answer answers[2];
  struct play play = {.until = UINT64_MAX, .answers = answers};
  rig.engine->ops->play(rig.engine->self, refs, 2, &play);
  assert_int_equal(answers[0].data, NONE - HIT - 1);
  assert_int_equal(answers[1].data, 0);
  rig_destroy(&rig);
}

// In one cycle the walker's access comes before data's. L1D has one line, so that both go to memory. The fetch misses
// in 0 and reads its PDE (row 1) in 2; data, latency 3, are answered in 2 (row 3): of the walk that follows, the PTE's
// row (101) is not open, nor would it be the other way round; but data conflict with row 1, not with what was open
// before.
static void the_walker_comes_before_data(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){1, 1, 4};
  config.data.cache = DATA_CACHE_TIMED;
  config.dtlb.latency = 3;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x403000, 0x3000 | PAGE_BITS);
  rig_access(&rig, ACCESS_READ, 0x403000, 0);  // row 3 is open afterwards
  const struct ref refs[PORT_COUNT] = {{.va = 0x401000, .size = 1, .kind = ACCESS_FETCH},
                                       {.va = 0x403400, .size = 1, .kind = ACCESS_READ}};
  struct answer answers[PORT_COUNT];
  rig_both(&rig, refs, answers);
  assert_int_equal(answers[PORT_DATA].data, CONFLICT - 4);
  assert_int_equal(answers[PORT_FETCH].walk, 1 + 2 * (CONFLICT + 1));
  rig_destroy(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
static const struct CMUnitTest tests[] = {
    TEST(a_bank_holds_one_row_open), TEST(rows_and_banks_are_as_many_as_the_machine_says),
    TEST(walks_and_swaps_open_rows), TEST(a_pdpte_load_is_one_access),
    TEST(data_wait_for_their_row),   TEST(the_walker_comes_before_data),
};
TEST_MAIN(tests)
