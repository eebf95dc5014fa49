// SPDX-License-Identifier: MIT
// The forms (SDM vol. 2D, appendix A; undefined flags: each instruction's entry) and how to make each of them work.
#include "core/random_insn.h"

#include <stdbool.h>
#include <string.h>

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };
enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, DF = 0x400, OF = 0x800, ALL = CF | PF | AF | ZF | SF | OF };

enum shape {
  BARE,      // nothing behind the opcode
  MODRM,     // register or memory
  MEMORY,    // memory only
  REGISTER,  // register only
  MOFFS,     // an address
};
enum immediate { I0, I8, I16, IZ, I16_8, JUMP8, JUMPZ, POINTER };
enum need {
  ANY,
  STACK,         // ESP in the data, most of the time
  FRAME,         // EBP and ESP in the data
  STRING,        // ESI, EDI in the data, ECX small, sometimes repeated
  XLAT,          // EBX in the data
  BITS,          // the register operand is a small bit offset
  DIVIDE,        // the quotient fits most of the time
  SHIFT,         // CF undefined beyond the size, OF but for 1; the count is 1, an immediate or CL
  SHIFT_CF,      // OF but for a count of 1 (rotations, SAR)
  DOUBLE,        // SHLD, SHRD
  COMPARE,       // the accumulator is equal to the operand half of the time
  TARGET,        // the operand is an address of code
  RETURN,        // so is the top of the stack
  FLAGS,         // the top of the stack is a flags image
  SELECTOR,      // the register operand is a selector of data
  POP_SELECTOR,  // the top of the stack is
  FAR_POINTER,   // the operand is an address and a selector of data
  FAR_TARGET,    // the operand, or immediate, is a far pointer to code
  FAR_RETURN,    // the top of the stack is an address of code, a selector, flags
  COUNT,         // ECX is small
  NOT_16,        // no operand size prefix
  ABSENT,        // no instruction: how many of its bytes are fetched is each processor's own affair
};

struct form {
  uint8_t two_bytes, first, last;  // opcodes
  int8_t reg;                      // ModRM.reg, or -1: any
  uint8_t shape, immediate, need;
  uint8_t bytes;  // size of the operand; 0: by prefix, 2 or 4
  uint16_t undefined;
};

enum { MUL_UNDEFINED = SF | ZF | AF | PF, BT_UNDEFINED = OF | SF | AF | PF, BS_UNDEFINED = CF | OF | SF | AF | PF };
#define ARITHMETIC(op, u)                                                                                   \
  {0, (op), (op), -1, MODRM, I0, ANY, 1, u}, {0, (op) + 1, (op) + 1, -1, MODRM, I0, ANY, 0, u},             \
      {0, (op) + 2, (op) + 2, -1, MODRM, I0, ANY, 1, u}, {0, (op) + 3, (op) + 3, -1, MODRM, I0, ANY, 0, u}, \
      {0, (op) + 4, (op) + 4, -1, BARE, I8, ANY, 1, u}, {0, (op) + 5, (op) + 5, -1, BARE, IZ, ANY, 0, u},   \
      {0, 0x80, 0x80, (op) / 8, MODRM, I8, ANY, 1, u}, {0, 0x81, 0x81, (op) / 8, MODRM, IZ, ANY, 0, u},     \
      {0, 0x82, 0x82, (op) / 8, MODRM, I8, ANY, 1, u}, {                                                    \
    0, 0x83, 0x83, (op) / 8, MODRM, I8, ANY, 0, u                                                           \
  }
#define SHIFTS(reg, need)                                                                       \
  {0, 0xc0, 0xc0, reg, MODRM, I8, need, 1, 0}, {0, 0xc1, 0xc1, reg, MODRM, I8, need, 0, 0},     \
      {0, 0xd0, 0xd0, reg, MODRM, I0, need, 1, 0}, {0, 0xd1, 0xd1, reg, MODRM, I0, need, 0, 0}, \
      {0, 0xd2, 0xd2, reg, MODRM, I0, need, 1, 0}, {                                            \
    0, 0xd3, 0xd3, reg, MODRM, I0, need, 0, 0                                                   \
  }
#define GROUP_3(reg, imm8, immz, need, u) \
  {0, 0xf6, 0xf6, reg, MODRM, imm8, need, 1, u}, { 0, 0xf7, 0xf7, reg, MODRM, immz, need, 0, u }

