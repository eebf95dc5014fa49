// SPDX-License-Identifier: MIT
#include "fuzz/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/event.h"
#include "fuzz/history.h"
#include "fuzz/rules.h"

// A translation that may be in a TLB.
struct translation {
  uint64_t page, frame;
  unsigned level, shift, pcid;
  struct rules_rights rights;
  bool dirty, global;
};

// A non-leaf entry that may be in a walk cache: which addresses it leads to, the table it points to, the rights so far.
// A walk that has begun below it goes on when the other port's page fault drops it: it is kept until no such walk can
// be under way.
#define STILL_THERE UINT64_MAX
struct pointer {
  uint64_t page, table;
  uint64_t dropped;  // in this cycle; STILL_THERE
  unsigned level, shift, pcid;
  struct rules_rights rights;
};

enum { LEVELS = 5, LOADED = 64, VERDICT = 4096 };

// A part on its way.
struct flight {
  bool busy;
  struct ref part;
  uint64_t accepted;
};

struct judge {
  struct config config;
  struct rules rules;
  struct history* history;
  struct flight flight[PORT_COUNT];
  struct judge_finding last[PORT_COUNT];
  uint64_t walk_begin[PORT_COUNT];  // of the last walk that a port was answered by
  uint64_t horizon;                 // no walk under way began before this cycle

  struct translation* translations;
  size_t n_translations, translations_room;
  struct pointer* pointers;
  size_t n_pointers, pointers_room;

  bool control_busy;
  struct control control;
  uint64_t control_arrived;
  uint64_t loaded_pa[LOADED], loaded[LOADED];  // the last reads since it arrived: PDPTEs may be among them
  unsigned n_loaded;
  uint64_t memory;  // bytes: what is read beyond is a bus error

  bool guilty;
  char verdict[VERDICT];
};

static void* need(void* memory) {
  if (memory) return memory;
  fputs("pagewalk: the host has no memory left for the judge\n", stderr);
  exit(1);
}

struct judge* judge_create(const struct config* config, uint64_t memory) {
  struct judge* judge = need(calloc(1, sizeof *judge));
  judge->config = *config;
  judge->memory = memory;
  judge->history = history_create();
  rules_reset(&judge->rules, config);
  return judge;
}

void judge_destroy(struct judge* judge) {
  if (!judge) return;
  history_destroy(judge->history);
  free(judge->translations);
  free(judge->pointers);
  free(judge);
}

const char* judge_verdict(const struct judge* judge) { return judge->guilty ? judge->verdict : NULL; }

const struct judge_finding* judge_last(const struct judge* judge, enum port port) { return &judge->last[port]; }

static void say(struct judge* judge, const char* format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct judge* judge, const char* format, ...) {
  size_t used = strlen(judge->verdict);
  va_list args;
  va_start(args, format);
  vsnprintf(judge->verdict + used, VERDICT - used, format, args);
  va_end(args);
}

static void condemn(struct judge* judge, uint64_t cycle) {
  judge->guilty = true;
  say(judge, "the judge: in cycle %" PRIu64 ", ", cycle);
}

static void say_part(struct judge* judge, const struct ref* part) {
  static const char* const kinds[] = {"read", "write", "fetch"};
  say(judge, "a %s of %" PRIx64 " (segment %u) by %s%s%s, %s", kinds[part->kind], part->va, part->segment,
      part->flags & REF_USER ? "a user" : "the supervisor", part->flags & REF_IMPLICIT ? ", implicitly" : "",
      part->flags & REF_AC ? ", AC set" : "", paging_mode_name(rules_mode(&judge->rules)));
}

// ---------------------------------------------------------------------------------------------------------------------
// What may be cached

static bool covers(uint64_t page, unsigned shift, uint64_t va) { return page >> shift == va >> shift; }

static bool same_translation(const struct translation* a, const struct translation* b) {
  return a->page == b->page && a->frame == b->frame && a->shift == b->shift && a->pcid == b->pcid &&
         a->rights.writable == b->rights.writable && a->rights.user == b->rights.user &&
         a->rights.no_execute == b->rights.no_execute && a->rights.key == b->rights.key && a->dirty == b->dirty &&
         a->global == b->global;
}

static void keep_translation(struct judge* judge, const struct translation* translation) {
  for (size_t i = 0; i < judge->n_translations; i++)
    if (same_translation(&judge->translations[i], translation)) return;
  if (judge->n_translations == judge->translations_room) {
    judge->translations_room = 2 * judge->translations_room + 64;
    judge->translations = need(realloc(judge->translations, judge->translations_room * sizeof *judge->translations));
  }
  judge->translations[judge->n_translations++] = *translation;
}

