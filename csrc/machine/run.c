// SPDX-License-Identifier: MIT
// Running programs: user code on the core until something stops it, then the kernel, and so on (docs/programs.md).
#include <inttypes.h>

#include "machine/inside.h"

enum { SLICE = 1 << 16 };  // steps between two looks at *interrupt

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

// When the next interrupt comes.
static uint64_t next_interrupt(const struct machine* machine) {
  return earlier(machine->timer, disk_next(machine->disk));
}

static bool interrupt_is_due(const struct machine* machine) { return next_interrupt(machine) <= machine_now(machine); }

// The timer interrupts once.
static void take_interrupts(struct machine* machine) {
  if (machine->timer <= machine_now(machine)) machine->timer = UINT64_MAX;
  disk_advance(machine->disk, machine_now(machine));
}

// --- the kernel ------------------------------------------------------------------------------------------------------

// The processor has trapped, or begins: the kernel does its work and says how it goes on.
static void enter_kernel(struct machine* machine, const struct kernel_trap* trap) {
  if (machine->entered) machine_pass(machine, machine->config.core.trap, &machine->trap);
  machine->entered = true;
  machine->next = kernel_trap(machine->kernel, trap, &machine->context);
  if (machine->next == KERNEL_RUN) machine_pass(machine, machine->config.core.iret, &machine->trap);
}

// All processes wait.
static void idle(struct machine* machine, uint64_t until) {
  uint64_t next = next_interrupt(machine), now = machine_now(machine);
  if (next == UINT64_MAX) {
    machine_break(machine, "kernel panic: all processes wait, but neither the disk nor the timer has anything to do");
    return;
  }
  uint64_t to = earlier(next, until);
  if (to > now) machine_pass(machine, to - now, &machine->idle);
  if (next > to) return;
  take_interrupts(machine);
  enter_kernel(machine, &(struct kernel_trap){.kind = KERNEL_TRAP_START});
}

static struct kernel_trap trap_of(const struct machine* machine, const struct core_stop* stop) {
  if (stop->kind == CORE_STOP_CALL) return (struct kernel_trap){.kind = KERNEL_TRAP_CALL, .start = stop->eip};
  if (stop->kind == CORE_STOP_TIMER) return (struct kernel_trap){.kind = KERNEL_TRAP_INTERRUPT, .start = stop->eip};
  return (struct kernel_trap){.kind = KERNEL_TRAP_EXCEPTION,
                              .vector = stop->vector,
                              .error = stop->error,
                              .cr2 = machine->cpu.cr2,
                              .start = stop->eip};
}

static void take_stop(struct machine* machine, const struct core_stop* stop) {
  if (stop->kind == CORE_STOP_TIMER) take_interrupts(machine);
  struct kernel_trap trap = trap_of(machine, stop);
  enter_kernel(machine, &trap);
}

// --- user code -------------------------------------------------------------------------------------------------------

static uint64_t instructions_left(const struct machine* machine, const struct machine_limits* limits) {
  uint64_t done = machine->cpu.core->instructions;
  return limits->instructions > done ? limits->instructions - done : 0;
}

static bool limit_is_reached(const struct machine* machine, const struct machine_limits* limits) {
  return instructions_left(machine, limits) == 0 || machine_now(machine) >= limits->until;
}

static bool is_interrupted(const struct machine_limits* limits) { return limits->interrupt && *limits->interrupt; }

// True: the core stopped for the kernel. False: for the limits, and can go on.
static bool run_user(struct machine* machine, const struct machine_limits* limits, struct core_stop* stop) {
  do {
    uint64_t alarm = earlier(next_interrupt(machine), limits->until);
    *stop = cpu_run(&machine->cpu, earlier(instructions_left(machine, limits), SLICE), alarm);
    if (machine->broken) return false;
    // What stopped it may be `until`; an interrupt may be due all the same.
    if (stop->kind == CORE_STOP_TIMER && !interrupt_is_due(machine)) stop->kind = CORE_STOP_LIMIT;
  } while (stop->kind == CORE_STOP_LIMIT && !limit_is_reached(machine, limits) && !is_interrupted(limits));
  return stop->kind != CORE_STOP_LIMIT;
}

static void run_process(struct machine* machine, const struct machine_limits* limits) {
  struct core_stop stop;
  machine_charge(machine, AGENT_PROCESS);
  cpu_load(&machine->cpu, &machine->context);
  bool trapped = run_user(machine, limits, &stop);
  cpu_save(&machine->cpu, &machine->context);
  if (machine->broken) return;
  machine_charge(machine, AGENT_KERNEL);
  if (trapped) take_stop(machine, &stop);
}

enum machine_end machine_run(struct machine* machine, const struct machine_limits* limits) {
  if (machine->next == KERNEL_DONE) machine->entered = false;  // others may have been started since
  if (!machine->entered && !machine->broken) enter_kernel(machine, &(struct kernel_trap){.kind = KERNEL_TRAP_START});
  while (!machine->broken && machine->next != KERNEL_DONE) {
    if (limit_is_reached(machine, limits)) return MACHINE_LIMIT;
    if (is_interrupted(limits)) return MACHINE_HALTED;
    if (machine->next == KERNEL_RUN)
      run_process(machine, limits);
    else
      idle(machine, limits->until);
  }
  return machine->broken ? MACHINE_TROUBLE : MACHINE_DONE;
}

uint64_t machine_instructions(const struct machine* machine) { return machine->cpu.core->instructions; }

const struct core_state* machine_registers(const struct machine* machine) { return &machine->cpu.core->state; }

void machine_on_reference(struct machine* machine, machine_reference_fn* fn, void* ctx) {
  machine->cpu.trace = fn;
  machine->cpu.trace_ctx = ctx;
}
