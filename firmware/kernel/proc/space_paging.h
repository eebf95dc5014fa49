// SPDX-License-Identifier: MIT
// What the files of demand paging share.
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_SPACE_PAGING_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_SPACE_PAGING_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct process;

// Gives a process an address space, unless it has one. 0, SPACE_WAIT (`sleeper` was put to sleep), -ENOMEM.
int space_paging_make_root(struct kernel* kernel, struct process* process, struct process* sleeper);

// Sees to it that a page is there that the program may read or write. 0, SPACE_WAIT, -EFAULT, or -ENOMEM if it can't be
// had.
int space_paging_bring(struct kernel* kernel, struct process* process, uint64_t va, bool write);

// space_ops.fork: a full copy, page by page. What is copied stays copied while the parent waits.
int space_paging_fork(struct kernel* kernel, struct process* parent, struct process* child);

#endif
