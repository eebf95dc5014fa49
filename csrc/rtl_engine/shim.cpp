// SPDX-License-Identifier: MIT
// The engine's operations on the Verilated MMU. Compiled together with the Verilated code into one shared object for
// each geometry; the only C++ of the project. Events are made from the event outputs; counters the RTL has of its own,
// but for the core's: references completed, and the account of cycles.
//
// A cycle is one rising edge: rtl/mmu_top.sv takes the cycle's inputs with it, and after it the outputs show what
// happens in that cycle. A memory command is served then, and its reply goes in with the next edge.
#include "rtl_engine/shim.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "Vmmu.h"
#include "Vmmu___024root.h"
#include "engine/serial.h"
extern "C" {
#include "engine/overlap.h"  // its code is the loading program's: one core for all engines
}
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

namespace {

constexpr uint64_t patience = uint64_t{1} << 20;             // cycles that are simulated for one reference, at most
constexpr unsigned counters_peek = 14, registers_peek = 15;  // peek_what_i: not arrays
constexpr unsigned psc_first = ARRAY_PSC_PDE;

// `width` <= 64 bits of a vector of pins, whatever type Verilator has given it.
template <typename Integer>
uint64_t bits(const Integer& vector, unsigned low, unsigned width) {
  return static_cast<uint64_t>(vector) >> low & (width == 64 ? UINT64_MAX : (uint64_t{1} << width) - 1);
}
template <std::size_t Words>
uint64_t bits(const VlWide<Words>& vector, unsigned low, unsigned width) {
  uint64_t value = 0;
  for (unsigned at = low; at < low + width;) {
    const unsigned offset = at % 32, taken = std::min(32 - offset, low + width - at);
    value |= (uint64_t{vector.at(at / 32) >> offset} & ((uint64_t{1} << taken) - 1)) << (at - low);
    at += taken;
  }
  return value;
}

// The same of what stands there `number` times over.
template <typename Vector>
uint64_t slot(const Vector& vector, unsigned number, unsigned width) {
  return bits(vector, number * width, width);
}

// What is known of the part that a port works on.
struct part_state {
  uint64_t va, accept, walk_begin;  // va: linear
  uint32_t reads, cas_cycles, stlb;
  uint8_t kind;
  bool walking, clean;  // clean: the walk is for a write that hit a clean entry
};

// mmu_pkg::found_t and filled_t, as they stand on the outputs.
constexpr unsigned found_width = 26, filled_width = 27;
struct found {
  explicit found(uint64_t bits)
      : hit(bits >> 25 & 1),
        large(bits >> 24 & 1),
        set(static_cast<uint16_t>(bits >> 8)),
        way(static_cast<uint8_t>(bits)) {}
  bool hit, large;
  uint16_t set;
  uint8_t way;
};
struct filled {
  explicit filled(uint64_t bits)
      : valid(bits >> 26 & 1),
        large(bits >> 25 & 1),
        evicts(bits >> 24 & 1),
        set(static_cast<uint16_t>(bits >> 8)),
        way(static_cast<uint8_t>(bits)) {}
  bool valid, large, evicts;
  uint16_t set;
  uint8_t way;
};

// mmu_pkg::prefetched_t and entry_t, as they stand on the outputs.
constexpr unsigned prefetched_width = 10, entry_width = 51;
struct prefetched {
  explicit prefetched(uint64_t bits)
      : begins(bits >> 8 & 1),
        looks(bits >> 5 & 1),
        reads(bits >> 4 & 1),
        first(bits >> 2 & 1),
        second(bits >> 1 & 1),
        walk(bits & 1),
        port(bits >> 3 & 1 ? PORT_DATA : PORT_FETCH) {}
  bool begins, looks, reads, first, second, walk;
  uint8_t port;
};

struct entry {
  explicit entry(uint64_t bits) : frame(bits >> 11), level(bits >> 9 & 3) {}
  uint64_t frame;
  uint8_t level;
};

// What is filled, for whom.
struct page {
  uint64_t va;
  uint8_t level;
  uint64_t frame;
  uint8_t port, prefetched;
};

// A port's outputs, copied so that both ports are handled by the same code.
struct port_out {
  bool accept, lookup, begin, answer;
  uint8_t path, fault, error;
  uint32_t found;  // found_t
  uint64_t pa, va;
};

struct Shim : rtl_instance {
  Shim(const struct config& config, struct memory_bus memory);

