// SPDX-License-Identifier: MIT
// Sparse physical memory: frames of 4 KiB found by an open-addressed hash of the frame number, with a small lookaside
// in front of it, because a walker comes back to the same few tables.
#include "machine/ram.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are moved by memcpy: the host must be little-endian, as the machine is"
#endif

enum { FRAME_SHIFT = 12, FRAME_BYTES = 1 << FRAME_SHIFT, LOOKASIDE = 64, SLAB_FRAMES = 64, FIRST_SLOTS = 1024 };

struct slot {
  uint64_t frame;
  uint8_t* data;  // NULL: the slot is free
};

// Frames are carved from slabs, so that they lie close together and cost one host allocation for many.
struct slab {
  struct slab* next;
  uint8_t data[SLAB_FRAMES][FRAME_BYTES];
};

struct ram {
  uint64_t bytes;
  struct ram* mirror;
  ram_watch_fn* watch;
  void* watch_ctx;
  struct slot* slots;  // a power of two, at most half full
  uint64_t slot_mask, used;
  struct slab* slabs;
  unsigned slab_used;
  struct slot lookaside[LOOKASIDE];
};

static uint64_t hash(uint64_t frame) { return (frame * 0x9e3779b97f4a7c15u) >> 20; }

struct ram* ram_create(uint64_t bytes) {
  struct ram* ram = calloc(1, sizeof *ram);
  if (!ram) return NULL;
  ram->bytes = bytes;
  ram->slot_mask = FIRST_SLOTS - 1;
  ram->slab_used = SLAB_FRAMES;
  ram->slots = calloc(FIRST_SLOTS, sizeof *ram->slots);
  if (!ram->slots) {
    free(ram);
    return NULL;
  }
  return ram;
}

void ram_destroy(struct ram* ram) {
  if (!ram) return;
  while (ram->slabs) {
    struct slab* slab = ram->slabs;
    ram->slabs = slab->next;
    free(slab);
  }
  free(ram->slots);
  free(ram);
}

uint64_t ram_bytes(const struct ram* ram) { return ram->bytes; }

uint64_t ram_frames_used(const struct ram* ram) { return ram->used; }

void ram_mirror(struct ram* ram, struct ram* mirror) {
  assert(mirror != ram && (!mirror || mirror->bytes >= ram->bytes));
  ram->mirror = mirror;
}

void ram_watch(struct ram* ram, ram_watch_fn* fn, void* ctx) {
  ram->watch = fn;
  ram->watch_ctx = ctx;
}

// A store that can't be done has no way to say so to its caller, and going on would be a wrong result.
static void* need(void* memory) {
  if (memory) return memory;
  fputs("pagewalk: the host has no memory left for the simulated RAM: use fewer frames or a smaller workload\n",
        stderr);
  exit(1);
}

// The slot that holds `frame`, or the free one where it belongs.
static struct slot* probe(const struct ram* ram, uint64_t frame) {
  uint64_t i = hash(frame) & ram->slot_mask;
  while (ram->slots[i].data && ram->slots[i].frame != frame) i = (i + 1) & ram->slot_mask;
  return &ram->slots[i];
}

static void double_the_slots(struct ram* ram) {
  struct slot* old = ram->slots;
  uint64_t count = ram->slot_mask + 1;
  ram->slots = need(calloc(2 * count, sizeof *ram->slots));
  ram->slot_mask = 2 * count - 1;
  for (uint64_t i = 0; i < count; i++) {
    if (old[i].data) *probe(ram, old[i].frame) = old[i];
  }
  free(old);
}

static uint8_t* new_frame(struct ram* ram) {
  if (ram->slab_used == SLAB_FRAMES) {
    struct slab* slab = need(calloc(1, sizeof *slab));
    slab->next = ram->slabs;
    ram->slabs = slab;
    ram->slab_used = 0;
  }
  return ram->slabs->data[ram->slab_used++];
}

// Looking a frame up changes nothing that can be seen, so readers may do it on a const ram: the lookaside is a cache.
static uint8_t* find(const struct ram* ram, uint64_t frame) {
  struct slot* near = (struct slot*)&ram->lookaside[frame % LOOKASIDE];
  if (near->data && near->frame == frame) return near->data;
  struct slot* slot = probe(ram, frame);
  if (slot->data) *near = *slot;
  return slot->data;
}

static uint8_t* find_or_make(struct ram* ram, uint64_t frame) {
  uint8_t* data = find(ram, frame);
  if (data) return data;
  if (2 * (ram->used + 1) > ram->slot_mask) double_the_slots(ram);
  struct slot* slot = probe(ram, frame);
  slot->frame = frame;
  slot->data = new_frame(ram);
  ram->used++;
  return slot->data;
}

// Bytes of [pa, pa + bytes) that lie in pa's frame.
static size_t in_frame(uint64_t pa, uint64_t bytes) {
  uint64_t left = FRAME_BYTES - pa % FRAME_BYTES;
  return bytes < left ? (size_t)bytes : (size_t)left;
}

