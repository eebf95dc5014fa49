// SPDX-License-Identifier: MIT
// Ledger C13: the fork demo of note 001, with the kernel's own account of it.
#include <inttypes.h>
#include <string.h>

#include "cli/scenario.h"

bool scenario_fork(const struct scenario* scenario, struct error* err) {
  struct cli_programs options;
  struct execution run;
  struct report report = {.format = ""};
  enum machine_end end;
  cli_programs_default(&options);
  options.commands[options.count++] = "fork";
  struct execution_params params = {.config = scenario->config,
                                    .options = &options,
                                    .engine = scenario->engine,
                                    .narrate = NARRATE_PROCESSES,
                                    .narration = scenario->out,
                                    .output = scenario->out};
  scenario_heading(scenario, "fork: one program, two processes. What they print, and what the kernel does, by cycles");
  fprintf(scenario->out, "\n");
  bool ok = execution_open(&run, &params, err) &&
            execution_run(&run, options.max_instructions, UINT64_MAX, &end, err) &&
            execution_measure(&run, &report, err) && execution_succeeded(&run, err);
  execution_close(&run);
  if (!ok) return false;
  fprintf(scenario->out, "\n");
  scenario_say(
      scenario,
      "Both printed the same address, and each its own value: the child has a copy of the whole memory, at the "
      "same addresses, in other frames (%" PRIu64 " frames of processes at the most). %zu processes, %" PRIu64
      " system calls, %" PRIu64 " page faults.",
      report.os.frames_process_peak, run.report.process_count, report.os.calls,
      report.os.faults_minor + report.os.faults_major);
  return true;
}
