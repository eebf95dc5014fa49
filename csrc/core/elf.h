// SPDX-License-Identifier: MIT
// Programs as ELF files (System V ABI, Intel386 supplement): what to map where, where to begin, which function an
// address lies in, and which words hold addresses.
#ifndef PAGEWALK_CORE_ELF_H
#define PAGEWALK_CORE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { ELF_SEGMENTS_MAX = 16 };

// A stretch of the address space: file_bytes from the file's offset, then zeros up to memory_bytes. No two segments
// share a page of 4096 bytes.
struct elf_segment {
  uint32_t address, memory_bytes, offset, file_bytes;
  bool read, write, execute;
};

struct elf_table {
  uint32_t offset, bytes;
};

struct elf {
  const uint8_t* image;  // the whole file
  size_t bytes;
  uint8_t* owned;  // the same, if elf_read brought it
  uint32_t entry;
  struct elf_segment segments[ELF_SEGMENTS_MAX];  // in address order
  unsigned segment_count;
  struct elf_table symbols, names;             // empty in a stripped file
  struct elf_table line_programs, line_names;  // empty without debug information
  uint32_t sections, section_count, section_bytes;
};

// Reads the program in image[0..bytes), which must stay as long as `elf` is used. Refused, with a message that says
// what and why: what is no ELF file, a 64-bit one, another processor's, an object file or a shared object, a
// dynamically linked one, a truncated one, segments that overlap or share a page, an entry outside executable segments,
// addresses at or beyond `limit` (0: 2^32).
bool elf_parse(struct elf* elf, const void* image, size_t bytes, uint64_t limit, struct error* err);

// The same from a file; messages name it. To be freed.
bool elf_read(struct elf* elf, const char* path, uint64_t limit, struct error* err);
void elf_free(struct elf* elf);

// The function that `address` lies in, and how far behind its beginning; NULL if the symbols know none.
const char* elf_function(const struct elf* elf, uint32_t address, uint32_t* offset);
// The source line that `address` was compiled from, and its file's name without folders: the program needs gcc's -g
// (DWARF 5). The name lives as long as the image.
bool elf_line(const struct elf* elf, uint32_t address, const char** file, unsigned* line);
// The address of a symbol by its name.
bool elf_symbol(const struct elf* elf, const char* name, uint32_t* address);

// Visits the address of every word that holds an absolute address (R_386_32), as the linker kept them with
// --emit-relocs: what static relocation must change. False with a message if the file has no such records, or one that
// can't be carried out.
bool elf_relocations(const struct elf* elf, void (*visit)(void* ctx, uint32_t address), void* ctx, struct error* err);

#endif
