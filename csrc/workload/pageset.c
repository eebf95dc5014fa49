// SPDX-License-Identifier: MIT
// Open addressing with linear probing.
#include "workload/pageset.h"

#include <stdbool.h>
#include <stdlib.h>

static struct pageset_entry* find(const struct pageset* set, uint64_t key) {
  size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (set->room - 1);
  while (set->entries[at].key != 0 && set->entries[at].key != key) at = (at + 1) & (set->room - 1);
  return &set->entries[at];
}

static bool grow(struct pageset* set) {
  struct pageset bigger = {.count = set->count, .room = set->room ? 2 * set->room : 1024};
  bigger.entries = calloc(bigger.room, sizeof *bigger.entries);
  if (!bigger.entries) return false;
  for (size_t i = 0; i < set->room; i++)
    if (set->entries[i].key != 0) *find(&bigger, set->entries[i].key) = set->entries[i];
  free(set->entries);
  *set = bigger;
  return true;
}

uint32_t* pageset_add(struct pageset* set, uint64_t page) {
  if (2 * set->count >= set->room && !grow(set)) return NULL;
  struct pageset_entry* entry = find(set, page + 1);
  if (entry->key == 0) {
    *entry = (struct pageset_entry){.key = page + 1};
    set->count++;
  }
  return &entry->value;
}

void pageset_free(struct pageset* set) {
  free(set->entries);
  *set = (struct pageset){NULL, 0, 0};
}
