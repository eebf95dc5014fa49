// SPDX-License-Identifier: MIT
// Physical frames: who holds each, and the free ones.
//
// A free frame holds the address of the next free one in its own first eight bytes. Frames that were never taken are
// on no list: a watermark says where they begin, so that booting with much memory takes no time.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_FRAMES_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel;

#define NO_FRAME UINT64_MAX

enum frame_state {
  FRAME_UNUSED,  // never taken: beyond the watermark
  FRAME_FREE,
  FRAME_KERNEL,   // the kernel's own tables; for ever
  FRAME_TABLE,    // a process's page table, of any level
  FRAME_PAGE,     // a user page, mapped
  FRAME_TRANSIT,  // a user page, not mapped: on its way to or from the disk, or waiting to be mapped
};

struct frame {
  uint64_t entry;  // PAGE: physical address of the page-table entry that maps it (the reverse mapping)
  uint64_t page;   // PAGE: its linear address
  uint32_t block;  // PAGE: the swap block that holds what it held when it was mapped, or 0; TRANSIT: its block
  uint16_t used;   // TABLE: entries in use (a root's: those of user space)
  uint8_t owner;   // PAGE, TRANSIT: index in the process table
  uint8_t state;   // enum frame_state
};

// Memory by who can reach it. A frame is taken from the zone that the fewest others can use.
enum zone_kind {
  ZONE_DIRECT,  // in the direct map; in the long modes that is all memory
  ZONE_4GIB,    // beyond it, named by 32-bit addresses: through the window only
  ZONE_FAR,     // beyond 4 GiB
  ZONE_COUNT
};

struct zone {
  uint64_t end;        // the first frame number beyond it
  uint64_t watermark;  // frames from here on were never taken
  uint64_t free_list;  // physical address of the first free frame, 0 if none (frame 0 is the kernel's)
  uint64_t listed;     // frames on the list
};

struct frames {
  struct frame* table;  // a descriptor for each
  uint64_t total;
  struct zone zones[ZONE_COUNT];
  uint64_t kernel, tables, process;  // frames held, by whom
};

void frames_init(struct kernel* kernel, struct frame* table, uint64_t total);

// What a frame is wanted for decides where it comes from: user pages from the top zone down, tables from the direct map
// up. The kernel's own tables must lie in the direct map, and so must roots: in the modes that have memory beyond it
// CR3 has 32 bits.
enum frame_use { USE_KERNEL, USE_ROOT, USE_TABLE, USE_PAGE };

// Takes a frame, its content whatever it was. Returns its physical address, or NO_FRAME.
uint64_t frames_take(struct kernel* kernel, enum frame_use use);

// Gives a frame back. Panics on one that is free already, that is the kernel's own, or that does not exist.
void frames_free(struct kernel* kernel, uint64_t pa);

uint64_t frames_free_count(const struct kernel* kernel);

// The descriptor of the frame at (or around) `pa`.
struct frame* frames_at(struct kernel* kernel, uint64_t pa);

// Turns a FRAME_PAGE into FRAME_TRANSIT or back.
void frames_set_state(struct kernel* kernel, uint64_t pa, enum frame_state state);

#endif
