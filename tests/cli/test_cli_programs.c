// SPDX-License-Identifier: MIT
// Programs as a user runs them: `pagewalk run --program`, `show` and `os`, with good and bad input.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli/shell.h"

// A machine whose RTL is built for the other tests, too.
#define SMALL                                                                                \
  "--set stlb.sets=0 --set psc.pde=0 --set psc.pdpte=0 --set psc.pml4e=0 --set psc.pml5e=0 " \
  "--set cache.l1d.sets=0 --set cache.l2.sets=0 "
#define MODEL "--engine model "
#define PROGRAMS PAGEWALK_ROOT "/build/programs/"

static json_t* result(const char* arguments) {
  json_error_t problem;
  succeeded(sh("$P run --json r.json %s", arguments));
  json_t* root = json_load_file("r.json", 0, &problem);
  if (!root) fail_msg("r.json: %s", problem.text);
  remove("r.json");
  return root;
}

static uint64_t number(const json_t* root, const char* path) {
  char word[64];
  for (const char* dot; (dot = strchr(path, '.')); path = dot + 1) {
    snprintf(word, sizeof word, "%.*s", (int)(dot - path), path);
    root = json_object_get(root, word);
  }
  const json_t* value = json_object_get(root, path);
  if (!json_is_integer(value)) fail_msg("no number %s", path);
  return (uint64_t)json_integer_value(value);
}

static uint64_t sum_of(const json_t* object) {
  uint64_t sum = 0;
  const char* key;
  json_t* value;
  json_object_foreach((json_t*)object, key, value) sum += (uint64_t)json_integer_value(value);
  return sum;
}

// --- running ---------------------------------------------------------------------------------------------------------

static void a_program_runs_and_is_reported(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program hello"));
  assert_memory_equal(out, "hello\n", 6);
  says(out, "hello: ");
  says(out, "accesses an instruction");
  says(out, "system calls");
  says(out, "Where every cycle went");
  assert_string_equal(err, "");
}

static void arguments_stand_apart_or_in_the_command(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program \"echo a 'b c'  d\" | head -1"));
  assert_string_equal(out, "a b c d\n");
  succeeded(sh("$P run " MODEL "--program echo one 'two three' -- -n | head -1"));
  assert_string_equal(out, "one two three -n\n");
  succeeded(sh("$P run " MODEL "--program " PROGRAMS "echo a | head -1"));
  assert_string_equal(out, "a\n");
  succeeded(sh("cp " PROGRAMS "echo mine.elf; $P run " MODEL "--program mine.elf a | head -2; rm mine.elf"));
  says(out, "a\n");
}

static void the_json_counts_a_programs_references(void** state) {
  (void)state;
  json_t* root = result(MODEL "--program \"sort 200\"");
  json_t* program = json_object_get(root, "program");
  assert_string_equal(json_string_value(json_object_get(program, "command")), "sort 200");
  assert_string_equal(json_string_value(json_object_get(program, "sharing")), "paging");
  assert_true(number(root, "program.instructions") > 10000);
  assert_true(number(root, "accesses") > number(root, "program.instructions"));
  assert_int_equal(number(root, "cycles"), sum_of(json_object_get(root, "cycles_by")));
  assert_int_equal(json_array_size(json_object_get(program, "processes")), 1);
  assert_int_equal(number(json_array_get(json_object_get(program, "processes"), 0), "end.exit"), 0);
  assert_true(json_is_null(json_object_get(root, "killed")));
  json_decref(root);
}

// With --json - the object has standard output for itself.
static void what_programs_write_makes_way_for_json(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program hello --json -"));
  assert_string_equal(err, "hello\n");
  json_t* root = json_loads(out, 0, NULL);
  assert_non_null(root);
  json_decref(root);
}

static void the_engines_agree_on_programs(void** state) {
  (void)state;
  static const char* const engines[] = {"model", "rtl", "both"};
  uint64_t cycles[3];
  for (int i = 0; i < 3; i++) {
    char arguments[512];
    snprintf(arguments, sizeof arguments, SMALL "--engine %s --frames 64 --program \"sort 100\" --program hello",
             engines[i]);
    json_t* root = result(arguments);
    cycles[i] = number(root, "cycles");
    json_decref(root);
    says(out, "sorted 100 numbers");
    assert_int_equal(cycles[i], cycles[0]);
  }
}

