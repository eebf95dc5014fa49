// SPDX-License-Identifier: MIT
// The swap disk: a queue of one-page transfers done in order, each taking the same time, by DMA. Content is sparse:
// blocks that were never written hold zeros.
#ifndef PAGEWALK_MACHINE_DISK_H
#define PAGEWALK_MACHINE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "hal/hal.h"
#include "machine/ram.h"

struct disk;

enum { DISK_BLOCK_BYTES = 4096 };

// `cycles`: of one transfer. Blocks 0..blocks-1. NULL when the host has no memory.
struct disk* disk_create(struct ram* ram, uint64_t blocks, uint64_t cycles);
void disk_destroy(struct disk* disk);

// Puts a transfer between `block` and the frame at `pa` into the queue at cycle `now`; returns its ticket (> 0,
// rising), or 0 if there is no such block or frame.
uint64_t disk_start(struct disk* disk, enum hal_disk_op op, uint64_t block, uint64_t pa, uint64_t now);

// Finishes the transfers that are over by `now`: their data move. Reading a frame that was never written writes zeros.
void disk_advance(struct disk* disk, uint64_t now);

enum disk_answer { DISK_BUSY, DISK_DONE, DISK_UNKNOWN };

// Whether a ticket's transfer is over as of the last disk_advance. DISK_DONE gives the FNV-1a checksum (64 bits) of the
// page and forgets the ticket; a ticket that was forgotten or never given is unknown.
enum disk_answer disk_poll(struct disk* disk, uint64_t ticket, uint64_t* checksum);

// The cycle in which the next transfer is over; UINT64_MAX if none is under way.
uint64_t disk_next(const struct disk* disk);

// The medium itself, block b at byte b * DISK_BLOCK_BYTES: for looking in, and for damaging it in tests.
struct ram* disk_medium(struct disk* disk);

#endif
