// SPDX-License-Identifier: MIT
// Instructions on data whose operands follow rules of their own.
#include "core/arithmetic.h"
#include "core/execute.h"
#include "core/operand.h"

enum outcome execute_nop(struct core* core, const struct insn* insn) {
  (void)core, (void)insn;
  return DONE;
}

enum outcome execute_lea(struct core* core, const struct insn* insn) {
  write_register(core, &insn->first, memory_offset(core, insn));
  return DONE;
}

enum outcome execute_xchg(struct core* core, const struct insn* insn) {
  uint32_t a, b = read_register(core, &insn->second);
  if (!read_modify(core, insn, &insn->first, &a)) return FAULT;
  if (!write_modify(core, insn, &insn->first, b)) return FAULT;
  write_register(core, &insn->second, a);
  return DONE;
}

// The source is read whether the condition holds or not.
enum outcome execute_cmov(struct core* core, const struct insn* insn) {
  uint32_t value;
  if (!read_operand(core, insn, &insn->second, &value)) return FAULT;
  if (condition(core->state.eflags, insn->opcode)) write_register(core, &insn->first, value);
  return DONE;
}

enum outcome execute_setcc(struct core* core, const struct insn* insn) {
  return write_operand(core, insn, &insn->first, condition(core->state.eflags, insn->opcode)) ? DONE : FAULT;
}

// AL = memory at EBX + AL.
enum outcome execute_xlat(struct core* core, const struct insn* insn) {
  uint32_t offset = core->state.reg[CORE_EBX] + read_low(core, CORE_EAX, 1), value = 0;
  if (insn->address16) offset &= 0xffff;
  if (!load(core, insn->segment, offset, 1, &value)) return FAULT;
  write_low(core, CORE_EAX, 1, value);
  return DONE;
}

// BT, BTS, BTR, BTC of a bit string in memory: a register's offset is signed and selects the word or doubleword
// (SDM vol. 2A, 3.1.1.9, "Bit(BitBase, BitOffset)").
enum outcome execute_bit_string(struct core* core, const struct insn* insn) {
  uint32_t bit = read_register(core, &insn->second), word, flags = core->state.eflags;
  int32_t words = (int32_t)sign_extend(bit, insn->size) >> (insn->size == 4 ? 5 : 4);
  uint32_t offset = memory_offset(core, insn) + (uint32_t)words * insn->size;
  if (insn->address16) offset &= 0xffff;
  bool modify = insn->compute != alu_bt;
  word = 0;
  if (!(modify ? load_modify : load)(core, insn->segment, offset, insn->size, &word)) return FAULT;
  word = insn->compute(word, bit, insn->size, &flags);
  if (modify && !store_modify(core, insn->segment, offset, insn->size, &word)) return FAULT;
  core->state.eflags = flags;
  return DONE;
}

// Writes the destination even if it differs: its own value.
enum outcome execute_cmpxchg(struct core* core, const struct insn* insn) {
  uint32_t old, accumulator = read_low(core, CORE_EAX, insn->size), flags = core->state.eflags;
  if (!read_modify(core, insn, &insn->first, &old)) return FAULT;
  alu_sub(accumulator, old, insn->size, &flags);
  bool equal = flags & CORE_ZF;
  if (!write_modify(core, insn, &insn->first, equal ? read_register(core, &insn->second) : old)) return FAULT;
  if (!equal) write_low(core, CORE_EAX, insn->size, old);
  core->state.eflags = flags;
  return DONE;
}

// Changes ZF only.
enum outcome execute_cmpxchg8b(struct core* core, const struct insn* insn) {
  uint32_t* reg = core->state.reg;
  uint64_t old = 0, expected = (uint64_t)reg[CORE_EDX] << 32 | reg[CORE_EAX];
  uint64_t desired = (uint64_t)reg[CORE_ECX] << 32 | reg[CORE_EBX];
  uint32_t offset = memory_offset(core, insn);
  if (!load_modify(core, insn->segment, offset, 8, &old)) return FAULT;
  bool equal = old == expected;
  if (!store_modify(core, insn->segment, offset, 8, equal ? &desired : &old)) return FAULT;
  if (!equal) {
    reg[CORE_EAX] = (uint32_t)old;
    reg[CORE_EDX] = (uint32_t)(old >> 32);
  }
  core->state.eflags = (core->state.eflags & ~(uint32_t)CORE_ZF) | (equal ? CORE_ZF : 0);
  return DONE;
}

// The source gets the old destination first, so that XADD of a register with itself doubles it.
enum outcome execute_xadd(struct core* core, const struct insn* insn) {
  uint32_t old, flags = core->state.eflags, addend = read_register(core, &insn->second);
  if (!read_modify(core, insn, &insn->first, &old)) return FAULT;
  uint32_t sum = alu_add(old, addend, insn->size, &flags);
  if (insn->first.kind == KIND_MEMORY && !write_modify(core, insn, &insn->first, sum)) return FAULT;
  write_register(core, &insn->second, old);
  if (insn->first.kind == KIND_REGISTER) write_register(core, &insn->first, sum);
  core->state.eflags = flags;
  return DONE;
}

