// SPDX-License-Identifier: MIT
// Jumps, calls, returns, interrupts. When these run, state.eip is behind the instruction already.
//
// A target beyond the code segment's limit is found when it is fetched, not at the jump.
#include "core/execute.h"
#include "core/operand.h"

static enum outcome jump(struct core* core, const struct insn* insn, uint32_t target) {
  core->state.eip = target & size_mask(insn->size);
  return DONE;
}
static enum outcome jump_by_displacement(struct core* core, const struct insn* insn) {
  return jump(core, insn, core->state.eip + insn->immediate);
}

enum outcome execute_jmp(struct core* core, const struct insn* insn) { return jump_by_displacement(core, insn); }

enum outcome execute_jcc(struct core* core, const struct insn* insn) {
  return condition(core->state.eflags, insn->opcode) ? jump_by_displacement(core, insn) : DONE;
}

enum outcome execute_jmp_indirect(struct core* core, const struct insn* insn) {
  uint32_t target;
  return read_operand(core, insn, &insn->first, &target) ? jump(core, insn, target) : FAULT;
}

enum outcome execute_call(struct core* core, const struct insn* insn) {
  return push(core, insn->size, core->state.eip) ? jump_by_displacement(core, insn) : FAULT;
}

enum outcome execute_call_indirect(struct core* core, const struct insn* insn) {
  uint32_t target;
  if (!read_operand(core, insn, &insn->first, &target)) return FAULT;
  return push(core, insn->size, core->state.eip) ? jump(core, insn, target) : FAULT;
}

// The immediate, if there is one, is how much of the stack goes with the return address.
enum outcome execute_ret(struct core* core, const struct insn* insn) {
  uint32_t target;
  if (!top_of_stack(core, insn->size, &target)) return FAULT;
  core->state.reg[CORE_ESP] += insn->size + insn->immediate;
  return jump(core, insn, target);
}

// --- loops: the count is CX or ECX, by the address size --------------------------------------------------------------

static enum outcome loop(struct core* core, const struct insn* insn, bool holds) {
  unsigned size = insn->address16 ? 2 : 4;
  uint32_t count = read_low(core, CORE_ECX, size) - 1;
  write_low(core, CORE_ECX, size, count);
  return holds && (count & size_mask(size)) ? jump_by_displacement(core, insn) : DONE;
}
enum outcome execute_loop(struct core* core, const struct insn* insn) { return loop(core, insn, true); }
enum outcome execute_loope(struct core* core, const struct insn* insn) {
  return loop(core, insn, core->state.eflags & CORE_ZF);
}
enum outcome execute_loopne(struct core* core, const struct insn* insn) {
  return loop(core, insn, !(core->state.eflags & CORE_ZF));
}
enum outcome execute_jecxz(struct core* core, const struct insn* insn) {
  return read_low(core, CORE_ECX, insn->address16 ? 2 : 4) ? DONE : jump_by_displacement(core, insn);
}

// The two bounds are one reference, lower first.
enum outcome execute_bound(struct core* core, const struct insn* insn) {
  unsigned size = insn->size;
  uint64_t bounds = 0;
  if (!load(core, insn->segment, memory_offset(core, insn), 2 * size, &bounds)) return FAULT;
  int32_t index = (int32_t)sign_extend(read_register(core, &insn->first), size);
  int32_t lower = (int32_t)sign_extend((uint32_t)bounds & size_mask(size), size);
  int32_t upper = (int32_t)sign_extend((uint32_t)(bounds >> (8 * size)) & size_mask(size), size);
  return index < lower || index > upper ? raise_fault(core, CORE_BR, 0) : DONE;
}

// --- interrupts ------------------------------------------------------------------------------------------------------

static enum outcome trap(struct core* core, enum core_vector vector) {
  core->fault = (struct core_fault){.vector = vector};
  return TRAPPED;
}

enum outcome execute_int3(struct core* core, const struct insn* insn) {
  (void)insn;
  return trap(core, CORE_BP);
}
enum outcome execute_int1(struct core* core, const struct insn* insn) {
  (void)insn;
  return trap(core, CORE_DB);
}
enum outcome execute_into(struct core* core, const struct insn* insn) {
  (void)insn;
  return core->state.eflags & CORE_OF ? trap(core, CORE_OV) : DONE;
}

// The gates that user code may use are those of #BP, #OF and the system call; another is #GP with the error code of its
// place in the IDT (SDM vol. 3A, 6.12.1.2, 6.13).
enum outcome execute_int(struct core* core, const struct insn* insn) {
  enum { ERROR_IDT = 2 };
  uint8_t vector = (uint8_t)insn->immediate;
  if (vector == CORE_BP || vector == CORE_OV) return trap(core, vector);
  if (core->state.cpl != 0 && vector != CORE_CALL_VECTOR) return raise_fault(core, CORE_GP, vector * 8u + ERROR_IDT);
  core->fault = (struct core_fault){.vector = vector};
  return CALLED;
}

// --- far transfers: the bus checks the descriptor and loads CS (and SS, where a return goes to an outer ring) --------

enum transfer { FAR_JUMP, FAR_CALL, FAR_RETURN };

static bool load_cs(struct core* core, enum transfer transfer, uint16_t selector, uint16_t stack) {
  struct core_system operation = {.op = CORE_LOAD_CS, .index = transfer, .value = selector, .high = stack};
  if (!core->bus->system(core, &operation)) return false;
  core->state.selector[CORE_CS] = selector;
  core_forget(core);
  return true;
}

