// SPDX-License-Identifier: MIT
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "engine/overlap.h"
#include "engine/serial.h"
#include "model/mmu.h"
#include "model/segment.h"

static enum port port_of(const struct ref* part) { return part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA; }

// --- one cycle at a time --------------------------------------------------------------------------------------------

// What was to happen inside in the cycles before `now`, in the right order.
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
static __attribute__((noinline)) void issue_exactly(struct mmu* mmu, const struct ref* part, uint64_t now,
                                                    struct answer* answer) {
  enum port port = port_of(part);
  if (mmu->aside < now) catch_up(mmu, now);
  if (mmu->events.fn || mmu->aside != UINT64_MAX) {
    mmu_accept(mmu, port, part, now);
    mmu_cycle(mmu, now);
    while (!mmu->port[port].answered) mmu_cycle(mmu, mmu_next(mmu));
  } else {
    mmu_run_alone(mmu, port, part, now);
  }
  *answer = mmu->port[port].answer;
}

static inline __attribute__((always_inline)) uint64_t issue_observed(void* self, const struct ref* part, uint64_t now,
                                                                     bool want, struct answer* answer, bool* fault,
                                                                     uint32_t* data) {
  (void)want;
  issue_exactly(self, part, now, answer);
  *fault = answer->fault != FAULT_NONE;
  *data = answer->data;
  return answer->cycle;
}

// What of a segment the hits need.
struct fast_segment {
  uint64_t base;
  struct segment_range range;
  uint32_t classes;
};

// With nobody listening, and counters read only afterwards, a hit comes down to its time, its touch and its data.
struct fast_core {
  struct mmu* mmu;
  struct fast_port {
    const struct shortcut* table;
    uint32_t latency;
    enum replacement policy;
  } port[PORT_COUNT];
  // By access_kind, not yet in the counters: all hits; of them those of pages beyond 4 KiB, by enum size_class.
  uint64_t hits[3], large_hits[SIZE_CLASSES][3];
  uint64_t data_further;  // of them: their data were not the most recent of their set in L1D
  struct fast_segment segment[SEGMENT_COUNT];
};

static __attribute__((noinline)) uint32_t data_further(struct fast_core* core, uint64_t pa, bool write, uint64_t now) {
  struct mmu* mmu = core->mmu;
  uint32_t further = caches_beyond_l1d(&mmu->caches, caches_data_further(&mmu->caches, pa, write, now));
  mmu->counters.cycles_data += further;
  core->data_further++;
  return further;
}

static inline void count_hit(struct fast_core* core, const struct shortcut* shortcut, uint8_t kind) {
  core->hits[kind]++;
  if (__builtin_expect(shortcut->size != SIZE_4K, 0)) core->large_hits[shortcut->size][kind]++;
}

// What a core has, so that each gets a loop of its own: data that are looked up; segments beside the flat one;
// prefetches, whose cycles are not for shortcuts.
enum { WITH_DATA = 1, WITH_SEGMENTS = 2, WITH_PREFETCH = 4 };

// Linear address of the reference; false: its segment forbids it, or there is none in this core.
static inline __attribute__((always_inline)) bool fast_linear(const struct fast_core* core, unsigned with,
                                                              const struct ref* part, uint64_t* va) {
  *va = part->va;
  if (!(with & WITH_SEGMENTS)) return part->segment == 0;
  const struct fast_segment* segment = &core->segment[part->segment % SEGMENT_COUNT];
  *va = (segment->base + part->va) & core->mmu->paging.va_mask;
  return (segment->classes >> access_class(part) & 1) && segment_holds(segment->range, part->va, part->size);
}

