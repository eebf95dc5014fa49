// SPDX-License-Identifier: MIT
// One level of the timing caches: tags of 64-byte lines with a dirty mark, true LRU. Part of timing_caches.
//
// In one cycle it does a list of operations, in order, each seeing what those before it have changed. Of each request
// (walkers, then data) the list holds first its demand, which enters here or has missed above, then the dirty lines
// that the request has pushed out above:
//
//   demand   present: touched, and marked dirty if asked       absent: filled, touched; the next level is asked, too
//   push     present: marked dirty, nothing touched            absent: filled, dirty, touched
//
// A fill takes an invalid way, lowest first, else the least recently used; a dirty line that it pushes out is a push to
// the next level. The pushes of a request stand in the order of happening: the demand's victim, the first push's
// victim, and so on. All is combinational; what has changed becomes state at the clock edge.
//
//   line's number  tag | set
//   set's row      era | the ways in order of use, newest first from the low end | valid bits | dirty bits
//
// Lines never become invalid, so that an order that starts as "last way newest" makes LRU alone take invalid ways,
// lowest first. A reset can't clear thousands of rows at once: it begins a new era, and a row of another era counts as
// empty. Memory powers up as 0; after 65,535 resets eras come again.

module timing_cache #(
  parameter int unsigned Sets = 64,
  parameter int unsigned Ways = 8,
  parameter int unsigned Walkers = 1,
  parameter int unsigned Pushes = 0,  // a request, from above
  parameter int unsigned Requests = Walkers + 1,
  parameter int unsigned PushSlots = Pushes > 0 ? Pushes : 1,  // ports have at least one
  parameter int unsigned PushWidth = Requests * PushSlots,
  parameter int unsigned Ops = 1 + Pushes,
  parameter int unsigned Count = Requests * Ops
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,

  input  logic [Walkers*46-1:0]   walk_line_i,  // PA[51:6]
  input  logic [45:0]             data_line_i,
  input  logic [Requests-1:0]     demand_i,
  input  logic [Requests-1:0]     dirty_i,      // it marks its line dirty here
  input  logic [Walkers-1:0]      late_i,       // the same, but only at the clock edge: see timing_caches
  output logic [Requests-1:0]     hit_o,

  input  logic [PushWidth-1:0]    push_i,
  input  logic [PushWidth*46-1:0] push_line_i,
  output logic [Count-1:0]        push_o,
  output logic [Count*46-1:0]     push_line_o
);

  localparam int unsigned SetBits = $clog2(Sets);
  localparam int unsigned SetWidth = SetBits > 0 ? SetBits : 1;
  localparam int unsigned TagWidth = 46 - SetBits;
  localparam int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1;
  localparam int unsigned OrderWidth = Ways * WayWidth;
  localparam int unsigned EraWidth = 16;
  localparam int unsigned RowWidth = EraWidth + OrderWidth + 2 * Ways;
  localparam int unsigned IndexWidth = Sets * Ways > 1 ? $clog2(Sets * Ways) : 1;

  typedef struct packed {
    logic [EraWidth-1:0]   era;
    logic [OrderWidth-1:0] order;
    logic [Ways-1:0]       valid;
    logic [Ways-1:0]       dirty;  // lowest, so that a way's number is its bit's in the row
  } row_t;

  logic [RowWidth-1:0] row_q[Sets];
  logic [TagWidth-1:0] tag_q[Sets*Ways];
  logic [EraWidth-1:0] era_q;
  logic was_reset_q;
  initial begin
    for (int unsigned s = 0; s < Sets; s++) row_q[s] = '0;
    era_q = '0;
    was_reset_q = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    was_reset_q <= ~rst_ni;
    if (~rst_ni & ~was_reset_q) era_q <= era_q == '1 ? 16'd1 : era_q + 16'd1;
  end

  function automatic logic [OrderWidth-1:0] order_at_reset();
    order_at_reset = '0;
    for (int unsigned w = 0; w < Ways; w++) order_at_reset[w*WayWidth+:WayWidth] = WayWidth'(Ways - 1 - w);
  endfunction
  localparam logic [OrderWidth-1:0] FirstOrder = order_at_reset();

  // The order after a use: the way comes to the front, those that were before it move back by one.
  function automatic logic [OrderWidth-1:0] after_use(input logic [OrderWidth-1:0] order,
                                                      input logic [WayWidth-1:0] way);
    logic [WayWidth-1:0] moves, here;
    logic found;
    after_use = order;
    moves = way;
    found = 1'b0;
    for (int unsigned i = 0; i < Ways; i++) begin
      here = order[i*WayWidth+:WayWidth];
      if (!found) after_use[i*WayWidth+:WayWidth] = moves;
      if (here == way) found = 1'b1;
      moves = here;
    end
  endfunction

  function automatic logic [SetWidth-1:0] set_of(input logic [45:0] line);
    set_of = SetWidth'(line & (46'(Sets) - 46'd1));
  endfunction

  function automatic logic [IndexWidth-1:0] index_of(input logic [45:0] line, input logic [WayWidth-1:0] way);
    index_of = IndexWidth'(32'(set_of(line)) * Ways + 32'(way));
  endfunction

  // -------------------------------------------------------------------------------------------------------------------
  // Per operation: what it works on, what it leaves behind

  logic [45:0] line[Count];
  logic [WayWidth-1:0] way[Count];
  logic [RowWidth-1:0] row[Count];
  logic [Count-1:0] op, fills, changes;

  logic [SetWidth-1:0] set;
  row_t start, old, fresh;  // the row as the cycle found it; as this operation finds it, and leaves it
  logic [TagWidth-1:0] victim_tag;
  logic hit, demand, marks;
  always_comb begin
    hit_o = '0;
    push_o = '0;
    push_line_o = '0;
    op = '0;
    fills = '0;
    changes = '0;
    set = '0;
    start = '0;
    old = '0;
    fresh = '0;
    victim_tag = '0;
    hit = 1'b0;
    demand = 1'b0;
    marks = 1'b0;
    for (int unsigned i = 0; i < Count; i++) line[i] = '0;
    for (int unsigned i = 0; i < Count; i++) way[i] = '0;
    for (int unsigned i = 0; i < Count; i++) row[i] = '0;

    if (demand_i != '0 | push_i != '0) begin
      for (int unsigned i = 0; i < Count; i++) begin
        demand = i % Ops == 0;
        if (demand) begin
          op[i] = demand_i[i/Ops];
          marks = dirty_i[i/Ops];
          if (op[i]) line[i] = i / Ops == Walkers ? data_line_i : walk_line_i[i/Ops%Walkers*46+:46];
        end else begin
          op[i] = push_i[i/Ops*PushSlots+(i%Ops+Pushes)%Ops%PushSlots];
          marks = 1'b1;
          if (op[i]) line[i] = push_line_i[(i/Ops*PushSlots+(i%Ops+Pushes)%Ops%PushSlots)*46+:46];
        end

        if (op[i]) begin
          // the row, with what operations before this one have made of it
          set = set_of(line[i]);
          start = row_q[set];
          if (start.era != era_q) begin
            start = '0;
            start.era = era_q;
            start.order = FirstOrder;
          end
          old = start;
          for (int unsigned j = 0; j < i; j++) begin
            if (op[j] && set_of(line[j]) == set) old = row[j];
          end

          // is the line there?
          hit = 1'b0;
          for (int unsigned w = 0; w < Ways; w++) begin
            if (start.valid[w] & tag_q[index_of(line[i], WayWidth'(w))] == TagWidth'(line[i] >> SetBits)) begin
              hit = 1'b1;
              way[i] = WayWidth'(w);
            end
          end
          for (int unsigned j = 0; j < i; j++) begin
            if (fills[j] && set_of(line[j]) == set) begin
              if (way[j] == way[i]) hit = 1'b0;
              if (line[j] == line[i]) begin
                hit = 1'b1;
                way[i] = way[j];
              end
            end
          end

          // what happens to it
          fresh = old;
          if (hit) begin
            if (marks) fresh.dirty[way[i]] = 1'b1;
          end else begin
            fills[i] = 1'b1;
            way[i] = old.order[(Ways-1)*WayWidth+:WayWidth];
            if (old.valid[way[i]] & old.dirty[way[i]]) begin
              victim_tag = tag_q[index_of(line[i], way[i])];
              for (int unsigned j = 0; j < i; j++) begin
                if (fills[j] && set_of(line[j]) == set && way[j] == way[i]) victim_tag = TagWidth'(line[j] >> SetBits);
              end
              push_o[i] = 1'b1;
              push_line_o[i*46+:46] = 46'(victim_tag) << SetBits | 46'(set);
            end
            fresh.valid[way[i]] = 1'b1;
            fresh.dirty[way[i]] = marks;
          end
          if ((demand | ~hit) & way[i] != old.order[WayWidth-1:0]) fresh.order = after_use(old.order, way[i]);
          row[i] = fresh;
          changes[i] = fresh != old;
          if (demand) hit_o[i/Ops] = hit;
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // State. A row that several operations have changed is written by each, in their order: the last holds all changes.
  // A late mark comes on top of them.

  always_ff @(posedge clk_i) begin
    if (op != '0) begin
      for (int unsigned i = 0; i < Count; i++) begin
        if (changes[i]) row_q[set_of(line[i])] <= row[i];
        if (fills[i]) tag_q[index_of(line[i], way[i])] <= TagWidth'(line[i] >> SetBits);
      end
      for (int unsigned r = 0; r < Walkers; r++) begin
        if (late_i[r]) row_q[set_of(line[r*Ops])][$clog2(RowWidth)'(way[r*Ops])] <= 1'b1;
      end
    end
  end

endmodule
