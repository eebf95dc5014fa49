// SPDX-License-Identifier: MIT
// Processes that make, replace, await and kill each other.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "firmware/runner.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct runner runner;

enum { FORK = 2, WAIT = 7, EXEC = 11, KILL = 37, YIELD = 158, SLEEP = 162, NO_HANG = 1 };
#define NO(error) ((uint32_t) - (error))
static const uint32_t D = RUN_DATA, ANY = (uint32_t)-1, STACK = 0xbfffff00;

static void boot(const struct kernel_params* params, const struct runner_step* a, const struct runner_step* b) {
  runner_boot(&runner, params, (const struct runner_step*[]){a, b, NULL});
}

// Runs program 0 to its end, exit(0), and all its family.
static void family_in(const struct kernel_params* params, const struct runner_step* a, const struct runner_step* b) {
  struct kernel_end end;
  boot(params, a, b);
  int pid = runner_start(&runner, 0);
  runner_run(&runner);
  assert_true(kernel_first_end(runner.kernel, &end));
  if (runner_status(&runner, pid) != 0) fail_msg("it ended by %d: %s", end.code, end.reason);
}

static void family(const struct runner_step* a, const struct runner_step* b) {
  family_in(&(struct kernel_params){.frames = 0}, a, b);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// fork

static void a_child_has_what_its_parent_has(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_STACK, {STACK}},
      {RUN_STORE, {D, 1}},
      {RUN_STORE, {STACK, 2}},
      {RUN_CALL, {45, RUN_HEAP + 0x2000}},
      {RUN_STORE, {RUN_HEAP + 0x1000, 3}},
      {RUN_CHECK, {D + 0x1000, runner_word(D + 0x1000)}},  // there, but as the file has it
      {RUN_CALL, {FORK}},
      {RUN_ZERO, {20}},
      // The parent, 8:
      {RUN_EAX, {2}},
      {RUN_STORE, {D, 11}},
      {RUN_STORE, {STACK, 12}},
      {RUN_CALL, {WAIT, 2, D + 8, 0}},
      {RUN_EAX, {2}},
      {RUN_CHECK, {D + 8, 5 << 8}},
      {RUN_CHECK, {D, 11}},
      {RUN_CHECK, {STACK, 12}},
      {RUN_CHECK, {RUN_HEAP + 0x1000, 3}},
      {RUN_CHECK, {D + 0x3000, 0}},
      {RUN_EXIT, {0}},
      {RUN_EXIT, {99}},
      // The child, 20:
      {RUN_CALL, {20}},
      {RUN_EAX, {2}},
      {RUN_CALL, {64}},
      {RUN_EAX, {1}},
      {RUN_CHECK, {D, 1}},
      {RUN_CHECK, {STACK, 2}},
      {RUN_CHECK, {RUN_HEAP + 0x1000, 3}},
      {RUN_CHECK, {RUN_HEAP, 0}},
      {RUN_CHECK, {D + 0x1000, runner_word(D + 0x1000)}},
      {RUN_CHECK, {D + 0x3000, 0}},
      {RUN_STORE, {D + 0x3000, 77}},
      {RUN_STORE, {D, 21}},
      {RUN_STORE, {RUN_HEAP + 0x1000, 23}},
      {RUN_CALL, {45, 0}},
      {RUN_EAX, {RUN_HEAP + 0x2000}},
      {RUN_STACK, {STACK - 0x10000}},  // its stack grows, too
      {RUN_STORE, {STACK - 0x10000, 1}},
      {RUN_EXIT, {5}},
  };
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    family_in(&(struct kernel_params){.paging = paging}, steps, NULL);
    assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_FORK), 1);
    const struct hal_note* note = fake_note(&runner.fake, HAL_NOTE_FORK, 0);
    assert_int_equal(note->a, 1);
    assert_int_equal(note->b, 2);
    runner_end(&runner);
  }
}

