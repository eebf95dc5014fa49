// SPDX-License-Identifier: MIT
#include "model/paging.h"

#include <string.h>

// The modes. A level's row: shift, index bits, leaf rule, in registers, PSE-36 bits.
static const struct paging_format formats[MODE_COUNT] = {
    [MODE_32BIT] =
        {.va_bits = 32,
         .entry_bytes = 4,
         .root_low = 12,
         .root_end = 32,
         .address_end = 32,
         .top = 2,
         .level = {[2] = {22, 10, LEAF_IF_PS_AND_PSE, false, 13, 8}, [1] = {12, 10, LEAF_ALWAYS, false, 0, 0}}},
    [MODE_PAE] = {.va_bits = 32,
                  .entry_bytes = 8,
                  .root_low = 5,
                  .root_end = 32,
                  .address_end = 52,
                  .reserved_end = 63,
                  .has_no_execute = true,
                  .top = 3,
                  .level = {[3] = {30, 2, LEAF_NEVER, true, 0, 0},
                            [2] = {21, 9, LEAF_IF_PS, false, 0, 0},
                            [1] = {12, 9, LEAF_ALWAYS, false, 0, 0}}},
    [MODE_4LEVEL] = {.va_bits = 48,
                     .entry_bytes = 8,
                     .root_low = 12,
                     .root_end = 52,
                     .address_end = 52,
                     .reserved_end = 52,
                     .has_no_execute = true,
                     .has_keys = true,
                     .top = 4,
                     .level = {[4] = {39, 9, LEAF_PS_RESERVED, false, 0, 0},
                               [3] = {30, 9, LEAF_IF_PS, false, 0, 0},
                               [2] = {21, 9, LEAF_IF_PS, false, 0, 0},
                               [1] = {12, 9, LEAF_ALWAYS, false, 0, 0}}},
    [MODE_5LEVEL] = {.va_bits = 57,
                     .entry_bytes = 8,
                     .root_low = 12,
                     .root_end = 52,
                     .address_end = 52,
                     .reserved_end = 52,
                     .has_no_execute = true,
                     .has_keys = true,
                     .top = 5,
                     .level = {[5] = {48, 9, LEAF_PS_RESERVED, false, 0, 0},
                               [4] = {39, 9, LEAF_PS_RESERVED, false, 0, 0},
                               [3] = {30, 9, LEAF_IF_PS, false, 0, 0},
                               [2] = {21, 9, LEAF_IF_PS, false, 0, 0},
                               [1] = {12, 9, LEAF_ALWAYS, false, 0, 0}}},
};

// --- permissions ----------------------------------------------------------------------------------------------------

struct access {
  bool write, fetch, user, ac;
};

static struct access access_of(unsigned class) {
  bool implicit = class & REF_IMPLICIT;
  return (struct access){.write = class >> 3 == ACCESS_WRITE,
                         .fetch = class >> 3 == ACCESS_FETCH,
                         .user = access_class_is_user(class),
                         .ac = (class & REF_AC) && !implicit};
}

// Does a write need a writable page?
static bool respects_write_protection(const struct paging* p, struct access a) { return a.user || p->wp; }

static bool key_denies(const struct paging* p, struct access a, unsigned rights, unsigned key) {
  if (!p->keys || a.fetch || !(rights & RIGHT_USER)) return false;
  bool access_disabled = p->pkru >> 2 * key & 1, write_disabled = p->pkru >> 2 * key & 2;
  return access_disabled || (a.write && write_disabled && respects_write_protection(p, a));
}

static bool permits(const struct paging* p, struct access a, unsigned rights, unsigned key) {
  bool user_page = rights & RIGHT_USER;
  if (a.user && !user_page) return false;
  if (a.fetch) return !(rights & RIGHT_NO_EXECUTE) && !(p->smep && user_page && !a.user);
  if (p->smap && user_page && !a.user && !a.ac) return false;
  if (a.write && !(rights & RIGHT_WRITE) && respects_write_protection(p, a)) return false;
  return !key_denies(p, a, rights, key);
}

static uint32_t allowed_classes(const struct paging* p, unsigned rights, unsigned key) {
  uint32_t allowed = 0;
  for (unsigned class = 0; class < ACCESS_CLASSES; class ++)
    if (permits(p, access_of(class), rights, key)) allowed |= UINT32_C(1) << class;
  return allowed;
}

static void update_permissions(struct paging* p) {
  for (unsigned rights = 0; rights < RIGHTS_COUNT; rights++) {
    uint32_t allowed = allowed_classes(p, rights, 0);
    for (unsigned key = 0; key < KEY_COUNT; key++)
      p->allowed[key][rights] = p->keys ? allowed_classes(p, rights, key) : allowed;
  }
}

static uint8_t error_code(const struct paging* p, unsigned class, unsigned bits) {
  struct access a = access_of(class);
  if (a.write) bits |= PFEC_W;
  if (a.user) bits |= PFEC_U;
  if (a.fetch && p->fetch_bit) bits |= PFEC_ID;
  return (uint8_t)bits;
}

uint8_t paging_error_absent(const struct paging* p, unsigned class) { return error_code(p, class, 0); }

uint8_t paging_error_reserved(const struct paging* p, unsigned class) {
  return error_code(p, class, PFEC_P | PFEC_RSVD);
}

