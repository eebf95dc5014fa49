// SPDX-License-Identifier: MIT
// The judge watches an operating system: two processes that share a memory too small for them, in every mode, on both
// engines. And it notices a kernel's MMU that goes wrong.
#include <string.h>

#include "check.h"
#include "engine/wrap.h"
#include "fuzz/judged.h"
#include "fuzz/random.h"
#include "kernel/mm/mmu.h"
#include "machine/machine.h"

enum { PAGES = 24, FRAMES = 40, PARTS = 12, PART = 150 };
static const uint64_t TEXT = 0x08048000, HEAP = 0x40000000 - 10 * 4096;

static struct engine* judged(void* ctx, struct engine* engine, struct ram* ram, struct error* err) {
  return judged_wrap(engine, ram, ctx, err);
}

static struct machine* boot(enum engine_kind kind,
                            struct engine* (*wrap)(void*, struct engine*, struct ram*, struct error*),
                            struct config* config, int pids[2]) {
  struct error err;
  struct machine_params params = {.config = config, .engine = kind, .frames = FRAMES, .wrap = wrap, .wrap_ctx = config};
  struct machine* machine = machine_create(&params, &err);
  if (!machine) fail_msg("%s", err.text);
  struct kernel* kernel = machine_kernel(machine);
  for (int i = 0; i < 2; i++) {
    pids[i] = kernel_spawn(kernel);
    assert_true(pids[i] > 0);
    assert_int_equal(kernel_map(kernel, pids[i], TEXT, TEXT + PAGES * 4096, PROT_READ | PROT_EXEC), 0);
    assert_int_equal(kernel_map(kernel, pids[i], HEAP, HEAP + PAGES * 4096, PROT_READ | PROT_WRITE), 0);
  }
  return machine;
}

static struct ref draw(struct random* random) {
  uint64_t at = random_below(random, PAGES * 4096 - 16), kind = random_below(random, 3);
  struct ref ref = {.va = HEAP + at, .size = (uint16_t)(1 + random_below(random, 16)), .flags = REF_USER};
  ref.kind = (uint8_t)kind;
  if (kind == ACCESS_FETCH) ref.va = TEXT + at;
  return ref;
}

// Returns the machine's trouble, or NULL.
static const char* run(struct machine* machine, const int pids[2], uint64_t seed) {
  struct random random = random_from(seed);
  for (unsigned part = 0; part < PARTS && !machine_trouble(machine); part++) {
    struct ref refs[PART];
    struct machine_run ran;
    for (unsigned i = 0; i < PART; i++) refs[i] = draw(&random);
    if (random_chance(&random, 40)) kernel_switch(machine_kernel(machine), pids[random_below(&random, 2)]);
    machine_play(machine, refs, PART, true, NULL, &ran);
  }
  return machine_trouble(machine);
}

static void judge_runs(enum engine_kind kind, const char* const* keys) {
  for (enum paging_mode mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    struct config config;
    struct error err;
    int pids[2];
    config_default(&config);
    config.mode = mode;
    for (size_t i = 0; keys[i]; i++)
      if (!config_set(&config, keys[i], &err)) fail_msg("%s", err.text);
    struct machine* machine = boot(kind, judged, &config, pids);
    assert_int_equal(kernel_switch(machine_kernel(machine), pids[0]), 0);
    machine_start(machine);
    const char* trouble = run(machine, pids, 100 + (uint64_t)mode);
    if (trouble) fail_msg("%s: %s", paging_mode_name(mode), trouble);
    struct kernel_stats stats;
    kernel_stats(machine_kernel(machine), &stats);
    assert_true(stats.faults_major > 20 && stats.swap_outs > 20);
    machine_destroy(machine);
  }
}

static const char* const plain[] = {NULL};

// --- an MMU that goes wrong once

static void corrupt(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  (void)ctx, (void)in;
  if (now > 50000 && out->answered[PORT_DATA] && out->answer[PORT_DATA].path == PATH_L1)
    out->answer[PORT_DATA].pa ^= 0x1000;
}
static const struct wrap_hooks corrupting = {.after = corrupt};

static struct engine* corrupted(void* ctx, struct engine* engine, struct ram* ram, struct error* err) {
  static int nothing;
  engine = wrap_engine(engine, &corrupting, &nothing, err);
  return engine ? judged_wrap(engine, ram, ctx, err) : NULL;
}

static void a_wrong_frame_is_noticed(void** state) {
  (void)state;
  struct config config;
  int pids[2];
  config_default(&config);
  struct machine* machine = boot(ENGINE_MODEL, corrupted, &config, pids);
  assert_int_equal(kernel_switch(machine_kernel(machine), pids[0]), 0);
  const char* trouble = run(machine, pids, 1);
  assert_non_null(trouble);
  if (!strstr(trouble, "no entry that may still be in a TLB says so")) fail_msg("%s", trouble);
  machine_destroy(machine);
}

static void runs_on_the_model_are_allowed(void** state) {
  (void)state;
  static const char* const two_walkers[] = {"walkers=2", "prefetch=next-page", NULL};
  judge_runs(ENGINE_MODEL, plain);
  judge_runs(ENGINE_MODEL, two_walkers);
}

static void runs_on_both_engines_are_allowed(void** state) {
  (void)state;
  judge_runs(ENGINE_BOTH, plain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(runs_on_the_model_are_allowed),
    cmocka_unit_test(runs_on_both_engines_are_allowed),
    cmocka_unit_test(a_wrong_frame_is_noticed),
};

TEST_MAIN(tests)
