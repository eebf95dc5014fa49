// SPDX-License-Identifier: MIT
#include "fuzz/coverage.h"

#include <inttypes.h>
#include <string.h>

#include "fuzz/rules.h"

static const char* const path_names[COVERAGE_PATHS] = {"l1",    "stlb",  "clean", "root",  "pde",
                                                       "pdpte", "pml4e", "pml5e", "merged"};
static const char* const cause_names[CAUSE_COUNT] = {"ok", "absent", "reserved", "rights", "key", "gp", "bus"};
static const char* const who_names[WHO_COUNT] = {"user", "supervisor", "implicit"};
static const char* const kind_names[3] = {"read", "write", "fetch"};

static unsigned index_of(const struct coverage_point* p) {
  unsigned i = p->mode;
  i = i * COVERAGE_LEVELS + p->level;
  i = i * 3 + p->kind;
  i = i * WHO_COUNT + p->who;
  i = i * CAUSE_COUNT + p->cause;
  i = i * COVERAGE_PATHS + p->path;
  return i * 2 + p->under_control;
}

static struct coverage_point point_at(unsigned i) {
  struct coverage_point p;
  p.under_control = i % 2, i /= 2;
  p.path = i % COVERAGE_PATHS, i /= COVERAGE_PATHS;
  p.cause = i % CAUSE_COUNT, i /= CAUSE_COUNT;
  p.who = i % WHO_COUNT, i /= WHO_COUNT;
  p.kind = i % 3, i /= 3;
  p.level = i % COVERAGE_LEVELS, i /= COVERAGE_LEVELS;
  p.mode = i;
  return p;
}

static enum coverage_path path_of(const struct judge_finding* finding, const struct answer* answer,
                                  unsigned psc_level) {
  if (answer->path == PATH_OFF || finding->cause == CAUSE_GP) return SERVED_BY_L1;
  if (answer->merged) return SERVED_BY_OTHER;
  if (answer->path != PATH_WALK) {
    if (finding->from_walk) return SERVED_BY_DIRTY_WALK;
    return answer->path == PATH_L1 ? SERVED_BY_L1 : SERVED_BY_STLB;
  }
  return psc_level ? SERVED_BY_PDE + (psc_level - 2) : SERVED_BY_ROOT;
}

void coverage_count(void* ctx, const struct judge_finding* finding, const struct answer* answer, unsigned psc_level) {
  struct coverage* coverage = ctx;
  struct coverage_point point = {.mode = finding->mode,
                                 .level = finding->level,
                                 .kind = finding->part.kind,
                                 .who = finding->part.flags & REF_IMPLICIT ? WHO_IMPLICIT
                                        : finding->part.flags & REF_USER   ? WHO_USER
                                                                           : WHO_SUPERVISOR,
                                 .cause = finding->cause,
                                 .path = path_of(finding, answer, psc_level),
                                 .under_control = finding->under_control};
  coverage->count[index_of(&point)]++;
}

void coverage_add(struct coverage* to, const struct coverage* from) {
  for (unsigned i = 0; i < COVERAGE_POINTS; i++) to->count[i] += from->count[i];
  to->two_walkers |= from->two_walkers;
}

// ---------------------------------------------------------------------------------------------------------------------
// What can't be

enum { RULES = 16 };

static unsigned leaf_levels(enum paging_mode mode) { return mode >= MODE_4LEVEL ? 3 : 2; }

// The walk-cache entry's level that a walk began below; 0: it began at the root.
static unsigned depth_of(enum coverage_path path) {
  return path >= SERVED_BY_PDE && path <= SERVED_BY_PML5E ? 2 + (unsigned)(path - SERVED_BY_PDE) : 0;
}

static bool absent_pdpte(const struct coverage_point* p) {
  return p->mode == MODE_PAE && p->level == 3 && p->cause == CAUSE_ABSENT;
}

