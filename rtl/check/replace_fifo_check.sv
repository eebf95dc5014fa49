// SPDX-License-Identifier: MIT
// Claims about the FIFO policy, bound to every replace_fifo from outside; in builds with PAGEWALK_ASSERT=1 only.

module replace_fifo_check #(
  parameter int unsigned Ways = 1,
  parameter int unsigned WayWidth = 1
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic                victim_i,
  input logic                replace_i,
  input logic [WayWidth-1:0] victim_way_o
);

  ReplacesOnlyTheVictimAsked: assert property (@(posedge clk_i) disable iff (!rst_ni) replace_i |-> victim_i);
  PointerIsAWay: assert property (@(posedge clk_i) disable iff (!rst_ni) 32'(victim_way_o) < Ways);

endmodule

bind replace_fifo replace_fifo_check #(
  .Ways(Ways),
  .WayWidth(WayWidth)
) replace_fifo_check (.*);