static bool same_pointer(const struct pointer* a, const struct pointer* b) {
  return a->page == b->page && a->table == b->table && a->level == b->level && a->pcid == b->pcid &&
         a->rights.writable == b->rights.writable && a->rights.user == b->rights.user &&
         a->rights.no_execute == b->rights.no_execute;
}

static void keep_pointer(struct judge* judge, const struct pointer* pointer) {
  for (size_t i = 0; i < judge->n_pointers; i++) {
    if (!same_pointer(&judge->pointers[i], pointer)) continue;
    judge->pointers[i].dropped = STILL_THERE;
    return;
  }
  if (judge->n_pointers == judge->pointers_room) {
    judge->pointers_room = 2 * judge->pointers_room + 64;
    judge->pointers = need(realloc(judge->pointers, judge->pointers_room * sizeof *judge->pointers));
  }
  judge->pointers[judge->n_pointers++] = *pointer;
}

// A walk that begins in `cycle` can't have found it: the walk caches are looked up in that cycle or, with walk.start 0,
// in the one before.
static bool gone_before(const struct pointer* pointer, uint64_t cycle) {
  return pointer->dropped != STILL_THERE && pointer->dropped + 1 < cycle;
}

// Which entries an operation drops: "What may be cached, and what drops it".
struct drop {
  bool any_pcid, global;  // entries of every PCID; global ones too
  unsigned pcid;          // else of this one
  bool one_address;       // TLB entries: only those that translate `va`
  bool one_pointer;       // walk caches: only those on the way to `va`
  uint64_t va;
};

static void drop(struct judge* judge, uint64_t cycle, const struct drop* d) {
  size_t kept = 0;
  for (size_t i = 0; i < judge->n_translations; i++) {
    const struct translation* t = &judge->translations[i];
    bool named = t->global ? d->global : d->any_pcid || t->pcid == d->pcid;
    if (d->one_address && !covers(t->page, t->shift, d->va)) named = false;
    if (!named) judge->translations[kept++] = *t;
  }
  judge->n_translations = kept;
  kept = 0;
  for (size_t i = 0; i < judge->n_pointers; i++) {
    struct pointer* p = &judge->pointers[i];
    bool named = d->any_pcid || p->pcid == d->pcid;
    if (d->one_pointer && !covers(p->page, p->shift, d->va)) named = false;
    if (named && p->dropped > cycle) p->dropped = cycle;
    if (!gone_before(p, judge->horizon)) judge->pointers[kept++] = *p;
  }
  judge->n_pointers = kept;
}

// ---------------------------------------------------------------------------------------------------------------------
// Walks over the tables as they were

// One way in which a walk can have gone.
struct walk {
  uint64_t first, last;  // the cycles in which it can have read
  uint64_t va;
  unsigned target;  // stop below this level; 1 except for a prefetch's fill of a walk cache
  unsigned steps;   // entries read
  struct {
    uint64_t pa, value;
    struct rules_rights rights;  // with this entry
  } step[LEVELS];
  enum judge_cause cause;  // CAUSE_OK, CAUSE_ABSENT, CAUSE_RESERVED or CAUSE_BUS
  unsigned level;          // of the last entry read
  struct rules_rights rights;
};

typedef bool walk_fn(struct judge* judge, const struct walk* walk, void* ctx);  // true: goes on

static bool walk_table(struct judge* judge, struct walk walk, unsigned level, uint64_t table, walk_fn* fn, void* ctx) {
  const struct rules* rules = &judge->rules;
  enum paging_mode mode = rules_mode(rules);
  unsigned size = rules_entry_size(mode), step = walk.steps++;
  uint64_t pa = rules_entry_at(mode, level, table, walk.va), values[HISTORY_VALUES];
  if (pa + size > judge->memory) {
    walk.cause = CAUSE_BUS;
    walk.level = level;
    walk.step[step].pa = pa;
    return fn(judge, &walk, ctx);
  }
  unsigned count = history_values(judge->history, pa, size, walk.first, walk.last, values);
  struct rules_rights above = walk.rights;
  for (unsigned i = 0; i < count; i++) {
    uint64_t entry = values[i];
    bool leaf = rules_is_leaf(rules, level, entry);
    walk.level = level;
    walk.rights = rules_combine(rules, above, entry, leaf);
    walk.step[step].pa = pa;
    walk.step[step].value = entry;
    walk.step[step].rights = walk.rights;
    walk.cause = CAUSE_OK;
    if (!(entry & RULES_P))
      walk.cause = CAUSE_ABSENT;
    else if (rules_reserved(rules, level, entry))
      walk.cause = CAUSE_RESERVED;
    bool ends = walk.cause != CAUSE_OK || leaf || level == walk.target;
    bool on = ends ? fn(judge, &walk, ctx) : walk_table(judge, walk, level - 1, rules_table(rules, entry), fn, ctx);
    if (!on) return false;
  }
  return true;
}

