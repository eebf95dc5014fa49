// SPDX-License-Identifier: MIT
// The older ways to share a memory, one rule after the other: where things are, who waits for whom, what is checked and
// what is not, what grows, what moves.
#include <string.h>

#include "check.h"
#include "firmware/play.h"
#include "kernel/errno.h"
#include "kernel/share/place.h"
#include "kernel/state.h"

enum { KIB = 1024, PROCESS = 64 * KIB };

static struct play play;

static int close_play(void** state) {
  (void)state;
  play_close(&play);
  return 0;
}

static uint64_t place_of(int pid, uint32_t va) {
  uint64_t pa = ~0ull;
  assert_true(kernel_translate(play.kernel, pid, va, &pa));
  return pa;
}

static unsigned images_noted(enum hal_image what) {
  unsigned n = 0;
  const struct hal_note* note;
  for (unsigned i = 0; (note = fake_note(&play.fake, HAL_NOTE_IMAGE, i)); i++) n += note->c == what;
  return n;
}

static void begin_segments(uint64_t frames) {
  play_open(&play, KERNEL_SHARE_SEGMENTS, frames, 0, 0);
  play_start(&play, 0);
  play_run(&play);
}

// ---------------------------------------------------------------------------------------------------------------------
// Alone

static void alone_addresses_are_physical(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_ALONE, 64, PROCESS, 0);
  assert_int_equal(play_start(&play, 0), 1);
  assert_true(play_run(&play));
  assert_int_equal(play.context.eip, PLAY_TEXT);
  play_check_program(&play, PLAY_TEXT);
  assert_int_equal(place_of(1, PLAY_DATA), PLAY_DATA);
  assert_true(play_store(&play, 0x3abc, 42));
  assert_int_equal(fake_word(&play.fake, 0x3abc, 4), 42);
  assert_true(play_store(&play, PROCESS + 4, 43));  // not its memory, but nothing hinders it
  assert_int_equal(fake_word(&play.fake, PROCESS + 4, 4), 43);
}

static void alone_the_second_waits_until_the_first_has_ended(void** state) {
  (void)state;
  struct kernel_process second;
  play_open(&play, KERNEL_SHARE_ALONE, 64, PROCESS, 0);
  assert_int_equal(play_start(&play, 0), 1);
  assert_int_equal(play_start(&play, 1), 2);
  assert_true(play_run(&play));
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(play_call(&play, PLAY_YIELD, 0), 0);
    assert_int_equal(play.pid, 1);
  }
  assert_true(play_process(&play, 2, &second));
  assert_int_equal(second.state, KERNEL_BLOCKED);
  assert_int_equal(second.bytes, 0);
  assert_int_equal(fake_note(&play.fake, HAL_NOTE_BLOCK, 0)->b, HAL_BLOCKED_MEMORY);
  assert_true(play_store(&play, PLAY_DATA + 0x404, 0));  // the first leaves its traces
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 2);
  play_check_program(&play, PLAY_TEXT);
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 0);
  assert_int_equal(play_stats(&play)->external_bytes, 64 * 4096);
}

static void alone_there_is_no_room_for_a_copy(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_ALONE, 64, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_int_equal(play_call(&play, PLAY_FORK, 0), -KERNEL_ENOMEM);
  assert_int_equal(play.pid, 1);
}

static void nothing_of_the_one_before_can_be_read(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_ALONE, 64, PROCESS, 0);
  play_start(&play, 0);
  play_start(&play, 0);
  play_run(&play);
  for (uint32_t va = 0x5000; va < PROCESS - 0x1000; va += 4) play_store(&play, va, 0x5ec4e7);
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 2);
  for (uint32_t va = 0x5000; va < PROCESS - 0x1000; va += 4) assert_int_equal(play_word(&play, va), 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// What can't be had

static void what_never_fits_is_refused(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, 32 * KIB, 0);
  assert_int_equal(play_start(&play, 3), -KERNEL_ENOMEM);  // 48 KiB of data
  assert_int_equal(play_start(&play, 0), 1);
  assert_int_equal(play_process(&play, 2, &(struct kernel_process){0}), false);
}

static void segments_need_no_process_size(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_SEGMENTS, 64, 32 * KIB, 0);
  assert_int_equal(play_start(&play, 3), 1);
  play_close(&play);
  play_open(&play, KERNEL_SHARE_SEGMENTS, 12, 32 * KIB, 0);  // 48 KiB of data, and there are 48 KiB in all
  assert_int_equal(play_start(&play, 3), -KERNEL_ENOMEM);
}

