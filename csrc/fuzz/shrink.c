// SPDX-License-Identifier: MIT
#include "fuzz/shrink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shrinker {
  struct shrink* shrink;
  struct trial* trial;
  struct script* script;
  enum trial_outcome outcome;  // that has to stay
  uint32_t room;               // runs left
};

// Every timed operation needs an access to belong to.
static bool well_formed(const struct script* script) {
  bool timed = false;
  for (size_t i = 0; i < script->count; i++) {
    const struct script_op* op = &script->ops[i];
    if (timed && !op->timed && op->kind != SCRIPT_ACCESS) return false;  // a window is kept together
    timed = op->timed;
  }
  return script->count > 0 && !timed;
}

static bool still_fails(struct shrinker* s, const struct script* candidate) {
  if (s->room == 0 || !well_formed(candidate)) return false;
  s->room--;
  s->shrink->runs++;
  if (s->shrink->progress) s->shrink->progress(s->shrink->progress_ctx, s->shrink->runs, s->script->count);
  trial_run(s->trial, candidate);
  return s->trial->outcome == s->outcome;
}

// ---------------------------------------------------------------------------------------------------------------------
// Fewer operations

static bool without(struct shrinker* s, size_t first, size_t count) {
  struct script* script = s->script;
  struct script candidate = *script;
  size_t after = script->count - first - count;
  candidate.count = script->count - count;
  candidate.ops = malloc((candidate.count + 1) * sizeof *candidate.ops);
  if (!candidate.ops) return false;
  memcpy(candidate.ops, script->ops, first * sizeof *candidate.ops);
  memcpy(candidate.ops + first, script->ops + first + count, after * sizeof *candidate.ops);
  bool fails = still_fails(s, &candidate);
  if (fails) {
    memcpy(script->ops, candidate.ops, candidate.count * sizeof *candidate.ops);
    script->count = candidate.count;
  }
  free(candidate.ops);
  return fails;
}

// What happens after the failure does not matter: the shortest beginning that fails.
static void cut_the_end(struct shrinker* s) {
  size_t low = 0, high = s->script->count;  // `high` fails
  while (low + 1 < high && s->room) {
    size_t middle = low + (high - low) / 2;
    struct script candidate = *s->script;
    candidate.count = middle;
    while (candidate.count < high && !well_formed(&candidate)) candidate.count++;
    if (candidate.count < high && still_fails(s, &candidate))
      high = s->script->count = candidate.count;
    else
      low = middle;
  }
}

static size_t window_length(const struct script* script, size_t first) {
  size_t end = first;
  while (end + 1 < script->count && script->ops[end].timed) end++;
  return end - first + 1;
}

