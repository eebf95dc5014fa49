// SPDX-License-Identifier: MIT
// What an array of translations promises, shared by simulation (tlb_array_probe binds it) and proof (formal/tlb_array.sv).
//
// One page of one PCID is watched: take_i makes it that of the next fill. A shadow keeps what was last filled for it and
// whether anything has dropped or displaced it since. For entries that stand twice one set is looked at: watch_set_i.

module tlb_array_claims #(
  parameter int unsigned Sets = 1,
  parameter int unsigned Ways = 1,
  parameter int unsigned Ports = 1,
  parameter int unsigned Entries = Sets * Ways,
  parameter int unsigned SetWidth = 1,
  parameter int unsigned EntryWidth = 51
) (
  input logic                                clk_i,
  input logic                                rst_ni,
  input logic                                take_i,
  input logic [SetWidth-1:0]                 watch_set_i,
  input logic                                quad_i,
  input logic [mmu_pkg::PcidWidth-1:0]       pcid_i,
  input logic [Entries-1:0]                  valid_q,
  input logic [Entries-1:0]                  visible_q,
  input logic [Entries-1:0]                  global_q,
  input logic [Ways*(mmu_pkg::VpnWidth+2)-1:0] set_tags,   // of watch_set_i
  input logic [Ways*mmu_pkg::PcidWidth-1:0]  set_pcids,
  input logic [Ports-1:0]                    lookup_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0]  lookup_vpn_i,
  input logic [Ports-1:0]                    hit_o,
  input logic [Ports*EntryWidth-1:0]         hit_entry,
  input logic [Ports-1:0]                    touch_i,
  input logic [Ports-1:0]                    fill_i,
  input logic [Ports*mmu_pkg::VpnWidth-1:0]  fill_vpn_i,
  input logic [Ports*EntryWidth-1:0]         fill_entry,
  input logic [Ports-1:0]                    fill_evicts_o,
