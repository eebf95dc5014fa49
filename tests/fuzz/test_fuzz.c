// SPDX-License-Identifier: MIT
// The generator, the coverage, the shrinker: a fault that is planted in an engine is found, and its case becomes small.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fuzz/campaign.h"
#include "fuzz/shrink.h"

// ---------------------------------------------------------------------------------------------------------------------
// An engine with a fault

enum fault { FAULT_OF_ADDRESS, FAULT_OF_INVLPG, FAULT_OF_ERROR_CODE, FAULT_OF_CR3, FAULT_OF_SILENCE, FAULT_OF_PROBE };

struct faulty {
  struct engine* inner;
  enum fault fault;
  struct control changed;
};

static void corrupt(struct faulty* faulty, struct tick_out* out) {
  for (int port = 0; port < PORT_COUNT; port++) {
    struct answer* answer = &out->answer[port];
    if (!out->answered[port]) continue;
    if (faulty->fault == FAULT_OF_ADDRESS && answer->fault == FAULT_NONE && answer->path == PATH_L1 &&
        answer->ad_update)
      answer->pa ^= 0x1000;
    if (faulty->fault == FAULT_OF_ERROR_CODE && answer->error == (PFEC_P | PFEC_W | PFEC_U)) answer->error &= ~PFEC_W;
    if (faulty->fault == FAULT_OF_SILENCE && answer->fault == FAULT_GP) out->answered[port] = false;
  }
}

static void faulty_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct faulty* faulty = self;
  struct tick_in changed = *in;
  if (in->control) {
    faulty->changed = *in->control;
    changed.control = &faulty->changed;
    if (faulty->fault == FAULT_OF_INVLPG && in->control->op == CONTROL_INVLPG) faulty->changed.value ^= 0x1000;
    // Its CR3 says "do not flush" where PCIDs allow it.
    uint64_t registers[5], pdptes[4];
    engine_registers(faulty->inner, registers, pdptes);
    if (faulty->fault == FAULT_OF_CR3 && in->control->op == CONTROL_CR3 && (registers[CONTROL_CR4] & 0x20000))
      faulty->changed.value |= UINT64_C(1) << 63;
  }
  engine_tick(faulty->inner, now, &changed, out);
  corrupt(faulty, out);
}

static void faulty_destroy(void* self) {
  engine_destroy(((struct faulty*)self)->inner);
  free(self);
}
static uint64_t faulty_now(const void* self) { return engine_now(((const struct faulty*)self)->inner); }
static void faulty_wait(void* self, uint64_t cycle) { engine_wait(((struct faulty*)self)->inner, cycle); }
static void faulty_counters(const void* self, struct counters* counters) {
  engine_counters(((const struct faulty*)self)->inner, counters);
}
static void faulty_on_event(void* self, event_fn* fn, void* ctx) {
  engine_on_event(((struct faulty*)self)->inner, fn, ctx);
}
static void faulty_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  engine_registers(((const struct faulty*)self)->inner, registers, pdptes);
}
static void faulty_probe(void* self, const struct ref* part, struct answer* answer) {
  struct faulty* faulty = self;
  engine_probe(faulty->inner, part, answer);
  if (faulty->fault == FAULT_OF_PROBE && answer->path == PATH_STLB) answer->path = PATH_WALK;
}
static size_t faulty_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  return engine_dump(((struct faulty*)self)->inner, array, entries, room);
}

static const struct engine_ops faulty_ops = {.destroy = faulty_destroy,
                                             .now = faulty_now,
                                             .tick = faulty_tick,
                                             .wait = faulty_wait,
                                             .counters = faulty_counters,
                                             .on_event = faulty_on_event,
                                             .probe = faulty_probe,
                                             .dump = faulty_dump,
                                             .registers = faulty_registers};

static struct engine* plant(void* ctx, struct engine* inner) {
  struct engine* engine = calloc(1, sizeof *engine);
  struct faulty* faulty = calloc(1, sizeof *faulty);
  assert_non_null(engine);
  assert_non_null(faulty);
  *faulty = (struct faulty){.inner = inner, .fault = *(enum fault*)ctx};
  *engine = (struct engine){&faulty_ops, faulty};
  return engine;
}

// ---------------------------------------------------------------------------------------------------------------------

