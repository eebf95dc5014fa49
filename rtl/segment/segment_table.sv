// SPDX-License-Identifier: MIT
// The segment registers: base, limit, flags of each. docs/timing.md, finer point 16; SDM vol. 3A, 3.4.3.
// Two read ports, combinational, one for each access port; a load takes effect at the clock edge.
// After reset segment 0 is flat (base 0, no limit, everything allowed) and the others are absent.

module segment_table (
  input  logic                             clk_i,
  input  logic                             rst_ni,

  input  logic                             load_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] load_index_i,
  input  logic [63:0]                      load_base_i,
  input  logic [63:0]                      load_limit_i,
  input  mmu_pkg::segment_flags_t          load_flags_i,

  input  logic                             a_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] a_index_i,
  output logic                             a_flat_o,
  output logic [63:0]                      a_base_o,
  output logic [63:0]                      a_limit_o,
  output mmu_pkg::segment_flags_t          a_flags_o,

  input  logic                             b_i,
  input  logic [mmu_pkg::SegmentWidth-1:0] b_index_i,
  output logic                             b_flat_o,
  output logic [63:0]                      b_base_o,
  output logic [63:0]                      b_limit_o,
  output mmu_pkg::segment_flags_t          b_flags_o
);

  localparam int unsigned Count = 1 << mmu_pkg::SegmentWidth;
  localparam logic [3:0] FlatFlags = 4'b1101;  // present, writable, not expand-down, privilege 3

  logic [63:0] base_q[Count], limit_q[Count];
  mmu_pkg::segment_flags_t flags_q[Count];
  logic [Count-1:0] flat_q;  // nothing to add and nothing to check: most references

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      flat_q <= Count'(1);
      for (int unsigned i = 0; i < Count; i++) begin
        base_q[i] <= '0;
        limit_q[i] <= '1;
        flags_q[i] <= i == 0 ? FlatFlags : '0;
      end
    end else if (load_i) begin
      base_q[load_index_i] <= load_base_i;
      limit_q[load_index_i] <= load_limit_i;
      flags_q[load_index_i] <= load_flags_i;
      flat_q[load_index_i] <= load_base_i == '0 & load_limit_i == '1 & load_flags_i == FlatFlags;
    end
  end

  always_comb begin
    a_flat_o = flat_q[a_index_i];
    a_base_o = '0;
    a_limit_o = '0;
    a_flags_o = '0;
    if (a_i & ~a_flat_o) begin
      a_base_o = base_q[a_index_i];
      a_limit_o = limit_q[a_index_i];
      a_flags_o = flags_q[a_index_i];
    end
  end

  always_comb begin
    b_flat_o = flat_q[b_index_i];
    b_base_o = '0;
    b_limit_o = '0;
    b_flags_o = '0;
    if (b_i & ~b_flat_o) begin
      b_base_o = base_q[b_index_i];
      b_limit_o = limit_q[b_index_i];
      b_flags_o = flags_q[b_index_i];
    end
  end

endmodule