static void what_must_be_rewritten_needs_records(void** state) {
  static const enum kernel_sharing rewriting[] = {KERNEL_SHARE_STATIC, KERNEL_SHARE_SEGMENTS};
  static const enum kernel_sharing others[] = {KERNEL_SHARE_ALONE, KERNEL_SHARE_IMAGES, KERNEL_SHARE_BASE,
                                               KERNEL_SHARE_BOUNDS};
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    play_open(&play, rewriting[i], 64, PROCESS, 32);
    assert_int_equal(play_start(&play, 2), -KERNEL_ENOEXEC);
    assert_int_equal(play_stats(&play)->external_bytes, 64 * 4096);
    play_close(&play);
  }
  for (unsigned i = 0; i < 4; i++) {
    play_open(&play, others[i], 64, PROCESS, 32);
    assert_int_equal(play_start(&play, 2), 1);
    if (i < 3) play_close(&play);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Static relocation, base, base and bounds

static void two_instances_run_at_different_places(void** state) {
  static const enum kernel_sharing ways[] = {KERNEL_SHARE_STATIC, KERNEL_SHARE_BASE, KERNEL_SHARE_BOUNDS};
  (void)state;
  for (unsigned i = 0; i < 3; i++) {
    bool rewritten = ways[i] == KERNEL_SHARE_STATIC;
    play_open(&play, ways[i], 64, PROCESS, 0);
    for (int pid = 1; pid <= 3; pid++) assert_int_equal(play_start(&play, 0), pid);
    play_run(&play);
    for (int pid = 1; pid <= 3; pid++) {
      uint32_t place = (uint32_t)(pid - 1) * PROCESS, address = rewritten ? place : 0;
      play_switch(&play, pid);
      play_check_program(&play, address + PLAY_TEXT);
      assert_int_equal(place_of(pid, address + PLAY_TEXT), place + PLAY_TEXT);
      assert_true(play_store(&play, address + 0x4000, 100 + (uint32_t)pid));
      // In memory: the word that holds an address was changed, or it was not.
      assert_int_equal(fake_word(&play.fake, place + PLAY_TEXT + 0x20, 4), address + PLAY_TEXT);
    }
    for (int pid = 1; pid <= 3; pid++)
      assert_int_equal(fake_word(&play.fake, (uint32_t)(pid - 1) * PROCESS + 0x4000, 4), 100 + pid);
    assert_int_equal(images_noted(rewritten ? HAL_IMAGE_RELOCATED : HAL_IMAGE_LOADED), 3);
    if (i < 2) play_close(&play);
  }
}

// A store of process 1 to where process 2 is, as process 1 must write it.
static bool wild_store_reaches_the_other(enum kernel_sharing sharing) {
  play_open(&play, sharing, 64, PROCESS, 0);
  play_start(&play, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_int_equal(play.pid, 1);
  bool survived = play_store(&play, PROCESS + 0x3408, 666);
  play_switch(&play, 2);
  bool reached = play_word(&play, (sharing == KERNEL_SHARE_STATIC ? PROCESS : 0) + 0x3408) == 666;
  assert_int_equal(survived, reached);
  return reached;
}

static void without_bounds_a_wild_store_reaches_another(void** state) {
  (void)state;
  assert_true(wild_store_reaches_the_other(KERNEL_SHARE_STATIC));
  play_close(&play);
  assert_true(wild_store_reaches_the_other(KERNEL_SHARE_BASE));
}

static void bounds_stop_a_wild_store(void** state) {
  (void)state;
  assert_false(wild_store_reaches_the_other(KERNEL_SHARE_BOUNDS));
  struct kernel_end end;
  assert_true(kernel_first_end(play.kernel, &end));
  assert_true(end.signalled);
  assert_int_equal(end.code, 11);
  assert_int_equal(end.vector, 13);
  assert_non_null(strstr(end.reason, "a reference to 0x00013408: the bound is 0x00010000"));
}

static struct kernel_end end_by(uint8_t vector, uint32_t cr2) {
  struct kernel_end end;
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  struct kernel_trap trap = {.kind = KERNEL_TRAP_EXCEPTION, .vector = vector, .cr2 = cr2, .start = PLAY_TEXT};
  assert_int_equal(kernel_trap(play.kernel, &trap, &play.context), KERNEL_DONE);
  assert_true(kernel_first_end(play.kernel, &end));
  play_close(&play);
  return end;
}

static void the_bound_is_blamed_only_for_what_it_stops(void** state) {
  (void)state;
  struct kernel_end beyond = end_by(12, PROCESS), privileged = end_by(13, 0);
  assert_non_null(strstr(beyond.reason, "the bound is"));
  assert_int_equal(beyond.code, 11);  // as a page fault would end it
  assert_null(strstr(privileged.reason, "the bound is"));
  assert_int_equal(privileged.code, 11);
}

static void the_bound_is_exact(void** state) {
  (void)state;
  uint64_t pa;
  uint32_t bound = PROCESS - 10;  // no multiple of anything
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, bound, 0);
  play_start(&play, 0);
  play_start(&play, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_true(play_touch(&play, bound - 1, 1, FAKE_WRITE, &pa));
  assert_int_equal(pa, bound - 1);
  assert_false(play_touch(&play, bound, 1, FAKE_READ, &pa));
  assert_int_equal(play.pid, 2);
  assert_false(play_touch(&play, bound - 3, 4, FAKE_READ, &pa));  // its last byte
  assert_int_equal(play.pid, 3);
  assert_false(play_touch(&play, UINT32_MAX, 1, FAKE_FETCH, &pa));
  assert_int_equal(play.pid, 0);
}

static void the_kernel_keeps_to_the_programs_rights(void** state) {
  (void)state;
  enum { WRITE = 4 };
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  play.context.reg[KERNEL_ECX] = PROCESS - 8;
  play.context.reg[KERNEL_EDX] = 8;
  assert_int_equal(play_call(&play, WRITE, 1), 8);
  play.context.reg[KERNEL_ECX] = PROCESS - 7;  // it is written in pieces, by the page
  assert_int_equal(play_call(&play, WRITE, 1), 7);
  play.context.reg[KERNEL_ECX] = PROCESS;
  assert_int_equal(play_call(&play, WRITE, 1), -KERNEL_EFAULT);
  play.context.reg[KERNEL_ECX] = (uint32_t)-8;
  assert_int_equal(play_call(&play, WRITE, 1), -KERNEL_EFAULT);
  play.context.reg[KERNEL_ECX] = PROCESS;
  play.context.reg[KERNEL_EDX] = 0;
  assert_int_equal(play_call(&play, WRITE, 1), 0);
}

// time() writes four bytes to where it is told.
static int32_t write_to(uint32_t va) { return play_call(&play, PLAY_TIME, va); }

static void the_kernel_writes_only_where_the_program_could(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, PROCESS - 10, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_true(write_to(PROCESS - 14) >= 0);
  assert_int_equal(write_to(PROCESS - 13), -KERNEL_EFAULT);
  play_close(&play);
  static const enum kernel_sharing unbounded[] = {KERNEL_SHARE_ALONE, KERNEL_SHARE_STATIC, KERNEL_SHARE_BASE};
  for (unsigned i = 0; i < 3; i++) {
    play_open(&play, unbounded[i], 64, PROCESS, 0);
    play_start(&play, 0);
    play_run(&play);
    assert_true(write_to(64 * 4096 - 4) >= 0);
    assert_int_equal(write_to(64 * 4096 - 3), -KERNEL_EFAULT);
    assert_int_equal(write_to(UINT32_MAX - 8), -KERNEL_EFAULT);
    play_close(&play);
  }
  begin_segments(64);
  uint32_t brk = (uint32_t)play_call(&play, PLAY_BRK, 0);
  assert_int_equal(write_to(PLAY_TEXT), -KERNEL_EFAULT);
  assert_true(write_to(brk - 4) >= 0);
  assert_int_equal(write_to(brk - 3), -KERNEL_EFAULT);
  assert_int_equal(write_to(brk), -KERNEL_EFAULT);
  assert_int_equal(write_to(0x80000000), -KERNEL_EFAULT);
  assert_true(write_to(0xffffc000) >= 0);  // the stack grows for the kernel as well
  assert_true(play_word(&play, 0xffffc004) == 0);
  assert_int_equal(write_to(0xfffe0000), -KERNEL_EFAULT);
}

static void static_relocation_can_not_fork(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_STATIC, 64, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_int_equal(play_call(&play, PLAY_FORK, 0), -KERNEL_ENOSYS);
}

// A copy of the caller that each changes on its own.
static void check_fork(uint32_t data, uint32_t stack) {
  play_store(&play, data, 7);
  play_store(&play, stack, 8);
  int child = play_call(&play, PLAY_FORK, 0);
  assert_int_equal(play.pid, 1);
  assert_int_equal(child, 2);
  play_store(&play, data, 70);
  play_store(&play, stack, 80);
  play_switch(&play, 2);
  assert_int_equal(play.context.reg[KERNEL_EAX], 0);
  play_check_program(&play, PLAY_TEXT);
  assert_int_equal(play_word(&play, data), 7);
  assert_int_equal(play_word(&play, stack), 8);
  play_store(&play, data, 700);
  play_switch(&play, 1);
  play_check_program(&play, PLAY_TEXT);
  assert_int_equal(play_word(&play, data), 70);
  assert_int_equal(play_word(&play, stack), 80);
}

static void fork_copies_the_memory(void** state) {
  static const enum kernel_sharing ways[] = {KERNEL_SHARE_IMAGES, KERNEL_SHARE_BASE, KERNEL_SHARE_BOUNDS};
  (void)state;
  for (unsigned i = 0; i < 3; i++) {
    play_open(&play, ways[i], 64, PROCESS, 64);
    play_start(&play, 0);
    play_run(&play);
    check_fork(0x4000, PROCESS - 0x20);
    play_close(&play);
  }
  play_open(&play, KERNEL_SHARE_SEGMENTS, 64, PROCESS, 64);
  play_start(&play, 0);
  play_run(&play);
  check_fork(0x40001000, 0xffffffe0);
}

static void fork_needs_room(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_BOUNDS, 31, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_int_equal(play_call(&play, PLAY_FORK, 0), -KERNEL_ENOMEM);
  assert_int_equal(play_stats(&play)->external_bytes, 31 * 4096 - PROCESS);
}

// ---------------------------------------------------------------------------------------------------------------------
// The heap

static void the_heap_grows_up_to_the_stack_and_reads_as_zeros(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  uint32_t heap = (uint32_t)play_call(&play, PLAY_BRK, 0);
  assert_int_equal(heap, PLAY_DATA + PLAY_DATA_BYTES);
  assert_int_equal(play_call(&play, PLAY_BRK, heap - 1), heap);
  play_store(&play, heap + 0x100, 99);  // beyond the end, but inside the bound: nobody sees it
  assert_int_equal(play_call(&play, PLAY_BRK, heap + 0x2000), heap + 0x2000);
  assert_int_equal(play_word(&play, heap + 0x100), 0);
  uint32_t esp = play.context.reg[KERNEL_ESP];
  assert_int_equal(play_call(&play, PLAY_BRK, esp - 4095), heap + 0x2000);
  assert_int_equal(play_call(&play, PLAY_BRK, esp - 4096), esp - 4096);
  assert_int_equal(play_call(&play, PLAY_BRK, heap), heap);
}

// ---------------------------------------------------------------------------------------------------------------------
// Placement

static void a_process_waits_for_a_hole_that_is_large_enough(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_STATIC, 48, PROCESS, 0);  // three places
  for (int pid = 1; pid <= 4; pid++) assert_int_equal(play_start(&play, 0), pid);
  play_run(&play);
  play_switch(&play, 2);
  play_call(&play, PLAY_EXIT, 0);
  play_switch(&play, 4);
  assert_int_equal(place_of(4, PROCESS + PLAY_TEXT), PROCESS + PLAY_TEXT);
}

// Two of three are gone, the first and the last; a larger one... must wait, or they are closed up.
static void base_registers_let_images_move(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_SEGMENTS, 40, 0, 0);
  for (int pid = 1; pid <= 3; pid++) assert_int_equal(play_start(&play, pid & 1), pid);
  play_run(&play);
  uint32_t heaps[4];
  for (int pid = 1; pid <= 3; pid++) {
    play_switch(&play, pid);
    heaps[pid] = (uint32_t)play_call(&play, PLAY_BRK, 0);
    assert_int_equal(play_call(&play, PLAY_BRK, heaps[pid] + 0x4000), heaps[pid] + 0x4000);
    for (uint32_t va = heaps[pid]; va < heaps[pid] + 0x4000; va += 4) play_store(&play, va, va * (uint32_t)pid);
  }
  play_switch(&play, 1);
  play_call(&play, PLAY_EXIT, 0);
  const struct kernel_stats* stats = play_stats(&play);
  assert_true(stats->holes > 1);
  uint64_t moves = stats->image_moves, failed = stats->placements_failed;
  assert_true(stats->largest_hole < 0xe000 && stats->external_bytes >= 0xe000);
  assert_int_equal(play_start(&play, 3), 4);  // 48 KiB of data
  stats = play_stats(&play);
  assert_int_equal(stats->placements_failed, failed + 1);
  assert_true(stats->image_moves > moves);
  assert_int_equal(stats->holes, 1);
  assert_int_equal(images_noted(HAL_IMAGE_MOVED), stats->image_moves);
  for (unsigned i = 0; i < play.fake.note_count; i++)
    if (play.fake.notes[i].kind == HAL_NOTE_IMAGE) assert_in_range(play.fake.notes[i].a, 1, 4);
  for (int pid = 2; pid <= 4; pid++) {
    play_switch(&play, pid);
    play_check_program(&play, PLAY_TEXT);
    for (uint32_t va = heaps[pid % 4]; pid < 4 && va < heaps[pid] + 0x4000; va += 4)
      assert_int_equal(play_word(&play, va), va * (uint32_t)pid);
  }
}

