// SPDX-License-Identifier: MIT
#include "model/mmu.h"

#include <stdlib.h>
#include <string.h>

struct mmu* mmu_create(const struct config* config, struct memory_bus memory) {
  struct mmu* mmu = calloc(1, sizeof *mmu);
  if (!mmu) return NULL;
  mmu->config = *config;
  mmu->memory = memory;
  control_reset(&mmu->registers);
  paging_update(&mmu->paging, &mmu->registers, config->maxphyaddr);
  mmu->walker = (struct walker){.config = &mmu->config,
                                .paging = &mmu->paging,
                                .registers = &mmu->registers,
                                .memory = memory,
                                .events = &mmu->events,
                                .counters = &mmu->counters};
  walker_release(&mmu->walker);
  mmu->control.due = UINT64_MAX;
  const struct tlb_config *itlb = &config->itlb, *dtlb = &config->dtlb;
  size_t entries = (size_t)itlb->sets * itlb->ways + (size_t)itlb->large_sets * itlb->large_ways +
                   (size_t)dtlb->sets * dtlb->ways + (size_t)dtlb->large_sets * dtlb->large_ways;
  // In one cycle every entry may go; what else happens is a few events a port.
  bool ok = events_create(&mmu->events, entries + EVENT_TYPE_COUNT * PORT_COUNT) &&
            tlb_create(&mmu->tlb[PORT_FETCH], itlb, PORT_FETCH, &mmu->counters.itlb, &mmu->events) &&
            tlb_create(&mmu->tlb[PORT_DATA], dtlb, PORT_DATA, &mmu->counters.dtlb, &mmu->events);
  if (ok) return mmu;
  mmu_destroy(mmu);
  return NULL;
}

void mmu_destroy(struct mmu* mmu) {
  for (int port = 0; port < PORT_COUNT; port++) tlb_free(&mmu->tlb[port]);
  events_free(&mmu->events);
  free(mmu);
}

// --- answers --------------------------------------------------------------------------------------------------------

