// SPDX-License-Identifier: MIT
// fork: a child that has what its parent has, and goes on where its parent does.
#include "kernel/errno.h"
#include "kernel/proc/call.h"
#include "kernel/proc/control_block.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

// The child that is being made: the one of a call that is made again, or a new one.
static struct process* embryo_of(struct kernel* kernel, struct process* parent) {
  if (!parent->embryo) {
    struct process* child = process_new(kernel);
    if (!child) return NULL;
    program_set(child, parent->program);
    child->stage = STAGE_EMBRYO;
    child->state = KERNEL_BLOCKED;
    child->entry = parent->entry;
    child->stack_top = parent->stack_top;
    child->brk = parent->brk;
    child->brk_start = parent->brk_start;
    parent->embryo = child;
    parent->embryo_lost = false;
  }
  return parent->embryo;
}

static void be_born(struct kernel* kernel, struct process* parent, struct process* child) {
  child->parent = parent->pid;
  child->context = parent->context;
  child->context.reg[KERNEL_EAX] = 0;
  child->stage = STAGE_RUN;
  parent->embryo = NULL;
  kernel_note(kernel, HAL_NOTE_FORK, (uint64_t)parent->pid, (uint64_t)child->pid, 0);
  control_block_save(kernel, child);
  process_ready(kernel, child);
}

enum call_outcome call_fork(struct call* call) {
  struct kernel* kernel = call->kernel;
  if (call->again && call->process->embryo_lost) return call_done(call, -KERNEL_ENOMEM);
  struct process* child = embryo_of(kernel, call->process);
  if (!child) return call_done(call, -KERNEL_EAGAIN);
  int pid = child->pid, result = kernel->space->fork(kernel, call->process, child);
  if (result == SPACE_WAIT) return CALL_AGAIN;
  if (result == 0) {
    be_born(kernel, call->process, child);
    return call_done(call, pid);
  }
  program_discard(kernel, child);
  call->process->embryo = NULL;
  return call_done(call, result);
}