// In so little memory that parent and child are never there together.
static void a_fork_finishes_in_little_memory(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x6000}},  {RUN_STORE, {RUN_HEAP, 1}},
      {RUN_STORE, {RUN_HEAP + 0x1000, 2}},  {RUN_STORE, {RUN_HEAP + 0x2000, 3}},
      {RUN_STORE, {RUN_HEAP + 0x3000, 4}},  {RUN_STORE, {RUN_HEAP + 0x4000, 5}},
      {RUN_STORE, {RUN_HEAP + 0x5000, 6}},  {RUN_CALL, {FORK}},
      {RUN_STORE, {RUN_HEAP + 0x5000, 16}}, {RUN_CHECK, {RUN_HEAP, 1}},
      {RUN_CHECK, {RUN_HEAP + 0x1000, 2}},  {RUN_CHECK, {RUN_HEAP + 0x2000, 3}},
      {RUN_CHECK, {RUN_HEAP + 0x3000, 4}},  {RUN_CHECK, {RUN_HEAP + 0x4000, 5}},
      {RUN_CHECK, {RUN_HEAP + 0x5000, 16}}, {RUN_EXIT, {0}},
  };
  static const unsigned frames[] = {11, 16, 20, 25};  // the kernel, both processes' tables, and three pages
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    for (unsigned more = 0; more < 6; more++) {
      family_in(&(struct kernel_params){.paging = paging, .frames = frames[paging] + more, .quantum = 700}, steps,
                NULL);
      assert_int_equal(runner_status(&runner, 2), 0);
      assert_int_equal(runner_stats(&runner).checksum_errors, 0);
      assert_int_equal(process_find(runner.kernel, 1), NULL);
      assert_int_equal(runner_stats(&runner).calls, 4);
      runner_end(&runner);
    }
  }
}

// Its tables would leave too few pages; or the disk is too small for what it copies.
static void a_fork_without_memory_says_so_and_leaves_nothing(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x3000}},
      {RUN_STORE, {RUN_HEAP, 1}},
      {RUN_STORE, {RUN_HEAP + 0x1000, 2}},
      {RUN_STORE, {RUN_HEAP + 0x2000, 3}},
      {RUN_CALL, {FORK}},
      {RUN_EAX, {NO(12)}},
      {RUN_CHECK, {RUN_HEAP, 1}},
      {RUN_CALL, {20}},
      {RUN_EAX, {1}},
      {RUN_EXIT, {0}},
  };
  family_in(&(struct kernel_params){.paging = KERNEL_PAGING_PAE, .frames = 15}, steps, NULL);
  runner_end(&runner);
  family_in(&(struct kernel_params){.frames = 14, .swap_blocks = 1}, steps, NULL);
  runner_end(&runner);
}

static void a_full_table_stops_fork(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {FORK}}, {RUN_ZERO, {4}}, {RUN_EAX, {NO(11)}}, {RUN_EXIT, {0}}, {RUN_EXIT, {0}},
  };
  const struct runner_step sleeper[] = {{RUN_CALL, {SLEEP, D + 0x3000}}, {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 1000}, steps, sleeper);
  runner_start(&runner, 0);
  for (unsigned i = 1; i < PROCESS_MAX; i++) runner_start(&runner, 1);
  runner_run(&runner);
  runner_end(&runner);
}

static void a_parent_that_is_killed_in_fork_takes_the_unborn_along(void** state) {
  (void)state;
  const struct runner_step forks[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x6000}},
      {RUN_STORE, {RUN_HEAP, 1}},
      {RUN_STORE, {RUN_HEAP + 0x1000, 2}},
      {RUN_STORE, {RUN_HEAP + 0x2000, 3}},
      {RUN_STORE, {RUN_HEAP + 0x3000, 4}},
      {RUN_STORE, {RUN_HEAP + 0x4000, 5}},
      {RUN_CALL, {FORK}},
      {RUN_EXIT, {0}},
  };
  const struct runner_step kills[] = {{RUN_SPIN, {10}}, {RUN_GO, {0}}, {RUN_CALL, {KILL, 1, 9}}, {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 16, .quantum = 300}, forks, kills);
  runner_start(&runner, 0);
  int killer = runner_start(&runner, 1);
  struct process* parent = process_find(runner.kernel, 1);
  while (!(parent->embryo && parent->embryo->root && parent->state == KERNEL_BLOCKED)) {
    assert_true(runner.next != KERNEL_DONE);
    runner_run_steps(&runner, 1);
  }
  while (runner.kernel->scheduler.running != process_find(runner.kernel, killer)) runner_run_steps(&runner, 1);
  runner.context.eip = RUN_TEXT + 2 * 2;
  runner_run(&runner);
  assert_int_equal(runner_status(&runner, 1), 9);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_FORK), 0);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// waitpid

