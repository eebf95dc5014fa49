// SPDX-License-Identifier: MIT
// From reset to a kernel that is ready for processes: the arena, the kernel's own page tables, paging on.
#include "kernel/mm/mmu.h"
#include "kernel/state.h"
#include "lib/text.h"

void kernel_panic(struct kernel* kernel, const char* why, uint64_t number) {
  char buffer[160];
  struct text text = text_in(buffer, sizeof buffer);
  if (kernel->panicked) return;
  kernel->panicked = true;
  text_add(&text, "kernel panic: ");
  text_add(&text, why);
  if (number != NO_NUMBER) text_add_hex(&text, number);
  struct hal_note note = {.kind = HAL_NOTE_PANIC, .text = buffer};
  hal_note(kernel->hal, &note);
}

static const struct table_format* format_of(enum kernel_paging paging) {
  return paging == KERNEL_PAGING_PAE ? &table_format_pae : &table_format_32bit;
}

// Frames that entries of the mode can name, and of which there are any.
static uint64_t usable_frames(const struct kernel_params* params) {
  unsigned bits = format_of(params->paging)->physical_address_bits;
  if (params->maxphyaddr < bits) bits = params->maxphyaddr;
  uint64_t most = (uint64_t)1 << (bits - PGSHIFT);
  return params->frames < most ? params->frames : most;
}

static uint64_t usable_blocks(const struct kernel_params* params) {
  return params->swap_blocks < KERNEL_SWAP_BLOCKS_MAX ? params->swap_blocks : KERNEL_SWAP_BLOCKS_MAX;
}

static bool needs_window(const struct kernel_params* params) { return usable_frames(params) * PGSIZE > DIRECT_BYTES; }

// The kernel: its tables down to level 2, and the window's. A small process: its root; code in one place and data in
// another, with the tables of every level for each; and for both a reference that crosses into another page.
uint64_t kernel_frames_needed(const struct kernel_params* params) {
  uint64_t levels = format_of(params->paging)->levels;
  uint64_t kernel = levels - 1 + needs_window(params);
  uint64_t places = 2;
  return kernel + 1 + places * (levels - 1) + places * 2;
}

// ---------------------------------------------------------------------------------------------------------------------
// The arena: the kernel's struct and its arrays, one behind the other

static size_t aligned(uint64_t bytes) { return (size_t)((bytes + 63) & ~(uint64_t)63); }

static size_t frames_bytes(const struct kernel_params* params) {
  return aligned(usable_frames(params) * sizeof(struct frame));
}
static size_t blocks_bytes(const struct kernel_params* params) {
  return aligned((usable_blocks(params) + 1) * sizeof(struct swap_block));
}

size_t kernel_arena_bytes(const struct kernel_params* params) {
  return aligned(sizeof(struct kernel)) + aligned(VMA_MAX * sizeof(struct vma)) + frames_bytes(params) +
         blocks_bytes(params);
}

static struct kernel* lay_out(void* arena, struct hal* hal, const struct kernel_params* params) {
  struct kernel* kernel = arena;
  uint8_t* next = (uint8_t*)arena + aligned(sizeof *kernel);
  kernel->hal = hal;
  kernel->work = params->work;
  kernel->format = format_of(params->paging);
  frames_init(kernel, (struct frame*)next, usable_frames(params));
  next += frames_bytes(params);
  swap_init(kernel, (struct swap_block*)next, usable_blocks(params));
  next += blocks_bytes(params);
  kernel->vmas.vmas = (struct vma*)next;
  return kernel;
}

// ---------------------------------------------------------------------------------------------------------------------
// The kernel's page tables, built while linear addresses are physical ones

// What the kernel presets in its own entries, so that the hardware never has to: all copies stay alike.
#define KERNEL_BITS (PTE_P | PTE_W | PTE_A)

static uint64_t take_zeroed(struct kernel* kernel) {
  uint64_t pa = frames_take(kernel, USE_KERNEL);
  window_zero(kernel, pa, PGSIZE);
  return pa;
}

