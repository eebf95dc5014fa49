// SPDX-License-Identifier: MIT
// The judge over everything whose outcome is known from elsewhere: the golden timelines and the vectors of another
// emulator. It must allow all of it.
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fuzz/judged.h"
#include "script/script.h"
#include "script/x86_replay.h"

static void judge_file(const char* path, enum engine_kind kind) {
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  config_default(&config);
  if (!script_load(&script, path, &config, &err)) fail_msg("%s", err.text);
  if (!judged_open(&bench, kind, &script.config, NULL, &err)) fail_msg("%s: %s", path, err.text);
  bool ok = script_run(&script, &bench, NULL, &totals, &err);
  const char* verdict;
  if (!engine_agrees(bench.engine, &verdict)) fail_msg("%s: %s: %s", path, err.text, verdict);
  if (!ok) fail_msg("%s", err.text);
  assert_int_equal(totals.failed, 0);
  bench_close(&bench);
  script_free(&script);
}

static void the_judge_allows_every_golden_timeline(void** state) {
  (void)state;
  glob_t files;
  assert_int_equal(glob(PAGEWALK_ROOT "/tests/timelines/*.mmu", 0, NULL, &files), 0);
  assert_true(files.gl_pathc >= 80);
  for (size_t i = 0; i < files.gl_pathc; i++) judge_file(files.gl_pathv[i], ENGINE_MODEL);
  globfree(&files);
}

static unsigned judge_vectors(const char* path, struct bench* bench) {
  char line[4096];
  unsigned cases = 0;
  FILE* file = fopen(path, "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    struct x86_case c;
    struct error err;
    const char* verdict;
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#' || line[0] == 0) continue;
    if (!x86_case_parse(&c, line, &err)) fail_msg("%s: %s", path, err.text);
    bool good = x86_case_replay(&c, bench, &err);
    if (!engine_agrees(bench->engine, &verdict)) fail_msg("%s: %s: %s", path, c.id, verdict);
    if (!good) fail_msg("%s: %s: %s", path, c.id, err.text);
    cases++;
  }
  fclose(file);
  return cases;
}

static void the_judge_allows_what_another_emulator_computed(void** state) {
  (void)state;
  glob_t files;
  unsigned cases = 0;
  assert_int_equal(glob(PAGEWALK_ROOT "/tests/cases/x86/*.txt", 0, NULL, &files), 0);
  struct config config;
  struct bench bench;
  struct error err;
  config_default(&config);
  config.maxphyaddr = X86_CASE_MAXPHYADDR;
  if (!judged_open(&bench, ENGINE_MODEL, &config, NULL, &err)) fail_msg("%s", err.text);
  for (size_t i = 0; i < files.gl_pathc; i++) cases += judge_vectors(files.gl_pathv[i], &bench);
  bench_close(&bench);
  globfree(&files);
  printf("%u cases\n", cases);
  assert_true(cases > 1000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_judge_allows_every_golden_timeline),
    cmocka_unit_test(the_judge_allows_what_another_emulator_computed),
};

TEST_MAIN(tests)
