// SPDX-License-Identifier: MIT
// pagewalk configs: the machines there are, and whether they are sound.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "config/folder.h"
#include "config/keys.h"

struct inputs {
  char** names;  // or NULL: all of configs/
  bool keys;
};

enum { OPTION_KEYS = 256 };
static const struct argp_option options[] = {
    {"keys", OPTION_KEYS, 0, 0, "list every key with its range and default, as a Markdown table", 0}, {0}};

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  (void)arg;
  switch (key) {
    case OPTION_KEYS:
      in->keys = true;
      return 0;
    case ARGP_KEY_ARGS:
      in->names = state->argv + state->next;
      return 0;
    case ARGP_KEY_END:
      if (in->keys && in->names)
        cli_usage(state->name, "--keys lists the keys of all machines: '%s' is too much", *in->names);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[NAME|FILE...]",
    .doc =
        "Lists and checks the machines of configs/, or those that are named.\v"
        "Examples:\n"
        "  pagewalk configs\n"
        "  pagewalk configs teaching my-machine.yaml\n",
};

static void print_keys(void) {
  struct config standard;
  config_default(&standard);
  puts("| key | values | default | meaning |\n|---|---|---|---|");
  for (size_t i = 0; i < config_key_count; i++) {
    const struct config_key* key = &config_keys[i];
    char range[128], text[CONFIG_VALUE_MAX];
    config_key_range(key, range, sizeof range);
    const char* value = config_key_text(key, config_key_get(key, &standard), text);
    printf("| `%s` | %s | %s | %s |\n", key->name, range, value, key->help);
  }
}

// A machine's file describes it in its first comment behind the licence.
static void read_summary(const char* name, char* summary, size_t room) {
  char path[CONFIG_PATH_MAX], line[256];
  summary[0] = '\0';
  config_path(name, path);
  FILE* file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, "# ", 2) != 0) break;
    if (strstr(line, "SPDX")) continue;
    line[strcspn(line, "\n")] = '\0';
    snprintf(summary, room, "%s", line + 2);
    break;
  }
  if (file) fclose(file);
}

static bool check(const char* name) {
  struct config config;
  struct error err;
  char summary[256];
  if (!config_load(&config, name, &err)) {
    cli_fail(&err);
    return false;
  }
  if (!config_validate(&config, &err)) {
    error_prefix(&err, "%s", name);
    cli_fail(&err);
    return false;
  }
  struct colours colours = term_colours(stdout);
  read_summary(name, summary, sizeof summary);
  printf("%s%-12s%s %s\n", colours.bold, config.name, colours.off, summary);
  return true;
}

int cli_configs(int argc, char** argv) {
  struct inputs in = {0};
  cli_parse(&argp, argc, argv, &in);
  if (in.keys) {
    print_keys();
    return CLI_OK;
  }
  char** all = in.names ? NULL : config_names();
  bool sound = true;
  for (char** name = in.names ? in.names : all; name && *name; name++) sound &= check(*name);
  config_names_free(all);
  return sound ? CLI_OK : CLI_FAILED;
}
