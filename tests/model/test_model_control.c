// SPDX-License-Identifier: MIT
// The rules of control operations in docs/paging.md: what is refused, what is dropped, when PDPTEs are loaded.
#include "check.h"
#include "model/control.h"

enum { M = 40 };
static const struct config machine = {.maxphyaddr = M, .pcid = 1, .global = 1};

#define OFF UINT64_C(0x11)
#define ON UINT64_C(0x80000011)
#define LONG_EFER (EFER_LME | EFER_LMA)

struct step {
  uint64_t cr0, cr3, cr4, efer;  // before
  enum control_op op;
  uint64_t value;
  bool refused, load;
  enum control_drop drop;
  uint64_t after;  // of the register written
};

static const struct step steps[] = {
    // CR0: what is refused
    {OFF, 0, 0, 0, CONTROL_CR0, 0x80000010, true, false, DROP_NOTHING, 0},   // PG without PE
    {OFF, 0, 0, 0, CONTROL_CR0, 0x20000011, true, false, DROP_NOTHING, 0},   // NW without CD
    {OFF, 0, 0, 0, CONTROL_CR0, 0x100000011, true, false, DROP_NOTHING, 0},  // the high half
    {OFF, 0, 0, 0, CONTROL_CR0, UINT64_C(0x8000000000000011), true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, EFER_LME, CONTROL_CR0, ON, true, false, DROP_NOTHING, 0},  // long mode without PAE
    {ON, 0, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR0, OFF, true, false, DROP_NOTHING, 0},
    // CR0: what is taken
    {OFF, 0, 0, 0, CONTROL_CR0, 0x60000011, false, false, DROP_NOTHING, 0x60000011},
    {OFF, 0, 0, 0, CONTROL_CR0, 0x40000011, false, false, DROP_NOTHING, 0x40000011},
    {OFF, 0, 0, 0, CONTROL_CR0, 0x1ffaffd1, false, false, DROP_NOTHING, 0x11},  // reserved low bits are ignored
    {OFF, 0, 0, 0, CONTROL_CR0, 0, false, false, DROP_NOTHING, 0x10},           // ET reads 1
    {OFF, 0, 0, 0, CONTROL_CR0, 0x5003f, false, false, DROP_NOTHING, 0x5003f},
    {OFF, 0, 0, 0, CONTROL_CR0, ON, false, false, DROP_NOTHING, ON},
    {ON, 0, 0, 0, CONTROL_CR0, OFF, false, false, DROP_ALL, OFF},
    {ON, 0, 0, 0, CONTROL_CR0, ON | CR0_WP, false, false, DROP_NOTHING, ON | CR0_WP},
    {OFF, 0, CR4_PAE, EFER_LME, CONTROL_CR0, ON, false, false, DROP_NOTHING, ON},
    // CR0 in PAE: CD, NW and PG load the PDPTEs
    {OFF, 0, CR4_PAE, 0, CONTROL_CR0, ON, false, true, DROP_NOTHING, ON},
    {ON, 0, CR4_PAE, 0, CONTROL_CR0, ON | CR0_CD, false, true, DROP_NOTHING, ON | CR0_CD},
    {ON | CR0_CD, 0, CR4_PAE, 0, CONTROL_CR0, ON | CR0_CD | CR0_NW, false, true, DROP_NOTHING, ON | CR0_CD | CR0_NW},
    {ON, 0, CR4_PAE, 0, CONTROL_CR0, ON | CR0_WP, false, false, DROP_NOTHING, ON | CR0_WP},
    {ON, 0, CR4_PAE, 0, CONTROL_CR0, ON, false, false, DROP_NOTHING, ON},
    {ON, 0, CR4_PAE, 0, CONTROL_CR0, OFF, false, false, DROP_ALL, OFF},  // PAE paging ends: nothing to load
    {ON, 0, 0, 0, CONTROL_CR0, ON | CR0_CD, false, false, DROP_NOTHING, ON | CR0_CD},
    // CR3
    {OFF, 0, 0, 0, CONTROL_CR3, 0xffffffffff, false, false, DROP_NON_GLOBAL, 0xffffffffff},
    {ON, 0, 0, 0, CONTROL_CR3, 0x1018, false, false, DROP_NON_GLOBAL, 0x1018},
    {OFF, 0, 0, 0, CONTROL_CR3, UINT64_C(1) << 40, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_CR3, UINT64_C(1) << 63, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, 0, CONTROL_CR3, UINT64_C(1) << 52, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, 0, CONTROL_CR3, 0x1020, false, true, DROP_NON_GLOBAL, 0x1020},
    {OFF, 0, CR4_PAE, 0, CONTROL_CR3, 0x1020, false, false, DROP_NON_GLOBAL, 0x1020},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_CR3, 0x1000, false, false, DROP_NON_GLOBAL, 0x1000},
    {ON, 0, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR3, UINT64_C(0x8000000000001007), false, false, DROP_NOTHING,
     0x1007},
    {ON, 0x2003, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR3, 0x1007, false, false, DROP_PCID, 0x1007},
    {ON, 0, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR3, UINT64_C(0x4000000000001007), true, false, DROP_NOTHING, 0},
    // CR4: what is refused
    {OFF, 0, 0, 0, CONTROL_CR4, UINT64_C(1) << 13, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_CR4, UINT64_C(1) << 14, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_CR4, UINT64_C(1) << 15, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_CR4, UINT64_C(1) << 19, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_CR4, UINT64_C(1) << 23, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_CR4, UINT64_C(1) << 32, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_CR4, 0, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_LA57, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE | CR4_LA57, LONG_EFER, CONTROL_CR4, CR4_PAE, true, false, DROP_NOTHING, 0},
    {ON, 0x1001, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PCIDE, true, false, DROP_NOTHING, 0},
    {ON, 0x1000, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_PCIDE, true, false, DROP_NOTHING, 0},
    {OFF, 0, CR4_PAE, EFER_LME, CONTROL_CR4, CR4_PAE | CR4_PCIDE, true, false, DROP_NOTHING, 0},
    // CR4: what is taken, and drops
    {ON, 0, 0, 0, CONTROL_CR4, 0xf4f | CR4_FSGSBASE | CR4_OSXSAVE, false, false, DROP_NOTHING,
     0xf4f | CR4_FSGSBASE | CR4_OSXSAVE},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_SMAP | CR4_PKE, false, false, DROP_NOTHING, CR4_SMAP | CR4_PKE},
    {ON, 0, CR4_SMAP | CR4_PKE, 0, CONTROL_CR4, 0, false, false, DROP_NOTHING, 0},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_PGE, false, false, DROP_ALL, CR4_PGE},
    {ON, 0, CR4_PGE, 0, CONTROL_CR4, 0, false, false, DROP_ALL, 0},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_PSE, false, false, DROP_PCID_AND_GLOBAL, CR4_PSE},
    {ON, 0, CR4_PSE, 0, CONTROL_CR4, 0, false, false, DROP_PCID_AND_GLOBAL, 0},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_SMEP, false, false, DROP_PCID_AND_GLOBAL, CR4_SMEP},
    {ON, 0, CR4_SMEP, 0, CONTROL_CR4, 0, false, false, DROP_NOTHING, 0},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_PAE, false, true, DROP_PCID_AND_GLOBAL, CR4_PAE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, 0, false, false, DROP_PCID_AND_GLOBAL, 0},
    // LA57 may change where long mode is not active: in other modes it means nothing, and with paging off nothing is
    // held
    {OFF, 0, CR4_PAE, EFER_LME, CONTROL_CR4, CR4_PAE | CR4_LA57, false, false, DROP_NOTHING, CR4_PAE | CR4_LA57},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_LA57, false, false, DROP_NOTHING, CR4_LA57},
    {ON, 0x1000, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PCIDE, false, false, DROP_NOTHING, CR4_PAE | CR4_PCIDE},
    {ON, 0x1001, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR4, CR4_PAE, false, false, DROP_ALL, CR4_PAE},
    {ON, 0x1001, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PCIDE | CR4_PSE, false, false,
     DROP_PCID_AND_GLOBAL, CR4_PAE | CR4_PCIDE | CR4_PSE},
    {ON, 0x1000, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PCIDE | CR4_SMEP, false, false, DROP_PCID_AND_GLOBAL,
     CR4_PAE | CR4_PCIDE | CR4_SMEP},
    {ON, 0x1000, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PGE | CR4_SMEP, false, false, DROP_ALL,
     CR4_PAE | CR4_PGE | CR4_SMEP},
    // CR4 in PAE: PAE, PGE, PSE and SMEP load the PDPTEs
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_PGE, false, true, DROP_ALL, CR4_PAE | CR4_PGE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_PSE, false, true, DROP_PCID_AND_GLOBAL, CR4_PAE | CR4_PSE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_SMEP, false, true, DROP_PCID_AND_GLOBAL, CR4_PAE | CR4_SMEP},
    {ON, 0, CR4_PAE | CR4_SMEP, 0, CONTROL_CR4, CR4_PAE, false, true, DROP_NOTHING, CR4_PAE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_SMAP, false, false, DROP_NOTHING, CR4_PAE | CR4_SMAP},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PGE, false, false, DROP_ALL, CR4_PAE | CR4_PGE},
    {OFF, 0, 0, 0, CONTROL_CR4, CR4_PAE, false, false, DROP_PCID_AND_GLOBAL, CR4_PAE},
    // EFER
    {OFF, 0, 0, 0, CONTROL_EFER, 0xd01 | UINT64_C(2), true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_EFER, UINT64_C(1) << 12, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_EFER, UINT64_C(1) << 32, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, 0, CONTROL_EFER, EFER_LME, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_EFER, 0, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_EFER, EFER_LMA, false, false, DROP_NOTHING, 0},  // read-only
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_EFER, EFER_LME, false, false, DROP_NOTHING, LONG_EFER},
    {OFF, 0, 0, 0, CONTROL_EFER, EFER_LME, false, false, DROP_NOTHING, EFER_LME},
    {ON, 0, CR4_PAE, 0, CONTROL_EFER, EFER_NXE, false, false, DROP_PCID_AND_GLOBAL, EFER_NXE},
    {ON, 0, CR4_PAE, EFER_NXE, CONTROL_EFER, 0, false, false, DROP_PCID_AND_GLOBAL, 0},
    {ON, 0, CR4_PAE, EFER_NXE, CONTROL_EFER, EFER_NXE | EFER_SCE, false, false, DROP_NOTHING, EFER_NXE | EFER_SCE},
    // PKRU
    {ON, 0, 0, 0, CONTROL_PKRU, 0xffffffff, false, false, DROP_NOTHING, 0xffffffff},
    {ON, 0, 0, 0, CONTROL_PKRU, UINT64_C(1) << 32, true, false, DROP_NOTHING, 0},
};

