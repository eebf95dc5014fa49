// SPDX-License-Identifier: MIT
// What a run measured, and how it is told: text for people, JSON for programs.
#ifndef PAGEWALK_REPORT_REPORT_H
#define PAGEWALK_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/term.h"
#include "config/config.h"
#include "engine/engine.h"
#include "machine/machine.h"

// A process of a run of programs.
struct report_process {
  int pid;
  char name[32];  // the program that it ran last
  bool ended;
  uint64_t status;  // as waitpid's; of one that has ended
};

enum { REPORT_PROGRAMS_MAX = 16, REPORT_PROCESSES_MAX = 256 };
struct report_program {
  enum kernel_sharing sharing;
  enum kernel_tagging tagging;
  uint64_t quantum;  // cycles; 0: none
  uint64_t instructions;
  size_t process_count;  // all there were; those beyond REPORT_PROCESSES_MAX are not kept
  struct report_process processes[REPORT_PROCESSES_MAX];
  bool ended;             // the first program has
  struct kernel_end end;  // how
};

struct report {
  struct config config;
  enum engine_kind engine;
  bool eager;       // every page mapped before the clock started
  uint64_t frames;  // of RAM
  uint64_t seed;

  char changes[128];  // assignments made to the machine, each after a blank; for the text only

  char workload[256];    // file name or specification; command lines of programs
  const char* format;    // of the trace; "generated", "program"
  uint64_t trace_hash;   // of the references as loaded
  uint64_t trace_refs;   // references that were to be played and counted
  uint64_t trace_pages;  // different pages that the whole trace touches
  uint64_t warm;         // references played before counting began
  size_t regions;        // 4 MiB regions folded to fit the mode

  bool partial;    // ended before all references were played, or:
  bool trace_cut;  // Ctrl-C ended the reading of the trace: trace_refs counts those read until then
  bool killed;
  struct kernel_kill kill;

  const struct report_program* program;  // of a run of programs; NULL: of a trace

  // All of these from the moment counting began.
  struct counters process, kernel;
  struct cycle_account cycles;
  struct kernel_stats os;  // its gauges (frames, swap_used) at the end
};

// The cycles of the run: the sum of the account.
uint64_t report_cycles(const struct report* report);

// The parts of the account in the order of struct cycle_account, with their names as in `cycles_by`.
enum { REPORT_PARTS = 9, REPORT_IDLE = 8 };
struct report_part {
  const char *name, *meaning;
  uint64_t cycles;
};
void report_parts(const struct report* report, struct report_part parts[REPORT_PARTS]);

// The walk caches and the timing caches, in the order of struct counters: keys in JSON, and words for people.
enum { REPORT_PSCS = 4 };
struct report_unit {
  const char *name, *label;
};
extern const struct report_unit report_pscs[REPORT_PSCS], report_caches[CACHE_LEVELS];

// Whether the machine has it and its mode uses it.
bool report_has_psc(const struct report* report, size_t psc);
bool report_has_cache(const struct report* report, size_t cache);

extern const char* const report_tagging_names[];  // by enum kernel_tagging: "global", "flush", "pcid"

// What was run on what: two or three lines.
void report_intro(FILE* out, const struct report* report, struct colours colours);

// One or two runs side by side, at most 80 columns wide; `titles` name the columns.
void report_text(FILE* out, const struct report* const* reports, const char* const* titles, size_t count,
                 struct colours colours);

// The run as one JSON object (docs/json.md). False with a message if memory runs out; what `out` could not take shows
// at its closing.
bool report_json(FILE* out, const struct report* report, struct error* err);

#endif
