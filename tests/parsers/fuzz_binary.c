// SPDX-License-Identifier: MIT
// The binary trace format. No random change gets past a checksum, so that they are put right first, except in inputs of
// one length in eight.
#include <string.h>

#include "parsers/parsers.h"
#include "workload/binary.h"
#include "workload/hash.h"
#include "workload/trace.h"

static uint32_t get32(const uint8_t* p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put64(uint8_t* p, uint64_t value) {
  for (int i = 0; i < 8; i++) p[i] = (uint8_t)(value >> 8 * i);
}

// Magic, version, the number of references announced, each block's checksum, and the number of references at the end.
static void mend(uint8_t* data, size_t size) {
  uint64_t references = 0;
  if (size < BINARY_HEAD) return;
  memcpy(data, BINARY_MAGIC, sizeof BINARY_MAGIC - 1);
  data[sizeof BINARY_MAGIC - 1] = BINARY_VERSION;
  memset(data + BINARY_HEAD - 6, 0, 6);  // gigabytes that are announced cost the sanitizer time
  for (size_t at = BINARY_HEAD; size - at >= BINARY_BLOCK_HEAD;) {
    size_t count = get32(data + at), bytes = get32(data + at + 4), left = size - at - BINARY_BLOCK_HEAD;
    if (bytes > left) return;
    if (count == 0 && bytes == BINARY_TAIL) put64(data + at + BINARY_BLOCK_HEAD, references);
    if (count > 0) put64(data + at + 8, hash_bytes(data + at + BINARY_BLOCK_HEAD, bytes));
    references += count;
    at += BINARY_BLOCK_HEAD + bytes;
  }
}

void fuzz_binary(const uint8_t* data, size_t size) {
  uint8_t* copy = (uint8_t*)parser_text(data, size);
  if (size % 8 != 7) mend(copy, size);
  parser_trace(copy, size, TRACE_BINARY);
  free(copy);
}

PARSER_ENTRY(binary)
