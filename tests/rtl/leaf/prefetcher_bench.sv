// SPDX-License-Identifier: MIT
// prefetcher against a naive reference: 32-bit paging, tables of random entries made up from the address, memory of random
// latency, no walk caches. After each cause the reference knows in which cycles the prefetch begins, reads and is over, and
// what it fills; a demand or a control operation may end it anywhere. Walks in other modes, and the walk caches, are the
// walker's, and the lockstep's.

module prefetcher_bench;

  localparam int unsigned Causes = 40000;

  logic clk, rst_n, step, hold, wanted, cause, cause_data;
  logic [63:0] now, va, wake;
  logic [63:12] cause_va;
  logic [1:0] cause_level;
  logic [31:0] start;
  logic [32:0] cycles;
  logic look, reads, wide, used, busy, begins, instant, over, data, fill, stays;
  logic [mmu_pkg::LevelWidth-1:0] level;
  logic [51:0] pa;
  logic [63:0] reply;
  logic reply_error;
  mmu_pkg::entry_t entry;
  mmu_pkg::context_t context_now;

  prefetcher dut (
    .clk_i(clk),
    .rst_ni(rst_n),
    .step_i(step),
    .now_i(now),
    .start_i(start),
    .cycles_i(cycles),
    .beyond_i(52'hfff00_0000_0000),
    .context_i(context_now),
    .root_i(40'h1),
    .pdpte_present_i('0),
    .pdpte_frames_i('0),
    .hold_i(hold),
    .wanted_i(wanted),
    .cause_i(cause),
    .cause_data_i(cause_data),
    .cause_va_i(cause_va),
    .cause_level_i(cause_level),
    .skip_lookup_o(look),
    .skip_vpn_o(),
    .skip_hit_i(1'b0),
    .skip_level_i('0),
    .skip_table_i('0),
    .skip_rights_i('0),
    .passed_o(),
    .passed_tables_o(),
    .passed_rights_o(),
    .mem_valid_o(reads),
    .mem_level_o(level),
    .mem_wide_o(wide),
    .mem_pa_o(pa),
    .mem_epoch_o(),
    .reply_used_o(used),
    .reply_data_i(reply),
    .reply_error_i(reply_error),
    .busy_o(busy),
    .begin_o(begins),
    .instant_o(instant),
    .over_o(over),
    .data_o(data),
    .va_o(va),
    .fill_o(fill),
    .entry_o(entry),
    .stays_o(stays),
    .wake_o(wake)
  );

  longint unsigned random_state = 64'd88172645463325252;
  function automatic int unsigned random(input int unsigned below);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return 32'(random_state >> 20) % below;
  endfunction

  // An entry at an address: mostly present and accessed, some directory entries large.
  int unsigned salt;
  function automatic logic [31:0] memory(input logic [51:0] at);
    logic [31:0] mixed = (32'(at) ^ salt) * 32'h9e3779b1;
    mixed ^= mixed >> 15;
    memory = {mixed[31:22], 10'b0, mixed[3:0], 8'h27};
    memory[21:12] = mixed[21:12];
    memory[8] = mixed[4];
    memory[7] = at < 52'h2000 && mixed[7:6] == 0;
    if (memory[7]) memory[21:12] = '0;
    memory[6] = mixed[8];
    memory[2:1] = mixed[10:9];
    if (mixed[13:11] == 0) memory[5] = 0;
    if (mixed[16:14] == 0) memory[0] = 0;
  endfunction

  // -------------------------------------------------------------------------------------------------------------------
  // The reference: the steps of the prefetch under way

  bit under_way, leaf_found;
  longint unsigned first, due;         // its first cycle; the last one of what is going on
  int unsigned reading;                // the level, 0: not yet
  logic [51:0] read_at;
  logic [31:0] behind, read_value;
  bit failed = 0;
  int unsigned operations = 0, fills = 0, killed = 0;

  task automatic claim(input string what, input bit right);
    operations++;
    if (!right && !failed) begin
      $display("cycle %0d: %s", now, what);
      failed = 1;
    end
  endtask

  task automatic next_read(input int unsigned at_level, input logic [51:0] at);
    reading = at_level;
    read_at = at;
    read_value = memory(at);
    due = '1;  // known with the command
  endtask

  // What must happen in this cycle; true if the prefetch is over with it.
  task automatic follow(output bit ends);
    bit decided = 0, good = 0;
    ends = 0;
    claim("busy", busy == under_way);
    claim("begins in its first cycle only", begins == (under_way && now == first));
    claim("reads in the first cycle of a step", reads == (under_way && reading != 0 && due == '1));
    if (!under_way) return;
    claim("whose it is", data == cause_was_for_data);
    claim("the page behind", va == {32'b0, behind});
    if (reads) begin
      claim("what it reads", pa == read_at && 32'(level) == reading && !wide);
      due = now + 64'(cycles) - 1;
    end
    if (now == due && reading != 0) begin
      decided = 1;
      if (reply_error || !read_value[0] || !read_value[5]) begin
        good = 0;
      end else if (reading == 2 && !read_value[7]) begin
        decided = 0;
        next_read(1, {20'b0, read_value[31:12], behind[21:12], 2'b0});
      end else begin
        good = 1;
      end
    end else if (now == due) begin
      next_read(2, {40'h1, behind[31:22], 2'b0});
    end
    ends = decided || wanted || hold;
    claim("over", over == ends);
    // a control operation stops a fill, a demand does not
    claim("fills what is allowed", fill == (decided && good && !hold));
    if (fill) begin
      fills++;
      claim("what it fills", entry.level == 2'(reading) && entry.frame == 40'(read_value[31:12])
            && entry.dirty == read_value[6] && entry.is_global == 0);
    end
    if (ends && !decided) killed++;
    claim("stays until it is over", stays == !ends);
  endtask

  bit cause_was_for_data;
  task automatic cycle();
    bit ends;
    cycles = 33'(2 + random(6));
    wanted = random(40) == 0;
    hold = random(60) == 0;
    reply_error = random(50) == 0;
    reply = {32'b0, under_way ? read_value : 32'h0};
    // causes come from a walk that is over; the prefetcher rests then
    cause = !under_way && random(4) == 0;
    cause_data = 1'(random(2));
    cause_level = 2'(1 + random(2));
    cause_va = {32'b0, 20'(random(1 << 20))};
    if (random(8) == 0) cause_va[31:12] = '1;
    #1;
    follow(ends);
    if (ends) under_way = 0;
    if (cause && !wanted && !hold) begin
      under_way = 1;
      cause_was_for_data = cause_data;
      behind = cause_level == 1 ? {cause_va[31:12] + 20'd1, 12'b0} : {cause_va[31:22] + 10'd1, 22'b0};
      first = now + 1;
      reading = 0;
      due = now + 64'(start);
      if (start == 0) next_read(2, {40'h1, behind[31:22], 2'b0});
      salt = random(1 << 30);
      if (start == 0) read_value = memory(read_at);
    end
    #1 clk = 1;
    #1 clk = 0;
    now = now + 1;
  endtask

  initial begin
    {clk, rst_n, step, hold, wanted, cause, cause_data, now, cause_va, cause_level, reply, reply_error} = '0;
    cycles = 2;
    start = 1;
    context_now = '0;
    context_now.mode = mmu_pkg::Mode32Bit;
    context_now.pse = 1;
    context_now.wp = 1;
    context_now.smap = 1;  // denies a prefetch nothing
    #1 clk = 1;
    #1 clk = 0;
    rst_n = 1;
    step = 1;
    for (int unsigned c = 0; c < Causes && !failed; c++) begin
      cycle();
      if (!under_way && random(20) == 0) start = random(4);
    end
    claim("many fills", fills > 500);
    claim("many that are ended", killed > 500);
    if (!failed) $display("good: %0d operations", operations);
    $finish;
  end

endmodule
