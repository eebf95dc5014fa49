// SPDX-License-Identifier: MIT
// The shipped programs under the operating system, through `pagewalk run`: output and end as on Linux, whatever the
// paging mode, the engine, the amount of memory and the way of sharing it. With PAGEWALK_PROGRAMS=all every program in
// every combination (`make test-long`); else a handful of small ones.
#include <jansson.h>
#include <signal.h>
#include <string.h>

#include "check.h"
#include "programs/command.h"
#include "programs/shipped.h"

#define PAGEWALK PAGEWALK_ROOT "/build/pagewalk"

enum { SECONDS = 600 };  // a run that takes longer is stuck

static const char* const modes[] = {"mode=32-bit", "mode=pae", "mode=4-level", "mode=5-level"};
enum { MODES = sizeof modes / sizeof *modes };

// --- one run ---------------------------------------------------------------------------------------------------------

struct run {
  const char* engine;
  const char* mode;     // a config key with its value
  const char* sharing;  // paging, ...
  const char* frames;   // NULL: as many as the machine has
};

static const char* text_of(const struct run* run, char text[128]) {
  snprintf(text, 128, "--engine %s --set %s --sharing %s%s%s", run->engine, run->mode, run->sharing,
           run->frames ? " --frames " : "", run->frames ? run->frames : "");
  return text;
}

static void pagewalk_run(const struct shipped* program, const struct run* run, struct outcome* outcome) {
  const char* words[20] = {PAGEWALK, "run",     "--program", program->command, "--engine", run->engine,
                           "--set",  run->mode, "--sharing", run->sharing,     "--json",   "-"};
  size_t count = 12;
  if (run->frames) {
    words[count++] = "--frames";
    words[count++] = run->frames;
  }
  if (program->signal == SIGALRM) {
    words[count++] = "--max-instructions";
    words[count++] = "100000";
  }
  command_run(&(struct command){.path = words[0], .words = words, .seconds = SECONDS}, outcome);
}

// How the first process ended, and what was counted.
struct end {
  int status, signal;  // -1: not so
  uint64_t instructions, swap_outs;
};

// False: that can't be told.
static bool read_end(const char* text, struct end* end) {
  json_error_t error;
  json_t* root = json_loads(text, 0, &error);
  json_t *program = json_object_get(root, "program"), *processes = json_object_get(program, "processes");
  json_t *how = json_object_get(json_array_get(processes, 0), "end"), *status = json_object_get(how, "exit"),
         *signal = json_object_get(how, "signal"), *instructions = json_object_get(program, "instructions");
  bool ok = root && processes && instructions;
  end->status = json_is_integer(status) ? (int)json_integer_value(status) : -1;
  end->signal = json_is_integer(signal) ? (int)json_integer_value(signal) : -1;
  end->instructions = (uint64_t)json_integer_value(instructions);
  end->swap_outs = (uint64_t)json_integer_value(json_object_get(json_object_get(root, "kernel"), "swap_outs"));
  json_decref(root);
  return ok;
}

// --- the comparison --------------------------------------------------------------------------------------------------

static bool is_message(const char* line) { return strncmp(line, "pagewalk: ", 10) == 0; }

// What the program wrote: behind what pagewalk says of an engine that it has to build first, and in front of what it
// has to say about the end.
static bool has_output(const char* text, const char* output) {
  size_t length = strlen(output);
  while (is_message(text) && strchr(text, '\n')) {
    if (length == 0) return true;
    text = strchr(text, '\n') + 1;
  }
  return strncmp(text, output, length) == 0 && (strchr("\n", text[length]) || is_message(text + length));
}

// Two-level paging has no bit that forbids execution.
static bool may_do_otherwise(const struct shipped* program, const struct run* run) {
  return strcmp(program->command, "jump-to-data") == 0 && strcmp(run->mode, "mode=32-bit") == 0;
}

// Tells what differs, if anything does, so that one run of the tests finds all of it.
static bool like_native(const struct shipped* program, const struct outcome* native, const struct run* run,
                        struct end* end) {
  static struct outcome outcome;
  char text[128];
  pagewalk_run(program, run, &outcome);
  if (!read_end(outcome.output, end)) {
    print_error("%s with %s: %s\n", program->command, text_of(run, text), outcome.errors);
    return false;
  }
  if (may_do_otherwise(program, run)) return true;
  bool endless = program->signal == SIGALRM;
  int status = endless || native->signal ? -1 : native->status,
      signal = endless || !native->signal ? -1 : native->signal;
  if (end->status != status || end->signal != signal) {
    print_error("%s with %s: exit status %d, signal %d, but natively %d, %d; %s\n", program->command,
                text_of(run, text), end->status, end->signal, status, signal, outcome.errors);
    return false;
  }
  if ((program->traits & SHIPPED_ADDRESSES) || endless || has_output(outcome.errors, native->output)) return true;
  print_error("%s with %s wrote: %s; natively: %s\n", program->command, text_of(run, text), outcome.errors,
              native->output);
  return false;
}

