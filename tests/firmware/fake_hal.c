// SPDX-License-Identifier: MIT
// A HAL without an engine.
#include <sys/mman.h>
enum { HOST_READ_WRITE = PROT_READ | PROT_WRITE };  // the kernel's own protection names differ
#undef PROT_READ
#undef PROT_WRITE
#undef PROT_EXEC

#include "fake_hal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { PAGES = 1 << 20, LINKS = 1 << 14, ZERO_LINE = 64 };

static struct fake_hal* fake_of(const struct hal* hal) { return (struct fake_hal*)hal; }

uint64_t fake_word(const struct fake_hal* fake, uint64_t pa, unsigned size) {
  uint64_t value = 0;
  if (pa + size > fake->bytes) fail_msg("the access to %#lx lies beyond the memory", (unsigned long)pa);
  memcpy(&value, fake->memory + pa, size);
  return value;
}

void fake_poke(struct fake_hal* fake, uint64_t pa, unsigned size, uint64_t value) {
  if (pa + size > fake->bytes) fail_msg("the access to %#lx lies beyond the memory", (unsigned long)pa);
  memcpy(fake->memory + pa, &value, size);
}

// ---------------------------------------------------------------------------------------------------------------------
// The MMU: each mode spelled out, as the manual has it

static bool paging(const struct fake_hal* fake) { return fake->registers[HAL_CR0] >> 31 & 1; }
static bool pae(const struct fake_hal* fake) { return fake->registers[HAL_CR4] & 0x20; }
static bool la57(const struct fake_hal* fake) { return fake->registers[HAL_CR4] & 0x1000; }
static bool pcide(const struct fake_hal* fake) { return fake->registers[HAL_CR4] & 0x20000; }
static bool lme(const struct fake_hal* fake) { return fake->registers[HAL_EFER] & 0x100; }

static unsigned pcid_now(const struct fake_hal* fake) { return pcide(fake) ? fake->registers[HAL_CR3] & 0xfff : 0; }

static struct fake_tlb_entry* tlb_slot(const struct fake_hal* fake, uint64_t va, unsigned pcid) {
  uint64_t page = ((va >> 12) + 1) | (uint64_t)pcid << 52, slot = page % PAGES;
  for (unsigned n = 0; n < PAGES / 2; n++, slot = (slot + 1) % PAGES) {
    struct fake_tlb_entry* entry = &fake->tlb[slot];
    if (entry->page == 0) entry->page = page;
    if (entry->page == page) return entry;
  }
  fail_msg("the fake's TLB is full");
  return NULL;
}

static struct fake_link* link_slot(const struct fake_hal* fake, unsigned level, uint64_t va, unsigned pcid) {
  uint64_t prefix = (va >> (12 + 9 * (level - 1)) << 15 >> 12) | level | (uint64_t)pcid << 52;
  uint64_t slot = prefix * 0x9e3779b97f4a7c15u >> 50;
  for (unsigned n = 0; n < LINKS / 2; n++, slot = (slot + 1) % LINKS) {
    struct fake_link* link = &fake->links[slot];
    if (link->prefix == 0) link->prefix = prefix;
    if (link->prefix == prefix) return link;
  }
  fail_msg("the fake's walk cache is full");
  return NULL;
}

static void forget(struct fake_tlb_entry* entry) { *entry = (struct fake_tlb_entry){.page = entry->page}; }

static bool cached(const struct fake_hal* fake, const struct fake_tlb_entry* entry) {
  return entry->life == (entry->global ? fake->global_life : fake->life[entry->page >> 52]);
}

// Where an access finds its translation: a global entry, of whichever PCID, or one of the current PCID.
static struct fake_tlb_entry* tlb_find(const struct fake_hal* fake, uint64_t va) {
  struct fake_tlb_entry* global = tlb_slot(fake, va, 0);
  return global->global && cached(fake, global) ? global : tlb_slot(fake, va, pcid_now(fake));
}

// The entries from the root to the leaf, by level; those of the walk cache were not read now.
struct walk {
  unsigned top, leaf, size;  // levels of the first entry and of the last; bytes of an entry
  uint64_t at[6], entry[6];
};

