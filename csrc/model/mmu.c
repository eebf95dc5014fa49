// SPDX-License-Identifier: MIT
#include "model/mmu.h"

#include <stdlib.h>
#include <string.h>

#include "model/segment.h"

static size_t array_entries(const struct tlb_config* tlb) {
  return (size_t)tlb->sets * tlb->ways + (size_t)tlb->large_sets * tlb->large_ways;
}

// The most events that one cycle can have: every entry may go; what else happens is a few a port, and a walk or its
// data push at most a dirty line out of each cache level.
static size_t events_room(const struct config* config) {
  return array_entries(&config->itlb) + array_entries(&config->dtlb) + array_entries(&config->stlb) + config->psc.pde +
         config->psc.pdpte + config->psc.pml4e + config->psc.pml5e + (EVENT_TYPE_COUNT + 16) * PORT_COUNT;
}

static void create_walker(struct mmu* mmu, struct walker* walker) {
  *walker = (struct walker){.config = &mmu->config,
                            .paging = &mmu->paging,
                            .registers = &mmu->registers,
                            .memory = mmu->memory,
                            .caches = &mmu->caches,
                            .psc = &mmu->psc,
                            .events = &mmu->events,
                            .counters = &mmu->counters};
  walker_release(walker);
}

// Prefetches fill the second level, or without one the first, where lookups and fills then meet.
static struct touches* first_level_touches(struct mmu* mmu) {
  return mmu->config.prefetch && !mmu->config.stlb.sets ? &mmu->touches : NULL;
}

static bool create_arrays(struct mmu* mmu) {
  const struct config* config = &mmu->config;
  struct counters* c = &mmu->counters;
  struct events* events = &mmu->events;
  struct shortcuts* shortcuts = mmu->shortcuts;
  struct touches* first = first_level_touches(mmu);
  return events_create(events, events_room(config)) &&
         tlb_create(&mmu->tlb[PORT_FETCH], &config->itlb, ARRAY_ITLB, &c->itlb, &c->itlb_sizes, events,
                    &shortcuts[PORT_FETCH], first) &&
         tlb_create(&mmu->tlb[PORT_DATA], &config->dtlb, ARRAY_DTLB, &c->dtlb, &c->dtlb_sizes, events,
                    &shortcuts[PORT_DATA], first) &&
         tlb_create(&mmu->second, &config->stlb, ARRAY_STLB, &c->stlb, &c->stlb_sizes, events, NULL, &mmu->touches) &&
         psc_create(&mmu->psc, config, c->psc, events, &mmu->touches) && caches_create(&mmu->caches, config, c, events);
}

struct mmu* mmu_create(const struct config* config, struct memory_bus memory) {
  struct mmu* mmu = calloc(1, sizeof *mmu);
  if (!mmu) return NULL;
  mmu->config = *config;
  mmu->memory = memory;
  control_reset(&mmu->registers);
  paging_update(&mmu->paging, &mmu->registers, config->maxphyaddr);
  for (int i = 0; i < PORT_COUNT; i++) {
    create_walker(mmu, &mmu->slot[i].walker);
    create_walker(mmu, &mmu->slot[i].prefetch.walker);
    prefetch_reset(&mmu->slot[i].prefetch);
  }
  mmu->control.due = mmu->aside = UINT64_MAX;
  if (create_arrays(mmu)) return mmu;
  mmu_destroy(mmu);
  return NULL;
}

void mmu_destroy(struct mmu* mmu) {
  for (int port = 0; port < PORT_COUNT; port++) tlb_free(&mmu->tlb[port]);
  tlb_free(&mmu->second);
  psc_free(&mmu->psc);
  caches_free(&mmu->caches);
  events_free(&mmu->events);
  free(mmu);
}

// --- answers --------------------------------------------------------------------------------------------------------

