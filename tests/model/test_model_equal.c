// SPDX-License-Identifier: MIT
// Two ways in, one state: jumping to `next` does what stepping every cycle does, and playing a stream does what ticking
// it through does, with and without somebody listening. On random machines, tables and streams.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "engine/serial.h"
#include "model/rig.h"

enum { ENTRIES_MAX = 4096, REFS = 3000, STEPS = 1500 };

// --- random machines
// --------------------------------------------------------------------------------------------------

static uint32_t pick(uint64_t* seed, const uint32_t* from, size_t n) { return from[rig_random(seed) % n]; }
#define PICK(seed, ...) \
  pick(seed, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void random_tlb(uint64_t* seed, struct tlb_config* tlb) {
  tlb->sets = PICK(seed, 1, 2, 4);
  tlb->replacement = PICK(seed, REPLACE_LRU, REPLACE_PLRU);
  tlb->ways = tlb->replacement == REPLACE_PLRU ? PICK(seed, 1, 2, 4) : PICK(seed, 1, 2, 3, 4);
  tlb->large_sets = PICK(seed, 0, 1, 2);
  tlb->large_ways = PICK(seed, 1, 2);
  tlb->latency = PICK(seed, 1, 1, 2, 3);
}

static void random_config(uint64_t* seed, struct config* config) {
  rig_config(config);
  random_tlb(seed, &config->itlb);
  random_tlb(seed, &config->dtlb);
  config->walk.start = PICK(seed, 0, 1, 2);
  config->walk.step = PICK(seed, 0, 1);
  config->walk.cas = PICK(seed, 0, 3);
  config->dram.latency = PICK(seed, 1, 2, 9);
  config->op.cr = PICK(seed, 1, 2, 7);
  config->op.invlpg = PICK(seed, 1, 5);
}

// Sixteen small pages in each of a few 4 MiB regions, and large pages beside them: mostly permissive.
enum { REGIONS = 4 };

static uint64_t random_va(uint64_t* seed, bool pae) {
  uint64_t region = (uint64_t)(rig_random(seed) % REGIONS) << (pae ? 30 : 24);
  if (rig_random(seed) % 4 == 0) region += pae ? 0x200000 : 0x400000;  // a large page
  return region + ((uint64_t)(rig_random(seed) % 16) << 12) + rig_random(seed) % 4093;
}

static void write_random_entry(uint64_t* seed, struct rig* a, struct rig* b, bool pae) {
  uint64_t va = random_va(seed, pae);
  bool large = va & (pae ? 0x200000 : 0x400000);
  unsigned size = pae ? 8 : 4, level = large ? 2 : 1;
  uint64_t bits = rig_random(seed) % 8 ? 0x7 : rig_random(seed) % 8;
  bits |= rig_random(seed) & 0x160;
  if (large) bits |= 0x80;
  if (rig_random(seed) % 32 == 0) bits |= large ? 0x200000 >> pae : 0;  // reserved
  uint64_t frame = (uint64_t)(rig_random(seed) % 64) << (large ? (pae ? 21 : 22) : 12);
  struct rig* rigs[2] = {a, b};
  for (int i = 0; i < 2; i++) {
    uint64_t pa = pae ? rig_entry_pae(rigs[i], level, va) : rig_entry_32bit(rigs[i], level, va);
    rig_write(rigs[i], pa, size, frame | bits);
  }
}

static void start(struct rig* rig, bool pae) {
  uint64_t cr4 = CR4_PGE | CR4_PSE;
  if (pae)
    rig_start_pae(rig, cr4, EFER_NXE);
  else
    rig_start_32bit(rig, cr4);
}

static struct ref random_ref(uint64_t* seed, bool pae) {
  struct ref ref = {.va = random_va(seed, pae), .size = 4};
  ref.kind = (uint8_t)PICK(seed, ACCESS_FETCH, ACCESS_FETCH, ACCESS_READ, ACCESS_WRITE);
  ref.flags = (uint8_t)(rig_random(seed) % 4 == 0 ? rig_random(seed) % 8 : REF_USER);
  return ref;
}

static void random_control(uint64_t* seed, struct control* control, bool pae) {
  const uint64_t cr4 = CR4_PGE | CR4_PSE | (pae ? CR4_PAE : 0), cr0 = CR0_PE | CR0_PG;
  *control = (struct control){.op = CONTROL_INVLPG, .value = random_va(seed, pae)};
  switch (rig_random(seed) % 8) {
    case 0:
      *control = (struct control){.op = CONTROL_CR3, .value = RIG_ROOT};
      break;
    case 1:
      *control = (struct control){.op = CONTROL_CR0, .value = cr0 | PICK(seed, 0, CR0_WP, CR0_CD, CR0_NW)};
      break;
    case 2:
      *control = (struct control){.op = CONTROL_CR4, .value = cr4 ^ PICK(seed, 0, CR4_PGE, CR4_SMEP, CR4_SMAP)};
      break;
    case 3:
      *control = (struct control){.op = CONTROL_EFER, .value = PICK(seed, 0, EFER_NXE)};
      break;
    case 4:
      control->user = rig_random(seed) % 2;
      break;
    default:
      break;
  }
}

static void same_events(const struct rig* a, const struct rig* b) {
  for (size_t i = 0; i < a->logged && i < b->logged; i++) {
    const struct event *x = &a->log[i], *y = &b->log[i];
    if (x->cycle == y->cycle && x->type == y->type && x->port == y->port && x->array == y->array &&
        x->kind == y->kind && x->hit == y->hit && x->level == y->level && x->shift == y->shift && x->set == y->set &&
        x->way == y->way && x->va == y->va && x->pa == y->pa && x->value == y->value)
      continue;
    fail_msg("event %zu: cycle %llu type %d against cycle %llu type %d", i, (unsigned long long)x->cycle, x->type,
             (unsigned long long)y->cycle, y->type);
  }
  assert_int_equal(a->logged, b->logged);
}

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

static void same_counters(const struct rig* a, const struct rig* b, bool refs) {
  struct counters x = rig_counters(a), y = rig_counters(b);
  if (!refs) x.refs = y.refs = 0;
  assert_memory_equal(&x, &y, sizeof x);
}

// --- stepping and jumping
// ---------------------------------------------------------------------------------------------

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
static void present(uint64_t* seed, struct driver* a, struct driver* b, bool pae) {
  for (int port = 0; port < PORT_COUNT; port++) {
    if (a->busy[port] || rig_random(seed) % 4 == 0) continue;
    do a->ref[port] = random_ref(seed, pae);
    while ((a->ref[port].kind == ACCESS_FETCH) != (port == PORT_FETCH));
    b->ref[port] = a->ref[port];
    a->busy[port] = b->busy[port] = a->presented[port] = b->presented[port] = true;
  }
  if (a->operating || rig_random(seed) % 24) return;
  random_control(seed, &a->control, pae);
  b->control = a->control;
  a->operating = b->operating = true;
  a->in.control = &a->control;
  b->in.control = &b->control;
}

static void jumping_is_stepping(void** state) {
  (void)state;
  uint64_t seed = 0x1234567;
  static struct driver a, b;
  for (int round = 0; round < 200; round++) {
    bool pae = round & 1;
    struct config config;
    random_config(&seed, &config);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    rig_create(&a.rig, &config);
    rig_create(&b.rig, &config);
    start(&a.rig, pae);
    start(&b.rig, pae);
    for (int i = 0; i < 200; i++) write_random_entry(&seed, &a.rig, &b.rig, pae);
    uint64_t now = rig_now(&a.rig);
    for (int step = 0; step < STEPS; step++) {
      if (rig_random(&seed) % 8 == 0) write_random_entry(&seed, &a.rig, &b.rig, pae);
      present(&seed, &a, &b, pae);
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
      same_events(&a.rig, &b.rig);
      rig_clear(&a.rig);
      rig_clear(&b.rig);
    }
    same_counters(&a.rig, &b.rig, true);
    same_entries(&a.rig, &b.rig);
    assert_true(ram_equal(a.rig.ram, b.rig.ram, &now));
    rig_destroy(&a.rig);
    rig_destroy(&b.rig);
  }
}

// --- playing and ticking
// ----------------------------------------------------------------------------------------------

static uint64_t issue_by_ticks(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer,
                               bool* fault) {
  (void)want;
  struct rig* rig = self;
  struct tick_in in = {.part = {NULL, NULL}};
  struct tick_out out;
  enum port port = part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  in.part[port] = part;
  rig_tick(rig, now, &in, &out);
  in.part[port] = NULL;
  while (!out.answered[port]) rig_tick(rig, out.next, &in, &out);
  *answer = out.answer[port];
  *fault = answer->fault != FAULT_NONE;
  return answer->cycle;
}

static void same_answer(const struct answer* a, const struct answer* b) {
  assert_int_equal(a->accept, b->accept);
  assert_int_equal(a->cycle, b->cycle);
  assert_int_equal(a->pa, b->pa);
  assert_int_equal(a->cr2, b->cr2);
  assert_int_equal(a->path, b->path);
  assert_int_equal(a->fault, b->fault);
  assert_int_equal(a->error, b->error);
  assert_int_equal(a->reads, b->reads);
  assert_int_equal(a->base, b->base);
  assert_int_equal(a->walk, b->walk);
  assert_int_equal(a->ad_update, b->ad_update);
}

// Plays the stream on `a` and ticks it through on `b`; after a fault both go on with the next reference.
static void play_both(struct rig* a, struct rig* b, const struct ref* refs, size_t n, bool want) {
  static struct answer answers_a[REFS], answers_b[REFS];
  for (size_t done = 0; done < n;) {
    struct play x = {.until = UINT64_MAX, .answers = want ? answers_a : NULL};
    struct play y = {.until = UINT64_MAX, .answers = answers_b};
    if (done % 5 == 0) x.until = y.until = rig_now(a) + 200;
    a->engine->ops->play(a->engine->self, refs + done, n - done, &x);
    uint64_t end = serial_play(b, issue_by_ticks, rig_now(b), 0xffffffff, refs + done, n - done, &y);
    b->engine->ops->wait(b->engine->self, end);
    assert_int_equal(x.stop, y.stop);
    assert_int_equal(x.done, y.done);
    assert_int_equal(rig_now(a), rig_now(b));
    for (size_t i = 0; want && i < x.done; i++) same_answer(&answers_a[i], &answers_b[i]);
    if (x.stop == PLAY_FAULT) same_answer(&x.fault, &y.fault);
    done += x.done + (x.stop == PLAY_FAULT);
  }
}

static void playing_is_ticking(void** state) {
  (void)state;
  uint64_t seed = 0x7654321;
  static struct rig a, b;
  static struct ref refs[REFS];
  for (int round = 0; round < 200; round++) {
    bool pae = round & 1, watched = round & 2, want = round & 4;
    struct config config;
    random_config(&seed, &config);
    rig_create(&a, &config);
    rig_create(&b, &config);
    start(&a, pae);
    start(&b, pae);
    for (int i = 0; i < 200; i++) write_random_entry(&seed, &a, &b, pae);
    for (int stretch = 0; stretch < 30; stretch++) {
      for (size_t i = 0; i < REFS / 30; i++)
        if (i && rig_random(&seed) % 4)  // stay on a page for a while, so that hits are not rare
          refs[i] = refs[i - 1], refs[i].va ^= rig_random(&seed) % 256;
        else
          refs[i] = random_ref(&seed, pae);
      if (!watched) a.engine->ops->on_event(a.engine->self, NULL, NULL);
      play_both(&a, &b, refs, REFS / 30, want);
      if (watched) same_events(&a, &b);
      rig_clear(&a);
      rig_clear(&b);
      write_random_entry(&seed, &a, &b, pae);
      struct control control;
      do random_control(&seed, &control, pae);
      while (control.user);
      assert_int_equal(rig_control(&a, control.op, control.value), rig_control(&b, control.op, control.value));
      rig_clear(&a);
      rig_clear(&b);
    }
    same_counters(&a, &b, false);
    same_entries(&a, &b);
    uint64_t pa;
    assert_true(ram_equal(a.ram, b.ram, &pa));
    struct counters c = rig_counters(&a);
    assert_true(c.dtlb.hits > 0 && c.itlb.hits > 0 && c.walks > 0 && c.faults_pf > 0);
    assert_int_equal(c.dtlb.hits + c.dtlb.misses, c.parts[ACCESS_READ] + c.parts[ACCESS_WRITE]);
    assert_int_equal(c.itlb.hits + c.itlb.misses, c.parts[ACCESS_FETCH]);
    rig_destroy(&a);
    rig_destroy(&b);
  }
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
    cmocka_unit_test(playing_is_ticking),
    cmocka_unit_test(played_hits_follow_the_registers),
    cmocka_unit_test(played_hits_follow_an_entry_that_was_replaced),
    cmocka_unit_test(played_references_are_counted),
};
TEST_MAIN(tests)
