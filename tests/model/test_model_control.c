// SPDX-License-Identifier: MIT
// The rules of control operations in docs/paging.md: what is refused, what is dropped, when PDPTEs are loaded.
#include "check.h"
#include "model/control.h"

enum { M = 40 };

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
    {ON, 0, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR3, UINT64_C(0x8000000000001007), false, false, DROP_NON_GLOBAL,
     0x1007},
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
    {ON, 0, 0, 0, CONTROL_CR4, CR4_PSE, false, false, DROP_ALL, CR4_PSE},
    {ON, 0, CR4_PSE, 0, CONTROL_CR4, 0, false, false, DROP_ALL, 0},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_SMEP, false, false, DROP_ALL, CR4_SMEP},
    {ON, 0, CR4_SMEP, 0, CONTROL_CR4, 0, false, false, DROP_NOTHING, 0},
    {ON, 0, 0, 0, CONTROL_CR4, CR4_PAE, false, true, DROP_ALL, CR4_PAE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, 0, false, false, DROP_ALL, 0},
    {OFF, 0, CR4_PAE, EFER_LME, CONTROL_CR4, CR4_PAE | CR4_LA57, false, false, DROP_NOTHING, CR4_PAE | CR4_LA57},
    {ON, 0x1000, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PCIDE, false, false, DROP_NOTHING, CR4_PAE | CR4_PCIDE},
    {ON, 0x1001, CR4_PAE | CR4_PCIDE, LONG_EFER, CONTROL_CR4, CR4_PAE, false, false, DROP_ALL, CR4_PAE},
    // CR4 in PAE: PAE, PGE, PSE and SMEP load the PDPTEs
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_PGE, false, true, DROP_ALL, CR4_PAE | CR4_PGE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_PSE, false, true, DROP_ALL, CR4_PAE | CR4_PSE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_SMEP, false, true, DROP_ALL, CR4_PAE | CR4_SMEP},
    {ON, 0, CR4_PAE | CR4_SMEP, 0, CONTROL_CR4, CR4_PAE, false, true, DROP_NOTHING, CR4_PAE},
    {ON, 0, CR4_PAE, 0, CONTROL_CR4, CR4_PAE | CR4_SMAP, false, false, DROP_NOTHING, CR4_PAE | CR4_SMAP},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_CR4, CR4_PAE | CR4_PGE, false, false, DROP_ALL, CR4_PAE | CR4_PGE},
    {OFF, 0, 0, 0, CONTROL_CR4, CR4_PAE, false, false, DROP_ALL, CR4_PAE},
    // EFER
    {OFF, 0, 0, 0, CONTROL_EFER, 0xd01 | UINT64_C(2), true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_EFER, UINT64_C(1) << 12, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_EFER, UINT64_C(1) << 32, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, 0, CONTROL_EFER, EFER_LME, true, false, DROP_NOTHING, 0},
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_EFER, 0, true, false, DROP_NOTHING, 0},
    {OFF, 0, 0, 0, CONTROL_EFER, EFER_LMA, false, false, DROP_NOTHING, 0},  // read-only
    {ON, 0, CR4_PAE, LONG_EFER, CONTROL_EFER, EFER_LME, false, false, DROP_NOTHING, LONG_EFER},
    {OFF, 0, 0, 0, CONTROL_EFER, EFER_LME, false, false, DROP_NOTHING, EFER_LME},
    {ON, 0, CR4_PAE, 0, CONTROL_EFER, EFER_NXE, false, false, DROP_ALL, EFER_NXE},
    {ON, 0, CR4_PAE, EFER_NXE, CONTROL_EFER, 0, false, false, DROP_ALL, 0},
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
    control_plan(&plan, &r, &op, M);
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
  for (int op = CONTROL_CR0; op <= CONTROL_INVLPG; op++) {
    struct control control = {.op = (uint8_t)op, .user = true, .value = op == CONTROL_CR0 ? 0x11 : 0};
    struct control_plan plan;
    control_plan(&plan, &r, &control, M);
    assert_int_equal(plan.refused, op != CONTROL_PKRU);
    control.user = false;
    control_plan(&plan, &r, &control, M);
    assert_false(plan.refused);
  }
}

static void lma_follows_paging(void** state) {
  (void)state;
  struct registers r = {.value = {OFF, 0, CR4_PAE, EFER_LME, 0}};
  struct control on = {.op = CONTROL_CR0, .value = ON}, off = {.op = CONTROL_CR0, .value = OFF};
  struct control_plan plan;
  control_plan(&plan, &r, &on, M);
  assert_int_equal(plan.after.value[CONTROL_EFER], LONG_EFER);
  r = plan.after;
  control_plan(&plan, &r, &off, M);
  assert_int_equal(plan.after.value[CONTROL_EFER], EFER_LME);
}

static void pdptes_are_read_at_the_new_root(void** state) {
  (void)state;
  struct registers r = {.value = {ON, 0x1000, CR4_PAE, 0, 0}};
  struct control control = {.op = CONTROL_CR3, .value = 0xff1234567f};
  struct control_plan plan;
  control_plan(&plan, &r, &control, M);
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_write_does_what_the_table_says),
    cmocka_unit_test(user_mode_may_write_pkru_alone),
    cmocka_unit_test(lma_follows_paging),
    cmocka_unit_test(pdptes_are_read_at_the_new_root),
    cmocka_unit_test(present_pdptes_with_reserved_bits_refuse_the_load),
};
TEST_MAIN(tests)
