// SPDX-License-Identifier: MIT
// The small machine of unit tests: the default one's TLBs with nothing behind them.
#ifndef PAGEWALK_TESTS_SMALL_H
#define PAGEWALK_TESTS_SMALL_H

#include "config/config.h"

// No second level, no walk caches, no timing caches, one walker.
static inline void small_machine(struct config* config) {
  config_default(config);
  config->stlb.sets = 0;
  config->psc.pde = config->psc.pdpte = config->psc.pml4e = config->psc.pml5e = 0;
  config->cache.l1d.sets = config->cache.l2.sets = config->cache.l3.sets = 0;
  config->walkers = 1;
}

#endif
