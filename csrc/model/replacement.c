// SPDX-License-Identifier: MIT
#include "model/replacement.h"

uint32_t replacement_words(enum replacement policy, uint32_t ways) { return policy == REPLACE_LRU ? ways : 1; }

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

// Two strands and no branches, which nobody could predict.
static uint32_t least_recent(const uint64_t* words, uint32_t ways) {
  uint64_t even = words[0], odd = words[ways - 1];
  uint32_t way = 1;
  for (; way + 2 < ways; way += 2) {
    even = least(even, words[way]);
    odd = least(odd, words[way + 1]);
  }
  if (way < ways) even = least(even, words[way]);
  return least(even, odd) & ((1u << LRU_WAY_BITS) - 1);
}

static uint32_t follow_tree(uint64_t tree, uint32_t ways) {
  uint32_t node = 1;
  while (node < ways) node = 2 * node + (tree >> node & 1);
  return node - ways;
}

// All bits are never set, but for a single way's.
static uint32_t lowest_clear(uint64_t bits, uint32_t ways) { return ways == 1 ? 0 : (uint32_t)__builtin_ctzll(~bits); }

uint32_t replacement_victim(enum replacement policy, const uint64_t* state, uint16_t lfsr, uint32_t ways) {
  switch (policy) {
    case REPLACE_LRU:
      return least_recent(state, ways);
    case REPLACE_PLRU:
      return follow_tree(*state, ways);
    case REPLACE_NRU:
      return lowest_clear(*state, ways);
    case REPLACE_FIFO:
      return (uint32_t)*state;
    case REPLACE_RANDOM:
      return lfsr % ways;
    case REPLACE_COUNT:
      break;
  }
  return 0;
}

// x^16 + x^14 + x^13 + x^11 + 1
static uint16_t lfsr_step(uint16_t state) {
  unsigned bit = (state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1u;
  return (uint16_t)(state >> 1 | bit << 15);
}

void replacement_advance(enum replacement policy, uint64_t* state, uint16_t* lfsr, uint32_t ways) {
  if (policy == REPLACE_FIFO) *state = (*state + 1) % ways;
  if (policy == REPLACE_RANDOM) *lfsr = lfsr_step(*lfsr);
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
