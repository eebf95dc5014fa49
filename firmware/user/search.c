// SPDX-License-Identifier: MIT
// search [BYTES [WORD]]: counts a word in a text of BYTES bytes, by comparing at every place and by Horspool's method,
// which skips. The text is made of random words, so the count is also known from its making. Long runs of references in
// order: what caches and TLBs like best (ledger B10).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* const words[] = {"page", "frame", "table", "entry", "walk", "fault", "cache", "miss"};
enum { WORDS = sizeof words / sizeof *words };

// Words with a space behind each; the rest is filled with dots. Returns how often `word` was among them.
static int write_text(char* text, size_t bytes, const char* word) {
  size_t used = 0, length;
  int count = 0;
  for (;;) {
    const char* next = words[rand() % WORDS];
    length = strlen(next);
    if (used + length + 1 > bytes) break;
    memcpy(text + used, next, length);
    text[used + length] = ' ';
    used += length + 1;
    count += strcmp(next, word) == 0;
  }
  memset(text + used, '.', bytes - used);
  text[bytes] = '\0';
  return count;
}

static int count_everywhere(const char* text, const char* word) {
  int count = 0;
  for (const char* at = text; (at = strstr(at, word)); at++) count++;
  return count;
}

static int count_by_skipping(const char* text, size_t bytes, const char* word) {
  size_t length = strlen(word), skip[256];
  int count = 0;
  for (int c = 0; c < 256; c++) skip[c] = length;
  for (size_t i = 0; i + 1 < length; i++) skip[(unsigned char)word[i]] = length - 1 - i;
  for (size_t at = 0; at + length <= bytes; at += skip[(unsigned char)text[at + length - 1]])
    count += memcmp(text + at, word, length) == 0;
  return count;
}

int main(int argc, char** argv) {
  size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 16384;
  const char* word = argc > 2 ? argv[2] : "fault";
  char* text = malloc(bytes + 1);
  if (!text || *word == '\0') {
    fprintf(stderr, text ? "search: WORD must not be empty\n" : "search: no memory; try fewer BYTES\n");
    return 1;
  }
  int made = write_text(text, bytes, word);
  int everywhere = count_everywhere(text, word), skipping = count_by_skipping(text, bytes, word);
  if (everywhere != skipping || everywhere < made) {
    fprintf(stderr, "search: %d were written, %d and %d found\n", made, everywhere, skipping);
    return 1;
  }
  printf("\"%s\" occurs %d times in %u bytes\n", word, everywhere, (unsigned)bytes);
  return 0;
}
