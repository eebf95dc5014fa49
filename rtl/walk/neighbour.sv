// SPDX-License-Identifier: MIT
// The adjacent-entry prefetcher of a miss unit: the other half of the aligned pair in which a walk's PTE lay came with it,
// and is filled in the cycle after the walk's answer. docs/timing.md, "Prefetch" and finer point 55.
//
//   leaf read ──► its neighbour is kept ──► the walk fills in a ──► a + 1: good? the second level free? filled

module neighbour (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  mmu_pkg::context_t              context_i,
  input  logic [51:0]                    beyond_i,
  input  logic                           hold_i,         // a control operation arrives, or has arrived
  input  logic                           page_fault_i,   // some port is answered with one

  // the unit's walk
  input  logic                           leaf_i,         // a PTE has been read
  input  logic [63:0]                    near_i,         // and its neighbour
  input  mmu_pkg::rights_t               above_i,        // combined down to their table
  input  logic                           cause_i,        // it has filled a 4 KiB page, and not for a write to a clean entry
  input  logic                           cause_data_i,   // for the data port
  input  logic [63:12]                   cause_va_i,

  output logic                           waits_o,        // the cycle after the walk's answer
  output logic                           data_o,         // for whose TLB
  output logic [63:0]                    va_o,           // first byte of the page
  output logic                           fill_o,
  output mmu_pkg::entry_t                entry_o,
  output logic                           stays_o         // a fill may come in the next cycle
);

  logic waits_q, data_q;
  logic [63:0] near_q, va_q;
  mmu_pkg::rights_t above_q;
  assign stays_o = cause_i & ~page_fault_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) waits_q <= 1'b0;
    else waits_q <= stays_o | (waits_q & ~step_i);
    if (leaf_i) begin
      near_q <= near_i;
      above_q <= above_i;
    end
    if (cause_i) begin
      data_q <= cause_data_i;
      va_q <= {cause_va_i[63:13], ~cause_va_i[12], 12'b0};
    end
  end

  logic present, reserved, leaf;
  logic [mmu_pkg::FrameWidth-1:0] frame;
  logic [3:0] key;
  mmu_pkg::rights_t rights;
  entry_decode decode (
    .check_i(waits_q),
    .context_i,
    .level_i(3'd1),
    .ps_i(mmu_pkg::PsNone),
    .beyond_i,
    .entry_i(near_q),
    .present_o(present),
    .reserved_o(reserved),
    .leaf_o(leaf),
    .frame_o(frame),
    .rights_o(rights),
    .key_o(key)
  );

  always_comb begin
    fill_o = waits_q & step_i & leaf & present & ~reserved & near_q[mmu_pkg::EntryA] & ~hold_i & ~page_fault_i;
    entry_o = '0;
    if (fill_o) begin
      entry_o.frame = frame;
      entry_o.level = 2'd1;
      entry_o.rights.writable = above_q.writable & rights.writable;
      entry_o.rights.user = above_q.user & rights.user;
      entry_o.rights.no_execute = above_q.no_execute | rights.no_execute;
      entry_o.key = key;
      entry_o.dirty = near_q[mmu_pkg::EntryD];
      entry_o.is_global = near_q[mmu_pkg::EntryG] & context_i.pge;
    end
  end
  assign waits_o = waits_q;
  assign data_o = data_q;
  assign va_o = va_q;

endmodule
