// SPDX-License-Identifier: MIT
// Reads the binary format (docs/traces.md, "Binary").
#include <stdlib.h>
#include <string.h>

#include "workload/binary.h"
#include "workload/hash.h"
#include "workload/loader.h"

static uint32_t word32(const unsigned char* p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static uint64_t word64(const unsigned char* p) { return word32(p) | (uint64_t)word32(p + 4) << 32; }

bool binary_detect(const unsigned char* bytes, const unsigned char* end) {
  size_t size = sizeof BINARY_MAGIC - 1, there = (size_t)(end - bytes);
  return there > 0 && memcmp(bytes, BINARY_MAGIC, there < size ? there : size) == 0;
}

// At most 10 bytes; those above 64 bits are lost (the reader's other checks then see nonsense).
static inline uint64_t varint(const unsigned char** p) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    unsigned char byte = *(*p)++;
    value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
    if (byte < 0x80) break;
  }
  return value;
}

static inline void put(struct ref* ref, uint64_t va, uint32_t size_kind) {
  *ref = (struct ref){
      .va = va, .size = (uint16_t)size_kind, .kind = (uint8_t)(size_kind >> 16), .flags = REF_USER, .unused = {0}};
}

// Is there such a reference? (Nothing in a context that was never used, or beyond the last address.)
static inline bool impossible(uint64_t va, uint32_t size_kind) {
  return (size_kind == 0) | (va + (uint16_t)(size_kind - 1) < va);
}

// `count` references as predicted. False if there is nothing to predict them from.
static bool decode_run(struct binary_predictor* p, struct ref* out, size_t count) {
  bool bad = false;
  for (size_t i = 0; i < count; i++) {
    struct binary_context* c = binary_here(p, p->pc, p->slot);
    uint32_t size_kind = c->size_kind;
    uint64_t va = c->va + (uint64_t)c->stride;
    c->va = va;
    bad |= impossible(va, size_kind);
    put(&out[i], va, size_kind);
    binary_advance(p, va, size_kind);
  }
  return !bad;
}

// The token at *from, which is not a run. False if no reference is like that.
static inline bool decode_token(struct binary_predictor* p, const unsigned char** from, struct ref* out) {
  unsigned token = *(*from)++, kind = token & 3;
  uint64_t size = token >> TOKEN_SIZE_SHIFT;
  if (size == 0) size = varint(from);
  uint64_t coded = token & TOKEN_DISTANCE ? varint(from) : 0;
  if (size == 0 || size > 4096) return false;
  struct binary_context* c = binary_here(p, p->pc, p->slot);
  uint64_t va = (token & TOKEN_BY_CONTEXT ? c->va : p->near[kind]) + (coded >> 1 ^ -(coded & 1));
  uint32_t size_kind = (uint32_t)size | (uint32_t)kind << 16;
  if (impossible(va, size_kind)) return false;
  binary_learn(c, va, size_kind);
  put(out, va, size_kind);
  binary_advance(p, va, size_kind);
  return true;
}

// Decodes a payload that SLACK bytes follow in memory into exactly `count` references.
static bool decode_block(struct binary_predictor* p, const unsigned char* from, size_t bytes, struct ref* out,
                         size_t count) {
  const unsigned char* end = from + bytes;
  size_t done = 0;
  while (done < count && from < end) {
    if ((*from & 3) == TOKEN_RUN) {
      uint64_t run = *from++ >> 2;
      if (run == 0) run = 64 + varint(&from);
      if (run > count - done || !decode_run(p, out + done, (size_t)run)) return false;
      done += (size_t)run;
    } else if (!decode_token(p, &from, &out[done++])) {
      return false;
    }
  }
  return done == count && from == end;
}

static bool cut(struct loader* l, const char* where) {
  return loader_fail(l, l->offset + l->at, "the trace is cut %s: the file is damaged or not whole", where);
}

// Makes sure that `need` bytes wait.
static bool have(struct loader* l, size_t need, const char* where) {
  if (l->end - l->at < need && !loader_fill(l, need)) return false;
  return l->end - l->at >= need || cut(l, where);
}

static bool head(struct loader* l) {
  size_t magic = sizeof BINARY_MAGIC - 1;
  if (!have(l, 1, "at its start")) return false;
  if (!binary_detect(l->window, l->window + l->end))
    return error_set(l->err, "%s does not begin as Pagewalk's binary traces do", stream_name(l->stream));
  if (!have(l, BINARY_HEAD, "in its first bytes")) return false;
  if (l->window[magic] != BINARY_VERSION)
    return error_set(l->err, "%s is a binary trace of version %d; this program reads version %d",
                     stream_name(l->stream), l->window[magic], BINARY_VERSION);
  loader_expect(l, word64(l->window + magic + 1));
  l->at = BINARY_HEAD;
  return true;
}

// The end: a block head of no references and 8 bytes, whose payload is the number of references in all; the checksum
// is the hash of them all.
static bool tail(struct loader* l, const unsigned char* block) {
  uint64_t total = word64(block + BINARY_BLOCK_HEAD), hash = word64(block + 8);
  if (total != l->records || (l->whole && hash != l->hash))
    return loader_fail(l, l->offset + l->at, "the end does not fit the %llu references before it: the file is damaged",
                       (unsigned long long)l->records);
  l->at += BINARY_BLOCK_HEAD + BINARY_TAIL;
  if (l->at == l->end && !loader_fill(l, 1)) return false;
  return l->at == l->end || loader_fail(l, l->offset + l->at, "something follows the end of the trace");
}

// One block. *more: another one follows and is wanted.
static bool block(struct loader* l, struct binary_predictor* p, bool* more) {
  if (!have(l, BINARY_BLOCK_HEAD, "before its end mark")) return false;
  const unsigned char* start = l->window + l->at;
  size_t refs = word32(start), bytes = word32(start + 4);
  uint64_t check = word64(start + 8);
  bool sane = refs == 0 ? bytes == BINARY_TAIL : refs <= BINARY_BLOCK_REFS && bytes <= binary_payload_max(refs);
  if (!sane)
    return loader_fail(l, l->offset + l->at, "the block that begins here is damaged (its head makes no sense)");
  if (!have(l, BINARY_BLOCK_HEAD + bytes, "in the middle of a block")) return false;
  start = l->window + l->at;
  *more = false;
  if (refs == 0) return tail(l, start);
  struct ref* out = loader_room(l, refs);
  if (!out) return false;
  if (hash_bytes(start + BINARY_BLOCK_HEAD, bytes) != check)
    return loader_fail(l, l->offset + l->at, "the block of %zu references that begins here is damaged (wrong checksum)",
                       refs);
  if (!decode_block(p, start + BINARY_BLOCK_HEAD, bytes, out, refs))
    return loader_fail(l, l->offset + l->at, "the block of %zu references that begins here makes no sense", refs);
  l->at += BINARY_BLOCK_HEAD + bytes;
  l->records += refs;
  *more = loader_take(l, refs);
  return true;
}

bool binary_load(struct loader* l) {
  struct binary_predictor* p = calloc(1, sizeof *p);
  if (!p) return error_set(l->err, "%s: not enough memory", stream_name(l->stream));
  bool ok = head(l), more = ok;
  while (ok && more) ok = block(l, p, &more);
  free(p);
  return ok;
}
