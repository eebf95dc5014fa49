// SPDX-License-Identifier: MIT
// Single instructions for the processor itself: what the test writes into a file and the 32-bit program `native`
// executes, one after the other, on one stretch of memory.
#ifndef PAGEWALK_TESTS_CORE_I386_NATIVE_H
#define PAGEWALK_TESTS_CORE_I386_NATIVE_H

#include <stdint.h>

enum {
  NATIVE_CODE = 0x52000000,  // two pages, filled with INT3
  NATIVE_CODE_BYTES = 0x2000,
  NATIVE_DATA = 0x50000000,  // two pages; behind them
  NATIVE_DATA_BYTES = 0x2000,
  NATIVE_HOLE = 0x50002000,       // pages that are not there,
  NATIVE_READ_ONLY = 0x50010000,  // a page that cannot be written, then holes again
  NATIVE_END = 0x52000000,
  NATIVE_BEGIN = 0x4fff0000,  // holes from here on
  // Results show this much of the data, around the border of the two pages.
  NATIVE_WINDOW = 0x50000f00,
  NATIVE_WINDOW_BYTES = 0x200,
  // And the last bytes before the hole.
  NATIVE_EDGE_BYTES = 64,
  NATIVE_EDGE = NATIVE_HOLE - NATIVE_EDGE_BYTES,
  NATIVE_POKE_BYTES = 32,
  NATIVE_INT3 = 0xcc,
  // Selectors of user code and data under Linux.
  NATIVE_CS = 0x23,
  NATIVE_DS = 0x2b,
};

struct native_case {
  // Before: registers in the order of their numbers, the instruction at `eip`, bytes written to the data.
  uint32_t reg[8], eip, eflags;
  uint32_t poke_at, poke_bytes;
  uint8_t code[16], poke[NATIVE_POKE_BYTES];
  // After: at the exception that ended it.
  uint32_t after[8], after_eip, after_eflags, vector, error, cr2;
  uint8_t window[NATIVE_WINDOW_BYTES + NATIVE_EDGE_BYTES];
};

struct native_file {
  uint32_t count, seed;
  struct native_case cases[];
};

// The bytes that fill the data before the first case.
static inline uint8_t native_byte(uint32_t seed, uint32_t i) {
  uint32_t x = (seed ^ i) * 2654435761u;
  return (uint8_t)(x >> 24 ^ x >> 13);
}

#endif
