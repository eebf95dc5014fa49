// SPDX-License-Identifier: MIT
// Proof environment of a paging-structure cache: any lookups, fills and drops of a few addresses and PCIDs. The bits of an
// address beyond those few take part in comparisons only, as these do.

module prove_walk_cache #(
  parameter int unsigned Level = 2,
  parameter int unsigned Entries = 3,
  parameter int unsigned Ports = 1,
  parameter int unsigned IndexWidth = Entries > 1 ? $clog2(Entries) : 1
) (
  input logic               clk_i,
  input logic               rst_ni,
  input logic               quad_next_i,
  input logic               pcid_next_i,
  input logic [Ports-1:0]   lookup_i,
  input logic [Ports*3-1:0] lookup_page_i,
  input logic [Ports-1:0]   used_i,
  input logic [Ports-1:0]   fill_i,
  input logic [Ports*3-1:0] fill_page_i,
  input logic [Ports*2-1:0] fill_data_i,
  input logic               drop_all_i,
  input logic               drop_pcid_bit_i,
  input logic               drop_space_i,
  input logic               drop_a_i,
  input logic [2:0]         drop_a_page_i,
  input logic               drop_b_i,
  input logic [2:0]         drop_b_page_i
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned Frame = mmu_pkg::FrameWidth;

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  // Three bits of address: the lowest of the tag, the next, and the one below the tag. Outside long mode addresses have 32 bits.
  function automatic logic [Vpn-1:0] page(input logic [2:0] bits);
    page = '0;
    page[9*(Level-1)] = bits[0];
    page[9*(Level-1)+1] = bits[1];
    page[9*(Level-1)-1] = bits[2];
  endfunction

  // The PCID changes at will, the mode only while the cache is being emptied.
  logic quad_i, pcid_q;
  logic [mmu_pkg::PcidWidth-1:0] pcid_i, drop_pcid_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) quad_i <= 1'b0;
    else if (drop_all_i) quad_i <= quad_next_i;
    pcid_q <= pcid_next_i;
  end
  assign pcid_i = 12'(pcid_q);
  assign drop_pcid_i = 12'(drop_pcid_bit_i);

  logic [Ports*Vpn-1:0] lookup_vpn_i, fill_vpn_i;
  logic [Ports*Frame-1:0] fill_frame_i, hit_frame_o;
  logic [Ports*3-1:0] hit_rights_o, fill_rights_i;
  logic [Vpn-1:0] drop_a_vpn_i, drop_b_vpn_i;
  logic [Ports-1:0] hit_o, touch_i, fill_evicts_o;
  logic [Ports*IndexWidth-1:0] hit_way_o, fill_way_o;
  logic [Entries-1:0] dropped_o;
  always_comb begin
    fill_frame_i = '0;
    fill_rights_i = '0;
    for (int unsigned p = 0; p < Ports; p++) begin
      lookup_vpn_i[p*Vpn+:Vpn] = page(lookup_page_i[p*3+:3]);
      fill_vpn_i[p*Vpn+:Vpn] = page(fill_page_i[p*3+:3]);
      fill_frame_i[p*Frame] = fill_data_i[p*2];
      fill_rights_i[p*3] = fill_data_i[p*2+1];
    end
    drop_a_vpn_i = page(drop_a_page_i);
    drop_b_vpn_i = page(drop_b_page_i);
  end
  assign touch_i = used_i & hit_o;

  mmu_pkg::peek_t peek_o;
  walk_cache #(.Level(Level), .Entries(Entries), .Ports(Ports)) dut (
    .debug_clk_i(1'b0),
    .peek_i(1'b0),
    .peek_index_i('0),
    .*
  );

endmodule
