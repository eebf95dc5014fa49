// SPDX-License-Identifier: MIT
// The swap disk.
#include "machine/disk.h"

#include <stdlib.h>

struct transfer {
  struct transfer* next;
  uint64_t ticket, block, pa, checksum;
  uint64_t over;  // the cycle from which it is over
  enum hal_disk_op op;
  bool done;
};

struct disk {
  struct ram *ram, *medium;
  uint64_t blocks, cycles;
  uint64_t last_ticket;
  uint64_t busy_until;      // when the last transfer of the queue is over
  struct transfer* oldest;  // in order; done ones stay until they are asked for
  struct transfer* newest;
};

struct disk* disk_create(struct ram* ram, uint64_t blocks, uint64_t cycles) {
  struct disk* disk = calloc(1, sizeof *disk);
  if (!disk) return NULL;
  *disk =
      (struct disk){.ram = ram, .medium = ram_create(blocks * DISK_BLOCK_BYTES), .blocks = blocks, .cycles = cycles};
  if (!disk->medium) {
    free(disk);
    return NULL;
  }
  return disk;
}

void disk_destroy(struct disk* disk) {
  if (!disk) return;
  while (disk->oldest) {
    struct transfer* transfer = disk->oldest;
    disk->oldest = transfer->next;
    free(transfer);
  }
  ram_destroy(disk->medium);
  free(disk);
}

struct ram* disk_medium(struct disk* disk) {
  return disk->medium;
}

uint64_t disk_start(struct disk* disk, enum hal_disk_op op, uint64_t block, uint64_t pa, uint64_t now) {
  if (block >= disk->blocks || pa % DISK_BLOCK_BYTES != 0 || pa >= ram_bytes(disk->ram)) return 0;
  struct transfer* transfer = calloc(1, sizeof *transfer);
  if (!transfer) return 0;
  if (disk->busy_until < now) disk->busy_until = now;
  disk->busy_until += disk->cycles;
  *transfer =
      (struct transfer){.ticket = ++disk->last_ticket, .block = block, .pa = pa, .over = disk->busy_until, .op = op};
  if (disk->oldest)
    disk->newest->next = transfer;
  else
    disk->oldest = transfer;
  disk->newest = transfer;
  return transfer->ticket;
}

static uint64_t fnv1a(const uint8_t* data, size_t bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ data[i]) * 0x100000001b3u;
  return hash;
}

static void move(struct disk* disk, struct transfer* transfer) {
  uint8_t page[DISK_BLOCK_BYTES];
  uint64_t at = transfer->block * DISK_BLOCK_BYTES;
  if (transfer->op == HAL_DISK_READ) {
    ram_read(disk->medium, at, page, sizeof page);
    ram_write(disk->ram, transfer->pa, page, sizeof page);
  } else {
    ram_read(disk->ram, transfer->pa, page, sizeof page);
    ram_write(disk->medium, at, page, sizeof page);
  }
  transfer->checksum = fnv1a(page, sizeof page);
  transfer->done = true;
}

void disk_advance(struct disk* disk, uint64_t now) {
  for (struct transfer* transfer = disk->oldest; transfer && transfer->over <= now; transfer = transfer->next)
    if (!transfer->done) move(disk, transfer);
}

enum disk_answer disk_poll(struct disk* disk, uint64_t ticket, uint64_t* checksum) {
  struct transfer *before = NULL, *transfer = disk->oldest;
  while (transfer && transfer->ticket != ticket) before = transfer, transfer = transfer->next;
  if (!transfer) return DISK_UNKNOWN;
  if (!transfer->done) return DISK_BUSY;
  *checksum = transfer->checksum;
  if (before)
    before->next = transfer->next;
  else
    disk->oldest = transfer->next;
  if (disk->newest == transfer) disk->newest = before;
  free(transfer);
  return DISK_DONE;
}

uint64_t disk_next(const struct disk* disk) {
  const struct transfer* transfer = disk->oldest;
  while (transfer && transfer->done) transfer = transfer->next;
  return transfer ? transfer->over : UINT64_MAX;
}
