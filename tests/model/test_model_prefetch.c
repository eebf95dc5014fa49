// SPDX-License-Identifier: MIT
// Prefetches (docs/timing.md, finer points 50-56). Latencies here: L1 1, walk.start 1, walk.step 1, walk.cas 4, memory
// 10, so that a walk of two entries that misses in 0 is answered in 23 and its next-page prefetch reads in 25 and 36
// and fills in 46. Cycles in the tests count from the first access.
#include <string.h>

#include "check.h"
#include "model/rig.h"

enum { PAGE_BITS = 0x67, CLEAN = 0x27, NEVER_A = 0x07 };

static struct rig rig;
static struct config config;
static uint64_t zero;
static struct answer answer[PORT_COUNT];
static bool answered[PORT_COUNT];

static int set_up(void** state) {
  (void)state;
  rig_config(&config);
  config.dram.latency = 10;
  config.op.cr = config.op.invlpg = 5;
  config.prefetch = PREFETCH_NEXT_PAGE;
  return 0;
}

static void start(void) {
  rig_create(&rig, &config);
  rig_start_32bit(&rig, 0);
  for (uint64_t va = 0x401000; va < 0x406000; va += 0x1000) rig_map_32bit(&rig, va, (va << 4) | PAGE_BITS);
  rig_map_32bit(&rig, 0x801000, 0x9000 | PAGE_BITS);  // nothing behind it, nor beside it
  zero = rig_now(&rig);
}

// --- driving, cycle by cycle ----------------------------------------------------------------------------------------

static uint64_t cycle(void) { return rig_now(&rig) - zero; }

static void tick(const struct tick_in* in) {
  struct tick_out out;
  rig_tick(&rig, rig_now(&rig), in, &out);
  for (int port = 0; port < PORT_COUNT; port++) {
    if (in->part[port]) assert_true(out.accepted[port]);
    if (in->part[port]) answered[port] = false;
    if (!out.answered[port]) continue;
    answered[port] = true;
    answer[port] = out.answer[port];
  }
}

static void step_to(uint64_t to) {
  const struct tick_in nothing = {.control = NULL};
  while (cycle() < to) tick(&nothing);
}

static struct ref ref_of(enum access_kind kind, uint64_t va) {
  return (struct ref){.va = va, .size = 1, .kind = (uint8_t)kind, .flags = REF_USER};
}

static void present_at(uint64_t at, enum access_kind kind, uint64_t va) {
  const struct ref ref = ref_of(kind, va);
  struct tick_in in = {.part = {NULL, NULL}};
  in.part[kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA] = &ref;
  step_to(at);
  tick(&in);
}

static void present_both_at(uint64_t at, uint64_t fetch, uint64_t data) {
  const struct ref refs[PORT_COUNT] = {ref_of(ACCESS_FETCH, fetch), ref_of(ACCESS_READ, data)};
  const struct tick_in in = {.part = {&refs[PORT_FETCH], &refs[PORT_DATA]}};
  step_to(at);
  tick(&in);
}

static void operate_at(uint64_t at, enum control_op op, uint64_t value) {
  const struct control control = {.op = (uint8_t)op, .value = value};
  const struct tick_in in = {.control = &control};
  step_to(at);
  tick(&in);
}

// The cycles that the last answer of this port took.
static uint64_t took(enum port port) {
  assert_true(answered[port]);
  return answer[port].cycle - answer[port].accept + 1;
}

// So that the fetch port has the page; the cycles begin anew.
static void fetch_for_the_supervisor(uint64_t va) {
  const struct ref ref = {.va = va, .size = 1, .kind = ACCESS_FETCH};
  struct tick_in in = {.part = {[PORT_FETCH] = &ref}};
  tick(&in);
  step_to(100);
  assert_int_equal(answer[PORT_FETCH].fault, FAULT_NONE);
  zero = rig_now(&rig);
}

// --- looking --------------------------------------------------------------------------------------------------------

static void expect(uint64_t walks, uint64_t refs, uint64_t fills, uint64_t evictions, uint64_t cycles) {
  const struct prefetch_counters is = rig_counters(&rig).prefetch;
  assert_int_equal(is.walks, walks);
  assert_int_equal(is.refs, refs);
  assert_int_equal(is.fills, fills);
  assert_int_equal(is.evictions, evictions);
  assert_int_equal(is.cycles, cycles);
}

// The nth event of a type that is a prefetch's.
static const struct event* its(enum event_type type, size_t n) {
  for (size_t i = 0; i < rig.logged; i++)
    if (rig.log[i].type == type && rig.log[i].kind == 1 && n-- == 0) return &rig.log[i];
  return NULL;
}

static uint64_t when(const struct event* event) {
  assert_non_null(event);
  return event->cycle - zero;
}

static bool dtlb_holds(uint64_t va) { return rig_holds(&rig, ARRAY_DTLB, va, 12); }
static bool itlb_holds(uint64_t va) { return rig_holds(&rig, ARRAY_ITLB, va, 12); }
static bool stlb_holds(uint64_t va) { return rig_holds(&rig, ARRAY_STLB, va, 12); }

// --- next-page ------------------------------------------------------------------------------------------------------