static const struct form forms[] = {
    ARITHMETIC(0x00, 0),
    ARITHMETIC(0x08, AF),
    ARITHMETIC(0x10, 0),
    ARITHMETIC(0x18, 0),
    ARITHMETIC(0x20, AF),
    ARITHMETIC(0x28, 0),
    ARITHMETIC(0x30, AF),
    ARITHMETIC(0x38, 0),
    {0, 0x27, 0x27, -1, BARE, I0, ANY, 1, OF},
    {0, 0x2f, 0x2f, -1, BARE, I0, ANY, 1, OF},
    {0, 0x37, 0x37, -1, BARE, I0, ANY, 1, OF | SF | ZF | PF},
    {0, 0x3f, 0x3f, -1, BARE, I0, ANY, 1, OF | SF | ZF | PF},
    {0, 0x40, 0x4f, -1, BARE, I0, ANY, 0, 0},  // INC, DEC
    {0, 0x50, 0x5f, -1, BARE, I0, STACK, 0, 0},
    {0, 0x60, 0x61, -1, BARE, I0, STACK, 0, 0},
    {0, 0x62, 0x62, -1, MEMORY, I0, ANY, 0, 0},  // BOUND
    {0, 0x68, 0x68, -1, BARE, IZ, STACK, 0, 0},
    {0, 0x6a, 0x6a, -1, BARE, I8, STACK, 0, 0},
    {0, 0x69, 0x69, -1, MODRM, IZ, ANY, 0, MUL_UNDEFINED},
    {0, 0x6b, 0x6b, -1, MODRM, I8, ANY, 0, MUL_UNDEFINED},
    {0, 0x6c, 0x6f, -1, BARE, I0, STRING, 1, 0},  // INS, OUTS: refused
    {0, 0x70, 0x7f, -1, BARE, JUMP8, ANY, 0, 0},
    {1, 0x80, 0x8f, -1, BARE, JUMPZ, ANY, 0, 0},
    {0, 0x84, 0x84, -1, MODRM, I0, ANY, 1, AF},
    {0, 0x85, 0x85, -1, MODRM, I0, ANY, 0, AF},
    {0, 0x86, 0x86, -1, MODRM, I0, ANY, 1, 0},
    {0, 0x87, 0x87, -1, MODRM, I0, ANY, 0, 0},
    {0, 0x88, 0x88, -1, MODRM, I0, ANY, 1, 0},
    {0, 0x89, 0x89, -1, MODRM, I0, ANY, 0, 0},
    {0, 0x8a, 0x8a, -1, MODRM, I0, ANY, 1, 0},
    {0, 0x8b, 0x8b, -1, MODRM, I0, ANY, 0, 0},
    {0, 0x8c, 0x8c, 0, MODRM, I0, ANY, 2, 0},
    {0, 0x8c, 0x8c, 1, MODRM, I0, ANY, 2, 0},
    {0, 0x8c, 0x8c, 2, MODRM, I0, ANY, 2, 0},
    {0, 0x8c, 0x8c, 3, MODRM, I0, ANY, 2, 0},
    {0, 0x8d, 0x8d, -1, MEMORY, I0, ANY, 0, 0},
    {0, 0x8d, 0x8d, -1, REGISTER, I0, ANY, 0, 0},
    {0, 0x8e, 0x8e, 0, REGISTER, I0, SELECTOR, 2, 0},
    {0, 0x8e, 0x8e, 2, REGISTER, I0, SELECTOR, 2, 0},
    {0, 0x8e, 0x8e, 3, REGISTER, I0, SELECTOR, 2, 0},
    {0, 0x8e, 0x8e, 1, REGISTER, I0, SELECTOR, 2, 0},
    {0, 0x8f, 0x8f, 0, MODRM, I0, STACK, 0, 0},
    {0, 0x90, 0x97, -1, BARE, I0, ANY, 0, 0},
    {0, 0x98, 0x99, -1, BARE, I0, ANY, 0, 0},
    {0, 0x9c, 0x9c, -1, BARE, I0, STACK, 0, 0},
    {0, 0x9d, 0x9d, -1, BARE, I0, FLAGS, 0, 0},
    {0, 0x9e, 0x9f, -1, BARE, I0, ANY, 0, 0},
    {0, 0xa0, 0xa0, -1, MOFFS, I0, ANY, 1, 0},
    {0, 0xa1, 0xa1, -1, MOFFS, I0, ANY, 0, 0},
    {0, 0xa2, 0xa2, -1, MOFFS, I0, ANY, 1, 0},
    {0, 0xa3, 0xa3, -1, MOFFS, I0, ANY, 0, 0},
    {0, 0xa4, 0xa7, -1, BARE, I0, STRING, 0, 0},
    {0, 0xaa, 0xaf, -1, BARE, I0, STRING, 0, 0},
    {0, 0xa8, 0xa8, -1, BARE, I8, ANY, 1, AF},
    {0, 0xa9, 0xa9, -1, BARE, IZ, ANY, 0, AF},
    {0, 0xb0, 0xb7, -1, BARE, I8, ANY, 1, 0},
    {0, 0xb8, 0xbf, -1, BARE, IZ, ANY, 0, 0},
    SHIFTS(0, SHIFT_CF),
    SHIFTS(1, SHIFT_CF),
    SHIFTS(2, SHIFT_CF),
    SHIFTS(3, SHIFT_CF),
    SHIFTS(4, SHIFT),
    SHIFTS(5, SHIFT),
    SHIFTS(6, SHIFT),
    SHIFTS(7, SHIFT_CF),
    {0, 0xc2, 0xc2, -1, BARE, I16, RETURN, 0, 0},
    {0, 0xc3, 0xc3, -1, BARE, I0, RETURN, 0, 0},
    {0, 0xc4, 0xc5, -1, MEMORY, I0, FAR_POINTER, 0, 0},
    {0, 0xc6, 0xc6, 0, MODRM, I8, ANY, 1, 0},
    {0, 0xc7, 0xc7, 0, MODRM, IZ, ANY, 0, 0},
    {0, 0xc8, 0xc8, -1, BARE, I16_8, FRAME, 0, 0},
    {0, 0xc9, 0xc9, -1, BARE, I0, FRAME, 0, 0},
    {0, 0xca, 0xca, -1, BARE, I16, FAR_RETURN, 0, 0},
    {0, 0xcb, 0xcb, -1, BARE, I0, FAR_RETURN, 0, 0},
    {0, 0xcf, 0xcf, -1, BARE, I0, FAR_RETURN, 0, 0},
    {0, 0xcc, 0xcc, -1, BARE, I0, ANY, 0, 0},
    {0, 0xcd, 0xcd, -1, BARE, I8, ANY, 0, 0},
    {0, 0xce, 0xce, -1, BARE, I0, ANY, 0, 0},
    {0, 0xd4, 0xd4, -1, BARE, I8, ANY, 1, OF | AF | CF},
    {0, 0xd5, 0xd5, -1, BARE, I8, ANY, 1, OF | AF | CF},
    {0, 0xd6, 0xd6, -1, BARE, I0, ANY, 1, 0},
    {0, 0xd7, 0xd7, -1, BARE, I0, XLAT, 1, 0},
    {0, 0xe0, 0xe3, -1, BARE, JUMP8, COUNT, 0, 0},
    {0, 0xe4, 0xe7, -1, BARE, I8, ANY, 0, 0},
    {0, 0xec, 0xef, -1, BARE, I0, ANY, 0, 0},
    {0, 0xe8, 0xe8, -1, BARE, JUMPZ, STACK, 0, 0},
    {0, 0xe9, 0xe9, -1, BARE, JUMPZ, ANY, 0, 0},
    {0, 0xeb, 0xeb, -1, BARE, JUMP8, ANY, 0, 0},
    {0, 0xea, 0xea, -1, BARE, POINTER, FAR_TARGET, 0, 0},
    {0, 0x9a, 0x9a, -1, BARE, POINTER, FAR_TARGET, 0, 0},
    {0, 0xf4, 0xf5, -1, BARE, I0, ANY, 0, 0},
    {0, 0xf8, 0xfd, -1, BARE, I0, ANY, 0, 0},
    GROUP_3(0, I8, IZ, ANY, AF),
    GROUP_3(1, I8, IZ, ANY, AF),
    GROUP_3(2, I0, I0, ANY, 0),
    GROUP_3(3, I0, I0, ANY, 0),
    GROUP_3(4, I0, I0, ANY, MUL_UNDEFINED),
    GROUP_3(5, I0, I0, ANY, MUL_UNDEFINED),
    GROUP_3(6, I0, I0, DIVIDE, ALL),
    GROUP_3(7, I0, I0, DIVIDE, ALL),
    {0, 0xfe, 0xfe, 0, MODRM, I0, ANY, 1, 0},
    {0, 0xfe, 0xfe, 1, MODRM, I0, ANY, 1, 0},
    {0, 0xff, 0xff, 0, MODRM, I0, ANY, 0, 0},
    {0, 0xff, 0xff, 1, MODRM, I0, ANY, 0, 0},
    {0, 0xff, 0xff, 2, MODRM, I0, TARGET, 0, 0},
    {0, 0xff, 0xff, 4, MODRM, I0, TARGET, 0, 0},
    {0, 0xff, 0xff, 3, MEMORY, I0, FAR_TARGET, 0, 0},
    {0, 0xff, 0xff, 5, MEMORY, I0, FAR_TARGET, 0, 0},
    {0, 0xff, 0xff, 6, MODRM, I0, STACK, 0, 0},
    // Those that do not exist.
    {0, 0xc6, 0xc6, 3, MODRM, I8, ABSENT, 1, 0},
    {0, 0xfe, 0xfe, 5, MODRM, I0, ABSENT, 1, 0},
    {0, 0xff, 0xff, 7, MODRM, I0, ABSENT, 0, 0},
    {1, 0x0b, 0x0b, -1, BARE, I0, ABSENT, 0, 0},
    {0, 0x8e, 0x8e, 6, REGISTER, I0, ABSENT, 2, 0},
    // Two bytes.
    {1, 0x06, 0x06, -1, BARE, I0, ANY, 0, 0},
    {1, 0x08, 0x09, -1, BARE, I0, ANY, 0, 0},
    {1, 0x00, 0x00, 2, MODRM, I0, ANY, 2, 0},
    {1, 0x00, 0x00, 3, MODRM, I0, ANY, 2, 0},
    {1, 0x01, 0x01, 2, MEMORY, I0, ANY, 0, 0},
    {1, 0x01, 0x01, 3, MEMORY, I0, ANY, 0, 0},
    {1, 0x01, 0x01, 6, MODRM, I0, ANY, 2, 0},
    {1, 0x01, 0x01, 7, MEMORY, I0, ANY, 0, 0},
    {1, 0x1f, 0x1f, 0, MODRM, I0, ANY, 0, 0},
    {1, 0x20, 0x23, 0, REGISTER, I0, ANY, 0, 0},
    {1, 0x30, 0x30, -1, BARE, I0, ANY, 0, 0},
    {1, 0x32, 0x32, -1, BARE, I0, ANY, 0, 0},
    {1, 0x40, 0x4f, -1, MODRM, I0, ANY, 0, 0},
    {1, 0x90, 0x9f, -1, MODRM, I0, ANY, 1, 0},
    {1, 0xa3, 0xa3, -1, MODRM, I0, BITS, 0, BT_UNDEFINED},
    {1, 0xab, 0xab, -1, MODRM, I0, BITS, 0, BT_UNDEFINED},
    {1, 0xb3, 0xb3, -1, MODRM, I0, BITS, 0, BT_UNDEFINED},
    {1, 0xbb, 0xbb, -1, MODRM, I0, BITS, 0, BT_UNDEFINED},
    {1, 0xba, 0xba, 4, MODRM, I8, ANY, 0, BT_UNDEFINED},
    {1, 0xba, 0xba, 5, MODRM, I8, ANY, 0, BT_UNDEFINED},
    {1, 0xba, 0xba, 6, MODRM, I8, ANY, 0, BT_UNDEFINED},
    {1, 0xba, 0xba, 7, MODRM, I8, ANY, 0, BT_UNDEFINED},
    {1, 0xa4, 0xa4, -1, MODRM, I8, DOUBLE, 0, AF},
    {1, 0xa5, 0xa5, -1, MODRM, I0, DOUBLE, 0, AF},
    {1, 0xac, 0xac, -1, MODRM, I8, DOUBLE, 0, AF},
    {1, 0xad, 0xad, -1, MODRM, I0, DOUBLE, 0, AF},
    {1, 0xa1, 0xa1, -1, BARE, I0, POP_SELECTOR, 0, 0},
    {0, 0x07, 0x07, -1, BARE, I0, POP_SELECTOR, 0, 0},
    {0, 0x17, 0x17, -1, BARE, I0, POP_SELECTOR, 0, 0},
    {0, 0x1f, 0x1f, -1, BARE, I0, POP_SELECTOR, 0, 0},
    {1, 0xaf, 0xaf, -1, MODRM, I0, ANY, 0, MUL_UNDEFINED},
    {1, 0xb0, 0xb0, -1, MODRM, I0, COMPARE, 1, 0},
    {1, 0xb1, 0xb1, -1, MODRM, I0, COMPARE, 0, 0},
    {1, 0xb2, 0xb2, -1, MEMORY, I0, FAR_POINTER, 0, 0},
    {1, 0xb6, 0xb6, -1, MODRM, I0, ANY, 1, 0},
    {1, 0xb7, 0xb7, -1, MODRM, I0, ANY, 2, 0},
    {1, 0xbe, 0xbe, -1, MODRM, I0, ANY, 1, 0},
    {1, 0xbf, 0xbf, -1, MODRM, I0, ANY, 2, 0},
    {1, 0xbc, 0xbd, -1, MODRM, I0, ANY, 0, BS_UNDEFINED},
    {1, 0xc0, 0xc0, -1, MODRM, I0, ANY, 1, 0},
    {1, 0xc1, 0xc1, -1, MODRM, I0, ANY, 0, 0},
    {1, 0xc7, 0xc7, 1, MEMORY, I0, COMPARE, 8, 0},
    {1, 0xc8, 0xcf, -1, BARE, I0, NOT_16, 0, 0},
};

