// SPDX-License-Identifier: MIT
// Permissions, reserved bits and error codes, found by a walk and on a hit alike (docs/paging.md).
#include "rtl/stand.h"

enum { NX = 1 << 30 };  // stands for bit 63 in the tables below

static uint64_t flags_of(unsigned flags) { return (flags & ~(unsigned)NX) | (flags & NX ? UINT64_C(1) << 63 : 0); }

struct permission_case {
  unsigned pde, pte;
  bool wp, smep, smap, nxe;
  int kind;
  unsigned flags;
  int error;  // -1: allowed
};

static void permissions_are_those_of_the_table(void** state) {
  (void)state;
  enum { R = ACCESS_READ, WR = ACCESS_WRITE, X = ACCESS_FETCH, USER = REF_USER, AC = REF_AC, IMP = REF_IMPLICIT };
  static const struct permission_case cases[] = {
      // user accesses
      {P | U, P | U, 0, 0, 0, 0, R, USER, -1},
      {P | U, P, 0, 0, 0, 0, R, USER, PFEC_P | PFEC_U},
      {P, P | U, 0, 0, 0, 0, R, USER, PFEC_P | PFEC_U},
      {P | U | W, P | U | W, 0, 0, 0, 0, WR, USER, -1},
      {P | U | W, P | U, 0, 0, 0, 0, WR, USER, PFEC_P | PFEC_W | PFEC_U},
      {P | U, P | U | W, 0, 0, 0, 0, WR, USER, PFEC_P | PFEC_W | PFEC_U},
      {P | U, P | U, 0, 0, 0, 0, X, USER, -1},
      {P | U, P, 0, 0, 0, 0, X, USER, PFEC_P | PFEC_U},
      {P | U, P, 0, 0, 0, 1, X, USER, PFEC_P | PFEC_U | PFEC_ID},
      {P | U, P, 0, 1, 0, 0, X, USER, PFEC_P | PFEC_U | PFEC_ID},
      {P | U, P | U | NX, 0, 0, 0, 1, X, USER, PFEC_P | PFEC_U | PFEC_ID},
      {P | U | NX, P | U, 0, 0, 0, 1, X, USER, PFEC_P | PFEC_U | PFEC_ID},
      {P | U, P | U | NX, 0, 0, 0, 1, R, USER, -1},
      // supervisor accesses
      {P, P, 0, 0, 0, 0, WR, 0, -1},
      {P | W, P, 1, 0, 0, 0, WR, 0, PFEC_P | PFEC_W},
      {P, P | W, 1, 0, 0, 0, WR, 0, PFEC_P | PFEC_W},
      {P | W, P | W, 1, 0, 0, 0, WR, 0, -1},
      {P | U, P | U, 1, 0, 0, 0, WR, 0, PFEC_P | PFEC_W},
      {P | U | W, P | U | W, 0, 0, 1, 0, R, 0, PFEC_P},
      {P | U | W, P | U | W, 0, 0, 1, 0, R, AC, -1},
      {P | U | W, P | U | W, 0, 0, 1, 0, WR, 0, PFEC_P | PFEC_W},
      {P | U | W, P | W, 0, 0, 1, 0, WR, 0, -1},
      {P | U, P | U, 0, 0, 1, 0, X, 0, -1},
      {P | U, P | U, 0, 1, 0, 0, X, 0, PFEC_P | PFEC_ID},
      {P | U, P | U, 0, 1, 0, 0, R, 0, -1},
      {P | U, P, 0, 1, 0, 0, X, 0, -1},
      {P, P | NX, 0, 0, 0, 1, X, 0, PFEC_P | PFEC_ID},
      // implicit ones: supervisor at any CPL, and AC does not help
      {P, P, 0, 0, 0, 0, R, USER | IMP, -1},
      {P | U, P | U, 0, 0, 1, 0, R, USER | IMP | AC, PFEC_P},
  };
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  for (int pae = 0; pae < 2; pae++) {
    assert_true(stand_write_register(&s, CONTROL_CR0, CR0_OFF));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      const struct permission_case* c = &cases[i];
      if (!pae && ((c->pde | c->pte) & NX || c->nxe)) continue;
      stand_start(&s, pae, (c->smep ? CR4_SMEP : 0) | (c->smap ? CR4_SMAP : 0), c->wp ? CR0_WP : 0,
                  c->nxe ? EFER_NXE : 0);
      stand_map(&s, 0x401000, 0x5000, flags_of(c->pte) | A | D, flags_of(c->pde) | A);
      struct answer got = stand_access(&s, (enum access_kind)c->kind, 0x401234, c->flags);
      if (got.fault != (c->error < 0 ? FAULT_NONE : FAULT_PF) || (c->error >= 0 && got.error != c->error)) {
        fail_msg("case %zu, pae %d: fault %d, error %x", i, pae, got.fault, got.error);
      }
      assert_int_equal(stand_cycles(&got), WALK2);
      assert_int_equal(got.cr2, c->error < 0 ? 0 : 0x401234);
      // Once more, on a hit: with the page cached by an access that everybody may make...
      stand_map(&s, 0x401000, 0x5000, flags_of(c->pte) | A | D, flags_of(c->pde) | A);
      stand_start(&s, pae, 0, 0, c->nxe ? EFER_NXE : 0);
      enum access_kind harmless = c->kind == ACCESS_FETCH && !((c->pde | c->pte) & NX) ? ACCESS_FETCH : ACCESS_READ;
      if (c->kind == ACCESS_FETCH && harmless == ACCESS_READ) continue;  // a no-execute page is never in the ITLB
      assert_int_equal(stand_access(&s, harmless, 0x401000, 0).fault, FAULT_NONE);
      // ... and the bits that drop nothing set afterwards (SMEP 0 -> 1 drops: it walks again)
      if (c->smap) assert_true(stand_write_register(&s, CONTROL_CR4, CR4_SMAP | (pae ? CR4_PAE : 0)));
      if (c->wp) assert_true(stand_write_register(&s, CONTROL_CR0, (uint32_t)CR0_ON | CR0_WP));
      if (c->smep) continue;
      got = stand_access(&s, (enum access_kind)c->kind, 0x401234, c->flags);
      assert_int_equal(got.path, PATH_L1);
      assert_int_equal(stand_cycles(&got), 1);
      assert_int_equal(got.fault, c->error < 0 ? FAULT_NONE : FAULT_PF);
      assert_int_equal(got.error, c->error < 0 ? 0 : c->error);
    }
  }
  stand_destroy(&s);
}

