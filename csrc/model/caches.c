// SPDX-License-Identifier: MIT
#include "model/caches.h"

#include <stdlib.h>
#include <string.h>

static bool add_level(struct caches* caches, enum served_by level, const struct cache_config* config,
                      struct cache_counters* counters) {
  caches->latency[level] = config->latency;
  if (config->sets == 0) return true;
  struct cache* cache = &caches->cache[caches->count++];
  *cache = (struct cache){.level = level, .ways = config->ways, .set_mask = config->sets - 1, .counters = counters};
  // Aligned, so that a set of eight lies in one line of the host's cache.
  size_t bytes = (size_t)config->sets * config->ways * sizeof *cache->lines, whole = (bytes + 63) & ~(size_t)63;
  cache->lines = aligned_alloc(64, whole);
  if (cache->lines) memset(cache->lines, 0, whole);
  return cache->lines != NULL;
}

bool caches_create(struct caches* caches, const struct config* config, struct counters* counters,
                   struct events* events) {
  *caches = (struct caches){.writebacks = &counters->writebacks, .events = events};
  bool ok = add_level(caches, SERVED_L1D, &config->cache.l1d, &counters->cache[CACHE_L1D]) &&
            add_level(caches, SERVED_L2, &config->cache.l2, &counters->cache[CACHE_L2]) &&
            add_level(caches, SERVED_L3, &config->cache.l3, &counters->cache[CACHE_L3]);
  if (!ok) {
    caches_free(caches);
    return false;
  }
  dram_create(&caches->dram, config, counters);
  while (caches->walker_level < caches->count &&
         caches->cache[caches->walker_level].level < (enum served_by)config->cache.walker)
    caches->walker_level++;
  caches->data = config->data.cache == DATA_CACHE_TIMED && config->cache.l1d.sets != 0;
  return true;
}

void caches_free(struct caches* caches) {
  for (unsigned i = 0; i < caches->count; i++) free(caches->cache[i].lines);
  caches->count = 0;
}

static uint64_t address_of(uint64_t line) { return ((line >> 1) - 1) << LINE_SHIFT; }

// Makes `line` the most recent of its set, which keeps its dirty mark if it was there (*hit). Returns the line that
// leaves the set, 0 if none does. One pass: each line moves on by one place until the old place of `line`.
static uint64_t put_first(const struct cache* cache, uint64_t line, bool* hit) {
  uint64_t *set = cache_set(cache, address_of(line)), moving = line;
  *hit = true;
  for (uint32_t i = 0; i < cache->ways; i++) {
    uint64_t here = set[i];
    set[i] = moving;
    if ((here | LINE_DIRTY) == (line | LINE_DIRTY)) {
      set[0] |= here;
      return 0;
    }
    moving = here;
  }
  *hit = false;
  return moving;
}

static uint64_t* find(const struct cache* cache, uint64_t line) {
  uint64_t* set = cache_set(cache, address_of(line));
  for (uint32_t i = 0; i < cache->ways; i++)
    if ((set[i] | LINE_DIRTY) == (line | LINE_DIRTY)) return &set[i];
  return NULL;
}

// A line leaves the level above `level`. If it is dirty, it is marked so there, else filled, which may go on.
static void leave(struct caches* caches, unsigned level, uint64_t line, uint64_t cycle) {
  for (; line & LINE_DIRTY; level++) {
    if (level == caches->count) {
      ++*caches->writebacks;
      events_emit(caches->events, &(struct event){.cycle = cycle, .type = EVENT_WRITEBACK, .pa = address_of(line)});
      return;
    }
    uint64_t* there = find(&caches->cache[level], line);
    if (there) {
      *there |= LINE_DIRTY;
      return;
    }
    bool hit;
    line = put_first(&caches->cache[level], line, &hit);
  }
}

// Looks `pa` up from `entry` on and fills the levels above the one that serves. Their victims leave when all are
// filled, the outermost level's first.
static inline struct service look_up(struct caches* caches, unsigned entry, bool data, uint64_t pa, uint64_t cycle) {
  uint64_t leaving[CACHE_LEVELS];
  unsigned level = entry;
  for (; level < caches->count; level++) {
    struct cache_counters* counters = caches->cache[level].counters;
    bool hit;
    leaving[level] = put_first(&caches->cache[level], cache_line(pa), &hit);
    *(data ? (hit ? &counters->data_hits : &counters->data_misses)
           : (hit ? &counters->walk_hits : &counters->walk_misses)) += 1;
    if (hit) break;
  }
  struct service service;
  if (level < caches->count)
    service = (struct service){caches->cache[level].level, caches->latency[caches->cache[level].level]};
  else
    service = (struct service){SERVED_DRAM, dram_access(&caches->dram, pa)};
  while (level-- > entry) leave(caches, level + 1, leaving[level], cycle);
  return service;
}

struct service caches_walk_through(struct caches* caches, uint64_t pa, uint64_t cycle) {
  return look_up(caches, caches->walker_level, false, pa, cycle);
}

void caches_walk_wrote(struct caches* caches, uint64_t pa) {
  if (caches->walker_level < caches->count) *cache_set(&caches->cache[caches->walker_level], pa) |= LINE_DIRTY;
}

struct service caches_data_further(struct caches* caches, uint64_t pa, bool write, uint64_t cycle) {
  struct service service = look_up(caches, 0, true, pa, cycle);
  if (write) *cache_set(&caches->cache[0], pa) |= LINE_DIRTY;
  return service;
}
