// SPDX-License-Identifier: MIT
// Reports: the JSON keys that others rely on, the account that adds up, text that fits a terminal.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "check.h"
#include "config/keys.h"
#include "report/report.h"
#include "small.h"

// Every figure different, so that none can stand in another's place.
static struct report example(void) {
  struct report report = {
      .engine = ENGINE_MODEL,
      .frames = 300,
      .seed = 7,
      .workload = "some.trace",
      .format = "din",
      .trace_hash = 0x123456789abcdef0,
      .trace_refs = 1001,
      .trace_pages = 1002,
      .warm = 1003,
      .regions = 1004,
      .process = {.refs = 1005,
                  .itlb = {1006, 1007, 1008, 1009, 1010},
                  .dtlb = {1011, 1012, 1013, 1014, 1015},
                  .stlb = {4001, 4002, 4003, 4004, 4005},
                  .psc = {{4101, 4102, 4103, 4104, 4105},
                          {4201, 4202, 4203, 4204, 4205},
                          {4301, 4302, 4303, 4304, 4305},
                          {4401, 4402, 4403, 4404, 4405}},
                  .cache = {{4501, 4502, 4503, 4504}, {4601, 4602, 4603, 4604}, {4701, 4702, 4703, 4704}},
                  .writebacks = 4801,
                  .merged = 4802,
                  .walks = 1016,
                  .walk_refs = 1017,
                  .walk_cycles = 1018,
                  .ad_updates = 1019,
                  .cas_failures = 1020,
                  .dtlb_sizes = {.hits = {6001, 0, 6002}},
                  .faults_by_error = {[7] = 6003},
                  .prefetch = {.walks = 6004, .fills = 6005},
                  .dram_row_hits = 6006,
                  .dram_row_opens = 6007,
                  .dram_row_conflicts = 6008},
      .kernel = {.refs = 2005,
                 .itlb = {2006, 2007, 2008, 2009, 2010},
                 .dtlb = {2011, 2012, 2013, 2014, 2015},
                 .stlb = {5001, 5002, 5003, 5004, 5005},
                 .psc = {{5101, 5102, 5103, 5104, 5105}},
                 .cache = {{5501, 5502, 5503, 5504}},
                 .writebacks = 5801,
                 .merged = 5802,
                 .walks = 2016,
                 .walk_refs = 2017,
                 .walk_cycles = 2018,
                 .ad_updates = 2019,
                 .cas_failures = 2020},
      .cycles = {.base = 1,
                 .stlb = 2,
                 .walk = 4,
                 .ad_update = 8,
                 .data = 16,
                 .flush = 32,
                 .trap = 64,
                 .kernel = 128,
                 .idle = 256},
      .os = {.faults_minor = 3001,
             .faults_major = 3002,
             .faults_protection = 3003,
             .zero_fills = 3004,
             .swap_ins = 3005,
             .swap_outs = 3006,
             .evictions = 3007,
             .evictions_clean = 3008,
             .invlpgs = 3009,
             .checksum_errors = 3010,
             .frames_total = 3011,
             .frames_free = 3012,
             .frames_kernel = 3013,
             .frames_tables = 3014,
             .frames_process = 3015,
             .frames_process_peak = 3016,
             .swap_used = 3017},
  };
  config_default(&report.config);
  return report;
}

static char* text_of(void (*write)(FILE* out, const void* ctx), const void* ctx) {
  char* text = NULL;
  size_t size = 0;
  FILE* out = open_memstream(&text, &size);
  assert_non_null(out);
  write(out, ctx);
  fclose(out);
  return text;
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

static void write_json(FILE* out, const void* ctx) {
  struct error err;
  assert_true(report_json(out, ctx, &err));
}

static json_t* json_of(const struct report* report) {
  char* text = text_of(write_json, report);
  json_error_t problem;
  json_t* root = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
  if (!root) fail_msg("%s", problem.text);
  free(text);
  return root;
}

// The value below a dotted key.
static json_t* at(json_t* root, const char* key) {
  for (const char* dot; (dot = strchr(key, '.')); key = dot + 1) {
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(dot - key), key);
    root = json_object_get(root, word);
  }
  return json_object_get(root, key);
}

static void number_is(json_t* root, const char* key, uint64_t value) {
  json_t* json = at(root, key);
  if (!json_is_integer(json)) fail_msg("%s is missing", key);
  if ((uint64_t)json_integer_value(json) != value) fail_msg("%s is %lld", key, (long long)json_integer_value(json));
}

static void text_is(json_t* root, const char* key, const char* value) {
  if (!json_is_string(at(root, key))) fail_msg("%s is missing", key);
  assert_string_equal(json_string_value(at(root, key)), value);
}

