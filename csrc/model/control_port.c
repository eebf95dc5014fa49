// SPDX-License-Identifier: MIT
// The control port: when an operation begins, what it reads, when it acts (docs/timing.md, "Order within a cycle, and
// between").
#include "model/mmu.h"

static uint32_t operation_latency(const struct mmu* mmu) {
  switch ((enum control_op)mmu->control.op.op) {
    case CONTROL_INVLPG:
      return mmu->config.op.invlpg;
    case CONTROL_INVPCID:
      return mmu->config.op.invpcid;
    case CONTROL_SEGMENT:
      return mmu->config.op.segment;
    default:
      return mmu->config.op.cr;
  }
}

// Its first cycle is `first`.
static void begin_control(struct mmu* mmu, uint64_t first) {
  struct control_port* control = &mmu->control;
  control_plan(&control->plan, &mmu->registers, &control->op, &mmu->config);
  control->began = first;
  control->phase = control->plan.load_pdptes ? CONTROL_LOAD : CONTROL_ACTS;
  control->due = control->plan.load_pdptes ? first : first + operation_latency(mmu) - 1;
}

void mmu_control(struct mmu* mmu, const struct control* op, uint64_t now) {
  mmu->control.op = *op;
  for (int i = 0; i < PORT_COUNT; i++) mmu->slot[i].walker.suppressed = true;  // of an idle walker it means nothing
  if (mmu_in_flight(mmu))
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
  struct service service = caches_walk(&mmu->caches, pa, now);
  events_emit(&mmu->events,
              &(struct event){.cycle = now, .type = EVENT_PDPTE, .level = 3, .pa = pa, .served = (uint8_t)service.by});
  control->phase = CONTROL_LOADED;
  control->due = now + service.latency + mmu->config.walk.step - 1;
}

static void check_pdptes(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  control->plan.refused =
      control->bus_error || !control_take_pdptes(&control->plan, control->pdptes, mmu->config.maxphyaddr);
  control->phase = CONTROL_ACTS;
  control->due = now + operation_latency(mmu);
}

static void drop_from_tlb(const struct mmu* mmu, struct tlb* tlb, uint64_t now) {
  const struct control_plan* plan = &mmu->control.plan;
  uint64_t va = mmu->control.op.value & mmu->paging.va_mask;
  switch (plan->drop) {
    case DROP_NOTHING:
      break;
    case DROP_ADDRESS:
    case DROP_ADDRESS_OF_PCID:
      tlb_drop_address(tlb, va, plan->drop_pcid, plan->drop == DROP_ADDRESS, now);
      break;
    case DROP_PCID:
    case DROP_PCID_AND_GLOBAL:
      tlb_drop_entries(tlb, plan->drop_pcid, plan->drop == DROP_PCID_AND_GLOBAL, now);
      break;
    case DROP_NON_GLOBAL:
    case DROP_ALL:
      tlb_drop_entries(tlb, ANY_PCID, plan->drop == DROP_ALL, now);
      break;
  }
}

static void drop(struct mmu* mmu, uint64_t now) {
  const struct control_plan* plan = &mmu->control.plan;
  if (plan->drop == DROP_NOTHING) return;
  for (int port = 0; port < PORT_COUNT; port++) drop_from_tlb(mmu, &mmu->tlb[port], now);
  drop_from_tlb(mmu, &mmu->second, now);
  bool every_pcid = plan->drop == DROP_NON_GLOBAL || plan->drop == DROP_ALL;
  psc_drop_entries(&mmu->psc, every_pcid ? ANY_PCID : plan->drop_pcid, now);
}

static void write_registers(struct mmu* mmu) {
  const struct control_port* control = &mmu->control;
  switch ((enum control_op)control->op.op) {
    case CONTROL_INVLPG:
    case CONTROL_INVPCID:
      return;
    case CONTROL_SEGMENT:
      mmu->registers = control->plan.after;
      return;
    case CONTROL_CR3:
      mmu->registers = control->plan.after;
      paging_update_root(&mmu->paging, &mmu->registers, mmu->config.maxphyaddr);
      break;
    default:
      mmu->registers = control->plan.after;
      paging_update(&mmu->paging, &mmu->registers, mmu->config.maxphyaddr);
  }
  for (int port = 0; port < PORT_COUNT; port++) shortcuts_forget(&mmu->shortcuts[port]);
}

static void count(struct mmu* mmu, uint64_t now) {
  const struct control_port* control = &mmu->control;
  struct counters* c = &mmu->counters;
  c->cycles_flush += now - control->began + 1;
  if (control->gp)
    c->control_gps++;
  else
    c->controls_by_op[control->op.op]++;
  if (!control->gp && control->op.op == CONTROL_INVPCID) c->invpcid_by_type[control->op.type]++;
}

static void act(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  control->done = true;
  control->gp = control->plan.refused;
  if (!control->gp) {
    drop(mmu, now);
    write_registers(mmu);
  }
  count(mmu, now);
  events_emit(
      &mmu->events,
      &(struct event){
          .cycle = now, .type = EVENT_CONTROL, .kind = control->op.op, .hit = control->gp, .va = control->op.value});
  control->phase = CONTROL_IDLE;
  control->due = UINT64_MAX;
}

void mmu_run_control(struct mmu* mmu, uint64_t now) {
  struct control_port* control = &mmu->control;
  if (control->phase == CONTROL_WAITS && !mmu_in_flight(mmu)) begin_control(mmu, now + 1);
  if (control->phase == CONTROL_LOAD && control->due == now) load_pdptes(mmu, now);
  if (control->phase == CONTROL_LOADED && control->due == now) check_pdptes(mmu, now);
  if (control->phase == CONTROL_ACTS && control->due == now) act(mmu, now);
}
