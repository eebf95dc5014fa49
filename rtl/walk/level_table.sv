// SPDX-License-Identifier: MIT
// The paging modes as data: what the walker must know of a level. Combinational.
// docs/paging.md, "Modes"; SDM vol. 3A, table 4-2.
//
//   mode      first level read   levels      VA split
//   32-bit    2 (PDE)            2 1         10 | 10 | 12            4-byte entries
//   PAE       2 (PDE)            2 1          2 |  9 |  9 | 12       level 3 is four registers, not memory
//   4-level   4 (PML4E)          4 3 2 1      9 |  9 |  9 |  9 | 12
//   5-level   5 (PML5E)          5 4 3 2 1    9 |  9 |  9 |  9 |  9 | 12

module level_table (
  input  mmu_pkg::mode_e                 mode_i,
  input  logic [mmu_pkg::LevelWidth-1:0] level_i,
  output logic [mmu_pkg::LevelWidth-1:0] top_o,      // the first level that is read from memory
  output logic                           wide_o,     // entries of 8 bytes, not 4
  output logic [5:0]                     shift_o,    // of this level's index in the linear address
  output logic [9:0]                     mask_o,     // of this level's index
  output mmu_pkg::ps_e                   ps_o        // meaning of bit 7
);

  always_comb begin
    unique case (mode_i)
      mmu_pkg::Mode5Level: top_o = 3'd5;
      mmu_pkg::Mode4Level: top_o = 3'd4;
      default:             top_o = 3'd2;
    endcase
    wide_o = mode_i != mmu_pkg::Mode32Bit;
    mask_o = wide_o ? 10'h1ff : 10'h3ff;
    unique case (level_i)
      3'd5:    shift_o = 6'd48;
      3'd4:    shift_o = 6'd39;
      3'd3:    shift_o = 6'd30;
      3'd2:    shift_o = wide_o ? 6'd21 : 6'd22;
      default: shift_o = 6'd12;
    endcase
    unique case (level_i)
      3'd5, 3'd4: ps_o = mmu_pkg::PsReserved;
      3'd3:       ps_o = mmu_pkg::PsLeaf;
      3'd2:       ps_o = wide_o ? mmu_pkg::PsLeaf : mmu_pkg::PsIfPse;
      default:    ps_o = mmu_pkg::PsNone;
    endcase
  end

endmodule
