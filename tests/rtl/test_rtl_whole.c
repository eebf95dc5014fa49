// SPDX-License-Identifier: MIT
// What came after the first machine: long mode, protection keys, PCIDs, the second level, walk caches, timing caches,
// segments. Each number of cycles is derived from docs/timing.md by hand, in the comment beside it.
#include "rtl/stand.h"

enum { CR4_LA57 = 0x1000, CR4_PCIDE = 0x20000, CR4_PKE = 0x400000, EFER_LME = 0x100 };
enum { ROOT = 0x1000, PDPT = 0x2000, PD = 0x3000, PT = 0x4000, ROOT5 = 0x6000, GOOD = P | W | U | A | D };
#define KEEP (UINT64_C(1) << 63)

// Long mode: VA 400000 up is mapped by the table PT, VA 600000 is a 2 MiB page, VA 40000000 a 1 GiB page; what lies at
// both ends of the address space shares the tables.
static void start_long(struct stand* s, const struct config* config, uint64_t cr4) {
  stand_create(s, config);
  ram_write_word(s->ram, ROOT5, 8, ROOT | GOOD);
  ram_write_word(s->ram, ROOT5 + 511 * 8, 8, ROOT | GOOD);
  ram_write_word(s->ram, ROOT, 8, PDPT | GOOD);
  ram_write_word(s->ram, ROOT + 256 * 8, 8, PDPT | GOOD);
  ram_write_word(s->ram, PDPT, 8, PD | GOOD);
  ram_write_word(s->ram, PDPT + 8, 8, 0x80000000 | PS | GOOD);
  ram_write_word(s->ram, PD + 2 * 8, 8, PT | GOOD);
  ram_write_word(s->ram, PD + 3 * 8, 8, 0x200000 | PS | GOOD);
  for (uint64_t i = 0; i < 16; i++) ram_write_word(s->ram, PT + i * 8, 8, (0x10000 + i * 4096) | GOOD);
  assert_true(stand_write_register(s, CONTROL_EFER, EFER_LME | EFER_NXE));
  assert_true(stand_write_register(s, CONTROL_CR3, cr4 & CR4_LA57 ? ROOT5 : ROOT));
  assert_true(stand_write_register(s, CONTROL_CR4, CR4_PAE | (cr4 & CR4_LA57)));
  assert_true(stand_write_register(s, CONTROL_CR0, (uint32_t)CR0_ON));
  assert_true(stand_write_register(s, CONTROL_CR4, CR4_PAE | cr4));
}

static bool invpcid(struct stand* s, uint64_t type, uint64_t pcid, uint64_t va) {
  struct control control = {.op = CONTROL_INVPCID, .type = type, .pcid = pcid, .value = va};
  return engine_control(s->engine, &control);
}

#define READ(va) stand_access(&s, ACCESS_READ, va, 0)
#define WRITE(va) stand_access(&s, ACCESS_WRITE, va, 0)
#define FETCH(va) stand_access(&s, ACCESS_FETCH, va, 0)

// --- long mode -------------------------------------------------------------------------------------------------------

static void long_mode_walks(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  start_long(&s, &config, 0);
  assert_ok(READ(0x401234), 0x11234, PATH_WALK, 2 + 4 * ENTRY);       // 0 miss, 1 start, 2..45 four entries
  assert_ok(READ(0x654321), 0x254321, PATH_WALK, 2 + 3 * ENTRY);      // a 2 MiB page
  assert_ok(READ(0x67654321), 0xa7654321, PATH_WALK, 2 + 2 * ENTRY);  // a 1 GiB page
  assert_ok(READ(0x7fffffff), 0xbfffffff, PATH_L1, 1);                // the same page's last byte
  assert_ok(READ(UINT64_C(0xffff800000401234)), 0x11234, PATH_WALK, 2 + 4 * ENTRY);
  stand_destroy(&s);
  start_long(&s, &config, CR4_LA57);
  assert_ok(READ(0x401234), 0x11234, PATH_WALK, 2 + 5 * ENTRY);
  assert_ok(READ(UINT64_C(0xffff800000401234)), 0x11234, PATH_WALK, 2 + 5 * ENTRY);
  stand_destroy(&s);
}

