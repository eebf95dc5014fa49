// SPDX-License-Identifier: MIT
// The engines that the tests of scripts, timelines, cases and figures run on.
#ifndef PAGEWALK_TESTS_SCRIPT_ENGINES_H
#define PAGEWALK_TESTS_SCRIPT_ENGINES_H

#include <stddef.h>

#include "engine/engine.h"

static const enum engine_kind whole_engines[] = {ENGINE_MODEL, ENGINE_RTL, ENGINE_BOTH};
static const size_t whole_engine_count = sizeof whole_engines / sizeof *whole_engines;

#endif
