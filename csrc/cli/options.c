// SPDX-License-Identifier: MIT
// The options that mean the same in every command, and the parsing of arguments.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/cli.h"

// ---- suggestions for unknown options: argp itself only says that it doesn't know one --------------------------------

enum { OPTIONS_MAX = 64 };

struct option_list {
  const struct argp_option* options[OPTIONS_MAX];
  size_t count;
};

static void collect(const struct argp* argp, struct option_list* list) {
  for (const struct argp_option* o = argp->options; o && (o->name || o->key || o->doc || o->group); o++)
    if (o->name && list->count < OPTIONS_MAX) list->options[list->count++] = o;
  for (const struct argp_child* c = argp->children; c && c->argp; c++) collect(c->argp, list);
}

// The option that "--NAME" means, written out or abbreviated; NULL if there is none.
static const struct argp_option* find_option(const struct option_list* list, const char* name, size_t length) {
  const struct argp_option* beginning = NULL;
  for (size_t i = 0; i < list->count; i++) {
    if (strncmp(list->options[i]->name, name, length) != 0) continue;
    if (list->options[i]->name[length] == '\0') return list->options[i];
    beginning = list->options[i];
  }
  return beginning;
}

static void refuse_option(const char* command, const struct option_list* list, const char* name) {
  const char* names[OPTIONS_MAX + 4] = {"help", "usage"};
  for (size_t i = 0; i < list->count; i++) names[i + 2] = list->options[i]->name;
  const char* near = error_suggest(name, names);
  if (near) cli_usage(command, "there is no option --%s; did you mean --%s?", name, near);
  cli_usage(command, "there is no option --%s", name);
}

static void check_options(const struct argp* argp, int argc, char** argv) {
  static const struct argp_option own[] = {{.name = "help"}, {.name = "usage"}};
  struct option_list list = {.options = {&own[0], &own[1]}, .count = 2};
  collect(argp, &list);
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strncmp(argv[i], "--", 2) != 0) continue;
    char name[64];
    size_t length = strcspn(argv[i] + 2, "=");
    snprintf(name, sizeof name, "%.*s", (int)length, argv[i] + 2);
    const struct argp_option* option = find_option(&list, name, strlen(name));
    if (!option) refuse_option(argv[0], &list, name);
    // The next word is this option's argument, whatever it looks like.
    if (option->arg && !(option->flags & OPTION_ARG_OPTIONAL) && argv[i][2 + length] != '=') i++;
  }
}

void cli_parse(const struct argp* argp, int argc, char** argv, void* input) {
  argp_err_exit_status = CLI_USAGE;
  check_options(argp, argc, argv);
  error_t failed = argp_parse(argp, argc, argv, 0, NULL, input);
  if (failed) cli_usage(argv[0], "%s", strerror(failed));
}

void cli_usage(const char* command, const char* format, ...) {
  fprintf(stderr, "%s: ", command);
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fprintf(stderr, "\nTry `%s --help' for more information.\n", command);
  exit(CLI_USAGE);
}

// ---- numbers --------------------------------------------------------------------------------------------------------

uint64_t cli_number_option(const struct argp_state* state, const char* option, const char* text) {
  uint64_t value = 0;
  if (!number_parse(text, &value)) argp_error(state, "%s: '%s' is not a whole number", option, text);
  return value;
}

// ---- --config, --set ------------------------------------------------------------------------------------------------

static const struct argp_option machine_options[] = {
    {"config", 'c', "NAME|FILE", 0, "the machine: a name that `pagewalk configs' lists, or a YAML file", 10},
    {"set", 's', "KEY=VALUE", 0, "change one key of the machine; may be repeated", 10},
    {0}};

static error_t parse_machine(int key, char* arg, struct argp_state* state) {
  struct cli_machine* machine = state->input;
  switch (key) {
    case 'c':
      machine->config = arg;
      return 0;
    case 's':
      if (machine->set_count == CLI_SETS_MAX) argp_error(state, "--set: more than %d of them", CLI_SETS_MAX);
      machine->sets[machine->set_count++] = arg;
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

const struct argp cli_machine_argp = {.options = machine_options, .parser = parse_machine};

bool cli_machine_config(const struct cli_machine* machine, struct config* config, struct error* err) {
  config_default(config);
  if (machine->config && !config_load(config, machine->config, err)) return false;
  for (size_t i = 0; i < machine->set_count; i++)
    if (!config_set(config, machine->sets[i], err)) return error_prefix(err, "--set");
  if (config_validate(config, err)) return true;
  return machine->config ? error_prefix(err, "%s", machine->config) : false;
}

// ---- --engine, --seed -----------------------------------------------------------------------------------------------

static const struct argp_option engine_options[] = {
    {"engine", 'e', "NAME", 0, "rtl (the Verilated hardware), model (the same in C), or both, in lockstep", 10}, {0}};

static error_t parse_engine(int key, char* arg, struct argp_state* state) {
  static const enum engine_kind kinds[] = {ENGINE_RTL, ENGINE_MODEL, ENGINE_BOTH};
  if (key != 'e') return ARGP_ERR_UNKNOWN;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(arg, engine_kind_name(kinds[i])) != 0) continue;
    *(enum engine_kind*)state->input = kinds[i];
    return 0;
  }
  argp_error(state, "--engine: no engine is called '%s'; it is rtl, model or both", arg);
  return EINVAL;
}

const struct argp cli_engine_argp = {.options = engine_options, .parser = parse_engine};

static const struct argp_option seed_options[] = {{"seed", 'S', "N", 0, "makes whatever is random repeatable", 10},
                                                  {0}};

static error_t parse_seed(int key, char* arg, struct argp_state* state) {
  if (key != 'S') return ARGP_ERR_UNKNOWN;
  *(uint64_t*)state->input = cli_number_option(state, "--seed", arg);
  return 0;
}

const struct argp cli_seed_argp = {.options = seed_options, .parser = parse_seed};

// ---- --frames -------------------------------------------------------------------------------------------------------

enum { OPTION_FRAMES = 2048 };
static const struct argp_option frames_options[] = {
    {"frames", OPTION_FRAMES, "N", 0, "memory, in frames (default: the machine's)", 10}, {0}};

static error_t parse_frames(int key, char* arg, struct argp_state* state) {
  uint64_t* frames = state->input;
  if (key != OPTION_FRAMES) return ARGP_ERR_UNKNOWN;
  *frames = cli_number_option(state, "--frames", arg);
  if (!*frames) argp_error(state, "--frames 0: a machine without memory can't run");
  return 0;
}

const struct argp cli_frames_argp = {.options = frames_options, .parser = parse_frames};
