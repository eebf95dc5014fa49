// SPDX-License-Identifier: MIT
// The program as a user meets it: build/pagewalk with good and bad input. Each case runs in an empty folder of its own,
// and nothing may be left there that was not asked for.
#include <dirent.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "cli/shell.h"
#include "config/config.h"

#define SMALL "--engine model --generate uniform:pages=100,refs=20000,write=30 "

static json_t* json_file(const char* name) {
  json_error_t problem;
  json_t* root = json_load_file(name, 0, &problem);
  if (!root) fail_msg("%s: %s", name, problem.text);
  return root;
}

// All of `out` is one JSON object.
static json_t* json_printed(void) {
  json_error_t problem;
  json_t* root = json_loads(out, 0, &problem);
  if (!root) fail_msg("%s in:\n%s", problem.text, out);
  return root;
}

static const char* words(json_t* root, const char* key) {
  const char* text = json_string_value(json_object_get(root, key));
  if (!text) fail_msg("no text %s", key);
  return text;
}

static uint64_t figure(json_t* root, const char* object, const char* key) {
  json_t* value = json_object_get(object ? json_object_get(root, object) : root, key);
  if (!json_is_integer(value)) fail_msg("no number %s.%s", object ? object : "", key);
  return (uint64_t)json_integer_value(value);
}

static uint64_t sum_of_cycles(json_t* root) {
  uint64_t sum = 0;
  const char* key;
  json_t* value;
  json_object_foreach(json_object_get(root, "cycles_by"), key, value) sum += (uint64_t)json_integer_value(value);
  return sum;
}

// ---- commands and help ----------------------------------------------------------------------------------------------

static void every_command_has_help_with_an_example(void** state) {
  (void)state;
  static const char* const commands[] = {"tour",   "run",    "script",  "explain", "vectors",
                                         "record", "reveal", "configs", "show",    "os"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    succeeded(sh("$P %s --help", commands[i]));
    says(out, "Usage: pagewalk ");
    says(out, "Example");
    assert_string_equal(err, "");
    succeeded(sh("$P help %s", commands[i]));
    succeeded(sh("$P --help"));
    says(out, commands[i]);
    succeeded(sh("$P --help | grep -A9 Example"));
  }
  left_behind("");
}

static void a_run_is_recorded_and_replayed(void** state) {
  (void)state;
  succeeded(sh("$P record " SMALL "--set mode=pae -o cases.txt"));
  says(out, "cases.txt: ");
  says(out, "left out: ");
  succeeded(sh("$P vectors --engine model cases.txt"));
  says(out, " passed, 0 failed");
  left_behind("cases.txt");
  assert_int_equal(sh("$P record " SMALL), 2);
  says(err, "-o FILE");
  assert_int_equal(sh("$P record -o x"), 2);
  says(err, "give one thing to record");
  failed(sh("$P record " SMALL "--set maxphyaddr=36 -o x"), "maxphyaddr");
  failed(sh("$P record " SMALL "-o nowhere/x"), "nowhere/x");
  failed(sh("echo 'access r 1000' >s.mmu; $P record --engine model s.mmu -o x"), "no access");
  left_behind("cases.txt s.mmu");
}

static void versions_are_told(void** state) {
  (void)state;
  succeeded(sh("$P --version"));
  assert_memory_equal(out, "pagewalk ", 9);
}

static void unknown_names_get_a_suggestion(void** state) {
  (void)state;
  misused(sh("$P rnu"), "did you mean 'run'?");
  misused(sh("$P zzzzzz"), "there is no command 'zzzzzz'");
  misused(sh("$P run --egnine model"), "did you mean --engine?");
  misused(sh("$P run --frmaes=4 --generate x"), "did you mean --frames?");
  assert_int_equal(sh("$P"), 2);
}

