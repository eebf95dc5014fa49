// SPDX-License-Identifier: MIT
// Random single instructions of every form that a compiler can emit, and more, with registers and memory such that most
// of them work and some fault. The list of forms is this file's own, not the core's table.
#ifndef PAGEWALK_TESTS_CORE_RANDOM_INSN_H
#define PAGEWALK_TESTS_CORE_RANDOM_INSN_H

#include <stdint.h>

#include "core/i386/native.h"

// How many forms there are.
unsigned random_insn_forms(void);

// Makes a case of form number `form`. *undefined: the status flags that the SDM leaves undefined after it. `random` is
// the generator's state, never 0.
void random_insn(unsigned form, uint64_t* random, struct native_case* out, uint32_t* undefined);

#endif
