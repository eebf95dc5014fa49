// SPDX-License-Identifier: MIT
// How the kernel reaches physical memory.
#include "kernel/mm/window.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

// Maps a frame beyond the direct map in the slot that was filled longest ago. The mapping is global, if the
// kernel's are: every address space shares it, and INVLPG drops global entries too.
static unsigned map_in_next_slot(struct kernel* kernel, uint64_t frame) {
  struct window* window = &kernel->window;
  unsigned slot = window->next;
  uint64_t va = window->base + slot * PGSIZE;
  bool was_used = window->frame[slot] != 0;
  window->next = (slot + 1) % WINDOW_SLOTS;
  window->frame[slot] = frame;
  table_put(kernel, window->table + slot * kernel->format->entry_bytes,
            frame | kernel->global | PTE_P | PTE_W | PTE_A | PTE_D | kernel->format->no_execute);
  if (was_used) hal_invlpg(kernel->hal, va);
  kernel->stats.invlpgs += was_used;
  kernel->stats.window_maps++;
  return slot;
}

uint64_t window_address(struct kernel* kernel, uint64_t pa) {
  struct window* window = &kernel->window;
  if (!window->paging) return pa;
  if (pa < window->direct) return kernel->format->kernel_base + pa;
  uint64_t frame = PGROUNDDOWN(pa);
  unsigned slot = 0;
  while (slot < WINDOW_SLOTS && window->frame[slot] != frame) slot++;
  if (slot == WINDOW_SLOTS) slot = map_in_next_slot(kernel, frame);
  return window->base + slot * PGSIZE + pa % PGSIZE;
}

uint64_t window_load(struct kernel* kernel, uint64_t pa, unsigned size) {
  return hal_load(kernel->hal, window_address(kernel, pa), size);
}

void window_store(struct kernel* kernel, uint64_t pa, unsigned size, uint64_t value) {
  hal_store(kernel->hal, window_address(kernel, pa), size, value);
}

void window_zero(struct kernel* kernel, uint64_t pa, uint64_t bytes) {
  hal_zero(kernel->hal, window_address(kernel, pa), bytes);
}
