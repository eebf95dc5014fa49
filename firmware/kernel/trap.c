// SPDX-License-Identifier: MIT
// Where the machine enters the kernel: page faults, and the disk's word that a transfer is over.
#include "kernel/mm/fault.h"
#include "kernel/state.h"

static enum kernel_action serve(struct kernel* kernel, struct kernel_kill* kill) {
  struct process* process = kernel->current;
  hal_work(kernel->hal, kernel->work);
  enum kernel_action action = fault_serve(kernel, process, kill);
  if (action == KERNEL_KILLED) {
    kill->pid = process->pid;
    kill->cr2 = process->cr2;
    kill->error = process->error;
    struct hal_note note = {.kind = HAL_NOTE_KILL,
                            .a = process->cr2,
                            .b = process->error,
                            .c = (uint64_t)process->pid,
                            .text = kill->reason};
    hal_note(kernel->hal, &note);
    process_end(kernel, process);
  }
  return action;
}

enum kernel_action kernel_page_fault(struct kernel* kernel, uint64_t cr2, unsigned error, struct kernel_kill* kill) {
  struct process* process = kernel->current;
  kernel_note(kernel, HAL_NOTE_FAULT, cr2, error, 0);
  if (!process) {
    kernel_panic(kernel, "a page fault, but no process runs: ", cr2);
    return KERNEL_WAIT;
  }
  kernel_note(kernel, HAL_NOTE_TRAP, cr2, (uint64_t)process->pid, 0);
  process->cr2 = cr2;
  process->error = error;
  process->major = false;
  swap_settle(kernel);
  return serve(kernel, kill);
}

enum kernel_action kernel_poll(struct kernel* kernel, struct kernel_kill* kill) {
  struct process* process = kernel->current;
  if (kernel->panicked || !process || !process->waiting) return kernel->panicked ? KERNEL_WAIT : KERNEL_RESUME;
  swap_settle(kernel);
  if (swap_in_flight(kernel, process->wait_block)) return KERNEL_WAIT;
  return serve(kernel, kill);
}
