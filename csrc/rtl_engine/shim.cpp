// SPDX-License-Identifier: MIT
// The engine's operations on the Verilated MMU. Compiled together with the Verilated code into one shared object for
// each geometry; the only C++ of the project. Counters and events are made from the event outputs.
//
// A cycle is one rising edge: rtl/mmu_top.sv takes the cycle's inputs with it, and after it the outputs show what
// happens in that cycle. A memory command is served then, and its reply goes in with the next edge.
#include "rtl_engine/shim.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "Vmmu.h"
#include "engine/serial.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

namespace {

constexpr uint64_t linear_addresses = 0xffffffff;  // 32 bits in every mode that there is

// What is known of the part that a port works on.
struct part_state {
  uint64_t va, accept, walk_begin;
  uint32_t reads, cas_cycles;
  uint8_t kind;
  bool walking, clean;  // clean: the walk is for a write that hit a clean entry
};

// A port's outputs, copied so that both ports are handled by the same code.
struct port_out {
  bool accept, lookup, hit, large, begin, answer;
  uint8_t path, fault, error, way;
  uint16_t set;
  uint64_t pa;
};

struct Shim : rtl_instance {
  Shim(const struct config& config, struct memory_bus memory);

  const struct config config;
  const struct memory_bus memory;
  const bool bypass;
  VerilatedContext context;
  Vmmu top;

  uint64_t now = 0;  // the cycle that comes next
  struct counters counters = {};
  part_state parts[PORT_COUNT] = {};
  struct control control = {};
  uint64_t load_cycles = 0;  // of the PDPTE load that the control operation under way has made
  event_fn* notify = nullptr;
  void* notify_ctx = nullptr;

#if VM_TRACE
  std::unique_ptr<VerilatedFstC> wave;
  uint64_t wave_first = 0, wave_last = 0;
#endif

  void edge();
  void rise();
  void fall();
  void settle();
  void dump_wave(unsigned phase);

  void present(unsigned port, const struct ref& part);
  void withdraw();
  bool serve(struct event* event);
  void cycle(uint64_t cycle, struct tick_out* out);
  void harvest(uint64_t cycle, const struct event& memory_event, bool memory_used, struct tick_out* out);
  void finish(unsigned port, const port_out& port_out, uint64_t cycle, struct answer* answer);
  void emit_drops(uint64_t cycle);
  template <typename Vector>
  void emit_dropped(uint64_t cycle, unsigned array, const Vector& dropped);

  port_out outputs(unsigned port) const;
  unsigned ways(unsigned array) const;
  unsigned entries(unsigned array) const;
  uint32_t latency(unsigned port) const { return port == PORT_FETCH ? config.itlb.latency : config.dtlb.latency; }
  struct tlb_counters& tlb(unsigned port) {
    return port == PORT_FETCH ? counters.itlb : counters.dtlb;
  }

