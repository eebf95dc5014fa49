// SPDX-License-Identifier: MIT
// The page walker. It knows no mode: level_table says where a level's index lies, entry_decode what an entry means.
// One walk at a time; one deadline, so that the cycles in which it only waits can be skipped.
// docs/timing.md, "What a reference costs" and "Finer points" 2, 5, 10, 13; SDM vol. 3A, 4.3 to 4.5 and 4.8.
//
//                  first cycle                     last cycle = due_q
//   grant ─► StBegin: walk.start cycles            absent PDPTE? fault
//              │                                   (with walk.start = 0 the port has looked, and we begin below)
//              ▼
//            StRead: latency + walk.step   command  ...   entry arrived: bus error, not present, reserved,
//              │  ▲    top level down               next level ──┘       or a leaf whose rights deny: fault
//              │  └──────────────────────────────── ◄─┘
//              ▼   a leaf, allowed
//            StCas: latency + walk.cas     command  ...   swapped: next entry that needs A or D, leaf last
//              │                                          failed: over again, from StBegin
//              ▼
//            done, in the last cycle of the last step: answer and fill
//
// A control operation that arrives while the walk is here (or in its last cycle) suppresses the fill.

module walker #(
  parameter bit AtOnce = 1'b0  // a memory command can take a single cycle
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic                           step_i,         // a cycle happens
  input  logic [63:0]                    now_i,
  input  logic [31:0]                    start_i,        // walk.start
  input  logic [32:0]                    cycles_i,       // of this cycle's memory command: the latency of the level that
                                                         // serves it + walk.step or walk.cas, >= 1
  input  logic [51:0]                    beyond_i,       // the physical address bits from MAXPHYADDR up
  input  mmu_pkg::context_t              context_i,
  input  logic [31:0]                    pkru_i,
  input  logic [51:12]                   root_i,         // CR3
  input  logic [3:0]                     pdpte_present_i,
  input  logic [4*40-1:0]                pdpte_frames_i,
  input  logic                           suppress_i,     // a control operation arrives
  input  logic                           kill_i,         // it is over with this cycle, wherever it is

  // whom it serves: these hold from the cycle after the grant on
  input  logic                           grant_i,        // the walk begins in the next cycle
  input  logic [56:12]                   grant_va_i,
  input  logic [63:0]                    va_i,
  input  mmu_pkg::access_t               access_i,
  output logic                           busy_o,         // at the cycle's start
  output logic                           begin_o,        // this is the walk's first cycle, or its first again

  // the walk caches: asked in the cycle before the first entry's first, filled in the walk's last
  output logic                           skip_lookup_o,
  output logic [mmu_pkg::VpnWidth-1:0]   skip_vpn_o,
  input  logic                           skip_hit_i,
  input  logic [mmu_pkg::LevelWidth-1:0] skip_level_i,   // of the table found
  input  logic [51:12]                   skip_table_i,
  input  mmu_pkg::rights_t               skip_rights_i,  // combined down to it
  output logic [5:2]                     passed_o,       // levels of the non-leaf entries that this pass has read
  output logic [4*40-1:0]                passed_tables_o,  // at a fill: where they point to, level 2 first
  output logic [4*3-1:0]                 passed_rights_o,  // combined down to there

  // memory; the reply holds from the command's cycle or the next one on
  output logic                           mem_valid_o,
  output logic                           mem_cas_o,
  output logic [mmu_pkg::LevelWidth-1:0] mem_level_o,
  output logic                           mem_wide_o,
  output logic [51:0]                    mem_pa_o,
  output logic [63:0]                    mem_expected_o,
  output logic [63:0]                    mem_desired_o,
  output logic [mmu_pkg::EpochWidth-1:0] mem_epoch_o,    // of the command under way; the next one's is another
  output logic                           reply_used_o,   // this cycle goes by the reply
  input  logic [63:0]                    reply_data_i,
  input  logic                           reply_swapped_i,
  input  logic                           reply_error_i,

  // a PTE has arrived; the rights combined down to its table
  output logic                           leaf_o,
  output mmu_pkg::rights_t               above_o,

  // the result, in the walk's last cycle
  output logic                           done_o,
  output mmu_pkg::fault_e                fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] error_o,
  output mmu_pkg::entry_t                entry_o,
  output logic                           fill_o,

  output logic                           stays_o,        // busy at the cycle's end
  output logic [63:0]                    wake_o          // if it stays: the next cycle in which it does something
);

  typedef enum logic [1:0] {StIdle, StBegin, StRead, StCas} state_e;

  state_e state_q, state_d;
  logic [63:0] due_q, due_d;                         // the last cycle of what is going on
  logic begin_q, begin_d;                            // the walk's first cycle comes
  logic command_q, command_d;                        // a memory command's first cycle comes
  logic [mmu_pkg::EpochWidth-1:0] epoch_q;           // counts commands
  logic suppressed_q;                                // no fill: a control operation came
  logic [mmu_pkg::LevelWidth-1:0] level_q, level_d;  // of the entry in hand
  logic [51:12] table_q, table_d;                    // the table it lies in
  mmu_pkg::rights_t rights_q, rights_d;              // combined down to that table
  logic [5:1] stale_q, stale_d;                      // levels whose entry needs A or D
  mmu_pkg::entry_t leaf_q, leaf_d;                   // what will be filled

  logic [5:2] passed_q, passed_d;
  logic [51:12] passed_table_q[8];                   // by level
  mmu_pkg::rights_t passed_rights_q[8];
  logic [63:0] entry_q[8];                           // as read, by level
  logic [51:0] entry_pa_q[8];

  // The latency of a command shows in its first cycle, which is its last only where memory is as fast as that: elsewhere
  // what is served when does not depend on it, and a simulator is told so.
  logic due;
  logic [63:0] due_now;
  assign due_now = command_q ? now_i + 64'(cycles_i) - 64'd1 : due_q;
  assign due = step_i & state_q != StIdle & (AtOnce ? now_i == due_now : ~command_q & now_i == due_q);

  // -------------------------------------------------------------------------------------------------------------------
  // The entry in hand: where it is, what it says, whether the access may go on

  logic [mmu_pkg::LevelWidth-1:0] top;
  logic wide;
  logic [5:0] shift;
  logic [9:0] mask;
  mmu_pkg::ps_e ps;
  level_table level_row (
    .mode_i(context_i.mode),
    .level_i(level_q),
    .top_o(top),
    .wide_o(wide),
    .shift_o(shift),
    .mask_o(mask),
    .ps_o(ps)
  );

  logic [51:0] read_pa;
  logic [9:0] table_index;
  always_comb begin
    table_index = '0;
    read_pa = '0;
    if (state_q == StRead) begin
      table_index = 10'(va_i >> shift) & mask;
      read_pa = {table_q, wide ? {table_index[8:0], 3'b0} : {table_index, 2'b0}};
    end
  end

  logic arrived, absent, present, reserved, leaf;
  logic [mmu_pkg::FrameWidth-1:0] frame;
  logic [3:0] key;
  mmu_pkg::rights_t rights, combined;
  assign arrived = due & state_q == StRead;
  assign absent = due & state_q == StBegin & context_i.mode == mmu_pkg::ModePae & ~pdpte_present_i[va_i[31:30]];

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
  assign combined.user = `BUG(35, rights_q.user, 1'b1) & rights.user;
  assign combined.no_execute = rights_q.no_execute | rights.no_execute;

  logic page_fault;
  logic [mmu_pkg::ErrorWidth-1:0] page_error;
  permission permission (
    .check_i((arrived & ~reply_error_i) | absent),
    .context_i,
    .pkru_i,
    .access_i(access_i),
    .present_i(present),
    .reserved_i(reserved),
    .leaf_i(leaf),
    .rights_i(combined),
    .key_i(key),
    .fault_o(page_fault),
    .error_o(page_error)
  );

  logic bus_error, stale, write;
  assign bus_error = due & (state_q == StRead | state_q == StCas) & `BUG(48, reply_error_i, 1'b0);
  assign write = access_i.kind == mmu_pkg::AccessWrite;
  assign stale = (~reply_data_i[mmu_pkg::EntryA] & `BUG(43, 1'b1, leaf)) | (leaf & write & ~reply_data_i[mmu_pkg::EntryD]);

  // -------------------------------------------------------------------------------------------------------------------
  // Decision, in the last cycle of a read or a compare-and-swap: what is left to update, whether all is done

  function automatic logic [mmu_pkg::LevelWidth-1:0] highest(input logic [5:1] levels);
    highest = '0;
    for (int unsigned l = 1; l <= 5; l++) begin
      if (levels[l]) highest = 3'(l);
    end
  endfunction

  logic updates, complete, failed;
  always_comb begin
    stale_d = stale_q;
    leaf_d = leaf_q;
    updates = 1'b0;
    failed = 1'b0;
    if (arrived) begin
      stale_d[level_q] = stale;
      if (leaf) begin
        updates = 1'b1;
        leaf_d.frame = frame;
        leaf_d.level = level_q[1:0];
        leaf_d.rights = combined;
        leaf_d.key = key;
        leaf_d.dirty = reply_data_i[mmu_pkg::EntryD] | `BUG(53, write, 1'b1);
        leaf_d.is_global = reply_data_i[mmu_pkg::EntryG] & context_i.pge;
      end
    end else if (due && state_q == StCas) begin
      stale_d[level_q] = 1'b0;
      updates = `BUG(41, reply_swapped_i, 1'b1);
      failed = `BUG(41, ~reply_swapped_i, 1'b0);
    end
    complete = updates & `BUG(42, stale_d == '0, 1'b1);
  end

  logic suppressed;
  assign suppressed = `BUG(1, suppressed_q | suppress_i, suppressed_q);

  always_comb begin
    done_o = page_fault | bus_error | complete;
    fault_o = mmu_pkg::FaultNone;
    error_o = page_error;
    entry_o = '0;
    if (complete) entry_o = leaf_d;
    if (page_fault) fault_o = mmu_pkg::FaultPage;
    if (bus_error) fault_o = mmu_pkg::FaultBus;
    fill_o = complete & `BUG(28, ~page_fault, 1'b1) & ~bus_error & ~suppressed;
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Where a walk sets out from

  logic [56:12] set_out_va;
  logic [1:0] pdpte;
  logic [51:12] root;
  always_comb begin
    set_out_va = grant_i ? grant_va_i : va_i[56:12];
    pdpte = set_out_va[31:30];
    unique case (context_i.mode)
      mmu_pkg::Mode32Bit: root = {20'b0, root_i[31:12]};
      mmu_pkg::ModePae:   root = pdpte_frames_i[pdpte*40+:40];
      default:            root = root_i;
    endcase
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Steps

  // Enter: the first entry's first cycle comes.
  logic set_out, enter;
  assign set_out = grant_i | (`BUG(46, failed, 1'b0) & ~bus_error);
  assign enter = set_out ? start_i == '0 : due & state_q == StBegin & ~done_o;
  assign skip_lookup_o = enter;
  assign skip_vpn_o = set_out_va;

  always_comb begin
    state_d = state_q;
    due_d = due_now;
    passed_d = passed_q;
    begin_d = begin_q & ~step_i;
    command_d = command_q & ~step_i;
    level_d = level_q;
    table_d = table_q;
    rights_d = rights_q;

    if (`BUG(39, done_o, done_o & ~(page_fault & leaf & stale))) begin
      state_d = StIdle;
    end else if (arrived && !leaf) begin
      command_d = 1'b1;
      passed_d[level_q] = 1'b1;
      level_d = level_q - 3'd1;
      table_d = frame;
      rights_d = combined;
    end else if (updates) begin
      state_d = StCas;
      command_d = 1'b1;
      level_d = highest(stale_d);
    end

    if (set_out) begin
      begin_d = 1'b1;
      state_d = StBegin;
      due_d = now_i + 64'(start_i);
    end
    if (enter) begin
      state_d = StRead;
      command_d = 1'b1;
      passed_d = '0;
      level_d = top;
      table_d = root;
      rights_d.writable = 1'b1;
      rights_d.user = 1'b1;
      rights_d.no_execute = 1'b0;
      if (skip_hit_i) begin
        level_d = skip_level_i;
        table_d = skip_table_i;
        rights_d = `BUG(52, skip_rights_i, rights_d);
      end
    end
    if (kill_i) begin
      begin_d = 1'b0;
      command_d = 1'b0;
      state_d = StIdle;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      begin_q <= 1'b0;
      command_q <= 1'b0;
      epoch_q <= '0;
      suppressed_q <= 1'b0;
    end else begin
      state_q <= state_d;
      begin_q <= begin_d;
      command_q <= command_d;
      if (due | grant_i | kill_i) epoch_q <= epoch_q + 1'b1;
      suppressed_q <= suppressed & ~grant_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (due | grant_i | (step_i & command_q & `BUG(44, 1'b1, ~suppress_i))) due_q <= due_d;
    if (due | grant_i) begin
      passed_q <= passed_d;
      level_q <= level_d;
      table_q <= table_d;
      rights_q <= rights_d;
      stale_q <= enter ? '0 : stale_d;
      leaf_q <= leaf_d;
    end
    if (arrived) begin
      entry_q[level_q] <= reply_data_i;
      entry_pa_q[level_q] <= read_pa;
      passed_table_q[level_q] <= frame;
      passed_rights_q[level_q] <= combined;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Outputs

  assign busy_o = state_q != StIdle;
  assign mem_epoch_o = epoch_q;
  assign reply_used_o = due & state_q != StBegin;
  assign passed_o = passed_q;
  assign leaf_o = arrived & level_q == 3'd1;
  assign above_o = rights_q;
  always_comb begin
    passed_tables_o = '0;
    passed_rights_o = '0;
    if (`BUG(2, fill_o, complete)) begin
      for (int unsigned l = 2; l <= 5; l++) begin
        passed_tables_o[(l-2)*40+:40] = passed_table_q[l];
        passed_rights_o[(l-2)*3+:3] = passed_rights_q[l];
      end
    end
  end
  assign begin_o = step_i & begin_q;

  always_comb begin
    mem_valid_o = step_i & command_q;
    mem_cas_o = 1'b0;
    mem_level_o = '0;
    mem_wide_o = 1'b0;
    mem_pa_o = '0;
    mem_expected_o = '0;
    mem_desired_o = '0;
    if (mem_valid_o) begin
      mem_level_o = level_q;
      mem_wide_o = wide;
      mem_pa_o = read_pa;
      if (state_q == StCas) begin
        mem_cas_o = 1'b1;
        mem_pa_o = entry_pa_q[`BUG(40, level_q, 3'd1)];
        mem_expected_o = entry_q[level_q];
        mem_desired_o = entry_q[level_q];
        mem_desired_o[mmu_pkg::EntryA] = 1'b1;
        if (write && {1'b0, leaf_q.level} == level_q) mem_desired_o[mmu_pkg::EntryD] = 1'b1;
      end
    end
  end

  assign stays_o = state_d != StIdle;
  assign wake_o = begin_d | command_d ? now_i + 64'd1 : due_d;

endmodule
