// SPDX-License-Identifier: MIT
// Proof environment of the walker: any walk in any mode, a walk cache that answers anything legal, memory that answers
// anything at any latency from 2 to 3 cycles and lets a compare-and-swap fail twice a walk at most ("fair"), control
// operations at any time. Time starts anew with each walk: nothing of an old one remains but the numbers.

module prove_walker #(
  parameter int unsigned Failures = 1,
  parameter int unsigned Slowest = 3,  // cycles of a memory command; the fastest takes 2
  parameter int unsigned Start = 2     // walk.start, at most
) (
  input logic                           clk_i,
  input logic                           rst_ni,
  input logic                           step_i,
  input logic [1:0]                     cycles_bits_i,
  input logic                           root_bit_i,
  input logic [3:0]                     any_pdpte_present_i,
  input logic                           suppress_i,
  input logic                           kill_i,
  input logic                           grant_i,
  input logic [63:0]                    va_bits_i,
  input mmu_pkg::access_t               any_access_i,
  input mmu_pkg::context_t              any_context_i,
  input logic                           skip_hit_i,
  input logic [mmu_pkg::LevelWidth-1:0] skip_level_i,
  input logic                           skip_table_bit_i,
  input mmu_pkg::rights_t               skip_rights_i,
  input logic [63:0]                    data_bits_i,
  input logic                           any_swapped_i,
  input logic                           any_error_i
);

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (rst_ni == started_q);

  // Few bits of addresses, entries and frames are free, the others 0: they are carried about and compared, no more.
  localparam logic [63:0] VaBits = 64'h0080_8040_0060_1000;
  localparam logic [63:0] DataBits = 64'h8000_0000_0000_11e7;
  logic [63:0] any_va_i, any_data_i;
  assign any_va_i = va_bits_i & VaBits;
  assign any_data_i = data_bits_i & DataBits;

  // A walk's operands hold from the cycle after the grant on; registers change only while nothing walks.
  (* anyconst *) logic [1:0] start;
  logic [63:0] va_i;
  mmu_pkg::access_t access_i;
  mmu_pkg::context_t context_i;
  logic [3:0] pdpte_present_i;
  always_ff @(posedge clk_i) begin
    if (grant_i) begin
      va_i <= any_va_i;
      access_i <= any_access_i;
    end
    if (!busy_o && !grant_i) begin
      context_i <= any_context_i;
      pdpte_present_i <= any_pdpte_present_i;
    end
  end

  // Replies hold from the cycle after their command to the next one.
  logic [63:0] reply_data_i;
  logic reply_swapped_i, reply_error_i;
  always_ff @(posedge clk_i) begin
    if (mem_valid_o) begin
      reply_data_i <= any_data_i;
      reply_swapped_i <= any_swapped_i || failed_q == 2'(Failures);
      reply_error_i <= any_error_i;
    end
  end

  logic [1:0] failed_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || grant_i) failed_q <= '0;
    else if (mem_valid_o && mem_cas_o && !any_swapped_i && failed_q != 2'(Failures)) failed_q <= failed_q + 2'd1;
  end

  logic [6:0] now_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || (!busy_o && !grant_i)) now_q <= '0;
    else if (step_i) now_q <= now_q + 7'd1;
  end

  logic [32:0] cycles_i;
  assign cycles_i = 33'(cycles_bits_i);
  always_comb begin
    assume (32'(start) <= Start);
    assume (cycles_bits_i >= 2'd2 && 32'(cycles_bits_i) <= Slowest);
    // granted while it is idle, in a cycle that happens, with paging on
    assume (!grant_i || (step_i && !busy_o && now_q == '0));
    assume (context_i.mode == mmu_pkg::Mode32Bit || context_i.mode == mmu_pkg::ModePae
            || context_i.mode == mmu_pkg::Mode4Level || context_i.mode == mmu_pkg::Mode5Level);
    assume (context_i.wide == (context_i.mode == mmu_pkg::Mode4Level || context_i.mode == mmu_pkg::Mode5Level));
    // with walk.start = 0 the port has looked at the PDPTE itself
    assume (!grant_i || start != 2'd0 || context_i.mode != mmu_pkg::ModePae || pdpte_present_i[any_va_i[31:30]]);
    assume (!suppress_i || step_i);
    // a prefetch's walk ends where it stands
    assume (!kill_i || (step_i && busy_o));
    // The clock has 7 bits. That is enough: while nothing is stuck for longer than is claimed, no walk gets there.
    assume (now_q != '1);
    assume (!skip_hit_i || (skip_lookup_o && skip_level_i != '0 && skip_level_i < top));
  end
  logic [51:12] skip_table_i;
  assign skip_table_i = 40'(skip_table_bit_i);
  logic [2:0] top;
  always_comb begin
    top = 3'd2;
    if (context_i.mode == mmu_pkg::Mode4Level) top = 3'd4;
    if (context_i.mode == mmu_pkg::Mode5Level) top = 3'd5;
  end

  logic busy_o, begin_o, skip_lookup_o, mem_valid_o, mem_cas_o, mem_wide_o, done_o, fill_o, stays_o;
  logic [mmu_pkg::VpnWidth-1:0] skip_vpn_o;
  logic leaf_o;
  mmu_pkg::rights_t above_o;
  logic [5:2] passed_o;
  logic [4*40-1:0] passed_tables_o;
  logic [4*3-1:0] passed_rights_o;
  logic [mmu_pkg::LevelWidth-1:0] mem_level_o;
  logic [51:0] mem_pa_o;
  logic [mmu_pkg::EpochWidth-1:0] mem_epoch_o;
  logic reply_used_o;
  logic [63:0] mem_expected_o, mem_desired_o, wake_o;
  mmu_pkg::fault_e fault_o;
  logic [mmu_pkg::ErrorWidth-1:0] error_o;
  mmu_pkg::entry_t entry_o;
  walker dut (
    .now_i(64'(now_q)),
    .start_i(32'(start)),
    .grant_va_i(any_va_i[56:12]),
    .beyond_i('0),
    .pkru_i('0),
    .root_i(40'(root_bit_i)),
    .pdpte_frames_i('0),
    .*
  );

  // Cycles since the walk was granted or gave its last command; commands since then, in all.
  logic [3:0] quiet_q;
  logic [5:0] commands_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || grant_i || mem_valid_o) quiet_q <= '0;
    else if (step_i && quiet_q != '1) quiet_q <= quiet_q + 4'd1;
    if (!rst_ni || grant_i) commands_q <= '0;
    else if (mem_valid_o) commands_q <= commands_q + 6'd1;
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni && busy_o) begin
      // A walk waits for nothing but its own start and a memory command's latency: it never gets stuck.
      WalkerIsNeverStuck: assert (32'(quiet_q) < Start + Slowest);
      // Its deadline lies at most a command's latency, or walk.start, ahead.
      WalkerDeadlineIsNear: assert (!stays_o || (wake_o[63:8] == '0 && wake_o[7:0] <= 8'(now_q) + 8'(Slowest)));
      // It gives at most ten commands a pass, and begins another pass only when a compare-and-swap has failed: it ends.
      WalkerEnds: assert (32'(commands_q) <= 10 * (1 + 32'(failed_q)));
    end
  end

endmodule
