// SPDX-License-Identifier: MIT
// Programs on a machine.
#include "programs/shared_run.h"

#include "check.h"

enum { FRAMES = 1024, PROCESS_BYTES = 256 * 1024, QUANTUM = 100000, INSTRUCTIONS_MAX = 50000000 };

void shared_run(struct shared_run* run) {
  static struct execution execution;
  struct error err;
  struct config config;
  enum machine_end end;
  config_default(&config);
  struct cli_programs options;
  cli_programs_default(&options);
  options.sharing = run->sharing;
  options.process_bytes = run->process_bytes ? run->process_bytes : PROCESS_BYTES;
  options.quantum = run->quantum ? run->quantum : QUANTUM;
  while (run->commands[options.count]) {
    options.commands[options.count] = run->commands[options.count];
    options.count++;
  }
  config.ram.frames = run->frames ? run->frames : FRAMES;
  FILE* output = open_memstream(&run->output, &run->length);
  assert_non_null(output);
  struct execution_params params = {
      .config = &config, .options = &options, .engine = run->both ? ENGINE_BOTH : ENGINE_MODEL, .output = output};
  if (!execution_open(&execution, &params, &err)) fail_msg("%s", err.text);
  if (!execution_run(&execution, INSTRUCTIONS_MAX, UINT64_MAX, &end, &err)) fail_msg("%s", err.text);
  if (end != MACHINE_DONE) fail_msg("%s does not end", run->commands[0]);
  run->report = execution.report;
  kernel_stats(machine_kernel(execution.machine), &run->stats);
  execution_close(&execution);
  fclose(output);
}

int shared_end(const struct shared_run* run, int pid) {
  for (size_t i = 0; i < run->report.process_count; i++) {
    const struct report_process* process = &run->report.processes[i];
    if (process->pid != pid) continue;
    assert_true(process->ended);
    return process->status & 0x7f ? -(int)(process->status & 0x7f) : (int)(process->status >> 8);
  }
  fail_msg("there is no process %d", pid);
  return 0;
}
