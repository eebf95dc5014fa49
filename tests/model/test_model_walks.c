// SPDX-License-Identifier: MIT
// Single references, their cycles derived by hand from docs/timing.md. t is the accept cycle. Unless a test says
// otherwise: L1 latency 1, walk.start 1, walk.step 1, walk.cas 4, DRAM 200. So an entry takes 201 cycles, a swap 204.
#include <string.h>

#include "check.h"
#include "model/rig.h"

static struct rig rig;

static int set_up(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  rig_create(&rig, &config);
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

// Another machine for this test.
static void rebuild(const struct config* config) {
  rig_destroy(&rig);
  rig_create(&rig, config);
}

static void expect_ok(struct answer a, uint64_t pa, enum answer_path path, unsigned reads, uint64_t cycles) {
  assert_int_equal(a.fault, FAULT_NONE);
  assert_int_equal(a.pa, pa);
  assert_int_equal(a.path, path);
  assert_int_equal(a.reads, reads);
  assert_int_equal(a.cycle - a.accept + 1, cycles);
  assert_int_equal(a.base + a.stlb + a.walk + a.ad_update, cycles);
  assert_int_equal(a.cr2, 0);
  assert_int_equal(a.error, 0);
}

static void expect_pf(struct answer a, uint64_t va, unsigned error, enum answer_path path, unsigned reads,
                      uint64_t cycles) {
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(a.cr2, va);
  assert_int_equal(a.error, error);
  assert_int_equal(a.pa, 0);
  assert_int_equal(a.path, path);
  assert_int_equal(a.reads, reads);
  assert_int_equal(a.cycle - a.accept + 1, cycles);
  assert_int_equal(a.base + a.stlb + a.walk + a.ad_update, cycles);
}

// The cycle of the nth event of a type, counted from `from`.
static uint64_t when(enum event_type type, size_t n, uint64_t from) { return rig_event(&rig, type, n)->cycle - from; }

// --- paging off, hits, walks
// ------------------------------------------------------------------------------------------

static void paging_off_answers_at_once_and_looks_nothing_up(void** state) {
  (void)state;
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x12345, 0), 0x12345, PATH_OFF, 0, 1);
  assert_int_equal(rig_count(&rig, EVENT_LOOKUP), 0);
  assert_int_equal(rig_counters(&rig).dtlb.misses + rig_counters(&rig).dtlb.hits, 0);
}

// t lookup; t+1 start; t+2..t+202 PDE; t+203..t+403 PTE, decided and answered.
static void walk_of_two_levels(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x401234, REF_USER);
  expect_ok(a, 0x5234, PATH_WALK, 2, 404);
  assert_int_equal(a.base, 1);
  assert_int_equal(a.walk, 403);
  assert_int_equal(when(EVENT_ACCEPT, 0, a.accept), 0);
  assert_int_equal(when(EVENT_LOOKUP, 0, a.accept), 0);
  assert_int_equal(when(EVENT_WALK_BEGIN, 0, a.accept), 1);
  assert_int_equal(when(EVENT_READ, 0, a.accept), 2);
  assert_int_equal(rig_event(&rig, EVENT_READ, 0)->level, 2);
  assert_int_equal(rig_event(&rig, EVENT_READ, 0)->pa, RIG_ROOT + 4);
  assert_int_equal(when(EVENT_READ, 1, a.accept), 203);
  assert_int_equal(rig_event(&rig, EVENT_READ, 1)->level, 1);
  assert_int_equal(rig_event(&rig, EVENT_READ, 1)->value, 0x5027);
  assert_int_equal(when(EVENT_FILL, 0, a.accept), 403);
  assert_int_equal(when(EVENT_ANSWER, 0, a.accept), 403);
  assert_int_equal(rig_count(&rig, EVENT_CAS), 0);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401fff, REF_USER), 0x5fff, PATH_L1, 0, 1);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.dtlb.hits, 1);
  assert_int_equal(c.dtlb.misses, 1);
  assert_int_equal(c.dtlb.fills, 1);
  assert_int_equal(c.walks, 1);
  assert_int_equal(c.walk_refs, 2);
  assert_int_equal(c.walk_cycles, 403);
  assert_int_equal(c.cycles_base, 2);
  assert_int_equal(c.cycles_walk, 403);
  assert_int_equal(c.parts[ACCESS_READ], 2);
  assert_int_equal(c.refs, 0);  // of engine_play alone
}

