// SPDX-License-Identifier: MIT
// The reader of ELF files. It trusts nothing in them: every offset is checked against the file's size before use.
#include "core/elf.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

// --- the file's structures, copied out so that nothing depends on their alignment ------------------------------------

// False if [offset, offset + size) is not in the file.
static bool read_at(const struct elf* elf, uint64_t offset, void* to, size_t size) {
  if (offset > elf->bytes || size > elf->bytes - offset) return false;
  memcpy(to, elf->image + offset, size);
  return true;
}

static bool table_inside(const struct elf* elf, uint64_t offset, uint64_t bytes) {
  return offset <= elf->bytes && bytes <= elf->bytes - offset;
}

static bool truncated(const struct elf* elf, const char* what, uint64_t end, struct error* err) {
  return error_set(err, "the file is truncated: %s end at byte %" PRIu64 ", the file at %zu; copy or link it again",
                   what, end, elf->bytes);
}

// --- the header ------------------------------------------------------------------------------------------------------

static bool check_identity(const struct elf* elf, struct error* err) {
  if (elf->bytes < SELFMAG || memcmp(elf->image, ELFMAG, SELFMAG) != 0)
    return error_set(err, "not an ELF file: a program is what `gcc -m32 -static` links");
  if (elf->bytes <= EI_DATA) return truncated(elf, "its header should", sizeof(Elf32_Ehdr), err);
  if (elf->image[EI_CLASS] == ELFCLASS64)
    return error_set(err, "a 64-bit ELF file, but the core runs 32-bit code: compile and link it with -m32");
  if (elf->image[EI_CLASS] != ELFCLASS32)
    return error_set(err, "an ELF file of unknown class %u", elf->image[EI_CLASS]);
  if (elf->image[EI_DATA] != ELFDATA2LSB)
    return error_set(err, "a big-endian ELF file, but the core is an i386: compile it for one");
  return true;
}

static bool check_header(const Elf32_Ehdr* header, struct error* err) {
  if (header->e_machine != EM_386)
    return error_set(err, "a program for another processor (ELF machine %u), but the core is an i386 (%u)",
                     header->e_machine, EM_386);
  if (header->e_type == ET_REL) return error_set(err, "an object file: link it to a program, with -static and -no-pie");
  if (header->e_type == ET_DYN)
    return error_set(err, "a shared object or position-independent program: link it with -static and -no-pie");
  if (header->e_type != ET_EXEC)
    return error_set(err, "no program (ELF type %u): link it with -static", header->e_type);
  if (header->e_phnum == 0) return error_set(err, "nothing to load: it has no program headers");
  if (header->e_phentsize < sizeof(Elf32_Phdr))
    return error_set(err, "damaged: its program headers have %u bytes each, fewer than %zu", header->e_phentsize,
                     sizeof(Elf32_Phdr));
  return true;
}

// --- segments --------------------------------------------------------------------------------------------------------

static bool check_segment(const struct elf* elf, const Elf32_Phdr* p, uint64_t limit, struct error* err) {
  uint64_t end = (uint64_t)p->p_vaddr + p->p_memsz, file_end = (uint64_t)p->p_offset + p->p_filesz;
  if (p->p_filesz > p->p_memsz)
    return error_set(err, "damaged: the segment at %08x has more bytes in the file (%u) than in memory (%u)",
                     p->p_vaddr, p->p_filesz, p->p_memsz);
  if (file_end > elf->bytes) return truncated(elf, "its segments", file_end, err);
  if (end > limit)
    return error_set(err,
                     "too big: the segment at %08x ends at %" PRIx64
                     ", beyond the last address a program may use, "
                     "%" PRIx64 "; make its data smaller, or link it lower (-Ttext-segment)",
                     p->p_vaddr, end, limit - 1);
  return true;
}

static bool add_segment(struct elf* elf, const Elf32_Phdr* p, struct error* err) {
  unsigned at = elf->segment_count;
  if (at == ELF_SEGMENTS_MAX) return error_set(err, "it has more than %d segments to load", ELF_SEGMENTS_MAX);
  for (; at > 0 && elf->segments[at - 1].address > p->p_vaddr; at--) elf->segments[at] = elf->segments[at - 1];
  elf->segments[at] = (struct elf_segment){.address = p->p_vaddr,
                                           .memory_bytes = p->p_memsz,
                                           .offset = p->p_offset,
                                           .file_bytes = p->p_filesz,
                                           .read = p->p_flags & PF_R,
                                           .write = p->p_flags & PF_W,
                                           .execute = p->p_flags & PF_X};
  elf->segment_count++;
  return true;
}

static bool check_overlap(const struct elf* elf, struct error* err) {
  for (unsigned i = 1; i < elf->segment_count; i++) {
    const struct elf_segment *a = &elf->segments[i - 1], *b = &elf->segments[i];
    uint32_t last = a->address + a->memory_bytes - 1;
    if (last >= b->address)
      return error_set(err, "segments overlap: one ends at %08x, the next begins at %08x; link it again", last,
                       b->address);
    if (last / PAGE == b->address / PAGE)
      return error_set(err,
                       "two segments share the page at %08x, but have rights of their own: link it without -N, or "
                       "with -z separate-code",
                       last / PAGE * PAGE);
  }
  return true;
}

