// SPDX-License-Identifier: MIT
// The core, rule by rule: what no program natively shows (privilege levels, ports, limits, timers, restart,
// references).
#include <string.h>

#include "check.h"
#include "core/memory.h"

enum { CODE = 0x10000, DATA = 0x20000, STACK = 0x30000, TOP = STACK + 0x800, STEPS = 1000 };

// --- a machine of three mapped regions, each with a page behind it that is not there ---------------------------------

struct machine {
  struct memory* memory;
  struct core* core;
  struct core_state* state;
  uint32_t* reg;
};

static struct machine machine_create(unsigned cpl) {
  struct machine m = {.memory = memory_create()};
  m.core = m.memory->core;
  m.state = &m.core->state;
  m.reg = m.state->reg;
  memory_map(m.memory, CODE, 2 * MEMORY_PAGE, MEMORY_ALL);
  memory_map(m.memory, DATA, 2 * MEMORY_PAGE, MEMORY_ALL);
  memory_map(m.memory, STACK, MEMORY_PAGE, MEMORY_ALL);
  m.state->cpl = (uint8_t)cpl;
  m.state->eip = CODE;
  m.reg[CORE_ESP] = TOP;
  m.reg[CORE_ESI] = m.reg[CORE_EBX] = DATA;
  m.reg[CORE_EDI] = DATA + 0x100;
  for (int i = 0; i < CORE_SEGMENTS; i++) m.state->selector[i] = (uint16_t)(0x18 + 8 * i + cpl);
  return m;
}
static void machine_destroy(struct machine* m) { memory_destroy(m->memory); }

static void put_at(struct machine* m, uint32_t at, const char* bytes, size_t count) {
  memory_write(m->memory, at, bytes, count);
}
// The instruction bytes as a string literal, put where the core goes on.
#define PUT(m, literal) put_at(m, (m)->state->eip, literal, sizeof(literal) - 1)

static struct core_stop step(struct machine* m) { return core_run(m->core, 1); }

static uint32_t word(const struct machine* m, uint32_t at) {
  uint32_t value;
  memory_read(m->memory, at, &value, sizeof value);
  return value;
}
static void set_word(struct machine* m, uint32_t at, uint32_t value) {
  memory_write(m->memory, at, &value, sizeof value);
}

static void assert_exception(struct core_stop stop, unsigned vector, uint32_t error) {
  assert_int_equal(stop.kind, CORE_STOP_EXCEPTION);
  assert_int_equal(stop.vector, vector);
  assert_int_equal(stop.error, error);
}

// Runs one instruction that must fault and change nothing.
static struct core_stop assert_faults(struct machine* m, unsigned vector, uint32_t error) {
  struct core_state before = *m->state;
  struct core_stop stop = step(m);
  assert_exception(stop, vector, error);
  assert_int_equal(stop.eip, before.eip);
  assert_memory_equal(m->state, &before, sizeof before);
  return stop;
}

#define BYTES(literal) \
  { literal, sizeof(literal) - 1 }
struct code {
  const char* bytes;
  size_t count;
};

static void assert_all_fault(const struct code* codes, size_t count, unsigned cpl, unsigned vector) {
  for (size_t i = 0; i < count; i++) {
    struct machine m = machine_create(cpl);
    put_at(&m, CODE, codes[i].bytes, codes[i].count);
    assert_faults(&m, vector, 0);
    assert_int_equal(m.memory->operations, 0);
    assert_int_equal(m.memory->references[MEMORY_LOAD] + m.memory->references[MEMORY_STORE], 0);
    machine_destroy(&m);
  }
}
#define COUNT(array) (sizeof(array) / sizeof *(array))

// --- privilege -------------------------------------------------------------------------------------------------------

static const struct code privileged[] = {
    BYTES("\xf4"),         BYTES("\x0f\x06"),     BYTES("\x0f\x08"),     BYTES("\x0f\x09"),     BYTES("\x0f\x20\xc0"),
    BYTES("\x0f\x22\xd8"), BYTES("\x0f\x22\xe0"), BYTES("\x0f\x21\xc0"), BYTES("\x0f\x23\xf8"), BYTES("\x0f\x30"),
    BYTES("\x0f\x32"),     BYTES("\x0f\x01\x13"), BYTES("\x0f\x01\x1b"), BYTES("\x0f\x01\x33"), BYTES("\x0f\x01\x3b"),
    BYTES("\x0f\x00\x13"), BYTES("\x0f\x00\x1b"),
};
static const struct code io_privileged[] = {
    BYTES("\xfa"),     BYTES("\xfb"), BYTES("\xe4\x10"), BYTES("\xe5\x10"), BYTES("\xe6\x10"),
    BYTES("\xe7\x10"), BYTES("\xec"), BYTES("\xed"),     BYTES("\xee"),     BYTES("\xef"),
    BYTES("\x6c"),     BYTES("\x6d"), BYTES("\x6e"),     BYTES("\x6f"),
};

static void system_instructions_need_privilege_level_0(void** state) {
  (void)state;
  for (unsigned cpl = 1; cpl <= 3; cpl++) {
    assert_all_fault(privileged, COUNT(privileged), cpl, CORE_GP);
    assert_all_fault(io_privileged, COUNT(io_privileged), cpl, CORE_GP);
  }
  for (size_t i = 1; i < COUNT(privileged); i++) {
    struct machine m = machine_create(0);
    put_at(&m, CODE, privileged[i].bytes, privileged[i].count);
    assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
    assert_true(m.memory->operations > 0);
    machine_destroy(&m);
  }
}