static bool walk_32bit(const struct fake_hal* fake, uint64_t va, struct walk* w) {
  *w = (struct walk){.top = 2, .leaf = 2, .size = 4};
  w->at[2] = (fake->registers[HAL_CR3] & 0xfffff000) + 4 * (va >> 22);
  w->entry[2] = fake_word(fake, w->at[2], 4);
  if (!(w->entry[2] & 1)) return false;
  if (w->entry[2] & 0x80) return true;
  w->leaf = 1;
  w->at[1] = (w->entry[2] & 0xfffff000) + 4 * (va >> 12 & 1023);
  w->entry[1] = fake_word(fake, w->at[1], 4);
  return w->entry[1] & 1;
}

// The kernel must not have set them.
static void check_reserved_bits(uint64_t va, unsigned level, uint64_t entry) {
  uint64_t reserved = 0x000fff0000000000;  // the fake's processors have 40 bits of physical address
  if (level >= 4) reserved |= 0x80;
  if (level == 3 && entry & 0x80) reserved |= 0x3fffe000;
  if (level == 2 && entry & 0x80) reserved |= 0x1fe000;
  if (entry & reserved)
    fail_msg("reserved bits in the entry %#lx of level %u for %#lx", (unsigned long)entry, level, (unsigned long)va);
}

// PAE below its registers, 4-level and 5-level: 9 bits of the address and 8 bytes of entry a level.
static bool walk_from(const struct fake_hal* fake, uint64_t va, unsigned top, uint64_t table, struct walk* w) {
  *w = (struct walk){.top = top, .leaf = top, .size = 8};
  for (;; w->leaf--) {
    unsigned level = w->leaf;
    struct fake_link* link = level > 1 ? link_slot(fake, level, va, pcid_now(fake)) : NULL;
    bool known = link && link->life == fake->link_life[pcid_now(fake)];
    w->at[level] = table + 8 * (va >> (12 + 9 * (level - 1)) & 511);
    w->entry[level] = known ? link->entry : fake_word(fake, w->at[level], 8);
    if (known) w->at[level] = 0;
    if (!(w->entry[level] & 1)) return false;
    check_reserved_bits(va, level, w->entry[level]);
    if (level == 1 || w->entry[level] & 0x80) return true;
    link->life = fake->link_life[pcid_now(fake)];  // A is set when the walk succeeds; until then no other walk comes
    link->entry = w->entry[level];
    table = w->entry[level] & 0xffffffffff000;
  }
}

static bool walk(const struct fake_hal* fake, uint64_t va, struct walk* w) {
  uint64_t root = fake->registers[HAL_CR3] & 0xffffffffff000;
  if (!pae(fake)) return walk_32bit(fake, va, w);
  if (lme(fake)) {
    unsigned levels = la57(fake) ? 5 : 4, unused = 64 - (12 + 9 * levels);
    if ((uint64_t)((int64_t)(va << unused) >> unused) != va) fail_msg("%#lx is not canonical", (unsigned long)va);
    return walk_from(fake, va, levels, root, w);
  }
  uint64_t pdpte = fake->pdptes[va >> 30];
  return pdpte & 1 && walk_from(fake, va, 2, pdpte & 0xffffffffff000, w);
}

// What a fault at `va` makes the processor forget.
static void forget_links(struct fake_hal* fake, uint64_t va) {
  for (unsigned level = 2; level <= 5; level++) link_slot(fake, level, va, pcid_now(fake))->life = 0;
}

static void fill(struct fake_hal* fake, struct fake_tlb_entry* entry, uint64_t va, const struct walk* w) {
  uint64_t leaf = w->entry[w->leaf], all = ~0ull, any = 0;
  unsigned shift = w->leaf == 1 ? 12 : w->size == 4 ? 22 : 12 + 9 * (w->leaf - 1);
  for (unsigned level = w->leaf; level <= w->top; level++) all &= w->entry[level], any |= w->entry[level];
  bool global = leaf & 0x100 && fake->registers[HAL_CR4] & 0x80;
  *entry = (struct fake_tlb_entry){.page = entry->page,
                                   .life = global ? fake->global_life : fake->life[entry->page >> 52],
                                   .global = global,
                                   .writable = all & 2,
                                   .user = all & 4,
                                   .no_execute = any >> 63,
                                   .dirty = leaf & 0x40,
                                   .frame = (leaf & 0xffffffffff000) + (va & ((1ull << shift) - 1) & ~0xfffull)};
}

