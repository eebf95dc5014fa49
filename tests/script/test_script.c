// SPDX-License-Identifier: MIT
// The script language: what is read, what is refused and how, what a run prints and counts. And every example of
// docs/scripts.md.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "script/script.h"

static bool parse(struct script* script, const char* text, struct error* err) {
  struct config config;
  config_default(&config);
  return script_parse(script, "t.mmu", text, strlen(text), &config, err);
}

struct run {
  bool ok;
  struct script_totals totals;
  char* printed;
  struct error err;
};

static struct run run_on(const char* text, enum engine_kind engine) {
  struct run run = {0};
  struct script script;
  struct bench bench;
  size_t length;
  if (!parse(&script, text, &run.err)) fail_msg("%s", run.err.text);
  if (!script_open_bench(&script, &bench, engine, &run.err)) fail_msg("%s", run.err.text);
  FILE* out = open_memstream(&run.printed, &length);
  run.ok = script_run(&script, &bench, out, &run.totals, &run.err);
  fclose(out);
  bench_close(&bench);
  script_free(&script);
  return run;
}

static void expect_run(const char* text, unsigned passed, unsigned failed, const char* printed) {
  struct run run = run_on(text, ENGINE_MODEL);
  if (!run.ok) fail_msg("%s", run.err.text);
  if (printed && !strstr(run.printed, printed)) fail_msg("no '%s' in:\n%s", printed, run.printed);
  free(run.printed);
  assert_int_equal(run.totals.passed, passed);
  assert_int_equal(run.totals.failed, failed);
}

// ---------------------------------------------------------------------------------------------------------------------

static void every_form_is_read(void** state) {
  (void)state;
  struct script script;
  struct error err;
  assert_true(parse(&script,
                    "# a comment\n\n"
                    "set dtlb.sets=1\r\n"
                    "reg cr3 0x1000\n"
                    "reg efer 800 user => gp\n"
                    "mem8 123456789abc 8000000000000001# close\n"
                    "check4 2000 ffffffff\n"
                    "access w ffffffff user ac implicit size=4096=>pf err=1f cr2=ff path=l1 reads=10 cycles=10\n"
                    "both x 400000 user;r 800000 => ok pa=10 ; merged cycles=807\n"
                    "at 12 invlpg 401000 => ok cycles=100\n"
                    "at 7 mem4 2000 0\n"
                    "at 8 access x 401000 user => ok\n"
                    "access r 0\n"
                    "wait 100\n"
                    "show counters",
                    &err));
  assert_int_equal(script.config.dtlb.sets, 1);
  assert_int_equal(script.count, 12);
  const struct script_op* op = script.ops;
  assert_int_equal(op[0].control.op, CONTROL_CR3);
  assert_int_equal(op[0].control.value, 0x1000);
  assert_true(op[1].control.user);
  assert_int_equal(op[2].value, UINT64_C(0x8000000000000001));
  assert_int_equal(op[2].size, 8);
  assert_int_equal(op[3].kind, SCRIPT_CHECK);
  assert_int_equal(op[4].ref[0].size, 4096);
  assert_int_equal(op[4].ref[0].flags, REF_USER | REF_AC | REF_IMPLICIT);
  assert_int_equal(op[4].expect[0].err, 0x1f);
  assert_int_equal(op[4].expect[0].reads, 10);
  assert_int_equal(op[4].line, 8);
  assert_int_equal(op[5].refs, 2);
  assert_int_equal(op[5].ref[0].kind, ACCESS_FETCH);
  assert_int_equal(op[5].expect[0].pa, 0x10);
  assert_int_equal(op[5].expect[1].fields, FIELD_MERGED | FIELD_CYCLES);
  assert_true(op[6].timed);
  assert_int_equal(op[6].at, 12);
  assert_true(op[8].timed);
  assert_int_equal(op[8].ref[0].kind, ACCESS_FETCH);
  assert_int_equal(op[8].expect[0].fields, FIELD_OUTCOME);
  assert_int_equal(op[10].wait, 100);
  assert_int_equal(op[11].show, SHOW_COUNTERS);
  script_free(&script);
}

