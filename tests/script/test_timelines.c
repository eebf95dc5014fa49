// SPDX-License-Identifier: MIT
// The golden timelines (docs/timing.md): every script of tests/timelines must be met by both engines, and in lockstep,
// whatever the machine is that its `set` lines change.
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "engines.h"
#include "script/script.h"

static struct script_totals run_file(const char* path, enum engine_kind engine, const struct config* base) {
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  if (!script_load(&script, path, base, &err)) fail_msg("%s", err.text);
  if (!bench_open(&bench, engine, &script.config, &err)) fail_msg("%s: %s", path, err.text);
  char* printed = NULL;
  size_t length = 0;
  FILE* out = open_memstream(&printed, &length);
  bool ok = script_run(&script, &bench, out, &totals, &err);
  fclose(out);
  if (!ok || totals.failed) print_message("%s", printed);
  if (!ok) print_message("%s\n", err.text);
  free(printed);
  bench_close(&bench);
  script_free(&script);
  assert_true(ok);
  return totals;
}

static void run_all(enum engine_kind engine, const struct config* base) {
  glob_t files;
  uint64_t failed = 0;
  assert_int_equal(glob(PAGEWALK_ROOT "/tests/timelines/*.mmu", 0, NULL, &files), 0);
  assert_true(files.gl_pathc >= 80);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    struct script_totals totals = run_file(files.gl_pathv[i], engine, base);
    if (!totals.passed) fail_msg("%s: states no expectation", files.gl_pathv[i]);
    failed += totals.failed;
  }
  globfree(&files);
  assert_int_equal(failed, 0);
}

static void run_all_on_the_default_machine(enum engine_kind engine) {
  struct config config;
  config_default(&config);
  run_all(engine, &config);
}

static void the_model_meets_every_timeline(void** state) {
  (void)state;
  run_all_on_the_default_machine(ENGINE_MODEL);
}

static void the_rtl_meets_every_timeline(void** state) {
  (void)state;
  run_all_on_the_default_machine(ENGINE_RTL);
}

static void the_engines_agree_on_every_timeline(void** state) {
  (void)state;
  run_all_on_the_default_machine(ENGINE_BOTH);
}

// A timeline says all that it depends on: a machine in which everything is different changes nothing.
static void the_default_machine_decides_no_timeline(void** state) {
  (void)state;
  const struct tlb_config tlb = {
      .sets = 2, .ways = 3, .replacement = REPLACE_FIFO, .large_sets = 2, .large_ways = 3, .latency = 9};
  const struct cache_config cache = {.sets = 2, .ways = 1, .latency = 3};
  struct config config;
  config_default(&config);
  config.mode = MODE_5LEVEL;
  config.maxphyaddr = 44;
  config.itlb = config.dtlb = config.stlb = tlb;
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 3;
  config.walkers = 2;
  config.walk.start = config.walk.step = config.walk.cas = 17;
  config.cache.l1d = config.cache.l2 = config.cache.l3 = cache;
  config.cache.walker = CACHE_L2;
  config.dram.latency = 31;
  config.op.cr = config.op.invlpg = config.op.invpcid = config.op.segment = 13;
  run_all(ENGINE_MODEL, &config);
}

// Its numbers were worked out on the page, not copied from an engine.
static void every_timeline_has_its_place_on_the_page(void** state) {
  (void)state;
  static char page[1 << 17];
  glob_t files;
  FILE* file = fopen(PAGEWALK_ROOT "/docs/timing.md", "r");
  assert_non_null(file);
  page[fread(page, 1, sizeof page - 1, file)] = 0;
  fclose(file);
  const char* timelines = strstr(page, "## Golden timelines");
  assert_non_null(timelines);
  assert_int_equal(glob(PAGEWALK_ROOT "/tests/timelines/*.mmu", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    char name[64];
    const char* base = strrchr(files.gl_pathv[i], '/') + 1;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
    if (!strstr(timelines, name)) fail_msg("docs/timing.md tells nothing of %s", name);
  }
  globfree(&files);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_model_meets_every_timeline),
    cmocka_unit_test(the_rtl_meets_every_timeline),
    cmocka_unit_test(the_engines_agree_on_every_timeline),
    cmocka_unit_test(the_default_machine_decides_no_timeline),
    cmocka_unit_test(every_timeline_has_its_place_on_the_page),
};

TEST_MAIN(tests)
