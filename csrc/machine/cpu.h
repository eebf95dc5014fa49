// SPDX-License-Identifier: MIT
// The processor that runs programs: the i386 core, with the engine's MMU and the machine's memory on its bus. Each
// fetch, load and store is one reference through the engine; its data move at the answer. For the files of this folder.
//
// The kernel is not on this processor: it is C of the host, and its references go through the HAL. So the core is
// always at CPL 3, and what a user program can't do ends in an exception.
#ifndef PAGEWALK_MACHINE_CPU_H
#define PAGEWALK_MACHINE_CPU_H

#include "core/core.h"
#include "engine/engine.h"
#include "hal/hal.h"
#include "machine/machine.h"
#include "machine/ram.h"

enum { CPU_FRAMES = 64 };

// What a data segment register holds, two bits each in kernel_context.segments by enum core_segment.
enum cpu_selector { CPU_USER, CPU_CODE, CPU_NULL };

struct cpu {
  struct core* core;
  struct engine* engine;
  struct ram* ram;
  struct machine* machine;
  // Frames that were referenced lately: where their bytes are. No entry: data is NULL.
  struct {
    uint64_t frame;
    uint8_t* data;
  } frames[CPU_FRAMES];
  bool plain;                        // stores may go straight to a frame's bytes
  uint8_t code[2 * CORE_CODE_ROOM];  // of a fetch near the end of a frame
  enum hal_select select;            // how references choose their segment
  uint32_t segments;                 // as kernel_context.segments
  uint8_t unreadable, unwritable;    // bit s: segment register s
  uint64_t alarm;                    // the first cycle in which an instruction is the last one for now
  uint64_t cr2;                      // the address that faulted, all its bits; 0 if none did
  bool forget;                       // translations of code may have changed since the core ran
  machine_reference_fn* trace;
  void* trace_ctx;
};

// False: the host has no memory. `machine` has its engine and memory.
bool cpu_create(struct cpu* cpu, struct machine* machine);
void cpu_destroy(struct cpu* cpu);

// Puts a process's registers into the core; takes them out.
void cpu_load(struct cpu* cpu, const struct kernel_context* context);
void cpu_save(const struct cpu* cpu, struct kernel_context* context);

// Runs until something stops it, at the latest after `steps` steps or the first instruction that ends in or after the
// cycle before `alarm`.
struct core_stop cpu_run(struct cpu* cpu, uint64_t steps, uint64_t alarm);

#endif
