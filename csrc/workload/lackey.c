// SPDX-License-Identifier: MIT
// Text of `valgrind --tool=lackey --trace-mem=yes`: "I  addr,size", " L addr,size", " S addr,size", " M addr,size",
// among valgrind's own lines ("==pid== ...").
#include "workload/text.h"

static const char hint[] =
    ": is the program's own output mixed in? Give valgrind --log-fd=9 and end its command with 9>&1 1>/dev/null "
    "(docs/traces.md)";

// One of valgrind's own lines: "==123== text", also "--123-- text" and "**123** text", perhaps with a time before the
// process number. Returns the text and the process, or NULL.
static const unsigned char* banner(const unsigned char* p, unsigned long* pid) {
  unsigned char mark = *p;
  if ((mark != '=' && mark != '-' && mark != '*') || p[1] != mark) return NULL;
  *pid = 0;
  bool number = false;
  for (p += 2; *p != mark; p++) {
    if (*p >= '0' && *p <= '9') {
      *pid = *pid * 10 + (*p - '0');
      number = true;
    } else if (*p == ' ' || *p == ':' || *p == '.') {
      *pid = 0;
    } else {
      return NULL;
    }
  }
  return number && p[1] == mark ? p + 2 : NULL;
}

static bool starts(const unsigned char* p, const char* with) {
  for (; *with; p++, with++)
    if (*p != (unsigned char)*with) return false;
  return true;
}

// Valgrind's lines hold no references, but tell whose trace it is and whether it came to its end.
static enum line_kind valgrind_line(struct loader* l, struct line* line, const unsigned char* text, unsigned long pid) {
  line->next = (const unsigned char*)rawmemchr(text, '\n') + 1;
  if (*line->start != '=') return LINE_IGNORED;
  if (l->process == 0) l->process = pid;
  if (pid != l->process) {
    line->bad = "two processes are mixed in one trace; give valgrind --child-silent-after-fork=yes";
    return LINE_BAD;
  }
  if (starts(text, " Lackey, an example Valgrind tool")) l->unfinished = true;
  if (starts(text, " Exit code: ")) l->unfinished = false;
  return LINE_IGNORED;
}

static enum line_kind other(struct loader* l, struct line* line) {
  unsigned long pid;
  const unsigned char* text = banner(line->start, &pid);
  if (text) return valgrind_line(l, line, text, pid);
  if (text_end(text_blanks(line->start), &line->next)) return LINE_IGNORED;
  return LINE_BAD;
}

static inline enum line_kind refuse(struct line* line, const char* why) {
  line->bad = why;
  return LINE_BAD;
}

static inline enum line_kind parse(struct loader* l, struct line* line) {
  const unsigned char* p = text_blanks(line->start);
  unsigned char letter = *p;
  uint64_t va;
  bool fits;
  if ((letter != 'I' && letter != 'L' && letter != 'S' && letter != 'M') || (p[1] != ' ' && p[1] != '\t'))
    return other(l, line);
  p = text_address(text_blanks(p + 1), &va, &fits);
  if (!p || *p != ',') return LINE_BAD;
  unsigned size = 0;
  const unsigned char* digits = ++p;
  for (; *p >= '0' && *p <= '9'; p++)
    if (size <= TRACE_SIZE_MAX) size = size * 10 + (*p - '0');
  if (p == digits || !text_end(p, &line->next)) return LINE_BAD;
  if (size == 0 || size > TRACE_SIZE_MAX) return refuse(line, "the size is not between 1 and 4096");
  if (!fits || va + (size - 1) < va) return refuse(line, "the address does not fit 64 bits");
  uint8_t kind = letter == 'I' ? ACCESS_FETCH : letter == 'S' ? ACCESS_WRITE : ACCESS_READ;
  line->refs[0] = (struct ref){.va = va, .size = (uint16_t)size, .kind = kind, .flags = REF_USER};
  line->count = 1;
  if (letter == 'M') {
    line->refs[1] = line->refs[0];
    line->refs[1].kind = ACCESS_WRITE;
    line->count = 2;
  }
  return LINE_RECORD;
}

bool lackey_load(struct loader* loader) { return text_load(loader, parse, "lackey", hint); }

bool lackey_detect(const unsigned char* bytes, const unsigned char* end) {
  struct loader none = {0};
  while (bytes < end && memchr(bytes, '\n', (size_t)(end - bytes))) {
    struct line line = {.start = bytes};
    enum line_kind kind = parse(&none, &line);
    if (kind != LINE_IGNORED) return kind == LINE_RECORD || line.bad;
    if (none.process) return true;
    bytes = line.next;
  }
  return false;
}
