// SPDX-License-Identifier: MIT
// A run as text: one column, or two runs side by side, at most 80 columns wide.
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "report/narrate.h"
#include "report/report.h"

// What a table looks like: a label, then for each run a value, a share, and a bar where there is room for one.
struct table {
  FILE* out;
  const struct report* const* reports;
  size_t count;
  struct colours colours;
  int label, value, bar;  // widths
};

enum { SHARE_WIDTH = 9, CELL_MAX = 48, LISTED_MAX = 16 };

struct cell {
  char value[CELL_MAX];
  double share;  // of 1; negative: none
  double bar;    // of 1
};

static struct cell plain(const char* format, ...) __attribute__((format(printf, 1, 2)));
static struct cell plain(const char* format, ...) {
  struct cell cell = {.share = -1};
  va_list args;
  va_start(args, format);
  vsnprintf(cell.value, sizeof cell.value, format, args);
  va_end(args);
  return cell;
}

static struct cell count_cell(uint64_t value) {
  char text[NUMBER_TEXT_MAX];
  return plain("%s", number_text(value, text));
}

static struct cell share_cell(uint64_t value, uint64_t whole) {
  struct cell cell = count_cell(value);
  if (whole) cell.share = (double)value / (double)whole;
  return cell;
}

static struct cell ratio_cell(uint64_t value, uint64_t whole) {
  return whole ? plain("%.2f", (double)value / (double)whole) : plain("-");
}

static struct cell percent_cell(uint64_t value, uint64_t whole) {
  return whole ? plain("%.2f %%", 100 * (double)value / (double)whole) : plain("-");
}

// `last`: nothing follows on the line, so that no blanks are needed to fill the bar's place.
static void print_bar(const struct table* t, double length, bool last) {
  int filled = (int)(length * t->bar + 0.5);
  bool colour = *t->colours.blue;  // then a bar is blanks in reverse video
  if (last && filled == 0) return;
  fprintf(t->out, " %s%s", t->colours.blue, colour ? "\033[7m" : "");
  for (int i = 0; i < filled; i++) fputc(colour ? ' ' : '#', t->out);
  fprintf(t->out, "%s%*s", t->colours.off, last ? 0 : t->bar - filled, "");
}

static void print_cell(const struct table* t, const struct cell* cell, bool last) {
  fprintf(t->out, "%*s", t->value, cell->value);
  if (cell->share < 0) {
    if (!last) fprintf(t->out, "%*s", SHARE_WIDTH + 1 + t->bar, "");
    return;
  }
  fprintf(t->out, "%s%*.2f %%%s", t->colours.dim, SHARE_WIDTH - 2, 100 * cell->share, t->colours.off);
  if (t->bar > 0) print_bar(t, cell->bar, last);
}

typedef struct cell cell_fn(const struct report* report);

static void print_row(const struct table* t, const char* label, cell_fn* cell) {
  fprintf(t->out, "  %-*s", t->label, label);
  for (size_t i = 0; i < t->count; i++) {
    struct cell c = cell(t->reports[i]);
    print_cell(t, &c, i + 1 == t->count);
  }
  fputc('\n', t->out);
}

static void print_heading(const struct table* t, const char* heading) {
  fprintf(t->out, "\n%s%s%s\n", t->colours.bold, heading, t->colours.off);
}

// ---- the rows -------------------------------------------------------------------------------------------------------

static uint64_t translation(const struct report* r) { return r->cycles.stlb + r->cycles.walk + r->cycles.ad_update; }
static uint64_t busy(const struct report* r) { return report_cycles(r) - r->cycles.idle; }
static struct cell accesses(const struct report* r) { return count_cell(r->process.refs); }
static struct cell cycles(const struct report* r) { return count_cell(report_cycles(r)); }
static struct cell cycles_an_access(const struct report* r) { return ratio_cell(report_cycles(r), r->process.refs); }
static struct cell busy_an_access(const struct report* r) { return ratio_cell(busy(r), r->process.refs); }
static struct cell translation_share(const struct report* r) { return percent_cell(translation(r), report_cycles(r)); }
static struct cell translation_busy(const struct report* r) { return percent_cell(translation(r), busy(r)); }