static void the_page_behind_is_walked_and_filled(void** state) {
  (void)state;
  start();
  present_at(0, ACCESS_READ, 0x401234);
  step_to(47);
  assert_int_equal(took(PORT_DATA), 24);
  assert_int_equal(when(its(EVENT_WALK_BEGIN, 0)), 24);
  assert_int_equal(when(its(EVENT_READ, 0)), 25);
  assert_int_equal(when(its(EVENT_READ, 1)), 36);
  const struct event* fill = its(EVENT_FILL, 0);
  assert_int_equal(when(fill), 46);
  assert_int_equal(fill->va, 0x402000);
  assert_int_equal(fill->pa, 0x4020000);
  assert_int_equal(fill->port, PORT_DATA);
  assert_int_equal(fill->array, ARRAY_DTLB);
  expect(1, 2, 1, 0, 23);
  const struct counters c = rig_counters(&rig);  // apart from those of demands
  assert_int_equal(c.walks, 1);
  assert_int_equal(c.walk_refs, 2);
  assert_int_equal(c.walk_cycles, 23);
  assert_int_equal(c.dtlb.fills, 1);
  assert_int_equal(c.cycles_walk, 23);
  present_at(47, ACCESS_READ, 0x402234);
  assert_int_equal(took(PORT_DATA), 1);
  step_to(100);
  expect(1, 2, 1, 0, 23);  // a hit causes none
  assert_false(itlb_holds(0x402000));
  rig_destroy(&rig);
}

static void next_tells_when_it_works(void** state) {
  (void)state;
  start();
  const struct ref ref = ref_of(ACCESS_READ, 0x401000);
  struct tick_in in = {.part = {[PORT_DATA] = &ref}};
  struct tick_out out;
  rig_tick(&rig, rig_now(&rig), &in, &out);
  in.part[PORT_DATA] = NULL;
  const uint64_t nexts[] = {24, 25, 35, 36, 46, UINT64_MAX - zero};
  while (!out.answered[PORT_DATA]) rig_tick(&rig, out.next, &in, &out);
  for (size_t i = 0; i < sizeof nexts / sizeof *nexts; i++) {
    assert_int_equal(out.next, zero + nexts[i]);
    if (out.next != UINT64_MAX) rig_tick(&rig, out.next, &in, &out);
  }
  rig_destroy(&rig);
}

static void behind_a_large_page_lies_the_next_large_page(void** state) {
  (void)state;
  start();
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0xc00000), 4, 0x400000 | PAGE_BITS | 0x80);
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x1000000), 4, 0x800000 | PAGE_BITS | 0x80);
  present_at(0, ACCESS_READ, 0xc12345);
  step_to(40);
  assert_int_equal(when(its(EVENT_FILL, 0)), 24);  // answered in 12, walk.start 13, the PDE 14-24
  assert_int_equal(its(EVENT_FILL, 0)->va, 0x1000000);
  assert_int_equal(its(EVENT_FILL, 0)->shift, 22);
  rig_destroy(&rig);
}

static void addresses_wrap_at_the_width_of_the_mode(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, 0xfffff000, 0x7000 | PAGE_BITS);
  rig_map_32bit(&rig, 0, 0x8000 | PAGE_BITS);
  present_at(0, ACCESS_READ, 0xfffff000);
  step_to(60);
  assert_int_equal(its(EVENT_FILL, 0)->va, 0);
  rig_destroy(&rig);
  rig_create(&rig, &config);
  rig_start_long(&rig, 0, 0);
  rig_map_long(&rig, 4, 0x7ffffffff000, 0x7000 | PAGE_BITS);
  rig_map_long(&rig, 4, UINT64_C(0xffff800000000000), 0x8000 | PAGE_BITS);
  rig_map_long(&rig, 4, ~UINT64_C(0xfff), 0x7000 | PAGE_BITS);
  rig_map_long(&rig, 4, 0, 0x8000 | PAGE_BITS);
  zero = rig_now(&rig);
  present_at(0, ACCESS_READ, 0x7ffffffff000);
  step_to(200);
  expect(0, 0, 0, 0, 0);  // what lies behind is not canonical
  present_at(200, ACCESS_READ, ~UINT64_C(0xfff));
  step_to(400);
  assert_int_equal(its(EVENT_FILL, 0)->va, 0);
  rig_destroy(&rig);
}

static void neither_faults_nor_hits_nor_clean_entries_cause_one(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, 0x405000, 0x5000 | CLEAN);
  present_at(0, ACCESS_READ, 0x400000);  // absent; 401000 behind it is there
  present_at(100, ACCESS_READ, 0x405000);
  step_to(200);
  expect(1, 2, 0, 0, 23);
  present_at(200, ACCESS_WRITE, 0x405000);
  step_to(300);
  assert_int_equal(took(PORT_DATA), 24 + 14);
  expect(1, 2, 0, 0, 23);
  // The second level's clean entry neither.
  rig_destroy(&rig);
  config.stlb = (struct tlb_config){.sets = 4, .ways = 2, .latency = 2};
  start();
  rig_map_32bit(&rig, 0x405000, 0x5000 | CLEAN);
  present_at(0, ACCESS_FETCH, 0x405000);
  step_to(100);
  present_at(100, ACCESS_WRITE, 0x405000);
  step_to(200);
  assert_int_equal(answer[PORT_DATA].path, PATH_STLB);
  expect(1, 2, 0, 0, 23);
  rig_destroy(&rig);
}

static void none_begins_where_somebody_waits(void** state) {
  (void)state;
  start();
  present_both_at(0, 0x401000, 0x403000);
  step_to(150);
  assert_int_equal(took(PORT_FETCH), 24);
  assert_int_equal(took(PORT_DATA), 47);
  expect(1, 2, 1, 0, 23);
  assert_true(dtlb_holds(0x404000));
  assert_false(itlb_holds(0x402000));
  rig_destroy(&rig);
  // A miss in the answer's cycle waits, too: the data's prefetch alone.
  start();
  present_at(0, ACCESS_FETCH, 0x401000);
  present_at(23, ACCESS_READ, 0x403000);
  step_to(150);
  assert_int_equal(took(PORT_DATA), 24);
  expect(1, 2, 1, 0, 23);
  assert_false(itlb_holds(0x402000));
  rig_destroy(&rig);
}