// --- the programs ----------------------------------------------------------------------------------------------------

static bool everything(void) {
  const char* wish = getenv("PAGEWALK_PROGRAMS");
  return wish && strcmp(wish, "all") == 0;
}

// RTL engines take the first few.
static const char* const handful[] = {"add3 4 -20", "sort 100 7",  "children", "null",
                                      "hash 50",    "store 40 60", "sort 0",   "recurse 1000"};
enum { HANDFUL = sizeof handful / sizeof *handful, HANDFUL_RTL = 4 };

static bool among_first(const struct shipped* program, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(handful[i], program->command) == 0) return true;
  return false;
}

static bool wanted(const struct shipped* program, const struct run* run) {
  bool rtl = strcmp(run->engine, "rtl") == 0;
  if (everything()) return !rtl || !(program->traits & SHIPPED_LARGE);
  return among_first(program, rtl ? HANDFUL_RTL : HANDFUL);
}

// Compares each program that has none of the traits `without` under every run. Returns the pages that were swapped out.
static uint64_t compare(unsigned without, const struct run* runs, size_t count) {
  static struct outcome native;
  unsigned differences = 0;
  uint64_t swap_outs = 0;
  struct end end;
  for (size_t i = 0; i < shipped_count; i++) {
    const struct shipped* program = &shipped_programs[i];
    if ((program->traits & without) || !wanted(program, &runs[0])) continue;
    shipped_run_natively(program, true, &native);
    for (size_t r = 0; r < count; r++) {
      if (!wanted(program, &runs[r])) continue;
      differences += !like_native(program, &native, &runs[r], &end);
      swap_outs += end.swap_outs;
    }
  }
  assert_int_equal(differences, 0);
  return swap_outs;
}

static void in_every_mode(void** state) {
  (void)state;
  for (int m = 0; m < MODES; m++) {
    struct run runs[] = {{"model", modes[m], "paging", NULL}, {"rtl", modes[m], "paging", NULL}};
    compare(0, runs, 2);
  }
}

// So little that pages must leave; families need more, since each process has page tables of its own.
static void in_little_memory(void** state) {
  (void)state;
  for (int m = 0; m < MODES; m++) {
    struct run runs[] = {{"model", modes[m], "paging", "20"}, {"rtl", modes[m], "paging", "20"}};
    assert_true(compare(SHIPPED_KERNEL, runs, everything() ? 2 : 1) > 0);
    runs[0].frames = runs[1].frames = "64";
    compare(0, runs, everything() ? 2 : 1);
  }
}

// One process at a time has no room for a child; and addresses that were rewritten once are good for one place only.
static void however_memory_is_shared(void** state) {
  (void)state;
  static const char* const ways[] = {"alone", "images", "static", "base", "bounds", "segments"};
  for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
    struct run runs[] = {{"model", "mode=32-bit", ways[w], NULL}, {"rtl", "mode=32-bit", ways[w], NULL}};
    bool no_fork = strcmp(ways[w], "alone") == 0 || strcmp(ways[w], "static") == 0;
    compare(SHIPPED_PROTECTED | (no_fork ? SHIPPED_KERNEL : 0), runs, everything() ? 2 : 1);
  }
}

// The engines compare each other's answers at every reference.
static void engines_agree_on_a_million_instructions(void** state) {
  (void)state;
  static struct outcome native;
  struct run run = {"both", "mode=32-bit", "paging", NULL};
  struct shipped program = {.command = everything() ? "sort 2000" : "sort 100 7"};
  shipped_run_natively(&program, true, &native);
  struct end end;
  assert_true(like_native(&program, &native, &run, &end));
  assert_true(end.instructions >= (everything() ? 1000000 : 50000));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(in_every_mode),
    cmocka_unit_test(in_little_memory),
    cmocka_unit_test(however_memory_is_shared),
    cmocka_unit_test(engines_agree_on_a_million_instructions),
};

TEST_MAIN(tests)
