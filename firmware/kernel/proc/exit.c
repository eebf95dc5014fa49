// SPDX-License-Identifier: MIT
// How a program ends: what it leaves to its parent, and what becomes of its children.
#include "kernel/proc/program.h"
#include "kernel/state.h"
#include "lib/text.h"

static void free_slot(struct process* process) { process->pid = 0; }

void program_discard(struct kernel* kernel, struct process* embryo) {
  kernel->space->release(kernel, embryo);
  free_slot(embryo);
}

// Nobody waits for orphans: they are gone when they end.
static void leave_children(struct kernel* kernel, const struct process* parent) {
  for (struct process* child = kernel->processes; child < kernel->processes + PROCESS_MAX; child++) {
    if (child->pid == 0 || child->parent != parent->pid) continue;
    child->parent = 0;
    if (child->state == KERNEL_ZOMBIE) free_slot(child);
  }
}

static void become_zombie(struct kernel* kernel, struct process* process, struct process* parent) {
  process->state = KERNEL_ZOMBIE;
  if (parent->state == KERNEL_BLOCKED && parent->blocked == HAL_BLOCKED_CHILD) schedule_awake(kernel, parent);
}

static void finish(struct kernel* kernel, struct process* process, int status) {
  struct process* parent = process_find(kernel, process->parent);
  process->status = status;
  if (process->embryo) program_discard(kernel, process->embryo);
  process->embryo = NULL;
  schedule_forget(kernel, process);
  kernel->space->release(kernel, process);
  leave_children(kernel, process);
  kernel_note(kernel, HAL_NOTE_EXIT, (uint64_t)process->pid, (uint64_t)status, 0);
  if (parent)
    become_zombie(kernel, process, parent);
  else
    free_slot(process);
}

// The first program's end is kept.
static void record(struct kernel* kernel, const struct process* process, struct kernel_end* end) {
  struct text name = text_in(end->name, sizeof end->name);
  text_add(&name, process->name);
  end->pid = process->pid;
  end->context = process->context;
  if (process->pid != kernel->first_pid) return;
  kernel->first_end = *end;
  kernel->first_ended = true;
}

void program_exit(struct kernel* kernel, struct process* process, int code) {
  struct kernel_end end = {.code = code & 0xff, .eip = process->context.eip};
  struct text reason = text_in(end.reason, sizeof end.reason);
  text_add(&reason, "it ended with exit status ");
  text_add_number(&reason, (uint64_t)end.code);
  record(kernel, process, &end);
  finish(kernel, process, status_exited(code));
}

void program_die(struct kernel* kernel, struct process* process, int signal, struct kernel_end* end) {
  end->signalled = true;
  end->code = signal;
  if (!end->eip) end->eip = process->context.eip;
  record(kernel, process, end);
  struct hal_note note = {
      .kind = HAL_NOTE_SIGNAL, .a = (uint64_t)process->pid, .b = (uint64_t)signal, .c = end->eip, .text = end->reason};
  hal_note(kernel->hal, &note);
  finish(kernel, process, status_signalled(signal));
}
