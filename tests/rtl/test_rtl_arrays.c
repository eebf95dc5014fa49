// SPDX-License-Identifier: MIT
// TLB arrays: sets, victims, mixed page sizes, dumps; and the building and loading of the engine.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtl/stand.h"
#include "rtl_engine/rtl_engine.h"

// The way that a read of this page fills, or -1 on a hit. *evicted: whether a valid entry went.
static int filled_way(struct stand* s, uint64_t va, bool* evicted) {
  struct event fill;
  stand_forget(s);
  assert_int_equal(stand_access(s, ACCESS_READ, va, 0).fault, FAULT_NONE);
  if (!stand_events(s, EVENT_FILL, -1, &fill)) return -1;
  if (evicted) *evicted = fill.hit;
  return fill.way;
}

static void map_pages(struct stand* s, unsigned count, uint64_t stride) {
  for (unsigned i = 0; i < count; i++) stand_map(s, 0x400000 + stride * i, 0x100000 + 0x1000 * i, P | A, P | A);
}

static void lru_against_a_list(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  map_pages(&s, 8, 0x10000);  // all in set 0 of 16
  int way_of[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
  unsigned order[8], used = 0;  // pages held, newest first
  uint64_t seed = 7;
  for (int i = 0; i < 2000; i++) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    unsigned page = seed >> 60 & 7, at = 0;
    while (at < used && order[at] != page) at++;
    bool hit = at < used, evicted = false;
    int want = -1;
    if (!hit) {
      want = used < 4 ? (int)used : way_of[order[3]];
      if (used < 4) used++;
      at = used - 1;
    }
    int way = filled_way(&s, 0x400000 + 0x10000 * page, &evicted);
    assert_int_equal(way, want);
    if (!hit) way_of[page] = way;
    memmove(order + 1, order, at * sizeof *order);
    order[0] = page;
  }
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.dtlb.fills, counters.dtlb.misses);
  assert_int_equal(counters.dtlb.evictions, counters.dtlb.fills - 4);
  stand_destroy(&s);
}

// The worked example in rtl/tlb/replace_plru.sv.
static void plru_by_the_tree(void** state) {
  (void)state;
  struct config config = stand_config();
  config.dtlb = (struct tlb_config){
      .sets = 1, .ways = 4, .replacement = REPLACE_PLRU, .large_sets = 1, .large_ways = 2, .latency = 1};
  config.itlb = config.dtlb;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, CR4_PSE, 0, 0);
  map_pages(&s, 12, 0x1000);
  for (int i = 0; i < 4; i++) assert_int_equal(filled_way(&s, 0x400000 + 0x1000 * (unsigned)i, NULL), i);
  // node 1, 2, 3 = 0 0 0
  assert_int_equal(filled_way(&s, 0x400000, NULL), -1);  // touches way 0: 1 1 0
  assert_int_equal(filled_way(&s, 0x404000, NULL), 2);   // 0 1 1
  assert_int_equal(filled_way(&s, 0x405000, NULL), 1);   // 1 0 1
  assert_int_equal(filled_way(&s, 0x406000, NULL), 3);   // 0 0 0
  assert_int_equal(filled_way(&s, 0x407000, NULL), 0);   // 1 1 0
  assert_int_equal(filled_way(&s, 0x406000, NULL), -1);  // touches way 3: 0 1 0
  assert_int_equal(filled_way(&s, 0x408000, NULL), 1);   // 1 0 0
  // an invalid way is taken first, and dropping it has not moved the tree
  stand_invlpg(&s, 0x406000);
  assert_int_equal(filled_way(&s, 0x409000, NULL), 3);  // 0 0 0
  assert_int_equal(filled_way(&s, 0x40a000, NULL), 0);
  assert_int_equal(stand_access(&s, ACCESS_READ, 0x404000, 0).path, PATH_L1);  // way 2: 0 1 1
  assert_int_equal(filled_way(&s, 0x40b000, NULL), 1);
  stand_destroy(&s);
}

static void lowest_invalid_way_first(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  map_pages(&s, 8, 0x10000);
  for (unsigned i = 0; i < 4; i++) filled_way(&s, 0x400000 + 0x10000 * i, NULL);
  stand_invlpg(&s, 0x430000);
  stand_invlpg(&s, 0x410000);
  bool evicted = true;
  assert_int_equal(filled_way(&s, 0x440000, &evicted), 1);
  assert_false(evicted);
  assert_int_equal(filled_way(&s, 0x450000, &evicted), 3);
  assert_int_equal(filled_way(&s, 0x460000, &evicted), 0);
  assert_true(evicted);
  stand_destroy(&s);
}

