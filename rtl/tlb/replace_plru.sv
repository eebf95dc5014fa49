// SPDX-License-Identifier: MIT
// Tree pseudo-LRU: one bit for each inner node of a binary tree over the ways. Ways: a power of two.
// Combinational: the state is kept in replacement.sv.
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
  parameter int unsigned Ways = 4,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned StateWidth = Ways  // one bit more than there are nodes: node n in bit n; one way has no node
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

  localparam int Depth = $clog2(Ways);

  logic [WayWidth-1:0] touched;  // a node; its top bit, always 1 at a leaf, falls off: what is left is the way
  always_comb begin
    touched = 1;
    state_o = '0;
    changes_o = touch_i;
    if (touch_i) begin
      state_o = state_i;
      for (int d = 0; d < Depth; d++) begin
        state_o[touched] = `BUG(56, ~way_i[Depth-1-d], way_i[Depth-1-d]);
        touched = WayWidth'({touched, way_i[Depth-1-d]});
      end
    end
  end

  logic [WayWidth-1:0] node;
  always_comb begin
    node = 1;
    if (ask_i) begin
      for (int d = 0; d < Depth; d++) node = WayWidth'({node, asked_i[node]});
    end
    victim_o = Ways > 1 ? node : '0;
  end

endmodule
