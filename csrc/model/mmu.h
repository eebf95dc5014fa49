// SPDX-License-Identifier: MIT
// The whole MMU, one cycle at a time: ports, their TLBs, the walker between them, the control port.
// A reference's way: accept -> look up -> (wait for the walker -> walk -> fill) -> answer.
#ifndef PAGEWALK_MODEL_MMU_H
#define PAGEWALK_MODEL_MMU_H

#include "model/control.h"
#include "model/tlb.h"
#include "model/walker.h"

enum port_state { PORT_IDLE, PORT_LOOKUP, PORT_WAITS, PORT_WALKS };

struct access_port {
  enum port_state state;
  uint64_t due;  // of the lookup
  struct ref ref;
  bool answered;  // in the cycle just executed
  struct answer answer;
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
  struct walker walker;
  struct access_port port[PORT_COUNT];
  struct control_port control;
  struct events events;
  struct counters counters;
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

#endif
