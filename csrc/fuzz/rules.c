// SPDX-License-Identifier: MIT
#include "fuzz/rules.h"

#include <string.h>

#define BIT(n) RULES_BIT(n)

// Bits first..last set; none if last < first.
static uint64_t bits(unsigned first, unsigned last) {
  return last < first ? 0 : (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
}

#define CR0_PE BIT(0)
#define CR0_ET BIT(4)
#define CR0_WP BIT(16)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)
#define CR4_PSE BIT(4)
#define CR4_PAE BIT(5)
#define CR4_PGE BIT(7)
#define CR4_LA57 BIT(12)
#define CR4_PCIDE BIT(17)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)
#define CR4_PKE BIT(22)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)

// PE MP EM TS ET NE WP AM NW CD PG
static const uint64_t cr0_bits = 0x3f | CR0_WP | BIT(18) | CR0_NW | CR0_CD | CR0_PG;
// VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP LA57, FSGSBASE PCIDE OSXSAVE, SMEP SMAP PKE
static const uint64_t cr4_bits = 0x1fff | BIT(16) | CR4_PCIDE | BIT(18) | CR4_SMEP | CR4_SMAP | CR4_PKE;
static const uint64_t efer_bits = BIT(0) | EFER_LME | EFER_LMA | EFER_NXE;

void rules_reset(struct rules* rules, const struct config* config) {
  memset(rules, 0, sizeof *rules);
  rules->maxphyaddr = config->maxphyaddr;
  rules->has_pcid = config->pcid;
  rules->has_global = config->global;
  rules->cr0 = CR0_PE | CR0_ET;
  rules->segment[0] = (struct segment){.limit = UINT64_MAX, .present = true, .writable = true, .privilege = 3};
}

static enum paging_mode mode_of(uint64_t cr0, uint64_t cr4, uint64_t efer) {
  if (!(cr0 & CR0_PG)) return MODE_NONE;
  if (!(cr4 & CR4_PAE)) return MODE_32BIT;
  if (!(efer & EFER_LME)) return MODE_PAE;
  return cr4 & CR4_LA57 ? MODE_5LEVEL : MODE_4LEVEL;
}

enum paging_mode rules_mode(const struct rules* rules) { return mode_of(rules->cr0, rules->cr4, rules->efer); }
bool rules_long_mode(const struct rules* rules) { return rules_mode(rules) >= MODE_4LEVEL; }
bool rules_pcide(const struct rules* rules) { return rules->cr4 & CR4_PCIDE; }
unsigned rules_pcid(const struct rules* rules) { return rules_pcide(rules) ? rules->cr3 & 0xfff : 0; }

// ---------------------------------------------------------------------------------------------------------------------
// Addresses

unsigned rules_levels(enum paging_mode mode) {
  static const unsigned levels[MODE_COUNT] = {0, 2, 2, 4, 5};
  return levels[mode];
}
unsigned rules_entry_size(enum paging_mode mode) { return mode == MODE_32BIT ? 4 : 8; }
static unsigned index_bits(enum paging_mode mode) { return mode == MODE_32BIT ? 10 : 9; }
unsigned rules_shift(enum paging_mode mode, unsigned level) { return 12 + (level - 1) * index_bits(mode); }

uint64_t rules_entry_at(enum paging_mode mode, unsigned level, uint64_t table, uint64_t va) {
  uint64_t index = va >> rules_shift(mode, level) & bits(0, index_bits(mode) - 1);
  return table + index * rules_entry_size(mode);
}

uint64_t rules_operand(const struct rules* rules, uint64_t va) { return rules_long_mode(rules) ? va : va & UINT32_MAX; }

uint64_t rules_linear(const struct rules* rules, const struct ref* ref) {
  return rules_operand(rules, rules->segment[ref->segment].base + ref->va);
}

bool rules_segment_allows(const struct rules* rules, const struct ref* ref) {
  const struct segment* segment = &rules->segment[ref->segment];
  uint64_t first = ref->va, last = ref->va + ref->size - 1;
  if (!segment->present) return false;
  if (rules_is_user(ref) && segment->privilege != 3) return false;
  if (ref->kind == ACCESS_WRITE && !segment->writable) return false;
  if (segment->expand_down) return first > segment->limit && last >= first && last <= UINT32_MAX;
  bool wraps = last < first;  // beyond the last address there is
  return first <= segment->limit && (wraps ? segment->limit == UINT64_MAX : last <= segment->limit);
}

bool rules_canonical(const struct rules* rules, uint64_t va) {
  enum paging_mode mode = rules_mode(rules);
  if (mode < MODE_4LEVEL) return true;
  uint64_t high = va & bits(mode == MODE_5LEVEL ? 56 : 47, 63);
  return high == 0 || high == bits(mode == MODE_5LEVEL ? 56 : 47, 63);
}

// ---------------------------------------------------------------------------------------------------------------------
// Entries

bool rules_is_leaf(const struct rules* rules, unsigned level, uint64_t entry) {
  if (level == 1) return true;
  if (!(entry & RULES_PS)) return false;
  switch (rules_mode(rules)) {
    case MODE_32BIT:
      return level == 2 && (rules->cr4 & CR4_PSE);
    case MODE_PAE:
      return level == 2;
    default:
      return level == 2 || level == 3;
  }
}

// Address bits that a 4 MiB page takes from PDE[20:13], as a number of bits.
static unsigned pse36_bits(const struct rules* rules) { return (rules->maxphyaddr < 40 ? rules->maxphyaddr : 40) - 32; }

bool rules_reserved(const struct rules* rules, unsigned level, uint64_t entry) {
  enum paging_mode mode = rules_mode(rules);
  bool leaf = rules_is_leaf(rules, level, entry);
  if (mode == MODE_32BIT) return level == 2 && leaf && (entry & bits(13 + pse36_bits(rules), 21));
  uint64_t reserved = bits(rules->maxphyaddr, mode == MODE_PAE ? 62 : 51);
  if (!(rules->efer & EFER_NXE)) reserved |= BIT(63);
  if (level >= 4) reserved |= RULES_PS;
  if (level == 2 && leaf) reserved |= bits(13, 20);
  if (level == 3 && leaf) reserved |= bits(13, 29);
  return entry & reserved;
}

uint64_t rules_table(const struct rules* rules, uint64_t entry) {
  return entry & (rules_mode(rules) == MODE_32BIT ? bits(12, 31) : bits(12, rules->maxphyaddr - 1));
}

uint64_t rules_frame(const struct rules* rules, unsigned level, uint64_t entry) {
  enum paging_mode mode = rules_mode(rules);
  if (mode == MODE_32BIT && level == 2)
    return (entry & bits(22, 31)) | (entry >> 13 & (BIT(pse36_bits(rules)) - 1)) << 32;
  return rules_table(rules, entry) & bits(rules_shift(mode, level), 63);
}

// ---------------------------------------------------------------------------------------------------------------------
// Rights

struct rules_rights rules_combine(const struct rules* rules, struct rules_rights above, uint64_t entry, bool leaf) {
  above.writable &= (entry & RULES_RW) != 0;
  above.user &= (entry & RULES_US) != 0;
  if (rules_mode(rules) != MODE_32BIT) above.no_execute |= entry >> 63;
  if (leaf && rules_long_mode(rules)) above.key = entry >> 59 & 15;
  return above;
}

bool rules_is_user(const struct ref* ref) { return (ref->flags & REF_USER) && !(ref->flags & REF_IMPLICIT); }

unsigned rules_error_bits(const struct rules* rules, const struct ref* ref) {
  bool tells_fetches = ((rules->efer & EFER_NXE) && (rules->cr4 & CR4_PAE)) || (rules->cr4 & CR4_SMEP);
  return (ref->kind == ACCESS_WRITE ? PFEC_W : 0) | (rules_is_user(ref) ? PFEC_U : 0) |
         (ref->kind == ACCESS_FETCH && tells_fetches ? PFEC_ID : 0);
}

// The table of "Permissions", without the keys.
static bool rights_deny(const struct rules* rules, struct rules_rights rights, const struct ref* ref) {
  bool write_protected = (rules->cr0 & CR0_WP) && !rights.writable;
  if (rules_is_user(ref)) {
    if (!rights.user) return true;
    if (ref->kind == ACCESS_WRITE) return !rights.writable;
    return ref->kind == ACCESS_FETCH && rights.no_execute;
  }
  if (ref->kind == ACCESS_FETCH) return rights.no_execute || (rights.user && (rules->cr4 & CR4_SMEP));
  bool may_touch_user_pages = (ref->flags & REF_AC) && !(ref->flags & REF_IMPLICIT);
  if (rights.user && (rules->cr4 & CR4_SMAP) && !may_touch_user_pages) return true;
  return ref->kind == ACCESS_WRITE && write_protected;
}

static bool key_denies(const struct rules* rules, struct rules_rights rights, const struct ref* ref) {
  if (!rules_long_mode(rules) || !(rules->cr4 & CR4_PKE) || !rights.user || ref->kind == ACCESS_FETCH) return false;
  bool access_disabled = rules->pkru >> (2 * rights.key) & 1, write_disabled = rules->pkru >> (2 * rights.key + 1) & 1;
  if (access_disabled) return true;
  return ref->kind == ACCESS_WRITE && write_disabled && (rules_is_user(ref) || (rules->cr0 & CR0_WP));
}

unsigned rules_denial(const struct rules* rules, struct rules_rights rights, const struct ref* ref) {
  bool key = key_denies(rules, rights, ref);
  if (!key && !rights_deny(rules, rights, ref)) return 0;
  return PFEC_P | rules_error_bits(rules, ref) | (key ? PFEC_PK : 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Control operations

static bool refuses_cr0(const struct rules* r, uint64_t value) {
  bool paging = value & CR0_PG;
  if (value >> 32) return true;
  if (paging && !(value & CR0_PE)) return true;
  if ((value & CR0_NW) && !(value & CR0_CD)) return true;
  if (paging && (r->efer & EFER_LME) && !(r->cr4 & CR4_PAE)) return true;
  return !paging && (r->cr0 & CR0_PG) && rules_pcide(r);
}

static bool refuses_cr3(const struct rules* r, uint64_t value) {
  if (rules_pcide(r)) value &= ~BIT(63);
  return value & bits(r->maxphyaddr, 63);
}

static bool refuses_cr4(const struct rules* r, uint64_t value) {
  uint64_t changed = value ^ r->cr4;
  if (value & ~cr4_bits) return true;
  if ((value & CR4_PCIDE) && !r->has_pcid) return true;
  if ((value & CR4_PGE) && !r->has_global) return true;
  if (rules_long_mode(r) && ((changed & CR4_LA57) || !(value & CR4_PAE))) return true;
  bool enables_pcids = (changed & CR4_PCIDE) && (value & CR4_PCIDE);
  return enables_pcids && (!rules_long_mode(r) || (r->cr3 & 0xfff));
}

static bool refuses_efer(const struct rules* r, uint64_t value) {
  return (value & ~efer_bits) || ((r->cr0 & CR0_PG) && ((value ^ r->efer) & EFER_LME));
}

static bool refuses_invpcid(const struct rules* r, const struct control* c) {
  if (!r->has_pcid || c->type > 3 || c->pcid >> 12) return true;
  if (c->type <= 1 && c->pcid != 0 && !rules_pcide(r)) return true;
  return c->type == 0 && !rules_canonical(r, rules_operand(r, c->value));
}

bool rules_refuses(const struct rules* rules, const struct control* control) {
  if (control->op == CONTROL_PKRU) return control->value >> 32;
  if (control->user) return true;
  switch (control->op) {
    case CONTROL_CR0:
      return refuses_cr0(rules, control->value);
    case CONTROL_CR3:
      return refuses_cr3(rules, control->value);
    case CONTROL_CR4:
      return refuses_cr4(rules, control->value);
    case CONTROL_EFER:
      return refuses_efer(rules, control->value);
    case CONTROL_INVPCID:
      return refuses_invpcid(rules, control);
    default:
      return false;
  }
}

bool rules_loads_pdptes(const struct rules* rules, const struct control* control, uint64_t* base) {
  uint64_t cr0 = rules->cr0, cr3 = rules->cr3, cr4 = rules->cr4;
  bool reloads = false;
  if (rules_refuses(rules, control)) return false;
  if (control->op == CONTROL_CR0) {
    cr0 = control->value;
    reloads = (cr0 ^ rules->cr0) & (CR0_CD | CR0_NW | CR0_PG);
  } else if (control->op == CONTROL_CR3) {
    cr3 = control->value;
    reloads = true;
  } else if (control->op == CONTROL_CR4) {
    cr4 = control->value;
    reloads = (cr4 ^ rules->cr4) & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP);
  }
  *base = cr3 & bits(5, 31);
  return reloads && mode_of(cr0, cr4, rules->efer) == MODE_PAE;
}

bool rules_refuses_pdptes(const struct rules* rules, const uint64_t pdpte[4]) {
  uint64_t reserved = bits(1, 2) | bits(5, 8) | bits(rules->maxphyaddr, 63);
  for (int i = 0; i < 4; i++)
    if ((pdpte[i] & RULES_P) && (pdpte[i] & reserved)) return true;
  return false;
}

void rules_apply(struct rules* rules, const struct control* control, const uint64_t pdpte[4]) {
  if (pdpte) memcpy(rules->pdpte, pdpte, sizeof rules->pdpte);
  switch (control->op) {
    case CONTROL_CR0:
      rules->cr0 = (control->value & cr0_bits) | CR0_ET;
      break;
    case CONTROL_CR3:
      rules->cr3 = control->value & ~BIT(63);
      break;
    case CONTROL_CR4:
      rules->cr4 = control->value;
      break;
    case CONTROL_EFER:
      rules->efer = control->value & ~EFER_LMA;
      break;
    case CONTROL_PKRU:
      rules->pkru = control->value;
      break;
    case CONTROL_SEGMENT:
      rules->segment[control->index] = control->segment;
      break;
    default:
      break;
  }
}
