// SPDX-License-Identifier: MIT
// What the replacement policies promise, shared by simulation (bound below) and proof (formal/replacement.sv). Two ways of
// one set are watched: what holds for any two ways of any set is the whole of LRU, and of FIFO. The order of one cycle's
// uses is docs/timing.md's, finer point 35: touches, the first fill, the second.

module replacement_claims #(
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Ways = 1,
  parameter int unsigned Ports = 1,
  parameter int unsigned SetWidth = 1,
  parameter int unsigned WayWidth = 1
) (
  input logic                      clk_i,
  input logic                      rst_ni,
  input logic [SetWidth-1:0]       watch_set_i,
  input logic [WayWidth-1:0]       watch_a_i,
  input logic [WayWidth-1:0]       watch_b_i,
  input logic [Ports-1:0]          touch_i,
  input logic [Ports*SetWidth-1:0] touch_set_i,
  input logic [Ports*WayWidth-1:0] touch_way_i,
  input logic                      first_i,
  input logic [SetWidth-1:0]       first_set_i,
  input logic                      first_fixed_i,
  input logic [WayWidth-1:0]       first_way_o,
  input logic                      second_i,
  input logic [SetWidth-1:0]       second_set_i,
  input logic                      second_fixed_i,
  input logic [WayWidth-1:0]       second_way_o
);

  localparam logic [3:0] Depth = 4'($clog2(Ways));

  // What is known of the watched ways: at the cycle's start, before the second fill, at the cycle's end.
  //   newer   a was used, and after b's last use           (LRU)
  //   next    of the two, a is to go first                 (FIFO)
  //   since   uses of other ways since a's, up to Depth    (PLRU)
  //   recent  used since all ways had been                 (NRU)
  logic newer_q, newer_c, newer_d, next_q, next_c, next_d;
  logic [3:0] since_q, since_c, since_d;
  logic [Ways-1:0] recent_q, recent_c, recent_d;

  logic use_now;
  logic [WayWidth-1:0] way_now;
  logic [Ways-1:0] with_it;
  always_comb begin
    newer_d = newer_q;
    next_d = next_q;
    since_d = since_q;
    recent_d = recent_q;
    newer_c = newer_q;
    next_c = next_q;
    since_c = since_q;
    recent_c = recent_q;
    use_now = 1'b0;
    way_now = '0;
    with_it = '0;
    for (int unsigned u = 0; u < Ports + 2; u++) begin
      if (u < Ports) begin
        use_now = touch_i[u%Ports] & touch_set_i[(u%Ports)*SetWidth+:SetWidth] == watch_set_i;
        way_now = touch_way_i[(u%Ports)*WayWidth+:WayWidth];
      end else if (u == Ports) begin
        use_now = first_i & first_set_i == watch_set_i;
        way_now = first_way_o;
      end else begin
        newer_c = newer_d;
        next_c = next_d;
        since_c = since_d;
        recent_c = recent_d;
        use_now = second_i & second_set_i == watch_set_i;
        way_now = second_way_o;
      end
      if (use_now) begin
        if (way_now == watch_a_i) newer_d = 1'b1;
        else if (way_now == watch_b_i) newer_d = 1'b0;
        if (way_now == watch_a_i) since_d = '0;
        else if (since_d < Depth) since_d = since_d + 4'd1;
        with_it = '0;
        with_it[way_now] = 1'b1;
        recent_d = recent_d | with_it;
        if (recent_d == '1) recent_d = with_it;
        if ((u == Ports & ~first_fixed_i) | (u == Ports + 1 & ~second_fixed_i)) begin
          if (way_now == watch_a_i) next_d = 1'b0;
          else if (way_now == watch_b_i) next_d = 1'b1;
        end
      end
    end
  end

  logic used_q;  // LRU needs no reset; what is watched begins with the first use after one
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      used_q <= 1'b0;
      newer_q <= 1'b0;
      next_q <= watch_a_i < watch_b_i;
      since_q <= Depth;
      recent_q <= '0;
    end else begin
      used_q <= 1'b1;
      newer_q <= newer_d;
      next_q <= next_d;
      since_q <= since_d;
      recent_q <= recent_d;
    end
  end

  // The victims asked for in the watched set; the second sees what the first has left if it is in the same set.
  logic first_asks, second_asks, newer, next, of_two;
  logic [3:0] since;
  logic [Ways-1:0] recent;
  assign first_asks = first_i & ~first_fixed_i & first_set_i == watch_set_i;
  assign second_asks = second_i & ~second_fixed_i & second_set_i == watch_set_i;
  assign newer = first_set_i == second_set_i ? newer_c : newer_q;
  assign next = first_set_i == second_set_i ? next_c : next_q;
  assign since = first_set_i == second_set_i ? since_c : since_q;
  assign recent = first_set_i == second_set_i ? recent_c : recent_q;
  assign of_two = watch_a_i != watch_b_i;

  always_ff @(posedge clk_i) begin
    if (rst_ni && used_q) begin
      // The way that a fill takes is one that exists.
      ReplacementTakesAWay: assert (!(first_i && 32'(first_way_o) >= Ways) && !(second_i && 32'(second_way_o) >= Ways));
      if (Policy == mmu_pkg::ReplaceLru) begin
        // LRU: the victim is never a way that was used after another.
        LruVictimIsTheOldest: assert (!(first_asks && of_two && newer_q && first_way_o == watch_a_i)
                                      && !(second_asks && of_two && newer && second_way_o == watch_a_i));
      end
      if (Policy == mmu_pkg::ReplacePlru) begin
        // Tree-PLRU: a way outlives its last use by as many uses of other ways as the tree is deep.
        PlruSparesTheRecent: assert (!(first_asks && since_q < Depth && first_way_o == watch_a_i)
                                     && !(second_asks && since < Depth && second_way_o == watch_a_i));
      end
      if (Policy == mmu_pkg::ReplaceFifo) begin
        // FIFO: of two ways the one filled earlier goes first.
        FifoFirstInFirstOut: assert (!(first_asks && of_two && first_way_o == (next_q ? watch_b_i : watch_a_i))
                                     && !(second_asks && of_two && second_way_o == (next ? watch_b_i : watch_a_i)));
      end
      if (Policy == mmu_pkg::ReplaceNru && Ways > 1) begin
        // NRU: the victim was not used since the last time that all ways had been.
        NruVictimIsNotRecent: assert (!(first_asks && recent_q[first_way_o]) && !(second_asks && recent[second_way_o]));
      end
    end
  end

endmodule

`ifndef YOSYS
bind replacement replacement_claims #(
  .Policy(Policy),
  .Ways(Ways),
  .Ports(Ports),
  .SetWidth(SetWidth),
  .WayWidth(WayWidth)
) replacement_claims (
  .watch_set_i('0),
  .watch_a_i('0),
  .watch_b_i(WayWidth'(Ways - 1)),
  .*
);
`endif
