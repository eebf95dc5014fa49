// SPDX-License-Identifier: MIT
// The next-page prefetcher of a miss unit: when the unit's walk has filled, and nobody wants the unit, the page behind is
// walked for, too. docs/timing.md, "Prefetch" and finer points 50 to 54.
//
//   the unit's walk fills in a ──► walk of a supervisor's read, every right given, m = a ──► fills, without an answer
//                                     │ a demand takes the unit in m, a control operation arrives: it does in this cycle
//                                     │   what it does, and is over
//                                     └ what would be a fault, or an entry with A clear: over
//
// It has a walker of its own to hold its state, but works only while the unit's rests: between them they are one walker,
// and share its place at the walk caches and at memory.

module prefetcher #(
  parameter bit AtOnce = 1'b0  // see walker
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  logic [63:0]                    now_i,
  input  logic [31:0]                    start_i,          // walk.start
  input  logic [32:0]                    cycles_i,         // of this cycle's memory command
  input  logic [51:0]                    beyond_i,
  input  mmu_pkg::context_t              context_i,
  input  logic [51:12]                   root_i,
  input  logic [3:0]                     pdpte_present_i,
  input  logic [4*40-1:0]                pdpte_frames_i,
  input  logic                           hold_i,           // a control operation arrives, or has arrived
  input  logic                           wanted_i,         // a demand takes the unit

  // the unit's walk
  input  logic                           cause_i,          // it has filled, and not for a write to a clean entry
  input  logic                           cause_data_i,     // for the data port
  input  logic [63:12]                   cause_va_i,
  input  logic [1:0]                     cause_level_i,    // of its page

  // the walk caches: see walker
  output logic                           skip_lookup_o,
  output logic [mmu_pkg::VpnWidth-1:0]   skip_vpn_o,
  input  logic                           skip_hit_i,
  input  logic [mmu_pkg::LevelWidth-1:0] skip_level_i,
  input  logic [51:12]                   skip_table_i,
  input  mmu_pkg::rights_t               skip_rights_i,
  output logic [5:2]                     passed_o,
  output logic [4*40-1:0]                passed_tables_o,
  output logic [4*3-1:0]                 passed_rights_o,

  // memory: it only reads
  output logic                           mem_valid_o,
  output logic [mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic                           mem_wide_o,
  output logic [51:0]                    mem_pa_o,
  output logic [mmu_pkg::EpochWidth-1:0] mem_epoch_o,
  output logic                           reply_used_o,
  input  logic [63:0]                    reply_data_i,
  input  logic                           reply_error_i,

  output logic                           busy_o,           // at the cycle's start
  output logic                           begin_o,          // its first cycle
  output logic                           instant_o,        // it begins, and ends, before its first cycle
  output logic                           over_o,           // its last cycle
  output logic                           data_o,           // for whose TLB
  output logic [63:0]                    va_o,             // first byte of the page
  output logic                           fill_o,
  output mmu_pkg::entry_t                entry_o,
  output logic                           stays_o,          // busy at the cycle's end
  output logic [63:0]                    wake_o
);

  // -------------------------------------------------------------------------------------------------------------------
  // The page behind

  logic [63:0] behind;
  logic canonical, starts;
  always_comb begin
    behind = '0;
    canonical = 1'b1;
    if (cause_i) begin
      unique case (cause_level_i)
        2'd1:    behind = {cause_va_i[63:12] + 52'd1, 12'b0};
        2'd2:    behind = context_i.mode == mmu_pkg::Mode32Bit ? {cause_va_i[63:22] + 42'd1, 22'b0}
                                                               : {cause_va_i[63:21] + 43'd1, 21'b0};
        default: behind = {cause_va_i[63:30] + 34'd1, 30'b0};
      endcase
      if (!context_i.wide) behind[63:32] = '0;
      if (context_i.mode == mmu_pkg::Mode5Level) canonical = behind[63:57] == {7{behind[56]}};
      if (context_i.mode == mmu_pkg::Mode4Level) canonical = behind[63:48] == {16{behind[47]}};
    end
  end

  assign starts = cause_i & ~wanted_i & ~hold_i & canonical;
  assign instant_o = starts & start_i == '0 & context_i.mode == mmu_pkg::ModePae & ~pdpte_present_i[behind[31:30]];

  logic data_q;
  logic [63:0] va_q;
  always_ff @(posedge clk_i) begin
    if (starts) begin
      data_q <= cause_data_i;
      va_q <= behind;
    end
  end
  assign data_o = instant_o ? cause_data_i : data_q;
  assign va_o = instant_o ? behind : va_q;

  // -------------------------------------------------------------------------------------------------------------------
  // Its walk

  mmu_pkg::context_t lenient;  // a supervisor's read is denied nothing
  mmu_pkg::access_t access;
  always_comb begin
    lenient = context_i;
    lenient.smap = 1'b0;
    lenient.pke = 1'b0;
    access = '0;
    access.kind = mmu_pkg::AccessRead;
  end

  logic done, ends;
  assign ends = (reply_used_o & ~reply_data_i[mmu_pkg::EntryA]) | (busy_o & (wanted_i | hold_i));
  assign over_o = step_i & busy_o & (done | ends);

  logic unused_cas;
  logic [63:0] unused_expected, unused_desired;
  mmu_pkg::fault_e unused_fault;
  logic [mmu_pkg::ErrorWidth-1:0] unused_error;
  mmu_pkg::rights_t unused_above;
  logic unused_leaf;
  walker #(
    .AtOnce(AtOnce)
  ) walker (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .start_i,
    .cycles_i,
    .beyond_i,
    .context_i(lenient),
    .pkru_i('0),
    .root_i,
    .pdpte_present_i,
    .pdpte_frames_i,
    .suppress_i(hold_i),
    .kill_i(ends),
    .grant_i(starts & ~instant_o),
    .grant_va_i(behind[56:12]),
    .va_i(va_q),
    .access_i(access),
    .busy_o,
    .begin_o,
    .skip_lookup_o,
    .skip_vpn_o,
    .skip_hit_i,
    .skip_level_i,
    .skip_table_i,
    .skip_rights_i,
    .passed_o,
    .passed_tables_o,
    .passed_rights_o,
    .mem_valid_o,
    .mem_cas_o(unused_cas),
    .mem_level_o,
    .mem_wide_o,
    .mem_pa_o,
    .mem_expected_o(unused_expected),
    .mem_desired_o(unused_desired),
    .mem_epoch_o,
    .reply_used_o,
    .reply_data_i,
    .reply_swapped_i(1'b0),
    .reply_error_i,
    .leaf_o(unused_leaf),
    .above_o(unused_above),
    .done_o(done),
    .fault_o(unused_fault),
    .error_o(unused_error),
    .entry_o,
    .fill_o,
    .stays_o,
    .wake_o
  );

  logic unused;
  assign unused = &{1'b0, unused_cas, unused_expected, unused_desired, unused_fault, unused_error, unused_above,
                    unused_leaf};

endmodule
