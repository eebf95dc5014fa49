// SPDX-License-Identifier: MIT
// The one place where operands are read and written: registers, addresses, references, the stack.
#ifndef PAGEWALK_CORE_OPERAND_H
#define PAGEWALK_CORE_OPERAND_H

#include <string.h>

#include "core/insn.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "memory and registers share the host's byte order");

// The bits of a value of `size` bytes, and its highest one.
static inline uint32_t size_mask(unsigned size) { return UINT32_MAX >> (32 - 8 * size); }
static inline uint32_t size_sign(unsigned size) { return 1u << (8 * size - 1); }
static inline uint32_t sign_extend(uint32_t value, unsigned size) {
  unsigned spare = 32 - 8 * size;
  return (uint32_t)((int32_t)(value << spare) >> spare);
}

// --- outcomes --------------------------------------------------------------------------------------------------------

static inline enum outcome raise_fault(struct core* core, enum core_vector vector, uint32_t error) {
  core->fault = (struct core_fault){.vector = vector, .error = error};
  return FAULT;
}

// A reference failed: what the bus calls #GP is #SS for the stack segment (SDM vol. 3A, 6.15, vector 12).
static inline bool reference_failed(struct core* core, enum core_segment segment) {
  if (segment == CORE_SS && core->fault.vector == CORE_GP) core->fault.vector = CORE_SS_FAULT;
  return false;
}

// --- registers -------------------------------------------------------------------------------------------------------

static inline uint32_t read_register(const struct core* core, const struct operand* operand) {
  return core->state.reg[operand->reg] >> operand->shift & size_mask(operand->size);
}

static inline void write_register(struct core* core, const struct operand* operand, uint32_t value) {
  uint32_t mask = size_mask(operand->size) << operand->shift;
  uint32_t* reg = &core->state.reg[operand->reg];
  *reg = (*reg & ~mask) | (value << operand->shift & mask);
}

// The low `size` bytes of a register.
static inline uint32_t read_low(const struct core* core, enum core_register reg, unsigned size) {
  return core->state.reg[reg] & size_mask(size);
}
static inline void write_low(struct core* core, enum core_register reg, unsigned size, uint32_t value) {
  uint32_t mask = size_mask(size);
  core->state.reg[reg] = (core->state.reg[reg] & ~mask) | (value & mask);
}

// --- references ------------------------------------------------------------------------------------------------------

static inline bool load(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data) {
  return core->bus->load(core, segment, offset, size, data) || reference_failed(core, segment);
}
static inline bool store(struct core* core, enum core_segment segment, uint32_t offset, unsigned size,
                         const void* data) {
  return core->bus->store(core, segment, offset, size, data) || reference_failed(core, segment);
}
static inline bool load_modify(struct core* core, enum core_segment segment, uint32_t offset, unsigned size,
                               void* data) {
  return core->bus->load_modify(core, segment, offset, size, data) || reference_failed(core, segment);
}
static inline bool store_modify(struct core* core, enum core_segment segment, uint32_t offset, unsigned size,
                                const void* data) {
  return core->bus->store_modify(core, segment, offset, size, data) || reference_failed(core, segment);
}

// The offset of the memory operand (SDM vol. 1, 3.7.5).
static inline uint32_t memory_offset(const struct core* core, const struct insn* insn) {
  uint32_t offset = insn->displacement;
  if (insn->base != NO_REGISTER) offset += core->state.reg[insn->base];
  if (insn->index != NO_REGISTER) offset += core->state.reg[insn->index] << insn->scale;
  return insn->address16 ? offset & 0xffff : offset;
}

// --- operands, wherever they are -------------------------------------------------------------------------------------

static inline bool read_operand(struct core* core, const struct insn* insn, const struct operand* operand,
                                uint32_t* value) {
  switch (operand->kind) {
    case KIND_REGISTER:
      *value = read_register(core, operand);
      return true;
    case KIND_MEMORY:
      *value = 0;
      return load(core, insn->segment, memory_offset(core, insn), operand->size, value);
    default:
      *value = insn->immediate;
      return true;
  }
}

static inline bool write_operand(struct core* core, const struct insn* insn, const struct operand* operand,
                                 uint32_t value) {
  if (operand->kind == KIND_MEMORY) return store(core, insn->segment, memory_offset(core, insn), operand->size, &value);
  write_register(core, operand, value);
  return true;
}

// The two halves of a read-modify-write.
static inline bool read_modify(struct core* core, const struct insn* insn, const struct operand* operand,
                               uint32_t* value) {
  if (operand->kind != KIND_MEMORY) return read_operand(core, insn, operand, value);
  *value = 0;
  return load_modify(core, insn->segment, memory_offset(core, insn), operand->size, value);
}
static inline bool write_modify(struct core* core, const struct insn* insn, const struct operand* operand,
                                uint32_t value) {
  if (operand->kind != KIND_MEMORY) return write_operand(core, insn, operand, value);
  return store_modify(core, insn->segment, memory_offset(core, insn), operand->size, &value);
}

// --- the stack: always at SS:ESP -------------------------------------------------------------------------------------

static inline bool push(struct core* core, unsigned size, uint32_t value) {
  uint32_t top = core->state.reg[CORE_ESP] - size;
  if (!store(core, CORE_SS, top, size, &value)) return false;
  core->state.reg[CORE_ESP] = top;
  return true;
}

// Reads what POP would take, and leaves it to the caller to take it.
static inline bool top_of_stack(struct core* core, unsigned size, uint32_t* value) {
  *value = 0;
  return load(core, CORE_SS, core->state.reg[CORE_ESP], size, value);
}

// --- flags that decide -----------------------------------------------------------------------------------------------

// The condition codes of Jcc, SETcc, CMOVcc (SDM vol. 1, appendix B). Odd ones negate the even one before.
static inline bool condition(uint32_t flags, unsigned code) {
  bool less = !(flags & CORE_SF) != !(flags & CORE_OF), holds;
  switch (code >> 1 & 7) {
    case 0:
      holds = flags & CORE_OF;
      break;
    case 1:
      holds = flags & CORE_CF;
      break;
    case 2:
      holds = flags & CORE_ZF;
      break;
    case 3:
      holds = flags & (CORE_CF | CORE_ZF);
      break;
    case 4:
      holds = flags & CORE_SF;
      break;
    case 5:
      holds = flags & CORE_PF;
      break;
    case 6:
      holds = less;
      break;
    default:
      holds = less || (flags & CORE_ZF);
  }
  return holds != (code & 1);
}

// --- privilege -------------------------------------------------------------------------------------------------------

// Each is true, or the instruction is refused with #GP(0).
static inline bool allowed(struct core* core, bool condition) {
  if (!condition) raise_fault(core, CORE_GP, 0);
  return condition;
}
static inline bool privileged(struct core* core) { return allowed(core, core->state.cpl == 0); }
// Interrupt flag and ports: CPL <= IOPL. The I/O permission bitmap of a TSS is not modelled.
static inline bool io_privileged(const struct core* core) { return core->state.cpl <= (core->state.eflags >> 12 & 3); }
static inline bool io_allowed(struct core* core) { return allowed(core, io_privileged(core)); }

#endif
