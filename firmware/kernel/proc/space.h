// SPDX-License-Identifier: MIT
// How a program's memory is provided: one table of functions for paging and for each of the older ways of sharing a
// memory (docs/programs.md). The rest of the kernel knows no difference.
//
// Functions that may have to wait return SPACE_WAIT after putting the process to sleep (process_block); whatever was
// asked for is started over from its beginning when the process is awake again, and must have changed nothing that
// matters.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_SPACE_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_SPACE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct kernel_end;
struct kernel_params;
struct kernel_process;
struct kernel_program;
struct kernel_stats;
struct kernel_trap;
struct kernel_vma;
struct process;

// Results are 0, a negative errno value, or this.
enum { SPACE_WAIT = 1 };

// Stacks grow on faults, where they can grow, and no further than this. A program may refer to its stack so far below
// ESP: ENTER 65535, 31 pushes 32 words and then moves ESP by 65535 (the rule of Linux before 4.20 for i386).
enum { STACK_BYTES_MAX = 8 << 20, STACK_CUSHION = 65536 + 32 * 4 };

struct space_ops {
  // At boot: builds what is needed before the first process. False after a panic that says why.
  bool (*boot)(struct kernel* kernel, const struct kernel_params* params);

  // Gives a process that has no memory a place for the program's image, a heap and a stack, and sees to it that the
  // image is there when it is referenced. Sets process->entry, process->stack_top and process->brk.
  int (*load)(struct kernel* kernel, struct process* process, const struct kernel_program* program);
  // Gives the child, which has no memory, a copy of all that the parent has.
  int (*fork)(struct kernel* kernel, struct process* parent, struct process* child);
  // Takes all memory from the process, whether or not it is in use or on its way from or to the disk.
  void (*release)(struct kernel* kernel, struct process* process);

  // Whether what a process sleeps for, that a function of this table put to sleep, has come. Asked at every trap.
  bool (*ready)(struct kernel* kernel, struct process* process);

  // Makes the processor's translation that of the process. Called before every return to it; nothing is done if it
  // was the last one.
  int (*enter)(struct kernel* kernel, struct process* process);
  // The process, which is the one entered, met #PF, #GP or #SS. 0: served, the instruction is restarted. -EFAULT: it
  // must die; end->reason says why, without naming the process, and end->code by which signal (0: the exception's own).
  int (*fault)(struct kernel* kernel, struct process* process, const struct kernel_trap* trap, struct kernel_end* end);

  // Moves the end of the heap; process->brk is it. -ENOMEM: there is no room, nothing changed.
  int (*set_brk)(struct kernel* kernel, struct process* process, uint32_t brk);
  // Moves bytes between the kernel and the memory of the process, which is the one entered, with the rights of the
  // program: -EFAULT where it has none.
  int (*copy_in)(struct kernel* kernel, struct process* process, void* to, uint32_t va, uint32_t bytes);
  int (*copy_out)(struct kernel* kernel, struct process* process, uint32_t va, const void* from, uint32_t bytes);

  // For reports, of processes in any state: no references, no time.
  void (*stats)(const struct kernel* kernel, struct kernel_stats* stats);  // or NULL: adds what only it knows
  void (*usage)(const struct kernel* kernel, const struct process* process, struct kernel_process* shown);
  void (*vmas)(const struct kernel* kernel, const struct process* process,
               void (*visit)(void* ctx, const struct kernel_vma* vma), void* ctx);
  bool (*translate)(const struct kernel* kernel, const struct process* process, uint64_t va, uint64_t* pa);
};

extern const struct space_ops space_paging;
extern const struct space_ops space_contiguous;  // alone, images, static, base, bounds, segments

#endif