static void waiting_tells_how_a_child_ended(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {WAIT, ANY, 0, 0}},
      {RUN_EAX, {NO(10)}},  // no child
      {RUN_CALL, {FORK}},
      {RUN_ZERO, {24}},
      {RUN_CALL, {WAIT, ANY, D, NO_HANG}},
      {RUN_EAX, {0}},  // it has not ended
      {RUN_CALL, {WAIT, 7, 0, 0}},
      {RUN_EAX, {NO(10)}},  // not a child of this one
      {RUN_CALL, {WAIT, ANY, 0, 4}},
      {RUN_EAX, {NO(22)}},
      {RUN_CALL, {WAIT, ANY, RUN_TEXT, 0}},  // where the status can't go: it can be waited for again
      {RUN_EAX, {NO(14)}},
      {RUN_CALL, {WAIT, ANY, D, 0}},
      {RUN_EAX, {2}},
      {RUN_CHECK, {D, 7 << 8}},
      {RUN_CALL, {WAIT, 2, D, 0}},  // only once
      {RUN_EAX, {NO(10)}},
      {RUN_CALL, {FORK}},
      {RUN_ZERO, {25}},
      {RUN_CALL, {WAIT, 3, D, 0}},
      {RUN_EAX, {3}},
      {RUN_CHECK, {D, 11}},  // SIGSEGV
      {RUN_EXIT, {0}},
      {RUN_EXIT, {99}},
      {RUN_EXIT, {0x107}},  // 24
      {RUN_STORE, {0, 0}},  // 25
  };
  family(steps, NULL);
}

static void a_child_is_born_with_a_control_block(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_STACK, {STACK}}, {RUN_CALL, {FORK}}, {RUN_GO, {2}}};
  boot(&(struct kernel_params){.frames = 0}, steps, NULL);
  runner_start(&runner, 0);
  while (!process_find(runner.kernel, 2) || process_find(runner.kernel, 2)->stage != STAGE_RUN)
    runner_run_steps(&runner, 1);
  uint64_t block = runner.kernel->control_blocks + 64;  // of the second slot
  const struct kernel_context* registers = &process_find(runner.kernel, 2)->context;
  assert_int_equal(fake_word(&runner.fake, block + 4 * KERNEL_EAX, 4), 0);
  assert_int_equal(fake_word(&runner.fake, block + 4 * KERNEL_ESP, 4), STACK);
  assert_int_equal(fake_word(&runner.fake, block + 4 * KERNEL_REGISTERS, 4), registers->eip);
  runner_destroy(&runner);
}

static void a_zombie_holds_its_slot_and_nothing_else(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_CALL, {FORK}},  {RUN_ZERO, {7}},     {RUN_CALL, {YIELD}},
                                      {RUN_CALL, {YIELD}}, {RUN_LOGS, {1}},     {RUN_CALL, {WAIT, ANY, 0, 0}},
                                      {RUN_EXIT, {0}},     {RUN_STORE, {D, 1}}, {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 0}, steps, NULL);
  runner_start(&runner, 0);
  while (runner.logged == 0) runner_run_steps(&runner, 1);
  struct process* child = process_find(runner.kernel, 2);
  assert_int_equal(child->state, KERNEL_ZOMBIE);
  assert_int_equal(child->root, 0);
  assert_null(child->vmas);
  runner_run(&runner);
  runner_end(&runner);
}

