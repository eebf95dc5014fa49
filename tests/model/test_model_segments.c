// SPDX-License-Identifier: MIT
// Segments before paging (docs/timing.md, "Segments", finer points 15, 16).
#include "check.h"
#include "engine/serial.h"
#include "model/rig.h"
#include "model/segment.h"

static struct rig rig;
static struct config config;
enum { U = 7, AD = 0x60 };

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.dram.latency = 10;
  rig_create(&rig, &config);
  return 0;
}

static int tear_down(void** state) {
  (void)state;
  rig_destroy(&rig);
  return 0;
}

static const struct segment plain = {
    .base = 0x8000, .limit = 0x3fff, .present = true, .writable = true, .privilege = 3};

static bool load(uint8_t index, struct segment segment) {
  const struct control control = {.op = CONTROL_SEGMENT, .index = index, .segment = segment};
  return rig_operate(&rig, &control);
}

static struct ref ref_in(uint8_t segment, uint64_t offset, uint16_t size, enum access_kind kind, unsigned flags) {
  return (struct ref){.va = offset, .size = size, .kind = (uint8_t)kind, .flags = (uint8_t)flags, .segment = segment};
}

static struct answer user_read(uint8_t segment, uint64_t offset, uint16_t size) {
  struct ref ref = ref_in(segment, offset, size, ACCESS_READ, REF_USER);
  return rig_part(&rig, &ref);
}

