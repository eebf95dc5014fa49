// SPDX-License-Identifier: MIT
// Loading and static relocation.
#include "kernel/share/relocate.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static uint64_t page_after(uint64_t address) { return PGROUNDDOWN(address + PGSIZE - 1); }

struct program_shape program_shape(const struct kernel_program* program) {
  struct program_shape shape = {0, 0, 0};
  bool high = false;
  for (unsigned i = 0; i < program->segment_count; i++) {
    const struct kernel_segment* segment = &program->segments[i];
    if (!high && segment->prot & PROT_WRITE) {
      high = true;
      shape.split = PGROUNDDOWN(segment->address);
    }
    shape.end = (uint64_t)segment->address + segment->memory_bytes;
    if (!high) shape.low_end = shape.end;
  }
  if (!high) shape.split = page_after(shape.low_end);
  if (shape.end < shape.split) shape.end = shape.split;
  return shape;
}

uint32_t relocation_of(const struct relocation* relocation, uint32_t address) {
  return address + (address < relocation->split ? relocation->low : relocation->high);
}

static void relocate_word(struct kernel* kernel, uint64_t at, const struct relocation* relocation) {
  uint32_t word;
  hal_read(kernel->hal, at, &word, sizeof word);
  word = relocation_of(relocation, word);
  hal_write(kernel->hal, at, &word, sizeof word);
}

void program_write(struct kernel* kernel, const struct kernel_program* program, uint64_t from, uint64_t to,
                   uint64_t place, const struct relocation* relocation) {
  for (unsigned i = 0; i < program->segment_count; i++) {
    const struct kernel_segment* segment = &program->segments[i];
    if (segment->address < from || segment->address >= to) continue;
    hal_write(kernel->hal, place + (segment->address - from), segment->bytes, segment->file_bytes);
  }
  if (relocation->low == 0 && relocation->high == 0) return;
  for (unsigned i = 0; i < program->relocation_count; i++) {
    uint32_t address = program->relocations[i];
    if (address >= from && address < to) relocate_word(kernel, place + (address - from), relocation);
  }
}