static void answer(struct mmu* mmu, enum port number, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  struct answer* a = &port->answer;
  a->cycle = now;
  a->base = mmu->tlb[number].latency;
  if (a->fault == FAULT_PF) a->cr2 = port->ref.va;
  port->state = PORT_IDLE;
  port->answered = true;
  struct counters* c = &mmu->counters;
  c->parts[port->ref.kind]++;
  c->faults_pf += a->fault == FAULT_PF;
  c->faults_gp += a->fault == FAULT_GP;
  c->cycles_base += a->base;
  c->cycles_walk += a->walk;
  c->cycles_ad_update += a->ad_update;
  events_emit(&mmu->events, &(struct event){.cycle = now,
                                            .type = EVENT_ANSWER,
                                            .port = (uint8_t)number,
                                            .kind = a->fault,
                                            .level = a->path,
                                            .pa = a->pa,
                                            .value = a->error,
                                            .va = port->ref.va});
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

static uint64_t physical(const struct translation* t, uint64_t va) { return t->pa | (va & bits_between(0, t->shift)); }

// --- lookups --------------------------------------------------------------------------------------------------------

bool mmu_ready(const struct mmu* mmu, enum port port) {
  return mmu->control.phase == CONTROL_IDLE && mmu->port[port].state == PORT_IDLE;
}

void mmu_accept(struct mmu* mmu, enum port number, const struct ref* part, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  port->state = PORT_LOOKUP;
  port->due = now + mmu->tlb[number].latency - 1;
  port->ref = *part;
  port->answer = (struct answer){.accept = now};
  events_emit(
      &mmu->events,
      &(struct event){.cycle = now, .type = EVENT_ACCEPT, .port = (uint8_t)number, .kind = part->kind, .va = part->va});
}

static void count_lookup(struct mmu* mmu, enum port number, struct tlb_hit hit, uint64_t now) {
  struct tlb* tlb = &mmu->tlb[number];
  *(hit.hit ? &tlb->counters->hits : &tlb->counters->misses) += 1;
  events_emit(&mmu->events, &(struct event){.cycle = now,
                                            .type = EVENT_LOOKUP,
                                            .port = (uint8_t)number,
                                            .array = (uint8_t)tlb_array_of(tlb, hit),
                                            .hit = hit.hit,
                                            .set = (uint16_t)hit.at.set,
                                            .way = (uint16_t)hit.at.way,
                                            .va = mmu->port[number].ref.va});
}

static void take_hit(struct mmu* mmu, enum port number, struct tlb_hit hit, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  struct tlb* tlb = &mmu->tlb[number];
  const struct translation* t = tlb_entry_at(tlb, hit);
  unsigned class = access_class(&port->ref);
  port->answer.path = PATH_L1;
  if (!paging_allows(&mmu->paging, t, class)) {
    answer_fault(mmu, number, FAULT_PF, paging_error_denied(&mmu->paging, class, t), now);
    return;
  }
  tlb_touch(tlb, hit, now);
  tlb_shortcut_make(tlb, &mmu->paging, port->ref.va, hit);
  if (port->ref.kind == ACCESS_WRITE && !t->dirty)
    port->state = PORT_WAITS;
  else
    answer_address(mmu, number, physical(t, port->ref.va), now);
}

static void look_up(struct mmu* mmu, enum port number, uint64_t now) {
  struct access_port* port = &mmu->port[number];
  uint64_t va = port->ref.va;
  if (!mmu->paging.format) {
    port->answer.path = PATH_OFF;
    answer_address(mmu, number, va, now);
    return;
  }
  if (!paging_canonical(&mmu->paging, va)) {
    port->answer.path = PATH_L1;
    answer_fault(mmu, number, FAULT_GP, 0, now);
    return;
  }
  struct tlb_hit hit = tlb_find(&mmu->tlb[number], &mmu->paging, va);
  count_lookup(mmu, number, hit, now);
  if (hit.hit) {
    take_hit(mmu, number, hit, now);
  } else {
    port->answer.path = PATH_WALK;
    port->state = PORT_WAITS;
  }
}

// --- walks ----------------------------------------------------------------------------------------------------------

// Gives a free walker to a port that waits: one that missed in this cycle, or stood behind the walk that is over now.
// Only ports that missed in the same cycle wait both; fetch goes first.
static bool dispatch(struct mmu* mmu, uint64_t now) {
  if (walker_busy(&mmu->walker)) return false;
  for (int number = 0; number < PORT_COUNT; number++) {
    struct access_port* port = &mmu->port[number];
    if (port->state != PORT_WAITS) continue;
    port->state = PORT_WALKS;
    walker_begin(&mmu->walker, (enum port)number, &port->ref, now);
    return true;
  }
  return false;
}

static void account_walk(struct mmu* mmu, struct answer* a, uint64_t now) {
  const struct walker* w = &mmu->walker;
  uint32_t cycles = (uint32_t)(now - w->missed);
  bool clean_hit = a->path != PATH_WALK;
  a->reads = w->reads;
  a->ad_update = clean_hit ? cycles : w->ad_cycles;
  a->walk = cycles - a->ad_update;
  mmu->counters.walk_cycles += cycles;
}

static void complete_walk(struct mmu* mmu, uint64_t now) {
  struct walker* w = &mmu->walker;
  enum port number = w->port;
  account_walk(mmu, &mmu->port[number].answer, now);
  if (w->fault != FAULT_NONE) {
    answer_fault(mmu, number, w->fault, w->error, now);
  } else {
    answer_address(mmu, number, physical(&w->translation, w->va), now);
    if (!w->suppressed) tlb_fill(&mmu->tlb[number], &w->translation, now);
  }
  walker_release(w);
}

static void run_walker(struct mmu* mmu, uint64_t now) {
  struct walker* w = &mmu->walker;
  do {
    while (w->phase != WALK_OVER && w->deadline == now) walker_step(w);
    if (w->phase == WALK_OVER) complete_walk(mmu, now);
  } while (dispatch(mmu, now));
}

// --- control --------------------------------------------------------------------------------------------------------

static bool in_flight(const struct mmu* mmu) {
  return mmu->port[PORT_FETCH].state != PORT_IDLE || mmu->port[PORT_DATA].state != PORT_IDLE;
}

static uint32_t operation_latency(const struct mmu* mmu) {
  return mmu->control.op.op == CONTROL_INVLPG ? mmu->config.op.invlpg : mmu->config.op.cr;
}

// Its first cycle is `first`.
static void begin_control(struct mmu* mmu, uint64_t first) {
  struct control_port* control = &mmu->control;
  control_plan(&control->plan, &mmu->registers, &control->op, mmu->config.maxphyaddr);
  control->began = first;
  control->phase = control->plan.load_pdptes ? CONTROL_LOAD : CONTROL_ACTS;
  control->due = control->plan.load_pdptes ? first : first + operation_latency(mmu) - 1;
}

void mmu_control(struct mmu* mmu, const struct control* op, uint64_t now) {
  mmu->control.op = *op;
  mmu->walker.suppressed = true;  // of an idle walker it means nothing
  if (in_flight(mmu))
    mmu->control.phase = CONTROL_WAITS;
  else
    begin_control(mmu, now);
}

static void load_pdptes(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  uint64_t pa = control->plan.pdpte_address;
  control->bus_error = false;
  for (int i = 0; i < PDPTE_COUNT; i++)
    control->bus_error |= !mmu->memory.read(mmu->memory.ctx, pa + 8u * (unsigned)i, 8, &control->pdptes[i]);
  events_emit(&mmu->events, &(struct event){.cycle = now, .type = EVENT_PDPTE, .level = 3, .pa = pa});
  control->phase = CONTROL_LOADED;
  control->due = now + mmu->config.dram.latency + mmu->config.walk.step - 1;
}

static void check_pdptes(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  control->plan.refused =
      control->bus_error || !control_take_pdptes(&control->plan, control->pdptes, mmu->config.maxphyaddr);
  control->phase = CONTROL_ACTS;
  control->due = now + operation_latency(mmu);
}

static void drop(struct mmu* mmu, uint64_t now) {
  const struct control_port* control = &mmu->control;
  for (int port = 0; port < PORT_COUNT; port++) {
    struct tlb* tlb = &mmu->tlb[port];
    switch (control->plan.drop) {
      case DROP_NOTHING:
        break;
      case DROP_ADDRESS:
        if (paging_canonical(&mmu->paging, control->op.value)) tlb_drop_address(tlb, control->op.value, now);
        break;
      case DROP_NON_GLOBAL:
      case DROP_ALL:
        tlb_drop_all(tlb, control->plan.drop == DROP_NON_GLOBAL, now);
        break;
    }
  }
}

static void write_registers(struct mmu* mmu) {
  const struct control_port* control = &mmu->control;
  if (control->op.op == CONTROL_INVLPG) return;
  mmu->registers = control->plan.after;
  if (control->op.op == CONTROL_CR3) {
    paging_update_root(&mmu->paging, &mmu->registers, mmu->config.maxphyaddr);
    return;
  }
  paging_update(&mmu->paging, &mmu->registers, mmu->config.maxphyaddr);
  for (int port = 0; port < PORT_COUNT; port++) tlb_shortcuts_forget(&mmu->tlb[port]);
}

static void act(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  control->done = true;
  control->gp = control->plan.refused;
  if (!control->gp) {
    drop(mmu, now);
    write_registers(mmu);
  }
  mmu->counters.controls++;
  mmu->counters.control_gps += control->gp;
  mmu->counters.cycles_flush += now - control->began + 1;
  events_emit(
      &mmu->events,
      &(struct event){
          .cycle = now, .type = EVENT_CONTROL, .kind = control->op.op, .hit = control->gp, .va = control->op.value});
  control->phase = CONTROL_IDLE;
  control->due = UINT64_MAX;
}

static void run_control(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  if (control->phase == CONTROL_WAITS && !in_flight(mmu)) begin_control(mmu, now + 1);
  if (control->phase == CONTROL_LOAD && control->due == now) load_pdptes(mmu, now);
  if (control->phase == CONTROL_LOADED && control->due == now) check_pdptes(mmu, now);
  if (control->phase == CONTROL_ACTS && control->due == now) act(mmu, now);
}

// --- one cycle ------------------------------------------------------------------------------------------------------

// Lookups, then fills, then drops.
void mmu_cycle(struct mmu* mmu, uint64_t now) {
  for (int port = 0; port < PORT_COUNT; port++) mmu->port[port].answered = false;
  mmu->control.done = false;
  for (int port = 0; port < PORT_COUNT; port++)
    if (mmu->port[port].state == PORT_LOOKUP && mmu->port[port].due == now) look_up(mmu, (enum port)port, now);
  run_walker(mmu, now);
  for (int port = 0; port < PORT_COUNT; port++) {
    const struct access_port* p = &mmu->port[port];
    if (!p->answered || p->answer.fault != FAULT_PF) continue;
    tlb_drop_address(&mmu->tlb[PORT_FETCH], p->ref.va, now);
    tlb_drop_address(&mmu->tlb[PORT_DATA], p->ref.va, now);
  }
  if (mmu->control.phase != CONTROL_IDLE) run_control(mmu, now);
  events_flush(&mmu->events);
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint64_t mmu_next(const struct mmu* mmu) {
  uint64_t next = earlier(mmu->walker.deadline, mmu->control.due);
  for (int port = 0; port < PORT_COUNT; port++)
    if (mmu->port[port].state == PORT_LOOKUP) next = earlier(next, mmu->port[port].due);
  return next;
}