  void tick(uint64_t cycle, const struct tick_in& in, struct tick_out* out);
  uint64_t issue(const struct ref& part, uint64_t cycle, bool want, struct answer* answer, bool* fault);
  uint64_t issue_slowly(const struct ref& part, uint64_t cycle, struct answer* answer, bool* fault);
};

// ---------------------------------------------------------------------------------------------------------------------
// Reset and clock

Shim::Shim(const struct config& config_in, struct memory_bus memory_in)
    : rtl_instance(),
      config(config_in),
      memory(memory_in),
      bypass(config_in.dram.latency + uint64_t{config_in.walk.step} == 1 ||
             config_in.dram.latency + uint64_t{config_in.walk.cas} == 1),
      top(&context, "") {
#if VM_TRACE
  context.traceEverOn(true);
#endif
  top.itlb_latency_i = config.itlb.latency;
  top.dtlb_latency_i = config.dtlb.latency;
  top.dram_latency_i = config.dram.latency;
  top.walk_start_i = config.walk.start;
  top.walk_step_i = config.walk.step;
  top.walk_cas_i = config.walk.cas;
  top.op_cr_i = config.op.cr;
  top.op_invlpg_i = config.op.invlpg;
  top.maxphyaddr_i = static_cast<CData>(config.maxphyaddr);
  for (unsigned edges = 0; edges < 2; edges++) edge();
  top.rst_ni = 1;
  edge();
}

void Shim::edge() {
  top.clk_i = 1;
  top.eval();
  top.clk_i = 0;
  top.eval();
}

void Shim::rise() {
  top.clk_i = 1;
  top.eval();
}

void Shim::fall() {
  top.clk_i = 0;
  top.eval();
}

// An edge without a cycle: what the last cycle changed becomes visible, nothing happens.
void Shim::settle() {
  withdraw();
  top.step_i = 0;
  edge();
  top.reply_i = 0;
}

void Shim::dump_wave(unsigned phase) {
#if VM_TRACE
  if (!wave || now < wave_first) return;
  if (now <= wave_last) {
    wave->dump(now * 10 + phase);
  } else {
    wave->close();  // the file is complete as soon as its last cycle is over
    wave.reset();
  }
#else
  (void)phase;
#endif
}

// ---------------------------------------------------------------------------------------------------------------------
// One cycle

void Shim::present(unsigned port, const struct ref& part) {
  if (port == PORT_FETCH) {
    top.fetch_i = 1;
    top.fetch_va_i = part.va;
    top.fetch_flags_i = part.flags & 7;
  } else {
    top.data_i = 1;
    top.data_va_i = part.va;
    top.data_flags_i = part.flags & 7;
    top.data_write_i = part.kind == ACCESS_WRITE;
  }
}

void Shim::withdraw() {
  top.fetch_i = 0;
  top.data_i = 0;
  top.control_i = 0;
}

// Answers the memory command of this cycle, if there is one, and describes it as an event.
bool Shim::serve(struct event* event) {
  top.reply_i = top.mem_valid_o;
  if (!top.mem_valid_o) return false;
  unsigned port = top.mem_data_o ? PORT_DATA : PORT_FETCH;
  unsigned size = top.mem_wide_o ? 8 : 4;
  event->port = static_cast<uint8_t>(port);
  event->level = top.mem_level_o;
  event->pa = top.mem_pa_o;
  if (top.mem_command_o == 0) {
    uint64_t value = 0;
    bool good = memory.read(memory.ctx, event->pa, size, &value);
    event->type = EVENT_READ;
    event->value = good ? value : 0;
    top.reply_data_i = event->value;
    top.reply_swapped_i = 0;
    top.reply_error_i = !good;
    parts[port].reads++;
    counters.walk_refs++;
  } else if (top.mem_command_o == 1) {
    bool swapped = false;
    bool good = memory.cas(memory.ctx, event->pa, size, top.mem_expected_o, top.mem_desired_o, &swapped);
    event->type = EVENT_CAS;
    event->value = top.mem_desired_o;
    event->hit = good && swapped;
    top.reply_swapped_i = event->hit;
    top.reply_error_i = !good;
    parts[port].cas_cycles += config.dram.latency + config.walk.cas;
    if (event->hit)
      counters.ad_updates++;
    else if (good)
      counters.cas_failures++;
  } else {
    uint64_t values[4] = {};
    bool good = true;
    for (unsigned i = 0; i < 4; i++) good = memory.read(memory.ctx, event->pa + 8 * i, 8, &values[i]) && good;
    event->type = EVENT_PDPTE;
    event->port = 0;
    top.reply_data_i = values[0];
    top.reply_data1_i = values[1];
    top.reply_data2_i = values[2];
    top.reply_data3_i = values[3];
    top.reply_swapped_i = 0;
    top.reply_error_i = !good;
    load_cycles = config.dram.latency + uint64_t{config.walk.step};
  }
  if (bypass) top.eval();
  return true;
}

// The inputs are presented: makes the cycle happen.
void Shim::cycle(uint64_t cycle, struct tick_out* out) {
  struct event memory_event = {};
  now = cycle;
  top.step_i = 1;
  top.now_i = cycle;
  rise();
  bool memory_used = serve(&memory_event);
  dump_wave(0);
  fall();
  dump_wave(5);
  harvest(cycle, memory_event, memory_used, out);
  now = cycle + 1;
}

port_out Shim::outputs(unsigned port) const {
  port_out o;
#define PORT_OUTPUTS(p)    \
  o = {                    \
    !!top.p##_accept_o,    \
    !!top.p##_lookup_o,    \
    !!top.p##_hit_o,       \
    !!top.p##_hit_large_o, \
    !!top.p##_begin_o,     \
    !!top.p##_answer_o,    \
    top.p##_path_o,        \
    top.p##_fault_o,       \
    top.p##_error_o,       \
    top.p##_hit_way_o,     \
    top.p##_hit_set_o,     \
    top.p##_pa_o           \
  }
  if (port == PORT_FETCH)
    PORT_OUTPUTS(fetch);
  else
    PORT_OUTPUTS(data);
#undef PORT_OUTPUTS
  return o;
}

// ---------------------------------------------------------------------------------------------------------------------
// What happened: counters, events, answers

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
  answer->base = latency(port);
  answer->walk = static_cast<uint32_t>(walk) - ad_update;
  answer->ad_update = ad_update;

