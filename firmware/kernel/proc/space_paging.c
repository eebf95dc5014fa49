// SPDX-License-Identifier: MIT
// A program's memory under demand paging: VMAs for its segments, heap and stack; pages come when they are touched.
#include "kernel/proc/space_paging.h"
#include "kernel/errno.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/fault.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/control_block.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"
#include "lib/text.h"

// A program's part of the address space is the same in all modes: 32-bit code can't name more, and the last GiB is the
// kernel's where the tables have 32-bit addresses.
#define PROGRAM_END ((uint64_t)0xc0000000)
#define STACK_BYTES_FIRST (2 * PGSIZE)  // what argv can fill
#define HEAP_END (PROGRAM_END - STACK_BYTES_MAX - PGSIZE)

enum { ROUNDS_MAX = 64 };  // faults of one instruction; it refers to six pages at most

static uint64_t page_up(uint64_t address) { return PGROUNDDOWN(address + PGSIZE - 1); }

static bool boot(struct kernel* kernel, const struct kernel_params* params) {
  if (!kernel_turn_paging_on(kernel, params)) return false;
  if (params->program_count > 0) control_blocks_make(kernel);
  return !kernel->panicked;
}

// ---------------------------------------------------------------------------------------------------------------------
// Load, release

int space_paging_make_root(struct kernel* kernel, struct process* process, struct process* sleeper) {
  while (!process->root && !address_space_make(kernel, process)) {
    switch (fault_make_room(kernel, sleeper, 0, true)) {
      case FAULT_ROOM_MADE:
        break;
      case FAULT_ROOM_WAITS:
        process_block(kernel, sleeper, HAL_BLOCKED_DISK);
        return SPACE_WAIT;
      case FAULT_ROOM_NONE:
        return -KERNEL_ENOMEM;
    }
  }
  return 0;
}

static int add_segment(struct kernel* kernel, struct process* process, const struct kernel_segment* segment) {
  uint64_t end = page_up((uint64_t)segment->address + segment->memory_bytes);
  struct vma like = {.start = PGROUNDDOWN(segment->address),
                     .end = end,
                     .prot = segment->prot,
                     .kind = VMA_PROGRAM,
                     .segment = segment};
  if (segment->memory_bytes == 0) return 0;
  if (end > HEAP_END) return -KERNEL_ENOEXEC;
  if (end > process->brk_start) process->brk_start = (uint32_t)end;
  int result = vma_insert(kernel, process, &like);
  return result == -KERNEL_EEXIST ? -KERNEL_ENOEXEC : result;
}

static int load(struct kernel* kernel, struct process* process, const struct kernel_program* program) {
  int result = space_paging_make_root(kernel, process, process);
  process->brk_start = 0;
  for (unsigned i = 0; i < program->segment_count && result == 0; i++)
    result = add_segment(kernel, process, &program->segments[i]);
  if (result != 0) return result;
  struct vma stack = {
      .start = PROGRAM_END - STACK_BYTES_FIRST, .end = PROGRAM_END, .prot = PROT_READ | PROT_WRITE, .kind = VMA_STACK};
  process->entry = program->entry;
  process->stack_top = (uint32_t)PROGRAM_END;
  process->brk = process->brk_start;
  return vma_insert(kernel, process, &stack);
}

static void release(struct kernel* kernel, struct process* process) {
  process->waiting = false;
  favour_forget(kernel, process);
  address_space_release(kernel, process);
}

static int enter(struct kernel* kernel, struct process* process) {
  address_space_load(kernel, process);
  return 0;
}

static bool ready(struct kernel* kernel, struct process* process) {
  if (!process->waiting) return true;
  return process->waits_behind ? !favour_whom(kernel) : !swap_in_flight(kernel, process->wait_block);
}

// ---------------------------------------------------------------------------------------------------------------------
// Faults

// Extends the stack to a page that a program may refer to, down to its limit.
static void grow_stack(struct process* process, uint64_t va) {
  struct vma* stack = vma_find(process, process->stack_top - 1);
  uint64_t page = PGROUNDDOWN(va);
  if (!stack || va >= stack->start || page < process->stack_top - STACK_BYTES_MAX) return;
  if (va + STACK_CUSHION < process->context.reg[KERNEL_ESP] || vma_above(process, page) != stack) return;
  stack->start = page;
}

