// SPDX-License-Identifier: MIT
// The case files of segments and of x86 paging on both engines; a wrong line is reported, a broken file refused.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "engines.h"
#include "script/cases.h"

#define CASES PAGEWALK_ROOT "/tests/cases/"
static const char* const files[] = {CASES "relocation.txt", CASES "segmentation.txt", CASES "x86/m32.txt",
                                    CASES "x86/pae.txt",    CASES "x86/la48.txt",     CASES "x86/la57.txt",
                                    CASES "x86/pku48.txt",  CASES "x86/pku57.txt"};

struct replay {
  bool ok;
  struct case_totals totals;
  char* printed;
  struct error err;
};

static struct replay replay_file(const char* path, enum engine_kind engine) {
  struct replay replay = {0};
  size_t length;
  FILE* out = open_memstream(&replay.printed, &length);
  replay.ok = cases_replay(path, engine, out, &replay.totals, &replay.err);
  fclose(out);
  return replay;
}

static struct replay replay_text(const char* text) {
  char path[] = "/tmp/pagewalk-cases-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE* file = fdopen(fd, "w");
  fputs(text, file);
  fclose(file);
  struct replay replay = replay_file(path, ENGINE_MODEL);
  unlink(path);
  return replay;
}

static size_t cases_in(const char* path) {
  char line[2048];
  size_t count = 0;
  FILE* file = fopen(path, "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) count += line[0] != '#';
  fclose(file);
  return count;
}

static void every_case_passes(enum engine_kind engine) {
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    struct replay replay = replay_file(files[i], engine);
    if (!replay.ok || replay.totals.failed) fail_msg("%s%s", replay.printed, replay.ok ? "" : replay.err.text);
    free(replay.printed);
    assert_int_equal(replay.totals.passed, cases_in(files[i]));
  }
}

static void the_model_passes_every_case(void** state) {
  (void)state;
  every_case_passes(ENGINE_MODEL);
}

static void the_rtl_passes_every_case(void** state) {
  (void)state;
  every_case_passes(ENGINE_RTL);
}

static void the_engines_agree_on_every_case(void** state) {
  (void)state;
  every_case_passes(ENGINE_BOTH);
}

// ---------------------------------------------------------------------------------------------------------------------

#define HEAD "# kind: x86\n"
#define STATE "id=t mode=32 cr0=80000011 cr3=1000 cr4=10 efer=0 cpl=0 ac=0 "
#define GOOD_ENTRIES "nent=2 pte0=1004:2007:2027 pte1=2004:5007:5067 "
#define GOOD STATE "op=w va=401000 " GOOD_ENTRIES "result=ok pa=5000 pgsz=12\n"
#define FAULT STATE "op=r va=401000 nent=2 pte0=1004:2007:2027 pte1=2004:0:0 result=pf err=0 cr2=401000 "

static void expect_counts(const char* text, unsigned passed, unsigned failed, const char* printed) {
  struct replay replay = replay_text(text);
  if (!replay.ok) fail_msg("%s", replay.err.text);
  if (printed && !strstr(replay.printed, printed)) fail_msg("no '%s' in:\n%s", printed, replay.printed);
  free(replay.printed);
  assert_int_equal(replay.totals.passed, passed);
  assert_int_equal(replay.totals.failed, failed);
}

