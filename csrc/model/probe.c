// SPDX-License-Identifier: MIT
// The debug port (docs/timing.md, "The debug port"): the MMU's own lookups, which change nothing, and a copy of its
// walker, connected to nothing that remembers.
#include "model/mmu.h"
#include "model/segment.h"

static bool pretend_to_swap(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  (void)ctx, (void)pa, (void)size, (void)expected, (void)desired;
  return *swapped = true;
}

static void answer_fault(struct answer* answer, enum fault_kind fault, uint8_t error, uint64_t va) {
  answer->fault = (uint8_t)fault;
  answer->error = error;
  if (fault == FAULT_PF) answer->cr2 = va;
}

static void answer_translation(struct answer* answer, const struct translation* t, uint64_t va) {
  answer->pa = t->pa | (va & bits_between(0, t->shift));
}

static void walk(const struct mmu* mmu, enum port port, const struct ref* part, uint64_t va, struct answer* answer) {
  struct counters counters = {0};
  struct events nobody = {.fn = NULL};
  struct touches forgotten = {.count = 0};
  struct caches none = {.dram.latency = 1};
  struct psc psc = mmu->psc;
  psc.counters = counters.psc;
  psc.events = &nobody;
  psc.touches = &forgotten;
  struct walker w = mmu->slot[0].walker;
  w.memory.cas = pretend_to_swap;
  w.caches = &none;
  w.psc = &psc;
  w.events = &nobody;
  w.counters = &counters;
  walker_begin(&w, port, part, va, 0);
  while (w.phase != WALK_OVER) walker_step(&w);
  answer->reads = w.reads;
  if (w.fault == FAULT_NONE)
    answer_translation(answer, &w.translation, va);
  else
    answer_fault(answer, w.fault, w.error, va);
}

void mmu_probe(const struct mmu* mmu, const struct ref* part, struct answer* answer) {
  const struct paging* paging = &mmu->paging;
  enum port port = part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  uint64_t va = mmu_linear(mmu, part);
  *answer = (struct answer){.path = paging->format ? PATH_L1 : PATH_OFF};
  if (!segment_permits(mmu_segment(mmu, part), part) || !paging_canonical(paging, va)) {
    answer_fault(answer, FAULT_GP, 0, va);
    return;
  }
  if (!paging->format) {
    answer->pa = va;
    return;
  }
  const struct tlb* level[] = {&mmu->tlb[port], &mmu->second};
  const enum answer_path path[] = {PATH_L1, PATH_STLB};
  for (int i = 0; i < 2; i++) {
    struct tlb_hit hit = tlb_find(level[i], paging, va);
    if (!hit.hit) continue;
    const struct translation* t = tlb_entry_at(level[i], hit);
    answer->path = (uint8_t)path[i];
    if (!paging_allows(paging, t, access_class(part))) {
      answer_fault(answer, FAULT_PF, paging_error_denied(paging, access_class(part), t), va);
    } else if (part->kind == ACCESS_WRITE && !t->dirty) {
      walk(mmu, port, part, va, answer);
    } else {
      answer_translation(answer, t, va);
    }
    return;
  }
  answer->path = PATH_WALK;
  walk(mmu, port, part, va, answer);
}
