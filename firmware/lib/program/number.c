// SPDX-License-Identifier: MIT
// Numbers: reading them, and random ones.
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int abs(int value) { return value < 0 ? -value : value; }

static unsigned digit_value(char c) {
  if (isdigit(c)) return (unsigned)(c - '0');
  if (isalpha(c)) return (unsigned)(tolower(c) - 'a' + 10);
  return UINT_MAX;
}

// 0x and 0 in front choose the base, if it is not given.
static const char* skip_prefix(const char* text, int* base) {
  bool hex = text[0] == '0' && tolower(text[1]) == 'x' && digit_value(text[2]) < 16;
  if ((*base == 0 || *base == 16) && hex) {
    *base = 16;
    return text + 2;
  }
  if (*base == 0) *base = text[0] == '0' ? 8 : 10;
  return text;
}

// The digits of a number without its sign; more than 32 bits become ULONG_MAX.
static unsigned long read_digits(const char* text, const char** end, int base, bool* overflow) {
  unsigned long value = 0;
  *overflow = false;
  for (; digit_value(*text) < (unsigned)base; text++) {
    unsigned long long next = (unsigned long long)value * (unsigned)base + digit_value(*text);
    if (next > ULONG_MAX) *overflow = true;
    value = (unsigned long)next;
    *end = text + 1;
  }
  return *overflow ? ULONG_MAX : value;
}

static unsigned long read_number(const char* text, char** end, int base, bool* negative, bool* overflow) {
  const char* last = text;
  while (isspace(*text)) text++;
  *negative = *text == '-';
  if (*text == '-' || *text == '+') text++;
  text = skip_prefix(text, &base);
  unsigned long value = read_digits(text, &last, base, overflow);
  if (end) *end = (char*)(uintptr_t)last;
  return value;
}

unsigned long strtoul(const char* text, char** end, int base) {
  bool negative, overflow;
  unsigned long value = read_number(text, end, base, &negative, &overflow);
  return negative && !overflow ? -value : value;
}

long strtol(const char* text, char** end, int base) {
  bool negative, overflow;
  unsigned long value = read_number(text, end, base, &negative, &overflow);
  if (negative) return value > LONG_MAX ? LONG_MIN : -(long)value;
  return value > LONG_MAX ? LONG_MAX : (long)value;
}

int atoi(const char* text) { return (int)strtol(text, NULL, 10); }

// Marsaglia's xorshift, 32 bits: all states but 0, which it never reaches.
static uint32_t random_state = 2463534242u;

int rand(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return (int)(random_state & RAND_MAX);
}

void srand(unsigned seed) {
  random_state = seed * 2654435761u ^ 2463534242u;
  if (random_state == 0) random_state = 1;
}
