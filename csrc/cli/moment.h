// SPDX-License-Identifier: MIT
// What a machine had counted at a moment, and a run as the difference of two of them.
#ifndef PAGEWALK_CLI_MOMENT_H
#define PAGEWALK_CLI_MOMENT_H

#include "machine/machine.h"
#include "report/report.h"

struct moment {
  uint64_t now;
  struct counters process, kernel;
  struct cycle_account cycles;
  struct kernel_stats os;
};

void moment_take(struct machine* machine, struct moment* moment);

// Fills the counts of *report with what has happened since `before`. False with a message if its cycles don't add up,
// which would be a bug.
bool moment_measure(struct machine* machine, const struct moment* before, struct report* report, struct error* err);

// Why the machine can't go on, as a message; what is longer than one is printed on stderr. Returns false.
bool moment_trouble(struct machine* machine, struct error* err);

#endif
