// SPDX-License-Identifier: MIT
// Proof environment of an array of translations: any lookups, fills and drops of a few pages, sizes and PCIDs. The bits of
// an address or an entry beyond those few are carried about and compared, no more.

module prove_tlb_array #(
  parameter int unsigned Sets = 2,
  parameter int unsigned Ways = 2,
  parameter int unsigned Ports = 1,
  parameter int unsigned Policy = mmu_pkg::ReplaceLru,
  parameter bit          Holds4k = 1'b1,
  parameter bit          HoldsLarge = 1'b1,
  parameter int unsigned SetWidth = Sets > 1 ? $clog2(Sets) : 1,
  parameter int unsigned WayWidth = Ways > 1 ? $clog2(Ways) : 1,
  parameter int unsigned Entries = Sets * Ways
) (
  input logic               clk_i,
  input logic               rst_ni,
  input logic [Ports-1:0]   lookup_i,
  input logic [Ports*5-1:0] lookup_page_i,
  input logic [Ports-1:0]   used_i,
  input logic [Ports-1:0]   fill_i,
  input logic [Ports*5-1:0] fill_page_i,
  input logic [Ports*4-1:0] fill_data_i,
  input mmu_pkg::drop_e     what_i,
  input logic               drop_pcid_i,
  input logic               select_i,
  input logic               drop_a_i,
  input logic [4:0]         drop_a_page_i,
  input logic               drop_b_i,
  input logic [4:0]         drop_b_page_i
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned EntryWidth = 51;

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;

  // The mode is fixed: a change of it empties the arrays.
  (* anyconst *) logic quad_i;
  (* anyconst *) logic gigantic_i;

  // Of a page number: the set and the tag of a small page, of a 2 and 4 MiB one, and a bit of a 1 GiB one.
  function automatic logic [Vpn-1:0] page(input logic [4:0] bits);
    page = '0;
    page[0] = bits[0];
    page[1] = bits[1];
    page[9] = bits[2];
    page[10] = bits[3];
    page[18] = bits[4];
  endfunction

  logic pcid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) pcid_q <= 1'b0;
    else if (select_i) pcid_q <= drop_pcid_i;
  end
  logic [mmu_pkg::PcidWidth-1:0] pcid_i;
  assign pcid_i = 12'(pcid_q);

  logic [Ports*Vpn-1:0] lookup_vpn_i, fill_vpn_i;
  logic [Ports*EntryWidth-1:0] fill_entry_i, hit_entry_o;
  logic [1:0] level;
  logic bad_level;
  mmu_pkg::entry_t entry;
  mmu_pkg::drops_t drops_i;
  logic [Ports-1:0] hit_o, touch_i, fill_evicts_o;
  always_comb begin
    bad_level = 1'b0;
    for (int unsigned p = 0; p < Ports; p++) begin
      lookup_vpn_i[p*Vpn+:Vpn] = page(lookup_page_i[p*5+:5]);
      fill_vpn_i[p*Vpn+:Vpn] = page(fill_page_i[p*5+:5]);
      level = fill_data_i[p*4+:2];
      entry = '0;
      entry.level = level;
      entry.is_global = fill_data_i[p*4+2];
      entry.dirty = fill_data_i[p*4+3];
      fill_entry_i[p*EntryWidth+:EntryWidth] = entry;
      if (level == 2'd0 || (level == 2'd1 && !Holds4k) || (level[1] && !HoldsLarge)
          || (level == 2'd3 && !gigantic_i)) bad_level = 1'b1;
    end
    drops_i = '0;
    drops_i.what = what_i;
    drops_i.pcid = 12'(drop_pcid_i);
    drops_i.select = select_i;
    drops_i.a = drop_a_i;
    drops_i.b = drop_b_i;
    drops_i.a_vpn = page(drop_a_page_i);
    drops_i.b_vpn = page(drop_b_page_i);
    drops_i.any = what_i != mmu_pkg::DropNone | select_i | drop_a_i | drop_b_i;
  end
  assign touch_i = used_i & hit_o;

  always_comb begin
    assume (rst_ni == started_q);
    assume (rst_ni || fill_i == '0);
    assume (!(quad_i && gigantic_i));
    assume (!bad_level);
    assume (what_i != 3'd7);
    // an operation acts alone; only a CR3 write changes the PCID, and then drops nothing or the new one's
    assume (!select_i || ((what_i == mmu_pkg::DropNone || what_i == mmu_pkg::DropPcid) && drop_pcid_i != pcid_q));
    assume (!(select_i || what_i != mmu_pkg::DropNone) || (fill_i == '0 && lookup_i == '0 && !drop_a_i && !drop_b_i));
    // with one port lookups and fills never meet
    assume (Ports > 1 || touch_i == '0 || fill_i == '0);
  end

  logic [Ports*SetWidth-1:0] hit_set_o, fill_set_o;
  logic [Ports*WayWidth-1:0] hit_way_o, fill_way_o;
  logic [Entries-1:0] dropped_o;
  logic drops_o;
  mmu_pkg::peek_t peek_o;
  tlb_array #(
    .Sets(Sets),
    .Ways(Ways),
    .Policy(Policy),
    .Holds4k(Holds4k),
    .HoldsLarge(HoldsLarge),
    .Ports(Ports)
  ) dut (
    .debug_clk_i(1'b0),
    .peek_i(1'b0),
    .peek_index_i('0),
    .*
  );

endmodule
