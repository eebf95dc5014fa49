// SPDX-License-Identifier: MIT
#include "machine/programs.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER PAGEWALK_ROOT "/build/programs"
enum { NAME_ROOM = 32, PATH_ROOM = 1024, SUGGESTIONS_MAX = 256 };

struct program_file {
  char name[NAME_ROOM];
  struct elf elf;
  struct kernel_segment segments[ELF_SEGMENTS_MAX];
  uint32_t* relocations;
  size_t relocation_count, relocation_room;
};

static bool no_memory(struct error* err) { return error_set(err, "the host has no memory for the programs"); }

// --- one program -----------------------------------------------------------------------------------------------------

// Called for every relocation: once to count them, once to keep them.
static void keep_relocation(void* ctx, uint32_t address) {
  struct program_file* file = ctx;
  if (file->relocations && file->relocation_count < file->relocation_room)
    file->relocations[file->relocation_count] = address;
  file->relocation_count++;
}

// True if the linker kept the records. That it did not is no error: only static relocation asks for them.
static bool read_relocations(struct program_file* file) {
  struct error ignored;
  if (!elf_relocations(&file->elf, keep_relocation, file, &ignored)) return false;
  file->relocation_room = file->relocation_count;
  file->relocation_count = 0;
  file->relocations = malloc((file->relocation_room + 1) * sizeof *file->relocations);
  return file->relocations && elf_relocations(&file->elf, keep_relocation, file, &ignored);
}

static struct kernel_segment segment_of(const struct elf* elf, const struct elf_segment* segment) {
  return (struct kernel_segment){.address = segment->address,
                                 .memory_bytes = segment->memory_bytes,
                                 .file_bytes = segment->file_bytes,
                                 .bytes = elf->image + segment->offset,
                                 .prot = (segment->read ? PROT_READ : 0u) | (segment->write ? PROT_WRITE : 0u) |
                                         (segment->execute ? PROT_EXEC : 0u)};
}

// The file's name without folders and ".elf".
static void name_after(const char* path, char name[NAME_ROOM]) {
  const char* slash = strrchr(path, '/');
  snprintf(name, NAME_ROOM, "%s", slash ? slash + 1 : path);
  char* dot = strrchr(name, '.');
  if (dot && dot != name && strcmp(dot, ".elf") == 0) *dot = '\0';
}

static void describe(struct program_file* file, struct kernel_program* program) {
  bool relocatable = read_relocations(file);
  for (unsigned i = 0; i < file->elf.segment_count; i++)
    file->segments[i] = segment_of(&file->elf, &file->elf.segments[i]);
  *program = (struct kernel_program){.name = file->name,
                                     .entry = file->elf.entry,
                                     .segment_count = file->elf.segment_count,
                                     .segments = file->segments,
                                     .relocatable = relocatable,
                                     .relocation_count = relocatable ? (unsigned)file->relocation_count : 0,
                                     .relocations = file->relocations};
}

// --- the list --------------------------------------------------------------------------------------------------------

// What the kernel's descriptions point at moves along.
static void point_again(struct programs* programs) {
  for (unsigned i = 0; i < programs->count; i++) {
    programs->list[i].name = programs->files[i].name;
    programs->list[i].segments = programs->files[i].segments;
  }
}

static bool make_room(struct programs* programs, struct error* err) {
  if (programs->count < programs->room) return true;
  unsigned room = programs->room ? 2 * programs->room : 32;
  struct program_file* files = realloc(programs->files, room * sizeof *files);
  if (files) programs->files = files;
  struct kernel_program* list = realloc(programs->list, room * sizeof *list);
  if (list) programs->list = list;
  if (!files || !list) return no_memory(err);
  programs->room = room;
  point_again(programs);
  return true;
}

static bool add(struct programs* programs, const char* path, struct error* err) {
  if (!make_room(programs, err)) return false;
  struct program_file* file = &programs->files[programs->count];
  *file = (struct program_file){.relocations = NULL};
  if (!elf_read(&file->elf, path, PROGRAM_END, err)) return false;
  name_after(path, file->name);
  describe(file, &programs->list[programs->count]);
  programs->count++;
  return true;
}

