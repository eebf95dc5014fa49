// SPDX-License-Identifier: MIT
// What happened in a cycle: the answers, the events, and what the core must know. Counters of the core's account.
#include "rtl_engine/instance.h"

namespace {

void Shim::finish(unsigned port, const port_out& o, uint64_t cycle, struct answer* answer) {
  part_state& part = parts[port];
  uint64_t walk = part.walking ? cycle + 1 - part.walk_begin : 0;
  if (!config.walk.start && !part.reads) walk = 0;  // an absent PDPTE: it ended before it began
  uint32_t ad_update = part.clean ? static_cast<uint32_t>(walk) : part.cas_cycles;
  *answer = {};
  answer->accept = part.accept;
  answer->cycle = cycle;
  answer->pa = o.pa;
  if (o.fault == FAULT_PF) answer->cr2 = part.va;
  answer->path = o.path;
  answer->fault = o.fault;
  answer->error = o.error;
  answer->reads = part.reads;
  for (unsigned u = 0; u < walkers; u++)
    answer->merged |= slot(top.unit_data_o, u, 1) == port && slot(top.unit_merged_o, u, 1);
  answer->base = latency(port);
  answer->stlb = part.stlb;
  answer->walk = static_cast<uint32_t>(walk) - ad_update;
  answer->ad_update = ad_update;

  counters.cycles_base += answer->base;
  counters.cycles_stlb += answer->stlb;
  counters.cycles_walk += answer->walk;
  counters.cycles_ad_update += ad_update;
  if (port == PORT_DATA && top.served_data_o) {
    answer->data = data_delay();
    counters.cycles_data += answer->data;
  }
}

void Shim::harvest(uint64_t cycle, struct tick_out* out) {
  const port_out ports[PORT_COUNT] = {outputs(PORT_FETCH), outputs(PORT_DATA)};
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!ports[p].accept) continue;
    part_state& part = parts[p];
    watchdog.port[p].owed = true;
    watchdog.port[p].since = cycle;
    part.asked.type = EVENT_TYPE_COUNT;
    part.va = ports[p].va;
    part.kind = p == PORT_FETCH ? ACCESS_FETCH : top.data_write_i ? ACCESS_WRITE : ACCESS_READ;
    part.accept = cycle;
    part.reads = part.cas_cycles = part.stlb = 0;
    part.walking = part.clean = false;
    if (notify) {
      struct event event = {};
      event.type = EVENT_ACCEPT;
      event.port = static_cast<uint8_t>(p);
      event.kind = part.kind;
      event.va = part.va;
      emit(event, cycle);
    }
  }
  for (unsigned p = 0; p < PORT_COUNT; p++) harvest_lookups(p, ports[p], cycle);
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!ports[p].begin) continue;
    if (!parts[p].walking) {
      parts[p].walking = true;
      parts[p].walk_begin = cycle;
    }
    if (notify) {
      struct event event = {};
      event.type = EVENT_WALK_BEGIN;
      event.port = static_cast<uint8_t>(p);
      event.va = parts[p].va;
      emit(event, cycle);
    }
  }
  for (unsigned u = 0; u < walkers && notify; u++) harvest_prefetch(u, cycle);
  for (unsigned u = 0; u < walkers; u++)
    if (notify && slot(top.psc_looked_o, u, 4)) harvest_walk_caches(u, cycle);
  emit_memory(cycle, EVENT_READ);
  emit_memory(cycle, EVENT_CAS);
  for (unsigned u = 0; u < walkers && notify; u++) harvest_fills(u, cycle);
  const unsigned drops = notify ? top.drop_o : 0;
  holding = drops != 0;  // what comes after the drops in the order of events
  emit_memory(cycle, EVENT_PDPTE);
  if (top.control_done_o) {
    watchdog.control.owed = false;
    counters.cycles_flush += load_cycles + control_latency();
    load_cycles = 0;
    if (notify) {
      struct event event = {};
      event.type = EVENT_CONTROL;
      event.kind = control.op;
      event.hit = top.control_refused_o;
      event.va = control.value;
      emit(event, cycle);
    }
  }
  if (notify && (top.served_data_o || top.writeback_o)) harvest_data(cycle);
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    out->accepted[p] = ports[p].accept;
    out->answered[p] = ports[p].answer;
    if (!ports[p].answer) continue;
    watchdog.port[p].owed = watchdog.port[p].began = false;
    finish(p, ports[p], cycle, &out->answer[p]);
    if (notify) {
      struct event event = {};
      event.type = EVENT_ANSWER;
      event.port = static_cast<uint8_t>(p);
      event.kind = ports[p].fault;
      event.level = ports[p].path;
      event.pa = ports[p].pa;
      event.value = ports[p].error;
      event.va = parts[p].va;
      emit(event, cycle);
    }
  }
  if (top.control_done_o && !top.control_refused_o) follow_control();
  out->control_done = top.control_done_o;
  out->control_gp = top.control_refused_o;
  due = out->next = top.next_o;
  if (drops) emit_drops(cycle, drops);
  watch(cycle, out);
}

