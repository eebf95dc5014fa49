// SPDX-License-Identifier: MIT
// One array: which set, which way, what a fill throws out (docs/timing.md, "Replacement", "Second level").
#include "check.h"
#include "model/array.h"

static struct translation page(uint64_t va, unsigned shift) {
  return (struct translation){.va = va, .pa = va, .shift = (uint8_t)shift};
}

// Fills and returns the way; *evicts as array_choose says.
static uint32_t fill(struct array* array, uint64_t va, uint64_t cycle, bool* evicts) {
  struct translation t = page(va, 12);
  struct place at = array_choose(array, &t, evicts);
  array_put(array, at, &t, cycle);
  return at.way;
}

static void touch_page(struct array* array, uint64_t va, uint64_t cycle) {
  struct place at;
  assert_true(array_find(array, va, 12, &at));
  array_touch(array, at, cycle);
}

static void drop_page(struct array* array, uint64_t va) {
  struct place at;
  assert_true(array_find(array, va, 12, &at));
  array_drop(array, at);
}

static void lru_throws_out_the_longest_untouched(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 2, 4, REPLACE_LRU));
  for (uint32_t i = 0; i < 4; i++) {
    assert_int_equal(fill(&a, 0x2000 * i, i, &evicts), i);  // even pages: set 0; lowest invalid way first
    assert_false(evicts);
  }
  touch_page(&a, 0x0000, 10);
  touch_page(&a, 0x4000, 11);
  assert_int_equal(fill(&a, 0x8000, 12, &evicts), 1);
  assert_true(evicts);
  assert_int_equal(fill(&a, 0xa000, 13, &evicts), 3);
  assert_int_equal(fill(&a, 0xc000, 14, &evicts), 0);
  assert_int_equal(fill(&a, 0x1000, 15, &evicts), 0);  // the other set is empty
  assert_false(evicts);
  array_free(&a);
}

static void plru_follows_its_tree(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 1, 4, REPLACE_PLRU));
  // Filled 0 1 2 3: root points low (3 is high), node 2 at way 0 (1 was last there), node 3 at way 2.
  for (uint32_t i = 0; i < 4; i++) assert_int_equal(fill(&a, 0x1000 * i, i, &evicts), i);
  assert_int_equal(fill(&a, 0x4000, 10, &evicts), 0);  // root now high, node 2 at way 1
  assert_int_equal(fill(&a, 0x5000, 11, &evicts), 2);  // root low, node 3 at way 3
  touch_page(&a, 0x4000, 12);                          // way 0 again: root high
  assert_int_equal(fill(&a, 0x6000, 13, &evicts), 3);
  assert_int_equal(fill(&a, 0x7000, 14, &evicts), 1);
  assert_int_equal(fill(&a, 0x8000, 15, &evicts), 2);
  array_free(&a);
}

static void plru_starts_at_way_0_and_wide_trees_reach_every_way(void** state) {
  (void)state;
  for (uint32_t ways = 1; ways <= 64; ways *= 2) {
    uint64_t tree = 0, seen = 0;
    for (uint32_t i = 0; i < ways; i++) {
      uint32_t way = replacement_victim(REPLACE_PLRU, &tree, ways);
      if (i == 0) assert_int_equal(way, 0);
      assert_true(way < ways);
      seen |= UINT64_C(1) << way;
      replacement_touch(REPLACE_PLRU, &tree, ways, way, i);
    }
    assert_int_equal(seen, bits_between(0, ways));
  }
}

static void drops_leave_replacement_state_alone(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  for (int policy = REPLACE_LRU; policy <= REPLACE_PLRU; policy++) {
    assert_true(array_create(&a, 1, 4, (enum replacement)policy));
    for (uint32_t i = 0; i < 4; i++) fill(&a, 0x1000 * i, i, &evicts);
    drop_page(&a, 0x2000);
    drop_page(&a, 0x1000);
    assert_int_equal(fill(&a, 0x5000, 10, &evicts), 1);  // the lowest invalid way, whatever the policy says
    assert_false(evicts);
    assert_int_equal(fill(&a, 0x6000, 11, &evicts), 2);
    assert_false(evicts);
    assert_int_equal(fill(&a, 0x7000, 12, &evicts), 0);
    assert_true(evicts);
    array_free(&a);
  }
}

static void a_fill_overwrites_the_same_page_in_place(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 1, 4, REPLACE_LRU));
  for (uint32_t i = 0; i < 3; i++) fill(&a, 0x1000 * i, i, &evicts);
  assert_int_equal(fill(&a, 0x1000, 10, &evicts), 1);  // though way 3 is free
  assert_false(evicts);
  fill(&a, 0x3000, 11, &evicts);
  assert_int_equal(fill(&a, 0x4000, 12, &evicts), 0);
  assert_int_equal(fill(&a, 0x5000, 13, &evicts), 2);  // way 1 counts as touched
  array_free(&a);
}

static void sizes_share_an_array_by_their_own_page_numbers(void** state) {
  (void)state;
  struct array a;
  struct place at;
  bool evicts;
  assert_true(array_create(&a, 4, 2, REPLACE_LRU));
  struct translation small = page(0x00c03000, 12), large = page(0x00c00000, 22);
  at = array_choose(&a, &small, &evicts);
  assert_int_equal(at.set, 3);  // page number c03
  array_put(&a, at, &small, 1);
  at = array_choose(&a, &large, &evicts);
  assert_int_equal(at.set, 3);  // page number 3
  assert_int_equal(at.way, 1);
  array_put(&a, at, &large, 2);
  assert_true(array_find(&a, 0x00c03fff, 12, &at));
  assert_false(array_find(&a, 0x00c04000, 12, &at));
  assert_true(array_find(&a, 0x00ffffff, 22, &at));
  assert_false(array_find(&a, 0x01000000, 22, &at));
  assert_false(array_find(&a, 0x00c00000, 21, &at));
  array_free(&a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lru_throws_out_the_longest_untouched),
    cmocka_unit_test(plru_follows_its_tree),
    cmocka_unit_test(plru_starts_at_way_0_and_wide_trees_reach_every_way),
    cmocka_unit_test(drops_leave_replacement_state_alone),
    cmocka_unit_test(a_fill_overwrites_the_same_page_in_place),
    cmocka_unit_test(sizes_share_an_array_by_their_own_page_numbers),
};
TEST_MAIN(tests)