static void several_programs_take_turns(void** state) {
  (void)state;
  json_t* root = result(MODEL "--program \"sort 300\" --program \"sieve 500\" --program hello --quantum 3000");
  says(out, "sorted 300 numbers");
  says(out, "primes below 500");
  says(out, "hello\n");
  says(out, "     3  hello                exited with 0");
  assert_int_equal(json_array_size(json_object_get(json_object_get(root, "program"), "processes")), 3);
  assert_true(number(root, "program.switches") > 10);
  json_decref(root);
  root = result(MODEL "--program \"sort 300\" --program hello --quantum 0");
  assert_int_equal(number(root, "program.interrupts"), 0);
  json_decref(root);
}

static void every_sharing_has_the_same_output(void** state) {
  (void)state;
  static const char* const ways[] = {"paging", "alone", "images", "static", "base", "bounds", "segments"};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    char arguments[256];
    snprintf(arguments, sizeof arguments, MODEL "--sharing %s --program \"sort 100\" --program hello", ways[i]);
    json_t* root = result(arguments);
    says(out, "sorted 100 numbers: ");
    says(out, "hello\n");
    assert_int_equal(number(root, "cycles"), sum_of(json_object_get(root, "cycles_by")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "program"), "sharing")), ways[i]);
    json_decref(root);
  }
}

static void tagging_changes_what_a_switch_drops(void** state) {
  (void)state;
  uint64_t walks[2];
  static const char* const ways[] = {"global", "pcid"};
  for (int i = 0; i < 2; i++) {
    char arguments[256];
    snprintf(arguments, sizeof arguments,
             MODEL "--set mode=4-level --tagging %s --program \"sort 200\" --program \"sort 200\" --quantum 3000",
             ways[i]);
    json_t* root = result(arguments);
    walks[i] = number(root, "dtlb.misses");
    json_decref(root);
  }
  assert_true(walks[1] < walks[0] / 2);
}

// --- endings ---------------------------------------------------------------------------------------------------------

static void a_crash_is_told_with_its_place(void** state) {
  (void)state;
  assert_int_equal(sh("$P run " MODEL "--program null"), 1);
  says(out, "null (process 1) was ended by signal 11 (SIGSEGV)");
  says(out, "at address 00000000, error code 4: a read by user code, no page there");
  says(out, "main+0x");
  says(out, "(null.c:");
  says(out, "eip 0000");
  says(out, "1  a read of 0: page fault, error code 4");
  says(out, "3  it looks up page 0: nothing");
  assert_int_equal(lines_of(err), 1);
  says(err, "pagewalk: null (process 1) was ended by signal 11 (SIGSEGV)");
  assert_int_equal(sh("$P run " MODEL "--program \"privileged cr0\""), 1);
  says(out, "protection (#GP), error code 0");
  if (strstr(out, "how it came to this")) fail_msg("there is no page fault to tell of:\n%s", out);
}

static void exit_codes_are_passed_on(void** state) {
  (void)state;
  assert_int_equal(sh("$P run " MODEL "--program \"child 7\""), 1);
  says(err, "pagewalk: child (process 1) exited with 7\n");
  assert_int_equal(sh("$P run " MODEL "--program hello --program \"child 7\""), 1);
  says(err, "child (process 2) exited with 7");
  assert_int_equal(sh("$P run " MODEL "--program hello --program null"), 1);
  says(err, "null (process 2) was ended by signal 11 (SIGSEGV): --narrate 1 tells why");
  assert_int_equal(sh("$P run " MODEL "--program hello --program null --narrate 1"), 1);
  says(err, "a null pointer");
  assert_int_equal(sh("$P run " MODEL "--program null --json r.json"), 1);
  json_t* root = json_load_file("r.json", 0, NULL);
  remove("r.json");
  assert_int_equal(number(root, "killed.error_code"), 4);
  assert_int_equal(number(root, "killed.pid"), 1);
  json_decref(root);
}

static void a_stack_of_megabytes_is_used(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program \"recurse 50000\""));
  says(out, "the sum of 1 to 50000 is 1250025000");
}

// Longer than 64 bits of nanoseconds times megahertz.
static void a_year_is_slept_through(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program \"sleeper 2147483647\" --set clock.mhz=100000"));
  says(out, "slept 2147483647 ms");
}

static void a_program_that_never_ends_is_stopped(void** state) {
  (void)state;
  assert_int_equal(sh("$P run " MODEL "--program spin --max-instructions 12345"), 1);
  says(err, "pagewalk: the run had not ended after 12,345 instructions (--max-instructions)");
  says(out, "PARTIAL: ended after 12,345 instructions");
}

// --- bad input -------------------------------------------------------------------------------------------------------

