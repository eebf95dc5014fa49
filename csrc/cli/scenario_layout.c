// SPDX-License-Identifier: MIT
// Ledger A9: the quiz of note 003. The program prints the addresses; the process's map, taken shortly before it ends,
// says what lives there.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario.h"
#include "report/tables.h"

enum { BEFORE_THE_END = 20, ANSWERS_MAX = 16 };

struct answer_line {
  char name[16];
  uint64_t address;
  const char* where;
};

struct quiz {
  struct answer_line answers[ANSWERS_MAX];
  size_t count;
  uint64_t kernel;  // where its part begins
};

// Lines such as "main 0x1010".
static void read_output(struct quiz* quiz, char* output) {
  for (char* line = strtok(output, "\n"); line && quiz->count < ANSWERS_MAX; line = strtok(NULL, "\n")) {
    struct answer_line* answer = &quiz->answers[quiz->count];
    if (sscanf(line, "%15s %" SCNx64, answer->name, &answer->address) == 2) quiz->count++;
  }
}

static void place(void* ctx, const struct kernel_vma* vma) {
  struct quiz* quiz = ctx;
  for (size_t i = 0; i < quiz->count; i++)
    if (quiz->answers[i].address >= vma->start && quiz->answers[i].address < vma->end)
      quiz->answers[i].where = *vma->what ? vma->what : "?";
}

static bool look(const struct scenario* scenario, const struct cli_programs* options, uint64_t instructions,
                 struct quiz* quiz, struct error* err) {
  struct execution run;
  enum machine_end end;
  struct execution_params params = {.config = scenario->config, .options = options, .engine = scenario->engine};
  bool ok = execution_open(&run, &params, err) && execution_run(&run, instructions, UINT64_MAX, &end, err);
  if (ok) {
    struct tables tables = {.machine = run.machine, .out = scenario->out, .colours = scenario->colours};
    tables_maps(&tables);
    kernel_vmas(machine_kernel(run.machine), run.pids[0], place, quiz);
    quiz->kernel = kernel_user_end(machine_kernel(run.machine));
  }
  execution_close(&run);
  return ok;
}

static int by_address(const void* a, const void* b) {
  const struct answer_line *x = a, *y = b;
  return (x->address > y->address) - (x->address < y->address);
}

bool scenario_layout(const struct scenario* scenario, struct error* err) {
  struct cli_programs options;
  static struct scenario_run run;
  struct quiz quiz = {.count = 0};
  cli_programs_default(&options);
  options.commands[options.count++] = "quiz";
  if (!scenario_execute(scenario, scenario->config, &options, &run, err)) return false;
  read_output(&quiz, run.output);
  scenario_heading(scenario, "Where do x, main, y, z and *z live? The process's map says it");
  if (!look(scenario, &options, run.program.instructions - BEFORE_THE_END, &quiz, err)) return false;
  qsort(quiz.answers, quiz.count, sizeof *quiz.answers, by_address);
  fprintf(scenario->out, "\n");
  for (size_t i = 0; i < quiz.count; i++)
    fprintf(scenario->out, "  %08" PRIx64 "  %-5s lives in the %s\n", quiz.answers[i].address, quiz.answers[i].name,
            quiz.answers[i].where ? quiz.answers[i].where : "?");
  fprintf(scenario->out, "  %08" PRIx64 "        here the kernel begins\n\n", quiz.kernel);
  scenario_say(scenario,
               "From the lowest address: code, data, heap; the stack at the upper end of the user's part, and "
               "above it, where no user access may go, the kernel, which is in every address space.");
  return true;
}
