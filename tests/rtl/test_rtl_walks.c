// SPDX-License-Identifier: MIT
// Hits, walks, large pages, A and D: each cycle by hand from docs/timing.md.
#include "rtl/stand.h"

static void paging_off_answers_at_once(void** state) {
  (void)state;
  struct stand s;
  struct config config = stand_config();
  stand_create(&s, &config);
  assert_ok(stand_access(&s, ACCESS_READ, 0x12345, REF_USER), 0x12345, PATH_OFF, 1);
  assert_int_equal(stand_events(&s, EVENT_LOOKUP, -1, NULL), 0);
  stand_destroy(&s);
}

static void walk_then_hit_in_both_modes(void** state) {
  (void)state;
  for (int pae = 0; pae < 2; pae++) {
    struct stand s;
    struct config config = stand_config();
    stand_create(&s, &config);
    stand_start(&s, pae, 0, 0, 0);
    stand_map(&s, 0x40301000, 0x7654000, P | U | A, P | U | A);
    struct answer walk = stand_access(&s, ACCESS_READ, 0x40301abc, REF_USER);
    assert_ok(walk, 0x7654abc, PATH_WALK, WALK2);
    assert_int_equal(walk.reads, 2);
    assert_int_equal(walk.base, 1);
    assert_int_equal(walk.walk, WALK2 - 1);
    assert_int_equal(walk.ad_update, 0);
    assert_ok(stand_access(&s, ACCESS_READ, 0x40301fff, REF_USER), 0x7654fff, PATH_L1, 1);
    // the fetch port has a TLB of its own
    assert_ok(stand_access(&s, ACCESS_FETCH, 0x40301000, REF_USER), 0x7654000, PATH_WALK, WALK2);
    assert_ok(stand_access(&s, ACCESS_FETCH, 0x40301004, REF_USER), 0x7654004, PATH_L1, 1);
    stand_destroy(&s);
  }
}

// The walk's events fall into the cycles of the table in docs/timing.md, "walk-32bit".
static void a_walk_event_by_event(void** state) {
  (void)state;
  struct stand s;
  struct config config = stand_config();
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | W | U | A, P | W | U | A);
  stand_forget(&s);
  uint64_t t = engine_now(s.engine);
  stand_access(&s, ACCESS_READ, 0x401008, REF_USER);
  const struct event want[] = {
      {.cycle = t, .type = EVENT_ACCEPT, .port = PORT_DATA, .kind = ACCESS_READ, .va = 0x401008},
      {.cycle = t, .type = EVENT_LOOKUP, .port = PORT_DATA, .array = ARRAY_DTLB, .va = 0x401008},
      {.cycle = t + 1, .type = EVENT_WALK_BEGIN, .port = PORT_DATA, .va = 0x401008},
      {.cycle = t + 2, .type = EVENT_READ, .port = PORT_DATA, .level = 2, .pa = 0x1004, .value = 0x1001027},
      {.cycle = t + 13, .type = EVENT_READ, .port = PORT_DATA, .level = 1, .pa = 0x1001004, .value = 0x5027},
      {.cycle = t + 23,
       .type = EVENT_FILL,
       .port = PORT_DATA,
       .array = ARRAY_DTLB,
       .set = 1,
       .shift = 12,
       .va = 0x401000,
       .pa = 0x5000},
      {.cycle = t + 23, .type = EVENT_ANSWER, .port = PORT_DATA, .level = PATH_WALK, .pa = 0x5008, .va = 0x401008},
  };
  assert_int_equal(s.event_count, sizeof want / sizeof *want);
  for (size_t i = 0; i < s.event_count; i++) {
    assert_int_equal(s.events[i].cycle, want[i].cycle);
    assert_int_equal(s.events[i].type, want[i].type);
    assert_int_equal(s.events[i].port, want[i].port);
    assert_int_equal(s.events[i].array, want[i].array);
    assert_int_equal(s.events[i].kind, want[i].kind);
    assert_int_equal(s.events[i].hit, want[i].hit);
    assert_int_equal(s.events[i].level, want[i].level);
    assert_int_equal(s.events[i].shift, want[i].shift);
    assert_int_equal(s.events[i].set, want[i].set);
    assert_int_equal(s.events[i].way, want[i].way);
    assert_int_equal(s.events[i].va, want[i].va);
    assert_int_equal(s.events[i].pa, want[i].pa);
    assert_int_equal(s.events[i].value, want[i].value);
  }
  stand_destroy(&s);
}

