// SPDX-License-Identifier: MIT
// The debug port: counters, translations that touch nothing, arrays, registers. Whatever is asked, no cycle happens.
#include <cstddef>
#include <cstring>

#include "rtl_engine/instance.h"

namespace {

// Shows an entry of array `what`, a counter or a register, as it stood after the last edge.
void Shim::peek(unsigned what, unsigned index) {
  top.peek_i = 1;
  top.peek_what_i = static_cast<CData>(what);
  top.peek_index_i = static_cast<SData>(index);
  tick_debug();
  top.peek_i = 0;
  tick_debug();
}

// The numbers of rtl/counters.sv.
#define NUMBER(field) (offsetof(struct counters, field) / sizeof(uint64_t))
static_assert(NUMBER(parts) == 1 && NUMBER(itlb) == 4 && NUMBER(psc) == 19 && NUMBER(cache) == 39, "as in the RTL");
static_assert(NUMBER(writebacks) == 51 && NUMBER(walks) == 53 && NUMBER(control_gps) == 61, "as in the RTL");
static_assert(NUMBER(itlb_sizes) == 62 && NUMBER(walk_reads) == 89 && NUMBER(faults_by_error) == 109, "as in the RTL");
static_assert(NUMBER(controls_by_op) == 173 && NUMBER(invpcid_by_type) == 181 && NUMBER(walker_cycles) == 185 &&
                  NUMBER(prefetch) == 187 && NUMBER(dram_row_hits) == 192 && COUNTER_COUNT == 201,
              "as in the RTL");

void read_counters(Shim& shim, struct counters* counters) {
  uint64_t values[COUNTER_COUNT];
  for (unsigned i = 0; i < COUNTER_COUNT; i++) {
    shim.peek(counters_peek, i);
    values[i] = shim.top.peek_value_o;
  }
  std::memcpy(counters, values, sizeof *counters);
}

void op_counters(const void* self, struct counters* counters) {
  Shim* shim = const_cast<Shim*>(shim_of(self));  // an edge without a cycle changes nothing that can be seen
  shim->settle();                                 // an edge makes the last cycle's drops known,
  shim->settle();                                 // the next counts them
  read_counters(*shim, counters);
  const struct counters& core = shim->counters;
  counters->refs = core.refs;
  counters->cycles_base = core.cycles_base;
  counters->cycles_stlb = core.cycles_stlb;
  counters->cycles_walk = core.cycles_walk;
  counters->cycles_ad_update = core.cycles_ad_update;
  counters->cycles_data = core.cycles_data;
  counters->cycles_flush = core.cycles_flush;
}

// An edge without a cycle, on which the part is looked up, then ticks of the debug port's own clock. What it reads of
// memory is served like a walker's command.
void op_probe(void* self, const struct ref* part, struct answer* answer) {
  Shim* shim = shim_of(self);
  Vmmu& top = shim->top;
  shim->settle();
  shim->present(part->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA, *part);
  top.probe_i = 1;
  shim->edge();
  shim->withdraw();
  top.probe_i = 0;
  top.probe_start_i = 1;
  do {
    shim->tick_debug();
    top.probe_start_i = 0;
    if (top.probe_read_o) {
      uint64_t value = 0;
      top.probe_error_i = !shim->memory.read(shim->memory.ctx, top.probe_read_pa_o, top.probe_wide_o ? 8 : 4, &value);
      top.probe_reply_i = value;
    }
  } while (!top.probe_done_o);
  *answer = {};
  answer->pa = top.probe_pa_o;
  answer->path = top.probe_path_o;
  answer->fault = top.probe_fault_o;
  answer->error = top.probe_error_o;
  if (answer->fault == FAULT_PF) answer->cr2 = top.probe_va_o;
  answer->reads = top.probe_reads_o;
}

size_t op_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  Shim* shim = shim_of(self);
  Vmmu& top = shim->top;
  size_t valid = 0;
  shim->settle();
  for (unsigned i = 0; i < shim->entries(array); i++) {
    shim->peek(array, i);
    if (!top.peek_valid_o) continue;
    if (valid < room) {
      struct tlb_entry& entry = entries[valid];
      const unsigned shifts[] = {0, 12, top.quad_o ? 22u : 21u, 30};
      entry.set = static_cast<uint16_t>(i / shim->ways(array));
      entry.way = static_cast<uint16_t>(i % shim->ways(array));
      // bit 56 repeats above: addresses are canonical in every mode
      entry.va = static_cast<uint64_t>(static_cast<int64_t>(static_cast<uint64_t>(top.peek_vpn_o) << 19) >> 7);
      entry.pa = static_cast<uint64_t>(top.peek_frame_o) << 12;
      entry.shift =
          static_cast<uint8_t>(array >= psc_first ? shim->psc_shift(array - psc_first) : shifts[top.peek_level_o]);
      entry.pcid = top.peek_pcid_o;
      entry.key = top.peek_key_o;
      entry.writable = top.peek_flags_o & 1;
      entry.user = top.peek_flags_o >> 1 & 1;
      entry.no_execute = top.peek_flags_o >> 2 & 1;
      entry.dirty = top.peek_flags_o >> 3 & 1;
      entry.global = top.peek_flags_o >> 4 & 1;
    }
    valid++;
  }
  return valid;
}

void op_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  Shim* shim = const_cast<Shim*>(shim_of(self));  // an edge without a cycle changes nothing that can be seen
  Vmmu& top = shim->top;
  shim->settle();
  for (unsigned i = 0; i < 9; i++) {
    shim->peek(registers_peek, i < 5 ? i : 8 + (i - 5));
    (i < 5 ? registers[i] : pdptes[i - 5]) = top.peek_value_o;
  }
}

}  // namespace
