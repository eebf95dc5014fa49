// SPDX-License-Identifier: MIT
// The paging-structure caches of all levels, and from where a walk sets out: below the deepest hit.
// docs/timing.md, "Walk caches" and finer points 22 to 24. A cache of 0 entries does not exist.
//
//   deepest first   PDE ──► hit: read a PTE next          the hit is counted and touched, deeper levels count a miss,
//                    miss ▼                                shallower ones nothing
//                   PDPTE ──► hit: read a PDE next         32-bit and PAE paging: the PDE cache only
//                    miss ▼                                4-level: no PML5E
//                   PML4E, PML5E the same; no hit: from the top
//
// Vectors [5:2] are by level: 2 = PDE ... 5 = PML5E.

module walk_caches #(
  parameter int unsigned Pde = 0,
  parameter int unsigned Pdpte = 0,
  parameter int unsigned Pml4e = 0,
  parameter int unsigned Pml5e = 0,
  parameter int unsigned Ports = 1, // walkers; vectors [Ports-1:0] are by walker
  parameter int unsigned Width = 1  // of the debug and drop vectors: the largest number of entries, at least 1
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  mmu_pkg::context_t              context_i,

  input  logic [Ports-1:0]               lookup_i,
  input  logic [Ports-1:0][mmu_pkg::VpnWidth-1:0] lookup_vpn_i,
  output logic [Ports-1:0]               hit_o,
  output logic [Ports-1:0][mmu_pkg::LevelWidth-1:0] level_o, // of the table found
  output logic [Ports-1:0][51:12]        table_o,
  output mmu_pkg::rights_t [Ports-1:0]   rights_o,
  output logic [Ports-1:0][5:2]          looked_o,      // levels that count this lookup
  output logic [Ports-1:0][7:0]          hit_way_o,

  input  logic [Ports-1:0]               fill_i,
  input  logic [Ports-1:0][mmu_pkg::VpnWidth-1:0] fill_vpn_i,
  input  logic [Ports-1:0][5:2]          fill_levels_i,
  input  logic [Ports-1:0][4*40-1:0]     fill_tables_i,
  input  logic [Ports-1:0][4*3-1:0]      fill_rights_i,
  output logic [Ports-1:0][5:2]          filled_o,
  output logic [Ports-1:0][4*8-1:0]      fill_ways_o,
  output logic [Ports-1:0][5:2]          fill_evicts_o,

  input  mmu_pkg::drops_t                drops_i,
  output logic                           drops_o,       // entries may go; which, dropped_o says after the edge
  output logic [4*Width-1:0]             dropped_o,     // level 2 first

  input  logic                           probe_i,       // port 0's lookup is the debug port's: it touches nothing
  input  logic [5:2]                     peek_i,
  input  logic [15:0]                    peek_index_i,
  output mmu_pkg::peek_t                 peek_o         // frame and rights
);

  localparam int unsigned Sizes[6] = '{0, 0, Pde, Pdpte, Pml4e, Pml5e};

  logic drop_all, drop_space;
  assign drop_all = drops_i.what == mmu_pkg::DropAll | drops_i.what == mmu_pkg::DropLocal;
  assign drop_space = drops_i.what != mmu_pkg::DropNone & ~drop_all;

  // What the mode has.
  logic [5:2] has;
  assign has = {context_i.mode == mmu_pkg::Mode5Level & Pml5e != 0, context_i.wide & Pml4e != 0,
                context_i.wide & Pdpte != 0, Pde != 0};

  logic [5:2] valid;
  logic [4*Width-1:0] dropped;
  logic [Ports-1:0] hits[2:5], touches[2:5];
  logic [Ports-1:0][mmu_pkg::FrameWidth-1:0] frames[2:5];
  mmu_pkg::rights_t [Ports-1:0] rights[2:5];
  logic [Ports-1:0][7:0] ways[2:5];
  logic [mmu_pkg::FrameWidth-1:0] peek_frames[2:5];
  mmu_pkg::rights_t peek_rights[2:5];
  logic [mmu_pkg::VpnWidth-1:0] peek_vpns[2:5];
  logic [mmu_pkg::PcidWidth-1:0] peek_pcids[2:5];

  for (genvar l = 2; l <= 5; l++) begin : g_level
    if (Sizes[l] != 0) begin : g_cache
      localparam int unsigned IndexWidth = Sizes[l] > 1 ? $clog2(Sizes[l]) : 1;
      logic [Ports-1:0] fills, evicts;
      logic [Ports*IndexWidth-1:0] hit_way, fill_way;
      logic [Ports-1:0][mmu_pkg::FrameWidth-1:0] fill_frames;
      mmu_pkg::rights_t [Ports-1:0] fill_rights;
      logic [Sizes[l]-1:0] gone;
      walk_cache #(
        .Level(l),
        .Entries(Sizes[l]),
        .Ports(Ports)
      ) cache (
        .clk_i,
        .rst_ni,
        .quad_i(context_i.mode == mmu_pkg::Mode32Bit),
        .pcid_i(context_i.pcid),
        .lookup_i(has[l] ? lookup_i : '0),
        .lookup_vpn_i,
        .hit_o(hits[l]),
        .hit_way_o(hit_way),
        .hit_frame_o(frames[l]),
        .hit_rights_o(rights[l]),
        .touch_i(touches[l]),
        .fill_i(fills),
        .fill_vpn_i,
        .fill_frame_i(fill_frames),
        .fill_rights_i(fill_rights),
        .fill_way_o(fill_way),
        .fill_evicts_o(evicts),
        .drop_all_i(drop_all),
        .drop_pcid_i(drops_i.pcid),
        .drop_space_i(drop_space),
        .drop_a_i(drops_i.a),
        .drop_a_vpn_i(drops_i.a_vpn),
        .drop_b_i(drops_i.b),
        .drop_b_vpn_i(drops_i.b_vpn),
        .dropped_o(gone),
        .peek_i(peek_i[l]),
        .peek_index_i(peek_index_i[IndexWidth-1:0]),
        .peek_valid_o(valid[l]),
        .peek_vpn_o(peek_vpns[l]),
        .peek_pcid_o(peek_pcids[l]),
        .peek_frame_o(peek_frames[l]),
        .peek_rights_o(peek_rights[l])
      );
      for (genvar p = 0; p < Ports; p++) begin : g_port
        assign fills[p] = fill_i[p] & fill_levels_i[p][l] & has[l];
        assign fill_frames[p] = fill_tables_i[p][(l-2)*40+:40];
        assign fill_rights[p] = fill_rights_i[p][(l-2)*3+:3];
        assign ways[l][p] = 8'(hit_way[p*IndexWidth+:IndexWidth]);
        assign filled_o[p][l] = fills[p];
        assign fill_evicts_o[p][l] = evicts[p];
        assign fill_ways_o[p][(l-2)*8+:8] = 8'(fill_way[p*IndexWidth+:IndexWidth]);
      end
      assign dropped[(l-2)*Width+:Width] = Width'(gone);
    end else begin : g_none
      assign hits[l] = '0;
      assign frames[l] = '0;
      assign rights[l] = '0;
      assign ways[l] = '0;
      for (genvar p = 0; p < Ports; p++) begin : g_port
        assign filled_o[p][l] = 1'b0;
        assign fill_evicts_o[p][l] = 1'b0;
        assign fill_ways_o[p][(l-2)*8+:8] = '0;
      end
      assign dropped[(l-2)*Width+:Width] = '0;
      assign valid[l] = 1'b0;
      assign peek_vpns[l] = '0;
      assign peek_pcids[l] = '0;
      assign peek_frames[l] = '0;
      assign peek_rights[l] = '0;
    end
  end

  always_comb begin
    hit_o = '0;
    level_o = '0;
    table_o = '0;
    rights_o = '0;
    looked_o = '0;
    hit_way_o = '0;
    for (int unsigned l = 2; l <= 5; l++) touches[l] = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (lookup_i[p]) begin
        for (int unsigned l = 2; l <= 5; l++) begin
          if (!hit_o[p]) begin
            looked_o[p][l] = has[l];
            if (hits[l][p]) begin
              hit_o[p] = 1'b1;
              touches[l][p] = ~probe_i;
              level_o[p] = mmu_pkg::LevelWidth'(l - 1);
              table_o[p] = frames[l][p];
              rights_o[p] = rights[l][p];
              hit_way_o[p] = ways[l][p];
            end
          end
        end
      end
    end
  end

  assign drops_o = drops_i.what != mmu_pkg::DropNone | drops_i.a | drops_i.b;
  always_ff @(posedge clk_i) begin
    if (drops_o) dropped_o <= dropped;
  end

  always_comb begin
    peek_o = '0;
    peek_o.valid = |valid;
    for (int unsigned l = 2; l <= 5; l++) begin
      if (peek_i[l]) begin
        peek_o.vpn = peek_vpns[l];
        peek_o.pcid = peek_pcids[l];
        peek_o.entry.frame = peek_frames[l];
        peek_o.entry.rights = peek_rights[l];
      end
    end
  end

endmodule
