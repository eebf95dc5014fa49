// SPDX-License-Identifier: MIT
// timing_caches against a naive reference: lines with the time of their last use in associative arrays, victims found
// by searching all of them, dirty victims followed down one by one. Random requests of walkers and data, resets now and
// then.

module caches_bench #(
  parameter int unsigned Number = 0,
  parameter int unsigned L1dSets = 1,
  parameter int unsigned L1dWays = 1,
  parameter int unsigned L2Sets = 1,
  parameter int unsigned L2Ways = 1,
  parameter int unsigned L3Sets = 1,
  parameter int unsigned L3Ways = 1,
  parameter int unsigned Entry = 0,
  parameter int unsigned Walkers = 1,
  parameter int unsigned Cycles = 25000
) (
  output bit          done_o,
  output bit          failed_o,
  output int unsigned operations_o
);

  localparam int unsigned Slots = 3 * (Walkers + 1);

  logic clk, rst_n, data, data_write;
  logic [Walkers-1:0] walk, cas, swapped;
  logic [Walkers*46-1:0] walk_line;
  logic [Walkers*2-1:0] walk_served;
  logic [45:0] data_line;
  logic [1:0] data_served;
  logic [Slots-1:0] writeback;
  logic [Slots*46-1:0] writeback_line;

  timing_caches #(
    .L1dSets(L1dSets),
    .L1dWays(L1dWays),
    .L2Sets(L2Sets),
    .L2Ways(L2Ways),
    .L3Sets(L3Sets),
    .L3Ways(L3Ways),
    .Entry(Entry),
    .Walkers(Walkers)
  ) dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .walk_i(walk),
    .walk_line_i(walk_line),
    .walk_cas_i(cas),
    .walk_swapped_i(swapped),
    .walk_served_o(walk_served),
    .data_i(data),
    .data_write_i(data_write),
    .data_line_i(data_line),
    .data_served_o(data_served),
    .writeback_o(writeback),
    .writeback_line_o(writeback_line)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // The reference. A line at a level: {level, number}.

  longint unsigned last_use[bit [47:0]];
  bit is_dirty[bit [47:0]];
  longint unsigned clock;
  bit [45:0] written[$];
  int unsigned served;

  function automatic int unsigned sets_of(input int unsigned level);
    return level == 0 ? L1dSets : level == 1 ? L2Sets : L3Sets;
  endfunction

  function automatic int unsigned ways_of(input int unsigned level);
    return level == 0 ? L1dWays : level == 1 ? L2Ways : L3Ways;
  endfunction

  // The next level that exists, from this one down; 3: memory.
  function automatic int unsigned existing(input int unsigned level);
    int unsigned l = level;
    while (l < 3 && sets_of(l) == 0) l++;
    return l;
  endfunction

  // Brings a line in, and follows what it pushes out.
  task automatic put(input int unsigned to, input bit [45:0] number, input bit dirty);
    int unsigned level = to;
    bit [45:0] line = number;
    bit line_dirty = dirty;
    bit going = 1;
    while (going) begin
      int unsigned held = 0;
      longint unsigned oldest = '1;
      bit [45:0] victim = '0;
      bit victim_dirty = 0;
      going = 0;
      foreach (last_use[key]) begin
        if (key[47:46] == level[1:0] && key[45:0] % 46'(sets_of(level)) == line % 46'(sets_of(level))) begin
          held++;
          if (last_use[key] < oldest) begin
            oldest = last_use[key];
            victim = key[45:0];
          end
        end
      end
      if (held == ways_of(level)) begin
        victim_dirty = is_dirty[{level[1:0], victim}];
        last_use.delete({level[1:0], victim});
        is_dirty.delete({level[1:0], victim});
      end
      clock++;
      last_use[{level[1:0], line}] = clock;
      is_dirty[{level[1:0], line}] = line_dirty;
      if (victim_dirty) begin
        level = existing(level + 1);
        if (level == 3) begin
          written.push_back(victim);
        end else if (last_use.exists({level[1:0], victim}) != 0) begin
          is_dirty[{level[1:0], victim}] = 1;
        end else begin
          line = victim;
          line_dirty = 1;
          going = 1;
        end
      end
    end
  endtask

  task automatic request(input int unsigned from, input bit [45:0] line, input bit mark);
    int unsigned entry = existing(from);
    served = 3;
    for (int unsigned l = 3; l > entry; l--) begin
      if (last_use.exists({2'(l - 1), line}) != 0) served = l - 1;
    end
    if (served < 3) begin
      clock++;
      last_use[{served[1:0], line}] = clock;
    end
    for (int unsigned l = served; l > entry; l--) begin
      if (sets_of(l - 1) != 0) put(l - 1, line, 0);
    end
    if (mark && entry < 3) is_dirty[{entry[1:0], line}] = 1;
  endtask

  // -------------------------------------------------------------------------------------------------------------------
  longint unsigned random_state = 64'(Number) * 64'd7919 + 64'd12345;
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  int unsigned lines;
  function automatic bit [45:0] random_line();
    bit [45:0] line = 46'(random(2) == 0 ? random(4) : random(lines));
    if (random(8) == 0) line ^= 46'h2000_0000_0000;
    if (random(8) == 0) line ^= 46'h0000_0100_0000;
    return line;
  endfunction

  function automatic void expect_equal(input string what, input longint unsigned got, input longint unsigned want);
    if (got != want && !failed_o) begin
      $display("caches %0d: after %0d operations: %s is %0h, not %0h", Number, operations_o, what, got, want);
      failed_o = 1;
    end
  endfunction

  int unsigned seen_served[4], seen_writebacks, want_served[3];
  initial begin
    lines = 4 + (L1dSets * L1dWays + L2Sets * L2Ways + L3Sets * L3Ways) * 3 / 2;
    clk = 0;
    rst_n = 0;
    {walk, cas, swapped, walk_line, data, data_write, data_line} = '0;
    #1 clk = 1;
    #1 clk = 0;
    for (int unsigned c = 0; c < Cycles && !failed_o; c++) begin
      rst_n = random(Cycles / 4) != 0;
      if (Number == 0 && c == Cycles / 2) begin  // one reset, so long that eras counted by its edges would come again
        rst_n = 0;
        {walk, data} = '0;
        repeat (65534) begin
          #1 clk = 1;
          #1 clk = 0;
        end
      end
      if (!rst_n) begin
        last_use.delete();
        is_dirty.delete();
      end
      data = rst_n && random(3) != 0;
      data_write = 1'(random(2));
      data_line = random_line();
      for (int unsigned w = 0; w < Walkers; w++) begin
        walk[w] = rst_n && random(2) == 0;
        cas[w] = random(2) == 0;
        swapped[w] = random(2) == 0;  // what stands there from the command before
        walk_line[w*46+:46] = random(4) == 0 ? data_line : random_line();
      end
      written.delete();
      #1;  // the commands stand, the replies don't: what serves is known
      for (int unsigned w = 0; w < Walkers; w++) want_served[w] = 32'(walk_served[w*2+:2]);
      want_served[Walkers] = 32'(data_served);
      for (int unsigned w = 0; w < Walkers; w++) swapped[w] = random(3) != 0;
      #1;
      for (int unsigned w = 0; w < Walkers; w++) begin
        if (walk[w]) begin
          request(Entry, walk_line[w*46+:46], cas[w] & swapped[w]);
          expect_equal("the level that serves a walker", 64'(want_served[w]), 64'(served));
          expect_equal("the same, with the reply", 64'(walk_served[w*2+:2]), 64'(served));
          seen_served[served]++;
          operations_o++;
        end
      end
      if (data) begin
        served = 0;
        if (L1dSets != 0) request(0, data_line, data_write);
        expect_equal("the level that serves data", 64'(want_served[Walkers]), 64'(served));
        expect_equal("the same, with the reply", 64'(data_served), 64'(served));
        seen_served[served]++;
        operations_o++;
      end
      for (int unsigned s = 0; s < Slots; s++) begin
        if (writeback[s]) begin
          seen_writebacks++;
          if (written.size() == 0) expect_equal("a write-back too many", 64'(writeback_line[s*46+:46]), 64'd0);
          else expect_equal("a line written back", 64'(writeback_line[s*46+:46]), 64'(written.pop_front()));
        end
      end
      expect_equal("the number of write-backs missing", 64'(written.size()), 0);
      clk = 1;
      #1 clk = 0;
      #1;
    end
    // it has been everywhere
    for (int unsigned l = 0; l < 3; l++) begin
      if (sets_of(l) != 0 && (l >= Entry || L1dSets != 0)) begin
        expect_equal("a level that never served", 64'(seen_served[l] == 0), 0);
      end
    end
    if (existing(Entry) < 3 || L1dSets != 0) expect_equal("no write-back", 64'(seen_writebacks == 0), 0);
    done_o = 1;
  end

endmodule

module timing_caches_bench;

  localparam int unsigned Count = 13;
  bit [Count-1:0] done, failed;
  int unsigned operations[Count];

  //            number  L1D     L2      L3     entry walkers       where the walkers' marks are put on
  caches_bench #(0, 4, 2, 8, 4, 0, 1, 0, 1) b0 (done[0], failed[0], operations[0]);        // at the edge, just
  caches_bench #(1, 2, 2, 4, 2, 8, 3, 0, 2) b1 (done[1], failed[1], operations[1]);        // at once
  caches_bench #(2, 1, 1, 1, 1, 1, 1, 0, 1) b2 (done[2], failed[2], operations[2]);        // at once
  caches_bench #(3, 0, 1, 4, 2, 8, 4, 0, 2) b3 (done[3], failed[3], operations[3]);        // at the edge, no data
  caches_bench #(4, 2, 4, 4, 2, 4, 2, 1, 1) b4 (done[4], failed[4], operations[4]);        // at once
  caches_bench #(5, 2, 2, 2, 3, 4, 4, 1, 1) b5 (done[5], failed[5], operations[5]);        // at the edge, just
  caches_bench #(6, 2, 2, 2, 3, 2, 3, 2, 1) b6 (done[6], failed[6], operations[6]);        // at once
  caches_bench #(7, 2, 2, 2, 2, 2, 4, 2, 1) b7 (done[7], failed[7], operations[7]);        // at the edge, just
  caches_bench #(8, 0, 1, 0, 1, 0, 1, 0, 1) b8 (done[8], failed[8], operations[8]);        // no caches
  caches_bench #(9, 2, 12, 0, 1, 4, 16, 1, 1) b9 (done[9], failed[9], operations[9]);      // no L2: enters at L3
  caches_bench #(10, 64, 1, 256, 2, 0, 1, 0, 1) b10 (done[10], failed[10], operations[10]);  // many sets
  caches_bench #(11, 2, 3, 2, 2, 0, 1, 0, 2) b11 (done[11], failed[11], operations[11]);   // at the edge, just
  caches_bench #(12, 2, 2, 2, 4, 0, 1, 1, 2) b12 (done[12], failed[12], operations[12]);   // at the edge, just

  initial begin
    int unsigned total = 0;
    while (!(&done)) #100;
    for (int unsigned i = 0; i < Count; i++) total += operations[i];
    if (failed == '0) $display("good: %0d operations", total);
    $finish;
  end

endmodule
