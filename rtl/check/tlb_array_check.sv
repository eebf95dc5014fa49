// SPDX-License-Identifier: MIT
// Claims about a TLB array, bound to every tlb_array from outside; in builds with PAGEWALK_ASSERT=1 only.

module tlb_array_check #(
  parameter int unsigned Sets = 1,
  parameter int unsigned Ways = 1,
  parameter int unsigned Ports = 1,
  parameter bit          Meets = 1'b0,
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Entries = Sets * Ways,
  parameter int unsigned KeyWidth = 1,
  parameter int unsigned SetWidth = 1,
  parameter int unsigned WayWidth = 1,
  parameter int unsigned IndexWidth = 1
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic [Entries-1:0]  valid_q,
  input logic [Entries-1:0]  visible_q,
  input logic [KeyWidth-1:0] tag_q[Entries],
  input logic                first,
  input logic [KeyWidth-1:0] first_key,
  input logic [SetWidth-1:0] first_set,
  input logic [WayWidth-1:0] first_way,
  input logic [IndexWidth-1:0] first_index,
  input logic                second,
  input logic [KeyWidth-1:0] second_key,
  input logic [SetWidth-1:0] second_set,
  input logic [WayWidth-1:0] second_way,
  input logic [Ports-1:0]    fill_evicts_o,
  input logic [Ports-1:0]    fill_i,
  input logic [Ports-1:0]    touch_i,
  input logic [Ports-1:0]    hit_o
);

  // How often a page that is being filled is there already, for the current PCID.
  int unsigned copies;
  always_comb begin
    copies = 0;
    if (first) begin
      for (int unsigned w = 0; w < Ways; w++) begin
        if (visible_q[first_set*Ways+w] && tag_q[first_set*Ways+w] == first_key) copies++;
      end
    end
  end

  // The way that is taken holds that page.
  logic there;
  assign there = valid_q[first_index] & tag_q[first_index] == first_key;

  // The current PCID sees valid entries only.
  OnlyValidEntriesAreVisible: assert property (@(posedge clk_i) disable iff (!rst_ni) (visible_q & ~valid_q) == '0);
  // A page that is being filled is there once at most.
  NoPageTwice: assert property (@(posedge clk_i) disable iff (!rst_ni) copies <= 1);
  // A page that is there is overwritten where it is.
  PageThereIsOverwritten: assert property (@(posedge clk_i) disable iff (!rst_ni)
                     copies != 0 |-> there);
  // Evictions come of fills.
  EvictsOnlyByFills: assert property (@(posedge clk_i) disable iff (!rst_ni) (fill_evicts_o & ~fill_i) == '0);
  // Uses are hits.
  TouchOnlyHits: assert property (@(posedge clk_i) disable iff (!rst_ni) (touch_i & ~hit_o) == '0);

  // With one port a lookup never hits in the cycle of a fill.
  TouchAndFillMeetOnlyWhereTheyMay:
    assert property (@(posedge clk_i) disable iff (!rst_ni) !Meets |-> !(|touch_i & |fill_i));

  // Two fills of one cycle: the same page twice is one entry; two pages are two.
  SamePageSameWay:
    assert property (@(posedge clk_i) disable iff (!rst_ni)
                     second & first_key == second_key & first_set == second_set
                     |-> second_way == first_way | second_way < first_way);
  if (Ways > 1 && Policy != mmu_pkg::ReplaceRandom) begin : g_two_ways
    TwoPagesTwoWays:
      assert property (@(posedge clk_i) disable iff (!rst_ni)
                       second & first_key != second_key & first_set == second_set |-> second_way != first_way);
  end

endmodule

bind tlb_array tlb_array_check #(
  .Sets(Sets),
  .Ways(Ways),
  .Ports(Ports),
  .Meets(Meets),
  .Policy(Policy),
  .KeyWidth(KeyWidth),
  .SetWidth(SetWidth),
  .WayWidth(WayWidth),
  .IndexWidth(IndexWidth)
) tlb_array_check (.*);
