// SPDX-License-Identifier: MIT
// Where the registers of a program lie while another one runs: its process control block, 64 bytes of one frame of the
// kernel's. A switch saves and restores them there, by references of the kernel's. (Without paging there is no such
// frame, and nothing is done.)
#ifndef PAGEWALK_FIRMWARE_KERNEL_PROC_CONTROL_BLOCK_H
#define PAGEWALK_FIRMWARE_KERNEL_PROC_CONTROL_BLOCK_H

struct kernel;
struct process;

// At boot: takes the frame.
void control_blocks_make(struct kernel* kernel);

void control_block_save(struct kernel* kernel, struct process* process);

// Does nothing for registers that were never saved since they changed: those of a program at its first turn.
void control_block_restore(struct kernel* kernel, struct process* process);

#endif
