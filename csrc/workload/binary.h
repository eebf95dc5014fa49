// SPDX-License-Identifier: MIT
// The binary format's common ground of reader and writer (docs/traces.md, "Binary"): a predictor that both keep in
// step.
//
// Its idea: what a program does next depends mostly on where it is. The context (address of the current instruction,
// data references made since its fetch) selects an entry that predicts the whole next reference: kind, size, and the
// address as the last one here plus a stride. References as predicted cost a share of a run's token; others are written
// out as kind, size and distance.
#ifndef PAGEWALK_WORKLOAD_BINARY_H
#define PAGEWALK_WORKLOAD_BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum {
  BINARY_VERSION = 1,
  BINARY_HEAD = 17,        // magic, version, references (0: the writer did not know)
  BINARY_BLOCK_HEAD = 16,  // references, bytes of payload, checksum of the payload
  BINARY_TAIL = 8,         // bytes of payload of the block without references that ends a trace
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  BINARY_BLOCK_REFS = 1 << 7,
  BINARY_CONTEXTS = 1 << 6,
#else
  BINARY_BLOCK_REFS = 1 << 16,  // most references in a block
  BINARY_CONTEXTS = 1 << 16,
#endif
  BINARY_TOKEN_MAX = 14,  // most bytes a reference, one of a run token included
  BINARY_SLOTS = 7,  // data references of one instruction that have contexts of their own; later ones share the last
};
#define BINARY_MAGIC "\x89PWT\r\n\x1a\n"

// Most bytes of a block's payload (one reference as predicted has a token of 1 byte, more share up to 4 bytes).
static inline size_t binary_payload_max(size_t refs) { return refs * BINARY_TOKEN_MAX + 4; }

// Tokens. Bits 0-1: a kind (enum access_kind), or TOKEN_RUN.
enum {
  TOKEN_RUN = 3,         // bits 2-7: references as predicted, 1..63; 0: 64 + the varint that follows
  TOKEN_BY_CONTEXT = 4,  // bit 2: distance from the context's last address, else from `near` of the kind
  TOKEN_DISTANCE = 8,    // bit 3: a zigzag varint of the distance follows (after the size), else it is 0
  TOKEN_SIZE_SHIFT = 4   // bits 4-7: size 1..15, or 0: a varint of it follows
};

struct binary_context {
  uint64_t va;              // of the last reference made here
  int64_t stride, last;     // the address predicted is va + stride; the distance between the last two that missed
  uint32_t size_kind, pad;  // size | kind << 16; 0: nothing was made here yet
};

struct binary_predictor {
  struct binary_context contexts[BINARY_CONTEXTS];
  uint64_t pc, slot;  // the context: the last fetch, and data references since (at most BINARY_SLOTS)
  uint64_t near[3];   // by kind: last read, last write, first byte behind the last fetch
};

static inline struct binary_context* binary_here(struct binary_predictor* p, uint64_t pc, uint64_t slot) {
  return &p->contexts[(2 * pc + slot + (pc >> 15) * 40503) % BINARY_CONTEXTS];
}

static inline uint32_t binary_size_kind(const struct ref* ref) { return ref->size | (uint32_t)ref->kind << 16; }

// After a reference, predicted or not.
static inline void binary_advance(struct binary_predictor* p, uint64_t va, uint32_t size_kind) {
  unsigned kind = size_kind >> 16;
  bool fetch = kind == ACCESS_FETCH;
  p->near[kind] = fetch ? va + (uint16_t)size_kind : va;
  p->pc = fetch ? va : p->pc;
  p->slot = fetch ? 0 : p->slot + (p->slot < BINARY_SLOTS);
}

// What a context learns from a reference that it did not predict. A stride must show twice before it is believed;
// where code goes next has none.
static inline void binary_learn(struct binary_context* c, uint64_t va, uint32_t size_kind) {
  int64_t distance = (int64_t)(va - c->va);
  if (size_kind >> 16 == ACCESS_FETCH || size_kind >> 16 != c->size_kind >> 16) {
    c->stride = c->last = 0;
  } else {
    if (distance == c->last) c->stride = distance;
    c->last = distance;
  }
  c->va = va;
  c->size_kind = size_kind;
}

#endif
