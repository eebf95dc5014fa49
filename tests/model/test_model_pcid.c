// SPDX-License-Identifier: MIT
// PCIDs: who hits what, and what each operation drops and leaves, exactly, in both TLBs, in the second level and in the
// walk caches (docs/paging.md, "What may be cached, and what drops it"; docs/timing.md, "PCID").
#include "check.h"
#include "model/rig.h"

static struct rig rig;
static struct config config;

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.stlb = (struct tlb_config){
      .sets = 4, .ways = 8, .replacement = REPLACE_LRU, .large_sets = 1, .large_ways = 8, .latency = 7};
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = 16;
  rig_create(&rig, &config);
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

static const uint64_t NO_FLUSH = UINT64_C(1) << 63, GIB = UINT64_C(1) << 30;

// Supervisor pages, each in a GiB of its own.
enum { SMALL, OTHER, LARGE, SMALL_GLOBAL, LARGE_GLOBAL, PAGES };
static const struct {
  uint64_t va;
  unsigned shift;
  bool global;
} page[PAGES] = {{0x0000001000, 12, false},
                 {0x0040002000, 12, false},
                 {0x0080200000, 21, false},
                 {0x00c0003000, 12, true},
                 {0x0100400000, 21, true}};

static bool holds(enum tlb_array array, uint64_t va, unsigned shift, unsigned pcid) {
  struct tlb_entry entries[256];
  size_t count = rig.engine->ops->dump(rig.engine->self, array, entries, 256);
  for (size_t i = 0; i < count; i++)
    if (entries[i].va == va && entries[i].shift == shift && entries[i].pcid == pcid) return true;
  return false;
}

static bool in_tlbs(int which, unsigned pcid) {
  bool large = page[which].shift != 12;
  const enum tlb_array arrays[] = {ARRAY_ITLB, ARRAY_DTLB, ARRAY_STLB};
  bool first = false;
  for (int i = 0; i < 3; i++) {
    bool held = holds((enum tlb_array)(arrays[i] + large), page[which].va, page[which].shift, pcid);
    if (i == 0) first = held;
    assert_int_equal(held, first);
  }
  return first;
}

// One bit a page and PCID: SMALL, OTHER, LARGE of PCID 1, of PCID 2, then the two global ones.
enum { ONE = 0x07, TWO = 0x38, GLOBALS = 0xc0, ALL = 0xff };
static unsigned bit_of(int which, unsigned pcid) { return 1u << (which + (page[which].global ? 3 : 3 * (pcid - 1))); }

static unsigned held(void) {
  unsigned bits = 0;
  for (int i = 0; i < PAGES; i++)
    for (unsigned pcid = 1; pcid <= 2; pcid++)
      if (in_tlbs(i, page[i].global ? 0 : pcid)) bits |= bit_of(i, pcid);
  return bits;
}

// Bit p: all walk-cache entries of PCID p are there; none otherwise, or the test fails.
static unsigned led(void) {
  unsigned bits = 0;
  for (unsigned pcid = 1; pcid <= 2; pcid++) {
    bool there = holds(ARRAY_PSC_PML4E, 0, 39, pcid);
    for (int i = 0; i < PAGES; i++) {
      assert_int_equal(holds(ARRAY_PSC_PDPTE, page[i].va & ~(GIB - 1), 30, pcid), there);
      if (page[i].shift == 12)
        assert_int_equal(holds(ARRAY_PSC_PDE, page[i].va & ~UINT64_C(0x1fffff), 21, pcid), there);
    }
    bits |= (unsigned)there << pcid;
  }
  return bits;
}

static void go_to(uint64_t pcid) { assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT | pcid | NO_FLUSH)); }

static void touch_all(void) {
  for (int i = 0; i < PAGES; i++) {
    assert_int_equal(rig_access(&rig, ACCESS_READ, page[i].va, 0).fault, FAULT_NONE);
    assert_int_equal(rig_access(&rig, ACCESS_FETCH, page[i].va, 0).fault, FAULT_NONE);
  }
}

