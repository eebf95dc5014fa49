// SPDX-License-Identifier: MIT
// walk_cache_check, bound to every walk_cache: what yosys does not take, an unpacked port and bind, stays out here.
// A new key is watched every 256 edges.

module walk_cache_probe #(
  parameter int unsigned Level = 2,
  parameter int unsigned Entries = 1,
  parameter int unsigned Ports = 1,
  parameter int unsigned IndexWidth = 1,
  parameter int unsigned KeyWidth = mmu_pkg::PcidWidth + 1,
  parameter int unsigned OrderWidth = 1
) (
  input logic                                 clk_i,
  input logic                                 rst_ni,
  input logic                                 quad_i,
  input logic [mmu_pkg::PcidWidth-1:0]        pcid_i,
  input logic [Entries-1:0]                   valid_q,
  input logic [KeyWidth-1:0]                  key_q[Entries],
  input logic [OrderWidth-1:0]                order_q,
  input logic [Ports-1:0]                     lookup_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0]   lookup_vpn_i,
  input logic [Ports-1:0]                     hit_o,
  input logic [Ports*mmu_pkg::FrameWidth-1:0] hit_frame_o,
  input mmu_pkg::rights_t [Ports-1:0]         hit_rights_o,
  input logic [Ports-1:0]                     touch_i,
  input logic [Ports-1:0]                     fill_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0]   fill_vpn_i,
  input logic [Ports*mmu_pkg::FrameWidth-1:0] fill_frame_i,
  input mmu_pkg::rights_t [Ports-1:0]         fill_rights_i,
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

  logic [Entries*KeyWidth-1:0] keys;
  always_comb begin
    for (int unsigned e = 0; e < Entries; e++) keys[e*KeyWidth+:KeyWidth] = key_q[e];
  end

  logic [7:0] edges_q;
  always_ff @(posedge clk_i) edges_q <= rst_ni ? edges_q + 8'd1 : '0;

  walk_cache_check #(
    .Level(Level),
    .Entries(Entries),
    .Ports(Ports),
    .IndexWidth(IndexWidth),
    .KeyWidth(KeyWidth),
    .OrderWidth(OrderWidth)
  ) check (
    .take_i(edges_q == '0),
    .hit_rights(hit_rights_o),
    .fill_rights(fill_rights_i),
    .*
  );

endmodule

bind walk_cache walk_cache_probe #(
  .Level(Level),
  .Entries(Entries),
  .Ports(Ports),
  .IndexWidth(IndexWidth),
  .KeyWidth(KeyWidth),
  .OrderWidth(OrderWidth)
) walk_cache_probe (.*);
