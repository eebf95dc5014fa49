// SPDX-License-Identifier: MIT
// Generated workloads: what each promises, exactly where that can be said, else within five standard deviations.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "workload/hash.h"
#include "workload/trace.h"

enum { PAGE = 4096 };

static struct trace generate(const char* spec, uint64_t seed) {
  struct trace t;
  struct error err;
  if (!trace_generate(&t, spec, seed, NULL, &err)) fail_msg("%s", err.text);
  return t;
}

// Pages are counted from the lowest data page.
static uint64_t page_of(const struct ref* ref) { return ref->va / PAGE - 0x10000000 / PAGE; }

static size_t distinct_pages(const struct trace* t) {
  struct trace_ranges r;
  assert_true(trace_ranges(t, &r, NULL));
  size_t pages = (size_t)r.pages;
  trace_ranges_free(&r);
  return pages;
}

static void assert_near(double got, double expected, double deviation) {
  if (fabs(got - expected) > 5 * deviation) fail_msg("%g, expected %g +- %g", got, expected, deviation);
}

static void cyclic_goes_round(void** state) {
  (void)state;
  struct trace t = generate("cyclic:pages=65,refs=1000", 1);
  assert_int_equal(t.count, 1000);
  for (size_t i = 0; i < t.count; i++) {
    assert_int_equal(page_of(&t.refs[i]), i % 65);
    assert_int_equal(t.refs[i].kind, ACCESS_READ);
    assert_int_equal(t.refs[i].flags, REF_USER);
    assert_true(t.refs[i].va % PAGE + t.refs[i].size <= PAGE);
  }
  trace_free(&t);
}

static void stride_steps_through_the_pages(void** state) {
  (void)state;
  struct trace t = generate("stride:pages=3,refs=1000,stride=264", 1);
  for (size_t i = 0; i < t.count; i++) assert_int_equal(t.refs[i].va, 0x10000000 + i * 264 % (3 * PAGE));
  trace_free(&t);
}

static void chase_visits_every_page_once_a_round(void** state) {
  (void)state;
  enum { PAGES = 1000 };
  struct trace t = generate("chase:pages=1000,refs=3000", 7);
  size_t in_order = 0;
  bool seen[PAGES] = {false};
  for (size_t i = 0; i < t.count; i++) {
    uint64_t page = page_of(&t.refs[i]);
    assert_true(page < PAGES && seen[page] == (i >= PAGES));
    seen[page] = true;
    if (i >= PAGES) assert_int_equal(t.refs[i].va, t.refs[i - PAGES].va);
    if (i > 0) in_order += page == page_of(&t.refs[i - 1]) + 1;
  }
  assert_true(in_order < 50);  // 3 expected
  trace_free(&t);
}

static void uniform_pages_are_equally_likely(void** state) {
  (void)state;
  enum { PAGES = 50, REFS = 500000 };
  struct trace t = generate("uniform:pages=50,refs=500000", 3);
  double counts[PAGES] = {0}, halves[2] = {0};
  for (size_t i = 0; i < t.count; i++) {
    assert_true(page_of(&t.refs[i]) < PAGES && t.refs[i].va % 8 == 0);
    counts[page_of(&t.refs[i])]++;
    halves[t.refs[i].va % PAGE >= PAGE / 2]++;
  }
  for (int i = 0; i < PAGES; i++) assert_near(counts[i], REFS / PAGES, sqrt(REFS / PAGES));
  assert_near(halves[0], REFS / 2, sqrt(REFS / 4));
  trace_free(&t);
}

static void zipf_pages_follow_the_law(void** state) {
  (void)state;
  enum { PAGES = 100, REFS = 500000 };
  static const struct {
    const char* spec;
    double skew;
  } cases[] = {{"zipf:pages=100,refs=500000", 1}, {"zipf:pages=100,refs=500000,skew=0.5", 0.5}};
  for (int c = 0; c < 2; c++) {
    struct trace t = generate(cases[c].spec, 4);
    double counts[PAGES] = {0}, sum = 0;
    for (size_t i = 0; i < t.count; i++) counts[page_of(&t.refs[i])]++;
    for (int i = 0; i < PAGES; i++) sum += pow(i + 1, -cases[c].skew);
    for (int i = 0; i < PAGES; i++) {
      double share = pow(i + 1, -cases[c].skew) / sum;
      assert_near(counts[i], REFS * share, sqrt(REFS * share));
    }
    trace_free(&t);
  }
}

static void mix_is_two_fetches_and_a_data_reference(void** state) {
  (void)state;
  struct trace t = generate("mix:code=2,pages=10,refs=30000,write=100", 5);
  uint64_t pc = 0x08048000;
  for (size_t i = 0; i < t.count; i++) {
    if (i % 3 == 2) {
      assert_int_equal(t.refs[i].kind, ACCESS_WRITE);
      assert_true(page_of(&t.refs[i]) < 10);
      continue;
    }
    assert_int_equal(t.refs[i].kind, ACCESS_FETCH);
    assert_int_equal(t.refs[i].va, pc);
    pc = pc + 4 == 0x08048000 + 2 * PAGE ? 0x08048000 : pc + 4;
  }
  assert_int_equal(distinct_pages(&t), 12);
  trace_free(&t);
}