static void a_parent_sleeps_until_a_child_ends(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {FORK}}, {RUN_ZERO, {6}}, {RUN_LOGS, {1}},     {RUN_CALL, {WAIT, ANY, 0, 0}},
      {RUN_LOGS, {3}},    {RUN_EXIT, {0}}, {RUN_CALL, {YIELD}}, {RUN_CALL, {YIELD}},
      {RUN_LOGS, {2}},    {RUN_EXIT, {0}}};
  family_in(&(struct kernel_params){.frames = 0}, steps, NULL);
  runner_expect_log(&runner, (const uint32_t[][2]){{1, 1}, {2, 2}, {1, 3}, {0, 0}});
  const struct hal_note* blocked = fake_note(&runner.fake, HAL_NOTE_BLOCK, 0);
  assert_int_equal(blocked->a, 1);
  assert_int_equal(blocked->b, HAL_BLOCKED_CHILD);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_BLOCK), 1);
  runner_end(&runner);
}

// Nobody waits for them: they are gone when they end, and so are zombies whose parent ends.
static void orphans_leave_nothing(void** state) {
  (void)state;
  const struct runner_step early[] = {{RUN_CALL, {FORK}}, {RUN_ZERO, {3}}, {RUN_EXIT, {0}}, {RUN_CALL, {YIELD}},
                                      {RUN_CALL, {64}},   {RUN_EAX, {0}},  {RUN_EXIT, {3}}};
  family_in(&(struct kernel_params){.frames = 0}, early, NULL);
  assert_int_equal(runner_status(&runner, 2), 3 << 8);
  runner_end(&runner);
  const struct runner_step late[] = {{RUN_CALL, {FORK}},  {RUN_ZERO, {5}}, {RUN_CALL, {YIELD}},
                                     {RUN_CALL, {YIELD}}, {RUN_EXIT, {0}}, {RUN_EXIT, {3}}};
  family(late, NULL);
}

// ---------------------------------------------------------------------------------------------------------------------
// kill

static void kill_ends_a_process_in_any_state(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_STORE, {D + 0x3000, 100}},  // a sleep of 100 s
      {RUN_STORE, {D + 0x3004, 0}},
      {RUN_CALL, {FORK}},
      {RUN_ZERO, {24}},
      {RUN_CALL, {KILL, 2, 0}},  // is it there?
      {RUN_EAX, {0}},
      {RUN_CALL, {KILL, 2, 17}},  // SIGCHLD is ignored
      {RUN_EAX, {0}},
      {RUN_CALL, {KILL, 2, 32}},
      {RUN_EAX, {NO(22)}},
      {RUN_CALL, {KILL, 2, 19}},  // nothing stops here
      {RUN_EAX, {NO(22)}},
      {RUN_CALL, {KILL, 9, 9}},
      {RUN_EAX, {NO(3)}},
      {RUN_CALL, {KILL, 2, 15}},  // it is ready
      {RUN_EAX, {0}},
      {RUN_CALL, {YIELD}},
      {RUN_CALL, {KILL, 2, 15}},  // a zombie can be killed to no effect
      {RUN_EAX, {0}},
      {RUN_CALL, {WAIT, 2, D, 0}},
      {RUN_EAX, {2}},
      {RUN_CHECK, {D, 15}},
      {RUN_GO, {26}},
      {RUN_EXIT, {99}},
      {RUN_CALL, {SLEEP, D + 0x3000}},  // 24
      {RUN_EXIT, {98}},
      {RUN_CALL, {FORK}},  // 26
      {RUN_ZERO, {24}},
      {RUN_CALL, {YIELD}},
      {RUN_CALL, {KILL, 3, 9}},  // it sleeps
      {RUN_EAX, {0}},
      {RUN_CALL, {WAIT, ANY, D, 0}},
      {RUN_EAX, {3}},
      {RUN_CHECK, {D, 9}},
      {RUN_CALL, {FORK}},
      {RUN_ZERO, {39}},
      {RUN_CALL, {WAIT, ANY, D, 0}},
      {RUN_CHECK, {D, 6}},
      {RUN_EXIT, {0}},
      {RUN_CALL, {KILL, 4, 6}},  // 39: itself
      {RUN_EXIT, {97}},
  };
  family_in(&(struct kernel_params){.frames = 0}, steps, NULL);
  assert_true(runner.fake.now < 1000000000);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_SIGNAL), 3);
  runner_end(&runner);
}