static void every_write_does_what_the_table_says(void** state) {
  (void)state;
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const struct step* s = &steps[i];
    struct registers r = {.value = {s->cr0, s->cr3, s->cr4, s->efer, 0}};
    struct control op = {.op = (uint8_t)s->op, .value = s->value};
    struct control_plan plan;
    control_plan(&plan, &r, &op, &machine);
    if (plan.refused != s->refused) fail_msg("step %zu: refused = %d", i, plan.refused);
    if (s->refused) {
      assert_false(plan.load_pdptes);
      continue;
    }
    if (plan.load_pdptes != s->load) fail_msg("step %zu: loads = %d", i, plan.load_pdptes);
    if (plan.drop != s->drop) fail_msg("step %zu: drops %d", i, plan.drop);
    if (plan.after.value[s->op] != s->after)
      fail_msg("step %zu: register becomes %llx", i, (unsigned long long)plan.after.value[s->op]);
  }
}

static void user_mode_may_write_pkru_alone(void** state) {
  (void)state;
  struct registers r;
  control_reset(&r);
  for (int op = CONTROL_CR0; op <= CONTROL_SEGMENT; op++) {
    struct control control = {.op = (uint8_t)op, .user = true, .value = op == CONTROL_CR0 ? 0x11 : 0};
    struct control_plan plan;
    control_plan(&plan, &r, &control, &machine);
    assert_int_equal(plan.refused, op != CONTROL_PKRU);
    control.user = false;
    control_plan(&plan, &r, &control, &machine);
    assert_false(plan.refused);
  }
}

