// SPDX-License-Identifier: MIT
// Folding traces into 32-bit user space, canonical addresses, and the ranges of pages that a trace touches.
#include <string.h>

#include "check.h"
#include "workload/trace.h"

#define MIB (UINT64_C(1) << 20)
#define USER_END UINT64_C(0xc0000000)

static struct trace make(size_t count, const struct ref* refs) {
  struct trace t = {.refs = malloc(count * sizeof *refs), .count = count};
  memcpy(t.refs, refs, count * sizeof *refs);
  return t;
}

static struct ref at(uint64_t va, uint16_t size, uint8_t kind) {
  return (struct ref){.va = va, .size = size, .kind = kind, .flags = REF_USER};
}

static size_t fit_ok(struct trace* t, enum paging_mode mode, bool strict) {
  struct error err;
  size_t regions = 99;
  if (!trace_fit(t, mode, strict, &regions, &err)) fail_msg("%s", err.text);
  return regions;
}

// The message must contain `says`, and nothing may have changed.
static void fit_fails(struct trace* t, enum paging_mode mode, bool strict, const char* says) {
  struct error err;
  size_t count = t->count;
  struct ref* before = malloc(count * sizeof *before);
  memcpy(before, t->refs, count * sizeof *before);
  assert_false(trace_fit(t, mode, strict, NULL, &err));
  if (!strstr(err.text, says)) fail_msg("\"%s\" is not in: %s", says, err.text);
  assert_int_equal(t->count, count);
  assert_memory_equal(t->refs, before, count * sizeof *before);
  free(before);
}

static void a_trace_below_3_gib_stays_as_it_is(void** state) {
  (void)state;
  struct ref refs[] = {at(0, 1, ACCESS_READ), at(USER_END - 8, 8, ACCESS_WRITE), at(4 * MIB - 2, 4, ACCESS_READ)};
  for (int strict = 0; strict <= 1; strict++) {
    struct trace t = make(3, refs);
    assert_int_equal(fit_ok(&t, MODE_32BIT, strict), 0);
    assert_int_equal(t.count, 3);
    assert_memory_equal(t.refs, refs, sizeof refs);
    trace_free(&t);
  }
}

static void regions_get_slots_in_order_of_first_touch(void** state) {
  (void)state;
  struct ref refs[] = {at(0x1fff000718, 8, ACCESS_READ), at(0x400123, 4, ACCESS_FETCH),
                       at(0x1fff000710, 8, ACCESS_WRITE), at(UINT64_MAX, 1, ACCESS_READ),
                       at(0x500000, 4, ACCESS_FETCH)};
  for (enum paging_mode mode = MODE_NONE; mode <= MODE_PAE; mode++) {
    struct trace t = make(5, refs);
    assert_int_equal(fit_ok(&t, mode, false), 3);
    assert_int_equal(t.count, 5);
    assert_int_equal(t.refs[0].va, 1 * 4 * MIB + (0x1fff000718 & 0x3fffff));
    assert_int_equal(t.refs[1].va, 2 * 4 * MIB + 0x123);
    assert_int_equal(t.refs[2].va, 1 * 4 * MIB + (0x1fff000710 & 0x3fffff));
    assert_int_equal(t.refs[3].va, 3 * 4 * MIB + 0x3fffff);
    assert_int_equal(t.refs[4].va, 2 * 4 * MIB + 0x100000);
    for (size_t i = 0; i < 5; i++) {
      assert_int_equal(t.refs[i].size, refs[i].size);
      assert_int_equal(t.refs[i].kind, refs[i].kind);
      assert_int_equal(t.refs[i].flags, REF_USER);
    }
    trace_free(&t);
  }
}

// The first word beyond 3 GiB folds the whole trace; a reference that only ends there does, too.
static void one_byte_too_far_folds(void** state) {
  (void)state;
  struct ref refs[] = {at(0, 4, ACCESS_READ), at(USER_END - 4, 5, ACCESS_READ)};
  struct trace t = make(2, refs);
  assert_int_equal(fit_ok(&t, MODE_32BIT, false), 3);
  assert_int_equal(t.refs[0].va, 4 * MIB);
  trace_free(&t);
}

static void crossing_references_are_split(void** state) {
  (void)state;
  struct ref refs[] = {at(0x100000400000 - 3, 8, ACCESS_WRITE), at(0x7000, 4, ACCESS_READ),
                       at(0x100000800000 - 4000, 4096, ACCESS_READ), at(0x100000400000 - 4, 4, ACCESS_FETCH)};
  struct trace t = make(4, refs);
  assert_int_equal(fit_ok(&t, MODE_PAE, false), 4);
  struct ref want[] = {at(8 * MIB - 3, 3, ACCESS_WRITE),      at(8 * MIB, 5, ACCESS_WRITE),
                       at(12 * MIB + 0x7000, 4, ACCESS_READ), at(12 * MIB - 4000, 4000, ACCESS_READ),
                       at(16 * MIB, 96, ACCESS_READ),         at(8 * MIB - 4, 4, ACCESS_FETCH)};
  assert_int_equal(t.count, 6);
  assert_memory_equal(t.refs, want, sizeof want);
  trace_free(&t);
}

