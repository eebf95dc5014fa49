// SPDX-License-Identifier: MIT
// VMAs: bad ranges, overlap, merging, order; and a random run against a plain array of pages.
#include <string.h>

#include "check.h"
#include "firmware/fake_hal.h"
#include "kernel/errno.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct fake_hal fake;
static struct kernel* kernel;
static void* arena;
static int pid;

static int set_up(void** state) {
  (void)state;
  kernel = fake_boot(&fake, &arena, KERNEL_PAGING_32BIT, 32, 16);
  pid = kernel_spawn(kernel);
  return pid <= 0;
}

static int tear_down(void** state) {
  (void)state;
  fake_destroy(&fake);
  free(arena);
  return 0;
}

struct list {
  struct kernel_vma vmas[4096];
  unsigned count;
};

static void add_to_list(void* ctx, const struct kernel_vma* vma) {
  struct list* list = ctx;
  list->vmas[list->count++] = *vma;
}

static void the_list_is(unsigned count, const uint64_t (*expected)[3]) {
  struct list list = {.count = 0};
  kernel_vmas(kernel, pid, add_to_list, &list);
  assert_int_equal(list.count, count);
  for (unsigned i = 0; i < count; i++) {
    assert_int_equal(list.vmas[i].start, expected[i][0]);
    assert_int_equal(list.vmas[i].end, expected[i][1]);
    assert_int_equal(list.vmas[i].prot, expected[i][2]);
  }
}

static void bad_ranges_are_refused(void** state) {
  (void)state;
  assert_int_equal(kernel_map(kernel, pid, 0x1001, 0x2000, PROT_READ), -KERNEL_EINVAL);
  assert_int_equal(kernel_map(kernel, pid, 0x1000, 0x2001, PROT_READ), -KERNEL_EINVAL);
  assert_int_equal(kernel_map(kernel, pid, 0x2000, 0x2000, PROT_READ), -KERNEL_EINVAL);
  assert_int_equal(kernel_map(kernel, pid, 0x3000, 0x2000, PROT_READ), -KERNEL_EINVAL);
  assert_int_equal(kernel_map(kernel, pid, 0xbffff000, 0xc0001000, PROT_READ), -KERNEL_EINVAL);
  assert_int_equal(kernel_map(kernel, pid, 0x1000, 0x2000, 8), -KERNEL_EINVAL);
  assert_int_equal(kernel_map(kernel, pid + 1, 0x1000, 0x2000, PROT_READ), -KERNEL_ESRCH);
  assert_int_equal(kernel_map(kernel, 0, 0x1000, 0x2000, PROT_READ), -KERNEL_ESRCH);
  assert_int_equal(kernel_user_end(kernel), 0xc0000000);
  assert_int_equal(kernel_map(kernel, pid, 0xbffff000, 0xc0000000, PROT_READ), 0);
  the_list_is(1, (const uint64_t[][3]){{0xbffff000, 0xc0000000, PROT_READ}});
}

static void overlap_is_refused(void** state) {
  (void)state;
  assert_int_equal(kernel_map(kernel, pid, 0x5000, 0x8000, PROT_READ), 0);
  const uint64_t overlapping[][2] = {
      {0x5000, 0x8000}, {0x4000, 0x6000}, {0x7000, 0x9000}, {0x6000, 0x7000}, {0x1000, 0xa000}};
  for (unsigned i = 0; i < 5; i++)
    assert_int_equal(kernel_map(kernel, pid, overlapping[i][0], overlapping[i][1], PROT_READ), -KERNEL_EEXIST);
  the_list_is(1, (const uint64_t[][3]){{0x5000, 0x8000, PROT_READ}});
}

