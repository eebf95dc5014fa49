// SPDX-License-Identifier: MIT
#include "fuzz/sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/judged.h"
#include "fuzz/rules.h"

const char* const sweep_way_names[SWEEP_WAYS] = {"cold", "L1 hit", "second-level hit", "through a walk cache"};

// ---------------------------------------------------------------------------------------------------------------------
// The space: areas, each a product of dimensions

// What is mapped how: a leaf at level `leaf`; the other entry that has all its bits tried is at level `upper`, above it
// (0: there is none in memory). All entries in between and above give every right.
struct area {
  enum paging_mode mode;
  unsigned leaf, upper;
};
static const struct area areas[] = {{MODE_32BIT, 1, 2},  {MODE_32BIT, 2, 0},  {MODE_PAE, 1, 2},    {MODE_PAE, 2, 0},
                                    {MODE_4LEVEL, 1, 2}, {MODE_4LEVEL, 1, 3}, {MODE_4LEVEL, 1, 4}, {MODE_4LEVEL, 2, 3},
                                    {MODE_4LEVEL, 2, 4}, {MODE_4LEVEL, 3, 4}, {MODE_5LEVEL, 1, 2}, {MODE_5LEVEL, 1, 3},
                                    {MODE_5LEVEL, 1, 4}, {MODE_5LEVEL, 1, 5}, {MODE_5LEVEL, 2, 3}, {MODE_5LEVEL, 2, 4},
                                    {MODE_5LEVEL, 2, 5}, {MODE_5LEVEL, 3, 4}, {MODE_5LEVEL, 3, 5}};
enum { AREAS = sizeof areas / sizeof *areas };

// Control bits vary slowest, so that few registers are written.
enum dimension {
  D_WHO,     // supervisor, user, implicit; with AC and without
  D_KIND,    // read, write, fetch
  D_LEAF_P,  // bits of the leaf
  D_LEAF_W,
  D_LEAF_U,
  D_LEAF_A,
  D_LEAF_D,
  D_LEAF_NX,
  D_LEAF_RESERVED,
  D_LEAF_KEY,
  D_UPPER_P,  // and of the upper entry
  D_UPPER_W,
  D_UPPER_U,
  D_UPPER_A,
  D_UPPER_NX,
  D_UPPER_RESERVED,
  D_WP,
  D_SMEP,
  D_SMAP,
  D_NXE,
  D_PSE,
  D_KEYS,  // CR4.PKE = 0; 1 with PKRU giving all rights to the key, AD, WD, both
  D_COUNT
};

static const uint8_t whos[] = {0, REF_AC, REF_USER, REF_USER | REF_AC, REF_IMPLICIT, REF_IMPLICIT | REF_USER | REF_AC};

enum { RESERVED_KINDS = 3 };  // none, and two single bits
enum { KEY = 5 };

static const unsigned radix[D_COUNT] = {[D_WHO] = sizeof whos,
                                        [D_KIND] = 3,
                                        [D_LEAF_P] = 2,
                                        [D_LEAF_W] = 2,
                                        [D_LEAF_U] = 2,
                                        [D_LEAF_A] = 2,
                                        [D_LEAF_D] = 2,
                                        [D_LEAF_NX] = 2,
                                        [D_LEAF_RESERVED] = RESERVED_KINDS,
                                        [D_LEAF_KEY] = 2,
                                        [D_UPPER_P] = 2,
                                        [D_UPPER_W] = 2,
                                        [D_UPPER_U] = 2,
                                        [D_UPPER_A] = 2,
                                        [D_UPPER_NX] = 2,
                                        [D_UPPER_RESERVED] = RESERVED_KINDS,
                                        [D_WP] = 2,
                                        [D_SMEP] = 2,
                                        [D_SMAP] = 2,
                                        [D_NXE] = 2,
                                        [D_PSE] = 2,
                                        [D_KEYS] = 5};

struct combination {
  const struct area* area;
  uint8_t d[D_COUNT];
};