static void none_begins_where_a_control_operation_has_come(void** state) {
  (void)state;
  for (uint64_t at = 0; at <= 23; at++) {
    start();
    if (at == 0) operate_at(0, CONTROL_PKRU, 0);
    uint64_t from = at == 0 ? 5 : 0;
    present_at(from, ACCESS_READ, 0x401000);
    if (at) operate_at(at, CONTROL_PKRU, 0);
    step_to(100);
    // Only where the operation was over before.
    expect(at == 0, at ? 0 : 2, at == 0, 0, at ? 0 : 23);
    rig_destroy(&rig);
  }
  // It came before the walk began, which fills, and is still there.
  config.stlb = (struct tlb_config){.sets = 4, .ways = 2, .latency = 3};
  start();
  present_at(0, ACCESS_READ, 0x401000);
  operate_at(2, CONTROL_PKRU, 0);
  step_to(100);
  assert_true(stlb_holds(0x401000));
  expect(0, 0, 0, 0, 0);
  rig_destroy(&rig);
}

// Ends in the cycle in which the entry is decided upon, and nobody hears of it.
static void what_would_fault_or_lacks_a_ends_it(void** state) {
  (void)state;
  const struct {
    uint64_t pde, pte;
    uint64_t refs, cycles;
  } cases[] = {
      {0, 0, 1, 12},                              // absent
      {RIG_TABLES | NEVER_A, PAGE_BITS, 1, 12},   // A is clear in the PDE
      {0x200000 | PAGE_BITS | 0x80, 0, 1, 12},    // a large page, whose bit 21 is reserved
      {RIG_TABLES | 0x27, 0, 2, 23},              // absent
      {RIG_TABLES | 0x27, NEVER_A | 0x40, 2, 23}  // A is clear in the PTE
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    start();
    rig_map_32bit(&rig, 0x7ff000, 0x5000 | PAGE_BITS);
    rig_write(&rig, rig_entry_32bit(&rig, 2, 0x800000), 4, cases[i].pde);
    rig_write(&rig, RIG_TABLES, 4, cases[i].pte);
    present_at(0, ACCESS_READ, 0x7ff000);
    step_to(100);
    expect(1, cases[i].refs, 0, 0, cases[i].cycles);
    const struct counters c = rig_counters(&rig);
    assert_int_equal(c.faults_pf + c.dtlb.drops + c.ad_updates + c.cas_failures, 0);
    assert_int_equal(rig_read(&rig, rig_entry_32bit(&rig, 2, 0x800000), 4), cases[i].pde);
    assert_int_equal(rig_read(&rig, RIG_TABLES, 4), cases[i].pte);
    assert_true(dtlb_holds(0x7ff000));
    rig_destroy(&rig);
  }
}

static void a_bus_error_ends_it(void** state) {
  (void)state;
  rig_create(&rig, &config);
  rig_start_long(&rig, 0, 0);
  rig_map_long(&rig, 4, 0x1ff000, 0x5000 | PAGE_BITS);
  rig_write(&rig, rig_entry_long(&rig, 4, 2, 0x200000), 8, UINT64_C(0x8000000027));
  zero = rig_now(&rig);
  present_at(0, ACCESS_READ, 0x1ff000);
  step_to(200);
  expect(1, 4, 0, 0, 45);
  rig_destroy(&rig);
}

static void an_absent_pdpte_register_ends_it(void** state) {
  (void)state;
  for (config.walk.start = 0; config.walk.start < 3; config.walk.start++) {
    rig_create(&rig, &config);
    for (uint64_t i = 0; i < 2; i++) rig_write(&rig, RIG_ROOT + 8 * i, 8, i ? 0 : 0x3001);
    rig_write(&rig, 0x3000 + 8 * 511, 8, 0x4027);
    rig_write(&rig, 0x4000 + 8 * 511, 8, 0x5000 | PAGE_BITS);
    assert_true(rig_control(&rig, CONTROL_CR4, CR4_PAE));
    assert_true(rig_control(&rig, CONTROL_CR3, RIG_ROOT));
    assert_true(rig_control(&rig, CONTROL_CR0, CR0_PE | CR0_PG));
    zero = rig_now(&rig);
    present_at(0, ACCESS_READ, 0x3ffff000);
    step_to(100);
    assert_int_equal(answer[PORT_DATA].fault, FAULT_NONE);
    expect(1, 0, 0, 0, config.walk.start);
    rig_destroy(&rig);
  }
}

// A user's prefetch of a supervisor's page that forbids everything: filled, with its rights.
static void rights_do_not_stop_it(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, 0x402000, 0x5021);
  present_at(0, ACCESS_READ, 0x401000);
  step_to(50);
  assert_true(dtlb_holds(0x402000));
  present_at(50, ACCESS_READ, 0x402000);
  assert_int_equal(took(PORT_DATA), 1);
  assert_int_equal(answer[PORT_DATA].fault, FAULT_PF);
  assert_int_equal(answer[PORT_DATA].error, PFEC_P | PFEC_U);
  rig_destroy(&rig);
  start();  // SMAP: a supervisor may not read users' pages
  operate_at(0, CONTROL_CR4, CR4_PSE | CR4_SMAP);
  present_at(10, ACCESS_READ, 0x401000);
  step_to(100);
  assert_true(dtlb_holds(0x402000));
  rig_destroy(&rig);
}

