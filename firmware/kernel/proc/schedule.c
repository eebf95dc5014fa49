// SPDX-License-Identifier: MIT
// Who runs next: round robin over the programs that are ready.
#include "kernel/proc/schedule.h"

#include "kernel/proc/control_block.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

void process_ready(struct kernel* kernel, struct process* process) {
  struct scheduler* scheduler = &kernel->scheduler;
  process->state = KERNEL_READY;
  process->next_ready = NULL;
  if (scheduler->last)
    scheduler->last->next_ready = process;
  else
    scheduler->first = process;
  scheduler->last = process;
}

static struct process* take_first(struct scheduler* scheduler) {
  struct process* process = scheduler->first;
  if (!process) return NULL;
  scheduler->first = process->next_ready;
  if (!scheduler->first) scheduler->last = NULL;
  return process;
}

static void take_out(struct scheduler* scheduler, const struct process* process) {
  struct process *before = NULL, *at = scheduler->first;
  while (at && at != process) {
    before = at;
    at = at->next_ready;
  }
  if (!at) return;
  if (before)
    before->next_ready = at->next_ready;
  else
    scheduler->first = at->next_ready;
  if (scheduler->last == at) scheduler->last = before;
}

void process_block(struct kernel* kernel, struct process* process, enum hal_blocked why) {
  process->state = KERNEL_BLOCKED;
  process->blocked = why;
  if (kernel->scheduler.running == process) kernel->scheduler.running = NULL;
  kernel_note(kernel, HAL_NOTE_BLOCK, (uint64_t)process->pid, why, 0);
}

void schedule_forget(struct kernel* kernel, struct process* process) {
  if (process->state == KERNEL_READY) take_out(&kernel->scheduler, process);
  if (kernel->scheduler.running == process) kernel->scheduler.running = NULL;
}

void schedule_awake(struct kernel* kernel, struct process* process) {
  kernel_note(kernel, HAL_NOTE_WAKE, (uint64_t)process->pid, 0, 0);
  process_ready(kernel, process);
}

static bool may_wake(struct kernel* kernel, struct process* process) {
  switch (process->blocked) {
    case HAL_BLOCKED_DISK:
    case HAL_BLOCKED_MEMORY:
      return kernel->space->ready(kernel, process);
    case HAL_BLOCKED_SLEEP:
      return hal_now(kernel->hal) >= process->wake_at;
    default:
      return false;  // the child's end wakes it
  }
}

static bool is_blocked(const struct process* process) {
  return process->pid != 0 && process->is_program && process->stage != STAGE_EMBRYO && process->state == KERNEL_BLOCKED;
}

static void wake(struct kernel* kernel) {
  swap_settle(kernel);
  for (struct process* process = kernel->processes; process < kernel->processes + PROCESS_MAX; process++)
    if (is_blocked(process) && may_wake(kernel, process)) schedule_awake(kernel, process);
}

void schedule_enter(struct kernel* kernel, const struct kernel_context* context) {
  struct process* process = kernel->scheduler.running;
  if (!process) return;
  uint64_t ran = hal_now(kernel->hal) - kernel->scheduler.resumed;
  kernel->scheduler.in_user = false;
  process->context = *context;
  process->cycles += ran;
  process->quantum_left -= ran < process->quantum_left ? ran : process->quantum_left;
}

uint64_t schedule_cycles(const struct kernel* kernel, const struct process* process) {
  const struct scheduler* scheduler = &kernel->scheduler;
  bool runs = scheduler->in_user && scheduler->running == process;
  return process->cycles + (runs ? hal_now(kernel->hal) - scheduler->resumed : 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Leaving the kernel

static bool quantum_is_over(const struct kernel* kernel, const struct process* process) {
  return kernel->quantum > 0 && process->quantum_left == 0;
}

// The processor goes from one process to another; pid 0: it is idle.
static void now_runs(struct kernel* kernel, int pid) {
  struct scheduler* scheduler = &kernel->scheduler;
  if (scheduler->shown == pid) return;
  kernel_note(kernel, HAL_NOTE_SWITCH, (uint64_t)scheduler->shown, (uint64_t)pid, 0);
  scheduler->shown = pid;
}

static void set_timer(struct kernel* kernel, uint64_t quantum_end) {
  uint64_t at = quantum_end;
  for (const struct process* process = kernel->processes; process < kernel->processes + PROCESS_MAX; process++)
    if (is_blocked(process) && process->blocked == HAL_BLOCKED_SLEEP && process->wake_at < at) at = process->wake_at;
  hal_set_timer(kernel->hal, at);
}

static enum kernel_next resume(struct kernel* kernel, struct process* process, struct kernel_context* context) {
  struct scheduler* scheduler = &kernel->scheduler;
  uint64_t now = hal_now(kernel->hal);
  if (scheduler->shown != process->pid) process->switches++;
  if (scheduler->last_pid != process->pid) kernel->stats.switches++;
  scheduler->last_pid = process->pid;
  now_runs(kernel, process->pid);
  process->state = KERNEL_RUNNING;
  process->saved = false;
  set_timer(kernel, kernel->quantum > 0 ? now + process->quantum_left : UINT64_MAX);
  scheduler->resumed = now;
  scheduler->in_user = true;
  *context = process->context;
  return KERNEL_RUN;
}

static enum kernel_next rest(struct kernel* kernel) {
  for (const struct process* process = kernel->processes; process < kernel->processes + PROCESS_MAX; process++) {
    if (!is_blocked(process)) continue;
    now_runs(kernel, 0);
    set_timer(kernel, UINT64_MAX);
    return KERNEL_IDLE;
  }
  return KERNEL_DONE;
}

// Makes the processor that of another program, but for its registers.
static int switch_to(struct kernel* kernel, struct process* process) {
  struct process* last = process_find(kernel, kernel->scheduler.last_pid);
  bool comes = last != process;
  uint64_t before = hal_now(kernel->hal);
  if (comes && last && last->state != KERNEL_ZOMBIE && !last->saved) control_block_save(kernel, last);
  int result = kernel->space->enter(kernel, process);
  if (comes && result == 0) control_block_restore(kernel, process);
  kernel->stats.switch_cycles += hal_now(kernel->hal) - before;
  return result;
}

// All that a process has to do in the kernel before it runs on. 0: it can; else it is asleep or gone.
static int prepare(struct kernel* kernel, struct process* process) {
  int result = process->stage == STAGE_LOAD ? program_load(kernel, process) : 0;
  if (result != 0) return result;
  result = switch_to(kernel, process);
  if (result != 0) return result;
  if (process->stage == STAGE_ARGUMENTS) result = program_lay_out_arguments(kernel, process);
  if (result == 0 && process->serving) result = program_serve_exception(kernel, process);
  return result;
}

enum kernel_next schedule_leave(struct kernel* kernel, struct kernel_context* context) {
  struct scheduler* scheduler = &kernel->scheduler;
  struct process* process = scheduler->running;
  wake(kernel);
  if (process && quantum_is_over(kernel, process)) {
    scheduler->running = NULL;
    process_ready(kernel, process);
  }
  while (!kernel->panicked) {
    process = scheduler->running;
    if (!process) {
      process = scheduler->running = take_first(scheduler);
      if (!process) return rest(kernel);
      process->state = KERNEL_RUNNING;
      process->quantum_left = kernel->quantum;
    }
    if (prepare(kernel, process) == 0 && !kernel->panicked) return resume(kernel, process, context);
    wake(kernel);
  }
  return KERNEL_DONE;
}
