// SPDX-License-Identifier: MIT
// A machine: an engine, RAM, a disk, a clock, and the kernel's HAL on top of them. Runs one kernel.
#ifndef PAGEWALK_MACHINE_MACHINE_H
#define PAGEWALK_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "core/core.h"
#include "engine/engine.h"
#include "hal/hal.h"
#include "kernel/kernel.h"
#include "machine/disk.h"
#include "machine/ram.h"

struct machine;

struct machine_params {
  const struct config* config;
  enum engine_kind engine;
  bool traced;                                                              // an engine that can write waveforms
  uint64_t frames;                                                          // of RAM; 0: config_frames decides
  void (*narrate)(void* ctx, uint64_t cycle, const struct hal_note* note);  // or NULL
  void* narrate_ctx;
  // Programs (kernel.h, struct kernel_params). Zeroed: paging, CR3 loaded at a switch, no programs.
  enum kernel_sharing sharing;
  enum kernel_tagging tagging;
  const struct kernel_program* programs;  // [program_count]; they live as long as the machine
  unsigned program_count;
  uint64_t quantum;
  uint64_t process_bytes;
  void (*console)(void* ctx, int pid, const void* bytes, size_t count);  // what programs write; NULL: nowhere
  void* console_ctx;
  // Puts something between the machine and its engine, a recorder for one; or NULL. Takes `engine` over and returns the
  // engine to use, or NULL with a message. `ram` is the machine's memory.
  struct engine* (*wrap)(void* ctx, struct engine* engine, struct ram* ram, struct error* err);
  void* wrap_ctx;
};

// Where every cycle of a run went; the sum is all that passed since machine_start (docs/timing.md, "Where cycles go").
struct cycle_account {
  uint64_t base, stlb, walk, ad_update, data, flush, trap, kernel, idle;
};

// Creates engine and RAM and boots the kernel. NULL with a message (frames below what the kernel needs, no RTL, ...).
struct machine* machine_create(const struct machine_params* params, struct error* err);
void machine_destroy(struct machine* machine);

struct engine* machine_engine(struct machine* machine);
struct ram* machine_ram(struct machine* machine);
struct disk* machine_disk(struct machine* machine);
struct kernel* machine_kernel(struct machine* machine);
uint64_t machine_now(const struct machine* machine);

// The process's references, and what the kernel's own were, apart.
void machine_counters(const struct machine* machine, struct counters* process, struct counters* kernel);
// The sum of *cycles is machine_now() - (the cycle in which the last machine_start ended).
void machine_cycles(const struct machine* machine, struct cycle_account* cycles);
// Starts all accounts and counters from here (after boot, after eager mapping). TLBs and walk caches are emptied by a
// reload of CR3 with global pages dropped, so that the run starts cold; timing caches keep what the kernel left there.
void machine_start(struct machine* machine);

enum machine_stop {
  MACHINE_END,      // all references played
  MACHINE_KILLED,   // the kernel killed the process: *kill
  MACHINE_STOPPED,  // *interrupt was set
  MACHINE_BROKEN    // the engines differ, or the kernel panicked: machine_trouble
};

struct machine_run {
  size_t done;  // references completed
  enum machine_stop stop;
  struct kernel_kill kill;
};

// Plays references (with REF_USER) of the process whose address space is loaded: faults go to the kernel (core.trap,
// handler, core.iret), waits for the disk are idle time, the reference restarts. `move_data`: stores write their bytes
// to RAM (for demand paging: so that pages have content that swapping must preserve). `interrupt` (or NULL) is looked
// at now and then.
void machine_play(struct machine* machine, const struct ref* refs, size_t n, bool move_data,
                  const volatile int* interrupt, struct machine_run* run);

// --- programs --------------------------------------------------------------------------------------------------------
// What kernel_start has made processes of is run by the core: each fetch, load and store a reference with REF_USER,
// each system call, exception and interrupt a way into the kernel (core.trap, the kernel, core.iret).

enum machine_end {
  MACHINE_DONE,     // no process is left
  MACHINE_LIMIT,    // as many instructions as allowed are completed, or `until` has come; calling again goes on
  MACHINE_HALTED,   // *interrupt was set
  MACHINE_TROUBLE,  // machine_trouble
};
struct machine_limits {
  uint64_t instructions;  // completed by all processes since the machine was created; UINT64_MAX: no limit
  uint64_t until;         // stop after the instruction, or in the idle time, that reaches this cycle; UINT64_MAX
  const volatile int* interrupt;  // looked at now and then; or NULL
};
enum machine_end machine_run(struct machine* machine, const struct machine_limits* limits);

// Instructions completed by all processes; a repeated string instruction counts once.
uint64_t machine_instructions(const struct machine* machine);

// The registers of the core: of the process that runs, or ran last.
const struct core_state* machine_registers(const struct machine* machine);

// Is told of every reference that a program makes, right after it. Each fetch begins an instruction, or one that is
// started over. Costs speed. NULL stops.
struct machine_reference {
  struct ref ref;
  struct answer answer;
  bool answered;  // else it faulted
};
typedef void machine_reference_fn(void* ctx, const struct machine_reference* reference);
void machine_on_reference(struct machine* machine, machine_reference_fn* fn, void* ctx);

// --- what traces store -----------------------------------------------------------------------------------------------

// The data that stores move: eight bytes (little-endian) of word `word` (0: bytes 0..7 of the store, 1: bytes 8..15,
// ...) of the reference that is the `reference`-th completed one on this machine, counted from 0 over all calls.
uint64_t machine_store_word(uint64_t reference, unsigned word);

// Text of a panic or of a difference between the engines; NULL if all is well.
const char* machine_trouble(const struct machine* machine);

#endif
