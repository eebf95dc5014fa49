// SPDX-License-Identifier: MIT
// struct kernel: all that the kernel knows. It lies at the start of the arena, its arrays behind it.
#ifndef PAGEWALK_FIRMWARE_KERNEL_STATE_H
#define PAGEWALK_FIRMWARE_KERNEL_STATE_H

#include "hal/hal.h"
#include "kernel/kernel.h"
#include "kernel/mm/favour.h"
#include "kernel/mm/frames.h"
#include "kernel/mm/replace.h"
#include "kernel/mm/swap.h"
#include "kernel/mm/table.h"
#include "kernel/mm/vma.h"
#include "kernel/mm/window.h"
#include "kernel/proc/process.h"
#include "kernel/proc/schedule.h"
#include "kernel/proc/space.h"

struct kernel {
  struct hal* hal;
  uint64_t work;  // cycles of handler work per fault or call
  bool panicked;  // nothing more is done

  struct frames frames;
  const struct table_format* format;
  uint64_t root;    // the kernel's own root table: what is loaded when no process is
  uint64_t global;  // PTE_G, if the kernel's pages are marked so
  struct window window;
  struct vma_pool vmas;
  struct swap swap;
  struct clock clock;
  struct process* favoured;  // whose pages go last (mm/favour.h)

  struct share share;  // without paging

  struct process processes[PROCESS_MAX];
  struct process* current;  // whose address space is loaded; NULL: the kernel's
  int last_pid;
  bool pcid_used[PROCESS_MAX];  // the TLB may hold entries of the PCID of this slot

  // Programs.
  const struct kernel_program* programs;
  unsigned program_count;
  const struct space_ops* space;  // how memory is shared
  enum kernel_tagging tagging;
  uint64_t quantum, mhz;
  struct scheduler scheduler;
  uint64_t control_blocks;  // physical address of the frame of saved registers; 0: there is none
  int first_pid;            // of the first program that was started; 0: none was
  bool first_ended;         // and how:
  struct kernel_end first_end;

  uint64_t spurious_cr2;  // the last fault that needed nothing done, and how often in a row it came
  unsigned spurious_repeats;

  struct kernel_stats stats;  // the counting part; the rest is filled in by kernel_stats
};

// Stops the kernel: a bug of its own or of the hardware. `number` is appended in hex, unless it is NO_NUMBER.
#define NO_NUMBER UINT64_MAX
void kernel_panic(struct kernel* kernel, const char* why, uint64_t number);

// Builds the kernel's page tables and turns paging on. False after a panic.
bool kernel_turn_paging_on(struct kernel* kernel, const struct kernel_params* params);

static inline void kernel_note(struct kernel* kernel, enum hal_note_kind kind, uint64_t a, uint64_t b, uint64_t c) {
  struct hal_note note = {.kind = kind, .a = a, .b = b, .c = c, .text = NULL};
  hal_note(kernel->hal, &note);
}

#endif