unsigned random_insn_forms(void) { return sizeof forms / sizeof *forms; }

// --- randomness ------------------------------------------------------------------------------------------------------

static uint32_t next(uint64_t* random) {
  *random ^= *random << 13;
  *random ^= *random >> 7;
  *random ^= *random << 17;
  return (uint32_t)(*random >> 32);
}
static uint32_t below(uint64_t* random, uint32_t n) { return next(random) % n; }
static bool percent(uint64_t* random, uint32_t n) { return below(random, 100) < n; }

// Values at the borders are as frequent as all others together.
static uint32_t value(uint64_t* random) {
  static const uint32_t borders[] = {0,      1,      2,          0x7f,       0x80,       0xff,       0x100,
                                     0x7fff, 0x8000, 0xffff,     0x10000,    0x7fffffff, 0x80000000, 0x80000001,
                                     0x99,   0x9a,   0xffff8000, 0xfffffffe, 0xffffffff, 0xffffff80};
  return percent(random, 50) ? borders[below(random, sizeof borders / sizeof *borders)] : next(random);
}

// --- making one ------------------------------------------------------------------------------------------------------

struct maker {
  const struct form* form;
  uint64_t* random;
  struct native_case* out;
  unsigned length;  // of the code so far
  bool operand16, address16;
  unsigned word;  // operand size by prefix: 2 or 4
  uint8_t mod, reg, rm;
  uint32_t target;  // of the memory operand
  uint32_t immediate;
};

