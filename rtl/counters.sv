// SPDX-License-Identifier: MIT
// Every count of what the MMU does: 64 bits each, made from the event outputs. docs/timing.md, "What is counted".
// Numbered as struct counters of csrc/engine/engine.h has them. What belongs to the core reads 0 here: the references it
// has completed (number 0), and the account of its cycles (the last six).
//
//   events of a cycle ──► edge ──► counted; which entries an array dropped shows at that edge and is counted one later
//   index ──► tick of the debug port's clock ──► value: no time passes, nothing is disturbed
//
// In a cycle in which nothing but hits happens each port counts in one counter, chosen by all that there is to say of its
// hit; what such cycles add to the counters proper is summed up when these are read. In simulation this keeps the hit path
// short. In all other cycles (rare) each event counts by itself. Several of one cycle may count in one counter: they add up
// because they are counted one after another.

module counters #(
  parameter int unsigned Walkers = 1,
  parameter int unsigned Slots = Walkers,  // of memory commands
  parameter int unsigned Writebacks = 3 * (Slots + 1),
  parameter logic [2:0]  WalkLevels = '0,  // the timing caches that a walker looks up: L1D lowest
  parameter logic [2:0]  DataLevels = '0,  // and a part's data
  parameter int unsigned ItlbEntries = 1,
  parameter int unsigned ItlbLargeEntries = 1,
  parameter int unsigned DtlbEntries = 1,
  parameter int unsigned DtlbLargeEntries = 1,
  parameter int unsigned StlbEntries = 1,
  parameter int unsigned StlbLargeEntries = 1,
  parameter int unsigned PscWidth = 1
) (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,
  input  logic                                  step_i,
  input  logic [63:0]                           now_i,
  input  logic                                  skip_start_i,     // walk.start = 0

  input  logic                                  busy_i,           // a miss unit or a control operation is at work

  // the ports; levels are those of the entries that hit, 0 without a lookup
  input  logic                                  fetch_lookup_i,
  input  logic                                  fetch_hit_i,
  input  logic [1:0]                            fetch_level_i,
  input  mmu_pkg::filled_t                      fetch_filled_i,
  input  logic                                  fetch_begin_i,    // of its walk
  input  logic                                  fetch_answer_i,
  input  mmu_pkg::fault_e                       fetch_fault_i,
  input  logic [mmu_pkg::ErrorWidth-1:0]        fetch_error_i,
  input  logic                                  data_lookup_i,
  input  logic                                  data_hit_i,
  input  logic [1:0]                            data_level_i,
  input  mmu_pkg::filled_t                      data_filled_i,
  input  logic                                  data_begin_i,
  input  logic                                  data_answer_i,
  input  logic                                  data_write_i,     // what it answers
  input  mmu_pkg::fault_e                       data_fault_i,
  input  logic [mmu_pkg::ErrorWidth-1:0]        data_error_i,

  // the miss units: for the data port? The levels are those of what hits, and of what is filled.
  input  logic [Walkers-1:0]                    unit_data_i,
  input  logic [Walkers-1:0]                    merged_i,
  input  mmu_pkg::prefetched_t [Walkers-1:0]    prefetched_i,
  input  logic [Walkers-1:0]                    stlb_lookup_i,
  input  logic [Walkers-1:0]                    stlb_hit_i,
  input  logic [Walkers-1:0][1:0]               stlb_level_i,
  input  mmu_pkg::filled_t [Walkers-1:0]        stlb_filled_i,
  input  logic [Walkers-1:0][1:0]               fill_level_i,
  input  logic [Walkers-1:0][5:2]               psc_looked_i,
  input  logic [Walkers-1:0]                    psc_hit_i,
  input  logic [Walkers-1:0][5:2]               psc_filled_i,
  input  logic [Walkers-1:0][5:2]               psc_fill_evicts_i,

  // memory; the reply of this cycle's command stands at the edge
  input  logic [Slots-1:0]                    mem_valid_i,
  input  mmu_pkg::mem_e [Slots-1:0]           mem_command_i,
  input  logic [Slots-1:0][mmu_pkg::LevelWidth-1:0] mem_level_i,
  input  mmu_pkg::served_e [Slots-1:0]        mem_served_i,
  input  mmu_pkg::row_e [Slots-1:0]           mem_row_i,
  input  logic [Slots-1:0]                    early_swapped_i,
  input  logic [Slots-1:0]                    early_error_i,
  input  logic                                  served_data_i,
  input  mmu_pkg::served_e                      served_level_i,
  input  mmu_pkg::row_e                         served_row_i,
  input  logic [Writebacks-1:0]                 writeback_i,

  // control
  input  logic                                  control_done_i,
  input  logic                                  control_refused_i,
  input  mmu_pkg::op_e                          control_op_i,
  input  logic [1:0]                            control_type_i,   // INVPCID's

  // drops; the vectors show at the next edge
  input  logic [6:0]                            drop_i,
  input  logic [ItlbEntries-1:0]                dropped_itlb_i,
  input  logic [ItlbLargeEntries-1:0]           dropped_itlb_large_i,
  input  logic [DtlbEntries-1:0]                dropped_dtlb_i,
  input  logic [DtlbLargeEntries-1:0]           dropped_dtlb_large_i,
  input  logic [StlbEntries-1:0]                dropped_stlb_i,
  input  logic [StlbLargeEntries-1:0]           dropped_stlb_large_i,
  input  logic [4*PscWidth-1:0]                 dropped_psc_i,

  input  logic                                  debug_clk_i,      // debug: its tick shows counter peek_index_i, or 0
  input  logic                                  peek_i,
  input  logic [7:0]                            peek_index_i,
  output logic [63:0]                           peek_value_o
);

  // -------------------------------------------------------------------------------------------------------------------
  // Numbers

  localparam int unsigned Parts = 1;                 // by access_e
  localparam int unsigned Itlb = 4;                  // + Hits ... Drops
  localparam int unsigned Dtlb = 9;
  localparam int unsigned Stlb = 14;
  localparam int unsigned Psc = 19;                  // 5 a level, PDE first
  localparam int unsigned Cache = 39;                // 4 a level: hits, misses by walkers; the same by data
  localparam int unsigned WritebackCount = 51;
  localparam int unsigned Merged = 52;
  localparam int unsigned Walks = 53;
  localparam int unsigned WalkRefs = 54;
  localparam int unsigned WalkCycles = 55;
  localparam int unsigned AdUpdates = 56;
  localparam int unsigned CasFailures = 57;
  localparam int unsigned FaultsPage = 58;
  localparam int unsigned FaultsGp = 59;
  localparam int unsigned Controls = 60;
  localparam int unsigned ControlGps = 61;
  localparam int unsigned ItlbSizes = 62;            // 3 each: hits, fills, evictions, by size
  localparam int unsigned DtlbSizes = 71;
  localparam int unsigned StlbSizes = 80;
  localparam int unsigned WalkReads = 89;            // by level, PTE first, and served_e
  localparam int unsigned FaultsByError = 109;
  localparam int unsigned ControlsByOp = 173;
  localparam int unsigned InvpcidByType = 181;
  localparam int unsigned WalkerCycles = 185;
  localparam int unsigned Prefetch = 187;            // walks, refs, fills, evictions, cycles
  localparam int unsigned DramRows = 192;            // by row_e, RowHit first

  // of a TLB or a walk cache
  localparam int unsigned Hits = 0;                  // of a TLB: the sum of its sizes', made when it is read
  localparam int unsigned Misses = 1;
  localparam int unsigned Fills = 2;
  localparam int unsigned Evictions = 3;
  localparam int unsigned Drops = 4;

  logic [63:0] count_q[256];  // a power of two: no index leads out of it
  logic [63:0] fetch_hits_q[4];  // by level; 0: paging is off
  logic [63:0] data_hits_q[16];  // by data in L1D, write, level

  // -------------------------------------------------------------------------------------------------------------------
  // Anything but hits? What is not named here happens only while somebody is busy, or together with what is.

  logic rare;
  assign rare = busy_i | fetch_fault_i != mmu_pkg::FaultNone | data_fault_i != mmu_pkg::FaultNone
              | (fetch_lookup_i & ~(fetch_hit_i & fetch_answer_i)) | (data_lookup_i & ~(data_hit_i & data_answer_i))
              | (served_data_i & served_level_i != mmu_pkg::ServedL1d);

  // -------------------------------------------------------------------------------------------------------------------
  // Walks: of a port, begun and not answered

  logic [1:0] begins, answers, walking_q;
  logic [63:0] begun_q[2], ahead_q[Walkers];  // ahead: a prefetch's walk
  assign begins = {data_begin_i, fetch_begin_i};
  assign answers = {data_answer_i, fetch_answer_i};

  logic [6:0] drop_q;

  // -------------------------------------------------------------------------------------------------------------------
  // Counting

  task automatic fill(input int unsigned tlb, input int unsigned sizes, input logic [1:0] level, input logic evicts);
    count_q[tlb+Fills]++;
    count_q[8'(sizes+3+32'(level)-1)]++;
    if (evicts) begin
      count_q[tlb+Evictions]++;
      count_q[8'(sizes+6+32'(level)-1)]++;
    end
  endtask

  always_ff @(posedge clk_i) begin : count
    logic [63:0] cycles;
    logic [5:2] looked;
    if (!rst_ni) begin
      for (int unsigned i = 0; i < 256; i++) count_q[i] = '0;
      for (int unsigned i = 0; i < 4; i++) fetch_hits_q[i] = '0;
      for (int unsigned i = 0; i < 16; i++) data_hits_q[i] = '0;
      walking_q = '0;
      drop_q = '0;
    end else begin
      // drops of the cycle before
      if (drop_q != '0) begin
        if (drop_q[0]) count_q[Itlb+Drops] += 64'($countones(dropped_itlb_i));
        if (drop_q[1]) count_q[Itlb+Drops] += 64'($countones(dropped_itlb_large_i));
        if (drop_q[2]) count_q[Dtlb+Drops] += 64'($countones(dropped_dtlb_i));
        if (drop_q[3]) count_q[Dtlb+Drops] += 64'($countones(dropped_dtlb_large_i));
        if (drop_q[4]) count_q[Stlb+Drops] += 64'($countones(dropped_stlb_i));
        if (drop_q[5]) count_q[Stlb+Drops] += 64'($countones(dropped_stlb_large_i));
        for (int unsigned l = 0; l < 4; l++) begin
          if (drop_q[6]) count_q[Psc+5*l+Drops] += 64'($countones(dropped_psc_i[l*PscWidth+:PscWidth]));
        end
        drop_q = '0;
      end

      if (!rare) begin
        if (fetch_answer_i) fetch_hits_q[fetch_level_i]++;
        if (data_answer_i) data_hits_q[{served_data_i, data_write_i, data_level_i}]++;
      end else if (step_i) begin
        drop_q = drop_i;

        // the ports
        if (fetch_answer_i) count_q[Parts+2]++;
        if (data_answer_i) count_q[8'(Parts+32'(data_write_i))]++;
        if (fetch_lookup_i & fetch_hit_i) count_q[8'(ItlbSizes+32'(fetch_level_i)-1)]++;
        if (data_lookup_i & data_hit_i) count_q[8'(DtlbSizes+32'(data_level_i)-1)]++;
        if (fetch_lookup_i & ~fetch_hit_i) count_q[Itlb+Misses]++;
        if (data_lookup_i & ~data_hit_i) count_q[Dtlb+Misses]++;
        if (fetch_answer_i && fetch_fault_i == mmu_pkg::FaultPage) begin
          count_q[FaultsPage]++;
          count_q[8'(FaultsByError+32'(fetch_error_i))]++;
        end
        if (data_answer_i && data_fault_i == mmu_pkg::FaultPage) begin
          count_q[FaultsPage]++;
          count_q[8'(FaultsByError+32'(data_error_i))]++;
        end
        if (fetch_answer_i && fetch_fault_i == mmu_pkg::FaultGp) count_q[FaultsGp]++;
        if (data_answer_i && data_fault_i == mmu_pkg::FaultGp) count_q[FaultsGp]++;

        // walks: an absent PDPTE can end one before it begins
        for (int unsigned p = 0; p < 2; p++) begin
          if (begins[p] & ~walking_q[p]) begin
            count_q[Walks]++;
            walking_q[p] = 1'b1;
            begun_q[p] = now_i;
          end
          if (answers[p] & walking_q[p]) begin
            cycles = now_i + 64'd1 - begun_q[p];
            if (begins[p] & skip_start_i & ~(mem_valid_i[p%Walkers] & ~prefetched_i[p%Walkers].reads
                                             & unit_data_i[p%Walkers] == 1'(p))) begin
              cycles = '0;
            end
            count_q[WalkCycles] += cycles;
            count_q[WalkerCycles+p%Walkers] += cycles;
            walking_q[p] = 1'b0;
          end
        end

        for (int unsigned u = 0; u < Walkers; u++) begin
          if (merged_i[u]) count_q[Merged]++;

          // the second level
          if (stlb_lookup_i[u]) begin
            if (stlb_hit_i[u]) begin
              count_q[8'(StlbSizes+32'(stlb_level_i[u])-1)]++;
            end else begin
              count_q[Stlb+Misses]++;
            end
          end
          if (stlb_filled_i[u].valid & ~prefetched_i[u].second) begin
            fill(Stlb, StlbSizes, fill_level_i[u], stlb_filled_i[u].evicts);
          end
          if (!unit_data_i[u] && fetch_filled_i.valid && !(prefetched_i[u].first & ~prefetched_i[u].data)) begin
            fill(Itlb, ItlbSizes, fill_level_i[u], fetch_filled_i.evicts);
          end
          if (unit_data_i[u] && data_filled_i.valid && !(prefetched_i[u].first & prefetched_i[u].data)) begin
            fill(Dtlb, DtlbSizes, fill_level_i[u], data_filled_i.evicts);
          end

          // prefetches
          if (prefetched_i[u].begins) begin
            count_q[Prefetch]++;
            ahead_q[u] = now_i;
          end
          if (prefetched_i[u].over) count_q[Prefetch+4] += now_i + 64'd1 - ahead_q[u];
          if (prefetched_i[u].reads) count_q[Prefetch+1]++;
          if (prefetched_i[u].first | prefetched_i[u].second) begin
            count_q[Prefetch+2]++;
            if (prefetched_i[u].second ? stlb_filled_i[u].evicts
                : prefetched_i[u].data ? data_filled_i.evicts : fetch_filled_i.evicts) begin
              count_q[Prefetch+3]++;
            end
          end

          // the walk caches: of the levels looked up only the last can have hit
          looked = psc_looked_i[u];
          for (int unsigned l = 2; l <= 5; l++) begin
            if (looked[l]) begin
              if (psc_hit_i[u] && looked >> (l - 1) == '0) begin
                count_q[Psc+5*(l-2)+Hits]++;
              end else begin
                count_q[Psc+5*(l-2)+Misses]++;
              end
            end
            if (psc_filled_i[u][l]) count_q[Psc+5*(l-2)+Fills]++;
            if (psc_filled_i[u][l] & psc_fill_evicts_i[u][l]) begin
              count_q[Psc+5*(l-2)+Evictions]++;
            end
          end
        end

        // memory
        for (int unsigned u = 0; u < Slots; u++) begin
          if (mem_valid_i[u]) begin
            if (mem_command_i[u] == mmu_pkg::MemRead && !(u < Walkers && prefetched_i[u%Walkers].reads)) begin
              count_q[WalkRefs]++;
              count_q[8'(WalkReads+4*32'(mem_level_i[u])-4+32'(mem_served_i[u]))]++;
            end
            if (mem_command_i[u] == mmu_pkg::MemCas && !early_error_i[u]) begin
              if (early_swapped_i[u]) count_q[AdUpdates]++;
              else count_q[CasFailures]++;
            end
            for (int unsigned c = 0; c < 3; c++) begin
              if (WalkLevels[c] && 32'(mem_served_i[u]) == c) count_q[Cache+4*c]++;
              if (WalkLevels[c] && 32'(mem_served_i[u]) > c) count_q[Cache+4*c+1]++;
            end
            if (mem_row_i[u] != mmu_pkg::RowNone) begin
              count_q[8'(DramRows+32'(mem_row_i[u])-1)]++;
            end
          end
        end

        // data
        if (served_data_i) begin
          for (int unsigned c = 0; c < 3; c++) begin
            if (DataLevels[c] && 32'(served_level_i) == c) begin
              count_q[Cache+4*c+2]++;
            end
            if (DataLevels[c] && 32'(served_level_i) > c) count_q[Cache+4*c+3]++;
          end
          if (served_row_i != mmu_pkg::RowNone) begin
            count_q[8'(DramRows+32'(served_row_i)-1)]++;
          end
        end
        count_q[WritebackCount] += 64'($countones(writeback_i));

        // control
        if (control_done_i) begin
          count_q[Controls]++;
          if (control_refused_i) begin
            count_q[ControlGps]++;
          end else begin
            count_q[8'(ControlsByOp+32'(control_op_i))]++;
            if (control_op_i == mmu_pkg::OpInvpcid) begin
              count_q[8'(InvpcidByType+32'(control_type_i))]++;
            end
          end
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Reading

  // The hits of a TLB, of a level, and what ports with nothing but hits have to add
  always_ff @(posedge debug_clk_i) begin : show
    logic [63:0] sum;
    peek_value_o <= '0;
    if (peek_i) begin
      sum = count_q[peek_index_i];
      unique case (32'(peek_index_i))
        Parts + 2: begin
          for (int unsigned i = 0; i < 4; i++) sum += fetch_hits_q[i];
        end
        Parts, Parts + 1: begin
          for (int unsigned i = 0; i < 16; i++) begin
            if (i / 4 % 2 == 32'(peek_index_i) - Parts) sum += data_hits_q[i];
          end
        end
        Cache + 2: begin
          for (int unsigned i = 8; i < 16; i++) sum += data_hits_q[i];
        end
        Itlb + Hits, ItlbSizes, ItlbSizes + 1, ItlbSizes + 2: begin
          for (int unsigned l = 1; l < 4; l++) begin
            if (32'(peek_index_i) == Itlb + Hits || 32'(peek_index_i) == ItlbSizes + l - 1) sum += fetch_hits_q[l];
            if (32'(peek_index_i) == Itlb + Hits) sum += count_q[ItlbSizes+l-1];
          end
        end
        Dtlb + Hits, DtlbSizes, DtlbSizes + 1, DtlbSizes + 2: begin
          for (int unsigned i = 0; i < 16; i++) begin
            if (i % 4 != 0 && (32'(peek_index_i) == Dtlb + Hits || 32'(peek_index_i) == DtlbSizes + i % 4 - 1)) begin
              sum += data_hits_q[i];
            end
          end
          if (32'(peek_index_i) == Dtlb + Hits) begin
            sum += count_q[DtlbSizes] + count_q[DtlbSizes+1] + count_q[DtlbSizes+2];
          end
        end
        Stlb + Hits: sum += count_q[StlbSizes] + count_q[StlbSizes+1] + count_q[StlbSizes+2];
        default: ;
      endcase
      peek_value_o <= sum;
    end
  end

endmodule