// The PDPTE is in a register: two reads as well, of 8 bytes.
static void walk_in_pae(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, EFER_NXE);
  rig_map_pae(&rig, 0xc0201000, 0x8000000123456027);
  rig_clear(&rig);
  expect_ok(rig_access(&rig, ACCESS_READ, 0xc0201234, REF_USER), 0x123456234, PATH_WALK, 2, 404);
  assert_int_equal(rig_event(&rig, EVENT_READ, 0)->pa, rig_entry_pae(&rig, 2, 0xc0201000));
  assert_int_equal(rig_event(&rig, EVENT_READ, 1)->value, 0x8000000123456027);
}

static void large_pages_take_one_read_and_the_large_array(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x40000000), 4, 0x00c020a7);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x40123456, REF_USER);
  expect_ok(a, 0x100d23456, PATH_WALK, 1, 203);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 0)->array, ARRAY_DTLB_LARGE);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 0)->shift, 22);
  for (uint64_t page = 0; page < 1024; page++)  // one fill serves all
    expect_ok(rig_access(&rig, ACCESS_READ, 0x40000000 + page * 4096, REF_USER), 0x100c00000 + page * 4096, PATH_L1, 0,
              1);
  assert_int_equal(rig_event(&rig, EVENT_LOOKUP, 1)->array, ARRAY_DTLB_LARGE);
}

static void large_pages_of_pae(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_write(&rig, rig_entry_pae(&rig, 2, 0x40200000), 8, 0xff04000e7);
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x40323456, REF_USER), 0xff0523456, PATH_WALK, 1, 203);
}

static void pse_off_makes_a_table_of_every_pde(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  assert_true(rig_control(&rig, CONTROL_CR4, 0));
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x401000), 4, rig_read(&rig, rig_entry_32bit(&rig, 2, 0x401000), 4) | 0x80);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401234, REF_USER), 0x5234, PATH_WALK, 2, 404);
}

// --- latencies at their edges
// -----------------------------------------------------------------------------------------

// t lookup at t+2; start t+3..t+5; PDE t+6..t+8; PTE t+9..t+11.
static void every_latency_counts(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  config.dtlb.latency = 3;
  config.walk.start = 3;
  config.walk.step = 2;
  config.dram.latency = 1;
  rebuild(&config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x401234, REF_USER);
  expect_ok(a, 0x5234, PATH_WALK, 2, 12);
  assert_int_equal(a.base, 3);
  assert_int_equal(when(EVENT_LOOKUP, 0, a.accept), 2);
  assert_int_equal(when(EVENT_WALK_BEGIN, 0, a.accept), 3);
  assert_int_equal(when(EVENT_READ, 0, a.accept), 6);
  assert_int_equal(when(EVENT_READ, 1, a.accept), 9);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401234, REF_USER), 0x5234, PATH_L1, 0, 3);
}

// walk.start, step and cas 0, DRAM 1: an entry is read and decided in one cycle, a swap takes one.
static void the_shortest_walk(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  memset(&config.walk, 0, sizeof config.walk);
  config.dram.latency = 1;
  rebuild(&config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5007);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_WRITE, 0x401234, REF_USER);
  expect_ok(a, 0x5234, PATH_WALK, 2, 4);
  assert_int_equal(a.walk, 2);
  assert_int_equal(a.ad_update, 1);
  assert_int_equal(when(EVENT_WALK_BEGIN, 0, a.accept), 1);
  assert_int_equal(when(EVENT_READ, 0, a.accept), 1);
  assert_int_equal(when(EVENT_READ, 1, a.accept), 2);
  assert_int_equal(when(EVENT_CAS, 0, a.accept), 3);
  assert_int_equal(when(EVENT_ANSWER, 0, a.accept), 3);
}