static bool walk_root(struct judge* judge, struct walk walk, walk_fn* fn, void* ctx) {
  const struct rules* rules = &judge->rules;
  enum paging_mode mode = rules_mode(rules);
  uint64_t top = rules->cr3;
  if (mode == MODE_PAE) {
    top = rules->pdpte[walk.va >> 30 & 3];
    if (!(top & RULES_P)) {
      walk.cause = CAUSE_ABSENT;
      walk.level = 3;
      return fn(judge, &walk, ctx);
    }
  }
  return walk_table(judge, walk, rules_levels(mode), rules_table(rules, top), fn, ctx);
}

// Every way that a walk for `va` can have gone that read in the cycles first..last.
static void every_walk(struct judge* judge, uint64_t va, uint64_t first, uint64_t last, unsigned target, walk_fn* fn,
                       void* ctx) {
  struct walk walk = {.first = first, .last = last, .va = va, .target = target, .rights = rules_all_rights};
  if (!walk_root(judge, walk, fn, ctx)) return;
  for (size_t i = 0; i < judge->n_pointers; i++) {
    const struct pointer* p = &judge->pointers[i];
    if (p->pcid != rules_pcid(&judge->rules) || !covers(p->page, p->shift, va) || p->level <= target ||
        gone_before(p, first))
      continue;
    walk.rights = p->rights;
    if (!walk_table(judge, walk, p->level - 1, p->table, fn, ctx)) return;
  }
}

static bool ends_in_leaf(const struct judge* judge, const struct walk* walk) {
  return walk->cause == CAUSE_OK && rules_is_leaf(&judge->rules, walk->level, walk->step[walk->steps - 1].value);
}

// What the walk says of the access: the fault and error code, or the address.
static void outcome_of(const struct judge* judge, const struct walk* walk, const struct ref* part,
                       struct answer* outcome, enum judge_cause* cause) {
  const struct rules* rules = &judge->rules;
  unsigned error = rules_error_bits(rules, part);
  *outcome = (struct answer){.fault = FAULT_PF, .cr2 = walk->va};
  *cause = walk->cause;
  if (walk->cause == CAUSE_BUS) {
    *outcome = (struct answer){.fault = FAULT_BUS};
    return;
  }
  if (walk->cause == CAUSE_RESERVED) error |= PFEC_P | PFEC_RSVD;
  if (walk->cause == CAUSE_OK) {
    error = rules_denial(rules, walk->rights, part);
    *cause = !error ? CAUSE_OK : error & PFEC_PK ? CAUSE_KEY : CAUSE_RIGHTS;
  }
  outcome->error = (uint8_t)error;
  if (*cause != CAUSE_OK) return;
  uint64_t offset = walk->va & (RULES_BIT(rules_shift(rules_mode(rules), walk->level)) - 1);
  *outcome = (struct answer){.pa = rules_frame(rules, walk->level, walk->step[walk->steps - 1].value) + offset};
}

// The bits that an access must find set, or set, in an entry that it uses.
static uint64_t bits_to_set(const struct walk* walk, unsigned step, const struct ref* part) {
  bool leaf = step + 1 == walk->steps;
  return RULES_A | (leaf && part->kind == ACCESS_WRITE ? RULES_D : 0);
}

static bool held(const struct judge* judge, const struct walk* walk, uint64_t pa, uint64_t value) {
  uint64_t values[HISTORY_VALUES];
  unsigned size = rules_entry_size(rules_mode(&judge->rules));
  unsigned count = history_values(judge->history, pa, size, walk->first, walk->last, values);
  for (unsigned i = 0; i < count; i++)
    if (values[i] == value) return true;
  return false;
}

// Index of an entry in which A or D should have been set and never was, -1 if there is none.
static int entry_not_marked(const struct judge* judge, const struct walk* walk, const struct ref* part) {
  for (unsigned i = 0; i < walk->steps; i++)
    if (!held(judge, walk, walk->step[i].pa, walk->step[i].value | bits_to_set(walk, i, part))) return (int)i;
  return -1;
}

// --- into the caches

static bool has_walk_cache(const struct judge* judge, unsigned level) {
  const struct config* c = &judge->config;
  switch (level) {
    case 2:
      return c->psc.pde;
    case 3:
      return c->psc.pdpte;
    case 4:
      return c->psc.pml4e;
    case 5:
      return c->psc.pml5e;
    default:
      return false;
  }
}

