// SPDX-License-Identifier: MIT
// fork under demand paging: a full copy of what the parent has, page by page.
#include "kernel/errno.h"
#include "kernel/mm/fault.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/space_paging.h"
#include "kernel/state.h"

// The child's VMAs are its parent's.
static int copy_vmas(struct kernel* kernel, const struct process* parent, struct process* child) {
  for (const struct vma* vma = vma_above(parent, 0); vma; vma = vma_above(parent, vma->end)) {
    int result = vma_insert(kernel, child, vma);
    if (result < 0) return -KERNEL_ENOMEM;
  }
  return 0;
}

static int make_room(struct kernel* kernel, struct process* parent, uint64_t page) {
  switch (fault_make_room(kernel, parent, page, false)) {
    case FAULT_ROOM_MADE:
      return 0;
    case FAULT_ROOM_WAITS:
      process_block(kernel, parent, HAL_BLOCKED_DISK);
      return SPACE_WAIT;
    default:
      return -KERNEL_ENOMEM;
  }
}

// Through the MMU, by the kernel's addresses of both frames.
static void copy_frame(struct kernel* kernel, uint64_t from, uint64_t to) {
  uint8_t page[PGSIZE];
  hal_read(kernel->hal, window_address(kernel, from), page, PGSIZE);
  hal_write(kernel->hal, window_address(kernel, to), page, PGSIZE);
}

// A page that differs from what a first touch would make is marked dirty: nothing else holds its content.
static void map_copy(struct kernel* kernel, struct process* child, uint64_t page, uint64_t pa, uint64_t at,
                     bool dirty) {
  struct vma* vma = vma_find(child, page);
  fault_map(kernel, child, vma, page, pa, at, HAL_FRAME_COPIED);
  if (dirty) table_put(kernel, at, table_user_leaf(kernel->format, pa, vma->prot) | PTE_A | PTE_D);
}

// Tries to copy one page that the parent has. 0: done; SPACE_WAIT, -ENOMEM; 2: something moved, look again.
enum { LOOK_AGAIN = 2 };
static int try_page(struct kernel* kernel, struct process* parent, struct process* child, uint64_t page) {
  uint64_t from_at, to_at, skip_to, entry = 0;
  if (table_find(kernel, parent->root, page, &from_at, &skip_to)) entry = table_get(kernel, from_at);
  if (entry == 0) return 0;
  if (!(entry & PTE_P)) {
    int result = space_paging_bring(kernel, parent, page, false);
    if (result == 0) hal_load(kernel->hal, page, 4);  // used: others go first
    return result == 0 ? LOOK_AGAIN : result;
  }
  uint64_t pa = table_ensure(kernel, child, page, &to_at) ? frames_take(kernel, USE_PAGE) : NO_FRAME;
  if (pa == NO_FRAME) {
    int result = make_room(kernel, parent, page);
    return result == 0 ? LOOK_AGAIN : result;
  }
  copy_frame(kernel, PTE_ADDR(entry), pa);
  map_copy(kernel, child, page, pa, to_at, entry & PTE_D || frames_at(kernel, PTE_ADDR(entry))->block);
  return 0;
}

static int copy_page(struct kernel* kernel, struct process* parent, struct process* child, uint64_t page) {
  int result;
  do result = try_page(kernel, parent, child, page);
  while (result == LOOK_AGAIN && !kernel->panicked);
  return result;
}

// The pages of one VMA, from parent->embryo_page on.
static int copy_pages(struct kernel* kernel, struct process* parent, struct process* child, const struct vma* vma) {
  uint64_t at, skip_to;
  if (parent->embryo_page < vma->start) parent->embryo_page = vma->start;
  while (parent->embryo_page < vma->end && !kernel->panicked) {
    uint64_t page = parent->embryo_page;
    bool has_table = table_find(kernel, parent->root, page, &at, &skip_to);
    int result = has_table ? copy_page(kernel, parent, child, page) : 0;
    if (result != 0) return result;
    parent->embryo_page = has_table ? page + PGSIZE : skip_to;
  }
  return 0;
}

// Tables can't be thrown out. A child whose tables leave fewer pages than a page of code, one of data and one of stack
// would be the end of its parent, or of anybody.
enum { PAGES_LEAST = 3 };

static bool has_room_for_tables(const struct kernel* kernel) {
  const struct frames* frames = &kernel->frames;
  uint64_t least = 1 + 2 * (kernel->format->levels - 1);  // a root, and the way to a page in each of two places
  return frames->total >= frames->kernel + frames->tables + least + PAGES_LEAST;
}

int space_paging_fork(struct kernel* kernel, struct process* parent, struct process* child) {
  bool fresh = !child->root;
  int result = 0;
  if (fresh) {
    if (!has_room_for_tables(kernel)) return -KERNEL_ENOMEM;
    result = space_paging_make_root(kernel, child, parent);
    if (result == 0) result = copy_vmas(kernel, parent, child);
    parent->embryo_page = 0;
  }
  for (struct vma* vma = vma_above(parent, parent->embryo_page); vma && result == 0; vma = vma_above(parent, vma->end))
    result = copy_pages(kernel, parent, child, vma);
  return result;
}
