// SPDX-License-Identifier: MIT
// Programs: ELF files with symbols, DWARF's line tables and relocation records. What is accepted gets mapped and run,
// so that its segments must be sound; the rest are reports, of which damaged files make nothing worse than silence.
#include <string.h>

#include "core/elf.h"
#include "parsers/parsers.h"

enum { PAGE = 4096 };
static const uint64_t LIMIT = 0xc0000000;  // the kernel's half

static void check_segments(const struct elf* elf, uint64_t limit) {
  bool entry = false;
  PARSER_REQUIRE(elf->segment_count >= 1 && elf->segment_count <= ELF_SEGMENTS_MAX);
  for (unsigned i = 0; i < elf->segment_count; i++) {
    const struct elf_segment* s = &elf->segments[i];
    PARSER_REQUIRE(s->memory_bytes > 0 && s->file_bytes <= s->memory_bytes);
    PARSER_REQUIRE(s->offset <= elf->bytes && s->file_bytes <= elf->bytes - s->offset);
    PARSER_REQUIRE((uint64_t)s->address + s->memory_bytes <= limit);
    if (i > 0) PARSER_REQUIRE((s[-1].address + s[-1].memory_bytes - 1) / PAGE < s->address / PAGE);
    entry |= s->execute && elf->entry >= s->address && elf->entry - s->address < s->memory_bytes;
  }
  PARSER_REQUIRE(entry);
}

// A name that stands in the file, end and all.
static void check_name(const struct elf* elf, const char* name) {
  const char* image = (const char*)elf->image;
  PARSER_REQUIRE(name >= image && name < image + elf->bytes);
  PARSER_REQUIRE(memchr(name, 0, (size_t)(image + elf->bytes - name)));
}

static void check_place(const struct elf* elf, uint32_t address) {
  uint32_t offset, begin;
  const char *function = elf_function(elf, address, &offset), *file;
  unsigned line;
  if (function) {
    PARSER_REQUIRE(offset <= address);
    check_name(elf, function);
    PARSER_REQUIRE(elf_symbol(elf, function, &begin));
  }
  if (elf_line(elf, address, &file, &line)) check_name(elf, file);
}

static void count(void* ctx, uint32_t address) {
  (void)address;
  ++*(size_t*)ctx;
}

static void check_relocations(const struct elf* elf) {
  struct error err;
  size_t first = 0, again = 0;
  if (elf_relocations(elf, count, &first, &err)) {
    PARSER_REQUIRE(elf_relocations(elf, count, &again, &err) && first == again);
  } else {
    parser_check_refusal(&err);
  }
}

void fuzz_elf(const uint8_t* data, size_t size) {
  uint64_t limit = size % 2 ? LIMIT : 0;
  uint8_t* image = (uint8_t*)parser_text(data, size);
  struct elf elf;
  struct error err;
  if (elf_parse(&elf, image, size, limit, &err)) {
    check_segments(&elf, limit ? limit : UINT64_C(1) << 32);
    for (unsigned i = 0; i < elf.segment_count; i++) {
      const struct elf_segment* s = &elf.segments[i];
      check_place(&elf, s->address);
      check_place(&elf, s->address + s->memory_bytes / 2);
      check_place(&elf, s->address + s->memory_bytes - 1);
    }
    check_place(&elf, elf.entry);
    check_relocations(&elf);
  } else {
    parser_check_refusal(&err);
  }
  free(image);
}

PARSER_ENTRY(elf)