static void addresses_in_the_image_keep_it_where_it_is(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_STATIC, 40, PROCESS, 0);  // two and a half
  play_start(&play, 0);
  play_start(&play, 0);
  play_run(&play);
  assert_int_equal(play_stats(&play)->external_bytes, 8 * 4096);
  assert_int_equal(play_stats(&play)->holes, 1);
  assert_int_equal(play_start(&play, 0), 3);
  assert_int_equal(play_stats(&play)->placements_failed, 0);  // 32 KiB are not 64, however they lie
  assert_int_equal(play_stats(&play)->image_moves, 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments

static void segments_put_data_and_stack_elsewhere(void** state) {
  (void)state;
  begin_segments(64);
  play_check_program(&play, PLAY_TEXT);
  assert_int_equal(play_word(&play, PLAY_TEXT + 0x11), 0x40000400);
  assert_int_equal(play_word(&play, PLAY_TEXT - 0x10), 0);  // there, but nobody's remains
  assert_int_equal(play.context.reg[KERNEL_ESP] >> 28, 0xf);
  assert_int_equal(play_call(&play, PLAY_BRK, 0), 0x40000000 + PLAY_DATA_BYTES);
}

static void code_can_not_be_written(void** state) {
  (void)state;
  struct kernel_end end;
  begin_segments(64);
  assert_false(play_store(&play, PLAY_TEXT + 0x20, 1));
  assert_true(kernel_first_end(play.kernel, &end));
  assert_non_null(strstr(end.reason, "a reference to 0x00001020, but code can't be written"));
}

static bool touch_in_new(uint32_t va, unsigned size) {
  uint64_t pa;
  begin_segments(64);
  bool touched = play_touch(&play, va, size, FAKE_READ, &pa);
  play_close(&play);
  return touched;
}

static void segments_end_where_their_limits_say(void** state) {
  (void)state;
  uint32_t heap = 0x40000000 + PLAY_DATA_BYTES;
  assert_true(touch_in_new(PLAY_TEXT + 0xfff, 1));
  assert_false(touch_in_new(PLAY_TEXT + 0x1000, 1));
  assert_false(touch_in_new(0x3fffffff, 1));
  assert_true(touch_in_new(heap - 1, 1));
  assert_false(touch_in_new(heap, 1));
  assert_false(touch_in_new(heap - 1, 2));
  assert_false(touch_in_new(0x7fffffff, 1));
  assert_false(touch_in_new(0x80000000, 1));
  assert_false(touch_in_new(0xbfffffff, 1));
  assert_false(touch_in_new(0xc0000000, 1));
  assert_true(touch_in_new(0xffffe000, 1));
  assert_true(touch_in_new(0xffffdfff, 1));  // the stack grows
  assert_false(touch_in_new(0xfffe0000, 1));
  assert_true(touch_in_new(0xffffffff, 1));
  assert_true(touch_in_new(0xfffffffc, 4));
  assert_false(touch_in_new(0xfffffffd, 4));
  begin_segments(64);
}

static void processes_share_their_code(void** state) {
  (void)state;
  begin_segments(64);
  uint64_t left = play_stats(&play)->external_bytes;
  assert_int_equal(play_start(&play, 0), 2);
  uint64_t second = left - play_stats(&play)->external_bytes;
  left -= second;
  assert_int_equal(play_start(&play, 1), 3);  // another program
  assert_int_equal(left - play_stats(&play)->external_bytes - second, PLAY_TEXT + 0x1000);
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 2);
  play_check_program(&play, PLAY_TEXT);
  assert_int_equal(place_of(2, PLAY_TEXT), PLAY_TEXT);
  play_call(&play, PLAY_EXIT, 0);
  play_call(&play, PLAY_EXIT, 0);
  assert_int_equal(play.pid, 0);
  assert_int_equal(play_stats(&play)->external_bytes, 64 * 4096);
  assert_int_equal(play_stats(&play)->internal_bytes, 0);
}

