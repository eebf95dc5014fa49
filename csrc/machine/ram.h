// SPDX-License-Identifier: MIT
// Sparse physical memory of up to 2^52 bytes. Frames come into being, zeroed, when first written; reading one that was
// never written gives zeros and allocates nothing.
#ifndef PAGEWALK_MACHINE_RAM_H
#define PAGEWALK_MACHINE_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

struct ram;

// `bytes`: size; addresses at or above it are bus errors (on the walker's port) or programming errors (elsewhere).
// NULL when the host has no memory.
struct ram* ram_create(uint64_t bytes);
void ram_destroy(struct ram* ram);
uint64_t ram_bytes(const struct ram* ram);
uint64_t ram_frames_used(const struct ram* ram);  // frames that exist on the host

// For lockstep: whatever is written through ram_write* to `ram` from now on is written to `mirror` too.
// Compare-and-swaps of the walker are not: each engine makes its own.
void ram_mirror(struct ram* ram, struct ram* mirror);

// Calls fn(ctx, pa, bytes) after everything that is written through ram_write* and ram_zero from now on: for whoever
// keeps a record of memory. NULL stops.
typedef void ram_watch_fn(void* ctx, uint64_t pa, uint64_t bytes);
void ram_watch(struct ram* ram, ram_watch_fn* fn, void* ctx);

// Any address and length inside the memory; they may cross frames. These are "other agents": devices, the machine that
// moves a reference's data, scripts.
void ram_read(const struct ram* ram, uint64_t pa, void* data, size_t bytes);
void ram_write(struct ram* ram, uint64_t pa, const void* data, size_t bytes);
uint64_t ram_read_word(const struct ram* ram, uint64_t pa, unsigned size);  // little-endian, size 1..8
void ram_write_word(struct ram* ram, uint64_t pa, unsigned size, uint64_t value);
void ram_zero(struct ram* ram, uint64_t pa, uint64_t bytes);

// For a core that moves a few bytes at each of many references. The bytes of the frame at `pa` (a multiple of 4096),
// which stay where they are as long as the memory lives; NULL: never written, all zeros. To be read; written only where
// ram_is_plain, that is while neither a mirror nor a watch wants to hear of it.
uint8_t* ram_frame(const struct ram* ram, uint64_t pa);
bool ram_is_plain(const struct ram* ram);

// The walker's port onto this memory.
struct memory_bus ram_bus(struct ram* ram);

// True if every byte of the two is equal. Else *pa is the lowest that differs.
bool ram_equal(const struct ram* a, const struct ram* b, uint64_t* pa);

#endif