static void addresses_are_canonical(void** state) {
  (void)state;
  struct config config = stand_config();
  config.dtlb.latency = 2;
  for (int la57 = 0; la57 < 2; la57++) {
    unsigned top = la57 ? 56 : 47;
    struct stand s;
    start_long(&s, &config, la57 ? CR4_LA57 : 0);
    struct counters before = stand_counters(&s);
    for (unsigned bit = top; bit < 64; bit++) {
      struct answer a = READ(UINT64_C(1) << bit | 0x401000), b = READ(~(UINT64_C(1) << bit));
      assert_int_equal(a.fault, FAULT_GP);
      assert_int_equal(b.fault, FAULT_GP);
      assert_int_equal(a.path, PATH_L1);
      assert_int_equal(stand_cycles(&a), 2);
      assert_int_equal(a.cr2, 0);
    }
    struct counters after = stand_counters(&s);
    assert_int_equal(after.dtlb.hits + after.dtlb.misses, before.dtlb.hits + before.dtlb.misses);
    assert_int_equal(after.faults_gp, 2 * (64 - top));
    assert_int_not_equal(READ(UINT64_MAX << top).fault, FAULT_GP);  // canonical, whatever is there
    stand_destroy(&s);
  }
}

static void keys_deny_user_pages(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  start_long(&s, &config, CR4_PKE);
  enum { KEY = 9, OTHER = 10 };
  ram_write_word(s.ram, PT + 8, 8, (uint64_t)KEY << 59 | 0x11000 | GOOD);
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, 2 + 4 * ENTRY);
  assert_true(stand_write_register(&s, CONTROL_PKRU, UINT64_C(3) << 2 * OTHER));
  assert_ok(WRITE(0x401000), 0x11000, PATH_L1, 1);  // another key's bits
  assert_true(stand_write_register(&s, CONTROL_PKRU, UINT64_C(2) << 2 * KEY));
  assert_ok(WRITE(0x401000), 0x11000, PATH_L1, 1);  // WD, a supervisor, CR0.WP = 0
  assert_fault(stand_access(&s, ACCESS_WRITE, 0x401000, REF_USER), PFEC_P | PFEC_W | PFEC_U | PFEC_PK, PATH_L1, 1);
  assert_ok(stand_access(&s, ACCESS_READ, 0x401000, REF_USER), 0x11000, PATH_WALK, 2 + 4 * ENTRY);
  assert_true(stand_write_register(&s, CONTROL_PKRU, UINT64_C(1) << 2 * KEY));
  assert_fault(READ(0x401000), PFEC_P | PFEC_PK, PATH_L1, 1);  // AD, a supervisor too
  assert_fault(READ(0x401000), PFEC_P | PFEC_PK, PATH_WALK, 2 + 4 * ENTRY);
  assert_ok(FETCH(0x401000), 0x11000, PATH_WALK, 2 + 4 * ENTRY);  // never a fetch
  assert_true(stand_write_register(&s, CONTROL_CR4, CR4_PAE));    // PKE off: nothing is dropped, nothing denied
  assert_ok(FETCH(0x401000), 0x11000, PATH_L1, 1);
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, 2 + 4 * ENTRY);
  stand_destroy(&s);
}

// --- PCIDs -----------------------------------------------------------------------------------------------------------

