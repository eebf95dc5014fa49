// SPDX-License-Identifier: MIT
// What each operation drops and what it leaves (docs/paging.md, "What may be cached, and what drops it"), on both TLBs,
// for small, large and global pages; and the cycles of control operations.
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

// Four pages, in both TLBs: small, small global, large, large global. A fifth small one for what an address spares.
enum { SMALL, SMALL_GLOBAL, LARGE, LARGE_GLOBAL, OTHER, PAGES };
static const uint64_t va_of[PAGES] = {0x00401000, 0x00402000, 0x40000000, 0x80000000, 0x00403000};

static unsigned large_shift;

static void touch_all(void) {
  for (int i = 0; i < PAGES; i++) {
    assert_int_equal(rig_access(&rig, ACCESS_READ, va_of[i], 0).fault, FAULT_NONE);
    assert_int_equal(rig_access(&rig, ACCESS_FETCH, va_of[i], 0).fault, FAULT_NONE);
  }
}

// Bit i: page i is in both TLBs. They must agree.
static unsigned held(void) {
  unsigned pages = 0;
  for (int i = 0; i < PAGES; i++) {
    bool large = i == LARGE || i == LARGE_GLOBAL;
    unsigned shift = large ? large_shift : 12;
    bool data = rig_holds(&rig, large ? ARRAY_DTLB_LARGE : ARRAY_DTLB, va_of[i], shift);
    bool fetch = rig_holds(&rig, large ? ARRAY_ITLB_LARGE : ARRAY_ITLB, va_of[i], shift);
    assert_int_equal(data, fetch);
    pages |= (unsigned)data << i;
  }
  return pages;
}

enum { ALL = 0x1f, GLOBALS = 1 << SMALL_GLOBAL | 1 << LARGE_GLOBAL };

static void start_32bit(void) {
  rig_start_32bit(&rig, CR4_PGE);
  large_shift = 22;
  rig_map_32bit(&rig, va_of[SMALL], 0x5021);
  rig_map_32bit(&rig, va_of[SMALL_GLOBAL], 0x6121);
  rig_map_32bit(&rig, va_of[OTHER], 0x7021);
  rig_write(&rig, rig_entry_32bit(&rig, 2, va_of[LARGE]), 4, 0x00c000a1);
  rig_write(&rig, rig_entry_32bit(&rig, 2, va_of[LARGE_GLOBAL]), 4, 0x008001a1);
  touch_all();
  assert_int_equal(held(), ALL);
}

static void start_pae(void) {
  rig_start_pae(&rig, CR4_PGE, 0);
  large_shift = 21;
  rig_map_pae(&rig, va_of[SMALL], 0x5021);
  rig_map_pae(&rig, va_of[SMALL_GLOBAL], 0x6121);
  rig_map_pae(&rig, va_of[OTHER], 0x7021);
  rig_write(&rig, rig_entry_pae(&rig, 2, va_of[LARGE]), 8, 0x00c000a1);
  rig_write(&rig, rig_entry_pae(&rig, 2, va_of[LARGE_GLOBAL]), 8, 0x008001a1);
  touch_all();
  assert_int_equal(held(), ALL);
}

struct flush_case {
  enum control_op op;
  uint64_t value;
  unsigned left;
};

static const uint64_t on = CR0_PE | CR0_WP | CR0_PG;

