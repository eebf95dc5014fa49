// SPDX-License-Identifier: MIT
// What a machine may have or lack: its walk caches and timing caches.
#include "report/report.h"

const struct report_unit report_pscs[REPORT_PSCS] = {
    {"pde", "PDE cache"}, {"pdpte", "PDPTE cache"}, {"pml4e", "PML4E cache"}, {"pml5e", "PML5E cache"}};

const struct report_unit report_caches[CACHE_LEVELS] = {
    [CACHE_L1D] = {"l1d", "L1D"}, [CACHE_L2] = {"l2", "L2"}, [CACHE_L3] = {"l3", "L3"}};

bool report_has_psc(const struct report* report, size_t psc) {
  // docs/timing.md, finer point 22.
  static const size_t levels[MODE_COUNT] = {[MODE_32BIT] = 1, [MODE_PAE] = 1, [MODE_4LEVEL] = 3, [MODE_5LEVEL] = 4};
  const struct config* c = &report->config;
  const uint32_t entries[REPORT_PSCS] = {c->psc.pde, c->psc.pdpte, c->psc.pml4e, c->psc.pml5e};
  return psc < levels[c->mode] && entries[psc] > 0;
}

bool report_has_cache(const struct report* report, size_t cache) {
  const struct config* c = &report->config;
  const struct cache_config* const caches[CACHE_LEVELS] = {&c->cache.l1d, &c->cache.l2, &c->cache.l3};
  return caches[cache]->sets > 0;
}
