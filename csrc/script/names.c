// SPDX-License-Identifier: MIT
#include "script/names.h"

#include <stddef.h>

#include "engine/engine.h"

const char* const script_kind_names[] = {"r", "w", "x", NULL};
const char* const script_flag_names[] = {"user", "ac", "implicit", NULL};
const char* const script_register_names[] = {"cr0", "cr3", "cr4", "efer", "pkru", NULL};
const char* const script_outcome_names[] = {"ok", "pf", "gp", "bus", NULL};
const char* const script_path_names[] = {"off", "l1", "stlb", "walk", NULL};
const char* const script_show_names[] = {"dtlb", "itlb", "stlb", "psc", "counters", NULL};
