// SPDX-License-Identifier: MIT
// Builds the shared object of a configuration if it is not there yet.
#ifndef PAGEWALK_RTL_ENGINE_BUILD_H
#define PAGEWALK_RTL_ENGINE_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

// What of a machine is compiled in; everything else is set at run time.
struct rtl_build {
  const struct config* config;
  bool traced;   // can write FST
  bool checked;  // with the assertions of rtl/check/
  bool quick;    // less optimised: compiled in less than half the time, for tests
  bool covered;  // counts lines and toggles; PAGEWALK_COVERAGE says in which folder it leaves them
  bool bugs;     // with the deliberate bugs of rtl/bugs/; which one, PAGEWALK_BUG says when a machine starts
};

// Puts the path of the shared object into `path`. Processes that want the same one at once build it once.
bool rtl_build(const struct rtl_build* build, char* path, size_t room, struct error* err);

#endif
