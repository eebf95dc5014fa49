// SPDX-License-Identifier: MIT
// pagewalk-sweep: every combination of entry bits, control bits and accesses, served in every way, judged. Used by
// `make sweep-access` and `make test-long`.
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "cli/cli.h"
#include "fuzz/sweep.h"

struct inputs {
  enum engine_kind engine;
  uint64_t stride, start;
};

static const struct argp_option options[] = {
    {"stride", 's', "N", 0, "look at every N-th combination only (default 1: at all)", 0},
    {"start", 'b', "N", 0, "begin with combination N (default 0)", 0},
    {0}};

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->engine;
      return 0;
    case 's':
      in->stride = cli_number_option(state, "--stride", arg);
      if (!in->stride) argp_error(state, "--stride: 0 leads nowhere; 1 looks at all");
      return 0;
    case 'b':
      in->start = cli_number_option(state, "--start", arg);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{.argp = &cli_engine_argp}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc =
        "Every combination of entry bits, control bits, access and privilege in every mode, each served cold, by an L1 "
        "hit, by a second-level hit and through a walk cache. The judge decides what is right.\v"
        "Example:\n  pagewalk-sweep --engine both --stride 1009",
    .children = children};

static void on_progress(void* ctx, uint64_t looked_at, uint64_t all) {
  cli_progress(ctx, "sweep: %.1f %%", 100 * (double)looked_at / (double)all);
}

static void tell(const struct inputs* in, const struct sweep_result* r) {
  char text[NUMBER_TEXT_MAX];
  printf("sweep of access rights, engine %s: %s combinations", engine_kind_name(in->engine),
         number_text(r->combinations, text));
  if (in->stride > 1) printf(" (every %s of all)", number_text(in->stride, text));
  printf(", %s accesses without a fault", number_text(r->ok, text));
  printf(" and %s with one", number_text(r->faults, text));
  for (int way = 0; way < SWEEP_WAYS; way++) printf("; %s %s", number_text(r->ways[way], text), sweep_way_names[way]);
  printf("%s\n", r->interrupted ? " (interrupted)" : ": all as the rules say");
}

int main(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_BOTH, .stride = 1};
  struct cli_progress progress = {0};
  struct sweep_result result;
  struct error err;
  cli_parse(&argp, argc, argv, &in);
  const struct sweep_options sweep = {.engine = in.engine,
                                      .stride = in.stride,
                                      .start = in.start,
                                      .interrupt = cli_interrupt(),
                                      .progress = on_progress,
                                      .progress_ctx = &progress};
  bool ok = sweep_run(&sweep, &result, &err);
  cli_progress_end(&progress);
  if (!ok) return cli_fail(&err);
  tell(&in, &result);
  return result.interrupted ? CLI_INTERRUPTED : CLI_OK;
}
