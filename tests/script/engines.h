// SPDX-License-Identifier: MIT
// The engines that the tests of scripts, timelines, cases and figures run on.
#ifndef PAGEWALK_TESTS_SCRIPT_ENGINES_H
#define PAGEWALK_TESTS_SCRIPT_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "engine/engine.h"

// The one place to switch the RTL on: 1 = it has all that the model has; 0 = 32-bit and PAE paging with L1 TLBs only.
enum { RTL_IS_WHOLE = 0 };

// Engines for what needs the whole MMU.
static const enum engine_kind whole_engines[] = {ENGINE_MODEL, ENGINE_RTL, ENGINE_BOTH};
static const size_t whole_engine_count = RTL_IS_WHOLE ? 3 : 1;

// Whether `engine` is meant to be able to run the timeline or case file `path`.
static inline bool engine_can(enum engine_kind engine, const char* path) {
  static const char* const first[] = {"accessed-dirty",
                                      "both-miss",
                                      "cas-fails",
                                      "clean-entry",
                                      "crossing",
                                      "fast-memory",
                                      "flush-cr3",
                                      "flush-early",
                                      "flush-invlpg",
                                      "hit",
                                      "flush-registers",
                                      "hit-latency",
                                      "large-pages",
                                      "lru",
                                      "not-present",
                                      "older-first",
                                      "pdpte-load",
                                      "permission-fault",
                                      "plru",
                                      "realistic",
                                      "reserved-bits",
                                      "two-sizes",
                                      "walk-32bit",
                                      "walk-pae",
                                      "m32",
                                      "pae"};
  const char* name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  size_t length = strcspn(name, ".");
  if (engine == ENGINE_MODEL || RTL_IS_WHOLE) return true;
  for (size_t i = 0; i < sizeof first / sizeof *first; i++)
    if (strlen(first[i]) == length && strncmp(first[i], name, length) == 0) return true;
  return false;
}

#endif
