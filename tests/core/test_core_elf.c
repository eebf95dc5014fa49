// SPDX-License-Identifier: MIT
// The reader of ELF files: a good one, every kind of bad one with its message, symbols, relocation.
#include <elf.h>
#include <string.h>

#include "check.h"
#include "core/elf.h"

#define PROGRAM PAGEWALK_ROOT "/build/i386/structures-O2-i586"
#define MOVED PAGEWALK_ROOT "/build/i386/structures-moved"

// A good program, whose copy each test damages.
struct copy {
  uint8_t* bytes;
  size_t size;
  struct elf elf;
  struct error err;
};

static struct copy copy_program(void) {
  struct copy copy;
  assert_true(elf_read(&copy.elf, PROGRAM, 0, &copy.err));
  copy.bytes = copy.elf.owned;
  copy.size = copy.elf.bytes;
  return copy;
}
static void copy_free(struct copy* copy) { free(copy->bytes); }

static Elf32_Ehdr* header(struct copy* copy) { return (Elf32_Ehdr*)copy->bytes; }
// The n-th segment to load.
static Elf32_Phdr* segment(struct copy* copy, unsigned n) {
  Elf32_Phdr* p = (Elf32_Phdr*)(copy->bytes + header(copy)->e_phoff);
  for (;; p++)
    if (p->p_type == PT_LOAD && n-- == 0) return p;
}

static void assert_refused(struct copy* copy, uint64_t limit, const char* part) {
  assert_false(elf_parse(&copy->elf, copy->bytes, copy->size, limit, &copy->err));
  if (!strstr(copy->err.text, part)) fail_msg("'%s' does not say '%s'", copy->err.text, part);
}

static void a_program_is_read(void** state) {
  (void)state;
  struct copy copy = copy_program();
  bool code = false, data = false;
  assert_in_range(copy.elf.segment_count, 2, 5);
  for (unsigned i = 0; i < copy.elf.segment_count; i++) {
    const struct elf_segment* s = &copy.elf.segments[i];
    assert_true(s->read);
    assert_true(s->file_bytes <= s->memory_bytes);
    if (i > 0) assert_true(copy.elf.segments[i - 1].address < s->address);
    if (s->execute && copy.elf.entry - s->address < s->memory_bytes) code = !s->write;
    if (s->write) data = s->memory_bytes > s->file_bytes;  // .bss
  }
  assert_true(code);
  assert_true(data);
  copy_free(&copy);
}

static void what_is_no_program_is_refused(void** state) {
  (void)state;
  struct copy copy = copy_program();
  assert_false(elf_parse(&copy.elf, "#!/bin/sh\n", 10, 0, &copy.err));
  assert_non_null(strstr(copy.err.text, "not an ELF file"));
  assert_false(elf_parse(&copy.elf, "", 0, 0, &copy.err));
  assert_non_null(strstr(copy.err.text, "not an ELF file"));
  header(&copy)->e_ident[EI_CLASS] = ELFCLASS64;
  assert_refused(&copy, 0, "64-bit");
  header(&copy)->e_ident[EI_CLASS] = 7;
  assert_refused(&copy, 0, "class 7");
  header(&copy)->e_ident[EI_CLASS] = ELFCLASS32;
  header(&copy)->e_ident[EI_DATA] = ELFDATA2MSB;
  assert_refused(&copy, 0, "big-endian");
  header(&copy)->e_ident[EI_DATA] = ELFDATA2LSB;
  header(&copy)->e_machine = EM_ARM;
  assert_refused(&copy, 0, "another processor");
  header(&copy)->e_machine = EM_386;
  header(&copy)->e_type = ET_REL;
  assert_refused(&copy, 0, "object file");
  header(&copy)->e_type = ET_DYN;
  assert_refused(&copy, 0, "-no-pie");
  header(&copy)->e_type = ET_CORE;
  assert_refused(&copy, 0, "type 4");
  header(&copy)->e_type = ET_EXEC;
  segment(&copy, 0)->p_type = PT_INTERP;
  assert_refused(&copy, 0, "dynamically linked");
  copy_free(&copy);
}

static void truncated_files_are_refused(void** state) {
  (void)state;
  struct copy copy = copy_program();
  const Elf32_Phdr* last = segment(&copy, copy.elf.segment_count - 1);
  const size_t sizes[] = {5, 51, 60, header(&copy)->e_phoff + 40u, last->p_offset + last->p_filesz - 1u};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    copy.size = sizes[i];
    assert_refused(&copy, 0, "truncated");
  }
  copy_free(&copy);
  copy = copy_program();
  header(&copy)->e_phoff = 0xfffffff0;
  assert_refused(&copy, 0, "truncated");
  copy_free(&copy);
}