static void pcids_are_apart(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  start_long(&s, &config, CR4_PGE | CR4_PCIDE);
  ram_write_word(s.ram, PT + 2 * 8, 8, 0x12000 | GOOD | G);
  enum { MISS = 2 + 4 * ENTRY };
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, MISS);
  assert_ok(READ(0x402000), 0x12000, PATH_WALK, MISS);
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT | 5 | KEEP));
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, MISS);  // of PCID 0 alone
  assert_ok(READ(0x402000), 0x12000, PATH_L1, 1);       // global
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT | KEEP));
  assert_ok(READ(0x401000), 0x11000, PATH_L1, 1);
  assert_true(invpcid(&s, 0, 5, 0x401000));  // of PCID 5
  assert_ok(READ(0x401000), 0x11000, PATH_L1, 1);
  assert_true(invpcid(&s, 0, 0, 0x402000));  // global ones excepted
  assert_ok(READ(0x402000), 0x12000, PATH_L1, 1);
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT | 5 | KEEP));
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, MISS);
  assert_true(invpcid(&s, 1, 0, 0));
  assert_ok(READ(0x401000), 0x11000, PATH_L1, 1);
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT));  // drops PCID 0's: nothing
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT | 5 | KEEP));
  assert_ok(READ(0x401000), 0x11000, PATH_L1, 1);
  assert_true(invpcid(&s, 3, 0, 0));
  assert_ok(READ(0x402000), 0x12000, PATH_L1, 1);
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, MISS);
  assert_true(invpcid(&s, 2, 0, 0));
  assert_ok(READ(0x402000), 0x12000, PATH_WALK, MISS);
  assert_false(invpcid(&s, 4, 0, 0));
  assert_false(invpcid(&s, 2, 0x1000, 0));
  assert_false(invpcid(&s, 0, 0, UINT64_C(1) << 47));
  assert_ok(READ(0x402000), 0x12000, PATH_L1, 1);
  // PCID 5 and PCID 0 hold a page of their own; it becomes global, and a third PCID's fill takes over one and drops one
  assert_ok(READ(0x403000), 0x13000, PATH_WALK, MISS);
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT | KEEP));
  assert_ok(READ(0x403000), 0x13000, PATH_WALK, MISS);
  size_t valid = stand_entries(&s, ARRAY_DTLB);
  uint64_t drops = stand_counters(&s).dtlb.drops;
  ram_write_word(s.ram, PT + 3 * 8, 8, 0x13000 | GOOD | G);
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT | 6 | KEEP));
  assert_ok(READ(0x403000), 0x13000, PATH_WALK, MISS);
  assert_int_equal(stand_entries(&s, ARRAY_DTLB), valid - 1);
  assert_int_equal(stand_counters(&s).dtlb.drops, drops + 1);
  stand_destroy(&s);
}

// --- the second level ------------------------------------------------------------------------------------------------

static struct config second_level_config(void) {
  struct config config = stand_config();
  config.itlb.sets = config.dtlb.sets = 1;
  config.itlb.ways = config.dtlb.ways = 2;
  config.stlb = (struct tlb_config){.sets = 8, .ways = 3, .large_ways = 1, .latency = 7};
  return config;
}

static void second_level_hits_and_misses(void** state) {
  (void)state;
  struct config config = second_level_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  for (uint64_t i = 1; i < 5; i++)
    stand_map(&s, 0x400000 + i * 0x1000, 0x10000 + i * 0x1000, P | W | A | (i == 1 ? 0 : D), P | W | A);
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, 7 + WALK2);
  assert_ok(READ(0x402000), 0x12000, PATH_WALK, 7 + WALK2);
  assert_ok(READ(0x403000), 0x13000, PATH_WALK, 7 + WALK2);
  assert_ok(READ(0x401000), 0x11000, PATH_STLB, 8);
  assert_ok(FETCH(0x402000), 0x12000, PATH_STLB, 8);  // one for both ports
  assert_ok(READ(0x402000), 0x12000, PATH_STLB, 8);
  assert_ok(READ(0x403000), 0x13000, PATH_STLB, 8);
  struct answer a = WRITE(0x401000);  // a hit with D clear walks from there: 7 lookup, 8 start, 9..30 two entries, CAS
  assert_ok(a, 0x11000, PATH_STLB, 7 + WALK2 + CAS);
  assert_int_equal(a.base, 1);
  assert_int_equal(a.stlb, 7);
  assert_int_equal(a.walk, 0);
  assert_int_equal(a.ad_update, WALK2 - 1 + CAS);
  assert_ok(READ(0x402000), 0x12000, PATH_STLB, 8);
  assert_ok(READ(0x403000), 0x13000, PATH_STLB, 8);
  assert_ok(WRITE(0x401000), 0x11000, PATH_STLB, 8);  // its entry there was overwritten too
  stand_destroy(&s);
}