static void answer(struct mmu* mmu, enum port number, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  struct answer* a = &port->answer;
  a->cycle = now;
  a->base = mmu->tlb[number].latency;
  if (a->fault == FAULT_PF) a->cr2 = port->va;
  port->state = PORT_IDLE;
  port->answered = true;
  struct counters* c = &mmu->counters;
  c->parts[port->ref.kind]++;
  if (a->fault == FAULT_PF) c->faults_by_error[a->error]++;
  c->faults_gp += a->fault == FAULT_GP;
  c->merged += a->merged;
  c->cycles_base += a->base;
  c->cycles_stlb += a->stlb;
  c->cycles_walk += a->walk;
  c->cycles_ad_update += a->ad_update;
  events_emit(&mmu->events, &(struct event){.cycle = now,
                                            .type = EVENT_ANSWER,
                                            .port = (uint8_t)number,
                                            .kind = a->fault,
                                            .level = a->path,
                                            .pa = a->pa,
                                            .value = a->error,
                                            .va = port->va});
}

static void answer_address(struct mmu* mmu, enum port port, uint64_t pa, uint64_t now) {
  mmu->port[port].answer.pa = pa;
  answer(mmu, port, now);
}

static void answer_fault(struct mmu* mmu, enum port port, enum fault_kind fault, uint8_t error, uint64_t now) {
  mmu->port[port].answer.fault = (uint8_t)fault;
  mmu->port[port].answer.error = error;
  answer(mmu, port, now);
}

static void answer_translation(struct mmu* mmu, enum port port, const struct translation* t, uint64_t now) {
  answer_address(mmu, port, t->pa | (mmu->port[port].va & bits_between(0, t->shift)), now);
}

static void answer_denied(struct mmu* mmu, enum port port, const struct translation* t, uint64_t now) {
  uint8_t error = paging_error_denied(&mmu->paging, access_class(&mmu->port[port].ref), t);
  answer_fault(mmu, port, FAULT_PF, error, now);
}

static bool allows(const struct mmu* mmu, enum port port, const struct translation* t) {
  return paging_allows(&mmu->paging, t, access_class(&mmu->port[port].ref));
}

// --- first level ----------------------------------------------------------------------------------------------------

bool mmu_ready(const struct mmu* mmu, enum port port) {
  return mmu->control.phase == CONTROL_IDLE && mmu->port[port].state == PORT_IDLE;
}

void mmu_accept(struct mmu* mmu, enum port number, const struct ref* part, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  port->state = PORT_LOOKUP;
  port->due = now + mmu->tlb[number].latency - 1;
  port->ref = *part;
  port->va = mmu_linear(mmu, part);
  port->answer = (struct answer){.accept = now};
  events_emit(
      &mmu->events,
      &(struct event){.cycle = now, .type = EVENT_ACCEPT, .port = (uint8_t)number, .kind = part->kind, .va = port->va});
}

// A write must not go through a translation whose D is clear.
static bool needs_dirty(const struct mmu* mmu, enum port port, const struct translation* t) {
  return mmu->port[port].ref.kind == ACCESS_WRITE && !t->dirty;
}

static void take_first_hit(struct mmu* mmu, enum port number, struct tlb_hit hit, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  struct tlb* tlb = &mmu->tlb[number];
  const struct translation* t = tlb_entry_at(tlb, hit);
  port->answer.path = PATH_L1;
  if (!allows(mmu, number, t)) {
    answer_denied(mmu, number, t, now);
    return;
  }
  tlb_touch(tlb, hit, number, now);
  shortcut_make(&mmu->shortcuts[number], &mmu->paging, port->va, &tlb->array[hit.large], hit.at);
  if (needs_dirty(mmu, number, t)) {
    port->state = PORT_WAITS;
    port->asks_second = false;
  } else {
    answer_translation(mmu, number, t, now);
  }
}

static void look_up_first(struct mmu* mmu, enum port number, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  port->answer.path = mmu->paging.format ? PATH_L1 : PATH_OFF;
  if (!segment_permits(mmu_segment(mmu, &port->ref), &port->ref) || !paging_canonical(&mmu->paging, port->va)) {
    answer_fault(mmu, number, FAULT_GP, 0, now);
    return;
  }
  if (!mmu->paging.format) {
    answer_address(mmu, number, port->va, now);
    return;
  }
  struct tlb_hit hit = tlb_find(&mmu->tlb[number], &mmu->paging, port->va);
  tlb_count_lookup(&mmu->tlb[number], number, hit, port->va, now);
  if (hit.hit) {
    take_first_hit(mmu, number, hit, now);
  } else {
    port->answer.path = PATH_WALK;
    port->asks_second = tlb_exists(&mmu->second);
    port->state = PORT_WAITS;
  }
}

