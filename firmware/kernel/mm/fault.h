// SPDX-License-Identifier: MIT
// The page fault handler's steps 3 to 6: look the page up, get a frame, write the entry, restart.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_FAULT_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_FAULT_H

#include "kernel/kernel.h"

struct process;
struct vma;

// Serves the fault (process->cr2, process->error) from its beginning, whether for the first time or again after the
// disk was waited for. On KERNEL_KILLED the reason is in *kill, and the process still exists.
enum kernel_action fault_serve(struct kernel* kernel, struct process* process, struct kernel_kill* kill);

// Maps a frame whose content is ready. `block`: the swap block that holds the same content, or 0.
void fault_map(struct kernel* kernel, struct process* process, struct vma* vma, uint64_t page, uint64_t pa,
               uint64_t entry_pa, uint32_t block);

#endif
