// SPDX-License-Identifier: MIT
// Claims about the walker, shared by simulation (bound below) and proof (formal/walker.sv). They see its ports alone, and
// keep their own record of the walk: which entries this pass has read, where they lay and what they said.
// A pass is what lies between the first read and the answer, or a compare-and-swap that failed.

module walker_check (
  input logic                           clk_i,
  input logic                           rst_ni,
  input logic                           step_i,
  input logic [63:0]                    now_i,
  input mmu_pkg::context_t              context_i,
  input logic                           suppress_i,
  input logic                           kill_i,
  input logic                           grant_i,
  input mmu_pkg::access_t               access_i,
  input logic                           busy_o,
  input logic                           skip_lookup_o,
  input logic                           skip_hit_i,
  input logic [mmu_pkg::LevelWidth-1:0] skip_level_i,
  input logic [51:12]                   skip_table_i,
  input mmu_pkg::rights_t               skip_rights_i,
  input logic                           mem_valid_o,
  input logic                           mem_cas_o,
  input logic [mmu_pkg::LevelWidth-1:0] mem_level_o,
  input logic [51:0]                    mem_pa_o,
  input logic [63:0]                    mem_expected_o,
  input logic [63:0]                    mem_desired_o,
  input logic [63:0]                    reply_data_i,
  input logic                           done_o,
  input mmu_pkg::fault_e                fault_o,
  input mmu_pkg::entry_t                entry_o,
  input logic                           fill_o,
  input logic                           stays_o,
  input logic [63:0]                    wake_o
);

  localparam logic [63:0] MayBeSet = 64'h60;  // A and D

  logic [2:0] top;
  always_comb begin
    case (context_i.mode)
      mmu_pkg::Mode5Level: top = 3'd5;
      mmu_pkg::Mode4Level: top = 3'd4;
      default:             top = 3'd2;
    endcase
  end

  // The record. What a read brought is known when the next command comes, or the answer: replies hold until then.
  logic                  walking_q, first_q, pending_q, skipped_q, suppressed_q;
  logic [2:0]            pass_top_q, level_q;
  logic [51:12]          skip_table_q;
  mmu_pkg::rights_t      skip_rights_q;
  logic [7:0]            read_q, swapped_q;  // by level
  logic [3:0]            reads_q, swaps_q;
  logic [63:0]           entry_q[8];
  logic [51:0]           pa_q[8];

  logic reading, swapping;
  assign reading = mem_valid_o & ~mem_cas_o;
  assign swapping = mem_valid_o & mem_cas_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      walking_q <= 1'b0;
      first_q <= 1'b0;
      pending_q <= 1'b0;
      skipped_q <= 1'b0;
      suppressed_q <= 1'b0;
      read_q <= '0;
      swapped_q <= '0;
      reads_q <= '0;
      swaps_q <= '0;
    end else begin
      if (done_o) walking_q <= 1'b0;
      suppressed_q <= (suppressed_q | suppress_i) & ~grant_i & walking_q;
      if (grant_i) walking_q <= 1'b1;
      if (grant_i) suppressed_q <= 1'b0;
      // what the last read brought
      if (pending_q && !mem_valid_o) entry_q[level_q] <= reply_data_i;
      if (grant_i | skip_lookup_o) begin
        first_q <= 1'b1;
        pending_q <= 1'b0;
        read_q <= '0;
        swapped_q <= '0;
        reads_q <= '0;
        swaps_q <= '0;
        skipped_q <= skip_hit_i;
        skip_table_q <= skip_table_i;
        skip_rights_q <= skip_rights_i;
        pass_top_q <= skip_hit_i ? skip_level_i : top;
      end else if (reading) begin
        first_q <= 1'b0;
        pending_q <= 1'b1;
        level_q <= mem_level_o;
        read_q[mem_level_o] <= 1'b1;
        reads_q <= reads_q + 4'd1;
        entry_q[mem_level_o] <= reply_data_i;  // where memory answers in the cycle asked
        pa_q[mem_level_o] <= mem_pa_o;
      end else if (swapping) begin
        pending_q <= 1'b0;
        swapped_q[mem_level_o] <= 1'b1;
        swaps_q <= swaps_q + 4'd1;
      end
      if (done_o) pending_q <= 1'b0;
      if (kill_i) begin
        walking_q <= 1'b0;
        pending_q <= 1'b0;
      end
    end
  end

  // What this pass has read so far, with a read that answers in this very cycle; combined as docs/paging.md says.
  logic [7:0] levels;
  logic [63:0] entry;
  logic present, accessed, dirty;
  mmu_pkg::rights_t combined;
  always_comb begin
    levels = read_q;
    if (reading) levels[mem_level_o] = 1'b1;
    entry = '0;
    present = 1'b1;
    accessed = 1'b1;
    dirty = 1'b0;
    combined.writable = skipped_q ? skip_rights_q.writable : 1'b1;
    combined.user = skipped_q ? skip_rights_q.user : 1'b1;
    combined.no_execute = skipped_q ? skip_rights_q.no_execute : 1'b0;
    for (int unsigned l = 1; l <= 5; l++) begin
      entry = entry_q[l];
      if ((pending_q && !mem_valid_o && level_q == 3'(l)) || (reading && mem_level_o == 3'(l))) entry = reply_data_i;
      if (levels[l]) begin
        present = present & entry[0];
        accessed = accessed & (entry[5] | swapped_q[l] | (swapping & mem_level_o == 3'(l)));
        combined.writable = combined.writable & entry[1];
        combined.user = combined.user & entry[2];
        combined.no_execute = combined.no_execute | (context_i.mode != mmu_pkg::Mode32Bit & entry[63]);
        if ({1'b0, entry_o.level} == 3'(l)) begin
          dirty = entry[6] | ((swapped_q[l] | (swapping & mem_level_o == 3'(l)))
                              & access_i.kind == mmu_pkg::AccessWrite);
        end
      end
    end
  end

  // Where the entry that was read last points to: the next table.
  logic [63:0] above;
  logic [51:12] pointer;
  logic follows;
  always_comb begin
    above = entry_q[level_q];
    pointer = context_i.mode == mmu_pkg::Mode32Bit ? {20'b0, above[31:12]} : above[51:12];
    if (first_q) pointer = skip_table_q;
    follows = mem_pa_o[51:12] == pointer || (first_q && !skipped_q);
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      // The walker uses memory, answers and fills only between a grant and the answer.
      WalkerWorksOnlyWhenGranted: assert (walking_q || !(mem_valid_o | done_o | fill_o));
      // It is busy from the grant to the answer, and never else: nothing is lost, nothing is answered twice.
      WalkerIsBusyWhileItWalks: assert (busy_o == walking_q);
      if (reading) begin
        // A pass reads its levels once each, downwards: the first is the mode's top or what the walk cache named.
        WalkerReadsDownwards: assert (mem_level_o == (first_q ? pass_top_q : level_q - 3'd1) && mem_level_o != '0);
        // A pass reads no more entries than lie between its top and the PTE.
        WalkerKeepsItsReadCount: assert (reads_q < 4'(pass_top_q));
        // An entry is read where the one above it points to.
        WalkerFollowsThePointers: assert (follows);
        // Nothing is read after the first update.
        WalkerReadsBeforeItUpdates: assert (swaps_q == '0);
      end
      if (swapping) begin
        // An update goes to an entry that this pass has read, and only if it still is what was read.
        WalkerUpdatesWhatItRead:
          assert (read_q[mem_level_o] && mem_pa_o == pa_q[mem_level_o]
                  && mem_expected_o == entry_q[mem_level_o]);
        // An update sets A or D and changes no other bit.
        WalkerSetsOnlyAAndD: assert ((mem_desired_o & ~MayBeSet) == (mem_expected_o & ~MayBeSet)
                                     && (mem_expected_o & ~mem_desired_o) == '0 && mem_desired_o != mem_expected_o);
        // D is set by writes alone.
        WalkerSetsDForWritesOnly:
          assert (mem_desired_o[6] == mem_expected_o[6] || access_i.kind == mmu_pkg::AccessWrite);
        // No entry is updated twice in a pass.
        WalkerUpdatesOnce: assert (!swapped_q[mem_level_o]);
      end
      if (done_o && fault_o != mmu_pkg::FaultNone) begin
        // A walk that faults fills nothing.
        WalkerFaultFillsNothing: assert (!fill_o);
      end
      if (done_o && fault_o == mmu_pkg::FaultPage) begin
        // A page fault is found before anything is updated in its pass.
        WalkerFaultUpdatesNothing: assert (swaps_q == '0 && !swapping);
      end
      if (fill_o) begin
        // A walk that a control operation met fills nothing.
        WalkerFillsNothingAcrossAnOperation: assert (!suppressed_q && !suppress_i);
        // What is filled comes of entries that are present and have A set, in memory too.
        WalkerFillsOnlyPresentAndAccessed: assert (done_o && present && accessed && reads_q + 4'(reading) != '0);
        // An entry is filled as dirty only if D is set in memory.
        WalkerFillsDirtyOnlyIfSet: assert (!entry_o.dirty || dirty);
        // What is filled for a write is dirty.
        WalkerFillsWritesDirty: assert (entry_o.dirty || access_i.kind != mmu_pkg::AccessWrite);
        // The rights filled are those of all levels together, those that the walk cache skipped included.
        WalkerFillsCombinedRights: assert (entry_o.rights == combined);
      end
      if (stays_o && step_i) begin
        // Whoever works has a next cycle, and it lies ahead.
        WalkerWakeLiesAhead: assert (wake_o > now_i);
      end
    end
  end

endmodule

`ifndef YOSYS
bind walker walker_check walker_check (.*);
`endif
