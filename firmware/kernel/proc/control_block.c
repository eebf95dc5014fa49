// SPDX-License-Identifier: MIT
// Saved registers.
#include "kernel/proc/control_block.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

enum { BLOCK_BYTES = 64 };  // a line of the cache
_Static_assert(sizeof(struct kernel_context) <= BLOCK_BYTES, "the registers fit into a block");
_Static_assert(PROCESS_MAX* BLOCK_BYTES <= PGSIZE, "the blocks of all processes fit into a frame");

void control_blocks_make(struct kernel* kernel) {
  kernel->control_blocks = frames_take(kernel, USE_KERNEL);
  window_zero(kernel, kernel->control_blocks, PGSIZE);
}

static uint64_t block_of(struct kernel* kernel, const struct process* process) {
  return window_address(kernel, kernel->control_blocks + (uint64_t)(process - kernel->processes) * BLOCK_BYTES);
}

void control_block_save(struct kernel* kernel, struct process* process) {
  if (!kernel->control_blocks) return;
  hal_write(kernel->hal, block_of(kernel, process), &process->context, sizeof process->context);
  process->saved = true;
}

void control_block_restore(struct kernel* kernel, struct process* process) {
  if (!process->saved) return;
  hal_read(kernel->hal, block_of(kernel, process), &process->context, sizeof process->context);
  process->saved = false;
}
