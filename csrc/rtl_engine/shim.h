// SPDX-License-Identifier: MIT
// What the loader (C) and the shim (C++, compiled into each shared object) agree on.
#ifndef PAGEWALK_RTL_ENGINE_SHIM_H
#define PAGEWALK_RTL_ENGINE_SHIM_H

#include "config/config.h"
#include "engine/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

// The beginning of an instance. The instance is `self` of the engine's ops.
struct rtl_instance {
  const struct engine_ops* ops;  // as the shim implements them
  void* library;                 // the loader's: what to close after ops->destroy
};

// Where memory, or a cache, can answer in the cycle asked, its reply must reach the walker in that cycle.
static inline bool rtl_needs_bypass(const struct config* config) {
  const struct cache_config* const caches[CACHE_LEVELS] = {&config->cache.l1d, &config->cache.l2, &config->cache.l3};
  bool at_once = config->dram.latency == 1;
  if (config->dram.banks) at_once |= config->dram.row_hit == 1 || config->dram.row_conflict == 1;
  for (int level = 0; level < CACHE_LEVELS; level++) at_once |= caches[level]->sets && caches[level]->latency == 1;
  return at_once && (config->walk.step == 0 || config->walk.cas == 0);
}

#define RTL_SHIM_CREATE "rtl_shim_create"
typedef struct rtl_instance* rtl_shim_create_fn(const struct config* config, struct memory_bus memory);

#ifdef __cplusplus
}
#endif
#endif