static void it_fills_the_second_level_and_the_walk_caches(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){.sets = 4, .ways = 2, .latency = 3};
  config.psc.pde = 4;
  start();
  rig_map_32bit(&rig, 0x7ff000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x800000, 0x6000 | PAGE_BITS);
  present_at(0, ACCESS_READ, 0x7ff000);
  step_to(100);
  assert_true(stlb_holds(0x800000));
  assert_false(dtlb_holds(0x800000));
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0x800000, 22));
  const struct counters c = rig_counters(&rig);
  assert_int_equal(c.stlb.fills, 1);
  assert_int_equal(c.psc[0].fills, 2);   // theirs are counted as any
  assert_int_equal(c.psc[0].misses, 2);  // and so are their lookups
  assert_int_equal(when(its(EVENT_PSC, 0)), 27);
  assert_int_equal(when(its(EVENT_FILL, 0)), 49);
  assert_int_equal(when(its(EVENT_FILL, 1)), 49);
  expect(1, 2, 1, 0, 23);
  present_at(100, ACCESS_FETCH, 0x800000);  // answered in 103, no walk, no prefetch
  step_to(200);
  assert_int_equal(took(PORT_FETCH), 4);
  expect(1, 2, 1, 0, 23);
  rig_destroy(&rig);
}

// With walk.start = 0 the walk caches are looked up in the answer's cycle, before its fill.
static void without_walk_start_its_lookup_is_in_the_answers_cycle(void** state) {
  (void)state;
  config.walk.start = 0;
  config.psc.pde = 4;
  start();
  present_at(0, ACCESS_READ, 0x401000);
  step_to(100);
  assert_int_equal(took(PORT_DATA), 23);
  assert_int_equal(when(its(EVENT_PSC, 0)), 22);
  assert_int_equal(its(EVENT_PSC, 0)->hit, 0);
  assert_int_equal(when(its(EVENT_WALK_BEGIN, 0)), 23);
  assert_int_equal(when(its(EVENT_READ, 0)), 23);
  assert_int_equal(when(its(EVENT_FILL, 0)), 44);
  expect(1, 2, 1, 0, 22);
  rig_destroy(&rig);
}

// Nor is there a lookup where none begins: somebody waits; a control operation has come before the walk began.
static void where_none_begins_nothing_is_looked_up(void** state) {
  (void)state;
  config.walk.start = 0;
  config.psc.pde = 4;
  start();
  present_both_at(0, 0x401000, 0x403000);
  step_to(100);
  assert_int_equal(rig_counters(&rig).psc[0].hits + rig_counters(&rig).psc[0].misses, 2 + 1);
  rig_destroy(&rig);
  config.stlb = (struct tlb_config){.sets = 4, .ways = 2, .latency = 3};
  start();
  present_at(0, ACCESS_READ, 0x401000);
  operate_at(2, CONTROL_PKRU, 0);
  step_to(100);
  assert_int_equal(rig_counters(&rig).psc[0].hits + rig_counters(&rig).psc[0].misses, 1);
  rig_destroy(&rig);
}

// Its reads go through the timing caches, and open rows, as any.
static void caches_and_memory_count_it(void** state) {
  (void)state;
  config.cache.l1d = (struct cache_config){64, 2, 4};
  config.dram.banks = 1;
  config.dram.row = 4096;
  config.dram.row_hit = 7;
  config.dram.row_conflict = 13;
  start();
  rig_map_32bit(&rig, 0x7ff000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x800000, 0x6000 | PAGE_BITS);
  present_at(0, ACCESS_READ, 0x7ff000);
  step_to(100);
  const struct counters c = rig_counters(&rig);
  assert_int_equal(c.cache[CACHE_L1D].walk_misses, 3);
  assert_int_equal(c.cache[CACHE_L1D].walk_hits, 1);  // both PDEs are in one line
  assert_int_equal(c.dram_row_opens, 1);
  assert_int_equal(c.dram_row_conflicts, 2);
  rig_destroy(&rig);
}

// A miss of either port in cycle m: what the prefetch does in m is done, and no more; the demand does not notice it.
static void a_demand_takes_the_walker(void** state) {
  (void)state;
  for (uint64_t m = 24; m < 50; m++) {
    for (int kind = ACCESS_READ; kind <= ACCESS_FETCH; kind++) {
      start();
      present_at(0, ACCESS_READ, 0x401000);
      present_at(m, (enum access_kind)kind, 0x801000);
      step_to(150);
      assert_int_equal(took(kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA), 24);
      assert_int_equal(dtlb_holds(0x402000), m >= 46);
      // The demand's own prefetch finds nothing, in its second entry.
      expect(2, 2u + (m >= 25) + (m >= 36), m >= 46, 0, 23 + (m < 46 ? m - 23 : 23));
      rig_destroy(&rig);
    }
  }
}

static void a_write_to_a_clean_entry_takes_it_and_a_hit_does_not(void** state) {
  (void)state;
  start();
  rig_map_32bit(&rig, 0x801000, 0x9000 | CLEAN);
  rig_map_32bit(&rig, 0x403000, 0x9000 | PAGE_BITS);
  present_at(0, ACCESS_READ, 0x801000);  // its prefetch fails
  present_at(100, ACCESS_READ, 0x401000);
  present_at(130, ACCESS_READ, 0x801000);  // a hit
  present_at(131, ACCESS_WRITE, 0x801000);
  step_to(300);
  assert_int_equal(took(PORT_DATA), 38);
  expect(2, 3, 0, 0, 23 + 131 - 123);  // its PDE was read in 125; its PTE would have been in 136
  rig_destroy(&rig);
}

static void a_second_level_lookup_takes_it(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){.sets = 4, .ways = 2, .latency = 3};
  start();
  present_at(0, ACCESS_FETCH, 0x801000);
  present_at(100, ACCESS_READ, 0x401000);  // answered in 126
  present_at(130, ACCESS_READ, 0x801000);  // its lookup is in 131-133
  step_to(300);
  assert_int_equal(took(PORT_DATA), 4);
  expect(2, 3, 0, 0, 23 + 130 - 126);
  rig_destroy(&rig);
}

