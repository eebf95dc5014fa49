# What yosys 0.23 reads wrongly, said in other words: arrays of structs become plain vectors of the same bits.
s/mmu_pkg::rights_t \[Ports-1:0\]\( *\)\([a-z_]*\)/logic [Ports*3-1:0]\1\2/
s/mmu_pkg::entry_t \[Ports-1:0\]\( *\)\([a-z_]*\)/logic [Ports*51-1:0]\1\2/
s/mmu_pkg::rights_t \([a-z_]*\)\[\([A-Za-z0-9]*\)\]/logic [2:0] \1[\2]/
s/mmu_pkg::entry_t \([a-z_]*\)\[\([A-Za-z0-9]*\)\]/logic [50:0] \1[\2]/
s/\b\(hit_rights_o\|fill_rights_i\)\[p\]/\1[p*3+:3]/g
s/\bhit_entry_o\[p\]/hit_entry_o[p*51+:51]/g
s/\bfill_entry_i\[0\]/fill_entry_i[0+:51]/g
s/\bfill_entry_i\[Ports-1\]/fill_entry_i[(Ports-1)*51+:51]/g
