// SPDX-License-Identifier: MIT
// The options that make processes of programs.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/execution.h"

enum { QUANTUM = 100000, PROCESS_KIB = 1024 };
enum { OPTION_SHARING = 4096, OPTION_TAGGING, OPTION_QUANTUM, OPTION_PROCESS_MEMORY, OPTION_MAX_INSTRUCTIONS };

void cli_programs_default(struct cli_programs* programs) {
  *programs = (struct cli_programs){.sharing = KERNEL_SHARE_PAGING,
                                    .tagging = KERNEL_TAG_GLOBAL,
                                    .quantum = QUANTUM,
                                    .process_bytes = (uint64_t)PROCESS_KIB << 10,
                                    .max_instructions = UINT64_MAX};
}

static const struct argp_option options[] = {
    {"program", 'p', "COMMAND", 0,
     "a program that comes with Pagewalk, or an ELF file, and its arguments: \"sort 100\"; repeated, several run at "
     "once",
     1},
    {"sharing", OPTION_SHARING, "WAY", 0,
     "how programs share the memory: paging (default), alone, images, static, base, bounds, segments", 1},
    {"tagging", OPTION_TAGGING, "WAY", 0,
     "what a change of address space does to the TLB: global (default: all but the kernel's pages go), flush (all go), "
     "pcid (nothing goes)",
     1},
    {"quantum", OPTION_QUANTUM, "CYCLES", 0,
     "that a program runs before the next one's turn (default: 100000; 0: until it waits)", 1},
    {"process-memory", OPTION_PROCESS_MEMORY, "KIB", 0,
     "without paging: memory of one process, heap and stack included (default: 1024)", 1},
    {"max-instructions", OPTION_MAX_INSTRUCTIONS, "N", 0, "end a run that has not ended after N instructions", 1},
    {0}};

static void add_command(struct cli_programs* in, const char* arg, const struct argp_state* state) {
  if (in->count == REPORT_PROGRAMS_MAX) argp_error(state, "--program: more than %d of them", REPORT_PROGRAMS_MAX);
  if (arg[strspn(arg, " \t\n")] == '\0') argp_error(state, "--program: which one? '%s' has no name", arg);
  in->commands[in->count++] = arg;
}

// The place of `arg` in a list of names.
static unsigned choose(const char* option, const char* arg, const char* const* names, unsigned count,
                       const struct argp_state* state) {
  const char* candidates[KERNEL_SHARINGS + 1] = {NULL};
  char all[128] = "";
  for (unsigned i = 0; i < count; i++) {
    if (strcmp(arg, names[i]) == 0) return i;
    candidates[i] = names[i];
    snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", names[i]);
  }
  const char* near = error_suggest(arg, candidates);
  if (near) argp_error(state, "%s: '%s' is unknown; did you mean '%s'?", option, arg, near);
  argp_error(state, "%s: '%s' is unknown; there are %s", option, arg, all);
  return 0;
}

static error_t parse_only(struct cli_programs* in, int key, char* arg, const struct argp_state* state) {
  switch (key) {
    case OPTION_SHARING:
      in->only_programs = "--sharing";
      in->sharing = choose("--sharing", arg, kernel_sharing_names, KERNEL_SHARINGS, state);
      return 0;
    case OPTION_TAGGING:
      in->only_programs = "--tagging";
      in->tagging = choose("--tagging", arg, report_tagging_names, KERNEL_TAG_PCID + 1, state);
      return 0;
    case OPTION_QUANTUM:
      in->only_programs = "--quantum";
      in->quantum = cli_number_option(state, "--quantum", arg);
      return 0;
    case OPTION_PROCESS_MEMORY:
      in->only_programs = "--process-memory";
      in->process_bytes = cli_number_option(state, "--process-memory", arg);
      if (in->process_bytes == 0 || in->process_bytes > UINT32_MAX >> 10)
        argp_error(state, "--process-memory: %s KiB: between 1 and 4194303, please", arg);
      in->process_bytes <<= 10;
      in->process_given = true;
      return 0;
    case OPTION_MAX_INSTRUCTIONS:
      in->only_programs = "--max-instructions";
      in->max_instructions = cli_number_option(state, "--max-instructions", arg);
      if (!in->max_instructions) argp_error(state, "--max-instructions: 0 leaves nothing to run");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static void check(const struct cli_programs* in, const struct argp_state* state) {
  if (in->word_count && in->count == 0)
    argp_error(state, "'%s': what is it? a program is given with --program, a trace with --trace", in->words[0]);
  if (in->word_count && in->count > 1)
    argp_error(state, "'%s': an argument of which program? say --program \"NAME %s\"", in->words[0], in->words[0]);
  if (in->only_programs && in->count == 0)
    argp_error(state, "%s: is for programs: add --program NAME", in->only_programs);
  if (in->tagging != KERNEL_TAG_GLOBAL && in->sharing != KERNEL_SHARE_PAGING)
    argp_error(state, "--tagging: without paging there is no TLB to tag");
  if (in->process_given && (in->sharing == KERNEL_SHARE_PAGING || in->sharing == KERNEL_SHARE_SEGMENTS))
    argp_error(state, "--process-memory: with --sharing %s a process takes what it needs; --frames is all there is",
               kernel_sharing_names[in->sharing]);
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct cli_programs* in = state->input;
  switch (key) {
    case 'p':
      add_command(in, arg, state);
      return 0;
    case ARGP_KEY_ARGS:
      in->words = state->argv + state->next;
      in->word_count = (size_t)(state->argc - state->next);
      return 0;
    case ARGP_KEY_END:
      check(in, state);
      return 0;
    default:
      return parse_only(in, key, arg, state);
  }
}

const struct argp cli_programs_argp = {.options = options, .parser = parse};
