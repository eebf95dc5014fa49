// SPDX-License-Identifier: MIT
// What is told of memory that is shared without pages: maps, sizes, and what is lost inside and outside.
#include "kernel/mm/mmu.h"
#include "kernel/share/image.h"
#include "kernel/share/place.h"
#include "kernel/share/relocate.h"
#include "kernel/state.h"

static bool is_sharing(const struct kernel* kernel, enum kernel_sharing sharing) {
  return kernel->share.sharing == sharing;
}

static uint64_t pages_of(uint64_t bytes) { return (bytes + PGSIZE - 1) >> PGSHIFT; }

static bool on_disk(const struct process* process) { return process->image.disk.there; }

// ---------------------------------------------------------------------------------------------------------------------
// One process: what it has, and how much of that it uses

static uint64_t first_address(const struct process* process) { return process->program->segments[0].address; }

// Bytes from ESP to the end of the stack; all between heap and end, if ESP points elsewhere.
static uint64_t stack_used(const struct process* process, uint64_t from, uint64_t end) {
  uint64_t esp = process->context.reg[KERNEL_ESP];
  return end - (esp >= from && esp <= end ? esp : from);
}

static uint64_t whole_used(const struct kernel* kernel, const struct process* process) {
  const struct piece* part = &process->image.part[PART_DATA];
  uint64_t end = (uint64_t)part->address + kernel->share.process_bytes;
  return process->brk - part->address - first_address(process) + stack_used(process, process->brk, end);
}

static uint64_t segments_used(const struct process* process) {
  const struct piece *data = &process->image.part[PART_DATA], *stack = &process->image.part[PART_STACK];
  return process->brk - data->address + stack_used(process, stack->address, 1ull << 32);
}

static bool has_memory(const struct process* process) {
  return process->pid != 0 && process->image.part[PART_DATA].bytes > 0;
}

// Without its code segment, which may be others' as well.
static uint64_t bytes_of(const struct process* process) {
  uint64_t bytes = 0;
  for (unsigned p = 0; p < PARTS; p++) bytes += process->image.part[p].bytes;
  return bytes;
}

void share_usage(const struct kernel* kernel, const struct process* process, struct kernel_process* shown) {
  (void)kernel;
  if (!has_memory(process)) return;
  shown->bytes = bytes_of(process) + (process->image.text ? process->image.text->part.bytes : 0);
  if (on_disk(process))
    shown->swapped = pages_of(shown->bytes);
  else
    shown->resident = pages_of(shown->bytes);
}

// ---------------------------------------------------------------------------------------------------------------------
// All: what is lost

static uint64_t process_lost(const struct kernel* kernel, const struct process* process) {
  if (!has_memory(process) || on_disk(process)) return 0;
  return bytes_of(process) -
         (is_sharing(kernel, KERNEL_SHARE_SEGMENTS) ? segments_used(process) : whole_used(kernel, process));
}

static uint64_t text_lost(const struct share_text* text) {
  if (text->users == 0) return 0;
  struct program_shape shape = program_shape(text->program);
  return text->part.bytes - (shape.low_end - text->program->segments[0].address);
}

// The slot for images in memory, while nobody's is there.
static uint64_t slot_lost(const struct kernel* kernel) {
  if (!is_sharing(kernel, KERNEL_SHARE_IMAGES) || kernel->share.swapping.resident) return 0;
  return place_round(kernel->share.process_bytes);
}

void share_stats(const struct kernel* kernel, struct kernel_stats* stats) {
  const struct share* share = &kernel->share;
  uint64_t free_bytes = holes_total(&share->memory);
  stats->internal_bytes = slot_lost(kernel);
  for (unsigned i = 0; i < PROCESS_MAX; i++)
    stats->internal_bytes += process_lost(kernel, &kernel->processes[i]) + text_lost(&share->texts[i]);
  stats->external_bytes = free_bytes;
  stats->holes = share->memory.count;
  stats->largest_hole = holes_largest(&share->memory);
  stats->frames_total = share->memory_bytes >> PGSHIFT;
  stats->frames_free = free_bytes >> PGSHIFT;
  stats->frames_process = stats->frames_total - stats->frames_free;
  stats->frames_kernel = stats->frames_tables = 0;
  stats->swap_used = share->swapping.block_count - holes_total(&share->swapping.blocks);
}

// ---------------------------------------------------------------------------------------------------------------------
// Maps: who may do what is what the hardware checks, not what the program means

struct map {
  const struct process* process;
  unsigned prot;
  void (*visit)(void* ctx, const struct kernel_vma* vma);
  void* ctx;
};

static void show(const struct map* map, uint64_t start, uint64_t end, const char* what) {
  uint64_t pages = pages_of(end - start);
  struct kernel_vma vma = {.start = start,
                           .end = end,
                           .prot = map->prot,
                           .resident = on_disk(map->process) ? 0 : pages,
                           .swapped = on_disk(map->process) ? pages : 0,
                           .what = what};
  if (start < end) map->visit(map->ctx, &vma);
}

enum { ALL_RIGHTS = PROT_READ | PROT_WRITE | PROT_EXEC };

static void show_whole(const struct kernel* kernel, const struct map* map) {
  const struct share_image* image = &map->process->image;
  struct program_shape shape = program_shape(map->process->program);
  uint64_t at = image->part[PART_DATA].address, end = at + kernel->share.process_bytes;
  uint64_t stack = end - stack_used(map->process, map->process->brk, end);
  show(map, at + first_address(map->process), at + shape.split, "code");
  show(map, at + shape.split, image->heap, "data");
  show(map, image->heap, map->process->brk, "heap");
  show(map, stack, end, "stack");
}

static void show_segments(struct map* map) {
  const struct share_image* image = &map->process->image;
  const struct piece *data = &image->part[PART_DATA], *stack = &image->part[PART_STACK];
  map->prot = PROT_READ | PROT_EXEC;
  show(map, 0, image->text->part.bytes, "code");
  map->prot = ALL_RIGHTS;
  show(map, data->address, image->heap, "data");
  show(map, image->heap, map->process->brk, "heap");
  show(map, stack->address, (uint64_t)stack->address + stack->bytes, "stack");
}

void share_vmas(const struct kernel* kernel, const struct process* process,
                void (*visit)(void* ctx, const struct kernel_vma* vma), void* ctx) {
  struct map map = {.process = process, .prot = ALL_RIGHTS, .visit = visit, .ctx = ctx};
  if (!has_memory(process)) return;
  if (is_sharing(kernel, KERNEL_SHARE_SEGMENTS))
    show_segments(&map);
  else
    show_whole(kernel, &map);
}

bool share_translate(const struct kernel* kernel, const struct process* process, uint64_t va, uint64_t* pa) {
  if (va > UINT32_MAX || !has_memory(process) || on_disk(process)) return false;
  return image_locate(kernel, process, (uint32_t)va, 1, false, pa);
}
