// SPDX-License-Identifier: MIT
#include "engine/overlap.h"

static const uint64_t NEVER = UINT64_MAX;

// One port's reference on its way.
struct lane {
  bool taken;    // by the reference `index`
  bool dropped;  // its second part is not issued any more
  bool over;     // it was answered
  bool settled;  // its cycles are in the account
  size_t index;  // in the stream
  struct ref part[2];
  unsigned parts, current;
  uint64_t present;      // the cycle in which to present part[current]; NEVER: the MMU has it, or none is left
  struct answer answer;  // of both parts; if one faulted, of that one
  uint64_t accept, end;  // of the first part; the cycle in which its answer and data are there
  struct serial_account parts_cycles;  // what the MMU has counted for its parts
};

struct core {
  const struct overlap_engine* engine;
  uint64_t va_mask;
  const struct segment* bases;
  const struct ref* refs;
  size_t n, fetch;  // fetch: none is between the reference that asked last and this
  struct lane lane[PORT_COUNT];
  struct answer hit;  // of engine->hit
  uint64_t next;      // what the engine's last tick said
  uint64_t covered;   // cycles before this one are in the account
  struct serial_account* account;
};

static enum port port_of(const struct ref* ref) { return ref->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA; }

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

// --- the account ----------------------------------------------------------------------------------------------------

// The first `hidden` cycles of a reference belong to one that was accepted before it; of the others each counts once.
// Its cycles are, in this order: L1, the wait for the other port, second level, walk, A/D updates, data.
static void settle(struct core* core, struct lane* lane, uint64_t hidden) {
  const struct serial_account* mmu = &lane->parts_cycles;
  int64_t data = (int64_t)(lane->end - lane->answer.cycle), all = (int64_t)(lane->end - lane->accept) + 1;
  int64_t wait = all - data - mmu->base - mmu->stlb - mmu->walk - mmu->ad_update;
  int64_t cycles[] = {mmu->base, wait, mmu->stlb, mmu->walk, mmu->ad_update, data};
  for (int i = 0; i < 6; i++) {
    uint64_t taken = earlier(hidden, (uint64_t)cycles[i]);
    cycles[i] -= (int64_t)taken;
    hidden -= taken;
  }
  core->account->base += cycles[0] - mmu->base;
  core->account->stlb += cycles[2] - mmu->stlb;
  core->account->walk += cycles[1] + cycles[3] - mmu->walk;  // a wait that no other reference covers is for its walk
  core->account->ad_update += cycles[4] - mmu->ad_update;
  core->account->data += cycles[5] - mmu->data;
  lane->settled = true;
}

// References whose last cycle is before `now`, as far as those that were accepted before them are.
static void settle_what_is_over(struct core* core, uint64_t now) {
  for (;;) {
    struct lane* first = NULL;
    for (int port = 0; port < PORT_COUNT; port++) {
      struct lane* lane = &core->lane[port];
      if (lane->taken && !lane->settled && (!first || lane->accept < first->accept)) first = lane;
    }
    if (!first || !first->over || first->end >= now) return;
    settle(core, first, core->covered > first->accept ? core->covered - first->accept : 0);
    core->covered = later(core->covered, first->end + 1);
  }
}

// --- one cycle ------------------------------------------------------------------------------------------------------

static bool in_flight(const struct lane* lane) { return lane->taken && !lane->over; }

// Presents a reference from `cycle` on.
static void put(struct core* core, size_t index, uint64_t cycle) {
  const struct ref* ref = &core->refs[index];
  struct lane* lane = &core->lane[port_of(ref)];
  *lane = (struct lane){.taken = true, .index = index, .parts = 1, .present = cycle, .accept = cycle};
  lane->part[0] = *ref;
  if (!serial_crosses(ref, core->bases)) return;
  serial_split(ref, core->va_mask, core->bases, lane->part);
  lane->parts = 2;
}

static void take_answer(struct lane* lane, const struct answer* answer, uint64_t now) {
  bool fault = answer->fault != FAULT_NONE;
  if (lane->current == 0 || fault)
    lane->answer = *answer;
  else
    serial_join(&lane->answer, answer);
  lane->parts_cycles.base += answer->base;
  lane->parts_cycles.stlb += answer->stlb;
  lane->parts_cycles.walk += answer->walk;
  lane->parts_cycles.ad_update += answer->ad_update;
  lane->parts_cycles.data += answer->data;
  lane->current++;
  lane->over = fault || lane->dropped || lane->current == lane->parts;
  lane->present = lane->over ? NEVER : now + 1;
  lane->end = now + lane->answer.data;  // of a fault: 0
}