static void usage_errors_exit_with_two(void** state) {
  (void)state;
  misused(sh("$P run"), "--trace FILE or --generate SPEC");
  misused(sh("$P run --trace a --generate b"), "one thing to run");
  misused(sh("$P run --generate x --engine fast"), "rtl, model or both");
  misused(sh("$P run --generate x --frames many"), "--frames: 'many'");
  misused(sh("$P run --generate x --skip=-1"), "--skip: '-1'");
  misused(sh("$P run --generate x --count 0"), "--count");
  misused(sh("$P run --generate x --paging lazy"), "--paging");
  misused(sh("$P run --generate x --window 5:9"), "--wave");
  misused(sh("$P run --generate x --wave x --window 9:5"), "--window");
  misused(sh("$P run --generate x --wave x --window 9"), "--window");
  misused(sh("$P run --generate x --wave x --engine model"), "--wave");
  misused(sh("$P run --generate x --format elf"), "elf");
  misused(sh("$P run some.trace"), "--trace");
  misused(sh("$P run --generate x --seed"), "seed");
  misused(sh("$P configs --keys extra"), "'extra'");
  misused(sh("$P configs extra --keys"), "'extra'");
  left_behind("");
}

// ---- machines -------------------------------------------------------------------------------------------------------

static void a_guess_at_no_bug_reveals_none(void** state) {
  (void)state;
  failed(sh("$P reveal 7 --guess 0"), "there is no bug 0");
  failed(sh("$P reveal 7 --guess 999"), "there is no bug 999");
}

static void machines_are_listed_and_checked(void** state) {
  (void)state;
  succeeded(sh("$P configs"));
  says(out, "default");
  says(out, "teaching");
  succeeded(sh("printf 'mode: pae\\n' >mine.yaml; $P configs teaching ./mine.yaml"));
  says(out, "mine");
  left_behind("mine.yaml");
}

static void a_bad_machine_is_told_and_the_good_ones_still_listed(void** state) {
  (void)state;
  assert_int_equal(sh("printf 'dtlb:\\n  ways: 3\\n  replacement: plru\\n' >bad.yaml; $P configs bad.yaml default"), 1);
  says(err, "bad.yaml: dtlb.ways: 3");
  says(out, "default");
}

static void typos_in_a_machine_are_told_with_file_line_and_key(void** state) {
  (void)state;
  failed(sh("printf 'mode: pae\\ndtlb:\\n  sest: 4\\n' >m.yaml; $P run " SMALL "--config m.yaml"),
         "m.yaml:3: dtlb.sest: unknown key; did you mean dtlb.sets?");
  left_behind("m.yaml");
}

static void impossible_machines_are_refused(void** state) {
  (void)state;
  failed(sh("$P run " SMALL "--set dtlb.ways=3 --set dtlb.replacement=plru"), "dtlb.ways: 3");
  failed(sh("$P run " SMALL "--set itlb.sets=12"), "itlb.sets: 12");
  failed(sh("$P run " SMALL "--set dtlb.ways=0"), "dtlb.ways: 0");
  failed(sh("$P run " SMALL "--set dtlb.wasy=4"), "did you mean dtlb.ways?");
  failed(sh("$P run " SMALL "--set stlb.sets=12"), "stlb.sets: 12");
  failed(sh("$P run " SMALL "--set mode=none"), "needs paging");
  failed(sh("$P run " SMALL "--config nowhere"), "no such machine");
}

static void too_little_memory_is_refused(void** state) {
  (void)state;
  misused(sh("$P run " SMALL "--frames 0"), "--frames 0");
  failed(sh("$P run " SMALL "--frames 3"), "3 frames are too few");
  failed(sh("$P run " SMALL "--paging eager --frames 90"), "--frames");
  says(err, "100 pages");
}

static void the_table_of_keys_in_the_documentation_is_that_of_the_program(void** state) {
  (void)state;
  static char docs[1 << 16];
  succeeded(sh("$P configs --keys"));
  FILE* file = fopen(PAGEWALK_ROOT "/docs/config.md", "r");
  assert_non_null(file);
  docs[fread(docs, 1, sizeof docs - 1, file)] = '\0';
  fclose(file);
  says(docs, out);
}

// ---- traces ---------------------------------------------------------------------------------------------------------

static void missing_and_unreadable_traces_are_told(void** state) {
  (void)state;
  failed(sh("$P run --engine model --trace nowhere.din"), "nowhere.din");
  failed(sh("mkdir d; $P run --engine model --trace d; s=$?; rmdir d; exit $s"), "d is a directory");
}