// Adds to the reason what a program's author may have done wrong.
static void explain(const struct process* process, uint64_t va, struct kernel_end* end) {
  size_t used = 0;
  while (end->reason[used]) used++;
  struct text text = text_in(end->reason + used, sizeof end->reason - used);
  const struct vma* stack = vma_find(process, process->stack_top - 1);
  if (va < PGSIZE) {
    text_add(&text, " (a null pointer?)");
  } else if (stack && va < stack->start && va >= stack->start - STACK_BYTES_MAX) {
    bool full = va < process->stack_top - STACK_BYTES_MAX;
    text_add(&text, full ? ": its stack may not have more than 8 MiB" : ": too far below its stack pointer ");
    if (!full) text_add_hex(&text, process->context.reg[KERNEL_ESP]);
  }
}

// An instruction that needs more pages at once than can be there, although its program is favoured: each that comes
// takes another one's place, for ever.
static bool goes_round(struct kernel* kernel, struct process* process) {
  return favour_count(kernel, process, process->lacked_progress) > ROUNDS_MAX && favour_whom(kernel) == process;
}

static void begin_fault(struct kernel* kernel, struct process* process, const struct kernel_trap* trap) {
  kernel_note(kernel, HAL_NOTE_FAULT, trap->cr2, trap->error, 0);
  kernel_note(kernel, HAL_NOTE_TRAP, trap->cr2, (uint64_t)process->pid, 0);
  process->major = false;
}

static int fault(struct kernel* kernel, struct process* process, const struct kernel_trap* trap,
                 struct kernel_end* end) {
  static const int signals[] = {
      [KERNEL_CAUSE_DENIED] = SIGNAL_SEGV, [KERNEL_CAUSE_NO_MEMORY] = SIGNAL_KILL, [KERNEL_CAUSE_DAMAGE] = SIGNAL_BUS};
  if (trap->vector != VECTOR_PF) return -KERNEL_EFAULT;
  if (!process->serving) {
    begin_fault(kernel, process, trap);
    if (goes_round(kernel, process)) {
      struct text text = text_in(end->reason, sizeof end->reason);
      fault_explain_no_frame(kernel, PGROUNDDOWN(trap->cr2), &text);
      end->code = SIGNAL_KILL;
      return -KERNEL_EFAULT;
    }
  }
  process->cr2 = trap->cr2;
  process->error = trap->error;
  grow_stack(process, trap->cr2);
  struct kernel_kill kill;
  switch (fault_serve(kernel, process, &kill)) {
    case KERNEL_RESUME:
      return 0;
    case KERNEL_WAIT:
      process_block(kernel, process, HAL_BLOCKED_DISK);
      return SPACE_WAIT;
    default:
      break;
  }
  struct text text = text_in(end->reason, sizeof end->reason);
  text_add(&text, kill.reason);
  end->code = signals[kill.cause];
  if (!vma_find(process, trap->cr2)) explain(process, trap->cr2, end);
  return -KERNEL_EFAULT;
}

// ---------------------------------------------------------------------------------------------------------------------
// Heap

