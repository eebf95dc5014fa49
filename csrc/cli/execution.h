// SPDX-License-Identifier: MIT
// Programs on one machine, from their names to their ends.
#ifndef PAGEWALK_CLI_EXECUTION_H
#define PAGEWALK_CLI_EXECUTION_H

#include <argp.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/moment.h"
#include "machine/machine.h"
#include "machine/programs.h"
#include "report/narrate.h"
#include "report/report.h"

// --- what the options say --------------------------------------------------------------------------------------------

// --program, --sharing, --tagging, --quantum, --process-memory, --max-instructions, and a program's arguments. Input:
// struct cli_programs, filled by cli_programs_default.
extern const struct argp cli_programs_argp;
struct cli_programs {
  const char* commands[REPORT_PROGRAMS_MAX];  // each a program with its arguments, as in a shell
  size_t count;
  char** words;  // arguments that stand apart, of the only program
  size_t word_count;
  enum kernel_sharing sharing;
  enum kernel_tagging tagging;
  uint64_t quantum, process_bytes, max_instructions;
  bool process_given;         // process_bytes by --process-memory
  const char* only_programs;  // an option that was given and means nothing without a program; or NULL
};
void cli_programs_default(struct cli_programs* programs);

// --- the run ---------------------------------------------------------------------------------------------------------

enum { EXECUTION_STORY = 64 };

struct execution_params {
  const struct config* config;
  const struct cli_programs* options;
  enum engine_kind engine;
  bool traced;             // an engine that can write waveforms
  enum narration narrate;  // to `narration`, with the cycles of the run
  FILE* narration;
  FILE* output;  // where what programs write goes; NULL: nowhere
};

struct execution {
  struct execution_params params;
  struct programs programs;
  struct machine* machine;
  struct moment start;
  int pids[REPORT_PROGRAMS_MAX];  // of the programs that were asked for
  struct report_program report;   // what has become of all processes
  // What the kernel did since the last page fault, for the report of a crash.
  struct {
    uint64_t cycle;
    struct hal_note note;
    char text[160];
  } story[EXECUTION_STORY];
  size_t story_count;
};

// Boots a machine with every program that there is and starts those that were asked for. Stays where it is until
// execution_close, which is to be called in any case. False with a message.
bool execution_open(struct execution* run, const struct execution_params* params, struct error* err);
void execution_close(struct execution* run);

// The cycle of the run that comes next.
uint64_t execution_now(const struct execution* run);

// Goes on until every process has ended, `instructions` are completed in all or the run's cycle `until` has come.
// Shows what went wrong if the machine breaks: false with a message.
bool execution_run(struct execution* run, uint64_t instructions, uint64_t until, enum machine_end* end,
                   struct error* err);

// Fills *report with what was run and counted.
bool execution_measure(struct execution* run, struct report* report, struct error* err);

// A program that was asked for and did not exit with 0: how it ended, as a message. True if all of them did.
bool execution_succeeded(const struct execution* run, struct error* err);

// The crash report of the program that was asked for first, if a signal ended it: registers, where it was, and how the
// kernel came to its decision.
void execution_tell_crash(const struct execution* run, FILE* out, struct colours colours);

// "main+0x12 (sort.c:31)", as much as the symbols of the process's program tell; "" if nothing. Returns `text`.
enum { EXECUTION_PLACE_MAX = 128 };
const char* execution_place(const struct execution* run, int pid, uint32_t address, char text[EXECUTION_PLACE_MAX]);

#endif