static void empty_traces_are_told(void** state) {
  (void)state;
  failed(sh(": >empty; $P run --engine model --trace empty"), "empty");
  failed(sh("$P run --engine model --trace - </dev/null"), "standard input");
  left_behind("empty");
}

static void garbage_is_told_with_its_place(void** state) {
  (void)state;
  failed(sh("printf 'it was a dark and stormy night\\n' >g; $P run --engine model --trace g"), "g");
  failed(sh("printf '0 1000\\n1 2000\\nx y z\\n' >g; $P run --engine model --trace g --format din"), "g");
  says(err, "3");   // the record
  says(err, "14");  // its byte
  left_behind("g");
}

static void truncated_archives_are_told(void** state) {
  (void)state;
  failed(sh("for i in $(seq 20000); do echo \"0 $((i * 7919 %% 65536))\"; done >t.din; xz t.din; "
            "head -c 2000 t.din.xz >cut.xz; $P run --engine model --trace cut.xz --json r.json"),
         "cut.xz");
  left_behind("cut.xz t.din.xz");
}

static void a_binary_trace_cut_in_a_record_is_told(void** state) {
  (void)state;
  failed(sh("t=$(ls " PAGEWALK_ROOT "/tests/traces/*.pwt.xz | head -1); xz -dc $t | head -c 100001 >cut.pwt; "
            "$P run --engine model --trace cut.pwt"),
         "cut.pwt");
  says(err, "byte");
  left_behind("cut.pwt");
}

static void strict_runs_refuse_wide_addresses(void** state) {
  (void)state;
  succeeded(sh("printf '0 7fff12345678\\n1 401000\\n' >w.din; $P run --engine model --trace w.din"));
  says(out, "moved to fit");
  failed(sh("$P run --engine model --trace w.din --strict"), "7fff12345678");
  left_behind("w.din");
}

// In the 64-bit modes nothing is moved: the whole lower half can be used, and what lies elsewhere is told.
static void addresses_beyond_user_space_are_told(void** state) {
  (void)state;
  succeeded(sh("printf '0 7fffffffffff\n1 401000\n' >w.din; $P run --engine model --trace w.din --set mode=4-level"));
  assert_null(strstr(out, "moved"));
  succeeded(sh("printf '0 ffffffffffffff\n' >w.din; $P run --engine model --trace w.din --set mode=5-level"));
  failed(sh("$P run --engine model --trace w.din --set mode=4-level"), "not canonical in 4-level paging");
  failed(sh("printf '0 401000\n2 ffffffffff600000\n' >w.din; $P run --engine model --trace w.din --set mode=4-level"),
         "reference 2: address 0xffffffffff600000 lies in the kernel's part");
  says(err, "0 to 0x7fffffffffff)");
  failed(sh("printf '0 ffffffffffffffff\n' >w.din; $P run --engine model --trace w.din --set mode=5-level"),
         "reference 1: address 0xffffffffffffffff lies in the kernel's part");
  left_behind("w.din");
}

static void unknown_generators_are_told(void** state) {
  (void)state;
  assert_int_equal(sh("$P run --engine model --generate unifrom:pages=4,refs=10"), 1);
  says(err, "did you mean uniform?");
}

static void nothing_left_to_run_is_told(void** state) {
  (void)state;
  failed(sh("$P run " SMALL "--warm 20000"), "nothing left");
  failed(sh("$P run " SMALL "--skip 20000"), "leaves nothing");
}

// ---- results --------------------------------------------------------------------------------------------------------

static void machines_without_pcids_or_global_pages_run(void** state) {
  (void)state;
  static const char* const modes[] = {"32-bit", "pae", "4-level", "5-level"};
  for (size_t m = 0; m < 4; m++)
    succeeded(sh("$P run " SMALL "--frames 60 --set pcid=false --set global=false --set mode=%s", modes[m]));
}

