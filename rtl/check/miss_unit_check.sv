// SPDX-License-Identifier: MIT
// Claims about a miss unit, bound to each from outside; in builds with PAGEWALK_ASSERT=1 only.
// docs/timing.md, finer points 36 to 38.

module miss_unit_check (
  input logic clk_i,
  input logic rst_ni,
  input logic other_walks_i,
  input logic other_done_i,
  input logic joined,
  input logic joins_on,
  input logic miss,
  input logic takes,
  input logic walk_busy,
  input logic walk_grant,
  input logic fill_second_o,
  input logic done_o
);

  // Who has joined waits for a walk that is in flight, and so not for ever.
  JoinedWaitsForAWalk: assert property (@(posedge clk_i) disable iff (!rst_ni) joined |-> other_walks_i);
  // Sharing a walk ends with it.
  JoinedEndsWithTheWalk: assert property (@(posedge clk_i) disable iff (!rst_ni) other_done_i |-> !joins_on);
  // Who shares a walk has none of his own.
  JoinedDoesNotWalk: assert property (@(posedge clk_i) disable iff (!rst_ni) joined |-> !walk_busy & !miss);

  // One result for one miss: shared, or by an own walk.
  TakesOrWalks: assert property (@(posedge clk_i) disable iff (!rst_ni) takes |-> !walk_grant & done_o);
  // A shared result fills the port's own TLB and no more.
  SharedFillsOnlyThePort: assert property (@(posedge clk_i) disable iff (!rst_ni) takes |-> !fill_second_o);

endmodule

bind miss_unit miss_unit_check miss_unit_check (.*);