static void who_may_do_what(void** state) {
  (void)state;
  struct segment absent = plain, read_only = plain, kernel = plain;
  absent.present = false;
  read_only.writable = false;
  kernel.privilege = 0;
  const struct {
    const struct segment* segment;
    enum access_kind kind;
    unsigned flags;
    bool permitted;
  } cases[] = {
      {&plain, ACCESS_READ, REF_USER, true},
      {&plain, ACCESS_WRITE, REF_USER, true},
      {&plain, ACCESS_FETCH, REF_USER, true},
      {&plain, ACCESS_READ, 0, true},
      {&absent, ACCESS_READ, REF_USER, false},
      {&absent, ACCESS_FETCH, 0, false},
      {&read_only, ACCESS_READ, REF_USER, true},
      {&read_only, ACCESS_WRITE, REF_USER, false},
      {&read_only, ACCESS_WRITE, 0, false},
      {&read_only, ACCESS_FETCH, REF_USER, true},
      {&kernel, ACCESS_READ, REF_USER, false},
      {&kernel, ACCESS_FETCH, REF_USER | REF_AC, false},
      {&kernel, ACCESS_READ, 0, true},
      {&kernel, ACCESS_READ, REF_USER | REF_IMPLICIT, true},
      {&kernel, ACCESS_WRITE, REF_IMPLICIT, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ref ref = ref_in(1, 0, 1, cases[i].kind, cases[i].flags);
    if (segment_permits(cases[i].segment, &ref) != cases[i].permitted) fail_msg("case %zu", i);
    bool in_class = segment_classes(cases[i].segment) >> ((unsigned)cases[i].kind << 3 | cases[i].flags) & 1;
    if (in_class != cases[i].permitted) fail_msg("class of case %zu", i);
  }
}

static void limits(void** state) {
  (void)state;
  struct segment down = plain, empty = plain, whole = plain, almost_whole = plain;
  down.expand_down = true;
  empty.expand_down = true;
  empty.limit = 0xffffffff;
  whole.limit = UINT64_MAX;
  almost_whole.limit = UINT64_MAX - 1;
  const struct {
    const struct segment* segment;
    uint64_t offset;
    uint16_t size;
    bool permitted;
  } cases[] = {
      {&plain, 0, 1, true},
      {&plain, 0x3fff, 1, true},
      {&plain, 0x4000, 1, false},
      {&plain, 0x3ffc, 4, true},
      {&plain, 0x3ffd, 4, false},
      {&plain, 0x3000, 4096, true},
      {&plain, UINT64_MAX, 2, false},  // its last byte is at 0
      {&down, 0x3fff, 1, false},       // the limit is the last invalid one
      {&down, 0x4000, 1, true},
      {&down, 0x3fff, 4, false},
      {&down, 0xfffffffc, 4, true},
      {&down, 0xfffffffd, 4, false},
      {&down, 0x100000000, 1, false},
      {&empty, 0xffffffff, 1, false},
      {&empty, 0, 1, false},
      {&whole, UINT64_MAX, 4, true},
      {&whole, 0xfffffffe, 4, true},
      {&almost_whole, UINT64_MAX - 3, 4, false},
      {&almost_whole, UINT64_MAX - 3, 8, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ref ref = ref_in(1, cases[i].offset, cases[i].size, ACCESS_READ, REF_USER);
    if (segment_permits(cases[i].segment, &ref) != cases[i].permitted) fail_msg("case %zu", i);
  }
}

// Paging off: physical = linear = base + offset modulo 2^32.
static void linear_addresses_with_paging_off(void** state) {
  (void)state;
  uint64_t first = rig_now(&rig);
  assert_true(load(1, plain));
  assert_int_equal(rig_now(&rig) - first, 10);
  struct answer a = user_read(1, 0x123, 4);
  assert_int_equal(a.pa, 0x8123);
  assert_int_equal(a.path, PATH_OFF);
  assert_int_equal(a.cycle, a.accept);
  a = user_read(1, 0x4000, 1);
  assert_int_equal(a.fault, FAULT_GP);
  assert_int_equal(a.path, PATH_OFF);
  assert_int_equal(a.cr2, 0);
  assert_int_equal(user_read(2, 0, 1).fault, FAULT_GP);  // absent since reset
  struct segment high = plain;
  high.base = 0xfffff000;
  assert_true(load(7, high));
  assert_int_equal(user_read(7, 0x1234, 1).pa, 0x234);
  assert_int_equal(user_read(0, 0x1234, 1).pa, 0x1234);
  assert_int_equal(rig_counters(&rig).faults_gp, 2);
}

// #GP in the cycle of the L1 lookup, which is not counted; nothing dropped. The segment's #GP comes before a page
// fault.
static void violations_come_before_paging(void** state) {
  (void)state;
  tear_down(state);
  config.dtlb.latency = 3;
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  assert_true(load(1, plain));
  rig_map_32bit(&rig, 0x8000, 0x5000 | AD | U);
  assert_int_equal(user_read(1, 0x234, 4).pa, 0x5234);
  rig_clear(&rig);
  struct counters before = rig_counters(&rig);
  struct answer a = user_read(1, 0x5000, 1);  // beyond the limit, and not mapped
  assert_int_equal(a.fault, FAULT_GP);
  assert_int_equal(a.path, PATH_L1);
  assert_int_equal(a.cycle - a.accept, 2);
  assert_int_equal(a.base, 3);
  assert_int_equal(rig_count(&rig, EVENT_LOOKUP) + rig_count(&rig, EVENT_DROP), 0);
  struct counters after = rig_counters(&rig);
  assert_int_equal(after.dtlb.misses + after.dtlb.hits, before.dtlb.misses + before.dtlb.hits);
  a = user_read(1, 0x1004, 1);  // within, not mapped
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(a.cr2, 0x9004);
  assert_int_equal(rig_event(&rig, EVENT_ACCEPT, 1)->va, 0x9004);
  assert_int_equal(rig_event(&rig, EVENT_ANSWER, 1)->va, 0x9004);
  assert_int_equal(user_read(1, 0x234, 4).path, PATH_L1);
}

static void long_mode_adds_64_bits(void** state) {
  (void)state;
  rig_start_long(&rig, 0, 0);
  struct segment high = plain;
  high.base = ~UINT64_C(0) << 47;
  high.limit = UINT64_MAX;
  assert_true(load(3, high));
  rig_map_long(&rig, 4, high.base | 0x1000, 0x5000 | AD | U);
  assert_int_equal(user_read(3, 0x1008, 8).pa, 0x5008);
  rig_map_long(&rig, 4, 0, 0x6000 | AD | U);
  assert_int_equal(user_read(3, (UINT64_C(1) << 47) + 8, 8).pa, 0x6008);  // modulo 2^64
  // Not canonical: #GP by the linear address, after the segment had no objection.
  assert_int_equal(user_read(3, UINT64_C(1) << 46, 8).fault, FAULT_PF);
  high.base = UINT64_C(1) << 46;
  assert_true(load(3, high));
  assert_int_equal(user_read(3, UINT64_C(1) << 46, 8).fault, FAULT_GP);
}

static void loads_are_privileged(void** state) {
  (void)state;
  assert_true(load(1, plain));
  struct segment other = plain;
  other.base = 0;
  const struct control control = {.op = CONTROL_SEGMENT, .index = 1, .segment = other, .user = true};
  uint64_t first = rig_now(&rig);
  assert_false(rig_operate(&rig, &control));
  assert_int_equal(rig_now(&rig) - first, 10);
  assert_int_equal(user_read(1, 4, 1).pa, 0x8004);
}

static void a_load_drops_nothing(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig_map_32bit(&rig, 0x8000, 0x5000 | AD | U);
  user_read(0, 0x8000, 4);
  assert_true(load(1, plain));
  assert_int_equal(user_read(1, 0, 4).path, PATH_L1);
  struct segment same_page = plain;
  same_page.base = 0x8800;
  assert_true(load(0, same_page));  // segment 0 too
  struct answer a = user_read(0, 0x10, 4);
  assert_int_equal(a.path, PATH_L1);
  assert_int_equal(a.pa, 0x5810);
}

// --- the core -------------------------------------------------------------------------------------------------------

static void crossing_is_a_matter_of_linear_addresses(void** state) {
  (void)state;
  struct segment segments[SEGMENT_COUNT];
  serial_reset_segments(segments);
  assert_null(serial_bases(segments));
  segments[2].base = 0x1000;
  assert_null(serial_bases(segments));
  segments[1].base = 0x234;
  assert_ptr_equal(serial_bases(segments), segments);
  const struct segment* bases = serial_bases(segments);
  struct ref inside = ref_in(1, 0xffe, 4, ACCESS_READ, 0), crosses = ref_in(1, 0xdca, 4, ACCESS_READ, 0), part[2];
  assert_false(serial_crosses(&inside, bases));
  assert_true(serial_crosses(&inside, NULL));
  assert_true(serial_crosses(&crosses, bases));
  serial_split(&crosses, UINT32_MAX, bases, part);
  assert_int_equal(part[0].va, 0xdca);
  assert_int_equal(part[0].size, 4);  // the whole: the limit is checked once, before
  assert_int_equal(part[1].va, 0xdcc);
  assert_int_equal(part[1].size, 2);
  crosses = ref_in(0, 0xfffffffd, 8, ACCESS_READ, 0);
  serial_split(&crosses, UINT32_MAX, bases, part);
  assert_int_equal(part[1].va, 0);
  assert_int_equal(part[1].size, 5);
}

// The page behind the limit is mapped, but the whole reference is beyond it: #GP at once, with and without a listener.
static void the_limit_is_checked_for_the_whole(void** state) {
  (void)state;
  struct segment odd = plain;
  odd.base = 0x8800;
  odd.limit = 0xfff;
  for (int listen = 0; listen < 2; listen++) {
    tear_down(state);
    set_up(state);
    rig_start_32bit(&rig, 0);
    if (!listen) rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
    rig_map_32bit(&rig, 0x8000, 0x5000 | AD | U);
    rig_map_32bit(&rig, 0x9000, 0x7000 | AD | U);
    assert_true(load(1, odd));
    const struct ref refs[] = {ref_in(1, 0x7fe, 4, ACCESS_READ, REF_USER), ref_in(1, 0x10, 4, ACCESS_WRITE, REF_USER),
                               ref_in(1, 0x10, 4, ACCESS_WRITE, REF_USER), ref_in(1, 0xffe, 4, ACCESS_READ, REF_USER)};
    struct answer answers[4];
    struct play play = {.until = UINT64_MAX, .answers = answers};
    rig.engine->ops->play(rig.engine->self, refs, 4, &play);
    assert_int_equal(play.stop, PLAY_FAULT);
    assert_int_equal(play.done, 3);
    assert_int_equal(play.fault.fault, FAULT_GP);
    assert_int_equal(answers[0].pa, 0x5ffe);
    assert_int_equal(answers[0].reads, 4);
    assert_int_equal(answers[2].pa, 0x5810);
    assert_int_equal(answers[2].path, PATH_L1);
    struct counters c = rig_counters(&rig);
    assert_int_equal(c.refs, 3);
    assert_int_equal(c.dtlb.hits, 2);
    assert_int_equal(c.dtlb.misses, 2);
    assert_int_equal(c.parts[ACCESS_READ], 3);
  }
}

// A segment that is loaded anew between plays: no hit goes by the old base, limit or rights.
static void played_hits_follow_the_segments(void** state) {
  (void)state;
  rig_start_32bit(&rig, 0);
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  rig_map_32bit(&rig, 0x8000, 0x5000 | AD | U);
  rig_map_32bit(&rig, 0x9000, 0x7000 | AD | U);
  const struct ref refs[] = {ref_in(0, 0x8000, 4, ACCESS_READ, REF_USER), ref_in(0, 0x9000, 4, ACCESS_READ, REF_USER),
                             ref_in(1, 0x10, 4, ACCESS_WRITE, REF_USER), ref_in(1, 0x10, 4, ACCESS_WRITE, REF_USER)};
  struct segment moved = plain, short_one = plain, read_only = plain, kernel = plain;
  moved.base = 0x9000;
  short_one.limit = 0x12;
  read_only.writable = false;
  kernel.privilege = 0;
  const struct {
    struct segment segment;
    size_t done;
    uint64_t pa;
  } cases[] = {{plain, 4, 0x5010}, {moved, 4, 0x7010}, {short_one, 2, 0}, {plain, 4, 0x5010},
               {read_only, 2, 0},  {kernel, 2, 0},     {plain, 4, 0x5010}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct answer answers[4];
    struct play play = {.until = UINT64_MAX, .answers = answers};
    assert_true(load(1, cases[i].segment));
    rig.engine->ops->play(rig.engine->self, refs, 4, &play);
    assert_int_equal(play.done, cases[i].done);
    if (play.done == 4) assert_int_equal(answers[3].pa, cases[i].pa);
  }
  struct segment no_zero = plain;
  assert_true(load(0, no_zero));
  struct play play = {.until = UINT64_MAX};
  rig.engine->ops->play(rig.engine->self, refs, 1, &play);
  assert_int_equal(play.stop, PLAY_FAULT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    TEST(who_may_do_what),
    TEST(limits),
    TEST(linear_addresses_with_paging_off),
    TEST(violations_come_before_paging),
    TEST(long_mode_adds_64_bits),
    TEST(loads_are_privileged),
    TEST(a_load_drops_nothing),
    TEST(crossing_is_a_matter_of_linear_addresses),
    TEST(the_limit_is_checked_for_the_whole),
    TEST(played_hits_follow_the_segments),
};
TEST_MAIN(tests)
