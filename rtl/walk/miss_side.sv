// SPDX-License-Identifier: MIT
// What stands behind both ports' TLBs: one or two miss units and who gets them, the second level, the walk caches.
// docs/timing.md, "Order within a cycle", "Second level", "Walk caches", "Two walkers". What a machine does not have is
// generated away.
//
//   fetch port ──┐ grant            ┌──► second level (a tlb)
//                ├──────► miss_unit ┤
//   data port ───┘                  ├──► walk_caches, memory
//        ▲                     │    └──► prefetcher, or neighbour: fills without an answer
//        └──── served, fill ◄──┘
//
// With two walkers each port has a unit of its own, 0 the fetch's, and a unit can join the other's walk. Vectors
// [Walkers-1:0] are by unit; in each step of a cycle unit 0 comes first.

module miss_side #(
  parameter mmu_pkg::shape_t Shape = '0,
  localparam int unsigned Walkers = Shape.walkers,
  localparam int unsigned Prefetch = Shape.prefetch
) (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,
  input  logic                                  step_i,
  input  logic [63:0]                           now_i,
  input  mmu_pkg::latencies_t                   latencies_i,
  input  logic [51:0]                           beyond_i,
  input  mmu_pkg::context_t                     context_i,
  input  logic [31:0]                           pkru_i,
  input  logic [51:12]                          root_i,
  input  logic [3:0]                            pdpte_present_i,
  input  logic [4*40-1:0]                       pdpte_frames_i,
  input  logic                                  suppress_i,       // a control operation arrives
  input  logic                                  hold_i,           // or has arrived, and is not done
  input  mmu_pkg::drops_t                       drops_i,
  input  logic                                  events_i,         // see tlb

  // the ports
  output logic                                  fetch_turn_o,
  input  logic                                  fetch_grant_i,
  input  logic [63:0]                           fetch_va_i,
  input  mmu_pkg::access_t                      fetch_access_i,
  output logic                                  fetch_served_o,
  output logic                                  fetch_fill_o,
  output logic                                  data_turn_o,
  input  logic                                  data_grant_i,
  input  logic                                  data_clean_i,
  input  logic [63:0]                           data_va_i,
  input  mmu_pkg::access_t                      data_access_i,
  output logic                                  data_served_o,
  output logic                                  data_fill_o,
  output logic [mmu_pkg::VpnWidth-1:0]          fetch_fill_vpn_o,
  output mmu_pkg::entry_t                       fetch_fill_entry_o,
  output logic [mmu_pkg::VpnWidth-1:0]          data_fill_vpn_o,
  output mmu_pkg::entry_t                       data_fill_entry_o,
  input  logic                                  fetch_instant_i,  // its walk faults on the spot, before it begins
  input  logic                                  data_instant_i,

  // what the units found; fills: into the TLB of the port served
  output logic [Walkers-1:0]                    busy_o,           // at the cycle's start
  output logic [Walkers-1:0]                    data_o,           // serves the data port
  output logic [Walkers-1:0]                    done_o,
  output logic [Walkers-1:0]                    merged_o,         // by the other's walk
  output mmu_pkg::path_e [Walkers-1:0]          path_o,
  output mmu_pkg::fault_e [Walkers-1:0]         fault_o,
  output logic [Walkers-1:0][mmu_pkg::ErrorWidth-1:0] error_o,
  output mmu_pkg::entry_t [Walkers-1:0]         entry_o,
  output logic [Walkers-1:0][63:0]              va_o,
  output logic                                  stays_o,          // work is left at the cycle's end
  output logic [63:0]                           wake_o,

  // memory: see walker
  output logic [Walkers-1:0]                    mem_valid_o,
  output logic [Walkers-1:0]                    mem_cas_o,
  output logic [Walkers-1:0][mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic [Walkers-1:0]                    mem_wide_o,
  output logic [Walkers-1:0][51:0]              mem_pa_o,
  output logic [Walkers-1:0][63:0]              mem_expected_o,
  output logic [Walkers-1:0][63:0]              mem_desired_o,
  output logic [Walkers-1:0][mmu_pkg::EpochWidth-1:0] mem_epoch_o,
  input  logic [Walkers-1:0][32:0]              cycles_i,
  output logic [Walkers-1:0]                    reply_used_o,
  input  logic [Walkers-1:0][63:0]              reply_data_i,
  input  logic [Walkers-1:0]                    reply_swapped_i,
  input  logic [Walkers-1:0]                    reply_error_i,
  input  logic [Walkers-1:0][63:0]              reply_near_i,     // the other half of a PTE's pair

  // what a unit prefetches
  output mmu_pkg::prefetched_t [Walkers-1:0]    prefetched_o,
  output logic [Walkers-1:0][63:0]              prefetch_va_o,
  output mmu_pkg::entry_t [Walkers-1:0]         prefetch_entry_o,

  // what happened
  output logic [Walkers-1:0]                    begin_o,          // a walk's first cycle, or its first again
  output logic [Walkers-1:0]                    stlb_lookup_o,
  output logic [Walkers-1:0]                    stlb_hit_o,
  output mmu_pkg::found_t [Walkers-1:0]         stlb_found_o,
  output logic [Walkers-1:0][1:0]               stlb_level_o,     // of the entry that hit
  output mmu_pkg::filled_t [Walkers-1:0]        stlb_filled_o,
  output logic [Walkers-1:0][5:2]               psc_looked_o,     // levels that count the lookup
  output logic [Walkers-1:0]                    psc_hit_o,        // in the last of them
  output logic [Walkers-1:0][7:0]               psc_hit_way_o,
  output logic [Walkers-1:0]                    psc_data_o,       // for the data port
  output logic [Walkers-1:0][5:2]               psc_filled_o,
  output logic [Walkers-1:0][4*8-1:0]           psc_fill_ways_o,
  output logic [Walkers-1:0][5:2]               psc_fill_evicts_o,
  output logic [Walkers-1:0][4*40-1:0]          psc_fill_tables_o,
  output logic [1:0]                            stlb_drops_o,     // see tlb
  output logic [Shape.stlb.entries-1:0]                stlb_dropped_o,
  output logic [Shape.stlb.large_entries-1:0]           stlb_dropped_large_o,
  output logic                                  psc_drops_o,
  output logic [4*Shape.psc_width-1:0]                 psc_dropped_o,

  // the debug port looks up, on an edge without a cycle: in place of unit 0
  input  logic                                  probe_i,
  input  logic [mmu_pkg::VpnWidth-1:0]          probe_vpn_i,
  output logic                                  probe_second_hit_o,
  output mmu_pkg::entry_t                       probe_second_entry_o,
  output logic                                  probe_skip_hit_o,
  output logic [mmu_pkg::LevelWidth-1:0]        probe_skip_level_o,
  output logic [51:12]                          probe_skip_table_o,
  output mmu_pkg::rights_t                      probe_skip_rights_o,

  input  logic                                  debug_clk_i,
  input  logic                                  peek_stlb_i,
  input  logic                                  peek_large_i,
  input  logic [5:2]                            peek_psc_i,
  input  logic [15:0]                           peek_index_i,
  output mmu_pkg::peek_t                        peek_o
);

  localparam bit SecondLevel = Shape.stlb.sets != 0;
  localparam bit WalkCaches = Shape.psc_pde + Shape.psc_pdpte + Shape.psc_pml4e + Shape.psc_pml5e != 0;

  // -------------------------------------------------------------------------------------------------------------------
  // One unit is granted in turns. With two a port never waits.

  logic [Walkers-1:0] grant, grant_data, fill, wanted;
  logic fetch_fill, data_fill;
  if (Walkers == 1) begin : g_turns
    turns turns (
      .busy_i(busy_o[0]),
      .done_i(done_o[0]),
      .data_i(data_o[0]),
      .fetch_grant_i,
      .data_grant_i,
      .fetch_turn_o,
      .data_turn_o,
      .grant_o(grant[0]),
      .fetch_served_o,
      .data_served_o
    );
    assign grant_data[0] = data_grant_i;
    assign wanted[0] = grant[0] | fetch_instant_i | data_instant_i;
    assign fetch_fill = fill[0] & ~data_o[0];
    assign data_fill = fill[0] & data_o[0];
  end else begin : g_own
    assign fetch_turn_o = 1'b1;
    assign data_turn_o = 1'b1;
    assign grant = {data_grant_i, fetch_grant_i};
    assign grant_data = 2'b10;
    assign wanted = grant | {data_instant_i, fetch_instant_i};
    assign {data_served_o, fetch_served_o} = done_o;
    assign {data_fill, fetch_fill} = fill;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The units

  logic [Walkers-1:0] stays, stlb_touch, skip_lookup, fill_second;
  logic [Walkers-1:0][63:0] wakes;
  logic [Walkers-1:0][mmu_pkg::VpnWidth-1:0] skip_vpn, vpn;
  logic [Walkers-1:0][mmu_pkg::LevelWidth-1:0] skip_level;
  logic [Walkers-1:0][51:12] skip_table;
  mmu_pkg::rights_t [Walkers-1:0] skip_rights;
  mmu_pkg::entry_t [Walkers-1:0] stlb_entry;
  logic [Walkers-1:0][5:2] passed;
  logic [Walkers-1:0][4*40-1:0] passed_tables;
  logic [Walkers-1:0][4*3-1:0] passed_rights;

  // Fills of prefetches, and where they go: never into a TLB that a demand fills
  logic [Walkers-1:0] ahead_fill, ahead_data, ahead_first, ahead_second, ahead_walk;

  for (genvar u = 0; u < Walkers; u++) begin : g_unit
    // The walk that this unit offers, and the other's. Of two misses in one cycle the fetch's walks, the data's joins.
    logic serves_data, walks, sets_out, shares, walk_done, walk_fill, other_walks, other_done, other_fill;
    mmu_pkg::entry_t walk_entry, other_entry;
    logic [56:12] other_vpn;
    logic [63:0] walk_va;
    logic walk_clean, walk_leaf;
    mmu_pkg::rights_t walk_above;
    // what the unit itself asks of walk caches and memory: its prefetcher has the same place
    logic own_lookup, own_mem, own_cas, own_wide, own_used, own_stays;
    logic [mmu_pkg::VpnWidth-1:0] own_vpn;
    logic [5:2] own_passed;
    logic [4*40-1:0] own_tables;
    logic [4*3-1:0] own_rights;
    logic [mmu_pkg::LevelWidth-1:0] own_level;
    logic [51:0] own_pa;
    logic [mmu_pkg::EpochWidth-1:0] own_epoch;
    logic [63:0] own_wake;
    if (Walkers == 1) begin : g_only
      assign other_walks = 1'b0;
      assign other_vpn = '0;
      assign other_done = 1'b0;
      assign other_fill = 1'b0;
      assign other_entry = '0;
    end else begin : g_two
      assign other_walks = (g_unit[1-u].walks | (u == 1 & g_unit[1-u].sets_out)) & g_unit[1-u].shares;
      assign other_vpn = va_o[1-u][56:12];
      assign other_done = g_unit[1-u].walk_done;
      assign other_fill = g_unit[1-u].walk_fill;
      assign other_entry = g_unit[1-u].walk_entry;
    end

    miss_unit #(
      .SecondLevel(SecondLevel),
      .AtOnce(Shape.at_once),
      .Merges(Walkers > 1),
      .Prefetches(Prefetch != mmu_pkg::PrefetchNone)
    ) unit (
      .clk_i,
      .rst_ni,
      .step_i,
      .now_i,
      .lookup_cycles_i(latencies_i.stlb),
      .start_i(latencies_i.start),
      .cycles_i(cycles_i[u]),
      .beyond_i,
      .context_i,
      .pkru_i,
      .root_i,
      .pdpte_present_i,
      .pdpte_frames_i,
      .suppress_i,
      .grant_i(grant[u]),
      .grant_data_i(grant_data[u]),
      .grant_clean_i(grant_data[u] & data_clean_i),
      .grant_va_i(grant_data[u] ? data_va_i : fetch_va_i),
      .grant_access_i(grant_data[u] ? `BUG(31, data_access_i, mmu_pkg::access_t'({
        data_access_i.kind, fetch_access_i.user, fetch_access_i.ac, fetch_access_i.implicit})) : fetch_access_i),
      .busy_o(busy_o[u]),
      .data_o(serves_data),
      .va_o(va_o[u]),
      .begin_o(begin_o[u]),
      .other_walks_i(other_walks),
      .other_vpn_i(other_vpn),
      .other_done_i(other_done),
      .other_fill_i(other_fill),
      .other_entry_i(other_entry),
      .walks_o(walks),
      .sets_out_o(sets_out),
      .shares_o(shares),
      .walk_done_o(walk_done),
      .walk_fill_o(walk_fill),
      .walk_entry_o(walk_entry),
      .walk_va_o(walk_va),
      .walk_clean_o(walk_clean),
      .walk_leaf_o(walk_leaf),
      .walk_above_o(walk_above),
      .lookup_o(stlb_lookup_o[u]),
      .hit_i(stlb_hit_o[u] & ~probe_i),
      .hit_entry_i(stlb_entry[u]),
      .touch_o(stlb_touch[u]),
      .skip_lookup_o(own_lookup),
      .skip_vpn_o(own_vpn),
      .skip_hit_i(psc_hit_o[u]),
      .skip_level_i(skip_level[u]),
      .skip_table_i(skip_table[u]),
      .skip_rights_i(skip_rights[u]),
      .passed_o(own_passed),
      .passed_tables_o(own_tables),
      .passed_rights_o(own_rights),
      .mem_valid_o(own_mem),
      .mem_cas_o(own_cas),
      .mem_level_o(own_level),
      .mem_wide_o(own_wide),
      .mem_pa_o(own_pa),
      .mem_expected_o(mem_expected_o[u]),
      .mem_desired_o(mem_desired_o[u]),
      .mem_epoch_o(own_epoch),
      .reply_used_o(own_used),
      .reply_data_i(reply_data_i[u]),
      .reply_swapped_i(reply_swapped_i[u]),
      .reply_error_i(reply_error_i[u]),
      .done_o(done_o[u]),
      .merged_o(merged_o[u]),
      .path_o(path_o[u]),
      .fault_o(fault_o[u]),
      .error_o(error_o[u]),
      .entry_o(entry_o[u]),
      .fill_o(fill[u]),
      .fill_second_o(fill_second[u]),
      .stays_o(own_stays),
      .wake_o(own_wake)
    );
    assign data_o[u] = Walkers == 1 ? serves_data : u == 1;
    assign vpn[u] = va_o[u][56:12];
    assign stlb_level_o[u] = stlb_entry[u].level;
    assign psc_data_o[u] = grant[u] & ~prefetched_o[u].looks ? grant_data[u] : data_o[u];
    assign mem_cas_o[u] = own_cas;

    logic cause;
    assign cause = fill_second[u] & ~walk_clean;
    if (Prefetch == mmu_pkg::PrefetchNextPage) begin : g_next_page
      logic looks, reads, wide, busy, begins, instant, over, used, goes_on;
      logic [mmu_pkg::VpnWidth-1:0] look_vpn;
      logic [5:2] levels;
      logic [4*40-1:0] tables;
      logic [4*3-1:0] rights;
      logic [mmu_pkg::LevelWidth-1:0] level;
      logic [51:0] pa;
      logic [mmu_pkg::EpochWidth-1:0] epoch;
      logic [63:0] wake;
      prefetcher #(
        .AtOnce(Shape.at_once)
      ) prefetcher (
        .clk_i,
        .rst_ni,
        .step_i,
        .now_i,
        .start_i(latencies_i.start),
        .cycles_i(cycles_i[u]),
        .beyond_i,
        .context_i,
        .root_i,
        .pdpte_present_i,
        .pdpte_frames_i,
        .hold_i,
        .wanted_i(wanted[u]),
        .cause_i(cause),
        .cause_data_i(data_o[u]),
        .cause_va_i(walk_va[63:12]),
        .cause_level_i(walk_entry.level),
        .skip_lookup_o(looks),
        .skip_vpn_o(look_vpn),
        .skip_hit_i(psc_hit_o[u]),
        .skip_level_i(skip_level[u]),
        .skip_table_i(skip_table[u]),
        .skip_rights_i(skip_rights[u]),
        .passed_o(levels),
        .passed_tables_o(tables),
        .passed_rights_o(rights),
        .mem_valid_o(reads),
        .mem_level_o(level),
        .mem_wide_o(wide),
        .mem_pa_o(pa),
        .mem_epoch_o(epoch),
        .reply_used_o(used),
        .reply_data_i(reply_data_i[u]),
        .reply_error_i(reply_error_i[u]),
        .busy_o(busy),
        .begin_o(begins),
        .instant_o(instant),
        .over_o(over),
        .data_o(ahead_data[u]),
        .va_o(prefetch_va_o[u]),
        .fill_o(ahead_fill[u]),
        .entry_o(prefetch_entry_o[u]),
        .stays_o(goes_on),
        .wake_o(wake)
      );
      assign ahead_walk[u] = ahead_fill[u];
      assign skip_lookup[u] = own_lookup | looks;
      assign skip_vpn[u] = looks ? look_vpn : own_vpn;
      assign passed[u] = ahead_fill[u] ? levels : own_passed;
      assign passed_tables[u] = ahead_fill[u] ? tables : own_tables;
      assign passed_rights[u] = ahead_fill[u] ? rights : own_rights;
      assign mem_valid_o[u] = own_mem | reads;
      assign mem_level_o[u] = reads ? level : own_level;
      assign mem_wide_o[u] = reads ? wide : own_wide;
      assign mem_pa_o[u] = reads ? pa : own_pa;
      // never the same: a late reply to the one is not taken for the other's
      assign mem_epoch_o[u] = busy ? {1'b1, epoch[mmu_pkg::EpochWidth-2:0]} : {1'b0, own_epoch[mmu_pkg::EpochWidth-2:0]};
      assign reply_used_o[u] = own_used | used;
      assign stays[u] = own_stays | goes_on;
      assign wakes[u] = goes_on ? wake : own_wake;
      assign prefetched_o[u] = '{
        works: busy,
        begins: begins | instant,
        instant: instant,
        over: over,
        looks: looks,
        reads: reads,
        data: ahead_data[u],
        first: ahead_first[u],
        second: ahead_second[u],
        walk: ahead_walk[u]
      };
    end else begin : g_own_place
      assign skip_lookup[u] = own_lookup;
      assign skip_vpn[u] = own_vpn;
      assign passed[u] = own_passed;
      assign passed_tables[u] = own_tables;
      assign passed_rights[u] = own_rights;
      assign mem_valid_o[u] = own_mem;
      assign mem_level_o[u] = own_level;
      assign mem_wide_o[u] = own_wide;
      assign mem_pa_o[u] = own_pa;
      assign mem_epoch_o[u] = own_epoch;
      assign reply_used_o[u] = own_used;
      assign ahead_walk[u] = 1'b0;
      if (Prefetch == mmu_pkg::PrefetchAdjacent) begin : g_adjacent
        logic waits, goes_on;
        neighbour neighbour (
          .clk_i,
          .rst_ni,
          .step_i,
          .context_i,
          .beyond_i,
          .hold_i,
          .page_fault_i(drops_i.a | drops_i.b),
          .leaf_i(walk_leaf),
          .near_i(reply_near_i[u]),
          .above_i(walk_above),
          .cause_i(cause & walk_entry.level == 2'd1),
          .cause_data_i(data_o[u]),
          .cause_va_i(walk_va[63:12]),
          .waits_o(waits),
          .data_o(ahead_data[u]),
          .va_o(prefetch_va_o[u]),
          .fill_o(ahead_fill[u]),
          .entry_o(prefetch_entry_o[u]),
          .stays_o(goes_on)
        );
        assign stays[u] = own_stays | goes_on;
        assign wakes[u] = goes_on ? now_i + 64'd1 : own_wake;
        always_comb begin
          prefetched_o[u] = '0;
          prefetched_o[u].works = waits;
          prefetched_o[u].data = ahead_data[u];
          prefetched_o[u].first = ahead_first[u];
          prefetched_o[u].second = ahead_second[u];
        end
      end else begin : g_nothing
        assign stays[u] = own_stays;
        assign wakes[u] = own_wake;
        assign ahead_data[u] = 1'b0;
        assign ahead_fill[u] = 1'b0;
        assign prefetch_va_o[u] = '0;
        assign prefetch_entry_o[u] = '0;
        assign prefetched_o[u] = '0;
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Fills of the ports' TLBs: a demand's, else a prefetch's

  if (Prefetch == mmu_pkg::PrefetchNone) begin : g_demands
    assign ahead_first = '0;
    assign ahead_second = '0;
    assign fetch_fill_o = fetch_fill;
    assign fetch_fill_vpn_o = vpn[0];
    assign fetch_fill_entry_o = entry_o[0];
    assign data_fill_o = data_fill;
    assign data_fill_vpn_o = vpn[Walkers-1];
    assign data_fill_entry_o = entry_o[Walkers-1];
  end else begin : g_fills
    for (genvar u = 0; u < Walkers; u++) begin : g_place
      // one unit fills one port's TLB in a cycle
      assign ahead_first[u] = ahead_fill[u] & ~SecondLevel
                            & ~(Walkers == 1 ? fetch_fill | data_fill : ahead_data[u] ? data_fill : fetch_fill);
      // of two the fetch's
      assign ahead_second[u] = ahead_fill[u] & SecondLevel & fill_second == '0 & ~(u == 1 & ahead_fill[0]);
    end
    logic fetch_ahead, data_ahead;
    assign fetch_ahead = ahead_first[0] & ~ahead_data[0];
    assign data_ahead = ahead_first[Walkers-1] & ahead_data[Walkers-1];
    assign fetch_fill_o = fetch_fill | fetch_ahead;
    assign fetch_fill_vpn_o = fetch_ahead ? prefetch_va_o[0][56:12] : vpn[0];
    assign fetch_fill_entry_o = fetch_ahead ? prefetch_entry_o[0] : entry_o[0];
    assign data_fill_o = data_fill | data_ahead;
    assign data_fill_vpn_o = data_ahead ? prefetch_va_o[Walkers-1][56:12] : vpn[Walkers-1];
    assign data_fill_entry_o = data_ahead ? prefetch_entry_o[Walkers-1] : entry_o[Walkers-1];
  end

  assign stays_o = |stays;
  if (Walkers == 1) begin : g_wake
    assign wake_o = wakes[0];
  end else begin : g_wakes
    logic [63:0] fetch_wake, data_wake;
    assign fetch_wake = stays[0] ? wakes[0] : '1;
    assign data_wake = stays[Walkers-1] ? wakes[Walkers-1] : '1;
    assign wake_o = fetch_wake < data_wake ? fetch_wake : data_wake;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The second level

  mmu_pkg::peek_t peek_stlb, peek_psc;
  assign peek_o = peek_stlb | peek_psc;
  assign probe_second_hit_o = stlb_hit_o[0];
  assign probe_second_entry_o = stlb_entry[0];
  assign probe_skip_hit_o = psc_hit_o[0];
  assign probe_skip_level_o = skip_level[0];
  assign probe_skip_table_o = skip_table[0];
  assign probe_skip_rights_o = skip_rights[0];

  if (SecondLevel) begin : g_second
    logic [Walkers-1:0][mmu_pkg::VpnWidth-1:0] fill_vpn;
    mmu_pkg::entry_t [Walkers-1:0] fill_entry;
    for (genvar u = 0; u < Walkers; u++) begin : g_fill
      assign fill_vpn[u] = ahead_second[u] ? prefetch_va_o[u][56:12] : vpn[u];
      assign fill_entry[u] = ahead_second[u] ? prefetch_entry_o[u] : entry_o[u];
    end
    tlb #(
      .Sets(Shape.stlb.sets),
      .Ways(Shape.stlb.ways),
      .Policy(Shape.stlb.policy),
      .LargeSets(Shape.stlb.large_sets),
      .LargeWays(Shape.stlb.large_ways),
      .Ports(Walkers),
      .Meets(Walkers > 1 || Prefetch != mmu_pkg::PrefetchNone)
    ) stlb (
      .clk_i,
      .rst_ni,
      .context_i,
      .lookup_i(stlb_lookup_o | Walkers'(probe_i)),
      .lookup_vpn_i(probe_i ? {Walkers{probe_vpn_i}} : vpn),
      .hit_o(stlb_hit_o),
      .hit_entry_o(stlb_entry),
      .touch_i(stlb_touch),
      .events_i,
      .found_o(stlb_found_o),
      .fill_i(fill_second | ahead_second),
      .fill_vpn_i(fill_vpn),
      .fill_entry_i(fill_entry),
      .filled_o(stlb_filled_o),
      .drops_i,
      .drops_o(stlb_drops_o),
      .dropped_o(stlb_dropped_o),
      .dropped_large_o(stlb_dropped_large_o),
      .debug_clk_i,
      .peek_i(peek_stlb_i),
      .peek_large_i,
      .peek_index_i,
      .peek_o(peek_stlb)
    );
  end else begin : g_no_second
    assign stlb_hit_o = '0;
    assign stlb_found_o = '0;
    assign stlb_entry = '0;
    assign stlb_filled_o = '0;
    assign stlb_drops_o = '0;
    assign stlb_dropped_o = '0;
    assign stlb_dropped_large_o = '0;
    assign peek_stlb = '0;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The walk caches

  if (WalkCaches) begin : g_walk_caches
    // Slots in the order in which they fill: unit 0 first, but a prefetch's after a demand's
    logic swap;
    logic [Walkers-1:0] fills;
    logic [Walkers-1:0][mmu_pkg::VpnWidth-1:0] fill_vpn;
    logic [Walkers-1:0][5:2] levels, filled, evicts;
    logic [Walkers-1:0][4*40-1:0] tables;
    logic [Walkers-1:0][4*3-1:0] rights;
    logic [Walkers-1:0][4*8-1:0] fill_ways;
    assign swap = Walkers > 1 && ahead_walk[0] & fill_second[Walkers-1];
    for (genvar u = 0; u < Walkers; u++) begin : g_slot
      localparam int unsigned Other = Walkers - 1 - u;
      logic [mmu_pkg::VpnWidth-1:0] page;
      assign page = ahead_walk[u] ? prefetch_va_o[u][56:12] : vpn[u];
      assign fills[u] = swap | fill_second[u] | ahead_walk[u];
      assign fill_vpn[u] = swap ? g_slot[Other].page : page;
      assign levels[u] = swap ? passed[Other] : passed[u];
      assign tables[u] = swap ? passed_tables[Other] : passed_tables[u];
      assign rights[u] = swap ? passed_rights[Other] : passed_rights[u];
      assign psc_filled_o[u] = swap ? filled[Other] : filled[u];
      assign psc_fill_ways_o[u] = swap ? fill_ways[Other] : fill_ways[u];
      assign psc_fill_evicts_o[u] = swap ? evicts[Other] : evicts[u];
    end
    walk_caches #(
      .Pde(Shape.psc_pde),
      .Pdpte(Shape.psc_pdpte),
      .Pml4e(Shape.psc_pml4e),
      .Pml5e(Shape.psc_pml5e),
      .Ports(Walkers),
      .Width(Shape.psc_width)
    ) walk_caches (
      .clk_i,
      .rst_ni,
      .context_i,
      .lookup_i(skip_lookup | Walkers'(probe_i)),
      .lookup_vpn_i(probe_i ? {Walkers{probe_vpn_i}} : skip_vpn),
      .hit_o(psc_hit_o),
      .level_o(skip_level),
      .table_o(skip_table),
      .rights_o(skip_rights),
      .looked_o(psc_looked_o),
      .hit_way_o(psc_hit_way_o),
      .fill_i(`BUG(2, fills, fills | Walkers'({
        done_o[Walkers-1] & ~merged_o[Walkers-1] & fault_o[Walkers-1] == mmu_pkg::FaultNone
        & path_o[Walkers-1] == mmu_pkg::PathWalk,
        done_o[0] & ~merged_o[0] & fault_o[0] == mmu_pkg::FaultNone & path_o[0] == mmu_pkg::PathWalk}))),
      .fill_vpn_i(fill_vpn),
      .fill_levels_i(levels),
      .fill_tables_i(tables),
      .fill_rights_i(rights),
      .filled_o(filled),
      .fill_ways_o(fill_ways),
      .fill_evicts_o(evicts),
      .drops_i,
      .drops_o(psc_drops_o),
      .dropped_o(psc_dropped_o),
      .probe_i,
      .debug_clk_i,
      .peek_i(peek_psc_i),
      .peek_index_i,
      .peek_o(peek_psc)
    );
    assign psc_fill_tables_o = passed_tables;
  end else begin : g_no_walk_caches
    assign psc_hit_o = '0;
    assign skip_level = '0;
    assign skip_table = '0;
    assign skip_rights = '0;
    assign psc_looked_o = '0;
    assign psc_hit_way_o = '0;
    assign psc_filled_o = '0;
    assign psc_fill_ways_o = '0;
    assign psc_fill_evicts_o = '0;
    assign psc_fill_tables_o = '0;
    assign psc_drops_o = 1'b0;
    assign psc_dropped_o = '0;
    assign peek_psc = '0;
  end

endmodule
