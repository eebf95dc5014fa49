// SPDX-License-Identifier: MIT
// A list of holes: the free part of a stretch of numbers (bytes of memory, blocks of a disk), in address order. Who
// takes a place remembers where it is and how long.
#ifndef PAGEWALK_FIRMWARE_KERNEL_SHARE_HOLES_H
#define PAGEWALK_FIRMWARE_KERNEL_SHARE_HOLES_H

#include <stdbool.h>
#include <stdint.h>

// Which of the holes that are long enough is taken; of equals the first. The place is the hole's beginning.
enum holes_fit { HOLES_FIRST, HOLES_BEST, HOLES_WORST };

struct hole {
  uint64_t start, length;
};

// Merged, there is at most one hole more than places given.
enum { HOLES_MAX = 320 };

struct holes {
  struct hole hole[HOLES_MAX];
  unsigned count;
};

// One hole, [start, start + length).
void holes_init(struct holes* holes, uint64_t start, uint64_t length);

// Gives a place of `length` > 0. False: no hole is so long. *seen, if not NULL: how many holes were looked at.
bool holes_take(struct holes* holes, enum holes_fit fit, uint64_t length, uint64_t* start, unsigned* seen);

// Gives the end of the last hole that is long enough. False: there is none.
bool holes_take_last(struct holes* holes, uint64_t length, uint64_t* start);

// Gives just [start, start + length). False: not all of it is free.
bool holes_take_at(struct holes* holes, uint64_t start, uint64_t length);

// Takes a place, or a part of one, back. The hole stays one of its own, however near its neighbours are. False: the
// list is full, nothing changed.
bool holes_put(struct holes* holes, uint64_t start, uint64_t length);

// Makes one of holes that touch.
void holes_merge(struct holes* holes);

// Both: what a kernel wants.
void holes_give_back(struct holes* holes, uint64_t start, uint64_t length);

uint64_t holes_total(const struct holes* holes);
uint64_t holes_largest(const struct holes* holes);

#endif
