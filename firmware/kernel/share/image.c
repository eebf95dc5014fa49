// SPDX-License-Identifier: MIT
// Images: in one piece, or in the three of segmentation.
#include "kernel/share/image.h"

#include "kernel/errno.h"
#include "kernel/share/place.h"
#include "kernel/share/relocate.h"
#include "kernel/state.h"

static void note_image(struct kernel* kernel, const struct process* process, uint64_t bytes, bool relocated) {
  kernel_note(kernel, HAL_NOTE_IMAGE, (uint64_t)process->pid, bytes,
              relocated ? HAL_IMAGE_RELOCATED : HAL_IMAGE_LOADED);
}

// ---------------------------------------------------------------------------------------------------------------------
// In one piece: the whole of process_bytes, the stack at its end

// Without a translation of any kind a program that is not changed can only be where it was linked for. While images are
// swapped, that place is nobody's in particular.
static bool place_whole(struct kernel* kernel, struct piece* part) {
  struct share* share = &kernel->share;
  uint64_t bytes = place_round(share->process_bytes);
  bool fixed = share->sharing == KERNEL_SHARE_ALONE || share->sharing == KERNEL_SHARE_IMAGES;
  if (!fixed) return place_take(kernel, part, bytes, PLACE_UPWARDS);
  if (share->sharing == KERNEL_SHARE_ALONE && !holes_take_at(&share->memory, 0, bytes)) return false;
  *part = (struct piece){.bytes = (uint32_t)bytes};
  return true;
}