static void ports_and_interrupt_flag_need_iopl(void** state) {
  (void)state;
  for (size_t i = 0; i < COUNT(io_privileged); i++) {
    struct machine m = machine_create(3);
    m.state->eflags |= CORE_IOPL;
    put_at(&m, CODE, io_privileged[i].bytes, io_privileged[i].count);
    assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
    machine_destroy(&m);
  }
  struct machine m = machine_create(3);
  m.state->eflags |= CORE_IOPL;
  PUT(&m, "\xfa\xfb");
  step(&m);
  assert_false(m.state->eflags & CORE_IF);
  step(&m);
  assert_true(m.state->eflags & CORE_IF);
  machine_destroy(&m);
}

static void ports_move_data_of_their_size(void** state) {
  (void)state;
  struct machine m = machine_create(0);
  m.reg[CORE_EDX] = 0xabcd03f8;
  m.reg[CORE_EAX] = 0xffffffff;
  PUT(&m, "\xec\x66\xed\xe5\x71\xee\xe7\x80\x6c\x6f");
  step(&m);  // in al, dx
  assert_int_equal(m.memory->last.index, 0x3f8);
  assert_int_equal(m.memory->last.size, 1);
  assert_int_equal(m.reg[CORE_EAX], 0xffffff00 | ((0x12345678 + 0x3f8) & 0xff));
  step(&m);  // in ax, dx
  assert_int_equal(m.reg[CORE_EAX], 0xffff0000 | ((0x12345678 + 0x3f8) & 0xffff));
  step(&m);  // in eax, 71
  assert_int_equal(m.reg[CORE_EAX], 0x12345678 + 0x71);
  step(&m);  // out dx, al
  assert_int_equal(m.memory->last.op, CORE_OUT);
  assert_int_equal(m.memory->last.value, (0x12345678 + 0x71) & 0xff);
  step(&m);  // out 80, eax
  assert_int_equal(m.memory->last.index, 0x80);
  assert_int_equal(m.memory->last.size, 4);
  step(&m);  // insb
  assert_int_equal(word(&m, DATA + 0x100), (0x12345678 + 0x3f8) & 0xff);
  assert_int_equal(m.reg[CORE_EDI], DATA + 0x101);
  set_word(&m, DATA, 0xfeedface);
  step(&m);  // outsd
  assert_int_equal(m.memory->last.value, 0xfeedface);
  assert_int_equal(m.reg[CORE_ESI], DATA + 4);
  machine_destroy(&m);
}

static uint32_t after_popf(unsigned cpl, uint32_t before, uint32_t image) {
  struct machine m = machine_create(cpl);
  m.state->eflags = before;
  PUT(&m, "\x9d");
  set_word(&m, TOP, image);
  step(&m);
  uint32_t flags = m.state->eflags;
  machine_destroy(&m);
  return flags;
}

static void popf_changes_only_what_its_privilege_allows(void** state) {
  (void)state;
  const uint32_t others = CORE_CF | CORE_PF | CORE_AF | CORE_ZF | CORE_SF | CORE_TF | CORE_DF | CORE_OF | CORE_NT |
                          CORE_AC | CORE_ID | CORE_FIXED;
  assert_int_equal(after_popf(3, CORE_FIXED, ~0u), others);
  assert_int_equal(after_popf(3, CORE_FIXED | CORE_IF, 0), CORE_FIXED | CORE_IF);
  assert_int_equal(after_popf(3, CORE_FIXED | CORE_IOPL, ~0u), others | CORE_IOPL | CORE_IF);
  assert_int_equal(after_popf(0, CORE_FIXED, ~0u), others | CORE_IOPL | CORE_IF);
  assert_int_equal(after_popf(0, CORE_FIXED | CORE_IOPL | CORE_IF, 0), CORE_FIXED);
}

static void popf_of_a_word_keeps_the_upper_flags(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.state->eflags |= CORE_ID | CORE_AC;
  PUT(&m, "\x66\x9d");
  set_word(&m, TOP, CORE_CF);
  step(&m);
  assert_int_equal(m.state->eflags, CORE_FIXED | CORE_IF | CORE_ID | CORE_AC | CORE_CF);
  assert_int_equal(m.reg[CORE_ESP], TOP + 2);
  machine_destroy(&m);
}

static void iret_goes_to_user_code_with_its_stack(void** state) {
  (void)state;
  struct machine m = machine_create(0);
  PUT(&m, "\xcf");
  const uint32_t frame[5] = {CODE + 0x55, 0x1b, 0x202 | CORE_IOPL, DATA + 0x40, 0x23};
  memory_write(m.memory, TOP, frame, sizeof frame);
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.state->eip, CODE + 0x55);
  assert_int_equal(m.state->cpl, 3);
  assert_int_equal(m.state->selector[CORE_CS], 0x1b);
  assert_int_equal(m.state->selector[CORE_SS], 0x23);
  assert_int_equal(m.reg[CORE_ESP], DATA + 0x40);
  assert_int_equal(m.state->eflags, 0x202 | CORE_IOPL);
  assert_int_equal(m.memory->last.high, 0x23);
  machine_destroy(&m);
}

static void iret_cannot_raise_privilege(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\xcf");
  const uint32_t frame[3] = {CODE, 0x18, CORE_FIXED | CORE_IOPL};
  memory_write(m.memory, TOP, frame, sizeof frame);
  assert_faults(&m, CORE_GP, 0x18);
  set_word(&m, TOP + 4, 0x1b);  // the same privilege: allowed, but neither IOPL nor IF change
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.state->eflags, CORE_FIXED | CORE_IF);
  assert_int_equal(m.reg[CORE_ESP], TOP + 12);
  machine_destroy(&m);
}

static void far_call_and_return(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  uint16_t cs = m.state->selector[CORE_CS];
  PUT(&m, "\x9a\x00\x01\x01\x00\x0b\x00");  // call 000b:00010100
  put_at(&m, CODE + 0x100, "\xca\x08\x00", 3);
  step(&m);
  assert_int_equal(m.state->eip, CODE + 0x100);
  assert_int_equal(m.state->selector[CORE_CS], 0x0b);
  assert_int_equal(word(&m, TOP - 8), CODE + 7);
  assert_int_equal(word(&m, TOP - 4), cs);
  step(&m);
  assert_int_equal(m.state->eip, CODE + 7);
  assert_int_equal(m.state->selector[CORE_CS], cs);
  assert_int_equal(m.reg[CORE_ESP], TOP + 8);
  machine_destroy(&m);
}