static void a_control_operation_ends_it(void** state) {
  (void)state;
  for (uint64_t c = 24; c < 50; c++) {
    start();
    present_at(0, ACCESS_READ, 0x401000);
    operate_at(c, CONTROL_PKRU, 0);  // which drops nothing, and waits for nobody
    step_to(150);
    assert_int_equal(rig_event(&rig, EVENT_CONTROL, 0)->cycle - zero, c + 4);
    assert_int_equal(dtlb_holds(0x402000), c > 46);
    expect(1, (c >= 25) + (c >= 36), c > 46, 0, c < 46 ? c - 23 : 23);
    rig_destroy(&rig);
  }
}

// An entry of the same page is overwritten in place: memory has changed its frame meanwhile.
static void it_overwrites_in_place(void** state) {
  (void)state;
  config.dtlb = (struct tlb_config){.sets = 1, .ways = 3, .latency = 1};
  start();
  rig_map_32bit(&rig, 0x403000, 0);
  present_at(0, ACCESS_READ, 0x402000);
  step_to(100);
  rig_map_32bit(&rig, 0x402000, 0x7000 | PAGE_BITS);
  present_at(100, ACCESS_READ, 0x401000);
  step_to(200);
  present_at(200, ACCESS_READ, 0x402000);
  assert_int_equal(took(PORT_DATA), 1);
  assert_int_equal(answer[PORT_DATA].pa, 0x7000);
  expect(2, 4, 1, 0, 46);
  rig_destroy(&rig);
}

static void what_it_throws_out_is_counted_apart(void** state) {
  (void)state;
  config.stlb = (struct tlb_config){.sets = 1, .ways = 1, .latency = 3};
  start();
  present_at(0, ACCESS_READ, 0x401000);
  step_to(100);
  assert_true(stlb_holds(0x402000));
  expect(1, 2, 1, 1, 23);
  assert_int_equal(its(EVENT_FILL, 0)->hit, 1);
  assert_int_equal(rig_counters(&rig).stlb.evictions, 0);
  rig_destroy(&rig);
}

// A port's own TLB of two ways: 801000 is older than 401000 when 402000 comes in 146. A hit of it in the cycle before
// saves it; one in the same cycle comes too late, but is a hit; so it is in a play.
static void victims_are_chosen_before_the_lookups_of_the_cycle(void** state) {
  (void)state;
  config.dtlb = (struct tlb_config){.sets = 1, .ways = 2, .latency = 1};
  for (uint64_t at = 145; at <= 146; at++) {
    start();
    present_at(0, ACCESS_READ, 0x801000);
    present_at(100, ACCESS_READ, 0x401000);
    present_at(at, ACCESS_READ, 0x801000);
    assert_int_equal(took(PORT_DATA), 1);
    step_to(200);
    assert_true(dtlb_holds(0x402000));
    assert_int_equal(dtlb_holds(0x801000), at == 145);
    assert_int_equal(dtlb_holds(0x401000), at == 146);
    rig_destroy(&rig);
  }
}

static void a_page_fault_drops_what_it_fills_in_that_cycle(void** state) {
  (void)state;
  for (uint64_t at = 45; at <= 47; at++) {
    start();
    rig_map_32bit(&rig, 0x402000, 0x5021);  // a supervisor's, whom users' fetches ask for
    fetch_for_the_supervisor(0x402000);
    present_at(0, ACCESS_READ, 0x401000);
    present_at(at, ACCESS_FETCH, 0x402000);
    assert_int_equal(answer[PORT_FETCH].fault, FAULT_PF);
    step_to(100);
    assert_int_equal(dtlb_holds(0x402000), at == 45);
    rig_destroy(&rig);
  }
}

// --- next-page with two walkers -------------------------------------------------------------------------------------

static void two_walkers(void) {
  config.walkers = 2;
  config.psc.pde = 4;
  config.stlb = (struct tlb_config){.sets = 1, .ways = 8, .latency = 3};
}

// Both prefetches fill in one cycle: the TLB takes the fetch's, the walk caches both.
static void of_two_the_fetchs_fills(void** state) {
  (void)state;
  two_walkers();
  start();
  rig_map_32bit(&rig, 0xbff000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0xc00000, 0x6000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x13ff000, 0x7000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x1400000, 0x8000 | PAGE_BITS);
  present_both_at(0, 0xbff000, 0x13ff000);
  step_to(100);
  assert_true(stlb_holds(0xc00000));
  assert_false(stlb_holds(0x1400000));
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0xc00000, 22));
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0x1400000, 22));
  expect(2, 4, 1, 0, 46);
  rig_destroy(&rig);
  // Without a second level each has its own.
  config.stlb.sets = 0;
  start();
  present_both_at(0, 0x401000, 0x403000);
  step_to(100);
  assert_true(itlb_holds(0x402000));
  assert_true(dtlb_holds(0x404000));
  expect(2, 2, 2, 0, 24);  // the PDE is cached
  rig_destroy(&rig);
}

// The fetch's prefetch fills in 38: its walk, 5-26, has cached the PDE. The data's walk, begun in `m` + 4, is answered
// in m + 26.
static void a_demands_fill_beats_it(void** state) {
  (void)state;
  two_walkers();
  for (uint64_t m = 11; m <= 13; m++) {
    start();
    rig_map_32bit(&rig, 0x7ff000, 0x5000 | PAGE_BITS);
    rig_map_32bit(&rig, 0x800000, 0);
    rig_map_32bit(&rig, 0xbff000, 0x5000 | PAGE_BITS);
    present_at(0, ACCESS_FETCH, 0x401000);
    present_at(m, ACCESS_READ, 0xbff000);
    step_to(200);
    assert_int_equal(took(PORT_DATA), 27);
    assert_int_equal(when(its(EVENT_READ, 0)), 28);
    assert_int_equal(stlb_holds(0x402000), m != 12);
    assert_true(stlb_holds(0xbff000));
    rig_destroy(&rig);
  }
}

