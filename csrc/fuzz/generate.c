// SPDX-License-Identifier: MIT
#include "fuzz/generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/watchdog.h"
#include "fuzz/random.h"
#include "fuzz/rules.h"
#include "machine/ram.h"

#define BIT(n) RULES_BIT(n)

enum { TABLES = 5, ROOTS = 2, RECENT = 8, EPOCH_WINDOWS = 60 };

// Where memory ends in cases with bus errors: behind the last table.
#define MEMORY_END UINT64_C(0x100000)

struct generator {
  const struct generate* wish;
  struct random random;
  struct script* script;
  size_t room;
  struct rules rules;  // the registers, as this software knows them
  struct ram* memory;  // what it wrote (the walker's A and D apart)
  struct ram* drawn;   // a byte for each entry: it has been written
  enum paging_mode mode;
  uint64_t cr4, efer;  // the state that the epoch returns to
  uint64_t recent[RECENT];
  unsigned recent_next;
  bool full;  // the host has no memory left
};

static uint64_t below(struct generator* g, uint64_t n) { return random_below(&g->random, n); }
static bool chance(struct generator* g, unsigned percent) { return random_chance(&g->random, percent); }

// ---------------------------------------------------------------------------------------------------------------------
// Operations

static void emit(struct generator* g, const struct script_op* op) {
  struct script* script = g->script;
  if (script->count == g->room) {
    size_t room = g->room ? 2 * g->room : 1024;
    struct script_op* ops = realloc(script->ops, room * sizeof *ops);
    g->full |= !ops;
    if (!ops) return;
    script->ops = ops;
    g->room = room;
  }
  script->ops[script->count++] = *op;
}

// When an operation happens: by itself, or in a cycle of the next access.
struct when {
  bool timed;
  uint64_t at;
};
static const struct when by_itself = {0};
static struct when at(uint64_t cycle) { return (struct when){.timed = true, .at = cycle}; }

static void emit_write(struct generator* g, struct when when, uint64_t pa, unsigned size, uint64_t value) {
  struct script_op op = {
      .kind = SCRIPT_MEM, .timed = when.timed, .at = when.at, .pa = pa, .size = size, .value = value};
  ram_write_word(g->memory, pa, size, value);
  ram_write_word(g->drawn, pa, 1, 1);
  emit(g, &op);
}

static void believe_control(struct generator* g, const struct control* control) {
  uint64_t base, pdpte[4];
  bool loads = rules_loads_pdptes(&g->rules, control, &base);
  if (rules_refuses(&g->rules, control)) return;
  for (unsigned i = 0; loads && i < 4; i++) pdpte[i] = ram_read_word(g->memory, base + 8 * i, 8);
  if (loads && rules_refuses_pdptes(&g->rules, pdpte)) return;
  rules_apply(&g->rules, control, loads ? pdpte : NULL);
}

static void emit_control(struct generator* g, struct when when, const struct control* control) {
  struct script_op op = {.kind = SCRIPT_CONTROL, .timed = when.timed, .at = when.at, .control = *control};
  emit(g, &op);
  believe_control(g, control);
}

static void emit_register(struct generator* g, enum control_op which, uint64_t value) {
  emit_control(g, by_itself, &(struct control){.op = (uint8_t)which, .value = value});
}

static void emit_invlpg(struct generator* g, struct when when, uint64_t va) {
  emit_control(g, when, &(struct control){.op = CONTROL_INVLPG, .value = rules_operand(&g->rules, va)});
}

static void emit_access(struct generator* g, struct when when, struct ref ref) {
  ref.va = rules_operand(&g->rules, ref.va);
  struct script_op op = {.kind = SCRIPT_ACCESS, .timed = when.timed, .at = when.at, .refs = 1, .ref = {ref}};
  emit(g, &op);
}

// ---------------------------------------------------------------------------------------------------------------------
// Addresses and tables

static bool is_long(const struct generator* g) { return g->mode >= MODE_4LEVEL; }
static unsigned levels(const struct generator* g) { return rules_levels(g->mode); }
static unsigned entry_size(const struct generator* g) { return rules_entry_size(g->mode); }

// Tables of level 1 (PTEs) first, then those above; each mode has its own. The first two of the top level are roots.
static uint64_t table_at(const struct generator* g, unsigned level, uint64_t table) {
  return 0x40000 + 0x20000 * (uint64_t)g->mode + 4096 * ((level - 1) * (uint64_t)TABLES + table);
}

// PAE keeps its PDPTEs in the last 32 bytes of a page directory.
static uint64_t root_of(const struct generator* g, uint64_t root) {
  return table_at(g, levels(g), root) + (g->mode == MODE_PAE ? 0xfe0 : 0);
}

static uint64_t canonical(const struct generator* g, uint64_t va) {
  unsigned spare = g->mode == MODE_5LEVEL ? 7 : 16;
  return is_long(g) ? (uint64_t)((int64_t)(va << spare) >> spare) : va & UINT32_MAX;
}

// Indices that collide in small TLBs and lie at both ends of a table.
static uint64_t draw_index(struct generator* g, unsigned level) {
  static const uint16_t leaf[] = {0, 1, 2, 3, 4, 5, 16, 17, 18, 32, 33, 48, 64, 80, 128, 129, 255, 256, 510, 511};
  static const uint16_t narrow[] = {0, 1, 2, 255, 256, 511}, wide[] = {0, 1, 2, 512, 768, 1023};
  if (level == 1) return leaf[below(g, sizeof leaf / sizeof *leaf)];
  if (level > 2) return narrow[below(g, level == levels(g) ? 6 : 2)];
  return (g->mode == MODE_32BIT ? wide : narrow)[below(g, 6)];
}

