// SPDX-License-Identifier: MIT
// Claims about the whole MMU, bound to mmu from outside; in builds with PAGEWALK_ASSERT=1 only.
// docs/timing.md, "Who asks" and "Order within a cycle".

module mmu_check #(
  parameter int unsigned Walkers = 1,
  parameter int unsigned StlbSets = 0,
  parameter int unsigned Prefetch = 0
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        step_i,
  input logic [63:0] now_i,
  input logic [63:0] wake_o,
  input logic        fetch_accept_o,
  input logic        fetch_answer_o,
  input logic        fetch_busy,
  input logic        fetch_stays,
  input logic        data_accept_o,
  input logic        data_answer_o,
  input logic        data_busy,
  input logic        data_stays,
  input logic        control_i,
  input logic        control_done_o,
  input logic        hold,
  input logic [Walkers-1:0] unit_busy,
  input logic [Walkers-1:0] walk_mem,
  input mmu_pkg::filled_t [Walkers-1:0] stlb_filled_o,
  input logic [Walkers-1:0][5:2] psc_filled_o,
  input logic        fetch_served,
  input logic        fetch_fill,
  input logic        data_served,
  input logic        data_fill,
  input logic [Walkers-1:0] unit_done,
  input logic        control_load
);

  // A port takes one part at a time and answers only what it accepted.
  FetchAcceptsOnlyWhenIdle: assert property (@(posedge clk_i) disable iff (!rst_ni) fetch_accept_o |-> !fetch_busy);
  DataAcceptsOnlyWhenIdle: assert property (@(posedge clk_i) disable iff (!rst_ni) data_accept_o |-> !data_busy);
  FetchAnswersWhatItAccepted:
    assert property (@(posedge clk_i) disable iff (!rst_ni) fetch_answer_o |-> fetch_busy | fetch_accept_o);
  DataAnswersWhatItAccepted:
    assert property (@(posedge clk_i) disable iff (!rst_ni) data_answer_o |-> data_busy | data_accept_o);

  // Nothing is accepted from the arrival of an operation to its last cycle, and it acts when nothing is in flight.
  NothingAcceptedDuringControl:
    assert property (@(posedge clk_i) disable iff (!rst_ni) hold |-> !fetch_accept_o & !data_accept_o);
  // An operation acts when nothing is in flight.
  ControlActsAlone:
    assert property (@(posedge clk_i) disable iff (!rst_ni)
                     control_done_o |-> !fetch_busy & !data_busy & unit_busy == '0);

  // The walkers and a PDPTE load never use memory together (a prefetch that a control operation ends may still read).
  OneMemoryCommandAtMost: assert property (@(posedge clk_i) disable iff (!rst_ni)
                     !(|walk_mem & control_load & Prefetch != mmu_pkg::PrefetchNextPage));
  // The fetch port's TLB is filled only when the port is served, or by a prefetch.
  FetchFillsWhenServed: assert property (@(posedge clk_i) disable iff (!rst_ni) fetch_fill & Prefetch == 0 |-> fetch_served);
  // The same for the data port's.
  DataFillsWhenServed: assert property (@(posedge clk_i) disable iff (!rst_ni) data_fill & Prefetch == 0 |-> data_served);

  // A walk that a control operation finds fills nothing; a hit in the second level may fill the port's TLB.
  logic second_filled;
  always_comb begin
    second_filled = 1'b0;
    for (int unsigned w = 0; w < Walkers; w++) second_filled |= stlb_filled_o[w].valid | psc_filled_o[w] != '0;
  end
  NoFillAcrossControl:
    assert property (@(posedge clk_i) disable iff (!rst_ni)
                     control_i |-> !second_filled & (StlbSets != 0 | !(fetch_fill | data_fill)));

  // An edge without a cycle changes nothing that the ports can see.
  NothingHappensWithoutStep:
    assert property (@(posedge clk_i) disable iff (!rst_ni)
                     !step_i |-> !fetch_answer_o & !data_answer_o & !control_done_o & walk_mem == '0 & unit_done == '0);

  // Whoever works has a next cycle, and it lies ahead.
  WakeLiesAhead:
    assert property (@(posedge clk_i) disable iff (!rst_ni)
                     step_i & (fetch_stays | data_stays) |-> wake_o > now_i & wake_o != '1);

endmodule

bind mmu mmu_check #(
  .Walkers(Walkers),
  .StlbSets(Shape.stlb.sets),
  .Prefetch(Prefetch)
) mmu_check (.*);
