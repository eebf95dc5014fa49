// SPDX-License-Identifier: MIT
// The shipped programs, unchanged, under each of the older ways to share a memory: on the model engine they print and
// end as on Linux; what protects and what does not; what a process can't have.
#include <signal.h>
#include <string.h>

#include "check.h"
#include "programs/shared_run.h"
#include "programs/shipped.h"

static const enum kernel_sharing ways[] = {KERNEL_SHARE_ALONE, KERNEL_SHARE_IMAGES, KERNEL_SHARE_STATIC,
                                           KERNEL_SHARE_BASE,  KERNEL_SHARE_BOUNDS, KERNEL_SHARE_SEGMENTS};
enum { WAYS = sizeof ways / sizeof *ways, PROCESS_BYTES = 256 * 1024 };

static const char* name_of(enum kernel_sharing sharing) { return kernel_sharing_names[sharing]; }

// --- transparency ----------------------------------------------------------------------------------------------------

static bool forks(const struct shipped* program) {
  static const char* const names[] = {"fork", "parent", "children", "killer"};
  size_t length = strcspn(program->command, " ");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i]) == length && memcmp(names[i], program->command, length) == 0) return true;
  return false;
}

static bool can_fork(enum kernel_sharing sharing) {
  return sharing != KERNEL_SHARE_ALONE && sharing != KERNEL_SHARE_STATIC;
}

static void assert_ends_as(const struct shipped* program, const struct outcome* natively, enum kernel_sharing sharing) {
  struct shared_run run = {.sharing = sharing, .commands = {program->command}};
  shared_run(&run);
  if (forks(program) && !can_fork(sharing)) {
    assert_int_equal(shared_end(&run, 1), 1);
  } else {
    int expected = natively->signal ? -natively->signal : natively->status;
    if (shared_end(&run, 1) != expected)
      fail_msg("%s under %s: %d, not %d: %s", program->command, name_of(sharing), shared_end(&run, 1), expected,
               run.output);
    if (!(program->traits & SHIPPED_ADDRESSES) && strcmp(run.output, natively->output) != 0)
      fail_msg("%s under %s: %s", program->command, name_of(sharing), run.output);
  }
  free(run.output);
}

static void each_program_does_the_same_under_each(void** state) {
  (void)state;
  static struct outcome natively;
  for (size_t i = 0; i < shipped_count; i++) {
    const struct shipped* program = &shipped_programs[i];
    if (program->traits & (SHIPPED_PROTECTED | SHIPPED_LARGE) || program->signal == SIGALRM) continue;
    shipped_run_natively(program, true, &natively);
    for (unsigned way = 0; way < WAYS; way++) assert_ends_as(program, &natively, ways[way]);
  }
}

static unsigned count_lines(const char* text, const char* line) {
  unsigned count = 0;
  for (const char* at = text; (at = strstr(at, line)); at += strlen(line)) count++;
  return count;
}

// Five that take turns, two of them the same program.
static void several_at_once_do_what_each_does_alone(void** state) {
  (void)state;
  for (unsigned way = 0; way < WAYS; way++) {
    struct shared_run run = {.sharing = ways[way],
                             .quantum = 5000,
                             .commands = {"sort 100 7", "hash 50", "sort 100 7", "store 40 60", "recurse 1000"}};
    struct shared_run alone = {.sharing = KERNEL_SHARE_ALONE, .commands = {"sort 100 7"}};
    shared_run(&run);
    shared_run(&alone);
    for (int pid = 1; pid <= 5; pid++) assert_int_equal(shared_end(&run, pid), 0);
    assert_int_equal(count_lines(run.output, alone.output), 2);
    assert_int_equal(count_lines(run.output, "50 keys in, 25 found in 64 chains\n"), 1);
    assert_int_equal(count_lines(run.output, "60 operations: "), 1);
    assert_int_equal(count_lines(run.output, "the sum of 1 to 1000 is 500500\n"), 1);
    bool one_after_the_other = ways[way] == KERNEL_SHARE_ALONE;
    if (one_after_the_other)
      assert_int_equal(run.stats.switches, 5);
    else
      assert_true(run.stats.switches > 20);
    assert_int_equal(run.stats.internal_bytes, ways[way] == KERNEL_SHARE_IMAGES ? PROCESS_BYTES : 0);
    assert_int_equal(run.stats.images_in > 0, ways[way] == KERNEL_SHARE_IMAGES);
    free(run.output);
    free(alone.output);
  }
}

