// SPDX-License-Identifier: MIT
// pagewalk-fuzz: random machines and software on both engines in lockstep, under the eyes of the judge. A finding is
// shrunk to a script that can be replayed. Used by `make fuzz`, `make coverage` and `make test-long`.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"
#include "cli/cli.h"
#include "fuzz/campaign.h"
#include "fuzz/shrink.h"

struct inputs {
  enum engine_kind engine;
  const char* geometry;
  const char* out;
  uint64_t seed, count, windows;
  bool coverage, list, replay, core, no_shrink;
  uint64_t holes;
  enum stepping stepping;
  char** files;
  size_t file_count;
};

enum { KEY_LIST = 256, KEY_STEPPING, KEY_OUT, KEY_HOLES, KEY_CORE, KEY_NO_SHRINK };

static const struct argp_option options[] = {
    {"count", 'n', "N", 0, "how many cases (default 100)", 0},
    {"windows", 'w', "N", 0, "how many windows of accesses a case has (default 240)", 0},
    {"geometry", 'g', "NAME", 0, "this machine only (default: all in turn)", 0},
    {"list", KEY_LIST, NULL, 0, "list the machines", 0},
    {"coverage", 'c', NULL, 0, "print the table of functional coverage at the end", 0},
    {"holes", KEY_HOLES, "N", 0, "of the points never reached, print up to N (default 20)", 0},
    {"replay", 'r', NULL, 0, "run scripts (FILE...) instead, judged", 0},
    {"stepping", KEY_STEPPING, "skip|all|random", 0,
     "of a replay: skip the cycles in which nothing happens (default), none of them, or some", 0},
    {"core", KEY_CORE, NULL, 0, "all cases on a core, not some: a core plays the accesses", 0},
    {"no-shrink", KEY_NO_SHRINK, NULL, 0, "only say that there is a finding", 0},
    {"out", KEY_OUT, "FOLDER", 0, "where a finding's script goes (default build/fuzz)", 0},
    {0}};

static uint64_t number_up_to(const struct argp_state* state, const char* option, const char* text, uint64_t most) {
  uint64_t value = cli_number_option(state, option, text);
  if (value > most) argp_error(state, "--%s: at most %" PRIu64, option, most);
  return value;
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  static const char* const steppings[] = {"skip", "all", "random"};
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->engine;
      state->child_inputs[1] = &in->seed;
      return 0;
    case 'n':
      in->count = number_up_to(state, "--count", arg, UINT32_MAX);
      return 0;
    case 'w':
      in->windows = number_up_to(state, "--windows", arg, 1000000);
      return 0;
    case KEY_HOLES:
      in->holes = number_up_to(state, "--holes", arg, UINT32_MAX);
      return 0;
    case 'g':
      in->geometry = arg;
      return 0;
    case KEY_LIST:
      in->list = true;
      return 0;
    case 'c':
      in->coverage = true;
      return 0;
    case 'r':
      in->replay = true;
      return 0;
    case KEY_OUT:
      in->out = arg;
      return 0;
    case KEY_CORE:
      in->core = true;
      return 0;
    case KEY_NO_SHRINK:
      in->no_shrink = true;
      return 0;
    case KEY_STEPPING:
      for (int i = 0; i < 3; i++)
        if (strcmp(arg, steppings[i]) == 0) {
          in->stepping = (enum stepping)i;
          return 0;
        }
      argp_error(state, "--stepping: '%s' is none of skip, all, random", arg);
      return 0;
    case ARGP_KEY_ARGS:
      in->files = state->argv + state->next;
      in->file_count = (size_t)(state->argc - state->next);
      return 0;
    case ARGP_KEY_END:
      if (in->replay && !in->file_count) argp_error(state, "--replay: which script? Give at least one FILE");
      if (!in->replay && in->file_count) argp_error(state, "'%s': files go with --replay", in->files[0]);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{.argp = &cli_engine_argp}, {.argp = &cli_seed_argp}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[--replay FILE...]",
    .doc =
        "Random machines and adversarial software on both engines in lockstep; a judge that knows only the rules of "
        "docs/paging.md looks at every answer. At the first finding the case is shrunk to a small MMU script, its "
        "path is printed with the command that replays it, and the exit code is 1.\v"
        "Examples:\n"
        "  pagewalk-fuzz --seed 1 --count 200\n"
        "  pagewalk-fuzz --engine model --count 2000 --coverage\n"
        "  pagewalk-fuzz --replay build/fuzz/tiny-17.mmu",
    .children = children};

// ---------------------------------------------------------------------------------------------------------------------

static void shrinking(void* ctx, uint32_t runs, size_t operations) {
  cli_progress(ctx, "shrinking: %zu operations, %" PRIu32 " runs", operations, runs);
}

// ---------------------------------------------------------------------------------------------------------------------