static uint64_t instructions_of(const struct report* r) { return r->program ? r->program->instructions : 0; }
static struct cell instructions(const struct report* r) { return count_cell(instructions_of(r)); }
static struct cell accesses_an_instruction(const struct report* r) {
  return ratio_cell(r->process.refs, instructions_of(r));
}
static struct cell cycles_an_instruction(const struct report* r) {
  return ratio_cell(report_cycles(r), instructions_of(r));
}

static struct cell processes(const struct report* r) { return count_cell(r->program ? r->program->process_count : 0); }
static struct cell calls(const struct report* r) { return count_cell(r->os.calls); }
static struct cell switches(const struct report* r) { return count_cell(r->os.switches); }
static struct cell interrupts(const struct report* r) { return count_cell(r->os.interrupts); }
static struct cell cycles_a_switch(const struct report* r) { return ratio_cell(r->os.switch_cycles, r->os.switches); }

static struct cell images_out(const struct report* r) { return count_cell(r->os.images_out); }
static struct cell images_in(const struct report* r) { return count_cell(r->os.images_in); }
static struct cell image_moves(const struct report* r) { return count_cell(r->os.image_moves); }
static struct cell placements_failed(const struct report* r) { return count_cell(r->os.placements_failed); }

static struct cell walks(const struct report* r) { return count_cell(r->process.walks); }
static struct cell reads_a_walk(const struct report* r) { return ratio_cell(r->process.walk_refs, r->process.walks); }
static struct cell cycles_a_walk(const struct report* r) {
  return ratio_cell(r->process.walk_cycles, r->process.walks);
}

static struct cell writebacks(const struct report* r) { return count_cell(r->process.writebacks); }
static struct cell merged(const struct report* r) { return count_cell(r->process.merged); }

static struct cell prefetched(const struct report* r) { return count_cell(r->process.prefetch.fills); }
static struct cell prefetch_walks(const struct report* r) { return count_cell(r->process.prefetch.walks); }

static uint64_t dram_accesses(const struct report* r) {
  return r->process.dram_row_hits + r->process.dram_row_opens + r->process.dram_row_conflicts;
}
static struct cell row_hits(const struct report* r) { return share_cell(r->process.dram_row_hits, dram_accesses(r)); }
static struct cell row_conflicts(const struct report* r) {
  return share_cell(r->process.dram_row_conflicts, dram_accesses(r));
}

static struct cell minor(const struct report* r) { return count_cell(r->os.faults_minor); }
static struct cell major(const struct report* r) { return count_cell(r->os.faults_major); }
static struct cell protection(const struct report* r) { return count_cell(r->os.faults_protection); }
static struct cell evictions(const struct report* r) { return count_cell(r->os.evictions); }
static struct cell disk_writes(const struct report* r) { return count_cell(r->os.swap_outs); }
static struct cell disk_reads(const struct report* r) { return count_cell(r->os.swap_ins); }
static struct cell damaged(const struct report* r) { return count_cell(r->os.checksum_errors); }

// ---- hits and misses ------------------------------------------------------------------------------------------------

// A label of two parts, then one of two counters for each run, with its share of both. Counters are named by their
// places in struct counters.
static void print_share(const struct table* t, const char* unit, const char* what, size_t count, size_t other) {
  char label[CELL_MAX];
  snprintf(label, sizeof label, "%s %s", unit, what);
  fprintf(t->out, "  %-*s", t->label, label);
  for (size_t i = 0; i < t->count; i++) {
    const char* counters = (const char*)&t->reports[i]->process;
    uint64_t value, rest;
    memcpy(&value, counters + count, sizeof value);
    memcpy(&rest, counters + other, sizeof rest);
    struct cell cell = share_cell(value, value + rest);
    print_cell(t, &cell, i + 1 == t->count);
  }
  fputc('\n', t->out);
}

// `tlb`: the place of a struct tlb_counters.
static void print_lookups(const struct table* t, const char* unit, size_t tlb) {
  size_t hits = tlb + offsetof(struct tlb_counters, hits), misses = tlb + offsetof(struct tlb_counters, misses);
  print_share(t, unit, "hits", hits, misses);
  print_share(t, unit, "misses", misses, hits);
}

