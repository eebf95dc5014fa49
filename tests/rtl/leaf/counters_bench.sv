// SPDX-License-Identifier: MIT
// counters against a naive reference that adds up one event after the other. Random cycles: in some nothing but hits, in
// others anything at once; what was dropped shows one edge later. All counts are read now and then, through the debug
// port's clock. Numbers are those of struct counters in csrc/engine/engine.h. Prefetches are left to the lockstep.

module counters_bench;

  localparam int unsigned Cycles = 60000;
  localparam int unsigned Counters = 201;

  logic clk, debug_clk, rst_n, step, busy, peek;
  logic [63:0] now, value;
  logic [7:0] peek_index;

  // by port: fetch, data
  logic [1:0] lookup, hit, begins, answer;
  logic [1:0] level[2];
  mmu_pkg::fault_e fault[2];
  logic [mmu_pkg::ErrorWidth-1:0] error[2];
  mmu_pkg::filled_t filled[2];
  logic write;

  logic unit_data, merged, stlb_lookup, stlb_hit, psc_hit;
  logic [1:0] stlb_level, fill_level;
  mmu_pkg::filled_t stlb_filled;
  logic [5:2] psc_looked, psc_filled, psc_evicts;
  logic mem_valid, swapped, mem_error, served_data;
  mmu_pkg::mem_e mem_command;
  logic [mmu_pkg::LevelWidth-1:0] mem_level;
  mmu_pkg::served_e mem_served, served_level;
  mmu_pkg::row_e mem_row, served_row;
  logic [5:0] writeback;
  logic control_done, control_refused;
  mmu_pkg::op_e control_op;
  logic [1:0] control_type;
  logic [6:0] drop;
  logic [4:0] dropped_itlb;
  logic [2:0] dropped_itlb_large;
  logic [6:0] dropped_dtlb;
  logic [1:0] dropped_dtlb_large;
  logic [8:0] dropped_stlb;
  logic [3:0] dropped_stlb_large;
  logic [4*3-1:0] dropped_psc;

  counters #(
    .WalkLevels(3'b011),
    .DataLevels(3'b111),
    .ItlbEntries(5),
    .ItlbLargeEntries(3),
    .DtlbEntries(7),
    .DtlbLargeEntries(2),
    .StlbEntries(9),
    .StlbLargeEntries(4),
    .PscWidth(3)
  ) dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .step_i(step),
    .now_i(now),
    .skip_start_i(1'b0),
    .busy_i(busy),
    .fetch_lookup_i(lookup[0]),
    .fetch_hit_i(hit[0]),
    .fetch_level_i(level[0]),
    .fetch_filled_i(filled[0]),
    .fetch_begin_i(begins[0]),
    .fetch_answer_i(answer[0]),
    .fetch_fault_i(fault[0]),
    .fetch_error_i(error[0]),
    .data_lookup_i(lookup[1]),
    .data_hit_i(hit[1]),
    .data_level_i(level[1]),
    .data_filled_i(filled[1]),
    .data_begin_i(begins[1]),
    .data_answer_i(answer[1]),
    .data_write_i(write),
    .data_fault_i(fault[1]),
    .data_error_i(error[1]),
    .unit_data_i(unit_data),
    .merged_i(merged),
    .prefetched_i('0),
    .stlb_lookup_i(stlb_lookup),
    .stlb_hit_i(stlb_hit),
    .stlb_level_i(stlb_level),
    .stlb_filled_i(stlb_filled),
    .fill_level_i(fill_level),
    .psc_looked_i(psc_looked),
    .psc_hit_i(psc_hit),
    .psc_filled_i(psc_filled),
    .psc_fill_evicts_i(psc_evicts),
    .mem_valid_i(mem_valid),
    .mem_command_i(mem_command),
    .mem_level_i(mem_level),
    .mem_served_i(mem_served),
    .mem_row_i(mem_row),
    .early_swapped_i(swapped),
    .early_error_i(mem_error),
    .served_data_i(served_data),
    .served_level_i(served_level),
    .served_row_i(served_row),
    .writeback_i(writeback),
    .control_done_i(control_done),
    .control_refused_i(control_refused),
    .control_op_i(control_op),
    .control_type_i(control_type),
    .drop_i(drop),
    .dropped_itlb_i(dropped_itlb),
    .dropped_itlb_large_i(dropped_itlb_large),
    .dropped_dtlb_i(dropped_dtlb),
    .dropped_dtlb_large_i(dropped_dtlb_large),
    .dropped_stlb_i(dropped_stlb),
    .dropped_stlb_large_i(dropped_stlb_large),
    .dropped_psc_i(dropped_psc),
    .debug_clk_i(debug_clk),
    .peek_i(peek),
    .peek_index_i(peek_index),
    .peek_value_o(value)
  );

  longint unsigned random_state = 64'd88172645463325252;
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  // -------------------------------------------------------------------------------------------------------------------
  // The reference

  longint unsigned count[Counters], begun[2];
  bit walks[2];
  int unsigned operations = 0;

  task automatic add(input int unsigned number, input longint unsigned amount = 1);
    count[number] += amount;
    operations++;
  endtask

  // Hits, misses, fills, evictions, drops of a TLB start at `tlb`, the first three by size at `sizes`.
  task automatic add_lookup(input int unsigned tlb, input int unsigned sizes, input bit was_hit, input int unsigned size);
    if (was_hit) begin
      add(tlb);
      add(sizes + size - 1);
    end else begin
      add(tlb + 1);
    end
  endtask
  task automatic add_fill(input int unsigned tlb, input int unsigned sizes, input bit evicts);
    add(tlb + 2);
    add(sizes + 3 + 32'(fill_level) - 1);
    if (evicts) begin
      add(tlb + 3);
      add(sizes + 6 + 32'(fill_level) - 1);
    end
  endtask

  task automatic add_port(input int unsigned p);
    if (answer[p]) add(p == 0 ? 3 : write ? 2 : 1);
    if (lookup[p]) add_lookup(p == 0 ? 4 : 9, p == 0 ? 62 : 71, hit[p], 32'(level[p]));
    if (answer[p] && fault[p] == mmu_pkg::FaultPage) begin
      add(58);
      add(109 + 32'(error[p]));
    end
    if (answer[p] && fault[p] == mmu_pkg::FaultGp) add(59);
    if (begins[p] && !walks[p]) begin
      walks[p] = 1;
      begun[p] = now;
      add(53);
    end
    if (answer[p] && walks[p]) begin
      walks[p] = 0;
      add(55, now + 1 - begun[p]);
      add(185, now + 1 - begun[p]);
    end
    if (filled[p].valid && 1'(p) == unit_data) add_fill(p == 0 ? 4 : 9, p == 0 ? 62 : 71, filled[p].evicts);
  endtask

  task automatic add_miss_side();
    if (merged) add(52);
    if (stlb_lookup) add_lookup(14, 80, stlb_hit, 32'(stlb_level));
    if (stlb_filled.valid) add_fill(14, 80, stlb_filled.evicts);
    for (int unsigned l = 2; l <= 5; l++) begin
      bit last = 1;  // only the shallowest that was looked up can have hit
      for (int unsigned above = l + 1; above <= 5; above++) if (psc_looked[above]) last = 0;
      if (psc_looked[l] && psc_hit && last) add(19 + 5 * (l - 2));
      if (psc_looked[l] && !(psc_hit && last)) add(20 + 5 * (l - 2));
      if (psc_filled[l]) add(21 + 5 * (l - 2));
      if (psc_filled[l] && psc_evicts[l]) add(22 + 5 * (l - 2));
    end
  endtask

  task automatic add_memory();
    if (mem_valid) begin
      if (mem_command == mmu_pkg::MemRead) begin
        add(54);
        add(89 + 4 * (32'(mem_level) - 1) + 32'(mem_served));
      end
      if (mem_command == mmu_pkg::MemCas && !mem_error && swapped) add(56);
      if (mem_command == mmu_pkg::MemCas && !mem_error && !swapped) add(57);
      for (int unsigned c = 0; c < 2; c++) begin  // walkers look up L1D and L2
        if (32'(mem_served) == c) add(39 + 4 * c);
        if (32'(mem_served) > c) add(40 + 4 * c);
      end
      if (mem_row != mmu_pkg::RowNone) add(191 + 32'(mem_row));
    end
    if (served_data) begin
      for (int unsigned c = 0; c < 3; c++) begin
        if (32'(served_level) == c) add(41 + 4 * c);
        if (32'(served_level) > c) add(42 + 4 * c);
      end
      if (served_row != mmu_pkg::RowNone) add(191 + 32'(served_row));
    end
    for (int unsigned i = 0; i < 6; i++) if (writeback[i]) add(51);
  endtask

  task automatic add_control();
    if (!control_done) return;
    add(60);
    if (control_refused) begin
      add(61);
      return;
    end
    add(173 + 32'(control_op));
    if (control_op == mmu_pkg::OpInvpcid) add(181 + 32'(control_type));
  endtask

  function automatic int unsigned ones(input logic [31:0] bits);
    ones = 0;
    for (int unsigned i = 0; i < 32; i++) ones += 32'(bits[i]);
  endfunction

  logic [6:0] dropping;  // announced in the cycle before
  task automatic add_drops();
    if (dropping[0]) add(8, 64'(ones(32'(dropped_itlb))));
    if (dropping[1]) add(8, 64'(ones(32'(dropped_itlb_large))));
    if (dropping[2]) add(13, 64'(ones(32'(dropped_dtlb))));
    if (dropping[3]) add(13, 64'(ones(32'(dropped_dtlb_large))));
    if (dropping[4]) add(18, 64'(ones(32'(dropped_stlb))));
    if (dropping[5]) add(18, 64'(ones(32'(dropped_stlb_large))));
    for (int unsigned l = 0; l < 4; l++) if (dropping[6]) add(23 + 5 * l, 64'(ones(32'(dropped_psc[l*3+:3]))));
    dropping = '0;
  endtask

  // -------------------------------------------------------------------------------------------------------------------
  // Cycles

  task automatic nothing();
    {lookup, hit, begins, answer, write, busy, unit_data, merged, stlb_lookup, stlb_hit, psc_hit} = '0;
    {stlb_level, fill_level, stlb_filled, psc_looked, psc_filled, psc_evicts, mem_valid, swapped, mem_error} = '0;
    {served_data, writeback, control_done, control_refused, control_type, drop} = '0;
    mem_command = mmu_pkg::MemRead;
    mem_level = 1;
    {mem_served, served_level} = '0;
    {mem_row, served_row} = '0;
    control_op = mmu_pkg::OpCr0;
    for (int unsigned p = 0; p < 2; p++) begin
      level[p] = '0;
      fault[p] = mmu_pkg::FaultNone;
      error[p] = '0;
      filled[p] = '0;
    end
  endtask

  task automatic nothing_but_hits();
    for (int unsigned p = 0; p < 2; p++) begin
      answer[p] = !walks[p] && random(3) != 0;  // a port that walks has no hits
      if (!answer[p]) continue;
      lookup[p] = random(4) != 0;  // else paging is off
      hit[p] = lookup[p];
      if (hit[p]) level[p] = 2'(1 + random(3));
    end
    if (answer[1]) begin
      write = 1'(random(2));
      served_data = random(4) != 0;
    end
  endtask

  task automatic anything();
    busy = random(4) != 0;
    for (int unsigned p = 0; p < 2; p++) begin
      lookup[p] = 1'(random(2));
      hit[p] = lookup[p] & random(2) == 0;
      if (hit[p]) level[p] = 2'(1 + random(3));
      answer[p] = 1'(random(2));
      if (answer[p]) fault[p] = mmu_pkg::fault_e'(random(4));
      error[p] = 6'(random(64));
    end
    write = 1'(random(2));
    // someone is busy, or a port's part misses or faults, or its data do
    if (!busy) begin
      lookup[0] = 1;
      hit[0] = 0;
    end
    fill_level = 2'(1 + random(3));
    for (int unsigned p = 0; p < 2; p++) begin
      begins[p] = random(3) == 0;
      filled[p].valid = random(3) == 0;
      filled[p].evicts = 1'(random(2));
    end
    {unit_data, merged, stlb_lookup, psc_hit, swapped, mem_error} = 6'(random(64));
    stlb_hit = 1'(random(2));
    stlb_level = 2'(1 + random(3));
    stlb_filled.valid = 1'(random(2));
    stlb_filled.evicts = 1'(random(2));
    {psc_looked, psc_filled, psc_evicts} = 12'(random(4096));
    mem_valid = 1'(random(2));
    mem_command = mmu_pkg::mem_e'(random(3));
    mem_level = 3'(1 + random(5));
    mem_served = mmu_pkg::served_e'(random(4));
    mem_row = mmu_pkg::row_e'(random(4));
    served_data = 1'(random(2));
    served_level = mmu_pkg::served_e'(random(4));
    served_row = mmu_pkg::row_e'(random(4));
    writeback = 6'(random(64));
    control_done = 1'(random(2));
    control_refused = 1'(random(2));
    control_op = mmu_pkg::op_e'(random(8));
    control_type = 2'(random(4));
    drop = random(3) == 0 ? 7'(random(128)) : '0;
  endtask

  bit failed = 0;
  task automatic read_all();
    peek = 1;
    for (int unsigned i = Counters; i > 0 && !failed; i--) begin
      peek_index = 8'(i % Counters);  // ends with one that is not 0
      #1 debug_clk = 1;
      #1 debug_clk = 0;
      if (value != count[peek_index]) begin
        $display("cycle %0d: counter %0d is %0d, not %0d", now, peek_index, value, count[peek_index]);
        failed = 1;
      end
    end
    peek = 0;
    #1 debug_clk = 1;
    #1 debug_clk = 0;
    if (value != 0) begin
      $display("cycle %0d: %0d is shown where nothing was asked for", now, value);
      failed = 1;
    end
  endtask

  task automatic reset();
    rst_n = 0;
    #1 clk = 1;
    #1 clk = 0;
    rst_n = 1;
    for (int unsigned i = 0; i < Counters; i++) count[i] = 0;
    walks[0] = 0;
    walks[1] = 0;
    dropping = '0;
  endtask

  initial begin
    {clk, debug_clk, peek, peek_index, now, step} = '0;
    nothing();
    reset();
    for (int unsigned c = 0; c < Cycles && !failed; c++) begin
      now += 64'(1 + random(50));
      step = 1;
      nothing();
      if (random(2) == 0) nothing_but_hits();
      else if (random(8) != 0) anything();
      else step = 0;  // an edge without a cycle
      dropped_itlb = 5'(random(32));
      dropped_itlb_large = 3'(random(8));
      dropped_dtlb = 7'(random(128));
      dropped_dtlb_large = 2'(random(4));
      dropped_stlb = 9'(random(512));
      dropped_stlb_large = 4'(random(16));
      dropped_psc = 12'(random(4096));
      #1;
      add_drops();
      for (int unsigned p = 0; p < 2; p++) add_port(p);
      add_miss_side();
      add_memory();
      add_control();
      dropping = drop;
      #1 clk = 1;
      #1 clk = 0;
      if (c % 100 == 99) read_all();
      if (random(3000) == 0) reset();
    end
    if (!failed) $display("good: %0d operations", operations);
    $finish;
  end

endmodule
