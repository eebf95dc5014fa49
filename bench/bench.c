// SPDX-License-Identifier: MIT
// bench TRACE...: accesses per second of the RTL engine, of the model engine and of the yardstick (a plain C functional
// TLB simulator that knows no cycles), side by side in one run, on three machines. Every page is mapped before the
// clock starts (--paging eager). One more workload is generated: uniformly random references, which miss in nearly
// every access. Best of three passes each; read the ratios, machines are noisy.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/machine.h"
#include "workload/trace.h"

enum { PASSES = 3, WORKLOADS = 16 };

struct result {
  double per_second;
  uint64_t itlb_misses, dtlb_misses, walks;  // of the first pass, TLBs empty at its start
};

struct workload {
  const char* name;
  struct trace trace;
  struct result plain;  // the yardstick's
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

// The machines that are measured: the two engines' counts of misses must be equal on each.
static const struct {
  const char* title;
  enum paging_mode mode;
  bool small;  // without second level, walk caches and timing caches
} machines[] = {{"small: L1 TLBs alone, 32-bit paging", MODE_32BIT, true},
                {"default: second level, walk caches, L1D and L2, 32-bit paging", MODE_32BIT, false},
                {"default, 4-level paging", MODE_4LEVEL, false}};

static struct config machine_config(size_t i) {
  struct error err;
  struct config config;
  config_default(&config);
  config.mode = machines[i].mode;
  if (!config_set(&config, "ram.mib=1024", &err)) die(err.text);
  if (!machines[i].small) return config;
  config.stlb.sets = 0;
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 0;
  config.cache.l1d.sets = config.cache.l2.sets = 0;
  return config;
}

static void measure(const struct workload* workload, const struct config* config) {
  const struct trace* trace = &workload->trace;
  const struct result* plain = &workload->plain;
  struct result model = engine_result(ENGINE_MODEL, config, trace);
  struct result rtl = engine_result(ENGINE_RTL, config, trace);
  bool same = model.itlb_misses == rtl.itlb_misses && model.dtlb_misses == rtl.dtlb_misses;
  printf("%-28.28s %9zu %9.1f %9.1f %9.2f %9.3f %9.4f %6.2f%%%s\n", workload->name, trace->count,
         plain->per_second / 1e6, model.per_second / 1e6, rtl.per_second / 1e6, model.per_second / plain->per_second,
         rtl.per_second / plain->per_second, 100.0 * (double)rtl.walks / (double)trace->count,
         same ? "" : "  model and RTL count differently!");
  fflush(stdout);
}

// `file`, or the generated one if NULL.
static void load(struct workload* workload, const char* yardstick, const char* file) {
  struct error err;
  struct trace_options options = {0};
  const char* slash = file ? strrchr(file, '/') : NULL;
  workload->name = !file ? "uniform, 100,000 pages" : slash ? slash + 1 : file;
  bool loaded = file ? trace_load(&workload->trace, file, &options, &err)
                     : trace_generate(&workload->trace, "uniform:pages=100000,refs=1000000", 1, NULL, &err);
  if (!loaded || !trace_fit(&workload->trace, MODE_32BIT, false, NULL, &err)) die(err.text);
  workload->plain = yardstick_result(yardstick, &workload->trace);
}

int main(int argc, char** argv) {
  static struct workload workloads[WORKLOADS];
  if (argc < 2 || argc - 1 > WORKLOADS) die("usage: bench YARDSTICK TRACE... (at most 15)");
  size_t count = (size_t)argc - 1;
  for (size_t i = 0; i < count; i++) load(&workloads[i], argv[1], i + 2 < (size_t)argc ? argv[i + 2] : NULL);
  printf("million accesses a second, best of %d passes; every page is mapped beforehand\n", PASSES);
  for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
    struct config config = machine_config(m);
    printf("\n%s\n%-28s %9s %9s %9s %9s %9s %9s %7s\n", machines[m].title, "workload", "accesses", "yardstick", "model",
           "rtl", "model/y", "rtl/y", "walks");
    for (size_t i = 0; i < count; i++) measure(&workloads[i], &config);
  }
  for (size_t i = 0; i < count; i++) trace_free(&workloads[i].trace);
  return 0;
}
