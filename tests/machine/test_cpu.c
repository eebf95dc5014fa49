// SPDX-License-Identifier: MIT
// The core on the machine's bus: which references an instruction makes, what stops a program, and that nothing of it
// depends on where a run is cut. Programs are a few instructions of machine code.
#include <string.h>

#include "check.h"
#include "machine/machine.h"
#include "small.h"

enum { CODE = 0x1000, DATA = 0x4000, CODE_ROOM = 0x2000, LOG_ROOM = 4096 };

struct rig {
  uint8_t code[CODE_ROOM];
  size_t bytes;
  struct kernel_segment segments[2];
  struct kernel_program program;
  struct config config;
  struct machine* machine;
  struct machine_reference log[LOG_ROOM];
  size_t references;
};

// Appends machine code.
static void put(struct rig* rig, size_t count, const char* bytes) {
  assert_true(rig->bytes + count <= CODE_ROOM);
  memcpy(rig->code + rig->bytes, bytes, count);
  rig->bytes += count;
}
#define PUT(rig, bytes) put(rig, sizeof(bytes) - 1, bytes)

// exit(EBX)
static void put_exit(struct rig* rig) { PUT(rig, "\xb8\x01\x00\x00\x00\xcd\x80"); }

static void keep(void* ctx, const struct machine_reference* reference) {
  struct rig* rig = ctx;
  if (rig->references < LOG_ROOM) rig->log[rig->references] = *reference;
  rig->references++;
}

static struct rig* begin(void) {
  struct rig* rig = calloc(1, sizeof *rig);
  assert_non_null(rig);
  small_machine(&rig->config);
  rig->config.ram.frames = 64;
  return rig;
}

static void boot_programs(struct rig* rig, enum engine_kind engine, uint64_t quantum,
                          const struct kernel_program* programs, unsigned count) {
  struct error err;
  struct machine_params params = {
      .config = &rig->config, .engine = engine, .quantum = quantum, .programs = programs, .program_count = count};
  rig->machine = machine_create(&params, &err);
  if (!rig->machine) fail_msg("%s", err.text);
  machine_start(rig->machine);
}

// The code that was put, with data behind it, as one program; `copies` of it are started.
static void boot(struct rig* rig, enum engine_kind engine, uint64_t quantum, unsigned copies) {
  rig->segments[0] = (struct kernel_segment){.address = CODE,
                                             .memory_bytes = CODE_ROOM,
                                             .file_bytes = (uint32_t)rig->bytes,
                                             .bytes = rig->code,
                                             .prot = PROT_READ | PROT_EXEC};
  rig->segments[1] = (struct kernel_segment){
      .address = DATA, .memory_bytes = 0x3000, .bytes = rig->code, .prot = PROT_READ | PROT_WRITE};
  rig->program = (struct kernel_program){.name = "test", .entry = CODE, .segment_count = 2, .segments = rig->segments};
  boot_programs(rig, engine, quantum, &rig->program, 1);
  const char* argv[] = {"test"};
  for (unsigned i = 0; i < copies; i++) assert_true(kernel_start(machine_kernel(rig->machine), 0, 1, argv) > 0);
}

static enum machine_end run_until(struct rig* rig, uint64_t instructions, uint64_t cycle) {
  struct machine_limits limits = {.instructions = instructions, .until = cycle};
  enum machine_end end = machine_run(rig->machine, &limits);
  if (end == MACHINE_TROUBLE) fail_msg("%s", machine_trouble(rig->machine));
  return end;
}

static struct kernel_end run_to_end(struct rig* rig) {
  struct kernel_end end;
  assert_int_equal(run_until(rig, UINT64_MAX, UINT64_MAX), MACHINE_DONE);
  assert_true(kernel_first_end(machine_kernel(rig->machine), &end));
  return end;
}

static void finish(struct rig* rig) {
  machine_destroy(rig->machine);
  free(rig);
}

