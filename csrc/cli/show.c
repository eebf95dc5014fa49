// SPDX-License-Identifier: MIT
// pagewalk show: what an operating system knows of its processes, at a chosen moment of a run.
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "cli/cli.h"
#include "cli/execution.h"
#include "report/tables.h"

enum view { VIEW_MAPS, VIEW_PAGETABLE, VIEW_TOP, VIEWS };
static const char* const view_names[] = {
    [VIEW_MAPS] = "maps", [VIEW_PAGETABLE] = "pagetable", [VIEW_TOP] = "top", NULL};

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  struct cli_programs programs;
  uint64_t frames;
  enum view view;
  bool at_given, instructions_given;
  uint64_t at, instructions;
};

enum { OPTION_AT = 256, OPTION_INSTRUCTIONS };

static const struct argp_option options[] = {
    {0, 0, 0, 0, "The programs:", 1},
    {0, 0, 0, 0, "The moment (one of these two):", 5},
    {"at", OPTION_AT, "CYCLE", 0, "this cycle of the run", 5},
    {"at-instructions", OPTION_INSTRUCTIONS, "N", 0, "when N instructions are completed, of all processes together", 5},
    {0, 0, 0, 0, "The machine:", 10},
    {0}};

static void parse_view(struct inputs* in, const char* arg, const struct argp_state* state) {
  in->view = 0;
  while (in->view < VIEWS && strcmp(arg, view_names[in->view]) != 0) in->view++;
  if (in->view < VIEWS) return;
  const char* near = error_suggest(arg, view_names);
  if (near) argp_error(state, "there is nothing called '%s' to show; did you mean '%s'?", arg, near);
  argp_error(state, "there is nothing called '%s' to show; it is maps, pagetable or top", arg);
}

// The first word is the view, whatever follows are a program's arguments.
static void parse_words(struct inputs* in, const struct argp_state* state) {
  parse_view(in, state->argv[state->next], state);
  in->programs.words = state->argv + state->next + 1;
  in->programs.word_count = (size_t)(state->argc - state->next - 1);
}

static void check(const struct inputs* in, const struct argp_state* state) {
  if (in->view == VIEWS) argp_error(state, "show what? maps, pagetable or top");
  if (!in->programs.count) argp_error(state, "of which program? add --program NAME");
  if (in->at_given == in->instructions_given) argp_error(state, "when? give --at CYCLE or --at-instructions N");
  if (in->instructions_given && in->instructions > in->programs.max_instructions)
    argp_error(state, "--at-instructions: --max-instructions ends the run before that");
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  void* const inputs[] = {&in->machine, &in->engine, &in->programs, &in->frames};
  switch (key) {
    case ARGP_KEY_INIT:
      memcpy(state->child_inputs, inputs, sizeof inputs);
      return 0;
    case OPTION_AT:
      in->at = cli_number_option(state, "--at", arg);
      in->at_given = true;
      return 0;
    case OPTION_INSTRUCTIONS:
      in->instructions = cli_number_option(state, "--at-instructions", arg);
      in->instructions_given = true;
      return 0;
    case ARGP_KEY_ARGS:
      parse_words(in, state);
      return 0;
    case ARGP_KEY_END:
      check(in, state);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&cli_machine_argp, 0, NULL, 0},
                                             {&cli_engine_argp, 0, NULL, 0},
                                             {&cli_programs_argp, 0, NULL, 0},
                                             {&cli_frames_argp, 0, NULL, 0},
                                             {0}};

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "maps|pagetable|top [ARGUMENT...]",
    .doc =
        "Runs programs up to a moment and shows, for every process there is then, its memory (maps), the entries of "
        "its page table (pagetable), or what it has done so far (top).\v"
        "Examples:\n"
        "  pagewalk show maps --program \"sort 1000\" --at-instructions 5000\n"
        "  pagewalk show top --program \"sort 1000\" --program sieve --at 200000\n",
    .children = children};

// --- telling ---------------------------------------------------------------------------------------------------------

static bool check_moment(const struct inputs* in, const struct execution* run, enum machine_end end,
                         struct error* err) {
  char instructions[NUMBER_TEXT_MAX], cycles[NUMBER_TEXT_MAX];
  uint64_t most = in->programs.max_instructions;
  number_text(machine_instructions(run->machine), instructions);
  if (end == MACHINE_LIMIT && in->at_given && execution_now(run) < in->at && machine_instructions(run->machine) >= most)
    return error_set(err, "cycle %" PRIu64 " was not reached in %s instructions: raise --max-instructions", in->at,
                     instructions);
  if (end == MACHINE_LIMIT) return true;
  number_text(execution_now(run), cycles);
  if (end == MACHINE_HALTED) return error_set(err, "interrupted after %s instructions", instructions);
  return error_set(err, "the programs ended before that, after %s instructions and %s cycles", instructions, cycles);
}

static void tell(const struct inputs* in, struct execution* run) {
  char instructions[NUMBER_TEXT_MAX], cycles[NUMBER_TEXT_MAX];
  struct colours colours = term_colours(stdout);
  printf("%sAfter %s instructions, in cycle %s%s\n", colours.dim,
         number_text(machine_instructions(run->machine), instructions), number_text(execution_now(run), cycles),
         colours.off);
  struct tables tables = {.machine = run->machine, .out = stdout, .colours = colours};
  switch (in->view) {
    case VIEW_MAPS:
      tables_maps(&tables);
      break;
    case VIEW_PAGETABLE:
      tables_pagetables(&tables);
      break;
    default:
      tables_top(&tables);
  }
}

static bool show(struct inputs* in, struct execution* run, const struct config* config, struct error* err) {
  struct execution_params params = {.config = config, .options = &in->programs, .engine = in->engine};
  enum machine_end end;
  uint64_t instructions = in->instructions_given ? in->instructions : in->programs.max_instructions;
  uint64_t until = in->at_given ? in->at : UINT64_MAX;
  if (!execution_open(run, &params, err) || !execution_run(run, instructions, until, &end, err)) return false;
  if (!check_moment(in, run, end, err)) return false;
  tell(in, run);
  return true;
}

int cli_show(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL, .view = VIEWS};
  struct config config;
  struct execution run;
  struct error err;
  cli_programs_default(&in.programs);
  cli_parse(&argp, argc, argv, &in);
  if (!cli_machine_config(&in.machine, &config, &err)) return cli_fail(&err);
  if (in.frames) config.ram.frames = in.frames;
  if (!config_validate(&config, &err)) return cli_fail(&err);
  bool ok = show(&in, &run, &config, &err);
  execution_close(&run);
  return ok ? CLI_OK : cli_fail(&err);
}
