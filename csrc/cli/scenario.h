// SPDX-License-Identifier: MIT
// Scenarios of `pagewalk os`: programs run for what they show. One file each, csrc/cli/scenario_NAME.c, with one
// function, listed in os.c. Every figure that a scenario prints comes from its runs.
#ifndef PAGEWALK_CLI_SCENARIO_H
#define PAGEWALK_CLI_SCENARIO_H

#include "cli/execution.h"

struct scenario {
  const struct config* config;  // the machine that was asked for
  enum engine_kind engine;
  FILE* out;
  struct colours colours;
};

// False with a message if it can't be shown.
typedef bool scenario_fn(const struct scenario* scenario, struct error* err);
scenario_fn scenario_five_references, scenario_layout, scenario_protection, scenario_switch_cost, scenario_fork,
    scenario_goals, scenario_sharing;

// A run to the end, or to the limit of instructions that `options` hold. `config` may be the scenario's or a changed
// one.
struct scenario_run {
  struct report report;
  struct report_program program;  // report.program points at it
  enum machine_end end;
  char output[2048];  // what the programs wrote, as much as fits
};
bool scenario_execute(const struct scenario* scenario, const struct config* config, const struct cli_programs* options,
                      struct scenario_run* run, struct error* err);

// A heading, and a paragraph of plain words, folded at 80 columns.
void scenario_heading(const struct scenario* scenario, const char* text);
void scenario_say(const struct scenario* scenario, const char* format, ...) __attribute__((format(printf, 2, 3)));

#endif