static void emit(struct maker* m, uint32_t bits, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) m->out->code[m->length++] = (uint8_t)(bits >> (8 * i));
}

// Where data go: most of the time to the window and often across its page border; else to the hole behind, or to the
// page that cannot be written.
static uint32_t place(struct maker* m) {
  enum { MARGIN = 64, BORDER = 0x50001000 };
  uint32_t kind = below(m->random, 100);
  if (kind < 3) return NATIVE_READ_ONLY + below(m->random, 0x1000);
  if (kind < 6) return NATIVE_HOLE - 8 + below(m->random, 16);
  if (kind < 20) return BORDER - below(m->random, 8);
  return NATIVE_WINDOW + MARGIN + below(m->random, NATIVE_WINDOW_BYTES - 2 * MARGIN);
}

// Where a stack or pointer lies that decides what runs next: all of it is poked, or none of it is there.
static uint32_t safe_place(struct maker* m) {
  uint32_t at;
  do at = place(m);
  while (at >= NATIVE_HOLE - 16 && (at < NATIVE_HOLE || at >= NATIVE_READ_ONLY));
  return at;
}

// Never into the instruction itself.
static uint32_t jump_target(struct maker* m) {
  uint32_t at;
  if (percent(m->random, 5)) return NATIVE_HOLE + below(m->random, 0x1000);
  do at = NATIVE_CODE + below(m->random, NATIVE_CODE_BYTES);
  while (at - m->out->eip < sizeof m->out->code);
  return at;
}

