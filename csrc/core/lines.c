// SPDX-License-Identifier: MIT
// From an address to its source line: the line number programs of DWARF 5 (the standard's section 6.2), one a compiled
// file, each a little machine that tells rows of (address, file, line) in rising order.
#include <string.h>

#include "core/elf.h"

// --- bytes: reading beyond the end gives zeros and says so -----------------------------------------------------------

struct cursor {
  const uint8_t *at, *end;
  bool bad;
};

static uint32_t take(struct cursor* c, unsigned size) {
  uint32_t value = 0;
  if ((size_t)(c->end - c->at) < size) {
    c->bad = true;
    c->at = c->end;
    return 0;
  }
  memcpy(&value, c->at, size);
  c->at += size;
  return value;
}

static void skip(struct cursor* c, uint64_t bytes) {
  if (bytes > (uint64_t)(c->end - c->at)) {
    c->bad = true;
    bytes = (uint64_t)(c->end - c->at);
  }
  c->at += bytes;
}

// LEB128: seven bits a byte, the lowest first.
static uint64_t take_unsigned(struct cursor* c) {
  uint64_t value = 0;
  for (unsigned shift = 0; !c->bad; shift += 7) {
    uint32_t byte = take(c, 1);
    if (shift < 64) value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}
static int64_t take_signed(struct cursor* c) {
  uint64_t value = 0;
  for (unsigned shift = 0; !c->bad;) {
    uint32_t byte = take(c, 1);
    if (shift < 64) value |= (uint64_t)(byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80) continue;
    if ((byte & 0x40) && shift < 64) value |= UINT64_MAX << shift;
    break;
  }
  return (int64_t)value;
}

// --- a program's header ----------------------------------------------------------------------------------------------

struct program {
  struct cursor code;
  struct cursor files;                     // the table of file names
  unsigned step, line_range, opcode_base;  // step: bytes of the smallest instruction
  int line_base;
  uint8_t operands[256];  // of standard opcodes
};

enum { FORMATS_MAX = 8 };
struct formats {
  unsigned count;
  uint64_t content[FORMATS_MAX], form[FORMATS_MAX];
};

static struct formats take_formats(struct cursor* c) {
  struct formats formats = {.count = take(c, 1)};
  if (formats.count > FORMATS_MAX) c->bad = true;
  for (unsigned i = 0; i < formats.count && !c->bad; i++) {
    formats.content[i] = take_unsigned(c);
    formats.form[i] = take_unsigned(c);
  }
  return formats;
}

// One entry of the table of folders or files. Returns its name, or NULL.
static const char* take_entry(const struct elf* elf, struct cursor* c, const struct formats* formats) {
  enum {
    PATH = 1,
    STRING = 0x08,
    BLOCK = 0x09,
    DATA1 = 0x0b,
    DATA2 = 0x05,
    UDATA = 0x0f,
    DATA16 = 0x1e,
    LINE_STRP = 0x1f
  };
  const char* name = NULL;
  if (formats->count == 0) c->bad = true;  // or a number of entries without end would have room in the file
  for (unsigned i = 0; i < formats->count && !c->bad; i++) {
    const char* text = NULL;
    switch (formats->form[i]) {
      case STRING:
        text = (const char*)c->at;
        skip(c, strnlen(text, (size_t)(c->end - c->at)) + 1);
        break;
      case LINE_STRP: {
        uint32_t offset = take(c, 4);
        if (offset < elf->line_names.bytes) text = (const char*)elf->image + elf->line_names.offset + offset;
        break;
      }
      case BLOCK:
        skip(c, take_unsigned(c));
        break;
      case UDATA:
        take_unsigned(c);
        break;
      case DATA1:
        take(c, 1);
        break;
      case DATA2:
        take(c, 2);
        break;
      case DATA16:
        skip(c, 16);
        break;
      default:
        c->bad = true;
    }
    if (formats->content[i] == PATH) name = text;
  }
  return c->bad ? NULL : name;
}

// The next program of the section. False at its end, or where it is of another DWARF version or damaged.
static bool take_program(const struct elf* elf, struct cursor* section, struct program* p) {
  enum { DWARF_64 = 0xfffffff0, VERSION = 5 };
  uint32_t length = take(section, 4);
  struct cursor c = {section->at, section->at, section->bad || length >= DWARF_64};
  skip(section, length);
  if (section->bad || c.bad) return false;
  c.end = section->at;
  if (take(&c, 2) != VERSION) return false;
  take(&c, 2);  // sizes of addresses and segment selectors
  uint32_t header_length = take(&c, 4);
  p->code = c;
  skip(&p->code, header_length);
  p->step = take(&c, 1);
  take(&c, 2);  // operations an instruction, is_stmt
  p->line_base = (int8_t)take(&c, 1);
  p->line_range = take(&c, 1);
  p->opcode_base = take(&c, 1);
  for (unsigned i = 1; i < p->opcode_base; i++) p->operands[i] = (uint8_t)take(&c, 1);
  struct formats folders = take_formats(&c);
  uint64_t folder_count = take_unsigned(&c);
  for (uint64_t i = 0; i < folder_count && !c.bad; i++) take_entry(elf, &c, &folders);
  p->files = c;
  return !c.bad && !p->code.bad && p->line_range != 0 && p->opcode_base != 0;
}

static const char* file_name(const struct elf* elf, const struct program* p, uint64_t index) {
  struct cursor c = p->files;
  struct formats formats = take_formats(&c);
  uint64_t count = take_unsigned(&c);
  const char *name = NULL, *base;
  for (uint64_t i = 0; i <= index && i < count && !c.bad; i++) name = take_entry(elf, &c, &formats);
  if (c.bad || index >= count || !name) return NULL;
  base = strrchr(name, '/');
  return base ? base + 1 : name;
}

// --- running it ------------------------------------------------------------------------------------------------------

struct row {
  uint32_t address;
  uint64_t file;
  uint32_t line;
};
static const struct row first_row = {.file = 1, .line = 1};

enum { EXTENDED, COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE, CONST_ADD_PC = 8, FIXED_ADVANCE_PC };
enum { END_SEQUENCE = 1, SET_ADDRESS };

static void advance(const struct program* p, struct row* row, unsigned adjusted) {
  row->address += adjusted / p->line_range * p->step;
}

// Executes one opcode. True: it told a row. *ended: and that was the end of its sequence.
static bool execute(struct program* p, struct row* row, bool* ended) {
  struct cursor* c = &p->code;
  unsigned opcode = take(c, 1);
  *ended = false;
  if (opcode >= p->opcode_base) {
    unsigned adjusted = opcode - p->opcode_base;
    advance(p, row, adjusted);
    row->line += (uint32_t)(p->line_base + (int)(adjusted % p->line_range));
    return true;
  }
  switch (opcode) {
    case EXTENDED: {
      uint64_t length = take_unsigned(c);
      const uint8_t* begin = c->at;
      unsigned extended = length ? take(c, 1) : 0;
      if (extended == SET_ADDRESS) row->address = take(c, 4);
      uint64_t done = (uint64_t)(c->at - begin);
      skip(c, length > done ? length - done : 0);
      return *ended = extended == END_SEQUENCE;
    }
    case COPY:
      return true;
    case ADVANCE_PC:
      row->address += (uint32_t)take_unsigned(c) * p->step;
      return false;
    case ADVANCE_LINE:
      row->line += (uint32_t)take_signed(c);
      return false;
    case SET_FILE:
      row->file = take_unsigned(c);
      return false;
    case CONST_ADD_PC:
      advance(p, row, 255 - p->opcode_base);
      return false;
    case FIXED_ADVANCE_PC:
      row->address += take(c, 2);
      return false;
    default:
      for (unsigned i = 0; i < p->operands[opcode]; i++) take_unsigned(c);
      return false;
  }
}

// The row that covers `address`: the last before one with a higher address.
static bool find_row(struct program* p, uint32_t address, struct row* found) {
  struct row row = first_row, before = first_row;
  bool any = false, ended;
  while (p->code.at < p->code.end && !p->code.bad) {
    if (!execute(p, &row, &ended)) continue;
    if (any && before.address <= address && address < row.address) {
      *found = before;
      return true;
    }
    before = row;
    any = !ended;
    if (ended) row = first_row;
  }
  return false;
}

bool elf_line(const struct elf* elf, uint32_t address, const char** file, unsigned* line) {
  const uint8_t* begin = elf->image + elf->line_programs.offset;
  struct cursor section = {begin, begin + elf->line_programs.bytes, false};
  struct program p;
  struct row row;
  while (section.at < section.end && take_program(elf, &section, &p)) {
    if (!find_row(&p, address, &row)) continue;
    *file = file_name(elf, &p, row.file);
    *line = row.line;
    return *file != NULL;
  }
  return false;
}
