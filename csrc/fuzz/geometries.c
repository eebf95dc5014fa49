// SPDX-License-Identifier: MIT
#include "fuzz/geometries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_CACHES " cache.l1d.sets=0 cache.l2.sets=0 cache.l3.sets=0"
#define SMALL_TLBS                                                                       \
  " itlb.sets=1 itlb.ways=2 itlb.large.sets=1 itlb.large.ways=1 dtlb.sets=2 dtlb.ways=2" \
  " dtlb.large.sets=1 dtlb.large.ways=2 dtlb.replacement=plru"
#define SMALL_STLB " stlb.sets=8 stlb.ways=3 stlb.large.sets=0"
#define SMALL_PSC " psc.pde=3 psc.pdpte=2 psc.pml4e=2 psc.pml5e=1"
#define SMALL_CACHES " cache.l1d.sets=4 cache.l1d.ways=2 cache.l2.sets=8 cache.l2.ways=2 cache.l3.sets=0"

const struct geometry geometries[] = {
    {"default", "", false},
    {"bare",  // one entry a TLB and nothing else: instructions and data throw each other out
     "itlb.sets=1 itlb.ways=1 itlb.large.sets=1 itlb.large.ways=1 dtlb.sets=1 dtlb.ways=1 dtlb.large.sets=0 "
     "stlb.sets=0 psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0" NO_CACHES,
     false},
    {"tiny", "stlb.sets=0 psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0" SMALL_TLBS NO_CACHES, true},
    {"mixed",  // large pages in the main arrays
     "itlb.sets=4 itlb.ways=4 itlb.large.sets=0 itlb.replacement=plru dtlb.sets=2 dtlb.ways=3 dtlb.large.sets=0 "
     "stlb.sets=0 psc.pde=1 psc.pdpte=0 psc.pml4e=1 psc.pml5e=0" NO_CACHES,
     false},
    {"whole", "cache.walker=l1d" SMALL_TLBS SMALL_STLB SMALL_PSC SMALL_CACHES, true},
    {"other",  // the other policies, a second level in two arrays, the walker entering at L2, an L3
     "itlb.sets=1 itlb.ways=3 itlb.replacement=fifo itlb.large.sets=2 itlb.large.ways=1 "
     "dtlb.sets=2 dtlb.ways=2 dtlb.replacement=nru dtlb.large.sets=1 dtlb.large.ways=2 "
     "stlb.sets=4 stlb.ways=3 stlb.replacement=random stlb.large.sets=2 stlb.large.ways=3 "
     "psc.pde=3 psc.pdpte=0 psc.pml4e=2 psc.pml5e=1 cache.l1d.sets=4 cache.l1d.ways=2 cache.l2.sets=8 cache.l2.ways=2 "
     "cache.l3.sets=8 cache.l3.ways=3 cache.walker=l2",
     false},
    {"chance",  // random and NRU where the others are not; no L1D, so that data take no time
     "itlb.sets=2 itlb.ways=3 itlb.replacement=random itlb.large.sets=1 itlb.large.ways=3 "
     "dtlb.sets=1 dtlb.ways=5 dtlb.replacement=random dtlb.large.sets=0 "
     "stlb.sets=2 stlb.ways=4 stlb.replacement=plru stlb.large.sets=1 stlb.large.ways=4 "
     "psc.pde=1 psc.pdpte=1 psc.pml4e=1 psc.pml5e=1 cache.l1d.sets=0 cache.l2.sets=2 cache.l2.ways=1 cache.l3.sets=0",
     false},
    {"wide",  // one set and many ways
     "itlb.sets=1 itlb.ways=16 itlb.replacement=nru itlb.large.sets=0 "
     "dtlb.sets=1 dtlb.ways=12 dtlb.large.sets=1 dtlb.large.ways=9 stlb.sets=1 stlb.ways=20 stlb.replacement=fifo "
     "stlb.large.sets=0 psc.pde=16 psc.pdpte=8 psc.pml4e=4 psc.pml5e=2 cache.l1d.sets=1 cache.l1d.ways=8 "
     "cache.l2.sets=1 cache.l2.ways=16 cache.l3.sets=0",
     false},
    {"direct",  // many sets and one way
     "itlb.sets=32 itlb.ways=1 itlb.large.sets=4 itlb.large.ways=1 dtlb.sets=64 dtlb.ways=1 dtlb.large.sets=8 "
     "dtlb.large.ways=1 stlb.sets=128 stlb.ways=1 stlb.large.sets=16 stlb.large.ways=1 "
     "psc.pde=2 psc.pdpte=2 psc.pml4e=0 psc.pml5e=2 "
     "cache.l1d.sets=16 cache.l1d.ways=1 cache.l2.sets=32 cache.l2.ways=1 cache.l3.sets=64 cache.l3.ways=1 "
     "cache.walker=l3 data.cache=none",
     false},
    {"plain", "pcid=false global=false stlb.replacement=nru" SMALL_TLBS SMALL_STLB SMALL_PSC NO_CACHES, false},
    {"two-walkers", "walkers=2" SMALL_TLBS SMALL_STLB SMALL_PSC SMALL_CACHES, true},
    {"two-walkers-bare", "walkers=2 stlb.sets=0 psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0" SMALL_TLBS NO_CACHES,
     false},
    {"two-walkers-other",  // one set that both walkers fill in one cycle, by every policy
     "walkers=2 itlb.sets=1 itlb.ways=3 itlb.replacement=fifo itlb.large.sets=1 itlb.large.ways=2 "
     "dtlb.sets=1 dtlb.ways=3 dtlb.replacement=nru dtlb.large.sets=1 dtlb.large.ways=2 "
     "stlb.sets=1 stlb.ways=6 stlb.replacement=random stlb.large.sets=1 stlb.large.ways=2 "
     "psc.pde=3 psc.pdpte=0 psc.pml4e=2 psc.pml5e=1" SMALL_CACHES,
     false},
    {"next-page", "prefetch=next-page" SMALL_TLBS SMALL_STLB SMALL_PSC SMALL_CACHES, false},
    {"next-page-bare",
     "prefetch=next-page walkers=2 stlb.sets=0 psc.pde=0 psc.pdpte=0 psc.pml4e=0 psc.pml5e=0 dram.banks=4" SMALL_TLBS
         NO_CACHES,
     true},
    {"adjacent", "prefetch=adjacent walkers=2 dram.banks=4" SMALL_TLBS SMALL_STLB SMALL_PSC SMALL_CACHES, false},
    {"adjacent-bare", "prefetch=adjacent stlb.sets=0" SMALL_TLBS SMALL_PSC NO_CACHES, true},
    {"rows", "dram.banks=4" SMALL_TLBS SMALL_STLB SMALL_PSC SMALL_CACHES, false},
};
const size_t geometry_count = sizeof geometries / sizeof *geometries;

const struct geometry* geometry_find(const char* name) {
  for (size_t i = 0; i < geometry_count; i++)
    if (strcmp(geometries[i].name, name) == 0) return &geometries[i];
  return NULL;
}

void geometry_config(const struct geometry* geometry, struct config* config) {
  char keys[1024], *rest = keys;
  struct error err;
  config_default(config);
  snprintf(keys, sizeof keys, "%s", geometry->keys);
  for (char* key; (key = strtok_r(rest, " ", &rest));) {
    if (config_set(config, key, &err)) continue;
    fprintf(stderr, "pagewalk: geometry %s: %s\n", geometry->name, err.text);
    abort();  // the table above is wrong
  }
  snprintf(config->name, sizeof config->name, "%s", geometry->name);
}
