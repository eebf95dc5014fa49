// SPDX-License-Identifier: MIT
// A case's software on a core: its writes to memory and control operations one after the other, and in between streams
// of instructions (engine_play) made of the accesses that it made so far: fetches and up to three data references each,
// some across pages; they go on after faults, and are interrupted by time limits. With core.overlap the core runs
// ahead.
#ifndef PAGEWALK_FUZZ_STREAM_H
#define PAGEWALK_FUZZ_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "script/bench.h"
#include "script/script.h"

// Runs on a bench in reset state that has the script's config and memory. False from the first difference on
// (engine_agrees has the report).
bool stream_run(const struct script* script, struct bench* bench, uint64_t seed);

#endif
