// SPDX-License-Identifier: MIT
// The sweep of access rights: a part of it on each engine, and that it finds what is wrong.
#include <string.h>

#include "check.h"
#include "engine/broken.h"
#include "fuzz/sweep.h"

// A prime: no dimension's values are passed over.
enum { QUICK_STRIDE = 4001, HUNT_STRIDE = 10007 };

static void sweep(enum engine_kind engine, uint64_t stride) {
  const struct sweep_options options = {.engine = engine, .stride = stride};
  struct sweep_result result;
  struct error err;
  if (!sweep_run(&options, &result, &err)) fail_msg("%s", err.text);
  print_message(
      "%llu combinations, %llu accesses without and %llu with a fault:", (unsigned long long)result.combinations,
      (unsigned long long)result.ok, (unsigned long long)result.faults);
  for (int way = 0; way < SWEEP_WAYS; way++) {
    print_message(" %llu %s", (unsigned long long)result.ways[way], sweep_way_names[way]);
    assert_in_range(result.ways[way], result.combinations / 4, result.combinations);
  }
  print_message("\n");
  assert_in_range(result.combinations, 1000, UINT64_MAX);
  assert_true(result.ok > 0 && result.faults > 0);
}

static void the_model_is_right(void** state) {
  (void)state;
  sweep(ENGINE_MODEL, QUICK_STRIDE);
}

static void both_engines_are_right(void** state) {
  (void)state;
  sweep(ENGINE_BOTH, QUICK_STRIDE);
}

static void one_combination_can_be_looked_at(void** state) {
  (void)state;
  const struct sweep_options options = {.engine = ENGINE_MODEL, .stride = UINT64_C(1) << 60, .start = 12345};
  struct sweep_result result;
  struct error err;
  if (!sweep_run(&options, &result, &err)) fail_msg("%s", err.text);
  assert_int_equal(result.combinations + result.left_out, 1);
}

// ---- what is wrong is found -----------------------------------------------------------------------------------------

// What a cycle's answer of one port becomes. Each is the symptom of a bug that was seen in some MMU.
typedef void lie_fn(struct answer* answer);

static void forgive(struct answer* answer) {
  *answer = (struct answer){.accept = answer->accept,
                            .cycle = answer->cycle,
                            .path = answer->path,
                            .base = answer->base,
                            .stlb = answer->stlb,
                            .walk = answer->walk,
                            .reads = answer->reads,
                            .pa = 0x40000000 | (answer->cr2 & 4095)};
}

static void forgives_writes_on_a_hit(struct answer* a) {
  if (a->fault == FAULT_PF && a->path == PATH_L1 && a->error == (PFEC_P | PFEC_W | PFEC_U)) forgive(a);
}
static void forgives_keys_in_the_second_level(struct answer* a) {
  if (a->fault == FAULT_PF && a->path == PATH_STLB && (a->error & PFEC_PK)) forgive(a);
}
static void forgives_no_execute_behind_a_walk_cache(struct answer* a) {
  if (a->fault == FAULT_PF && a->path == PATH_WALK && a->reads == 1 && a->error == (PFEC_P | PFEC_ID | PFEC_U))
    forgive(a);
}
static void reserved_is_not_present(struct answer* a) {
  if (a->error & PFEC_RSVD) a->error &= (uint8_t)~PFEC_P;
}
static void loses_the_fetch_bit(struct answer* a) { a->error &= (uint8_t)~PFEC_ID; }
static void loses_the_key_bit(struct answer* a) { a->error &= (uint8_t)~PFEC_PK; }
static void supervisors_are_users(struct answer* a) {
  if (a->fault == FAULT_PF) a->error |= PFEC_U;
}
static void denies_supervisor_reads(struct answer* a) {
  if (a->fault != FAULT_NONE || a->path != PATH_L1) return;
  a->fault = FAULT_PF;
  a->error = PFEC_P;
  a->pa = 0;
}
static void loses_the_offset(struct answer* a) {
  if (a->fault == FAULT_NONE && a->path == PATH_STLB) a->pa &= ~UINT64_C(4095);
}

static void lie(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  lie_fn* const* tell = ctx;
  (void)now;
  (void)in;
  for (int port = 0; port < PORT_COUNT; port++)
    if (out->answered[port]) (*tell)(&out->answer[port]);
}

static struct engine* plant(void* ctx, struct engine* engine) { return broken_engine(engine, lie, ctx); }

static void wrong_answers_are_found(void** state) {
  (void)state;
  static lie_fn* const lies[] = {forgives_writes_on_a_hit,
                                 forgives_keys_in_the_second_level,
                                 forgives_no_execute_behind_a_walk_cache,
                                 reserved_is_not_present,
                                 loses_the_fetch_bit,
                                 loses_the_key_bit,
                                 supervisors_are_users,
                                 denies_supervisor_reads,
                                 loses_the_offset};
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    const struct sweep_options options = {
        .engine = ENGINE_MODEL, .stride = HUNT_STRIDE, .plant = plant, .plant_ctx = (void*)&lies[i]};
    struct sweep_result result;
    struct error err;
    if (sweep_run(&options, &result, &err)) fail_msg("lie %zu was believed", i);
    assert_non_null(strstr(err.text, "paging, cr0="));
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_model_is_right), cmocka_unit_test(both_engines_are_right),
    cmocka_unit_test(one_combination_can_be_looked_at), cmocka_unit_test(wrong_answers_are_found)};
TEST_MAIN(tests)
