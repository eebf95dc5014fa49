// SPDX-License-Identifier: MIT
// A program as a process: image and arguments, heap and stack, the kernel's copies, what ends it.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "firmware/runner.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

static struct runner runner;

static const uint32_t STACK_TOP = 0xc0000000, CUSHION = 65536 + 32 * 4, STACK_MAX = 8 << 20;

static void boot(const struct kernel_params* params, const struct runner_step* steps) {
  runner_boot(&runner, params, (const struct runner_step*[]){steps, NULL});
}

// Runs one program to its end, which must be exit(0).
static void runs_in(const struct kernel_params* params, const struct runner_step* steps) {
  boot(params, steps);
  int pid = runner_start(&runner, 0);
  runner_run(&runner);
  struct kernel_end end;
  assert_true(kernel_first_end(runner.kernel, &end));
  if (runner_status(&runner, pid) != 0) fail_msg("it ended by %d: %s", end.code, end.reason);
}

static void runs(const struct runner_step* steps) {
  runs_in(&(struct kernel_params){.frames = 0}, steps);
  runner_end(&runner);
}

// The end of the first program, which a signal must have caused.
static struct kernel_end dies_in(const struct kernel_params* params, const struct runner_step* steps, int signal) {
  struct kernel_end end;
  boot(params, steps);
  int pid = runner_start(&runner, 0);
  runner_run(&runner);
  assert_int_equal(runner_status(&runner, pid), signal);
  assert_true(kernel_first_end(runner.kernel, &end));
  assert_true(end.signalled);
  assert_int_equal(end.code, signal);
  assert_int_equal(end.pid, pid);
  assert_string_equal(end.name, "a");
  const struct hal_note* note = fake_note(&runner.fake, HAL_NOTE_SIGNAL, 0);
  assert_non_null(note);
  assert_int_equal(note->a, pid);
  assert_int_equal(note->b, signal);
  assert_int_equal(note->c, end.eip);
  runner_end(&runner);
  return end;
}

static void dies(enum kernel_paging paging, const struct runner_step* steps, uint64_t cr2, unsigned error,
                 const char* reason) {
  struct kernel_end end = dies_in(&(struct kernel_params){.paging = paging}, steps, SIGNAL_SEGV);
  assert_int_equal(end.vector, 14);
  assert_int_equal(end.cr2, cr2);
  assert_int_equal(end.error, error);
  assert_string_equal(end.reason, reason);
}

// ---------------------------------------------------------------------------------------------------------------------
// Image

static void a_program_runs_from_its_image_and_exits(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CHECK, {RUN_DATA, runner_word(RUN_DATA)}},
      {RUN_CHECK, {RUN_DATA + RUN_DATA_FILE - 4, runner_word(RUN_DATA + RUN_DATA_FILE - 4)}},
      {RUN_CHECK, {RUN_DATA + RUN_DATA_FILE, 0}},
      {RUN_CHECK, {RUN_DATA + RUN_DATA_BYTES - 4, 0}},
      {RUN_STORE, {RUN_DATA + 8, 77}},
      {RUN_CHECK, {RUN_DATA + 8, 77}},
      {RUN_CALL, {4, 1, RUN_RODATA, 16}},
      {RUN_EAX, {16}},
      {RUN_CALL, {20}},
      {RUN_EAX, {1}},
      {RUN_EXIT, {0x1242}},
  };
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    boot(&(struct kernel_params){.paging = paging}, steps);
    runner_start(&runner, 0);
    runner_run(&runner);
    assert_int_equal(runner_status(&runner, 1), 0x42 << 8);
    assert_int_equal(runner.fake.console_bytes, 16);
    assert_int_equal(runner.fake.console_pid, 1);
    for (unsigned i = 0; i < 16; i++) assert_int_equal((uint8_t)runner.fake.console[i], runner_byte(RUN_RODATA + i));
    struct kernel_end end;
    assert_true(kernel_first_end(runner.kernel, &end));
    assert_int_equal(end.code, 0x42);
    assert_false(end.signalled);
    assert_string_equal(end.reason, "it ended with exit status 66");
    assert_int_equal(runner_stats(&runner).calls, 3);
    // Text, three pages of data (the last two are zeros beyond the file, one is half of it), stack.
    assert_int_equal(runner_stats(&runner).program_fills, 4);
    assert_int_equal(runner_stats(&runner).zero_fills, 2);
    runner_end(&runner);
  }
}