static void poke(struct maker* m, uint32_t at, const void* bytes, unsigned count) {
  bool inside = at >= NATIVE_WINDOW && at + count <= NATIVE_WINDOW + NATIVE_WINDOW_BYTES;
  if (!inside) return;
  m->out->poke_at = at;
  m->out->poke_bytes = count;
  memcpy(m->out->poke, bytes, count);
}

static uint32_t safe_flags(struct maker* m) { return next(m->random) & (ALL | DF); }

// 16-bit addresses lie in the lowest 64 KiB, where nothing is: only LEA gets through.
static void emit_memory16(struct maker* m) {
  m->rm = (uint8_t)below(m->random, 8);
  emit(m, (uint32_t)m->mod << 6 | m->reg << 3 | m->rm, 1);
  if (m->mod == 0 && m->rm == 6) emit(m, next(m->random), 2);
  if (m->mod != 0) emit(m, next(m->random), m->mod);
}

static void emit_memory32(struct maker* m) {
  uint32_t* reg = m->out->reg;
  m->rm = (uint8_t)below(m->random, 8);
  bool sib = m->rm == 4;
  uint8_t base = sib ? (uint8_t)below(m->random, 8) : m->rm, index = (uint8_t)below(m->random, 8);
  uint8_t scale = (uint8_t)below(m->random, 4);
  bool has_base = !(m->mod == 0 && base == 5), has_index = sib && index != 4;
  unsigned bytes = m->mod == 1 ? 1 : m->mod == 2 || !has_base ? 4 : 0;
  uint32_t displacement = next(m->random);
  if (has_base && has_index && base == index && bytes < 4) {
    // Sums of one register with itself: only a displacement leads them to the target.
    m->mod = 2;
    bytes = 4;
  }
  if (base == ESP && has_index) reg[index] = below(m->random, 16);  // or pushes would go astray
  uint32_t from_index = has_index ? reg[index] << scale : 0;
  uint32_t small = bytes == 1 ? (uint32_t)(int32_t)(int8_t)displacement : 0;
  if (bytes == 4 && base == ESP) displacement = below(m->random, 64) - 32;
  if (bytes == 4 && (!has_base || base == index || (base != ESP && percent(m->random, 50)))) {
    displacement = m->target - from_index - (has_base ? reg[base] : 0);
  } else {
    reg[base] = m->target - from_index - (bytes == 4 ? displacement : small);
  }
  emit(m, (uint32_t)m->mod << 6 | m->reg << 3 | m->rm, 1);
  if (sib) emit(m, (uint32_t)scale << 6 | index << 3 | base, 1);
  emit(m, displacement, bytes);
}

