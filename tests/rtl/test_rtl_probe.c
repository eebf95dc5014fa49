// SPDX-License-Identifier: MIT
// The debug port of the RTL: it answers as the MMU would, at any time, and disturbs nothing (docs/timing.md, finer
// point 60).
#include <string.h>

#include "rtl/stand.h"

#define REF(kind_, va_, flags_) \
  (struct ref) { .va = (va_), .size = 1, .kind = (kind_), .flags = (flags_) }

static struct answer probe(struct stand* s, struct ref part) {
  struct answer answer;
  engine_probe(s->engine, &part, &answer);
  return answer;
}

static void assert_same_translation(const struct answer* a, const struct answer* b) {
  assert_int_equal(a->fault, b->fault);
  assert_int_equal(a->pa, b->pa);
  assert_int_equal(a->error, b->error);
  assert_int_equal(a->cr2, b->cr2);
  assert_int_equal(a->path, b->path);
  assert_int_equal(a->reads, b->reads);
}

// Everything that can be seen of the MMU from outside.
struct picture {
  struct counters counters;
  struct tlb_entry entries[ARRAY_COUNT][64];
  size_t valid[ARRAY_COUNT], events;
  uint64_t now;
};

static void take(struct stand* s, struct picture* picture) {
  memset(picture, 0, sizeof *picture);
  picture->counters = stand_counters(s);
  for (int array = 0; array < ARRAY_COUNT; array++)
    picture->valid[array] = engine_dump(s->engine, (enum tlb_array)array, picture->entries[array], 64);
  picture->events = s->event_count;
  picture->now = engine_now(s->engine);
}

// Probes, checks that nothing has changed, and that the access itself is then answered so.
static void foretells(struct stand* s, struct ref part) {
  static struct picture before, after;
  take(s, &before);
  struct answer said = probe(s, part);
  take(s, &after);
  assert_memory_equal(&before, &after, sizeof before);
  assert_int_equal(said.accept | said.cycle | said.base | said.stlb | said.walk | said.ad_update | said.data, 0);
  struct answer done = stand_access(s, (enum access_kind)part.kind, part.va, part.flags);
  assert_same_translation(&said, &done);
}

static struct config small_machine(void) {
  struct config config = stand_config();
  config.itlb.sets = config.dtlb.sets = 1;
  config.itlb.ways = config.dtlb.ways = 2;
  config.stlb = (struct tlb_config){.sets = 8, .ways = 3, .latency = 7};
  config.psc.pde = 2;
  config.cache.l1d = (struct cache_config){.sets = 1, .ways = 2, .latency = 2};
  return config;
}

enum { PTE = P | W | U | A | D };
#define NX (UINT64_C(1) << 63)

static void start(struct stand* s, bool pae) {
  struct config config = small_machine();
  stand_create(s, &config);
  stand_start(s, pae, CR4_PSE, CR0_WP, pae ? EFER_NXE : 0);
  for (uint64_t i = 1; i < 8; i++)
    stand_map(s, 0x400000 + i * 0x1000, 0x10000 + i * 0x1000, i == 7 ? P | W | U | A : PTE, P | W | U | A);
}

static void answers_what_the_mmu_would(void** state) {
  (void)state;
  for (int pae = 0; pae < 2; pae++) {
    struct stand s;
    start(&s, pae);
    stand_map(&s, 0x408000, 0x18000, P | A, P | W | U | A);          // a supervisor's, read-only
    stand_map(&s, 0x409000, 0x19000, 0, P | W | U | A);              // absent
    stand_map(&s, 0x40a000, 0x1a000, P | W | U, P | W | U | A);      // A clear: a swap, done
    stand_set2(&s, 0x1800000, 0x40000000 | P | W | U | A | D | PS);  // a large page
    static const uint64_t pages[] = {0x401000, 0x402123, 0x401234,  0x403000,  0x401000, 0x402000, 0x408000,
                                     0x409010, 0x40a004, 0x1834567, 0x2000000, 0x40a008, 0x3000000};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
      foretells(&s, REF(ACCESS_READ, pages[i], REF_USER));   // walk, or second level
      foretells(&s, REF(ACCESS_FETCH, pages[i], 0));         // the same through the other TLB
      foretells(&s, REF(ACCESS_READ, pages[i], 0));          // first level
      foretells(&s, REF(ACCESS_WRITE, pages[i], REF_USER));  // what is clean walks, what is read-only denies
      foretells(&s, REF(ACCESS_WRITE, pages[i], 0));
    }
    foretells(&s, REF(ACCESS_READ, 0x407000, 0));
    foretells(&s, REF(ACCESS_WRITE, 0x407010, 0));  // clean, first level
    foretells(&s, REF(ACCESS_READ, 0x407000, 0));
    stand_destroy(&s);
  }
}

