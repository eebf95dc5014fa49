// SPDX-License-Identifier: MIT
// The whole MMU, one cycle at a time: ports, their TLBs, the second level and the walkers between them, the control
// port. A reference's way:
//
//   accept -> segment, L1 lookup -> (wait for a slot -> second-level lookup -> walk -> fill) -> answer -> its data
//
// A slot serves one reference at a time, lookup and walk. With one walker both ports share it, with two each has its
// own; then a miss may share the walk that the other port has under way.
#ifndef PAGEWALK_MODEL_MMU_H
#define PAGEWALK_MODEL_MMU_H

#include "model/control.h"
#include "model/tlb.h"
#include "model/walker.h"

enum port_state {
  PORT_IDLE,
  PORT_LOOKUP,  // in its own TLB; sampled in the cycle `due`
  PORT_WAITS,   // for a slot
  PORT_SECOND,  // in the second level; sampled in the cycle `due`
  PORT_MISSED,  // in this cycle; a walk is next
  PORT_WALKS,
  PORT_SHARES  // the other port's walk
};

struct access_port {
  enum port_state state;
  uint64_t due;
  struct ref ref;
  uint64_t va;       // linear
  bool asks_second;  // the second level is looked up before it walks
  bool answered;     // in the cycle just executed
  struct answer answer;
};

// What a cycle's answers put into the arrays, once its lookups are done.
struct fill {
  bool fresh;   // nothing has filled since the lookups that missed
  bool first;   // into the port's own TLB
  bool beyond;  // into the second level and the walk caches
  struct translation translation;
  struct translation upper[LEVEL_MAX - 1];
  unsigned uppers;
};

// Work on the side: what the answer of a walk has made the slot's walker do (docs/timing.md, "Prefetch").
struct prefetcher {
  enum port port;  // whose walk it was
  bool wanted;     // by a walk answered in this cycle
  bool over;       // a demand has taken the slot in this cycle
  // next-page: the page, and the slot's walker while no demand has it.
  uint64_t va;
  struct walker walker;
  // adjacent: what to fill in the cycle `due`; UINT64_MAX: nothing.
  struct translation translation;
  uint64_t due;
};

struct slot {
  bool taken;  // by a demand
  struct walker walker;
  struct prefetcher prefetch;
};

enum control_phase {
  CONTROL_IDLE,
  CONTROL_WAITS,   // for the references in flight
  CONTROL_LOAD,    // first cycle of a PDPTE load
  CONTROL_LOADED,  // its last
  CONTROL_ACTS     // the operation's last cycle
};

struct control_port {
  enum control_phase phase;
  uint64_t due;  // UINT64_MAX while idle or waiting
  uint64_t began;
  struct control op;
  struct control_plan plan;
  uint64_t pdptes[PDPTE_COUNT];
  bool bus_error;
  bool done, gp;  // in the cycle just executed
};

struct mmu {
  struct config config;
  struct memory_bus memory;
  uint64_t now;  // the cycle that comes next
  struct registers registers;
  struct paging paging;
  struct tlb tlb[PORT_COUNT];
  struct shortcuts shortcuts[PORT_COUNT];
  struct tlb second;
  struct psc psc;
  struct caches caches;
  struct touches touches;
  struct slot slot[PORT_COUNT];
  uint64_t aside;  // the next cycle that has something to do for a prefetch; UINT64_MAX: none
  struct access_port port[PORT_COUNT];
  struct fill fill[PORT_COUNT];
  struct control_port control;
  struct events events;
  struct counters counters;  // but for the sums that mmu_counters forms
};

// NULL when the host has no memory.
struct mmu* mmu_create(const struct config* config, struct memory_bus memory);
void mmu_destroy(struct mmu* mmu);

// A control operation arrives, before all else in cycle `now`.
void mmu_control(struct mmu* mmu, const struct control* control, uint64_t now);
// Can this port accept a part?
bool mmu_ready(const struct mmu* mmu, enum port port);
void mmu_accept(struct mmu* mmu, enum port port, const struct ref* part, uint64_t now);
// The rest of cycle `now`. Afterwards port[].answered and control.done tell what came out.
void mmu_cycle(struct mmu* mmu, uint64_t now);
// The earliest cycle that has something to do; UINT64_MAX when the MMU is idle.
uint64_t mmu_next(const struct mmu* mmu);

// What has been counted. Where the details of a sum are counted too, only they are counted.
void mmu_counters(const struct mmu* mmu, struct counters* counters);

// mmu_accept and all cycles up to the answer, of a part that has the MMU for itself: the same, without asking in each
// cycle who else has something to do. Nobody listens to events.
void mmu_run_alone(struct mmu* mmu, enum port port, const struct ref* part, uint64_t now);

static inline bool mmu_in_flight(const struct mmu* mmu) {
  return mmu->port[PORT_FETCH].state != PORT_IDLE || mmu->port[PORT_DATA].state != PORT_IDLE;
}

// The slot that serves this port.
static inline struct slot* mmu_slot(struct mmu* mmu, enum port port) {
  return &mmu->slot[mmu->config.walkers == 2 ? port : 0];
}

static inline const struct segment* mmu_segment(const struct mmu* mmu, const struct ref* part) {
  return &mmu->registers.segment[part->segment % SEGMENT_COUNT];
}
static inline uint64_t mmu_linear(const struct mmu* mmu, const struct ref* part) {
  return (mmu_segment(mmu, part)->base + part->va) & mmu->paging.va_mask;
}

// What `part`, alone and now, would be answered, but for times; changes nothing (probe.c).
void mmu_probe(const struct mmu* mmu, const struct ref* part, struct answer* answer);

// Prefetches (prefetch.c). All but the first only where config.prefetch asks for them.
void prefetch_reset(struct prefetcher* prefetch);
// The walk in this slot is answered, and fills.
void prefetch_want(struct mmu* mmu, struct slot* slot);
// After the walkers' work of a cycle.
void prefetch_begin(struct mmu* mmu, uint64_t now);
// After the demands' fills: `filled` is what prefetch_demands_fill said before them.
unsigned prefetch_demands_fill(const struct mmu* mmu);
void prefetch_end_cycle(struct mmu* mmu, unsigned filled, bool page_fault, uint64_t now);

// The control port's part of a cycle (control_port.c).
void mmu_run_control(struct mmu* mmu, uint64_t now);

#endif