// A fetch's second-level lookup ends in the cycle in which a write to a clean entry, which waited, gets its walk. With
// walk.start 0 that is also the cycle in which the walk caches are asked: for the write's address, not the fetch's.
static void clean_write_behind_a_second_level_hit(void** state) {
  (void)state;
  struct config config = second_level_config();
  config.walk.start = 0;
  config.psc.pde = 2;
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x11000, P | W | A | D, P | W | A);
  stand_map(&s, 0x802000, 0x12000, P | W | A, P | W | A);
  READ(0x401000);
  READ(0x802000);
  struct ref fetch = {.va = 0x401000, .size = 1, .kind = ACCESS_FETCH};
  struct ref write = {.va = 0x802010, .size = 1, .kind = ACCESS_WRITE};
  struct answer answers[PORT_COUNT];
  stand_both(&s, &fetch, &write, answers);
  assert_ok(answers[PORT_FETCH], 0x11000, PATH_STLB, 8);
  assert_ok(answers[PORT_DATA], 0x12010, PATH_L1, 8 + ENTRY + CAS);  // counts as hitting in cycle 7; its PDE is cached
  stand_destroy(&s);
}

// --- walk caches -----------------------------------------------------------------------------------------------------

static void walks_set_out_below_the_deepest_hit(void** state) {
  (void)state;
  struct config config = stand_config();
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = 2;
  struct stand s;
  start_long(&s, &config, 0);
  assert_ok(READ(0x401000), 0x11000, PATH_WALK, 2 + 4 * ENTRY);
  assert_ok(READ(0x402000), 0x12000, PATH_WALK, 2 + ENTRY);       // PDE
  assert_ok(READ(0x600000), 0x200000, PATH_WALK, 2 + ENTRY);      // PDPTE: the PDE is a leaf
  assert_ok(READ(0x40000000), 0x80000000, PATH_WALK, 2 + ENTRY);  // PML4E: the PDPTE is a leaf
  struct counters c = stand_counters(&s);
  assert_int_equal(c.psc[0].hits, 1);
  assert_int_equal(c.psc[0].misses, 3);
  assert_int_equal(c.psc[1].hits, 1);
  assert_int_equal(c.psc[1].misses, 2);
  assert_int_equal(c.psc[2].hits, 1);
  assert_int_equal(c.psc[2].misses, 1);
  assert_int_equal(c.psc[0].fills + c.psc[1].fills + c.psc[2].fills, 3);
  assert_int_equal(stand_entries(&s, ARRAY_PSC_PDE), 1);
  ram_write_word(s.ram, PT + 3 * 8, 8, 0);
  assert_fault(READ(0x403000), 0, PATH_WALK, 2 + ENTRY);  // drops what led there
  assert_int_equal(stand_entries(&s, ARRAY_PSC_PDE) + stand_entries(&s, ARRAY_PSC_PML4E), 0);
  assert_ok(READ(0x404000), 0x14000, PATH_WALK, 2 + 4 * ENTRY);
  stand_invlpg(&s, 0x9000000);  // another address, all of the PCID
  assert_ok(READ(0x405000), 0x15000, PATH_WALK, 2 + 4 * ENTRY);
  stand_destroy(&s);
}

// --- timing caches ---------------------------------------------------------------------------------------------------

