// SPDX-License-Identifier: MIT
// Every way of sharing under a long random run: processes start, fork, end, store and load all over their heaps and
// stacks, which grow and shrink; the tests keep a copy of all that each has stored, and nothing may ever differ.
#include <string.h>

#include "check.h"
#include "firmware/play.h"

enum { HEAP_WORDS = 6 * 1024, STACK_WORDS = 6 * 1024, ALIVE = 12, PROCESS = 64 * 1024, STEPS = 30000 };

struct shadow {
  uint32_t entry, heap, brk, top;  // addresses
  unsigned depth;                  // words on the stack, below top
  uint32_t heap_word[HEAP_WORDS], stack_word[STACK_WORDS];
};

struct world {
  struct play play;
  struct shadow* shadows[PLAY_PIDS];  // by pid; NULL: has not run yet, or is gone
  uint32_t random;
  unsigned alive, started, forks, killed, growths;
};
static struct world world;

static uint32_t pick(uint32_t below) {
  world.random = world.random * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)(world.random >> 4) * below >> 28);
}

static struct shadow* now_running(void) {
  int pid = world.play.pid;
  assert_in_range(pid, 1, PLAY_PIDS - 1);
  if (world.shadows[pid]) return world.shadows[pid];
  struct shadow* shadow = world.shadows[pid] = calloc(1, sizeof *shadow);
  assert_non_null(shadow);
  shadow->entry = world.play.context.eip;
  shadow->top = world.play.context.reg[KERNEL_ESP];
  return shadow;
}

static void forget(int pid) {
  free(world.shadows[pid]);
  world.shadows[pid] = NULL;
  world.alive--;
}

// ---------------------------------------------------------------------------------------------------------------------
// What a process does

static uint32_t stack_address(const struct shadow* shadow, unsigned i) { return shadow->top - 4 * (i + 1); }

static void heap_access(struct shadow* shadow, bool write) {
  uint32_t words = (shadow->brk - shadow->heap) / 4;
  if (words == 0) return;
  uint32_t i = pick(words), value = pick(1u << 28);
  if (write) {
    assert_true(play_store(&world.play, shadow->heap + 4 * i, value));
    shadow->heap_word[i] = value;
  } else {
    assert_int_equal(play_word(&world.play, shadow->heap + 4 * i), shadow->heap_word[i]);
  }
}

static void push(struct shadow* shadow) {
  int pid = world.play.pid;
  unsigned words = 1 + pick(900);
  for (unsigned n = 0; n < words && shadow->depth < STACK_WORDS; n++) {
    uint32_t va = stack_address(shadow, shadow->depth);
    // The stack's and the heap's quarters may be those of different segments, or a page apart.
    if (va >> 30 == shadow->brk >> 30 && va < shadow->brk + 8192) return;
    world.play.context.reg[KERNEL_ESP] = va + 4;
    if (!play_store(&world.play, va, va ^ (uint32_t)pid)) {  // no memory is left for a stack
      world.killed++;
      forget(pid);
      return;
    }
    world.play.context.reg[KERNEL_ESP] = va;
    shadow->stack_word[shadow->depth++] = va ^ (uint32_t)pid;
  }
  world.growths++;
}

static void pop(struct shadow* shadow) {
  shadow->depth -= pick(shadow->depth + 1);
  world.play.context.reg[KERNEL_ESP] = shadow->top - 4 * shadow->depth;
}

static void check_stack(const struct shadow* shadow) {
  if (shadow->depth == 0) return;
  unsigned i = pick(shadow->depth);
  assert_int_equal(play_word(&world.play, stack_address(shadow, i)), shadow->stack_word[i]);
}

static void set_brk(struct shadow* shadow) {
  uint32_t before = (shadow->brk - shadow->heap) / 4;
  uint32_t words = pick(4) ? pick(HEAP_WORDS) : pick(before + 1);
  shadow->brk = (uint32_t)play_call(&world.play, PLAY_BRK, shadow->heap + 4 * words);
  for (uint32_t i = before; i < (shadow->brk - shadow->heap) / 4; i++) shadow->heap_word[i] = 0;
}

static void check_all(const struct shadow* shadow) {
  play_check_program(&world.play, shadow->entry);
  for (unsigned i = 0; i < shadow->depth; i++)
    assert_int_equal(play_word(&world.play, stack_address(shadow, i)), shadow->stack_word[i]);
  for (unsigned i = 0; i < (shadow->brk - shadow->heap) / 4; i++)
    assert_int_equal(play_word(&world.play, shadow->heap + 4 * i), shadow->heap_word[i]);
}

