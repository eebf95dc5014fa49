// SPDX-License-Identifier: MIT
// Runs a command and keeps what it printed and how it ended.
#ifndef PAGEWALK_TESTS_PROGRAMS_COMMAND_H
#define PAGEWALK_TESTS_PROGRAMS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_OUTPUT_MAX = 1 << 16, COMMAND_WORDS_MAX = 32 };

struct outcome {
  char output[COMMAND_OUTPUT_MAX];  // what went to stdout, with a zero behind it
  char errors[COMMAND_OUTPUT_MAX];  // and to stderr
  int status;                       // of exit; -1: it did not exit
  int signal;                       // that ended it, or 0; SIGALRM: it took too long
};

struct command {
  const char* path;
  const char* const* words;  // argv, with NULL at its end
  const char* folder;        // to be in; NULL: here
  unsigned seconds;          // at most; 0: no limit
  bool together;             // stderr goes to `output`, too
};
void command_run(const struct command* command, struct outcome* outcome);

// The words of a line, without quoting: words[0..count), and NULL. They lie in `room`, which gets a copy of the line.
int command_words(const char* line, char* room, size_t bytes, const char* words[COMMAND_WORDS_MAX]);

#endif
