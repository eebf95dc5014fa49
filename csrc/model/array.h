// SPDX-License-Identifier: MIT
// One set-associative array of translations. An entry's set is the low bits of its own page number, so that pages of
// several sizes can live in one array.
#ifndef PAGEWALK_MODEL_ARRAY_H
#define PAGEWALK_MODEL_ARRAY_H

#include "model/paging.h"
#include "model/replacement.h"

struct array {
  uint32_t sets, ways;
  enum replacement policy;
  uint32_t words;  // of replacement state a set
  uint64_t* tags;  // [set * ways + way]: array_tag of the entry, 0 = invalid
  struct translation* entries;
  uint64_t* replacement;  // [set * words]
};

struct place {
  uint32_t set, way;
};

// All invalid. False when the host has no memory; then nothing needs freeing.
bool array_create(struct array* array, uint32_t sets, uint32_t ways, enum replacement policy);
void array_free(struct array* array);

// The one rule of what translates an address: a page of this size with this number.
static inline uint64_t array_tag(uint64_t va, unsigned shift) { return (va & ~bits_between(0, shift)) | shift; }

static inline uint32_t array_set(const struct array* array, uint64_t va, unsigned shift) {
  return (uint32_t)(va >> shift) & (array->sets - 1);
}

static inline struct translation* array_entry(const struct array* array, struct place at) {
  return &array->entries[at.set * array->ways + at.way];
}

static inline bool array_find(const struct array* array, uint64_t va, unsigned shift, struct place* at) {
  uint64_t tag = array_tag(va, shift);
  at->set = array_set(array, va, shift);
  const uint64_t* tags = &array->tags[at->set * array->ways];
  for (at->way = 0; at->way < array->ways; at->way++)
    if (tags[at->way] == tag) return true;
  return false;
}

static inline void array_touch(struct array* array, struct place at, uint64_t cycle) {
  replacement_touch(array->policy, &array->replacement[at.set * array->words], array->ways, at.way, cycle);
}

// Where `t` will go: over the entry of the same page and size, else into the lowest invalid way, else over the victim.
// `evicts`: a valid entry of another page goes.
struct place array_choose(const struct array* array, const struct translation* t, bool* evicts);
void array_put(struct array* array, struct place at, const struct translation* t, uint64_t cycle);

static inline bool array_valid(const struct array* array, struct place at) {
  return array->tags[at.set * array->ways + at.way] != 0;
}

// Leaves replacement state alone.
static inline void array_drop(struct array* array, struct place at) { array->tags[at.set * array->ways + at.way] = 0; }

#endif
