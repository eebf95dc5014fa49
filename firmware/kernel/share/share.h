// SPDX-License-Identifier: MIT
// The older ways to share a memory (docs/programs.md, "The older ways to share"): what the kernel keeps of itself and
// of each process when paging is off. All of the memory is for processes.
#ifndef PAGEWALK_FIRMWARE_KERNEL_SHARE_SHARE_H
#define PAGEWALK_FIRMWARE_KERNEL_SHARE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/share/holes.h"
#include "kernel/share/swapping.h"

struct process;

// A stretch of a program's addresses that lies in one piece. An image that is in one piece altogether is its PART_DATA.
enum { PART_CODE, PART_DATA, PART_STACK, PARTS };
struct piece {
  uint32_t address;  // the program's, of the first byte
  uint32_t bytes;    // a multiple of PLACE_UNIT; 0: there is no such part
  uint32_t place;    // of the first byte in memory
};

// A code segment, which all processes of one program share: nobody can write it.
struct share_text {
  const struct kernel_program* program;
  unsigned users;  // processes; 0: none of this is in use
  struct piece part;
};

// Of a process.
struct share_image {
  struct piece part[PARTS];
  struct share_text* text;    // segments: instead of PART_CODE
  uint32_t heap;              // where it begins: the lowest end of the heap
  bool awaits_room;           // asleep until memory or disk space is given back
  unsigned releases;          // as of then
  struct swapped_image disk;  // time sharing of images
};

// Of the kernel.
struct share {
  enum kernel_sharing sharing;
  uint32_t process_bytes;  // as in kernel_params
  uint64_t memory_bytes;
  struct holes memory;
  struct share_text texts[64];  // as many as processes
  struct process* entered;      // whose segment registers the processor has
  bool moved;                   // they may not be true any more
  unsigned releases;            // how often memory or disk space was given back
  struct swapping swapping;     // time sharing of images
};

// As kernel_frames_needed.
uint64_t share_frames_needed(const struct kernel_params* params);

// Puts a process to sleep until memory or disk space is given back: SPACE_WAIT.
int share_await_room(struct kernel* kernel, struct process* process);

// For reports; as in struct space_ops.
void share_stats(const struct kernel* kernel, struct kernel_stats* stats);
void share_usage(const struct kernel* kernel, const struct process* process, struct kernel_process* shown);
void share_vmas(const struct kernel* kernel, const struct process* process,
                void (*visit)(void* ctx, const struct kernel_vma* vma), void* ctx);
bool share_translate(const struct kernel* kernel, const struct process* process, uint64_t va, uint64_t* pa);

#endif
