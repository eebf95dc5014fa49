// SPDX-License-Identifier: MIT
// One array: which set, which way, what a fill throws out (docs/timing.md, "Replacement", "Second level", "PCID").
#include "check.h"
#include "model/array.h"

static struct translation page(uint64_t va, unsigned shift) {
  return (struct translation){.va = va, .pa = va, .shift = (uint8_t)shift};
}

// Fills and returns the way; *evicts: a valid entry of another page went.
static uint32_t fill(struct array* array, uint64_t va, uint64_t cycle, bool* evicts) {
  struct translation t = page(va, 12);
  struct filled filled = array_fill(array, &t, false, NULL, cycle);
  *evicts = filled.choice == CHOICE_VICTIM;
  if (*evicts) assert_true(filled.gone_va != va && filled.gone_shift == 12);
  return filled.at.way;
}

static void touch_page(struct array* array, uint64_t va, uint64_t cycle) {
  struct place at;
  assert_true(array_find(array, va, 12, 0, &at));
  array_touch(array, at, cycle);
}

static void drop_page(struct array* array, uint64_t va) {
  struct place at;
  assert_true(array_find(array, va, 12, 0, &at));
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
      uint32_t way = replacement_victim(REPLACE_PLRU, &tree, 0, ways);
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
  for (int policy = REPLACE_LRU; policy <= REPLACE_NRU; policy++) {
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
  assert_true(array_create(&a, 4, 2, REPLACE_LRU));
  struct translation small = page(0x00c03000, 12), large = page(0x00c00000, 22);
  assert_int_equal(array_fill(&a, &small, false, NULL, 1).at.set, 3);  // page number c03
  struct filled filled = array_fill(&a, &large, false, NULL, 2);
  assert_int_equal(filled.choice, CHOICE_FREE);
  assert_int_equal(filled.at.set, 3);  // page number 3
  assert_int_equal(filled.at.way, 1);
  assert_true(array_find(&a, 0x00c03fff, 12, 0, &at));
  assert_false(array_find(&a, 0x00c04000, 12, 0, &at));
  assert_true(array_find(&a, 0x00ffffff, 22, 0, &at));
  assert_false(array_find(&a, 0x01000000, 22, 0, &at));
  assert_false(array_find(&a, 0x00c00000, 21, 0, &at));
  array_free(&a);
}

// The pointer moves on fills that replace only.
static void fifo_goes_round(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 1, 3, REPLACE_FIFO));
  for (uint32_t i = 0; i < 3; i++) fill(&a, 0x1000 * i, i, &evicts);
  touch_page(&a, 0x0000, 10);
  assert_int_equal(fill(&a, 0x1000, 11, &evicts), 1);  // an overwrite
  assert_int_equal(fill(&a, 0x3000, 12, &evicts), 0);  // though touched
  drop_page(&a, 0x2000);
  assert_int_equal(fill(&a, 0x4000, 13, &evicts), 2);  // a free way: the pointer stays at 1
  assert_int_equal(fill(&a, 0x5000, 14, &evicts), 1);
  assert_int_equal(fill(&a, 0x6000, 15, &evicts), 2);
  assert_int_equal(fill(&a, 0x7000, 16, &evicts), 0);  // and round
  array_free(&a);
}

static void fifo_has_a_pointer_a_set(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 2, 2, REPLACE_FIFO));
  for (uint32_t i = 0; i < 4; i++) fill(&a, 0x1000 * i, i, &evicts);
  assert_int_equal(fill(&a, 0x4000, 10, &evicts), 0);
  assert_int_equal(fill(&a, 0x6000, 11, &evicts), 1);
  assert_int_equal(fill(&a, 0x5000, 12, &evicts), 0);  // the other set's pointer
  array_free(&a);
}

static void nru_takes_the_lowest_that_was_not_touched(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 1, 4, REPLACE_NRU));
  for (uint32_t i = 0; i < 4; i++) fill(&a, 0x1000 * i, i, &evicts);  // 1, 11, 111, then way 3 alone: 1000
  assert_int_equal(fill(&a, 0x4000, 10, &evicts), 0);                 // 1001
  touch_page(&a, 0x1000, 11);                                         // 1011
  assert_int_equal(fill(&a, 0x5000, 12, &evicts), 2);                 // the last clear one: 0100
  assert_int_equal(fill(&a, 0x6000, 13, &evicts), 0);                 // 0101
  drop_page(&a, 0x1000);
  touch_page(&a, 0x3000, 14);                          // 1101: way 1 is invalid, its bit is still clear
  assert_int_equal(fill(&a, 0x7000, 15, &evicts), 1);  // 0010
  assert_false(evicts);
  assert_int_equal(fill(&a, 0x8000, 16, &evicts), 0);
  array_free(&a);
}

