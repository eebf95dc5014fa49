// SPDX-License-Identifier: MIT
// pagewalk run: a program's references as a process of the operating system.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "cli/wave.h"

enum { WAVE_CYCLES = 2000 };  // of a waveform for which no window is given

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  uint64_t seed;
  const char *trace, *generate;
  struct trace_options load;
  uint64_t warm, count;
  bool strict, eager;
  uint64_t frames;
  bool frames_given;
  const char *json, *wave;
  bool window_given;
  uint64_t window_first, window_last;
};

enum {
  OPTION_FORMAT = 256,
  OPTION_PAGING,
  OPTION_FRAMES,
  OPTION_SKIP,
  OPTION_WARM,
  OPTION_COUNT,
  OPTION_STRICT,
  OPTION_JSON,
  OPTION_WAVE,
  OPTION_WINDOW
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "The program (one of these two):", 1},
    {"trace", 't', "FILE|-", 0, "a recorded trace, compressed or not; - reads standard input", 1},
    {"generate", 'g', "SPEC", 0, "a made-up one, as in uniform:pages=4096,refs=1000000", 1},
    {"format", OPTION_FORMAT, "NAME", 0, "of the trace: lackey, din or binary (default: what its content tells)", 1},
    {"skip", OPTION_SKIP, "N", 0, "leave out the first N references", 1},
    {"warm", OPTION_WARM, "N", 0, "play N references before counting begins", 1},
    {"count", OPTION_COUNT, "N", 0, "play and count at most N references", 1},
    {"strict", OPTION_STRICT, 0, 0, "refuse addresses that don't fit the mode, instead of folding them", 1},
    {0, 0, 0, 0, "The machine:", 10},
    {"paging", OPTION_PAGING, "WHEN", 0,
     "demand: pages come as they are touched (default); eager: all are mapped before the clock starts", 10},
    {"frames", OPTION_FRAMES, "N", 0, "memory, in frames (default: the machine's)", 10},
    {0, 0, 0, 0, "Results:", 20},
    {"json", OPTION_JSON, "FILE|-", 0,
     "write the result as JSON (docs/json.md); - writes it to standard output, in place of the report", 20},
    {"wave", OPTION_WAVE, "FILE.fst", 0, "write a waveform, for GTKWave", 20},
    {"window", OPTION_WINDOW, "A:B", 0, "of the cycles A to B of the run (default: the first 2,000)", 20},
    {0}};

static void parse_format(struct inputs* in, const char* arg, const struct argp_state* state) {
  struct error err;
  if (!trace_format_parse(arg, &in->load.format, &err)) argp_error(state, "--format: %s", err.text);
}

static void parse_paging(struct inputs* in, const char* arg, const struct argp_state* state) {
  in->eager = strcmp(arg, "eager") == 0;
  if (!in->eager && strcmp(arg, "demand") != 0) argp_error(state, "--paging: '%s' is neither demand nor eager", arg);
}

static void parse_window(struct inputs* in, const char* arg, const struct argp_state* state) {
  char first[32];
  const char* colon = strchr(arg, ':');
  snprintf(first, sizeof first, "%.*s", colon ? (int)(colon - arg) : 0, arg);
  in->window_given = true;
  if (!colon || !number_parse(first, &in->window_first) || !number_parse(colon + 1, &in->window_last))
    argp_error(state, "--window: '%s' is not A:B, two cycles", arg);
  if (in->window_last < in->window_first) argp_error(state, "--window: %s ends before it begins", arg);
}

