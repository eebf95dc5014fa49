// SPDX-License-Identifier: MIT
// Claims about the random policy, bound to every replace_random from outside; in builds with PAGEWALK_ASSERT=1 only.

module replace_random_check (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        victim_i,
  input logic        replace_i,
  input logic [15:0] state_q
);

  ReplacesOnlyTheVictimAsked: assert property (@(posedge clk_i) disable iff (!rst_ni) replace_i |-> victim_i);
  StateIsNeverZero: assert property (@(posedge clk_i) disable iff (!rst_ni) state_q != '0);

endmodule

bind replace_random replace_random_check replace_random_check (.*);
