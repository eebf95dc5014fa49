// SPDX-License-Identifier: MIT
// A HAL without an engine: a byte array, and a page walk of its own, written apart from the kernel's and the engines'.
// Its TLB and its walk cache are the strictest possible ones: they never forget an entry that they may keep, so that a
// missing INVLPG or CR3 write shows. A kernel access that faults fails the test.
#ifndef PAGEWALK_TESTS_FIRMWARE_FAKE_HAL_H
#define PAGEWALK_TESTS_FIRMWARE_FAKE_HAL_H

#include "hal/hal.h"
#include "kernel/kernel.h"

enum { FAKE_NOTES = 1 << 15, FAKE_TRANSFERS = 64, FAKE_LOADS = 16, FAKE_PCIDS = 4096, FAKE_CONSOLE = 8192 };

struct fake_tlb_entry {
  uint64_t page;  // number of its page, counted from 1, and its PCID in bits 63:52; 0: none was ever kept here
  uint32_t life;  // valid if it equals the flush count of its kind
  bool global, writable, user, no_execute, dirty;
  uint64_t frame;
};

// What a walk read on its way: an entry that leads to a table.
struct fake_link {
  uint64_t prefix;  // the address bits that lead to it, its PCID in bits 63:52, its level in bits 2:0; 0: none
  uint32_t life;
  uint64_t entry;
};

struct fake_transfer {
  uint64_t ticket, block, pa, over, checksum;
  enum hal_disk_op op;
  bool collected;
};

struct fake_hal {
  struct hal hal;
  uint8_t* memory;
  uint64_t bytes;
  uint64_t registers[5], pdptes[4];
  struct {
    enum hal_register reg;
    uint64_t value;
  } loads[FAKE_LOADS];  // the first so many of control registers
  unsigned load_count;
  struct fake_tlb_entry* tlb;  // hash tables, by page and by prefix
  struct fake_link* links;
  uint32_t life[FAKE_PCIDS], global_life, link_life[FAKE_PCIDS];
  uint64_t now, timer, register_cycles;  // the last: of a write of a control register

  uint8_t* disk;
  uint64_t blocks, disk_cycles, transfers, reads, writes;
  struct fake_transfer queue[FAKE_TRANSFERS];  // ticket t at t % FAKE_TRANSFERS

  struct hal_note notes[FAKE_NOTES];  // the first so many; texts are not kept
  unsigned note_count;
  char panic[256];
  uint64_t references, invlpgs, invpcids, cr3_writes;

  struct hal_segment segments[8];
  enum hal_select select;
  uint64_t segment_loads;

  char console[FAKE_CONSOLE];  // what programs wrote, of all of them together
  size_t console_bytes;
  int console_pid;  // who wrote last
};

// Zeroed memory of the host that costs nothing where it is not touched.
void* fake_reserve(uint64_t bytes);
void fake_release(void* memory, uint64_t bytes);

void fake_create(struct fake_hal* fake, uint64_t frames, uint64_t blocks, uint64_t disk_cycles);
void fake_destroy(struct fake_hal* fake);

// One access of `size` bytes within a page, through the TLB and the tables. False on a fault.
enum fake_kind { FAKE_READ, FAKE_WRITE, FAKE_FETCH };
bool fake_access(struct fake_hal* fake, uint64_t va, enum fake_kind kind, bool user, uint64_t* pa, unsigned* error);

// The linear address of a user reference, by the segment that the kernel chose for it; with paging off the physical
// one. False: the segment does not permit it.
bool fake_segment(const struct fake_hal* fake, uint32_t va, unsigned size, enum fake_kind kind, uint64_t* linear);

uint64_t fake_word(const struct fake_hal* fake, uint64_t pa, unsigned size);
void fake_poke(struct fake_hal* fake, uint64_t pa, unsigned size, uint64_t value);

// A kernel over a fake, booted. The caller destroys both.
struct kernel* fake_boot(struct fake_hal* fake, void** arena, enum kernel_paging paging, uint64_t frames,
                         uint64_t blocks);

// The same with any parameters, over memory of params->frames and a disk of params->swap_blocks.
struct kernel* fake_boot_with(struct fake_hal* fake, void** arena, const struct kernel_params* params);

// A user access of the current process that goes on through faults and waits until it is done (true) or the process
// is killed.
bool fake_touch(struct fake_hal* fake, struct kernel* kernel, uint64_t va, enum fake_kind kind, uint64_t* pa,
                struct kernel_kill* kill);

// How often a note was given; the n-th (from 0) of a kind, or NULL.
unsigned fake_noted(const struct fake_hal* fake, enum hal_note_kind kind);
const struct hal_note* fake_note(const struct fake_hal* fake, enum hal_note_kind kind, unsigned n);

#endif