static uint64_t area_size(void) {
  uint64_t size = 1;
  for (int i = 0; i < D_COUNT; i++) size *= radix[i];
  return size;
}

static void decode(uint64_t n, struct combination* c) {
  c->area = &areas[n / area_size()];
  n %= area_size();
  for (int i = 0; i < D_COUNT; i++) {
    c->d[i] = (uint8_t)(n % radix[i]);
    n /= radix[i];
  }
}

static bool is_long(const struct combination* c) { return c->area->mode >= MODE_4LEVEL; }

// Bits that an entry of the level must have clear, besides NX; 0: there is no such bit.
static uint64_t reserved_bit(const struct combination* c, unsigned level, bool leaf, unsigned kind) {
  bool large = leaf && level > 1, pae = c->area->mode == MODE_PAE;
  if (kind == 0) return 0;
  if (c->area->mode == MODE_32BIT) return large && kind == 1 ? RULES_BIT(21) : 0;
  if (kind == 1) return RULES_BIT(45);  // above MAXPHYADDR
  if (large) return RULES_BIT(13);
  if (level >= 4) return RULES_PS;
  return pae ? RULES_BIT(62) : 0;
}

// Of an entry that is absent, or that faults for a reserved bit, the rights count for nothing: all of them, and none.
static bool rights_are_equal(const struct combination* c, const int* rights, int n) {
  for (int i = 1; i < n; i++)
    if (c->d[rights[i]] != c->d[rights[0]]) return false;
  return true;
}

static bool entry_is_legal(const struct combination* c, bool leaf) {
  static const int leaf_rights[] = {D_LEAF_W, D_LEAF_U, D_LEAF_A, D_LEAF_D};
  static const int upper_rights[] = {D_UPPER_W, D_UPPER_U, D_UPPER_A};
  bool present = c->d[leaf ? D_LEAF_P : D_UPPER_P], nx = c->d[leaf ? D_LEAF_NX : D_UPPER_NX];
  unsigned kind = c->d[leaf ? D_LEAF_RESERVED : D_UPPER_RESERVED];
  if (nx && c->area->mode == MODE_32BIT) return false;
  if (kind && !reserved_bit(c, leaf ? c->area->leaf : c->area->upper, leaf, kind)) return false;
  if (present && !kind) return true;
  return leaf ? rights_are_equal(c, leaf_rights, 4) : rights_are_equal(c, upper_rights, 3);
}

// Legal: no other combination is the same in all that the mode gives a meaning to.
static bool is_legal(const struct combination* c) {
  bool leaf_is_reached = c->d[D_UPPER_P] && !c->d[D_UPPER_RESERVED];
  if (!is_long(c) && (c->d[D_KEYS] || c->d[D_LEAF_KEY])) return false;
  if (c->d[D_LEAF_KEY] && !c->d[D_KEYS]) return false;
  if (c->area->mode == MODE_32BIT ? c->d[D_NXE] : c->d[D_PSE]) return false;
  if (c->d[D_KIND] == ACCESS_FETCH && c->d[D_WHO] != 0 && whos[c->d[D_WHO]] != REF_USER) return false;
  if (!entry_is_legal(c, true)) return false;
  if (!c->area->upper) {  // one combination of what is not there
    for (int i = D_UPPER_P; i <= D_UPPER_RESERVED; i++)
      if (c->d[i] != (i <= D_UPPER_A)) return false;
    return true;
  }
  if (!entry_is_legal(c, false)) return false;
  if (leaf_is_reached) return true;
  return c->d[D_LEAF_P] && !c->d[D_LEAF_RESERVED] && c->d[D_LEAF_W] && c->d[D_LEAF_U] && c->d[D_LEAF_A] &&
         c->d[D_LEAF_D] && !c->d[D_LEAF_NX];
}

// ---------------------------------------------------------------------------------------------------------------------
// Tables. Table n (1 = of PTEs) is the frame n. Two spare tables map the page that pushes the target out of L1.

