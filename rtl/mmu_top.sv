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
  parameter int unsigned DramBanks = 0,
  parameter bit          DataTimed = 1'b0,
  parameter bit          Bypass = 1'b0,
  parameter int unsigned Walkers = 1,
  parameter int unsigned Prefetch = mmu_pkg::PrefetchNone,
  parameter int unsigned Slots = Walkers + 32'(Prefetch == mmu_pkg::PrefetchNextPage),
  parameter int unsigned ItlbEntries = ItlbSets * ItlbWays,
  parameter int unsigned ItlbLargeEntries = ItlbLargeSets == 0 ? 1 : ItlbLargeSets * ItlbLargeWays,
  parameter int unsigned DtlbEntries = DtlbSets * DtlbWays,
  parameter int unsigned DtlbLargeEntries = DtlbLargeSets == 0 ? 1 : DtlbLargeSets * DtlbLargeWays,
  parameter int unsigned StlbEntries = StlbSets == 0 ? 1 : StlbSets * StlbWays,
  parameter int unsigned StlbLargeEntries = StlbSets == 0 || StlbLargeSets == 0 ? 1 : StlbLargeSets * StlbLargeWays,
  parameter int unsigned PscLow = PscPde > PscPdpte ? PscPde : PscPdpte,
  parameter int unsigned PscHigh = PscPml4e > PscPml5e ? PscPml4e : PscPml5e,
  parameter int unsigned PscWidth = PscLow + PscHigh == 0 ? 1 : PscLow > PscHigh ? PscLow : PscHigh,
  parameter int unsigned Writebacks = 3 * (Slots + 1)
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
  input  logic [31:0]                    dram_row_hit_i,
  input  logic [31:0]                    dram_row_conflict_i,
  input  logic [5:0]                     dram_bank_mask_i,
  input  logic [3:0]                     dram_row_shift_i,
  input  logic [31:0]                    walk_start_i,
  input  logic [31:0]                    walk_step_i,
  input  logic [31:0]                    walk_cas_i,
  input  logic [31:0]                    op_cr_i,
  input  logic [31:0]                    op_invlpg_i,
  input  logic [31:0]                    op_invpcid_i,
  input  logic [31:0]                    op_segment_i,
  input  logic [5:0]                     maxphyaddr_i,
  input  logic                           pcid_i,    // the machine has PCIDs
  input  logic                           global_i,  // and global pages

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
  output mmu_pkg::path_e                 fetch_path_o,
  output mmu_pkg::fault_e                fetch_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] fetch_error_o,
  output logic [51:0]                    fetch_pa_o,
  output logic [63:0]                    fetch_va_o,
  output logic                           fetch_begin_o,
  output logic                           fetch_lookup_o,
  output mmu_pkg::found_t                fetch_found_o,

  input  logic                           data_i,
  input  logic                           data_write_i,
  input  logic [63:0]                    data_va_i,
  input  logic [2:0]                     data_flags_i,
  input  logic [12:0]                    data_size_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] data_segment_i,
  output logic                           data_accept_o,
  output logic                           data_answer_o,
  output mmu_pkg::path_e                 data_path_o,
  output mmu_pkg::fault_e                data_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] data_error_o,
  output logic [51:0]                    data_pa_o,
  output logic [63:0]                    data_va_o,
  output logic                           data_begin_o,
  output logic                           data_lookup_o,
  output mmu_pkg::found_t                data_found_o,

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

  // memory; [Slots-1:0]: by miss unit, and with a next-page prefetcher one more, a control operation's. [Walkers-1:0]: by
  // miss unit. With two the fetch's is 0 and comes first.
  output logic [Slots-1:0]               mem_valid_o,
  output mmu_pkg::mem_e [Slots-1:0]      mem_command_o,
  output logic [Slots-1:0]               mem_data_o,
  output logic [Slots-1:0][mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic [Slots-1:0]               mem_wide_o,
  output logic [Slots-1:0][51:0]         mem_pa_o,
  output logic [Slots-1:0][63:0]         mem_expected_o,
  output logic [Slots-1:0][63:0]         mem_desired_o,
  output mmu_pkg::served_e [Slots-1:0]   mem_served_o,
  output logic [Slots-1:0][mmu_pkg::EpochWidth-1:0] mem_epoch_o,
  output mmu_pkg::row_e [Slots-1:0]      mem_row_o,
  input  logic                           reply_i[Slots],        // the reply to the command of this cycle stands here
  input  logic [mmu_pkg::EpochWidth-1:0] reply_epoch_i[Slots],  // mem_epoch_o of that command
  input  logic [63:0]                    reply_data_i[Slots],   // the entry, or the first PDPTE
  input  logic [63:0]                    reply_near_i[Slots],     // of a PTE, with an adjacent-entry prefetcher: the other
                                                                   // half of its pair
  input  logic [63:0]                    reply_data1_i,
  input  logic [63:0]                    reply_data2_i,
  input  logic [63:0]                    reply_data3_i,
  input  logic                           reply_swapped_i[Slots],
  input  logic [1:0]                     reply_served_i[Slots], // mem_served_o: for a reply that is used in its cycle
  input  logic [1:0]                     reply_row_i[Slots],    // mem_row_o, the same
  input  logic                           reply_error_i[Slots],

  // events; which entries hit shows only with events_i
  input  logic                           events_i,
  output logic [Walkers-1:0]             stlb_lookup_o,
  output mmu_pkg::found_t [Walkers-1:0]  stlb_found_o,
  output logic [Walkers-1:0][5:2]        psc_looked_o,     // levels that count the lookup
  output logic [Walkers-1:0]             psc_hit_o,        // in the last of them
  output logic [Walkers-1:0][7:0]        psc_hit_way_o,
  output logic [Walkers-1:0]             psc_data_o,       // for the data port
  output logic                           served_data_o,
  output mmu_pkg::served_e               served_level_o,
  output mmu_pkg::row_e                  served_row_o,
  output logic [Writebacks-1:0]          writeback_o,
  output logic [Writebacks*46-1:0]       writeback_line_o,
  output mmu_pkg::filled_t               fetch_filled_o,
  output mmu_pkg::filled_t               data_filled_o,
  output mmu_pkg::filled_t [Walkers-1:0] stlb_filled_o,
  output logic [Walkers-1:0][5:2]        psc_filled_o,
  output logic [Walkers-1:0][4*8-1:0]    psc_fill_ways_o,
  output logic [Walkers-1:0][5:2]        psc_fill_evicts_o,
  output logic [Walkers-1:0][4*40-1:0]   psc_fill_tables_o,
  output mmu_pkg::prefetched_t [Walkers-1:0] prefetched_o, // what the unit's prefetcher does
  output logic [Walkers-1:0][63:0]       prefetch_va_o,
  output mmu_pkg::entry_t [Walkers-1:0]  prefetch_entry_o,
  output logic [Walkers-1:0]             unit_data_o,      // the miss unit serves the data port
  output logic [Walkers-1:0]             unit_merged_o,    // with the other unit's walk
  output logic [Walkers-1:0][63:0]       unit_va_o,        // what is filled
  output mmu_pkg::entry_t [Walkers-1:0]  unit_entry_o,
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

  // debug: two ticks of debug_clk_i show an entry, a counter or a register, as it stands after the last edge of clk_i
  input  logic                           debug_clk_i,
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
  output logic [63:0]                    peek_value_o,

  // debug: a translation that touches nothing. A part is presented with probe_i, and step_i low, for one edge of clk_i;
  // then debug_clk_i ticks, first with probe_start_i, until done. Reads are answered before the next tick. See probe.
  input  logic                           probe_i,
  input  logic                           probe_start_i,
  output logic                           probe_read_o,
  output logic                           probe_wide_o,
  output logic [51:0]                    probe_read_pa_o,
  input  logic [63:0]                    probe_reply_i,
  input  logic                           probe_error_i,
  output logic                           probe_done_o,
  output mmu_pkg::path_e                 probe_path_o,
  output mmu_pkg::fault_e                probe_fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] probe_error_o,
  output logic [51:0]                    probe_pa_o,
  output logic [63:0]                    probe_va_o,
  output logic [2:0]                     probe_reads_o
);

  localparam int unsigned LoadSlot = Slots > Walkers ? Walkers : 0;  // see mmu

  // -------------------------------------------------------------------------------------------------------------------
  // Straps

  mmu_pkg::latencies_t latencies_q;
  mmu_pkg::dram_t dram_q;
  logic [51:0] beyond_q;
  logic pcid_q, global_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      latencies_q.itlb <= itlb_latency_i;
      latencies_q.dtlb <= dtlb_latency_i;
      latencies_q.stlb <= stlb_latency_i;
      latencies_q.start <= walk_start_i;
      latencies_q.step <= walk_step_i;
      latencies_q.cas <= walk_cas_i;
      latencies_q.l1d <= l1d_latency_i;
      latencies_q.l2 <= l2_latency_i;
      latencies_q.l3 <= l3_latency_i;
      latencies_q.dram <= dram_latency_i;
      latencies_q.row_hit <= dram_row_hit_i;
      latencies_q.row_conflict <= dram_row_conflict_i;
      dram_q.bank_mask <= dram_bank_mask_i;
      dram_q.row_shift <= dram_row_shift_i;
      latencies_q.cr <= op_cr_i;
      latencies_q.invlpg <= op_invlpg_i;
      latencies_q.invpcid <= op_invpcid_i;
      latencies_q.segment <= op_segment_i;
      beyond_q <= '1 << maxphyaddr_i;
      pcid_q <= pcid_i;
      global_q <= global_i;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The cycle's inputs

  logic step_q, events_q, fetch_q, data_q, control_q, control_user_q, probe_fetch_q, probe_data_q;
  logic [63:0] now_q, fetch_va_q, data_va_q, control_value_q;
  logic [12:0] fetch_size_q, data_size_q;
  logic [mmu_pkg::SegmentWidth-1:0] fetch_segment_q, data_segment_q, control_index_q;
  logic [63:0] control_type_q, control_pcid_q, control_base_q, control_limit_q;
  mmu_pkg::segment_flags_t control_flags_q;
  mmu_pkg::access_t fetch_access_q, data_access_q;
  mmu_pkg::op_e control_op_q;

  always_ff @(posedge clk_i) begin
    step_q <= step_i & rst_ni;
    now_q <= now_i;
    events_q <= events_i;
    fetch_q <= step_i & fetch_i;
    data_q <= step_i & data_i;
    control_q <= step_i & control_i;
    probe_fetch_q <= probe_i & fetch_i & ~step_i;
    probe_data_q <= probe_i & data_i & ~step_i;
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
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The reply

  logic [63:0] reply_data1_q, reply_data2_q, reply_data3_q;
  always_ff @(posedge clk_i) begin
    if (reply_i[LoadSlot]) begin
      reply_data1_q <= reply_data1_i;
      reply_data2_q <= reply_data2_i;
      reply_data3_q <= reply_data3_i;
    end
  end

  // A reply to a command that is no longer under way is dropped here.
  logic [Slots-1:0][mmu_pkg::EpochWidth-1:0] reply_epoch;  // of what stands here
  logic [Slots-1:0] reply_used;
  logic [Slots-1:0][63:0] reply_data, reply_near;
  logic [Slots-1:0] reply_swapped, reply_error, early_swapped, early_error;
  mmu_pkg::served_e [Slots-1:0] early_served;
  mmu_pkg::row_e [Slots-1:0] early_row;
  for (genvar w = 0; w < Slots; w++) begin : g_reply
    logic [63:0] value_q, near_q;
    logic swapped_q, error_q;
    always_ff @(posedge clk_i) begin
      if (reply_i[w] & `BUG(3, reply_epoch_i[w] == mem_epoch_o[w], mem_epoch_o[w][2:0] != 3'd5)) begin
        reply_epoch[w] <= reply_epoch_i[w];
        value_q <= reply_data_i[w];
        if (Prefetch == mmu_pkg::PrefetchAdjacent) near_q <= reply_near_i[w];
        swapped_q <= reply_swapped_i[w];
        error_q <= reply_error_i[w];
      end
    end
    if (Bypass) begin : g_bypass
      assign reply_data[w] = mem_valid_o[w] ? reply_data_i[w] : value_q;
      assign reply_near[w] = mem_valid_o[w] ? reply_near_i[w] : near_q;
      assign reply_swapped[w] = mem_valid_o[w] ? reply_swapped_i[w] : swapped_q;
      assign reply_error[w] = mem_valid_o[w] ? reply_error_i[w] : error_q;
    end else begin : g_registered
      assign reply_data[w] = value_q;
      assign reply_near[w] = near_q;
      assign reply_swapped[w] = swapped_q;
      assign reply_error[w] = error_q;
    end
    assign early_swapped[w] = reply_swapped_i[w];
    assign early_served[w] = mmu_pkg::served_e'(reply_served_i[w]);
    assign early_error[w] = reply_error_i[w];
    assign early_row[w] = mmu_pkg::row_e'(reply_row_i[w]);
  end

  // -------------------------------------------------------------------------------------------------------------------
  // What the debug port shows: a struct inside, plain pins outside

  logic peek_q;
  logic [3:0] peek_what_q;
  logic [15:0] peek_index_q;
  always_ff @(posedge debug_clk_i) begin
    peek_q <= peek_i;
    if (peek_i) begin
      peek_what_q <= peek_what_i;
      peek_index_q <= peek_index_i;
    end
  end

  mmu_pkg::peek_t peek;
  assign peek_valid_o = peek.valid;
  assign peek_vpn_o = peek.vpn;
  assign peek_frame_o = peek.entry.frame;
  assign peek_level_o = peek.entry.level;
  assign peek_pcid_o = peek.pcid;
  assign peek_key_o = peek.entry.key;
  assign peek_flags_o = {peek.entry.is_global, peek.entry.dirty, peek.entry.rights.no_execute, peek.entry.rights.user,
                         peek.entry.rights.writable};

  localparam mmu_pkg::shape_t Shape = '{
    itlb: '{
      sets: 32'(ItlbSets),
      ways: 32'(ItlbWays),
      policy: 32'(ItlbPolicy),
      large_sets: 32'(ItlbLargeSets),
      large_ways: 32'(ItlbLargeWays),
      entries: 32'(ItlbEntries),
      large_entries: 32'(ItlbLargeEntries)
    },
    dtlb: '{
      sets: 32'(DtlbSets),
      ways: 32'(DtlbWays),
      policy: 32'(DtlbPolicy),
      large_sets: 32'(DtlbLargeSets),
      large_ways: 32'(DtlbLargeWays),
      entries: 32'(DtlbEntries),
      large_entries: 32'(DtlbLargeEntries)
    },
    stlb: '{
      sets: 32'(StlbSets),
      ways: 32'(StlbWays),
      policy: 32'(StlbPolicy),
      large_sets: 32'(StlbLargeSets),
      large_ways: 32'(StlbLargeWays),
      entries: 32'(StlbEntries),
      large_entries: 32'(StlbLargeEntries)
    },
    psc_pde: 32'(PscPde),
    psc_pdpte: 32'(PscPdpte),
    psc_pml4e: 32'(PscPml4e),
    psc_pml5e: 32'(PscPml5e),
    psc_width: 32'(PscWidth),
    l1d: '{sets: 32'(L1dSets), ways: 32'(L1dWays)},
    l2: '{sets: 32'(L2Sets), ways: 32'(L2Ways)},
    l3: '{sets: 32'(L3Sets), ways: 32'(L3Ways)},
    cache_entry: 32'(CacheEntry),
    data_timed: DataTimed,
    dram_banks: 32'(DramBanks),
    at_once: Bypass,
    walkers: 32'(Walkers),
    prefetch: 32'(Prefetch),
    slots: 32'(Slots),
    writebacks: 32'(Writebacks)
  };

  mmu #(
    .Shape(Shape)
  ) mmu (
    .clk_i,
    .rst_ni,
    .step_i(step_q),
    .now_i(now_q),
    .wake_o(next_o),
    .latencies_i(latencies_q),
    .dram_i(dram_q),
    .beyond_i(beyond_q),
    .has_pcid_i(pcid_q),
    .has_global_i(global_q),
    .fetch_i(fetch_q),
    .fetch_offset_i(fetch_va_q),
    .fetch_size_i(fetch_size_q),
    .fetch_segment_i(fetch_segment_q),
    .fetch_access_i(fetch_access_q),
    .fetch_accept_o,
    .fetch_answer_o,
    .fetch_path_o,
    .fetch_fault_o,
    .fetch_error_o,
    .fetch_pa_o,
    .fetch_va_o,
    .fetch_begin_o,
    .fetch_lookup_o,
    .fetch_found_o,
    .data_i(data_q),
    .data_offset_i(data_va_q),
    .data_size_i(data_size_q),
    .data_segment_i(data_segment_q),
    .data_access_i(data_access_q),
    .data_accept_o,
    .data_answer_o,
    .data_path_o,
    .data_fault_o,
    .data_error_o,
    .data_pa_o,
    .data_va_o,
    .data_begin_o,
    .data_lookup_o,
    .data_found_o,
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
    .mem_command_o,
    .mem_data_o,
    .mem_level_o,
    .mem_wide_o,
    .mem_pa_o,
    .mem_expected_o,
    .mem_desired_o,
    .mem_served_o,
    .mem_epoch_o,
    .mem_row_o,
    .reply_used_o(reply_used),
    .reply_data_i(reply_data),
    .reply_near_i(reply_near),
    .reply_data1_i(reply_data1_q),
    .reply_data2_i(reply_data2_q),
    .reply_data3_i(reply_data3_q),
    .reply_swapped_i(reply_swapped),
    .reply_error_i(reply_error),
    .early_swapped_i(early_swapped),
    .early_served_i(early_served),
    .early_row_i(early_row),
    .early_error_i(early_error),
    .events_i(events_q),
    .stlb_lookup_o,
    .stlb_found_o,
    .psc_looked_o,
    .psc_hit_o,
    .psc_hit_way_o,
    .psc_data_o,
    .served_data_o,
    .served_level_o,
    .served_row_o,
    .writeback_o,
    .writeback_line_o,
    .fetch_filled_o,
    .data_filled_o,
    .stlb_filled_o,
    .psc_filled_o,
    .psc_fill_ways_o,
    .psc_fill_evicts_o,
    .psc_fill_tables_o,
    .prefetched_o,
    .prefetch_va_o,
    .prefetch_entry_o,
    .unit_data_o,
    .unit_merged_o,
    .unit_va_o,
    .unit_entry_o,
    .quad_o,
    .drop_o,
    .dropped_itlb_o,
    .dropped_itlb_large_o,
    .dropped_dtlb_o,
    .dropped_dtlb_large_o,
    .dropped_stlb_o,
    .dropped_stlb_large_o,
    .dropped_psc_o,
    .debug_clk_i,
    .peek_i(peek_q),
    .peek_what_i(peek_what_q),
    .peek_index_i(peek_index_q),
    .peek_o(peek),
    .peek_value_o,
    .probe_start_i,
    .probe_fetch_i(probe_fetch_q),
    .probe_data_i(probe_data_q),
    .probe_read_o,
    .probe_wide_o,
    .probe_read_pa_o,
    .probe_reply_i,
    .probe_error_i,
    .probe_done_o,
    .probe_path_o,
    .probe_fault_o,
    .probe_error_o,
    .probe_pa_o,
    .probe_va_o,
    .probe_reads_o
  );

endmodule
