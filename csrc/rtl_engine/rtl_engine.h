// SPDX-License-Identifier: MIT
// The Verilated RTL as an engine. A configuration's geometry is compiled by Verilator into a shared object, cached
// under build/rtl/ and loaded at run time; latencies and MAXPHYADDR are set when the engine is created.
#ifndef PAGEWALK_RTL_ENGINE_RTL_ENGINE_H
#define PAGEWALK_RTL_ENGINE_RTL_ENGINE_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"

// `traced`: a build that can write waveforms. With PAGEWALK_ASSERT=1 in the environment: a build that checks the
// assertions of rtl/check/ and stops the program when one fails. With PAGEWALK_QUICK_BUILD=1: one that is compiled with
// less optimisation, for tests of few cycles. Returns NULL with a message, for instance when Verilator is not
// installed.
struct engine* rtl_engine_create(const struct config* config, struct memory_bus memory, bool traced, struct error* err);

#endif