static void who_serves_says_what_it_costs(void** state) {
  (void)state;
  struct config config = stand_config();
  config.cache.l1d = (struct cache_config){.sets = 1, .ways = 2, .latency = 2};
  config.cache.l2 = (struct cache_config){.sets = 1, .ways = 4, .latency = 5};
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, false, 0, 0, 0);
  stand_map(&s, 0x401000, 0x5000, P | W | A | D, P | W | A);
  struct answer a = READ(0x401000);
  assert_ok(a, 0x5000, PATH_WALK, WALK2);  // both entries from memory
  assert_int_equal(a.data, 10 - 2);        // and the data, which push the PDE's line out of L1D
  a = READ(0x401004);
  assert_int_equal(a.data, 0);
  stand_invlpg(&s, 0x401000);
  a = READ(0x401000);
  assert_ok(a, 0x5000, PATH_WALK, 2 + (5 + 1) + (5 + 1));  // the PDE from L2; it pushes the PTE's line out: L2, too
  assert_int_equal(a.data, 5 - 2);
  struct counters c = stand_counters(&s);
  assert_int_equal(c.cache[CACHE_L1D].walk_misses, 4);
  assert_int_equal(c.cache[CACHE_L2].walk_hits, 2);
  assert_int_equal(c.cache[CACHE_L1D].data_hits, 1);
  assert_int_equal(c.cache[CACHE_L2].data_hits, 1);
  assert_int_equal(c.cycles_data, 8 + 3);
  stand_destroy(&s);
}

// --- segments --------------------------------------------------------------------------------------------------------

static struct answer through(struct stand* s, unsigned segment, enum access_kind kind, uint64_t offset, unsigned size,
                             unsigned flags) {
  struct ref ref = {.va = offset,
                    .size = (uint16_t)size,
                    .kind = (uint8_t)kind,
                    .flags = (uint8_t)flags,
                    .segment = (uint8_t)segment};
  struct answer answers[PORT_COUNT];
  bool fetch = kind == ACCESS_FETCH;
  stand_both(s, fetch ? &ref : NULL, fetch ? NULL : &ref, answers);
  return answers[fetch ? PORT_FETCH : PORT_DATA];
}

static void segments_add_and_refuse(void** state) {
  (void)state;
  struct config config = stand_config();
  config.dtlb.latency = 2;
  struct stand s;
  stand_create(&s, &config);
  struct control load = {
      .op = CONTROL_SEGMENT, .index = 1, .segment = {.base = 0x8000, .limit = 0xfff, .present = true, .privilege = 3}};
  assert_int_equal(through(&s, 1, ACCESS_READ, 0, 1, 0).fault, FAULT_GP);  // absent
  uint64_t start = engine_now(s.engine);
  assert_true(engine_control(s.engine, &load));
  assert_int_equal(engine_now(s.engine) - start, 5);
  assert_ok(through(&s, 1, ACCESS_READ, 0xffc, 4, REF_USER), 0x8ffc, PATH_OFF, 2);
  assert_int_equal(through(&s, 1, ACCESS_READ, 0xffc, 5, 0).fault, FAULT_GP);
  assert_int_equal(through(&s, 1, ACCESS_READ, 0x1000, 1, 0).fault, FAULT_GP);
  assert_int_equal(through(&s, 1, ACCESS_WRITE, 0, 1, 0).fault, FAULT_GP);
  load.user = true;
  assert_false(engine_control(s.engine, &load));
  load.user = false;
  load.segment.privilege = 0;
  load.segment.expand_down = load.segment.writable = true;
  assert_true(engine_control(s.engine, &load));
  assert_int_equal(through(&s, 1, ACCESS_WRITE, 0x1000, 1, REF_USER).fault, FAULT_GP);
  assert_ok(through(&s, 1, ACCESS_WRITE, 0x1000, 1, REF_USER | REF_IMPLICIT), 0x9000, PATH_OFF, 2);
  assert_int_equal(through(&s, 1, ACCESS_WRITE, 0xfff, 4, 0).fault, FAULT_GP);
  assert_ok(through(&s, 1, ACCESS_READ, 0xffffffff, 1, 0), 0x7fff, PATH_OFF, 2);  // modulo 2^32
  assert_int_equal(through(&s, 1, ACCESS_READ, 0xffffffff, 2, 0).fault, FAULT_GP);
  assert_ok(through(&s, 0, ACCESS_READ, 0xffffffff, 2, 0), 0xffffffff, PATH_OFF, 2);  // flat: no limit
  assert_int_equal(stand_counters(&s).control_gps, 1);
  stand_destroy(&s);
}

// --- the debug port --------------------------------------------------------------------------------------------------

