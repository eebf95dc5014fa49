// SPDX-License-Identifier: MIT
#include "model/dram.h"

void dram_create(struct dram* dram, const struct config* config, struct counters* counters) {
  *dram = (struct dram){.latency = config->dram.latency,
                        .row_hit = config->dram.row_hit,
                        .row_conflict = config->dram.row_conflict,
                        .banks = config->dram.banks,
                        .counters = counters};
  while (UINT32_C(1) << dram->row_shift < config->dram.row) dram->row_shift++;
}

uint32_t dram_open_row(struct dram* dram, uint64_t pa) {
  uint64_t row = pa >> dram->row_shift, was_open = dram->open[row & (dram->banks - 1)];
  dram->open[row & (dram->banks - 1)] = row + 1;
  if (was_open == row + 1) {
    dram->counters->dram_row_hits++;
    return dram->row_hit;
  }
  if (was_open == 0) {
    dram->counters->dram_row_opens++;
    return dram->latency;
  }
  dram->counters->dram_row_conflicts++;
  return dram->row_conflict;
}
