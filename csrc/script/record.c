// SPDX-License-Identifier: MIT
#include "script/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "engine/wrap.h"
#include "fuzz/rules.h"
#include "script/x86_replay.h"

const char* const record_reasons[RECORD_REASONS] = {
    "written",
    "like one that is written (same page, kind of access, registers and entries)",
    "with paging off",
    "implicit, which the format has no word for",
    "refused by a segment, which the format has no word for",
    "ended in a bus error, which the format has no word for",
    "answered by what a TLB still held, or while others wrote the entries",
};

// The cases' bench, and what was written: a set of hashes, open addressing, 0 = free.
struct inside {
  struct config config;
  struct bench bench;
  uint64_t* seen;
  size_t seen_room, seen_count;
};

// ---------------------------------------------------------------------------------------------------------------------
// A file

static bool open_inside(struct record* record, const struct config* config, struct error* err) {
  struct config replays;
  struct inside* inside = calloc(1, sizeof *inside);
  record->inside = inside;
  if (!inside) return error_set(err, "out of memory");
  inside->config = *config;
  config_default(&replays);
  replays.maxphyaddr = X86_CASE_MAXPHYADDR;
  return bench_open(&inside->bench, ENGINE_MODEL, &replays, err);
}

bool record_machine_fits(const struct config* config, struct error* err) {
  if (config->maxphyaddr == X86_CASE_MAXPHYADDR) return true;
  return error_set(err, "maxphyaddr: case files are of machines with %d bits of physical address, not %u: set it to %d",
                   X86_CASE_MAXPHYADDR, config->maxphyaddr, X86_CASE_MAXPHYADDR);
}

bool record_begin(struct record* record, FILE* out, const struct config* config, const char* what, const char* engine,
                  struct error* err) {
  if (!record_machine_fits(config, err)) return false;
  *record = (struct record){.out = out};
  if (!open_inside(record, config, err)) {
    record_end(record);
    return false;
  }
  fprintf(out,
          "# kind: x86\n"
          "# recorded by pagewalk " PAGEWALK_VERSION
          ", engine %s, from %s\n"
          "# What the fields mean: tests/cases/x86/FORMAT.md. MAXPHYADDR = %d; memory that is not listed reads as 0.\n",
          engine, what, X86_CASE_MAXPHYADDR);
  return true;
}

void record_end(struct record* record) {
  struct inside* inside = record->inside;
  if (!inside) return;
  if (inside->bench.engine) bench_close(&inside->bench);
  free(inside->seen);
  free(inside);
  record->inside = NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// What was written already

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

// Of all that decides on a case but the offset in the page.
static uint64_t hash_of(const struct x86_case* c) {
  const uint64_t words[] = {c->mode, c->cr0,          c->cr3,      c->cr4,      c->efer,
                            c->pkru, c->ref.va >> 12, c->ref.kind, c->ref.flags};
  uint64_t hash = 1;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) hash = mix(hash, words[i]);
  for (unsigned i = 0; i < c->entries; i++) hash = mix(mix(hash, c->entry[i].pa), c->entry[i].before);
  return hash ? hash : 1;
}

// The place of the hash in the set, or the free one where it belongs. NULL when there is no memory for a set.
static uint64_t* place_of(struct inside* inside, uint64_t hash) {
  if (2 * inside->seen_count >= inside->seen_room) {
    size_t old_room = inside->seen_room;
    uint64_t* old = inside->seen;
    uint64_t* seen = calloc(old_room ? 2 * old_room : 1024, sizeof *seen);
    if (!seen) return NULL;
    inside->seen = seen;
    inside->seen_room = old_room ? 2 * old_room : 1024;
    for (size_t i = 0; i < old_room; i++)
      if (old[i]) *place_of(inside, old[i]) = old[i];
    free(old);
  }
  size_t at = hash % inside->seen_room;
  while (inside->seen[at] && inside->seen[at] != hash) at = (at + 1) % inside->seen_room;
  return &inside->seen[at];
}

// ---------------------------------------------------------------------------------------------------------------------
// A case