// Segments that are checked, moved and grown, and images that come and go, on the hardware as well.
static void the_engines_agree(void** state) {
  (void)state;
  for (unsigned way = 0; way < WAYS; way++) {
    struct shared_run run = {.sharing = ways[way],
                             .frames = 40,
                             .process_bytes = PROCESS_BYTES / 8,
                             .quantum = 1000,
                             .both = true,
                             .commands = {"hash 5", "fork", "write-code"}};
    shared_run(&run);
    assert_int_equal(shared_end(&run, 1), 0);
    free(run.output);
  }
}

// --- protection ------------------------------------------------------------------------------------------------------

static uint32_t address_in(const char* program, const char* symbol) {
  char path[256];
  struct elf elf;
  struct error err;
  uint32_t address;
  snprintf(path, sizeof path, PAGEWALK_ROOT "/build/programs/%s", program);
  if (!elf_read(&elf, path, 0, &err)) fail_msg("%s", err.text);
  assert_true(elf_symbol(&elf, symbol, &address));
  elf_free(&elf);
  return address;
}

// guard lies at 0, wild-store behind it; what address must the second say to mean the first's data?
static uint32_t target(enum kernel_sharing sharing, uint32_t watched) {
  bool based = sharing == KERNEL_SHARE_BASE || sharing == KERNEL_SHARE_BOUNDS;
  return based ? watched - PROCESS_BYTES : watched;
}

static void a_wild_store_hits_another_where_nothing_protects(void** state) {
  static const int ends[KERNEL_SHARINGS][2] = {[KERNEL_SHARE_PAGING] = {0, 0},    // it hits its own data
                                               [KERNEL_SHARE_ALONE] = {0, 0},     // guard is gone
                                               [KERNEL_SHARE_IMAGES] = {0, 0},    // guard is on disk
                                               [KERNEL_SHARE_STATIC] = {1, 0},    // guard is hit
                                               [KERNEL_SHARE_BASE] = {1, 0},      // guard is hit
                                               [KERNEL_SHARE_BOUNDS] = {0, -11},  // it is stopped
                                               [KERNEL_SHARE_SEGMENTS] = {0, -11}};
  (void)state;
  uint32_t watched = address_in("guard", "watched");
  for (unsigned way = 0; way < WAYS; way++) {
    char command[64];
    snprintf(command, sizeof command, "wild-store 0x%x 16", target(ways[way], watched));
    struct shared_run run = {.sharing = ways[way], .commands = {"guard 4", command}};
    shared_run(&run);
    if (shared_end(&run, 1) != ends[ways[way]][0] || shared_end(&run, 2) != ends[ways[way]][1])
      fail_msg("%s: guard %d, wild-store %d; %s", name_of(ways[way]), shared_end(&run, 1), shared_end(&run, 2),
               run.output);
    assert_int_equal(strstr(run.output, "somebody wrote ff into byte 0 of my data") != NULL, ends[ways[way]][0]);
    free(run.output);
  }
}

// What each way stops of what a program should not do: how it ends.
struct misdeed {
  const char* command;
  int ends[WAYS];
};
static const struct misdeed misdeeds[] = {
    //                     alone      images     static     base       bounds     segments
    {"hello nowhere", {0, 0, 0, 0, 0, -SIGSEGV}},  // a null pointer is written through
    {"null", {1, 1, 1, 1, 1, 1}},                  // read: the page before the code has no other beginning
    {"write-code", {1, 1, 1, 1, 1, -SIGSEGV}},
    {"jump-to-data", {1, 1, 1, 1, 1, 1}},  // nothing tells code from data that can be read
    {"read-kernel", {-SIGBUS, -SIGBUS, -SIGBUS, -SIGBUS, -SIGSEGV, -SIGSEGV}},
    {"stack-overflow", {-SIGBUS, -SIGBUS, -SIGBUS, -SIGBUS, -SIGSEGV, -SIGSEGV}},
    {"load-segment", {-SIGSEGV, -SIGSEGV, -SIGSEGV, -SIGSEGV, -SIGSEGV, -SIGSEGV}},
    {"privileged cr0", {-SIGSEGV, -SIGSEGV, -SIGSEGV, -SIGSEGV, -SIGSEGV, -SIGSEGV}},
    {"divide", {-SIGFPE, -SIGFPE, -SIGFPE, -SIGFPE, -SIGFPE, -SIGFPE}},
};