// --- accessed and dirty
// -----------------------------------------------------------------------------------------------

// PDE decided t+202, PTE t+403; then one swap each: t+404..t+607, t+608..t+811.
static void a_and_d_are_set_top_down_after_all_reads(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pde = rig_entry_32bit(&rig, 2, 0x401000), pte = rig_entry_32bit(&rig, 1, 0x401000);
  rig_write(&rig, pte, 4, 0x5e07);
  rig_write(&rig, pde, 4, rig_read(&rig, pde, 4) & ~UINT64_C(0x20));
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_WRITE, 0x401234, REF_USER);
  expect_ok(a, 0x5234, PATH_WALK, 2, 812);
  assert_int_equal(a.walk, 403);
  assert_int_equal(a.ad_update, 408);
  assert_int_equal(when(EVENT_CAS, 0, a.accept), 404);
  assert_int_equal(rig_event(&rig, EVENT_CAS, 0)->level, 2);
  assert_int_equal(when(EVENT_CAS, 1, a.accept), 608);
  assert_int_equal(rig_event(&rig, EVENT_CAS, 1)->level, 1);
  assert_int_equal(rig_event(&rig, EVENT_CAS, 1)->value, 0x5e67);
  assert_int_equal(rig_read(&rig, pde, 4) & 0x60, 0x20);
  assert_int_equal(rig_read(&rig, pte, 4), 0x5e67);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.ad_updates, 2);
  assert_int_equal(c.walk_cycles, 811);
  assert_int_equal(c.cycles_walk, 403);
  assert_int_equal(c.cycles_ad_update, 408);
}

static void reads_set_a_alone(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5007);
  expect_ok(rig_access(&rig, ACCESS_FETCH, 0x401234, REF_USER), 0x5234, PATH_WALK, 2, 404 + 204);
  assert_int_equal(rig_read(&rig, rig_entry_32bit(&rig, 1, 0x401000), 4), 0x5027);
}

static void large_leaves_get_their_d_in_the_pde(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pde = rig_entry_32bit(&rig, 2, 0x40000000);
  rig_write(&rig, pde, 4, 0x00c00087);
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x40000000, REF_USER), 0x00c00000, PATH_WALK, 1, 203 + 204);
  assert_int_equal(rig_read(&rig, pde, 4), 0x00c000e7);
}

static void pdptes_are_never_written(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_map_pae(&rig, 0x401000, 0x5007);
  uint64_t pdpte = rig_read(&rig, RIG_ROOT, 8);
  rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER);
  assert_int_equal(rig_read(&rig, RIG_ROOT, 8), pdpte);
}

// A hit in t, then a walk at once: 1 + 402, then the swap of D. All of it is the update's.
static void a_write_through_a_clean_entry_walks(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_map_32bit(&rig, 0x402000, 0x6027);
  rig_access(&rig, ACCESS_READ, 0x402000, REF_USER);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  struct counters before = rig_counters(&rig);
  struct answer a = rig_access(&rig, ACCESS_WRITE, 0x401234, REF_USER);
  expect_ok(a, 0x5234, PATH_L1, 2, 404 + 204);
  assert_int_equal(a.walk, 0);
  assert_int_equal(a.ad_update, 403 + 204);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.dtlb.hits - before.dtlb.hits, 1);
  assert_int_equal(c.dtlb.misses - before.dtlb.misses, 0);
  assert_int_equal(c.walks - before.walks, 1);
  assert_int_equal(c.walk_refs - before.walk_refs, 2);
  assert_int_equal(c.ad_updates - before.ad_updates, 1);
  assert_int_equal(c.walk_cycles - before.walk_cycles, 403 + 204);
  assert_int_equal(c.cycles_ad_update - before.cycles_ad_update, 403 + 204);
  assert_int_equal(c.dtlb.fills - before.dtlb.fills, 1);
  assert_int_equal(c.dtlb.evictions, 0);
  const struct event* first = rig_event(&rig, EVENT_FILL, 1);
  const struct event* again = rig_event(&rig, EVENT_FILL, 2);  // in place
  assert_int_equal(first->set, again->set);
  assert_int_equal(first->way, again->way);
  assert_int_equal(again->hit, 0);
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x401234, REF_USER), 0x5234, PATH_L1, 0, 1);
}