static void nru_of_one_way_and_of_64(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 1, 1, REPLACE_NRU));
  for (uint32_t i = 0; i < 3; i++) assert_int_equal(fill(&a, 0x1000 * i, i, &evicts), 0);
  array_free(&a);
  assert_true(array_create(&a, 1, 64, REPLACE_NRU));
  for (uint32_t i = 0; i < 64; i++) assert_int_equal(fill(&a, 0x1000 * i, i, &evicts), i);
  assert_int_equal(fill(&a, 0x100000, 64, &evicts), 0);
  assert_int_equal(fill(&a, 0x101000, 65, &evicts), 1);
  array_free(&a);
}

// From ace1: bits 0, 2, 3, 5 are 1, 0, 0, 1, so 0 comes in: 5670; then 0, 0, 0, 1: ab38; then 0, 0, 1, 1: 559c.
static void random_follows_its_register(void** state) {
  (void)state;
  struct array a;
  bool evicts;
  assert_true(array_create(&a, 2, 4, REPLACE_RANDOM));
  for (uint32_t i = 0; i < 8; i++) fill(&a, 0x1000 * i, i, &evicts);  // free ways: no step
  assert_int_equal(fill(&a, 0x1000, 10, &evicts), 0);                 // nor an overwrite
  assert_int_equal(fill(&a, 0x8000, 11, &evicts), 0xace1 % 4);
  assert_int_equal(a.lfsr, 0x5670);
  assert_int_equal(fill(&a, 0x9000, 12, &evicts), 0x5670 % 4);  // one register for all sets
  assert_int_equal(a.lfsr, 0xab38);
  drop_page(&a, 0x9000);
  assert_int_equal(fill(&a, 0xb000, 13, &evicts), 0);
  assert_int_equal(a.lfsr, 0xab38);
  fill(&a, 0xc000, 14, &evicts);
  assert_int_equal(a.lfsr, 0x559c);
  array_free(&a);
  assert_true(array_create(&a, 1, 3, REPLACE_RANDOM));
  for (uint32_t i = 0; i < 3; i++) fill(&a, 0x1000 * i, i, &evicts);
  assert_int_equal(fill(&a, 0x3000, 3, &evicts), 0xace1 % 3);  // ways need not be a power of two
  array_free(&a);
}

static void the_register_goes_through_all_states(void** state) {
  (void)state;
  uint16_t lfsr = LFSR_SEED;
  uint32_t steps = 0;
  do {
    replacement_advance(REPLACE_RANDOM, NULL, &lfsr, 4);
    steps++;
  } while (lfsr != LFSR_SEED);
  assert_int_equal(steps, 65535);
}

// --- PCIDs and global pages -----------------------------------------------------------------------------------------

static uint32_t fill_of(struct array* array, uint64_t va, unsigned pcid, bool global, uint64_t cycle) {
  struct translation t = page(va, 12);
  t.pcid = (uint16_t)pcid;
  t.global = global;
  struct filled filled = array_fill(array, &t, false, NULL, cycle);
  struct place at = filled.at;
  while (filled.choice == CHOICE_OVERWRITE && array_find_further(array, &t, &at)) array_drop(array, at);
  return filled.at.way;
}

static void entries_answer_to_their_pcid(void** state) {
  (void)state;
  struct array a;
  struct place at;
  assert_true(array_create(&a, 1, 4, REPLACE_LRU));
  fill_of(&a, 0x1000, 1, false, 0);
  fill_of(&a, 0x1000, 0xfff, false, 1);
  fill_of(&a, 0x2000, 1, true, 2);
  assert_true(array_find(&a, 0x1000, 12, 1, &at));
  assert_int_equal(at.way, 0);
  assert_true(array_find(&a, 0x1000, 12, 0xfff, &at));
  assert_int_equal(at.way, 1);
  assert_false(array_find(&a, 0x1000, 12, 2, &at));
  assert_false(array_find(&a, 0x1000, 12, 0, &at));
  for (unsigned pcid = 0; pcid < 3; pcid++) assert_true(array_find(&a, 0x2000, 12, pcid, &at));
  assert_false(array_find_own(&a, 0x2000, 12, 1, &at));
  assert_true(array_find_own(&a, 0x1000, 12, 1, &at));
  array_free(&a);
}

