// SPDX-License-Identifier: MIT
#include "fuzz/judged.h"

#include <stdlib.h>
#include <string.h>

#include "engine/serial.h"
#include "fuzz/random.h"
#include "machine/ram.h"

enum { PREFETCHES = 16 };

struct judged {
  struct engine* inner;
  struct judge* judge;
  struct judged_options options;
  struct random random;
  struct ram* ram;
  struct memory_bus bus;  // of `ram`
  uint64_t now;           // the cycle that is being executed

  uint64_t* written;  // words that software wrote since the last cycle
  size_t n_written, written_room;

  event_fn* on_event;
  void* on_event_ctx;
  struct event prefetch[PREFETCHES];  // fills of this cycle
  unsigned n_prefetches;
  unsigned psc_level[PORT_COUNT];  // of the walk under way
  bool controls, differs;
};

// ---------------------------------------------------------------------------------------------------------------------
// Memory

static void note_write(void* ctx, uint64_t pa, uint64_t bytes) {
  struct judged* judged = ctx;
  for (uint64_t word = pa & ~UINT64_C(7); word < pa + bytes; word += 8) {
    if (judged->n_written == judged->written_room) {
      judged->written_room = 2 * judged->written_room + 256;
      uint64_t* written = realloc(judged->written, judged->written_room * sizeof *written);
      if (!written) abort();  // a record with holes would lead to false verdicts
      judged->written = written;
    }
    judged->written[judged->n_written++] = word;
  }
}

static void tell_writes(struct judged* judged, uint64_t now) {
  for (size_t i = 0; i < judged->n_written; i++)
    judge_wrote(judged->judge, now, judged->written[i], ram_read_word(judged->ram, judged->written[i], 8));
  judged->n_written = 0;
}

static bool bus_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  struct judged* judged = ctx;
  bool good = judged->bus.read(judged->bus.ctx, pa, size, value);
  if (good)
    judge_read(judged->judge, judged->now, pa, size, *value);
  else
    judge_bus_error(judged->judge, judged->now);
  return good;
}

static bool bus_cas(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  struct judged* judged = ctx;
  bool good = judged->bus.cas(judged->bus.ctx, pa, size, expected, desired, swapped);
  if (!good)
    judge_bus_error(judged->judge, judged->now);
  else if (*swapped)
    judge_swapped(judged->judge, judged->now, pa, size, expected, desired);
  return good;
}

// ---------------------------------------------------------------------------------------------------------------------
// Events

static void note_event(void* ctx, const struct event* event) {
  struct judged* judged = ctx;
  if (event->type == EVENT_FILL && event->kind == 1 && judged->n_prefetches < PREFETCHES)
    judged->prefetch[judged->n_prefetches++] = *event;
  if (event->type == EVENT_WALK_BEGIN && event->kind == 0) judged->psc_level[event->port] = 0;
  if (event->type == EVENT_PSC && event->kind == 0 && event->hit)
    judged->psc_level[event->port] = 2 + (unsigned)(event->array - ARRAY_PSC_PDE);
  if (judged->on_event) judged->on_event(judged->on_event_ctx, event);
}

static void tell_prefetches(struct judged* judged) {
  for (unsigned i = 0; i < judged->n_prefetches; i++) {
    const struct event* fill = &judged->prefetch[i];
    judge_prefetched(judged->judge, fill->cycle, (enum port)fill->port, (enum tlb_array)fill->array, fill->va);
  }
  judged->n_prefetches = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Cycles

static void tell_answers(struct judged* judged, uint64_t now, const struct tick_out* out) {
  const struct answer* answers[PORT_COUNT];
  for (int port = 0; port < PORT_COUNT; port++) answers[port] = out->answered[port] ? &out->answer[port] : NULL;
  judge_answered(judged->judge, now, answers, judged->psc_level);
  if (!judged->options.on_answer || judge_verdict(judged->judge)) return;
  for (int port = 0; port < PORT_COUNT; port++) {
    if (answers[port])
      judged->options.on_answer(judged->options.on_answer_ctx, judge_last(judged->judge, (enum port)port),
                                answers[port], judged->psc_level[port]);
  }
}

static void tell_control(struct judged* judged, uint64_t now, bool gp) {
  uint64_t registers[5], pdptes[4];
  judge_control_done(judged->judge, now, gp);
  engine_registers(judged->inner, registers, pdptes);
  judge_registers(judged->judge, registers, pdptes);
}

static void shorten(struct judged* judged, uint64_t now, struct tick_out* out) {
  if (judged->options.stepping == STEPPING_SKIP || out->next == UINT64_MAX || out->next <= now + 1) return;
  if (judged->options.stepping == STEPPING_ALL)
    out->next = now + 1;
  else if (random_chance(&judged->random, 40))
    out->next = now + 1 + random_below(&judged->random, out->next - now - 1);
}

static void judged_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct judged* judged = self;
  memset(out, 0, sizeof *out);
  out->next = now + 1;
  if (judged->differs) return;
  judged->now = now;
  tell_writes(judged, now);
  judge_waited(judged->judge, now);
  if (in->control) judge_control_arrived(judged->judge, now, in->control);
  engine_tick(judged->inner, now, in, out);
  if (!engine_agrees(judged->inner, NULL)) {
    judged->differs = true;
    out->next = now + 1;
    return;
  }
  for (int port = 0; port < PORT_COUNT; port++)
    if (out->accepted[port]) judge_accepted(judged->judge, now, (enum port)port, in->part[port]);
  tell_answers(judged, now, out);
  tell_prefetches(judged);
  if (out->control_done) tell_control(judged, now, out->control_gp);
  judged->differs = judge_verdict(judged->judge) != NULL;
  shorten(judged, now, out);
}

