// SPDX-License-Identifier: MIT
// Two ports and one walker; time that is skipped; the serial core.
#include <string.h>

#include "engine/event.h"
#include "engine/serial.h"
#include "rtl/stand.h"

static struct ref reference(enum access_kind kind, uint64_t va, unsigned flags) {
  return (struct ref){.va = va, .size = 1, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
}

// Missed in the same cycle: fetch first. The other's walk.start begins in the cycle after the answer.
static void both_miss_fetch_first(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  stand_map(&s, 0x802000, 0x6000, P | A, P | A);
  struct ref fetch = reference(ACCESS_FETCH, 0x401000, 0), data = reference(ACCESS_READ, 0x802000, 0);
  struct answer answers[PORT_COUNT];
  struct counters before = stand_counters(&s);
  stand_both(&s, &fetch, &data, answers);
  assert_ok(answers[PORT_FETCH], 0x5000, PATH_WALK, WALK2);
  assert_ok(answers[PORT_DATA], 0x6000, PATH_WALK, WALK2 + WALK2 - 1);
  assert_int_equal(answers[PORT_DATA].base, 1);
  assert_int_equal(answers[PORT_DATA].walk, WALK2 - 1);  // the wait is in none of its parts
  struct counters after = stand_counters(&s);
  assert_int_equal(after.cycles_base - before.cycles_base, 2);
  assert_int_equal(after.cycles_walk - before.cycles_walk, 2 * (WALK2 - 1));
  stand_destroy(&s);
}

// The fetch port's latency is longer: the data port has missed first, in cycle 0, the fetch in 2.
static void the_older_miss_goes_first(void** state) {
  (void)state;
  struct config config = stand_config();
  config.itlb.latency = 3;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  struct ref fetch = reference(ACCESS_FETCH, 0x401000, 0), data = reference(ACCESS_READ, 0x401000, 0);
  struct answer answers[PORT_COUNT];
  stand_both(&s, &fetch, &data, answers);
  assert_ok(answers[PORT_DATA], 0x5000, PATH_WALK, WALK2);
  // the same page, but in another TLB: it walks for itself
  assert_ok(answers[PORT_FETCH], 0x5000, PATH_WALK, WALK2 + WALK2 - 1);
  assert_int_equal(answers[PORT_FETCH].reads, 2);
  stand_destroy(&s);
}

static void one_port_hits_while_the_other_walks(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  stand_map(&s, 0x402000, 0x6000, P | A, P | A);
  stand_access(&s, ACCESS_FETCH, 0x401000, 0);
  struct ref fetch = reference(ACCESS_FETCH, 0x401004, 0), data = reference(ACCESS_READ, 0x402000, 0);
  uint64_t start = engine_now(s.engine);
  struct tick_in in = {{NULL, &data}, NULL};
  struct tick_out out;
  engine_tick(s.engine, start, &in, &out);
  assert_true(out.accepted[PORT_DATA] && !out.answered[PORT_DATA]);
  for (uint64_t cycle = 1; cycle < WALK2; cycle++) {
    in.part[PORT_FETCH] = &fetch, in.part[PORT_DATA] = NULL;
    engine_tick(s.engine, start + cycle, &in, &out);
    assert_true(out.accepted[PORT_FETCH] && out.answered[PORT_FETCH]);
    assert_ok(out.answer[PORT_FETCH], 0x5004, PATH_L1, 1);
    assert_int_equal(out.answered[PORT_DATA], cycle == WALK2 - 1);
  }
  stand_destroy(&s);
}

// An operation arrives while the fetch walks and the data port waits: the first walk fills nothing, the second, which
// begins later, does; the operation acts after both.
static void an_operation_during_two_misses(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  stand_map(&s, 0x802000, 0x6000, P | A, P | A);
  struct ref fetch = reference(ACCESS_FETCH, 0x401000, 0), data = reference(ACCESS_READ, 0x802000, 0);
  struct control pkru = {.op = CONTROL_PKRU};
  uint64_t start = engine_now(s.engine), done = 0;
  for (uint64_t cycle = 0; !done; cycle++) {
    struct tick_in in = {{cycle ? NULL : &fetch, cycle ? NULL : &data}, cycle == 10 ? &pkru : NULL};
    struct tick_out out;
    engine_tick(s.engine, start + cycle, &in, &out);
    if (out.control_done) done = cycle;
  }
  assert_int_equal(done, 2 * (WALK2 - 1) + 5);
  assert_int_equal(stand_entries(&s, ARRAY_ITLB), 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 1);
  stand_destroy(&s);
}

static void both_fault_in_one_cycle(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  stand_map(&s, 0x402000, 0x6000, P | A, P | A);
  for (int page = 1; page <= 2; page++) {
    stand_access(&s, ACCESS_FETCH, 0x400000 + 0x1000 * (unsigned)page, 0);
    stand_access(&s, ACCESS_READ, 0x400000 + 0x1000 * (unsigned)page, 0);
  }
  struct ref fetch = reference(ACCESS_FETCH, 0x401000, REF_USER), data = reference(ACCESS_READ, 0x402000, REF_USER);
  struct answer answers[PORT_COUNT];
  stand_both(&s, &fetch, &data, answers);
  assert_fault(answers[PORT_FETCH], PFEC_P | PFEC_U, PATH_L1, 1);
  assert_fault(answers[PORT_DATA], PFEC_P | PFEC_U, PATH_L1, 1);
  assert_int_equal(stand_entries(&s, ARRAY_ITLB), 0);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), 0);
  stand_destroy(&s);
}

