// SPDX-License-Identifier: MIT
// Claims about one level of the timing caches, bound to every timing_cache from outside; in builds with
// PAGEWALK_ASSERT=1 only.

module timing_cache_check #(
  parameter int unsigned Ways = 1,
  parameter int unsigned Walkers = 1,
  parameter int unsigned Requests = 1,
  parameter int unsigned Ops = 1,
  parameter int unsigned Count = 1,
  parameter int unsigned SetBits = 1,
  parameter int unsigned WayWidth = 1,
  parameter int unsigned RowWidth = 1
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic [Count-1:0]    op,
  input logic [Count-1:0]    fills,
  input logic [Count-1:0]    push_o,
  input logic [Requests-1:0] demand_i,
  input logic [Walkers-1:0]  late_i,
  input logic [45:0]         line[Count],
  input logic [WayWidth-1:0] way[Count],
  input logic [RowWidth-1:0] row[Count]
);

  function automatic logic same_set(input logic [45:0] a, input logic [45:0] b);
    same_set = ((a ^ b) & ((46'd1 << SetBits) - 46'd1)) == '0;
  endfunction

  // Rows as the operations leave them: every way stands once in the order, the newest first; dirty lines are valid.
  // A line is not filled over itself: that would have been a hit.
  logic orders, dirty_valid, fills_differ, again, late_stays;
  logic [Ways-1:0] seen;
  always_comb begin
    orders = 1'b1;
    dirty_valid = 1'b1;
    fills_differ = 1'b1;
    late_stays = 1'b1;
    again = 1'b0;
    seen = '0;
    for (int unsigned i = 0; i < Count; i++) begin
      if (op[i]) begin
        seen = '0;
        for (int unsigned w = 0; w < Ways; w++) begin
          for (int unsigned v = 0; v < Ways; v++) begin
            if (row[i][2*Ways+w*WayWidth+:WayWidth] == WayWidth'(v)) seen[v] = 1'b1;
          end
        end
        if (seen != '1) orders = 1'b0;
        if ((row[i][Ways-1:0] & ~row[i][Ways+:Ways]) != '0) dirty_valid = 1'b0;
        again = 1'b0;
        for (int unsigned j = 0; j < i; j++) begin
          if (fills[j] && same_set(line[i], line[j]) && way[i] == way[j]) again = line[i] == line[j];
          if (j % Ops == 0 && j / Ops < Walkers && late_i[j/Ops%Walkers] && fills[i] && same_set(line[i], line[j])
              && way[i] == way[j]) begin
            late_stays = 1'b0;
          end
        end
        if (fills[i] & again) fills_differ = 1'b0;
      end
    end
  end

  EveryWayOnceInTheOrder: assert property (@(posedge clk_i) disable iff (!rst_ni) orders);
  // Dirty lines are valid.
  DirtyLinesAreValid: assert property (@(posedge clk_i) disable iff (!rst_ni) dirty_valid);
  NoLineFilledOverItself: assert property (@(posedge clk_i) disable iff (!rst_ni) fills_differ);
  // What makes a late mark exact: the line is where it was looked up until the cycle ends.
  LateMarksFindTheirLine: assert property (@(posedge clk_i) disable iff (!rst_ni) late_stays);
  // A line is marked late only for a demand.
  LateMarksOnlyForDemands:
    assert property (@(posedge clk_i) disable iff (!rst_ni) (Requests'(late_i) & ~demand_i) == '0);
  // Without an operation nothing is pushed out.
  NothingComesOfNothing: assert property (@(posedge clk_i) disable iff (!rst_ni) op == '0 |-> push_o == '0);

endmodule

bind timing_cache timing_cache_check #(
  .Ways(Ways),
  .Walkers(Walkers),
  .Requests(Requests),
  .Ops(Ops),
  .Count(Count),
  .SetBits(SetBits),
  .WayWidth(WayWidth),
  .RowWidth(RowWidth)
) timing_cache_check (.*);
