// SPDX-License-Identifier: MIT
// An instance of the Verilated MMU. The files of the shim, each an idea, are compiled with the Verilated code as one
// unit for each geometry, so that a compiler sees a whole access at once; they are the only C++ of the project but for
// the SystemC example:
//
//   clock.cpp    reset, edges, waveform
//   ports.cpp    a cycle: parts presented, memory commands served
//   events.cpp   what happened in it: answers, events, the core's account
//   play.cpp     references until they are answered; what if one never is
//   debug.cpp    counters, translations and arrays through the debug port
//   shim.cpp     the engine's operations, and how an instance is made
//
// A cycle is one rising edge: rtl/mmu_top.sv takes the cycle's inputs with it, and after it the outputs show what
// happens in that cycle. A memory command is served then, and its reply goes in with the next edge. Events are made
// from the event outputs; counters the RTL has of its own, but for the core's: references completed, and the account of
// cycles.
#ifndef PAGEWALK_RTL_ENGINE_INSTANCE_H
#define PAGEWALK_RTL_ENGINE_INSTANCE_H

#include <cstdint>
#include <memory>
#include <vector>

#include "Vmmu.h"
#include "Vmmu___024root.h"
#include "engine/serial.h"
#include "rtl_engine/pins.h"
#include "rtl_engine/shim.h"
extern "C" {  // their code is the loading program's: one for all engines
#include "engine/overlap.h"
#include "engine/watchdog.h"
}
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

namespace {

// What is known of the part that a port works on.
struct part_state {
  uint64_t va, accept, walk_begin;  // va: linear
  uint32_t reads, cas_cycles, stlb;
  uint8_t kind;
  bool walking, clean;  // clean: the walk is for a write that hit a clean entry
  struct event asked;   // its latest memory command, of type EVENT_TYPE_COUNT if there is none
};

// What is filled, for whom.
struct page {
  uint64_t va;
  uint8_t level;
  uint64_t frame;
  uint8_t port, prefetched;
};

// A port's outputs, copied so that both ports are handled by the same code.
struct port_out {
  bool accept, lookup, begin, answer;
  uint8_t path, fault, error;
  uint32_t found;  // found_t
  uint64_t pa, va;
};

struct Shim : rtl_instance {
  Shim(const struct config& config, struct memory_bus memory);

  const struct config config;
  const struct memory_bus memory;
  const unsigned walkers, slots;  // slots: memory commands in a cycle
  const bool bypass;              // a reply can be needed in the command's cycle
  VerilatedContext context;
  Vmmu top;

  uint64_t now = 0;               // the cycle that comes next
  uint64_t due = UINT64_MAX;      // the next in which a prefetch does something, if nobody asks for anything
  struct counters counters = {};  // the core's alone
  part_state parts[PORT_COUNT] = {};
  struct control control = {};
  uint64_t cr0 = 0, efer = 0;
  uint64_t va_mask = 0xffffffff;  // linear addresses of the mode: what a core splits references by
  struct segment segments[SEGMENT_COUNT];
  bool swapped = false;      // a compare-and-swap was served in this cycle
  uint64_t load_cycles = 0;  // of the PDPTE load that the control operation under way has made
  event_fn* notify = nullptr;
  void* notify_ctx = nullptr;
  // What the memory commands of this cycle were, by unit; type EVENT_TYPE_COUNT: none.
  struct event memory_events[WALKERS_MAX + 1];
  std::vector<struct event> held;  // events of this cycle that wait for the drops before them
  bool holding = false;
  struct watchdog watchdog = {};  // what is owed; of events only those that somebody is told of
  bool stuck = false;             // the report says why
  char report[WATCHDOG_REPORT];

#if VM_TRACE
  std::unique_ptr<VerilatedFstC> wave;
  // Cycles of the window, the one that the waveform calls 0, and the first that it doesn't show yet.
  uint64_t wave_first = 0, wave_last = 0, wave_zero = 0, wave_next = 0;
#endif

  // clock.cpp
  void edge();
  void rise();
  void fall();
  void settle();
  void tick_debug();
  void dump_wave();
  void dump_gap(uint64_t cycle);

  // ports.cpp
  void present(unsigned port, const struct ref& part);
  void withdraw();
  void serve();
  void serve_unit(unsigned unit);
  uint32_t served_latency(uint8_t served, uint8_t row) const;
  uint32_t data_delay() const;
  void cycle(uint64_t cycle, struct tick_out* out);
  port_out outputs(unsigned port) const;

  // events.cpp
  void emit(struct event event, uint64_t cycle) {
    event.cycle = cycle;
    watchdog_event(&watchdog, &event);
    if (holding)
      held.push_back(event);
    else
      notify(notify_ctx, &event);
  }
  void harvest(uint64_t cycle, struct tick_out* out);
  void finish(unsigned port, const port_out& port_out, uint64_t cycle, struct answer* answer);
  void emit_memory(uint64_t cycle, uint8_t type);
  void harvest_lookups(unsigned port, const port_out& port_out, uint64_t cycle);
  void emit_lookup(unsigned port, unsigned array, const struct found& found, uint64_t cycle);
  void harvest_walk_caches(unsigned unit, uint64_t cycle);
  void harvest_prefetch(unsigned unit, uint64_t cycle);
  void harvest_fills(unsigned unit, uint64_t cycle);
  void emit_fill(unsigned array, const struct filled& filled, const struct page& page, uint64_t cycle);
  void harvest_data(uint64_t cycle);
  unsigned psc_shift(unsigned level) const;
  uint32_t control_latency() const;
  void follow_control();
  void emit_drops(uint64_t cycle, unsigned arrays);
  template <typename Vector>
  void emit_dropped(uint64_t cycle, unsigned array, const Vector& dropped, unsigned first = 0);

  unsigned ways(unsigned array) const;
  unsigned entries(unsigned array) const;
  uint32_t latency(unsigned port) const { return port == PORT_FETCH ? config.itlb.latency : config.dtlb.latency; }

  // play.cpp
  void catch_up(uint64_t cycle);
  void tick(uint64_t cycle, const struct tick_in& in, struct tick_out* out);
  uint64_t issue(const struct ref& part, uint64_t cycle, bool want, struct answer* answer, bool* fault, uint32_t* data);
  uint64_t issue_slowly(const struct ref& part, uint64_t cycle, struct answer* answer, bool* fault, uint32_t* data);
  uint64_t wait_answer(unsigned port, uint64_t cycle, struct tick_out* out, struct answer* answer, bool* fault,
                       uint32_t* data);
  void watch(uint64_t cycle, struct tick_out* out);
  void give_up(uint64_t cycle, struct tick_out* out);
  void refuse(uint64_t cycle, const struct tick_in& in, struct tick_out* out);

  // debug.cpp
  void peek(unsigned what, unsigned index);
};

inline Shim* shim_of(void* self) { return static_cast<Shim*>(static_cast<rtl_instance*>(self)); }
inline const Shim* shim_of(const void* self) {
  return static_cast<const Shim*>(static_cast<const rtl_instance*>(self));
}

}  // namespace

#endif
