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
  logic [Entries*KeyWidth-1:0] all_tags;
  logic [Entries*mmu_pkg::PcidWidth-1:0] all_pcids;
  logic [Entries*51-1:0] all_entries;
  always_comb begin
    for (int unsigned i = 0; i < Entries; i++) begin
      all_tags[i*KeyWidth+:KeyWidth] = tag_q[i];
      all_pcids[i*mmu_pkg::PcidWidth+:mmu_pkg::PcidWidth] = pcid_q[i];
      all_entries[i*51+:51] = data_q[i];
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