static bool check_entry(const struct elf* elf, struct error* err) {
  for (unsigned i = 0; i < elf->segment_count; i++) {
    const struct elf_segment* s = &elf->segments[i];
    if (s->execute && elf->entry - s->address < s->memory_bytes) return true;
  }
  return error_set(err, "its entry %08x lies outside its code: does it define _start?", elf->entry);
}

static bool load_segments(struct elf* elf, const Elf32_Ehdr* header, uint64_t limit, struct error* err) {
  uint64_t end = header->e_phoff + (uint64_t)header->e_phnum * header->e_phentsize;
  if (!table_inside(elf, header->e_phoff, end - header->e_phoff))
    return truncated(elf, "its program headers", end, err);
  for (unsigned i = 0; i < header->e_phnum; i++) {
    Elf32_Phdr p;
    read_at(elf, header->e_phoff + (uint64_t)i * header->e_phentsize, &p, sizeof p);
    if (p.p_type == PT_INTERP || p.p_type == PT_DYNAMIC)
      return error_set(err, "it is dynamically linked: link it with -static and -no-pie");
    if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
    if (!check_segment(elf, &p, limit, err) || !add_segment(elf, &p, err)) return false;
  }
  if (elf->segment_count == 0) return error_set(err, "nothing to load: it has no segments");
  return check_overlap(elf, err) && check_entry(elf, err);
}

// --- sections: for reports only, so what is wrong in them is as if it were not there ---------------------------------

static bool read_section(const struct elf* elf, uint32_t index, Elf32_Shdr* section) {
  if (index >= elf->section_count) return false;
  return read_at(elf, elf->sections + (uint64_t)index * elf->section_bytes, section, sizeof *section) &&
         (section->sh_type == SHT_NOBITS || table_inside(elf, section->sh_offset, section->sh_size));
}

// Strings must end within their section.
static bool ends_in_nul(const struct elf* elf, const Elf32_Shdr* section) {
  return section->sh_type != SHT_NOBITS && section->sh_size > 0 &&
         elf->image[section->sh_offset + section->sh_size - 1] == '\0';
}

static void find_symbols(struct elf* elf, const Elf32_Ehdr* header) {
  Elf32_Shdr symbols, names;
  if (header->e_shentsize < sizeof symbols) return;
  elf->sections = header->e_shoff;
  elf->section_bytes = header->e_shentsize;
  elf->section_count = header->e_shnum;
  for (uint32_t i = 0; i < elf->section_count; i++) {
    if (!read_section(elf, i, &symbols) || symbols.sh_type != SHT_SYMTAB) continue;
    if (!read_section(elf, symbols.sh_link, &names) || names.sh_type != SHT_STRTAB) continue;
    if (!ends_in_nul(elf, &names)) continue;
    elf->symbols = (struct elf_table){symbols.sh_offset, symbols.sh_size};
    elf->names = (struct elf_table){names.sh_offset, names.sh_size};
  }
}

static void find_lines(struct elf* elf, const Elf32_Ehdr* header) {
  Elf32_Shdr names, section;
  if (!read_section(elf, header->e_shstrndx, &names) || !ends_in_nul(elf, &names)) return;
  for (uint32_t i = 0; i < elf->section_count; i++) {
    if (!read_section(elf, i, &section) || section.sh_type != SHT_PROGBITS || section.sh_name >= names.sh_size)
      continue;
    const char* name = (const char*)elf->image + names.sh_offset + section.sh_name;
    struct elf_table table = {section.sh_offset, section.sh_size};
    if (strcmp(name, ".debug_line") == 0) elf->line_programs = table;
    if (strcmp(name, ".debug_line_str") == 0 && ends_in_nul(elf, &section)) elf->line_names = table;
  }
}

bool elf_parse(struct elf* elf, const void* image, size_t bytes, uint64_t limit, struct error* err) {
  Elf32_Ehdr header;
  *elf = (struct elf){.image = image, .bytes = bytes};
  if (!check_identity(elf, err)) return false;
  if (!read_at(elf, 0, &header, sizeof header)) return truncated(elf, "its header should", sizeof header, err);
  if (!check_header(&header, err)) return false;
  elf->entry = header.e_entry;
  if (!load_segments(elf, &header, limit ? limit : (uint64_t)1 << 32, err)) return false;
  find_symbols(elf, &header);
  find_lines(elf, &header);
  return true;
}

// --- files -----------------------------------------------------------------------------------------------------------