static void a_far_call_without_stack_does_not_load_cs(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.reg[CORE_ESP] = STACK + 4;  // the page below is not there
  PUT(&m, "\x9a\x00\x01\x01\x00\x0b\x00");
  assert_faults(&m, CORE_PF_FAULT, 6);
  assert_int_equal(m.memory->operations, 0);
  machine_destroy(&m);
}

static void a_far_return_to_an_outer_level_releases_both_stacks(void** state) {
  (void)state;
  struct machine m = machine_create(0);
  PUT(&m, "\xca\x08\x00");
  // EIP, CS, 8 bytes of parameters, ESP, SS.
  const uint32_t frame[6] = {CODE + 0x55, 0x1b, 1, 2, DATA + 0x40, 0x23};
  memory_write(m.memory, TOP, frame, sizeof frame);
  step(&m);
  assert_int_equal(m.state->eip, CODE + 0x55);
  assert_int_equal(m.state->cpl, 3);
  assert_int_equal(m.reg[CORE_ESP], DATA + 0x48);
  assert_int_equal(m.state->selector[CORE_SS], 0x23);
  machine_destroy(&m);
}

static void refused_operations_change_nothing(void** state) {
  (void)state;
  static const struct code codes[] = {
      BYTES("\x9a\x00\x01\x01\x00\x0b\x00"),
      BYTES("\xea\x00\x01\x01\x00\x0b\x00"),
      BYTES("\x8e\xd8"),
      BYTES("\x1f"),
      BYTES("\xc5\x03"),
      BYTES("\xcb"),
      BYTES("\x0f\x22\xd8"),
      BYTES("\x6c"),
      BYTES("\xec"),
      BYTES("\x0f\x31"),
  };
  for (size_t i = 0; i < COUNT(codes); i++) {
    struct machine m = machine_create(0);
    m.memory->refuse_system = true;
    put_at(&m, CODE, codes[i].bytes, codes[i].count);
    uint32_t below = word(&m, TOP - 4), data = word(&m, DATA + 0x100);
    assert_faults(&m, CORE_GP, 0);
    assert_int_equal(word(&m, TOP - 4), below);
    assert_int_equal(word(&m, DATA + 0x100), data);
    machine_destroy(&m);
  }
}

static void segment_registers(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.reg[CORE_EAX] = 0xffff002b;
  PUT(&m, "\x8e\xd8\x8c\xd9\x8c\x1b\x1e\x07\x0f\xb4\x13\x8e\xc8");
  step(&m);  // mov ds, ax
  assert_int_equal(m.memory->last.op, CORE_LOAD_SEGMENT);
  assert_int_equal(m.memory->last.index, CORE_DS);
  assert_int_equal(m.state->selector[CORE_DS], 0x2b);
  m.reg[CORE_ECX] = 0xffffffff;
  step(&m);  // mov ecx, ds
  assert_int_equal(m.reg[CORE_ECX], 0x2b);
  set_word(&m, DATA, 0xaaaaaaaa);
  step(&m);  // mov [ebx], ds: a word
  assert_int_equal(word(&m, DATA), 0xaaaa002b);
  step(&m);  // push ds
  assert_int_equal(word(&m, TOP - 4), 0x2b);
  step(&m);  // pop es
  assert_int_equal(m.state->selector[CORE_ES], 0x2b);
  set_word(&m, DATA, 0x11223344);
  set_word(&m, DATA + 4, 0x33);
  step(&m);  // lfs edx, [ebx]
  assert_int_equal(m.reg[CORE_EDX], 0x11223344);
  assert_int_equal(m.state->selector[CORE_FS], 0x33);
  assert_faults(&m, CORE_UD, 0);  // mov cs, ax
  machine_destroy(&m);
}

static void system_registers_reach_the_bus(void** state) {
  (void)state;
  struct machine m = machine_create(0);
  m.reg[CORE_EAX] = 0x5000;
  const uint8_t table[6] = {0xff, 0x07, 0x00, 0x10, 0x20, 0xc0};
  memory_write(m.memory, DATA, table, sizeof table);
  PUT(&m, "\x0f\x22\xd8\x0f\x20\xc1\x0f\x01\x7b\x10\x0f\x01\x13\x0f\x22\xc8\x0f\x31");
  step(&m);  // mov cr3, eax
  assert_int_equal(m.memory->last.op, CORE_WRITE_CR);
  assert_int_equal(m.memory->last.index, 3);
  assert_int_equal(m.memory->last.value, 0x5000);
  step(&m);  // mov ecx, cr0
  assert_int_equal(m.reg[CORE_ECX], 0x12345678);
  step(&m);  // invlpg [ebx+16]
  assert_int_equal(m.memory->last.op, CORE_INVLPG);
  assert_int_equal(m.memory->last.value, DATA + 16);
  assert_int_equal(m.memory->last.segment, CORE_DS);
  step(&m);  // lgdt [ebx]
  assert_int_equal(m.memory->last.op, CORE_LOAD_TABLE);
  assert_int_equal(m.memory->last.index, 0);
  assert_int_equal(m.memory->last.limit, 0x7ff);
  assert_int_equal(m.memory->last.value, 0xc0201000);
  assert_faults(&m, CORE_UD, 0);  // there is no cr1
  m.state->eip += 3;
  step(&m);  // rdtsc
  assert_int_equal(m.reg[CORE_EAX], 0x12345678);
  assert_int_equal(m.reg[CORE_EDX], 0x9abcdef0);
  machine_destroy(&m);
}

