// SPDX-License-Identifier: MIT
// The tables of docs/paging.md: levels, entry bits, permissions, error codes.
#include "check.h"
#include "model/paging.h"

static struct registers registers_for(enum paging_mode mode) {
  struct registers r = {.value = {[CONTROL_CR0] = 0x80000011}};
  if (mode == MODE_32BIT) r.value[CONTROL_CR4] = CR4_PSE;
  if (mode >= MODE_PAE) r.value[CONTROL_CR4] = CR4_PAE;
  if (mode >= MODE_4LEVEL) r.value[CONTROL_EFER] = EFER_LME | EFER_LMA;
  if (mode == MODE_5LEVEL) r.value[CONTROL_CR4] |= CR4_LA57;
  return r;
}

static void registers_select_the_mode(void** state) {
  (void)state;
  for (int mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    struct registers r = registers_for((enum paging_mode)mode);
    assert_int_equal(registers_mode(&r), mode);
    r.value[CONTROL_CR0] = 0x11;
    assert_int_equal(registers_mode(&r), MODE_NONE);
  }
}

// --- levels
// -----------------------------------------------------------------------------------------------------------

static void entries_lie_where_the_split_says(void** state) {
  (void)state;
  static const struct {
    enum paging_mode mode;
    unsigned level;
    uint64_t va, offset;
  } cases[] = {
      {MODE_32BIT, 2, 0xffc00000, 0xffc},         {MODE_32BIT, 2, 0x003fffff, 0},
      {MODE_32BIT, 1, 0x003ff000, 0xffc},         {MODE_32BIT, 1, 0xffc00fff, 0},
      {MODE_PAE, 2, 0x3fe00000, 0xff8},           {MODE_PAE, 2, 0xc01fffff, 0},
      {MODE_PAE, 1, 0x001ff000, 0xff8},           {MODE_PAE, 1, 0xffe00fff, 0},
      {MODE_4LEVEL, 4, 0xff8000000000, 0xff8},    {MODE_4LEVEL, 3, 0x7fc0000000, 0xff8},
      {MODE_4LEVEL, 2, 0x3fe00000, 0xff8},        {MODE_4LEVEL, 1, 0x1ff000, 0xff8},
      {MODE_5LEVEL, 5, 0x1ff000000000000, 0xff8}, {MODE_5LEVEL, 4, 0xff8000000000, 0xff8},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct registers r = registers_for(cases[i].mode);
    struct paging p;
    paging_update(&p, &r, 40);
    assert_int_equal(paging_entry_address(&p, cases[i].level, 0x5000, cases[i].va), 0x5000 + cases[i].offset);
  }
}

static void root_comes_from_the_modes_bits_of_cr3(void** state) {
  (void)state;
  static const uint64_t roots[MODE_COUNT] = {
      [MODE_32BIT] = 0xfffff000, [MODE_PAE] = 0xffffffe0, [MODE_4LEVEL] = 0xfffffff000, [MODE_5LEVEL] = 0xfffffff000};
  for (int mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    struct registers r = registers_for((enum paging_mode)mode);
    r.value[CONTROL_CR3] = 0xffffffffff;
    struct paging p;
    paging_update(&p, &r, 40);
    assert_int_equal(p.root, roots[mode]);
  }
}