  counters.parts[part.kind]++;
  counters.walk_cycles += walk;
  counters.cycles_base += answer->base;
  counters.cycles_walk += answer->walk;
  counters.cycles_ad_update += ad_update;
  counters.faults_pf += o.fault == FAULT_PF;
  counters.faults_gp += o.fault == FAULT_GP;
}

void Shim::harvest(uint64_t cycle, const struct event& memory_event, bool memory_used, struct tick_out* out) {
  const port_out ports[PORT_COUNT] = {outputs(PORT_FETCH), outputs(PORT_DATA)};
  auto emit = [&](struct event event) {
    event.cycle = cycle;
    notify(notify_ctx, &event);
  };

  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!ports[p].accept) continue;
    part_state& part = parts[p];
    part.va = (p == PORT_FETCH ? top.fetch_va_i : top.data_va_i) & linear_addresses;
    part.kind = p == PORT_FETCH ? ACCESS_FETCH : top.data_write_i ? ACCESS_WRITE : ACCESS_READ;
    part.accept = cycle;
    part.reads = part.cas_cycles = 0;
    part.walking = part.clean = false;
    if (notify) {
      struct event event = {};
      event.type = EVENT_ACCEPT;
      event.port = static_cast<uint8_t>(p);
      event.kind = part.kind;
      event.va = part.va;
      emit(event);
    }
  }
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!ports[p].lookup) continue;
    if (ports[p].hit) {
      tlb(p).hits++;
      parts[p].clean = true;  // if it walks after a hit, then for a write to a clean entry
    } else {
      tlb(p).misses++;
    }
    if (notify) {
      struct event event = {};
      event.type = EVENT_LOOKUP;
      event.port = static_cast<uint8_t>(p);
      event.array = static_cast<uint8_t>((p == PORT_FETCH ? ARRAY_ITLB : ARRAY_DTLB) + ports[p].large);
      event.hit = ports[p].hit;
      if (ports[p].hit) {
        event.set = ports[p].set;
        event.way = ports[p].way;
      }
      event.va = parts[p].va;
      emit(event);
    }
  }
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!ports[p].begin) continue;
    if (!parts[p].walking) {
      parts[p].walking = true;
      parts[p].walk_begin = cycle;
      counters.walks++;
    }
    if (notify) {
      struct event event = {};
      event.type = EVENT_WALK_BEGIN;
      event.port = static_cast<uint8_t>(p);
      event.va = parts[p].va;
      emit(event);
    }
  }
  if (memory_used && notify && memory_event.type != EVENT_PDPTE) emit(memory_event);
  if (top.fill_o) {
    unsigned port = top.fill_data_o ? PORT_DATA : PORT_FETCH;
    tlb(port).fills++;
    tlb(port).evictions += top.fill_evicts_o;
    if (notify) {
      const unsigned shifts[] = {0, 12, top.quad_o ? 22u : 21u, 30};
      struct event event = {};
      event.type = EVENT_FILL;
      event.port = static_cast<uint8_t>(port);
      event.array = static_cast<uint8_t>((port == PORT_FETCH ? ARRAY_ITLB : ARRAY_DTLB) + top.fill_large_o);
      event.set = top.fill_set_o;
      event.way = top.fill_way_o;
      event.shift = static_cast<uint8_t>(shifts[top.fill_level_o]);
      event.va = top.fill_va_o >> event.shift << event.shift;
      event.pa = static_cast<uint64_t>(top.fill_frame_o) << 12;
      event.hit = top.fill_evicts_o;
      emit(event);
    }
  }
  if (top.drop_o) emit_drops(cycle);
  if (memory_used && notify && memory_event.type == EVENT_PDPTE) emit(memory_event);
  if (top.control_done_o) {
    counters.controls++;
    counters.control_gps += top.control_refused_o;
    counters.cycles_flush += load_cycles + (control.op == CONTROL_INVLPG ? config.op.invlpg : config.op.cr);
    load_cycles = 0;
    if (notify) {
      struct event event = {};
      event.type = EVENT_CONTROL;
      event.kind = control.op;
      event.hit = top.control_refused_o;
      event.va = control.value;
      emit(event);
    }
  }
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    out->accepted[p] = ports[p].accept;
    out->answered[p] = ports[p].answer;
    if (!ports[p].answer) continue;
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
      emit(event);
    }
  }
  out->control_done = top.control_done_o;
  out->control_gp = top.control_refused_o;
  out->next = top.next_o;
}