static uint64_t at_least_one(const struct argp_state* state, const char* option, const char* arg) {
  uint64_t value = cli_number_option(state, option, arg);
  if (value == 0) argp_error(state, "%s: 0 leaves nothing to run", option);
  return value;
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &in->machine;
      state->child_inputs[1] = &in->engine;
      state->child_inputs[2] = &in->seed;
      return 0;
    case 't':
      in->trace = arg;
      return 0;
    case 'g':
      in->generate = arg;
      return 0;
    case OPTION_FORMAT:
      parse_format(in, arg, state);
      return 0;
    case OPTION_SKIP:
      in->load.skip = cli_number_option(state, "--skip", arg);
      return 0;
    case OPTION_WARM:
      in->warm = cli_number_option(state, "--warm", arg);
      return 0;
    case OPTION_COUNT:
      in->count = at_least_one(state, "--count", arg);
      return 0;
    case OPTION_STRICT:
      in->strict = true;
      return 0;
    case OPTION_PAGING:
      parse_paging(in, arg, state);
      return 0;
    case OPTION_FRAMES:
      in->frames = cli_number_option(state, "--frames", arg);
      in->frames_given = true;
      return 0;
    case OPTION_JSON:
      in->json = arg;
      return 0;
    case OPTION_WAVE:
      in->wave = arg;
      return 0;
    case OPTION_WINDOW:
      parse_window(in, arg, state);
      return 0;
    case ARGP_KEY_ARG:
      argp_error(state, "'%s': what is it? a trace is given with --trace", arg);
      return 0;
    case ARGP_KEY_END:
      if (!in->trace == !in->generate) argp_error(state, "give one program: --trace FILE or --generate SPEC");
      if (in->window_given && !in->wave)
        argp_error(state, "--window: the window of which waveform? add --wave FILE.fst");
      if (in->wave && in->engine == ENGINE_MODEL)
        argp_error(state, "--wave: the C model has no waveform; use --engine rtl");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {
    {&cli_machine_argp, 0, NULL, 0}, {&cli_engine_argp, 0, NULL, 0}, {&cli_seed_argp, 0, NULL, 0}, {0}};

// Lists the generators behind the examples.
static char* extend_help(int key, const char* text, void* input) {
  (void)input;
  char* longer = NULL;
  if (key != ARGP_KEY_HELP_POST_DOC || !text) return (char*)text;
  if (asprintf(&longer, "%s\nGenerators:\n%s", text, trace_generators()) < 0) return (char*)text;
  return longer;
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .doc =
        "Runs a program's memory references as a process of the operating system, through the MMU, and tells where "
        "every cycle went.\v"
        "Examples:\n"
        "  pagewalk run --generate uniform:pages=4096,refs=1000000 --paging eager\n"
        "  pagewalk run --trace - --frames 300 --set mode=pae --set dtlb.ways=8\n"
        "Ctrl-C ends a run early, with a report of what was played so far. While the trace is still being read, it "
        "ends the reading instead: what was read so far is run, and the result is marked partial.\n",
    .children = children,
    .help_filter = extend_help,
};

// ---- the program ----------------------------------------------------------------------------------------------------

static void on_load(void* ctx, uint64_t refs, uint64_t bytes) {
  char count[NUMBER_TEXT_MAX];
  (void)bytes;
  cli_progress(ctx, "reading: %s references", number_text(refs, count));
}

// Ctrl-C ended the reading, or making; from here on it ends the run.
static void note_interrupt(const struct inputs* in, const struct trace* trace, struct report* report) {
  char count[NUMBER_TEXT_MAX];
  report->trace_cut = true;
  cli_interrupt_obeyed();
  fprintf(stderr, "pagewalk: note: interrupted; running the %s references %s so far (Ctrl-C ends that, too)\n",
          number_text(trace->count, count), in->trace ? "read" : "made");
}

static bool load(struct inputs* in, struct trace* trace, struct report* report, struct error* err) {
  struct cli_progress progress = {0};
  in->load.count = in->count ? in->warm + in->count : 0;
  in->load.interrupt = cli_interrupt();
  in->load.progress = on_load;
  in->load.progress_ctx = &progress;
  const char* name = in->trace ? in->trace : in->generate;
  bool ok = in->trace ? trace_load(trace, in->trace, &in->load, err)
                      : trace_generate(trace, in->generate, in->seed, &in->load, err);
  cli_progress_end(&progress);
  if (!ok) return false;
  if (trace->unfinished)
    fprintf(stderr, "pagewalk: note: %s has valgrind's opening lines but not its closing ones: was it cut?\n", name);
  if (trace->interrupted && trace->count > in->warm) note_interrupt(in, trace, report);
  snprintf(report->workload, sizeof report->workload, "%s", strcmp(name, "-") == 0 ? "standard input" : name);
  report->format = in->generate ? "generated" : trace_format_name(trace->format);
  report->trace_hash = trace->hash;
  if (trace->count > in->warm) return true;
  return error_set(err, "%s: nothing left to run: %zu references after --skip %llu, and --warm %llu", report->workload,
                   trace->count, (unsigned long long)in->load.skip, (unsigned long long)in->warm);
}

// ---- the run --------------------------------------------------------------------------------------------------------

static bool check_machine(const struct inputs* in, struct config* config, struct error* err) {
  if (!cli_machine_config(&in->machine, config, err)) return false;
  if (config->mode == MODE_NONE)
    return error_set(err, "mode=none: the operating system needs paging; use mode=32-bit, pae, 4-level or 5-level");
  if (in->frames_given && in->frames == 0) return error_set(err, "--frames 0: a machine without memory can't run");
  // The size of memory is a part of the machine, wherever it was given.
  if (in->frames_given) config->ram.frames = in->frames;
  return config_validate(config, err);
}

// Standard output is written as it is: opening it anew, or putting a file in its place, would lose what it held.
static bool is_standard_output(const char* path) {
  return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0;
}

static bool write_json(const char* path, const struct report* report, struct error* err) {
  struct output output;
  if (is_standard_output(path)) return report_json(stdout, report, err);
  if (!output_open(&output, path, err)) return false;
  if (report_json(output.file, report, err)) return output_commit(&output, err);
  output_abandon(&output);
  return false;
}

// What --set and --frames made of the machine.
static void note_changes(const struct inputs* in, struct report* report) {
  size_t used = 0, room = sizeof report->changes;
  for (size_t i = 0; i < in->machine.set_count && used < room; i++)
    used += (size_t)snprintf(report->changes + used, room - used, " %s", in->machine.sets[i]);
}

static void print_report(const struct report* report) {
  const struct report* reports[] = {report};
  const char* titles[] = {paging_mode_name(report->config.mode)};
  struct colours colours = term_colours(stdout);
  report_intro(stdout, report, colours);
  report_text(stdout, reports, titles, 1, colours);
}

static bool play(const struct inputs* in, const struct config* config, struct trace* trace, const struct output* wave,
                 struct report* report, struct error* err) {
  if (!trace_fit(trace, config->mode, in->strict, &report->regions, err)) return false;
  struct session session = {.config = config,
                            .engine = in->engine,
                            .trace = trace,
                            .eager = in->eager,
                            .warm = in->warm,
                            .wave = wave->partial,
                            .wave_first = in->window_given ? in->window_first : 0,
                            .wave_last = in->window_given ? in->window_last : WAVE_CYCLES - 1,
                            .interrupt = cli_interrupt(),
                            .label = "run"};
  report->seed = in->seed;
  note_changes(in, report);
  if (!session_run(&session, report, err)) return output_blame(wave, err);
  report->partial |= report->trace_cut;
  return true;
}

// After the run: tells of it, and turns the way it ended into an exit code.
static int conclude(const struct inputs* in, const struct report* report, struct output* wave) {
  struct error err;
  if (!in->json || !is_standard_output(in->json)) print_report(report);
  int status = CLI_OK;
  if (in->wave && !wave_commit(wave, &err)) status = cli_fail(&err);
  if (in->json && !write_json(in->json, report, &err)) status = cli_fail(&err);
  if (status != CLI_OK) return status;
  if (report->killed) {
    error_set(&err, "the kernel killed the process: %s", report->kill.reason);
    return cli_fail(&err);
  }
  return report->partial ? CLI_INTERRUPTED : CLI_OK;
}

int cli_run(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL, .seed = 1};
  cli_parse(&argp, argc, argv, &in);
  struct error err;
  struct config config;
  // What can be refused at once is refused before the trace is read.
  if (!check_machine(&in, &config, &err)) return cli_fail(&err);
  if (in.json && !is_standard_output(in.json) && !output_check(in.json, &err)) return cli_fail(&err);
  struct output wave = {0};
  if (in.wave && !wave_reserve(&wave, in.wave, &err)) return cli_fail(&err);
  struct report report = {.format = ""};
  struct trace trace = {0};
  bool loaded = load(&in, &trace, &report, &err);
  bool ok = loaded && play(&in, &config, &trace, &wave, &report, &err);
  int status = ok ? conclude(&in, &report, &wave) : cli_fail(&err);
  if (!loaded && *cli_interrupt()) status = CLI_INTERRUPTED;  // before there was anything to run
  wave_abandon(&wave);
  trace_free(&trace);
  return status;
}
