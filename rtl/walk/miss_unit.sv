// SPDX-License-Identifier: MIT
// Where a port goes that missed: the lookup in the second level, then the walk; one port at a time.
// docs/timing.md, "Second level" and finer points 17 to 19.
//
//   grant ──► lookup, stlb.latency cycles; sampled in the last
//     │          hit, allowed ──► done: the port's TLB is filled
//     │          hit, denied  ──► done: page fault
//     │          hit, but a write to a clean entry ─┐
//     │          miss ──────────────────────────────┤
//     └─ no second level, or the port hit a clean entry itself ──► walk ──► done: both levels are filled
//
// Without a second level (SecondLevel = 0) it is the walker and nothing else.

module miss_unit #(
  parameter bit SecondLevel = 1'b0,
  parameter bit AtOnce = 1'b0  // see walker
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  logic [63:0]                    now_i,
  input  logic [31:0]                    lookup_cycles_i,  // stlb.latency
  input  logic [31:0]                    start_i,          // walk.start
  input  logic [32:0]                    cycles_i,         // of this cycle's memory command
  input  logic [51:0]                    beyond_i,
  input  mmu_pkg::context_t              context_i,
  input  logic [31:0]                    pkru_i,
  input  logic [51:12]                   root_i,
  input  logic [3:0]                     pdpte_present_i,
  input  logic [4*40-1:0]                pdpte_frames_i,
  input  logic                           suppress_i,       // a control operation arrives

  // whom it serves
  input  logic                           grant_i,          // its work begins in the next cycle
  input  logic                           grant_data_i,     // for the data port
  input  logic                           grant_clean_i,    // for a write that hit a clean entry: walks at once
  input  logic [63:0]                    grant_va_i,
  input  mmu_pkg::access_t               grant_access_i,
  output logic                           busy_o,           // at the cycle's start
  output logic                           data_o,           // serves the data port
  output logic [63:0]                    va_o,
  output logic                           begin_o,          // a walk's first cycle, or its first again

  // the second level
  output logic                           lookup_o,
  input  logic                           hit_i,
  input  mmu_pkg::entry_t                hit_entry_i,
  output logic                           touch_o,

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

  // memory
  output logic                           mem_valid_o,
  output logic                           mem_cas_o,
  output logic [mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic                           mem_wide_o,
  output logic [51:0]                    mem_pa_o,
  output logic [63:0]                    mem_expected_o,
  output logic [63:0]                    mem_desired_o,
  input  logic [63:0]                    reply_data_i,
  input  logic                           reply_swapped_i,
  input  logic                           reply_error_i,

  // the result, in the last cycle
  output logic                           done_o,
  output mmu_pkg::path_e                 path_o,
  output mmu_pkg::fault_e                fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] error_o,
  output mmu_pkg::entry_t                entry_o,
  output logic                           fill_o,           // the port's TLB
  output logic                           fill_second_o,    // a walk's: the second level and the walk caches, too

  output logic                           stays_o,          // busy at the cycle's end
  output logic [63:0]                    wake_o
);

  logic data_q;
  logic [63:0] va_q;
  mmu_pkg::access_t access_q;
  always_ff @(posedge clk_i) begin
    if (grant_i) begin
      data_q <= grant_data_i;
      va_q <= grant_va_i;
      access_q <= grant_access_i;
    end
  end
  assign data_o = data_q;
  assign va_o = va_q;

  logic walk_grant, walk_busy, walk_begin, walk_done, walk_fill, walk_stays;
  logic [56:12] walk_va;
  logic [63:0] walk_wake;
  mmu_pkg::fault_e walk_fault;
  logic [mmu_pkg::ErrorWidth-1:0] walk_error;
  mmu_pkg::entry_t walk_entry;

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
    .context_i,
    .pkru_i,
    .root_i,
    .pdpte_present_i,
    .pdpte_frames_i,
    .suppress_i,
    .grant_i(walk_grant),
    .grant_va_i(walk_va),
    .va_i(va_q),
    .access_i(access_q),
    .busy_o(walk_busy),
    .begin_o(walk_begin),
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
    .mem_cas_o,
    .mem_level_o,
    .mem_wide_o,
    .mem_pa_o,
    .mem_expected_o,
    .mem_desired_o,
    .reply_data_i,
    .reply_swapped_i,
    .reply_error_i,
    .done_o(walk_done),
    .fault_o(walk_fault),
    .error_o(walk_error),
    .entry_o(walk_entry),
    .fill_o(walk_fill),
    .stays_o(walk_stays),
    .wake_o(walk_wake)
  );

  if (SecondLevel) begin : g_second
    logic looking_q;
    logic [63:0] due_q;
    mmu_pkg::path_e path_q;  // of the walk
    logic asks, sampled;
    assign asks = grant_i & ~grant_clean_i;
    assign sampled = step_i & looking_q & now_i == due_q;
    assign lookup_o = sampled;

    logic denied;
    logic [mmu_pkg::ErrorWidth-1:0] denied_error;
    permission hit_permission (
      .check_i(hit_i),
      .context_i,
    .pkru_i,
      .access_i(access_q),
      .present_i(1'b1),
      .reserved_i(1'b0),
      .leaf_i(1'b1),
      .rights_i(hit_entry_i.rights),
      .key_i(hit_entry_i.key),
      .fault_o(denied),
      .error_o(denied_error)
    );

    // With walk.start = 0 an absent PDPTE faults in the cycle before the walk's first, which is this one.
    logic clean, walks, instant, instant_fault;
    logic [mmu_pkg::ErrorWidth-1:0] instant_error;
    permission absent_permission (
      .check_i(instant),
      .context_i,
    .pkru_i,
      .access_i(access_q),
      .present_i(1'b0),
      .reserved_i(1'b0),
      .leaf_i(1'b0),
      .rights_i('0),
      .key_i('0),
      .fault_o(instant_fault),
      .error_o(instant_error)
    );
    assign clean = hit_i & ~denied & access_q.kind == mmu_pkg::AccessWrite & ~hit_entry_i.dirty;
    assign walks = sampled & (~hit_i | clean);
    assign instant = walks & start_i == '0 & context_i.mode == mmu_pkg::ModePae & ~pdpte_present_i[va_q[31:30]];
    assign touch_o = hit_i & ~denied;

    assign walk_grant = (grant_i & grant_clean_i) | (walks & ~instant);
    assign walk_va = walks & ~instant ? va_q[56:12] : grant_va_i[56:12];

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        looking_q <= 1'b0;
      end else begin
        looking_q <= asks | (looking_q & ~sampled);
      end
      if (asks) due_q <= now_i + 64'(lookup_cycles_i);
      if (sampled) path_q <= hit_i ? mmu_pkg::PathStlb : mmu_pkg::PathWalk;
    end

    always_comb begin
      done_o = walk_done;
      path_o = path_q;
      fault_o = walk_fault;
      error_o = walk_error;
      entry_o = walk_entry;
      fill_o = walk_fill;
      fill_second_o = walk_fill;
      if (sampled) begin
        done_o = ~walks | instant;
        path_o = hit_i ? mmu_pkg::PathStlb : mmu_pkg::PathWalk;
        fault_o = denied | instant_fault ? mmu_pkg::FaultPage : mmu_pkg::FaultNone;
        error_o = denied ? denied_error : instant_error;
        entry_o = hit_entry_i;
        fill_o = hit_i & ~denied & ~clean;
      end
    end
    assign begin_o = walk_begin | instant;
    assign busy_o = looking_q | walk_busy;
    assign stays_o = asks | (looking_q & ~sampled) | walk_stays;
    assign wake_o = walk_stays ? walk_wake : asks ? now_i + 64'(lookup_cycles_i) : due_q;
  end else begin : g_none
    assign lookup_o = 1'b0;
    assign touch_o = 1'b0;
    assign walk_grant = grant_i;
    assign walk_va = grant_va_i[56:12];
    assign done_o = walk_done;
    assign path_o = mmu_pkg::PathWalk;
    assign fault_o = walk_fault;
    assign error_o = walk_error;
    assign entry_o = walk_entry;
    assign fill_o = walk_fill;
    assign fill_second_o = walk_fill;
    assign begin_o = walk_begin;
    assign busy_o = walk_busy;
    assign stays_o = walk_stays;
    assign wake_o = walk_wake;
  end

endmodule
