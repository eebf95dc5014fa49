// SPDX-License-Identifier: MIT
#include "fuzz/judged.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/serial.h"
#include "engine/wrap.h"
#include "fuzz/random.h"
#include "machine/ram.h"

enum { PREFETCHES = 16 };

struct judged {
  struct engine* inner;  // the wrapper's, for a look at its registers
  struct judge* judge;
  struct judged_options options;
  struct random random;
  struct ram* ram;
  struct memory_bus bus;  // of `ram`
  uint64_t now;           // the cycle that is being executed

  uint64_t* written;  // words that software wrote since the last cycle
  size_t n_written, written_room;

  struct event prefetch[PREFETCHES];  // fills of this cycle
  unsigned n_prefetches;
  unsigned psc_level[PORT_COUNT];  // of the walk under way

  bool probing;  // the debug port reads
  bool at_rest;  // nothing is in flight when the next cycle begins
  struct foretold {
    bool standing;  // and nothing has happened since that could change it
    enum port port;
    struct answer answer;
  } foretold;
  char objection[300];  // what the debug port said, and what came instead
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
  if (judged->n_written) judged->foretold.standing = false;
  for (size_t i = 0; i < judged->n_written; i++)
    judge_wrote(judged->judge, now, judged->written[i], ram_read_word(judged->ram, judged->written[i], 8));
  judged->n_written = 0;
}

static bool bus_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  struct judged* judged = ctx;
  bool good = judged->bus.read(judged->bus.ctx, pa, size, value);
  if (good && !judged->probing) judge_read(judged->judge, judged->now, pa, size, *value);
  return good;
}

static bool bus_cas(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  struct judged* judged = ctx;
  bool good = judged->bus.cas(judged->bus.ctx, pa, size, expected, desired, swapped);
  if (good && *swapped) judge_swapped(judged->judge, judged->now, pa, size, expected, desired);
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
  // Where a table maps itself a walk's own first update can fail its second.
  if (event->type == EVENT_CAS && !event->hit) judged->foretold.standing = false;
}

