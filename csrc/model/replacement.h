// SPDX-License-Identifier: MIT
// Which way of a set goes next (docs/timing.md, "Replacement", finer points 9, 32, 33). A way is chosen by policy only
// when every way of the set is valid.
//
// LRU keeps a word a way, the stamp of its last touch above the way's number: the least word names the victim. Within
// one array later touches have greater stamps.
//
// PLRU keeps a tree in one word a set. Node 1 is the root, the children of n are 2n (lower ways) and 2n + 1; a node's
// bit names the half that the victim is in. With four ways:
//
//                 node 1
//               0/      \1
//           node 2      node 3         touch way 2 (1 at the root, 0 below): root := 0, node 3 := 1
//           0/  \1      0/  \1         victim now: the root says lower half, node 2 decides
//         way 0 way 1 way 2 way 3
//
// NRU keeps a bit a way, FIFO a way's number; random has no state in the sets but one shift register for the array.
#ifndef PAGEWALK_MODEL_REPLACEMENT_H
#define PAGEWALK_MODEL_REPLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

enum { LFSR_SEED = 0xace1 };

// Words of state a set of `ways` needs; they start as 0.
uint32_t replacement_words(enum replacement policy, uint32_t ways);

// `state`: the set's words; `lfsr`: the array's.
uint32_t replacement_victim(enum replacement policy, const uint64_t* state, uint16_t lfsr, uint32_t ways);

// A fill has taken a valid entry's way: FIFO and random go on to the next.
void replacement_advance(enum replacement policy, uint64_t* state, uint16_t* lfsr, uint32_t ways);

// The tree's bits on the way to a way, and what they become when it is touched.
struct replacement_path {
  uint64_t nodes, away;
};
struct replacement_path replacement_path(uint32_t ways, uint32_t way);

enum { LRU_WAY_BITS = 6 };
static inline uint64_t replacement_lru_word(uint64_t stamp, uint32_t way) { return stamp << LRU_WAY_BITS | way; }

static inline void replacement_touch_path(uint64_t* tree, struct replacement_path path) {
  if ((*tree & path.nodes) != path.away) *tree = (*tree & ~path.nodes) | path.away;
}

static inline void replacement_touch_bit(uint64_t* bits, uint32_t ways, uint32_t way) {
  uint64_t bit = UINT64_C(1) << way, all = ~UINT64_C(0) >> (64 - ways);
  *bits |= bit;
  if (*bits == all) *bits = bit;
}

static inline void replacement_touch(enum replacement policy, uint64_t* state, uint32_t ways, uint32_t way,
                                     uint64_t stamp) {
  switch (policy) {
    case REPLACE_LRU:
      state[way] = replacement_lru_word(stamp, way);
      break;
    case REPLACE_PLRU:
      replacement_touch_path(state, replacement_path(ways, way));
      break;
    case REPLACE_NRU:
      replacement_touch_bit(state, ways, way);
      break;
    case REPLACE_FIFO:
    case REPLACE_RANDOM:
    case REPLACE_COUNT:
      break;
  }
}

#endif
