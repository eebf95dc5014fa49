// SPDX-License-Identifier: MIT
// Compiled programs on the core and natively: equal output and exit status; and on the core under every kind of
// interruption: the same end, bit for bit. PAGEWALK_CSMITH says how many of csmith's programs are there
// (build/i386/csmith-1 and so on).
#include <string.h>

#include "check.h"
#include "core/program.h"

#define FOLDER PAGEWALK_ROOT "/build/i386/"

static const char* const names[] = {"sorts", "arithmetic", "structures"};
static const char* const variants[] = {"O0-i386", "O2-i586", "Os-i686", "O3-i486"};
enum { NAMES = 3, VARIANTS = 4, SECONDS = 10, CSMITH_SECONDS = 2, CSMITH_DEFAULT = 12, CSMITH_LIMIT = 20000000 };

static struct elf open_program(const char* name, const char* variant, char path[256]) {
  struct elf elf;
  struct error err;
  snprintf(path, 256, "%s%s-%s", FOLDER, name, variant);
  if (!elf_read(&elf, path, 0, &err)) fail_msg("%s", err.text);
  return elf;
}

// Asserts that the core did what the processor did. False: it took the processor too long.
static bool assert_like_native(const struct program_run* run, const char* path, unsigned seconds) {
  static char output[PROGRAM_OUTPUT_MAX];
  size_t length;
  int status;
  if (!program_native(path, seconds, output, &length, &status)) return false;
  assert_int_equal(run->stop.kind, CORE_STOP_CALL);
  assert_int_equal(run->status, status);
  assert_int_equal(run->length, length);
  assert_memory_equal(run->output, output, length);
  return true;
}

static void programs_print_what_they_print_natively(void** state) {
  (void)state;
  for (int n = 0; n < NAMES; n++) {
    for (int v = 0; v < VARIANTS; v++) {
      char path[256];
      struct elf elf = open_program(names[n], variants[v], path);
      struct program_run* run = program_run(&elf, PROGRAM_MAPPED, PROGRAM_LIMIT);
      assert_true(run->length > 0);
      assert_true(assert_like_native(run, path, SECONDS));
      program_free(run);
      elf_free(&elf);
    }
  }
}

// Each mode on one variant of each program; which one depends on both, so that all variants come up.
static void interruptions_change_nothing(void** state) {
  (void)state;
  for (int n = 0; n < NAMES; n++) {
    for (int mode = PROGRAM_MAPPED + 1; mode < PROGRAM_MODES; mode++) {
      char path[256];
      struct elf elf = open_program(names[n], variants[(n + mode) % VARIANTS], path);
      struct program_run* plain = program_run(&elf, PROGRAM_MAPPED, PROGRAM_LIMIT);
      struct program_run* run = program_run(&elf, (enum program_mode)mode, PROGRAM_LIMIT);
      assert_true(run->interruptions > 10);
      program_assert_equal(plain, run);
      program_free(plain);
      program_free(run);
      elf_free(&elf);
    }
  }
}

static int csmith_count(void) {
  const char* text = getenv("PAGEWALK_CSMITH");
  return text ? atoi(text) : CSMITH_DEFAULT;
}

// Some of csmith's programs do not end in time; at least three in four must.
static void random_programs_agree_with_the_processor(void** state) {
  (void)state;
  int count = csmith_count(), compared = 0;
  for (int seed = 1; seed <= count; seed++) {
    char path[256], number[16];
    snprintf(number, sizeof number, "%d", seed);
    struct elf elf = open_program("csmith", number, path);
    struct program_run* plain = program_run(&elf, PROGRAM_MAPPED, CSMITH_LIMIT);
    if (plain->stop.kind != CORE_STOP_LIMIT && assert_like_native(plain, path, CSMITH_SECONDS)) {
      enum program_mode mode = (enum program_mode)(1 + seed % (PROGRAM_MODES - 1));
      struct program_run* run = program_run(&elf, mode, CSMITH_LIMIT);
      program_assert_equal(plain, run);
      program_free(run);
      compared++;
    }
    program_free(plain);
    elf_free(&elf);
  }
  print_message("%d of %d programs of csmith compared\n", compared, count);
  assert_true(4 * compared >= 3 * count);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(programs_print_what_they_print_natively),
    cmocka_unit_test(interruptions_change_nothing),
    cmocka_unit_test(random_programs_agree_with_the_processor),
};

TEST_MAIN(tests)
