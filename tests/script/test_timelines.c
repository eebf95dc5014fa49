// SPDX-License-Identifier: MIT
// The golden timelines (docs/timing.md): every script of tests/timelines must be met by both engines, and in lockstep.
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "script/script.h"

static struct script_totals run_file(const char* path, enum engine_kind engine) {
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  config_default(&config);
  if (!script_load(&script, path, &config, &err)) fail_msg("%s", err.text);
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

static void run_all(enum engine_kind engine) {
  glob_t files;
  struct script_totals all = {0};
  assert_int_equal(glob(PAGEWALK_ROOT "/tests/timelines/*.mmu", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    struct script_totals totals = run_file(files.gl_pathv[i], engine);
    if (!totals.passed) fail_msg("%s: states no expectation", files.gl_pathv[i]);
    all.passed += totals.passed;
    all.failed += totals.failed;
  }
  size_t count = files.gl_pathc;
  globfree(&files);
  assert_true(count >= 12);
  assert_int_equal(all.failed, 0);
}

static void the_model_meets_every_timeline(void** state) {
  (void)state;
  run_all(ENGINE_MODEL);
}

static void the_rtl_meets_every_timeline(void** state) {
  (void)state;
  run_all(ENGINE_RTL);
}

static void the_engines_agree_on_every_timeline(void** state) {
  (void)state;
  run_all(ENGINE_BOTH);
}

// Later defaults (a second level, other latencies) must not change what a timeline says.
static void every_timeline_sets_its_latencies(void** state) {
  static const char* const keys[] = {
      "set itlb.latency=", "set dtlb.latency=", "set walk.start=", "set walk.step=", "set walk.cas=",
      "set dram.latency=", "set op.cr=",        "set op.invlpg=",  "set maxphyaddr="};
  (void)state;
  glob_t files;
  assert_int_equal(glob(PAGEWALK_ROOT "/tests/timelines/*.mmu", 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    char text[16384] = "";
    FILE* file = fopen(files.gl_pathv[i], "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
      if (!strstr(text, keys[k])) fail_msg("%s: has no `%s`", files.gl_pathv[i], keys[k]);
  }
  globfree(&files);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_model_meets_every_timeline),
    cmocka_unit_test(the_rtl_meets_every_timeline),
    cmocka_unit_test(the_engines_agree_on_every_timeline),
    cmocka_unit_test(every_timeline_sets_its_latencies),
};

TEST_MAIN(tests)
