// SPDX-License-Identifier: MIT
// A TLB of either level: a main array for 4 KiB pages, beside it one for large pages; or, with LargeSets = 0, one mixed array
// for all sizes. Both are looked up in one cycle; if both match, the 4 KiB page wins and alone is touched.
// Latency: none of its own (see tlb_array); the port counts its cycles.
//
//                 ┌─────────────────────────────┐
//   page number ─►│ main: 4 KiB, Sets x Ways    │─► hit ──────────────► it wins
//        │        └─────────────────────────────┘    │ miss
//        │        ┌─────────────────────────────┐    ▼
//        └───────►│ big: 2/4 MiB, 1 GiB         │─► hit
//                 └─────────────────────────────┘

module tlb #(
  parameter int unsigned Sets = 16,
  parameter int unsigned Ways = 4,
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned LargeSets = 1,
  parameter int unsigned LargeWays = 8,
  parameter int unsigned Ports = 1,  // see tlb_array
  parameter bit          Meets = Ports > 1,
  // Debug and drop vectors of an absent array have one bit.
  parameter int unsigned Entries = Sets * Ways,
  parameter int unsigned LargeEntries = LargeSets == 0 ? 1 : LargeSets * LargeWays
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  mmu_pkg::context_t            context_i,

  input  logic [Ports-1:0]             lookup_i,
  input  logic [Ports*mmu_pkg::VpnWidth-1:0] lookup_vpn_i,
  output logic [Ports-1:0]             hit_o,
  output mmu_pkg::entry_t [Ports-1:0]  hit_entry_o,
  input  logic [Ports-1:0]             touch_i,
  input  logic                         events_i,      // where a hit was is wanted
  output mmu_pkg::found_t [Ports-1:0]  found_o,

  input  logic [Ports-1:0]             fill_i,
  input  logic [Ports*mmu_pkg::VpnWidth-1:0] fill_vpn_i,
  input  mmu_pkg::entry_t [Ports-1:0]  fill_entry_i,
  output mmu_pkg::filled_t [Ports-1:0] filled_o,

  input  mmu_pkg::drops_t              drops_i,
  output logic [1:0]                   drops_o,       // of the large array, of the main one; see tlb_array
  output logic [Entries-1:0]           dropped_o,
  output logic [LargeEntries-1:0]      dropped_large_o,

  input  logic                         debug_clk_i,
  input  logic                         peek_i,
  input  logic                         peek_large_i,
  input  logic [15:0]                  peek_index_i,
  output mmu_pkg::peek_t               peek_o
);

  localparam bit Mixed = LargeSets == 0;
  localparam int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1;
  localparam int unsigned IndexWidth = Entries > 1 ? $clog2(Entries) : 1;

  logic quad, gigantic;
  assign quad = context_i.mode == mmu_pkg::Mode32Bit;
  assign gigantic = context_i.wide;

  logic [Ports-1:0] fill_large;
  for (genvar p = 0; p < Ports; p++) begin : g_size
    assign fill_large[p] = ~Mixed & fill_i[p] & fill_entry_i[p].level != 2'd1;
  end

  // -------------------------------------------------------------------------------------------------------------------
  logic main_drops;
  logic [Ports-1:0] main_hit, main_evicts;
  logic [Ports*SetWidth-1:0] main_hit_set, main_fill_set;
  logic [Ports*WayWidth-1:0] main_hit_way, main_fill_way;
  mmu_pkg::entry_t [Ports-1:0] main_entry;
  mmu_pkg::peek_t main_peek;

  tlb_array #(
    .Sets(Sets),
    .Ways(Ways),
    .Policy(Policy),
    .Holds4k(1'b1),
    .HoldsLarge(Mixed),
    .Ports(Ports),
    .Meets(Meets)
  ) main (
    .clk_i,
    .rst_ni,
    .quad_i(quad),
    .gigantic_i(gigantic),
    .pcid_i(context_i.pcid),
    .lookup_i,
    .lookup_vpn_i,
    .hit_o(main_hit),
    .hit_set_o(main_hit_set),
    .hit_way_o(main_hit_way),
    .hit_entry_o(main_entry),
    .touch_i(touch_i & main_hit),
    .fill_i(fill_i & ~fill_large),
    .fill_vpn_i,
    .fill_entry_i,
    .fill_set_o(main_fill_set),
    .fill_way_o(main_fill_way),
    .fill_evicts_o(main_evicts),
    .drops_i,
    .drops_o(main_drops),
    .dropped_o,
    .debug_clk_i,
    .peek_i(peek_i & ~peek_large_i),
    .peek_index_i(peek_index_i[IndexWidth-1:0]),
    .peek_o(main_peek)
  );

  // -------------------------------------------------------------------------------------------------------------------
  logic big_drops;
  logic [Ports-1:0] big_hit, big_evicts;
  logic [Ports-1:0][15:0] big_hit_set, big_fill_set;
  logic [Ports-1:0][7:0] big_hit_way, big_fill_way;
  mmu_pkg::entry_t [Ports-1:0] big_entry;
  mmu_pkg::peek_t big_peek;

  if (Mixed) begin : g_mixed
    assign big_hit = '0;
    assign big_hit_set = '0;
    assign big_hit_way = '0;
    assign big_entry = '0;
    assign big_fill_set = '0;
    assign big_fill_way = '0;
    assign big_evicts = '0;
    assign big_drops = 1'b0;
    assign dropped_large_o = '0;
    assign big_peek = '0;
  end else begin : g_split
    localparam int unsigned BigSetWidth = LargeSets > 1 ? $clog2(LargeSets) : 1;
    localparam int unsigned BigWayWidth = LargeWays > 1 ? $clog2(LargeWays) : 1;
    localparam int unsigned BigIndexWidth = LargeEntries > 1 ? $clog2(LargeEntries) : 1;
    logic [Ports*BigSetWidth-1:0] hit_set, fill_set;
    logic [Ports*BigWayWidth-1:0] hit_way, fill_way;
    for (genvar p = 0; p < Ports; p++) begin : g_where
      assign big_hit_set[p] = 16'(hit_set[p*BigSetWidth+:BigSetWidth]);
      assign big_hit_way[p] = 8'(hit_way[p*BigWayWidth+:BigWayWidth]);
      assign big_fill_set[p] = 16'(fill_set[p*BigSetWidth+:BigSetWidth]);
      assign big_fill_way[p] = 8'(fill_way[p*BigWayWidth+:BigWayWidth]);
    end

    tlb_array #(
      .Sets(LargeSets),
      .Ways(LargeWays),
      .Policy(Policy),
      .Holds4k(1'b0),
      .HoldsLarge(1'b1),
      .Ports(Ports),
      .Meets(Meets)
    ) big (
      .clk_i,
      .rst_ni,
      .quad_i(quad),
      .gigantic_i(gigantic),
      .pcid_i(context_i.pcid),
      .lookup_i(lookup_i & `BUG(27, ~main_hit, '1)),  // its answer would not count; in simulation this saves its time
      .lookup_vpn_i,
      .hit_o(big_hit),
      .hit_set_o(hit_set),
      .hit_way_o(hit_way),
      .hit_entry_o(big_entry),
      .touch_i(touch_i & big_hit),
      .fill_i(fill_large),
      .fill_vpn_i,
      .fill_entry_i,
      .fill_set_o(fill_set),
      .fill_way_o(fill_way),
      .fill_evicts_o(big_evicts),
      .drops_i,
      .drops_o(big_drops),
      .dropped_o(dropped_large_o),
      .debug_clk_i,
      .peek_i(peek_i & peek_large_i),
      .peek_index_i(peek_index_i[BigIndexWidth-1:0]),
      .peek_o(big_peek)
    );
  end

  // -------------------------------------------------------------------------------------------------------------------
  for (genvar p = 0; p < Ports; p++) begin : g_port
    assign hit_o[p] = main_hit[p] | big_hit[p];
    assign hit_entry_o[p] = main_hit[p] ? `BUG(27, main_entry[p], main_entry[p] | big_entry[p]) : big_entry[p];

    always_comb begin
      found_o[p] = '0;
      found_o[p].hit = hit_o[p];
      if (events_i & hit_o[p]) begin
        found_o[p].big = big_hit[p];
        found_o[p].set_index = main_hit[p] ? 16'(main_hit_set[p*SetWidth+:SetWidth]) : big_hit_set[p];
        found_o[p].way_index = main_hit[p] ? 8'(main_hit_way[p*WayWidth+:WayWidth]) : big_hit_way[p];
      end
      filled_o[p] = '0;
      if (fill_i[p]) begin
        filled_o[p] = '{
          valid: 1'b1,
          big: fill_large[p],
          evicts: main_evicts[p] | big_evicts[p],
          set_index: fill_large[p] ? big_fill_set[p] : 16'(main_fill_set[p*SetWidth+:SetWidth]),
          way_index: fill_large[p] ? big_fill_way[p] : 8'(main_fill_way[p*WayWidth+:WayWidth])
        };
      end
    end
  end

  assign drops_o = {big_drops, main_drops};
  assign peek_o = main_peek | big_peek;

endmodule
