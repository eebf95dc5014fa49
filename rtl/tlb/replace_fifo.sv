// SPDX-License-Identifier: MIT
// First-in-first-out replacement: for each set a pointer to the way that was filled longest ago. It starts at way 0 and
// moves on only when a fill takes the way of a valid entry (replace_i): invalid ways are filled lowest first without it,
// overwrites in place and hits leave it alone. Combinational: the state is kept in replacement.sv. docs/timing.md,
// "Replacement" and finer point 32.

module replace_fifo #(
  parameter int unsigned Ways = 4,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned StateWidth = WayWidth
) (
  input  logic [StateWidth-1:0] state_i,    // of a set
  input  logic                  replace_i,  // a fill takes the victim's way
  output logic                  changes_o,
  output logic [StateWidth-1:0] state_o,    // after that, where it changes
  input  logic                  ask_i,
  input  logic [StateWidth-1:0] asked_i,    // of the set asked for a victim
  output logic [WayWidth-1:0]   victim_o
);

  always_comb begin
    changes_o = replace_i;
    state_o = '0;
    if (replace_i) state_o = state_i == WayWidth'(Ways - `BUG(58, 1, 2)) ? '0 : state_i + 1'b1;
  end

  always_comb begin
    victim_o = '0;
    if (ask_i) victim_o = asked_i;
  end

endmodule
