// SPDX-License-Identifier: MIT
// Places in memory, and moving what lies there.
#include "kernel/share/place.h"

#include "kernel/state.h"

// Addresses that are linear ones as well as physical ones can't change under a program.
static bool parts_move(const struct kernel* kernel) {
  enum kernel_sharing sharing = kernel->share.sharing;
  return sharing == KERNEL_SHARE_BASE || sharing == KERNEL_SHARE_BOUNDS || sharing == KERNEL_SHARE_SEGMENTS;
}

static uint64_t end_of(const struct piece* part) { return (uint64_t)part->place + part->bytes; }

// ---------------------------------------------------------------------------------------------------------------------
// All parts there are, by place

struct placed {
  struct piece* part;  // NULL: none
  int pid;             // whose it is; of a code segment one of its users
};

static bool lies_in(const struct piece* part, uint64_t from, uint64_t to) {
  return part->bytes > 0 && part->place >= from && part->place < to;
}

// There is one: a code segment goes with its last.
static int user_of(const struct kernel* kernel, const struct share_text* text) {
  for (unsigned i = 0; i < PROCESS_MAX; i++)
    if (kernel->processes[i].image.text == text) return kernel->processes[i].pid;
  return 0;
}

// Of the parts whose places are in [from, to) the lowest, or the highest.
static struct placed find_part(struct kernel* kernel, uint64_t from, uint64_t to, bool highest) {
  struct placed found = {NULL, 0};
  for (unsigned i = 0; i < PROCESS_MAX; i++) {
    struct process* process = &kernel->processes[i];
    struct share_text* text = &kernel->share.texts[i];
    for (unsigned p = 0; p <= PARTS; p++) {
      struct piece* part = p < PARTS ? &process->image.part[p] : &text->part;
      if (!lies_in(part, from, to)) continue;
      if (found.part && (part->place < found.part->place) == highest) continue;
      found = (struct placed){part, p < PARTS ? process->pid : user_of(kernel, text)};
    }
  }
  return found;
}

// ---------------------------------------------------------------------------------------------------------------------
// Moving

// From the end whose bytes are in nobody's way.
static void move_bytes(struct kernel* kernel, uint64_t from, uint64_t to, uint64_t bytes) {
  uint8_t buffer[1024];
  for (uint64_t moved = 0; moved < bytes;) {
    uint64_t left = bytes - moved, piece = left < sizeof buffer ? left : sizeof buffer;
    uint64_t at = to < from ? moved : left - piece;
    hal_read(kernel->hal, from + at, buffer, piece);
    hal_write(kernel->hal, to + at, buffer, piece);
    moved += piece;
  }
}

static void move_part(struct kernel* kernel, struct placed placed, uint64_t to) {
  move_bytes(kernel, placed.part->place, to, placed.part->bytes);
  placed.part->place = (uint32_t)to;
  kernel->share.moved = true;
  kernel->stats.image_moves++;
  kernel_note(kernel, HAL_NOTE_IMAGE, (uint64_t)placed.pid, placed.part->bytes, HAL_IMAGE_MOVED);
}

// Compaction: all parts to the beginning of memory, in the order they lie in. One hole is left.
static void close_up(struct kernel* kernel) {
  struct share* share = &kernel->share;
  uint64_t end = 0;
  for (struct placed next; (next = find_part(kernel, end, share->memory_bytes, false)).part;) {
    if (next.part->place != end) move_part(kernel, next, end);
    end += next.part->bytes;
  }
  holes_init(&share->memory, end, share->memory_bytes - end);
}

// After close_up: `bytes` free before `at`, by moving what lies there and above up.
static void open_up(struct kernel* kernel, uint64_t at, uint64_t bytes) {
  struct share* share = &kernel->share;
  uint64_t end = share->memory_bytes - holes_total(&share->memory);
  uint64_t above = end;
  for (struct placed next; (next = find_part(kernel, at, above, true)).part;) {
    above = next.part->place;
    move_part(kernel, next, above + bytes);
  }
  holes_init(&share->memory, end + bytes, share->memory_bytes - end - bytes);
}

// ---------------------------------------------------------------------------------------------------------------------

// Whether there is room in all though there is no hole for `length`.
static bool is_scattered(struct kernel* kernel, uint64_t length) {
  bool enough = holes_total(&kernel->share.memory) >= length;
  kernel->stats.placements_failed += enough;
  return enough;
}

static bool take(struct holes* memory, uint64_t bytes, enum place_growth growth, uint64_t* place) {
  if (growth == PLACE_DOWNWARDS) return holes_take_last(memory, bytes, place);
  return holes_take(memory, HOLES_FIRST, bytes, place, NULL);
}

bool place_take(struct kernel* kernel, struct piece* part, uint64_t bytes, enum place_growth growth) {
  struct holes* memory = &kernel->share.memory;
  uint64_t place;
  if (!take(memory, bytes, growth, &place)) {
    if (!is_scattered(kernel, bytes) || !parts_move(kernel)) return false;
    close_up(kernel);
    take(memory, bytes, growth, &place);
  }
  part->place = (uint32_t)place;
  part->bytes = (uint32_t)bytes;
  return true;
}

void place_give_back(struct kernel* kernel, struct piece* part) {
  if (part->bytes > 0) kernel->share.releases++;
  holes_give_back(&kernel->share.memory, part->place, part->bytes);
  part->bytes = 0;
}

// Where there is a hole for the whole of it, longer by `more`.
static bool move_to_grow(struct kernel* kernel, struct piece* part, uint64_t more, enum place_growth growth) {
  struct holes* memory = &kernel->share.memory;
  uint64_t old = part->place, to;
  if (!take(memory, part->bytes + more, growth, &to)) return false;
  move_part(kernel, find_part(kernel, old, old + 1, false), to + (growth == PLACE_DOWNWARDS ? more : 0));
  holes_give_back(memory, old, part->bytes);
  return true;
}

// In the place of what lies beside it.
static bool push_to_grow(struct kernel* kernel, struct piece* part, uint64_t more, enum place_growth growth) {
  if (!is_scattered(kernel, more)) return false;
  close_up(kernel);
  open_up(kernel, growth == PLACE_DOWNWARDS ? part->place : end_of(part), more);
  return true;
}

bool place_grow(struct kernel* kernel, struct piece* part, uint64_t more, enum place_growth growth) {
  bool down = growth == PLACE_DOWNWARDS;
  if (more == 0) return true;
  uint64_t beside = down ? part->place - more : end_of(part);
  if (holes_take_at(&kernel->share.memory, beside, more)) {
    kernel->share.moved = true;
  } else if (!move_to_grow(kernel, part, more, growth) && !push_to_grow(kernel, part, more, growth)) {
    return false;
  }
  part->bytes += (uint32_t)more;
  if (down) {
    part->place -= (uint32_t)more;
    part->address -= (uint32_t)more;
  }
  hal_zero(kernel->hal, down ? part->place : end_of(part) - more, more);
  return true;
}

void place_shrink(struct kernel* kernel, struct piece* part, uint64_t less) {
  part->bytes -= (uint32_t)less;
  holes_give_back(&kernel->share.memory, end_of(part), less);
  kernel->share.releases++;
  kernel->share.moved = true;
}