static void shows(struct stand* s, enum tlb_array array, size_t count, const struct tlb_entry* want) {
  struct tlb_entry got[64];
  assert_int_equal(engine_dump(s->engine, array, got, 64), count);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(got[i].set, want[i].set);
    assert_int_equal(got[i].way, want[i].way);
    assert_int_equal(got[i].va, want[i].va);
    assert_int_equal(got[i].pa, want[i].pa);
    assert_int_equal(got[i].shift, want[i].shift);
    assert_int_equal(got[i].writable, want[i].writable);
    assert_int_equal(got[i].user, want[i].user);
    assert_int_equal(got[i].no_execute, want[i].no_execute);
    assert_int_equal(got[i].dirty, want[i].dirty);
    assert_int_equal(got[i].global, want[i].global);
    assert_int_equal(got[i].pcid, want[i].pcid);
    assert_int_equal(got[i].key, want[i].key);
  }
}

// Every array, an entry of each kind: rights, D, keys, PCIDs, of global ones 0.
static void the_debug_port_shows_all_arrays(void** state) {
  (void)state;
  enum { PCID = 0xa57, KEY = 9 };
  const uint64_t top = UINT64_C(0xff00000000000000);
  struct config config = stand_config();
  config.stlb = (struct tlb_config){.sets = 8, .ways = 3, .large_sets = 2, .large_ways = 2, .latency = 7};
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 2;
  struct stand s;
  start_long(&s, &config, CR4_LA57 | CR4_PGE | CR4_PCIDE | CR4_PKE);
  ram_write_word(s.ram, ROOT5 + 256 * 8, 8, ROOT | GOOD);
  ram_write_word(s.ram, PD + 2 * 8, 8, PT | P | U | A);
  ram_write_word(s.ram, PT + 8, 8, KEEP | (uint64_t)KEY << 59 | 0x11000 | P | W | U | A);  // KEEP's bit: NX
  ram_write_word(s.ram, PT + 2 * 8, 8, 0x12000 | P | A | D | G);
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT5 | PCID));
  READ(top | 0x401000);
  FETCH(top | 0x402000);
  READ(top | 0x612345);
  FETCH(top | 0x40000000);
  const struct tlb_entry keyed = {.set = 1,
                                  .va = top | 0x401000,
                                  .pa = 0x11000,
                                  .shift = 12,
                                  .user = true,
                                  .no_execute = true,
                                  .pcid = PCID,
                                  .key = KEY},
                         global = {
                             .set = 2, .va = top | 0x402000, .pa = 0x12000, .shift = 12, .dirty = true, .global = true};
  struct tlb_entry large[] = {
      {.va = top | 0x600000, .pa = 0x200000, .shift = 21, .writable = true, .user = true, .dirty = true, .pcid = PCID},
      {.va = top | 0x40000000,
       .pa = 0x80000000,
       .shift = 30,
       .writable = true,
       .user = true,
       .dirty = true,
       .pcid = PCID}};
  shows(&s, ARRAY_DTLB, 1, &keyed);
  shows(&s, ARRAY_ITLB, 1, &global);
  shows(&s, ARRAY_DTLB_LARGE, 1, &large[0]);
  shows(&s, ARRAY_ITLB_LARGE, 1, &large[1]);
  shows(&s, ARRAY_STLB, 2, (struct tlb_entry[]){keyed, global});
  large[0].set = large[1].set = 1;  // large page 3 of its size, and 1
  large[1].way = 1;
  shows(&s, ARRAY_STLB_LARGE, 2, large);
  struct tlb_entry upper = {.va = top | 0x400000, .pa = PT, .shift = 21, .user = true, .pcid = PCID};
  shows(&s, ARRAY_PSC_PDE, 1, &upper);
  static const uint64_t tables[] = {PD, PDPT, ROOT};
  for (int i = 0; i < 3; i++) {
    upper = (struct tlb_entry){
        .va = top, .pa = tables[i], .shift = (uint8_t)(30 + 9 * i), .writable = true, .user = true, .pcid = PCID};
    shows(&s, (enum tlb_array)(ARRAY_PSC_PDPTE + i), 1, &upper);
  }

  // the second of an array has its own; what was shown of one array is not seen in the next
  const struct tlb_entry second = {
      .set = 0, .way = 1, .va = top | 0x800000, .pa = PDPT, .shift = 21, .user = true, .writable = true, .pcid = PCID};
  ram_write_word(s.ram, PD + 4 * 8, 8, PDPT | P | W | U | A);
  READ(top | 0x801000);  // as a table PDPT maps 80000000 there
  upper = (struct tlb_entry){.va = top | 0x400000, .pa = PT, .shift = 21, .user = true, .pcid = PCID};
  shows(&s, ARRAY_PSC_PDE, 2, (struct tlb_entry[]){upper, second});
  shows(&s, ARRAY_ITLB, 1, &global);

  // registers: what was written, LMA by itself
  uint64_t registers[5], pdptes[4];
  assert_true(stand_write_register(&s, CONTROL_PKRU, 0x12345678));
  engine_registers(s.engine, registers, pdptes);
  assert_int_equal(registers[CONTROL_CR0], (uint32_t)CR0_ON);
  assert_int_equal(registers[CONTROL_CR3], ROOT5 | PCID);
  assert_int_equal(registers[CONTROL_CR4], CR4_PAE | CR4_LA57 | CR4_PGE | CR4_PCIDE | CR4_PKE);
  assert_int_equal(registers[CONTROL_EFER], EFER_LME | 0x400 | EFER_NXE);
  assert_int_equal(registers[CONTROL_PKRU], 0x12345678);
  struct counters counters = stand_counters(&s);
  assert_int_equal(counters.parts[ACCESS_READ], 3);
  assert_int_equal(counters.parts[ACCESS_FETCH], 2);
  assert_int_equal(counters.controls, 7);

  // what is dropped is no longer shown
  stand_invlpg(&s, top | 0x402000);
  shows(&s, ARRAY_ITLB, 0, NULL);
  const struct tlb_entry other = {.set = 1,
                                  .way = 1,
                                  .va = top | 0x801000,
                                  .pa = 0x80000000,
                                  .shift = 12,
                                  .writable = true,
                                  .user = true,
                                  .dirty = true,
                                  .pcid = PCID};
  shows(&s, ARRAY_STLB, 2, (struct tlb_entry[]){keyed, other});
  for (int array = ARRAY_PSC_PDE; array < ARRAY_COUNT; array++) shows(&s, (enum tlb_array)array, 0, NULL);
  stand_destroy(&s);
}

