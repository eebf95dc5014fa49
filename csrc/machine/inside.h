// SPDX-License-Identifier: MIT
// What a machine consists of: for the files of this folder only.
#ifndef PAGEWALK_MACHINE_INSIDE_H
#define PAGEWALK_MACHINE_INSIDE_H

#include "machine/cpu.h"
#include "machine/disk.h"
#include "machine/machine.h"

// On whose behalf the engine works: its counters are kept apart.
enum agent { AGENT_PROCESS, AGENT_KERNEL, AGENT_COUNT };

// The MMU's bus onto RAM, which remembers what it refused last.
struct machine_bus {
  struct memory_bus ram;
  bool refused, swap;  // something was refused; it was a compare-and-swap, not a read
  uint64_t pa;
  unsigned size;
};

struct machine {
  struct hal hal;  // first: the kernel hands it back
  struct config config;
  struct engine* engine;
  struct ram* ram;
  struct ram* second;  // ENGINE_BOTH: the model's own
  struct machine_bus bus;
  struct disk* disk;
  struct kernel* kernel;
  void* arena;

  void (*narrate)(void* ctx, uint64_t cycle, const struct hal_note* note);
  void* narrate_ctx;

  enum agent agent;
  struct counters since;                 // the engine's counters when `agent` took over
  struct counters counted[AGENT_COUNT];  // until then
  uint64_t trap, work, idle;             // cycles in which the engine had nothing to do
  uint64_t started;                      // the cycle of machine_start

  // Programs.
  struct cpu cpu;
  uint64_t timer;                 // the cycle of the kernel's timer; UINT64_MAX: not set
  struct kernel_context context;  // of the process that runs, while the core does not
  enum kernel_next next;          // what the kernel has asked for
  bool entered;                   // the kernel has been asked whom to run
  void (*console)(void* ctx, int pid, const void* bytes, size_t count);
  void* console_ctx;

  uint64_t references;  // that processes have completed, of all calls
  bool broken;          // nothing more is done; `trouble` says why
  char trouble[2048];
};

extern const struct hal_ops machine_hal_ops;

// The first trouble stays. From then on nothing happens any more: HAL calls return at once, so that the kernel is left
// by its normal returns.
void machine_break(struct machine* machine, const char* format, ...) __attribute__((format(printf, 2, 3)));

// As machine_break, for a bus error that a walk for `agent`'s `ref` met.
void machine_bus_error(struct machine* machine, const char* agent, const struct ref* ref);

// Notices when the engines of ENGINE_BOTH differ; returns true if all is well.
bool machine_check(struct machine* machine);

// From now on the engine's cycles and counts are `agent`'s.
void machine_charge(struct machine* machine, enum agent agent);

// Lets `cycles` pass with nothing for the engine to do, and adds them to *account.
void machine_pass(struct machine* machine, uint64_t cycles, uint64_t* account);

#endif
