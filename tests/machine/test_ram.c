// SPDX-License-Identifier: MIT
// Sparse RAM: content, sparseness, the walker's port, mirrors, comparison.
#include <string.h>

#include "check.h"
#include "machine/ram.h"

static const uint64_t HUGE_BYTES = (uint64_t)1 << 52;

static void what_was_written_is_read_back(void** state) {
  (void)state;
  struct ram* ram = ram_create(1 << 20);
  uint8_t in[10000], out[10000];
  for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)(i * 7 + i / 256);
  ram_write(ram, 4090, in, sizeof in);  // crosses three frame borders
  ram_read(ram, 4090, out, sizeof out);
  assert_memory_equal(in, out, sizeof in);
  assert_int_equal(ram_frames_used(ram), 4);
  ram_write_word(ram, 8188, 8, 0x1122334455667788);
  assert_int_equal(ram_read_word(ram, 8188, 4), 0x55667788);
  assert_int_equal(ram_read_word(ram, 8192, 4), 0x11223344);
  assert_int_equal(ram_read_word(ram, 8191, 3), 0x334455);
  ram_zero(ram, 8190, 4);
  assert_true(ram_read_word(ram, 8188, 8) == 0x1122000000007788);
  ram_destroy(ram);
}

static void reading_allocates_nothing(void** state) {
  (void)state;
  struct ram* ram = ram_create(HUGE_BYTES);
  uint64_t value = 1;
  struct memory_bus bus = ram_bus(ram);
  assert_int_equal(ram_read_word(ram, HUGE_BYTES - 8, 8), 0);
  assert_true(bus.read(bus.ctx, 0x123456789000, 8, &value));
  assert_int_equal(value, 0);
  ram_zero(ram, 0, 1 << 20);
  bool swapped = true;
  assert_true(bus.cas(bus.ctx, 0x1000, 4, 5, 6, &swapped));
  assert_false(swapped);
  assert_int_equal(ram_frames_used(ram), 0);
  ram_write_word(ram, HUGE_BYTES - 1, 1, 9);
  assert_int_equal(ram_frames_used(ram), 1);
  assert_int_equal(ram_read_word(ram, HUGE_BYTES - 1, 1), 9);
  ram_destroy(ram);
}

// Frame numbers that agree in their low bits, that lie close, and that lie far apart; far more than the first table.
static uint64_t scattered(uint64_t i) {
  return (i % 3 == 0   ? i << 12
          : i % 3 == 1 ? i << 30
                       : (i * 0x9e3779b97f4a7c15u) >> 12 & ~(uint64_t)0xfff) %
         HUGE_BYTES;
}

static void many_scattered_frames_keep_their_content(void** state) {
  (void)state;
  enum { FRAMES = 20000 };
  struct ram* ram = ram_create(HUGE_BYTES);
  for (uint64_t i = 0; i < FRAMES; i++) ram_write_word(ram, scattered(i) + 8, 8, i + 1);
  assert_int_equal(ram_frames_used(ram), FRAMES);
  for (uint64_t i = 0; i < FRAMES; i++) assert_int_equal(ram_read_word(ram, scattered(i) + 8, 8), i + 1);
  ram_destroy(ram);
}

static void bus_reads_and_swaps_aligned_words(void** state) {
  (void)state;
  struct ram* ram = ram_create(0x3000);
  struct memory_bus bus = ram_bus(ram);
  uint64_t value;
  bool swapped;
  ram_write_word(ram, 0x2ff8, 8, 0xaabbccdd11223344);
  assert_true(bus.read(bus.ctx, 0x2ff8, 4, &value));
  assert_int_equal(value, 0x11223344);
  assert_true(bus.read(bus.ctx, 0x2ff8, 8, &value));
  assert_true(value == 0xaabbccdd11223344);
  assert_true(bus.cas(bus.ctx, 0x2ffc, 4, 0xaabbccdd, 1, &swapped));
  assert_true(swapped);
  assert_true(bus.cas(bus.ctx, 0x2ff8, 8, 0xaabbccdd11223344, 2, &swapped));
  assert_false(swapped);
  assert_int_equal(ram_read_word(ram, 0x2ff8, 8), 0x111223344);
  assert_false(bus.read(bus.ctx, 0x3000, 4, &value));
  assert_false(bus.read(bus.ctx, UINT64_MAX - 7, 8, &value));
  assert_false(bus.cas(bus.ctx, 0x3000, 8, 0, 1, &swapped));
  ram_destroy(ram);
}

static void mirror_gets_writes_but_not_swaps(void** state) {
  (void)state;
  struct ram* ram = ram_create(1 << 20);
  struct ram* mirror = ram_create(1 << 20);
  uint64_t pa = 0;
  ram_mirror(ram, mirror);
  ram_write_word(ram, 0x5004, 4, 7);
  ram_write(ram, 0x9ffe, "abcd", 4);
  assert_true(ram_equal(ram, mirror, &pa));
  ram_zero(ram, 0x9fff, 1);
  assert_int_equal(ram_read_word(mirror, 0x9ffe, 4), ram_read_word(ram, 0x9ffe, 4));
  bool swapped;
  struct memory_bus bus = ram_bus(ram), other = ram_bus(mirror);
  assert_true(bus.cas(bus.ctx, 0x5004, 4, 7, 0x27, &swapped) && swapped);
  assert_false(ram_equal(ram, mirror, &pa));
  assert_int_equal(pa, 0x5004);
  assert_false(ram_equal(mirror, ram, &pa));
  assert_true(other.cas(other.ctx, 0x5004, 4, 7, 0x27, &swapped) && swapped);
  assert_true(ram_equal(ram, mirror, &pa));
  ram_destroy(ram);
  ram_destroy(mirror);
}

static void equal_knows_frames_of_zeros_and_finds_the_lowest_difference(void** state) {
  (void)state;
  struct ram* a = ram_create(1 << 20);
  struct ram* b = ram_create(1 << 20);
  uint64_t pa = 0;
  ram_write_word(a, 0x7000, 8, 0);  // exists in a alone, but holds zeros
  assert_true(ram_equal(a, b, &pa));
  ram_write_word(b, 0x7fff, 1, 3);
  ram_write_word(b, 0x3123, 1, 3);
  ram_write_word(a, 0x7ffe, 1, 3);
  assert_false(ram_equal(a, b, &pa));
  assert_int_equal(pa, 0x3123);
  ram_write_word(a, 0x3123, 1, 3);
  assert_false(ram_equal(a, b, &pa));
  assert_int_equal(pa, 0x7ffe);
  ram_destroy(a);
  ram_destroy(b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_written_is_read_back),
    cmocka_unit_test(reading_allocates_nothing),
    cmocka_unit_test(many_scattered_frames_keep_their_content),
    cmocka_unit_test(bus_reads_and_swaps_aligned_words),
    cmocka_unit_test(mirror_gets_writes_but_not_swaps),
    cmocka_unit_test(equal_knows_frames_of_zeros_and_finds_the_lowest_difference),
};

TEST_MAIN(tests)