static void operations_drop_exactly_what_the_table_says(void** state) {
  const struct flush_case of_32bit[] = {
      {CONTROL_CR3, RIG_ROOT, GLOBALS},
      {CONTROL_CR3, RIG_ROOT | UINT64_C(1) << 63, ALL},  // refused
      {CONTROL_INVLPG, 0x00401fff, ALL & ~(1 << SMALL)},
      {CONTROL_INVLPG, 0x00402000, ALL & ~(1 << SMALL_GLOBAL)},
      {CONTROL_INVLPG, 0x403ff000, ALL & ~(1 << LARGE)},  // any address of the page
      {CONTROL_INVLPG, 0x80300000, ALL & ~(1 << LARGE_GLOBAL)},
      {CONTROL_INVLPG, 0x00400000, ALL},  // nothing there
      {CONTROL_CR4, CR4_PSE, 0},          // PGE
      {CONTROL_CR4, CR4_PGE, 0},          // PSE
      {CONTROL_CR4, CR4_PGE | CR4_PSE | CR4_SMEP, 0},
      {CONTROL_CR4, CR4_PGE | CR4_PSE | CR4_SMAP, ALL},
      {CONTROL_CR4, CR4_PGE | CR4_PSE, ALL},
      {CONTROL_CR4, CR4_PGE | CR4_PSE | 1 << 23, ALL},  // refused
      {CONTROL_CR4, CR4_PGE | CR4_PAE | CR4_PSE, 0},
      {CONTROL_CR0, CR0_PE, 0},
      {CONTROL_CR0, CR0_PE | CR0_PG, ALL},  // WP
      {CONTROL_CR0, on | CR0_CD, ALL},
      {CONTROL_CR0, CR0_PG, ALL},  // refused
      {CONTROL_EFER, EFER_NXE, 0},
      {CONTROL_EFER, EFER_SCE, ALL},
      {CONTROL_EFER, EFER_LME, ALL},  // refused
      {CONTROL_PKRU, 0xffffffff, ALL},
  };
  for (size_t i = 0; i < sizeof of_32bit / sizeof *of_32bit; i++) {
    tear_down(state);
    set_up(state);
    start_32bit();
    struct counters before = rig_counters(&rig);
    rig_clear(&rig);
    rig_control(&rig, of_32bit[i].op, of_32bit[i].value);
    if (held() != of_32bit[i].left) fail_msg("32-bit case %zu: left %x", i, held());
    struct counters after = rig_counters(&rig);
    unsigned gone = (unsigned)__builtin_popcount(ALL & ~of_32bit[i].left);
    assert_int_equal(after.dtlb.drops - before.dtlb.drops, gone);
    assert_int_equal(after.itlb.drops - before.itlb.drops, gone);
    assert_int_equal(rig_count(&rig, EVENT_DROP), 2 * gone);
    for (size_t e = 0; e < 2 * gone; e++) assert_int_equal(rig_event(&rig, EVENT_DROP, e)->cycle, rig_now(&rig) - 1);
  }
}

static void operations_in_pae_drop_exactly_what_the_table_says(void** state) {
  const struct flush_case of_pae[] = {
      {CONTROL_CR3, RIG_ROOT, GLOBALS},
      {CONTROL_CR3, RIG_SPARE_ROOT, ALL},  // its first PDPTE has a reserved bit: refused
      {CONTROL_INVLPG, 0x401fffff, ALL & ~(1 << LARGE)},
      {CONTROL_INVLPG, 0x40200000, ALL},
      {CONTROL_CR4, CR4_PAE, 0},
      {CONTROL_CR4, CR4_PAE | CR4_PGE | CR4_PSE, 0},
      {CONTROL_CR4, CR4_PAE | CR4_PGE | CR4_SMEP, 0},
      {CONTROL_CR4, CR4_PGE, 0},
      {CONTROL_CR0, on | CR0_CD, ALL},
      {CONTROL_CR0, CR0_PE, 0},
      {CONTROL_EFER, EFER_NXE, 0},
  };
  for (size_t i = 0; i < sizeof of_pae / sizeof *of_pae; i++) {
    tear_down(state);
    set_up(state);
    start_pae();
    rig_write(&rig, RIG_SPARE_ROOT, 8, 3);
    rig_control(&rig, of_pae[i].op, of_pae[i].value);
    if (held() != of_pae[i].left) fail_msg("PAE case %zu: left %x", i, held());
  }
}