static void finds_the_paths(void** state) {
  (void)state;
  struct stand s;
  start(&s, false);
  struct answer a = probe(&s, REF(ACCESS_READ, 0x401abc, 0));
  assert_int_equal(a.path, PATH_WALK);
  assert_int_equal(a.reads, 2);
  assert_int_equal(a.pa, 0x11abc);
  stand_access(&s, ACCESS_READ, 0x407000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x407000, 0)).path, PATH_L1);
  assert_int_equal(probe(&s, REF(ACCESS_FETCH, 0x407000, 0)).path, PATH_STLB);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x401000, 0)).reads, 1);  // the PDE is cached
  a = probe(&s, REF(ACCESS_WRITE, 0x407000, 0));                        // clean
  assert_int_equal(a.path, PATH_L1);
  assert_int_equal(a.reads, 1);
  uint64_t pte = ram_read_word(s.ram, stand_entry1_pa(&s, 0x407000), 4);
  assert_int_equal(pte & D, 0);  // not done, only said to be
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  stand_access(&s, ACCESS_READ, 0x402000, 0);  // throws 407000 out of the first level
  a = probe(&s, REF(ACCESS_WRITE, 0x407000, 0));
  assert_int_equal(a.path, PATH_STLB);
  assert_int_equal(a.reads, 1);
  stand_destroy(&s);
}

// Its lookups don't count as use: the least recently used entry stays the victim.
static void is_no_use_of_an_entry(void** state) {
  (void)state;
  struct stand s;
  start(&s, false);
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  stand_access(&s, ACCESS_READ, 0x402000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x401000, 0)).path, PATH_L1);
  stand_access(&s, ACCESS_READ, 0x403000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x401000, 0)).path, PATH_STLB);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x402000, 0)).path, PATH_L1);
  // in the walk caches: 400000's PDE, then 800000's; the third throws 400000's out though it was probed
  stand_map(&s, 0x801000, 0x21000, PTE, P | W | U | A);
  stand_map(&s, 0xc01000, 0x22000, PTE, P | W | U | A);
  stand_access(&s, ACCESS_READ, 0x801000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x405000, 0)).reads, 1);
  stand_access(&s, ACCESS_READ, 0xc01000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x405000, 0)).reads, 2);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x802000, 0)).fault, FAULT_PF);
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x802000, 0)).reads, 1);  // a fault drops nothing
  // in the second level: the set of 401000 holds it, 409000 and 411000; a fourth takes the oldest, probed or not
  stand_map(&s, 0x409000, 0x19000, PTE, P | W | U | A);
  stand_map(&s, 0x411000, 0x1a000, PTE, P | W | U | A);
  stand_map(&s, 0x419000, 0x1b000, PTE, P | W | U | A);
  stand_invlpg(&s, 0x801000);
  stand_invlpg(&s, 0xc01000);  // of the same set
  stand_access(&s, ACCESS_READ, 0x409000, 0);
  stand_access(&s, ACCESS_READ, 0x411000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_FETCH, 0x401000, 0)).path, PATH_STLB);
  stand_access(&s, ACCESS_READ, 0x419000, 0);
  assert_int_equal(probe(&s, REF(ACCESS_FETCH, 0x401000, 0)).path, PATH_WALK);
  assert_int_equal(probe(&s, REF(ACCESS_FETCH, 0x409000, 0)).path, PATH_STLB);
  stand_destroy(&s);
}

