// SPDX-License-Identifier: MIT
// Where every cycle went: the engine's counters, split by who it worked for, and the cycles in which it had nothing to
// do (docs/timing.md, "Where cycles go").
#include <string.h>

#include "machine/inside.h"

_Static_assert(sizeof(struct counters) % sizeof(uint64_t) == 0, "counters are added up as an array of 64-bit numbers");

// *sum += now - then, counter by counter.
static void add_difference(struct counters* sum, const struct counters* now, const struct counters* then) {
  enum { COUNTERS = sizeof(struct counters) / sizeof(uint64_t) };
  uint64_t s[COUNTERS], n[COUNTERS], t[COUNTERS];
  memcpy(s, sum, sizeof s);
  memcpy(n, now, sizeof n);
  memcpy(t, then, sizeof t);
  for (size_t i = 0; i < COUNTERS; i++) s[i] += n[i] - t[i];
  memcpy(sum, s, sizeof s);
}

void machine_charge(struct machine* machine, enum agent agent) {
  struct counters now;
  engine_counters(machine->engine, &now);
  add_difference(&machine->counted[machine->agent], &now, &machine->since);
  machine->since = now;
  machine->agent = agent;
}

void machine_pass(struct machine* machine, uint64_t cycles, uint64_t* account) {
  if (machine->broken) return;
  engine_wait(machine->engine, machine_now(machine) + cycles);
  *account += cycles;
}

void machine_counters(const struct machine* machine, struct counters* process, struct counters* kernel) {
  struct counters counted[AGENT_COUNT], now;
  memcpy(counted, machine->counted, sizeof counted);
  engine_counters(machine->engine, &now);
  add_difference(&counted[machine->agent], &now, &machine->since);
  if (process) *process = counted[AGENT_PROCESS];
  if (kernel) *kernel = counted[AGENT_KERNEL];
}

void machine_cycles(const struct machine* machine, struct cycle_account* cycles) {
  struct counters process, kernel;
  machine_counters(machine, &process, &kernel);
  *cycles = (struct cycle_account){
      .base = process.cycles_base,
      .stlb = process.cycles_stlb,
      .walk = process.cycles_walk,
      .ad_update = process.cycles_ad_update,
      .data = process.cycles_data,
      .flush = process.cycles_flush + kernel.cycles_flush,
      .trap = machine->trap,
      .kernel = kernel.cycles_base + kernel.cycles_stlb + kernel.cycles_walk + kernel.cycles_ad_update +
                kernel.cycles_data + machine->work,
      .idle = machine->idle,
  };
}

// Drops every TLB and walk-cache entry: a change of CR4.PGE takes the global ones along, where the machine has any.
static void empty_the_tlbs(struct machine* machine) {
  uint64_t registers[5], pdptes[4];
  const uint64_t pge = 0x80;
  engine_registers(machine->engine, registers, pdptes);
  const struct control controls[] = {{.op = CONTROL_CR4, .value = registers[CONTROL_CR4] & ~pge},
                                     {.op = CONTROL_CR4, .value = registers[CONTROL_CR4]},
                                     {.op = CONTROL_CR3, .value = registers[CONTROL_CR3]}};
  for (size_t i = 0; i < sizeof controls / sizeof *controls && !machine->broken; i++) {
    engine_control(machine->engine, &controls[i]);
    machine_check(machine);
  }
}

void machine_start(struct machine* machine) {
  empty_the_tlbs(machine);
  machine_charge(machine, machine->agent);
  memset(machine->counted, 0, sizeof machine->counted);
  machine->trap = machine->work = machine->idle = 0;
  machine->started = machine_now(machine);
}
