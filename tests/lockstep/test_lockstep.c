// SPDX-License-Identifier: MIT
// Both engines in lockstep on random machines and random software, from a printed seed (PAGEWALK_SEED=n repeats or
// varies).
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "lockstep/campaign.h"
#include "small.h"

enum { PARTS_PER_RUN = 12000, RUNS = 12 };

static uint64_t first_seed(void) {
  const char* text = getenv("PAGEWALK_SEED");
  return text ? strtoull(text, NULL, 0) : 20261121;
}

static struct config small(const char* name) {
  struct config config;
  small_machine(&config);
  snprintf(config.name, sizeof config.name, "%s", name);
  return config;
}

static struct config tiny(void) {
  struct config config = small("tiny");
  config.itlb.sets = 1, config.itlb.ways = 2, config.itlb.large_sets = 1, config.itlb.large_ways = 1;
  config.dtlb.sets = 2, config.dtlb.ways = 2, config.dtlb.large_sets = 1, config.dtlb.large_ways = 2;
  config.dtlb.replacement = REPLACE_PLRU;
  return config;
}

static struct config mixed(void) {
  struct config config = small("mixed");
  config.itlb.sets = 4, config.itlb.ways = 4, config.itlb.large_sets = 0, config.itlb.replacement = REPLACE_PLRU;
  config.dtlb.sets = 2, config.dtlb.ways = 3, config.dtlb.large_sets = 0;
  return config;
}

// Everything that there is, small, so that evictions matter.
static struct config whole(void) {
  struct config config = tiny();
  snprintf(config.name, sizeof config.name, "whole");
  config.stlb.sets = 8, config.stlb.ways = 3;
  config.psc.pde = 3, config.psc.pdpte = 2, config.psc.pml4e = 2, config.psc.pml5e = 1;
  config.cache.l1d.sets = 4, config.cache.l1d.ways = 2;
  config.cache.l2.sets = 8, config.cache.l2.ways = 2;
  return config;
}

// The other policies, a second level with an array for large pages, the walker entering at L2, and an L3.
static struct config other(void) {
  struct config config = whole();
  snprintf(config.name, sizeof config.name, "other");
  config.itlb.replacement = REPLACE_FIFO, config.itlb.ways = 3;
  config.dtlb.replacement = REPLACE_NRU;
  config.stlb.replacement = REPLACE_RANDOM, config.stlb.sets = 4, config.stlb.large_sets = 2,
  config.stlb.large_ways = 3;
  config.psc.pdpte = 0;
  config.cache.l3.sets = 8, config.cache.l3.ways = 3;
  config.cache.walker = CACHE_L2;
  return config;
}

// A walker for each port.
static struct config two_walkers(struct config config, const char* name) {
  snprintf(config.name, sizeof config.name, "%s", name);
  config.walkers = 2;
  return config;
}

// Runs `runs` campaigns, half of them in each mode, and checks that they were worth something.
static void campaigns(struct config config, int runs, bool min_latency) {
  uint64_t seed = first_seed();
  struct counters total = {0};
  printf("seeds %" PRIu64 " to %" PRIu64 "\n", seed, seed + (uint64_t)runs - 1);
  for (int i = 0; i < runs; i++) {
    struct campaign campaign = {.geometry = &config,
                                .mode = (enum paging_mode)(MODE_32BIT + i % 4),
                                .features = true,
                                .min_latency = min_latency,
                                .seed = seed + (uint64_t)i,
                                .parts = PARTS_PER_RUN};
    assert_true(campaign_run(&campaign, &total));
  }
  uint64_t parts = total.parts[0] + total.parts[1] + total.parts[2];
  uint64_t hits = total.itlb.hits + total.dtlb.hits, misses = total.itlb.misses + total.dtlb.misses;
  printf("%" PRIu64 " parts, %" PRIu64 " hits, %" PRIu64 " walks, %" PRIu64 " faults, %" PRIu64 " A/D updates, %" PRIu64
         " failed, %" PRIu64 " control operations, %" PRIu64 " refused, %" PRIu64 " prefetched\n",
         parts, hits, total.walks, total.faults_pf, total.ad_updates, total.cas_failures, total.controls,
         total.control_gps, total.prefetch.fills);
  assert_true(parts >= (uint64_t)runs * PARTS_PER_RUN);
  assert_true(hits > misses / 4);  // hits are not rare
  assert_true(total.walks > parts / 20);
  assert_true(total.faults_pf > parts / 100);
  assert_true(total.ad_updates > parts / 100);
  assert_true(total.cas_failures > 0 || min_latency);
  assert_true(total.control_gps > 10);
  assert_true(total.merged > parts / 1000 || config.walkers == 1);
  assert_true(total.prefetch.fills > 50 || !config.prefetch);
  assert_true(total.prefetch.walks > total.prefetch.fills || config.prefetch != PREFETCH_NEXT_PAGE);
  assert_true((total.dram_row_hits > 100 && total.dram_row_conflicts > 100) || !config.dram.banks);
  assert_true(total.itlb.evictions > 100 && total.dtlb.evictions > 100);
  assert_true(total.itlb.drops > 100 && total.dtlb.drops > 100);
}

static void default_machine_agrees(void** state) {
  (void)state;
  struct config config;
  config_default(&config);
  campaigns(config, RUNS, false);
}

