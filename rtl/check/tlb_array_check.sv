// SPDX-License-Identifier: MIT
// Claims about a TLB array, bound to every tlb_array from outside; in builds with PAGEWALK_ASSERT=1 only.

module tlb_array_check #(
  parameter int unsigned Sets = 1,
  parameter int unsigned Ways = 1,
  parameter int unsigned Entries = Sets * Ways,
  parameter int unsigned KeyWidth = 1,
  parameter int unsigned SetWidth = 1
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic [Entries-1:0]  valid_q,
  input logic [Entries-1:0]  visible_q,
  input logic [KeyWidth-1:0] tag_q[Entries],
  input logic                fill_i,
  input logic [KeyWidth-1:0] fill_key,
  input logic [SetWidth-1:0] fill_set_o,
  input logic                fill_evicts_o,
  input logic                touch_i,
  input logic                hit_o
);

  // How often a page that is being filled is there already, for the current PCID.
  int unsigned copies;
  always_comb begin
    copies = 0;
    if (fill_i) begin
      for (int unsigned w = 0; w < Ways; w++) begin
        if (visible_q[fill_set_o*Ways+w] && tag_q[fill_set_o*Ways+w] == fill_key) copies++;
      end
    end
  end

  OnlyValidEntriesAreVisible: assert property (@(posedge clk_i) disable iff (!rst_ni) (visible_q & ~valid_q) == '0);
  NoPageTwice: assert property (@(posedge clk_i) disable iff (!rst_ni) copies <= 1);
  NoEvictionOfTheSamePage: assert property (@(posedge clk_i) disable iff (!rst_ni) fill_evicts_o |-> copies == 0);
  TouchOnlyHits: assert property (@(posedge clk_i) disable iff (!rst_ni) touch_i |-> hit_o);
  TouchAndFillNeverMeet: assert property (@(posedge clk_i) disable iff (!rst_ni) !(touch_i & fill_i));

endmodule

bind tlb_array tlb_array_check #(
  .Sets(Sets),
  .Ways(Ways),
  .KeyWidth(KeyWidth),
  .SetWidth(SetWidth)
) tlb_array_check (.*);
