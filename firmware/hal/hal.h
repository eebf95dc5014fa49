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

// The machine's side. Whoever implements it puts this first in a struct of its own; the kernel calls the functions
// below. (A table of functions, so that a machine and a test's fake can be linked into one program.)
struct hal {
  const struct hal_ops* ops;
};

enum hal_register { HAL_CR0, HAL_CR3, HAL_CR4, HAL_EFER, HAL_PKRU };
enum hal_disk_op { HAL_DISK_READ, HAL_DISK_WRITE };
struct hal_note;

struct hal_ops {
  uint64_t (*load)(struct hal* hal, uint64_t va, unsigned size);
  void (*store)(struct hal* hal, uint64_t va, unsigned size, uint64_t value);
  void (*zero)(struct hal* hal, uint64_t va, uint64_t bytes);
  void (*read)(struct hal* hal, uint64_t va, void* to, uint64_t bytes);
  void (*write)(struct hal* hal, uint64_t va, const void* from, uint64_t bytes);
  uint64_t (*peek)(const struct hal* hal, uint64_t pa, unsigned size);
  bool (*write_register)(struct hal* hal, enum hal_register reg, uint64_t value);
  void (*invlpg)(struct hal* hal, uint64_t va);
  uint64_t (*now)(const struct hal* hal);
  void (*work)(struct hal* hal, uint64_t cycles);
  uint64_t (*disk_start)(struct hal* hal, enum hal_disk_op op, uint64_t block, uint64_t pa);
  bool (*disk_done)(struct hal* hal, uint64_t ticket, uint64_t* checksum);
  void (*print)(struct hal* hal, const char* text);
  void (*note)(struct hal* hal, const struct hal_note* note);
};

// --- memory: linear addresses, through the MMU, supervisor ----------------------------------------------------------
// With paging off, linear addresses are physical ones.

// One reference. size: 1, 2, 4, 8.
static inline uint64_t hal_load(struct hal* hal, uint64_t va, unsigned size) { return hal->ops->load(hal, va, size); }
static inline void hal_store(struct hal* hal, uint64_t va, unsigned size, uint64_t value) {
  hal->ops->store(hal, va, size, value);
}
// Blocks, as a block move would: one reference for each 64 bytes (aligned), data moved after it.
static inline void hal_zero(struct hal* hal, uint64_t va, uint64_t bytes) { hal->ops->zero(hal, va, bytes); }
static inline void hal_read(struct hal* hal, uint64_t va, void* to, uint64_t bytes) {
  hal->ops->read(hal, va, to, bytes);
}
static inline void hal_write(struct hal* hal, uint64_t va, const void* from, uint64_t bytes) {
  hal->ops->write(hal, va, from, bytes);
}

// For reports: reads a physical address past the MMU. No reference, no time; size 1, 2, 4, 8.
static inline uint64_t hal_peek(const struct hal* hal, uint64_t pa, unsigned size) {
  return hal->ops->peek(hal, pa, size);
}

// --- control --------------------------------------------------------------------------------------------------------

// False: #GP, nothing changed.
static inline bool hal_write_register(struct hal* hal, enum hal_register reg, uint64_t value) {
  return hal->ops->write_register(hal, reg, value);
}
static inline void hal_invlpg(struct hal* hal, uint64_t va) { hal->ops->invlpg(hal, va); }

// --- clock -----------------------------------------------------------------------------------------------------------

// Cycles since reset.
static inline uint64_t hal_now(const struct hal* hal) { return hal->ops->now(hal); }
// The handler computes for so long, without memory references.
static inline void hal_work(struct hal* hal, uint64_t cycles) { hal->ops->work(hal, cycles); }

// --- disk: one request at a time, pages of 4096 bytes, DMA into physical memory --------------------------------------

// Starts the transfer of one page between block `block` and the frame at `pa` and returns at once. Requests queue: the
// disk does them in order, each taking the config's time. Returns a ticket, > 0, rising.
static inline uint64_t hal_disk_start(struct hal* hal, enum hal_disk_op op, uint64_t block, uint64_t pa) {
  return hal->ops->disk_start(hal, op, block, pa);
}
// True when that ticket's transfer is over. *checksum: FNV-1a (64 bits) over the page that was transferred, computed by
// the disk. The data move when the transfer is over, whichever way they go: until then the frame must stay as it is.
// A ticket that was reported as over is gone.
static inline bool hal_disk_done(struct hal* hal, uint64_t ticket, uint64_t* checksum) {
  return hal->ops->disk_done(hal, ticket, checksum);
}

// --- narration and console -------------------------------------------------------------------------------------------

static inline void hal_print(struct hal* hal, const char* text) { hal->ops->print(hal, text); }

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
static inline void hal_note(struct hal* hal, const struct hal_note* note) { hal->ops->note(hal, note); }

#endif
