// SPDX-License-Identifier: MIT
#include "lockstep/campaign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/event.h"
#include "machine/ram.h"

enum { TABLE_BASE = 0x40000, TABLES_A_LEVEL = 5, ROOTS = 2, RECENT = 8, SLOTS = 6, LEAF_SLOTS = 20 };

static const uint32_t base_cr0 = 0x80010011;  // PG WP ET PE

// A mode's shape: levels of tables in memory, their index bits, bytes of an entry.
struct shape {
  unsigned levels, index_bits, entry_size, va_bits;
};
static const struct shape shapes[MODE_COUNT] = {
    [MODE_32BIT] = {2, 10, 4, 32},
    [MODE_PAE] = {2, 9, 8, 32},
    [MODE_4LEVEL] = {4, 9, 8, 48},
    [MODE_5LEVEL] = {5, 9, 8, 57},
};

// The software: tables in memory, what it will do next, and its own state of the random sequence.
struct software {
  const struct campaign* campaign;
  struct shape shape;
  bool pae, long_mode, pcid, global;  // the machine has PCIDs, global pages
  uint64_t random;
  struct ram* ram;
  uint64_t cr4, efer;       // the state that it returns to
  uint64_t recent[RECENT];  // addresses presented last: where another agent hurts most
  unsigned recent_next;
};

