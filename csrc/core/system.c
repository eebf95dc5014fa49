// SPDX-License-Identifier: MIT
// System instructions. The core checks the privilege that the SDM asks for; what they act upon lies behind the bus.
#include "core/execute.h"
#include "core/operand.h"

enum outcome execute_undefined(struct core* core, const struct insn* insn) {
  (void)insn;
  return raise_fault(core, CORE_UD, 0);
}
enum outcome execute_forbidden(struct core* core, const struct insn* insn) {
  (void)insn;
  return raise_fault(core, CORE_GP, 0);
}
// As with CR0.EM = 1 (SDM vol. 3A, 2.5).
enum outcome execute_no_coprocessor(struct core* core, const struct insn* insn) {
  (void)insn;
  return raise_fault(core, CORE_NM, 0);
}

// Asks the bus, at CPL 0 only.
static bool ask_privileged(struct core* core, struct core_system* operation) {
  return privileged(core) && core->bus->system(core, operation);
}

enum outcome execute_hlt(struct core* core, const struct insn* insn) {
  (void)insn;
  return privileged(core) ? HALTED : FAULT;
}

// --- interrupts and ports: where CPL <= IOPL -------------------------------------------------------------------------

enum outcome execute_cli(struct core* core, const struct insn* insn) {
  (void)insn;
  if (!io_allowed(core)) return FAULT;
  core->state.eflags &= ~(uint32_t)CORE_IF;
  return DONE;
}
enum outcome execute_sti(struct core* core, const struct insn* insn) {
  (void)insn;
  if (!io_allowed(core)) return FAULT;
  core->state.eflags |= CORE_IF;
  return DONE;
}

// Opcodes with bit 3 set take the port from DX, the others from the instruction.
static uint32_t port_number(const struct core* core, const struct insn* insn) {
  return insn->opcode & 8 ? read_low(core, CORE_EDX, 2) : insn->immediate & 0xff;
}
enum outcome execute_in(struct core* core, const struct insn* insn) {
  struct core_system operation = {.op = CORE_IN, .index = port_number(core, insn), .size = insn->size};
  if (!io_allowed(core) || !core->bus->system(core, &operation)) return FAULT;
  write_low(core, CORE_EAX, insn->size, operation.value);
  return DONE;
}
enum outcome execute_out(struct core* core, const struct insn* insn) {
  struct core_system operation = {.op = CORE_OUT,
                                  .index = port_number(core, insn),
                                  .size = insn->size,
                                  .value = read_low(core, CORE_EAX, insn->size)};
  return io_allowed(core) && core->bus->system(core, &operation) ? DONE : FAULT;
}

// --- segments --------------------------------------------------------------------------------------------------------

static bool load_segment(struct core* core, enum core_segment segment, uint16_t selector) {
  struct core_system operation = {.op = CORE_LOAD_SEGMENT, .index = segment, .value = selector};
  if (!core->bus->system(core, &operation)) return false;
  core->state.selector[segment] = selector;
  return true;
}

// To memory always a word; to a register the operand size, zero-extended.
enum outcome execute_mov_from_segment(struct core* core, const struct insn* insn) {
  if (insn->field >= CORE_SEGMENTS) return raise_fault(core, CORE_UD, 0);
  return write_operand(core, insn, &insn->first, core->state.selector[insn->field]) ? DONE : FAULT;
}

enum outcome execute_mov_to_segment(struct core* core, const struct insn* insn) {
  uint32_t selector;
  if (insn->field >= CORE_SEGMENTS || insn->field == CORE_CS) return raise_fault(core, CORE_UD, 0);
  if (!read_operand(core, insn, &insn->second, &selector)) return FAULT;
  return load_segment(core, insn->field, (uint16_t)selector) ? DONE : FAULT;
}

// The segment is in the opcode's bits 5:3. Zero-extended where the operand size is 32 bits.
enum outcome execute_push_segment(struct core* core, const struct insn* insn) {
  return push(core, insn->size, core->state.selector[insn->opcode >> 3 & 7]) ? DONE : FAULT;
}

enum outcome execute_pop_segment(struct core* core, const struct insn* insn) {
  uint32_t selector;
  if (!top_of_stack(core, insn->size, &selector)) return FAULT;
  if (!load_segment(core, insn->opcode >> 3 & 7, (uint16_t)selector)) return FAULT;
  core->state.reg[CORE_ESP] += insn->size;
  return DONE;
}

