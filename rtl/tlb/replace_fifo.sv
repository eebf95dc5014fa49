// SPDX-License-Identifier: MIT
// First-in-first-out replacement: for each set a pointer to the way that was filled longest ago. It starts at way 0 and
// moves on only when a fill takes the way of a valid entry (replace_i, at the clock edge): invalid ways are filled
// lowest first without it, overwrites in place and hits leave it alone. Victim: combinational, from the state at the
// cycle's start. docs/timing.md, "Replacement" and finer point 32.
//
// Ports as in the other replace_* modules: touch_* are the hits and fills (no matter here); victim_set_i is the set of
// the fill under way, of which replace_i says that it takes the victim's way.

module replace_fifo #(
  parameter int unsigned Sets = 16,
  parameter int unsigned Ways = 4,
  parameter int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                touch_i,
  input  logic [SetWidth-1:0] touch_set_i,
  input  logic [WayWidth-1:0] touch_way_i,
  input  logic                victim_i,
  input  logic [SetWidth-1:0] victim_set_i,
  output logic [WayWidth-1:0] victim_way_o,
  input  logic                replace_i
);

  logic [Sets*WayWidth-1:0] oldest_q;

  always_comb begin
    victim_way_o = '0;
    if (victim_i) victim_way_o = oldest_q[victim_set_i*WayWidth+:WayWidth];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      oldest_q <= '0;
    end else if (replace_i) begin
      oldest_q[victim_set_i*WayWidth+:WayWidth] <= victim_way_o == WayWidth'(Ways - 1) ? '0 : victim_way_o + 1'b1;
    end
  end

  logic unused;
  assign unused = &{1'b0, touch_i, touch_set_i, touch_way_i};

endmodule