static void an_entry_that_is_not_present_faults_at_its_level(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  // other bits of an absent entry mean nothing
  stand_set2(&s, 0x800000, 0xfffffffe);
  assert_fault(stand_access(&s, ACCESS_WRITE, 0x800010, REF_USER), PFEC_W | PFEC_U, PATH_WALK, WALK1);
  // a present leaf below a table that denies: absence wins at the lower level
  stand_map(&s, 0x401000, 0x5000, 0, P);
  assert_fault(stand_access(&s, ACCESS_READ, 0x401000, REF_USER), PFEC_U, PATH_WALK, WALK2);
  // no entry was written for them
  assert_int_equal(ram_read_word(s.ram, stand_entry2_pa(&s, 0x401000), 4) & A, 0);
  stand_destroy(&s);
}

static void an_absent_pdpte_register_faults_at_walk_start(void** state) {
  (void)state;
  struct config config = stand_config();
  config.walk.start = 7;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  ram_write_word(s.ram, PDPTES + 8, 8, ~UINT64_C(1));
  assert_true(stand_write_register(&s, CONTROL_CR3, PDPTES));
  struct answer a = stand_access(&s, ACCESS_READ, 0x40000000, 0);
  assert_fault(a, 0, PATH_WALK, 8);
  assert_int_equal(a.reads, 0);
  assert_int_equal(a.walk, 7);
  stand_destroy(&s);
}

static void reserved_bits_32bit(void** state) {
  (void)state;
  for (unsigned m = 32; m <= 44; m += 4) {
    struct config config = stand_config();
    config.maxphyaddr = m;
    struct stand s;
    stand_create(&s, &config);
    stand_start(&s, false, CR4_PSE, 0, 0);
    for (unsigned bit = 13; bit <= 21; bit++) {
      stand_set2(&s, 0x800000, 1u << bit | P | PS);
      bool reserved = bit == 21 || bit + 19 >= m;  // bit 13 is address bit 32
      struct answer a = stand_access(&s, ACCESS_READ, 0x800000, REF_USER);
      assert_fault(a, PFEC_P | PFEC_U | (reserved ? PFEC_RSVD : 0), PATH_WALK, WALK1);
    }
    stand_destroy(&s);
  }
}

