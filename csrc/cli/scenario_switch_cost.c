// SPDX-License-Identifier: MIT
// Ledger A12: what a context switch costs. Two processes (`switcher`) touch a working set and give way, again and
// again; the cost is that of the switch itself and of the TLB misses that it causes afterwards. Two runs of different
// length are subtracted, so that beginnings and ends don't count.
#include <inttypes.h>

#include "cli/scenario.h"

enum { SHORT = 20, LONG = 60, SIZES = 5, WAYS = 3, COLUMN = 22 };
static const unsigned sizes[SIZES] = {1, 8, 32, 64, 256};
static const enum kernel_tagging ways[WAYS] = {KERNEL_TAG_FLUSH, KERNEL_TAG_GLOBAL, KERNEL_TAG_PCID};

struct sample {
  uint64_t switches, direct, refill, misses;
};

// Cycles of looking further than the first TLB level, for whomever.
static uint64_t refill_cycles(const struct counters* c) {
  return c->cycles_stlb + c->cycles_walk + c->cycles_ad_update;
}
static uint64_t misses(const struct counters* c) { return c->itlb.misses + c->dtlb.misses; }

static bool run_once(const struct scenario* scenario, const struct config* config, enum kernel_tagging tagging,
                     unsigned pages, unsigned times, struct sample* sample, struct error* err) {
  static struct scenario_run run;
  struct cli_programs options;
  char command[64];
  cli_programs_default(&options);
  snprintf(command, sizeof command, "switcher %u %u", pages, times);
  options.commands[options.count++] = command;
  options.commands[options.count++] = command;
  options.tagging = tagging;
  options.quantum = 0;
  if (!scenario_execute(scenario, config, &options, &run, err)) return false;
  const struct report* report = &run.report;
  *sample = (struct sample){.switches = report->os.switches,
                            .direct = report->os.switch_cycles,
                            .refill = refill_cycles(&report->process) + refill_cycles(&report->kernel),
                            .misses = misses(&report->process) + misses(&report->kernel)};
  return true;
}

static bool measure(const struct scenario* scenario, const struct config* config, enum kernel_tagging tagging,
                    unsigned pages, struct sample* sample, struct error* err) {
  struct sample first, second;
  if (!run_once(scenario, config, tagging, pages, SHORT, &first, err) ||
      !run_once(scenario, config, tagging, pages, LONG, &second, err))
    return false;
  *sample = (struct sample){second.switches - first.switches, second.direct - first.direct,
                            second.refill - first.refill, second.misses - first.misses};
  return sample->switches > 0 || error_set(err, "the processes did not take turns");
}

static void print_row(const struct scenario* scenario, unsigned pages, const struct sample samples[WAYS]) {
  fprintf(scenario->out, "  %5u", pages);
  for (int way = 0; way < WAYS; way++) {
    double switches = (double)samples[way].switches;
    fprintf(scenario->out, "  %7.1f %6.0f %7.0f", (double)samples[way].misses / switches,
            (double)samples[way].direct / switches, (double)samples[way].refill / switches);
  }
  fputc('\n', scenario->out);
}

static void print_head(const struct scenario* scenario) {
  scenario_heading(scenario, "A context switch between two processes, by pages that each touches in its turn");
  fprintf(scenario->out, "\n  %5s", "");
  for (int way = 0; way < WAYS; way++) fprintf(scenario->out, "  %*s", COLUMN, report_tagging_names[ways[way]]);
  fprintf(scenario->out, "\n  %s%5s", scenario->colours.dim, "pages");
  for (int way = 0; way < WAYS; way++) fprintf(scenario->out, "  %7s %6s %7s", "misses", "switch", "refill");
  fprintf(scenario->out, "%s\n", scenario->colours.off);
}

bool scenario_switch_cost(const struct scenario* scenario, struct error* err) {
  struct config config = *scenario->config;
  if (config.mode != MODE_5LEVEL) config.mode = MODE_4LEVEL;  // where there are PCIDs
  config.pcid = config.global = 1;
  if (!config_validate(&config, err)) return false;
  bool same = true;  // marking the kernel's pages changes nothing
  print_head(scenario);
  for (int size = 0; size < SIZES; size++) {
    struct sample samples[WAYS];
    for (int way = 0; way < WAYS; way++)
      if (!measure(scenario, &config, ways[way], sizes[size], &samples[way], err)) return false;
    print_row(scenario, sizes[size], samples);
    same = same && samples[0].misses == samples[1].misses;
    fflush(scenario->out);
  }
  fprintf(scenario->out, "\n");
  scenario_say(
      scenario,
      "By switch: misses of the first TLB level, cycles of the switch itself, and cycles of looking further "
      "(second level, walks) until the next switch. flush: loading CR3 drops every entry. global: the kernel's "
      "own pages are marked and stay. pcid: entries carry the number of their address space, and nothing is "
      "dropped. %s paging; TLBs of %u and %u entries, second level %u.",
      paging_mode_name(config.mode), config.itlb.sets * config.itlb.ways, config.dtlb.sets * config.dtlb.ways,
      config.stlb.sets * config.stlb.ways);
  if (same)
    scenario_say(scenario,
                 "flush and global cost the same here: on this way the kernel makes no memory reference that "
                 "would find its pages gone.");
  return true;
}
