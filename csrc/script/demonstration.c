// SPDX-License-Identifier: MIT
// What `explain` looks at unless it is given a script: the same five pages in each format.
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

// 4-level and 5-level: the same lower levels, PAE's with rights in the PDPTEs.
#define LOWER_LONG               \
  "mem8 2000 3007\n"             \
  "mem8 2018 5007\n"             \
  "mem8 3010 4007\n"             \
  "mem8 4008 7007\n"             \
  "mem8 4010 8000000000006005\n" \
  "mem8 4018 8003\n"             \
  "mem8 3020 800087\n"           \
  "mem8 5000 183\n"              \
  "reg efer 900\n"

static const char map_4level[] = "mem8 1000 2007\n" LOWER_LONG
                                 "reg cr4 a0\n"
                                 "reg cr3 1000\n"
                                 "reg cr0 80010011\n";

static const char map_5level[] =
    "mem8 9000 1007\n"
    "mem8 1000 2007\n" LOWER_LONG
    "reg cr4 10a0\n"
    "reg cr3 9000\n"
    "reg cr0 80010011\n";

const char* explain_demonstration(enum paging_mode mode, const char** pages) {
  static const char* const maps[MODE_COUNT] = {
      [MODE_32BIT] = map_32bit, [MODE_PAE] = map_pae, [MODE_4LEVEL] = map_4level, [MODE_5LEVEL] = map_5level};
  *pages = pages_text;
  return maps[mode];
}
