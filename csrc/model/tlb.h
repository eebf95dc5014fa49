// SPDX-License-Identifier: MIT
// One TLB, of a port or the second level: an array for 4 KiB pages and one for large pages, or one for both
// (docs/timing.md, "Second level").
#ifndef PAGEWALK_MODEL_TLB_H
#define PAGEWALK_MODEL_TLB_H

#include "model/events.h"
#include "model/shortcut.h"

struct tlb {
  struct array array[2];  // for 4 KiB pages, for large pages (no sets: mixed, all sizes in the first)
  uint32_t latency;
  enum tlb_array name;            // of the first array
  struct tlb_counters* counters;  // but for the sums of
  struct size_counters* sizes;
  struct events* events;
  struct shortcuts* shortcuts;  // first level: to be kept true; second level: NULL
  struct touches* touches;      // of this cycle; NULL: lookups and fills never meet here
};

struct tlb_hit {
  bool hit, large;  // large: in the array for large pages
  struct place at;
};

// The last five: see struct tlb. False when the host has no memory.
bool tlb_create(struct tlb* tlb, const struct tlb_config* config, enum tlb_array name, struct tlb_counters* counters,
                struct size_counters* sizes, struct events* events, struct shortcuts* shortcuts,
                struct touches* touches);
void tlb_free(struct tlb* tlb);

static inline bool tlb_exists(const struct tlb* tlb) { return tlb->array[0].sets != 0; }

// Looks `va` up in all arrays, for the page sizes of the mode and the current PCID; the smallest that matches wins.
// Changes nothing.
struct tlb_hit tlb_find(const struct tlb* tlb, const struct paging* paging, uint64_t va);
static inline const struct translation* tlb_entry_at(const struct tlb* tlb, struct tlb_hit hit) {
  return array_entry(&tlb->array[hit.large], hit.at);
}

// Counts the lookup of `va` and says what it found.
void tlb_count_lookup(const struct tlb* tlb, enum port port, struct tlb_hit hit, uint64_t va, uint64_t cycle);
void tlb_touch(struct tlb* tlb, struct tlb_hit hit, enum port port, uint64_t cycle);
// `fresh`: nothing that a lookup of this page would hit is there. True if a valid entry of another page went. A
// prefetch's fill is for the caller to count.
bool tlb_fill(struct tlb* tlb, struct cause cause, const struct translation* t, bool fresh, uint64_t cycle);

// --- drops (docs/paging.md, "What may be cached, and what drops it") ------------------------------------------------

// What translates `va` for a PCID, of every page size; `globals`: global entries too.
void tlb_drop_address(struct tlb* tlb, uint64_t va, unsigned pcid, bool globals, uint64_t cycle);

enum { ANY_PCID = 0x1000 };
// The entries of a PCID, or all; `globals`: and all global ones, else none of these.
void tlb_drop_entries(struct tlb* tlb, unsigned pcid, bool globals, uint64_t cycle);

// --- looking in -----------------------------------------------------------------------------------------------------

// The valid entries of an array, at most `room`; returns how many there are.
size_t array_dump(const struct array* array, struct tlb_entry* entries, size_t room);

#endif