static void the_stack_grows_when_it_is_used(void** state) {
  (void)state;
  struct kernel_process process;
  begin_segments(64);
  uint32_t first = play.context.reg[KERNEL_ESP];
  play_store(&play, first, 1234);
  for (unsigned page = 0; page < 20; page++) {
    uint32_t esp = first - page * 4096;
    play.context.reg[KERNEL_ESP] = esp;
    assert_true(play_store(&play, esp - 4, page));
    assert_int_equal(play_word(&play, esp - 8), 0);
  }
  assert_int_equal(play_word(&play, first), 1234);
  assert_int_equal(play_stats(&play)->image_moves, 0);  // it had room below it
  for (unsigned page = 0; page < 20; page++) assert_int_equal(play_word(&play, first - page * 4096 - 4), page);
  assert_true(play_process(&play, 1, &process));
  assert_int_equal(process.state, KERNEL_RUNNING);
}

static void the_stack_does_not_grow_far_from_its_pointer(void** state) {
  (void)state;
  struct kernel_end end;
  begin_segments(64);
  uint32_t esp = play.context.reg[KERNEL_ESP] = 0xfffff000;
  assert_true(play_store(&play, 0xffffe000, 0));
  play.context.reg[KERNEL_ESP] = 0xffffe000;
  assert_true(play_store(&play, 0xffffe000 - 65664, 0));  // as far as one instruction may push
  play.context.reg[KERNEL_ESP] = 0xfffed000;
  assert_false(play_store(&play, 0xfffed000 - 65668, esp));
  assert_true(kernel_first_end(play.kernel, &end));
  assert_non_null(strstr(end.reason, "too far below its stack pointer"));
}

