// SPDX-License-Identifier: MIT
// Programs for the machine: those that Pagewalk brings along (build/programs) and ELF files of users, as the kernel
// wants them.
#ifndef PAGEWALK_MACHINE_PROGRAMS_H
#define PAGEWALK_MACHINE_PROGRAMS_H

#include "base/error.h"
#include "core/elf.h"
#include "kernel/kernel.h"

// Where programs must end: the kernel begins there in 32-bit and PAE paging, and a program is the same in every mode.
#define PROGRAM_END UINT32_C(0xc0000000)

struct programs {
  struct program_file* files;  // [count], which the kernel's descriptions point into
  struct kernel_program* list;
  unsigned count, room;
};

// All that are shipped, by their names' order. False with a message if one can't be used.
bool programs_open(struct programs* programs, struct error* err);
void programs_close(struct programs* programs);

// The number of the program called `what`; if there is none, of the ELF file at that path, which joins the list, in
// place of one with its name. False with a message: with a suggestion if `what` is neither, with what is wrong if the
// file can't be run. To be done before the list is handed to a kernel.
bool programs_find(struct programs* programs, const char* what, unsigned* number, struct error* err);
// The number of the program with this name, as processes tell it; programs->count if there is none.
unsigned programs_named(const struct programs* programs, const char* name);

// Its symbols and lines.
const struct elf* programs_elf(const struct programs* programs, unsigned number);

// What a command line says: words at blanks, quoted ones ("a b", 'a b') as one. `text` is cut into the words; argv gets
// at most `room` of them and ends with NULL. Returns how many, or -1 with a message.
int programs_words(char* text, const char** argv, int room, struct error* err);

#endif
