// SPDX-License-Identifier: MIT
// Claims about who gets a miss unit, shared by simulation (bound to mmu below) and proof (formal/arbiter.sv).
// Fair: who waits is not overtaken. Nobody starves: who waits, waits for a unit that works for the other, and comes next.

module arbiter_check #(
  parameter int unsigned Walkers = 1
) (
  input logic               clk_i,
  input logic               rst_ni,
  input logic [Walkers-1:0] unit_busy,
  input logic [Walkers-1:0] unit_done,
  input logic [Walkers-1:0] unit_data_o,
  input logic               fetch_grant,
  input logic               fetch_waits,
  input logic               fetch_busy,
  input logic               fetch_served,
  input logic               fetch_answer_o,
  input logic               data_grant,
  input logic               data_waits,
  input logic               data_busy,
  input logic               data_served,
  input logic               data_answer_o
);

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      // A unit is granted to the fetch port only when it is free, and never to both ports.
      if (fetch_grant) begin
        GrantOnlyWhenFree: assert ((!unit_busy[0] || unit_done[0]) && !(Walkers == 1 && data_grant));
      end
      // The same for the data port.
      if (data_grant) begin
        DataGrantOnlyWhenFree: assert (!unit_busy[Walkers-1] || unit_done[Walkers-1]);
      end
      if (fetch_waits) begin
        // The arbiter is fair: a fetch that waits is not overtaken.
        FetchIsNotOvertaken: assert (!data_grant);
        // A fetch waits only while the one unit works for the data port.
        FetchDoesNotStarve: assert (Walkers == 1 && unit_busy[0] && &unit_data_o && data_busy);
      end
      if (data_waits) begin
        // Nor are data that wait.
        DataIsNotOvertaken: assert (!fetch_grant);
        // Data wait only while it works for the fetch port.
        DataDoesNotStarve: assert (Walkers == 1 && unit_busy[0] && ~|unit_data_o && fetch_busy);
      end
      if ((fetch_waits || data_waits) && unit_done[0]) begin
        // Who waits comes next, in the cycle in which the unit is done: it is granted, or faults on the spot.
        WhoWaitsIsNext: assert ((fetch_waits && (fetch_grant || fetch_answer_o)) || (data_waits && (data_grant || data_answer_o)));
      end
      // A fetch is answered when it has been served.
      if (fetch_served) begin
        FetchIsAnsweredWhenServed: assert (fetch_answer_o);
      end
      // So are data.
      if (data_served) begin
        DataAreAnsweredWhenServed: assert (data_answer_o);
      end
    end
  end

endmodule

`ifndef YOSYS
bind mmu arbiter_check #(
  .Walkers(Walkers)
) arbiter_check (.*);
`endif
