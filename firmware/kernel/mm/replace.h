// SPDX-License-Identifier: MIT
// Page replacement: which page goes when a frame is needed. Clock, also called second chance: a hand goes round the
// frames; a page that was used since the hand last came (the hardware set its A bit) is spared once, its A cleared.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_REPLACE_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_REPLACE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct process;

struct clock {
  uint64_t hand;  // the frame number that it looks at next
};

enum eviction {
  EVICTED,          // a frame is free now
  EVICTION_WRITES,  // a dirty page is on its way to the disk; its frame will be free when it is there: *block
  EVICTION_FAILED,  // no page can go
};

// Throws out one page. `low`: only a frame of low memory will do. `but`: not one of this process, unless NULL.
enum eviction replace_evict(struct kernel* kernel, bool low, const struct process* but, uint32_t* block);

#endif