template <typename Integer>
bool bit_of(const Integer& vector, unsigned i) {
  return vector >> i & 1;
}
template <std::size_t Words>
bool bit_of(const VlWide<Words>& vector, unsigned i) {
  return vector.at(i / 32) >> (i % 32) & 1;
}

template <typename Vector>
void Shim::emit_dropped(uint64_t cycle, unsigned array, const Vector& dropped) {
  for (unsigned i = 0; i < entries(array); i++) {
    if (!bit_of(dropped, i)) continue;
    tlb(array < ARRAY_DTLB ? PORT_FETCH : PORT_DATA).drops++;
    if (notify) {
      struct event event = {};
      event.cycle = cycle;
      event.type = EVENT_DROP;
      event.array = static_cast<uint8_t>(array);
      event.set = static_cast<uint16_t>(i / ways(array));
      event.way = static_cast<uint16_t>(i % ways(array));
      notify(notify_ctx, &event);
    }
  }
}

void Shim::emit_drops(uint64_t cycle) {
  emit_dropped(cycle, ARRAY_ITLB, top.dropped_itlb_o);
  emit_dropped(cycle, ARRAY_ITLB_LARGE, top.dropped_itlb_large_o);
  emit_dropped(cycle, ARRAY_DTLB, top.dropped_dtlb_o);
  emit_dropped(cycle, ARRAY_DTLB_LARGE, top.dropped_dtlb_large_o);
}

unsigned Shim::ways(unsigned array) const {
  switch (array) {
    case ARRAY_ITLB:
      return config.itlb.ways;
    case ARRAY_ITLB_LARGE:
      return config.itlb.large_ways;
    case ARRAY_DTLB:
      return config.dtlb.ways;
    default:
      return config.dtlb.large_ways;
  }
}

unsigned Shim::entries(unsigned array) const {
  const unsigned sets[] = {config.itlb.sets, config.itlb.large_sets, config.dtlb.sets, config.dtlb.large_sets};
  return sets[array] * ways(array);
}

// ---------------------------------------------------------------------------------------------------------------------
// The engine's operations

