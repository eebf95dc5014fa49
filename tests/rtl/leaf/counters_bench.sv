// SPDX-License-Identifier: MIT
// counters against a naive reference that adds up one event after the other. Random cycles: in some nothing but hits, in
// others anything at once; what was dropped shows one edge later. All counts are read now and then, through the debug
// port's clock. Numbers are those of struct counters in csrc/engine/engine.h. What can come together in one cycle is
// others' affair: nearly everything does here.

module counters_case #(
  parameter int unsigned Walkers = 1,
  parameter logic [2:0] WalkLevels = '0,
  parameter logic [2:0] DataLevels = '0,
  parameter int unsigned Cycles = 50000
) (
  output bit          done_o,
  output bit          failed_o,
  output int unsigned operations_o
);

  localparam int unsigned Counters = 201;

  logic clk, debug_clk, rst_n, step, busy, peek, skip_start;
  logic [63:0] now, value;
  logic [7:0] peek_index;

  // by port: fetch, data
  logic [1:0] lookup, hit, begins, answer;
  logic [1:0] level[2];
  mmu_pkg::fault_e fault[2];
  logic [mmu_pkg::ErrorWidth-1:0] error[2];
  mmu_pkg::filled_t filled[2];
  logic write;

  // by miss unit
  logic [Walkers-1:0] unit_data, merged, stlb_lookup, stlb_hit, psc_hit, mem_valid, swapped, mem_error;
  mmu_pkg::prefetched_t [Walkers-1:0] prefetched;
  logic [Walkers-1:0][1:0] stlb_level, fill_level;
  mmu_pkg::filled_t [Walkers-1:0] stlb_filled;
  logic [Walkers-1:0][5:2] psc_looked, psc_filled, psc_evicts;
  mmu_pkg::mem_e [Walkers-1:0] mem_command;
  logic [Walkers-1:0][mmu_pkg::LevelWidth-1:0] mem_level;
  mmu_pkg::served_e [Walkers-1:0] mem_served;
  mmu_pkg::row_e [Walkers-1:0] mem_row;

  logic served_data;
  mmu_pkg::served_e served_level;
  mmu_pkg::row_e served_row;
  logic [3*Walkers+2:0] writeback;
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
    .Walkers(Walkers),
    .WalkLevels(WalkLevels),
    .DataLevels(DataLevels),
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
    .skip_start_i(skip_start),
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
    .prefetched_i(prefetched),
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

  longint unsigned count[Counters], begun[2], ahead_begun[2];
  bit walks[2], ahead[2];

  task automatic add(input int unsigned number, input longint unsigned amount = 1);
    count[number] += amount;
    operations_o++;
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
  task automatic add_fill(input int unsigned tlb, input int unsigned sizes, input mmu_pkg::filled_t fill,
                          input int unsigned size);
    if (!fill.valid) return;
    add(tlb + 2);
    add(sizes + 3 + size - 1);
    if (fill.evicts) begin
      add(tlb + 3);
      add(sizes + 6 + size - 1);
    end
  endtask

  // A walk that ends before it begins has taken no cycle: with walk.start = 0, in the cycle of the miss, nothing read.
  function automatic bit was_none(input int unsigned p);
    was_none = begins[p] & skip_start;
    for (int unsigned u = 0; u < Walkers; u++) begin
      if (unit_data[u] == 1'(p) && mem_valid[u] && !prefetched[u].reads) was_none = 0;
    end
  endfunction

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
      if (!was_none(p)) begin
        add(55, now + 1 - begun[p]);
        add(185 + (Walkers == 2 ? p : 0), now + 1 - begun[p]);
      end
    end
  endtask

  // A prefetch's fill is not the TLB's own.
  task automatic add_prefetch(input int unsigned u);
    mmu_pkg::prefetched_t prefetch = prefetched[u];
    mmu_pkg::filled_t fill = prefetch.second ? stlb_filled[u] : filled[prefetch.data];
    if (prefetch.begins) begin
      add(187);
      ahead_begun[u] = now;
      ahead[u] = 1;
    end
    if (prefetch.over) begin
      add(191, now + 1 - ahead_begun[u]);
      ahead[u] = 0;
    end
    if (prefetch.reads) add(188);
    if (prefetch.first || prefetch.second) begin
      add(189);
      if (fill.evicts) add(190);
    end
    if (!prefetch.second) add_fill(14, 80, stlb_filled[u], 32'(fill_level[u]));
    if (!prefetch.first || prefetch.data != unit_data[u]) begin
      add_fill(unit_data[u] ? 9 : 4, unit_data[u] ? 71 : 62, filled[unit_data[u]], 32'(fill_level[u]));
    end
  endtask

  task automatic add_unit(input int unsigned u);
    if (merged[u]) add(52);
    if (stlb_lookup[u]) add_lookup(14, 80, stlb_hit[u], 32'(stlb_level[u]));
    add_prefetch(u);
    for (int unsigned l = 2; l <= 5; l++) begin
      bit last = 1;  // only the shallowest that was looked up can have hit
      for (int unsigned above = l + 1; above <= 5; above++) if (psc_looked[u][above]) last = 0;
      if (psc_looked[u][l] && psc_hit[u] && last) add(19 + 5 * (l - 2));
      if (psc_looked[u][l] && !(psc_hit[u] && last)) add(20 + 5 * (l - 2));
      if (psc_filled[u][l]) add(21 + 5 * (l - 2));
      if (psc_filled[u][l] && psc_evicts[u][l]) add(22 + 5 * (l - 2));
    end
    if (mem_valid[u]) add_command(u);
  endtask

  task automatic add_command(input int unsigned u);
    if (mem_command[u] == mmu_pkg::MemRead && !prefetched[u].reads) begin
      add(54);
      add(89 + 4 * (32'(mem_level[u]) - 1) + 32'(mem_served[u]));
    end
    if (mem_command[u] == mmu_pkg::MemCas && !mem_error[u]) add(swapped[u] ? 56 : 57);
    for (int unsigned c = 0; c < 3; c++) begin
      if (WalkLevels[c] && 32'(mem_served[u]) == c) add(39 + 4 * c);
      if (WalkLevels[c] && 32'(mem_served[u]) > c) add(40 + 4 * c);
    end
    if (mem_row[u] != mmu_pkg::RowNone) add(191 + 32'(mem_row[u]));
  endtask

  task automatic add_data();
    if (served_data) begin
      for (int unsigned c = 0; c < 3; c++) begin
        if (DataLevels[c] && 32'(served_level) == c) add(41 + 4 * c);
        if (DataLevels[c] && 32'(served_level) > c) add(42 + 4 * c);
      end
      if (served_row != mmu_pkg::RowNone) add(191 + 32'(served_row));
    end
    for (int unsigned i = 0; i < 3 * (Walkers + 1); i++) if (writeback[i]) add(51);
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
    {lookup, hit, begins, answer, write, busy, skip_start, merged, stlb_lookup, stlb_hit, psc_hit} = '0;
    {stlb_level, fill_level, stlb_filled, psc_looked, psc_filled, psc_evicts, mem_valid, swapped, mem_error} = '0;
    {prefetched, mem_command, mem_served, mem_row, served_data, served_level, served_row, writeback} = '0;
    {control_done, control_refused, control_type, drop} = '0;
    unit_data = Walkers'(2);  // with two, each has its port
    for (int unsigned u = 0; u < Walkers; u++) mem_level[u] = 1;
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

  // Hits, and one thing that is none.
  task automatic almost_hits();
    int unsigned p = random(2);
    int unsigned which = random(4);
    for (int unsigned q = 0; q < 2; q++) begin
      lookup[q] = 1;
      hit[q] = 1;
      level[q] = 2'(1 + random(3));
      answer[q] = 1;
    end
    served_data = 1;
    unique case (which)
      0: fault[p] = mmu_pkg::fault_e'(1 + random(3));
      1: served_level = mmu_pkg::served_e'(1 + random(3));
      2: {hit[p], level[p], answer[p]} = '0;
      default: answer[p] = 0;  // a write to a clean entry
    endcase
  endtask

  task automatic anything_of_ports();
    busy = 1;
    for (int unsigned p = 0; p < 2; p++) begin
      lookup[p] = 1'(random(2));
      hit[p] = lookup[p] & random(2) == 0;
      if (hit[p]) level[p] = 2'(1 + random(3));
      answer[p] = 1'(random(2));
      if (answer[p]) fault[p] = mmu_pkg::fault_e'(random(4));
    end
    served_data = 1'(random(2));
    served_level = mmu_pkg::served_e'(random(4));
  endtask

  task automatic anything_of(input int unsigned u);
    {merged[u], stlb_lookup[u], psc_hit[u], swapped[u], mem_error[u], stlb_hit[u]} = 6'(random(64));
    stlb_level[u] = 2'(1 + random(3));
    fill_level[u] = 2'(1 + random(3));
    stlb_filled[u].valid = 1'(random(2));
    stlb_filled[u].evicts = 1'(random(2));
    {psc_looked[u], psc_filled[u], psc_evicts[u]} = 12'(random(4096));
    mem_valid[u] = 1'(random(2));
    mem_command[u] = mmu_pkg::mem_e'(random(3));
    mem_level[u] = 3'(1 + random(5));
    mem_served[u] = mmu_pkg::served_e'(random(4));
    mem_row[u] = mmu_pkg::row_e'(random(4));
    if (random(2) == 0) return;
    prefetched[u].begins = 1'(random(2));
    prefetched[u].over = (ahead[u] | prefetched[u].begins) & random(2) == 0;
    prefetched[u].reads = mem_valid[u] & mem_command[u] == mmu_pkg::MemRead & random(2) == 0;
    prefetched[u].data = Walkers == 2 ? u == 1 : 1'(random(2));
    prefetched[u].first = random(3) == 0;
    prefetched[u].second = !prefetched[u].first & random(2) == 0;
    prefetched[u].walk = 1'(random(2));
    if (prefetched[u].first) filled[prefetched[u].data].valid = 1;
    if (prefetched[u].second) stlb_filled[u].valid = 1;
  endtask

  task automatic anything();
    if (random(4) == 0) almost_hits();
    else anything_of_ports();
    skip_start = 1'(random(2));
    write = 1'(random(2));
    if (Walkers == 1) unit_data = 1'(random(2));
    for (int unsigned p = 0; p < 2; p++) begin
      error[p] = 6'(random(64));
      // a walk that starts over goes on
      begins[p] = random(3) == 0 & ~(walks[p] & answer[p]);
      filled[p].valid = random(3) == 0;
      filled[p].evicts = 1'(random(2));
    end
    for (int unsigned u = 0; u < Walkers; u++) anything_of(u);
    served_row = mmu_pkg::row_e'(random(4));
    writeback = (3 * Walkers + 3)'(random(512));
    control_done = 1'(random(2));
    control_refused = 1'(random(2));
    control_op = mmu_pkg::op_e'(random(8));
    control_type = 2'(random(4));
    drop = random(3) == 0 ? 7'(random(128)) : '0;
  endtask

  task automatic read_all();
    peek = 1;
    for (int unsigned i = Counters; i > 0 && !failed_o; i--) begin
      peek_index = 8'(i % Counters);  // ends with one that is not 0
      #1 debug_clk = 1;
      #1 debug_clk = 0;
      if (value != count[peek_index]) begin
        $display("%0d walkers: cycle %0d: counter %0d is %0d, not %0d", Walkers, now, peek_index, value, count[peek_index]);
        failed_o = 1;
      end
    end
    peek = 0;
    #1 debug_clk = 1;
    #1 debug_clk = 0;
    if (value != 0) begin
      $display("cycle %0d: %0d is shown where nothing was asked for", now, value);
      failed_o = 1;
    end
  endtask

  task automatic reset();
    rst_n = 0;
    #1 clk = 1;
    #1 clk = 0;
    rst_n = 1;
    for (int unsigned i = 0; i < Counters; i++) count[i] = 0;
    for (int unsigned p = 0; p < 2; p++) {walks[p], ahead[p]} = '0;
    dropping = '0;
  endtask

  initial begin
    {clk, debug_clk, peek, peek_index, now, step} = '0;
    nothing();
    reset();
    for (int unsigned c = 0; c < Cycles && !failed_o; c++) begin
      now += 64'(1 + random(50));
      if (random(1000) == 0) now += 64'd1 << 33;  // counts of cycles outgrow 32 bits
      step = 1;
      nothing();
      if (random(2) == 0) nothing_but_hits();
      else anything();
      if (busy && random(8) == 0) step = 0;  // an edge without a cycle
      dropped_itlb = 5'(random(32));
      dropped_itlb_large = 3'(random(8));
      dropped_dtlb = 7'(random(128));
      dropped_dtlb_large = 2'(random(4));
      dropped_stlb = 9'(random(512));
      dropped_stlb_large = 4'(random(16));
      dropped_psc = 12'(random(4096));
      #1;
      add_drops();
      if (step) begin
        for (int unsigned p = 0; p < 2; p++) add_port(p);
        for (int unsigned u = 0; u < Walkers; u++) add_unit(u);
        add_data();
        add_control();
        dropping = drop;
      end
      #1 clk = 1;
      #1 clk = 0;
      if (c % 100 == 99) read_all();
      if (random(3000) == 0) reset();
    end
    // counts of events can't be brought so far: they have room
    if ($bits(dut.count_q[0]) != 64 || $bits(dut.fetch_hits_q[0]) != 64 || $bits(dut.data_hits_q[0]) != 64) begin
      $display("%0d walkers: counters are not 64 bits wide", Walkers);
      failed_o = 1;
    end
    done_o = 1;
  end

endmodule

module counters_bench;

  bit [1:0] done, failed;
  int unsigned operations[2];

  counters_case #(1, 3'b011, 3'b111) one (done[0], failed[0], operations[0]);
  counters_case #(2, 3'b110, 3'b101) two (done[1], failed[1], operations[1]);

  initial begin
    while (!(&done)) #100;
    if (failed == '0) $display("good: %0d operations", operations[0] + operations[1]);
    $finish;
  end

endmodule