// --- interrupts and exceptions ---------------------------------------------------------------------------------------

static void int_80_is_a_call_that_can_be_started_over(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\xcd\x80");
  for (int i = 0; i < 2; i++) {
    struct core_stop stop = core_run(m.core, STEPS);
    assert_int_equal(stop.kind, CORE_STOP_CALL);
    assert_int_equal(stop.vector, 0x80);
    assert_int_equal(stop.eip, CODE);
    assert_int_equal(m.state->eip, CODE + 2);
    m.state->eip = stop.eip;
  }
  machine_destroy(&m);
}

static void other_gates_are_closed_to_user_code(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\xcd\x21");
  assert_faults(&m, CORE_GP, 0x21 * 8 + 2);
  m.state->cpl = 0;
  struct core_stop stop = step(&m);
  assert_int_equal(stop.kind, CORE_STOP_CALL);
  assert_int_equal(stop.vector, 0x21);
  machine_destroy(&m);
}

static void traps_are_reported_behind_the_instruction(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\xcc\xcd\x03\xce\xce\xf1");
  struct core_stop stop = step(&m);
  assert_exception(stop, CORE_BP, 0);
  assert_int_equal(stop.eip, CODE);
  assert_int_equal(m.state->eip, CODE + 1);
  assert_false(stop.has_error);
  assert_exception(step(&m), CORE_BP, 0);
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);  // INTO with OF clear
  m.state->eflags |= CORE_OF;
  assert_exception(step(&m), CORE_OV, 0);
  assert_int_equal(m.state->eip, CODE + 5);
  assert_exception(step(&m), CORE_DB, 0);
  machine_destroy(&m);
}

static void single_step_traps_after_each_instruction(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x40\x40\xf3\xaa");
  m.state->eflags |= CORE_TF;
  m.reg[CORE_ECX] = 3;
  assert_exception(core_run(m.core, STEPS), CORE_DB, 0);
  assert_int_equal(m.state->eip, CODE + 1);
  assert_exception(core_run(m.core, STEPS), CORE_DB, 0);
  assert_exception(core_run(m.core, STEPS), CORE_DB, 0);  // an iteration
  assert_int_equal(m.reg[CORE_ECX], 2);
  assert_int_equal(m.state->eip, CODE + 2);
  machine_destroy(&m);
}

static void hlt_stops_at_level_0(void** state) {
  (void)state;
  struct machine m = machine_create(0);
  PUT(&m, "\xf4");
  assert_int_equal(core_run(m.core, STEPS).kind, CORE_STOP_HALT);
  assert_int_equal(m.state->eip, CODE + 1);
  machine_destroy(&m);
}

static void what_is_no_instruction_is_refused(void** state) {
  (void)state;
  static const struct code codes[] = {
      BYTES("\x0f\x0b"),     BYTES("\x0f\xff"),     BYTES("\x0f\x04"),     BYTES("\x63\xc0"),
      BYTES("\x8f\xc8"),     BYTES("\xc6\xc8\x00"), BYTES("\xfe\xd0"),     BYTES("\xff\xf8"),
      BYTES("\x8d\xc0"),     BYTES("\xc4\xc0"),     BYTES("\x62\xc0"),     BYTES("\x0f\xba\xc0\x01"),
      BYTES("\x0f\xc7\xc8"), BYTES("\x0f\x58\xc0"), BYTES("\x0f\x6f\xc0"), BYTES("\x0f\x34"),
      BYTES("\x0f\x01\xd0"), BYTES("\x8e\xf0"),     BYTES("\x8c\xf0"),     BYTES("\x0f\x20\xc8"),
  };
  static const struct code locks[] = {
      BYTES("\xf0\x01\xc0"), BYTES("\xf0\x38\x03"), BYTES("\xf0\x90"),         BYTES("\xf0\x89\x03"),
      BYTES("\xf0\xd1\x23"), BYTES("\xf0\xa4"),     BYTES("\xf0\x0f\xa3\x03"), BYTES("\xf0\x03\x03"),
  };
  static const struct code x87[] = {BYTES("\xd9\xee"), BYTES("\xdd\x03"), BYTES("\xd8\xc1")};
  assert_all_fault(codes, COUNT(codes), 3, CORE_UD);
  assert_all_fault(locks, COUNT(locks), 3, CORE_UD);
  assert_all_fault(x87, COUNT(x87), 3, CORE_NM);
}

static void lock_is_allowed_where_memory_is_modified(void** state) {
  (void)state;
  static const struct code codes[] = {BYTES("\xf0\x01\x03"),    BYTES("\xf0\x87\x03"),     BYTES("\xf0\xff\x03"),
                                      BYTES("\xf0\xf7\x13"),    BYTES("\xf0\x0f\xc1\x03"), BYTES("\xf0\x0f\xab\x03"),
                                      BYTES("\xf0\x83\x0b\x01")};
  for (size_t i = 0; i < COUNT(codes); i++) {
    struct machine m = machine_create(3);
    put_at(&m, CODE, codes[i].bytes, codes[i].count);
    assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
    assert_int_equal(m.memory->references[MEMORY_MODIFY], 1);
    assert_int_equal(m.memory->references[MEMORY_MODIFY_BACK], 1);
    assert_int_equal(m.memory->references[MEMORY_LOAD] + m.memory->references[MEMORY_STORE], 0);
    machine_destroy(&m);
  }
}

