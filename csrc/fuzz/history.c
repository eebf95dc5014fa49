// SPDX-License-Identifier: MIT
// An open-addressed hash of words, each with the list of its values in order of time.
#include "fuzz/history.h"

#include <stdio.h>
#include <stdlib.h>

struct value {
  uint64_t cycle, value;
  bool by_walker;
};

struct word {
  uint64_t pa;
  struct value* values;  // NULL: the slot is free
  uint32_t count, room;
};

struct history {
  struct word* words;  // a power of two, at most half full
  uint64_t mask, used;
  uint64_t horizon;  // nobody asks for earlier cycles
};

enum { FIRST_WORDS = 1024, FIRST_VALUES = 4 };

static void* need(void* memory) {
  if (memory) return memory;
  fputs("pagewalk: the host has no memory left for the judge's record of the simulated memory\n", stderr);
  exit(1);
}

struct history* history_create(void) {
  struct history* history = need(calloc(1, sizeof *history));
  history->words = need(calloc(FIRST_WORDS, sizeof *history->words));
  history->mask = FIRST_WORDS - 1;
  return history;
}

void history_destroy(struct history* history) {
  if (!history) return;
  for (uint64_t i = 0; i <= history->mask; i++) free(history->words[i].values);
  free(history->words);
  free(history);
}

static struct word* find(const struct history* history, uint64_t pa) {
  uint64_t i = (pa * 0x9e3779b97f4a7c15u) >> 20 & history->mask;
  while (history->words[i].values && history->words[i].pa != pa) i = (i + 1) & history->mask;
  return &history->words[i];
}

static void double_the_words(struct history* history) {
  struct word* old = history->words;
  uint64_t count = history->mask + 1;
  history->words = need(calloc(2 * count, sizeof *old));
  history->mask = 2 * count - 1;
  for (uint64_t i = 0; i < count; i++)
    if (old[i].values) *find(history, old[i].pa) = old[i];
  free(old);
}

// The value that holds when `cycle` begins: position in the list, or -1 for the zero before the first.
static int64_t at_begin_of(const struct word* word, uint64_t cycle) {
  int64_t i = (int64_t)word->count - 1;
  while (i >= 0 && (word->values[i].cycle > cycle || (word->values[i].cycle == cycle && word->values[i].by_walker)))
    i--;
  return i;
}

static void forget_old(struct word* word, uint64_t horizon) {
  int64_t first = at_begin_of(word, horizon);
  if (first <= 0) return;
  word->count -= (uint32_t)first;
  for (uint32_t i = 0; i < word->count; i++) word->values[i] = word->values[i + (uint32_t)first];
}

void history_wrote(struct history* history, uint64_t cycle, uint64_t pa, uint64_t value, bool by_walker) {
  struct word* word = find(history, pa);
  if (!word->values) {
    if (2 * ++history->used > history->mask) {
      double_the_words(history);
      word = find(history, pa);
    }
    *word = (struct word){.pa = pa, .room = FIRST_VALUES};
    word->values = need(calloc(FIRST_VALUES, sizeof *word->values));
  }
  if (word->count == word->room) forget_old(word, history->horizon);
  if (word->count == word->room) {
    word->room *= 2;
    word->values = need(realloc(word->values, word->room * sizeof *word->values));
  }
  word->values[word->count++] = (struct value){cycle, value, by_walker};
}

static uint64_t part_of(uint64_t word, uint64_t pa, unsigned size) {
  return size == 8 ? word : pa & 4 ? word >> 32 : word & UINT32_MAX;
}

uint64_t history_value(const struct history* history, uint64_t pa, unsigned size) {
  const struct word* word = find(history, pa & ~UINT64_C(7));
  return word->values ? part_of(word->values[word->count - 1].value, pa, size) : 0;
}

unsigned history_values(const struct history* history, uint64_t pa, unsigned size, uint64_t first, uint64_t last,
                        uint64_t values[HISTORY_VALUES]) {
  const struct word* word = find(history, pa & ~UINT64_C(7));
  unsigned count = 0;
  int64_t begin = word->values ? at_begin_of(word, first) : -1, end = word->values ? (int64_t)word->count : 0;
  while (end > 0 && word->values[end - 1].cycle > last) end--;
  for (int64_t i = end - 1; i >= begin && count < HISTORY_VALUES; i--) {
    uint64_t value = i < 0 ? 0 : part_of(word->values[i].value, pa, size);
    bool known = false;
    for (unsigned k = 0; k < count; k++) known |= values[k] == value;
    if (!known) values[count++] = value;
  }
  if (count == 0) values[count++] = 0;
  return count;
}

void history_forget(struct history* history, uint64_t cycle) { history->horizon = cycle; }
