// SPDX-License-Identifier: MIT
// A set of page (or region) numbers, each with a small value: open addressing, grown at half full.
#ifndef PAGEWALK_WORKLOAD_PAGESET_H
#define PAGEWALK_WORKLOAD_PAGESET_H

#include <stddef.h>
#include <stdint.h>

struct pageset_entry {
  uint64_t key;  // page number + 1; 0: empty
  uint32_t value, pad;
};

struct pageset {  // starts zeroed
  struct pageset_entry* entries;
  size_t count, room;  // room: a power of two, or 0
};

// The value of `page` (< 2^64 - 1), 0 when it is new. Valid until the next call. NULL when memory runs out.
uint32_t* pageset_add(struct pageset* set, uint64_t page);
void pageset_free(struct pageset* set);

#endif
