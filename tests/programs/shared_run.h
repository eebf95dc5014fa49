// SPDX-License-Identifier: MIT
// Programs on a machine, under any way of sharing the memory.
#ifndef PAGEWALK_TESTS_PROGRAMS_SHARED_RUN_H
#define PAGEWALK_TESTS_PROGRAMS_SHARED_RUN_H

#include "cli/execution.h"

struct shared_run {
  enum kernel_sharing sharing;
  uint64_t frames, process_bytes, quantum;  // 0: 1024 frames, 256 KiB, 100,000 cycles
  bool both;                                // engines, in lockstep; else the model
  const char* commands[8];                  // to be started in this order, NULL behind the last
  // Out:
  char* output;  // what all have written, to be freed
  size_t length;
  struct report_program report;
  struct kernel_stats stats;  // when all have ended
};

// Fails the test if anything but the programs goes wrong.
void shared_run(struct shared_run* run);

// How the process with this pid ended: the exit status, or -signal.
int shared_end(const struct shared_run* run, int pid);

#endif
