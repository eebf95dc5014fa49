// SPDX-License-Identifier: MIT
// From a case that fails to a small one that fails in the same way: operations are taken out as long as the failure
// stays (delta debugging: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), then the
// machine's keys are set to plain values, then operations are made plainer.
#ifndef PAGEWALK_FUZZ_SHRINK_H
#define PAGEWALK_FUZZ_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

#include "fuzz/trial.h"

struct shrink {
  uint32_t runs;    // in: at most so many; out: that were made
  bool keep_built;  // keep the keys that are built into the RTL, of which each new value costs a build
  // Told now and then, or NULL.
  void (*progress)(void* ctx, uint32_t runs, size_t operations);
  void* progress_ctx;
};

// `trial` has just been run on `script` and failed; both are changed: to the small case and its report. The
// result fails with the same outcome, and where it can with STEPPING_SKIP, as `pagewalk script` runs it.
void shrink_case(struct shrink* shrink, struct trial* trial, struct script* script);

// The command that replays a case saved at `path`: into `text`, which is returned.
const char* shrink_replay(const struct trial* trial, const char* path, char* text, size_t room);

// Writes the case with its report and the command that replays it in comments.
bool shrink_save(const struct script* script, const struct trial* trial, const char* origin, const char* path,
                 struct error* err);

#endif
