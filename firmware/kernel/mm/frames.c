// SPDX-License-Identifier: MIT
// Physical frames: who holds each, and the free ones.
#include "kernel/mm/frames.h"

#include "kernel/mm/mmu.h"
#include "kernel/state.h"

void frames_init(struct kernel* kernel, struct frame* table, uint64_t total) {
  uint64_t direct = kernel->format->direct_bytes >> PGSHIFT, low = ADDRESS_SPACE_END >> PGSHIFT;
  const uint64_t ends[ZONE_COUNT] = {direct, direct > low ? direct : low, UINT64_MAX};
  struct frames* frames = &kernel->frames;
  uint64_t first = 0;
  frames->table = table;
  frames->total = total;
  for (unsigned i = 0; i < ZONE_COUNT; i++) {
    uint64_t end = total < ends[i] ? total : ends[i];
    frames->zones[i] = (struct zone){.end = end, .watermark = first};
    first = end;
  }
}

struct frame* frames_at(struct kernel* kernel, uint64_t pa) {
  return &kernel->frames.table[pa >> PGSHIFT];
}

static struct zone* zone_of(struct frames* frames, uint64_t pa) {
  struct zone* zone = frames->zones;
  while (pa >> PGSHIFT >= zone->end) zone++;
  return zone;
}

// The count that a frame of this state belongs to, or NULL for a free one.
static uint64_t* holder(struct frames* frames, enum frame_state state) {
  switch (state) {
    case FRAME_KERNEL:
      return &frames->kernel;
    case FRAME_TABLE:
      return &frames->tables;
    case FRAME_PAGE:
    case FRAME_TRANSIT:
      return &frames->process;
    default:
      return NULL;
  }
}

void frames_set_state(struct kernel* kernel, uint64_t pa, enum frame_state state) {
  struct frames* frames = &kernel->frames;
  struct frame* frame = frames_at(kernel, pa);
  uint64_t* from = holder(frames, frame->state);
  uint64_t* to = holder(frames, state);
  if (from) --*from;
  if (to) ++*to;
  frame->state = (uint8_t)state;
  if (frames->process > kernel->stats.frames_process_peak) kernel->stats.frames_process_peak = frames->process;
}

static bool is_free_frame(struct kernel* kernel, uint64_t pa) {
  return pa % PGSIZE == 0 && pa >> PGSHIFT < kernel->frames.total && frames_at(kernel, pa)->state == FRAME_FREE;
}

// The next pointer of a free frame tells whether somebody wrote into it while it was free.
static uint64_t pop(struct kernel* kernel, struct zone* zone) {
  uint64_t pa = zone->free_list;
  uint64_t next = window_load(kernel, pa, 8);
  if (next != 0 && !is_free_frame(kernel, next)) {
    kernel_panic(kernel, "the free list is damaged: somebody wrote into the free frame at ", pa);
    return NO_FRAME;
  }
  zone->free_list = next;
  zone->listed--;
  return pa;
}

static uint64_t take_from(struct kernel* kernel, struct zone* zone) {
  if (zone->free_list != 0) return pop(kernel, zone);
  if (zone->watermark < zone->end) return zone->watermark++ << PGSHIFT;
  return NO_FRAME;
}

static uint64_t take_for(struct kernel* kernel, enum frame_use use) {
  struct zone* zones = kernel->frames.zones;
  uint64_t pa = NO_FRAME;
  switch (use) {
    case USE_PAGE:
      for (unsigned i = ZONE_COUNT; i > 0 && pa == NO_FRAME; i--) pa = take_from(kernel, &zones[i - 1]);
      return pa;
    case USE_TABLE:
      for (unsigned i = 0; i < ZONE_COUNT && pa == NO_FRAME; i++) pa = take_from(kernel, &zones[i]);
      return pa;
    default:
      return take_from(kernel, &zones[ZONE_DIRECT]);
  }
}

uint64_t frames_take(struct kernel* kernel, enum frame_use use) {
  static const enum frame_state states[] = {
      [USE_KERNEL] = FRAME_KERNEL, [USE_ROOT] = FRAME_TABLE, [USE_TABLE] = FRAME_TABLE, [USE_PAGE] = FRAME_PAGE};
  uint64_t pa = kernel->panicked ? NO_FRAME : take_for(kernel, use);
  if (pa == NO_FRAME) return NO_FRAME;
  struct frame* frame = frames_at(kernel, pa);
  frame->entry = frame->page = 0;
  frame->block = 0;
  frame->used = 0;
  frame->owner = 0;
  frames_set_state(kernel, pa, states[use]);
  return pa;
}

void frames_free(struct kernel* kernel, uint64_t pa) {
  struct frames* frames = &kernel->frames;
  if (kernel->panicked) return;
  if (pa % PGSIZE != 0 || pa >> PGSHIFT >= frames->total) {
    kernel_panic(kernel, "a frame that does not exist was freed: ", pa);
    return;
  }
  switch ((enum frame_state)frames_at(kernel, pa)->state) {
    case FRAME_UNUSED:
    case FRAME_FREE:
      kernel_panic(kernel, "a frame was freed twice: ", pa);
      return;
    case FRAME_KERNEL:
      kernel_panic(kernel, "a frame of the kernel's own tables was freed: ", pa);
      return;
    default:
      break;
  }
  struct zone* zone = zone_of(frames, pa);
  window_store(kernel, pa, 8, zone->free_list);
  frames_set_state(kernel, pa, FRAME_FREE);
  zone->free_list = pa;
  zone->listed++;
}

uint64_t frames_free_count(const struct kernel* kernel) {
  uint64_t count = 0;
  for (unsigned i = 0; i < ZONE_COUNT; i++) {
    const struct zone* zone = &kernel->frames.zones[i];
    count += zone->listed + (zone->end - zone->watermark);
  }
  return count;
}
