// SPDX-License-Identifier: MIT
// In front of a first-level TLB lies a table of shortcuts, which the modelled hardware does not have: for a 4 KiB
// stretch of linear addresses, the entry that a lookup would hit and the accesses that hit it without further ado. A
// shortcut lives no longer than what it was made from: every change of the arrays, of permissions or of the current
// PCID forgets the ones that it concerns.
#ifndef PAGEWALK_MODEL_SHORTCUT_H
#define PAGEWALK_MODEL_SHORTCUT_H

#include "model/array.h"

enum { SHORTCUTS = 256 };

struct shortcut {
  uint64_t page;                 // va >> 12; SHORTCUT_NONE: free
  uint64_t pa;                   // of the 4 KiB stretch
  uint64_t* replacement;         // state of the entry's set; with LRU the word of its way
  struct replacement_path path;  // with PLRU
  uint32_t allowed;              // bit c: access class c may use it; writes only if D is set
  uint8_t ways, way;
  uint8_t size;  // enum size_class of its page
};
#define SHORTCUT_NONE UINT64_MAX

struct shortcuts {
  enum replacement policy;  // of the arrays behind them
  struct shortcut table[SHORTCUTS];
};

static inline struct shortcut* shortcut_of(struct shortcuts* shortcuts, uint64_t page) {
  return &shortcuts->table[page & (SHORTCUTS - 1)];
}

// Remembers that `va` hits this entry.
void shortcut_make(struct shortcuts* shortcuts, const struct paging* paging, uint64_t va, struct array* array,
                   struct place at);

// Everything, or what lies in one page.
void shortcuts_forget(struct shortcuts* shortcuts);
void shortcuts_forget_page(struct shortcuts* shortcuts, uint64_t va, unsigned shift);

// What a hit does to the replacement state of its array.
static inline void shortcut_touch(enum replacement policy, const struct shortcut* shortcut, uint64_t cycle) {
  if (__builtin_expect(policy == REPLACE_LRU, 1))
    *shortcut->replacement = replacement_lru_word(stamp_of_lookup(cycle, PORT_FETCH), shortcut->way);
  else if (policy == REPLACE_PLRU)
    replacement_touch_path(shortcut->replacement, shortcut->path);
  else if (policy == REPLACE_NRU)
    replacement_touch_bit(shortcut->replacement, shortcut->ways, shortcut->way);
}

#endif