static void a_write_through_a_clean_entry_obeys_cached_rights_first(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5025);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_map_32bit(&rig, 0x401000, 0x5027);  // more permissive, without INVLPG
  expect_pf(rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER), 0x401000, 7, PATH_L1, 0, 1);
  // The fault dropped the entry: the retry needs no INVLPG.
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER), 0x5000, PATH_WALK, 2, 404 + 204);
}

static void a_write_through_a_clean_entry_checks_afresh(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_map_32bit(&rig, 0x401000, 0x5025);
  struct answer a = rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER);
  expect_pf(a, 0x401000, 7, PATH_L1, 2, 404);  // its path stays that of the hit
  assert_int_equal(a.ad_update, 403);
  assert_int_equal(rig_read(&rig, rig_entry_32bit(&rig, 1, 0x401000), 4), 0x5025);
}

// Memory has D already: a walk without an update.
static void a_clean_entry_may_be_stale(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_map_32bit(&rig, 0x401000, 0x5067);
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER), 0x5000, PATH_L1, 2, 404);
  assert_int_equal(rig_counters(&rig).ad_updates, 0);
}

static void an_entry_cached_without_need_stays_until_dropped(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5027);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_map_32bit(&rig, 0x401000, 0x9027);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER), 0x5000, PATH_L1, 0, 1);
  assert_true(rig_control(&rig, CONTROL_INVLPG, 0x401fff));
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER), 0x9000, PATH_WALK, 2, 404);
}

// --- compare-and-swap that fails
// --------------------------------------------------------------------------------------

// Presents a write and runs it; before cycle t + `at`, `pa` becomes `value`.
static struct answer write_raced(uint64_t va, uint64_t at, uint64_t pa, uint64_t value) {
  struct ref ref = {.va = va, .size = 1, .kind = ACCESS_WRITE, .flags = REF_USER};
  struct tick_in in = {.part = {NULL, &ref}};
  struct tick_out out;
  uint64_t t = rig_now(&rig);
  rig_clear(&rig);
  for (uint64_t now = t;; now = out.next) {
    if (at != UINT64_MAX && now >= t + at) {  // the harness may step to any cycle before `next`
      now = t + at;
      at = UINT64_MAX;
      rig_write(&rig, pa, 4, value);
    }
    rig_tick(&rig, now, &in, &out);
    in.part[PORT_DATA] = NULL;
    if (out.answered[PORT_DATA]) return out.answer[PORT_DATA];
  }
}

// The PTE changes while it is on its way (read in t+203): the swap t+404..t+607 fails; start t+608; PDE t+609..t+809;
// PTE t+810..t+1010; swap t+1011..t+1214.
static void a_failed_swap_starts_the_walk_over(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pte = rig_entry_32bit(&rig, 1, 0x401000);
  rig_write(&rig, pte, 4, 0x5027);
  struct answer a = write_raced(0x401000, 204, pte, 0x9027);
  expect_ok(a, 0x9000, PATH_WALK, 4, 1215);
  assert_int_equal(a.walk, 403 + 403);
  assert_int_equal(a.ad_update, 204 + 204);
  assert_int_equal(when(EVENT_CAS, 0, a.accept), 404);
  assert_int_equal(rig_event(&rig, EVENT_CAS, 0)->hit, 0);
  assert_int_equal(rig_event(&rig, EVENT_CAS, 0)->value, 0x5067);
  assert_int_equal(when(EVENT_WALK_BEGIN, 1, a.accept), 608);
  assert_int_equal(when(EVENT_READ, 2, a.accept), 609);
  assert_int_equal(when(EVENT_CAS, 1, a.accept), 1011);
  assert_int_equal(rig_event(&rig, EVENT_CAS, 1)->hit, 1);
  assert_int_equal(rig_read(&rig, pte, 4), 0x9067);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.walks, 1);
  assert_int_equal(c.walk_refs, 4);
  assert_int_equal(c.cas_failures, 1);
  assert_int_equal(c.ad_updates, 1);
  assert_int_equal(c.dtlb.misses, 1);
}

