// SPDX-License-Identifier: MIT
// walk_cache against a naive reference: what each way holds, and the time of its last use. Random lookups, touches,
// fills and drops of all kinds in any combination; few tags and PCIDs, so that they meet; resets and changes of quad_i.

module walk_bench #(
  parameter int unsigned Level = 2,
  parameter int unsigned Entries = 4,
  parameter int unsigned Ports = 1,
  parameter int unsigned Cycles = 100000
) (
  output bit          done_o,
  output bit          failed_o,
  output int unsigned operations_o
);

  localparam int unsigned Vpn = mmu_pkg::VpnWidth;
  localparam int unsigned Frame = mmu_pkg::FrameWidth;
  localparam int unsigned IndexWidth = Entries > 1 ? $clog2(Entries) : 1;

  logic clk, debug_clk, rst_n, quad, drop_all, drop_space, drop_a, drop_b, peek;
  logic [11:0] pcid, drop_pcid;
  logic [Ports-1:0] lookup, hit, touch, fill, fill_evicts;
  logic [Ports*Vpn-1:0] lookup_vpn, fill_vpn;
  logic [Ports*IndexWidth-1:0] hit_way, fill_way;
  logic [Ports*Frame-1:0] hit_frame, fill_frame;
  logic [Ports*3-1:0] hit_rights, fill_rights;
  logic [Vpn-1:0] drop_a_vpn, drop_b_vpn;
  logic [Entries-1:0] dropped;
  logic [IndexWidth-1:0] peek_index;
  mmu_pkg::peek_t peeked;

  walk_cache #(
    .Level(Level),
    .Entries(Entries),
    .Ports(Ports)
  ) dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .quad_i(quad),
    .pcid_i(pcid),
    .lookup_i(lookup),
    .lookup_vpn_i(lookup_vpn),
    .hit_o(hit),
    .hit_way_o(hit_way),
    .hit_frame_o(hit_frame),
    .hit_rights_o(hit_rights),
    .touch_i(touch),
    .fill_i(fill),
    .fill_vpn_i(fill_vpn),
    .fill_frame_i(fill_frame),
    .fill_rights_i(fill_rights),
    .fill_way_o(fill_way),
    .fill_evicts_o(fill_evicts),
    .drop_all_i(drop_all),
    .drop_pcid_i(drop_pcid),
    .drop_space_i(drop_space),
    .drop_a_i(drop_a),
    .drop_a_vpn_i(drop_a_vpn),
    .drop_b_i(drop_b),
    .drop_b_vpn_i(drop_b_vpn),
    .dropped_o(dropped),
    .debug_clk_i(debug_clk),
    .peek_i(peek),
    .peek_index_i(peek_index),
    .peek_o(peeked)
  );

  // -------------------------------------------------------------------------------------------------------------------
  // The reference: what a way holds

  bit holds[Entries];
  bit [63:0] linear[Entries];  // the address, its bits below the tag cleared
  bit [11:0] space[Entries];
  bit [Frame-1:0] frame_of[Entries];
  bit [2:0] rights_of[Entries];
  longint unsigned last_use[Entries], clock;

  function automatic bit [63:0] region(input bit [Vpn-1:0] vpn);
    bit [63:0] va = {7'b0, vpn, 12'b0};
    bit [63:0] size = Level == 5 ? 64'h1_0000_0000_0000 : Level == 4 ? 64'h80_0000_0000
                      : Level == 3 ? 64'h4000_0000 : quad ? 64'h40_0000 : 64'h20_0000;
    return va / size * size;
  endfunction

  // The way that holds an address for a PCID; Entries: none.
  function automatic int unsigned find(input bit [Vpn-1:0] vpn, input bit [11:0] for_pcid);
    for (int unsigned e = 0; e < Entries; e++) begin
      if (holds[e] && linear[e] == region(vpn) && space[e] == for_pcid) return e;
    end
    return Entries;
  endfunction

  // -------------------------------------------------------------------------------------------------------------------
  longint unsigned random_state = 64'(Level * 100 + Entries) * 64'd104729 + 64'(Ports);
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  // One of some regions, anywhere in it: neighbours, and such that differ in the highest bit only.
  function automatic bit [Vpn-1:0] random_vpn();
    bit [Vpn-1:0] vpn = Vpn'(random(2 * Entries + 2)) << (9 * (Level - 1));
    bit [Vpn-1:0] below = Vpn'(random(1 << 30)) << 9 ^ Vpn'(random(1 << 9));
    if (random(4) == 0) vpn[Vpn-1] = 1'b1;
    return vpn | (below & ((Vpn'(1) << (9 * (Level - 1))) - 1'b1));
  endfunction

  function automatic bit [11:0] random_pcid();
    int unsigned r = random(8);
    return r < 6 ? 12'h005 : r == 6 ? 12'h805 : 12'h000;
  endfunction

  function automatic void expect_equal(input string what, input longint unsigned got, input longint unsigned want);
    if (got != want && !failed_o) begin
      $display("level %0d, %0d entries, %0d ports: after %0d operations: %s is %0h, not %0h", Level, Entries, Ports,
               operations_o, what, got, want);
      failed_o = 1;
    end
  endfunction

  task automatic random_inputs();
    int unsigned drops = random(24);
    pcid = random_pcid();
    drop_pcid = random(2) == 0 ? pcid : random_pcid();
    drop_all = drops == 0 && random(4) == 0;
    drop_space = drops == 1 && random(2) == 0;
    drop_a = drops >= 2 && drops < 5;
    drop_b = drops >= 4 && drops < 7;
    for (int unsigned p = 0; p < Ports; p++) begin
      lookup[p] = random(2) == 0;
      lookup_vpn[p*Vpn+:Vpn] = random_vpn();
      fill[p] = random(3) == 0;
      fill_vpn[p*Vpn+:Vpn] = p > 0 && random(4) == 0 ? fill_vpn[0+:Vpn] : random_vpn();
      fill_frame[p*Frame+:Frame] = Frame'({random(1 << 30), random(1 << 30)});
      fill_rights[p*3+:3] = 3'(random(8));
    end
    drop_a_vpn = random(3) == 0 ? fill_vpn[0+:Vpn] : random_vpn();
    drop_b_vpn = random(3) == 0 ? fill_vpn[(Ports-1)*Vpn+:Vpn] : random_vpn();
    peek = 1;
    peek_index = IndexWidth'(random(Entries));
  endtask

  int unsigned seen_hits, seen_evictions, seen_overwrites, seen_drops;
  initial begin
    clk = 0;
    debug_clk = 0;
    rst_n = 0;
    quad = 0;
    {lookup, lookup_vpn, touch, fill, fill_vpn, fill_frame, fill_rights} = '0;
    {drop_all, drop_space, drop_a, drop_b, pcid, drop_pcid, drop_a_vpn, drop_b_vpn, peek, peek_index} = '0;
    #1 clk = 1;
    #1 clk = 0;
    for (int unsigned c = 0; c < Cycles && !failed_o; c++) begin
      longint unsigned use_at_start[Entries];
      bit [Entries-1:0] taken;   // by a fill of this cycle
      bit [Entries-1:0] goes;
      int unsigned found[Ports];
      random_inputs();
      touch = '0;
      rst_n = random(Cycles / 4) != 0;
      if (!rst_n) begin
        {lookup, fill, drop_all, drop_space, drop_a, drop_b} = '0;
        quad = Level == 2 && random(2) == 0;
      end
      #1;

      for (int unsigned p = 0; p < Ports; p++) begin
        found[p] = Entries;
        if (!lookup[p]) continue;
        operations_o++;
        found[p] = find(lookup_vpn[p*Vpn+:Vpn], pcid);
        expect_equal("a hit", 64'(hit[p]), 64'(found[p] != Entries));
        if (!hit[p] || failed_o) continue;
        seen_hits++;
        expect_equal("its way", 64'(hit_way[p*IndexWidth+:IndexWidth]), 64'(found[p]));
        expect_equal("its frame", 64'(hit_frame[p*Frame+:Frame]), 64'(frame_of[found[p]]));
        expect_equal("its rights", 64'(hit_rights[p*3+:3]), 64'(rights_of[found[p]]));
        touch[p] = 1'(random(2));
      end
      debug_clk = 1;
      #1;
      expect_equal("what is peeked at: valid", 64'(peeked.valid), 64'(holds[peek_index]));
      if (peeked.valid) begin
        expect_equal("its address", {7'b0, peeked.vpn, 12'b0}, linear[peek_index]);
        expect_equal("its PCID", 64'(peeked.pcid), 64'(space[peek_index]));
        expect_equal("its frame", 64'(peeked.entry.frame), 64'(frame_of[peek_index]));
        expect_equal("its rights", 64'(peeked.entry.rights), 64'(rights_of[peek_index]));
      end
      debug_clk = 0;
      #1;

      use_at_start = last_use;
      for (int unsigned p = 0; p < Ports; p++) begin
        if (touch[p]) begin
          clock++;
          last_use[found[p]] = clock;
        end
      end
      taken = '0;
      for (int unsigned p = 0; p < Ports; p++) begin
        int unsigned way;
        bit evicts;
        if (!fill[p]) continue;
        operations_o++;
        way = find(fill_vpn[p*Vpn+:Vpn], pcid);
        evicts = 0;
        if (way != Entries) begin
          seen_overwrites++;
        end else begin
          for (int unsigned e = Entries; e > 0; e--) if (!holds[e-1]) way = e - 1;
          if (way == Entries) begin
            evicts = 1;
            for (int unsigned e = 0; e < Entries; e++) begin
              if ((!taken[e] || Entries == 1) && (way == Entries || use_at_start[e] < use_at_start[way])) way = e;
            end
            seen_evictions++;
          end
        end
        expect_equal("the way of a fill", 64'(fill_way[p*IndexWidth+:IndexWidth]), 64'(way));
        expect_equal("whether it evicts", 64'(fill_evicts[p]), 64'(evicts));
        taken[way] = 1;
        holds[way] = 1;
        linear[way] = region(fill_vpn[p*Vpn+:Vpn]);
        space[way] = pcid;
        frame_of[way] = fill_frame[p*Frame+:Frame];
        rights_of[way] = fill_rights[p*3+:3];
        clock++;
        last_use[way] = clock;
      end
      goes = '0;
      for (int unsigned e = 0; e < Entries; e++) begin
        if (!holds[e]) continue;
        goes[e] = drop_all;
        if (space[e] == drop_pcid) begin
          goes[e] |= drop_space | (drop_a && linear[e] == region(drop_a_vpn))
                     | (drop_b && linear[e] == region(drop_b_vpn));
        end
        if (goes[e]) begin
          holds[e] = 0;
          seen_drops++;
        end
      end
      operations_o += 32'(drop_all) + 32'(drop_space) + 32'(drop_a) + 32'(drop_b);
      expect_equal("what is dropped", 64'(dropped), 64'(goes));
      if (!rst_n) holds = '{default: 1'b0};
      clk = 1;
      #1 clk = 0;
      #1;
    end
    if (seen_hits == 0 || seen_evictions == 0 || seen_overwrites == 0 || seen_drops == 0) begin
      expect_equal("some kind of event that never came", 1, 0);
    end
    done_o = 1;
  end

endmodule

module walk_cache_bench;

  localparam int unsigned Count = 7;
  bit [Count-1:0] done, failed;
  int unsigned operations[Count];

  //          level, entries, ports
  walk_bench #(2, 4, 1) b0 (done[0], failed[0], operations[0]);
  walk_bench #(3, 3, 1) b1 (done[1], failed[1], operations[1]);
  walk_bench #(4, 1, 1) b2 (done[2], failed[2], operations[2]);
  walk_bench #(5, 2, 1) b3 (done[3], failed[3], operations[3]);
  walk_bench #(2, 24, 1) b4 (done[4], failed[4], operations[4]);
  walk_bench #(2, 4, 2) b5 (done[5], failed[5], operations[5]);
  walk_bench #(3, 1, 2) b6 (done[6], failed[6], operations[6]);

  initial begin
    int unsigned total = 0;
    while (!(&done)) #100;
    for (int unsigned i = 0; i < Count; i++) total += operations[i];
    if (failed == '0) $display("good: %0d operations", total);
    $finish;
  end

endmodule
