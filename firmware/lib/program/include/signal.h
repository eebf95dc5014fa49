// SPDX-License-Identifier: MIT
// Ending processes. There are no handlers: every signal here ends the process that gets it.
#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <sys/types.h>

enum { SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11, SIGTERM = 15 };

int kill(pid_t pid, int signal);

#endif