// Whatever the trace: same low bits, equal regions stay equal, different ones different, all in 4 MiB .. 3 GiB.
static void folding_is_one_to_one(void** state) {
  (void)state;
  enum { REFS = 5000, REGIONS = 767 };
  struct ref* refs = malloc(REFS * sizeof *refs);
  uint64_t seed = 5, old[REGIONS];
  for (size_t i = 0; i < REGIONS; i++) old[i] = (i * UINT64_C(0x9e3779b97f4a7c15)) >> 22;
  for (size_t i = 0; i < REFS; i++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    size_t region = i < REGIONS ? i : seed >> 33 & 511;
    refs[i] = at(old[region] << 22 | (seed >> 20 & 0x3ffff8), 8, ACCESS_READ);
  }
  struct trace t = make(REFS, refs);
  assert_int_equal(fit_ok(&t, MODE_32BIT, false), REGIONS);
  assert_int_equal(t.count, REFS);
  for (size_t i = 0; i < REFS; i++) {
    assert_in_range(t.refs[i].va, 4 * MIB, USER_END - 8);
    assert_int_equal(t.refs[i].va & (4 * MIB - 1), refs[i].va & (4 * MIB - 1));
    uint64_t slot = t.refs[i].va >> 22;
    assert_int_equal(refs[i].va >> 22, old[slot - 1]);  // first touched in this order
  }
  trace_free(&t);
  free(refs);
}

static void too_many_regions_are_counted(void** state) {
  (void)state;
  struct ref refs[768];
  for (size_t i = 0; i < 768; i++) refs[i] = at((i + 1000) << 22, 4, ACCESS_READ);
  struct trace t = make(768, refs);
  fit_fails(&t, MODE_32BIT, false, "touches 768 regions of 4 MiB, but 32-bit paging has room for 767");
  t.count = 767;
  assert_int_equal(fit_ok(&t, MODE_32BIT, false), 767);
  trace_free(&t);
}

static void strict_refuses_the_first_wide_address(void** state) {
  (void)state;
  struct ref refs[] = {at(0x1000, 4, ACCESS_READ), at(USER_END - 4, 8, ACCESS_READ), at(0x1fff000718, 8, ACCESS_READ)};
  struct trace t = make(3, refs);
  fit_fails(&t, MODE_PAE, true, "reference 2: address 0xbffffffc is beyond what a program may use in pae paging");
  t.skipped = 10;
  t.refs[1].va = 0x123456789a;
  fit_fails(&t, MODE_32BIT, true, "reference 12: address 0x123456789a is beyond what a program may use in 32-bit");
  trace_free(&t);
}

