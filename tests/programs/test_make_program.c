// SPDX-License-Identifier: MIT
// make program SRC=mine.c: a file of one's own becomes a program; what can't is told by its lines.
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "core/program.h"
#include "programs/command.h"

// Not where other tests look for programs meanwhile.
#define FOLDER PAGEWALK_ROOT "/build/programs/tests"
#define NAME "made_by_a_test"

enum { TEXT_MAX = 1 << 14 };

struct place {
  char folder[64], source[128];
};

static void make_source(struct place* place, const char* name, const char* text) {
  strcpy(place->folder, "/tmp/pagewalk-program-XXXXXX");
  assert_non_null(mkdtemp(place->folder));
  snprintf(place->source, sizeof place->source, "%s/%s", place->folder, name);
  FILE* file = fopen(place->source, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void remove_source(const struct place* place) {
  unlink(place->source);
  rmdir(place->folder);
}

static void make_program(const char* source, struct outcome* outcome) {
  char variable[256];
  snprintf(variable, sizeof variable, "SRC=%s", source);
  const char* const words[] = {"/usr/bin/env", "make", "program", variable, "OUT=" FOLDER, NULL};
  command_run(&(struct command){.path = words[0], .words = words, .folder = PAGEWALK_ROOT}, outcome);
}

static void assert_made(const char* text, struct outcome* outcome) {
  struct place place;
  make_source(&place, NAME ".c", text);
  make_program(place.source, outcome);
  remove_source(&place);
  if (outcome->status != 0) fail_msg("%s", outcome->errors);
}

static void remove_program(void) {
  assert_int_equal(unlink(FOLDER "/" NAME), 0);
  assert_int_equal(unlink(FOLDER "/native/" NAME), 0);
}

// Each must be in what `make program` says; `name` is the source's.
static void assert_refused(const char* name, const char* text, const char* first, const char* second) {
  static struct outcome outcome;
  struct place place;
  make_source(&place, name, text);
  make_program(place.source, &outcome);
  remove_source(&place);
  assert_int_not_equal(outcome.status, 0);
  if (!strstr(outcome.errors, first) || !strstr(outcome.errors, second))
    fail_msg("no \"%s\" and \"%s\" in: %s", first, second, outcome.errors);
}

// The first block of C in the documentation.
static void read_example(char text[TEXT_MAX]) {
  FILE* file = fopen(PAGEWALK_ROOT "/docs/programs.md", "r");
  char line[512];
  bool inside = false;
  assert_non_null(file);
  text[0] = '\0';
  while (fgets(line, sizeof line, file)) {
    if (inside && strcmp(line, "```\n") == 0) break;
    assert_true(strlen(text) + strlen(line) < TEXT_MAX);
    if (inside) strcat(text, line);
    if (strcmp(line, "```c\n") == 0) inside = true;
  }
  fclose(file);
  assert_non_null(strstr(text, "main"));
}

static void the_documented_example_works(void** state) {
  (void)state;
  static char text[TEXT_MAX];
  static struct outcome outcome;
  static const char* const native[] = {FOLDER "/native/" NAME, "12", NULL};
  static const char* const argv[] = {NAME, "12"};
  struct elf elf;
  struct error err;
  read_example(text);
  assert_made(text, &outcome);
  assert_non_null(strstr(outcome.output, "pagewalk run --program " FOLDER "/" NAME));
  command_run(&(struct command){.path = native[0], .words = native}, &outcome);
  assert_non_null(strstr(outcome.output, "12 squares, the last is 121 at 0x"));
  if (!elf_read(&elf, FOLDER "/" NAME, 0, &err)) fail_msg("%s", err.text);
  struct program_run* run = program_run_with(&elf, 2, argv, PROGRAM_MAPPED, PROGRAM_LIMIT);
  assert_int_equal(run->status, 0);
  assert_non_null(strstr(run->output, "12 squares, the last is 121 at 0x"));
  program_free(run);
  elf_free(&elf);
  remove_program();
}

static void warnings_are_shown_and_do_no_harm(void** state) {
  (void)state;
  static struct outcome outcome;
  assert_made("int main(void) { int unused; return 0; }", &outcome);
  assert_non_null(strstr(outcome.errors, "unused"));
  remove_program();
}

static void what_is_not_there_is_told_by_line(void** state) {
  (void)state;
  assert_refused("float.c", "int main(int c, char** v) {\n  (void)v;\n  return (int)(c * 1.5);\n}",
                 "float.c:3: floating", "use integers");
  assert_refused("file.c",
                 "void* fopen(const char*, const char*);\nint main(void) {\n  return !fopen(\"a\", \"r\");\n}",
                 "file.c:3: there is no fopen", "docs/programs.md");
  assert_refused("empty.c", "", "has no main", "int main(");
  assert_refused("header.c", "#include <math.h>\n", "header.c:1:", "docs/programs.md");
  assert_refused("syntax.c", "int main(void) {", "syntax.c:1:", "does not compile");
}

static void sources_must_be_right(void** state) {
  (void)state;
  static struct outcome outcome;
  assert_refused("sort.c", "int main(void) { return 0; }", "there is a program 'sort' already", "rename");
  assert_refused("a.b.c", "int main(void) { return 0; }", "a program's name has", "rename");
  assert_refused("mine.cpp", "", "mine.cpp is no C file", "SRC=mine.c");
  make_program("", &outcome);
  assert_non_null(strstr(outcome.errors, "make program SRC=mine.c"));
  make_program("/nonexistent.c", &outcome);
  assert_non_null(strstr(outcome.errors, "/nonexistent.c does not exist"));
}

static int leave_outer_make(void** state) {
  (void)state;
  unsetenv("MAKEFLAGS");
  unsetenv("MAKELEVEL");
  unsetenv("MFLAGS");
  return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_documented_example_works),
    cmocka_unit_test(warnings_are_shown_and_do_no_harm),
    cmocka_unit_test(what_is_not_there_is_told_by_line),
    cmocka_unit_test(sources_must_be_right),
};

TEST_MAIN_BETWEEN(tests, leave_outer_make, NULL)
