// SPDX-License-Identifier: MIT
// One line of a freespace case file (tests/cases/README.md) and its replay by the kernel's list of holes.
#ifndef PAGEWALK_SCRIPT_FREESPACE_CASE_H
#define PAGEWALK_SCRIPT_FREESPACE_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/share/holes.h"

struct freespace_case {
  enum holes_fit fit;
  uint64_t base, heap, header;    // bytes
  bool merge;                     // a free merges with its neighbours
  const char *operations, *list;  // as in the line
};

// Parses one line (ended by a 0, without newline), which it cuts up and which must stay. The message says what is
// wrong.
bool freespace_case_parse(struct freespace_case* c, char* line, struct error* err);

// False with what differed in *mismatch.
bool freespace_case_replay(const struct freespace_case* c, struct error* mismatch);

#endif
