// SPDX-License-Identifier: MIT
// An engine under the eyes of the judge: drives another engine, hands the judge everything that happens at its ports
// and on its memory bus, and disagrees (engine_agrees) from the first verdict on, or when the engine itself does
// (lockstep).
#ifndef PAGEWALK_FUZZ_JUDGED_H
#define PAGEWALK_FUZZ_JUDGED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"
#include "fuzz/judge.h"
#include "script/bench.h"

// Time may be skipped where an engine only waits, and nothing may depend on it: how far the judged engine lets its
// caller skip.
enum stepping {
  STEPPING_SKIP,    // as far as the engine says, as scripts do
  STEPPING_ALL,     // not at all
  STEPPING_RANDOM,  // now and then
};

struct judged_options {
  uint64_t memory;  // bytes: what the walker wants beyond is a bus error; 0: the whole 52-bit space
  enum stepping stepping;
  uint64_t seed;    // of STEPPING_RANDOM, and of which accesses the debug port is asked about
  bool ask_always;  // about every one of which it must know the answer
  // What each answer was, with the walk-cache level that its walk began below (0: the root): for coverage. Or NULL.
  void (*on_answer)(void* ctx, const struct judge_finding* finding, const struct answer* answer, unsigned psc_level);
  void* on_answer_ctx;
  // Puts something between the engine and the judge, for tests that plant faults: takes `engine` over. Or NULL.
  struct engine* (*plant)(void* ctx, struct engine* engine);
  void* plant_ctx;
};

// Like bench_open, but judged: everything that works on a bench works on this one. ENGINE_BOTH is judged by the RTL's
// side of the bus. `options` NULL: none. bench_close closes it.
bool judged_open(struct bench* bench, enum engine_kind kind, const struct config* config,
                 const struct judged_options* options, struct error* err);

// True if it is the judge that objects, and not the engines to each other.
bool judged_is_condemned(const struct engine* engine);

#endif