static uint64_t sum(const struct cycle_account* c) {
  return c->base + c->stlb + c->walk + c->ad_update + c->data + c->flush + c->trap + c->kernel + c->idle;
}

// --- references ------------------------------------------------------------------------------------------------------

// The references of the instruction at `eip` when it was completed: from its last fetch to the next one.
static size_t references_of(const struct rig* rig, uint32_t eip, struct ref refs[16]) {
  size_t first = 0, count = 0;
  for (size_t i = 0; i < rig->references; i++)
    if (rig->log[i].ref.kind == ACCESS_FETCH && rig->log[i].ref.va == eip) first = i;
  for (size_t i = first; i < rig->references && count < 16; i++) {
    if (i > first && rig->log[i].ref.kind == ACCESS_FETCH) break;
    refs[count++] = rig->log[i].ref;
  }
  return count;
}

static void expect_references(const struct rig* rig, uint32_t eip, const char* kinds) {
  static const char letters[] = {[ACCESS_READ] = 'r', [ACCESS_WRITE] = 'w', [ACCESS_FETCH] = 'f'};
  struct ref refs[16];
  char found[17] = "";
  size_t count = references_of(rig, eip, refs);
  for (size_t i = 0; i < count; i++) {
    found[i] = letters[refs[i].kind];
    assert_true(refs[i].flags & REF_USER);
    assert_int_equal(refs[i].segment, 0);
  }
  if (strcmp(found, kinds) != 0) fail_msg("the instruction at %x made %s, not %s", eip, found, kinds);
}

// x = x + 3 as in note 003: three fetches, a read, a write. A read-modify-write asks twice for a write.
static void each_instruction_makes_its_references(void** state) {
  (void)state;
  struct rig* rig = begin();
  PUT(rig, "\xa1\x10\x40\x00\x00");          // 1000 mov eax, [4010]
  PUT(rig, "\x83\xc0\x03");                  // 1005 add eax, 3
  PUT(rig, "\xa3\x10\x40\x00\x00");          // 1008 mov [4010], eax
  PUT(rig, "\x83\x05\x10\x40\x00\x00\x04");  // 100d add dword [4010], 4
  PUT(rig, "\x50");                          // 1014 push eax
  PUT(rig, "\xff\x35\x10\x40\x00\x00");      // 1015 push dword [4010]
  PUT(rig, "\x5b");                          // 101b pop ebx
  PUT(rig, "\x60");                          // 101c pusha
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 0, 1);
  machine_on_reference(rig->machine, keep, rig);
  struct kernel_end end = run_to_end(rig);
  assert_false(end.signalled);
  assert_int_equal(end.code, 7);
  expect_references(rig, 0x1000, "fr");
  expect_references(rig, 0x1005, "f");
  expect_references(rig, 0x1008, "fw");
  expect_references(rig, 0x100d, "fww");
  expect_references(rig, 0x1014, "fw");
  expect_references(rig, 0x1015, "frw");
  expect_references(rig, 0x101b, "fr");
  expect_references(rig, 0x101c, "fw");
  assert_int_equal(machine_instructions(rig->machine), 10);
  finish(rig);
}

// An instruction and its data that lie in two pages: one reference each, and the data in the right places.
static void what_crosses_a_page_is_one_reference(void** state) {
  (void)state;
  struct rig* rig = begin();
  PUT(rig, "\xe9\xf8\x0f\x00\x00");  // jmp 1ffd
  rig->bytes = 0x0ffd;
  PUT(rig, "\xc7\x05\xfe\x4f\x00\x00\x78\x56\x34\x12");  // 1ffd mov dword [4ffe], 12345678: crosses in code and data
  PUT(rig, "\x0f\xb7\x1d\x00\x50\x00\x00");              // 2007 movzx ebx, word [5000]
  PUT(rig, "\x0f\xb6\xdb");                              // movzx ebx, bl
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 0, 1);
  machine_on_reference(rig->machine, keep, rig);
  assert_int_equal(run_to_end(rig).code, 0x34);
  expect_references(rig, 0x1ffd, "fw");
  struct ref refs[16];
  references_of(rig, 0x1ffd, refs);
  assert_int_equal(refs[0].size, 10);
  finish(rig);
}

