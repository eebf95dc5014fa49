// SPDX-License-Identifier: MIT
// Random replacement from one 16-bit linear feedback shift register an array: x^16 + x^14 + x^13 + x^11 + 1, from ACE1.
// The victim is the state modulo the ways; the register steps when a fill takes the way of a valid entry (replace_i).
// Combinational: the state is kept in replacement.sv. docs/timing.md, "Replacement" and finer point 32.
//
//   step: bits 0, 2, 3 and 5 are xor-ed, the state moves right by one, the sum comes in at bit 15
//   ace1, 5670, ab38, 559c, 2ace, 1567, 8ab3, ... 65,535 states; 0 is not among them

module replace_random #(
  parameter int unsigned Ways = 4,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned StateWidth = 16
) (
  input  logic [StateWidth-1:0] state_i,
  input  logic                  replace_i,  // a fill takes the victim's way
  output logic                  changes_o,
  output logic [StateWidth-1:0] state_o,    // after that, where it changes
  input  logic                  ask_i,
  input  logic [StateWidth-1:0] asked_i,
  output logic [WayWidth-1:0]   victim_o
);

  always_comb begin
    changes_o = replace_i;
    state_o = '0;
    if (replace_i) state_o = {state_i[0] ^ state_i[2] ^ state_i[3] ^ state_i[5], state_i[15:1]};
  end

  always_comb begin
    victim_o = '0;
    if (ask_i) victim_o = WayWidth'(asked_i % StateWidth'(Ways));
  end

endmodule