static void write_is_a_percentage(void** state) {
  (void)state;
  static const char* const specs[] = {"cyclic:pages=4,refs=100000,write=25",
                                      "stride:pages=4,refs=100000,write=25,stride=8",
                                      "uniform:pages=4,refs=100000,write=25", "zipf:pages=4,refs=100000,write=25",
                                      "chase:pages=4,refs=100000,write=25"};
  for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
    struct trace t = generate(specs[s], 6);
    double writes = 0, first_page = 0, first_writes = 0;
    for (size_t i = 0; i < t.count; i++) {
      bool write = t.refs[i].kind == ACCESS_WRITE;
      writes += write;
      first_page += page_of(&t.refs[i]) == 0;
      first_writes += write && page_of(&t.refs[i]) == 0;
    }
    assert_near(writes, 25000, sqrt(100000 * 0.25 * 0.75));
    assert_near(first_writes, first_page / 4, sqrt(first_page * 0.25 * 0.75));  // no page is favoured
    trace_free(&t);
  }
}

static void the_seed_decides(void** state) {
  (void)state;
  static const char* const specs[] = {"uniform:pages=1000,refs=1000", "zipf:pages=1000,refs=1000",
                                      "chase:pages=1000,refs=1000", "mix:code=1,pages=1000,refs=1000",
                                      "cyclic:pages=1000,refs=1000,write=50"};
  for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
    struct trace a = generate(specs[s], 1), b = generate(specs[s], 1), c = generate(specs[s], 2);
    assert_memory_equal(a.refs, b.refs, a.count * sizeof *a.refs);
    assert_int_equal(a.hash, b.hash);
    assert_int_not_equal(a.hash, c.hash);
    trace_free(&a);
    trace_free(&b);
    trace_free(&c);
  }
}

#define GENERATORS                                                                                               \
  {                                                                                                              \
    "cyclic:pages=70,refs=200000,write=50", "stride:pages=70,refs=200000,stride=24",                             \
        "uniform:pages=1000,refs=200000,write=50", "zipf:pages=1000,refs=200000", "chase:pages=100,refs=200000", \
        "mix:code=1,pages=1000,refs=200000"                                                                      \
  }

static uint64_t hash_of(const struct ref* refs, size_t count) {
  uint64_t hash = HASH_START;
  for (size_t i = 0; i < count; i++) hash = hash_ref(hash, &refs[i]);
  return hash;
}

static void a_part_is_the_middle_of_the_whole(void** state) {
  (void)state;
  static const char* const specs[] = GENERATORS;
  static const uint64_t parts[][2] = {{0, 10}, {10, 0}, {1, 1}, {70000, 66000}, {199999, 5}, {5, UINT64_MAX}};
  for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
    struct trace whole = generate(specs[s], 7), part;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
      struct trace_options options = {.skip = parts[i][0], .count = parts[i][1]};
      struct error err;
      if (!trace_generate(&part, specs[s], 7, &options, &err)) fail_msg("%s", err.text);
      size_t left = whole.count - (size_t)options.skip;
      assert_int_equal(part.count, options.count && options.count < left ? options.count : left);
      assert_memory_equal(part.refs, whole.refs + options.skip, part.count * sizeof *part.refs);
      assert_int_equal(part.hash, hash_of(part.refs, part.count));
      assert_int_equal(part.skipped, options.skip);
      assert_false(part.interrupted);
      trace_free(&part);
    }
    trace_free(&whole);
  }
}

// As many references as no memory holds.
static void a_part_needs_memory_for_itself_only(void** state) {
  (void)state;
  struct trace t;
  struct error err;
  const struct trace_options options = {.skip = 1000, .count = 10};
  if (!trace_generate(&t, "uniform:pages=100,refs=68719476736", 1, &options, &err)) fail_msg("%s", err.text);
  assert_int_equal(t.count, 10);
  trace_free(&t);
}

static void a_part_of_nothing_is_refused(void** state) {
  (void)state;
  struct trace t;
  struct error err;
  assert_false(trace_generate(&t, "cyclic:pages=4,refs=10", 1, &(struct trace_options){.skip = 10}, &err));
  assert_non_null(strstr(err.text, "makes only 10 references: leaving out 10 leaves nothing"));
  assert_null(t.refs);
}

struct stopper {
  uint64_t after;
  volatile int interrupt;
};

static void stop_after(void* ctx, uint64_t refs, uint64_t bytes) {
  struct stopper* stopper = ctx;
  (void)bytes;
  if (refs >= stopper->after) stopper->interrupt = 1;
}