// A fetch faults on a hit in the very cycle in which the data port's walk of the same page fills.
static void a_drop_beats_a_fill_of_the_same_page(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  stand_map(&s, 0x402000, 0x6000, P | A, P | A);
  for (int same = 0; same < 2; same++) {
    uint64_t fetch_va = same ? 0x401000 : 0x402000;
    stand_access(&s, ACCESS_FETCH, fetch_va, 0);
    struct ref fetch = reference(ACCESS_FETCH, fetch_va, REF_USER), data = reference(ACCESS_READ, 0x401000, 0);
    uint64_t start = engine_now(s.engine);
    stand_forget(&s);
    for (uint64_t cycle = 0; cycle < WALK2; cycle++) {
      struct tick_in in = {{cycle == WALK2 - 1 ? &fetch : NULL, cycle ? NULL : &data}, NULL};
      struct tick_out out;
      engine_tick(s.engine, start + cycle, &in, &out);
    }
    assert_int_equal(stand_events(&s, EVENT_FILL, ARRAY_DTLB, NULL), 1);
    assert_int_equal(stand_events(&s, EVENT_DROP, ARRAY_DTLB, NULL), same);
    assert_int_equal(stand_entries(&s, ARRAY_DTLB), !same);
    stand_invlpg(&s, 0x401000);
  }
  stand_destroy(&s);
}

// walk.start = 0 and absent PDPTE registers: both fault in the cycle of the miss; a port that waited, in the cycle of
// the other's answer.
static void absent_pdptes_fault_together(void** state) {
  (void)state;
  struct config config = stand_config();
  config.walk.start = 0;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  ram_write_word(s.ram, PDPTES + 8, 8, 0);
  assert_true(stand_write_register(&s, CONTROL_CR3, PDPTES));
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  struct ref fetch = reference(ACCESS_FETCH, 0x40000000, 0), data = reference(ACCESS_READ, 0x40001000, 0);
  struct answer answers[PORT_COUNT];
  stand_both(&s, &fetch, &data, answers);
  assert_fault(answers[PORT_FETCH], 0, PATH_WALK, 1);
  assert_fault(answers[PORT_DATA], 0, PATH_WALK, 1);
  fetch = reference(ACCESS_FETCH, 0x401000, 0);
  stand_both(&s, &fetch, &data, answers);
  assert_ok(answers[PORT_FETCH], 0x5000, PATH_WALK, 1 + 2 * ENTRY);
  assert_fault(answers[PORT_DATA], 0, PATH_WALK, 1 + 2 * ENTRY);
  assert_int_equal(answers[PORT_DATA].walk, 0);
  stand_destroy(&s);
}

