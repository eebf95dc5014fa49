// SPDX-License-Identifier: MIT
// The shipped programs: how they are linked, that they do natively what they should, that the core does the same, and
// that their C library does what glibc does.
#include <dirent.h>
#include <signal.h>
#include <string.h>

#include "check.h"
#include "core/program.h"
#include "programs/command.h"
#include "programs/shipped.h"

#define FOLDER PAGEWALK_ROOT "/build/programs"

enum { DEFAULT_STEPS_MAX = 3000000, DEFAULT_PAGES_MAX = 32 };
enum { TEXT_START = 0x1000, PAGE = 4096, STACK_PAGES_FROM = 0x80000 };

// --- the table -------------------------------------------------------------------------------------------------------

static bool in_table(const char* name) {
  for (size_t i = 0; i < shipped_count; i++) {
    size_t length = strcspn(shipped_programs[i].command, " ");
    if (strlen(name) == length && memcmp(shipped_programs[i].command, name, length) == 0) return true;
  }
  return false;
}

// Calls visit for the name of each program, and returns how many there are.
static unsigned each_program(void (*visit)(const char* name)) {
  unsigned count = 0;
  DIR* folder = opendir(PAGEWALK_ROOT "/firmware/user");
  assert_non_null(folder);
  for (struct dirent* entry; (entry = readdir(folder));) {
    char name[64];
    size_t length = strlen(entry->d_name);
    if (length < 3 || length >= sizeof name || strcmp(entry->d_name + length - 2, ".c") != 0) continue;
    memcpy(name, entry->d_name, length - 2);
    name[length - 2] = '\0';
    visit(name);
    count++;
  }
  closedir(folder);
  assert_true(count > 30);
  return count;
}

static void assert_in_table(const char* name) {
  if (!in_table(name)) fail_msg("tests/programs/shipped.c has no line for firmware/user/%s.c", name);
}

static void all_programs_are_tested(void** state) {
  (void)state;
  each_program(assert_in_table);
}

// --- linking ---------------------------------------------------------------------------------------------------------

static struct elf open_program(const char* folder, const char* name) {
  char path[512];
  struct elf elf;
  struct error err;
  snprintf(path, sizeof path, FOLDER "/%s%s", folder, name);
  if (!elf_read(&elf, path, 0, &err)) fail_msg("%s", err.text);
  return elf;
}

static void assert_layout(const char* name) {
  struct elf elf = open_program("", name);
  const struct elf_segment *text = &elf.segments[0], *data = &elf.segments[1];
  assert_int_equal(elf.segment_count, 2);
  assert_int_equal(text->address, TEXT_START);
  assert_true(text->read && !text->write && text->execute);
  assert_true(data->read && data->write && !data->execute);
  assert_int_equal(data->address % PAGE, 0);
  uint32_t text_end = text->address + text->memory_bytes;
  assert_true(data->address / PAGE >= (text_end - 1) / PAGE + 2);  // a page that belongs to nobody lies between
  elf_free(&elf);
}

static void code_and_data_are_segments_with_rights_of_their_own(void** state) {
  (void)state;
  each_program(assert_layout);
}

static void source_lines_are_known(void** state) {
  (void)state;
  struct elf elf = open_program("", "sort");
  uint32_t address;
  const char* file;
  unsigned line;
  assert_true(elf_symbol(&elf, "main", &address));
  assert_true(elf_line(&elf, address, &file, &line));
  assert_string_equal(file, "sort.c");
  assert_true(elf_symbol(&elf, "printf", &address));
  assert_true(elf_line(&elf, address, &file, &line));
  assert_string_equal(file, "print.c");
  elf_free(&elf);
}

// A program whose parts are moved: each word named by a record belongs to the part that it points into.
struct move {
  const struct elf *from, *to;
  uint8_t* bytes;  // a copy of from's file
  unsigned words;
};

static uint32_t moved_address(const struct move* move, uint32_t address) {
  for (unsigned i = 0; i < move->from->segment_count; i++) {
    const struct elf_segment* s = &move->from->segments[i];
    if (address - s->address <= s->memory_bytes) return address - s->address + move->to->segments[i].address;
  }
  fail_msg("the address %08x lies in no segment", address);
  return 0;
}