static uint64_t draw(struct software* s) {  // splitmix64 (Steele, Lea, Flood 2014)
  uint64_t z = s->random += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
static uint64_t below(struct software* s, uint64_t n) { return draw(s) % n; }
static bool chance(struct software* s, unsigned percent) { return below(s, 100) < percent; }

// Tables of level 1 (PTEs) first, then those above. The top level's first ROOTS are roots; PAE keeps its PDPTEs in the
// last 32 bytes of a root that is a page directory, too.
static uint64_t table_at(unsigned level, uint64_t table) {
  return TABLE_BASE + 4096 * ((level - 1) * (uint64_t)TABLES_A_LEVEL + table);
}
static uint64_t root_of(const struct software* s, unsigned root) {
  return table_at(s->shape.levels, root) + (s->pae ? 0xfe0 : 0);
}

// Indices that collide in small TLBs and lie at both ends of a table.
static uint64_t index_at(struct software* s, unsigned level) {
  static const uint16_t leaf[LEAF_SLOTS] = {0,  1,  2,  3,  4,   5,   16,  17,  18,  32,
                                            33, 48, 64, 80, 128, 129, 255, 256, 510, 511};
  static const uint16_t narrow[SLOTS] = {0, 1, 2, 255, 256, 511}, wide[SLOTS] = {0, 1, 2, 512, 768, 1023};
  if (level == 1) return leaf[below(s, LEAF_SLOTS)];
  if (s->long_mode && level > 2) return narrow[below(s, level == s->shape.levels ? SLOTS : 2)];
  return (s->shape.index_bits == 10 ? wide : narrow)[below(s, SLOTS)];
}

static uint64_t canonical(const struct software* s, uint64_t va) {
  unsigned spare = 64 - s->shape.va_bits;
  return s->long_mode ? (uint64_t)((int64_t)(va << spare) >> spare) : va & 0xffffffff;
}

static uint64_t pick_va(struct software* s) {
  if (chance(s, 1)) return s->long_mode ? draw(s) : draw(s) & 0xffffffff;
  uint64_t va = below(s, 4096);
  for (unsigned level = 1; level <= s->shape.levels; level++)
    va |= index_at(s, level) << (12 + (level - 1) * s->shape.index_bits);
  if (s->pae) va |= below(s, 4) << 30;
  return canonical(s, va);
}

// Rights mostly permissive, so that hits are not rare; every bit that a rule speaks of is drawn.
static uint64_t entry_bits(struct software* s, bool leaf) {
  uint64_t bits = 0;
  if (chance(s, 99)) bits |= 1;
  if (chance(s, 97)) bits |= 2;
  if (chance(s, 96)) bits |= 4;
  bits |= (draw(s) & 0xe18);  // PWT, PCD, software bits
  if (chance(s, 70)) bits |= 0x20;
  if (leaf && chance(s, 50)) bits |= 0x40;
  if (leaf && chance(s, 20)) bits |= 0x100;
  if (s->shape.entry_size == 8) {
    if (chance(s, s->efer & 0x800 ? 6 : 1)) bits |= UINT64_C(1) << 63;
    if (chance(s, 1)) bits |= UINT64_C(1) << (40 + below(s, 23));  // reserved, or free for software in long mode
    if (s->long_mode && leaf) bits |= below(s, 3) << 59;           // protection key
  }
  return bits;
}

static uint64_t draw_pte(struct software* s) {
  uint64_t frame = chance(s, 80) ? below(s, 0x100000) : below(s, s->shape.entry_size == 8 ? 0x10000000 : 0x100000);
  return entry_bits(s, true) | frame << 12;
}

static uint64_t draw_large(struct software* s, unsigned level) {
  unsigned shift = 12 + (level - 1) * s->shape.index_bits;
  uint64_t entry = entry_bits(s, true) | 0x80 | below(s, 0x100) << shift;
  if (s->shape.entry_size == 4 && chance(s, 30)) entry |= below(s, 256) << 13;  // PSE-36
  if (chance(s, 2)) entry |= UINT64_C(1) << (13 + below(s, shift - 13));        // reserved
  return entry;
}

static uint64_t draw_entry(struct software* s, unsigned level) {
  if (level == 1) return draw_pte(s);
  if (level < 4 && chance(s, level == 2 ? 25 : 8)) return draw_large(s, level);
  uint64_t entry = entry_bits(s, false);
  if (chance(s, 3)) return entry | table_at(s->shape.levels, below(s, ROOTS));  // a table that maps itself
  if (level > 3 && chance(s, 1)) entry |= 0x80;                                 // reserved
  return entry | table_at(level - 1, below(s, TABLES_A_LEVEL));
}

static void write_entry(struct software* s, uint64_t pa, uint64_t entry) {
  ram_write_word(s->ram, pa, s->shape.entry_size, entry);
}

static void write_pdptes(struct software* s, unsigned root) {
  for (unsigned i = 0; i < 4; i++) {
    uint64_t entry = table_at(2, (root + i) % TABLES_A_LEVEL) | (chance(s, 95) ? 1 : 0) | (draw(s) & 0xe18);
    if (chance(s, 2)) entry |= 4;  // reserved: the load must be refused
    ram_write_word(s->ram, root_of(s, root) + 8 * i, 8, entry);
  }
}

static void write_tables(struct software* s) {
  unsigned entries = 4096 / s->shape.entry_size;
  for (unsigned level = 1; level <= s->shape.levels; level++)
    for (unsigned table = 0; table < TABLES_A_LEVEL; table++)
      for (unsigned i = 0; i < entries; i++)
        if (i < 160 || i > entries - 4 || i % 16 == 0 || i % 256 == 255)
          write_entry(s, table_at(level, table) + i * s->shape.entry_size, draw_entry(s, level));
  if (s->pae)
    for (unsigned root = 0; root < ROOTS; root++) write_pdptes(s, root);
}

// Another agent changes an entry, preferably one on the way to an address in use.
static void disturb(struct software* s) {
  uint64_t va = chance(s, 80) ? s->recent[(s->recent_next + RECENT - 1 - below(s, 2)) % RECENT] : pick_va(s);
  unsigned level = 1 + (unsigned)below(s, s->shape.levels), size = s->shape.entry_size;
  if (s->pae && chance(s, 5)) {
    write_pdptes(s, (unsigned)below(s, ROOTS));
    return;
  }
  uint64_t index = va >> (12 + (level - 1) * s->shape.index_bits) & ((1u << s->shape.index_bits) - 1);
  uint64_t pa = table_at(level, below(s, level == s->shape.levels ? ROOTS : TABLES_A_LEVEL)) + index * size;
  uint64_t entry = ram_read_word(s->ram, pa, size);
  switch (below(s, 6)) {
    case 0:
      entry ^= 1;
      break;
    case 1:
      entry ^= 2 << below(s, 2);
      break;
    case 2:
      entry &= ~UINT64_C(0x60);
      break;
    case 3:
      entry ^= 0x200;  // a bit that means nothing, but makes a compare-and-swap fail
      break;
    case 4:
      entry = draw_entry(s, level);
      break;
    default:
      entry |= 3 | 0x20;
      break;
  }
  write_entry(s, pa, entry);
}

static struct ref draw_part(struct software* s, enum port port) {
  struct ref part = {.va = pick_va(s), .size = 1};
  if (port == PORT_FETCH)
    part.kind = ACCESS_FETCH;
  else
    part.kind = chance(s, 40) ? ACCESS_WRITE : ACCESS_READ;
  if (chance(s, 65)) part.flags |= REF_USER;
  if (chance(s, 50)) part.flags |= REF_AC;
  if (part.kind != ACCESS_FETCH && chance(s, 3)) part.flags |= REF_IMPLICIT;
  if (s->campaign->features && chance(s, 10)) part.segment = (uint8_t)below(s, 4);
  if (chance(s, 70)) part.va = s->recent[below(s, RECENT)];  // reuse: hits, and both ports on one page
  s->recent[s->recent_next++ % RECENT] = part.va;
  return part;
}

static uint64_t good_cr4(struct software* s) {
  uint64_t cr4 = s->shape.entry_size == 8 ? 0x20 : 0x10;
  if (chance(s, 70)) cr4 |= 0x80;
  if (chance(s, 25)) cr4 |= 1u << 20;
  if (chance(s, 25)) cr4 |= 1u << 21;
  if (s->shape.entry_size == 4 && chance(s, 10)) cr4 &= ~UINT64_C(0x10);
  if (s->campaign->mode == MODE_5LEVEL) cr4 |= 0x1000;
  if (s->long_mode && chance(s, 60)) cr4 |= 0x20000;   // PCIDE
  if (s->long_mode && chance(s, 40)) cr4 |= 0x400000;  // PKE
  if (!s->pcid) cr4 &= ~UINT64_C(0x20000);
  if (!s->global) cr4 &= ~UINT64_C(0x80);
  return cr4;
}

static uint64_t draw_pcid(struct software* s) {
  static const uint16_t pcids[] = {0, 1, 2, 0xfff};
  return pcids[below(s, 4)];
}

static uint64_t draw_cr3(struct software* s) {
  uint64_t cr3 = root_of(s, (unsigned)below(s, ROOTS));
  if (s->cr4 & 0x20000)
    cr3 |= draw_pcid(s) | (chance(s, 35) ? UINT64_C(1) << 63 : 0);
  else
    cr3 |= draw(s) & 0x18;
  if (chance(s, 3)) cr3 |= UINT64_C(1) << (32 + below(s, 32));
  return cr3;
}

static struct segment draw_segment(struct software* s) {
  struct segment segment = {.present = chance(s, 90),
                            .writable = chance(s, 80),
                            .expand_down = chance(s, 20),
                            .privilege = chance(s, 80) ? 3 : 0};
  segment.base = chance(s, 50) ? 0 : canonical(s, pick_va(s) & ~UINT64_C(0xfff));
  segment.limit = chance(s, 60) ? (s->long_mode ? UINT64_MAX : 0xffffffff) : below(s, 0x100000000);
  if (segment.expand_down) segment.limit = below(s, 0x10000);
  return segment;
}

static struct control draw_control(struct software* s) {
  struct control control = {.user = chance(s, 4)};
  unsigned kind = (unsigned)below(s, s->campaign->features ? 130 : 100);
  control.value = s->recent[below(s, RECENT)];
  control.op = CONTROL_INVLPG;
  if (kind < 50) {
    if (chance(s, 30)) control.value = pick_va(s);
  } else if (kind < 68) {
    control.op = CONTROL_CR3;
    control.value = draw_cr3(s);
  } else if (kind < 80) {
    control.op = CONTROL_CR4;
    control.value = good_cr4(s);
    if (chance(s, 3)) control.value ^= 0x20;
    if (chance(s, 8)) control.value ^= UINT64_C(1) << below(s, 32);
    if (chance(s, 3)) control.value |= 0x80;  // reserved in a machine without global pages
  } else if (kind < 90) {
    control.op = CONTROL_CR0;
    control.value = base_cr0;
    if (chance(s, 30)) control.value ^= 0x10000;
    if (chance(s, 3)) control.value ^= 0x80000000;
    if (chance(s, 10)) control.value ^= UINT64_C(1) << below(s, 36);
    if (chance(s, 10)) control.value ^= UINT64_C(3) << 29;
  } else if (kind < 96) {
    control.op = CONTROL_EFER;
    control.value = chance(s, 85) ? s->efer : s->efer ^ 0x800;
    if (chance(s, 5)) control.value ^= UINT64_C(1) << below(s, 16);
  } else if (kind < 100) {
    control.op = CONTROL_PKRU;
    control.value = chance(s, 80) ? below(s, 64) & below(s, 64) : draw(s) >> below(s, 40);
  } else if (kind < 118) {
    control.op = CONTROL_INVPCID;
    control.type = chance(s, 95) ? below(s, 4) : below(s, 8);
    control.pcid = s->cr4 & 0x20000 ? draw_pcid(s) : chance(s, 80) ? 0 : draw_pcid(s);
    if (chance(s, 3)) control.pcid |= UINT64_C(1) << below(s, 64);
  } else {
    control.op = CONTROL_SEGMENT;
    control.index = (uint8_t)(1 + below(s, 3));
    control.segment = draw_segment(s);
    control.value = 0;
  }
  return control;
}

static bool control_now(struct engine* engine, enum control_op op, uint64_t value) {
  struct control control = {.op = (uint8_t)op, .value = value};
  return engine_control(engine, &control);
}

// Registers, in an order that is legal from any state that this campaign reaches.
static void set_mode(struct software* s, struct engine* engine) {
  uint64_t registers[5], pdptes[4];
  engine_registers(engine, registers, pdptes);
  if (registers[CONTROL_CR4] & 0x20000) control_now(engine, CONTROL_CR4, registers[CONTROL_CR4] & ~UINT64_C(0x20000));
  control_now(engine, CONTROL_CR0, 0x11);
  control_now(engine, CONTROL_EFER, s->efer);
  control_now(engine, CONTROL_CR4, s->cr4 & ~UINT64_C(0x20000));
  control_now(engine, CONTROL_CR3, root_of(s, 0));
  control_now(engine, CONTROL_CR0, base_cr0);
  if (s->cr4 & 0x20000) control_now(engine, CONTROL_CR4, s->cr4);
}

static void draw_config(struct software* s, struct config* config) {
  *config = *s->campaign->geometry;
  config->mode = s->campaign->mode;
  config->maxphyaddr = chance(s, 70) ? 40 : 32 + (uint32_t)below(s, 21);
  config->dram.latency = s->campaign->min_latency ? 1 : 2 + (uint32_t)below(s, 11);
  config->pcid = s->pcid;
  config->global = s->global;
  if (config->dram.banks) {
    config->dram.banks = 1u << below(s, 4);
    config->dram.row = 64u << below(s, 9);
    config->dram.row_hit = s->campaign->min_latency ? 1 : 1 + (uint32_t)below(s, 9);
    config->dram.row_conflict = s->campaign->min_latency ? 1 + (uint32_t)below(s, 3) : 2 + (uint32_t)below(s, 20);
  }
  config->walk.start = (uint32_t)below(s, 4);
  config->walk.step = s->campaign->min_latency ? 0 : (uint32_t)below(s, 3);
  config->walk.cas = s->campaign->min_latency ? 0 : (uint32_t)below(s, 5);
  config->itlb.latency = chance(s, 70) ? 1 : 1 + (uint32_t)below(s, 3);
  config->dtlb.latency = chance(s, 70) ? 1 : 1 + (uint32_t)below(s, 3);
  config->op.cr = 1 + (uint32_t)below(s, 8);
  config->op.invlpg = 1 + (uint32_t)below(s, 8);
  config->op.invpcid = 1 + (uint32_t)below(s, 8);
  config->op.segment = 1 + (uint32_t)below(s, 8);
  config->stlb.latency = 1 + (uint32_t)below(s, 8);
  config->cache.l1d.latency = s->campaign->min_latency ? 1 : 2 + (uint32_t)below(s, 3);
  config->cache.l2.latency = config->cache.l1d.latency + (uint32_t)below(s, 6);
  config->cache.l3.latency = config->cache.l2.latency + (uint32_t)below(s, 6);
}

// One cycle's worth of decisions. Kept apart from the engine, so that two runs with other skips see the same software:
// the draws are made per decision point, never per tick.
struct driver {
  struct ref part[PORT_COUNT];
  bool waiting[PORT_COUNT], in_flight[PORT_COUNT];  // presented, not accepted; accepted, not answered
  bool control_busy;
  struct control control;
  uint64_t answered;
};

// What was presented stays presented until it is accepted.
static void hold(struct driver* d, struct tick_in* in) {
  memset(in, 0, sizeof *in);
  for (int port = 0; port < PORT_COUNT; port++)
    if (d->waiting[port]) in->part[port] = &d->part[port];
}

static bool busy(const struct driver* d) {
  return d->waiting[0] || d->waiting[1] || d->in_flight[0] || d->in_flight[1];
}

static void present(struct software* s, struct driver* d, struct tick_in* in) {
  for (int port = 0; port < PORT_COUNT; port++) {
    if (!d->waiting[port] && !d->in_flight[port] && chance(s, 60)) {
      d->part[port] = draw_part(s, (enum port)port);
      d->waiting[port] = true;
    }
  }
  hold(d, in);
  if (!d->control_busy && below(s, 1000) < 10) {
    d->control = draw_control(s);
    d->control_busy = true;
    in->control = &d->control;
  }
}

// Any part through the debug port, at any time: both engines say the same, and nothing changes.
static void probe(struct software* s, struct engine* engine) {
  struct ref part = draw_part(s, (enum port)below(s, PORT_COUNT));
  struct answer answer;
  engine_probe(engine, &part, &answer);
}

static bool same_translation(const struct answer* a, const struct answer* b) {
  return a->fault == b->fault && a->pa == b->pa && a->error == b->error && a->cr2 == b->cr2 && a->path == b->path &&
         a->reads == b->reads;
}

// On an MMU at rest: what the debug port says of a part is what happens when it is presented next. But for a table that
// maps itself, where the walk's own first update can fail its second. Returns the cycle that comes next.
static uint64_t foretell(struct software* s, struct engine* engine, uint64_t now, const char** report) {
  enum port port = (enum port)below(s, PORT_COUNT);
  struct ref part = draw_part(s, port);
  struct tick_in in = {{NULL, NULL}, NULL};
  struct tick_out out = {.next = now};
  struct counters before, after;
  struct answer said;
  engine_counters(engine, &before);
  engine_probe(engine, &part, &said);
  in.part[port] = &part;
  do {
    engine_tick(engine, now, &in, &out);
    if (out.accepted[port]) in.part[port] = NULL;
    now = out.next == UINT64_MAX ? now + 1 : out.next;
  } while (!out.answered[port] && engine_agrees(engine, report));
  engine_counters(engine, &after);
  if (!*report && after.cas_failures == before.cas_failures && !same_translation(&said, &out.answer[port]))
    *report = "the debug port said something else than what came";
  return now;
}

static void note(struct driver* d, const struct tick_out* out) {
  for (int port = 0; port < PORT_COUNT; port++) {
    if (out->accepted[port]) d->waiting[port] = false, d->in_flight[port] = true;
    if (out->answered[port]) d->in_flight[port] = false, d->answered++;
  }
  if (out->control_done) d->control_busy = false;
}

static void add(struct counters* total, const struct counters* part) {
  uint64_t* to = (uint64_t*)total;
  const uint64_t* from = (const uint64_t*)part;
  for (size_t i = 0; i < sizeof *total / sizeof *to; i++) to[i] += from[i];
}

static bool complain(const struct campaign* campaign, const char* report) {
  printf("campaign seed %" PRIu64 " (%s, geometry %s%s): %s\n", campaign->seed, paging_mode_name(campaign->mode),
         campaign->geometry->name, campaign->min_latency ? ", minimal latencies" : "", report);
  return false;
}

static void start_software(struct software* s, const struct campaign* campaign) {
  memset(s, 0, sizeof *s);
  s->campaign = campaign;
  s->random = campaign->seed;
  s->shape = shapes[campaign->mode];
  s->pae = campaign->mode == MODE_PAE;
  s->long_mode = campaign->mode >= MODE_4LEVEL;
  s->pcid = !campaign->features || chance(s, 90);
  s->global = !campaign->features || chance(s, 90);
  s->efer = (chance(s, 70) ? 0x800 : 0) | (s->long_mode ? 0x100 : 0);
  s->cr4 = good_cr4(s);
}

bool campaign_run(const struct campaign* campaign, struct counters* total) {
  struct software s;
  start_software(&s, campaign);
  struct config config;
  draw_config(&s, &config);
  struct ram *ram = ram_create(UINT64_C(1) << 52), *mirror = ram_create(UINT64_C(1) << 52);
  ram_mirror(ram, mirror);
  s.ram = ram;
  write_tables(&s);
  struct memory_bus second = ram_bus(mirror);
  struct error err;
  struct engine* engine = engine_create(ENGINE_BOTH, &config, ram_bus(ram), &second, false, &err);
  if (!engine) return complain(campaign, err.text);
  set_mode(&s, engine);

  struct driver d = {0};
  const char* report = NULL;
  uint64_t now = engine_now(engine);
  while (d.answered < campaign->parts) {
    struct tick_in in;
    struct tick_out out;
    while (below(&s, 100) < 6) disturb(&s);
    present(&s, &d, &in);
    engine_tick(engine, now, &in, &out);
    if (!engine_agrees(engine, &report)) break;
    note(&d, &out);
    if (campaign->features && chance(&s, 2)) probe(&s, engine);
    if (campaign->features && out.next == UINT64_MAX && !busy(&d) && chance(&s, 30)) {
      now = foretell(&s, engine, now + 1, &report);
      if (report) break;
      continue;
    }
    uint64_t furthest = out.next == UINT64_MAX ? now + 1 : out.next;
    now += chance(&s, 60) ? furthest - now : 1 + below(&s, furthest - now);
    if (!d.control_busy && below(&s, 400) == 0) {  // back from wherever the control registers have gone
      while (busy(&d) && engine_agrees(engine, &report)) {
        hold(&d, &in);
        engine_tick(engine, now, &in, &out);
        note(&d, &out);
        now = out.next == UINT64_MAX ? now + 1 : out.next;
      }
      if (report) break;
      write_tables(&s);
      engine_wait(engine, now);
      set_mode(&s, engine);
      if (!engine_agrees(engine, &report)) break;
      now = engine_now(engine);
    }
  }
  struct counters counters;
  engine_counters(engine, &counters);
  add(total, &counters);
  uint64_t pa;
  char text[128];
  if (!report && !ram_equal(ram, mirror, &pa)) {
    snprintf(text, sizeof text, "the engines left different memory at %" PRIx64, pa);
    report = text;
  }
  bool good = !report || complain(campaign, report);
  engine_destroy(engine);
  ram_destroy(ram);
  ram_destroy(mirror);
  return good;
}

// --- a core
// --------------------------------------------------------------------------------------------------------------

enum { STREAM = 96 };

// Instructions: a fetch and up to three data references, some of them across a page.
static size_t draw_stream(struct software* s, struct ref refs[STREAM]) {
  size_t n = 1 + below(s, STREAM);
  uint64_t data = 0;
  for (size_t i = 0; i < n; i++) {
    refs[i] = draw_part(s, data ? PORT_DATA : PORT_FETCH);
    if (chance(s, 60)) refs[i].size = (uint16_t)(1 + below(s, 16));
    if (chance(s, 5)) refs[i].va |= 0xffc, refs[i].size = 8;
    data = data ? data - 1 : below(s, 4);
  }
  return n;
}

bool campaign_play(const struct campaign* campaign, struct counters* total) {
  struct software s;
  start_software(&s, campaign);
  struct config config;
  draw_config(&s, &config);
  struct ram *ram = ram_create(UINT64_C(1) << 52), *mirror = ram_create(UINT64_C(1) << 52);
  ram_mirror(ram, mirror);
  s.ram = ram;
  write_tables(&s);
  struct memory_bus second = ram_bus(mirror);
  struct error err;
  struct engine* engine = engine_create(ENGINE_BOTH, &config, ram_bus(ram), &second, false, &err);
  if (!engine) return complain(campaign, err.text);
  set_mode(&s, engine);

  const char* report = NULL;
  uint64_t played = 0;
  while (!report && played < campaign->parts) {
    struct ref refs[STREAM];
    struct answer answers[STREAM];
    struct play play = {.until = UINT64_MAX, .answers = chance(&s, 50) ? answers : NULL};
    size_t n = draw_stream(&s, refs), from = 0;
    while (from < n && engine_agrees(engine, &report)) {
      if (chance(&s, 15)) play.until = engine_now(engine) + below(&s, 200);
      engine_play(engine, refs + from, n - from, &play);
      from += play.done + (play.stop == PLAY_FAULT);
      if (play.stop == PLAY_UNTIL) play.until = UINT64_MAX;
    }
    played += n;
    while (below(&s, 100) < 30) disturb(&s);
    if (engine_agrees(engine, &report) && chance(&s, 20)) {
      struct control control = draw_control(&s);
      engine_control(engine, &control);
    }
    if (engine_agrees(engine, &report) && chance(&s, 4)) {
      write_tables(&s);
      set_mode(&s, engine);
    }
  }
  struct counters counters;
  engine_counters(engine, &counters);
  add(total, &counters);
  uint64_t pa;
  char text[128];
  if (!report && !ram_equal(ram, mirror, &pa)) {
    snprintf(text, sizeof text, "the engines left different memory at %" PRIx64, pa);
    report = text;
  }
  bool good = !report || complain(campaign, report);
  engine_destroy(engine);
  ram_destroy(ram);
  ram_destroy(mirror);
  return good;
}

// --- skipping
// ----------------------------------------------------------------------------------------------------------

struct record {
  struct event* events;
  size_t count, room;
};

static void keep(void* ctx, const struct event* event) {
  struct record* record = ctx;
  if (record->count == record->room) {
    record->room = record->room ? 2 * record->room : 4096;
    record->events = realloc(record->events, record->room * sizeof *record->events);
  }
  record->events[record->count++] = *event;
}

// Every part presented, every control operation and every disturbance is tied to a cycle drawn beforehand, so that the
// software does the same however the cycles between are passed.
static void skip_run(const struct campaign* campaign, enum engine_kind kind, bool skip, struct record* record,
                     struct counters* counters) {
  struct software s;
  start_software(&s, campaign);
  struct config config;
  draw_config(&s, &config);
  struct ram* ram = ram_create(UINT64_C(1) << 52);
  s.ram = ram;
  write_tables(&s);
  struct error err;
  struct engine* engine = engine_create(kind, &config, ram_bus(ram), NULL, false, &err);
  if (!engine) {
    complain(campaign, err.text);
    abort();
  }
  engine_on_event(engine, keep, record);
  set_mode(&s, engine);
  struct driver d = {0};
  uint64_t now = engine_now(engine), decision = now;
  while (d.answered < campaign->parts) {
    struct tick_in in;
    struct tick_out out;
    hold(&d, &in);
    if (now == decision) {
      if (chance(&s, 10)) disturb(&s);
      present(&s, &d, &in);
      decision += 1 + below(&s, 30);
    }
    engine_tick(engine, now, &in, &out);
    note(&d, &out);
    now = skip ? out.next < decision ? out.next : decision : now + 1;
  }
  engine_counters(engine, counters);
  engine_destroy(engine);
  ram_destroy(ram);
}

bool campaign_skip_agrees(const struct campaign* campaign, enum engine_kind kind) {
  struct record records[2] = {0};
  struct counters counters[2];
  for (int skip = 0; skip < 2; skip++) skip_run(campaign, kind, skip, &records[skip], &counters[skip]);
  bool same = records[0].count == records[1].count && memcmp(&counters[0], &counters[1], sizeof counters[0]) == 0;
  char text[2][256];
  for (size_t i = 0; i < records[0].count && i < records[1].count; i++)
    if (event_compare(&records[0].events[i], &records[1].events[i]) != 0) {
      printf("skipping changes event %zu:\n  stepped %s\n  skipped %s\n", i,
             event_text(&records[0].events[i], text[0], sizeof text[0]),
             event_text(&records[1].events[i], text[1], sizeof text[1]));
      same = false;
      break;
    }
  free(records[0].events);
  free(records[1].events);
  return same || complain(campaign, "skipping changed what happened");
}