static uint64_t draw_va(struct generator* g) {
  if (chance(g, 1)) return rules_operand(&g->rules, random_draw(&g->random));
  uint64_t va = below(g, 4096);
  for (unsigned level = 1; level <= levels(g); level++) va |= draw_index(g, level) << rules_shift(g->mode, level);
  if (g->mode == MODE_PAE) va |= below(g, 4) << 30;
  return canonical(g, va);
}

static uint64_t recent_va(struct generator* g) { return g->recent[below(g, RECENT)]; }

static void remember(struct generator* g, uint64_t va) { g->recent[g->recent_next++ % RECENT] = va; }

// --- entries

// Rights mostly given, so that hits are not rare; every bit that a rule speaks of is drawn.
static uint64_t draw_bits(struct generator* g, bool leaf) {
  uint64_t bits = random_draw(&g->random) & 0xe18;  // PWT, PCD, software bits
  if (chance(g, 98)) bits |= RULES_P;
  if (chance(g, leaf ? 92 : 97)) bits |= RULES_RW;
  if (chance(g, leaf ? 90 : 97)) bits |= RULES_US;
  if (chance(g, 60)) bits |= RULES_A;
  if (leaf && chance(g, 50)) bits |= RULES_D;
  if (leaf && chance(g, 20)) bits |= RULES_G;
  if (entry_size(g) == 4) return bits;
  if (chance(g, g->efer & BIT(11) ? 6 : 1)) bits |= BIT(63);
  if (chance(g, 1)) bits |= BIT(32 + below(g, 31));  // reserved, free for software, a key or an address
  if (is_long(g) && leaf) bits |= below(g, 3) << 59;
  return bits;
}

static uint64_t draw_leaf(struct generator* g, unsigned level) {
  unsigned shift = rules_shift(g->mode, level);
  if (level == 1) return draw_bits(g, true) | below(g, 0x100000) << 12;
  uint64_t entry = draw_bits(g, true) | RULES_PS | below(g, 0x100) << shift;
  if (g->mode == MODE_32BIT && chance(g, 30)) entry |= below(g, 256) << 13;  // PSE-36
  if (chance(g, 2)) entry |= BIT(13 + below(g, shift - 13));                 // reserved
  return entry;
}

static uint64_t draw_pointer(struct generator* g, unsigned level) {
  uint64_t entry = draw_bits(g, false);
  if (chance(g, 3)) return entry | table_at(g, levels(g), below(g, ROOTS));  // a table that maps itself
  if (g->script->memory == MEMORY_END && chance(g, 3)) return entry | MEMORY_END;
  if (level > 3 && chance(g, 1)) entry |= RULES_PS;  // reserved
  return entry | table_at(g, level - 1, below(g, TABLES));
}

static uint64_t draw_entry(struct generator* g, unsigned level) {
  bool large = level == 2 ? chance(g, 25) : level == 3 && is_long(g) && chance(g, 12);
  return level == 1 || large ? draw_leaf(g, level) : draw_pointer(g, level);
}

// Reserved in a present entry of that level whatever the rest is; 0 if nothing is.
static uint64_t draw_reserved(struct generator* g, unsigned level) {
  unsigned width = g->rules.maxphyaddr;
  uint64_t candidates[4];
  unsigned count = 0, top = g->mode == MODE_PAE ? 62 : 51;
  if (g->mode == MODE_32BIT) return level == 2 ? RULES_PS | BIT(21) : 0;
  if (width <= top) candidates[count++] = BIT(width + below(g, top - width + 1));
  if (!(g->rules.efer & BIT(11))) candidates[count++] = BIT(63);
  if (level >= 4) candidates[count++] = RULES_PS;
  if (level == 2 || level == 3) candidates[count++] = RULES_PS | BIT(13 + below(g, level == 2 ? 8 : 17));
  return count ? candidates[below(g, count)] : 0;
}

static void emit_pdptes(struct generator* g, uint64_t root, bool good) {
  for (unsigned i = 0; i < 4; i++) {
    uint64_t entry = table_at(g, 2, (root + i) % TABLES) | (random_draw(&g->random) & 0xe18);
    if (good || chance(g, 90)) entry |= RULES_P;
    if (!good && chance(g, 4)) entry |= 4;  // reserved: the load must be refused
    emit_write(g, by_itself, root_of(g, root) + 8 * i, 8, entry);
  }
}

// --- the way to an address

// Where the walk for `va` begins; false if it ends before it reads anything.
static bool top_table(const struct generator* g, uint64_t va, uint64_t* table) {
  uint64_t top = g->mode == MODE_PAE ? g->rules.pdpte[va >> 30 & 3] : g->rules.cr3;
  *table = rules_table(&g->rules, top);
  return rules_mode(&g->rules) == g->mode && (g->mode != MODE_PAE || (top & RULES_P)) && *table < g->script->memory;
}

static bool is_pointer(const struct generator* g, unsigned level, uint64_t entry) {
  return (entry & RULES_P) && !rules_is_leaf(&g->rules, level, entry) && !rules_reserved(&g->rules, level, entry) &&
         rules_table(&g->rules, entry) >= table_at(g, 1, 0) &&
         rules_table(&g->rules, entry) < table_at(g, levels(g) + 1, 0);
}

