// SPDX-License-Identifier: MIT
// An engine that is deliberately wrong: another engine whose every cycle a test may spoil.
#ifndef PAGEWALK_TESTS_ENGINE_BROKEN_H
#define PAGEWALK_TESTS_ENGINE_BROKEN_H

#include "engine/engine.h"

// Changes what a cycle's outcome was.
typedef void spoil_fn(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out);

// Takes `engine` over. Everything but ticks (and plays and waits made of them) goes through.
struct engine* broken_engine(struct engine* engine, spoil_fn* spoil, void* ctx);

#endif
