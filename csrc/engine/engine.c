// SPDX-License-Identifier: MIT
#include "engine/engine.h"

#include <stdlib.h>

#include "engine/both.h"
#include "model/model.h"
#include "rtl_engine/rtl_engine.h"

const char* engine_kind_name(enum engine_kind kind) {
  static const char* const names[] = {[ENGINE_RTL] = "rtl", [ENGINE_MODEL] = "model", [ENGINE_BOTH] = "both"};
  return names[kind];
}

struct engine* engine_create(enum engine_kind kind, const struct config* config, struct memory_bus memory,
                             const struct memory_bus* second, bool traced, struct error* err) {
  switch (kind) {
    case ENGINE_RTL:
      return rtl_engine_create(config, memory, traced, err);
    case ENGINE_MODEL:
      return model_engine_create(config, memory, err);
    case ENGINE_BOTH:
      break;
  }
  struct engine* rtl = rtl_engine_create(config, memory, traced, err);
  struct engine* model = rtl ? model_engine_create(config, *second, err) : NULL;
  if (model) return both_engine_create(rtl, model, err);
  engine_destroy(rtl);
  return NULL;
}

void engine_destroy(struct engine* engine) {
  if (!engine) return;
  engine->ops->destroy(engine->self);
  free(engine);
}

uint64_t engine_now(const struct engine* engine) { return engine->ops->now(engine->self); }

void engine_tick(struct engine* engine, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  engine->ops->tick(engine->self, now, in, out);
}

void engine_play(struct engine* engine, const struct ref* refs, size_t n, struct play* play) {
  engine->ops->play(engine->self, refs, n, play);
}

bool engine_issue(struct engine* engine, const struct ref* ref, struct answer* answer) {
  if (engine->ops->issue) return engine->ops->issue(engine->self, ref, answer);
  struct play play = {.until = UINT64_MAX, .answers = answer};
  engine->ops->play(engine->self, ref, 1, &play);
  if (play.stop == PLAY_END) return true;
  *answer = play.stop == PLAY_FAULT ? play.fault : (struct answer){.fault = FAULT_NONE};
  return false;
}

bool engine_control(struct engine* engine, const struct control* control) {
  struct tick_in in = {.control = control};
  struct tick_out out;
  uint64_t now = engine_now(engine);
  engine_tick(engine, now, &in, &out);
  in.control = NULL;
  while (!out.control_done && engine_agrees(engine, NULL)) {
    now = out.next;
    engine_tick(engine, now, &in, &out);
  }
  return !out.control_gp;
}

void engine_wait(struct engine* engine, uint64_t cycle) { engine->ops->wait(engine->self, cycle); }

void engine_counters(const struct engine* engine, struct counters* counters) {
  engine->ops->counters(engine->self, counters);
}

void engine_on_event(struct engine* engine, event_fn* fn, void* ctx) { engine->ops->on_event(engine->self, fn, ctx); }

void engine_probe(struct engine* engine, const struct ref* part, struct answer* answer) {
  engine->ops->probe(engine->self, part, answer);
}

size_t engine_dump(struct engine* engine, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  return engine->ops->dump(engine->self, array, entries, room);
}

void engine_registers(const struct engine* engine, uint64_t registers[5], uint64_t pdptes[4]) {
  engine->ops->registers(engine->self, registers, pdptes);
}

bool engine_wave(struct engine* engine, const char* path, uint64_t zero, uint64_t first, uint64_t last,
                 struct error* err) {
  if (engine->ops->wave) return engine->ops->wave(engine->self, path, zero, first, last, err);
  return error_set(err, "a waveform comes from the RTL: use --engine rtl");
}

bool engine_agrees(const struct engine* engine, const char** report) {
  if (report) *report = NULL;
  return !engine->ops->agrees || engine->ops->agrees(engine->self, report);
}
