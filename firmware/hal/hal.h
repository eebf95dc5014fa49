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

// A segment register of the processor (docs/timing.md, "Segments"). Number 0 is the kernel's: flat, always.
struct hal_segment {
  uint32_t base, limit;  // limit: the last valid offset; expand-down: the last invalid one
  bool present, writable, expand_down, user;
};

// Which segment register a user reference goes through.
enum hal_select {
  HAL_SELECT_FLAT,       // number 0: linear addresses are what the program says
  HAL_SELECT_ONE,        // number 1: base, or base and bounds
  HAL_SELECT_BY_ADDRESS  // the two top bits of the address choose: 00 number 1, 01 number 2, 10 number 3, 11 number 4
};

struct hal_ops {
  uint64_t (*load)(struct hal* hal, uint64_t va, unsigned size);
  void (*store)(struct hal* hal, uint64_t va, unsigned size, uint64_t value);
  void (*zero)(struct hal* hal, uint64_t va, uint64_t bytes);
  void (*read)(struct hal* hal, uint64_t va, void* to, uint64_t bytes);
  void (*write)(struct hal* hal, uint64_t va, const void* from, uint64_t bytes);
  uint64_t (*peek)(const struct hal* hal, uint64_t pa, unsigned size);
  bool (*write_register)(struct hal* hal, enum hal_register reg, uint64_t value);
  void (*invlpg)(struct hal* hal, uint64_t va);
  bool (*invpcid)(struct hal* hal, unsigned type, unsigned pcid, uint64_t va);
  bool (*load_segment)(struct hal* hal, unsigned number, const struct hal_segment* segment);
  void (*select_segments)(struct hal* hal, enum hal_select select);
  void (*set_timer)(struct hal* hal, uint64_t cycle);
  uint64_t (*now)(const struct hal* hal);
  void (*work)(struct hal* hal, uint64_t cycles);
  uint64_t (*disk_start)(struct hal* hal, enum hal_disk_op op, uint64_t block, uint64_t pa);
  bool (*disk_done)(struct hal* hal, uint64_t ticket, uint64_t* checksum);
  void (*print)(struct hal* hal, const char* text);
  void (*console)(struct hal* hal, int pid, const void* bytes, size_t count);
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

// Types 0..3 of SDM vol. 2A, INVPCID. False: #GP, nothing changed.
static inline bool hal_invpcid(struct hal* hal, unsigned type, unsigned pcid, uint64_t va) {
  return hal->ops->invpcid(hal, type, pcid, va);
}
// number 1..7. False: #GP, nothing changed.
static inline bool hal_load_segment(struct hal* hal, unsigned number, const struct hal_segment* segment) {
  return hal->ops->load_segment(hal, number, segment);
}
// How user references choose among the segments; flat after reset.
static inline void hal_select_segments(struct hal* hal, enum hal_select select) {
  hal->ops->select_segments(hal, select);
}

// --- clock -----------------------------------------------------------------------------------------------------------

// Cycles since reset.
static inline uint64_t hal_now(const struct hal* hal) { return hal->ops->now(hal); }
// The handler computes for so long, without memory references.
static inline void hal_work(struct hal* hal, uint64_t cycles) { hal->ops->work(hal, cycles); }

// The timer interrupts user code in the first cycle that is not before `cycle`, once; UINT64_MAX: never. A new setting
// replaces the old one.
static inline void hal_set_timer(struct hal* hal, uint64_t cycle) { hal->ops->set_timer(hal, cycle); }

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
// What the process `pid` writes to the console.
static inline void hal_console(struct hal* hal, int pid, const void* bytes, size_t count) {
  hal->ops->console(hal, pid, bytes, count);
}

// What the kernel does, for those who watch: the six steps of a page fault (lecture note 001) and what happens in them.
enum hal_note_kind {
  HAL_NOTE_FAULT,   // 1 the access went to an invalid page: a = CR2, b = error code
  HAL_NOTE_TRAP,    // 2 the fault reached the kernel: a = CR2, b = pid
  HAL_NOTE_LOOKUP,  // 3 the kernel searched its data: a = page, b = what it found (enum hal_found), c = VMA start
  HAL_NOTE_FRAME,   // 4 a frame holds the page: a = page, b = frame's physical address, c = disk block or HAL_FRAME_...
  HAL_NOTE_TABLE,   // 5 the page table is updated: a = address of the entry, b = entry
  HAL_NOTE_RESTART,  // 6 the access is restarted: a = CR2
  HAL_NOTE_EVICT,    // in step 4: a = page thrown out, b = its frame, c = disk block if it was written, else 0
  HAL_NOTE_WAIT,     // in step 4: the process waits for the disk: a = page, b = block
  HAL_NOTE_KILL,     // the access was illegal: a = CR2, b = error code, c = pid
  HAL_NOTE_PANIC,    // the kernel can't go on; text says why
  // Programs.
  HAL_NOTE_EXEC,    // a = pid, b = entry; text = the program's name
  HAL_NOTE_CALL,    // a = pid, b = number of the system call, c = its first argument; text = its name
  HAL_NOTE_RETURN,  // a = pid, b = number of the system call, c = what it returned (two's complement)
  HAL_NOTE_FORK,    // a = parent, b = child
  HAL_NOTE_EXIT,    // a = pid, b = wait status, as waitpid's
  HAL_NOTE_SIGNAL,  // a process is ended by a signal: a = pid, b = signal, c = EIP; text = why, in one sentence
  HAL_NOTE_SWITCH,  // the processor goes to another process: a = from (0: idle), b = to (0: idle)
  HAL_NOTE_BLOCK,   // a = pid, b = why (enum hal_blocked)
  HAL_NOTE_WAKE,    // a = pid
  HAL_NOTE_IMAGE,   // a whole image moves: a = pid, b = bytes, c = enum hal_image
};
enum hal_blocked { HAL_BLOCKED_DISK, HAL_BLOCKED_SLEEP, HAL_BLOCKED_CHILD, HAL_BLOCKED_MEMORY };
enum hal_image { HAL_IMAGE_LOADED, HAL_IMAGE_RELOCATED, HAL_IMAGE_SWAPPED_OUT, HAL_IMAGE_SWAPPED_IN, HAL_IMAGE_MOVED };
enum hal_found {
  HAL_FOUND_NOTHING,
  HAL_FOUND_FRESH,
  HAL_FOUND_SWAPPED,
  HAL_FOUND_IN_TRANSIT,
  HAL_FOUND_PRESENT,
  HAL_FOUND_FORBIDDEN
};
// Where the content of a frame came from, if not from the disk.
#define HAL_FRAME_ZEROED ((uint64_t)0)
#define HAL_FRAME_PROGRAM UINT64_MAX       // from the program's file
#define HAL_FRAME_COPIED (UINT64_MAX - 1)  // from the parent's frame, by fork

struct hal_note {
  enum hal_note_kind kind;
  uint64_t a, b, c;
  const char* text;  // or NULL
};
static inline void hal_note(struct hal* hal, const struct hal_note* note) { hal->ops->note(hal, note); }

#endif
