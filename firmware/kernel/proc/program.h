// SPDX-License-Identifier: MIT
// The life of a program: how it gets its image and its arguments, what its exceptions lead to, how it ends.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_PROGRAM_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_PROGRAM_H

#include <stdbool.h>

#include "kernel/kernel.h"

struct process;

// Signals, with Linux's numbers.
enum {
  SIGNAL_ILL = 4,
  SIGNAL_TRAP = 5,
  SIGNAL_BUS = 7,
  SIGNAL_FPE = 8,
  SIGNAL_KILL = 9,
  SIGNAL_SEGV = 11,
  SIGNALS = 32  // 1..31 exist
};

// How a process ended, as waitpid tells it.
static inline int status_exited(int code) { return (code & 0xff) << 8; }
static inline int status_signalled(int signal) { return signal; }

// --- program.c -------------------------------------------------------------------------------------------------------

// The steps to a process's first instruction, each when it is its turn. 0: done; else it is asleep or gone.
int program_load(struct kernel* kernel, struct process* process);
int program_lay_out_arguments(struct kernel* kernel, struct process* process);

// Makes it the process of a program: what is left of another one must be gone. The arguments are there already.
void program_set(struct process* process, const struct kernel_program* program);

// --- exception.c -----------------------------------------------------------------------------------------------------

// The running program met an exception. Serves it, or ends the program.
void program_exception(struct kernel* kernel, struct process* process, const struct kernel_trap* trap);

// Serves the exception process->trap, for the first time or again. 0: done; else it is asleep or gone.
int program_serve_exception(struct kernel* kernel, struct process* process);

// --- privilege.c -----------------------------------------------------------------------------------------------------

// Whether the #GP of process->trap is for something that only the kernel may do, and not for an address; why, in
// end->reason.
bool explain_privilege(struct kernel* kernel, const struct process* process, struct kernel_end* end);

// --- exit.c ----------------------------------------------------------------------------------------------------------

// Ends a program. *end: reason and, for a signal after an exception, trap; the rest is filled in.
void program_exit(struct kernel* kernel, struct process* process, int code);
void program_die(struct kernel* kernel, struct process* process, int signal, struct kernel_end* end);

// Throws a child away that fork has not finished.
void program_discard(struct kernel* kernel, struct process* embryo);

#endif
