// SPDX-License-Identifier: MIT
// What a program's exceptions lead to: a page, or a signal that ends it.
#include "kernel/mm/mmu.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"
#include "lib/text.h"

// As Linux has it on i386; without a floating-point unit its instructions don't exist.
struct consequence {
  int signal;
  const char* why;
};
static const struct consequence consequences[] = {
    [0] = {SIGNAL_FPE, "it divided by zero, or the quotient is too large (#DE)"},
    [1] = {SIGNAL_TRAP, "it single-steps (#DB), but nobody debugs it"},
    [3] = {SIGNAL_TRAP, "it met a breakpoint (#BP), but nobody debugs it"},
    [4] = {SIGNAL_SEGV, "INTO found the overflow flag set (#OF)"},
    [5] = {SIGNAL_SEGV, "BOUND found an index outside of its array (#BR)"},
    [6] = {SIGNAL_ILL, "there is no such instruction (#UD)"},
    [7] = {SIGNAL_ILL, "there is no floating-point unit (#NM)"},
    [10] = {SIGNAL_SEGV, "invalid task state segment (#TS)"},
    [11] = {SIGNAL_BUS, "the segment is not present (#NP)"},
    [12] = {SIGNAL_BUS, "its stack segment does not reach so far (#SS)"},
    [13] = {SIGNAL_SEGV, "its code may not do that (#GP)"},
    [14] = {SIGNAL_SEGV, "page fault (#PF)"},
    [17] = {SIGNAL_BUS, "the address is not a multiple of the operand's size (#AC)"},
    [18] = {SIGNAL_BUS, "there is no memory behind the address"},
};
static const struct consequence unknown = {SIGNAL_SEGV, "an exception that should not come"};

static const struct consequence* consequence_of(uint8_t vector) {
  bool known = vector < sizeof consequences / sizeof *consequences && consequences[vector].why;
  return known ? &consequences[vector] : &unknown;
}

static void end_by(struct kernel* kernel, struct process* process, struct kernel_end* end) {
  const struct kernel_trap* trap = &process->trap;
  const struct consequence* consequence = consequence_of(trap->vector);
  end->vector = trap->vector;
  end->error = trap->error;
  end->eip = trap->start;
  end->cr2 = trap->vector == VECTOR_PF ? trap->cr2 : 0;
  if (!end->reason[0]) {
    struct text reason = text_in(end->reason, sizeof end->reason);
    text_add(&reason, consequence->why);
  }
  if (trap->vector == VECTOR_PF) {
    struct hal_note note = {
        .kind = HAL_NOTE_KILL, .a = trap->cr2, .b = trap->error, .c = (uint64_t)process->pid, .text = end->reason};
    hal_note(kernel->hal, &note);
  }
  program_die(kernel, process, end->code ? end->code : consequence->signal, end);
}

// Whether the memory's side has a say.
static bool concerns_memory(struct kernel* kernel, const struct process* process, struct kernel_end* end) {
  const struct kernel_trap* trap = &process->trap;
  if (trap->vector == VECTOR_GP) return !explain_privilege(kernel, process, end);
  return trap->vector == VECTOR_PF || trap->vector == VECTOR_SS;
}

// What a fork under way has copied is given up before its parent is.
static bool gives_up_embryo(struct kernel* kernel, struct process* process, const struct kernel_end* end) {
  if (end->code != SIGNAL_KILL || !process->embryo) return false;
  program_discard(kernel, process->embryo);
  process->embryo = NULL;
  process->embryo_lost = true;
  process->serving = true;  // again, the same fault
  return true;
}

int program_serve_exception(struct kernel* kernel, struct process* process) {
  struct kernel_end end = {.reason = ""};
  bool memory = concerns_memory(kernel, process, &end);
  int result = memory ? kernel->space->fault(kernel, process, &process->trap, &end) : -1;
  if (result < 0 && gives_up_embryo(kernel, process, &end)) return program_serve_exception(kernel, process);
  process->serving = result == SPACE_WAIT;
  if (result < 0) end_by(kernel, process, &end);
  return result;
}

void program_exception(struct kernel* kernel, struct process* process, const struct kernel_trap* trap) {
  process->trap = *trap;
  process->faults += trap->vector == VECTOR_PF;
  program_serve_exception(kernel, process);
}
