// SPDX-License-Identifier: MIT
// The MMU: two access ports with a TLB each, one walker for both, the control port.
// The path of an access: port -> TLB -> walker -> memory -> answer. Time comes in on now_i, and only cycles with step_i
// happen; wake_o is the earliest later cycle that can't be skipped. Contracts: docs/paging.md, docs/timing.md.
//
//     fetch ──► fetch_port ◄──► itlb ◄─┐              ┌──────────┐
//                   │ want, answer     │ fills        │ control  │◄── control operations
//                   ├──────────► walker ─────► memory │          │──► memory (PDPTEs)
//                   │ want, answer     │ fills        └──────────┘
//     data  ──► data_port  ◄──► dtlb ◄─┘                │ drops to both TLBs
//
// Segments come in front of the ports, a second level and walk caches between ports and walker, a second walker beside
// it, timing caches between walker and memory: each has its place on this page.

module mmu #(
  parameter int unsigned ItlbSets = 16,
  parameter int unsigned ItlbWays = 4,
  parameter int unsigned ItlbPolicy = mmu_pkg::ReplaceLru,
  parameter int unsigned ItlbLargeSets = 1,
  parameter int unsigned ItlbLargeWays = 8,
  parameter int unsigned DtlbSets = 16,
  parameter int unsigned DtlbWays = 4,
  parameter int unsigned DtlbPolicy = mmu_pkg::ReplaceLru,
  parameter int unsigned DtlbLargeSets = 1,
  parameter int unsigned DtlbLargeWays = 8,
  parameter int unsigned ItlbEntries = ItlbSets * ItlbWays,
  parameter int unsigned ItlbLargeEntries = ItlbLargeSets == 0 ? 1 : ItlbLargeSets * ItlbLargeWays,
  parameter int unsigned DtlbEntries = DtlbSets * DtlbWays,
  parameter int unsigned DtlbLargeEntries = DtlbLargeSets == 0 ? 1 : DtlbLargeSets * DtlbLargeWays
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  logic [63:0]                    now_i,
  output logic [63:0]                    wake_o,

  // latencies in cycles, and MAXPHYADDR as a mask
  input  logic [31:0]                    itlb_latency_i,
  input  logic [31:0]                    dtlb_latency_i,
  input  logic [31:0]                    start_i,
  input  logic [32:0]                    read_cycles_i,
  input  logic [32:0]                    cas_cycles_i,
  input  logic [31:0]                    cr_cycles_i,
  input  logic [31:0]                    invlpg_cycles_i,
  input  logic [51:0]                    beyond_i,

  // fetch port
  input  logic                           fetch_i,
  input  logic [63:0]                    fetch_va_i,
  input  mmu_pkg::access_t               fetch_access_i,
  output logic                           fetch_accept_o,
  output logic                           fetch_answer_o,
  output mmu_pkg::path_e                 fetch_path_o,
  output mmu_pkg::fault_e                fetch_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] fetch_error_o,
  output logic [51:0]                    fetch_pa_o,
  output logic                           fetch_begin_o,
  output logic                           fetch_lookup_o,
  output logic                           fetch_hit_o,
  output logic                           fetch_hit_large_o,
  output logic [15:0]                    fetch_hit_set_o,
  output logic [7:0]                     fetch_hit_way_o,

  // data port
  input  logic                           data_i,
  input  logic [63:0]                    data_va_i,
  input  mmu_pkg::access_t               data_access_i,
  output logic                           data_accept_o,
  output logic                           data_answer_o,
  output mmu_pkg::path_e                 data_path_o,
  output mmu_pkg::fault_e                data_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] data_error_o,
  output logic [51:0]                    data_pa_o,
  output logic                           data_begin_o,
  output logic                           data_lookup_o,
  output logic                           data_hit_o,
  output logic                           data_hit_large_o,
  output logic [15:0]                    data_hit_set_o,
  output logic [7:0]                     data_hit_way_o,

  // control port
  input  logic                           control_i,
  input  mmu_pkg::op_e                   control_op_i,
  input  logic                           control_user_i,
  input  logic [63:0]                    control_value_i,
  output logic                           control_done_o,
  output logic                           control_refused_o,

  // memory port: a command in its first cycle; the reply must hold from the next cycle on
  output logic                           mem_valid_o,
  output mmu_pkg::mem_e                  mem_command_o,
  output logic                           mem_data_o,      // for the data port
  output logic [mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic                           mem_wide_o,      // 8 bytes, not 4
  output logic [51:0]                    mem_pa_o,
  output logic [63:0]                    mem_expected_o,
  output logic [63:0]                    mem_desired_o,
  input  logic [63:0]                    reply_data_i,
  input  logic [63:0]                    reply_data1_i,   // the other three PDPTEs
  input  logic [63:0]                    reply_data2_i,
  input  logic [63:0]                    reply_data3_i,
  input  logic                           reply_swapped_i,
  input  logic                           reply_error_i,

  // fills and drops
  output logic                           fill_o,
  output logic                           fill_data_o,     // into the DTLB
  output logic                           fill_large_o,    // into its array for large pages
  output logic [15:0]                    fill_set_o,
  output logic [7:0]                     fill_way_o,
  output logic                           fill_evicts_o,
  output logic [63:0]                    fill_va_o,
  output mmu_pkg::entry_t                fill_entry_o,
  output logic                           quad_o,          // large pages have 4 MiB, not 2
  output logic                           drop_o,
  output logic [ItlbEntries-1:0]         dropped_itlb_o,
  output logic [ItlbLargeEntries-1:0]    dropped_itlb_large_o,
  output logic [DtlbEntries-1:0]         dropped_dtlb_o,
  output logic [DtlbLargeEntries-1:0]    dropped_dtlb_large_o,

  // debug port: 0..3 the arrays of enum tlb_array, 4 the registers
  input  logic                           peek_i,
  input  logic [2:0]                     peek_what_i,
  input  logic [15:0]                    peek_index_i,
  output logic                           peek_valid_o,
  output logic [mmu_pkg::VpnWidth-1:0]   peek_vpn_o,
  output mmu_pkg::entry_t                peek_entry_o,
  output logic [63:0]                    peek_value_o
);

  mmu_pkg::context_t context_now;
  logic hold;
  logic [3:0] pdpte_present;

  // -------------------------------------------------------------------------------------------------------------------
  // Ports. Outside long mode linear addresses have 32 bits.

  logic fetch_turn, fetch_grant, fetch_instant, fetch_touch, fetch_busy, fetch_stays;
  logic data_turn, data_grant, data_instant, data_touch, data_busy, data_stays;
  logic [63:0] fetch_va, data_va, fetch_wake, data_wake;
  mmu_pkg::access_t fetch_access, data_access;
  mmu_pkg::entry_t fetch_entry, data_entry;

  logic walk_busy, walk_data, walk_done, walk_fill, walk_begin;
  mmu_pkg::fault_e walk_fault;
  logic [mmu_pkg::ErrorWidth-1:0] walk_error;
  mmu_pkg::entry_t walk_entry;
  logic [63:0] walk_va;

  logic skip_start;
  assign skip_start = start_i == '0;

  access_port fetch_port (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latency_i(itlb_latency_i),
    .context_i(context_now),
    .hold_i(hold),
    .part_i(fetch_i),
    .part_va_i({32'b0, fetch_va_i[31:0]}),
    .part_access_i(fetch_access_i),
    .accept_o(fetch_accept_o),
    .lookup_o(fetch_lookup_o),
    .va_o(fetch_va),
    .access_o(fetch_access),
    .hit_i(fetch_hit_o),
    .hit_entry_i(fetch_entry),
    .touch_o(fetch_touch),
    .turn_i(fetch_turn),
    .skip_start_i(skip_start),
    .pdpte_present_i(pdpte_present),
    .grant_o(fetch_grant),
    .instant_o(fetch_instant),
    .walked_i(walk_done & ~walk_data),
    .walk_fault_i(walk_fault),
    .walk_error_i(walk_error),
    .walk_entry_i(walk_entry),
    .answer_o(fetch_answer_o),
    .path_o(fetch_path_o),
    .fault_o(fetch_fault_o),
    .error_o(fetch_error_o),
    .pa_o(fetch_pa_o),
    .busy_o(fetch_busy),
    .stays_o(fetch_stays),
    .wake_o(fetch_wake)
  );

  access_port data_port (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latency_i(dtlb_latency_i),
    .context_i(context_now),
    .hold_i(hold),
    .part_i(data_i),
    .part_va_i({32'b0, data_va_i[31:0]}),
    .part_access_i(data_access_i),
    .accept_o(data_accept_o),
    .lookup_o(data_lookup_o),
    .va_o(data_va),
    .access_o(data_access),
    .hit_i(data_hit_o),
    .hit_entry_i(data_entry),
    .touch_o(data_touch),
    .turn_i(data_turn),
    .skip_start_i(skip_start),
    .pdpte_present_i(pdpte_present),
    .grant_o(data_grant),
    .instant_o(data_instant),
    .walked_i(walk_done & walk_data),
    .walk_fault_i(walk_fault),
    .walk_error_i(walk_error),
    .walk_entry_i(walk_entry),
    .answer_o(data_answer_o),
    .path_o(data_path_o),
    .fault_o(data_fault_o),
    .error_o(data_error_o),
    .pa_o(data_pa_o),
    .busy_o(data_busy),
    .stays_o(data_stays),
    .wake_o(data_wake)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Drops: control operations name a page, all, or all but global ones; a page fault names its page, in both TLBs.
  // No reference is in flight when an operation acts, so that its page and the fetch port's fault share one input.

  logic drop_all, drop_local, drop_invlpg, drop_fetch, drop_data;
  logic [mmu_pkg::VpnWidth-1:0] drop_fetch_vpn, invlpg_vpn;
  assign drop_fetch = drop_invlpg | (fetch_answer_o & fetch_fault_o == mmu_pkg::FaultPage);
  assign drop_data = data_answer_o & data_fault_o == mmu_pkg::FaultPage;
  assign drop_fetch_vpn = drop_invlpg ? invlpg_vpn : fetch_va[56:12];
  assign drop_o = drop_all | drop_local | drop_fetch | drop_data;

  // -------------------------------------------------------------------------------------------------------------------
  // TLBs

  logic itlb_fill_large, dtlb_fill_large, itlb_evicts, dtlb_evicts, itlb_peek_valid, dtlb_peek_valid;
  logic [15:0] itlb_fill_set, dtlb_fill_set;
  logic [7:0] itlb_fill_way, dtlb_fill_way;
  logic [mmu_pkg::VpnWidth-1:0] itlb_peek_vpn, dtlb_peek_vpn;
  mmu_pkg::entry_t itlb_peek_entry, dtlb_peek_entry;

  tlb #(
    .Sets(ItlbSets),
    .Ways(ItlbWays),
    .Policy(ItlbPolicy),
    .LargeSets(ItlbLargeSets),
    .LargeWays(ItlbLargeWays)
  ) itlb (
    .clk_i,
    .rst_ni,
    .mode_i(context_now.mode),
    .lookup_i(fetch_lookup_o),
    .lookup_vpn_i(fetch_va[56:12]),
    .hit_o(fetch_hit_o),
    .hit_large_o(fetch_hit_large_o),
    .hit_set_o(fetch_hit_set_o),
    .hit_way_o(fetch_hit_way_o),
    .hit_entry_o(fetch_entry),
    .touch_i(fetch_touch),
    .fill_i(walk_fill & ~walk_data),
    .fill_vpn_i(walk_va[56:12]),
    .fill_entry_i(walk_entry),
    .fill_large_o(itlb_fill_large),
    .fill_set_o(itlb_fill_set),
    .fill_way_o(itlb_fill_way),
    .fill_evicts_o(itlb_evicts),
    .drop_all_i(drop_all),
    .drop_local_i(drop_local),
    .drop_a_i(drop_fetch),
    .drop_a_vpn_i(drop_fetch_vpn),
    .drop_b_i(drop_data),
    .drop_b_vpn_i(data_va[56:12]),
    .dropped_o(dropped_itlb_o),
    .dropped_large_o(dropped_itlb_large_o),
    .peek_i(peek_i & peek_what_i[2:1] == 2'd0),
    .peek_large_i(peek_what_i[0]),
    .peek_index_i,
    .peek_valid_o(itlb_peek_valid),
    .peek_vpn_o(itlb_peek_vpn),
    .peek_entry_o(itlb_peek_entry)
  );

  tlb #(
    .Sets(DtlbSets),
    .Ways(DtlbWays),
    .Policy(DtlbPolicy),
    .LargeSets(DtlbLargeSets),
    .LargeWays(DtlbLargeWays)
  ) dtlb (
    .clk_i,
    .rst_ni,
    .mode_i(context_now.mode),
    .lookup_i(data_lookup_o),
    .lookup_vpn_i(data_va[56:12]),
    .hit_o(data_hit_o),
    .hit_large_o(data_hit_large_o),
    .hit_set_o(data_hit_set_o),
    .hit_way_o(data_hit_way_o),
    .hit_entry_o(data_entry),
    .touch_i(data_touch),
    .fill_i(walk_fill & walk_data),
    .fill_vpn_i(walk_va[56:12]),
    .fill_entry_i(walk_entry),
    .fill_large_o(dtlb_fill_large),
    .fill_set_o(dtlb_fill_set),
    .fill_way_o(dtlb_fill_way),
    .fill_evicts_o(dtlb_evicts),
    .drop_all_i(drop_all),
    .drop_local_i(drop_local),
    .drop_a_i(drop_fetch),
    .drop_a_vpn_i(drop_fetch_vpn),
    .drop_b_i(drop_data),
    .drop_b_vpn_i(data_va[56:12]),
    .dropped_o(dropped_dtlb_o),
    .dropped_large_o(dropped_dtlb_large_o),
    .peek_i(peek_i & peek_what_i[2:1] == 2'd1),
    .peek_large_i(peek_what_i[0]),
    .peek_index_i,
    .peek_valid_o(dtlb_peek_valid),
    .peek_vpn_o(dtlb_peek_vpn),
    .peek_entry_o(dtlb_peek_entry)
  );

  assign fill_o = walk_fill;
  assign fill_data_o = walk_data;
  assign fill_large_o = itlb_fill_large | dtlb_fill_large;
  assign fill_set_o = walk_data ? dtlb_fill_set : itlb_fill_set;
  assign fill_way_o = walk_data ? dtlb_fill_way : itlb_fill_way;
  assign fill_evicts_o = itlb_evicts | dtlb_evicts;
  assign fill_va_o = walk_va;
  assign fill_entry_o = walk_entry;
  assign quad_o = context_now.mode == mmu_pkg::Mode32Bit;

  assign peek_valid_o = itlb_peek_valid | dtlb_peek_valid;
  assign peek_vpn_o = peek_what_i[1] ? dtlb_peek_vpn : itlb_peek_vpn;
  assign peek_entry_o = peek_what_i[1] ? dtlb_peek_entry : itlb_peek_entry;

  // -------------------------------------------------------------------------------------------------------------------
  // The walker goes to the port that missed first; a port can wait only while the other is served, so that two can ask
  // at once only when they missed in the same cycle: fetch first. A walk that faults on the spot leaves the turn.

  logic walk_ready, walk_stays, walk_mem, walk_cas, walk_wide;
  logic [mmu_pkg::LevelWidth-1:0] walk_level;
  logic [51:0] walk_pa;
  logic [63:0] walk_wake;
  logic [51:12] root;
  logic [4*40-1:0] pdpte_frames;

  assign walk_ready = ~walk_busy | walk_done;
  assign fetch_turn = walk_ready;
  assign data_turn = walk_ready & ~fetch_grant;

  walker walker (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .start_i,
    .read_cycles_i,
    .cas_cycles_i,
    .beyond_i,
    .context_i(context_now),
    .root_i(root),
    .pdpte_present_i(pdpte_present),
    .pdpte_frames_i(pdpte_frames),
    .suppress_i(control_i),
    .grant_i(fetch_grant | data_grant),
    .grant_data_i(data_grant),
    .grant_va_i(data_grant ? data_va : fetch_va),
    .grant_access_i(data_grant ? data_access : fetch_access),
    .busy_o(walk_busy),
    .data_o(walk_data),
    .va_o(walk_va),
    .begin_o(walk_begin),
    .mem_valid_o(walk_mem),
    .mem_cas_o(walk_cas),
    .mem_level_o(walk_level),
    .mem_wide_o(walk_wide),
    .mem_pa_o(walk_pa),
    .mem_expected_o,
    .mem_desired_o,
    .reply_data_i,
    .reply_swapped_i,
    .reply_error_i,
    .done_o(walk_done),
    .fault_o(walk_fault),
    .error_o(walk_error),
    .entry_o(walk_entry),
    .fill_o(walk_fill),
    .stays_o(walk_stays),
    .wake_o(walk_wake)
  );

  assign fetch_begin_o = fetch_instant | (walk_begin & ~walk_data);
  assign data_begin_o = data_instant | (walk_begin & walk_data);

  // -------------------------------------------------------------------------------------------------------------------
  // Control

  logic control_load, control_stays;
  logic [51:0] control_pa;
  logic [63:0] control_wake;

  control control (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .cr_cycles_i,
    .invlpg_cycles_i,
    .load_cycles_i(read_cycles_i),
    .beyond_i,
    .valid_i(control_i),
    .op_i(control_op_i),
    .user_i(control_user_i),
    .value_i(control_value_i),
    .busy_i(fetch_busy | data_busy),
    .stays_i(fetch_stays | data_stays),
    .hold_o(hold),
    .done_o(control_done_o),
    .refused_o(control_refused_o),
    .load_o(control_load),
    .load_pa_o(control_pa),
    .reply_pdpte0_i(reply_data_i),
    .reply_pdpte1_i(reply_data1_i),
    .reply_pdpte2_i(reply_data2_i),
    .reply_pdpte3_i(reply_data3_i),
    .reply_error_i,
    .context_o(context_now),
    .root_o(root),
    .pdpte_present_o(pdpte_present),
    .pdpte_frames_o(pdpte_frames),
    .drop_all_o(drop_all),
    .drop_local_o(drop_local),
    .drop_page_o(drop_invlpg),
    .drop_vpn_o(invlpg_vpn),
    .stays_o(control_stays),
    .wake_o(control_wake),
    .peek_i(peek_i & peek_what_i[2]),
    .peek_index_i(peek_index_i[3:0]),
    .peek_value_o
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Memory: an operation works only while no reference is in flight, so that the two never ask together

  assign mem_valid_o = walk_mem | control_load;
  assign mem_command_o = control_load ? mmu_pkg::MemPdptes : walk_cas ? mmu_pkg::MemCas : mmu_pkg::MemRead;
  assign mem_data_o = walk_data;
  assign mem_level_o = control_load ? 3'd3 : walk_level;
  assign mem_wide_o = control_load | walk_wide;
  assign mem_pa_o = control_load ? control_pa : walk_pa;

  // -------------------------------------------------------------------------------------------------------------------
  // The earliest cycle in which anything but waiting can happen

  logic [63:0] port_wake, work_wake;
  always_comb begin
    port_wake = '1;
    work_wake = '1;
    if (fetch_stays | data_stays | control_stays) begin
      port_wake = fetch_wake < data_wake ? fetch_wake : data_wake;
      work_wake = control_wake;
      if (walk_stays && walk_wake < work_wake) work_wake = walk_wake;
    end
    wake_o = port_wake < work_wake ? port_wake : work_wake;
  end

endmodule
