// SPDX-License-Identifier: MIT
// Both engines in lockstep, and the judge over both, on the cases of a few seeds. PAGEWALK_SEED=n starts elsewhere.
// `make fuzz` does the same for longer, on every machine of csrc/fuzz/geometries.c, and shrinks; here are those of
// which most are built for test_lockstep anyway.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/event.h"
#include "fuzz/campaign.h"

enum { CASES = 9, SKIPPING_CASES = 3 };

static const char* const machines[] = {"bare", "tiny", "whole", "chance", "two-walkers", "two-walkers-bare"};
enum { MACHINES = sizeof machines / sizeof *machines };

static uint64_t first_seed(void) {
  const char* text = getenv("PAGEWALK_SEED");
  return text ? strtoull(text, NULL, 0) : 20261121;
}

static struct counters run(const struct campaign* campaign, uint64_t seed) {
  static struct trial trial;
  struct script script;
  struct error err;
  if (!campaign_case(campaign, seed, &script, &trial, &err)) fail_msg("%s", err.text);
  if (trial.outcome != TRIAL_GOOD)
    fail_msg("%s: %s\nshrink it with: build/pagewalk-fuzz --geometry %s --seed %" PRIu64 " --count 1", script.name,
             trial.report, campaign->geometry->name, seed);
  script_free(&script);
  return trial.counters;
}

static void machines_agree(void** state) {
  (void)state;
  uint64_t parts = 0, hits = 0, misses = 0, walks = 0, faults = 0, updates = 0, failed = 0, evictions = 0, refused = 0;
  for (size_t i = 0; i < MACHINES; i++) {
    struct campaign campaign = {.engine = ENGINE_BOTH, .geometry = geometry_find(machines[i])};
    for (uint64_t c = 0; c < CASES; c++) {
      struct counters n = run(&campaign, first_seed() + 100 * i + c);
      parts += n.parts[0] + n.parts[1] + n.parts[2];
      hits += n.itlb.hits + n.dtlb.hits;
      misses += n.itlb.misses + n.dtlb.misses;
      walks += n.walks;
      faults += n.faults_pf;
      updates += n.ad_updates;
      failed += n.cas_failures;
      evictions += n.itlb.evictions + n.dtlb.evictions;
      refused += n.control_gps;
    }
  }
  printf("%d machines, %" PRIu64 " parts, %" PRIu64 " hits, %" PRIu64 " walks, %" PRIu64 " faults, %" PRIu64
         " A/D updates, %" PRIu64 " failed, %" PRIu64 " refused\n",
         MACHINES, parts, hits, walks, faults, updates, failed, refused);
  // They were worth something.
  assert_true(parts >= MACHINES * CASES * (uint64_t)CAMPAIGN_WINDOWS);
  assert_true(hits > misses / 8);
  assert_true(walks > parts / 20);
  assert_true(faults > parts / 100);
  assert_true(updates > parts / 100);
  assert_true(failed > 100);
  assert_true(evictions > 1000);
  assert_true(refused > 100);
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
  for (uint64_t seed = first_seed() + 5000; seed < first_seed() + 5000 + SKIPPING_CASES; seed++) {
    struct campaign campaign = {.engine = kind, .geometry = geometry_find(geometry), .windows = 120};
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
  skip_on(ENGINE_MODEL, "whole");
  skip_on(ENGINE_MODEL, "two-walkers");
  skip_on(ENGINE_RTL, "whole");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(machines_agree),
    cmocka_unit_test(skipping_changes_nothing),
};

TEST_MAIN(tests)