`ifdef YOSYS
  input logic                                gigantic_i,
  input logic [Entries*(mmu_pkg::VpnWidth+2)-1:0] all_tags,
  input logic [Entries*mmu_pkg::PcidWidth-1:0] all_pcids,
  input logic [Entries*EntryWidth-1:0]       all_entries,
`endif
  input mmu_pkg::drops_t                     drops_i
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned KeyWidth = Vpn + 2;

  // The page that a level's entry of an address maps: the bits inside it cleared.
  function automatic logic [KeyWidth-1:0] page_of(input logic [1:0] level, input logic [Vpn-1:0] vpn, input logic quad);
    page_of = {level, vpn};
    if (level == 2'd2) page_of[8:0] = '0;
    if (level == 2'd2 && quad) page_of[9] = 1'b0;
    if (level == 2'd3) page_of[17:0] = '0;
  endfunction

  // -------------------------------------------------------------------------------------------------------------------
  // Of one page each PCID has one entry at most, its own or a global one.

  logic twice, hidden;
  logic [Ways-1:0] set_valid, set_global, set_visible;
  always_comb begin
    set_valid = valid_q[watch_set_i*Ways+:Ways];
    set_global = global_q[watch_set_i*Ways+:Ways];
    set_visible = visible_q[watch_set_i*Ways+:Ways];
    twice = 1'b0;
    hidden = 1'b0;
    for (int unsigned w = 0; w < Ways; w++) begin
      for (int unsigned v = 0; v < w; v++) begin
        if (set_valid[w] && set_valid[v] && set_tags[w*KeyWidth+:KeyWidth] == set_tags[v*KeyWidth+:KeyWidth]
            && (set_global[w] || set_global[v]
                || set_pcids[w*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth]
                   == set_pcids[v*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth])) begin
          twice = 1'b1;
        end
      end
      if (set_visible[w] != (set_valid[w] && (set_global[w]
                                              || set_pcids[w*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth] == pcid_i))) begin
        hidden = 1'b1;
      end
    end
  end

  // -------------------------------------------------------------------------------------------------------------------
  // The shadow: fills, the first port's first, then drops

  logic armed_q, watching_q, there_q, there, drops_page;
  logic [KeyWidth-1:0] page_q, page;
  logic [mmu_pkg::PcidWidth-1:0] owner_q, owner;
  logic [EntryWidth-1:0] entry_q, entry, filled;
  mmu_pkg::entry_t shadow, first_filled, filled_as;
  assign first_filled = fill_i[0] ? fill_entry[0+:EntryWidth] : fill_entry[(Ports-1)*EntryWidth+:EntryWidth];
  always_comb begin
    page = page_q;
    owner = owner_q;
    there = there_q;
    entry = entry_q;
    filled = '0;
    filled_as = '0;
    if (armed_q && fill_i != '0) begin
      page = page_of(first_filled.level, fill_i[0] ? fill_vpn_i[0+:Vpn] : fill_vpn_i[(Ports-1)*Vpn+:Vpn], quad_i);
      owner = pcid_i;
      there = 1'b0;
    end
    for (int unsigned p = 0; p < Ports; p++) begin
      filled = fill_entry[p*EntryWidth+:EntryWidth];
      filled_as = filled;
      if (fill_i[p] && page_of(filled_as.level, fill_vpn_i[p*Vpn+:Vpn], quad_i) == page) begin
        shadow = entry;
        if (filled_as.is_global || pcid_i == owner) begin
          there = 1'b1;
          entry = filled;
        end else if (shadow.is_global) begin
          there = 1'b0;
        end
      end
    end
    shadow = entry;
    drops_page = page_of(page[KeyWidth-1:Vpn], drops_i.a_vpn, quad_i) == page;
    case (drops_i.what)
      mmu_pkg::DropAll:      there = 1'b0;
      mmu_pkg::DropLocal:    if (!shadow.is_global) there = 1'b0;
      mmu_pkg::DropCurrent:  if (shadow.is_global || pcid_i == owner) there = 1'b0;
      mmu_pkg::DropPcid:     if (!shadow.is_global && drops_i.pcid == owner) there = 1'b0;
      mmu_pkg::DropPage:     if (drops_page && (shadow.is_global || pcid_i == owner)) there = 1'b0;
      mmu_pkg::DropPcidPage: if (drops_page && !shadow.is_global && drops_i.pcid == owner) there = 1'b0;
      default: ;
    endcase
    if (shadow.is_global || pcid_i == owner) begin
      if (drops_i.a && drops_page) there = 1'b0;
      if (drops_i.b && page_of(page[KeyWidth-1:Vpn], drops_i.b_vpn, quad_i) == page) there = 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      armed_q <= 1'b0;
      watching_q <= 1'b0;
      there_q <= 1'b0;
    end else begin
      armed_q <= take_i | (armed_q & fill_i == '0);
      watching_q <= watching_q | (armed_q & fill_i != '0);
      there_q <= there;
      page_q <= page;
      owner_q <= owner;
      entry_q <= entry;
    end
  end

  logic wrong;
  mmu_pkg::entry_t found;
  always_comb begin
    wrong = 1'b0;
    found = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      found = hit_entry[p*EntryWidth+:EntryWidth];
      if (watching_q && hit_o[p] && pcid_i == owner_q
          && page_of(found.level, lookup_vpn_i[p*Vpn+:Vpn], quad_i) == page_q) begin
        wrong = wrong | ~there_q | hit_entry[p*EntryWidth+:EntryWidth] != entry_q;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      // Of a page a PCID finds one entry at most, its own or a global one: a lookup hits at most once for each page size.
      TlbNoPageTwice: assert (!twice);
      // What the current PCID sees is its own valid entries and the global ones.
      TlbSeesItsOwnAndGlobal: assert (!hidden);
      // A hit gives what was filled last for its page and PCID, and nothing has dropped that since.
      TlbHitIsTheLastFill: assert (!wrong);
      // Hits answer lookups, uses are hits, evictions come of fills.
      TlbHitsOnlyLookups: assert ((hit_o & ~lookup_i) == '0);
      TlbTouchesOnlyHits: assert ((touch_i & ~hit_o) == '0);
      TlbEvictsOnlyByFills: assert ((fill_evicts_o & ~fill_i) == '0);
    end
  end

`ifdef YOSYS
  // What makes the claims inductive. For proofs only: it looks at all entries in every cycle.
  logic misplaced, unlike, double, unknown;
  logic [KeyWidth-1:0] tag;
  logic [mmu_pkg::PcidWidth-1:0] of_pcid;
  mmu_pkg::entry_t held;
  logic [31:0] home;
  always_comb begin
    misplaced = 1'b0;
    unlike = 1'b0;
    double = 1'b0;
    unknown = 1'b0;
    tag = '0;
    of_pcid = '0;
    home = '0;
    held = entry_q;
    if (watching_q && (page_of(page_q[KeyWidth-1:Vpn], page_q[Vpn-1:0], quad_i) != page_q || page_q[KeyWidth-1:Vpn] == '0
                       || (there_q && held.level != page_q[KeyWidth-1:Vpn]))) unknown = 1'b1;
    for (int unsigned i = 0; i < Entries; i++) begin
      tag = all_tags[i*KeyWidth+:KeyWidth];
      of_pcid = all_pcids[i*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth];
      held = all_entries[i*EntryWidth+:EntryWidth];
      case (tag[KeyWidth-1:Vpn])
        2'd1:    home = 32'(tag[Vpn-1:0]);
        2'd2:    home = quad_i ? 32'(tag[Vpn-1:10]) : 32'(tag[Vpn-1:9]);
        default: home = 32'(tag[Vpn-1:18]);
      endcase
      if (valid_q[i]) begin
        if ((home & 32'(Sets - 1)) != 32'(i / Ways)) misplaced = 1'b1;
        if (page_of(tag[KeyWidth-1:Vpn], tag[Vpn-1:0], quad_i) != tag || tag[KeyWidth-1:Vpn] == '0
            || (tag[KeyWidth-1:Vpn] == 2'd3 && !gigantic_i) || held.level != tag[KeyWidth-1:Vpn]
            || held.is_global != global_q[i]) unlike = 1'b1;
        if (watching_q && tag == page_q && (global_q[i] || of_pcid == owner_q)
            && (!there_q || all_entries[i*EntryWidth+:EntryWidth] != entry_q)) unknown = 1'b1;
        for (int unsigned j = 0; j < i; j++) begin
          if (valid_q[j] && tag == all_tags[j*KeyWidth+:KeyWidth]
              && (global_q[i] || global_q[j] || of_pcid == all_pcids[j*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth])) begin
            double = 1'b1;
          end
        end
      end
      if (visible_q[i] != (valid_q[i] && (global_q[i] || of_pcid == pcid_i))) unlike = 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      TlbEntriesAreInTheirSet: assert (!misplaced);
      TlbEntriesSayWhatTheyAre: assert (!unlike);
      TlbEntriesDiffer: assert (!double);
      TlbShadowKnows: assert (!unknown);
    end
  end
`endif

endmodule