static void nothing_of_the_image_is_brought_before_it_is_touched(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_GO, {0}}};
  boot(&(struct kernel_params){.frames = 0}, steps);
  int pid = runner_start(&runner, 0);
  assert_int_equal(runner_stats(&runner).program_fills, 0);
  assert_int_equal(runner_stats(&runner).frames_process, 0);
  runner_run_steps(&runner, 100);
  assert_int_equal(runner_stats(&runner).program_fills, 1);
  assert_int_equal(runner_stats(&runner).frames_process, 2);  // code, and the stack with the arguments
  assert_int_equal(process_find(runner.kernel, pid)->faults, 1);
  runner_destroy(&runner);
}

// A segment need not begin or end with a page: what lies around its bytes is zero.
static void a_segment_may_begin_and_end_within_a_page(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_CHECK, {0x5000, 0}},
                                      {RUN_CHECK, {0x5230, runner_word(RUN_DATA)}},
                                      {RUN_CHECK, {0x522c, 0}},
                                      {RUN_CHECK, {0x5230 + 16, 0}},
                                      {RUN_CHECK, {0x5230 + 12, runner_word(RUN_DATA + 12)}},
                                      {RUN_CHECK, {0x6ffc, 0}},
                                      {RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 0}, steps);
  runner.segments[0][1].address = 0x5230;
  runner.segments[0][1].file_bytes = 16;
  runner.segments[0][1].memory_bytes = 0x1000;
  int pid = runner_start(&runner, 0);
  runner_run(&runner);
  assert_int_equal(runner_status(&runner, pid), 0);
  runner_end(&runner);
}

static void clean_pages_of_the_image_are_not_written_to_disk(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x6000}},
      {RUN_CHECK, {RUN_DATA, runner_word(RUN_DATA)}},
      {RUN_CHECK, {RUN_HEAP, 0}},
      {RUN_CHECK, {RUN_HEAP + 0x1000, 0}},
      {RUN_CHECK, {RUN_HEAP + 0x2000, 0}},
      {RUN_CHECK, {RUN_HEAP + 0x3000, 0}},
      {RUN_CHECK, {RUN_HEAP + 0x4000, 0}},
      {RUN_CHECK, {RUN_HEAP + 0x5000, 0}},
      {RUN_CHECK, {RUN_DATA, runner_word(RUN_DATA)}},
      {RUN_EXIT, {0}},
  };
  runs_in(&(struct kernel_params){.frames = 11}, steps);
  assert_true(runner_stats(&runner).program_fills >= 3);  // code, data, and data again
  assert_int_equal(runner_stats(&runner).swap_outs, 1);   // the stack, with the arguments
  runner_end(&runner);
}

static void programs_that_can_not_be_placed_are_refused(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_EXIT, {0}}};
  const char* argv[] = {"a"};
  boot(&(struct kernel_params){.frames = 0}, steps);
  runner.segments[0][1].address = 0x2000;  // overlaps the text
  assert_int_equal(kernel_start(runner.kernel, 0, 1, argv), -8);
  runner.segments[0][1].address = STACK_TOP - STACK_MAX - 0x4000;  // its end is where the stack's guard is
  assert_int_equal(kernel_start(runner.kernel, 0, 1, argv), -8);
  runner.segments[0][1].address = STACK_TOP - STACK_MAX - 0x5000;
  assert_int_equal(kernel_start(runner.kernel, 0, 1, argv), 1);
  assert_int_equal(kernel_start(runner.kernel, 1, 1, argv), -22);  // there is no such program
  runner_run(&runner);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// Arguments

static void string_at(int pid, uint32_t va, char* to, size_t room) {
  for (size_t i = 0; i < room; i++) {
    to[i] = (char)runner_peek(&runner, pid, va + (uint32_t)i);
    if (!to[i]) return;
  }
  fail_msg("the string at %#x does not end", va);
}

static void arguments_lie_as_linux_lays_them(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_GO, {0}}};
  const char* argv[] = {"sort", "", "1000 and more", "-x"};
  boot(&(struct kernel_params){.frames = 0}, steps);
  int pid = kernel_start(runner.kernel, 0, 4, argv);
  runner_run_steps(&runner, 1);
  uint32_t esp = runner.context.reg[KERNEL_ESP];
  char word[32];
  assert_int_equal(esp % 16, 0);
  assert_int_equal(runner_peek(&runner, pid, esp), 4);
  for (unsigned i = 0; i < 4; i++) {
    string_at(pid, runner_peek(&runner, pid, esp + 4 + 4 * i), word, sizeof word);
    assert_string_equal(word, argv[i]);
  }
  for (unsigned i = 5; i < 9; i++) assert_int_equal(runner_peek(&runner, pid, esp + 4 * i), 0);  // argv, envp, auxv end
  assert_int_equal(runner.context.eflags, 0x202);
  for (unsigned i = 0; i < KERNEL_REGISTERS; i++)
    if (i != KERNEL_ESP) assert_int_equal(runner.context.reg[i], 0);
  runner_destroy(&runner);
}