static void the_reason_names_the_killer(void** state) {
  (void)state;
  const struct runner_step waits[] = {{RUN_CALL, {YIELD}}, {RUN_GO, {0}}},
                           kills[] = {{RUN_CALL, {KILL, 1, 9}}, {RUN_EXIT, {0}}};
  struct kernel_end end;
  boot(&(struct kernel_params){.frames = 0}, waits, kills);
  runner_start(&runner, 0);
  runner_start(&runner, 1);
  runner_run(&runner);
  assert_true(kernel_first_end(runner.kernel, &end));
  assert_int_equal(end.code, 9);
  assert_string_equal(end.reason, "it was killed with signal 9 by pid 2");
  runner_end(&runner);
}

// A page of a killed process is on its way: its frame and block come back when it is there.
static void a_process_may_be_killed_while_it_waits_for_the_disk(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x8000}}, {RUN_STORE, {RUN_HEAP, 1}},          {RUN_STORE, {RUN_HEAP + 0x1000, 1}},
      {RUN_STORE, {RUN_HEAP + 0x2000, 1}}, {RUN_STORE, {RUN_HEAP + 0x3000, 1}}, {RUN_STORE, {RUN_HEAP + 0x4000, 1}},
      {RUN_STORE, {RUN_HEAP + 0x5000, 1}}, {RUN_STORE, {RUN_HEAP + 0x6000, 1}}, {RUN_GO, {1}}};
  const struct runner_step kills[] = {{RUN_SPIN, {10}}, {RUN_GO, {0}}, {RUN_CALL, {KILL, 1, 9}}, {RUN_EXIT, {0}}};
  for (unsigned moment = 0; moment < 20; moment++) {
    boot(&(struct kernel_params){.frames = 14, .quantum = 200}, steps, kills);
    runner_start(&runner, 0);
    int killer = runner_start(&runner, 1);
    runner_run_steps(&runner, 100 + 7 * moment);
    bool arrived = moment % 2;  // at every second moment the page has come, but is not mapped
    while (runner.kernel->scheduler.running != process_find(runner.kernel, killer) ||
           process_find(runner.kernel, 1)->state != (arrived ? KERNEL_READY : KERNEL_BLOCKED) ||
           (arrived && runner.kernel->swap.arrived == 0))
      runner_run_steps(&runner, 1);
    runner.context.eip = RUN_TEXT + 2 * 2;
    runner_run(&runner);
    assert_int_equal(runner_status(&runner, 1), 9);
    runner_end(&runner);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// execve

#define BIN 0x6e69622f  // "/bin"
#define SLASH_B 0x622f  // "/b"

static void exec_replaces_the_program(void** state) {
  (void)state;
  const struct runner_step a[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x1000}},
      {RUN_STORE, {RUN_HEAP, 0x6d726f77}},  // "worm"
      {RUN_STORE, {RUN_HEAP + 4, 0}},
      {RUN_STORE, {D + 0x20, BIN}},
      {RUN_STORE, {D + 0x24, SLASH_B}},
      {RUN_STORE, {D + 0x30, D + 0x24}},  // argv: "/b", "worm"
      {RUN_STORE, {D + 0x34, RUN_HEAP}},
      {RUN_STORE, {D + 0x38, 0}},
      {RUN_STACK, {0xbff00000}},
      {RUN_STORE, {0xbff00000, 1}},
      {RUN_CALL, {EXEC, D + 0x20, D + 0x30, 0}},
      {RUN_EXIT, {99}},
  };
  const struct runner_step b[] = {
      {RUN_LOGS, {5}},     {RUN_CHECK, {D + 0x20, runner_word(D + 0x20)}},  // its own data, untouched
      {RUN_CALL, {45, 0}}, {RUN_EAX, {RUN_HEAP}},
      {RUN_CALL, {20}},    {RUN_EAX, {1}},
      {RUN_GO, {4}},
  };
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    boot(&(struct kernel_params){.paging = paging}, a, b);
    int pid = runner_start(&runner, 0);
    runner_run_steps(&runner, 40);
    const struct process* process = process_find(runner.kernel, pid);
    assert_string_equal(process->name, "b");
    uint32_t esp = runner.context.reg[KERNEL_ESP], pa_words[3];
    for (unsigned i = 0; i < 3; i++) pa_words[i] = runner_peek(&runner, pid, esp + 4 * i);
    assert_int_equal(pa_words[0], 2);
    assert_int_equal(runner_peek(&runner, pid, pa_words[1]) & 0xffffff, SLASH_B);
    assert_int_equal(runner_peek(&runner, pid, pa_words[2]), 0x6d726f77);
    uint64_t pa;
    assert_false(kernel_translate(runner.kernel, pid, 0xbff00000, &pa));
    const struct hal_note* note = fake_note(&runner.fake, HAL_NOTE_EXEC, 1);
    assert_int_equal(note->a, pid);
    runner_destroy(&runner);
  }
}