static void emit_operand(struct maker* m) {
  enum shape shape = m->form->shape;
  if (shape == BARE) return;
  if (shape == MOFFS) {
    emit(m, m->target, m->address16 ? 2 : 4);
    return;
  }
  m->mod = (uint8_t)below(m->random, shape == MEMORY ? 3 : 4);
  if (shape == REGISTER || m->form->need == BITS) m->mod = 3;
  m->reg = m->form->reg >= 0 ? (uint8_t)m->form->reg : (uint8_t)below(m->random, 8);
  if (m->mod == 3) {
    m->rm = (uint8_t)below(m->random, 8);
    emit(m, (uint32_t)m->mod << 6 | m->reg << 3 | m->rm, 1);
  } else {
    (m->address16 ? emit_memory16 : emit_memory32)(m);
  }
}

static void emit_immediate(struct maker* m) {
  m->immediate = value(m->random);
  switch (m->form->immediate) {
    case I8:
      if (m->form->first == 0xcd && (m->immediate & 0xff) == 0x80) m->immediate = 0x21;  // no system calls
      emit(m, m->immediate, 1);
      break;
    case I16:
      emit(m, m->immediate & 63, 2);
      break;
    case I16_8:
      emit(m, m->immediate & 31, 2);
      emit(m, percent(m->random, 70) ? 0 : below(m->random, 5), 1);
      break;
    case IZ:
      emit(m, m->immediate, m->word);
      break;
    case JUMP8:
      emit(m, percent(m->random, 50) ? 16 + below(m->random, 112) : -32 - below(m->random, 97), 1);
      break;
    case JUMPZ:
      emit(m, percent(m->random, 50) ? 16 + below(m->random, 800) : -32 - below(m->random, 800), m->word);
      break;
    case POINTER:
      emit(m, jump_target(m), m->word);
      emit(m, NATIVE_CS, 2);
      break;
  }
}

