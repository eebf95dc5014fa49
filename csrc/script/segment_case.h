// SPDX-License-Identifier: MIT
// One line of a relocation or segmentation case file (tests/cases/README.md) and its replay through the segment unit.
#ifndef PAGEWALK_SCRIPT_SEGMENT_CASE_H
#define PAGEWALK_SCRIPT_SEGMENT_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "script/bench.h"

enum { SEGMENT_CASE_SEGMENTS = 2 };

struct segment_case {
  struct segment segment[SEGMENT_CASE_SEGMENTS];  // relocation: only the first
  unsigned segments, used;                        // how many there are; the one that the access names
  uint64_t offset;                                // in it
  bool fault;
  uint64_t pa;  // unless fault
};

// Parse one line (ended by a 0, without newline), which they cut up. The message says what is wrong in it.
bool segment_case_relocation(struct segment_case* c, char* line, struct error* err);
bool segment_case_segmentation(struct segment_case* c, char* line, struct error* err);

// Loads the segments and makes the access, paging off. False with what differed in *mismatch.
bool segment_case_replay(const struct segment_case* c, struct bench* bench, struct error* mismatch);

#endif
