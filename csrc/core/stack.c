// SPDX-License-Identifier: MIT
// The stack. Instructions that move several values move them as one reference: all of it or nothing.
#include "core/arithmetic.h"
#include "core/execute.h"
#include "core/operand.h"

// PUSH ESP pushes the value from before; so does an address that uses ESP.
enum outcome execute_push(struct core* core, const struct insn* insn) {
  uint32_t value;
  if (!read_operand(core, insn, &insn->first, &value)) return FAULT;
  return push(core, insn->size, value) ? DONE : FAULT;
}

// POP ESP keeps what was popped; an address that uses ESP uses the one after the pop.
enum outcome execute_pop(struct core* core, const struct insn* insn) {
  uint32_t value, top = core->state.reg[CORE_ESP];
  if (!top_of_stack(core, insn->size, &value)) return FAULT;
  core->state.reg[CORE_ESP] = top + insn->size;
  if (write_operand(core, insn, &insn->first, value)) return DONE;
  core->state.reg[CORE_ESP] = top;
  return FAULT;
}

// EDI lies lowest, EAX highest; in the place of ESP its value from before.
enum outcome execute_pusha(struct core* core, const struct insn* insn) {
  uint8_t image[4 * CORE_REGISTERS];
  unsigned size = insn->size, bytes = CORE_REGISTERS * size;
  for (unsigned i = 0; i < CORE_REGISTERS; i++) memcpy(image + i * size, &core->state.reg[CORE_EDI - i], size);
  uint32_t top = core->state.reg[CORE_ESP] - bytes;
  if (!store(core, CORE_SS, top, bytes, image)) return FAULT;
  core->state.reg[CORE_ESP] = top;
  return DONE;
}

enum outcome execute_popa(struct core* core, const struct insn* insn) {
  uint8_t image[4 * CORE_REGISTERS];
  unsigned size = insn->size, bytes = CORE_REGISTERS * size;
  uint32_t top = core->state.reg[CORE_ESP];
  if (!load(core, CORE_SS, top, bytes, image)) return FAULT;
  for (unsigned i = 0; i < CORE_REGISTERS; i++) memcpy(&core->state.reg[CORE_EDI - i], image + i * size, size);
  core->state.reg[CORE_ESP] = top + bytes;  // whatever was there for it
  return DONE;
}

enum outcome execute_pushf(struct core* core, const struct insn* insn) {
  return push(core, insn->size, core->state.eflags) ? DONE : FAULT;
}

// IOPL changes at CPL 0 only, IF where CPL <= IOPL (SDM vol. 2B, POPF, table 4-15).
enum outcome execute_popf(struct core* core, const struct insn* insn) {
  uint32_t value, may = CORE_STATUS | CORE_TF | CORE_DF | CORE_NT | CORE_AC | CORE_ID;
  if (io_privileged(core)) may |= CORE_IF;
  if (core->state.cpl == 0) may |= CORE_IOPL;
  if (!top_of_stack(core, insn->size, &value)) return FAULT;
  core->state.reg[CORE_ESP] += insn->size;
  may &= size_mask(insn->size);
  core->state.eflags = (core->state.eflags & ~may) | (value & may);
  return DONE;
}

// ENTER (SDM vol. 2A): pushes EBP, level - 1 frame pointers read through it, and the new frame's; then makes room. The
// old ones are one load, what is pushed is one store. Where the two overlap the values just pushed are what is read.
enum { LEVEL_MASK = 31 };

enum outcome execute_enter(struct core* core, const struct insn* insn) {
  unsigned size = insn->size, level = insn->extra & LEVEL_MASK, old = level > 1 ? level - 1 : 0;
  unsigned pushed = 1 + old + (level > 0), bytes = pushed * size;
  uint32_t frame = core->state.reg[CORE_ESP] - size, from = core->state.reg[CORE_EBP] - old * size;
  uint32_t bottom = core->state.reg[CORE_ESP] - bytes;
  uint8_t display[4 * LEVEL_MASK], image[4 * (LEVEL_MASK + 1)];
  if (old && !load(core, CORE_SS, from, old * size, display)) return FAULT;
  memcpy(image + bytes - size, &core->state.reg[CORE_EBP], size);
  for (unsigned i = 1; i <= old; i++) {
    for (unsigned byte = 0; byte < size; byte++) {
      uint32_t place = (old - i) * size + byte, above = from + place - bottom;
      bool just_pushed = above >= bytes - i * size && above < bytes;
      image[bytes - (i + 1) * size + byte] = just_pushed ? image[above] : display[place];
    }
  }
  if (level) memcpy(image, &frame, size);
  if (!store(core, CORE_SS, bottom, bytes, image)) return FAULT;
  write_low(core, CORE_EBP, size, frame);
  core->state.reg[CORE_ESP] = bottom - insn->immediate;
  return DONE;
}

enum outcome execute_leave(struct core* core, const struct insn* insn) {
  uint32_t value = 0, frame = core->state.reg[CORE_EBP];
  if (!load(core, CORE_SS, frame, insn->size, &value)) return FAULT;
  core->state.reg[CORE_ESP] = frame + insn->size;
  write_low(core, CORE_EBP, insn->size, value);
  return DONE;
}
