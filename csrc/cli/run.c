// SPDX-License-Identifier: MIT
// pagewalk run: programs, or the references of a trace, as processes of the operating system.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/execution.h"
#include "cli/instructions.h"
#include "cli/session.h"
#include "cli/wave.h"

enum { WAVE_CYCLES = 2000 };  // of a waveform for which no window is given

struct inputs {
  struct cli_machine machine;
  enum engine_kind engine;
  uint64_t seed;
  struct cli_trace trace;
  struct cli_programs programs;
  uint64_t frames;
  uint64_t warm;
  const char *json, *wave, *instructions;
  uint64_t narrate;
  bool window_given;
  uint64_t window_first, window_last;
};

enum { OPTION_WARM = 256, OPTION_JSON, OPTION_WAVE, OPTION_WINDOW, OPTION_NARRATE, OPTION_INSTRUCTIONS };

static const struct argp_option options[] = {
    {0, 0, 0, 0, "A program:", 1},
    {0, 0, 0, 0, "Or a trace of one, from a file or made up:", 2},
    {"warm", OPTION_WARM, "N", 0, "play N references before counting begins", 2},
    {0, 0, 0, 0, "The machine:", 10},
    {0, 0, 0, 0, "Results:", 20},
    {"json", OPTION_JSON, "FILE|-", 0,
     "write the result as JSON (docs/json.md); - writes it to standard output, in place of the report, and what "
     "programs "
     "write to standard error",
     20},
    {"narrate", OPTION_NARRATE, "LEVEL", 0,
     "tell on standard error what the kernel does: 0 nothing (default), 1 the processes, 2 everything", 20},
    {"trace-instructions", OPTION_INSTRUCTIONS, "FILE|-", 0,
     "write every instruction of a program, with each of its references", 20},
    {"wave", OPTION_WAVE, "FILE.fst", 0, "write a waveform, for GTKWave", 20},
    {"window", OPTION_WINDOW, "A:B", 0, "of the cycles A to B of the run (default: the first 2,000)", 20},
    {0}};

static void parse_window(struct inputs* in, const char* arg, const struct argp_state* state) {
  char first[32];
  const char* colon = strchr(arg, ':');
  snprintf(first, sizeof first, "%.*s", colon ? (int)(colon - arg) : 0, arg);
  in->window_given = true;
  if (!colon || !number_parse(first, &in->window_first) || !number_parse(colon + 1, &in->window_last))
    argp_error(state, "--window: '%s' is not A:B, two cycles", arg);
  if (in->window_last < in->window_first) argp_error(state, "--window: %s ends before it begins", arg);
}

// Standard output is written as it is: opening it anew, or putting a file in its place, would lose what it held.
static bool is_standard_output(const char* path) {
  return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0;
}

static bool is_same_output(const char* a, const char* b) {
  return strcmp(a, b) == 0 || (is_standard_output(a) && is_standard_output(b));
}

static void check_words(const struct inputs* in, const struct argp_state* state) {
  if ((in->trace.file != NULL) + (in->trace.specification != NULL) + (in->programs.count > 0) != 1)
    argp_error(state, "give one thing to run: --program NAME, --trace FILE or --generate SPEC");
  if (in->programs.count && in->trace.only_traces)
    argp_error(state, "%s: is for traces, not for programs", in->trace.only_traces);
  if (in->programs.count && in->warm) argp_error(state, "--warm: is for traces, not for programs");
  if (!in->programs.count && in->instructions)
    argp_error(state, "--trace-instructions: a trace has no instructions; run a --program");
  if (in->json && in->instructions && is_same_output(in->json, in->instructions))
    argp_error(state, "--json and --trace-instructions: both to %s: give one of them another file", in->json);
  if (in->window_given && !in->wave) argp_error(state, "--window: the window of which waveform? add --wave FILE.fst");
  if (in->wave && in->engine == ENGINE_MODEL)
    argp_error(state, "--wave: the C model has no waveform; use --engine rtl");
}

static void parse_narrate(struct inputs* in, const char* arg, const struct argp_state* state) {
  in->narrate = cli_number_option(state, "--narrate", arg);
  if (in->narrate >= NARRATE_LEVELS) argp_error(state, "--narrate: %s is none of the levels 0, 1 and 2", arg);
}