// Everything of both PCIDs everywhere; the current one is 1.
static void start(void) {
  rig_start_long(&rig, CR4_PCIDE | CR4_PGE, 0);
  for (int i = 0; i < PAGES; i++) {
    uint64_t bits = 0x63 | (page[i].global ? 0x100 : 0) | (page[i].shift == 21 ? 0x80 : 0);
    uint64_t frame = (uint64_t)(i + 1) << page[i].shift;
    rig_write(&rig, rig_entry_long(&rig, 4, page[i].shift == 21 ? 2 : 1, page[i].va), 8, frame | bits);
  }
  go_to(2);
  touch_all();
  // Global pages walk once: what leads to them is of PCID 2 alone. Drop them, so that PCID 1 walks there too.
  for (int i = SMALL_GLOBAL; i < PAGES; i++) {
    const struct control drop = {.op = CONTROL_INVLPG, .value = page[i].va};
    go_to(3);
    assert_true(rig_operate(&rig, &drop));
  }
  go_to(1);
  touch_all();
  assert_int_equal(held(), ALL);
  assert_int_equal(led(), 6);
  rig_clear(&rig);
}

static void entries_answer_to_their_pcid(void** state) {
  (void)state;
  start();
  go_to(3);
  assert_int_equal(rig_access(&rig, ACCESS_READ, page[SMALL].va, 0).reads, 4);
  assert_int_equal(rig_access(&rig, ACCESS_READ, page[SMALL_GLOBAL].va, 0).path, PATH_L1);
  assert_int_equal(rig_access(&rig, ACCESS_READ, page[LARGE_GLOBAL].va, 0).path, PATH_L1);
  go_to(1);
  assert_int_equal(rig_access(&rig, ACCESS_READ, page[SMALL].va, 0).path, PATH_L1);
  assert_int_equal(rig_access(&rig, ACCESS_READ, page[LARGE].va, 0).path, PATH_L1);
  // And what is played, shortcuts and all.
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  struct ref refs[4];
  for (int i = 0; i < 4; i++) refs[i] = (struct ref){.va = page[SMALL].va, .size = 1, .kind = ACCESS_READ};
  struct answer answers[4];
  struct play play = {.until = UINT64_MAX, .answers = answers};
  for (unsigned pcid = 1; pcid < 5; pcid++) {
    go_to(pcid);
    rig_map_long(&rig, 4, page[SMALL].va, (uint64_t)pcid << 12 | 0x63);
    rig.engine->ops->play(rig.engine->self, refs, 4, &play);
    assert_int_equal(answers[0].path, pcid < 4 ? PATH_L1 : PATH_WALK);
    assert_int_equal(answers[3].pa, pcid < 4 ? 0x1000 : 0x4000);
  }
}

struct row {
  struct control op;
  unsigned left, lead;
};

#define CR3(v) \
  { .op = CONTROL_CR3, .value = RIG_ROOT | (v) }
#define CR4(v) \
  { .op = CONTROL_CR4, .value = (CR4_PAE | CR4_PCIDE | CR4_PGE) ^ (v) }
#define INVPCID(t, p, va) \
  { .op = CONTROL_INVPCID, .type = (t), .pcid = (p), .value = (va) }
#define INVLPG(va) \
  { .op = CONTROL_INVLPG, .value = (va) }