// The entries that a walk from the root meets in memory as it is.
static void find_entries(struct x86_case* c, const struct rules* rules, const struct ram* ram, unsigned* level) {
  uint64_t va = c->ref.va;
  unsigned size = x86_case_entry_size(c);
  *level = rules_levels(c->mode);
  uint64_t table = c->cr3 & ~UINT64_C(4095) & ((UINT64_C(1) << X86_CASE_MAXPHYADDR) - 1);
  if (c->mode == MODE_32BIT || c->mode == MODE_PAE) table &= UINT32_MAX;
  if (c->mode == MODE_PAE) {
    table |= c->cr3 & 0xfe0;
    uint64_t pdpte = rules->pdpte[va >> 30 & 3];
    c->entry[c->entries].pa = table + 8 * (va >> 30 & 3);
    c->entry[c->entries++].before = pdpte;
    if (!(pdpte & RULES_P)) {
      *level = 3;
      return;
    }
    table = rules_table(rules, pdpte);
  }
  for (;; --*level) {
    uint64_t pa = rules_entry_at(c->mode, *level, table, va), entry;
    if (pa > ram_bytes(ram) - size) return;  // a bus error
    entry = ram_read_word(ram, pa, size);
    c->entry[c->entries].pa = pa;
    c->entry[c->entries++].before = entry;
    if (!(entry & RULES_P) || rules_reserved(rules, *level, entry) || rules_is_leaf(rules, *level, entry)) return;
    table = rules_table(rules, entry);
  }
}

static bool an_entry_is_met_twice(const struct x86_case* c) {
  for (unsigned i = 0; i < c->entries; i++)
    for (unsigned k = 0; k < i; k++)
      if (c->entry[i].pa == c->entry[k].pa) return true;
  return false;
}

// Processors differ in whether a walk that ends in a fault leaves A set in the entries above.
static void allow_accessed(struct x86_case* c) {
  if (an_entry_is_met_twice(c)) return;
  for (unsigned i = c->mode == MODE_PAE; i + 1 < c->entries; i++) {
    if (c->entry[i].after & RULES_A) continue;
    c->entry[i].after |= RULES_A;
    c->a_optional |= UINT64_C(1) << i;
  }
}

static void complete(struct x86_case* c, const struct ram* ram, unsigned level, const struct answer* answer) {
  for (unsigned i = 0; i < c->entries; i++) {
    bool in_register = c->mode == MODE_PAE && i == 0;
    c->entry[i].after = in_register ? c->entry[i].before : ram_read_word(ram, c->entry[i].pa, x86_case_entry_size(c));
  }
  switch (answer->fault) {
    case FAULT_NONE:
      c->result = X86_OK;
      c->pa = answer->pa;
      c->page_shift = rules_shift(c->mode, level);
      return;
    case FAULT_PF:
      c->result = X86_PF;
      c->error = answer->error;
      c->cr2 = answer->cr2;
      allow_accessed(c);
      return;
    default:
      c->result = X86_GP;
      c->entries = 0;
  }
}

static void write_case(struct record* record, struct x86_case* c) {
  struct inside* inside = record->inside;
  struct error mismatch;
  uint64_t* seen = place_of(inside, hash_of(c));
  enum record_reason reason = RECORD_WRITTEN;
  if (seen && *seen)
    reason = RECORD_REPEATED;
  else if (!x86_case_replay(c, &inside->bench, &mismatch))
    reason = RECORD_CACHED;
  record->count[reason]++;
  if (reason != RECORD_WRITTEN) return;
  if (seen) {
    *seen = hash_of(c);
    inside->seen_count++;
  }
  snprintf(c->id, sizeof c->id, "rec-%" PRIx64, record->count[RECORD_WRITTEN]);
  x86_case_write(c, record->out);
}

// ---------------------------------------------------------------------------------------------------------------------
// The engine

struct recorder {
  struct record* record;
  struct engine* inner;
  struct ram* ram;
  struct rules rules;
  struct control control;
  struct pending {
    enum record_reason reason;
    struct x86_case c;
    unsigned level;  // of the last entry
  } pending[PORT_COUNT];
};

