// SPDX-License-Identifier: MIT
// The address space of a process under paging: its root table, and what hangs below it.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_ADDRESS_SPACE_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct process;

// Gives a process without a root one: user space empty, the kernel's part as everywhere. False: no frame is free that
// a root may have.
bool address_space_make(struct kernel* kernel, struct process* process);

// Makes it the one that the processor translates with; NULL: the kernel's own.
void address_space_load(struct kernel* kernel, struct process* process);

// Gives back the pages of [start, end), wherever they are, and the tables that this leaves empty.
void address_space_drop(struct kernel* kernel, struct process* process, uint64_t start, uint64_t end);

// Gives back everything: pages, VMAs, tables, root. What is on its way to or from the disk comes back when it is there.
void address_space_release(struct kernel* kernel, struct process* process);

#endif
