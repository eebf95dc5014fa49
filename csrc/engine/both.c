// SPDX-License-Identifier: MIT
#include "engine/both.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/event.h"
#include "engine/overlap.h"

enum { CHUNK = 1024, HISTORY = 24, REPORT = 16384, COUNTED_EVERY = 64 };

// The events of one engine since the last comparison, and the last few before them.
struct log {
  struct event* events;
  size_t count, room;
  struct event history[HISTORY];
  uint64_t past;  // how many went through the history
};

struct both {
  struct engine* engine[2];
  struct log log[2];
  struct answer* answers[2];
  size_t answers_room;
  event_fn* on_event;
  void* on_event_ctx;
  size_t passed;  // cycles and references since the counters were compared
  bool differs;
  char report[REPORT];
  size_t report_length;
};

static const char* const sides[2] = {"rtl", "model"};

static void say(struct both* both, const char* format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct both* both, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(both->report + both->report_length, REPORT - both->report_length, format, args);
  va_end(args);
  if (n > 0) both->report_length += (size_t)n;
  if (both->report_length > REPORT - 1) both->report_length = REPORT - 1;
}

static void record(void* ctx, const struct event* event) {
  struct log* log = ctx;
  if (log->count == log->room) {
    size_t room = log->room ? 2 * log->room : 256;
    struct event* events = realloc(log->events, room * sizeof *events);
    if (!events) abort();  // the comparison can't go on without its record
    log->events = events;
    log->room = room;
  }
  log->events[log->count++] = *event;
}

static int order(const void* a, const void* b) { return event_compare(a, b); }

static void remember(struct log* log) {
  for (size_t i = log->count > HISTORY ? log->count - HISTORY : 0; i < log->count; i++)
    log->history[log->past++ % HISTORY] = log->events[i];
  log->count = 0;
}

// What each engine did up to the difference at position `at` of their unequal records, marked.
static void show_histories(struct both* both, size_t at) {
  for (int side = 0; side < 2; side++) {
    struct log* log = &both->log[side];
    char text[256];
    say(both, "  %s:\n", sides[side]);
    uint64_t kept = log->past < HISTORY ? log->past : HISTORY;
    for (uint64_t i = log->past - kept; i < log->past; i++)
      if (i + 12 >= log->past + at) say(both, "    %s\n", event_text(&log->history[i % HISTORY], text, sizeof text));
    for (size_t i = at > 12 ? at - 12 : 0; i < log->count && i < at + 4; i++)
      say(both, "  %s %s\n", i == at ? ">" : " ", event_text(&log->events[i], text, sizeof text));
    if (at >= log->count) say(both, "  > (nothing more)\n");
  }
}

static void compare_events(struct both* both) {
  struct log *a = &both->log[0], *b = &both->log[1];
  if (a->count) qsort(a->events, a->count, sizeof *a->events, order);
  if (b->count) qsort(b->events, b->count, sizeof *b->events, order);
  size_t i = 0;
  while (i < a->count && i < b->count && event_compare(&a->events[i], &b->events[i]) == 0) i++;
  bool equal = i == a->count && i == b->count;
  if (!equal && !both->differs) {
    both->differs = true;
    say(both, "the engines did different things:\n");
  }
  if (both->differs) {
    show_histories(both, i);
    return;
  }
  if (both->on_event)
    for (size_t e = 0; e < a->count; e++) both->on_event(both->on_event_ctx, &a->events[e]);
  remember(a);
  remember(b);
}

static void differ(struct both* both, const char* what, uint64_t a, uint64_t b) {
  if (!both->differs) say(both, "the engines differ:\n");
  both->differs = true;
  say(both, "  %s: rtl %" PRIu64 " (%" PRIx64 " hex), model %" PRIu64 " (%" PRIx64 " hex)\n", what, a, a, b, b);
}

