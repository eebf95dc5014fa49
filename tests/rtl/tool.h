// SPDX-License-Identifier: MIT
// Runs other programs from a test: builds of RTL test benches, and the benches.
#ifndef PAGEWALK_TESTS_RTL_TOOL_H
#define PAGEWALK_TESTS_RTL_TOOL_H

#include <stddef.h>

// Runs a shell command in the project's folder. `text` gets the end of what it wrote, to stdout or stderr.
// Returns its exit status, or 128 if it died or could not be started.
int tool_run(const char* command, char* text, size_t room);

#endif
