// SPDX-License-Identifier: MIT
// A program's bytes written to memory, and its relocation records carried out: each names a word that holds an address.
#ifndef PAGEWALK_FIRMWARE_KERNEL_SHARE_RELOCATE_H
#define PAGEWALK_FIRMWARE_KERNEL_SHARE_RELOCATE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct kernel_program;

// A program has a low part, all that can't be written, and a high one, from its first writable segment on. Both move as
// a whole: what is added to addresses in the one and in the other.
struct relocation {
  uint64_t split;  // the lowest address of the high part
  uint32_t low, high;
};

// Where a program's parts end and begin.
struct program_shape {
  uint64_t low_end;  // one past the last byte that can't be written
  uint64_t split;    // the page of the first byte that can; or the page after low_end
  uint64_t end;      // one past the last byte
};
struct program_shape program_shape(const struct kernel_program* program);

// What address that the linker gave is `address` now.
uint32_t relocation_of(const struct relocation* relocation, uint32_t address);

// Writes those segments of the program that are [from, to) in the linker's addresses to memory, so that `from` comes to
// `place`, which is zeroed already; then changes the words in them that hold addresses.
void program_write(struct kernel* kernel, const struct kernel_program* program, uint64_t from, uint64_t to,
                   uint64_t place, const struct relocation* relocation);

#endif
