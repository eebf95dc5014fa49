// SPDX-License-Identifier: MIT
// What the terminal at the other end can show.
#ifndef PAGEWALK_BASE_TERM_H
#define PAGEWALK_BASE_TERM_H

#include <stdbool.h>
#include <stdio.h>

// Escape sequences; all empty where colours would be noise.
struct colours {
  const char *bold, *dim, *red, *green, *yellow, *blue, *cyan, *off;
};

// Colours if `file` is a terminal that has them and NO_COLOR (no-color.org) is not set.
struct colours term_colours(FILE* file);

bool term_is_terminal(FILE* file);

#endif
