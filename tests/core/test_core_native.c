// SPDX-License-Identifier: MIT
// Random single instructions on the core and on the processor that this test runs on: registers, defined flags, memory,
// exceptions with their error codes. PAGEWALK_CORE_CASES says how many (1,000,000 and more in `make test-long`).
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "core/memory.h"
#include "core/random_insn.h"

extern char** environ;

enum { BATCH = 4096, CASES_DEFAULT = 60000, STATUS = 0x8d5, DIRECTION = CORE_DF };

static uint64_t cases_wanted(void) {
  const char* text = getenv("PAGEWALK_CORE_CASES");
  return text ? strtoull(text, NULL, 0) : CASES_DEFAULT;
}

// --- the processor ---------------------------------------------------------------------------------------------------

static const size_t file_bytes = sizeof(struct native_file) + BATCH * sizeof(struct native_case);

static struct native_file* open_file(char path[]) {
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, (off_t)file_bytes), 0);
  void* file = mmap(NULL, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  assert_ptr_not_equal(file, MAP_FAILED);
  close(fd);
  return file;
}

static void run_natively(char* path) {
  char program[] = PAGEWALK_ROOT "/build/i386/native";
  char* argv[] = {program, path, NULL};
  pid_t pid;
  int status;
  assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

// --- the core --------------------------------------------------------------------------------------------------------

static struct memory* memory_like_native(uint32_t seed) {
  struct memory* memory = memory_create();
  memory_map(memory, NATIVE_DATA, NATIVE_DATA_BYTES, MEMORY_ALL & ~MEMORY_EXECUTE);
  memory_map(memory, NATIVE_READ_ONLY, MEMORY_PAGE, MEMORY_PRESENT | MEMORY_USER);
  memory_map(memory, NATIVE_CODE, NATIVE_CODE_BYTES, MEMORY_ALL);
  for (uint32_t i = 0; i < NATIVE_DATA_BYTES; i++) {
    uint8_t byte = native_byte(seed, i);
    memory_write(memory, NATIVE_DATA + i, &byte, 1);
  }
  for (uint32_t page = 0; page < NATIVE_CODE_BYTES / MEMORY_PAGE; page++)
    memset(memory->page[NATIVE_CODE / MEMORY_PAGE + page], NATIVE_INT3, MEMORY_PAGE);
  return memory;
}

static struct core_stop run_on_core(struct memory* memory, const struct native_case* c) {
  uint32_t room = NATIVE_CODE + NATIVE_CODE_BYTES - c->eip, bytes = room < sizeof c->code ? room : sizeof c->code;
  uint8_t filler[sizeof c->code];
  struct core* core = memory->core;
  memory_write(memory, c->poke_at, c->poke, c->poke_bytes);
  memory_write(memory, c->eip, c->code, bytes);
  memcpy(core->state.reg, c->reg, sizeof c->reg);
  core->state.eip = c->eip;
  core->state.eflags = c->eflags | CORE_FIXED | CORE_IF;
  for (int i = 0; i < CORE_SEGMENTS; i++) core->state.selector[i] = i == CORE_CS ? NATIVE_CS : NATIVE_DS;
  struct core_stop stop = core_run(core, 100);
  memset(filler, NATIVE_INT3, sizeof filler);
  memory_write(memory, c->eip, filler, bytes);
  return stop;
}

// --- the comparison --------------------------------------------------------------------------------------------------

// Instructions that move several values make one reference where processors make several: they agree that there is a
// page fault, but where the values lie in two pages not in which one it is.
static bool moves_block(const char* name) {
  static const char* const names[] = {"PUSHA",   "POPA", "ENTER", "IRET", "RET far", "CALL far",
                                      "JMP far", "LES",  "LDS",   "LSS",  "BOUND"};
  for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

// Which of two faulting references is reported: for CMPS the SDM does not say, and for ENTER the references are not
// the processor's. Then neither the address nor P and W of the error code need agree.
static bool order_open(const char* name) { return name && (strcmp(name, "CMPS") == 0 || strcmp(name, "ENTER") == 0); }

static const char* name_of(const struct native_case* c) {
  unsigned length;
  return core_instruction_name(c->code, sizeof c->code, &length);
}

// Where such an instruction faults, a processor may have stored the part before, or loaded it (AMD's POPA); this core
// has done nothing.
static bool did_a_part(const struct native_case* c) {
  return moves_block(name_of(c)) && c->vector == CORE_PF_FAULT && c->after_eip == c->eip;
}

static void read_window(const struct memory* memory, uint8_t window[]) {
  memory_read(memory, NATIVE_WINDOW, window, NATIVE_WINDOW_BYTES);
  memory_read(memory, NATIVE_EDGE, window + NATIVE_WINDOW_BYTES, NATIVE_EDGE_BYTES);
}
static void write_window(struct memory* memory, const uint8_t window[]) {
  memory_write(memory, NATIVE_WINDOW, window, NATIVE_WINDOW_BYTES);
  memory_write(memory, NATIVE_EDGE, window + NATIVE_WINDOW_BYTES, NATIVE_EDGE_BYTES);
}

static bool same(struct memory* memory, const struct core_stop* stop, const struct native_case* c, uint32_t undefined) {
  const struct core_state* state = &memory->core->state;
  const char* name = name_of(c);
  uint32_t flags = (STATUS | DIRECTION) & ~undefined, error = order_open(name) ? ~3u : did_a_part(c) ? ~1u : ~0u;
  uint32_t address = order_open(name) || did_a_part(c) ? 0 : ~0u;
  uint8_t window[NATIVE_WINDOW_BYTES + NATIVE_EDGE_BYTES];
  if (did_a_part(c)) write_window(memory, c->window);
  const uint32_t* expected = did_a_part(c) ? c->reg : c->after;
  read_window(memory, window);
  return stop->kind == CORE_STOP_EXCEPTION && stop->vector == c->vector && ((stop->error ^ c->error) & error) == 0 &&
         ((stop->cr2 ^ c->cr2) & address) == 0 && state->eip == c->after_eip &&
         ((state->eflags ^ c->after_eflags) & flags) == 0 && memcmp(state->reg, expected, sizeof c->reg) == 0 &&
         memcmp(window, c->window, sizeof window) == 0;
}

static void print_difference(const struct memory* memory, const struct core_stop* stop, const struct native_case* c,
                             uint32_t undefined) {
  const struct core_state* state = &memory->core->state;
  const char* name = name_of(c);
  uint8_t window[NATIVE_WINDOW_BYTES + NATIVE_EDGE_BYTES];
  read_window(memory, window);
  fprintf(stderr, "%s at %08x:", name ? name : "(none)", c->eip);
  for (size_t i = 0; i < sizeof c->code; i++) fprintf(stderr, " %02x", c->code[i]);
  fprintf(stderr, "\n           before    processor core\n");
  for (int i = 0; i < 8; i++)
    fprintf(stderr, "  reg %d    %08x  %08x  %08x%s\n", i, c->reg[i], c->after[i], state->reg[i],
            c->after[i] == state->reg[i] ? "" : "  <--");
  fprintf(stderr, "  eip      %08x  %08x  %08x\n", c->eip, c->after_eip, state->eip);
  fprintf(stderr, "  eflags   %08x  %08x  %08x  undefined %x\n", c->eflags, c->after_eflags, state->eflags, undefined);
  fprintf(stderr, "  vector             %8u  %8u  (stop %d)\n", c->vector, stop->vector, stop->kind);
  fprintf(stderr, "  error              %08x  %08x\n", c->error, stop->error);
  fprintf(stderr, "  cr2                %08x  %08x\n", c->cr2, stop->cr2);
  for (unsigned i = 0; i < sizeof window; i++)
    if (window[i] != c->window[i])
      fprintf(stderr, "  %08x           %02x        %02x\n",
              i < NATIVE_WINDOW_BYTES ? NATIVE_WINDOW + i : NATIVE_EDGE + i - NATIVE_WINDOW_BYTES, c->window[i],
              window[i]);
}

// --- batches ---------------------------------------------------------------------------------------------------------

enum { DIFFERENCES_SHOWN = 10 };

// Returns how many cases differ. After a difference the core goes on with the processor's memory.
static unsigned compare_batch(struct native_file* file, char* path, unsigned count, uint64_t* random, unsigned* form) {
  unsigned differences = 0;
  static uint32_t undefined[BATCH];
  file->count = count;
  file->seed = (uint32_t)*random;
  for (unsigned i = 0; i < count; i++) {
    random_insn(*form, random, &file->cases[i], &undefined[i]);
    *form = (*form + 1) % random_insn_forms();
  }
  run_natively(path);
  struct memory* memory = memory_like_native(file->seed);
  for (unsigned i = 0; i < count; i++) {
    struct core_stop stop = run_on_core(memory, &file->cases[i]);
    if (same(memory, &stop, &file->cases[i], undefined[i])) continue;
    if (differences++ < DIFFERENCES_SHOWN) print_difference(memory, &stop, &file->cases[i], undefined[i]);
    write_window(memory, file->cases[i].window);
  }
  memory_destroy(memory);
  return differences;
}

static void random_instructions_agree_with_the_processor(void** state) {
  (void)state;
  char path[] = "/tmp/pagewalk-native-XXXXXX";
  struct native_file* file = open_file(path);
  uint64_t random = 0x9e3779b97f4a7c15, left = cases_wanted();
  unsigned form = 0, differences = 0;
  while (left > 0 && differences == 0) {
    unsigned count = left < BATCH ? (unsigned)left : BATCH;
    differences = compare_batch(file, path, count, &random, &form);
    left -= count;
  }
  munmap(file, file_bytes);
  unlink(path);
  assert_int_equal(differences, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_instructions_agree_with_the_processor),
};

TEST_MAIN(tests)
