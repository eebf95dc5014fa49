// SPDX-License-Identifier: MIT
// Where the machine enters the kernel: traps of programs; page faults of traces, and the disk's word that a transfer
// is over.
#include "kernel/mm/fault.h"
#include "kernel/proc/call.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

static void serve_trap(struct kernel* kernel, const struct kernel_trap* trap) {
  struct process* process = kernel->scheduler.running;
  if (trap->kind == KERNEL_TRAP_START) return;
  if (process && trap->kind != KERNEL_TRAP_CALL) favour_moved(kernel, process, process->context.eip);
  if (trap->kind == KERNEL_TRAP_INTERRUPT) {
    kernel->stats.interrupts++;
  } else if (!process) {
    kernel_panic(kernel, "a program trapped, but none runs: vector ", trap->vector);
  } else if (trap->kind == KERNEL_TRAP_CALL) {
    favour_moved(kernel, process, trap->start);
    call_serve(kernel, process, trap->start);
  } else {
    program_exception(kernel, process, trap);
  }
}

enum kernel_next kernel_trap(struct kernel* kernel, const struct kernel_trap* trap, struct kernel_context* context) {
  if (kernel->panicked) return KERNEL_DONE;
  schedule_enter(kernel, context);
  hal_work(kernel->hal, kernel->work);
  swap_settle(kernel);
  serve_trap(kernel, trap);
  return schedule_leave(kernel, context);
}

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
