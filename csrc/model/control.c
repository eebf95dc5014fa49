// SPDX-License-Identifier: MIT
#include "model/control.h"

#include <string.h>

#include "engine/serial.h"
#include "model/paging.h"

#define CR0_KEPT (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR4_KNOWN                                                                                        \
  (CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_PCE | CR4_OSFXSR | \
   CR4_OSXMMEXCPT | CR4_UMIP | CR4_LA57 | CR4_FSGSBASE | CR4_PCIDE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP | CR4_PKE)
#define EFER_KNOWN (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

#define CR0_LOADS_PDPTES (CR0_CD | CR0_NW | CR0_PG)
#define CR4_LOADS_PDPTES (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)
#define PDPTE_ROOT bits_between(5, 32)
#define PDPTE_RESERVED (bits_between(1, 3) | bits_between(5, 9))

void control_reset(struct registers* registers) {
  memset(registers, 0, sizeof *registers);
  registers->value[CONTROL_CR0] = CR0_PE | CR0_ET;
  serial_reset_segments(registers->segment);
}

static bool has(uint64_t value, uint64_t bit) { return (value & bit) != 0; }

static bool tagged(const struct registers* r) { return registers_have(r, CONTROL_CR4, CR4_PCIDE); }

static uint16_t pcid_of(const struct registers* r) {
  return tagged(r) ? (uint16_t)(r->value[CONTROL_CR3] & CR3_PCID) : 0;
}

static bool long_mode(const struct registers* r) { return registers_have(r, CONTROL_EFER, EFER_LMA); }

static void set_lma(struct registers* r) {
  r->value[CONTROL_EFER] &= ~EFER_LMA;
  if (registers_have(r, CONTROL_EFER, EFER_LME) && registers_have(r, CONTROL_CR0, CR0_PG))
    r->value[CONTROL_EFER] |= EFER_LMA;
}

static void plan_cr0(struct control_plan* plan, const struct registers* now, uint64_t value) {
  uint64_t old = now->value[CONTROL_CR0], changed = old ^ value;
  plan->refused = value >> 32 != 0 || (has(value, CR0_PG) && !has(value, CR0_PE)) ||
                  (has(value, CR0_NW) && !has(value, CR0_CD)) ||
                  (has(value, CR0_PG) && registers_have(now, CONTROL_EFER, EFER_LME) &&
                   !registers_have(now, CONTROL_CR4, CR4_PAE)) ||
                  (!has(value, CR0_PG) && registers_have(now, CONTROL_CR4, CR4_PCIDE));
  plan->after.value[CONTROL_CR0] = (value & CR0_KEPT) | CR0_ET;
  set_lma(&plan->after);
  plan->load_pdptes = has(changed, CR0_LOADS_PDPTES) && registers_mode(&plan->after) == MODE_PAE;
  if (has(old & ~value, CR0_PG)) plan->drop = DROP_ALL;
}

static void plan_cr3(struct control_plan* plan, const struct registers* now, uint64_t value, unsigned maxphyaddr) {
  uint64_t allowed = bits_between(0, maxphyaddr);
  if (tagged(now)) allowed |= CR3_NO_FLUSH;
  plan->refused = has(value, ~allowed);
  plan->after.value[CONTROL_CR3] = value & ~CR3_NO_FLUSH;
  plan->load_pdptes = registers_mode(now) == MODE_PAE;
  plan->drop = !tagged(now) ? DROP_NON_GLOBAL : has(value, CR3_NO_FLUSH) ? DROP_NOTHING : DROP_PCID;
  plan->drop_pcid = pcid_of(&plan->after);
}

static uint64_t cr4_reserved(const struct config* config) {
  return ~CR4_KNOWN | (config->pcid ? 0 : CR4_PCIDE) | (config->global ? 0 : CR4_PGE);
}

