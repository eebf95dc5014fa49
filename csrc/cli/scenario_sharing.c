// SPDX-License-Identifier: MIT
// Ledger A1 to A6, A14, A15: the same programs under every way to share a memory, from one process at a time to paging.
// Each cell of the tables is the outcome of a run.
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "cli/watched.h"

// In the order of history.
static const enum kernel_sharing ways[KERNEL_SHARINGS] = {
    KERNEL_SHARE_ALONE,  KERNEL_SHARE_IMAGES,   KERNEL_SHARE_STATIC, KERNEL_SHARE_BASE,
    KERNEL_SHARE_BOUNDS, KERNEL_SHARE_SEGMENTS, KERNEL_SHARE_PAGING};

enum { KIB = 1024, PROCESS = 128 * KIB, FRAMES = 256, QUANTUM = 20000 };

// --- one way ---------------------------------------------------------------------------------------------------------

struct findings {
  // Two that give way to each other.
  uint64_t switches, switch_cycles, cycles;
  // Six at once.
  struct watched_memory memory;
  uint64_t all_done;
  // What one may do, or have.
  uint64_t wild, hit, stack, heap, large, fork;  // wait statuses
  uint64_t moves;
};

struct trial {
  const struct scenario* scenario;
  enum kernel_sharing sharing;
  struct error* err;
};

static bool try(const struct trial* trial, struct watched* run) {
  run->sharing = trial->sharing;
  run->frames = run->frames ? run->frames : FRAMES;
  run->process_bytes = run->process_bytes ? run->process_bytes : PROCESS;
  run->quantum = run->quantum ? run->quantum : QUANTUM;
  return watched_run(trial->scenario, run, trial->err);
}

static bool try_alone(const struct trial* trial, const char* command, uint64_t* status) {
  struct watched run = {.commands = {command}};
  if (!try(trial, &run)) return false;
  *status = watched_status(&run, 1);
  return true;
}

// More than there is, though the process may have all of it.
static bool try_large(const struct trial* trial, struct findings* found) {
  struct watched run = {.process_bytes = FRAMES * 4096, .commands = {"switcher 280 2"}};
  if (!try(trial, &run)) return false;
  found->large = watched_status(&run, 1);
  return true;
}

static bool measure_switches(const struct trial* trial, struct findings* found) {
  struct watched run = {.commands = {"switcher 4 20", "switcher 4 20"}};
  if (!try(trial, &run)) return false;
  found->switches = run.stats.switches;
  found->switch_cycles = run.stats.switch_cycles;
  found->cycles = run.cycles;
  return true;
}

static bool measure_memory(const struct trial* trial, struct findings* found) {
  struct watched run = {
      .frames = FRAMES / 2,
      .quantum = QUANTUM / 10,
      .commands = {"dynamic 100", "sort 50", "static-array 100", "recurse 300", "hash 50", "store 40 60"}};
  if (!try(trial, &run)) return false;
  found->memory = run.fullest;
  found->all_done = run.cycles;
  return true;
}

// `guard` lies first, `wild-store` behind it: what must the second say to mean the first's data? Where each has all
// addresses for itself, there is no such address: the same one is its own.
static bool try_wild_store(const struct trial* trial, struct findings* found) {
  uint32_t watched;
  struct programs programs;
  unsigned number;
  char command[64];
  bool known = programs_open(&programs, trial->err) && programs_find(&programs, "guard", &number, trial->err) &&
               (elf_symbol(programs_elf(&programs, number), "watched", &watched) ||
                error_set(trial->err, "guard: it has no symbol `watched'"));
  programs_close(&programs);
  if (!known) return false;
  bool based = trial->sharing == KERNEL_SHARE_BASE || trial->sharing == KERNEL_SHARE_BOUNDS;
  snprintf(command, sizeof command, "wild-store 0x%" PRIx32 " 16", based ? watched - PROCESS : watched);
  struct watched run = {.commands = {"guard 10", command}};
  if (!try(trial, &run)) return false;
  found->hit = watched_status(&run, 1);
  found->wild = watched_status(&run, 2);
  return true;
}

// Parts that grow in a memory that is nearly full.
static bool measure_moves(const struct trial* trial, struct findings* found) {
  struct watched run = {.frames = FRAMES / 4, .commands = {"sort 50", "switcher 12 4", "hash 300", "switcher 12 4"}};
  if (!try(trial, &run)) return false;
  found->moves = run.stats.image_moves;
  return true;
}

static bool find_out(const struct trial* trial, struct findings* found) {
  return measure_switches(trial, found) && measure_memory(trial, found) && try_wild_store(trial, found) &&
         try_alone(trial, "recurse 2000", &found->stack) && try_alone(trial, "switcher 60 1", &found->heap) &&
         try_large(trial, found) && try_alone(trial, "fork", &found->fork) && measure_moves(trial, found);
}

// --- the tables ------------------------------------------------------------------------------------------------------

static void head(const struct scenario* scenario, const char* heading, const char* columns) {
  scenario_heading(scenario, heading);
  fprintf(scenario->out, "\n  %s%-9s %s%s\n", scenario->colours.dim, "", columns, scenario->colours.off);
}

static void print_costs(const struct scenario* scenario, const struct findings* found) {
  head(scenario, "Two programs that give way to each other after each round: what does it cost?",
       "       switches  cycles a switch      both done after");
  for (int i = 0; i < KERNEL_SHARINGS; i++) {
    enum kernel_sharing way = ways[i];
    char each[NUMBER_TEXT_MAX], all[NUMBER_TEXT_MAX];
    const struct findings* f = &found[way];
    number_text(f->switches ? f->switch_cycles / f->switches : 0, each);
    fprintf(scenario->out, "  %-9s %15" PRIu64 " %16s %20s\n", kernel_sharing_names[way], f->switches, each,
            number_text(f->cycles, all));
  }
}

