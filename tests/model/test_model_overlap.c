// SPDX-License-Identifier: MIT
// core.overlap (docs/timing.md, "Who asks"): when the next instruction's fetch runs ahead, what becomes of it, and
// whose the cycles are. L1 latencies 1, walk.start 1, walk.step 1, DRAM 10: a walk takes cycles t + 1 to t + 23. On the
// left of each stream the cycle, from the play's first, in which the reference is accepted.
#include <string.h>

#include "check.h"
#include "model/rig.h"

static struct rig rig;
static struct config config;
enum { U = 7, AD = 0x60, MAX = 8 };

static void build(bool listen) {
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  for (uint64_t i = 1; i < 12; i++) rig_map_32bit(&rig, 0x400000 | i << 12, (0x5000 + (i << 12)) | AD | U);
  if (!listen) rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
}

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.dram.latency = 10;
  config.core.overlap = 1;
  return 0;
}

static const uint64_t HOT = 0x401000, COLD = 0x402000;

// X: the page of the code so far; x: a new page. R, W, r, w: the same of data.
static struct ref reference(char what, uint64_t cold) {
  bool fetch = what == 'X' || what == 'x', write = what == 'W' || what == 'w';
  return (struct ref){.va = what >= 'a' ? cold : HOT,
                      .size = 1,
                      .kind = fetch   ? ACCESS_FETCH
                              : write ? ACCESS_WRITE
                                      : ACCESS_READ,
                      .flags = REF_USER};
}

struct expected {
  uint64_t accept, cycle;
};

static struct answer answers[MAX];
static struct counters account;

// Returns the play's cycles.
static uint64_t play(const char* stream, struct play* play) {
  struct ref refs[MAX];
  size_t n = strlen(stream);
  for (size_t i = 0; i < n; i++) refs[i] = reference(stream[i], COLD + 0x1000 * i);
  struct counters before = rig_counters(&rig);
  uint64_t first = rig_now(&rig);
  play->answers = answers;
  rig.engine->ops->play(rig.engine->self, refs, n, play);
  account = rig_counters(&rig);
  account.cycles_base -= before.cycles_base;
  account.cycles_walk -= before.cycles_walk;
  account.cycles_data -= before.cycles_data;
  uint64_t cycles = rig_now(&rig) - first;
  assert_int_equal(account.cycles_base + account.cycles_walk + account.cycles_data, cycles);
  for (size_t i = 0; i < play->done; i++) {
    answers[i].accept -= first;
    answers[i].cycle -= first;
  }
  return cycles;
}

static void warm(void) {
  struct play p = {.until = UINT64_MAX};
  play("XR", &p);
  assert_int_equal(p.done, 2);
}

static void streams(const char* stream, const struct expected* expected, uint64_t cycles, uint64_t base,
                    uint64_t data) {
  for (int listen = 0; listen < 2; listen++) {
    build(listen);
    warm();
    struct play p = {.until = UINT64_MAX};
    uint64_t took = play(stream, &p);
    assert_int_equal(p.stop, PLAY_END);
    assert_int_equal(p.done, strlen(stream));
    for (size_t i = 0; i < p.done; i++)
      if (answers[i].accept != expected[i].accept || answers[i].cycle != expected[i].cycle)
        fail_msg("%s, reference %zu: %d to %d", stream, i, (int)answers[i].accept, (int)answers[i].cycle);
    assert_int_equal(took, cycles);
    assert_int_equal(account.cycles_base, base);
    assert_int_equal(account.cycles_data, data);
    rig_destroy(&rig);
  }
}

static void hits_are_as_in_the_serial_core(void** state) {
  (void)state;
  streams("XRXRW", (const struct expected[]){{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}}, 5, 5, 0);
}

// While the read walks (1-24), the next fetch is accepted in 2 and hits; what follows it waits for both.
static void a_fetch_runs_ahead_of_data_that_wait(void** state) {
  (void)state;
  streams("XrXR", (const struct expected[]){{0, 0}, {1, 24}, {2, 2}, {25, 25}}, 26, 3, 0);
}

