// SPDX-License-Identifier: MIT
// What the text formats share: the loop over lines, and numbers.
#ifndef PAGEWALK_WORKLOAD_TEXT_H
#define PAGEWALK_WORKLOAD_TEXT_H

#include <string.h>

#include "workload/loader.h"

enum { TEXT_BATCH = ROOM_MORE };  // lines between two looks at memory and at what is wanted
enum { TRACE_SIZE_MAX = 4096 };   // bytes of one reference

// What a parser found in a line.
enum line_kind { LINE_RECORD, LINE_IGNORED, LINE_BAD };

struct line {
  const unsigned char *start, *next;  // next: where the parser stopped; where the next line starts once it is known
  struct ref refs[2];
  int count;        // references of a record
  const char* bad;  // what is wrong with it, or NULL: it is no record at all
};

// Parses the line at line->start. A newline is sure to follow in memory; nothing behind it may be read.
typedef enum line_kind line_parse_fn(struct loader* loader, struct line* line);

static inline const unsigned char* text_blanks(const unsigned char* p) {
  while (*p == ' ' || *p == '\t') p++;
  return p;
}

// At the end of the line? Then *next is where the following one starts.
static inline bool text_end(const unsigned char* p, const unsigned char** next) {
  if (*p == '\r') p++;
  *next = p + 1;
  return *p == '\n';
}

static inline int text_digit(unsigned char c) {
  unsigned d = (unsigned)c - '0';
  if (d < 10) return (int)d;
  d = ((unsigned)c | 0x20) - 'a';
  return d < 6 ? (int)d + 10 : -1;
}

// A hexadecimal address, with or without 0x. Returns where it ends, NULL if there is none; *fits: in 64 bits.
static inline const unsigned char* text_address(const unsigned char* p, uint64_t* value, bool* fits) {
  uint64_t v = 0, lost = 0;
  if (p[0] == '0' && (p[1] | 0x20) == 'x' && text_digit(p[2]) >= 0) p += 2;
  const unsigned char* first = p;
  for (int d; (d = text_digit(*p)) >= 0; p++) {
    lost |= v >> 60;
    v = v << 4 | (unsigned)d;
  }
  *value = v;
  *fits = lost == 0;
  return p == first ? NULL : p;
}

// Printable text of a line for a message, cut at 40 characters. `room` >= 48.
void text_excerpt(const unsigned char* start, const unsigned char* end, char* text);

bool text_fail(struct loader* loader, const struct line* line, const unsigned char* end, const char* format_name,
               const char* hint);

// Reads lines until the stream ends. Inlined, so that `parse` costs no call.
static inline __attribute__((always_inline)) bool text_load(struct loader* l, line_parse_fn* parse,
                                                            const char* format_name, const char* hint) {
  for (;;) {
    loader_fill(l, WINDOW);
    if (l->end == 0 && !l->broken) return true;
    const unsigned char *p = l->window, *end = memrchr(p, '\n', l->end);
    if (!end) {
      l->lines++;
      if (l->broken) return loader_broken(l);
      return l->ended ? loader_fail(l, l->offset, "the trace is cut in the middle of a line: its last line has no end")
                      : loader_fail(l, l->offset, "a line of more than %d bytes: is this a text file?", WINDOW);
    }
    for (end++; p < end;) {
      struct ref* out = loader_room(l, 2 * TEXT_BATCH);
      if (!out) return false;
      size_t count = 0;
      uint64_t wanted = l->limit - l->count + l->skip;  // an error behind it is nobody's concern
      if (wanted < l->skip) wanted = UINT64_MAX;
      for (int i = 0; i < TEXT_BATCH && p < end && count < wanted; i++) {
        struct line line = {.start = p};
        enum line_kind kind = parse(l, &line);
        l->lines++;
        if (__builtin_expect(kind == LINE_BAD, 0)) return text_fail(l, &line, end, format_name, hint);
        p = line.next;
        if (__builtin_expect(kind == LINE_IGNORED, 0)) continue;
        l->records++;
        out[count++] = line.refs[0];
        if (line.count == 2) out[count++] = line.refs[1];
      }
      l->at = (size_t)(p - l->window);
      if (!loader_take(l, count)) return true;
    }
  }
}

#endif
