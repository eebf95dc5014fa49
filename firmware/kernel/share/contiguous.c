// SPDX-License-Identifier: MIT
// struct space_ops without paging: memory for a program as it was shared before there were pages.
#include "kernel/errno.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/program.h"
#include "kernel/proc/schedule.h"
#include "kernel/proc/space.h"
#include "kernel/share/image.h"
#include "kernel/share/place.h"
#include "kernel/state.h"
#include "lib/text.h"

_Static_assert(sizeof((struct share*)NULL)->texts / sizeof *((struct share*)NULL)->texts == PROCESS_MAX,
               "each process may have a code segment of its own");

static bool is_sharing(const struct kernel* kernel, enum kernel_sharing sharing) {
  return kernel->share.sharing == sharing;
}

// ---------------------------------------------------------------------------------------------------------------------
// Boot

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void select_segments(struct kernel* kernel) {
  static const enum hal_select select[KERNEL_SHARINGS] = {
      [KERNEL_SHARE_ALONE] = HAL_SELECT_FLAT,  [KERNEL_SHARE_IMAGES] = HAL_SELECT_FLAT,
      [KERNEL_SHARE_STATIC] = HAL_SELECT_FLAT, [KERNEL_SHARE_BASE] = HAL_SELECT_ONE,
      [KERNEL_SHARE_BOUNDS] = HAL_SELECT_ONE,  [KERNEL_SHARE_SEGMENTS] = HAL_SELECT_BY_ADDRESS};
  hal_select_segments(kernel->hal, select[kernel->share.sharing]);
}

// With segments: a page of code and the one before it, one of data, and the stack.
uint64_t share_frames_needed(const struct kernel_params* params) {
  if (params->sharing == KERNEL_SHARE_SEGMENTS) return 3 + IMAGE_STACK_BYTES / PGSIZE;
  return (params->process_bytes + PGSIZE - 1) >> PGSHIFT;
}