static void the_stable_keys_are_there(void** state) {
  (void)state;
  static const struct {
    const char* key;
    uint64_t value;
  } numbers[] = {
      {"accesses", 1005},
      {"cycles", 511},
      {"frames", 300},
      {"seed", 7},
      {"itlb.hits", 1006},
      {"itlb.misses", 1007},
      {"itlb.fills", 1008},
      {"itlb.evictions", 1009},
      {"itlb.drops", 1010},
      {"dtlb.hits", 1011},
      {"dtlb.misses", 1012},
      {"stlb.hits", 4001},
      {"stlb.misses", 4002},
      {"stlb.fills", 4003},
      {"stlb.evictions", 4004},
      {"stlb.drops", 4005},
      {"psc.pde.hits", 4101},
      {"psc.pde.misses", 4102},
      {"psc.pde.fills", 4103},
      {"psc.pde.evictions", 4104},
      {"psc.pde.drops", 4105},
      {"psc.pdpte.hits", 4201},
      {"psc.pdpte.misses", 4202},
      {"psc.pml4e.hits", 4301},
      {"psc.pml4e.misses", 4302},
      {"psc.pml5e.hits", 4401},
      {"psc.pml5e.misses", 4402},
      {"cache.l1d.walk_hits", 4501},
      {"cache.l1d.walk_misses", 4502},
      {"cache.l1d.data_hits", 4503},
      {"cache.l1d.data_misses", 4504},
      {"cache.l2.walk_hits", 4601},
      {"cache.l2.data_misses", 4604},
      {"cache.l3.walk_misses", 4702},
      {"cache.l3.data_hits", 4703},
      {"cache.writebacks", 4801},
      {"merged", 4802},
      {"walks", 1016},
      {"walk_refs", 1017},
      {"walk_cycles", 1018},
      {"ad_updates", 1019},
      {"cas_failures", 1020},
      {"faults.minor", 3001},
      {"faults.major", 3002},
      {"faults.protection", 3003},
      {"cycles_by.base", 1},
      {"cycles_by.stlb", 2},
      {"cycles_by.walk", 4},
      {"cycles_by.ad_update", 8},
      {"cycles_by.data", 16},
      {"cycles_by.flush", 32},
      {"cycles_by.trap", 64},
      {"cycles_by.kernel", 128},
      {"cycles_by.idle", 256},
      {"kernel.accesses", 2005},
      {"kernel.itlb.hits", 2006},
      {"kernel.dtlb.misses", 2012},
      {"kernel.stlb.hits", 5001},
      {"kernel.psc.pde.misses", 5102},
      {"kernel.cache.l1d.data_misses", 5504},
      {"kernel.cache.writebacks", 5801},
      {"kernel.merged", 5802},
      {"kernel.walks", 2016},
      {"kernel.walk_refs", 2017},
      {"kernel.walk_cycles", 2018},
      {"counters.walks", 1016},
      {"counters.dtlb.by_size.hits.1g", 6002},
      {"counters.faults.07", 6003},
      {"counters.prefetch.walks", 6004},
      {"counters.dram.row_hits", 6006},
      {"kernel.counters.walks", 2016},
      {"kernel.zero_fills", 3004},
      {"kernel.swap_ins", 3005},
      {"kernel.swap_outs", 3006},
      {"kernel.evictions", 3007},
      {"kernel.evictions_clean", 3008},
      {"kernel.invlpgs", 3009},
      {"kernel.checksum_errors", 3010},
      {"kernel.frames.total", 3011},
      {"kernel.frames.free", 3012},
      {"kernel.frames.kernel", 3013},
      {"kernel.frames.tables", 3014},
      {"kernel.frames.process", 3015},
      {"kernel.frames.process_peak", 3016},
      {"kernel.swap_used", 3017},
      {"trace.references", 1001},
      {"trace.pages", 1002},
      {"trace.warm", 1003},
      {"trace.folded_regions", 1004},
  };
  struct report report = example();
  json_t* root = json_of(&report);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) number_is(root, numbers[i].key, numbers[i].value);
  text_is(root, "engine", "model");
  text_is(root, "paging", "demand");
  text_is(root, "version", PAGEWALK_VERSION);
  text_is(root, "trace.name", "some.trace");
  text_is(root, "trace.format", "din");
  text_is(root, "trace_hash", "123456789abcdef0");
  assert_true(json_is_false(at(root, "partial")));
  assert_true(json_is_null(at(root, "killed")));
  json_decref(root);
}