static void next_names_the_cycles_that_matter(void** state) {
  (void)state;
  struct config config = stand_config();
  config.walk.start = 5;
  config.dtlb.latency = 4;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P, P | A);
  struct ref data = reference(ACCESS_READ, 0x401000, 0);
  // accept, miss, walk begins, its last cycle of start, PDE read, decided, PTE read, decided, update, answer
  const uint64_t visits[] = {0, 3, 4, 8, 9, 19, 20, 30, 31, 44};
  uint64_t start = engine_now(s.engine), now = start;
  struct tick_in in = {{NULL, &data}, NULL};
  struct tick_out out;
  for (size_t i = 0; i < sizeof visits / sizeof *visits; i++) {
    assert_int_equal(now - start, visits[i]);
    engine_tick(s.engine, now, &in, &out);
    in.part[PORT_DATA] = NULL;
    now = out.next;
  }
  assert_true(out.answered[PORT_DATA]);
  assert_true(out.next == UINT64_MAX);
  stand_destroy(&s);
}

// --- random programs -------------------------------------------------------------------------------------------------

static uint64_t random_next(uint64_t* state) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return *state;
}

// 48 pages in two tables, some read-only, absent or with A and D clear; a few large ones.
static void random_tables(struct stand* s, uint64_t* seed) {
  for (unsigned i = 0; i < 48; i++) {
    uint64_t r = random_next(seed);
    uint64_t flags = (r % 16 ? P : 0) | (r >> 8 & 7 ? W : 0) | U | (r >> 16 & 1 ? A : 0) | (r >> 17 & 1 ? D : 0);
    stand_map(s, 0x400000 * (1 + i % 2) + 0x1000 * i, 0x100000 + 0x1000 * i, flags, P | W | U | (r >> 20 & A));
  }
  for (unsigned i = 0; i < 4; i++) stand_set2(s, 0x1000000 + 0x400000 * i, 0x400000 * i | P | W | U | PS);
}

static struct ref random_ref(uint64_t* seed) {
  uint64_t r = random_next(seed);
  struct ref ref = {
      .size = (uint16_t)(1 + r % 32), .kind = (uint8_t)(r >> 8 & 3 ? r >> 8 & 1 : ACCESS_FETCH), .flags = REF_USER};
  unsigned page = (r >> 16) % 48;
  ref.va = r >> 24 & 7 ? 0x400000 * (1 + page % 2) + 0x1000 * page : 0x1000000 + 0x100000 * (r >> 28 & 15);
  ref.va += r >> 32 & 4095;
  return ref;
}

enum { PROGRAM = 3000 };

