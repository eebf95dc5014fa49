// SPDX-License-Identifier: MIT
// An access port: takes one part of a reference at a time, looks it up in its TLB, waits for the miss unit if it must,
// answers. docs/timing.md, "What a reference costs".
//
//             accept                  last cycle of the latency
//   StIdle ───────────────► StLookup ───────────► hit, paging off, or #GP: answer, StIdle
//      │   (latency > 1)                   │
//      └─ latency 1: both in one cycle ────┤ miss, or a write to a clean entry
//                                          ▼
//             the miss unit is taken: StQueue ──► it is free: StMiss ──► it is done: answer, StIdle
//
// "Due" is the last cycle of the latency: the lookup is sampled, counted and touched there.
// With walk.start = 0 an absent PDPTE faults at once, in the cycle in which the walk would have been granted.

module access_port #(
  parameter bit Merges = 1'b0  // a miss can be served in its own cycle: by a walk that the other port has begun
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,     // a cycle happens
  input  logic [63:0]                    now_i,
  input  logic [31:0]                    latency_i,  // of the TLB, >= 1
  input  mmu_pkg::context_t              context_i,
  input  logic [31:0]                    pkru_i,
  input  logic                           hold_i,     // accept nothing: a control operation is under way

  // the part presented
  input  logic                           part_i,
  input  logic [63:0]                    part_va_i,
  input  mmu_pkg::access_t               part_access_i,
  input  logic                           part_refused_i,  // by its segment: #GP
  output logic                           accept_o,
  input  logic                           probe_i,    // the debug port's, on an edge without a cycle: address and refusal
  output logic                           refused_o,

  // its TLB
  output logic                           lookup_o,
  output logic [63:0]                    va_o,
  output mmu_pkg::access_t               access_o,
  input  logic                           hit_i,
  input  mmu_pkg::entry_t                hit_entry_i,
  output logic                           touch_o,

  // the miss unit
  input  logic                           turn_i,     // it would take this port now
  input  logic                           skip_start_i,     // walk.start = 0
  input  logic                           second_level_i,   // a miss asks the second level before it walks
  input  logic [3:0]                     pdpte_present_i,
  output logic                           grant_o,          // its work begins in the next cycle
  output logic                           clean_o,          // for a write that hit a clean entry: a walk at once
  output logic                           instant_o,        // the walk begins, and faults, in this cycle
  input  logic                           served_i,         // its last cycle
  input  mmu_pkg::path_e                 served_path_i,
  input  mmu_pkg::fault_e                served_fault_i,
  input  logic [mmu_pkg::ErrorWidth-1:0] served_error_i,
  input  mmu_pkg::entry_t                served_entry_i,

  // the answer
  output logic                           answer_o,
  output mmu_pkg::path_e                 path_o,
  output mmu_pkg::fault_e                fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] error_o,
  output logic [51:0]                    pa_o,

  output logic                           waits_o,    // for its turn
  output logic                           busy_o,     // at the cycle's start: accepted, not answered
  output logic                           stays_o,    // the same at its end
  output logic [63:0]                    wake_o      // if it stays: when its lookup is due; all ones if it waits
);

  typedef enum logic [1:0] {StIdle, StLookup, StQueue, StMiss} state_e;

  state_e state_q, state_d;
  logic [63:0] va_q, due_q, due_d;
  mmu_pkg::access_t access_q;
  logic refused_q;
  logic clean_q, clean_d;  // the walk is for a write that hit a clean entry

  // -------------------------------------------------------------------------------------------------------------------
  // Accept, and the lookup when it is due

  logic paging, due, upper, refused, fresh;
  assign fresh = state_q == StIdle | probe_i;
  always_comb begin
    paging = context_i.mode != mmu_pkg::ModeNone;
    accept_o = part_i & ~hold_i & state_q == StIdle;
    due = 1'b0;
    if (accept_o) due = latency_i == 32'd1;
    if (state_q == StLookup) due = step_i & now_i == due_q;
    refused = fresh ? part_refused_i : refused_q;
    upper = 1'b0;
    if (context_i.wide) begin
      // canonical: the bits above the mode's width repeat its top one
      upper = context_i.mode == mmu_pkg::Mode5Level ? va_o[56] : va_o[47];
      if (va_o[63:57] != {7{upper}}) refused = 1'b1;
      if (context_i.mode != mmu_pkg::Mode5Level && `BUG(22, va_o[56:48] != {9{upper}}, 1'b0)) refused = 1'b1;
    end
    lookup_o = due & paging & `BUG(33, ~refused, ~refused | context_i.wide);
  end

  assign va_o = fresh ? part_va_i : va_q;
  assign access_o = fresh ? part_access_i : access_q;
  assign refused_o = refused;

  // -------------------------------------------------------------------------------------------------------------------
  // A hit's rights; who needs a walk

  logic want, denied, clean;
  logic [mmu_pkg::ErrorWidth-1:0] denied_error;

  assign instant_o = want & turn_i & skip_start_i & (~second_level_i | clean_d) & context_i.mode == mmu_pkg::ModePae & ~pdpte_present_i[va_o[31:30]];

  logic hit_fault;
  logic [mmu_pkg::ErrorWidth-1:0] hit_error;
  permission hit_permission (
    .check_i(hit_i),
    .context_i,
    .pkru_i,
    .access_i(access_o),
    .present_i(1'b1),
    .reserved_i(1'b0),
    .leaf_i(1'b1),
    .rights_i(hit_entry_i.rights),
    .key_i(hit_entry_i.key),
    .fault_o(hit_fault),
    .error_o(hit_error)
  );

  permission absent_permission (
    .check_i(instant_o),
    .context_i,
    .pkru_i,
    .access_i(access_o),
    .present_i(1'b0),
    .reserved_i(1'b0),
    .leaf_i(1'b0),
    .rights_i('0),
    .key_i('0),
    .fault_o(denied),
    .error_o(denied_error)
  );

  always_comb begin
    clean = hit_i & ~hit_fault & access_o.kind == mmu_pkg::AccessWrite & `BUG(38, ~hit_entry_i.dirty, 1'b0);
    touch_o = hit_i & ~hit_fault & `BUG(54, 1'b1, ~clean);
    want = (lookup_o & (~hit_i | clean)) | (step_i & state_q == StQueue);
  end

  assign grant_o = want & turn_i & ~instant_o;
  assign clean_o = clean_d;

  // -------------------------------------------------------------------------------------------------------------------
  // The answer

  mmu_pkg::entry_t entry;
  logic from_unit;
  always_comb begin
    answer_o = 1'b0;
    path_o = mmu_pkg::PathOff;
    fault_o = mmu_pkg::FaultNone;
    error_o = '0;
    pa_o = '0;
    entry = '0;
    from_unit = served_i & step_i & `BUG(47, 1'b1, ~hold_i) & (state_q == StMiss | (Merges & want));
    if (from_unit | denied) begin
      answer_o = 1'b1;
      path_o = clean_d ? mmu_pkg::PathL1 : denied ? mmu_pkg::PathWalk : served_path_i;
      fault_o = denied ? mmu_pkg::FaultPage : served_fault_i;
      error_o = denied ? denied_error : served_error_i;
      entry = served_entry_i;
    end else if (due & ~want) begin
      answer_o = 1'b1;
      if (paging) begin
        path_o = mmu_pkg::PathL1;
        if (hit_fault) fault_o = mmu_pkg::FaultPage;
        error_o = hit_error;
        entry = hit_entry_i;
      end
      if (refused) fault_o = mmu_pkg::FaultGp;
    end
    if (answer_o && fault_o == mmu_pkg::FaultNone) begin
      pa_o = {entry.frame, `BUG(23, va_o[11:0], va_o[23:12])};
      unique case (`BUG(14, entry.level, served_entry_i.level))
        2'd3:    pa_o[29:12] = `BUG(13, va_o[29:12], {9'b0, va_o[20:12]});
        2'd2:    pa_o[21:12] = {context_i.mode == mmu_pkg::Mode32Bit ? va_o[21] : pa_o[21], va_o[20:12]};
        default: if (!paging) pa_o[51:12] = va_o[51:12];
      endcase
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // State

  always_comb begin
    state_d = state_q;
    due_d = due_q;
    clean_d = clean_q;
    if (accept_o) begin
      state_d = StLookup;
      due_d = now_i + 64'(latency_i) - 64'd1;
    end
    if (due) clean_d = clean;
    if (want) state_d = grant_o ? StMiss : StQueue;
    if (answer_o) state_d = StIdle;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      clean_q <= 1'b0;
    end else begin
      state_q <= state_d;
      clean_q <= clean_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept_o) begin
      va_q <= part_va_i;
      access_q <= part_access_i;
      refused_q <= part_refused_i;
      due_q <= due_d;
    end
  end

  assign waits_o = state_q == StQueue;
  assign busy_o = state_q != StIdle;
  assign stays_o = state_d != StIdle;
  assign wake_o = state_d == StLookup ? due_d : '1;

endmodule
