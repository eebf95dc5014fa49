// SPDX-License-Identifier: MIT
// Time sharing of a memory that holds one process: a switch writes the image of the one to disk and reads the other's.
// Pages move one at a time; while they do, nobody runs.
#ifndef PAGEWALK_FIRMWARE_KERNEL_SHARE_SWAPPING_H
#define PAGEWALK_FIRMWARE_KERNEL_SHARE_SWAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/share/holes.h"

struct kernel;
struct process;

// The pages of an image that are in use: [1, low_end) and [high_start, the image's end).
struct used_pages {
  uint32_t low_end, high_start;
};

// Of a process. Page p of its image is block `area` + p.
struct swapped_image {
  uint32_t area;           // 0: it never was on disk
  bool there;              // the disk has it: the memory does not
  struct used_pages used;  // of what is on disk
  uint64_t turn;           // who waits for the memory: the lowest comes first; 0: does not wait
};

enum swapping_job { SWAPPING_IDLE, SWAPPING_OUT, SWAPPING_IN, SWAPPING_COPY };

// Of the kernel.
struct swapping {
  struct holes blocks;
  uint64_t block_count;
  struct process* resident;  // whose image is in memory, whole
  bool fresh;                // it has not run since: nobody may push it out
  struct process* promised;  // who may load its program now that there is room
  uint64_t turns;            // given so far
  enum swapping_job job;
  struct process* process;  // whose image moves between the memory and `area`; NULL: it has ended meanwhile
  struct process* target;   // OUT: who comes in afterwards, or NULL; COPY: the child
  uint32_t area, page;      // the page on its way
  bool area_is_free;        // its owner has ended meanwhile
  struct used_pages used;
  uint64_t ticket, began;
};

void swapping_boot(struct kernel* kernel, uint64_t blocks);

// Takes note of transfers that are over, and starts the next ones.
void swapping_settle(struct kernel* kernel);

// 0: the image of the process is in memory, or, if it has none yet, there is room for it. SPACE_WAIT: it sleeps until
// that has come nearer.
int swapping_claim(struct kernel* kernel, struct process* process);
// It has been loaded into memory.
void swapping_loaded(struct kernel* kernel, struct process* process);
// Copies the parent's image to disk as the child's. 0, -ENOMEM, SPACE_WAIT.
int swapping_fork(struct kernel* kernel, struct process* parent, struct process* child);
// The process has ended.
void swapping_release(struct kernel* kernel, struct process* process);
// Whether swapping_claim may do better than before.
bool swapping_ready(const struct kernel* kernel, const struct process* process);

#endif