  const struct config config;
  const struct memory_bus memory;
  const unsigned walkers, slots;  // slots: memory commands in a cycle
  const bool bypass;              // a reply can be needed in the command's cycle
  VerilatedContext context;
  Vmmu top;

  uint64_t now = 0;               // the cycle that comes next
  uint64_t due = UINT64_MAX;      // the next in which a prefetch does something, if nobody asks for anything
  struct counters counters = {};  // the core's alone
  part_state parts[PORT_COUNT] = {};
  struct control control = {};
  uint64_t cr0 = 0, efer = 0;
  uint64_t va_mask = 0xffffffff;  // linear addresses of the mode: what a core splits references by
  struct segment segments[SEGMENT_COUNT];
  bool swapped = false;      // a compare-and-swap was served in this cycle
  uint64_t load_cycles = 0;  // of the PDPTE load that the control operation under way has made
  event_fn* notify = nullptr;
  void* notify_ctx = nullptr;
  // What the memory commands of this cycle were, by unit; type EVENT_TYPE_COUNT: none.
  struct event memory_events[WALKERS_MAX + 1];
  std::vector<struct event> held;  // events of this cycle that wait for the drops before them
  bool holding = false;
  uint64_t control_since = 0;
  bool owed[PORT_COUNT] = {}, control_owed = false;  // accepted and not answered, arrived and not done

#if VM_TRACE
  std::unique_ptr<VerilatedFstC> wave;
  // Cycles of the window, the one that the waveform calls 0, and the first that it doesn't show yet.
  uint64_t wave_first = 0, wave_last = 0, wave_zero = 0, wave_next = 0;
#endif

  void edge();
  void rise();
  void fall();
  void settle();
  void tick_debug();
  void peek(unsigned what, unsigned index);
  void dump_wave();
  void dump_gap(uint64_t cycle);

  void present(unsigned port, const struct ref& part);
  void withdraw();
  void serve();
  void serve_unit(unsigned unit);
  void cycle(uint64_t cycle, struct tick_out* out);
  void emit(struct event event, uint64_t cycle) {
    event.cycle = cycle;
    if (holding)
      held.push_back(event);
    else
      notify(notify_ctx, &event);
  }
  void harvest(uint64_t cycle, struct tick_out* out);
  void finish(unsigned port, const port_out& port_out, uint64_t cycle, struct answer* answer);
  void emit_memory(uint64_t cycle, uint8_t type);
  void harvest_lookups(unsigned port, const port_out& port_out, uint64_t cycle);
  void emit_lookup(unsigned port, unsigned array, const struct found& found, uint64_t cycle);
  void harvest_walk_caches(unsigned unit, uint64_t cycle);
  void harvest_prefetch(unsigned unit, uint64_t cycle);
  void harvest_fills(unsigned unit, uint64_t cycle);
  void emit_fill(unsigned array, const struct filled& filled, const struct page& page, uint64_t cycle);
  void harvest_data(uint64_t cycle);
  unsigned psc_shift(unsigned level) const;
  uint32_t control_latency() const;
  void follow_control();
  uint32_t data_delay() const;
  uint32_t served_latency(uint8_t served, uint8_t row) const;
  void emit_drops(uint64_t cycle, unsigned arrays);
  void check_debts(uint64_t cycle) const;
  [[noreturn]] void stuck(const char* what, uint64_t cycle, uint64_t since) const;
  template <typename Vector>
  void emit_dropped(uint64_t cycle, unsigned array, const Vector& dropped, unsigned first = 0);

