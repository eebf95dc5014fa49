// SPDX-License-Identifier: MIT
// Whole images between memory and disk.
#include "kernel/share/swapping.h"

#include "kernel/errno.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/schedule.h"
#include "kernel/proc/space.h"
#include "kernel/state.h"

void swapping_boot(struct kernel* kernel, uint64_t blocks) {
  kernel->share.swapping.block_count = blocks;
  holes_init(&kernel->share.swapping.blocks, 1, blocks);
}

static uint32_t image_pages(const struct kernel* kernel) {
  return (uint32_t)((kernel->share.process_bytes + PGSIZE - 1) >> PGSHIFT);
}

// ---------------------------------------------------------------------------------------------------------------------
// Which pages

// All that is below the stack's end is dead. Where ESP points elsewhere nothing is known of the stack, and all counts.
static struct used_pages used_pages(const struct kernel* kernel, const struct process* process) {
  uint32_t end = image_pages(kernel), esp = process->context.reg[KERNEL_ESP];
  struct used_pages used = {(uint32_t)((process->brk + PGSIZE - 1) >> PGSHIFT), end};
  bool known = esp >= process->brk && esp <= process->stack_top;
  used.high_start = known ? esp >> PGSHIFT : used.low_end;
  return used;
}

// The first page in use that is not below `page`, or the end of the image.
static uint32_t next_used(const struct used_pages* used, uint32_t page) {
  if (page == 0) page = 1;
  return page < used->low_end || page >= used->high_start ? page : used->high_start;
}

static uint64_t count_used(const struct kernel* kernel, const struct used_pages* used) {
  uint64_t count = 0, end = image_pages(kernel);
  for (uint32_t page = next_used(used, 0); page < end; page = next_used(used, page + 1)) count++;
  return count;
}

// What is not in use reads as zeros, whoever was here before.
static void zero_unused(struct kernel* kernel, const struct used_pages* used) {
  hal_zero(kernel->hal, 0, PGSIZE);
  if (used->high_start > used->low_end)
    hal_zero(kernel->hal, used->low_end * PGSIZE, (used->high_start - used->low_end) * PGSIZE);
}

// ---------------------------------------------------------------------------------------------------------------------
// The disk's part

static bool take_area(struct kernel* kernel, struct swapped_image* image) {
  uint64_t area;
  if (image->area) return true;
  if (!holes_take(&kernel->share.swapping.blocks, HOLES_FIRST, image_pages(kernel), &area, NULL)) return false;
  image->area = (uint32_t)area;
  return true;
}

static void free_area(struct kernel* kernel, uint32_t area) {
  holes_give_back(&kernel->share.swapping.blocks, area, image_pages(kernel));
  kernel->share.releases++;
}

static void transfer(struct kernel* kernel) {
  struct swapping* swapping = &kernel->share.swapping;
  enum hal_disk_op op = swapping->job == SWAPPING_IN ? HAL_DISK_READ : HAL_DISK_WRITE;
  swapping->ticket =
      hal_disk_start(kernel->hal, op, swapping->area + swapping->page, (uint64_t)swapping->page << PGSHIFT);
}

// An image has always a page: its code.
static void begin(struct kernel* kernel, enum swapping_job job, struct process* process, struct swapped_image* image) {
  struct swapping* swapping = &kernel->share.swapping;
  if (job != SWAPPING_IN) image->used = used_pages(kernel, process);
  swapping->job = job;
  swapping->process = process;
  swapping->area = image->area;
  swapping->used = image->used;
  swapping->page = next_used(&swapping->used, 0);
  swapping->began = hal_now(kernel->hal);
  transfer(kernel);
}

static void note(struct kernel* kernel, const struct process* process, enum hal_image what) {
  kernel_note(kernel, HAL_NOTE_IMAGE, (uint64_t)process->pid, count_used(kernel, &kernel->share.swapping.used) * PGSIZE,
              what);
}

static void begin_in(struct kernel* kernel, struct process* process) {
  begin(kernel, SWAPPING_IN, process, &process->image.disk);
}

static void went_out(struct kernel* kernel, struct process* process) {
  struct swapping* swapping = &kernel->share.swapping;
  process->image.disk.there = true;
  swapping->resident = NULL;
  kernel->stats.images_out++;
  kernel->stats.switch_cycles += hal_now(kernel->hal) - swapping->began;
  note(kernel, process, HAL_IMAGE_SWAPPED_OUT);
  if (swapping->target && swapping->target->image.disk.there)
    begin_in(kernel, swapping->target);
  else
    swapping->promised = swapping->target;
}

static void came_in(struct kernel* kernel, struct process* process) {
  struct swapping* swapping = &kernel->share.swapping;
  zero_unused(kernel, &swapping->used);
  process->image.disk.there = false;
  swapping->resident = process;
  swapping->fresh = true;
  kernel->stats.images_in++;
  kernel->stats.switch_cycles += hal_now(kernel->hal) - swapping->began;
  note(kernel, process, HAL_IMAGE_SWAPPED_IN);
}

static void copied(struct kernel* kernel, struct process* child) {
  if (!child) return;
  child->image.disk.there = true;
  kernel->stats.images_out++;
  note(kernel, child, HAL_IMAGE_SWAPPED_OUT);
}

