// SPDX-License-Identifier: MIT
// Figures that can be worked out without any machine, and that every machine must show: reads of a walk, the cliff of a
// TLB's reach, the misses of random references, walks served by one cache level each.
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "engines.h"
#include "script/script.h"
#include "small.h"

// ---------------------------------------------------------------------------------------------------------------------
// Tables: an identity mapping of one page size in one mode

enum { CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_LA57 = 1 << 12, EFER_LME = 1 << 8 };
enum { TABLE = 0x27, PAGE = 0x67, LARGE = 0xe7 };  // present, writable, user, accessed; dirty; PS
#define TABLES UINT64_C(0x100000000)               // beyond what is mapped

struct mode {
  enum paging_mode mode;
  unsigned levels, entry_bytes, index_bits;
  uint64_t cr4, efer;
};
static const struct mode modes[] = {{MODE_32BIT, 2, 4, 10, CR4_PSE, 0},
                                    {MODE_PAE, 3, 8, 9, CR4_PAE, 0},
                                    {MODE_4LEVEL, 4, 8, 9, CR4_PAE, EFER_LME},
                                    {MODE_5LEVEL, 5, 8, 9, CR4_PAE | CR4_LA57, EFER_LME}};

struct machine {
  struct bench bench;
  const struct mode* mode;
  uint64_t root, next_table;
};

static unsigned shift_of(const struct mode* mode, unsigned level) { return 12 + (level - 1) * mode->index_bits; }

static void map_page(struct machine* m, uint64_t va, unsigned page_shift) {
  const struct mode* mode = m->mode;
  uint64_t table = m->root;
  for (unsigned level = mode->levels;; level--) {
    unsigned shift = shift_of(mode, level);
    uint64_t pa = table + (va >> shift & ((1u << mode->index_bits) - 1)) * mode->entry_bytes;
    if (shift == page_shift) {
      ram_write_word(m->bench.ram, pa, mode->entry_bytes, va | (level == 1 ? PAGE : LARGE));
      return;
    }
    uint64_t entry = ram_read_word(m->bench.ram, pa, mode->entry_bytes);
    if (!entry) {
      bool pdpte = mode->mode == MODE_PAE && level == 3;  // it has neither rights nor A
      entry = m->next_table | (pdpte ? 1 : TABLE);
      m->next_table += 4096;
      ram_write_word(m->bench.ram, pa, mode->entry_bytes, entry);
    }
    table = entry & ~UINT64_C(0xfff);
  }
}

static void write_register(struct machine* m, enum control_op op, uint64_t value) {
  struct control control = {.op = (uint8_t)op, .value = value};
  assert_true(engine_control(m->bench.engine, &control));
}

// `pages` pages from address 0 on, and paging on.
static void open_machine(struct machine* m, enum engine_kind engine, const struct config* config,
                         const struct mode* mode, unsigned page_shift, uint64_t pages) {
  struct error err;
  // 32-bit tables must lie below 4 GiB.
  uint64_t root = mode->mode == MODE_32BIT || mode->mode == MODE_PAE ? 0xf0000000 : TABLES;
  if (!bench_open(&m->bench, engine, config, &err)) fail_msg("%s", err.text);
  m->mode = mode;
  m->root = root;
  m->next_table = root + 4096;
  for (uint64_t i = 0; i < pages; i++) map_page(m, i << page_shift, page_shift);
  write_register(m, CONTROL_CR4, mode->cr4);
  write_register(m, CONTROL_EFER, mode->efer);
  write_register(m, CONTROL_CR3, root);
  write_register(m, CONTROL_CR0, 0x80000011);
}

static struct answer read_page(struct machine* m, uint64_t va) {
  struct ref ref = {.va = va, .size = 1, .kind = ACCESS_READ};
  struct answer answer;
  struct play play = {.until = UINT64_MAX, .answers = &answer};
  engine_play(m->bench.engine, &ref, 1, &play);
  assert_int_equal(play.stop, PLAY_END);
  assert_int_equal(answer.pa, va);
  return answer;
}

static uint64_t dtlb_misses(const struct machine* m) {
  struct counters counters;
  engine_counters(m->bench.engine, &counters);
  return counters.dtlb.misses;
}

// Nothing but L1 TLBs and a fast memory.
static struct config plain_config(void) {
  struct config config;
  small_machine(&config);
  config.maxphyaddr = 52;
  config.data.cache = DATA_CACHE_NONE;
  config.dram.latency = 1;
  return config;
}

#define ON_EVERY_ENGINE(function)                                                    \
  static void function(void** state) {                                               \
    (void)state;                                                                     \
    for (size_t i = 0; i < whole_engine_count; i++) function##_on(whole_engines[i]); \
  }

// ---------------------------------------------------------------------------------------------------------------------