// The entry for `va` at `level`, and the rights above it; the ways there are laid where there are none. 0 if there is
// no top.
static uint64_t lay(struct generator* g, uint64_t va, unsigned level, struct rules_rights* rights) {
  uint64_t table;
  if (!top_table(g, va, &table)) return 0;
  *rights = rules_all_rights;
  for (unsigned l = levels(g); l > level; l--) {
    uint64_t pa = rules_entry_at(g->mode, l, table, va), entry = ram_read_word(g->memory, pa, entry_size(g));
    if (!is_pointer(g, l, entry)) {
      entry = table_at(g, l - 1, below(g, TABLES)) | RULES_P | (chance(g, 93) ? RULES_RW : 0) |
              (chance(g, 93) ? RULES_US : 0) | (chance(g, 80) ? RULES_A : 0);
      emit_write(g, by_itself, pa, entry_size(g), entry);
    }
    *rights = rules_combine(&g->rules, *rights, entry, false);
    table = rules_table(&g->rules, entry);
  }
  return rules_entry_at(g->mode, level, table, va);
}

// Draws the entries on the way to `va` that nobody has written yet.
static void prepare(struct generator* g, uint64_t va) {
  uint64_t table;
  if (!top_table(g, va, &table)) return;
  for (unsigned level = levels(g); level > 0; level--) {
    uint64_t pa = rules_entry_at(g->mode, level, table, va);
    if (!ram_read_word(g->drawn, pa, 1)) emit_write(g, by_itself, pa, entry_size(g), draw_entry(g, level));
    uint64_t entry = ram_read_word(g->memory, pa, entry_size(g));
    if (!is_pointer(g, level, entry)) return;
    table = rules_table(&g->rules, entry);
  }
}

// Within about as many cycles as a walk takes, or a hit.
static uint64_t draw_moment(struct generator* g) {
  if (chance(g, 25)) return below(g, 5);
  const struct config* c = &g->script->config;
  uint64_t entry = c->dram.latency + c->walk.step;
  return below(g, 4 + c->dtlb.latency + c->stlb.latency + c->walk.start + (levels(g) + 1) * (entry + 1));
}

// Another agent changes an entry, preferably one on the way to an address in use.
static void disturb(struct generator* g, struct when when) {
  uint64_t va = chance(g, 80) ? g->recent[(g->recent_next + RECENT - 1 - below(g, 2)) % RECENT] : draw_va(g);
  unsigned level = 1 + (unsigned)below(g, levels(g)), size = entry_size(g);
  uint64_t table;
  bool follows = top_table(g, va, &table) && chance(g, 80);
  for (unsigned l = levels(g); follows && l > level; l--) {
    uint64_t entry = ram_read_word(g->memory, rules_entry_at(g->mode, l, table, va), size);
    follows = is_pointer(g, l, entry);
    if (follows) table = rules_table(&g->rules, entry);
  }
  if (!follows) table = table_at(g, level, below(g, TABLES));
  uint64_t pa = rules_entry_at(g->mode, level, table, va), entry = ram_read_word(g->memory, pa, size);
  switch (below(g, 7)) {
    case 0:
      entry ^= RULES_P;
      break;
    case 1:
      entry ^= chance(g, 50) ? RULES_RW : RULES_US;
      break;
    case 2:
      entry &= ~UINT64_C(0x60);
      break;
    case 3:
      entry ^= 0x200;  // a bit that means nothing, but makes a compare-and-swap fail
      break;
    case 4:
    case 5:
      entry = draw_entry(g, level);
      break;
    default:
      entry |= RULES_P | RULES_RW | RULES_A;
      break;
  }
  emit_write(g, when, pa, size, entry);
}

// A is clear in entries that `va` uses, and while they are walked another agent changes a bit that means nothing: what
// was read is not what is there when A is to be set.
static void nudge(struct generator* g, uint64_t va) {
  uint64_t table, pa[5], entry[5];
  unsigned count = 0;
  if (!top_table(g, va, &table)) return;
  for (unsigned level = levels(g); level > 0; level--) {
    uint64_t at_level = rules_entry_at(g->mode, level, table, va);
    uint64_t value = ram_read_word(g->memory, at_level, entry_size(g));
    if (level == 1 || chance(g, 35)) pa[count] = at_level, entry[count++] = value & ~(uint64_t)RULES_A;
    if (!is_pointer(g, level, value)) break;
    table = rules_table(&g->rules, value);
  }
  for (unsigned i = 0; i < count; i++) emit_write(g, by_itself, pa[i], entry_size(g), entry[i]);
  for (unsigned i = 0; i < count; i++) emit_write(g, at(draw_moment(g)), pa[i], entry_size(g), entry[i] ^ 0x200);
}

// A device writes a stretch of a table, a word a cycle.
static void disk_transfer(struct generator* g, uint64_t from) {
  unsigned level = 1 + (unsigned)below(g, levels(g));
  uint64_t pa = rules_entry_at(g->mode, level, table_at(g, level, below(g, TABLES)), recent_va(g)) & ~UINT64_C(63);
  unsigned size = entry_size(g), count = 4 + (unsigned)below(g, 12);
  for (unsigned i = 0; i < count; i++)
    emit_write(g, from ? at(from + i) : by_itself, pa + i * size, size, draw_entry(g, level));
}

// ---------------------------------------------------------------------------------------------------------------------
// Registers

static uint64_t draw_pcid(struct generator* g) {
  static const uint16_t pcids[] = {0, 1, 2, 0xfff};
  return pcids[below(g, 4)];
}

static uint64_t draw_cr4(struct generator* g) {
  uint64_t cr4 = g->mode == MODE_32BIT ? BIT(4) : BIT(5);
  if (g->rules.has_global && chance(g, 70)) cr4 |= BIT(7);
  if (chance(g, 30)) cr4 |= BIT(20);
  if (chance(g, 30)) cr4 |= BIT(21);
  if (g->mode == MODE_32BIT && chance(g, 10)) cr4 &= ~BIT(4);
  if (g->mode == MODE_5LEVEL) cr4 |= BIT(12);
  if (g->rules.has_pcid && is_long(g) && chance(g, 60)) cr4 |= BIT(17);
  if (is_long(g) && chance(g, 50)) cr4 |= BIT(22);
  return cr4;
}

