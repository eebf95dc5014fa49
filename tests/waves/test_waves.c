// SPDX-License-Identifier: MIT
// The saved GTKWave view against fresh waveforms: each signal that it names is there, its word lists mean what the
// RTL's enums mean, and `scripts/waves.sh check` says what is wrong when one of them no longer does. In a copy of
// waves/.
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static char folder[64];
static char said[1 << 13];

// Runs a shell command, in the copy; $P is the program. Fills `said` with all that it says.
static int shell(const char* command) {
  char whole[2048];
  snprintf(whole, sizeof whole, "exec 2>&1; %s", command);
  FILE* pipe = popen(whole, "r");
  assert_non_null(pipe);
  said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
  int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void succeeds(const char* command) {
  if (shell(command) != 0) fail_msg("%s\n%s", command, said);
}

static void fails(const char* command, const char* message) {
  assert_int_not_equal(shell(command), 0);
  if (!strstr(said, message)) fail_msg("%s\n%s\ninstead of: %s", command, said, message);
}

static int make_waveforms(void** state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/pagewalk-waves-XXXXXX");
  if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
  setenv("P", PAGEWALK_ROOT "/build/pagewalk", 1);
  succeeds("mkdir scripts && cp " PAGEWALK_ROOT "/scripts/waves.sh scripts");
  succeeds("$P run --generate mix:code=2,pages=8,refs=60 --wave default.fst");
  // Widths that hang on the geometry, and an array that is not there.
  succeeds(
      "$P run --generate mix:code=2,pages=8,refs=60 --wave other.fst --set mode=pae"
      " --set itlb.sets=4 --set dtlb.sets=2 --set dtlb.large.sets=0");
  return 0;
}

static int remove_waveforms(void** state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static int copy_view(void** state) {
  (void)state;
  return system("rm -rf waves && mkdir waves && cp " PAGEWALK_ROOT "/waves/mmu.* " PAGEWALK_ROOT "/waves/*.txt waves");
}

// ---- what is shipped ------------------------------------------------------------------------------------------------

static void the_view_is_what_the_rtl_gives(void** state) {
  (void)state;
  succeeds("scripts/waves.sh check default.fst");
  succeeds("scripts/waves.sh check other.fst");
}

// Without the generator's help: the names in the save file, bare of their bits' numbers, and those in the waveform.
static void every_signal_of_the_view_is_in_the_waveform(void** state) {
  (void)state;
  static const char* const waveforms[] = {"default", "other"};
  succeeds(
      "grep -E '^[+#]' waves/mmu.gtkw | sed 's/^.{[^}]*} //; s/([0-9]*)//g' | tr ' ' '\\n' | sort -u >wanted;"
      "test $(wc -l <wanted) -gt 60");
  for (size_t i = 0; i < 2; i++) {
    char command[512];
    snprintf(command, sizeof command,
             "fst2vcd %s.fst | awk '$1 == \"$scope\" { s = p[d] $3 \".\"; p[++d] = s } $1 == \"$upscope\" { d-- }"
             " $1 == \"$var\" { print p[d] $5 ($6 == \"$end\" ? \"\" : $6) }' | sort -u >there;"
             " comm -23 wanted there >missing; cat missing; test ! -s missing -a -s there",
             waveforms[i]);
    succeeds(command);
  }
}

static void every_word_list_is_there(void** state) {
  (void)state;
  succeeds("sed -n 's/^^[0-9]* //p' waves/mmu.gtkw | sort -u >lists; test $(wc -l <lists) -gt 10; ls $(cat lists)");
}

static void words_say_what_the_bits_say(void** state) {
  (void)state;
  succeeds("grep -x '107 P W U' waves/entry.txt");   // while reading: an entry 007
  succeeds("grep -x '100 absent' waves/entry.txt");  // 000
  succeeds("grep -x '102 absent' waves/entry.txt");  // 002: nothing but P has a meaning
  succeeds("grep -x '17F P W U A D PS G' waves/entry.txt");
  succeeds("grep -x '03F -' waves/entry.txt");  // not reading
  succeeds("grep -x '44 absent user' waves/error.txt");
  succeeds("grep -x '57 protection write user fetch' waves/error.txt");
  succeeds("grep -x '5 .DarkGreen.L1 hit' waves/path.txt");
  succeeds("grep -x '3 .Purple.set A, D' waves/walker.txt");
  succeeds("grep -x '1 32-bit' waves/mode.txt");
}

// A walker's command lasts for the first cycle of its latency, also where the others are skipped; the run begins at 0.
static void one_unit_of_time_is_one_cycle(void** state) {
  (void)state;
  succeeds(
      "fst2vcd default.fst | awk '$1 == \"$var\" && $5 == \"mem_valid_o\" { id = $4 }"
      " /^#/ { at = substr($1, 2); if (first == \"\") first = at }"
      " $1 == \"1\" id { up = at; n++ }"
      " $1 == \"0\" id && n { if (at != up + 1) { print \"up in \" up \", down in \" at; bad = 1 } }"
      " END { print n, \"commands; begins in\", first; exit bad || n < 2 || first != 0 }'");
}

// ---- what the check finds -------------------------------------------------------------------------------------------

#define CHECK "scripts/waves.sh check default.fst"

static void a_signal_that_is_gone_is_named(void** state) {
  (void)state;
  fails("sed -i 's/walker.read_pa/walker.entry_pa/' waves/mmu.rows; " CHECK,
        "no signal mmu_top.mmu.miss.g_unit[0].unit.walker.entry_pa");
}

static void an_enum_that_has_changed_is_named(void** state) {
  (void)state;
  fails("sed -i 's/StCas=[^ ]*//' waves/mmu.rows; " CHECK, "walker.state_e::StCas has no word");
  copy_view(NULL);
  fails("sed -i 's/StCas=/StSwap=x StCas=/' waves/mmu.rows; " CHECK, "walker.state_e has 4 values, not 5");
  copy_view(NULL);
  fails("sed -i 's/gated:walker.state_e=StRead/gated:walker.state_e=StLoad/' waves/mmu.rows; " CHECK, "::StLoad");
}

static void words_for_another_width_are_refused(void** state) {
  (void)state;
  fails("sed -i 's/| level | [^ ]*walker.busy_o /| level | /' waves/mmu.rows; " CHECK, "'level' has 3 bits");
}

static void a_view_that_was_not_made_anew_is_noticed(void** state) {
  (void)state;
  fails("sed -i 's/^row step .*//' waves/mmu.rows; " CHECK, "waves/mmu.gtkw is not what");
  copy_view(NULL);
  fails("sed -i 's/PTE/pte/' waves/level.txt; " CHECK, "run: scripts/waves.sh generate");
  copy_view(NULL);
  fails("rm waves/level.txt; " CHECK, "waves/level.txt is not what");
  copy_view(NULL);
  fails("touch waves/odd.txt; " CHECK, "waves/odd.txt comes from nowhere");
}

static void what_is_no_waveform_is_refused(void** state) {
  (void)state;
  fails("scripts/waves.sh check none.fst", "none.fst: can't be read");
  fails("echo text >text.fst; scripts/waves.sh check text.fst", "text.fst: not a waveform");
  fails("DISPLAY=:0 scripts/waves.sh text.fst", "text.fst: not a waveform");
  fails("DISPLAY= WAYLAND_DISPLAY= scripts/waves.sh default.fst", "DISPLAY is not set");
}

#define CASE(name) cmocka_unit_test_setup(name, copy_view)

static const struct CMUnitTest tests[] = {CASE(the_view_is_what_the_rtl_gives),
                                          CASE(every_signal_of_the_view_is_in_the_waveform),
                                          CASE(every_word_list_is_there),
                                          CASE(words_say_what_the_bits_say),
                                          CASE(one_unit_of_time_is_one_cycle),
                                          CASE(a_signal_that_is_gone_is_named),
                                          CASE(an_enum_that_has_changed_is_named),
                                          CASE(words_for_another_width_are_refused),
                                          CASE(a_view_that_was_not_made_anew_is_noticed),
                                          CASE(what_is_no_waveform_is_refused)};

TEST_MAIN_BETWEEN(tests, make_waveforms, remove_waveforms)
