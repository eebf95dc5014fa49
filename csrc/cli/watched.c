// SPDX-License-Identifier: MIT
#include "cli/watched.h"

#include <string.h>

enum { LOOK_EVERY = 2000, INSTRUCTIONS_MAX = 50000000, PAGE = 4096 };

// --- looking ---------------------------------------------------------------------------------------------------------

struct look {
  struct kernel* kernel;
  struct watched_memory memory;
  int pid;  // the first process
  uint64_t bytes;
  uint64_t next_va, next_pa;  // where a stretch of it would go on
  unsigned areas;             // of all processes, with anything in memory
};

static void count_area(void* ctx, const struct kernel_vma* vma) {
  struct look* look = ctx;
  look->areas += vma->resident > 0;
}

static void count_pieces(void* ctx, const struct kernel_vma* vma) {
  struct look* look = ctx;
  uint64_t pa;
  for (uint64_t va = vma->start; va < vma->end; va = (va | (PAGE - 1)) + 1) {
    if (!kernel_translate(look->kernel, look->pid, va, &pa)) continue;
    look->memory.pieces += look->memory.pieces == 0 || pa - va != look->next_pa - look->next_va;
    look->next_va = va;
    look->next_pa = pa;
  }
}

static void count_process(void* ctx, const struct kernel_process* process) {
  struct look* look = ctx;
  if (process->resident == 0) return;
  if (look->memory.processes++ == 0) {
    look->pid = process->pid;
    look->bytes = process->bytes;
    kernel_vmas(look->kernel, process->pid, count_pieces, look);
  }
  look->memory.same_size = look->memory.same_size && process->bytes == look->bytes;
  kernel_vmas(look->kernel, process->pid, count_area, look);
}

static struct watched_memory look(struct kernel* kernel, enum kernel_sharing sharing, struct kernel_stats* stats) {
  struct look look = {.kernel = kernel, .memory = {.same_size = true}};
  kernel_stats(kernel, stats);
  kernel_processes(kernel, count_process, &look);
  bool pages = sharing == KERNEL_SHARE_PAGING;
  look.memory.given = (stats->frames_process + stats->frames_tables) * PAGE;
  look.memory.unused = pages ? (uint64_t)look.areas * PAGE + stats->frames_tables * PAGE : stats->internal_bytes;
  look.memory.free = pages ? stats->frames_free * PAGE : stats->external_bytes;
  if (!pages) look.memory.given = stats->frames_total * PAGE - stats->external_bytes;
  look.memory.free_holes = stats->holes;
  return look.memory;
}

static void note_moment(struct watched* run, struct kernel* kernel) {
  struct kernel_stats stats;
  struct watched_memory now = look(kernel, run->sharing, &stats);
  if (now.processes > run->fullest.processes) run->fullest = now;
  uint64_t scattered = stats.external_bytes - stats.largest_hole;
  if (scattered > run->scattered) run->scattered = scattered;
}

// --- the run ---------------------------------------------------------------------------------------------------------

static bool run_to_the_end(struct execution* execution, struct watched* run, struct error* err) {
  enum machine_end end = MACHINE_LIMIT;
  for (uint64_t limit = LOOK_EVERY; end == MACHINE_LIMIT && limit < INSTRUCTIONS_MAX; limit += LOOK_EVERY) {
    if (!execution_run(execution, limit, UINT64_MAX, &end, err)) return false;
    note_moment(run, machine_kernel(execution->machine));
  }
  return end == MACHINE_DONE ||
         error_set(err, "%s: did not end under %s", run->commands[0], kernel_sharing_names[run->sharing]);
}

bool watched_run(const struct scenario* scenario, struct watched* run, struct error* err) {
  struct config config = *scenario->config;
  struct cli_programs options;
  struct execution execution;
  cli_programs_default(&options);
  config.ram.frames = run->frames;
  options.sharing = run->sharing;
  options.process_bytes = run->process_bytes;
  options.quantum = run->quantum;
  for (; run->commands[options.count]; options.count++) options.commands[options.count] = run->commands[options.count];
  struct execution_params params = {.config = &config, .options = &options, .engine = scenario->engine};
  memset(&run->fullest, 0, sizeof run->fullest);
  run->scattered = 0;
  bool ok = execution_open(&execution, &params, err) && run_to_the_end(&execution, run, err);
  if (ok) {
    run->program = execution.report;
    run->cycles = execution_now(&execution);
    kernel_stats(machine_kernel(execution.machine), &run->stats);
  }
  execution_close(&execution);
  return ok;
}

uint64_t watched_status(const struct watched* run, int pid) {
  for (size_t i = 0; i < run->program.process_count; i++)
    if (run->program.processes[i].pid == pid) return run->program.processes[i].status;
  return 0;
}
