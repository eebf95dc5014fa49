// SPDX-License-Identifier: MIT
// Ledger A10: transparency, efficiency, protection, sharing: four goals, four tests.
#include <inttypes.h>
#include <string.h>

#include "cli/scenario.h"

#define WORK "sort 300"

static void options_for(struct cli_programs* options, const char* first, const char* second, const char* third) {
  cli_programs_default(options);
  options->quantum = 5000;
  const char* const commands[] = {first, second, third};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (commands[i]) options->commands[options->count++] = commands[i];
}

// The program prints the same alone and among others, which take turns with it.
static bool transparency(const struct scenario* scenario, struct error* err) {
  static struct scenario_run alone, among;
  struct cli_programs options;
  options_for(&options, WORK, NULL, NULL);
  if (!scenario_execute(scenario, scenario->config, &options, &alone, err)) return false;
  options_for(&options, WORK, "sieve 500", "hash 500");
  if (!scenario_execute(scenario, scenario->config, &options, &among, err)) return false;
  if (!*alone.output || !strstr(among.output, alone.output))
    return error_set(err, "`%s' printed something else among other programs", WORK);
  scenario_heading(scenario, "Transparency: a program does not notice the others");
  fprintf(scenario->out, "  %s", alone.output);
  scenario_say(scenario,
               "`%s' printed that alone, and the same among two others, with %" PRIu64 " switches between them.", WORK,
               among.report.os.switches);
  return true;
}

static uint64_t translation(const struct report* r) { return r->cycles.stlb + r->cycles.walk + r->cycles.ad_update; }

// What paging costs over a machine without translation, in cycles and in memory.
static bool efficiency(const struct scenario* scenario, struct error* err) {
  static struct scenario_run paged, plain;
  struct cli_programs options;
  options_for(&options, WORK, NULL, NULL);
  if (!scenario_execute(scenario, scenario->config, &options, &paged, err)) return false;
  options.sharing = KERNEL_SHARE_ALONE;
  if (!scenario_execute(scenario, scenario->config, &options, &plain, err)) return false;
  uint64_t process = paged.report.os.frames_process_peak;
  scenario_heading(scenario, "Efficiency: what translation takes, in time and in memory");
  scenario_say(
      scenario,
      "Of the program's own cycles, without the kernel's, %.3f %% are translation; without paging %.3f %%. Its "
      "%" PRIu64 " pages were at most in %" PRIu64 " KiB of memory; alone in the machine it is given %" PRIu64
      " KiB, used or not.",
      100 * (double)translation(&paged.report) /
          (double)(paged.report.cycles.base + paged.report.cycles.data + translation(&paged.report)),
      100 * (double)translation(&plain.report) /
          (double)(plain.report.cycles.base + plain.report.cycles.data + translation(&plain.report)),
      process, process * 4, options.process_bytes >> 10);
  return true;
}

// One process writes where it must not, another watches its own memory.
static bool protection(const struct scenario* scenario, struct error* err) {
  static struct scenario_run run;
  struct cli_programs options;
  options_for(&options, "guard", "wild-store 0xc0000000", NULL);
  if (!scenario_execute(scenario, scenario->config, &options, &run, err)) return false;
  char guard[NARRATE_TEXT_MAX], wild[NARRATE_TEXT_MAX];
  scenario_heading(scenario, "Protection: nobody reaches another's memory, nor the kernel's");
  scenario_say(scenario, "A program that writes at c0000000 %s; one that watches its own memory meanwhile %s.",
               narrate_status(run.program.processes[1].status, wild),
               narrate_status(run.program.processes[0].status, guard));
  return true;
}

struct placed {
  uint64_t code[2], data[2];
};

static bool place(struct execution* run, struct placed* placed, struct error* err) {
  const struct kernel* kernel = machine_kernel(run->machine);
  const struct kernel_program* program = &run->programs.list[programs_named(&run->programs, "switcher")];
  bool ok = program->segment_count >= 2;
  for (int i = 0; ok && i < 2; i++) {
    ok = kernel_translate(kernel, run->pids[i], 0, &placed->code[i]) &&
         kernel_translate(kernel, run->pids[i], UINT32_C(0x40000000), &placed->data[i]);
  }
  return ok || error_set(err, "switcher is not in memory where segments put it");
}

// Two processes of one program have its code in common, and nothing else.
static bool sharing(const struct scenario* scenario, struct error* err) {
  struct execution run;
  struct cli_programs options;
  struct placed placed;
  enum machine_end end;
  options_for(&options, "switcher 2 50", "switcher 2 50", NULL);
  options.sharing = KERNEL_SHARE_SEGMENTS;
  struct execution_params params = {.config = scenario->config, .options = &options, .engine = scenario->engine};
  bool ok = execution_open(&run, &params, err) && execution_run(&run, 3000, UINT64_MAX, &end, err) &&
            place(&run, &placed, err);
  execution_close(&run);
  if (!ok) return false;
  scenario_heading(scenario, "Sharing: on purpose, and only on purpose");
  scenario_say(scenario,
               "Two processes of one program, with segments: their code lies at %08" PRIx64 " and %08" PRIx64
               " of the memory, their data at %08" PRIx64 " and %08" PRIx64 ".",
               placed.code[0], placed.code[1], placed.data[0], placed.data[1]);
  return true;
}

bool scenario_goals(const struct scenario* scenario, struct error* err) {
  return transparency(scenario, err) && efficiency(scenario, err) && protection(scenario, err) &&
         sharing(scenario, err);
}