// An L1 hit reads nothing; a walk reads an entry a level, the PAE PDPTE excepted, which is in a register.
static void a_walk_reads_an_entry_a_level_on(enum engine_kind engine) {
  static const struct {
    unsigned mode, shift, reads;
  } figures[] = {{0, 12, 2}, {0, 22, 1},              //
                 {1, 12, 2}, {1, 21, 1},              //
                 {2, 12, 4}, {2, 21, 3}, {2, 30, 2},  //
                 {3, 12, 5}, {3, 21, 4}, {3, 30, 3}};
  struct config config = plain_config();
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    struct machine m;
    open_machine(&m, engine, &config, &modes[figures[i].mode], figures[i].shift, 1);
    assert_int_equal(read_page(&m, 0x123).reads, figures[i].reads);
    assert_int_equal(read_page(&m, 0x456).reads, 0);
    bench_close(&m.bench);
  }
}
ON_EVERY_ENGINE(a_walk_reads_an_entry_a_level)

// Misses of the third time around `pages` pages.
static uint64_t cyclic_misses(enum engine_kind engine, const struct config* config, const struct mode* mode,
                              unsigned shift, uint64_t pages) {
  struct machine m;
  uint64_t before = 0;
  open_machine(&m, engine, config, mode, shift, pages);
  for (int pass = 0; pass < 3; pass++) {
    before = dtlb_misses(&m);
    for (uint64_t i = 0; i < pages; i++) read_page(&m, i << shift);
  }
  uint64_t misses = dtlb_misses(&m) - before;
  bench_close(&m.bench);
  return misses;
}

static void set_dtlb(struct config* config, uint32_t sets, uint32_t ways, enum replacement replacement) {
  config->dtlb.sets = sets;
  config->dtlb.ways = ways;
  config->dtlb.replacement = replacement;
}

static void one_page_too_many_is_a_cliff_on(enum engine_kind engine) {
  struct config config = plain_config();
  set_dtlb(&config, 1, 64, REPLACE_LRU);
  assert_int_equal(cyclic_misses(engine, &config, &modes[0], 12, 64), 0);
  assert_int_equal(cyclic_misses(engine, &config, &modes[0], 12, 65), 65);
  set_dtlb(&config, 1, 64, REPLACE_FIFO);
  assert_int_equal(cyclic_misses(engine, &config, &modes[0], 12, 65), 65);
  // In sets only the one that holds five pages in four ways misses.
  set_dtlb(&config, 16, 4, REPLACE_LRU);
  assert_int_equal(cyclic_misses(engine, &config, &modes[0], 12, 64), 0);
  assert_int_equal(cyclic_misses(engine, &config, &modes[0], 12, 65), 5);
}
ON_EVERY_ENGINE(one_page_too_many_is_a_cliff)

// Reach = entries x page size: as many pages as entries hit for ever, one more does not.
static void reach_is_entries_times_page_size_on(enum engine_kind engine) {
  static const struct {
    unsigned mode, shift;
    uint64_t entries, reach;
  } figures[] = {{0, 12, 64, UINT64_C(256) << 10},  // 256 KiB
                 {0, 22, 8, UINT64_C(32) << 20},    // 32 MiB
                 {1, 21, 8, UINT64_C(16) << 20},    // 16 MiB
                 {2, 12, 64, UINT64_C(256) << 10}, {2, 21, 8, UINT64_C(16) << 20},
                 {2, 30, 8, UINT64_C(8) << 30},  // 8 GiB
                 {3, 30, 8, UINT64_C(8) << 30}};
  struct config config = plain_config();
  set_dtlb(&config, 1, 64, REPLACE_LRU);
  config.dtlb.large_sets = 1;
  config.dtlb.large_ways = 8;
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    const struct mode* mode = &modes[figures[i].mode];
    uint64_t pages = figures[i].reach >> figures[i].shift;
    assert_int_equal(pages, figures[i].entries);
    assert_int_equal(cyclic_misses(engine, &config, mode, figures[i].shift, pages), 0);
    assert_int_equal(cyclic_misses(engine, &config, mode, figures[i].shift, pages + 1), pages + 1);
  }
}
ON_EVERY_ENGINE(reach_is_entries_times_page_size)

// A walk reads what lies below the deepest walk-cache hit: 5-level tables have them all.
static void a_walk_cache_hit_saves_the_levels_above_on(enum engine_kind engine) {
  static const struct {
    uint64_t va;
    unsigned reads;
  } figures[] = {{0x1000, 5},                       // nothing is known
                 {0x2000, 1},                       // the PDE
                 {0x201000, 2},                     // the PDPTE
                 {0x40001000, 3},                   // the PML4E
                 {UINT64_C(1) << 39 | 0x1000, 4},   // the PML5E
                 {UINT64_C(1) << 48 | 0x1000, 5}};  // nothing
  struct config config = plain_config();
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 4;
  struct machine m;
  struct counters counters;
  open_machine(&m, engine, &config, &modes[3], 12, 0);
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    map_page(&m, figures[i].va, 12);
    assert_int_equal(read_page(&m, figures[i].va).reads, figures[i].reads);
  }
  engine_counters(m.bench.engine, &counters);
  for (int level = 0; level < 4; level++) assert_int_equal(counters.psc[level].hits, 1);
  bench_close(&m.bench);
}
ON_EVERY_ENGINE(a_walk_cache_hit_saves_the_levels_above)

