// SPDX-License-Identifier: MIT
// Messages, and suggestions for names that were mistyped.
#include "base/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Messages quote what a user supplied: what would move a terminal's cursor, or worse, is not passed on to it.
static void disarm(char* text) {
  for (; *text; text++)
    if (((unsigned char)*text < ' ' && *text != '\n') || *text == 0x7f) *text = '?';
}

bool error_set(struct error* err, const char* format, ...) {
  if (!err) return false;
  va_list args;
  va_start(args, format);
  vsnprintf(err->text, sizeof err->text, format, args);
  va_end(args);
  disarm(err->text);
  return false;
}

static void append(struct error* err, const char* text) {
  size_t used = strlen(err->text), fitting = strnlen(text, sizeof err->text - 1 - used);
  memcpy(err->text + used, text, fitting);
  err->text[used + fitting] = '\0';
}

bool error_prefix(struct error* err, const char* format, ...) {
  if (!err) return false;
  struct error whole;
  va_list args;
  va_start(args, format);
  vsnprintf(whole.text, sizeof whole.text, format, args);
  va_end(args);
  disarm(whole.text);
  append(&whole, ": ");
  append(&whole, err->text);
  *err = whole;
  return false;
}

enum { WORD_MAX = 64 };

static unsigned min3(unsigned a, unsigned b, unsigned c) {
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

static bool same_letter(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (both at most WORD_MAX long).
static unsigned edit_distance(const char* a, const char* b) {
  size_t la = strlen(a), lb = strlen(b);
  unsigned d[WORD_MAX + 1][WORD_MAX + 1];
  for (size_t i = 0; i <= la; i++) d[i][0] = (unsigned)i;
  for (size_t j = 0; j <= lb; j++) d[0][j] = (unsigned)j;
  for (size_t i = 1; i <= la; i++) {
    for (size_t j = 1; j <= lb; j++) {
      d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + !same_letter(a[i - 1], b[j - 1]));
      bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
      if (swapped && d[i - 2][j - 2] + 1 < d[i][j]) d[i][j] = d[i - 2][j - 2] + 1;
    }
  }
  return d[la][lb];
}

const char* error_suggest(const char* word, const char* const* candidates) {
  size_t length = strlen(word);
  if (length == 0 || length > WORD_MAX) return NULL;
  const char* nearest = NULL;
  unsigned least = (unsigned)(length + 2) / 3 + 1;
  for (; *candidates; candidates++) {
    if (strlen(*candidates) > WORD_MAX) continue;
    // The beginning of a name counts as one slip.
    bool beginning = length >= 2 && strncasecmp(word, *candidates, length) == 0;
    unsigned distance = edit_distance(word, *candidates);
    if (beginning && distance > 1) distance = 1;
    // A word of one or two letters of which none is right is not a slip.
    if (distance < least && distance < length) {
      least = distance;
      nearest = *candidates;
    }
  }
  return nearest;
}