static void operations_drop_exactly_what_the_table_says(void** state) {
  const struct row rows[] = {
      {CR3(1), TWO | GLOBALS, 4},
      {CR3(2), ONE | GLOBALS, 2},
      {CR3(3), ALL, 6},
      {CR3(1 | NO_FLUSH), ALL, 6},
      {CR3(2 | NO_FLUSH), ALL, 6},
      {CR3(2 | UINT64_C(1) << 62), ALL, 6},  // refused
      {INVLPG(0x1fff), ALL & ~bit_of(SMALL, 1), 4},
      {INVLPG(page[LARGE].va + 0x1fffff), ALL & ~bit_of(LARGE, 1), 4},
      {INVLPG(page[SMALL_GLOBAL].va), ALL & ~bit_of(SMALL_GLOBAL, 1), 4},
      {INVLPG(page[LARGE_GLOBAL].va), ALL & ~bit_of(LARGE_GLOBAL, 1), 4},
      {INVLPG(0x5000), ALL, 4},  // no page there, but walk caches go
      {INVLPG(UINT64_C(1) << 47), ALL, 6},
      {INVPCID(0, 2, 0x1000), ALL & ~bit_of(SMALL, 2), 2},
      {INVPCID(0, 1, page[LARGE].va), ALL & ~bit_of(LARGE, 1), 4},
      {INVPCID(0, 1, page[SMALL_GLOBAL].va), ALL, 4},
      {INVPCID(0, 5, page[SMALL_GLOBAL].va), ALL, 6},
      {INVPCID(0, 1, UINT64_C(1) << 47), ALL, 6},  // refused
      {INVPCID(1, 1, 0), TWO | GLOBALS, 4},
      {INVPCID(1, 2, 0), ONE | GLOBALS, 2},
      {INVPCID(2, 0, 0), 0, 0},
      {INVPCID(3, 0, 0), GLOBALS, 0},
      {INVPCID(4, 0, 0), ALL, 6},
      {INVPCID(2, 0x1000, 0), ALL, 6},
      {CR4(CR4_PGE), 0, 0},
      {CR4(CR4_PCIDE), 0, 0},
      {CR4(CR4_PSE), TWO, 4},
      {CR4(CR4_SMEP), TWO, 4},
      {CR4(CR4_SMEP | CR4_PGE), 0, 0},
      {CR4(CR4_SMAP), ALL, 6},
      {CR4(CR4_PKE), ALL, 6},
      {CR4(0), ALL, 6},
      {CR4(CR4_LA57), ALL, 6},  // refused
      {{.op = CONTROL_EFER, .value = EFER_LME | EFER_NXE}, TWO, 4},
      {{.op = CONTROL_EFER, .value = EFER_LME | EFER_SCE}, ALL, 6},
      {{.op = CONTROL_CR0, .value = CR0_PE | CR0_PG}, ALL, 6},
      {{.op = CONTROL_CR0, .value = CR0_PE}, ALL, 6},  // refused while PCIDE = 1
      {{.op = CONTROL_PKRU, .value = 0xffffffff}, ALL, 6},
      {{.op = CONTROL_SEGMENT, .index = 1}, ALL, 6},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    tear_down(state);
    set_up(state);
    start();
    rig_operate(&rig, &rows[i].op);
    if (held() != rows[i].left) fail_msg("row %zu: left %x", i, held());
    if (led() != rows[i].lead) fail_msg("row %zu: walk caches of %x", i, led());
    struct control user = rows[i].op;
    if (user.op == CONTROL_PKRU) continue;
    tear_down(state);
    set_up(state);
    start();
    user.user = true;
    assert_false(rig_operate(&rig, &user));
    assert_int_equal(held(), ALL);
    assert_int_equal(led(), 6);
  }
}