static void move_word(void* ctx, uint32_t address) {
  struct move* move = ctx;
  for (unsigned i = 0; i < move->from->segment_count; i++) {
    const struct elf_segment* s = &move->from->segments[i];
    uint32_t within = address - s->address, word;
    if (within >= s->file_bytes) continue;
    memcpy(&word, move->bytes + s->offset + within, sizeof word);
    word = moved_address(move, word);
    memcpy(move->bytes + s->offset + within, &word, sizeof word);
    move->words++;
  }
}

static unsigned words_moved;  // of all programs

static void assert_moves_to(const char* name, const char* folder) {
  struct elf from = open_program("", name), to = open_program(folder, name);
  struct move move = {&from, &to, malloc(from.bytes), 0};
  struct error err;
  memcpy(move.bytes, from.image, from.bytes);
  if (!elf_relocations(&from, move_word, &move, &err)) fail_msg("%s: %s", name, err.text);
  words_moved += move.words;
  assert_int_equal(to.segment_count, from.segment_count);
  assert_int_equal(moved_address(&move, from.entry), to.entry);
  for (unsigned i = 0; i < from.segment_count; i++) {
    const struct elf_segment *a = &from.segments[i], *b = &to.segments[i];
    assert_int_equal(a->file_bytes, b->file_bytes);
    assert_int_equal(a->memory_bytes, b->memory_bytes);
    if (memcmp(move.bytes + a->offset, to.image + b->offset, a->file_bytes) != 0)
      fail_msg("%s, moved by its records, is not what the linker made in %s", name, folder);
  }
  free(move.bytes);
  elf_free(&from);
  elf_free(&to);
}

static void assert_can_be_moved(const char* name) {
  assert_moves_to(name, "native/");
  assert_moves_to(name, "apart/");
}

static void records_tell_all_that_moving_changes(void** state) {
  (void)state;
  words_moved = 0;
  each_program(assert_can_be_moved);
  assert_true(words_moved > 1000);
}

// The three instructions of note 003, and nothing else.
static void x_plus_3_is_the_code_of_the_note(void** state) {
  (void)state;
  static const uint8_t code[] = {0x8b, 0x7d, 0x08, 0x83, 0xc7, 0x03, 0x89, 0x7d, 0x08};
  struct elf elf = open_program("", "add3");
  uint32_t start, end;
  assert_true(elf_symbol(&elf, "x_plus_3", &start) && elf_symbol(&elf, "x_plus_3_end", &end));
  assert_int_equal(end - start, sizeof code);
  assert_memory_equal(elf.image + elf.segments[0].offset + (start - elf.segments[0].address), code, sizeof code);
  elf_free(&elf);
}

// --- natively --------------------------------------------------------------------------------------------------------

static void programs_do_on_linux_what_they_should(void** state) {
  (void)state;
  static struct outcome outcome;
  for (size_t i = 0; i < shipped_count; i++) {
    const struct shipped* program = &shipped_programs[i];
    shipped_run_natively(program, false, &outcome);
    if (outcome.signal != program->signal || (!outcome.signal && outcome.status != program->status))
      fail_msg("%s: exit status %d, signal %d; %s", program->command, outcome.status, outcome.signal, outcome.errors);
    if (program->output && !strstr(outcome.output, program->output))
      fail_msg("%s printed: %s", program->command, outcome.output);
    bool complains = outcome.errors[0] != '\0', failed = outcome.status > 0 && strncmp(program->command, "child", 5);
    if (complains != failed) fail_msg("%s says: %s", program->command, outcome.errors);
  }
}

// --- on the core -----------------------------------------------------------------------------------------------------

static int signal_of(const struct core_stop* stop) {
  switch (stop->vector) {
    case CORE_DE:
      return SIGFPE;
    case CORE_UD:
      return SIGILL;
    default:
      return SIGSEGV;
  }
}

// Code, data and heap.
static unsigned pages_of(const struct program_run* run) {
  unsigned count = 0;
  for (unsigned i = 0; i < run->memory->mapped_count; i++) count += run->memory->mapped[i] < STACK_PAGES_FROM;
  return count;
}

// The size that a program has without arguments is small enough to be tried on a small and slow machine.
static void assert_small(const struct shipped* program, const struct program_run* run) {
  if (strchr(program->command, ' ')) return;
  assert_true(run->memory->core->steps <= DEFAULT_STEPS_MAX);
  assert_true(pages_of(run) <= DEFAULT_PAGES_MAX);
}