static void an_interrupt_leaves_what_was_made(void** state) {
  (void)state;
  static const char* const specs[] = GENERATORS;
  for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
    struct trace whole = generate(specs[s], 7), part;
    struct stopper stopper = {.after = 100000};
    struct trace_options options = {
        .skip = 1000, .interrupt = &stopper.interrupt, .progress = stop_after, .progress_ctx = &stopper};
    struct error err;
    if (!trace_generate(&part, specs[s], 7, &options, &err)) fail_msg("%s", err.text);
    assert_true(part.interrupted);
    assert_in_range(part.count, 1, whole.count - 1001);
    assert_memory_equal(part.refs, whole.refs + 1000, part.count * sizeof *part.refs);
    assert_int_equal(part.hash, hash_of(part.refs, part.count));
    trace_free(&part);
    assert_false(trace_generate(&part, specs[s], 7, &options, &err));  // interrupted before it began
    assert_non_null(strstr(err.text, "interrupted"));
    trace_free(&whole);
  }
}

static void wrong_specifications_are_explained(void** state) {
  (void)state;
  static const struct {
    const char *spec, *says;
  } cases[] = {
      {"", "there is no generator \"\""},
      {"cylic:pages=1,refs=1", "did you mean cyclic?"},
      {"quicksort", "  uniform:pages=N,refs=N"},
      {"cyclic", "needs pages="},
      {"cyclic:", "needs pages="},
      {"cyclic:refs=5", "needs pages="},
      {"cyclic:pages=5", "needs refs="},
      {"cyclic:pages=5,refs", "\"refs\" is not of the form key=value"},
      {"cyclic:pages=5,refs=1,", "not of the form key=value"},
      {"cyclic:pages=5,refs=1,stride=8", "cyclic has no key \"stride\""},
      {"cyclic:pages=5,refs=1,pages=6", "pages is given twice"},
      {"cyclic:pages=0,refs=1", "pages=0 is not a number from 1 to"},
      {"cyclic:pages=x,refs=1", "pages=x is not a number"},
      {"cyclic:pages=-1,refs=1", "pages=-1 is not a number"},
      {"cyclic:pages=1,refs=0", "refs=0 is not a number from 1 to"},
      {"cyclic:pages=1,refs=99999999999999999999", "is not a number"},
      {"cyclic:pages=1,refs=1,write=101", "write=101 is not a number from 0 to 100"},
      {"stride:pages=1,refs=1", "needs stride="},
      {"stride:pages=1,refs=1,stride=12", "stride must be a multiple of 8 and at most pages x 4096"},
      {"stride:pages=1,refs=1,stride=8192", "stride must be a multiple of 8 and at most pages x 4096"},
      {"zipf:pages=9,refs=1,skew=nan", "skew=nan is not a number from 0 to 10"},
      {"zipf:pages=9,refs=1,skew=11", "skew=11 is not a number from 0 to 10"},
      {"mix:pages=9,refs=1", "needs code="},
      {"mix:pages=9,refs=1,code=1000000", "code=1000000 is not a number from 1 to 32696"},
      {"chase:pages=4294967296,refs=1", "is not a number from 1 to 268435456"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct trace t;
    struct error err = {""};
    if (trace_generate(&t, cases[i].spec, 1, NULL, &err)) fail_msg("%s was taken", cases[i].spec);
    if (!strstr(err.text, cases[i].says)) fail_msg("%s: \"%s\" is not in: %s", cases[i].spec, cases[i].says, err.text);
    assert_null(t.refs);
  }
}

// Each generator that the help names works as the help says.
static void the_help_is_true(void** state) {
  (void)state;
  char line[200];
  int generators = 0;
  for (const char* at = trace_generators(); *at; at += strcspn(at, "\n") + 1) {
    char name[20], keys[80], spec[100] = "";
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    if (sscanf(line, " %19[a-z]:%79s", name, keys) != 2) continue;
    strcat(strcat(spec, name), ":");
    for (const char* k = keys; *k && *k != '['; k++) strncat(spec, *k == 'N' ? "16" : k, *k == 'N' ? 2 : 1);
    strcat(spec, ",write=10");
    struct trace t = generate(spec, 1);
    assert_int_equal(t.count, 16);
    trace_free(&t);
    generators++;
  }
  assert_int_equal(generators, 6);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cyclic_goes_round),
    cmocka_unit_test(stride_steps_through_the_pages),
    cmocka_unit_test(chase_visits_every_page_once_a_round),
    cmocka_unit_test(uniform_pages_are_equally_likely),
    cmocka_unit_test(zipf_pages_follow_the_law),
    cmocka_unit_test(mix_is_two_fetches_and_a_data_reference),
    cmocka_unit_test(write_is_a_percentage),
    cmocka_unit_test(the_seed_decides),
    cmocka_unit_test(a_part_is_the_middle_of_the_whole),
    cmocka_unit_test(a_part_needs_memory_for_itself_only),
    cmocka_unit_test(a_part_of_nothing_is_refused),
    cmocka_unit_test(an_interrupt_leaves_what_was_made),
    cmocka_unit_test(wrong_specifications_are_explained),
    cmocka_unit_test(the_help_is_true),
};

TEST_MAIN(tests)