static void keep_pointers(struct judge* judge, const struct walk* walk) {
  const struct rules* rules = &judge->rules;
  for (unsigned i = 0; i < walk->steps; i++) {
    unsigned level = walk->level + walk->steps - 1 - i, shift = rules_shift(rules_mode(rules), level);
    if (rules_is_leaf(rules, level, walk->step[i].value) || !has_walk_cache(judge, level)) continue;
    struct pointer pointer = {.page = walk->va >> shift << shift,
                              .table = rules_table(rules, walk->step[i].value),
                              .dropped = STILL_THERE,
                              .level = level,
                              .shift = shift,
                              .pcid = rules_pcid(rules),
                              .rights = walk->step[i].rights};
    keep_pointer(judge, &pointer);
  }
}

static void keep_leaf(struct judge* judge, const struct walk* walk, uint64_t set) {
  const struct rules* rules = &judge->rules;
  uint64_t leaf = walk->step[walk->steps - 1].value | set;
  unsigned shift = rules_shift(rules_mode(rules), walk->level);
  struct translation translation = {.page = walk->va >> shift << shift,
                                    .frame = rules_frame(rules, walk->level, leaf),
                                    .level = walk->level,
                                    .shift = shift,
                                    .pcid = rules_pcid(rules),
                                    .rights = walk->rights,
                                    .dirty = leaf & RULES_D,
                                    .global = (leaf & RULES_G) && (rules->cr4 & RULES_BIT(7))};
  keep_translation(judge, &translation);
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

void judge_wrote(struct judge* judge, uint64_t cycle, uint64_t pa, uint64_t value) {
  history_wrote(judge->history, cycle, pa, value, false);
}

void judge_read(struct judge* judge, uint64_t cycle, uint64_t pa, unsigned size, uint64_t value) {
  (void)cycle, (void)size;
  if (!judge->control_busy) return;
  unsigned i = judge->n_loaded++ % LOADED;
  judge->loaded_pa[i] = pa;
  judge->loaded[i] = value;
}

struct swap {
  uint64_t pa, expected, desired;
  const struct ref* part;
  bool justified;
};

static bool justifies(struct judge* judge, const struct walk* walk, void* ctx) {
  struct swap* swap = ctx;
  if (!ends_in_leaf(judge, walk) || rules_denial(&judge->rules, walk->rights, swap->part)) return true;
  for (unsigned i = 0; i < walk->steps; i++) {
    if (walk->step[i].pa != swap->pa || walk->step[i].value != swap->expected) continue;
    if (swap->desired == (swap->expected | bits_to_set(walk, i, swap->part))) swap->justified = true;
  }
  return !swap->justified;
}

void judge_swapped(struct judge* judge, uint64_t cycle, uint64_t pa, unsigned size, uint64_t expected,
                   uint64_t desired) {
  if (judge->guilty) return;
  struct swap swap = {.pa = pa, .expected = expected, .desired = desired};
  for (int port = 0; port < PORT_COUNT && !swap.justified; port++) {
    const struct flight* flight = &judge->flight[port];
    if (!flight->busy || rules_mode(&judge->rules) == MODE_NONE) continue;
    swap.part = &flight->part;
    every_walk(judge, rules_linear(&judge->rules, &flight->part), flight->accepted, cycle, 1, justifies, &swap);
  }
  if (expected != history_value(judge->history, pa, size)) swap.justified = false;
  if (!swap.justified || size != rules_entry_size(rules_mode(&judge->rules))) {
    condemn(judge, cycle);
    say(judge,
        "the walker wrote %" PRIx64 " over %" PRIx64 " at %" PRIx64
        ", %u bytes: no access in flight that is allowed uses this entry and sets these bits in it\n",
        desired, expected, pa, size);
    return;
  }
  uint64_t word = history_value(judge->history, pa & ~UINT64_C(7), 8);
  uint64_t changed = (expected ^ desired) << (size == 4 && (pa & 4) ? 32 : 0);
  history_wrote(judge->history, cycle, pa & ~UINT64_C(7), word ^ changed, true);
}

// ---------------------------------------------------------------------------------------------------------------------
// Answers

struct trial {
  enum port port;
  const struct answer* answer;
  struct answer outcome;
  bool allowed, unmarked, by_walk;
  unsigned first_level;  // of the entries that its walk is likely to have read
  uint64_t unmarked_pa;
  enum judge_cause cause;
  unsigned level;
  // the alternatives, for the verdict
  unsigned seen;
  char alternatives[1024];
};

static bool same_outcome(const struct answer* a, const struct answer* b) {
  return a->fault == b->fault && a->error == b->error && a->cr2 == b->cr2 && a->pa == b->pa;
}

static void note_alternative(struct trial* trial, const struct answer* outcome) {
  size_t used = strlen(trial->alternatives), room = sizeof trial->alternatives - used;
  if (trial->seen++ >= 6) return;
  char* to = trial->alternatives + used;
  if (outcome->fault == FAULT_PF)
    snprintf(to, room, "%spf err=%x cr2=%" PRIx64, used ? ", " : "", outcome->error, outcome->cr2);
  else if (outcome->fault == FAULT_GP || outcome->fault == FAULT_BUS)
    snprintf(to, room, "%s%s", used ? ", " : "", outcome->fault == FAULT_GP ? "gp" : "bus");
  else
    snprintf(to, room, "%sok pa=%" PRIx64, used ? ", " : "", outcome->pa);
}

static void try_outcome(struct trial* trial, const struct answer* outcome, enum judge_cause cause, unsigned level) {
  if (!same_outcome(outcome, trial->answer)) {
    note_alternative(trial, outcome);
    return;
  }
  trial->allowed = true;
  trial->cause = cause;
  trial->level = level;
}

static bool try_walk(struct judge* judge, const struct walk* walk, void* ctx) {
  struct trial* trial = ctx;
  const struct ref* part = &judge->flight[trial->port].part;
  struct answer outcome;
  enum judge_cause cause;
  outcome_of(judge, walk, part, &outcome, &cause);
  if (!same_outcome(&outcome, trial->answer)) {
    note_alternative(trial, &outcome);
    return true;
  }
  int unmarked = cause == CAUSE_OK ? entry_not_marked(judge, walk, part) : -1;
  if (unmarked >= 0) {
    trial->unmarked = true;
    trial->unmarked_pa = walk->step[unmarked].pa;
    return true;
  }
  bool likely = walk->steps == 0 || walk->level + walk->steps - 1 == trial->first_level;
  if (likely || !trial->by_walk) try_outcome(trial, &outcome, cause, walk->level);
  trial->by_walk = true;
  return !likely;
}

static void try_translations(struct judge* judge, struct trial* trial, uint64_t va) {
  const struct ref* part = &judge->flight[trial->port].part;
  for (size_t i = 0; i < judge->n_translations && !trial->allowed; i++) {
    const struct translation* t = &judge->translations[i];
    if (!covers(t->page, t->shift, va)) continue;
    if (!t->global && t->pcid != rules_pcid(&judge->rules)) continue;
    unsigned error = rules_denial(&judge->rules, t->rights, part);
    struct answer outcome = {.fault = FAULT_PF, .error = (uint8_t)error, .cr2 = va};
    if (!error) outcome = (struct answer){.pa = t->frame + (va - t->page)};
    if (!error && part->kind == ACCESS_WRITE && !t->dirty) continue;  // it has to walk
    try_outcome(trial, &outcome, !error ? CAUSE_OK : error & PFEC_PK ? CAUSE_KEY : CAUSE_RIGHTS, t->level);
  }
}

// The first cycle in which the answer's walk can have read.
static uint64_t begin_of(const struct judge* judge, enum port port, const struct answer* answer, uint64_t cycle) {
  uint64_t accepted = judge->flight[port].accepted, length = (uint64_t)answer->walk + answer->ad_update;
  uint64_t begin = length ? cycle + 1 - length : cycle;
  return begin < accepted ? accepted : begin;
}

static void refuse_answer(struct judge* judge, const struct trial* trial, uint64_t cycle, const char* rule) {
  char text[256];
  condemn(judge, cycle);
  say_part(judge, &judge->flight[trial->port].part);
  say(judge, ", accepted in cycle %" PRIu64 ", was answered %s: %s\n", judge->flight[trial->port].accepted,
      answer_text(trial->answer, text, sizeof text), rule);
  if (trial->unmarked) say(judge, "  A or D was not set in the entry at %" PRIx64 "\n", trial->unmarked_pa);
  say(judge, "  allowed: %s\n", trial->seen ? trial->alternatives : "nothing of the kind");
}

// Everything that decides before paging does: then there is exactly one right answer. False if paging decides.
static bool decided_early(struct judge* judge, struct trial* trial, uint64_t cycle) {
  const struct rules* rules = &judge->rules;
  const struct ref* part = &judge->flight[trial->port].part;
  const struct answer* answer = trial->answer;
  uint64_t linear = rules_linear(rules, part);
  bool off = rules_mode(rules) == MODE_NONE;
  struct answer outcome = {.fault = FAULT_GP, .path = off ? PATH_OFF : PATH_L1};
  if (rules_segment_allows(rules, part) && rules_canonical(rules, linear)) {
    if (!off) return false;
    outcome = (struct answer){.pa = linear};
  }
  try_outcome(trial, &outcome, outcome.fault == FAULT_GP ? CAUSE_GP : CAUSE_OK, 0);
  if (!trial->allowed || answer->path != outcome.path)
    refuse_answer(judge, trial, cycle, "segments, canonical addresses and paging off leave one answer");
  return true;
}

static const char* paged_answer(struct judge* judge, struct trial* trial, uint64_t cycle, uint64_t begin) {
  const struct answer* answer = trial->answer;
  const struct ref* part = &judge->flight[trial->port].part;
  uint64_t va = rules_linear(&judge->rules, part);
  bool hit = answer->path == PATH_L1 || answer->path == PATH_STLB, walked = answer->reads || answer->walk;
  if (answer->fault == FAULT_GP) return "neither its segment nor its address is at fault";
  if (answer->path == PATH_OFF) return "paging is on";
  if (answer->merged && part->kind == ACCESS_WRITE) return "writes walk for themselves";
  if (hit && !walked && !answer->ad_update) {
    try_translations(judge, trial, va);
    // A write to a clean entry walks, and can be over before it has read anything: at an absent PDPTE register.
    bool may_walk = part->kind == ACCESS_WRITE && rules_mode(&judge->rules) == MODE_PAE && answer->fault == FAULT_PF;
    if (!may_walk || trial->allowed) return "no entry that may still be in a TLB says so";
  }
  every_walk(judge, va, begin, cycle, 1, try_walk, trial);
  return "no walk over the tables as they were meanwhile says so";
}

// --- what an answer leaves behind

static bool keep_walk(struct judge* judge, const struct walk* walk, void* ctx) {
  struct trial* trial = ctx;
  const struct ref* part = &judge->flight[trial->port].part;
  struct answer outcome;
  enum judge_cause cause;
  if (!ends_in_leaf(judge, walk)) return true;
  outcome_of(judge, walk, part, &outcome, &cause);
  if (!same_outcome(&outcome, trial->answer) || entry_not_marked(judge, walk, part) >= 0) return true;
  keep_leaf(judge, walk, bits_to_set(walk, walk->steps - 1, part));
  keep_pointers(judge, walk);
  return true;
}

static void fill(struct judge* judge, struct trial* trial, uint64_t begin, uint64_t cycle) {
  bool walked = trial->answer->path == PATH_WALK || trial->answer->reads || trial->answer->walk;
  bool suppressed = judge->control_busy && judge->control_arrived >= begin && judge->control_arrived <= cycle;
  if (trial->answer->fault != FAULT_NONE || !walked || suppressed) return;
  every_walk(judge, rules_linear(&judge->rules, &judge->flight[trial->port].part), begin, cycle, 1, keep_walk, trial);
}

static void find(struct judge* judge, const struct trial* trial, uint64_t cycle) {
  const struct flight* flight = &judge->flight[trial->port];
  judge->last[trial->port] =
      (struct judge_finding){.mode = rules_mode(&judge->rules),
                             .part = flight->part,
                             .cause = trial->cause,
                             .level = trial->level,
                             .from_walk = trial->by_walk,
                             .under_control = judge->control_busy && judge->control_arrived >= flight->accepted &&
                                              judge->control_arrived <= cycle};
}

static void examine(struct judge* judge, struct trial* trial, uint64_t cycle, uint64_t begin) {
  if (!judge->flight[trial->port].busy) {
    condemn(judge, cycle);
    say(judge, "the %s port answered though nothing was asked\n", port_name(trial->port));
    return;
  }
  if (decided_early(judge, trial, cycle)) return;
  const char* rule = paged_answer(judge, trial, cycle, begin);
  if (!trial->allowed) refuse_answer(judge, trial, cycle, rule);
}

void judge_answered(struct judge* judge, uint64_t cycle, const struct answer* const answer[PORT_COUNT],
                    const unsigned psc_level[PORT_COUNT]) {
  struct trial trials[PORT_COUNT];
  uint64_t begin[PORT_COUNT];
  if (judge->guilty || (!answer[0] && !answer[1])) return;
  for (int port = 0; port < PORT_COUNT; port++) {
    unsigned first_level = psc_level[port] ? psc_level[port] - 1 : rules_levels(rules_mode(&judge->rules));
    trials[port] = (struct trial){.port = (enum port)port, .answer = answer[port], .first_level = first_level};
    if (answer[port]) begin[port] = begin_of(judge, (enum port)port, answer[port], cycle);
  }
  for (int port = 0; port < PORT_COUNT; port++) {
    if (!answer[port]) continue;
    if (answer[port]->merged && answer[!port]) begin[port] = begin[!port];
    examine(judge, &trials[port], cycle, begin[port]);
    if (judge->guilty) return;
    find(judge, &trials[port], cycle);
  }
  for (int port = 0; port < PORT_COUNT; port++) {
    if (!answer[port]) continue;
    if (trials[port].cause != CAUSE_GP) fill(judge, &trials[port], begin[port], cycle);
    if (judge->last[port].from_walk) judge->walk_begin[port] = begin[port];
  }
  for (int port = 0; port < PORT_COUNT; port++) {
    if (!answer[port]) continue;
    judge->flight[port].busy = false;
    struct drop fault = {.global = true,
                         .pcid = rules_pcid(&judge->rules),
                         .one_address = true,
                         .one_pointer = true,
                         .va = rules_linear(&judge->rules, &judge->flight[port].part)};
    if (answer[port]->fault == FAULT_PF) drop(judge, cycle, &fault);
  }
}

void judge_accepted(struct judge* judge, uint64_t cycle, enum port port, const struct ref* part) {
  if (judge->guilty) return;
  if (judge->flight[port].busy || judge->control_busy) {
    condemn(judge, cycle);
    say(judge, "the %s port accepted a part %s\n", port_name(port),
        judge->flight[port].busy ? "before it had answered the one before" : "during a control operation");
    return;
  }
  judge->flight[port] = (struct flight){.busy = true, .part = *part, .accepted = cycle};
  uint64_t horizon = cycle;
  for (int other = 0; other < PORT_COUNT; other++) {
    if (judge->flight[other].busy && judge->flight[other].accepted < horizon) horizon = judge->flight[other].accepted;
    if (judge->config.prefetch != PREFETCH_NONE && judge->walk_begin[other] < horizon)
      horizon = judge->walk_begin[other];
  }
  judge->horizon = horizon;
  history_forget(judge->history, horizon);
}

void judge_waited(struct judge* judge, uint64_t cycle) {
  if (judge->guilty) return;
  for (int port = 0; port < PORT_COUNT; port++) {
    const struct flight* flight = &judge->flight[port];
    if (!flight->busy || cycle - flight->accepted < JUDGE_PATIENCE) continue;
    condemn(judge, cycle);
    say_part(judge, &flight->part);
    say(judge, ", accepted in cycle %" PRIu64 ", has not been answered\n", flight->accepted);
    return;
  }
  if (!judge->control_busy || cycle - judge->control_arrived < JUDGE_PATIENCE) return;
  condemn(judge, cycle);
  say(judge, "the control operation %s that arrived in cycle %" PRIu64 " is not over\n",
      control_op_name(judge->control.op), judge->control_arrived);
}

// ---------------------------------------------------------------------------------------------------------------------
// Prefetches

struct prefetched {
  bool pointers_only, found;
};

// It goes as a supervisor's read for which every right is given, and ends without a trace where A is clear.
static bool keep_prefetch(struct judge* judge, const struct walk* walk, void* ctx) {
  struct prefetched* prefetch = ctx;
  if (walk->cause != CAUSE_OK) return true;
  for (unsigned i = 0; i < walk->steps; i++)
    if (!(walk->step[i].value & RULES_A)) return true;
  prefetch->found = true;
  if (!prefetch->pointers_only && ends_in_leaf(judge, walk)) keep_leaf(judge, walk, 0);
  keep_pointers(judge, walk);
  return true;
}

void judge_prefetched(struct judge* judge, uint64_t cycle, enum port port, enum tlb_array array, uint64_t va) {
  if (judge->guilty) return;
  struct prefetched prefetch = {.pointers_only = array >= ARRAY_PSC_PDE};
  unsigned target = prefetch.pointers_only ? 2 + (unsigned)(array - ARRAY_PSC_PDE) : 1;
  every_walk(judge, va, judge->walk_begin[port], cycle, target, keep_prefetch, &prefetch);
  if (prefetch.found) return;
  condemn(judge, cycle);
  say(judge, "a prefetch for the %s port filled %s with %" PRIx64 ", which is not there with A set in every entry\n",
      port_name(port), tlb_array_name(array), va);
}

// ---------------------------------------------------------------------------------------------------------------------
// Control operations

void judge_control_arrived(struct judge* judge, uint64_t cycle, const struct control* control) {
  judge->control_busy = true;
  judge->control = *control;
  judge->control_arrived = cycle;
  judge->n_loaded = 0;
}

// The last value that was read there since the operation arrived.
static bool loaded(const struct judge* judge, uint64_t pa, uint64_t* value) {
  unsigned kept = judge->n_loaded < LOADED ? judge->n_loaded : LOADED;
  for (unsigned i = 1; i <= kept; i++) {
    unsigned at = (judge->n_loaded - i) % LOADED;
    if (judge->loaded_pa[at] != pa) continue;
    *value = judge->loaded[at];
    return true;
  }
  return false;
}

static const struct drop everything = {.any_pcid = true, .global = true};

static void drop_for_cr3(struct judge* judge, uint64_t cycle, uint64_t value) {
  if (!rules_pcide(&judge->rules))
    drop(judge, cycle, &(struct drop){.any_pcid = true});
  else if (!(value >> 63))
    drop(judge, cycle, &(struct drop){.pcid = value & 0xfff});
}

static void drop_for_invpcid(struct judge* judge, uint64_t cycle, const struct control* c) {
  uint64_t va = rules_operand(&judge->rules, c->value);
  struct drop what = {.pcid = (unsigned)c->pcid, .one_address = c->type == 0, .va = va};
  if (c->type >= 2) what = (struct drop){.any_pcid = true, .global = c->type == 2};
  drop(judge, cycle, &what);
}

// `before`: the registers before the write.
static void drop_for(struct judge* judge, uint64_t cycle, const struct rules* before, const struct control* control) {
  const struct rules* now = &judge->rules;
  const struct drop current = {.global = true, .pcid = rules_pcid(before)};
  uint64_t cr4 = before->cr4 ^ now->cr4, va = rules_operand(now, control->value);
  switch (control->op) {
    case CONTROL_CR0:
      if (rules_mode(before) != MODE_NONE && rules_mode(now) == MODE_NONE) drop(judge, cycle, &everything);
      break;
    case CONTROL_CR3:
      drop_for_cr3(judge, cycle, control->value);
      break;
    case CONTROL_CR4:
      if ((cr4 & RULES_BIT(7)) || (rules_pcide(before) && !rules_pcide(now)))  // PGE; PCIDE 1 -> 0
        drop(judge, cycle, &everything);
      else if ((cr4 & (RULES_BIT(4) | RULES_BIT(5))) || (now->cr4 & cr4 & RULES_BIT(20)))  // PSE, PAE; SMEP 0 -> 1
        drop(judge, cycle, &current);
      break;
    case CONTROL_EFER:
      if ((before->efer ^ now->efer) & RULES_BIT(11)) drop(judge, cycle, &current);  // NXE
      break;
    case CONTROL_INVLPG:
      if (rules_canonical(now, va))
        drop(judge, cycle, &(struct drop){.global = true, .pcid = rules_pcid(now), .one_address = true, .va = va});
      break;
    case CONTROL_INVPCID:
      drop_for_invpcid(judge, cycle, control);
      break;
    default:
      break;
  }
}

void judge_control_done(struct judge* judge, uint64_t cycle, bool gp) {
  if (judge->guilty) return;
  uint64_t base, pdpte[4] = {0};
  const struct control* control = &judge->control;
  bool loads = rules_loads_pdptes(&judge->rules, control, &base), refused = rules_refuses(&judge->rules, control);
  bool broken = loads && base + 32 > judge->memory;
  judge->control_busy = false;
  for (unsigned i = 0; loads && !broken && i < 4; i++) {
    if (loaded(judge, base + 8 * i, &pdpte[i])) continue;
    condemn(judge, cycle);
    say(judge, "a write of %s had to load the PDPTE at %" PRIx64 ", which was not read\n", control_op_name(control->op),
        base + 8 * i);
    return;
  }
  if (loads) refused = broken || rules_refuses_pdptes(&judge->rules, pdpte);
  if (refused != gp) {
    condemn(judge, cycle);
    say(judge, "%s of %" PRIx64 "%s %s\n", control_op_name(control->op), control->value,
        control->user ? " from user mode" : "", gp ? "was refused, which is legal" : "was accepted and had to be #GP");
  }
  if (judge->guilty || refused) return;
  struct rules before = judge->rules;
  rules_apply(&judge->rules, control, loads ? pdpte : NULL);
  drop_for(judge, cycle, &before, control);
}

void judge_registers(struct judge* judge, const uint64_t registers[5], const uint64_t pdptes[4]) {
  const struct rules* r = &judge->rules;
  const uint64_t lma = RULES_BIT(10), right[5] = {r->cr0, r->cr3, r->cr4, r->efer, r->pkru};
  if (judge->guilty) return;
  for (int i = 0; i < 5; i++) {
    uint64_t got = i == CONTROL_EFER ? registers[i] & ~lma : registers[i];
    if (got == right[i]) continue;
    condemn(judge, judge->control_arrived);
    say(judge, "after the control operation that arrived then, %s is %" PRIx64 " and has to be %" PRIx64 "\n",
        control_op_name((enum control_op)i), got, right[i]);
    return;
  }
  for (int i = 0; i < 4; i++) {
    if (pdptes[i] == r->pdpte[i]) continue;
    condemn(judge, judge->control_arrived);
    say(judge, "after the control operation that arrived then, PDPTE %d is %" PRIx64 " and has to be %" PRIx64 "\n", i,
        pdptes[i], r->pdpte[i]);
    return;
  }
}