static const char* in_words(enum trial_outcome outcome) {
  static const char* const words[] = {[TRIAL_GOOD] = "is good",
                                      [TRIAL_CONDEMNED] = "is condemned",
                                      [TRIAL_DIFFERS] = "makes the engines differ",
                                      [TRIAL_STUCK] = "is never answered",
                                      [TRIAL_UNMET] = "does not meet its expectations",
                                      [TRIAL_IMPOSSIBLE] = "can't be run"};
  return words[outcome];
}

static int show_finding(const struct inputs* in, uint64_t seed, struct script* script, struct trial* trial,
                        struct cli_progress* progress) {
  char path[1024], replay[1200], origin[256], windows[40] = "";
  struct error err;
  struct shrink shrink = {.runs = 4000, .progress = shrinking, .progress_ctx = progress};
  cli_progress_end(progress);
  printf("case %s, seed %" PRIu64 ", %s:\n%s", script->name, seed, in_words(trial->outcome), trial->report);
  if (trial->outcome == TRIAL_IMPOSSIBLE || in->no_shrink) return CLI_FAILED;
  fflush(stdout);
  shrink_case(&shrink, trial, script);
  cli_progress_end(progress);
  snprintf(path, sizeof path, "%s/%s.mmu", in->out, script->name);
  if (in->windows) snprintf(windows, sizeof windows, " --windows %" PRIu64, in->windows);
  snprintf(origin, sizeof origin, "pagewalk-fuzz --engine %s --geometry %s%s --seed %" PRIu64 " --count 1",
           engine_kind_name(trial->engine), script->config.name, windows, seed);
  mkdir(in->out, 0777);
  if (!shrink_save(script, trial, origin, path, &err)) return cli_fail(&err);
  printf("shrunk to %zu operations in %" PRIu32 " runs: %s\n%sreplay it with: %s\n", script->count, shrink.runs, path,
         trial->report, shrink_replay(trial, path, replay, sizeof replay));
  return CLI_FAILED;
}

static int run_cases(const struct inputs* in, struct campaign* campaign) {
  struct cli_progress progress = {0};
  static struct trial trial;
  uint64_t parts = 0, walks = 0, faults = 0, controls = 0;
  char text[4][NUMBER_TEXT_MAX];
  for (uint64_t i = 0; i < in->count; i++) {
    struct script script;
    struct error err;
    if (!campaign_case(campaign, in->seed + i, &script, &trial, &err)) return cli_fail(&err);
    const struct counters* c = &trial.counters;
    int status = CLI_OK;
    if (trial.outcome != TRIAL_GOOD) status = show_finding(in, in->seed + i, &script, &trial, &progress);
    script_free(&script);
    if (status != CLI_OK) return status;
    parts += c->parts[0] + c->parts[1] + c->parts[2];
    walks += c->walks;
    faults += c->faults_pf;
    controls += c->controls;
    cli_progress(&progress, "case %" PRIu64 " of %" PRIu64 ", %s accesses", i + 1, in->count,
                 number_text(parts, text[0]));
  }
  cli_progress_end(&progress);
  printf("%" PRIu64 " cases from seed %" PRIu64
         ": %s accesses, %s walks, %s page faults, %s control operations; no finding\n",
         in->count, in->seed, number_text(parts, text[0]), number_text(walks, text[1]), number_text(faults, text[2]),
         number_text(controls, text[3]));
  return CLI_OK;
}

static int fuzz(const struct inputs* in) {
  static struct coverage coverage;
  struct campaign campaign = {
      .engine = in->engine, .windows = (uint32_t)in->windows, .coverage = in->coverage ? &coverage : NULL};
  if (in->geometry && !(campaign.geometry = geometry_find(in->geometry)))
    cli_usage("pagewalk-fuzz", "there is no geometry '%s'; --list names them", in->geometry);
  int status = run_cases(in, &campaign);
  if (in->coverage && status == CLI_OK) coverage_print(&coverage, (unsigned)in->holes, stdout);
  return status;
}

static int replay(const struct inputs* in) {
  static struct trial trial;
  int status = CLI_OK;
  for (size_t i = 0; i < in->file_count; i++) {
    struct config config;
    struct script script;
    struct error err;
    config_default(&config);
    if (!script_load(&script, in->files[i], &config, &err)) return cli_fail(&err);
    trial = (struct trial){.engine = in->engine,
                           .core = in->core,
                           .options = {.stepping = in->stepping, .seed = in->seed, .ask_always = true}};
    trial_run(&trial, &script);
    printf("%s %s\n%s", in->files[i], in_words(trial.outcome), trial.report);
    script_free(&script);
    if (trial.outcome != TRIAL_GOOD) status = CLI_FAILED;
  }
  return status;
}

static int list(void) {
  for (size_t i = 0; i < geometry_count; i++) printf("%s\n", geometries[i].name);
  return CLI_OK;
}

int main(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_BOTH, .out = "build/fuzz", .seed = 1, .count = 100, .holes = 20};
  cli_parse(&argp, argc, argv, &in);
  if (in.list) return list();
  return in.replay ? replay(&in) : fuzz(&in);
}
