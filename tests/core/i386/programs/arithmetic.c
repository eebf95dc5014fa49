// SPDX-License-Identifier: MIT
// Numbers of 8 to 64 bits: multiplication, division, shifts, rotations, bit counts, conversions, a long product.
#include "../runtime.h"

static uint64_t state = 0x0123456789abcdef;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static uint32_t big[40];
static uint32_t times(uint32_t factor) {
  uint64_t carry = 0;
  for (unsigned i = 0; i < sizeof big / sizeof *big; i++) {
    carry += (uint64_t)big[i] * factor;
    big[i] = (uint32_t)carry;
    carry >>= 32;
  }
  return (uint32_t)carry;
}

// Random places of a table of 16 pages.
static uint32_t scatter(void) {
  static uint32_t table[16384];
  uint32_t sum = 0;
  for (int i = 0; i < 2000; i++) {
    uint32_t* cell = &table[next() % (sizeof table / sizeof *table)];
    sum += *cell;
    *cell += (uint32_t)i;
  }
  for (unsigned i = 0; i < sizeof table / sizeof *table; i += 5) sum = sum * 3 + table[i];
  return sum;
}

static uint32_t gcd(uint32_t a, uint32_t b) { return b ? gcd(b, a % b) : a; }

static uint32_t crc(const uint8_t* bytes, unsigned n) {
  uint32_t sum = ~0u;
  for (unsigned i = 0; i < n; i++) {
    sum ^= bytes[i];
    for (int k = 0; k < 8; k++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum;
}

#define ROUND(type)                                                                      \
  do {                                                                                   \
    type a = (type)next(), b = (type)(next() | 1), c = (type)(a * b), d = (type)(a - b); \
    c ^= (type)(a / b) + (type)(a % b);                                                  \
    c = (type)(c + (type)(d << (next() & 7)) + (type)(d >> (next() & 7)));               \
    c ^= a < b ? (type)~c : (type)-c;                                                    \
    sum = sum * 31 + (uint64_t)c;                                                        \
  } while (0)

int main(void) {
  uint64_t sum = 0;
  for (int i = 0; i < 300; i++) {
    ROUND(uint8_t);
    ROUND(int8_t);
    ROUND(uint16_t);
    ROUND(int16_t);
    ROUND(uint32_t);
    ROUND(int32_t);
    ROUND(uint64_t);
    ROUND(int64_t);
  }
  show("rounds", sum);
  for (int i = 0; i < 200; i++) {
    uint64_t x = next();
    uint32_t low = (uint32_t)x | 1;
    unsigned n = x >> 59;
    sum = sum * 31 + (low << n | low >> (-n & 31)) + (unsigned)__builtin_clz(low) + (unsigned)__builtin_ctz(low) +
          (unsigned)__builtin_popcount(low) + __builtin_bswap32(low) + __builtin_bswap64(x) + (x << n) + (x >> n) +
          (uint64_t)((int64_t)x >> n);
    uint32_t total;
    sum += __builtin_add_overflow(low, (uint32_t)(x >> 32), &total) + total;
    int32_t product;
    sum += (uint64_t)__builtin_mul_overflow((int32_t)low, (int32_t)(x >> 40), &product) + (uint32_t)product;
  }
  show("bits", sum);
  big[0] = 1;
  for (uint32_t i = 2; i <= 150; i++) sum += times(i);
  show("factorial", crc((const uint8_t*)big, sizeof big));
  for (uint32_t i = 1; i < 100; i++) sum += gcd(i * 7919, 5040 * i + 36);
  show("gcd", sum);
  show("scatter", scatter());
  return 0;
}
