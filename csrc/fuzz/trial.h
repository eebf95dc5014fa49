// SPDX-License-Identifier: MIT
// One case on trial: a script run on a judged engine.
#ifndef PAGEWALK_FUZZ_TRIAL_H
#define PAGEWALK_FUZZ_TRIAL_H

#include <stdbool.h>

#include "base/error.h"
#include "engine/engine.h"
#include "fuzz/judged.h"
#include "script/script.h"

enum trial_outcome {
  TRIAL_GOOD,
  TRIAL_CONDEMNED,   // by the judge
  TRIAL_DIFFERS,     // the engines do different things, or leave different memories
  TRIAL_STUCK,       // an answer never came
  TRIAL_UNMET,       // an expectation of the script was not met
  TRIAL_IMPOSSIBLE,  // the script asks for what can't be done (docs/scripts.md), or no engine could be made
};

struct trial {
  enum engine_kind engine;
  bool core;  // a core plays its accesses (fuzz/stream.h) instead; nobody judges that. Seed and memory as in `options`
  struct judged_options options;
  event_fn* on_event;  // or NULL
  void* on_event_ctx;
  // out
  enum trial_outcome outcome;
  char report[20000];  // what is wrong, ended by a newline; empty if all is good
  struct counters counters;
};

// Runs it from reset on an engine of its own.
void trial_run(struct trial* trial, const struct script* script);

#endif