// --- second level ---------------------------------------------------------------------------------------------------

static void fill_first(struct mmu* mmu, enum port port, const struct translation* t) {
  mmu->fill[port].first = true;
  mmu->fill[port].translation = *t;
}

static void take_second_hit(struct mmu* mmu, enum port number, struct tlb_hit hit, uint64_t now) {
  const struct translation* t = tlb_entry_at(&mmu->second, hit);
  mmu->port[number].answer.path = PATH_STLB;
  if (!allows(mmu, number, t)) {
    answer_denied(mmu, number, t, now);
  } else {
    tlb_touch(&mmu->second, hit, number, now);
    if (needs_dirty(mmu, number, t)) {
      mmu->port[number].state = PORT_MISSED;
      return;
    }
    answer_translation(mmu, number, t, now);
    fill_first(mmu, number, t);
  }
  mmu_slot(mmu, number)->taken = false;
}

static void look_up_second(struct mmu* mmu, enum port number, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  struct tlb_hit hit = tlb_find(&mmu->second, &mmu->paging, port->va);
  tlb_count_lookup(&mmu->second, number, hit, port->va, now);
  port->answer.stlb = mmu->second.latency;
  if (hit.hit)
    take_second_hit(mmu, number, hit, now);
  else
    port->state = PORT_MISSED;
}

// --- walks ----------------------------------------------------------------------------------------------------------

static enum port other(enum port port) { return port == PORT_FETCH ? PORT_DATA : PORT_FETCH; }

// Is a walk of the same 4 KiB page under way, that also serves this port?
static bool can_share(const struct mmu* mmu, enum port number) {
  const struct access_port *port = &mmu->port[number], *first = &mmu->port[other(number)];
  return first->state == PORT_WALKS && first->ref.kind != ACCESS_WRITE && port->ref.kind != ACCESS_WRITE &&
         first->va >> PAGE_SHIFT == port->va >> PAGE_SHIFT;
}

static void begin_walk(struct mmu* mmu, enum port number, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  if (can_share(mmu, number)) {
    port->state = PORT_SHARES;
    return;
  }
  port->state = PORT_WALKS;
  walker_begin(&mmu_slot(mmu, number)->walker, number, &port->ref, port->va, now);
}

// Gives free slots to ports that wait (one that missed in this cycle, or stood behind the reference that was answered
// in it), and begins the walks of this cycle's misses. Fetch goes first.
static void serve_ports(struct mmu* mmu, uint64_t now) {
  for (int number = 0; number < PORT_COUNT; number++) {
    struct access_port* port = &mmu->port[number];
    struct slot* slot = mmu_slot(mmu, (enum port)number);
    if (port->state == PORT_WAITS && !slot->taken) {
      slot->taken = slot->prefetch.over = true;
      port->state = port->asks_second ? PORT_SECOND : PORT_MISSED;
      port->due = now + mmu->second.latency;
    }
    if (port->state == PORT_MISSED) begin_walk(mmu, (enum port)number, now);
  }
}

static void account_walk(struct answer* a, const struct walker* w, uint64_t now) {
  uint32_t cycles = (uint32_t)(now - w->missed);
  bool clean_hit = a->path != PATH_WALK;
  a->reads = w->reads;
  a->ad_update = clean_hit ? cycles : w->ad_cycles;
  a->walk = cycles - a->ad_update;
}

// The other port's walk is over.
static void share_walk(struct mmu* mmu, enum port number, const struct walker* w, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  if (w->fault != FAULT_NONE || w->suppressed) {
    port->state = PORT_MISSED;  // now, as it were: it walks itself from the next cycle on
    return;
  }
  port->answer.merged = 1;
  if (allows(mmu, number, &w->translation)) {
    answer_translation(mmu, number, &w->translation, now);
    fill_first(mmu, number, &w->translation);
  } else {
    answer_denied(mmu, number, &w->translation, now);
  }
  mmu_slot(mmu, number)->taken = false;
}

