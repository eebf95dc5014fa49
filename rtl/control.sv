// SPDX-License-Identifier: MIT
// The control port: registers, what refuses a write (#GP), what a write drops, the PDPTE registers.
// docs/paging.md, "What may be cached, and what drops it"; docs/timing.md, "Order within a cycle"; SDM vol. 3A, 4.10.4.
//
//            arrives, nothing in flight
//   StIdle ─────────────────────────────► StWork: its latency; acts in the last cycle: new values, drops, done
//      │                                    ▲  ▲
//      └─ references in flight ─► StDrain ──┤  │ in the cycle after the last answer
//                                           ▼  │
//                                         StLoad: the PDPTEs are read in its first cycle, if the write loads them;
//                                                 latency + walk.step
//
// The operand is captured with the strobe. From the arrival to the last cycle nothing is accepted (hold_o).

module control (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         step_i,         // a cycle happens
  input  logic [63:0]                  now_i,
  input  logic [31:0]                  cr_cycles_i,
  input  logic [31:0]                  invlpg_cycles_i,
  input  logic [32:0]                  load_cycles_i,  // of the PDPTEs: latency + walk.step
  input  logic [51:0]                  beyond_i,       // the physical address bits from MAXPHYADDR up

  input  logic                         valid_i,        // an operation arrives
  input  mmu_pkg::op_e                 op_i,
  input  logic                         user_i,
  input  logic [63:0]                  value_i,
  input  logic                         busy_i,         // references in flight at the cycle's start
  input  logic                         stays_i,        // and at its end
  output logic                         hold_o,
  output logic                         done_o,         // its last cycle
  output logic                         refused_o,

  // the PDPTEs; the reply holds from the next cycle on
  output logic                         load_o,
  output logic [51:0]                  load_pa_o,
  input  logic [63:0]                  reply_pdpte0_i,
  input  logic [63:0]                  reply_pdpte1_i,
  input  logic [63:0]                  reply_pdpte2_i,
  input  logic [63:0]                  reply_pdpte3_i,
  input  logic                         reply_error_i,

  // what translations need
  output mmu_pkg::context_t            context_o,
  output logic [51:12]                 root_o,
  output logic [3:0]                   pdpte_present_o,
  output logic [4*40-1:0]              pdpte_frames_o,

  output logic                         drop_all_o,
  output logic                         drop_local_o,
  output logic                         drop_page_o,
  output logic [mmu_pkg::VpnWidth-1:0] drop_vpn_o,

  output logic                         stays_o,
  output logic [63:0]                  wake_o,

  input  logic                         peek_i,
  input  logic [3:0]                   peek_index_i,   // by op_e, then 8..11 the PDPTE registers
  output logic [63:0]                  peek_value_o
);

  typedef enum logic [1:0] {StIdle, StDrain, StLoad, StWork} state_e;

  state_e state_q, state_d;
  logic [63:0] due_q, due_d;
  logic first_q, first_d;  // the next cycle is the operation's first
  mmu_pkg::op_e op_q;
  logic user_q;
  logic [63:0] value_q;

  logic [63:0] cr0_q, cr3_q, cr4_q, efer_q, pkru_q;
  logic [63:0] pdpte_q[4];
  mmu_pkg::context_t context_q;

  // -------------------------------------------------------------------------------------------------------------------
  // The operation in hand

  logic active;
  mmu_pkg::op_e op;
  logic user;
  logic [63:0] value;
  assign active = valid_i | state_q != StIdle;
  assign op = state_q == StIdle ? op_i : op_q;
  assign user = state_q == StIdle ? user_i : user_q;
  assign value = state_q == StIdle ? value_i : value_q;
  assign hold_o = active;

  // -------------------------------------------------------------------------------------------------------------------
  // What it would make of the registers, and whether its value alone refuses it

  logic [63:0] cr0_d, cr3_d, cr4_d, efer_d, pkru_d;
  logic [63:0] cr0_changes, cr4_changes, efer_changes;
  logic forbidden;
  always_comb begin
    cr0_d = cr0_q;
    cr3_d = cr3_q;
    cr4_d = cr4_q;
    efer_d = efer_q;
    pkru_d = pkru_q;
    forbidden = 1'b0;
    if (active) begin
      forbidden = user & op != mmu_pkg::OpPkru;
      unique case (op)
        mmu_pkg::OpCr0: begin
          cr0_d = value & mmu_pkg::Cr0Kept;
          cr0_d[mmu_pkg::Cr0Et] = 1'b1;
          if (|value[63:32]) forbidden = 1'b1;
          if (value[mmu_pkg::Cr0Pg] & ~value[mmu_pkg::Cr0Pe]) forbidden = 1'b1;
          if (value[mmu_pkg::Cr0Nw] & ~value[mmu_pkg::Cr0Cd]) forbidden = 1'b1;
        end
        mmu_pkg::OpCr3: begin
          cr3_d = value;
          if (|value[63:52] | |(value[51:0] & beyond_i)) forbidden = 1'b1;
        end
        mmu_pkg::OpCr4: begin
          cr4_d = value;
          if (|(value & ~mmu_pkg::Cr4Known)) forbidden = 1'b1;
        end
        mmu_pkg::OpEfer: begin
          efer_d = value & mmu_pkg::EferKept;
          if (|(value & ~mmu_pkg::EferKnown)) forbidden = 1'b1;
        end
        mmu_pkg::OpPkru: begin
          pkru_d = value;
          if (|value[63:32]) forbidden = 1'b1;
        end
        default: ;
      endcase
    end
    cr0_changes = cr0_d ^ cr0_q;
    cr4_changes = cr4_d ^ cr4_q;
    efer_changes = efer_d ^ efer_q;
  end

  mmu_pkg::context_t context_d;
  always_comb begin
    context_d = context_q;
    if (active) begin
      context_d.mode = mmu_pkg::ModeNone;
      if (cr0_d[mmu_pkg::Cr0Pg]) context_d.mode = cr4_d[mmu_pkg::Cr4Pae] ? mmu_pkg::ModePae : mmu_pkg::Mode32Bit;
      context_d.wp = cr0_d[mmu_pkg::Cr0Wp];
      context_d.pse = cr4_d[mmu_pkg::Cr4Pse];
      context_d.pge = cr4_d[mmu_pkg::Cr4Pge];
      context_d.smep = cr4_d[mmu_pkg::Cr4Smep];
      context_d.smap = cr4_d[mmu_pkg::Cr4Smap];
      context_d.nxe = efer_d[mmu_pkg::EferNxe];
      context_d.code_errors = (context_d.nxe & cr4_d[mmu_pkg::Cr4Pae]) | context_d.smep;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The PDPTE registers: loaded when PAE paging is or becomes active

  logic loads, load_refused;
  always_comb begin
    loads = 1'b0;
    if (active) begin
      loads = ~forbidden & context_d.mode == mmu_pkg::ModePae
            & (op == mmu_pkg::OpCr3
               | cr0_changes[mmu_pkg::Cr0Cd] | cr0_changes[mmu_pkg::Cr0Nw] | cr0_changes[mmu_pkg::Cr0Pg]
               | cr4_changes[mmu_pkg::Cr4Pae] | cr4_changes[mmu_pkg::Cr4Pge] | cr4_changes[mmu_pkg::Cr4Pse]
               | cr4_changes[mmu_pkg::Cr4Smep]);
    end
  end

  function automatic logic bad_pdpte(input logic [63:0] pdpte, input logic [51:0] beyond);
    bad_pdpte = pdpte[mmu_pkg::EntryP]
              & (|pdpte[2:1] | |pdpte[8:5] | |pdpte[63:52] | |(pdpte[51:0] & beyond));
  endfunction

  always_comb begin
    load_refused = 1'b0;
    if (loads) begin
      load_refused = reply_error_i | bad_pdpte(reply_pdpte0_i, beyond_i) | bad_pdpte(reply_pdpte1_i, beyond_i)
                   | bad_pdpte(reply_pdpte2_i, beyond_i) | bad_pdpte(reply_pdpte3_i, beyond_i);
    end
  end

  assign load_pa_o = {20'b0, cr3_d[31:5], 5'b0};

  // -------------------------------------------------------------------------------------------------------------------
  // Steps

  assign load_o = loads & (state_q == StIdle ? valid_i & ~busy_i : step_i & first_q);

  logic begins, loading, ends;
  logic [63:0] cycles, phase;
  always_comb begin
    state_d = state_q;
    due_d = due_q;
    first_d = first_q & ~step_i;
    begins = 1'b0;
    loading = 1'b0;
    ends = 1'b0;
    cycles = '0;
    phase = '0;
    if (active) begin
      cycles = op == mmu_pkg::OpInvlpg ? 64'(invlpg_cycles_i) : 64'(cr_cycles_i);
      phase = loads ? 64'(load_cycles_i) : cycles;
      begins = valid_i & ~busy_i;
      loading = begins ? loads : state_q == StLoad;
      ends = begins ? phase == 64'd1 : step_i & (state_q == StLoad | state_q == StWork) & now_i == due_q;
      if (begins) begin
        // this is its first cycle
        state_d = loads ? StLoad : StWork;
        due_d = now_i + phase - 64'd1;
      end else if (valid_i || state_q == StDrain) begin
        state_d = StDrain;
        if (step_i && !stays_i) begin
          // the next one is
          first_d = 1'b1;
          state_d = loads ? StLoad : StWork;
          due_d = now_i + phase;
        end
      end
      if (ends) begin
        state_d = loading ? StWork : StIdle;
        due_d = now_i + cycles;
      end
    end
    done_o = ends & ~loading;
    refused_o = done_o & (forbidden | load_refused);
  end

  logic write;
  assign write = done_o & ~refused_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      first_q <= 1'b0;
    end else if (active) begin
      state_q <= state_d;
      first_q <= first_d;
      due_q <= due_d;
    end
    if (valid_i) begin
      op_q <= op_i;
      user_q <= user_i;
      value_q <= value_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cr0_q <= mmu_pkg::Cr0Reset;
      cr3_q <= '0;
      cr4_q <= '0;
      efer_q <= '0;
      pkru_q <= '0;
      context_q <= '0;
      for (int unsigned i = 0; i < 4; i++) pdpte_q[i] <= '0;
      pdpte_present_o <= '0;
      pdpte_frames_o <= '0;
    end else if (write) begin
      cr0_q <= cr0_d;
      cr3_q <= cr3_d;
      cr4_q <= cr4_d;
      efer_q <= efer_d;
      pkru_q <= pkru_d;
      context_q <= context_d;
      if (loads) begin
        pdpte_q[0] <= reply_pdpte0_i;
        pdpte_q[1] <= reply_pdpte1_i;
        pdpte_q[2] <= reply_pdpte2_i;
        pdpte_q[3] <= reply_pdpte3_i;
        pdpte_present_o <= {reply_pdpte3_i[mmu_pkg::EntryP], reply_pdpte2_i[mmu_pkg::EntryP],
                            reply_pdpte1_i[mmu_pkg::EntryP], reply_pdpte0_i[mmu_pkg::EntryP]};
        pdpte_frames_o <= {reply_pdpte3_i[51:12], reply_pdpte2_i[51:12], reply_pdpte1_i[51:12], reply_pdpte0_i[51:12]};
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // What it drops

  always_comb begin
    drop_all_o = 1'b0;
    drop_local_o = 1'b0;
    drop_page_o = 1'b0;
    if (write) begin
      unique case (op)
        mmu_pkg::OpCr0:    drop_all_o = cr0_changes[mmu_pkg::Cr0Pg] & ~cr0_d[mmu_pkg::Cr0Pg];
        mmu_pkg::OpCr3:    drop_local_o = 1'b1;
        mmu_pkg::OpCr4:    drop_all_o = cr4_changes[mmu_pkg::Cr4Pge] | cr4_changes[mmu_pkg::Cr4Pae]
                                      | cr4_changes[mmu_pkg::Cr4Pse]
                                      | (cr4_changes[mmu_pkg::Cr4Smep] & cr4_d[mmu_pkg::Cr4Smep]);
        mmu_pkg::OpEfer:   drop_all_o = efer_changes[mmu_pkg::EferNxe];
        mmu_pkg::OpInvlpg: drop_page_o = 1'b1;
        default: ;
      endcase
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Outputs

  assign context_o = context_q;
  assign root_o = cr3_q[51:12];

  // Outside long mode linear addresses have 32 bits.
  assign drop_vpn_o = {25'b0, value[31:12]};

  assign stays_o = state_d != StIdle;
  assign wake_o = state_d == StIdle || state_d == StDrain ? '1 : first_d & loads ? now_i + 64'd1 : due_d;

  always_comb begin
    peek_value_o = '0;
    if (peek_i) begin
      unique case (peek_index_i)
        4'd0:    peek_value_o = cr0_q;
        4'd1:    peek_value_o = cr3_q;
        4'd2:    peek_value_o = cr4_q;
        4'd3:    peek_value_o = efer_q;
        4'd4:    peek_value_o = pkru_q;
        default: peek_value_o = pdpte_q[peek_index_i[1:0]];
      endcase
    end
  end

endmodule
