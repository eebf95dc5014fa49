// SPDX-License-Identifier: MIT
// Time sharing of a memory for one: whole images to disk and back.
#include <string.h>

#include "check.h"
#include "firmware/play.h"
#include "kernel/errno.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

enum { PROCESS = 64 * 1024, PAGES = 16, CODE_AND_DATA = 4, PAGE = 4096 };

static struct play play;

static int close_play(void** state) {
  (void)state;
  play_close(&play);
  return 0;
}

static void begin(unsigned processes, uint64_t blocks) {
  play_open(&play, KERNEL_SHARE_IMAGES, 20, PROCESS, blocks);
  for (unsigned i = 0; i < processes; i++) assert_true(play_start(&play, 0) > 0);
  assert_true(play_run(&play));
}

static void all_run_at_the_same_place(void** state) {
  (void)state;
  uint64_t pa;
  begin(3, 64);
  for (uint32_t round = 0; round < 4; round++) {
    for (int pid = 1; pid <= 3; pid++) {
      play_switch(&play, pid);
      play_check_program(&play, PLAY_TEXT);
      if (round > 0) assert_int_equal(play_word(&play, 0x4000), 10 * (round - 1) + (uint32_t)pid);
      play_store(&play, 0x4000, 10 * round + (uint32_t)pid);
      assert_int_equal(fake_word(&play.fake, 0x4000, 4), 10 * round + (uint32_t)pid);
      for (int other = 1; other <= 3; other++)
        assert_int_equal(kernel_translate(play.kernel, other, 0x4000, &pa), other == pid);
    }
  }
  const struct kernel_stats* stats = play_stats(&play);
  assert_int_equal(stats->images_out, 11);
  assert_int_equal(stats->images_in, 9);  // all but the first time of each
  assert_int_equal(stats->swap_used, 3 * PAGES);
}

static void only_pages_in_use_move(void** state) {
  (void)state;
  begin(2, 64);
  assert_int_equal(play.fake.writes, 0);
  play_switch(&play, 2);
  assert_int_equal(play.fake.writes, CODE_AND_DATA + 1);  // and one of stack
  assert_int_equal(play.fake.reads, 0);
  play_switch(&play, 1);
  assert_int_equal(play.fake.writes, 2 * (CODE_AND_DATA + 1));
  assert_int_equal(play.fake.reads, CODE_AND_DATA + 1);
  uint32_t heap = (uint32_t)play_call(&play, PLAY_BRK, 0);
  play_call(&play, PLAY_BRK, heap + 2 * PAGE);
  play.context.reg[KERNEL_ESP] -= 3 * PAGE;
  play_switch(&play, 2);
  assert_int_equal(play.fake.writes, 3 * (CODE_AND_DATA + 1) + 5);
  play.context.reg[KERNEL_ESP] = 0xffff0000;  // no stack that is known
  play_switch(&play, 1);
  assert_int_equal(play.fake.writes, 3 * (CODE_AND_DATA + 1) + 5 + PAGES - 1);
}

static void a_switch_costs_what_the_disk_takes(void** state) {
  (void)state;
  begin(2, 64);
  play_switch(&play, 2);
  uint64_t before = play_stats(&play)->switch_cycles;
  play_switch(&play, 1);
  uint64_t cost = play_stats(&play)->switch_cycles - before, disk = 2 * (CODE_AND_DATA + 1) * play.fake.disk_cycles;
  assert_in_range(cost, disk, 2 * disk);
}

// All that is neither code and data nor the last page, the stack's.
static void leave_remains(void) {
  for (uint32_t va = 0; va < PROCESS - PAGE; va += 4)
    if (va < PLAY_TEXT || va >= 0x5000) play_store(&play, va, 0x5ec4e7);
}
static void expect_zeros(void) {
  for (uint32_t va = 0; va < PROCESS - PAGE; va += 4)
    if (va < PLAY_TEXT || va >= 0x5000) assert_int_equal(play_word(&play, va), 0);
}

static void what_is_not_in_use_reads_as_zeros(void** state) {
  (void)state;
  begin(2, 64);
  leave_remains();
  play_switch(&play, 2);
  expect_zeros();  // it is new
  play_switch(&play, 1);
  leave_remains();
  play_switch(&play, 2);
  expect_zeros();  // it has come back
}

// The order of those that run, each as often as the others.
static void all_get_their_turn(void** state) {
  (void)state;
  begin(5, 5 * PAGES);
  int last = play.pid, order[5];
  for (unsigned i = 0; i < 40; i++) {
    while (play.pid == last) play_call(&play, PLAY_YIELD, 0);
    last = play.pid;
    if (i < 5)
      order[i] = last;
    else
      assert_int_equal(last, order[i % 5]);
  }
}

static void nobody_is_pushed_out_before_it_has_run(void** state) {
  (void)state;
  begin(3, 64);
  play_switch(&play, 2);
  uint64_t out = play_stats(&play)->images_out;
  play_tick(&play);
  play_tick(&play);
  assert_int_equal(play.pid, 2);  // no quantum: the others wait
  assert_int_equal(play_stats(&play)->images_out, out);
}

static void a_program_started_meanwhile_waits(void** state) {
  (void)state;
  begin(1, 64);
  assert_int_equal(play_start(&play, 0), 2);
  play_store(&play, 0x4000, 1);
  assert_int_equal(play.fake.transfers, 0);  // 1 is running
  play_switch(&play, 2);
  play_check_program(&play, PLAY_TEXT);
}

