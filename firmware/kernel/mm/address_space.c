// SPDX-License-Identifier: MIT
// The address space of a process under paging.
#include "kernel/mm/address_space.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

// User space empty, the kernel's entries as in its own root. These never change after boot, so that copies stay true.
static void fill_root(struct kernel* kernel, uint64_t root) {
  uint8_t entries[PGSIZE / 2];
  uint64_t user = (uint64_t)table_root_user_entries(kernel->format) * kernel->format->entry_bytes;
  uint64_t bytes = table_root_bytes(kernel->format) - user;
  window_zero(kernel, root, user);
  hal_read(kernel->hal, window_address(kernel, kernel->root + user), entries, bytes);
  hal_write(kernel->hal, window_address(kernel, root + user), entries, bytes);
}

// The PCID of a process is its slot's, so another process had it before.
static void forget_former_owner(struct kernel* kernel, struct process* process) {
  unsigned slot = (unsigned)(process - kernel->processes);
  if (!kernel->pcid_used[slot]) return;
  hal_invpcid(kernel->hal, INVPCID_ALL_OF_PCID, process_pcid(kernel, process), 0);
  kernel->stats.invpcids++;
  kernel->pcid_used[slot] = false;
}

bool address_space_make(struct kernel* kernel, struct process* process) {
  uint64_t root = frames_take(kernel, USE_ROOT);
  if (root == NO_FRAME) return false;
  fill_root(kernel, root);
  forget_former_owner(kernel, process);
  process->root = root;
  return true;
}

void address_space_load(struct kernel* kernel, struct process* process) {
  if (kernel->current == process) return;
  kernel->current = process;
  uint64_t cr3 = process ? process->root : kernel->root;
  if (kernel->tagging == KERNEL_TAG_PCID) {
    cr3 |= CR3_KEEP_TLB;
    if (process) {
      cr3 |= process_pcid(kernel, process);
      kernel->pcid_used[process - kernel->processes] = process->tagged = true;
    }
  }
  hal_write_register(kernel->hal, HAL_CR3, cr3);
}

// Releases what the leaf entry of `page` names, if it names anything.
static void release_page(struct kernel* kernel, struct process* process, struct vma* vma, uint64_t page,
                         uint64_t entry_pa) {
  uint64_t entry = table_get(kernel, entry_pa);
  if (entry == 0) return;
  table_clear(kernel, process, page);
  uint32_t block = swap_block_of(entry);
  if (entry & PTE_P) {
    block = frames_at(kernel, PTE_ADDR(entry))->block;
    frames_free(kernel, PTE_ADDR(entry));
    vma->resident--;
  } else {
    vma->swapped--;
  }
  if (block) swap_drop(kernel, block);
}

static void drop_of(struct kernel* kernel, struct process* process, struct vma* vma, uint64_t start, uint64_t end) {
  uint64_t page = start, entry_pa, skip_to;
  while (page < end && !kernel->panicked) {
    if (table_find(kernel, process->root, page, &entry_pa, &skip_to)) {
      release_page(kernel, process, vma, page, entry_pa);
      page += PGSIZE;
    } else {
      page = skip_to;
    }
  }
}

void address_space_drop(struct kernel* kernel, struct process* process, uint64_t start, uint64_t end) {
  for (struct vma* vma = vma_above(process, start); vma && vma->start < end; vma = vma_above(process, vma->end))
    drop_of(kernel, process, vma, start > vma->start ? start : vma->start, end < vma->end ? end : vma->end);
}

void address_space_release(struct kernel* kernel, struct process* process) {
  if (!process->root) return;
  if (kernel->current == process) address_space_load(kernel, NULL);
  process->tagged = false;  // nobody will use what the TLB keeps of it: its PCID's next owner begins afresh
  swap_settle(kernel);
  while (process->vmas) {
    struct vma* vma = process->vmas;
    drop_of(kernel, process, vma, vma->start, vma->end);
    vma_remove(kernel, process, vma);
  }
  table_free_all(kernel, process);
  process->root = 0;
}
