// SPDX-License-Identifier: MIT
#include "rtl/stand.h"

#include <string.h>

#include "rtl_engine/rtl_engine.h"
#include "small.h"

struct config stand_config(void) {
  struct config config;
  small_machine(&config);
  config.maxphyaddr = 40;
  config.itlb.latency = config.dtlb.latency = 1;
  config.walk.start = config.walk.step = 1;
  config.walk.cas = 4;
  config.dram.latency = 10;
  config.op.cr = config.op.invlpg = config.op.invpcid = config.op.segment = 5;
  return config;
}

static void record(void* ctx, const struct event* event) {
  struct stand* stand = ctx;
  assert_true(stand->event_count < EVENTS_MAX);
  stand->events[stand->event_count++] = *event;
}

void stand_create(struct stand* stand, const struct config* config) {
  memset(stand, 0, sizeof *stand);
  stand->config = *config;
  stand->ram = ram_create(UINT64_C(1) << 40);
  assert_non_null(stand->ram);
  struct error err = {""};
  stand->engine = rtl_engine_create(config, ram_bus(stand->ram), false, &err);
  if (!stand->engine) fail_msg("%s", err.text);
  engine_on_event(stand->engine, record, stand);
}

void stand_destroy(struct stand* stand) {
  engine_destroy(stand->engine);
  ram_destroy(stand->ram);
}

bool stand_write_register(struct stand* stand, enum control_op op, uint64_t value) {
  struct control control = {.op = (uint8_t)op, .value = value};
  return engine_control(stand->engine, &control);
}

void stand_invlpg(struct stand* stand, uint64_t va) { assert_true(stand_write_register(stand, CONTROL_INVLPG, va)); }

void stand_start(struct stand* stand, bool pae, uint64_t cr4, uint64_t cr0, uint64_t efer) {
  stand->pae = pae;
  if (pae) {
    for (uint64_t i = 0; i < 4; i++) ram_write_word(stand->ram, PDPTES + 8 * i, 8, (TABLE2 + 0x1000 * i) | P);
  }
  assert_true(stand_write_register(stand, CONTROL_EFER, efer));
  assert_true(stand_write_register(stand, CONTROL_CR3, pae ? PDPTES : TABLE2));
  assert_true(stand_write_register(stand, CONTROL_CR4, cr4 | (pae ? CR4_PAE : 0)));
  assert_true(stand_write_register(stand, CONTROL_CR0, (uint32_t)CR0_ON | cr0));
}

// --- page tables -----------------------------------------------------------------------------------------------------

unsigned stand_entry_bytes(const struct stand* stand) { return stand->pae ? 8 : 4; }

static uint64_t index2(const struct stand* stand, uint64_t va) { return va >> (stand->pae ? 21 : 22); }

uint64_t stand_entry2_pa(const struct stand* stand, uint64_t va) {
  return TABLE2 + index2(stand, va) * stand_entry_bytes(stand);
}

static uint64_t table1(const struct stand* stand, uint64_t va) { return TABLE1 + index2(stand, va) * 4096; }

uint64_t stand_entry1_pa(const struct stand* stand, uint64_t va) {
  return table1(stand, va) + (va >> 12 & (stand->pae ? 511 : 1023)) * stand_entry_bytes(stand);
}

uint64_t stand_set2(struct stand* stand, uint64_t va, uint64_t entry) {
  uint64_t pa = stand_entry2_pa(stand, va);
  ram_write_word(stand->ram, pa, stand_entry_bytes(stand), entry);
  return pa;
}

uint64_t stand_map(struct stand* stand, uint64_t va, uint64_t frame, uint64_t flags, uint64_t table_flags) {
  stand_set2(stand, va, table1(stand, va) | table_flags);
  uint64_t pa = stand_entry1_pa(stand, va);
  ram_write_word(stand->ram, pa, stand_entry_bytes(stand), frame | flags);
  return pa;
}

// --- accesses --------------------------------------------------------------------------------------------------------

struct answer stand_access_with(struct stand* stand, enum access_kind kind, uint64_t va, unsigned flags,
                                const struct intrusion* intrusion, uint64_t* done) {
  struct ref ref = {.va = va, .size = 1, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
  enum port port = kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct answer answer = {0};
  bool answered = false, accepted = false, working = intrusion && intrusion->control;
  uint64_t first = engine_now(stand->engine);
  for (uint64_t now = first; !answered || working; now++) {
    assert_true(now < first + 10000);
    struct tick_in in = {{NULL, NULL}, NULL};
    struct tick_out out;
    if (!accepted) in.part[port] = &ref;
    if (intrusion && now == first + intrusion->at) {
      in.control = intrusion->control;
      if (!in.control && intrusion->pa) {
        ram_write_word(stand->ram, intrusion->pa, stand_entry_bytes(stand), intrusion->value);
      }
    }
    engine_tick(stand->engine, now, &in, &out);
    accepted |= out.accepted[port];
    if (out.answered[port]) answered = true, answer = out.answer[port];
    if (out.control_done) {
      working = false;
      if (done) *done = now - first;
    }
  }
  return answer;
}

struct answer stand_access(struct stand* stand, enum access_kind kind, uint64_t va, unsigned flags) {
  return stand_access_with(stand, kind, va, flags, NULL, NULL);
}

void stand_both(struct stand* stand, const struct ref* fetch, const struct ref* data,
                struct answer answers[PORT_COUNT]) {
  const struct ref* refs[PORT_COUNT] = {fetch, data};
  struct tick_in in = {{fetch, data}, NULL};
  size_t left = (fetch != NULL) + (data != NULL);
  for (uint64_t now = engine_now(stand->engine); left; now++) {
    struct tick_out out;
    engine_tick(stand->engine, now, &in, &out);
    for (int p = 0; p < PORT_COUNT; p++) {
      if (refs[p] && out.accepted[p]) in.part[p] = NULL;
      if (!out.answered[p]) continue;
      answers[p] = out.answer[p];
      left--;
    }
  }
}

// --- looking in ------------------------------------------------------------------------------------------------------

size_t stand_events(const struct stand* stand, enum event_type type, int array, struct event* last) {
  size_t count = 0;
  for (size_t i = 0; i < stand->event_count; i++) {
    if (stand->events[i].type != type || (array >= 0 && stand->events[i].array != array)) continue;
    count++;
    if (last) *last = stand->events[i];
  }
  return count;
}

void stand_forget(struct stand* stand) { stand->event_count = 0; }

struct counters stand_counters(const struct stand* stand) {
  struct counters counters;
  engine_counters(stand->engine, &counters);
  return counters;
}

size_t stand_entries(struct stand* stand, enum tlb_array array) { return engine_dump(stand->engine, array, NULL, 0); }