// The same program on both ports with an operation now and then; `skip`: jump to `next`, else step.
static void run_program(struct stand* s, bool skip) {
  struct config config = stand_config();
  config.dtlb.latency = 2;
  config.dram.latency = 30;
  stand_create(s, &config);
  engine_on_event(s->engine, NULL, NULL);
  stand_start(s, false, CR4_PSE, 0, 0);
  uint64_t seed = 88172645463325252;
  random_tables(s, &seed);
  struct ref refs[PORT_COUNT];
  bool held[PORT_COUNT] = {false, false}, busy[PORT_COUNT] = {false, false}, controlled = false;
  uint64_t hash = 0, now = engine_now(s->engine), until[PORT_COUNT] = {now, now}, control_at = now + 200;
  for (size_t answered = 0; answered < PROGRAM;) {
    struct tick_in in = {{NULL, NULL}, NULL};
    struct control control = {.op = CONTROL_INVLPG, .value = 0x400000 + 0x1000 * (control_at % 48)};
    for (int p = 0; p < PORT_COUNT; p++) {
      if (!held[p] && !busy[p] && now >= until[p]) {
        do refs[p] = random_ref(&seed);
        while ((refs[p].kind == ACCESS_FETCH) != (p == PORT_FETCH));
        refs[p].size = 1;
        held[p] = true;
      }
      if (held[p]) in.part[p] = &refs[p];
    }
    if (now == control_at) in.control = &control, controlled = true;
    struct tick_out out;
    engine_tick(s->engine, now, &in, &out);
    for (int p = 0; p < PORT_COUNT; p++) {
      if (out.accepted[p]) held[p] = false, busy[p] = true;
      if (!out.answered[p]) continue;
      busy[p] = false;
      answered++;
      until[p] = now + 1 + out.answer[p].pa % 3;
      hash = hash * 31 + out.answer[p].cycle * 7 + out.answer[p].pa + out.answer[p].error;
    }
    if (out.control_done) controlled = false, control_at = now + 151;
    uint64_t next = now + 1;
    if (skip && out.next > next) {
      next = out.next;
      for (int p = 0; p < PORT_COUNT; p++) {
        if (!busy[p] && !held[p] && until[p] < next) next = until[p];
      }
      if (!controlled && control_at < next) next = control_at;
      if (next <= now) next = now + 1;
    }
    now = next;
  }
  s->event_count = (size_t)hash;  // what is compared, with the counters
}

static void skipping_changes_nothing(void** state) {
  (void)state;
  struct stand *stepped = malloc(sizeof *stepped), *skipped = malloc(sizeof *skipped);
  run_program(stepped, false);
  run_program(skipped, true);
  assert_int_equal(stepped->event_count, skipped->event_count);
  assert_int_equal(engine_now(stepped->engine), engine_now(skipped->engine));
  struct counters a = stand_counters(stepped), b = stand_counters(skipped);
  assert_memory_equal(&a, &b, sizeof a);
  stand_destroy(stepped);
  stand_destroy(skipped);
  free(stepped);
  free(skipped);
}

// --- the serial core -------------------------------------------------------------------------------------------------

static uint64_t issue_by_ticks(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer,
                               bool* fault, uint32_t* data) {
  (void)want;
  struct stand* s = self;
  enum port port = part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_in in = {{NULL, NULL}, NULL};
  struct tick_out out;
  in.part[port] = part;
  engine_tick(s->engine, now, &in, &out);
  in.part[port] = NULL;
  while (!out.answered[port]) engine_tick(s->engine, now = out.next, &in, &out);
  *answer = out.answer[port];
  *fault = answer->fault != FAULT_NONE;
  *data = answer->data;
  return now;
}

// Second level, walk caches, timing caches, all small.
static void add_everything(struct config* config) {
  config->stlb = (struct tlb_config){.sets = 8, .ways = 3, .large_ways = 1, .latency = 7};
  config->psc.pde = 2;
  config->cache.l1d = (struct cache_config){.sets = 4, .ways = 2, .latency = 2};
  config->cache.l2 = (struct cache_config){.sets = 8, .ways = 2, .latency = 5};
}