static inline __attribute__((always_inline)) uint64_t issue_fast(struct fast_core* core, unsigned with,
                                                                 const struct ref* part, uint64_t now, bool want,
                                                                 struct answer* answer, bool* fault, uint32_t* data) {
  struct mmu* mmu = core->mmu;
  enum port number = port_of(part);
  const struct fast_port* port = &core->port[number];
  uint64_t va;
  bool hit = fast_linear(core, with, part, &va);
  uint64_t page = va >> PAGE_SHIFT;
  const struct shortcut* shortcut = &port->table[page & (SHORTCUTS - 1)];
  uint64_t cycle = now + port->latency - 1;
  hit = hit && shortcut->page == page && shortcut->allowed >> access_class(part) & 1;
  if (with & WITH_PREFETCH) hit = hit && mmu->aside > cycle;
  if (__builtin_expect(!hit, 0)) return issue_observed(mmu, part, now, want, answer, fault, data);
  uint64_t pa = shortcut->pa | (va & bits_between(0, PAGE_SHIFT));
  shortcut_touch(port->policy, shortcut, cycle);
  count_hit(core, shortcut, part->kind);
  *fault = false;
  *data = 0;
  if ((with & WITH_DATA) && number == PORT_DATA && !caches_data_near(&mmu->caches, pa, part->kind == ACCESS_WRITE))
    *data = data_further(core, pa, part->kind == ACCESS_WRITE, cycle);
  if (want)
    *answer =
        (struct answer){.accept = now, .cycle = cycle, .pa = pa, .path = PATH_L1, .base = port->latency, .data = *data};
  return cycle;
}

static bool is_flat(const struct segment* segment) {
  return segment->base == 0 && segment->limit == UINT64_MAX && segment->present && segment->writable &&
         segment->privilege == 3 && !segment->expand_down;
}

// True if there is more to know than that segment 0 is flat and the others absent.
static bool load_segments(struct fast_core* core) {
  const struct segment* segments = core->mmu->registers.segment;
  bool more = !is_flat(&segments[0]);
  for (int i = 1; i < SEGMENT_COUNT; i++) more |= segments[i].present;
  bool looked_at = more || core->mmu->config.core.overlap || core->mmu->config.prefetch != PREFETCH_NONE;
  for (int i = 0; looked_at && i < SEGMENT_COUNT; i++)
    core->segment[i] = (struct fast_segment){
        .base = segments[i].base, .range = segment_range(&segments[i]), .classes = segment_classes(&segments[i])};
  return more;
}

static void count_fast_hits(const struct fast_core* core) {
  struct mmu* mmu = core->mmu;
  for (int kind = 0; kind < 3; kind++) {
    struct tlb* tlb = &mmu->tlb[kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA];
    uint64_t small = core->hits[kind];
    for (int size = SIZE_4K + 1; size < SIZE_CLASSES; size++) {
      tlb->sizes->hits[size] += core->large_hits[size][kind];
      small -= core->large_hits[size][kind];
    }
    tlb->sizes->hits[SIZE_4K] += small;
    mmu->counters.parts[kind] += core->hits[kind];
    mmu->counters.cycles_base += core->hits[kind] * tlb->latency;
  }
  if (mmu->caches.data)
    mmu->counters.cache[CACHE_L1D].data_hits += core->hits[ACCESS_READ] + core->hits[ACCESS_WRITE] - core->data_further;
}

// A function for each, so that the compiler keeps its attention to one loop.
#define FAST_LOOP(name, with)                                                                                 \
  static inline __attribute__((always_inline))                                                                \
  uint64_t issue_##name(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer,   \
                        bool* fault, uint32_t* data) {                                                        \
    return issue_fast(self, with, part, now, want, answer, fault, data);                                      \
  }                                                                                                           \
  static __attribute__((noinline))                                                                            \
  uint64_t play_##name(struct fast_core* core, const struct segment* bases, const struct ref* refs, size_t n, \
                       struct play* play, struct serial_account* account) {                                   \
    return serial_play(core, issue_##name, core->mmu->now, core->mmu->paging.va_mask,                         \
                       (with)&WITH_SEGMENTS ? bases : NULL, refs, n, play, account);                          \
  }
FAST_LOOP(plain, 0)
FAST_LOOP(data, WITH_DATA)
FAST_LOOP(segments, WITH_SEGMENTS)
FAST_LOOP(segments_data, WITH_SEGMENTS | WITH_DATA)
FAST_LOOP(prefetch, WITH_PREFETCH | WITH_SEGMENTS)
FAST_LOOP(prefetch_data, WITH_PREFETCH | WITH_SEGMENTS | WITH_DATA)

