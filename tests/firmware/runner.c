// SPDX-License-Identifier: MIT
// Programs without a processor.
#include "runner.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernel/state.h"

enum { TEXT_BYTES = 0x2000, PAGE = 4096, STEP_BYTES = 2 };
static const uint64_t STEPS_MAX = 1000000;

uint8_t runner_byte(uint32_t address) { return (uint8_t)(address * 2654435761u >> 13); }

uint32_t runner_word(uint32_t address) {
  uint32_t word = 0;
  for (unsigned i = 0; i < 4; i++) word |= (uint32_t)runner_byte(address + i) << 8 * i;
  return word;
}

static void describe(struct runner* runner, unsigned i) {
  static const char* const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  runner->segments[i][0] = (struct kernel_segment){.address = RUN_TEXT,
                                                   .memory_bytes = TEXT_BYTES,
                                                   .file_bytes = TEXT_BYTES,
                                                   .bytes = runner->image,
                                                   .prot = PROT_READ | PROT_EXEC};
  runner->segments[i][1] = (struct kernel_segment){.address = RUN_DATA,
                                                   .memory_bytes = RUN_DATA_BYTES,
                                                   .file_bytes = RUN_DATA_FILE,
                                                   .bytes = runner->image + RUN_DATA - RUN_TEXT,
                                                   .prot = PROT_READ | PROT_WRITE};
  runner->programs[i] =
      (struct kernel_program){.name = names[i], .entry = RUN_TEXT, .segment_count = 2, .segments = runner->segments[i]};
}

void runner_boot(struct runner* runner, const struct kernel_params* params, const struct runner_step* const* steps) {
  memset(runner, 0, sizeof *runner);
  runner->image = malloc(RUN_DATA + RUN_DATA_FILE - RUN_TEXT);
  assert_non_null(runner->image);
  for (uint32_t at = RUN_TEXT; at < RUN_DATA + RUN_DATA_FILE; at++) runner->image[at - RUN_TEXT] = runner_byte(at);
  runner->params = *params;
  runner->params.maxphyaddr = 40;
  if (!runner->params.frames) runner->params.frames = 256;
  if (!runner->params.swap_blocks) runner->params.swap_blocks = 64;
  runner->params.global_pages = true;
  runner->params.work = 100;
  runner->params.programs = runner->programs;
  for (; steps[runner->params.program_count]; runner->params.program_count++) {
    describe(runner, runner->params.program_count);
    runner->steps[runner->params.program_count] = steps[runner->params.program_count];
  }
  runner->kernel = fake_boot_with(&runner->fake, &runner->arena, &runner->params);
  if (!runner->kernel) fail_msg("no kernel: %s", runner->fake.panic);
  runner->next = KERNEL_IDLE;
}

int runner_start(struct runner* runner, unsigned program) {
  const char* argv[] = {runner->programs[program].name};
  int pid = kernel_start(runner->kernel, program, 1, argv);
  runner->idles = 0;
  if (pid <= 0) fail_msg("program %u was not started: %d", program, pid);
  return pid;
}

// ---------------------------------------------------------------------------------------------------------------------
// The processor

static int pid_now(const struct runner* runner) { return runner->kernel->scheduler.running->pid; }

static void trap(struct runner* runner, const struct kernel_trap* trap) {
  runner->next = kernel_trap(runner->kernel, trap, &runner->context);
}

static void page_fault(struct runner* runner, uint64_t va, unsigned error) {
  struct kernel_trap fault = {
      .kind = KERNEL_TRAP_EXCEPTION, .vector = 14, .error = error, .cr2 = va, .start = runner->context.eip};
  trap(runner, &fault);
}

// A reference of up to 4 bytes within a page. False: it faulted, and the kernel has been entered.
static bool refer(struct runner* runner, uint32_t va, enum fake_kind kind, uint64_t* pa) {
  unsigned error;
  if (fake_access(&runner->fake, va, kind, true, pa, &error)) return true;
  page_fault(runner, va, error);
  return false;
}

static bool fetch(struct runner* runner) {
  uint64_t pa;
  uint32_t eip = runner->context.eip;
  if (!refer(runner, eip, FAKE_FETCH, &pa)) return false;
  if (fake_word(&runner->fake, pa, 1) != runner->image[eip - RUN_TEXT])
    fail_msg("code at %#x is not the program's", eip);
  return true;
}

