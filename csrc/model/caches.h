// SPDX-License-Identifier: MIT
// The timing caches: tags of 64-byte lines, no data, so that an access takes as long as the level that serves it
// (docs/timing.md, "Timing caches"). Lookups, fills and write-backs of one access all happen in one cycle.
#ifndef PAGEWALK_MODEL_CACHES_H
#define PAGEWALK_MODEL_CACHES_H

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
  uint32_t latency[SERVED_COUNT];  // cycles of an access, by who serves it
  uint32_t further[SERVED_COUNT];  // cycles beyond L1D's
  uint64_t* writebacks;
  struct events* events;
};

// False when the host has no memory.
bool caches_create(struct caches* caches, const struct config* config, struct counters* counters,
                   struct events* events);
void caches_free(struct caches* caches);

// The walker reads, or compares and swaps, at `pa`.
enum served_by caches_walk_through(struct caches* caches, uint64_t pa, uint64_t cycle);
static inline enum served_by caches_walk(struct caches* caches, uint64_t pa, uint64_t cycle) {
  return caches->walker_level < caches->count ? caches_walk_through(caches, pa, cycle) : SERVED_DRAM;
}
// It has written what it looked up last.
void caches_walk_wrote(struct caches* caches, uint64_t pa);

// The data of a part, where the first level does not hold them most recently. Says who served them.
enum served_by caches_data_further(struct caches* caches, uint64_t pa, bool write, uint64_t cycle);

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