static uint64_t draw_cr3(struct generator* g) {
  uint64_t cr3 = root_of(g, below(g, ROOTS));
  if (rules_pcide(&g->rules))
    cr3 |= draw_pcid(g) | (chance(g, 35) ? BIT(63) : 0);
  else
    cr3 |= random_draw(&g->random) & 0x18;
  if (chance(g, 3)) cr3 |= BIT(32 + below(g, 32));
  return cr3;
}

static uint64_t draw_cr0(struct generator* g) {
  uint64_t cr0 = 0x80010011;  // PG WP ET PE
  if (chance(g, 30)) cr0 ^= 0x10000;
  if (chance(g, 3)) cr0 ^= 0x80000000;
  if (chance(g, 10)) cr0 ^= BIT(below(g, 36));
  if (chance(g, 10)) cr0 ^= UINT64_C(3) << 29;
  return cr0;
}

// Into the epoch's mode, from wherever the registers have gone: an order of writes that is legal.
static void enter_mode(struct generator* g) {
  if (g->mode == MODE_PAE)
    for (unsigned root = 0; root < ROOTS; root++) emit_pdptes(g, root, true);
  if (rules_pcide(&g->rules)) emit_register(g, CONTROL_CR4, g->rules.cr4 & ~BIT(17));
  emit_register(g, CONTROL_CR0, 0x11);
  emit_register(g, CONTROL_EFER, g->efer);
  emit_register(g, CONTROL_CR4, g->cr4 & ~BIT(17));
  emit_register(g, CONTROL_CR3, root_of(g, 0));
  emit_register(g, CONTROL_CR0, 0x80000011 | (chance(g, 70) ? 0x10000 : 0));
  if (g->cr4 & BIT(17)) emit_register(g, CONTROL_CR4, g->cr4);
}

static struct segment draw_segment(struct generator* g) {
  struct segment segment = {.present = chance(g, 90),
                            .writable = chance(g, 80),
                            .expand_down = chance(g, 20),
                            .privilege = chance(g, 80) ? 3 : 0};
  segment.base = chance(g, 50) ? 0 : rules_operand(&g->rules, draw_va(g));
  segment.limit = chance(g, 60) ? (is_long(g) ? UINT64_MAX : UINT32_MAX) : below(g, BIT(32));
  if (segment.expand_down) segment.limit = below(g, 0x10000);
  if (!segment.present) segment = (struct segment){.present = false};
  return segment;
}

static struct control draw_flush(struct generator* g) {
  struct control control = {.op = CONTROL_INVLPG, .value = recent_va(g)};
  if (chance(g, 55)) {
    if (chance(g, 20)) control.value = draw_va(g);
  } else if (chance(g, 50)) {
    control.op = CONTROL_CR3;
    control.value = draw_cr3(g);
  } else {
    control.op = CONTROL_INVPCID;
    control.type = chance(g, 95) ? below(g, 4) : below(g, 8);
    control.pcid = rules_pcide(&g->rules) ? draw_pcid(g) : chance(g, 80) ? 0 : draw_pcid(g);
    if (chance(g, 3)) control.pcid |= BIT(below(g, 64));
  }
  if (control.op != CONTROL_CR3) control.value = rules_operand(&g->rules, control.value);
  return control;
}

static struct control draw_control(struct generator* g) {
  unsigned kind = (unsigned)below(g, 100);
  struct control control = kind < 55 ? draw_flush(g) : (struct control){0};
  if (kind < 55) {
  } else if (kind < 68) {
    control.op = CONTROL_CR4;
    control.value = draw_cr4(g);
    if (chance(g, 3)) control.value ^= BIT(5);
    if (chance(g, 8)) control.value ^= BIT(below(g, 32));
  } else if (kind < 78) {
    control.op = CONTROL_CR0;
    control.value = draw_cr0(g);
  } else if (kind < 84) {
    control.op = CONTROL_EFER;
    control.value = chance(g, 75) ? g->efer : g->efer ^ BIT(11);
    if (chance(g, 5)) control.value ^= BIT(below(g, 16));
  } else if (kind < 92) {
    control.op = CONTROL_PKRU;
    control.value = chance(g, 80) ? below(g, 64) & below(g, 64) : random_draw(&g->random) >> below(g, 40);
  } else {
    control.op = CONTROL_SEGMENT;
    control.index = (uint8_t)(1 + below(g, 3));
    control.segment = draw_segment(g);
  }
  control.user = chance(g, 4);
  return control;
}

// ---------------------------------------------------------------------------------------------------------------------
// Accesses

static struct ref draw_ref(struct generator* g, enum port port) {
  struct ref ref = {.va = chance(g, 70) ? recent_va(g) : draw_va(g), .size = 1};
  ref.kind = port == PORT_FETCH ? ACCESS_FETCH : chance(g, 40) ? ACCESS_WRITE : ACCESS_READ;
  if (chance(g, 65)) ref.flags |= REF_USER;
  if (chance(g, 50)) ref.flags |= REF_AC;
  if (port == PORT_DATA && chance(g, 15)) ref.flags |= REF_IMPLICIT;
  if (chance(g, 10)) ref.segment = (uint8_t)below(g, 4);
  if (chance(g, 10)) ref.size = (uint16_t)(1 + below(g, chance(g, 80) ? 16 : 4096));
  return ref;
}

static enum port draw_port(struct generator* g) { return chance(g, 40) ? PORT_FETCH : PORT_DATA; }