// Walk caches of one entry: the demand's fill comes first, the prefetch's after it, so that its entry stays.
static void its_walk_cache_fills_come_after_the_demands(void** state) {
  (void)state;
  two_walkers();
  config.psc.pde = 2;
  start();
  rig_map_32bit(&rig, 0xbff000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0xc00000, 0x6000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x13ff000, 0x5000 | PAGE_BITS);
  rig_map_32bit(&rig, 0x17ff000, 0x5000 | PAGE_BITS);
  present_at(0, ACCESS_FETCH, 0xbff000);   // answered in 26; its prefetch fills in 49
  present_at(23, ACCESS_READ, 0x13ff000);  // answered in 49
  step_to(50);
  assert_int_equal(when(its(EVENT_FILL, 0)), 49);
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0x1000000, 22));
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0xc00000, 22));
  // The demand's is the older of the two, and goes first.
  present_at(300, ACCESS_FETCH, 0x17ff000);
  step_to(327);
  assert_false(rig_holds(&rig, ARRAY_PSC_PDE, 0x1000000, 22));
  assert_true(rig_holds(&rig, ARRAY_PSC_PDE, 0xc00000, 22));
  rig_destroy(&rig);
}

// Data's prefetch, 24-46, is ended by data's miss in 30 though that shares the fetch's walk of its page, 27-49.
static void a_miss_that_shares_a_walk_ends_the_prefetch_of_its_port(void** state) {
  (void)state;
  config.walkers = 2;
  start();
  present_at(0, ACCESS_READ, 0x401000);
  present_at(26, ACCESS_FETCH, 0x801000);
  present_at(30, ACCESS_READ, 0x801000);
  step_to(150);
  assert_int_equal(answer[PORT_DATA].merged, 1);
  assert_int_equal(took(PORT_DATA), 20);
  assert_false(dtlb_holds(0x402000));
  expect(2, 3, 0, 0, 7 + 23);  // and the fetch's, whose PTE is absent; the merged answer causes none
  rig_destroy(&rig);
}

static void demands_do_not_share_a_prefetch(void** state) {
  (void)state;
  config.walkers = 2;
  start();
  present_at(0, ACCESS_FETCH, 0x401000);
  present_at(30, ACCESS_READ, 0x402000);
  step_to(150);
  assert_int_equal(answer[PORT_DATA].merged, 0);
  assert_int_equal(took(PORT_DATA), 24);
  assert_true(itlb_holds(0x402000));
  rig_destroy(&rig);
}

// --- adjacent -------------------------------------------------------------------------------------------------------

static void start_adjacent(void) {
  config.prefetch = PREFETCH_ADJACENT;
  start();
}

static void the_other_entry_of_the_pair_is_filled_in_the_next_cycle(void** state) {
  (void)state;
  const uint64_t pair[2] = {0x402000, 0x403000};
  for (int i = 0; i < 2; i++) {
    start_adjacent();
    present_at(0, ACCESS_READ, pair[i] + 0x123);
    step_to(100);
    const struct event* fill = its(EVENT_FILL, 0);
    assert_int_equal(when(fill), 24);
    assert_int_equal(fill->va, pair[!i]);
    assert_int_equal(fill->pa, pair[!i] << 4);
    assert_int_equal(fill->array, ARRAY_DTLB);
    assert_null(its(EVENT_READ, 0));
    expect(0, 0, 1, 0, 0);
    assert_int_equal(rig_counters(&rig).walk_refs, 2);
    assert_int_equal(rig_counters(&rig).dtlb.fills, 1);
    rig_destroy(&rig);
  }
  // Entries of 8 bytes, and a second level.
  config.stlb = (struct tlb_config){.sets = 4, .ways = 2, .latency = 3};
  rig_create(&rig, &config);
  rig_start_pae(&rig, 0, EFER_NXE);
  rig_map_pae(&rig, 0x402000, 0x5000 | PAGE_BITS);
  rig_map_pae(&rig, 0x403000, UINT64_C(0x8000000000006000) | PAGE_BITS);
  zero = rig_now(&rig);
  present_at(0, ACCESS_READ, 0x402000);
  present_at(27, ACCESS_READ, 0x403000);  // answered in 26, filled in 27: the second level has it
  present_at(40, ACCESS_FETCH, 0x403000);
  step_to(100);
  assert_int_equal(took(PORT_DATA), 4);
  assert_int_equal(answer[PORT_DATA].pa, 0x6000);
  assert_int_equal(answer[PORT_FETCH].error, PFEC_P | PFEC_U | PFEC_ID);
  expect(0, 0, 1, 0, 0);
  rig_destroy(&rig);
}

static void only_what_a_walk_could_cache_as_it_is(void** state) {
  (void)state;
  static const struct {
    uint64_t entry;
    bool filled;
  } cases[] = {
      {0, false},
      {0x5000 | (PAGE_BITS & ~1), false},
      {0x5000 | NEVER_A, false},
      {0x5000 | CLEAN, true},
      {0x5021, true},                                     // a supervisor's, read-only
      {0x50e7, true},                                     // bit 7 is PAT
      {UINT64_C(0x10000005000) | PAGE_BITS, false},       // above MAXPHYADDR
      {UINT64_C(0x8000000000005000) | PAGE_BITS, false},  // NX is reserved without EFER.NXE
  };
  config.prefetch = PREFETCH_ADJACENT;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig_create(&rig, &config);
    rig_start_long(&rig, 0, 0);
    rig_map_long(&rig, 4, 0x402000, 0x7000 | PAGE_BITS);
    rig_map_long(&rig, 4, 0x403000, cases[i].entry);
    zero = rig_now(&rig);
    present_at(0, ACCESS_READ, 0x402000);
    step_to(100);
    assert_int_equal(answer[PORT_DATA].fault, FAULT_NONE);
    assert_int_equal(dtlb_holds(0x403000), cases[i].filled);
    rig_destroy(&rig);
  }
}