// Takes out stretches, long ones first, from the back to the front; the writes that set memory up go last, since
// there are many of them and few matter once the accesses are gone.
static void take_out_operations(struct shrinker* s) {
  for (size_t chunk = s->script->count / 2; chunk > 0; chunk /= 2) {
    bool changed;
    do {
      changed = false;
      for (size_t end = s->script->count; end > 0; end = end > chunk ? end - chunk : 0) {
        if (end > s->script->count) continue;
        size_t first = end > chunk ? end - chunk : 0;
        if (end - first < s->script->count) changed |= without(s, first, end - first);
      }
    } while (changed && chunk == 1 && s->room);
  }
  for (size_t i = s->script->count; i-- > 0;) {
    if (i >= s->script->count || (i > 0 && s->script->ops[i - 1].timed)) continue;
    size_t length = window_length(s->script, i);
    if (length > 1 && length < s->script->count) without(s, i, length);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// A plainer machine

static void try_keys(struct shrinker* s, const char* keys) {
  struct script candidate = *s->script;
  struct error err;
  char text[256], *rest = text;
  snprintf(text, sizeof text, "%s", keys);
  for (char* key; (key = strtok_r(rest, " ", &rest));)
    if (!config_set(&candidate.config, key, &err)) return;
  if (!config_validate(&candidate.config, &err)) return;
  if (config_hash(&candidate.config) == config_hash(&s->script->config)) return;
  if (still_fails(s, &candidate)) s->script->config = candidate.config;
}

static void take_out_parts(struct shrinker* s) {
  static const char* const at_run_time[] = {
      "itlb.latency=1",     "dtlb.latency=1",    "stlb.latency=1", "walk.start=1", "walk.step=1",
      "walk.cas=1",         "op.cr=1",           "op.invlpg=1",    "op.invpcid=1", "op.segment=1",
      "dram.latency=2",     "dram.latency=10",   "maxphyaddr=40",  "dram.banks=0", "cache.l1d.latency=1",
      "cache.l2.latency=1", "cache.l3.latency=1"};
  static const char* const built[] = {
      "prefetch=none",
      "walkers=1",
      "cache.l1d.sets=0 cache.l2.sets=0 cache.l3.sets=0",
      "psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0",
      "stlb.sets=0",
      "itlb.sets=16 itlb.ways=4 itlb.replacement=lru itlb.large.sets=1 itlb.large.ways=8",
      "dtlb.sets=16 dtlb.ways=4 dtlb.replacement=lru dtlb.large.sets=1 dtlb.large.ways=8"};
  for (size_t i = 0; i < sizeof at_run_time / sizeof *at_run_time; i++) try_keys(s, at_run_time[i]);
  for (size_t i = 0; !s->shrink->keep_built && i < sizeof built / sizeof *built; i++) try_keys(s, built[i]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Plainer operations

static bool try_op(struct shrinker* s, size_t i, const struct script_op* plainer) {
  struct script_op before = s->script->ops[i];
  if (memcmp(&before, plainer, sizeof before) == 0) return false;
  s->script->ops[i] = *plainer;
  if (still_fails(s, s->script)) return true;
  s->script->ops[i] = before;
  return false;
}

static void plainer_time(struct shrinker* s, size_t i) {
  for (uint64_t cut = s->script->ops[i].at; s->script->ops[i].timed && cut; cut /= 2) {
    struct script_op op = s->script->ops[i];
    op.at -= cut <= op.at ? cut : 0;
    try_op(s, i, &op);
  }
  struct script_op op = s->script->ops[i];
  op.timed = false;
  op.at = 0;
  if (s->script->ops[i].timed) try_op(s, i, &op);
}

static void plainer_value(struct shrinker* s, size_t i, uint64_t* value) {
  struct script_op* op = &s->script->ops[i];
  size_t offset = (size_t)((char*)value - (char*)op);
  struct script_op zero = *op;
  *(uint64_t*)((char*)&zero + offset) = 0;
  if (try_op(s, i, &zero)) return;
  for (unsigned bit = 0; bit < 64; bit++) {
    struct script_op plainer = *op;
    uint64_t* to = (uint64_t*)((char*)&plainer + offset);
    *to &= ~(UINT64_C(1) << bit);
    try_op(s, i, &plainer);
  }
}

static void plainer_ref(struct shrinker* s, size_t i, unsigned which) {
  for (unsigned flag = 0; flag < 3; flag++) {
    struct script_op op = s->script->ops[i];
    op.ref[which].flags &= (uint8_t) ~(1u << flag);
    try_op(s, i, &op);
  }
  struct script_op op = s->script->ops[i];
  op.ref[which].size = 1;
  try_op(s, i, &op);
  op = s->script->ops[i];
  op.ref[which].segment = 0;
  try_op(s, i, &op);
  op = s->script->ops[i];
  op.ref[which].va &= ~UINT64_C(0xfff);
  try_op(s, i, &op);
}

static void make_plainer(struct shrinker* s, size_t i) {
  struct script_op* op = &s->script->ops[i];
  plainer_time(s, i);
  switch (op->kind) {
    case SCRIPT_MEM:
      plainer_value(s, i, &op->value);
      break;
    case SCRIPT_CONTROL:
      if (op->control.op != CONTROL_INVLPG) plainer_value(s, i, &op->control.value);
      break;
    case SCRIPT_ACCESS:
      for (unsigned which = 0; which < op->refs; which++) plainer_ref(s, i, which);
      break;
    case SCRIPT_WAIT:
      plainer_value(s, i, &op->wait);
      break;
    default:
      break;
  }
}

// ---------------------------------------------------------------------------------------------------------------------

void shrink_case(struct shrink* shrink, struct trial* trial, struct script* script) {
  struct shrinker s = {
      .shrink = shrink, .trial = trial, .script = script, .outcome = trial->outcome, .room = shrink->runs};
  enum stepping stepping = trial->options.stepping;
  shrink->runs = 0;
  trial->options.stepping = STEPPING_SKIP;
  trial->options.ask_always = true;
  if (stepping != STEPPING_SKIP && !still_fails(&s, script)) trial->options.stepping = stepping;
  cut_the_end(&s);
  take_out_operations(&s);
  take_out_parts(&s);
  for (size_t i = 0; i < script->count; i++) make_plainer(&s, i);
  take_out_operations(&s);
  trial_run(trial, script);
}

const char* shrink_replay(const struct trial* trial, const char* path, char* text, size_t room) {
  static const char* const steppings[] = {"", " --stepping all", " --stepping random"};
  char seed[32] = "";
  if (trial->core || trial->options.stepping == STEPPING_RANDOM)
    snprintf(seed, sizeof seed, " --seed %" PRIu64, trial->options.seed);
  snprintf(text, room, "build/pagewalk-fuzz --engine %s%s%s --replay %s", engine_kind_name(trial->engine),
           trial->core ? " --core" : steppings[trial->options.stepping], seed, path);
  return text;
}

bool shrink_save(const struct script* script, const struct trial* trial, const char* origin, const char* path,
                 struct error* err) {
  char replay[1200];
  FILE* file = fopen(path, "w");
  if (!file) return error_set(err, "%s: %s: choose another folder with --out", path, strerror(errno));
  fprintf(file, "# Found by %s. Replay it:\n#   %s\n", origin, shrink_replay(trial, path, replay, sizeof replay));
  for (const char* line = trial->report; *line;) {
    size_t length = strcspn(line, "\n");
    fprintf(file, "# %.*s\n", (int)length, line);
    line += length + (line[length] == '\n');
  }
  script_write(script, file);
  bool good = ferror(file) == 0;
  good = fclose(file) == 0 && good;
  return good || error_set(err, "%s: %s: choose another folder with --out", path, strerror(errno));
}