static void an_exec_that_fails_changes_nothing(void** state) {
  (void)state;
  const struct runner_step a[] = {
      {RUN_STORE, {D + 0x20, 0x7a}},  // "z"
      {RUN_STORE, {D + 0x24, SLASH_B}},
      {RUN_STORE, {D + 0x28, 0}},
      {RUN_CALL, {EXEC, D + 0x20, D + 0x28, 0}},
      {RUN_EAX, {NO(2)}},
      {RUN_CALL, {EXEC, 0, D + 0x28, 0}},
      {RUN_EAX, {NO(14)}},
      {RUN_CALL, {EXEC, D + 0x24, 4, 0}},
      {RUN_EAX, {NO(14)}},
      {RUN_STORE, {D + 0x40, 0x10}},  // a pointer to nowhere
      {RUN_STORE, {D + 0x44, 0}},
      {RUN_CALL, {EXEC, D + 0x24, D + 0x40, 0}},
      {RUN_EAX, {NO(14)}},
      {RUN_CALL, {EXEC, RUN_HEAP - 1, D + 0x28, 0}},  // the string runs out of the memory
      {RUN_EAX, {NO(2)}},                             // (that byte is zero: the empty name)
      {RUN_STORE, {RUN_HEAP - 4, 0x61616161}},
      {RUN_CALL, {EXEC, RUN_HEAP - 4, D + 0x28, 0}},
      {RUN_EAX, {NO(14)}},
      {RUN_CHECK, {D + 0x24, SLASH_B}},
      {RUN_CALL, {20}},
      {RUN_EAX, {1}},
      {RUN_EXIT, {0}},
  };
  const struct runner_step b[] = {{RUN_EXIT, {98}}};
  family(a, b);
}

// Data of the steps below: a list of pointers, and strings, that the runner puts there instead of the program.
static uint32_t put_list(unsigned count, uint32_t list, uint32_t string) {
  for (unsigned i = 0; i <= count; i++)
    for (unsigned k = 0; k < 4; k++)
      runner.image[list - RUN_TEXT + 4 * i + k] = (uint8_t)((i < count ? string : 0) >> 8 * k);
  return list;
}

