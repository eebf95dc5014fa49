// SPDX-License-Identifier: MIT
// Control operations: what is refused, what drops what, the PDPTE registers, and operations in every cycle of a walk.
#include "rtl/stand.h"

static void what_writes_refuse(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  static const struct {
    enum control_op op;
    uint64_t value;
    bool good;
    uint64_t reads_back;
  } writes[] = {
      {CONTROL_CR0, 0x1, true, 0x11},                   // ET reads 1
      {CONTROL_CR0, 0xffe1, true, 0x31},                // reserved low bits are ignored
      {CONTROL_CR0, UINT64_C(1) << 32, false, 0x31},    // the high half is reserved
      {CONTROL_CR0, 0x80000010, false, 0x31},           // PG without PE
      {CONTROL_CR0, 0x20000011, false, 0x31},           // NW without CD
      {CONTROL_CR0, 0x60050037, true, 0x60050037},      //
      {CONTROL_CR0, 0x11, true, 0x11},                  //
      {CONTROL_CR3, UINT64_C(1) << 40, false, 0},       // above MAXPHYADDR
      {CONTROL_CR3, UINT64_C(1) << 63, false, 0},       //
      {CONTROL_CR3, 0xfffffff018, true, 0xfffffff018},  //
      {CONTROL_CR4, 1u << 13, false, 0},                // VMXE: not there
      {CONTROL_CR4, 1u << 17, false, 0},                // PCIDE outside long mode
      {CONTROL_CR4, UINT64_C(1) << 40, false, 0},       //
      {CONTROL_CR4, 0x750fff, true, 0x750fff},          //
      {CONTROL_EFER, 1u << 1, false, 0},                // reserved
      {CONTROL_EFER, 0xc01, true, 0x801},               // LMA is read-only
      {CONTROL_PKRU, UINT64_C(1) << 32, false, 0},      //
      {CONTROL_PKRU, 0xffffffff, true, 0xffffffff},     //
  };
  unsigned refused = 0;
  for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
    refused += !writes[i].good;
    uint64_t start = engine_now(s.engine), registers[5], pdptes[4];
    if (stand_write_register(&s, writes[i].op, writes[i].value) != writes[i].good) fail_msg("write %zu", i);
    assert_int_equal(engine_now(s.engine) - start, 5);  // refused ones take their time too
    engine_registers(s.engine, registers, pdptes);
    if (registers[writes[i].op] != writes[i].reads_back) fail_msg("write %zu reads back wrong", i);
  }
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.controls, sizeof writes / sizeof *writes);
  assert_int_equal(counters.control_gps, refused);
  assert_int_equal(counters.cycles_flush, 5 * sizeof writes / sizeof *writes);
  stand_destroy(&s);
}

static void user_mode_may_write_pkru_alone(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  for (int op = CONTROL_CR0; op <= CONTROL_INVLPG; op++) {
    struct control control = {.op = (uint8_t)op, .user = true, .value = 0x11};
    assert_int_equal(engine_control(s.engine, &control), op == CONTROL_PKRU);
  }
  stand_destroy(&s);
}

// Fills both TLBs with a small and a large page each, local and global, and counts what an operation leaves.
struct flush_case {
  enum control_op op;
  uint64_t value;
  unsigned left;  // of 8 entries
};

static unsigned entries(struct stand* s) {
  size_t count = 0;
  for (int a = 0; a < ARRAY_COUNT; a++) count += stand_entries(s, (enum tlb_array)a);
  return (unsigned)count;
}

