// SPDX-License-Identifier: MIT
// The machines of configs/: every one is sound and makes an MMU; the Geode LX climbs its published staircase; the
// yardstick's has the yardstick's sizes; and docs/presets.md shows what the files say.
//
// PAGEWALK_PRINT_PRESETS=1 prints the table of docs/presets.md instead of testing.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "config/folder.h"
#include "engines.h"
#include "script/script.h"

static void load(struct config* config, const char* name) {
  struct error err;
  if (!config_load(config, name, &err) || !config_validate(config, &err)) fail_msg("%s: %s", name, err.text);
}

static char* text_of(const char* path) {
  char* text = calloc(1, 1 << 16);
  FILE* file = fopen(path, "r");
  if (!file) fail_msg("%s can't be opened", path);
  text[fread(text, 1, (1 << 16) - 1, file)] = 0;
  fclose(file);
  return text;
}

// ---------------------------------------------------------------------------------------------------------------------
// The table

static void print_array(uint32_t sets, uint32_t ways, FILE* out) {
  if (sets == 1)
    fprintf(out, "%u FA", ways);
  else
    fprintf(out, "%u × %u", sets, ways);
}

static void print_tlb(const struct tlb_config* tlb, bool second, FILE* out) {
  if (!tlb->sets) {
    fputs(" – |", out);
    return;
  }
  fputc(' ', out);
  print_array(tlb->sets, tlb->ways, out);
  if (tlb->large_sets) {
    fputs(", large ", out);
    print_array(tlb->large_sets, tlb->large_ways, out);
  } else {
    fputs(", mixed", out);
  }
  if (second) fprintf(out, ", +%u", tlb->latency);
  fputs(" |", out);
}

static void print_walk_caches(const struct config* config, FILE* out) {
  uint32_t entries[] = {config->psc.pde, config->psc.pdpte, config->psc.pml4e, config->psc.pml5e};
  const char* gap = " ";
  for (int i = 0; i < 4; i++) {
    if (!entries[i]) continue;
    fprintf(out, "%s%u", gap, entries[i]);
    gap = " / ";
  }
  fputs(*gap == ' ' && gap[1] == 0 ? " – |" : " |", out);
}

static void print_caches(const struct config* config, FILE* out) {
  const struct cache_config* caches[] = {&config->cache.l1d, &config->cache.l2, &config->cache.l3};
  fputc(' ', out);
  for (int i = 0; i < 3; i++)
    if (caches[i]->sets) fprintf(out, "%u KiB %u, ", caches[i]->sets * caches[i]->ways / 16, caches[i]->latency);
  fprintf(out, "DRAM %u |\n", config->dram.latency);
}

static void print_table(FILE* out) {
  fputs(
      "| machine | mode | ITLB | DTLB | second level | walk caches | walkers | memory |\n"
      "|---|---|---|---|---|---|---|---|\n",
      out);
  char** names = config_names();
  for (char** name = names; *name; name++) {
    struct config config;
    if (strcmp(*name, "default") == 0 || strcmp(*name, "teaching") == 0) continue;
    load(&config, *name);
    fprintf(out, "| `%s` | %s |", *name, paging_mode_name(config.mode));
    print_tlb(&config.itlb, false, out);
    print_tlb(&config.dtlb, false, out);
    print_tlb(&config.stlb, true, out);
    print_walk_caches(&config, out);
    fprintf(out, " %u |", config.walkers);
    print_caches(&config, out);
  }
  config_names_free(names);
}

static void the_page_shows_what_the_files_say(void** state) {
  (void)state;
  char *table, *page = text_of(PAGEWALK_ROOT "/docs/presets.md");
  size_t length;
  FILE* out = open_memstream(&table, &length);
  print_table(out);
  fclose(out);
  if (!strstr(page, table)) fail_msg("docs/presets.md should hold this table:\n%s", table);
  free(table);
  free(page);
}

// ---------------------------------------------------------------------------------------------------------------------

static void every_machine_makes_an_mmu(void** state) {
  (void)state;
  char** names = config_names();
  size_t count = 0;
  for (char** name = names; *name; name++, count++) {
    struct config config;
    struct bench bench;
    struct error err;
    load(&config, *name);
    if (!bench_open(&bench, ENGINE_MODEL, &config, &err)) fail_msg("%s: %s", *name, err.text);
    struct bench_access access = {.ref = {.va = 0x1234, .size = 1, .kind = ACCESS_READ}};
    assert_true(bench_window(&bench, &access, 1, NULL, 0, &err));
    assert_int_equal(access.answer.pa, 0x1234);
    bench_close(&bench);
  }
  config_names_free(names);
  assert_true(count >= 13);
}

