// SPDX-License-Identifier: MIT
// Claims about replacement, bound to every array's from outside; in builds with PAGEWALK_ASSERT=1 only.

module replacement_check #(
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Ways = 1,
  parameter int unsigned WayWidth = 1,
  parameter int unsigned StateWidth = 1
) (
  input logic                  clk_i,
  input logic                  rst_ni,
  input logic                  first_i,
  input logic [WayWidth-1:0]   first_way_o,
  input logic                  second_i,
  input logic [WayWidth-1:0]   second_way_o,
  input logic [StateWidth-1:0] asked_c,
  input logic [StateWidth-1:0] asked_d
);

  // There is a second fill only beside a first.
  SecondOnlyBesideFirst: assert property (@(posedge clk_i) disable iff (!rst_ni) second_i |-> first_i);
  // The first fill takes a way that exists.
  FirstTakesAWay: assert property (@(posedge clk_i) disable iff (!rst_ni) first_i |-> 32'(first_way_o) < Ways);
  // So does the second.
  SecondTakesAWay: assert property (@(posedge clk_i) disable iff (!rst_ni) second_i |-> 32'(second_way_o) < Ways);

  if (Policy == mmu_pkg::ReplaceNru && Ways > 1) begin : g_nru
    // NRU: some way of a set asked for a victim is not recent.
    SomeWayIsNotRecent:
      assert property (@(posedge clk_i) disable iff (!rst_ni)
                       !(first_i & asked_c == '1) & !(second_i & asked_d == '1));
  end
  if (Policy == mmu_pkg::ReplaceRandom) begin : g_random
    // Random: the shift register never gets stuck at zero.
    RegisterIsNeverZero: assert property (@(posedge clk_i) disable iff (!rst_ni) first_i |-> asked_c != '0);
  end
endmodule

bind replacement replacement_check #(
  .Policy(Policy),
  .Ways(Ways),
  .WayWidth(WayWidth),
  .StateWidth(StateWidth)
) replacement_check (.*);
