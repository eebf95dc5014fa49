// SPDX-License-Identifier: MIT
// The exhaustive sweep of access rights, in the manner of kvm-unit-tests' access test: every combination of entry bits
// by level, of the control bits that bear on rights, of access and privilege, in every mode; and each of them served in
// every way that a TLB has: cold, by an L1 hit, by a hit in the second level, and through a walk cache. The judge gives
// the verdicts (fuzz/judge.h); beyond them the sweep itself demands that the way was the one intended.
#ifndef PAGEWALK_FUZZ_SWEEP_H
#define PAGEWALK_FUZZ_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

enum sweep_way { SWEEP_COLD, SWEEP_L1, SWEEP_SECOND_LEVEL, SWEEP_WALK_CACHE, SWEEP_WAYS };
extern const char* const sweep_way_names[SWEEP_WAYS];

struct sweep_options {
  enum engine_kind engine;
  // Of all combinations, legal ones and others, in their order, every stride-th is looked at, from `start` on. 1: all.
  uint64_t stride, start;
  const volatile int* interrupt;                                  // or NULL: ends the sweep when it is set
  void (*progress)(void* ctx, uint64_t looked_at, uint64_t all);  // or NULL
  void* progress_ctx;
  // Puts something between the engine and the judge, for tests that plant faults (struct judged_options). Or NULL.
  struct engine* (*plant)(void* ctx, struct engine* engine);
  void* plant_ctx;
};

struct sweep_result {
  uint64_t combinations;      // that were run
  uint64_t left_out;          // not legal: like another one in all that counts
  uint64_t ways[SWEEP_WAYS];  // accesses judged, by the way they were served; a combination that no access can bring
                              // into a TLB or walk cache has only the first
  uint64_t ok, faults;        // of these accesses
  bool interrupted;
};

// False with a message at the first wrong answer: the combination, what came, and the judge's verdict.
bool sweep_run(const struct sweep_options* options, struct sweep_result* result, struct error* err);

#endif
