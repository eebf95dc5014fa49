// SPDX-License-Identifier: MIT
// Two ways in, one state: jumping to `next` does what stepping every cycle does, and playing a stream does what a core
// written down cycle by cycle makes of ticks, with and without somebody listening. On random machines, tables, streams.
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "engine/serial.h"
#include "model/rig.h"

enum { ENTRIES_MAX = 4096, REFS = 3000, STEPS = 1500 };

// --- random machines ------------------------------------------------------------------------------------------------

static uint32_t pick(uint64_t* seed, const uint32_t* from, size_t n) { return from[rig_random(seed) % n]; }
#define PICK(seed, ...) \
  pick(seed, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static bool chance(uint64_t* seed, unsigned one_in) { return rig_random(seed) % one_in == 0; }

static void random_tlb(uint64_t* seed, struct tlb_config* tlb) {
  tlb->sets = PICK(seed, 1, 2, 4);
  tlb->replacement = (enum replacement)(rig_random(seed) % REPLACE_COUNT);
  tlb->ways = tlb->replacement == REPLACE_PLRU ? PICK(seed, 1, 2, 4) : PICK(seed, 1, 2, 3, 4);
  tlb->large_sets = PICK(seed, 0, 1, 2);
  tlb->large_ways = PICK(seed, 1, 2);
  tlb->latency = PICK(seed, 1, 1, 2, 3);
}

static void random_cache(uint64_t* seed, struct cache_config* cache) {
  cache->sets = PICK(seed, 0, 1, 2, 8);
  cache->ways = PICK(seed, 1, 2, 3);
  cache->latency = PICK(seed, 1, 2, 3, 5);
}

static void random_config(uint64_t* seed, struct config* config) {
  rig_config(config);
  random_tlb(seed, &config->itlb);
  random_tlb(seed, &config->dtlb);
  random_tlb(seed, &config->stlb);
  if (chance(seed, 3)) config->stlb.sets = 0;
  config->psc.pde = PICK(seed, 0, 1, 2, 4);
  config->psc.pdpte = PICK(seed, 0, 1, 2);
  config->psc.pml4e = PICK(seed, 0, 1, 2);
  config->psc.pml5e = PICK(seed, 0, 1, 2);
  config->walkers = PICK(seed, 1, 2);
  random_cache(seed, &config->cache.l1d);
  random_cache(seed, &config->cache.l2);
  random_cache(seed, &config->cache.l3);
  config->cache.walker = (enum cache_level)(rig_random(seed) % CACHE_LEVELS);
  config->data.cache = (enum data_cache)(rig_random(seed) % DATA_CACHE_COUNT);
  config->walk.start = PICK(seed, 0, 1, 2);
  config->walk.step = PICK(seed, 0, 1);
  config->walk.cas = PICK(seed, 0, 3);
  config->dram.latency = PICK(seed, 1, 2, 9);
  config->dram.banks = PICK(seed, 0, 1, 2, 8);
  config->dram.row = PICK(seed, 64, 4096, 1 << 16);
  config->dram.row_hit = PICK(seed, 1, 3);
  config->dram.row_conflict = PICK(seed, 1, 12);
  config->prefetch =
      (enum prefetch)PICK(seed, PREFETCH_NONE, PREFETCH_NEXT_PAGE, PREFETCH_NEXT_PAGE, PREFETCH_ADJACENT);
  config->op.cr = PICK(seed, 1, 2, 7);
  config->op.invlpg = PICK(seed, 1, 5);
  config->op.invpcid = PICK(seed, 1, 4);
  config->op.segment = PICK(seed, 1, 3);
}

// --- random tables --------------------------------------------------------------------------------------------------

// Sixteen small pages in each of a few regions, and large pages beside them.
enum { REGIONS = 4 };
struct space {
  unsigned levels;                        // 2: 32-bit, 3: PAE, 4, 5
  uint64_t region[REGIONS], large, huge;  // what to add for a large page, a 1 GiB page (0: none)
};
static const struct space spaces[] = {
    {2, {0, 0x1000000, 0x2000000, 0x3000000}, 0x400000, 0},
    {3, {0, 0x40000000, 0x80000000, 0xc0000000}, 0x200000, 0},
    {4, {0, 0x80000000, UINT64_C(1) << 39, ~UINT64_C(0) << 47}, 0x200000, 0x40000000},
    {5, {0, UINT64_C(1) << 39, UINT64_C(1) << 48, ~UINT64_C(0) << 56}, 0x200000, 0x40000000},
};
enum { SPACES = sizeof spaces / sizeof *spaces };

static bool long_mode(const struct space* space) { return space->levels >= 4; }

static uint64_t random_va(uint64_t* seed, const struct space* space, unsigned* level) {
  uint64_t va = space->region[rig_random(seed) % REGIONS];
  *level = chance(seed, 4) ? 2 : 1;
  if (space->huge && chance(seed, 12)) *level = 3;
  if (*level == 2) va += space->large;
  if (*level == 3) va += space->huge;
  return va + ((uint64_t)(rig_random(seed) % 16) << 12) + rig_random(seed) % 4093;
}

static uint64_t some_va(uint64_t* seed, const struct space* space) {
  unsigned level;
  uint64_t va = random_va(seed, space, &level);
  return long_mode(space) && chance(seed, 64) ? va ^ UINT64_C(1) << 60 : va;
}

static uint64_t entry_address(struct rig* rig, const struct space* space, unsigned level, uint64_t va) {
  if (space->levels == 2) return rig_entry_32bit(rig, level, va);
  return space->levels == 3 ? rig_entry_pae(rig, level, va) : rig_entry_long(rig, space->levels, level, va);
}

// Mostly permissive.
static void write_random_entry(uint64_t* seed, struct rig* a, struct rig* b, const struct space* space) {
  unsigned level, size = space->levels == 2 ? 4 : 8;
  uint64_t va = random_va(seed, space, &level);
  unsigned shift = space->levels == 2 ? 12 + 10 * (level - 1) : 12 + 9 * (level - 1);
  uint64_t bits = chance(seed, 8) ? rig_random(seed) % 8 : 0x7;
  bits |= rig_random(seed) & 0x160;
  if (level > 1) bits |= 0x80;
  if (level > 1 && chance(seed, 32)) bits |= UINT64_C(1) << (shift - 1);  // reserved
  if (long_mode(space)) bits |= rig_random(seed) % 4 << 59;               // protection keys
  if (size == 8 && chance(seed, 16)) bits |= UINT64_C(1) << 63;
  uint64_t frame = (uint64_t)(rig_random(seed) % 32) << shift;
  struct rig* rigs[2] = {a, b};
  for (int i = 0; i < 2; i++) rig_write(rigs[i], entry_address(rigs[i], space, level, va), size, frame | bits);
}

static void start(struct rig* rig, const struct space* space) {
  uint64_t cr4 = CR4_PGE | CR4_PSE;
  if (space->levels == 2)
    rig_start_32bit(rig, cr4);
  else if (space->levels == 3)
    rig_start_pae(rig, cr4, EFER_NXE);
  else
    rig_start_long(rig, cr4 | CR4_PCIDE | CR4_PKE | (space->levels == 5 ? CR4_LA57 : 0), EFER_NXE);
}

static struct ref random_ref(uint64_t* seed, const struct space* space) {
  struct ref ref = {.va = some_va(seed, space), .size = 4};
  ref.kind = (uint8_t)PICK(seed, ACCESS_FETCH, ACCESS_FETCH, ACCESS_READ, ACCESS_WRITE);
  ref.flags = (uint8_t)(chance(seed, 4) ? rig_random(seed) % 8 : REF_USER);
  if (chance(seed, 6)) ref.segment = (uint8_t)(rig_random(seed) % 4);
  return ref;
}

// --- random control operations --------------------------------------------------------------------------------------

static void random_segment(uint64_t* seed, struct control* control) {
  control->op = CONTROL_SEGMENT;
  control->index = (uint8_t)(chance(seed, 8) ? 0 : 1 + rig_random(seed) % 3);
  control->segment = (struct segment){.base = (uint64_t)PICK(seed, 0, 0, 0x1000, 0x234, 0x4000),
                                      .limit = chance(seed, 3) ? 0x2800 : UINT64_MAX,
                                      .present = !chance(seed, 8),
                                      .writable = !chance(seed, 4),
                                      .expand_down = chance(seed, 8),
                                      .privilege = chance(seed, 6) ? 0 : 3};
}

static void random_control(uint64_t* seed, struct control* control, const struct space* space) {
  const uint64_t cr0 = CR0_PE | CR0_PG;
  uint64_t cr4 = CR4_PGE | CR4_PSE;
  if (space->levels == 3) cr4 |= CR4_PAE;
  if (long_mode(space)) cr4 |= CR4_PAE | CR4_PCIDE | CR4_PKE;
  if (space->levels == 5) cr4 |= CR4_LA57;
  *control = (struct control){.op = CONTROL_INVLPG, .value = some_va(seed, space), .user = chance(seed, 16)};
  switch (rig_random(seed) % 12) {
    case 0:
    case 1:
      control->op = CONTROL_CR3;
      control->value = RIG_ROOT;
      if (long_mode(space)) control->value |= rig_random(seed) % 3 | rig_random(seed) << 63;
      break;
    case 2:
      control->op = CONTROL_CR0;
      control->value = cr0 | PICK(seed, 0, CR0_WP, CR0_CD, CR0_NW);
      break;
    case 3:
      control->op = CONTROL_CR4;
      control->value = cr4 ^ PICK(seed, 0, CR4_PGE, CR4_PSE, CR4_SMEP, CR4_SMAP, CR4_PCIDE, CR4_PKE);
      break;
    case 4:
      control->op = CONTROL_EFER;
      control->value = PICK(seed, 0, EFER_NXE) | (long_mode(space) ? EFER_LME : 0);
      break;
    case 5:
      control->op = CONTROL_PKRU;
      control->value = (uint32_t)rig_random(seed) & (uint32_t)rig_random(seed) & 0xff;
      break;
    case 6:
    case 7:
      control->op = CONTROL_INVPCID;
      control->type = rig_random(seed) % 5;
      control->pcid = rig_random(seed) % 3;
      break;
    case 8:
    case 9:
      random_segment(seed, control);
      break;
    default:
      break;
  }
}

// --- comparing ------------------------------------------------------------------------------------------------------

static void same_entries(struct rig* a, struct rig* b) {
  static struct tlb_entry x[ENTRIES_MAX], y[ENTRIES_MAX];
  for (int array = 0; array < ARRAY_COUNT; array++) {
    memset(x, 0, sizeof x);
    memset(y, 0, sizeof y);
    size_t n = a->engine->ops->dump(a->engine->self, (enum tlb_array)array, x, ENTRIES_MAX);
    assert_int_equal(b->engine->ops->dump(b->engine->self, (enum tlb_array)array, y, ENTRIES_MAX), n);
    assert_memory_equal(x, y, n * sizeof *x + 1);
  }
}

static void same_counters(const struct counters* x, const struct counters* y) {
  const uint64_t *a = (const uint64_t*)x, *b = (const uint64_t*)y;
  for (size_t i = 0; i < sizeof *x / sizeof *a; i++)
    if (a[i] != b[i])
      fail_msg("%s: %llu against %llu", counter_names[i], (unsigned long long)a[i], (unsigned long long)b[i]);
}

static uint64_t cycles_of(const struct counters* c) {
  return c->cycles_base + c->cycles_stlb + c->cycles_walk + c->cycles_ad_update + c->cycles_data;
}

// --- stepping and jumping -------------------------------------------------------------------------------------------

struct driver {
  struct rig rig;
  struct ref ref[PORT_COUNT];
  struct tick_in in;
  struct tick_out out;
  struct control control;
  bool presented[PORT_COUNT], busy[PORT_COUNT], operating;
};

static void tick(struct driver* d, uint64_t now) {
  for (int port = 0; port < PORT_COUNT; port++) d->in.part[port] = d->presented[port] ? &d->ref[port] : NULL;
  rig_tick(&d->rig, now, &d->in, &d->out);
  d->in.control = NULL;
  for (int port = 0; port < PORT_COUNT; port++) {
    if (d->out.accepted[port]) d->presented[port] = false;
    if (d->out.answered[port]) d->busy[port] = false;
  }
  d->operating &= !d->out.control_done;
}

// New work for cycle `now`, the same for both.
static void present(uint64_t* seed, struct driver* a, struct driver* b, const struct space* space) {
  for (int port = 0; port < PORT_COUNT; port++) {
    if (a->busy[port] || chance(seed, 4)) continue;
    do a->ref[port] = random_ref(seed, space);
    while ((a->ref[port].kind == ACCESS_FETCH) != (port == PORT_FETCH));
    b->ref[port] = a->ref[port];
    a->busy[port] = b->busy[port] = a->presented[port] = b->presented[port] = true;
  }
  if (a->operating || !chance(seed, 24)) return;
  random_control(seed, &a->control, space);
  b->control = a->control;
  a->operating = b->operating = true;
  a->in.control = &a->control;
  b->in.control = &b->control;
}

// Can the counter with this number grow in these rounds?
static bool can_happen(size_t i) {
  enum { REFS_AT = offsetof(struct counters, refs) / 8, FAULTS_AT = offsetof(struct counters, faults_by_error) / 8 };
  unsigned code = (unsigned)(i - FAULTS_AT);
  if (i < FAULTS_AT || code >= ERROR_CODES) return i != REFS_AT;
  if (code & PFEC_ID && code & (PFEC_W | PFEC_PK)) return false;
  if (code & PFEC_RSVD && code & PFEC_PK) return false;
  return code & PFEC_P || !(code & (PFEC_RSVD | PFEC_PK));
}

static void jumping_is_stepping(void** state) {
  (void)state;
  uint64_t seed = 0x1234567;
  static struct driver a, b;
  struct counters sum = {0};
  for (int round = 0; round < 200; round++) {
    const struct space* space = &spaces[round % SPACES];
    struct config config;
    random_config(&seed, &config);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    rig_create(&a.rig, &config);
    rig_create(&b.rig, &config);
    start(&a.rig, space);
    start(&b.rig, space);
    for (int i = 0; i < 200; i++) write_random_entry(&seed, &a.rig, &b.rig, space);
    uint64_t now = rig_now(&a.rig);
    for (int step = 0; step < STEPS; step++) {
      if (chance(&seed, 8)) write_random_entry(&seed, &a.rig, &b.rig, space);
      present(&seed, &a, &b, space);
      tick(&a, now);
      tick(&b, now);
      assert_int_equal(a.out.next, b.out.next);
      assert_true(a.out.next > now);
      // One jumps as far as it may, or part of the way; the other does every cycle.
      uint64_t target = a.out.next == UINT64_MAX ? now + 1 : a.out.next;
      target = now + 1 + rig_random(&seed) % (target - now);
      while (++now < target) {
        tick(&b, now);
        assert_true(b.out.next >= target);
        assert_false(b.out.answered[0] || b.out.answered[1] || b.out.accepted[0] || b.out.accepted[1]);
      }
      rig_same_events(&a.rig, &b.rig);
      rig_clear(&a.rig);
      rig_clear(&b.rig);
    }
    struct counters x = rig_counters(&a.rig), y = rig_counters(&b.rig);
    same_counters(&x, &y);
    same_entries(&a.rig, &b.rig);
    assert_true(ram_equal(a.rig.ram, b.rig.ram, &now));
    for (size_t i = 0; i < sizeof sum / sizeof(uint64_t); i++) ((uint64_t*)&sum)[i] += ((uint64_t*)&x)[i];
    rig_destroy(&a.rig);
    rig_destroy(&b.rig);
  }
  // Everything has happened.
  for (size_t i = 0; i < sizeof sum / sizeof(uint64_t); i++)
    if (can_happen(i) == (((uint64_t*)&sum)[i] == 0))
      fail_msg("%s: %s", counter_names[i], can_happen(i) ? "never" : "impossible");
}

// --- a core by the book ---------------------------------------------------------------------------------------------
// What docs/timing.md says of the core, cycle by cycle and as plainly as can be: what a play must be equal to.

enum { LIFE_MAX = 1 << 16 };
enum label { LABEL_NONE, LABEL_BASE, LABEL_STLB, LABEL_WALK, LABEL_AD_UPDATE, LABEL_DATA, LABELS };

struct flight {
  bool used, in_mmu, over, fault;
  size_t index;
  struct ref part[2];
  unsigned parts, current;
  uint64_t accept, come;  // come: the cycle in which its answer and data are there
  struct answer answer, sum;
};

struct book {
  struct rig* rig;
  const struct ref* refs;
  size_t n;
  const struct segment* segments;
  uint64_t va_mask, began;
  bool overlap;
  struct flight flight[PORT_COUNT];
  // Of each cycle since `began`: what it is counted as, and when the reference that it belongs to was accepted.
  uint8_t label[LIFE_MAX];
  uint64_t owner[LIFE_MAX];
};

static void take_off(struct book* book, size_t index, uint64_t now) {
  const struct ref* ref = &book->refs[index];
  struct flight* f = &book->flight[ref->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA];
  uint64_t linear = book->segments[ref->segment].base + ref->va;
  uint32_t in_page = 4096 - (uint32_t)(linear & 4095);
  *f = (struct flight){.used = true, .index = index, .parts = 1, .accept = now};
  f->part[0] = f->part[1] = *ref;
  if (ref->size <= in_page) return;
  f->parts = 2;
  f->part[1].va = (ref->va + in_page) & book->va_mask;
  f->part[1].size = (uint16_t)(ref->size - in_page);
}

// The cycles of a life, in order; each belongs to the reference that was accepted first.
static void label_life(struct book* book, const struct flight* f) {
  uint32_t data = (uint32_t)(f->come - f->answer.cycle), all = (uint32_t)(f->come - f->accept) + 1;
  uint32_t wait = all - data - f->sum.base - f->sum.stlb - f->sum.walk - f->sum.ad_update;
  const uint32_t lengths[] = {f->sum.base, wait, f->sum.stlb, f->sum.walk, f->sum.ad_update, data};
  const enum label labels[] = {LABEL_BASE, LABEL_WALK, LABEL_STLB, LABEL_WALK, LABEL_AD_UPDATE, LABEL_DATA};
  uint64_t cycle = f->accept - book->began;
  for (int i = 0; i < 6; i++) {
    for (uint32_t j = 0; j < lengths[i]; j++, cycle++) {
      assert_true(cycle < LIFE_MAX);
      if (book->label[cycle] != LABEL_NONE && book->owner[cycle] < f->accept) continue;
      book->label[cycle] = labels[i];
      book->owner[cycle] = f->accept;
    }
  }
}

static void land(struct book* book, struct flight* f, const struct answer* answer) {
  f->in_mmu = false;
  f->fault = answer->fault != FAULT_NONE;
  f->sum.base += answer->base;
  f->sum.stlb += answer->stlb;
  f->sum.walk += answer->walk;
  f->sum.ad_update += answer->ad_update;
  if (f->current == 0 || f->fault)
    f->answer = *answer;
  else
    serial_join(&f->answer, answer);
  f->come = answer->cycle + f->answer.data;
  f->over = f->fault || ++f->current == f->parts;
  if (f->over) label_life(book, f);
}

static void book_tick(struct book* book, uint64_t now) {
  struct tick_in in = {.part = {NULL, NULL}};
  struct tick_out out;
  for (int port = 0; port < PORT_COUNT; port++) {
    struct flight* f = &book->flight[port];
    if (!f->used || f->over || f->in_mmu) continue;
    in.part[port] = &f->part[f->current];
    f->in_mmu = true;
  }
  rig_tick(book->rig, now, &in, &out);
  for (int port = 0; port < PORT_COUNT; port++)
    if (out.answered[port]) land(book, &book->flight[port], &out.answer[port]);
}

// Returns the cycle in which the next reference may be issued.
static uint64_t play_by_the_book(struct book* book, uint64_t now, struct play* play) {
  size_t i = 0;
  struct flight* fetch = &book->flight[PORT_FETCH];
  memset(book->flight, 0, sizeof book->flight);
  memset(book->label, 0, sizeof book->label);
  book->began = now;
  play->stop = PLAY_END;
  for (;; now++) {
    struct flight* f = NULL;
    for (; i < book->n; i++) {
      f = &book->flight[book->refs[i].kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA];
      if (!f->used || f->index != i || !f->over || f->fault || f->come >= now) break;
      play->answers[i] = f->answer;
      f->used = false;
    }
    if (i == book->n) break;
    bool issued = f->used && f->index == i;
    if (issued && f->over && f->fault && f->come < now) {
      play->stop = PLAY_FAULT;
      play->fault = f->answer;
      f->used = false;
      break;
    }
    if (!issued && now >= play->until) {
      play->stop = PLAY_UNTIL;
      break;
    }
    if (!issued) take_off(book, i, now);
    if (issued && book->overlap && f != fetch && !fetch->used && now < play->until) {
      size_t ahead = i;
      while (ahead < book->n && book->refs[ahead].kind != ACCESS_FETCH) ahead++;
      if (ahead < book->n) take_off(book, ahead, now);
    }
    book_tick(book, now);
  }
  play->done = i;
  // What ran ahead is dropped, but the MMU has accepted its part.
  if (fetch->used && fetch->in_mmu) {
    fetch->parts = fetch->current + 1;
    for (; !fetch->over; now++) book_tick(book, now);
  } else if (fetch->used && !fetch->over) {
    label_life(book, fetch);
  }
  return now;
}

// --- playing and ticking --------------------------------------------------------------------------------------------

// The cycles that `a` has counted since `before` are those of the book, each once.
static void same_account(const struct book* book, const struct counters* before, const struct counters* after,
                         uint64_t now) {
  uint64_t count[LABELS] = {0};
  for (uint64_t cycle = book->began; cycle < now; cycle++) count[book->label[cycle - book->began]]++;
  assert_int_equal(count[LABEL_NONE], 0);
  assert_int_equal(after->cycles_base - before->cycles_base, count[LABEL_BASE]);
  assert_int_equal(after->cycles_stlb - before->cycles_stlb, count[LABEL_STLB]);
  assert_int_equal(after->cycles_walk - before->cycles_walk, count[LABEL_WALK]);
  assert_int_equal(after->cycles_ad_update - before->cycles_ad_update, count[LABEL_AD_UPDATE]);
  assert_int_equal(after->cycles_data - before->cycles_data, count[LABEL_DATA]);
  assert_int_equal(cycles_of(after) - cycles_of(before), now - book->began);
}

// Plays the stream on `a` and by the book on `b`; after a fault both go on with the next reference.
static void play_both(struct rig* a, struct book* book, const struct ref* refs, size_t n, bool want) {
  static struct answer answers_a[REFS], answers_b[REFS];
  struct rig* b = book->rig;
  for (size_t done = 0; done < n;) {
    struct counters before = rig_counters(a), after;
    struct play x = {.until = UINT64_MAX, .answers = want ? answers_a : NULL};
    struct play y = {.until = UINT64_MAX, .answers = answers_b};
    if (done % 5 == 0) x.until = y.until = rig_now(a) + 200;
    a->engine->ops->play(a->engine->self, refs + done, n - done, &x);
    book->refs = refs + done;
    book->n = n - done;
    b->engine->ops->wait(b->engine->self, play_by_the_book(book, rig_now(b), &y));
    assert_int_equal(x.stop, y.stop);
    assert_int_equal(x.done, y.done);
    assert_int_equal(rig_now(a), rig_now(b));
    for (size_t i = 0; want && i < x.done; i++) rig_same_answer(&answers_a[i], &answers_b[i]);
    if (x.stop == PLAY_FAULT) rig_same_answer(&x.fault, &y.fault);
    after = rig_counters(a);
    same_account(book, &before, &after, rig_now(a));
    done += x.done + (x.stop == PLAY_FAULT);
  }
}

// What the core adds to the MMU's counters is compared with the book, not here.
static void without_the_core(struct counters* c) {
  c->refs = c->cycles_base = c->cycles_stlb = c->cycles_walk = c->cycles_ad_update = c->cycles_data = 0;
}

static void random_stream(uint64_t* seed, const struct space* space, struct ref* refs, size_t n) {
  for (size_t i = 0; i < n; i++) {
    refs[i] = random_ref(seed, space);
    if (i && !chance(seed, 4)) {  // stay on a page for a while, so that hits are not rare
      size_t like = i - 1 - (i > 2 ? rig_random(seed) % 3 : 0);
      uint8_t kind = chance(seed, 2) ? refs[i].kind : refs[like].kind;
      refs[i] = refs[like];
      refs[i].va ^= rig_random(seed) % 256;
      refs[i].kind = kind;
    }
    if (chance(seed, 12)) refs[i].va |= 0xffd;
    if (chance(seed, 12)) refs[i].size = 64;
  }
}

static void playing_is_what_the_book_says(void** state) {
  (void)state;
  uint64_t seed = 0x7654321;
  static struct rig a, b;
  static struct book book;
  static struct ref refs[REFS];
  uint64_t merged = 0;
  for (int round = 0; round < 320; round++) {
    const struct space* space = &spaces[round % SPACES];
    bool watched = round & 4, want = round & 8;
    struct config config;
    random_config(&seed, &config);
    config.core.overlap = round >> 4 & 1;
    struct segment segments[SEGMENT_COUNT];
    serial_reset_segments(segments);
    rig_create(&a, &config);
    rig_create(&b, &config);
    start(&a, space);
    start(&b, space);
    book = (struct book){.rig = &b, .segments = segments, .overlap = config.core.overlap};
    book.va_mask = long_mode(space) ? UINT64_MAX : UINT32_MAX;
    for (int i = 0; i < 200; i++) write_random_entry(&seed, &a, &b, space);
    for (int stretch = 0; stretch < 30; stretch++) {
      random_stream(&seed, space, refs, REFS / 30);
      if (!watched) a.engine->ops->on_event(a.engine->self, NULL, NULL);
      play_both(&a, &book, refs, REFS / 30, want);
      if (watched) rig_same_events(&a, &b);
      rig_clear(&a);
      rig_clear(&b);
      write_random_entry(&seed, &a, &b, space);
      struct control control;
      random_control(&seed, &control, space);
      bool done = rig_operate(&a, &control);
      assert_int_equal(rig_operate(&b, &control), done);
      if (done && control.op == CONTROL_SEGMENT) segments[control.index] = control.segment;
      rig_clear(&a);
      rig_clear(&b);
    }
    struct counters x = rig_counters(&a), y = rig_counters(&b);
    assert_true(x.dtlb.hits > 0 && x.itlb.hits > 0 && x.walks > 0 && x.faults_pf > 0);
    merged += x.merged;
    without_the_core(&x);
    without_the_core(&y);
    same_counters(&x, &y);
    same_entries(&a, &b);
    uint64_t pa;
    assert_true(ram_equal(a.ram, b.ram, &pa));
    rig_destroy(&a);
    rig_destroy(&b);
  }
  assert_true(merged > 0);
}

// A page hit again and again, under registers that change what may be done with it, without a flush.
static void played_hits_follow_the_registers(void** state) {
  (void)state;
  static struct rig rig;
  struct config config;
  rig_config(&config);
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5065);  // user, read-only, dirty
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  const struct ref refs[] = {{.va = 0x401000, .size = 4, .kind = ACCESS_READ},
                             {.va = 0x401000, .size = 4, .kind = ACCESS_READ},
                             {.va = 0x401000, .size = 4, .kind = ACCESS_WRITE}};
  static const struct {
    uint64_t cr0, cr4;
    size_t done;
  } cases[] = {{CR0_WP, 0, 2}, {0, 0, 3}, {CR0_WP, 0, 2}, {0, 0, 3}, {0, CR4_SMAP, 0}, {0, 0, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(rig_control(&rig, CONTROL_CR0, CR0_PE | CR0_PG | cases[i].cr0));
    assert_true(rig_control(&rig, CONTROL_CR4, CR4_PSE | cases[i].cr4));
    struct play play = {.until = UINT64_MAX};
    rig.engine->ops->play(rig.engine->self, refs, 3, &play);
    assert_int_equal(play.done, cases[i].done);
  }
  rig_destroy(&rig);
}

// A write through a clean entry finds another frame, or a page of another size: later hits go there.
static void played_hits_follow_an_entry_that_was_replaced(void** state) {
  (void)state;
  static struct rig rig;
  struct config config;
  rig_config(&config);
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  for (unsigned large = 0; large < 2; large++) {
    uint64_t va = large ? 0x800000 : 0x401000, pde = rig_entry_32bit(&rig, 2, va);
    rig_map_32bit(&rig, va, 0x5027);
    uint64_t table = rig_read(&rig, pde, 4);
    if (large) rig_write(&rig, pde, 4, 0xc000a7);
    const struct ref refs[] = {{.va = va, .size = 4, .kind = ACCESS_READ, .flags = REF_USER},
                               {.va = va, .size = 4, .kind = ACCESS_READ, .flags = REF_USER},
                               {.va = va, .size = 4, .kind = ACCESS_WRITE, .flags = REF_USER},
                               {.va = va, .size = 4, .kind = ACCESS_READ, .flags = REF_USER},
                               {.va = va, .size = 4, .kind = ACCESS_WRITE, .flags = REF_USER}};
    struct answer answers[5];
    struct play play = {.until = UINT64_MAX, .answers = answers};
    rig.engine->ops->play(rig.engine->self, refs, 2, &play);
    rig_write(&rig, pde, 4, table);
    rig_map_32bit(&rig, va, 0x9027);
    play.answers = answers + 2;
    rig.engine->ops->play(rig.engine->self, refs + 2, 3, &play);
    assert_int_equal(answers[1].pa, large ? 0xc00000 : 0x5000);
    for (int i = 2; i < 5; i++) assert_int_equal(answers[i].pa, 0x9000);
    assert_int_equal(answers[4].reads, 0);
  }
  rig_destroy(&rig);
}

static void played_references_are_counted(void** state) {
  (void)state;
  static struct rig rig;
  struct config config;
  rig_config(&config);
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x401000, 0x5067);
  rig_map_32bit(&rig, 0x402000, 0x9067);
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  const struct ref refs[] = {{.va = 0x401ffe, .size = 4, .kind = ACCESS_READ, .flags = REF_USER},  // crosses
                             {.va = 0x401000, .size = 4, .kind = ACCESS_WRITE, .flags = REF_USER},
                             {.va = 0x402ffe, .size = 4, .kind = ACCESS_READ, .flags = REF_USER}};  // its end is absent
  struct answer answers[3];
  struct play play = {.until = UINT64_MAX, .answers = answers};
  uint64_t first = rig_now(&rig);
  rig.engine->ops->play(rig.engine->self, refs, 3, &play);
  assert_int_equal(play.stop, PLAY_FAULT);
  assert_int_equal(play.done, 2);
  assert_int_equal(play.fault.cr2, 0x403000);
  assert_int_equal(answers[0].pa, 0x5ffe);
  assert_int_equal(answers[0].reads, 4);
  assert_int_equal(answers[0].cycle - first, 2 * 404 - 1);
  assert_int_equal(answers[1].path, PATH_L1);
  struct counters c = rig_counters(&rig);
  assert_int_equal(c.refs, 2);
  assert_int_equal(c.parts[ACCESS_READ], 4);
  assert_int_equal(c.parts[ACCESS_WRITE], 1);
  assert_int_equal(c.dtlb.hits, 2);
  assert_int_equal(c.dtlb.misses, 3);
  assert_int_equal(c.cycles_base, 5);
  rig_destroy(&rig);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(jumping_is_stepping),
    cmocka_unit_test(playing_is_what_the_book_says),
    cmocka_unit_test(played_hits_follow_the_registers),
    cmocka_unit_test(played_hits_follow_an_entry_that_was_replaced),
    cmocka_unit_test(played_references_are_counted),
};
TEST_MAIN(tests)
