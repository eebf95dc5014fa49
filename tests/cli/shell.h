// SPDX-License-Identifier: MIT
// For tests of build/pagewalk as a user meets it: commands in an empty folder of their own, and what they said.
#ifndef PAGEWALK_TESTS_CLI_SHELL_H
#define PAGEWALK_TESTS_CLI_SHELL_H

// What the last command has written.
extern char out[1 << 16], err[1 << 14];

// Set-up and tear-down of a case.
int enter_folder(void** state);
int leave_folder(void** state);

// Runs a shell command in which $P is the program, and `interrupt PID` is Ctrl-C after a second, and then waits. Fills
// out and err; returns the exit code, or 128 + the signal.
int sh(const char* format, ...) __attribute__((format(printf, 1, 2)));

void says(const char* text, const char* what);
unsigned lines_of(const char* text);

// The folder holds exactly these files (names separated by blanks, sorted).
void left_behind(const char* names);

// The command failed with one message on stderr that says `what`, and printed no report.
void failed(int status, const char* what);
// A usage error: a message and a hint.
void misused(int status, const char* what);
void succeeded(int status);

#endif
