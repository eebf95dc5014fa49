// SPDX-License-Identifier: MIT
// Where the cycles of a run went (docs/timing.md, "Where cycles go").
#include "report/report.h"

void report_parts(const struct report* report, struct report_part parts[REPORT_PARTS]) {
  const struct cycle_account* c = &report->cycles;
  const struct report_part all[REPORT_PARTS] = {
      {"base", "issue and L1 TLB hits", c->base},
      {"stlb", "second-level TLB", c->stlb},
      {"walk", "page walks", c->walk},
      {"ad_update", "setting A and D", c->ad_update},
      {"data", "data beyond L1D", c->data},
      {"flush", "flushes, registers", c->flush},
      {"trap", "traps and returns", c->trap},
      {"kernel", "kernel", c->kernel},
      {"idle", "idle, waiting for disk", c->idle},
  };
  for (size_t i = 0; i < REPORT_PARTS; i++) parts[i] = all[i];
}

uint64_t report_cycles(const struct report* report) {
  struct report_part parts[REPORT_PARTS];
  report_parts(report, parts);
  uint64_t sum = 0;
  for (size_t i = 0; i < REPORT_PARTS; i++) sum += parts[i].cycles;
  return sum;
}