// Between any two cycles of a walk, of an operation, of both ports at work: all goes on as if it had not been.
static void disturbs_no_walk(void** state) {
  (void)state;
  struct answer plain[PORT_COUNT];
  uint64_t end[2];
  struct counters counted[2];
  for (int probing = 0; probing < 2; probing++) {
    struct stand s;
    start(&s, false);
    struct ref fetch = REF(ACCESS_FETCH, 0x401000, 0), data = REF(ACCESS_WRITE, 0x407004, 0);
    struct control invlpg = {.op = CONTROL_INVLPG, .value = 0x401000};
    struct tick_in in = {{&fetch, &data}, NULL};
    struct tick_out out;
    bool done = false;
    for (uint64_t now = engine_now(s.engine); !done; now++) {
      in.control = now == 40 ? &invlpg : NULL;
      engine_tick(s.engine, now, &in, &out);
      for (int p = 0; p < PORT_COUNT; p++) {
        if (out.accepted[p]) in.part[p] = NULL;
        if (!out.answered[p]) continue;
        if (probing)
          assert_memory_equal(&out.answer[p], &plain[p], sizeof plain[p]);
        else
          plain[p] = out.answer[p];
      }
      done = out.control_done;
      end[probing] = now;
      if (!probing) continue;
      for (int i = 0; i < 8; i++) {
        struct answer a = probe(&s, REF(i % 3 == 2 ? ACCESS_FETCH : ACCESS_READ, 0x401010 + 0x1000u * (unsigned)i, 0));
        assert_int_equal(a.fault, i < 7 ? FAULT_NONE : FAULT_PF);
        if (i < 7) assert_int_equal(a.pa, 0x11010 + 0x1000 * i);
      }
    }
    counted[probing] = stand_counters(&s);
    stand_destroy(&s);
  }
  assert_int_equal(end[0], end[1]);
  assert_memory_equal(&counted[0], &counted[1], sizeof counted[0]);
}

static void knows_segments_and_modes(void** state) {
  (void)state;
  struct stand s;
  start(&s, false);
  struct control load = {.op = CONTROL_SEGMENT,
                         .index = 2,
                         .segment = {.base = 0x400000, .limit = 0x1fff, .present = true, .privilege = 3}};
  assert_true(engine_control(s.engine, &load));
  struct ref part = {.va = 0x1008, .size = 4, .kind = ACCESS_READ, .segment = 2};
  struct answer a = probe(&s, part);
  assert_int_equal(a.pa, 0x11008);
  part.kind = ACCESS_WRITE;
  a = probe(&s, part);
  assert_int_equal(a.fault, FAULT_GP);
  assert_int_equal(a.path, PATH_L1);
  part.kind = ACCESS_READ;
  part.va = 0x1ffd;
  assert_int_equal(probe(&s, part).fault, FAULT_GP);
  // a fetch by its own port: another segment than data's
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x401000, 0)).fault, FAULT_NONE);
  part.kind = ACCESS_FETCH;
  assert_int_equal(probe(&s, part).fault, FAULT_GP);
  part.va = 0x1008;
  assert_int_equal(probe(&s, part).pa, 0x11008);
  part.kind = ACCESS_READ;
  assert_true(stand_write_register(&s, CONTROL_CR0, (uint32_t)CR0_OFF));
  a = probe(&s, REF(ACCESS_FETCH, 0x1234567890, 0));
  assert_int_equal(a.path, PATH_OFF);
  assert_int_equal(a.pa, 0x34567890);
  part.va = 0x1010;
  assert_int_equal(probe(&s, part).pa, 0x401010);
  stand_destroy(&s);
}

