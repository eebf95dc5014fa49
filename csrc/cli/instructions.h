// SPDX-License-Identifier: MIT
// The instruction trace: a line for each instruction that programs execute, and one for each of its references.
#ifndef PAGEWALK_CLI_INSTRUCTIONS_H
#define PAGEWALK_CLI_INSTRUCTIONS_H

#include "base/output.h"
#include "cli/execution.h"

struct instructions {
  struct execution* run;
  struct output output;
  FILE* file;  // NULL: nothing is traced
};

// Writes to the file, or to standard output ("-"), from now on. False with a message.
bool instructions_open(struct instructions* trace, struct execution* run, const char* path, struct error* err);
// Makes the file appear, or if not `keep`, leaves nothing behind. Harmless if nothing was opened. False with a message.
bool instructions_close(struct instructions* trace, bool keep, struct error* err);

#endif