static void large_pages(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, CR4_PSE, 0, 0);
  // 4 MiB; PSE-36: bits 20:13 are bits 39:32 of the frame
  stand_set2(&s, 0x800000, 0xc00000 | 0xa5u << 13 | P | W | U | A | D | PS);
  assert_ok(stand_access(&s, ACCESS_WRITE, 0xbabcde, REF_USER), UINT64_C(0xa500c00000) + 0x3abcde, PATH_WALK, WALK1);
  assert_ok(stand_access(&s, ACCESS_READ, 0x800000, REF_USER), UINT64_C(0xa500c00000), PATH_L1, 1);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB_LARGE), 1);
  stand_destroy(&s);

  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  // 2 MiB; bit 12 is PAT, no address
  stand_set2(&s, 0xc0600000, UINT64_C(0x1240200000) | 1u << 12 | P | A | PS);
  assert_ok(stand_access(&s, ACCESS_FETCH, 0xc07fffff, 0), UINT64_C(0x12403fffff), PATH_WALK, WALK1);
  assert_ok(stand_access(&s, ACCESS_FETCH, 0xc0600001, 0), UINT64_C(0x1240200001), PATH_L1, 1);
  assert_fault(stand_access(&s, ACCESS_FETCH, 0xc0800000, 0), 0, PATH_WALK, WALK1);
  stand_destroy(&s);
}

static void without_pse_bit_7_of_a_pde_is_ignored(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x400000, 0x9000, P | A, P | A | PS);
  assert_ok(stand_access(&s, ACCESS_READ, 0x400010, 0), 0x9010, PATH_WALK, WALK2);
  stand_destroy(&s);
}

static void accessed_and_dirty_are_set_top_down(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  uint64_t pte = stand_map(&s, 0x401000, 0x5000, P | W, P | W);
  struct answer a = stand_access(&s, ACCESS_WRITE, 0x401000, 0);
  assert_ok(a, 0x5000, PATH_WALK, WALK2 + 2 * CAS);
  assert_int_equal(a.walk, WALK2 - 1);
  assert_int_equal(a.ad_update, 2 * CAS);
  assert_int_equal(ram_read_word(s.ram, pte, 4), 0x5000 | P | W | A | D);
  assert_int_equal(ram_read_word(s.ram, 0x1004, 4) & (A | D), A);
  // a read sets A alone, and only where it is clear
  pte = stand_map(&s, 0x802000, 0x6000, P | W, P | W | A);
  assert_ok(stand_access(&s, ACCESS_READ, 0x802000, 0), 0x6000, PATH_WALK, WALK2 + CAS);
  assert_int_equal(ram_read_word(s.ram, pte, 4), 0x6000 | P | W | A);
  // D in the leaf of a large page, which is a PDE
  assert_true(stand_write_register(&s, CONTROL_CR4, CR4_PSE));
  uint64_t pde = stand_set2(&s, 0xc00000, P | W | PS);
  assert_ok(stand_access(&s, ACCESS_WRITE, 0xc00004, 0), 4, PATH_WALK, WALK1 + CAS);
  assert_int_equal(ram_read_word(s.ram, pde, 4), P | W | A | D | PS);
  stand_destroy(&s);
}

