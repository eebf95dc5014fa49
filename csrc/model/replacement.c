// SPDX-License-Identifier: MIT
#include "model/replacement.h"

bool replacement_known(enum replacement policy) { return policy == REPLACE_LRU || policy == REPLACE_PLRU; }

uint32_t replacement_words(enum replacement policy, uint32_t ways) { return policy == REPLACE_LRU ? ways : 1; }

static uint32_t least_recent(const uint64_t* touched, uint32_t ways) {
  uint32_t oldest = 0;
  for (uint32_t way = 1; way < ways; way++)
    if (touched[way] < touched[oldest]) oldest = way;
  return oldest;
}

static uint32_t follow_tree(uint64_t tree, uint32_t ways) {
  uint32_t node = 1;
  while (node < ways) node = 2 * node + (tree >> node & 1);
  return node - ways;
}

uint32_t replacement_victim(enum replacement policy, const uint64_t* state, uint32_t ways) {
  return policy == REPLACE_LRU ? least_recent(state, ways) : follow_tree(*state, ways);
}

struct replacement_path replacement_path(uint32_t ways, uint32_t way) {
  struct replacement_path path = {0, 0};
  uint32_t node = 1;
  for (uint32_t half = ways >> 1; half; half >>= 1) {
    bool upper = way & half;
    path.nodes |= UINT64_C(1) << node;
    if (!upper) path.away |= UINT64_C(1) << node;
    node = 2 * node + upper;
  }
  return path;
}
