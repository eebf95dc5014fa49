// SPDX-License-Identifier: MIT
// tlb_array_claims, bound to every tlb_array: what yosys does not take, unpacked ports and bind, stays out here. The page
// watched changes every 256 edges; the set looked at is that of the last fill.

module tlb_array_probe #(
  parameter int unsigned Sets = 1,
  parameter int unsigned Ways = 1,
  parameter int unsigned Ports = 1,
  parameter int unsigned Entries = Sets * Ways,
  parameter int unsigned SetWidth = 1,
  parameter int unsigned KeyWidth = 1
) (
  input logic                               clk_i,
  input logic                               rst_ni,
  input logic                               quad_i,
  input logic [mmu_pkg::PcidWidth-1:0]      pcid_i,
  input logic [Entries-1:0]                 valid_q,
  input logic [Entries-1:0]                 visible_q,
  input logic [Entries-1:0]                 global_q,
  input logic [KeyWidth-1:0]                tag_q[Entries],
  input logic [mmu_pkg::PcidWidth-1:0]      pcid_q[Entries],
  input logic [Ports-1:0]                   lookup_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0] lookup_vpn_i,
  input logic [Ports-1:0]                   hit_o,
  input mmu_pkg::entry_t [Ports-1:0]        hit_entry_o,
  input logic [Ports-1:0]                   touch_i,
  input logic [Ports-1:0]                   fill_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0] fill_vpn_i,
  input mmu_pkg::entry_t [Ports-1:0]        fill_entry_i,
  input logic [Ports-1:0]                   fill_evicts_o,
  input logic [SetWidth-1:0]                first_set,
  input mmu_pkg::drops_t                    drops_i
);

  logic [7:0] edges_q;
  logic [SetWidth-1:0] set_q;
  always_ff @(posedge clk_i) begin
    edges_q <= rst_ni ? edges_q + 8'd1 : '0;
    if (!rst_ni) set_q <= '0;
    else if (fill_i != '0) set_q <= first_set;
  end

  logic [Ways*KeyWidth-1:0] set_tags;
  logic [Ways*mmu_pkg::PcidWidth-1:0] set_pcids;
  always_comb begin
    for (int unsigned w = 0; w < Ways; w++) begin
      set_tags[w*KeyWidth+:KeyWidth] = tag_q[set_q*Ways+w];
      set_pcids[w*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth] = pcid_q[set_q*Ways+w];
    end
  end

  tlb_array_claims #(
    .Sets(Sets),
    .Ways(Ways),
    .Ports(Ports),
    .SetWidth(SetWidth),
    .EntryWidth($bits(mmu_pkg::entry_t))
  ) claims (
    .take_i(edges_q == '0),
    .watch_set_i(set_q),
    .hit_entry(hit_entry_o),
    .fill_entry(fill_entry_i),
    .*
  );

endmodule

bind tlb_array tlb_array_probe #(
  .Sets(Sets),
  .Ways(Ways),
  .Ports(Ports),
  .SetWidth(SetWidth),
  .KeyWidth(KeyWidth)
) tlb_array_probe (.*);