// One instruction, no more: the fetch after it is accepted when the read has been answered.
static void by_one_instruction(void** state) {
  (void)state;
  streams("XrXXR", (const struct expected[]){{0, 0}, {1, 24}, {2, 2}, {25, 25}, {26, 26}}, 27, 4, 0);
}

// Two data references: the fetch goes during the first that waits, or the second if only that one does.
static void during_any_of_the_instructions_data(void** state) {
  (void)state;
  streams("XrRX", (const struct expected[]){{0, 0}, {1, 24}, {25, 25}, {2, 2}}, 26, 3, 0);
  streams("XRrX", (const struct expected[]){{0, 0}, {1, 1}, {2, 25}, {3, 3}}, 26, 3, 0);
  streams("XRRX", (const struct expected[]){{0, 0}, {1, 1}, {2, 2}, {3, 3}}, 4, 4, 0);
}

// One walker: the fetch's miss in 2 waits for the read's walk (2-24), and walks 25-47. The second read, in the L1, is
// accepted in 25 and answered; the third reference waits for both. Of the fetch 25-47 count, of the second read
// nothing.
static void a_miss_that_ran_ahead_waits_for_the_walker(void** state) {
  (void)state;
  streams("XrxR", (const struct expected[]){{0, 0}, {1, 24}, {2, 47}, {48, 48}}, 49, 3, 0);
  streams("XrRxR", (const struct expected[]){{0, 0}, {1, 24}, {25, 25}, {2, 47}, {48, 48}}, 49, 3, 0);
}

// Two walkers: 3-25, beside the read's 2-24.
static void two_walkers_overlap(void** state) {
  (void)state;
  config.walkers = 2;
  streams("XrxR", (const struct expected[]){{0, 0}, {1, 24}, {2, 25}, {26, 26}}, 27, 3, 0);
}

// The second read misses in 25 and finds the walker taken by the fetch (25-47): it walks 48-70. Its cycles count
// from 48.
static void what_ran_ahead_may_delay_what_is_older(void** state) {
  (void)state;
  streams("XrrxR", (const struct expected[]){{0, 0}, {1, 24}, {25, 70}, {2, 47}, {71, 71}}, 72, 3, 0);
}

// Data that come late are waited for, too: L1D 4, DRAM 10 here: x = 6.
static void during_the_wait_for_data(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){4, 2, 4};
  config.data.cache = DATA_CACHE_TIMED;
  for (int listen = 0; listen < 2; listen++) {
    build(listen);
    warm();
    struct ref refs[] = {reference('R', 0), reference('X', 0), reference('R', 0)};
    refs[0].va += 0x840;
    struct play p = {.until = UINT64_MAX, .answers = answers};
    uint64_t first = rig_now(&rig);
    rig.engine->ops->play(rig.engine->self, refs, 3, &p);
    assert_int_equal(answers[0].data, 6);
    assert_int_equal(answers[1].accept - first, 1);
    assert_int_equal(answers[2].accept - first, 7);
    assert_int_equal(rig_now(&rig) - first, 8);
    rig_destroy(&rig);
  }
}

static struct play faulting(const char* stream, uint64_t absent, uint64_t cycles, bool listen) {
  build(listen);
  warm();
  rig_map_32bit(&rig, absent, 0);
  struct play p = {.until = UINT64_MAX};
  assert_int_equal(play(stream, &p), cycles);
  assert_int_equal(p.stop, PLAY_FAULT);
  return p;
}

// The read faults in 24. The fetch that missed in 2 walks 25-47 all the same, is dropped, and would be fetched again.
static void what_ran_ahead_of_a_fault_is_dropped(void** state) {
  (void)state;
  for (int listen = 0; listen < 2; listen++) {
    struct play p = faulting("XrxR", COLD + 0x1000, 48, listen);
    assert_int_equal(p.done, 1);
    assert_int_equal(p.fault.cr2, COLD + 0x1000);
    struct counters c = rig_counters(&rig);
    assert_int_equal(c.parts[ACCESS_FETCH], 3);
    assert_int_equal(c.refs, 3);
    assert_int_equal(c.itlb.fills, 2);
    rig_destroy(&rig);
    // A hit that ran ahead was over long ago.
    p = faulting("XrXR", COLD + 0x1000, 25, listen);
    assert_int_equal(p.done, 1);
    rig_destroy(&rig);
  }
}