#define SAME(what, field) \
  if (a->field != b->field) differ(both, what #field, (uint64_t)a->field, (uint64_t)b->field)

static void compare_answers(struct both* both, const struct answer* a, const struct answer* b) {
  SAME("answer.", accept);
  SAME("answer.", cycle);
  SAME("answer.", pa);
  SAME("answer.", across);
  SAME("answer.", cr2);
  SAME("answer.", path);
  SAME("answer.", fault);
  SAME("answer.", error);
  SAME("answer.", merged);
  SAME("answer.", reads);
  SAME("answer.", base);
  SAME("answer.", stlb);
  SAME("answer.", walk);
  SAME("answer.", ad_update);
  SAME("answer.", data);
}

// The events say in the very cycle that something differs; counters are many, and slow to read from the RTL: they are
// compared now and then, and before anybody gets to see them.
static void compare_counters(struct both* both) {
  both->passed = 0;
  struct counters of[2];
  for (int side = 0; side < 2; side++) engine_counters(both->engine[side], &of[side]);
  if (memcmp(&of[0], &of[1], sizeof of[0]) == 0) return;
  const uint64_t *a = (const uint64_t*)&of[0], *b = (const uint64_t*)&of[1];
  for (size_t i = 0; i < COUNTER_COUNT; i++)
    if (a[i] != b[i]) differ(both, counter_names[i], a[i], b[i]);
}

// After so many cycles or references.
static void compare_counters_at_times(struct both* both, size_t passed) {
  both->passed += passed;
  if (both->passed >= COUNTED_EVERY) compare_counters(both);
}

static void both_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct both* both = self;
  struct tick_out outs[2], *a = &outs[0], *b = &outs[1];
  memset(outs, 0, sizeof outs);
  if (!both->differs) {
    for (int side = 0; side < 2; side++) engine_tick(both->engine[side], now, in, &outs[side]);
    for (int port = 0; port < PORT_COUNT; port++) {
      SAME("tick.", accepted[port]);
      SAME("tick.", answered[port]);
      if (a->answered[port] && b->answered[port]) compare_answers(both, &a->answer[port], &b->answer[port]);
    }
    SAME("tick.", control_done);
    SAME("tick.", control_gp);
    // How far an engine may be skipped is its own affair, as long as time goes on; the nearer of the two holds.
    if (a->next <= now || b->next <= now) {
      say(both, "after cycle %" PRIu64 ", ", now);
      differ(both, "tick.next is not in the future", a->next, b->next);
    }
    if (b->next < a->next) a->next = b->next;
    compare_counters_at_times(both, 1);
    compare_events(both);
  }
  *out = outs[0];
}

static void play_chunk(struct both* both, const struct ref* refs, size_t n, const struct play* like, struct play* out) {
  struct play plays[2], *a = &plays[0], *b = &plays[1];
  for (int side = 0; side < 2; side++) {
    memset(&plays[side], 0, sizeof plays[side]);
    plays[side].until = like->until;
    plays[side].answers = both->answers[side];
    engine_play(both->engine[side], refs, n, &plays[side]);
  }
  SAME("play.", stop);
  SAME("play.", done);
  for (size_t i = 0; i < a->done && i < b->done && !both->differs; i++)
    compare_answers(both, &both->answers[0][i], &both->answers[1][i]);
  if (a->stop == PLAY_FAULT && b->stop == PLAY_FAULT) compare_answers(both, &a->fault, &b->fault);
  compare_counters_at_times(both, a->done + 1);
  compare_events(both);
  *out = *a;
}

// For the answers of a piece, which is longer than a chunk where one instruction is.
static void make_room(struct both* both, size_t count) {
  if (count <= both->answers_room) return;
  for (int side = 0; side < 2; side++) {
    struct answer* answers = realloc(both->answers[side], count * sizeof *answers);
    if (!answers) abort();  // as in `record`
    both->answers[side] = answers;
  }
  both->answers_room = count;
}

static void both_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  struct both* both = self;
  size_t done = 0;
  play->stop = PLAY_END;
  while (play->stop == PLAY_END && done < n && !both->differs) {
    struct play part;
    size_t piece = overlap_cut(refs + done, n - done, CHUNK, n - done);
    make_room(both, piece);
    play_chunk(both, refs + done, piece, play, &part);
    if (play->answers) memcpy(play->answers + done, both->answers[0], part.done * sizeof *play->answers);
    done += part.done;
    play->stop = part.stop;
    play->fault = part.fault;
  }
  play->done = done;
  if (both->differs) play->stop = PLAY_DIFFERS;
}