// In every cycle of the walk the entry may be taken away: either the write was done through it, or it faulted; never
// is an absent entry written.
static void an_entry_taken_away_is_never_written(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pte = rig_entry_32bit(&rig, 1, 0x401000);
  for (uint64_t at = 0; at < 608; at++) {
    rig_write(&rig, pte, 4, 0x5027);
    assert_true(rig_control(&rig, CONTROL_INVLPG, 0x401000));
    struct answer a = write_raced(0x401000, at, pte, 0x5026);
    if (at <= 404) {
      assert_int_equal(a.fault, FAULT_PF);
      assert_int_equal(a.error, PFEC_W | PFEC_U);
      assert_int_equal(a.cycle - a.accept, at <= 203 ? 403 : 404 + 204 + 402);
    } else {
      assert_int_equal(a.fault, FAULT_NONE);
    }
    assert_int_equal(rig_read(&rig, pte, 4), 0x5026);
    rig_control(&rig, CONTROL_INVLPG, 0x401000);
  }
}

// A bit free for software is part of the comparison.
static void the_whole_entry_is_compared(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pte = rig_entry_32bit(&rig, 1, 0x401000);
  rig_write(&rig, pte, 4, 0x5027);
  write_raced(0x401000, 300, pte, 0x5827);
  assert_int_equal(rig_counters(&rig).cas_failures, 1);
  assert_int_equal(rig_read(&rig, pte, 4), 0x5867);
}

// The upper update, made before the lower one failed, stays even if the repeated walk faults.
static void updates_before_a_failed_swap_stay(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pde = rig_entry_32bit(&rig, 2, 0x401000), pte = rig_entry_32bit(&rig, 1, 0x401000);
  rig_write(&rig, pte, 4, 0x5007);
  rig_write(&rig, pde, 4, rig_read(&rig, pde, 4) & ~UINT64_C(0x20));
  struct answer a = write_raced(0x401000, 500, pte, 0);
  // Swaps t+404..607 (PDE, done), t+608..811 (PTE, fails); start t+812; PDE t+813..1013; PTE t+1014..1214: absent.
  expect_pf(a, 0x401000, 6, PATH_WALK, 4, 1215);
  assert_int_equal(rig_read(&rig, pde, 4) & 0x20, 0x20);
  assert_int_equal(rig_read(&rig, pte, 4), 0);
}

// A page directory that is its own page table: the leaf's A was set by the walk's own first update.
static void a_self_map_fails_its_own_second_swap(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_write(&rig, RIG_ROOT + 4 * 0x300, 4, RIG_ROOT | 7);
  struct answer a = rig_access(&rig, ACCESS_READ, 0xc0300000, REF_USER);
  expect_ok(a, RIG_ROOT, PATH_WALK, 4, 404 + 204 + 204 + 403);
  assert_int_equal(rig_counters(&rig).cas_failures, 1);
  assert_int_equal(rig_counters(&rig).ad_updates, 1);
}

// --- faults
// -----------------------------------------------------------------------------------------------------------

static void absent_entries_fault_where_they_are_found(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  expect_pf(rig_access(&rig, ACCESS_READ, 0x80001234, REF_USER), 0x80001234, 4, PATH_WALK, 1, 203);
  rig_map_32bit(&rig, 0x401000, 0x5026);
  expect_pf(rig_access(&rig, ACCESS_WRITE, 0x401000, 0), 0x401000, 2, PATH_WALK, 2, 404);
  assert_int_equal(rig_counters(&rig).dtlb.fills, 0);
  assert_int_equal(rig_counters(&rig).faults_pf, 2);
  assert_int_equal(rig_counters(&rig).dtlb.misses, 2);
}

