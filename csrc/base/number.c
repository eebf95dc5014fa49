// SPDX-License-Identifier: MIT
// Numbers as users write and read them.
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool number_parse(const char* text, uint64_t* value) {
  bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const char* digits = hex ? text + 2 : text;
  // strtoull alone would take signs and spaces.
  if (!*digits || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits)) return false;
  errno = 0;
  *value = strtoull(digits, NULL, hex ? 16 : 10);
  return errno == 0;
}

const char* number_text(uint64_t value, char text[NUMBER_TEXT_MAX]) {
  char digits[NUMBER_TEXT_MAX];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
  char* out = text;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) *out++ = ',';
    *out++ = digits[i];
  }
  *out = '\0';
  return text;
}