// The count is an immediate, or CL where the opcode is odd.
static enum outcome double_shift(struct core* core, const struct insn* insn,
                                 uint32_t (*shift)(uint32_t, uint32_t, unsigned, unsigned, uint32_t*)) {
  uint32_t value, flags = core->state.eflags;
  unsigned count = insn->opcode & 1 ? read_low(core, CORE_ECX, 1) : insn->immediate;
  if (!read_modify(core, insn, &insn->first, &value)) return FAULT;
  value = shift(value, read_register(core, &insn->second), count, insn->size, &flags);
  if (!write_modify(core, insn, &insn->first, value)) return FAULT;
  core->state.eflags = flags;
  return DONE;
}
enum outcome execute_shld(struct core* core, const struct insn* insn) { return double_shift(core, insn, alu_shld); }
enum outcome execute_shrd(struct core* core, const struct insn* insn) { return double_shift(core, insn, alu_shrd); }

// Of 0: ZF is set and the destination stays (undefined in the SDM, so in processors). The other flags are undefined.
static enum outcome bit_scan(struct core* core, const struct insn* insn, bool reverse) {
  uint32_t value;
  if (!read_operand(core, insn, &insn->second, &value)) return FAULT;
  core->state.eflags = (core->state.eflags & ~(uint32_t)CORE_ZF) | (value ? 0 : CORE_ZF);
  if (value) write_register(core, &insn->first, (uint32_t)(reverse ? 31 - __builtin_clz(value) : __builtin_ctz(value)));
  return DONE;
}
enum outcome execute_bsf(struct core* core, const struct insn* insn) { return bit_scan(core, insn, false); }
enum outcome execute_bsr(struct core* core, const struct insn* insn) { return bit_scan(core, insn, true); }

// CBW: AX from AL. CWDE: EAX from AX.
enum outcome execute_cbw(struct core* core, const struct insn* insn) {
  unsigned half = insn->size / 2;
  write_low(core, CORE_EAX, insn->size, sign_extend(read_low(core, CORE_EAX, half), half));
  return DONE;
}

// CWD: DX:AX from AX. CDQ: EDX:EAX from EAX.
enum outcome execute_cwd(struct core* core, const struct insn* insn) {
  bool negative = read_low(core, CORE_EAX, insn->size) & size_sign(insn->size);
  write_low(core, CORE_EDX, insn->size, negative ? UINT32_MAX : 0);
  return DONE;
}

// --- flags -----------------------------------------------------------------------------------------------------------

enum { AH_FLAGS = CORE_SF | CORE_ZF | CORE_AF | CORE_PF | CORE_CF };

enum outcome execute_lahf(struct core* core, const struct insn* insn) {
  (void)insn;
  uint32_t ah = (core->state.eflags & AH_FLAGS) | CORE_FIXED;
  core->state.reg[CORE_EAX] = (core->state.reg[CORE_EAX] & ~0xff00u) | ah << 8;
  return DONE;
}

enum outcome execute_sahf(struct core* core, const struct insn* insn) {
  (void)insn;
  uint32_t ah = core->state.reg[CORE_EAX] >> 8;
  core->state.eflags = (core->state.eflags & ~(uint32_t)AH_FLAGS) | (ah & AH_FLAGS);
  return DONE;
}

static enum outcome set_flag(struct core* core, uint32_t flag, bool value) {
  core->state.eflags = (core->state.eflags & ~flag) | (value ? flag : 0);
  return DONE;
}
enum outcome execute_clc(struct core* core, const struct insn* insn) {
  (void)insn;
  return set_flag(core, CORE_CF, false);
}
enum outcome execute_stc(struct core* core, const struct insn* insn) {
  (void)insn;
  return set_flag(core, CORE_CF, true);
}
enum outcome execute_cmc(struct core* core, const struct insn* insn) {
  (void)insn;
  return set_flag(core, CORE_CF, !(core->state.eflags & CORE_CF));
}
enum outcome execute_cld(struct core* core, const struct insn* insn) {
  (void)insn;
  return set_flag(core, CORE_DF, false);
}
enum outcome execute_std(struct core* core, const struct insn* insn) {
  (void)insn;
  return set_flag(core, CORE_DF, true);
}

// Not in the SDM, but in every processor: AL = CF ? FF : 0 (AMD APM vol. 3, D6).
enum outcome execute_salc(struct core* core, const struct insn* insn) {
  (void)insn;
  write_low(core, CORE_EAX, 1, core->state.eflags & CORE_CF ? 0xff : 0);
  return DONE;
}