static void a_full_disk_lets_one_run_to_its_end(void** state) {
  (void)state;
  begin(2, PAGES - 1);
  for (unsigned i = 0; i < 5; i++) play_call(&play, PLAY_YIELD, 0);
  assert_int_equal(play.pid, 1);
  assert_int_equal(play_call(&play, PLAY_FORK, 0), -KERNEL_ENOMEM);
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 2);
  play_check_program(&play, PLAY_TEXT);
}

static void who_waits_for_room_on_disk_comes_when_there_is_some(void** state) {
  (void)state;
  enum { SIGKILL_ON_LINUX = 9 };
  begin(3, PAGES);
  play_switch(&play, 2);  // 1 has taken all of the disk
  for (unsigned i = 0; i < 5; i++) play_call(&play, PLAY_YIELD, 0);
  assert_int_equal(play.pid, 2);
  play.context.reg[KERNEL_ECX] = SIGKILL_ON_LINUX;
  assert_int_equal(play_call(&play, PLAY_KILL, 1), 0);
  play_switch(&play, 3);
  play_check_program(&play, PLAY_TEXT);
}

static void a_fork_is_a_copy_on_disk(void** state) {
  (void)state;
  begin(1, 64);
  play_store(&play, 0x4000, 5);
  assert_int_equal(play_call(&play, PLAY_FORK, 0), 2);
  assert_int_equal(play.fake.writes, CODE_AND_DATA + 1);
  assert_int_equal(play_stats(&play)->swap_used, PAGES);
  play_store(&play, 0x4000, 6);
  play_switch(&play, 2);
  assert_int_equal(play_word(&play, 0x4000), 5);
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 1);
  assert_int_equal(play_word(&play, 0x4000), 6);
}

// ---------------------------------------------------------------------------------------------------------------------
// Ends while pages are on their way

static void finish_transfers(void) {
  for (unsigned i = 0; i < 4 * PAGES; i++) {
    play.fake.now += play.fake.disk_cycles;
    swapping_settle(play.kernel);
  }
  assert_int_equal(play.kernel->share.swapping.job, SWAPPING_IDLE);
}

// Begins a switch from 1 to 2, after which 2 has been there once already or not, and stops after some pages.
static void begin_switch(bool known, unsigned pages) {
  begin(2, 64);
  if (known) {
    play_switch(&play, 2);
    play_switch(&play, 1);
  }
  struct kernel_trap yield = {.kind = KERNEL_TRAP_CALL};
  play.context.reg[KERNEL_EAX] = PLAY_YIELD;
  for (unsigned n = 0; play.kernel->share.swapping.job == SWAPPING_IDLE; n++) {
    assert_true(n < 10);
    play.context.reg[KERNEL_EAX] = PLAY_YIELD;
    kernel_trap(play.kernel, &yield, &play.context);
  }
  for (unsigned i = 0; i < pages; i++) {
    play.fake.now += play.fake.disk_cycles;
    swapping_settle(play.kernel);
  }
}

static void check_all_is_free(void) {
  const struct kernel_stats* stats = play_stats(&play);
  assert_int_equal(stats->swap_used, 0);
  assert_null(play.kernel->share.swapping.resident);
  assert_null(play.kernel->share.swapping.promised);
}

static void an_end_may_come_at_any_time(void** state) {
  (void)state;
  for (unsigned pages = 0; pages < 2 * (CODE_AND_DATA + 1); pages++) {
    for (unsigned first = 0; first < 4; first++) {
      begin_switch(first & 2, pages);
      uint64_t started = play.fake.transfers;
      bool was_moving = play.kernel->share.swapping.process == &play.kernel->processes[first & 1];
      program_die(play.kernel, &play.kernel->processes[first & 1], SIGNAL_KILL, &(struct kernel_end){.reason = ""});
      if (was_moving) {  // only the page under way comes to its end
        play.fake.now += play.fake.disk_cycles;
        swapping_settle(play.kernel);
        assert_int_equal(play.kernel->share.swapping.job, SWAPPING_IDLE);
        assert_int_equal(play.fake.transfers, started);
      }
      // The other one runs on, whole.
      assert_true(play_run(&play));
      assert_int_equal(play.pid, first & 1 ? 1 : 2);
      play_check_program(&play, PLAY_TEXT);
      play_call(&play, PLAY_EXIT, 0);
      finish_transfers();
      check_all_is_free();
      play_close(&play);
    }
  }
  begin(1, 64);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(all_run_at_the_same_place, close_play),
    cmocka_unit_test_teardown(only_pages_in_use_move, close_play),
    cmocka_unit_test_teardown(a_switch_costs_what_the_disk_takes, close_play),
    cmocka_unit_test_teardown(what_is_not_in_use_reads_as_zeros, close_play),
    cmocka_unit_test_teardown(all_get_their_turn, close_play),
    cmocka_unit_test_teardown(nobody_is_pushed_out_before_it_has_run, close_play),
    cmocka_unit_test_teardown(a_program_started_meanwhile_waits, close_play),
    cmocka_unit_test_teardown(a_full_disk_lets_one_run_to_its_end, close_play),
    cmocka_unit_test_teardown(who_waits_for_room_on_disk_comes_when_there_is_some, close_play),
    cmocka_unit_test_teardown(a_fork_is_a_copy_on_disk, close_play),
    cmocka_unit_test_teardown(an_end_may_come_at_any_time, close_play)};
TEST_MAIN(tests)
