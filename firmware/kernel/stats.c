// SPDX-License-Identifier: MIT
// What the kernel tells of itself: figures, processes, memory maps, translations. None of it is a reference or takes
// time.
#include "kernel/state.h"
#include "lib/text.h"

void kernel_stats(const struct kernel* kernel, struct kernel_stats* stats) {
  *stats = kernel->stats;
  stats->frames_total = kernel->frames.total;
  stats->frames_free = frames_free_count(kernel);
  stats->frames_kernel = kernel->frames.kernel;
  stats->frames_tables = kernel->frames.tables;
  stats->frames_process = kernel->frames.process;
  stats->swap_used = kernel->swap.used;
  if (kernel->space->stats) kernel->space->stats(kernel, stats);
}

static const struct process* find(const struct kernel* kernel, int pid) {
  return process_find((struct kernel*)kernel, pid);
}

void kernel_vmas(const struct kernel* kernel, int pid, void (*visit)(void* ctx, const struct kernel_vma* vma),
                 void* ctx) {
  const struct process* process = find(kernel, pid);
  if (process) kernel->space->vmas(kernel, process, visit, ctx);
}

bool kernel_translate(const struct kernel* kernel, int pid, uint64_t va, uint64_t* pa) {
  const struct process* process = find(kernel, pid);
  return process && kernel->space->translate(kernel, process, va, pa);
}

void kernel_processes(const struct kernel* kernel, void (*visit)(void* ctx, const struct kernel_process* process),
                      void* ctx) {
  for (const struct process* process = kernel->processes; process < kernel->processes + PROCESS_MAX; process++) {
    if (process->pid == 0 || !process->is_program || process->stage == STAGE_EMBRYO) continue;
    struct kernel_process shown = {.pid = process->pid,
                                   .parent = process->parent,
                                   .state = process->state,
                                   .cycles = schedule_cycles(kernel, process),
                                   .faults = process->faults,
                                   .calls = process->calls,
                                   .switches = process->switches};
    struct text name = text_in(shown.name, sizeof shown.name);
    text_add(&name, process->name);
    kernel->space->usage(kernel, process, &shown);
    visit(ctx, &shown);
  }
}

bool kernel_first_end(const struct kernel* kernel, struct kernel_end* end) {
  if (kernel->first_ended) *end = kernel->first_end;
  return kernel->first_ended;
}
