// SPDX-License-Identifier: MIT
// From a program to a process that runs it: image, arguments, first instruction.
#include "kernel/proc/program.h"

#include "kernel/errno.h"
#include "kernel/state.h"
#include "lib/text.h"

#define EFLAGS_START 0x202u  // interrupts on, and the bit that is always 1

// Copies a string with its terminating zero. False: there is no room.
static bool add_argument(struct arguments* arguments, const char* argument) {
  if (arguments->count == KERNEL_ARGUMENTS_MAX) return false;
  do {
    if (arguments->bytes == KERNEL_ARGUMENT_BYTES_MAX) return false;
    arguments->strings[arguments->bytes++] = *argument;
  } while (*argument++);
  arguments->count++;
  return true;
}

void program_set(struct process* process, const struct kernel_program* program) {
  struct text name = text_in(process->name, sizeof process->name);
  text_add(&name, program->name);
  process->is_program = true;
  process->program = program;
  process->stage = STAGE_LOAD;
}

static int start(struct kernel* kernel, struct process* process, int argc, const char* const* argv) {
  for (int i = 0; i < argc; i++)
    if (!add_argument(&process->arguments, argv[i])) return -KERNEL_E2BIG;
  int result = kernel->space->load(kernel, process, process->program);
  if (result == SPACE_WAIT) return 0;  // it goes on when it is its turn
  if (result < 0) return result;
  process->stage = STAGE_ARGUMENTS;
  process_ready(kernel, process);
  return 0;
}

static void note_exec(struct kernel* kernel, const struct process* process) {
  struct hal_note note = {
      .kind = HAL_NOTE_EXEC, .a = (uint64_t)process->pid, .b = process->entry, .text = process->name};
  hal_note(kernel->hal, &note);
}

int kernel_start(struct kernel* kernel, unsigned program, int argc, const char* const* argv) {
  if (program >= kernel->program_count || argc < 0) return -KERNEL_EINVAL;
  struct process* process = process_new(kernel);
  if (!process) return -KERNEL_EAGAIN;
  program_set(process, &kernel->programs[program]);
  swap_settle(kernel);
  int result = start(kernel, process, argc, argv);
  if (result < 0) {
    kernel->space->release(kernel, process);
    process->pid = 0;
    kernel->last_pid--;
    return result;
  }
  if (process->stage == STAGE_ARGUMENTS) note_exec(kernel, process);
  if (!kernel->first_pid) kernel->first_pid = process->pid;
  return process->pid;
}

int program_load(struct kernel* kernel, struct process* process) {
  int result = kernel->space->load(kernel, process, process->program);
  if (result == 0) {
    process->stage = STAGE_ARGUMENTS;
    note_exec(kernel, process);
  } else if (result < 0) {
    struct kernel_end end = {.reason = ""};
    struct text reason = text_in(end.reason, sizeof end.reason);
    text_add(&reason, result == -KERNEL_ENOEXEC ? "the program can't be placed where it was linked for"
                                                : "there is no memory for the program");
    program_die(kernel, process, SIGNAL_KILL, &end);
  }
  return result;
}

// ---------------------------------------------------------------------------------------------------------------------
// The stack of a program at its first instruction, as Linux makes it on i386:
//
//   ESP -> argc | argv[0] ... argv[argc-1] | 0 | 0: no environment | 0 0: no auxiliary vector | the strings | stack_top

static void put_word(uint8_t* at, uint32_t word) {
  for (unsigned i = 0; i < 4; i++) at[i] = (uint8_t)(word >> 8 * i);
}

// Returns the length of the strings and words, in *image.
static uint32_t build_stack(const struct arguments* arguments, uint32_t stack_top, uint8_t* image) {
  uint32_t words = 1 + arguments->count + 1 + 1 + 2;
  uint32_t strings = stack_top - arguments->bytes, esp = (strings - 4 * words) & ~15u, next = 0;
  uint8_t* at = image;
  put_word(at, arguments->count);
  for (unsigned i = 0; i < arguments->count; i++) {
    put_word(at += 4, strings + next);
    while (arguments->strings[next++])
      ;
  }
  for (unsigned i = 0; i < arguments->bytes; i++) image[strings - esp + i] = (uint8_t)arguments->strings[i];
  return stack_top - esp;
}

int program_lay_out_arguments(struct kernel* kernel, struct process* process) {
  uint8_t image[KERNEL_ARGUMENT_BYTES_MAX + 4 * (KERNEL_ARGUMENTS_MAX + 8) + 16] = {0};
  uint32_t bytes = build_stack(&process->arguments, process->stack_top, image);
  process->context = (struct kernel_context){
      .reg = {[KERNEL_ESP] = process->stack_top - bytes}, .eip = process->entry, .eflags = EFLAGS_START};
  int result = kernel->space->copy_out(kernel, process, process->stack_top - bytes, image, bytes);
  if (result == 0) {
    process->stage = STAGE_RUN;
  } else if (result < 0) {
    struct kernel_end end = {.reason = "there is no memory for the arguments"};
    program_die(kernel, process, SIGNAL_KILL, &end);
  }
  return result;
}
