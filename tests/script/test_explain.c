// SPDX-License-Identifier: MIT
// What `explain` tells of a translation, and what its quiz asks and accepts.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "script/explain.h"
#include "script/script.h"
#include "small.h"

static void explain_demo(enum paging_mode mode, const struct ref* ref, struct explanation* e) {
  const char* pages;
  const char* text = explain_demonstration(mode, &pages);
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  small_machine(&config);
  config.dram.latency = 10;
  assert_true(script_parse(&script, "demo", text, strlen(text), &config, &err));
  assert_true(bench_open(&bench, ENGINE_MODEL, &config, &err));
  assert_true(script_run(&script, &bench, NULL, &totals, &err));
  assert_true(explain_access(&bench, ref, e, &err));
  bench_close(&bench);
  script_free(&script);
}

static char* told(const struct explanation* e) {
  static const struct colours plain = {"", "", "", "", "", "", "", ""};
  char* text;
  size_t length;
  FILE* out = open_memstream(&text, &length);
  explain_print(e, &plain, out);
  fclose(out);
  return text;
}

static void expect_told(enum paging_mode mode, struct ref ref, const char* const* lines) {
  struct explanation e;
  explain_demo(mode, &ref, &e);
  char* text = told(&e);
  for (; *lines; lines++)
    if (!strstr(text, *lines)) fail_msg("no '%s' in:\n%s", *lines, text);
  free(text);
}

static void a_32bit_walk_is_told(void** state) {
  (void)state;
  expect_told(MODE_32BIT, (struct ref){.va = 0x401234, .size = 1, .kind = ACCESS_WRITE, .flags = REF_USER},
              (const char* const[]){
                  "| 0000000001 | 0000000001 | 001000110100 |", "    2  PDE   at 1000 + 1 x 4 = 1004: 00002007",
                  "   13  PTE   at 2000 + 1 x 4 = 2004: 00005007",
                  "PTE   at 2004: compare-and-swap sets A and D: 00005007 -> 00005067",
                  "frame 5000 + offset 234 = physical address 5234", "  52 cycles, 2 entries read", NULL});
}

static void a_large_pae_page_is_told(void** state) {
  (void)state;
  expect_told(
      MODE_PAE, (struct ref){.va = 0x812345, .size = 1, .kind = ACCESS_READ, .flags = REF_USER},
      (const char* const[]){"|   00    | 000000100 | 000010010001101000101 |", "PDPTE register 0: 0000000000002001",
                            "    2  PDE   at 2000 + 4 x 8 = 2020: 0000000000800087",
                            "frame 800000 + offset 12345 = physical address 812345", "1 entry read", NULL});
}

static void a_fault_is_told_bit_by_bit(void** state) {
  (void)state;
  expect_told(MODE_PAE, (struct ref){.va = 0x402000, .size = 1, .kind = ACCESS_FETCH, .flags = REF_USER},
              (const char* const[]){"page fault: CR2 = 402000, error code 15", "bit 0 P    = 1", "bit 1 W/R  = 0",
                                    "bit 2 U/S  = 1", "bit 3 RSVD = 0", "bit 4 I/D  = 1", "24 cycles", NULL});
  expect_told(MODE_32BIT, (struct ref){.va = 0x50000000, .size = 1, .kind = ACCESS_READ},
              (const char* const[]){"P=0: not present", "error code 0", "13 cycles, 1 entry read", NULL});
}

static void long_mode_is_told(void** state) {
  (void)state;
  expect_told(MODE_4LEVEL, (struct ref){.va = 0x401234, .size = 1, .kind = ACCESS_READ, .flags = REF_USER},
              (const char* const[]){"4-level paging", "| 0000000000000000 | 000000000 | 000000000 | 000000010 |",
                                    "    2  PML4E at 1000 + 0 x 8 = 1000: 0000000000002007",
                                    "   35  PTE   at 4000 + 1 x 8 = 4008: 0000000000007007", "physical address 7234",
                                    "4 entries read", NULL});
  expect_told(MODE_5LEVEL, (struct ref){.va = 0xc0000123, .size = 1, .kind = ACCESS_READ},
              (const char* const[]){"5-level paging", "    2  PML5E at 9000 + 0 x 8 = 9000",
                                    "PDPTE at 2000 + 3 x 8 = 2018", "physical address 123", "4 entries read", NULL});
  expect_told(MODE_4LEVEL, (struct ref){.va = UINT64_C(1) << 47, .size = 1, .kind = ACCESS_READ},
              (const char* const[]){"the address is not canonical", "1 cycle, 0 entries read", NULL});
}

