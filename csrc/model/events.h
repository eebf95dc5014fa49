// SPDX-License-Identifier: MIT
// The events of one cycle, handed on in the order that engine.h promises.
#ifndef PAGEWALK_MODEL_EVENTS_H
#define PAGEWALK_MODEL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

struct events {
  event_fn* fn;  // NULL: nobody listens
  void* ctx;
  struct event* pending;  // of this cycle, in order
  size_t count, room;
};

// `room`: the most events that one cycle can have. False when the host has no memory.
bool events_create(struct events* events, size_t room);
void events_free(struct events* events);

void events_insert(struct events* events, const struct event* event);
void events_deliver(struct events* events);

static inline void events_emit(struct events* events, const struct event* event) {
  if (__builtin_expect(events->fn != NULL, 0)) events_insert(events, event);
}

// At the end of a cycle.
static inline void events_flush(struct events* events) {
  if (__builtin_expect(events->count != 0, 0)) events_deliver(events);
}

#endif
