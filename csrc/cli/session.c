// SPDX-License-Identifier: MIT
// One program on one machine, from boot to report.
#include "cli/session.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/cli.h"
#include "cli/moment.h"
#include "engine/overlap.h"
#include "machine/machine.h"

// References a call to the machine: some tens of milliseconds, so that Ctrl-C and the progress line are prompt.
enum { CHUNK = 1 << 18 };

struct stage {
  const struct session* session;
  struct machine* machine;
  uint64_t start;  // the cycle in which the run began
  bool started;
};

static void on_note(void* ctx, uint64_t cycle, const struct hal_note* note) {
  struct stage* stage = ctx;
  if (stage->started && stage->session->narrate)
    stage->session->narrate(stage->session->ctx, cycle - stage->start, note);
}

// ---- the process ----------------------------------------------------------------------------------------------------

static unsigned protection(const struct trace_range* range) {
  return PROT_READ | (range->write ? PROT_WRITE : 0u) | (range->fetch ? PROT_EXEC : 0u);
}

// In the 64-bit modes addresses stay as they were recorded, and some programs reach into the kernel's half: a call into
// Linux's vsyscall page (ffffffffff600000), for one. Here that half is another kernel's, so there is nothing to play.
static bool check_user_half(const struct session* s, uint64_t user_end, struct error* err) {
  const struct trace* trace = s->trace;
  for (size_t i = 0; i < trace->count; i++) {
    const struct ref* ref = &trace->refs[i];
    if (ref->va + (ref->size - 1) < user_end) continue;
    return error_set(err,
                     "reference %llu: address %#llx lies in the kernel's part of the address space (in %s paging a "
                     "program has 0 to %#llx): leave it out with --skip or --count, or use mode=32-bit or mode=pae, "
                     "where addresses are moved to fit",
                     (unsigned long long)(trace->skipped + i + 1), (unsigned long long)ref->va,
                     paging_mode_name(s->config->mode), (unsigned long long)(user_end - 1));
  }
  return true;
}

static bool map_ranges(struct kernel* kernel, int pid, const struct trace_ranges* ranges, struct error* err) {
  for (size_t i = 0; i < ranges->count; i++) {
    const struct trace_range* range = &ranges->ranges[i];
    int status = kernel_map(kernel, pid, range->start, range->end, protection(range));
    if (status < 0)
      return error_set(err, "the kernel could not map the trace's pages %#llx..%#llx: %s",
                       (unsigned long long)range->start, (unsigned long long)range->end, strerror(-status));
  }
  return true;
}

static bool populate(struct kernel* kernel, int pid, uint64_t pages, struct error* err) {
  int status = kernel_populate(kernel, pid);
  if (status >= 0) return true;
  struct kernel_stats os;
  kernel_stats(kernel, &os);
  return error_set(err,
                   "eager paging needs a frame for each of the trace's %llu pages and for their tables, but of %llu "
                   "frames the kernel has left %llu; give more with --frames, or let --paging=demand evict",
                   (unsigned long long)pages, (unsigned long long)os.frames_total,
                   (unsigned long long)(os.frames_total - os.frames_kernel));
}

static bool make_process(const struct session* s, struct machine* machine, uint64_t* pages, struct error* err) {
  struct trace_ranges ranges;
  struct kernel* kernel = machine_kernel(machine);
  if (!check_user_half(s, kernel_user_end(kernel), err) || !trace_ranges(s->trace, &ranges, err)) return false;
  *pages = ranges.pages;
  int pid = kernel_spawn(kernel);
  bool ok = pid > 0 || error_set(err, "the kernel could not make a process: %s", strerror(-pid));
  ok = ok && map_ranges(kernel, pid, &ranges, err);
  ok = ok && (!s->eager || populate(kernel, pid, ranges.pages, err));
  if (ok) {
    int status = kernel_switch(kernel, pid);
    ok = status >= 0 || error_set(err, "the kernel could not switch to the process: %s", strerror(-status));
  }
  trace_ranges_free(&ranges);
  return ok;
}

// ---- playing --------------------------------------------------------------------------------------------------------

static void show_progress(const struct session* s, struct cli_progress* progress, size_t done, uint64_t cycles) {
  char refs[NUMBER_TEXT_MAX], all[NUMBER_TEXT_MAX], now[NUMBER_TEXT_MAX];
  cli_progress(progress, "%s: %s of %s references (%.0f %%), %s cycles", s->label, number_text(done, refs),
               number_text(s->trace->count, all), 100 * (double)done / (double)s->trace->count,
               number_text(cycles, now));
}

// Plays references from..to-1. Returns how it ended, `run->done` counting from `from`.
static void play(const struct stage* stage, size_t from, size_t to, struct machine_run* run) {
  const struct session* s = stage->session;
  struct cli_progress progress = {0};
  size_t done = 0;
  do {
    const struct ref* next = s->trace->refs + from + done;
    size_t n = overlap_cut(next, to - from - done, CHUNK, CHUNK);
    machine_play(stage->machine, next, n, !s->eager, s->interrupt, run);
    done += run->done;
    show_progress(s, &progress, from + done, machine_now(stage->machine) - stage->start);
  } while (run->stop == MACHINE_END && from + done < to);
  cli_progress_end(&progress);
  run->done = done;
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static bool play_all(struct stage* stage, struct report* report, struct error* err) {
  const struct session* s = stage->session;
  struct machine_run run = {.stop = MACHINE_END};
  struct moment before;
  if (s->warm) play(stage, 0, s->warm, &run);
  moment_take(stage->machine, &before);
  if (run.stop == MACHINE_END) play(stage, s->warm, s->trace->count, &run);
  if (run.stop == MACHINE_BROKEN) return moment_trouble(stage->machine, err);
  report->partial = run.stop != MACHINE_END;
  report->killed = run.stop == MACHINE_KILLED;
  report->kill = run.kill;
  return moment_measure(stage->machine, &before, report, err);
}

static bool run_machine(struct stage* stage, struct report* report, struct error* err) {
  const struct session* s = stage->session;
  if (!make_process(s, stage->machine, &report->trace_pages, err)) {
    // A panic during mapping says more than the call's result.
    if (machine_trouble(stage->machine)) moment_trouble(stage->machine, err);
    return false;
  }
  machine_start(stage->machine);
  stage->start = machine_now(stage->machine);
  stage->started = true;
  if (s->wave && !engine_wave(machine_engine(stage->machine), s->wave, stage->start, stage->start + s->wave_first,
                              stage->start + s->wave_last, err))
    return false;
  return play_all(stage, report, err);
}

bool session_run(const struct session* session, struct report* report, struct error* err) {
  struct stage stage = {.session = session};
  report->config = *session->config;
  report->engine = session->engine;
  report->eager = session->eager;
  report->frames = session->frames ? session->frames : config_frames(session->config);
  report->warm = session->warm;
  report->trace_refs = session->trace->count - session->warm;
  struct machine_params params = {.config = session->config,
                                  .engine = session->engine,
                                  .traced = session->traced || session->wave,
                                  .frames = report->frames,
                                  .narrate = on_note,
                                  .narrate_ctx = &stage,
                                  .wrap = session->wrap,
                                  .wrap_ctx = session->wrap_ctx};
  stage.machine = machine_create(&params, err);
  if (!stage.machine) return false;
  bool ok = run_machine(&stage, report, err);
  machine_destroy(stage.machine);  // closes the waveform
  return ok;
}