static void runs_add_up(void** state) {
  (void)state;
  static const char* const ways[] = {
      "", "--frames 60", "--paging eager", "--frames 60 --warm 5000",
      "--frames 60 --set prefetch=next-page --set dram.banks=8 --set walkers=2 --set core.overlap=true"};
  static const char* const modes[] = {"32-bit", "pae", "4-level", "5-level"};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    for (size_t m = 0; m < 4; m++) {
      succeeded(sh("$P run " SMALL "%s --set mode=%s --json r.json", ways[i], modes[m]));
      assert_string_equal(err, "");
      json_t* root = json_file("r.json");
      assert_int_equal(sum_of_cycles(root), figure(root, NULL, "cycles"));
      assert_true(figure(root, NULL, "cycles") > figure(root, NULL, "accesses"));
      assert_int_equal(figure(root, NULL, "accesses"), i == 3 ? 15000 : 20000);
      assert_int_equal(figure(root, "stlb", "hits") + figure(root, "stlb", "misses"), figure(root, "dtlb", "misses"));
      assert_true(figure(root, "stlb", "misses") <= figure(root, NULL, "walks"));
      uint64_t faults = figure(root, "faults", "minor") + figure(root, "faults", "major");
      uint64_t lookups = figure(root, "dtlb", "hits") + figure(root, "dtlb", "misses");
      assert_int_equal(lookups, figure(root, NULL, "accesses") + faults);
      assert_true(i == 2 ? faults == 0 : i == 0 ? faults == 100 : faults > 100);
      assert_int_equal(figure(root, "kernel", "checksum_errors"), 0);
      json_decref(root);
      left_behind("r.json");
    }
  }
}

// Second level, walk caches and timing caches have their lines and keys, and their cycles are in the account.
static void everything_adds_up_in_every_mode(void** state) {
  (void)state;
  static const char* const modes[] = {"32-bit", "pae", "4-level", "5-level"};
  for (size_t m = 0; m < 4; m++) {
    for (size_t eager = 0; eager < 2; eager++) {
      succeeded(
          sh("$P run --engine model --generate mix:pages=300,code=40,refs=30000,write=30 %s --set mode=%s "
             "--set stlb.sets=16 --set psc.pde=2 --set psc.pdpte=2 --set psc.pml4e=1 --set psc.pml5e=1 "
             "--set cache.l1d.sets=8 --set cache.l2.sets=64 --json r.json",
             eager ? "--paging eager" : "--frames 200", modes[m]));
      assert_string_equal(err, "");
      says(out, "second-level hits");
      says(out, "PDE cache hits");
      says(out, "L2 hits of walks");
      says(out, "data beyond L1D");
      json_t* root = json_file("r.json");
      assert_int_equal(sum_of_cycles(root), figure(root, NULL, "cycles"));
      assert_int_equal(figure(root, "stlb", "hits") + figure(root, "stlb", "misses"),
                       figure(root, "itlb", "misses") + figure(root, "dtlb", "misses"));
      assert_true(figure(root, "cycles_by", "stlb") > 0 && figure(root, "cycles_by", "data") > 0);
      json_t *psc = json_object_get(root, "psc"), *cache = json_object_get(root, "cache");
      static const char* const levels[] = {"pde", "pdpte", "pml4e", "pml5e"};
      static const size_t used[] = {1, 1, 3, 4};
      for (size_t i = 0; i < 4; i++)
        assert_int_equal(figure(psc, levels[i], "hits") + figure(psc, levels[i], "misses") > 0, i < used[m]);
      assert_true(figure(cache, "l1d", "data_hits") > 0 && figure(cache, "l2", "walk_hits") > 0);
      assert_int_equal(figure(cache, "l3", "walk_misses"), 0);
      uint64_t faults = figure(root, "faults", "minor") + figure(root, "faults", "major");
      assert_true(eager ? faults == 0 : faults > 340);
      assert_int_equal(figure(root, "kernel", "checksum_errors"), 0);
      json_decref(root);
    }
  }
}

static void the_same_run_gives_the_same_json(void** state) {
  (void)state;
  succeeded(sh("for i in 1 2; do $P run " SMALL "--frames 60 --seed 9 --json $i; done; cmp 1 2"));
  assert_int_equal(sh("$P run " SMALL "--frames 60 --seed 10 --json 3; cmp -s 1 3"), 1);
}

