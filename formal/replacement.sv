// SPDX-License-Identifier: MIT
// Proof environment of the replacement policies: any touches, any fills; the ways watched are free but fixed, so that what
// is proved holds for all of them.

module prove_replacement #(
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Sets = 2,
  parameter int unsigned Ways = 4,
  parameter int unsigned Ports = 1,
  parameter int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1
) (
  input logic                      clk_i,
  input logic                      rst_ni,
  input logic [Ports-1:0]          touch_i,
  input logic [Ports*SetWidth-1:0] touch_set_i,
  input logic [Ports*WayWidth-1:0] touch_way_i,
  input logic                      first_i,
  input logic [SetWidth-1:0]       first_set_i,
  input logic                      first_fixed_i,
  input logic [WayWidth-1:0]       first_fixed_way_i,
  input logic                      second_i,
  input logic [SetWidth-1:0]       second_set_i,
  input logic                      second_fixed_i,
  input logic [WayWidth-1:0]       second_fixed_way_i
);

  (* anyconst *) logic [SetWidth-1:0] watch_set_i;
  (* anyconst *) logic [WayWidth-1:0] watch_a_i, watch_b_i;
  logic [WayWidth-1:0] first_way_o, second_way_o;

  // A reset comes first and not again: LRU, which has none, keeps its order.
  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;

  // The array names sets and ways that exist; lookups and fills meet only with two ports.
  always_comb begin
    assume (rst_ni == started_q);
    assume (rst_ni || (touch_i == '0 && !first_i));
    assume (32'(first_set_i) < Sets && 32'(second_set_i) < Sets && 32'(watch_set_i) < Sets);
    assume (32'(first_fixed_way_i) < Ways && 32'(second_fixed_way_i) < Ways);
    assume (32'(watch_a_i) < Ways && 32'(watch_b_i) < Ways);
    for (int unsigned p = 0; p < Ports; p++) begin
      assume (32'(touch_set_i[p*SetWidth+:SetWidth]) < Sets && 32'(touch_way_i[p*WayWidth+:WayWidth]) < Ways);
    end
    assume (!second_i || (first_i && Ports > 1));
    assume (Ports > 1 || !(touch_i[0] && first_i));
  end

  replacement #(
    .Policy(Policy),
    .Sets(Sets),
    .Ways(Ways),
    .Ports(Ports)
  ) dut (.*);
  replacement_claims #(
    .Policy(Policy),
    .Ways(Ways),
    .Ports(Ports),
    .SetWidth(SetWidth),
    .WayWidth(WayWidth)
  ) claims (.*);

endmodule
