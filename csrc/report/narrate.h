// SPDX-License-Identifier: MIT
// What the kernel does, in words: the one place where its notes become text.
#ifndef PAGEWALK_REPORT_NARRATE_H
#define PAGEWALK_REPORT_NARRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "hal/hal.h"

// How much is told.
enum narration {
  NARRATE_NOTHING,
  NARRATE_PROCESSES,   // programs begin and end, fork, wait, take turns; images move
  NARRATE_EVERYTHING,  // system calls, and page faults in their six steps
  NARRATE_LEVELS
};
enum narration narrate_level(const struct hal_note* note);

// One line, without its end. Steps of a page fault begin with their number (lecture note 001), what happens within them
// with blanks. Returns `text`.
enum { NARRATE_TEXT_MAX = 256 };
const char* narrate_text(const struct hal_note* note, char text[NARRATE_TEXT_MAX]);

// "SIGSEGV"; NULL if the kernel sends no such signal.
const char* narrate_signal(int signal);
// How a process ended, by a wait status: "exited with 3", "was ended by signal 11 (SIGSEGV)".
const char* narrate_status(uint64_t status, char text[NARRATE_TEXT_MAX]);
// The access that a page-fault error code tells of: "read of", "write to", "fetch from".
const char* narrate_access(uint64_t error);

#endif
