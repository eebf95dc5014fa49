// SPDX-License-Identifier: MIT
// One level of the timing caches: tags of 64-byte lines with a dirty mark, true LRU. Part of timing_caches.
//
// In one cycle it does a list of operations, in order, each seeing what those before it have changed. Of each request
// (walkers, data) the list holds first its demand, which enters here or has missed above, then the dirty lines that the
// request has pushed out above:
//
//   demand   present: touched, and marked dirty if asked       absent: filled, touched; the next level is asked, too
//   push     present: marked dirty, nothing touched            absent: filled, dirty, touched
//
// A fill takes an invalid way, lowest first, else the least recently used; a dirty line that it pushes out is a push to
// the next level. The list for the next level is made in the order of happening: demand, the demand's victim, the first
// push's victim, and so on. All is combinational; what has changed becomes state at the clock edge.
//
//   set's row      valid bits, dirty bits, the ways in order of use, newest first
//   set            the low bits of the line's number; tag: the rest
//
// Lines never become invalid, so that an order that starts as "last way newest" makes LRU alone take invalid ways, lowest
// first. The rows of a set that was never used since reset count as empty: one bit a set says so, in words of which
// another bit each says whether they count. So a reset clears some dozen bits, and not the arrays.

module timing_cache #(
  parameter int unsigned Sets = 64,
  parameter int unsigned Ways = 8,
  parameter int unsigned Requests = 2,
  parameter int unsigned Ops = 1,  // a request: a demand and Ops - 1 pushes
  parameter int unsigned Count = Requests * Ops,
  parameter int unsigned Next = Requests * (Ops + 1)
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic [Requests-1:0]    enter_i,       // a demand enters here
  input  logic [Requests*46-1:0] enter_line_i,  // PA[51:6]
  input  logic [Requests-1:0]    dirty_i,       // and marks its line dirty
  input  logic [Requests-1:0]    late_i,        // the same, but only at the clock edge: see timing_caches
  output logic [Requests-1:0]    hit_o,         // the demand is served here

  input  logic [Count-1:0]       above_i,       // the list from above
  input  logic [Count*46-1:0]    above_line_i,
  output logic [Next-1:0]        below_o,       // the list for the next level
  output logic [Next*46-1:0]     below_line_o
);

  localparam int unsigned SetBits = $clog2(Sets);
  localparam int unsigned SetWidth = SetBits > 0 ? SetBits : 1;
  localparam int unsigned TagWidth = 46 - SetBits;
  localparam int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1;
  localparam int unsigned OrderWidth = Ways * WayWidth;
  localparam int unsigned RowWidth = OrderWidth + 2 * Ways;
  localparam int unsigned IndexWidth = Sets * Ways > 1 ? $clog2(Sets * Ways) : 1;
  localparam int unsigned WordBits = SetBits > 0 ? (SetBits + 1) / 2 : 1;  // a word of bits says which sets were used
  localparam int unsigned Word = 1 << WordBits;
  localparam int unsigned Words = Sets > Word ? Sets / Word : 1;
  localparam int unsigned WordsWidth = Words > 1 ? $clog2(Words) : 1;

  typedef struct packed {
    logic [OrderWidth-1:0] order;
    logic [Ways-1:0]       valid;
    logic [Ways-1:0]       dirty;  // lowest, so that a way's number is its bit's in the row
  } row_t;

  logic [RowWidth-1:0] row_q[Sets];
  logic [TagWidth-1:0] tag_q[Sets*Ways];
  logic [Word-1:0] used_q[Words];   // of its sets: has a row
  logic [Words-1:0] counts_q;       // the word counts

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

  // -------------------------------------------------------------------------------------------------------------------
  // Per operation: what it works on, what it leaves behind

  logic [SetWidth-1:0] set[Count];
  logic [TagWidth-1:0] tag[Count];
  logic [WayWidth-1:0] way[Count];
  logic [RowWidth-1:0] row[Count];
  logic [Word-1:0] used[Count];
  logic [Count-1:0] op, fills, changes, starts;

  logic [45:0] line;
  row_t start, old, fresh;  // the row as the cycle found it; as this operation finds it, and leaves it
  logic [Word-1:0] used_before;
  logic [TagWidth-1:0] victim_tag;
  logic hit, demand, enters, marks;
  always_comb begin
    hit_o = '0;
    below_o = '0;
    below_line_o = '0;
    op = '0;
    fills = '0;
    changes = '0;
    starts = '0;
    line = '0;
    start = '0;
    old = '0;
    fresh = '0;
    used_before = '0;
    victim_tag = '0;
    hit = 1'b0;
    demand = 1'b0;
    enters = 1'b0;
    marks = 1'b0;
    for (int unsigned i = 0; i < Count; i++) begin
      set[i] = '0;
      tag[i] = '0;
      way[i] = '0;
      row[i] = '0;
      used[i] = '0;
      demand = i % Ops == 0;
      enters = demand & enter_i[i/Ops];
      op[i] = enters | above_i[i];
      if (op[i]) begin
        line = enters ? enter_line_i[i/Ops*46+:46] : above_line_i[i*46+:46];
        marks = !demand | (enters & dirty_i[i/Ops]);
        set[i] = Sets > 1 ? line[SetWidth-1:0] : '0;
        tag[i] = line[45:SetBits];

        // the row, with what operations before this one have made of it
        used_before = counts_q[WordsWidth'(set[i] >> WordBits)] ? used_q[WordsWidth'(set[i] >> WordBits)] : '0;
        start = row_q[set[i]];
        if (!used_before[WordBits'(set[i])]) begin
          start = '0;
          start.order = FirstOrder;
        end
        old = start;
        for (int unsigned j = 0; j < i; j++) begin
          if (op[j] && set[j] >> WordBits == set[i] >> WordBits) used_before = used[j];
          if (op[j] && set[j] == set[i]) old = row[j];
        end

        // is the line there?
        hit = 1'b0;
        for (int unsigned w = 0; w < Ways; w++) begin
          if (start.valid[w] & tag_q[IndexWidth'(32'(set[i])*Ways+w)] == tag[i]) begin
            hit = 1'b1;
            way[i] = WayWidth'(w);
          end
        end
        for (int unsigned j = 0; j < i; j++) begin
          if (fills[j] && set[j] == set[i]) begin
            if (way[j] == way[i]) hit = 1'b0;
            if (tag[j] == tag[i]) begin
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
            victim_tag = tag_q[IndexWidth'(32'(set[i])*Ways+32'(way[i]))];
            for (int unsigned j = 0; j < i; j++) begin
              if (fills[j] && set[j] == set[i] && way[j] == way[i]) victim_tag = tag[j];
            end
            below_o[i/Ops*(Ops+1)+i%Ops+1] = 1'b1;
            below_line_o[(i/Ops*(Ops+1)+i%Ops+1)*46+:46] = 46'(victim_tag) << SetBits | 46'(set[i]);
          end
          fresh.valid[way[i]] = 1'b1;
          fresh.dirty[way[i]] = marks;
        end
        if ((demand || !hit) && way[i] != old.order[WayWidth-1:0]) fresh.order = after_use(old.order, way[i]);
        row[i] = fresh;
        changes[i] = fresh != old;
        used[i] = used_before;
        used[i][WordBits'(set[i])] = 1'b1;
        starts[i] = ~used_before[WordBits'(set[i])];

        if (demand) begin
          hit_o[i/Ops] = hit;
          below_o[i/Ops*(Ops+1)] = ~hit;
          below_line_o[i/Ops*(Ops+1)*46+:46] = line;
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
        if (changes[i]) row_q[set[i]] <= row[i];
        if (fills[i]) tag_q[IndexWidth'(32'(set[i])*Ways+32'(way[i]))] <= tag[i];
        if (starts[i]) used_q[WordsWidth'(set[i] >> WordBits)] <= used[i];
      end
      for (int unsigned r = 0; r < Requests; r++) begin
        if (late_i[r]) row_q[set[r*Ops]][$clog2(RowWidth)'(way[r*Ops])] <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      counts_q <= '0;
    end else begin
      for (int unsigned i = 0; i < Count; i++) begin
        if (starts[i]) counts_q[WordsWidth'(set[i] >> WordBits)] <= 1'b1;
      end
    end
  end

endmodule
