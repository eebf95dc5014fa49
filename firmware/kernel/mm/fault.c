// SPDX-License-Identifier: MIT
// The page fault handler's steps 3 to 6.
#include "kernel/mm/fault.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"
#include "lib/text.h"

enum { SPURIOUS_LIMIT = 8 };  // faults in a row at one address with nothing to do: the hardware is broken

// What is known of the fault while it is served.
struct fault {
  struct process* process;
  struct vma* vma;
  uint64_t page;
  bool looked_up;           // step 3 was told
  enum kernel_cause cause;  // of the kill
  struct text reason;
};

enum outcome {
  SERVED,
  ROOM_MADE,  // a page was thrown out: to be looked at afresh, because it may have taken a table along
  WAITS,      // for the disk
  DIES
};

static void begin_wait(struct kernel* kernel, struct process* process, uint64_t page, uint32_t block) {
  process->waiting = true;
  process->waits_behind = false;
  process->wait_block = block;
  kernel_note(kernel, HAL_NOTE_WAIT, page, block, 0);
}

static enum outcome wait_for(struct kernel* kernel, struct fault* fault, uint32_t block) {
  begin_wait(kernel, fault->process, fault->page, block);
  return WAITS;
}

// ---------------------------------------------------------------------------------------------------------------------
// Why a process is killed, in a sentence

static const char* access_name(unsigned error) {
  if (error & FEC_ID) return "fetch from ";
  return error & FEC_WR ? "write to " : "read of ";
}

static enum outcome deny(struct kernel* kernel, struct fault* fault) {
  const struct process* process = fault->process;
  const struct vma* vma = fault->vma;
  text_add(&fault->reason, access_name(process->error));
  text_add_hex(&fault->reason, process->cr2);
  if (vma) {
    text_add(&fault->reason, ", but the memory from ");
    text_add_hex(&fault->reason, vma->start);
    text_add(&fault->reason, " to ");
    text_add_hex(&fault->reason, vma->end);
    text_add(&fault->reason, process->error & FEC_ID   ? " is not executable"
                             : process->error & FEC_WR ? " is not writable"
                                                       : " is not accessible");
  } else if (process->cr2 >= kernel->format->user_end) {
    text_add(&fault->reason, ", which belongs to the kernel");
  } else {
    text_add(&fault->reason, ", where the process has no memory");
  }
  kernel->stats.faults_protection += (process->error & FEC_PR) != 0;
  return DIES;
}