// A machine with everything: where each step was found.
static void every_unit_is_told(void** state) {
  (void)state;
  static const char text[] =
      "set stlb.sets=8 stlb.ways=3 stlb.latency=7 psc.pde=2 psc.pdpte=2 psc.pml4e=2 cache.l1d.sets=64\n"
      "mem8 1000 2027\nmem8 2000 3027\nmem8 3010 4027\nmem8 4008 5067\nmem8 4010 6067\nmem8 2008 c00000e7\n"
      "reg cr4 20\nreg efer 100\nreg cr3 1000\nreg cr0 80000011\naccess r 401000\n";
  static const struct {
    struct ref ref;
    const char* lines[7];
  } told_of[] = {
      {{.va = 0x402123, .size = 1, .kind = ACCESS_READ},
       {"DTLB: miss", "second-level TLB: miss", "PDE cache: hit in way 0", "from L1D",
        "into the second-level TLB, set 2", "the data come from memory", NULL}},
      {{.va = 0x401234, .size = 1, .kind = ACCESS_FETCH},
       {"ITLB: miss", "second-level TLB: hit in set 1, way 0", "into the ITLB", "physical address 5234", "8 cycles",
        NULL}},
      {{.va = 0x234, .size = 1, .kind = ACCESS_READ, .segment = 1},
       {"read of 00401234", "DTLB: hit", "frame 5000 + offset 234", NULL}},
      {{.va = 0x52345678, .size = 1, .kind = ACCESS_READ},
       {"010010001101000101011001111000", "PDPTE at 2000", "frame c0000000 + offset 12345678", NULL}},
      {{.va = 0x52345678, .size = 1, .kind = ACCESS_READ}, {"DTLB (large pages): hit", "offset 12345678", NULL}},
      {{.va = 0x1234, .size = 1, .kind = ACCESS_READ, .segment = 1}, {"the segment does not allow it", NULL}},
  };
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  config_default(&config);
  if (!script_parse(&script, "t", text, strlen(text), &config, &err)) fail_msg("%s", err.text);
  assert_true(bench_open(&bench, ENGINE_MODEL, &script.config, &err));
  assert_true(script_run(&script, &bench, NULL, &totals, &err));
  struct bench_action load = {
      .is_control = true,
      .control = {.op = CONTROL_SEGMENT, .index = 1, .segment = {.base = 0x401000, .limit = 0xfff, .present = true}}};
  assert_true(bench_window(&bench, NULL, 0, &load, 1, &err));
  for (size_t i = 0; i < sizeof told_of / sizeof *told_of; i++) {
    struct explanation e;
    assert_true(explain_access(&bench, &told_of[i].ref, &e, &err));
    char* text_of = told(&e);
    for (const char* const* line = told_of[i].lines; *line; line++)
      if (!strstr(text_of, *line)) fail_msg("no '%s' in:\n%s", *line, text_of);
    free(text_of);
  }
  bench_close(&bench);
  script_free(&script);
}

// A large page in a mixed TLB, whose entry the fault drops: the address is split as that page's all the same.
static void a_fault_on_a_large_page_is_split_as_one(void** state) {
  (void)state;
  static const char text[] =
      "set dtlb.large.sets=0\nmem4 1004 8000e3\nreg cr4 10\nreg cr3 1000\nreg cr0 80000011\naccess r 5abcde\n";
  struct ref ref = {.va = 0x5abcde, .size = 1, .kind = ACCESS_READ, .flags = REF_USER};
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct explanation e;
  struct error err;
  config_default(&config);
  if (!script_parse(&script, "t", text, strlen(text), &config, &err)) fail_msg("%s", err.text);
  assert_true(bench_open(&bench, ENGINE_MODEL, &script.config, &err));
  assert_true(script_run(&script, &bench, NULL, &totals, &err));
  assert_true(explain_access(&bench, &ref, &e, &err));
  assert_int_equal(e.answer.fault, FAULT_PF);
  assert_int_equal(explain_offset_bits(&e), 22);
  char* text_of = told(&e);
  if (!strstr(text_of, "DTLB: hit") || !strstr(text_of, "offset 1abcde")) fail_msg("%s", text_of);
  free(text_of);
  bench_close(&bench);
  script_free(&script);
}

static void quiz(const char* answers, bool finishes, unsigned right, unsigned asked) {
  struct explanation e;
  struct ref ref = {.va = 0x401234, .size = 1, .kind = ACCESS_READ, .flags = REF_USER};
  struct error err;
  char *text, input[256];
  size_t length;
  unsigned got_right, got_asked;
  explain_demo(MODE_32BIT, &ref, &e);
  strcpy(input, answers);
  FILE *in = fmemopen(input, strlen(input), "r"), *out = open_memstream(&text, &length);
  bool ok = explain_quiz(&e, in, out, &got_right, &got_asked, &err);
  fclose(in);
  fclose(out);
  if (strstr(text, "5234") && right == asked) fail_msg("the quiz tells the answer:\n%s", text);
  free(text);
  assert_int_equal(ok, finishes);
  assert_int_equal(got_right, right);
  assert_int_equal(got_asked, asked);
}

static void the_quiz_checks_answers(void** state) {
  (void)state;
  quiz("1\n1004\n1\n2004\n2\n0\n5234\n", true, 7, 7);
  quiz("1\n0x1004\n1\n2004\n2\n0\n5234", true, 7, 7);
  quiz("1\n1004\n2\n2008\n2\n1\n5000\n", true, 3, 7);
  quiz("what\n\n1 1\n2004\n2\n0\n5234\n", true, 4, 7);
  quiz("1\n1004\n", false, 2, 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_32bit_walk_is_told),
    cmocka_unit_test(a_large_pae_page_is_told),
    cmocka_unit_test(a_fault_is_told_bit_by_bit),
    cmocka_unit_test(long_mode_is_told),
    cmocka_unit_test(a_fault_on_a_large_page_is_split_as_one),
    cmocka_unit_test(every_unit_is_told),
    cmocka_unit_test(the_quiz_checks_answers),
};

TEST_MAIN(tests)
