// SPDX-License-Identifier: MIT
// Claims about a paging-structure cache, shared by simulation (walk_cache_probe binds it) and proof
// (formal/walk_cache.sv).
//
// One key is watched: take_i makes it that of the next fill. A shadow keeps what was last filled under it and whether a drop
// has named it since.

module walk_cache_check #(
  parameter int unsigned Level = 2,
  parameter int unsigned Entries = 1,
  parameter int unsigned Ports = 1,
  parameter int unsigned IndexWidth = 1,
  parameter int unsigned KeyWidth = mmu_pkg::PcidWidth + 1,
  parameter int unsigned OrderWidth = 1
) (
  input logic                                 clk_i,
  input logic                                 rst_ni,
  input logic                                 take_i,
  input logic                                 quad_i,
  input logic [mmu_pkg::PcidWidth-1:0]        pcid_i,
  input logic [Entries-1:0]                   valid_q,
  input logic [Entries*KeyWidth-1:0]          keys,
  input logic [OrderWidth-1:0]                order_q,
  input logic [Ports-1:0]                     lookup_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0]   lookup_vpn_i,
  input logic [Ports-1:0]                     hit_o,
  input logic [Ports*mmu_pkg::FrameWidth-1:0] hit_frame_o,
  input logic [Ports*3-1:0]                   hit_rights,
  input logic [Ports-1:0]                     touch_i,
  input logic [Ports-1:0]                     fill_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0]   fill_vpn_i,
  input logic [Ports*mmu_pkg::FrameWidth-1:0] fill_frame_i,
  input logic [Ports*3-1:0]                   fill_rights,
  input logic [Ports-1:0]                     fill_evicts_o,
  input logic [Ports*IndexWidth-1:0]          fill_way_o,
  input logic                                 drop_all_i,
  input logic [mmu_pkg::PcidWidth-1:0]        drop_pcid_i,
  input logic                                 drop_space_i,
  input logic                                 drop_a_i,
  input logic [mmu_pkg::VpnWidth-1:0]         drop_a_vpn_i,
  input logic                                 drop_b_i,
  input logic [mmu_pkg::VpnWidth-1:0]         drop_b_vpn_i,
  input logic [Entries-1:0]                   dropped_o
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned Frame = mmu_pkg::FrameWidth;
  localparam int unsigned TagWidth = KeyWidth - mmu_pkg::PcidWidth;

  function automatic logic [TagWidth-1:0] tag_of(input logic [Vpn-1:0] vpn, input logic wide);
    tag_of = TagWidth'(vpn >> (9 * (Level - 1)));
    if (Level == 2 && wide) tag_of[0] = 1'b0;
  endfunction

  // With what this cycle fills
  logic [Entries-1:0] filled_valid;
  always_comb begin
    filled_valid = valid_q;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p]) filled_valid[fill_way_o[p*IndexWidth+:IndexWidth]] = 1'b1;
    end
  end

  // Keys that stand twice; ways that stand in the order.
  logic twice;
  logic [Entries-1:0] seen;
  always_comb begin
    twice = 1'b0;
    seen = '0;
    for (int unsigned e = 0; e < Entries; e++) begin
      for (int unsigned f = 0; f < e; f++) begin
        if (valid_q[e] && valid_q[f] && keys[e*KeyWidth+:KeyWidth] == keys[f*KeyWidth+:KeyWidth]) twice = 1'b1;
      end
      for (int unsigned w = 0; w < Entries; w++) begin
        if (order_q[e*IndexWidth+:IndexWidth] == IndexWidth'(w)) seen[w] = 1'b1;
      end
    end
  end

  logic watching_q, armed_q, there_q, there;
  logic [KeyWidth-1:0] watch_q, watch;
  logic [Frame-1:0] frame_q, frame;
  logic [2:0] rights_q, rights;
  always_comb begin
    watch = watch_q;
    there = there_q;
    frame = frame_q;
    rights = rights_q;
    if (armed_q && fill_i[0]) watch = {tag_of(fill_vpn_i[0+:Vpn], quad_i), pcid_i};
    for (int unsigned p = 0; p < Ports; p++) begin
      if (fill_i[p] && watch == {tag_of(fill_vpn_i[p*Vpn+:Vpn], quad_i), pcid_i}) begin
        there = 1'b1;
        frame = fill_frame_i[p*Frame+:Frame];
        rights = fill_rights[p*3+:3];
      end
    end
    if (drop_all_i) there = 1'b0;
    if (watch[mmu_pkg::PcidWidth-1:0] == drop_pcid_i) begin
      if (drop_space_i) there = 1'b0;
      if (drop_a_i && watch[KeyWidth-1:mmu_pkg::PcidWidth] == tag_of(drop_a_vpn_i, quad_i)) there = 1'b0;
      if (drop_b_i && watch[KeyWidth-1:mmu_pkg::PcidWidth] == tag_of(drop_b_vpn_i, quad_i)) there = 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      watching_q <= 1'b0;
      armed_q <= 1'b0;
      there_q <= 1'b0;
    end else begin
      armed_q <= take_i | (armed_q & ~fill_i[0]);
      watching_q <= watching_q | (armed_q & fill_i[0]);
      watch_q <= watch;
      there_q <= there;
      frame_q <= frame;
      rights_q <= rights;
    end
  end

  logic wrong;
  always_comb begin
    wrong = 1'b0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (watching_q && hit_o[p] && watch_q == {tag_of(lookup_vpn_i[p*Vpn+:Vpn], quad_i), pcid_i}
          && !(there_q && hit_frame_o[p*Frame+:Frame] == frame_q && hit_rights[p*3+:3] == rights_q)) begin
        wrong = 1'b1;
      end
    end
  end

  logic [Entries-1:0] gone_q;
  always_ff @(posedge clk_i) gone_q <= rst_ni ? dropped_o : '0;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      // No two valid entries have the same tag and PCID, so that a lookup hits at most once.
      WalkCacheNoEntryTwice: assert (!twice);
      // Every way stands once in the order of use: the LRU state is legal.
      WalkCacheOrderIsLegal: assert (seen == '1);
      // Hits answer lookups, uses are hits, evictions come of fills.
      WalkCacheHitsOnlyLookups: assert ((hit_o & ~lookup_i) == '0);
      WalkCacheTouchesOnlyHits: assert ((touch_i & ~hit_o) == '0);
      WalkCacheEvictsOnlyByFills: assert ((fill_evicts_o & ~fill_i) == '0);
      // A valid entry is thrown out only when every way is valid.
      WalkCacheEvictsOnlyWhenFull: assert (fill_evicts_o == '0 || filled_valid == '1);
      // What a drop takes was there, and is not valid in the next cycle.
      WalkCacheDropsOnlyWhatIsThere: assert ((dropped_o & ~filled_valid) == '0);
      WalkCacheDroppedIsGone: assert ((gone_q & valid_q) == '0);
      // A hit returns what was filled last under its tag and PCID, and no drop has named that since.
      WalkCacheHitIsTheLastFill: assert (!wrong);
    end
  end

endmodule
