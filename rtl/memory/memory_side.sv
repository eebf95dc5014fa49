// SPDX-License-Identifier: MIT
// The way to memory: who commands, which cache serves a command or a part's data, how many cycles that takes.
// docs/timing.md, "Timing caches". A control operation works only while no reference is in flight, so that its PDPTE load
// takes walker 0's place on the port; where a prefetch may still read in that cycle, it has a slot of its own, the last.
// Combinational but for the tags and what DRAM holds open.
//
//   walkers ──► command ──────────────────────────────────────────► memory port
//   control ──┘    └──► timing_caches ──► who serves ──────────────────► its latency + walk.step or walk.cas
//   a port's data ──────┘                     └─► memory: dram ─► row ──┘

module memory_side #(
  parameter mmu_pkg::shape_t Shape = '0,
  parameter int unsigned LoadSlot = 0,  // the control operation's
  localparam int unsigned Slots = Shape.slots  // walkers, and one more where a control operation can't take one's place
) (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,
  input  mmu_pkg::latencies_t                   latencies_i,
  input  mmu_pkg::dram_t                        dram_i,

  // walkers
  input  logic [Slots-1:0]                    walk_i,
  input  logic [Slots-1:0]                    walk_cas_i,
  input  logic [Slots-1:0][mmu_pkg::LevelWidth-1:0] walk_level_i,
  input  logic [Slots-1:0]                    walk_wide_i,
  input  logic [Slots-1:0][51:0]              walk_pa_i,
  output logic [Slots-1:0][32:0]              cycles_o,       // that this cycle's command takes

  // control: the PDPTEs
  input  logic                                  load_i,
  input  logic [51:0]                           load_pa_i,

  // the data of a part
  input  logic                                  data_i,
  input  logic                                  data_write_i,
  input  logic [51:6]                           data_line_i,
  output mmu_pkg::served_e                      data_served_o,
  output mmu_pkg::row_e                         data_row_o,

  // memory
  output logic [Slots-1:0]                    mem_valid_o,
  output mmu_pkg::mem_e [Slots-1:0]           mem_command_o,
  output logic [Slots-1:0][mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic [Slots-1:0]                    mem_wide_o,
  output logic [Slots-1:0][51:0]              mem_pa_o,
  output mmu_pkg::served_e [Slots-1:0]        mem_served_o,
  output mmu_pkg::row_e [Slots-1:0]           mem_row_o,
  input  logic [Slots-1:0]                    early_swapped_i, // the swap of this cycle succeeds
  input  mmu_pkg::served_e [Slots-1:0]        early_served_i,  // mem_served_o, come back with the reply
  input  mmu_pkg::row_e [Slots-1:0]           early_row_i,     // and mem_row_o

  output logic [Shape.writebacks-1:0]                 writeback_o,
  output logic [Shape.writebacks*46-1:0]              writeback_line_o
);

  localparam bit TimingCaches = Shape.l1d.sets + Shape.l2.sets + Shape.l3.sets != 0;

  for (genvar w = 0; w < Slots; w++) begin : g_command
    if (w == LoadSlot) begin : g_with_control
      assign mem_valid_o[w] = walk_i[w] | load_i;
      assign mem_command_o[w] = load_i ? mmu_pkg::MemPdptes : walk_cas_i[w] ? mmu_pkg::MemCas : mmu_pkg::MemRead;
      assign mem_level_o[w] = load_i ? 3'd3 : walk_level_i[w];
      assign mem_wide_o[w] = load_i | walk_wide_i[w];
      assign mem_pa_o[w] = load_i ? load_pa_i : walk_pa_i[w];
    end else begin : g_walker
      assign mem_valid_o[w] = walk_i[w];
      assign mem_command_o[w] = walk_cas_i[w] ? mmu_pkg::MemCas : mmu_pkg::MemRead;
      assign mem_level_o[w] = walk_level_i[w];
      assign mem_wide_o[w] = walk_wide_i[w];
      assign mem_pa_o[w] = walk_pa_i[w];
    end
  end

  if (TimingCaches) begin : g_timing_caches
    logic [Slots*46-1:0] lines;
    logic [Slots*2-1:0] walk_served;
    logic [1:0] data_served;
    for (genvar w = 0; w < Slots; w++) begin : g_line
      assign lines[w*46+:46] = mem_pa_o[w][51:6];
      assign mem_served_o[w] = mmu_pkg::served_e'(walk_served[w*2+:2]);
    end
    timing_caches #(
      .L1dSets(Shape.l1d.sets),
      .L1dWays(Shape.l1d.ways),
      .L2Sets(Shape.l2.sets),
      .L2Ways(Shape.l2.ways),
      .L3Sets(Shape.l3.sets),
      .L3Ways(Shape.l3.ways),
      .Entry(Shape.cache_entry),
      .Walkers(Slots)
    ) caches (
      .clk_i,
      .rst_ni,
      .walk_i(mem_valid_o),
      .walk_line_i(lines),
      .walk_cas_i,
      .walk_swapped_i(early_swapped_i),
      .walk_served_o(walk_served),
      .data_i,
      .data_write_i,
      .data_line_i,
      .data_served_o(data_served),
      .writeback_o,
      .writeback_line_o
    );
    assign data_served_o = mmu_pkg::served_e'(data_served);
  end else begin : g_memory_only
    assign mem_served_o = {Slots{mmu_pkg::ServedDram}};
    assign data_served_o = mmu_pkg::ServedL1d;
    assign writeback_o = '0;
    assign writeback_line_o = '0;
  end

  if (Shape.dram_banks != 0) begin : g_dram
    localparam int unsigned BankWidth = Shape.dram_banks > 1 ? $clog2(Shape.dram_banks) : 1;
    logic [Slots:0] accesses;
    logic [(Slots+1)*46-1:0] lines;
    logic [(Slots+1)*2-1:0] found;
    for (genvar w = 0; w < Slots; w++) begin : g_walker
      assign accesses[w] = mem_valid_o[w] & mem_served_o[w] == mmu_pkg::ServedDram;
      assign lines[w*46+:46] = mem_pa_o[w][51:6];
      assign mem_row_o[w] = mmu_pkg::row_e'(found[w*2+:2]);
    end
    assign accesses[Slots] = data_i & data_served_o == mmu_pkg::ServedDram;
    assign lines[Slots*46+:46] = data_line_i;
    assign data_row_o = mmu_pkg::row_e'(found[Slots*2+:2]);
    dram #(
      .Banks(Shape.dram_banks),
      .Requests(Slots + 1)
    ) dram (
      .clk_i,
      .rst_ni,
      .mask_i(dram_i.bank_mask[BankWidth-1:0]),
      .shift_i(dram_i.row_shift),
      .access_i(accesses),
      .line_i(lines),
      .found_o(found)
    );
  end else begin : g_no_dram
    assign mem_row_o = '0;
    assign data_row_o = mmu_pkg::RowNone;
  end

  // What serves a command says what it costs. Where a command can take one cycle the data of that cycle come after it in
  // the same caches. A simulator would see a loop there: the memory, which replies in the cycle, brings the answer back.
  for (genvar w = 0; w < Slots; w++) begin : g_cycles
    mmu_pkg::served_e server;
    mmu_pkg::row_e row;
    logic [31:0] latency;
    assign server = TimingCaches & Shape.at_once ? early_served_i[w] : mem_served_o[w];
    assign row = Shape.dram_banks != 0 & Shape.at_once ? early_row_i[w] : mem_row_o[w];
    always_comb begin
      latency = latencies_i.dram;
      if (TimingCaches && mem_valid_o[w]) begin
        unique case (server)
          mmu_pkg::ServedL1d: latency = latencies_i.l1d;
          mmu_pkg::ServedL2:  latency = latencies_i.l2;
          mmu_pkg::ServedL3:  latency = latencies_i.l3;
          default: ;
        endcase
      end
      if (Shape.dram_banks != 0 && mem_valid_o[w]) begin
        if (row == mmu_pkg::RowHit) latency = latencies_i.row_hit;
        if (row == mmu_pkg::RowConflict) latency = latencies_i.row_conflict;
      end
    end
    assign cycles_o[w] = 33'(latency) + (walk_cas_i[w] ? 33'(latencies_i.cas) : 33'(latencies_i.step));
  end

endmodule
