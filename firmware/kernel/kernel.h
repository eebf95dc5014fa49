// SPDX-License-Identifier: MIT
// The operating system, as the machine sees it: boot, processes and their memory, traps, statistics.
//
// No globals: everything hangs off struct kernel, which lives in memory that the machine hands over, so that several
// kernels run at once. Calls return 0 or a negative POSIX errno value (kernel/errno.h).
#ifndef PAGEWALK_FIRMWARE_KERNEL_KERNEL_H
#define PAGEWALK_FIRMWARE_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/hal.h"

struct kernel;

enum kernel_paging { KERNEL_PAGING_32BIT, KERNEL_PAGING_PAE, KERNEL_PAGING_4LEVEL, KERNEL_PAGING_5LEVEL };

struct kernel_params {
  enum kernel_paging paging;
  unsigned maxphyaddr;   // bits
  bool global_pages;     // the processor has them: CR4.PGE can be set
  uint64_t frames;       // frames of RAM, from physical address 0; those that the mode can reach belong to the kernel
  uint64_t swap_blocks;  // pages on the swap disk: blocks 1..swap_blocks, at most KERNEL_SWAP_BLOCKS_MAX are used
  uint64_t work;         // cycles of handler work per fault or call
};

enum { KERNEL_SWAP_BLOCKS_MAX = (1 << 20) - 1 };  // a block's number must fit where an entry keeps its frame

// The smallest number of frames with which a kernel of these parameters boots and runs one small process.
uint64_t kernel_frames_needed(const struct kernel_params* params);

// Bytes of host memory that kernel_boot needs (frame descriptors, VMAs, process table).
size_t kernel_arena_bytes(const struct kernel_params* params);

// Builds the kernel's page tables with paging off, turns paging on, and is then ready for processes. `arena` is zeroed
// memory of kernel_arena_bytes(). NULL if it can't, after a HAL_NOTE_PANIC that says why.
struct kernel* kernel_boot(void* arena, size_t bytes, struct hal* hal, const struct kernel_params* params);

// --- processes -------------------------------------------------------------------------------------------------------

enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };

// First address that user space may not use.
uint64_t kernel_user_end(const struct kernel* kernel);

// An empty address space. Returns its pid (> 0) or a negative errno value.
int kernel_spawn(struct kernel* kernel);

// Adds a VMA of anonymous memory: [start, end), both multiples of 4096. Nothing is mapped, nothing allocated
// (laziness). Neighbours of equal protection merge. -EINVAL, -ENOMEM, -EEXIST if it overlaps.
int kernel_map(struct kernel* kernel, int pid, uint64_t start, uint64_t end, unsigned prot);

// Maps a zeroed frame for every page of every VMA now (eager paging). -ENOMEM when frames run out.
int kernel_populate(struct kernel* kernel, int pid);

// Makes this the process whose address space is loaded.
int kernel_switch(struct kernel* kernel, int pid);

// The pid of the process whose address space is loaded, or 0.
int kernel_current(const struct kernel* kernel);

// Ends it: every frame, table and swap block comes back.
void kernel_exit(struct kernel* kernel, int pid);

// --- traps -----------------------------------------------------------------------------------------------------------

enum kernel_action {
  KERNEL_RESUME,  // restart the reference
  KERNEL_WAIT,    // the process waits for the disk: call kernel_poll when time has passed
  KERNEL_KILLED   // the process is gone; the reason went out as a note and is in *report
};

struct kernel_kill {  // why a process was killed
  int pid;
  uint64_t cr2;
  unsigned error;    // page-fault error code
  char reason[160];  // one sentence
};

// A page fault of the current process: the six steps.
enum kernel_action kernel_page_fault(struct kernel* kernel, uint64_t cr2, unsigned error, struct kernel_kill* kill);

// The current process waited for the disk. Takes up its fault again, from the start, when the disk is done.
enum kernel_action kernel_poll(struct kernel* kernel, struct kernel_kill* kill);

// --- figures ---------------------------------------------------------------------------------------------------------

struct kernel_stats {
  uint64_t faults_minor;                     // served without reading the disk
  uint64_t faults_major;                     // waited for a disk read
  uint64_t faults_protection;                // present page, illegal access
  uint64_t zero_fills, swap_ins, swap_outs;  // swap_outs = pages written to disk
  uint64_t evictions;                        // pages thrown out, clean or dirty
  uint64_t evictions_clean;
  uint64_t invlpgs;
  uint64_t checksum_errors;  // pages that came back different from how they left
  uint64_t frames_total, frames_free, frames_kernel, frames_tables,
      frames_process;  // now; the last four add up to the first
  uint64_t frames_process_peak;
  uint64_t swap_used;    // blocks, now
  uint64_t window_maps;  // temporary mappings made for frames beyond the direct map
};
void kernel_stats(const struct kernel* kernel, struct kernel_stats* stats);

// Visits the VMAs of a process in address order.
struct kernel_vma {
  uint64_t start, end;  // end is one past the last byte
  unsigned prot;
  uint64_t resident;  // pages present now
  uint64_t swapped;   // pages on disk now
};
void kernel_vmas(const struct kernel* kernel, int pid, void (*visit)(void* ctx, const struct kernel_vma* vma),
                 void* ctx);

// Walks the tables as the kernel keeps them (no MMU access): the physical address of a user page, or false if not
// mapped.
bool kernel_translate(const struct kernel* kernel, int pid, uint64_t va, uint64_t* pa);

#endif