// The port's access to `va` that its tables let pass, of a few that are tried; false if none was found.
static bool draw_allowed(struct generator* g, uint64_t va, struct rules_rights rights, enum port port,
                         struct ref* ref) {
  for (int i = 0; i < 8; i++) {
    *ref = (struct ref){.va = va, .size = 1, .kind = port == PORT_FETCH ? ACCESS_FETCH : ACCESS_READ};
    ref->flags = (uint8_t)((chance(g, 50) ? REF_USER : 0) | (chance(g, 70) ? REF_AC : 0));
    if (!rules_denial(&g->rules, rights, ref)) return true;
  }
  return false;
}

// --- a scene

enum aim { AIM_OK, AIM_ABSENT, AIM_RESERVED, AIM_DENIED, AIM_KEY, AIM_BUS, AIM_COUNT };
enum source { FROM_L1, FROM_STLB, FROM_WALK, FROM_CLEAN, SOURCES };

struct scene {
  uint64_t va;
  unsigned level, depth;  // of the entry that decides; of the walk-cache entry that the walk begins below, 0: the root
  enum aim aim;
  enum source source;
  bool flushed;  // a control operation arrives in its midst
  bool shared;   // the other port asks for the same page at the same time
  struct ref ref;
};

static bool denied_as_aimed(struct generator* g, const struct scene* scene, struct rules_rights rights) {
  unsigned denial = rules_denial(&g->rules, rights, &scene->ref);
  switch (scene->aim) {
    case AIM_DENIED:
      return denial && !(denial & PFEC_PK);
    case AIM_KEY:
      return denial & PFEC_PK;
    default:
      return !denial;
  }
}

// A present leaf for the scene's level, with rights of which `wanted` approves; A and D as warming needs them.
static uint64_t draw_scene_leaf(struct generator* g, const struct scene* scene, struct rules_rights above,
                                bool as_aimed, struct rules_rights* rights) {
  uint64_t leaf = 0;
  for (int i = 0; i < 40; i++) {
    leaf = (draw_bits(g, true) & ~(BIT(63) | UINT64_C(0x7fff) << 32)) | RULES_P;
    if (chance(g, 30)) leaf ^= chance(g, 50) ? RULES_RW : RULES_US;
    if ((g->rules.efer & BIT(11)) && entry_size(g) == 8 && chance(g, 15)) leaf |= BIT(63);
    *rights = rules_combine(&g->rules, above, leaf, true);
    if (!as_aimed || denied_as_aimed(g, scene, *rights)) break;
  }
  if (scene->source == FROM_CLEAN) leaf &= ~(uint64_t)RULES_D;
  if (scene->source == FROM_STLB || scene->source == FROM_L1) leaf |= RULES_D;
  unsigned shift = rules_shift(g->mode, scene->level);
  leaf |= scene->level == 1 ? below(g, 0x100000) << 12 : RULES_PS | below(g, 0x80) << shift;
  return leaf;
}

// The entry that decides, as the scene is aimed.
static uint64_t draw_deciding(struct generator* g, const struct scene* scene, struct rules_rights above,
                              struct rules_rights* rights) {
  if (scene->aim == AIM_ABSENT) return random_draw(&g->random) & 0xffe;
  if (scene->aim == AIM_RESERVED)
    return draw_pointer(g, scene->level > 1 ? scene->level : 2) | RULES_P | draw_reserved(g, scene->level);
  return draw_scene_leaf(g, scene, above, true, rights);
}

// Puts into the walk cache of `depth` what the way to `va` shares with its neighbour: walks the neighbour.
static void warm_walk_cache(struct generator* g, uint64_t va, unsigned depth) {
  uint64_t sibling = canonical(g, va ^ BIT(rules_shift(g->mode, depth - 1)));
  struct rules_rights rights;
  struct ref ref;
  uint64_t pa = lay(g, sibling, 1, &rights), leaf = below(g, 0x100000) << 12 | 0x67;
  if (!pa) return;
  emit_write(g, by_itself, pa, entry_size(g), leaf);
  if (draw_allowed(g, sibling, rules_combine(&g->rules, rights, leaf, true), draw_port(g), &ref))
    emit_access(g, by_itself, ref);
}

static enum port scene_port(const struct scene* scene) {
  return scene->ref.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
}

// A TLB entry for the scene's page, with a leaf that lets something pass.
static void warm_tlb(struct generator* g, const struct scene* scene, struct rules_rights rights) {
  enum port port = scene_port(scene);
  struct ref ref;
  if (scene->source == FROM_STLB) port = port == PORT_FETCH ? PORT_DATA : PORT_FETCH;
  if (draw_allowed(g, scene->va, rights, port, &ref)) emit_access(g, by_itself, ref);
}

static unsigned leaf_levels(const struct generator* g) { return is_long(g) ? 3 : 2; }

// When the scene's control operation arrives: while what serves the access is at work.
static uint64_t scene_moment(struct generator* g, const struct scene* scene) {
  const struct config* c = &g->script->config;
  uint64_t hit = scene_port(scene) == PORT_FETCH ? c->itlb.latency : c->dtlb.latency;
  if (scene->source == FROM_L1 && chance(g, 80)) return 1 + below(g, hit);
  if (scene->shared && chance(g, 60)) return 1 + below(g, hit + (c->stlb.sets ? c->stlb.latency : 0));
  return draw_moment(g);
}

