// SPDX-License-Identifier: MIT
// Who runs when: round robin, the quantum, sleep, the disk; and what a switch does to the TLB.
#include <string.h>

#include "check.h"
#include "firmware/runner.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct runner runner;

enum { YIELD = 158, SLEEP = 162 };
static const uint32_t D = RUN_DATA;

static void boot(const struct kernel_params* params, const struct runner_step* a, const struct runner_step* b,
                 const struct runner_step* c) {
  runner_boot(&runner, params, (const struct runner_step*[]){a, b, c, NULL});
  for (unsigned i = 0; i < runner.params.program_count; i++) runner_start(&runner, i);
}

// ---------------------------------------------------------------------------------------------------------------------
// Turns

static void programs_take_turns_in_the_order_of_their_start(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_LOGS, {1}},     {RUN_CALL, {YIELD}}, {RUN_EAX, {0}}, {RUN_LOGS, {2}},
                                  {RUN_CALL, {YIELD}}, {RUN_LOGS, {3}},     {RUN_EXIT, {0}}};
  const struct runner_step c[] = {{RUN_LOGS, {1}}, {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 0}, a, a, c);
  runner_run(&runner);
  runner_expect_log(&runner, (const uint32_t[][2]){{1, 1}, {2, 1}, {3, 1}, {1, 2}, {2, 2}, {1, 3}, {2, 3}, {0, 0}});
  runner_end(&runner);
}

static void without_a_quantum_a_program_runs_until_it_waits(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_SPIN, {1000000}}, {RUN_LOGS, {1}}, {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 0}, a, a, NULL);
  runner_run(&runner);
  runner_expect_log(&runner, (const uint32_t[][2]){{1, 1}, {2, 1}, {0, 0}});
  assert_int_equal(runner_stats(&runner).interrupts, 0);
  assert_int_equal(runner_stats(&runner).switches, 2);
  runner_end(&runner);
}

// Programs that do nothing but run: each has the processor for a quantum, then the next one.
static void a_quantum_ends_a_turn(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_SPIN, {99}}, {RUN_LOGS, {7}}, {RUN_GO, {0}}};
  const uint64_t quantum = 5000;
  boot(&(struct kernel_params){.quantum = quantum}, a, a, a);
  runner_run_steps(&runner, 3000);
  int pid = 1;
  uint64_t since = 0;
  unsigned turns = 0;
  for (unsigned i = 1; i < runner.logged; i++) {
    if (runner.log[i].pid == runner.log[i - 1].pid) continue;
    uint64_t turn = runner.log[i].cycle - since;
    if (turns > 2) assert_true(turn >= quantum - 100 && turn <= quantum + 400);  // a step, and the kernel's work
    since = runner.log[i].cycle;
    pid = pid % 3 + 1;
    assert_int_equal(runner.log[i].pid, pid);
    turns++;
  }
  assert_true(turns > 15);
  assert_int_equal(runner_stats(&runner).interrupts, turns);
  assert_int_equal(runner_stats(&runner).switches, turns + 1);
  const struct process* first = process_find(runner.kernel, 1);
  assert_int_equal(first->switches, 1 + turns / 3);
  runner_destroy(&runner);
}

static void the_time_in_the_kernel_is_not_the_programs(void** state) {
  (void)state;
  const struct runner_step calls[] = {{RUN_CALL, {20}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.quantum = 100000}, calls, NULL, NULL);
  runner_run_steps(&runner, 400);
  const struct process* process = process_find(runner.kernel, 1);
  assert_int_equal(process->calls, 200);
  assert_true(process->cycles > 0 && process->cycles < 200 * 100);  // the kernel alone works 100 a call
  assert_int_equal(runner_stats(&runner).interrupts, 0);
  runner_destroy(&runner);
}

static void who_is_alone_goes_on(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_SPIN, {1000}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.quantum = 1000}, a, NULL, NULL);
  runner_run_steps(&runner, 100);
  assert_true(runner_stats(&runner).interrupts > 20);
  assert_int_equal(runner_stats(&runner).switches, 1);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_SWITCH), 1);
  runner_destroy(&runner);
}

