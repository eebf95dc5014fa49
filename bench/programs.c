// SPDX-License-Identifier: MIT
// bench-programs: instructions per second of programs on the whole machine (core, MMU, memory, kernel), on both
// engines, beside the core alone with its memory stubbed. The default machine, 32-bit paging. CPU time of this process,
// best of three passes; a pass is a run from the program's first instruction to its end.
#include <stdio.h>
#include <string.h>

#include "cli/execution.h"
#include "flat.h"

enum { PASSES = 3, ARGUMENTS = 8 };

static const char* const commands[] = {"sort 5000", "sieve 30000", "matrix 96", "hash", "store"};

struct speed {
  double per_second, references, cycles;  // the last two by instruction
  uint64_t instructions;
};

static struct speed machine_speed(enum engine_kind engine, const char* command) {
  struct config config;
  struct cli_programs options;
  struct error err;
  struct speed speed = {0};
  config_default(&config);
  cli_programs_default(&options);
  options.commands[options.count++] = command;
  struct execution_params params = {.config = &config, .options = &options, .engine = engine};
  for (int pass = 0; pass < PASSES; pass++) {
    static struct execution run;
    struct report report = {.format = ""};
    enum machine_end end;
    if (!execution_open(&run, &params, &err)) die(err.text);
    double start = cpu_seconds();
    bool ran = execution_run(&run, UINT64_MAX, UINT64_MAX, &end, &err);
    double took = cpu_seconds() - start;
    if (!ran || !execution_succeeded(&run, &err) || !execution_measure(&run, &report, &err)) die(err.text);
    double done = (double)run.report.instructions;
    if (done / took > speed.per_second) speed.per_second = done / took;
    speed.instructions = run.report.instructions;
    speed.references = (double)report.process.refs / done;
    speed.cycles = (double)report_cycles(&report) / done;
    execution_close(&run);
  }
  return speed;
}

static double core_speed(struct flat* flat, const char* command) {
  struct programs programs;
  struct error err;
  char text[256];
  const char* argv[ARGUMENTS];
  unsigned number;
  snprintf(text, sizeof text, "%s", command);
  int argc = programs_words(text, argv, ARGUMENTS, &err);
  if (argc < 1 || !programs_open(&programs, &err) || !programs_find(&programs, argv[0], &number, &err)) die(err.text);
  struct core* core = core_create(&flat_bus, flat);
  if (!core) die("out of memory");
  double best = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    uint64_t before = core->instructions;
    double start = cpu_seconds();
    if (flat_run(core, programs_elf(&programs, number), argc, argv) != 0) die("a program failed on the core alone");
    double rate = (double)(core->instructions - before) / (cpu_seconds() - start);
    if (rate > best) best = rate;
  }
  core_destroy(core);
  programs_close(&programs);
  return best;
}

int main(void) {
  struct flat flat;
  flat_open(&flat);
  printf("\nprograms: million instructions a second, best of %d passes\n%-16s %12s %8s %8s %9s %9s %9s %8s %8s\n",
         PASSES, "program", "instructions", "refs", "cycles", "core", "model", "rtl", "model/c", "rtl/c");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    double core = core_speed(&flat, commands[i]);
    struct speed model = machine_speed(ENGINE_MODEL, commands[i]), rtl = machine_speed(ENGINE_RTL, commands[i]);
    printf("%-16s %12llu %8.2f %8.2f %9.1f %9.1f %9.2f %8.2f %8.3f\n", commands[i],
           (unsigned long long)model.instructions, model.references, model.cycles, core / 1e6, model.per_second / 1e6,
           rtl.per_second / 1e6, model.per_second / core, rtl.per_second / core);
    fflush(stdout);
  }
  return 0;
}