static void emit_prefixes(struct maker* m) {
  static const uint8_t segments[] = {0x26, 0x2e, 0x36, 0x3e};
  const struct form* form = m->form;
  m->operand16 = form->need != NOT_16 && percent(m->random, 30);
  m->address16 = percent(m->random, form->first == 0x8d ? 30 : 2);
  m->word = m->operand16 ? 2 : 4;
  bool special = form->two_bytes && form->first == 0x20;  // where AMD gives LOCK a meaning: CR8
  bool lock = !special && percent(m->random, 3);
  if (form->need == STRING && percent(m->random, 60)) emit(m, percent(m->random, 50) ? 0xf2 : 0xf3, 1);
  // On AMD REP gives LOOPcc another condition.
  bool ignores_rep = form->need != STRING && form->need != COUNT && form->shape == BARE && !form->two_bytes;
  if (ignores_rep && percent(m->random, 2)) emit(m, 0xf3, 1);
  if (percent(m->random, 8)) emit(m, segments[below(m->random, 4)], 1);
  if (m->operand16) emit(m, 0x66, 1);
  if (m->address16) emit(m, 0x67, 1);
  if (lock) emit(m, 0xf0, 1);
}

// --- what each needs -------------------------------------------------------------------------------------------------

// Before the operand is emitted: registers that are no part of addresses that are chosen later.
static void prepare(struct maker* m) {
  uint32_t* reg = m->out->reg;
  switch (m->form->need) {
    case STACK:
    case FAR_TARGET:
    case TARGET:
      reg[ESP] = place(m);
      break;
    case RETURN:
    case FLAGS:
    case POP_SELECTOR:
    case FAR_RETURN:
      reg[ESP] = safe_place(m);
      break;
    case FRAME:
      reg[ESP] = place(m);
      reg[EBP] = percent(m->random, 30) ? reg[ESP] - 8 + below(m->random, 16) : place(m);
      break;
    case STRING:
      reg[ESI] = place(m);
      reg[EDI] = place(m);
      reg[ECX] = below(m->random, 7);
      break;
    case COUNT:
      if (percent(m->random, 50)) reg[ECX] = below(m->random, 3);
      break;
    case DIVIDE:
      reg[EDX] = percent(m->random, 60) ? (uint32_t)((int32_t)below(m->random, 3) - 1) : value(m->random);
      if (percent(m->random, 50)) reg[EAX] = below(m->random, 2) ? below(m->random, 0x4000) : -below(m->random, 0x4000);
      break;
    case XLAT:
      reg[EBX] = m->target - (reg[EAX] & 0xff);
      break;
    case DOUBLE:
      if (m->operand16) reg[ECX] = (reg[ECX] & ~31u) | below(m->random, 17);
      break;
    default:
      break;
  }
}

static void prepare_far_frame(struct maker* m) {
  uint32_t words[3] = {jump_target(m), NATIVE_CS, safe_flags(m)};
  uint8_t image[12];
  for (unsigned i = 0; i < 3; i++) memcpy(image + i * m->word, &words[i], m->word);
  poke(m, m->out->reg[ESP], image, 3 * m->word);
}

static void prepare_far_pointer(struct maker* m, uint32_t address, uint16_t selector) {
  uint8_t image[6];
  memcpy(image, &address, m->word);
  memcpy(image + m->word, &selector, 2);
  poke(m, m->target, image, m->word + 2);
}

