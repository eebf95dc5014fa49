// SPDX-License-Identifier: MIT
// Memory that answers with an error: at every command of every walk, in every mode. The access answers FAULT_BUS in the
// cycle in which the command would have been done with, nothing is filled, and the next access goes as if nothing had
// been (docs/timing.md, finer point 13).
#include <string.h>

#include "check.h"
#include "machine/ram.h"
#include "script/bench.h"
#include "small.h"

// A memory that refuses its n-th command.
struct bad_memory {
  struct memory_bus ram;
  uint64_t commands, refused;
};

static bool bad_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  struct bad_memory* m = ctx;
  return m->commands++ != m->refused && m->ram.read(m->ram.ctx, pa, size, value);
}

static bool bad_cas(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  struct bad_memory* m = ctx;
  return m->commands++ != m->refused && m->ram.cas(m->ram.ctx, pa, size, expected, desired, swapped);
}

struct world {
  struct bad_memory memory[2];
  struct ram* ram[2];
  struct engine* engine;
};

enum { START = 1, STEP = 1, CAS = 4, DRAM = 10 };

static void begin(struct world* w, enum engine_kind kind) {
  struct config config;
  struct error err;
  struct memory_bus bus[2];
  small_machine(&config);
  config.walk.start = START;
  config.walk.step = STEP;
  config.walk.cas = CAS;
  config.dram.latency = DRAM;
  for (int i = 0; i < 2; i++) {
    w->ram[i] = ram_create(1 << 20);
    w->memory[i] = (struct bad_memory){.ram = ram_bus(w->ram[i]), .refused = UINT64_MAX};
    bus[i] = (struct memory_bus){.ctx = &w->memory[i], .read = bad_read, .cas = bad_cas};
  }
  ram_mirror(w->ram[0], w->ram[1]);
  w->engine = engine_create(kind, &config, bus[0], kind == ENGINE_BOTH ? &bus[1] : NULL, false, &err);
  if (!w->engine) fail_msg("%s", err.text);
}

static void end(struct world* w) {
  engine_destroy(w->engine);
  ram_destroy(w->ram[0]);
  ram_destroy(w->ram[1]);
}

static void refuse(struct world* w, uint64_t nth) {
  for (int i = 0; i < 2; i++) w->memory[i] = (struct bad_memory){.ram = w->memory[i].ram, .refused = nth};
}

static bool put(struct world* w, enum control_op op, uint64_t value) {
  struct control control = {.op = (uint8_t)op, .value = value};
  return engine_control(w->engine, &control);
}

static struct answer write_to(struct world* w, uint64_t va) {
  struct ref ref = {.va = va, .size = 1, .kind = ACCESS_WRITE};
  struct answer answer;
  struct play play = {.until = UINT64_MAX, .answers = &answer};
  engine_play(w->engine, &ref, 1, &play);
  const char* report = "";
  if (!engine_agrees(w->engine, &report)) fail_msg("%s", report);
  return play.stop == PLAY_FAULT ? play.fault : answer;
}

static bool nothing_is_cached(struct world* w) {
  size_t entries = 0;
  for (int array = 0; array < ARRAY_COUNT; array++) entries += engine_dump(w->engine, (enum tlb_array)array, NULL, 0);
  return entries == 0;
}

// The first page of each table, level by level from CR3; A and D clear everywhere. Returns how many levels a walk
// reads.
static unsigned map_first_page(struct world* w, enum paging_mode mode) {
  static const unsigned levels[MODE_COUNT] = {0, 2, 2, 4, 5};
  unsigned n = levels[mode], size = mode == MODE_32BIT ? 4 : 8;
  for (unsigned level = n; level >= 1; level--)
    ram_write_word(w->ram[0], (uint64_t)level << 12, size, ((uint64_t)(level - 1) << 12) | (level == 1 ? 0x9003 : 3));
  if (mode == MODE_PAE) ram_write_word(w->ram[0], 0x6000, 8, 0x2001);
  return n;
}

static void turn_on(struct world* w, enum paging_mode mode, unsigned levels) {
  assert_true(put(w, CONTROL_CR4, (mode != MODE_32BIT ? 0x20 : 0) | (mode == MODE_5LEVEL ? 0x1000 : 0)));
  assert_true(put(w, CONTROL_EFER, mode >= MODE_4LEVEL ? 0x100 : 0));
  assert_true(put(w, CONTROL_CR3, mode == MODE_PAE ? 0x6000 : (uint64_t)levels << 12));
  assert_true(put(w, CONTROL_CR0, 0x80000011));
}