static void copy_registers(struct recorder* r) {
  uint64_t registers[5], pdptes[4];
  engine_registers(r->inner, registers, pdptes);
  r->rules.cr0 = registers[CONTROL_CR0];
  r->rules.cr3 = registers[CONTROL_CR3];
  r->rules.cr4 = registers[CONTROL_CR4];
  r->rules.efer = registers[CONTROL_EFER];
  r->rules.pkru = registers[CONTROL_PKRU];
  memcpy(r->rules.pdpte, pdptes, sizeof pdptes);
}

enum { CR4_PCIDE = 17, CR4_PKE = 22 };

// A part was accepted: all that is known before its answer.
static void begin_case(struct recorder* r, const struct ref* part, struct pending* pending) {
  const struct rules* rules = &r->rules;
  *pending = (struct pending){.reason = RECORD_WRITTEN};
  struct x86_case* c = &pending->c;
  c->mode = rules_mode(rules);
  if (c->mode == MODE_NONE)
    pending->reason = RECORD_OFF;
  else if (part->flags & REF_IMPLICIT)
    pending->reason = RECORD_IMPLICIT;
  else if (!rules_segment_allows(rules, part))
    pending->reason = RECORD_SEGMENT;
  if (pending->reason != RECORD_WRITTEN) return;
  c->cr0 = rules->cr0;
  c->cr3 = rules->cr3;
  c->cr4 = rules->cr4 & ~RULES_BIT(CR4_PCIDE);  // changes no translation; the format begins with empty TLBs
  c->efer = rules->efer;
  c->pkru = rules->cr4 & RULES_BIT(CR4_PKE) ? rules->pkru : 0;
  c->ref = (struct ref){.va = rules_linear(rules, part), .size = 1, .kind = part->kind, .flags = part->flags};
  if (rules_canonical(rules, c->ref.va)) find_entries(c, rules, r->ram, &pending->level);
}

static void end_case(struct recorder* r, const struct answer* answer, struct pending* pending) {
  if (pending->reason == RECORD_WRITTEN && answer->fault == FAULT_BUS) pending->reason = RECORD_BUS;
  if (pending->reason != RECORD_WRITTEN) {
    r->record->count[pending->reason]++;
    return;
  }
  complete(&pending->c, r->ram, pending->level, answer);
  write_case(r->record, &pending->c);
}

// What is known before the cycle in which a part is accepted is what counts.
static void before(void* ctx, uint64_t now, const struct tick_in* in) {
  struct recorder* r = ctx;
  (void)now;
  if (in->control) r->control = *in->control;
  for (int port = 0; port < PORT_COUNT; port++)
    if (in->part[port]) begin_case(r, in->part[port], &r->pending[port]);
}

static void after(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct recorder* r = ctx;
  (void)now;
  (void)in;
  if (!engine_agrees(r->inner, NULL)) return;
  for (int port = 0; port < PORT_COUNT; port++)
    if (out->answered[port]) end_case(r, &out->answer[port], &r->pending[port]);
  if (!out->control_done) return;
  copy_registers(r);
  if (r->control.op == CONTROL_SEGMENT && !out->control_gp)
    r->rules.segment[r->control.index & (SEGMENT_COUNT - 1)] = r->control.segment;
}

static const struct wrap_hooks hooks = {.before = before, .after = after, .destroy = free};

struct engine* record_engine(struct record* record, struct engine* inner, struct ram* ram, struct error* err) {
  struct recorder* r = calloc(1, sizeof *r);
  if (!r) {
    engine_destroy(inner);
    error_set(err, "out of memory");
    return NULL;
  }
  *r = (struct recorder){.record = record, .inner = inner, .ram = ram};
  rules_reset(&r->rules, &((struct inside*)record->inside)->config);
  copy_registers(r);
  struct engine* engine = wrap_engine(inner, &hooks, r, err);
  if (!engine) free(r);
  return engine;
}
