// SPDX-License-Identifier: MIT
#include "script/cases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "script/bench.h"
#include "script/text_file.h"
#include "script/x86_case.h"
#include "script/x86_replay.h"

// What replays a file's lines. `text` may be cut up.
typedef bool replay_fn(const char* path, char* text, enum engine_kind engine, FILE* out, struct case_totals* totals,
                       struct error* err);

struct x86_cases {
  struct x86_case* cases;
  size_t count, room;
};

static bool append(struct x86_cases* list, const struct x86_case* c, struct error* err) {
  if (list->count == list->room) {
    size_t room = list->room ? 2 * list->room : 1024;
    struct x86_case* cases = realloc(list->cases, room * sizeof *cases);
    if (!cases) return error_set(err, "out of memory");
    list->cases = cases;
    list->room = room;
  }
  list->cases[list->count++] = *c;
  return true;
}

static bool parse_x86(const char* path, char* text, struct x86_cases* list, struct error* err) {
  unsigned line = 0;
  for (char *next, *start = text; start; start = next) {
    char* end = strchr(start, '\n');
    next = end ? end + 1 : NULL;
    if (end) *end = 0;
    line++;
    start += strspn(start, " \t\r");
    if (*start == 0 || *start == '#') continue;
    struct x86_case c = {.line = line};
    if (!x86_case_parse(&c, start, err)) return error_prefix(err, "%s:%u", path, line);
    if (!append(list, &c, err)) return false;
  }
  if (list->count) return true;
  return error_set(err, "%s: there is no case in this file: is it cut off?", path);
}

static bool run_x86(const char* path, const struct x86_cases* list, enum engine_kind engine, FILE* out,
                    struct case_totals* totals, struct error* err) {
  struct config config;
  struct bench bench;
  config_default(&config);
  config.maxphyaddr = X86_CASE_MAXPHYADDR;
  if (!bench_open(&bench, engine, &config, err)) return false;
  bool agrees = true;
  for (size_t i = 0; agrees && i < list->count; i++) {
    const struct x86_case* c = &list->cases[i];
    struct error mismatch;
    const char* difference;
    bool passed = x86_case_replay(c, &bench, &mismatch);
    ++*(passed ? &totals->passed : &totals->failed);
    if (!passed) fprintf(out, "%s:%u: %s: %s\n", path, c->line, c->id, mismatch.text);
    agrees = engine_agrees(bench.engine, &difference);
    if (!agrees) {
      fprintf(out, "%s", difference);
      error_set(err, "%s:%u: %s: the engines differ; the cases after it were not run", path, c->line, c->id);
    }
  }
  bench_close(&bench);
  return agrees;
}

static replay_fn replay_x86, replay_segments, replay_kernel;

static bool replay_x86(const char* path, char* text, enum engine_kind engine, FILE* out, struct case_totals* totals,
                       struct error* err) {
  struct x86_cases list = {0};
  bool ok = parse_x86(path, text, &list, err) && run_x86(path, &list, engine, out, totals, err);
  free(list.cases);
  return ok;
}

static bool replay_segments(const char* path, char* text, enum engine_kind engine, FILE* out,
                            struct case_totals* totals, struct error* err) {
  (void)text, (void)engine, (void)out, (void)totals;
  return error_set(err, "%s: needs segments: not in this version; replay files of kind x86", path);
}

static bool replay_kernel(const char* path, char* text, enum engine_kind engine, FILE* out, struct case_totals* totals,
                          struct error* err) {
  (void)text, (void)engine, (void)out, (void)totals;
  return error_set(err, "%s: needs more of the operating system than this version has; replay files of kind x86", path);
}

static const struct {
  const char* name;
  replay_fn* replay;
} kinds[] = {{"x86", replay_x86},
             {"relocation", replay_segments},
             {"segmentation", replay_segments},
             {"policy", replay_kernel},
             {"freespace", replay_kernel}};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

// The kind that the first line names, or NULL with a message.
static replay_fn* find_kind(const char* path, const char* text, struct error* err) {
  static const char prefix[] = "# kind:";
  const char* names[KIND_COUNT + 1] = {NULL};
  char kind[33];
  if (strncmp(text, prefix, sizeof prefix - 1) != 0 || sscanf(text + sizeof prefix - 1, " %32s", kind) != 1) {
    error_set(err, "%s:1: not a case file: its first line must be `# kind: x86` or another kind", path);
    return NULL;
  }
  for (int i = 0; i < KIND_COUNT; i++) {
    if (strcmp(kind, kinds[i].name) == 0) return kinds[i].replay;
    names[i] = kinds[i].name;
  }
  const char* near = error_suggest(kind, names);
  error_set(err, "%s:1: unknown kind '%s'%s%s%s; there are x86, relocation, segmentation, policy, freespace", path,
            kind, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
  return NULL;
}

bool cases_replay(const char* path, enum engine_kind engine, FILE* out, struct case_totals* totals, struct error* err) {
  char* text;
  size_t length;
  if (!text_file_read(path, "a case file", &text, &length, err)) return false;
  replay_fn* replay = NULL;
  if (strlen(text) != length)
    error_set(err, "%s: not text: it contains a 0 byte at offset %zu", path, strlen(text));
  else
    replay = find_kind(path, text, err);
  bool ok = replay && replay(path, text, engine, out, totals, err);
  free(text);
  return ok;
}
