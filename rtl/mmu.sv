// SPDX-License-Identifier: MIT
// The MMU: two access ports with a TLB each, a miss side (second level, walkers) for both, the control port, the way to
// memory. Wiring, and nothing else.
// The path of an access: segment -> port -> TLB -> second level -> walker -> memory -> answer. Time comes in on now_i, and
// only cycles with step_i happen; wake_o is the earliest later cycle that can't be skipped. Contracts: docs/paging.md,
// docs/timing.md.
//
//                 ┌─────────── segment_table ◄──┐
//     fetch ──► port_path (itlb)                │      ┌─────────┐
//                 │ grant, served ▲             ├──────│ control │◄── control operations
//                 ├──────► miss_side ◄──┐       │      └─────────┘
//                 │ grant, served ▼     ├─ drops to all arrays
//     data  ──► port_path (dtlb) ◄──────┘
//                 │ data            miss_side: second level, walkers, walk caches
//                 └──────► memory_side ◄─┘ ──► memory
//
// What a machine doesn't have (second level, walk caches, timing caches) is generated away.

module mmu #(
  parameter mmu_pkg::shape_t Shape = '0,
  localparam int unsigned Walkers = Shape.walkers,
  localparam int unsigned Prefetch = Shape.prefetch,
  localparam int unsigned Slots = Shape.slots
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  logic [63:0]                    now_i,
  output logic [63:0]                    wake_o,

  input  mmu_pkg::latencies_t            latencies_i,
  input  mmu_pkg::dram_t                 dram_i,
  input  logic                           has_pcid_i,       // features: see control
  input  logic                           has_global_i,
  input  logic [51:0]                    beyond_i,         // MAXPHYADDR as a mask: the bits from there up

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
  output mmu_pkg::found_t                fetch_found_o,

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
  output mmu_pkg::found_t                data_found_o,

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
  output logic [Slots-1:0]             mem_valid_o,
  output mmu_pkg::mem_e [Slots-1:0]    mem_command_o,
  output logic [Slots-1:0]             mem_data_o,       // for the data port
  output logic [Slots-1:0][mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic [Slots-1:0]             mem_wide_o,       // 8 bytes, not 4
  output logic [Slots-1:0][51:0]       mem_pa_o,
  output logic [Slots-1:0][63:0]       mem_expected_o,
  output logic [Slots-1:0][63:0]       mem_desired_o,
  output logic [Slots-1:0][mmu_pkg::EpochWidth-1:0] mem_epoch_o, // a reply to it carries the same
  output mmu_pkg::served_e [Slots-1:0] mem_served_o,
  output mmu_pkg::row_e [Slots-1:0]    mem_row_o,
  output logic [Slots-1:0]             reply_used_o,     // this cycle goes by it
  input  logic [Slots-1:0][63:0]       reply_data_i,
  input  logic [Slots-1:0][63:0]         reply_near_i,     // the other half of a PTE's pair
  input  logic [63:0]                    reply_data1_i,    // the other three PDPTEs
  input  logic [63:0]                    reply_data2_i,
  input  logic [63:0]                    reply_data3_i,
  input  logic [Slots-1:0]             reply_swapped_i,
  input  logic [Slots-1:0]             reply_error_i,
  input  logic [Slots-1:0]             early_swapped_i,  // as reply_swapped_i, but before the edge that ends the cycle
  input  mmu_pkg::served_e [Slots-1:0] early_served_i,   // mem_served_o, come back with the reply
  input  mmu_pkg::row_e [Slots-1:0]    early_row_i,      // and mem_row_o
  input  logic [Slots-1:0]             early_error_i,    // as reply_error_i

  // the second level's lookups, the walk caches' lookups, the data in the timing caches
  input  logic                           events_i,         // which entries hit is wanted
  output logic [Walkers-1:0]             stlb_lookup_o,
  output mmu_pkg::found_t [Walkers-1:0]  stlb_found_o,
  output logic [Walkers-1:0][5:2]        psc_looked_o,     // levels that count the lookup
  output logic [Walkers-1:0]             psc_hit_o,        // in the last of them
  output logic [Walkers-1:0][7:0]        psc_hit_way_o,
  output logic [Walkers-1:0]             psc_data_o,       // for the data port
  output logic                           served_data_o,
  output mmu_pkg::served_e               served_level_o,
  output mmu_pkg::row_e                  served_row_o,
  output logic [Shape.writebacks-1:0]          writeback_o,
  output logic [Shape.writebacks*46-1:0]       writeback_line_o,

  // fills and drops
  output mmu_pkg::filled_t               fetch_filled_o,
  output mmu_pkg::filled_t               data_filled_o,
  output mmu_pkg::filled_t [Walkers-1:0] stlb_filled_o,
  output logic [Walkers-1:0][5:2]        psc_filled_o,
  output logic [Walkers-1:0][4*8-1:0]    psc_fill_ways_o,
  output logic [Walkers-1:0][5:2]        psc_fill_evicts_o,
  output logic [Walkers-1:0][4*40-1:0]   psc_fill_tables_o,
  output logic [Walkers-1:0]             unit_data_o,      // the miss unit serves the data port
  output logic [Walkers-1:0]             unit_merged_o,    // with the other unit's walk
  output logic [Walkers-1:0][63:0]       unit_va_o,        // what it fills
  output mmu_pkg::entry_t [Walkers-1:0]  unit_entry_o,
  output mmu_pkg::prefetched_t [Walkers-1:0] prefetched_o, // what its prefetcher does
  output logic [Walkers-1:0][63:0]       prefetch_va_o,
  output mmu_pkg::entry_t [Walkers-1:0]  prefetch_entry_o,
  output logic                           quad_o,          // large pages have 4 MiB, not 2
  output logic [6:0]                     drop_o,       // entries may go from: walk caches, then large and main array of
                                                       // second level, DTLB, ITLB; which shows after the next edge
  output logic [Shape.itlb.entries-1:0]         dropped_itlb_o,
  output logic [Shape.itlb.large_entries-1:0]    dropped_itlb_large_o,
  output logic [Shape.dtlb.entries-1:0]         dropped_dtlb_o,
  output logic [Shape.dtlb.large_entries-1:0]    dropped_dtlb_large_o,
  output logic [Shape.stlb.entries-1:0]         dropped_stlb_o,
  output logic [Shape.stlb.large_entries-1:0]    dropped_stlb_large_o,
  output logic [4*Shape.psc_width-1:0]          dropped_psc_o,

  // debug port: a tick of its clock shows what stands there: the arrays of enum tlb_array, 14 the counters, 15 the registers
  input  logic                           debug_clk_i,
  input  logic                           peek_i,
  input  logic [3:0]                     peek_what_i,
  input  logic [15:0]                    peek_index_i,
  output mmu_pkg::peek_t                 peek_o,
  output logic [63:0]                    peek_value_o,

  // and a translation: see probe
  input  logic                           probe_start_i,
  input  logic                           probe_fetch_i,     // the fetch port's part is its
  input  logic                           probe_data_i,      // the data port's
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

  localparam bit DataLookups = Shape.data_timed && Shape.l1d.sets != 0;
  localparam int unsigned DataUnit = Walkers - 1;  // the miss unit that serves the data port
  // Nothing is in flight when an operation begins, but a prefetch may still read in that very cycle.
  localparam int unsigned LoadSlot = Prefetch == mmu_pkg::PrefetchNextPage ? Walkers : 0;

  mmu_pkg::context_t context_now;
  logic [31:0] pkru;
  logic hold, skip_start;
  logic [3:0] pdpte_present;
  assign skip_start = latencies_i.start == '0;

  // -------------------------------------------------------------------------------------------------------------------
  // Drops: by a control operation, or by a page fault, whose page goes from all arrays. No reference is in flight when an
  // operation acts, so that its page and the fetch port's fault share one input.

  mmu_pkg::drop_e drop;
  logic [mmu_pkg::PcidWidth-1:0] drop_pcid;
  logic drop_select, drop_fetch, drop_data, psc_drops;
  logic [1:0] itlb_drops, dtlb_drops, stlb_drops;
  logic [mmu_pkg::VpnWidth-1:0] drop_vpn;
  mmu_pkg::drops_t drops;
  always_comb begin
    drops = '0;
    if (drop != mmu_pkg::DropNone | drop_select | drop_fetch | drop_data) begin
      drops = '{
        what: drop,
        pcid: drop_pcid,
        select: drop_select,
        a: drop_fetch,
        b: drop_data,
        a_vpn: drop_fetch ? fetch_va_o[56:12] : `BUG(5, drop_vpn, data_va_o[56:12]),
        b_vpn: `BUG(29, data_va_o[56:12], fetch_va_o[56:12]),
        any: 1'b1
      };
    end
  end
  assign drop_o = {psc_drops, stlb_drops, dtlb_drops, itlb_drops};

  // -------------------------------------------------------------------------------------------------------------------
  // Segments

  logic segment_load, fetch_flat, data_flat;
  logic [63:0] fetch_base, fetch_limit, data_base, data_limit;
  mmu_pkg::segment_flags_t fetch_flags, data_flags;

  segment_table segments (
    .clk_i,
    .rst_ni,
    .load_i(segment_load),
    .load_index_i(control_index_i),
    .load_base_i(control_base_i),
    .load_limit_i(control_limit_i),
    .load_flags_i(control_flags_i),
    .a_i(fetch_i | probe_fetch_i),
    .a_index_i(fetch_segment_i),
    .a_flat_o(fetch_flat),
    .a_base_o(fetch_base),
    .a_limit_o(fetch_limit),
    .a_flags_o(fetch_flags),
    .b_i(data_i | probe_data_i),
    .b_index_i(data_segment_i),
    .b_flat_o(data_flat),
    .b_base_o(data_base),
    .b_limit_o(data_limit),
    .b_flags_o(data_flags)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // The debug port's translations: their lookups

  logic fetch_hit, data_hit, fetch_refused, data_refused, second_hit, skip_hit;
  logic [mmu_pkg::LevelWidth-1:0] skip_level;
  logic [51:12] skip_table;
  mmu_pkg::rights_t skip_rights;
  mmu_pkg::entry_t fetch_probed, data_probed, second_entry;

  // -------------------------------------------------------------------------------------------------------------------
  // Ports

  logic fetch_turn, fetch_grant, fetch_clean, fetch_instant, fetch_served, fetch_fill, fetch_waits, fetch_busy, fetch_stays;
  logic data_turn, data_grant, data_clean, data_instant, data_served, data_fill, data_waits, data_busy, data_stays;
  logic [63:0] fetch_wake, data_wake;
  mmu_pkg::access_t fetch_access, data_access;
  mmu_pkg::path_e [Walkers-1:0] unit_path;
  mmu_pkg::fault_e [Walkers-1:0] unit_fault;
  logic [Walkers-1:0][mmu_pkg::ErrorWidth-1:0] unit_error;
  mmu_pkg::peek_t peek_fetch, peek_data, peek_miss;
  logic [mmu_pkg::VpnWidth-1:0] fetch_fill_vpn, data_fill_vpn;
  mmu_pkg::entry_t fetch_fill_entry, data_fill_entry;
  logic [1:0] fetch_level, data_level;

  port_path #(
    .Shape(Shape.itlb),
    .SecondLevel(Shape.stlb.sets != 0),
    .Meets(Prefetch != mmu_pkg::PrefetchNone && Shape.stlb.sets == 0),
    .Merges(Walkers > 1)
  ) fetch (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latency_i(latencies_i.itlb),
    .skip_start_i(skip_start),
    .context_i(context_now),
    .pkru_i(pkru),
    .pdpte_present_i(pdpte_present),
    .hold_i(hold),
    .part_i(fetch_i),
    .part_offset_i(fetch_offset_i),
    .part_size_i(fetch_size_i),
    .part_access_i(fetch_access_i),
    .flat_i(fetch_flat),
    .base_i(fetch_base),
    .limit_i(fetch_limit),
    .flags_i(fetch_flags),
    .accept_o(fetch_accept_o),
    .turn_i(fetch_turn),
    .grant_o(fetch_grant),
    .clean_o(fetch_clean),
    .instant_o(fetch_instant),
    .access_o(fetch_access),
    .served_i(fetch_served),
    .served_path_i(unit_path[0]),
    .served_fault_i(unit_fault[0]),
    .served_error_i(unit_error[0]),
    .served_entry_i(unit_entry_o[0]),
    .fill_i(fetch_fill),
    .fill_vpn_i(fetch_fill_vpn),
    .fill_entry_i(fetch_fill_entry),
    .answer_o(fetch_answer_o),
    .path_o(fetch_path_o),
    .fault_o(fetch_fault_o),
    .error_o(fetch_error_o),
    .pa_o(fetch_pa_o),
    .va_o(fetch_va_o),
    .page_fault_o(drop_fetch),
    .lookup_o(fetch_lookup_o),
    .hit_o(fetch_hit),
    .events_i,
    .found_o(fetch_found_o),
    .found_level_o(fetch_level),
    .filled_o(fetch_filled_o),
    .drops_i(drops),
    .drops_o(itlb_drops),
    .dropped_o(dropped_itlb_o),
    .dropped_large_o(dropped_itlb_large_o),
    .probe_i(probe_fetch_i),
    .probe_refused_o(fetch_refused),
    .probe_entry_o(fetch_probed),
    .debug_clk_i,
    .peek_i(peek_i & peek_what_i[3:1] == 3'd0),
    .peek_large_i(peek_what_i[0]),
    .peek_index_i,
    .peek_o(peek_fetch),
    .waits_o(fetch_waits),
    .busy_o(fetch_busy),
    .stays_o(fetch_stays),
    .wake_o(fetch_wake)
  );

  port_path #(
    .Shape(Shape.dtlb),
    .SecondLevel(Shape.stlb.sets != 0),
    .Meets(Prefetch != mmu_pkg::PrefetchNone && Shape.stlb.sets == 0),
    .Merges(Walkers > 1)
  ) data (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latency_i(latencies_i.dtlb),
    .skip_start_i(skip_start),
    .context_i(context_now),
    .pkru_i(pkru),
    .pdpte_present_i(pdpte_present),
    .hold_i(hold),
    .part_i(data_i),
    .part_offset_i(data_offset_i),
    .part_size_i(data_size_i),
    .part_access_i(data_access_i),
    .flat_i(data_flat),
    .base_i(data_base),
    .limit_i(data_limit),
    .flags_i(data_flags),
    .accept_o(data_accept_o),
    .turn_i(data_turn),
    .grant_o(data_grant),
    .clean_o(data_clean),
    .instant_o(data_instant),
    .access_o(data_access),
    .served_i(data_served),
    .served_path_i(unit_path[DataUnit]),
    .served_fault_i(unit_fault[DataUnit]),
    .served_error_i(unit_error[DataUnit]),
    .served_entry_i(unit_entry_o[DataUnit]),
    .fill_i(data_fill),
    .fill_vpn_i(data_fill_vpn),
    .fill_entry_i(data_fill_entry),
    .answer_o(data_answer_o),
    .path_o(data_path_o),
    .fault_o(data_fault_o),
    .error_o(data_error_o),
    .pa_o(data_pa_o),
    .va_o(data_va_o),
    .page_fault_o(drop_data),
    .lookup_o(data_lookup_o),
    .hit_o(data_hit),
    .events_i,
    .found_o(data_found_o),
    .found_level_o(data_level),
    .filled_o(data_filled_o),
    .drops_i(drops),
    .drops_o(dtlb_drops),
    .dropped_o(dropped_dtlb_o),
    .dropped_large_o(dropped_dtlb_large_o),
    .probe_i(probe_data_i),
    .probe_refused_o(data_refused),
    .probe_entry_o(data_probed),
    .debug_clk_i,
    .peek_i(peek_i & peek_what_i[3:1] == 3'd1),
    .peek_large_i(peek_what_i[0]),
    .peek_index_i,
    .peek_o(peek_data),
    .waits_o(data_waits),
    .busy_o(data_busy),
    .stays_o(data_stays),
    .wake_o(data_wake)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // What missed

  logic [Walkers-1:0] unit_busy, unit_done, unit_begin, walk_mem, walk_cas, walk_wide;
  logic [Walkers-1:0][mmu_pkg::LevelWidth-1:0] walk_level;
  logic [Walkers-1:0][51:0] walk_pa;
  logic [Slots-1:0][32:0] mem_cycles;
  logic [51:12] root;
  logic [4*40-1:0] pdpte_frames;
  logic [Walkers-1:0] stlb_hit;
  logic [Walkers-1:0][1:0] stlb_level, fill_level;
  logic miss_stays;
  logic [63:0] miss_wake;

  miss_side #(
    .Shape(Shape)
  ) miss (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latencies_i,
    .beyond_i,
    .context_i(context_now),
    .pkru_i(pkru),
    .root_i(root),
    .pdpte_present_i(pdpte_present),
    .pdpte_frames_i(pdpte_frames),
    .suppress_i(control_i),
    .hold_i(hold),
    .drops_i(drops),
    .events_i,
    .fetch_turn_o(fetch_turn),
    .fetch_grant_i(fetch_grant),
    .fetch_va_i(fetch_va_o),
    .fetch_access_i(fetch_access),
    .fetch_served_o(fetch_served),
    .fetch_fill_o(fetch_fill),
    .data_turn_o(data_turn),
    .data_grant_i(data_grant),
    .data_clean_i(data_clean),
    .data_va_i(data_va_o),
    .data_access_i(data_access),
    .data_served_o(data_served),
    .data_fill_o(data_fill),
    .fetch_fill_vpn_o(fetch_fill_vpn),
    .fetch_fill_entry_o(fetch_fill_entry),
    .data_fill_vpn_o(data_fill_vpn),
    .data_fill_entry_o(data_fill_entry),
    .fetch_instant_i(fetch_instant),
    .data_instant_i(data_instant),
    .busy_o(unit_busy),
    .data_o(unit_data_o),
    .done_o(unit_done),
    .merged_o(unit_merged_o),
    .path_o(unit_path),
    .fault_o(unit_fault),
    .error_o(unit_error),
    .entry_o(unit_entry_o),
    .va_o(unit_va_o),
    .stays_o(miss_stays),
    .wake_o(miss_wake),
    .mem_valid_o(walk_mem),
    .mem_cas_o(walk_cas),
    .mem_level_o(walk_level),
    .mem_wide_o(walk_wide),
    .mem_pa_o(walk_pa),
    .mem_expected_o(mem_expected_o[Walkers-1:0]),
    .mem_desired_o(mem_desired_o[Walkers-1:0]),
    .mem_epoch_o(mem_epoch_o[Walkers-1:0]),
    .cycles_i(mem_cycles[Walkers-1:0]),
    .reply_used_o(reply_used_o[Walkers-1:0]),
    .reply_data_i(reply_data_i[Walkers-1:0]),
    .reply_swapped_i(reply_swapped_i[Walkers-1:0]),
    .reply_error_i(reply_error_i[Walkers-1:0]),
    .reply_near_i(reply_near_i[Walkers-1:0]),
    .prefetched_o,
    .prefetch_va_o,
    .prefetch_entry_o,
    .begin_o(unit_begin),
    .stlb_lookup_o,
    .stlb_hit_o(stlb_hit),
    .stlb_found_o,
    .stlb_level_o(stlb_level),
    .stlb_filled_o,
    .psc_looked_o,
    .psc_hit_o,
    .psc_hit_way_o,
    .psc_data_o,
    .psc_filled_o,
    .psc_fill_ways_o,
    .psc_fill_evicts_o,
    .psc_fill_tables_o,
    .stlb_drops_o(stlb_drops),
    .stlb_dropped_o(dropped_stlb_o),
    .stlb_dropped_large_o(dropped_stlb_large_o),
    .psc_drops_o(psc_drops),
    .psc_dropped_o(dropped_psc_o),
    .probe_i(probe_fetch_i | probe_data_i),
    .probe_vpn_i(probe_fetch_i ? fetch_va_o[56:12] : data_va_o[56:12]),
    .probe_second_hit_o(second_hit),
    .probe_second_entry_o(second_entry),
    .probe_skip_hit_o(skip_hit),
    .probe_skip_level_o(skip_level),
    .probe_skip_table_o(skip_table),
    .probe_skip_rights_o(skip_rights),
    .debug_clk_i,
    .peek_stlb_i(peek_i & peek_what_i[3:1] == 3'd2),
    .peek_large_i(peek_what_i[0]),
    .peek_psc_i(peek_i ? {peek_what_i == 4'd9, peek_what_i == 4'd8, peek_what_i == 4'd7, peek_what_i == 4'd6} : 4'd0),
    .peek_index_i,
    .peek_o(peek_miss)
  );

  assign fetch_begin_o = fetch_instant | (unit_begin[0] & ~unit_data_o[0]);
  assign data_begin_o = data_instant | (unit_begin[DataUnit] & unit_data_o[DataUnit]);
  assign quad_o = context_now.mode == mmu_pkg::Mode32Bit;

  assign peek_o = peek_fetch | peek_data | peek_miss;

  // -------------------------------------------------------------------------------------------------------------------
  // Control

  logic control_load, control_stays;
  logic [51:0] control_pa;
  logic [63:0] control_wake, peek_register;

  control control (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .cr_cycles_i(latencies_i.cr),
    .invlpg_cycles_i(latencies_i.invlpg),
    .invpcid_cycles_i(latencies_i.invpcid),
    .segment_cycles_i(latencies_i.segment),
    .load_cycles_i(mem_cycles[LoadSlot]),
    .beyond_i,
    .has_pcid_i,
    .has_global_i,
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
    .reply_pdpte0_i(reply_data_i[LoadSlot]),
    .reply_pdpte1_i(reply_data1_i),
    .reply_pdpte2_i(reply_data2_i),
    .reply_pdpte3_i(reply_data3_i),
    .reply_error_i(reply_error_i[LoadSlot]),
    .context_o(context_now),
    .pkru_o(pkru),
    .root_o(root),
    .pdpte_present_o(pdpte_present),
    .pdpte_frames_o(pdpte_frames),
    .segment_load_o(segment_load),
    .drop_o(drop),
    .drop_pcid_o(drop_pcid),
    .select_o(drop_select),
    .drop_vpn_o(drop_vpn),
    .stays_o(control_stays),
    .wake_o(control_wake),
    .debug_clk_i,
    .peek_i(peek_i & &peek_what_i),
    .peek_index_i(peek_index_i[3:0]),
    .peek_value_o(peek_register)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Memory

  assign served_data_o = DataLookups & data_answer_o & data_fault_o == mmu_pkg::FaultNone;
  assign mem_data_o = Slots'(unit_data_o);
  if (Slots > Walkers) begin : g_load_slot
    assign mem_expected_o[LoadSlot] = '0;
    assign mem_desired_o[LoadSlot] = '0;
    assign mem_epoch_o[LoadSlot] = '0;
    assign reply_used_o[LoadSlot] = 1'b0;
  end

  memory_side #(
    .Shape(Shape),
    .LoadSlot(LoadSlot)
  ) memory (
    .clk_i,
    .rst_ni,
    .latencies_i,
    .dram_i,
    .walk_i(Slots'(walk_mem)),
    .walk_cas_i(Slots'(walk_cas)),
    .walk_level_i((Slots*mmu_pkg::LevelWidth)'(walk_level)),
    .walk_wide_i(Slots'(walk_wide)),
    .walk_pa_i((Slots*52)'(walk_pa)),
    .cycles_o(mem_cycles),
    .load_i(control_load),
    .load_pa_i(control_pa),
    .data_i(served_data_o),
    .data_write_i(data_access.kind == mmu_pkg::AccessWrite),
    .data_line_i(data_pa_o[51:6]),
    .data_served_o(served_level_o),
    .data_row_o(served_row_o),
    .mem_valid_o,
    .mem_command_o,
    .mem_level_o,
    .mem_wide_o,
    .mem_pa_o,
    .mem_served_o,
    .mem_row_o,
    .early_swapped_i,
    .early_served_i,
    .early_row_i,
    .writeback_o,
    .writeback_line_o
  );

  // -------------------------------------------------------------------------------------------------------------------
  // The debug port's translations

  probe probe (
    .clk_i(debug_clk_i),
    .rst_ni,
    .start_i(probe_start_i),
    .context_i(context_now),
    .pkru_i(pkru),
    .root_i(root),
    .pdpte_present_i(pdpte_present),
    .pdpte_frames_i(pdpte_frames),
    .beyond_i,
    .access_i(probe_fetch_i ? fetch_access : data_access),
    .va_i(probe_fetch_i ? fetch_va_o : data_va_o),
    .refused_i(probe_fetch_i ? fetch_refused : data_refused),
    .hit_i(probe_fetch_i ? fetch_hit : data_hit),
    .hit_entry_i(probe_fetch_i ? fetch_probed : data_probed),
    .second_hit_i(second_hit),
    .second_entry_i(second_entry),
    .skip_hit_i(skip_hit),
    .skip_level_i(skip_level),
    .skip_table_i(skip_table),
    .skip_rights_i(skip_rights),
    .read_o(probe_read_o),
    .read_wide_o(probe_wide_o),
    .read_pa_o(probe_read_pa_o),
    .reply_data_i(probe_reply_i),
    .reply_error_i(probe_error_i),
    .done_o(probe_done_o),
    .path_o(probe_path_o),
    .fault_o(probe_fault_o),
    .error_o(probe_error_o),
    .pa_o(probe_pa_o),
    .va_o(probe_va_o),
    .reads_o(probe_reads_o)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // What has happened

  logic [63:0] peek_count;
  logic prefetching;
  always_comb begin
    prefetching = 1'b0;
    for (int unsigned u = 0; u < Walkers; u++) prefetching |= prefetched_o[u].works;
  end
  for (genvar u = 0; u < Walkers; u++) begin : g_fill_level
    assign fill_level[u] = unit_entry_o[u].level;
  end

  counters #(
    .Walkers(Walkers),
    .Slots(Slots),
    .WalkLevels({Shape.l3.sets != 0, Shape.l2.sets != 0 && Shape.cache_entry <= 1, Shape.l1d.sets != 0 && Shape.cache_entry == 0}),
    .DataLevels({Shape.l3.sets != 0, Shape.l2.sets != 0, Shape.l1d.sets != 0}),
    .ItlbEntries(Shape.itlb.entries),
    .ItlbLargeEntries(Shape.itlb.large_entries),
    .DtlbEntries(Shape.dtlb.entries),
    .DtlbLargeEntries(Shape.dtlb.large_entries),
    .StlbEntries(Shape.stlb.entries),
    .StlbLargeEntries(Shape.stlb.large_entries),
    .PscWidth(Shape.psc_width)
  ) counters (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .skip_start_i(skip_start),
    .busy_i(hold | unit_busy != '0 | prefetching),
    .fetch_lookup_i(fetch_lookup_o),
    .fetch_hit_i(fetch_hit),
    .fetch_level_i(fetch_level),
    .fetch_filled_i(fetch_filled_o),
    .fetch_begin_i(fetch_begin_o),
    .fetch_answer_i(fetch_answer_o),
    .fetch_fault_i(fetch_fault_o),
    .fetch_error_i(fetch_error_o),
    .data_lookup_i(data_lookup_o),
    .data_hit_i(data_hit),
    .data_level_i(data_level),
    .data_filled_i(data_filled_o),
    .data_begin_i(data_begin_o),
    .data_answer_i(data_answer_o),
    .data_write_i(data_access.kind == mmu_pkg::AccessWrite),
    .data_fault_i(data_fault_o),
    .data_error_i(data_error_o),
    .unit_data_i(unit_data_o),
    .merged_i(unit_merged_o),
    .prefetched_i(prefetched_o),
    .stlb_lookup_i(stlb_lookup_o),
    .stlb_hit_i(stlb_hit),
    .stlb_level_i(stlb_level),
    .stlb_filled_i(stlb_filled_o),
    .fill_level_i(fill_level),
    .psc_looked_i(psc_looked_o),
    .psc_hit_i(psc_hit_o),
    .psc_filled_i(psc_filled_o),
    .psc_fill_evicts_i(psc_fill_evicts_o),
    .mem_valid_i(mem_valid_o),
    .mem_command_i(mem_command_o),
    .mem_level_i(mem_level_o),
    .mem_served_i(mem_served_o),
    .mem_row_i(mem_row_o),
    .early_swapped_i,
    .early_error_i,
    .served_data_i(served_data_o),
    .served_level_i(served_level_o),
    .served_row_i(served_row_o),
    .writeback_i(writeback_o),
    .control_done_i(control_done_o),
    .control_refused_i(control_refused_o),
    .control_op_i,
    .control_type_i(control_type_i[1:0]),
    .drop_i(drop_o),
    .dropped_itlb_i(dropped_itlb_o),
    .dropped_itlb_large_i(dropped_itlb_large_o),
    .dropped_dtlb_i(dropped_dtlb_o),
    .dropped_dtlb_large_i(dropped_dtlb_large_o),
    .dropped_stlb_i(dropped_stlb_o),
    .dropped_stlb_large_i(dropped_stlb_large_o),
    .dropped_psc_i(dropped_psc_o),
    .debug_clk_i,
    .peek_i(peek_i & peek_what_i == 4'd14),
    .peek_index_i(peek_index_i[7:0]),
    .peek_value_o(peek_count)
  );
  assign peek_value_o = peek_register | peek_count;

  // -------------------------------------------------------------------------------------------------------------------
  // The earliest cycle in which anything but waiting can happen

  logic [63:0] port_wake, work_wake;
  always_comb begin
    port_wake = '1;
    work_wake = '1;
    if (fetch_stays | data_stays | control_stays | (Prefetch != mmu_pkg::PrefetchNone & miss_stays)) begin
      port_wake = fetch_wake < data_wake ? fetch_wake : data_wake;
      work_wake = control_wake;
      if (miss_stays && miss_wake < work_wake) work_wake = miss_wake;
    end
    wake_o = port_wake < work_wake ? port_wake : work_wake;
  end

endmodule
