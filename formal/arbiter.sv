// SPDX-License-Identifier: MIT
// Proof environment of the arbiter of one miss unit: both access ports, with any parts, hits, modes and latencies,
// control operations that hold them back at any time, walks that fault on the spot; and a unit that works for any
// time, answers anything, and is done when it likes. Time starts anew whenever no lookup is under way.

module prove_arbiter #(
  parameter int unsigned Slowest = 2  // a TLB's latency is 1, or this
) (
  input logic                   clk_i,
  input logic                   rst_ni,
  input logic                   step_i,
  input logic                   hold_i,
  input logic [1:0]             part_i,      // fetch, data
  input logic [2*3-1:0]         va_bits_i,
  input mmu_pkg::access_t       fetch_access_i,
  input mmu_pkg::access_t       data_access_i,
  input logic [1:0]             refused_i,
  input logic [1:0]             hit_i,
  input logic [2:0]             rights_bits_i,
  input logic                   dirty_i,
  input logic                   done_i,
  input logic                   faults_i
);

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;

  (* anyconst *) logic [1:0] latency;  // the slower one: bit 0 the fetch port's, bit 1 the data port's
  (* anyconst *) logic skip_start;
  (* anyconst *) logic second_level;
  (* anyconst *) mmu_pkg::context_t context_i;
  (* anyconst *) logic [3:0] pdpte_present;

  logic now_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) now_q <= 1'b0;
    else if (step_i) now_q <= ~now_q;
  end

  always_comb begin
    assume (rst_ni == started_q);
    assume (context_i.mode <= mmu_pkg::Mode5Level);
    assume (context_i.wide == (context_i.mode == mmu_pkg::Mode4Level || context_i.mode == mmu_pkg::Mode5Level));
    assume (step_i || part_i == '0);
    assume (fetch_access_i.kind == mmu_pkg::AccessFetch && data_access_i.kind != mmu_pkg::AccessFetch);
    assume (!done_i || (unit_busy && step_i));
  end

  // The unit
  logic unit_busy, unit_data_o;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) unit_busy <= 1'b0;
    else if (grant) unit_busy <= 1'b1;
    else if (done_i) unit_busy <= 1'b0;
    if (grant) unit_data_o <= data_grant;
  end

  logic grant, fetch_turn, fetch_grant, fetch_served, data_turn, data_grant, data_served;
  turns turns (
    .busy_i(unit_busy),
    .done_i,
    .data_i(unit_data_o),
    .fetch_grant_i(fetch_grant),
    .data_grant_i(data_grant),
    .fetch_turn_o(fetch_turn),
    .data_turn_o(data_turn),
    .grant_o(grant),
    .fetch_served_o(fetch_served),
    .data_served_o(data_served)
  );

  mmu_pkg::entry_t entry;
  always_comb begin
    entry = '0;
    entry.level = 2'd1;
    entry.rights = rights_bits_i;
    entry.dirty = dirty_i;
  end

  logic [1:0] accept, refused, lookup, touch, clean, instant, answer, waits, busy, stays;
  logic [63:0] fetch_va, data_va, fetch_wake, data_wake;
  mmu_pkg::access_t fetch_access, data_access;
  mmu_pkg::path_e fetch_path, data_path;
  mmu_pkg::fault_e fetch_fault, data_fault;
  logic [mmu_pkg::ErrorWidth-1:0] fetch_error, data_error;
  logic [51:0] fetch_pa, data_pa;
  access_port fetch (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i(64'(now_q)),
    .latency_i(latency[0] ? Slowest : 32'd1),
    .context_i,
    .pkru_i('0),
    .hold_i,
    .part_i(part_i[0]),
    .part_va_i({31'b0, va_bits_i[0+:3], 30'b0}),
    .part_access_i(fetch_access_i),
    .part_refused_i(refused_i[0]),
    .accept_o(accept[0]),
    .probe_i(1'b0),
    .refused_o(refused[0]),
    .lookup_o(lookup[0]),
    .va_o(fetch_va),
    .access_o(fetch_access),
    .hit_i(hit_i[0] & lookup[0]),
    .hit_entry_i(entry),
    .touch_o(touch[0]),
    .turn_i(fetch_turn),
    .skip_start_i(skip_start),
    .second_level_i(second_level),
    .pdpte_present_i(pdpte_present),
    .grant_o(fetch_grant),
    .clean_o(clean[0]),
    .instant_o(instant[0]),
    .served_i(fetch_served),
    .served_path_i(mmu_pkg::PathWalk),
    .served_fault_i(faults_i ? mmu_pkg::FaultPage : mmu_pkg::FaultNone),
    .served_error_i('0),
    .served_entry_i(entry),
    .answer_o(answer[0]),
    .path_o(fetch_path),
    .fault_o(fetch_fault),
    .error_o(fetch_error),
    .pa_o(fetch_pa),
    .waits_o(waits[0]),
    .busy_o(busy[0]),
    .stays_o(stays[0]),
    .wake_o(fetch_wake)
  );
  access_port data (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i(64'(now_q)),
    .latency_i(latency[1] ? Slowest : 32'd1),
    .context_i,
    .pkru_i('0),
    .hold_i,
    .part_i(part_i[1]),
    .part_va_i({31'b0, va_bits_i[3+:3], 30'b0}),
    .part_access_i(data_access_i),
    .part_refused_i(refused_i[1]),
    .accept_o(accept[1]),
    .probe_i(1'b0),
    .refused_o(refused[1]),
    .lookup_o(lookup[1]),
    .va_o(data_va),
    .access_o(data_access),
    .hit_i(hit_i[1] & lookup[1]),
    .hit_entry_i(entry),
    .touch_o(touch[1]),
    .turn_i(data_turn),
    .skip_start_i(skip_start),
    .second_level_i(second_level),
    .pdpte_present_i(pdpte_present),
    .grant_o(data_grant),
    .clean_o(clean[1]),
    .instant_o(instant[1]),
    .served_i(data_served),
    .served_path_i(mmu_pkg::PathWalk),
    .served_fault_i(faults_i ? mmu_pkg::FaultPage : mmu_pkg::FaultNone),
    .served_error_i('0),
    .served_entry_i(entry),
    .answer_o(answer[1]),
    .path_o(data_path),
    .fault_o(data_fault),
    .error_o(data_error),
    .pa_o(data_pa),
    .waits_o(waits[1]),
    .busy_o(busy[1]),
    .stays_o(stays[1]),
    .wake_o(data_wake)
  );

  arbiter_check check (
    .clk_i,
    .rst_ni,
    .unit_busy,
    .unit_done(done_i),
    .unit_data_o,
    .fetch_grant,
    .fetch_waits(waits[0]),
    .fetch_busy(busy[0]),
    .fetch_served,
    .fetch_answer_o(answer[0]),
    .data_grant,
    .data_waits(waits[1]),
    .data_busy(busy[1]),
    .data_served,
    .data_answer_o(answer[1])
  );

endmodule