static void long_modes_refuse_non_canonical_addresses(void** state) {
  (void)state;
  static const struct {
    uint64_t va;
    bool four, five;
  } cases[] = {
      {0x00007fffffffffff, true, true},  {0x0000800000000000, false, true},  {0xffff7fffffffffff, false, true},
      {0xffff800000000000, true, true},  {0x00ffffffffffffff, false, true},  {0x0100000000000000, false, false},
      {0xff00000000000000, false, true}, {0xfeffffffffffffff, false, false}, {UINT64_MAX, true, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ref ref = at(cases[i].va, 1, ACCESS_READ);
    struct trace t = make(1, &ref);
    if (cases[i].four)
      assert_int_equal(fit_ok(&t, MODE_4LEVEL, false), 0);
    else
      fit_fails(&t, MODE_4LEVEL, false, "is not canonical in 4-level paging");
    if (cases[i].five)
      assert_int_equal(fit_ok(&t, MODE_5LEVEL, true), 0);
    else
      fit_fails(&t, MODE_5LEVEL, true, "is not canonical in 5-level paging");
    assert_int_equal(t.refs[0].va, cases[i].va);
    trace_free(&t);
  }
  struct ref ref = at(0x00007fffffffffff, 2, ACCESS_READ);  // its second byte is not
  struct trace t = make(1, &ref);
  fit_fails(&t, MODE_4LEVEL, false, "reference 1: address 0x7fffffffffff (size 2)");
  trace_free(&t);
}

// ---------------------------------------------------------------------------------------------------------------------

static struct trace_ranges ranges_of(const struct trace* t) {
  struct trace_ranges ranges;
  struct error err;
  if (!trace_ranges(t, &ranges, &err)) fail_msg("%s", err.text);
  return ranges;
}

static void ranges_merge_neighbours_of_equal_use(void** state) {
  (void)state;
  struct ref refs[] = {at(0x5000, 4, ACCESS_READ),  at(0x1ffe, 4, ACCESS_FETCH),   at(0x6fff, 1, ACCESS_READ),
                       at(0x7000, 1, ACCESS_WRITE), at(0x7000, 1, ACCESS_READ),    at(0x8000, 1, ACCESS_READ),
                       at(0x8000, 1, ACCESS_WRITE), at(0x3000, 4, ACCESS_FETCH),   at(0x3000, 1, ACCESS_WRITE),
                       at(0xa000, 1, ACCESS_READ),  at(UINT64_MAX, 1, ACCESS_READ)};
  struct trace t = make(sizeof refs / sizeof *refs, refs);
  struct trace_ranges r = ranges_of(&t);
  static const struct trace_range want[] = {
      {0x1000, 0x3000, false, false, true}, {0x3000, 0x4000, false, true, true},
      {0x5000, 0x7000, true, false, false}, {0x7000, 0x9000, true, true, false},
      {0xa000, 0xb000, true, false, false}, {-UINT64_C(4096), 0, true, false, false}};
  assert_int_equal(r.count, 6);
  assert_int_equal(r.pages, 9);
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(r.ranges[i].start, want[i].start);
    assert_int_equal(r.ranges[i].end, want[i].end);
    assert_int_equal(r.ranges[i].read, want[i].read);
    assert_int_equal(r.ranges[i].write, want[i].write);
    assert_int_equal(r.ranges[i].fetch, want[i].fetch);
  }
  trace_ranges_free(&r);
  trace_free(&t);
}

// Against a map of bytes: many pages, every kind, crossings.
static void ranges_agree_with_a_plain_map(void** state) {
  (void)state;
  enum { PAGES = 40000, REFS = 60000 };
  struct ref* refs = malloc(REFS * sizeof *refs);
  unsigned char* use = calloc(PAGES + 1, 1);
  uint64_t seed = 9;
  for (size_t i = 0; i < REFS; i++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    refs[i] = at((seed >> 20) % (PAGES * 4096ul), (uint16_t)(seed >> 8 & 4095) + 1, (uint8_t)((seed >> 60) % 3));
    for (uint64_t p = refs[i].va / 4096; p <= (refs[i].va + refs[i].size - 1) / 4096; p++)
      use[p] |= (unsigned char)(1 << refs[i].kind);
  }
  struct trace t = make(REFS, refs);
  struct trace_ranges r = ranges_of(&t);
  size_t next = 0, pages = 0;
  for (size_t i = 0; i < r.count; i++) {
    assert_true(r.ranges[i].start < r.ranges[i].end);
    for (; next < r.ranges[i].start / 4096; next++) assert_int_equal(use[next], 0);
    unsigned bits = r.ranges[i].read | r.ranges[i].write << 1 | r.ranges[i].fetch << 2;
    assert_true(next == 0 || use[next - 1] != bits);  // else the two should be one
    for (; next < r.ranges[i].end / 4096; next++, pages++) assert_int_equal(use[next], bits);
  }
  for (; next <= PAGES; next++) assert_int_equal(use[next], 0);
  assert_int_equal(r.pages, pages);
  trace_ranges_free(&r);
  trace_free(&t);
  free(use);
  free(refs);
}

static void an_empty_trace_touches_nothing(void** state) {
  (void)state;
  struct trace t = {0};
  struct trace_ranges r = ranges_of(&t);
  assert_int_equal(r.count, 0);
  assert_int_equal(r.pages, 0);
  trace_ranges_free(&r);
  assert_int_equal(fit_ok(&t, MODE_32BIT, true), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_trace_below_3_gib_stays_as_it_is),
    cmocka_unit_test(regions_get_slots_in_order_of_first_touch),
    cmocka_unit_test(one_byte_too_far_folds),
    cmocka_unit_test(crossing_references_are_split),
    cmocka_unit_test(folding_is_one_to_one),
    cmocka_unit_test(too_many_regions_are_counted),
    cmocka_unit_test(strict_refuses_the_first_wide_address),
    cmocka_unit_test(long_modes_refuse_non_canonical_addresses),
    cmocka_unit_test(ranges_merge_neighbours_of_equal_use),
    cmocka_unit_test(ranges_agree_with_a_plain_map),
    cmocka_unit_test(an_empty_trace_touches_nothing),
};

TEST_MAIN(tests)