static void arguments_have_their_limits(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_EXIT, {0}}};
  static char longest[KERNEL_ARGUMENT_BYTES_MAX + 1];
  const char* many[KERNEL_ARGUMENTS_MAX + 1];
  for (unsigned i = 0; i <= KERNEL_ARGUMENTS_MAX; i++) many[i] = "x";
  memset(longest, 'y', sizeof longest);
  boot(&(struct kernel_params){.frames = 0}, steps);
  assert_int_equal(kernel_start(runner.kernel, 0, KERNEL_ARGUMENTS_MAX + 1, many), -7);
  longest[KERNEL_ARGUMENT_BYTES_MAX] = 0;  // with the zero one too many
  assert_int_equal(kernel_start(runner.kernel, 0, 1, (const char*[]){longest}), -7);
  longest[KERNEL_ARGUMENT_BYTES_MAX - 1] = 0;
  assert_true(kernel_start(runner.kernel, 0, KERNEL_ARGUMENTS_MAX, many) > 0);
  assert_true(kernel_start(runner.kernel, 0, 1, (const char*[]){longest}) > 0);
  assert_true(kernel_start(runner.kernel, 0, 0, NULL) > 0);
  runner_run(&runner);
  runner_end(&runner);
}

static void the_process_table_is_finite(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_EXIT, {0}}};
  boot(&(struct kernel_params){.frames = 1000}, steps);
  for (unsigned i = 0; i < PROCESS_MAX; i++) runner_start(&runner, 0);
  assert_int_equal(kernel_start(runner.kernel, 0, 0, NULL), -11);
  runner_run(&runner);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// System calls and the kernel's copies

static void calls_answer_as_linux_does(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {3, 0, RUN_DATA, 10}},
      {RUN_EAX, {0}},  // standard input is empty
      {RUN_CALL, {3, 1, RUN_DATA, 10}},
      {RUN_EAX, {(uint32_t)-9}},  // EBADF
      {RUN_CALL, {4, 0, RUN_DATA, 10}},
      {RUN_EAX, {(uint32_t)-9}},
      {RUN_CALL, {4, 3, RUN_DATA, 10}},
      {RUN_EAX, {(uint32_t)-9}},
      {RUN_CALL, {4, 2, RUN_DATA, 0}},
      {RUN_EAX, {0}},
      {RUN_CALL, {4, 2, RUN_DATA, 3}},
      {RUN_EAX, {3}},
      {RUN_CALL, {64}},
      {RUN_EAX, {0}},  // nobody is its parent
      {RUN_CALL, {9999}},
      {RUN_EAX, {(uint32_t)-38}},
      {RUN_CALL, {0}},
      {RUN_EAX, {(uint32_t)-38}},
      {RUN_CALL, {252, 0}},
  };
  runs(steps);
}

static void copies_stop_where_the_program_has_no_right(void** state) {
  (void)state;
  const uint32_t end = RUN_HEAP;  // the data's last page ends there
  const struct runner_step steps[] = {
      {RUN_CALL, {4, 1, end - 3, 3}},
      {RUN_EAX, {3}},
      {RUN_CALL, {4, 1, end, 1}},
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_CALL, {4, 1, end - 3, 4}},  // as far as it goes, as Linux does
      {RUN_EAX, {3}},
      {RUN_CALL, {4, 1, 0, 1}},
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_CALL, {4, 1, STACK_TOP, 1}},
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_CALL, {4, 1, 0xfffffff0, 32}},
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_CALL, {13, RUN_TEXT}},  // code is not writable, by the kernel either
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_CALL, {13, end - 4}},
      {RUN_EAX, {0}},
      {RUN_CALL, {13, end - 2}},  // two bytes of it would be outside
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_CALL, {162, end - 4}},
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_EXIT, {0}},
  };
  runs(steps);
}

