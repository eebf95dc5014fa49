// SPDX-License-Identifier: MIT
// Multiplication and division of the accumulator, and decimal arithmetic.
#include "core/arithmetic.h"
#include "core/execute.h"
#include "core/operand.h"

// The accumulator of twice the operand's size: AX, DX:AX, EDX:EAX.
static uint64_t read_double(const struct core* core, unsigned size) {
  if (size == 1) return core->state.reg[CORE_EAX] & 0xffff;
  return (uint64_t)read_low(core, CORE_EDX, size) << (8 * size) | read_low(core, CORE_EAX, size);
}
static void write_double(struct core* core, unsigned size, uint64_t value) {
  if (size == 1) {
    write_low(core, CORE_EAX, 2, (uint32_t)value);
  } else {
    write_low(core, CORE_EAX, size, (uint32_t)value);
    write_low(core, CORE_EDX, size, (uint32_t)(value >> (8 * size)));
  }
}

// CF and OF: the upper half is needed. SF, ZF, AF, PF are undefined and stay.
static void set_product(struct core* core, unsigned size, uint64_t product, bool fits) {
  write_double(core, size, product);
  uint32_t flags = CORE_CF | CORE_OF;
  core->state.eflags = (core->state.eflags & ~flags) | (fits ? 0 : flags);
}

enum outcome execute_mul(struct core* core, const struct insn* insn) {
  uint32_t b;
  if (!read_operand(core, insn, &insn->first, &b)) return FAULT;
  uint64_t product = (uint64_t)read_low(core, CORE_EAX, insn->size) * b;
  set_product(core, insn->size, product, product >> (8 * insn->size) == 0);
  return DONE;
}

enum outcome execute_imul(struct core* core, const struct insn* insn) {
  uint32_t b;
  unsigned size = insn->size;
  if (!read_operand(core, insn, &insn->first, &b)) return FAULT;
  int64_t product = (int64_t)(int32_t)sign_extend(read_low(core, CORE_EAX, size), size) * (int32_t)sign_extend(b, size);
  set_product(core, size, (uint64_t)product,
              product == (int32_t)sign_extend((uint32_t)product & size_mask(size), size));
  return DONE;
}

// Quotient to AL, AX, EAX; remainder to AH, DX, EDX. All flags are undefined and stay.
static void set_quotient(struct core* core, unsigned size, uint64_t quotient, uint64_t remainder) {
  uint64_t mask = size_mask(size);
  write_double(core, size, (remainder & mask) << (8 * size) | (quotient & mask));
}

enum outcome execute_div(struct core* core, const struct insn* insn) {
  uint32_t divisor;
  if (!read_operand(core, insn, &insn->first, &divisor)) return FAULT;
  if (divisor == 0) return raise_fault(core, CORE_DE, 0);
  uint64_t dividend = read_double(core, insn->size), quotient = dividend / divisor;
  if (quotient > size_mask(insn->size)) return raise_fault(core, CORE_DE, 0);
  set_quotient(core, insn->size, quotient, dividend % divisor);
  return DONE;
}

// Rounds to zero. By magnitudes, so that the host never divides the smallest number by -1.
enum outcome execute_idiv(struct core* core, const struct insn* insn) {
  uint32_t b;
  unsigned size = insn->size, spare = 64 - 16 * size;
  if (!read_operand(core, insn, &insn->first, &b)) return FAULT;
  if (b == 0) return raise_fault(core, CORE_DE, 0);
  int64_t dividend = (int64_t)(read_double(core, size) << spare) >> spare;
  int64_t divisor = (int32_t)sign_extend(b, size);
  uint64_t above = dividend < 0 ? -(uint64_t)dividend : (uint64_t)dividend;
  uint64_t below = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
  uint64_t quotient = above / below, remainder = above % below;
  bool negative = (dividend < 0) != (divisor < 0);
  if (quotient > (uint64_t)size_sign(size) - !negative) return raise_fault(core, CORE_DE, 0);
  set_quotient(core, size, negative ? -quotient : quotient, dividend < 0 ? -remainder : remainder);
  return DONE;
}

// --- decimal ---------------------------------------------------------------------------------------------------------

static void set_status(struct core* core, uint32_t which, uint32_t value) {
  core->state.eflags = (core->state.eflags & ~which) | value;
}

// DAA, DAS: AL after an addition or subtraction of packed digits. OF is undefined and stays.
static enum outcome decimal_adjust(struct core* core, int direction) {
  uint32_t al = read_low(core, CORE_EAX, 1), result = al, flags = 0;
  bool carry = core->state.eflags & CORE_CF;
  if ((al & 15) > 9 || (core->state.eflags & CORE_AF)) {
    result += (uint32_t)(6 * direction);
    flags |= CORE_AF;
    if (carry || (direction > 0 ? result > 0xff : al < 6)) flags |= CORE_CF;
  }
  if (al > 0x99 || carry) {
    result += (uint32_t)(0x60 * direction);
    flags |= CORE_CF;
  } else if (direction > 0) {
    flags &= ~(uint32_t)CORE_CF;
  }
  write_low(core, CORE_EAX, 1, result);
  set_status(core, CORE_SZP | CORE_AF | CORE_CF, flags | flags_of_result(result, 1));
  return DONE;
}
enum outcome execute_daa(struct core* core, const struct insn* insn) {
  (void)insn;
  return decimal_adjust(core, 1);
}
enum outcome execute_das(struct core* core, const struct insn* insn) {
  (void)insn;
  return decimal_adjust(core, -1);
}

// AAA, AAS: AX after an addition or subtraction of unpacked digits. OF, SF, ZF, PF are undefined and stay.
static enum outcome ascii_adjust(struct core* core, int direction) {
  uint32_t ax = read_low(core, CORE_EAX, 2);
  bool adjust = (ax & 15) > 9 || (core->state.eflags & CORE_AF);
  if (adjust) ax += (uint32_t)(0x106 * direction);
  write_low(core, CORE_EAX, 2, ax & 0xff0f);
  set_status(core, CORE_AF | CORE_CF, adjust ? CORE_AF | CORE_CF : 0);
  return DONE;
}
enum outcome execute_aaa(struct core* core, const struct insn* insn) {
  (void)insn;
  return ascii_adjust(core, 1);
}
enum outcome execute_aas(struct core* core, const struct insn* insn) {
  (void)insn;
  return ascii_adjust(core, -1);
}

// AAM, AAD: to and from two digits of a base. OF, AF, CF are undefined and stay.
enum outcome execute_aam(struct core* core, const struct insn* insn) {
  uint32_t al = read_low(core, CORE_EAX, 1), base = insn->immediate & 0xff;
  if (base == 0) return raise_fault(core, CORE_DE, 0);
  write_low(core, CORE_EAX, 2, al / base << 8 | al % base);
  set_status(core, CORE_SZP, flags_of_result(al % base, 1));
  return DONE;
}
enum outcome execute_aad(struct core* core, const struct insn* insn) {
  uint32_t ax = read_low(core, CORE_EAX, 2), result = ((ax >> 8) * (insn->immediate & 0xff) + ax) & 0xff;
  write_low(core, CORE_EAX, 2, result);
  set_status(core, CORE_SZP, flags_of_result(result, 1));
  return DONE;
}