static void skip_and_count_take_a_part(void** state) {
  (void)state;
  succeeded(
      sh("seq 1 100 | sed 's/^/0 /' >t.din; $P run --engine model --trace t.din --skip 10 --warm 20 --count 30 "
         "--json r.json"));
  json_t* root = json_file("r.json");
  assert_int_equal(figure(root, NULL, "accesses"), 30);
  assert_int_equal(figure(root, "trace", "references"), 30);
  assert_int_equal(figure(root, "trace", "warm"), 20);
  json_decref(root);
  succeeded(sh("$P run " SMALL "--skip 19000 --warm 100 --count 5 --json r.json"));
  root = json_file("r.json");
  assert_int_equal(figure(root, NULL, "accesses"), 5);
  json_decref(root);
}

// A made-up trace's part is what a recorded one's would be, and needs no more memory than that.
static void a_part_of_a_generated_trace_is_that_part(void** state) {
  (void)state;
  char hash[32];
  succeeded(sh("$P run --engine model --generate cyclic:pages=7,refs=30 --json -"));
  json_t* root = json_printed();
  snprintf(hash, sizeof hash, "%s", words(root, "trace_hash"));
  json_decref(root);
  static const char* const same[] = {"--generate cyclic:pages=7,refs=60000000000 --count 30",
                                     "--generate cyclic:pages=7,refs=60000000000 --skip 7 --warm 10 --count 20",
                                     "--generate cyclic:pages=7,refs=37 --skip 7"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    succeeded(sh("$P run --engine model %s --json -", same[i]));
    root = json_printed();
    assert_string_equal(words(root, "trace_hash"), hash);
    json_decref(root);
  }
}

static void both_engines_in_lockstep_agree(void** state) {
  (void)state;
  succeeded(
      sh("for e in rtl model both; do $P run --generate uniform:pages=100,refs=2000,write=30 --frames 60 "
         "--set mode=pae --engine $e --json $e.json || exit; sed -i /engine/d $e.json; done; "
         "cmp rtl.json model.json && cmp both.json model.json"));
}

static void reports_have_no_colour_in_a_file(void** state) {
  (void)state;
  succeeded(sh("TERM=xterm $P run " SMALL));
  assert_null(strchr(out, '\033'));
  succeeded(sh("TERM=xterm script -qec \"$P run " SMALL "\" /dev/null"));
  assert_non_null(strchr(out, '\033'));
  succeeded(sh("NO_COLOR=1 TERM=xterm script -qec \"$P run " SMALL "2>/dev/null\" /dev/null"));
  assert_null(strchr(out, '\033'));
}

static void json_goes_to_standard_output_alone(void** state) {
  (void)state;
  static const char* const names[] = {"-", "/dev/stdout", "/dev/fd/1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    succeeded(sh("$P run " SMALL "--json %s", names[i]));
    assert_string_equal(err, "");
    json_decref(json_printed());
    succeeded(sh("$P run " SMALL "--json %s | cat", names[i]));
    json_decref(json_printed());
    assert_int_equal(sh("$P run " SMALL "--json %s >/dev/full", names[i]), 1);
    says(err, "standard output: can't be written");
  }
  // Another pipe, as bash's >(...) names it.
  succeeded(sh("{ $P run " SMALL "--json /dev/fd/3 3>&1 >report; } | cat; grep -q PARTIAL report || rm report"));
  json_decref(json_printed());
  left_behind("");
}

static void unwritable_results_are_refused_before_the_run(void** state) {
  (void)state;
  failed(sh("$P run " SMALL "--json none/r.json"), "none/r.json: can't be written");
  failed(sh("mkdir d; $P run " SMALL "--json d; s=$?; rmdir d; exit $s"), "d: can't be written");
  failed(sh("$P run --generate uniform:pages=4,refs=100 --wave none/w.fst"), "none/w.fst: can't be written");
  left_behind("");
}

