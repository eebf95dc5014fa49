// SPDX-License-Identifier: MIT
// The page fault handler's steps 3 to 6: look the page up, get a frame, write the entry, restart.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_FAULT_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_FAULT_H

#include "kernel/kernel.h"

struct process;
struct text;
struct vma;

// Serves the fault (process->cr2, process->error) from its beginning, whether for the first time or again after the
// disk was waited for. On KERNEL_KILLED the reason is in *kill, and the process still exists.
enum kernel_action fault_serve(struct kernel* kernel, struct process* process, struct kernel_kill* kill);

// Throws out one page, so that a frame is free. FAULT_ROOM_WAITS: one will be when the disk is done,
// process->wait_block says with what, or when the favoured program has got on. `page`: what it is for, for the note.
// `low`: only a frame of low memory will do.
enum fault_room { FAULT_ROOM_MADE, FAULT_ROOM_WAITS, FAULT_ROOM_NONE };
// `low`: only a frame of low memory will do.
enum fault_room fault_make_room(struct kernel* kernel, struct process* process, uint64_t page, bool low);

// Why there is no frame for a page, in a sentence.
void fault_explain_no_frame(const struct kernel* kernel, uint64_t page, struct text* reason);

// Gives a frame the content that a page of the VMA has before it is written to. Returns where that came from.
uint64_t fault_fill(struct kernel* kernel, const struct vma* vma, uint64_t page, uint64_t pa);

// Maps a frame whose content is ready. `origin`: the swap block that holds the same content, or HAL_FRAME_...
void fault_map(struct kernel* kernel, struct process* process, struct vma* vma, uint64_t page, uint64_t pa,
               uint64_t entry_pa, uint64_t origin);

#endif
