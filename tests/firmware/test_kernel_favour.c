// SPDX-License-Identifier: MIT
// Thrashing: who is favoured, and what goes before whose pages.
#include "check.h"
#include "firmware/runner.h"
#include "kernel/mm/fault.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct runner runner;

static struct process* process_of(int pid) { return process_find(runner.kernel, pid); }

// Two programs, each with pages that it has written to, and one of the first's on the disk.
static void begin(void) {
  static const struct runner_step a[] = {{RUN_STORE, {RUN_DATA, 1}},
                                         {RUN_STORE, {RUN_DATA + 0x1000, 1}},
                                         {RUN_CALL, {158}},
                                         {RUN_STORE, {RUN_DATA + 0x2000, 1}},
                                         {RUN_LOGS, {1}},
                                         {RUN_CALL, {158}},
                                         {RUN_GO, {5}}};
  runner_boot(&runner, &(struct kernel_params){.frames = 64}, (const struct runner_step*[]){a, a, NULL});
  runner_start(&runner, 0);
  runner_start(&runner, 1);
  while (runner.logged < 2) runner_run_steps(&runner, 1);
}

static void lacks(struct process* process, unsigned times, uint64_t progress) {
  for (unsigned i = 0; i < times; i++) favour_count(runner.kernel, process, progress);
}

static void who_lacks_memory_again_and_again_is_favoured(void** state) {
  (void)state;
  begin();
  struct process *first = process_of(1), *second = process_of(2);
  lacks(first, 6, 0);
  assert_null(favour_whom(runner.kernel));
  lacks(first, 1, 0);
  assert_ptr_equal(favour_whom(runner.kernel), first);
  lacks(second, 100, 0);  // one at a time
  assert_ptr_equal(favour_whom(runner.kernel), first);
  favour_moved(runner.kernel, second, second->context.eip + 2);
  assert_ptr_equal(favour_whom(runner.kernel), first);
  favour_moved(runner.kernel, first, first->context.eip);  // still there
  assert_ptr_equal(favour_whom(runner.kernel), first);
  favour_moved(runner.kernel, first, first->context.eip + 2);
  assert_null(favour_whom(runner.kernel));
  runner_destroy(&runner);
}

static void who_gets_on_is_not(void** state) {
  (void)state;
  begin();
  struct process* first = process_of(1);
  for (unsigned i = 0; i < 100; i++) {  // in another place each time
    first->context.eip ^= 2;
    lacks(first, 1, 0);
  }
  assert_null(favour_whom(runner.kernel));
  for (unsigned i = 0; i < 100; i++) {  // with other registers
    first->context.reg[KERNEL_ECX]++;
    lacks(first, 1, 0);
  }
  assert_null(favour_whom(runner.kernel));
  for (unsigned i = 0; i < 100; i++) lacks(first, 1, i);  // in one call, but further on
  assert_null(favour_whom(runner.kernel));
  runner_destroy(&runner);
}

static void who_waits_for_something_else_is_not(void** state) {
  (void)state;
  begin();
  struct process* first = process_of(1);
  lacks(first, 7, 0);
  process_block(runner.kernel, first, HAL_BLOCKED_DISK);
  assert_ptr_equal(favour_whom(runner.kernel), first);
  process_block(runner.kernel, first, HAL_BLOCKED_CHILD);
  assert_null(favour_whom(runner.kernel));
  runner_destroy(&runner);
}

static void a_call_that_ends_gets_on_and_one_that_waits_counts(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_CALL, {45, RUN_HEAP + 0x8000}},
                                      {RUN_STORE, {RUN_HEAP, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x1000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x2000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x3000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x4000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x5000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x6000, 1}},
                                      {RUN_LOGS, {1}},
                                      {RUN_CALL, {4, 1, RUN_HEAP, 4}},
                                      {RUN_LOGS, {2}},
                                      {RUN_GO, {10}}};
  runner_boot(&runner, &(struct kernel_params){.frames = 11}, (const struct runner_step*[]){steps, NULL});
  runner_start(&runner, 0);
  struct process* process = process_of(1);
  while (!process->call_again) runner_run_steps(&runner, 1);
  assert_int_equal(process->context.eip, RUN_TEXT + 2 * 9);
  assert_int_equal(process->lacked.eip, process->context.eip);
  lacks(process, 7, process->lacked_progress);
  assert_ptr_equal(favour_whom(runner.kernel), process);
  while (runner.logged < 2) runner_run_steps(&runner, 1);
  assert_null(favour_whom(runner.kernel));
  runner_destroy(&runner);
}

