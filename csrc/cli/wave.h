// SPDX-License-Identifier: MIT
// A waveform's file, from the check of its path to its appearance. The library that writes it tells nothing of a full
// disk: it loses data, or dies of SIGBUS on a file that could not grow.
#ifndef PAGEWALK_CLI_WAVE_H
#define PAGEWALK_CLI_WAVE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/output.h"

// Makes sure of a place, output->partial, for the engine to write to. From here until wave_commit or wave_abandon a
// SIGBUS ends the program with a message and exit code 1, and leaves nothing behind. One waveform at a time.
bool wave_reserve(struct output* output, const char* path, struct error* err);

// Makes the file appear, if it is a whole FST file. Else removes it, with a message. To be called when the engine has
// closed it.
bool wave_commit(struct output* output, struct error* err);

// Leaves nothing behind. Harmless on a zeroed or finished struct.
void wave_abandon(struct output* output);

#endif
