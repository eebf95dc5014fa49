// SPDX-License-Identifier: MIT
// malloc and free over brk: a list of free blocks in address order, first fit; neighbours that are both free become
// one.
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// In front of each block. `bytes` counts the header, and is a multiple of its size.
struct block {
  size_t bytes;
  struct block* next;  // of a free block: the next free one
};
enum { UNIT = sizeof(struct block), GROW_BYTES = 4096 };

static struct block* free_blocks;

static struct block* end_of(struct block* block) { return (struct block*)((char*)block + block->bytes); }

// Puts a block into the list, and joins it with the neighbours that it touches.
static void give_back(struct block* block) {
  struct block *before = NULL, *after = free_blocks;
  for (; after && after < block; after = after->next) before = after;
  block->next = after;
  if (after && end_of(block) == after) {
    block->bytes += after->bytes;
    block->next = after->next;
  }
  if (!before) {
    free_blocks = block;
  } else if (end_of(before) == block) {
    before->bytes += block->bytes;
    before->next = block->next;
  } else {
    before->next = block;
  }
}

// The first free block that is large enough, cut to size; NULL: there is none.
static struct block* take(size_t bytes) {
  for (struct block** link = &free_blocks; *link; link = &(*link)->next) {
    struct block* block = *link;
    if (block->bytes < bytes) continue;
    if (block->bytes == bytes) {
      *link = block->next;
    } else {
      struct block* rest = (struct block*)((char*)block + bytes);
      *rest = (struct block){block->bytes - bytes, block->next};
      *link = rest;
      block->bytes = bytes;
    }
    return block;
  }
  return NULL;
}

// Small requests share a piece of the heap; where even that has no room, the kernel is asked for no more than needed.
static bool grow(size_t bytes) {
  uintptr_t end = (uintptr_t)sbrk(0), skip = -end % UNIT;
  size_t wanted = bytes < GROW_BYTES ? GROW_BYTES : bytes;
  if (wanted + skip > INTPTR_MAX) return false;
  if (sbrk((intptr_t)(wanted + skip)) == (void*)-1) {
    if (wanted == bytes || sbrk((intptr_t)(bytes + skip)) == (void*)-1) return false;
    wanted = bytes;
  }
  struct block* block = (struct block*)(end + skip);
  block->bytes = wanted;
  give_back(block);
  return true;
}

void* malloc(size_t bytes) {
  if (bytes > INTPTR_MAX - 2 * UNIT) {
    errno = ENOMEM;
    return NULL;
  }
  size_t needed = UNIT + (bytes + UNIT - 1) / UNIT * UNIT;
  if (needed == UNIT) needed += UNIT;
  struct block* block = take(needed);
  if (!block && grow(needed)) block = take(needed);
  return block ? block + 1 : NULL;
}

void* calloc(size_t count, size_t bytes) {
  size_t total;
  if (__builtin_mul_overflow(count, bytes, &total)) {
    errno = ENOMEM;
    return NULL;
  }
  void* memory = malloc(total);
  return memory ? memset(memory, 0, total) : NULL;
}

void* realloc(void* memory, size_t bytes) {
  if (!memory) return malloc(bytes);
  size_t room = ((struct block*)memory)[-1].bytes - UNIT;
  if (bytes <= room) return memory;
  void* larger = malloc(bytes);
  if (!larger) return NULL;
  memcpy(larger, memory, room);
  free(memory);
  return larger;
}

void free(void* memory) {
  if (memory) give_back((struct block*)memory - 1);
}