// Finds it within 60 cases and shrinks it to at most `most` operations; then the file that is written fails alike.
static void hunt(enum fault fault, enum trial_outcome outcome, const char* said, size_t most) {
  static struct trial trial;
  struct campaign campaign = {.engine = ENGINE_MODEL, .plant = plant, .plant_ctx = &fault};
  struct script script;
  struct error err;
  uint64_t seed = 0;
  for (trial.outcome = TRIAL_GOOD;; seed++) {
    if (!campaign_case(&campaign, seed, &script, &trial, &err)) fail_msg("%s", err.text);
    if (trial.outcome != TRIAL_GOOD) break;
    script_free(&script);
    assert_true(seed < 60);
  }
  size_t before = script.count;
  struct shrink shrink = {.runs = 4000};
  shrink_case(&shrink, &trial, &script);
  printf("seed %" PRIu64 ": %zu operations, then %zu after %u runs\n", seed, before, script.count, shrink.runs);
  assert_int_equal(trial.outcome, outcome);
  if (!strstr(trial.report, said)) fail_msg("no '%s' in: %s", said, trial.report);
  assert_true(script.count <= most);

  char path[] = "/tmp/pagewalk-fuzz-XXXXXX";
  int file = mkstemp(path);
  assert_true(file >= 0);
  close(file);
  if (!shrink_save(&script, &trial, "a test", path, &err)) fail_msg("%s", err.text);
  script_free(&script);
  struct config config;
  config_default(&config);
  if (!script_load(&script, path, &config, &err)) fail_msg("%s", err.text);
  trial_run(&trial, &script);
  assert_int_equal(trial.outcome, outcome);
  trial.options.plant = NULL;  // it is the plant's fault
  trial_run(&trial, &script);
  assert_int_equal(trial.outcome, TRIAL_GOOD);
  script_free(&script);
  unlink(path);
}

static void a_wrong_address_is_found_and_shrunk(void** state) {
  (void)state;
  hunt(FAULT_OF_ADDRESS, TRIAL_CONDEMNED, "allowed: ok pa=", 14);
}

static void a_flush_of_the_wrong_page_is_found_and_shrunk(void** state) {
  (void)state;
  hunt(FAULT_OF_INVLPG, TRIAL_CONDEMNED, "no entry that may still be in a TLB", 12);
}

static void a_wrong_error_code_is_found_and_shrunk(void** state) {
  (void)state;
  hunt(FAULT_OF_ERROR_CODE, TRIAL_CONDEMNED, "allowed: pf err=7", 12);
}

static void a_lost_flush_of_a_pcid_is_found_and_shrunk(void** state) {
  (void)state;
  hunt(FAULT_OF_CR3, TRIAL_CONDEMNED, "the judge", 16);
}

static void a_wrong_debug_port_is_found_and_shrunk(void** state) {
  (void)state;
  hunt(FAULT_OF_PROBE, TRIAL_CONDEMNED, "the debug port had said", 16);
}

static void an_answer_that_never_comes_is_found_and_shrunk(void** state) {
  (void)state;
  hunt(FAULT_OF_SILENCE, TRIAL_STUCK, "owes an answer", 4);
}

// ---------------------------------------------------------------------------------------------------------------------

static char* text_of(const struct script* script) {
  char* text = NULL;
  size_t length;
  FILE* out = open_memstream(&text, &length);
  script_write(script, out);
  fclose(out);
  return text;
}

static void a_seed_makes_the_same_case_again(void** state) {
  (void)state;
  static struct trial trial;
  struct campaign campaign = {.engine = ENGINE_MODEL};
  char* texts[3];
  for (int i = 0; i < 3; i++) {
    struct script script;
    struct error err;
    assert_true(campaign_case(&campaign, i == 2 ? 8 : 7, &script, &trial, &err));
    texts[i] = text_of(&script);
    script_free(&script);
  }
  assert_string_equal(texts[0], texts[1]);
  assert_string_not_equal(texts[0], texts[2]);
  for (int i = 0; i < 3; i++) free(texts[i]);
}

// A case written as a script is read back as the same case.
static void a_case_survives_the_script_language(void** state) {
  (void)state;
  static struct trial trial;
  struct campaign campaign = {.engine = ENGINE_MODEL};
  for (uint64_t seed = 0; seed < 12; seed++) {
    struct script script, again;
    struct config config;
    struct error err;
    config_default(&config);
    assert_true(campaign_case(&campaign, seed, &script, &trial, &err));
    char* text = text_of(&script);
    if (!script_parse(&again, "again", text, strlen(text), &config, &err)) fail_msg("%s", err.text);
    char* second = text_of(&again);
    assert_string_equal(text, second);
    free(text);
    free(second);
    script_free(&script);
    script_free(&again);
  }
}

// All that is possible, but for the rarest: `make coverage` reaches these, too.
static void the_generator_reaches_the_coverage(void** state) {
  (void)state;
  static struct trial trial;
  static struct coverage coverage;
  struct campaign campaign = {.engine = ENGINE_MODEL, .coverage = &coverage};
  for (uint64_t seed = 1; seed <= 700; seed++) {
    struct script script;
    struct error err;
    assert_true(campaign_case(&campaign, seed, &script, &trial, &err));
    if (trial.outcome != TRIAL_GOOD) fail_msg("%s: %s", script.name, trial.report);
    script_free(&script);
  }
  struct coverage_totals totals = coverage_totals(&coverage);
  printf("%u of %u points\n", totals.reached, totals.possible);
  assert_true(totals.possible > 3000);
  assert_true(totals.reached > totals.possible * 9 / 10);
  assert_int_equal(totals.contradictions, 0);
}

