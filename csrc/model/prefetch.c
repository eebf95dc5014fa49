// SPDX-License-Identifier: MIT
// Prefetches, in the cycles that have something to do for them (docs/timing.md, finer points 50-56).
//
// A walk that is answered wants one. next-page then walks on in the slot's walker, until the walk is over or a demand
// takes the slot; adjacent fills in the next cycle what came along with the leaf.
#include "model/mmu.h"

static const uint64_t NEVER = UINT64_MAX;

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static bool undisturbed(const struct mmu* mmu) { return mmu->control.phase == CONTROL_IDLE; }

void prefetch_reset(struct prefetcher* prefetch) {
  prefetch->wanted = prefetch->over = false;
  prefetch->due = NEVER;
  walker_release(&prefetch->walker);
}

void prefetch_want(struct mmu* mmu, struct slot* slot) {
  const struct walker* w = &slot->walker;
  struct prefetcher* p = &slot->prefetch;
  p->port = w->cause.port;
  p->va = (w->translation.va + BIT(w->translation.shift)) & mmu->paging.va_mask;
  p->translation = w->neighbour;
  bool there = mmu->config.prefetch == PREFETCH_ADJACENT ? w->has_neighbour : paging_canonical(&mmu->paging, p->va);
  p->wanted = there && undisturbed(mmu);
}

void prefetch_begin(struct mmu* mmu, uint64_t now) {
  if (mmu->config.prefetch != PREFETCH_NEXT_PAGE) return;
  for (int i = 0; i < PORT_COUNT; i++) {
    struct prefetcher* p = &mmu->slot[i].prefetch;
    if (p->wanted && !p->over) walker_begin_prefetch(&p->walker, p->port, p->va, now);
  }
}

// --- fills ----------------------------------------------------------------------------------------------------------

// The TLBs that prefetches fill, a bit each: the ports' own, or the second level.
enum { SECOND_LEVEL = PORT_COUNT };

static unsigned target_of(const struct mmu* mmu, enum port port) {
  return 1u << (tlb_exists(&mmu->second) ? SECOND_LEVEL : (int)port);
}

unsigned prefetch_demands_fill(const struct mmu* mmu) {
  unsigned filled = 0;
  for (int port = 0; port < PORT_COUNT; port++) {
    filled |= (unsigned)mmu->fill[port].first << port;
    filled |= (unsigned)mmu->fill[port].beyond << SECOND_LEVEL;
  }
  return filled;
}

static void fill_tlb(struct mmu* mmu, enum port port, const struct translation* t, unsigned* filled, uint64_t now) {
  unsigned target = target_of(mmu, port);
  if (*filled & target) return;
  *filled |= target;
  struct tlb* tlb = target == 1u << SECOND_LEVEL ? &mmu->second : &mmu->tlb[port];
  mmu->counters.prefetch.fills++;
  mmu->counters.prefetch.evictions += tlb_fill(tlb, (struct cause){port, true}, t, false, now);
}

static void fill_walked(struct mmu* mmu, const struct walker* w, unsigned* filled, uint64_t now) {
  struct translation upper[LEVEL_MAX - 1];
  fill_tlb(mmu, w->cause.port, &w->translation, filled, now);
  unsigned uppers = walker_upper_entries(w, upper);
  for (unsigned i = 0; i < uppers; i++) psc_fill(&mmu->psc, w->cause, &upper[i], now);
}

// --- the end of a cycle ---------------------------------------------------------------------------------------------

static void end_walk(struct mmu* mmu, struct prefetcher* p, uint64_t now) {
  mmu->counters.prefetch.cycles += now - p->walker.missed;
  walker_release(&p->walker);
}

void prefetch_end_cycle(struct mmu* mmu, unsigned filled, bool page_fault, uint64_t now) {
  mmu->aside = NEVER;
  for (int i = 0; i < PORT_COUNT; i++) {
    struct prefetcher* p = &mmu->slot[i].prefetch;
    bool walked = p->walker.phase == WALK_OVER;
    if (walked && p->walker.fault == FAULT_NONE && undisturbed(mmu)) fill_walked(mmu, &p->walker, &filled, now);
    if (p->due == now && undisturbed(mmu) && !page_fault) fill_tlb(mmu, p->port, &p->translation, &filled, now);
    if (walker_busy(&p->walker) && (walked || p->over || !undisturbed(mmu))) end_walk(mmu, p, now);
    p->due = p->wanted && mmu->config.prefetch == PREFETCH_ADJACENT && !page_fault ? now + 1 : NEVER;
    p->wanted = p->over = false;
    mmu->aside = earlier(mmu->aside, earlier(p->walker.deadline, p->due));
  }
}