static void what_operations_drop(void** state) {
  (void)state;
  // beyond the first eight level 2 entries, which a switch to PAE takes for PDPTEs
  enum { BASE_CR4 = CR4_PSE | CR4_PGE };
  static const struct flush_case cases[] = {
      {CONTROL_CR3, TABLE2, 4},                     // all but global ones
      {CONTROL_CR3, UINT64_C(1) << 50, 8},          // refused: nothing
      {CONTROL_CR4, CR4_PSE, 0},                    // PGE changed
      {CONTROL_CR4, CR4_PGE, 0},                    // PSE changed
      {CONTROL_CR4, BASE_CR4 | CR4_PAE, 0},         // PAE changed
      {CONTROL_CR4, BASE_CR4 | CR4_SMEP, 0},        // SMEP 0 -> 1
      {CONTROL_CR4, BASE_CR4 | CR4_SMAP, 8},        //
      {CONTROL_CR4, BASE_CR4, 8},                   // nothing changed
      {CONTROL_CR0, CR0_OFF, 0},                    // PG 1 -> 0
      {CONTROL_CR0, (uint32_t)CR0_ON | CR0_WP, 8},  //
      {CONTROL_EFER, EFER_NXE, 0},                  // NXE changed
      {CONTROL_EFER, 1, 8},                         //
      {CONTROL_PKRU, 5, 8},                         //
      {CONTROL_INVLPG, 0x2401fff, 6},               // a small global page, in both
      {CONTROL_INVLPG, 0x2402000, 6},               // a small local one
      {CONTROL_INVLPG, 0x2bfffff, 6},               // a large one, by its last byte
      {CONTROL_INVLPG, 0x2c00000, 6},               //
      {CONTROL_INVLPG, 0x3000000, 8},               // nobody's
  };
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    stand_start(&s, false, BASE_CR4, 0, 0);
    stand_map(&s, 0x2401000, 0x5000, P | A | G, P | A);
    stand_map(&s, 0x2402000, 0x6000, P | A, P | A);
    stand_set2(&s, 0x2800000, 0x400000 | P | A | PS | G);
    stand_set2(&s, 0x2c00000, 0x800000 | P | A | PS);
    static const uint64_t pages[] = {0x2401000, 0x2402000, 0x2800000, 0x2c00000};
    for (int p = 0; p < 4; p++) {
      stand_access(&s, ACCESS_READ, pages[p], 0);
      stand_access(&s, ACCESS_FETCH, pages[p], 0);
    }
    assert_int_equal(entries(&s), 8);
    stand_forget(&s);
    stand_write_register(&s, cases[i].op, cases[i].value);
    if (entries(&s) != cases[i].left) fail_msg("case %zu leaves %u", i, entries(&s));
    assert_int_equal(stand_events(&s, EVENT_DROP, -1, NULL), 8 - cases[i].left);
    // emptied, so that the next case starts afresh
    assert_true(stand_write_register(&s, CONTROL_CR0, CR0_OFF));
    assert_true(stand_write_register(&s, CONTROL_EFER, 0));
    assert_true(stand_write_register(&s, CONTROL_CR4, 0));
  }
  stand_destroy(&s);
}

static void without_pge_g_is_ignored(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | A | G, P | A);
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  assert_true(stand_write_register(&s, CONTROL_CR3, TABLE2));
  assert_int_equal(entries(&s), 0);
  stand_destroy(&s);
}

static void pdpte_registers_are_loaded_when_the_rules_say(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);  // CR0.PG with PAE: loaded
  const uint32_t on = (uint32_t)CR0_ON;
  const struct {
    enum control_op op;
    uint64_t value;
    bool loads;
  } writes[] = {
      {CONTROL_CR3, PDPTES, true},
      {CONTROL_CR0, on | CR0_WP, false},
      {CONTROL_CR0, on | 1u << 30, true},                // CD
      {CONTROL_CR0, on | 1u << 30 | 1u << 29, true},     // NW
      {CONTROL_CR0, on, true},                           //
      {CONTROL_CR4, CR4_PAE | CR4_PGE, true},            //
      {CONTROL_CR4, CR4_PAE | CR4_PGE | CR4_PSE, true},  //
      {CONTROL_CR4, CR4_PAE | CR4_SMEP, true},           //
      {CONTROL_CR4, CR4_PAE | CR4_SMEP | CR4_SMAP, false},
      {CONTROL_EFER, EFER_NXE, false},
      {CONTROL_CR4, 0, false},       // not PAE afterwards
      {CONTROL_CR3, PDPTES, false},  //
      {CONTROL_CR4, CR4_PAE, true},  // becomes PAE
      {CONTROL_CR0, CR0_OFF, false},
  };
  for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
    stand_forget(&s);
    uint64_t start = engine_now(s.engine);
    assert_true(stand_write_register(&s, writes[i].op, writes[i].value));
    struct event load;
    if (stand_events(&s, EVENT_PDPTE, -1, &load) != writes[i].loads) fail_msg("write %zu", i);
    assert_int_equal(engine_now(s.engine) - start, writes[i].loads ? ENTRY + 5 : 5);
    if (writes[i].loads) {
      assert_int_equal(load.cycle, start);
      assert_int_equal(load.pa, PDPTES);
      assert_int_equal(load.level, 3);
    }
  }
  stand_destroy(&s);
}

