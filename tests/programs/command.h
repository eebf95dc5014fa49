// SPDX-License-Identifier: MIT
// Runs a command and keeps what it printed and how it ended.
#ifndef PAGEWALK_TESTS_PROGRAMS_COMMAND_H
#define PAGEWALK_TESTS_PROGRAMS_COMMAND_H

#include <stddef.h>

enum { COMMAND_OUTPUT_MAX = 1 << 16, COMMAND_WORDS_MAX = 32 };

struct outcome {
  char output[COMMAND_OUTPUT_MAX];  // what went to stdout, with a zero behind it
  char errors[COMMAND_OUTPUT_MAX];  // and to stderr
  int status;                       // of exit; -1: it did not exit
  int signal;                       // that ended it, or 0; SIGALRM: it took too long
};

enum command_streams { COMMAND_APART, COMMAND_TOGETHER };  // stderr in `errors`, or in `output` as well

// Runs words[0] (a path) in `folder` (NULL: here), for at most `seconds`. `words` ends with NULL.
void command_run_streams(const char* folder, const char* const* words, unsigned seconds, enum command_streams streams,
                         struct outcome* outcome);
void command_run(const char* folder, const char* const* words, unsigned seconds, struct outcome* outcome);  // apart

// The words of a line, without quoting: words[0..count), and NULL. They lie in `room`, which gets a copy of the line.
int command_words(const char* line, char* room, size_t bytes, const char* words[COMMAND_WORDS_MAX]);

#endif