static void json_goes_through_a_named_pipe(void** state) {
  (void)state;
  succeeded(
      sh("mkfifo pipe; cat pipe >got & timeout 60 $P run --engine model --generate cyclic:pages=4,refs=100 "
         "--json pipe; e=$?; wait; grep -c '\"cycles_by\"' got; rm pipe got; exit $e"));
  says(out, "\n1\n");
}

static void a_full_disk_leaves_no_json(void** state) {
  (void)state;
  failed(sh("ulimit -f 1; $P run " SMALL "--json r.json >/dev/null"), "r.json: can't be written");
  failed(sh("$P run " SMALL "--json /dev/full >/dev/null"), "No space left");
  left_behind("");
}

static void a_full_disk_behind_the_report_is_told(void** state) {
  (void)state;
  assert_int_equal(sh("$P run " SMALL ">/dev/full"), 1);
  says(err, "standard output: can't be written");
}

static void ctrl_c_leaves_a_partial_result(void** state) {
  (void)state;
  // Each reference faults, most wait for the disk: minutes, if it is not interrupted.
  int status =
      sh("$P run --engine model --generate uniform:pages=60000,refs=6000000,write=50 --frames 2000 "
         "--json r.json & interrupt $!");
  assert_int_equal(status, 130);
  says(out, "PARTIAL");
  json_t* root = json_file("r.json");
  assert_true(json_is_true(json_object_get(root, "partial")));
  assert_true(figure(root, NULL, "accesses") < 6000000);
  assert_int_equal(sum_of_cycles(root), figure(root, NULL, "cycles"));
  json_decref(root);
  left_behind("r.json");
}

// A swapping run looks at nothing but the disk for most of its time.
static void ctrl_c_is_prompt_on_every_engine(void** state) {
  (void)state;
  static const char* const engines[] = {"rtl", "model", "both"};
  for (size_t i = 0; i < 3; i++) {
    int status =
        sh("$P run --engine %s --generate uniform:pages=1000,refs=6000000,write=50 --frames 8 --json - & interrupt $!",
           engines[i]);
    assert_int_equal(status, 130);
    json_t* root = json_printed();
    assert_true(json_is_true(json_object_get(root, "partial")));
    assert_true(figure(root, NULL, "accesses") < 6000000);
    json_decref(root);
  }
}

// Starts the program with these arguments, on a pipe that stays open. Interrupts it as soon as it has read all but
// what the pipe itself holds.
#define INTERRUPT_READING(arguments)                                               \
  "seq 0 399999 | awk '{ printf \"0 %%x\\n\", $1 * 64 }' >t; mkfifo f;"            \
  "{ cat t; : >done; exec sleep 60; } >f & w=$!; $P run --engine model " arguments \
  " & p=$!;"                                                                       \
  "until [ -e done ]; do sleep 0.05; done; kill -INT $p; wait $p; s=$?; kill $w; rm t f done; exit $s"

static void ctrl_c_while_reading_runs_what_was_read(void** state) {
  (void)state;
  static const char* const traces[] = {"- <f", "f"};
  for (size_t i = 0; i < 2; i++) {
    int status = sh(INTERRUPT_READING("--json r.json --warm 100 --trace %s"), traces[i]);
    assert_int_equal(status, 130);
    says(err, "pagewalk: note: interrupted; running the ");
    assert_int_equal(lines_of(err), 1);
    says(out, "PARTIAL: Ctrl-C ended the trace after ");
    json_t* root = json_file("r.json");
    assert_true(json_is_true(json_object_get(root, "partial")));
    uint64_t references = (uint64_t)json_integer_value(json_object_get(json_object_get(root, "trace"), "references"));
    assert_in_range(references, 300000, 399900);
    assert_int_equal(figure(root, NULL, "accesses"), references);  // all that was read was also played
    assert_int_equal(sum_of_cycles(root), figure(root, NULL, "cycles"));
    json_decref(root);
    left_behind("r.json");
  }
}

static void ctrl_c_before_anything_is_read_is_told(void** state) {
  (void)state;
  int status = sh(INTERRUPT_READING("--skip 400000 --trace f"));
  assert_int_equal(status, 130);
  says(err, "f: record ");
  says(err, "reading was interrupted");
  assert_string_equal(out, "");
}

