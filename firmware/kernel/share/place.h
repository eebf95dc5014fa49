// SPDX-License-Identifier: MIT
// Places in memory for the parts of processes: given by first fit; where parts may move, holes are closed up when no
// place is found though enough is free in all.
#ifndef PAGEWALK_FIRMWARE_KERNEL_SHARE_PLACE_H
#define PAGEWALK_FIRMWARE_KERNEL_SHARE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct piece;
struct process;

enum { PLACE_UNIT = 64 };  // bytes: what a block move carries in one reference

static inline uint64_t place_round(uint64_t bytes) { return (bytes + PLACE_UNIT - 1) & ~(uint64_t)(PLACE_UNIT - 1); }

// What grows upwards goes as far down as it can, what grows downwards as far up, so that there is room beside it.
enum place_growth { PLACE_UPWARDS, PLACE_DOWNWARDS };

// Gives the part, which has none, a place for `bytes`, a multiple of PLACE_UNIT. What is there is whatever was left.
// Other parts may have moved. False: there is no room; the part is unchanged.
bool place_take(struct kernel* kernel, struct piece* part, uint64_t bytes, enum place_growth growth);
// Takes it back.
void place_give_back(struct kernel* kernel, struct piece* part);

// Makes a part longer by `more` bytes, zeroed, a multiple of PLACE_UNIT: at its end, or before its beginning, whose
// address sinks. It and others may move. False: there is no room; the part is unchanged.
bool place_grow(struct kernel* kernel, struct piece* part, uint64_t more, enum place_growth growth);
// Makes a part shorter at its end.
void place_shrink(struct kernel* kernel, struct piece* part, uint64_t less);

#endif
