// SPDX-License-Identifier: MIT
// Programs without a processor.
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernel/state.h"

enum { TEXT_BYTES = 0x2000, PAGE = 4096, STEP_BYTES = 2 };
static const uint64_t STEPS_MAX = 10000000;

uint8_t rig_byte(uint32_t address) { return (uint8_t)(address * 2654435761u >> 13); }

uint32_t rig_word(uint32_t address) {
  uint32_t word = 0;
  for (unsigned i = 0; i < 4; i++) word |= (uint32_t)rig_byte(address + i) << 8 * i;
  return word;
}

static void describe(struct rig* rig, unsigned i) {
  static const char* const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  rig->segments[i][0] = (struct kernel_segment){.address = RIG_TEXT,
                                                .memory_bytes = TEXT_BYTES,
                                                .file_bytes = TEXT_BYTES,
                                                .bytes = rig->image,
                                                .prot = PROT_READ | PROT_EXEC};
  rig->segments[i][1] = (struct kernel_segment){.address = RIG_DATA,
                                                .memory_bytes = RIG_DATA_BYTES,
                                                .file_bytes = RIG_DATA_FILE,
                                                .bytes = rig->image + RIG_DATA - RIG_TEXT,
                                                .prot = PROT_READ | PROT_WRITE};
  rig->programs[i] =
      (struct kernel_program){.name = names[i], .entry = RIG_TEXT, .segment_count = 2, .segments = rig->segments[i]};
}

void rig_boot(struct rig* rig, const struct kernel_params* params, const struct rig_step* const* steps) {
  memset(rig, 0, sizeof *rig);
  rig->image = malloc(RIG_DATA + RIG_DATA_FILE - RIG_TEXT);
  assert_non_null(rig->image);
  for (uint32_t at = RIG_TEXT; at < RIG_DATA + RIG_DATA_FILE; at++) rig->image[at - RIG_TEXT] = rig_byte(at);
  rig->params = *params;
  rig->params.maxphyaddr = 40;
  if (!rig->params.frames) rig->params.frames = 256;
  if (!rig->params.swap_blocks) rig->params.swap_blocks = 64;
  rig->params.global_pages = true;
  rig->params.work = 100;
  rig->params.programs = rig->programs;
  for (; steps[rig->params.program_count]; rig->params.program_count++) {
    describe(rig, rig->params.program_count);
    rig->steps[rig->params.program_count] = steps[rig->params.program_count];
  }
  rig->kernel = fake_boot_with(&rig->fake, &rig->arena, &rig->params);
  if (!rig->kernel) fail_msg("no kernel: %s", rig->fake.panic);
  rig->next = KERNEL_IDLE;
}

int rig_start(struct rig* rig, unsigned program) {
  const char* argv[] = {rig->programs[program].name};
  int pid = kernel_start(rig->kernel, program, 1, argv);
  if (pid <= 0) fail_msg("program %u was not started: %d", program, pid);
  return pid;
}

// ---------------------------------------------------------------------------------------------------------------------
// The processor

static int pid_now(const struct rig* rig) { return rig->kernel->scheduler.running->pid; }

static void trap(struct rig* rig, const struct kernel_trap* trap) {
  rig->next = kernel_trap(rig->kernel, trap, &rig->context);
}

static void page_fault(struct rig* rig, uint64_t va, unsigned error) {
  struct kernel_trap fault = {
      .kind = KERNEL_TRAP_EXCEPTION, .vector = 14, .error = error, .cr2 = va, .start = rig->context.eip};
  trap(rig, &fault);
}

// A reference of up to 4 bytes within a page. False: it faulted, and the kernel has been entered.
static bool refer(struct rig* rig, uint32_t va, enum fake_kind kind, uint64_t* pa) {
  unsigned error;
  if (fake_access(&rig->fake, va, kind, true, pa, &error)) return true;
  page_fault(rig, va, error);
  return false;
}

