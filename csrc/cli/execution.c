// SPDX-License-Identifier: MIT
#include "cli/execution.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/cli.h"

enum { WORDS_MAX = KERNEL_ARGUMENTS_MAX + 2, COMMAND_ROOM = 8192 };
enum { SIGNAL_BITS = 0x7f };

// --- what the kernel tells -------------------------------------------------------------------------------------------

static struct report_process* find_process(struct execution* run, int pid) {
  size_t kept = run->report.process_count;
  if (kept > REPORT_PROCESSES_MAX) kept = REPORT_PROCESSES_MAX;
  for (size_t i = kept; i-- > 0;)
    if (run->report.processes[i].pid == pid) return &run->report.processes[i];
  return NULL;
}

static void add_process(struct execution* run, int pid, const char* name) {
  if (run->report.process_count < REPORT_PROCESSES_MAX) {
    struct report_process* process = &run->report.processes[run->report.process_count];
    *process = (struct report_process){.pid = pid};
    snprintf(process->name, sizeof process->name, "%s", name);
  }
  run->report.process_count++;
}

static void follow_processes(struct execution* run, const struct hal_note* note) {
  struct report_process* process = find_process(run, (int)note->a);
  if (note->kind == HAL_NOTE_EXEC) {
    const char* name = note->text ? note->text : "";
    if (process)
      snprintf(process->name, sizeof process->name, "%s", name);
    else
      add_process(run, (int)note->a, name);
  } else if (note->kind == HAL_NOTE_FORK) {
    add_process(run, (int)note->b, process ? process->name : "");
  } else if (note->kind == HAL_NOTE_EXIT && process) {
    process->ended = true;
    process->status = note->b;
  }
}

// Of one way into the kernel: what came before a fault that is served, or a call that has returned, is over.
static void remember(struct execution* run, uint64_t cycle, const struct hal_note* note) {
  enum hal_note_kind last = run->story_count ? run->story[run->story_count - 1].note.kind : HAL_NOTE_RESTART;
  bool over = last == HAL_NOTE_RESTART || last == HAL_NOTE_RETURN || last == HAL_NOTE_SWITCH;
  if (over || note->kind == HAL_NOTE_FAULT || note->kind == HAL_NOTE_CALL) run->story_count = 0;
  if (run->story_count == EXECUTION_STORY) return;
  struct hal_note* kept = &run->story[run->story_count].note;
  *kept = *note;
  if (note->text) {
    char* text = run->story[run->story_count].text;
    snprintf(text, sizeof run->story->text, "%s", note->text);
    kept->text = text;
  }
  run->story[run->story_count++].cycle = cycle;
}

// The first program's end, and what led to it, are not overwritten by what others do afterwards.
static bool first_has_ended(const struct execution* run) {
  return run->pids[0] > 0 && run->report.process_count > 0 && run->report.processes[0].ended;
}

static void on_note(void* ctx, uint64_t cycle, const struct hal_note* note) {
  struct execution* run = ctx;
  if (!run->machine) return;  // booting
  uint64_t at = cycle - run->start.now;
  if (!first_has_ended(run)) remember(run, at, note);
  follow_processes(run, note);
  if (narrate_level(note) > run->params.narrate) return;
  char number[NUMBER_TEXT_MAX], text[NARRATE_TEXT_MAX];
  if (run->params.output) fflush(run->params.output);
  fprintf(run->params.narration, "%14s  %s\n", number_text(at, number), narrate_text(note, text));
}

static void on_console(void* ctx, int pid, const void* bytes, size_t count) {
  struct execution* run = ctx;
  (void)pid;
  if (run->params.output) fwrite(bytes, 1, count, run->params.output);
}

// --- starting --------------------------------------------------------------------------------------------------------

static bool explain_start(const char* name, const struct execution_params* params, int status, struct error* err) {
  const char* sharing = kernel_sharing_names[params->options->sharing];
  switch (-status) {
    case E2BIG:
      return error_set(err, "%s: its arguments are too long: %d of them, %d bytes with their zeros, is the most", name,
                       KERNEL_ARGUMENTS_MAX, KERNEL_ARGUMENT_BYTES_MAX);
    case ENOMEM:
      if (params->options->sharing == KERNEL_SHARE_PAGING || params->options->sharing == KERNEL_SHARE_SEGMENTS)
        return error_set(
            err, "%s: the program does not fit the memory of %" PRIu64 " frames: use more (--frames, or ram.mib)", name,
            config_frames(params->config));
      return error_set(err,
                       "%s: the program does not fit %" PRIu64
                       " KiB, the memory of a process (--process-memory), or "
                       "that does not fit the %" PRIu64 " frames there are (--frames)",
                       name, params->options->process_bytes >> 10, config_frames(params->config));
    case EAGAIN:
      return error_set(err, "%s: the kernel has no place for another process", name);
    case ENOEXEC:
      return error_set(err,
                       "%s: --sharing %s can't place this program: for static, it must be linked with --emit-relocs; "
                       "docs/programs.md says what the others need",
                       name, sharing);
    default:
      return error_set(err, "%s: the kernel could not start it: %s", name, strerror(-status));
  }
}