static void segments_and_pcids_are_read(void** state) {
  (void)state;
  struct script script;
  struct error err;
  assert_true(parse(&script,
                    "set dtlb.sets=1 dtlb.ways=2\n"
                    "seg 1 base=8000 limit=3fff flags=rw => ok cycles=5\n"
                    "seg 2 limit=0 base=ffff800000000000 flags=r expand-down dpl0 user => gp\n"
                    "seg 3 base=1 limit=2 flags=rw,expand-down,dpl0\n"
                    "seg 4 flags=w privilege=0 base=1 limit=2\n"
                    "seg 5 base=1 limit=2 flags=r,dpl3\n"
                    "seg 7 absent\n"
                    "access r fedcba9876543210 seg=7 size=2\n"
                    "at 3 invpcid 2 fff 123456789abcdef0 user => gp\n"
                    "at 30 seg 1 base=0 limit=0 flags=r\n"
                    "both x 1 seg=1 ; w 2 seg=2 user\n"
                    "show counters => stlb.hits=12 psc.pml5e.misses=3 writebacks=0",
                    &err));
  assert_int_equal(script.config.dtlb.ways, 2);
  const struct script_op* op = script.ops;
  assert_int_equal(op[0].control.op, CONTROL_SEGMENT);
  assert_int_equal(op[0].control.index, 1);
  struct segment segment = op[0].control.segment;
  assert_true(segment.present && segment.writable && !segment.expand_down);
  assert_int_equal(segment.base, 0x8000);
  assert_int_equal(segment.limit, 0x3fff);
  assert_int_equal(segment.privilege, 3);
  segment = op[1].control.segment;
  assert_true(segment.present && !segment.writable && segment.expand_down && op[1].control.user);
  assert_int_equal(segment.base, UINT64_C(0xffff800000000000));
  assert_int_equal(segment.privilege, 0);
  segment = op[2].control.segment;
  assert_true(segment.writable && segment.expand_down && segment.privilege == 0);
  segment = op[3].control.segment;
  assert_true(segment.writable && !segment.expand_down && segment.privilege == 0);
  segment = op[4].control.segment;
  assert_true(!segment.writable && segment.privilege == 3);
  assert_false(op[5].control.segment.present);
  assert_int_equal(op[6].ref[0].segment, 7);
  assert_int_equal(op[6].ref[0].va, UINT64_C(0xfedcba9876543210));
  assert_int_equal(op[7].control.op, CONTROL_INVPCID);
  assert_int_equal(op[7].control.type, 2);
  assert_int_equal(op[7].control.pcid, 0xfff);
  assert_int_equal(op[7].control.value, UINT64_C(0x123456789abcdef0));
  assert_true(op[7].timed && op[7].control.user && op[8].timed);
  assert_int_equal(op[9].ref[1].segment, 2);
  assert_int_equal(op[10].n_counts, 3);
  assert_int_equal(op[10].counts[0].counter, offsetof(struct counters, stlb.hits) / sizeof(uint64_t));
  assert_int_equal(op[10].counts[1].counter, offsetof(struct counters, psc[3].misses) / sizeof(uint64_t));
  assert_int_equal(op[10].counts[1].value, 3);
  script_free(&script);
}

static char* written(const struct script* script) {
  char* text;
  size_t length;
  FILE* out = open_memstream(&text, &length);
  script_write(script, out);
  fclose(out);
  return text;
}

static void what_is_written_reads_back_the_same(void** state) {
  (void)state;
  struct script first, second;
  struct error err;
  assert_true(parse(&first,
                    "set dram.latency=7\nset dtlb.replacement=plru\nreg cr0 80000011 user => gp\nmem4 10 20\n"
                    "check8 18 20\nat 3 reg cr3 1000\nat 4 mem8 8 1\n"
                    "both w 5 ac size=8 ; x 10 user => pf err=2 cr2=5 ; ok pa=10 path=off reads=0 cycles=1 merged\n"
                    "invlpg 1000\nwait 7\nshow itlb\naccess r 1 implicit => gp\n"
                    "seg 3 base=8000 limit=3fff flags=rw expand-down dpl0 user => gp cycles=5\nseg 2 absent\n"
                    "seg 4 base=ffff800000000000 limit=0 flags=r\ninvpcid 3 fff 1000 => ok\n"
                    "access x ffff800000001000 seg=4 size=2\nshow counters => stlb.hits=3 walks=7",
                    &err));
  char* text = written(&first);
  if (!parse(&second, text, &err)) fail_msg("%s in:\n%s", err.text, text);
  char* again = written(&second);
  assert_string_equal(text, again);
  assert_int_equal(first.count, second.count);
  assert_int_equal(second.config.dram.latency, 7);
  assert_int_equal(second.config.dtlb.replacement, REPLACE_PLRU);
  for (size_t i = 0; i < first.count; i++) {
    const struct control *was = &first.ops[i].control, *is = &second.ops[i].control;
    assert_int_equal(was->op, is->op);
    assert_int_equal(was->user, is->user);
    assert_int_equal(was->type, is->type);
    assert_int_equal(was->pcid, is->pcid);
    assert_memory_equal(&was->segment, &is->segment, sizeof was->segment);
    assert_memory_equal(first.ops[i].ref, second.ops[i].ref, sizeof first.ops[i].ref);
  }
  free(text);
  free(again);
  script_free(&first);
  script_free(&second);
}

