// SPDX-License-Identifier: MIT
// Adversarial software for an adversarial machine, as a script (docs/scripts.md): it can be replayed, shrunk, written
// to a file and run by `pagewalk script`.
//
// A case has a few epochs, each in one paging mode with its own features switched on. An epoch mixes two kinds of
// windows. A scene aims at one point of the functional coverage (fuzz/coverage.h): it lays out the tables for a chosen
// outcome at a chosen level, warms the TLBs and walk caches that shall serve it, and makes the access, with a control
// operation in its midst or none. A brawl throws accesses at both ports in any cycle, while entries on their way are
// changed under the walker, devices write whole stretches of the tables, and a flush arrives. In between registers are
// written, well and badly.
//
// The tables are shared: a handful a level, pointing to each other at random, so that addresses alias, large pages lie
// over small ones, and some tables map themselves.
#ifndef PAGEWALK_FUZZ_GENERATE_H
#define PAGEWALK_FUZZ_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "script/script.h"

struct generate {
  const struct config* geometry;  // what is built in; latencies and maxphyaddr are drawn
  enum paging_mode mode;          // of the first epoch, and of most others; MODE_NONE: drawn, too
  bool fast_memory;               // memory of one cycle, steps of none: everything meets in one cycle
  uint64_t seed;
  uint32_t windows;  // how many
};

// Makes the case; the same from the same seed. Freed by script_free. False when the host has no memory.
bool generate_case(struct script* script, const struct generate* generate, struct error* err);

#endif
