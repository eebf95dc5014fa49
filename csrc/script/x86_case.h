// SPDX-License-Identifier: MIT
// One line of an x86 case file: tests/cases/x86/FORMAT.md says what the fields mean.
#ifndef PAGEWALK_SCRIPT_X86_CASE_H
#define PAGEWALK_SCRIPT_X86_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"

enum { X86_CASE_ENTRIES = 8, X86_CASE_AUX = 4, X86_CASE_MAXPHYADDR = 40 };

enum x86_result { X86_OK, X86_PF, X86_GP, X86_GPCR3 };

struct x86_case {
  char id[32];
  enum paging_mode mode;
  uint64_t cr0, cr3, cr4, efer, pkru;
  struct ref ref;
  unsigned entries, aux;
  struct {
    uint64_t pa, before, after;
  } entry[X86_CASE_ENTRIES], aux_entry[X86_CASE_AUX];  // aux: before == after
  uint64_t a_optional;                                 // bit n: entry[n] may also be as before
  enum x86_result result;
  uint64_t pa, page_shift;  // X86_OK
  uint64_t error, cr2;      // X86_PF
};

// Parses one line (ended by a 0, without newline), which it cuts up. The message says what is wrong in it.
bool x86_case_parse(struct x86_case* c, char* line, struct error* err);

// Writes it as a line that x86_case_parse reads.
void x86_case_write(const struct x86_case* c, FILE* out);

// Bytes of one paging-structure entry.
unsigned x86_case_entry_size(const struct x86_case* c);

#endif
