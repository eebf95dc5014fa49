// SPDX-License-Identifier: MIT
// Random machines and random software for both engines in lockstep: both ports at once, control operations in any
// cycle, another agent writing the entries being walked, random partial skips.
#ifndef PAGEWALK_TESTS_LOCKSTEP_CAMPAIGN_H
#define PAGEWALK_TESTS_LOCKSTEP_CAMPAIGN_H

#include "engine/engine.h"

struct campaign {
  const struct config* geometry;  // sets, ways, replacement; the latencies are drawn from the seed
  enum paging_mode mode;
  bool features;     // INVPCID and segments too
  bool min_latency;  // memory latencies of one cycle, steps of none
  uint64_t seed;
  uint64_t parts;  // to be answered
};

// Runs it. Adds what happened to *total. Returns false after printing the seed and the difference.
bool campaign_run(const struct campaign* campaign, struct counters* total);

// The same through a core (engine_play; with core.overlap in the geometry the one that runs ahead): streams of
// instructions whose references cross pages, fault, and end at time limits.
bool campaign_play(const struct campaign* campaign, struct counters* total);

// The same random software on one engine, once stepping through every cycle and once skipping as far as it may: every
// event, cycle and counter must agree.
bool campaign_skip_agrees(const struct campaign* campaign, enum engine_kind kind);

#endif
