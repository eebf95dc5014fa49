// SPDX-License-Identifier: MIT
// A cycle: parts presented, memory commands served, the outputs.
#include "rtl_engine/instance.h"

namespace {

void Shim::present(unsigned port, const struct ref& part) {
  if (port == PORT_FETCH) {
    top.fetch_i = 1;
    top.fetch_va_i = part.va;
    top.fetch_flags_i = part.flags & 7;
    top.fetch_size_i = part.size;
    top.fetch_segment_i = part.segment & (SEGMENT_COUNT - 1);
  } else {
    top.data_i = 1;
    top.data_va_i = part.va;
    top.data_flags_i = part.flags & 7;
    top.data_size_i = part.size;
    top.data_segment_i = part.segment & (SEGMENT_COUNT - 1);
    top.data_write_i = part.kind == ACCESS_WRITE;
  }
}

void Shim::withdraw() {
  top.fetch_i = 0;
  top.data_i = 0;
  top.control_i = 0;
}

// Answers the memory commands of this cycle, the fetch's first, and notes them as events.
void Shim::serve() {
  bool any = false;
  for (unsigned u = 0; u < slots; u++) {
    memory_events[u].type = EVENT_TYPE_COUNT;
    top.reply_i[u] = slot(top.mem_valid_o, u, 1);
    if (!slot(top.mem_valid_o, u, 1)) continue;
    any = true;
    serve_unit(u);
  }
  if (any && bypass) top.eval();
}

void Shim::serve_unit(unsigned u) {
  struct event& event = memory_events[u];
  event = {};
  unsigned port = slot(top.mem_data_o, u, 1) ? PORT_DATA : PORT_FETCH;
  unsigned size = slot(top.mem_wide_o, u, 1) ? 8 : 4;
  event.port = static_cast<uint8_t>(port);
  event.level = static_cast<uint8_t>(slot(top.mem_level_o, u, 3));
  event.pa = slot(top.mem_pa_o, u, 52);
  event.served = static_cast<uint8_t>(slot(top.mem_served_o, u, 2));
  top.reply_served_i[u] = event.served;
  top.reply_epoch_i[u] = slot(top.mem_epoch_o, u, 4);
  top.reply_row_i[u] = slot(top.mem_row_o, u, 2);
  const uint32_t latency = served_latency(event.served, slot(top.mem_row_o, u, 2));
  if (slot(top.mem_command_o, u, 2) == 0) {
    uint64_t value = 0;
    bool good = memory.read(memory.ctx, event.pa, size, &value);
    event.type = EVENT_READ;
    event.value = good ? value : 0;
    top.reply_data_i[u] = event.value;
    top.reply_swapped_i[u] = 0;
    top.reply_error_i[u] = !good;
    if (u < walkers && prefetched(slot(top.prefetched_o, u, prefetched_width)).reads)
      event.kind = 1;
    else
      parts[port].reads++, parts[port].asked = event;
    if (config.prefetch == PREFETCH_ADJACENT && event.level == 1) {
      memory.read(memory.ctx, event.pa ^ size, size, &value);
      top.reply_near_i[u] = value;
    }
  } else if (slot(top.mem_command_o, u, 2) == 1) {
    bool succeeded = false;
    bool good = memory.cas(memory.ctx, event.pa, size, slot(top.mem_expected_o, u, 64), slot(top.mem_desired_o, u, 64),
                           &succeeded);
    swapped = true;
    event.type = EVENT_CAS;
    event.value = slot(top.mem_desired_o, u, 64);
    event.hit = good && succeeded;
    top.reply_swapped_i[u] = event.hit;
    top.reply_error_i[u] = !good;
    parts[port].cas_cycles += latency + config.walk.cas;
    parts[port].asked = event;
  } else {
    uint64_t values[4] = {};
    bool good = true;
    for (unsigned i = 0; i < 4; i++) good = memory.read(memory.ctx, event.pa + 8 * i, 8, &values[i]) && good;
    event.type = EVENT_PDPTE;
    event.port = 0;
    top.reply_data_i[u] = values[0];
    top.reply_data1_i = values[1];
    top.reply_data2_i = values[2];
    top.reply_data3_i = values[3];
    top.reply_swapped_i[u] = 0;
    top.reply_error_i[u] = !good;
    load_cycles = latency + uint64_t{config.walk.step};
    watchdog.control.loads = true;
  }
}

uint32_t Shim::served_latency(uint8_t served, uint8_t row) const {
  const uint32_t latencies[] = {config.cache.l1d.latency, config.cache.l2.latency, config.cache.l3.latency,
                                config.dram.latency};
  const uint32_t rows[] = {latencies[served], config.dram.row_hit, config.dram.latency, config.dram.row_conflict};
  return rows[row];
}

// By how much the data come later than from L1D.
uint32_t Shim::data_delay() const {
  uint32_t latency = served_latency(top.served_level_o, top.served_row_o), l1d = config.cache.l1d.latency;
  return latency > l1d ? latency - l1d : 0;
}

// The inputs are presented: makes the cycle happen.
void Shim::cycle(uint64_t cycle, struct tick_out* out) {
  dump_gap(cycle);
  now = cycle;
  top.step_i = 1;
  top.now_i = cycle;
  rise();
  serve();
  dump_wave();
  fall();
  harvest(cycle, out);
  now = cycle + 1;
}

port_out Shim::outputs(unsigned port) const {
  port_out o;
#define PORT_OUTPUTS(p) \
  o = {                 \
    !!top.p##_accept_o, \
    !!top.p##_lookup_o, \
    !!top.p##_begin_o,  \
    !!top.p##_answer_o, \
    top.p##_path_o,     \
    top.p##_fault_o,    \
    top.p##_error_o,    \
    top.p##_found_o,    \
    top.p##_pa_o,       \
    top.p##_va_o        \
  }
  if (port == PORT_FETCH)
    PORT_OUTPUTS(fetch);
  else
    PORT_OUTPUTS(data);
#undef PORT_OUTPUTS
  return o;
}

}  // namespace