static void a_copy_may_cross_pages(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {4, 1, RUN_DATA + 0xf00, 0x200}},
      {RUN_EAX, {0x200}},
      {RUN_CALL, {265, 1, RUN_DATA + 0xffc}},  // seconds in one page, nanoseconds in the next
      {RUN_EAX, {0}},
      {RUN_CHECK, {RUN_DATA + 0xffc, 0}},
      {RUN_EXIT, {0}},
  };
  runs_in(&(struct kernel_params){.mhz = 1}, steps);
  assert_int_equal(runner.fake.console_bytes, 0x200);
  for (unsigned i = 0; i < 0x200; i++)
    assert_int_equal((uint8_t)runner.fake.console[i], runner_byte(RUN_DATA + 0xf00 + i));
  runner_end(&runner);
}

// Memory is so small that the pages of one write are never there together; it is started over, and prints once.
static void a_write_that_waits_prints_once(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x8000}},
      {RUN_STORE, {RUN_HEAP + 0x0ffc, 1}},
      {RUN_STORE, {RUN_HEAP + 0x1ffc, 2}},
      {RUN_STORE, {RUN_HEAP + 0x2ffc, 3}},
      {RUN_STORE, {RUN_HEAP + 0x3ffc, 4}},
      {RUN_STORE, {RUN_HEAP + 0x4ffc, 5}},
      {RUN_STORE, {RUN_HEAP + 0x5ffc, 6}},
      {RUN_STORE, {RUN_HEAP + 0x6ffc, 7}},
      {RUN_STORE, {RUN_HEAP + 0x7ffc, 8}},
      {RUN_CALL, {4, 1, RUN_HEAP, 0x1800}},
      {RUN_EAX, {0x1800}},
      {RUN_EXIT, {0}},
  };
  runs_in(&(struct kernel_params){.frames = 11}, steps);
  assert_int_equal(runner.fake.console_bytes, 0x1800);
  assert_int_equal(runner.fake.console[0xffc], 1);
  assert_true(runner_stats(&runner).swap_ins >= 2);
  assert_int_equal(runner_stats(&runner).calls, 3);
  assert_true(fake_noted(&runner.fake, HAL_NOTE_BLOCK) > 2);
  assert_int_equal(fake_noted(&runner.fake, HAL_NOTE_BLOCK), fake_noted(&runner.fake, HAL_NOTE_WAKE));
  runner_end(&runner);
}

// What is served in two halves, before and after the disk, is one fault.
static void a_fault_that_waits_is_one_fault(void** state) {
  (void)state;
  enum { PAGES = 10 };
  struct runner_step steps[40] = {{RUN_CALL, {45, RUN_HEAP + PAGES * 0x1000}}};
  unsigned n = 1;
  for (uint32_t i = 0; i < PAGES; i++) steps[n++] = (struct runner_step){RUN_STORE, {RUN_HEAP + i * 0x1000, i}};
  for (uint32_t i = 0; i < PAGES; i++) steps[n++] = (struct runner_step){RUN_CHECK, {RUN_HEAP + i * 0x1000, i}};
  steps[n++] = (struct runner_step){RUN_LOGS, {0}};
  steps[n++] = (struct runner_step){RUN_GO, {n - 1}};
  boot(&(struct kernel_params){.frames = 11}, steps);
  int pid = runner_start(&runner, 0);
  while (runner.logged == 0) runner_run_steps(&runner, 1);
  uint64_t faults = process_find(runner.kernel, pid)->faults;
  struct kernel_stats stats = runner_stats(&runner);
  assert_true(stats.faults_major >= 5);
  assert_int_equal(faults, fake_noted(&runner.fake, HAL_NOTE_FAULT));
  assert_int_equal(faults + 1, stats.faults_minor + stats.faults_major);  // one by the kernel, for the arguments
  runner_destroy(&runner);
}

static void what_the_kernel_writes_survives_the_disk(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x8000}}, {RUN_SPIN, {3000000}},
      {RUN_CALL, {13, RUN_HEAP + 0x10}},   {RUN_EAX, {3}},
      {RUN_STORE, {RUN_HEAP + 0x1000, 2}}, {RUN_STORE, {RUN_HEAP + 0x2000, 3}},
      {RUN_STORE, {RUN_HEAP + 0x3000, 4}}, {RUN_STORE, {RUN_HEAP + 0x4000, 5}},
      {RUN_STORE, {RUN_HEAP + 0x5000, 6}}, {RUN_STORE, {RUN_HEAP + 0x6000, 7}},
      {RUN_CHECK, {RUN_HEAP + 0x10, 3}},   {RUN_EXIT, {0}},
  };
  runs_in(&(struct kernel_params){.frames = 11, .mhz = 1}, steps);
  runner_end(&runner);
}

