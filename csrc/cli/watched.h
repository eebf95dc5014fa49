// SPDX-License-Identifier: MIT
// A run of programs that is looked at on its way: who is in memory at once, and what that memory looks like.
#ifndef PAGEWALK_CLI_WATCHED_H
#define PAGEWALK_CLI_WATCHED_H

#include "cli/scenario.h"

// The memory at one moment.
struct watched_memory {
  unsigned processes;         // of which anything is in memory
  unsigned pieces;            // stretches that the first of them lies in
  bool same_size;             // all have equally much
  uint64_t given, unused;     // bytes of processes and their tables; of these not in use, with paging: at most
  uint64_t free, free_holes;  // bytes; holes
};

struct watched {
  enum kernel_sharing sharing;
  uint64_t frames, process_bytes, quantum;
  const char* commands[8];  // NULL behind the last

  // Out:
  struct watched_memory fullest;  // when most processes were in memory for the first time
  uint64_t scattered;             // the most that was free, but not in the largest hole, bytes
  struct report_program program;
  struct kernel_stats stats;  // in the end
  uint64_t cycles;
};

// False with a message if the machine can't be made or the programs don't end.
bool watched_run(const struct scenario* scenario, struct watched* run, struct error* err);

// The wait status of the process with this pid.
uint64_t watched_status(const struct watched* run, int pid);

#endif
