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

static const enum kernel_paging long_modes[] = {KERNEL_PAGING_4LEVEL, KERNEL_PAGING_5LEVEL};

static uint64_t user_end(enum kernel_paging paging) {
  return paging == KERNEL_PAGING_5LEVEL   ? 0x0100000000000000
         : paging == KERNEL_PAGING_4LEVEL ? 0x800000000000
                                          : 0xc0000000;
}

// Code and data far apart, so that each has its own tables; references of both cross into another page; what was stored
// is read back.
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
  assert_true(kernel_user_end(world->kernel) == user_end(paging));
  small_process_runs(world, 0x08048000, user_end(paging) - 0x4000);
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
  smallest_memory(KERNEL_PAGING_4LEVEL);
  smallest_memory(KERNEL_PAGING_5LEVEL);
}

// The kernel's one and a process's root, a table for each of two places, two pages for each: what the lecture notes'
// two-level tables make of it; PAE has a directory of the kernel's more, and one for each place. In the long modes the
// kernel has tables down to the PDPTs, one for every 512 GiB of memory, and each place has its own below the root.
static void the_smallest_memory_is_what_a_small_process_takes(void** state) {
  (void)state;
  assert_int_equal(needed(KERNEL_PAGING_32BIT), 1 + 1 + 2 + 4);
  assert_int_equal(needed(KERNEL_PAGING_PAE), 2 + 1 + 4 + 4);
  assert_int_equal(needed(KERNEL_PAGING_4LEVEL), 2 + 1 + 6 + 4);
  assert_int_equal(needed(KERNEL_PAGING_5LEVEL), 3 + 1 + 8 + 4);
  struct kernel_params terabyte = {.paging = KERNEL_PAGING_4LEVEL, .maxphyaddr = 46, .frames = 1 << 28};
  assert_int_equal(kernel_frames_needed(&terabyte), 3 + 1 + 6 + 4);
  terabyte.frames++;
  assert_int_equal(kernel_frames_needed(&terabyte), 4 + 1 + 6 + 4);
  terabyte.paging = KERNEL_PAGING_5LEVEL;
  assert_int_equal(kernel_frames_needed(&terabyte), 5 + 1 + 8 + 4);
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
  uint64_t pdpte = fake_word(&world->fake, world->kernel->root + 24, 8);
  assert_int_equal(pdpte & 0xfff, PTE_P);
  assert_int_equal(fake_word(&world->fake, one->root + 24, 8), pdpte);
  assert_true(fake_word(&world->fake, PTE_ADDR(pdpte), 8) == (PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS | PTE_G | PTE_NX));
  end(world);
}

// The kernel's half of the root is the same in every process, whatever they and the kernel do; user space can't use it.
static void the_upper_half_is_the_kernels(enum kernel_paging paging) {
  struct world* world = boot(paging, 64);
  struct process* one = process_find(world->kernel, kernel_spawn(world->kernel));
  struct process* two = process_find(world->kernel, kernel_spawn(world->kernel));
  const uint8_t* memory = world->fake.memory;
  uint64_t base = 0 - user_end(paging), pa;
  unsigned error = 0;
  uint64_t entry = fake_word(&world->fake, world->kernel->root + 2048, 8);
  assert_int_equal(entry & 0xfff, PTE_P | PTE_W | PTE_A);
  for (unsigned i = 1; i < 256; i++)
    assert_int_equal(fake_word(&world->fake, world->kernel->root + 2048 + 8 * i, 8), 0);
  for (unsigned i = 0; i < 256; i++) assert_int_equal(fake_word(&world->fake, one->root + 8 * i, 8), 0);
  kernel_switch(world->kernel, one->pid);
  assert_false(fake_access(&world->fake, base + 0x1000, FAKE_READ, true, &pa, &error));
  assert_int_equal(error, FEC_U | FEC_PR);
  assert_false(fake_access(&world->fake, base + 0x1000, FAKE_FETCH, false, &pa, &error));
  assert_int_equal(error, FEC_ID | FEC_PR);
  assert_true(fake_access(&world->fake, base + 0x1234, FAKE_WRITE, false, &pa, &error));
  assert_int_equal(pa, 0x1234);
  assert_int_equal(kernel_map(world->kernel, one->pid, 0x400000, 0x410000, PROT_READ | PROT_WRITE), 0);
  for (unsigned i = 0; i < 16; i++)
    assert_true(fake_touch(&world->fake, world->kernel, 0x400000 + i * PGSIZE, FAKE_WRITE, NULL, NULL));
  assert_memory_equal(memory + one->root + 2048, memory + world->kernel->root + 2048, 2048);
  assert_memory_equal(memory + two->root + 2048, memory + world->kernel->root + 2048, 2048);
  // Global: the mapping outlives a switch, even if memory had lost it.
  fake_poke(&world->fake, two->root + 2048, 8, 0);
  fake_poke(&world->fake, world->kernel->root + 2048, 8, 0);
  world->fake.registers[HAL_CR3] = two->root;
  world->fake.life[0]++;
  world->fake.link_life[0]++;
  assert_true(fake_access(&world->fake, base + 0x1000, FAKE_WRITE, false, &pa, &error));
  assert_int_equal(kernel_map(world->kernel, two->pid, user_end(paging), user_end(paging) + 4096, PROT_READ), -22);
  assert_int_equal(kernel_map(world->kernel, two->pid, base, base + 4096, PROT_READ), -22);
  end(world);
}