static void job_over(struct kernel* kernel) {
  struct swapping* swapping = &kernel->share.swapping;
  enum swapping_job job = swapping->job;
  struct process* process = swapping->process;
  swapping->job = SWAPPING_IDLE;
  if (swapping->area_is_free) free_area(kernel, swapping->area);
  swapping->area_is_free = false;
  if (!process) return;
  if (job == SWAPPING_OUT) went_out(kernel, process);
  if (job == SWAPPING_IN) came_in(kernel, process);
  if (job == SWAPPING_COPY) copied(kernel, swapping->target);
}

static void page_over(struct kernel* kernel) {
  struct swapping* swapping = &kernel->share.swapping;
  bool in = swapping->job == SWAPPING_IN;
  ++*(in ? &kernel->stats.swap_ins : &kernel->stats.swap_outs);
  swapping->page = next_used(&swapping->used, swapping->page + 1);
  if (swapping->process && !swapping->area_is_free && swapping->page < image_pages(kernel))
    transfer(kernel);
  else
    job_over(kernel);
}

void swapping_settle(struct kernel* kernel) {
  struct swapping* swapping = &kernel->share.swapping;
  uint64_t checksum;
  while (swapping->job != SWAPPING_IDLE && hal_disk_done(kernel->hal, swapping->ticket, &checksum)) page_over(kernel);
}

// ---------------------------------------------------------------------------------------------------------------------

static int sleep(struct kernel* kernel, struct process* process, enum hal_blocked why) {
  process->image.awaits_room = false;
  process->image.disk.turn = ++kernel->share.swapping.turns;
  process_block(kernel, process, why);
  return SPACE_WAIT;
}

// Nobody is pushed out before it has run, so that all get on.
static bool must_wait(const struct swapping* swapping, const struct process* process) {
  if (swapping->promised && swapping->promised != process) return true;
  return swapping->job != SWAPPING_IDLE || (swapping->resident && swapping->resident != process && swapping->fresh);
}

// A program may be started while another runs.
static bool is_running(const struct kernel* kernel, const struct process* resident, const struct process* process) {
  return resident && resident != process && resident == kernel->scheduler.running;
}

int swapping_claim(struct kernel* kernel, struct process* process) {
  struct swapping* swapping = &kernel->share.swapping;
  swapping_settle(kernel);
  struct process* resident = swapping->resident;
  process->image.disk.turn = 0;
  if (must_wait(swapping, process) || is_running(kernel, resident, process))
    return sleep(kernel, process, HAL_BLOCKED_MEMORY);
  if (resident == process || (!resident && !process->image.disk.there)) return 0;
  if (resident && !take_area(kernel, &resident->image.disk)) return share_await_room(kernel, process);
  swapping->target = process;
  if (resident)
    begin(kernel, SWAPPING_OUT, resident, &resident->image.disk);
  else
    begin_in(kernel, process);
  return sleep(kernel, process, HAL_BLOCKED_DISK);
}

void swapping_loaded(struct kernel* kernel, struct process* process) {
  kernel->share.swapping.resident = process;
  kernel->share.swapping.fresh = true;
  kernel->share.swapping.promised = NULL;
}

// Whether nobody has waited longer.
static bool is_its_turn(const struct kernel* kernel, const struct process* process) {
  for (unsigned i = 0; i < PROCESS_MAX; i++) {
    uint64_t turn = kernel->processes[i].image.disk.turn;
    if (turn != 0 && turn < process->image.disk.turn) return false;
  }
  return true;
}

bool swapping_ready(const struct kernel* kernel, const struct process* process) {
  const struct swapping* swapping = &kernel->share.swapping;
  if (process->image.awaits_room) return process->image.releases != kernel->share.releases;
  if (must_wait(swapping, process)) return false;
  return swapping->resident == process || swapping->promised == process || is_its_turn(kernel, process);
}

int swapping_fork(struct kernel* kernel, struct process* parent, struct process* child) {
  struct swapping* swapping = &kernel->share.swapping;
  swapping_settle(kernel);
  if (child->image.disk.there) return 0;
  if (swapping->job != SWAPPING_IDLE) return sleep(kernel, parent, HAL_BLOCKED_DISK);
  if (!take_area(kernel, &child->image.disk)) return -KERNEL_ENOMEM;
  swapping->target = child;
  begin(kernel, SWAPPING_COPY, parent, &child->image.disk);
  return sleep(kernel, parent, HAL_BLOCKED_DISK);
}

// A transfer that is under way goes on to its end; nothing comes after it.
void swapping_release(struct kernel* kernel, struct process* process) {
  struct swapping* swapping = &kernel->share.swapping;
  struct swapped_image* image = &process->image.disk;
  bool moving = swapping->job != SWAPPING_IDLE && image->area == swapping->area;
  if (swapping->resident == process) {
    swapping->resident = NULL;
    kernel->share.releases++;
  }
  if (swapping->process == process) swapping->process = NULL;
  if (swapping->target == process) swapping->target = NULL;
  if (swapping->promised == process) swapping->promised = NULL;
  if (image->area && moving)
    swapping->area_is_free = true;
  else if (image->area)
    free_area(kernel, image->area);
  *image = (struct swapped_image){0};
}
