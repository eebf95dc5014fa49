// SPDX-License-Identifier: MIT
// Against thrashing.
#include "kernel/mm/favour.h"

#include "kernel/state.h"

enum { PAGES_OF_AN_INSTRUCTION = 6 };  // code, and two operands in memory, each across a page's end

static bool is_at(const struct process* process, uint32_t eip) {
  bool same = process->lacked.eip == eip;
  for (unsigned i = 0; i < KERNEL_REGISTERS; i++) same = same && process->lacked.reg[i] == process->context.reg[i];
  return same;
}

void favour_end(struct kernel* kernel) { kernel->favoured = NULL; }

void favour_forget(struct kernel* kernel, const struct process* process) {
  if (kernel->favoured == process) favour_end(kernel);
}

void favour_moved(struct kernel* kernel, const struct process* process, uint32_t eip) {
  if (!is_at(process, eip)) favour_forget(kernel, process);
}

const struct process* favour_whom(struct kernel* kernel) {
  const struct process* process = kernel->favoured;
  if (process && process->state == KERNEL_BLOCKED && process->blocked != HAL_BLOCKED_DISK) favour_end(kernel);
  return kernel->favoured;
}

unsigned favour_count(struct kernel* kernel, struct process* process, uint64_t progress) {
  bool same = is_at(process, process->context.eip) && process->lacked_progress == progress;
  process->lacked = process->context;
  process->lacked_progress = progress;
  process->lacked_again = same ? process->lacked_again + 1 : 0;
  if (process->lacked_again >= PAGES_OF_AN_INSTRUCTION && !favour_whom(kernel)) kernel->favoured = process;
  return process->lacked_again;
}