static void more_than_15_bytes_are_refused(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90");  // 15
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  m.state->eip = CODE + 0x100;
  PUT(&m, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90");
  assert_faults(&m, CORE_GP, 0);
  machine_destroy(&m);
}

static void division_errors(void** state) {
  (void)state;
  static const struct {
    struct code code;
    uint32_t eax, edx, ecx;
  } cases[] = {
      {BYTES("\xf7\xf1"), 1, 0, 0},
      {BYTES("\xf7\xf1"), 0, 2, 2},
      {BYTES("\xf7\xf9"), 1, 0, 0},
      {BYTES("\xf7\xf9"), 0, 0x80000000, ~0u},
      {BYTES("\xf7\xf9"), 0x80000000, ~0u, ~0u},
      {BYTES("\xf6\xf9"), 0xff80, 0, 0xff},
      {BYTES("\x66\xf7\xf9"), 0x8000, 0xffff, 0xffff},
      {BYTES("\xf6\xf1"), 0x200, 0, 2},
      {BYTES("\xd4\x00"), 5, 0, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct machine m = machine_create(3);
    put_at(&m, CODE, cases[i].code.bytes, cases[i].code.count);
    m.reg[CORE_EAX] = cases[i].eax;
    m.reg[CORE_EDX] = cases[i].edx;
    m.reg[CORE_ECX] = cases[i].ecx;
    assert_false(assert_faults(&m, CORE_DE, 0).has_error);
    machine_destroy(&m);
  }
}

static void segment_limits(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.memory->limit = DATA + 5;
  m.memory->limited = CORE_DS;
  PUT(&m, "\x8b\x43\x02\x8b\x43\x03");
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);  // up to the last byte
  assert_true(assert_faults(&m, CORE_GP, 0).has_error);
  m.memory->limited = CORE_SS;
  m.memory->limit = TOP - 5;
  PUT(&m, "\x50");
  assert_faults(&m, CORE_SS_FAULT, 0);
  PUT(&m, "\x8b\x04\x24");  // mov eax, [esp]
  assert_faults(&m, CORE_SS_FAULT, 0);
  PUT(&m, "\x3e\x8b\x04\x24");  // with a DS prefix
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  m.memory->limited = CORE_CS;
  m.memory->limit = m.state->eip + 1;
  PUT(&m, "\x66\x90\x90");
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  assert_faults(&m, CORE_GP, 0);
  machine_destroy(&m);
}

// --- references ------------------------------------------------------------------------------------------------------

static void x_plus_3_makes_five_references(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  set_word(&m, DATA, 3000);
  PUT(&m, "\x8b\x03\x83\xc0\x03\x89\x03");  // mov eax, [ebx]; add eax, 3; mov [ebx], eax
  core_run(m.core, 3);
  assert_int_equal(word(&m, DATA), 3003);
  assert_int_equal(m.memory->references[MEMORY_FETCH], 3);
  assert_int_equal(m.memory->references[MEMORY_LOAD], 1);
  assert_int_equal(m.memory->references[MEMORY_STORE], 1);
  assert_int_equal(m.memory->references[MEMORY_MODIFY] + m.memory->references[MEMORY_MODIFY_BACK], 0);
  machine_destroy(&m);
}

static void a_repeated_string_is_fetched_once(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.reg[CORE_ECX] = 50;
  PUT(&m, "\xf3\xa4");
  assert_int_equal(core_run(m.core, 50).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.memory->references[MEMORY_FETCH], 1);
  assert_int_equal(m.memory->references[MEMORY_LOAD], 50);
  assert_int_equal(m.memory->references[MEMORY_STORE], 50);
  assert_int_equal(m.core->steps, 50);
  assert_int_equal(m.core->instructions, 1);
  assert_int_equal(m.state->eip, CODE + 2);
  machine_destroy(&m);
}

static void a_repetition_keeps_its_iterations_at_a_fault(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.reg[CORE_ECX] = 100;
  m.reg[CORE_EDI] = DATA + 2 * MEMORY_PAGE - 10;
  PUT(&m, "\xf3\xaa");
  struct core_stop stop = core_run(m.core, STEPS);
  assert_exception(stop, CORE_PF_FAULT, 6);
  assert_int_equal(stop.cr2, DATA + 2 * MEMORY_PAGE);
  assert_int_equal(m.reg[CORE_ECX], 90);
  assert_int_equal(m.reg[CORE_EDI], DATA + 2 * MEMORY_PAGE);
  assert_int_equal(m.state->eip, CODE);
  memory_map(m.memory, DATA + 2 * MEMORY_PAGE, MEMORY_PAGE, MEMORY_ALL);
  assert_int_equal(core_run(m.core, 90).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.reg[CORE_ECX], 0);
  assert_int_equal(m.core->instructions, 1);
  machine_destroy(&m);
}

static void a_modification_asks_for_the_right_to_write_at_its_read(void** state) {
  (void)state;
  static const struct code codes[] = {BYTES("\x01\x03"),     BYTES("\xfe\x03"),         BYTES("\xd1\x23"),
                                      BYTES("\x87\x03"),     BYTES("\x0f\xb1\x03"),     BYTES("\x0f\xc7\x0b"),
                                      BYTES("\x0f\xab\x03"), BYTES("\x0f\xa4\x03\x01"), BYTES("\xf7\x1b")};
  for (size_t i = 0; i < COUNT(codes); i++) {
    struct machine m = machine_create(3);
    memory_map(m.memory, DATA, MEMORY_PAGE, MEMORY_ALL & ~MEMORY_WRITE);
    put_at(&m, CODE, codes[i].bytes, codes[i].count);
    assert_faults(&m, CORE_PF_FAULT, 7);
    machine_destroy(&m);
  }
}

// Everything in two pages each, code, source and destination, and of all pages six present: the first to come is the
// first to go.
static void six_pages_are_always_enough(void** state) {
  (void)state;
  enum { FRAMES = 6, FAULTS_MAX = 100 };
  static const struct code codes[] = {BYTES("\xf3\xa5"), BYTES("\xf3\xa7"), BYTES("\xff\x36"),
                                      BYTES("\x8f\x07"), BYTES("\xff\x1e"), BYTES("\xc8\x10\x00\x05"),
                                      BYTES("\x60"),     BYTES("\x01\x06"), BYTES("\x0f\xc7\x0e")};
  for (size_t i = 0; i < COUNT(codes); i++) {
    struct machine m = machine_create(3);
    uint32_t frames[FRAMES], count = 0, faults = 0;
    memory_map(m.memory, CODE, 2 * MEMORY_PAGE, 0);
    memory_map(m.memory, DATA, 2 * MEMORY_PAGE, 0);
    memory_map(m.memory, DATA + 0x8000, 2 * MEMORY_PAGE, 0);
    memory_map(m.memory, STACK, 2 * MEMORY_PAGE, 0);
    m.state->eip = CODE + MEMORY_PAGE - 1;
    m.reg[CORE_ESI] = m.reg[CORE_EBP] = DATA + MEMORY_PAGE - 2;
    m.reg[CORE_EDI] = DATA + 0x8000 + MEMORY_PAGE - 2;
    m.reg[CORE_ESP] = STACK + MEMORY_PAGE + 2;
    m.reg[CORE_ECX] = 4;
    put_at(&m, m.reg[CORE_ESI], "\x00\x00\x01\x00\x1b", 5);  // a far pointer
    put_at(&m, m.state->eip, codes[i].bytes, codes[i].count);
    struct core_stop stop;
    while (stop = core_run(m.core, 1), stop.kind == CORE_STOP_EXCEPTION && faults++ < FAULTS_MAX) {
      assert_int_equal(stop.vector, CORE_PF_FAULT);
      uint32_t* frame = &frames[count++ % FRAMES];
      if (count > FRAMES) m.memory->rights[*frame] = 0;
      *frame = stop.cr2 / MEMORY_PAGE;
      m.memory->rights[*frame] = MEMORY_ALL;
    }
    assert_int_equal(stop.kind, CORE_STOP_LIMIT);
    assert_in_range(faults, codes[i].count > 1 ? 3 : 1, FRAMES);
    machine_destroy(&m);
  }
}

static void code_that_crosses_a_page_is_one_reference(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.state->eip = CODE + MEMORY_PAGE - 2;
  PUT(&m, "\xb8\x01\x02\x03\x04");
  memory_map(m.memory, CODE + MEMORY_PAGE, MEMORY_PAGE, 0);
  for (int i = 0; i < 2; i++) {
    struct core_stop stop = assert_faults(&m, CORE_PF_FAULT, 0x14);
    assert_int_equal(stop.cr2, CODE + MEMORY_PAGE);
  }
  memory_map(m.memory, CODE + MEMORY_PAGE, MEMORY_PAGE, MEMORY_ALL);
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.reg[CORE_EAX], 0x04030201);
  assert_int_equal(m.memory->references[MEMORY_FETCH], 1);
  // Known by now, and the page goes again.
  memory_map(m.memory, CODE + MEMORY_PAGE, MEMORY_PAGE, 0);
  m.state->eip = CODE + MEMORY_PAGE - 2;
  assert_int_equal(assert_faults(&m, CORE_PF_FAULT, 0x14).cr2, CODE + MEMORY_PAGE);
  machine_destroy(&m);
}