static uint64_t both_now(const void* self) { return engine_now(((const struct both*)self)->engine[0]); }

static void both_wait(void* self, uint64_t cycle) {
  struct both* both = self;
  for (int side = 0; side < 2; side++) engine_wait(both->engine[side], cycle);
}

static void both_counters(const void* self, struct counters* counters) {
  struct both* both = (struct both*)self;  // the comparison's record changes, the engines don't
  if (!both->differs) compare_counters(both);
  engine_counters(((const struct both*)self)->engine[0], counters);
}

static void both_on_event(void* self, event_fn* fn, void* ctx) {
  struct both* both = self;
  both->on_event = fn;
  both->on_event_ctx = ctx;
}

static void both_probe(void* self, const struct ref* part, struct answer* answer) {
  struct both* both = self;
  struct answer answers[2];
  for (int side = 0; side < 2; side++) engine_probe(both->engine[side], part, &answers[side]);
  compare_answers(both, &answers[0], &answers[1]);
  *answer = answers[0];
}

static void compare_entries(struct both* both, const struct tlb_entry* a, const struct tlb_entry* b) {
  SAME("entry.", set);
  SAME("entry.", way);
  SAME("entry.", va);
  SAME("entry.", pa);
  SAME("entry.", shift);
  SAME("entry.", writable);
  SAME("entry.", user);
  SAME("entry.", no_execute);
  SAME("entry.", dirty);
  SAME("entry.", global);
  SAME("entry.", pcid);
  SAME("entry.", key);
}

static size_t both_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  struct both* both = self;
  struct tlb_entry* others = calloc(room ? room : 1, sizeof *others);
  if (!others) abort();  // as in `record`
  size_t count = engine_dump(both->engine[0], array, entries, room),
         count_b = engine_dump(both->engine[1], array, others, room);
  if (count != count_b) differ(both, "valid entries", count, count_b);
  for (size_t i = 0; i < room && i < count && !both->differs; i++) compare_entries(both, &entries[i], &others[i]);
  free(others);
  return count;
}

static void both_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  struct both* both = (struct both*)self;  // as in both_counters
  uint64_t registers_b[5], pdptes_b[4];
  engine_registers(both->engine[0], registers, pdptes);
  engine_registers(both->engine[1], registers_b, pdptes_b);
  for (int i = 0; i < 5; i++)
    if (registers[i] != registers_b[i]) differ(both, "register", registers[i], registers_b[i]);
  for (int i = 0; i < 4; i++)
    if (pdptes[i] != pdptes_b[i]) differ(both, "PDPTE register", pdptes[i], pdptes_b[i]);
}

static bool both_wave(void* self, const char* path, uint64_t zero, uint64_t first, uint64_t last, struct error* err) {
  return engine_wave(((struct both*)self)->engine[0], path, zero, first, last, err);
}

static void both_destroy(void* self) {
  struct both* both = self;
  for (int side = 0; side < 2; side++) {
    engine_destroy(both->engine[side]);
    free(both->log[side].events);
    free(both->answers[side]);
  }
  free(both);
}

static bool both_agrees(const void* self, const char** report) {
  const struct both* both = self;
  if (report && both->differs) *report = both->report;
  return !both->differs;
}

static const struct engine_ops both_ops = {
    .destroy = both_destroy,
    .now = both_now,
    .tick = both_tick,
    .play = both_play,
    .wait = both_wait,
    .counters = both_counters,
    .on_event = both_on_event,
    .probe = both_probe,
    .dump = both_dump,
    .registers = both_registers,
    .agrees = both_agrees,
    .wave = both_wave,
};

struct engine* both_engine_create(struct engine* first, struct engine* second, struct error* err) {
  struct engine* engine = calloc(1, sizeof *engine);
  struct both* both = calloc(1, sizeof *both);
  if (!engine || !both) {
    free(engine);
    free(both);
    engine_destroy(first);
    engine_destroy(second);
    error_set(err, "out of memory");
    return NULL;
  }
  *engine = (struct engine){&both_ops, both};
  both->engine[0] = first;
  both->engine[1] = second;
  for (int side = 0; side < 2; side++) {
    engine_on_event(both->engine[side], record, &both->log[side]);
  }
  return engine;
}