// engine_play and the same references by tick: the same answers, faults, cycles and counters; with and without answers.
static void play_is_ticks_one_after_another(void** state) {
  (void)state;
  for (unsigned machine = 0; machine < 3; machine++) {
    struct config config = stand_config();
    if (machine == 1) config.dtlb.latency = 2;
    if (machine == 2) add_everything(&config);
    struct serial_account account = {0};
    struct stand *quick = malloc(sizeof *quick), *ticked = malloc(sizeof *ticked), *plain = malloc(sizeof *plain);
    struct stand* all[] = {quick, ticked, plain};
    uint64_t seed = 0;
    for (int i = 0; i < 3; i++) {
      stand_create(all[i], &config);
      engine_on_event(all[i]->engine, NULL, NULL);
      stand_start(all[i], false, CR4_PSE, 0, 0);
      seed = 4242424242;
      random_tables(all[i], &seed);
    }
    static struct ref refs[PROGRAM];
    static struct answer got[PROGRAM], want[PROGRAM];
    for (size_t i = 0; i < PROGRAM; i++) refs[i] = random_ref(&seed);
    size_t at = 0, faults = 0;
    while (at < PROGRAM) {
      struct play a = {.until = UINT64_MAX, .answers = got}, b = {.until = UINT64_MAX, .answers = want};
      struct play c = {.until = UINT64_MAX};
      engine_play(quick->engine, refs + at, PROGRAM - at, &a);
      engine_play(plain->engine, refs + at, PROGRAM - at, &c);
      uint64_t end = serial_play(ticked, issue_by_ticks, engine_now(ticked->engine), UINT32_MAX, NULL, refs + at,
                                 PROGRAM - at, &b, &account);
      assert_int_equal(engine_now(quick->engine), end);
      assert_int_equal(engine_now(plain->engine), end);
      assert_int_equal(a.stop, b.stop);
      assert_int_equal(a.done, b.done);
      assert_int_equal(c.done, b.done);
      for (size_t i = 0; i < a.done; i++) assert_memory_equal(&got[i], &want[i], sizeof *got);
      at += a.done;
      if (a.stop != PLAY_FAULT) break;
      assert_memory_equal(&a.fault, &b.fault, sizeof a.fault);
      assert_memory_equal(&c.fault, &b.fault, sizeof c.fault);
      faults++;
      at++;
    }
    assert_true(faults > 10);
    struct counters a = stand_counters(quick), b = stand_counters(ticked), c = stand_counters(plain);
    b.refs = a.refs;  // engine_play's own
    serial_settle(&b, &account);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_equal(&a, &c, sizeof a);
    for (int i = 0; i < 3; i++) stand_destroy(all[i]), free(all[i]);
  }
}

static void play_stops_where_told(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | U | A, P | U | A);
  struct ref refs[4];
  for (int i = 0; i < 4; i++) refs[i] = reference(ACCESS_READ, 0x401000, REF_USER);
  uint64_t start = engine_now(s.engine);
  struct play play = {.until = start + WALK2 + 1};
  engine_play(s.engine, refs, 4, &play);
  assert_int_equal(play.stop, PLAY_UNTIL);
  assert_int_equal(play.done, 2);
  assert_int_equal(engine_now(s.engine), start + WALK2 + 1);
  refs[1].kind = ACCESS_WRITE;
  play.until = UINT64_MAX;
  engine_play(s.engine, refs, 4, &play);
  assert_int_equal(play.stop, PLAY_FAULT);
  assert_int_equal(play.done, 1);
  assert_int_equal(play.fault.error, PFEC_P | PFEC_W | PFEC_U);
  assert_int_equal(play.fault.cr2, 0x401000);
  assert_int_equal(stand_counters(&s).refs, 3);
  engine_wait(s.engine, 5000);
  assert_int_equal(engine_now(s.engine), 5000);
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(both_miss_fetch_first),
    cmocka_unit_test(the_older_miss_goes_first),
    cmocka_unit_test(one_port_hits_while_the_other_walks),
    cmocka_unit_test(an_operation_during_two_misses),
    cmocka_unit_test(both_fault_in_one_cycle),
    cmocka_unit_test(a_drop_beats_a_fill_of_the_same_page),
    cmocka_unit_test(absent_pdptes_fault_together),
    cmocka_unit_test(next_names_the_cycles_that_matter),
    cmocka_unit_test(skipping_changes_nothing),
    cmocka_unit_test(play_is_ticks_one_after_another),
    cmocka_unit_test(play_stops_where_told),
};

TEST_MAIN(tests)
