// SPDX-License-Identifier: MIT
// The MMU with its inputs registered: what is presented before a clock edge is the cycle that begins with it, and the
// outputs of that cycle stand after the edge. Nothing but these registers hangs off an input, so that a simulator has
// no work between edges. Latencies and MAXPHYADDR are straps, read while reset is on.
//
//   before the edge      edge      after it
//   step, now, parts ──► ▲ ──► the lookup, the answer, a memory command ──► reply presented ──► next edge takes it
//
// A reply is needed one cycle after its command at the earliest, but for machines whose memory answers in the cycle
// asked (latency + step = 1): those are built with Bypass, and the reply reaches the walker in the same cycle.

module mmu_top #(
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
  parameter int unsigned CacheEntry = 0,
  parameter bit          DataTimed = 1'b0,
  parameter bit          Bypass = 1'b0,
  parameter int unsigned ItlbEntries = ItlbSets * ItlbWays,
  parameter int unsigned ItlbLargeEntries = ItlbLargeSets == 0 ? 1 : ItlbLargeSets * ItlbLargeWays,
  parameter int unsigned DtlbEntries = DtlbSets * DtlbWays,
  parameter int unsigned DtlbLargeEntries = DtlbLargeSets == 0 ? 1 : DtlbLargeSets * DtlbLargeWays,
  parameter int unsigned StlbEntries = StlbSets == 0 ? 1 : StlbSets * StlbWays,
  parameter int unsigned StlbLargeEntries = StlbSets == 0 || StlbLargeSets == 0 ? 1 : StlbLargeSets * StlbLargeWays,
  parameter int unsigned PscLow = PscPde > PscPdpte ? PscPde : PscPdpte,
  parameter int unsigned PscHigh = PscPml4e > PscPml5e ? PscPml4e : PscPml5e,
  parameter int unsigned PscWidth = PscLow + PscHigh == 0 ? 1 : PscLow > PscHigh ? PscLow : PscHigh
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,

  // straps
  input  logic [31:0]                    itlb_latency_i,
  input  logic [31:0]                    dtlb_latency_i,
  input  logic [31:0]                    stlb_latency_i,
  input  logic [31:0]                    l1d_latency_i,
  input  logic [31:0]                    l2_latency_i,
  input  logic [31:0]                    l3_latency_i,
  input  logic [31:0]                    dram_latency_i,
  input  logic [31:0]                    walk_start_i,
  input  logic [31:0]                    walk_step_i,
  input  logic [31:0]                    walk_cas_i,
  input  logic [31:0]                    op_cr_i,
  input  logic [31:0]                    op_invlpg_i,
  input  logic [31:0]                    op_invpcid_i,
  input  logic [31:0]                    op_segment_i,
  input  logic [5:0]                     maxphyaddr_i,

  // time
  input  logic                           step_i,   // a cycle begins with the next edge; without it the edge only settles
  input  logic [63:0]                    now_i,
  output logic [63:0]                    next_o,

  // references; flags: user, AC, implicit
  input  logic                           fetch_i,
  input  logic [63:0]                    fetch_va_i,
  input  logic [2:0]                     fetch_flags_i,
  input  logic [12:0]                    fetch_size_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] fetch_segment_i,
  output logic                           fetch_accept_o,
  output logic                           fetch_answer_o,
  output logic [1:0]                     fetch_path_o,
  output logic [1:0]                     fetch_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] fetch_error_o,
  output logic [51:0]                    fetch_pa_o,
  output logic [63:0]                    fetch_va_o,
  output logic                           fetch_begin_o,
  output logic                           fetch_lookup_o,
  output logic                           fetch_hit_o,
  output logic                           fetch_hit_large_o,
  output logic [15:0]                    fetch_hit_set_o,
  output logic [7:0]                     fetch_hit_way_o,

  input  logic                           data_i,
  input  logic                           data_write_i,
  input  logic [63:0]                    data_va_i,
  input  logic [2:0]                     data_flags_i,
  input  logic [12:0]                    data_size_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] data_segment_i,
  output logic                           data_accept_o,
  output logic                           data_answer_o,
  output logic [1:0]                     data_path_o,
  output logic [1:0]                     data_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] data_error_o,
  output logic [51:0]                    data_pa_o,
  output logic [63:0]                    data_va_o,
  output logic                           data_begin_o,
  output logic                           data_lookup_o,
  output logic                           data_hit_o,
  output logic                           data_hit_large_o,
  output logic [15:0]                    data_hit_set_o,
  output logic [7:0]                     data_hit_way_o,

  // control
  input  logic                           control_i,
  input  logic [2:0]                     control_op_i,
  input  logic                           control_user_i,
  input  logic [63:0]                    control_value_i,
  input  logic [63:0]                    control_type_i,
  input  logic [63:0]                    control_pcid_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] control_index_i,
  input  logic [63:0]                    control_base_i,
  input  logic [63:0]                    control_limit_i,
  input  logic [3:0]                     control_flags_i,  // present, writable, expand-down, privilege 3
  output logic                           control_done_o,
  output logic                           control_refused_o,

  // memory
  output logic                           mem_valid_o,
  output logic [1:0]                     mem_command_o,
  output logic                           mem_data_o,
  output logic [mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic                           mem_wide_o,
  output logic [51:0]                    mem_pa_o,
  output logic [63:0]                    mem_expected_o,
  output logic [63:0]                    mem_desired_o,
  output logic [1:0]                     mem_served_o,
  input  logic                           reply_i,      // the reply to the command of this cycle stands here
  input  logic [63:0]                    reply_data_i, // the entry, or the first PDPTE
  input  logic [63:0]                    reply_data1_i,
  input  logic [63:0]                    reply_data2_i,
  input  logic [63:0]                    reply_data3_i,
  input  logic                           reply_swapped_i,
  input  logic [1:0]                     reply_served_i, // mem_served_o: needed where a reply is used in its cycle
  input  logic                           reply_error_i,

  // events
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
  output logic [1:0]                     served_level_o,
  output logic [5:0]                     writeback_o,
  output logic [6*46-1:0]                writeback_line_o,
  output logic                           fill_o,
  output logic                           fill_data_o,
  output logic                           fill_large_o,
  output logic [15:0]                    fill_set_o,
  output logic [7:0]                     fill_way_o,
  output logic                           fill_evicts_o,
  output logic [63:0]                    fill_va_o,
  output logic [1:0]                     fill_level_o,
  output logic [mmu_pkg::FrameWidth-1:0] fill_frame_o,
  output logic                           fill_stlb_o,     // the same into the second level
  output logic                           fill_stlb_large_o,
  output logic [15:0]                    fill_stlb_set_o,
  output logic [7:0]                     fill_stlb_way_o,
  output logic                           fill_stlb_evicts_o,
  output logic [5:2]                     fill_psc_o,      // and the walk caches
  output logic [4*8-1:0]                 fill_psc_ways_o,
  output logic [5:2]                     fill_psc_evicts_o,
  output logic [4*40-1:0]                fill_psc_tables_o,
  output logic                           quad_o,       // pages of level 2 have 4 MiB, not 2
  output logic [6:0]                     drop_o,       // entries may go from: walk caches, then large and main array of
                                                       // second level, DTLB, ITLB; which shows after the next edge
  output logic [ItlbEntries-1:0]         dropped_itlb_o,
  output logic [ItlbLargeEntries-1:0]    dropped_itlb_large_o,
  output logic [DtlbEntries-1:0]         dropped_dtlb_o,
  output logic [DtlbLargeEntries-1:0]    dropped_dtlb_large_o,
  output logic [StlbEntries-1:0]         dropped_stlb_o,
  output logic [StlbLargeEntries-1:0]    dropped_stlb_large_o,
  output logic [4*PscWidth-1:0]          dropped_psc_o,

  // debug
  input  logic                           peek_i,
  input  logic [3:0]                     peek_what_i,
  input  logic [15:0]                    peek_index_i,
  output logic                           peek_valid_o,
  output logic [mmu_pkg::VpnWidth-1:0]   peek_vpn_o,
  output logic [mmu_pkg::FrameWidth-1:0] peek_frame_o,
  output logic [1:0]                     peek_level_o,
  output logic [mmu_pkg::PcidWidth-1:0]  peek_pcid_o,
  output logic [3:0]                     peek_key_o,
  output logic [4:0]                     peek_flags_o,  // global, dirty, no-execute, user, writable
  output logic [63:0]                    peek_value_o
);

  // -------------------------------------------------------------------------------------------------------------------
  // Straps

  logic [31:0] itlb_latency_q, dtlb_latency_q, stlb_latency_q, l1d_latency_q, l2_latency_q, l3_latency_q, dram_latency_q;
  logic [31:0] walk_start_q, walk_step_q, walk_cas_q, op_cr_q, op_invlpg_q, op_invpcid_q, op_segment_q;
  logic [51:0] beyond_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      itlb_latency_q <= itlb_latency_i;
      dtlb_latency_q <= dtlb_latency_i;
      stlb_latency_q <= stlb_latency_i;
      l1d_latency_q <= l1d_latency_i;
      l2_latency_q <= l2_latency_i;
      l3_latency_q <= l3_latency_i;
      dram_latency_q <= dram_latency_i;
      walk_start_q <= walk_start_i;
      walk_step_q <= walk_step_i;
      walk_cas_q <= walk_cas_i;
      op_cr_q <= op_cr_i;
      op_invlpg_q <= op_invlpg_i;
      op_invpcid_q <= op_invpcid_i;
      op_segment_q <= op_segment_i;
      beyond_q <= '1 << maxphyaddr_i;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The cycle's inputs

  logic step_q, fetch_q, data_q, control_q, control_user_q, peek_q;
  logic [63:0] now_q, fetch_va_q, data_va_q, control_value_q;
  logic [12:0] fetch_size_q, data_size_q;
  logic [mmu_pkg::SegmentWidth-1:0] fetch_segment_q, data_segment_q, control_index_q;
  logic [63:0] control_type_q, control_pcid_q, control_base_q, control_limit_q;
  mmu_pkg::segment_flags_t control_flags_q;
  mmu_pkg::access_t fetch_access_q, data_access_q;
  mmu_pkg::op_e control_op_q;
  logic [3:0] peek_what_q;
  logic [15:0] peek_index_q;

  always_ff @(posedge clk_i) begin
    step_q <= step_i & rst_ni;
    now_q <= now_i;
    fetch_q <= step_i & fetch_i;
    data_q <= step_i & data_i;
    control_q <= step_i & control_i;
    peek_q <= peek_i;
    if (fetch_i) begin
      fetch_va_q <= fetch_va_i;
      fetch_size_q <= fetch_size_i;
      fetch_segment_q <= fetch_segment_i;
      fetch_access_q.kind <= mmu_pkg::AccessFetch;
      {fetch_access_q.implicit, fetch_access_q.ac, fetch_access_q.user} <= fetch_flags_i;
    end
    if (data_i) begin
      data_va_q <= data_va_i;
      data_size_q <= data_size_i;
      data_segment_q <= data_segment_i;
      data_access_q.kind <= data_write_i ? mmu_pkg::AccessWrite : mmu_pkg::AccessRead;
      {data_access_q.implicit, data_access_q.ac, data_access_q.user} <= data_flags_i;
    end
    if (control_i) begin
      control_op_q <= mmu_pkg::op_e'(control_op_i);
      control_user_q <= control_user_i;
      control_value_q <= control_value_i;
      control_type_q <= control_type_i;
      control_pcid_q <= control_pcid_i;
      control_index_q <= control_index_i;
      control_base_q <= control_base_i;
      control_limit_q <= control_limit_i;
      control_flags_q <= control_flags_i;
    end
    if (peek_i) begin
      peek_what_q <= peek_what_i;
      peek_index_q <= peek_index_i;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The reply

  logic [63:0] reply_data_q, reply_data1_q, reply_data2_q, reply_data3_q, reply_data;
  logic reply_swapped_q, reply_error_q, reply_swapped, reply_error;
  always_ff @(posedge clk_i) begin
    if (reply_i) begin
      reply_data_q <= reply_data_i;
      reply_data1_q <= reply_data1_i;
      reply_data2_q <= reply_data2_i;
      reply_data3_q <= reply_data3_i;
      reply_swapped_q <= reply_swapped_i;
      reply_error_q <= reply_error_i;
    end
  end

  if (Bypass) begin : g_bypass
    assign reply_data = mem_valid_o ? reply_data_i : reply_data_q;
    assign reply_swapped = mem_valid_o ? reply_swapped_i : reply_swapped_q;
    assign reply_error = mem_valid_o ? reply_error_i : reply_error_q;
  end else begin : g_registered
    assign reply_data = reply_data_q;
    assign reply_swapped = reply_swapped_q;
    assign reply_error = reply_error_q;
  end

  // -------------------------------------------------------------------------------------------------------------------
  mmu_pkg::entry_t fill_entry, peek_entry;
  mmu_pkg::path_e fetch_path, data_path;
  mmu_pkg::fault_e fetch_fault, data_fault;
  mmu_pkg::mem_e mem_command;
  mmu_pkg::served_e mem_served, served_level;
  assign fetch_path_o = fetch_path;
  assign data_path_o = data_path;
  assign fetch_fault_o = fetch_fault;
  assign data_fault_o = data_fault;
  assign mem_command_o = mem_command;
  assign mem_served_o = mem_served;
  assign served_level_o = served_level;
  assign fill_level_o = fill_entry.level;
  assign fill_frame_o = fill_entry.frame;
  assign peek_frame_o = peek_entry.frame;
  assign peek_level_o = peek_entry.level;
  assign peek_key_o = peek_entry.key;
  assign peek_flags_o = {peek_entry.is_global, peek_entry.dirty, peek_entry.rights.no_execute, peek_entry.rights.user,
                         peek_entry.rights.writable};

  mmu #(
    .ItlbSets(ItlbSets),
    .ItlbWays(ItlbWays),
    .ItlbPolicy(ItlbPolicy),
    .ItlbLargeSets(ItlbLargeSets),
    .ItlbLargeWays(ItlbLargeWays),
    .DtlbSets(DtlbSets),
    .DtlbWays(DtlbWays),
    .DtlbPolicy(DtlbPolicy),
    .DtlbLargeSets(DtlbLargeSets),
    .DtlbLargeWays(DtlbLargeWays),
    .StlbSets(StlbSets),
    .StlbWays(StlbWays),
    .StlbPolicy(StlbPolicy),
    .StlbLargeSets(StlbLargeSets),
    .StlbLargeWays(StlbLargeWays),
    .PscPde(PscPde),
    .PscPdpte(PscPdpte),
    .PscPml4e(PscPml4e),
    .PscPml5e(PscPml5e),
    .L1dSets(L1dSets),
    .L1dWays(L1dWays),
    .L2Sets(L2Sets),
    .L2Ways(L2Ways),
    .L3Sets(L3Sets),
    .L3Ways(L3Ways),
    .CacheEntry(CacheEntry),
    .DataTimed(DataTimed),
    .AtOnce(Bypass),
    .PscWidth(PscWidth)
  ) mmu (
    .clk_i,
    .rst_ni,
    .step_i(step_q),
    .now_i(now_q),
    .wake_o(next_o),
    .itlb_latency_i(itlb_latency_q),
    .dtlb_latency_i(dtlb_latency_q),
    .stlb_latency_i(stlb_latency_q),
    .start_i(walk_start_q),
    .step_cycles_i(walk_step_q),
    .cas_cycles_i(walk_cas_q),
    .l1d_latency_i(l1d_latency_q),
    .l2_latency_i(l2_latency_q),
    .l3_latency_i(l3_latency_q),
    .dram_latency_i(dram_latency_q),
    .cr_cycles_i(op_cr_q),
    .invlpg_cycles_i(op_invlpg_q),
    .invpcid_cycles_i(op_invpcid_q),
    .segment_cycles_i(op_segment_q),
    .beyond_i(beyond_q),
    .fetch_i(fetch_q),
    .fetch_offset_i(fetch_va_q),
    .fetch_size_i(fetch_size_q),
    .fetch_segment_i(fetch_segment_q),
    .fetch_access_i(fetch_access_q),
    .fetch_accept_o,
    .fetch_answer_o,
    .fetch_path_o(fetch_path),
    .fetch_fault_o(fetch_fault),
    .fetch_error_o,
    .fetch_pa_o,
    .fetch_va_o,
    .fetch_begin_o,
    .fetch_lookup_o,
    .fetch_hit_o,
    .fetch_hit_large_o,
    .fetch_hit_set_o,
    .fetch_hit_way_o,
    .data_i(data_q),
    .data_offset_i(data_va_q),
    .data_size_i(data_size_q),
    .data_segment_i(data_segment_q),
    .data_access_i(data_access_q),
    .data_accept_o,
    .data_answer_o,
    .data_path_o(data_path),
    .data_fault_o(data_fault),
    .data_error_o,
    .data_pa_o,
    .data_va_o,
    .data_begin_o,
    .data_lookup_o,
    .data_hit_o,
    .data_hit_large_o,
    .data_hit_set_o,
    .data_hit_way_o,
    .control_i(control_q),
    .control_op_i(control_op_q),
    .control_user_i(control_user_q),
    .control_value_i(control_value_q),
    .control_type_i(control_type_q),
    .control_pcid_i(control_pcid_q),
    .control_index_i(control_index_q),
    .control_base_i(control_base_q),
    .control_limit_i(control_limit_q),
    .control_flags_i(control_flags_q),
    .control_done_o,
    .control_refused_o,
    .mem_valid_o,
    .mem_command_o(mem_command),
    .mem_data_o,
    .mem_level_o,
    .mem_wide_o,
    .mem_pa_o,
    .mem_expected_o,
    .mem_desired_o,
    .mem_served_o(mem_served),
    .reply_data_i(reply_data),
    .reply_data1_i(reply_data1_q),
    .reply_data2_i(reply_data2_q),
    .reply_data3_i(reply_data3_q),
    .reply_swapped_i(reply_swapped),
    .reply_error_i(reply_error),
    .early_swapped_i(reply_swapped_i),
    .early_served_i(mmu_pkg::served_e'(reply_served_i)),
    .unit_data_o,
    .stlb_lookup_o,
    .stlb_hit_o,
    .stlb_hit_large_o,
    .stlb_hit_set_o,
    .stlb_hit_way_o,
    .psc_looked_o,
    .psc_hit_o,
    .psc_hit_way_o,
    .psc_data_o,
    .served_data_o,
    .served_level_o(served_level),
    .writeback_o,
    .writeback_line_o,
    .fill_o,
    .fill_data_o,
    .fill_large_o,
    .fill_set_o,
    .fill_way_o,
    .fill_evicts_o,
    .fill_va_o,
    .fill_entry_o(fill_entry),
    .fill_stlb_o,
    .fill_stlb_large_o,
    .fill_stlb_set_o,
    .fill_stlb_way_o,
    .fill_stlb_evicts_o,
    .fill_psc_o,
    .fill_psc_ways_o,
    .fill_psc_evicts_o,
    .fill_psc_tables_o,
    .quad_o,
    .drop_o,
    .dropped_itlb_o,
    .dropped_itlb_large_o,
    .dropped_dtlb_o,
    .dropped_dtlb_large_o,
    .dropped_stlb_o,
    .dropped_stlb_large_o,
    .dropped_psc_o,
    .peek_i(peek_q),
    .peek_what_i(peek_what_q),
    .peek_index_i(peek_index_q),
    .peek_valid_o,
    .peek_vpn_o,
    .peek_pcid_o,
    .peek_entry_o(peek_entry),
    .peek_value_o
  );

endmodule