// After the operand is emitted: values of operands.
static void settle(struct maker* m) {
  uint32_t* reg = m->out->reg;
  uint32_t word;
  bool register_operand = m->mod == 3;
  switch (m->form->need) {
    case TARGET:
      word = jump_target(m);
      if (register_operand)
        reg[m->rm] = word;
      else
        poke(m, m->target, &word, m->word);
      break;
    case RETURN:
      word = jump_target(m);
      poke(m, reg[ESP], &word, m->word);
      break;
    case FLAGS:
      word = safe_flags(m);
      poke(m, reg[ESP], &word, m->word);
      break;
    case SELECTOR:
      reg[m->rm] = (reg[m->rm] & ~0xffffu) | NATIVE_DS;
      break;
    case POP_SELECTOR:
      word = NATIVE_DS;
      poke(m, reg[ESP], &word, m->word);
      break;
    case FAR_RETURN:
      prepare_far_frame(m);
      break;
    case FAR_POINTER:
      prepare_far_pointer(m, next(m->random), NATIVE_DS);
      break;
    case FAR_TARGET:
      if (m->form->shape == MEMORY) prepare_far_pointer(m, jump_target(m), NATIVE_CS);
      break;
    case COMPARE:
      if (percent(m->random, 50)) break;
      if (register_operand) {
        reg[EAX] = reg[m->rm];
      } else {
        uint32_t pair[2] = {reg[EAX], reg[EDX]};
        poke(m, m->target, pair, m->form->bytes ? m->form->bytes : m->word);
      }
      break;
    default:
      break;
  }
}

// A bit offset reaches far from the operand: near enough to stay in the data. The register must not be one of the
// address, so the address is absolute.
static void emit_bits(struct maker* m) {
  m->mod = 0;
  m->reg = (uint8_t)below(m->random, 8);
  m->out->reg[m->reg] = (uint32_t)((int32_t)below(m->random, 1024) - 512);
  if (m->operand16) m->out->reg[m->reg] = (m->out->reg[m->reg] & 0xffff) | next(m->random) << 16;
  emit(m, (uint32_t)m->reg << 3 | 5, 1);
  emit(m, m->target, 4);
}

static uint32_t undefined_flags(const struct maker* m) {
  const struct form* form = m->form;
  bool shift = form->need == SHIFT || form->need == SHIFT_CF || form->need == DOUBLE;
  if (!shift) return form->undefined;
  bool by_cl = form->two_bytes ? form->first & 1 : form->first >= 0xd2;
  bool by_one = !form->two_bytes && (form->first == 0xd0 || form->first == 0xd1);
  uint32_t count = (by_one ? 1 : by_cl ? m->out->reg[ECX] : m->immediate) & 31, undefined = 0;
  unsigned bits = 8 * (form->bytes ? form->bytes : m->word);
  if (count == 0) return 0;
  bool rotation = form->need == SHIFT_CF && form->reg != 7;
  if (!rotation) undefined |= AF;
  if (count != 1) undefined |= OF;
  if (form->need == SHIFT && count >= bits) undefined |= CF;
  return undefined;
}

// SHLD and SHRD of a word by more than 16.
static bool result_undefined(const struct maker* m) {
  uint32_t count = (m->form->first & 1 ? m->out->reg[ECX] : m->immediate) & 31;
  return m->form->need == DOUBLE && m->operand16 && count > 16;
}

static uint32_t random_eip(struct maker* m) {
  uint32_t kind = below(m->random, 100), back = 1 + below(m->random, 8);
  if (kind < 3 && m->form->need != ABSENT) return NATIVE_CODE + NATIVE_CODE_BYTES - back;
  if (kind < 20) return NATIVE_CODE + 0x1000 - back;
  return NATIVE_CODE + 0x400 + below(m->random, 0x1000);
}

static void make(struct maker* m) {
  const struct form* form = m->form;
  struct native_case* out = m->out;
  *out = (struct native_case){.poke_at = NATIVE_WINDOW};
  for (int i = 0; i < 8; i++) out->reg[i] = value(m->random);
  out->eflags = safe_flags(m);
  out->eip = random_eip(m);
  memset(out->code, NATIVE_INT3, sizeof out->code);
  m->length = 0;
  bool decides = form->need == FAR_POINTER || form->need == FAR_TARGET || form->need == TARGET;
  m->target = decides ? safe_place(m) : place(m);
  emit_prefixes(m);
  prepare(m);
  if (form->two_bytes) emit(m, 0x0f, 1);
  emit(m, form->first + below(m->random, (uint32_t)form->last - form->first + 1), 1);
  bool in_memory = form->need == BITS && !m->address16 && percent(m->random, 60);
  (in_memory ? emit_bits : emit_operand)(m);
  emit_immediate(m);
  settle(m);
}

void random_insn(unsigned form, uint64_t* random, struct native_case* out, uint32_t* undefined) {
  struct maker maker = {.form = &forms[form], .random = random, .out = out};
  do make(&maker);
  while (result_undefined(&maker));
  *undefined = undefined_flags(&maker);
}
