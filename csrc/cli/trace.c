// SPDX-License-Identifier: MIT
// The options that make a process of a trace.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { OPTION_FORMAT = 1024, OPTION_SKIP, OPTION_COUNT, OPTION_PAGING, OPTION_STRICT };

static const struct argp_option options[] = {
    {"trace", 't', "FILE|-", 0, "a recorded trace, compressed or not; - reads standard input", 2},
    {"generate", 'g', "SPEC", 0, "a made-up one, as in uniform:pages=4096,refs=1000000", 2},
    {"format", OPTION_FORMAT, "NAME", 0, "of the trace: lackey, din or binary (default: what its content tells)", 2},
    {"skip", OPTION_SKIP, "N", 0, "leave out the first N references", 2},
    {"count", OPTION_COUNT, "N", 0, "play and count at most N references", 2},
    {"strict", OPTION_STRICT, 0, 0, "refuse addresses that don't fit the mode, instead of folding them", 2},
    {"paging", OPTION_PAGING, "WHEN", 0,
     "demand: pages come as they are touched (default); eager: all are mapped before the clock starts", 2},
    {0}};

static void parse_format(struct cli_trace* in, const char* arg, const struct argp_state* state) {
  struct error err;
  if (!trace_format_parse(arg, &in->load.format, &err)) argp_error(state, "--format: %s", err.text);
}

static void parse_paging(struct cli_trace* in, const char* arg, const struct argp_state* state) {
  in->eager = strcmp(arg, "eager") == 0;
  if (!in->eager && strcmp(arg, "demand") != 0) argp_error(state, "--paging: '%s' is neither demand nor eager", arg);
}

static error_t parse_only(struct cli_trace* in, int key, char* arg, const struct argp_state* state) {
  switch (key) {
    case OPTION_FORMAT:
      in->only_traces = "--format";
      parse_format(in, arg, state);
      return 0;
    case OPTION_SKIP:
      in->only_traces = "--skip";
      in->load.skip = cli_number_option(state, "--skip", arg);
      return 0;
    case OPTION_COUNT:
      in->only_traces = "--count";
      in->load.count = cli_number_option(state, "--count", arg);
      if (!in->load.count) argp_error(state, "--count: 0 leaves nothing to run");
      return 0;
    case OPTION_STRICT:
      in->only_traces = "--strict";
      in->strict = true;
      return 0;
    case OPTION_PAGING:
      in->only_traces = "--paging";
      parse_paging(in, arg, state);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct cli_trace* in = state->input;
  switch (key) {
    case 't':
      in->file = arg;
      return 0;
    case 'g':
      in->specification = arg;
      return 0;
    default:
      return parse_only(in, key, arg, state);
  }
}

const struct argp cli_trace_argp = {.options = options, .parser = parse};

bool cli_trace_load(const struct cli_trace* in, uint64_t seed, struct trace* trace, struct error* err) {
  return in->file ? trace_load(trace, in->file, &in->load, err)
                  : trace_generate(trace, in->specification, seed, &in->load, err);
}
