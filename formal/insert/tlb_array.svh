  // For yosys, which has no bind: set in before tlb_array's endmodule by scripts/formal.sh.
  (* anyseq *) logic take_i;
  (* anyconst *) logic [SetWidth-1:0] watch_set_i;
  always_comb assume (32'(watch_set_i) < Sets);
  logic [Ways*KeyWidth-1:0] set_tags;
  logic [Ways*mmu_pkg::PcidWidth-1:0] set_pcids;
  always_comb begin
    for (int unsigned w = 0; w < Ways; w++) begin
      set_tags[w*KeyWidth+:KeyWidth] = tag_q[watch_set_i*Ways+w];
      set_pcids[w*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth] = pcid_q[watch_set_i*Ways+w];
    end
  end
  tlb_array_claims #(
    .Sets(Sets),
    .Ways(Ways),
    .Ports(Ports),
    .SetWidth(SetWidth)
  ) claims (
    .hit_entry(hit_entry_o),
    .fill_entry(fill_entry_i),
    .*
  );
