  // For yosys, which has no bind: set in before walk_cache's endmodule by scripts/formal.sh.
  logic [Entries*KeyWidth-1:0] keys;
  always_comb begin
    for (int unsigned e = 0; e < Entries; e++) keys[e*KeyWidth+:KeyWidth] = key_q[e];
  end
  (* anyseq *) logic take_i;
  walk_cache_check #(
    .Level(Level),
    .Entries(Entries),
    .Ports(Ports),
    .IndexWidth(IndexWidth),
    .KeyWidth(KeyWidth),
    .OrderWidth(OrderWidth)
  ) check (
    .hit_rights(hit_rights_o),
    .fill_rights(fill_rights_i),
    .*
  );