static void what_is_stopped_is_known(void** state) {
  (void)state;
  for (size_t i = 0; i < sizeof misdeeds / sizeof *misdeeds; i++)
    for (unsigned way = 0; way < WAYS; way++) {
      struct shared_run run = {.sharing = ways[way], .commands = {misdeeds[i].command}};
      shared_run(&run);
      if (shared_end(&run, 1) != misdeeds[i].ends[way])
        fail_msg("%s under %s: %d, not %d; %s", misdeeds[i].command, name_of(ways[way]), shared_end(&run, 1),
                 misdeeds[i].ends[way], run.report.end.reason);
      free(run.output);
    }
}

// --- growth ----------------------------------------------------------------------------------------------------------

static int end_with(enum kernel_sharing sharing, const char* command, struct kernel_stats* stats) {
  struct shared_run run = {.sharing = sharing, .commands = {command}};
  shared_run(&run);
  free(run.output);
  if (stats) *stats = run.stats;
  return shared_end(&run, 1);
}

// A stack that is too deep for what a process was given, though the memory has twenty times as much.
static void only_segments_let_a_stack_grow(void** state) {
  (void)state;
  for (unsigned way = 0; way < WAYS; way++) {
    int end = end_with(ways[way], "recurse 4000", NULL);
    bool fine = ways[way] == KERNEL_SHARE_SEGMENTS;
    if ((end == 0) != fine) fail_msg("recurse 4000 under %s: %d", name_of(ways[way]), end);
  }
}

static void a_heap_grows_as_far_as_there_is_room(void** state) {
  (void)state;
  for (unsigned way = 0; way < WAYS; way++) {
    int end = end_with(ways[way], "switcher 100 1", NULL);  // 400 KiB
    assert_int_equal(end, ways[way] == KERNEL_SHARE_SEGMENTS ? 0 : 1);
  }
}

// Four that grow by turns in a memory that is almost full: nobody's data suffer from being moved.
static void growing_neighbours_move_each_other(void** state) {
  (void)state;
  struct shared_run run = {.sharing = KERNEL_SHARE_SEGMENTS,
                           .frames = 60,
                           .quantum = 1000,
                           .commands = {"store 300 300", "recurse 700", "switcher 12 20", "hash 300", "recurse 900"}};
  shared_run(&run);
  for (int pid = 1; pid <= 5; pid++) assert_int_equal(shared_end(&run, pid), 0);
  assert_true(run.stats.image_moves > 5);
  assert_true(run.stats.placements_failed > 0);
  free(run.output);
}

// --- placement -------------------------------------------------------------------------------------------------------

// Three at most fit; the fourth comes when one has ended.
static void a_full_memory_lets_the_next_wait(void** state) {
  (void)state;
  for (unsigned way = 2; way < 5; way++) {
    struct shared_run run = {.sharing = ways[way],
                             .frames = 3 * 64,
                             .commands = {"sort 100 7", "echo two", "sort 100 7", "echo four", "echo five"}};
    shared_run(&run);
    for (int pid = 1; pid <= 5; pid++) assert_int_equal(shared_end(&run, pid), 0);
    free(run.output);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_program_does_the_same_under_each),
    cmocka_unit_test(several_at_once_do_what_each_does_alone),
    cmocka_unit_test(the_engines_agree),
    cmocka_unit_test(a_wild_store_hits_another_where_nothing_protects),
    cmocka_unit_test(what_is_stopped_is_known),
    cmocka_unit_test(only_segments_let_a_stack_grow),
    cmocka_unit_test(a_heap_grows_as_far_as_there_is_room),
    cmocka_unit_test(growing_neighbours_move_each_other),
    cmocka_unit_test(a_full_memory_lets_the_next_wait),
};
TEST_MAIN(tests)