static uint64_t play_fast(struct fast_core* core, const struct ref* refs, size_t n, struct play* play,
                          struct serial_account* account) {
  const struct mmu* mmu = core->mmu;
  const struct segment* bases = serial_bases(mmu->registers.segment);
  bool prefetch = mmu->config.prefetch != PREFETCH_NONE, segments = load_segments(core), data = mmu->caches.data;
  return (prefetch   ? data ? play_prefetch_data : play_prefetch
          : segments ? data ? play_segments_data : play_segments
          : data     ? play_data
                     : play_plain)(core, bases, refs, n, play, account);
}

// The same hit for the core with core.overlap, which is only interested in those that are over in a cycle.
static bool overlap_hit(void* self, const struct ref* part, uint64_t now, struct answer* answer) {
  struct fast_core* core = self;
  const struct mmu* mmu = core->mmu;
  enum port number = port_of(part);
  bool write = part->kind == ACCESS_WRITE;
  uint64_t va, pa;
  if (core->port[number].latency != 1 || mmu->aside <= now || serial_crosses(part, mmu->registers.segment))
    return false;
  if (!fast_linear(core, WITH_SEGMENTS, part, &va)) return false;
  const struct shortcut* shortcut = &core->port[number].table[va >> PAGE_SHIFT & (SHORTCUTS - 1)];
  if (shortcut->page != va >> PAGE_SHIFT || !(shortcut->allowed >> access_class(part) & 1)) return false;
  pa = shortcut->pa | (va & bits_between(0, PAGE_SHIFT));
  if (mmu->caches.data && number == PORT_DATA && !caches_data_near(&mmu->caches, pa, write)) return false;
  shortcut_touch(core->port[number].policy, shortcut, now);
  count_hit(core, shortcut, part->kind);
  *answer = (struct answer){.accept = now, .cycle = now, .pa = pa, .path = PATH_L1, .base = 1};
  return true;
}

static void overlap_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  model_tick(((struct fast_core*)self)->mmu, now, in, out);
}

static void model_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  struct mmu* mmu = self;
  struct fast_core core = {.mmu = mmu};
  struct serial_account account = {0};
  uint64_t va_mask = mmu->paging.va_mask;
  const struct segment* bases = serial_bases(mmu->registers.segment);
  for (int port = 0; port < PORT_COUNT; port++)
    core.port[port] =
        (struct fast_port){mmu->shortcuts[port].table, mmu->tlb[port].latency, mmu->shortcuts[port].policy};
  if (mmu->config.core.overlap) {
    const struct overlap_engine engine = {&core, overlap_tick, mmu->events.fn ? NULL : overlap_hit};
    load_segments(&core);
    mmu->now = overlap_play(&engine, mmu->now, va_mask, bases, refs, n, play, &account);
  } else if (mmu->events.fn) {
    mmu->now = serial_play(mmu, issue_observed, mmu->now, va_mask, bases, refs, n, play, &account);
  } else {
    mmu->now = play_fast(&core, refs, n, play, &account);
  }
  catch_up(mmu, mmu->now);
  count_fast_hits(&core);
  serial_settle(&mmu->counters, &account);
  mmu->counters.refs += play->done;
}

// --- one reference --------------------------------------------------------------------------------------------------

// Counts as count_fast_hits does, at once.
static uint32_t count_single_hit(struct mmu* mmu, const struct shortcut* shortcut, const struct ref* ref, uint64_t pa,
                                 uint64_t cycle) {
  enum port port = port_of(ref);
  bool write = ref->kind == ACCESS_WRITE;
  mmu->tlb[port].sizes->hits[shortcut->size]++;
  mmu->counters.parts[ref->kind]++;
  mmu->counters.refs++;
  mmu->counters.cycles_base += mmu->tlb[port].latency;
  if (!mmu->caches.data || port != PORT_DATA) return 0;
  if (__builtin_expect(caches_data_near(&mmu->caches, pa, write), 1)) {
    mmu->counters.cache[CACHE_L1D].data_hits++;
    return 0;
  }
  uint32_t further = caches_beyond_l1d(&mmu->caches, caches_data_further(&mmu->caches, pa, write, cycle));
  mmu->counters.cycles_data += further;
  return further;
}