static void write_to_a_clean_entry_walks_and_keeps_its_path(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  uint64_t pte = stand_map(&s, 0x401000, 0x5000, P | W | A, P | W | A);
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  struct counters before = stand_counters(&s);
  stand_forget(&s);
  struct answer a = stand_access(&s, ACCESS_WRITE, 0x401000, 0);
  assert_ok(a, 0x5000, PATH_L1, WALK2 + CAS);
  assert_int_equal(a.base, 1);
  assert_int_equal(a.walk, 0);
  assert_int_equal(a.ad_update, WALK2 - 1 + CAS);
  assert_int_equal(ram_read_word(s.ram, pte, 4), 0x5000 | P | W | A | D);
  struct event fill;
  assert_int_equal(stand_events(&s, EVENT_FILL, ARRAY_DTLB, &fill), 1);
  assert_int_equal(fill.hit, 0);  // in place
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 1);
  assert_ok(stand_access(&s, ACCESS_WRITE, 0x401000, 0), 0x5000, PATH_L1, 1);
  struct counters after = stand_counters(&s);
  assert_int_equal(after.dtlb.hits - before.dtlb.hits, 2);
  assert_int_equal(after.dtlb.misses, before.dtlb.misses);
  assert_int_equal(after.walks - before.walks, 1);
  assert_int_equal(after.ad_updates - before.ad_updates, 1);
  assert_int_equal(after.cycles_ad_update - before.cycles_ad_update, WALK2 - 1 + CAS);

  // another agent has unmapped it meanwhile: the fault keeps the path of the hit
  stand_map(&s, 0x402000, 0x6000, P | W | A, P | W | A);
  stand_access(&s, ACCESS_READ, 0x402000, 0);
  stand_map(&s, 0x402000, 0, 0, P | W | A);
  assert_fault(stand_access(&s, ACCESS_WRITE, 0x402000, 0), PFEC_W, PATH_L1, WALK2);
  stand_destroy(&s);
}

// The PTE changes between the walker's read (cycles 13 to 23) and its compare-and-swap (24): 24 cycles for the first
// pass, then walk.start, the reads and the update again.
static void failed_compare_and_swap_starts_over(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  uint64_t pte = stand_map(&s, 0x401000, 0x5000, P | W | U, P | W | U | A);
  struct intrusion change = {.at = 20, .pa = pte, .value = 0x6000 | P | W | U};
  stand_forget(&s);
  struct answer a = stand_access_with(&s, ACCESS_READ, 0x401000, REF_USER, &change, NULL);
  assert_ok(a, 0x6000, PATH_WALK, WALK2 + CAS + (WALK2 - 1) + CAS);
  assert_int_equal(a.reads, 4);
  assert_int_equal(a.walk, 2 * (WALK2 - 1));
  assert_int_equal(a.ad_update, 2 * CAS);
  assert_int_equal(stand_events(&s, EVENT_WALK_BEGIN, -1, NULL), 2);
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.walks, 1);
  assert_int_equal(counters.walk_refs, 4);
  assert_int_equal(counters.ad_updates, 1);
  assert_int_equal(counters.cas_failures, 1);
  assert_int_equal(ram_read_word(s.ram, pte, 4), 0x6000 | P | W | U | A);

  // changed to not present: the second pass faults, and nothing is written
  pte = stand_map(&s, 0x402000, 0x5000, P | W | U, P | W | U | A);
  struct intrusion unmap = {.at = 24, .pa = pte, .value = 0};
  assert_fault(stand_access_with(&s, ACCESS_READ, 0x402000, REF_USER, &unmap, NULL), PFEC_U, PATH_WALK,
               WALK2 + CAS + (WALK2 - 1));
  assert_int_equal(ram_read_word(s.ram, pte, 4), 0);
  stand_destroy(&s);
}

// A table that maps itself: the walk's own update of the PDE changes the "PTE", which is the same entry.
static void a_self_map_makes_its_own_update_fail(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  uint64_t pde = stand_set2(&s, 0xffc00000, TABLE2 | P | W);
  // the second pass finds A set: only D is missing
  assert_ok(stand_access(&s, ACCESS_WRITE, 0xfffff000, 0), TABLE2, PATH_WALK, WALK2 + 2 * CAS + (WALK2 - 1) + CAS);
  assert_int_equal(ram_read_word(s.ram, pde, 4), TABLE2 | P | W | A | D);
  stand_destroy(&s);
}