static bool fetch(struct rig* rig) {
  uint64_t pa;
  uint32_t eip = rig->context.eip;
  if (!refer(rig, eip, FAKE_FETCH, &pa)) return false;
  if (fake_word(&rig->fake, pa, 1) != rig_byte(eip)) fail_msg("code at %#x is not the program's", eip);
  return true;
}

static void call(struct rig* rig, const uint32_t argument[4]) {
  static const unsigned registers[] = {KERNEL_EAX, KERNEL_EBX, KERNEL_ECX, KERNEL_EDX};
  struct kernel_trap call = {.kind = KERNEL_TRAP_CALL, .start = rig->context.eip};
  for (unsigned i = 0; i < 4; i++) rig->context.reg[registers[i]] = argument[i];
  rig->context.eip += STEP_BYTES;
  trap(rig, &call);
}

static void take_log(struct rig* rig, uint32_t what) {
  if (rig->logged == RIG_LOG) fail_msg("the rig's log is full");
  rig->log[rig->logged].pid = pid_now(rig);
  rig->log[rig->logged].cycle = rig->fake.now;
  rig->log[rig->logged++].what = what;
}

static uint32_t address_of(uint32_t step) { return RIG_TEXT + STEP_BYTES * step; }

// Does the step; false if it trapped, so that EIP is the kernel's business.
static bool take(struct rig* rig, const struct rig_step* step) {
  struct kernel_trap raised = {
      .kind = KERNEL_TRAP_EXCEPTION, .vector = (uint8_t)step->of[0], .error = step->of[1], .start = rig->context.eip};
  uint32_t* eax = &rig->context.reg[KERNEL_EAX];
  uint64_t pa;
  switch (step->op) {
    case RIG_CALL:
      call(rig, step->of);
      return false;
    case RIG_EXIT:
      call(rig, (uint32_t[]){1, step->of[0], 0, 0});
      return false;
    case RIG_STORE:
    case RIG_KEEP:
      if (!refer(rig, step->of[0], FAKE_WRITE, &pa)) return false;
      fake_poke(&rig->fake, pa, 4, step->op == RIG_KEEP ? *eax : step->of[1]);
      break;
    case RIG_CHECK:
      if (!refer(rig, step->of[0], FAKE_READ, &pa)) return false;
      if (fake_word(&rig->fake, pa, 4) != step->of[1])
        fail_msg("pid %d: at %#x is %#lx, not %#x", pid_now(rig), step->of[0],
                 (unsigned long)fake_word(&rig->fake, pa, 4), step->of[1]);
      break;
    case RIG_EAX:
      if (*eax != step->of[0])
        fail_msg("pid %d, step %u: EAX is %d, not %d", pid_now(rig), (rig->context.eip - RIG_TEXT) / 2, (int)*eax,
                 (int)step->of[0]);
      break;
    case RIG_FETCH:
      if (!refer(rig, step->of[0], FAKE_FETCH, &pa)) return false;
      break;
    case RIG_SPIN:
      rig->fake.now += step->of[0];
      break;
    case RIG_GO:
      rig->context.eip = address_of(step->of[0]);
      return true;
    case RIG_ZERO:
      if (*eax != 0) break;
      rig->context.eip = address_of(step->of[0]);
      return true;
    case RIG_STACK:
      rig->context.reg[KERNEL_ESP] = step->of[0];
      break;
    case RIG_RAISE:
      trap(rig, &raised);
      return false;
    case RIG_LOGS:
      take_log(rig, step->of[0]);
      break;
  }
  rig->context.eip += STEP_BYTES;
  return true;
}

static const struct rig_step* step_now(const struct rig* rig) {
  const struct kernel_program* program = rig->kernel->scheduler.running->program;
  return &rig->steps[program - rig->programs][(rig->context.eip - RIG_TEXT) / STEP_BYTES];
}

