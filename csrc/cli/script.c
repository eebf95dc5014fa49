// SPDX-License-Identifier: MIT
// pagewalk script: runs MMU scripts (docs/scripts.md).
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "script/script.h"

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  char** files;
  size_t file_count;
};

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  (void)arg;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->machine;
      state->child_inputs[1] = &in->engine;
      return 0;
    case ARGP_KEY_ARGS:
      in->files = state->argv + state->next;
      in->file_count = (size_t)(state->argc - state->next);
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "which script? Give at least one FILE");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{.argp = &cli_machine_argp}, {.argp = &cli_engine_argp}, {0}};
static const struct argp argp = {
    .parser = parse,
    .args_doc = "FILE...",
    .doc =
        "Run MMU scripts: the hardware alone, without an operating system. Every operation prints its outcome, path, "
        "entries read and cycles. Scripts with expectations (=>) are tests: the run closes with `N passed, N failed` "
        "and fails if one did. Each script starts on a machine of its own, with paging off, empty TLBs and zeroed "
        "memory; its `set` lines come after --config and --set. The language: docs/scripts.md.\v"
        "Example:\n"
        "  pagewalk script --engine model tests/timelines/hit.mmu",
    .children = children};

static bool run_script(const struct script* script, const struct inputs* in, struct script_totals* totals,
                       struct error* err) {
  struct bench bench;
  if (!script_open_bench(script, &bench, in->engine, err)) return error_prefix(err, "%s", script->name);
  if (in->file_count > 1) printf("%s\n", script->name);
  bool ok = script_run(script, &bench, stdout, totals, err);
  bench_close(&bench);
  return ok;
}

// Every file is parsed before the first operation of any is run.
static bool run_all(const struct inputs* in, struct script* scripts, struct script_totals* totals, struct error* err) {
  struct config config;
  if (!cli_machine_config(&in->machine, &config, err)) return false;
  for (size_t i = 0; i < in->file_count; i++)
    if (!script_load(&scripts[i], in->files[i], &config, err)) return false;
  for (size_t i = 0; i < in->file_count; i++)
    if (!run_script(&scripts[i], in, totals, err)) return false;
  return true;
}

int cli_script(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL};
  struct script_totals totals = {0};
  struct error err;
  cli_parse(&argp, argc, argv, &in);
  struct script* scripts = calloc(in.file_count, sizeof *scripts);
  if (!scripts) {
    error_set(&err, "out of memory");
    return cli_fail(&err);
  }
  bool ok = run_all(&in, scripts, &totals, &err);
  for (size_t i = 0; i < in.file_count; i++) script_free(&scripts[i]);
  free(scripts);
  if (!ok) {
    fflush(stdout);
    return cli_fail(&err);
  }
  if (totals.passed + totals.failed) printf("%" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed, totals.failed);
  return totals.failed ? CLI_FAILED : CLI_OK;
}
