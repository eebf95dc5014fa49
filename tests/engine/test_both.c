// SPDX-License-Identifier: MIT
// Lockstep and the cutting of streams, with core.overlap: a stream that is played whole, in lockstep, or in pieces that
// overlap_cut made takes the same cycles. Two models stand for the two engines.
#include <string.h>

#include "check.h"
#include "engine/both.h"
#include "engine/overlap.h"
#include "model/rig.h"

enum { PAGES = 40, INSTRUCTIONS = 1500, REFS_MAX = 12000, LONG = 3000 };

static struct ref refs[REFS_MAX];
static size_t count;

static void add(enum access_kind kind, uint64_t page, uint64_t line) {
  refs[count++] = (struct ref){.va = 0x400000 | page << 12 | line << 6, .size = 4, .kind = (uint8_t)kind};
}

// Instructions of up to four data references, and one of LONG.
static void make_stream(void) {
  uint64_t random = 20261121;
  count = 0;
  for (int i = 0; i < INSTRUCTIONS; i++) {
    add(ACCESS_FETCH, rig_random(&random) % 8, rig_random(&random) % 64);
    uint64_t data = i == INSTRUCTIONS / 2 ? LONG : rig_random(&random) % 5;
    for (uint64_t d = 0; d < data; d++)
      add(rig_random(&random) % 3 ? ACCESS_READ : ACCESS_WRITE, rig_random(&random) % PAGES, rig_random(&random) % 64);
  }
  assert_true(count <= REFS_MAX);
}

static void begin(struct rig* rig) {
  struct config config;
  rig_config(&config);
  config.dtlb.sets = 2;
  config.cache.l1d = (struct cache_config){.sets = 16, .ways = 2, .latency = 4};
  config.data.cache = DATA_CACHE_TIMED;
  config.core.overlap = 1;
  rig_create(rig, &config);
  rig_start_32bit(rig, 0);
  for (uint64_t i = 0; i < PAGES; i++) rig_map_32bit(rig, 0x400000 | i << 12, (0x100000 + (i << 12)) | 3);
  engine_on_event(rig->engine, NULL, NULL);
}

struct result {
  uint64_t cycles;
  struct counters counters;
};

static struct result play(struct engine* engine, size_t (*cut)(const struct ref* refs, size_t n)) {
  struct result result;
  uint64_t first = engine_now(engine);
  for (size_t done = 0; done < count;) {
    struct play play = {.until = UINT64_MAX};
    size_t n = cut ? cut(refs + done, count - done) : count;
    engine_play(engine, refs + done, n, &play);
    assert_int_equal(play.stop, PLAY_END);
    assert_int_equal(play.done, n);
    done += n;
  }
  result.cycles = engine_now(engine) - first;
  engine_counters(engine, &result.counters);
  return result;
}

static struct result play_in_pieces(size_t (*cut)(const struct ref* refs, size_t n)) {
  static struct rig rig;
  begin(&rig);
  struct result result = play(rig.engine, cut);
  rig_destroy(&rig);
  return result;
}

static void are_equal(const struct result* a, const struct result* b) {
  assert_int_equal(a->cycles, b->cycles);
  assert_memory_equal(&a->counters, &b->counters, sizeof a->counters);
}

// ---------------------------------------------------------------------------------------------------------------------

static void lockstep_takes_the_cycles_of_one_engine(void** state) {
  (void)state;
  static struct rig rigs[2];
  struct error err;
  make_stream();
  for (int side = 0; side < 2; side++) begin(&rigs[side]);
  struct engine* both = both_engine_create(rigs[0].engine, rigs[1].engine, &err);
  assert_non_null(both);
  struct result whole = play_in_pieces(NULL), compared = play(both, NULL);
  assert_true(engine_agrees(both, NULL));
  are_equal(&whole, &compared);
  engine_destroy(both);
  for (int side = 0; side < 2; side++) ram_destroy(rigs[side].ram);
}

