// SPDX-License-Identifier: MIT
// The disk: order, times, data, checksums, impossible requests.
#include <string.h>

#include "check.h"
#include "machine/disk.h"

enum { CYCLES = 1000 };

static struct ram* ram;
static struct disk* disk;

static int set_up(void** state) {
  (void)state;
  ram = ram_create(16 * 4096);
  disk = disk_create(ram, 100, CYCLES);
  return !ram || !disk;
}

static int tear_down(void** state) {
  (void)state;
  disk_destroy(disk);
  ram_destroy(ram);
  return 0;
}

static uint64_t checksum_of_page(uint64_t pa) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned i = 0; i < 4096; i++) hash = (hash ^ ram_read_word(ram, pa + i, 1)) * 0x100000001b3u;
  return hash;
}

static void a_page_goes_out_and_comes_back(void** state) {
  (void)state;
  uint64_t out = 0, in = 1;
  for (unsigned i = 0; i < 4096; i++) ram_write_word(ram, 0x3000 + i, 1, i * 7);
  uint64_t ticket = disk_start(disk, HAL_DISK_WRITE, 7, 0x3000, 50);
  assert_true(ticket > 0);
  disk_advance(disk, 50 + CYCLES - 1);
  assert_int_equal(disk_poll(disk, ticket, &out), DISK_BUSY);
  assert_int_equal(disk_next(disk), 50 + CYCLES);
  disk_advance(disk, 50 + CYCLES);
  assert_int_equal(disk_poll(disk, ticket, &out), DISK_DONE);
  assert_true(out == checksum_of_page(0x3000));
  assert_int_equal(disk_poll(disk, ticket, &out), DISK_UNKNOWN);
  ticket = disk_start(disk, HAL_DISK_READ, 7, 0x5000, 5000);
  disk_advance(disk, 5000 + CYCLES);
  assert_int_equal(disk_poll(disk, ticket, &in), DISK_DONE);
  assert_true(in == out);
  uint8_t one[4096], two[4096];
  ram_read(ram, 0x3000, one, 4096);
  ram_read(ram, 0x5000, two, 4096);
  assert_memory_equal(one, two, 4096);
}

static void transfers_queue(void** state) {
  (void)state;
  uint64_t checksum;
  ram_write_word(ram, 0x1000, 8, 11);
  uint64_t first = disk_start(disk, HAL_DISK_WRITE, 1, 0x1000, 10);
  uint64_t second = disk_start(disk, HAL_DISK_READ, 1, 0x2000, 20);  // reads what the first writes
  uint64_t third = disk_start(disk, HAL_DISK_WRITE, 2, 0x2000, 30);
  assert_true(first < second && second < third);
  assert_int_equal(disk_next(disk), 10 + CYCLES);
  disk_advance(disk, 10 + 2 * CYCLES);
  assert_int_equal(disk_poll(disk, second, &checksum), DISK_DONE);  // in any order
  assert_int_equal(disk_poll(disk, first, &checksum), DISK_DONE);
  assert_int_equal(disk_poll(disk, third, &checksum), DISK_BUSY);
  assert_int_equal(ram_read_word(ram, 0x2000, 8), 11);
  assert_int_equal(disk_next(disk), 10 + 3 * CYCLES);
  disk_advance(disk, 100000);
  assert_int_equal(disk_next(disk), UINT64_MAX);
  assert_int_equal(disk_poll(disk, third, &checksum), DISK_DONE);
  assert_int_equal(ram_read_word(disk_medium(disk), 2 * DISK_BLOCK_BYTES, 8), 11);
  disk_start(disk, HAL_DISK_READ, 3, 0x4000, 200000);  // an idle disk begins at once
  assert_int_equal(disk_next(disk), 200000 + CYCLES);
}

static void data_move_at_the_end(void** state) {
  (void)state;
  ram_write_word(ram, 0x1000, 8, 11);
  disk_start(disk, HAL_DISK_READ, 1, 0x1000, 0);
  disk_advance(disk, CYCLES - 1);
  assert_int_equal(ram_read_word(ram, 0x1000, 8), 11);
  disk_advance(disk, CYCLES);
  assert_int_equal(ram_read_word(ram, 0x1000, 8), 0);
}

static void dma_reaches_the_mirror(void** state) {
  (void)state;
  uint64_t pa;
  struct ram* mirror = ram_create(16 * 4096);
  ram_mirror(ram, mirror);
  ram_write_word(disk_medium(disk), 5 * DISK_BLOCK_BYTES + 8, 8, 99);
  disk_start(disk, HAL_DISK_READ, 5, 0x1000, 0);
  disk_advance(disk, CYCLES);
  assert_int_equal(ram_read_word(mirror, 0x1008, 8), 99);
  assert_true(ram_equal(ram, mirror, &pa));
  ram_mirror(ram, NULL);
  ram_destroy(mirror);
}

static void impossible_transfers_are_refused(void** state) {
  (void)state;
  assert_int_equal(disk_start(disk, HAL_DISK_READ, 100, 0x1000, 0), 0);
  assert_int_equal(disk_start(disk, HAL_DISK_READ, 1, 0x1008, 0), 0);
  assert_int_equal(disk_start(disk, HAL_DISK_READ, 1, 16 * 4096, 0), 0);
  assert_int_equal(disk_next(disk), UINT64_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    CASE(a_page_goes_out_and_comes_back),
    CASE(transfers_queue),
    CASE(data_move_at_the_end),
    CASE(dma_reaches_the_mirror),
    CASE(impossible_transfers_are_refused),
};

TEST_MAIN(tests)
