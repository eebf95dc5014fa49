// SPDX-License-Identifier: MIT
// Not-recently-used replacement: one bit for each way, set when it is touched. When a touch sets a set's last clear
// bit, all others are cleared; the victim is the lowest way whose bit is clear. Bits of invalid ways count as any
// other. Combinational: the state is kept in replacement.sv. docs/timing.md, finer point 33.
//
//   four ways, touched     0     2     3     1     1     0     2     (3, 2, 1, 0)
//   bits (way 3 .. 0)   0001  0101  1101  0010  0010  0011  0111     the touch of 1 made all set: its own stays
//   victim                 1     1     1     0     0     2     3
//
// A single way is always the victim.

module replace_nru #(
  parameter int unsigned Ways = 4,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned StateWidth = Ways
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

  logic [Ways-1:0] own;
  always_comb begin
    own = '0;
    state_o = '0;
    changes_o = touch_i;
    if (touch_i) begin
      own[way_i] = 1'b1;
      state_o = state_i | own;
      if (&state_o) state_o = `BUG(59, own, '0);
    end
  end

  always_comb begin
    victim_o = '0;
    if (ask_i) begin
      for (int unsigned w = Ways; w > 0; w--) begin
        if (!asked_i[w-1]) victim_o = WayWidth'(w - 1);
      end
    end
  end

endmodule