int image_load_whole(struct kernel* kernel, struct process* process, const struct kernel_program* program) {
  struct share* share = &kernel->share;
  struct piece* part = &process->image.part[PART_DATA];
  struct program_shape shape = program_shape(program);
  bool rewritten = share->sharing == KERNEL_SHARE_STATIC;
  if (rewritten && !program->relocatable) return -KERNEL_ENOEXEC;
  if (!place_whole(kernel, part)) return -KERNEL_ENOMEM;
  part->address = rewritten ? part->place : 0;
  struct relocation relocation = {.split = 0, .high = part->address};
  hal_zero(kernel->hal, part->place, part->bytes);
  program_write(kernel, program, 0, shape.end, part->place, &relocation);
  process->entry = relocation_of(&relocation, program->entry);
  process->stack_top = part->address + (share->process_bytes & ~15u);
  process->brk = process->image.heap = part->address + (uint32_t)place_round(shape.end);
  note_image(kernel, process, part->bytes, rewritten);
  return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments: code, data with the heap behind it, stack

static struct relocation segments_relocation(const struct kernel_program* program) {
  uint64_t split = program_shape(program).split;
  return (struct relocation){.split = split, .low = 0, .high = IMAGE_DATA - (uint32_t)split};
}

static uint64_t text_bytes(const struct program_shape* shape) { return place_round(shape->low_end); }
static uint64_t data_bytes(const struct program_shape* shape) {
  return place_round(shape->end - shape->split) + PLACE_UNIT;
}

// The code segment of a program that runs already, or a new one.
static struct share_text* find_text(struct kernel* kernel, const struct kernel_program* program) {
  struct share_text* unused = NULL;
  for (unsigned i = 0; i < PROCESS_MAX; i++) {
    struct share_text* text = &kernel->share.texts[i];
    if (text->users > 0 && text->program == program) return text;
    if (text->users == 0) unused = text;
  }
  return unused;
}

static bool take_text(struct kernel* kernel, struct process* process, const struct kernel_program* program) {
  struct share_text* text = find_text(kernel, program);
  struct program_shape shape = program_shape(program);
  struct relocation relocation = segments_relocation(program);
  if (text->users == 0) {
    if (!place_take(kernel, &text->part, text_bytes(&shape), PLACE_UPWARDS)) return false;
    hal_zero(kernel->hal, text->part.place, text->part.bytes);
    program_write(kernel, program, 0, shape.split, text->part.place, &relocation);
  }
  text->program = program;
  text->users++;
  process->image.text = text;
  return true;
}

static bool take_data(struct kernel* kernel, struct process* process, const struct kernel_program* program) {
  struct piece* data = &process->image.part[PART_DATA];
  struct program_shape shape = program_shape(program);
  struct relocation relocation = segments_relocation(program);
  if (!place_take(kernel, data, data_bytes(&shape), PLACE_UPWARDS)) return false;
  data->address = IMAGE_DATA;
  hal_zero(kernel->hal, data->place, data->bytes);
  program_write(kernel, program, shape.split, shape.end, data->place, &relocation);
  process->brk = process->image.heap = IMAGE_DATA + (uint32_t)place_round(shape.end - shape.split);
  return true;
}

// It reaches to the very end of the address space: an expand-down segment has no other end.
static bool take_stack(struct kernel* kernel, struct process* process) {
  struct piece* stack = &process->image.part[PART_STACK];
  if (!place_take(kernel, stack, IMAGE_STACK_BYTES, PLACE_DOWNWARDS)) return false;
  stack->address = 0u - IMAGE_STACK_BYTES;
  hal_zero(kernel->hal, stack->place, stack->bytes);
  process->stack_top = IMAGE_STACK_TOP;
  return true;
}

int image_load_segments(struct kernel* kernel, struct process* process, const struct kernel_program* program) {
  if (!program->relocatable) return -KERNEL_ENOEXEC;
  if (!take_text(kernel, process, program) || !take_data(kernel, process, program) || !take_stack(kernel, process)) {
    image_release(kernel, process);
    return -KERNEL_ENOMEM;
  }
  struct relocation relocation = segments_relocation(program);
  process->entry = relocation_of(&relocation, program->entry);
  const struct share_image* image = &process->image;
  note_image(kernel, process, (uint64_t)image->text->part.bytes + image->part[PART_DATA].bytes + IMAGE_STACK_BYTES,
             true);
  return 0;
}

bool image_fits(const struct kernel* kernel, const struct kernel_program* program) {
  const struct share* share = &kernel->share;
  struct program_shape shape = program_shape(program);
  if (share->sharing == KERNEL_SHARE_SEGMENTS)
    return shape.low_end <= IMAGE_DATA && shape.end - shape.split <= IMAGE_DATA &&
           text_bytes(&shape) + data_bytes(&shape) + IMAGE_STACK_BYTES <= share->memory_bytes;
  return shape.end + IMAGE_STACK_BYTES <= share->process_bytes &&
         place_round(share->process_bytes) <= share->memory_bytes;
}

// ---------------------------------------------------------------------------------------------------------------------

static void copy_bytes(struct kernel* kernel, uint64_t from, uint64_t to, uint64_t bytes) {
  uint8_t buffer[1024];
  for (uint64_t done = 0, piece; done < bytes; done += piece) {
    piece = bytes - done < sizeof buffer ? bytes - done : sizeof buffer;
    hal_read(kernel->hal, from + done, buffer, piece);
    hal_write(kernel->hal, to + done, buffer, piece);
  }
}

// All places first: taking one may move the others.
int image_copy(struct kernel* kernel, struct process* parent, struct process* child) {
  struct share_image *from = &parent->image, *to = &child->image;
  for (unsigned p = 0; p < PARTS; p++) {
    if (from->part[p].bytes == 0) continue;
    to->part[p].address = from->part[p].address;
    if (place_take(kernel, &to->part[p], from->part[p].bytes, p == PART_STACK ? PLACE_DOWNWARDS : PLACE_UPWARDS))
      continue;
    image_release(kernel, child);
    return -KERNEL_ENOMEM;
  }
  for (unsigned p = 0; p < PARTS; p++) copy_bytes(kernel, from->part[p].place, to->part[p].place, from->part[p].bytes);
  to->text = from->text;
  if (to->text) to->text->users++;
  to->heap = from->heap;
  return 0;
}

void image_release(struct kernel* kernel, struct process* process) {
  struct share_image* image = &process->image;
  if (kernel->share.sharing == KERNEL_SHARE_IMAGES) image->part[PART_DATA].bytes = 0;  // its place stays where it is
  for (unsigned p = 0; p < PARTS; p++) place_give_back(kernel, &image->part[p]);
  if (image->text && --image->text->users == 0) place_give_back(kernel, &image->text->part);
  image->text = NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Where an address is

static bool locate_in(const struct piece* part, uint32_t va, uint32_t bytes, uint64_t* linear) {
  uint32_t offset = va - part->address;
  *linear = (uint64_t)part->place + offset;
  return offset < part->bytes && bytes <= part->bytes - offset;
}

static bool locate_in_segment(const struct process* process, uint32_t va, uint32_t bytes, bool write,
                              uint64_t* linear) {
  const struct share_image* image = &process->image;
  switch (va >> 30) {
    case 0:
      return image->text && !write && locate_in(&image->text->part, va, bytes, linear);
    case 1:
      return va < process->brk && bytes <= process->brk - va && locate_in(&image->part[PART_DATA], va, bytes, linear);
    case 3:
      return locate_in(&image->part[PART_STACK], va, bytes, linear);
    default:
      return false;
  }
}

bool image_locate(const struct kernel* kernel, const struct process* process, uint32_t va, uint32_t bytes, bool write,
                  uint64_t* linear) {
  const struct share* share = &kernel->share;
  const struct piece* whole = &process->image.part[PART_DATA];
  if (share->sharing == KERNEL_SHARE_SEGMENTS) return locate_in_segment(process, va, bytes, write, linear);
  if (share->sharing == KERNEL_SHARE_BOUNDS && (va >= share->process_bytes || bytes > share->process_bytes - va))
    return false;
  bool based = share->sharing == KERNEL_SHARE_BASE || share->sharing == KERNEL_SHARE_BOUNDS;
  *linear = based ? (uint32_t)(va + whole->place) : va;
  return *linear + bytes <= share->memory_bytes;
}
