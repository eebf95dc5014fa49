// SPDX-License-Identifier: MIT
// What `explain` looks at unless it is given a script: the same five pages in either format.
#include <stddef.h>

#include "script/explain.h"

static const char pages_text[] =
    "the demonstration maps 401000 (user, writable), 402000 (user, read-only), 403000 (supervisor),\n"
    "  a large page at 800000 (user, writable) and one at c0000000 (supervisor, global)";

static const char map_32bit[] =
    "mem4 1004 2007\n"
    "mem4 2004 5007\n"
    "mem4 2008 6005\n"
    "mem4 200c 7003\n"
    "mem4 1008 800087\n"
    "mem4 1c00 183\n"
    "reg cr4 90\n"
    "reg cr3 1000\n"
    "reg cr0 80010011\n";

static const char map_pae[] =
    "mem8 1000 2001\n"
    "mem8 1018 4001\n"
    "mem8 2010 3007\n"
    "mem8 3008 5007\n"
    "mem8 3010 8000000000006005\n"
    "mem8 3018 7003\n"
    "mem8 2020 800087\n"
    "mem8 4000 183\n"
    "reg efer 800\n"
    "reg cr4 a0\n"
    "reg cr3 1000\n"
    "reg cr0 80010011\n";

const char* explain_demonstration(enum paging_mode mode, const char** pages) {
  *pages = pages_text;
  return mode == MODE_32BIT ? map_32bit : mode == MODE_PAE ? map_pae : NULL;
}
