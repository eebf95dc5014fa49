// SPDX-License-Identifier: MIT
#include "model/walker.h"

static void wait_for(struct walker* w, enum walk_phase phase, uint64_t cycle) {
  w->phase = phase;
  w->deadline = cycle;
}

static void finish(struct walker* w, enum fault_kind fault, uint8_t error, uint64_t now) {
  wait_for(w, WALK_OVER, now);
  w->fault = fault;
  w->error = error;
}

static void say_begin(struct walker* w, uint64_t cycle) {
  if (!w->counted) *(w->cause.prefetch ? &w->counters->prefetch.walks : &w->counters->walks) += 1;
  w->counted = true;
  events_emit(w->events, &(struct event){.cycle = cycle,
                                         .type = EVENT_WALK_BEGIN,
                                         .port = (uint8_t)w->cause.port,
                                         .kind = w->cause.prefetch,
                                         .va = w->va});
}

// What the last cycle of walk.start does: finds the table to read first. False: its PDPTE register is absent.
static bool find_first_table(struct walker* w, uint64_t now) {
  const struct paging* paging = w->paging;
  w->level = paging->format->top;
  w->table = paging->root;
  w->rights = RIGHT_WRITE | RIGHT_USER;
  w->entries = 0;
  w->has_neighbour = false;
  const struct paging_level* top = &paging->format->level[w->level];
  if (top->in_registers) {
    uint64_t pdpte = w->registers->pdpte[w->va >> top->shift & (BIT(top->index_bits) - 1)];
    if (!(pdpte & PTE_P)) return false;
    w->table = paging_next_table(paging, pdpte);
    w->level--;
  }
  struct psc_start start;
  if (w->psc->any && psc_look_up(w->psc, paging, w->cause, w->va, now, &start)) {
    w->level = start.level;
    w->table = start.table;
    w->rights = start.rights;
  }
  return true;
}

// The pass's walk.start, or with walk.start = 0 its first read, begins in the cycle after `last`.
static void start_over(struct walker* w, uint64_t last) {
  if (w->config->walk.start == 0 && !find_first_table(w, last)) {
    say_begin(w, last);
    finish(w, FAULT_PF, paging_error_absent(w->paging, w->class), last);
    return;
  }
  wait_for(w, WALK_BEGIN, last + 1);
}

static void begin_for(struct walker* w, struct cause cause, uint64_t va, uint64_t missed) {
  w->va = va;
  w->cause = cause;
  w->suppressed = w->counted = false;
  w->missed = missed;
  w->reads = w->ad_cycles = 0;
  start_over(w, missed);
}

void walker_begin(struct walker* w, enum port port, const struct ref* ref, uint64_t va, uint64_t missed) {
  w->class = (uint8_t)access_class(ref);
  w->write = ref->kind == ACCESS_WRITE;
  begin_for(w, (struct cause){.port = port}, va, missed);
}

void walker_begin_prefetch(struct walker* w, enum port port, uint64_t va, uint64_t missed) {
  w->class = ACCESS_READ;
  w->write = false;
  begin_for(w, (struct cause){.port = port, .prefetch = true}, va, missed);
}

static void begin(struct walker* w, uint64_t now) {
  say_begin(w, now);
  if (w->config->walk.start == 0)
    wait_for(w, WALK_READ, now);
  else
    wait_for(w, WALK_START, now + w->config->walk.start - 1);
}

static void start(struct walker* w, uint64_t now) {
  if (find_first_table(w, now))
    wait_for(w, WALK_READ, now + 1);
  else
    finish(w, FAULT_PF, paging_error_absent(w->paging, w->class), now);
}

// The other entry of the leaf's aligned pair comes along with it.
static void read_beside(struct walker* w, uint64_t pa) {
  unsigned bytes = w->paging->format->entry_bytes;
  if (!w->memory.read(w->memory.ctx, pa ^ bytes, bytes, &w->beside)) w->beside = 0;
}

static void read_entry(struct walker* w, uint64_t now) {
  struct walk_entry* entry = &w->entry[w->entries++];
  entry->level = w->level;
  entry->pa = paging_entry_address(w->paging, w->level, w->table, w->va);
  entry->value = 0;
  w->bus_error = !w->memory.read(w->memory.ctx, entry->pa, w->paging->format->entry_bytes, &entry->value);
  if (w->bus_error) entry->value = 0;
  struct service service = caches_walk(w->caches, entry->pa, now);
  w->reads++;
  *(w->cause.prefetch ? &w->counters->prefetch.refs : &w->counters->walk_reads[entry->level - 1][service.by]) += 1;
  if (w->config->prefetch == PREFETCH_ADJACENT && entry->level == 1) read_beside(w, entry->pa);
  events_emit(w->events, &(struct event){.cycle = now,
                                         .type = EVENT_READ,
                                         .port = (uint8_t)w->cause.port,
                                         .kind = w->cause.prefetch,
                                         .level = entry->level,
                                         .pa = entry->pa,
                                         .value = entry->value,
                                         .served = (uint8_t)service.by});
  wait_for(w, WALK_DECIDE, now + service.latency + w->config->walk.step - 1);
}

static uint64_t updated(const struct walker* w, const struct walk_entry* entry) {
  bool leaf = entry == &w->entry[w->entries - 1];
  return entry->value | PTE_A | (leaf && w->write ? PTE_D : 0);
}

