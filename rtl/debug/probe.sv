// SPDX-License-Identifier: MIT
// The privileged side port: translates an address as the MMU would translate a part that is presented now and alone, and
// touches nothing. docs/timing.md, "The debug port" and finer point 60.
//
//   an edge of clk_i without a cycle: the part stands at its port, marked as a probe, and is looked up in all that there is
//   tick 1  what was found is sampled
//           StFound    #GP; a hit, allowed or denied: done
//              │ miss, or a write to a clean entry
//   tick 2  StAbsent   the PDPTE register is absent: done
//           StRead     an entry's address stands on the pins ◄── from where the walk caches say
//   tick 3  StDecide   its value has come: absent, reserved, denied, a leaf: done; else StRead with the next tick
//
// The ticks are of a clock of its own, while the MMU's rests between two cycles, walks in flight or not: so no time passes,
// and all that the MMU works with is left alone. In simulation what hangs on samples costs nothing while nobody asks.
// The answer stands until the next tick. Compare-and-swaps count as done, and so have no step.

module probe (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           start_i,          // the next tick samples a new part

  input  mmu_pkg::context_t              context_i,
  input  logic [31:0]                    pkru_i,
  input  logic [51:12]                   root_i,
  input  logic [3:0]                     pdpte_present_i,
  input  logic [4*40-1:0]                pdpte_frames_i,
  input  logic [51:0]                    beyond_i,

  // the part as its port sees it, and what is there of its page
  input  mmu_pkg::access_t               access_i,
  input  logic [63:0]                    va_i,             // linear
  input  logic                           refused_i,        // by its segment, or not canonical
  input  logic                           hit_i,
  input  mmu_pkg::entry_t                hit_entry_i,
  input  logic                           second_hit_i,
  input  mmu_pkg::entry_t                second_entry_i,
  input  logic                           skip_hit_i,
  input  logic [mmu_pkg::LevelWidth-1:0] skip_level_i,
  input  logic [51:12]                   skip_table_i,
  input  mmu_pkg::rights_t               skip_rights_i,

  // memory; the reply comes with the next tick
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

  typedef enum logic [2:0] {StIdle, StFound, StAbsent, StRead, StDecide} state_e;

  state_e state_q, state_d;
  mmu_pkg::path_e path_q, path_d;
  logic [2:0] reads_q, reads_d;
  logic [mmu_pkg::LevelWidth-1:0] level_q, level_d;
  logic [51:12] table_q, table_d;
  mmu_pkg::rights_t rights_q, rights_d;

  // -------------------------------------------------------------------------------------------------------------------
  // Samples

  mmu_pkg::context_t context_q;
  mmu_pkg::access_t access_q;
  mmu_pkg::entry_t entry_q;
  logic [31:0] pkru_q;
  logic [51:12] root_q;
  logic pdpte_present_q;
  logic [51:0] beyond_q;
  logic [63:0] va_q, reply_data_q;
  logic refused_q, hit_q, second_hit_q, reply_error_q;
  logic skip_hit_q;
  logic [mmu_pkg::LevelWidth-1:0] skip_level_q;
  logic [51:12] skip_table_q;
  mmu_pkg::rights_t skip_rights_q;
  always_ff @(posedge clk_i) begin
    reply_data_q <= reply_data_i;
    reply_error_q <= reply_error_i;
    if (start_i) begin
      context_q <= context_i;
      pkru_q <= pkru_i;
      beyond_q <= beyond_i;
      unique case (context_i.mode)
        mmu_pkg::Mode32Bit: root_q <= {20'b0, root_i[31:12]};
        mmu_pkg::ModePae:   root_q <= pdpte_frames_i[va_i[31:30]*40+:40];
        default:            root_q <= root_i;
      endcase
      pdpte_present_q <= context_i.mode != mmu_pkg::ModePae | pdpte_present_i[va_i[31:30]];
      access_q <= access_i;
      va_q <= va_i;
      refused_q <= refused_i;
      hit_q <= hit_i;
      second_hit_q <= second_hit_i;
      entry_q <= hit_i ? hit_entry_i : second_entry_i;
      skip_hit_q <= skip_hit_i;
      skip_level_q <= skip_level_i;
      skip_table_q <= skip_table_i;
      skip_rights_q <= skip_rights_i;
    end
  end
  assign va_o = va_q;

  // -------------------------------------------------------------------------------------------------------------------
  // What was found

  logic paging, good, decides, found, clean;
  assign paging = context_q.mode != mmu_pkg::ModeNone;
  assign good = paging & ~refused_q;
  assign decides = state_q == StFound;
  assign found = decides & good & (hit_q | second_hit_q);

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
    .mode_i(context_q.mode),
    .level_i(level_q),
    .top_o(top),
    .wide_o(wide),
    .shift_o(shift),
    .mask_o(mask),
    .ps_o(ps)
  );

  assign arrived = state_q == StDecide;
  entry_decode decode (
    .check_i(arrived & ~reply_error_q),
    .context_i(context_q),
    .level_i(level_q),
    .ps_i(ps),
    .beyond_i(beyond_q),
    .entry_i(reply_data_q),
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
    read_o = state_q == StRead;
    read_wide_o = 1'b0;
    read_pa_o = '0;
    index = '0;
    if (read_o) begin
      index = 10'(va_q >> shift) & mask;
      read_wide_o = wide;
      read_pa_o = {table_q, wide ? {index[8:0], 3'b0} : {index, 2'b0}};
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Rights: of what was found, or read; an absent PDPTE register

  logic walks, denied;
  logic [mmu_pkg::ErrorWidth-1:0] denied_error;
  assign clean = found & access_q.kind == mmu_pkg::AccessWrite & ~entry_q.dirty;
  assign walks = decides & good & (~found | (clean & ~denied));
  assign absent = state_q == StAbsent;

  permission permission (
    .check_i(found | absent | (arrived & ~reply_error_q)),
    .context_i(context_q),
    .pkru_i(pkru_q),
    .access_i(access_q),
    .present_i(found | present),
    .reserved_i(reserved),
    .leaf_i(found | leaf),
    .rights_i(found ? entry_q.rights : combined),
    .key_i(found ? entry_q.key : key),
    .fault_o(denied),
    .error_o(denied_error)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Steps

  always_comb begin
    state_d = state_q;
    path_d = path_q;
    reads_d = reads_q;
    level_d = level_q;
    table_d = table_q;
    rights_d = rights_q;
    done_o = 1'b0;
    if (decides) begin
      path_d = !paging ? mmu_pkg::PathOff : !good | hit_q ? mmu_pkg::PathL1
             : found ? mmu_pkg::PathStlb : mmu_pkg::PathWalk;
      reads_d = '0;
      done_o = ~walks;
      if (walks) state_d = pdpte_present_q ? StRead : StAbsent;
      level_d = top;
      table_d = root_q;
      rights_d.writable = 1'b1;
      rights_d.user = 1'b1;
      rights_d.no_execute = 1'b0;
      if (skip_hit_q) begin
        level_d = skip_level_q;
        table_d = skip_table_q;
        rights_d = skip_rights_q;
      end
    end
    if (absent) done_o = 1'b1;
    if (read_o) begin
      state_d = StDecide;
      reads_d = reads_q + 3'd1;
    end
    if (arrived) begin
      done_o = reply_error_q | denied | leaf;
      if (!done_o) state_d = StRead;
      level_d = level_q - 3'd1;
      table_d = frame;
      rights_d = combined;
    end
  end

  always_ff @(posedge clk_i) begin
    state_q <= !rst_ni ? StIdle : start_i ? StFound : state_d;
    path_q <= path_d;
    reads_q <= reads_d;
    level_q <= level_d;
    table_q <= table_d;
    rights_q <= rights_d;
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
      if (decides & refused_q) fault_o = mmu_pkg::FaultGp;
      if (arrived & reply_error_q) fault_o = mmu_pkg::FaultBus;
      if (fault_o == mmu_pkg::FaultNone) begin
        page_level = found ? entry_q.level : level_q[1:0];
        pa_o = {found ? entry_q.frame : frame, va_o[11:0]};
        if (!paging) pa_o = va_o[51:0];
        else if (page_level == 2'd3) pa_o[29:12] = va_o[29:12];
        else if (page_level == 2'd2) pa_o[20:12] = va_o[20:12];
        if (paging && page_level == 2'd2 && !wide) pa_o[21] = va_o[21];
      end
    end
  end

endmodule