void Shim::emit_memory(uint64_t cycle, uint8_t type) {
  if (!notify) return;
  for (unsigned u = 0; u < slots; u++)
    if (memory_events[u].type == type) emit(memory_events[u], cycle);
}

// In the port's TLB, then in the second level.
void Shim::harvest_lookups(unsigned port, const port_out& port_out, uint64_t cycle) {
  part_state& part = parts[port];
  if (port_out.lookup) {
    const struct found found(port_out.found);
    if (found.hit) part.clean = true;  // if it walks after a hit, then for a write to a clean entry
    if (notify) emit_lookup(port, port == PORT_FETCH ? ARRAY_ITLB : ARRAY_DTLB, found, cycle);
  }
  for (unsigned u = 0; u < walkers; u++) {
    if (!slot(top.stlb_lookup_o, u, 1) || (slot(top.unit_data_o, u, 1) ? PORT_DATA : PORT_FETCH) != port) continue;
    const struct found found(slot(top.stlb_found_o, u, found_width));
    part.stlb = config.stlb.latency;
    if (found.hit) part.clean = true;
    if (notify) emit_lookup(port, ARRAY_STLB, found, cycle);
  }
}

void Shim::emit_lookup(unsigned port, unsigned array, const struct found& found, uint64_t cycle) {
  struct event event = {};
  event.type = EVENT_LOOKUP;
  event.port = static_cast<uint8_t>(port);
  event.array = static_cast<uint8_t>(array + found.large);
  event.hit = found.hit;
  if (found.hit) {
    event.set = found.set;
    event.way = found.way;
  }
  event.va = parts[port].va;
  emit(event, cycle);
}

// Each level that was looked up, deepest first; only the last of them can have hit.
void Shim::harvest_walk_caches(unsigned u, uint64_t cycle) {
  const unsigned looked = slot(top.psc_looked_o, u, 4);
  for (unsigned level = 0; level < 4; level++) {
    if (!(looked >> level & 1)) continue;
    bool hit = slot(top.psc_hit_o, u, 1) && looked >> (level + 1) == 0;
    struct event event = {};
    event.type = EVENT_PSC;
    event.port = slot(top.psc_data_o, u, 1) ? PORT_DATA : PORT_FETCH;
    event.array = static_cast<uint8_t>(psc_first + level);
    event.hit = hit;
    event.kind = prefetched(slot(top.prefetched_o, u, prefetched_width)).looks;
    if (hit) event.way = slot(top.psc_hit_way_o, u, 8);
    emit(event, cycle);
  }
}

void Shim::harvest_prefetch(unsigned u, uint64_t cycle) {
  const struct prefetched ahead(slot(top.prefetched_o, u, prefetched_width));
  if (!ahead.begins) return;
  struct event event = {};
  event.type = EVENT_WALK_BEGIN;
  event.kind = 1;
  event.port = ahead.port;
  event.va = slot(top.prefetch_va_o, u, 64);
  emit(event, cycle);
}

// What a unit fills of the port's TLB, the second level and the walk caches: for the port that it serves, or ahead of
// it.
void Shim::harvest_fills(unsigned u, uint64_t cycle) {
  const struct prefetched ahead(slot(top.prefetched_o, u, prefetched_width));
  const struct filled second(slot(top.stlb_filled_o, u, filled_width));
  const uint8_t port = slot(top.unit_data_o, u, 1) ? PORT_DATA : PORT_FETCH;
  const struct filled of_port(port == PORT_DATA ? top.data_filled_o : top.fetch_filled_o);
  const struct entry walked(slot(top.unit_entry_o, u, entry_width)),
      fetched(slot(top.prefetch_entry_o, u, entry_width));
  const struct page demand = {slot(top.unit_va_o, u, 64), walked.level, walked.frame, port, 0};
  const struct page next = {slot(top.prefetch_va_o, u, 64), fetched.level, fetched.frame, ahead.port, 1};
  if (of_port.valid && !(ahead.first && ahead.port == port))
    emit_fill(port == PORT_DATA ? ARRAY_DTLB : ARRAY_ITLB, of_port, demand, cycle);
  if (ahead.first) {
    const struct filled first(ahead.port == PORT_DATA ? top.data_filled_o : top.fetch_filled_o);
    emit_fill(ahead.port == PORT_DATA ? ARRAY_DTLB : ARRAY_ITLB, first, next, cycle);
  }
  if (second.valid) emit_fill(ARRAY_STLB, second, ahead.second ? next : demand, cycle);
  for (unsigned level = 0; level < 4; level++) {
    if (!(slot(top.psc_filled_o, u, 4) >> level & 1)) continue;
    struct page page = ahead.walk ? next : demand;
    page.frame = bits(top.psc_fill_tables_o, 160 * u + 40 * level, 40);
    const uint64_t way = slot(top.psc_fill_ways_o, 4 * u + level, 8),
                   evicts = slot(top.psc_fill_evicts_o, 4 * u + level, 1);
    emit_fill(psc_first + level, filled(uint64_t{1} << 26 | evicts << 24 | way), page, cycle);
  }
}

