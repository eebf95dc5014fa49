// SPDX-License-Identifier: MIT
// waitpid, kill: how processes hear of each other.
#include "kernel/errno.h"
#include "kernel/proc/call.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"
#include "lib/text.h"

enum { WNOHANG = 1, WUNTRACED = 2 };  // nothing stops processes, so the second never matters

// There are no process groups, or all are in one: 0 and -1 are any child.
static bool is_meant(const struct process* child, const struct process* parent, int pid) {
  return child->pid != 0 && child->parent == parent->pid && (pid == 0 || pid == -1 || child->pid == pid);
}

// Reaps a zombie.
static enum call_outcome reap(struct call* call, struct process* child) {
  uint32_t to = call->argument[1];
  int pid = child->pid, status = child->status;
  int result = to ? call->kernel->space->copy_out(call->kernel, call->process, to, &status, sizeof status) : 0;
  if (result != 0) return call_done_or_again(call, result);
  child->pid = 0;
  return call_done(call, pid);
}

enum call_outcome call_waitpid(struct call* call) {
  struct kernel* kernel = call->kernel;
  int pid = (int)call->argument[0], options = (int)call->argument[2];
  bool any = false;
  if (options & ~(WNOHANG | WUNTRACED)) return call_done(call, -KERNEL_EINVAL);
  for (struct process* child = kernel->processes; child < kernel->processes + PROCESS_MAX; child++) {
    if (!is_meant(child, call->process, pid)) continue;
    if (child->state == KERNEL_ZOMBIE) return reap(call, child);
    any = true;
  }
  if (!any) return call_done(call, -KERNEL_ECHILD);
  if (options & WNOHANG) return call_done(call, 0);
  process_block(kernel, call->process, HAL_BLOCKED_CHILD);
  return CALL_AGAIN;
}

// ---------------------------------------------------------------------------------------------------------------------

// Signals whose default is to be ignored, of those that exist: CHLD, CONT, URG, WINCH.
static bool is_ignored(uint32_t signal) { return signal == 17 || signal == 18 || signal == 23 || signal == 28; }
// STOP, TSTP, TTIN, TTOU: nothing stops here.
static bool would_stop(uint32_t signal) { return signal >= 19 && signal <= 22; }

static void say_who(struct kernel_end* end, uint32_t signal, const struct process* sender) {
  struct text reason = text_in(end->reason, sizeof end->reason);
  text_add(&reason, "it was killed with signal ");
  text_add_number(&reason, signal);
  text_add(&reason, " by pid ");
  text_add_number(&reason, (uint64_t)sender->pid);
}

// One process at a time, and it always dies: there are no handlers.
enum call_outcome call_kill(struct call* call) {
  uint32_t signal = call->argument[1];
  struct process* target = process_find(call->kernel, (int)call->argument[0]);
  if (signal >= SIGNALS || would_stop(signal)) return call_done(call, -KERNEL_EINVAL);
  if (!target || !target->is_program || target->stage == STAGE_EMBRYO) return call_done(call, -KERNEL_ESRCH);
  if (signal == 0 || is_ignored(signal) || target->state == KERNEL_ZOMBIE) return call_done(call, 0);
  struct kernel_end end = {.reason = ""};
  say_who(&end, signal, call->process);
  program_die(call->kernel, target, (int)signal, &end);
  return target == call->process ? CALL_GONE : call_done(call, 0);
}
