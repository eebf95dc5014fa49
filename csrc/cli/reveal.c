// SPDX-License-Identifier: MIT
// pagewalk reveal: which bug a bug hunt's seed has put into the hardware; labs/bug-hunt.md.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "rtl_engine/bugs.h"

struct inputs {
  const char* seed;
  uint64_t guess;
  bool guessed, list;
};

static const struct argp_option options[] = {
    {"guess", 'g', "N", 0, "say whether it is bug N, and no more than that", 0},
    {"list", 'l', NULL, 0, "list the bugs there are, without telling which it is", 0},
    {0}};

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  switch (key) {
    case 'g':
      in->guess = cli_number_option(state, "--guess", arg);
      in->guessed = true;
      return 0;
    case 'l':
      in->list = true;
      return 0;
    case ARGP_KEY_ARG:
      if (in->seed) return ARGP_ERR_UNKNOWN;
      in->seed = arg;
      return 0;
    case ARGP_KEY_END:
      if (!in->seed && !in->list) cli_usage(state->name, "say which seed: `pagewalk reveal 7' after `make sim BUG=?7'");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[SEED]",
    .doc =
        "Tells which deliberate bug `make sim BUG=?SEED' has put into the hardware, or whether a guess is right.\v"
        "Examples:\n"
        "  pagewalk reveal --list\n"
        "  pagewalk reveal 7 --guess 38\n"
        "  pagewalk reveal 7\n",
};

static const struct bug* find(const struct bug* bugs, size_t count, uint64_t number) {
  for (size_t i = 0; i < count; i++) {
    if ((uint64_t)bugs[i].number == number) return &bugs[i];
  }
  return NULL;
}

int cli_reveal(int argc, char** argv) {
  struct inputs in = {0};
  cli_parse(&argp, argc, argv, &in);
  static struct bug bugs[BUGS_MAX];
  struct error err;
  size_t count = bugs_load(bugs, &err);
  if (!count) return cli_fail(&err);
  if (in.list) {
    for (size_t i = 0; i < count; i++) printf("%3d  %s\n", bugs[i].number, bugs[i].what);
    if (!in.seed) return CLI_OK;
  }
  char text[32];
  snprintf(text, sizeof text, "?%s", in.seed[0] == '?' ? in.seed + 1 : in.seed);
  int number = bug_meant(text, &err);
  if (number < 0) return cli_fail(&err);
  if (in.list && !in.guessed) return CLI_OK;
  if (in.guessed && !find(bugs, count, in.guess)) {
    error_set(&err, "there is no bug %" PRIu64 ": `pagewalk reveal --list' lists those there are", in.guess);
    return cli_fail(&err);
  }
  if (in.guessed && in.guess != (uint64_t)number) {
    printf("No, it is not bug %" PRIu64 ". Look again.\n", in.guess);
    return CLI_FAILED;
  }
  const struct bug* bug = find(bugs, count, (uint64_t)number);
  printf("%sBug %d: %s.\nSuch a bug was seen in public: %s.\n", in.guessed ? "Right! " : "", number, bug->what,
         bug->seen);
  return CLI_OK;
}
