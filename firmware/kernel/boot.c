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
  static const struct table_format* const formats[] = {[KERNEL_PAGING_32BIT] = &table_format_32bit,
                                                       [KERNEL_PAGING_PAE] = &table_format_pae,
                                                       [KERNEL_PAGING_4LEVEL] = &table_format_4level,
                                                       [KERNEL_PAGING_5LEVEL] = &table_format_5level};
  return formats[paging];
}

const char* const kernel_sharing_names[KERNEL_SHARINGS] = {"paging", "alone",  "images",  "static",
                                                           "base",   "bounds", "segments"};

static const struct space_ops* space_of(enum kernel_sharing sharing) {
  static const struct space_ops* const ops[KERNEL_SHARINGS] = {
      [KERNEL_SHARE_PAGING] = &space_paging,      [KERNEL_SHARE_ALONE] = &space_contiguous,
      [KERNEL_SHARE_IMAGES] = &space_contiguous,  [KERNEL_SHARE_STATIC] = &space_contiguous,
      [KERNEL_SHARE_BASE] = &space_contiguous,    [KERNEL_SHARE_BOUNDS] = &space_contiguous,
      [KERNEL_SHARE_SEGMENTS] = &space_contiguous};
  return sharing < KERNEL_SHARINGS ? ops[sharing] : NULL;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

// Bytes of memory that there are, that entries of the mode can name, and that the kernel can reach.
static uint64_t usable_bytes(const struct kernel_params* params) {
  const struct table_format* format = format_of(params->paging);
  uint64_t bits = least(format->physical_address_bits, params->maxphyaddr);
  uint64_t reach = format->window_base ? UINT64_MAX : format->direct_bytes;
  return least(least(params->frames, (uint64_t)1 << (bits - PGSHIFT)) << PGSHIFT, reach);
}

static uint64_t usable_frames(const struct kernel_params* params) { return usable_bytes(params) >> PGSHIFT; }

static uint64_t usable_blocks(const struct kernel_params* params) {
  return params->swap_blocks < KERNEL_SWAP_BLOCKS_MAX ? params->swap_blocks : KERNEL_SWAP_BLOCKS_MAX;
}

static bool needs_window(const struct kernel_params* params) {
  return usable_bytes(params) > format_of(params->paging)->direct_bytes;
}

// The root, and the tables of each level down to that of the direct map's large pages, as many as the map is long.
static uint64_t direct_map_tables(const struct kernel_params* params) {
  const struct table_format* format = format_of(params->paging);
  uint64_t bytes = least(usable_bytes(params), format->direct_bytes), tables = 1;
  for (unsigned level = format->levels - 1; level >= format->direct_level; level--)
    tables += bytes ? ((bytes - 1) >> format->level[level + 1].shift) + 1 : 1;
  return tables;
}

// The kernel: its tables down to the direct map's, and the window's. A small process: its root; code in one place and
// data in another, with the tables of every level for each; and for both a reference that crosses into another page.
// With programs also a frame of control blocks, and two more pages, because an instruction may refer to two places of
// data.
uint64_t kernel_frames_needed(const struct kernel_params* params) {
  if (params->sharing != KERNEL_SHARE_PAGING) return share_frames_needed(params);
  uint64_t levels = format_of(params->paging)->levels;
  uint64_t kernel = direct_map_tables(params) + needs_window(params);
  uint64_t places = 2, pages = places * 2;
  if (params->program_count > 0) {
    kernel += 1;
    pages += 2;
  }
  return kernel + 1 + places * (levels - 1) + pages;
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
  kernel->programs = params->programs;
  kernel->program_count = params->program_count;
  kernel->space = space_of(params->sharing);
  kernel->tagging = params->tagging;
  kernel->global = params->tagging == KERNEL_TAG_FLUSH ? 0 : PTE_G;
  kernel->quantum = params->quantum;
  kernel->mhz = params->mhz ? params->mhz : 1000;
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

// The kernel's table of `level` for `va`; it and those above it are built if they are missing.
static uint64_t kernel_table(struct kernel* kernel, unsigned level, uint64_t va) {
  const struct table_format* format = kernel->format;
  uint64_t table = kernel->root;
  for (unsigned l = format->levels; l > level; l--) {
    uint64_t at = table_entry_address(format, table, l, va), entry = table_get(kernel, at);
    if (!(entry & PTE_P)) {
      entry = take_zeroed(kernel) | (format->level[l].latched ? PTE_P : KERNEL_BITS);
      table_put(kernel, at, entry);
    }
    table = PTE_ADDR(entry);
  }
  return table;
}

// Memory from its beginning, by global large pages. The last one may reach beyond the end of memory: nothing goes
// there.
static void build_direct_map(struct kernel* kernel) {
  const struct table_format* format = kernel->format;
  unsigned level = format->direct_level;
  uint64_t bytes = kernel->frames.zones[ZONE_DIRECT].end << PGSHIFT, table = 0;
  for (uint64_t pa = 0; pa < bytes; pa += (uint64_t)1 << format->level[level].shift) {
    uint64_t va = format->kernel_base + pa;
    bool next_table = (pa & (((uint64_t)1 << (format->level[level].shift + format->level[level].bits)) - 1)) == 0;
    if (next_table) table = kernel_table(kernel, level, va);
    table_put(kernel, table_entry_address(format, table, level, va),
              pa | KERNEL_BITS | PTE_D | PTE_PS | kernel->global | format->no_execute);
  }
  kernel->window.direct = bytes;
}

static void build_window(struct kernel* kernel) {
  kernel->window.base = kernel->format->window_base;
  kernel->window.table = kernel_table(kernel, 1, kernel->window.base);
}

// The order that the way into long mode wants (SDM vol. 3A, 9.8.5): PAE and LA57, then CR3, then LME, then PG. PCIDE
// can be set in long mode only, while CR3 holds PCID 0 (4.10.1).
static bool turn_paging_on(struct kernel* kernel, bool global_pages) {
  struct hal* hal = kernel->hal;
  const struct table_format* format = kernel->format;
  uint32_t cr4 = global_pages ? format->cr4 : format->cr4 & ~CR4_PGE;
  bool done = hal_write_register(hal, HAL_CR4, cr4) && hal_write_register(hal, HAL_CR3, kernel->root);
  if (format->efer) done = done && hal_write_register(hal, HAL_EFER, format->efer);
  done = done && hal_write_register(hal, HAL_CR0, CR0_PG | CR0_WP | CR0_ET | CR0_PE);
  kernel->window.paging = done;
  if (kernel->tagging == KERNEL_TAG_PCID) done = done && hal_write_register(hal, HAL_CR4, cr4 | CR4_PCIDE);
  return done;
}

bool kernel_turn_paging_on(struct kernel* kernel, const struct kernel_params* params) {
  kernel->root = take_zeroed(kernel);
  build_direct_map(kernel);
  if (needs_window(params)) build_window(kernel);
  bool done = turn_paging_on(kernel, params->global_pages && kernel->global);
  if (!done) kernel_panic(kernel, "the processor refuses the control registers", NO_NUMBER);
  return done && !kernel->panicked;
}

// Why there can't be a kernel of these parameters; NULL: there can.
static const char* refusal(const struct kernel_params* params) {
  bool pages = params->sharing == KERNEL_SHARE_PAGING;
  if (!space_of(params->sharing)) return "there is no such way of sharing the memory";
  if (!pages && params->tagging == KERNEL_TAG_PCID) return "without paging there are no PCIDs";
  if (params->tagging == KERNEL_TAG_PCID && !(format_of(params->paging)->efer & EFER_LME))
    return "address spaces are tagged with PCIDs in 4- and 5-level paging only";
  return NULL;
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
  const char* trouble = refusal(params);
  if (trouble) kernel_panic(kernel, trouble, NO_NUMBER);
  return !trouble && kernel->space->boot(kernel, params) && !kernel->panicked ? kernel : NULL;
}
