// SPDX-License-Identifier: MIT
// Not-recently-used replacement: one bit for each way, set when it is touched. When a touch sets a set's last clear
// bit, all others are cleared; the victim is the lowest way whose bit is clear. Bits of invalid ways count as any
// other. Touch: at the clock edge. Victim: combinational, from the state at the cycle's start. docs/timing.md, finer
// point 33.
//
//   four ways, touched     0     2     3     1     1     0     2     (3, 2, 1, 0)
//   bits (way 3 .. 0)   0001  0101  1101  0010  0010  0011  0111     the touch of 1 made all set: its own stays
//   victim                 1     1     1     0     0     2     3
//
// A single way is always the victim. replace_i, which the FIFO and the random policy need, is no matter here.

module replace_nru #(
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

  logic [Sets*Ways-1:0] used_q;

  logic [Ways-1:0] touched, own;
  always_comb begin
    touched = '0;
    own = '0;
    if (touch_i) begin
      own[touch_way_i] = 1'b1;
      touched = used_q[touch_set_i*Ways+:Ways] | own;
      if (&touched) touched = own;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      used_q <= '0;
    end else if (touch_i) begin
      used_q[touch_set_i*Ways+:Ways] <= touched;
    end
  end

  logic [Ways-1:0] asked;
  always_comb begin
    victim_way_o = '0;
    asked = '0;
    if (victim_i) begin
      asked = used_q[victim_set_i*Ways+:Ways];
      for (int unsigned w = Ways; w > 0; w--) begin
        if (!asked[w-1]) victim_way_o = WayWidth'(w - 1);
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, replace_i};

endmodule
