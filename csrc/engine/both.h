// SPDX-License-Identifier: MIT
// Lockstep: two engines driven alike, compared in every answer, event, cycle and counter; stops at the first
// difference.
#ifndef PAGEWALK_ENGINE_BOTH_H
#define PAGEWALK_ENGINE_BOTH_H

#include "engine/engine.h"

// Takes both engines over (they are destroyed with it, also on failure). `first` answers; `second` is compared with it.
struct engine* both_engine_create(struct engine* first, struct engine* second, struct error* err);

#endif
