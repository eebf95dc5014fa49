// SPDX-License-Identifier: MIT
// Who gets the one miss unit: the port that missed first. A port can wait only while the other is served, so that two can
// ask at once only when they missed in the same cycle: fetch first. A walk that faults on the spot leaves the turn.
// Combinational.

module turns (
  input  logic busy_i,         // the unit, at the cycle's start
  input  logic done_i,         // this is its last cycle
  input  logic data_i,         // it serves the data port
  input  logic fetch_grant_i,  // the port takes its turn
  input  logic data_grant_i,
  output logic fetch_turn_o,   // the unit would take this port now
  output logic data_turn_o,
  output logic grant_o,
  output logic fetch_served_o,
  output logic data_served_o
);

  logic ready;
  assign ready = ~busy_i | done_i;
  assign fetch_turn_o = ready;
  assign data_turn_o = ready & ~fetch_grant_i;
  assign grant_o = fetch_grant_i | data_grant_i;
  assign fetch_served_o = done_i & ~data_i;
  assign data_served_o = done_i & data_i;

endmodule
