// SPDX-License-Identifier: MIT
// Page tables, all formats behind one interface: a format is a table of levels, and the code knows no modes.
//
// Levels are numbered from the leaf: 1 = PTE, 2 = PDE, 3 = PDPTE, 4 = PML4E, 5 = PML5E. A frame that holds a table
// counts its entries in use (present ones, and those that name a swap block); when the last goes, the table goes.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_TABLE_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct process;

struct table_level {
  unsigned shift;  // first address bit of its index
  unsigned bits;   // width of its index
  uint64_t link;   // bits of an entry that leads to the next table
  bool latched;    // the processor reads these entries only when CR3 is loaded
};

enum { TABLE_LEVELS_MAX = 5 };

// How a mode of the processor uses the address space, and what turns it on.
struct table_format {
  unsigned levels;  // the root's level
  unsigned entry_bytes;
  uint64_t no_execute;                             // PTE_NX, or 0 where the format has none
  struct table_level level[TABLE_LEVELS_MAX + 1];  // [1..levels]
  unsigned physical_address_bits;                  // that an entry holds

  uint64_t user_end;      // first address beyond user space
  uint64_t kernel_base;   // first address of the kernel's part, where the direct map begins
  uint64_t direct_bytes;  // the direct map's greatest length
  unsigned direct_level;  // of the large pages that it is made of
  uint64_t window_base;   // where memory beyond it is reached; 0: nowhere

  uint32_t cr4, efer;  // features to turn on
};

extern const struct table_format table_format_32bit, table_format_pae, table_format_4level, table_format_5level;

// Bytes of the root table, entries it has for user space.
uint64_t table_root_bytes(const struct table_format* format);
unsigned table_root_user_entries(const struct table_format* format);

// The physical address of the entry for `va` in a table of `level`.
uint64_t table_entry_address(const struct table_format* format, uint64_t table, unsigned level, uint64_t va);

// One entry, by its physical address, as one reference.
uint64_t table_get(struct kernel* kernel, uint64_t entry_pa);
void table_put(struct kernel* kernel, uint64_t entry_pa, uint64_t entry);

// The address of the leaf entry for `va`. If a table is missing on the way: false, and *skip_to is the first address
// above va that another entry of the missing level leads to.
bool table_find(struct kernel* kernel, uint64_t root, uint64_t va, uint64_t* entry_pa, uint64_t* skip_to);

// The same, building the tables that are missing. False if a frame was lacking: those that were built stay.
bool table_ensure(struct kernel* kernel, struct process* process, uint64_t va, uint64_t* entry_pa);

// Writes a leaf entry and keeps its table's count. `was` is what it holds now.
void table_set(struct kernel* kernel, uint64_t entry_pa, uint64_t was, uint64_t entry);

// Clears the leaf entry for `va`, which is in use, and frees the tables that it leaves empty; the root stays.
void table_clear(struct kernel* kernel, struct process* process, uint64_t va);

// Frees the tables of a process that maps nothing any more: its root, and tables that were built but never used. Its
// address space is not loaded.
void table_free_all(struct kernel* kernel, struct process* process);

// Makes the TLB forget what it knows of `va`. Of an address space that is not loaded it knows nothing, unless
// address spaces are tagged: loading CR3 has dropped all that is not global.
void table_invalidate(struct kernel* kernel, const struct process* process, uint64_t va);

// A leaf entry for user memory of a VMA's protection.
uint64_t table_user_leaf(const struct table_format* format, uint64_t pa, unsigned prot);

#endif
