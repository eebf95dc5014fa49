// SPDX-License-Identifier: MIT
// Claims about the NRU policy, bound to every replace_nru from outside; in builds with PAGEWALK_ASSERT=1 only.

module replace_nru_check #(
  parameter int unsigned Ways = 1
) (
  input logic            clk_i,
  input logic            rst_ni,
  input logic            victim_i,
  input logic [Ways-1:0] asked
);

  SomeWayIsNotRecent: assert property (@(posedge clk_i) disable iff (!rst_ni) victim_i && Ways > 1 |-> asked != '1);

endmodule

bind replace_nru replace_nru_check #(.Ways(Ways)) replace_nru_check (.*);