// Every page size, global ones too, in the other port's TLB as well; other addresses stay.
static void page_faults_drop_what_translates_the_address(void** state) {
  for (int i = 0; i < PAGES; i++) {
    tear_down(state);
    set_up(state);
    start_32bit();
    struct answer a = rig_access(&rig, ACCESS_FETCH, va_of[i] + 0xfff, REF_USER);  // supervisor pages
    assert_int_equal(a.fault, FAULT_PF);
    assert_int_equal(held(), ALL & ~(1u << i));
  }
}

static void faults_found_by_walks_drop_stale_entries_of_the_other_tlb(void** state) {
  (void)state;
  rig_start_32bit(&rig, CR4_PGE);
  rig_map_32bit(&rig, 0x00401000, 0x5121);
  rig_access(&rig, ACCESS_FETCH, 0x00401000, 0);
  rig_map_32bit(&rig, 0x00401000, 0);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_READ, 0x00401234, 0);
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(rig_count(&rig, EVENT_DROP), 1);
  assert_int_equal(rig_event(&rig, EVENT_DROP, 0)->cycle, a.cycle);
  assert_int_equal(rig_event(&rig, EVENT_DROP, 0)->array, ARRAY_ITLB);
  assert_int_equal(rig_counters(&rig).itlb.drops, 1);
  assert_int_equal(rig_counters(&rig).dtlb.drops, 0);
}

static void turning_globals_off_forgets_them(void** state) {
  (void)state;
  start_32bit();
  assert_true(rig_control(&rig, CONTROL_CR4, CR4_PSE));
  touch_all();
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
  assert_int_equal(held(), 0);
}

static void user_mode_operations_change_nothing(void** state) {
  (void)state;
  start_32bit();
  for (int op = CONTROL_CR0; op <= CONTROL_INVLPG; op++) {
    struct control control = {.op = (uint8_t)op, .user = true, .value = op == CONTROL_CR0 ? CR0_PE : 0x00401000};
    struct tick_in in = {.control = &control};
    struct tick_out out;
    uint64_t first = rig_now(&rig);
    rig_tick(&rig, first, &in, &out);
    in.control = NULL;
    while (!out.control_done) rig_tick(&rig, out.next, &in, &out);
    assert_int_equal(out.control_gp, op != CONTROL_PKRU);
    assert_int_equal(rig_now(&rig) - first, op == CONTROL_INVLPG ? 100 : 30);  // refused ones take their latency too
  }
  assert_int_equal(held(), ALL);
  uint64_t registers[5], pdptes[4];
  rig.engine->ops->registers(rig.engine->self, registers, pdptes);
  const uint64_t expected[5] = {on | CR0_ET, RIG_ROOT, CR4_PSE | CR4_PGE, 0, 0x00401000};
  assert_memory_equal(registers, expected, sizeof expected);
}

static void reset_state(void** state) {
  (void)state;
  uint64_t registers[5], pdptes[4];
  const uint64_t reset[5] = {0x11}, none[4] = {0};
  rig.engine->ops->registers(rig.engine->self, registers, pdptes);
  assert_memory_equal(registers, reset, sizeof reset);
  assert_memory_equal(pdptes, none, sizeof none);
  assert_int_equal(rig_now(&rig), 0);
}

// --- cycles of control operations
// -------------------------------------------------------------------------------------

static uint64_t cycles_of(enum control_op op, uint64_t value, bool ok) {
  uint64_t first = rig_now(&rig);
  assert_int_equal(rig_control(&rig, op, value), ok);
  return rig_now(&rig) - first;
}