// Upper entries' rights hold for both; a leaf's own for itself.
static void rights_are_those_above_and_its_own(void** state) {
  (void)state;
  start_adjacent();
  rig_map_32bit(&rig, 0x402000, 0x5065);  // read-only; 403000 is not
  present_at(0, ACCESS_READ, 0x402000);
  present_at(30, ACCESS_WRITE, 0x403000);
  assert_int_equal(took(PORT_DATA), 1);
  assert_int_equal(answer[PORT_DATA].fault, FAULT_NONE);
  rig_destroy(&rig);
  start_adjacent();
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0x402000), 4, (RIG_TABLES + 0x1000) | 0x25);
  present_at(0, ACCESS_READ, 0x402000);
  present_at(30, ACCESS_WRITE, 0x403000);
  assert_int_equal(took(PORT_DATA), 1);
  assert_int_equal(answer[PORT_DATA].error, PFEC_P | PFEC_U | PFEC_W);
  rig_destroy(&rig);
}

// The leaf's read is in 13.
static void its_value_is_that_of_the_leafs_read(void** state) {
  (void)state;
  for (uint64_t at = 12; at <= 14; at++) {
    start_adjacent();
    present_at(0, ACCESS_READ, 0x402000);
    step_to(at);
    rig_map_32bit(&rig, 0x403000, 0x7000 | PAGE_BITS);  // before all else in the cycle
    step_to(30);
    assert_int_equal(its(EVENT_FILL, 0)->pa, at < 14 ? 0x7000 : 0x4030000);
    rig_destroy(&rig);
  }
}

// The swap of 402000's A, 24-37, fails: it has changed in 30; the walk begins again in 38 and reads in 39 and 50.
static void after_a_failed_swap_the_last_read_counts(void** state) {
  (void)state;
  for (int large = 0; large < 2; large++) {
    start_adjacent();
    rig_map_32bit(&rig, 0x402000, 0x5000 | NEVER_A);
    present_at(0, ACCESS_READ, 0x402000);
    step_to(20);
    rig_map_32bit(&rig, 0x402000, 0x6000 | PAGE_BITS);
    if (large) rig_write(&rig, rig_entry_32bit(&rig, 2, 0x402000), 4, 0x400000 | PAGE_BITS | 0x80);
    step_to(40);
    if (!large) rig_map_32bit(&rig, 0x403000, 0x7000 | PAGE_BITS);
    step_to(100);
    if (large)
      assert_null(its(EVENT_FILL, 0));  // a large page has no pair
    else
      assert_int_equal(its(EVENT_FILL, 0)->pa, 0x7000);
    if (!large) assert_int_equal(when(its(EVENT_FILL, 0)), 61);
    rig_destroy(&rig);
  }
}

static void no_pair_for_hits_faults_clean_entries_or_large_pages(void** state) {
  (void)state;
  start_adjacent();
  rig_map_32bit(&rig, 0x402000, 0x5000 | CLEAN);
  rig_map_32bit(&rig, 0x403000, 0);
  rig_write(&rig, rig_entry_32bit(&rig, 2, 0xc00000), 4, 0x400000 | PAGE_BITS | 0x80);
  present_at(0, ACCESS_READ, 0x402000);  // its pair is absent
  step_to(50);
  rig_map_32bit(&rig, 0x403000, 0x7000 | PAGE_BITS);
  present_at(50, ACCESS_READ, 0x402000);
  present_at(60, ACCESS_WRITE, 0x402000);
  step_to(150);
  present_at(150, ACCESS_READ, 0xc00000);
  step_to(200);
  rig_map_32bit(&rig, 0x404000, 0);
  present_at(200, ACCESS_READ, 0x404000);
  step_to(250);
  assert_int_equal(answer[PORT_DATA].fault, FAULT_PF);
  expect(0, 0, 0, 0, 0);
  rig_destroy(&rig);
}

static void a_control_operation_ends_a_pair(void** state) {
  (void)state;
  for (uint64_t c = 22; c <= 25; c++) {
    start_adjacent();
    present_at(0, ACCESS_READ, 0x402000);
    operate_at(c, CONTROL_PKRU, 0);
    step_to(100);
    assert_int_equal(dtlb_holds(0x403000), c == 25);
    rig_destroy(&rig);
  }
  // Operations of one cycle, too.
  config.op.cr = 1;
  start_adjacent();
  present_at(0, ACCESS_READ, 0x402000);
  operate_at(24, CONTROL_PKRU, 0);
  step_to(100);
  assert_false(dtlb_holds(0x403000));
  rig_destroy(&rig);
}

// Data's walk is answered in 23; the fetch of a page that it may not have faults in `at`.
static void a_page_fault_ends_a_pair(void** state) {
  (void)state;
  for (uint64_t at = 22; at <= 25; at++) {
    start_adjacent();
    rig_map_32bit(&rig, 0xc01000, 0x5021);
    fetch_for_the_supervisor(0xc01000);
    present_at(0, ACCESS_READ, 0x402000);
    present_at(at, ACCESS_FETCH, 0xc01000);
    assert_int_equal(answer[PORT_FETCH].fault, FAULT_PF);
    step_to(100);
    assert_int_equal(dtlb_holds(0x403000), at == 22 || at == 25);
    rig_destroy(&rig);
  }
}

// A #GP is no page fault, and a demand that begins in the next cycle is none of its business.
static void other_answers_do_not_end_a_pair(void** state) {
  (void)state;
  config.prefetch = PREFETCH_ADJACENT;
  rig_create(&rig, &config);
  rig_start_long(&rig, 0, 0);
  rig_map_long(&rig, 4, 0x402000, 0x5000 | PAGE_BITS);
  rig_map_long(&rig, 4, 0x403000, 0x6000 | PAGE_BITS);
  zero = rig_now(&rig);
  present_both_at(0, UINT64_C(1) << 60, 0x402000);
  present_at(45, ACCESS_FETCH, UINT64_C(1) << 60);
  present_at(46, ACCESS_FETCH, 0x401000);
  step_to(60);
  assert_int_equal(answer[PORT_DATA].cycle - zero, 45);
  assert_true(dtlb_holds(0x403000));
  rig_destroy(&rig);
}