static void print_memory(const struct scenario* scenario, const struct findings* found) {
  head(scenario, "Six programs of different size in a memory of 512 KiB: how many are there at once?",
       "at once   KiB given   not used   free    pieces of one  all done after");
  for (int i = 0; i < KERNEL_SHARINGS; i++) {
    enum kernel_sharing way = ways[i];
    char all[NUMBER_TEXT_MAX];
    const struct watched_memory* m = &found[way].memory;
    fprintf(scenario->out, "  %-9s %7u %11.1f  %s%8.1f %6.1f %16u %15s\n", kernel_sharing_names[way], m->processes,
            (double)m->given / KIB, way == KERNEL_SHARE_PAGING ? "<" : " ", (double)m->unused / KIB,
            (double)m->free / KIB, m->pieces, number_text(found[way].all_done, all));
  }
}

static const char* works(uint64_t status) { return status == 0 ? "works" : "fails"; }

static const char* wild_store(const struct findings* f) {
  if (f->hit) return "hits another";
  return f->wild & 0x7f ? "is stopped" : "only itself";
}

static void print_rights(const struct scenario* scenario, const struct findings* found) {
  head(scenario, "What a program may do or have: 128 KiB (for 1.1 MiB: all) of a memory of 1 MiB",
       "a wild store   a stack of 200 KiB  a heap of 240 KiB  1.1 MiB  fork");
  for (int i = 0; i < KERNEL_SHARINGS; i++) {
    enum kernel_sharing way = ways[i];
    const struct findings* f = &found[way];
    fprintf(scenario->out, "  %-9s %-14s %-19s %-18s %-8s %s\n", kernel_sharing_names[way], wild_store(f),
            works(f->stack), works(f->heap), works(f->large), works(f->fork));
  }
}

static const char* yes(bool so) { return so ? "yes" : "dropped"; }

static void print_assumptions(const struct scenario* scenario, const struct findings* found) {
  head(scenario, "Which assumption of note 000 still holds, by these runs",
       "in one piece   smaller than memory   of one size   it stays where it is");
  for (int i = 0; i < KERNEL_SHARINGS; i++) {
    enum kernel_sharing way = ways[i];
    const struct findings* f = &found[way];
    bool stays = f->moves == 0 && way != KERNEL_SHARE_PAGING;
    fprintf(scenario->out, "  %-9s %-14s %-21s %-13s %s\n", kernel_sharing_names[way], yes(f->memory.pieces == 1),
            yes(f->large != 0), yes(f->memory.same_size), yes(stays));
  }
}

// --- compaction, and memory for the worst case -----------------------------------------------------------------------

static bool tell_of_compaction(const struct scenario* scenario, struct error* err) {
  struct watched run = {.frames = 60,
                        .commands = {"store 300 300", "recurse 700", "switcher 12 20", "hash 300", "recurse 900"}};
  struct trial trial = {scenario, KERNEL_SHARE_SEGMENTS, err};
  if (!try(&trial, &run)) return false;
  fprintf(scenario->out, "\n");
  scenario_say(
      scenario,
      "Segments, five programs that grow in 240 KiB: up to %.1f KiB were free but not in the largest hole; %" PRIu64
      " times no hole was large enough though the memory was free in all, and closing up the holes made "
      "room; %" PRIu64 " pieces were moved.",
      (double)run.scattered / KIB, run.stats.placements_failed, run.stats.image_moves);
  return true;
}

static bool tell_of_the_worst_case(const struct scenario* scenario, struct error* err) {
  struct trial trial = {scenario, KERNEL_SHARE_SEGMENTS, err};
  struct watched reserved = {.commands = {"static-array 100"}}, asked = {.commands = {"dynamic 100"}};
  if (!try(&trial, &reserved) || !try(&trial, &asked)) return false;
  fprintf(scenario->out, "\n");
  scenario_say(
      scenario,
      "100 numbers, 400 bytes: `static-array', sized when it was compiled, is given %.1f KiB; `dynamic', which "
      "asks when it knows, %.1f KiB.",
      (double)reserved.fullest.given / KIB, (double)asked.fullest.given / KIB);
  return true;
}

static void tell_of_costs(const struct scenario* scenario, const struct findings* found) {
  const struct findings *images = &found[KERNEL_SHARE_IMAGES], *bounds = &found[KERNEL_SHARE_BOUNDS];
  if (!images->switches || !bounds->switches || !bounds->switch_cycles) return;
  double ratio = (double)images->switch_cycles / (double)images->switches /
                 ((double)bounds->switch_cycles / (double)bounds->switches);
  fprintf(scenario->out, "\n");
  scenario_say(scenario,
               "Sharing the time of one memory (images: out to the disk, in from the disk) costs %.0f times as much a "
               "switch as sharing its space (bounds: one register). With alone there is one switch: when the first "
               "has ended.",
               ratio);
}

bool scenario_sharing(const struct scenario* scenario, struct error* err) {
  struct findings found[KERNEL_SHARINGS];
  memset(found, 0, sizeof found);
  for (int way = 0; way < KERNEL_SHARINGS; way++) {
    struct trial trial = {scenario, (enum kernel_sharing)way, err};
    if (!find_out(&trial, &found[way])) return false;
  }
  print_costs(scenario, found);
  tell_of_costs(scenario, found);
  print_memory(scenario, found);
  print_rights(scenario, found);
  print_assumptions(scenario, found);
  return tell_of_compaction(scenario, err) && tell_of_the_worst_case(scenario, err);
}