static void processes_share_the_upper_half(void** state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) the_upper_half_is_the_kernels(long_modes[i]);
}

// Pages of 1 GiB; the last one reaches beyond the end of memory. User pages come from all of it, without a window.
static void the_direct_map_has_all_memory(void** state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    const uint64_t frames = (5 << 18) + 7, base = 0 - user_end(long_modes[i]);
    struct world* world = boot(long_modes[i], frames);
    assert_non_null(world->kernel);
    uint64_t table = world->kernel->root, pa;
    unsigned error;
    for (unsigned level = long_modes[i] == KERNEL_PAGING_5LEVEL ? 5 : 4; level > 3; level--)
      table = PTE_ADDR(fake_word(&world->fake, table + (table == world->kernel->root ? 2048 : 0), 8));
    for (uint64_t n = 0; n < 6; n++)
      assert_true(fake_word(&world->fake, table + 8 * n, 8) ==
                  (n << 30 | PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS | PTE_G | PTE_NX));
    for (unsigned n = 6; n < 512; n++) assert_int_equal(fake_word(&world->fake, table + 8 * n, 8), 0);
    assert_true(fake_access(&world->fake, base + frames * PGSIZE - 1, FAKE_READ, false, &pa, &error));
    assert_int_equal(pa, frames * PGSIZE - 1);
    world->kernel->frames.zones[ZONE_DIRECT].watermark = frames - 2;  // as if all but the last two were taken
    uint64_t last = frames_take(world->kernel, USE_TABLE);
    window_zero(world->kernel, last, PGSIZE);
    assert_int_equal(last, (frames - 2) * PGSIZE);
    struct kernel_stats stats;
    kernel_stats(world->kernel, &stats);
    assert_int_equal(stats.window_maps, 0);
    assert_int_equal(stats.frames_total, frames);
    end(world);
  }
}

// 512 GiB fill a table of 1 GiB pages; one frame more needs another.
static void the_direct_map_goes_on_in_another_table(void** state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct kernel_params params = {.paging = long_modes[i], .maxphyaddr = 40, .frames = ((uint64_t)1 << 27) + 1};
    const uint64_t last = (uint64_t)1 << 39, base = 0 - user_end(long_modes[i]);
    struct fake_hal fake;
    fake_create(&fake, params.frames, 1, 1);
    size_t bytes = kernel_arena_bytes(&params);
    void* arena = fake_reserve(bytes);
    struct kernel* kernel = kernel_boot(arena, bytes, &fake.hal, &params);
    assert_non_null(kernel);
    struct kernel_stats stats;
    kernel_stats(kernel, &stats);
    assert_int_equal(stats.frames_kernel, i == 0 ? 3 : 4);
    uint64_t pa;
    unsigned error;
    const uint64_t places[] = {0x1238, last - 8, last, last + 4088};
    for (unsigned n = 0; n < 4; n++) {
      assert_true(fake_access(&fake, base + places[n], FAKE_WRITE, false, &pa, &error));
      assert_true(pa == places[n]);
    }
    fake_release(arena, bytes);
    fake_destroy(&fake);
  }
}

