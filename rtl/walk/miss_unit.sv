// SPDX-License-Identifier: MIT
// Where a port goes that missed: the lookup in the second level, then the walk; one port at a time.
// docs/timing.md, "Second level", "Two walkers" and finer points 17 to 19, 36 to 38.
//
//   grant ──► lookup, stlb.latency cycles; sampled in the last
//     │          hit, allowed ──► done: the port's TLB is filled
//     │          hit, denied  ──► done: page fault
//     │          hit, but a write to a clean entry ─┐
//     │          miss ──────────────────────────────┤
//     └─ no second level, or the port hit a clean entry itself ──► walk ──► done: both levels are filled
//
// With two units (Merges) a miss joins the other unit's walk of the same page instead, and waits for its end:
//
//   miss ──► joined ──► it fills ──► done with its result, if the own rights allow
//                       it faults, or a control operation has suppressed it ──► own walk
//
// Without a second level (SecondLevel = 0) it is the walker and nothing else.

module miss_unit #(
  parameter bit SecondLevel = 1'b0,
  parameter bit AtOnce = 1'b0, // see walker
  parameter bit Merges = 1'b0,
  parameter bit Prefetches = 1'b0
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

  // the other unit's walk; what this unit walks for
  input  logic                           other_walks_i,    // it is in flight, and may be shared
  input  logic [56:12]                   other_vpn_i,      // its page
  input  logic                           other_done_i,     // this is its last cycle
  input  logic                           other_fill_i,     // and it has a result
  input  mmu_pkg::entry_t                other_entry_i,
  output logic                           walks_o,          // this unit's: in flight since an earlier cycle's miss
  output logic                           sets_out_o,       // caused by this cycle's miss
  output logic                           shares_o,         // it may be shared: it is not for a write
  output logic                           walk_done_o,
  output logic                           walk_fill_o,
  output mmu_pkg::entry_t                walk_entry_o,
  output logic [63:0]                    walk_va_o,
  output logic                           walk_clean_o,     // it is for a write to a clean entry
  output logic                           walk_leaf_o,      // see walker
  output mmu_pkg::rights_t               walk_above_o,

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
  output logic [mmu_pkg::EpochWidth-1:0] mem_epoch_o,
  output logic                           reply_used_o,
  input  logic [63:0]                    reply_data_i,
  input  logic                           reply_swapped_i,
  input  logic                           reply_error_i,

  // the result, in the last cycle
  output logic                           done_o,
  output logic                           merged_o,         // by the other unit's walk
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

  // A miss without a second level is known in the cycle of the grant, and can be over in it.
  logic fresh;
  mmu_pkg::access_t access;
  assign fresh = Merges & ~SecondLevel & grant_i;
  assign va_o = fresh ? grant_va_i : va_q;
  assign access = fresh ? grant_access_i : access_q;

  // -------------------------------------------------------------------------------------------------------------------
  // The second level: hit or miss, in the last cycle of the lookup

  logic sampled, looks_on, found_clean, denied;
  logic [63:0] lookup_due;
  mmu_pkg::path_e path;  // of the walk

  if (SecondLevel) begin : g_second
    logic looking_q;
    logic [63:0] due_q;
    mmu_pkg::path_e path_q;
    logic asks;
    assign asks = grant_i & ~grant_clean_i;
    assign sampled = step_i & looking_q & now_i == due_q;
    assign looks_on = asks | (looking_q & ~sampled);
    assign lookup_due = asks ? now_i + 64'(lookup_cycles_i) : due_q;
    assign path = path_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        looking_q <= 1'b0;
      end else begin
        looking_q <= looks_on;
      end
      if (asks) due_q <= lookup_due;
      if (sampled) path_q <= hit_i ? mmu_pkg::PathStlb : mmu_pkg::PathWalk;
    end
    assign busy_o = looking_q | walk_busy | joined;
  end else begin : g_none
    assign sampled = 1'b0;
    assign looks_on = 1'b0;
    assign lookup_due = '1;
    assign path = mmu_pkg::PathWalk;
    assign busy_o = walk_busy | joined;
  end
  assign lookup_o = sampled;

  // -------------------------------------------------------------------------------------------------------------------
  // The other unit's walk: join it, take its result

  logic miss, joined, joins_on, over, takes;
  assign miss = SecondLevel ? sampled & ~hit_i : grant_i & ~grant_clean_i;

  if (Merges) begin : g_merges
    logic joined_q, joins;
    assign joined = joined_q;
    assign joins = joined_q
                 | (miss & other_walks_i & access.kind != mmu_pkg::AccessWrite & other_vpn_i == va_o[56:12]);
    assign over = step_i & joins & `BUG(45, other_done_i, other_done_i & other_fill_i);
    assign takes = over & other_fill_i;
    assign joins_on = joins & ~over;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) joined_q <= 1'b0;
      else joined_q <= joins_on;
    end
  end else begin : g_alone
    assign joined = 1'b0;
    assign joins_on = 1'b0;
    assign over = 1'b0;
    assign takes = 1'b0;
  end

  // A cached translation's rights, or those of the other's walk
  mmu_pkg::entry_t found;
  logic [mmu_pkg::ErrorWidth-1:0] denied_error;
  assign found = takes ? other_entry_i : hit_entry_i;
  permission found_permission (
    .check_i(hit_i | takes),
    .context_i,
    .pkru_i,
    .access_i(access),
    .present_i(1'b1),
    .reserved_i(1'b0),
    .leaf_i(1'b1),
    .rights_i(found.rights),
    .key_i(found.key),
    .fault_o(denied),
    .error_o(denied_error)
  );
  assign found_clean = hit_i & ~denied & access.kind == mmu_pkg::AccessWrite & ~hit_entry_i.dirty;
  assign touch_o = hit_i & ~denied;

  // -------------------------------------------------------------------------------------------------------------------
  // The walk

  // With walk.start = 0 an absent PDPTE faults in the cycle before the walk's first, which is this one.
  logic walks, instant, instant_fault;
  logic [mmu_pkg::ErrorWidth-1:0] instant_error;
  assign walks = found_clean | (miss & ~joins_on & ~takes) | (over & ~takes);
  assign instant = SecondLevel & walks & start_i == '0 & context_i.mode == mmu_pkg::ModePae & ~pdpte_present_i[va_q[31:30]];
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

  logic walk_grant, walk_busy, walk_begin, walk_stays;
  logic [56:12] walk_va;
  logic [63:0] walk_wake;
  mmu_pkg::fault_e walk_fault;
  logic [mmu_pkg::ErrorWidth-1:0] walk_error;

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
    .kill_i(1'b0),
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
    .mem_epoch_o,
    .reply_used_o,
    .reply_data_i,
    .reply_swapped_i,
    .reply_error_i,
    .leaf_o(walk_leaf_o),
    .above_o(walk_above_o),
    .done_o(walk_done_o),
    .fault_o(walk_fault),
    .error_o(walk_error),
    .entry_o(walk_entry_o),
    .fill_o(walk_fill_o),
    .stays_o(walk_stays),
    .wake_o(walk_wake)
  );

  assign walk_grant = (grant_i & grant_clean_i) | (walks & ~instant);
  assign walk_va = grant_i ? grant_va_i[56:12] : va_q[56:12];

  assign walk_va_o = va_q;
  if (Prefetches) begin : g_prefetches
    logic clean_q;
    always_ff @(posedge clk_i) begin
      if (walk_grant) clean_q <= (grant_i & grant_clean_i) | found_clean;
    end
    assign walk_clean_o = clean_q;
  end else begin : g_no_prefetches
    assign walk_clean_o = 1'b0;
  end

  assign walks_o = walk_busy;
  assign sets_out_o = walk_grant;
  assign shares_o = (fresh ? grant_access_i.kind : access_q.kind) != mmu_pkg::AccessWrite;

  // -------------------------------------------------------------------------------------------------------------------
  // The result

  always_comb begin
    done_o = walk_done_o;
    merged_o = 1'b0;
    path_o = path;
    fault_o = walk_fault;
    error_o = walk_error;
    entry_o = walk_entry_o;
    fill_o = walk_fill_o;
    fill_second_o = walk_fill_o;
    if (sampled | takes) begin
      done_o = (hit_i & ~found_clean) | instant | takes;
      merged_o = takes;
      path_o = hit_i ? mmu_pkg::PathStlb : mmu_pkg::PathWalk;
      fault_o = denied | instant_fault ? mmu_pkg::FaultPage : mmu_pkg::FaultNone;
      error_o = denied ? denied_error : instant_error;
      entry_o = `BUG(24, found, takes ? found : mmu_pkg::entry_t'(found | 51'd2 << 9));
      fill_o = ((hit_i & ~found_clean) | takes) & ~denied;
    end
  end

  assign begin_o = walk_begin | instant;
  assign stays_o = looks_on | joins_on | walk_stays;
  assign wake_o = walk_stays ? walk_wake : looks_on ? lookup_due : '1;

endmodule