// The serial core over this engine's own cycles, so that the judge sees them. It does not run ahead (core.overlap).
static uint64_t issue(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer, bool* fault,
                      uint32_t* data) {
  struct judged* judged = self;
  enum port port = part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_in in = {0};
  struct tick_out out;
  (void)want;
  in.part[port] = part;
  *answer = (struct answer){.cycle = now};
  do {
    judged_tick(judged, now, &in, &out);
    if (out.accepted[port]) in.part[port] = NULL;
    if (out.answered[port]) *answer = out.answer[port];
    now = out.next;
  } while (!out.answered[port] && !judged->differs);
  *fault = judged->differs || answer->fault != FAULT_NONE;
  *data = *fault ? 0 : answer->data;
  return answer->cycle;
}

static uint64_t judged_now(const void* self) { return engine_now(((const struct judged*)self)->inner); }

static void judged_wait(void* self, uint64_t cycle) { engine_wait(((struct judged*)self)->inner, cycle); }

static void judged_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  struct judged* judged = self;
  struct serial_account account = {0};
  uint64_t registers[5], pdptes[4];
  engine_registers(judged->inner, registers, pdptes);
  uint64_t mask = serial_va_mask(registers[CONTROL_CR0], registers[CONTROL_EFER]);
  uint64_t next = serial_play(judged, issue, judged_now(judged), mask, NULL, refs, n, play, &account);
  if (judged->differs)
    play->stop = PLAY_DIFFERS;
  else if (next > judged_now(judged))
    judged_wait(judged, next);
}

// ---------------------------------------------------------------------------------------------------------------------
// What goes through

static void judged_counters(const void* self, struct counters* counters) {
  engine_counters(((const struct judged*)self)->inner, counters);
}

static void judged_on_event(void* self, event_fn* fn, void* ctx) {
  struct judged* judged = self;
  judged->on_event = fn;
  judged->on_event_ctx = ctx;
}

static void judged_probe(void* self, const struct ref* part, struct answer* answer) {
  engine_probe(((struct judged*)self)->inner, part, answer);
}

static size_t judged_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  return engine_dump(((struct judged*)self)->inner, array, entries, room);
}

static void judged_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  engine_registers(((const struct judged*)self)->inner, registers, pdptes);
}

static bool judged_agrees(const void* self, const char** report) {
  const struct judged* judged = self;
  if (!engine_agrees(judged->inner, report)) return false;
  const char* verdict = judge_verdict(judged->judge);
  if (report && verdict) *report = verdict;
  return verdict == NULL;
}

static void judged_destroy(void* self) {
  struct judged* judged = self;
  engine_destroy(judged->inner);
  judge_destroy(judged->judge);
  free(judged->written);
  free(judged);
}

static const struct engine_ops judged_ops = {
    .destroy = judged_destroy,
    .now = judged_now,
    .tick = judged_tick,
    .play = judged_play,
    .wait = judged_wait,
    .counters = judged_counters,
    .on_event = judged_on_event,
    .probe = judged_probe,
    .dump = judged_dump,
    .registers = judged_registers,
    .agrees = judged_agrees,
};

bool judged_is_condemned(const struct engine* engine) {
  return engine->ops == &judged_ops && judge_verdict(((const struct judged*)engine->self)->judge) != NULL;
}

// ---------------------------------------------------------------------------------------------------------------------

static struct engine* create_inner(struct judged* judged, enum engine_kind kind, const struct config* config,
                                   const struct memory_bus* second, struct error* err) {
  struct memory_bus bus = {.ctx = judged, .read = bus_read, .cas = bus_cas};
  struct engine* inner = engine_create(kind, config, bus, second, false, err);
  if (inner && judged->options.plant) inner = judged->options.plant(judged->options.plant_ctx, inner);
  return inner;
}

bool judged_open(struct bench* bench, enum engine_kind kind, const struct config* config,
                 const struct judged_options* options, struct error* err) {
  const uint64_t whole_space = UINT64_C(1) << 52;
  struct engine* engine = calloc(1, sizeof *engine);
  struct judged* judged = calloc(1, sizeof *judged);
  *bench = (struct bench){.ram = ram_create(whole_space)};
  serial_reset_segments(bench->segments);
  if (kind == ENGINE_BOTH) bench->mirror = ram_create(whole_space);
  if (!engine || !judged || !bench->ram || (kind == ENGINE_BOTH && !bench->mirror)) {
    free(engine);
    free(judged);
    bench_close(bench);
    return error_set(err, "out of memory");
  }
  struct memory_bus second = {0};
  if (bench->mirror) {
    ram_mirror(bench->ram, bench->mirror);
    second = ram_bus(bench->mirror);
  }
  if (options) judged->options = *options;
  judged->random = random_from(judged->options.seed);
  judged->ram = bench->ram;
  judged->bus = ram_bus(bench->ram);
  judged->judge = judge_create(config);
  judged->inner = create_inner(judged, kind, config, bench->mirror ? &second : NULL, err);
  *engine = (struct engine){&judged_ops, judged};
  if (!judged->inner) {
    judge_destroy(judged->judge);
    free(judged);
    free(engine);
    bench_close(bench);
    return false;
  }
  ram_watch(bench->ram, note_write, judged);
  engine_on_event(judged->inner, note_event, judged);
  bench->engine = engine;
  return true;
}