static void sets_are_the_low_bits_of_the_page_number(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, CR4_PSE, 0, 0);
  map_pages(&s, 64, 0x1000);
  for (unsigned i = 0; i < 64; i++) assert_int_equal(filled_way(&s, 0x400000 + 0x1000 * i, NULL), i / 16);
  struct tlb_entry dump[64];
  assert_int_equal(engine_dump(s.engine, ARRAY_DTLB, dump, 64), 64);
  for (unsigned i = 0; i < 64; i++) {
    assert_int_equal(dump[i].set, i / 4);
    assert_int_equal(dump[i].way, i % 4);
    assert_int_equal(dump[i].va, 0x400000 + 0x1000 * (i / 4 + 16 * (i % 4)));
    assert_int_equal(dump[i].pa, 0x100000 + 0x1000 * (i / 4 + 16 * (i % 4)));
    assert_int_equal(dump[i].shift, 12);
  }
  // room for fewer: still says how many
  memset(dump, 0xff, sizeof dump);
  assert_int_equal(engine_dump(s.engine, ARRAY_DTLB, dump, 3), 64);
  assert_int_equal(dump[3].set, 0xffff);
  assert_int_equal(stand_entries(&s, ARRAY_ITLB), 0);
  stand_destroy(&s);
}

static void dumps_show_rights_and_size(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, CR4_PGE, 0, EFER_NXE);
  stand_map(&s, 0x401000, 0x5000, P | W | A | D | UINT64_C(1) << 63, P | W | U | A);
  stand_set2(&s, 0x80600000, 0xe00000 | P | U | A | G | PS);
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  stand_access(&s, ACCESS_READ, 0x80612345, 0);
  struct tlb_entry e;
  assert_int_equal(engine_dump(s.engine, ARRAY_DTLB, &e, 1), 1);
  assert_true(e.writable && !e.user && e.no_execute && e.dirty && !e.global);
  assert_int_equal(engine_dump(s.engine, ARRAY_DTLB_LARGE, &e, 1), 1);
  assert_true(!e.writable && e.user && !e.no_execute && !e.dirty && e.global);
  assert_int_equal(e.va, 0x80600000);
  assert_int_equal(e.pa, 0xe00000);
  assert_int_equal(e.shift, 21);
  stand_destroy(&s);
}

static struct config mixed_config(void) {
  struct config config = stand_config();
  config.itlb = (struct tlb_config){.sets = 4, .ways = 4, .replacement = REPLACE_PLRU, .large_ways = 8, .latency = 1};
  config.dtlb = (struct tlb_config){.sets = 2, .ways = 3, .replacement = REPLACE_LRU, .large_ways = 8, .latency = 1};
  return config;
}

static void mixed_arrays_hold_all_sizes(void** state) {
  (void)state;
  struct config config = mixed_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, CR4_PSE, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  for (uint64_t i = 2; i < 8; i++) stand_set2(&s, i << 22, i << 22 | P | A | PS);
  stand_access(&s, ACCESS_READ, 0x401000, 0);                                           // page 401: set 1
  for (uint64_t i = 2; i < 5; i++) stand_access(&s, ACCESS_READ, i << 22 | 0x1234, 0);  // large pages 2, 3, 4
  struct tlb_entry e[6];
  assert_int_equal(engine_dump(s.engine, ARRAY_DTLB, e, 6), 4);
  assert_int_equal(engine_dump(s.engine, ARRAY_DTLB_LARGE, e + 4, 2), 0);
  assert_int_equal(e[0].set, 0);
  assert_int_equal(e[0].shift, 22);
  assert_int_equal(e[0].va, 2 << 22);
  assert_int_equal(e[1].va, 4 << 22);
  assert_int_equal(e[2].set, 1);
  assert_int_equal(e[2].va, 0x401000);
  assert_int_equal(e[3].set, 1);
  assert_int_equal(e[3].va, 3 << 22);
  assert_ok(stand_access(&s, ACCESS_READ, 0xfffabc, 0), 0xfffabc, PATH_L1, 1);
  // 5 and 7 join 3 and the small page in set 1: the least recently used, the small one, goes
  stand_access(&s, ACCESS_READ, 5 << 22, 0);
  stand_access(&s, ACCESS_READ, 7 << 22, 0);
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x5000, PATH_WALK, WALK2);
  stand_destroy(&s);
}