static void bad_segments_are_refused(void** state) {
  (void)state;
  struct copy copy = copy_program();
  Elf32_Phdr *first = segment(&copy, 0), *second = segment(&copy, 1), saved = *second;
  second->p_vaddr = first->p_vaddr;
  assert_refused(&copy, 0, "segments overlap");
  second->p_vaddr = first->p_vaddr + first->p_memsz;
  assert_refused(&copy, 0, "share the page");
  *second = saved;
  second->p_filesz = second->p_memsz + 1;
  assert_refused(&copy, 0, "more bytes in the file");
  *second = saved;
  second->p_memsz = 0xf8000000;
  assert_refused(&copy, 0, "too big");
  *second = saved;
  assert_true(elf_parse(&copy.elf, copy.bytes, copy.size, 0xc0000000, &copy.err));
  assert_refused(&copy, 0x08049000, "too big");
  assert_true(elf_parse(&copy.elf, copy.bytes, copy.size, 0, &copy.err));
  const struct elf_segment* last = &copy.elf.segments[copy.elf.segment_count - 1];
  uint64_t end = (uint64_t)last->address + last->memory_bytes;
  assert_true(elf_parse(&copy.elf, copy.bytes, copy.size, end, &copy.err));
  assert_refused(&copy, end - 1, "too big");
  header(&copy)->e_entry = first->p_vaddr - 1;
  assert_refused(&copy, 0, "entry");
  header(&copy)->e_entry = first->p_vaddr;  // the headers' segment, which is no code
  assert_refused(&copy, 0, "entry");
  header(&copy)->e_phnum = 0;
  assert_refused(&copy, 0, "nothing to load");
  copy_free(&copy);
}

static void files_are_named(void** state) {
  (void)state;
  struct elf elf;
  struct error err;
  assert_false(elf_read(&elf, "/nonexistent", 0, &err));
  assert_string_equal(err.text, "/nonexistent: No such file or directory");
  assert_false(elf_read(&elf, PAGEWALK_ROOT "/LICENSE", 0, &err));
  assert_non_null(strstr(err.text, "LICENSE: not an ELF file"));
  assert_false(elf_read(&elf, "/tmp", 0, &err));
  assert_string_equal(err.text, "/tmp: Is a directory");
}

static void symbols_name_functions(void** state) {
  (void)state;
  struct copy copy = copy_program();
  uint32_t start, address, offset;
  assert_true(elf_symbol(&copy.elf, "_start", &start));
  assert_int_equal(start, copy.elf.entry);
  assert_true(elf_symbol(&copy.elf, "main", &address));
  assert_string_equal(elf_function(&copy.elf, address + 7, &offset), "main");
  assert_int_equal(offset, 7);
  assert_string_equal(elf_function(&copy.elf, start + 2, &offset), "_start");
  assert_int_equal(offset, 2);
  static const char* const names[] = {"main", "start", "print", "memcpy", "memset", "strlen", "printf"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_true(elf_symbol(&copy.elf, names[i], &address));
    assert_string_equal(elf_function(&copy.elf, address, &offset), names[i]);
    assert_int_equal(offset, 0);
  }
  assert_false(elf_symbol(&copy.elf, "no_such_symbol", &address));
  assert_null(elf_function(&copy.elf, 0x1000, &offset));
  header(&copy)->e_shnum = 0;  // stripped
  assert_true(elf_parse(&copy.elf, copy.bytes, copy.size, 0, &copy.err));
  assert_null(elf_function(&copy.elf, start, &offset));
  copy_free(&copy);
}

// --- lines: judged by addr2line --------------------------------------------------------------------------------------

static void lines_are_those_of_addr2line(void** state) {
  (void)state;
  enum { STEP = 13 };
  struct elf elf;
  struct error err;
  char command[256], answer[512], ours[512];
  uint32_t start = 0, end = 0;
  unsigned known = 0;
  assert_true(elf_read(&elf, MOVED, 0, &err));
  for (unsigned i = 0; i < elf.segment_count; i++) {
    if (!elf.segments[i].execute) continue;
    start = elf.segments[i].address;
    end = start + elf.segments[i].memory_bytes;
  }
  snprintf(command, sizeof command, "seq -f %%1.0f %u %d %u | xargs printf '%%x\\n' | addr2line -s -e %s", start, STEP,
           end - 1, MOVED);
  FILE* judge = popen(command, "r");
  assert_non_null(judge);
  for (uint32_t address = start; address < end; address += STEP) {
    const char* file;
    unsigned line;
    bool found = elf_line(&elf, address, &file, &line);
    assert_non_null(fgets(answer, sizeof answer, judge));
    answer[strcspn(answer, " \n")] = '\0';  // "(discriminator 2)" may follow
    if (found)
      snprintf(ours, sizeof ours, "%s:%u", file, line);
    else
      snprintf(ours, sizeof ours, "??:0");
    if (strcmp(answer, "??:?") == 0) strcpy(answer, "??:0");
    if (strcmp(answer, ours) != 0) fail_msg("%08x: addr2line says %s, we say %s", address, answer, ours);
    known += found;
  }
  pclose(judge);
  assert_true(known > 100);
  elf_free(&elf);
}