static void fork_process(const struct shadow* shadow) {
  int parent = world.play.pid;
  struct shadow* copy = malloc(sizeof *copy);
  assert_non_null(copy);
  *copy = *shadow;
  play_call(&world.play, PLAY_FORK, 0);
  play_switch(&world.play, parent);  // it may wait for the disk
  int child = (int)world.play.context.reg[KERNEL_EAX];
  if (child <= 0) {
    free(copy);
    return;
  }
  assert_in_range(child, 1, PLAY_PIDS - 1);
  assert_null(world.shadows[child]);
  world.shadows[child] = copy;
  world.alive++;
  world.forks++;
}

static void exit_process(void) {
  int pid = world.play.pid;
  play_call(&world.play, PLAY_EXIT, 0);
  forget(pid);
}

static void start_process(void) {
  int pid = play_start(&world.play, pick(2));
  if (pid < 0) return;
  world.alive++;
  world.started++;
}

// ---------------------------------------------------------------------------------------------------------------------

static void step(void) {
  struct shadow* shadow = now_running();
  if (!shadow->heap) shadow->heap = shadow->brk = (uint32_t)play_call(&world.play, PLAY_BRK, 0);
  switch (pick(40)) {
    case 0:
      set_brk(shadow);
      break;
    case 1:
      push(shadow);
      break;
    case 2:
      pop(shadow);
      break;
    case 3:
      if (world.alive < ALIVE) fork_process(shadow);
      break;
    case 4:
      if (world.alive > 3 || pick(10) == 0) exit_process();
      break;
    case 5:
      if (world.alive < ALIVE) start_process();
      break;
    case 6:
      check_all(shadow);
      break;
    case 7:
    case 8:
    case 9:
      play_call(&world.play, PLAY_YIELD, 0);
      break;
    default:
      (pick(3) ? heap_access(shadow, pick(2)) : check_stack(shadow));
      break;
  }
}

static void run(enum kernel_sharing sharing, uint64_t frames) {
  memset(&world, 0, sizeof world);
  world.random = 20 + sharing;
  play_open(&world.play, sharing, frames, PROCESS, 16 * ALIVE);
  assert_non_null(world.play.kernel);
  for (unsigned n = 0; n < STEPS; n++) {
    if (world.play.pid == 0) {
      start_process();
      assert_true(play_run(&world.play));
    }
    step();
  }
  while (world.play.pid) {
    struct shadow* shadow = now_running();
    if (shadow->heap) check_all(shadow);
    exit_process();
  }
  assert_int_equal(world.alive, 0);
  assert_true(world.started > 20 && world.growths > 20);
  const struct kernel_stats* stats = play_stats(&world.play);
  uint64_t slot = sharing == KERNEL_SHARE_IMAGES ? PROCESS : 0;
  assert_int_equal(stats->external_bytes, frames * 4096 - slot);
  assert_int_equal(stats->largest_hole, frames * 4096 - slot);
  assert_int_equal(stats->internal_bytes, slot);
  assert_int_equal(stats->swap_used, 0);
  play_close(&world.play);
}

static void alone(void** state) {
  (void)state;
  run(KERNEL_SHARE_ALONE, 20);
  assert_int_equal(world.forks, 0);
}

static void images(void** state) {
  (void)state;
  run(KERNEL_SHARE_IMAGES, 20);
  assert_true(world.forks > 20);
}

static void static_relocation(void** state) {
  (void)state;
  run(KERNEL_SHARE_STATIC, 100);
  assert_int_equal(world.forks, 0);
}

static void base(void** state) {
  (void)state;
  run(KERNEL_SHARE_BASE, 100);
  assert_true(world.forks > 20);
}

static void bounds(void** state) {
  (void)state;
  run(KERNEL_SHARE_BOUNDS, 100);
  assert_true(world.forks > 20);
}

static void segments(void** state) {
  (void)state;
  run(KERNEL_SHARE_SEGMENTS, 60);
  assert_true(world.forks > 20);
  assert_true(world.killed > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(alone), cmocka_unit_test(images), cmocka_unit_test(static_relocation),
    cmocka_unit_test(base),  cmocka_unit_test(bounds), cmocka_unit_test(segments)};
TEST_MAIN(tests)
