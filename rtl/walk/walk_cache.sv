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

  input  logic                                 peek_i,         // debug: shows entry peek_index_i
  input  logic [IndexWidth-1:0]                peek_index_i,
  output logic                                 peek_valid_o,
  output logic [mmu_pkg::VpnWidth-1:0]         peek_vpn_o,     // the tag, as VA[56:12]
  output logic [mmu_pkg::PcidWidth-1:0]        peek_pcid_o,
  output logic [mmu_pkg::FrameWidth-1:0]       peek_frame_o,
  output mmu_pkg::rights_t                     peek_rights_o
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned Frame = mmu_pkg::FrameWidth;
  localparam int unsigned Skipped = 9 * (Level - 1);  // page number bits below the tag
  localparam int unsigned TagWidth = Vpn - Skipped;
  localparam int unsigned KeyWidth = TagWidth + mmu_pkg::PcidWidth;
  localparam int unsigned OrderWidth = Entries * IndexWidth;

  logic [Entries-1:0] valid_q;
  logic [KeyWidth-1:0] key_q[Entries];
  logic [Frame-1:0] frame_q[Entries];
  mmu_pkg::rights_t rights_q[Entries];
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

  // -------------------------------------------------------------------------------------------------------------------
  // Lookup

  logic [KeyWidth-1:0] lookup_key;
  logic [IndexWidth-1:0] hit_way;
  always_comb begin
    hit_o = '0;
    hit_way_o = '0;
    hit_frame_o = '0;
    hit_rights_o = '0;
    lookup_key = '0;
    hit_way = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (lookup_i[p]) begin
        lookup_key = {tag_of(lookup_vpn_i[p*Vpn+:Vpn], quad_i), pcid_i};
        hit_way = '0;
        for (int unsigned e = 0; e < Entries; e++) begin
          if (valid_q[e] & `BUG(21, key_q[e] == lookup_key, key_q[e] >> mmu_pkg::PcidWidth == lookup_key >> mmu_pkg::PcidWidth)) begin
            hit_o[p] = 1'b1;
            hit_way = IndexWidth'(e);
          end
        end
        if (hit_o[p]) begin
          hit_way_o[p*IndexWidth+:IndexWidth] = hit_way;
          hit_frame_o[p*Frame+:Frame] = frame_q[hit_way];
          hit_rights_o[p] = rights_q[hit_way];
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Fills: over the entry of the same tag and PCID; else an invalid way, lowest first; else the least recently used.

  logic [Ports*KeyWidth-1:0] fill_keys;
  logic [KeyWidth-1:0] fill_key, held_key;
  logic [IndexWidth-1:0] fill_way;
  logic [Entries-1:0] filled_valid;
  logic [OrderWidth-1:0] fill_order;
  logic fill_again;
  always_comb begin
    fill_way_o = '0;
    fill_evicts_o = '0;
    fill_keys = '0;
    fill_key = '0;
    held_key = '0;
    fill_way = '0;
    fill_again = 1'b0;
    fill_order = order_q;
    filled_valid = valid_q;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p]) begin
        fill_key = {tag_of(fill_vpn_i[p*Vpn+:Vpn], quad_i), pcid_i};
        fill_way = fill_order[(Entries-1)*IndexWidth+:IndexWidth];
        fill_again = 1'b0;
        for (int unsigned e = Entries; e > 0; e--) begin
          if (!filled_valid[e-1]) fill_way = IndexWidth'(e - 1);
        end
        for (int unsigned e = 0; e < Entries; e++) begin
          held_key = key_q[e];
          if (p > 0 && fill_i[0] && fill_way_o[0+:IndexWidth] == IndexWidth'(e)) held_key = fill_keys[0+:KeyWidth];
          if (filled_valid[e] & held_key == fill_key) begin
            fill_again = 1'b1;
            fill_way = IndexWidth'(e);
          end
        end
        fill_evicts_o[p] = filled_valid[fill_way] & ~fill_again;
        filled_valid[fill_way] = 1'b1;
        fill_way_o[p*IndexWidth+:IndexWidth] = fill_way;
        fill_keys[p*KeyWidth+:KeyWidth] = fill_key;
        fill_order = used(fill_order, fill_way);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p]) begin
        key_q[fill_way_o[p*IndexWidth+:IndexWidth]] <= fill_keys[p*KeyWidth+:KeyWidth];
        frame_q[fill_way_o[p*IndexWidth+:IndexWidth]] <= fill_frame_i[p*Frame+:Frame];
        rights_q[fill_way_o[p*IndexWidth+:IndexWidth]] <= fill_rights_i[p];
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Drops: the state after the fills, less what a drop names

  logic [KeyWidth-1:0] drop_key;
  logic drops;
  assign drops = drop_all_i | drop_space_i | drop_a_i | drop_b_i;
  always_comb begin
    dropped_o = '0;
    drop_key = '0;
    if (drop_all_i) begin
      dropped_o = filled_valid;
    end else if (drops) begin
      for (int unsigned e = 0; e < Entries; e++) begin
        drop_key = key_q[e];
        for (int unsigned p = 0; p < Ports; p++) begin
          // the way that is being filled is what the fill makes of it
          if (fill_i[p] && fill_way_o[p*IndexWidth+:IndexWidth] == IndexWidth'(e)) begin
            drop_key = fill_keys[p*KeyWidth+:KeyWidth];
          end
        end
        dropped_o[e] = filled_valid[e] & drop_key[mmu_pkg::PcidWidth-1:0] == drop_pcid_i
                       & (drop_space_i
                          | (drop_a_i & drop_key[KeyWidth-1:mmu_pkg::PcidWidth] == tag_of(drop_a_vpn_i, quad_i))
                          | (drop_b_i & drop_key[KeyWidth-1:mmu_pkg::PcidWidth] == tag_of(drop_b_vpn_i, quad_i)));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
    end else if (drops | fill_i != '0) begin
      valid_q <= filled_valid & ~dropped_o;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Order of use: hits, then fills. Drops leave it alone.

  localparam logic [OrderWidth-1:0] AnyOrder = order_at_reset();
  function automatic logic [OrderWidth-1:0] order_at_reset();
    order_at_reset = '0;
    for (int unsigned e = 0; e < Entries; e++) order_at_reset[e*IndexWidth+:IndexWidth] = IndexWidth'(e);
  endfunction

  logic [OrderWidth-1:0] order_d;
  always_comb begin
    order_d = order_q;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (touch_i[p]) order_d = used(order_d, hit_way_o[p*IndexWidth+:IndexWidth]);
    end
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p]) order_d = used(order_d, fill_way_o[p*IndexWidth+:IndexWidth]);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) order_q <= AnyOrder;
    else order_q <= order_d;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Debug port

  always_comb begin
    peek_valid_o = 1'b0;
    peek_vpn_o = '0;
    peek_pcid_o = '0;
    peek_frame_o = '0;
    peek_rights_o = '0;
    if (peek_i) begin
      peek_valid_o = valid_q[peek_index_i];
      peek_vpn_o[Vpn-1:Skipped] = key_q[peek_index_i][KeyWidth-1:mmu_pkg::PcidWidth];
      peek_pcid_o = key_q[peek_index_i][mmu_pkg::PcidWidth-1:0];
      peek_frame_o = frame_q[peek_index_i];
      peek_rights_o = rights_q[peek_index_i];
    end
  end

endmodule
