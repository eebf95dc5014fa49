// SPDX-License-Identifier: MIT
// A set-associative array of translations, for one page size or several; fully associative = one set.
// Lookup: combinational, in the cycle asked. Touch, fill and drop: at the clock edge, in this order, so that a drop
// beats a fill of the same page but not a fill that took over its way. docs/timing.md, "Order within a cycle".
//
//   key (what a way is compared with)     level | page number, the bits inside a large page cleared
//   set of a page                         the low bits of the page number in units of its own size
//
//   level 1 (4 KiB)   VA: | page number ............... set | offset 11:0  |
//   level 2 (2 MiB)       | page number ...... set | offset 20:0           |   (4 MiB in 32-bit mode: 21:0)
//   level 3 (1 GiB)       | page ...... set | offset 29:0                  |
//
// There is one match: `tag_q[i] == key`. Lookups, fills (is the page here already?) and drops all use it.
// PCIDs are not part of it: visible_q says of each entry whether the current PCID may use it (its own, or global), and is
// made anew when the PCID changes, which is rare; so a lookup costs no more for them.

module tlb_array #(
  parameter int unsigned Sets = 16,
  parameter int unsigned Ways = 4,
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter bit          Holds4k = 1'b1,
  parameter bit          HoldsLarge = 1'b0,
  parameter int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned Entries = Sets * Ways,
  parameter int unsigned IndexWidth = Entries > 1 ? $clog2(Entries) : 1
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         quad_i,        // level 2 is 4 MiB, not 2
  input  logic                         gigantic_i,    // the mode has 1 GiB pages
  input  logic [mmu_pkg::PcidWidth-1:0] pcid_i,       // the current one

  input  logic                         lookup_i,
  input  logic [mmu_pkg::VpnWidth-1:0] lookup_vpn_i,
  output logic                         hit_o,
  output logic [SetWidth-1:0]          hit_set_o,
  output logic [WayWidth-1:0]          hit_way_o,
  output mmu_pkg::entry_t              hit_entry_o,
  input  logic                         touch_i,       // the hit of this cycle counts as a use

  input  logic                         fill_i,
  input  logic [mmu_pkg::VpnWidth-1:0] fill_vpn_i,
  input  mmu_pkg::entry_t              fill_entry_i,
  output logic [SetWidth-1:0]          fill_set_o,
  output logic [WayWidth-1:0]          fill_way_o,
  output logic                         fill_evicts_o, // a valid entry of another page goes

  input  mmu_pkg::drops_t              drops_i,
  output logic                         drops_o,       // entries may go; which, dropped_o says after the edge
  output logic [Entries-1:0]           dropped_o,

  input  logic                         peek_i,
  input  logic [IndexWidth-1:0]        peek_index_i,
  output mmu_pkg::peek_t               peek_o
);

  localparam int unsigned KeyWidth = 2 + mmu_pkg::VpnWidth;

  logic [Entries-1:0] valid_q, global_q, visible_q;
  logic [KeyWidth-1:0] tag_q[Entries];
  logic [mmu_pkg::PcidWidth-1:0] pcid_q[Entries];
  mmu_pkg::entry_t data_q[Entries];

  // -------------------------------------------------------------------------------------------------------------------
  // Keys and sets

  function automatic logic [KeyWidth-1:0] key_of(input logic [1:0] level, input logic [mmu_pkg::VpnWidth-1:0] vpn,
                                                 input logic wide);
    case (level)
      2'd1:    key_of = {2'd1, vpn};
      2'd2:    key_of = {2'd2, vpn[mmu_pkg::VpnWidth-1:10], vpn[9] & ~wide, 9'b0};
      default: key_of = {2'd3, vpn[mmu_pkg::VpnWidth-1:18], 18'b0};
    endcase
  endfunction

  function automatic logic [SetWidth-1:0] set_of(input logic [1:0] level, input logic [mmu_pkg::VpnWidth-1:0] vpn,
                                                 input logic wide);
    if (Sets == 1) begin
      set_of = '0;
    end else begin
      case (level)
        2'd1:    set_of = vpn[0+:SetWidth];
        2'd2:    set_of = wide ? vpn[10+:SetWidth] : vpn[9+:SetWidth];
        default: set_of = vpn[18+:SetWidth];
      endcase
    end
  endfunction

  // Which sizes a probe must try; constant for an array that holds one.
  logic [3:1] probe;
  assign probe = {HoldsLarge & gigantic_i, HoldsLarge, Holds4k};

  // -------------------------------------------------------------------------------------------------------------------
  // Lookup: all sizes, the smallest that matches wins. No branch in the inner loop, one read of the payload after it.

  logic [KeyWidth-1:0] lookup_key;
  logic [SetWidth-1:0] lookup_set;
  logic [Ways-1:0] lookup_visible;
  always_comb begin
    hit_o = 1'b0;
    hit_set_o = '0;
    hit_way_o = '0;
    hit_entry_o = '0;
    lookup_key = '0;
    lookup_set = '0;
    lookup_visible = '0;
    if (lookup_i) begin
      for (int unsigned l = 1; l <= 3; l++) begin
        if (probe[l] && !hit_o) begin
          lookup_key = key_of(2'(l), lookup_vpn_i, quad_i);
          lookup_set = set_of(2'(l), lookup_vpn_i, quad_i);
          lookup_visible = visible_q[lookup_set*Ways+:Ways];
          hit_set_o = lookup_set;
          for (int unsigned w = 0; w < Ways; w++) begin
            if (lookup_visible[w] & tag_q[lookup_set*Ways+w] == lookup_key) begin
              hit_o = 1'b1;
              hit_way_o = WayWidth'(w);
            end
          end
        end
      end
      if (hit_o) hit_entry_o = data_q[IndexWidth'(hit_set_o * Ways + 32'(hit_way_o))];
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Fill: over the entry of the same page, if it is visible or either is global (the lowest way, if there are several:
  // the others are dropped); else an invalid way, lowest first; else the policy's victim.

  logic [WayWidth-1:0] victim_way;
  logic [KeyWidth-1:0] fill_key;
  logic [IndexWidth-1:0] fill_index;
  logic [Ways-1:0] fill_valid, fill_rivals, fill_same;
  logic fill_again, fill_doubles;
  always_comb begin
    fill_key = '0;
    fill_set_o = '0;
    if (fill_i) begin
      fill_key = key_of(fill_entry_i.level, fill_vpn_i, quad_i);
      fill_set_o = set_of(fill_entry_i.level, fill_vpn_i, quad_i);
    end
  end

  always_comb begin
    fill_way_o = '0;
    fill_evicts_o = 1'b0;
    fill_index = '0;
    fill_valid = '0;
    fill_rivals = '0;
    fill_same = '0;
    fill_again = 1'b0;
    fill_doubles = 1'b0;
    if (fill_i) begin
      fill_valid = valid_q[fill_set_o*Ways+:Ways];
      fill_rivals = fill_entry_i.is_global ? fill_valid : visible_q[fill_set_o*Ways+:Ways];
      fill_way_o = victim_way;
      for (int unsigned w = Ways; w > 0; w--) begin
        if (!fill_valid[w-1]) fill_way_o = WayWidth'(w - 1);
      end
      for (int unsigned w = Ways; w > 0; w--) begin
        if (fill_rivals[w-1] & tag_q[fill_set_o*Ways+(w-1)] == fill_key) begin
          fill_doubles = fill_again;
          fill_again = 1'b1;
          fill_way_o = WayWidth'(w - 1);
          fill_same[w-1] = 1'b1;
        end
      end
      if (fill_again) fill_same[fill_way_o] = 1'b0;
      fill_evicts_o = &fill_valid & ~fill_again;
      fill_index = IndexWidth'(fill_set_o * Ways + 32'(fill_way_o));
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Drops: the state after the fill, less what a drop names

  // The masks are as wide as the array: they are made only when something changes but the one bit that a fill sets.
  assign drops_o = drops_i.what != mmu_pkg::DropNone | drops_i.select | drops_i.a | drops_i.b | fill_doubles;

  logic drop_page;
  assign drop_page = drops_i.what == mmu_pkg::DropPage | drops_i.what == mmu_pkg::DropPcidPage;

  always_ff @(posedge clk_i) begin : masks
    logic [Entries-1:0] valid, globals, visible, of_pcid, dropped;
    logic [KeyWidth-1:0] key, tag;
    logic [SetWidth-1:0] set;
    logic [IndexWidth-1:0] index;
    logic [mmu_pkg::VpnWidth-1:0] vpn;
    logic candidate;
    if (!rst_ni) begin
      valid_q <= '0;
      global_q <= '0;
      visible_q <= '0;
    end else if (drops_o) begin
      valid = valid_q;
      globals = global_q;
      visible = visible_q;
      of_pcid = '0;
      dropped = '0;
      if (fill_i) begin
        valid[fill_index] = 1'b1;
        globals[fill_index] = fill_entry_i.is_global;
        visible[fill_index] = 1'b1;
        dropped[fill_set_o*Ways+:Ways] = fill_same;
      end
      if (drops_i.select | drops_i.what == mmu_pkg::DropPcid) begin
        for (int unsigned i = 0; i < Entries; i++) of_pcid[i] = pcid_q[i] == drops_i.pcid;
      end
      case (drops_i.what)
        mmu_pkg::DropAll:     dropped = valid;
        mmu_pkg::DropLocal:   dropped = valid & ~globals;
        mmu_pkg::DropCurrent: dropped = visible;
        mmu_pkg::DropPcid:    dropped = valid & ~globals & of_pcid;
        default: ;
      endcase
      for (int unsigned d = 0; d < 2; d++) begin
        vpn = d == 0 ? drops_i.a_vpn : drops_i.b_vpn;
        if (d == 0 ? drops_i.a | drop_page : drops_i.b) begin
          for (int unsigned l = 1; l <= 3; l++) begin
            if (probe[l]) begin
              key = key_of(2'(l), vpn, quad_i);
              set = set_of(2'(l), vpn, quad_i);
              for (int unsigned w = 0; w < Ways; w++) begin
                index = IndexWidth'(set * Ways + w);
                // the way that is being filled is what the fill makes of it
                tag = fill_i & fill_index == index ? fill_key : tag_q[index];
                candidate = visible[index];
                if (drops_i.what == mmu_pkg::DropPcidPage) begin
                  candidate = valid[index] & ~globals[index] & pcid_q[index] == drops_i.pcid;
                end
                if (candidate & tag == key) dropped[index] = 1'b1;
              end
            end
          end
        end
      end
      valid_q <= valid & ~dropped;
      global_q <= globals;
      visible_q <= (drops_i.select ? valid & (globals | of_pcid) : visible) & ~dropped;
      dropped_o <= dropped;
    end else if (fill_i) begin
      valid_q[fill_index] <= 1'b1;
      global_q[fill_index] <= fill_entry_i.is_global;
      visible_q[fill_index] <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (fill_i) begin
      tag_q[fill_index] <= fill_key;
      pcid_q[fill_index] <= pcid_i;
      data_q[fill_index] <= fill_entry_i;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Replacement: touched by hits and fills, which can't meet in one array as long as a port waits for its walk.

  logic touch;
  logic [SetWidth-1:0] touch_set;
  logic [WayWidth-1:0] touch_way;
  assign touch = touch_i | fill_i;
  assign touch_set = fill_i ? fill_set_o : hit_set_o;
  assign touch_way = fill_i ? fill_way_o : hit_way_o;

  if (Policy == mmu_pkg::ReplacePlru) begin : g_plru
    replace_plru #(
      .Sets(Sets),
      .Ways(Ways)
    ) plru (
      .clk_i,
      .rst_ni,
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(fill_i),
      .victim_set_i(fill_set_o),
      .victim_way_o(victim_way)
    );
  end else if (Policy == mmu_pkg::ReplaceFifo) begin : g_fifo
    replace_fifo #(
      .Sets(Sets),
      .Ways(Ways)
    ) fifo (
      .clk_i,
      .rst_ni,
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(fill_i),
      .victim_set_i(fill_set_o),
      .victim_way_o(victim_way),
      .replace_i(fill_evicts_o)
    );
  end else if (Policy == mmu_pkg::ReplaceNru) begin : g_nru
    replace_nru #(
      .Sets(Sets),
      .Ways(Ways)
    ) nru (
      .clk_i,
      .rst_ni,
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(fill_i),
      .victim_set_i(fill_set_o),
      .victim_way_o(victim_way),
      .replace_i(fill_evicts_o)
    );
  end else if (Policy == mmu_pkg::ReplaceRandom) begin : g_random
    replace_random #(
      .Sets(Sets),
      .Ways(Ways)
    ) random (
      .clk_i,
      .rst_ni,
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(fill_i),
      .victim_set_i(fill_set_o),
      .victim_way_o(victim_way),
      .replace_i(fill_evicts_o)
    );
  end else begin : g_lru
    replace_lru #(
      .Sets(Sets),
      .Ways(Ways)
    ) lru (
      .clk_i,
      .touch_i(touch),
      .touch_set_i(touch_set),
      .touch_way_i(touch_way),
      .victim_i(fill_i),
      .victim_set_i(fill_set_o),
      .victim_way_o(victim_way)
    );
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Debug port

  always_comb begin
    peek_o = '0;
    if (peek_i) begin
      peek_o.valid = valid_q[peek_index_i];
      peek_o.vpn = tag_q[peek_index_i][mmu_pkg::VpnWidth-1:0];
      peek_o.pcid = pcid_q[peek_index_i];
      peek_o.entry = data_q[peek_index_i];
    end
  end

endmodule