// ---------------------------------------------------------------------------------------------------------------------
// Heap and stack

static void the_heap_grows_and_shrinks(void** state) {
  (void)state;
  const uint32_t most = STACK_TOP - STACK_MAX - 0x1000;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, 0}},
      {RUN_EAX, {RUN_HEAP}},
      {RUN_CALL, {45, RUN_HEAP + 1}},
      {RUN_EAX, {RUN_HEAP + 1}},
      {RUN_STORE, {RUN_HEAP + 0xffc, 1}},  // to the end of the page
      {RUN_CALL, {45, RUN_HEAP + 0x4000}},
      {RUN_EAX, {RUN_HEAP + 0x4000}},
      {RUN_STORE, {RUN_HEAP + 0x3ffc, 2}},
      {RUN_CALL, {45, RUN_HEAP - 1}},  // below its beginning: it stays
      {RUN_EAX, {RUN_HEAP + 0x4000}},
      {RUN_CALL, {45, most + 1}},
      {RUN_EAX, {RUN_HEAP + 0x4000}},
      {RUN_CALL, {45, 0xffffffff}},
      {RUN_EAX, {RUN_HEAP + 0x4000}},
      {RUN_CHECK, {RUN_HEAP + 0xffc, 1}},
      {RUN_CHECK, {RUN_HEAP + 0x3ffc, 2}},
      {RUN_CALL, {45, RUN_HEAP + 0x3001}},  // within the last page
      {RUN_CHECK, {RUN_HEAP + 0x3ffc, 2}},
      {RUN_CALL, {45, RUN_HEAP + 0x3000}},
      {RUN_CALL, {45, RUN_HEAP + 0x4000}},  // the page comes back empty
      {RUN_CHECK, {RUN_HEAP + 0x3ffc, 0}},
      {RUN_CALL, {45, RUN_HEAP}},
      {RUN_EAX, {RUN_HEAP}},
      {RUN_CALL, {45, most}},
      {RUN_EAX, {most}},
      {RUN_STORE, {most - 4, 3}},
      {RUN_EXIT, {0}},
  };
  runs(steps);
}

static void memory_given_back_is_gone(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_CALL, {45, RUN_HEAP + 0x2000}},
                                      {RUN_STORE, {RUN_HEAP + 0x1000, 1}},
                                      {RUN_CALL, {45, RUN_HEAP + 0x1000}},
                                      {RUN_CHECK, {RUN_HEAP + 0x1000, 0}}};
  dies(KERNEL_PAGING_32BIT, steps, RUN_HEAP + 0x1000, FEC_U, "read of 0x00009000, where the process has no memory");
}

struct seen {
  unsigned count;
  struct kernel_vma vma[8];
};
static void see(void* ctx, const struct kernel_vma* vma) {
  struct seen* seen = ctx;
  if (seen->count < 8) seen->vma[seen->count++] = *vma;
}

static void the_map_names_its_parts(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_CALL, {45, RUN_HEAP + 0x2000}}, {RUN_GO, {1}}};
  boot(&(struct kernel_params){.frames = 0}, steps);
  int pid = runner_start(&runner, 0);
  runner_run_steps(&runner, 5);
  struct seen seen = {.count = 0};
  kernel_vmas(runner.kernel, pid, see, &seen);
  const struct kernel_vma expected[] = {
      {RUN_TEXT, 0x3000, PROT_READ | PROT_EXEC, 1, 0, "code"},
      {RUN_DATA, 0x8000, PROT_READ | PROT_WRITE, 0, 0, "data"},
      {RUN_HEAP, 0xa000, PROT_READ | PROT_WRITE, 0, 0, "heap"},
      {STACK_TOP - 0x2000, STACK_TOP, PROT_READ | PROT_WRITE, 1, 0, "stack"},
  };
  assert_int_equal(seen.count, 4);
  for (unsigned i = 0; i < 4; i++) {
    assert_int_equal(seen.vma[i].start, expected[i].start);
    assert_int_equal(seen.vma[i].end, expected[i].end);
    assert_int_equal(seen.vma[i].prot, expected[i].prot);
    assert_int_equal(seen.vma[i].resident, expected[i].resident);
    assert_string_equal(seen.vma[i].what, expected[i].what);
  }
  runner_destroy(&runner);
}

