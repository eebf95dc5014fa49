// SPDX-License-Identifier: MIT
// bench-core PROGRAM.elf...: instructions per second of the i386 core alone (bench/flat.h). Time is the CPU time of
// this process; best of five passes each.
#include <stdio.h>
#include <string.h>

#include "flat.h"

enum { PASSES = 5, RUNS = 20 };

static void bench(struct flat* flat, const char* path) {
  struct error err;
  struct elf elf;
  if (!elf_read(&elf, path, 0, &err)) die(err.text);
  struct core* core = core_create(&flat_bus, flat);
  if (!core) die("out of memory");
  double best = 0, references = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    uint64_t before = core->instructions;
    flat->references = 0;
    double start = cpu_seconds();
    for (int run = 0; run < RUNS; run++) flat_run(core, &elf, 0, NULL);
    double done = (double)(core->instructions - before), rate = done / (cpu_seconds() - start);
    references = (double)flat->references / done;
    if (rate > best) best = rate;
  }
  const char* name = strrchr(path, '/');
  printf("%-24s %8.1f million instructions/s, %.2f references each\n", name ? name + 1 : path, best / 1e6, references);
  core_destroy(core);
  elf_free(&elf);
}

int main(int argc, char** argv) {
  struct flat flat;
  flat_open(&flat);
  if (argc < 2) die("which programs?");
  for (int i = 1; i < argc; i++) bench(&flat, argv[i]);
  return 0;
}