// A store that meets two pages which are not there is started over until both are, and done once.
static void a_faulting_instruction_is_done_once(void** state) {
  (void)state;
  struct rig* rig = begin();
  PUT(rig, "\xff\x05\xfe\x4f\x00\x00");  // inc dword [4ffe]
  PUT(rig, "\x8b\x1d\xfe\x4f\x00\x00");  // mov ebx, [4ffe]
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 0, 1);
  machine_on_reference(rig->machine, keep, rig);
  assert_int_equal(run_to_end(rig).code, 1);
  unsigned faults = 0;
  for (size_t i = 0; i < rig->references; i++) faults += !rig->log[i].answered;
  assert_int_equal(faults, 3);  // the code's page, the two of the data
  assert_int_equal(machine_instructions(rig->machine), 4);
  struct counters process;
  machine_counters(rig->machine, &process, NULL);
  assert_int_equal(process.refs, rig->references - faults);
  finish(rig);
}

// Two programs with other code at the same addresses take turns: each instruction is fetched once, by its own length.
static void code_of_another_process_is_decoded_anew(void** state) {
  (void)state;
  struct rig* rig = begin();
  struct kernel_program programs[2];
  struct kernel_segment segments[2];
  static const uint8_t code[2][32] = {
      // mov ecx, 500; loop: nop; nop; nop; nop; dec ecx; jnz loop; exit
      "\xb9\xf4\x01\x00\x00\x90\x90\x90\x90\x49\x75\xf9\x31\xdb\xb8\x01\x00\x00\x00\xcd\x80",
      // mov ecx, 500; loop: lea eax, [eax + 0]; nop; dec ecx; jnz loop; exit
      "\xb9\xf4\x01\x00\x00\x8d\x40\x00\x90\x49\x75\xf9\x31\xdb\xb8\x01\x00\x00\x00\xcd\x80"};
  for (int i = 0; i < 2; i++) {
    segments[i] = (struct kernel_segment){
        .address = CODE, .memory_bytes = 4096, .file_bytes = 32, .bytes = code[i], .prot = PROT_READ | PROT_EXEC};
    programs[i] =
        (struct kernel_program){.name = i ? "b" : "a", .entry = CODE, .segment_count = 1, .segments = &segments[i]};
  }
  boot_programs(rig, ENGINE_MODEL, 2000, programs, 2);
  for (unsigned i = 0; i < 2; i++)
    assert_true(kernel_start(machine_kernel(rig->machine), i, 1, (const char* const[]){programs[i].name}) > 0);
  assert_int_equal(run_until(rig, UINT64_MAX, UINT64_MAX), MACHINE_DONE);
  struct counters process;
  struct kernel_stats stats;
  machine_counters(rig->machine, &process, NULL);
  kernel_stats(machine_kernel(rig->machine), &stats);
  assert_true(stats.interrupts > 2);
  assert_int_equal(machine_instructions(rig->machine), 2 * 4 + 500 * (6 + 4));
  assert_int_equal(process.refs, machine_instructions(rig->machine));
  finish(rig);
}

// --- what a program may not do ---------------------------------------------------------------------------------------

static struct kernel_end ends(const char* code, size_t bytes) {
  struct rig* rig = begin();
  put(rig, bytes, code);
  PUT(rig, "\x31\xdb");
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 0, 1);
  struct kernel_end end = run_to_end(rig);
  finish(rig);
  return end;
}

static void refused(const char* what, const char* code, size_t bytes, unsigned vector, unsigned error) {
  struct kernel_end end = ends(code, bytes);
  if (!end.signalled || end.vector != vector || end.error != error)
    fail_msg("%s: vector %u, error %x, signalled %d", what, end.vector, end.error, end.signalled);
}
#define REFUSED(what, bytes, vector, error) refused(what, bytes, sizeof(bytes) - 1, vector, error)