static void call(struct runner* runner, const uint32_t argument[4]) {
  static const unsigned registers[] = {KERNEL_EAX, KERNEL_EBX, KERNEL_ECX, KERNEL_EDX};
  struct kernel_trap call = {.kind = KERNEL_TRAP_CALL, .start = runner->context.eip};
  for (unsigned i = 0; i < 4; i++) runner->context.reg[registers[i]] = argument[i];
  runner->context.eip += STEP_BYTES;
  trap(runner, &call);
}

static void take_log(struct runner* runner, uint32_t what) {
  if (runner->logged == RUN_LOG) fail_msg("the runner's log is full");
  runner->log[runner->logged].pid = pid_now(runner);
  runner->log[runner->logged].cycle = runner->fake.now;
  runner->log[runner->logged++].what = what;
}

static uint32_t address_of(uint32_t step) { return RUN_TEXT + STEP_BYTES * step; }

// Does the step; false if it trapped, so that EIP is the kernel's business.
static bool take(struct runner* runner, const struct runner_step* step) {
  struct kernel_trap raised = {.kind = KERNEL_TRAP_EXCEPTION,
                               .vector = (uint8_t)step->of[0],
                               .error = step->of[1],
                               .start = runner->context.eip};
  uint32_t* eax = &runner->context.reg[KERNEL_EAX];
  uint64_t pa;
  switch (step->op) {
    case RUN_CALL:
      call(runner, step->of);
      return false;
    case RUN_EXIT:
      call(runner, (uint32_t[]){1, step->of[0], 0, 0});
      return false;
    case RUN_STORE:
    case RUN_KEEP:
      if (!refer(runner, step->of[0], FAKE_WRITE, &pa)) return false;
      fake_poke(&runner->fake, pa, 4, step->op == RUN_KEEP ? *eax : step->of[1]);
      break;
    case RUN_CHECK:
      if (!refer(runner, step->of[0], FAKE_READ, &pa)) return false;
      if (fake_word(&runner->fake, pa, 4) != step->of[1])
        fail_msg("pid %d: at %#x is %#lx, not %#x", pid_now(runner), step->of[0],
                 (unsigned long)fake_word(&runner->fake, pa, 4), step->of[1]);
      break;
    case RUN_SAME:
      if (!refer(runner, step->of[0], FAKE_READ, &pa)) return false;
      if ((int)fake_word(&runner->fake, pa, 4) != pid_now(runner))
        fail_msg("pid %d finds %lu", pid_now(runner), (unsigned long)fake_word(&runner->fake, pa, 4));
      break;
    case RUN_EAX:
      if (*eax != step->of[0])
        fail_msg("pid %d, step %u: EAX is %d, not %d", pid_now(runner), (runner->context.eip - RUN_TEXT) / 2, (int)*eax,
                 (int)step->of[0]);
      break;
    case RUN_FETCH:
      if (!refer(runner, step->of[0], FAKE_FETCH, &pa)) return false;
      break;
    case RUN_SPIN:
      runner->fake.now += step->of[0];
      break;
    case RUN_GO:
      runner->context.eip = address_of(step->of[0]);
      return true;
    case RUN_ZERO:
      if (*eax != 0) break;
      runner->context.eip = address_of(step->of[0]);
      return true;
    case RUN_STACK:
      runner->context.reg[KERNEL_ESP] = step->of[0];
      break;
    case RUN_RAISE:
      trap(runner, &raised);
      return false;
    case RUN_LOGS:
      take_log(runner, step->of[0]);
      break;
  }
  runner->context.eip += STEP_BYTES;
  return true;
}

static const struct runner_step* step_now(const struct runner* runner) {
  const struct kernel_program* program = runner->kernel->scheduler.running->program;
  return &runner->steps[program - runner->programs][(runner->context.eip - RUN_TEXT) / STEP_BYTES];
}

// The next moment at which the disk will have finished a transfer; UINT64_MAX: it does nothing.
static uint64_t disk_done(const struct runner* runner) {
  uint64_t first = UINT64_MAX;
  for (unsigned i = 0; i < FAKE_TRANSFERS; i++) {
    const struct fake_transfer* transfer = &runner->fake.queue[i];
    if (transfer->ticket && transfer->over > runner->fake.now && transfer->over < first) first = transfer->over;
  }
  return first;
}

// Whether the disk interrupts now: a transfer has come to its end since it did last.
static bool disk_interrupts(struct runner* runner) {
  const struct fake_transfer* next = &runner->fake.queue[(runner->announced + 1) % FAKE_TRANSFERS];
  if (runner->announced == runner->fake.transfers || next->over > runner->fake.now) return false;
  runner->announced++;
  return true;
}

