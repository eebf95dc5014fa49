// SPDX-License-Identifier: MIT
// The MMU: two access ports with a TLB each, a miss unit (second level, walker) for both, the control port.
// The path of an access: segment -> port -> TLB -> second level -> walker -> memory -> answer. Time comes in on now_i, and
// only cycles with step_i happen; wake_o is the earliest later cycle that can't be skipped. Contracts: docs/paging.md,
// docs/timing.md.
//
//                   ┌────────────── segment_table ◄─┐
//     fetch ──► segment_unit ─► fetch_port ◄─► itlb  │     ┌─────────┐
//                                  │ want, answer ▲  ├─────│ control │◄── control operations
//                                  ├──────► miss_unit ◄─► second, walk_caches
//                                  │ want, answer ▼        │       ▲ drops to all arrays
//     data  ──► segment_unit ─► data_port  ◄─► dtlb   timing_caches ──► memory
//
// What a machine doesn't have (second level, walk caches, timing caches) is generated away.

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
  parameter int unsigned StlbSets = 0,
  parameter int unsigned StlbWays = 1,
  parameter int unsigned StlbPolicy = mmu_pkg::ReplaceLru,
  parameter int unsigned StlbLargeSets = 0,
  parameter int unsigned StlbLargeWays = 1,
  parameter int unsigned PscPde = 0,
  parameter int unsigned PscPdpte = 0,
  parameter int unsigned PscPml4e = 0,
  parameter int unsigned PscPml5e = 0,
  parameter int unsigned L1dSets = 0,
  parameter int unsigned L1dWays = 1,
  parameter int unsigned L2Sets = 0,
  parameter int unsigned L2Ways = 1,
  parameter int unsigned L3Sets = 0,
  parameter int unsigned L3Ways = 1,
  parameter int unsigned CacheEntry = 0,   // where the walker enters the timing caches
  parameter bit          DataTimed = 1'b0, // data are looked up there
  parameter bit          AtOnce = 1'b0,    // a memory command can take a single cycle
  parameter int unsigned ItlbEntries = ItlbSets * ItlbWays,
  parameter int unsigned ItlbLargeEntries = ItlbLargeSets == 0 ? 1 : ItlbLargeSets * ItlbLargeWays,
  parameter int unsigned DtlbEntries = DtlbSets * DtlbWays,
  parameter int unsigned DtlbLargeEntries = DtlbLargeSets == 0 ? 1 : DtlbLargeSets * DtlbLargeWays,
  parameter int unsigned StlbEntries = StlbSets == 0 ? 1 : StlbSets * StlbWays,
  parameter int unsigned StlbLargeEntries = StlbSets == 0 || StlbLargeSets == 0 ? 1 : StlbLargeSets * StlbLargeWays,
  parameter int unsigned PscWidth = 1  // the largest walk cache's entries, at least 1
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  logic [63:0]                    now_i,
  output logic [63:0]                    wake_o,

  // latencies in cycles, and MAXPHYADDR as a mask
  input  logic [31:0]                    itlb_latency_i,
  input  logic [31:0]                    dtlb_latency_i,
  input  logic [31:0]                    stlb_latency_i,
  input  logic [31:0]                    start_i,
  input  logic [31:0]                    step_cycles_i,
  input  logic [31:0]                    cas_cycles_i,
  input  logic [31:0]                    l1d_latency_i,
  input  logic [31:0]                    l2_latency_i,
  input  logic [31:0]                    l3_latency_i,
  input  logic [31:0]                    dram_latency_i,
  input  logic [31:0]                    cr_cycles_i,
  input  logic [31:0]                    invlpg_cycles_i,
  input  logic [31:0]                    invpcid_cycles_i,
  input  logic [31:0]                    segment_cycles_i,
  input  logic [51:0]                    beyond_i,

  // fetch port
  input  logic                           fetch_i,
  input  logic [63:0]                    fetch_offset_i,    // in its segment
  input  logic [12:0]                    fetch_size_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] fetch_segment_i,
  input  mmu_pkg::access_t               fetch_access_i,
  output logic                           fetch_accept_o,
  output logic                           fetch_answer_o,
  output mmu_pkg::path_e                 fetch_path_o,
  output mmu_pkg::fault_e                fetch_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] fetch_error_o,
  output logic [51:0]                    fetch_pa_o,
  output logic [63:0]                    fetch_va_o,        // linear, from the accept to the answer
  output logic                           fetch_begin_o,
  output logic                           fetch_lookup_o,
  output logic                           fetch_hit_o,
  output logic                           fetch_hit_large_o,
  output logic [15:0]                    fetch_hit_set_o,
  output logic [7:0]                     fetch_hit_way_o,

  // data port
  input  logic                           data_i,
  input  logic [63:0]                    data_offset_i,    // in its segment
  input  logic [12:0]                    data_size_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] data_segment_i,
  input  mmu_pkg::access_t               data_access_i,
  output logic                           data_accept_o,
  output logic                           data_answer_o,
  output mmu_pkg::path_e                 data_path_o,
  output mmu_pkg::fault_e                data_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] data_error_o,
  output logic [51:0]                    data_pa_o,
  output logic [63:0]                    data_va_o,        // linear, from the accept to the answer
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
  input  logic [63:0]                    control_value_i, // these and the following hold until it is done
  input  logic [63:0]                    control_type_i,
  input  logic [63:0]                    control_pcid_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] control_index_i,
  input  logic [63:0]                    control_base_i,
  input  logic [63:0]                    control_limit_i,
  input  mmu_pkg::segment_flags_t        control_flags_i,
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
  output mmu_pkg::served_e               mem_served_o,
  input  logic [63:0]                    reply_data_i,
  input  logic [63:0]                    reply_data1_i,   // the other three PDPTEs
  input  logic [63:0]                    reply_data2_i,
  input  logic [63:0]                    reply_data3_i,
  input  logic                           reply_swapped_i,
  input  logic                           reply_error_i,
  input  logic                           early_swapped_i, // as reply_swapped_i, but before the edge that ends the cycle
  input  mmu_pkg::served_e               early_served_i,  // mem_served_o, come back with the reply

  // the second level's lookup, the walk caches' lookup, the data in the timing caches
  output logic                           unit_data_o,     // the miss unit serves the data port
  output logic                           stlb_lookup_o,
  output logic                           stlb_hit_o,
  output logic                           stlb_hit_large_o,
  output logic [15:0]                    stlb_hit_set_o,
  output logic [7:0]                     stlb_hit_way_o,
  output logic [5:2]                     psc_looked_o,    // levels that count the lookup
  output logic                           psc_hit_o,       // in the last of them
  output logic [7:0]                     psc_hit_way_o,
  output logic                           psc_data_o,      // for the data port
  output logic                           served_data_o,
  output mmu_pkg::served_e               served_level_o,
  output logic [5:0]                     writeback_o,
  output logic [6*46-1:0]                writeback_line_o,

  // fills and drops
  output logic                           fill_o,
  output logic                           fill_data_o,     // into the DTLB
  output logic                           fill_large_o,    // into its array for large pages
  output logic [15:0]                    fill_set_o,
  output logic [7:0]                     fill_way_o,
  output logic                           fill_evicts_o,
  output logic [63:0]                    fill_va_o,
  output mmu_pkg::entry_t                fill_entry_o,
  output logic                           fill_stlb_o,     // the same into the second level
  output logic                           fill_stlb_large_o,
  output logic [15:0]                    fill_stlb_set_o,
  output logic [7:0]                     fill_stlb_way_o,
  output logic                           fill_stlb_evicts_o,
  output logic [5:2]                     fill_psc_o,      // and the walk caches
  output logic [4*8-1:0]                 fill_psc_ways_o,
  output logic [5:2]                     fill_psc_evicts_o,
  output logic [4*40-1:0]                fill_psc_tables_o,
  output logic                           quad_o,          // large pages have 4 MiB, not 2
  output logic [6:0]                     drop_o,       // entries may go from: walk caches, then large and main array of
                                                       // second level, DTLB, ITLB; which shows after the next edge
  output logic [ItlbEntries-1:0]         dropped_itlb_o,
  output logic [ItlbLargeEntries-1:0]    dropped_itlb_large_o,
  output logic [DtlbEntries-1:0]         dropped_dtlb_o,
  output logic [DtlbLargeEntries-1:0]    dropped_dtlb_large_o,
  output logic [StlbEntries-1:0]         dropped_stlb_o,
  output logic [StlbLargeEntries-1:0]    dropped_stlb_large_o,
  output logic [4*PscWidth-1:0]          dropped_psc_o,

  // debug port: the arrays of enum tlb_array, 15 the registers
  input  logic                           peek_i,
  input  logic [3:0]                     peek_what_i,
  input  logic [15:0]                    peek_index_i,
  output logic                           peek_valid_o,
  output logic [mmu_pkg::VpnWidth-1:0]   peek_vpn_o,
  output logic [mmu_pkg::PcidWidth-1:0]  peek_pcid_o,
  output mmu_pkg::entry_t                peek_entry_o,
  output logic [63:0]                    peek_value_o
);

  localparam bit SecondLevel = StlbSets != 0;
  localparam bit WalkCaches = PscPde + PscPdpte + PscPml4e + PscPml5e != 0;
  localparam bit TimingCaches = L1dSets + L2Sets + L3Sets != 0;
  localparam bit DataLookups = DataTimed && L1dSets != 0;

  mmu_pkg::context_t context_now;
  logic [31:0] pkru;
  logic hold;
  logic [3:0] pdpte_present;

  // -------------------------------------------------------------------------------------------------------------------
  // Segments

  logic segment_load, fetch_flat, fetch_refused, data_flat, data_refused;
  logic [63:0] fetch_base, fetch_limit, fetch_linear, data_base, data_limit, data_linear;
  mmu_pkg::segment_flags_t fetch_flags, data_flags;

  segment_table segments (
    .clk_i,
    .rst_ni,
    .load_i(segment_load),
    .load_index_i(control_index_i),
    .load_base_i(control_base_i),
    .load_limit_i(control_limit_i),
    .load_flags_i(control_flags_i),
    .a_i(fetch_i),
    .a_index_i(fetch_segment_i),
    .a_flat_o(fetch_flat),
    .a_base_o(fetch_base),
    .a_limit_o(fetch_limit),
    .a_flags_o(fetch_flags),
    .b_i(data_i),
    .b_index_i(data_segment_i),
    .b_flat_o(data_flat),
    .b_base_o(data_base),
    .b_limit_o(data_limit),
    .b_flags_o(data_flags)
  );

  segment_unit fetch_segment (
    .wide_i(context_now.wide),
    .part_i(fetch_i),
    .access_i(fetch_access_i),
    .offset_i(fetch_offset_i),
    .size_i(fetch_size_i),
    .flat_i(fetch_flat),
    .base_i(fetch_base),
    .limit_i(fetch_limit),
    .flags_i(fetch_flags),
    .linear_o(fetch_linear),
    .refused_o(fetch_refused)
  );

  segment_unit data_segment (
    .wide_i(context_now.wide),
    .part_i(data_i),
    .access_i(data_access_i),
    .offset_i(data_offset_i),
    .size_i(data_size_i),
    .flat_i(data_flat),
    .base_i(data_base),
    .limit_i(data_limit),
    .flags_i(data_flags),
    .linear_o(data_linear),
    .refused_o(data_refused)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Ports

  logic fetch_turn, fetch_grant, fetch_clean, fetch_instant, fetch_touch, fetch_busy, fetch_stays;
  logic data_turn, data_grant, data_clean, data_instant, data_touch, data_busy, data_stays;
  logic [63:0] fetch_wake, data_wake;
  mmu_pkg::access_t fetch_access, data_access;
  mmu_pkg::entry_t fetch_entry, data_entry;

  logic unit_busy, unit_done, unit_fill, unit_fill_second, unit_begin;
  mmu_pkg::path_e unit_path;
  mmu_pkg::fault_e unit_fault;
  logic [mmu_pkg::ErrorWidth-1:0] unit_error;
  mmu_pkg::entry_t unit_entry;
  logic [63:0] unit_va;

  logic skip_start;
  assign skip_start = start_i == '0;

  access_port fetch_port (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latency_i(itlb_latency_i),
    .context_i(context_now),
    .pkru_i(pkru),
    .hold_i(hold),
    .part_i(fetch_i),
    .part_va_i(fetch_linear),
    .part_access_i(fetch_access_i),
    .part_refused_i(fetch_refused),
    .accept_o(fetch_accept_o),
    .lookup_o(fetch_lookup_o),
    .va_o(fetch_va_o),
    .access_o(fetch_access),
    .hit_i(fetch_hit_o),
    .hit_entry_i(fetch_entry),
    .touch_o(fetch_touch),
    .turn_i(fetch_turn),
    .skip_start_i(skip_start),
    .second_level_i(SecondLevel),
    .pdpte_present_i(pdpte_present),
    .grant_o(fetch_grant),
    .clean_o(fetch_clean),
    .instant_o(fetch_instant),
    .served_i(unit_done & ~unit_data_o),
    .served_path_i(unit_path),
    .served_fault_i(unit_fault),
    .served_error_i(unit_error),
    .served_entry_i(unit_entry),
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
    .pkru_i(pkru),
    .hold_i(hold),
    .part_i(data_i),
    .part_va_i(data_linear),
    .part_access_i(data_access_i),
    .part_refused_i(data_refused),
    .accept_o(data_accept_o),
    .lookup_o(data_lookup_o),
    .va_o(data_va_o),
    .access_o(data_access),
    .hit_i(data_hit_o),
    .hit_entry_i(data_entry),
    .touch_o(data_touch),
    .turn_i(data_turn),
    .skip_start_i(skip_start),
    .second_level_i(SecondLevel),
    .pdpte_present_i(pdpte_present),
    .grant_o(data_grant),
    .clean_o(data_clean),
    .instant_o(data_instant),
    .served_i(unit_done & unit_data_o),
    .served_path_i(unit_path),
    .served_fault_i(unit_fault),
    .served_error_i(unit_error),
    .served_entry_i(unit_entry),
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
  // Drops: by a control operation, or by a page fault, whose page goes from all arrays. No reference is in flight when an
  // operation acts, so that its page and the fetch port's fault share one input.

  mmu_pkg::drop_e drop;
  logic [mmu_pkg::PcidWidth-1:0] drop_pcid;
  logic select, drop_fetch, drop_data, psc_drops;
  logic [1:0] itlb_drops, dtlb_drops, stlb_drops;
  logic [mmu_pkg::VpnWidth-1:0] drop_fetch_vpn, control_vpn;
  assign drop_fetch = fetch_answer_o & fetch_fault_o == mmu_pkg::FaultPage;
  assign drop_data = data_answer_o & data_fault_o == mmu_pkg::FaultPage;
  assign drop_fetch_vpn = drop_fetch ? fetch_va_o[56:12] : control_vpn;
  assign drop_o = {psc_drops, stlb_drops, dtlb_drops, itlb_drops};

  // -------------------------------------------------------------------------------------------------------------------
  // TLBs

  logic itlb_fill_large, dtlb_fill_large, itlb_evicts, dtlb_evicts;
  logic itlb_peek_valid, dtlb_peek_valid, stlb_peek_valid, psc_peek_valid;
  logic [15:0] itlb_fill_set, dtlb_fill_set;
  logic [7:0] itlb_fill_way, dtlb_fill_way;
  logic [mmu_pkg::VpnWidth-1:0] itlb_peek_vpn, dtlb_peek_vpn, stlb_peek_vpn, psc_peek_vpn;
  logic [mmu_pkg::PcidWidth-1:0] itlb_peek_pcid, dtlb_peek_pcid, stlb_peek_pcid, psc_peek_pcid;
  mmu_pkg::entry_t itlb_peek_entry, dtlb_peek_entry, stlb_peek_entry, psc_peek_entry;

  tlb #(
    .Sets(ItlbSets),
    .Ways(ItlbWays),
    .Policy(ItlbPolicy),
    .LargeSets(ItlbLargeSets),
    .LargeWays(ItlbLargeWays)
  ) itlb (
    .clk_i,
    .rst_ni,
    .context_i(context_now),
    .lookup_i(fetch_lookup_o),
    .lookup_vpn_i(fetch_va_o[56:12]),
    .hit_o(fetch_hit_o),
    .hit_large_o(fetch_hit_large_o),
    .hit_set_o(fetch_hit_set_o),
    .hit_way_o(fetch_hit_way_o),
    .hit_entry_o(fetch_entry),
    .touch_i(fetch_touch),
    .fill_i(unit_fill & ~unit_data_o),
    .fill_vpn_i(unit_va[56:12]),
    .fill_entry_i(unit_entry),
    .fill_large_o(itlb_fill_large),
    .fill_set_o(itlb_fill_set),
    .fill_way_o(itlb_fill_way),
    .fill_evicts_o(itlb_evicts),
    .drop_i(drop),
    .drop_pcid_i(drop_pcid),
    .select_i(select),
    .drop_a_i(drop_fetch),
    .drop_a_vpn_i(drop_fetch_vpn),
    .drop_b_i(drop_data),
    .drop_b_vpn_i(data_va_o[56:12]),
    .drops_o(itlb_drops),
    .dropped_o(dropped_itlb_o),
    .dropped_large_o(dropped_itlb_large_o),
    .peek_i(peek_i & peek_what_i[3:1] == 3'd0),
    .peek_large_i(peek_what_i[0]),
    .peek_index_i,
    .peek_valid_o(itlb_peek_valid),
    .peek_vpn_o(itlb_peek_vpn),
    .peek_pcid_o(itlb_peek_pcid),
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
    .context_i(context_now),
    .lookup_i(data_lookup_o),
    .lookup_vpn_i(data_va_o[56:12]),
    .hit_o(data_hit_o),
    .hit_large_o(data_hit_large_o),
    .hit_set_o(data_hit_set_o),
    .hit_way_o(data_hit_way_o),
    .hit_entry_o(data_entry),
    .touch_i(data_touch),
    .fill_i(unit_fill & unit_data_o),
    .fill_vpn_i(unit_va[56:12]),
    .fill_entry_i(unit_entry),
    .fill_large_o(dtlb_fill_large),
    .fill_set_o(dtlb_fill_set),
    .fill_way_o(dtlb_fill_way),
    .fill_evicts_o(dtlb_evicts),
    .drop_i(drop),
    .drop_pcid_i(drop_pcid),
    .select_i(select),
    .drop_a_i(drop_fetch),
    .drop_a_vpn_i(drop_fetch_vpn),
    .drop_b_i(drop_data),
    .drop_b_vpn_i(data_va_o[56:12]),
    .drops_o(dtlb_drops),
    .dropped_o(dropped_dtlb_o),
    .dropped_large_o(dropped_dtlb_large_o),
    .peek_i(peek_i & peek_what_i[3:1] == 3'd1),
    .peek_large_i(peek_what_i[0]),
    .peek_index_i,
    .peek_valid_o(dtlb_peek_valid),
    .peek_vpn_o(dtlb_peek_vpn),
    .peek_pcid_o(dtlb_peek_pcid),
    .peek_entry_o(dtlb_peek_entry)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // The second level: looked up and filled by the miss unit

  logic stlb_touch;
  mmu_pkg::entry_t stlb_entry;
  if (SecondLevel) begin : g_second
    logic stlb_fill_large, stlb_evicts;
    logic [15:0] stlb_fill_set;
    logic [7:0] stlb_fill_way;
    tlb #(
      .Sets(StlbSets),
      .Ways(StlbWays),
      .Policy(StlbPolicy),
      .LargeSets(StlbLargeSets),
      .LargeWays(StlbLargeWays)
    ) stlb (
      .clk_i,
      .rst_ni,
      .context_i(context_now),
      .lookup_i(stlb_lookup_o),
      .lookup_vpn_i(unit_va[56:12]),
      .hit_o(stlb_hit_o),
      .hit_large_o(stlb_hit_large_o),
      .hit_set_o(stlb_hit_set_o),
      .hit_way_o(stlb_hit_way_o),
      .hit_entry_o(stlb_entry),
      .touch_i(stlb_touch),
      .fill_i(unit_fill_second),
      .fill_vpn_i(unit_va[56:12]),
      .fill_entry_i(unit_entry),
      .fill_large_o(stlb_fill_large),
      .fill_set_o(stlb_fill_set),
      .fill_way_o(stlb_fill_way),
      .fill_evicts_o(stlb_evicts),
      .drop_i(drop),
      .drop_pcid_i(drop_pcid),
      .select_i(select),
      .drop_a_i(drop_fetch),
      .drop_a_vpn_i(drop_fetch_vpn),
      .drop_b_i(drop_data),
      .drop_b_vpn_i(data_va_o[56:12]),
      .drops_o(stlb_drops),
      .dropped_o(dropped_stlb_o),
      .dropped_large_o(dropped_stlb_large_o),
      .peek_i(peek_i & peek_what_i[3:1] == 3'd2),
      .peek_large_i(peek_what_i[0]),
      .peek_index_i,
      .peek_valid_o(stlb_peek_valid),
      .peek_vpn_o(stlb_peek_vpn),
      .peek_pcid_o(stlb_peek_pcid),
      .peek_entry_o(stlb_peek_entry)
    );
    assign fill_stlb_o = unit_fill_second;
    assign fill_stlb_large_o = stlb_fill_large;
    assign fill_stlb_set_o = stlb_fill_set;
    assign fill_stlb_way_o = stlb_fill_way;
    assign fill_stlb_evicts_o = stlb_evicts;
  end else begin : g_no_second
    assign stlb_hit_o = 1'b0;
    assign stlb_hit_large_o = 1'b0;
    assign stlb_hit_set_o = '0;
    assign stlb_hit_way_o = '0;
    assign stlb_entry = '0;
    assign stlb_drops = '0;
    assign dropped_stlb_o = '0;
    assign dropped_stlb_large_o = '0;
    assign stlb_peek_valid = 1'b0;
    assign stlb_peek_vpn = '0;
    assign stlb_peek_pcid = '0;
    assign stlb_peek_entry = '0;
    assign fill_stlb_o = 1'b0;
    assign fill_stlb_large_o = 1'b0;
    assign fill_stlb_set_o = '0;
    assign fill_stlb_way_o = '0;
    assign fill_stlb_evicts_o = 1'b0;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Walk caches

  logic skip_lookup, skip_hit;
  logic [mmu_pkg::VpnWidth-1:0] skip_vpn;
  logic [mmu_pkg::LevelWidth-1:0] skip_level;
  logic [51:12] skip_table;
  mmu_pkg::rights_t skip_rights;
  logic [5:2] passed;
  logic [4*40-1:0] passed_tables;
  logic [4*3-1:0] passed_rights;
  if (WalkCaches) begin : g_walk_caches
    mmu_pkg::rights_t psc_peek_rights;
    logic [mmu_pkg::FrameWidth-1:0] psc_peek_frame;
    walk_caches #(
      .Pde(PscPde),
      .Pdpte(PscPdpte),
      .Pml4e(PscPml4e),
      .Pml5e(PscPml5e),
      .Width(PscWidth)
    ) walk_caches (
      .clk_i,
      .rst_ni,
      .context_i(context_now),
      .lookup_i(skip_lookup),
      .lookup_vpn_i(skip_vpn),
      .hit_o(skip_hit),
      .level_o(skip_level),
      .table_o(skip_table),
      .rights_o(skip_rights),
      .looked_o(psc_looked_o),
      .hit_way_o(psc_hit_way_o),
      .fill_i(unit_fill_second),
      .fill_vpn_i(unit_va[56:12]),
      .fill_levels_i(passed),
      .fill_tables_i(passed_tables),
      .fill_rights_i(passed_rights),
      .filled_o(fill_psc_o),
      .fill_ways_o(fill_psc_ways_o),
      .fill_evicts_o(fill_psc_evicts_o),
      .drop_i(drop),
      .drop_pcid_i(drop_pcid),
      .drop_a_i(drop_fetch),
      .drop_a_vpn_i(drop_fetch_vpn),
      .drop_b_i(drop_data),
      .drop_b_vpn_i(data_va_o[56:12]),
      .drops_o(psc_drops),
      .dropped_o(dropped_psc_o),
      .peek_i(peek_i ? {peek_what_i == 4'd9, peek_what_i == 4'd8, peek_what_i == 4'd7, peek_what_i == 4'd6} : 4'd0),
      .peek_index_i,
      .peek_valid_o(psc_peek_valid),
      .peek_vpn_o(psc_peek_vpn),
      .peek_pcid_o(psc_peek_pcid),
      .peek_frame_o(psc_peek_frame),
      .peek_rights_o(psc_peek_rights)
    );
    assign fill_psc_tables_o = passed_tables;
    always_comb begin
      psc_peek_entry = '0;
      psc_peek_entry.frame = psc_peek_frame;
      psc_peek_entry.rights = psc_peek_rights;
    end
  end else begin : g_no_walk_caches
    assign skip_hit = 1'b0;
    assign skip_level = '0;
    assign skip_table = '0;
    assign skip_rights = '0;
    assign psc_looked_o = '0;
    assign psc_hit_way_o = '0;
    assign fill_psc_o = '0;
    assign fill_psc_ways_o = '0;
    assign fill_psc_tables_o = '0;
    assign fill_psc_evicts_o = '0;
    assign psc_drops = 1'b0;
    assign dropped_psc_o = '0;
    assign psc_peek_valid = 1'b0;
    assign psc_peek_vpn = '0;
    assign psc_peek_pcid = '0;
    assign psc_peek_entry = '0;
  end
  assign psc_hit_o = skip_hit;

  // -------------------------------------------------------------------------------------------------------------------
  // What was filled, what is where

  assign fill_o = unit_fill;
  assign fill_data_o = unit_data_o;
  assign fill_large_o = itlb_fill_large | dtlb_fill_large;
  assign fill_set_o = unit_data_o ? dtlb_fill_set : itlb_fill_set;
  assign fill_way_o = unit_data_o ? dtlb_fill_way : itlb_fill_way;
  assign fill_evicts_o = itlb_evicts | dtlb_evicts;
  assign fill_va_o = unit_va;
  assign fill_entry_o = unit_entry;
  assign quad_o = context_now.mode == mmu_pkg::Mode32Bit;

  assign peek_valid_o = itlb_peek_valid | dtlb_peek_valid | stlb_peek_valid | psc_peek_valid;
  always_comb begin
    unique case (peek_what_i[3:1])
      3'd0: begin
        peek_vpn_o = itlb_peek_vpn;
        peek_pcid_o = itlb_peek_pcid;
        peek_entry_o = itlb_peek_entry;
      end
      3'd1: begin
        peek_vpn_o = dtlb_peek_vpn;
        peek_pcid_o = dtlb_peek_pcid;
        peek_entry_o = dtlb_peek_entry;
      end
      3'd2: begin
        peek_vpn_o = stlb_peek_vpn;
        peek_pcid_o = stlb_peek_pcid;
        peek_entry_o = stlb_peek_entry;
      end
      default: begin
        peek_vpn_o = psc_peek_vpn;
        peek_pcid_o = psc_peek_pcid;
        peek_entry_o = psc_peek_entry;
      end
    endcase
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The miss unit goes to the port that missed first; a port can wait only while the other is served, so that two can ask
  // at once only when they missed in the same cycle: fetch first. A walk that faults on the spot leaves the turn.

  logic unit_stays, walk_mem, walk_cas, walk_wide;
  logic [mmu_pkg::LevelWidth-1:0] walk_level;
  logic [51:0] walk_pa;
  logic [63:0] unit_wake;
  logic [51:12] root;
  logic [4*40-1:0] pdpte_frames;
  logic [31:0] mem_latency;
  logic [32:0] mem_cycles;

  logic unit_ready;
  assign unit_ready = ~unit_busy | unit_done;
  assign fetch_turn = unit_ready;
  assign data_turn = unit_ready & ~fetch_grant;

  miss_unit #(
    .SecondLevel(SecondLevel),
    .AtOnce(AtOnce)
  ) miss_unit (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .lookup_cycles_i(stlb_latency_i),
    .start_i,
    .cycles_i(mem_cycles),
    .beyond_i,
    .context_i(context_now),
    .pkru_i(pkru),
    .root_i(root),
    .pdpte_present_i(pdpte_present),
    .pdpte_frames_i(pdpte_frames),
    .suppress_i(control_i),
    .grant_i(fetch_grant | data_grant),
    .grant_data_i(data_grant),
    .grant_clean_i(data_grant & data_clean),
    .grant_va_i(data_grant ? data_va_o : fetch_va_o),
    .grant_access_i(data_grant ? data_access : fetch_access),
    .busy_o(unit_busy),
    .data_o(unit_data_o),
    .va_o(unit_va),
    .begin_o(unit_begin),
    .lookup_o(stlb_lookup_o),
    .hit_i(stlb_hit_o),
    .hit_entry_i(stlb_entry),
    .touch_o(stlb_touch),
    .skip_lookup_o(skip_lookup),
    .skip_vpn_o(skip_vpn),
    .skip_hit_i(skip_hit),
    .skip_level_i(skip_level),
    .skip_table_i(skip_table),
    .skip_rights_i(skip_rights),
    .passed_o(passed),
    .passed_tables_o(passed_tables),
    .passed_rights_o(passed_rights),
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
    .done_o(unit_done),
    .path_o(unit_path),
    .fault_o(unit_fault),
    .error_o(unit_error),
    .entry_o(unit_entry),
    .fill_o(unit_fill),
    .fill_second_o(unit_fill_second),
    .stays_o(unit_stays),
    .wake_o(unit_wake)
  );

  assign psc_data_o = fetch_grant | data_grant ? data_grant : unit_data_o;
  assign fetch_begin_o = fetch_instant | (unit_begin & ~unit_data_o);
  assign data_begin_o = data_instant | (unit_begin & unit_data_o);

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
    .invpcid_cycles_i,
    .segment_cycles_i,
    .load_cycles_i(mem_cycles),
    .beyond_i,
    .valid_i(control_i),
    .op_i(control_op_i),
    .user_i(control_user_i),
    .value_i(control_value_i),
    .type_i(control_type_i),
    .pcid_i(control_pcid_i),
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
    .pkru_o(pkru),
    .root_o(root),
    .pdpte_present_o(pdpte_present),
    .pdpte_frames_o(pdpte_frames),
    .segment_load_o(segment_load),
    .drop_o(drop),
    .drop_pcid_o(drop_pcid),
    .select_o(select),
    .drop_vpn_o(control_vpn),
    .stays_o(control_stays),
    .wake_o(control_wake),
    .peek_i(peek_i & &peek_what_i),
    .peek_index_i(peek_index_i[3:0]),
    .peek_value_o
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Memory: an operation works only while no reference is in flight, so that the two never ask together

  assign mem_valid_o = walk_mem | control_load;
  assign mem_command_o = control_load ? mmu_pkg::MemPdptes : walk_cas ? mmu_pkg::MemCas : mmu_pkg::MemRead;
  assign mem_data_o = unit_data_o;
  assign mem_level_o = control_load ? 3'd3 : walk_level;
  assign mem_wide_o = control_load | walk_wide;
  assign mem_pa_o = control_load ? control_pa : walk_pa;

  // What serves a command, or a part's data, says what it costs.
  assign served_data_o = DataLookups & data_answer_o & data_fault_o == mmu_pkg::FaultNone;
  if (TimingCaches) begin : g_timing_caches
    logic [1:0] walk_served, data_served;
    timing_caches #(
      .L1dSets(L1dSets),
      .L1dWays(L1dWays),
      .L2Sets(L2Sets),
      .L2Ways(L2Ways),
      .L3Sets(L3Sets),
      .L3Ways(L3Ways),
      .Entry(CacheEntry),
      .Walkers(1)
    ) caches (
      .clk_i,
      .rst_ni,
      .walk_i(mem_valid_o),
      .walk_line_i(mem_pa_o[51:6]),
      .walk_cas_i(walk_cas),
      .walk_swapped_i(early_swapped_i),
      .walk_served_o(walk_served),
      .data_i(served_data_o),
      .data_write_i(data_access.kind == mmu_pkg::AccessWrite),
      .data_line_i(data_pa_o[51:6]),
      .data_served_o(data_served),
      .writeback_o,
      .writeback_line_o
    );
    assign mem_served_o = mmu_pkg::served_e'(walk_served);
    // Where a command can take one cycle the data of that cycle come after it in the same caches. A simulator would see a
    // loop there: the memory, which replies in the cycle, brings the answer back.
    mmu_pkg::served_e server;
    assign server = AtOnce ? early_served_i : mem_served_o;
    assign served_level_o = mmu_pkg::served_e'(data_served);
    always_comb begin
      mem_latency = '0;
      if (mem_valid_o) begin
        unique case (server)
          mmu_pkg::ServedL1d: mem_latency = l1d_latency_i;
          mmu_pkg::ServedL2:  mem_latency = l2_latency_i;
          mmu_pkg::ServedL3:  mem_latency = l3_latency_i;
          default:            mem_latency = dram_latency_i;
        endcase
      end
    end
  end else begin : g_memory_only
    assign mem_served_o = mmu_pkg::ServedDram;
    assign served_level_o = mmu_pkg::ServedL1d;
    assign writeback_o = '0;
    assign writeback_line_o = '0;
    assign mem_latency = dram_latency_i;
  end
  assign mem_cycles = 33'(mem_latency) + (walk_cas ? 33'(cas_cycles_i) : 33'(step_cycles_i));

  // -------------------------------------------------------------------------------------------------------------------
  // The earliest cycle in which anything but waiting can happen

  logic [63:0] port_wake, work_wake;
  always_comb begin
    port_wake = '1;
    work_wake = '1;
    if (fetch_stays | data_stays | control_stays) begin
      port_wake = fetch_wake < data_wake ? fetch_wake : data_wake;
      work_wake = control_wake;
      if (unit_stays && unit_wake < work_wake) work_wake = unit_wake;
    end
    wake_o = port_wake < work_wake ? port_wake : work_wake;
  end

endmodule
