// SPDX-License-Identifier: MIT
// Placement in free space: rules, answers computed elsewhere (tests/cases/freespace.txt), and a long random run against
// a map of single bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernel/share/holes.h"

// ---------------------------------------------------------------------------------------------------------------------
// The cases of malloc.py

enum { PLACES = 64 };

struct freespace_case {
  struct holes holes;
  enum holes_fit fit;
  uint64_t header;
  bool merge;
  struct hole places[PLACES];  // by the number of the allocation
};

static uint64_t number(const char* line, const char* key) {
  const char* at = strstr(line, key);
  if (!at) fail_msg("no %s in: %.60s", key, line);
  return strtoull(at + strlen(key), NULL, 10);
}

static void begin(struct freespace_case* c, const char* line) {
  c->fit = strstr(line, "fit=best") ? HOLES_BEST : strstr(line, "fit=worst") ? HOLES_WORST : HOLES_FIRST;
  c->header = number(line, " header=");
  c->merge = number(line, " coalesce=");
  holes_init(&c->holes, number(line, " base="), number(line, " heap="));
}

// a<id>:<size>=<address>/<chunks looked at>, with `fail` for the address
static void allocate(struct freespace_case* c, const char* op) {
  unsigned id, expected_seen, seen;
  unsigned long size, expected = 0;
  uint64_t start = 0;
  bool fails = strstr(op, "=fail/") != NULL;
  int fields = fails ? sscanf(op, "a%u:%lu=fail/%u", &id, &size, &expected_seen)
                     : sscanf(op, "a%u:%lu=%lu/%u", &id, &size, &expected, &expected_seen);
  assert_int_equal(fields, fails ? 3 : 4);
  assert_true(id < PLACES);
  bool taken = holes_take(&c->holes, c->fit, size + c->header, &start, &seen);
  if (taken == fails || seen != expected_seen || (taken && start + c->header != expected))
    fail_msg("%s: taken %d, at %lu, %u looked at", op, taken, (unsigned long)(start + c->header), seen);
  c->places[id] = (struct hole){start, size + c->header};
}

static void give_back(struct freespace_case* c, const char* op) {
  unsigned id;
  assert_int_equal(sscanf(op, "f%u=0", &id), 1);
  assert_true(id < PLACES);
  assert_true(holes_put(&c->holes, c->places[id].start, c->places[id].length));
  if (c->merge) holes_merge(&c->holes);
}

static void check_free_list(const struct freespace_case* c, const char* line) {
  char text[4096] = "";
  size_t length = 0;
  for (unsigned i = 0; i < c->holes.count; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%lu+%lu", i ? "," : "",
                               (unsigned long)c->holes.hole[i].start, (unsigned long)c->holes.hole[i].length);
  const char* expected = strstr(line, " freelist=");
  assert_non_null(expected);
  expected += strlen(" freelist=");
  if (strlen(expected) != length || strncmp(expected, text, length) != 0)
    fail_msg("free list %s, expected %s", text, expected);
}

static void replay(char* line) {
  static struct freespace_case c;
  char *rest, *ops = strstr(line, " ops=");
  assert_non_null(ops);
  begin(&c, line);
  char* copy = strdup(ops + strlen(" ops="));
  copy[strcspn(copy, " ")] = 0;
  for (char* op = strtok_r(copy, ";", &rest); op; op = strtok_r(NULL, ";", &rest))
    *op == 'a' ? allocate(&c, op) : give_back(&c, op);
  free(copy);
  check_free_list(&c, line);
}

static void replays_the_cases_of_malloc_py(void** state) {
  (void)state;
  FILE* file = fopen(PAGEWALK_ROOT "/tests/cases/freespace.txt", "r");
  assert_non_null(file);
  char* line = NULL;
  size_t room = 0;
  unsigned cases = 0;
  while (getline(&line, &room, file) > 0) {
    line[strcspn(line, "\r\n")] = 0;
    if (*line == '#' || *line == 0) continue;
    replay(line);
    cases++;
  }
  free(line);
  fclose(file);
  assert_int_equal(cases, 120);
}

// ---------------------------------------------------------------------------------------------------------------------
// Rules that the cases do not ask for

