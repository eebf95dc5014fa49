// SPDX-License-Identifier: MIT
// True least-recently-used replacement, as the classic matrix: one bit for each pair of ways of a set.
// A touch masks every row with one pattern, whatever the order was; the victim is the way that is newer than nobody.
// Combinational: the state is kept in replacement.sv. It needs no reset: a set is asked for a victim only when every way
// was filled, and so touched.
//
//   bit (row i, column j) = 1: way i was used after way j        example: used in the order 2, 0, 3, 1
//   touch w: fill row w with ones, then clear column w                  0 1 2 3
//                                                                   0   . . 1 .
//                                                                   1   1 . 1 1     newest: row full
//                                                                   2   . . . .     victim: row empty
//                                                                   3   1 . 1 .

module replace_lru #(
  parameter int unsigned Ways = 4,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned StateWidth = Ways * Ways
) (
  input  logic [StateWidth-1:0] state_i,    // of a set
  input  logic                  touch_i,
  input  logic [WayWidth-1:0]   way_i,      // the way touched
  output logic                  changes_o,
  output logic [StateWidth-1:0] state_o,    // after the touch, where it changes
  input  logic                  ask_i,
  input  logic [StateWidth-1:0] asked_i,    // of the set asked for a victim
  output logic [WayWidth-1:0]   victim_o
);

  // A way that is the newest already changes nothing, and that is most touches.
  logic [Ways-1:0] others;
  always_comb begin
    others = '0;
    changes_o = 1'b0;
    state_o = '0;
    if (touch_i) begin
      others = ~(Ways'(1) << way_i);
      changes_o = state_i[way_i*Ways+:Ways] != others;
      if (changes_o) begin
        for (int unsigned w = 0; w < Ways; w++) state_o[w*Ways+:Ways] = state_i[w*Ways+:Ways] & `BUG(57, others, '1);
        state_o[way_i*Ways+:Ways] = others;
      end
    end
  end

  always_comb begin
    victim_o = '0;
    if (ask_i) begin
      for (int unsigned w = 0; w < Ways; w++) begin
        if (asked_i[w*Ways+:Ways] == '0) victim_o = WayWidth'(w);
      end
    end
  end

endmodule