static enum fault_room make_room(struct process* process) {
  enum fault_room room = fault_make_room(runner.kernel, process, 0, false);
  runner.fake.now += 10 * runner.fake.disk_cycles;
  swap_settle(runner.kernel);
  return room;
}

static uint64_t resident(int pid) {
  uint64_t pages = 0;
  for (struct vma* vma = vma_above(process_of(pid), 0); vma; vma = vma_above(process_of(pid), vma->end))
    pages += vma->resident;
  return pages;
}

static void the_others_pages_go_first_and_they_wait(void** state) {
  (void)state;
  begin();
  struct process *first = process_of(1), *second = process_of(2);
  lacks(first, 7, 0);
  uint64_t own = resident(1);
  assert_int_equal(make_room(second), FAULT_ROOM_WAITS);
  assert_true(second->waits_behind);
  assert_false(runner.kernel->space->ready(runner.kernel, second));
  assert_int_equal(runner_stats(&runner).evictions, 0);
  while (resident(2) > 0) make_room(first);
  assert_int_equal(resident(1), own);
  make_room(first);
  assert_int_equal(resident(1), own - 1);
  favour_end(runner.kernel);
  assert_true(runner.kernel->space->ready(runner.kernel, second));
  runner_destroy(&runner);
}

// A page of the second program has come from the disk and is not mapped.
static void bring_a_page_of_the_second(void) {
  struct process* second = process_of(2);
  struct kernel_kill kill;
  second->cr2 = RUN_DATA;
  second->error = FEC_U;
  assert_int_equal(fault_serve(runner.kernel, second, &kill), KERNEL_WAIT);
  runner.fake.now += 10 * runner.fake.disk_cycles;
  swap_settle(runner.kernel);
  assert_int_equal(runner.kernel->swap.arrived, 1);
}

static void pages_that_came_for_others_go_before_the_favoured_ones(void** state) {
  (void)state;
  begin();
  struct process* first = process_of(1);
  lacks(first, 7, 0);
  while (resident(2) > 0) make_room(first);
  bring_a_page_of_the_second();
  uint64_t own = resident(1), used = runner_stats(&runner).swap_used;
  assert_int_equal(make_room(first), FAULT_ROOM_MADE);
  assert_int_equal(runner.kernel->swap.arrived, 0);
  assert_int_equal(resident(1), own);
  assert_int_equal(runner_stats(&runner).swap_used, used);  // the block still has it
  runner_destroy(&runner);
}

static void pages_that_came_for_others_go_when_nothing_else_can(void** state) {
  (void)state;
  begin();
  struct process *first = process_of(1), *second = process_of(2);
  while (resident(1) + resident(2) > 0) make_room(first);
  bring_a_page_of_the_second();
  assert_int_equal(make_room(second), FAULT_ROOM_NONE);  // not one's own
  assert_int_equal(make_room(first), FAULT_ROOM_MADE);
  assert_int_equal(make_room(first), FAULT_ROOM_NONE);
  runner_destroy(&runner);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(who_lacks_memory_again_and_again_is_favoured),
    cmocka_unit_test(who_gets_on_is_not),
    cmocka_unit_test(who_waits_for_something_else_is_not),
    cmocka_unit_test(a_call_that_ends_gets_on_and_one_that_waits_counts),
    cmocka_unit_test(the_others_pages_go_first_and_they_wait),
    cmocka_unit_test(pages_that_came_for_others_go_before_the_favoured_ones),
    cmocka_unit_test(pages_that_came_for_others_go_when_nothing_else_can),
};

TEST_MAIN(tests)