// PAE: an absent PDPTE register faults without a read, also behind a clean entry that stayed because it is global.
static void finds_an_absent_pdpte(void** state) {
  (void)state;
  struct config config = stand_config();
  struct stand s;
  stand_create(&s, &config);
  stand_start(&s, true, CR4_PGE, 0, 0);
  stand_map(&s, 0x401000, 0x11000, P | W | A | G, P | W | A);
  stand_access(&s, ACCESS_READ, 0x401000, 0);
  ram_write_word(s.ram, PDPTES, 8, 0);
  assert_true(stand_write_register(&s, CONTROL_CR3, PDPTES));
  struct answer a = probe(&s, REF(ACCESS_READ, 0x402000, 0));
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(a.path, PATH_WALK);
  assert_int_equal(a.reads, 0);
  assert_int_equal(a.cr2, 0x402000);
  foretells(&s, REF(ACCESS_READ, 0x401000, 0));
  foretells(&s, REF(ACCESS_WRITE, 0x401000, 0));
  assert_int_equal(probe(&s, REF(ACCESS_READ, 0x401000, 0)).path, PATH_WALK);
  stand_destroy(&s);
}

// What a page's own size leaves to the address, found by a walk, in the first level, in the second.
static void large(struct stand* s, uint64_t va, uint64_t pa, unsigned reads) {
  static const enum access_kind kinds[] = {ACCESS_READ, ACCESS_READ, ACCESS_FETCH};
  static const enum answer_path paths[] = {PATH_WALK, PATH_L1, PATH_STLB};
  for (size_t i = 0; i < 3; i++) {
    struct answer a = probe(s, REF(kinds[i], va, 0));
    assert_int_equal(a.path, paths[i]);
    assert_int_equal(a.pa, pa);
    assert_int_equal(a.reads, i ? 0 : reads);
    foretells(s, REF(kinds[i], va, 0));
  }
}

static void knows_large_pages(void** state) {
  (void)state;
  struct stand s;
  start(&s, false);
  stand_set2(&s, 0x1800000, 0x40000000 | PTE | PS);
  large(&s, 0x1b45678, 0x40345678, 1);  // 4 MiB: bits 21 and 20 are of the offset
  stand_destroy(&s);
  start(&s, true);
  stand_set2(&s, 0x1800000, 0x40200000 | PTE | PS);
  large(&s, 0x1945678, 0x40345678, 1);  // 2 MiB: bit 21 is of the frame
  stand_destroy(&s);
}

// Each right of the upper level counts, read in this walk or kept in a walk cache; whatever the walk before has found.
static void combines_rights(void** state) {
  (void)state;
  static const struct {
    uint64_t taken;  // from the upper entry
    struct ref denied;
    uint8_t error;
  } rights[] = {
      {W, {.va = 0x401008, .size = 1, .kind = ACCESS_WRITE}, PFEC_P | PFEC_W},
      {U, {.va = 0x401008, .size = 1, .kind = ACCESS_READ, .flags = REF_USER}, PFEC_P | PFEC_U},
      {NX, {.va = 0x401008, .size = 1, .kind = ACCESS_FETCH}, PFEC_P | PFEC_ID},
  };
  for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
    struct stand s;
    start(&s, true);
    uint64_t upper = (0x1000000 + 0x1000 * 2) | P | W | U | A;
    stand_set2(&s, 0x400000, upper ^ rights[i].taken);
    stand_map(&s, 0x801000, 0x21000, PTE, P | W | U | A);
    struct ref open = rights[i].denied;
    open.va = 0x801008;
    for (unsigned cached = 0; cached < 2; cached++) {
      struct answer a = probe(&s, rights[i].denied);
      assert_int_equal(a.fault, FAULT_PF);
      assert_int_equal(a.error, rights[i].error);
      assert_int_equal(a.reads, cached ? 1 : 2);  // the leaf decides
      assert_int_equal(a.path, PATH_WALK);
      a = probe(&s, open);
      assert_int_equal(a.fault, FAULT_NONE);
      assert_int_equal(a.pa, 0x21008);
      // what is not there is not denied: the upper level's rights alone say nothing
      struct ref absent = rights[i].denied;
      absent.va = 0x409000;
      a = probe(&s, absent);
      assert_int_equal(a.fault, FAULT_PF);
      assert_int_equal(a.error, rights[i].error & ~PFEC_P);
      // a read that is allowed brings the upper entry into the walk cache, and no page of the probes into a TLB
      stand_access(&s, i == 2 ? ACCESS_READ : ACCESS_FETCH, 0x402000, i == 2 ? REF_USER : 0);
    }
    foretells(&s, rights[i].denied);
    stand_destroy(&s);
  }
}

