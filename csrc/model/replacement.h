// SPDX-License-Identifier: MIT
// Which way of a set goes next (docs/timing.md, "Replacement"). State changes on hits and fills only.
//
// LRU keeps the cycle of the last touch in each way; ties can't be: an array is touched once a cycle, and a way is
// chosen by policy only when every way has been filled.
//
// PLRU keeps a tree in one word a set. Node 1 is the root, the children of n are 2n (lower ways) and 2n + 1; a node's
// bit names the half that the victim is in. With four ways:
//
//                 node 1
//               0/      \1
//           node 2      node 3         touch way 2 (1 at the root, 0 below): root := 0, node 3 := 1
//           0/  \1      0/  \1         victim now: the root says lower half, node 2 decides
//         way 0 way 1 way 2 way 3
#ifndef PAGEWALK_MODEL_REPLACEMENT_H
#define PAGEWALK_MODEL_REPLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

// Is this policy built?
bool replacement_known(enum replacement policy);

// Words of state a set of `ways` needs; they start as 0.
uint32_t replacement_words(enum replacement policy, uint32_t ways);

// `state`: the set's words.
uint32_t replacement_victim(enum replacement policy, const uint64_t* state, uint32_t ways);

// The tree's bits on the way to a way, and what they become when it is touched.
struct replacement_path {
  uint64_t nodes, away;
};
struct replacement_path replacement_path(uint32_t ways, uint32_t way);

static inline void replacement_touch_path(uint64_t* tree, struct replacement_path path) {
  if ((*tree & path.nodes) != path.away) *tree = (*tree & ~path.nodes) | path.away;
}

static inline void replacement_touch(enum replacement policy, uint64_t* state, uint32_t ways, uint32_t way,
                                     uint64_t cycle) {
  if (policy == REPLACE_LRU)
    state[way] = cycle;
  else
    replacement_touch_path(state, replacement_path(ways, way));
}

#endif
