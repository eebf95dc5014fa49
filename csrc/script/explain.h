// SPDX-License-Identifier: MIT
// One translation, told step by step from the events of a real engine, as a student would draw it.
#ifndef PAGEWALK_SCRIPT_EXPLAIN_H
#define PAGEWALK_SCRIPT_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/term.h"
#include "script/bench.h"

// A level of the tables: which bits of the address select its entry.
struct explain_level {
  const char* name;      // "PDE"
  unsigned low, bits;    // VA[low + bits - 1 : low]
  unsigned entry_bytes;  // 4 or 8
};

enum { EXPLAIN_LEVELS = 5, EXPLAIN_EVENTS = 64 };

struct explanation {
  enum paging_mode mode;              // of the registers when the access was made
  unsigned levels;                    // of the mode
  const struct explain_level* level;  // by depth: level[levels - 1] is the top
  uint64_t registers[5], pdptes[4];
  struct ref ref;
  uint64_t va;         // linear: the segment's base added
  unsigned hit_shift;  // page size of the TLB entry that it hit; 0 if it hit none
  struct answer answer;
  struct event events[EXPLAIN_EVENTS];  // of this access, in order
  size_t event_count;
};

// Makes the access on the bench and records it. False with a message: an address that the mode has not, engines that
// differ.
bool explain_access(struct bench* bench, const struct ref* ref, struct explanation* e, struct error* err);

// Bits that are the offset in the page: the leaf's if one was reached, else those of a 4 KiB page.
unsigned explain_offset_bits(const struct explanation* e);
// Index of the entry at `level` (1 = PTE).
uint64_t explain_index(const struct explanation* e, unsigned level);

void explain_print(const struct explanation* e, const struct colours* colours, FILE* out);

// Asks instead of telling, and checks what it reads from `in`. False with a message if `in` ended before the last
// question. *right of *asked answers were right.
bool explain_quiz(const struct explanation* e, FILE* in, FILE* out, unsigned* right, unsigned* asked,
                  struct error* err);

// A small mapping to look at, as a script for the mode; NULL for modes that have none. *pages describes it.
const char* explain_demonstration(enum paging_mode mode, const char** pages);

#endif
