// SPDX-License-Identifier: MIT
// An instruction as the table describes it, and as the decoder hands it to its function.
#ifndef PAGEWALK_CORE_INSN_H
#define PAGEWALK_CORE_INSN_H

#include "core/core.h"

// What executing an instruction came to.
enum outcome {
  DONE,     // state.eip says where to go on
  AGAIN,    // one iteration of a repeated string instruction is done, more follow
  FAULT,    // core->fault says why; nothing has changed
  TRAPPED,  // an exception reported behind the instruction; core->fault.vector
  CALLED,   // INT n; core->fault.vector is n
  HALTED,
};

struct insn;
typedef enum outcome execute_fn(struct core* core, const struct insn* insn);

// The arithmetic of an instruction, without its operands' places: the result from two values of `size` bytes. Reads and
// writes EFLAGS in *flags. Values come with the bits beyond their size clear; the result's are ignored.
typedef uint32_t compute_fn(uint32_t a, uint32_t b, unsigned size, uint32_t* flags);

// --- the table -------------------------------------------------------------------------------------------------------

// Where an operand is: the codes of SDM vol. 2D, appendix A.2, with b = byte, w = word, v = word or doubleword by the
// operand size.
enum operand_form {
  NONE,
  Eb,
  Ew,
  Ev,  // ModRM: register or memory
  Gb,
  Gv,    // ModRM.reg: a general register
  Rd,    // ModRM.rm: a doubleword register, whatever ModRM.mod says
  RvMw,  // ModRM: a register, or a word of memory
  M,     // ModRM: memory only; the instruction knows its size
  Zb,
  Zv,  // a register in the opcode's low three bits
  AL,
  eAX,
  CL,
  One,  // the constant 1
  Ib,
  Iw,
  Iz,  // immediate: byte, word, word or doubleword
  Is,  // immediate byte, sign-extended
  Jb,
  Jz,  // displacement of a jump
  Ob,
  Ov,  // memory at an address in the instruction
  Ap,  // far pointer in the instruction
};

// How its function uses the operands.
enum access {
  OWN,     // `execute` does everything
  MOVE,    // first = compute(second, third)
  UPDATE,  // first = compute(first, second)
  TEST,    // compute(first, second), for the flags
};

enum trait {
  LOCKABLE = 1,  // takes LOCK where its first operand is memory
  BYTES = 2,     // operates on bytes though its first operand does not say so
  GROUP = 4,     // ModRM.reg goes on: `group`
  BITS = 8,      // a bit string: a register's bit offset reaches beyond the memory operand
};

struct instruction {
  const char* name;  // its entry in SDM vol. 2; NULL: no instruction (#UD)
  enum access access;
  union {
    execute_fn* execute;
    compute_fn* compute;
    const struct instruction* group;  // eight of them
  };
  uint8_t operand[3];  // enum operand_form
  uint8_t traits;      // enum trait, or-ed
};

// opcode_map[0]: one-byte opcodes; [1]: those behind 0F.
extern const struct instruction opcode_map[2][256];

// --- decoded ---------------------------------------------------------------------------------------------------------

enum operand_kind { KIND_NONE, KIND_REGISTER, KIND_MEMORY, KIND_IMMEDIATE, KIND_COUNT };

struct operand {
  uint8_t kind;   // enum operand_kind
  uint8_t size;   // bytes
  uint8_t reg;    // register: where it lies,
  uint8_t shift;  // and at which bit (8 for AH, CH, DH, BH)
};

enum { NO_REGISTER = 0xff };
enum repeat { REPEAT_NOT, REPEAT_WHILE_EQUAL, REPEAT_WHILE_NOT_EQUAL };  // no prefix, F3, F2

struct insn {
  execute_fn* execute;
  compute_fn* compute;
  struct operand first, second;
  uint32_t immediate;  // sign- or zero-extended as the form says
  uint32_t displacement;
  uint8_t size;                // operand size in bytes: 1, 2, 4
  uint8_t base, index, scale;  // memory: registers or NO_REGISTER; the index is shifted by `scale`
  uint8_t segment;             // enum core_segment, of memory and of a string's source
  bool address16;              // addresses and counts have 16 bits
  uint8_t repeat;              // enum repeat
  uint8_t opcode;              // the last opcode byte
  uint8_t field;               // ModRM.reg
  uint16_t extra;              // selector of a far pointer, level of ENTER
  const char* name;
  // For the cache: where it is, what it is made of, and whether it is still valid.
  uint32_t eip, generation;
  uint8_t length;
  uint64_t bytes[2], mask[2];
};

// Decodes the instruction that starts with bytes[0..count). Returns true with insn->length if it is whole: an
// instruction, or the shortest beginning that no instruction has, whose function reports #UD (or #GP: more than 15
// bytes). False: more bytes are needed.
bool decode(const uint8_t* bytes, unsigned count, struct insn* insn);

#endif
