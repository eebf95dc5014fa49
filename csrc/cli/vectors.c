// SPDX-License-Identifier: MIT
// pagewalk vectors: replays case files (tests/cases/README.md).
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"
#include "script/cases.h"

struct inputs {
  enum engine_kind engine;
  char** files;
  size_t file_count;
};

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  (void)arg;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->engine;
      return 0;
    case ARGP_KEY_ARGS:
      in->files = state->argv + state->next;
      in->file_count = (size_t)(state->argc - state->next);
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "which cases? Give at least one FILE");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{.argp = &cli_engine_argp}, {0}};
static const struct argp argp = {
    .parser = parse,
    .args_doc = "FILE...",
    .doc =
        "Replay case files on an engine: inputs whose answers were computed by other programs. Prints each mismatch, "
        "then `N passed, N failed`.\v"
        "Example:\n"
        "  pagewalk vectors --engine model tests/cases/x86/la48.txt tests/cases/segmentation.txt",
    .children = children};

int cli_vectors(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL};
  struct case_totals totals = {0};
  struct error err;
  bool ok = true;
  cli_parse(&argp, argc, argv, &in);
  for (size_t i = 0; i < in.file_count; i++) {
    if (cases_replay(in.files[i], in.engine, stdout, &totals, &err)) continue;
    ok = false;
    fflush(stdout);
    cli_fail(&err);
  }
  if (totals.passed + totals.failed) printf("%" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed, totals.failed);
  return ok && !totals.failed ? CLI_OK : CLI_FAILED;
}
