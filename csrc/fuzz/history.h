// SPDX-License-Identifier: MIT
// What every word of memory held, cycle by cycle. A walk reads each entry somewhen between its begin and its answer:
// the judge asks which values it can have seen.
#ifndef PAGEWALK_FUZZ_HISTORY_H
#define PAGEWALK_FUZZ_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct history;

// Of a memory that is zero everywhere. NULL when the host has no memory.
struct history* history_create(void);
void history_destroy(struct history* history);

// The aligned 8-byte word at `pa` holds `value` from `cycle` on. Writes come in order of time. In one cycle, what
// software and devices write comes before all that the MMU does; `by_walker` marks the writes of the MMU itself.
void history_wrote(struct history* history, uint64_t cycle, uint64_t pa, uint64_t value, bool by_walker);

// What it holds now; `size` is 4 or 8, `pa` aligned.
uint64_t history_value(const struct history* history, uint64_t pa, unsigned size);

// The values that the MMU can have read at `pa` in the cycles first..last: what it held when `first` began (after the
// writes of software, before its own) and whatever was written to it until `last`. Equal ones once. `room` is
// HISTORY_VALUES; more values than that are cut off at the oldest.
enum { HISTORY_VALUES = 32 };
unsigned history_values(const struct history* history, uint64_t pa, unsigned size, uint64_t first, uint64_t last,
                        uint64_t values[HISTORY_VALUES]);

// Nobody will ask for cycles before `cycle` any more.
void history_forget(struct history* history, uint64_t cycle);

#endif
