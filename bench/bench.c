// SPDX-License-Identifier: MIT
// bench TRACE...: accesses per second of the RTL engine, of the model engine and of the yardstick (a plain C functional
// TLB simulator that knows no cycles), side by side in one run. Every page is mapped before the clock starts (--paging
// eager). One generated workload walks on every access. Best of three passes each; read the ratios, machines are noisy.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/machine.h"
#include "workload/trace.h"

enum { PASSES = 3 };

struct result {
  double per_second;
  uint64_t itlb_misses, dtlb_misses, walks;  // of the first pass, TLBs empty at its start
};

static void die(const char* text) {
  fprintf(stderr, "bench: %s\n", text);
  exit(1);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static unsigned protection(const struct trace_range* range) {
  return (range->read ? PROT_READ : 0u) | (range->write ? PROT_WRITE : 0u) | (range->fetch ? PROT_EXEC : 0u);
}

static void map_all(struct machine* machine, const struct trace* trace) {
  struct error err;
  struct trace_ranges ranges;
  struct kernel* kernel = machine_kernel(machine);
  if (!trace_ranges(trace, &ranges, &err)) die(err.text);
  int pid = kernel_spawn(kernel);
  for (size_t i = 0; i < ranges.count; i++)
    if (kernel_map(kernel, pid, ranges.ranges[i].start, ranges.ranges[i].end, protection(&ranges.ranges[i])) != 0)
      die("the trace does not fit the address space");
  if (kernel_populate(kernel, pid) != 0) die("the trace does not fit the RAM");
  kernel_switch(kernel, pid);
  trace_ranges_free(&ranges);
}

static struct result engine_result(enum engine_kind kind, const struct config* config, const struct trace* trace) {
  struct error err;
  struct machine_params params = {.config = config, .engine = kind};
  struct machine* machine = machine_create(&params, &err);
  if (!machine) die(err.text);
  map_all(machine, trace);
  machine_start(machine);
  struct result result = {0};
  for (int pass = 0; pass < PASSES; pass++) {
    struct machine_run run;
    double start = seconds();
    machine_play(machine, trace->refs, trace->count, false, NULL, &run);
    double took = seconds() - start;
    if (run.stop != MACHINE_END) die(machine_trouble(machine) ? machine_trouble(machine) : "the run did not end");
    if ((double)trace->count / took > result.per_second) result.per_second = (double)trace->count / took;
    if (pass == 0) {
      struct counters process, kernel;
      machine_counters(machine, &process, &kernel);
      result.itlb_misses = process.itlb.misses;
      result.dtlb_misses = process.dtlb.misses;
      result.walks = process.walks;
    }
  }
  machine_destroy(machine);
  return result;
}

// The yardstick counts one lookup a reference, by its first byte, and reads Dinero text.
static struct result yardstick_result(const char* program, const struct trace* trace) {
  char path[] = "/tmp/pagewalk-bench-XXXXXX", command[512];
  int fd = mkstemp(path);
  if (fd < 0) die("no temporary file in /tmp");
  snprintf(command, sizeof command, "%s >%s", program, path);
  FILE* pipe = popen(command, "w");
  if (!pipe) die("the yardstick does not start");
  for (size_t i = 0; i < trace->count; i++) fprintf(pipe, "%d %" PRIx64 "\n", trace->refs[i].kind, trace->refs[i].va);
  if (pclose(pipe) != 0) die("the yardstick failed");
  FILE* file = fdopen(fd, "r");
  uint64_t refs, itlb_lookups, dtlb_lookups, stlb_lookups, stlb_misses;
  struct result result = {0};
  if (!file || fscanf(file,
                      "refs=%" SCNu64 " itlb_lookups=%" SCNu64 " itlb_misses=%" SCNu64 " dtlb_lookups=%" SCNu64
                      " dtlb_misses=%" SCNu64 " stlb_lookups=%" SCNu64 " stlb_misses=%" SCNu64 " refs_per_s=%lf",
                      &refs, &itlb_lookups, &result.itlb_misses, &dtlb_lookups, &result.dtlb_misses, &stlb_lookups,
                      &stlb_misses, &result.per_second) != 8)
    die("the yardstick printed something else");
  fclose(file);
  remove(path);
  return result;
}

static void bench(const char* name, const char* yardstick, const struct config* config, const struct trace* trace) {
  struct result plain = yardstick_result(yardstick, trace);
  struct result model = engine_result(ENGINE_MODEL, config, trace);
  struct result rtl = engine_result(ENGINE_RTL, config, trace);
  bool same = model.itlb_misses == rtl.itlb_misses && model.dtlb_misses == rtl.dtlb_misses;
  printf("%-28.28s %9zu %9.1f %9.1f %9.2f %9.3f %9.4f %6.2f%%%s\n", name, trace->count, plain.per_second / 1e6,
         model.per_second / 1e6, rtl.per_second / 1e6, model.per_second / plain.per_second,
         rtl.per_second / plain.per_second, 100.0 * (double)rtl.walks / (double)trace->count,
         same ? "" : "  model and RTL count differently!");
  fflush(stdout);
}

int main(int argc, char** argv) {
  struct error err;
  struct config config;
  if (argc < 2) die("usage: bench YARDSTICK TRACE...");
  config_default(&config);
  if (!config_set(&config, "ram.mib=1024", &err)) die(err.text);
  printf("million accesses a second, best of %d passes; config %s, 32-bit tables, every page mapped beforehand\n\n",
         PASSES, config.name);
  printf("%-28s %9s %9s %9s %9s %9s %9s %7s\n", "workload", "accesses", "yardstick", "model", "rtl", "model/y", "rtl/y",
         "walks");
  for (int i = 2; i <= argc; i++) {
    struct trace trace;
    struct trace_options options = {0};
    const char* slash = i < argc ? strrchr(argv[i], '/') : NULL;
    const char* name = i == argc ? "every access walks" : slash ? slash + 1 : argv[i];
    bool loaded = i == argc ? trace_generate(&trace, "uniform:pages=100000,refs=1000000", 1, NULL, &err)
                            : trace_load(&trace, argv[i], &options, &err);
    if (!loaded || !trace_fit(&trace, MODE_32BIT, false, NULL, &err)) die(err.text);
    bench(name, argv[1], &config, &trace);
    trace_free(&trace);
  }
  return 0;
}