static void any_quantum_lets_programs_finish(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_STORE, {D, 1}}, {RUN_STORE, {D + 0x1000, 2}}, {RUN_STORE, {D + 0x2000, 3}},
                                  {RUN_CHECK, {D, 1}}, {RUN_CHECK, {D + 0x1000, 2}}, {RUN_CHECK, {D + 0x2000, 3}},
                                  {RUN_EXIT, {0}}};
  for (uint64_t quantum = 1; quantum < 3000; quantum = quantum * 3 + 1) {
    boot(&(struct kernel_params){.quantum = quantum, .frames = 23}, a, a, a);
    runner_run(&runner);
    for (int pid = 1; pid <= 3; pid++) assert_int_equal(runner_status(&runner, pid), 0);
    runner_end(&runner);
  }
}

// Registers lie in memory while another program runs: also when that one, once entered, has to wait at once.
static void registers_survive_every_switch(void** state) {
  (void)state;
  enum { TURNS = 400, PAGES = 9 };
  struct runner_step a[2 * TURNS + 1], b[2 + 2 * PAGES];
  for (uint32_t i = 0; i < TURNS; i++) {
    a[2 * i] = (struct runner_step){RUN_LOGS, {i}};
    a[2 * i + 1] = (struct runner_step){RUN_CALL, {YIELD}};
  }
  a[2 * TURNS] = (struct runner_step){RUN_EXIT, {0}};
  b[0] = (struct runner_step){RUN_CALL, {45, RUN_HEAP + PAGES * 0x1000}};
  for (uint32_t i = 0; i < PAGES; i++) {
    b[1 + 2 * i] = (struct runner_step){RUN_STORE, {RUN_HEAP + i * 0x1000, i}};
    b[2 + 2 * i] = (struct runner_step){RUN_CALL, {YIELD}};
  }
  b[1 + 2 * PAGES] = (struct runner_step){RUN_GO, {1}};
  boot(&(struct kernel_params){.frames = 15}, a, b, NULL);
  while (process_find(runner.kernel, 1)) runner_run_steps(&runner, 1);
  assert_int_equal(runner.logged, TURNS);
  for (uint32_t i = 0; i < TURNS; i++) assert_int_equal(runner.log[i].what, i);
  assert_true(fake_noted(&runner.fake, HAL_NOTE_BLOCK) > 10);
  runner_destroy(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// Sleep

static void sleepers_wake_in_the_order_of_their_times(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_STORE, {D, 0}},    {RUN_STORE, {D + 4, 900000}},
                                  {RUN_CALL, {SLEEP, D}}, {RUN_EAX, {0}},
                                  {RUN_LOGS, {1}},        {RUN_EXIT, {0}}};
  const struct runner_step b[] = {{RUN_STORE, {D, 0}},    {RUN_STORE, {D + 4, 300000}},
                                  {RUN_CALL, {SLEEP, D}}, {RUN_EAX, {0}},
                                  {RUN_LOGS, {1}},        {RUN_EXIT, {0}}};
  const struct runner_step c[] = {{RUN_STORE, {D, 0}},    {RUN_STORE, {D + 4, 600000}},
                                  {RUN_CALL, {SLEEP, D}}, {RUN_EAX, {0}},
                                  {RUN_LOGS, {1}},        {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.mhz = 100}, a, b, c);
  runner_run(&runner);
  runner_expect_log(&runner, (const uint32_t[][2]){{2, 1}, {3, 1}, {1, 1}, {0, 0}});
  static const uint64_t cycles[] = {30000, 60000, 90000};  // of 10 ns
  for (unsigned i = 0; i < 3; i++)
    assert_true(runner.log[i].cycle >= cycles[i] && runner.log[i].cycle < cycles[i] + 5000);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_BLOCK), 3);
  assert_int_equal(fake_note(&runner.fake, HAL_NOTE_BLOCK, 0)->b, HAL_BLOCKED_SLEEP);
  runner_end(&runner);
}

static void a_sleeper_is_woken_while_another_runs(void** state) {
  (void)state;
  const struct runner_step sleeps[] = {
      {RUN_STORE, {D, 0}}, {RUN_STORE, {D + 4, 20000}}, {RUN_CALL, {SLEEP, D}}, {RUN_LOGS, {1}}, {RUN_EXIT, {0}}};
  const struct runner_step runs[] = {{RUN_SPIN, {100}}, {RUN_LOGS, {2}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.quantum = 3000}, sleeps, runs, NULL);
  runner_run_steps(&runner, 2000);
  unsigned at = 0;
  while (at < runner.logged && runner.log[at].what != 1) at++;
  assert_true(at < runner.logged);
  assert_true(runner.log[at].cycle >= 20000 && runner.log[at].cycle < 20000 + 2 * 3000 + 2000);
  runner_destroy(&runner);
}

