// SPDX-License-Identifier: MIT
// A program's image in memory: placed, written, its addresses made to fit; and which of its addresses are where.
#ifndef PAGEWALK_FIRMWARE_KERNEL_SHARE_IMAGE_H
#define PAGEWALK_FIRMWARE_KERNEL_SHARE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct kernel_program;
struct piece;
struct process;

// Segments: where data and heap begin, and the initial end of the stack. The top two bits choose the segment.
#define IMAGE_DATA 0x40000000u
#define IMAGE_STACK_TOP 0xfffffff0u
enum { IMAGE_STACK_BYTES = 8192 };  // that a stack has at first: the arguments fit

// What process->entry and the like become. 0, -ENOMEM: there is no room now; -ENOEXEC: the program can't be had here.
// Nothing is kept of what failed.
int image_load_whole(struct kernel* kernel, struct process* process, const struct kernel_program* program);
int image_load_segments(struct kernel* kernel, struct process* process, const struct kernel_program* program);

// Whether it would fit if it had the memory for itself.
bool image_fits(const struct kernel* kernel, const struct kernel_program* program);

// A copy of all that the parent has. 0 or -ENOMEM, and nothing is kept.
int image_copy(struct kernel* kernel, struct process* parent, struct process* child);

// Gives back the places of all its parts.
void image_release(struct kernel* kernel, struct process* process);

// The linear address of a program's bytes [va, va + bytes), if its rights and the hardware's checks permit the access.
bool image_locate(const struct kernel* kernel, const struct process* process, uint32_t va, uint32_t bytes, bool write,
                  uint64_t* linear);

#endif
