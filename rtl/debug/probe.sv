// SPDX-License-Identifier: MIT
// The privileged side port: translates an address as the MMU would translate a part that is presented now and alone, and
// touches nothing. docs/timing.md, "The debug port" and finer point 60.
// It works on edges without a cycle (step low), so that no time passes, between any two cycles, walks in flight or not: it
// asks the arrays through the lookup inputs that are idle then, and memory through pins of its own.
//
//   edge 1  part presented ──► segment, canonical? ──► its TLB ──► second level ──► allowed, or denied: done
//                                                       │ miss, or a write to a clean entry
//   edge 2  StAbsent: the PDPTE register is absent: done
//           StRead: an entry's address stands on the pins ◄── from where the walk caches say
//   edge 3  StDecide: its value has come: absent, reserved, denied, a leaf: done; else StRead at the next edge
//
// The answer is combinational and stands until the next edge. Compare-and-swaps count as done, and so have no step.

module probe (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  mmu_pkg::context_t              context_i,
  input  logic [31:0]                    pkru_i,
  input  logic [51:12]                   root_i,
  input  logic [3:0]                     pdpte_present_i,
  input  logic [4*40-1:0]                pdpte_frames_i,
  input  logic [51:0]                    beyond_i,

  // the part, held until done, and its segment
  input  logic                           part_i,
  input  mmu_pkg::access_t               access_i,
  input  logic [63:0]                    offset_i,
  input  logic [12:0]                    size_i,
  input  logic                           flat_i,
  input  logic [63:0]                    base_i,
  input  logic [63:0]                    limit_i,
  input  mmu_pkg::segment_flags_t        flags_i,

  // lookups: the first level's and the walk caches' at once, the second level's if the first misses
  output logic                           look_o,
  output logic                           look_second_o,
  output logic [mmu_pkg::VpnWidth-1:0]   look_vpn_o,
  input  logic                           hit_i,
  input  mmu_pkg::entry_t                hit_entry_i,
  input  logic                           second_hit_i,
  input  mmu_pkg::entry_t                second_entry_i,
  input  logic                           skip_hit_i,
  input  logic [mmu_pkg::LevelWidth-1:0] skip_level_i,
  input  logic [51:12]                   skip_table_i,
  input  mmu_pkg::rights_t               skip_rights_i,

  // memory; the reply stands after the next edge
  output logic                           read_o,
  output logic                           read_wide_o,
  output logic [51:0]                    read_pa_o,
  input  logic [63:0]                    reply_data_i,
  input  logic                           reply_error_i,

  output logic                           done_o,
  output mmu_pkg::path_e                 path_o,
  output mmu_pkg::fault_e                fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] error_o,
  output logic [51:0]                    pa_o,
  output logic [63:0]                    va_o,     // linear
  output logic [2:0]                     reads_o   // entries read
);

  typedef enum logic [1:0] {StLook, StAbsent, StRead, StDecide} state_e;

  state_e state_q, state_d;
  mmu_pkg::path_e path_q, path_d;
  logic [2:0] reads_q, reads_d;
  logic [mmu_pkg::LevelWidth-1:0] level_q, level_d;
  logic [51:12] table_q, table_d;
  mmu_pkg::rights_t rights_q, rights_d;

  // -------------------------------------------------------------------------------------------------------------------
  // The linear address

  logic refused, canonical, paging;
  segment_unit segment (
    .wide_i(context_i.wide),
    .part_i,
    .access_i,
    .offset_i,
    .size_i,
    .flat_i,
    .base_i,
    .limit_i,
    .flags_i,
    .linear_o(va_o),
    .refused_o(refused)
  );

  always_comb begin
    paging = context_i.mode != mmu_pkg::ModeNone;
    canonical = 1'b1;
    if (context_i.mode == mmu_pkg::Mode5Level) canonical = va_o[63:57] == {7{va_o[56]}};
    if (context_i.mode == mmu_pkg::Mode4Level) canonical = va_o[63:48] == {16{va_o[47]}};
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Lookups

  logic looks, found, clean;
  mmu_pkg::entry_t entry;
  assign looks = part_i & state_q == StLook;
  assign look_o = looks & paging & ~refused & canonical;
  assign look_second_o = look_o & ~hit_i;
  assign look_vpn_o = va_o[56:12];
  assign found = look_o & (hit_i | second_hit_i);
  assign entry = hit_i ? hit_entry_i : second_entry_i;

  // -------------------------------------------------------------------------------------------------------------------
  // The entry read

  logic [mmu_pkg::LevelWidth-1:0] top;
  logic wide, arrived, absent, present, reserved, leaf;
  logic [5:0] shift;
  logic [9:0] mask, index;
  mmu_pkg::ps_e ps;
  logic [mmu_pkg::FrameWidth-1:0] frame;
  logic [3:0] key;
  mmu_pkg::rights_t rights, combined;
  level_table level_row (
    .mode_i(context_i.mode),
    .level_i(level_q),
    .top_o(top),
    .wide_o(wide),
    .shift_o(shift),
    .mask_o(mask),
    .ps_o(ps)
  );

  assign arrived = part_i & state_q == StDecide;
  entry_decode decode (
    .check_i(arrived & ~reply_error_i),
    .context_i,
    .level_i(level_q),
    .ps_i(ps),
    .beyond_i,
    .entry_i(reply_data_i),
    .present_o(present),
    .reserved_o(reserved),
    .leaf_o(leaf),
    .frame_o(frame),
    .rights_o(rights),
    .key_o(key)
  );
  assign combined.writable = rights_q.writable & rights.writable;
  assign combined.user = rights_q.user & rights.user;
  assign combined.no_execute = rights_q.no_execute | rights.no_execute;

  always_comb begin
    read_o = part_i & state_q == StRead;
    read_wide_o = 1'b0;
    read_pa_o = '0;
    index = '0;
    if (read_o) begin
      index = 10'(va_o >> shift) & mask;
      read_wide_o = wide;
      read_pa_o = {table_q, wide ? {index[8:0], 3'b0} : {index, 2'b0}};
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Rights: of what was found, or read; an absent PDPTE register

  logic walks, denied;
  logic [mmu_pkg::ErrorWidth-1:0] denied_error;
  assign clean = found & access_i.kind == mmu_pkg::AccessWrite & ~entry.dirty;
  assign walks = look_o & (~found | (clean & ~denied));
  assign absent = part_i & state_q == StAbsent;

  permission permission (
    .check_i(found | absent | (arrived & ~reply_error_i)),
    .context_i,
    .pkru_i,
    .access_i,
    .present_i(found | present),
    .reserved_i(reserved),
    .leaf_i(found | leaf),
    .rights_i(found ? entry.rights : combined),
    .key_i(found ? entry.key : key),
    .fault_o(denied),
    .error_o(denied_error)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Steps

  always_comb begin
    state_d = StLook;
    path_d = path_q;
    reads_d = reads_q;
    level_d = level_q;
    table_d = table_q;
    rights_d = rights_q;
    done_o = 1'b0;
    if (looks) begin
      path_d = !paging ? mmu_pkg::PathOff : !look_o | hit_i ? mmu_pkg::PathL1
             : found ? mmu_pkg::PathStlb : mmu_pkg::PathWalk;
      reads_d = '0;
      done_o = ~walks;
      if (walks) state_d = context_i.mode == mmu_pkg::ModePae & ~pdpte_present_i[va_o[31:30]] ? StAbsent : StRead;
      level_d = top;
      table_d = root_i;
      if (context_i.mode == mmu_pkg::Mode32Bit) table_d = {20'b0, root_i[31:12]};
      if (context_i.mode == mmu_pkg::ModePae) table_d = pdpte_frames_i[va_o[31:30]*40+:40];
      rights_d.writable = 1'b1;
      rights_d.user = 1'b1;
      rights_d.no_execute = 1'b0;
      if (skip_hit_i) begin
        level_d = skip_level_i;
        table_d = skip_table_i;
        rights_d = skip_rights_i;
      end
    end
    if (absent) done_o = 1'b1;
    if (read_o) begin
      state_d = StDecide;
      reads_d = reads_q + 3'd1;
    end
    if (arrived) begin
      done_o = reply_error_i | denied | leaf;
      if (!done_o) state_d = StRead;
      level_d = level_q - 3'd1;
      table_d = frame;
      rights_d = combined;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StLook;
    end else if (part_i) begin
      state_q <= state_d;
      path_q <= path_d;
      reads_q <= reads_d;
      level_q <= level_d;
      table_q <= table_d;
      rights_q <= rights_d;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The answer

  logic [1:0] page_level;
  always_comb begin
    path_o = mmu_pkg::PathOff;
    fault_o = mmu_pkg::FaultNone;
    error_o = '0;
    pa_o = '0;
    reads_o = '0;
    page_level = '0;
    if (done_o) begin
      path_o = path_d;
      reads_o = reads_d;
      error_o = denied_error;
      if (denied) fault_o = mmu_pkg::FaultPage;
      if (looks & (refused | ~canonical)) fault_o = mmu_pkg::FaultGp;
      if (arrived & reply_error_i) fault_o = mmu_pkg::FaultBus;
      if (fault_o == mmu_pkg::FaultNone) begin
        page_level = found ? entry.level : level_q[1:0];
        pa_o = {found ? entry.frame : frame, va_o[11:0]};
        if (!paging) pa_o = va_o[51:0];
        else if (page_level == 2'd3) pa_o[29:12] = va_o[29:12];
        else if (page_level == 2'd2) pa_o[20:12] = va_o[20:12];
        if (paging && page_level == 2'd2 && !wide) pa_o[21] = va_o[21];
      end
    end
  end

endmodule
