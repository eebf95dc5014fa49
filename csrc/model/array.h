// SPDX-License-Identifier: MIT
// One set-associative array of translations. An entry's set is the low bits of its own page number, so that pages of
// several sizes can live in one array. A walk cache is an array of one set whose "pages" are what an upper entry maps.
#ifndef PAGEWALK_MODEL_ARRAY_H
#define PAGEWALK_MODEL_ARRAY_H

#include "model/paging.h"
#include "model/replacement.h"

struct array {
  uint32_t sets, ways;  // sets 0: there is no such array
  enum replacement policy;
  uint32_t words;  // of replacement state a set
  uint16_t lfsr;
  uint64_t* tags;  // [set * ways + way]: array_tag of the entry, 0 = invalid
  struct translation* entries;
  uint64_t* replacement;  // [set * words]
  uint8_t* used;          // [set]: its valid ways
  uint32_t held[64];      // valid entries by shift: sizes that are not there need no look
  uint32_t globals;       // valid entries that are global
};

struct place {
  uint32_t set, way;
};

// All invalid. False when the host has no memory; then nothing needs freeing.
bool array_create(struct array* array, uint32_t sets, uint32_t ways, enum replacement policy);
void array_free(struct array* array);

// --- finding --------------------------------------------------------------------------------------------------------

// The one rule of what translates an address: a page of this size with this number, of this PCID or global. A tag:
//
//   63          19 18     7      6 5     0
//  | va bits 56:12 |  PCID | global | shift |   the PCID of a global entry is 0
#define TAG_GLOBAL BIT(6)
#define TAG_PCID bits_between(7, 19)
static inline uint64_t array_tag(uint64_t va, unsigned shift, unsigned pcid, bool global) {
  uint64_t page = va >> PAGE_SHIFT & ~bits_between(0, shift - PAGE_SHIFT);
  return page << 19 | (global ? TAG_GLOBAL : (uint64_t)pcid << 7) | shift;
}

static inline uint32_t array_set(const struct array* array, uint64_t va, unsigned shift) {
  return (uint32_t)(va >> shift) & (array->sets - 1);
}

static inline struct translation* array_entry(const struct array* array, struct place at) {
  return &array->entries[at.set * array->ways + at.way];
}

// The first way from at->way on with this tag.
static inline bool array_find_tag(const struct array* array, uint64_t tag, struct place* at) {
  const uint64_t* tags = &array->tags[at->set * array->ways];
  for (; at->way < array->ways; at->way++)
    if (tags[at->way] == tag) return true;
  return false;
}

// What translates `va` for this PCID, but for global entries.
static inline bool array_find_own(const struct array* array, uint64_t va, unsigned shift, unsigned pcid,
                                  struct place* at) {
  if (array->held[shift] == 0) return false;
  *at = (struct place){.set = array_set(array, va, shift)};
  return array_find_tag(array, array_tag(va, shift, pcid, false), at);
}

// What translates `va` for this PCID: one entry at most.
static inline bool array_find(const struct array* array, uint64_t va, unsigned shift, unsigned pcid, struct place* at) {
  if (array_find_own(array, va, shift, pcid, at)) return true;
  if (array->globals == 0) return false;
  *at = (struct place){.set = array_set(array, va, shift)};
  return array_find_tag(array, array_tag(va, shift, 0, true), at);
}

static inline bool array_valid(const struct array* array, struct place at) {
  return array->tags[at.set * array->ways + at.way] != 0;
}

static inline void array_touch(struct array* array, struct place at, uint64_t stamp) {
  replacement_touch(array->policy, &array->replacement[at.set * array->words], array->ways, at.way, stamp);
}

// --- touches that wait ----------------------------------------------------------------------------------------------

// In one cycle lookups come before fills, but a victim is chosen from the state at the cycle's start. So where a lookup
// and a fill can meet in an array (second level, walk caches), touches of lookups wait until the fills have chosen.
enum { TOUCHES_MAX = 8 };
struct touches {
  unsigned count;
  struct {
    struct array* array;
    struct place at;
    uint64_t stamp;
  } touch[TOUCHES_MAX];
};

void touches_add(struct touches* touches, struct array* array, struct place at, uint64_t stamp);
// A fill has chosen its place in this set.
void touches_settle_set(struct touches* touches, const struct array* array, uint32_t set);
// The cycle is over.
void touches_settle_each(struct touches* touches);
static inline void touches_settle_all(struct touches* touches) {
  if (touches->count) touches_settle_each(touches);
}

// On whose behalf: a port's reference, or the prefetch that its walk has caused.
struct cause {
  enum port port;
  bool prefetch;
};

// Stamps of arrays that are touched up to six times a cycle: by lookups, by fills, by prefetches' fills, each time the
// fetch port's first.
static inline uint64_t stamp_of_lookup(uint64_t cycle, enum port port) { return cycle << 3 | port; }
static inline uint64_t stamp_of_fill(uint64_t cycle, struct cause cause) {
  return cycle << 3 | (cause.prefetch ? 4u : 2u) | cause.port;
}

// --- changing -------------------------------------------------------------------------------------------------------

// What a fill finds in its set.
enum choice {
  CHOICE_FREE,       // a way that holds nothing
  CHOICE_OVERWRITE,  // an entry of the same page and size, of the same PCID or with one of both global
  CHOICE_VICTIM      // a valid entry of another page
};

struct filled {
  enum choice choice;
  struct place at;
  uint64_t gone_va;  // CHOICE_VICTIM: whose page went
  uint8_t gone_shift;
};

// Puts `t` over the lowest way with the same page, else into the lowest invalid way, else over the victim. `fresh`: the
// caller knows that there is none to overwrite. `touches`: those that waited for this, or NULL.
struct filled array_fill(struct array* array, const struct translation* t, bool fresh, struct touches* touches,
                         uint64_t stamp);

// The next way after at->way with an entry of the same page as `t`, which is in its place: what a fill drops.
bool array_find_further(const struct array* array, const struct translation* t, struct place* at);

// Leaves replacement state alone.
void array_drop(struct array* array, struct place at);

#endif