void Shim::tick(uint64_t cycle_in, const struct tick_in& in, struct tick_out* out) {
  withdraw();
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (in.part[p]) present(p, *in.part[p]);
  }
  if (in.control) {
    control = *in.control;
    top.control_i = 1;
    top.control_op_i = control.op;
    top.control_user_i = control.user;
    top.control_value_i = control.value;
  }
  cycle(cycle_in, out);
  // A part that was held back by an operation can be accepted in the cycle after it.
  bool held = (in.part[PORT_FETCH] && !out->accepted[PORT_FETCH]) || (in.part[PORT_DATA] && !out->accepted[PORT_DATA]);
  if (out->control_done && held) out->next = cycle_in + 1;
}

// An answer in the cycle of acceptance, without a fault, is a hit, or paging is off: nothing else happened in it.
uint64_t Shim::issue(const struct ref& part, uint64_t cycle_in, bool want, struct answer* answer, bool* fault) {
#if VM_TRACE
  constexpr bool quick = false;
#else
  const bool quick = !notify;
#endif
  if (!quick) return issue_slowly(part, cycle_in, answer, fault);
  top.now_i = cycle_in;
  bool hit, looked_up;
  if (part.kind == ACCESS_FETCH) {
    present(PORT_FETCH, part);
    rise();
    top.fetch_i = 0;
    hit = top.fetch_answer_o && top.fetch_fault_o == FAULT_NONE;
    looked_up = top.fetch_lookup_o;
  } else {
    present(PORT_DATA, part);
    rise();
    top.data_i = 0;
    hit = top.data_answer_o && top.data_fault_o == FAULT_NONE;
    looked_up = top.data_lookup_o;
  }
  if (__builtin_expect(!hit, 0)) {
    fall();
    struct tick_out out;
    top.reply_i = 0;
    harvest(cycle_in, {}, false, &out);
    withdraw();
    unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
    while (!out.answered[port]) cycle(cycle_in = out.next, &out);
    *answer = out.answer[port];
    *fault = answer->fault != FAULT_NONE;
    return cycle_in;
  }
  fall();
  unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  counters.parts[part.kind]++;
  counters.cycles_base++;
  tlb(port).hits += looked_up;
  if (want) {
    *answer = {};
    answer->accept = answer->cycle = cycle_in;
    answer->pa = port == PORT_FETCH ? top.fetch_pa_o : top.data_pa_o;
    answer->path = looked_up ? PATH_L1 : PATH_OFF;
    answer->base = 1;
  }
  *fault = false;
  return cycle_in;
}

uint64_t Shim::issue_slowly(const struct ref& part, uint64_t cycle_in, struct answer* answer, bool* fault) {
  unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_out out;
  present(port, part);
  cycle(cycle_in, &out);
  withdraw();
  while (!out.answered[port]) cycle(cycle_in = out.next, &out);
  *answer = out.answer[port];
  *fault = answer->fault != FAULT_NONE;
  return cycle_in;
}

inline __attribute__((always_inline)) uint64_t serial_issue(void* self, const struct ref* part, uint64_t now, bool want,
                                                            struct answer* answer, bool* fault) {
  return static_cast<Shim*>(static_cast<rtl_instance*>(self))->issue(*part, now, want, answer, fault);
}

Shim* shim_of(void* self) { return static_cast<Shim*>(static_cast<rtl_instance*>(self)); }
const Shim* shim_of(const void* self) { return static_cast<const Shim*>(static_cast<const rtl_instance*>(self)); }

void op_destroy(void* self) {
  Shim* shim = shim_of(self);
#if VM_TRACE
  if (shim->wave) shim->wave->close();
#endif
  shim->top.final();
  delete shim;
}

uint64_t op_now(const void* self) { return shim_of(self)->now; }

void op_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  shim_of(self)->tick(now, *in, out);
}

void op_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  Shim* shim = shim_of(self);
  shim->withdraw();
  shim->top.step_i = 1;
  shim->now = serial_play(self, serial_issue, shim->now, linear_addresses, refs, n, play);
  shim->counters.refs += play->done;
}

void op_wait(void* self, uint64_t cycle) {
  Shim* shim = shim_of(self);
  if (cycle > shim->now) shim->now = cycle;
}