void fault_explain_no_frame(const struct kernel* kernel, uint64_t page, struct text* reason) {
  const struct frames* frames = &kernel->frames;
  text_add(reason, "no frame for ");
  text_add_hex(reason, page);
  text_add(reason, ": of ");
  text_add_number(reason, frames->total);
  text_add(reason, ", ");
  text_add_number(reason, frames->kernel);
  text_add(reason, " hold the kernel, ");
  text_add_number(reason, frames->tables);
  text_add(reason, " page tables, ");
  text_add_number(reason, frames->process);
  text_add(reason, " pages that can't go");
  if (frames->process > 0 && kernel->swap.used == kernel->swap.count) text_add(reason, " (swap is full)");
  text_add(reason, "; more frames are needed");
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 3: what does the kernel know of this page?

static void looked_up(struct kernel* kernel, struct fault* fault, enum hal_found found) {
  if (!fault->looked_up) kernel_note(kernel, HAL_NOTE_LOOKUP, fault->page, found, fault->vma ? fault->vma->start : 0);
  fault->looked_up = true;
}

// Whether the VMA allows the access. The hardware lets every page that may be written or executed be read; without NX
// a fetch looks like a read.
static bool allowed(const struct vma* vma, unsigned error) {
  if (error & FEC_ID) return vma->prot & PROT_EXEC;
  if (error & FEC_WR) return vma->prot & PROT_WRITE;
  return vma->prot != 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 4: a frame

// Until the favoured program has got on, the others leave it what can be had.
static enum fault_room wait_behind(struct kernel* kernel, struct process* process, uint64_t page) {
  begin_wait(kernel, process, page, 0);
  process->waits_behind = true;
  return FAULT_ROOM_WAITS;
}

// Pages that came from the disk for others and were not mapped yet go before the favoured program's own.
static bool throw_out(struct kernel* kernel, const struct process* favoured, bool low, uint32_t* block) {
  enum eviction how = replace_evict(kernel, low, favoured, block);
  if (how != EVICTION_FAILED) return how == EVICTED;
  if (!favoured) return false;
  return swap_discard_arrived(kernel, low, favoured) || replace_evict(kernel, low, NULL, block) == EVICTED;
}

enum fault_room fault_make_room(struct kernel* kernel, struct process* process, uint64_t page, bool low) {
  const struct process* favoured = favour_whom(kernel);
  uint32_t block = 0;
  if (favoured && favoured != process) return wait_behind(kernel, process, page);
  if (throw_out(kernel, favoured, low, &block)) return FAULT_ROOM_MADE;
  if (block == 0) block = kernel->swap.flight_first;  // may bring a frame yet
  if (block == 0) return swap_discard_arrived(kernel, low, process) ? FAULT_ROOM_MADE : FAULT_ROOM_NONE;
  begin_wait(kernel, process, page, block);
  return FAULT_ROOM_WAITS;
}

static enum outcome make_room(struct kernel* kernel, struct fault* fault) {
  static const enum outcome outcomes[] = {
      [FAULT_ROOM_MADE] = ROOM_MADE, [FAULT_ROOM_WAITS] = WAITS, [FAULT_ROOM_NONE] = DIES};
  enum fault_room room = fault_make_room(kernel, fault->process, fault->page, false);
  if (room == FAULT_ROOM_NONE) {
    fault->cause = KERNEL_CAUSE_NO_MEMORY;
    fault_explain_no_frame(kernel, fault->page, &fault->reason);
  }
  return outcomes[room];
}

// The part of [from, to) that lies in a page, as offsets in it; empty: none.
struct part {
  uint64_t from, to;
};
static struct part part_of(uint64_t page, uint64_t from, uint64_t to) {
  struct part part = {.from = from > page ? from - page : 0, .to = to > page ? to - page : 0};
  if (part.to > PGSIZE) part.to = PGSIZE;
  if (part.from > part.to) part.from = part.to;
  return part;
}

uint64_t fault_fill(struct kernel* kernel, const struct vma* vma, uint64_t page, uint64_t pa) {
  const struct kernel_segment* segment = vma->segment;
  struct part file = {0};
  if (segment) file = part_of(page, segment->address, (uint64_t)segment->address + segment->file_bytes);
  if (file.from == file.to) {
    window_zero(kernel, pa, PGSIZE);
    kernel->stats.zero_fills++;
    return HAL_FRAME_ZEROED;
  }
  if (file.from > 0) window_zero(kernel, pa, file.from);
  hal_write(kernel->hal, window_address(kernel, pa + file.from), segment->bytes + (page + file.from - segment->address),
            file.to - file.from);
  if (file.to < PGSIZE) window_zero(kernel, pa + file.to, PGSIZE - file.to);
  kernel->stats.program_fills++;
  return HAL_FRAME_PROGRAM;
}

// ---------------------------------------------------------------------------------------------------------------------
// Steps 5 and 6

void fault_map(struct kernel* kernel, struct process* process, struct vma* vma, uint64_t page, uint64_t pa,
               uint64_t entry_pa, uint64_t origin) {
  struct frame* frame = frames_at(kernel, pa);
  uint64_t entry = table_user_leaf(kernel->format, pa, vma->prot);
  uint32_t block = origin <= KERNEL_SWAP_BLOCKS_MAX ? (uint32_t)origin : 0;
  frame->entry = entry_pa;
  frame->page = page;
  frame->block = block;
  frame->owner = (uint8_t)(process - kernel->processes);
  if (block) {
    if (process->is_program) entry |= PTE_A;  // or another page of the same instruction might take its place at once
    frames_set_state(kernel, pa, FRAME_PAGE);
    swap_installed(kernel, block);
    vma->swapped--;
  }
  vma->resident++;
  kernel_note(kernel, HAL_NOTE_FRAME, page, pa, origin);
  table_set(kernel, entry_pa, block ? swap_entry(block) : 0, entry);
  kernel_note(kernel, HAL_NOTE_TABLE, entry_pa, entry, 0);
}

static enum outcome restart(struct kernel* kernel, const struct process* process) {
  if (process->major)
    kernel->stats.faults_major++;
  else
    kernel->stats.faults_minor++;
  kernel_note(kernel, HAL_NOTE_RESTART, process->cr2, 0, 0);
  return SERVED;
}

// ---------------------------------------------------------------------------------------------------------------------
// What was found decides

// The entry allows the access already: the TLB was behind, or the page came for another fault.
static enum outcome serve_present(struct kernel* kernel, struct fault* fault) {
  const struct process* process = fault->process;
  bool again = kernel->spurious_cr2 == process->cr2;
  looked_up(kernel, fault, HAL_FOUND_PRESENT);
  kernel->spurious_cr2 = process->cr2;
  kernel->spurious_repeats = again ? kernel->spurious_repeats + 1 : 1;
  if (kernel->spurious_repeats > SPURIOUS_LIMIT || process->error & FEC_RSVD) {
    kernel_panic(kernel, "the MMU faults although the page table allows the access: ", process->cr2);
    return WAITS;
  }
  return restart(kernel, process);
}

static enum outcome serve_fresh(struct kernel* kernel, struct fault* fault) {
  uint64_t entry_pa;
  looked_up(kernel, fault, HAL_FOUND_FRESH);
  if (!table_ensure(kernel, fault->process, fault->page, &entry_pa)) return make_room(kernel, fault);
  uint64_t pa = frames_take(kernel, USE_PAGE);
  if (pa == NO_FRAME) return make_room(kernel, fault);
  uint64_t origin = fault_fill(kernel, fault->vma, fault->page, pa);
  fault_map(kernel, fault->process, fault->vma, fault->page, pa, entry_pa, origin);
  return restart(kernel, fault->process);
}

static enum outcome serve_arrived(struct kernel* kernel, struct fault* fault, uint32_t block, uint64_t entry_pa) {
  const struct swap_block* arrived = &kernel->swap.blocks[block];
  looked_up(kernel, fault, HAL_FOUND_IN_TRANSIT);
  if (arrived->damaged) {
    text_add(&fault->reason, "page ");
    text_add_hex(&fault->reason, fault->page);
    text_add(&fault->reason, " came back from swap block ");
    text_add_number(&fault->reason, block);
    text_add(&fault->reason, " different from how it left (checksum)");
    fault->cause = KERNEL_CAUSE_DAMAGE;
    return DIES;
  }
  fault->process->major = true;
  fault_map(kernel, fault->process, fault->vma, fault->page, arrived->frame, entry_pa, block);
  return restart(kernel, fault->process);
}

static enum outcome serve_swapped(struct kernel* kernel, struct fault* fault, uint32_t block) {
  looked_up(kernel, fault, HAL_FOUND_SWAPPED);
  uint64_t pa = frames_take(kernel, USE_PAGE);
  if (pa == NO_FRAME) return make_room(kernel, fault);
  frames_at(kernel, pa)->owner = (uint8_t)(fault->process - kernel->processes);
  swap_read(kernel, block, pa);
  return wait_for(kernel, fault, block);
}

static enum outcome attempt(struct kernel* kernel, struct fault* fault) {
  uint64_t entry_pa, skip_to, entry = 0;
  if (table_find(kernel, fault->process->root, fault->page, &entry_pa, &skip_to)) entry = table_get(kernel, entry_pa);
  if (entry & PTE_P) return serve_present(kernel, fault);
  uint32_t block = swap_block_of(entry);
  if (block == 0) return serve_fresh(kernel, fault);
  if (swap_in_flight(kernel, block)) {
    looked_up(kernel, fault, HAL_FOUND_IN_TRANSIT);
    return wait_for(kernel, fault, block);
  }
  if (kernel->swap.blocks[block].state == SWAP_ARRIVED) return serve_arrived(kernel, fault, block, entry_pa);
  return serve_swapped(kernel, fault, block);
}

enum kernel_action fault_serve(struct kernel* kernel, struct process* process, struct kernel_kill* kill) {
  static const enum kernel_action actions[] = {
      [SERVED] = KERNEL_RESUME, [ROOM_MADE] = KERNEL_WAIT, [WAITS] = KERNEL_WAIT, [DIES] = KERNEL_KILLED};
  struct fault fault = {.process = process,
                        .vma = vma_find(process, process->cr2),
                        .page = PGROUNDDOWN(process->cr2),
                        .reason = text_in(kill->reason, sizeof kill->reason)};
  enum outcome outcome;
  process->waiting = false;
  if (!fault.vma || !allowed(fault.vma, process->error)) {
    looked_up(kernel, &fault, fault.vma ? HAL_FOUND_FORBIDDEN : HAL_FOUND_NOTHING);
    outcome = deny(kernel, &fault);
  } else {
    do outcome = attempt(kernel, &fault);
    while (outcome == ROOM_MADE && !kernel->panicked);
  }
  kill->cause = fault.cause;
  return actions[outcome];
}