// The fetch faults in 47; the older read has been answered: then it counts. A fault that ran ahead of a fault is
// dropped.
static void a_fault_that_ran_ahead_waits_its_turn(void** state) {
  (void)state;
  for (int listen = 0; listen < 2; listen++) {
    struct play p = faulting("XrRxR", COLD + 0x3000, 48, listen);
    assert_int_equal(p.done, 3);
    assert_int_equal(p.fault.cr2, COLD + 0x3000);
    rig_destroy(&rig);
    build(listen);
    warm();
    rig_map_32bit(&rig, COLD + 0x1000, 0);
    rig_map_32bit(&rig, COLD + 0x2000, 0);
    p = (struct play){.until = UINT64_MAX};
    play("XrxR", &p);
    assert_int_equal(p.done, 1);
    assert_int_equal(p.fault.cr2, COLD + 0x1000);
    assert_int_equal(rig_counters(&rig).faults_pf, 2);
    rig_destroy(&rig);
  }
}

// Nothing is issued in or after `until`; a fetch that ran ahead of a reference that is not issued any more is dropped.
static void until(void** state) {
  (void)state;
  static const struct {
    const char* stream;
    uint64_t until;
    size_t done;
    uint64_t cycles;
    bool ahead;  // did it run?
  } cases[] = {
      {"XrX", 1, 1, 1, false},  {"XrX", 2, 2, 25, false}, {"XrX", 3, 3, 25, true},
      {"XrRX", 3, 2, 25, true}, {"XrRx", 3, 2, 48, true}, {"Xrx", 3, 3, 48, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int listen = 0; listen < 2; listen++) {
      build(listen);
      warm();
      struct play p = {.until = rig_now(&rig) + cases[i].until};
      uint64_t fetches = rig_counters(&rig).parts[ACCESS_FETCH];
      uint64_t cycles = play(cases[i].stream, &p);
      if (p.done != cases[i].done || cycles != cases[i].cycles)
        fail_msg("case %zu: %zu done in %d cycles", i, p.done, (int)cycles);
      assert_int_equal(p.stop, p.done == strlen(cases[i].stream) ? PLAY_END : PLAY_UNTIL);
      assert_int_equal(rig_counters(&rig).parts[ACCESS_FETCH] - fetches, 1 + cases[i].ahead);
      rig_destroy(&rig);
    }
  }
}

// A fetch that crosses: its second part goes right after the first's answer, unless it has been dropped by then. The
// read is accepted in 0, its walk takes 1-23, the first part's 24-46, the second part's 48-70.
static void parts_of_a_fetch_that_ran_ahead(void** state) {
  (void)state;
  for (int fault = 0; fault < 2; fault++) {
    build(true);
    struct ref refs[] = {reference('r', 0x403000), reference('x', 0x404ffe)};
    refs[1].size = 4;
    if (fault) rig_map_32bit(&rig, 0x403000, 0);
    struct play p = {.until = UINT64_MAX, .answers = answers};
    uint64_t first = rig_now(&rig);
    rig.engine->ops->play(rig.engine->self, refs, 2, &p);
    assert_int_equal(p.done, fault ? 0 : 2);
    assert_int_equal(rig_now(&rig) - first, fault ? 47 : 71);
    assert_int_equal(rig_counters(&rig).parts[ACCESS_FETCH], fault ? 1 : 2);
    rig_destroy(&rig);
  }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
static const struct CMUnitTest tests[] = {
    TEST(hits_are_as_in_the_serial_core),
    TEST(a_fetch_runs_ahead_of_data_that_wait),
    TEST(by_one_instruction),
    TEST(during_any_of_the_instructions_data),
    TEST(a_miss_that_ran_ahead_waits_for_the_walker),
    TEST(two_walkers_overlap),
    TEST(what_ran_ahead_may_delay_what_is_older),
    TEST(during_the_wait_for_data),
    TEST(what_ran_ahead_of_a_fault_is_dropped),
    TEST(a_fault_that_ran_ahead_waits_its_turn),
    TEST(until),
    TEST(parts_of_a_fetch_that_ran_ahead),
};
TEST_MAIN(tests)
