// SPDX-License-Identifier: MIT
// Page tables, all formats behind one interface.
#include "kernel/mm/table.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

#define LINK (PTE_P | PTE_W | PTE_U)  // what a page may be used for, its leaf says

const struct table_format table_format_32bit = {
    .levels = 2,
    .entry_bytes = 4,
    .no_execute = 0,
    .level = {[1] = {.shift = 12, .bits = 10}, [2] = {.shift = 22, .bits = 10, .link = LINK}},
    .physical_address_bits = 32,
    .user_end = KERNBASE,
    .kernel_base = KERNBASE,
    .direct_bytes = DIRECT_BYTES,
    .direct_level = 2,
    .window_base = ADDRESS_SPACE_END - ((uint64_t)1 << 22),
    .cr4 = CR4_PSE | CR4_PGE,
};

const struct table_format table_format_pae = {
    .levels = 3,
    .entry_bytes = 8,
    .no_execute = PTE_NX,
    .level = {[1] = {.shift = 12, .bits = 9},
              [2] = {.shift = 21, .bits = 9, .link = LINK},
              [3] = {.shift = 30, .bits = 2, .link = PTE_P, .latched = true}},
    .physical_address_bits = 52,
    .user_end = KERNBASE,
    .kernel_base = KERNBASE,
    .direct_bytes = DIRECT_BYTES,
    .direct_level = 2,
    .window_base = ADDRESS_SPACE_END - ((uint64_t)1 << 21),
    .cr4 = CR4_PAE | CR4_PGE,
    .efer = EFER_NXE,
};

#define LONG_LEVELS                                                             \
  [1] = {.shift = 12, .bits = 9}, [2] = {.shift = 21, .bits = 9, .link = LINK}, \
  [3] = {.shift = 30, .bits = 9, .link = LINK}, [4] = {.shift = 39, .bits = 9, .link = LINK}

const struct table_format table_format_4level = {
    .levels = 4,
    .entry_bytes = 8,
    .no_execute = PTE_NX,
    .level = {LONG_LEVELS},
    .physical_address_bits = 52,
    .user_end = USER_END_4LEVEL,
    .kernel_base = KERNBASE_4LEVEL,
    .direct_bytes = USER_END_4LEVEL,
    .direct_level = 3,
    .cr4 = CR4_PAE | CR4_PGE,
    .efer = EFER_LME | EFER_NXE,
};

const struct table_format table_format_5level = {
    .levels = 5,
    .entry_bytes = 8,
    .no_execute = PTE_NX,
    .level = {LONG_LEVELS, [5] = {.shift = 48, .bits = 9, .link = LINK}},
    .physical_address_bits = 52,
    .user_end = USER_END_5LEVEL,
    .kernel_base = KERNBASE_5LEVEL,
    .direct_bytes = USER_END_5LEVEL,
    .direct_level = 3,
    .cr4 = CR4_PAE | CR4_PGE | CR4_LA57,
    .efer = EFER_LME | EFER_NXE,
};

uint64_t table_root_bytes(const struct table_format* format) {
  return (uint64_t)format->entry_bytes << format->level[format->levels].bits;
}

unsigned table_root_user_entries(const struct table_format* format) {
  return (unsigned)(format->user_end >> format->level[format->levels].shift);
}

uint64_t table_get(struct kernel* kernel, uint64_t entry_pa) {
  return window_load(kernel, entry_pa, kernel->format->entry_bytes);
}

void table_put(struct kernel* kernel, uint64_t entry_pa, uint64_t entry) {
  window_store(kernel, entry_pa, kernel->format->entry_bytes, entry);
}

uint64_t table_entry_address(const struct table_format* format, uint64_t table, unsigned level, uint64_t va) {
  const struct table_level* l = &format->level[level];
  uint64_t index = va >> l->shift & (((uint64_t)1 << l->bits) - 1);
  return table + index * format->entry_bytes;
}

bool table_find(struct kernel* kernel, uint64_t root, uint64_t va, uint64_t* entry_pa, uint64_t* skip_to) {
  uint64_t table = root;
  for (unsigned level = kernel->format->levels; level > 1; level--) {
    uint64_t entry = table_get(kernel, table_entry_address(kernel->format, table, level, va));
    if (!(entry & PTE_P)) {
      unsigned shift = kernel->format->level[level].shift;
      *skip_to = ((va >> shift) + 1) << shift;
      return false;
    }
    table = PTE_ADDR(entry);
  }
  *entry_pa = table_entry_address(kernel->format, table, 1, va);
  return true;
}