static void takes_a_given_place_only_if_all_of_it_is_free(void** state) {
  (void)state;
  static struct holes holes;
  holes_init(&holes, 100, 50);
  assert_false(holes_take_at(&holes, 99, 10));
  assert_false(holes_take_at(&holes, 141, 10));
  assert_false(holes_take_at(&holes, 150, 1));
  assert_true(holes_take_at(&holes, 110, 10));  // the middle: two holes
  assert_int_equal(holes.count, 2);
  assert_int_equal(holes_total(&holes), 40);
  assert_int_equal(holes_largest(&holes), 30);
  assert_false(holes_take_at(&holes, 109, 2));
  assert_true(holes_take_at(&holes, 100, 10));  // a whole hole
  assert_int_equal(holes.count, 1);
  assert_true(holes_take_at(&holes, 120, 5));  // its beginning
  assert_true(holes_take_at(&holes, 145, 5));  // its end
  assert_int_equal(holes.hole[0].start, 125);
  assert_int_equal(holes.hole[0].length, 20);
}

static void merges_on_both_sides(void** state) {
  (void)state;
  static struct holes holes;
  uint64_t start;
  holes_init(&holes, 0, 30);
  for (unsigned i = 0; i < 3; i++) assert_true(holes_take(&holes, HOLES_FIRST, 10, &start, NULL));
  assert_int_equal(holes.count, 0);
  assert_int_equal(holes_largest(&holes), 0);
  holes_give_back(&holes, 0, 10);
  holes_give_back(&holes, 20, 10);
  assert_int_equal(holes.count, 2);
  assert_false(holes_take(&holes, HOLES_FIRST, 11, &start, NULL));  // 20 are free, but in two holes
  holes_give_back(&holes, 10, 10);
  assert_int_equal(holes.count, 1);
  assert_int_equal(holes_largest(&holes), 30);
}

static void a_full_list_refuses(void** state) {
  (void)state;
  static struct holes holes;
  holes_init(&holes, 0, 0);
  for (unsigned i = 0; i < HOLES_MAX; i++) assert_true(holes_put(&holes, 10 * i, 5));
  assert_false(holes_put(&holes, 10 * HOLES_MAX, 5));
  assert_false(holes_take_at(&holes, 12, 1));  // it would leave two holes where one was
  assert_int_equal(holes_total(&holes), 5 * HOLES_MAX);
}

// ---------------------------------------------------------------------------------------------------------------------
// Against a map of bytes

enum { SPACE = 4096, GIVEN = 100, ROUNDS = 200000 };

struct byte_map {
  bool taken[SPACE];
  struct hole given[GIVEN];
  unsigned count;
};

static void set(struct byte_map* map, struct hole place, bool taken) {
  for (uint64_t i = 0; i < place.length; i++) {
    if (map->taken[place.start + i] == taken) fail_msg("byte %lu changes twice", (unsigned long)(place.start + i));
    map->taken[place.start + i] = taken;
  }
}

static void check_map(const struct byte_map* map, const struct holes* holes) {
  uint64_t at = 0;
  for (unsigned i = 0; i < holes->count; i++) {
    for (; at < holes->hole[i].start; at++) assert_true(map->taken[at]);
    assert_true(i == 0 || holes->hole[i - 1].start + holes->hole[i - 1].length < holes->hole[i].start);
    for (; at < holes->hole[i].start + holes->hole[i].length; at++) assert_false(map->taken[at]);
  }
  for (; at < SPACE; at++) assert_true(map->taken[at]);
}

static void agrees_with_a_map_of_bytes(void** state) {
  (void)state;
  static struct holes holes;
  static struct byte_map map;
  uint32_t random = 1;
  holes_init(&holes, 0, SPACE);
  for (unsigned round = 0; round < ROUNDS; round++) {
    random = random * 1664525 + 1013904223;
    uint64_t length = 1 + (random >> 8) % 120, start;
    if (map.count < GIVEN && random >> 31) {
      struct hole place = {(random >> 10) % SPACE, length};
      bool at = random >> 30 & 1;
      if (at ? holes_take_at(&holes, place.start, length)
             : holes_take(&holes, (enum holes_fit)(random >> 28) % 3, length, &start, NULL)) {
        if (!at) place.start = start;
        set(&map, place, true);
        map.given[map.count++] = place;
      }
    } else if (map.count > 0) {
      unsigned which = (random >> 8) % map.count;
      set(&map, map.given[which], false);
      holes_give_back(&holes, map.given[which].start, map.given[which].length);
      map.given[which] = map.given[--map.count];
    }
    if (round % 16 == 0) check_map(&map, &holes);
  }
  assert_true(holes.count > 0);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(replays_the_cases_of_malloc_py),
                                          cmocka_unit_test(takes_a_given_place_only_if_all_of_it_is_free),
                                          cmocka_unit_test(merges_on_both_sides), cmocka_unit_test(a_full_list_refuses),
                                          cmocka_unit_test(agrees_with_a_map_of_bytes)};
TEST_MAIN(tests)
