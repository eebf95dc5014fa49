// SPDX-License-Identifier: MIT
// Whole programs on the core, with a memory that is kind or unkind, and the same programs run natively.
#ifndef PAGEWALK_TESTS_CORE_PROGRAM_H
#define PAGEWALK_TESTS_CORE_PROGRAM_H

#include "core/elf.h"
#include "core/memory.h"

// What the core has to live with.
enum program_mode {
  PROGRAM_MAPPED,     // everything is there
  PROGRAM_FAULTS,     // each reference of each instruction faults once, the first time it is made
  PROGRAM_PROTECTED,  // pages cannot be written until their first store, and again every 1000 steps
  PROGRAM_FRAMES,     // 6 pages are present, the first that came is the first to go
  PROGRAM_TIMER,      // at most 3 steps at a time
  PROGRAM_ATTENTION,  // every third reference raises the timer
  PROGRAM_MODES
};
extern const char* const program_mode_names[PROGRAM_MODES];

enum { PROGRAM_OUTPUT_MAX = 1 << 16, PROGRAM_LIMIT = 200 * 1000 * 1000 };

struct program_run {
  char output[PROGRAM_OUTPUT_MAX];
  size_t length;
  int status;              // of exit; -1: it did not exit
  struct core_stop stop;   // why it ended, if not by exit
  uint64_t interruptions;  // faults and timers
  uint32_t heap_end;
  struct memory* memory;  // as it ended, core included; to be destroyed
};

// Runs a program at most `limit` steps, with these arguments, and with Linux's calls exit, write, brk and sched_yield
// (output: what goes to descriptor 1). Asserts (cmocka) that a faulting instruction changed no register.
struct program_run* program_run_with(const struct elf* elf, int argc, const char* const* argv, enum program_mode mode,
                                     uint64_t limit);
struct program_run* program_run(const struct elf* elf, enum program_mode mode, uint64_t limit);  // without arguments
void program_free(struct program_run* run);

// Asserts that two runs ended in the same state, bit for bit.
void program_assert_equal(const struct program_run* a, const struct program_run* b);

// Runs the file natively. False if it took longer than `seconds`.
bool program_native(const char* path, unsigned seconds, char output[PROGRAM_OUTPUT_MAX], size_t* length, int* status);

#endif
