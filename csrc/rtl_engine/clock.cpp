// SPDX-License-Identifier: MIT
// Reset and clock: straps, edges, the waveform.
#include <type_traits>
#include <utility>

#include "rtl_engine/instance.h"

namespace {

Shim::Shim(const struct config& config_in, struct memory_bus memory_in)
    : rtl_instance(),
      config(config_in),
      memory(memory_in),
      walkers(config_in.walkers),
      slots(config_in.walkers + (config_in.prefetch == PREFETCH_NEXT_PAGE)),
      bypass(rtl_needs_bypass(&config_in)),
      top(&context, "") {
  watchdog.patience = watchdog_patience(&config);
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
// another Verilator than 5.006 that names these otherwise, it is eval. So it is with assertions, which eval samples
// before the edge.
#ifdef PAGEWALK_CHECKED
constexpr bool samples = true;
#else
constexpr bool samples = false;
#endif
template <typename Root, typename = void>
struct hangs_on_inputs : std::false_type {};
template <typename Root>
struct hangs_on_inputs<Root, decltype(void(std::declval<Root>().__VicoTriggered))> : std::true_type {};

template <typename Root>
auto evaluate_edge(Root* root, Vmmu& top, int)
    -> decltype(Vmmu___024root___eval_triggers__act(root), Vmmu___024root___eval_act(root),
                Vmmu___024root___eval_nba(root), void(root->__VnbaTriggered = root->__VactTriggered)) {
  if (hangs_on_inputs<Root>::value || samples || VM_TRACE) return top.eval();
  Vmmu___024root___eval_triggers__act(root);
  root->__VnbaTriggered = root->__VactTriggered;
  Vmmu___024root___eval_act(root);
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

}  // namespace
