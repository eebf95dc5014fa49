// SPDX-License-Identifier: MIT
// pagewalk os: what an operating system does, and what it costs, by scenarios.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/scenario.h"

static const struct {
  const char *name, *rows, *notes, *summary;
  scenario_fn* show;
  bool own_memory;  // chooses how many frames there are
} scenarios[] = {
    {"five-references", "A8", "002 003", "the loop of note 003, x = x + 3: five references, with a cold and a warm TLB",
     scenario_five_references, false},
    {"layout", "A9", "000 002 003", "where x, main, y, z and *z live: a process's map answers the quiz",
     scenario_layout, false},
    {"protection", "A7 A10 A11", "002 003", "what a program must not do, and how each deed is stopped",
     scenario_protection, false},
    {"goals", "A10", "000 002 003", "transparency, efficiency, protection, sharing: four goals, four tests",
     scenario_goals, false},
    {"switch-cost", "A12", "002", "a context switch with flush, global pages, PCIDs, by working set",
     scenario_switch_cost, false},
    {"fork", "C13", "001", "the fork demo: one address, two values", scenario_fork, false},
    {"sharing", "A1-A6 A14 A15", "000 002 003", "every way to share a memory, on the same programs, in one table",
     scenario_sharing, true},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  uint64_t frames;
  const char* name;
  bool list;
};

static const struct argp_option options[] = {
    {"list", 'l', NULL, 0, "the scenarios there are: name, rows of the concept ledger, lecture notes", 1},
    {0, 0, 0, 0, "The machine:", 10},
    {0}};

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  void* const inputs[] = {&in->machine, &in->engine, &in->frames};
  switch (key) {
    case ARGP_KEY_INIT:
      memcpy(state->child_inputs, inputs, sizeof inputs);
      return 0;
    case 'l':
      in->list = true;
      return 0;
    case ARGP_KEY_ARG:
      if (in->name) argp_error(state, "one scenario at a time: '%s' is too much", arg);
      in->name = arg;
      return 0;
    case ARGP_KEY_END:
      if (!in->name && !in->list) argp_error(state, "which scenario? `pagewalk os --list' tells those there are");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {
    {&cli_machine_argp, 0, NULL, 0}, {&cli_engine_argp, 0, NULL, 0}, {&cli_frames_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "SCENARIO",
    .doc =
        "Runs programs under the operating system for what they show, and tells it with the figures of the runs.\v"
        "Examples:\n"
        "  pagewalk os --list\n"
        "  pagewalk os five-references\n"
        "  pagewalk os switch-cost --engine model\n",
    .children = children};

static void list(void) {
  for (size_t i = 0; i < SCENARIOS; i++)
    printf("%-16s %-14s notes %-12s %s\n", scenarios[i].name, scenarios[i].rows, scenarios[i].notes,
           scenarios[i].summary);
}

static bool find(const char* name, size_t* number, struct error* err) {
  const char* names[SCENARIOS + 1] = {NULL};
  for (*number = 0; *number < SCENARIOS; ++*number) {
    names[*number] = scenarios[*number].name;
    if (strcmp(scenarios[*number].name, name) == 0) return true;
  }
  const char* near = error_suggest(name, names);
  if (near) return error_set(err, "there is no scenario '%s'; did you mean '%s'?", name, near);
  return error_set(err, "there is no scenario '%s'; `pagewalk os --list' tells those there are", name);
}

int cli_os(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL};
  struct config config;
  struct error err;
  size_t number;
  cli_parse(&argp, argc, argv, &in);
  if (in.list) list();
  if (!in.name) return CLI_OK;
  if (!find(in.name, &number, &err) || !cli_machine_config(&in.machine, &config, &err)) return cli_fail(&err);
  if (in.frames && scenarios[number].own_memory) {
    error_set(&err, "--frames: '%s' chooses the size of the memory itself: leave it out", in.name);
    return cli_fail(&err);
  }
  if (in.frames) config.ram.frames = in.frames;
  if (!config_validate(&config, &err)) return cli_fail(&err);
  struct scenario scenario = {.config = &config, .engine = in.engine, .out = stdout, .colours = term_colours(stdout)};
  bool ok = scenarios[number].show(&scenario, &err);
  if (*cli_interrupt()) ok = error_set(&err, "interrupted: %s has not been shown to its end", in.name);
  return ok ? CLI_OK : cli_fail(&err);
}
