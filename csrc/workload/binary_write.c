// SPDX-License-Identifier: MIT
// Writes the binary format (docs/traces.md, "Binary").
#include <stdlib.h>

#include "base/output.h"
#include "workload/binary.h"
#include "workload/hash.h"
#include "workload/trace.h"

struct writer {
  struct binary_predictor predictor;
  unsigned char payload[BINARY_BLOCK_REFS * BINARY_TOKEN_MAX + 4];
  unsigned char* to;  // where the next byte of the payload goes
  uint64_t run;       // references as predicted that have no token yet
};

static void put_varint(struct writer* w, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *w->to++ = (unsigned char)(value | 0x80);
  *w->to++ = (unsigned char)value;
}

static void put_run(struct writer* w) {
  if (w->run == 0) return;
  bool one = w->run < 64;
  *w->to++ = (unsigned char)(TOKEN_RUN | (one ? w->run << 2 : 0));
  if (!one) put_varint(w, w->run - 64);
  w->run = 0;
}

static uint64_t zigzag(uint64_t distance) { return distance << 1 ^ (uint64_t)((int64_t)distance >> 63); }

static void put_token(struct writer* w, const struct binary_context* c, const struct ref* ref) {
  uint64_t near = zigzag(ref->va - w->predictor.near[ref->kind]), here = zigzag(ref->va - c->va);
  bool by_context = c->size_kind != 0 && here < near;
  uint64_t coded = by_context ? here : near;
  unsigned small = ref->size < 16 ? ref->size : 0;
  *w->to++ = (unsigned char)(ref->kind | (by_context ? TOKEN_BY_CONTEXT : 0) | (coded ? TOKEN_DISTANCE : 0) |
                             small << TOKEN_SIZE_SHIFT);
  if (!small) put_varint(w, ref->size);
  if (coded) put_varint(w, coded);
}

static void encode(struct writer* w, const struct ref* ref) {
  struct binary_predictor* p = &w->predictor;
  struct binary_context* c = binary_here(p, p->pc, p->slot);
  uint32_t size_kind = binary_size_kind(ref);
  if (c->size_kind == size_kind && c->va + (uint64_t)c->stride == ref->va) {
    w->run++;
    c->va = ref->va;
  } else {
    put_run(w);
    put_token(w, c, ref);
    binary_learn(c, ref->va, size_kind);
  }
  binary_advance(p, ref->va, size_kind);
}

static void word32(unsigned char* to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = (unsigned char)(value >> 8 * i);
}
static void word64(unsigned char* to, uint64_t value) {
  word32(to, (uint32_t)value);
  word32(to + 4, (uint32_t)(value >> 32));
}

static void write_block(FILE* file, uint32_t refs, uint64_t check, const unsigned char* payload, size_t bytes) {
  unsigned char head[BINARY_BLOCK_HEAD];
  word32(head, refs);
  word32(head + 4, (uint32_t)bytes);
  word64(head + 8, check);
  fwrite(head, 1, sizeof head, file);
  fwrite(payload, 1, bytes, file);
}

static void write_head(uint64_t references, FILE* file) {
  unsigned char count[8];
  word64(count, references);
  fwrite(BINARY_MAGIC, 1, sizeof BINARY_MAGIC - 1, file);
  fputc(BINARY_VERSION, file);
  fwrite(count, 1, sizeof count, file);
}

static void write_trace(struct writer* w, const struct trace* trace, FILE* file) {
  uint64_t hash = HASH_START;
  write_head(trace->count, file);
  for (size_t at = 0; at < trace->count && !ferror(file);) {
    size_t refs = trace->count - at < BINARY_BLOCK_REFS ? trace->count - at : BINARY_BLOCK_REFS;
    w->to = w->payload;
    for (size_t i = 0; i < refs; i++, at++) {
      encode(w, &trace->refs[at]);
      hash = hash_ref(hash, &trace->refs[at]);
    }
    put_run(w);
    size_t bytes = (size_t)(w->to - w->payload);
    write_block(file, (uint32_t)refs, hash_bytes(w->payload, bytes), w->payload, bytes);
  }
  unsigned char total[BINARY_TAIL];
  word64(total, trace->count);
  write_block(file, 0, hash, total, sizeof total);
}

bool trace_save(const struct trace* trace, const char* path, struct error* err) {
  struct output output;
  struct writer* w = calloc(1, sizeof *w);
  if (!w) return error_set(err, "%s: not enough memory to write it", path);
  bool ok = output_open(&output, path, err);
  if (ok) write_trace(w, trace, output.file);
  if (ok) ok = output_commit(&output, err);
  free(w);
  return ok;
}