static void bad_text_is_told_with_file_line_and_advice(void** state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"", "t.mmu: there is no operation"},
      {"# only this\nset dtlb.sets=1\n", "t.mmu: there is no operation"},
      {"acess r 1", "t.mmu:1: unknown operation 'acess'; did you mean 'access'?"},
      {"wait 1\n\naccess q 1", "t.mmu:3: unknown kind of access 'q'"},
      {"access r", "t.mmu:1: linear address is missing"},
      {"access r 12g", "t.mmu:1: '12g' is no linear address: write a hexadecimal number"},
      {"access r 10000000000000000", "at most 64 bits"},
      {"access r -1", "'-1' is no linear address"},
      {"access r 1 usr", "unknown word of an access 'usr'; did you mean 'user'?"},
      {"access r 1 size=0", "'size=0': a size is a decimal number of bytes from 1 to 4096"},
      {"access r 1 size=4097", "from 1 to 4096"},
      {"access r 1 size=a", "from 1 to 4096"},
      {"access x 1 implicit", "a fetch can't be implicit"},
      {"access r 1 seg=8", "'8' is no segment: they have the numbers 0 to 7"},
      {"access r 1 seg=", "'' is no segment"},
      {"seg", "'nothing' is no segment"},
      {"seg -1 absent", "'-1' is no segment"},
      {"seg 1", "a segment needs all of base=, limit= and flags="},
      {"seg 1 base=1 limit=2", "a segment needs all of base=, limit= and flags="},
      {"seg 1 base=1 limit=2 flags=rx", "unknown flag 'rx' of a segment; there are: r, w, expand-down, dpl0, dpl3"},
      {"seg 1 base=1 limit=2 flags=rw,dpl1", "unknown flag 'dpl1' of a segment"},
      {"seg 1 base=1 limit=2 flags=rw dpl1", "unknown word of a segment 'dpl1'; did you mean 'dpl0'?"},
      {"seg 1 base=1 base=2 flags=rw", "'base=2': that is given twice"},
      {"seg 1 base=1 limit=2g flags=rw", "'limit=2g': write a hexadecimal number"},
      {"seg 1 absent => pf", "ends in ok or gp"},
      {"invpcid 0 1", "linear address is missing"},
      {"invpcid 0", "PCID is missing"},
      {"invpcid", "type is missing"},
      {"show dtlb => hits=1", "only of the counters can something be expected"},
      {"show counters =>", "nothing is stated after `=>`"},
      {"show counters => dtlb.hit=1", "unknown counter 'dtlb.hit'; did you mean 'dtlb.hits'?"},
      {"show counters => dtlb.hits", "write a decimal number after dtlb.hits="},
      {"show counters => dtlb.hits=a", "'a': write a decimal number"},
      {"set dtlb.sets=1 dtlb.wayz=2\nwait 1", "t.mmu:1: "},
      {"access r 1 =>", "nothing is stated after `=>`"},
      {"access r 1 => okay", "unknown expectation 'okay'; did you mean 'ok'?"},
      {"access r 1 => ok pf", "'pf': that is stated twice"},
      {"access r 1 => cycles=1a", "write a decimal number after cycles="},
      {"access r 1 => path=l3", "unknown path 'l3'"},
      {"access r 1 => ok ; ok", "';' is too much on this line"},
      {"both r 1 ; w 2", "one access must be x"},
      {"both x 1", "`both` makes two accesses"},
      {"both x 1 ; r 2 => ok", "the second access's expectations are missing"},
      {"reg cr2 1", "unknown register 'cr2'"},
      {"reg cr0", "value is missing"},
      {"reg cr0 11 => pa=1", "'pa=1' can't be expected of this operation"},
      {"probe r 1000 => ok cycles=1", "'cycles=1' can't be expected of this operation: a probe takes no time"},
      {"at 3 probe r 1000", "`at N` goes in front of"},
      {"invlpg 1000 => pf", "ends in ok or gp"},
      {"mem4 2000 100000000", "does not fit 4 bytes: use mem8"},
      {"check4 2000 100000000", "does not fit 4 bytes: use check8"},
      {"mem8 fffffffffffff 0", "beyond the 52-bit space"},
      {"mem4 2000 7 => ok", "'=>' is too much on this line"},
      {"wait x", "'x' is no number of cycles"},
      {"wait 1099511627776", "too long"},
      {"show tlb", "unknown thing to show 'tlb'"},
      {"at 7 wait 1\naccess r 1", "goes in front of access, mem4, mem8, invlpg, invpcid, reg or seg, not 'wait'"},
      {"at 7", "not 'nothing'"},
      {"access r 1\nat 7 mem4 0 0\nwait 9", "t.mmu:2: `at` waits for an access, and none follows"},
      {"wait 1\nset dtlb.sets=1", "t.mmu:2: `set` comes before the first operation"},
      {"set\nwait 1", "`set` needs key=value"},
      {"set dtlb.setz=1\nwait 1", "t.mmu:1: "},
      {"set dtlb.ways=3\nset dtlb.replacement=plru\nwait 1", "t.mmu:2: "},
      {"wait 1\xff", "byte ff is not text"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct script script;
    struct error err;
    if (parse(&script, bad[i].text, &err)) fail_msg("accepted: %s", bad[i].text);
    if (!strstr(err.text, bad[i].message)) fail_msg("'%s' said '%s', not '%s'", bad[i].text, err.text, bad[i].message);
  }
}