// After PCIDE 1 -> 0 and the paging off that it allows, and for a machine that never had PCIDs.
static void without_pcids(void** state) {
  const struct row rows[] = {
      {CR3(0), GLOBALS, 0},
      {CR3(0x18), GLOBALS, 0},            // PWT, PCD are no PCID
      {CR3(NO_FLUSH), ONE | GLOBALS, 2},  // refused
      {{.op = CONTROL_CR0, .value = CR0_PE}, 0, 0},
      {{.op = CONTROL_INVPCID, .type = 1}, GLOBALS, 0},
      {{.op = CONTROL_INVPCID, .type = 1, .pcid = 1}, ONE | GLOBALS, 2},  // refused
      {{.op = CONTROL_INVPCID, .type = 3}, GLOBALS, 0},
      {{.op = CONTROL_CR4, .value = CR4_PAE | CR4_PGE | CR4_PCIDE}, ONE | GLOBALS, 2},
      {{.op = CONTROL_CR4, .value = CR4_PAE | CR4_PGE | CR4_SMEP}, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    tear_down(state);
    set_up(state);
    start();
    assert_true(rig_control(&rig, CONTROL_CR4, CR4_PAE | CR4_PGE));
    touch_all();
    unsigned left = 0, lead = holds(ARRAY_PSC_PML4E, 0, 39, 0) ? 2 : 0;
    rig_operate(&rig, &rows[i].op);
    for (int j = 0; j < PAGES; j++)
      if (in_tlbs(j, 0)) left |= bit_of(j, 1);
    assert_int_equal(lead, 2);
    lead = holds(ARRAY_PSC_PML4E, 0, 39, 0) ? 2 : 0;
    assert_int_equal(holds(ARRAY_PSC_PDE, 0, 21, 0), lead != 0);
    if (left != rows[i].left || lead != rows[i].lead) fail_msg("row %zu: left %x, walk caches %x", i, left, lead);
  }
}

// A fault found on a hit (the pages are supervisor's): every array, global entries too, and of the walk caches what
// leads there, of this PCID.
static void faults_drop_their_address(void** state) {
  for (int i = 0; i < PAGES; i++) {
    tear_down(state);
    set_up(state);
    start();
    assert_int_equal(rig_access(&rig, ACCESS_READ, page[i].va + 5, REF_USER).fault, FAULT_PF);
    assert_int_equal(held(), ALL & ~bit_of(i, 1));
    for (unsigned pcid = 1; pcid <= 2; pcid++) {
      assert_int_equal(holds(ARRAY_PSC_PML4E, 0, 39, pcid), pcid == 2);
      for (int j = 0; j < PAGES; j++) {
        assert_int_equal(holds(ARRAY_PSC_PDPTE, page[j].va & ~(GIB - 1), 30, pcid), i != j || pcid == 2);
        if (page[j].shift == 12)
          assert_int_equal(holds(ARRAY_PSC_PDE, page[j].va & ~UINT64_C(0x1fffff), 21, pcid), i != j || pcid == 2);
      }
    }
  }
}

// A page that becomes global replaces the entries of all PCIDs, in its arrays; one that is not any more replaces it.
static void global_fills_overwrite(void** state) {
  (void)state;
  start();
  rig_map_long(&rig, 4, page[SMALL].va, 0x1000 | 0x123);  // global, and D is clear: a write walks
  rig_clear(&rig);
  assert_int_equal(rig_access(&rig, ACCESS_READ, page[SMALL].va, 0).path, PATH_L1);
  go_to(4);
  rig_clear(&rig);
  struct answer a = rig_access(&rig, ACCESS_WRITE, page[SMALL].va, 0);
  assert_int_equal(a.path, PATH_WALK);
  // PCIDs 1 and 2 had it in the DTLB and in the second level: one overwritten, one dropped in each.
  assert_int_equal(rig_count(&rig, EVENT_DROP), 2);
  assert_int_equal(rig_event(&rig, EVENT_DROP, 0)->cycle, a.cycle);
  assert_int_equal(rig_event(&rig, EVENT_FILL, 0)->hit, 0);
  assert_true(holds(ARRAY_DTLB, page[SMALL].va, 12, 0));
  assert_false(holds(ARRAY_DTLB, page[SMALL].va, 12, 1) || holds(ARRAY_DTLB, page[SMALL].va, 12, 2));
  assert_false(holds(ARRAY_STLB, page[SMALL].va, 12, 1) || holds(ARRAY_STLB, page[SMALL].va, 12, 2));
  assert_true(holds(ARRAY_ITLB, page[SMALL].va, 12, 1));
}

static void the_invpcid_latency(void** state) {
  (void)state;
  tear_down(state);
  rig_config(&config);
  config.op.invpcid = 13;
  rig_create(&rig, &config);
  const struct control all = {.op = CONTROL_INVPCID, .type = 2, .value = 0x1234},
                       bad = {.op = CONTROL_INVPCID, .type = 9};
  uint64_t first = rig_now(&rig);
  assert_true(rig_operate(&rig, &all));
  assert_int_equal(rig_now(&rig) - first, 13);
  assert_int_equal(rig_event(&rig, EVENT_CONTROL, 0)->va, 0x1234);
  assert_false(rig_operate(&rig, &bad));
  assert_int_equal(rig_now(&rig) - first, 26);
  assert_int_equal(rig_event(&rig, EVENT_CONTROL, 1)->hit, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(entries_answer_to_their_pcid),
    TEST(operations_drop_exactly_what_the_table_says),
    TEST(without_pcids),
    TEST(faults_drop_their_address),
    TEST(global_fills_overwrite),
    TEST(the_invpcid_latency),
};
TEST_MAIN(tests)