const char* coverage_impossible(const struct coverage* coverage, const struct coverage_point* p) {
  bool by_leaf = p->cause == CAUSE_OK || p->cause == CAUSE_RIGHTS || p->cause == CAUSE_KEY;
  bool walk = p->path >= SERVED_BY_DIRTY_WALK;
  if (p->who == WHO_IMPLICIT && p->kind == ACCESS_FETCH) return "implicit accesses read or write";
  if (p->mode == MODE_NONE || p->cause == CAUSE_GP) {
    if (p->level != 0 || p->path != SERVED_BY_L1) return "paging off and #GP have neither level nor path";
    return p->mode == MODE_NONE && p->cause != CAUSE_OK && p->cause != CAUSE_GP
               ? "paging off has no page faults and no bus errors"
               : NULL;
  }
  if (p->level == 0) return "with paging on an entry decides";
  if (!absent_pdpte(p) && p->level > (by_leaf ? leaf_levels(p->mode) : rules_levels(p->mode)))
    return "the mode has no such entry";
  if (p->cause == CAUSE_RESERVED && p->mode == MODE_32BIT && p->level == 1) return "a 32-bit PTE has no reserved bit";
  if (p->cause == CAUSE_KEY && p->mode < MODE_4LEVEL) return "protection keys are of long mode";
  if (p->cause == CAUSE_KEY && p->kind == ACCESS_FETCH) return "protection keys never deny a fetch";
  if (!walk && !by_leaf) return "TLBs hold no absent, reserved or unreadable entry";
  if (p->path == SERVED_BY_DIRTY_WALK && p->kind != ACCESS_WRITE) return "only writes go back for D";
  if (depth_of(p->path) > rules_levels(p->mode) || (depth_of(p->path) && depth_of(p->path) <= p->level))
    return "a walk cache holds entries above the one that decides";
  if (p->cause == CAUSE_BUS && depth_of(p->path) == p->level + 1) return "no walk cache leads to an unreadable table";
  if (p->path != SERVED_BY_OTHER) return NULL;
  if (!coverage->two_walkers) return "no machine with two walkers was run";
  if (p->kind == ACCESS_WRITE) return "writes walk for themselves";
  return by_leaf ? NULL : "a walk that faults is not shared";
}

struct coverage_totals coverage_totals(const struct coverage* coverage) {
  struct coverage_totals totals = {0};
  for (unsigned i = 0; i < COVERAGE_POINTS; i++) {
    struct coverage_point point = point_at(i);
    bool can_be = !coverage_impossible(coverage, &point), was = coverage->count[i] != 0;
    totals.possible += can_be;
    totals.impossible += !can_be;
    totals.reached += can_be && was;
    totals.contradictions += !can_be && was;
  }
  return totals;
}

// ---------------------------------------------------------------------------------------------------------------------
// The report

static void print_point(const struct coverage_point* p, FILE* out) {
  fprintf(out, "%s level=%u %s %s %s by=%s%s", paging_mode_name(p->mode), p->level, kind_names[p->kind],
          who_names[p->who], cause_names[p->cause], path_names[p->path],
          p->under_control ? " during a control operation" : "");
}

static void print_table(const struct coverage* coverage, FILE* out) {
  unsigned possible[MODE_COUNT][COVERAGE_PATHS] = {0}, reached[MODE_COUNT][COVERAGE_PATHS] = {0};
  for (unsigned i = 0; i < COVERAGE_POINTS; i++) {
    struct coverage_point p = point_at(i);
    if (coverage_impossible(coverage, &p)) continue;
    possible[p.mode][p.path]++;
    reached[p.mode][p.path] += coverage->count[i] != 0;
  }
  fprintf(out, "%-8s", "served:");
  for (int path = 0; path < COVERAGE_PATHS; path++) fprintf(out, " %9s", path_names[path]);
  fputc('\n', out);
  for (int mode = 0; mode < MODE_COUNT; mode++) {
    fprintf(out, "%-8s", paging_mode_name((enum paging_mode)mode));
    for (int path = 0; path < COVERAGE_PATHS; path++) {
      char cell[24] = "-";
      if (possible[mode][path]) snprintf(cell, sizeof cell, "%u/%u", reached[mode][path], possible[mode][path]);
      fprintf(out, " %9s", cell);
    }
    fputc('\n', out);
  }
}

static void print_rules(const struct coverage* coverage, FILE* out) {
  const char* rules[RULES];
  unsigned counts[RULES] = {0}, n = 0;
  for (unsigned i = 0; i < COVERAGE_POINTS; i++) {
    struct coverage_point point = point_at(i);
    const char* rule = coverage_impossible(coverage, &point);
    unsigned at = 0;
    if (!rule) continue;
    while (at < n && strcmp(rules[at], rule) != 0) at++;
    if (at == n && n < RULES) rules[n++] = rule;
    if (at < n) counts[at]++;
  }
  fputs("left out as impossible:\n", out);
  for (unsigned i = 0; i < n; i++) fprintf(out, "%8u  %s\n", counts[i], rules[i]);
}

void coverage_print(const struct coverage* coverage, unsigned holes, FILE* out) {
  struct coverage_totals totals = coverage_totals(coverage);
  print_table(coverage, out);
  print_rules(coverage, out);
  fprintf(out, "functional coverage: %u of %u points reached", totals.reached, totals.possible);
  if (totals.contradictions) fprintf(out, "; %u reached that a rule calls impossible", totals.contradictions);
  fputc('\n', out);
  unsigned missing = totals.possible - totals.reached + totals.contradictions;
  for (unsigned i = 0; i < COVERAGE_POINTS && holes; i++) {
    struct coverage_point point = point_at(i);
    bool can_be = !coverage_impossible(coverage, &point), was = coverage->count[i] != 0;
    if (can_be == was) continue;
    fputs(can_be ? "  hole: " : "  impossible, and reached: ", out);
    print_point(&point, out);
    fputc('\n', out);
    holes--, missing--;
  }
  if (missing) fprintf(out, "  and %u more\n", missing);
}
