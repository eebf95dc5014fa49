// SPDX-License-Identifier: MIT
// One x86 case on an engine.
#ifndef PAGEWALK_SCRIPT_X86_REPLAY_H
#define PAGEWALK_SCRIPT_X86_REPLAY_H

#include "script/bench.h"
#include "script/x86_case.h"

// Sets up registers and entries as tests/cases/x86/FORMAT.md says, with empty TLBs, makes the access, compares. The
// bench's memory is zero before and afterwards. False with what differed in *mismatch.
bool x86_case_replay(const struct x86_case* c, struct bench* bench, struct error* mismatch);

#endif
