// SPDX-License-Identifier: MIT
#include "model/events.h"

#include <stdlib.h>

bool events_create(struct events* events, size_t room) {
  *events = (struct events){.room = room, .pending = malloc(room * sizeof(struct event))};
  return events->pending != NULL;
}

void events_free(struct events* events) { free(events->pending); }

static bool comes_before(const struct event* a, const struct event* b) {
  if (a->type != b->type) return a->type < b->type;
  if (a->port != b->port) return a->port < b->port;
  if (a->kind != b->kind) return a->kind < b->kind;
  if (a->array != b->array) return a->array < b->array;
  if (a->set != b->set) return a->set < b->set;
  return a->way < b->way;
}

void events_insert(struct events* events, const struct event* event) {
  size_t i = events->count++;
  for (; i > 0 && comes_before(event, &events->pending[i - 1]); i--) events->pending[i] = events->pending[i - 1];
  events->pending[i] = *event;
}

void events_deliver(struct events* events) {
  for (size_t i = 0; i < events->count; i++)
    if (events->fn) events->fn(events->ctx, &events->pending[i]);
  events->count = 0;
}
