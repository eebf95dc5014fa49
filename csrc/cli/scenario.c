// SPDX-License-Identifier: MIT
#include "cli/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool scenario_execute(const struct scenario* scenario, const struct config* config, const struct cli_programs* options,
                      struct scenario_run* run, struct error* err) {
  struct execution execution;
  memset(run, 0, sizeof *run);
  FILE* output = fmemopen(run->output, sizeof run->output - 1, "w");
  if (!output) return error_set(err, "the host has no memory for a program's output");
  struct execution_params params = {.config = config, .options = options, .engine = scenario->engine, .output = output};
  bool ok = execution_open(&execution, &params, err) &&
            execution_run(&execution, options->max_instructions, UINT64_MAX, &run->end, err) &&
            execution_measure(&execution, &run->report, err);
  run->program = execution.report;
  run->report.program = &run->program;
  execution_close(&execution);
  fclose(output);
  return ok;
}

void scenario_heading(const struct scenario* scenario, const char* text) {
  fprintf(scenario->out, "\n%s%s%s\n", scenario->colours.bold, text, scenario->colours.off);
}

enum { COLUMNS = 80 };

void scenario_say(const struct scenario* scenario, const char* format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  size_t column = 0;
  for (const char* word = text; *word;) {
    size_t length = strcspn(word, " ");
    if (column && column + 1 + length > COLUMNS) {
      fputc('\n', scenario->out);
      column = 0;
    }
    column += (size_t)fprintf(scenario->out, "%s%.*s", column ? " " : "", (int)length, word);
    word += length;
    word += strspn(word, " ");
  }
  fputc('\n', scenario->out);
}