static void every_config_key_is_nested_at_its_dots(void** state) {
  (void)state;
  struct report report = example();
  json_t* root = json_of(&report);
  text_is(root, "config.name", "default");
  for (size_t i = 0; i < config_key_count; i++) {
    const struct config_key* key = &config_keys[i];
    uint64_t value = config_key_get(key, &report.config);
    char name[96];
    snprintf(name, sizeof name, "config.%s", key->name);
    if (config_key_is_switch(key))
      assert_true(value ? json_is_true(at(root, name)) : json_is_false(at(root, name)));
    else if (key->choices)
      text_is(root, name, key->choices[value]);
    else
      number_is(root, name, value);
  }
  char hash[32];
  snprintf(hash, sizeof hash, "%016llx", (unsigned long long)config_hash(&report.config));
  text_is(root, "config_hash", hash);
  json_decref(root);
}

static void endings_are_marked(void** state) {
  (void)state;
  struct report report = example();
  report.partial = true;
  report.killed = true;
  report.kill = (struct kernel_kill){.pid = 3, .cr2 = 0xdead000, .error = 6, .reason = "write to a page"};
  json_t* root = json_of(&report);
  assert_true(json_is_true(at(root, "partial")));
  number_is(root, "killed.pid", 3);
  number_is(root, "killed.error_code", 6);
  text_is(root, "killed.address", "000000000dead000");
  text_is(root, "killed.reason", "write to a page");
  json_decref(root);
}

static void names_that_are_no_utf8_are_written(void** state) {
  (void)state;
  struct report report = example();
  strcpy(report.workload, "caf\xe9.din");
  json_t* root = json_of(&report);
  text_is(root, "trace.name", "caf?.din");
  json_decref(root);
}

// docs/json.md describes each key that there is.
static void check_described(const char* docs, json_t* object) {
  const char* key;
  json_t* value;
  json_object_foreach(object, key, value) {
    if (!strstr(docs, key)) fail_msg("docs/json.md says nothing of '%s'", key);
    bool elsewhere = strcmp(key, "config") == 0 || strcmp(key, "counters") == 0;
    if (json_is_array(value)) value = json_array_get(value, 0);
    if (json_is_object(value) && !elsewhere) check_described(docs, value);
  }
}

static void the_documentation_has_every_key(void** state) {
  (void)state;
  static char docs[65536];
  FILE* file = fopen(PAGEWALK_ROOT "/docs/json.md", "r");
  assert_non_null(file);
  docs[fread(docs, 1, sizeof docs - 1, file)] = '\0';
  fclose(file);
  struct report report = example();
  static struct report_program program = {.process_count = 1, .processes = {{.pid = 1, .name = "sort", .ended = true}}};
  report.killed = true;
  report.program = &program;
  json_t* root = json_of(&report);
  check_described(docs, root);
  json_decref(root);
}

// ---- text -----------------------------------------------------------------------------------------------------------

struct columns {
  const struct report* reports[2];
  size_t count;
};

static void write_text(FILE* out, const void* ctx) {
  static const char* const titles[] = {"32-bit", "PAE"};
  const struct columns* columns = ctx;
  report_intro(out, columns->reports[0], term_colours(out));
  report_text(out, columns->reports, titles, columns->count, (struct colours){"", "", "", "", "", "", "", ""});
}

static void says(const char* text, const char* what) {
  if (!strstr(text, what)) fail_msg("no '%s' in:\n%s", what, text);
}

static void says_not(const char* text, const char* what) {
  if (strstr(text, what)) fail_msg("'%s' in:\n%s", what, text);
}

static void the_text_has_every_figure(void** state) {
  (void)state;
  struct report report = example();
  struct columns columns = {{&report}, 1};
  char* text = text_of(write_text, &columns);
  static const char* const figures[] = {"1,005",    // accesses
                                        "511",      // cycles
                                        "49.98 %",  // instruction TLB hits of lookups: 1006 of 2013
                                        "50.02 %",  // misses of both TLBs
                                        "1,016",    // walks
                                        "1.00",     // entries a walk
                                        "3,001",   "3,002", "3,003",  "3,007", "3,006",
                                        "3,005",   "256",   "2.74 %", "5.49 %"};
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) says(text, figures[i]);
  free(text);
}