static void allowed(const char* what, const char* code, size_t bytes) {
  struct kernel_end end = ends(code, bytes);
  if (end.signalled || end.code) fail_msg("%s: vector %u, error %x, code %d", what, end.vector, end.error, end.code);
}
#define ALLOWED(what, bytes) allowed(what, bytes, sizeof(bytes) - 1)

static void privileged_instructions_are_refused(void** state) {
  (void)state;
  REFUSED("hlt", "\xf4", CORE_GP, 0);
  REFUSED("mov cr3, eax", "\x0f\x22\xd8", CORE_GP, 0);
  REFUSED("invlpg [eax]", "\x0f\x01\x38", CORE_GP, 0);
  REFUSED("in al, 60", "\xe4\x60", CORE_GP, 0);
  REFUSED("out 60, al", "\xe6\x60", CORE_GP, 0);
  REFUSED("cli", "\xfa", CORE_GP, 0);
  REFUSED("int 81", "\xcd\x81", CORE_GP, 0x81 * 8 + 2);
  REFUSED("ud2", "\x0f\x0b", CORE_UD, 0);
}

static void segments_are_the_users_or_null(void** state) {
  (void)state;
  REFUSED("mov ds, 10", "\x66\xb8\x10\x00\x8e\xd8", CORE_GP, 0x10);
  REFUSED("mov ss, null", "\x66\x31\xc0\x8e\xd0", CORE_GP, 0);
  REFUSED("mov ss, code", "\x66\xb8\x73\x00\x8e\xd0", CORE_GP, 0x70);
  REFUSED("jmp far 10:0", "\xea\x00\x00\x00\x00\x10\x00", CORE_GP, 0x10);
  REFUSED("jmp far 73:0", "\xea\x00\x00\x00\x00\x73\x00", CORE_GP, 0x70);
  ALLOWED("mov ds, 7b; mov eax, [4000]", "\x66\xb8\x7b\x00\x8e\xd8\xa1\x00\x40\x00\x00");
  ALLOWED("mov fs, null", "\x66\x31\xc0\x8e\xe0");
  REFUSED("null fs", "\x66\x31\xc0\x8e\xe0\x64\xa1\x00\x40\x00\x00", CORE_GP, 0);  // mov eax, fs:[4000]
  ALLOWED("mov ds, 73; mov eax, [4000]", "\x66\xb8\x73\x00\x8e\xd8\xa1\x00\x40\x00\x00");
  REFUSED("code in ds", "\x66\xb8\x73\x00\x8e\xd8\xa3\x00\x40\x00\x00", CORE_GP, 0);  // mov ds, 73; mov [4000], eax
  REFUSED("cs:", "\x2e\xa3\x00\x40\x00\x00", CORE_GP, 0);                             // mov cs:[4000], eax
}

static void page_faults_have_their_codes(void** state) {
  (void)state;
  REFUSED("write to code", "\xa3\x00\x10\x00\x00", CORE_PF_FAULT, PFEC_P | PFEC_W | PFEC_U);
  REFUSED("read of nothing", "\xa1\x00\x00\x00\x00", CORE_PF_FAULT, PFEC_U);
  REFUSED("read of the kernel", "\xa1\x00\x00\x00\xc0", CORE_PF_FAULT, PFEC_P | PFEC_U);
  REFUSED("jump to nothing", "\xe9\x00\x00\x10\x00", CORE_PF_FAULT, PFEC_U);
  struct kernel_end end = ends("\xa1\x34\x12\x00\x00\x00" + 0, 5);  // mov eax, [1234]: code may be read
  assert_false(end.signalled);
}