// Two walkers: the data's walk is answered in the cycle after the fetch's, and fills the second level then.
static void a_demands_fill_ends_a_pair(void** state) {
  (void)state;
  two_walkers();
  config.psc.pde = 0;
  for (uint64_t m = 0; m <= 2; m++) {
    start_adjacent();
    if (m == 0)
      present_both_at(0, 0x402000, 0x404000);
    else
      present_at(0, ACCESS_FETCH, 0x402000);
    if (m) present_at(m, ACCESS_READ, 0x404000);
    step_to(100);
    // Of two in one cycle (m = 0) the fetch's.
    assert_int_equal(stlb_holds(0x403000), m != 1);
    assert_int_equal(stlb_holds(0x405000), m != 0);
    rig_destroy(&rig);
  }
}

// --- playing --------------------------------------------------------------------------------------------------------

// A play is over when its references are; what was begun goes on as time passes, and sees what memory holds by then.
static void it_goes_on_between_plays(void** state) {
  (void)state;
  for (int later = 0; later < 2; later++) {
    start();
    rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
    const struct ref ref = ref_of(ACCESS_READ, 0x401000);
    struct play play = {.until = UINT64_MAX};
    rig.engine->ops->play(rig.engine->self, &ref, 1, &play);
    assert_int_equal(cycle(), 24);
    if (later) rig.engine->ops->wait(rig.engine->self, zero + 37);  // its PTE is read in 36
    rig_map_32bit(&rig, 0x402000, 0);
    rig.engine->ops->wait(rig.engine->self, zero + 60);
    assert_int_equal(dtlb_holds(0x402000), later);
    expect(1, 2, later, 0, 23);
    rig_destroy(&rig);
  }
}

// Hits of a play go on meanwhile: 801000 is hit in every cycle from 24 on, 402000 comes in 46.
static void hits_of_a_play_meet_it(void** state) {
  (void)state;
  config.dtlb = (struct tlb_config){.sets = 1, .ways = 2, .latency = 1};
  start();
  struct ref refs[40];
  struct answer answers[40];
  refs[0] = ref_of(ACCESS_READ, 0x801000);
  refs[1] = ref_of(ACCESS_READ, 0x401000);
  for (int i = 2; i < 40; i++) refs[i] = ref_of(ACCESS_READ, i < 30 ? 0x401000 : 0x402000);
  rig.engine->ops->on_event(rig.engine->self, NULL, NULL);
  struct play play = {.until = UINT64_MAX, .answers = answers};
  rig.engine->ops->play(rig.engine->self, refs, 40, &play);
  assert_int_equal(play.done, 40);
  // The walks take 0-23 and 24-47; the prefetch of 401000 48-70, and 402000 is asked for from 76 on.
  for (int i = 2; i < 40; i++) assert_int_equal(answers[i].path, PATH_L1);
  assert_int_equal(answers[39].cycle - zero, 85);
  expect(2, 2, 1, 1, 1 + 23);  // that of 801000 was ended in 24
  rig_destroy(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
static const struct CMUnitTest tests[] = {
    TEST(the_page_behind_is_walked_and_filled),
    TEST(next_tells_when_it_works),
    TEST(behind_a_large_page_lies_the_next_large_page),
    TEST(addresses_wrap_at_the_width_of_the_mode),
    TEST(neither_faults_nor_hits_nor_clean_entries_cause_one),
    TEST(none_begins_where_somebody_waits),
    TEST(none_begins_where_a_control_operation_has_come),
    TEST(what_would_fault_or_lacks_a_ends_it),
    TEST(a_bus_error_ends_it),
    TEST(an_absent_pdpte_register_ends_it),
    TEST(rights_do_not_stop_it),
    TEST(it_fills_the_second_level_and_the_walk_caches),
    TEST(without_walk_start_its_lookup_is_in_the_answers_cycle),
    TEST(where_none_begins_nothing_is_looked_up),
    TEST(caches_and_memory_count_it),
    TEST(a_demand_takes_the_walker),
    TEST(a_write_to_a_clean_entry_takes_it_and_a_hit_does_not),
    TEST(a_second_level_lookup_takes_it),
    TEST(a_control_operation_ends_it),
    TEST(it_overwrites_in_place),
    TEST(what_it_throws_out_is_counted_apart),
    TEST(victims_are_chosen_before_the_lookups_of_the_cycle),
    TEST(a_page_fault_drops_what_it_fills_in_that_cycle),
    TEST(of_two_the_fetchs_fills),
    TEST(a_demands_fill_beats_it),
    TEST(its_walk_cache_fills_come_after_the_demands),
    TEST(a_miss_that_shares_a_walk_ends_the_prefetch_of_its_port),
    TEST(demands_do_not_share_a_prefetch),
    TEST(the_other_entry_of_the_pair_is_filled_in_the_next_cycle),
    TEST(only_what_a_walk_could_cache_as_it_is),
    TEST(rights_are_those_above_and_its_own),
    TEST(its_value_is_that_of_the_leafs_read),
    TEST(after_a_failed_swap_the_last_read_counts),
    TEST(no_pair_for_hits_faults_clean_entries_or_large_pages),
    TEST(a_control_operation_ends_a_pair),
    TEST(a_page_fault_ends_a_pair),
    TEST(other_answers_do_not_end_a_pair),
    TEST(a_demands_fill_ends_a_pair),
    TEST(it_goes_on_between_plays),
    TEST(hits_of_a_play_meet_it),
};
TEST_MAIN(tests)