// What the machine, or its mode, does not have is not shown.
static void the_text_shows_what_the_machine_has(void** state) {
  (void)state;
  static const char* const second[] = {"second-level hits                      4,001  49.99 %",
                                       "second-level misses                    4,002  50.01 %"};
  static const char* const pscs[] = {
      "PDE cache hits                         4,101  49.99 %", "PDE cache misses                       4,102  50.01 %",
      "PDPTE cache hits                       4,201", "PML4E cache hits                       4,301",
      "PML5E cache hits                       4,401"};
  static const char* const caches[] = {
      "L1D hits of walks                      4,501  49.99 %", "L1D hits of data                       4,503  49.99 %",
      "L2 hits of walks                       4,601",          "L2 hits of data                        4,603",
      "L3 hits of walks                       4,701",          "L3 hits of data                        4,703",
      "lines written back                     4,801"};
  struct report report = example();
  struct columns columns = {{&report}, 1};
  struct config* config = &report.config;
  small_machine(config);
  char* text = text_of(write_text, &columns);
  static const char* const absent[] = {
      "second-level hits", "PDE cache", "Caches", "L1D hits", "written back", "shared", "prefetch", "DRAM", "open row"};
  for (size_t i = 0; i < 9; i++) says_not(text, absent[i]);
  free(text);

  config->stlb.sets = 8;
  config->psc.pde = config->psc.pdpte = config->psc.pml4e = config->psc.pml5e = 2;
  config->cache.l1d.sets = config->cache.l2.sets = config->cache.l3.sets = 64;
  config->walkers = 2;
  config->prefetch = PREFETCH_ADJACENT;
  config->dram.banks = 8;
  static const size_t levels[MODE_COUNT] = {0, 1, 1, 3, 4};
  for (enum paging_mode mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    config->mode = mode;
    text = text_of(write_text, &columns);
    says(text, second[0]);
    says(text, second[1]);
    says(text, "misses that shared one                 4,802");
    says(text, pscs[0]);
    says(text, pscs[1]);
    for (size_t i = 1; i < 4; i++) (i < levels[mode] ? says : says_not)(text, pscs[1 + i]);
    for (size_t i = 0; i < 7; i++) says(text, caches[i]);
    says(text, "walks to prefetch                      6,004");
    says(text, "entries prefetched                     6,005");
    says(text, "hits of the open row                   6,006  33.33 %");
    says(text, "conflicts with it                      6,008  33.34 %");
    free(text);
  }

  config->data.cache = DATA_CACHE_NONE;
  config->cache.l2.sets = 0;
  config->psc.pdpte = 0;
  text = text_of(write_text, &columns);
  says(text, caches[0]);
  says(text, caches[4]);
  says(text, pscs[3]);
  says_not(text, "of data");
  says_not(text, "L2");
  says_not(text, "PDPTE cache");
  free(text);
}

static void nothing_is_divided_by_zero(void** state) {
  (void)state;
  struct report report = {.format = "din"};
  config_default(&report.config);
  struct columns columns = {{&report, &report}, 2};
  char* text = text_of(write_text, &columns);
  assert_null(strstr(text, "nan"));
  assert_null(strstr(text, "inf"));
  free(text);
}

static void lines_fit_a_terminal(void** state) {
  (void)state;
  struct report big = example(), *report = &big;
  memset(&big.cycles, 0, sizeof big.cycles);
  big.cycles.base = 999999999;
  big.cycles.idle = 99000000000;
  big.process.itlb.hits = 9999999999;
  big.config.mode = MODE_5LEVEL;
  big.config.walkers = 2;
  big.config.stlb.sets = big.config.cache.l1d.sets = big.config.cache.l2.sets = big.config.cache.l3.sets = 64;
  big.config.psc.pde = big.config.psc.pdpte = big.config.psc.pml4e = big.config.psc.pml5e = 4;
  big.process.cache[CACHE_L1D].data_hits = big.process.stlb.misses = big.process.psc[3].misses = 9999999999;
  for (size_t count = 1; count <= 2; count++) {
    struct columns columns = {{report, report}, count};
    char* text = text_of(write_text, &columns);
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
      if (strlen(line) > 80) fail_msg("%zu columns: %s", strlen(line), line);
      if (line[strlen(line) - 1] == ' ') fail_msg("blanks at the end of '%s'", line);
    }
    free(text);
  }
}

static void unfinished_runs_say_so(void** state) {
  (void)state;
  struct report report = example();
  struct columns columns = {{&report}, 1};
  char* text = text_of(write_text, &columns);
  assert_null(strstr(text, "PARTIAL"));
  free(text);
  report.partial = true;
  report.killed = true;
  strcpy(report.kill.reason, "no memory there");
  text = text_of(write_text, &columns);
  says(text, "PARTIAL: ended after 1,005 of 1,001");
  says(text, "no memory there");
  free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_stable_keys_are_there),
    cmocka_unit_test(every_config_key_is_nested_at_its_dots),
    cmocka_unit_test(endings_are_marked),
    cmocka_unit_test(names_that_are_no_utf8_are_written),
    cmocka_unit_test(the_documentation_has_every_key),
    cmocka_unit_test(the_text_has_every_figure),
    cmocka_unit_test(the_text_shows_what_the_machine_has),
    cmocka_unit_test(nothing_is_divided_by_zero),
    cmocka_unit_test(lines_fit_a_terminal),
    cmocka_unit_test(unfinished_runs_say_so),
};
TEST_MAIN(tests)
