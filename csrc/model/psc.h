// SPDX-License-Identifier: MIT
// The paging-structure caches ("walk caches"; docs/timing.md): for each level of tables a fully associative array of
// what the upper entries of earlier walks led to, with the rights combined down to there. A walk starts below the
// deepest one that it hits.
#ifndef PAGEWALK_MODEL_PSC_H
#define PAGEWALK_MODEL_PSC_H

#include "model/array.h"
#include "model/events.h"

enum { PSC_LEVELS = 4, PSC_LOWEST = 2 };  // cache i holds entries of level i + PSC_LOWEST: PDE, PDPTE, PML4E, PML5E

struct psc {
  struct array array[PSC_LEVELS];
  bool any;  // is there one?
  struct tlb_counters* counters;
  struct events* events;
  struct touches* touches;
};

bool psc_create(struct psc* psc, const struct config* config, struct tlb_counters counters[PSC_LEVELS],
                struct events* events, struct touches* touches);
void psc_free(struct psc* psc);

// Where to start: the level of the table to read and where it is, and the rights so far. Counts, touches on a hit.
struct psc_start {
  uint8_t level, rights;
  uint64_t table;
};
bool psc_look_up(struct psc* psc, const struct paging* paging, struct cause cause, uint64_t va, uint64_t cycle,
                 struct psc_start* start);

// `entry` is an upper entry: va = first byte of what it maps, pa = the table that it points to.
void psc_fill(struct psc* psc, struct cause cause, const struct translation* entry, uint64_t cycle);

// What leads to `va` in the current mode and PCID; the entries of a PCID (or ANY_PCID).
void psc_drop_address(struct psc* psc, const struct paging* paging, uint64_t va, uint64_t cycle);
void psc_drop_entries(struct psc* psc, unsigned pcid, uint64_t cycle);

#endif