// The access itself, with what happens meanwhile.
static void act(struct generator* g, struct scene* scene, struct rules_rights rights) {
  struct control control = chance(g, 80) ? draw_flush(g) : draw_control(g);
  enum port other = scene_port(scene) == PORT_FETCH ? PORT_DATA : PORT_FETCH;
  struct ref second;
  if (chance(g, 10)) nudge(g, scene->va);
  if (chance(g, 8)) disturb(g, at(draw_moment(g)));
  if (scene->flushed) {
    struct script_op op = {.kind = SCRIPT_CONTROL, .timed = true, .at = scene_moment(g, scene), .control = control};
    emit(g, &op);
  }
  scene->ref.va = scene->va;
  bool with_other = scene->shared && draw_allowed(g, scene->va, rights, other, &second);
  if (with_other && chance(g, 50)) {
    emit_access(g, at(below(g, 3)), scene->ref);
    emit_access(g, by_itself, second);
  } else {
    if (with_other) emit_access(g, at(below(g, 3)), second);
    emit_access(g, by_itself, scene->ref);
  }
  if (scene->flushed) believe_control(g, &control);
}

static void play_scene(struct generator* g, struct scene* scene) {
  struct rules_rights above, rights = rules_all_rights;
  bool decided_by_leaf = scene->aim == AIM_OK || scene->aim == AIM_DENIED || scene->aim == AIM_KEY;
  uint64_t pa = lay(g, scene->va, scene->level, &above);
  if (!pa) return;
  uint64_t old = ram_read_word(g->memory, pa, entry_size(g)), old_pkru = g->rules.pkru;
  if (scene->aim == AIM_KEY) emit_register(g, CONTROL_PKRU, random_draw(&g->random) & 0x3c);
  emit_invlpg(g, by_itself, scene->va);
  if (scene->source == FROM_CLEAN) {
    // First a clean entry, then the tables change under it; its walk caches go with a neighbour's flush.
    struct scene clean = *scene;
    clean.aim = AIM_OK;
    clean.level = scene->level > leaf_levels(g) || chance(g, 30) ? 1 : scene->level;
    struct rules_rights clean_above;
    uint64_t clean_pa = lay(g, scene->va, clean.level, &clean_above);
    uint64_t leaf = draw_scene_leaf(g, &clean, clean_above, true, &rights);
    emit_write(g, by_itself, clean_pa, entry_size(g), leaf);
    warm_tlb(g, scene, rights);
    if (chance(g, 70)) emit_invlpg(g, by_itself, scene->va ^ BIT(31));
  }
  if (scene->depth) warm_walk_cache(g, scene->va, scene->depth);
  uint64_t entry = draw_deciding(g, scene, above, &rights);
  emit_write(g, by_itself, pa, entry_size(g), entry);
  if (decided_by_leaf && (scene->source == FROM_L1 || scene->source == FROM_STLB)) {
    uint64_t pkru = g->rules.pkru;  // it denies nothing that is cached: without it while the TLB is warmed
    if (scene->aim == AIM_KEY) emit_register(g, CONTROL_PKRU, 0);
    warm_tlb(g, scene, rights);
    if (scene->aim == AIM_KEY) emit_register(g, CONTROL_PKRU, pkru);
  }
  act(g, scene, rights);
  if (scene->aim == AIM_KEY) emit_register(g, CONTROL_PKRU, old_pkru);
  // The tables are shared: what was spoilt is mended, or soon nothing would be found any more.
  if (!decided_by_leaf && chance(g, 80)) {
    if (!(old & RULES_P)) old = draw_entry(g, scene->level) | RULES_P;
    emit_write(g, by_itself, pa, entry_size(g), old);
  }
}

// The table of the scene's level lies beyond memory: by the entry above it, by CR3 or by a PDPTE register.
static void play_bus_error(struct generator* g, struct scene* scene) {
  struct rules_rights rights;
  uint64_t cr3 = g->rules.cr3, slot = (cr3 & ~UINT64_C(31) & UINT32_MAX) + 8 * (scene->va >> 30 & 3), old = 0, pa = 0;
  bool at_top = scene->level == levels(g);
  if (!at_top) {
    pa = lay(g, scene->va, scene->level + 1, &rights);
    if (!pa) return;
    old = ram_read_word(g->memory, pa, entry_size(g));
  }
  emit_invlpg(g, by_itself, scene->va);
  if (scene->source == FROM_CLEAN) {
    struct scene clean = *scene;
    uint64_t leaf_at = lay(g, scene->va, 1, &rights);
    if (!leaf_at) return;
    clean.level = 1;
    uint64_t leaf = draw_scene_leaf(g, &clean, rights, false, &rights);
    emit_write(g, by_itself, leaf_at, entry_size(g), leaf & ~BIT(63));
    warm_tlb(g, scene, rights);
  }
  if (scene->depth) warm_walk_cache(g, scene->va, scene->depth);
  if (!at_top) {
    emit_write(g, by_itself, pa, entry_size(g), MEMORY_END | RULES_P | RULES_RW | RULES_US | RULES_A);
  } else if (g->mode == MODE_PAE) {
    old = ram_read_word(g->memory, slot, 8);
    emit_write(g, by_itself, slot, 8, MEMORY_END | RULES_P);
    emit_register(g, CONTROL_CR0, g->rules.cr0 ^ BIT(30));
  } else {
    emit_register(g, CONTROL_CR3, MEMORY_END | (cr3 & 0xfff) | (rules_pcide(&g->rules) ? BIT(63) : 0));
  }
  scene->ref.va = scene->va;
  if (scene->flushed) emit_invlpg(g, at(draw_moment(g)), scene->va);
  emit_access(g, by_itself, scene->ref);
  if (!at_top) {
    emit_write(g, by_itself, pa, entry_size(g), old);
  } else if (g->mode == MODE_PAE) {
    emit_write(g, by_itself, slot, 8, old);
    emit_register(g, CONTROL_CR0, g->rules.cr0 ^ BIT(30));
  } else {
    emit_register(g, CONTROL_CR3, cr3);
  }
}