static void knows_reserved_bits_and_bus_errors(void** state) {
  (void)state;
  struct stand s;
  start(&s, true);
  stand_map(&s, 0x408000, 0x18000, UINT64_C(1) << 45 | PTE, P | W | U | A);  // beyond MAXPHYADDR, below 52
  struct answer a = probe(&s, REF(ACCESS_WRITE, 0x408000, REF_USER));
  assert_int_equal(a.fault, FAULT_PF);
  assert_int_equal(a.error, PFEC_P | PFEC_W | PFEC_U | PFEC_RSVD);
  assert_int_equal(a.reads, 2);
  foretells(&s, REF(ACCESS_WRITE, 0x408000, REF_USER));
  stand_set2(&s, 0x1800000, UINT64_C(1) << 45 | P | W | U | A);
  a = probe(&s, REF(ACCESS_FETCH, 0x1800000, 0));
  assert_int_equal(a.error, PFEC_P | PFEC_ID | PFEC_RSVD);
  assert_int_equal(a.reads, 1);
  stand_destroy(&s);

  // The same address where there are so many bits, but no memory: nobody says anything of rights.
  struct config config = small_machine();
  config.maxphyaddr = 46;
  stand_create(&s, &config);
  stand_start(&s, true, 0, CR0_WP, EFER_NXE);
  stand_set2(&s, 0x1800000, UINT64_C(1) << 45 | P | W | U | A);
  for (unsigned i = 0; i < 2; i++) {
    a = probe(&s, REF(ACCESS_WRITE, 0x1801000, REF_USER));
    assert_int_equal(a.fault, FAULT_BUS);
    assert_int_equal(a.error, 0);
    assert_int_equal(a.cr2, 0);
    assert_int_equal(a.pa, 0);
    assert_int_equal(a.path, PATH_WALK);
    assert_int_equal(a.reads, 2);
    foretells(&s, REF(ACCESS_WRITE, 0x1801000, REF_USER));
  }
  stand_destroy(&s);
}

// Memory that notes how wide it was read last.
struct measured {
  struct memory_bus below;
  unsigned size;
};

static bool measured_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  struct measured* measured = ctx;
  measured->size = size;
  return measured->below.read(measured->below.ctx, pa, size, value);
}

static bool measured_cas(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  struct measured* measured = ctx;
  return measured->below.cas(measured->below.ctx, pa, size, expected, desired, swapped);
}

// Every table is found where the mode says, and read as wide as its entries are.

static void reads_the_right_tables(void** state) {
  (void)state;
  for (int pae = 0; pae < 2; pae++) {
    struct config config = small_machine();
    struct stand s;
    stand_create(&s, &config);
    engine_destroy(s.engine);
    struct measured measured = {.below = ram_bus(s.ram)};
    struct memory_bus bus = {.ctx = &measured, .read = measured_read, .cas = measured_cas};
    struct error err;
    s.engine = engine_create(ENGINE_RTL, &config, bus, NULL, false, &err);
    assert_non_null(s.engine);
    stand_start(&s, pae, 0, 0, 0);
    stand_map(&s, 0x40401000, 0x12000, PTE, P | W | U | A);  // the second gigabyte
    struct answer a = probe(&s, REF(ACCESS_READ, 0x40401abc, 0));
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.pa, 0x12abc);
    assert_int_equal(measured.size, pae ? 8 : 4);
    stand_destroy(&s);
  }
  // 32-bit paging takes bits 31 to 12 of CR3
  struct stand s;
  start(&s, false);
  assert_true(stand_write_register(&s, CONTROL_CR3, UINT64_C(1) << 32 | TABLE2));
  struct answer a = probe(&s, REF(ACCESS_READ, 0x401abc, 0));
  assert_int_equal(a.fault, FAULT_NONE);
  assert_int_equal(a.pa, 0x11abc);
  stand_destroy(&s);
}

