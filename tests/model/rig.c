// SPDX-License-Identifier: MIT
#include "model/rig.h"

#include <string.h>

#include "check.h"

void rig_config(struct config* config) {
  memset(config, 0, sizeof *config);
  struct tlb_config tlb = {
      .sets = 16, .ways = 4, .replacement = REPLACE_LRU, .large_sets = 1, .large_ways = 8, .latency = 1};
  config->itlb = config->dtlb = tlb;
  config->maxphyaddr = 40;
  config->walk.start = config->walk.step = 1;
  config->walk.cas = 4;
  config->dram.latency = 200;
  config->op.cr = 30;
  config->op.invlpg = config->op.invpcid = 100;
  config->op.segment = 10;
  config->walkers = 1;
  config->pcid = config->global = 1;
}

static void log_event(void* ctx, const struct event* event) {
  struct rig* rig = ctx;
  if (rig->logged < RIG_LOG) rig->log[rig->logged++] = *event;
}

void rig_create(struct rig* rig, const struct config* config) {
  rig->config = *config;
  rig->logged = 0;
  rig->tables = 0;
  rig->ram = ram_create(UINT64_C(1) << 36);
  assert_non_null(rig->ram);
  struct error err;
  rig->engine = model_engine_create(config, ram_bus(rig->ram), &err);
  assert_non_null(rig->engine);
  rig->engine->ops->on_event(rig->engine->self, log_event, rig);
}

void rig_destroy(struct rig* rig) {
  rig->engine->ops->destroy(rig->engine->self);
  free(rig->engine);
  ram_destroy(rig->ram);
}

uint64_t rig_now(const struct rig* rig) { return rig->engine->ops->now(rig->engine->self); }

void rig_tick(struct rig* rig, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  rig->engine->ops->tick(rig->engine->self, now, in, out);
}

struct counters rig_counters(const struct rig* rig) {
  struct counters counters;
  rig->engine->ops->counters(rig->engine->self, &counters);
  return counters;
}

void rig_clear(struct rig* rig) { rig->logged = 0; }

bool rig_operate(struct rig* rig, const struct control* control) {
  struct tick_in in = {.control = control};
  struct tick_out out;
  rig_tick(rig, rig_now(rig), &in, &out);
  in.control = NULL;
  while (!out.control_done) rig_tick(rig, out.next, &in, &out);
  return !out.control_gp;
}

bool rig_control(struct rig* rig, enum control_op op, uint64_t value) {
  struct control control = {.op = (uint8_t)op, .value = value};
  return rig_operate(rig, &control);
}

struct answer rig_part(struct rig* rig, const struct ref* part) {
  enum port port = part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_in in = {.part = {NULL, NULL}};
  struct tick_out out;
  in.part[port] = part;
  rig_tick(rig, rig_now(rig), &in, &out);
  assert_true(out.accepted[port]);
  in.part[port] = NULL;
  while (!out.answered[port]) rig_tick(rig, out.next, &in, &out);
  assert_true(out.next == UINT64_MAX);
  return out.answer[port];
}

