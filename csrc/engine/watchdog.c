// SPDX-License-Identifier: MIT
#include "engine/watchdog.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/event.h"
#include "engine/wrap.h"

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

uint64_t watchdog_patience(const struct config* c) {
  enum { LEVELS = 5, REPEATS = 64 };  // a walk starts over when another agent writes in the same moment
  uint64_t entry = larger(c->dram.latency, larger(c->dram.row_hit, c->dram.row_conflict));
  entry = larger(entry, larger(c->cache.l1d.latency, larger(c->cache.l2.latency, c->cache.l3.latency)));
  uint64_t walk = 1 + c->walk.start + LEVELS * (2 * entry + c->walk.step + c->walk.cas);
  uint64_t operation = larger(larger(c->op.cr, c->op.invlpg), larger(c->op.invpcid, c->op.segment));
  return REPEATS * walk + operation + c->itlb.latency + c->dtlb.latency + 2 * (uint64_t)c->stlb.latency;
}

// ---------------------------------------------------------------------------------------------------------------------
// What happens

void watchdog_event(struct watchdog* w, const struct event* event) {
  w->last[w->events++ % WATCHDOG_EVENTS] = *event;
  if (event->type == EVENT_PDPTE) w->control.loads = true;
  bool is_a_ports = event->type == EVENT_ACCEPT || event->type == EVENT_LOOKUP || event->type == EVENT_WALK_BEGIN ||
                    event->type == EVENT_PSC || event->type == EVENT_READ || event->type == EVENT_CAS;
  bool prefetch = event->kind == 1 && event->type != EVENT_ACCEPT;
  if (!is_a_ports || prefetch || event->port >= PORT_COUNT) return;
  w->port[event->port].latest = *event;
  w->port[event->port].began = true;
}

void watchdog_cycle(struct watchdog* w, uint64_t now, const struct tick_in* in, const struct tick_out* out) {
  for (int p = 0; p < PORT_COUNT; p++) {
    if (in->part[p] && !w->port[p].owed) {
      w->port[p].owed = true;
      w->port[p].since = now;
    }
    if (out->answered[p]) w->port[p].owed = w->port[p].began = false;
  }
  if (in->control) {
    w->control.owed = true;
    w->control.since = now;
    w->control.control = *in->control;
    w->control.loads = false;
  }
  if (out->control_done) w->control.owed = false;
}

bool watchdog_is_late(const struct watchdog* w, uint64_t now, uint64_t next) {
  bool for_ever = next == UINT64_MAX;
  for (int p = 0; p < PORT_COUNT; p++)
    if (w->port[p].owed && (for_ever || now - w->port[p].since > w->patience)) return true;
  return w->control.owed && (for_ever || now - w->control.since > w->patience);
}

// ---------------------------------------------------------------------------------------------------------------------
// What is told

struct text {
  char* at;
  size_t left;
};

static void say(struct text* text, const char* format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct text* text, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(text->at, text->left, format, arguments);
  va_end(arguments);
  size_t used = n < 0 ? 0 : (size_t)n < text->left ? (size_t)n : text->left - 1;
  text->at += used;
  text->left -= used;
}

// Who has what a port is owed, as its latest event tells.
static void say_unit(struct text* text, const struct event* e) {
  const char* port = port_name((enum port)e->port);
  switch (e->type) {
    case EVENT_ACCEPT:
      say(text, "the %s port's L1 lookup: it was accepted and not looked up", port);
      return;
    case EVENT_LOOKUP:
      if (e->hit)
        say(text, "the answer of the %s port: %s has hit", port, tlb_array_name((enum tlb_array)e->array));
      else if (e->array < ARRAY_STLB)
        say(text, "the arbiter in front of the second level and the walker: the %s port has missed in %s", port,
            tlb_array_name((enum tlb_array)e->array));
      else
        say(text, "the arbiter in front of the walker: the %s port has missed in %s", port,
            tlb_array_name((enum tlb_array)e->array));
      return;
    case EVENT_WALK_BEGIN:
      say(text, "the walker: its walk for the %s port has begun and reads nothing", port);
      return;
    case EVENT_PSC:
      say(text, "the walker: after the lookup in %s it reads nothing", tlb_array_name((enum tlb_array)e->array));
      return;
    case EVENT_READ:
      say(text,
          "the memory port, or the walker behind it: the read of the entry of level %u at %" PRIx64 " leads to nothing",
          e->level, e->pa);
      return;
    default:
      say(text,
          "the memory port, or the walker behind it: the compare-and-swap of the entry of level %u at %" PRIx64
          " leads to nothing",
          e->level, e->pa);
  }
}

static void say_port(struct text* text, const struct watchdog* w, int p) {
  if (!w->port[p].owed) return;
  say(text, "  a reference at the %s port since cycle %" PRIu64 "; stuck is ", port_name((enum port)p),
      w->port[p].since);
  if (w->port[p].began)
    say_unit(text, &w->port[p].latest);
  else
    say(text, "the port itself: it does not accept%s", w->control.owed ? ", for the control operation's sake" : "");
  say(text, "\n");
}

const char* watchdog_report(const struct watchdog* w, uint64_t now, char* room, size_t bytes) {
  struct text text = {room, bytes};
  say(&text, "the MMU is stuck: in cycle %" PRIu64 " it owes an answer to\n", now);
  for (int p = 0; p < PORT_COUNT; p++) say_port(&text, w, p);
  if (w->control.owed)
    say(&text, "  a control operation (%s) since cycle %" PRIu64 "; stuck is %s\n",
        control_op_name((enum control_op)w->control.control.op), w->control.since,
        w->port[PORT_FETCH].owed || w->port[PORT_DATA].owed ? "what it waits for, above"
        : w->control.loads                                  ? "the load of the PDPTEs, or the memory port"
                                                            : "the control port");
  uint64_t shown = w->events < WATCHDOG_EVENTS ? w->events : WATCHDOG_EVENTS;
  say(&text, "the last %" PRIu64 " events:\n", shown);
  for (uint64_t i = w->events - shown; i < w->events; i++) {
    char line[256];
    say(&text, "  %s\n", event_text(&w->last[i % WATCHDOG_EVENTS], line, sizeof line));
  }
  return room;
}

// ---------------------------------------------------------------------------------------------------------------------
// An engine that is watched

struct watched {
  struct watchdog watchdog;
  bool barks;
  char report[WATCHDOG_REPORT];
};

static void on_event(void* ctx, const struct event* event) { watchdog_event(&((struct watched*)ctx)->watchdog, event); }

static void after(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct watched* w = ctx;
  watchdog_cycle(&w->watchdog, now, in, out);
  if (w->barks || !watchdog_is_late(&w->watchdog, now, out->next)) return;
  w->barks = true;
  watchdog_report(&w->watchdog, now, w->report, sizeof w->report);
}

static bool agrees(const void* ctx, const char** report) {
  const struct watched* w = ctx;
  if (w->barks && report) *report = w->report;
  return !w->barks;
}

static const struct wrap_hooks hooks = {.after = after, .event = on_event, .agrees = agrees, .destroy = free};

struct engine* watchdog_engine(struct engine* inner, const struct config* config, struct error* err) {
  struct watched* w = calloc(1, sizeof *w);
  if (!w) {
    engine_destroy(inner);
    error_set(err, "out of memory");
    return NULL;
  }
  w->watchdog.patience = watchdog_patience(config);
  struct engine* engine = wrap_engine(inner, &hooks, w, err);
  if (!engine) free(w);
  return engine;
}

bool watchdog_barks(const struct engine* engine) {
  const struct watched* w = wrap_context(engine, &hooks);
  return w && w->barks;
}
