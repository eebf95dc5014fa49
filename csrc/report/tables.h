// SPDX-License-Identifier: MIT
// What the operating system knows of its processes, as text: their memory, their page tables, what they have done.
#ifndef PAGEWALK_REPORT_TABLES_H
#define PAGEWALK_REPORT_TABLES_H

#include <stdio.h>

#include "base/term.h"
#include "machine/machine.h"

struct tables {
  struct machine* machine;
  FILE* out;
  struct colours colours;
};

// For every process: its areas with their protection, what they hold, and how much of them is in memory and on disk.
void tables_maps(const struct tables* tables);
// For every process: its pages that are in memory and where. Of the one whose address space is loaded every entry on
// the way, with its bits.
void tables_pagetables(const struct tables* tables);
// One line a process.
void tables_top(const struct tables* tables);

// The entries that translate `va` in the address space that is loaded, from the root on. Returns how many; the last one
// has P clear if `va` is not mapped.
enum { TABLES_LEVELS = 5 };
struct tables_entry {
  unsigned level;  // 1: the leaf table
  uint64_t pa, value;
};
unsigned tables_walk(struct machine* machine, uint64_t va, struct tables_entry entries[TABLES_LEVELS]);

#endif