// What each drops, for which PCID.
static void drops_name_a_pcid(void** state) {
  (void)state;
  const struct {
    uint64_t cr3, cr4;
    struct control op;
    enum control_drop drop;
    unsigned pcid;
  } cases[] = {
      {0x1007, CR4_PAE, {.op = CONTROL_INVLPG}, DROP_ADDRESS, 0},  // PCIDE = 0: CR3[11:0] is no PCID
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_INVLPG}, DROP_ADDRESS, 7},
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_INVLPG, .value = BIT(47)}, DROP_NOTHING, 7},  // not canonical
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_CR3, .value = 0x2009}, DROP_PCID, 9},
      {0x1007, CR4_PAE, {.op = CONTROL_CR3, .value = 0x2009}, DROP_NON_GLOBAL, 0},
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_EFER, .value = EFER_LME | EFER_NXE}, DROP_PCID_AND_GLOBAL, 7},
      {0x1007,
       CR4_PAE | CR4_PCIDE,
       {.op = CONTROL_CR4, .value = CR4_PAE | CR4_PCIDE | CR4_SMEP},
       DROP_PCID_AND_GLOBAL,
       7},
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_INVPCID, .type = 0, .pcid = 3}, DROP_ADDRESS_OF_PCID, 3},
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_INVPCID, .type = 1, .pcid = 0xfff}, DROP_PCID, 0xfff},
      {0x1007, CR4_PAE, {.op = CONTROL_INVPCID, .type = 1}, DROP_PCID, 0},
      {0x1007, CR4_PAE, {.op = CONTROL_INVPCID, .type = 2, .pcid = 5}, DROP_ALL, 5},
      {0x1007, CR4_PAE, {.op = CONTROL_INVPCID, .type = 3}, DROP_NON_GLOBAL, 0},
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_PKRU}, DROP_NOTHING, 7},
      {0x1007, CR4_PAE | CR4_PCIDE, {.op = CONTROL_SEGMENT}, DROP_NOTHING, 7},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct registers r = {.value = {ON, cases[i].cr3, cases[i].cr4, LONG_EFER, 0}};
    struct control_plan plan;
    control_plan(&plan, &r, &cases[i].op, &machine);
    if (plan.refused) fail_msg("case %zu was refused", i);
    if (plan.drop != cases[i].drop || plan.drop_pcid != cases[i].pcid)
      fail_msg("case %zu: drops %d of %u", i, plan.drop, plan.drop_pcid);
  }
}

