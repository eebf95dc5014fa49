// SPDX-License-Identifier: MIT
#include "engine/wrap.h"

#include <stdlib.h>

#include "engine/serial.h"

struct wrap {
  struct engine* inner;
  const struct wrap_hooks* hooks;
  void* ctx;
  event_fn* on_event;  // who else wants the events
  void* on_event_ctx;
  struct segment segments[SEGMENT_COUNT];
  struct control control;  // the last one that arrived
  struct serial_account account;
  bool idle;  // the inner engine waits for nothing though it owes an answer
};

static bool wrap_agrees(const void* self, const char** report) {
  const struct wrap* w = self;
  if (!engine_agrees(w->inner, report)) return false;
  if (w->hooks->agrees && !w->hooks->agrees(w->ctx, report)) return false;
  if (w->idle && report) *report = "the engine is idle though it owes an answer: a bug of the engine\n";
  return !w->idle;
}

static void wrap_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct wrap* w = self;
  if (w->hooks->before) w->hooks->before(w->ctx, now, in);
  if (in->control) w->control = *in->control;
  engine_tick(w->inner, now, in, out);
  if (w->hooks->after) w->hooks->after(w->ctx, now, in, out);
  if (out->control_done && !out->control_gp && w->control.op == CONTROL_SEGMENT)
    w->segments[w->control.index & (SEGMENT_COUNT - 1)] = w->control.segment;
}

static uint64_t issue(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer, bool* fault,
                      uint32_t* data) {
  struct wrap* w = self;
  enum port port = part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_in in = {0};
  struct tick_out out;
  bool agrees;
  (void)want;
  in.part[port] = part;
  *answer = (struct answer){.cycle = now};
  do {
    wrap_tick(w, now, &in, &out);
    if (out.accepted[port]) in.part[port] = NULL;
    if (out.answered[port]) *answer = out.answer[port];
    w->idle = !out.answered[port] && out.next == UINT64_MAX;
    agrees = wrap_agrees(w, NULL);
    now = out.next;
  } while (agrees && !out.answered[port]);
  *fault = !agrees || answer->fault != FAULT_NONE;
  *data = *fault ? 0 : answer->data;
  return answer->cycle;
}

static uint64_t wrap_now(const void* self) { return engine_now(((const struct wrap*)self)->inner); }

// A prefetch may still be at work, and software's writes before it have their cycle: the hooks see it all.
static void wrap_wait(void* self, uint64_t cycle) {
  struct wrap* w = self;
  const struct tick_in nothing = {0};
  struct tick_out out;
  for (uint64_t now = wrap_now(w); now < cycle && wrap_agrees(w, NULL); now = out.next)
    wrap_tick(w, now, &nothing, &out);
  if (wrap_now(w) < cycle) engine_wait(w->inner, cycle);
}

static void wrap_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  struct wrap* w = self;
  uint64_t registers[5], pdptes[4];
  engine_registers(w->inner, registers, pdptes);
  uint64_t mask = serial_va_mask(registers[CONTROL_CR0], registers[CONTROL_EFER]);
  uint64_t next = serial_play(w, issue, wrap_now(w), mask, serial_bases(w->segments), refs, n, play, &w->account);
  if (!wrap_agrees(w, NULL))
    play->stop = PLAY_DIFFERS;
  else if (next > wrap_now(w))
    wrap_wait(w, next);
}

static void wrap_counters(const void* self, struct counters* counters) {
  const struct wrap* w = self;
  engine_counters(w->inner, counters);
  serial_settle(counters, &w->account);
}

static void hand_on(void* ctx, const struct event* event) {
  struct wrap* w = ctx;
  if (w->hooks->event) w->hooks->event(w->ctx, event);
  if (w->on_event) w->on_event(w->on_event_ctx, event);
}

static void wrap_on_event(void* self, event_fn* fn, void* ctx) {
  struct wrap* w = self;
  w->on_event = fn;
  w->on_event_ctx = ctx;
  engine_on_event(w->inner, fn || w->hooks->event ? hand_on : NULL, w);
}

static void wrap_probe(void* self, const struct ref* part, struct answer* answer) {
  engine_probe(((struct wrap*)self)->inner, part, answer);
}

static size_t wrap_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  return engine_dump(((struct wrap*)self)->inner, array, entries, room);
}

static void wrap_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  engine_registers(((const struct wrap*)self)->inner, registers, pdptes);
}

static bool wrap_wave(void* self, const char* path, uint64_t zero, uint64_t first, uint64_t last, struct error* err) {
  return engine_wave(((struct wrap*)self)->inner, path, zero, first, last, err);
}

static void wrap_destroy(void* self) {
  struct wrap* w = self;
  engine_destroy(w->inner);
  if (w->hooks->destroy) w->hooks->destroy(w->ctx);
  free(w);
}

static const struct engine_ops wrap_ops = {.destroy = wrap_destroy,
                                           .now = wrap_now,
                                           .tick = wrap_tick,
                                           .play = wrap_play,
                                           .wait = wrap_wait,
                                           .counters = wrap_counters,
                                           .on_event = wrap_on_event,
                                           .probe = wrap_probe,
                                           .dump = wrap_dump,
                                           .registers = wrap_registers,
                                           .agrees = wrap_agrees,
                                           .wave = wrap_wave};

struct engine* wrap_engine(struct engine* inner, const struct wrap_hooks* hooks, void* ctx, struct error* err) {
  struct engine* engine = calloc(1, sizeof *engine);
  struct wrap* w = calloc(1, sizeof *w);
  if (!engine || !w) {
    free(engine);
    free(w);
    engine_destroy(inner);
    error_set(err, "out of memory");
    return NULL;
  }
  *w = (struct wrap){.inner = inner, .hooks = hooks, .ctx = ctx};
  serial_reset_segments(w->segments);
  if (hooks->event) engine_on_event(inner, hand_on, w);
  *engine = (struct engine){&wrap_ops, w};
  return engine;
}

void* wrap_context(const struct engine* engine, const struct wrap_hooks* hooks) {
  const struct wrap* w = engine->self;
  return engine->ops == &wrap_ops && w->hooks == hooks ? w->ctx : NULL;
}