// ---- the RTL engine -------------------------------------------------------------------------------------------------

static void a_missing_verilator_is_told(void** state) {
  (void)state;
  // A geometry that nobody has built before, and a PATH without the tool.
  failed(sh("PATH=/nowhere $P run --engine rtl --generate uniform:pages=4,refs=10 --set itlb.ways=61 "
            "--set itlb.large.ways=59"),
         "erilator");
  left_behind("");
}

static void a_waveform_is_written(void** state) {
  (void)state;
  succeeded(sh("$P run --generate uniform:pages=4,refs=1000 --wave w.fst --window 100:200"));
  left_behind("w.fst");
}

// First and last cycle of a waveform: an FST file begins with its header, a byte of type, eight of length, and these.
static void covers(const char* name, uint64_t first, uint64_t last) {
  unsigned char bytes[25];
  uint64_t times[2] = {0, 0};
  FILE* file = fopen(name, "rb");
  assert_non_null(file);
  assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
  fclose(file);
  assert_int_equal(bytes[0], 0);
  for (size_t i = 0; i < 16; i++) times[i / 8] = times[i / 8] << 8 | bytes[9 + i];
  assert_int_equal(times[0], first);
  assert_int_equal(times[1], last);
}

// On a run in which something changes in every cycle after the first few hundred: a waveform ends with the last change.
static void a_waveform_covers_its_window(void** state) {
  (void)state;
#define BUSY "$P run --generate uniform:pages=1,refs=10000 --paging eager --wave w.fst "
  succeeded(sh(BUSY "--window 1200:1300"));
  covers("w.fst", 1200, 1300);
  succeeded(sh(BUSY));
  covers("w.fst", 0, 1999);  // the first 2,000
}

#define WAVE_RUN "$P run --generate uniform:pages=40,refs=1000 --wave "

// A limit on files is a disk that is full for every file: the library's own temporary ones too.
static void a_full_disk_for_all_files_leaves_no_waveform(void** state) {
  (void)state;
  succeeded(sh(WAVE_RUN "w.fst; echo blocks $(($(wc -c <w.fst) / 512)); rm w.fst"));
  int blocks = atoi(strstr(out, "blocks ") + 7);
  assert_true(blocks > 4);
  const int limits[] = {1, blocks / 2, blocks};
  for (size_t i = 0; i < 3; i++) {
    failed(sh("ulimit -f %d; " WAVE_RUN "w.fst >/dev/null", limits[i]), "pagewalk: w.fst: ");
    assert_null(strstr(err, "partial"));
    left_behind("");
  }
}

// A disk of its own for the waveform, where the system lets us mount one.
static void a_full_disk_for_the_waveform_leaves_none(void** state) {
  (void)state;
  succeeded(sh(WAVE_RUN "w.fst --window 0:40000; echo SIZE $(($(wc -c <w.fst) / 4096)); rm w.fst; mkdir disk"));
  int pages = atoi(strstr(out, "SIZE ") + 5);
  assert_true(pages >= 2);
  if (sh("unshare -m mount -t tmpfs -o size=4k none disk") != 0) skip();
  for (int size = 1; size <= pages; size += 3) {
    failed(sh("unshare -m sh -c 'mount -t tmpfs -o size=%dk none disk; " WAVE_RUN
              "disk/w.fst --window 0:40000 >/dev/null; "
              "s=$?; ls -A disk >&2; exit $s'",
              4 * size),
           "pagewalk: disk/w.fst: ");  // not the name of its partial form
    assert_null(strstr(err, "partial"));
  }
}

// ---- the scripts around it ------------------------------------------------------------------------------------------

static void a_pattern_without_a_case_is_told_with_the_cases_there_are(void** state) {
  (void)state;
  char self[256];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  assert_true(length > 0);
  self[length] = '\0';
  assert_int_equal(sh(PAGEWALK_ROOT "/scripts/test.sh --only cli --case 'zz*' %s", self), 1);
  says(err, "no case matches 'zz*'; test_cli has:\n");
  says(err, "  versions_are_told\n");
  succeeded(sh(PAGEWALK_ROOT "/scripts/test.sh --only cli --case 'versions*' %s", self));
  says(out, "1 passed, 0 failed");
}