// Time passes until the timer or the disk; every third time the kernel is asked too early.
static void idle(struct runner* runner) {
  uint64_t disk = disk_done(runner), timer = runner->fake.timer, now = runner->fake.now;
  uint64_t next = disk < timer ? disk : timer;
  if (next == UINT64_MAX && runner->idles > 0) fail_msg("all wait for ever");
  if (next != UINT64_MAX && next > now) runner->fake.now = runner->idles % 3 ? next : now + (next - now) / 2;
  runner->idles++;
  trap(runner, &(struct kernel_trap){.kind = KERNEL_TRAP_START});
}

static void one(struct runner* runner) {
  if (runner->next == KERNEL_IDLE) {
    idle(runner);
    return;
  }
  bool timer = runner->fake.now >= runner->fake.timer;
  if (timer) runner->fake.timer = UINT64_MAX;
  if (disk_interrupts(runner) || timer) {
    trap(runner, &(struct kernel_trap){.kind = KERNEL_TRAP_INTERRUPT, .start = runner->context.eip});
    return;
  }
  if (!fetch(runner)) return;
  runner->taken++;
  take(runner, step_now(runner));
}

void runner_run_steps(struct runner* runner, uint64_t steps) {
  uint64_t end = runner->taken + steps;
  for (uint64_t n = 0; runner->next != KERNEL_DONE && runner->taken < end; n++) {
    if (n > STEPS_MAX) fail_msg("the programs do not end");
    one(runner);
  }
  assert_string_equal(runner->fake.panic, "");
}

void runner_run(struct runner* runner) { runner_run_steps(runner, STEPS_MAX); }

// ---------------------------------------------------------------------------------------------------------------------

struct kernel_stats runner_stats(const struct runner* runner) {
  struct kernel_stats stats;
  kernel_stats(runner->kernel, &stats);
  assert_int_equal(stats.frames_free + stats.frames_kernel + stats.frames_tables + stats.frames_process,
                   stats.frames_total);
  return stats;
}

static void is_left(void* ctx, const struct kernel_process* process) {
  (void)ctx;
  fail_msg("pid %d (%s) is left", process->pid, process->name);
}

static uint64_t vmas_in_use(const struct kernel* kernel) {
  uint64_t used = kernel->vmas.watermark;
  for (const struct vma* vma = kernel->vmas.free; vma; vma = vma->left) used--;
  return used;
}

void runner_end(struct runner* runner) {
  assert_string_equal(runner->fake.panic, "");
  kernel_processes(runner->kernel, is_left, NULL);
  // Transfers that nobody waits for any more come to their end.
  runner->fake.now += runner->fake.disk_cycles * 64;
  swap_settle(runner->kernel);
  struct kernel_stats stats = runner_stats(runner);
  assert_int_equal(stats.frames_free, stats.frames_total - stats.frames_kernel);
  assert_int_equal(stats.swap_used, 0);
  assert_int_equal(runner->kernel->swap.arrived, 0);
  assert_int_equal(vmas_in_use(runner->kernel), 0);
  for (unsigned i = 0; i < PROCESS_MAX; i++) assert_int_equal(runner->kernel->processes[i].pid, 0);
  runner_destroy(runner);
}

void runner_destroy(struct runner* runner) {
  fake_destroy(&runner->fake);
  free(runner->arena);
  free(runner->image);
}

uint32_t runner_peek(const struct runner* runner, int pid, uint32_t va) {
  uint64_t pa;
  if (!kernel_translate(runner->kernel, pid, va, &pa)) fail_msg("pid %d has no page at %#x", pid, va);
  return (uint32_t)fake_word(&runner->fake, pa, 4);
}

void runner_expect_log(const struct runner* runner, const uint32_t (*expected)[2]) {
  unsigned i = 0;
  for (; expected[i][0] != 0; i++) {
    if (i >= runner->logged) fail_msg("the log ends before entry %u", i);
    if ((uint32_t)runner->log[i].pid != expected[i][0] || runner->log[i].what != expected[i][1])
      fail_msg("log entry %u: pid %d says %u, expected was pid %u, %u", i, runner->log[i].pid, runner->log[i].what,
               expected[i][0], expected[i][1]);
  }
  assert_int_equal(runner->logged, i);
}

int runner_status(const struct runner* runner, int pid) {
  const struct hal_note* note;
  for (unsigned i = 0; (note = fake_note(&runner->fake, HAL_NOTE_EXIT, i)); i++)
    if (note->a == (uint64_t)pid) return (int)note->b;
  fail_msg("pid %d has not ended", pid);
  return -1;
}
