// SPDX-License-Identifier: MIT
// Booting: the smallest memory, the kernel's own mappings, the window beyond the direct map.
#include <string.h>

#include "check.h"
#include "firmware/fake_hal.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

struct world {
  struct fake_hal fake;
  void* arena;
  struct kernel* kernel;
};

static struct world* boot(enum kernel_paging paging, uint64_t frames) {
  struct world* world = calloc(1, sizeof *world);
  world->kernel = fake_boot(&world->fake, &world->arena, paging, frames, 64);
  return world;
}

static void end(struct world* world) {
  fake_destroy(&world->fake);
  free(world->arena);
  free(world);
}

static uint64_t needed(enum kernel_paging paging) {
  struct kernel_params params = {.paging = paging, .maxphyaddr = 40, .frames = 8};
  return kernel_frames_needed(&params);
}

// Code and data a gigabyte apart; references of both cross into another page; what was stored is read back.
static void small_process_runs(struct world* world, uint64_t code, uint64_t data) {
  struct kernel_kill kill;
  int pid = kernel_spawn(world->kernel);
  assert_true(pid > 0);
  assert_int_equal(kernel_map(world->kernel, pid, code, code + 0x4000, PROT_READ | PROT_EXEC), 0);
  assert_int_equal(kernel_map(world->kernel, pid, data, data + 0x4000, PROT_READ | PROT_WRITE), 0);
  assert_int_equal(kernel_switch(world->kernel, pid), 0);
  for (unsigned round = 0; round < 20; round++) {
    uint64_t page = 0x1000 * (round % 3), pa;
    for (unsigned crossing = 0; crossing < 2; crossing++) {
      if (!fake_touch(&world->fake, world->kernel, code + page + 0x1000 * crossing, FAKE_FETCH, NULL, &kill))
        fail_msg("%s", kill.reason);
      if (!fake_touch(&world->fake, world->kernel, data + page + 0x1000 * crossing, FAKE_WRITE, &pa, &kill))
        fail_msg("%s", kill.reason);
      if (round >= 3 && crossing == 0) assert_int_equal(fake_word(&world->fake, pa, 4), page + 1);
      fake_poke(&world->fake, pa, 4, page + 0x1000 * crossing + 1);
    }
  }
  assert_string_equal(world->fake.panic, "");
  kernel_exit(world->kernel, pid);
}

static void smallest_memory(enum kernel_paging paging) {
  struct world* world = boot(paging, needed(paging));
  assert_non_null(world->kernel);
  small_process_runs(world, 0x08048000, 0xbfff0000);
  struct kernel_stats stats;
  kernel_stats(world->kernel, &stats);
  assert_int_equal(stats.frames_total, needed(paging));
  assert_int_equal(stats.frames_free + stats.frames_kernel, stats.frames_total);
  end(world);

  world = boot(paging, needed(paging) - 1);
  assert_null(world->kernel);
  assert_non_null(strstr(world->fake.panic, "frames are too few"));
  end(world);
}

static void the_smallest_memory_is_enough_and_one_frame_less_is_refused(void** state) {
  (void)state;
  smallest_memory(KERNEL_PAGING_32BIT);
  smallest_memory(KERNEL_PAGING_PAE);
}

// The kernel's one and a process's root, a table for each of two places, two pages for each: what the lecture notes'
// two-level tables make of it; PAE has a directory of the kernel's more, and one for each place.
static void the_smallest_memory_is_what_a_small_process_takes(void** state) {
  (void)state;
  assert_int_equal(needed(KERNEL_PAGING_32BIT), 1 + 1 + 2 + 4);
  assert_int_equal(needed(KERNEL_PAGING_PAE), 2 + 1 + 4 + 4);
}

static void zero_frames_are_refused(void** state) {
  (void)state;
  struct world* world = boot(KERNEL_PAGING_PAE, 0);
  assert_null(world->kernel);
  assert_non_null(strstr(world->fake.panic, "0 frames"));
  end(world);
}

static void processes_share_the_upper_gigabyte(void** state) {
  (void)state;
  struct world* world = boot(KERNEL_PAGING_32BIT, 64);
  struct process* one = process_find(world->kernel, kernel_spawn(world->kernel));
  struct process* two = process_find(world->kernel, kernel_spawn(world->kernel));
  const uint8_t* memory = world->fake.memory;
  assert_memory_equal(memory + one->root + 3072, memory + world->kernel->root + 3072, 1024);
  assert_memory_equal(memory + two->root + 3072, memory + world->kernel->root + 3072, 1024);
  uint64_t entry = fake_word(&world->fake, one->root + 4 * PDX(KERNBASE), 4);
  assert_int_equal(entry, PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS | PTE_G);  // supervisor, global, large, frame 0
  assert_int_equal(fake_word(&world->fake, one->root, 4), 0);
  kernel_switch(world->kernel, one->pid);
  uint64_t pa;
  unsigned error = 0;
  assert_false(fake_access(&world->fake, KERNBASE + 0x1000, FAKE_READ, true, &pa, &error));
  assert_int_equal(error, FEC_U | FEC_PR);
  end(world);

  world = boot(KERNEL_PAGING_PAE, 64);
  one = process_find(world->kernel, kernel_spawn(world->kernel));
  assert_int_equal(fake_word(&world->fake, one->root + 24, 8), world->kernel->directory | PTE_P);
  assert_true(fake_word(&world->fake, world->kernel->directory, 8) ==
              (PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS | PTE_G | PTE_NX));
  end(world);
}

