// SPDX-License-Identifier: MIT
// Late replies: a memory that answers every command in its cycle, and in each later cycle replies again, with other data, to
// a command that is over. None of these may reach a walk. The walker's own claims (rtl/check) watch, too.

module epoch_bench;

  localparam int unsigned Walks = 20000;
  localparam int unsigned Latency = 5;

  logic clk, rst_n, step, data, control, control_done, data_answer, reply, bus_error;
  logic [63:0] now, control_value, va, reply_data;
  logic [2:0] control_op;
  logic [1:0] data_fault;
  logic [51:0] data_pa;
  logic [mmu_pkg::EpochWidth-1:0] reply_epoch;

  // Pins by walker
  logic mem_valid, replies[1], swapped[1], bus_errors[1];
  logic [63:0] replies_data[1];
  logic [51:0] mem_pa;
  mmu_pkg::served_e served;
  logic [1:0] servers[1];
  logic [mmu_pkg::EpochWidth-1:0] epoch, reply_epochs[1];
  assign replies[0] = reply;
  assign servers[0] = served;
  assign swapped[0] = 1'b0;
  assign bus_errors[0] = bus_error;
  assign replies_data[0] = reply_data;
  assign reply_epochs[0] = reply_epoch;

  mmu_top dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .itlb_latency_i(1),
    .dtlb_latency_i(1),
    .stlb_latency_i(1),
    .l1d_latency_i(1),
    .l2_latency_i(1),
    .l3_latency_i(1),
    .dram_latency_i(Latency),
    .walk_start_i(1),
    .walk_step_i(1),
    .walk_cas_i(1),
    .op_cr_i(1),
    .op_invlpg_i(1),
    .op_invpcid_i(1),
    .op_segment_i(1),
    .maxphyaddr_i(40),
    .step_i(step),
    .now_i(now),
    .fetch_i(1'b0),
    .data_i(data),
    .data_write_i(1'b0),
    .data_va_i(va),
    .data_flags_i(3'd0),
    .data_size_i(13'd1),
    .data_segment_i('0),
    .data_answer_o(data_answer),
    .data_fault_o(data_fault),
    .data_pa_o(data_pa),
    .control_i(control),
    .control_op_i(control_op),
    .control_user_i(1'b0),
    .control_value_i(control_value),
    .control_done_o(control_done),
    .mem_valid_o(mem_valid),
    .mem_pa_o(mem_pa),
    .mem_epoch_o(epoch),
    .mem_served_o(served),
    .reply_i(replies),
    .reply_epoch_i(reply_epochs),
    .reply_data_i(replies_data),
    .reply_swapped_i(swapped),
    .reply_served_i(servers),
    .reply_error_i(bus_errors),
    .peek_i(1'b0)
  );

  // Tables: the directory at 1000, a table for each directory entry at 100000 and up; A is set everywhere.
  function automatic logic [63:0] memory(input logic [51:0] pa);
    if (pa < 52'h2000) return 64'h100000 + 64'(pa[11:2]) * 64'h1000 + 64'h27;
    return 64'(pa[31:2]) * 64'h1000 % 64'h4000_0000 | 64'h27;
  endfunction

  longint unsigned random_state = 64'd88172645463325252;
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  int unsigned late = 0;
  task automatic cycle();
    #1 clk = 1;
    #1;
    now = now + 1;
    reply = mem_valid;
    reply_epoch = epoch;
    reply_data = memory(mem_pa);
    bus_error = 0;
    if (!mem_valid && random(2) == 0) begin
      reply = 1;
      reply_epoch = epoch - mmu_pkg::EpochWidth'(1 + random(3));
      reply_data = random(2) == 0 ? 64'h0 : 64'h7777_7067;
      bus_error = random(4) == 0;
      late++;
    end
    clk = 0;
    #1;
  endtask

  task automatic write_register(input logic [2:0] op, input logic [63:0] value);
    control = 1;
    control_op = op;
    control_value = value;
    cycle();
    control = 0;
    while (!control_done) cycle();
  endtask

  logic [63:0] table_entry, should;
  bit failed = 0;
  initial begin
    {clk, rst_n, step, data, control} = '0;
    {now, control_value, va, control_op} = '0;
    reply = 0;
    bus_error = 0;
    for (int i = 0; i < 3; i++) cycle();
    rst_n = 1;
    step = 1;
    write_register(3'd1, 64'h1000);
    write_register(3'd0, 64'h8000_0011);
    for (int unsigned i = 0; i < Walks && !failed; i++) begin
      va = {32'b0, 32'(random_state >> 9) & 32'hffff_f000};
      data = 1;
      cycle();
      data = 0;
      while (!data_answer) cycle();
      table_entry = memory({20'b0, 32'h1000 + {20'b0, va[31:22], 2'b0}});
      should = memory(52'({table_entry[51:12], va[21:12], 2'b0}));
      if (data_fault != 0 || data_pa[51:12] != should[51:12]) begin
        $display("walk %0d of %h: fault %0d, pa %h, not %h", i, va, data_fault, data_pa, should);
        failed = 1;
      end
      cycle();
    end
    if (!failed) $display("good: %0d operations", late);
    $finish;
  end

endmodule