static void times_that_are_none_are_refused(void** state) {
  (void)state;
  const struct runner_step a[] = {
      {RUN_STORE, {D, 0}},     {RUN_STORE, {D + 4, 1000000000}}, {RUN_CALL, {SLEEP, D}}, {RUN_EAX, {(uint32_t)-22}},
      {RUN_STORE, {D + 4, 0}}, {RUN_STORE, {D, 0x80000000}},     {RUN_CALL, {SLEEP, D}}, {RUN_EAX, {(uint32_t)-22}},
      {RUN_STORE, {D, 0}},     {RUN_CALL, {SLEEP, D}},           {RUN_EAX, {0}},         {RUN_EXIT, {0}},
  };
  boot(&(struct kernel_params){.frames = 0}, a, NULL, NULL);
  runner_run(&runner);
  assert_int_equal(runner_status(&runner, 1), 0);
  runner_end(&runner);
}

static void clocks_count_from_reset(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_SPIN, {7000000}}, {RUN_CALL, {13, 0}}, {RUN_EAX, {3}}, {RUN_CALL, {265, 0, D}},
                                  {RUN_EAX, {0}},        {RUN_CHECK, {D, 3}}, {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.mhz = 2}, a, NULL, NULL);
  runner_run_steps(&runner, 3);
  uint64_t before = runner.fake.now;
  while (runner.context.eip < RUN_TEXT + 2 * 4) runner_run_steps(&runner, 1);
  uint32_t nanoseconds = runner_peek(&runner, 1, D + 4);
  assert_int_equal(nanoseconds % 500, 0);  // a cycle
  assert_true((uint64_t)3000000 * 2 + nanoseconds / 500 >= before && nanoseconds < 1000000000);
  runner_run(&runner);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// The disk

// While one waits for the disk, the other runs.
static void others_run_while_one_waits_for_the_disk(void** state) {
  (void)state;
  enum { PAGES = 10 };
  struct runner_step a[40] = {{RUN_CALL, {45, RUN_HEAP + PAGES * 0x1000}}};
  unsigned n = 1;
  for (uint32_t i = 0; i < PAGES; i++) a[n++] = (struct runner_step){RUN_STORE, {RUN_HEAP + i * 0x1000, i}};
  for (uint32_t i = 0; i < PAGES; i++) a[n++] = (struct runner_step){RUN_CHECK, {RUN_HEAP + i * 0x1000, i}};
  a[n++] = (struct runner_step){RUN_LOGS, {1}};
  a[n++] = (struct runner_step){RUN_EXIT, {0}};
  const struct runner_step b[] = {{RUN_SPIN, {100}}, {RUN_LOGS, {2}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.frames = 15, .quantum = 3000}, a, b, NULL);
  unsigned meanwhile = 0;  // steps of the other while the first is blocked
  while (process_find(runner.kernel, 1) && meanwhile < 20) {
    runner_run_steps(&runner, 1);
    meanwhile += process_find(runner.kernel, 1) && process_find(runner.kernel, 1)->state == KERNEL_BLOCKED &&
                 runner.kernel->scheduler.running == process_find(runner.kernel, 2);
  }
  assert_int_equal(meanwhile, 20);
  while (process_find(runner.kernel, 1)) runner_run_steps(&runner, 1);
  const struct kernel_stats stats = runner_stats(&runner);
  assert_true(stats.faults_major >= 5);
  assert_int_equal(runner_status(&runner, 1), 0);
  assert_int_equal(runner.next, KERNEL_RUN);
  runner_destroy(&runner);
}

// A program can be started when memory is full of what others have written: it gets its place when the disk has it.
static void a_start_waits_for_memory(void** state) {
  (void)state;
  enum { PAGES = 8 };
  struct runner_step a[40] = {{RUN_CALL, {45, RUN_HEAP + PAGES * 0x1000}}};
  unsigned n = 1;
  for (uint32_t i = 0; i < PAGES; i++) a[n++] = (struct runner_step){RUN_STORE, {RUN_HEAP + i * 0x1000, i}};
  a[n++] = (struct runner_step){RUN_LOGS, {1}};
  for (uint32_t i = 0; i < PAGES; i++) a[n++] = (struct runner_step){RUN_CHECK, {RUN_HEAP + i * 0x1000, i}};
  a[n++] = (struct runner_step){RUN_EXIT, {0}};
  const struct runner_step b[] = {{RUN_CHECK, {D, runner_word(D)}}, {RUN_EXIT, {0}}};
  runner_boot(&runner, &(struct kernel_params){.frames = 15, .quantum = 1000},
              (const struct runner_step*[]){a, b, NULL});
  runner_start(&runner, 0);
  while (runner.logged == 0) runner_run_steps(&runner, 1);
  assert_int_equal(runner_stats(&runner).frames_free, 0);
  int pid = runner_start(&runner, 1);
  assert_int_equal(process_find(runner.kernel, pid)->state, KERNEL_BLOCKED);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_EXEC), 1);
  runner_run(&runner);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_EXEC), 2);
  assert_int_equal(runner_status(&runner, 1), 0);
  assert_int_equal(runner_status(&runner, pid), 0);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// What a switch does to the TLB