typedef bool has_fn(const struct report* report, size_t unit);

static bool any_has(const struct table* t, has_fn* has, size_t unit) {
  for (size_t i = 0; i < t->count; i++)
    if (has(t->reports[i], unit)) return true;
  return false;
}

static bool has_second_level(const struct report* r, size_t unit) {
  (void)unit;
  return r->config.stlb.sets > 0;
}
static bool has_two_walkers(const struct report* r, size_t unit) {
  (void)unit;
  return r->config.walkers > 1;
}
static bool has_prefetch(const struct report* r, size_t unit) {
  (void)unit;
  return r->config.prefetch != PREFETCH_NONE;
}
static bool has_rows(const struct report* r, size_t unit) {
  (void)unit;
  return r->config.dram.banks > 0;
}
static bool has_timed_data(const struct report* r, size_t unit) {
  return r->config.data.cache == DATA_CACHE_TIMED && report_has_cache(r, unit);
}

static void print_translation(const struct table* t) {
  print_heading(t, "Translation");
  print_lookups(t, "instruction TLB", offsetof(struct counters, itlb));
  print_lookups(t, "data TLB", offsetof(struct counters, dtlb));
  if (any_has(t, has_second_level, 0)) print_lookups(t, "second-level", offsetof(struct counters, stlb));
  print_row(t, "walks", walks);
  if (any_has(t, has_two_walkers, 0)) print_row(t, "misses that shared one", merged);
  print_row(t, "entries read a walk", reads_a_walk);
  print_row(t, "cycles a walk", cycles_a_walk);
  for (size_t i = 0; i < REPORT_PSCS; i++)
    if (any_has(t, report_has_psc, i)) print_lookups(t, report_pscs[i].label, offsetof(struct counters, psc[i]));
  if (!any_has(t, has_prefetch, 0)) return;
  print_row(t, "walks to prefetch", prefetch_walks);
  print_row(t, "entries prefetched", prefetched);
}

static void print_caches(const struct table* t) {
  bool heading = false;
  for (size_t i = 0; i < CACHE_LEVELS; i++) {
    if (!any_has(t, report_has_cache, i)) continue;
    size_t at = offsetof(struct counters, cache[i]);
    if (!heading) print_heading(t, "Caches");
    heading = true;
    print_share(t, report_caches[i].label, "hits of walks", at + offsetof(struct cache_counters, walk_hits),
                at + offsetof(struct cache_counters, walk_misses));
    if (any_has(t, has_timed_data, CACHE_L1D))
      print_share(t, report_caches[i].label, "hits of data", at + offsetof(struct cache_counters, data_hits),
                  at + offsetof(struct cache_counters, data_misses));
  }
  if (heading) print_row(t, "lines written back", writebacks);
}

static void print_dram(const struct table* t) {
  if (!any_has(t, has_rows, 0)) return;
  print_heading(t, "DRAM");
  print_row(t, "hits of the open row", row_hits);
  print_row(t, "conflicts with it", row_conflicts);
}

static bool is_paged(const struct report* r, size_t unit) {
  (void)unit;
  return !r->program || r->program->sharing == KERNEL_SHARE_PAGING;
}
static bool is_program(const struct report* r, size_t unit) {
  (void)unit;
  return r->program != NULL;
}
static bool shares_otherwise(const struct report* r, size_t unit) { return !is_paged(r, unit); }

static void print_paging(const struct table* t) {
  if (!any_has(t, is_paged, 0)) return;
  print_heading(t, "Paging");
  print_row(t, "minor faults", minor);
  print_row(t, "major faults", major);
  print_row(t, "protection faults", protection);
  print_row(t, "pages evicted", evictions);
  print_row(t, "pages written to disk", disk_writes);
  print_row(t, "pages read from disk", disk_reads);
}

static void print_images(const struct table* t) {
  if (!any_has(t, shares_otherwise, 0)) return;
  print_heading(t, "Memory");
  print_row(t, "images written to disk", images_out);
  print_row(t, "images read from disk", images_in);
  print_row(t, "images moved in memory", image_moves);
  print_row(t, "placements without a hole", placements_failed);
}