static uint8_t* read_file(const char* path, size_t* bytes, struct error* err) {
  enum { CHUNK = 1 << 16 };
  FILE* file = fopen(path, "rb");
  uint8_t* data = NULL;
  size_t room = 0, got = 1;
  *bytes = 0;
  if (!file) {
    error_set(err, "%s: %s", path, strerror(errno));
    return NULL;
  }
  for (; got > 0; *bytes += got) {
    if (*bytes == room) {
      uint8_t* larger = realloc(data, room = room ? 2 * room : CHUNK);
      if (!larger) break;
      data = larger;
    }
    got = fread(data + *bytes, 1, room - *bytes, file);
  }
  bool failed = ferror(file) || got > 0;
  int reason = failed && got == 0 ? errno : ENOMEM;
  fclose(file);
  if (!failed) return data;
  free(data);
  error_set(err, "%s: %s", path, strerror(reason));
  return NULL;
}

bool elf_read(struct elf* elf, const char* path, uint64_t limit, struct error* err) {
  size_t bytes;
  uint8_t* image = read_file(path, &bytes, err);
  if (!image) return false;
  if (!elf_parse(elf, image, bytes, limit, err)) {
    free(image);
    return error_prefix(err, "%s", path);
  }
  elf->owned = image;
  return true;
}

void elf_free(struct elf* elf) {
  free(elf->owned);
  *elf = (struct elf){.image = NULL};
}

// --- symbols ---------------------------------------------------------------------------------------------------------

static uint32_t symbol_count(const struct elf* elf) { return elf->symbols.bytes / (uint32_t)sizeof(Elf32_Sym); }

static Elf32_Sym symbol(const struct elf* elf, uint32_t index) {
  Elf32_Sym s;
  memcpy(&s, elf->image + elf->symbols.offset + index * sizeof s, sizeof s);
  return s;
}
static const char* symbol_name(const struct elf* elf, const Elf32_Sym* s) {
  if (s->st_name >= elf->names.bytes) return "";
  return (const char*)elf->image + elf->names.offset + s->st_name;
}

// Written in assembly, functions may have neither type nor size: then the nearest label before the address counts.
const char* elf_function(const struct elf* elf, uint32_t address, uint32_t* offset) {
  const char* nearest = NULL;
  uint32_t nearest_distance = UINT32_MAX;
  for (uint32_t i = 0; i < symbol_count(elf); i++) {
    Elf32_Sym s = symbol(elf, i);
    unsigned type = ELF32_ST_TYPE(s.st_info);
    uint32_t distance = address - s.st_value;
    bool label = type == STT_FUNC || type == STT_NOTYPE;
    if (!label || s.st_shndx == SHN_UNDEF || s.st_shndx >= SHN_LORESERVE || address < s.st_value) continue;
    if (s.st_size ? distance >= s.st_size : type == STT_FUNC && distance >= PAGE) continue;
    if (symbol_name(elf, &s)[0] == '\0' || distance >= nearest_distance) continue;
    nearest_distance = distance;
    nearest = symbol_name(elf, &s);
  }
  if (nearest) *offset = nearest_distance;
  return nearest;
}

bool elf_symbol(const struct elf* elf, const char* name, uint32_t* address) {
  for (uint32_t i = 0; i < symbol_count(elf); i++) {
    Elf32_Sym s = symbol(elf, i);
    if (s.st_shndx == SHN_UNDEF || strcmp(symbol_name(elf, &s), name) != 0) continue;
    *address = s.st_value;
    return true;
  }
  return false;
}

// --- relocation records ----------------------------------------------------------------------------------------------

// Records against sections that are not loaded (debug information) do not count.
static bool relocates_memory(const struct elf* elf, const Elf32_Shdr* records) {
  Elf32_Shdr target;
  return records->sh_type == SHT_REL && read_section(elf, records->sh_info, &target) && (target.sh_flags & SHF_ALLOC);
}

static bool visit_records(const struct elf* elf, const Elf32_Shdr* records, void (*visit)(void* ctx, uint32_t address),
                          void* ctx, struct error* err) {
  for (uint32_t at = 0; at + sizeof(Elf32_Rel) <= records->sh_size; at += sizeof(Elf32_Rel)) {
    Elf32_Rel record;
    memcpy(&record, elf->image + records->sh_offset + at, sizeof record);
    switch (ELF32_R_TYPE(record.r_info)) {
      case R_386_32:
        visit(ctx, record.r_offset);
        break;
      case R_386_NONE:  // relative ones stay right when all moves together
      case R_386_PC32:
      case R_386_PLT32:
      case R_386_GOTOFF:
      case R_386_GOTPC:
      case R_386_PC16:
      case R_386_PC8:
        break;
      default:
        return error_set(err,
                         "the word at %08x has a relocation of type %u, which can't be carried out: compile without "
                         "-fpic and thread-local data",
                         record.r_offset, ELF32_R_TYPE(record.r_info));
    }
  }
  return true;
}

bool elf_relocations(const struct elf* elf, void (*visit)(void* ctx, uint32_t address), void* ctx, struct error* err) {
  bool any = false;
  for (uint32_t i = 0; i < elf->section_count; i++) {
    Elf32_Shdr section;
    if (!read_section(elf, i, &section) || !relocates_memory(elf, &section)) continue;
    any = true;
    if (!visit_records(elf, &section, visit, ctx, err)) return false;
  }
  return any || error_set(err, "it has no relocation records: link it with -Wl,--emit-relocs");
}
