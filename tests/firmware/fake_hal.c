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

enum { PAGES = 1 << 20, ZERO_LINE = 64 };

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

static bool cached(const struct fake_hal* fake, const struct fake_tlb_entry* entry) {
  return entry->life == (entry->global ? fake->global_life : fake->life);
}

struct walk {
  uint64_t at[2], entry[2];  // directory entry, table entry
  bool large;
};

static bool walk(const struct fake_hal* fake, uint64_t va, struct walk* w) {
  if (pae(fake)) {
    uint64_t pdpte = fake->pdptes[va >> 30];
    if (!(pdpte & 1)) return false;
    w->at[0] = (pdpte & 0xffffffffff000) + 8 * (va >> 21 & 511);
    w->entry[0] = fake_word(fake, w->at[0], 8);
    w->at[1] = (w->entry[0] & 0xffffffffff000) + 8 * (va >> 12 & 511);
  } else {
    w->at[0] = (fake->registers[HAL_CR3] & 0xfffff000) + 4 * (va >> 22);
    w->entry[0] = fake_word(fake, w->at[0], 4);
    w->at[1] = (w->entry[0] & 0xfffff000) + 4 * (va >> 12 & 1023);
  }
  if (!(w->entry[0] & 1)) return false;
  w->large = w->entry[0] & 0x80;
  if (w->large) return true;
  w->entry[1] = fake_word(fake, w->at[1], pae(fake) ? 8 : 4);
  return w->entry[1] & 1;
}

static void fill(struct fake_hal* fake, uint64_t va, const struct walk* w) {
  uint64_t leaf = w->large ? w->entry[0] : w->entry[1];
  uint64_t both = w->large ? leaf : leaf & w->entry[0];
  uint64_t offset_in_large = w->large ? va & (pae(fake) ? 0x1ff000 : 0x3ff000) : 0;
  bool global = leaf & 0x100 && fake->registers[HAL_CR4] & 0x80;
  fake->tlb[va >> 12] = (struct fake_tlb_entry){.life = global ? fake->global_life : fake->life,
                                                .global = global,
                                                .writable = both & 2,
                                                .user = both & 4,
                                                .no_execute = (leaf | w->entry[0]) >> 63,
                                                .dirty = leaf & 0x40,
                                                .frame = (leaf & 0xffffffffff000) + offset_in_large};
}

static bool permitted(const struct fake_tlb_entry* entry, enum fake_kind kind, bool user) {
  if (user && !entry->user) return false;
  if (kind == FAKE_FETCH && entry->no_execute) return false;
  return kind != FAKE_WRITE || entry->writable;  // CR0.WP = 1
}

static void set_accessed_and_dirty(struct fake_hal* fake, struct walk* w, bool write) {
  unsigned size = pae(fake) ? 8 : 4;
  w->entry[0] |= 0x20 | (w->large && write ? 0x40 : 0);
  fake_poke(fake, w->at[0], size, w->entry[0]);
  if (w->large) return;
  w->entry[1] |= 0x20 | (write ? 0x40 : 0);
  fake_poke(fake, w->at[1], size, w->entry[1]);
}

bool fake_access(struct fake_hal* fake, uint64_t va, enum fake_kind kind, bool user, uint64_t* pa, unsigned* error) {
  fake->now++;
  *pa = va;
  if (!paging(fake)) return true;
  struct fake_tlb_entry* entry = &fake->tlb[va >> 12];
  struct walk w = {{0}, {0}, false};
  bool hit = cached(fake, entry), present = true;
  if (!hit || (kind == FAKE_WRITE && !entry->dirty)) {
    present = walk(fake, va, &w);
    if (present) fill(fake, va, &w);
  }
  if (!present || !permitted(entry, kind, user)) {
    bool fetch_bit = kind == FAKE_FETCH && pae(fake) && fake->registers[HAL_EFER] & 0x800;
    *error = (present ? 1 : 0) | (kind == FAKE_WRITE ? 2 : 0) | (user ? 4 : 0) | (fetch_bit ? 16 : 0);
    *entry = (struct fake_tlb_entry){0};
    return false;
  }
  if (w.at[0]) {
    set_accessed_and_dirty(fake, &w, kind == FAKE_WRITE);
    fill(fake, va, &w);
  }
  *pa = entry->frame + (va & 4095);
  return true;
}

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

static bool write_register(struct hal* hal, enum hal_register reg, uint64_t value) {
  struct fake_hal* fake = fake_of(hal);
  uint64_t old = fake->registers[reg];
  fake->registers[reg] = value;
  fake->cr3_writes += reg == HAL_CR3;
  fake->life++;
  if (reg == HAL_CR0 || (reg == HAL_CR4 && (old ^ value) & 0x80)) fake->global_life++;
  if (paging(fake) && pae(fake))
    for (unsigned i = 0; i < 4; i++) fake->pdptes[i] = fake_word(fake, (fake->registers[HAL_CR3] & ~31ull) + 8 * i, 8);
  return true;
}

static void invlpg(struct hal* hal, uint64_t va) {
  fake_of(hal)->invlpgs++;
  fake_of(hal)->tlb[va >> 12] = (struct fake_tlb_entry){0};
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
                                   .now = now,
                                   .work = work,
                                   .disk_start = disk_begin,
                                   .disk_done = disk_over,
                                   .print = print,
                                   .note = note};

// ---------------------------------------------------------------------------------------------------------------------

void fake_create(struct fake_hal* fake, uint64_t frames, uint64_t blocks, uint64_t disk_cycles) {
  memset(fake, 0, sizeof *fake);
  fake->hal.ops = &ops;
  fake->bytes = frames * 4096;
  fake->memory =
      mmap(NULL, fake->bytes ? fake->bytes : 1, HOST_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(fake->memory != MAP_FAILED);
  // Small memories start full of garbage, as real ones do; large ones would cost the host too much.
  if (fake->bytes <= 1 << 24) memset(fake->memory, 0xa5, fake->bytes);
  fake->blocks = blocks;
  fake->disk_cycles = disk_cycles;
  fake->disk = calloc(blocks + 1, 4096);
  fake->tlb = calloc(PAGES, sizeof *fake->tlb);
  fake->life = fake->global_life = 1;
  fake->registers[HAL_CR0] = 0x11;
  assert_non_null(fake->disk);
  assert_non_null(fake->tlb);
}

void fake_destroy(struct fake_hal* fake) {
  munmap(fake->memory, fake->bytes ? fake->bytes : 1);
  free(fake->disk);
  free(fake->tlb);
}

struct kernel* fake_boot(struct fake_hal* fake, void** arena, enum kernel_paging paging_mode, uint64_t frames,
                         uint64_t blocks) {
  struct kernel_params params = {
      .paging = paging_mode, .maxphyaddr = 40, .frames = frames, .swap_blocks = blocks, .work = 500};
  fake_create(fake, frames, blocks, 1000);
  *arena = calloc(1, kernel_arena_bytes(&params));
  assert_non_null(*arena);
  return kernel_boot(*arena, kernel_arena_bytes(&params), &fake->hal, &params);
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
