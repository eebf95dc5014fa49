// SPDX-License-Identifier: MIT
// Takes a paging-structure entry apart: the one place that knows where addresses, reserved bits and rights lie.
// Combinational. docs/paging.md, "Entry bits"; SDM vol. 3A, figures 4-4 and 4-7.
//
//            63  62..52    51..M     M-1..12            11..0
//   8 bytes  NX  reserved  reserved  frame              flags    (long mode: 62..52 ignored)
//   4 bytes                          frame 31..12       flags
//   large, 8 bytes: frame M-1..21 (2 MiB) or M-1..30 (1 GiB), then reserved down to 13, PAT 12
//   large, 4 bytes: frame bits 31..22 in 31..22; bit 21 reserved; frame bits 39..32 in 20..13 as far as M goes (PSE-36)

module entry_decode (
  input  logic                            check_i,
  input  mmu_pkg::context_t               context_i,
  input  logic [mmu_pkg::LevelWidth-1:0]  level_i,
  input  mmu_pkg::ps_e                    ps_i,
  input  logic [51:0]                     beyond_i,   // the physical address bits from MAXPHYADDR up
  input  logic [63:0]                     entry_i,
  output logic                            present_o,
  output logic                            reserved_o,
  output logic                            leaf_o,
  output logic [mmu_pkg::FrameWidth-1:0]  frame_o,    // of the next table, or of the page
  output mmu_pkg::rights_t                rights_o,
  output logic [3:0]                      key_o       // long mode; else 0
);

  logic big;

  always_comb begin
    big = 1'b0;
    present_o = 1'b0;
    reserved_o = 1'b0;
    leaf_o = 1'b0;
    frame_o = '0;
    rights_o = '0;
    key_o = '0;
    if (check_i) begin
      present_o = entry_i[mmu_pkg::EntryP];
      big = entry_i[mmu_pkg::EntryPs]
            & (ps_i == mmu_pkg::PsLeaf | (ps_i == mmu_pkg::PsIfPse & context_i.pse));
      leaf_o = big | ps_i == mmu_pkg::PsNone;
      rights_o.writable = entry_i[mmu_pkg::EntryRw];
      rights_o.user = entry_i[mmu_pkg::EntryUs];
      if (context_i.mode == mmu_pkg::Mode32Bit) begin
        if (big) begin
          frame_o = {12'b0, entry_i[20:13], entry_i[31:22], 10'b0};
          reserved_o = entry_i[21] | |(entry_i[20:13] & `BUG(55, beyond_i[39:32], '0));
        end else begin
          frame_o = {20'b0, entry_i[31:12]};
        end
      end else begin
        rights_o.no_execute = entry_i[mmu_pkg::EntryNx];
        if (context_i.wide) key_o = entry_i[mmu_pkg::EntryKey+:4];
        frame_o = entry_i[51:12];
        if (big && level_i == 3'd2) frame_o[8:0] = '0;
        if (big && level_i == 3'd3) frame_o[17:0] = '0;
        reserved_o = (|(entry_i[51:12] & beyond_i[51:12]) & `BUG(16, 1'b1, leaf_o))
                   | (context_i.mode == mmu_pkg::ModePae & |entry_i[62:52])
                   | (entry_i[mmu_pkg::EntryNx] & `BUG(37, ~context_i.nxe, 1'b0))
                   | (ps_i == mmu_pkg::PsReserved & entry_i[mmu_pkg::EntryPs])
                   | (big & `BUG(15, |entry_i[20:13], 1'b0))
                   | (big & level_i == 3'd3 & |entry_i[29:21]);
      end
    end
  end

endmodule