// The words of command `i`; `text` holds them.
static int words_of(const struct cli_programs* options, size_t i, char* text, const char** argv, struct error* err) {
  if (strlen(options->commands[i]) >= COMMAND_ROOM) {
    error_set(err, "--program: the command is longer than %d bytes", COMMAND_ROOM - 1);
    return -1;
  }
  strcpy(text, options->commands[i]);
  int count = programs_words(text, argv, WORDS_MAX, err);
  for (size_t w = 0; count >= 0 && i == 0 && w < options->word_count; w++) {
    if (count == WORDS_MAX - 1) {
      error_set(err, "%s: more than %d arguments", argv[0], WORDS_MAX - 2);
      return -1;
    }
    argv[count++] = options->words[w];
  }
  if (count >= 0) argv[count] = NULL;
  return count;
}

// Finds every program before a machine is made.
static bool find_programs(struct execution* run, unsigned numbers[REPORT_PROGRAMS_MAX], struct error* err) {
  const struct cli_programs* options = run->params.options;
  for (size_t i = 0; i < options->count; i++) {
    char text[COMMAND_ROOM];
    const char* argv[WORDS_MAX];
    if (words_of(options, i, text, argv, err) < 0) return error_prefix(err, "--program");
    if (!programs_find(&run->programs, argv[0], &numbers[i], err)) return false;
  }
  return true;
}

static bool start_programs(struct execution* run, const unsigned numbers[REPORT_PROGRAMS_MAX], struct error* err) {
  const struct cli_programs* options = run->params.options;
  for (size_t i = 0; i < options->count; i++) {
    char text[COMMAND_ROOM];
    const char* argv[WORDS_MAX];
    int argc = words_of(options, i, text, argv, err);
    const char* name = run->programs.list[numbers[i]].name;
    argv[0] = name;
    int pid = kernel_start(machine_kernel(run->machine), numbers[i], argc, argv);
    if (machine_trouble(run->machine)) return moment_trouble(run->machine, err);
    if (pid < 0) return explain_start(name, &run->params, pid, err);
    run->pids[i] = pid;
    if (!find_process(run, pid)) add_process(run, pid, name);
  }
  return true;
}

static bool check_config(const struct execution_params* params, struct error* err) {
  if (params->config->core.overlap)
    return error_set(err,
                     "core.overlap=true is for traces: a program's next instruction is known only when the one "
                     "before it is done; set core.overlap=false");
  return true;
}

bool execution_open(struct execution* run, const struct execution_params* params, struct error* err) {
  const struct cli_programs* options = params->options;
  unsigned numbers[REPORT_PROGRAMS_MAX];
  memset(run, 0, sizeof *run);
  run->params = *params;
  run->report.sharing = options->sharing;
  run->report.tagging = options->tagging;
  run->report.quantum = options->quantum;
  if (!check_config(params, err) || !programs_open(&run->programs, err) || !find_programs(run, numbers, err))
    return false;
  struct machine_params machine = {.config = params->config,
                                   .engine = params->engine,
                                   .traced = params->traced,
                                   .narrate = on_note,
                                   .narrate_ctx = run,
                                   .console = on_console,
                                   .console_ctx = run,
                                   .sharing = options->sharing,
                                   .tagging = options->tagging,
                                   .quantum = options->quantum,
                                   .process_bytes = options->process_bytes,
                                   .programs = run->programs.list,
                                   .program_count = run->programs.count};
  run->machine = machine_create(&machine, err);
  if (!run->machine) return false;
  machine_start(run->machine);
  moment_take(run->machine, &run->start);
  return start_programs(run, numbers, err);
}

void execution_close(struct execution* run) {
  machine_destroy(run->machine);
  programs_close(&run->programs);
  run->machine = NULL;
}

// --- running ---------------------------------------------------------------------------------------------------------

uint64_t execution_now(const struct execution* run) { return machine_now(run->machine) - run->start.now; }

bool execution_run(struct execution* run, uint64_t instructions, uint64_t until, enum machine_end* end,
                   struct error* err) {
  uint64_t last = until > UINT64_MAX - run->start.now ? UINT64_MAX : until + run->start.now;
  struct machine_limits limits = {.instructions = instructions, .until = last, .interrupt = cli_interrupt()};
  *end = machine_run(run->machine, &limits);
  run->report.instructions = machine_instructions(run->machine);
  run->report.ended = kernel_first_end(machine_kernel(run->machine), &run->report.end);
  return *end != MACHINE_TROUBLE || moment_trouble(run->machine, err);
}