// The figures of a real processor come with their source, or are marked.
static void every_preset_names_its_sources(void** state) {
  (void)state;
  static const char* const real[] = {"i486",    "pentium", "pentium4-pae", "core2",       "nehalem",
                                     "haswell", "skylake", "zen2",         "golden-cove", "geode-lx"};
  for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
    char path[256];
    snprintf(path, sizeof path, PAGEWALK_ROOT "/configs/%s.yaml", real[i]);
    char* text = text_of(path);
    if (!strstr(text, "# Sources: [")) fail_msg("%s: names no sources", path);
    if (!strstr(text, "assumed")) fail_msg("%s: marks nothing as assumed", path);
    // What a file does not say is the default machine's, which has everything.
    static const char* const said[] = {
        "\nstlb:", "\npsc:", "\n  pml5e:", "\nwalkers:", "\n  l2:", "\n  l3:", "\ndram:"};
    for (size_t k = 0; k < sizeof said / sizeof *said; k++)
      if (!strstr(text, said[k])) fail_msg("%s: does not say%s", path, said[k]);
    free(text);
  }
}

// The timeline's operations without its `set` lines, on the preset: the file's latencies are what makes the staircase.
static void the_geode_climbs_its_staircase_on(enum engine_kind engine) {
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  load(&config, "geode-lx");
  char* text = text_of(PAGEWALK_ROOT "/tests/timelines/geode-staircase.mmu");
  for (char* line = text; line; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, "set ", 4) == 0) *line = '#';
  }
  if (!script_parse(&script, "staircase", text, strlen(text), &config, &err)) fail_msg("%s", err.text);
  assert_int_equal(config_hash(&config), config_hash(&script.config));
  if (!bench_open(&bench, engine, &config, &err)) fail_msg("%s", err.text);
  assert_true(script_run(&script, &bench, NULL, &totals, &err));
  assert_int_equal(totals.failed, 0);
  assert_int_equal(totals.passed, 4);
  bench_close(&bench);
  script_free(&script);
  free(text);
}

static void the_geode_climbs_its_staircase(void** state) {
  (void)state;
  for (size_t i = 0; i < whole_engine_count; i++) the_geode_climbs_its_staircase_on(whole_engines[i]);
}

static void the_yardstick_has_the_yardsticks_sizes(void** state) {
  (void)state;
  static const char start[] = "enum { L1_SETS";
  unsigned l1_sets, l1_ways, l2_sets, l2_ways;
  struct config config;
  char* source = text_of(PAGEWALK_ROOT "/bench/yardstick.c");
  char* sizes = strstr(source, start);
  assert_non_null(sizes);
  assert_int_equal(sscanf(sizes, "enum { L1_SETS = %u, L1_WAYS = %u, L2_SETS = %u, L2_WAYS = %u", &l1_sets, &l1_ways,
                          &l2_sets, &l2_ways),
                   4);
  free(source);
  load(&config, "yardstick");
  const struct tlb_config* tlbs[] = {&config.itlb, &config.dtlb, &config.stlb};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(tlbs[i]->sets, i < 2 ? l1_sets : l2_sets);
    assert_int_equal(tlbs[i]->ways, i < 2 ? l1_ways : l2_ways);
    assert_int_equal(tlbs[i]->replacement, REPLACE_LRU);
  }
  assert_int_equal(config.mode, MODE_4LEVEL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_machine_makes_an_mmu),        cmocka_unit_test(every_preset_names_its_sources),
    cmocka_unit_test(the_geode_climbs_its_staircase),    cmocka_unit_test(the_yardstick_has_the_yardsticks_sizes),
    cmocka_unit_test(the_page_shows_what_the_files_say),
};

int main(void) {
  if (getenv("PAGEWALK_PRINT_PRESETS")) {
    print_table(stdout);
    return 0;
  }
  const char* filter = getenv("PAGEWALK_TEST_FILTER");
  if (filter) cmocka_set_test_filter(filter);
  return cmocka_run_group_tests_name("presets", tests, NULL, NULL);
}