void Shim::emit_fill(unsigned array, const struct filled& filled, const struct page& page, uint64_t cycle) {
  const unsigned shifts[] = {0, 12, top.quad_o ? 22u : 21u, 30};
  const unsigned shift = array >= psc_first ? psc_shift(array - psc_first) : shifts[page.level];
  struct event event = {};
  event.type = EVENT_FILL;
  event.kind = page.prefetched;
  event.port = page.port;
  event.array = static_cast<uint8_t>(array + filled.large);
  event.set = filled.set;
  event.way = filled.way;
  event.shift = static_cast<uint8_t>(shift);
  event.va = page.va >> shift << shift;
  event.pa = page.frame << 12;
  event.hit = filled.evicts;
  emit(event, cycle);
}

void Shim::harvest_data(uint64_t cycle) {
  if (top.served_data_o) {
    struct event event = {};
    event.type = EVENT_DATA;
    event.port = PORT_DATA;
    event.pa = top.data_pa_o;
    event.served = top.served_level_o;
    emit(event, cycle);
  }
  for (unsigned i = 0; i < 3 * (slots + 1); i++) {
    if (!(top.writeback_o >> i & 1)) continue;
    struct event event = {};
    event.type = EVENT_WRITEBACK;
    event.pa = slot(top.writeback_line_o, i, 46) << 6;
    emit(event, cycle);
  }
}

// The lowest address bit of a walk cache's tags.
unsigned Shim::psc_shift(unsigned level) const {
  const unsigned shifts[] = {top.quad_o ? 22u : 21u, 30, 39, 48};
  return shifts[level];
}

// What the core must know of the state that an operation has changed.
void Shim::follow_control() {
  if (control.op == CONTROL_SEGMENT) segments[control.index & (SEGMENT_COUNT - 1)] = control.segment;
  if (control.op == CONTROL_CR0) cr0 = control.value;
  if (control.op == CONTROL_EFER) efer = control.value;
  va_mask = serial_va_mask(cr0, efer);
}

uint32_t Shim::control_latency() const {
  switch (control.op) {
    case CONTROL_INVLPG:
      return config.op.invlpg;
    case CONTROL_INVPCID:
      return config.op.invpcid;
    case CONTROL_SEGMENT:
      return config.op.segment;
    default:
      return config.op.cr;
  }
}

template <typename Vector>
void Shim::emit_dropped(uint64_t cycle, unsigned array, const Vector& dropped, unsigned first) {
  for (unsigned i = 0; i < entries(array); i++) {
    if (!bits(dropped, first + i, 1)) continue;
    struct event event = {};
    event.type = EVENT_DROP;
    event.array = static_cast<uint8_t>(array);
    event.set = static_cast<uint16_t>(i / ways(array));
    event.way = static_cast<uint16_t>(i % ways(array));
    emit(event, cycle);
  }
}

// Which entries went shows after the next edge.
void Shim::emit_drops(uint64_t cycle, unsigned arrays) {
  settle();
  top.step_i = 1;
  holding = false;
  if (arrays >> ARRAY_ITLB & 1) emit_dropped(cycle, ARRAY_ITLB, top.dropped_itlb_o);
  if (arrays >> ARRAY_ITLB_LARGE & 1) emit_dropped(cycle, ARRAY_ITLB_LARGE, top.dropped_itlb_large_o);
  if (arrays >> ARRAY_DTLB & 1) emit_dropped(cycle, ARRAY_DTLB, top.dropped_dtlb_o);
  if (arrays >> ARRAY_DTLB_LARGE & 1) emit_dropped(cycle, ARRAY_DTLB_LARGE, top.dropped_dtlb_large_o);
  if (arrays >> ARRAY_STLB & 1) emit_dropped(cycle, ARRAY_STLB, top.dropped_stlb_o);
  if (arrays >> ARRAY_STLB_LARGE & 1) emit_dropped(cycle, ARRAY_STLB_LARGE, top.dropped_stlb_large_o);
  unsigned width = 1;  // of a walk cache's part of the vector
  for (unsigned array = psc_first; array < ARRAY_COUNT; array++) width = std::max(width, entries(array));
  for (unsigned array = psc_first; array < ARRAY_COUNT && arrays >> psc_first; array++)
    emit_dropped(cycle, array, top.dropped_psc_o, (array - psc_first) * width);
  for (const struct event& event : held) notify(notify_ctx, &event);
  held.clear();
}

unsigned Shim::ways(unsigned array) const {
  const unsigned ways[ARRAY_COUNT] = {
      config.itlb.ways,       config.itlb.large_ways, config.dtlb.ways, config.dtlb.large_ways, config.stlb.ways,
      config.stlb.large_ways, config.psc.pde,         config.psc.pdpte, config.psc.pml4e,       config.psc.pml5e};
  return ways[array];
}

unsigned Shim::entries(unsigned array) const {
  const unsigned sets[ARRAY_COUNT] = {config.itlb.sets,
                                      config.itlb.large_sets,
                                      config.dtlb.sets,
                                      config.dtlb.large_sets,
                                      config.stlb.sets,
                                      config.stlb.sets ? config.stlb.large_sets : 0,
                                      1,
                                      1,
                                      1,
                                      1};
  return sets[array] * ways(array);
}

}  // namespace