static void plan_cr4(struct control_plan* plan, const struct registers* now, uint64_t value,
                     const struct config* config) {
  uint64_t old = now->value[CONTROL_CR4], changed = old ^ value, set = value & ~old, cleared = old & ~value;
  plan->refused = has(value, cr4_reserved(config)) ||
                  (long_mode(now) && (has(cleared, CR4_PAE) || has(changed, CR4_LA57))) ||
                  (has(set, CR4_PCIDE) && (!long_mode(now) || has(now->value[CONTROL_CR3], CR3_PCID)));
  plan->after.value[CONTROL_CR4] = value;
  plan->load_pdptes = has(changed, CR4_LOADS_PDPTES) && registers_mode(&plan->after) == MODE_PAE;
  if (has(changed, CR4_PGE) || has(cleared, CR4_PCIDE))
    plan->drop = DROP_ALL;
  else if (has(changed, CR4_PAE | CR4_PSE) || has(set, CR4_SMEP))
    plan->drop = DROP_PCID_AND_GLOBAL;
}

static void plan_efer(struct control_plan* plan, const struct registers* now, uint64_t value) {
  uint64_t changed = now->value[CONTROL_EFER] ^ value;
  plan->refused = has(value, ~EFER_KNOWN) || (has(changed, EFER_LME) && registers_have(now, CONTROL_CR0, CR0_PG));
  plan->after.value[CONTROL_EFER] = value;
  set_lma(&plan->after);
  if (has(changed, EFER_NXE)) plan->drop = DROP_PCID_AND_GLOBAL;
}

enum { INVPCID_ADDRESS, INVPCID_PCID, INVPCID_ALL, INVPCID_NON_GLOBAL };

static void plan_invpcid(struct control_plan* plan, const struct registers* now, const struct control* control,
                         const struct config* config) {
  static const enum control_drop drops[INVPCID_TYPES] = {[INVPCID_ADDRESS] = DROP_ADDRESS_OF_PCID,
                                                         [INVPCID_PCID] = DROP_PCID,
                                                         [INVPCID_ALL] = DROP_ALL,
                                                         [INVPCID_NON_GLOBAL] = DROP_NON_GLOBAL};
  bool of_one = control->type == INVPCID_ADDRESS || control->type == INVPCID_PCID;
  plan->refused = !config->pcid || control->type >= INVPCID_TYPES || has(control->pcid, ~CR3_PCID) ||
                  (of_one && control->pcid != 0 && !tagged(now)) ||
                  (control->type == INVPCID_ADDRESS && !paging_mode_canonical(registers_mode(now), control->value));
  if (plan->refused) return;
  plan->drop = drops[control->type];
  plan->drop_pcid = (uint16_t)control->pcid;
}

void control_plan(struct control_plan* plan, const struct registers* now, const struct control* control,
                  const struct config* config) {
  *plan = (struct control_plan){.drop = DROP_NOTHING, .drop_pcid = pcid_of(now), .after = *now};
  switch ((enum control_op)control->op) {
    case CONTROL_CR0:
      plan_cr0(plan, now, control->value);
      break;
    case CONTROL_CR3:
      plan_cr3(plan, now, control->value, config->maxphyaddr);
      break;
    case CONTROL_CR4:
      plan_cr4(plan, now, control->value, config);
      break;
    case CONTROL_EFER:
      plan_efer(plan, now, control->value);
      break;
    case CONTROL_PKRU:
      plan->refused = control->value >> 32 != 0;
      plan->after.value[CONTROL_PKRU] = control->value;
      break;
    case CONTROL_INVLPG:
      // An address that is not canonical translates to nothing, and is no reason to drop walk caches.
      if (paging_mode_canonical(registers_mode(now), control->value)) plan->drop = DROP_ADDRESS;
      break;
    case CONTROL_INVPCID:
      plan_invpcid(plan, now, control, config);
      break;
    case CONTROL_SEGMENT:
      plan->after.segment[control->index % SEGMENT_COUNT] = control->segment;
      break;
  }
  plan->refused |= control->user && control->op != CONTROL_PKRU;
  plan->load_pdptes &= !plan->refused;
  plan->pdpte_address = plan->after.value[CONTROL_CR3] & PDPTE_ROOT;
}

bool control_take_pdptes(struct control_plan* plan, const uint64_t pdptes[PDPTE_COUNT], unsigned maxphyaddr) {
  uint64_t reserved = PDPTE_RESERVED | bits_between(maxphyaddr, 64);
  for (int i = 0; i < PDPTE_COUNT; i++) {
    if (has(pdptes[i], BIT(0)) && has(pdptes[i], reserved)) return false;
    plan->after.pdpte[i] = pdptes[i];
  }
  return true;
}
