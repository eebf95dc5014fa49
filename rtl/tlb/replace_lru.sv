// SPDX-License-Identifier: MIT
// True least-recently-used replacement, as the classic matrix: for each set one bit for each pair of ways.
// A touch masks every row with one pattern, whatever the order was; the victim is the way that is newer than nobody.
// Touch: at the clock edge. Victim: combinational, from the state at the cycle's start.
//
//   bit (row i, column j) = 1: way i was used after way j        example: used in the order 2, 0, 3, 1
//   touch w: fill row w with ones, then clear column w                  0 1 2 3
//                                                                   0   . . 1 .
//                                                                   1   1 . 1 1     newest: row full
//                                                                   2   . . . .     victim: row empty
//                                                                   3   1 . 1 .

module replace_lru #(
  parameter int unsigned Sets = 16,
  parameter int unsigned Ways = 4,
  parameter int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1
) (
  input  logic                clk_i,
  input  logic                touch_i,
  input  logic [SetWidth-1:0] touch_set_i,
  input  logic [WayWidth-1:0] touch_way_i,
  input  logic                victim_i,
  input  logic [SetWidth-1:0] victim_set_i,
  output logic [WayWidth-1:0] victim_way_o
);

  localparam int unsigned Bits = Ways * Ways;

  // Needs no reset: a set is asked for a victim only when every way was filled, and so touched.
  logic [Bits-1:0] newer_q[Sets];
  initial begin
    for (int unsigned s = 0; s < Sets; s++) newer_q[s] = '0;
  end

  // A way that is the newest already changes nothing, and that is most touches.
  logic [Bits-1:0] touched;
  logic [Ways-1:0] others;
  logic change;
  always_comb begin
    touched = '0;
    others = '0;
    change = 1'b0;
    if (touch_i) begin
      others = ~(Ways'(1) << touch_way_i);
      change = newer_q[touch_set_i][touch_way_i*Ways+:Ways] != others;
      if (change) begin
        touched = newer_q[touch_set_i];
        for (int unsigned w = 0; w < Ways; w++) touched[w*Ways+:Ways] = touched[w*Ways+:Ways] & others;
        touched[touch_way_i*Ways+:Ways] = others;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (change) newer_q[touch_set_i] <= touched;
  end

  logic [Bits-1:0] asked;
  always_comb begin
    victim_way_o = '0;
    asked = '0;
    if (victim_i) begin
      asked = newer_q[victim_set_i];
      for (int unsigned w = 0; w < Ways; w++) begin
        if (asked[w*Ways+:Ways] == '0) victim_way_o = WayWidth'(w);
      end
    end
  end

endmodule