// A null selector outlives the kernel: the same with a quantum that always ends.
static void selectors_are_kept_over_traps(void** state) {
  (void)state;
  struct rig* rig = begin();
  PUT(rig, "\x66\x31\xc0\x8e\xe0");          // mov fs, null
  PUT(rig, "\xb8\x14\x00\x00\x00\xcd\x80");  // getpid
  PUT(rig, "\x90\x90\x8c\xe3");              // mov ebx, fs
  PUT(rig, "\x83\xe3\x7f");
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 1, 1);
  assert_int_equal(run_to_end(rig).code, 0);
  finish(rig);
}

// --- time ------------------------------------------------------------------------------------------------------------

// mov ecx, 3000; loop: inc dword [4000]; dec ecx; jnz loop; mov ebx, [4000]; exit(bl)
static void put_loop(struct rig* rig) {
  PUT(rig, "\xb9\xb8\x0b\x00\x00");
  PUT(rig, "\xff\x05\x00\x40\x00\x00\x49\x75\xf7");
  PUT(rig, "\x8b\x1d\x00\x40\x00\x00\x0f\xb6\xdb");
  put_exit(rig);
}

static void the_clock_is_the_machines(void** state) {
  (void)state;
  struct rig* rig = begin();
  PUT(rig, "\x0f\x31\xa3\x00\x40\x00\x00");      // rdtsc; mov [4000], eax
  PUT(rig, "\x0f\x31\x0f\x31\x89\xc1\x0f\x31");  // rdtsc; rdtsc; mov ecx, eax; rdtsc
  PUT(rig, "\x29\xc8\x89\xc3");                  // sub eax, ecx; mov ebx, eax
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 0, 1);
  assert_int_equal(run_until(rig, 1, UINT64_MAX), MACHINE_LIMIT);
  assert_int_equal(machine_registers(rig->machine)->reg[CORE_EAX], machine_now(rig->machine));
  assert_int_equal(run_to_end(rig).code, 2);  // the fetches of mov and of rdtsc
  finish(rig);
}

static void the_timer_takes_turns(void** state) {
  (void)state;
  enum { QUANTUM = 4000, COPIES = 3, WAY_BACK = 250 };  // WAY_BACK: the return, and the trap's cycles
  struct rig* rig = begin();
  put_loop(rig);
  boot(rig, ENGINE_MODEL, QUANTUM, COPIES);
  assert_int_equal(run_to_end(rig).code, 3000 & 255);
  struct kernel_stats stats;
  struct counters process;
  kernel_stats(machine_kernel(rig->machine), &stats);
  machine_counters(rig->machine, &process, NULL);
  // 3 x 3000 x (3 fetches, 2 writes). A turn ends with the instruction that reaches the quantum's end, walks included.
  uint64_t cycles = process.cycles_base + process.cycles_walk + process.cycles_ad_update;
  assert_true(process.cycles_base >= COPIES * 3000 * 5);
  assert_in_range(stats.interrupts, cycles / (QUANTUM + 1000) - COPIES, cycles / (QUANTUM - WAY_BACK) + COPIES);
  assert_true(stats.switches > stats.interrupts - COPIES);
  finish(rig);
}

static void the_account_adds_up(void** state) {
  (void)state;
  for (int engine = ENGINE_RTL; engine <= ENGINE_BOTH; engine++) {
    struct rig* rig = begin();
    put_loop(rig);
    boot(rig, (enum engine_kind)engine, 5000, 2);
    struct cycle_account before, after;
    machine_cycles(rig->machine, &before);
    uint64_t start = machine_now(rig->machine) - sum(&before);
    assert_int_equal(run_to_end(rig).code, 3000 & 255);
    machine_cycles(rig->machine, &after);
    assert_int_equal(sum(&after), machine_now(rig->machine) - start);
    assert_true(after.trap > 0 && after.kernel > 0 && after.base >= 30000);
    finish(rig);
  }
}