static struct program_run* run_on_core(const struct shipped* program, enum program_mode mode) {
  char line[256];
  const char* words[COMMAND_WORDS_MAX];
  int count = command_words(program->command, line, sizeof line, words);
  struct elf elf = open_program("", words[0]);
  uint64_t limit = program->signal == SIGALRM ? DEFAULT_STEPS_MAX : PROGRAM_LIMIT;
  struct program_run* run = program_run_with(&elf, count, words, mode, limit);
  elf_free(&elf);
  return run;
}

static void assert_like_native(const struct shipped* program, const struct program_run* run) {
  static struct outcome outcome;
  shipped_run_natively(program, false, &outcome);
  if (program->signal == SIGALRM) {
    assert_int_equal(run->stop.kind, CORE_STOP_LIMIT);
  } else if (outcome.signal) {
    assert_int_equal(run->stop.kind, CORE_STOP_EXCEPTION);
    assert_int_equal(signal_of(&run->stop), outcome.signal);
  } else {
    assert_int_equal(run->status, outcome.status);
  }
  if (program->traits & SHIPPED_ADDRESSES) return;
  if (run->length != strlen(outcome.output) || memcmp(run->output, outcome.output, run->length) != 0)
    fail_msg("%s: on the core \"%.*s\", natively \"%s\"", program->command, (int)run->length, run->output,
             outcome.output);
}

static void the_core_does_what_the_processor_does(void** state) {
  (void)state;
  for (size_t i = 0; i < shipped_count; i++) {
    const struct shipped* program = &shipped_programs[i];
    if (program->traits & SHIPPED_KERNEL) continue;
    struct program_run* run = run_on_core(program, PROGRAM_MAPPED);
    assert_like_native(program, run);
    assert_small(program, run);
    program_free(run);
  }
}

// Few frames, FIFO: programs that use the heap and the stack, and so what tests/core has not.
static void six_frames_are_enough(void** state) {
  (void)state;
  static const char* const commands[] = {"store 300 300", "hash 500", "matrix 32 column", "recurse 1000"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    struct shipped program = {.command = commands[i]};
    struct program_run *plain = run_on_core(&program, PROGRAM_MAPPED), *run = run_on_core(&program, PROGRAM_FRAMES);
    if (run->interruptions < 20) fail_msg("%s: only %d faults", commands[i], (int)run->interruptions);
    program_assert_equal(plain, run);
    program_free(plain);
    program_free(run);
  }
}

// --- the library -----------------------------------------------------------------------------------------------------

static void the_library_does_what_glibc_does(void** state) {
  (void)state;
  static const char* const ours[] = {FOLDER "/native/libc", "alone", NULL};
  static const char* const theirs[] = {FOLDER "/glibc/libc", "alone", NULL};
  static struct outcome we, they;
  command_run(&(struct command){.path = ours[0], .words = ours}, &we);
  command_run(&(struct command){.path = theirs[0], .words = theirs}, &they);
  assert_int_equal(they.status, 17);
  assert_int_equal(we.status, 17);
  assert_string_equal(we.output, they.output);
}

static void the_library_works_on_the_core(void** state) {
  (void)state;
  static const char* const native[] = {FOLDER "/native/libc", NULL};
  static const char* const argv[] = {FOLDER "/native/libc"};
  static struct outcome outcome;
  command_run(&(struct command){.path = native[0], .words = native}, &outcome);
  struct elf elf = open_program("native/", "libc");
  struct program_run* run = program_run_with(&elf, 1, argv, PROGRAM_MAPPED, PROGRAM_LIMIT);
  run->output[run->length] = '\0';
  assert_string_equal(run->output, outcome.output);
  program_free(run);
  elf_free(&elf);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_programs_are_tested),
    cmocka_unit_test(code_and_data_are_segments_with_rights_of_their_own),
    cmocka_unit_test(source_lines_are_known),
    cmocka_unit_test(records_tell_all_that_moving_changes),
    cmocka_unit_test(x_plus_3_is_the_code_of_the_note),
    cmocka_unit_test(programs_do_on_linux_what_they_should),
    cmocka_unit_test(the_core_does_what_the_processor_does),
    cmocka_unit_test(six_frames_are_enough),
    cmocka_unit_test(the_library_does_what_glibc_does),
    cmocka_unit_test(the_library_works_on_the_core),
};

TEST_MAIN(tests)