static void invpcid_is_refused(void** state) {
  (void)state;
  const uint64_t tagged = CR4_PAE | CR4_PCIDE;
  const struct {
    uint64_t cr4, efer, type, pcid, va;
    bool refused;
  } cases[] = {
      {tagged, LONG_EFER, 4, 0, 0, true},
      {tagged, LONG_EFER, BIT(32), 0, 0, true},
      {tagged, LONG_EFER, 3, 0, 0, false},
      {tagged, LONG_EFER, 0, BIT(12), 0, true},
      {tagged, LONG_EFER, 1, BIT(63), 0, true},
      {tagged, LONG_EFER, 2, BIT(12), 0, true},  // of any type
      {tagged, LONG_EFER, 3, BIT(12), 0, true},
      {CR4_PAE, LONG_EFER, 0, 1, 0, true},  // no PCIDs
      {CR4_PAE, LONG_EFER, 1, 1, 0, true},
      {CR4_PAE, LONG_EFER, 2, 1, 0, false},
      {CR4_PAE, LONG_EFER, 3, 1, 0, false},
      {CR4_PAE, LONG_EFER, 0, 0, 0, false},
      {tagged, LONG_EFER, 0, 1, BIT(47), true},
      {tagged, LONG_EFER, 0, 1, ~(BIT(47) - 1), false},
      {tagged, LONG_EFER, 1, 1, BIT(47), false},  // the address counts with type 0 alone
      {tagged | CR4_LA57, LONG_EFER, 0, 1, BIT(47), false},
      {tagged | CR4_LA57, LONG_EFER, 0, 1, BIT(56), true},
      {0, 0, 0, 0, BIT(47), false},  // 32-bit paging knows no canonical addresses
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct registers r = {.value = {ON, 0x1000, cases[i].cr4, cases[i].efer, 0}};
    struct control op = {.op = CONTROL_INVPCID, .type = cases[i].type, .pcid = cases[i].pcid, .value = cases[i].va};
    struct control_plan plan;
    control_plan(&plan, &r, &op, &machine);
    if (plan.refused != cases[i].refused) fail_msg("case %zu: refused = %d", i, plan.refused);
    if (plan.refused) assert_int_equal(plan.drop, DROP_NOTHING);
  }
}

static void segments_are_loaded_one_by_one(void** state) {
  (void)state;
  struct registers r;
  control_reset(&r);
  assert_true(r.segment[0].present && r.segment[0].writable && !r.segment[0].expand_down);
  assert_int_equal(r.segment[0].base, 0);
  assert_int_equal(r.segment[0].limit, UINT64_MAX);
  assert_int_equal(r.segment[0].privilege, 3);
  for (int i = 1; i < SEGMENT_COUNT; i++) assert_false(r.segment[i].present);
  const struct segment loaded = {.base = 0x8000, .limit = 0x3fff, .present = true, .privilege = 3};
  struct control op = {.op = CONTROL_SEGMENT, .index = 7, .segment = loaded};
  struct control_plan plan;
  control_plan(&plan, &r, &op, &machine);
  assert_false(plan.refused);
  assert_int_equal(plan.after.segment[7].base, 0x8000);
  assert_int_equal(plan.after.segment[7].limit, 0x3fff);
  assert_memory_equal(plan.after.segment, r.segment, 7 * sizeof *r.segment);
}