static void tell_prefetches(struct judged* judged) {
  for (unsigned i = 0; i < judged->n_prefetches; i++) {
    const struct event* fill = &judged->prefetch[i];
    judge_prefetched(judged->judge, fill->cycle, (enum port)fill->port, (enum tlb_array)fill->array, fill->va);
  }
  judged->n_prefetches = 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// The debug port: on an MMU at rest it says what the part that comes next will be answered. At any time it may be asked
// (engines that differ in what they say, or are disturbed by it, are found by lockstep).

static void probe(struct judged* judged, const struct ref* part, struct answer* answer) {
  judged->probing = true;
  engine_probe(judged->inner, part, answer);
  judged->probing = false;
}

static void ask(struct judged* judged, const struct tick_in* in) {
  bool alone = !in->part[PORT_FETCH] != !in->part[PORT_DATA];
  enum port port = in->part[PORT_FETCH] ? PORT_FETCH : PORT_DATA;
  struct answer answer;
  if (in->control || !alone) judged->foretold.standing = false;
  if (!alone || in->part[port]->size != 1) return;  // a longer one may cross a page
  if (judged->at_rest && !in->control && (judged->options.ask_always || random_chance(&judged->random, 20))) {
    judged->foretold = (struct foretold){.standing = true, .port = port};
    probe(judged, in->part[port], &judged->foretold.answer);
  } else if (random_chance(&judged->random, 2)) {
    probe(judged, in->part[port], &answer);
  }
}

static void hold_to_it(struct judged* judged, const struct tick_out* out) {
  const struct answer *said = &judged->foretold.answer, *came = &out->answer[judged->foretold.port];
  if (!judged->foretold.standing || !out->answered[judged->foretold.port]) return;
  judged->foretold.standing = false;
  if (said->fault == came->fault && said->pa == came->pa && said->error == came->error && said->cr2 == came->cr2 &&
      said->path == came->path && said->reads == came->reads)
    return;
  snprintf(judged->objection, sizeof judged->objection,
           "the judge: in cycle %" PRIu64 " came fault=%u pa=%" PRIx64 " error=%x cr2=%" PRIx64
           " path=%u reads=%u; the debug port had said fault=%u pa=%" PRIx64 " error=%x cr2=%" PRIx64
           " path=%u reads=%u\n",
           judged->now, came->fault, came->pa, came->error, came->cr2, came->path, came->reads, said->fault, said->pa,
           said->error, said->cr2, said->path, said->reads);
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

static void before(void* ctx, uint64_t now, const struct tick_in* in) {
  struct judged* judged = ctx;
  judged->now = now;
  tell_writes(judged, now);
  judge_waited(judged->judge, now);
  if (in->control) judge_control_arrived(judged->judge, now, in->control);
  ask(judged, in);
}

static void after(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct judged* judged = ctx;
  if (!engine_agrees(judged->inner, NULL)) return;
  for (int port = 0; port < PORT_COUNT; port++)
    if (out->accepted[port]) judge_accepted(judged->judge, now, (enum port)port, in->part[port]);
  tell_answers(judged, now, out);
  hold_to_it(judged, out);
  judged->at_rest = out->next == UINT64_MAX;
  tell_prefetches(judged);
  if (out->control_done) tell_control(judged, now, out->control_gp);
  shorten(judged, now, out);
}

static const char* verdict_of(const struct judged* judged) {
  const char* verdict = judge_verdict(judged->judge);
  return !verdict && judged->objection[0] ? judged->objection : verdict;
}

static bool agrees(const void* ctx, const char** report) {
  const char* verdict = verdict_of(ctx);
  if (report && verdict) *report = verdict;
  return verdict == NULL;
}

static void destroy(void* ctx) {
  struct judged* judged = ctx;
  judge_destroy(judged->judge);
  free(judged->written);
  free(judged);
}

static const struct wrap_hooks hooks = {
    .before = before, .after = after, .event = note_event, .agrees = agrees, .destroy = destroy};

bool judged_is_condemned(const struct engine* engine) {
  const struct judged* judged = wrap_context(engine, &hooks);
  return judged && verdict_of(judged);
}

// ---------------------------------------------------------------------------------------------------------------------

// Its bus leads through `judged`.
static struct engine* create_inner(struct judged* judged, enum engine_kind kind, const struct config* config,
                                   struct ram* mirror, struct error* err) {
  struct memory_bus bus = {.ctx = judged, .read = bus_read, .cas = bus_cas}, second = {0};
  if (mirror) second = ram_bus(mirror);
  struct engine* inner = engine_create(kind, config, bus, mirror ? &second : NULL, false, err);
  if (inner && judged->options.plant) inner = judged->options.plant(judged->options.plant_ctx, inner);
  return inner;
}

static struct engine* create(struct bench* bench, enum engine_kind kind, const struct config* config,
                             const struct judged_options* options, uint64_t memory, struct error* err) {
  struct judged* judged = calloc(1, sizeof *judged);
  if (!judged) {
    error_set(err, "out of memory");
    return NULL;
  }
  *judged = (struct judged){.options = *options, .random = random_from(options->seed), .ram = bench->ram};
  judged->bus = ram_bus(bench->ram);
  judged->judge = judge_create(config, memory);
  judged->inner = create_inner(judged, kind, config, bench->mirror, err);
  struct engine* engine = judged->inner ? wrap_engine(judged->inner, &hooks, judged, err) : NULL;
  if (engine)
    ram_watch(bench->ram, note_write, judged);
  else
    destroy(judged);
  return engine;
}

bool judged_open(struct bench* bench, enum engine_kind kind, const struct config* config,
                 const struct judged_options* options, struct error* err) {
  const struct judged_options none = {0};
  if (!options) options = &none;
  uint64_t memory = options->memory ? options->memory : BENCH_MEMORY;
  *bench = (struct bench){.ram = ram_create(memory)};
  if (kind == ENGINE_BOTH) bench->mirror = ram_create(memory);
  serial_reset_segments(bench->segments);
  if (bench->mirror && bench->ram) ram_mirror(bench->ram, bench->mirror);
  if (!bench->ram || (kind == ENGINE_BOTH && !bench->mirror))
    error_set(err, "out of memory");
  else
    bench->engine = create(bench, kind, config, options, memory, err);
  if (bench->engine) return true;
  bench_close(bench);
  return false;
}
