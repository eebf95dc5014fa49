// SPDX-License-Identifier: MIT
// Generated workloads: "name:key=value,...".
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "workload/hash.h"
#include "workload/trace.h"

enum { PAGE = 4096, LINE = 64, WORD = 8, INSTRUCTION = 4 };
#define DATA_START UINT64_C(0x10000000)
#define CODE_START UINT64_C(0x08048000)
#define PAGES_MAX (UINT64_C(1) << 32)
#define TABLE_PAGES_MAX (UINT64_C(1) << 28)  // for generators that keep a table of the pages
#define CODE_PAGES_MAX ((DATA_START - CODE_START) / PAGE)
#define REFS_MAX (UINT64_C(1) << 36)

// ---------------------------------------------------------------------------------------------------------------------
// Chance: splitmix64

struct chance {
  uint64_t state;
};

static uint64_t draw(struct chance* chance) {
  uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

// 0 .. below - 1, all equally likely but for less than below / 2^64.
static uint64_t draw_below(struct chance* chance, uint64_t below) {
  return (uint64_t)((unsigned __int128)draw(chance) * below >> 64);
}

// ---------------------------------------------------------------------------------------------------------------------
// Specifications

enum key { PAGES, REFS, WRITE, STRIDE, CODE, SKEW, KEY_COUNT };

struct spec {
  uint64_t value[KEY_COUNT];
  bool given[KEY_COUNT];
  double skew;
};

static const struct {
  const char* name;
  uint64_t least, most;
} keys[KEY_COUNT] = {
    [PAGES] = {"pages", 1, PAGES_MAX},    [REFS] = {"refs", 1, REFS_MAX},
    [WRITE] = {"write", 0, 100},          [STRIDE] = {"stride", WORD, PAGES_MAX* PAGE},
    [CODE] = {"code", 1, CODE_PAGES_MAX}, [SKEW] = {"skew", 0, 10},
};

enum { LOOK_EVERY = 1 << 16 };  // references made between two looks at the interrupt

struct maker {
  const struct spec* spec;
  const struct trace_options* options;
  struct chance chance;
  struct ref* refs;      // those after the first `skip`
  uint64_t skip, count;  // references to make and leave out; to make in all
};

// Is reference `i` to be made?
static bool wanted(struct maker* m, uint64_t i) {
  if (i % LOOK_EVERY == 0) {
    if (m->options->progress) m->options->progress(m->options->progress_ctx, i, 0);
    if (m->options->interrupt && *m->options->interrupt && i < m->count) m->count = i;
  }
  return i < m->count;
}

// Kind of a data reference: `write` percent of them, drawn, are writes.
static uint8_t data_kind(struct maker* m) {
  return draw_below(&m->chance, 100) < m->spec->value[WRITE] ? ACCESS_WRITE : ACCESS_READ;
}

static void put(struct maker* m, uint64_t i, uint64_t va, uint16_t size, uint8_t kind) {
  if (i < m->skip) return;
  m->refs[i - m->skip] = (struct ref){.va = va, .size = size, .kind = kind, .flags = REF_USER};
}

static void put_data(struct maker* m, uint64_t i, uint64_t offset) {
  put(m, i, DATA_START + offset, WORD, data_kind(m));
}

// A page's own word, not at the same place in each, so that pages do not fight for one cache set.
static uint64_t home(uint64_t page) { return page * PAGE + page % (PAGE / LINE) * LINE; }

static uint64_t anywhere(struct maker* m, uint64_t page) {
  return page * PAGE + draw_below(&m->chance, PAGE / WORD) * WORD;
}

static bool out_of_memory(struct error* err) { return error_set(err, "not enough memory to generate so much"); }

static bool cyclic(struct maker* m, struct error* err) {
  (void)err;
  for (uint64_t i = 0; wanted(m, i); i++) put_data(m, i, home(i % m->spec->value[PAGES]));
  return true;
}

static bool stride(struct maker* m, struct error* err) {
  uint64_t bytes = m->spec->value[PAGES] * PAGE, step = m->spec->value[STRIDE], at = 0;
  if (step % WORD != 0 || step > bytes)
    return error_set(err, "stride must be a multiple of %d and at most pages x %d", WORD, PAGE);
  for (uint64_t i = 0; wanted(m, i); i++, at = (at + step) % bytes) put_data(m, i, at);
  return true;
}

static bool uniform(struct maker* m, struct error* err) {
  (void)err;
  for (uint64_t i = 0; wanted(m, i); i++) put_data(m, i, anywhere(m, draw_below(&m->chance, m->spec->value[PAGES])));
  return true;
}

// Page k (from 1) with probability proportional to 1 / k^skew: the page whose cumulated share covers a drawn number.
static bool zipf(struct maker* m, struct error* err) {
  size_t pages = (size_t)m->spec->value[PAGES];
  double* upto = malloc(pages * sizeof *upto);
  if (!upto) return out_of_memory(err);
  double sum = 0;
  for (size_t i = 0; i < pages; i++) upto[i] = sum += pow((double)(i + 1), -m->spec->skew);
  for (uint64_t i = 0; wanted(m, i); i++) {
    double drawn = (double)(draw(&m->chance) >> 11) * 0x1p-53 * sum;
    size_t low = 0, high = pages - 1;
    while (low < high) {
      size_t middle = (low + high) / 2;
      if (upto[middle] > drawn)
        high = middle;
      else
        low = middle + 1;
    }
    put_data(m, i, anywhere(m, low));
  }
  free(upto);
  return true;
}

// Sattolo's shuffle: one cycle through all pages.
static bool chase(struct maker* m, struct error* err) {
  size_t pages = (size_t)m->spec->value[PAGES];
  uint32_t* next = malloc(pages * sizeof *next);
  if (!next) return out_of_memory(err);
  for (size_t i = 0; i < pages; i++) next[i] = (uint32_t)i;
  for (size_t i = pages - 1; i > 0; i--) {
    size_t other = (size_t)draw_below(&m->chance, i);
    uint32_t swap = next[i];
    next[i] = next[other];
    next[other] = swap;
  }
  uint32_t at = 0;
  for (uint64_t i = 0; wanted(m, i); i++, at = next[at]) put_data(m, i, home(at));
  free(next);
  return true;
}

// Straight code through the code pages, round and round; every second instruction makes a data reference.
static bool mix(struct maker* m, struct error* err) {
  (void)err;
  uint64_t bytes = m->spec->value[CODE] * PAGE, at = 0;
  for (uint64_t i = 0; wanted(m, i); i++) {
    if (i % 3 == 2) {
      put_data(m, i, anywhere(m, draw_below(&m->chance, m->spec->value[PAGES])));
      continue;
    }
    put(m, i, CODE_START + at, INSTRUCTION, ACCESS_FETCH);
    at = (at + INSTRUCTION) % bytes;
  }
  return true;
}

#define NEEDS(key) (1u << (key))
static const struct {
  const char* name;
  bool (*make)(struct maker* maker, struct error* err);
  unsigned needs, takes;  // keys: required; optional
  bool table;             // keeps a table of the pages
} generators[] = {
    {"cyclic", cyclic, NEEDS(PAGES) | NEEDS(REFS), NEEDS(WRITE), false},
    {"stride", stride, NEEDS(PAGES) | NEEDS(REFS) | NEEDS(STRIDE), NEEDS(WRITE), false},
    {"uniform", uniform, NEEDS(PAGES) | NEEDS(REFS), NEEDS(WRITE), false},
    {"zipf", zipf, NEEDS(PAGES) | NEEDS(REFS), NEEDS(WRITE) | NEEDS(SKEW), true},
    {"chase", chase, NEEDS(PAGES) | NEEDS(REFS), NEEDS(WRITE), true},
    {"mix", mix, NEEDS(PAGES) | NEEDS(REFS) | NEEDS(CODE), NEEDS(WRITE), false},
};
enum { GENERATORS = sizeof generators / sizeof *generators };

const char* trace_generators(void) {
  return "  cyclic:pages=N,refs=N           page after page, one reference each, over and over\n"
         "  stride:pages=N,refs=N,stride=N  every stride bytes through the pages, over and over\n"
         "  uniform:pages=N,refs=N          any word of any page, all equally likely\n"
         "  zipf:pages=N,refs=N[,skew=1.0]  the k-th page with a probability proportional to 1 / k^skew\n"
         "  chase:pages=N,refs=N            a linked list through all pages in random order, over and over\n"
         "  mix:code=N,pages=N,refs=N       two fetches of straight code, then a uniform data reference\n"
         "  each also takes write=PERCENT of the data references (default 0); pages are of 4096 bytes\n";
}

// ---------------------------------------------------------------------------------------------------------------------
// Parsing

static bool no_generator(const char* name, size_t length, struct error* err) {
  char text[32];
  const char* names[GENERATORS + 1] = {NULL};
  snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1), name);
  for (int i = 0; i < GENERATORS; i++) names[i] = generators[i].name;
  const char* meant = error_suggest(text, names);
  return error_set(err, "there is no generator \"%s\"%s%s%s; there are:\n%s", text, meant ? " (did you mean " : "",
                   meant ? meant : "", meant ? "?)" : "", trace_generators());
}

