// SPDX-License-Identifier: MIT
// Replacement state of an array, and the order of one cycle's uses: lookups that hit, port 0 first, then fills. All of them
// change the state at the clock edge, each on top of those before it. Victims: docs/timing.md, finer point 35.
//
//   state ──► touch 0 ──► touch 1 ──► first fill ──► second fill ──► state at the edge
//     └─► the first fill's victim                 └─► the second's, if it is in the same set
//
// A fill names its way if it overwrites the page's own entry or takes an invalid way (fixed_i); else it takes the victim.
// Where lookups and fills never meet in a cycle (Meets = 0) one use is all there is, and one step does for both.

module replacement #(
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Sets = 16,
  parameter int unsigned Ways = 4,
  parameter int unsigned Ports = 1,
  parameter bit          Meets = Ports > 1,
  parameter int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,

  input  logic [Ports-1:0]          touch_i,
  input  logic [Ports*SetWidth-1:0] touch_set_i,
  input  logic [Ports*WayWidth-1:0] touch_way_i,

  input  logic                      first_i,
  input  logic [SetWidth-1:0]       first_set_i,
  input  logic                      first_fixed_i,
  input  logic [WayWidth-1:0]       first_fixed_way_i,
  output logic [WayWidth-1:0]       first_way_o,

  input  logic                      second_i,  // only beside a first; with one port there is none
  input  logic [SetWidth-1:0]       second_set_i,
  input  logic                      second_fixed_i,
  input  logic [WayWidth-1:0]       second_fixed_way_i,
  output logic [WayWidth-1:0]       second_way_o
);

  // For each set; the random policy has one register for the array, as if there were one set.
  localparam bit Shared = Policy == mmu_pkg::ReplaceRandom;
  localparam bit Lru = Policy == mmu_pkg::ReplaceLru;
  localparam int unsigned StateWidth =
      Shared ? 16 : Lru ? Ways * Ways : Policy == mmu_pkg::ReplaceFifo ? WayWidth : Ways;

  // Uses a and b are the touches, c and d the fills; without meetings a is either.
  logic use_a, use_b, use_c, use_d, replace_a;
  logic [SetWidth-1:0] set_a, set_b, set_c, set_d;
  logic [WayWidth-1:0] way_a;
  assign use_a = touch_i[0] | (~Meets & first_i);
  assign use_b = Ports > 1 ? touch_i[Ports-1] : 1'b0;
  assign use_c = Meets & first_i;
  assign use_d = Ports > 1 ? second_i : 1'b0;
  assign replace_a = ~Meets & first_i & ~first_fixed_i;
  assign set_a = Shared ? '0 : ~Meets & first_i ? first_set_i : touch_set_i[SetWidth-1:0];
  assign way_a = ~Meets & first_i ? first_way_o : touch_way_i[WayWidth-1:0];
  assign set_b = Shared ? '0 : touch_set_i[(Ports-1)*SetWidth+:SetWidth];
  assign set_c = Shared ? '0 : first_set_i;
  assign set_d = Shared ? '0 : second_set_i;

  // -------------------------------------------------------------------------------------------------------------------
  // The state at the cycle's start, where a use needs it

  logic [StateWidth-1:0] start_a, start_b, start_c, start_d, after_a, after_b, after_c, after_d;
  logic changes_a, changes_b, changes_c, changes_d;
  if (Lru) begin : g_rows
    logic [StateWidth-1:0] rows_q[Sets];  // replace_lru says why it needs no reset
    initial begin
      for (int unsigned s = 0; s < Sets; s++) rows_q[s] = '0;
    end
    always_comb begin
      start_a = '0;
      start_b = '0;
      start_c = '0;
      start_d = '0;
      if (use_a) start_a = rows_q[set_a];
      if (use_b) start_b = rows_q[set_b];
      if (use_c) start_c = rows_q[set_c];
      if (use_d) start_d = rows_q[set_d];
    end
    always_ff @(posedge clk_i) begin
      if (changes_a) rows_q[set_a] <= after_a;
      if (changes_b) rows_q[set_b] <= after_b;
      if (changes_c) rows_q[set_c] <= after_c;
      if (changes_d) rows_q[set_d] <= after_d;
    end
  end else begin : g_bits
    localparam int unsigned Slots = Shared ? 1 : Sets;
    logic [Slots*StateWidth-1:0] bits_q;
    always_comb begin
      start_a = '0;
      start_b = '0;
      start_c = '0;
      start_d = '0;
      if (use_a) start_a = bits_q[set_a*StateWidth+:StateWidth];
      if (use_b) start_b = bits_q[set_b*StateWidth+:StateWidth];
      if (use_c) start_c = bits_q[set_c*StateWidth+:StateWidth];
      if (use_d) start_d = bits_q[set_d*StateWidth+:StateWidth];
    end
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        bits_q <= Shared ? (Slots * StateWidth)'(16'hace1) : '0;
      end else begin
        if (changes_a) bits_q[set_a*StateWidth+:StateWidth] <= after_a;
        if (changes_b) bits_q[set_b*StateWidth+:StateWidth] <= after_b;
        if (changes_c) bits_q[set_c*StateWidth+:StateWidth] <= after_c;
        if (changes_d) bits_q[set_d*StateWidth+:StateWidth] <= after_d;
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Use after use

  logic [StateWidth-1:0] before_b, before_c, before_d, asked_c, asked_d;
  assign asked_c = Meets ? start_c : start_a;
  always_comb begin
    before_b = start_b;
    if (use_b & changes_a & set_a == set_b) before_b = after_a;
  end
  always_comb begin
    before_c = start_c;
    if (use_c) begin
      if (changes_a & set_a == set_c) before_c = after_a;
      if (changes_b & set_b == set_c) before_c = after_b;
    end
  end
  always_comb begin
    before_d = start_d;
    asked_d = start_d;
    if (use_d) begin
      if (changes_a & set_a == set_d) before_d = after_a;
      if (changes_b & set_b == set_d) before_d = after_b;
      if (changes_c & set_c == set_d) before_d = after_c;
      if (set_c == set_d) asked_d = before_d;
    end
  end

  logic [WayWidth-1:0] victim_a, victim_b, victim_c, victim_d;
  replace_step #(
    .Policy(Policy),
    .Ways(Ways),
    .WayWidth(WayWidth),
    .StateWidth(StateWidth)
  ) a (
    .state_i(start_a),
    .touch_i(use_a),
    .way_i(way_a),
    .replace_i(replace_a),
    .changes_o(changes_a),
    .state_o(after_a),
    .ask_i(replace_a),
    .asked_i(asked_c),
    .victim_o(victim_a)
  );
  if (Meets) begin : g_fill
    replace_step #(
      .Policy(Policy),
      .Ways(Ways),
      .WayWidth(WayWidth),
      .StateWidth(StateWidth)
    ) c (
      .state_i(before_c),
      .touch_i(use_c),
      .way_i(first_way_o),
      .replace_i(use_c & ~first_fixed_i),
      .changes_o(changes_c),
      .state_o(after_c),
      .ask_i(use_c & ~first_fixed_i),
      .asked_i(asked_c),
      .victim_o(victim_c)
    );
  end else begin : g_no_fill
    assign changes_c = 1'b0;
    assign after_c = '0;
    assign victim_c = victim_a;
  end
  if (Ports > 1) begin : g_second
    replace_step #(
      .Policy(Policy),
      .Ways(Ways),
      .WayWidth(WayWidth),
      .StateWidth(StateWidth)
    ) b (
      .state_i(before_b),
      .touch_i(use_b),
      .way_i(touch_way_i[(Ports-1)*WayWidth+:WayWidth]),
      .replace_i(1'b0),
      .changes_o(changes_b),
      .state_o(after_b),
      .ask_i(1'b0),
      .asked_i('0),
      .victim_o(victim_b)
    );
    replace_step #(
      .Policy(Policy),
      .Ways(Ways),
      .WayWidth(WayWidth),
      .StateWidth(StateWidth)
    ) d (
      .state_i(before_d),
      .touch_i(use_d),
      .way_i(second_way_o),
      .replace_i(use_d & ~second_fixed_i),
      .changes_o(changes_d),
      .state_o(after_d),
      .ask_i(use_d & ~second_fixed_i),
      .asked_i(asked_d),
      .victim_o(victim_d)
    );
  end else begin : g_no_second
    assign changes_b = 1'b0;
    assign changes_d = 1'b0;
    assign after_b = '0;
    assign after_d = '0;
    assign victim_b = '0;
    assign victim_d = '0;
  end

  assign first_way_o = first_fixed_i ? first_fixed_way_i : victim_c;
  assign second_way_o = second_fixed_i ? second_fixed_way_i : victim_d;

  logic unused;
  assign unused = &{1'b0, rst_ni, victim_a, victim_b, before_b, before_c, before_d, asked_c, second_set_i, second_fixed_i};

endmodule