static void lma_follows_paging(void** state) {
  (void)state;
  struct registers r = {.value = {OFF, 0, CR4_PAE, EFER_LME, 0}};
  struct control on = {.op = CONTROL_CR0, .value = ON}, off = {.op = CONTROL_CR0, .value = OFF};
  struct control_plan plan;
  control_plan(&plan, &r, &on, &machine);
  assert_int_equal(plan.after.value[CONTROL_EFER], LONG_EFER);
  r = plan.after;
  control_plan(&plan, &r, &off, &machine);
  assert_int_equal(plan.after.value[CONTROL_EFER], EFER_LME);
}

static void pdptes_are_read_at_the_new_root(void** state) {
  (void)state;
  struct registers r = {.value = {ON, 0x1000, CR4_PAE, 0, 0}};
  struct control control = {.op = CONTROL_CR3, .value = 0xff1234567f};
  struct control_plan plan;
  control_plan(&plan, &r, &control, &machine);
  assert_int_equal(plan.pdpte_address, 0x12345660);
}

static void present_pdptes_with_reserved_bits_refuse_the_load(void** state) {
  (void)state;
  const uint64_t reserved = 0x6 | 0x1e0 | ~((UINT64_C(1) << M) - 1);
  for (unsigned bit = 1; bit < 64; bit++) {
    for (unsigned which = 0; which < PDPTE_COUNT; which++) {
      struct control_plan plan = {.refused = false};
      uint64_t pdptes[PDPTE_COUNT] = {0x1001, 0, 0x3001, 0};
      pdptes[which] = BIT(bit) | 1;
      assert_int_equal(control_take_pdptes(&plan, pdptes, M), !(reserved & BIT(bit)));
      pdptes[which] = BIT(bit);  // not present: nothing is reserved
      assert_true(control_take_pdptes(&plan, pdptes, M));
      assert_memory_equal(plan.after.pdpte, pdptes, sizeof pdptes);
    }
  }
}

static bool refuses(const struct config* config, const struct control* op) {
  const struct registers r = {.value = {ON, 0, CR4_PAE, LONG_EFER, 0}};
  struct control_plan plan;
  control_plan(&plan, &r, op, config);
  return plan.refused;
}

static void what_the_machine_lacks_is_reserved(void** state) {
  (void)state;
  for (unsigned has = 0; has < 4; has++) {
    const struct config config = {.maxphyaddr = M, .pcid = has & 1, .global = has >> 1};
    const struct control pcide = {.op = CONTROL_CR4, .value = CR4_PAE | CR4_PCIDE};
    const struct control pge = {.op = CONTROL_CR4, .value = CR4_PAE | CR4_PGE};
    const struct control neither = {.op = CONTROL_CR4, .value = CR4_PAE | CR4_SMEP};
    assert_int_equal(refuses(&config, &pcide), !config.pcid);
    assert_int_equal(refuses(&config, &pge), !config.global);
    assert_false(refuses(&config, &neither));
    for (unsigned type = 0; type < INVPCID_TYPES; type++) {
      const struct control invpcid = {.op = CONTROL_INVPCID, .type = type};
      assert_int_equal(refuses(&config, &invpcid), !config.pcid);
    }
    const struct control invlpg = {.op = CONTROL_INVLPG};
    assert_false(refuses(&config, &invlpg));
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_the_machine_lacks_is_reserved),
    cmocka_unit_test(every_write_does_what_the_table_says),
    cmocka_unit_test(user_mode_may_write_pkru_alone),
    cmocka_unit_test(lma_follows_paging),
    cmocka_unit_test(pdptes_are_read_at_the_new_root),
    cmocka_unit_test(present_pdptes_with_reserved_bits_refuse_the_load),
    cmocka_unit_test(drops_name_a_pcid),
    cmocka_unit_test(invpcid_is_refused),
    cmocka_unit_test(segments_are_loaded_one_by_one),
};
TEST_MAIN(tests)
