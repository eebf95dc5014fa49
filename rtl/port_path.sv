// SPDX-License-Identifier: MIT
// The path of one port's references: segment, its TLB, the wait for the miss side, the answer. The fetch port and the data
// port are one each.
//
//   part ──► segment_unit ──► access_port ──► answer
//                              │  ▲   │  ▲
//                       lookup ▼  │   ▼  │ want, served
//                              tlb   miss_side ──► fill into the tlb

module port_path #(
  parameter mmu_pkg::tlb_shape_t Shape = '0,
  parameter bit          SecondLevel = 1'b0,
  parameter bit          Merges = 1'b0,  // see access_port
  parameter bit          Meets = 1'b0    // see tlb_array: prefetches fill it
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,
  input  logic [63:0]                    now_i,
  input  logic [31:0]                    latency_i,
  input  logic                           skip_start_i,     // walk.start = 0
  input  mmu_pkg::context_t              context_i,
  input  logic [31:0]                    pkru_i,
  input  logic [3:0]                     pdpte_present_i,
  input  logic                           hold_i,           // a control operation is under way

  // the part presented, and its segment
  input  logic                           part_i,
  input  logic [63:0]                    part_offset_i,
  input  logic [12:0]                    part_size_i,
  input  mmu_pkg::access_t               part_access_i,
  input  logic                           flat_i,
  input  logic [63:0]                    base_i,
  input  logic [63:0]                    limit_i,
  input  mmu_pkg::segment_flags_t        flags_i,
  output logic                           accept_o,

  // the miss side: see access_port
  input  logic                           turn_i,
  output logic                           grant_o,
  output logic                           clean_o,
  output logic                           instant_o,
  output mmu_pkg::access_t               access_o,
  input  logic                           served_i,
  input  mmu_pkg::path_e                 served_path_i,
  input  mmu_pkg::fault_e                served_fault_i,
  input  logic [mmu_pkg::ErrorWidth-1:0] served_error_i,
  input  mmu_pkg::entry_t                served_entry_i,
  input  logic                           fill_i,
  input  logic [mmu_pkg::VpnWidth-1:0]   fill_vpn_i,
  input  mmu_pkg::entry_t                fill_entry_i,

  // the answer
  output logic                           answer_o,
  output mmu_pkg::path_e                 path_o,
  output mmu_pkg::fault_e                fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] error_o,
  output logic [51:0]                    pa_o,
  output logic [63:0]                    va_o,             // linear, from the accept to the answer
  output logic                           page_fault_o,     // its page goes from all arrays

  // what the TLB did
  output logic                           lookup_o,
  output logic                           hit_o,
  input  logic                           events_i,         // see tlb
  output mmu_pkg::found_t                found_o,
  output logic [1:0]                     found_level_o,    // of the entry that hit
  output mmu_pkg::filled_t               filled_o,
  input  mmu_pkg::drops_t                drops_i,
  output logic [1:0]                     drops_o,          // see tlb
  output logic [Shape.entries-1:0]             dropped_o,
  output logic [Shape.large_entries-1:0]        dropped_large_o,
  input  logic                           probe_i,          // the part is the debug port's, and no cycle happens
  output logic                           probe_refused_o,
  output mmu_pkg::entry_t                probe_entry_o,
  input  logic                           debug_clk_i,
  input  logic                           peek_i,
  input  logic                           peek_large_i,
  input  logic [15:0]                    peek_index_i,
  output mmu_pkg::peek_t                 peek_o,

  output logic                           waits_o,          // for its turn at the miss side
  output logic                           busy_o,           // at the cycle's start: accepted, not answered
  output logic                           stays_o,          // the same at its end
  output logic [63:0]                    wake_o
);

  logic [63:0] linear;
  logic refused;

  segment_unit segment (
    .wide_i(context_i.wide),
    .part_i(part_i | probe_i),
    .access_i(part_access_i),
    .offset_i(part_offset_i),
    .size_i(part_size_i),
    .flat_i,
    .base_i,
    .limit_i,
    .flags_i,
    .linear_o(linear),
    .refused_o(refused)
  );

  logic touch;
  mmu_pkg::entry_t hit_entry;

  access_port #(
    .Merges(Merges)
  ) port (
    .clk_i,
    .rst_ni,
    .step_i,
    .now_i,
    .latency_i,
    .context_i,
    .pkru_i,
    .hold_i,
    .part_i,
    .part_va_i(linear),
    .part_access_i,
    .part_refused_i(refused),
    .accept_o,
    .lookup_o,
    .va_o,
    .access_o,
    .hit_i(hit_o & ~probe_i),
    .probe_i,
    .refused_o(probe_refused_o),
    .hit_entry_i(hit_entry),
    .touch_o(touch),
    .turn_i,
    .skip_start_i,
    .second_level_i(SecondLevel),
    .pdpte_present_i,
    .grant_o,
    .clean_o,
    .instant_o,
    .served_i,
    .served_path_i,
    .served_fault_i,
    .served_error_i,
    .served_entry_i,
    .answer_o,
    .path_o,
    .fault_o,
    .error_o,
    .pa_o,
    .waits_o,
    .busy_o,
    .stays_o,
    .wake_o
  );

  tlb #(
    .Sets(Shape.sets),
    .Ways(Shape.ways),
    .Policy(Shape.policy),
    .LargeSets(Shape.large_sets),
    .LargeWays(Shape.large_ways),
    .Meets(Meets)
  ) tlb (
    .clk_i,
    .rst_ni,
    .context_i,
    .lookup_i(lookup_o | probe_i),
    .lookup_vpn_i(va_o[56:12]),
    .hit_o,
    .hit_entry_o(hit_entry),
    .touch_i(touch),
    .events_i,
    .found_o,
    .fill_i,
    .fill_vpn_i,
    .fill_entry_i,
    .filled_o,
    .drops_i,
    .drops_o,
    .dropped_o,
    .dropped_large_o,
    .debug_clk_i,
    .peek_i,
    .peek_large_i,
    .peek_index_i,
    .peek_o
  );

  assign found_level_o = hit_entry.level;
  assign probe_entry_o = hit_entry;
  assign page_fault_o = answer_o & fault_o == mmu_pkg::FaultPage;

endmodule