static size_t few(const struct ref* from, size_t n) { return overlap_cut(from, n, 7, n); }
static size_t some(const struct ref* from, size_t n) { return overlap_cut(from, n, 500, n); }
static size_t anywhere(const struct ref* from, size_t n) { return (void)from, n < 7 ? n : 7; }

static void pieces_take_the_cycles_of_the_whole(void** state) {
  (void)state;
  make_stream();
  struct result whole = play_in_pieces(NULL), of_few = play_in_pieces(few), of_some = play_in_pieces(some);
  are_equal(&whole, &of_few);
  are_equal(&whole, &of_some);
  assert_true(play_in_pieces(anywhere).cycles > whole.cycles);  // or the test shows nothing
}

static void cuts_lie_behind_fetches(void** state) {
  (void)state;
  count = 0;
  const char* kinds = "FDDFDDDDF";  // a fetch is 0, 3, 8
  for (const char* kind = kinds; *kind; kind++) add(*kind == 'F' ? ACCESS_FETCH : ACCESS_READ, 0, 0);
  assert_int_equal(overlap_cut(refs, 9, 9, 9), 9);      // all of it
  assert_int_equal(overlap_cut(refs, 9, 8, 8), 4);      // behind the last fetch within the limit
  assert_int_equal(overlap_cut(refs, 9, 4, 4), 4);      // the limit itself
  assert_int_equal(overlap_cut(refs + 4, 5, 2, 5), 5);  // an instruction longer than the limit stays whole
  assert_int_equal(overlap_cut(refs + 4, 5, 2, 4), 2);  // unless it is too long
  assert_int_equal(overlap_cut(refs + 4, 4, 2, 4), 2);  // no fetch comes any more
}

// Two models, one of which did something before they were compared: its entries, its registers differ.
static struct engine* unequal(struct rig rigs[2], bool in_entries) {
  struct error err;
  for (int side = 0; side < 2; side++) begin(&rigs[side]);
  if (in_entries)
    for (uint64_t side = 0; side < 2; side++) rig_access(&rigs[side], ACCESS_READ, 0x400000 | side << 12, 0);
  else
    rig_control(&rigs[1], CONTROL_PKRU, 1);
  for (int side = 0; side < 2; side++) engine_on_event(rigs[side].engine, NULL, NULL);
  struct engine* both = both_engine_create(rigs[0].engine, rigs[1].engine, &err);
  assert_non_null(both);
  assert_true(engine_agrees(both, NULL));
  return both;
}

static void assert_reported(struct engine* both, const char* what) {
  const char* report = NULL;
  assert_false(engine_agrees(both, &report));
  assert_non_null(strstr(report, what));
}

static void what_the_debug_port_shows_is_compared(void** state) {
  (void)state;
  static struct rig rigs[2];
  struct tlb_entry entries[8];
  uint64_t registers[5], pdptes[4];
  struct engine* both = unequal(rigs, true);
  assert_int_equal(engine_dump(both, ARRAY_ITLB, entries, 8), 0);
  engine_registers(both, registers, pdptes);
  assert_true(engine_agrees(both, NULL));
  assert_int_equal(engine_dump(both, ARRAY_DTLB, entries, 8), 1);
  assert_reported(both, "entry.va");
  engine_destroy(both);
  for (int side = 0; side < 2; side++) ram_destroy(rigs[side].ram);

  both = unequal(rigs, false);
  engine_registers(both, registers, pdptes);
  assert_reported(both, "register");
  engine_destroy(both);
  for (int side = 0; side < 2; side++) ram_destroy(rigs[side].ram);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lockstep_takes_the_cycles_of_one_engine),
    cmocka_unit_test(pieces_take_the_cycles_of_the_whole),
    cmocka_unit_test(cuts_lie_behind_fetches),
    cmocka_unit_test(what_the_debug_port_shows_is_compared),
};
TEST_MAIN(tests)
