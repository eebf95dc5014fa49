// SPDX-License-Identifier: MIT
// Against thrashing: when several programs take each other's pages in turn, each may lose one before it gets the next,
// and none completes an instruction. So a program that has waited for memory more often at one instruction than that
// can refer to pages is favoured until it gets on: its pages go last, and the others wait who want a page to go. At
// most one is.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_FAVOUR_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_FAVOUR_H

#include <stdint.h>

struct kernel;
struct process;

// A program lacks memory for the instruction at its EIP, a system call's among them. `progress`: how far that call has
// come. Returns how often in a row it has been so without getting on.
unsigned favour_count(struct kernel* kernel, struct process* process, uint64_t progress);

// The program is at the instruction at `eip` now: if it was favoured for another one, it has got on.
void favour_moved(struct kernel* kernel, const struct process* process, uint32_t eip);

// The program that is favoured now, or NULL.
const struct process* favour_whom(struct kernel* kernel);

// Nobody is any more; nobody if it was this one.
void favour_end(struct kernel* kernel);
void favour_forget(struct kernel* kernel, const struct process* process);

#endif