static uint64_t xorshift(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

// In the long run N of P pages are in the TLB, whichever they are. 50,000 references: a standard deviation of 0.0022 or
// less, so that a correct machine is within 0.01.
static void random_references_miss_in_proportion_on(enum engine_kind engine) {
  enum { ENTRIES = 64, WARM = 5000, REFERENCES = 50000 };
  static const enum replacement policies[] = {REPLACE_LRU, REPLACE_FIFO, REPLACE_RANDOM};
  static const unsigned pages[] = {80, 128, 512};
  static struct ref refs[WARM + REFERENCES];
  for (size_t p = 0; p < sizeof policies / sizeof *policies; p++) {
    for (size_t k = 0; k < sizeof pages / sizeof *pages; k++) {
      struct config config = plain_config();
      struct machine m;
      uint64_t seed = 88172645463325252;
      set_dtlb(&config, 1, ENTRIES, policies[p]);
      open_machine(&m, engine, &config, &modes[0], 12, pages[k]);
      for (size_t i = 0; i < WARM + REFERENCES; i++)
        refs[i] = (struct ref){.va = xorshift(&seed) % pages[k] << 12, .size = 1, .kind = ACCESS_READ};
      struct play play = {.until = UINT64_MAX};
      engine_play(m.bench.engine, refs, WARM, &play);
      uint64_t before = dtlb_misses(&m);
      engine_play(m.bench.engine, refs + WARM, REFERENCES, &play);
      assert_int_equal(play.stop, PLAY_END);
      double rate = (double)(dtlb_misses(&m) - before) / REFERENCES, expected = 1 - (double)ENTRIES / pages[k];
      bench_close(&m.bench);
      if (rate < expected - 0.01 || rate > expected + 0.01)
        fail_msg("%s, %u pages: misses %.4f, expected %.4f", replacement_name(policies[p]), pages[k], rate, expected);
    }
  }
}
ON_EVERY_ENGINE(random_references_miss_in_proportion)

// Four entries, each served by one level: 1 + walk.start + 4 (latency + walk.step).
static void a_walk_costs_what_serves_its_entries_on(enum engine_kind engine) {
  static const char text[] =
      "set dtlb.latency=1 stlb.sets=0 psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0 walkers=1\n"
      "set walk.start=1 walk.step=1 dram.latency=200 cache.walker=l1d data.cache=none\n"
      "set cache.l1d.sets=1 cache.l1d.ways=4 cache.l1d.latency=4\n"
      "set cache.l2.sets=1 cache.l2.ways=16 cache.l2.latency=14 cache.l3.sets=0\n"
      "mem8 1000 2027\nmem8 2000 3027\nmem8 3000 4027\nmem8 4008 5067\n"
      "mem8 1040 6027\nmem8 6000 7027\nmem8 7000 8027\nmem8 8008 9067\n"  // entries in four other lines
      "reg cr4 20\nreg efer 100\nreg cr3 1000\nreg cr0 80000011\n"
      "access r 1000 => ok reads=4 cycles=806\n"
      "invlpg 1000\n"
      "access r 1000 => ok reads=4 cycles=22\n"
      "access r 40000001000 => ok reads=4 cycles=806\n"  // these four push the others out of L1D
      "invlpg 1000\n"
      "access r 1000 => ok reads=4 cycles=62\n";
  struct config config;
  struct script script;
  struct bench bench;
  struct script_totals totals = {0};
  struct error err;
  config_default(&config);
  if (!script_parse(&script, "walk", text, strlen(text), &config, &err)) fail_msg("%s", err.text);
  if (!bench_open(&bench, engine, &script.config, &err)) fail_msg("%s", err.text);
  assert_true(script_run(&script, &bench, NULL, &totals, &err));
  assert_int_equal(totals.failed, 0);
  assert_int_equal(totals.passed, 4);
  bench_close(&bench);
  script_free(&script);
}
ON_EVERY_ENGINE(a_walk_costs_what_serves_its_entries)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_walk_reads_an_entry_a_level),        cmocka_unit_test(one_page_too_many_is_a_cliff),
    cmocka_unit_test(reach_is_entries_times_page_size),     cmocka_unit_test(a_walk_cache_hit_saves_the_levels_above),
    cmocka_unit_test(random_references_miss_in_proportion), cmocka_unit_test(a_walk_costs_what_serves_its_entries),
};

TEST_MAIN(tests)
