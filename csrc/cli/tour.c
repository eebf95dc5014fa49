// SPDX-License-Identifier: MIT
// pagewalk tour: a real program's references on the Verilated MMU, in two paging modes, with a waveform.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/output.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "cli/wave.h"
#include "report/narrate.h"

#define ABOUT "a Perl program that builds and walks a tree and a hash of lists"
#define TRACE "tests/traces/perl.pwt.xz"
#define WAVE "waves/tour.fst"
#define ROOT PAGEWALK_ROOT "/"

enum { WAVE_CYCLES = 2000, NOTES_MAX = 32 };

// The kernel's narration of the first page fault.
struct story {
  struct {
    uint64_t cycle;
    struct hal_note note;
  } notes[NOTES_MAX];
  size_t count;
  bool over;
};

struct tour {
  struct colours colours;
  struct trace trace;
  uint64_t pages, frames;
  struct story story;
  struct report reports[2];
};

static const enum paging_mode modes[2] = {MODE_32BIT, MODE_PAE};

// ---- the first fault ------------------------------------------------------------------------------------------------

static void listen(void* ctx, uint64_t cycle, const struct hal_note* note) {
  struct story* story = ctx;
  if (story->over || story->count == NOTES_MAX) return;
  story->notes[story->count].cycle = cycle;
  story->notes[story->count++].note = *note;
  story->over = note->kind == HAL_NOTE_RESTART || note->kind == HAL_NOTE_KILL || note->kind == HAL_NOTE_PANIC;
}

static void tell_story(const struct tour* tour) {
  const struct story* story = &tour->story;
  printf("\n%sThe first page fault, in its six steps%s (%s mode)\n%s     cycle%s\n", tour->colours.bold,
         tour->colours.off, paging_mode_name(modes[0]), tour->colours.dim, tour->colours.off);
  for (size_t i = 0; i < story->count; i++) {
    const struct hal_note* note = &story->notes[i].note;
    uint64_t at = story->notes[i].cycle;
    // The kernel hears of the fault when the trap is over; it happened in the cycle before the trap began.
    if (note->kind == HAL_NOTE_FAULT) at -= tour->reports[0].config.core.trap + 1;
    char cycle[NUMBER_TEXT_MAX], text[NARRATE_TEXT_MAX];
    printf("%10s  %s\n", number_text(at, cycle), narrate_text(note, text));
  }
}

// ---- the runs -------------------------------------------------------------------------------------------------------

// Frames for half of the pages that the program touches, beside what the kernel cannot do without.
static bool choose_frames(struct tour* tour, const struct config* config, struct error* err) {
  struct trace_ranges ranges;
  if (!trace_ranges(&tour->trace, &ranges, err)) return false;
  struct kernel_params params = {.paging = KERNEL_PAGING_PAE, .maxphyaddr = config->maxphyaddr};
  tour->pages = ranges.pages;
  tour->frames = kernel_frames_needed(&params) + ranges.pages / 2;
  trace_ranges_free(&ranges);
  return true;
}

static bool play(struct tour* tour, size_t i, const char* wave, struct error* err) {
  struct config config;
  config_default(&config);
  config.mode = modes[i];
  config.ram.frames = tour->frames;
  struct session session = {.config = &config,
                            .engine = ENGINE_RTL,
                            .trace = &tour->trace,
                            .traced = true,
                            .wave = wave,
                            .wave_last = WAVE_CYCLES - 1,
                            .narrate = i == 0 ? listen : NULL,
                            .ctx = &tour->story,
                            .interrupt = cli_interrupt(),
                            .label = paging_mode_name(modes[i])};
  struct report* report = &tour->reports[i];
  snprintf(report->workload, sizeof report->workload, "%s", TRACE);
  report->format = trace_format_name(tour->trace.format);
  report->trace_hash = tour->trace.hash;
  return session_run(&session, report, err);
}

static bool load(struct tour* tour, struct error* err) {
  struct trace_options options = {.interrupt = cli_interrupt()};
  struct config config;
  size_t regions;
  config_default(&config);
  return trace_load(&tour->trace, ROOT TRACE, &options, err) &&
         trace_fit(&tour->trace, modes[0], false, &regions, err) && choose_frames(tour, &config, err);
}

