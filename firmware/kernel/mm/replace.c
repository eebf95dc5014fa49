// SPDX-License-Identifier: MIT
// Page replacement: clock.
#include "kernel/mm/replace.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

// Clears A. The TLB entry must go too: a walk sets A only when it reads an entry, and a hit reads none.
static void spare(struct kernel* kernel, const struct frame* frame, uint64_t entry) {
  table_put(kernel, frame->entry, entry & ~PTE_A);
  table_invalidate(kernel, &kernel->processes[frame->owner], frame->page);
}

// The page's content is in `block`, or will be: its entry says so from now on.
static void unmap_to_block(struct kernel* kernel, const struct frame* frame, uint64_t entry, uint32_t block) {
  struct process* owner = &kernel->processes[frame->owner];
  struct vma* vma = vma_find(owner, frame->page);
  table_set(kernel, frame->entry, entry, swap_entry(block));
  table_invalidate(kernel, owner, frame->page);
  vma->resident--;
  vma->swapped++;
}

static enum eviction evict_clean(struct kernel* kernel, uint64_t pa, uint64_t entry) {
  struct frame* frame = frames_at(kernel, pa);
  kernel_note(kernel, HAL_NOTE_EVICT, frame->page, pa, 0);
  if (frame->block) {
    unmap_to_block(kernel, frame, entry, frame->block);
  } else {  // zeros that were never written to: the next touch makes them again
    struct process* owner = &kernel->processes[frame->owner];
    vma_find(owner, frame->page)->resident--;
    table_clear(kernel, owner, frame->page);
  }
  frames_free(kernel, pa);
  kernel->stats.evictions++;
  kernel->stats.evictions_clean++;
  return EVICTED;
}

// A dirty page goes to the block that it came from, whose content is old now, or to a new one.
static enum eviction evict_dirty(struct kernel* kernel, uint64_t pa, uint64_t entry, uint32_t* block) {
  struct frame* frame = frames_at(kernel, pa);
  *block = frame->block ? frame->block : swap_take(kernel);
  if (*block == 0) return EVICTION_FAILED;
  kernel_note(kernel, HAL_NOTE_EVICT, frame->page, pa, *block);
  unmap_to_block(kernel, frame, entry, *block);
  swap_write(kernel, *block, pa);
  kernel->stats.evictions++;
  return EVICTION_WRITES;
}

enum eviction replace_evict(struct kernel* kernel, bool low, const struct process* but, uint32_t* block) {
  uint64_t hand = kernel->clock.hand;
  uint64_t end = low ? kernel->frames.zones[ZONE_DIRECT].end : kernel->frames.total;
  // Once round to take second chances away, once more to find who had them, and the frame at which it began.
  for (uint64_t n = 0; n <= 2 * end && !kernel->panicked; n++) {
    uint64_t pa = kernel->clock.hand % end << PGSHIFT;
    kernel->clock.hand = (kernel->clock.hand % end + 1) % end;
    struct frame* frame = frames_at(kernel, pa);
    if (frame->state != FRAME_PAGE || &kernel->processes[frame->owner] == but) continue;
    uint64_t entry = table_get(kernel, frame->entry);
    if (entry & PTE_A) {
      spare(kernel, frame, entry);
      continue;
    }
    enum eviction how = entry & PTE_D ? evict_dirty(kernel, pa, entry, block) : evict_clean(kernel, pa, entry);
    if (how != EVICTION_FAILED) return how;
  }
  kernel->clock.hand = hand;
  return EVICTION_FAILED;
}
