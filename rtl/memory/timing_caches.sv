// SPDX-License-Identifier: MIT
// The timing caches: L1D, L2 and L3 as tags, each of which may be absent (Sets = 0). They tell which level serves an
// access and so what it costs; memory is the only copy of the data. docs/timing.md, "Timing caches", finer points 27 to 31.
//
//   walkers ──┬───────────┬───────────┐  enter at level Entry, or the next one down that exists
//   data ───► L1D ──────► L2 ──────► L3 ──────► memory        misses go down,
//                 push        push       write-back            and so do dirty victims
//
// In one cycle: the walkers' requests (walker 0 first), then the data's, each seeing what those before it have changed.
// All requests are strobes of a cycle that happens, the first of the access's latency. The level that serves, and what is
// written back, stand on the outputs in that cycle. Data requests are looked up only if there is an L1D; else they are
// said to be served by it, as they cost nothing more.
//
// A compare-and-swap that succeeds marks its line dirty in that same first cycle. Whether it does, the memory says before
// the clock edge that ends the cycle: walk_swapped_i is its reply as it comes in (reply_swapped_i of mmu_top, *not* its
// register, which is a cycle late). Nothing else depends on the mark in that cycle but the fate of the line itself, if a
// request that comes later in the cycle pushes it out. Just touched, it is the newest of its set, so that it takes as many
// fills of the set as there are ways. One request makes at most one fill at the level where it enters, and one more for
// each level above it. So with enough ways the mark is put on at the clock edge (late_i), and no logic hangs off an
// input; with fewer (AtOnce) it is made before, and the write-backs then stand only once the reply does.
//
// writeback_o: a dirty line leaves the last level, of which writeback_line_o is PA[51:6]. There may be several in a cycle;
// they happen in the order of the slots: three for each walker, then three for data.

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

  // Operations that a request may make at L1D, L2, L3, and of which what leaves the last level is the outcome.
  localparam int unsigned Ops1 = 1;
  localparam int unsigned Ops2 = Ops1 + 32'(HasL1d);
  localparam int unsigned Ops3 = Ops2 + 32'(HasL2);
  localparam int unsigned Ops4 = Ops3 + 32'(HasL3);

  // Where the walkers really enter; 3: nowhere.
  localparam int unsigned Enters = Entry == 0 && HasL1d ? 0 : Entry <= 1 && HasL2 ? 1 : HasL3 ? 2 : 3;
  localparam int unsigned EntryWays = Enters == 0 ? L1dWays : Enters == 1 ? L2Ways : L3Ways;
  localparam int unsigned Above = Enters == 1 ? 32'(HasL1d) : Enters == 2 ? 32'(HasL1d) + 32'(HasL2) : 0;
  localparam bit AtOnce = EntryWays <= (Walkers - 1) + (HasL1d ? 1 + Above : 0);

  // -------------------------------------------------------------------------------------------------------------------
  // The requests, walkers first, and where they enter

  logic [Requests-1:0] enter1, enter2, enter3, dirty, late;
  logic [Requests*46-1:0] lines;
  logic [Walkers-1:0] swapped;
  assign swapped = walk_i & walk_cas_i & walk_swapped_i;
  assign enter1 = {HasL1d & data_i, Enters == 0 ? walk_i : Walkers'(0)};
  assign enter2 = {1'b0, Enters == 1 ? walk_i : Walkers'(0)};
  assign enter3 = {1'b0, Enters == 2 ? walk_i : Walkers'(0)};
  assign lines = {data_line_i, walk_line_i};
  assign dirty = {data_write_i, AtOnce ? swapped : Walkers'(0)};
  assign late = {1'b0, AtOnce ? Walkers'(0) : swapped};

  // -------------------------------------------------------------------------------------------------------------------
  // The levels

  logic [Requests-1:0] hit1, hit2, hit3;
  logic [Requests*Ops2-1:0] op2;
  logic [Requests*Ops3-1:0] op3;
  logic [Requests*Ops4-1:0] op4;
  logic [Requests*Ops2*46-1:0] line2;
  logic [Requests*Ops3*46-1:0] line3;
  logic [Requests*Ops4*46-1:0] line4;

  if (HasL1d) begin : g_l1d
    timing_cache #(
      .Sets(L1dSets),
      .Ways(L1dWays),
      .Requests(Requests),
      .Ops(Ops1)
    ) l1d (
      .clk_i,
      .rst_ni,
      .enter_i(enter1),
      .enter_line_i(lines),
      .dirty_i(dirty),
      .late_i(Enters == 0 ? late : Requests'(0)),
      .hit_o(hit1),
      .above_i('0),
      .above_line_i('0),
      .below_o(op2),
      .below_line_o(line2)
    );
  end else begin : g_no_l1d
    assign hit1 = '0;
    assign op2 = '0;
    assign line2 = '0;
  end

  if (HasL2) begin : g_l2
    timing_cache #(
      .Sets(L2Sets),
      .Ways(L2Ways),
      .Requests(Requests),
      .Ops(Ops2)
    ) l2 (
      .clk_i,
      .rst_ni,
      .enter_i(enter2),
      .enter_line_i(lines),
      .dirty_i(dirty),
      .late_i(Enters == 1 ? late : Requests'(0)),
      .hit_o(hit2),
      .above_i(op2),
      .above_line_i(line2),
      .below_o(op3),
      .below_line_o(line3)
    );
  end else begin : g_no_l2
    assign hit2 = '0;
    assign op3 = op2;
    assign line3 = line2;
  end

  if (HasL3) begin : g_l3
    timing_cache #(
      .Sets(L3Sets),
      .Ways(L3Ways),
      .Requests(Requests),
      .Ops(Ops3)
    ) l3 (
      .clk_i,
      .rst_ni,
      .enter_i(enter3),
      .enter_line_i(lines),
      .dirty_i(dirty),
      .late_i(Enters == 2 ? late : Requests'(0)),
      .hit_o(hit3),
      .above_i(op3),
      .above_line_i(line3),
      .below_o(op4),
      .below_line_o(line4)
    );
  end else begin : g_no_l3
    assign hit3 = '0;
    assign op4 = op3;
    assign line4 = line3;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Outcome: what leaves the last level, after the demand that it sends to memory

  always_comb begin
    for (int unsigned r = 0; r < Walkers; r++) walk_served_o[r*2+:2] = hit1[r] ? 2'd0 : hit2[r] ? 2'd1 : hit3[r] ? 2'd2 : 2'd3;
    data_served_o = hit1[Walkers] | ~HasL1d ? 2'd0 : hit2[Walkers] ? 2'd1 : hit3[Walkers] ? 2'd2 : 2'd3;
    writeback_o = '0;
    writeback_line_o = '0;
    for (int unsigned r = 0; r < Requests; r++) begin
      for (int unsigned i = 1; i < Ops4; i++) begin
        if (op4[r*Ops4+i]) begin
          writeback_o[r*3+i-1] = 1'b1;
          writeback_line_o[(r*3+i-1)*46+:46] = line4[(r*Ops4+i)*46+:46];
        end
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, clk_i, rst_ni, enter1, enter2, enter3, lines, dirty, late, data_i};

endmodule