static void faulting_accesses_write_no_entry(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  uint64_t pde = rig_entry_32bit(&rig, 2, 0x401000), pte = rig_entry_32bit(&rig, 1, 0x401000);
  rig_write(&rig, pde, 4, rig_read(&rig, pde, 4) & ~UINT64_C(0x20));
  uint64_t before = rig_read(&rig, pde, 4);
  rig_write(&rig, pte, 4, 0x5005);
  expect_pf(rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER), 0x401000, 7, PATH_WALK, 2, 404);
  assert_int_equal(rig_read(&rig, pde, 4), before);
  assert_int_equal(rig_read(&rig, pte, 4), 0x5005);
}

static void reserved_bits_beat_permissions(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_map_pae(&rig, 0x401000, 0x10000005001);  // bit 40, supervisor
  expect_pf(rig_access(&rig, ACCESS_WRITE, 0x401000, REF_USER), 0x401000, 0xf, PATH_WALK, 2, 404);
  rig_write(&rig, rig_entry_pae(&rig, 2, 0x401000), 8, UINT64_C(0x8000000000000000) | RIG_TABLES | 1);  // NXE = 0
  expect_pf(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER), 0x401000, 0xd, PATH_WALK, 1, 203);
}

// start 1: in t+1. Nothing is read. start 0: in t itself.
static void absent_pdpte_registers_fault_at_walk_start(void** state) {
  (void)state;
  for (unsigned start = 0; start < 4; start++) {
    struct config config;
    rig_config(&config);
    config.walk.start = start;
    rebuild(&config);
    rig_start_pae(&rig, 0, 0);
    rig_write(&rig, RIG_ROOT + 8, 8, 0);
    assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
    struct counters before = rig_counters(&rig);
    expect_pf(rig_access(&rig, ACCESS_READ, 0x40000000, 0), 0x40000000, 0, PATH_WALK, 0, 1 + start);
    struct counters c = rig_counters(&rig);
    assert_int_equal(c.walks - before.walks, 1);
    assert_int_equal(c.walk_refs - before.walk_refs, 0);
    assert_int_equal(c.walk_cycles - before.walk_cycles, start);
  }
}

static void pdptes_in_memory_have_no_say_before_the_next_load(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_map_pae(&rig, 0x401000, 0x5027);
  rig_write(&rig, RIG_ROOT, 8, 0);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER), 0x5000, PATH_WALK, 2, 404);
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
  expect_pf(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER), 0x401000, 4, PATH_WALK, 0, 2);
}

static void bus_errors_answer_when_the_entry_would_have_come(void** state) {
  (void)state;
  rig_start_pae(&rig, 0, 0);
  rig_map_pae(&rig, 0x401000, 0x5027);
  rig_access(&rig, ACCESS_READ, 0x401000, REF_USER);
  rig_write(&rig, rig_entry_pae(&rig, 2, 0x601000), 8, UINT64_C(0x8000000000) | 0x27);  // beyond the RAM
  struct answer a = rig_access(&rig, ACCESS_READ, 0x601000, REF_USER);
  assert_int_equal(a.fault, FAULT_BUS);
  assert_int_equal(a.cycle - a.accept + 1, 404);
  assert_int_equal(a.reads, 2);
  assert_int_equal(a.pa, 0);
  assert_int_equal(a.cr2, 0);
  assert_int_equal(rig_counters(&rig).dtlb.drops, 0);
  assert_int_equal(rig_counters(&rig).dtlb.fills, 1);
  assert_int_equal(rig_counters(&rig).faults_pf, 0);
}

static void permission_faults_on_hits_count_as_hits_and_touch_nothing(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  config.dtlb = (struct tlb_config){1, 2, REPLACE_LRU, 1, 1, 1};
  rebuild(&config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5021);  // supervisor
  rig_map_32bit(&rig, 0x402000, 0x6021);
  rig_access(&rig, ACCESS_READ, 0x401000, 0);
  rig_access(&rig, ACCESS_READ, 0x402000, 0);
  expect_pf(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER), 0x401000, 5, PATH_L1, 0, 1);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.dtlb.hits, 1);
  assert_int_equal(c.dtlb.drops, 1);
  assert_false(rig_holds(&rig, ARRAY_DTLB, 0x401000, 12));
  assert_true(rig_holds(&rig, ARRAY_DTLB, 0x402000, 12));
  assert_int_equal(rig_event(&rig, EVENT_LOOKUP, 2)->hit, 1);
  assert_int_equal(rig_event(&rig, EVENT_DROP, 0)->way, 0);
}

