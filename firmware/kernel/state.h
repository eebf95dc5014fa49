// SPDX-License-Identifier: MIT
// struct kernel: all that the kernel knows. It lies at the start of the arena, its arrays behind it.
#ifndef PAGEWALK_FIRMWARE_KERNEL_STATE_H
#define PAGEWALK_FIRMWARE_KERNEL_STATE_H

#include "hal/hal.h"
#include "kernel/kernel.h"
#include "kernel/mm/frames.h"
#include "kernel/mm/replace.h"
#include "kernel/mm/swap.h"
#include "kernel/mm/table.h"
#include "kernel/mm/vma.h"
#include "kernel/mm/window.h"
#include "kernel/proc/process.h"

struct kernel {
  struct hal* hal;
  uint64_t work;  // cycles of handler work per fault or call
  bool panicked;  // nothing more is done

  struct frames frames;
  const struct table_format* format;
  uint64_t root;  // the kernel's own root table: what is loaded when no process is
  struct window window;
  struct vma_pool vmas;
  struct swap swap;
  struct clock clock;

  struct process processes[PROCESS_MAX];
  struct process* current;  // whose root CR3 holds; NULL: the kernel's
  int last_pid;

  uint64_t spurious_cr2;  // the last fault that needed nothing done, and how often in a row it came
  unsigned spurious_repeats;

  struct kernel_stats stats;  // the counting part; the rest is filled in by kernel_stats
};

// Stops the kernel: a bug of its own or of the hardware. `number` is appended in hex, unless it is NO_NUMBER.
#define NO_NUMBER UINT64_MAX
void kernel_panic(struct kernel* kernel, const char* why, uint64_t number);

static inline void kernel_note(struct kernel* kernel, enum hal_note_kind kind, uint64_t a, uint64_t b, uint64_t c) {
  struct hal_note note = {.kind = kind, .a = a, .b = b, .c = c, .text = NULL};
  hal_note(kernel->hal, &note);
}

#endif
