// SPDX-License-Identifier: MIT
// dram against a naive reference: the number of the row that each bank holds, found by dividing the address, one request
// after the other. Random requests over few rows, any number of banks in use and any size of row, resets now and then.

module banks_bench #(
  parameter int unsigned Number = 0,
  parameter int unsigned Banks = 1,
  parameter int unsigned Requests = 1,
  parameter int unsigned Cycles = 40000
) (
  output bit          done_o,
  output bit          failed_o,
  output int unsigned operations_o
);

  localparam int unsigned BankWidth = Banks > 1 ? $clog2(Banks) : 1;

  logic clk, rst_n;
  logic [BankWidth-1:0] mask;
  logic [3:0] shift;
  logic [Requests-1:0] accesses;
  logic [Requests*46-1:0] lines;
  logic [Requests*2-1:0] found;

  dram #(
    .Banks(Banks),
    .Requests(Requests)
  ) dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .mask_i(mask),
    .shift_i(shift),
    .access_i(accesses),
    .line_i(lines),
    .found_o(found)
  );

  longint unsigned random_state = 64'd88172645463325252 + 64'(Number);
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  // What a bank holds open: no row after reset
  bit is_open[Banks];
  longint unsigned open_row[Banks];
  int unsigned banks_in_use, bytes_of_row;
  int unsigned seen[4];

  function automatic mmu_pkg::row_e serve(input longint unsigned pa);
    longint unsigned row = pa / 64'(bytes_of_row);
    int unsigned bank = 32'(row % 64'(banks_in_use));
    mmu_pkg::row_e result = mmu_pkg::RowOpens;
    if (is_open[bank]) result = open_row[bank] == row ? mmu_pkg::RowHit : mmu_pkg::RowConflict;
    is_open[bank] = 1;
    open_row[bank] = row;
    return result;
  endfunction

  // Straps stand while reset is on.
  task automatic restart();
    rst_n = 0;
    accesses = '0;
    banks_in_use = 1 << random($clog2(Banks) + 1);
    shift = 4'(random(10));
    mask = BankWidth'(banks_in_use - 1);
    bytes_of_row = 64 << shift;
    for (int unsigned b = 0; b < Banks; b++) is_open[b] = 0;
    #1 clk = 1;
    #1 clk = 0;
    rst_n = 1;
  endtask

  mmu_pkg::row_e should;
  initial begin
    clk = 0;
    restart();
    for (int unsigned c = 0; c < Cycles && !failed_o; c++) begin
      if (random(500) == 0) restart();
      for (int unsigned r = 0; r < Requests; r++) begin
        accesses[r] = random(3) != 0;
        // few rows, near each other and far apart
        lines[r*46+:46] = 46'(random(4 * Banks)) << shift | 46'(random(1 << shift)) | 46'(random(2)) << 40;
      end
      #1;
      for (int unsigned r = 0; r < Requests; r++) begin
        should = mmu_pkg::RowNone;
        if (accesses[r]) should = serve({12'b0, lines[r*46+:46], 6'b0});
        seen[should]++;
        operations_o++;
        if (found[r*2+:2] != should) begin
          $display("bench %0d, cycle %0d, request %0d: finds %0d, not %0d", Number, c, r, found[r*2+:2], should);
          failed_o = 1;
        end
      end
      #1 clk = 1;
      #1 clk = 0;
    end
    for (int unsigned kind = 0; kind < 4; kind++) begin
      if (!failed_o && seen[kind] < 20) begin
        $display("bench %0d: only %0d times %0d", Number, seen[kind], kind);
        failed_o = 1;
      end
    end
    done_o = 1;
  end

endmodule

module dram_bench;

  bit [4:0] done, failed;
  int unsigned operations[5];

  banks_bench #(.Number(0), .Banks(1), .Requests(2)) one_bank (done[0], failed[0], operations[0]);
  banks_bench #(.Number(1), .Banks(2), .Requests(1)) two_banks (done[1], failed[1], operations[1]);
  banks_bench #(.Number(2), .Banks(8), .Requests(2)) eight_banks (done[2], failed[2], operations[2]);
  banks_bench #(.Number(3), .Banks(64), .Requests(2)) many_banks (done[3], failed[3], operations[3]);
  banks_bench #(.Number(4), .Banks(64), .Requests(4)) many_requests (done[4], failed[4], operations[4]);

  initial begin
    int unsigned total = 0;
    while (!(&done)) #100;
    for (int unsigned i = 0; i < 5; i++) total += operations[i];
    if (failed == '0) $display("good: %0d operations", total);
    $finish;
  end

endmodule