static bool permitted(const struct fake_tlb_entry* entry, enum fake_kind kind, bool user) {
  if (user && !entry->user) return false;
  if (kind == FAKE_FETCH && entry->no_execute) return false;
  return kind != FAKE_WRITE || entry->writable;  // CR0.WP = 1
}

static void set_accessed_and_dirty(struct fake_hal* fake, struct walk* w, bool write) {
  for (unsigned level = w->top; level >= w->leaf; level--) {
    if (!w->at[level]) continue;
    w->entry[level] |= 0x20 | (level == w->leaf && write ? 0x40 : 0);
    fake_poke(fake, w->at[level], w->size, w->entry[level]);
  }
}

bool fake_access(struct fake_hal* fake, uint64_t va, enum fake_kind kind, bool user, uint64_t* pa, unsigned* error) {
  fake->now++;
  *pa = va;
  if (!paging(fake)) return true;
  struct fake_tlb_entry* entry = tlb_find(fake, va);
  struct walk w = {.top = 0};
  bool walked = !cached(fake, entry) || (kind == FAKE_WRITE && !entry->dirty), present = true;
  if (walked) {
    present = walk(fake, va, &w);
    if (present) fill(fake, entry, va, &w);
  }
  if (!present || !permitted(entry, kind, user)) {
    bool fetch_bit = kind == FAKE_FETCH && pae(fake) && fake->registers[HAL_EFER] & 0x800;
    *error = (present ? 1 : 0) | (kind == FAKE_WRITE ? 2 : 0) | (user ? 4 : 0) | (fetch_bit ? 16 : 0);
    forget(entry);
    forget_links(fake, va);
    return false;
  }
  if (walked) {
    set_accessed_and_dirty(fake, &w, kind == FAKE_WRITE);
    fill(fake, entry, va, &w);
    if (entry->global && entry != tlb_slot(fake, va, 0)) {  // kept where all look
      struct fake_tlb_entry* shared = tlb_slot(fake, va, 0);
      uint64_t page = shared->page;
      *shared = *entry;
      shared->page = page;
    }
  }
  *pa = entry->frame + (va & 4095);
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments

static unsigned segment_number(const struct fake_hal* fake, uint32_t va) {
  if (fake->select == HAL_SELECT_FLAT) return 0;
  return fake->select == HAL_SELECT_ONE ? 1 : 1 + (va >> 30);
}

bool fake_segment(const struct fake_hal* fake, uint32_t va, unsigned size, enum fake_kind kind, uint64_t* linear) {
  unsigned number = segment_number(fake, va);
  const struct hal_segment* s = &fake->segments[number];
  uint64_t last = (uint64_t)va + size - 1;
  *linear = va;
  if (number == 0) return true;
  *linear = (uint32_t)(s->base + va);
  if (!s->present || !s->user || (kind == FAKE_WRITE && !s->writable)) return false;
  return s->expand_down ? va > s->limit && last <= UINT32_MAX : last <= s->limit;
}

static bool load_segment(struct hal* hal, unsigned number, const struct hal_segment* segment) {
  if (number < 1 || number > 7) return false;
  fake_of(hal)->segments[number] = *segment;
  fake_of(hal)->segment_loads++;
  return true;
}

static void select_segments(struct hal* hal, enum hal_select select) { fake_of(hal)->select = select; }

// ---------------------------------------------------------------------------------------------------------------------
// The HAL

static uint64_t kernel_access(struct fake_hal* fake, uint64_t va, enum fake_kind kind) {
  uint64_t pa = 0;
  unsigned error = 0;
  fake->references++;
  if (!fake_access(fake, va, kind, false, &pa, &error))
    fail_msg("the kernel's access to %#lx faulted, error %#x", (unsigned long)va, error);
  return pa;
}

static uint64_t load(struct hal* hal, uint64_t va, unsigned size) {
  return fake_word(fake_of(hal), kernel_access(fake_of(hal), va, FAKE_READ), size);
}

static void store(struct hal* hal, uint64_t va, unsigned size, uint64_t value) {
  uint64_t pa = kernel_access(fake_of(hal), va, FAKE_WRITE);
  fake_poke(fake_of(hal), pa, size, value);
}

static void block(struct fake_hal* fake, uint64_t va, uint64_t bytes, enum fake_kind kind, uint8_t* to,
                  const uint8_t* from) {
  while (bytes > 0) {
    uint64_t line = ZERO_LINE - va % ZERO_LINE, part = bytes < line ? bytes : line;
    uint64_t pa = kernel_access(fake, va, kind);
    if (to)
      memcpy(to, fake->memory + pa, part), to += part;
    else if (from)
      memcpy(fake->memory + pa, from, part), from += part;
    else
      memset(fake->memory + pa, 0, part);
    va += part;
    bytes -= part;
  }
}

static void zero(struct hal* hal, uint64_t va, uint64_t bytes) {
  block(fake_of(hal), va, bytes, FAKE_WRITE, NULL, NULL);
}
static void block_read(struct hal* hal, uint64_t va, void* to, uint64_t bytes) {
  block(fake_of(hal), va, bytes, FAKE_READ, to, NULL);
}
static void block_write(struct hal* hal, uint64_t va, const void* from, uint64_t bytes) {
  block(fake_of(hal), va, bytes, FAKE_WRITE, NULL, from);
}

static uint64_t peek(const struct hal* hal, uint64_t pa, unsigned size) { return fake_word(fake_of(hal), pa, size); }

static void forget_pcid(struct fake_hal* fake, unsigned pcid) {
  fake->life[pcid]++;
  fake->link_life[pcid]++;
}

// Writes that the architecture answers with #GP.
static bool refused(const struct fake_hal* fake, enum hal_register reg, uint64_t value) {
  uint64_t change = fake->registers[reg] ^ value;
  bool long_mode = paging(fake) && lme(fake);
  if (reg == HAL_CR0) return value >> 31 & 1 && lme(fake) && !pae(fake);
  if (reg == HAL_CR4 && change & value & 0x20000 && (!long_mode || fake->registers[HAL_CR3] & 0xfff)) return true;
  if (reg == HAL_CR4) return long_mode && change & (0x20 | 0x1000);
  if (reg == HAL_CR3) return !pcide(fake) && value >> 63;
  return reg == HAL_EFER && paging(fake) && change & 0x100;
}

static bool write_register(struct hal* hal, enum hal_register reg, uint64_t value) {
  struct fake_hal* fake = fake_of(hal);
  uint64_t old = fake->registers[reg];
  fake->now += fake->register_cycles;
  if (refused(fake, reg, value)) return false;
  if (fake->load_count < FAKE_LOADS) {
    fake->loads[fake->load_count].reg = reg;
    fake->loads[fake->load_count++].value = value;
  }
  fake->registers[reg] = value & ~(reg == HAL_CR3 ? 1ull << 63 : 0);
  fake->cr3_writes += reg == HAL_CR3;
  if (reg != HAL_CR3 || !(value >> 63)) forget_pcid(fake, pcid_now(fake));
  if (reg == HAL_CR0 || (reg == HAL_CR4 && (old ^ value) & 0x80)) fake->global_life++;
  if (paging(fake) && pae(fake) && !lme(fake))
    for (unsigned i = 0; i < 4; i++) fake->pdptes[i] = fake_word(fake, (fake->registers[HAL_CR3] & ~31ull) + 8 * i, 8);
  return true;
}

static void invlpg(struct hal* hal, uint64_t va) {
  struct fake_hal* fake = fake_of(hal);
  fake->invlpgs++;
  fake->link_life[pcid_now(fake)]++;
  forget(tlb_slot(fake, va, pcid_now(fake)));
  if (tlb_slot(fake, va, 0)->global) forget(tlb_slot(fake, va, 0));
}

// Types 0 and 1; what the kernel does not use fails the test.
static bool invpcid(struct hal* hal, unsigned type, unsigned pcid, uint64_t va) {
  struct fake_hal* fake = fake_of(hal);
  fake->invpcids++;
  if (type > 1 || pcid >= FAKE_PCIDS || (!pcide(fake) && pcid > 0)) fail_msg("INVPCID type %u, PCID %u", type, pcid);
  if (type == 1) {
    forget_pcid(fake, pcid);
  } else {
    fake->link_life[pcid]++;
    if (!tlb_slot(fake, va, pcid)->global) forget(tlb_slot(fake, va, pcid));
  }
  return true;
}

static void set_timer(struct hal* hal, uint64_t cycle) { fake_of(hal)->timer = cycle; }

static void console(struct hal* hal, int pid, const void* bytes, size_t count) {
  struct fake_hal* fake = fake_of(hal);
  if (fake->console_bytes + count >= FAKE_CONSOLE) fail_msg("the fake's console is full");
  memcpy(fake->console + fake->console_bytes, bytes, count);
  fake->console_bytes += count;
  fake->console[fake->console_bytes] = 0;
  fake->console_pid = pid;
}

static uint64_t now(const struct hal* hal) { return fake_of(hal)->now; }
static void work(struct hal* hal, uint64_t cycles) { fake_of(hal)->now += cycles; }

static uint64_t disk_begin(struct hal* hal, enum hal_disk_op op, uint64_t number, uint64_t pa) {
  struct fake_hal* fake = fake_of(hal);
  uint64_t ticket = ++fake->transfers;
  struct fake_transfer* last = &fake->queue[(ticket - 1) % FAKE_TRANSFERS];
  uint64_t begin = last->over > fake->now ? last->over : fake->now;
  if (number == 0 || number > fake->blocks) fail_msg("there is no block %lu", (unsigned long)number);
  if (pa % 4096 || pa >= fake->bytes) fail_msg("there is no frame at %#lx", (unsigned long)pa);
  fake->queue[ticket % FAKE_TRANSFERS] =
      (struct fake_transfer){.ticket = ticket, .block = number, .pa = pa, .over = begin + fake->disk_cycles, .op = op};
  return ticket;
}

static uint64_t fnv1a(const uint8_t* data) {
  uint64_t hash = 14695981039346656037u;
  for (unsigned i = 0; i < 4096; i++) hash = (hash ^ data[i]) * 1099511628211u;
  return hash;
}

static bool disk_over(struct hal* hal, uint64_t ticket, uint64_t* checksum) {
  struct fake_hal* fake = fake_of(hal);
  struct fake_transfer* t = &fake->queue[ticket % FAKE_TRANSFERS];
  if (t->ticket != ticket || t->collected) fail_msg("the disk knows no ticket %lu", (unsigned long)ticket);
  if (t->over > fake->now) return false;
  uint8_t *frame = fake->memory + t->pa, *medium = fake->disk + t->block * 4096;
  if (t->op == HAL_DISK_READ)
    memcpy(frame, medium, 4096), fake->reads++;
  else
    memcpy(medium, frame, 4096), fake->writes++;
  *checksum = fnv1a(frame);
  t->collected = true;
  return true;
}

static void print(struct hal* hal, const char* text) { (void)hal, (void)text; }

static void note(struct hal* hal, const struct hal_note* given) {
  struct fake_hal* fake = fake_of(hal);
  if (given->kind == HAL_NOTE_PANIC) snprintf(fake->panic, sizeof fake->panic, "%s", given->text);
  if (fake->note_count < FAKE_NOTES) {
    fake->notes[fake->note_count] = *given;
    fake->notes[fake->note_count++].text = NULL;
  }
}

static const struct hal_ops ops = {.load = load,
                                   .store = store,
                                   .zero = zero,
                                   .read = block_read,
                                   .write = block_write,
                                   .peek = peek,
                                   .write_register = write_register,
                                   .invlpg = invlpg,
                                   .invpcid = invpcid,
                                   .load_segment = load_segment,
                                   .select_segments = select_segments,
                                   .set_timer = set_timer,
                                   .console = console,
                                   .now = now,
                                   .work = work,
                                   .disk_start = disk_begin,
                                   .disk_done = disk_over,
                                   .print = print,
                                   .note = note};

// ---------------------------------------------------------------------------------------------------------------------

void* fake_reserve(uint64_t bytes) {
  void* memory = mmap(NULL, bytes ? bytes : 1, HOST_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(memory != MAP_FAILED);
  return memory;
}

void fake_release(void* memory, uint64_t bytes) { munmap(memory, bytes ? bytes : 1); }

void fake_create(struct fake_hal* fake, uint64_t frames, uint64_t blocks, uint64_t disk_cycles) {
  memset(fake, 0, sizeof *fake);
  fake->hal.ops = &ops;
  fake->bytes = frames * 4096;
  fake->memory = fake_reserve(fake->bytes);
  // Small memories start full of garbage, as real ones do; large ones would cost the host too much.
  if (fake->bytes <= 1 << 24) memset(fake->memory, 0xa5, fake->bytes);
  fake->blocks = blocks;
  fake->disk_cycles = disk_cycles;
  fake->disk = calloc(blocks + 1, 4096);
  fake->tlb = calloc(PAGES, sizeof *fake->tlb);
  fake->links = calloc(LINKS, sizeof *fake->links);
  fake->global_life = 1;
  for (unsigned pcid = 0; pcid < FAKE_PCIDS; pcid++) fake->life[pcid] = fake->link_life[pcid] = 1;
  fake->timer = UINT64_MAX;
  fake->registers[HAL_CR0] = 0x11;
  assert_non_null(fake->disk);
  assert_non_null(fake->tlb);
  assert_non_null(fake->links);
}

void fake_destroy(struct fake_hal* fake) {
  fake_release(fake->memory, fake->bytes);
  free(fake->disk);
  free(fake->tlb);
  free(fake->links);
}

struct kernel* fake_boot(struct fake_hal* fake, void** arena, enum kernel_paging paging_mode, uint64_t frames,
                         uint64_t blocks) {
  struct kernel_params params = {.paging = paging_mode,
                                 .maxphyaddr = 40,
                                 .global_pages = true,
                                 .frames = frames,
                                 .swap_blocks = blocks,
                                 .work = 500};
  return fake_boot_with(fake, arena, &params);
}

struct kernel* fake_boot_with(struct fake_hal* fake, void** arena, const struct kernel_params* params) {
  fake_create(fake, params->frames, params->swap_blocks, 1000);
  *arena = calloc(1, kernel_arena_bytes(params));
  assert_non_null(*arena);
  return kernel_boot(*arena, kernel_arena_bytes(params), &fake->hal, params);
}

bool fake_touch(struct fake_hal* fake, struct kernel* kernel, uint64_t va, enum fake_kind kind, uint64_t* pa,
                struct kernel_kill* kill) {
  struct kernel_kill ignored;
  uint64_t where;
  unsigned error;
  if (!kill) kill = &ignored;
  while (!fake_access(fake, va, kind, true, &where, &error)) {
    enum kernel_action action = kernel_page_fault(kernel, va, error, kill);
    while (action == KERNEL_WAIT && !fake->panic[0]) {
      fake->now += fake->disk_cycles / 3 + 1;  // not a divisor: the kernel is asked too early, too
      action = kernel_poll(kernel, kill);
    }
    if (action != KERNEL_RESUME) return false;
  }
  if (pa) *pa = where;
  return true;
}

unsigned fake_noted(const struct fake_hal* fake, enum hal_note_kind kind) {
  unsigned n = 0;
  for (unsigned i = 0; i < fake->note_count; i++) n += fake->notes[i].kind == kind;
  return n;
}

const struct hal_note* fake_note(const struct fake_hal* fake, enum hal_note_kind kind, unsigned n) {
  for (unsigned i = 0; i < fake->note_count; i++)
    if (fake->notes[i].kind == kind && n-- == 0) return &fake->notes[i];
  return NULL;
}
