// SPDX-License-Identifier: MIT
// Both engines in lockstep, under the eyes of the judge, on cases of csrc/fuzz/ from a printed seed (PAGEWALK_SEED=n
// repeats or varies). `make fuzz` does the same for longer, and shrinks what it finds.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/event.h"
#include "fuzz/campaign.h"

enum { CASES = 40, CORE_CASES = 40, SKIPPING_CASES = 4 };

static uint64_t first_seed(void) {
  const char* text = getenv("PAGEWALK_SEED");
  return text ? strtoull(text, NULL, 0) : 20261121;
}

static void add(struct counters* total, const struct counters* part) {
  uint64_t* to = (uint64_t*)total;
  const uint64_t* from = (const uint64_t*)part;
  for (size_t i = 0; i < COUNTER_COUNT; i++) to[i] += from[i];
}

static void run(const struct campaign* campaign, uint64_t seed, struct counters* total) {
  static struct trial trial;
  struct script script;
  struct error err;
  if (!campaign_case(campaign, seed, &script, &trial, &err)) fail_msg("%s", err.text);
  if (trial.outcome != TRIAL_GOOD)
    fail_msg("%s: %s\nshrink it with: build/pagewalk-fuzz%s --geometry %s --seed %" PRIu64 " --count 1", script.name,
             trial.report, campaign->core ? " --core" : "", campaign->geometry->name, seed);
  script_free(&script);
  add(total, &trial.counters);
}

static uint64_t parts_of(const struct counters* n) { return n->parts[0] + n->parts[1] + n->parts[2]; }

static void print(const struct counters* n) {
  printf("%" PRIu64 " parts, %" PRIu64 " hits, %" PRIu64 " walks, %" PRIu64 " faults, %" PRIu64 " A/D updates, %" PRIu64
         " failed, %" PRIu64 " control operations, %" PRIu64 " refused, %" PRIu64 " prefetched\n",
         parts_of(n), n->itlb.hits + n->dtlb.hits, n->walks, n->faults_pf, n->ad_updates, n->cas_failures, n->controls,
         n->control_gps, n->prefetch.fills);
}

// They were worth something.
static void assert_worth(const struct counters* n, const struct config* config) {
  uint64_t parts = parts_of(n), hits = n->itlb.hits + n->dtlb.hits, misses = n->itlb.misses + n->dtlb.misses;
  assert_true(parts >= CASES * (uint64_t)CAMPAIGN_WINDOWS);
  assert_true(hits > misses / 10);
  assert_true(n->walks > parts / 20);
  assert_true(n->faults_pf > parts / 100);
  assert_true(n->ad_updates > parts / 100);
  assert_true(n->cas_failures > 100);
  assert_true(n->control_gps > 100);
  assert_true(n->itlb.drops > 100 && n->dtlb.drops > 100);
  assert_true(n->itlb.evictions > 100 || config->itlb.sets * config->itlb.ways > 8);
  assert_true(n->dtlb.evictions > 100 || config->dtlb.sets * config->dtlb.ways > 8);
  assert_true(n->merged > parts / 1000 || config->walkers == 1);
  assert_true(n->prefetch.fills > 50 || !config->prefetch);
  assert_true((n->dram_row_hits > 100 && n->dram_row_conflicts > 100) || !config->dram.banks);
}

// Every machine of csrc/fuzz/geometries.c, with memory of one cycle, too, where that is a build of its own.
static void agree(size_t first, size_t end) {
  printf("from seed %" PRIu64 "\n", first_seed());
  for (size_t i = first; i < end && i < geometry_count; i++) {
    struct campaign campaign = {.engine = ENGINE_BOTH, .geometry = &geometries[i]};
    struct counters total = {0};
    struct config config;
    geometry_config(&geometries[i], &config);
    for (uint64_t c = 0; c < CASES; c++) run(&campaign, first_seed() + CASES * i + c, &total);
    printf("%s: ", geometries[i].name);
    print(&total);
    assert_worth(&total, &config);
  }
}

