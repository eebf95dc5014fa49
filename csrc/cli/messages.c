// SPDX-License-Identifier: MIT
// Messages, progress, Ctrl-C.
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"

// A signal handler has no other way to speak.
static volatile int interrupted;

int cli_fail(const struct error* err) {
  struct colours colours = term_colours(stderr);
  fflush(stdout);
  fprintf(stderr, "%spagewalk:%s %s\n", colours.red, colours.off, err->text);
  return interrupted ? CLI_INTERRUPTED : CLI_FAILED;
}

static void on_interrupt(int signal) {
  (void)signal;
  interrupted = 1;
}

const volatile int* cli_interrupt(void) {
  // The second Ctrl-C finds the default action again and ends the program.
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  return &interrupted;
}

void cli_interrupt_obeyed(void) {
  interrupted = 0;
  cli_interrupt();
}

static uint64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void cli_progress(struct cli_progress* progress, const char* format, ...) {
  uint64_t now = milliseconds();
  if (!term_is_terminal(stderr) || now - progress->shown_at < 100) return;
  progress->shown_at = now;
  progress->shown = true;
  va_list args;
  va_start(args, format);
  fputs("\r\033[K", stderr);
  vfprintf(stderr, format, args);
  va_end(args);
  fflush(stderr);
}

void cli_progress_end(struct cli_progress* progress) {
  if (progress->shown) fputs("\r\033[K", stderr);
  progress->shown = false;
}
