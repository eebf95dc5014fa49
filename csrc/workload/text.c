// SPDX-License-Identifier: MIT
// Messages about lines of text.
#include "workload/text.h"

void text_excerpt(const unsigned char* start, const unsigned char* end, char* text) {
  enum { SHOWN = 40 };
  size_t n = 0;
  for (; start < end && *start != '\n' && n < SHOWN; start++)
    text[n++] = *start >= ' ' && *start < 127 ? (char)*start : '?';
  if (start < end && *start != '\n') {
    memcpy(text + n, "...", 3);
    n += 3;
  }
  text[n] = '\0';
}

bool text_fail(struct loader* l, const struct line* line, const unsigned char* end, const char* format_name,
               const char* hint) {
  char excerpt[48];
  uint64_t byte = l->offset + (uint64_t)(line->start - l->window);
  text_excerpt(line->start, end, excerpt);
  if (line->bad) return loader_fail(l, byte, "%s: \"%s\"", line->bad, excerpt);
  return loader_fail(l, byte, "\"%s\" is no %s record%s", excerpt, format_name, hint);
}
