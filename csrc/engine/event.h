// SPDX-License-Identifier: MIT
// Events in words, and their order.
#ifndef PAGEWALK_ENGINE_EVENT_H
#define PAGEWALK_ENGINE_EVENT_H

#include "engine/engine.h"

// "cycle 12  data   read   level 2 at 1004 = 2067". Returns `text`.
const char* event_text(const struct event* event, char* text, size_t room);

// "ok pa=5234 path=walk reads=2 cycles=404" or "pf err=7 cr2=401234 path=l1 reads=0 cycles=1". Returns `text`.
const char* answer_text(const struct answer* answer, char* text, size_t room);

// <0, 0, >0 in the order in which engines emit events: cycle, type, port, array, set, way, then the remaining fields.
int event_compare(const struct event* a, const struct event* b);

const char* event_type_name(enum event_type type);
const char* port_name(enum port port);
const char* tlb_array_name(enum tlb_array array);
const char* answer_path_name(enum answer_path path);  // "off", "l1", "stlb", "walk"
const char* fault_kind_name(enum fault_kind fault);   // "ok", "pf", "gp", "bus"
const char* control_op_name(enum control_op op);      // "cr0", ..., "invlpg"

#endif