// Copies `hello` and puts four bytes at an offset of it.
#define PATCHED(offset, bytes)                                                  \
  "cp " PROGRAMS "hello bad; printf '" bytes "' | dd of=bad bs=1 seek=" #offset \
  " conv=notrunc 2>.dd; rm .dd; "                                               \
  "$P run " MODEL "--program ./bad; e=$?; rm bad; exit $e"

static void bad_programs_are_refused(void** state) {
  (void)state;
  failed(sh("$P run " MODEL "--program helo"), "did you mean 'hello'?");
  failed(sh("$P run " MODEL "--program zzzzzzzzzz"), "there is no program 'zzzzzzzzzz'");
  failed(sh("echo no >bad; $P run " MODEL "--program ./bad; e=$?; rm bad; exit $e"), "not an ELF file");
  failed(sh("$P run " MODEL "--program $P"), "64-bit");
  failed(sh("$P run " MODEL "--program ."), ".: a folder, not a file");
  failed(sh("$P run " MODEL "--program /dev/zero"), "/dev/zero: a device or pipe, not a file");
  failed(sh("head -c 5000 " PROGRAMS "hello >bad; $P run " MODEL "--program ./bad; e=$?; rm bad; exit $e"), "bad: ");
  failed(sh(PATCHED(24, "\\000\\060\\000\\000")), "entry");    // e_entry = 3000, in the data
  failed(sh(PATCHED(92, "\\000\\020\\000\\000")), "overlap");  // the second segment at 1000, too
  failed(sh(PATCHED(104, "\\000\\000\\000\\300")), "beyond");  // 3 GiB of it
  left_behind("");
}

static void what_does_not_fit_is_refused(void** state) {
  (void)state;
  failed(sh("$P run " MODEL "--program \"hello $(head -c 5000 /dev/zero | tr '\\0' x)\""), "arguments are too long");
  failed(sh("$P run " MODEL "--program \"hello $(yes x | head -100 | tr '\\n' ' ')\""), "arguments");
  failed(sh("$P run " MODEL "--program \"hello 'x\""), "quotation mark");
  failed(sh("$P run " MODEL "--program hello --frames 3"), "3 frames are too few");
  failed(sh("$P run " MODEL "--program hello --sharing base --process-memory 8"), "does not fit 8 KiB");
  failed(sh("$P run " MODEL "--program hello --tagging pcid"), "PCID");
  failed(sh("$P run " MODEL "--program hello --set core.overlap=true"), "core.overlap");
}

static void options_that_do_not_fit_are_usage_errors(void** state) {
  (void)state;
  misused(sh("$P run --program hello --trace x"), "one thing to run");
  misused(sh("$P run --program hello --paging eager"), "--paging");
  misused(sh("$P run --program hello --warm 5"), "--warm");
  misused(sh("$P run --generate x --quantum 5"), "--quantum");
  misused(sh("$P run --generate x --trace-instructions -"), "--trace-instructions");
  misused(sh("$P run --program hello --sharing pagin"), "did you mean 'paging'?");
  misused(sh("$P run --program hello --sharing base --tagging flush"), "--tagging");
  misused(sh("$P run --program hello --process-memory 64"), "--process-memory");
  misused(sh("$P run --program hello --sharing segments --process-memory 64"), "--process-memory");
  misused(sh("$P run --program hello --quantum soon"), "--quantum");
  misused(sh("$P run --program hello --max-instructions 0"), "--max-instructions");
  misused(sh("$P run --program hello --narrate 3"), "--narrate");
  misused(sh("$P run --program ' '"), "--program");
  misused(sh("$P run --program hello --program echo x"), "argument of which program");
  misused(sh("$P run hello"), "'hello': what is it?");
  misused(sh("$P show maps --program hello"), "when?");
  misused(sh("$P run --program hello --json - --trace-instructions /dev/stdout"), "both to -");
  misused(sh("$P run --program hello --json x --trace-instructions x"), "both to x");
  misused(sh("$P show map --program hello --at 5"), "did you mean 'maps'?");
  misused(sh("$P show top --program spin --at-instructions 6 --max-instructions 5"), "--max-instructions");
  misused(sh("$P show top --at 5"), "--program");
  misused(sh("$P os"), "--list");
}

// --- what can be looked at -------------------------------------------------------------------------------------------

