// SPDX-License-Identifier: MIT
// What an access costs that no cache serves: always the same, or by the row that its bank holds open (docs/timing.md,
// "DRAM").
#ifndef PAGEWALK_MODEL_DRAM_H
#define PAGEWALK_MODEL_DRAM_H

#include "config/config.h"
#include "engine/engine.h"

enum { DRAM_BANKS_MAX = 64 };

struct dram {
  uint32_t latency;                // no row open; with banks 0 of every access
  uint32_t row_hit, row_conflict;  // this row open; another one
  uint32_t banks, row_shift;
  uint64_t open[DRAM_BANKS_MAX];  // [bank]: the number of the open row + 1, 0 = none
  struct counters* counters;
};

void dram_create(struct dram* dram, const struct config* config, struct counters* counters);

// The cycles of an access at `pa`, whose row is open from then on.
uint32_t dram_open_row(struct dram* dram, uint64_t pa);
static inline uint32_t dram_access(struct dram* dram, uint64_t pa) {
  return dram->banks ? dram_open_row(dram, pa) : dram->latency;
}

#endif