static void too_long_a_line_is_refused(void** state) {
  (void)state;
  struct script script;
  struct error err;
  char text[4096];
  memset(text, '1', sizeof text);
  text[sizeof text - 1] = 0;
  assert_false(parse(&script, text, &err));
  assert_non_null(strstr(err.text, "the line is too long"));
  for (size_t i = 0; i < 1000; i++) memcpy(text + 2 * i, "1 ", 3);
  assert_false(parse(&script, text, &err));
  assert_non_null(strstr(err.text, "the line is too long"));
}

static void files_that_are_none_are_told(void** state) {
  (void)state;
  struct config config;
  struct script script;
  struct error err;
  config_default(&config);
  assert_false(script_load(&script, "/nowhere/x.mmu", &config, &err));
  assert_non_null(strstr(err.text, "/nowhere/x.mmu: can't be opened"));
  assert_false(script_load(&script, PAGEWALK_ROOT, &config, &err));
  assert_non_null(strstr(err.text, "is a directory"));
}

// ---------------------------------------------------------------------------------------------------------------------

#define PLAIN                                                                       \
  "set dram.latency=10 stlb.sets=0 psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0\n" \
  "set cache.l1d.sets=0 cache.l2.sets=0 cache.l3.sets=0 walkers=1\n"                \
  "set walk.start=1 walk.step=1 walk.cas=4\nset op.cr=5\nset op.invlpg=5\nset dtlb.latency=1\n\n"
#define TABLES "mem4 1004 2027\nmem4 2004 5067\nmem4 2008 6067\nreg cr3 1000\nreg cr0 80000011\n"
#define PAGING PLAIN TABLES