static void play_absent_pdpte(struct generator* g, struct scene* scene) {
  uint64_t base = g->rules.cr3 & ~UINT64_C(31) & UINT32_MAX, slot = base + 8 * (scene->va >> 30 & 3);
  uint64_t entry = ram_read_word(g->memory, slot, 8);
  emit_write(g, by_itself, slot, 8, entry & ~UINT64_C(1));
  // A write of CD loads the registers and drops nothing.
  emit_register(g, CONTROL_CR0, g->rules.cr0 ^ BIT(30));
  scene->ref.va = scene->va;
  if (scene->flushed) emit_invlpg(g, at(draw_moment(g)), scene->va);
  emit_access(g, by_itself, scene->ref);
  emit_write(g, by_itself, slot, 8, entry | 1);
  emit_register(g, CONTROL_CR0, g->rules.cr0 ^ BIT(30));
}

static void draw_scene(struct generator* g) {
  struct scene scene = {.va = canonical(g, chance(g, 50) ? recent_va(g) : draw_va(g)),
                        .aim = (enum aim)below(g, AIM_COUNT),
                        .source = chance(g, 50) ? FROM_WALK : (enum source)below(g, SOURCES),
                        .flushed = chance(g, 45),
                        .shared = chance(g, g->script->config.walkers == 2 ? 30 : 8)};
  if (scene.aim == AIM_BUS && g->script->memory != MEMORY_END) scene.aim = AIM_OK;
  scene.ref = draw_ref(g, draw_port(g));
  scene.ref.size = 1;
  scene.ref.segment = 0;
  if (scene.ref.kind != ACCESS_FETCH && chance(g, 25)) scene.ref.flags |= REF_IMPLICIT;
  if (scene.source == FROM_CLEAN) scene.ref.kind = ACCESS_WRITE;
  if (g->script->config.walkers == 2 && chance(g, 20)) {  // one walk for both, and an operation before it begins
    static const enum aim shared_aims[] = {AIM_OK, AIM_DENIED, AIM_KEY};
    scene.shared = scene.flushed = true;
    scene.source = FROM_WALK;
    scene.aim = shared_aims[below(g, 3)];
    if (scene.ref.kind == ACCESS_WRITE) scene.ref.kind = ACCESS_READ;
  }
  bool leaf = scene.aim == AIM_OK || scene.aim == AIM_DENIED || scene.aim == AIM_KEY;
  scene.level = 1 + (unsigned)below(g, leaf ? leaf_levels(g) : levels(g));
  if (scene.aim == AIM_RESERVED && g->mode == MODE_32BIT) scene.level = 2;
  unsigned depths = levels(g) - scene.level + 1;  // the root, or an entry above the one that decides
  unsigned depth = (unsigned)below(g, depths);
  if (depth) scene.depth = scene.level + depth;
  remember(g, scene.va);
  bool no_pdpte = g->mode == MODE_PAE && scene.aim == AIM_ABSENT && chance(g, 30);
  if (no_pdpte && scene.source == FROM_CLEAN) {
    struct scene warm = scene;
    warm.aim = AIM_OK;
    warm.ref.kind = ACCESS_READ;
    warm.flushed = false;
    play_scene(g, &warm);
  }
  if (no_pdpte)
    play_absent_pdpte(g, &scene);
  else if (scene.aim == AIM_BUS)
    play_bus_error(g, &scene);
  else
    play_scene(g, &scene);
}

// --- paging off: nothing but segments decides

static void draw_plain(struct generator* g) {
  struct scene scene = {.va = draw_va(g), .source = FROM_L1, .flushed = chance(g, 60)};
  scene.ref = draw_ref(g, draw_port(g));
  if (chance(g, 50)) scene.ref.segment = (uint8_t)(1 + below(g, 3));
  act(g, &scene, rules_all_rights);
}

// --- a brawl

enum { BRAWL = 8, LONG_BRAWL = 48, LATER_FLUSHES = 3 };

// Flushes of a long brawl after its first operation, each when the one before it is done for certain.
static void later_flushes(struct generator* g, struct control flushes[LATER_FLUSHES]) {
  uint64_t apart = watchdog_patience(&g->script->config) / 8;
  for (unsigned i = 0; i < LATER_FLUSHES; i++) {
    flushes[i] = draw_flush(g);
    struct script_op op = {
        .kind = SCRIPT_CONTROL, .timed = true, .at = 200 + apart * (i + 1) + below(g, 50), .control = flushes[i]};
    emit(g, &op);
  }
}

static void draw_brawl(struct generator* g) {
  bool long_one = chance(g, 6);  // both ports busy all the time
  unsigned accesses = 1 + (unsigned)below(g, long_one ? LONG_BRAWL : BRAWL);
  bool narrow = chance(g, 50);  // few pages, so that both ports meet on them, and hit
  uint64_t page[2] = {recent_va(g), chance(g, 50) ? recent_va(g) : draw_va(g)};
  struct ref refs[LONG_BRAWL];
  uint64_t moment[LONG_BRAWL], last = 0;
  for (unsigned i = 0; i < accesses; i++) {
    refs[i] = draw_ref(g, draw_port(g));
    if (narrow) refs[i].va = rules_operand(&g->rules, page[below(g, 2)] ^ below(g, 64));
    uint64_t linear = refs[i].va + g->rules.segment[refs[i].segment].base;
    prepare(g, linear);
    remember(g, refs[i].va);
    moment[i] = last += i && chance(g, 60) ? below(g, 12) : 0;
  }
  if (chance(g, 30)) nudge(g, refs[below(g, accesses)].va);
  while (chance(g, 35)) disturb(g, at(draw_moment(g)));
  for (unsigned i = BRAWL; i < accesses; i++) disturb(g, at(below(g, 40 * accesses)));
  if (chance(g, 5)) disk_transfer(g, 1 + draw_moment(g));
  bool control = chance(g, 30);
  struct control operation = chance(g, 70) ? draw_flush(g) : draw_control(g);
  if (control) {
    struct script_op op = {.kind = SCRIPT_CONTROL,
                           .timed = true,
                           .at = chance(g, 70) ? draw_moment(g) : below(g, 200),
                           .control = operation};
    emit(g, &op);
  }
  struct control flushes[LATER_FLUSHES];
  bool more = control && accesses > 2 * BRAWL && chance(g, 60);
  if (more) later_flushes(g, flushes);
  for (unsigned i = 1; i < accesses; i++) emit_access(g, at(moment[i]), refs[i]);
  emit_access(g, by_itself, refs[0]);
  if (control) believe_control(g, &operation);
  for (unsigned i = 0; more && i < LATER_FLUSHES; i++) believe_control(g, &flushes[i]);
}

