// SPDX-License-Identifier: MIT
// Processes: an address space each, and the fault that one may be waiting in.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_PROCESS_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct vma;

enum { PROCESS_MAX = 64 };

struct process {
  int pid;           // 0: the slot is free
  uint64_t root;     // physical address of the root table: CR3
  struct vma* vmas;  // the root of the treap

  // The fault that it is in, while that waits for the disk. It holds nothing else: it is started over.
  bool waiting;
  uint32_t wait_block;  // the block whose transfer it waits for
  uint64_t cr2;
  unsigned error;
  bool major;  // this fault has read the disk
};

// The process of a pid, or NULL.
struct process* process_find(struct kernel* kernel, int pid);

// Loads an address space: NULL for the kernel's own.
void process_load(struct kernel* kernel, struct process* process);

// Gives back everything that it holds. What is on its way to or from the disk comes back when it is there.
void process_end(struct kernel* kernel, struct process* process);

#endif