// Every way in costs core.trap, every way out core.iret.
static void traps_have_their_price(void** state) {
  (void)state;
  struct rig* rig = begin();
  put_loop(rig);
  boot(rig, ENGINE_MODEL, 4000, 1);
  run_to_end(rig);
  struct kernel_stats stats;
  struct cycle_account cycles;
  kernel_stats(machine_kernel(rig->machine), &stats);
  machine_cycles(rig->machine, &cycles);
  struct counters process;
  machine_counters(rig->machine, &process, NULL);
  uint64_t entries = process.faults_pf + stats.interrupts + stats.calls;
  assert_int_equal(process.faults_pf, 2);
  assert_true(stats.interrupts > 1);
  assert_int_equal(stats.calls, 1);
  // The exit does not come back; the start did not trap.
  assert_int_equal(cycles.trap, entries * (rig->config.core.trap + rig->config.core.iret));
  finish(rig);
}

// While everybody sleeps the processor is idle, until the timer.
static void sleeping_is_idle_time(void** state) {
  (void)state;
  struct rig* rig = begin();
  PUT(rig, "\xc7\x05\x04\x40\x00\x00\x40\x42\x0f\x00");                  // mov dword [4004], 1000000 (nanoseconds)
  PUT(rig, "\xb8\xa2\x00\x00\x00\xbb\x00\x40\x00\x00\x31\xc9\xcd\x80");  // nanosleep(4000, 0)
  PUT(rig, "\x89\xc3");
  put_exit(rig);
  boot(rig, ENGINE_MODEL, 5000, 1);
  uint64_t start = machine_now(rig->machine), asleep = 1000 * rig->config.clock_mhz;
  assert_int_equal(run_until(rig, UINT64_MAX, start + asleep / 2), MACHINE_LIMIT);
  assert_int_equal(machine_now(rig->machine), start + asleep / 2);
  assert_int_equal(run_to_end(rig).code, 0);
  struct cycle_account cycles;
  machine_cycles(rig->machine, &cycles);
  assert_in_range(cycles.idle, asleep - 5000, asleep + 5000);
  finish(rig);
}

struct outcome {
  uint64_t cycles, instructions;
  struct counters process, kernel;
};

static void take_outcome(struct rig* rig, struct outcome* outcome) {
  memset(outcome, 0, sizeof *outcome);
  outcome->cycles = machine_now(rig->machine);
  outcome->instructions = machine_instructions(rig->machine);
  machine_counters(rig->machine, &outcome->process, &outcome->kernel);
}

enum way { WAY_WHOLE, WAY_INSTRUCTIONS, WAY_CYCLES, WAY_TRACED, WAY_RTL, WAYS };

// Cutting a run anywhere, watching it or another engine changes no cycle and no count.
static void runs_can_be_cut_anywhere(void** state) {
  (void)state;
  struct outcome outcomes[WAYS];
  for (int way = 0; way < WAYS; way++) {
    struct rig* rig = begin();
    put_loop(rig);
    boot(rig, way == WAY_RTL ? ENGINE_RTL : ENGINE_MODEL, 1000, 2);
    if (way == WAY_TRACED) machine_on_reference(rig->machine, keep, rig);
    uint64_t instructions = 0, cycle = machine_now(rig->machine);
    if (way == WAY_INSTRUCTIONS)
      while (run_until(rig, instructions, UINT64_MAX) == MACHINE_LIMIT) {
        assert_int_equal(machine_instructions(rig->machine), instructions);
        instructions += 7;
      }
    if (way == WAY_CYCLES)
      while (run_until(rig, UINT64_MAX, cycle) == MACHINE_LIMIT) {
        assert_true(machine_now(rig->machine) >= cycle);
        cycle += 13;
      }
    if (way < WAY_INSTRUCTIONS || way > WAY_CYCLES) run_to_end(rig);
    take_outcome(rig, &outcomes[way]);
    finish(rig);
    assert_int_equal(outcomes[way].cycles, outcomes[0].cycles);
    assert_memory_equal(&outcomes[way], &outcomes[0], sizeof outcomes[0]);
  }
}