static bool parse_skew(const char* text, double* skew) {
  char* end;
  errno = 0;
  *skew = strtod(text, &end);
  return end != text && *end == '\0' && errno == 0 && *skew >= (double)keys[SKEW].least &&
         *skew <= (double)keys[SKEW].most;
}

// One "key=value", which is changed in place.
static bool parse_key(struct spec* spec, int generator, char* text, struct error* err) {
  char* value = strchr(text, '=');
  if (!value)
    return error_set(err, "generator %s: \"%s\" is not of the form key=value", generators[generator].name, text);
  *value++ = '\0';
  unsigned takes = generators[generator].needs | generators[generator].takes;
  int key = 0;
  while (key < KEY_COUNT && (!(takes & NEEDS(key)) || strcmp(text, keys[key].name) != 0)) key++;
  if (key == KEY_COUNT)
    return error_set(err, "generator %s has no key \"%s\"; there are:\n%s", generators[generator].name, text,
                     trace_generators());
  if (spec->given[key]) return error_set(err, "generator %s: %s is given twice", generators[generator].name, text);
  spec->given[key] = true;
  uint64_t most = key == PAGES && generators[generator].table ? TABLE_PAGES_MAX : keys[key].most;
  if (key == SKEW
          ? parse_skew(value, &spec->skew)
          : number_parse(value, &spec->value[key]) && spec->value[key] >= keys[key].least && spec->value[key] <= most)
    return true;
  return error_set(err, "generator %s: %s=%s is not a number from %llu to %llu", generators[generator].name, text,
                   value, (unsigned long long)keys[key].least, (unsigned long long)most);
}