static void each_line_with_expectations_counts_once(void** state) {
  (void)state;
  expect_run(PAGING "access r 401000\n", 0, 0, "access r 401000 => ok pa=5000 path=walk reads=2 cycles=24\n");
  expect_run(PAGING "access r 401000 => cycles=24 ok reads=2\naccess r 401000 => path=l1\n", 2, 0, NULL);
  expect_run(PAGING "access r 401000 => cycles=25 pf reads=3\n", 0, 1, "t.mmu:13: expected cycles=25, got cycles=24\n");
  expect_run(PAGING "access r 401000 => pa=5001\n", 0, 1, "expected pa=5001, got pa=5000\n");
  expect_run(PAGING "access r 401000 => path=l1\n", 0, 1, "expected path=l1, got path=walk\n");
  expect_run(PAGING "access r 401000 => reads=3\n", 0, 1, "expected reads=3, got reads=2\n");
  expect_run(PAGING "access w 403000 => pf err=0 cr2=403000\n", 0, 1, "expected err=0, got err=2\n");
  expect_run(PAGING "access w 403000 => pf err=2 cr2=403001\n", 0, 1, "expected cr2=403001, got cr2=403000\n");
  expect_run(PAGING "access r 401000 => err=4\n", 0, 1, "t.mmu:13: expected err=4, got nothing of the kind\n");
  expect_run(PAGING "access r 401000 => merged\n", 0, 1, "expected merged, got nothing of the kind\n");
  expect_run(PAGING "both x 401000 ; r 401000 => ok ; ok\n", 1, 0, " => ok pa=5000 path=walk reads=2 cycles=24 ; ok");
  expect_run(PAGING "both x 401000 ; r 401000 => pf ; pf\n", 0, 1, "expected pf, got ok");
  expect_run(PAGING "both x 401000 ; r 401000 => ok ; pf\n", 0, 1, "expected pf, got ok");
  expect_run("mem4 10 7\ncheck4 10 7\ncheck8 10 7\ncheck4 14 1\n", 2, 1, "expected 1 at 14, got 0");
  expect_run("reg cr0 1\nreg cr0 80000010 => gp\nreg cr3 0 => gp\n", 1, 1, "expected gp, got ok");
}

static void counters_can_be_expected(void** state) {
  (void)state;
  expect_run(PAGING "access r 401000\naccess r 401004\nshow counters => dtlb.hits=1 dtlb.misses=1 walk_refs=2\n", 1, 0,
             "show counters\n");
  expect_run(PAGING "access r 401000\nshow counters => dtlb.misses=2 walks=1 walk_refs=3\n", 0, 1,
             "t.mmu:14: expected dtlb.misses=2, got 1\nt.mmu:14: expected walk_refs=3, got 2\n");
}

// Where a reference crosses a page depends on its segment's base, not on its offset.
static void linear_addresses_cross_pages(void** state) {
  (void)state;
  expect_run(PAGING
             "seg 1 base=400801 limit=ffff flags=rw\n"
             "access r 17fe seg=1 size=4 => ok pa=5fff reads=4 cycles=48\n"  // 401fff..402002
             "access r 17ff seg=1 size=4 => ok pa=6000 reads=0 cycles=1\n"
             "access r ffd seg=1 size=8 => ok pa=57fe cycles=1\n",  // crosses in offsets only
             3, 0, NULL);
  // A load that comes before the access is accepted counts.
  expect_run(PAGING
             "seg 1 base=401ffe limit=ffff flags=rw\nat 0 seg 1 base=401000 limit=ffff flags=rw\n"
             "access r 0 seg=1 size=4 => ok pa=5000 reads=2\n",
             1, 0, NULL);
}

static void time_passes_as_the_operations_say(void** state) {
  (void)state;
  expect_run("set op.cr=5\nreg cr3 0 => cycles=5\nreg cr3 0 user => gp cycles=5\n", 2, 0, NULL);
  // A write at a cycle after the answer: the line is over only then.
  expect_run(PAGING "at 500 mem4 2004 6067\naccess r 401000 => pa=5000\ninvlpg 401000\naccess r 401000 => pa=6000\n", 2,
             0, NULL);
  // Actions of a window need not be written in order, and belong to the next access though something stands between.
  expect_run(PAGING
             "at 21 mem4 2004 6067\nat 20 mem4 2004 5007\nshow dtlb\naccess r 401000 => pa=5000\ncheck4 2004 6067\n",
             2, 0, NULL);
  expect_run(PAGING "at 2 invlpg 401000 => ok cycles=27\naccess r 401000 => ok\naccess r 401000 => path=walk\n", 3, 0,
             "at 2 invlpg 401000 => ok cycles=27\n");
}

// The other port is asked in its cycle, this one when it is free; a line is over when all are answered.
static void accesses_begin_in_the_middle_of_others(void** state) {
  (void)state;
  expect_run(PAGING
             "at 3 access x 401000 => ok pa=5000 reads=2 cycles=44\n"  // 3..46: its walk follows the other's, 24..46
             "at 5 access r 401004 => ok pa=5004 path=l1 cycles=1\n"   // in 24
             "at 60 access r 401008 => ok pa=5008 path=l1 cycles=1\n"
             "access r 401000 => ok pa=5000 cycles=24\n"
             "access r 401000 => ok cycles=1\n",
             5, 0, NULL);
  expect_run(PAGING "at 1 access r 401ffe size=4 => ok pa=5ffe path=walk reads=2\naccess r 401000 => ok path=walk\n", 2,
             0, NULL);
}

