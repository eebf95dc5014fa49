// SPDX-License-Identifier: MIT
// The names of struct counters, in its order.
#include "engine/engine.h"

#define TLB(tlb) tlb ".hits", tlb ".misses", tlb ".fills", tlb ".evictions", tlb ".drops"
#define CACHE(cache) cache ".walk_hits", cache ".walk_misses", cache ".data_hits", cache ".data_misses"
#define SIZES(what) what ".4k", what ".large", what ".1g"
#define BY_SIZE(tlb) SIZES(tlb ".hits"), SIZES(tlb ".fills"), SIZES(tlb ".evictions")
#define SERVED(level) "reads." level ".l1d", "reads." level ".l2", "reads." level ".l3", "reads." level ".dram"
#define ERRORS4(tens, a, b, c, d) E(tens, a), E(tens, b), E(tens, c), E(tens, d)
#define ERRORS16(tens) \
  ERRORS4(tens, 0, 1, 2, 3), ERRORS4(tens, 4, 5, 6, 7), ERRORS4(tens, 8, 9, a, b), ERRORS4(tens, c, d, e, f)
#define E(tens, ones) "faults." #tens #ones
// clang-format off: a table
const char* const counter_names[] = {"refs",
                                     "parts.read",
                                     "parts.write",
                                     "parts.fetch",
                                     TLB("itlb"),
                                     TLB("dtlb"),
                                     TLB("stlb"),
                                     TLB("psc.pde"),
                                     TLB("psc.pdpte"),
                                     TLB("psc.pml4e"),
                                     TLB("psc.pml5e"),
                                     CACHE("cache.l1d"),
                                     CACHE("cache.l2"),
                                     CACHE("cache.l3"),
                                     "writebacks",
                                     "merged",
                                     "walks",
                                     "walk_refs",
                                     "walk_cycles",
                                     "ad_updates",
                                     "cas_failures",
                                     "faults_pf",
                                     "faults_gp",
                                     "controls",
                                     "control_gps",
                                     BY_SIZE("itlb.by_size"),
                                     BY_SIZE("dtlb.by_size"),
                                     BY_SIZE("stlb.by_size"),
                                     SERVED("pte"),
                                     SERVED("pde"),
                                     SERVED("pdpte"),
                                     SERVED("pml4e"),
                                     SERVED("pml5e"),
                                     ERRORS16(0),
                                     ERRORS16(1),
                                     ERRORS16(2),
                                     ERRORS16(3),
                                     "controls.cr0",
                                     "controls.cr3",
                                     "controls.cr4",
                                     "controls.efer",
                                     "controls.pkru",
                                     "controls.invlpg",
                                     "controls.invpcid",
                                     "controls.segment",
                                     "invpcid.0",
                                     "invpcid.1",
                                     "invpcid.2",
                                     "invpcid.3",
                                     "walker.0",
                                     "walker.1",
                                     "prefetch.walks",
                                     "prefetch.refs",
                                     "prefetch.fills",
                                     "prefetch.evictions",
                                     "prefetch.cycles",
                                     "dram.row_hits",
                                     "dram.row_opens",
                                     "dram.row_conflicts",
                                     "cycles_base",
                                     "cycles_stlb",
                                     "cycles_walk",
                                     "cycles_ad_update",
                                     "cycles_data",
                                     "cycles_flush",
                                     NULL};
// clang-format on

_Static_assert(sizeof counter_names / sizeof *counter_names == COUNTER_COUNT + 1, "every counter has its name");