static void a_stack_that_finds_no_memory_ends_its_process(void** state) {
  (void)state;
  begin_segments(16);
  uint32_t esp = play.context.reg[KERNEL_ESP];
  int pages = 0;
  while (play.pid == 1 && pages < 100) {
    play.context.reg[KERNEL_ESP] = esp -= 4096;
    play_store(&play, esp, 1);
    pages++;
  }
  assert_int_equal(play.pid, 0);
  // 64 KiB less 8 of code, 6 and a little of data: 49 and a little of stack, 12 pages, 2 of which it has at first
  assert_int_equal(pages, 12);
}

static void parts_push_others_away_to_grow(void** state) {
  (void)state;
  begin_segments(20);
  assert_int_equal(play_start(&play, 0), 2);
  uint32_t heap = (uint32_t)play_call(&play, PLAY_BRK, 0);
  uint32_t room = (uint32_t)play_stats(&play)->external_bytes & ~63u;
  play_store(&play, heap - 4, 77);
  // All that is free, though what has grown and its copy would never fit side by side.
  assert_int_equal(play_call(&play, PLAY_BRK, heap + room), heap + room);
  assert_int_equal(play_stats(&play)->external_bytes, 0);
  assert_int_equal(play_stats(&play)->holes, 0);
  assert_int_equal(play_word(&play, heap - 4), 77);
  for (uint32_t va = heap; va < heap + room; va += 4) {
    assert_int_equal(play_word(&play, va), 0);
    play_store(&play, va, va);
  }
  assert_int_equal(play_call(&play, PLAY_BRK, heap + room + 64), heap + room);
  play_check_program(&play, PLAY_TEXT);
  play_switch(&play, 2);
  play_check_program(&play, PLAY_TEXT);
  assert_int_equal(play_word(&play, play.context.reg[KERNEL_ESP]), 1);  // argc
  play_switch(&play, 1);
  assert_int_equal(play_call(&play, PLAY_BRK, heap), heap);
  assert_int_equal(play_stats(&play)->external_bytes, room);
}

