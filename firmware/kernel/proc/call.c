// SPDX-License-Identifier: MIT
// System calls: the table of them, and those of few lines.
#include "kernel/proc/call.h"

#include "kernel/errno.h"
#include "kernel/mm/mmu.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"

enum call_outcome call_done(struct call* call, int32_t result) {
  call->result = result;
  return CALL_DONE;
}

enum call_outcome call_done_or_again(struct call* call, int result) {
  return result == SPACE_WAIT ? CALL_AGAIN : call_done(call, result);
}

static enum call_outcome call_exit(struct call* call) {
  program_exit(call->kernel, call->process, (int)call->argument[0]);
  return CALL_GONE;
}

// Standard input is empty.
static enum call_outcome call_read(struct call* call) {
  return call_done(call, call->argument[0] == 0 ? 0 : -KERNEL_EBADF);
}

// A piece at a time; what has been written is not written again when the call is started over.
static enum call_outcome call_write(struct call* call) {
  struct process* process = call->process;
  uint32_t fd = call->argument[0], from = call->argument[1], bytes = call->argument[2];
  uint8_t piece[PGSIZE];
  if (fd != 1 && fd != 2) return call_done(call, -KERNEL_EBADF);
  if (bytes > INT32_MAX) bytes = INT32_MAX;
  while (process->call_done < bytes) {
    uint32_t at = from + process->call_done, left = bytes - process->call_done;
    uint32_t part = (uint32_t)PGSIZE - at % (uint32_t)PGSIZE;
    if (part > left) part = left;
    int result = call->kernel->space->copy_in(call->kernel, process, piece, at, part);
    if (result == SPACE_WAIT) return CALL_AGAIN;
    if (result < 0) return call_done(call, process->call_done ? (int)process->call_done : result);
    hal_console(call->kernel->hal, process->pid, piece, part);
    process->call_done += part;
  }
  return call_done(call, (int)bytes);
}

static enum call_outcome call_getpid(struct call* call) { return call_done(call, call->process->pid); }
static enum call_outcome call_getppid(struct call* call) { return call_done(call, call->process->parent); }

// As Linux's: returns the end of the heap, moved or not.
static enum call_outcome call_brk(struct call* call) {
  int result = call->kernel->space->set_brk(call->kernel, call->process, call->argument[0]);
  if (result == SPACE_WAIT) return CALL_AGAIN;
  call->result = (int32_t)call->process->brk;
  return CALL_DONE;
}

static enum call_outcome call_sched_yield(struct call* call) {
  struct process* process = call->process;
  call->kernel->scheduler.running = NULL;
  process_ready(call->kernel, process);
  return call_done(call, 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Time, since reset

static uint64_t microseconds(const struct kernel* kernel) { return hal_now(kernel->hal) / kernel->mhz; }

static enum call_outcome call_time(struct call* call) {
  uint32_t seconds = (uint32_t)(microseconds(call->kernel) / 1000000), to = call->argument[0];
  int result = to ? call->kernel->space->copy_out(call->kernel, call->process, to, &seconds, sizeof seconds) : 0;
  return result == 0 ? call_done(call, (int32_t)seconds) : call_done_or_again(call, result);
}

// Every clock is the same one.
static enum call_outcome call_clock_gettime(struct call* call) {
  uint64_t now = hal_now(call->kernel->hal), hertz = call->kernel->mhz * 1000000;
  uint32_t time[2] = {(uint32_t)(now / hertz), (uint32_t)(now % hertz * 1000 / call->kernel->mhz)};
  return call_done_or_again(
      call, call->kernel->space->copy_out(call->kernel, call->process, call->argument[1], time, sizeof time));
}

static enum call_outcome call_nanosleep(struct call* call) {
  uint32_t time[2];
  struct kernel* kernel = call->kernel;
  int result = kernel->space->copy_in(kernel, call->process, time, call->argument[0], sizeof time);
  if (result != 0) return call_done_or_again(call, result);
  if (time[0] > INT32_MAX || time[1] > 999999999) return call_done(call, -KERNEL_EINVAL);
  uint64_t hertz = (uint64_t)kernel->mhz * 1000000, most = UINT64_MAX / 2 / hertz;
  uint64_t seconds = time[0] < most ? time[0] : most;
  call->process->wake_at = hal_now(kernel->hal) + seconds * hertz + ((uint64_t)time[1] * kernel->mhz + 999) / 1000;
  process_block(kernel, call->process, HAL_BLOCKED_SLEEP);
  return call_done(call, 0);
}

// ---------------------------------------------------------------------------------------------------------------------

struct entry {
  uint32_t number;
  const char* name;
  enum call_outcome (*serve)(struct call* call);
};
static const struct entry table[] = {
    {1, "exit", call_exit},
    {2, "fork", call_fork},
    {3, "read", call_read},
    {4, "write", call_write},
    {7, "waitpid", call_waitpid},
    {11, "execve", call_execve},
    {13, "time", call_time},
    {20, "getpid", call_getpid},
    {37, "kill", call_kill},
    {45, "brk", call_brk},
    {64, "getppid", call_getppid},
    {158, "sched_yield", call_sched_yield},
    {162, "nanosleep", call_nanosleep},
    {252, "exit_group", call_exit},
    {265, "clock_gettime", call_clock_gettime},
};

static enum call_outcome call_unknown(struct call* call) { return call_done(call, -KERNEL_ENOSYS); }

static const struct entry* entry_of(uint32_t number) {
  static const struct entry unknown = {0, "an unknown call", call_unknown};
  for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].number == number) return &table[i];
  return &unknown;
}

static void note_call(struct kernel* kernel, const struct call* call, uint32_t number, const char* name) {
  struct hal_note note = {
      .kind = HAL_NOTE_CALL, .a = (uint64_t)call->process->pid, .b = number, .c = call->argument[0], .text = name};
  hal_note(kernel->hal, &note);
}

// A call that is made again counts once.
static void begin(struct call* call, uint32_t number, const char* name) {
  struct process* process = call->process;
  call->again = process->call_again;
  if (!call->again) {
    call->kernel->stats.calls++;
    process->calls++;
    process->call_done = 0;
    note_call(call->kernel, call, number, name);
  }
  process->call_again = false;
}

// How far a call has come that is made again.
static uint64_t progress_of(const struct process* process) {
  return process->call_done + process->embryo_page + process->arguments.count;
}

void call_serve(struct kernel* kernel, struct process* process, uint32_t start) {
  const uint32_t* reg = process->context.reg;
  uint32_t number = reg[KERNEL_EAX];
  const struct entry* entry = entry_of(number);
  struct call call = {
      .kernel = kernel,
      .process = process,
      .argument = {reg[KERNEL_EBX], reg[KERNEL_ECX], reg[KERNEL_EDX], reg[KERNEL_ESI], reg[KERNEL_EDI]}};
  begin(&call, number, entry->name);
  switch (entry->serve(&call)) {
    case CALL_DONE:
      favour_forget(kernel, process);
      process->context.reg[KERNEL_EAX] = (uint32_t)call.result;
      kernel_note(kernel, HAL_NOTE_RETURN, (uint64_t)process->pid, number, (uint64_t)(int64_t)call.result);
      break;
    case CALL_AGAIN:
      process->call_again = true;
      process->context.eip = start;
      if (process->blocked == HAL_BLOCKED_DISK) favour_count(kernel, process, progress_of(process));
      break;
    case CALL_GONE:
      break;
  }
}
