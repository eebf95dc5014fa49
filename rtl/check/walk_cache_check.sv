// SPDX-License-Identifier: MIT
// Claims about a paging-structure cache, bound to every walk_cache from outside; in builds with PAGEWALK_ASSERT=1 only.

module walk_cache_check #(
  parameter int unsigned Entries = 1,
  parameter int unsigned Ports = 1,
  parameter int unsigned IndexWidth = 1,
  parameter int unsigned KeyWidth = 1,
  parameter int unsigned OrderWidth = 1
) (
  input logic                      clk_i,
  input logic                      rst_ni,
  input logic [Entries-1:0]        valid_q,
  input logic [KeyWidth-1:0]       key_q[Entries],
  input logic [OrderWidth-1:0]     order_q,
  input logic [Ports-1:0]          lookup_i,
  input logic [Ports-1:0]          hit_o,
  input logic [Ports-1:0]          touch_i,
  input logic [Ports-1:0]          fill_i,
  input logic [Ports*KeyWidth-1:0] fill_keys,
  input logic [Ports-1:0]          fill_evicts_o,
  input logic [Entries-1:0]        filled_valid,
  input logic [Entries-1:0]        dropped_o
);

  // How often what is being filled is there already; whether every way stands in the order.
  int unsigned copies, most;
  logic [Entries-1:0] seen;
  always_comb begin
    most = 0;
    copies = 0;
    seen = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      copies = 0;
      for (int unsigned e = 0; e < Entries; e++) begin
        if (fill_i[p] && valid_q[e] && key_q[e] == fill_keys[p*KeyWidth+:KeyWidth]) copies++;
      end
      if (copies > most) most = copies;
    end
    for (int unsigned e = 0; e < Entries; e++) begin
      for (int unsigned w = 0; w < Entries; w++) begin
        if (order_q[e*IndexWidth+:IndexWidth] == IndexWidth'(w)) seen[w] = 1'b1;
      end
    end
  end

  NoEntryTwice: assert property (@(posedge clk_i) disable iff (!rst_ni) most <= 1);
  EveryWayOnceInTheOrder: assert property (@(posedge clk_i) disable iff (!rst_ni) seen == '1);
  HitsOnlyLookups: assert property (@(posedge clk_i) disable iff (!rst_ni) (hit_o & ~lookup_i) == '0);
  TouchOnlyHits: assert property (@(posedge clk_i) disable iff (!rst_ni) (touch_i & ~hit_o) == '0);
  EvictsOnlyByFills: assert property (@(posedge clk_i) disable iff (!rst_ni) (fill_evicts_o & ~fill_i) == '0);
  EvictsOnlyWhenFull:
    assert property (@(posedge clk_i) disable iff (!rst_ni) fill_evicts_o != '0 |-> filled_valid == '1);
  DropsOnlyWhatIsThere: assert property (@(posedge clk_i) disable iff (!rst_ni) (dropped_o & ~filled_valid) == '0);

endmodule

bind walk_cache walk_cache_check #(
  .Entries(Entries),
  .Ports(Ports),
  .IndexWidth(IndexWidth),
  .KeyWidth(KeyWidth),
  .OrderWidth(OrderWidth)
) walk_cache_check (.*);
