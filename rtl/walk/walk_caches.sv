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
  input  logic                           debug_clk_i,
  input  logic [5:2]                     peek_i,
  input  logic [15:0]                    peek_index_i,
  output mmu_pkg::peek_t                 peek_o         // frame and rights
);

  localparam int unsigned Sizes[6] = '{0, 0, Pde, Pdpte, Pml4e, Pml5e};

  logic drop_all, drop_space;
  always_comb begin
    drop_all = 1'b0;
    drop_space = 1'b0;
    if (drops_i.any) begin
      drop_all = drops_i.what == mmu_pkg::DropAll | drops_i.what == mmu_pkg::DropLocal;
      drop_space = `BUG(8, drops_i.what != mmu_pkg::DropNone, drops_i.what == mmu_pkg::DropPcid) & ~drop_all;
    end
  end

  // What the mode has.
  logic [5:2] has;
  assign has = {context_i.mode == mmu_pkg::Mode5Level & Pml5e != 0, context_i.wide & Pml4e != 0,
                context_i.wide & Pdpte != 0, Pde != 0};

  // A level is asked only where no deeper one has hit, so that at most one of them answers.
  logic [4*Width-1:0] dropped;
  for (genvar l = 2; l <= 5; l++) begin : g_level
    logic [Ports-1:0] asked, hit;
    logic [Ports-1:0][mmu_pkg::FrameWidth-1:0] frame;
    mmu_pkg::rights_t [Ports-1:0] rights;
    logic [Ports-1:0][7:0] way;
    logic [Ports-1:0] fills, evicts;
    logic [Ports-1:0][7:0] fill_way;
    mmu_pkg::peek_t peek;
    if (l == 2) begin : g_deepest
      assign asked = lookup_i;
    end else begin : g_next
      assign asked = g_level[l-1].asked & ~g_level[l-1].hit;
    end
    if (Sizes[l] != 0) begin : g_cache
      localparam int unsigned IndexWidth = Sizes[l] > 1 ? $clog2(Sizes[l]) : 1;
      logic [Ports*IndexWidth-1:0] hit_way, taken_way;
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
        .lookup_i(has[l] ? asked : '0),
        .lookup_vpn_i,
        .hit_o(hit),
        .hit_way_o(hit_way),
        .hit_frame_o(frame),
        .hit_rights_o(rights),
        .touch_i(probe_i ? '0 : hit),
        .fill_i(fills),
        .fill_vpn_i,
        .fill_frame_i(fill_frames),
        .fill_rights_i(fill_rights),
        .fill_way_o(taken_way),
        .fill_evicts_o(evicts),
        .drop_all_i(drop_all),
        .drop_pcid_i(drops_i.pcid),
        .drop_space_i(drop_space),
        .drop_a_i(drops_i.a),
        .drop_a_vpn_i(drops_i.a_vpn),
        .drop_b_i(drops_i.b),
        .drop_b_vpn_i(drops_i.b_vpn),
        .dropped_o(gone),
        .debug_clk_i,
        .peek_i(peek_i[l]),
        .peek_index_i(peek_index_i[IndexWidth-1:0]),
        .peek_o(peek)
      );
      for (genvar p = 0; p < Ports; p++) begin : g_port
        assign fills[p] = fill_i[p] & fill_levels_i[p][l] & has[l];
        assign fill_frames[p] = fill_tables_i[p][(l-2)*40+:40];
        assign fill_rights[p] = fill_rights_i[p][(l-2)*3+:3];
        assign way[p] = 8'(hit_way[p*IndexWidth+:IndexWidth]);
        assign fill_way[p] = 8'(taken_way[p*IndexWidth+:IndexWidth]);
      end
      assign dropped[(l-2)*Width+:Width] = Width'(gone);
    end else begin : g_none
      assign hit = '0;
      assign frame = '0;
      assign rights = '0;
      assign way = '0;
      assign fills = '0;
      assign evicts = '0;
      assign fill_way = '0;
      assign dropped[(l-2)*Width+:Width] = '0;
      assign peek = '0;
    end
  end

  always_comb begin
    hit_o = '0;
    level_o = '0;
    table_o = '0;
    rights_o = '0;
    looked_o = '0;
    hit_way_o = '0;
    if (lookup_i != '0) begin
      hit_o = g_level[2].hit | g_level[3].hit | g_level[4].hit | g_level[5].hit;
      table_o = g_level[2].frame | g_level[3].frame | g_level[4].frame | g_level[5].frame;
      rights_o = g_level[2].rights | g_level[3].rights | g_level[4].rights | g_level[5].rights;
      hit_way_o = g_level[2].way | g_level[3].way | g_level[4].way | g_level[5].way;
      for (int unsigned p = 0; p < Ports; p++) begin
        looked_o[p] = has & `BUG(49, 4'b1111, {g_level[5].hit[p], g_level[4].hit[p], g_level[3].hit[p], 1'b1})
                    & {g_level[5].asked[p], g_level[4].asked[p], g_level[3].asked[p], g_level[2].asked[p]};
        if (g_level[2].hit[p]) level_o[p] = 3'd1;
        if (g_level[3].hit[p]) level_o[p] = 3'd2;
        if (g_level[4].hit[p]) level_o[p] = 3'd3;
        if (g_level[5].hit[p]) level_o[p] = 3'd4;
      end
    end
  end

  always_comb begin
    filled_o = '0;
    fill_evicts_o = '0;
    fill_ways_o = '0;
    if (fill_i != '0) begin
      for (int unsigned p = 0; p < Ports; p++) begin
        filled_o[p] = {g_level[5].fills[p], g_level[4].fills[p], g_level[3].fills[p], g_level[2].fills[p]};
        fill_evicts_o[p] = {g_level[5].evicts[p], g_level[4].evicts[p], g_level[3].evicts[p], g_level[2].evicts[p]};
        fill_ways_o[p] = {g_level[5].fill_way[p], g_level[4].fill_way[p], g_level[3].fill_way[p], g_level[2].fill_way[p]};
      end
    end
  end

  assign drops_o = drops_i.any;
  always_ff @(posedge clk_i) begin
    if (drops_o) dropped_o <= dropped;
  end

  assign peek_o = g_level[2].peek | g_level[3].peek | g_level[4].peek | g_level[5].peek;

endmodule
