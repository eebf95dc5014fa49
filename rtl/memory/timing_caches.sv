// SPDX-License-Identifier: MIT
// The timing caches: L1D, L2 and L3 as tags, each of which may be absent (Sets = 0). They tell which level serves an
// access and so what it costs; memory is the only copy of the data. docs/timing.md, "Timing caches" and
// finer points 27 to 31.
//
//   walkers ──┬───────────┬───────────┐  enter at level Entry, or the next one down that exists
//   data ───► L1D ──────► L2 ──────► L3 ──────► memory        misses go down,
//                 push        push       write-back            and so do dirty victims
//
// In one cycle: the walkers' requests (walker 0 first), then the data's, each seeing what those before it have changed.
// All requests are strobes of a cycle that happens, the first of the access's latency. The level that serves, and what
// is written back, stand on the outputs in that cycle. Data requests are looked up only if there is an L1D; else they
// are said to be served by it, as they cost nothing more.
//
// A compare-and-swap that succeeds marks its line dirty in that same first cycle. Whether it does, the memory says
// before the clock edge that ends the cycle: walk_swapped_i is its reply as it comes in (reply_swapped_i of mmu_top,
// *not* its register, which is a cycle late). Nothing else depends on the mark in that cycle but the fate of the line
// itself, if a request that comes later in the cycle pushes it out. Just touched, it is the newest of its set, so that
// it takes as many fills of the set as there are ways. One request makes at most one fill at the level where it enters,
// and one more for each level above it. So with enough ways the mark is put on at the clock edge (late_i), and no logic
// hangs off an input; with fewer (AtOnce) it is made before, and the write-backs then stand only once the reply does.
//
// writeback_o: a dirty line leaves the last level, of which writeback_line_o is PA[51:6]. There may be several in a
// cycle; they happen in the order of the slots: three for each walker, then three for data.

