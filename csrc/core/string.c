// SPDX-License-Identifier: MIT
// String instructions (SDM vol. 2, each entry; repetition: vol. 2B, REP). One call is one iteration, which is committed
// whole: its references first, then the registers.
#include "core/arithmetic.h"
#include "core/execute.h"
#include "core/operand.h"

static unsigned address_size(const struct insn* insn) { return insn->address16 ? 2 : 4; }

// The source is DS:ESI, or another segment by prefix; the destination always ES:EDI.
static uint32_t source(const struct core* core, const struct insn* insn) {
  return read_low(core, CORE_ESI, address_size(insn));
}
static uint32_t destination(const struct core* core, const struct insn* insn) {
  return read_low(core, CORE_EDI, address_size(insn));
}

static void advance(struct core* core, const struct insn* insn, enum core_register reg) {
  uint32_t step = core->state.eflags & CORE_DF ? -(uint32_t)insn->size : insn->size;
  write_low(core, reg, address_size(insn), core->state.reg[reg] + step);
}

// True: a repetition whose count is 0 does nothing.
static bool nothing_to_do(const struct core* core, const struct insn* insn) {
  return insn->repeat != REPEAT_NOT && read_low(core, CORE_ECX, address_size(insn)) == 0;
}

// Counts this iteration. `compares`: SCAS and CMPS also end by ZF.
static enum outcome iterated(struct core* core, const struct insn* insn, bool compares) {
  if (insn->repeat == REPEAT_NOT) return DONE;
  unsigned size = address_size(insn);
  uint32_t count = (read_low(core, CORE_ECX, size) - 1) & size_mask(size);
  write_low(core, CORE_ECX, size, count);
  bool equal = core->state.eflags & CORE_ZF;
  if (compares && equal != (insn->repeat == REPEAT_WHILE_EQUAL)) return DONE;
  return count ? AGAIN : DONE;
}

enum outcome execute_movs(struct core* core, const struct insn* insn) {
  if (nothing_to_do(core, insn)) return DONE;
  uint32_t value;
  if (!load(core, insn->segment, source(core, insn), insn->size, &value)) return FAULT;
  if (!store(core, CORE_ES, destination(core, insn), insn->size, &value)) return FAULT;
  advance(core, insn, CORE_ESI);
  advance(core, insn, CORE_EDI);
  return iterated(core, insn, false);
}

enum outcome execute_cmps(struct core* core, const struct insn* insn) {
  if (nothing_to_do(core, insn)) return DONE;
  uint32_t a = 0, b = 0;
  if (!load(core, insn->segment, source(core, insn), insn->size, &a)) return FAULT;
  if (!load(core, CORE_ES, destination(core, insn), insn->size, &b)) return FAULT;
  alu_sub(a, b, insn->size, &core->state.eflags);
  advance(core, insn, CORE_ESI);
  advance(core, insn, CORE_EDI);
  return iterated(core, insn, true);
}

enum outcome execute_stos(struct core* core, const struct insn* insn) {
  if (nothing_to_do(core, insn)) return DONE;
  if (!store(core, CORE_ES, destination(core, insn), insn->size, &core->state.reg[CORE_EAX])) return FAULT;
  advance(core, insn, CORE_EDI);
  return iterated(core, insn, false);
}

enum outcome execute_lods(struct core* core, const struct insn* insn) {
  if (nothing_to_do(core, insn)) return DONE;
  uint32_t value;
  if (!load(core, insn->segment, source(core, insn), insn->size, &value)) return FAULT;
  write_low(core, CORE_EAX, insn->size, value);
  advance(core, insn, CORE_ESI);
  return iterated(core, insn, false);
}

enum outcome execute_scas(struct core* core, const struct insn* insn) {
  if (nothing_to_do(core, insn)) return DONE;
  uint32_t value = 0;
  if (!load(core, CORE_ES, destination(core, insn), insn->size, &value)) return FAULT;
  alu_sub(read_low(core, CORE_EAX, insn->size), value, insn->size, &core->state.eflags);
  advance(core, insn, CORE_EDI);
  return iterated(core, insn, true);
}

// --- ports -----------------------------------------------------------------------------------------------------------

static bool port(struct core* core, const struct insn* insn, enum core_system_op op, uint32_t* value) {
  struct core_system operation = {.op = op, .index = read_low(core, CORE_EDX, 2), .size = insn->size, .value = *value};
  if (!core->bus->system(core, &operation)) return false;
  *value = operation.value;
  return true;
}

// The permission to write is asked before the port is read.
enum outcome execute_ins(struct core* core, const struct insn* insn) {
  if (!io_allowed(core)) return FAULT;
  if (nothing_to_do(core, insn)) return DONE;
  uint32_t before, value = 0;
  if (!load_modify(core, CORE_ES, destination(core, insn), insn->size, &before)) return FAULT;
  if (!port(core, insn, CORE_IN, &value)) return FAULT;
  if (!store_modify(core, CORE_ES, destination(core, insn), insn->size, &value)) return FAULT;
  advance(core, insn, CORE_EDI);
  return iterated(core, insn, false);
}

enum outcome execute_outs(struct core* core, const struct insn* insn) {
  if (!io_allowed(core)) return FAULT;
  if (nothing_to_do(core, insn)) return DONE;
  uint32_t value = 0;
  if (!load(core, insn->segment, source(core, insn), insn->size, &value)) return FAULT;
  if (!port(core, insn, CORE_OUT, &value)) return FAULT;
  advance(core, insn, CORE_ESI);
  return iterated(core, insn, false);
}
