// SPDX-License-Identifier: MIT
// The one hash of traces: FNV-1a over 64-bit words (little-endian where they come from bytes) instead of bytes, its
// high half folded into the low one after each word. Every step is a bijection, so that no single changed word goes
// unnoticed.
#ifndef PAGEWALK_WORKLOAD_HASH_H
#define PAGEWALK_WORKLOAD_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/engine.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static inline uint64_t hash_word(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * HASH_PRIME;
  return hash ^ hash >> 32;
}

// One word a reference: the address, with kind and size in the upper bits, where addresses are all zeros or all ones.
static inline uint64_t hash_ref(uint64_t hash, const struct ref* ref) {
  return hash_word(hash, ref->va ^ (uint64_t)ref->size << 48 ^ (uint64_t)ref->kind << 61);
}

// Whole words, then the rest padded with zeros.
static inline uint64_t hash_bytes(const unsigned char* bytes, size_t count) {
  uint64_t hash = HASH_START, word;
  for (; count >= sizeof word; count -= sizeof word, bytes += sizeof word) {
    memcpy(&word, bytes, sizeof word);
    hash = hash_word(hash, word);
  }
  if (count > 0) {
    word = 0;
    memcpy(&word, bytes, count);
    hash = hash_word(hash, word);
  }
  return hash;
}

#endif