// The next entry, from number `from` on, that lacks A or D; if none does, the walk is over.
static void update_or_finish(struct walker* w, unsigned from, uint64_t now) {
  for (w->swap = from; w->swap < w->entries; w->swap++) {
    if (updated(w, &w->entry[w->swap]) == w->entry[w->swap].value) continue;
    wait_for(w, WALK_SWAP, now + 1);
    return;
  }
  finish(w, FAULT_NONE, 0, now);
}

static void take_leaf(struct walker* w, const struct walk_entry* entry, uint64_t now) {
  struct translation* t = &w->translation;
  paging_leaf(w->paging, entry->level, entry->value, w->va, w->rights, t);
  t->dirty |= w->write;
  if (w->cause.prefetch || paging_allows(w->paging, t, w->class))
    update_or_finish(w, 0, now);
  else
    finish(w, FAULT_PF, paging_error_denied(w->paging, w->class, t), now);
}

static void take_neighbour(struct walker* w, uint8_t rights_above) {
  w->has_neighbour = paging_decode(w->paging, 1, w->beside) == ENTRY_LEAF && (w->beside & PTE_A);
  if (!w->has_neighbour) return;
  uint64_t va = w->va ^ BIT(PAGE_SHIFT);
  paging_leaf(w->paging, 1, w->beside, va, paging_combine_rights(rights_above, w->beside), &w->neighbour);
}

// What a prefetch never sets.
static bool lacks_accessed(const struct walker* w, uint64_t entry) { return w->cause.prefetch && !(entry & PTE_A); }

static void decide(struct walker* w, uint64_t now) {
  struct walk_entry* entry = &w->entry[w->entries - 1];
  if (w->bus_error) {
    finish(w, FAULT_BUS, 0, now);
    return;
  }
  enum entry_kind kind = paging_decode(w->paging, entry->level, entry->value);
  if (lacks_accessed(w, entry->value)) kind = ENTRY_ABSENT;
  if (w->config->prefetch == PREFETCH_ADJACENT && entry->level == 1) take_neighbour(w, w->rights);
  entry->rights = w->rights = paging_combine_rights(w->rights, entry->value);
  switch (kind) {
    case ENTRY_ABSENT:
      finish(w, FAULT_PF, paging_error_absent(w->paging, w->class), now);
      break;
    case ENTRY_RESERVED:
      finish(w, FAULT_PF, paging_error_reserved(w->paging, w->class), now);
      break;
    case ENTRY_TABLE:
      w->table = paging_next_table(w->paging, entry->value);
      w->level--;
      wait_for(w, WALK_READ, now + 1);
      break;
    case ENTRY_LEAF:
      take_leaf(w, entry, now);
      break;
  }
}

static void swap(struct walker* w, uint64_t now) {
  const struct walk_entry* entry = &w->entry[w->swap];
  uint64_t desired = updated(w, entry);
  w->swap_began = now;
  w->swapped = false;
  w->bus_error =
      !w->memory.cas(w->memory.ctx, entry->pa, w->paging->format->entry_bytes, entry->value, desired, &w->swapped);
  w->swapped &= !w->bus_error;
  struct service service = caches_walk(w->caches, entry->pa, now);
  if (w->swapped) caches_walk_wrote(w->caches, entry->pa);
  if (!w->bus_error) *(w->swapped ? &w->counters->ad_updates : &w->counters->cas_failures) += 1;
  events_emit(w->events, &(struct event){.cycle = now,
                                         .type = EVENT_CAS,
                                         .port = (uint8_t)w->cause.port,
                                         .level = entry->level,
                                         .pa = entry->pa,
                                         .value = desired,
                                         .hit = w->swapped,
                                         .served = (uint8_t)service.by});
  wait_for(w, WALK_SWAPPED, now + service.latency + w->config->walk.cas - 1);
}

static void swapped(struct walker* w, uint64_t now) {
  w->ad_cycles += (uint32_t)(now - w->swap_began + 1);
  if (w->bus_error)
    finish(w, FAULT_BUS, 0, now);
  else if (w->swapped)
    update_or_finish(w, w->swap + 1, now);
  else
    start_over(w, now);
}

void walker_step(struct walker* w) {
  uint64_t now = w->deadline;
  switch (w->phase) {
    case WALK_BEGIN:
      begin(w, now);
      break;
    case WALK_START:
      start(w, now);
      break;
    case WALK_READ:
      read_entry(w, now);
      break;
    case WALK_DECIDE:
      decide(w, now);
      break;
    case WALK_SWAP:
      swap(w, now);
      break;
    case WALK_SWAPPED:
      swapped(w, now);
      break;
    case WALK_IDLE:
    case WALK_OVER:
      break;
  }
}

void walker_run(struct walker* w) {
  while (w->phase != WALK_IDLE && w->phase != WALK_OVER) {
    if (w->phase == WALK_READ) {
      read_entry(w, w->deadline);
      decide(w, w->deadline);
    } else {
      walker_step(w);
      touches_settle_all(w->psc->touches);  // nothing fills before the walk is over
    }
  }
}

unsigned walker_upper_entries(const struct walker* w, struct translation entries[LEVEL_MAX - 1]) {
  unsigned i = 0;
  for (; i < LEVEL_MAX - 1 && i + 1 < w->entries; i++) {
    const struct walk_entry* entry = &w->entry[i];
    unsigned shift = w->paging->format->level[entry->level].shift;
    entries[i] = (struct translation){.va = w->va & ~bits_between(0, shift),
                                      .pa = paging_next_table(w->paging, entry->value),
                                      .shift = (uint8_t)shift,
                                      .rights = entry->rights,
                                      .pcid = w->paging->pcid};
  }
  return i;
}

void walker_release(struct walker* w) { wait_for(w, WALK_IDLE, UINT64_MAX); }
