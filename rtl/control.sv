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
// The operands hold from the strobe to the last cycle (mmu_top registers them). From the arrival to the last cycle nothing is accepted (hold_o).

module control (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         step_i,         // a cycle happens
  input  logic [63:0]                  now_i,
  input  logic [31:0]                  cr_cycles_i,
  input  logic [31:0]                  invlpg_cycles_i,
  input  logic [31:0]                  invpcid_cycles_i,
  input  logic [31:0]                  segment_cycles_i,
  input  logic [32:0]                  load_cycles_i,  // of the PDPTEs, in the load's first cycle: latency + walk.step
  input  logic [51:0]                  beyond_i,       // the physical address bits from MAXPHYADDR up
  input  logic                         has_pcid_i,     // the machine has PCIDs and INVPCID
  input  logic                         has_global_i,   // it has global pages

  input  logic                         valid_i,        // an operation arrives
  input  mmu_pkg::op_e                 op_i,
  input  logic                         user_i,
  input  logic [63:0]                  value_i,
  input  logic [63:0]                  type_i,         // INVPCID
  input  logic [63:0]                  pcid_i,         // INVPCID
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
  output logic [31:0]                  pkru_o,
  output logic [51:12]                 root_o,
  output logic [3:0]                   pdpte_present_o,
  output logic [4*40-1:0]              pdpte_frames_o,

  output logic                         segment_load_o, // the segment register is written
  output mmu_pkg::drop_e               drop_o,
  output logic [mmu_pkg::PcidWidth-1:0] drop_pcid_o,   // whose; the current one unless the operation names another
  output logic                         select_o,       // that one becomes current
  output logic [mmu_pkg::VpnWidth-1:0] drop_vpn_o,

  output logic                         stays_o,
  output logic [63:0]                  wake_o,

  input  logic                         debug_clk_i,    // debug: its tick shows register peek_index_i, or 0
  input  logic                         peek_i,
  input  logic [3:0]                   peek_index_i,   // by op_e, then 8..11 the PDPTE registers
  output logic [63:0]                  peek_value_o
);

  typedef enum logic [1:0] {StIdle, StDrain, StLoad, StWork} state_e;

  state_e state_q, state_d;
  logic [63:0] due_q, due_d;
  logic first_q, first_d;  // the next cycle is the operation's first

  logic [63:0] cr0_q, cr3_q, cr4_q, efer_q, pkru_q;
  logic [63:0] pdpte_q[4];
  mmu_pkg::context_t context_q;

  // -------------------------------------------------------------------------------------------------------------------
  // The operation in hand

  logic active;
  assign active = valid_i | state_q != StIdle;
  assign hold_o = active;

  // -------------------------------------------------------------------------------------------------------------------
  // What it would make of the registers, and whether its value alone refuses it

  logic [63:0] cr0_d, cr3_d, cr4_d, efer_d, pkru_d;
  logic [63:0] cr0_changes, cr4_changes, efer_changes;
  logic forbidden, long_now, canonical;
  assign long_now = context_q.wide;
  always_comb begin
    canonical = 1'b1;
    cr0_d = cr0_q;
    cr3_d = cr3_q;
    cr4_d = cr4_q;
    efer_d = efer_q;
    pkru_d = pkru_q;
    forbidden = 1'b0;
    if (active) begin
      forbidden = user_i & op_i != mmu_pkg::OpPkru;
      unique case (op_i)
        mmu_pkg::OpCr0: begin
          cr0_d = value_i & mmu_pkg::Cr0Kept;
          cr0_d[mmu_pkg::Cr0Et] = 1'b1;
          if (|value_i[63:32]) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr0Pg] & ~value_i[mmu_pkg::Cr0Pe]) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr0Nw] & ~value_i[mmu_pkg::Cr0Cd]) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr0Pg] & efer_q[mmu_pkg::EferLme] & ~cr4_q[mmu_pkg::Cr4Pae]) forbidden = 1'b1;
          if (~value_i[mmu_pkg::Cr0Pg] & cr0_q[mmu_pkg::Cr0Pg] & cr4_q[mmu_pkg::Cr4Pcide]) forbidden = 1'b1;
        end
        mmu_pkg::OpCr3: begin
          cr3_d = value_i;
          cr3_d[mmu_pkg::Cr3Keep] = 1'b0;
          if (|value_i[62:52] | |(value_i[51:0] & beyond_i)) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr3Keep] & ~cr4_q[mmu_pkg::Cr4Pcide]) forbidden = 1'b1;
        end
        mmu_pkg::OpCr4: begin
          cr4_d = value_i;
          if (|(value_i & ~mmu_pkg::Cr4Known)) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr4Pcide] & ~has_pcid_i) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr4Pge] & ~has_global_i) forbidden = 1'b1;
          if (long_now & ~value_i[mmu_pkg::Cr4Pae]) forbidden = 1'b1;
          if (long_now & (value_i[mmu_pkg::Cr4La57] ^ cr4_q[mmu_pkg::Cr4La57])) forbidden = 1'b1;
          if (value_i[mmu_pkg::Cr4Pcide] & ~cr4_q[mmu_pkg::Cr4Pcide] & (~long_now | |cr3_q[11:0])) forbidden = 1'b1;
        end
        mmu_pkg::OpEfer: begin
          efer_d = value_i & mmu_pkg::EferKept;
          if (|(value_i & ~mmu_pkg::EferKnown)) forbidden = 1'b1;
          if (cr0_q[mmu_pkg::Cr0Pg] & (value_i[mmu_pkg::EferLme] ^ efer_q[mmu_pkg::EferLme])) forbidden = 1'b1;
        end
        mmu_pkg::OpPkru: begin
          pkru_d = value_i;
          if (|value_i[63:32]) forbidden = 1'b1;
        end
        mmu_pkg::OpInvlpg, mmu_pkg::OpInvpcid: begin
          if (context_q.mode == mmu_pkg::Mode5Level) canonical = value_i[63:57] == {7{value_i[56]}};
          if (context_q.mode == mmu_pkg::Mode4Level) canonical = value_i[63:48] == {16{value_i[47]}};
          if (op_i == mmu_pkg::OpInvpcid) begin
            if (~has_pcid_i) forbidden = 1'b1;
            if (|type_i[63:2] | |pcid_i[63:12]) forbidden = 1'b1;
            if (~type_i[1] & |pcid_i[11:0] & ~cr4_q[mmu_pkg::Cr4Pcide]) forbidden = 1'b1;
            if (type_i[1:0] == 2'd0 & ~canonical) forbidden = 1'b1;
          end
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
      context_d.wide = cr0_d[mmu_pkg::Cr0Pg] & efer_d[mmu_pkg::EferLme];
      context_d.mode = mmu_pkg::ModeNone;
      if (context_d.wide) begin
        context_d.mode = cr4_d[mmu_pkg::Cr4La57] ? mmu_pkg::Mode5Level : mmu_pkg::Mode4Level;
      end else if (cr0_d[mmu_pkg::Cr0Pg]) begin
        context_d.mode = cr4_d[mmu_pkg::Cr4Pae] ? mmu_pkg::ModePae : mmu_pkg::Mode32Bit;
      end
      context_d.wp = cr0_d[mmu_pkg::Cr0Wp];
      context_d.pse = cr4_d[mmu_pkg::Cr4Pse];
      context_d.pge = cr4_d[mmu_pkg::Cr4Pge];
      context_d.smep = cr4_d[mmu_pkg::Cr4Smep];
      context_d.smap = cr4_d[mmu_pkg::Cr4Smap];
      context_d.pke = cr4_d[mmu_pkg::Cr4Pke] & context_d.wide;
      context_d.pcid = cr4_d[mmu_pkg::Cr4Pcide] ? cr3_d[11:0] : '0;
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
            & (op_i == mmu_pkg::OpCr3
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

  // The latency of the load shows in its first cycle.
  logic begins, loading, ends;
  logic [63:0] cycles, due_now;
  always_comb begin
    state_d = state_q;
    due_now = load_o ? now_i + 64'(load_cycles_i) - 64'd1 : due_q;
    due_d = due_now;
    first_d = first_q & ~step_i;
    begins = 1'b0;
    loading = 1'b0;
    ends = 1'b0;
    cycles = '0;
    if (active) begin
      unique case (op_i)
        mmu_pkg::OpInvlpg:  cycles = 64'(invlpg_cycles_i);
        mmu_pkg::OpInvpcid: cycles = 64'(invpcid_cycles_i);
        mmu_pkg::OpSegment: cycles = 64'(segment_cycles_i);
        default:            cycles = 64'(cr_cycles_i);
      endcase
      begins = valid_i & ~busy_i;
      loading = begins ? loads : state_q == StLoad;
      if (begins) begin
        // this is its first cycle
        state_d = loads ? StLoad : StWork;
        if (!loads) due_d = now_i + cycles - 64'd1;
        ends = now_i == due_d;
      end else if (valid_i || state_q == StDrain) begin
        state_d = StDrain;
        if (step_i && !stays_i) begin
          // the next one is
          first_d = 1'b1;
          state_d = loads ? StLoad : StWork;
          due_d = now_i + cycles;  // a load's shows in its first cycle
        end
      end else begin
        ends = step_i & now_i == due_now;
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

  logic pcide;
  assign pcide = cr4_q[mmu_pkg::Cr4Pcide];

  always_comb begin
    drop_o = mmu_pkg::DropNone;
    drop_pcid_o = context_q.pcid;
    select_o = 1'b0;
    segment_load_o = 1'b0;
    if (write) begin
      unique case (op_i)
        mmu_pkg::OpCr0: if (cr0_changes[mmu_pkg::Cr0Pg] & ~cr0_d[mmu_pkg::Cr0Pg]) drop_o = `BUG(9, mmu_pkg::DropAll, mmu_pkg::DropNone);
        mmu_pkg::OpCr3: begin
          if (!pcide) drop_o = mmu_pkg::DropLocal;
          else if (!value_i[mmu_pkg::Cr3Keep]) drop_o = mmu_pkg::DropPcid;
          drop_pcid_o = context_d.pcid;
          select_o = context_d.pcid != context_q.pcid;
        end
        mmu_pkg::OpCr4: begin
          if (cr4_changes[mmu_pkg::Cr4Pae] | cr4_changes[mmu_pkg::Cr4Pse]
              | (cr4_changes[mmu_pkg::Cr4Smep] & cr4_d[mmu_pkg::Cr4Smep])) drop_o = mmu_pkg::DropCurrent;
          if (cr4_changes[mmu_pkg::Cr4Pge] | (cr4_changes[mmu_pkg::Cr4Pcide] & pcide)) drop_o = mmu_pkg::DropAll;
        end
        mmu_pkg::OpEfer:   if (efer_changes[mmu_pkg::EferNxe]) drop_o = mmu_pkg::DropCurrent;
        mmu_pkg::OpInvlpg: if (canonical) drop_o = mmu_pkg::DropPage;
        mmu_pkg::OpInvpcid: begin
          unique case (type_i[1:0])
            2'd0:    drop_o = mmu_pkg::DropPcidPage;
            2'd1:    drop_o = mmu_pkg::DropPcid;
            2'd2:    drop_o = mmu_pkg::DropAll;
            default: drop_o = mmu_pkg::DropLocal;
          endcase
          drop_pcid_o = pcid_i[11:0];
        end
        mmu_pkg::OpSegment: segment_load_o = 1'b1;
        default: ;
      endcase
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Outputs

  assign context_o = context_q;
  assign pkru_o = pkru_q[31:0];
  assign root_o = cr3_q[51:12];

  // Outside long mode linear addresses have 32 bits.
  assign drop_vpn_o = {long_now ? value_i[56:32] : 25'b0, value_i[31:12]};

  assign stays_o = state_d != StIdle;
  assign wake_o = state_d == StIdle || state_d == StDrain ? '1 : first_d & loads ? now_i + 64'd1 : due_d;

  always_ff @(posedge debug_clk_i) begin
    peek_value_o <= '0;
    if (peek_i) begin
      unique case (peek_index_i)
        4'd0:    peek_value_o <= cr0_q;
        4'd1:    peek_value_o <= cr3_q;
        4'd2:    peek_value_o <= cr4_q;
        4'd3:    peek_value_o <= efer_q | 64'(context_q.wide) << mmu_pkg::EferLma;
        4'd4:    peek_value_o <= pkru_q;
        default: peek_value_o <= pdpte_q[peek_index_i[1:0]];
      endcase
    end
  end

endmodule