static bool inside(const struct ram* ram, uint64_t pa, uint64_t bytes) {
  return bytes <= ram->bytes && pa <= ram->bytes - bytes;
}

void ram_read(const struct ram* ram, uint64_t pa, void* data, size_t bytes) {
  assert(inside(ram, pa, bytes));
  uint8_t* to = data;
  while (bytes > 0) {
    size_t part = in_frame(pa, bytes);
    const uint8_t* from = find(ram, pa >> FRAME_SHIFT);
    if (from)
      memcpy(to, from + pa % FRAME_BYTES, part);
    else
      memset(to, 0, part);
    pa += part;
    to += part;
    bytes -= part;
  }
}

uint8_t* ram_frame(const struct ram* ram, uint64_t pa) {
  assert(inside(ram, pa, FRAME_BYTES));
  return find(ram, pa >> FRAME_SHIFT);
}

bool ram_is_plain(const struct ram* ram) { return !ram->mirror && !ram->watch; }

void ram_write(struct ram* ram, uint64_t pa, const void* data, size_t bytes) {
  if (ram->mirror) ram_write(ram->mirror, pa, data, bytes);
  assert(inside(ram, pa, bytes));
  const uint8_t* from = data;
  for (size_t done = 0, part; done < bytes; done += part) {
    part = in_frame(pa + done, bytes - done);
    memcpy(find_or_make(ram, (pa + done) >> FRAME_SHIFT) + (pa + done) % FRAME_BYTES, from + done, part);
  }
  if (ram->watch) ram->watch(ram->watch_ctx, pa, bytes);
}

uint64_t ram_read_word(const struct ram* ram, uint64_t pa, unsigned size) {
  assert(size >= 1 && size <= 8);
  uint64_t value = 0;
  ram_read(ram, pa, &value, size);
  return value;
}

void ram_write_word(struct ram* ram, uint64_t pa, unsigned size, uint64_t value) {
  assert(size >= 1 && size <= 8);
  ram_write(ram, pa, &value, size);
}

void ram_zero(struct ram* ram, uint64_t pa, uint64_t bytes) {
  if (ram->mirror) ram_zero(ram->mirror, pa, bytes);
  assert(inside(ram, pa, bytes));
  for (uint64_t done = 0, part; done < bytes; done += part) {
    part = in_frame(pa + done, bytes - done);
    uint8_t* frame = find(ram, (pa + done) >> FRAME_SHIFT);
    if (frame) memset(frame + (pa + done) % FRAME_BYTES, 0, part);
  }
  if (ram->watch) ram->watch(ram->watch_ctx, pa, bytes);
}

// ---------------------------------------------------------------------------------------------------------------------
// The walker's port: aligned words, which never cross a frame

static bool bus_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  const struct ram* ram = ctx;
  if (!inside(ram, pa, size)) return false;
  const uint8_t* frame = find(ram, pa >> FRAME_SHIFT);
  *value = 0;
  if (frame) memcpy(value, frame + pa % FRAME_BYTES, size);
  return true;
}

static bool bus_cas(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  struct ram* ram = ctx;
  uint64_t value;
  if (!bus_read(ram, pa, size, &value)) return false;
  *swapped = value == expected;
  if (*swapped) memcpy(find_or_make(ram, pa >> FRAME_SHIFT) + pa % FRAME_BYTES, &desired, size);
  return true;
}

struct memory_bus ram_bus(struct ram* ram) {
  return (struct memory_bus){.ctx = ram, .read = bus_read, .cas = bus_cas};
}

// ---------------------------------------------------------------------------------------------------------------------

// Lowers *lowest to the first byte in which a frame of `a` differs from the same frame of `b`.
static void compare_frame(const uint8_t* mine, const uint8_t* theirs, uint64_t frame, uint64_t* lowest) {
  static const uint8_t zeros[FRAME_BYTES];
  if (!theirs) theirs = zeros;
  if (memcmp(mine, theirs, FRAME_BYTES) == 0) return;
  uint64_t at = frame << FRAME_SHIFT;
  while (*mine == *theirs) mine++, theirs++, at++;
  if (at < *lowest) *lowest = at;
}

bool ram_equal(const struct ram* a, const struct ram* b, uint64_t* pa) {
  uint64_t lowest = UINT64_MAX;
  for (uint64_t i = 0; i <= a->slot_mask; i++) {
    const struct slot* slot = &a->slots[i];
    if (slot->data) compare_frame(slot->data, find(b, slot->frame), slot->frame, &lowest);
  }
  for (uint64_t i = 0; i <= b->slot_mask; i++) {
    const struct slot* slot = &b->slots[i];
    if (slot->data) compare_frame(slot->data, find(a, slot->frame), slot->frame, &lowest);
  }
  if (lowest == UINT64_MAX) return true;
  if (pa) *pa = lowest;
  return false;
}
