// SPDX-License-Identifier: MIT
// A waveform's file, from the check of its path to its appearance.
#ifndef PAGEWALK_CLI_WAVE_H
#define PAGEWALK_CLI_WAVE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/output.h"

// Makes the file at output->partial appear if it is a whole FST file; the library that writes it does not tell of a
// full disk. Else removes it, with a message.
bool wave_commit(struct output* output, struct error* err);

#endif