  port_out outputs(unsigned port) const;
  unsigned ways(unsigned array) const;
  unsigned entries(unsigned array) const;
  uint32_t latency(unsigned port) const { return port == PORT_FETCH ? config.itlb.latency : config.dtlb.latency; }

  void catch_up(uint64_t cycle);
  void tick(uint64_t cycle, const struct tick_in& in, struct tick_out* out);
  uint64_t issue(const struct ref& part, uint64_t cycle, bool want, struct answer* answer, bool* fault, uint32_t* data);
  uint64_t issue_slowly(const struct ref& part, uint64_t cycle, struct answer* answer, bool* fault, uint32_t* data);
  uint64_t wait_answer(unsigned port, uint64_t cycle, struct tick_out* out, struct answer* answer, bool* fault,
                       uint32_t* data);
};

// ---------------------------------------------------------------------------------------------------------------------
// Reset and clock

Shim::Shim(const struct config& config_in, struct memory_bus memory_in)
    : rtl_instance(),
      config(config_in),
      memory(memory_in),
      walkers(config_in.walkers),
      slots(config_in.walkers + (config_in.prefetch == PREFETCH_NEXT_PAGE)),
      bypass(rtl_needs_bypass(&config_in)),
      top(&context, "") {
#if VM_TRACE
  context.traceEverOn(true);
  top.events_i = 1;
#endif
  top.itlb_latency_i = config.itlb.latency;
  top.dtlb_latency_i = config.dtlb.latency;
  top.stlb_latency_i = config.stlb.latency;
  top.l1d_latency_i = config.cache.l1d.latency;
  top.l2_latency_i = config.cache.l2.latency;
  top.l3_latency_i = config.cache.l3.latency;
  top.dram_latency_i = config.dram.latency;
  top.dram_row_hit_i = config.dram.row_hit;
  top.dram_row_conflict_i = config.dram.row_conflict;
  top.dram_bank_mask_i = static_cast<CData>(config.dram.banks - 1) & 63;
  while (config.dram.row >> (7 + top.dram_row_shift_i)) top.dram_row_shift_i++;
  top.walk_start_i = config.walk.start;
  top.walk_step_i = config.walk.step;
  top.walk_cas_i = config.walk.cas;
  top.op_cr_i = config.op.cr;
  top.op_invlpg_i = config.op.invlpg;
  top.op_invpcid_i = config.op.invpcid;
  top.op_segment_i = config.op.segment;
  top.maxphyaddr_i = static_cast<CData>(config.maxphyaddr);
  top.pcid_i = config.pcid != 0;
  top.global_i = config.global != 0;
  serial_reset_segments(segments);
  top.eval();  // initial values
  for (unsigned edges = 0; edges < 2; edges++) {
    top.debug_clk_i = edges == 0;
    edge();
  }
  top.rst_ni = 1;
  edge();
}

// What eval does at an edge, less what it does besides: it looks for edges until there are no more, and keeps queues of
// messages. The clocks come from outside, so that one look is enough; where logic hangs on other inputs ("ico"), or in
// another Verilator than 5.006 that names these otherwise, it is eval.
template <typename Root, typename = void>
struct hangs_on_inputs : std::false_type {};
template <typename Root>
struct hangs_on_inputs<Root, decltype(void(std::declval<Root>().__VicoTriggered))> : std::true_type {};

template <typename Root>
auto evaluate_edge(Root* root, Vmmu& top, int)
    -> decltype(Vmmu___024root___eval_triggers__act(root), Vmmu___024root___eval_nba(root),
                void(root->__VnbaTriggered = root->__VactTriggered)) {
  if (hangs_on_inputs<Root>::value || VM_TRACE) return top.eval();
  Vmmu___024root___eval_triggers__act(root);
  root->__VnbaTriggered = root->__VactTriggered;
  Vmmu___024root___eval_nba(root);
}
template <typename Root>
void evaluate_edge(Root*, Vmmu& top, long) {
  top.eval();
}

// Nothing happens at a falling edge: it is enough that Verilator remembers the low clock. Where it keeps that under
// another name than 5.006, it is evaluated.
template <typename Root>
auto remember_low_clock(Root* root, Vmmu&, int) -> decltype(void(root->__Vtrigrprev__TOP__clk_i)) {
  root->__Vtrigrprev__TOP__clk_i = 0;
}
template <typename Root>
void remember_low_clock(Root*, Vmmu& top, long) {
  top.eval();
}

void Shim::edge() {
  rise();
  fall();
}

void Shim::rise() {
  top.clk_i = 1;
  evaluate_edge(top.rootp, top, 0);
}

// Only a swap's outcome can show in its cycle, in what a small cache writes back (rtl/memory/timing_caches.sv).
void Shim::fall() {
  top.clk_i = 0;
  if (__builtin_expect(swapped, 0))
    top.eval();
  else
    remember_low_clock(top.rootp, top, 0);
  swapped = false;
}

// An edge without a cycle: what the last cycle changed becomes visible, nothing happens.
void Shim::settle() {
  withdraw();
  top.step_i = 0;
  edge();
  for (unsigned u = 0; u < walkers; u++) top.reply_i[u] = 0;
}

void Shim::tick_debug() {
  top.debug_clk_i = 1;
  top.eval();
  top.debug_clk_i = 0;
  top.eval();
}

// Shows an entry of array `what`, a counter or a register, as it stood after the last edge.
void Shim::peek(unsigned what, unsigned index) {
  top.peek_i = 1;
  top.peek_what_i = static_cast<CData>(what);
  top.peek_index_i = static_cast<SData>(index);
  tick_debug();
  top.peek_i = 0;
  tick_debug();
}

// One sample a cycle, so that GTKWave's time axis counts cycles.
void Shim::dump_wave() {
#if VM_TRACE
  if (!wave || now < wave_first) return;
  if (now <= wave_last) {
    wave->dump(now - wave_zero);
    wave_next = now + 1;
  } else {
    wave->close();  // the file is complete as soon as its last cycle is over
    wave.reset();
  }
#endif
}

// Before a cycle that comes after skipped ones: shows the first of those, with step_i low, so that what lasted for one
// cycle does not look as if it lasted for all.
void Shim::dump_gap(uint64_t cycle) {
#if VM_TRACE
  if (!wave || wave_next >= cycle || wave_next > wave_last) return;
  const bool fetch = top.fetch_i, data = top.data_i, operation = top.control_i;
  now = wave_next;
  top.now_i = now;
  settle();
  dump_wave();
  top.fetch_i = fetch;
  top.data_i = data;
  top.control_i = operation;
#else
  (void)cycle;
#endif
}

// ---------------------------------------------------------------------------------------------------------------------
// One cycle

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
      parts[port].reads++;
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
    owed[p] = true;
    part_state& part = parts[p];
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
    control_owed = false;
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
    owed[p] = false;
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
  if (__builtin_expect(out->next == UINT64_MAX, 0)) check_debts(cycle);
  if (drops) emit_drops(cycle, drops);
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

const char* port_text(unsigned port) { return port == PORT_FETCH ? "a fetch" : "a data reference"; }

// Waiting for nothing, it must owe nothing.
void Shim::check_debts(uint64_t cycle) const {
  for (unsigned p = 0; p < PORT_COUNT; p++)
    if (owed[p]) stuck(port_text(p), cycle, parts[p].accept);
  if (control_owed) stuck("a control operation", cycle, control_since);
}

// A bug of the RTL: better a message than a loop without end.
void Shim::stuck(const char* what, uint64_t cycle, uint64_t since) const {
  std::fflush(stdout);
  std::fprintf(stderr,
               "pagewalk: the RTL is stuck: %s that came in cycle %llu is not done in cycle %llu (next %llu); "
               "record it with --wave and report the machine's configuration\n",
               what, static_cast<unsigned long long>(since), static_cast<unsigned long long>(cycle),
               static_cast<unsigned long long>(top.next_o));
  std::abort();
}

// ---------------------------------------------------------------------------------------------------------------------
// The engine's operations

// Prefetches go on while nobody asks for anything.
void Shim::catch_up(uint64_t cycle_in) {
  if (config.prefetch == PREFETCH_NONE) return;
  withdraw();
  while (due < cycle_in) {
    struct tick_out out;
    cycle(due, &out);
  }
}

void Shim::tick(uint64_t cycle_in, const struct tick_in& in, struct tick_out* out) {
  catch_up(cycle_in);
  withdraw();
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (in.part[p]) present(p, *in.part[p]);
  }
  if (in.control) {
    control = *in.control;
    control_owed = true;
    control_since = cycle_in;
    top.control_i = 1;
    top.control_op_i = control.op;
    top.control_user_i = control.user;
    top.control_value_i = control.value;
    top.control_type_i = control.type;
    top.control_pcid_i = control.pcid;
    top.control_index_i = control.index & (SEGMENT_COUNT - 1);
    top.control_base_i = control.segment.base;
    top.control_limit_i = control.segment.limit;
    top.control_flags_i = static_cast<CData>(control.segment.present << 3 | control.segment.writable << 2 |
                                             control.segment.expand_down << 1 | (control.segment.privilege == 3));
  }
  cycle(cycle_in, out);
  // A part that was held back by an operation can be accepted in the cycle after it.
  bool held = (in.part[PORT_FETCH] && !out->accepted[PORT_FETCH]) || (in.part[PORT_DATA] && !out->accepted[PORT_DATA]);
  if (out->control_done && held) out->next = cycle_in + 1;
}

