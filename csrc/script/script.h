// SPDX-License-Identifier: MIT
// MMU scripts (.mmu): the hardware alone, one operation a line, with expectations if it is to be a test. The language:
// docs/scripts.md. Parsing gives plain data, so that a program can build, shrink and print scripts as well.
#ifndef PAGEWALK_SCRIPT_SCRIPT_H
#define PAGEWALK_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"
#include "script/bench.h"

enum script_op_kind {
  SCRIPT_CONTROL,  // reg, invlpg, invpcid, seg
  SCRIPT_MEM,      // mem4, mem8
  SCRIPT_CHECK,    // check4, check8
  SCRIPT_ACCESS,   // access, both
  SCRIPT_WAIT,
  SCRIPT_SHOW,
  SCRIPT_PROBE,  // the debug port asked what an access would be answered
};

enum script_show { SHOW_DTLB, SHOW_ITLB, SHOW_STLB, SHOW_PSC, SHOW_COUNTERS };

enum script_outcome { OUTCOME_OK, OUTCOME_PF, OUTCOME_GP, OUTCOME_BUS };

// What is stated after `=>`, or what came.
enum script_field {
  FIELD_OUTCOME = 1,
  FIELD_PA = 2,
  FIELD_ERR = 4,
  FIELD_CR2 = 8,
  FIELD_PATH = 16,
  FIELD_READS = 32,
  FIELD_CYCLES = 64,
  FIELD_MERGED = 128,
};
struct script_result {
  unsigned fields;  // enum script_field, or-ed: which of the members below say something
  enum script_outcome outcome;
  enum answer_path path;
  bool merged;
  uint64_t pa, err, cr2, reads, cycles;
};

// A counter and what it should be: expected of `show counters`.
struct script_count {
  unsigned counter;  // position in struct counters; its name: counter_names
  uint64_t value;
};
enum { SCRIPT_COUNTS = 24 };

struct script_op {
  enum script_op_kind kind;
  unsigned line;           // in the file; 0 if made by a program
  bool timed;              // `at N`: belongs to the next access; CONTROL, MEM and ACCESS (one reference) only
  uint64_t at;             // cycles
  struct control control;  // CONTROL
  uint64_t pa, value;      // MEM, CHECK
  unsigned size;           // MEM, CHECK: 4 or 8
  struct ref ref[2];       // ACCESS; PROBE: ref[0]
  unsigned refs;           // ACCESS: 1, or 2 for `both`
  uint64_t wait;           // WAIT: cycles
  enum script_show show;
  struct script_count counts[SCRIPT_COUNTS];  // SHOW of the counters: what is expected
  unsigned n_counts;
  struct script_result expect[2];  // of each reference; a control operation's is expect[0]
};

struct script {
  char* name;            // file name, for messages
  struct config config;  // the machine, `set` lines applied
  uint64_t memory;       // bytes: BENCH_MEMORY, or what a `set ram.` line gives
  struct script_op* ops;
  size_t count;
};

// Parses a whole script; `base` is the machine that its `set` lines change. Nothing is run. The message names file and
// line, what is wrong there and what to do.
bool script_parse(struct script* script, const char* name, const char* text, size_t length, const struct config* base,
                  struct error* err);
bool script_load(struct script* script, const char* path, const struct config* base, struct error* err);
void script_free(struct script* script);

// One operation in the script language, without newline; with `expect` also what it expects.
void script_write_op(const struct script_op* op, bool expect, FILE* out);
// "ok pa=5234 path=walk reads=2 cycles=404".
void script_write_result(const struct script_result* result, FILE* out);
// A whole script, its machine spelled out in `set` lines.
void script_write(const struct script* script, FILE* out);

// A bench for the script: its machine, with as much memory, and a watchdog over the engine.
bool script_open_bench(const struct script* script, struct bench* bench, enum engine_kind kind, struct error* err);

struct script_totals {
  uint64_t passed, failed;  // operations with expectations that were met, that were not
};

// Runs on a bench in reset state that has the script's config and memory. Each operation's line, and what was not met,
// goes to `out` (or nowhere if NULL); *totals grows. False if the run could not go on (the engines differ, an
// impossible operation): a message, and `out` has the engines' histories.
bool script_run(const struct script* script, struct bench* bench, FILE* out, struct script_totals* totals,
                struct error* err);

#endif
