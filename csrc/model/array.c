// SPDX-License-Identifier: MIT
#include "model/array.h"

#include <stdlib.h>

bool array_create(struct array* array, uint32_t sets, uint32_t ways, enum replacement policy) {
  size_t entries = (size_t)sets * ways;
  *array = (struct array){.policy = policy, .words = replacement_words(policy, ways), .lfsr = LFSR_SEED};
  if (!entries) return true;
  array->sets = sets;
  array->ways = ways;
  array->tags = calloc(entries, sizeof *array->tags);
  array->entries = calloc(entries, sizeof *array->entries);
  array->replacement = calloc((size_t)sets * array->words, sizeof *array->replacement);
  array->used = calloc(sets, sizeof *array->used);
  if (array->tags && array->entries && array->replacement && array->used) return true;
  array_free(array);
  return false;
}

void array_free(struct array* array) {
  free(array->tags);
  free(array->entries);
  free(array->replacement);
  free(array->used);
  *array = (struct array){.sets = 0};
}

// From at->way on: an entry that `t` must replace, so that no page is held twice.
static bool find_same(const struct array* array, const struct translation* t, struct place* at) {
  uint64_t page = array_tag(t->va, t->shift, 0, false), own = array_tag(t->va, t->shift, t->pcid, false);
  const uint64_t* tags = &array->tags[at->set * array->ways];
  for (; at->way < array->ways; at->way++) {
    uint64_t tag = tags[at->way];
    if (tag == own || tag == (page | TAG_GLOBAL)) return true;
    // A global entry replaces those of all PCIDs.
    if (t->global && (tag & ~TAG_PCID) == page) return true;
  }
  return false;
}

static enum choice choose(const struct array* array, const struct translation* t, bool fresh, struct place* at) {
  if (!fresh && find_same(array, t, at)) return CHOICE_OVERWRITE;
  if (array->used[at->set] < array->ways) {
    at->way = 0;
    array_find_tag(array, 0, at);
    return CHOICE_FREE;
  }
  at->way = replacement_victim(array->policy, &array->replacement[at->set * array->words], array->lfsr, array->ways);
  return CHOICE_VICTIM;
}

static void forget(struct array* array, uint64_t tag) {
  array->held[tag & (TAG_GLOBAL - 1)]--;
  array->globals -= (tag & TAG_GLOBAL) != 0;
}

struct filled array_fill(struct array* array, const struct translation* t, bool fresh, struct touches* touches,
                         uint64_t stamp) {
  struct filled filled = {.at.set = array_set(array, t->va, t->shift)};
  filled.choice = choose(array, t, fresh, &filled.at);
  if (touches && touches->count) touches_settle_set(touches, array, filled.at.set);
  struct translation* entry = array_entry(array, filled.at);
  uint64_t* tag = &array->tags[filled.at.set * array->ways + filled.at.way];
  if (filled.choice == CHOICE_FREE) {
    array->used[filled.at.set]++;
  } else {
    filled.gone_va = entry->va;
    filled.gone_shift = entry->shift;
    forget(array, *tag);
  }
  if (filled.choice == CHOICE_VICTIM)
    replacement_advance(array->policy, &array->replacement[filled.at.set * array->words], &array->lfsr, array->ways);
  *tag = array_tag(t->va, t->shift, t->pcid, t->global);
  *entry = *t;
  array->held[t->shift]++;
  array->globals += t->global;
  array_touch(array, filled.at, stamp);
  return filled;
}

bool array_find_further(const struct array* array, const struct translation* t, struct place* at) {
  at->way++;
  return find_same(array, t, at);
}

void array_drop(struct array* array, struct place at) {
  uint64_t* tag = &array->tags[at.set * array->ways + at.way];
  forget(array, *tag);
  array->used[at.set]--;
  *tag = 0;
}

// --- touches that wait ----------------------------------------------------------------------------------------------

void touches_add(struct touches* touches, struct array* array, struct place at, uint64_t stamp) {
  unsigned i = touches->count++;
  touches->touch[i].array = array;
  touches->touch[i].at = at;
  touches->touch[i].stamp = stamp;
}

void touches_settle_set(struct touches* touches, const struct array* array, uint32_t set) {
  unsigned left = 0;
  for (unsigned i = 0; i < touches->count; i++) {
    if (touches->touch[i].array == array && touches->touch[i].at.set == set)
      array_touch(touches->touch[i].array, touches->touch[i].at, touches->touch[i].stamp);
    else
      touches->touch[left++] = touches->touch[i];
  }
  touches->count = left;
}

void touches_settle_each(struct touches* touches) {
  for (unsigned i = 0; i < touches->count; i++)
    array_touch(touches->touch[i].array, touches->touch[i].at, touches->touch[i].stamp);
  touches->count = 0;
}