uint8_t paging_error_denied(const struct paging* p, unsigned class, const struct translation* t) {
  bool by_key = key_denies(p, access_of(class), t->rights, t->key);
  return error_code(p, class, PFEC_P | (by_key ? PFEC_PK : 0));
}

// --- entries --------------------------------------------------------------------------------------------------------

static bool canonical(const struct paging_format* format, uint64_t va) {
  if (!format || format->va_bits <= 32) return true;
  uint64_t above = ~bits_between(0, format->va_bits - 1u);
  return (va & above) == 0 || (va & above) == above;
}

bool paging_mode_canonical(enum paging_mode mode, uint64_t va) { return canonical(&formats[mode], va); }

bool paging_canonical(const struct paging* p, uint64_t va) { return canonical(p->format, va); }

static bool has_large_leaves(const struct paging_level* level) {
  return level->leaf == LEAF_IF_PS || level->leaf == LEAF_IF_PS_AND_PSE;
}

static uint64_t leaf_mark(const struct paging_level* level, bool pse) {
  if (level->leaf == LEAF_ALWAYS) return PTE_P;
  return level->leaf == LEAF_IF_PS || (level->leaf == LEAF_IF_PS_AND_PSE && pse) ? PTE_PS : 0;
}

// Valid bits of PSE-36, in the entry.
static uint64_t high_bits(const struct paging_level* level, unsigned maxphyaddr) {
  unsigned valid = maxphyaddr - 32 < level->high_bits ? maxphyaddr - 32 : level->high_bits;
  return bits_between(level->high_low, level->high_low + valid);
}

static void update_level(struct paging* p, unsigned number, bool pse, bool nxe, unsigned maxphyaddr) {
  const struct paging_format* f = p->format;
  const struct paging_level* level = &f->level[number];
  uint64_t reserved = bits_between(maxphyaddr, f->reserved_end);
  if (f->has_no_execute && !nxe) reserved |= PTE_NX;
  p->leaf_mark[number] = leaf_mark(level, pse);
  p->reserved[number][false] = reserved | (level->leaf == LEAF_PS_RESERVED ? PTE_PS : 0);
  p->reserved[number][true] = reserved;
  if (has_large_leaves(level)) {
    // Bit 12 is PAT.
    p->reserved[number][true] |= bits_between(PAGE_SHIFT + 1, level->shift) & ~high_bits(level, maxphyaddr);
    p->high_mask |= high_bits(level, maxphyaddr);
  }
  if (level->leaf == LEAF_ALWAYS || has_large_leaves(level)) p->sizes[p->size_count++] = level->shift;
}

void paging_update_root(struct paging* p, const struct registers* r, unsigned maxphyaddr) {
  const struct paging_format* f = p->format;
  bool tagged = registers_have(r, CONTROL_CR4, CR4_PCIDE);
  p->pcid = tagged ? (uint16_t)(r->value[CONTROL_CR3] & CR3_PCID) : 0;
  if (!f) return;
  p->root = r->value[CONTROL_CR3] & bits_between(f->root_low, f->root_end < maxphyaddr ? f->root_end : maxphyaddr);
}

void paging_update(struct paging* p, const struct registers* r, unsigned maxphyaddr) {
  enum paging_mode mode = registers_mode(r);
  memset(p, 0, sizeof *p);
  p->va_mask = bits_between(0, 32);
  p->format = mode == MODE_NONE ? NULL : &formats[mode];
  paging_update_root(p, r, maxphyaddr);
  if (!p->format) return;
  const struct paging_format* f = p->format;
  bool nxe = registers_have(r, CONTROL_EFER, EFER_NXE);
  if (f->va_bits > 32) p->va_mask = ~UINT64_C(0);
  p->address = bits_between(0, f->address_end < maxphyaddr ? f->address_end : maxphyaddr);
  p->globals = registers_have(r, CONTROL_CR4, CR4_PGE);
  p->smep = registers_have(r, CONTROL_CR4, CR4_SMEP);
  p->smap = registers_have(r, CONTROL_CR4, CR4_SMAP);
  p->wp = registers_have(r, CONTROL_CR0, CR0_WP);
  p->keys = f->has_keys && registers_have(r, CONTROL_CR4, CR4_PKE);
  p->pkru = (uint32_t)r->value[CONTROL_PKRU];
  p->fetch_bit = p->smep || (nxe && registers_have(r, CONTROL_CR4, CR4_PAE));
  for (unsigned level = 1; level <= f->top; level++)
    update_level(p, level, registers_have(r, CONTROL_CR4, CR4_PSE), nxe, maxphyaddr);
  update_permissions(p);
}

void paging_leaf(const struct paging* p, unsigned level, uint64_t entry, uint64_t va, uint8_t rights,
                 struct translation* t) {
  const struct paging_level* l = &p->format->level[level];
  uint64_t in_page = bits_between(0, l->shift);
  t->va = va & ~in_page;
  t->pa = entry & p->address & ~in_page;
  if (l->high_bits) t->pa |= (entry & p->high_mask) >> l->high_low << 32;
  t->shift = l->shift;
  t->rights = rights;
  t->key = p->format->has_keys ? entry >> 59 & (KEY_COUNT - 1) : 0;
  t->global = p->globals && (entry & PTE_G);
  t->dirty = entry & PTE_D;
  t->pcid = p->pcid;
}