// Goes on until the port answers, from a cycle that has been harvested into *out.
uint64_t Shim::wait_answer(unsigned port, uint64_t cycle_in, struct tick_out* out, struct answer* answer, bool* fault,
                           uint32_t* data) {
  for (uint64_t waited = 0; !out->answered[port]; waited++) {
    if (waited > patience) stuck(port_text(port), cycle_in, parts[port].accept);
    cycle(cycle_in = out->next, out);
  }
  *answer = out->answer[port];
  *fault = answer->fault != FAULT_NONE;
  *data = answer->data;
  return cycle_in;
}

// An answer in the cycle of acceptance, without a fault, is a hit, or paging is off: nothing else happened in it but
// the lookup of its data.
uint64_t Shim::issue(const struct ref& part, uint64_t cycle_in, bool want, struct answer* answer, bool* fault,
                     uint32_t* data) {
#if VM_TRACE
  constexpr bool quick = false;
#else
  const bool quick = !notify && config.prefetch == PREFETCH_NONE;
#endif
  if (!quick) return issue_slowly(part, cycle_in, answer, fault, data);
  top.now_i = cycle_in;
  bool hit, looked_up;
  unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  if (port == PORT_FETCH) {
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
  fall();
  if (__builtin_expect(!hit, 0)) {
    struct tick_out out;
    for (unsigned u = 0; u < walkers; u++) {
      top.reply_i[u] = 0;
      memory_events[u].type = EVENT_TYPE_COUNT;
    }
    harvest(cycle_in, &out);
    withdraw();
    return wait_answer(port, cycle_in, &out, answer, fault, data);
  }
  counters.cycles_base++;
  *data = 0;
  if (port == PORT_DATA && top.served_data_o) {
    if (__builtin_expect(top.served_level_o != SERVED_L1D, 0)) {
      *data = data_delay();
      counters.cycles_data += *data;
    }
  }
  if (want) {
    *answer = {};
    answer->accept = answer->cycle = cycle_in;
    answer->pa = port == PORT_FETCH ? top.fetch_pa_o : top.data_pa_o;
    answer->path = looked_up ? PATH_L1 : PATH_OFF;
    answer->base = 1;
    answer->data = *data;
  }
  *fault = false;
  return cycle_in;
}

uint64_t Shim::issue_slowly(const struct ref& part, uint64_t cycle_in, struct answer* answer, bool* fault,
                            uint32_t* data) {
  unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_out out;
  catch_up(cycle_in);
  present(port, part);
  cycle(cycle_in, &out);
  withdraw();
  return wait_answer(port, cycle_in, &out, answer, fault, data);
}

inline __attribute__((always_inline)) uint64_t serial_issue(void* self, const struct ref* part, uint64_t now, bool want,
                                                            struct answer* answer, bool* fault, uint32_t* data) {
  return static_cast<Shim*>(static_cast<rtl_instance*>(self))->issue(*part, now, want, answer, fault, data);
}

Shim* shim_of(void* self) { return static_cast<Shim*>(static_cast<rtl_instance*>(self)); }
const Shim* shim_of(const void* self) { return static_cast<const Shim*>(static_cast<const rtl_instance*>(self)); }

void op_destroy(void* self) {
  Shim* shim = shim_of(self);
#if VM_TRACE
  if (shim->wave) shim->wave->close();
#endif
  shim->top.final();
#if VM_COVERAGE
  // A file for each machine; verilator_coverage adds them up.
  if (const char* folder = std::getenv("PAGEWALK_COVERAGE")) {
    static unsigned machines = 0;
    char path[1024];
    std::snprintf(path, sizeof path, "%s/%d-%u.dat", folder, static_cast<int>(getpid()), machines++);
    shim->context.coveragep()->write(path);
  }
#endif
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
  struct serial_account account = {};
  const struct segment* bases = serial_bases(shim->segments);
  if (shim->config.core.overlap) {
    const struct overlap_engine core = {self, op_tick, nullptr};
    shim->now = overlap_play(&core, shim->now, shim->va_mask, bases, refs, n, play, &account);
  } else {
    shim->now = serial_play(self, serial_issue, shim->now, shim->va_mask, bases, refs, n, play, &account);
  }
  serial_settle(&shim->counters, &account);
  shim->counters.refs += play->done;
}

void op_wait(void* self, uint64_t cycle) {
  Shim* shim = shim_of(self);
  shim->catch_up(cycle);
  if (cycle > shim->now) shim->now = cycle;
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
  shim->settle();                                 // what the last cycle has dropped is counted one edge later
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

void op_on_event(void* self, event_fn* fn, void* ctx) {
  shim_of(self)->top.events_i = fn != nullptr || VM_TRACE;
  shim_of(self)->notify = fn;
  shim_of(self)->notify_ctx = ctx;
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

bool op_wave(void* self, const char* path, uint64_t zero, uint64_t first, uint64_t last, struct error* err) {
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
  shim->wave->set_time_resolution("1s");  // the unit that GTKWave never gives a prefix: a cycle is a `second'
  shim->wave->open(path);
  shim->wave_zero = zero;
  shim->wave_first = shim->wave_next = first;
  shim->wave_last = last;
  return true;
}
#endif

const struct engine_ops shim_ops = {
    op_destroy, op_now, op_tick, op_play, op_wait, op_counters, op_on_event, op_probe, op_dump, op_registers,
#if VM_TRACE
    op_wave,
#else
    nullptr,
#endif
};

}  // namespace

#ifdef PAGEWALK_BUGS
// Which of the deliberate bugs this machine has: rtl/bugs/bug_choice.sv asks.
extern "C" int pagewalk_bug() {
  const char* number = std::getenv("PAGEWALK_BUG_NUMBER");
  return number ? std::atoi(number) : 0;
}
#endif

extern "C" __attribute__((visibility("default"))) struct rtl_instance* rtl_shim_create(const struct config* config,
                                                                                       struct memory_bus memory) {
  Shim* shim = new (std::nothrow) Shim(*config, memory);
  if (!shim) return nullptr;
  shim->ops = &shim_ops;
  return shim;
}
