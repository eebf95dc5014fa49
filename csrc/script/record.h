// SPDX-License-Identifier: MIT
// What an MMU is asked and answers, as x86 cases (tests/cases/x86/FORMAT.md) that other MMUs can be checked with. A
// case is one translation by itself, from empty TLBs: registers, the entries that a walk meets, access, result, and the
// entries afterwards.
#ifndef PAGEWALK_SCRIPT_RECORD_H
#define PAGEWALK_SCRIPT_RECORD_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"
#include "machine/ram.h"
#include "script/x86_case.h"

// Accesses that are no case, by reason.
enum record_reason {
  RECORD_WRITTEN,   // (those that are)
  RECORD_REPEATED,  // one like it is written: same page, kind of access, registers and entries
  RECORD_OFF,       // paging was off
  RECORD_IMPLICIT,  // implicit supervisor accesses
  RECORD_SEGMENT,   // refused by a segment
  RECORD_BUS,       // ended in a bus error
  RECORD_CACHED,    // answered otherwise than the entries say: by what a TLB still held, or while others wrote them
  RECORD_REASONS
};
extern const char* const record_reasons[RECORD_REASONS];  // as a phrase that follows a number of accesses

struct record {
  FILE* out;
  uint64_t count[RECORD_REASONS];
  void* inside;
};

// The cases' machines have X86_CASE_MAXPHYADDR bits of physical address: others are refused.
bool record_machine_fits(const struct config* config, struct error* err);

// Begins a file on `out`, with its first lines; `what` and `engine` say there what was recorded; `config` is one that
// record_machine_fits. Each case is replayed on a C model of its own before it is written, so that a file is never
// wrong about itself.
bool record_begin(struct record* record, FILE* out, const struct config* config, const char* what, const char* engine,
                  struct error* err);
void record_end(struct record* record);

// An engine that hands everything on to `engine`, which it takes over, and writes a case for each part that `engine`
// answers. `ram`: the (first) engine's memory. NULL with a message. It does not run ahead (core.overlap).
struct engine* record_engine(struct record* record, struct engine* engine, struct ram* ram, struct error* err);

#endif