static void code_that_changes_is_seen(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x40\x40\xeb\xfc");
  core_run(m.core, 6);
  assert_int_equal(m.reg[CORE_EAX], 4);
  put_at(&m, CODE, "\x48", 1);  // dec: the same length
  core_run(m.core, 3);
  assert_int_equal(m.reg[CORE_EAX], 4);
  put_at(&m, CODE, "\xb8\x99\x00\x00\x00", 5);  // longer
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.reg[CORE_EAX], 0x99);
  assert_int_equal(m.state->eip, CODE + 5);
  // By a store of its own, into the next instruction.
  m.state->eip = CODE + 0x200;
  PUT(&m, "\xc6\x05\x07\x02\x01\x00\x40\x90\xeb\xf6");
  m.reg[CORE_EAX] = 0;
  core_run(m.core, 3);
  put_at(&m, CODE + 0x207, "\x90", 1);
  core_run(m.core, 2);
  assert_int_equal(m.reg[CORE_EAX], 2);
  machine_destroy(&m);
}

// An old entry that reaches into a page that is gone must not fault for a new instruction that does not.
static void a_changed_instruction_faults_by_its_own_length(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.state->eip = CODE + MEMORY_PAGE - 1;
  PUT(&m, "\xb0\x05");
  step(&m);
  memory_map(m.memory, CODE + MEMORY_PAGE, MEMORY_PAGE, 0);
  m.state->eip = CODE + MEMORY_PAGE - 1;
  PUT(&m, "\x40");
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.reg[CORE_EAX], 6);
  machine_destroy(&m);
}

static void forgetting_makes_the_core_look_again(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x40\xeb\xfd");
  core_run(m.core, 4);
  core_forget(m.core);
  uint64_t fetches = m.memory->references[MEMORY_FETCH];
  put_at(&m, CODE, "\x90", 1);
  core_run(m.core, 2);
  assert_int_equal(m.reg[CORE_EAX], 2);
  assert_int_equal(m.memory->references[MEMORY_FETCH], fetches + 2);  // none made in vain
  machine_destroy(&m);
}

static void a_bus_that_contradicts_itself_is_a_bus_error(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.memory->blind = true;
  PUT(&m, "\x40");
  assert_faults(&m, CORE_MC, 0);
  machine_destroy(&m);
}

// After each of these another instruction may lie at the same address: the core must look before it fetches.
static void changes_of_translation_forget(void** state) {
  (void)state;
  static const struct code codes[] = {BYTES("\x0f\x22\xd8"), BYTES("\x0f\x01\x3b"),
                                      BYTES("\xea\x08\x00\x01\x00\x18\x00")};
  for (size_t i = 0; i < COUNT(codes); i++) {
    struct machine m = machine_create(0);
    put_at(&m, CODE + 8, "\x40", 1);
    m.state->eip = CODE + 8;
    step(&m);
    put_at(&m, CODE + 8, "\xb8\x01\x00\x00\x00", 5);
    m.state->eip = CODE;
    put_at(&m, CODE, codes[i].bytes, codes[i].count);
    step(&m);
    m.state->eip = CODE + 8;
    uint64_t fetches = m.memory->references[MEMORY_FETCH];
    step(&m);
    assert_int_equal(m.memory->references[MEMORY_FETCH], fetches + 1);
    machine_destroy(&m);
  }
}