// ---------------------------------------------------------------------------------------------------------------------
// The machine and the case

static void draw_config(struct generator* g) {
  struct config* config = &g->script->config;
  bool fast = g->wish->fast_memory;
  *config = *g->wish->geometry;
  config->maxphyaddr = chance(g, 60) ? 40 : 32 + (uint32_t)below(g, 21);
  config->dram.latency = fast ? 1 : 2 + (uint32_t)below(g, 11);
  if (config->dram.banks) {
    config->dram.banks = 1u << below(g, 4);
    config->dram.row = 64u << below(g, 9);
    config->dram.row_hit = fast ? 1 : 1 + (uint32_t)below(g, 9);
    config->dram.row_conflict = fast ? 1 + (uint32_t)below(g, 3) : 2 + (uint32_t)below(g, 20);
  }
  if (chance(g, 8)) config->pcid = false;
  if (chance(g, 8)) config->global = false;
  config->core.overlap = chance(g, 50);
  config->walk.start = (uint32_t)below(g, 4);
  config->walk.step = fast ? 0 : (uint32_t)below(g, 3);
  config->walk.cas = fast ? 0 : (uint32_t)below(g, 5);
  config->itlb.latency = chance(g, 50) ? 1 : 1 + (uint32_t)below(g, 3);
  config->dtlb.latency = chance(g, 50) ? 1 : 1 + (uint32_t)below(g, 3);
  config->op.cr = 1 + (uint32_t)below(g, 8);
  config->op.invlpg = 1 + (uint32_t)below(g, 8);
  config->op.invpcid = 1 + (uint32_t)below(g, 8);
  config->op.segment = 1 + (uint32_t)below(g, 8);
  config->stlb.latency = 1 + (uint32_t)below(g, 8);
  config->cache.l1d.latency = fast ? 1 : 2 + (uint32_t)below(g, 3);
  config->cache.l2.latency = config->cache.l1d.latency + (uint32_t)below(g, 6);
  config->cache.l3.latency = config->cache.l2.latency + (uint32_t)below(g, 6);
}

static void begin_epoch(struct generator* g) {
  bool wished = g->wish->mode != MODE_NONE && (g->script->count == 0 || chance(g, 70));
  g->mode = wished ? g->wish->mode : (enum paging_mode)(MODE_32BIT + below(g, 4));
  g->efer = (chance(g, 70) ? BIT(11) : 0) | (is_long(g) ? BIT(8) : 0);
  g->cr4 = draw_cr4(g);
  enter_mode(g);
  if (g->cr4 & BIT(22)) emit_register(g, CONTROL_PKRU, below(g, 64) & below(g, 64) & 0x3c);
  for (unsigned i = 0; i < RECENT; i++) g->recent[i] = draw_va(g);
}

// Registers wander off; this brings them back.
static void keep_to_mode(struct generator* g) {
  bool lost = rules_mode(&g->rules) != g->mode;
  if (lost ? chance(g, 20) : chance(g, 1)) enter_mode(g);
}

bool generate_case(struct script* script, const struct generate* generate, struct error* err) {
  struct generator g = {.wish = generate, .random = random_from(generate->seed), .script = script};
  char name[96];
  snprintf(name, sizeof name, "%s-%" PRIu64, generate->geometry->name, generate->seed);
  *script = (struct script){.name = strdup(name), .memory = BENCH_MEMORY};
  g.memory = ram_create(BIT(52));
  g.drawn = ram_create(BIT(52));
  g.full = !script->name || !g.memory || !g.drawn;
  if (!g.full) {
    if (chance(&g, 30)) script->memory = MEMORY_END;
    draw_config(&g);
    rules_reset(&g.rules, &script->config);
  }
  for (uint32_t window = 0; window < generate->windows && !g.full; window++) {
    if (window % EPOCH_WINDOWS == 0) begin_epoch(&g);
    keep_to_mode(&g);
    if (chance(&g, 15)) {
      struct control control = draw_control(&g);
      emit_control(&g, by_itself, &control);
    }
    if (chance(&g, 10)) disturb(&g, by_itself);
    if (g.mode == MODE_PAE && chance(&g, 2)) emit_pdptes(&g, below(&g, ROOTS), false);
    if (chance(&g, 2)) disk_transfer(&g, 0);
    if (chance(&g, 2)) emit(&g, &(struct script_op){.kind = SCRIPT_WAIT, .wait = below(&g, 50)});
    if (rules_mode(&g.rules) == g.mode && chance(&g, 50))
      draw_scene(&g);
    else if (rules_mode(&g.rules) == MODE_NONE && chance(&g, 60))
      draw_plain(&g);
    else
      draw_brawl(&g);
  }
  ram_destroy(g.memory);
  ram_destroy(g.drawn);
  if (!g.full) return true;
  script_free(script);
  return error_set(err, "out of memory");
}