static void the_debug_port_shows_pdpte_registers(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, 0, 0, 0);
  ram_write_word(s.ram, PDPTES + 16, 8, 0);
  ram_write_word(s.ram, PDPTES + 24, 8, UINT64_C(0x123456000) | P);
  assert_true(stand_write_register(&s, CONTROL_CR3, PDPTES));
  ram_write_word(s.ram, PDPTES, 8, 0);  // too late
  uint64_t registers[5], pdptes[4];
  engine_registers(s.engine, registers, pdptes);
  assert_int_equal(pdptes[0], TABLE2 | P);
  assert_int_equal(pdptes[1], (TABLE2 + 0x1000) | P);
  assert_int_equal(pdptes[2], 0);
  assert_int_equal(pdptes[3], UINT64_C(0x123456000) | P);
  struct counters counters = stand_counters(&s);  // nothing of the registers is seen in them
  assert_int_equal(counters.parts[ACCESS_READ], 0);
  assert_int_equal(counters.controls, 5);
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(long_mode_walks),
    cmocka_unit_test(addresses_are_canonical),
    cmocka_unit_test(keys_deny_user_pages),
    cmocka_unit_test(pcids_are_apart),
    cmocka_unit_test(second_level_hits_and_misses),
    cmocka_unit_test(clean_write_behind_a_second_level_hit),
    cmocka_unit_test(walks_set_out_below_the_deepest_hit),
    cmocka_unit_test(who_serves_says_what_it_costs),
    cmocka_unit_test(segments_add_and_refuse),
    cmocka_unit_test(the_debug_port_shows_all_arrays),
    cmocka_unit_test(the_debug_port_shows_pdpte_registers),
};

TEST_MAIN(tests)
