// SPDX-License-Identifier: MIT
// A claim about the memory port, bound to mmu_top from outside; in builds with PAGEWALK_ASSERT=1 only: the reply that a
// walker uses is the one to the command that it has given.

module mmu_top_check #(
  parameter int unsigned Slots = 1,
  parameter bit          Bypass = 1'b0
) (
  input logic                                         clk_i,
  input logic                                         rst_ni,
  input logic [Slots-1:0]                           reply_used, // a walker goes by its reply in this cycle
  input logic [Slots-1:0]                           mem_valid_o,
  input logic [Slots-1:0][mmu_pkg::EpochWidth-1:0]  mem_epoch_o,
  input logic [mmu_pkg::EpochWidth-1:0]               reply_epoch_i[Slots],
  input logic [Slots-1:0][mmu_pkg::EpochWidth-1:0]  reply_epoch
);

  for (genvar w = 0; w < Slots; w++) begin : g_walker
    logic [mmu_pkg::EpochWidth-1:0] epoch;
    assign epoch = Bypass & mem_valid_o[w] ? reply_epoch_i[w] : reply_epoch[w];
    // The reply that a walker goes by is the one to the command that it has given.
    ReplyIsOfThisCommand: assert property (@(posedge clk_i) disable iff (!rst_ni) reply_used[w] |-> epoch == mem_epoch_o[w]);
  end

endmodule

bind mmu_top mmu_top_check #(
  .Slots(Slots),
  .Bypass(Bypass)
) mmu_top_check (.*);
