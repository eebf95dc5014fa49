// SPDX-License-Identifier: MIT
// Segmentation, which comes before paging (docs/timing.md, "Segments").
#ifndef PAGEWALK_MODEL_SEGMENT_H
#define PAGEWALK_MODEL_SEGMENT_H

#include "engine/engine.h"

// The offsets that a segment has: first..last, none if first > last.
struct segment_range {
  uint64_t first, last;
};
struct segment_range segment_range(const struct segment* segment);

// What a segment lets a class of accesses (model/paging.h) do at all: bit c is class c.
uint32_t segment_classes(const struct segment* segment);

// Are all bytes of the reference within the range? Behind 2^64 - 1 comes 0, which only a range of everything has.
static inline bool segment_holds(struct segment_range range, uint64_t offset, uint16_t size) {
  uint64_t end = offset + size - 1;
  return offset >= range.first && offset <= range.last && end <= range.last &&
         (end >= offset || range.last == UINT64_MAX);
}

// False: #GP.
bool segment_permits(const struct segment* segment, const struct ref* ref);

#endif
