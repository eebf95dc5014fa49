// SPDX-License-Identifier: MIT
// Open-row DRAM: which row each bank holds open, and so what an access finds there. docs/timing.md, "DRAM" and
// finer points 57 to 59.
//
//   row number = physical address / bytes of a row          what an access finds         costs
//   bank       = row number modulo banks                    its row open                 dram.row_hit
//                                                           no row open (after reset)    dram.latency
//   line (64 bytes)  | row number ...... bank | in the row  another row open             dram.row_conflict
//                                                           then its row is open
//
// In one cycle: the requests in order, each seeing what those before it have opened. All are strobes of the first cycle
// of an access's latency. What they find is combinational; what is open becomes state at the clock edge. The number of
// banks in use and the size of a row are straps, so that they need no build of their own.

module dram #(
  parameter int unsigned Banks = 64,   // at most
  parameter int unsigned Requests = 2,
  parameter int unsigned BankWidth = Banks > 1 ? $clog2(Banks) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic [BankWidth-1:0]   mask_i,    // banks in use - 1
  input  logic [3:0]             shift_i,   // lines in a row = 1 << shift
  input  logic [Requests-1:0]    access_i,
  input  logic [Requests*46-1:0] line_i,    // PA[51:6]
  output logic [Requests*2-1:0]  found_o    // mmu_pkg::row_e; RowNone without an access
);

  logic [Banks-1:0] open_q;
  logic [45:0] row_q[Banks];

  logic [Requests*46-1:0] rows;
  logic [Requests*BankWidth-1:0] banks;
  logic open;
  logic [45:0] held;
  logic [BankWidth-1:0] bank;
  always_comb begin
    found_o = '0;
    rows = '0;
    banks = '0;
    open = 1'b0;
    held = '0;
    bank = '0;
    for (int unsigned r = 0; r < Requests; r++) begin
      if (access_i[r]) begin
        rows[r*46+:46] = line_i[r*46+:46] >> shift_i;
        bank = rows[r*46+:BankWidth] & mask_i;
        banks[r*BankWidth+:BankWidth] = bank;
        open = open_q[bank];
        held = row_q[bank];
        for (int unsigned e = 0; e < r; e++) begin
          if (access_i[e] && banks[e*BankWidth+:BankWidth] == bank) begin
            open = 1'b1;
            held = rows[e*46+:46];
          end
        end
        found_o[r*2+:2] = !open ? mmu_pkg::RowOpens
                        : held == rows[r*46+:46] ? mmu_pkg::RowHit : mmu_pkg::RowConflict;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q <= '0;
    end else begin
      for (int unsigned r = 0; r < Requests; r++) begin
        if (access_i[r]) open_q[banks[r*BankWidth+:BankWidth]] <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned r = 0; r < Requests; r++) begin
      if (access_i[r]) row_q[banks[r*BankWidth+:BankWidth]] <= rows[r*46+:46];
    end
  end

endmodule
