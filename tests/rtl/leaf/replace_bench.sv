// SPDX-License-Identifier: MIT
// The FIFO, NRU and random policies against naive references, each written another way than the module: the time of
// each way's last filling; the list of ways used since the last clearing; the bit sequence of the shift register's
// recurrence.

module replace_policy_bench #(
  parameter int unsigned Policy = mmu_pkg::ReplaceFifo,
  parameter int unsigned Sets = 4,
  parameter int unsigned Ways = 4,
  parameter int unsigned Cycles = 100000
) (
  output bit          done_o,
  output bit          failed_o,
  output int unsigned operations_o
);

  localparam int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1;
  localparam int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1;

  logic clk, rst_n, touch, victim, replace;
  logic [SetWidth-1:0] touch_set, victim_set;
  logic [WayWidth-1:0] touch_way, victim_way;

  if (Policy == mmu_pkg::ReplaceFifo) begin : g_fifo
    replace_fifo #(
      .Sets(Sets),
      .Ways(Ways)
    ) dut (
      .clk_i(clk),
      .rst_ni(rst_n),
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(victim),
      .victim_set_i(victim_set),
      .victim_way_o(victim_way),
      .replace_i(replace)
    );
  end else if (Policy == mmu_pkg::ReplaceNru) begin : g_nru
    replace_nru #(
      .Sets(Sets),
      .Ways(Ways)
    ) dut (
      .clk_i(clk),
      .rst_ni(rst_n),
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(victim),
      .victim_set_i(victim_set),
      .victim_way_o(victim_way),
      .replace_i(replace)
    );
  end else begin : g_random
    replace_random #(
      .Sets(Sets),
      .Ways(Ways)
    ) dut (
      .clk_i(clk),
      .rst_ni(rst_n),
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(victim),
      .victim_set_i(victim_set),
      .victim_way_o(victim_way),
      .replace_i(replace)
    );
  end

  // -------------------------------------------------------------------------------------------------------------------
  // References

  longint unsigned filled[Sets][Ways];  // FIFO: when
  longint unsigned clock;
  bit [Ways-1:0] recent[Sets];          // NRU
  int unsigned recent_count[Sets];
  bit sequence_of_bits[$];              // random: b[n], ..., b[n+15]; b[n+16] = b[n] ^ b[n+2] ^ b[n+3] ^ b[n+5]

  task automatic reset_reference();
    bit [15:0] first = 16'b1010_1100_1110_0001;
    clock = 64'(Ways);
    sequence_of_bits.delete();
    for (int unsigned i = 0; i < 16; i++) sequence_of_bits.push_back(first[i]);
    for (int unsigned s = 0; s < Sets; s++) begin
      for (int unsigned w = 0; w < Ways; w++) filled[s][w] = 64'(w);
      recent[s] = '0;
      recent_count[s] = 0;
    end
  endtask

  function automatic int unsigned expected(input int unsigned set);
    int unsigned number = 0;
    case (Policy)
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

  task automatic advance();
    if (replace) begin
      filled[victim_set][expected(32'(victim_set))] = clock;
      clock++;
      sequence_of_bits.push_back(sequence_of_bits[0] ^ sequence_of_bits[2] ^ sequence_of_bits[3] ^ sequence_of_bits[5]);
      void'(sequence_of_bits.pop_front());
    end
    if (touch && !recent[touch_set][touch_way]) begin
      recent_count[touch_set]++;
      if (recent_count[touch_set] == Ways) begin
        recent[touch_set] = '0;
        recent_count[touch_set] = 1;
      end
      recent[touch_set][touch_way] = 1;
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

  initial begin
    clk = 0;
    rst_n = 0;
    {touch, victim, replace, touch_set, victim_set, touch_way} = '0;
    reset_reference();
    #1 clk = 1;
    #1 clk = 0;
    for (int unsigned c = 0; c < Cycles && !failed_o; c++) begin
      rst_n = random(Cycles / 4) != 0;
      touch = rst_n && random(4) != 0;
      touch_set = SetWidth'(random(Sets));
      touch_way = WayWidth'(random(Ways));
      victim = rst_n && random(3) != 0;
      victim_set = random(2) == 0 ? touch_set : SetWidth'(random(Sets));
      replace = victim && random(2) == 0;
      #1;
      operations_o += 32'(touch) + 32'(victim);
      if (victim && 32'(victim_way) != expected(32'(victim_set))) begin
        $display("policy %0d, %0d x %0d: after %0d operations: the victim is way %0d, not %0d", Policy, Sets, Ways,
                 operations_o, victim_way, expected(32'(victim_set)));
        failed_o = 1;
      end
      if (rst_n) advance();
      else reset_reference();
      clk = 1;
      #1 clk = 0;
      #1;
    end
    done_o = 1;
  end

endmodule

module replace_bench;

  localparam int unsigned Count = 12;
  bit [Count-1:0] done, failed;
  int unsigned operations[Count];

  replace_policy_bench #(mmu_pkg::ReplaceFifo, 4, 4) f0 (done[0], failed[0], operations[0]);
  replace_policy_bench #(mmu_pkg::ReplaceFifo, 1, 3) f1 (done[1], failed[1], operations[1]);
  replace_policy_bench #(mmu_pkg::ReplaceFifo, 2, 1) f2 (done[2], failed[2], operations[2]);
  replace_policy_bench #(mmu_pkg::ReplaceFifo, 16, 12) f3 (done[3], failed[3], operations[3]);
  replace_policy_bench #(mmu_pkg::ReplaceNru, 4, 4) n0 (done[4], failed[4], operations[4]);
  replace_policy_bench #(mmu_pkg::ReplaceNru, 1, 3) n1 (done[5], failed[5], operations[5]);
  replace_policy_bench #(mmu_pkg::ReplaceNru, 2, 1) n2 (done[6], failed[6], operations[6]);
  replace_policy_bench #(mmu_pkg::ReplaceNru, 16, 12) n3 (done[7], failed[7], operations[7]);
  replace_policy_bench #(mmu_pkg::ReplaceRandom, 4, 4) r0 (done[8], failed[8], operations[8]);
  replace_policy_bench #(mmu_pkg::ReplaceRandom, 1, 3) r1 (done[9], failed[9], operations[9]);
  replace_policy_bench #(mmu_pkg::ReplaceRandom, 2, 1) r2 (done[10], failed[10], operations[10]);
  replace_policy_bench #(mmu_pkg::ReplaceRandom, 16, 12) r3 (done[11], failed[11], operations[11]);

  initial begin
    int unsigned total = 0;
    while (!(&done)) #100;
    for (int unsigned i = 0; i < Count; i++) total += operations[i];
    if (failed == '0) $display("good: %0d operations", total);
    $finish;
  end

endmodule