// A PDPTE load takes 200 + 1 before the register's own 30, refused or not; a value refused by itself loads nothing.
static void pdpte_loads_take_their_time(void** state) {
  (void)state;
  start_pae();
  rig_clear(&rig);
  uint64_t first = rig_now(&rig);
  assert_int_equal(cycles_of(CONTROL_CR3, RIG_ROOT, true), 231);
  assert_int_equal(rig_event(&rig, EVENT_PDPTE, 0)->cycle, first);
  assert_int_equal(rig_event(&rig, EVENT_PDPTE, 0)->pa, RIG_ROOT);
  assert_int_equal(rig_event(&rig, EVENT_PDPTE, 0)->level, 3);
  assert_int_equal(rig_event(&rig, EVENT_CONTROL, 0)->cycle, first + 230);
  assert_int_equal(cycles_of(CONTROL_CR3, UINT64_C(1) << 40, false), 30);
  rig_write(&rig, RIG_SPARE_ROOT, 8, 3);
  assert_int_equal(cycles_of(CONTROL_CR3, RIG_SPARE_ROOT, false), 231);
  assert_int_equal(cycles_of(CONTROL_CR4, CR4_PAE | CR4_PGE | CR4_SMAP, true), 30);
  assert_int_equal(cycles_of(CONTROL_INVLPG, 0, true), 100);
  assert_int_equal(rig_count(&rig, EVENT_PDPTE), 2);
  struct counters c = rig_counters(&rig);
  uint64_t flushed = c.cycles_flush;
  assert_int_equal(cycles_of(CONTROL_CR0, on, true), 30);
  c = rig_counters(&rig);
  assert_int_equal(c.cycles_flush - flushed, 30);
  assert_int_equal(c.control_gps, 2);
}

static bool no_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  (void)ctx, (void)pa, (void)size, (void)value;
  return false;
}

static void a_bus_error_at_the_load_refuses_the_write(void** state) {
  (void)state;
  struct config config;
  rig_config(&config);
  struct error err;
  struct rig deaf = {.engine = model_engine_create(&config, (struct memory_bus){.read = no_read}, &err)};
  assert_non_null(deaf.engine);
  assert_true(rig_control(&deaf, CONTROL_CR4, CR4_PAE));
  uint64_t first = rig_now(&deaf);
  assert_false(rig_control(&deaf, CONTROL_CR0, CR0_PE | CR0_PG));
  assert_int_equal(rig_now(&deaf) - first, 231);
  uint64_t registers[5], pdptes[4];
  deaf.engine->ops->registers(deaf.engine->self, registers, pdptes);
  assert_int_equal(registers[CONTROL_CR0], 0x11);
  deaf.engine->ops->destroy(deaf.engine->self);
  free(deaf.engine);
}

static void a_refused_load_changes_nothing(void** state) {
  (void)state;
  start_pae();
  uint64_t before[5], pdptes_before[4], after[5], pdptes_after[4];
  rig.engine->ops->registers(rig.engine->self, before, pdptes_before);
  rig_write(&rig, RIG_SPARE_ROOT, 8, 0x5001);
  rig_write(&rig, RIG_SPARE_ROOT + 24, 8, 0x6 | 1);
  assert_false(rig_control(&rig, CONTROL_CR3, RIG_SPARE_ROOT));
  rig.engine->ops->registers(rig.engine->self, after, pdptes_after);
  assert_memory_equal(before, after, sizeof before);
  assert_memory_equal(pdptes_before, pdptes_after, sizeof pdptes_before);
  rig_write(&rig, RIG_SPARE_ROOT + 24, 8, 0x6);
  assert_true(rig_control(&rig, CONTROL_CR3, RIG_SPARE_ROOT));
  rig.engine->ops->registers(rig.engine->self, after, pdptes_after);
  assert_int_equal(pdptes_after[0], 0x5001);
  assert_int_equal(pdptes_after[3], 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(operations_drop_exactly_what_the_table_says),
    TEST(operations_in_pae_drop_exactly_what_the_table_says),
    TEST(page_faults_drop_what_translates_the_address),
    TEST(faults_found_by_walks_drop_stale_entries_of_the_other_tlb),
    TEST(turning_globals_off_forgets_them),
    TEST(user_mode_operations_change_nothing),
    TEST(reset_state),
    TEST(pdpte_loads_take_their_time),
    TEST(a_bus_error_at_the_load_refuses_the_write),
    TEST(a_refused_load_changes_nothing),
};
TEST_MAIN(tests)
