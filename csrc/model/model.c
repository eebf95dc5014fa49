// SPDX-License-Identifier: MIT
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "engine/serial.h"
#include "model/mmu.h"

static enum port port_of(const struct ref* part) { return part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA; }

// --- one cycle at a time --------------------------------------------------------------------------------------------

// A caller that steps over cycles in which something was to happen inside gets it done, in the right order.
static void catch_up(struct mmu* mmu, uint64_t now) {
  for (uint64_t next = mmu_next(mmu); next < now; next = mmu_next(mmu)) mmu_cycle(mmu, next);
}

static void model_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct mmu* mmu = self;
  memset(out, 0, sizeof *out);
  catch_up(mmu, now);
  if (in->control) mmu_control(mmu, in->control, now);
  bool held = false;
  for (int port = 0; port < PORT_COUNT; port++) {
    if (!in->part[port]) continue;
    out->accepted[port] = mmu_ready(mmu, (enum port)port);
    if (out->accepted[port])
      mmu_accept(mmu, (enum port)port, in->part[port], now);
    else
      held = true;
  }
  mmu_cycle(mmu, now);
  for (int port = 0; port < PORT_COUNT; port++) {
    out->answered[port] = mmu->port[port].answered;
    if (out->answered[port]) out->answer[port] = mmu->port[port].answer;
  }
  out->control_done = mmu->control.done;
  out->control_gp = mmu->control.done && mmu->control.gp;
  // A part that the control operation kept out can be accepted in the next cycle.
  out->next = held && out->control_done ? now + 1 : mmu_next(mmu);
  mmu->now = now + 1;
}

// --- the serial core ------------------------------------------------------------------------------------------------

// All the machinery, for one part.
static __attribute__((noinline)) uint64_t issue_exactly(struct mmu* mmu, const struct ref* part, uint64_t now,
                                                        struct answer* answer, bool* fault) {
  enum port port = port_of(part);
  mmu_accept(mmu, port, part, now);
  mmu_cycle(mmu, now);
  while (!mmu->port[port].answered) {
    if (!mmu->events.fn) walker_run(&mmu->walker);
    mmu_cycle(mmu, mmu_next(mmu));
  }
  *answer = mmu->port[port].answer;
  *fault = answer->fault != FAULT_NONE;
  return answer->cycle;
}

static inline __attribute__((always_inline)) uint64_t issue_observed(void* self, const struct ref* part, uint64_t now,
                                                                     bool want, struct answer* answer, bool* fault) {
  (void)want;
  return issue_exactly(self, part, now, answer, fault);
}

// With nobody listening, and counters read only afterwards, a hit comes down to its time and its touch.
struct fast_core {
  struct mmu* mmu;
  uint64_t hits[3];  // by access_kind, not yet in the counters
};

static inline __attribute__((always_inline)) uint64_t issue_fast(void* self, const struct ref* part, uint64_t now,
                                                                 bool want, struct answer* answer, bool* fault) {
  struct fast_core* core = self;
  struct tlb* tlb = &core->mmu->tlb[port_of(part)];
  uint64_t page = part->va >> PAGE_SHIFT;
  const struct shortcut* shortcut = tlb_shortcut(tlb, page);
  bool hit = shortcut->page == page && shortcut->allowed >> access_class(part) & 1;
  if (__builtin_expect(!hit, 0)) return issue_exactly(core->mmu, part, now, answer, fault);
  uint64_t cycle = now + tlb->latency - 1;
  tlb_shortcut_touch(tlb, shortcut, cycle);
  core->hits[part->kind]++;
  if (want)
    *answer = (struct answer){.accept = now,
                              .cycle = cycle,
                              .pa = shortcut->pa | (part->va & bits_between(0, PAGE_SHIFT)),
                              .path = PATH_L1,
                              .base = tlb->latency};
  *fault = false;
  return cycle;
}

static void count_fast_hits(struct fast_core* core) {
  struct mmu* mmu = core->mmu;
  for (int kind = 0; kind < 3; kind++) {
    struct tlb* tlb = &mmu->tlb[kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA];
    mmu->counters.parts[kind] += core->hits[kind];
    mmu->counters.cycles_base += core->hits[kind] * tlb->latency;
    tlb->counters->hits += core->hits[kind];
  }
}

static void model_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  struct mmu* mmu = self;
  if (mmu->events.fn) {
    mmu->now = serial_play(mmu, issue_observed, mmu->now, mmu->paging.va_mask, refs, n, play);
  } else {
    struct fast_core core = {.mmu = mmu};
    mmu->now = serial_play(&core, issue_fast, mmu->now, mmu->paging.va_mask, refs, n, play);
    count_fast_hits(&core);
  }
  mmu->counters.refs += play->done;
}

// --- the rest of the interface --------------------------------------------------------------------------------------

static void model_destroy(void* self) { mmu_destroy(self); }

static uint64_t model_now(const void* self) { return ((const struct mmu*)self)->now; }

static void model_wait(void* self, uint64_t cycle) { ((struct mmu*)self)->now = cycle; }

static void model_counters(const void* self, struct counters* counters) {
  *counters = ((const struct mmu*)self)->counters;
}

static void model_on_event(void* self, event_fn* fn, void* ctx) {
  struct mmu* mmu = self;
  mmu->events.fn = fn;
  mmu->events.ctx = ctx;
}

static size_t model_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  const struct mmu* mmu = self;
  bool fetch = array == ARRAY_ITLB || array == ARRAY_ITLB_LARGE;
  bool large = array == ARRAY_ITLB_LARGE || array == ARRAY_DTLB_LARGE;
  return tlb_dump(&mmu->tlb[fetch ? PORT_FETCH : PORT_DATA], large, entries, room);
}

static void model_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  const struct mmu* mmu = self;
  memcpy(registers, mmu->registers.value, sizeof mmu->registers.value);
  memcpy(pdptes, mmu->registers.pdpte, sizeof mmu->registers.pdpte);
}

static const struct engine_ops model_ops = {
    .destroy = model_destroy,
    .now = model_now,
    .tick = model_tick,
    .play = model_play,
    .wait = model_wait,
    .counters = model_counters,
    .on_event = model_on_event,
    .dump = model_dump,
    .registers = model_registers,
};

struct engine* model_engine_create(const struct config* config, struct memory_bus memory, struct error* err) {
  if (!replacement_known(config->itlb.replacement) || !replacement_known(config->dtlb.replacement)) {
    error_set(err,
              "the model engine has no such replacement yet: set itlb.replacement and dtlb.replacement to lru or plru");
    return NULL;
  }
  struct engine* engine = malloc(sizeof *engine);
  struct mmu* mmu = engine ? mmu_create(config, memory) : NULL;
  if (mmu) {
    *engine = (struct engine){&model_ops, mmu};
    return engine;
  }
  free(engine);
  error_set(err, "the host has no memory for the machine: make its TLBs smaller");
  return NULL;
}