static int is_program(const struct dirent* entry) {
  struct stat status;
  char path[PATH_ROOM];
  snprintf(path, sizeof path, "%s/%s", FOLDER, entry->d_name);
  return !strchr(entry->d_name, '.') && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool programs_open(struct programs* programs, struct error* err) {
  struct dirent** entries;
  bool ok = true;
  *programs = (struct programs){.count = 0};
  int count = scandir(FOLDER, &entries, is_program, alphasort);
  for (int i = 0; i < count; i++) {
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s", FOLDER, entries[i]->d_name);
    ok = ok && add(programs, path, err);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  if (!ok) programs_close(programs);
  return ok;
}

static void free_file(struct program_file* file) {
  elf_free(&file->elf);
  free(file->relocations);
}

void programs_close(struct programs* programs) {
  for (unsigned i = 0; i < programs->count; i++) free_file(&programs->files[i]);
  free(programs->files);
  free(programs->list);
  *programs = (struct programs){.count = 0};
}

unsigned programs_named(const struct programs* programs, const char* name) {
  unsigned i = 0;
  while (i < programs->count && strcmp(programs->files[i].name, name) != 0) i++;
  return i;
}

static bool unknown(const struct programs* programs, const char* what, struct error* err) {
  const char* names[SUGGESTIONS_MAX + 1] = {NULL};
  char all[512] = "";
  size_t used = 0;
  for (unsigned i = 0; i < programs->count && i < SUGGESTIONS_MAX; i++) {
    names[i] = programs->files[i].name;
    if (used < sizeof all) used += (size_t)snprintf(all + used, sizeof all - used, " %s", names[i]);
  }
  const char* near = error_suggest(what, names);
  if (near) return error_set(err, "there is no program '%s', and no file of that name; did you mean '%s'?", what, near);
  return error_set(err, "there is no program '%s', and no file of that name; there are:%s", what,
                   programs->count ? all : " none (`make' builds them)");
}

// A user's own program takes the place of another one with its name.
static void replace_by_last(struct programs* programs, unsigned number) {
  unsigned last = --programs->count;
  free_file(&programs->files[number]);
  programs->files[number] = programs->files[last];
  programs->list[number] = programs->list[last];
  point_again(programs);
}

bool programs_find(struct programs* programs, const char* what, unsigned* number, struct error* err) {
  struct stat status;
  *number = programs_named(programs, what);
  if (*number < programs->count) return true;
  if (stat(what, &status) != 0) return unknown(programs, what, err);
  if (!S_ISREG(status.st_mode))
    return error_set(err, "%s: a %s, not a file with a program in it", what,
                     S_ISDIR(status.st_mode) ? "folder" : "device or pipe");
  if (!add(programs, what, err)) return false;
  *number = programs_named(programs, programs->files[programs->count - 1].name);
  if (*number + 1 < programs->count) replace_by_last(programs, *number);
  return true;
}

const struct elf* programs_elf(const struct programs* programs, unsigned number) {
  return &programs->files[number].elf;
}

// --- command lines ---------------------------------------------------------------------------------------------------

// Cuts the word off that begins at *text, which is no blank, and moves *text behind it. NULL: a quote is not closed.
static char* next_word(char** text) {
  char *from = *text, *word = from, *to = from, quote = 0;
  for (; *from && (quote || !isspace((unsigned char)*from)); from++) {
    if (*from == quote)
      quote = 0;
    else if (!quote && (*from == '"' || *from == '\''))
      quote = *from;
    else
      *to++ = *from;
  }
  *text = *from ? from + 1 : from;
  *to = '\0';
  return quote ? NULL : word;
}

int programs_words(char* text, const char** argv, int room, struct error* err) {
  int count = 0;
  for (;;) {
    while (isspace((unsigned char)*text)) text++;
    argv[count] = NULL;
    if (!*text) return count;
    if (count == room - 1) {
      error_set(err, "more than %d arguments", room - 2);
      return -1;
    }
    argv[count] = next_word(&text);
    if (!argv[count]) {
      error_set(err, "a quotation mark is not closed");
      return -1;
    }
    count++;
  }
}