static void other_latencies(void** state) {
  (void)state;
  struct config config = stand_config();
  config.itlb.latency = 3, config.dtlb.latency = 2;
  config.walk.start = 4, config.walk.step = 0, config.walk.cas = 0;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | W, P | W | A);
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x5000, PATH_WALK, 2 + 4 + 10 + 10 + 10);
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x5000, PATH_L1, 2);
  assert_ok(stand_access(&s, ACCESS_FETCH, 0x401000, 0), 0x5000, PATH_WALK, 3 + 4 + 10 + 10);
  struct answer hit = stand_access(&s, ACCESS_FETCH, 0x401000, 0);
  assert_ok(hit, 0x5000, PATH_L1, 3);
  assert_int_equal(hit.base, 3);
  stand_destroy(&s);
}

// latency + step = 1, latency + cas = 1, walk.start = 0: every step takes its one cycle or none.
static void memory_that_answers_in_the_cycle_asked(void** state) {
  (void)state;
  struct config config = stand_config();
  config.walk.start = config.walk.step = config.walk.cas = 0;
  config.dram.latency = 1;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | W, P | W);
  assert_ok(stand_access(&s, ACCESS_WRITE, 0x401000, 0), 0x5000, PATH_WALK, 1 + 2 + 2);
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x5000, PATH_L1, 1);
  assert_fault(stand_access(&s, ACCESS_READ, 0x402000, 0), 0, PATH_WALK, 1 + 2);
  uint64_t pte = stand_map(&s, 0x403000, 0x7000, P, P | A);
  struct intrusion change = {.at = 3, .pa = pte, .value = 0x8000 | P};
  assert_ok(stand_access_with(&s, ACCESS_READ, 0x403000, 0, &change, NULL), 0x8000, PATH_WALK, 1 + 3 + 3);
  // an absent PDPTE register faults in the cycle of the miss
  ram_write_word(s.ram, PDPTES + 24, 8, 0);
  assert_true(stand_write_register(&s, CONTROL_CR3, PDPTES));
  struct answer absent = stand_access(&s, ACCESS_READ, 0xc0000000, 0);
  assert_fault(absent, 0, PATH_WALK, 1);
  assert_int_equal(absent.walk, 0);
  stand_destroy(&s);
}

// Only compare-and-swaps take one cycle; reads take more.
static void only_the_update_answers_in_the_cycle_asked(void** state) {
  (void)state;
  struct config config = stand_config();
  config.walk.cas = 0;
  config.walk.step = 3;
  config.dram.latency = 1;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | W, P | W);
  assert_ok(stand_access(&s, ACCESS_WRITE, 0x401000, 0), 0x5000, PATH_WALK, 1 + 1 + 2 * 4 + 2 * 1);
  stand_destroy(&s);
}

static void bus_error_answers_and_fills_nothing(void** state) {
  (void)state;
  struct config config = stand_config();
  config.maxphyaddr = 52;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  stand_set2(&s, 0x400000, UINT64_C(1) << 41 | P | A);
  struct answer a = stand_access(&s, ACCESS_READ, 0x400000, 0);
  assert_int_equal(a.fault, FAULT_BUS);
  assert_int_equal(stand_cycles(&a), WALK2);
  assert_int_equal(a.cr2, 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 0);
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(paging_off_answers_at_once),
    cmocka_unit_test(walk_then_hit_in_both_modes),
    cmocka_unit_test(a_walk_event_by_event),
    cmocka_unit_test(large_pages),
    cmocka_unit_test(without_pse_bit_7_of_a_pde_is_ignored),
    cmocka_unit_test(accessed_and_dirty_are_set_top_down),
    cmocka_unit_test(write_to_a_clean_entry_walks_and_keeps_its_path),
    cmocka_unit_test(failed_compare_and_swap_starts_over),
    cmocka_unit_test(a_self_map_makes_its_own_update_fail),
    cmocka_unit_test(other_latencies),
    cmocka_unit_test(memory_that_answers_in_the_cycle_asked),
    cmocka_unit_test(only_the_update_answers_in_the_cycle_asked),
    cmocka_unit_test(bus_error_answers_and_fills_nothing),
};

TEST_MAIN(tests)
