// SPDX-License-Identifier: MIT
// The shipped programs (firmware/user) with arguments, and how each must end.
#ifndef PAGEWALK_TESTS_PROGRAMS_SHIPPED_H
#define PAGEWALK_TESTS_PROGRAMS_SHIPPED_H

#include <stdbool.h>
#include <stddef.h>

#include "programs/command.h"

enum shipped_trait {
  SHIPPED_KERNEL = 1,     // needs a kernel: processes, time
  SHIPPED_ADDRESSES = 2,  // prints addresses or the order of processes, which differ from system to system
  SHIPPED_LARGE = 4,      // more than the few hundred thousand instructions that RTL engines do quickly
  SHIPPED_PROTECTED = 8,  // how it ends depends on the protection that there is
};
struct shipped {
  const char* command;  // the program's name and its arguments
  unsigned traits;      // enum shipped_trait
  int status, signal;   // how it ends on Linux: the exit status, or the signal
  const char* output;   // a line of it; NULL: anything
};

extern const struct shipped shipped_programs[];
extern const size_t shipped_count;

// As a 32-bit program of this computer, in the folder of such programs; `together`: stderr goes to `output`, too.
void shipped_run_natively(const struct shipped* program, bool together, struct outcome* outcome);

#endif
