// SPDX-License-Identifier: MIT
// The catalogue of deliberate bugs, rtl/bugs/catalogue.txt, and which of them the RTL shall have.
#ifndef PAGEWALK_RTL_ENGINE_BUGS_H
#define PAGEWALK_RTL_ENGINE_BUGS_H

#include <stddef.h>

#include "base/error.h"

struct bug {
  int number;
  char what[160], seen[160];  // what is wrong; where such a bug was seen in public
};

enum { BUGS_MAX = 128 };

// Reads the catalogue. Returns how many there are, 0 with a message if it can't be read.
size_t bugs_load(struct bug bugs[BUGS_MAX], struct error* err);

// The bug that `text` means: a number of the catalogue, 0 (none), or "?SEED": one that the seed picks.
// Returns its number, or -1 with a message.
int bug_meant(const char* text, struct error* err);

// What the environment says (PAGEWALK_BUG): tells the RTL (PAGEWALK_BUG_NUMBER). Returns as bug_meant, 0 if it says
// nothing.
int bug_chosen(struct error* err);

#endif