static void complete_walk(struct mmu* mmu, struct slot* slot, uint64_t now) {
  struct walker* w = &slot->walker;
  enum port number = w->cause.port;
  account_walk(&mmu->port[number].answer, w, now);
  mmu->counters.walker_cycles[slot - mmu->slot] += now - w->missed;
  if (w->fault != FAULT_NONE) {
    answer_fault(mmu, number, w->fault, w->error, now);
  } else {
    answer_translation(mmu, number, &w->translation, now);
    if (!w->suppressed) {
      struct fill* fill = &mmu->fill[number];
      fill_first(mmu, number, &w->translation);
      fill->beyond = true;
      fill->uppers = mmu->psc.any ? walker_upper_entries(w, fill->upper) : 0;
      if (mmu->config.prefetch && mmu->port[number].answer.path == PATH_WALK) prefetch_want(mmu, slot);
    }
  }
  if (mmu->port[other(number)].state == PORT_SHARES) share_walk(mmu, other(number), w, now);
  walker_release(w);
  slot->taken = false;
}

static void step_walker(struct walker* w, uint64_t now) {
  while (w->phase != WALK_OVER && w->deadline == now) walker_step(w);
}

// True if a walk is over, so that who stood behind it can begin.
static bool run_walkers(struct mmu* mmu, uint64_t now) {
  bool over = false;
  for (int i = 0; i < PORT_COUNT; i++) {
    step_walker(&mmu->slot[i].prefetch.walker, now);
    step_walker(&mmu->slot[i].walker, now);
  }
  for (int i = 0; i < PORT_COUNT; i++) {
    if (mmu->slot[i].walker.phase != WALK_OVER) continue;
    complete_walk(mmu, &mmu->slot[i], now);
    over = true;
  }
  return over;
}

// --- counters -------------------------------------------------------------------------------------------------------

static uint64_t sum(const uint64_t* terms, size_t n) {
  uint64_t total = 0;
  for (size_t i = 0; i < n; i++) total += terms[i];
  return total;
}

static void sum_sizes(struct tlb_counters* total, const struct size_counters* sizes) {
  total->hits = sum(sizes->hits, SIZE_CLASSES);
  total->fills = sum(sizes->fills, SIZE_CLASSES);
  total->evictions = sum(sizes->evictions, SIZE_CLASSES);
}

void mmu_counters(const struct mmu* mmu, struct counters* c) {
  *c = mmu->counters;
  sum_sizes(&c->itlb, &c->itlb_sizes);
  sum_sizes(&c->dtlb, &c->dtlb_sizes);
  sum_sizes(&c->stlb, &c->stlb_sizes);
  c->walk_refs = sum((const uint64_t*)c->walk_reads, sizeof c->walk_reads / sizeof(uint64_t));
  c->walk_cycles = sum(c->walker_cycles, WALKERS_MAX);
  c->faults_pf = sum(c->faults_by_error, ERROR_CODES);
  c->controls = sum(c->controls_by_op, CONTROL_OPS) + c->control_gps;
}

// --- one cycle ------------------------------------------------------------------------------------------------------

static void look_up_data(struct mmu* mmu, uint64_t now) {
  struct access_port* port = &mmu->port[PORT_DATA];
  if (!mmu->caches.data || !port->answered || port->answer.fault != FAULT_NONE) return;
  uint64_t pa = port->answer.pa;
  struct service service = caches_data_further(&mmu->caches, pa, port->ref.kind == ACCESS_WRITE, now);
  port->answer.data = caches_beyond_l1d(&mmu->caches, service);
  mmu->counters.cycles_data += port->answer.data;
  events_emit(
      &mmu->events,
      &(struct event){.cycle = now, .type = EVENT_DATA, .port = PORT_DATA, .pa = pa, .served = (uint8_t)service.by});
}

