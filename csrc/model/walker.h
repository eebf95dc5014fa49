// SPDX-License-Identifier: MIT
// The page walker: one walk at a time, through whatever levels the mode's table names, from the deepest hit in the walk
// caches on, with locked updates of A and D.
//
//   begin --> start --> read --> decide --> read ... --> decide --> swap --> swapped --> ... --> over
//     ^                                                                        |
//     +---------------- an entry was not as read: the walk starts over --------+
//
// Every arrow is a cycle named in docs/timing.md; between them the walker waits for `deadline`.
#ifndef PAGEWALK_MODEL_WALKER_H
#define PAGEWALK_MODEL_WALKER_H

#include "model/caches.h"
#include "model/psc.h"

enum walk_phase {
  WALK_IDLE,
  WALK_BEGIN,    // the first cycle of walk.start
  WALK_START,    // the last cycle of walk.start: the walk caches are looked up, absent PDPTE registers show
  WALK_READ,     // first cycle of an entry's latency
  WALK_DECIDE,   // last cycle of an entry's latency + walk.step
  WALK_SWAP,     // first cycle of a compare-and-swap
  WALK_SWAPPED,  // its last
  WALK_OVER      // the outcome is there, to be taken in this cycle
};

struct walk_entry {
  uint64_t pa, value;  // value: the whole entry as read
  uint8_t level;
  uint8_t rights;  // combined down to here
};

struct walker {
  // What it is connected to.
  const struct config* config;
  const struct paging* paging;
  const struct registers* registers;
  struct memory_bus memory;
  struct caches* caches;
  struct psc* psc;
  struct events* events;
  struct counters* counters;

  enum walk_phase phase;
  uint64_t deadline;  // UINT64_MAX when idle

  // The walk.
  uint64_t va;
  struct cause cause;
  uint8_t class;  // access class
  bool write;
  bool suppressed;  // a control operation has arrived meanwhile: fills nothing
  bool counted;     // in `walks`: it has begun before
  uint64_t missed;  // the cycle before the walk's first
  uint32_t reads, ad_cycles;

  // This pass.
  uint8_t level, rights;
  uint64_t table;
  struct walk_entry entry[LEVEL_MAX];  // in the order read
  unsigned entries, swap;              // swap: the entry under update
  uint64_t beside;                     // the other entry of the last one's aligned pair (prefetch=adjacent)
  bool bus_error, swapped;
  uint64_t swap_began;

  // The outcome.
  enum fault_kind fault;
  uint8_t error;
  struct translation translation, neighbour;
  bool has_neighbour;  // prefetch=adjacent, and the other entry of the pair is good to be filled
};

static inline bool walker_busy(const struct walker* w) { return w->phase != WALK_IDLE; }

// The lookup of `va` missed in cycle `missed`. With walk.start = 0 the walk may be over in this same cycle.
void walker_begin(struct walker* w, enum port port, const struct ref* ref, uint64_t va, uint64_t missed);

// A prefetch of `va` after a walk of this port, that was answered in cycle `missed`. Its faults mean that there is
// nothing to fill.
void walker_begin_prefetch(struct walker* w, enum port port, uint64_t va, uint64_t missed);

// Does what belongs to the cycle `deadline`, and sets the next one (which may be the same cycle).
void walker_step(struct walker* w);

// All steps up to the outcome, if a walk is under way: for when nothing else can happen meanwhile and nobody listens.
void walker_run(struct walker* w);

// The upper entries of a walk that is over, as the walk caches take them: at most LEVEL_MAX - 1. Returns how many.
unsigned walker_upper_entries(const struct walker* w, struct translation entries[LEVEL_MAX - 1]);

// After WALK_OVER: ready for the next.
void walker_release(struct walker* w);

#endif