// The root, and the table of level 2 that maps the upper GiB: in 32-bit mode the root is that table itself.
static void build_root(struct kernel* kernel) {
  const struct table_format* format = kernel->format;
  kernel->root = take_zeroed(kernel);
  uint64_t table = kernel->root;
  for (unsigned level = format->levels; level > 2; level--) {
    uint64_t next = take_zeroed(kernel);
    unsigned index = (unsigned)(KERNBASE >> format->level[level].shift);
    table_put(kernel, table + index * format->entry_bytes, next | format->level[level].link);
    table = next;
  }
  kernel->directory = table;
}

static uint64_t directory_entry(const struct kernel* kernel, uint64_t va) {
  const struct table_level* level = &kernel->format->level[2];
  uint64_t index = va >> level->shift & (((uint64_t)1 << level->bits) - 1);
  return kernel->directory + index * kernel->format->entry_bytes;
}

// Low memory, by global large pages. The last one may reach beyond the end of memory: nothing goes there.
static void build_direct_map(struct kernel* kernel) {
  uint64_t large = (uint64_t)1 << kernel->format->level[2].shift;
  uint64_t low = kernel->frames.zones[ZONE_DIRECT].end << PGSHIFT;
  for (uint64_t pa = 0; pa < low; pa += large)
    table_put(kernel, directory_entry(kernel, KERNBASE + pa),
              pa | KERNEL_BITS | PTE_D | PTE_PS | PTE_G | kernel->format->no_execute);
  kernel->window.direct = low;
}

static void build_window(struct kernel* kernel) {
  kernel->window.base = ADDRESS_SPACE_END - ((uint64_t)1 << kernel->format->level[2].shift);
  kernel->window.table = take_zeroed(kernel);
  table_put(kernel, directory_entry(kernel, kernel->window.base), kernel->window.table | KERNEL_BITS);
}

static bool turn_paging_on(struct kernel* kernel, enum kernel_paging paging) {
  struct hal* hal = kernel->hal;
  uint32_t cr4 = CR4_PSE | CR4_PGE | (paging == KERNEL_PAGING_PAE ? CR4_PAE : 0);
  bool done = hal_write_register(hal, HAL_CR3, kernel->root) && hal_write_register(hal, HAL_CR4, cr4);
  if (paging == KERNEL_PAGING_PAE) done = done && hal_write_register(hal, HAL_EFER, EFER_NXE);
  done = done && hal_write_register(hal, HAL_CR0, CR0_PG | CR0_WP | CR0_ET | CR0_PE);
  kernel->window.paging = done;
  return done;
}

static void panic_too_few(struct kernel* kernel, uint64_t frames, uint64_t needed) {
  char buffer[120];
  struct text text = text_in(buffer, sizeof buffer);
  text_add_number(&text, frames);
  text_add(&text, " frames are too few: the kernel and one small process need ");
  text_add_number(&text, needed);
  kernel_panic(kernel, buffer, NO_NUMBER);
}

struct kernel* kernel_boot(void* arena, size_t bytes, struct hal* hal, const struct kernel_params* params) {
  if (bytes < kernel_arena_bytes(params)) {
    struct hal_note note = {.kind = HAL_NOTE_PANIC,
                            .text = "kernel panic: the arena is smaller than kernel_arena_bytes"};
    hal_note(hal, &note);
    return NULL;
  }
  struct kernel* kernel = lay_out(arena, hal, params);
  uint64_t needed = kernel_frames_needed(params);
  if (params->frames < needed) {
    panic_too_few(kernel, params->frames, needed);
    return NULL;
  }
  build_root(kernel);
  build_direct_map(kernel);
  if (needs_window(params)) build_window(kernel);
  if (!turn_paging_on(kernel, params->paging))
    kernel_panic(kernel, "the processor refuses the control registers", NO_NUMBER);
  return kernel->panicked ? NULL : kernel;
}
