// SPDX-License-Identifier: MIT
// The frame allocator: a list through the free frames themselves, a watermark, and what it refuses.
#include <string.h>

#include "check.h"
#include "firmware/fake_hal.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct fake_hal fake;
static struct kernel* kernel;
static void* arena;

static int set_up(void** state) {
  (void)state;
  kernel = fake_boot(&fake, &arena, KERNEL_PAGING_32BIT, 32, 16);
  return kernel == NULL;
}

static int tear_down(void** state) {
  (void)state;
  fake_destroy(&fake);
  free(arena);
  return 0;
}

static void frames_are_taken_in_order_and_come_back_last_first(void** state) {
  (void)state;
  uint64_t first = frames_take(kernel, USE_PAGE);
  uint64_t second = frames_take(kernel, USE_TABLE);
  uint64_t third = frames_take(kernel, USE_PAGE);
  assert_int_equal(first, 0x1000);  // frame 0 is the kernel's page directory
  assert_int_equal(second, 0x2000);
  assert_int_equal(third, 0x3000);
  frames_free(kernel, first);
  frames_free(kernel, third);
  assert_int_equal(frames_take(kernel, USE_PAGE), third);
  assert_int_equal(frames_take(kernel, USE_PAGE), first);
  assert_int_equal(frames_take(kernel, USE_PAGE), 0x4000);
}

static void the_next_pointer_lies_in_the_free_frame(void** state) {
  (void)state;
  uint64_t one = frames_take(kernel, USE_PAGE), two = frames_take(kernel, USE_PAGE);
  frames_free(kernel, one);
  frames_free(kernel, two);
  assert_int_equal(fake_word(&fake, two, 8), one);
  assert_int_equal(fake_word(&fake, one, 8), 0);
}

static void memory_runs_out_and_all_comes_back(void** state) {
  (void)state;
  uint64_t frames[32];
  unsigned n = 0;
  while ((frames[n] = frames_take(kernel, n % 2 ? USE_PAGE : USE_TABLE)) != NO_FRAME) n++;
  assert_int_equal(n, 31);
  assert_int_equal(frames_free_count(kernel), 0);
  assert_int_equal(kernel->frames.tables, 16);
  assert_int_equal(kernel->frames.process, 15);
  for (unsigned i = 0; i < n; i++) frames_free(kernel, frames[i]);
  assert_int_equal(frames_free_count(kernel), 31);
  assert_int_equal(kernel->frames.tables + kernel->frames.process, 0);
  assert_int_equal(kernel->stats.frames_process_peak, 15);
  for (unsigned i = 0; i < n; i++) assert_true(frames_take(kernel, USE_PAGE) != NO_FRAME);
  assert_string_equal(fake.panic, "");
}

static void panics(const char* words) {
  assert_non_null(strstr(fake.panic, words));
  assert_int_equal(fake_noted(&fake, HAL_NOTE_PANIC), 1);
  assert_true(frames_take(kernel, USE_PAGE) == NO_FRAME);  // nothing more is done
}

static void a_double_free_is_detected(void** state) {
  (void)state;
  uint64_t one = frames_take(kernel, USE_PAGE);
  frames_take(kernel, USE_PAGE);
  frames_free(kernel, one);
  frames_free(kernel, one);
  panics("freed twice: 0x00001000");
}

static void a_frame_that_was_never_taken_cannot_be_freed(void** state) {
  (void)state;
  frames_free(kernel, 0x9000);
  panics("freed twice: 0x00009000");
}

static void a_foreign_frame_is_detected(void** state) {
  (void)state;
  frames_free(kernel, 32 * 4096);
  panics("does not exist was freed: 0x00020000");
}

static void an_address_within_a_frame_is_detected(void** state) {
  (void)state;
  frames_free(kernel, frames_take(kernel, USE_PAGE) + 8);
  panics("does not exist was freed: 0x00001008");
}

static void the_kernels_own_frame_is_kept(void** state) {
  (void)state;
  frames_free(kernel, kernel->root);
  panics("the kernel's own tables was freed");
}

static void a_write_into_a_free_frame_is_detected(void** state) {
  (void)state;
  uint64_t one = frames_take(kernel, USE_PAGE), two = frames_take(kernel, USE_PAGE);
  frames_free(kernel, one);
  frames_free(kernel, two);
  fake_poke(&fake, two, 4, 0x12345);
  assert_true(frames_take(kernel, USE_PAGE) == NO_FRAME);
  panics("somebody wrote into the free frame at 0x00002000");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
static const struct CMUnitTest tests[] = {
    CASE(frames_are_taken_in_order_and_come_back_last_first),
    CASE(the_next_pointer_lies_in_the_free_frame),
    CASE(memory_runs_out_and_all_comes_back),
    CASE(a_double_free_is_detected),
    CASE(a_frame_that_was_never_taken_cannot_be_freed),
    CASE(a_foreign_frame_is_detected),
    CASE(an_address_within_a_frame_is_detected),
    CASE(the_kernels_own_frame_is_kept),
    CASE(a_write_into_a_free_frame_is_detected),
};

TEST_MAIN(tests)
