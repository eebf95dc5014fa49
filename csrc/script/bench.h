// SPDX-License-Identifier: MIT
// An MMU on a laboratory bench: an engine with the whole 52-bit physical space as memory, and no operating system.
// Scripts, case files and `explain` work on one.
#ifndef PAGEWALK_SCRIPT_BENCH_H
#define PAGEWALK_SCRIPT_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"
#include "machine/ram.h"

struct bench {
  struct engine* engine;
  struct ram* ram;
  struct ram* mirror;  // the second engine's memory (ENGINE_BOTH), else NULL
  bool stuck;          // an answer never came: a bug of the engine
  struct segment
      segments[SEGMENT_COUNT];  // as loaded by bench_window: where a reference crosses a page depends on them
};

// The MMU in its reset state, memory zeroed. `config` is validated already. On failure nothing is left to close.
bool bench_open(struct bench* bench, enum engine_kind kind, const struct config* config, struct error* err);
// The same with a memory of `bytes`: what the walker wants beyond is a bus error.
#define BENCH_MEMORY (UINT64_C(1) << 52)
bool bench_open_memory(struct bench* bench, enum engine_kind kind, const struct config* config, uint64_t bytes,
                       struct error* err);
void bench_close(struct bench* bench);

// Something that happens at a chosen cycle: a control operation that arrives, or another agent's write to memory.
struct bench_action {
  uint64_t at;  // cycles after the window's first one
  bool is_control;
  struct control control;
  uint64_t pa, value;  // the write
  unsigned size;
  // out, of a control operation
  bool gp;
  uint64_t cycles;  // from its arrival to its last cycle, both counted
};

// One reference's outcome. `answer` holds the whole reference's: where it crosses a page, `accept` of the first part
// and `cycle` of the last, path of the slower, reads of both; if a part faulted, its fault, error code and CR2.
struct bench_access {
  uint64_t at;  // cycles after the window's first one: when its port is asked, or as soon as the port is free
  struct ref ref;
  struct answer answer;
};

// Presents the references, those of one port in the order given, from cycle engine_now() on, does the actions in their
// cycles (writes before all else in the cycle; in the order given where they share one) and lets time pass until every
// reference is answered and every action done: engine_now() is the cycle after that. Fails if the engines differ
// (engine_agrees has the report), or if a control operation arrives while another is under way.
bool bench_window(struct bench* bench, struct bench_access* accesses, size_t n_accesses, struct bench_action* actions,
                  size_t n_actions, struct error* err);

// The linear addresses of the mode that the registers select now.
uint64_t bench_va_mask(const struct bench* bench);

#endif
