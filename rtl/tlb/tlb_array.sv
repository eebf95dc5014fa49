// SPDX-License-Identifier: MIT
// A set-associative array of translations, for one page size or several; fully associative = one set.
// Lookup: combinational, in the cycle asked. Touch, fill and drop: at the clock edge, in this order, so that a drop
// beats a fill of the same page but not a fill that took over its way. docs/timing.md, "Order within a cycle".
//
// Ports: one for each miss unit that looks up and fills. Of two fills in one cycle port 0's is the first: the second finds
// what it has left, its page as well as its way (finer point 35). Vectors hold port p in slice p.
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
  parameter int unsigned Ports = 1,
  parameter bit          Meets = Ports > 1,  // a lookup can hit in the cycle of a fill
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

  input  logic [Ports-1:0]             lookup_i,
  input  logic [Ports*mmu_pkg::VpnWidth-1:0] lookup_vpn_i,
  output logic [Ports-1:0]             hit_o,
  output logic [Ports*SetWidth-1:0]    hit_set_o,
  output logic [Ports*WayWidth-1:0]    hit_way_o,
  output mmu_pkg::entry_t [Ports-1:0]  hit_entry_o,
  input  logic [Ports-1:0]             touch_i,       // the hit of this cycle counts as a use

  input  logic [Ports-1:0]             fill_i,
  input  logic [Ports*mmu_pkg::VpnWidth-1:0] fill_vpn_i,
  input  mmu_pkg::entry_t [Ports-1:0]  fill_entry_i,
  output logic [Ports*SetWidth-1:0]    fill_set_o,
  output logic [Ports*WayWidth-1:0]    fill_way_o,
  output logic [Ports-1:0]             fill_evicts_o, // a valid entry of another page goes

  input  mmu_pkg::drops_t              drops_i,
  output logic                         drops_o,       // entries may go; which, dropped_o says after the edge
  output logic [Entries-1:0]           dropped_o,

  input  logic                         debug_clk_i,   // debug: its tick shows entry peek_index_i,
  input  logic                         peek_i,        // or nothing
  input  logic [IndexWidth-1:0]        peek_index_i,
  output mmu_pkg::peek_t               peek_o
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned KeyWidth = 2 + Vpn;

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
      2'd2:    key_of = {2'd2, vpn[mmu_pkg::VpnWidth-1:10], vpn[9] & ~wide, `BUG(11, 9'b0, vpn[8:0])};
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
  logic [WayWidth-1:0] lookup_way;
  logic [Ways-1:0] lookup_visible;
  always_comb begin
    hit_o = '0;
    hit_set_o = '0;
    hit_way_o = '0;
    hit_entry_o = '0;
    lookup_key = '0;
    lookup_set = '0;
    lookup_way = '0;
    lookup_visible = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      if (lookup_i[p]) begin
        for (int unsigned l = 1; l <= 3; l++) begin
          if (probe[l] && !hit_o[p]) begin
            lookup_key = key_of(2'(l), lookup_vpn_i[p*Vpn+:Vpn], quad_i);
            lookup_set = set_of(2'(l), lookup_vpn_i[p*Vpn+:Vpn], quad_i);
            lookup_visible = visible_q[lookup_set*Ways+:Ways];
            for (int unsigned w = 0; w < Ways; w++) begin
              if (lookup_visible[w] & tag_q[lookup_set*Ways+w] == lookup_key) begin
                hit_o[p] = 1'b1;
                lookup_way = WayWidth'(w);
              end
            end
          end
        end
        hit_set_o[p*SetWidth+:SetWidth] = lookup_set;
        if (hit_o[p]) begin
          hit_way_o[p*WayWidth+:WayWidth] = lookup_way;
          hit_entry_o[p] = data_q[IndexWidth'(lookup_set * Ways + `BUG(25, 32'(lookup_way), 32'(lookup_way) & ~32'd1))];
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Fill: over the entry of the same page, if it is visible or either is global (the lowest way, if there are several:
  // the others are dropped); else an invalid way, lowest first; else the policy's victim.

  logic first, second, doubles;
  logic [Vpn-1:0] first_vpn, second_vpn;
  mmu_pkg::entry_t first_entry, second_entry;
  logic [KeyWidth-1:0] first_key, second_key;
  logic [SetWidth-1:0] first_set, second_set;
  logic [WayWidth-1:0] first_fixed_way, second_fixed_way, first_way, second_way;
  logic [IndexWidth-1:0] first_index, second_index;
  logic first_fixed, second_fixed;
  logic [Ways-1:0] first_same, second_same;  // what a fill doubles, and drops

  assign first = |fill_i;
  assign second = Ports > 1 & &fill_i;
  assign first_vpn = fill_i[0] ? fill_vpn_i[0+:Vpn] : fill_vpn_i[(Ports-1)*Vpn+:Vpn];
  assign first_entry = fill_i[0] ? fill_entry_i[0] : fill_entry_i[Ports-1];
  assign second_vpn = fill_vpn_i[(Ports-1)*Vpn+:Vpn];
  assign second_entry = fill_entry_i[Ports-1];

  // {the way is fixed, which one; what is doubled}, of those entries of a set that are valid, and that may be the same
  // page's. `after`: a way holds what the first fill brings.
  function automatic logic [Ways+WayWidth:0] place(input logic [KeyWidth-1:0] key, input logic [SetWidth-1:0] set,
                                                   input logic [Ways-1:0] valid, input logic [Ways-1:0] rivals,
                                                   input logic after, input logic [WayWidth-1:0] after_way);
    logic [WayWidth-1:0] way;
    logic [Ways-1:0] same;
    logic fixed, again;
    way = '0;
    same = '0;
    fixed = 1'b0;
    again = 1'b0;
    for (int unsigned w = Ways; w > 0; w--) begin
      if (`BUG(50, !valid[w-1], 1'b0)) begin
        fixed = 1'b1;
        way = WayWidth'(w - 1);
      end
    end
    for (int unsigned w = Ways; w > 0; w--) begin
      if ((`BUG(26, rivals[w-1], 1'b0) & tag_q[set*Ways+(w-1)] == key)
          | (after & after_way == WayWidth'(w - 1) & first_key == key)) begin
        again = 1'b1;
        fixed = 1'b1;
        way = WayWidth'(w - 1);
        same[w-1] = 1'b1;
      end
    end
    if (again) same[way] = 1'b0;
    place = {fixed, way, same};
  endfunction

  logic [Ways+WayWidth:0] first_place, second_place;
  assign {first_fixed, first_fixed_way, first_same} = first_place;
  assign {second_fixed, second_fixed_way, second_same} = second_place;
  always_comb begin
    first_key = '0;
    first_set = '0;
    first_place = '0;
    if (first) begin
      first_key = key_of(first_entry.level, first_vpn, quad_i);
      first_set = set_of(first_entry.level, first_vpn, quad_i);
      first_place = place(
          first_key, first_set, valid_q[first_set*Ways+:Ways],
          first_entry.is_global ? valid_q[first_set*Ways+:Ways] : visible_q[first_set*Ways+:Ways], 1'b0, '0);
    end
  end
  assign first_index = IndexWidth'(first_set * Ways + 32'(first_way));

  // The second finds the first's entry in its way. What the first doubles is still there: drops come after fills.
  logic [Ways-1:0] taken;
  always_comb begin
    second_key = '0;
    second_set = '0;
    taken = '0;
    second_place = '0;
    if (second) begin
      second_key = key_of(second_entry.level, second_vpn, quad_i);
      second_set = set_of(second_entry.level, second_vpn, quad_i);
      if (first_set == second_set) taken[first_way] = 1'b1;
      second_place = place(
          second_key, second_set, valid_q[second_set*Ways+:Ways] | taken,
          (second_entry.is_global ? valid_q[second_set*Ways+:Ways] : visible_q[second_set*Ways+:Ways]) & ~taken,
          first_set == second_set, first_way);
    end
  end
  assign second_index = IndexWidth'(second_set * Ways + 32'(second_way));
  assign doubles = first_same != '0 | second_same != '0;

  // A port's fill is the second only if port 0 fills, too.
  for (genvar p = 0; p < Ports; p++) begin : g_filled
    if (p == 0) begin : g_first
      assign fill_set_o[0+:SetWidth] = first_set;
      assign fill_way_o[0+:WayWidth] = first_way;
      assign fill_evicts_o[0] = fill_i[0] & ~first_fixed;
    end else begin : g_second
      assign fill_set_o[p*SetWidth+:SetWidth] = second ? second_set : first_set;
      assign fill_way_o[p*WayWidth+:WayWidth] = second ? second_way : first_way;
      assign fill_evicts_o[p] = fill_i[p] & ~(second ? second_fixed : first_fixed);
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Drops: the state after the fill, less what a drop names

  // The masks are as wide as the array: they are made only when something changes but the one bit that a fill sets.
  assign drops_o = drops_i.any | doubles;

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
      if (first) begin
        valid[first_index] = 1'b1;
        globals[first_index] = first_entry.is_global;
        visible[first_index] = 1'b1;
        dropped[first_set*Ways+:Ways] = first_same;
      end
      if (second) begin
        valid[second_index] = 1'b1;
        globals[second_index] = second_entry.is_global;
        visible[second_index] = 1'b1;
        dropped[second_set*Ways+:Ways] = dropped[second_set*Ways+:Ways] | second_same;
        dropped[second_index] = 1'b0;
      end
      if (drops_i.select | drops_i.what == mmu_pkg::DropPcid) begin
        for (int unsigned i = 0; i < Entries; i++) of_pcid[i] = pcid_q[i] == drops_i.pcid;
      end
      case (drops_i.what)
        mmu_pkg::DropAll:     dropped = valid;
        mmu_pkg::DropLocal:   dropped = valid & `BUG(19, ~globals, '1);
        mmu_pkg::DropCurrent: dropped = visible;
        mmu_pkg::DropPcid:    dropped = valid & ~globals & of_pcid;
        default: ;
      endcase
      for (int unsigned d = 0; d < 2; d++) begin
        vpn = d == 0 ? drops_i.a_vpn : drops_i.b_vpn;
        if (d == 0 ? drops_i.a | drop_page : drops_i.b) begin
          for (int unsigned l = 1; l <= 3; l++) begin
            if (probe[l]) begin
              key = `BUG(12, key_of(2'(l), vpn, quad_i), {2'(l), vpn});
              set = set_of(2'(l), vpn, quad_i);
              for (int unsigned w = 0; w < Ways; w++) begin
                index = IndexWidth'(set * Ways + w);
                // a way that is being filled is what the fill makes of it
                tag = `BUG(10, first & first_index == index, 1'b0) ? first_key : tag_q[index];
                if (second & second_index == index) tag = second_key;
                candidate = visible[index] & `BUG(20, 1'b1, ~globals[index] | ~drop_page);
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
      visible_q <= (drops_i.select ? valid & (`BUG(18, globals, '0) | of_pcid) : visible) & ~dropped;
      dropped_o <= dropped;
    end else if (first) begin
      valid_q[first_index] <= 1'b1;
      global_q[first_index] <= first_entry.is_global;
      visible_q[first_index] <= 1'b1;
      if (second) begin
        valid_q[second_index] <= 1'b1;
        global_q[second_index] <= second_entry.is_global;
        visible_q[second_index] <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (first) begin
      tag_q[first_index] <= first_key;
      pcid_q[first_index] <= pcid_i;
      data_q[first_index] <= first_entry;
    end
    if (second) begin
      tag_q[second_index] <= second_key;
      pcid_q[second_index] <= pcid_i;
      data_q[second_index] <= second_entry;
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // Replacement

  replacement #(
    .Policy(Policy),
    .Sets(Sets),
    .Ways(Ways),
    .Ports(Ports),
    .Meets(Meets)
  ) replacement (
    .clk_i,
    .rst_ni,
    .touch_i,
    .touch_set_i(hit_set_o),
    .touch_way_i(hit_way_o),
    .first_i(first),
    .first_set_i(first_set),
    .first_fixed_i(first_fixed),
    .first_fixed_way_i(first_fixed_way),
    .first_way_o(first_way),
    .second_i(second),
    .second_set_i(second_set),
    .second_fixed_i(second_fixed),
    .second_fixed_way_i(second_fixed_way),
    .second_way_o(second_way)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // Debug port

  // Written bit by bit: they are not sampled themselves, else a simulator makes a copy of it at each edge of clk_i.
  logic peek_valid, peek_global;
  always_comb begin
    peek_valid = 1'b0;
    peek_global = 1'b0;
    if (peek_i) begin
      peek_valid = valid_q[peek_index_i];
      peek_global = global_q[peek_index_i];
    end
  end

  always_ff @(posedge debug_clk_i) begin
    peek_o <= '0;
    if (peek_i) begin
      peek_o.valid <= peek_valid;
      peek_o.vpn <= tag_q[peek_index_i][mmu_pkg::VpnWidth-1:0];
      peek_o.pcid <= peek_global ? '0 : pcid_q[peek_index_i];
      peek_o.entry <= data_q[peek_index_i];
    end
  end

endmodule