static void implicit_accesses_are_supervisor_ones(void** state) {
  (void)state;
  rig_start_32bit(&rig, CR4_SMAP);
  rig_map_32bit(&rig, 0x401000, 0x5021);
  rig_map_32bit(&rig, 0x402000, 0x6027);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x401000, REF_USER | REF_IMPLICIT), 0x5000, PATH_WALK, 2, 404);
  expect_pf(rig_access(&rig, ACCESS_READ, 0x402000, REF_USER | REF_IMPLICIT | REF_AC), 0x402000, 1, PATH_WALK, 2, 404);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x402000, REF_AC), 0x6000, PATH_WALK, 2, 404);
}

// Rights of a cached entry count under the registers of now.
static void permissions_follow_the_registers_without_a_flush(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5065);
  rig_map_32bit(&rig, 0x402000, 0x6067);
  rig_access(&rig, ACCESS_READ, 0x401000, 0);
  rig_access(&rig, ACCESS_READ, 0x402000, 0);
  assert_true(rig_control(&rig, CONTROL_CR0, CR0_PE | CR0_PG));  // WP off
  expect_ok(rig_access(&rig, ACCESS_WRITE, 0x401000, 0), 0x5000, PATH_L1, 0, 1);
  assert_true(rig_control(&rig, CONTROL_CR0, CR0_PE | CR0_PG | CR0_WP));
  expect_pf(rig_access(&rig, ACCESS_WRITE, 0x401000, 0), 0x401000, 3, PATH_L1, 0, 1);
  expect_ok(rig_access(&rig, ACCESS_READ, 0x402000, 0), 0x6000, PATH_L1, 0, 1);
  assert_true(rig_control(&rig, CONTROL_CR4, CR4_PSE | CR4_SMAP));
  expect_pf(rig_access(&rig, ACCESS_READ, 0x402000, 0), 0x402000, 1, PATH_L1, 0, 1);
}

// --- mixed arrays and mixed sizes
// -------------------------------------------------------------------------------------

static void the_small_page_wins_over_the_large_one(void** state) {
  (void)state;
  for (unsigned mixed = 0; mixed < 2; mixed++) {
    struct config config;
    rig_config(&config);
    if (mixed) config.dtlb.large_sets = 0;
    rebuild(&config);
    rig_start_32bit(&rig, 0);
    uint64_t pde = rig_entry_32bit(&rig, 2, 0x40000000);
    rig_map_32bit(&rig, 0x40001000, 0x5067);
    uint64_t table = rig_read(&rig, pde, 4);
    rig_access(&rig, ACCESS_READ, 0x40001000, REF_USER);
    rig_write(&rig, pde, 4, 0x00c000e7);
    expect_ok(rig_access(&rig, ACCESS_READ, 0x40002000, REF_USER), 0x00c02000, PATH_WALK, 1, 203);
    expect_ok(rig_access(&rig, ACCESS_READ, 0x40001000, REF_USER), 0x5000, PATH_L1, 0, 1);
    expect_ok(rig_access(&rig, ACCESS_READ, 0x40003000, REF_USER), 0x00c03000, PATH_L1, 0, 1);
    assert_true(rig_holds(&rig, mixed ? ARRAY_DTLB : ARRAY_DTLB_LARGE, 0x40000000, 22));
    // One INVLPG takes both.
    rig_write(&rig, pde, 4, table);
    assert_true(rig_control(&rig, CONTROL_INVLPG, 0x40001000));
    assert_int_equal(rig_counters(&rig).dtlb.drops, 2);
  }
}

