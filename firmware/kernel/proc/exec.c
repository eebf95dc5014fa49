// SPDX-License-Identifier: MIT
// execve: another program in the same process. The arguments are copied in before the old image goes; from then on
// there is no way back, and what goes wrong ends the process.
#include "kernel/errno.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/call.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

enum { PATH_BYTES_MAX = 4096 };  // PATH_MAX of Linux

// Copies a string in, its terminating zero included: at most up to the end of a page at a time, since the next page
// need not be there. Returns its length with the zero, or a negative errno value: *waits.
static int copy_string(struct call* call, uint32_t va, char* to, uint32_t room, int too_long, bool* waits) {
  uint32_t done = 0;
  *waits = false;
  while (done < room) {
    uint32_t part = (uint32_t)PGSIZE - (va + done) % (uint32_t)PGSIZE;
    if (part > room - done) part = room - done;
    if (part > 64) part = 64;  // most strings are short
    int result = call->kernel->space->copy_in(call->kernel, call->process, to + done, va + done, part);
    *waits = result == SPACE_WAIT;
    if (result != 0) return result;
    for (uint32_t end = done + part; done < end;)
      if (to[done++] == 0) return (int)done;
  }
  return too_long;
}

// The program that a path names: by its last component, whatever folder is before it.
static const struct kernel_program* find(const struct kernel* kernel, const char* path) {
  const char* name = path;
  for (const char* at = path; *at; at++)
    if (*at == '/') name = at + 1;
  for (const struct kernel_program* program = kernel->programs; program < kernel->programs + kernel->program_count;
       program++) {
    const char *a = name, *b = program->name;
    while (*a && *a == *b) a++, b++;
    if (*a == *b) return program;
  }
  return NULL;
}

static int find_program(struct call* call, const struct kernel_program** program, bool* waits) {
  char path[PATH_BYTES_MAX];
  int length = copy_string(call, call->argument[0], path, sizeof path, -KERNEL_ENAMETOOLONG, waits);
  if (*waits || length < 0) return length;
  *program = find(call->kernel, path);
  return *program ? 0 : -KERNEL_ENOENT;
}

// argv, into the process's arguments; those that are there when the call is made again stay, so that it comes to an end
// in however few frames. A null pointer is an empty list, as in Linux.
static int gather_arguments(struct call* call, struct arguments* arguments, bool* waits) {
  uint32_t string;
  *waits = false;
  while (call->argument[1]) {
    uint32_t list = call->argument[1] + 4 * arguments->count;
    int result = call->kernel->space->copy_in(call->kernel, call->process, &string, list, sizeof string);
    *waits = result == SPACE_WAIT;
    if (result != 0) return result;
    if (string == 0) break;
    if (arguments->count == KERNEL_ARGUMENTS_MAX) return -KERNEL_E2BIG;
    uint32_t room = KERNEL_ARGUMENT_BYTES_MAX - arguments->bytes;
    int length = copy_string(call, string, arguments->strings + arguments->bytes, room, -KERNEL_E2BIG, waits);
    if (*waits || length < 0) return length;
    arguments->bytes += (unsigned)length;
    arguments->count++;
  }
  return 0;
}

enum call_outcome call_execve(struct call* call) {
  struct kernel* kernel = call->kernel;
  struct process* process = call->process;
  const struct kernel_program* program = NULL;
  bool waits;
  if (!call->again) process->arguments.count = process->arguments.bytes = 0;
  int result = find_program(call, &program, &waits);
  if (!waits && result == 0) result = gather_arguments(call, &process->arguments, &waits);
  if (waits) return CALL_AGAIN;
  if (result < 0) return call_done(call, result);
  kernel->space->release(kernel, process);
  program_set(process, program);  // the rest when it is its turn, which is still now
  return CALL_GONE;
}