static void what_moves_leaves_nothing_behind(void** state) {
  (void)state;
  begin_segments(64);
  assert_int_equal(play_start(&play, 0), 2);  // behind the first one's data
  uint32_t heap = (uint32_t)play_call(&play, PLAY_BRK, 0);
  uint64_t before = play_stats(&play)->external_bytes;
  assert_int_equal(play_call(&play, PLAY_BRK, heap + 0x2000), heap + 0x2000);
  assert_int_equal(play_stats(&play)->image_moves, 1);
  assert_int_equal(play_stats(&play)->external_bytes, before - 0x2000);
  assert_int_equal(play_stats(&play)->placements_failed, 0);
}

static void a_stack_ends_at_8_MiB(void** state) {
  (void)state;
  begin_segments(3000);
  play.context.reg[KERNEL_ESP] = 0xff800000;
  assert_true(play_store(&play, 0xff800000, 1));
  assert_false(play_store(&play, 0xff7ffffc, 1));
  struct kernel_end end;
  assert_true(kernel_first_end(play.kernel, &end));
  assert_non_null(strstr(end.reason, "its stack may not have more than 8 MiB"));
  assert_int_equal(end.code, 11);
}

static void registers_of_the_dead_are_not_taken_for_anothers(void** state) {
  (void)state;
  begin_segments(64);
  play_call(&play, PLAY_EXIT, 0);
  play_start(&play, 3);  // in the same slot, with more data
  play_run(&play);
  play_store(&play, 0x40008000, 1);
  assert_int_equal(play.pid, 2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Pieces of any size, without their programs

enum { PIECES = 4, PIECE = 4 * 4096 };

static struct piece* piece(unsigned i) { return &play.kernel->processes[i].image.part[PART_DATA]; }

static void scatter(enum kernel_sharing sharing) {
  play_open(&play, sharing, 16, PROCESS / 4, 0);
  for (unsigned i = 0; i < PIECES; i++) {
    assert_true(place_take(play.kernel, piece(i), PIECE, PLACE_UPWARDS));
    memset(play.fake.memory + piece(i)->place, (int)i + 1, PIECE);
  }
  place_give_back(play.kernel, piece(0));
  place_give_back(play.kernel, piece(2));
}

static void images_with_rewritten_addresses_stay_where_they_are(void** state) {
  (void)state;
  scatter(KERNEL_SHARE_STATIC);
  assert_false(place_take(play.kernel, piece(4), 2 * PIECE, PLACE_UPWARDS));
  assert_int_equal(play_stats(&play)->placements_failed, 1);
  assert_int_equal(play.kernel->stats.image_moves, 0);
  assert_int_equal(piece(1)->place, PIECE);
}

static void holes_are_closed_up_when_enough_is_free(void** state) {
  (void)state;
  scatter(KERNEL_SHARE_BOUNDS);
  assert_false(place_take(play.kernel, piece(4), 2 * PIECE + PLACE_UNIT, PLACE_UPWARDS));
  assert_int_equal(play.kernel->stats.placements_failed, 0);  // there is not so much
  assert_true(place_take(play.kernel, piece(4), 2 * PIECE, PLACE_UPWARDS));
  assert_int_equal(play.kernel->stats.placements_failed, 1);
  assert_int_equal(play.kernel->stats.image_moves, 2);
  assert_int_equal(piece(1)->place, 0);
  assert_int_equal(piece(3)->place, PIECE);
  assert_int_equal(piece(4)->place, 2 * PIECE);
  for (unsigned i = 0; i < PIECE; i++) {
    assert_int_equal(play.fake.memory[i], 2);
    assert_int_equal(play.fake.memory[PIECE + i], 4);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What a switch costs

static uint64_t segment_loads_of_a_switch(enum kernel_sharing sharing) {
  play_open(&play, sharing, 64, PROCESS, 64);
  play_start(&play, 0);
  play_start(&play, 0);
  play_run(&play);
  play_switch(&play, 2);
  uint64_t before = play.fake.segment_loads;
  play_call(&play, PLAY_BRK, 0);
  play_tick(&play);
  assert_int_equal(play.fake.segment_loads, before);  // it stays with the same process
  play_switch(&play, 1);
  uint64_t loads = play.fake.segment_loads - before;
  play_close(&play);
  return loads;
}

static void a_switch_loads_as_few_registers_as_it_can(void** state) {
  (void)state;
  assert_int_equal(segment_loads_of_a_switch(KERNEL_SHARE_STATIC), 0);
  assert_int_equal(segment_loads_of_a_switch(KERNEL_SHARE_IMAGES), 0);
  assert_int_equal(segment_loads_of_a_switch(KERNEL_SHARE_BASE), 1);
  assert_int_equal(segment_loads_of_a_switch(KERNEL_SHARE_BOUNDS), 1);
  assert_int_equal(segment_loads_of_a_switch(KERNEL_SHARE_SEGMENTS), 3);
  begin_segments(64);
}

// ---------------------------------------------------------------------------------------------------------------------
// What is told

static void losses_inside_are_counted_to_the_byte(void** state) {
  (void)state;
  play_open(&play, KERNEL_SHARE_BOUNDS, 64, PROCESS, 0);
  play_start(&play, 0);
  play_run(&play);
  uint64_t esp = play.context.reg[KERNEL_ESP];
  // The page before the code, and from the end of the heap to the stack.
  assert_int_equal(play_stats(&play)->internal_bytes, 4096 + esp - (PLAY_DATA + PLAY_DATA_BYTES));
  assert_int_equal(play_stats(&play)->external_bytes, 64 * 4096 - PROCESS);
  play_close(&play);
  begin_segments(64);
  esp = play.context.reg[KERNEL_ESP];
  assert_int_equal(play_stats(&play)->internal_bytes, 4096 + 64 + (esp - 0xffffe000));
}

struct maps {
  char text[512];
};

static void add_map(void* ctx, const struct kernel_vma* vma) {
  struct maps* maps = ctx;
  size_t length = strlen(maps->text);
  snprintf(maps->text + length, sizeof maps->text - length, "%lx-%lx %u %s; ", (unsigned long)vma->start,
           (unsigned long)vma->end, vma->prot, vma->what);
}

static void maps_show_what_the_hardware_checks(void** state) {
  (void)state;
  struct maps maps = {""};
  begin_segments(64);
  play_call(&play, PLAY_BRK, 0x40001900);
  kernel_vmas(play.kernel, 1, add_map, &maps);
  assert_string_equal(maps.text,
                      "0-2000 5 code; 40000000-40001800 7 data; 40001800-40001900 7 heap; "
                      "ffffe000-100000000 7 stack; ");
  play_close(&play);
  play_open(&play, KERNEL_SHARE_STATIC, 64, PROCESS, 0);
  play_start(&play, 0);
  play_start(&play, 0);
  play_run(&play);
  play_switch(&play, 2);
  play.context.reg[KERNEL_ESP] = 2 * PROCESS - 0x40;
  play_call(&play, PLAY_BRK, 0);
  maps.text[0] = 0;
  kernel_vmas(play.kernel, 2, add_map, &maps);
  assert_string_equal(maps.text, "11000-13000 7 code; 13000-14800 7 data; 1ffc0-20000 7 stack; ");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(alone_addresses_are_physical, close_play),
    cmocka_unit_test_teardown(alone_the_second_waits_until_the_first_has_ended, close_play),
    cmocka_unit_test_teardown(alone_there_is_no_room_for_a_copy, close_play),
    cmocka_unit_test_teardown(nothing_of_the_one_before_can_be_read, close_play),
    cmocka_unit_test_teardown(what_never_fits_is_refused, close_play),
    cmocka_unit_test_teardown(segments_need_no_process_size, close_play),
    cmocka_unit_test_teardown(what_must_be_rewritten_needs_records, close_play),
    cmocka_unit_test_teardown(two_instances_run_at_different_places, close_play),
    cmocka_unit_test_teardown(without_bounds_a_wild_store_reaches_another, close_play),
    cmocka_unit_test_teardown(bounds_stop_a_wild_store, close_play),
    cmocka_unit_test_teardown(the_bound_is_blamed_only_for_what_it_stops, close_play),
    cmocka_unit_test_teardown(the_bound_is_exact, close_play),
    cmocka_unit_test_teardown(the_kernel_keeps_to_the_programs_rights, close_play),
    cmocka_unit_test_teardown(static_relocation_can_not_fork, close_play),
    cmocka_unit_test_teardown(fork_copies_the_memory, close_play),
    cmocka_unit_test_teardown(fork_needs_room, close_play),
    cmocka_unit_test_teardown(the_heap_grows_up_to_the_stack_and_reads_as_zeros, close_play),
    cmocka_unit_test_teardown(a_process_waits_for_a_hole_that_is_large_enough, close_play),
    cmocka_unit_test_teardown(base_registers_let_images_move, close_play),
    cmocka_unit_test_teardown(addresses_in_the_image_keep_it_where_it_is, close_play),
    cmocka_unit_test_teardown(segments_put_data_and_stack_elsewhere, close_play),
    cmocka_unit_test_teardown(code_can_not_be_written, close_play),
    cmocka_unit_test_teardown(segments_end_where_their_limits_say, close_play),
    cmocka_unit_test_teardown(processes_share_their_code, close_play),
    cmocka_unit_test_teardown(the_stack_grows_when_it_is_used, close_play),
    cmocka_unit_test_teardown(the_stack_does_not_grow_far_from_its_pointer, close_play),
    cmocka_unit_test_teardown(a_stack_that_finds_no_memory_ends_its_process, close_play),
    cmocka_unit_test_teardown(parts_push_others_away_to_grow, close_play),
    cmocka_unit_test_teardown(the_kernel_writes_only_where_the_program_could, close_play),
    cmocka_unit_test_teardown(what_moves_leaves_nothing_behind, close_play),
    cmocka_unit_test_teardown(a_stack_ends_at_8_MiB, close_play),
    cmocka_unit_test_teardown(registers_of_the_dead_are_not_taken_for_anothers, close_play),
    cmocka_unit_test_teardown(images_with_rewritten_addresses_stay_where_they_are, close_play),
    cmocka_unit_test_teardown(holes_are_closed_up_when_enough_is_free, close_play),
    cmocka_unit_test_teardown(a_switch_loads_as_few_registers_as_it_can, close_play),
    cmocka_unit_test_teardown(losses_inside_are_counted_to_the_byte, close_play),
    cmocka_unit_test_teardown(maps_show_what_the_hardware_checks, close_play)};
TEST_MAIN(tests)