struct answer rig_access(struct rig* rig, enum access_kind kind, uint64_t va, unsigned flags) {
  struct ref ref = {.va = va, .size = 1, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
  return rig_part(rig, &ref);
}

void rig_both(struct rig* rig, const struct ref part[PORT_COUNT], struct answer answer[PORT_COUNT]) {
  struct tick_in in = {.part = {&part[PORT_FETCH], &part[PORT_DATA]}};
  struct tick_out out;
  bool answered[PORT_COUNT] = {false, false};
  uint64_t now = rig_now(rig);
  while (!answered[PORT_FETCH] || !answered[PORT_DATA]) {
    rig_tick(rig, now, &in, &out);
    in.part[PORT_FETCH] = in.part[PORT_DATA] = NULL;
    for (int port = 0; port < PORT_COUNT; port++) {
      if (!out.answered[port]) continue;
      answered[port] = true;
      answer[port] = out.answer[port];
    }
    now = out.next;
  }
}

void rig_start_32bit(struct rig* rig, uint64_t cr4) {
  assert_true(rig_control(rig, CONTROL_CR4, CR4_PSE | cr4));
  assert_true(rig_control(rig, CONTROL_CR3, RIG_ROOT));
  assert_true(rig_control(rig, CONTROL_CR0, CR0_PE | CR0_WP | CR0_PG));
  rig_clear(rig);
}

void rig_start_pae(struct rig* rig, uint64_t cr4, uint64_t efer) {
  assert_true(rig_control(rig, CONTROL_EFER, efer));
  assert_true(rig_control(rig, CONTROL_CR4, CR4_PAE | cr4));
  for (uint64_t i = 0; i < 4; i++) rig_entry_pae(rig, 2, i << 30);
  assert_true(rig_control(rig, CONTROL_CR3, RIG_ROOT));
  assert_true(rig_control(rig, CONTROL_CR0, CR0_PE | CR0_WP | CR0_PG));
  rig_clear(rig);
}

void rig_start_long(struct rig* rig, uint64_t cr4, uint64_t efer) {
  assert_true(rig_control(rig, CONTROL_EFER, EFER_LME | efer));
  assert_true(rig_control(rig, CONTROL_CR4, CR4_PAE | (cr4 & ~CR4_PCIDE)));
  assert_true(rig_control(rig, CONTROL_CR3, RIG_ROOT));
  assert_true(rig_control(rig, CONTROL_CR0, CR0_PE | CR0_WP | CR0_PG));
  if (cr4 & CR4_PCIDE) assert_true(rig_control(rig, CONTROL_CR4, CR4_PAE | cr4));
  rig_clear(rig);
}

void rig_write(struct rig* rig, uint64_t pa, unsigned size, uint64_t value) {
  ram_write_word(rig->ram, pa, size, value);
}

uint64_t rig_read(struct rig* rig, uint64_t pa, unsigned size) { return ram_read_word(rig->ram, pa, size); }

// The table that the entry at `pa` points to; made at `table` if the entry is absent.
static uint64_t table_below(struct rig* rig, uint64_t pa, unsigned size, uint64_t table, uint64_t bits) {
  if (!(rig_read(rig, pa, size) & 1)) rig_write(rig, pa, size, table | bits);
  return rig_read(rig, pa, size) & ~UINT64_C(0xfff);
}

uint64_t rig_entry_32bit(struct rig* rig, unsigned level, uint64_t va) {
  uint64_t pde = RIG_ROOT + 4 * (va >> 22);
  if (level == 2) return pde;
  return table_below(rig, pde, 4, RIG_TABLES + 0x1000 * (va >> 22), 0x27) + 4 * (va >> 12 & 0x3ff);
}

uint64_t rig_entry_pae(struct rig* rig, unsigned level, uint64_t va) {
  uint64_t pdpte = RIG_ROOT + 8 * (va >> 30);
  if (level == 3) return pdpte;
  uint64_t pde = table_below(rig, pdpte, 8, 0x10000 + 0x1000 * (va >> 30), 1) + 8 * (va >> 21 & 0x1ff);
  if (level == 2) return pde;
  return table_below(rig, pde, 8, RIG_TABLES + 0x1000 * (va >> 21), 0x27) + 8 * (va >> 12 & 0x1ff);
}

uint64_t rig_entry_long(struct rig* rig, unsigned top, unsigned level, uint64_t va) {
  uint64_t table = RIG_ROOT;
  for (unsigned i = top;; i--) {
    uint64_t pa = table + 8 * (va >> (12 + 9 * (i - 1)) & 0x1ff);
    if (i == level) return pa;
    uint64_t made = RIG_TABLES + 0x1000 * rig->tables;
    table = table_below(rig, pa, 8, made, 0x27) & 0xffffffffff;
    rig->tables += table == made;
  }
}

void rig_map_32bit(struct rig* rig, uint64_t va, uint64_t bits_and_frame) {
  rig_write(rig, rig_entry_32bit(rig, 1, va), 4, bits_and_frame);
}

void rig_map_pae(struct rig* rig, uint64_t va, uint64_t bits_and_frame) {
  rig_write(rig, rig_entry_pae(rig, 1, va), 8, bits_and_frame);
}

void rig_map_long(struct rig* rig, unsigned top, uint64_t va, uint64_t bits_and_frame) {
  rig_write(rig, rig_entry_long(rig, top, 1, va), 8, bits_and_frame);
}

size_t rig_count(const struct rig* rig, enum event_type type) {
  size_t count = 0;
  for (size_t i = 0; i < rig->logged; i++) count += rig->log[i].type == type;
  return count;
}

const struct event* rig_event(const struct rig* rig, enum event_type type, size_t n) {
  for (size_t i = 0; i < rig->logged; i++)
    if (rig->log[i].type == type && n-- == 0) return &rig->log[i];
  fail_msg("no such event");
  return NULL;
}

void rig_same_answer(const struct answer* a, const struct answer* b) {
  assert_int_equal(a->accept, b->accept);
  assert_int_equal(a->cycle, b->cycle);
  assert_int_equal(a->pa, b->pa);
  assert_int_equal(a->cr2, b->cr2);
  assert_int_equal(a->path, b->path);
  assert_int_equal(a->fault, b->fault);
  assert_int_equal(a->error, b->error);
  assert_int_equal(a->merged, b->merged);
  assert_int_equal(a->reads, b->reads);
  assert_int_equal(a->base, b->base);
  assert_int_equal(a->stlb, b->stlb);
  assert_int_equal(a->walk, b->walk);
  assert_int_equal(a->ad_update, b->ad_update);
  assert_int_equal(a->data, b->data);
}

void rig_same_events(const struct rig* a, const struct rig* b) {
  for (size_t i = 0; i < a->logged && i < b->logged; i++) {
    const struct event *x = &a->log[i], *y = &b->log[i];
    if (x->cycle == y->cycle && x->type == y->type && x->port == y->port && x->array == y->array &&
        x->kind == y->kind && x->hit == y->hit && x->level == y->level && x->shift == y->shift && x->set == y->set &&
        x->way == y->way && x->va == y->va && x->pa == y->pa && x->value == y->value && x->served == y->served)
      continue;
    fail_msg("event %zu: cycle %llu type %d against cycle %llu type %d", i, (unsigned long long)x->cycle, x->type,
             (unsigned long long)y->cycle, y->type);
  }
  assert_int_equal(a->logged, b->logged);
}

bool rig_holds(struct rig* rig, enum tlb_array array, uint64_t va, unsigned shift) {
  struct tlb_entry entries[256];
  size_t count = rig->engine->ops->dump(rig->engine->self, array, entries, 256);
  assert_true(count <= 256);
  for (size_t i = 0; i < count; i++)
    if (entries[i].va == va && entries[i].shift == shift) return true;
  return false;
}

uint64_t rig_random(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}
