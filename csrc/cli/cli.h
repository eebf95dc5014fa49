// SPDX-License-Identifier: MIT
// What the subcommands share: their signature, the options that mean the same everywhere, exit codes, messages.
//
// A subcommand is one file, csrc/cli/NAME.c, with one function cli_NAME, listed in main.c. It declares its own options
// with argp and takes the shared ones as argp children, so that none is defined twice:
//
//   struct inputs { struct cli_machine machine; enum engine_kind engine; };
//   static error_t parse(int key, char* arg, struct argp_state* state) {
//     struct inputs* in = state->input;
//     switch (key) {
//       case ARGP_KEY_INIT:
//         state->child_inputs[0] = &in->machine;
//         state->child_inputs[1] = &in->engine;
//         return 0;
//       ...
//   static const struct argp_child children[] = {{.argp = &cli_machine_argp}, {.argp = &cli_engine_argp}, {0}};
//   static const struct argp argp = {options, parse, "FILE...", "What it does.\vExample:\n  pagewalk ...", children};
//   ...
//   cli_parse(&argp, argc, argv, &in);
//   if (!cli_machine_config(&in.machine, &config, &err)) return cli_fail(&err);
#ifndef PAGEWALK_CLI_CLI_H
#define PAGEWALK_CLI_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/term.h"
#include "config/config.h"
#include "engine/engine.h"
#include "workload/trace.h"

// Exit codes. Usage errors (unknown options, missing arguments) are found by argp, which exits with CLI_USAGE.
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_INTERRUPTED = 130 };

// A subcommand: argv[0] is "pagewalk NAME", for messages; the rest are its arguments. Returns the exit code.
typedef int cli_command_fn(int argc, char** argv);
cli_command_fn cli_tour, cli_run, cli_script, cli_vectors, cli_explain, cli_configs, cli_record, cli_reveal, cli_show,
    cli_os;

// --- arguments -------------------------------------------------------------------------------------------------------

// Parses all arguments into `input`. Exits for --help (0) and on usage errors (2); unknown options get a suggestion.
void cli_parse(const struct argp* argp, int argc, char** argv, void* input);

// A usage error: prints the message and a hint at --help on stderr, exits with CLI_USAGE. For what a parser finds in
// a single argument, argp_error does the same.
_Noreturn void cli_usage(const char* command, const char* format, ...) __attribute__((format(printf, 2, 3)));

// --config NAME|FILE, --set KEY=VALUE (repeatable). Input: struct cli_machine, zeroed.
extern const struct argp cli_machine_argp;
enum { CLI_SETS_MAX = 256 };
struct cli_machine {
  const char* config;              // or NULL: the default machine
  const char* sets[CLI_SETS_MAX];  // in the order given
  size_t set_count;
};
// Loads the config, applies every --set, validates the whole.
bool cli_machine_config(const struct cli_machine* machine, struct config* config, struct error* err);

// --engine rtl|model|both. Input: enum engine_kind, holding the default.
extern const struct argp cli_engine_argp;

// --seed N. Input: uint64_t, holding the default.
extern const struct argp cli_seed_argp;

// --frames N. Input: uint64_t, 0 if the option is not given.
extern const struct argp cli_frames_argp;

// A trace as a process: --trace, --generate, --format, --skip, --count, --paging, --strict. Input: struct cli_trace,
// zeroed.
extern const struct argp cli_trace_argp;
struct cli_trace {
  const char *file, *specification;  // at most one of them should be given
  struct trace_options load;
  bool eager, strict;
  const char* only_traces;  // an option that was given and means nothing without a trace; or NULL
};
// Loads or makes it. False with a message.
bool cli_trace_load(const struct cli_trace* in, uint64_t seed, struct trace* trace, struct error* err);

// A whole number (base/number.h) as an option's argument: anything else is a usage error that names the option.
uint64_t cli_number_option(const struct argp_state* state, const char* option, const char* text);

// --- messages and signals --------------------------------------------------------------------------------------------

// Prints "pagewalk: message" on stderr. Returns CLI_FAILED.
int cli_fail(const struct error* err);

// From the first call on Ctrl-C sets the flag that is returned; a second Ctrl-C ends the program.
const volatile int* cli_interrupt(void);
// When the flag was obeyed and something else goes on: clears it, and the next Ctrl-C is a first one again.
void cli_interrupt_obeyed(void);

// A line on stderr that overwrites itself, at most ten times a second, and only on a terminal. Start it zeroed.
struct cli_progress {
  uint64_t shown_at;  // milliseconds
  bool shown;
};
void cli_progress(struct cli_progress* progress, const char* format, ...) __attribute__((format(printf, 2, 3)));
void cli_progress_end(struct cli_progress* progress);

#endif
