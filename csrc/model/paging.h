// SPDX-License-Identifier: MIT
// Paging as data: the levels of every mode, what the bits of an entry mean, who may do what with a page
// (docs/paging.md; SDM vol. 3A, 4.3-4.7). A mode is a row of a table; nothing here branches on modes.
#ifndef PAGEWALK_MODEL_PAGING_H
#define PAGEWALK_MODEL_PAGING_H

#include "model/registers.h"

#define PTE_P BIT(0)
#define PTE_W BIT(1)
#define PTE_U BIT(2)
#define PTE_A BIT(5)
#define PTE_D BIT(6)
#define PTE_PS BIT(7)
#define PTE_G BIT(8)
#define PTE_NX BIT(63)

enum { LEVEL_MAX = 5, KEY_COUNT = 16, PAGE_SHIFT = 12, PAGE_SIZES_MAX = 3 };

static inline enum size_class size_class(unsigned shift) {
  return shift == PAGE_SHIFT ? SIZE_4K : shift == 30 ? SIZE_1G : SIZE_LARGE;
}

// Rights combined over the levels of a translation.
enum { RIGHT_WRITE = 1, RIGHT_USER = 2, RIGHT_NO_EXECUTE = 4, RIGHTS_COUNT = 8 };

struct translation {
  uint64_t va, pa;  // first byte of page and frame
  uint8_t shift;    // page size = 1 << shift
  uint8_t rights;   // RIGHT_*, or-ed
  uint8_t key;      // protection key as read
  bool global, dirty;
  uint16_t pcid;  // of the address space in which it was made
};

// Which entries of a level are leaves.
enum leaf_rule {
  LEAF_NEVER,        // PS is ignored
  LEAF_PS_RESERVED,  // none, and PS must be 0
  LEAF_IF_PS,
  LEAF_IF_PS_AND_PSE,  // PS counts only with CR4.PSE
  LEAF_ALWAYS
};

struct paging_level {
  uint8_t shift;       // lowest VA bit of the index: a leaf maps 1 << shift bytes
  uint8_t index_bits;  // 0: the mode has no such level
  uint8_t leaf;        // enum leaf_rule
  bool in_registers;   // entries are the PDPTE registers: no rights, no A
  uint8_t high_low;    // PSE-36: leaf bits from here up are physical address bits 32, 33, ...
  uint8_t high_bits;
};

struct paging_format {
  uint8_t va_bits, entry_bytes;
  uint8_t root_low, root_end;     // CR3 bits root_low..root_end-1 (as far as MAXPHYADDR goes) are the root
  uint8_t address_end;            // entries hold address bits up to here ...
  uint8_t reserved_end;           // ... of which those from MAXPHYADDR up are reserved, as are the bits up to here
  bool has_no_execute, has_keys;  // NX in bit 63, key in bits 62:59
  uint8_t top;                    // number of the highest level
  struct paging_level level[LEVEL_MAX + 1];  // by number: 1 PTE, 2 PDE, 3 PDPTE, ...
};

// A format under the current registers and MAXPHYADDR: masks instead of rules.
struct paging {
  const struct paging_format* format;   // NULL: paging is off
  uint64_t va_mask;                     // linear addresses: a crossing reference wraps here
  uint64_t root;                        // physical address of the top table (of the PDPTEs in PAE)
  uint16_t pcid;                        // the current one; 0 without CR4.PCIDE
  uint64_t address;                     // address bits of an entry
  uint64_t leaf_mark[LEVEL_MAX + 1];    // a present entry with this bit set is a leaf
  uint64_t reserved[LEVEL_MAX + 1][2];  // [level][is a leaf]
  uint64_t high_mask;                   // PSE-36: which of the high address bits are valid
  uint8_t sizes[PAGE_SIZES_MAX];        // page shifts, smallest first
  uint8_t size_count;
  bool globals, keys, smep, smap, wp, fetch_bit;
  uint32_t pkru;
  // Bit c: access class c is allowed on a page of this key and these rights.
  uint32_t allowed[KEY_COUNT][RIGHTS_COUNT];
};

// After a write of any register; after a write of CR3 the root (with the PCID) alone is enough.
void paging_update(struct paging* paging, const struct registers* registers, unsigned maxphyaddr);
void paging_update_root(struct paging* paging, const struct registers* registers, unsigned maxphyaddr);

// --- accesses -------------------------------------------------------------------------------------------------------

// An access's class is its kind and its flags together: 0..23.
enum { ACCESS_CLASSES = 24 };
static inline unsigned access_class(const struct ref* ref) { return ((unsigned)ref->kind << 3 | ref->flags) & 31; }
// At CPL 3, and not implicit.
static inline bool access_class_is_user(unsigned class) { return (class & (REF_USER | REF_IMPLICIT)) == REF_USER; }
#define ACCESS_CLASSES_WRITING (UINT32_C(0xff) << (ACCESS_WRITE << 3))

static inline bool paging_allows(const struct paging* paging, const struct translation* t, unsigned class) {
  return paging->allowed[t->key][t->rights] >> class & 1;
}

// Page-fault error codes: an entry was not present; had a reserved bit set; the page's rights deny the access.
uint8_t paging_error_absent(const struct paging* paging, unsigned class);
uint8_t paging_error_reserved(const struct paging* paging, unsigned class);
uint8_t paging_error_denied(const struct paging* paging, unsigned class, const struct translation* t);

// Bits above the mode's width repeat its highest bit. 32-bit addresses always are.
bool paging_mode_canonical(enum paging_mode mode, uint64_t va);
bool paging_canonical(const struct paging* paging, uint64_t va);

// --- entries --------------------------------------------------------------------------------------------------------

enum entry_kind { ENTRY_ABSENT, ENTRY_RESERVED, ENTRY_TABLE, ENTRY_LEAF };

static inline enum entry_kind paging_decode(const struct paging* paging, unsigned level, uint64_t entry) {
  if (!(entry & PTE_P)) return ENTRY_ABSENT;
  bool leaf = entry & paging->leaf_mark[level];
  if (entry & paging->reserved[level][leaf]) return ENTRY_RESERVED;
  return leaf ? ENTRY_LEAF : ENTRY_TABLE;
}

// Where the entry for `va` lies in the table at `table`.
static inline uint64_t paging_entry_address(const struct paging* paging, unsigned level, uint64_t table, uint64_t va) {
  const struct paging_level* l = &paging->format->level[level];
  return table + (va >> l->shift & (BIT(l->index_bits) - 1)) * paging->format->entry_bytes;
}

static inline uint64_t paging_next_table(const struct paging* paging, uint64_t entry) {
  return entry & paging->address & ~bits_between(0, PAGE_SHIFT);
}

static inline uint8_t paging_combine_rights(uint8_t rights, uint64_t entry) {
  if (!(entry & PTE_W)) rights &= (uint8_t)~RIGHT_WRITE;
  if (!(entry & PTE_U)) rights &= (uint8_t)~RIGHT_USER;
  if (entry & PTE_NX) rights |= RIGHT_NO_EXECUTE;
  return rights;
}

// The translation of `va` by a leaf with these combined rights.
void paging_leaf(const struct paging* paging, unsigned level, uint64_t entry, uint64_t va, uint8_t rights,
                 struct translation* t);

#endif
