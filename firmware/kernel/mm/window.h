// SPDX-License-Identifier: MIT
// How the kernel reaches physical memory: through the direct map (global large pages), which in the long modes has all
// of it; in the others low memory only, and the rest is reached through a few temporary mappings at the end of the
// address space. With paging off, linear addresses are physical ones.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_WINDOW_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;

enum { WINDOW_SLOTS = 16 };

struct window {
  bool paging;      // the MMU translates: before that, addresses are physical
  uint64_t direct;  // bytes of memory in the direct map
  uint64_t table;   // physical address of the page table behind the window; 0 if the direct map has all memory
  uint64_t base;    // linear address of slot 0
  uint64_t frame[WINDOW_SLOTS];  // what each slot maps, 0 = nothing yet (frame 0 is low)
  unsigned next;                 // the slot that is reused next, in turn
};

// The linear address at which `pa` can be reached now. One in the window stays good for WINDOW_SLOTS - 1 further calls.
uint64_t window_address(struct kernel* kernel, uint64_t pa);

// One reference each to physical memory; size 4 or 8.
uint64_t window_load(struct kernel* kernel, uint64_t pa, unsigned size);
void window_store(struct kernel* kernel, uint64_t pa, unsigned size, uint64_t value);

// Zeroes memory within one frame.
void window_zero(struct kernel* kernel, uint64_t pa, uint64_t bytes);

#endif
