// SPDX-License-Identifier: MIT
// Functional coverage: which combinations of circumstances have been seen. A point is
//   mode × level of the entry that decided × access × privilege × outcome × who served it × control operation meanwhile
// The level is that of the leaf (1: 4 KiB, 2: 2 or 4 MiB, 3: 1 GiB) or of the absent or reserved entry. Combinations
// that can't be are left out by rules that are stated and counted.
#ifndef PAGEWALK_FUZZ_COVERAGE_H
#define PAGEWALK_FUZZ_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fuzz/judge.h"

enum coverage_who { WHO_USER, WHO_SUPERVISOR, WHO_IMPLICIT, WHO_COUNT };

enum coverage_path {
  SERVED_BY_L1,          // or, with paging off and for #GP, nobody
  SERVED_BY_STLB,        // the second level
  SERVED_BY_DIRTY_WALK,  // a hit on an entry with D clear, then a walk
  SERVED_BY_ROOT,        // a walk from the root
  SERVED_BY_PDE,         // a walk below a walk-cache hit
  SERVED_BY_PDPTE,
  SERVED_BY_PML4E,
  SERVED_BY_PML5E,
  SERVED_BY_OTHER,  // the other port's walk
  COVERAGE_PATHS
};

struct coverage_point {
  enum paging_mode mode;
  unsigned level;  // 0..5
  enum access_kind kind;
  enum coverage_who who;
  enum judge_cause cause;
  enum coverage_path path;
  bool under_control;
};

enum {
  COVERAGE_LEVELS = 6,
  COVERAGE_POINTS = MODE_COUNT * COVERAGE_LEVELS * 3 * WHO_COUNT * CAUSE_COUNT * COVERAGE_PATHS * 2
};

struct coverage {
  uint64_t count[COVERAGE_POINTS];
  bool two_walkers;  // machines that have two were among those run
};

// Counts an answer; fits judged_options.on_answer with a coverage as context.
void coverage_count(void* ctx, const struct judge_finding* finding, const struct answer* answer, unsigned psc_level);
void coverage_add(struct coverage* to, const struct coverage* from);

// Why this combination can't be, in words; NULL if it can.
const char* coverage_impossible(const struct coverage* coverage, const struct coverage_point* point);

struct coverage_totals {
  unsigned possible, reached, impossible;
  unsigned contradictions;  // points that were reached though a rule says that they can't be
};
struct coverage_totals coverage_totals(const struct coverage* coverage);

// The table by mode and path, the rules with how many points each leaves out, and up to `holes` points never reached.
void coverage_print(const struct coverage* coverage, unsigned holes, FILE* out);

#endif
