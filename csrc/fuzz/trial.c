// SPDX-License-Identifier: MIT
#include "fuzz/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/stream.h"

static void report(struct trial* trial, enum trial_outcome outcome, const char* text) {
  trial->outcome = outcome;
  size_t length = strlen(text);
  snprintf(trial->report, sizeof trial->report, "%s%s", text, length && text[length - 1] == '\n' ? "" : "\n");
}

static void find_outcome(struct trial* trial, struct bench* bench, bool ok, const struct script_totals* totals,
                         const char* printed, const struct error* err) {
  const char* difference = NULL;
  uint64_t pa;
  if (!engine_agrees(bench->engine, &difference))
    report(trial, judged_is_condemned(bench->engine) ? TRIAL_CONDEMNED : TRIAL_DIFFERS, difference);
  else if (bench->stuck)
    report(trial, TRIAL_STUCK, err->text);
  else if (bench->mirror && !ram_equal(bench->ram, bench->mirror, &pa))
    report(trial, TRIAL_DIFFERS, ok ? "the engines left different memories" : err->text);
  else if (!ok)
    report(trial, TRIAL_IMPOSSIBLE, err->text);
  else if (totals->failed)
    report(trial, TRIAL_UNMET, printed);
}

static bool expects(const struct script* script) {
  for (size_t i = 0; i < script->count; i++)
    if (script->ops[i].expect[0].fields || script->ops[i].n_counts || script->ops[i].kind == SCRIPT_CHECK) return true;
  return false;
}

static bool open_bench(struct trial* trial, const struct script* script, struct bench* bench, struct error* err) {
  if (trial->core) return bench_open_memory(bench, trial->engine, &script->config, script->memory, err);
  trial->options.memory = script->memory;
  return judged_open(bench, trial->engine, &script->config, &trial->options, err);
}

// What the debug port shows at the end, of both engines the same.
static void look_at_arrays(struct engine* engine) {
  uint64_t registers[5], pdptes[4];
  engine_registers(engine, registers, pdptes);
  for (int array = 0; array < ARRAY_COUNT && engine_agrees(engine, NULL); array++) {
    size_t count = engine_dump(engine, (enum tlb_array)array, NULL, 0);
    struct tlb_entry* entries = calloc(count ? count : 1, sizeof *entries);
    if (entries) engine_dump(engine, (enum tlb_array)array, entries, count);
    free(entries);
  }
}

void trial_run(struct trial* trial, const struct script* script) {
  struct bench bench;
  struct script_totals totals = {0};
  struct error err = {{0}};
  char* printed = NULL;
  size_t length = 0;
  trial->outcome = TRIAL_GOOD;
  trial->report[0] = 0;
  memset(&trial->counters, 0, sizeof trial->counters);
  if (!open_bench(trial, script, &bench, &err)) {
    report(trial, TRIAL_IMPOSSIBLE, err.text);
    return;
  }
  if (trial->on_event) engine_on_event(bench.engine, trial->on_event, trial->on_event_ctx);
  FILE* out = !trial->core && expects(script) ? open_memstream(&printed, &length) : NULL;
  bool ok =
      trial->core ? stream_run(script, &bench, trial->options.seed) : script_run(script, &bench, out, &totals, &err);
  if (out) fclose(out);
  engine_counters(bench.engine, &trial->counters);
  if (engine_agrees(bench.engine, NULL)) look_at_arrays(bench.engine);
  find_outcome(trial, &bench, ok, &totals, printed ? printed : "", &err);
  free(printed);
  bench_close(&bench);
}
