// SPDX-License-Identifier: MIT
// A watchdog for answers that never come. It keeps what an MMU was asked and did lately, so that it can name the unit
// that is stuck and show the last events.
#ifndef PAGEWALK_ENGINE_WATCHDOG_H
#define PAGEWALK_ENGINE_WATCHDOG_H

#include "engine/engine.h"

enum { WATCHDOG_EVENTS = 24, WATCHDOG_REPORT = 8192 };

struct watchdog {
  uint64_t patience;  // cycles that anything may take
  struct event last[WATCHDOG_EVENTS];
  uint64_t events;  // seen so far; the i-th is at i % WATCHDOG_EVENTS
  struct {
    bool owed, began;  // an answer is owed; `latest` is an event of it
    uint64_t since;
    struct event latest;
  } port[PORT_COUNT];
  struct {
    bool owed;
    uint64_t since;
    struct control control;
    bool loads;  // its PDPTE load has begun
  } control;
};

// More than any answer takes on such a machine, whatever stands in its way.
uint64_t watchdog_patience(const struct config* config);

// To be told of: every event; every cycle, when it is over.
void watchdog_event(struct watchdog* watchdog, const struct event* event);
void watchdog_cycle(struct watchdog* watchdog, uint64_t now, const struct tick_in* in, const struct tick_out* out);

// Is anything owed for too long in `now`, or for ever, as nothing comes any more (`next` is UINT64_MAX)?
bool watchdog_is_late(const struct watchdog* watchdog, uint64_t now, uint64_t next);

// What is owed since when, which unit has it, and the last events, in at most `room` bytes. Returns `text`.
const char* watchdog_report(const struct watchdog* watchdog, uint64_t now, char* text, size_t room);

// An engine that is watched: takes `inner` over, and disagrees (engine_agrees), with that report, once it is late. NULL
// with a message.
struct engine* watchdog_engine(struct engine* inner, const struct config* config, struct error* err);

// True if `engine` is watched and stuck.
bool watchdog_barks(const struct engine* engine);

#endif