// The processes of a run, if there were several.
static void print_process_list(const struct table* t) {
  const struct report_program* program = t->count == 1 ? t->reports[0]->program : NULL;
  if (!program || program->process_count < 2) return;
  for (size_t i = 0; i < program->process_count && i < LISTED_MAX; i++) {
    const struct report_process* process = &program->processes[i];
    char status[NARRATE_TEXT_MAX];
    fprintf(t->out, "  %4d  %-20s %s\n", process->pid, process->name,
            process->ended ? narrate_status(process->status, status) : "had not ended");
  }
  if (program->process_count > LISTED_MAX) fprintf(t->out, "  and %zu more\n", program->process_count - LISTED_MAX);
}

static void print_processes(const struct table* t) {
  if (!any_has(t, is_program, 0)) return;
  print_heading(t, "Processes");
  print_row(t, "processes", processes);
  print_row(t, "system calls", calls);
  print_row(t, "interrupts", interrupts);
  print_row(t, "switches", switches);
  print_row(t, "cycles a switch", cycles_a_switch);
  print_process_list(t);
}

// ---- the account ----------------------------------------------------------------------------------------------------

static bool part_is_zero(const struct table* t, size_t part) {
  struct report_part parts[REPORT_PARTS];
  for (size_t i = 0; i < t->count; i++) {
    report_parts(t->reports[i], parts);
    if (parts[part].cycles) return false;
  }
  return true;
}

// The bars leave idle time out: a disk would dwarf all the rest.
static struct cell part_cell(const struct report* r, size_t part) {
  struct report_part parts[REPORT_PARTS];
  report_parts(r, parts);
  struct cell cell = share_cell(parts[part].cycles, report_cycles(r));
  if (busy(r) && part != REPORT_IDLE) cell.bar = (double)parts[part].cycles / (double)busy(r);
  return cell;
}

static void print_part(const struct table* t, size_t part) {
  struct report_part parts[REPORT_PARTS];
  report_parts(t->reports[0], parts);
  fprintf(t->out, "  %-*s", t->label, parts[part].meaning);
  for (size_t i = 0; i < t->count; i++) {
    struct cell cell = part_cell(t->reports[i], part);
    print_cell(t, &cell, i + 1 == t->count);
  }
  fputc('\n', t->out);
}

static struct cell total(const struct report* r) { return share_cell(report_cycles(r), report_cycles(r)); }

