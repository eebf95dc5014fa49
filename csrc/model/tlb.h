// SPDX-License-Identifier: MIT
// One port's TLB: an array for 4 KiB pages and one for large pages, or one for both (docs/timing.md).
//
// In front of them lies a table of shortcuts, which the modelled hardware does not have: for a 4 KiB stretch of linear
// addresses, the entry that a lookup would hit and the accesses that hit it without further ado. A shortcut lives no
// longer than what it was made from: every change of the arrays or of permissions forgets the ones that it concerns.
#ifndef PAGEWALK_MODEL_TLB_H
#define PAGEWALK_MODEL_TLB_H

#include "model/array.h"
#include "model/events.h"

enum { SHORTCUTS = 256 };

struct shortcut {
  uint64_t page;                 // va >> 12; SHORTCUT_NONE: free
  uint64_t pa;                   // of the 4 KiB stretch
  uint64_t* replacement;         // state of the entry's set; with LRU the word of its way
  uint32_t allowed;              // bit c: access class c may use it; writes only if D is set
  struct replacement_path path;  // with PLRU
};
#define SHORTCUT_NONE UINT64_MAX

struct tlb {
  struct array array[2];  // for 4 KiB pages, for large pages (no sets: mixed, all sizes in the first)
  uint32_t latency;
  enum tlb_array name;  // of the first array
  struct tlb_counters* counters;
  struct events* events;
  struct shortcut shortcuts[SHORTCUTS];
};

struct tlb_hit {
  bool hit, large;  // large: in the array for large pages
  struct place at;
};

bool tlb_create(struct tlb* tlb, const struct tlb_config* config, enum port port, struct tlb_counters* counters,
                struct events* events);
void tlb_free(struct tlb* tlb);

// Looks `va` up in all arrays, for the page sizes of the mode; the smallest that matches wins. Changes nothing.
struct tlb_hit tlb_find(const struct tlb* tlb, const struct paging* paging, uint64_t va);
static inline const struct translation* tlb_entry_at(const struct tlb* tlb, struct tlb_hit hit) {
  return array_entry(&tlb->array[hit.large], hit.at);
}
static inline enum tlb_array tlb_array_of(const struct tlb* tlb, struct tlb_hit hit) {
  return (enum tlb_array)(tlb->name + hit.large);
}

void tlb_touch(struct tlb* tlb, struct tlb_hit hit, uint64_t cycle);
void tlb_fill(struct tlb* tlb, const struct translation* t, uint64_t cycle);

// The entries that translate `va`, of every page size.
void tlb_drop_address(struct tlb* tlb, uint64_t va, uint64_t cycle);
// All entries, or all but global ones.
void tlb_drop_all(struct tlb* tlb, bool keep_global, uint64_t cycle);

size_t tlb_dump(const struct tlb* tlb, bool large, struct tlb_entry* entries, size_t room);

// --- shortcuts ------------------------------------------------------------------------------------------------------

static inline struct shortcut* tlb_shortcut(struct tlb* tlb, uint64_t page) {
  return &tlb->shortcuts[page & (SHORTCUTS - 1)];
}

// Remembers that `va` hits this entry.
void tlb_shortcut_make(struct tlb* tlb, const struct paging* paging, uint64_t va, struct tlb_hit hit);
void tlb_shortcuts_forget(struct tlb* tlb);

// What a hit does to the replacement state of its array.
static inline void tlb_shortcut_touch(const struct tlb* tlb, const struct shortcut* shortcut, uint64_t cycle) {
  if (__builtin_expect(tlb->array[0].policy == REPLACE_LRU, 1))
    *shortcut->replacement = cycle;
  else
    replacement_touch_path(shortcut->replacement, shortcut->path);
}

#endif