static void reserved_bits_pae(void** state) {
  (void)state;
  for (unsigned m = 36; m <= 52; m += 8) {
    struct config config = stand_config();
    config.maxphyaddr = m;
    struct stand s;
    stand_create(&s, &config);
    for (int nxe = 0; nxe < 2; nxe++) {
      stand_start(&s, true, 0, 0, nxe ? EFER_NXE : 0);
      unsigned always = nxe ? 63 : 64;
      for (unsigned bit = m; bit < always; bit++) {
        // in a table's entry, in a small leaf, in a large one; before rights: this is a user access
        stand_map(&s, 0x401000, 0x5000, P | A, UINT64_C(1) << bit | P | A);
        assert_fault(stand_access(&s, ACCESS_READ, 0x401000, REF_USER), PFEC_P | PFEC_U | PFEC_RSVD, PATH_WALK, WALK1);
        stand_map(&s, 0x401000, 0x5000, UINT64_C(1) << bit | P | A, P | A);
        assert_fault(stand_access(&s, ACCESS_WRITE, 0x401000, 0), PFEC_P | PFEC_W | PFEC_RSVD, PATH_WALK, WALK2);
        stand_set2(&s, 0x600000, UINT64_C(1) << bit | P | PS | A);
        assert_fault(stand_access(&s, ACCESS_READ, 0x600000, 0), PFEC_P | PFEC_RSVD, PATH_WALK, WALK1);
      }
      for (unsigned bit = 13; bit <= 20; bit++) {
        stand_set2(&s, 0x600000, 1u << bit | P | PS | A);
        assert_fault(stand_access(&s, ACCESS_READ, 0x600000, 0), PFEC_P | PFEC_RSVD, PATH_WALK, WALK1);
        stand_set2(&s, 0x600000, 1u << bit | A | PS);  // only in present entries
        assert_fault(stand_access(&s, ACCESS_READ, 0x600000, 0), 0, PATH_WALK, WALK1);
      }
    }
    stand_destroy(&s);
  }
}

static void a_fault_drops_its_page_everywhere(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, CR4_PSE | CR4_PGE, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A | G, P | U | A);
  stand_map(&s, 0x402000, 0x6000, P | A | G, P | U | A);
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  stand_access(&s, ACCESS_FETCH, 0x401000, 0);
  stand_access(&s, ACCESS_READ, 0x402000, 0);
  stand_set2(&s, 0x400000, 0x800000 | P | A | PS);
  // A large page for the same addresses, and another one
  stand_access(&s, ACCESS_READ, 0x403000, 0);
  stand_set2(&s, 0xc00000, P | A | PS);
  stand_access(&s, ACCESS_READ, 0xc00000, 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB_LARGE), 2);
  struct counters before = stand_counters(&s);
  stand_forget(&s);
  // A user access is denied on the hit; the small page is what it hit.
  assert_fault(stand_access(&s, ACCESS_READ, 0x401000, REF_USER), PFEC_P | PFEC_U, PATH_L1, 1);
  assert_int_equal(stand_entries(&s, ARRAY_ITLB), 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 1);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB_LARGE), 1);
  assert_int_equal(stand_events(&s, EVENT_DROP, ARRAY_ITLB, NULL), 1);
  assert_int_equal(stand_events(&s, EVENT_DROP, ARRAY_DTLB, NULL), 1);
  assert_int_equal(stand_events(&s, EVENT_DROP, ARRAY_DTLB_LARGE, NULL), 1);
  struct counters after = stand_counters(&s);
  assert_int_equal(after.dtlb.hits - before.dtlb.hits, 1);
  assert_int_equal(after.dtlb.drops - before.dtlb.drops, 2);
  assert_int_equal(after.itlb.drops - before.itlb.drops, 1);
  assert_int_equal(after.faults_pf - before.faults_pf, 1);
  // The walk of the retry sees the large page; the other small one stayed.
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x801000, PATH_WALK, WALK1);
  assert_ok(stand_access(&s, ACCESS_READ, 0x402000, 0), 0x6000, PATH_L1, 1);
  stand_destroy(&s);
}

static void entries_made_permissive_need_no_invlpg(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | U | A, P | U | W | A);
  stand_access(&s, ACCESS_READ, 0x401000, REF_USER);
  stand_map(&s, 0x401000, 0x5000, P | U | W | A | D, P | U | W | A);
  assert_fault(stand_access(&s, ACCESS_WRITE, 0x401000, REF_USER), PFEC_P | PFEC_W | PFEC_U, PATH_L1, 1);
  assert_ok(stand_access(&s, ACCESS_WRITE, 0x401000, REF_USER), 0x5000, PATH_WALK, WALK2);
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(permissions_are_those_of_the_table),
    cmocka_unit_test(an_entry_that_is_not_present_faults_at_its_level),
    cmocka_unit_test(an_absent_pdpte_register_faults_at_walk_start),
    cmocka_unit_test(reserved_bits_32bit),
    cmocka_unit_test(reserved_bits_pae),
    cmocka_unit_test(a_fault_drops_its_page_everywhere),
    cmocka_unit_test(entries_made_permissive_need_no_invlpg),
};

TEST_MAIN(tests)