// LDS, LES, LSS, LFS, LGS: offset and selector are one reference.
enum outcome execute_load_far_pointer(struct core* core, const struct insn* insn) {
  uint64_t pointer = 0;
  enum core_segment segment;
  switch (insn->opcode) {
    case 0xc4:
      segment = CORE_ES;
      break;
    case 0xc5:
      segment = CORE_DS;
      break;
    case 0xb2:
      segment = CORE_SS;
      break;
    case 0xb4:
      segment = CORE_FS;
      break;
    default:
      segment = CORE_GS;
  }
  if (!load(core, insn->segment, memory_offset(core, insn), insn->size + 2, &pointer)) return FAULT;
  if (!load_segment(core, segment, (uint16_t)(pointer >> (8 * insn->size)))) return FAULT;
  write_register(core, &insn->first, (uint32_t)pointer);
  return DONE;
}

// --- control and debug registers -------------------------------------------------------------------------------------

static enum outcome read_special(struct core* core, const struct insn* insn, enum core_system_op op) {
  struct core_system operation = {.op = op, .index = insn->field};
  if (!ask_privileged(core, &operation)) return FAULT;
  write_register(core, &insn->first, operation.value);
  return DONE;
}
static enum outcome write_special(struct core* core, const struct insn* insn, enum core_system_op op) {
  struct core_system operation = {.op = op, .index = insn->field, .value = read_register(core, &insn->first)};
  if (!ask_privileged(core, &operation)) return FAULT;
  core_forget(core);
  return DONE;
}
static bool control_register_exists(unsigned index) { return index == 0 || (index >= 2 && index <= 4); }

enum outcome execute_mov_from_cr(struct core* core, const struct insn* insn) {
  if (!control_register_exists(insn->field)) return raise_fault(core, CORE_UD, 0);
  return read_special(core, insn, CORE_READ_CR);
}
enum outcome execute_mov_to_cr(struct core* core, const struct insn* insn) {
  if (!control_register_exists(insn->field)) return raise_fault(core, CORE_UD, 0);
  return write_special(core, insn, CORE_WRITE_CR);
}
enum outcome execute_mov_from_dr(struct core* core, const struct insn* insn) {
  return read_special(core, insn, CORE_READ_DR);
}
enum outcome execute_mov_to_dr(struct core* core, const struct insn* insn) {
  return write_special(core, insn, CORE_WRITE_DR);
}

enum outcome execute_invlpg(struct core* core, const struct insn* insn) {
  struct core_system operation = {.op = CORE_INVLPG, .value = memory_offset(core, insn), .segment = insn->segment};
  if (!ask_privileged(core, &operation)) return FAULT;
  core_forget(core);
  return DONE;
}

// SMSW reads CR0 at any CPL; LMSW writes PE, MP, EM, TS and cannot clear PE.
enum outcome execute_smsw(struct core* core, const struct insn* insn) {
  struct core_system operation = {.op = CORE_READ_CR, .index = 0};
  if (!core->bus->system(core, &operation)) return FAULT;
  return write_operand(core, insn, &insn->first, operation.value) ? DONE : FAULT;
}
enum outcome execute_lmsw(struct core* core, const struct insn* insn) {
  enum { PE = 1, MSW = 15 };
  struct core_system operation = {.op = CORE_READ_CR, .index = 0};
  uint32_t value;
  if (!privileged(core) || !read_operand(core, insn, &insn->first, &value)) return FAULT;
  if (!core->bus->system(core, &operation)) return FAULT;
  value = (operation.value & ~(uint32_t)MSW) | (value & MSW) | (operation.value & PE);
  operation = (struct core_system){.op = CORE_WRITE_CR, .index = 0, .value = value};
  return core->bus->system(core, &operation) ? DONE : FAULT;
}

static enum outcome cache_operation(struct core* core, uint32_t index) {
  struct core_system operation = {.op = CORE_CACHE, .index = index};
  return ask_privileged(core, &operation) ? DONE : FAULT;
}
enum outcome execute_invd(struct core* core, const struct insn* insn) {
  (void)insn;
  return cache_operation(core, 0);
}
enum outcome execute_wbinvd(struct core* core, const struct insn* insn) {
  (void)insn;
  return cache_operation(core, 1);
}
enum outcome execute_clts(struct core* core, const struct insn* insn) {
  (void)insn;
  return cache_operation(core, 2);
}