// Long mode: pages of 1 GiB, and keys, which lie in the leaf, or in what was found.
static void knows_long_mode(void** state) {
  (void)state;
  enum { EFER_LME = 0x100, CR4_PKE = 0x400000, ROOT = 0x1000, PDPT = 0x2000, PD = 0x3000, PT = 0x4000, KEY = 9 };
  struct config config = small_machine();
  struct stand s;
  stand_create(&s, &config);
  ram_write_word(s.ram, ROOT + 8 * 511, 8, PDPT | PTE);
  ram_write_word(s.ram, PDPT, 8, PD | PTE);
  ram_write_word(s.ram, PDPT + 8, 8, UINT64_C(0x180000000) | PTE | PS);
  ram_write_word(s.ram, PD, 8, PT | PTE);
  ram_write_word(s.ram, PT + 8, 8, (uint64_t)KEY << 59 | 0x11000 | PTE);
  assert_true(stand_write_register(&s, CONTROL_EFER, EFER_LME | EFER_NXE));
  assert_true(stand_write_register(&s, CONTROL_CR3, ROOT));
  assert_true(stand_write_register(&s, CONTROL_CR4, CR4_PAE | CR4_PKE));
  assert_true(stand_write_register(&s, CONTROL_CR0, (uint32_t)CR0_ON));
  const uint64_t top = UINT64_C(0xffffff8000000000);
  large(&s, top | 0x76543210, 0x1b6543210, 2);

  static const struct {
    uint64_t pkru;
    struct ref part;
    uint8_t error;  // 0: none
  } asked[] = {
      {UINT64_C(1) << 2 * KEY, {.kind = ACCESS_READ}, PFEC_P | PFEC_PK},
      {UINT64_C(2) << 2 * KEY, {.kind = ACCESS_WRITE, .flags = REF_USER}, PFEC_P | PFEC_W | PFEC_U | PFEC_PK},
      {UINT64_C(2) << 2 * KEY, {.kind = ACCESS_READ, .flags = REF_USER}, 0},
      {UINT64_C(3) << 2 * KEY, {.kind = ACCESS_FETCH}, 0},
      {UINT64_C(0xffffffff) & ~(UINT64_C(3) << 2 * KEY), {.kind = ACCESS_WRITE, .flags = REF_USER}, 0},
  };
  for (unsigned cached = 0; cached < 2; cached++) {
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
      struct ref part = asked[i].part;
      part.va = top | 0x1008;
      part.size = 1;
      assert_true(stand_write_register(&s, CONTROL_PKRU, asked[i].pkru));
      struct answer a = probe(&s, part);
      assert_int_equal(a.fault, asked[i].error ? FAULT_PF : FAULT_NONE);
      assert_int_equal(a.error, asked[i].error);
      assert_int_equal(a.pa, asked[i].error ? 0 : 0x11008);
      assert_int_equal(a.path, !cached ? PATH_WALK : part.kind == ACCESS_FETCH ? PATH_STLB : PATH_L1);
    }
    stand_access(&s, ACCESS_READ, top | 0x1008, 0);
  }
  stand_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers_what_the_mmu_would),
    cmocka_unit_test(finds_the_paths),
    cmocka_unit_test(is_no_use_of_an_entry),
    cmocka_unit_test(disturbs_no_walk),
    cmocka_unit_test(knows_segments_and_modes),
    cmocka_unit_test(finds_an_absent_pdpte),
    cmocka_unit_test(knows_large_pages),
    cmocka_unit_test(combines_rights),
    cmocka_unit_test(reads_the_right_tables),
    cmocka_unit_test(knows_reserved_bits_and_bus_errors),
    cmocka_unit_test(knows_long_mode),
};
TEST_MAIN(tests)