static error_t parse(int key, char* arg, struct argp_state* state) {
  struct inputs* in = state->input;
  void* const inputs[] = {&in->machine, &in->engine, &in->seed, &in->programs, &in->trace, &in->frames};
  switch (key) {
    case ARGP_KEY_INIT:
      memcpy(state->child_inputs, inputs, sizeof inputs);
      return 0;
    case OPTION_WARM:
      in->warm = cli_number_option(state, "--warm", arg);
      return 0;
    case OPTION_JSON:
      in->json = arg;
      return 0;
    case OPTION_NARRATE:
      parse_narrate(in, arg, state);
      return 0;
    case OPTION_INSTRUCTIONS:
      in->instructions = arg;
      return 0;
    case OPTION_WAVE:
      in->wave = arg;
      return 0;
    case OPTION_WINDOW:
      parse_window(in, arg, state);
      return 0;
    case ARGP_KEY_END:
      check_words(in, state);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_child children[] = {{&cli_machine_argp, 0, NULL, 0},
                                             {&cli_engine_argp, 0, NULL, 0},
                                             {&cli_seed_argp, 0, NULL, 0},
                                             {&cli_programs_argp, 0, NULL, 0},
                                             {&cli_trace_argp, 0, NULL, 0},
                                             {&cli_frames_argp, 0, NULL, 0},
                                             {0}};

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
    .args_doc = "[ARGUMENT...]",
    .doc =
        "Runs a program, or a program's recorded memory references, as a process of the operating system, through the "
        "MMU, and tells where every cycle went.\v"
        "Examples:\n"
        "  pagewalk run --program sort 1000\n"
        "  pagewalk run --program \"sort 1000\" --program hello --quantum 20000\n"
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
          number_text(trace->count, count), in->trace.file ? "read" : "made");
}

static bool load_trace(struct inputs* in, struct trace* trace, struct report* report, struct error* err) {
  struct cli_progress progress = {0};
  struct trace_options* load = &in->trace.load;
  if (load->count) load->count += in->warm;
  load->interrupt = cli_interrupt();
  load->progress = on_load;
  load->progress_ctx = &progress;
  const char* name = in->trace.file ? in->trace.file : in->trace.specification;
  bool ok = cli_trace_load(&in->trace, in->seed, trace, err);
  cli_progress_end(&progress);
  if (!ok) return false;
  if (trace->unfinished)
    fprintf(stderr, "pagewalk: note: %s has valgrind's opening lines but not its closing ones: was it cut?\n", name);
  if (trace->interrupted && trace->count > in->warm) note_interrupt(in, trace, report);
  snprintf(report->workload, sizeof report->workload, "%s", strcmp(name, "-") == 0 ? "standard input" : name);
  report->format = in->trace.specification ? "generated" : trace_format_name(trace->format);
  report->trace_hash = trace->hash;
  if (trace->count > in->warm) return true;
  return error_set(err, "%s: nothing left to run: %zu references after --skip %llu, and --warm %llu", report->workload,
                   trace->count, (unsigned long long)in->trace.load.skip, (unsigned long long)in->warm);
}

// ---- the run --------------------------------------------------------------------------------------------------------

static bool check_machine(const struct inputs* in, struct config* config, struct error* err) {
  if (!cli_machine_config(&in->machine, config, err)) return false;
  if (config->mode == MODE_NONE && in->programs.sharing == KERNEL_SHARE_PAGING)
    return error_set(err, "mode=none: the operating system needs paging; use mode=32-bit, pae, 4-level or 5-level");
  // The size of memory is a part of the machine, wherever it was given.
  if (in->frames) config->ram.frames = in->frames;
  return config_validate(config, err);
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
  bool paged = !report->program || report->program->sharing == KERNEL_SHARE_PAGING;
  const char* titles[] = {paged ? paging_mode_name(report->config.mode)
                                : kernel_sharing_names[report->program->sharing]};
  struct colours colours = term_colours(stdout);
  report_intro(stdout, report, colours);
  report_text(stdout, reports, titles, 1, colours);
}

// The narration of a trace has one process.
static void narrate(void* ctx, uint64_t cycle, const struct hal_note* note) {
  const struct inputs* in = ctx;
  char number[NUMBER_TEXT_MAX], text[NARRATE_TEXT_MAX];
  if (narrate_level(note) <= (enum narration)in->narrate)
    fprintf(stderr, "%14s  %s\n", number_text(cycle, number), narrate_text(note, text));
}

static bool play_trace(const struct inputs* in, const struct config* config, struct trace* trace,
                       const struct output* wave, struct report* report, struct error* err) {
  if (!trace_fit(trace, config->mode, in->trace.strict, &report->regions, err)) return false;
  struct session session = {.config = config,
                            .engine = in->engine,
                            .trace = trace,
                            .eager = in->trace.eager,
                            .warm = in->warm,
                            .wave = wave->partial,
                            .wave_first = in->window_given ? in->window_first : 0,
                            .wave_last = in->window_given ? in->window_last : WAVE_CYCLES - 1,
                            .narrate = in->narrate ? narrate : NULL,
                            .ctx = (void*)in,
                            .interrupt = cli_interrupt(),
                            .label = "run"};
  if (!session_run(&session, report, err)) return output_blame(wave, err);
  report->partial |= report->trace_cut;
  return true;
}

// ---- the end --------------------------------------------------------------------------------------------------------

