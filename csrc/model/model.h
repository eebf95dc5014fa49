// SPDX-License-Identifier: MIT
// The engine in C: the machine of docs/paging.md and docs/timing.md, exact in every result, cycle, event and counter.
#ifndef PAGEWALK_MODEL_MODEL_H
#define PAGEWALK_MODEL_MODEL_H

#include "engine/engine.h"

// `config` is validated already and copied. NULL with a message: no memory.
struct engine* model_engine_create(const struct config* config, struct memory_bus memory, struct error* err);

#endif
