// SPDX-License-Identifier: MIT
// The swap disk: who holds each block, transfers in flight, and a checksum for every page that went out.
//
// A block is born when a dirty page is written out and lives while an entry names it or a resident page still equals
// it. The entry of a page that is out keeps the block's number: present = 0, PTE_SWAP = 1, the number where a frame's
// would be. (An entry of all zeros is a page that never was.)
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_SWAP_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_SWAP_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct process;

enum swap_state {
  SWAP_FREE,
  SWAP_HELD,     // holds a page's content
  SWAP_WRITING,  // a frame is on its way to it
  SWAP_READING,  // it is on its way to a frame
  SWAP_ARRIVED,  // a frame holds its content and waits to be mapped
};

struct swap_block {
  uint64_t checksum;  // of the page, from when it went out
  uint64_t ticket;    // WRITING, READING: the disk's
  uint64_t frame;     // WRITING, READING, ARRIVED: physical address
  uint32_t next;      // FREE: the next free one; WRITING, READING: the next in flight; 0: none
  uint8_t state;      // enum swap_state
  bool orphan;        // in flight, but nobody wants it any more: frame and block go when the transfer is over
  bool damaged;       // ARRIVED: the checksum differs from the one it left with
};

struct swap {
  struct swap_block* blocks;  // [0] is not used, so that 0 means "none"
  uint64_t count;             // blocks 1..count exist
  uint32_t free_list, watermark;
  uint32_t flight_first, flight_last;  // transfers in flight, in the disk's order
  uint64_t used;
  uint64_t arrived;  // blocks whose page waits to be mapped
};

void swap_init(struct kernel* kernel, struct swap_block* blocks, uint64_t count);

// An unused block, or 0 if the disk is full. It must be written next.
uint32_t swap_take(struct kernel* kernel);

// Starts writing the frame at `pa` (now FRAME_TRANSIT) to a block: the frame is freed when it is done.
void swap_write(struct kernel* kernel, uint32_t block, uint64_t pa);

// Starts reading a block into a frame, which becomes FRAME_TRANSIT.
void swap_read(struct kernel* kernel, uint32_t block, uint64_t pa);

// Does what remains to be done for transfers that the disk has finished.
void swap_settle(struct kernel* kernel);

// The frame that arrived has been mapped: the block still holds the same content.
void swap_installed(struct kernel* kernel, uint32_t block);

// Frees a frame that waits to be mapped, if there is one: its block still holds the page. `low`, `but`: as
// replace_evict's.
bool swap_discard_arrived(struct kernel* kernel, bool low, const struct process* but);

// Nothing names the block any more.
void swap_drop(struct kernel* kernel, uint32_t block);

bool swap_in_flight(const struct kernel* kernel, uint32_t block);

// An entry that names a block, and back: 0 if the entry does not.
uint64_t swap_entry(uint32_t block);
uint32_t swap_block_of(uint64_t entry);

#endif