static __attribute__((noinline)) bool issue_by_play(struct mmu* mmu, const struct ref* ref, struct answer* answer) {
  struct play play = {.until = UINT64_MAX, .answers = answer};
  model_play(mmu, ref, 1, &play);
  if (play.stop == PLAY_FAULT) *answer = play.fault;
  return play.stop == PLAY_END;
}

static bool model_issue(void* self, const struct ref* ref, struct answer* answer) {
  struct mmu* mmu = self;
  enum port port = port_of(ref);
  uint64_t page = ref->va >> PAGE_SHIFT;
  const struct shortcut* shortcut = &mmu->shortcuts[port].table[page & (SHORTCUTS - 1)];
  bool plain = !mmu->events.fn && mmu->aside == UINT64_MAX && ref->segment == 0 && is_flat(&mmu->registers.segment[0]);
  bool hit = plain && shortcut->page == page && shortcut->allowed >> access_class(ref) & 1;
  if (__builtin_expect(!hit || serial_crosses(ref, NULL), 0)) return issue_by_play(mmu, ref, answer);
  answer->cycle = mmu->now + mmu->tlb[port].latency - 1;
  answer->pa = shortcut->pa | (ref->va & bits_between(0, PAGE_SHIFT));
  answer->across = 0;
  shortcut_touch(mmu->shortcuts[port].policy, shortcut, answer->cycle);
  answer->data = count_single_hit(mmu, shortcut, ref, answer->pa, answer->cycle);
  mmu->now = answer->cycle + answer->data + 1;
  return true;
}

// --- the rest of the interface --------------------------------------------------------------------------------------

static void model_destroy(void* self) { mmu_destroy(self); }

static uint64_t model_now(const void* self) { return ((const struct mmu*)self)->now; }

static void model_wait(void* self, uint64_t cycle) {
  struct mmu* mmu = self;
  catch_up(mmu, cycle);
  mmu->now = cycle;
}

static void model_counters(const void* self, struct counters* counters) { mmu_counters(self, counters); }

static void model_on_event(void* self, event_fn* fn, void* ctx) {
  struct mmu* mmu = self;
  mmu->events.fn = fn;
  mmu->events.ctx = ctx;
}

static const struct array* array_of(const struct mmu* mmu, enum tlb_array array) {
  switch (array) {
    case ARRAY_ITLB:
    case ARRAY_ITLB_LARGE:
      return &mmu->tlb[PORT_FETCH].array[array - ARRAY_ITLB];
    case ARRAY_DTLB:
    case ARRAY_DTLB_LARGE:
      return &mmu->tlb[PORT_DATA].array[array - ARRAY_DTLB];
    case ARRAY_STLB:
    case ARRAY_STLB_LARGE:
      return &mmu->second.array[array - ARRAY_STLB];
    default:
      return &mmu->psc.array[array - ARRAY_PSC_PDE];
  }
}

static void model_probe(void* self, const struct ref* part, struct answer* answer) { mmu_probe(self, part, answer); }

static size_t model_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  const struct mmu* mmu = self;
  return array_dump(array_of(mmu, array), entries, room);
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
    .probe = model_probe,
    .dump = model_dump,
    .registers = model_registers,
    .issue = model_issue,
};

struct engine* model_engine_create(const struct config* config, struct memory_bus memory, struct error* err) {
  struct engine* engine = malloc(sizeof *engine);
  struct mmu* mmu = engine ? mmu_create(config, memory) : NULL;
  if (mmu) {
    *engine = (struct engine){&model_ops, mmu};
    return engine;
  }
  free(engine);
  error_set(err, "the host has no memory for the machine: make its TLBs and caches smaller");
  return NULL;
}