static void run_cycle(struct core* core, uint64_t now) {
  struct tick_in in = {.control = NULL};
  struct tick_out out;
  for (int port = 0; port < PORT_COUNT; port++) {
    struct lane* lane = &core->lane[port];
    if (!in_flight(lane) || lane->present != now) continue;
    in.part[port] = &lane->part[lane->current];
    lane->present = NEVER;
  }
  core->engine->tick(core->engine->self, now, &in, &out);
  core->next = out.next;
  for (int port = 0; port < PORT_COUNT; port++)
    if (out.answered[port]) take_answer(&core->lane[port], &out.answer[port], now);
}

// The next cycle in which something happens without anything new.
static uint64_t next_cycle(const struct core* core) {
  uint64_t next = core->next;
  for (int port = 0; port < PORT_COUNT; port++)
    if (in_flight(&core->lane[port])) next = earlier(next, core->lane[port].present);
  return next;
}

// Runs what happens before `cycle`.
static void run_until(struct core* core, uint64_t cycle) {
  for (uint64_t next = next_cycle(core); next < cycle; next = next_cycle(core)) run_cycle(core, next);
}

// --- the stream -----------------------------------------------------------------------------------------------------

static struct lane* lane_of(struct core* core, size_t index) { return &core->lane[port_of(&core->refs[index])]; }

// The first fetch after the data reference `index`, or n. Found once for all data references before it.
static size_t next_fetch(struct core* core, size_t index) {
  if (core->fetch < index) core->fetch = index;
  while (core->fetch < core->n && core->refs[core->fetch].kind != ACCESS_FETCH) core->fetch++;
  return core->fetch;
}

// Issues the reference `index` in cycle `now` and runs until it is answered.
static void issue(struct core* core, size_t index, uint64_t now, uint64_t until) {
  struct lane *lane = lane_of(core, index), *fetch = &core->lane[PORT_FETCH];
  // The one before it, if a fetch accepted earlier covers all of its cycles.
  if (lane->taken && !lane->settled) settle(core, lane, UINT64_MAX);
  put(core, index, now);
  run_cycle(core, now);
  bool waits = !lane->over || lane->end > now;
  if (lane != fetch && waits && !fetch->taken && now + 1 < until) {
    size_t ahead = next_fetch(core, index);
    if (ahead < core->n) put(core, ahead, now + 1);
  }
  while (!lane->over) run_cycle(core, next_cycle(core));
}

// What ran ahead of the reference at which the play stops is dropped; the MMU answers what it has accepted. Returns the
// first cycle in which nothing is in flight, not before `now`.
static uint64_t drop_what_ran_ahead(struct core* core, uint64_t now) {
  struct lane* fetch = &core->lane[PORT_FETCH];
  if (!fetch->taken) return now;
  fetch->dropped = true;
  if (fetch->present != NEVER) {  // its second part
    fetch->over = true;
    fetch->present = NEVER;
  }
  while (!fetch->over) run_cycle(core, next_cycle(core));
  return later(now, fetch->end + 1);
}

uint64_t overlap_play(const struct overlap_engine* engine, uint64_t now, uint64_t va_mask, const struct segment* bases,
                      const struct ref* refs, size_t n, struct play* play, struct serial_account* account) {
  struct core core = {.engine = engine,
                      .va_mask = va_mask,
                      .bases = bases,
                      .refs = refs,
                      .n = n,
                      .next = NEVER,
                      .covered = now,
                      .account = account};
  struct lane* fetch = &core.lane[PORT_FETCH];
  size_t i = 0;
  play->stop = PLAY_END;
  for (; i < n; i++) {
    struct lane* lane = lane_of(&core, i);
    run_until(&core, now);
    settle_what_is_over(&core, now);
    if (fetch->taken && fetch->index == i) {
      while (!fetch->over) run_cycle(&core, next_cycle(&core));
    } else if (now >= play->until) {
      play->stop = PLAY_UNTIL;
      break;
    } else if (engine->hit && !in_flight(fetch) && engine->hit(engine->self, &refs[i], now, &core.hit)) {
      if (play->answers) play->answers[i] = core.hit;
      core.covered = ++now;
      continue;
    } else {
      issue(&core, i, now, play->until);
    }
    now = later(now, lane->end + 1);
    if (lane->answer.fault != FAULT_NONE) {
      play->stop = PLAY_FAULT;
      play->fault = lane->answer;
      break;
    }
    if (play->answers) play->answers[i] = lane->answer;
    if (lane == fetch) {
      settle_what_is_over(&core, now);
      fetch->taken = false;
    }
  }
  play->done = i;
  if (play->stop != PLAY_END && !(fetch->taken && fetch->index == i)) now = drop_what_ran_ahead(&core, now);
  settle_what_is_over(&core, now);
  return now;
}

size_t overlap_cut(const struct ref* refs, size_t n, size_t limit, size_t most) {
  if (n <= limit) return n;
  for (size_t i = limit; i > 0; i--)
    if (refs[i - 1].kind == ACCESS_FETCH) return i;
  for (size_t i = limit; i < n && i < most; i++)
    if (refs[i].kind == ACCESS_FETCH) return i + 1;
  return limit;
}
