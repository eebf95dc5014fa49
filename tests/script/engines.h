// SPDX-License-Identifier: MIT
// The engines that the tests of scripts, timelines, cases and figures run on.
#ifndef PAGEWALK_TESTS_SCRIPT_ENGINES_H
#define PAGEWALK_TESTS_SCRIPT_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "engine/engine.h"

static const enum engine_kind whole_engines[] = {ENGINE_MODEL, ENGINE_RTL, ENGINE_BOTH};
static const size_t whole_engine_count = sizeof whole_engines / sizeof *whole_engines;

// Whether `engine` can run the timeline or case file `path`: the RTL has one walker so far.
static inline bool engine_can(enum engine_kind engine, const char* path) {
  const char* name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  return engine == ENGINE_MODEL || strncmp(name, "two-walkers", 11) != 0;
}

#endif
