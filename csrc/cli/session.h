// SPDX-License-Identifier: MIT
// One program on one machine, from boot to report.
#ifndef PAGEWALK_CLI_SESSION_H
#define PAGEWALK_CLI_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/engine.h"
#include "hal/hal.h"
#include "machine/ram.h"
#include "report/report.h"
#include "workload/trace.h"

struct session {
  const struct config* config;
  enum engine_kind engine;
  uint64_t frames;            // of RAM; 0: the config decides
  const struct trace* trace;  // fits the mode
  bool eager;                 // map every page before the clock starts
  uint64_t warm;              // references played before counting begins; fewer than the trace has
  // An engine that can write waveforms, even if this run writes none: so that runs share one build.
  bool traced;
  const char* wave;                // FST file to write, or NULL
  uint64_t wave_first, wave_last;  // cycles, counted from the start of the run
  // The kernel's narration from the start of the run, cycles counted from there; or NULL.
  void (*narrate)(void* ctx, uint64_t cycle, const struct hal_note* note);
  void* ctx;
  // Of struct machine_params.
  struct engine* (*wrap)(void* ctx, struct engine* engine, struct ram* ram, struct error* err);
  void* wrap_ctx;
  const volatile int* interrupt;
  const char* label;  // of the progress line
};

// Fills *report (its fields that say what was run on what stay as the caller set them: workload, format, seed,
// trace_hash, regions). A run that was interrupted or whose process was killed is a result too, marked so. False with a
// message when there is no result: what the machine can't do, a panic, engines that differ.
bool session_run(const struct session* session, struct report* report, struct error* err);

#endif
