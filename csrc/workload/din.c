// SPDX-License-Identifier: MIT
// Dinero's traditional text: "label address", the rest of the line is comment. 0 read, 1 write, 2 fetch; addresses in
// hexadecimal; no size: 1 byte.
#include "workload/text.h"

static inline enum line_kind parse(struct loader* l, struct line* line) {
  (void)l;
  static const uint8_t kinds[] = {ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH};
  const unsigned char* p = text_blanks(line->start);
  if (text_end(p, &line->next)) return LINE_IGNORED;
  unsigned label = (unsigned)*p - '0';
  uint64_t va;
  bool fits;
  if (label > 9 || (p[1] != ' ' && p[1] != '\t')) return LINE_BAD;
  p = text_address(text_blanks(p + 1), &va, &fits);
  if (!p || (!text_end(p, &line->next) && *p != ' ' && *p != '\t')) return LINE_BAD;
  line->bad = label > 2 ? "the label is not 0 (read), 1 (write) or 2 (fetch)"
              : !fits   ? "the address does not fit 64 bits"
                        : NULL;
  if (line->bad) return LINE_BAD;
  line->next = (const unsigned char*)rawmemchr(p, '\n') + 1;
  line->refs[0] = (struct ref){.va = va, .size = 1, .kind = kinds[label], .flags = REF_USER};
  line->count = 1;
  return LINE_RECORD;
}

bool din_load(struct loader* loader) { return text_load(loader, parse, "din", ""); }

bool din_detect(const unsigned char* bytes, const unsigned char* end) {
  while (bytes < end && memchr(bytes, '\n', (size_t)(end - bytes))) {
    struct line line = {.start = bytes};
    enum line_kind kind = parse(NULL, &line);
    if (kind != LINE_IGNORED) return kind == LINE_RECORD || line.bad;
    bytes = line.next;
  }
  return false;
}
