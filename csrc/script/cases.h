// SPDX-License-Identifier: MIT
// Case files (tests/cases/README.md): inputs with answers that other programs computed, replayed on an engine.
#ifndef PAGEWALK_SCRIPT_CASES_H
#define PAGEWALK_SCRIPT_CASES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "engine/engine.h"

struct case_totals {
  uint64_t passed, failed;
};

// Replays a file; its first line says of which kind it is. Each mismatch is a line on `out` (file, line, the case's id,
// what). False with a message naming file and line if the file is broken, empty, or of a kind that this version can't
// replay: then no case of it was run.
bool cases_replay(const char* path, enum engine_kind engine, FILE* out, struct case_totals* totals, struct error* err);

#endif