enum { THIRD = 6 };  // of the machines

static void machines_agree_1(void** state) {
  (void)state;
  agree(0, THIRD);
}

static void machines_agree_2(void** state) {
  (void)state;
  agree(THIRD, 2 * THIRD);
}

static void machines_agree_3(void** state) {
  (void)state;
  agree(2 * THIRD, geometry_count);
}

// A core's streams, serial ones and ones that run ahead, over one walker and two.
static void cores_agree(void** state) {
  (void)state;
  static const char* const machines[] = {"whole", "two-walkers", "next-page", "adjacent"};
  struct counters total = {0};
  for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
    struct campaign campaign = {.engine = ENGINE_BOTH, .geometry = geometry_find(machines[m]), .core = true};
    for (uint64_t c = 0; c < CORE_CASES; c++) run(&campaign, first_seed() + 10000 + CORE_CASES * m + c, &total);
  }
  print(&total);
  assert_true(total.merged > 100);
  assert_true(total.walks > 1000 && total.faults_pf > 1000 && total.stlb.hits > 1000 && total.refs > 10000);
}

// --- skipping

struct record {
  struct event* events;
  size_t count, room;
};

static void keep(void* ctx, const struct event* event) {
  struct record* record = ctx;
  if (record->count == record->room) {
    record->room = record->room ? 2 * record->room : 4096;
    record->events = realloc(record->events, record->room * sizeof *record->events);
    if (!record->events) abort();
  }
  record->events[record->count++] = *event;
}

static int order(const void* a, const void* b) { return event_compare(a, b); }

static void compare_events(const struct record* stepped, const struct record* skipped) {
  char text[2][256];
  for (size_t i = 0; i < stepped->count && i < skipped->count; i++)
    if (event_compare(&stepped->events[i], &skipped->events[i]) != 0)
      fail_msg("skipping changes event %zu:\n  stepped %s\n  skipped %s", i,
               event_text(&stepped->events[i], text[0], sizeof text[0]),
               event_text(&skipped->events[i], text[1], sizeof text[1]));
  assert_int_equal(stepped->count, skipped->count);
}

// The same case once through every cycle and once skipping as far as it may: every event, cycle and counter is the
// same.
static void skip_on(enum engine_kind kind, const char* geometry) {
  static struct trial trial;
  uint64_t first = first_seed() + 50000;
  for (uint64_t seed = first; seed < first + SKIPPING_CASES; seed++) {
    struct campaign campaign = {.engine = kind, .geometry = geometry_find(geometry)};
    struct record records[2] = {0};
    struct counters counters[2];
    struct script script;
    struct error err;
    if (!campaign_case(&campaign, seed, &script, &trial, &err)) fail_msg("%s", err.text);
    for (int skip = 0; skip < 2; skip++) {
      trial = (struct trial){.engine = kind,
                             .options = {.stepping = skip ? STEPPING_SKIP : STEPPING_ALL},
                             .on_event = keep,
                             .on_event_ctx = &records[skip]};
      trial_run(&trial, &script);
      assert_int_equal(trial.outcome, TRIAL_GOOD);
      counters[skip] = trial.counters;
      qsort(records[skip].events, records[skip].count, sizeof *records[skip].events, order);
    }
    compare_events(&records[0], &records[1]);
    assert_memory_equal(&counters[0], &counters[1], sizeof counters[0]);
    for (int skip = 0; skip < 2; skip++) free(records[skip].events);
    script_free(&script);
  }
}

static void skipping_changes_nothing(void** state) {
  (void)state;
  static const char* const machines[] = {"whole", "two-walkers", "next-page", "adjacent", "rows"};
  for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
    skip_on(ENGINE_MODEL, machines[m]);
    skip_on(ENGINE_RTL, machines[m]);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(machines_agree_1), cmocka_unit_test(machines_agree_2),         cmocka_unit_test(machines_agree_3),
    cmocka_unit_test(cores_agree),      cmocka_unit_test(skipping_changes_nothing),
};

TEST_MAIN(tests)
