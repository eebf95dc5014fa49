// SPDX-License-Identifier: MIT
// Free space in address order: first, best and worst fit; merging of neighbours.
#include "kernel/share/holes.h"

#include <stddef.h>

void holes_init(struct holes* holes, uint64_t start, uint64_t length) {
  holes->count = length > 0;
  holes->hole[0] = (struct hole){start, length};
}

static void remove_hole(struct holes* holes, unsigned at) {
  holes->count--;
  for (unsigned i = at; i < holes->count; i++) holes->hole[i] = holes->hole[i + 1];
}

static bool insert_hole(struct holes* holes, unsigned at, struct hole hole) {
  if (holes->count == HOLES_MAX) return false;
  for (unsigned i = holes->count++; i > at; i--) holes->hole[i] = holes->hole[i - 1];
  holes->hole[at] = hole;
  return true;
}

// Whether `hole` is a better choice than `chosen`, both long enough.
static bool better(enum holes_fit fit, const struct hole* hole, const struct hole* chosen) {
  if (!chosen) return true;
  return fit == HOLES_BEST ? hole->length < chosen->length : hole->length > chosen->length;
}

static struct hole* choose(struct holes* holes, enum holes_fit fit, uint64_t length, unsigned* seen) {
  struct hole* chosen = NULL;
  for (*seen = 0; *seen < holes->count && !(fit == HOLES_FIRST && chosen); ++*seen) {
    struct hole* hole = &holes->hole[*seen];
    if (hole->length >= length && better(fit, hole, chosen)) chosen = hole;
  }
  return chosen;
}

bool holes_take(struct holes* holes, enum holes_fit fit, uint64_t length, uint64_t* start, unsigned* seen) {
  unsigned looked_at;
  struct hole* chosen = choose(holes, fit, length, seen ? seen : &looked_at);
  if (!chosen) return false;
  *start = chosen->start;
  chosen->start += length;
  chosen->length -= length;
  if (chosen->length == 0) remove_hole(holes, (unsigned)(chosen - holes->hole));
  return true;
}

bool holes_take_last(struct holes* holes, uint64_t length, uint64_t* start) {
  for (unsigned i = holes->count; i > 0; i--) {
    const struct hole* hole = &holes->hole[i - 1];
    *start = hole->start + hole->length - length;
    if (hole->length >= length) return holes_take_at(holes, *start, length);
  }
  return false;
}

bool holes_take_at(struct holes* holes, uint64_t start, uint64_t length) {
  for (unsigned i = 0; i < holes->count; i++) {
    struct hole* hole = &holes->hole[i];
    if (start < hole->start || start - hole->start > hole->length) continue;
    struct hole rest = {start + length, hole->length - (start - hole->start) - length};
    if (hole->length - (start - hole->start) < length) continue;
    if (rest.length > 0 && start > hole->start && !insert_hole(holes, i + 1, rest)) return false;
    if (start > hole->start)
      hole->length = start - hole->start;
    else if (rest.length > 0)
      *hole = rest;
    else
      remove_hole(holes, i);
    return true;
  }
  return false;
}

bool holes_put(struct holes* holes, uint64_t start, uint64_t length) {
  unsigned at = 0;
  while (at < holes->count && holes->hole[at].start < start) at++;
  return insert_hole(holes, at, (struct hole){start, length});
}

void holes_merge(struct holes* holes) {
  unsigned kept = 0;
  for (unsigned i = 1; i < holes->count; i++) {
    struct hole* last = &holes->hole[kept];
    if (last->start + last->length == holes->hole[i].start)
      last->length += holes->hole[i].length;
    else
      holes->hole[++kept] = holes->hole[i];
  }
  if (holes->count) holes->count = kept + 1;
}

void holes_give_back(struct holes* holes, uint64_t start, uint64_t length) {
  if (length == 0) return;
  holes_put(holes, start, length);
  holes_merge(holes);
}

uint64_t holes_total(const struct holes* holes) {
  uint64_t total = 0;
  for (unsigned i = 0; i < holes->count; i++) total += holes->hole[i].length;
  return total;
}

uint64_t holes_largest(const struct holes* holes) {
  uint64_t largest = 0;
  for (unsigned i = 0; i < holes->count; i++)
    if (holes->hole[i].length > largest) largest = holes->hole[i].length;
  return largest;
}