// After the run: tells of it. The exit code of the telling.
static int tell(const struct inputs* in, const struct report* report, struct output* wave) {
  struct error err;
  int status = CLI_OK;
  if (!in->json || !is_standard_output(in->json)) print_report(report);
  if (in->wave && !wave_commit(wave, &err)) status = cli_fail(&err);
  if (in->json && !write_json(in->json, report, &err)) status = cli_fail(&err);
  return status;
}

// A trace: the way it ended as an exit code.
static int conclude(const struct inputs* in, const struct report* report, struct output* wave) {
  struct error err;
  int status = tell(in, report, wave);
  if (status != CLI_OK) return status;
  if (report->killed) {
    error_set(&err, "the kernel killed the process: %s", report->kill.reason);
    return cli_fail(&err);
  }
  return report->partial ? CLI_INTERRUPTED : CLI_OK;
}

static int run_trace(struct inputs* in, const struct config* config, struct output* wave) {
  struct report report = {.format = "", .seed = in->seed};
  struct trace trace = {0};
  struct error err;
  note_changes(in, &report);
  bool loaded = load_trace(in, &trace, &report, &err);
  bool ok = loaded && play_trace(in, config, &trace, wave, &report, &err);
  int status = ok ? conclude(in, &report, wave) : cli_fail(&err);
  if (!loaded && *cli_interrupt()) status = CLI_INTERRUPTED;  // before there was anything to run
  trace_free(&trace);
  return status;
}

// ---- programs -------------------------------------------------------------------------------------------------------

static bool show_waves(const struct inputs* in, struct execution* run, const struct output* wave, struct error* err) {
  if (!in->wave) return true;
  uint64_t first = in->window_given ? in->window_first : 0;
  uint64_t last = in->window_given ? in->window_last : WAVE_CYCLES - 1;
  return engine_wave(machine_engine(run->machine), wave->partial, run->start.now, run->start.now + first,
                     run->start.now + last, err);
}

// How a run of programs ended, as an exit code, with a line that says so.
static int conclude_programs(const struct execution* run, enum machine_end end) {
  struct error err;
  char limit[NUMBER_TEXT_MAX];
  if (end == MACHINE_HALTED) return CLI_INTERRUPTED;
  if (end == MACHINE_LIMIT) {
    error_set(&err, "the run had not ended after %s instructions (--max-instructions)",
              number_text(run->params.options->max_instructions, limit));
    return cli_fail(&err);
  }
  return execution_succeeded(run, &err) ? CLI_OK : cli_fail(&err);
}

static int tell_of_programs(const struct inputs* in, struct execution* run, enum machine_end end, struct output* wave) {
  struct report report = {.seed = in->seed, .partial = end != MACHINE_DONE};
  struct error err;
  note_changes(in, &report);
  fflush(stdout);
  if (!execution_measure(run, &report, &err)) return cli_fail(&err);
  execution_close(run);  // completes the waveform; what the report says has been taken
  return tell(in, &report, wave);
}

static int run_programs(struct inputs* in, const struct config* config, struct output* wave) {
  bool json_printed = in->json && is_standard_output(in->json);
  struct execution_params params = {.config = config,
                                    .options = &in->programs,
                                    .engine = in->engine,
                                    .traced = in->wave != NULL,
                                    .narrate = (enum narration)in->narrate,
                                    .narration = stderr,
                                    .output = json_printed ? stderr : stdout};
  struct execution run;
  struct instructions trace = {0};
  enum machine_end end;
  struct error err;
  bool ok = execution_open(&run, &params, &err) && show_waves(in, &run, wave, &err) &&
            (!in->instructions || instructions_open(&trace, &run, in->instructions, &err)) &&
            execution_run(&run, in->programs.max_instructions, UINT64_MAX, &end, &err);
  if (!instructions_close(&trace, ok, ok ? &err : NULL)) ok = false;
  if (!ok) {
    execution_close(&run);
    return cli_fail(&err);
  }
  struct colours colours = term_colours(stdout);
  if (!json_printed) execution_tell_crash(&run, stdout, colours);
  int status = tell_of_programs(in, &run, end, wave);
  return status == CLI_OK ? conclude_programs(&run, end) : status;
}

int cli_run(int argc, char** argv) {
  struct inputs in = {.engine = ENGINE_RTL, .seed = 1};
  cli_programs_default(&in.programs);
  cli_parse(&argp, argc, argv, &in);
  struct error err;
  struct config config;
  // What can be refused at once is refused before the trace is read.
  if (!check_machine(&in, &config, &err)) return cli_fail(&err);
  if (in.json && !is_standard_output(in.json) && !output_check(in.json, &err)) return cli_fail(&err);
  struct output wave = {0};
  if (in.wave && !wave_reserve(&wave, in.wave, &err)) return cli_fail(&err);
  int status = in.programs.count ? run_programs(&in, &config, &wave) : run_trace(&in, &config, &wave);
  wave_abandon(&wave);
  return status;
}
