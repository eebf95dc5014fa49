// SPDX-License-Identifier: MIT
// The only way down from the kernel to the machine: loads and stores through the MMU at CPL 0, control registers,
// INVLPG, disk, clock, console. Freestanding: no libc.
//
// A kernel access that faults is a bug of the kernel: the machine stops with a panic report, and the call does not
// return a wrong value silently.
#ifndef PAGEWALK_FIRMWARE_HAL_HAL_H
#define PAGEWALK_FIRMWARE_HAL_HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hal;  // the machine's side, opaque

// --- memory: linear addresses, through the MMU, supervisor
// ------------------------------------------------------------- With paging off, linear addresses are physical ones.

uint64_t hal_load(struct hal* hal, uint64_t va, unsigned size);  // size 1, 2, 4, 8; one reference
void hal_store(struct hal* hal, uint64_t va, unsigned size, uint64_t value);
// Blocks, as a block move would: one reference for each 64 bytes (aligned), data moved after it.
void hal_zero(struct hal* hal, uint64_t va, uint64_t bytes);
void hal_read(struct hal* hal, uint64_t va, void* to, uint64_t bytes);
void hal_write(struct hal* hal, uint64_t va, const void* from, uint64_t bytes);

// --- control --------------------------------------------------------------------------------------------------------

enum hal_register { HAL_CR0, HAL_CR3, HAL_CR4, HAL_EFER, HAL_PKRU };

bool hal_write_register(struct hal* hal, enum hal_register reg, uint64_t value);  // false: #GP, nothing changed
void hal_invlpg(struct hal* hal, uint64_t va);

// --- clock
// ------------------------------------------------------------------------------------------------------------

uint64_t hal_now(const struct hal* hal);          // cycles since reset
void hal_work(struct hal* hal, uint64_t cycles);  // the handler computes for so long, without memory references

// --- disk: one request at a time, pages of 4096 bytes, DMA into physical memory --------------------------------------

enum hal_disk_op { HAL_DISK_READ, HAL_DISK_WRITE };

// Starts the transfer of one page between block `block` and the frame at `pa` and returns at once. Requests queue: the
// disk does them in order, each taking the config's time. Returns a ticket, > 0, rising.
uint64_t hal_disk_start(struct hal* hal, enum hal_disk_op op, uint64_t block, uint64_t pa);
// True when that ticket's transfer is over. *checksum: FNV-1a (64 bits) over the page that was transferred, computed by
// the disk. For a write the data left memory when the request began.
bool hal_disk_done(struct hal* hal, uint64_t ticket, uint64_t* checksum);

// --- narration and console
// ---------------------------------------------------------------------------------------------

void hal_print(struct hal* hal, const char* text);

// What the kernel does, for those who watch: the six steps of a page fault (lecture note 001) and what happens in them.
enum hal_note_kind {
  HAL_NOTE_FAULT,    // 1 the access went to an invalid page: a = CR2, b = error code
  HAL_NOTE_TRAP,     // 2 the fault reached the kernel: a = CR2, b = pid
  HAL_NOTE_LOOKUP,   // 3 the kernel searched its data: a = page, b = what it found (enum hal_found), c = VMA start
  HAL_NOTE_FRAME,    // 4 a frame holds the page: a = page, b = frame's physical address, c = disk block or 0 if
                     // zero-filled
  HAL_NOTE_TABLE,    // 5 the page table is updated: a = address of the entry, b = entry
  HAL_NOTE_RESTART,  // 6 the access is restarted: a = CR2
  HAL_NOTE_EVICT,    // in step 4: a = page thrown out, b = its frame, c = disk block if it was written, else 0
  HAL_NOTE_WAIT,     // in step 4: the process waits for the disk: a = page, b = block
  HAL_NOTE_KILL,     // the access was illegal: a = CR2, b = error code, c = pid
  HAL_NOTE_PANIC     // the kernel can't go on; text says why
};
enum hal_found {
  HAL_FOUND_NOTHING,
  HAL_FOUND_FRESH,
  HAL_FOUND_SWAPPED,
  HAL_FOUND_IN_TRANSIT,
  HAL_FOUND_PRESENT,
  HAL_FOUND_FORBIDDEN
};
struct hal_note {
  enum hal_note_kind kind;
  uint64_t a, b, c;
  const char* text;  // or NULL
};
void hal_note(struct hal* hal, const struct hal_note* note);

#endif