static void an_entry_replaces_what_it_would_match_with(void** state) {
  (void)state;
  struct array a;
  struct place at;
  assert_true(array_create(&a, 1, 8, REPLACE_LRU));
  for (unsigned pcid = 1; pcid < 4; pcid++) fill_of(&a, 0x1000, pcid, false, pcid);
  fill_of(&a, 0x2000, 1, false, 4);
  // Over way 0 (PCID 1), and those of PCIDs 2 and 3 go.
  fill_of(&a, 0x1000, 2, true, 5);
  assert_true(array_find(&a, 0x1000, 12, 7, &at));
  assert_int_equal(at.way, 0);
  assert_int_equal(a.held[12], 2);
  assert_true(array_find(&a, 0x2000, 12, 1, &at));
  // One that is not global takes the place of one that was.
  fill_of(&a, 0x1000, 3, false, 6);
  assert_true(array_find(&a, 0x1000, 12, 3, &at));
  assert_int_equal(at.way, 0);
  assert_false(array_find(&a, 0x1000, 12, 2, &at));
  assert_int_equal(a.held[12], 2);
  array_free(&a);
}

// A tag has room for all 57 bits of linear addresses, and for what walk caches map.
static void tags_tell_apart_what_differs(void** state) {
  (void)state;
  static const uint8_t shifts[] = {12, 21, 22, 30, 39, 48};
  for (size_t i = 0; i < sizeof shifts; i++) {
    uint64_t tag = array_tag(0, shifts[i], 0, false);
    for (unsigned bit = 0; bit < 57; bit++)
      assert_int_equal(array_tag(BIT(bit), shifts[i], 0, false) != tag, bit >= shifts[i]);
    for (unsigned bit = 0; bit < 12; bit++) assert_true(array_tag(0, shifts[i], 1u << bit, false) != tag);
    assert_true(array_tag(0, shifts[i], 0, true) != tag);
    for (size_t j = 0; j < i; j++) assert_true(array_tag(0, shifts[j], 0, false) != tag);
  }
}

// --- touches that wait ----------------------------------------------------------------------------------------------

// A lookup touches way 0, the oldest, in the cycle of a fill: the fill takes it all the same, and is the youngest then.
static void a_victim_is_chosen_from_the_state_before_the_cycle(void** state) {
  (void)state;
  struct array a;
  struct touches touches = {0};
  struct place at;
  bool evicts;
  assert_true(array_create(&a, 2, 2, REPLACE_LRU));
  for (uint32_t i = 0; i < 4; i++) fill(&a, 0x1000 * i, stamp_of_fill(i, (struct cause){.port = PORT_DATA}), &evicts);
  assert_true(array_find(&a, 0x0000, 12, 0, &at));
  touches_add(&touches, &a, at, stamp_of_lookup(9, PORT_DATA));
  assert_true(array_find(&a, 0x1000, 12, 0, &at));
  touches_add(&touches, &a, at, stamp_of_lookup(9, PORT_FETCH));
  struct translation t = page(0x4000, 12);
  struct filled filled = array_fill(&a, &t, false, &touches, stamp_of_fill(9, (struct cause){.port = PORT_FETCH}));
  assert_int_equal(filled.choice, CHOICE_VICTIM);
  assert_int_equal(filled.at.way, 0);
  assert_int_equal(touches.count, 1);  // the other set's waits on
  touches_settle_all(&touches);
  assert_int_equal(touches.count, 0);
  assert_int_equal(fill(&a, 0x6000, stamp_of_fill(9, (struct cause){.port = PORT_DATA}), &evicts), 1);
  assert_int_equal(fill(&a, 0x5000, stamp_of_fill(10, (struct cause){.port = PORT_DATA}), &evicts), 1);
  array_free(&a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lru_throws_out_the_longest_untouched),
    cmocka_unit_test(plru_follows_its_tree),
    cmocka_unit_test(plru_starts_at_way_0_and_wide_trees_reach_every_way),
    cmocka_unit_test(drops_leave_replacement_state_alone),
    cmocka_unit_test(a_fill_overwrites_the_same_page_in_place),
    cmocka_unit_test(sizes_share_an_array_by_their_own_page_numbers),
    cmocka_unit_test(fifo_goes_round),
    cmocka_unit_test(fifo_has_a_pointer_a_set),
    cmocka_unit_test(nru_takes_the_lowest_that_was_not_touched),
    cmocka_unit_test(nru_of_one_way_and_of_64),
    cmocka_unit_test(random_follows_its_register),
    cmocka_unit_test(the_register_goes_through_all_states),
    cmocka_unit_test(entries_answer_to_their_pcid),
    cmocka_unit_test(an_entry_replaces_what_it_would_match_with),
    cmocka_unit_test(tags_tell_apart_what_differs),
    cmocka_unit_test(a_victim_is_chosen_from_the_state_before_the_cycle),
};
TEST_MAIN(tests)