static void do_fill(struct mmu* mmu, enum port port, uint64_t now) {
  struct fill* fill = &mmu->fill[port];
  const struct cause cause = {.port = port};
  tlb_fill(&mmu->tlb[port], cause, &fill->translation, fill->fresh, now);
  if (fill->beyond) {
    if (tlb_exists(&mmu->second)) tlb_fill(&mmu->second, cause, &fill->translation, fill->fresh, now);
    for (unsigned i = 0; i < fill->uppers; i++) psc_fill(&mmu->psc, cause, &fill->upper[i], now);
  }
  fill->first = fill->beyond = fill->fresh = false;
}

static void do_fault_drops(struct mmu* mmu, const struct access_port* port, uint64_t now) {
  for (int tlb = 0; tlb < PORT_COUNT; tlb++) tlb_drop_address(&mmu->tlb[tlb], port->va, mmu->paging.pcid, true, now);
  tlb_drop_address(&mmu->second, port->va, mmu->paging.pcid, true, now);
  psc_drop_address(&mmu->psc, &mmu->paging, port->va, now);
}

static bool page_faulted(const struct access_port* port) { return port->answered && port->answer.fault == FAULT_PF; }

static bool any_page_fault(const struct mmu* mmu) {
  return page_faulted(&mmu->port[PORT_FETCH]) || page_faulted(&mmu->port[PORT_DATA]);
}

// What comes after the lookups.
static void end_cycle(struct mmu* mmu, uint64_t now) {
  bool prefetches = mmu->config.prefetch != PREFETCH_NONE;
  if (prefetches) prefetch_begin(mmu, now);
  look_up_data(mmu, now);
  unsigned filled = prefetches ? prefetch_demands_fill(mmu) : 0;
  for (int port = 0; port < PORT_COUNT; port++)
    if (mmu->fill[port].first) do_fill(mmu, (enum port)port, now);
  if (prefetches) prefetch_end_cycle(mmu, filled, any_page_fault(mmu), now);
  touches_settle_all(&mmu->touches);
  for (int port = 0; port < PORT_COUNT; port++)
    if (page_faulted(&mmu->port[port])) do_fault_drops(mmu, &mmu->port[port], now);
}

// Lookups, then fills, then drops.
void mmu_cycle(struct mmu* mmu, uint64_t now) {
  for (int port = 0; port < PORT_COUNT; port++) mmu->port[port].answered = false;
  mmu->control.done = false;
  for (int port = 0; port < PORT_COUNT; port++)
    if (mmu->port[port].state == PORT_LOOKUP && mmu->port[port].due == now) look_up_first(mmu, (enum port)port, now);
  for (int port = 0; port < PORT_COUNT; port++)
    if (mmu->port[port].state == PORT_SECOND && mmu->port[port].due == now) look_up_second(mmu, (enum port)port, now);
  do serve_ports(mmu, now);
  while (run_walkers(mmu, now));
  end_cycle(mmu, now);
  if (mmu->control.phase != CONTROL_IDLE) mmu_run_control(mmu, now);
  events_flush(&mmu->events);
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint64_t mmu_next(const struct mmu* mmu) {
  uint64_t next = earlier(mmu->control.due, mmu->aside);
  for (int i = 0; i < PORT_COUNT; i++) {
    const struct access_port* port = &mmu->port[i];
    next = earlier(next, mmu->slot[i].walker.deadline);
    if (port->state == PORT_LOOKUP || port->state == PORT_SECOND) next = earlier(next, port->due);
  }
  return next;
}

void mmu_run_alone(struct mmu* mmu, enum port number, const struct ref* part, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  struct slot* slot = mmu_slot(mmu, number);
  mmu->port[PORT_FETCH].answered = mmu->port[PORT_DATA].answered = false;
  mmu_accept(mmu, number, part, now);
  now = port->due;
  look_up_first(mmu, number, now);
  if (port->state == PORT_WAITS && port->asks_second) {
    now += mmu->second.latency;
    look_up_second(mmu, number, now);
  }
  if (!port->answered) {
    begin_walk(mmu, number, now);
    walker_run(&slot->walker);
    now = slot->walker.deadline;
    complete_walk(mmu, slot, now);
  }
  struct fill* fill = &mmu->fill[number];
  fill->fresh = fill->first && (port->answer.path == PATH_WALK || !fill->beyond);
  end_cycle(mmu, now);
}