static void print_account(const struct table* t) {
  print_heading(t, "Where every cycle went");
  for (size_t i = 0; i < REPORT_PARTS; i++)
    if (!part_is_zero(t, i)) print_part(t, i);
  print_row(t, "sum", total);
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static void print_titles(const struct table* t, const char* const* titles) {
  fprintf(t->out, "\n  %-*s", t->label, "");
  for (size_t i = 0; i < t->count; i++) {
    bool last = i + 1 == t->count;
    fprintf(t->out, "%s%*s%s%*s", t->colours.bold, t->value, titles[i], t->colours.off,
            last ? 0 : SHARE_WIDTH + 1 + t->bar, "");
  }
  fputc('\n', t->out);
}

static bool any(const struct table* t, uint64_t (*figure)(const struct report*)) {
  for (size_t i = 0; i < t->count; i++)
    if (figure(t->reports[i])) return true;
  return false;
}

static uint64_t idle_figure(const struct report* r) { return r->cycles.idle; }
static uint64_t damage_figure(const struct report* r) { return r->os.checksum_errors; }

static void print_workload(FILE* out, const struct report* r, struct colours colours) {
  char refs[NUMBER_TEXT_MAX], count[NUMBER_TEXT_MAX];
  fprintf(out, "%s%s%s: ", colours.bold, r->workload, colours.off);
  if (r->program)
    fprintf(out, "%s instructions, %s references", number_text(r->program->instructions, count),
            number_text(r->trace_refs, refs));
  else
    fprintf(out, "%s references to %s pages", number_text(r->trace_refs, refs), number_text(r->trace_pages, count));
  if (r->warm) fprintf(out, ", after %s to warm up", number_text(r->warm, refs));
}

const char* const report_tagging_names[] = {
    [KERNEL_TAG_GLOBAL] = "global", [KERNEL_TAG_FLUSH] = "flush", [KERNEL_TAG_PCID] = "pcid"};

static void print_sharing(FILE* out, const struct report* r) {
  char quantum[NUMBER_TEXT_MAX];
  if (!r->program) {
    fprintf(out, "%s paging", r->eager ? "eager" : "demand");
    return;
  }
  if (is_paged(r, 0))
    fprintf(out, "%s paging (%s)", paging_mode_name(r->config.mode), report_tagging_names[r->program->tagging]);
  else
    fprintf(out, "no paging, sharing %s", kernel_sharing_names[r->program->sharing]);
  if (r->program->quantum) fprintf(out, ", quantum %s cycles", number_text(r->program->quantum, quantum));
}

void report_intro(FILE* out, const struct report* r, struct colours colours) {
  char frames[NUMBER_TEXT_MAX];
  print_workload(out, r, colours);
  fprintf(out, "\nmachine %s%s%s, %s frames of memory, ", r->config.name, *r->changes ? " with" : "", r->changes,
          number_text(r->frames, frames));
  print_sharing(out, r);
  fprintf(out, ", engine %s\n", engine_kind_name(r->engine));
  if (r->regions) fprintf(out, "%zu regions of 4 MiB were moved to fit the mode's addresses\n", r->regions);
}

static void print_endings(const struct table* t, const char* const* titles) {
  for (size_t i = 0; i < t->count; i++) {
    const struct report* r = t->reports[i];
    char done[NUMBER_TEXT_MAX], all[NUMBER_TEXT_MAX];
    if (r->killed && !r->program)
      fprintf(t->out, "\n%s%s: the kernel killed the process: %s%s\n", t->colours.red, titles[i], r->kill.reason,
              t->colours.off);
    if (r->trace_cut)
      fprintf(t->out, "\n%s%s: PARTIAL: Ctrl-C ended the trace after %s references%s\n", t->colours.yellow, titles[i],
              number_text(r->trace_refs, all), t->colours.off);
    if (r->program && r->partial)
      fprintf(t->out, "\n%s%s: PARTIAL: ended after %s instructions%s\n", t->colours.yellow, titles[i],
              number_text(r->program->instructions, done), t->colours.off);
    else if (r->partial && (!r->trace_cut || r->process.refs < r->trace_refs))
      fprintf(t->out, "\n%s%s: PARTIAL: ended after %s of %s references%s\n", t->colours.yellow, titles[i],
              number_text(r->process.refs, done), number_text(r->trace_refs, all), t->colours.off);
  }
}

void report_text(FILE* out, const struct report* const* reports, const char* const* titles, size_t count,
                 struct colours colours) {
  struct table t = {.out = out, .reports = reports, .count = count, .colours = colours};
  t.label = count == 1 ? 28 : 22;
  t.value = count == 1 ? 16 : 14;
  t.bar = count == 1 ? 20 : 4;
  print_titles(&t, titles);
  bool programs = any_has(&t, is_program, 0);
  if (programs) print_row(&t, "instructions", instructions);
  print_row(&t, "accesses", accesses);
  if (programs) print_row(&t, "accesses an instruction", accesses_an_instruction);
  print_row(&t, "cycles", cycles);
  if (programs) print_row(&t, "cycles an instruction", cycles_an_instruction);
  print_row(&t, "cycles an access", cycles_an_access);
  bool waits = any(&t, idle_figure);
  if (waits) print_row(&t, "  while not idle", busy_an_access);
  print_row(&t, "cycles in translation", translation_share);
  if (waits) print_row(&t, "  while not idle", translation_busy);

  print_translation(&t);
  print_caches(&t);

  print_dram(&t);

  print_processes(&t);
  print_paging(&t);
  print_images(&t);
  if (any(&t, damage_figure)) print_row(&t, "pages damaged on the way", damaged);

  print_account(&t);
  print_endings(&t, titles);
}