static void the_impossible_stops_the_run(void** state) {
  (void)state;
  struct run run = run_on(PAGING "at 2 invlpg 0\nat 3 invlpg 0\naccess r 401000\nwait 1\n", ENGINE_MODEL);
  assert_false(run.ok);
  assert_non_null(strstr(run.err.text, "t.mmu:15: the control operation `at 3` arrives while another is under way"));
  assert_null(strstr(run.printed, "wait 1"));
  free(run.printed);
  run = run_on(PAGING "invpcid 1 0 100000000\ninvpcid 0 0 100000000\n", ENGINE_MODEL);
  assert_false(run.ok);
  assert_non_null(strstr(run.err.text, "t.mmu:14: the linear address 100000000 is wider"));
  free(run.printed);
  run = run_on(PAGING "access r 100000000\n", ENGINE_MODEL);
  assert_false(run.ok);
  assert_non_null(strstr(run.err.text, "t.mmu:13: the linear address 100000000 is wider"));
  free(run.printed);
}

static void show_prints_entries_and_counters(void** state) {
  (void)state;
  expect_run(PAGING "access r 401000\nshow dtlb\nshow counters\nshow stlb\nshow psc\n", 0, 0, "401000 -> 5000");
  expect_run(PLAIN "set stlb.sets=8 stlb.ways=3\n" TABLES "access r 401000\nshow stlb\n", 0, 0,
             "stlb, main array: 1 valid");
  expect_run(PLAIN "set psc.pde=2\n" TABLES "access r 401000\nshow psc\n", 0, 0, "psc, PDEs: 1 valid");
  expect_run(PLAIN "set psc.pde=2\n" TABLES "access r 401000\nshow psc\n", 0, 0, "400000 -> 2000          4 MiB ");
  expect_run(PLAIN "set psc.pde=2\n" TABLES "access r 401000\nshow counters\n", 0, 0,
             "psc.pde.misses=1 psc.pde.fills=1\n");
  expect_run(PAGING "access r 401000\naccess w 401004\nshow counters\n", 0, 0, "dtlb.hits=1 dtlb.misses=1");
  expect_run(PAGING "access x 401000\nshow counters\n", 0, 0, "\n         reads.pte.dram=1 reads.pde.dram=1\n");
  expect_run(PLAIN "show counters\n", 0, 0, "none has counted anything");
  expect_run(PAGING "access x 401000\nshow itlb\n", 0, 0, "itlb, main array: 1 valid");
}

// ---------------------------------------------------------------------------------------------------------------------

static void the_examples_of_the_manual_hold(void** state) {
  (void)state;
  static char text[1 << 16];
  FILE* file = fopen(PAGEWALK_ROOT "/docs/scripts.md", "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  int examples = 0;
  for (char* block = strstr(text, "\n```mmu\n"); block; block = strstr(block, "\n```mmu\n")) {
    block += strlen("\n```mmu\n");
    char* end = strstr(block, "\n```");
    assert_non_null(end);
    *end = 0;
    struct run run = run_on(block, ENGINE_MODEL);
    if (!run.ok || run.totals.failed) fail_msg("%s%s", run.printed, run.ok ? "" : run.err.text);
    assert_true(run.totals.passed > 0);
    free(run.printed);
    examples++;
    block = end + 1;
  }
  assert_true(examples >= 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_form_is_read),
    cmocka_unit_test(segments_and_pcids_are_read),
    cmocka_unit_test(what_is_written_reads_back_the_same),
    cmocka_unit_test(bad_text_is_told_with_file_line_and_advice),
    cmocka_unit_test(too_long_a_line_is_refused),
    cmocka_unit_test(files_that_are_none_are_told),
    cmocka_unit_test(each_line_with_expectations_counts_once),
    cmocka_unit_test(counters_can_be_expected),
    cmocka_unit_test(linear_addresses_cross_pages),
    cmocka_unit_test(time_passes_as_the_operations_say),
    cmocka_unit_test(accesses_begin_in_the_middle_of_others),
    cmocka_unit_test(the_impossible_stops_the_run),
    cmocka_unit_test(show_prints_entries_and_counters),
    cmocka_unit_test(the_examples_of_the_manual_hold),
};

TEST_MAIN(tests)