module timing_caches #(
  parameter int unsigned L1dSets = 64,
  parameter int unsigned L1dWays = 8,
  parameter int unsigned L2Sets = 1024,
  parameter int unsigned L2Ways = 8,
  parameter int unsigned L3Sets = 0,
  parameter int unsigned L3Ways = 1,
  parameter int unsigned Entry = 0,       // cache.walker: 0 L1D, 1 L2, 2 L3
  parameter int unsigned Walkers = 1,     // 1 or 2
  parameter int unsigned Slots = 3 * (Walkers + 1)
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,

  input  logic [Walkers-1:0]      walk_i,           // read, compare-and-swap, PDPTE load
  input  logic [Walkers*46-1:0]   walk_line_i,      // PA[51:6]
  input  logic [Walkers-1:0]      walk_cas_i,       // it is a compare-and-swap
  input  logic [Walkers-1:0]      walk_swapped_i,   // it succeeds: see above
  output logic [Walkers*2-1:0]    walk_served_o,    // 0 L1D, 1 L2, 2 L3, 3 memory

  input  logic                    data_i,
  input  logic                    data_write_i,
  input  logic [51:6]             data_line_i,
  output logic [1:0]              data_served_o,

  output logic [Slots-1:0]        writeback_o,
  output logic [Slots*46-1:0]     writeback_line_o
);

  localparam int unsigned Requests = Walkers + 1;
  localparam bit HasL1d = L1dSets != 0;
  localparam bit HasL2 = L2Sets != 0;
  localparam bit HasL3 = L3Sets != 0;

  // Dirty lines that one request may push out of L1D, L2 and L3: of its demand, and of each push from above.
  localparam int unsigned Pushes1 = 32'(HasL1d);
  localparam int unsigned Pushes2 = Pushes1 + 32'(HasL2);
  localparam int unsigned Pushes3 = Pushes2 + 32'(HasL3);
  localparam int unsigned Width1 = Requests * (Pushes1 > 0 ? Pushes1 : 1);
  localparam int unsigned Width2 = Requests * (Pushes2 > 0 ? Pushes2 : 1);
  localparam int unsigned Width3 = Requests * (Pushes3 > 0 ? Pushes3 : 1);

  // Where the walkers really enter; 3: nowhere.
  localparam int unsigned Enters = Entry == 0 && HasL1d ? 0 : Entry <= 1 && HasL2 ? 1 : HasL3 ? 2 : 3;
  localparam int unsigned EntryWays = Enters == 0 ? L1dWays : Enters == 1 ? L2Ways : L3Ways;
  localparam int unsigned Above = Enters == 1 ? 32'(HasL1d) : Enters == 2 ? 32'(HasL1d) + 32'(HasL2) : 0;
  localparam bit AtOnce = EntryWays <= (Walkers - 1) + (HasL1d ? 1 + Above : 0);

  // -------------------------------------------------------------------------------------------------------------------
  // The requests, walkers first, data last

  logic [Requests-1:0] walks, marks;
  logic [Walkers-1:0] swapped, late;
  assign swapped = walk_i & walk_cas_i & walk_swapped_i;
  assign walks = {1'b0, walk_i};
  assign marks = {1'b0, AtOnce ? swapped : Walkers'(0)};
  assign late = AtOnce ? '0 : swapped;

  logic [Requests-1:0] demand1, demand2, demand3, dirty1, hit1, hit2, hit3;
  assign demand1 = (Enters == 0 ? walks : '0) | {HasL1d & data_i, Walkers'(0)};
  assign demand2 = (Enters == 1 ? walks : '0) | (demand1 & ~hit1);
  assign demand3 = (Enters == 2 ? walks : '0) | (demand2 & ~hit2);
  assign dirty1 = (Enters == 0 ? marks : '0) | {data_write_i, Walkers'(0)};

  // -------------------------------------------------------------------------------------------------------------------
  // The levels

  logic [Width1-1:0] push1;
  logic [Width2-1:0] push2;
  logic [Width3-1:0] push3;
  logic [Width1*46-1:0] line1;
  logic [Width2*46-1:0] line2;
  logic [Width3*46-1:0] line3;

  if (HasL1d) begin : g_l1d
    timing_cache #(
      .Sets(L1dSets),
      .Ways(L1dWays),
      .Walkers(Walkers),
      .Pushes(0)
    ) l1d (
      .clk_i,
      .rst_ni,
      .walk_line_i,
      .data_line_i,
      .demand_i(demand1),
      .dirty_i(dirty1),
      .late_i(Enters == 0 ? late : '0),
      .hit_o(hit1),
      .push_i('0),
      .push_line_i('0),
      .push_o(push1),
      .push_line_o(line1)
    );
  end else begin : g_no_l1d
    assign hit1 = '0;
    assign push1 = '0;
    assign line1 = '0;
  end

  if (HasL2) begin : g_l2
    timing_cache #(
      .Sets(L2Sets),
      .Ways(L2Ways),
      .Walkers(Walkers),
      .Pushes(Pushes1)
    ) l2 (
      .clk_i,
      .rst_ni,
      .walk_line_i,
      .data_line_i,
      .demand_i(demand2),
      .dirty_i(Enters == 1 ? marks : '0),
      .late_i(Enters == 1 ? late : '0),
      .hit_o(hit2),
      .push_i(push1),
      .push_line_i(line1),
      .push_o(push2),
      .push_line_o(line2)
    );
  end else begin : g_no_l2
    assign hit2 = '0;
    assign push2 = push1;
    assign line2 = line1;
  end

  if (HasL3) begin : g_l3
    timing_cache #(
      .Sets(L3Sets),
      .Ways(L3Ways),
      .Walkers(Walkers),
      .Pushes(Pushes2)
    ) l3 (
      .clk_i,
      .rst_ni,
      .walk_line_i,
      .data_line_i,
      .demand_i(demand3),
      .dirty_i(Enters == 2 ? marks : '0),
      .late_i(Enters == 2 ? late : '0),
      .hit_o(hit3),
      .push_i(push2),
      .push_line_i(line2),
      .push_o(push3),
      .push_line_o(line3)
    );
  end else begin : g_no_l3
    assign hit3 = '0;
    assign push3 = push2;
    assign line3 = line2;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Outcome

  always_comb begin
    walk_served_o = '0;
    for (int unsigned r = 0; r < Walkers; r++) begin
      walk_served_o[r*2+:2] = hit1[r] ? 2'd0 : hit2[r] ? 2'd1 : hit3[r] ? 2'd2 : 2'd3;
    end
    data_served_o = hit1[Walkers] | ~HasL1d ? 2'd0 : hit2[Walkers] ? 2'd1 : hit3[Walkers] ? 2'd2 : 2'd3;
  end

  always_comb begin
    writeback_o = '0;
    writeback_line_o = '0;
    if (push3 != '0) begin
      for (int unsigned r = 0; r < Requests; r++) begin
        for (int unsigned i = 1; i <= Pushes3; i++) begin
          writeback_o[r*3+i-1] = push3[r*Pushes3+i-1];
          writeback_line_o[(r*3+i-1)*46+:46] = line3[(r*Pushes3+i-1)*46+:46];
        end
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, clk_i, rst_ni, walk_line_i, data_line_i, data_i, late, marks, dirty1,
                    demand1, demand2, demand3};

endmodule