// What brk gives back is not counted any more, whether it was in memory or on the disk.
static void the_map_counts_what_is_left(void** state) {
  (void)state;
  const struct runner_step steps[] = {{RUN_CALL, {45, RUN_HEAP + 0x8000}},
                                      {RUN_STORE, {RUN_HEAP, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x1000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x2000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x3000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x4000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x5000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x6000, 1}},
                                      {RUN_STORE, {RUN_HEAP + 0x7000, 1}},
                                      {RUN_CALL, {45, RUN_HEAP + 0x1000}},
                                      {RUN_LOGS, {1}},
                                      {RUN_GO, {11}}};
  boot(&(struct kernel_params){.frames = 11}, steps);
  int pid = runner_start(&runner, 0);
  while (runner.logged == 0) runner_run_steps(&runner, 1);
  struct seen seen = {.count = 0};
  kernel_vmas(runner.kernel, pid, see, &seen);
  uint64_t resident = 0;
  for (unsigned i = 0; i < seen.count; i++) resident += seen.vma[i].resident;
  assert_string_equal(seen.vma[2].what, "heap");
  assert_int_equal(seen.vma[2].resident + seen.vma[2].swapped, 1);
  assert_int_equal(resident, runner_stats(&runner).frames_process);
  assert_true(runner_stats(&runner).swap_outs >= 3);
  runner_destroy(&runner);
}

static void the_stack_grows_as_it_is_used(void** state) {
  (void)state;
  const uint32_t low = STACK_TOP - STACK_MAX;
  const struct runner_step steps[] = {
      {RUN_STACK, {STACK_TOP - 0x10000}},
      {RUN_STORE, {STACK_TOP - 0x10000, 1}},
      {RUN_STORE, {STACK_TOP - 0x10000 - CUSHION, 2}},  // as far below ESP as it may
      {RUN_CHECK, {STACK_TOP - 0x10000, 1}},
      {RUN_CALL, {13, STACK_TOP - 0x10000 - CUSHION - 0x1000 + 8}},  // the kernel's copies follow the same rule
      {RUN_EAX, {(uint32_t)-14}},
      {RUN_STACK, {STACK_TOP - 0x20000}},
      {RUN_CALL, {13, STACK_TOP - 0x30000}},
      {RUN_EAX, {0}},
      {RUN_STACK, {low}},
      {RUN_STORE, {low, 3}},
      {RUN_CHECK, {STACK_TOP - 0x10000 - CUSHION, 2}},
      {RUN_EXIT, {0}},
  };
  runs(steps);
}

static void the_stack_does_not_grow_for_any_access(void** state) {
  (void)state;
  const struct runner_step far_below[] = {{RUN_STACK, {STACK_TOP - 0x10000}},
                                          {RUN_STORE, {STACK_TOP - 0x20000 - 132, 2}}};
  dies(KERNEL_PAGING_32BIT, far_below, STACK_TOP - 0x20000 - 132, FEC_U | FEC_WR,
       "write to 0xbffdff7c, where the process has no memory: too far below its stack pointer 0xbfff0000");
  const struct runner_step beyond[] = {{RUN_STACK, {STACK_TOP - STACK_MAX}},
                                       {RUN_STORE, {STACK_TOP - STACK_MAX - 4, 2}}};
  dies(KERNEL_PAGING_PAE, beyond, STACK_TOP - STACK_MAX - 4, FEC_U | FEC_WR,
       "write to 0xbf7ffffc, where the process has no memory: its stack may not have more than 8 MiB");
}

// ---------------------------------------------------------------------------------------------------------------------
// What ends a program

static void illegal_references_end_a_program_with_the_reason(void** state) {
  (void)state;
  const struct runner_step null[] = {{RUN_CHECK, {0, 0}}};
  dies(KERNEL_PAGING_32BIT, null, 0, FEC_U, "read of 0x00000000, where the process has no memory (a null pointer?)");
  const struct runner_step code[] = {{RUN_STORE, {RUN_TEXT + 8, 1}}};
  dies(KERNEL_PAGING_32BIT, code, RUN_TEXT + 8, FEC_U | FEC_WR | FEC_PR,
       "write to 0x00001008, but the memory from 0x00001000 to 0x00003000 is not writable");
  const struct runner_step os[] = {{RUN_CHECK, {0xc0000000, 0}}};
  dies(KERNEL_PAGING_32BIT, os, 0xc0000000, FEC_U | FEC_PR, "read of 0xc0000000, which belongs to the kernel");
  const struct runner_step data[] = {{RUN_CHECK, {RUN_DATA, runner_word(RUN_DATA)}}, {RUN_FETCH, {RUN_DATA}}};
  dies(KERNEL_PAGING_PAE, data, RUN_DATA, FEC_U | FEC_ID | FEC_PR,
       "fetch from 0x00004000, but the memory from 0x00004000 to 0x00008000 is not executable");
  dies(KERNEL_PAGING_5LEVEL, data, RUN_DATA, FEC_U | FEC_ID | FEC_PR,
       "fetch from 0x00004000, but the memory from 0x00004000 to 0x00008000 is not executable");
  dies(KERNEL_PAGING_4LEVEL, os, 0xc0000000, FEC_U, "read of 0xc0000000, where the process has no memory");
}