static void a_bad_pdpte_refuses_the_load(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  uint64_t registers[5], pdptes[4];
  for (unsigned bit = 1; bit < 64; bit++) {
    bool reserved = (bit >= 1 && bit <= 2) || (bit >= 5 && bit <= 8) || bit >= 40;
    for (int present = 0; present < 2; present++) {
      ram_write_word(s.ram, 0x100 + 8 * (bit % 4), 8, UINT64_C(1) << bit | (unsigned)present);
      uint64_t start = engine_now(s.engine);
      if (stand_write_register(&s, CONTROL_CR3, 0x100) != !(reserved && present)) fail_msg("bit %u", bit);
      assert_int_equal(engine_now(s.engine) - start, ENTRY + 5);
      engine_registers(s.engine, registers, pdptes);
      if (reserved && present) {
        assert_int_equal(registers[CONTROL_CR3], PDPTES);
        assert_int_equal(pdptes[0], TABLE2 | P);
      } else {
        assert_int_equal(pdptes[bit % 4], UINT64_C(1) << bit | (unsigned)present);
        assert_true(stand_write_register(&s, CONTROL_CR3, PDPTES));
      }
      ram_write_word(s.ram, 0x100 + 8 * (bit % 4), 8, 0);
    }
  }
  // what memory holds later does not matter
  stand_map(&s, 0x401000, 0x5000, P | A, P | A);
  ram_write_word(s.ram, PDPTES, 8, 0);
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, 0), 0x5000, PATH_WALK, WALK2);
  stand_destroy(&s);
}

static void a_bus_error_refuses_the_load(void** state) {
  (void)state;
  struct config config = stand_config();
  config.maxphyaddr = 52;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  // the address is bits 31:5, so that nothing in 4 GiB is beyond the stand's memory: a smaller one is needed
  struct ram* small = ram_create(0x10000);
  struct error err;
  engine_destroy(s.engine);
  s.engine = engine_create(ENGINE_RTL, &config, ram_bus(small), NULL, false, &err);
  assert_non_null(s.engine);
  assert_true(stand_write_register(&s, CONTROL_CR4, CR4_PAE));
  assert_true(stand_write_register(&s, CONTROL_CR0, (uint32_t)CR0_ON));
  assert_false(stand_write_register(&s, CONTROL_CR3, 0x20000));
  stand_destroy(&s);
  ram_destroy(small);
}

// An INVLPG of another page arrives in each cycle of a walk and after it. docs/timing.md: 5 cycles, after the answer;
// a walk that is in the walker when it arrives, even in its last cycle, answers but fills nothing.
static void an_operation_in_every_cycle_of_a_walk(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  for (uint64_t at = 0; at <= WALK2 + 2; at++) {
    uint64_t va = 0x400000 + 0x1000 * at, done = 0;
    stand_map(&s, va, 0x100000, P | A, P | A);
    struct control invlpg = {.op = CONTROL_INVLPG, .value = 0xc00000};
    struct intrusion intrusion = {.at = at, .control = &invlpg};
    stand_forget(&s);
    uint64_t first = engine_now(s.engine);
    struct answer a = stand_access_with(&s, ACCESS_READ, va, 0, &intrusion, &done);
    bool before = at == 0, during = at >= 1 && at < WALK2;
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.accept, first + (before ? 5 : 0));
    assert_int_equal(stand_cycles(&a), WALK2);
    assert_int_equal(stand_events(&s, EVENT_FILL, -1, NULL), !during);
    if (before) {
      assert_int_equal(done, 4);
    } else if (during) {
      assert_int_equal(done, WALK2 - 1 + 5);
    } else if (at > WALK2 - 1) {
      // it was still asking for more only if the access was not over: then the operation came alone
      assert_int_equal(done, at + 4);
    }
    stand_access(&s, ACCESS_READ, va, 0);
  }
  stand_destroy(&s);
}

