// SPDX-License-Identifier: MIT
// System calls: those of Linux for i386.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_CALL_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_CALL_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct process;

enum call_outcome {
  CALL_DONE,   // *result is its result
  CALL_AGAIN,  // the process was put to sleep; it makes the call again
  CALL_GONE    // the program that made it is no more: nobody waits for a result
};

struct call {
  struct kernel* kernel;
  struct process* process;
  uint32_t argument[5];
  bool again;  // it was begun before, and the process was put to sleep
  int32_t result;
};

// Serves the call that the running program has made; `start` is the address of its INT.
void call_serve(struct kernel* kernel, struct process* process, uint32_t start);

// The calls, by what they are about.
enum call_outcome call_fork(struct call* call);
enum call_outcome call_execve(struct call* call);
enum call_outcome call_waitpid(struct call* call);
enum call_outcome call_kill(struct call* call);

// A call's result.
enum call_outcome call_done(struct call* call, int32_t result);
// The same for what a function of space_ops returned: SPACE_WAIT is no result.
enum call_outcome call_done_or_again(struct call* call, int result);

#endif