// Cycles until the walk's n-th command is done with: first a read for each level, then a swap.
static uint64_t cycles_until(unsigned levels, unsigned nth) {
  unsigned reads = nth < levels ? nth + 1 : levels, swaps = nth + 1 - reads;
  return 1 + START + reads * (DRAM + STEP) + (uint64_t)swaps * (DRAM + CAS);
}

static void every_command_can_fail(enum engine_kind kind) {
  for (enum paging_mode mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    for (unsigned nth = 0;; nth++) {
      struct world w;
      struct counters counters;
      begin(&w, kind);
      unsigned levels = map_first_page(&w, mode);
      turn_on(&w, mode, levels);
      refuse(&w, nth);
      struct answer answer = write_to(&w, 0x123);
      bool failed = nth < 2 * levels;
      assert_int_equal(answer.fault, failed ? FAULT_BUS : FAULT_NONE);
      if (failed) {
        assert_int_equal(answer.cycle - answer.accept + 1, cycles_until(levels, nth));
        assert_true(nothing_is_cached(&w));
        assert_int_equal(answer.cr2 | answer.pa | answer.error, 0);
      }
      answer = write_to(&w, 0x123);
      assert_int_equal(answer.fault, FAULT_NONE);
      assert_int_equal(answer.pa, 0x9123);
      assert_int_equal(answer.path, failed ? PATH_WALK : PATH_L1);
      engine_counters(w.engine, &counters);
      assert_int_equal(counters.faults_pf + counters.faults_gp, 0);
      assert_int_equal(counters.dtlb.fills, 1);
      end(&w);
      if (!failed) break;
    }
  }
}

static void a_load_of_pdptes_can_fail(enum engine_kind kind) {
  struct world w;
  uint64_t before[5], after[5], pdptes[4];
  begin(&w, kind);
  turn_on(&w, MODE_PAE, map_first_page(&w, MODE_PAE));
  engine_registers(w.engine, before, pdptes);
  refuse(&w, 0);
  assert_false(put(&w, CONTROL_CR3, 0x7000));
  engine_registers(w.engine, after, pdptes);
  assert_memory_equal(before, after, sizeof before);
  assert_int_equal(pdptes[0], 0x2001);
  assert_int_equal(write_to(&w, 0x123).pa, 0x9123);
  end(&w);
}

// Two ports, one walker: an error of the first must not take the second along, nor keep it waiting.
static void the_other_port_goes_on(enum engine_kind kind) {
  struct world w;
  begin(&w, kind);
  turn_on(&w, MODE_32BIT, map_first_page(&w, MODE_32BIT));
  refuse(&w, 1);
  struct ref fetch = {.va = 0x10, .size = 1, .kind = ACCESS_FETCH}, data = {.va = 0x20, .size = 1, .kind = ACCESS_READ};
  struct tick_in in = {.part = {[PORT_FETCH] = &fetch, [PORT_DATA] = &data}};
  struct tick_out out;
  struct answer answer[PORT_COUNT] = {{.cycle = 0}};
  unsigned answers = 0;
  for (uint64_t now = engine_now(w.engine); answers < 2; now = out.next) {
    assert_true(now != UINT64_MAX);
    engine_tick(w.engine, now, &in, &out);
    for (int port = 0; port < PORT_COUNT; port++) {
      if (out.accepted[port]) in.part[port] = NULL;
      if (!out.answered[port]) continue;
      answer[port] = out.answer[port];
      answers++;
    }
  }
  assert_int_equal(answer[PORT_FETCH].fault, FAULT_BUS);
  assert_int_equal(answer[PORT_DATA].fault, FAULT_NONE);
  assert_int_equal(answer[PORT_DATA].pa, 0x9020);
  end(&w);
}

#define ON_EACH_ENGINE(test)                                                         \
  static void test##_on_the_model(void** state) { (void)state, test(ENGINE_MODEL); } \
  static void test##_on_both(void** state) { (void)state, test(ENGINE_BOTH); }
ON_EACH_ENGINE(every_command_can_fail)
ON_EACH_ENGINE(a_load_of_pdptes_can_fail)
ON_EACH_ENGINE(the_other_port_goes_on)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_command_can_fail_on_the_model),    cmocka_unit_test(every_command_can_fail_on_both),
    cmocka_unit_test(a_load_of_pdptes_can_fail_on_the_model), cmocka_unit_test(a_load_of_pdptes_can_fail_on_both),
    cmocka_unit_test(the_other_port_goes_on_on_the_model),    cmocka_unit_test(the_other_port_goes_on_on_both)};
TEST_MAIN(tests)