// walk.start = 0: the walk begins with its first read, one cycle after the miss.
static void an_operation_in_the_cycle_of_a_miss_suppresses_nothing(void** state) {
  (void)state;
  struct config config = stand_config();
  config.dtlb.latency = 3;
  for (unsigned start = 0; start < 3; start++) {
    config.walk.start = start;
    struct stand s;
    stand_create(&s, &config);
    stand_start(&s, false, 0, 0, 0);
    for (uint64_t at = 1; at <= 4; at++) {  // accepted in 0, missed in 2, in the walker from 3 on
      uint64_t va = 0x400000 + 0x1000 * at;
      stand_map(&s, va, 0x100000, P | A, P | A);
      struct control cr3 = {.op = CONTROL_CR3, .value = TABLE2};
      struct intrusion intrusion = {.at = at, .control = &cr3};
      stand_forget(&s);
      stand_access_with(&s, ACCESS_READ, va, 0, &intrusion, NULL);
      assert_int_equal(stand_events(&s, EVENT_FILL, -1, NULL), at <= 2);
    }
    stand_destroy(&s);
  }
}

// The page's own INVLPG with a changed PTE: whatever the cycle, nothing stale is left when it is done.
static void no_translation_survives_its_invlpg(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  for (uint64_t at = 0; at <= WALK2 + 1; at++) {
    uint64_t va = 0x400000 + 0x1000 * at;
    stand_map(&s, va, 0x100000, P | A, P | A);
    struct control invlpg = {.op = CONTROL_INVLPG, .value = va + 0x123};
    struct intrusion intrusion = {.at = at, .control = &invlpg};
    stand_access_with(&s, ACCESS_READ, va, 0, &intrusion, NULL);
    stand_map(&s, va, 0x200000, P | A, P | A);
    if (at > 0) assert_ok(stand_access(&s, ACCESS_READ, va, 0), 0x200000, PATH_WALK, WALK2);
  }
  // without it the old one stays
  stand_map(&s, 0x800000, 0x100000, P | A, P | A);
  stand_access(&s, ACCESS_READ, 0x800000, 0);
  stand_map(&s, 0x800000, 0x200000, P | A, P | A);
  assert_ok(stand_access(&s, ACCESS_READ, 0x800000, 0), 0x100000, PATH_L1, 1);
  stand_destroy(&s);
}

static void operations_of_one_cycle(void** state) {
  (void)state;
  struct config config = stand_config();
  config.op.cr = config.op.invlpg = 1;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  assert_int_equal(engine_now(s.engine), 4);
  stand_map(&s, 0x400000, 0x5000, P | A, P | A);
  stand_access(&s, ACCESS_READ, 0x400000, 0);
  uint64_t start = engine_now(s.engine);
  stand_invlpg(&s, 0x400000);
  assert_int_equal(engine_now(s.engine), start + 1);
  assert_int_equal(entries(&s), 0);
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_writes_refuse),
    cmocka_unit_test(user_mode_may_write_pkru_alone),
    cmocka_unit_test(what_operations_drop),
    cmocka_unit_test(without_pge_g_is_ignored),
    cmocka_unit_test(pdpte_registers_are_loaded_when_the_rules_say),
    cmocka_unit_test(a_bad_pdpte_refuses_the_load),
    cmocka_unit_test(a_bus_error_refuses_the_load),
    cmocka_unit_test(an_operation_in_every_cycle_of_a_walk),
    cmocka_unit_test(an_operation_in_the_cycle_of_a_miss_suppresses_nothing),
    cmocka_unit_test(no_translation_survives_its_invlpg),
    cmocka_unit_test(operations_of_one_cycle),
};

TEST_MAIN(tests)
