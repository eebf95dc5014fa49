// SPDX-License-Identifier: MIT
#include "model/psc.h"

#include "model/tlb.h"

bool psc_create(struct psc* psc, const struct config* config, struct tlb_counters counters[PSC_LEVELS],
                struct events* events, struct touches* touches) {
  const uint32_t entries[PSC_LEVELS] = {config->psc.pde, config->psc.pdpte, config->psc.pml4e, config->psc.pml5e};
  *psc = (struct psc){.counters = counters, .events = events, .touches = touches};
  for (int i = 0; i < PSC_LEVELS; i++) {
    if (!array_create(&psc->array[i], 1, entries[i], REPLACE_LRU)) {
      psc_free(psc);
      return false;
    }
    psc->any |= entries[i] != 0;
  }
  return true;
}

void psc_free(struct psc* psc) {
  for (int i = 0; i < PSC_LEVELS; i++) array_free(&psc->array[i]);
}

static void count_lookup(struct psc* psc, unsigned i, struct cause cause, bool hit, struct place at, uint64_t cycle) {
  *(hit ? &psc->counters[i].hits : &psc->counters[i].misses) += 1;
  events_emit(psc->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_PSC,
                                           .port = (uint8_t)cause.port,
                                           .kind = cause.prefetch,
                                           .array = (uint8_t)(ARRAY_PSC_PDE + i),
                                           .hit = hit,
                                           .way = (uint16_t)(hit ? at.way : 0)});
}

bool psc_look_up(struct psc* psc, const struct paging* paging, struct cause cause, uint64_t va, uint64_t cycle,
                 struct psc_start* start) {
  const struct paging_format* format = paging->format;
  for (unsigned level = PSC_LOWEST; level <= format->top && !format->level[level].in_registers; level++) {
    struct array* array = &psc->array[level - PSC_LOWEST];
    if (!array->ways) continue;
    struct place at;
    bool hit = array_find(array, va, format->level[level].shift, paging->pcid, &at);
    count_lookup(psc, level - PSC_LOWEST, cause, hit, at, cycle);
    if (!hit) continue;
    const struct translation* entry = array_entry(array, at);
    touches_add(psc->touches, array, at, stamp_of_lookup(cycle, cause.port));
    *start = (struct psc_start){.level = (uint8_t)(level - 1), .rights = entry->rights, .table = entry->pa};
    return true;
  }
  return false;
}

// Which cache holds upper entries that map 1 << shift bytes.
static unsigned cache_of(unsigned shift) {
  switch (shift) {
    case 30:
      return 1;
    case 39:
      return 2;
    case 48:
      return 3;
    default:  // 21, and 22 in 32-bit paging
      return 0;
  }
}

void psc_fill(struct psc* psc, struct cause cause, const struct translation* entry, uint64_t cycle) {
  unsigned i = cache_of(entry->shift);
  struct array* array = &psc->array[i];
  if (!array->ways) return;
  struct filled filled = array_fill(array, entry, false, psc->touches, stamp_of_fill(cycle, cause));
  bool evicts = filled.choice == CHOICE_VICTIM;
  psc->counters[i].fills++;
  psc->counters[i].evictions += evicts;
  events_emit(psc->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_FILL,
                                           .port = (uint8_t)cause.port,
                                           .kind = cause.prefetch,
                                           .array = (uint8_t)(ARRAY_PSC_PDE + i),
                                           .way = (uint16_t)filled.at.way,
                                           .shift = entry->shift,
                                           .va = entry->va,
                                           .pa = entry->pa,
                                           .hit = evicts});
}

static void drop(struct psc* psc, unsigned i, struct place at, uint64_t cycle) {
  array_drop(&psc->array[i], at);
  psc->counters[i].drops++;
  events_emit(psc->events,
              &(struct event){
                  .cycle = cycle, .type = EVENT_DROP, .array = (uint8_t)(ARRAY_PSC_PDE + i), .way = (uint16_t)at.way});
}

void psc_drop_address(struct psc* psc, const struct paging* paging, uint64_t va, uint64_t cycle) {
  const struct paging_format* format = paging->format;
  if (!format || !psc->any) return;
  for (unsigned level = PSC_LOWEST; level <= format->top; level++) {
    unsigned i = level - PSC_LOWEST;
    struct place at;
    if (array_find(&psc->array[i], va, format->level[level].shift, paging->pcid, &at)) drop(psc, i, at, cycle);
  }
}

void psc_drop_entries(struct psc* psc, unsigned pcid, uint64_t cycle) {
  for (unsigned i = 0; i < PSC_LEVELS; i++) {
    const struct array* array = &psc->array[i];
    struct place at = {.set = 0};
    for (; at.way < array->ways; at.way++)
      if (array_valid(array, at) && (pcid == ANY_PCID || array_entry(array, at)->pcid == pcid)) drop(psc, i, at, cycle);
  }
}