// `until` is the cycle after the last instruction: the one that ends in the cycle before is the last.
static void a_moment_is_exact(void** state) {
  (void)state;
  uint64_t cycles[2];
  for (int by_cycle = 0; by_cycle < 2; by_cycle++) {
    struct rig* rig = begin();
    put_loop(rig);
    boot(rig, ENGINE_MODEL, 0, 1);
    if (by_cycle)
      run_until(rig, UINT64_MAX, cycles[0]);
    else
      run_until(rig, 50, UINT64_MAX);
    cycles[by_cycle] = machine_now(rig->machine);
    assert_int_equal(machine_instructions(rig->machine), 50);
    finish(rig);
  }
  assert_int_equal(cycles[0], cycles[1]);
}

// --- one reference at a time -----------------------------------------------------------------------------------------

// engine_issue does what engine_play does: same answers, same time, same counters.
static void a_reference_alone_is_one_of_many(void** state) {
  (void)state;
  enum { REFS = 3000 };
  static struct ref refs[REFS];
  struct counters counted[2];
  uint64_t now[2], random = 12345;
  for (size_t i = 0; i < REFS; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    refs[i] = (struct ref){.va = 0x100000 + (random >> 40) % 0x40000,
                           .size = (uint16_t)(1 + (random >> 33) % 8),
                           .kind = (uint8_t)((random >> 20) % 3),
                           .flags = REF_USER};
  }
  for (int alone = 0; alone < 2; alone++) {
    struct config config;
    struct error err;
    config_default(&config);
    config.ram.frames = 512;
    struct machine_params params = {.config = &config, .engine = ENGINE_MODEL};
    struct machine* machine = machine_create(&params, &err);
    assert_non_null(machine);
    struct kernel* kernel = machine_kernel(machine);
    int pid = kernel_spawn(kernel);
    assert_int_equal(kernel_map(kernel, pid, 0x100000, 0x141000, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
    assert_int_equal(kernel_populate(kernel, pid), 0);
    assert_int_equal(kernel_switch(kernel, pid), 0);
    struct engine* engine = machine_engine(machine);
    struct play play = {.until = UINT64_MAX};
    struct answer answer;
    if (alone)
      for (size_t i = 0; i < REFS; i++) assert_true(engine_issue(engine, &refs[i], &answer));
    else
      engine_play(engine, refs, REFS, &play);
    struct ref nowhere = {.va = 0x10, .size = 4, .flags = REF_USER};
    assert_false(engine_issue(engine, &nowhere, &answer));
    assert_int_equal(answer.fault, FAULT_PF);
    assert_int_equal(answer.cr2, 0x10);
    engine_counters(engine, &counted[alone]);
    now[alone] = engine_now(engine);
    machine_destroy(machine);
  }
  assert_int_equal(now[0], now[1]);
  assert_memory_equal(&counted[0], &counted[1], sizeof counted[0]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_instruction_makes_its_references),
    cmocka_unit_test(what_crosses_a_page_is_one_reference),
    cmocka_unit_test(a_faulting_instruction_is_done_once),
    cmocka_unit_test(code_of_another_process_is_decoded_anew),
    cmocka_unit_test(privileged_instructions_are_refused),
    cmocka_unit_test(segments_are_the_users_or_null),
    cmocka_unit_test(page_faults_have_their_codes),
    cmocka_unit_test(selectors_are_kept_over_traps),
    cmocka_unit_test(the_clock_is_the_machines),
    cmocka_unit_test(the_timer_takes_turns),
    cmocka_unit_test(the_account_adds_up),
    cmocka_unit_test(traps_have_their_price),
    cmocka_unit_test(sleeping_is_idle_time),
    cmocka_unit_test(runs_can_be_cut_anywhere),
    cmocka_unit_test(a_moment_is_exact),
    cmocka_unit_test(a_reference_alone_is_one_of_many),
};
TEST_MAIN(tests)