static void exceptions_become_signals(void** state) {
  (void)state;
  static const struct {
    uint32_t vector, error;
    int signal;
    const char* reason;
  } cases[] = {
      {0, 0, 8, "it divided by zero, or the quotient is too large (#DE)"},
      {1, 0, 5, "it single-steps (#DB), but nobody debugs it"},
      {3, 0, 5, "it met a breakpoint (#BP), but nobody debugs it"},
      {4, 0, 11, "INTO found the overflow flag set (#OF)"},
      {5, 0, 11, "BOUND found an index outside of its array (#BR)"},
      {6, 0, 4, "there is no such instruction (#UD)"},
      {7, 0, 4, "there is no floating-point unit (#NM)"},
      {11, 0x50, 7, "the segment is not present (#NP)"},
      {12, 0, 7, "its stack segment does not reach so far (#SS)"},
      {13, 0, 11, "its code may not do that (#GP)"},
      {17, 0, 7, "the address is not a multiple of the operand's size (#AC)"},
      {18, 0, 7, "there is no memory behind the address"},
      {9, 0, 11, "an exception that should not come"},
      {13, 33 * 8 + 2, 11, "it called interrupt 33, but system calls are interrupt 128 (#GP)"},
      {13, 0x10, 11, "it tried to load a segment register with selector 0x00000010, which is not its own (#GP)"},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct runner_step steps[] = {{RUN_SPIN, {1}}, {RUN_RAISE, {cases[i].vector, cases[i].error}}};
    struct kernel_end end = dies_in(&(struct kernel_params){.frames = 0}, steps, cases[i].signal);
    assert_int_equal(end.vector, cases[i].vector);
    assert_int_equal(end.error, cases[i].error);
    assert_int_equal(end.eip, RUN_TEXT + 2);
    assert_string_equal(end.reason, cases[i].reason);
  }
}

static void privileged_instructions_are_named(void** state) {
  (void)state;
  static const struct {
    uint8_t code[4];
    const char* what;
  } cases[] = {
      {{0xf4}, "to halt the processor (HLT)"},
      {{0xfa}, "to switch interrupts off or on (CLI, STI)"},
      {{0x0f, 0x22, 0xd8}, "to write CR3"},
      {{0x0f, 0x22, 0xc0}, "to write CR0"},
      {{0x66, 0x0f, 0x22, 0xe0}, "to write CR4"},
      {{0x0f, 0x20, 0xe0}, "to read a control register"},
      {{0x0f, 0x01, 0x38}, "to invalidate a TLB entry (INVLPG)"},
      {{0x0f, 0x01, 0x10}, "to load GDTR or IDTR"},
      {{0x66, 0xe7, 0x80}, "to use an I/O port"},
      {{0xf3, 0x6d}, "to use an I/O port"},
      {{0x0f, 0x30}, "to use a model-specific register"},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct runner_step steps[] = {{RUN_RAISE, {13, 0}}};
    struct kernel_end end;
    char reason[160];
    boot(&(struct kernel_params){.frames = 0}, steps);
    memcpy(runner.image, cases[i].code, 4);
    runner_start(&runner, 0);
    runner_run(&runner);
    assert_true(kernel_first_end(runner.kernel, &end));
    snprintf(reason, sizeof reason, "it tried %s, which only the kernel may (#GP)", cases[i].what);
    assert_string_equal(end.reason, reason);
    runner_end(&runner);
  }
}

