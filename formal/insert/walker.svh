  // For yosys, which has no bind: set in before walker's endmodule by scripts/formal.sh.
  walker_check check (.*);