static void arguments_that_are_too_many_or_too_long_are_refused(void** state) {
  (void)state;
  static const struct {
    unsigned count, length;
    uint32_t result;
  } cases[] = {{65, 1, NO(7)}, {2, 2048, NO(7)}, {1, 4096, NO(7)}, {64, 64, NO(7)},
               {64, 63, 0},    {1, 4095, 0},     {2, 2047, 0}};
  const struct runner_step b[] = {{RUN_EXIT, {0}}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct runner_step a[] = {{RUN_CALL, {EXEC, D, D + 0x10, 0}}, {RUN_EAX, {cases[i].result}}, {RUN_EXIT, {1}}};
    boot(&(struct kernel_params){.frames = 0}, a, b);
    memcpy(runner.image + D - RUN_TEXT, "b", 2);
    put_list(cases[i].count, D + 0x10, D + 0x200);
    memset(runner.image + D + 0x200 - RUN_TEXT, 'x', cases[i].length);
    runner.image[D + 0x200 - RUN_TEXT + cases[i].length] = 0;
    runner_start(&runner, 0);
    runner_run(&runner);
    assert_int_equal(runner_status(&runner, 1), cases[i].result ? 1 << 8 : 0);
    runner_end(&runner);
  }
}

// The strings lie in more pages than there are frames, and all are on the disk.
static void an_exec_finishes_in_little_memory(void** state) {
  (void)state;
  enum { STRINGS = 10 };
  struct runner_step a[64] = {{RUN_CALL, {45, RUN_HEAP + STRINGS * 0x1000}}};
  unsigned n = 1;
  for (uint32_t i = 0; i < STRINGS; i++) a[n++] = (struct runner_step){RUN_STORE, {RUN_HEAP + i * 0x1000, 0x30 + i}};
  a[n++] = (struct runner_step){RUN_STORE, {D, 0x62}};
  for (uint32_t i = 0; i < STRINGS; i++)
    a[n++] = (struct runner_step){RUN_STORE, {D + 0x10 + 4 * i, RUN_HEAP + i * 0x1000}};
  a[n++] = (struct runner_step){RUN_STORE, {D + 0x10 + 4 * STRINGS, 0}};
  for (uint32_t i = 0; i < STRINGS; i++) a[n++] = (struct runner_step){RUN_CHECK, {RUN_HEAP + i * 0x1000, 0x30 + i}};
  a[n++] = (struct runner_step){RUN_CALL, {EXEC, D, D + 0x10, 0}};
  a[n++] = (struct runner_step){RUN_EXIT, {99}};
  const struct runner_step b[] = {{RUN_LOGS, {1}}, {RUN_GO, {0}}};
  boot(&(struct kernel_params){.frames = 11}, a, b);
  int pid = runner_start(&runner, 0);
  while (runner.logged == 0) {
    assert_true(runner.next != KERNEL_DONE);
    runner_run_steps(&runner, 1);
  }
  uint32_t esp = runner.context.reg[KERNEL_ESP];
  assert_int_equal(runner_peek(&runner, pid, esp), STRINGS);
  for (uint32_t i = 0; i < STRINGS; i++)
    assert_int_equal(runner_peek(&runner, pid, runner_peek(&runner, pid, esp + 4 + 4 * i)) & 0xffff, 0x30 + i);
  assert_int_equal(runner_stats(&runner).swap_used, 0);
  runner_destroy(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// All of it together: four generations in little memory, everywhere

// Each level forks a child, both write their own, sleep a little, wait, and check.
static const struct runner_step* generations(void) {
  static struct runner_step a[256];
  unsigned n = 0;
  a[n++] = (struct runner_step){RUN_CALL, {45, RUN_HEAP + 0x5000}};
  a[n++] = (struct runner_step){RUN_STORE, {D + 0x3000, 0}};
  a[n++] = (struct runner_step){RUN_STORE, {D + 0x3004, 700}};
  for (uint32_t level = 1; level <= 3; level++) {
    for (uint32_t i = 0; i < 5; i++)
      a[n++] = (struct runner_step){RUN_STORE, {RUN_HEAP + i * 0x1000 + 4 * level, level * 100 + i}};
    a[n++] = (struct runner_step){RUN_CALL, {FORK}};
    a[n++] = (struct runner_step){RUN_KEEP, {D + 0x10 + 4 * level}};
    a[n++] = (struct runner_step){RUN_CALL, {SLEEP, D + 0x3000}};
    for (uint32_t i = 0; i < 5; i++)
      a[n++] = (struct runner_step){RUN_CHECK, {RUN_HEAP + i * 0x1000 + 4 * level, level * 100 + i}};
  }
  for (uint32_t level = 1; level <= 3; level++) {
    a[n++] = (struct runner_step){RUN_CALL, {WAIT, ANY, 0, 0}};
    for (uint32_t i = 0; i < 5; i++)
      a[n++] = (struct runner_step){RUN_CHECK, {RUN_HEAP + i * 0x1000 + 4 * level, level * 100 + i}};
  }
  a[n++] = (struct runner_step){RUN_EXIT, {0}};
  return a;
}

static void families_keep_their_data_and_leave_nothing(void** state) {
  (void)state;
  const struct runner_step* a = generations();
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    for (enum kernel_tagging tagging = KERNEL_TAG_GLOBAL; tagging <= KERNEL_TAG_PCID; tagging++) {
      if (tagging == KERNEL_TAG_PCID && paging < KERNEL_PAGING_4LEVEL) continue;
      for (unsigned frames = 64; frames <= 94; frames += 10) {
        family_in(
            &(struct kernel_params){
                .paging = paging, .tagging = tagging, .frames = frames, .quantum = 3000, .swap_blocks = 200},
            a, NULL);
        assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_FORK), 7);
        assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_EXIT), 8);
        assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_SIGNAL), 0);
        runner_end(&runner);
      }
    }
  }
}