static void neighbours_of_equal_protection_merge(void** state) {
  (void)state;
  kernel_map(kernel, pid, 0x5000, 0x6000, PROT_READ);
  kernel_map(kernel, pid, 0x7000, 0x8000, PROT_READ);
  kernel_map(kernel, pid, 0x8000, 0x9000, PROT_READ | PROT_WRITE);
  the_list_is(3, (const uint64_t[][3]){{0x5000, 0x6000, 1}, {0x7000, 0x8000, 1}, {0x8000, 0x9000, 3}});
  kernel_map(kernel, pid, 0x6000, 0x7000, PROT_READ);  // closes the gap
  the_list_is(2, (const uint64_t[][3]){{0x5000, 0x8000, 1}, {0x8000, 0x9000, 3}});
  kernel_map(kernel, pid, 0x4000, 0x5000, PROT_READ);
  kernel_map(kernel, pid, 0x9000, 0xa000, PROT_READ | PROT_WRITE);
  the_list_is(2, (const uint64_t[][3]){{0x4000, 0x8000, 1}, {0x8000, 0xa000, 3}});
}

static void mapping_touches_nothing(void** state) {
  (void)state;
  uint64_t references = fake.references, free_frames = frames_free_count(kernel);
  assert_int_equal(kernel_map(kernel, pid, 0, 0xc0000000, PROT_READ | PROT_WRITE), 0);
  assert_int_equal(fake.references, references);
  assert_int_equal(frames_free_count(kernel), free_frames);
}

static uint32_t next_random(uint32_t* seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  return *seed ^= *seed << 5;
}

// What is mapped where, page by page; the VMAs must be exactly its runs.
static void random_maps_agree_with_an_array(void** state) {
  (void)state;
  enum { PAGES = 3000 };
  static uint8_t shadow[PAGES + 1];
  uint32_t seed = 12345;
  memset(shadow, 0, sizeof shadow);
  for (unsigned n = 0; n < 4000; n++) {
    uint64_t start = next_random(&seed) % PAGES, end = start + 1 + next_random(&seed) % 4;
    unsigned prot = 1 + next_random(&seed) % 3;
    if (end > PAGES) continue;
    bool is_free = true;
    for (uint64_t i = start; i < end; i++) is_free = is_free && !shadow[i];
    assert_int_equal(kernel_map(kernel, pid, start << 12, end << 12, prot), is_free ? 0 : -KERNEL_EEXIST);
    if (is_free) memset(shadow + start, (int)prot, end - start);
  }
  static struct list list;
  list.count = 0;
  kernel_vmas(kernel, pid, add_to_list, &list);
  unsigned runs = 0;
  for (unsigned i = 0; i < PAGES; i++) {
    if (!shadow[i] || (i > 0 && shadow[i - 1] == shadow[i])) continue;
    assert_true(runs < list.count);
    assert_int_equal(list.vmas[runs].start, i << 12);
    assert_int_equal(list.vmas[runs].prot, shadow[i]);
    unsigned j = i;
    while (shadow[j] == shadow[i]) j++;
    assert_int_equal(list.vmas[runs++].end, j << 12);
  }
  assert_int_equal(runs, list.count);
  const struct process* process = process_find(kernel, pid);
  for (unsigned i = 0; i < PAGES; i++) assert_int_equal(vma_find(process, (i << 12) + 7) != NULL, shadow[i] != 0);
}

static unsigned depth(const struct vma* vma) {
  if (!vma) return 0;
  unsigned left = depth(vma->left), right = depth(vma->right);
  return 1 + (left > right ? left : right);
}

// Ascending starts make a plain search tree a list.
static void the_tree_stays_shallow_and_the_pool_is_returned(void** state) {
  (void)state;
  for (unsigned round = 0; round < 2; round++) {
    for (uint64_t i = 0; i < VMA_MAX; i++)
      assert_int_equal(kernel_map(kernel, pid, (2 * i + 1) << 12, (2 * i + 2) << 12, PROT_READ), 0);
    assert_int_equal(kernel_map(kernel, pid, 0xb0000000, 0xb0001000, PROT_READ), -KERNEL_ENOMEM);
    assert_true(depth(process_find(kernel, pid)->vmas) < 4 * 16);
    kernel_exit(kernel, pid);
    pid = kernel_spawn(kernel);
  }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    CASE(bad_ranges_are_refused),
    CASE(overlap_is_refused),
    CASE(neighbours_of_equal_protection_merge),
    CASE(mapping_touches_nothing),
    CASE(random_maps_agree_with_an_array),
    CASE(the_tree_stays_shallow_and_the_pool_is_returned),
};

TEST_MAIN(tests)