static void join_commands(const struct cli_programs* options, char* text, size_t room) {
  size_t used = 0;
  for (size_t i = 0; i < options->count && used < room; i++)
    used += (size_t)snprintf(text + used, room - used, "%s%s", i ? "; " : "", options->commands[i]);
  for (size_t w = 0; w < options->word_count && used < room; w++)
    used += (size_t)snprintf(text + used, room - used, " %s", options->words[w]);
}

bool execution_measure(struct execution* run, struct report* report, struct error* err) {
  report->config = *run->params.config;
  report->engine = run->params.engine;
  report->frames = config_frames(run->params.config);
  report->format = "program";
  report->program = &run->report;
  join_commands(run->params.options, report->workload, sizeof report->workload);
  if (!moment_measure(run->machine, &run->start, report, err)) return false;
  report->trace_refs = report->process.refs;
  const struct kernel_end* end = &run->report.end;
  report->killed = run->report.ended && end->signalled;
  report->kill = (struct kernel_kill){.pid = end->pid, .cr2 = end->cr2, .error = end->error};
  snprintf(report->kill.reason, sizeof report->kill.reason, "%s", end->reason);
  return true;
}

// --- how it ended ----------------------------------------------------------------------------------------------------

bool execution_succeeded(const struct execution* run, struct error* err) {
  for (size_t i = 0; i < run->params.options->count; i++) {
    const struct report_process* process = find_process((struct execution*)run, run->pids[i]);
    char text[NARRATE_TEXT_MAX];
    if (!process || !process->ended || process->status == 0) continue;
    const struct kernel_end* end = &run->report.end;
    bool known = i == 0 && run->report.ended && end->signalled && *end->reason;
    return error_set(err, "%s (process %d) %s%s%s", process->name, process->pid, narrate_status(process->status, text),
                     known ? ": " : "", known ? end->reason : "");
  }
  return true;
}

const char* execution_place(const struct execution* run, int pid, uint32_t address, char text[EXECUTION_PLACE_MAX]) {
  const struct report_process* process = find_process((struct execution*)run, pid);
  unsigned number = process ? programs_named(&run->programs, process->name) : run->programs.count;
  text[0] = '\0';
  if (number == run->programs.count) return text;
  const struct elf* elf = programs_elf(&run->programs, number);
  const char* file;
  uint32_t offset;
  unsigned line;
  const char* function = elf_function(elf, address, &offset);
  if (function) snprintf(text, EXECUTION_PLACE_MAX, "%.64s+0x%" PRIx32, function, offset);
  size_t used = strlen(text);
  if (elf_line(elf, address, &file, &line))
    snprintf(text + used, EXECUTION_PLACE_MAX - used, "%s(%.40s:%u)", used ? " " : "", file, line);
  return text;
}

static void print_registers(const struct kernel_context* context, FILE* out) {
  static const char* const names[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
  for (unsigned i = 0; i < KERNEL_REGISTERS; i++)
    fprintf(out, "  %s %08" PRIx32 "%s", names[i], context->reg[i], i % 4 == 3 ? "\n" : "");
  fprintf(out, "  eip %08" PRIx32 "  eflags %08" PRIx32 "\n", context->eip, context->eflags);
}

static void print_story(const struct execution* run, FILE* out, struct colours colours) {
  if (run->story_count == 0 || run->story[0].note.kind != HAL_NOTE_FAULT) return;
  fprintf(out, "  %show it came to this, by cycles of the run%s\n", colours.dim, colours.off);
  for (size_t i = 0; i < run->story_count; i++) {
    char number[NUMBER_TEXT_MAX], text[NARRATE_TEXT_MAX];
    fprintf(out, "%14s  %s\n", number_text(run->story[i].cycle, number), narrate_text(&run->story[i].note, text));
  }
}

void execution_tell_crash(const struct execution* run, FILE* out, struct colours colours) {
  const struct kernel_end* end = &run->report.end;
  if (!run->report.ended || !end->signalled) return;
  char text[NARRATE_TEXT_MAX], place[EXECUTION_PLACE_MAX];
  struct core_stop stop = {.kind = CORE_STOP_EXCEPTION,
                           .vector = end->vector,
                           .has_error = end->vector >= CORE_TS && end->vector <= CORE_PF_FAULT,
                           .error = end->error,
                           .cr2 = (uint32_t)end->cr2};
  execution_place(run, end->pid, end->eip, place);
  fprintf(out, "\n%s%s (process %d) %s%s\n", colours.bold, end->name, end->pid,
          narrate_status((uint64_t)end->code & SIGNAL_BITS, text), colours.off);
  fprintf(out, "  %s\n", end->reason);
  if (end->vector || end->code == 8) fprintf(out, "  %s\n", core_stop_text(&stop, text, sizeof text));
  fprintf(out, "  at %08" PRIx32 "%s%s\n", end->eip, *place ? "  " : "", place);
  print_registers(&end->context, out);
  print_story(run, out, colours);
}