// SDM vol. 3A, 9.8.5: PAE (and LA57) and CR3 before LME, and PG last.
static void long_mode_is_entered_in_the_architectures_order(void** state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct world* world = boot(long_modes[i], 64);
    const struct fake_hal* fake = &world->fake;
    const enum hal_register order[] = {HAL_CR4, HAL_CR3, HAL_EFER, HAL_CR0};
    assert_int_equal(fake->load_count, 4);
    for (unsigned n = 0; n < 4; n++) assert_int_equal(fake->loads[n].reg, order[n]);
    assert_int_equal(fake->loads[0].value, 0x20 | 0x80 | (i == 1 ? 0x1000 : 0));  // PAE, PGE, LA57; not PCIDE
    assert_int_equal(fake->loads[1].value, world->kernel->root);
    assert_int_equal(fake->loads[2].value, 0x900);  // LME, NXE
    assert_int_equal(fake->loads[3].value, 0x80010011);
    end(world);
  }
}

static void pge_is_left_alone_where_there_are_no_global_pages(void** state) {
  (void)state;
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    struct kernel_params params = {.paging = paging, .maxphyaddr = 40, .frames = 64, .swap_blocks = 8};
    struct fake_hal fake;
    fake_create(&fake, params.frames, params.swap_blocks, 1000);
    void* arena = calloc(1, kernel_arena_bytes(&params));
    assert_non_null(kernel_boot(arena, kernel_arena_bytes(&params), &fake.hal, &params));
    assert_int_equal(fake.loads[0].reg, HAL_CR4);
    assert_int_equal(fake.loads[0].value & 0x80, 0);
    assert_int_not_equal(fake.loads[0].value, 0);
    free(arena);
    fake_destroy(&fake);
  }
}

// 128 TiB are all that the upper half of 4-level paging can map.
static void four_levels_reach_half_their_address_space(void** state) {
  (void)state;
  struct kernel_params params = {.paging = KERNEL_PAGING_4LEVEL, .maxphyaddr = 52, .frames = (uint64_t)1 << 35};
  size_t bytes = kernel_arena_bytes(&params);
  params.frames++;
  assert_int_equal(kernel_arena_bytes(&params), bytes);
  params.paging = KERNEL_PAGING_5LEVEL;
  assert_true(kernel_arena_bytes(&params) > bytes);
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
  world = boot(KERNEL_PAGING_4LEVEL, (uint64_t)2 << 20);
  assert_non_null(world->kernel);
  assert_true(world->fake.references < 200);
  kernel_stats(world->kernel, &stats);
  assert_int_equal(stats.frames_kernel, 2);
  assert_int_equal(stats.frames_free, stats.frames_total - 2);
  assert_int_equal(frames_take(world->kernel, USE_PAGE), 2 * PGSIZE);  // there is but one zone
  assert_int_equal(frames_take(world->kernel, USE_TABLE), 3 * PGSIZE);
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
    cmocka_unit_test(processes_share_the_upper_half),
    cmocka_unit_test(the_direct_map_has_all_memory),
    cmocka_unit_test(the_direct_map_goes_on_in_another_table),
    cmocka_unit_test(long_mode_is_entered_in_the_architectures_order),
    cmocka_unit_test(pge_is_left_alone_where_there_are_no_global_pages),
    cmocka_unit_test(four_levels_reach_half_their_address_space),
    cmocka_unit_test(booting_with_8_gib_touches_few_frames),
    cmocka_unit_test(frames_beyond_the_mode_are_left_alone),
    cmocka_unit_test(frames_beyond_the_direct_map_are_reached),
};

TEST_MAIN(tests)
