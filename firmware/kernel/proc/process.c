// SPDX-License-Identifier: MIT
// Processes: table, address space, switch, end.
#include "kernel/proc/process.h"

#include "kernel/errno.h"
#include "kernel/mm/fault.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

struct process* process_find(struct kernel* kernel, int pid) {
  for (unsigned i = 0; pid > 0 && i < PROCESS_MAX; i++)
    if (kernel->processes[i].pid == pid) return &kernel->processes[i];
  return NULL;
}

static struct process* free_slot(struct kernel* kernel) {
  for (unsigned i = 0; i < PROCESS_MAX; i++)
    if (kernel->processes[i].pid == 0) return &kernel->processes[i];
  return NULL;
}

// A root may cost a clean page. It does not wait for the disk: nobody could be blocked on it.
static uint64_t take_root(struct kernel* kernel) {
  uint32_t block;
  uint64_t root = frames_take(kernel, USE_ROOT);
  if (root == NO_FRAME && replace_evict(kernel, true, &block) == EVICTED) root = frames_take(kernel, USE_ROOT);
  return root;
}

// User space empty, the kernel's entries as in its own root. These never change after boot, so that copies stay true.
static void fill_root(struct kernel* kernel, uint64_t root) {
  uint8_t entries[PGSIZE / 2];
  uint64_t user = (uint64_t)table_root_user_entries(kernel->format) * kernel->format->entry_bytes;
  uint64_t bytes = table_root_bytes(kernel->format) - user;
  window_zero(kernel, root, user);
  hal_read(kernel->hal, window_address(kernel, kernel->root + user), entries, bytes);
  hal_write(kernel->hal, window_address(kernel, root + user), entries, bytes);
}

int kernel_spawn(struct kernel* kernel) {
  struct process* process = free_slot(kernel);
  if (!process) return -KERNEL_EAGAIN;
  swap_settle(kernel);
  uint64_t root = take_root(kernel);
  if (root == NO_FRAME) return -KERNEL_ENOMEM;
  fill_root(kernel, root);
  *process = (struct process){.pid = ++kernel->last_pid, .root = root};
  return process->pid;
}

void process_load(struct kernel* kernel, struct process* process) {
  if (kernel->current == process) return;
  kernel->current = process;
  hal_write_register(kernel->hal, HAL_CR3, process ? process->root : kernel->root);
}

int kernel_switch(struct kernel* kernel, int pid) {
  struct process* process = process_find(kernel, pid);
  if (!process) return -KERNEL_ESRCH;
  process_load(kernel, process);
  return 0;
}

int kernel_current(const struct kernel* kernel) { return kernel->current ? kernel->current->pid : 0; }

uint64_t kernel_user_end(const struct kernel* kernel) { return kernel->format->user_end; }

int kernel_map(struct kernel* kernel, int pid, uint64_t start, uint64_t end, unsigned prot) {
  struct process* process = process_find(kernel, pid);
  if (!process) return -KERNEL_ESRCH;
  if (start % PGSIZE || end % PGSIZE || start >= end || end > kernel->format->user_end) return -KERNEL_EINVAL;
  if (prot & ~(unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC)) return -KERNEL_EINVAL;
  return vma_add(kernel, process, start, end, prot);
}

static int populate_page(struct kernel* kernel, struct process* process, struct vma* vma, uint64_t page) {
  uint64_t entry_pa;
  if (!table_ensure(kernel, process, page, &entry_pa)) return -KERNEL_ENOMEM;
  if (table_get(kernel, entry_pa) != 0) return 0;
  uint64_t pa = frames_take(kernel, USE_PAGE);
  if (pa == NO_FRAME) return -KERNEL_ENOMEM;
  window_zero(kernel, pa, PGSIZE);
  fault_map(kernel, process, vma, page, pa, entry_pa, 0);
  kernel->stats.zero_fills++;
  return 0;
}

int kernel_populate(struct kernel* kernel, int pid) {
  struct process* process = process_find(kernel, pid);
  if (!process) return -KERNEL_ESRCH;
  for (struct vma* vma = vma_above(process, 0); vma; vma = vma_above(process, vma->end)) {
    for (uint64_t page = vma->start; page < vma->end; page += PGSIZE) {
      int result = vma->prot ? populate_page(kernel, process, vma, page) : 0;
      if (result < 0) return result;
    }
  }
  return 0;
}

// Releases what the leaf entry of `page` names, if it names anything.
static void release_page(struct kernel* kernel, struct process* process, uint64_t page, uint64_t entry_pa) {
  uint64_t entry = table_get(kernel, entry_pa);
  if (entry == 0) return;
  table_clear(kernel, process, page);
  uint32_t block = swap_block_of(entry);
  if (entry & PTE_P) {
    block = frames_at(kernel, PTE_ADDR(entry))->block;
    frames_free(kernel, PTE_ADDR(entry));
  }
  if (block) swap_drop(kernel, block);
}

static void release_range(struct kernel* kernel, struct process* process, uint64_t start, uint64_t end) {
  uint64_t page = start, entry_pa, skip_to;
  while (page < end && !kernel->panicked) {
    if (table_find(kernel, process->root, page, &entry_pa, &skip_to)) {
      release_page(kernel, process, page, entry_pa);
      page += PGSIZE;
    } else {
      page = skip_to;
    }
  }
}

void process_end(struct kernel* kernel, struct process* process) {
  if (kernel->current == process) process_load(kernel, NULL);
  swap_settle(kernel);
  while (process->vmas) {
    struct vma* vma = process->vmas;
    release_range(kernel, process, vma->start, vma->end);
    vma_remove(kernel, process, vma);
  }
  table_free_all(kernel, process);
  process->pid = 0;
}

void kernel_exit(struct kernel* kernel, int pid) {
  struct process* process = process_find(kernel, pid);
  if (process) process_end(kernel, process);
}
