// SPDX-License-Identifier: MIT
// pagewalk explain: one translation step by step.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "script/explain.h"
#include "script/script.h"

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  const char *script, *address;
  struct ref ref;
  bool quiz;
};

static bool hexadecimal(const char* text, uint64_t* value) {
  char* end;
  errno = 0;
  *value = strtoull(text, &end, 16);
  return strchr("+- \t\n", *text) == NULL && *end == 0 && errno == 0;
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->machine;
      state->child_inputs[1] = &in->engine;
      return 0;
    case 'f':
      in->script = arg;
      return 0;
    case 'a':
      if (strlen(arg) != 1 || !strchr("rwx", *arg)) argp_error(state, "--access: '%s' is none of r, w, x", arg);
      in->ref.kind = *arg == 'r' ? ACCESS_READ : *arg == 'w' ? ACCESS_WRITE : ACCESS_FETCH;
      return 0;
    case 'u':
      in->ref.flags |= REF_USER;
      return 0;
    case 'q':
      in->quiz = true;
      return 0;
    case ARGP_KEY_ARG:
      if (in->address) argp_error(state, "one address at a time: '%s' is too much", arg);
      if (!hexadecimal(arg, &in->ref.va)) argp_error(state, "'%s' is not a hexadecimal address", arg);
      in->address = arg;
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "which address? Give VA, hexadecimal, such as 401234");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_option options[] = {
    {"script", 'f', "FILE", 0, "explain on what this MMU script leaves, not on the demonstration mapping", 1},
    {"access", 'a', "r|w|x", 0, "read (the default), write or fetch", 1},
    {"user", 'u', NULL, 0, "the access is a user's (the default: a supervisor's)", 1},
    {"quiz", 'q', NULL, 0,
     "ask instead of telling, and check the answers read from standard input; fails if one is wrong", 1},
    {0}};
static const struct argp_child children[] = {{.argp = &cli_machine_argp}, {.argp = &cli_engine_argp}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "VA",
    .doc =
        "Explain the translation of the linear address VA (hexadecimal): how it splits, each entry that is read, what "
        "comes out, and in which cycle. Without --script a small demonstration mapping in the machine's mode is used.\v"
        "Examples:\n"
        "  pagewalk explain 401234 --user\n"
        "  pagewalk explain 403000 --user --access w --set mode=4-level\n"
        "  pagewalk explain 401234 --quiz",
    .children = children};

static bool load(const struct inputs* in, struct script* script, const char** pages, struct error* err) {
  struct config config;
  if (!cli_machine_config(&in->machine, &config, err)) return false;
  *pages = NULL;
  if (in->script) return script_load(script, in->script, &config, err);
  const char* text = explain_demonstration(config.mode, pages);
  if (!text)
    return error_set(err,
                     "there is no demonstration for mode %s: use another, such as --set mode=32-bit, or --script FILE",
                     paging_mode_name(config.mode));
  return script_parse(script, "the demonstration", text, strlen(text), &config, err);
}

static int tell(const struct inputs* in, const struct explanation* e, const char* pages) {
  struct error err;
  if (in->quiz) {
    unsigned right, asked;
    if (!explain_quiz(e, stdin, stdout, &right, &asked, &err)) return cli_fail(&err);
    printf("\n  %u of %u right\n", right, asked);
    return right == asked ? CLI_OK : CLI_FAILED;
  }
  struct colours colours = term_colours(stdout);
  explain_print(e, &colours, stdout);
  if (pages) printf("\n  %s%s%s\n", colours.dim, pages, colours.off);
  return CLI_OK;
}

static int explain_on(const struct inputs* in, const struct script* script, const char* pages) {
  struct bench bench;
  struct explanation e;
  struct script_totals totals = {0};
  struct error err;
  if (!bench_open(&bench, in->engine, &script->config, &err)) return cli_fail(&err);
  bool ok = script_run(script, &bench, NULL, &totals, &err) && explain_access(&bench, &in->ref, &e, &err);
  int status = ok ? tell(in, &e, pages) : cli_fail(&err);
  bench_close(&bench);
  return status;
}

int cli_explain(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL, .ref = {.kind = ACCESS_READ, .size = 1}};
  struct script script;
  const char* pages;
  struct error err;
  cli_parse(&argp, argc, argv, &in);
  if (!load(&in, &script, &pages, &err)) return cli_fail(&err);
  int status = explain_on(&in, &script, pages);
  script_free(&script);
  return status;
}
