// SPDX-License-Identifier: MIT
// Ledger A8: x = x + 3 makes five references. The program `add3` has the note's three instructions between two symbols;
// they are stepped through once with empty TLBs and once more with what that has brought.
#include <inttypes.h>

#include "cli/scenario.h"

enum { REFERENCES_MAX = 16, INSTRUCTIONS = 3, X_IN_FRAME = 8 };

struct pass {
  struct machine_reference references[REFERENCES_MAX];
  size_t count;
  uint32_t before, after;  // x
  uint64_t cycles;
};

static void keep(void* ctx, const struct machine_reference* reference) {
  struct pass* pass = ctx;
  if (pass->count < REFERENCES_MAX) pass->references[pass->count] = *reference;
  pass->count++;
}

// The word that the process has at `va`.
static uint32_t word_at(struct machine* machine, uint32_t va) {
  const struct kernel* kernel = machine_kernel(machine);
  uint64_t pa;
  return kernel_translate(kernel, kernel_current(kernel), va, &pa)
             ? (uint32_t)ram_read_word(machine_ram(machine), pa, 4)
             : 0;
}

static uint32_t x_of(struct execution* run) {
  return word_at(run->machine, machine_registers(run->machine)->reg[CORE_EBP] + X_IN_FRAME);
}

// One instruction after the other until the next one is at `address`.
static bool step_to(struct execution* run, uint32_t address, struct error* err) {
  enum machine_end end = MACHINE_LIMIT;
  do {
    if (!execution_run(run, machine_instructions(run->machine) + 1, UINT64_MAX, &end, err)) return false;
    if (end != MACHINE_LIMIT) return error_set(err, "add3 ended before it came to x = x + 3");
  } while (machine_registers(run->machine)->eip != address);
  return true;
}

static bool watch(struct execution* run, struct pass* pass, struct error* err) {
  enum machine_end end;
  uint64_t start = machine_now(run->machine);
  pass->before = x_of(run);
  machine_on_reference(run->machine, keep, pass);
  if (!execution_run(run, machine_instructions(run->machine) + INSTRUCTIONS, UINT64_MAX, &end, err)) return false;
  machine_on_reference(run->machine, NULL, NULL);
  pass->cycles = machine_now(run->machine) - start;
  pass->after = x_of(run);
  return true;
}

// Its pages are in memory when the function gets there. The first time begins with empty TLBs, the second finds them
// filled.
static bool take_passes(struct execution* run, struct pass* cold, struct pass* warm, struct error* err) {
  uint32_t address;
  unsigned number = programs_named(&run->programs, "add3");
  if (number == run->programs.count || !elf_symbol(programs_elf(&run->programs, number), "x_plus_3", &address))
    return error_set(err, "the program add3 has no symbol x_plus_3: `make' builds it anew");
  if (!step_to(run, address, err)) return false;
  machine_start(run->machine);
  return watch(run, cold, err) && step_to(run, address, err) && watch(run, warm, err);
}

static uint64_t cycles_of(const struct answer* answer) { return answer->cycle - answer->accept + 1 + answer->data; }

static const char* path_of(const struct answer* answer) {
  static const char* const paths[] = {
      [PATH_OFF] = "no paging", [PATH_L1] = "L1 hit", [PATH_STLB] = "second level", [PATH_WALK] = "walk"};
  return paths[answer->path];
}

static void print_reference(const struct scenario* scenario, const struct machine_reference* cold,
                            const struct machine_reference* warm) {
  static const char* const kinds[] = {[ACCESS_READ] = "read", [ACCESS_WRITE] = "write", [ACCESS_FETCH] = "fetch"};
  fprintf(scenario->out, "  %-6s %08" PRIx64 " -> %08" PRIx64 "  %-12s %6" PRIu64 "  %-12s %6" PRIu64 "\n",
          kinds[cold->ref.kind], cold->ref.va, cold->answer.pa, path_of(&cold->answer), cycles_of(&cold->answer),
          path_of(&warm->answer), cycles_of(&warm->answer));
}

static void tell(const struct scenario* scenario, const struct pass* cold, const struct pass* warm) {
  size_t fetches = 0;
  scenario_heading(scenario, "x = x + 3: mov edi,[ebp+8]; add edi,3; mov [ebp+8],edi");
  fprintf(scenario->out, "\n  %s%-6s %8s    %-8s  %-12s %6s  %-12s %6s%s\n", scenario->colours.dim, "", "address",
          "memory", "cold TLB", "cycles", "warm TLB", "cycles", scenario->colours.off);
  for (size_t i = 0; i < cold->count && i < warm->count && i < REFERENCES_MAX; i++) {
    print_reference(scenario, &cold->references[i], &warm->references[i]);
    fetches += cold->references[i].ref.kind == ACCESS_FETCH;
  }
  fprintf(scenario->out, "  %-32s %12s %6" PRIu64 "  %12s %6" PRIu64 "\n\n", "sum", "", cold->cycles, "", warm->cycles);
  scenario_say(
      scenario,
      "%zu references: %zu fetches and %zu of data. x was %" PRIu32 " and became %" PRIu32 ", then %" PRIu32
      ". Each page that the cold TLB does not know costs a walk, once: %" PRIu64 " cycles instead of %" PRIu64 ".",
      cold->count, fetches, cold->count - fetches, cold->before, cold->after, warm->after, cold->cycles, warm->cycles);
}

bool scenario_five_references(const struct scenario* scenario, struct error* err) {
  struct cli_programs options;
  struct execution run;
  struct pass cold = {.count = 0}, warm = {.count = 0};
  cli_programs_default(&options);
  options.commands[options.count++] = "add3 3";
  options.quantum = 0;
  struct execution_params params = {.config = scenario->config, .options = &options, .engine = scenario->engine};
  bool ok = execution_open(&run, &params, err) && take_passes(&run, &cold, &warm, err);
  execution_close(&run);
  if (ok) tell(scenario, &cold, &warm);
  return ok;
}