static bool is_failed_fork(const struct hal_note* note) {
  return note->kind == HAL_NOTE_RETURN && note->b == FORK && (int64_t)note->c == -12;
}

// In so little memory that there is no room for all their page tables some are not born; the others come to their end.
static void families_without_enough_memory_end_all_the_same(void** state) {
  (void)state;
  const struct runner_step* a = generations();
  unsigned unborn = 0;
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    for (unsigned frames = 30; frames <= 60; frames += 5) {
      for (unsigned quantum = 0; quantum <= 500; quantum += 500) {
        boot(&(struct kernel_params){.paging = paging, .frames = frames, .quantum = quantum, .swap_blocks = 200}, a,
             NULL);
        runner_start(&runner, 0);
        runner_run(&runner);
        assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_SIGNAL), 0);
        for (unsigned i = 0; i < runner.fake.note_count; i++) unborn += is_failed_fork(&runner.fake.notes[i]);
        runner_end(&runner);
      }
    }
  }
  assert_true(unborn > 10);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_child_has_what_its_parent_has),
    cmocka_unit_test(a_fork_finishes_in_little_memory),
    cmocka_unit_test(a_fork_without_memory_says_so_and_leaves_nothing),
    cmocka_unit_test(a_full_table_stops_fork),
    cmocka_unit_test(a_parent_that_is_killed_in_fork_takes_the_unborn_along),
    cmocka_unit_test(waiting_tells_how_a_child_ended),
    cmocka_unit_test(a_child_is_born_with_a_control_block),
    cmocka_unit_test(a_zombie_holds_its_slot_and_nothing_else),
    cmocka_unit_test(a_parent_sleeps_until_a_child_ends),
    cmocka_unit_test(orphans_leave_nothing),
    cmocka_unit_test(kill_ends_a_process_in_any_state),
    cmocka_unit_test(the_reason_names_the_killer),
    cmocka_unit_test(a_process_may_be_killed_while_it_waits_for_the_disk),
    cmocka_unit_test(exec_replaces_the_program),
    cmocka_unit_test(an_exec_that_fails_changes_nothing),
    cmocka_unit_test(arguments_that_are_too_many_or_too_long_are_refused),
    cmocka_unit_test(an_exec_finishes_in_little_memory),
    cmocka_unit_test(families_keep_their_data_and_leave_nothing),
    cmocka_unit_test(families_without_enough_memory_end_all_the_same),
};

TEST_MAIN(tests)
