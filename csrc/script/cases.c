// SPDX-License-Identifier: MIT
#include "script/cases.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "script/bench.h"
#include "script/freespace_case.h"
#include "script/segment_case.h"
#include "script/text_file.h"
#include "script/x86_case.h"
#include "script/x86_replay.h"

// The cases of one file, all parsed before the first is run.
struct any_case {
  unsigned line;
  char id[sizeof((struct x86_case*)NULL)->id];
  union {
    struct x86_case x86;
    struct segment_case segment;
    struct freespace_case freespace;
  } of;
};

struct case_list {
  struct any_case* cases;
  size_t count, room;
};

// What a kind of file needs: its cases parsed, a machine, each case replayed. `line` may be cut up.
struct case_kind {
  const char* name;
  bool (*parse)(struct any_case* c, char* line, struct error* err);
  void (*machine)(struct config* config);
  bool (*replay)(const struct any_case* c, struct bench* bench, struct error* mismatch);
};

// ---------------------------------------------------------------------------------------------------------------------
// The kinds

static void default_machine(struct config* config) { (void)config; }

static bool parse_x86(struct any_case* c, char* line, struct error* err) {
  if (!x86_case_parse(&c->of.x86, line, err)) return false;
  strcpy(c->id, c->of.x86.id);
  return true;
}

static void x86_machine(struct config* config) { config->maxphyaddr = X86_CASE_MAXPHYADDR; }

static bool replay_x86(const struct any_case* c, struct bench* bench, struct error* mismatch) {
  return x86_case_replay(&c->of.x86, bench, mismatch);
}

static bool parse_relocation(struct any_case* c, char* line, struct error* err) {
  return segment_case_relocation(&c->of.segment, line, err);
}

static bool parse_segmentation(struct any_case* c, char* line, struct error* err) {
  return segment_case_segmentation(&c->of.segment, line, err);
}

static bool replay_segments(const struct any_case* c, struct bench* bench, struct error* mismatch) {
  return segment_case_replay(&c->of.segment, bench, mismatch);
}

static bool parse_freespace(struct any_case* c, char* line, struct error* err) {
  return freespace_case_parse(&c->of.freespace, line, err);
}

// No reference is made: the kernel's own list of holes answers.
static bool replay_freespace(const struct any_case* c, struct bench* bench, struct error* mismatch) {
  (void)bench;
  return freespace_case_replay(&c->of.freespace, mismatch);
}

static const struct case_kind kinds[] = {{"x86", parse_x86, x86_machine, replay_x86},
                                         {"relocation", parse_relocation, default_machine, replay_segments},
                                         {"segmentation", parse_segmentation, default_machine, replay_segments},
                                         {"policy", NULL, NULL, NULL},
                                         {"freespace", parse_freespace, default_machine, replay_freespace}};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

// ---------------------------------------------------------------------------------------------------------------------
// A file

static bool append(struct case_list* list, const struct any_case* c, struct error* err) {
  if (list->count == list->room) {
    size_t room = list->room ? 2 * list->room : 1024;
    struct any_case* cases = realloc(list->cases, room * sizeof *cases);
    if (!cases) return error_set(err, "out of memory");
    list->cases = cases;
    list->room = room;
  }
  list->cases[list->count++] = *c;
  return true;
}

static bool parse_all(const struct case_kind* kind, const char* path, char* text, struct case_list* list,
                      struct error* err) {
  unsigned line = 0;
  for (char *next, *start = text; start; start = next) {
    char* end = strchr(start, '\n');
    next = end ? end + 1 : NULL;
    if (end) *end = 0;
    line++;
    start += strspn(start, " \t\r");
    if (*start == 0 || *start == '#') continue;
    struct any_case c = {.line = line};
    if (!kind->parse(&c, start, err)) return error_prefix(err, "%s:%u", path, line);
    if (!append(list, &c, err)) return false;
  }
  if (list->count) return true;
  return error_set(err, "%s: there is no case in this file: is it cut off?", path);
}

static bool run_all(const struct case_kind* kind, const char* path, const struct case_list* list,
                    enum engine_kind engine, FILE* out, struct case_totals* totals, struct error* err) {
  struct config config;
  struct bench bench;
  config_default(&config);
  kind->machine(&config);
  if (!bench_open(&bench, engine, &config, err)) return false;
  bool agrees = true;
  for (size_t i = 0; agrees && i < list->count; i++) {
    const struct any_case* c = &list->cases[i];
    const char *glue = *c->id ? ": " : "", *difference;
    struct error mismatch;
    bool passed = kind->replay(c, &bench, &mismatch);
    ++*(passed ? &totals->passed : &totals->failed);
    if (!passed) fprintf(out, "%s:%u: %s%s%s\n", path, c->line, c->id, glue, mismatch.text);
    agrees = engine_agrees(bench.engine, &difference);
    if (!agrees) {
      fprintf(out, "%s", difference);
      error_set(err, "%s:%u: %s%sthe engines differ; the cases after it were not run", path, c->line, c->id, glue);
    }
  }
  bench_close(&bench);
  return agrees;
}

// The kind that the first line names, or NULL with a message.
static const struct case_kind* find_kind(const char* path, const char* text, struct error* err) {
  static const char prefix[] = "# kind:";
  const char* names[KIND_COUNT + 1] = {NULL};
  char name[33];
  if (strncmp(text, prefix, sizeof prefix - 1) != 0 || sscanf(text + sizeof prefix - 1, " %32s", name) != 1) {
    error_set(err, "%s:1: not a case file: its first line must be `# kind: x86` or another kind", path);
    return NULL;
  }
  for (int i = 0; i < KIND_COUNT; i++) {
    names[i] = kinds[i].name;
    if (strcmp(name, kinds[i].name) != 0) continue;
    if (kinds[i].replay) return &kinds[i];
    error_set(err,
              "%s: needs more of the operating system than this version has; replay files of kind x86, relocation, "
              "segmentation or freespace",
              path);
    return NULL;
  }
  const char* near = error_suggest(name, names);
  error_set(err, "%s:1: unknown kind '%s'%s%s%s; there are x86, relocation, segmentation, policy, freespace", path,
            name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
  return NULL;
}

bool cases_replay(const char* path, enum engine_kind engine, FILE* out, struct case_totals* totals, struct error* err) {
  char* text;
  size_t length;
  if (!text_file_read(path, "a case file", &text, &length, err)) return false;
  const struct case_kind* kind = NULL;
  struct case_list list = {0};
  if (strlen(text) != length)
    error_set(err, "%s: not text: it contains a 0 byte at offset %zu", path, strlen(text));
  else
    kind = find_kind(path, text, err);
  bool ok = kind && parse_all(kind, path, text, &list, err) && run_all(kind, path, &list, engine, out, totals, err);
  free(list.cases);
  free(text);
  return ok;
}
