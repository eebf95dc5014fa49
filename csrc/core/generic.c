// SPDX-License-Identifier: MIT
// MOVE, UPDATE and TEST: the arithmetic of most instructions between operands of every kind. Each kind of operand has a
// copy of its own of the three functions, which is what makes the core fast.
#include "core/execute.h"
#include "core/operand.h"

// An operand whose kind is known when this file is compiled.
static inline __attribute__((always_inline)) struct operand of_kind(const struct operand* operand,
                                                                    enum operand_kind kind) {
  struct operand known = *operand;
  known.kind = kind;
  return known;
}

static inline __attribute__((always_inline)) enum outcome move(struct core* core, const struct insn* insn,
                                                               enum operand_kind first_kind,
                                                               enum operand_kind second_kind) {
  struct operand first = of_kind(&insn->first, first_kind), second = of_kind(&insn->second, second_kind);
  uint32_t value, flags = core->state.eflags;
  if (!read_operand(core, insn, &second, &value)) return FAULT;
  value = insn->compute(value, insn->immediate, insn->size, &flags);
  if (!write_operand(core, insn, &first, value)) return FAULT;
  core->state.eflags = flags;
  return DONE;
}

static inline __attribute__((always_inline)) enum outcome update(struct core* core, const struct insn* insn,
                                                                 enum operand_kind first_kind,
                                                                 enum operand_kind second_kind) {
  struct operand first = of_kind(&insn->first, first_kind), second = of_kind(&insn->second, second_kind);
  uint32_t a, b, flags = core->state.eflags;
  if (!read_operand(core, insn, &second, &b)) return FAULT;
  if (!read_modify(core, insn, &first, &a)) return FAULT;
  a = insn->compute(a, b, insn->size, &flags);
  if (!write_modify(core, insn, &first, a)) return FAULT;
  core->state.eflags = flags;
  return DONE;
}

static inline __attribute__((always_inline)) enum outcome test(struct core* core, const struct insn* insn,
                                                               enum operand_kind first_kind,
                                                               enum operand_kind second_kind) {
  struct operand first = of_kind(&insn->first, first_kind), second = of_kind(&insn->second, second_kind);
  uint32_t a, b;
  if (!read_operand(core, insn, &second, &b)) return FAULT;
  if (!read_operand(core, insn, &first, &a)) return FAULT;
  insn->compute(a, b, insn->size, &core->state.eflags);
  return DONE;
}

#define COPY(function, first, second)                                                             \
  static enum outcome function##_##first##_##second(struct core* core, const struct insn* insn) { \
    return function(core, insn, KIND_##first, KIND_##second);                                     \
  }
#define COPIES(function)                                                                         \
  COPY(function, REGISTER, REGISTER)                                                             \
  COPY(function, REGISTER, MEMORY)                                                               \
  COPY(function, REGISTER, IMMEDIATE)                                                            \
  COPY(function, MEMORY, REGISTER)                                                               \
  COPY(function, MEMORY, IMMEDIATE)                                                              \
  static execute_fn* const function##_copies[2][3] = {                                           \
      {function##_REGISTER_REGISTER, function##_REGISTER_MEMORY, function##_REGISTER_IMMEDIATE}, \
      {function##_MEMORY_REGISTER, NULL, function##_MEMORY_IMMEDIATE}};
COPIES(move)
COPIES(update)
COPIES(test)

execute_fn* generic_execute(enum access access, enum operand_kind first, enum operand_kind second) {
  execute_fn* const(*copies)[3] = access == MOVE ? move_copies : access == UPDATE ? update_copies : test_copies;
  unsigned row = first == KIND_MEMORY;
  unsigned column = second == KIND_REGISTER ? 0 : second == KIND_MEMORY ? 1 : 2;  // none: the immediate, 0
  return copies[row][column];
}