static int set_brk(struct kernel* kernel, struct process* process, uint32_t brk) {
  uint64_t now = page_up(process->brk), then = page_up(brk);
  if (brk < process->brk_start || then > HEAP_END) return -KERNEL_ENOMEM;
  if (then > now) {
    struct vma more = {.start = now, .end = then, .prot = PROT_READ | PROT_WRITE, .kind = VMA_HEAP};
    int result = vma_insert(kernel, process, &more);
    if (result < 0) return -KERNEL_ENOMEM;
  } else if (then < now) {
    struct vma* heap = vma_find(process, process->brk_start);
    address_space_drop(kernel, process, then, now);
    if (then == process->brk_start)
      vma_remove(kernel, process, heap);
    else
      heap->end = then;
  }
  process->brk = brk;
  return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Copies: through the program's own pages, as the program would refer to them, so that A and D are set. They are looked
// at first: a reference of the kernel's must not fault.

static bool is_mapped(struct kernel* kernel, const struct process* process, uint64_t va) {
  uint64_t entry_pa, skip_to;
  return table_find(kernel, process->root, va, &entry_pa, &skip_to) && table_get(kernel, entry_pa) & PTE_P;
}

int space_paging_bring(struct kernel* kernel, struct process* process, uint64_t va, bool write) {
  struct kernel_kill kill;
  grow_stack(process, va);
  const struct vma* vma = vma_find(process, va);
  if (!vma || !(write ? vma->prot & PROT_WRITE : vma->prot)) return -KERNEL_EFAULT;
  if (is_mapped(kernel, process, va)) return 0;
  process->cr2 = va;
  process->error = write ? FEC_WR : 0;
  process->major = false;
  switch (fault_serve(kernel, process, &kill)) {
    case KERNEL_RESUME:
      return 0;
    case KERNEL_WAIT:
      process_block(kernel, process, HAL_BLOCKED_DISK);
      return SPACE_WAIT;
    default:
      return -KERNEL_ENOMEM;
  }
}

static uint32_t rest_of_page(uint32_t va, uint32_t bytes) {
  uint32_t rest = (uint32_t)PGSIZE - va % (uint32_t)PGSIZE;
  return rest < bytes ? rest : bytes;
}

// From the program's bytes to the kernel's, or back: one of `to` and `from` is NULL.
static int copy(struct kernel* kernel, struct process* process, uint32_t va, uint32_t bytes, uint8_t* to,
                const uint8_t* from) {
  for (uint32_t done = 0, part; done < bytes; done += part) {
    part = rest_of_page(va + done, bytes - done);
    int result = space_paging_bring(kernel, process, va + done, from != NULL);
    if (result != 0) return result;
    if (from)
      hal_write(kernel->hal, va + done, from + done, part);
    else
      hal_read(kernel->hal, va + done, to + done, part);
  }
  return 0;
}

static int copy_in(struct kernel* kernel, struct process* process, void* to, uint32_t va, uint32_t bytes) {
  return copy(kernel, process, va, bytes, to, NULL);
}

static int copy_out(struct kernel* kernel, struct process* process, uint32_t va, const void* from, uint32_t bytes) {
  return copy(kernel, process, va, bytes, NULL, from);
}

// ---------------------------------------------------------------------------------------------------------------------
// Reports

static void usage(const struct kernel* kernel, const struct process* process, struct kernel_process* shown) {
  (void)kernel;
  for (const struct vma* vma = vma_above(process, 0); vma; vma = vma_above(process, vma->end)) {
    shown->bytes += vma->end - vma->start;
    shown->resident += vma->resident;
    shown->swapped += vma->swapped;
  }
}

static const char* name_of(const struct vma* vma) {
  switch ((enum vma_kind)vma->kind) {
    case VMA_PROGRAM:
      return vma->prot & PROT_EXEC ? "code" : "data";
    case VMA_HEAP:
      return "heap";
    case VMA_STACK:
      return "stack";
    default:
      return "";
  }
}

static void vmas(const struct kernel* kernel, const struct process* process,
                 void (*visit)(void* ctx, const struct kernel_vma* vma), void* ctx) {
  (void)kernel;
  for (const struct vma* vma = vma_above(process, 0); vma; vma = vma_above(process, vma->end)) {
    struct kernel_vma shown = {.start = vma->start,
                               .end = vma->end,
                               .prot = vma->prot,
                               .resident = vma->resident,
                               .swapped = vma->swapped,
                               .what = name_of(vma)};
    visit(ctx, &shown);
  }
}

static bool translate(const struct kernel* kernel, const struct process* process, uint64_t va, uint64_t* pa) {
  const struct table_format* format = kernel->format;
  if (!process->root || va >= format->user_end) return false;
  uint64_t table = process->root;
  for (unsigned level = format->levels; level >= 1; level--) {
    uint64_t entry = hal_peek(kernel->hal, table_entry_address(format, table, level, va), format->entry_bytes);
    if (!(entry & PTE_P)) return false;
    table = PTE_ADDR(entry);
  }
  *pa = table + va % PGSIZE;
  return true;
}

const struct space_ops space_paging = {.boot = boot,
                                       .load = load,
                                       .fork = space_paging_fork,
                                       .release = release,
                                       .ready = ready,
                                       .enter = enter,
                                       .fault = fault,
                                       .set_brk = set_brk,
                                       .copy_in = copy_in,
                                       .copy_out = copy_out,
                                       .usage = usage,
                                       .vmas = vmas,
                                       .translate = translate};