// The first mode's run is the one whose beginning the waveform shows.
static bool play_both(struct tour* tour, struct output* wave, struct error* err) {
  bool ok = (play(tour, 0, wave->partial, err) || output_blame(wave, err)) && wave_commit(wave, err);
  if (ok) tell_story(tour);
  fflush(stdout);
  return ok && play(tour, 1, NULL, err);
}

// ---- the tour -------------------------------------------------------------------------------------------------------

static unsigned cache_kib(const struct cache_config* cache) { return cache->sets * cache->ways * 64 / 1024; }

static void print_machine(void) {
  struct config config;
  config_default(&config);
  printf("  machine  the Verilated MMU: ITLB and DTLB %u x %u, second level %u x %u, walk caches,\n", config.dtlb.sets,
         config.dtlb.ways, config.stlb.sets, config.stlb.ways);
  printf("           L1D of %u KiB, L2 of %u KiB, memory in %u cycles (docs/config.md)\n", cache_kib(&config.cache.l1d),
         cache_kib(&config.cache.l2), config.dram.latency);
}

static void print_opening(const struct tour* tour) {
  char refs[NUMBER_TEXT_MAX], pages[NUMBER_TEXT_MAX], frames[NUMBER_TEXT_MAX];
  printf("%sPagewalk: a real program on a Verilated x86 MMU, under a paging operating system%s\n\n", tour->colours.bold,
         tour->colours.off);
  printf("  program  " ABOUT ":\n           %s recorded references to %s pages\n", number_text(tour->trace.count, refs),
         number_text(tour->pages, pages));
  printf("  memory   %s frames of 4 KiB, the kernel's among them; nothing is mapped at the start\n",
         number_text(tour->frames, frames));
  print_machine();
  fflush(stdout);
}

// Commands as they can be typed where the user is.
static void print_closing(const struct tour* tour) {
  char here[4096];
  const char* root = getcwd(here, sizeof here) && strcmp(here, PAGEWALK_ROOT) == 0 ? "" : ROOT;
  const char *bold = tour->colours.bold, *off = tour->colours.off;
  printf("\n%sWhat to try next%s\n", bold, off);
  printf("  the first %d cycles of the 32-bit run as a waveform (%s" WAVE "), in GTKWave\n    make%s%s waves\n",
         WAVE_CYCLES, root, *root ? " -C " : "", root);
  printf("  the same program on a data TLB of twice the size\n");
  printf("    %sbuild/pagewalk run --trace %s" TRACE " --frames %llu --set dtlb.sets=32\n", root, root,
         (unsigned long long)tour->frames);
  printf("  with everything mapped before the start: no faults, only the TLB\n");
  printf("    %sbuild/pagewalk run --trace %s" TRACE " --paging eager --engine model\n", root, root);
  printf("  how an address is taken apart, step by step\n    %sbuild/pagewalk explain 401234 --user\n", root);
}

static void print_reports(const struct tour* tour) {
  const struct report* reports[] = {&tour->reports[0], &tour->reports[1]};
  const char* titles[] = {"32-bit", "PAE"};
  report_text(stdout, reports, titles, 2, tour->colours);
}

static bool guide(struct tour* tour, struct error* err) {
  struct output wave = {0};
  bool ok = load(tour, err) && wave_reserve(&wave, ROOT WAVE, err);
  if (ok) {
    print_opening(tour);
    ok = play_both(tour, &wave, err);
  }
  wave_abandon(&wave);
  if (!ok) return false;
  print_reports(tour);
  print_closing(tour);
  return true;
}

static const struct argp argp = {
    .doc =
        "Takes a recorded program through the Verilated MMU as a process of the operating system, with fewer frames "
        "than it touches, once with 32-bit and once with PAE paging: the first page fault step by step, one report "
        "for both, and a waveform.\v"
        "Example:\n"
        "  pagewalk tour\n"};

int cli_tour(int argc, char** argv) {
  cli_parse(&argp, argc, argv, NULL);
  struct error err;
  struct tour tour = {.colours = term_colours(stdout)};
  bool ok = guide(&tour, &err);
  trace_free(&tour.trace);
  if (!ok) return cli_fail(&err);
  bool whole = !tour.reports[0].partial && !tour.reports[1].partial;
  return whole ? CLI_OK : CLI_INTERRUPTED;
}