static void instructions_are_traced_with_their_references(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program \"add3 1\" --trace-instructions t >r; grep -A1 '8b 7d 08' t; rm r t"));
  says(out, "x_plus_3+0x0                 MOV      8b 7d 08 ");
  says(out, "L1, 1 cycle, at ");
  says(out, "read  bffff");
  succeeded(sh("$P run " MODEL "--program \"add3 1\" --trace-instructions - | grep -c ' _start'"));
  assert_true(atoi(out) >= 6);
  // One line an instruction, one each other reference.
  json_t* root = result(MODEL "--program \"add3 1\" --trace-instructions t");
  succeeded(sh("wc -l <t; grep -c fault t; rm t"));
  int lines = 0, faults = 0;
  assert_int_equal(sscanf(out, "%d %d", &lines, &faults), 2);
  assert_int_equal(lines - 1 - faults, number(root, "accesses"));
  json_decref(root);
}

static void narration_has_three_levels(void** state) {
  (void)state;
  succeeded(sh("$P run " MODEL "--program fork --narrate 0"));
  assert_string_equal(err, "");
  succeeded(sh("$P run " MODEL "--program fork --narrate 1"));
  says(err, "process 1 is now fork");
  says(err, "process 1 has a child, process 2");
  says(err, "process 2 exited with 0");
  if (strstr(err, "page fault")) fail_msg("too much: %s", err);
  succeeded(sh("$P run " MODEL "--program fork --narrate 2"));
  says(err, "  1  a read of 0x1000: page fault, error code 4");
  says(err, "  4  a free frame, ");
  says(err, "from the program's file");
  says(err, "  6  the kernel returns, and the access is started over");
  says(err, "process 1 calls fork (2)");
  says(err, "process 1 gets 2 from call 2");
  succeeded(sh("$P run " MODEL "--generate uniform:pages=2,refs=10 --narrate 2"));
  says(err, "3  it looks up page ");
}

static void memory_and_processes_are_shown_at_a_moment(void** state) {
  (void)state;
  succeeded(sh("$P show maps " MODEL "--program \"sort 100\" --at-instructions 2000"));
  says(out, "After 2,000 instructions");
  says(out, "process 1, sort");
  says(out, "00001000  0000");
  says(out, "r-x");
  says(out, "stack");
  succeeded(sh("$P show pagetable " MODEL "--program \"sort 100\" --at-instructions 2000 --set mode=pae"));
  says(out, "00001000  ");
  says(out, "no-execute");
  says(out, "pages in memory");
  succeeded(sh("$P show top " MODEL "--program \"sort 100\" --program sieve --at 200000"));
  says(out, "sieve");
  says(out, "running");
  failed(sh("$P show top " MODEL "--program hello --at-instructions 1000000"), "ended before that, after ");
  failed(sh("$P show top " MODEL "--program spin --at 100000 --max-instructions 50"), "raise --max-instructions");
}

// A program that has not been in the kernel for long has run all the same: an instruction takes a cycle or more.
static void the_time_of_the_program_that_runs_is_shown(void** state) {
  (void)state;
  succeeded(sh("$P show top " MODEL "--program spin --quantum 0 --at-instructions 30000 | tr -d , | "
               "awk '/spin/ {print ($5 >= 30000 && $5 < 60000)}'"));
  assert_string_equal(out, "1\n");
}

static void scenarios_are_listed_and_named(void** state) {
  (void)state;
  succeeded(sh("$P os --list"));
  says(out, "five-references  A8");
  says(out, "switch-cost");
  assert_int_equal(sh("$P os layuot"), 1);
  says(err, "did you mean 'layout'?");
  failed(sh("$P os sharing " MODEL "--frames 500"), "--frames");
}

static void five_references_are_counted(void** state) {
  (void)state;
  succeeded(sh("$P os five-references " SMALL MODEL));
  says(out, "5 references: 3 fetches and 2 of data. x was 3000 and became 3003, then");
  says(out, "L1 hit            1");
  // two walks of two reads of 200 + 1 cycles, a cycle before, a cycle for the hit; three hits
  says(out, "sum                                              811                    5");
}

static void the_quiz_is_answered(void** state) {
  (void)state;
  succeeded(sh("$P os layout " MODEL));
  says(out, "main  lives in the code");
  says(out, "x     lives in the data");
  says(out, "*z    lives in the heap");
  says(out, "y     lives in the stack");
  says(out, "c0000000        here the kernel begins");
}

// What runs that were cut short have counted is not told as if they had ended.
static void ctrl_c_ends_a_scenario_and_a_look(void** state) {
  (void)state;
  assert_int_equal(sh("$P os sharing & interrupt $!"), 130);
  const char* last = strstr(err, "pagewalk: interrupted: sharing has not been shown to its end");  // after "building"
  assert_non_null(last);
  assert_int_equal(lines_of(last), 1);
  assert_int_equal(sh("$P show top " MODEL "--program spin --at 99999999999999 & interrupt $!"), 130);
  says(err, "pagewalk: interrupted after ");
}