static const struct runner_step* pages_program(void) {
  // Its own data in three pages, written and checked over and over with turns in between, and more pages than fit.
  static struct runner_step a[64];
  unsigned n = 0;
  a[n++] = (struct runner_step){RUN_CALL, {45, RUN_HEAP + 0x6000}};
  a[n++] = (struct runner_step){RUN_CALL, {20}};
  for (uint32_t i = 0; i < 6; i++) a[n++] = (struct runner_step){RUN_KEEP, {RUN_HEAP + i * 0x1000}};
  for (unsigned round = 0; round < 3; round++) {
    a[n++] = (struct runner_step){RUN_CALL, {YIELD}};
    for (uint32_t i = 0; i < 6; i++) a[n++] = (struct runner_step){RUN_SAME, {RUN_HEAP + i * 0x1000, 0}};
  }
  a[n++] = (struct runner_step){RUN_EXIT, {0}};
  return a;
}

static void every_tagging_keeps_address_spaces_apart(void** state) {
  (void)state;
  const struct runner_step* a = pages_program();
  for (enum kernel_tagging tagging = KERNEL_TAG_GLOBAL; tagging <= KERNEL_TAG_PCID; tagging++) {
    for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
      if (tagging == KERNEL_TAG_PCID && paging < KERNEL_PAGING_4LEVEL) continue;
      for (unsigned frames = 35; frames <= 60; frames += 5) {
        boot(&(struct kernel_params){.paging = paging, .tagging = tagging, .frames = frames, .quantum = 2000}, a, a, a);
        runner_run(&runner);
        for (int pid = 1; pid <= 3; pid++) assert_int_equal(runner_status(&runner, pid), 0);
        runner_end(&runner);
      }
    }
  }
}

static bool is_global(const struct runner* r, uint64_t va) {
  uint64_t entry_pa, table = r->kernel->root;
  const struct table_format* format = r->kernel->format;
  for (unsigned level = format->levels;; level--) {
    entry_pa = table_entry_address(format, table, level, va);
    uint64_t entry = fake_word(&r->fake, entry_pa, format->entry_bytes);
    if (entry & PTE_PS || level == 1) return entry & PTE_G;
    table = PTE_ADDR(entry);
  }
}

static void tagging_decides_what_a_switch_drops(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_CALL, {YIELD}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.paging = KERNEL_PAGING_4LEVEL, .tagging = KERNEL_TAG_GLOBAL}, a, a, NULL);
  runner_run_steps(&runner, 20);
  uint32_t life = runner.fake.life[0], global = runner.fake.global_life;
  assert_true(is_global(&runner, runner.kernel->format->kernel_base));
  runner_run_steps(&runner, 20);
  assert_true(runner.fake.life[0] > life + 5);
  assert_int_equal(runner.fake.global_life, global);
  assert_true(runner.fake.registers[HAL_CR4] & CR4_PGE);
  runner_destroy(&runner);

  boot(&(struct kernel_params){.paging = KERNEL_PAGING_4LEVEL, .tagging = KERNEL_TAG_FLUSH}, a, a, NULL);
  runner_run_steps(&runner, 20);
  assert_false(is_global(&runner, runner.kernel->format->kernel_base));
  assert_int_equal(runner.fake.registers[HAL_CR4] & CR4_PGE, 0);
  runner_destroy(&runner);

  boot(&(struct kernel_params){.paging = KERNEL_PAGING_4LEVEL, .tagging = KERNEL_TAG_PCID}, a, a, NULL);
  runner_run_steps(&runner, 20);
  assert_true(runner.fake.registers[HAL_CR4] & CR4_PCIDE);
  uint32_t lives[3];
  uint64_t writes = runner.fake.cr3_writes;
  memcpy(lives, runner.fake.life, sizeof lives);
  runner_run_steps(&runner, 20);
  assert_true(runner.fake.cr3_writes > writes + 5);
  assert_memory_equal(lives, runner.fake.life, sizeof lives);
  assert_int_equal(runner.fake.registers[HAL_CR3] & 0xfff, runner.kernel->scheduler.running->pid);
  runner_destroy(&runner);
}

