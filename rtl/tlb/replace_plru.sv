// SPDX-License-Identifier: MIT
// Tree pseudo-LRU: one bit for each inner node of a binary tree over the ways. Ways: a power of two.
// Touch: at the clock edge. Victim: combinational, from the state at the cycle's start.
//
//               node 1                 A node's bit says where the victim is: 0 left, 1 right.
//              0/    \1                Touching a way turns every node on its path away from it.
//          node 2     node 3           After reset all bits are 0: the victim is way 0.
//          0/  \1     0/  \1
//        way 0 way 1 way 2 way 3       Node n has the children 2n and 2n + 1, and lies in bit n - 1.
//
//   touched      node 1 2 3   victim
//   (reset)           0 0 0   0
//   way 0             1 1 0   2
//   way 2             0 1 1   1
//   way 1             1 0 1   3

module replace_plru #(
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
  output logic [WayWidth-1:0] victim_way_o
);

  localparam int Depth = $clog2(Ways);

  // One bit more than there are nodes, so that one way (no node) needs no special case. Node n in bit n.
  logic [Sets*Ways-1:0] tree_q;
  logic [Ways-1:0] touched, asked;

  logic [WayWidth-1:0] touch_node;  // its top bit, always 1 at a leaf, falls off: what is left is the way
  always_comb begin
    touched = '0;
    touch_node = 1;
    if (touch_i) begin
      touched = tree_q[touch_set_i*Ways+:Ways];
      for (int d = 0; d < Depth; d++) begin
        touched[touch_node] = ~touch_way_i[Depth-1-d];
        touch_node = WayWidth'({touch_node, touch_way_i[Depth-1-d]});
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tree_q <= '0;
    end else if (touch_i) begin
      tree_q[touch_set_i*Ways+:Ways] <= touched;
    end
  end

  logic [WayWidth-1:0] victim_node;
  always_comb begin
    asked = '0;
    victim_node = 1;
    if (victim_i) begin
      asked = tree_q[victim_set_i*Ways+:Ways];
      for (int d = 0; d < Depth; d++) begin
        victim_node = WayWidth'({victim_node, asked[victim_node]});
      end
    end
    victim_way_o = Ways > 1 ? victim_node : '0;
  end

endmodule
