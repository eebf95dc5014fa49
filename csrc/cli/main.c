// SPDX-License-Identifier: MIT
// pagewalk: finds the subcommand and hands over.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "cli/cli.h"

static const struct command {
  const char* name;
  cli_command_fn* run;
  const char* summary;
} commands[] = {
    {"tour", cli_tour, "the machine at work on a real program, in two paging modes (what `make sim` runs)"},
    {"run", cli_run, "programs, or traces of programs, as processes of the operating system"},
    {"show", cli_show, "processes at a chosen moment: their memory, page tables, doings"},
    {"os", cli_os, "what the operating system does and what it costs, by scenarios of the lecture notes"},
    {"script", cli_script, "MMU scripts: the hardware alone, cycle by cycle"},
    {"explain", cli_explain, "one translation, step by step"},
    {"vectors", cli_vectors, "case files: what each case should give, and what it gave"},
    {"record", cli_record, "a run's or script's accesses as a case file, to check other MMUs with"},
    {"reveal", cli_reveal, "which bug a bug hunt's seed has put into the hardware"},
    {"configs", cli_configs, "the machines there are, and whether they are sound"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const struct command* find_command(const char* name) {
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

static void print_help(FILE* out) {
  fprintf(out,
          "Usage: pagewalk COMMAND [ARGUMENTS]\n"
          "A cycle-level x86 MMU in SystemVerilog, an operating system above it, and a measuring bench around it.\n\n");
  for (size_t i = 0; i < COMMAND_COUNT; i++) fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
  fprintf(out,
          "\n`pagewalk COMMAND --help` tells a command's options, with an example. `pagewalk --version` the version.\n"
          "Example:\n"
          "  pagewalk run --generate uniform:pages=4096,refs=1000000 --set dtlb.ways=8\n");
}

static int unknown_command(const char* name) {
  const char* names[COMMAND_COUNT + 1] = {NULL};
  for (size_t i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i].name;
  const char* near = error_suggest(name, names);
  fprintf(stderr, "pagewalk: there is no command '%s'", name);
  if (near) fprintf(stderr, "; did you mean '%s'?", near);
  fprintf(stderr, "\nTry `pagewalk --help' for the commands there are.\n");
  return CLI_USAGE;
}

static int dispatch(const struct command* command, int argc, char** argv) {
  char title[64];
  snprintf(title, sizeof title, "pagewalk %s", command->name);
  argv[0] = title;
  int status = command->run(argc, argv);
  // A report that could not be written (a full disk behind stdout) is not a success.
  if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK) {
    struct error err;
    error_set(&err, "standard output: can't be written: %m");
    status = cli_fail(&err);
  }
  return status;
}

int main(int argc, char** argv) {
  signal(SIGXFSZ, SIG_IGN);  // a file size limit is met as any full disk
  if (argc < 2) {
    print_help(stderr);
    return CLI_USAGE;
  }
  const char* name = argv[1];
  bool help = strcmp(name, "help") == 0;
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    puts("pagewalk " PAGEWALK_VERSION);
    return CLI_OK;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "-h") == 0 || (help && argc == 2)) {
    print_help(stdout);
    return CLI_OK;
  }
  if (help) name = argv[2];
  const struct command* command = find_command(name);
  if (!command) return unknown_command(name);
  if (help) return dispatch(command, 2, (char*[]){NULL, "--help", NULL});
  return dispatch(command, argc - 1, argv + 1);
}