static void deeds_are_stopped(void** state) {
  (void)state;
  succeeded(sh("$P os protection " MODEL));
  says(out, "reads the kernel's memory         #PF 5 (read, forbidden), SIGSEGV     #PF 5");
  says(out, "executes its data                 not stopped                          #PF 2");
  says(out, "loads CR3                         #GP 0, SIGSEGV");
  says(out, "13 of 14 deeds");
}

static void four_goals_are_met(void** state) {
  (void)state;
  succeeded(sh("$P os goals " MODEL));
  says(out, "printed that alone, and the same among two others");
  says(out, "without paging 0.000 %");
  says(out, "writes at c0000000 was ended by signal 11");
  says(out, "meanwhile exited with 0");
  // The second sentence of the last paragraph: equal places of code, unequal ones of data.
  unsigned code[2], data[2];
  const char* places = strstr(out, "their code lies");
  assert_non_null(places);
  for (char* c = (char*)places; *c; c++)
    if (*c == '\n') *c = ' ';
  assert_int_equal(sscanf(places, "their code lies at %x and %x of the memory, their data at %x and %x", &code[0],
                          &code[1], &data[0], &data[1]),
                   4);
  assert_int_equal(code[0], code[1]);
  assert_int_not_equal(data[0], data[1]);
}

static void an_interrupted_run_is_partial(void** state) {
  (void)state;
  assert_int_equal(sh("$P run " MODEL "--program spin --json r.json & interrupt $!"), 130);
  says(out, "PARTIAL: ended after ");
  succeeded(sh("grep -c '\"partial\": true' r.json; rm r.json"));
}

static void a_program_has_a_waveform(void** state) {
  (void)state;
  succeeded(sh("$P run " SMALL "--program \"add3 1\" --wave w.fst --window 100:300 && test -s w.fst && rm w.fst"));
  misused(sh("$P run " MODEL "--program hello --wave w.fst"), "--wave");
  left_behind("");
}

static void a_switch_has_its_price(void** state) {
  (void)state;
  succeeded(sh("$P os switch-cost " MODEL));
  double misses[3], direct[3], refill[3];
  const char* row = strstr(out, "\n      8 ");
  assert_non_null(row);
  assert_int_equal(sscanf(row, " 8 %lf %lf %lf %lf %lf %lf %lf %lf %lf", &misses[0], &direct[0], &refill[0], &misses[1],
                          &direct[1], &refill[1], &misses[2], &direct[2], &refill[2]),
                   9);
  // flush, global, pcid: two pages of code and stack, and eight of data, are gone; with PCIDs none.
  assert_true(misses[0] > misses[1] && misses[1] >= 10 && misses[2] == 0);
  assert_true(refill[0] > refill[1] && refill[1] > 0 && refill[2] == 0);
  assert_true(direct[0] >= direct[1] && direct[1] > 0);
  succeeded(sh("$P os fork " MODEL));
  says(out, "process 1 has a child, process 2");
  says(out, "2 processes");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
static const struct CMUnitTest tests[] = {
    CASE(a_program_runs_and_is_reported),
    CASE(arguments_stand_apart_or_in_the_command),
    CASE(the_json_counts_a_programs_references),
    CASE(what_programs_write_makes_way_for_json),
    CASE(the_engines_agree_on_programs),
    CASE(several_programs_take_turns),
    CASE(every_sharing_has_the_same_output),
    CASE(tagging_changes_what_a_switch_drops),
    CASE(a_crash_is_told_with_its_place),
    CASE(exit_codes_are_passed_on),
    CASE(a_stack_of_megabytes_is_used),
    CASE(a_year_is_slept_through),
    CASE(a_program_that_never_ends_is_stopped),
    CASE(bad_programs_are_refused),
    CASE(what_does_not_fit_is_refused),
    CASE(options_that_do_not_fit_are_usage_errors),
    CASE(instructions_are_traced_with_their_references),
    CASE(narration_has_three_levels),
    CASE(memory_and_processes_are_shown_at_a_moment),
    CASE(the_time_of_the_program_that_runs_is_shown),
    CASE(scenarios_are_listed_and_named),
    CASE(five_references_are_counted),
    CASE(the_quiz_is_answered),
    CASE(ctrl_c_ends_a_scenario_and_a_look),
    CASE(deeds_are_stopped),
    CASE(a_switch_has_its_price),
    CASE(four_goals_are_met),
    CASE(an_interrupted_run_is_partial),
    CASE(a_program_has_a_waveform),
};
TEST_MAIN(tests)