static enum outcome far_jump(struct core* core, const struct insn* insn, uint32_t target, uint16_t selector) {
  return load_cs(core, FAR_JUMP, selector, 0) ? jump(core, insn, target) : FAULT;
}

// CS and EIP are pushed as one reference, with the permission to write asked before CS is loaded.
static enum outcome far_call(struct core* core, const struct insn* insn, uint32_t target, uint16_t selector) {
  unsigned size = insn->size, bytes = 2 * size;
  uint32_t top = core->state.reg[CORE_ESP] - bytes;
  uint64_t before, back = (uint64_t)core->state.selector[CORE_CS] << (8 * size) | (core->state.eip & size_mask(size));
  if (!load_modify(core, CORE_SS, top, bytes, &before)) return FAULT;
  if (!load_cs(core, FAR_CALL, selector, 0)) return FAULT;
  if (!store_modify(core, CORE_SS, top, bytes, &back)) return FAULT;
  core->state.reg[CORE_ESP] = top;
  return jump(core, insn, target);
}

static bool load_far_pointer(struct core* core, const struct insn* insn, uint32_t* target, uint16_t* selector) {
  uint64_t pointer = 0;
  if (!load(core, insn->segment, memory_offset(core, insn), insn->size + 2, &pointer)) return false;
  *target = (uint32_t)pointer & size_mask(insn->size);
  *selector = (uint16_t)(pointer >> (8 * insn->size));
  return true;
}

enum outcome execute_jmp_far(struct core* core, const struct insn* insn) {
  return far_jump(core, insn, insn->immediate, insn->extra);
}
enum outcome execute_call_far(struct core* core, const struct insn* insn) {
  return far_call(core, insn, insn->immediate, insn->extra);
}
enum outcome execute_jmp_far_indirect(struct core* core, const struct insn* insn) {
  uint32_t target;
  uint16_t selector;
  return load_far_pointer(core, insn, &target, &selector) ? far_jump(core, insn, target, selector) : FAULT;
}
enum outcome execute_call_far_indirect(struct core* core, const struct insn* insn) {
  uint32_t target;
  uint16_t selector;
  return load_far_pointer(core, insn, &target, &selector) ? far_call(core, insn, target, selector) : FAULT;
}

// A return takes EIP, CS and, for IRET, EFLAGS; to an outer ring then ESP and SS (behind `skip` bytes of parameters).
struct frame {
  uint32_t eip, eflags, esp;
  uint16_t cs, ss;
  bool outer;
};

static uint32_t frame_word(const uint8_t* image, unsigned size, unsigned index) {
  uint32_t word = 0;
  memcpy(&word, image + index * size, size);
  return word;
}

static bool read_frame(struct core* core, unsigned size, unsigned words, uint32_t skip, struct frame* frame) {
  uint8_t image[3 * 4], outer[2 * 4];
  uint32_t top = core->state.reg[CORE_ESP];
  if (!load(core, CORE_SS, top, words * size, image)) return false;
  frame->eip = frame_word(image, size, 0);
  frame->cs = (uint16_t)frame_word(image, size, 1);
  frame->eflags = words > 2 ? frame_word(image, size, 2) : 0;
  frame->outer = (frame->cs & 3) > core->state.cpl;
  frame->esp = top + words * size + skip;
  frame->ss = 0;
  if (!frame->outer) return true;
  if (!load(core, CORE_SS, frame->esp, 2 * size, outer)) return false;
  frame->esp = frame_word(outer, size, 0) + skip;
  frame->ss = (uint16_t)frame_word(outer, size, 1);
  return true;
}

static enum outcome far_return(struct core* core, const struct insn* insn, const struct frame* frame) {
  if ((frame->cs & 3) < core->state.cpl) return raise_fault(core, CORE_GP, frame->cs & 0xfffcu);
  if (!load_cs(core, FAR_RETURN, frame->cs, frame->ss)) return FAULT;
  if (frame->outer) core->state.selector[CORE_SS] = frame->ss;
  core->state.reg[CORE_ESP] = frame->esp;
  return jump(core, insn, frame->eip);
}

enum outcome execute_ret_far(struct core* core, const struct insn* insn) {
  struct frame frame;
  if (!read_frame(core, insn->size, 2, insn->immediate, &frame)) return FAULT;
  return far_return(core, insn, &frame);
}

// IRET: as POPF, by the privilege from before. Returns from a task (NT = 1) are not modelled: #GP(0).
enum outcome execute_iret(struct core* core, const struct insn* insn) {
  struct frame frame;
  uint32_t may = ~(uint32_t)(CORE_IOPL | CORE_IF) & (CORE_CF | CORE_PF | CORE_AF | CORE_ZF | CORE_SF | CORE_TF |
                                                     CORE_DF | CORE_OF | CORE_NT | CORE_AC | CORE_ID);
  if (core->state.eflags & CORE_NT) return raise_fault(core, CORE_GP, 0);
  if (io_privileged(core)) may |= CORE_IF;
  if (core->state.cpl == 0) may |= CORE_IOPL;
  if (!read_frame(core, insn->size, 3, 0, &frame)) return FAULT;
  enum outcome outcome = far_return(core, insn, &frame);
  if (outcome != DONE) return outcome;
  may &= size_mask(insn->size);
  core->state.eflags = (core->state.eflags & ~may) | (frame.eflags & may);
  return DONE;
}