// --- descriptor tables: a limit of 16 bits, a base of 32, together one reference; SGDT and SIDT work at any CPL ------

enum { TABLE_BYTES = 6 };
enum table { GDTR, IDTR, LDTR, TR };

enum outcome execute_load_table(struct core* core, const struct insn* insn) {
  uint64_t image = 0;
  if (!privileged(core)) return FAULT;
  if (!load(core, insn->segment, memory_offset(core, insn), TABLE_BYTES, &image)) return FAULT;
  uint32_t base = (uint32_t)(image >> 16);
  struct core_system operation = {.op = CORE_LOAD_TABLE,
                                  .index = insn->field & 1 ? IDTR : GDTR,
                                  .limit = (uint32_t)image & 0xffff,
                                  .value = insn->size == 2 ? base & 0xffffff : base};
  return core->bus->system(core, &operation) ? DONE : FAULT;
}
enum outcome execute_store_table(struct core* core, const struct insn* insn) {
  struct core_system operation = {.op = CORE_STORE_TABLE, .index = insn->field & 1 ? IDTR : GDTR};
  if (!core->bus->system(core, &operation)) return FAULT;
  uint64_t image = (uint64_t)operation.value << 16 | (operation.limit & 0xffff);
  return store(core, insn->segment, memory_offset(core, insn), TABLE_BYTES, &image) ? DONE : FAULT;
}
// LLDT, LTR; SLDT, STR.
enum outcome execute_load_selector(struct core* core, const struct insn* insn) {
  uint32_t selector;
  if (!privileged(core) || !read_operand(core, insn, &insn->first, &selector)) return FAULT;
  struct core_system operation = {.op = CORE_LOAD_TABLE, .index = insn->field & 1 ? TR : LDTR, .value = selector};
  return core->bus->system(core, &operation) ? DONE : FAULT;
}
enum outcome execute_store_selector(struct core* core, const struct insn* insn) {
  struct core_system operation = {.op = CORE_STORE_TABLE, .index = insn->field & 1 ? TR : LDTR};
  if (!core->bus->system(core, &operation)) return FAULT;
  return write_operand(core, insn, &insn->first, operation.value & 0xffff) ? DONE : FAULT;
}

// --- counters and identity -------------------------------------------------------------------------------------------

static void set_pair(struct core* core, const struct core_system* operation) {
  core->state.reg[CORE_EAX] = operation->value;
  core->state.reg[CORE_EDX] = operation->high;
}

enum outcome execute_rdtsc(struct core* core, const struct insn* insn) {
  (void)insn;
  struct core_system operation = {.op = CORE_READ_TSC};
  if (!core->bus->system(core, &operation)) return FAULT;
  set_pair(core, &operation);
  return DONE;
}
enum outcome execute_rdmsr(struct core* core, const struct insn* insn) {
  (void)insn;
  struct core_system operation = {.op = CORE_READ_MSR, .index = core->state.reg[CORE_ECX]};
  if (!ask_privileged(core, &operation)) return FAULT;
  set_pair(core, &operation);
  return DONE;
}
enum outcome execute_wrmsr(struct core* core, const struct insn* insn) {
  (void)insn;
  struct core_system operation = {.op = CORE_WRITE_MSR,
                                  .index = core->state.reg[CORE_ECX],
                                  .value = core->state.reg[CORE_EAX],
                                  .high = core->state.reg[CORE_EDX]};
  return ask_privileged(core, &operation) ? DONE : FAULT;
}

// A processor of family 6 without FPU, with TSC, MSR, CX8 and CMOV.
enum outcome execute_cpuid(struct core* core, const struct insn* insn) {
  (void)insn;
  enum { FAMILY_6 = 0x600, FEATURES = 1 << 4 | 1 << 5 | 1 << 8 | 1 << 15 };
  uint32_t* reg = core->state.reg;
  bool identify = reg[CORE_EAX] == 0;
  uint32_t vendor[3];
  memcpy(vendor, "PagewalkCore", sizeof vendor);
  reg[CORE_EAX] = identify ? 1 : FAMILY_6;
  reg[CORE_EBX] = identify ? vendor[0] : 0;
  reg[CORE_EDX] = identify ? vendor[1] : FEATURES;
  reg[CORE_ECX] = identify ? vendor[2] : 0;
  return DONE;
}