static bool boot(struct kernel* kernel, const struct kernel_params* params) {
  struct share* share = &kernel->share;
  share->sharing = params->sharing;
  share->memory_bytes = least(params->frames, least(1ull << 20, 1ull << (params->maxphyaddr - PGSHIFT))) << PGSHIFT;
  share->process_bytes = (uint32_t)least(params->process_bytes, UINT32_MAX);
  holes_init(&share->memory, 0, share->memory_bytes);
  if (is_sharing(kernel, KERNEL_SHARE_IMAGES)) {
    holes_take_at(&share->memory, 0, place_round(share->process_bytes));
    swapping_boot(kernel, params->swap_blocks);
  }
  select_segments(kernel);
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Segment registers

static void load_register(struct kernel* kernel, unsigned number, uint32_t base, uint32_t limit, bool writable,
                          bool expand_down) {
  struct hal_segment segment = {
      .base = base, .limit = limit, .present = true, .writable = writable, .expand_down = expand_down, .user = true};
  if (!hal_load_segment(kernel->hal, number, &segment))
    kernel_panic(kernel, "the processor refuses a segment", NO_NUMBER);
}

// Bases are such that base + address is the linear address, modulo 2^32; limits are addresses, too.
static void load_registers(struct kernel* kernel, const struct process* process) {
  const struct share_image* image = &process->image;
  const struct piece *data = &image->part[PART_DATA], *stack = &image->part[PART_STACK];
  switch (kernel->share.sharing) {
    case KERNEL_SHARE_BASE:
      load_register(kernel, 1, data->place, UINT32_MAX, true, false);
      break;
    case KERNEL_SHARE_BOUNDS:
      load_register(kernel, 1, data->place, kernel->share.process_bytes - 1, true, false);
      break;
    case KERNEL_SHARE_SEGMENTS:
      load_register(kernel, 1, image->text->part.place, image->text->part.bytes - 1, false, false);
      load_register(kernel, 2, data->place - data->address, process->brk - 1, true, false);
      load_register(kernel, 4, stack->place - stack->address, stack->address - 1, true, true);
      break;
    default:
      break;
  }
}

static void set_registers(struct kernel* kernel, struct process* process) {
  load_registers(kernel, process);
  kernel->share.entered = process;
  kernel->share.moved = false;
}

// ---------------------------------------------------------------------------------------------------------------------
// A process's memory comes and goes

int share_await_room(struct kernel* kernel, struct process* process) {
  process->image.awaits_room = true;
  process->image.releases = kernel->share.releases;
  process_block(kernel, process, HAL_BLOCKED_MEMORY);
  return SPACE_WAIT;
}

// It may come while another process runs.
static int load(struct kernel* kernel, struct process* process, const struct kernel_program* program) {
  bool images = is_sharing(kernel, KERNEL_SHARE_IMAGES);
  if (!image_fits(kernel, program)) return -KERNEL_ENOMEM;
  int result = images ? swapping_claim(kernel, process) : 0;
  if (result != 0) return result;
  result = is_sharing(kernel, KERNEL_SHARE_SEGMENTS) ? image_load_segments(kernel, process, program)
                                                     : image_load_whole(kernel, process, program);
  if (result == -KERNEL_ENOMEM) result = share_await_room(kernel, process);
  if (result == 0 && images) swapping_loaded(kernel, process);
  if (kernel->share.moved && kernel->share.entered) set_registers(kernel, kernel->share.entered);
  return result;
}

// With static relocation a copy would run at another place with its parent's addresses in its data and on its stack:
// no record says where those are.
static int fork(struct kernel* kernel, struct process* parent, struct process* child) {
  int result;
  switch (kernel->share.sharing) {
    case KERNEL_SHARE_ALONE:
      return -KERNEL_ENOMEM;
    case KERNEL_SHARE_STATIC:
      return -KERNEL_ENOSYS;
    case KERNEL_SHARE_IMAGES:
      result = swapping_fork(kernel, parent, child);
      break;
    default:
      result = image_copy(kernel, parent, child);
      break;
  }
  if (result != 0) return result;
  if (is_sharing(kernel, KERNEL_SHARE_IMAGES)) child->image.part[PART_DATA] = parent->image.part[PART_DATA];
  child->image.heap = parent->image.heap;
  child->entry = parent->entry;
  child->stack_top = parent->stack_top;
  child->brk = parent->brk;
  return 0;
}

static void release(struct kernel* kernel, struct process* process) {
  if (is_sharing(kernel, KERNEL_SHARE_IMAGES)) swapping_release(kernel, process);
  image_release(kernel, process);
  if (kernel->share.entered == process) kernel->share.entered = NULL;
}

static bool ready(struct kernel* kernel, struct process* process) {
  const struct share_image* image = &process->image;
  if (!is_sharing(kernel, KERNEL_SHARE_IMAGES)) return image->releases != kernel->share.releases;
  swapping_settle(kernel);
  return swapping_ready(kernel, process);
}

static int enter(struct kernel* kernel, struct process* process) {
  if (is_sharing(kernel, KERNEL_SHARE_IMAGES)) {
    int result = swapping_claim(kernel, process);
    if (result != 0) return result;
    kernel->share.swapping.fresh = false;
  }
  if (kernel->share.entered != process || kernel->share.moved) set_registers(kernel, process);
  return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Growth

enum { STACK_STEP = 4096 };

// Whether the stack may grow down to there.
static bool is_stack(const struct process* process, uint32_t va) {
  uint64_t lowest = process->context.reg[KERNEL_ESP];
  return va >= 0u - STACK_BYTES_MAX && va + (uint64_t)STACK_CUSHION >= lowest;
}

// Lets the stack begin at `va` or below. False: it has it already, or it is no stack, or there is no room.
static bool grow_stack(struct kernel* kernel, struct process* process, uint32_t va) {
  struct piece* stack = &process->image.part[PART_STACK];
  if (!is_sharing(kernel, KERNEL_SHARE_SEGMENTS) || !is_stack(process, va) || va >= stack->address) return false;
  return place_grow(kernel, stack, stack->address - (va & ~(uint32_t)(STACK_STEP - 1)), PLACE_DOWNWARDS);
}

// The heap may come up to a page below the stack.
static int set_brk_whole(struct kernel* kernel, struct process* process, uint32_t brk) {
  const struct piece* part = &process->image.part[PART_DATA];
  uint32_t esp = process->context.reg[KERNEL_ESP];
  bool esp_known = esp > process->brk && esp <= process->stack_top;
  uint64_t end = esp_known ? esp : (uint64_t)part->address + kernel->share.process_bytes;
  if ((uint64_t)brk + PGSIZE > end) return -KERNEL_ENOMEM;
  if (brk > process->brk)
    hal_zero(kernel->hal, (uint64_t)part->place + (process->brk - part->address), brk - process->brk);
  return 0;
}

// What was there before beyond the end is zeroed; what comes new is so already.
static int set_brk_segment(struct kernel* kernel, struct process* process, uint32_t brk) {
  struct piece* data = &process->image.part[PART_DATA];
  if (brk >> 30 != IMAGE_DATA >> 30) return -KERNEL_ENOMEM;
  uint64_t had = process->brk - data->address, has = brk - data->address, bytes = place_round(has + 1);
  if (has > had) hal_zero(kernel->hal, data->place + had, least(has, data->bytes) - had);
  if (bytes > data->bytes && !place_grow(kernel, data, bytes - data->bytes, PLACE_UPWARDS)) return -KERNEL_ENOMEM;
  if (bytes < data->bytes) place_shrink(kernel, data, data->bytes - bytes);
  kernel->share.moved = true;
  return 0;
}

static int set_brk(struct kernel* kernel, struct process* process, uint32_t brk) {
  if (brk < process->image.heap) return -KERNEL_ENOMEM;
  int result = is_sharing(kernel, KERNEL_SHARE_SEGMENTS) ? set_brk_segment(kernel, process, brk)
                                                         : set_brk_whole(kernel, process, brk);
  if (result == 0) process->brk = brk;
  return result;
}

// ---------------------------------------------------------------------------------------------------------------------
// Faults

// What is wrong with an address that no segment permits.
static const char* segments_say(const struct process* process, uint32_t va) {
  static const char* const answers[] = {", but code can't be written, and this is code or lies beyond it",
                                        ", beyond the end of the heap", ", which is in no segment", ""};
  if (va >> 30 != IMAGE_STACK_TOP >> 30) return answers[va >> 30];
  if (va < 0u - STACK_BYTES_MAX) return ": its stack may not have more than 8 MiB";
  return is_stack(process, va) ? ": there is no memory for its stack" : ", too far below its stack pointer";
}

// #GP has other reasons than segments, too. The machine tells the address of a reference that a segment did not permit;
// 0 is always permitted with base and bounds, and means that there was none.
static int fault(struct kernel* kernel, struct process* process, const struct kernel_trap* trap,
                 struct kernel_end* end) {
  uint32_t va = (uint32_t)trap->cr2;
  bool segments = is_sharing(kernel, KERNEL_SHARE_SEGMENTS);
  if (grow_stack(kernel, process, va)) return 0;
  if (va == 0 && !segments) return -KERNEL_EFAULT;
  end->code = SIGNAL_SEGV;
  struct text text = text_in(end->reason, sizeof end->reason);
  text_add(&text, "a reference to ");
  text_add_hex(&text, va);
  if (segments) {
    text_add(&text, segments_say(process, va));
  } else {
    text_add(&text, ": the bound is ");
    text_add_hex(&text, kernel->share.process_bytes);
  }
  return -KERNEL_EFAULT;
}

// ---------------------------------------------------------------------------------------------------------------------
// The kernel's access to a program's memory

static int locate(struct kernel* kernel, struct process* process, uint32_t va, uint32_t bytes, bool write,
                  uint64_t* linear) {
  if (image_locate(kernel, process, va, bytes, write, linear)) return 0;
  if (grow_stack(kernel, process, va) && image_locate(kernel, process, va, bytes, write, linear)) return 0;
  return -KERNEL_EFAULT;
}

static int copy_in(struct kernel* kernel, struct process* process, void* to, uint32_t va, uint32_t bytes) {
  uint64_t linear;
  int result = bytes > 0 ? locate(kernel, process, va, bytes, false, &linear) : 0;
  if (result == 0 && bytes > 0) hal_read(kernel->hal, linear, to, bytes);
  return result;
}

static int copy_out(struct kernel* kernel, struct process* process, uint32_t va, const void* from, uint32_t bytes) {
  uint64_t linear;
  int result = bytes > 0 ? locate(kernel, process, va, bytes, true, &linear) : 0;
  if (result == 0 && bytes > 0) hal_write(kernel->hal, linear, from, bytes);
  return result;
}

const struct space_ops space_contiguous = {.boot = boot,
                                           .load = load,
                                           .fork = fork,
                                           .release = release,
                                           .ready = ready,
                                           .enter = enter,
                                           .fault = fault,
                                           .set_brk = set_brk,
                                           .copy_in = copy_in,
                                           .copy_out = copy_out,
                                           .stats = share_stats,
                                           .usage = share_usage,
                                           .vmas = share_vmas,
                                           .translate = share_translate};
