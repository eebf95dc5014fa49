// SPDX-License-Identifier: MIT
#include "fuzz/stream.h"

#include "fuzz/random.h"
#include "machine/ram.h"

enum { POOL = 32, STREAM = 96 };

struct stream {
  struct bench* bench;
  struct random random;
  struct ref pool[PORT_COUNT][POOL];  // the last accesses of the script, by port
  uint64_t pooled[PORT_COUNT];
};

static uint64_t below(struct stream* s, uint64_t n) { return random_below(&s->random, n); }
static bool chance(struct stream* s, unsigned percent) { return random_chance(&s->random, percent); }

static void keep(struct stream* s, const struct ref* ref) {
  enum port port = ref->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  s->pool[port][s->pooled[port]++ % POOL] = *ref;
}

static struct ref draw_ref(struct stream* s, enum port port, uint64_t mask) {
  uint64_t kept = s->pooled[port] < POOL ? s->pooled[port] : POOL, newest = kept < 6 ? kept : 6;
  uint64_t back = 1 + below(s, chance(s, 50) ? newest : kept);
  struct ref ref = s->pool[port][(s->pooled[port] - back) % POOL];
  if (chance(s, 60)) ref.size = (uint16_t)(1 + below(s, 16));
  if (chance(s, 5)) ref.va |= 0xffc, ref.size = 8;
  ref.va &= mask;  // the script may have left long mode since
  return ref;
}

static size_t draw_stream(struct stream* s, struct ref refs[STREAM]) {
  uint64_t mask = bench_va_mask(s->bench), data = 0;
  size_t n = 1 + below(s, STREAM);
  for (size_t i = 0; i < n; i++) {
    refs[i] = draw_ref(s, data ? PORT_DATA : PORT_FETCH, mask);
    data = data ? data - 1 : below(s, 4);
  }
  return n;
}

static void play(struct stream* s) {
  struct engine* engine = s->bench->engine;
  struct ref refs[STREAM];
  struct answer answers[STREAM];
  struct play play = {.until = UINT64_MAX, .answers = chance(s, 50) ? answers : NULL};
  if (!s->pooled[PORT_FETCH] || !s->pooled[PORT_DATA]) return;
  size_t n = draw_stream(s, refs), from = 0;
  while (from < n && engine_agrees(engine, NULL)) {
    if (chance(s, 15)) play.until = engine_now(engine) + below(s, 200);
    engine_play(engine, refs + from, n - from, &play);
    from += play.done + (play.stop == PLAY_FAULT);
    if (play.stop == PLAY_UNTIL) play.until = UINT64_MAX;
  }
}

static void control(struct stream* s, struct control control) {
  bool address = control.op == CONTROL_INVLPG || (control.op == CONTROL_INVPCID && control.type == 0);
  if (address) control.value &= bench_va_mask(s->bench);
  engine_control(s->bench->engine, &control);
}

bool stream_run(const struct script* script, struct bench* bench, uint64_t seed) {
  struct stream s = {.bench = bench, .random = random_from(seed)};
  for (size_t i = 0; i < script->count && engine_agrees(bench->engine, NULL); i++) {
    const struct script_op* op = &script->ops[i];
    if (op->kind == SCRIPT_MEM) ram_write_word(bench->ram, op->pa, op->size, op->value);
    if (op->kind == SCRIPT_CONTROL) control(&s, op->control);
    if (op->kind == SCRIPT_WAIT) engine_wait(bench->engine, engine_now(bench->engine) + op->wait);
    if (op->kind != SCRIPT_ACCESS) continue;
    for (unsigned r = 0; r < op->refs; r++) keep(&s, &op->ref[r]);
    if (!op->timed && chance(&s, 40)) play(&s);
  }
  return engine_agrees(bench->engine, NULL);
}
