// SPDX-License-Identifier: MIT
#include "model/array.h"

#include <stdlib.h>

bool array_create(struct array* array, uint32_t sets, uint32_t ways, enum replacement policy) {
  size_t entries = (size_t)sets * ways;
  *array = (struct array){.sets = sets, .ways = ways, .policy = policy, .words = replacement_words(policy, ways)};
  if (!entries) return true;
  array->tags = calloc(entries, sizeof *array->tags);
  array->entries = calloc(entries, sizeof *array->entries);
  array->replacement = calloc((size_t)sets * array->words, sizeof *array->replacement);
  if (array->tags && array->entries && array->replacement) return true;
  array_free(array);
  return false;
}

void array_free(struct array* array) {
  free(array->tags);
  free(array->entries);
  free(array->replacement);
  *array = (struct array){.sets = 0};
}

static bool find_invalid(const struct array* array, struct place* at) {
  for (at->way = 0; at->way < array->ways; at->way++)
    if (!array_valid(array, *at)) return true;
  return false;
}

struct place array_choose(const struct array* array, const struct translation* t, bool* evicts) {
  struct place at;
  *evicts = false;
  if (array_find(array, t->va, t->shift, &at) || find_invalid(array, &at)) return at;
  *evicts = true;
  at.way = replacement_victim(array->policy, &array->replacement[at.set * array->words], array->ways);
  return at;
}

void array_put(struct array* array, struct place at, const struct translation* t, uint64_t cycle) {
  array->tags[at.set * array->ways + at.way] = array_tag(t->va, t->shift);
  *array_entry(array, at) = *t;
  array_touch(array, at, cycle);
}