enum { PAE_ROOT = 0x6000, SPARE = 0x8000, TARGET_FRAME = 0x40000000, OTHER_FRAME = 0x80000000 };

// The target's index is the same at each level but the top one; its sibling (another entry of the leaf's table) has the
// next; the filler another one in the table of the top.
enum { INDEX = 3, SIBLING_INDEX = 5, FILLER_INDEX = 7 };

struct sweep {
  const struct sweep_options* options;
  struct sweep_result* result;
  struct error* err;
  struct bench bench;
  struct rules rules;  // the mode's shape
  unsigned levels, entry_size;
  uint64_t va, sibling, filler;
  const struct combination* c;
  uint64_t control[5];  // as the registers were written last
  uint64_t since;       // combinations since the bench was opened
};

static uint64_t table_at(unsigned level) { return (uint64_t)level << 12; }

// A linear address with these indexes: `top` at the highest level, `leaf` at the leaf's, INDEX between and below.
static uint64_t address(const struct sweep* s, unsigned leaf_level, uint64_t top, uint64_t leaf) {
  uint64_t va = 0x123;
  for (unsigned level = 1; level <= s->levels; level++)
    va |= (level == leaf_level ? leaf : level == s->levels ? top : INDEX) << rules_shift(s->c->area->mode, level);
  if (leaf_level > 1) va &= ~((UINT64_C(1) << rules_shift(s->c->area->mode, leaf_level)) - 1) | 0x123;
  return va;
}

static void write_entry(struct sweep* s, unsigned level, uint64_t table, uint64_t va, uint64_t value) {
  uint64_t pa = rules_entry_at(s->c->area->mode, level, table, va);
  if (ram_read_word(s->bench.ram, pa, s->entry_size) != value) ram_write_word(s->bench.ram, pa, s->entry_size, value);
}

static const uint64_t all_rights = RULES_P | RULES_RW | RULES_US | RULES_A | RULES_D;

static uint64_t bits_of(const struct combination* c, bool leaf) {
  const uint8_t* d = c->d;
  uint64_t rights = leaf ? (d[D_LEAF_P] ? RULES_P : 0) | (d[D_LEAF_W] ? RULES_RW : 0) | (d[D_LEAF_U] ? RULES_US : 0) |
                               (d[D_LEAF_A] ? RULES_A : 0) | (d[D_LEAF_D] ? RULES_D : 0)
                         : (d[D_UPPER_P] ? RULES_P : 0) | (d[D_UPPER_W] ? RULES_RW : 0) |
                               (d[D_UPPER_U] ? RULES_US : 0) | (d[D_UPPER_A] ? RULES_A : 0);
  bool nx = d[leaf ? D_LEAF_NX : D_UPPER_NX];
  unsigned level = leaf ? c->area->leaf : c->area->upper;
  uint64_t key = leaf && is_long(c) ? (uint64_t)(d[D_LEAF_KEY] ? KEY : 0) << 59 : 0;
  return rights | (nx ? RULES_BIT(63) : 0) | key |
         reserved_bit(c, level, leaf, d[leaf ? D_LEAF_RESERVED : D_UPPER_RESERVED]);
}

// Writes what is not as it should be: the combination's two entries, and what surrounds them.
static void write_tables(struct sweep* s) {
  const struct area* area = s->c->area;
  uint64_t large = area->leaf > 1 ? RULES_PS : 0;
  for (unsigned level = s->levels; level > area->leaf; level--) {
    uint64_t entry =
        table_at(level - 1) | (level == area->upper ? bits_of(s->c, false) : all_rights & ~(uint64_t)RULES_D);
    write_entry(s, level, table_at(level), s->va, entry);
  }
  write_entry(s, area->leaf, table_at(area->leaf), s->va, TARGET_FRAME | large | bits_of(s->c, true));
  write_entry(s, area->leaf, table_at(area->leaf), s->sibling,
              OTHER_FRAME | large | (all_rights & ~(uint64_t)RULES_US));
}