static void a_programs_fault_takes_the_six_steps(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_SPIN, {1}}, {RUN_CHECK, {RUN_DATA + 12, runner_word(RUN_DATA + 12)}}, {RUN_GO, {1}}};
  const enum hal_note_kind kinds[] = {HAL_NOTE_FAULT, HAL_NOTE_TRAP,  HAL_NOTE_LOOKUP,
                                      HAL_NOTE_FRAME, HAL_NOTE_TABLE, HAL_NOTE_RESTART};
  boot(&(struct kernel_params){.frames = 0}, steps);
  int pid = runner_start(&runner, 0);
  runner_run_steps(&runner, 1);
  runner.fake.note_count = 0;
  runner_run_steps(&runner, 2);
  assert_int_equal(runner.fake.note_count, 6);
  for (unsigned i = 0; i < 6; i++) assert_int_equal(runner.fake.notes[i].kind, kinds[i]);
  assert_int_equal(runner.fake.notes[0].a, RUN_DATA + 12);
  assert_int_equal(runner.fake.notes[0].b, FEC_U);
  assert_int_equal(runner.fake.notes[1].b, pid);
  assert_int_equal(runner.fake.notes[2].c, RUN_DATA);
  assert_int_equal(runner.fake.notes[3].c, HAL_FRAME_PROGRAM);
  assert_int_equal(runner.fake.notes[5].a, RUN_DATA + 12);
  runner_destroy(&runner);
}

static void a_program_too_big_for_memory_and_disk_ends_with_the_figures(void** state) {
  (void)state;
  const struct runner_step steps[] = {
      {RUN_CALL, {45, RUN_HEAP + 0x8000}}, {RUN_STORE, {RUN_HEAP, 1}},          {RUN_STORE, {RUN_HEAP + 0x1000, 1}},
      {RUN_STORE, {RUN_HEAP + 0x2000, 1}}, {RUN_STORE, {RUN_HEAP + 0x3000, 1}}, {RUN_STORE, {RUN_HEAP + 0x4000, 1}},
      {RUN_STORE, {RUN_HEAP + 0x5000, 1}}, {RUN_STORE, {RUN_HEAP + 0x6000, 1}}, {RUN_STORE, {RUN_HEAP + 0x7000, 1}},
  };
  struct kernel_end end = dies_in(&(struct kernel_params){.frames = 11, .swap_blocks = 1}, steps, SIGNAL_KILL);
  if (!strstr(end.reason, "of 11, 2 hold the kernel, 3 page tables, 6 pages that can't go (swap is full)"))
    fail_msg("%s", end.reason);
}

static void only_the_first_end_is_kept(void** state) {
  (void)state;
  const struct runner_step first[] = {{RUN_CALL, {158}}, {RUN_EXIT, {1}}}, second[] = {{RUN_EXIT, {2}}};
  struct kernel_end end;
  runner_boot(&runner, &(struct kernel_params){.frames = 0}, (const struct runner_step*[]){first, second, NULL});
  runner_start(&runner, 0);
  runner_start(&runner, 1);
  assert_false(kernel_first_end(runner.kernel, &end));
  runner_run(&runner);
  assert_true(kernel_first_end(runner.kernel, &end));
  assert_int_equal(end.code, 1);
  runner_end(&runner);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_program_runs_from_its_image_and_exits),
    cmocka_unit_test(nothing_of_the_image_is_brought_before_it_is_touched),
    cmocka_unit_test(a_segment_may_begin_and_end_within_a_page),
    cmocka_unit_test(clean_pages_of_the_image_are_not_written_to_disk),
    cmocka_unit_test(programs_that_can_not_be_placed_are_refused),
    cmocka_unit_test(arguments_lie_as_linux_lays_them),
    cmocka_unit_test(arguments_have_their_limits),
    cmocka_unit_test(the_process_table_is_finite),
    cmocka_unit_test(calls_answer_as_linux_does),
    cmocka_unit_test(copies_stop_where_the_program_has_no_right),
    cmocka_unit_test(a_copy_may_cross_pages),
    cmocka_unit_test(a_write_that_waits_prints_once),
    cmocka_unit_test(a_fault_that_waits_is_one_fault),
    cmocka_unit_test(what_the_kernel_writes_survives_the_disk),
    cmocka_unit_test(the_heap_grows_and_shrinks),
    cmocka_unit_test(memory_given_back_is_gone),
    cmocka_unit_test(the_map_names_its_parts),
    cmocka_unit_test(the_map_counts_what_is_left),
    cmocka_unit_test(the_stack_grows_as_it_is_used),
    cmocka_unit_test(the_stack_does_not_grow_for_any_access),
    cmocka_unit_test(illegal_references_end_a_program_with_the_reason),
    cmocka_unit_test(exceptions_become_signals),
    cmocka_unit_test(privileged_instructions_are_named),
    cmocka_unit_test(a_programs_fault_takes_the_six_steps),
    cmocka_unit_test(a_program_too_big_for_memory_and_disk_ends_with_the_figures),
    cmocka_unit_test(only_the_first_end_is_kept),
};

TEST_MAIN(tests)
