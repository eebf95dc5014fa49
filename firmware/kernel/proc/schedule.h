// SPDX-License-Identifier: MIT
// Who runs next: round robin over the programs that are ready.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_SCHEDULE_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_SCHEDULE_H

#include "kernel/kernel.h"

struct process;

struct scheduler {
  struct process *first, *last;  // of the queue of those that are ready
  struct process* running;       // whose registers the processor has, or had until the trap; NULL: nobody's
  int shown;                     // pid of the process that has the processor; 0: it is idle
  int last_pid;                  // of the program that had it last
  uint64_t resumed;              // the cycle in which the kernel was left last
  bool in_user;                  // and it has not been entered since: `running` has time that is not counted yet
};

// Puts a process at the end of the queue: ready.
void process_ready(struct kernel* kernel, struct process* process);

// Puts a program to sleep. It is started over when space_ops.ready says so (disk, memory), at the cycle wake_at (sleep)
// or when a child ends.
void process_block(struct kernel* kernel, struct process* process, enum hal_blocked why);

// Takes a program that is about to end out of the scheduler's hands.
void schedule_forget(struct kernel* kernel, struct process* process);

// What a sleeping program waits for has come.
void schedule_awake(struct kernel* kernel, struct process* process);

// At the entry of the kernel: saves the registers of the program that ran, and counts its time.
void schedule_enter(struct kernel* kernel, const struct kernel_context* context);

// Cycles that a program ran in user mode, up to now.
uint64_t schedule_cycles(const struct kernel* kernel, const struct process* process);

// At the exit: goes on with the program that ran, or the next one.
enum kernel_next schedule_leave(struct kernel* kernel, struct kernel_context* context);

#endif
