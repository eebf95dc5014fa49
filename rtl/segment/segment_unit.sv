// SPDX-License-Identifier: MIT
// Segmentation, in front of an access port: from an offset in a segment to a linear address, or a refusal (#GP).
// Combinational. docs/timing.md, finer point 15; SDM vol. 3A, 3.4.5 and 5.3.
//
//   offset ──► within the limit? right privilege? writable? ──► linear address = base + offset
//
//   grows up                       expand-down
//   0 ........ limit  allowed      0 ........ limit  refused
//   limit + 1 ......  refused      limit + 1 ........ 2^32 - 1  allowed
//
// Linear addresses have 32 bits outside long mode. A flat segment costs nothing.

module segment_unit (
  input  logic                    wide_i,     // long mode
  input  logic                    part_i,
  input  mmu_pkg::access_t        access_i,
  input  logic [63:0]             offset_i,   // of the first byte
  input  logic [12:0]             size_i,     // of the whole reference, 1..4096

  input  logic                    flat_i,     // the segment adds and refuses nothing
  input  logic [63:0]             base_i,
  input  logic [63:0]             limit_i,    // the last valid offset; expand-down: the last invalid one
  input  mmu_pkg::segment_flags_t flags_i,

  output logic [63:0]             linear_o,
  output logic                    refused_o
);

  logic [63:0] last;
  logic wraps;  // the last byte lies beyond 2^64 - 1
  always_comb begin
    linear_o = offset_i;
    last = '0;
    wraps = 1'b0;
    refused_o = 1'b0;
    if (part_i & ~flat_i) begin
      linear_o = base_i + offset_i;
      last = offset_i + 64'(size_i) - 64'd1;
      wraps = last < offset_i;
      refused_o = ~flags_i.present
                | (access_i.user & ~access_i.implicit & ~flags_i.user)
                | (access_i.kind == mmu_pkg::AccessWrite & ~flags_i.writable);
      if (flags_i.expand_down) begin
        if (offset_i <= limit_i || |last[63:32] || wraps) refused_o = 1'b1;
      end else begin
        if (offset_i > limit_i || last > limit_i || (wraps & ~&limit_i)) refused_o = 1'b1;
      end
    end
    if (!wide_i) linear_o[63:32] = '0;
  end

endmodule
