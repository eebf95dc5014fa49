// SPDX-License-Identifier: MIT
// The process control block, and the table of processes. A process is a trace (an address space and nothing else) or a
// program, which has registers, a state and a parent as well.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_PROCESS_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/share/share.h"

struct vma;

enum { PROCESS_MAX = 64 };

// How far a program has come. What it does next in the kernel when it is its turn.
enum process_stage {
  STAGE_EMBRYO,     // fork still copies for it; the scheduler does not know it
  STAGE_LOAD,       // its program needs a place in memory
  STAGE_ARGUMENTS,  // argc and argv are to be laid out on its stack
  STAGE_RUN
};

// argv, one zero-terminated string behind the other.
struct arguments {
  unsigned count, bytes;
  char strings[KERNEL_ARGUMENT_BYTES_MAX];
};

struct process {
  int pid;           // 0: the slot is free
  uint64_t root;     // physical address of the root table: CR3; 0: none
  struct vma* vmas;  // the root of the treap
  bool tagged;       // the TLB may hold entries with its PCID that it will use

  // The page fault that it is in, while that waits for the disk. It holds nothing else: it is started over.
  bool waiting;
  bool waits_behind;    // for the favoured program to get on; else:
  uint32_t wait_block;  // the swap block whose transfer it waits for; 0: none
  uint64_t cr2;
  unsigned error;
  bool major;  // this fault has read the disk

  // Programs.
  bool is_program;
  int parent;  // pid; 0: nobody waits for it
  char name[32];
  const struct kernel_program* program;
  enum process_stage stage;
  enum kernel_state state;
  enum hal_blocked blocked;        // BLOCKED: why
  struct process* next_ready;      // READY: the next in the queue
  struct kernel_context context;   // registers, as they were when the kernel was entered last
  bool saved;                      // they are in its control block
  uint32_t entry, stack_top, brk;  // set by space_ops.load
  uint32_t brk_start;              // paging: where the heap begins
  struct kernel_context lacked;    // paging: registers when it lacked memory last (mm/favour.h),
  uint64_t lacked_progress;        // how far its call was then,
  unsigned lacked_again;           // and how often in a row that was all the same
  uint64_t quantum_left;           // cycles
  uint64_t wake_at;                // BLOCKED to sleep: the cycle that ends it
  int status;                      // ZOMBIE: as waitpid tells it
  struct arguments arguments;

  struct share_image image;  // without paging

  // What it was in when it was put to sleep, to be started over.
  bool serving;             // the exception `trap`
  struct kernel_trap trap;  // of the exception
  bool call_again;          // a system call, which it makes again
  uint32_t call_done;       // bytes of that call that need not be done again
  struct process* embryo;   // the child of a fork under way
  uint64_t embryo_page;     // its copy begins here
  bool embryo_lost;         // there was no memory for it

  uint64_t cycles, faults, calls, switches;
};

// The process of a pid, or NULL.
struct process* process_find(struct kernel* kernel, int pid);

// A fresh process, of which nothing is set but its pid. NULL: the table is full.
struct process* process_new(struct kernel* kernel);

// The tag of its address space: from 1 on, 0 is the kernel's.
unsigned process_pcid(const struct kernel* kernel, const struct process* process);

// Ends a trace. Gives back everything that it holds. What is on its way to or from the disk comes back when it is
// there.
void process_end(struct kernel* kernel, struct process* process);

#endif
