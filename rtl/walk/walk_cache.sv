// SPDX-License-Identifier: MIT
// A paging-structure cache of one level: fully associative, true LRU. It holds where the next table lies, and the
// rights combined down to there, by the linear address bits that lead to the entry and the PCID. docs/timing.md, "Walk
// caches" and finer points 22 to 24; SDM vol. 3A, 4.10.3.
//
//   Level 2 (PDE)     tag: VA[56:21]; with quad_i (32-bit paging) VA[56:22]      leads to a PTE's table
//   Level 3 (PDPTE)        VA[56:30]                                             to a PDE's
//   Level 4 (PML4E)        VA[56:39]                                             to a PDPTE's
//   Level 5 (PML5E)        VA[56:48]                                             to a PML4E's
//
// Lookup: combinational. Touch (of the hit of this cycle; only the deepest hit of a walk is), then fills, then drops:
// at the clock edge. Victims are chosen from the state at the cycle's start. A drop beats a fill of the same tag, not a
// fill that took over its way. All requests are strobes of a cycle that happens.
//
// Ports: one a walker, port 0 (the fetch's) first: where both fill in one cycle, port 1 finds what port 0 has filled,
// and takes another way. Vectors hold port p in slice p.

module walk_cache #(
  parameter int unsigned Level = 2,
  parameter int unsigned Entries = 4,  // at least 1; a cache of none is not instantiated
  parameter int unsigned Ports = 1,    // walkers, 1 or 2
  parameter int unsigned IndexWidth = Entries > 1 ? $clog2(Entries) : 1
) (
  input  logic                                 clk_i,
  input  logic                                 rst_ni,
  input  logic                                 quad_i,         // 32-bit paging; changes only while the cache is empty
  input  logic [mmu_pkg::PcidWidth-1:0]        pcid_i,         // the current one: of lookups and fills

  input  logic [Ports-1:0]                     lookup_i,
  input  logic [Ports*mmu_pkg::VpnWidth-1:0]   lookup_vpn_i,   // VA[56:12]
  output logic [Ports-1:0]                     hit_o,
  output logic [Ports*IndexWidth-1:0]          hit_way_o,
  output logic [Ports*mmu_pkg::FrameWidth-1:0] hit_frame_o,    // of the table that the entry points to
  output mmu_pkg::rights_t [Ports-1:0]         hit_rights_o,
  input  logic [Ports-1:0]                     touch_i,        // the hit of this cycle counts as a use

  input  logic [Ports-1:0]                     fill_i,
  input  logic [Ports*mmu_pkg::VpnWidth-1:0]   fill_vpn_i,
  input  logic [Ports*mmu_pkg::FrameWidth-1:0] fill_frame_i,
  input  mmu_pkg::rights_t [Ports-1:0]         fill_rights_i,
  output logic [Ports*IndexWidth-1:0]          fill_way_o,
  output logic [Ports-1:0]                     fill_evicts_o,  // a valid entry of another tag or PCID goes

  input  logic                                 drop_all_i,
  input  logic [mmu_pkg::PcidWidth-1:0]        drop_pcid_i,    // what the following three speak of
  input  logic                                 drop_space_i,   // everything of that PCID
  input  logic                                 drop_a_i,       // what leads to an address (a page fault)
  input  logic [mmu_pkg::VpnWidth-1:0]         drop_a_vpn_i,
  input  logic                                 drop_b_i,
  input  logic [mmu_pkg::VpnWidth-1:0]         drop_b_vpn_i,
  output logic [Entries-1:0]                   dropped_o,      // valid after this cycle's fills, and goes

  input  logic                                 debug_clk_i,    // debug: its tick shows entry peek_index_i,
  input  logic                                 peek_i,         // or nothing
  input  logic [IndexWidth-1:0]                peek_index_i,
  output mmu_pkg::peek_t                       peek_o          // the tag as VA[56:12]; frame and rights
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned Frame = mmu_pkg::FrameWidth;
  localparam int unsigned Skipped = 9 * (Level - 1);  // page number bits below the tag
  localparam int unsigned TagWidth = Vpn - Skipped;
  localparam int unsigned KeyWidth = TagWidth + mmu_pkg::PcidWidth;
  localparam int unsigned OrderWidth = Entries * IndexWidth;

  logic [Entries-1:0] valid_q;
  logic [KeyWidth-1:0] key_q[Entries];
  logic [Frame+2:0] target_q[Entries];  // frame, and rights below
  logic [OrderWidth-1:0] order_q;  // of use: the ways, newest first from the low end

  function automatic logic [TagWidth-1:0] tag_of(input logic [Vpn-1:0] vpn, input logic wide);
    tag_of = TagWidth'(`BUG(17, vpn, vpn & ~(Vpn'(1) << 19)) >> Skipped);
    if (Level == 2 && wide) tag_of[0] = 1'b0;
  endfunction

  // The order after a use: the way comes to the front, those that were before it move back by one.
  function automatic logic [OrderWidth-1:0] used(input logic [OrderWidth-1:0] order, input logic [IndexWidth-1:0] way);
    logic [IndexWidth-1:0] moves, here;
    logic found;
    used = order;
    moves = way;
    found = 1'b0;
    for (int unsigned i = 0; i < Entries; i++) begin
      here = order[i*IndexWidth+:IndexWidth];
      if (!found) used[i*IndexWidth+:IndexWidth] = moves;
      if (here == way) found = 1'b1;
      moves = here;
    end
  endfunction

  function automatic logic [KeyWidth-1:0] key_of(input logic [Vpn-1:0] vpn);
    key_of = {tag_of(vpn, quad_i), pcid_i};
  endfunction

  // -------------------------------------------------------------------------------------------------------------------
  // Lookup

  always_comb begin
    hit_o = '0;
    hit_way_o = '0;
    hit_frame_o = '0;
    hit_rights_o = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (lookup_i[p]) begin
        for (int unsigned e = 0; e < Entries; e++) begin
          if (valid_q[e] & `BUG(21, key_q[e] == key_of(lookup_vpn_i[p*Vpn+:Vpn]), key_q[e] >> mmu_pkg::PcidWidth == KeyWidth'(tag_of(lookup_vpn_i[p*Vpn+:Vpn], quad_i)))) begin
            hit_o[p] = 1'b1;
            hit_way_o[p*IndexWidth+:IndexWidth] = IndexWidth'(e);
            hit_frame_o[p*Frame+:Frame] = target_q[e][3+:Frame];
            hit_rights_o[p] = target_q[e][2:0];
          end
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Fills: over the entry of the same tag and PCID; else an invalid way, lowest first; else the least recently used.
  // Port 1 finds what port 0 fills in its way.

  // Does a valid entry go? And which way is taken, in the low bits.
  function automatic logic [IndexWidth:0] place(input logic [KeyWidth-1:0] key, input logic [Entries-1:0] valid,
                                                input logic [OrderWidth-1:0] order, input logic after,
                                                input logic [IndexWidth-1:0] first_way,
                                                input logic [KeyWidth-1:0] first_key);
    logic [KeyWidth-1:0] held;
    logic [IndexWidth-1:0] way;
    logic evicts;
    way = order[(Entries-1)*IndexWidth+:IndexWidth];
    evicts = 1'b1;
    for (int unsigned e = Entries; e > 0; e--) begin
      if (!valid[e-1]) begin
        evicts = 1'b0;
        way = IndexWidth'(e - 1);
      end
    end
    for (int unsigned e = 0; e < Entries; e++) begin
      held = after && first_way == IndexWidth'(e) ? first_key : key_q[e];
      if (valid[e] & held == key) begin
        evicts = 1'b0;
        way = IndexWidth'(e);
      end
    end
    place = {evicts, way};
  endfunction

  logic [IndexWidth:0] first, second;
  always_comb begin
    first = '0;
    second = '0;
    if (fill_i[0]) first = place(key_of(fill_vpn_i[0+:Vpn]), valid_q, order_q, 1'b0, '0, '0);
    if (Ports > 1 && fill_i[Ports-1]) begin
      second = place(key_of(fill_vpn_i[(Ports-1)*Vpn+:Vpn]),
                     valid_q | Entries'(fill_i[0]) << first[IndexWidth-1:0],
                     fill_i[0] ? used(order_q, first[IndexWidth-1:0]) : order_q,
                     fill_i[0], first[IndexWidth-1:0], key_of(fill_vpn_i[0+:Vpn]));
    end
  end
  for (genvar p = 0; p < Ports; p++) begin : g_place
    assign {fill_evicts_o[p], fill_way_o[p*IndexWidth+:IndexWidth]} = p == 0 ? first : second;
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p]) begin
        key_q[fill_way_o[p*IndexWidth+:IndexWidth]] <= key_of(fill_vpn_i[p*Vpn+:Vpn]);
        target_q[fill_way_o[p*IndexWidth+:IndexWidth]] <= {fill_frame_i[p*Frame+:Frame], fill_rights_i[p]};
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Drops: the state after the fills, less what a drop names

  logic drops;
  assign drops = drop_all_i | drop_space_i | drop_a_i | drop_b_i;

  // With what this cycle fills
  function automatic logic [Entries-1:0] filled(input logic [Entries-1:0] valid);
    filled = valid;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p]) filled[fill_way_o[p*IndexWidth+:IndexWidth]] = 1'b1;
    end
  endfunction

  function automatic logic named(input logic [KeyWidth-1:0] key);
    named = key[mmu_pkg::PcidWidth-1:0] == drop_pcid_i
            & (drop_space_i
               | (drop_a_i & key[KeyWidth-1:mmu_pkg::PcidWidth] == tag_of(drop_a_vpn_i, quad_i))
               | (drop_b_i & key[KeyWidth-1:mmu_pkg::PcidWidth] == tag_of(drop_b_vpn_i, quad_i)));
  endfunction

  always_comb begin
    dropped_o = '0;
    if (drop_all_i) begin
      dropped_o = filled(valid_q);
    end else if (drops) begin
      for (int unsigned e = 0; e < Entries; e++) dropped_o[e] = named(key_q[e]);
      // a way that is being filled is what the fill makes of it
      for (int unsigned p = 0; p < Ports; p++) begin
        if (fill_i[p]) dropped_o[fill_way_o[p*IndexWidth+:IndexWidth]] = named(key_of(fill_vpn_i[p*Vpn+:Vpn]));
      end
      dropped_o = dropped_o & filled(valid_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
    end else if (drops | fill_i != '0) begin
      valid_q <= filled(valid_q) & ~dropped_o;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Order of use: hits, then fills. Drops leave it alone.

  localparam logic [OrderWidth-1:0] AnyOrder = order_at_reset();
  function automatic logic [OrderWidth-1:0] order_at_reset();
    order_at_reset = '0;
    for (int unsigned e = 0; e < Entries; e++) order_at_reset[e*IndexWidth+:IndexWidth] = IndexWidth'(e);
  endfunction

  always_ff @(posedge clk_i) begin : uses
    logic [OrderWidth-1:0] order;
    if (!rst_ni) begin
      order_q <= AnyOrder;
    end else if (touch_i != '0 | fill_i != '0) begin
      order = order_q;
      for (int unsigned p = 0; p < Ports; p++) begin
        if (touch_i[p]) order = used(order, hit_way_o[p*IndexWidth+:IndexWidth]);
      end
      for (int unsigned p = 0; p < Ports; p++) begin
        if (fill_i[p]) order = used(order, fill_way_o[p*IndexWidth+:IndexWidth]);
      end
      order_q <= order;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Debug port

  // Written bit by bit: it is not sampled itself, else a simulator makes a copy of it at each edge of clk_i.
  logic peek_valid;
  always_comb begin
    peek_valid = 1'b0;
    if (peek_i) peek_valid = valid_q[peek_index_i];
  end

  always_ff @(posedge debug_clk_i) begin
    peek_o <= '0;
    if (peek_i) begin
      peek_o.valid <= peek_valid;
      peek_o.vpn[Vpn-1:Skipped] <= key_q[peek_index_i][KeyWidth-1:mmu_pkg::PcidWidth];
      peek_o.pcid <= key_q[peek_index_i][mmu_pkg::PcidWidth-1:0];
      {peek_o.entry.frame, peek_o.entry.rights} <= target_q[peek_index_i];
    end
  end

endmodule