void op_counters(const void* self, struct counters* counters) { *counters = shim_of(self)->counters; }

void op_on_event(void* self, event_fn* fn, void* ctx) {
  shim_of(self)->notify = fn;
  shim_of(self)->notify_ctx = ctx;
}

size_t op_dump(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room) {
  Shim* shim = shim_of(self);
  Vmmu& top = shim->top;
  size_t valid = 0;
  top.peek_i = 1;
  top.peek_what_i = static_cast<CData>(array);
  for (unsigned i = 0; i < shim->entries(array); i++) {
    top.peek_index_i = static_cast<SData>(i);
    shim->settle();
    if (!top.peek_valid_o) continue;
    if (valid < room) {
      struct tlb_entry& entry = entries[valid];
      const unsigned shifts[] = {0, 12, top.quad_o ? 22u : 21u, 30};
      entry.set = static_cast<uint16_t>(i / shim->ways(array));
      entry.way = static_cast<uint16_t>(i % shim->ways(array));
      entry.va = static_cast<uint64_t>(top.peek_vpn_o) << 12;
      entry.pa = static_cast<uint64_t>(top.peek_frame_o) << 12;
      entry.shift = static_cast<uint8_t>(shifts[top.peek_level_o]);
      entry.writable = top.peek_flags_o & 1;
      entry.user = top.peek_flags_o >> 1 & 1;
      entry.no_execute = top.peek_flags_o >> 2 & 1;
      entry.dirty = top.peek_flags_o >> 3 & 1;
      entry.global = top.peek_flags_o >> 4 & 1;
    }
    valid++;
  }
  top.peek_i = 0;
  return valid;
}

void op_registers(const void* self, uint64_t registers[5], uint64_t pdptes[4]) {
  Shim* shim = const_cast<Shim*>(shim_of(self));  // an edge without a cycle changes nothing that can be seen
  Vmmu& top = shim->top;
  top.peek_i = 1;
  top.peek_what_i = 4;
  for (unsigned i = 0; i < 9; i++) {
    top.peek_index_i = static_cast<SData>(i < 5 ? i : 8 + (i - 5));
    shim->settle();
    (i < 5 ? registers[i] : pdptes[i - 5]) = top.peek_value_o;
  }
  top.peek_i = 0;
}

#if VM_TRACE
// The FST writer does not say when or why it fails: try the file first, with more than a usual window takes.
bool try_file(const char* path) {
  FILE* file = std::fopen(path, "wb");
  if (!file) return false;
  const std::vector<char> block(1 << 20);
  bool good = std::fwrite(block.data(), 1, block.size(), file) == block.size();
  int error = errno;
  if (std::fclose(file) != 0 && good) {
    good = false;
    error = errno;
  }
  if (!good) {
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) unlink(path);
  }
  errno = error;
  return good;
}

bool op_wave(void* self, const char* path, uint64_t first, uint64_t last, struct error* err) {
  Shim* shim = shim_of(self);
  if (!try_file(path)) {
    if (err) {
      std::snprintf(err->text, sizeof err->text, "%s: can't write the waveform: %s", path, std::strerror(errno));
    }
    return false;
  }
  if (shim->wave) shim->wave->close();
  shim->wave.reset(new VerilatedFstC);
  shim->top.trace(shim->wave.get(), 99);
  shim->wave->open(path);
  shim->wave_first = first;
  shim->wave_last = last;
  return true;
}
#endif

const struct engine_ops shim_ops = {
    op_destroy, op_now, op_tick, op_play, op_wait, op_counters, op_on_event, op_dump, op_registers,
#if VM_TRACE
    op_wave,
#else
    nullptr,
#endif
};

}  // namespace

extern "C" __attribute__((visibility("default"))) struct rtl_instance* rtl_shim_create(const struct config* config,
                                                                                       struct memory_bus memory) {
  Shim* shim = new (std::nothrow) Shim(*config, memory);
  if (!shim) return nullptr;
  shim->ops = &shim_ops;
  return shim;
}
