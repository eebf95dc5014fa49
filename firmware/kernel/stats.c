// SPDX-License-Identifier: MIT
// What the kernel tells of itself: figures, memory maps, translations. None of it is a reference or takes time.
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

void kernel_stats(const struct kernel* kernel, struct kernel_stats* stats) {
  *stats = kernel->stats;
  stats->frames_total = kernel->frames.total;
  stats->frames_free = frames_free_count(kernel);
  stats->frames_kernel = kernel->frames.kernel;
  stats->frames_tables = kernel->frames.tables;
  stats->frames_process = kernel->frames.process;
  stats->swap_used = kernel->swap.used;
}

static const struct process* find(const struct kernel* kernel, int pid) {
  return process_find((struct kernel*)kernel, pid);
}

void kernel_vmas(const struct kernel* kernel, int pid, void (*visit)(void* ctx, const struct kernel_vma* vma),
                 void* ctx) {
  const struct process* process = find(kernel, pid);
  if (!process) return;
  for (const struct vma* vma = vma_above(process, 0); vma; vma = vma_above(process, vma->end)) {
    struct kernel_vma shown = {
        .start = vma->start, .end = vma->end, .prot = vma->prot, .resident = vma->resident, .swapped = vma->swapped};
    visit(ctx, &shown);
  }
}

bool kernel_translate(const struct kernel* kernel, int pid, uint64_t va, uint64_t* pa) {
  const struct process* process = find(kernel, pid);
  const struct table_format* format = kernel->format;
  if (!process || va >= format->user_end) return false;
  uint64_t table = process->root;
  for (unsigned level = format->levels; level >= 1; level--) {
    uint64_t entry = hal_peek(kernel->hal, table_entry_address(format, table, level, va), format->entry_bytes);
    if (!(entry & PTE_P)) return false;
    table = PTE_ADDR(entry);
  }
  *pa = table + va % PGSIZE;
  return true;
}