static void the_small_page_wins(void** state) {
  (void)state;
  for (int mixed = 0; mixed < 2; mixed++) {
    struct config config = mixed ? mixed_config() : stand_config();
    struct stand s;
    stand_create(&s, &config);
    stand_start(&s, false, CR4_PSE, 0, 0);
    stand_map(&s, 0x401000, 0x5000, P | A, P | A);
    stand_access(&s, ACCESS_READ, 0x401000, 0);
    stand_set2(&s, 0x400000, 0x800000 | P | A | PS);
    stand_access(&s, ACCESS_READ, 0x402000, 0);
    assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x5000, PATH_L1, 1);
    assert_ok(stand_access(&s, ACCESS_READ, 0x403000, 0), 0x803000, PATH_L1, 1);
    // INVLPG drops both
    stand_invlpg(&s, 0x401000);
    assert_int_equal(stand_entries(&s, ARRAY_DTLB) + stand_entries(&s, ARRAY_DTLB_LARGE), 0);
    stand_destroy(&s);
  }
}

// --- building and loading --------------------------------------------------------------------------------------------

static void instances_are_independent(void** state) {
  (void)state;
  struct config one = stand_config(), two = stand_config();
  two.dram.latency = 20;
  struct stand a, b;
  stand_create(&a, &one);
  stand_create(&b, &two);
  stand_start(&a, false, 0, 0, 0);
  stand_start(&b, true, 0, 0, 0);
  stand_map(&a, 0x401000, 0x5000, P | A, P | A);
  stand_map(&b, 0x401000, 0x6000, P | A, P | A);
  assert_ok(stand_access(&a, ACCESS_READ, 0x401000, 0), 0x5000, PATH_WALK, WALK2);
  assert_ok(stand_access(&b, ACCESS_READ, 0x401000, 0), 0x6000, PATH_WALK, WALK2 + 20);
  stand_destroy(&a);
  assert_ok(stand_access(&b, ACCESS_READ, 0x401000, 0), 0x6000, PATH_L1, 1);
  stand_destroy(&b);
}

static void a_missing_verilator_is_explained(void** state) {
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s", getenv("PATH"));
  setenv("PATH", "/nowhere", 1);
  struct config config = stand_config();
  struct ram* ram = ram_create(1 << 20);
  struct error err = {""};
  assert_null(rtl_engine_create(&config, ram_bus(ram), false, &err));
  setenv("PATH", path, 1);
  assert_non_null(strstr(err.text, "make setup"));
  assert_non_null(strstr(err.text, "--engine model"));
  ram_destroy(ram);
}

static void waveforms_are_written(void** state) {
  (void)state;
  struct config config = stand_config();
  struct ram* ram = ram_create(1 << 20);
  struct error err = {""};
  struct engine* plain = rtl_engine_create(&config, ram_bus(ram), false, &err);
  assert_non_null(plain);
  assert_false(engine_wave(plain, "x.fst", 0, 0, 10, &err));
  assert_int_not_equal(strlen(err.text), 0);
  engine_destroy(plain);

  struct engine* engine = rtl_engine_create(&config, ram_bus(ram), true, &err);
  if (!engine) fail_msg("%s", err.text);
  assert_false(engine_wave(engine, "/nowhere/x.fst", 0, 0, 10, &err));
  assert_non_null(strstr(err.text, "/nowhere/x.fst"));
  assert_false(engine_wave(engine, "/dev/full", 0, 0, 10, &err));
  assert_non_null(strstr(err.text, "space"));
  char path[] = "/tmp/pagewalk-wave-XXXXXX";
  close(mkstemp(path));
  assert_true(engine_wave(engine, path, 0, 0, 100, &err));
  struct ref ref = {.va = 0x5000, .size = 4, .kind = ACCESS_READ};
  struct play play = {.until = UINT64_MAX};
  for (int i = 0; i < 50; i++) engine_play(engine, &ref, 1, &play);
  engine_destroy(engine);
  FILE* file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  assert_true(ftell(file) > 500);
  fclose(file);
  unlink(path);
  ram_destroy(ram);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lru_against_a_list),
    cmocka_unit_test(plru_by_the_tree),
    cmocka_unit_test(lowest_invalid_way_first),
    cmocka_unit_test(sets_are_the_low_bits_of_the_page_number),
    cmocka_unit_test(dumps_show_rights_and_size),
    cmocka_unit_test(mixed_arrays_hold_all_sizes),
    cmocka_unit_test(the_small_page_wins),
    cmocka_unit_test(instances_are_independent),
    cmocka_unit_test(a_missing_verilator_is_explained),
    cmocka_unit_test(waveforms_are_written),
};

TEST_MAIN(tests)