static void booting_with_8_gib_touches_few_frames(void** state) {
  (void)state;
  struct world* world = boot(KERNEL_PAGING_PAE, (uint64_t)2 << 20);
  assert_non_null(world->kernel);
  assert_true(world->fake.references < 2000);
  struct kernel_stats stats;
  kernel_stats(world->kernel, &stats);
  assert_int_equal(stats.frames_kernel, 3);
  assert_int_equal(stats.frames_free, stats.frames_total - 3);
  end(world);
}

static void frames_beyond_the_mode_are_left_alone(void** state) {
  (void)state;
  struct kernel_params params = {
      .paging = KERNEL_PAGING_32BIT, .maxphyaddr = 40, .frames = (uint64_t)3 << 20, .swap_blocks = 1};
  struct fake_hal fake;
  fake_create(&fake, params.frames, 1, 1);
  void* arena = calloc(1, kernel_arena_bytes(&params));
  struct kernel* kernel = kernel_boot(arena, kernel_arena_bytes(&params), &fake.hal, &params);
  struct kernel_stats stats;
  kernel_stats(kernel, &stats);
  assert_int_equal(stats.frames_total, 1 << 20);
  free(arena);
  fake_destroy(&fake);
}

// User pages lie beyond the direct map while they can: they are zeroed through the window. More of them than it has
// slots, so that slots are reused, with INVLPG: the fake's TLB would betray a stale one.
static void user_pages_come_through_the_window(enum kernel_paging paging) {
  enum { HIGH = 40, MAPPED = 30 };
  uint64_t direct = (896 << 20) / 4096, pa;
  struct world* world = boot(paging, direct + HIGH);
  struct kernel_stats stats;
  int pid = kernel_spawn(world->kernel);
  assert_int_equal(kernel_map(world->kernel, pid, 0x400000, 0x400000 + 2 * MAPPED * 4096, PROT_READ | PROT_WRITE), 0);
  kernel_switch(world->kernel, pid);
  for (unsigned i = 0; i < HIGH; i++) memset(world->fake.memory + (direct + i) * 4096, 0x5a, 4096);
  for (unsigned i = 0; i < 2 * MAPPED; i++) {
    assert_true(fake_touch(&world->fake, world->kernel, 0x400000 + i * 4096, FAKE_READ, &pa, NULL));
    if (i < HIGH)
      assert_true(pa >= direct * 4096);
    else
      assert_true(pa < direct * 4096);
    for (unsigned at = 0; at < 4096; at += 8) assert_int_equal(fake_word(&world->fake, pa + at, 8), 0);
  }
  kernel_stats(world->kernel, &stats);
  assert_int_equal(stats.window_maps, HIGH);
  assert_int_equal(stats.invlpgs, HIGH - WINDOW_SLOTS);
  kernel_exit(world->kernel, pid);
  kernel_stats(world->kernel, &stats);
  assert_int_equal(stats.frames_free, stats.frames_total - stats.frames_kernel);
  pid = kernel_spawn(world->kernel);  // and again, from the list whose pointers lie beyond the direct map
  kernel_map(world->kernel, pid, 0x400000, 0x400000 + HIGH * 4096, PROT_READ);
  assert_int_equal(kernel_populate(world->kernel, pid), 0);
  for (unsigned i = 0; i < HIGH; i++) {
    assert_true(kernel_translate(world->kernel, pid, 0x400000 + i * 4096, &pa));
    assert_true(pa >= direct * 4096);
  }
  assert_string_equal(world->fake.panic, "");
  end(world);
}

static void frames_beyond_the_direct_map_are_reached(void** state) {
  (void)state;
  user_pages_come_through_the_window(KERNEL_PAGING_32BIT);
  user_pages_come_through_the_window(KERNEL_PAGING_PAE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_smallest_memory_is_enough_and_one_frame_less_is_refused),
    cmocka_unit_test(the_smallest_memory_is_what_a_small_process_takes),
    cmocka_unit_test(zero_frames_are_refused),
    cmocka_unit_test(processes_share_the_upper_gigabyte),
    cmocka_unit_test(booting_with_8_gib_touches_few_frames),
    cmocka_unit_test(frames_beyond_the_mode_are_left_alone),
    cmocka_unit_test(frames_beyond_the_direct_map_are_reached),
};

TEST_MAIN(tests)