// --- rules that random instructions meet too seldom
// -------------------------------------------------------------------

static void cmov_reads_its_source_even_if_it_does_not_move(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x0f\x44\x03\x0f\x44\x0d\x00\x00\x00\x50");
  m.reg[CORE_EAX] = 7;
  step(&m);  // cmovz eax, [ebx] with ZF clear
  assert_int_equal(m.reg[CORE_EAX], 7);
  assert_int_equal(m.memory->references[MEMORY_LOAD], 1);
  assert_faults(&m, CORE_PF_FAULT, 4);
  machine_destroy(&m);
}

static void bounds_belong_to_their_range(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  set_word(&m, DATA, (uint32_t)-5);
  set_word(&m, DATA + 4, 9);
  PUT(&m, "\x62\x03");  // bound eax, [ebx]
  for (int index = -6; index <= 10; index++) {
    m.state->eip = CODE;
    m.reg[CORE_EAX] = (uint32_t)index;
    if (index < -5 || index > 9)
      assert_faults(&m, CORE_BR, 0);
    else
      assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  }
  assert_int_equal(m.memory->references[MEMORY_LOAD], 17);
  machine_destroy(&m);
}

static void short_addresses_count_in_cx_and_wrap(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  memory_map(m.memory, 0, 16 * MEMORY_PAGE, MEMORY_ALL);
  m.reg[CORE_ECX] = 0x50000;
  m.reg[CORE_EDI] = 0x7000ffff;
  m.reg[CORE_EAX] = 0xab;
  PUT(&m, "\x67\xf3\xaa\x67\xe3\x02\xcc\xcc\x67\xf3\xaa\x67\x8b\x57\x01");
  assert_int_equal(core_run(m.core, 2).kind, CORE_STOP_LIMIT);  // a count of 0; jcxz
  assert_int_equal(m.state->eip, CODE + 8);
  m.reg[CORE_ECX] = 0x50002;
  core_run(m.core, 2);
  assert_int_equal(m.reg[CORE_ECX], 0x50000);
  assert_int_equal(m.reg[CORE_EDI], 0x70000001);
  assert_int_equal(word(&m, 0) & 0xff, 0xab);
  assert_int_equal(word(&m, 0xfffc) >> 24, 0xab);
  m.reg[CORE_EBX] = 0x1234fff0;
  set_word(&m, 0xfff1, 0x600df00d);
  step(&m);  // mov edx, [bx+1]
  assert_int_equal(m.reg[CORE_EDX], 0x600df00d);
  machine_destroy(&m);
}

// --- stopping --------------------------------------------------------------------------------------------------------

static void a_run_ends_after_its_steps(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x40\xeb\xfd");
  struct core_stop stop = core_run(m.core, 7);
  assert_int_equal(stop.kind, CORE_STOP_LIMIT);
  assert_int_equal(m.core->steps, 7);
  assert_int_equal(m.reg[CORE_EAX], 4);
  assert_int_equal(stop.eip, m.state->eip);
  assert_int_equal(core_run(m.core, 0).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.core->steps, 7);
  machine_destroy(&m);
}

static void a_run_ends_within_a_repetition(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  m.reg[CORE_ECX] = 10;
  PUT(&m, "\xf3\xaa");
  assert_int_equal(core_run(m.core, 4).kind, CORE_STOP_LIMIT);
  assert_int_equal(m.reg[CORE_ECX], 6);
  assert_int_equal(m.state->eip, CODE);
  assert_int_equal(m.core->instructions, 0);
  m.core->timer = true;
  assert_int_equal(core_run(m.core, STEPS).kind, CORE_STOP_TIMER);
  assert_int_equal(m.reg[CORE_ECX], 5);
  assert_false(m.core->timer);
  core_run(m.core, 5);
  assert_int_equal(m.state->eip, CODE + 2);
  assert_int_equal(m.core->instructions, 1);
  machine_destroy(&m);
}

// Which segment an address is in, shown by that segment's limit.
static void addresses_belong_to_segments(void** state) {
  (void)state;
  static const struct {
    struct code code;
    enum core_segment segment;
  } cases[] = {
      {BYTES("\x8b\x03"), CORE_DS},
      {BYTES("\x8b\x45\x00"), CORE_SS},
      {BYTES("\x8b\x04\x24"), CORE_SS},
      {BYTES("\x8b\x04\x2b"), CORE_DS},
      {BYTES("\x8b\x44\x1d\x00"), CORE_SS},
      {BYTES("\x26\x8b\x45\x00"), CORE_ES},
      {BYTES("\x2e\x8b\x03"), CORE_CS},
      {BYTES("\x36\x8b\x03"), CORE_SS},
      {BYTES("\x3e\x8b\x45\x00"), CORE_DS},
      {BYTES("\x64\x8b\x03"), CORE_FS},
      {BYTES("\x65\x8b\x03"), CORE_GS},
      {BYTES("\x67\x8b\x46\x00"), CORE_SS},
      {BYTES("\x67\x8b\x02"), CORE_SS},
      {BYTES("\x67\x8b\x07"), CORE_DS},
      {BYTES("\xa1\x00\x00\x02\x00"), CORE_DS},
      {BYTES("\x65\xac"), CORE_GS},
      {BYTES("\x65\xaa"), CORE_ES},
      {BYTES("\x65\xd7"), CORE_GS},
      {BYTES("\x65\x50"), CORE_SS},
      {BYTES("\xc9"), CORE_SS},
      {BYTES("\x64\x65\x8b\x03"), CORE_GS},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct machine m = machine_create(3);
    m.reg[CORE_EBP] = DATA;
    m.memory->limited = cases[i].segment;
    m.memory->limit = 0;
    if (cases[i].segment == CORE_CS) m.memory->limit = DATA - 1;
    put_at(&m, CODE, cases[i].code.bytes, cases[i].code.count);
    assert_faults(&m, cases[i].segment == CORE_SS ? CORE_SS_FAULT : CORE_GP, 0);
    machine_destroy(&m);
  }
}

