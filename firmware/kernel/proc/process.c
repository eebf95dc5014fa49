// SPDX-License-Identifier: MIT
// The table of processes, and those that are traces: made, mapped, switched and ended by the machine.
#include "kernel/proc/process.h"

#include "kernel/errno.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/fault.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

struct process* process_find(struct kernel* kernel, int pid) {
  for (unsigned i = 0; pid > 0 && i < PROCESS_MAX; i++)
    if (kernel->processes[i].pid == pid) return &kernel->processes[i];
  return NULL;
}

struct process* process_new(struct kernel* kernel) {
  struct process* process = kernel->processes;
  while (process < kernel->processes + PROCESS_MAX && process->pid != 0) process++;
  if (process == kernel->processes + PROCESS_MAX) return NULL;
  *process = (struct process){.pid = ++kernel->last_pid};
  return process;
}

unsigned process_pcid(const struct kernel* kernel, const struct process* process) {
  return (unsigned)(process - kernel->processes) + 1;
}

// A root may cost a clean page. It does not wait for the disk: nobody could be blocked on it.
static bool make_address_space(struct kernel* kernel, struct process* process) {
  uint32_t block;
  swap_settle(kernel);
  return address_space_make(kernel, process) ||
         (replace_evict(kernel, true, NULL, &block) == EVICTED && address_space_make(kernel, process));
}

int kernel_spawn(struct kernel* kernel) {
  struct process* process = process_new(kernel);
  if (!process) return -KERNEL_EAGAIN;
  if (make_address_space(kernel, process)) return process->pid;
  process->pid = 0;
  kernel->last_pid--;
  return -KERNEL_ENOMEM;
}

int kernel_switch(struct kernel* kernel, int pid) {
  struct process* process = process_find(kernel, pid);
  if (!process) return -KERNEL_ESRCH;
  address_space_load(kernel, process);
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
  uint64_t origin = fault_fill(kernel, vma, page, pa);
  fault_map(kernel, process, vma, page, pa, entry_pa, origin);
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

void process_end(struct kernel* kernel, struct process* process) {
  address_space_release(kernel, process);
  process->pid = 0;
}

void kernel_exit(struct kernel* kernel, int pid) {
  struct process* process = process_find(kernel, pid);
  if (process && !process->is_program) process_end(kernel, process);
}
