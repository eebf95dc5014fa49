// SPDX-License-Identifier: MIT
#include "cli/moment.h"

#include <stdio.h>
#include <string.h>

void moment_take(struct machine* machine, struct moment* moment) {
  moment->now = machine_now(machine);
  machine_counters(machine, &moment->process, &moment->kernel);
  machine_cycles(machine, &moment->cycles);
  kernel_stats(machine_kernel(machine), &moment->os);
}

// Counters and accounts are structs of nothing but uint64_t.
static void subtract(void* from, const void* what, size_t bytes) {
  uint64_t* a = from;
  const uint64_t* b = what;
  for (size_t i = 0; i < bytes / sizeof *a; i++) a[i] -= b[i];
}

// What is counted; the rest are states.
static void subtract_os(struct kernel_stats* from, const struct kernel_stats* what) {
  static const size_t counts[] = {
#define COUNT(field) offsetof(struct kernel_stats, field)
      COUNT(faults_minor), COUNT(faults_major), COUNT(faults_protection), COUNT(zero_fills),    COUNT(swap_ins),
      COUNT(swap_outs),    COUNT(evictions),    COUNT(evictions_clean),   COUNT(invlpgs),       COUNT(checksum_errors),
      COUNT(calls),        COUNT(switches),     COUNT(interrupts),        COUNT(switch_cycles), COUNT(images_out),
      COUNT(images_in),    COUNT(image_moves),  COUNT(placements_failed), COUNT(program_fills), COUNT(invpcids)};
#undef COUNT
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    *(uint64_t*)((char*)from + counts[i]) -= *(const uint64_t*)((const char*)what + counts[i]);
}

bool moment_measure(struct machine* machine, const struct moment* before, struct report* report, struct error* err) {
  struct moment after;
  moment_take(machine, &after);
  _Static_assert(sizeof(struct counters) % sizeof(uint64_t) == 0, "counters are words");
  subtract(&after.process, &before->process, sizeof after.process);
  subtract(&after.kernel, &before->kernel, sizeof after.kernel);
  subtract(&after.cycles, &before->cycles, sizeof after.cycles);
  subtract_os(&after.os, &before->os);
  report->process = after.process;
  report->kernel = after.kernel;
  report->cycles = after.cycles;
  report->os = after.os;
  uint64_t sum = report_cycles(report), passed = after.now - before->now;
  if (sum == passed) return true;
  return error_set(err, "a bug in Pagewalk: %llu cycles passed, but the account adds up to %llu",
                   (unsigned long long)passed, (unsigned long long)sum);
}

bool moment_trouble(struct machine* machine, struct error* err) {
  const char* trouble = machine_trouble(machine);
  if (!trouble) trouble = "the machine stopped without saying why";
  // The histories of two engines are longer than a message.
  if (strchr(trouble, '\n')) {
    fflush(stdout);
    fprintf(stderr, "%s\n", trouble);
    return error_set(err, "the run ended in the trouble shown above; there is no result");
  }
  return error_set(err, "%s", trouble);
}