static void wait_does_nothing(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x9b");
  assert_int_equal(step(&m).kind, CORE_STOP_LIMIT);
  machine_destroy(&m);
}

static bool bus_error(struct memory* memory, enum memory_kind kind, uint32_t offset, unsigned size) {
  (void)memory, (void)offset, (void)size;
  return kind != MEMORY_LOAD;
}

static void bus_errors_are_machine_checks(void** state) {
  (void)state;
  struct machine m = machine_create(3);
  PUT(&m, "\x8b\x03");
  m.memory->permit = bus_error;
  m.memory->bus_error = true;
  assert_false(assert_faults(&m, CORE_MC, 0).has_error);
  machine_destroy(&m);
}

// --- reports ---------------------------------------------------------------------------------------------------------

static void reports_name_what_happened(void** state) {
  (void)state;
  char text[160];
  unsigned length;
  assert_string_equal(core_vector_name(14), "#PF");
  assert_string_equal(core_vector_name(0), "#DE");
  assert_null(core_vector_name(200));
  struct core_stop stop = {.kind = CORE_STOP_EXCEPTION, .vector = 14, .has_error = true, .error = 7, .cr2 = 0xc0000000};
  assert_string_equal(core_stop_text(&stop, text, sizeof text),
                      "page fault (#PF) at address c0000000, error code 7: a write by user code, the page's rights "
                      "forbid it");
  stop = (struct core_stop){.kind = CORE_STOP_EXCEPTION, .vector = CORE_GP, .has_error = true, .error = 0x10a};
  assert_string_equal(core_stop_text(&stop, text, sizeof text), "protection (#GP), error code 10a");
  stop = (struct core_stop){.kind = CORE_STOP_EXCEPTION, .vector = CORE_DE};
  assert_string_equal(core_stop_text(&stop, text, sizeof text), "divide error (#DE)");
  assert_string_equal(core_instruction_name((const uint8_t*)"\x0f\xb1\x03", 3, &length), "CMPXCHG");
  assert_int_equal(length, 3);
  assert_null(core_instruction_name((const uint8_t*)"\x0f\xb1", 2, &length));
  assert_null(core_instruction_name((const uint8_t*)"\x0f\x0b", 2, &length));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(system_instructions_need_privilege_level_0),
    cmocka_unit_test(ports_and_interrupt_flag_need_iopl),
    cmocka_unit_test(ports_move_data_of_their_size),
    cmocka_unit_test(popf_changes_only_what_its_privilege_allows),
    cmocka_unit_test(popf_of_a_word_keeps_the_upper_flags),
    cmocka_unit_test(iret_goes_to_user_code_with_its_stack),
    cmocka_unit_test(iret_cannot_raise_privilege),
    cmocka_unit_test(far_call_and_return),
    cmocka_unit_test(a_far_return_to_an_outer_level_releases_both_stacks),
    cmocka_unit_test(a_far_call_without_stack_does_not_load_cs),
    cmocka_unit_test(refused_operations_change_nothing),
    cmocka_unit_test(segment_registers),
    cmocka_unit_test(system_registers_reach_the_bus),
    cmocka_unit_test(int_80_is_a_call_that_can_be_started_over),
    cmocka_unit_test(other_gates_are_closed_to_user_code),
    cmocka_unit_test(traps_are_reported_behind_the_instruction),
    cmocka_unit_test(single_step_traps_after_each_instruction),
    cmocka_unit_test(hlt_stops_at_level_0),
    cmocka_unit_test(what_is_no_instruction_is_refused),
    cmocka_unit_test(lock_is_allowed_where_memory_is_modified),
    cmocka_unit_test(more_than_15_bytes_are_refused),
    cmocka_unit_test(division_errors),
    cmocka_unit_test(segment_limits),
    cmocka_unit_test(wait_does_nothing),
    cmocka_unit_test(addresses_belong_to_segments),
    cmocka_unit_test(bus_errors_are_machine_checks),
    cmocka_unit_test(x_plus_3_makes_five_references),
    cmocka_unit_test(a_repeated_string_is_fetched_once),
    cmocka_unit_test(a_repetition_keeps_its_iterations_at_a_fault),
    cmocka_unit_test(a_modification_asks_for_the_right_to_write_at_its_read),
    cmocka_unit_test(six_pages_are_always_enough),
    cmocka_unit_test(code_that_crosses_a_page_is_one_reference),
    cmocka_unit_test(code_that_changes_is_seen),
    cmocka_unit_test(a_changed_instruction_faults_by_its_own_length),
    cmocka_unit_test(forgetting_makes_the_core_look_again),
    cmocka_unit_test(a_bus_that_contradicts_itself_is_a_bus_error),
    cmocka_unit_test(changes_of_translation_forget),
    cmocka_unit_test(cmov_reads_its_source_even_if_it_does_not_move),
    cmocka_unit_test(bounds_belong_to_their_range),
    cmocka_unit_test(short_addresses_count_in_cx_and_wrap),
    cmocka_unit_test(a_run_ends_after_its_steps),
    cmocka_unit_test(a_run_ends_within_a_repetition),
    cmocka_unit_test(reports_name_what_happened),
};

TEST_MAIN(tests)