static void canonical_addresses_repeat_the_top_bit(void** state) {
  (void)state;
  static const struct {
    enum paging_mode mode;
    uint64_t va;
    bool canonical;
  } cases[] = {
      {MODE_32BIT, 0xffffffff, true},           {MODE_4LEVEL, 0x00007fffffffffff, true},
      {MODE_4LEVEL, 0x0000800000000000, false}, {MODE_4LEVEL, 0xffff800000000000, true},
      {MODE_4LEVEL, 0xffff7fffffffffff, false}, {MODE_5LEVEL, 0x00ffffffffffffff, true},
      {MODE_5LEVEL, 0x0100000000000000, false}, {MODE_5LEVEL, 0xff00000000000000, true},
      {MODE_5LEVEL, 0xfeffffffffffffff, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct registers r = registers_for(cases[i].mode);
    struct paging p;
    paging_update(&p, &r, 40);
    assert_int_equal(paging_canonical(&p, cases[i].va), cases[i].canonical);
  }
}

// --- reserved bits
// ----------------------------------------------------------------------------------------------------

struct reserved_case {
  enum paging_mode mode;
  unsigned level;
  uint64_t entry;  // present, otherwise clean
  unsigned maxphyaddr;
  bool nxe;
  uint64_t reserved;
};

static void every_reserved_bit_is_found_and_no_other(void** state) {
  (void)state;
  const uint64_t nx = UINT64_C(1) << 63;
  static const uint64_t m40_to_62 = 0x7fffff0000000000, m40_to_51 = 0x000fff0000000000;
  const struct reserved_case cases[] = {
      {MODE_32BIT, 2, 0x1, 40, false, 0},
      {MODE_32BIT, 1, 0x1, 40, false, 0},
      {MODE_32BIT, 2, 0x81, 32, false, 0x3fe000},  // no PSE-36 bits
      {MODE_32BIT, 2, 0x81, 36, false, 0x3e0000},  // 16:13 valid
      {MODE_32BIT, 2, 0x81, 39, false, 0x300000},  // 19:13 valid
      {MODE_32BIT, 2, 0x81, 40, false, 0x200000},  // 20:13 valid
      {MODE_32BIT, 2, 0x81, 52, false, 0x200000},  // no more than 40 bits
      {MODE_PAE, 1, 0x1, 40, true, m40_to_62},
      {MODE_PAE, 1, 0x1, 40, false, m40_to_62 | nx},
      {MODE_PAE, 1, 0x1, 52, true, 0x7ff0000000000000},
      {MODE_PAE, 1, 0x1, 36, true, 0x7ffffff000000000},
      {MODE_PAE, 2, 0x1, 40, true, m40_to_62},
      {MODE_PAE, 2, 0x81, 40, true, m40_to_62 | 0x1fe000},
      {MODE_PAE, 2, 0x81, 40, false, m40_to_62 | 0x1fe000 | nx},
      {MODE_4LEVEL, 4, 0x1, 40, true, m40_to_51 | 0x80},
      {MODE_4LEVEL, 3, 0x1, 40, true, m40_to_51},
      {MODE_4LEVEL, 3, 0x81, 40, true, m40_to_51 | 0x3fffe000},
      {MODE_4LEVEL, 2, 0x81, 40, true, m40_to_51 | 0x1fe000},
      {MODE_4LEVEL, 1, 0x1, 52, true, 0},
      {MODE_4LEVEL, 1, 0x1, 40, false, m40_to_51 | nx},
      {MODE_5LEVEL, 5, 0x1, 40, true, m40_to_51 | 0x80},
      {MODE_5LEVEL, 4, 0x1, 40, true, m40_to_51 | 0x80},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct reserved_case* c = &cases[i];
    struct registers r = registers_for(c->mode);
    if (c->nxe) r.value[CONTROL_EFER] |= EFER_NXE;
    struct paging p;
    paging_update(&p, &r, c->maxphyaddr);
    assert_int_not_equal(paging_decode(&p, c->level, c->entry), ENTRY_RESERVED);
    for (unsigned bit = 0; bit < (c->mode == MODE_32BIT ? 32 : 64); bit++) {
      // Setting PS makes another kind of entry of it, where it is not reserved.
      if (bit == 7 && !(c->reserved & 0x80)) continue;
      bool found = paging_decode(&p, c->level, c->entry | BIT(bit)) == ENTRY_RESERVED;
      if (found != (c->reserved >> bit & 1)) fail_msg("case %zu, bit %u: reserved = %d", i, bit, found);
      // In an entry that is not present nothing is.
      assert_int_equal(paging_decode(&p, c->level, (c->entry | BIT(bit)) & ~BIT(0)), ENTRY_ABSENT);
    }
  }
}

static void ps_makes_leaves_where_the_mode_has_large_pages(void** state) {
  (void)state;
  struct registers r = registers_for(MODE_32BIT);
  struct paging p;
  paging_update(&p, &r, 40);
  assert_int_equal(paging_decode(&p, 2, 0x81), ENTRY_LEAF);
  assert_int_equal(paging_decode(&p, 2, 0x01), ENTRY_TABLE);
  assert_int_equal(paging_decode(&p, 1, 0x01), ENTRY_LEAF);
  assert_int_equal(paging_decode(&p, 1, 0x81), ENTRY_LEAF);  // PAT
  r.value[CONTROL_CR4] = 0;
  paging_update(&p, &r, 40);
  assert_int_equal(paging_decode(&p, 2, 0x3fe081), ENTRY_TABLE);  // PS ignored, and with it the reserved bits
  r = registers_for(MODE_PAE);                                    // CR4.PSE has no say
  paging_update(&p, &r, 40);
  assert_int_equal(paging_decode(&p, 2, 0x81), ENTRY_LEAF);
  r = registers_for(MODE_4LEVEL);
  paging_update(&p, &r, 40);
  assert_int_equal(paging_decode(&p, 3, 0x81), ENTRY_LEAF);
}

static void leaves_give_frames_of_their_size(void** state) {
  (void)state;
  static const struct {
    enum paging_mode mode;
    unsigned level, maxphyaddr;
    uint64_t entry, va, pa;
    unsigned shift;
  } cases[] = {
      {MODE_32BIT, 1, 40, 0xabcde267, 0x12345678, 0xabcde000, 12},
      {MODE_32BIT, 2, 40, 0xabc01087, 0x12345678, 0xabc00000, 22},    // bit 12 is PAT
      {MODE_32BIT, 2, 40, 0xabdfe087, 0x12345678, 0xffabc00000, 22},  // all of 20:13
      {MODE_32BIT, 2, 40, 0xabc02087, 0x12345678, 0x01abc00000, 22},  // 13 is bit 32
      {MODE_32BIT, 2, 40, 0xabd00087, 0x12345678, 0x80abc00000, 22},  // 20 is bit 39
      {MODE_PAE, 1, 40, 0x800000ffabcde267, 0x12345678, 0xffabcde000, 12},
      {MODE_PAE, 2, 40, 0x000000ffabc00087, 0x12345678, 0xffabc00000, 21},
      {MODE_4LEVEL, 3, 40, 0x000000ffc0000087, 0x7f12345678, 0xffc0000000, 30},
      {MODE_4LEVEL, 1, 40, 0x7f0000ffabcde267, 0x7f12345678, 0xffabcde000, 12},  // bits 62:52 are no address
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct registers r = registers_for(cases[i].mode);
    r.value[CONTROL_EFER] |= EFER_NXE;
    struct paging p;
    struct translation t = {.va = 0};
    paging_update(&p, &r, cases[i].maxphyaddr);
    paging_leaf(&p, cases[i].level, cases[i].entry, cases[i].va, RIGHT_USER, &t);
    assert_int_equal(t.pa, cases[i].pa);
    assert_int_equal(t.shift, cases[i].shift);
    assert_int_equal(t.va, cases[i].va >> cases[i].shift << cases[i].shift);
    assert_int_equal(t.rights, RIGHT_USER);
  }
}

static void leaf_attributes_are_read(void** state) {
  (void)state;
  struct registers r = registers_for(MODE_PAE);
  struct paging p;
  struct translation t = {.va = 0};
  paging_update(&p, &r, 40);
  paging_leaf(&p, 1, 0x1101, 0, 0, &t);
  assert_false(t.global);  // CR4.PGE is clear
  r.value[CONTROL_CR4] |= CR4_PGE;
  paging_update(&p, &r, 40);
  paging_leaf(&p, 1, 0x1101, 0, 0, &t);
  assert_true(t.global);
  assert_false(t.dirty);
  paging_leaf(&p, 1, 0x7800000000001041, 0, 0, &t);
  assert_false(t.global);
  assert_true(t.dirty);
  assert_int_equal(t.key, 0);  // keys are of long mode
  r = registers_for(MODE_4LEVEL);
  paging_update(&p, &r, 40);
  paging_leaf(&p, 1, 0x5800000000001041, 0, 0, &t);
  assert_int_equal(t.key, 0xb);
}

static void rights_combine_over_levels(void** state) {
  (void)state;
  for (unsigned upper = 0; upper < 8; upper++) {
    for (unsigned leaf = 0; leaf < 8; leaf++) {
      const unsigned each[2] = {upper, leaf};
      uint8_t rights = RIGHT_WRITE | RIGHT_USER;
      for (int i = 0; i < 2; i++)
        rights = paging_combine_rights(
            rights, (each[i] & 1 ? PTE_W : 0) | (each[i] & 2 ? PTE_U : 0) | (each[i] & 4 ? PTE_NX : 0));
      assert_int_equal(rights, (upper & leaf & 3) | ((upper | leaf) & 4));
    }
  }
}

// --- permissions
// ------------------------------------------------------------------------------------------------------

// The table of the page: what an access of each kind needs. Letters: . nothing more, F fault, W writable, w writable if
// WP, X not no-execute, E fault if SMEP, A AC if SMAP, K key's AD, D key's WD, d key's WD if WP.
static const char* const needs[2][3][2] = {
    // [supervisor, user][read, write, fetch][supervisor page, user page]
    {{".", "AK"}, {"w", "AwKd"}, {"X", "EX"}},
    {{"F", "K"}, {"F", "WKD"}, {"F", "X"}},
};

struct world {
  bool wp, smep, smap, ac, writable, no_execute, access_disabled, write_disabled;
};

static bool met(char need, const struct world* w) {
  switch (need) {
    case 'F':
      return false;
    case 'W':
      return w->writable;
    case 'w':
      return w->writable || !w->wp;
    case 'X':
      return !w->no_execute;
    case 'E':
      return !w->smep;
    case 'A':
      return w->ac || !w->smap;
    case 'K':
      return !w->access_disabled;
    case 'D':
      return !w->write_disabled;
    case 'd':
      return !w->write_disabled || !w->wp;
    default:
      return true;
  }
}

static bool is_of_key(char need) { return need == 'K' || need == 'D' || need == 'd'; }

static void permissions_are_those_of_the_table(void** state) {
  (void)state;
  enum { KEY = 5 };
  for (unsigned x = 0; x < 128; x++) {
    struct world w = {.wp = x & 1, .smep = x & 2, .smap = x & 4, .access_disabled = x & 8, .write_disabled = x & 16};
    bool keys = x & 32, nxe = x & 64;
    struct registers r = registers_for(MODE_4LEVEL);
    if (w.wp) r.value[CONTROL_CR0] |= CR0_WP;
    if (w.smep) r.value[CONTROL_CR4] |= CR4_SMEP;
    if (w.smap) r.value[CONTROL_CR4] |= CR4_SMAP;
    if (keys) r.value[CONTROL_CR4] |= CR4_PKE;
    if (nxe) r.value[CONTROL_EFER] |= EFER_NXE;
    r.value[CONTROL_PKRU] = (w.access_disabled ? 1u << 2 * KEY : 0) | (w.write_disabled ? 2u << 2 * KEY : 0);
    struct paging p;
    paging_update(&p, &r, 40);
    if (!keys) w.access_disabled = w.write_disabled = false;
    for (unsigned rights = 0; rights < RIGHTS_COUNT; rights++) {
      w.writable = rights & RIGHT_WRITE;
      w.no_execute = rights & RIGHT_NO_EXECUTE;
      for (unsigned class = 0; class < ACCESS_CLASSES; class ++) {
        struct ref ref = {.kind = (uint8_t)(class / 8), .flags = (uint8_t)(class % 8)};
        bool implicit = ref.flags & REF_IMPLICIT, user = (ref.flags & REF_USER) && !implicit;
        w.ac = (ref.flags & REF_AC) && !implicit;
        bool ok = true, by_key = false;
        for (const char* need = needs[user][ref.kind][!!(rights & RIGHT_USER)]; *need; need++) {
          ok &= met(*need, &w);
          by_key |= is_of_key(*need) && !met(*need, &w);
        }
        struct translation t = {.rights = (uint8_t)rights, .key = KEY};
        assert_int_equal(access_class(&ref), class);
        assert_int_equal(paging_allows(&p, &t, class), ok);
        if (ok) continue;
        unsigned error = PFEC_P | (ref.kind == ACCESS_WRITE ? PFEC_W : 0) | (user ? PFEC_U : 0) |
                         (ref.kind == ACCESS_FETCH && (nxe || w.smep) ? PFEC_ID : 0) | (by_key ? PFEC_PK : 0);
        assert_int_equal(paging_error_denied(&p, class, &t), error);
      }
    }
  }
}

static void error_codes_of_absent_and_reserved_entries(void** state) {
  (void)state;
  static const struct {
    enum paging_mode mode;
    bool nxe, smep;
    bool fetch_bit;
  } cases[] = {
      {MODE_32BIT, false, false, false}, {MODE_32BIT, true, false, false},  // NXE without PAE
      {MODE_32BIT, false, true, true},   {MODE_PAE, false, false, false},
      {MODE_PAE, true, false, true},     {MODE_PAE, false, true, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct registers r = registers_for(cases[i].mode);
    if (cases[i].nxe) r.value[CONTROL_EFER] |= EFER_NXE;
    if (cases[i].smep) r.value[CONTROL_CR4] |= CR4_SMEP;
    struct paging p;
    paging_update(&p, &r, 40);
    unsigned fetch = cases[i].fetch_bit ? PFEC_ID : 0;
    for (unsigned user = 0; user < 2; user++) {
      unsigned u = user ? PFEC_U : 0;
      assert_int_equal(paging_error_absent(&p, ACCESS_READ << 3 | user), u);
      assert_int_equal(paging_error_absent(&p, ACCESS_WRITE << 3 | user), u | PFEC_W);
      assert_int_equal(paging_error_absent(&p, ACCESS_FETCH << 3 | user), u | fetch);
      assert_int_equal(paging_error_reserved(&p, ACCESS_READ << 3 | user), u | PFEC_P | PFEC_RSVD);
      assert_int_equal(paging_error_reserved(&p, ACCESS_WRITE << 3 | user), u | PFEC_P | PFEC_RSVD | PFEC_W);
      assert_int_equal(paging_error_reserved(&p, ACCESS_FETCH << 3 | user), u | PFEC_P | PFEC_RSVD | fetch);
    }
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(registers_select_the_mode),
    cmocka_unit_test(entries_lie_where_the_split_says),
    cmocka_unit_test(root_comes_from_the_modes_bits_of_cr3),
    cmocka_unit_test(canonical_addresses_repeat_the_top_bit),
    cmocka_unit_test(every_reserved_bit_is_found_and_no_other),
    cmocka_unit_test(ps_makes_leaves_where_the_mode_has_large_pages),
    cmocka_unit_test(leaves_give_frames_of_their_size),
    cmocka_unit_test(leaf_attributes_are_read),
    cmocka_unit_test(rights_combine_over_levels),
    cmocka_unit_test(permissions_are_those_of_the_table),
    cmocka_unit_test(error_codes_of_absent_and_reserved_entries),
};
TEST_MAIN(tests)
