// SPDX-License-Identifier: MIT
// Which of the deliberate bugs (catalogue.txt) a build with BUGS defined has: pagewalk_bug() says, when the machine starts.
// In normal builds this file is empty.

`ifdef BUGS
module bug_choice;

  import "DPI-C" function int pagewalk_bug();

  initial mmu_pkg::bug = pagewalk_bug();

endmodule

bind mmu_top bug_choice bug_choice ();
`endif
