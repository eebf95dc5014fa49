// SPDX-License-Identifier: MIT
#include "cli/shell.h"

#include <dirent.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PROGRAM PAGEWALK_ROOT "/build/pagewalk"

static char folder[64];
char out[1 << 16], err[1 << 14];

int enter_folder(void** state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/pagewalk-cli-XXXXXX");
  return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

int leave_folder(void** state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void read_back(const char* name, char* text, size_t room) {
  FILE* file = fopen(name, "r");
  assert_non_null(file);
  text[fread(text, 1, room - 1, file)] = '\0';
  fclose(file);
  assert_int_equal(unlink(name), 0);
}

// Ctrl-C for process $1 while it runs: only when it catches SIGINT (the last digit of the mask of caught signals),
// since a loaded machine may take long to get there, and again if it catches the next one: a Ctrl-C while the trace is
// made ends the trace only. Exits as the process does.
#define INTERRUPT                                                             \
  "interrupt() { sleep 1; while grep -qs '^State:.[^Z]' /proc/$1/status; do " \
  "grep -qs '^SigCgt:.*[2367abef]$' /proc/$1/status && kill -INT $1; sleep 0.2; done; wait $1; }; "

// Runs a shell command in which $P is the program. Fills out and err; returns the exit code, or 128 + the signal.
int sh(const char* format, ...) {
  char command[2048], whole[2600];
  va_list args;
  va_start(args, format);
  vsnprintf(command, sizeof command, format, args);
  va_end(args);
  snprintf(whole, sizeof whole, "exec >.out 2>.err; " INTERRUPT "%s", command);
  fflush(stdout);
  setenv("P", PROGRAM, 1);
  int status = system(whole);
  read_back(".out", out, sizeof out);
  read_back(".err", err, sizeof err);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void says(const char* text, const char* what) {
  if (!strstr(text, what)) fail_msg("no '%s' in:\n%s", what, text);
}

unsigned lines_of(const char* text) {
  unsigned lines = 0;
  for (; *text; text++) lines += *text == '\n';
  return lines;
}

// The folder holds exactly these files (names separated by blanks, sorted).
void left_behind(const char* names) {
  char found[1024] = "";
  struct dirent** entries;
  int count = scandir(".", &entries, NULL, alphasort);
  assert_true(count >= 0);
  for (int i = 0; i < count; i++) {
    if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
      if (*found) strcat(found, " ");
      strcat(found, entries[i]->d_name);
    }
    free(entries[i]);
  }
  free(entries);
  assert_string_equal(found, names);
}

// The command failed with one message on stderr that says `what`, and printed no report.
void failed(int status, const char* what) {
  if (status != 1) fail_msg("exit code %d, stderr: %s", status, err);
  if (lines_of(err) != 1) fail_msg("not one line: %s", err);
  assert_memory_equal(err, "pagewalk: ", 10);
  says(err, what);
  assert_string_equal(out, "");
}

// A usage error: a message and a hint.
void misused(int status, const char* what) {
  if (status != 2) fail_msg("exit code %d, stderr: %s", status, err);
  assert_int_equal(lines_of(err), 2);
  says(err, what);
  says(err, "--help");
  assert_string_equal(out, "");
}

void succeeded(int status) {
  if (status != 0) fail_msg("exit code %d, stderr: %s", status, err);
}