// The filler: a supervisor's 4 KiB page below entries of its own. Written once.
static void write_filler(struct sweep* s) {
  for (unsigned level = s->levels; level >= 1; level--) {
    uint64_t table = level == s->levels ? table_at(level) : SPARE + table_at(level);
    uint64_t next = level == 1 ? OTHER_FRAME : SPARE + table_at(level - 1);
    write_entry(s, level, table, s->filler, next | (all_rights & ~(uint64_t)RULES_US));
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Registers

enum {
  CR0_PE = 1,
  CR0_WP = 1 << 16,
  CR4_PSE = 1 << 4,
  CR4_PAE = 1 << 5,
  CR4_LA57 = 1 << 12,
  CR4_SMEP = 1 << 20,
  CR4_SMAP = 1 << 21,
  CR4_PKE = 1 << 22,
  EFER_LME = 1 << 8,
  EFER_NXE = 1 << 11
};
#define CR0_PG UINT64_C(0x80000000)

static bool disagreement(struct sweep* s);

static bool put(struct sweep* s, enum control_op op, uint64_t value) {
  if (s->control[op] == value) return true;
  struct control control = {.op = (uint8_t)op, .value = value};
  if (!engine_control(s->bench.engine, &control))
    return engine_agrees(s->bench.engine, NULL)
               ? error_set(s->err, "a write of %" PRIx64 " to register %d is refused", value, op)
               : disagreement(s);
  s->control[op] = value;
  return true;
}

static bool flush(struct sweep* s) {
  s->control[CONTROL_CR3] = UINT64_MAX;
  return put(s, CONTROL_CR3, s->c->area->mode == MODE_PAE ? PAE_ROOT : table_at(s->levels));
}

static bool put_controls(struct sweep* s) {
  static const uint32_t pkru[] = {0, 0, 1u << 2 * KEY, 2u << 2 * KEY, 3u << 2 * KEY};
  const uint8_t* d = s->c->d;
  enum paging_mode mode = s->c->area->mode;
  uint64_t cr4 = (mode != MODE_32BIT ? CR4_PAE : 0) | (mode == MODE_5LEVEL ? CR4_LA57 : 0) | (d[D_PSE] ? CR4_PSE : 0) |
                 (d[D_SMEP] ? CR4_SMEP : 0) | (d[D_SMAP] ? CR4_SMAP : 0) | (d[D_KEYS] ? CR4_PKE : 0);
  uint64_t efer = (is_long(s->c) ? EFER_LME : 0) | (d[D_NXE] ? EFER_NXE : 0);
  return put(s, CONTROL_CR4, cr4) && put(s, CONTROL_EFER, efer) && put(s, CONTROL_PKRU, pkru[d[D_KEYS]]) &&
         (s->control[CONTROL_CR3] != UINT64_MAX || flush(s)) &&
         put(s, CONTROL_CR0, CR0_PG | CR0_PE | 0x10 | (d[D_WP] ? CR0_WP : 0));
}

// ---------------------------------------------------------------------------------------------------------------------
// Accesses

static const char* const kinds[] = {"read", "write", "fetch"};

static void describe(const struct sweep* s, const struct ref* ref, char* text, size_t room) {
  const struct combination* c = s->c;
  snprintf(text, room,
           "%s paging, cr0=%" PRIx64 " cr4=%" PRIx64 " efer=%" PRIx64 " pkru=%" PRIx64 ", leaf at level %u=%" PRIx64
           ", entry at level %u=%" PRIx64 ": %s%s%s%s at %" PRIx64,
           paging_mode_name(c->area->mode), s->control[CONTROL_CR0], s->control[CONTROL_CR4], s->control[CONTROL_EFER],
           s->control[CONTROL_PKRU], c->area->leaf, bits_of(c, true), c->area->upper, bits_of(c, false),
           ref->flags & REF_USER ? "user " : "supervisor ", ref->flags & REF_IMPLICIT ? "implicit " : "",
           ref->flags & REF_AC ? "AC " : "", kinds[ref->kind], ref->va);
}

static bool disagreement(struct sweep* s) {
  const char* report = NULL;
  char text[512];
  engine_agrees(s->bench.engine, &report);
  struct ref ref = {.va = s->va, .kind = s->c->d[D_KIND], .flags = whos[s->c->d[D_WHO]]};
  describe(s, &ref, text, sizeof text);
  return error_set(s->err, "%s: %s", text, report ? report : "the engines differ");
}

static bool access(struct sweep* s, uint64_t va, enum access_kind kind, unsigned flags, struct answer* answer) {
  struct ref ref = {.va = va, .size = 1, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
  struct play play = {.until = UINT64_MAX, .answers = answer};
  engine_play(s->bench.engine, &ref, 1, &play);
  if (play.stop == PLAY_FAULT) *answer = play.fault;
  return engine_agrees(s->bench.engine, NULL) || disagreement(s);
}

// Brings the target into the TLBs, through the port that the combination's access uses if `own_port`. *done is false
// where no access may do that.
static bool prime(struct sweep* s, bool own_port, bool* done) {
  static const struct {
    enum access_kind kind;
    unsigned flags;
  } tries[] = {{ACCESS_FETCH, 0}, {ACCESS_FETCH, REF_USER}, {ACCESS_READ, REF_AC}, {ACCESS_READ, REF_USER}};
  bool fetches = s->c->d[D_KIND] == ACCESS_FETCH;
  struct answer answer = {.fault = FAULT_PF};
  for (size_t i = 0; i < sizeof tries / sizeof *tries && answer.fault != FAULT_NONE; i++) {
    if (own_port && fetches != (tries[i].kind == ACCESS_FETCH)) continue;
    if (!access(s, s->va, tries[i].kind, tries[i].flags, &answer)) return false;
  }
  *done = answer.fault == FAULT_NONE;
  return true;
}

// Empty TLBs and walk caches, entries as the combination says, and then what the way needs.
static bool prepare(struct sweep* s, enum sweep_way way, bool* possible) {
  struct answer answer;
  *possible = true;
  write_tables(s);
  if (!flush(s)) return false;
  switch (way) {
    case SWEEP_COLD:
      return true;
    case SWEEP_L1:
      return prime(s, true, possible);
    case SWEEP_SECOND_LEVEL:  // both L1 TLBs have one entry, which the filler takes
      return prime(s, false, possible) && access(s, s->filler, ACCESS_READ, 0, &answer) &&
             access(s, s->filler, ACCESS_FETCH, 0, &answer);
    default:  // PAE keeps its top in registers, 32-bit has nothing above its PDEs
      if (!(*possible = s->levels > s->c->area->leaf)) return true;
      if (!access(s, s->sibling, ACCESS_READ, 0, &answer)) return false;
      *possible = answer.fault == FAULT_NONE;
      return true;
  }
}

// Was it served the way that it was meant to be?
static bool way_is(const struct answer* answer, enum sweep_way way, unsigned levels, bool reads_all) {
  switch (way) {
    case SWEEP_COLD:
      return answer->path == PATH_WALK && (!reads_all || answer->reads == levels);
    case SWEEP_L1:
      return answer->path == PATH_L1;
    case SWEEP_SECOND_LEVEL:
      return answer->path == PATH_STLB;
    default:
      return answer->path == PATH_WALK && answer->reads == 1;
  }
}

static bool run_way(struct sweep* s, enum sweep_way way) {
  const struct combination* c = s->c;
  struct answer answer;
  bool possible;
  if (!prepare(s, way, &possible)) return false;
  if (!possible) return true;
  unsigned flags = whos[c->d[D_WHO]];
  if (!access(s, s->va, (enum access_kind)c->d[D_KIND], flags, &answer)) return false;
  s->result->ways[way]++;
  ++*(answer.fault == FAULT_NONE ? &s->result->ok : &s->result->faults);
  // Without PSE what should be a leaf is a table, of absent entries.
  bool table = c->area->mode == MODE_32BIT && c->area->leaf == 2 && !c->d[D_PSE];
  unsigned levels = s->levels - c->area->leaf + 1 + table;
  if (way_is(&answer, way, levels, answer.fault == FAULT_NONE)) return true;
  char text[512];
  struct ref ref = {.va = s->va, .kind = c->d[D_KIND], .flags = (uint8_t)flags};
  describe(s, &ref, text, sizeof text);
  return error_set(s->err, "%s: meant to be served %s, was by path %d, %u reads", text, sweep_way_names[way],
                   answer.path, answer.reads);
}

// ---------------------------------------------------------------------------------------------------------------------
// The sweep

static void machine(struct config* config) {
  config_default(config);
  config->itlb = config->dtlb =
      (struct tlb_config){.sets = 1, .ways = 1, .replacement = REPLACE_LRU, .large_ways = 1, .latency = 1};
  config->stlb = (struct tlb_config){.sets = 4, .ways = 4, .replacement = REPLACE_LRU, .large_ways = 1, .latency = 1};
  config->psc.pde = config->psc.pdpte = config->psc.pml4e = config->psc.pml5e = 2;
  config->walk.start = config->walk.step = config->walk.cas = 1;
  config->dram.latency = 1;
  config->op.cr = 1;
}

static bool open_bench(struct sweep* s) {
  struct config config;
  struct judged_options options = {.plant = s->options->plant, .plant_ctx = s->options->plant_ctx};
  machine(&config);
  if (!judged_open(&s->bench, s->options->engine, &config, &options, s->err)) return false;
  enum paging_mode mode = s->c->area->mode;
  memset(s->control, 0xff, sizeof s->control);
  s->control[CONTROL_EFER] = s->control[CONTROL_PKRU] = 0;
  rules_reset(&s->rules, &config);
  s->levels = rules_levels(mode);
  s->entry_size = rules_entry_size(mode);
  unsigned leaf = s->c->area->leaf;
  uint64_t top = leaf == s->levels ? INDEX : 1;
  s->va = address(s, leaf, top, INDEX);
  s->sibling = address(s, leaf, top, SIBLING_INDEX);
  s->filler = address(s, 1, FILLER_INDEX, INDEX);
  if (mode == MODE_PAE) ram_write_word(s->bench.ram, PAE_ROOT, 8, table_at(2) | RULES_P);
  write_filler(s);
  s->since = 0;
  return true;
}

// A fresh bench for each area, and now and then, so that what the judge remembers stays small.
static bool bench_for(struct sweep* s, const struct combination* c) {
  enum { RENEW = 20000 };
  bool fits = s->c && s->c->area == c->area && s->since < RENEW;
  s->c = c;
  s->since++;
  if (fits) return true;
  if (s->bench.engine) bench_close(&s->bench);
  return open_bench(s);
}

static bool run_combination(struct sweep* s, const struct combination* c) {
  if (!bench_for(s, c) || !put_controls(s)) return false;
  for (int way = 0; way < SWEEP_WAYS; way++)
    if (!run_way(s, (enum sweep_way)way)) return false;
  s->result->combinations++;
  return true;
}

bool sweep_run(const struct sweep_options* options, struct sweep_result* result, struct error* err) {
  struct sweep s = {.options = options, .result = result, .err = err};
  struct combination c[2];
  uint64_t all = AREAS * area_size();
  bool ok = true;
  *result = (struct sweep_result){0};
  for (uint64_t n = options->start, k = 0; ok && n < all && !result->interrupted; n += options->stride) {
    decode(n, &c[k]);
    if (!is_legal(&c[k])) {
      result->left_out++;
      continue;
    }
    ok = run_combination(&s, &c[k]);
    k ^= 1;  // s.c stays the one before
    if (result->combinations % 1024 != 0) continue;
    if (options->progress) options->progress(options->progress_ctx, n, all);
    result->interrupted = options->interrupt && *options->interrupt;
  }
  if (s.bench.engine) bench_close(&s.bench);
  return ok;
}