static void the_coverage_names_its_holes(void** state) {
  (void)state;
  static struct coverage coverage;
  struct judge_finding finding = {.mode = MODE_PAE, .level = 2, .cause = CAUSE_OK, .part = {.kind = ACCESS_WRITE}};
  struct answer answer = {.path = PATH_L1};
  char* text = NULL;
  size_t length;
  coverage_count(&coverage, &finding, &answer, 0);
  struct coverage_totals totals = coverage_totals(&coverage);
  assert_int_equal(totals.reached, 1);
  finding.cause = CAUSE_ABSENT;
  coverage_count(&coverage, &finding, &answer, 0);
  totals = coverage_totals(&coverage);
  assert_int_equal(totals.reached, 1);
  assert_int_equal(totals.contradictions, 1);
  FILE* out = open_memstream(&text, &length);
  coverage_print(&coverage, 100000, out);
  fclose(out);
  assert_null(strstr(text, "hole: pae level=2 write supervisor ok by=l1\n"));
  assert_non_null(strstr(text, "hole: pae level=2 write user ok by=l1\n"));
  assert_non_null(strstr(text, "impossible, and reached: pae level=2 write supervisor absent by=l1\n"));
  assert_non_null(strstr(text, "functional coverage: 1 of "));
  free(text);
}

// Together the machines meet every edge of what is built in.
static void the_dozen_covers_the_edges(void** state) {
  (void)state;
  bool policy[3][REPLACE_COUNT] = {{false}}, mixed = false, separate = false, no_second = false, two_arrays = false;
  bool no_walk_cache = false, one_entry = false, one_way = false, one_set = false, no_caches = false,
       three_caches = false;
  bool enters[CACHE_LEVELS] = {false}, two_walkers = false, data_free = false;
  for (size_t i = 0; i < geometry_count; i++) {
    struct config c;
    struct error err;
    geometry_config(&geometries[i], &c);
    if (!config_validate(&c, &err)) fail_msg("%s: %s", geometries[i].name, err.text);
    policy[0][c.itlb.replacement] = policy[1][c.dtlb.replacement] = true;
    if (c.stlb.sets) policy[2][c.stlb.replacement] = true;
    mixed |= !c.dtlb.large_sets;
    separate |= c.dtlb.large_sets != 0;
    no_second |= !c.stlb.sets;
    two_arrays |= c.stlb.sets && c.stlb.large_sets;
    no_walk_cache |= !c.psc.pde && !c.psc.pml4e;
    one_entry |= c.itlb.sets * c.itlb.ways == 1;
    one_way |= c.dtlb.ways == 1 && c.dtlb.sets > 1;
    one_set |= c.dtlb.sets == 1 && c.dtlb.ways > 8;
    no_caches |= !c.cache.l1d.sets && !c.cache.l2.sets && !c.cache.l3.sets;
    three_caches |= c.cache.l1d.sets && c.cache.l2.sets && c.cache.l3.sets;
    enters[c.cache.walker] = true;
    two_walkers |= c.walkers == 2;
    data_free |= c.data.cache == DATA_CACHE_NONE;
  }
  for (int p = 0; p < REPLACE_COUNT; p++) assert_true(policy[0][p] && policy[2][p]);
  assert_true(policy[1][REPLACE_LRU] && policy[1][REPLACE_PLRU] && policy[1][REPLACE_NRU] && policy[1][REPLACE_RANDOM]);
  assert_true(mixed && separate && no_second && two_arrays && no_walk_cache && one_entry && one_way && one_set);
  assert_true(no_caches && three_caches && two_walkers && data_free);
  assert_true(enters[CACHE_L1D] && enters[CACHE_L2] && enters[CACHE_L3]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_wrong_address_is_found_and_shrunk),
    cmocka_unit_test(a_flush_of_the_wrong_page_is_found_and_shrunk),
    cmocka_unit_test(a_wrong_error_code_is_found_and_shrunk),
    cmocka_unit_test(a_lost_flush_of_a_pcid_is_found_and_shrunk),
    cmocka_unit_test(a_wrong_debug_port_is_found_and_shrunk),
    cmocka_unit_test(an_answer_that_never_comes_is_found_and_shrunk),
    cmocka_unit_test(a_seed_makes_the_same_case_again),
    cmocka_unit_test(a_case_survives_the_script_language),
    cmocka_unit_test(the_generator_reaches_the_coverage),
    cmocka_unit_test(the_coverage_names_its_holes),
    cmocka_unit_test(the_dozen_covers_the_edges),
};

TEST_MAIN(tests)
