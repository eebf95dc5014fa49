// SPDX-License-Identifier: MIT
// Random replacement from one 16-bit linear feedback shift register an array: x^16 + x^14 + x^13 + x^11 + 1, from ACE1.
// The victim is the state modulo the ways (combinational, from the state at the cycle's start); the register steps when
// a fill takes the way of a valid entry (replace_i, at the clock edge). docs/timing.md, "Replacement" and finer point
// 32.
//
//   step: bits 0, 2, 3 and 5 are xor-ed, the state moves right by one, the sum comes in at bit 15
//   ace1, 5670, ab38, 559c, 2ace, 1567, 8ab3, ... 65,535 states; 0 is not among them
//
// Ports as in the other replace_* modules; touch_* and the set are no matter here.

module replace_random #(
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

  logic [15:0] state_q;

  always_comb begin
    victim_way_o = '0;
    if (victim_i) victim_way_o = WayWidth'(state_q % 16'(Ways));
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= 16'hace1;
    end else if (replace_i) begin
      state_q <= {state_q[0] ^ state_q[2] ^ state_q[3] ^ state_q[5], state_q[15:1]};
    end
  end

  logic unused;
  assign unused = &{1'b0, touch_i, touch_set_i, touch_way_i, victim_set_i};

endmodule