static void without_debug_information_there_are_no_lines(void** state) {
  (void)state;
  struct copy copy = copy_program();
  const char* file;
  unsigned line;
  assert_false(elf_line(&copy.elf, copy.elf.entry, &file, &line));
  copy_free(&copy);
}

// --- relocation ------------------------------------------------------------------------------------------------------

struct move {
  uint8_t* bytes;
  const struct elf* elf;
  uint32_t by;
  unsigned words;
};

static void add_to_word(void* ctx, uint32_t address) {
  struct move* move = ctx;
  for (unsigned i = 0; i < move->elf->segment_count; i++) {
    const struct elf_segment* s = &move->elf->segments[i];
    uint32_t within = address - s->address, word;
    if (within >= s->file_bytes) continue;
    memcpy(&word, move->bytes + s->offset + within, sizeof word);
    word += move->by;
    memcpy(move->bytes + s->offset + within, &word, sizeof word);
    move->words++;
  }
}

// A program that is rewritten is, byte for byte, the one that was linked to the other place.
static void relocation_gives_what_the_linker_gives(void** state) {
  (void)state;
  struct copy copy = copy_program();
  struct elf moved;
  assert_true(elf_read(&moved, MOVED, 0, &copy.err));
  struct move move = {copy.bytes, &copy.elf, moved.segments[0].address - copy.elf.segments[0].address, 0};
  assert_true(elf_relocations(&copy.elf, add_to_word, &move, &copy.err));
  assert_true(move.words > 20);
  assert_int_equal(moved.segment_count, copy.elf.segment_count);
  for (unsigned i = 1; i < moved.segment_count; i++) {  // the first holds the headers
    const struct elf_segment *a = &copy.elf.segments[i], *b = &moved.segments[i];
    assert_int_equal(a->address + move.by, b->address);
    assert_int_equal(a->file_bytes, b->file_bytes);
    assert_memory_equal(copy.bytes + a->offset, moved.image + b->offset, a->file_bytes);
  }
  elf_free(&moved);
  copy_free(&copy);
}

static void relocation_needs_records(void** state) {
  (void)state;
  struct copy copy = copy_program();
  struct move move = {copy.bytes, &copy.elf, 0, 0};
  header(&copy)->e_shnum = 0;
  assert_true(elf_parse(&copy.elf, copy.bytes, copy.size, 0, &copy.err));
  assert_false(elf_relocations(&copy.elf, add_to_word, &move, &copy.err));
  assert_non_null(strstr(copy.err.text, "--emit-relocs"));
  copy_free(&copy);
}

static void count_word(void* ctx, uint32_t address) { *(uint64_t*)ctx += address; }

// Whatever bytes are damaged: no crash (this runs under the sanitizers), and segments stay within the file.
static void damaged_files_do_no_harm(void** state) {
  (void)state;
  struct copy copy;
  assert_true(elf_read(&copy.elf, MOVED, 0, &copy.err));
  copy.bytes = copy.elf.owned;
  copy.size = copy.elf.bytes;
  uint8_t* damaged = malloc(copy.size);
  uint32_t random = 1, offset;
  const char* file;
  unsigned line;
  uint64_t sum = 0;
  for (int round = 0; round < 3000; round++) {
    struct elf elf;
    memcpy(damaged, copy.bytes, copy.size);
    for (int i = 0; i < 4; i++) {
      random = random * 1664525 + 1013904223;
      size_t headers = random >> 8 & 1 ? 512 : copy.size, from = random & 1 ? 0 : copy.size - headers;
      damaged[from + random % headers] ^= (uint8_t)(random >> 24);
    }
    if (!elf_parse(&elf, damaged, copy.size, 0, NULL)) continue;
    for (unsigned i = 0; i < elf.segment_count; i++)
      assert_true((uint64_t)elf.segments[i].offset + elf.segments[i].file_bytes <= copy.size);
    elf_function(&elf, elf.entry, &offset);
    elf_symbol(&elf, "nothing", &offset);
    elf_line(&elf, elf.entry + 100, &file, &line);
    elf_relocations(&elf, count_word, &sum, NULL);
  }
  free(damaged);
  copy_free(&copy);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_program_is_read),
    cmocka_unit_test(what_is_no_program_is_refused),
    cmocka_unit_test(truncated_files_are_refused),
    cmocka_unit_test(bad_segments_are_refused),
    cmocka_unit_test(files_are_named),
    cmocka_unit_test(symbols_name_functions),
    cmocka_unit_test(lines_are_those_of_addr2line),
    cmocka_unit_test(without_debug_information_there_are_no_lines),
    cmocka_unit_test(relocation_gives_what_the_linker_gives),
    cmocka_unit_test(relocation_needs_records),
    cmocka_unit_test(damaged_files_do_no_harm),
};

TEST_MAIN(tests)
