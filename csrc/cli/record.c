// SPDX-License-Identifier: MIT
// pagewalk record: the accesses of a run or of scripts as a case file.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "script/record.h"
#include "script/script.h"

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  uint64_t seed;
  struct cli_trace trace;
  uint64_t frames;
  const char* output;
  char** files;
  size_t file_count;
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the case file to write", 1}, {0, 0, 0, 0, "Of a run, as in `pagewalk run`:", 2}, {0}};

static void check_words(const struct inputs* in, const struct argp_state* state) {
  if (!in->output) argp_error(state, "where to? Give a file with -o FILE");
  if (strcmp(in->output, "-") == 0) argp_error(state, "-o -: standard output has the report; give a file");
  if (!!in->trace.file + !!in->trace.specification + (in->file_count > 0) != 1)
    argp_error(state, "give one thing to record: --trace FILE, --generate SPEC, or scripts");
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->machine;
      state->child_inputs[1] = &in->engine;
      state->child_inputs[2] = &in->seed;
      state->child_inputs[3] = &in->trace;
      state->child_inputs[4] = &in->frames;
      return 0;
    case 'o':
      in->output = arg;
      return 0;
    case ARGP_KEY_ARGS:
      in->files = state->argv + state->next;
      in->file_count = (size_t)(state->argc - state->next);
      return 0;
    case ARGP_KEY_END:
      check_words(in, state);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&cli_machine_argp, 0, NULL, 0}, {&cli_engine_argp, 0, NULL, 0},
                                             {&cli_seed_argp, 0, NULL, 0},    {&cli_trace_argp, 0, NULL, 0},
                                             {&cli_frames_argp, 0, NULL, 0},  {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "[SCRIPT...]",
    .doc =
        "Write the accesses of a run (the process's and the kernel's), or of MMU scripts, as an x86 case file: for "
        "each "
        "the registers, the entries that a walk meets, the access, its result, and the entries afterwards. What such a "
        "file is: tests/cases/README.md. `pagewalk vectors` replays it; so can the test bench of any other MMU. An "
        "access like one that is written is not written again, and what the format has no words for is counted and "
        "left "
        "out.\v"
        "Examples:\n"
        "  pagewalk record --generate uniform:pages=64,refs=10000 --set mode=pae -o uniform.txt\n"
        "  pagewalk record --engine model tests/timelines/accessed-dirty.mmu -o timeline.txt\n"
        "  pagewalk vectors --engine both uniform.txt",
    .children = children};

// ---- scripts --------------------------------------------------------------------------------------------------------

static bool record_script(struct record* record, const struct inputs* in, const struct script* script,
                          struct error* err) {
  struct bench bench;
  struct script_totals totals = {0};
  if (!script_open_bench(script, &bench, in->engine, err)) return error_prefix(err, "%s", script->name);
  bench.engine = record_engine(record, bench.engine, bench.ram, err);
  bool ok = bench.engine && script_run(script, &bench, NULL, &totals, err);
  bench_close(&bench);
  if (ok && totals.failed)
    return error_set(err, "%s: %" PRIu64 " of its expectations were not met: `pagewalk script` shows them",
                     script->name, totals.failed);
  return ok;
}

// The first script's machine begins the file; all have the format's width of physical addresses.
static bool begin_with(struct record* record, const struct inputs* in, const struct config* config, FILE* out,
                       struct error* err) {
  if (!record->out) return record_begin(record, out, config, in->files[0], engine_kind_name(in->engine), err);
  return record_machine_fits(config, err);
}

static bool record_scripts(const struct inputs* in, const struct config* base, FILE* out, struct record* record,
                           struct error* err) {
  bool ok = true;
  for (size_t i = 0; ok && i < in->file_count; i++) {
    struct script script;
    if (!script_load(&script, in->files[i], base, err)) return false;
    ok = begin_with(record, in, &script.config, out, err) || error_prefix(err, "%s", script.name);
    ok = ok && record_script(record, in, &script, err);
    script_free(&script);
  }
  return ok;
}

// ---- runs -----------------------------------------------------------------------------------------------------------

static struct engine* wrap(void* ctx, struct engine* engine, struct ram* ram, struct error* err) {
  return record_engine(ctx, engine, ram, err);
}

static bool play(const struct inputs* in, const struct config* config, struct trace* trace, struct record* record,
                 struct error* err) {
  struct report report = {.format = ""};
  if (!trace_fit(trace, config->mode, in->trace.strict, NULL, err)) return false;
  struct session session = {.config = config,
                            .engine = in->engine,
                            .trace = trace,
                            .eager = in->trace.eager,
                            .wrap = wrap,
                            .wrap_ctx = record,
                            .interrupt = cli_interrupt(),
                            .label = "record"};
  if (!session_run(&session, &report, err)) return false;
  if (report.killed) return error_set(err, "the kernel killed the process: %s", report.kill.reason);
  if (report.partial) return error_set(err, "interrupted; nothing is written");
  return true;
}

static bool record_run(const struct inputs* in, struct config* config, FILE* out, struct record* record,
                       struct error* err) {
  struct trace trace;
  const char* what = in->trace.file ? in->trace.file : in->trace.specification;
  if (config->mode == MODE_NONE)
    return error_set(err, "mode=none: the operating system needs paging; use mode=32-bit, pae, 4-level or 5-level");
  if (in->frames) config->ram.frames = in->frames;
  if (!config_validate(config, err) || !record_begin(record, out, config, what, engine_kind_name(in->engine), err) ||
      !cli_trace_load(&in->trace, in->seed, &trace, err))
    return false;
  bool ok = play(in, config, &trace, record, err);
  trace_free(&trace);
  return ok;
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static void tell(const struct inputs* in, const struct record* record) {
  char number[NUMBER_TEXT_MAX];
  printf("%s: %s cases\n", in->output, number_text(record->count[RECORD_WRITTEN], number));
  for (int reason = RECORD_WRITTEN + 1; reason < RECORD_REASONS; reason++)
    if (record->count[reason])
      printf("left out: %s accesses %s\n", number_text(record->count[reason], number), record_reasons[reason]);
}

static bool record_all(struct inputs* in, struct config* config, struct output* output, struct record* record,
                       struct error* err) {
  bool ok = in->file_count ? record_scripts(in, config, output->file, record, err)
                           : record_run(in, config, output->file, record, err);
  if (!ok) return false;
  if (!record->count[RECORD_WRITTEN])
    return error_set(err, "there is no access that the format has words for: nothing is written");
  return output_commit(output, err);
}

int cli_record(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL, .seed = 1};
  struct record record = {0};
  struct output output = {0};
  struct config config;
  struct error err;
  cli_parse(&argp, argc, argv, &in);
  in.trace.load.interrupt = cli_interrupt();
  bool ok = cli_machine_config(&in.machine, &config, &err) && output_open(&output, in.output, &err) &&
            record_all(&in, &config, &output, &record, &err);
  if (ok) tell(&in, &record);
  record_end(&record);
  output_abandon(&output);
  return ok ? CLI_OK : cli_fail(&err);
}
