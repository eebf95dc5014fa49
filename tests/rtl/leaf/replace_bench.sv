// SPDX-License-Identifier: MIT
// Replacement against naive references, each written another way than the module: a list in order of use; a tree walked
// from the root by halves; the time of each way's last filling; the list of ways used since the last clearing; the bit
// sequence of the shift register's recurrence. Two lookups and two fills a cycle, of which any may be absent, each on top of
// those before it (docs/timing.md, finer point 35).

module replacement_bench #(
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter int unsigned Sets = 4,
  parameter int unsigned Ways = 4,
  parameter int unsigned Ports = 2,
  parameter bit          Meets = 1'b1,
  parameter int unsigned Cycles = 60000
) (
  output bit          done_o,
  output bit          failed_o,
  output int unsigned operations_o
);

  localparam int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1;

  logic clk, rst_n, first, first_fixed, second, second_fixed;
  logic [Ports-1:0] touch;
  logic [Ports*SetWidth-1:0] touch_set;
  logic [Ports*WayWidth-1:0] touch_way;
  logic [SetWidth-1:0] first_set, second_set;
  logic [WayWidth-1:0] first_fixed_way, second_fixed_way, first_way, second_way;

  replacement #(
    .Policy(Policy),
    .Sets(Sets),
    .Ways(Ways),
    .Ports(Ports),
    .Meets(Meets)
  ) dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .touch_i(touch),
    .touch_set_i(touch_set),
    .touch_way_i(touch_way),
    .first_i(first),
    .first_set_i(first_set),
    .first_fixed_i(first_fixed),
    .first_fixed_way_i(first_fixed_way),
    .first_way_o(first_way),
    .second_i(second),
    .second_set_i(second_set),
    .second_fixed_i(second_fixed),
    .second_fixed_way_i(second_fixed_way),
    .second_way_o(second_way)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // References

  longint unsigned used[Sets][Ways];    // LRU: when
  bit              points_right[Sets][64];  // PLRU: node n covers a half of its parent's ways
  longint unsigned filled[Sets][Ways];  // FIFO: when
  longint unsigned clock;
  bit [Ways-1:0] recent[Sets];          // NRU
  int unsigned recent_count[Sets];
  bit sequence_of_bits[$];              // random: b[n], ..., b[n+15]; b[n+16] = b[n] ^ b[n+2] ^ b[n+3] ^ b[n+5]
  bit filled_once[Sets][Ways];          // LRU names a victim only when every way was used

  task automatic reset_reference();
    bit [15:0] first_bits = 16'b1010_1100_1110_0001;
    if (clock == 0) clock = 64'(Ways);  // never back: LRU is not reset
    sequence_of_bits.delete();
    for (int unsigned i = 0; i < 16; i++) sequence_of_bits.push_back(first_bits[i]);
    for (int unsigned s = 0; s < Sets; s++) begin
      for (int unsigned w = 0; w < Ways; w++) filled[s][w] = 64'(w);
      for (int unsigned n = 0; n < 64; n++) points_right[s][n] = 0;
      recent[s] = '0;
      recent_count[s] = 0;
    end
  endtask

  function automatic int unsigned expected(input int unsigned set);
    int unsigned number = 0, low = 0, size = Ways, node = 0;
    case (Policy)
      mmu_pkg::ReplaceLru: begin
        for (int unsigned w = 1; w < Ways; w++) if (used[set][w] < used[set][number]) number = w;
        return number;
      end
      mmu_pkg::ReplacePlru: begin
        while (size > 1) begin
          size = size / 2;
          if (points_right[set][node]) low = low + size;
          node = 2 * node + (points_right[set][node] ? 2 : 1);
        end
        return low;
      end
      mmu_pkg::ReplaceFifo: begin
        for (int unsigned w = 1; w < Ways; w++) if (filled[set][w] < filled[set][number]) number = w;
        return number;
      end
      mmu_pkg::ReplaceNru: begin
        while (number < Ways && recent[set][number]) number++;
        return number == Ways ? 0 : number;
      end
      default: begin
        for (int unsigned i = 16; i > 0; i--) number = number * 2 + 32'(sequence_of_bits[i-1]);
        return number % Ways;
      end
    endcase
  endfunction

  task automatic use_way(input int unsigned set, input int unsigned way);
    int unsigned low = 0, size = Ways, node = 0;
    clock++;
    used[set][way] = clock;
    filled_once[set][way] = 1;
    while (size > 1) begin
      size = size / 2;
      points_right[set][node] = way < low + size;
      if (way >= low + size) begin
        low = low + size;
        node = 2 * node + 2;
      end else begin
        node = 2 * node + 1;
      end
    end
    if (!recent[set][way]) begin
      recent_count[set]++;
      if (recent_count[set] == Ways) begin
        recent[set] = '0;
        recent_count[set] = 1;
      end
      recent[set][way] = 1;
    end
  endtask

  task automatic replace_way(input int unsigned set, input int unsigned way);
    clock++;
    filled[set][way] = clock;
    sequence_of_bits.push_back(sequence_of_bits[0] ^ sequence_of_bits[2] ^ sequence_of_bits[3] ^ sequence_of_bits[5]);
    void'(sequence_of_bits.pop_front());
  endtask

  function automatic bit full(input int unsigned set);
    for (int unsigned w = 0; w < Ways; w++) if (!filled_once[set][w]) return 0;
    return 1;
  endfunction

  task automatic check(input string what, input int unsigned way, input int unsigned should);
    if (way != should) begin
      $display("policy %0d, %0d x %0d, %0d ports: after %0d operations: the %s fill takes way %0d, not %0d", Policy, Sets,
               Ways, Ports, operations_o, what, way, should);
      failed_o = 1;
    end
  endtask

  // -------------------------------------------------------------------------------------------------------------------
  longint unsigned random_state = 64'(Policy * 100 + Sets) * 64'd6700417 + 64'(Ways);
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  int unsigned should;
  initial begin
    clk = 0;
    rst_n = 0;
    {touch, touch_set, touch_way, first, first_set, first_fixed, first_fixed_way} = '0;
    {second, second_set, second_fixed, second_fixed_way} = '0;
    reset_reference();
    #1 clk = 1;
    #1 clk = 0;
    for (int unsigned c = 0; c < Cycles && !failed_o; c++) begin
      rst_n = random(Cycles / 4) != 0;
      for (int unsigned p = 0; p < Ports; p++) begin
        touch[p] = rst_n && random(3) != 0;
        touch_set[p*SetWidth+:SetWidth] = SetWidth'(random(Sets));
        touch_way[p*WayWidth+:WayWidth] = WayWidth'(random(Ways));
      end
      first = rst_n && random(2) == 0 && (Meets || touch == '0);
      first_set = random(2) == 0 ? touch_set[0+:SetWidth] : SetWidth'(random(Sets));
      first_fixed = random(3) == 0 || (Policy == mmu_pkg::ReplaceLru && !full(32'(first_set)));
      first_fixed_way = WayWidth'(random(Ways));
      second = first && Ports > 1 && random(2) == 0;
      second_set = random(2) == 0 ? first_set : SetWidth'(random(Sets));
      second_fixed = random(3) == 0 || (Policy == mmu_pkg::ReplaceLru && !full(32'(second_set)));
      second_fixed_way = WayWidth'(random(Ways));
      #1;
      operations_o += $countones(touch) + 32'(first) + 32'(second);
      // the first fill's victim is that of the state at the cycle's start, and so is the second's in another set
      should = expected(32'(first_set));
      if (first && !first_fixed) check("first", 32'(first_way), should);
      should = expected(32'(second_set));
      for (int unsigned p = 0; p < Ports; p++) begin
        if (touch[p]) use_way(32'(touch_set[p*SetWidth+:SetWidth]), 32'(touch_way[p*WayWidth+:WayWidth]));
      end
      if (first) begin
        if (!first_fixed) replace_way(32'(first_set), 32'(first_way));
        use_way(32'(first_set), 32'(first_way));
      end
      if (second) begin
        if (first_set == second_set || Policy == mmu_pkg::ReplaceRandom) should = expected(32'(second_set));
        if (!second_fixed) begin
          check("second", 32'(second_way), should);
          replace_way(32'(second_set), 32'(second_way));
        end
        use_way(32'(second_set), 32'(second_way));
      end
      if (!rst_n) reset_reference();
      clk = 1;
      #1 clk = 0;
      #1;
    end
    done_o = 1;
  end

endmodule

module replace_bench;

  localparam int unsigned Count = 14;
  bit [Count-1:0] done, failed;
  int unsigned operations[Count];

  replacement_bench #(mmu_pkg::ReplaceLru, 4, 4) l0 (done[0], failed[0], operations[0]);
  replacement_bench #(mmu_pkg::ReplaceLru, 1, 12) l1 (done[1], failed[1], operations[1]);
  replacement_bench #(mmu_pkg::ReplaceLru, 2, 3, 1, 1'b0) l2 (done[2], failed[2], operations[2]);
  replacement_bench #(mmu_pkg::ReplaceLru, 2, 3, 1, 1'b1) l3 (done[3], failed[3], operations[3]);
  replacement_bench #(mmu_pkg::ReplacePlru, 4, 8) p0 (done[4], failed[4], operations[4]);
  replacement_bench #(mmu_pkg::ReplacePlru, 2, 1, 1, 1'b0) p1 (done[5], failed[5], operations[5]);
  replacement_bench #(mmu_pkg::ReplaceFifo, 4, 4) f0 (done[6], failed[6], operations[6]);
  replacement_bench #(mmu_pkg::ReplaceFifo, 1, 3, 1, 1'b0) f1 (done[7], failed[7], operations[7]);
  replacement_bench #(mmu_pkg::ReplaceFifo, 16, 12) f2 (done[8], failed[8], operations[8]);
  replacement_bench #(mmu_pkg::ReplaceNru, 4, 4) n0 (done[9], failed[9], operations[9]);
  replacement_bench #(mmu_pkg::ReplaceNru, 2, 1, 1, 1'b0) n1 (done[10], failed[10], operations[10]);
  replacement_bench #(mmu_pkg::ReplaceNru, 16, 12) n2 (done[11], failed[11], operations[11]);
  replacement_bench #(mmu_pkg::ReplaceRandom, 4, 3) r0 (done[12], failed[12], operations[12]);
  replacement_bench #(mmu_pkg::ReplaceRandom, 1, 4, 1, 1'b0) r1 (done[13], failed[13], operations[13]);

  initial begin
    int unsigned total = 0;
    while (!(&done)) #100;
    for (int unsigned i = 0; i < Count; i++) total += operations[i];
    if (failed == '0) $display("good: %0d operations", total);
    $finish;
  end

endmodule
