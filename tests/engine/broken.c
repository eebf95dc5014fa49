// SPDX-License-Identifier: MIT
#include "engine/broken.h"

#include <stdlib.h>

#include "engine/serial.h"

struct broken {
  struct engine* inner;
  spoil_fn* spoil;
  void* ctx;
};

static void broken_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct broken* b = self;
  engine_tick(b->inner, now, in, out);
  b->spoil(b->ctx, now, in, out);
}

// The simplest core: no data time, no crossing references; it gives up where the engine says that nothing comes.
static void broken_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  struct broken* b = self;
  uint64_t now = engine_now(b->inner);
  play->stop = PLAY_END;
  for (play->done = 0; play->done < n; play->done++) {
    enum port port = refs[play->done].kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
    struct tick_in in = {0};
    struct tick_out out = {0};
    in.part[port] = &refs[play->done];
    for (; !out.answered[port] && now != UINT64_MAX; now = out.answered[port] ? now + 1 : out.next) {
      broken_tick(b, now, &in, &out);
      if (out.accepted[port]) in.part[port] = NULL;
    }
    if (!out.answered[port] || out.answer[port].fault != FAULT_NONE) {
      play->stop = PLAY_FAULT;
      play->fault = out.answer[port];
      break;
    }
    if (play->answers) play->answers[play->done] = out.answer[port];
  }
}

static uint64_t broken_now(const void* self) { return engine_now(((const struct broken*)self)->inner); }
static void broken_wait(void* self, uint64_t cycle) { engine_wait(((struct broken*)self)->inner, cycle); }
static void broken_counters(const void* self, struct counters* counters) {
  engine_counters(((const struct broken*)self)->inner, counters);
}
static void broken_on_event(void* self, event_fn* fn, void* ctx) {
  engine_on_event(((struct broken*)self)->inner, fn, ctx);
}
static void broken_probe(void* self, const struct ref* part, struct answer* answer) {
  engine_probe(((struct broken*)self)->inner, part, answer);
}
static size_t broken_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  return engine_dump(((struct broken*)self)->inner, array, entries, room);
}
static void broken_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  engine_registers(((const struct broken*)self)->inner, registers, pdptes);
}
static bool broken_agrees(const void* self, const char** report) {
  return engine_agrees(((const struct broken*)self)->inner, report);
}
static void broken_destroy(void* self) {
  engine_destroy(((struct broken*)self)->inner);
  free(self);
}

static const struct engine_ops broken_ops = {
    .destroy = broken_destroy,
    .now = broken_now,
    .tick = broken_tick,
    .play = broken_play,
    .wait = broken_wait,
    .counters = broken_counters,
    .on_event = broken_on_event,
    .probe = broken_probe,
    .dump = broken_dump,
    .registers = broken_registers,
    .agrees = broken_agrees,
};

struct engine* broken_engine(struct engine* inner, spoil_fn* spoil, void* ctx) {
  struct engine* engine = malloc(sizeof *engine);
  struct broken* broken = malloc(sizeof *broken);
  if (!engine || !broken) abort();
  *broken = (struct broken){inner, spoil, ctx};
  *engine = (struct engine){&broken_ops, broken};
  return engine;
}
