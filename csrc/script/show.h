// SPDX-License-Identifier: MIT
// What is inside an engine, as text.
#ifndef PAGEWALK_SCRIPT_SHOW_H
#define PAGEWALK_SCRIPT_SHOW_H

#include <stdio.h>

#include "engine/engine.h"
#include "script/script.h"

void show_state(struct engine* engine, enum script_show what, FILE* out);

#endif
