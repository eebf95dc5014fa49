// SPDX-License-Identifier: MIT
// One use of a set, under any policy: its replacement state before and after, and the victim that a set in the state
// asked_i would give. Combinational.

module replace_step #(
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Ways = 4,
  parameter int unsigned WayWidth = 1,
  parameter int unsigned StateWidth = 1
) (
  input  logic [StateWidth-1:0] state_i,
  input  logic                  touch_i,    // a hit or a fill
  input  logic [WayWidth-1:0]   way_i,
  input  logic                  replace_i,  // a fill that takes the way of a valid entry of another page
  output logic                  changes_o,
  output logic [StateWidth-1:0] state_o,    // where it changes
  input  logic                  ask_i,
  input  logic [StateWidth-1:0] asked_i,
  output logic [WayWidth-1:0]   victim_o
);

  if (Policy == mmu_pkg::ReplacePlru) begin : g_plru
    replace_plru #(
      .Ways(Ways)
    ) plru (
      .state_i,
      .touch_i,
      .way_i,
      .changes_o,
      .state_o,
      .ask_i,
      .asked_i,
      .victim_o
    );
  end else if (Policy == mmu_pkg::ReplaceFifo) begin : g_fifo
    replace_fifo #(
      .Ways(Ways)
    ) fifo (
      .state_i,
      .replace_i,
      .changes_o,
      .state_o,
      .ask_i,
      .asked_i,
      .victim_o
    );
  end else if (Policy == mmu_pkg::ReplaceNru) begin : g_nru
    replace_nru #(
      .Ways(Ways)
    ) nru (
      .state_i,
      .touch_i,
      .way_i,
      .changes_o,
      .state_o,
      .ask_i,
      .asked_i,
      .victim_o
    );
  end else if (Policy == mmu_pkg::ReplaceRandom) begin : g_random
    replace_random #(
      .Ways(Ways)
    ) random (
      .state_i,
      .replace_i,
      .changes_o,
      .state_o,
      .ask_i,
      .asked_i,
      .victim_o
    );
  end else begin : g_lru
    replace_lru #(
      .Ways(Ways)
    ) lru (
      .state_i,
      .touch_i,
      .way_i,
      .changes_o,
      .state_o,
      .ask_i,
      .asked_i,
      .victim_o
    );
  end

  logic unused;
  assign unused = &{1'b0, touch_i, way_i, replace_i};

endmodule
