// SPDX-License-Identifier: MIT
// The timing caches: tags of 64-byte lines, no data, so that an access takes as long as the level that serves it
// (docs/timing.md, "Timing caches"). Lookups, fills and write-backs of one access all happen in one cycle.
#ifndef PAGEWALK_MODEL_CACHES_H
#define PAGEWALK_MODEL_CACHES_H

#include "model/dram.h"
#include "model/events.h"

enum { LINE_SHIFT = 6 };

struct cache {
  enum served_by level;
  uint32_t ways;
  uint64_t set_mask;
  // [set * ways + n]: the set's nth most recent line, as cache_line makes it, or-ed with LINE_DIRTY; 0 = invalid. LRU
  // keeps invalid ways at the end, and which way a line is in shows nowhere.
  uint64_t* lines;
  struct cache_counters* counters;
};
#define LINE_DIRTY UINT64_C(1)

struct caches {
  struct cache cache[CACHE_LEVELS];  // those that exist, nearest to the core first
  unsigned count;
  unsigned walker_level;           // where the walker enters: an index, or count
  bool data;                       // are references' data looked up?
  uint32_t latency[CACHE_LEVELS];  // cycles of an access, by who serves it
  struct dram dram;
  uint64_t* writebacks;
  struct events* events;
};

// False when the host has no memory.
bool caches_create(struct caches* caches, const struct config* config, struct counters* counters,
                   struct events* events);
void caches_free(struct caches* caches);

// Who serves an access, and in how many cycles.
struct service {
  enum served_by by;
  uint32_t latency;
};

// The walker reads, or compares and swaps, at `pa`.
struct service caches_walk_through(struct caches* caches, uint64_t pa, uint64_t cycle);
static inline struct service caches_walk(struct caches* caches, uint64_t pa, uint64_t cycle) {
  if (caches->walker_level < caches->count) return caches_walk_through(caches, pa, cycle);
  return (struct service){SERVED_DRAM, dram_access(&caches->dram, pa)};
}
// It has written what it looked up last.
void caches_walk_wrote(struct caches* caches, uint64_t pa);

// The data of a part, where the first level does not hold them most recently.
struct service caches_data_further(struct caches* caches, uint64_t pa, bool write, uint64_t cycle);
// Cycles by which data so served come later than from L1D.
static inline uint32_t caches_beyond_l1d(const struct caches* caches, struct service service) {
  uint32_t nearest = caches->latency[CACHE_L1D];
  return service.latency > nearest ? service.latency - nearest : 0;
}

static inline uint64_t cache_line(uint64_t pa) { return ((pa >> LINE_SHIFT) + 1) << 1; }

static inline uint64_t* cache_set(const struct cache* cache, uint64_t pa) {
  return &cache->lines[(pa >> LINE_SHIFT & cache->set_mask) * cache->ways];
}

// True if L1D's most recent line of the set holds `pa`: then the access changes nothing but the dirty mark, and only
// remains to be counted.
static inline bool caches_data_near(const struct caches* caches, uint64_t pa, bool write) {
  uint64_t* recent = cache_set(&caches->cache[0], pa);
  if ((*recent | LINE_DIRTY) != (cache_line(pa) | LINE_DIRTY)) return false;
  *recent |= write;
  return true;
}

#endif