static void interrupt(struct rig* rig) {
  rig->fake.timer = UINT64_MAX;
  trap(rig, &(struct kernel_trap){.kind = KERNEL_TRAP_INTERRUPT, .start = rig->context.eip});
}

static bool disk_works(const struct rig* rig) {
  const struct fake_transfer* last = &rig->fake.queue[rig->fake.transfers % FAKE_TRANSFERS];
  return rig->fake.transfers > 0 && last->over > rig->fake.now;
}

// Time passes until the timer or the disk; a little at a time, so that the kernel is asked too early, too.
static void idle(struct rig* rig) {
  uint64_t now = rig->fake.now, timer = rig->fake.timer;
  if (timer == UINT64_MAX && !disk_works(rig) && now > 0 && rig->taken > 0 && rig->next == KERNEL_IDLE &&
      rig->fake.now > 1000000000)
    fail_msg("all wait for ever");
  uint64_t later = now + rig->fake.disk_cycles / 3 + 1;
  rig->fake.now = timer > now && timer < later ? timer : later;
  trap(rig, &(struct kernel_trap){.kind = KERNEL_TRAP_START});
}

static void one(struct rig* rig) {
  if (rig->next == KERNEL_IDLE) {
    idle(rig);
    return;
  }
  if (rig->fake.now >= rig->fake.timer) {
    interrupt(rig);
    return;
  }
  if (!fetch(rig)) return;
  rig->taken++;
  take(rig, step_now(rig));
}

void rig_run_steps(struct rig* rig, uint64_t steps) {
  uint64_t end = rig->taken + steps;
  for (uint64_t n = 0; rig->next != KERNEL_DONE && rig->taken < end; n++) {
    if (n > STEPS_MAX) fail_msg("the programs do not end");
    one(rig);
  }
  assert_string_equal(rig->fake.panic, "");
}

void rig_run(struct rig* rig) { rig_run_steps(rig, STEPS_MAX); }

// ---------------------------------------------------------------------------------------------------------------------

struct kernel_stats rig_stats(const struct rig* rig) {
  struct kernel_stats stats;
  kernel_stats(rig->kernel, &stats);
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

void rig_end(struct rig* rig) {
  assert_string_equal(rig->fake.panic, "");
  kernel_processes(rig->kernel, is_left, NULL);
  // Transfers that nobody waits for any more come to their end.
  rig->fake.now += rig->fake.disk_cycles * 64;
  swap_settle(rig->kernel);
  struct kernel_stats stats = rig_stats(rig);
  assert_int_equal(stats.frames_free, stats.frames_total - stats.frames_kernel);
  assert_int_equal(stats.swap_used, 0);
  assert_int_equal(rig->kernel->swap.arrived, 0);
  assert_int_equal(vmas_in_use(rig->kernel), 0);
  for (unsigned i = 0; i < PROCESS_MAX; i++) assert_int_equal(rig->kernel->processes[i].pid, 0);
  fake_destroy(&rig->fake);
  free(rig->arena);
  free(rig->image);
}

void rig_expect_log(const struct rig* rig, const uint32_t (*expected)[2]) {
  unsigned i = 0;
  for (; expected[i][0] != 0; i++) {
    if (i >= rig->logged) fail_msg("the log ends before entry %u", i);
    if ((uint32_t)rig->log[i].pid != expected[i][0] || rig->log[i].what != expected[i][1])
      fail_msg("log entry %u: pid %d says %u, expected was pid %u, %u", i, rig->log[i].pid, rig->log[i].what,
               expected[i][0], expected[i][1]);
  }
  assert_int_equal(rig->logged, i);
}

int rig_status(const struct rig* rig, int pid) {
  const struct hal_note* note;
  for (unsigned i = 0; (note = fake_note(&rig->fake, HAL_NOTE_EXIT, i)); i++)
    if (note->a == (uint64_t)pid) return (int)note->b;
  fail_msg("pid %d has not ended", pid);
  return -1;
}
