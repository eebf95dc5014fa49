// SPDX-License-Identifier: MIT
// A fixed dozen of machines that together cover the edges of every parameter that is built into the RTL, each small
// enough that entries leave. Latencies and features that are not built in are drawn by the generator.
#ifndef PAGEWALK_FUZZ_GEOMETRIES_H
#define PAGEWALK_FUZZ_GEOMETRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct geometry {
  const char* name;
  const char* keys;  // over the default machine, separated by blanks
  bool fast_too;     // also run with memory of one cycle, which is a build of its own
};

extern const struct geometry geometries[];
extern const size_t geometry_count;

const struct geometry* geometry_find(const char* name);  // or NULL
void geometry_config(const struct geometry* geometry, struct config* config);

#endif