static void set_associative_large_arrays_use_the_large_page_number(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  config.dtlb.large_sets = 4;
  config.dtlb.large_ways = 1;
  rebuild(&config);
  rig_start_32bit(&rig, 0);
  for (uint64_t i = 0; i < 5; i++) {
    uint64_t va = 0x40000000 + i * 0x400000;
    rig_write(&rig, rig_entry_32bit(&rig, 2, va), 4, 0x00c000a7);
    rig_access(&rig, ACCESS_READ, va, REF_USER);
    assert_int_equal(rig_event(&rig, EVENT_FILL, i)->set, i % 4);
  }
  assert_int_equal(rig_event(&rig, EVENT_FILL, 4)->hit, 1);
  assert_int_equal(rig_counters(&rig).dtlb.evictions, 1);
}

// --- long modes come out of the same table
// ----------------------------------------------------------------------------

static void four_levels_take_four_reads(void** state) {
  (void)state;
  assert_true(rig_control(&rig, CONTROL_EFER, EFER_LME));
  assert_true(rig_control(&rig, CONTROL_CR4, CR4_PAE));
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
  assert_true(rig_control(&rig, CONTROL_CR0, CR0_PE | CR0_PG));
  rig_write(&rig, RIG_ROOT + 8 * 511, 8, 0x3027);
  rig_write(&rig, 0x3000 + 8 * 510, 8, 0x4027);
  rig_write(&rig, 0x4000 + 8 * 1, 8, 0x5027);
  rig_write(&rig, 0x5000 + 8 * 2, 8, 0x6027);
  rig_write(&rig, 0x4000 + 8 * 3, 8, 0x2000e7);
  expect_ok(rig_access(&rig, ACCESS_READ, 0xffffffff80202345, 0), 0x6345, PATH_WALK, 4, 2 + 4 * 201);
  expect_ok(rig_access(&rig, ACCESS_READ, 0xffffffff80602345, 0), 0x202345, PATH_WALK, 3, 2 + 3 * 201);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x7fffffff80202345, 0);
  assert_int_equal(a.fault, FAULT_GP);
  assert_int_equal(a.path, PATH_L1);
  assert_int_equal(a.cycle, a.accept);
  assert_int_equal(rig_counters(&rig).dtlb.misses, 2);
  assert_int_equal(rig_counters(&rig).faults_gp, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(paging_off_answers_at_once_and_looks_nothing_up),
    TEST(walk_of_two_levels),
    TEST(walk_in_pae),
    TEST(large_pages_take_one_read_and_the_large_array),
    TEST(large_pages_of_pae),
    TEST(pse_off_makes_a_table_of_every_pde),
    TEST(every_latency_counts),
    TEST(the_shortest_walk),
    TEST(a_and_d_are_set_top_down_after_all_reads),
    TEST(reads_set_a_alone),
    TEST(large_leaves_get_their_d_in_the_pde),
    TEST(pdptes_are_never_written),
    TEST(a_write_through_a_clean_entry_walks),
    TEST(a_write_through_a_clean_entry_obeys_cached_rights_first),
    TEST(a_write_through_a_clean_entry_checks_afresh),
    TEST(a_clean_entry_may_be_stale),
    TEST(an_entry_cached_without_need_stays_until_dropped),
    TEST(a_failed_swap_starts_the_walk_over),
    TEST(an_entry_taken_away_is_never_written),
    TEST(the_whole_entry_is_compared),
    TEST(updates_before_a_failed_swap_stay),
    TEST(a_self_map_fails_its_own_second_swap),
    TEST(absent_entries_fault_where_they_are_found),
    TEST(faulting_accesses_write_no_entry),
    TEST(reserved_bits_beat_permissions),
    TEST(absent_pdpte_registers_fault_at_walk_start),
    TEST(pdptes_in_memory_have_no_say_before_the_next_load),
    TEST(bus_errors_answer_when_the_entry_would_have_come),
    TEST(permission_faults_on_hits_count_as_hits_and_touch_nothing),
    TEST(implicit_accesses_are_supervisor_ones),
    TEST(permissions_follow_the_registers_without_a_flush),
    TEST(the_small_page_wins_over_the_large_one),
    TEST(set_associative_large_arrays_use_the_large_page_number),
    TEST(four_levels_take_four_reads),
};
TEST_MAIN(tests)
