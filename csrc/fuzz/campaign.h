// SPDX-License-Identifier: MIT
// A case from its number alone: the machine, the mode, the software, and how it is run.
#ifndef PAGEWALK_FUZZ_CAMPAIGN_H
#define PAGEWALK_FUZZ_CAMPAIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "fuzz/coverage.h"
#include "fuzz/geometries.h"
#include "fuzz/trial.h"

struct campaign {
  enum engine_kind engine;
  const struct geometry* geometry;                            // NULL: all in turn
  bool core;                                                  // every case on a core, not just some
  uint32_t windows;                                           // a case; 0: CAMPAIGN_WINDOWS
  struct coverage* coverage;                                  // counts into it, or NULL
  struct engine* (*plant)(void* ctx, struct engine* engine);  // as in judged_options
  void* plant_ctx;
};

enum { CAMPAIGN_WINDOWS = 240 };

// Makes and runs the case with this seed. The script is the caller's. False with a message if there is no such machine
// or no memory; else *trial says how it went.
bool campaign_case(const struct campaign* campaign, uint64_t seed, struct script* script, struct trial* trial,
                   struct error* err);

#endif