// A slot's next process must not meet what the TLB keeps of the one before it.
static void a_pcid_is_cleaned_before_it_is_used_again(void** state) {
  (void)state;
  const struct runner_step once[] = {{RUN_CALL, {20}}, {RUN_KEEP, {D}}, {RUN_SAME, {D}}, {RUN_EXIT, {0}}};
  runner_boot(&runner, &(struct kernel_params){.paging = KERNEL_PAGING_4LEVEL, .tagging = KERNEL_TAG_PCID},
              (const struct runner_step*[]){once, NULL});
  for (int round = 1; round <= 5; round++) {
    assert_int_equal(runner_start(&runner, 0), round);
    assert_int_equal(runner.fake.invpcids, round - 1);
    runner.next = KERNEL_IDLE;
    runner_run(&runner);
    assert_int_equal(runner_status(&runner, round), 0);
  }
  assert_int_equal(runner_stats(&runner).invpcids, 4);
  runner_end(&runner);
}

static void tagging_that_the_mode_has_not_is_refused(void** state) {
  (void)state;
  static const struct {
    struct kernel_params params;
    const char* why;
  } cases[] = {
      {{.paging = KERNEL_PAGING_32BIT, .tagging = KERNEL_TAG_PCID}, "4- and 5-level paging only"},
      {{.paging = KERNEL_PAGING_PAE, .tagging = KERNEL_TAG_PCID}, "4- and 5-level paging only"},
      {{.paging = KERNEL_PAGING_32BIT, .sharing = KERNEL_SHARINGS}, "no such way of sharing"},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct fake_hal fake;
    void* arena;
    struct kernel_params params = cases[i].params;
    params.maxphyaddr = 40;
    params.frames = 256;
    params.global_pages = true;
    assert_null(fake_boot_with(&fake, &arena, &params));
    if (!strstr(fake.panic, cases[i].why)) fail_msg("%s", fake.panic);
    fake_destroy(&fake);
    free(arena);
  }
}

static void switches_cost_what_loading_cr3_costs(void** state) {
  (void)state;
  const struct runner_step a[] = {{RUN_CALL, {YIELD}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.frames = 0}, a, a, NULL);
  runner_run_steps(&runner, 10);
  runner.fake.register_cycles = 30;
  uint64_t before = runner_stats(&runner).switch_cycles, count = runner_stats(&runner).switches;
  runner_run_steps(&runner, 40);
  assert_int_equal(runner_stats(&runner).switch_cycles - before,
                   (30 + 2) * (runner_stats(&runner).switches - count));  // CR3, and both control blocks
  runner_destroy(&runner);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(programs_take_turns_in_the_order_of_their_start),
    cmocka_unit_test(without_a_quantum_a_program_runs_until_it_waits),
    cmocka_unit_test(a_quantum_ends_a_turn),
    cmocka_unit_test(the_time_in_the_kernel_is_not_the_programs),
    cmocka_unit_test(who_is_alone_goes_on),
    cmocka_unit_test(any_quantum_lets_programs_finish),
    cmocka_unit_test(registers_survive_every_switch),
    cmocka_unit_test(sleepers_wake_in_the_order_of_their_times),
    cmocka_unit_test(a_sleeper_is_woken_while_another_runs),
    cmocka_unit_test(times_that_are_none_are_refused),
    cmocka_unit_test(clocks_count_from_reset),
    cmocka_unit_test(others_run_while_one_waits_for_the_disk),
    cmocka_unit_test(a_start_waits_for_memory),
    cmocka_unit_test(every_tagging_keeps_address_spaces_apart),
    cmocka_unit_test(tagging_decides_what_a_switch_drops),
    cmocka_unit_test(a_pcid_is_cleaned_before_it_is_used_again),
    cmocka_unit_test(tagging_that_the_mode_has_not_is_refused),
    cmocka_unit_test(switches_cost_what_loading_cr3_costs),
};

TEST_MAIN(tests)
