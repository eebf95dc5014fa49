// SPDX-License-Identifier: MIT
// Ledger A7, A10, A11: programs that do what they must not, in two paging modes, and what stops each.
#include <stdio.h>
#include <string.h>

#include "cli/scenario.h"

static const struct {
  const char *command, *deed;
} deeds[] = {
    {"read-kernel", "reads the kernel's memory"},
    {"wild-store 0xc0000000", "writes into the kernel's memory"},
    {"null", "reads through a null pointer"},
    {"write-code", "writes its own code"},
    {"jump-to-data", "executes its data"},
    {"stack-overflow", "calls itself without end"},
    {"load-cr3", "loads CR3"},
    {"privileged cr0", "writes CR0"},
    {"privileged invlpg", "executes INVLPG"},
    {"privileged hlt", "halts the processor"},
    {"privileged in", "reads a port"},
    {"load-segment", "loads a segment of the kernel"},
    {"bad-opcode", "executes what is no instruction"},
    {"divide", "divides by zero"},
};
enum { DEEDS = sizeof deeds / sizeof *deeds, MODES = 2 };
static const enum paging_mode modes[MODES] = {MODE_32BIT, MODE_PAE};

// "#PF 7 (write, forbidden), SIGSEGV"
static void explain(const struct kernel_end* end, char* text, size_t room) {
  const char* name = core_vector_name(end->vector);
  const char* signal = narrate_signal(end->code);
  if (end->vector == CORE_PF_FAULT)
    snprintf(text, room, "#PF %u (%s, %s)", end->error,
             end->error & PFEC_ID  ? "fetch"
             : end->error & PFEC_W ? "write"
                                   : "read",
             end->error & PFEC_P ? "forbidden" : "no page");
  else
    snprintf(text, room, "%s %x", name ? name : "exception", end->error);
  size_t used = strlen(text);
  snprintf(text + used, room - used, ", %s", signal ? signal : "a signal");
}

static bool attempt(const struct scenario* scenario, size_t deed, enum paging_mode mode, char* text, size_t room,
                    unsigned* stopped, struct error* err) {
  struct config config = *scenario->config;
  struct cli_programs options;
  static struct scenario_run run;
  config.mode = mode;
  cli_programs_default(&options);
  options.commands[options.count++] = deeds[deed].command;
  if (!config_validate(&config, err) || !scenario_execute(scenario, &config, &options, &run, err)) return false;
  const struct kernel_end* end = &run.program.end;
  if (!run.program.ended) return error_set(err, "%s: did not end", deeds[deed].command);
  *stopped += end->signalled;
  if (end->signalled)
    explain(end, text, room);
  else
    snprintf(text, room, "not stopped");
  return true;
}

bool scenario_protection(const struct scenario* scenario, struct error* err) {
  unsigned stopped[MODES] = {0};
  scenario_heading(scenario, "A program does what it must not. What stops it, and with which error code?");
  fprintf(scenario->out, "\n  %s%-33s %-36s %s%s\n", scenario->colours.dim, "it", "32-bit paging",
          "PAE paging, with NX", scenario->colours.off);
  for (size_t deed = 0; deed < DEEDS; deed++) {
    char text[MODES][64];
    for (int m = 0; m < MODES; m++)
      if (!attempt(scenario, deed, modes[m], text[m], sizeof text[m], &stopped[m], err)) return false;
    fprintf(scenario->out, "  %-33s %-36s %s\n", deeds[deed].deed, text[0], text[1]);
  }
  fprintf(scenario->out, "\n");
  scenario_say(
      scenario,
      "Of a page fault's error code bit 0 says that the page is there (%d), bit 1 that it was a write (%d), bit "
      "2 that the program was in user mode (%d), bit 4 that it was a fetch (%d, where pages have a no-execute "
      "bit). %u of %d deeds are stopped in 32-bit paging, %u in PAE.",
      PFEC_P, PFEC_W, PFEC_U, PFEC_ID, stopped[0], DEEDS, stopped[1]);
  return true;
}
