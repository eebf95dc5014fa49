// SPDX-License-Identifier: MIT
// Builds short texts without libc.
#include "lib/text.h"

struct text text_in(char* buffer, size_t bytes) {
  buffer[0] = 0;
  return (struct text){.next = buffer, .room = bytes};
}

void text_add(struct text* text, const char* words) {
  while (*words && text->room > 1) {
    *text->next++ = *words++;
    text->room--;
  }
  *text->next = 0;
}

// Digits of `number`, at least `least` of them.
static void add_digits(struct text* text, uint64_t number, unsigned base, unsigned least) {
  char digits[24];
  char* first = digits + sizeof digits - 1;
  *first = 0;
  for (unsigned n = 0; number > 0 || n < least; n++) {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  }
  text_add(text, first);
}

void text_add_number(struct text* text, uint64_t number) { add_digits(text, number, 10, 1); }

void text_add_hex(struct text* text, uint64_t number) {
  text_add(text, "0x");
  add_digits(text, number, 16, 8);
}