// `make test TEST=name CASE='pattern'` as README.md prints it is the name of a program and matches some of its cases.
static void the_example_of_a_case_in_the_readme_works(void** state) {
  (void)state;
  succeeded(
      sh("cd " PAGEWALK_ROOT "; grep -o \"TEST=[a-z_]* CASE='[^']*'\" README.md | tr -d \"'\" |"
         "while IFS=' =' read -r a name b pattern; do echo example;"
         "grep -E \"\\(($(echo \"$pattern\" | sed 's/[*]/[a-z0-9_]*/g'))\\)\" tests/*/test_$name.c || exit; done"));
  says(out, "example\n");
}

static void the_tour_shows_what_it_promises(void** state) {
  (void)state;
  succeeded(sh("cd " PAGEWALK_ROOT " && $P tour"));
  static const char* const parts[] = {"1  ", "6  ", "32-bit", "PAE", "Where every cycle went", "GTKWave", "try next"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) says(out, parts[i]);
  assert_int_equal(access(PAGEWALK_ROOT "/waves/tour.fst", F_OK), 0);
  for (char* line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
    if (strlen(line) > 100) fail_msg("wider than a terminal: %s", line);
  left_behind("");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

static const struct CMUnitTest tests[] = {
    CASE(every_command_has_help_with_an_example),
    CASE(a_run_is_recorded_and_replayed),
    CASE(versions_are_told),
    CASE(unknown_names_get_a_suggestion),
    CASE(usage_errors_exit_with_two),
    CASE(a_guess_at_no_bug_reveals_none),
    CASE(machines_are_listed_and_checked),
    CASE(a_bad_machine_is_told_and_the_good_ones_still_listed),
    CASE(typos_in_a_machine_are_told_with_file_line_and_key),
    CASE(impossible_machines_are_refused),
    CASE(too_little_memory_is_refused),
    CASE(the_table_of_keys_in_the_documentation_is_that_of_the_program),
    CASE(missing_and_unreadable_traces_are_told),
    CASE(empty_traces_are_told),
    CASE(garbage_is_told_with_its_place),
    CASE(truncated_archives_are_told),
    CASE(a_binary_trace_cut_in_a_record_is_told),
    CASE(strict_runs_refuse_wide_addresses),
    CASE(addresses_beyond_user_space_are_told),
    CASE(unknown_generators_are_told),
    CASE(nothing_left_to_run_is_told),
    CASE(machines_without_pcids_or_global_pages_run),
    CASE(runs_add_up),
    CASE(everything_adds_up_in_every_mode),
    CASE(the_same_run_gives_the_same_json),
    CASE(skip_and_count_take_a_part),
    CASE(a_part_of_a_generated_trace_is_that_part),
    CASE(both_engines_in_lockstep_agree),
    CASE(reports_have_no_colour_in_a_file),
    CASE(json_goes_to_standard_output_alone),
    CASE(unwritable_results_are_refused_before_the_run),
    CASE(json_goes_through_a_named_pipe),
    CASE(a_full_disk_leaves_no_json),
    CASE(a_full_disk_behind_the_report_is_told),
    CASE(ctrl_c_leaves_a_partial_result),
    CASE(ctrl_c_is_prompt_on_every_engine),
    CASE(ctrl_c_while_reading_runs_what_was_read),
    CASE(ctrl_c_before_anything_is_read_is_told),
    CASE(a_missing_verilator_is_told),
    CASE(a_waveform_is_written),
    CASE(a_waveform_covers_its_window),
    CASE(a_full_disk_for_all_files_leaves_no_waveform),
    CASE(a_full_disk_for_the_waveform_leaves_none),
    CASE(a_pattern_without_a_case_is_told_with_the_cases_there_are),
    CASE(the_example_of_a_case_in_the_readme_works),
    CASE(the_tour_shows_what_it_promises),
};
TEST_MAIN(tests)