// The processor keeps copies of latched entries: a change is seen only when CR3 is loaded again.
static void entry_changed(struct kernel* kernel, const struct process* process, unsigned level) {
  if (kernel->format->level[level].latched && kernel->current == process)
    hal_write_register(kernel->hal, HAL_CR3, process->root);
}

bool table_ensure(struct kernel* kernel, struct process* process, uint64_t va, uint64_t* entry_pa) {
  uint64_t table = process->root;
  for (unsigned level = kernel->format->levels; level > 1; level--) {
    uint64_t at = table_entry_address(kernel->format, table, level, va);
    uint64_t entry = table_get(kernel, at);
    if (!(entry & PTE_P)) {
      uint64_t fresh = frames_take(kernel, USE_TABLE);
      if (fresh == NO_FRAME) return false;
      window_zero(kernel, fresh, PGSIZE);
      entry = fresh | kernel->format->level[level].link;
      table_set(kernel, at, 0, entry);
      entry_changed(kernel, process, level);
    }
    table = PTE_ADDR(entry);
  }
  *entry_pa = table_entry_address(kernel->format, table, 1, va);
  return true;
}

void table_set(struct kernel* kernel, uint64_t entry_pa, uint64_t was, uint64_t entry) {
  struct frame* table = frames_at(kernel, entry_pa);
  table->used = (uint16_t)(table->used + (entry != 0) - (was != 0));
  table_put(kernel, entry_pa, entry);
}

void table_clear(struct kernel* kernel, struct process* process, uint64_t va) {
  uint64_t table[TABLE_LEVELS_MAX + 1];
  unsigned levels = kernel->format->levels;
  table[levels] = process->root;
  for (unsigned level = levels; level > 1; level--)
    table[level - 1] = PTE_ADDR(table_get(kernel, table_entry_address(kernel->format, table[level], level, va)));
  table_set(kernel, table_entry_address(kernel->format, table[1], 1, va), 1, 0);
  unsigned empty = 1;  // tables of the levels below this one have no entry left
  while (empty < levels && frames_at(kernel, table[empty])->used == 0) {
    empty++;
    table_set(kernel, table_entry_address(kernel->format, table[empty], empty, va), 1, 0);
    entry_changed(kernel, process, empty);
  }
  table_invalidate(kernel, process, va);
  for (unsigned level = 1; level < empty; level++) frames_free(kernel, table[level]);
}

// Frees the tables below a table of `level`, and theirs. Its count says when the last one was found.
static void free_below(struct kernel* kernel, uint64_t table, unsigned level) {
  unsigned left = frames_at(kernel, table)->used;
  uint64_t end = table + ((uint64_t)kernel->format->entry_bytes << kernel->format->level[level].bits);
  for (uint64_t at = table; left > 0 && at < end; at += kernel->format->entry_bytes) {
    uint64_t entry = table_get(kernel, at);
    if (!(entry & PTE_P)) continue;
    free_below(kernel, PTE_ADDR(entry), level - 1);
    frames_free(kernel, PTE_ADDR(entry));
    left--;
  }
  if (left > 0) kernel_panic(kernel, "a page table holds fewer entries than were counted: ", table);
}

void table_free_all(struct kernel* kernel, struct process* process) {
  free_below(kernel, process->root, kernel->format->levels);
  frames_free(kernel, process->root);
}

void table_invalidate(struct kernel* kernel, const struct process* process, uint64_t va) {
  if (kernel->current == process) {
    hal_invlpg(kernel->hal, va);
    kernel->stats.invlpgs++;
  } else if (process->tagged) {
    hal_invpcid(kernel->hal, INVPCID_ADDRESS, process_pcid(kernel, process), va);
    kernel->stats.invpcids++;
  }
}

uint64_t table_user_leaf(const struct table_format* format, uint64_t pa, unsigned prot) {
  return pa | PTE_P | PTE_U | (prot & PROT_WRITE ? PTE_W : 0) | (prot & PROT_EXEC ? 0 : format->no_execute);
}
