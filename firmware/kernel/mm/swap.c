// SPDX-License-Identifier: MIT
// The swap disk.
#include "kernel/mm/swap.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

void swap_init(struct kernel* kernel, struct swap_block* blocks, uint64_t count) {
  kernel->swap = (struct swap){.blocks = blocks, .count = count, .watermark = 1};
}

uint64_t swap_entry(uint32_t block) { return (uint64_t)block << PGSHIFT | PTE_SWAP; }

uint32_t swap_block_of(uint64_t entry) {
  return entry & PTE_P || !(entry & PTE_SWAP) ? 0 : (uint32_t)(PTE_ADDR(entry) >> PGSHIFT);
}

uint32_t swap_take(struct kernel* kernel) {
  struct swap* swap = &kernel->swap;
  uint32_t block = swap->free_list;
  if (block)
    swap->free_list = swap->blocks[block].next;
  else if (swap->watermark <= swap->count)
    block = swap->watermark++;
  if (block) swap->used++;
  return block;
}

static void give_back(struct swap* swap, uint32_t block) {
  swap->blocks[block] = (struct swap_block){.state = SWAP_FREE, .next = swap->free_list};
  swap->free_list = block;
  swap->used--;
}

bool swap_in_flight(const struct kernel* kernel, uint32_t block) {
  uint8_t state = kernel->swap.blocks[block].state;
  return state == SWAP_WRITING || state == SWAP_READING;
}

static void start(struct kernel* kernel, uint32_t number, uint64_t pa, enum hal_disk_op op, enum swap_state state) {
  struct swap* swap = &kernel->swap;
  struct swap_block* block = &swap->blocks[number];
  block->state = (uint8_t)state;
  block->frame = pa;
  frames_at(kernel, pa)->block = number;
  block->next = 0;
  if (swap->flight_first)
    swap->blocks[swap->flight_last].next = number;
  else
    swap->flight_first = number;
  swap->flight_last = number;
  frames_set_state(kernel, pa, FRAME_TRANSIT);
  block->ticket = hal_disk_start(kernel->hal, op, number, pa);
}

void swap_write(struct kernel* kernel, uint32_t block, uint64_t pa) {
  start(kernel, block, pa, HAL_DISK_WRITE, SWAP_WRITING);
  kernel->stats.swap_outs++;
}

void swap_read(struct kernel* kernel, uint32_t block, uint64_t pa) {
  start(kernel, block, pa, HAL_DISK_READ, SWAP_READING);
  kernel->stats.swap_ins++;
}

static void settle(struct kernel* kernel, uint32_t number, uint64_t checksum) {
  struct swap_block* block = &kernel->swap.blocks[number];
  bool was_read = block->state == SWAP_READING;
  if (block->orphan) {
    frames_free(kernel, block->frame);
    give_back(&kernel->swap, number);
  } else if (was_read) {
    block->state = SWAP_ARRIVED;
    kernel->swap.arrived++;
    block->damaged = checksum != block->checksum;
    kernel->stats.checksum_errors += block->damaged;
  } else {
    frames_free(kernel, block->frame);
    block->state = SWAP_HELD;
    block->checksum = checksum;
  }
}

// The disk works in order, so only the oldest transfer needs to be asked for.
void swap_settle(struct kernel* kernel) {
  struct swap* swap = &kernel->swap;
  uint64_t checksum = 0;
  while (swap->flight_first && hal_disk_done(kernel->hal, swap->blocks[swap->flight_first].ticket, &checksum)) {
    uint32_t number = swap->flight_first;
    swap->flight_first = swap->blocks[number].next;
    settle(kernel, number, checksum);
  }
}

void swap_installed(struct kernel* kernel, uint32_t block) {
  kernel->swap.blocks[block].state = SWAP_HELD;
  kernel->swap.blocks[block].frame = 0;
  kernel->swap.arrived--;
}

bool swap_discard_arrived(struct kernel* kernel, bool low, const struct process* but) {
  uint64_t end = low ? kernel->frames.zones[ZONE_DIRECT].end : kernel->frames.total;
  for (uint64_t number = 0; kernel->swap.arrived > 0 && number < end; number++) {
    const struct frame* frame = &kernel->frames.table[number];
    if (frame->state != FRAME_TRANSIT || &kernel->processes[frame->owner] == but) continue;
    struct swap_block* block = &kernel->swap.blocks[frame->block];
    if (block->state != SWAP_ARRIVED) continue;
    frames_free(kernel, block->frame);
    swap_installed(kernel, frame->block);
    kernel->stats.evictions++;
    kernel->stats.evictions_clean++;
    return true;
  }
  return false;
}

void swap_drop(struct kernel* kernel, uint32_t number) {
  struct swap_block* block = &kernel->swap.blocks[number];
  if (swap_in_flight(kernel, number)) {
    block->orphan = true;
    return;
  }
  if (block->state == SWAP_ARRIVED) {
    frames_free(kernel, block->frame);
    kernel->swap.arrived--;
  }
  give_back(&kernel->swap, number);
}