static void tiny_geometry_agrees(void** state) {
  (void)state;
  campaigns(tiny(), RUNS, false);
}

static void mixed_geometry_agrees(void** state) {
  (void)state;
  campaigns(mixed(), RUNS, false);
}

static void minimal_latencies_agree(void** state) {
  (void)state;
  campaigns(tiny(), RUNS, true);
}

static void whole_machine_agrees(void** state) {
  (void)state;
  campaigns(whole(), RUNS, false);
}

static void other_policies_agree(void** state) {
  (void)state;
  campaigns(other(), RUNS, false);
}

static void whole_machine_agrees_at_minimal_latencies(void** state) {
  (void)state;
  campaigns(whole(), RUNS, true);
}

// With a prefetcher, and DRAM whose banks hold rows open.
static struct config prefetching(struct config config, enum prefetch prefetch, const char* name) {
  snprintf(config.name, sizeof config.name, "%s", name);
  config.prefetch = prefetch;
  config.dram.banks = 4;
  return config;
}

static void next_pages_agree(void** state) {
  (void)state;
  campaigns(prefetching(whole(), PREFETCH_NEXT_PAGE, "next page, whole"), RUNS, false);
  campaigns(prefetching(two_walkers(tiny(), ""), PREFETCH_NEXT_PAGE, "next page, two walkers, tiny"), RUNS, false);
}

static void next_pages_agree_at_minimal_latencies(void** state) {
  (void)state;
  campaigns(prefetching(tiny(), PREFETCH_NEXT_PAGE, "next page, tiny"), RUNS, true);
  campaigns(prefetching(two_walkers(whole(), ""), PREFETCH_NEXT_PAGE, "next page, two walkers, whole"), RUNS, true);
}

static void neighbours_agree(void** state) {
  (void)state;
  campaigns(prefetching(two_walkers(whole(), ""), PREFETCH_ADJACENT, "adjacent, two walkers, whole"), RUNS, false);
  campaigns(prefetching(tiny(), PREFETCH_ADJACENT, "adjacent, tiny"), RUNS, true);
  campaigns(prefetching(two_walkers(tiny(), ""), PREFETCH_ADJACENT, "adjacent, two walkers, tiny"), RUNS, true);
}

static void two_walkers_agree(void** state) {
  (void)state;
  campaigns(two_walkers(whole(), "two walkers, whole"), RUNS, false);
}

static void two_walkers_agree_without_a_second_level(void** state) {
  (void)state;
  campaigns(two_walkers(tiny(), "two walkers, tiny"), RUNS, false);
}

static void two_walkers_agree_with_other_policies(void** state) {
  (void)state;
  campaigns(two_walkers(other(), "two walkers, other policies"), RUNS, false);
}

static void two_walkers_agree_at_minimal_latencies(void** state) {
  (void)state;
  campaigns(two_walkers(whole(), "two walkers, whole"), RUNS, true);
  campaigns(two_walkers(tiny(), "two walkers, tiny"), RUNS, true);
}

// Both cores, over one walker and two.
static void cores_agree(void** state) {
  (void)state;
  uint64_t seed = first_seed();
  struct counters total = {0};
  for (unsigned i = 0; i < 4 * RUNS; i++) {
    struct config config = i & 4 ? two_walkers(whole(), "a core, two walkers") : whole();
    config.core.overlap = i >> 3 & 1;
    struct campaign campaign = {.geometry = &config,
                                .mode = (enum paging_mode)(MODE_32BIT + i % 4),
                                .features = true,
                                .seed = seed + 5000 + i,
                                .parts = PARTS_PER_RUN / 4};
    assert_true(campaign_play(&campaign, &total));
  }
  assert_true(total.merged > 100);
  assert_true(total.walks > 1000 && total.faults_pf > 1000 && total.stlb.hits > 1000);
}

static void skipping_changes_nothing(void** state) {
  (void)state;
  for (uint64_t i = 0; i < 20; i++) {
    struct config config = i & 4 ? two_walkers(whole(), "two walkers, whole") : whole();
    struct campaign campaign = {.geometry = &config,
                                .mode = (enum paging_mode)(MODE_32BIT + i % 4),
                                .features = true,
                                .seed = first_seed() + 1000 + i,
                                .parts = 2000};
    assert_true(campaign_skip_agrees(&campaign, ENGINE_MODEL));
    assert_true(campaign_skip_agrees(&campaign, ENGINE_RTL));
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(default_machine_agrees),
    cmocka_unit_test(tiny_geometry_agrees),
    cmocka_unit_test(mixed_geometry_agrees),
    cmocka_unit_test(minimal_latencies_agree),
    cmocka_unit_test(whole_machine_agrees),
    cmocka_unit_test(other_policies_agree),
    cmocka_unit_test(whole_machine_agrees_at_minimal_latencies),
    cmocka_unit_test(next_pages_agree),
    cmocka_unit_test(next_pages_agree_at_minimal_latencies),
    cmocka_unit_test(neighbours_agree),
    cmocka_unit_test(two_walkers_agree),
    cmocka_unit_test(two_walkers_agree_without_a_second_level),
    cmocka_unit_test(two_walkers_agree_with_other_policies),
    cmocka_unit_test(two_walkers_agree_at_minimal_latencies),
    cmocka_unit_test(cores_agree),
    cmocka_unit_test(skipping_changes_nothing),
};

TEST_MAIN(tests)
