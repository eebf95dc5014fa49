// SPDX-License-Identifier: MIT
// An engine around another one, which sees every cycle of it: the ground of recorders, watchdogs and planted faults.
// Everything else goes through. Runs (engine_play) are made of cycles here, by the serial core of engine/serial.h; it
// does not run ahead (core.overlap).
#ifndef PAGEWALK_ENGINE_WRAP_H
#define PAGEWALK_ENGINE_WRAP_H

#include "engine/engine.h"

// Each may be NULL. `ctx` is the wrapper's own.
struct wrap_hooks {
  void (*before)(void* ctx, uint64_t now, const struct tick_in* in);
  void (*after)(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out);  // it may change *out
  event_fn* event;  // every event, before others are told; costs speed
  bool (*agrees)(const void* ctx, const char** report);
  void (*destroy)(void* ctx);
};

// Takes `inner` over, and ctx as soon as it succeeds; `hooks` must outlive it. NULL with a message; then `inner` is
// gone.
struct engine* wrap_engine(struct engine* inner, const struct wrap_hooks* hooks, void* ctx, struct error* err);

// The ctx of an engine that was wrapped with these hooks; NULL if it was not.
void* wrap_context(const struct engine* engine, const struct wrap_hooks* hooks);

#endif