static bool parse_keys(struct spec* spec, int generator, const char* text, struct error* err) {
  char* copy = strdup(text);
  if (!copy) return out_of_memory(err);
  bool ok = true;
  char* rest = copy;
  for (char* word; *text && ok && (word = strsep(&rest, ","));) ok = parse_key(spec, generator, word, err);
  free(copy);
  for (int key = 0; ok && key < KEY_COUNT; key++)
    if (generators[generator].needs & NEEDS(key) && !spec->given[key])
      ok = error_set(err, "generator %s needs %s=; for example %s:\n%s", generators[generator].name, keys[key].name,
                     "cyclic:pages=65,refs=100000", trace_generators());
  return ok;
}

// What of the specified references is wanted, and memory for it.
static bool choose_part(struct maker* m, const char* text, struct error* err) {
  uint64_t all = m->spec->value[REFS], count = m->options->count;
  m->skip = m->options->skip;
  if (m->skip >= all)
    return error_set(err, "%s makes only %llu references: leaving out %llu leaves nothing", text,
                     (unsigned long long)all, (unsigned long long)m->skip);
  m->count = count && count < all - m->skip ? m->skip + count : all;
  m->refs = malloc((size_t)(m->count - m->skip) * sizeof *m->refs);
  return m->refs || out_of_memory(err);
}

bool trace_generate(struct trace* trace, const char* text, uint64_t seed, const struct trace_options* options,
                    struct error* err) {
  static const struct trace_options all = {0};
  *trace = (struct trace){0};
  size_t length = strcspn(text, ":");
  int generator = 0;
  while (generator < GENERATORS &&
         (strlen(generators[generator].name) != length || strncmp(text, generators[generator].name, length) != 0))
    generator++;
  if (generator == GENERATORS) return no_generator(text, length, err);
  struct spec spec = {.skew = 1.0};
  if (!parse_keys(&spec, generator, text + length + (text[length] == ':'), err)) return false;
  struct maker m = {.spec = &spec, .options = options ? options : &all, .chance = {seed}};
  if (!choose_part(&m, text, err)) return false;
  uint64_t expected = m.count;
  if (!generators[generator].make(&m, err)) {
    free(m.refs);
    return error_prefix(err, "generator %s", generators[generator].name);
  }
  if (m.count <= m.skip) {
    free(m.refs);
    return error_set(err, "%s: interrupted before the first reference was made", text);
  }
  *trace = (struct trace){.refs = m.refs,
                          .count = (size_t)(m.count - m.skip),
                          .hash = HASH_START,
                          .skipped = m.skip,
                          .interrupted = m.count < expected};
  for (size_t i = 0; i < trace->count; i++) trace->hash = hash_ref(trace->hash, &trace->refs[i]);
  return true;
}