static void each_wrong_answer_is_reported(void** state) {
  (void)state;
  expect_counts(HEAD GOOD GOOD "# a comment\n\n" GOOD, 3, 0, NULL);
  expect_counts(HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=ok pa=6000 pgsz=12\n" GOOD, 1, 1,
                ":2: t: expected ok pa=6000, got ok pa=5000");
  expect_counts(HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=ok pa=5000 pgsz=22\n", 0, 1, "a page of 2^22 bytes");
  expect_counts(HEAD STATE "op=r va=401000 " GOOD_ENTRIES "result=ok pa=5000 pgsz=12\n", 0, 1,
                "pte1 at 2004: expected 5067, got 5027");
  expect_counts(HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=pf err=0 cr2=401000\n", 0, 1,
                "expected pf err=0 cr2=401000, got ok pa=5000");
  expect_counts(HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=gpcr3\n", 0, 1, "cr3 was accepted, expected #GP");
  expect_counts(HEAD "id=t mode=32 cr0=80000010 cr3=1000 cr4=10 efer=0 cpl=0 ac=0 op=w va=401000 " GOOD_ENTRIES
                     "result=ok pa=5000 pgsz=12\n",
                0, 1, "setting up: the write of 80000010 to cr0 was refused");
}

// A of the upper entries of a faulting walk: exact, unless aopt allows both.
static void optional_a_bits_are_allowed_where_stated_only(void** state) {
  (void)state;
  expect_counts(HEAD FAULT "aopt=1\n", 1, 0, NULL);
  expect_counts(HEAD FAULT "\n", 0, 1, "pte0 at 1004: expected 2027, got 2007");
  expect_counts(HEAD FAULT "aopt=2\n", 0, 1, "pte0 at 1004: expected 2027, got 2007");
}

#define RELOCATION "# kind: relocation\n"
#define SEGMENTATION "# kind: segmentation\n"
#define SEGMENTS "space=64 base0=1000 limit0=8 base1=500 limit1=8 "

static void segments_are_replayed_to_the_byte(void** state) {
  (void)state;
  expect_counts(RELOCATION
                "base=1000 bound=8 va=0 pa=1000\nbase=1000 bound=8 va=7 pa=1007\n"
                "base=1000 bound=8 va=8 fault\nbase=1000 bound=1 va=0 pa=1000\n",
                4, 0, NULL);
  // A bound of 0 is an empty segment, not one that holds everything.
  expect_counts(RELOCATION "base=1000 bound=0 va=0 fault\nbase=1000 bound=0 va=4294967295 fault\n", 2, 0, NULL);
  expect_counts(RELOCATION "base=1000 bound=8 va=7 fault\n", 0, 1, ":2: expected a fault, got pa=1007");
  expect_counts(RELOCATION "base=1000 bound=8 va=8 pa=1008\n", 0, 1, ":2: expected pa=1008, got a fault");
  expect_counts(RELOCATION "base=1000 bound=8 va=7 pa=1008\n", 0, 1, "expected pa=1008, got pa=1007");
  expect_counts(SEGMENTATION SEGMENTS "va=7 seg=0 pa=1007\n" SEGMENTS "va=8 seg=0 fault\n"  //
                SEGMENTS "va=63 seg=1 pa=499\n" SEGMENTS "va=56 seg=1 pa=492\n" SEGMENTS "va=55 seg=1 fault\n",
                5, 0, NULL);
  expect_counts(SEGMENTATION
                "space=64 base0=1000 limit0=0 base1=500 limit1=0 va=0 seg=0 fault\n"
                "space=64 base0=1000 limit0=0 base1=500 limit1=0 va=63 seg=1 fault\n",
                2, 0, NULL);
}

#define FREESPACE "# kind: freespace\n"
#define HEAP "fit=first heap=10 base=100 header=1 coalesce=1 "

static void free_space_is_replayed_by_the_kernels_list(void** state) {
  (void)state;
  expect_counts(FREESPACE HEAP "ops=a0:3=101/1;a1:3=105/1;f0=0;a2:4=fail/2;a3:1=101/1 freelist=102+2,108+2\n", 1, 0,
                NULL);
  expect_counts(FREESPACE HEAP "ops=a0:3=100/1 freelist=104+6\n", 0, 1,
                "a0: expected 100 after 1 chunks, got 101 after 1");
  expect_counts(FREESPACE HEAP "ops=a0:3=fail/1 freelist=104+6\n", 0, 1,
                "a0: expected fail after 1 chunks, got 101 after 1");
  expect_counts(FREESPACE HEAP "ops=a0:30=101/1 freelist=100+10\n", 0, 1,
                "expected 101 after 1 chunks, got fail after 1");
  expect_counts(FREESPACE HEAP "ops=a0:3=101/2 freelist=104+6\n", 0, 1, "expected 101 after 2 chunks, got 101 after 1");
  expect_counts(FREESPACE HEAP "ops=a0:3=101/1 freelist=104+5\n", 0, 1, "free list: expected 104+5, got 104+6");
}

static void a_broken_file_is_refused_whole(void** state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"", ":1: not a case file"},
      {GOOD, ":1: not a case file"},
      {"# kind: x68\n" GOOD, ":1: unknown kind 'x68'; did you mean 'x86'?"},
      {HEAD, "there is no case in this file"},
      {HEAD "# nothing\n\n", "there is no case in this file"},
      {HEAD GOOD "id=u mode=32 cr0=80000011 cr3=10", ":3: the field cr4= is missing"},
      {HEAD STATE "op=w va=401000 nent=2 pte0=1004:2007:2027 result=ok pa=5000 pgsz=12\n", ":2: nent=2, but"},
      {HEAD STATE "op=w va=401000 nent=1 pte0=1004:2007 result=ok pa=5000 pgsz=12\n",
       "pte0=: not address:before:after"},
      {HEAD STATE "op=q va=401000 " GOOD_ENTRIES "result=ok pa=5000 pgsz=12\n", "op=q: unknown word"},
      {HEAD STATE "op=w va=40z000 " GOOD_ENTRIES "result=ok pa=5000 pgsz=12\n", "va=40z000: not a hexadecimal number"},
      {HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=ok pgsz=12\n", "the field pa= is missing"},
      {HEAD STATE "op=w va=401000 va=1 " GOOD_ENTRIES "result=gp\n", "the field va= is given twice"},
      {HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=gp colour=red\n", "unknown field colour="},
      {HEAD STATE "op=w va=401000 " GOOD_ENTRIES "result=gp junk\n", "'junk' is not of the form key=value"},
      {RELOCATION, "there is no case in this file"},
      {RELOCATION "base=1 va=3 fault\n", ":2: the field bound= is missing"},
      {RELOCATION "base=1 bound=2 va=3\n", ":2: write either pa=N or fault"},
      {RELOCATION "base=1 bound=2 va=3 pa=4 fault\n", "write either pa=N or fault"},
      {RELOCATION "base=1 bound=2 va=3 va=3 fault\n", "the field va= is given twice"},
      {RELOCATION "base=-1 bound=2 va=3 fault\n", "base=-1: not a decimal number below 2^32"},
      {RELOCATION "base=1 bound=4294967296 va=3 fault\n", "bound=4294967296: not a decimal number below 2^32"},
      {RELOCATION "base=1 limit=2 va=3 fault\n", "unknown field limit="},
      {RELOCATION "base=1 bound=2 va=3 faults\n", "'faults' is not of the form key=value"},
      {SEGMENTATION "space=64 base0=0 limit0=8 base1=64 limit1=8 va=64 seg=1 fault\n",
       "va=64 is outside the address space of 64 bytes"},
      {SEGMENTATION "space=64 base0=0 limit0=8 base1=64 limit1=8 va=32 seg=0 fault\n",
       "seg=0, but the top bit of va names the other"},
      {"# kind: policy\n", "replay files of kind x86, relocation, segmentation or freespace"},
      {FREESPACE, "there is no case in this file"},
      {FREESPACE "heap=10 base=0 header=0 coalesce=0 ops= freelist=\n", ":2: the field fit= is missing"},
      {FREESPACE "fit=next heap=10 base=0 header=0 coalesce=0 ops= freelist=\n", "fit=next: there are first, best"},
      {FREESPACE "fit=best heap=x base=0 header=0 coalesce=0 ops= freelist=\n", "heap=x: not a decimal number"},
      {FREESPACE "fit=best heap=10 base=0 header=0 coalesce=2 ops= freelist=\n", "coalesce=2: 0 or 1"},
      {FREESPACE HEAP "ops=a0:3=0/1;b1 freelist=\n", "ops=: 'b1' is neither"},
      {FREESPACE HEAP "ops=a300:3=0/1 freelist=\n", "ops=: 'a300:3=0/1' is neither"},
      {FREESPACE HEAP "ops=a0:0=0/1 freelist=\n", "a0 asks for 0 bytes"},
      {FREESPACE HEAP "ops=f0=0 freelist=\n", "f0 frees what is not allocated"},
      {FREESPACE HEAP "ops=a0:1=0/1;a0:1=1/1 freelist=\n", "a0 is allocated twice"},
      {FREESPACE HEAP "ops=a0:1=0/1\n", "the field freelist= is missing"},
      {FREESPACE HEAP "freelist=\n", "the field ops= is missing"},
      {FREESPACE HEAP "fit=best\n", "the field fit= is given twice"},
      {FREESPACE HEAP "colour=red\n", "unknown field colour="},
      {FREESPACE HEAP "red\n", "'red' is not of the form key=value"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct replay replay = replay_text(bad[i].text);
    if (replay.ok) fail_msg("accepted: %s", bad[i].text);
    if (!strstr(replay.err.text, bad[i].message)) fail_msg("said '%s', not '%s'", replay.err.text, bad[i].message);
    assert_int_equal(replay.totals.passed + replay.totals.failed, 0);
    free(replay.printed);
  }
  struct replay replay = replay_file(PAGEWALK_ROOT "/tests", ENGINE_MODEL);
  assert_false(replay.ok);
  assert_non_null(strstr(replay.err.text, "is a directory"));
  free(replay.printed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_model_passes_every_case),
    cmocka_unit_test(the_rtl_passes_every_case),
    cmocka_unit_test(the_engines_agree_on_every_case),
    cmocka_unit_test(each_wrong_answer_is_reported),
    cmocka_unit_test(optional_a_bits_are_allowed_where_stated_only),
    cmocka_unit_test(segments_are_replayed_to_the_byte),
    cmocka_unit_test(free_space_is_replayed_by_the_kernels_list),
    cmocka_unit_test(a_broken_file_is_refused_whole),
};

TEST_MAIN(tests)
