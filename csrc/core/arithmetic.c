// SPDX-License-Identifier: MIT
// Results and flags (SDM vol. 2, each instruction's "Flags Affected"; vol. 1, 3.4.3.1).
#include "core/arithmetic.h"

#include "core/operand.h"

// --- flags -----------------------------------------------------------------------------------------------------------

uint32_t flags_of_result(uint32_t result, unsigned size) {
  result &= size_mask(size);
  uint32_t flags = __builtin_parity(result & 0xff) ? 0 : CORE_PF;
  if (result == 0) flags |= CORE_ZF;
  if (result & size_sign(size)) flags |= CORE_SF;
  return flags;
}

static inline void set_flags(uint32_t* flags, uint32_t which, uint32_t value) { *flags = (*flags & ~which) | value; }
static inline uint32_t flag_if(bool holds, uint32_t flag) { return holds ? flag : 0; }

// All six of a sum or difference. `carries` has a bit set where a carry (or borrow) left that position; `overflow` has
// the sign bit set where the signed result does not fit.
static inline void set_sum_flags(uint32_t* flags, uint32_t result, uint32_t carries, uint32_t overflow, unsigned size) {
  uint32_t sign = size_sign(size);
  set_flags(flags, CORE_STATUS,
            flags_of_result(result, size) | flag_if(carries & sign, CORE_CF) | flag_if(carries & 8, CORE_AF) |
                flag_if(overflow & sign, CORE_OF));
}

// --- sums and differences --------------------------------------------------------------------------------------------

static inline uint32_t add_carry(uint32_t a, uint32_t b, uint32_t carry, unsigned size, uint32_t* flags) {
  uint32_t r = a + b + carry;
  set_sum_flags(flags, r, (a & b) | ((a | b) & ~r), (a ^ r) & (b ^ r), size);
  return r;
}

static inline uint32_t subtract_borrow(uint32_t a, uint32_t b, uint32_t borrow, unsigned size, uint32_t* flags) {
  uint32_t r = a - b - borrow;
  set_sum_flags(flags, r, (~a & b) | ((~a | b) & r), (a ^ b) & (a ^ r), size);
  return r;
}

uint32_t alu_add(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return add_carry(a, b, 0, size, flags); }
uint32_t alu_adc(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  return add_carry(a, b, *flags & CORE_CF, size, flags);
}
uint32_t alu_sub(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  return subtract_borrow(a, b, 0, size, flags);
}
uint32_t alu_sbb(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  return subtract_borrow(a, b, *flags & CORE_CF, size, flags);
}
uint32_t alu_neg(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b;
  return subtract_borrow(0, a, 0, size, flags);
}

// INC and DEC keep CF.
uint32_t alu_inc(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b;
  uint32_t carry = *flags & CORE_CF, r = add_carry(a, 1, 0, size, flags);
  set_flags(flags, CORE_CF, carry);
  return r;
}
uint32_t alu_dec(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b;
  uint32_t carry = *flags & CORE_CF, r = subtract_borrow(a, 1, 0, size, flags);
  set_flags(flags, CORE_CF, carry);
  return r;
}

// --- logic: CF and OF clear; AF is undefined, clear here -------------------------------------------------------------

static inline uint32_t logic(uint32_t r, unsigned size, uint32_t* flags) {
  set_flags(flags, CORE_STATUS, flags_of_result(r, size));
  return r;
}
uint32_t alu_and(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return logic(a & b, size, flags); }
uint32_t alu_or(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return logic(a | b, size, flags); }
uint32_t alu_xor(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return logic(a ^ b, size, flags); }
uint32_t alu_not(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b, (void)size, (void)flags;
  return ~a;
}

// --- shifts: counts modulo 32; a count of 0 changes no flag. OF is defined for a count of 1 only, AF never -----------

enum { COUNT_MASK = 31 };

static inline void set_shift_flags(uint32_t* flags, uint32_t r, bool carry, bool overflow, unsigned size) {
  set_flags(flags, CORE_SZP | CORE_CF | CORE_OF,
            flags_of_result(r, size) | flag_if(carry, CORE_CF) | flag_if(overflow, CORE_OF));
}

uint32_t alu_shl(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  unsigned count = b & COUNT_MASK;
  if (count == 0) return a;
  uint64_t wide = (uint64_t)a << count;
  bool carry = wide >> (8 * size) & 1, sign = wide & size_sign(size);
  set_shift_flags(flags, (uint32_t)wide, carry, carry != sign, size);
  return (uint32_t)wide;
}

uint32_t alu_shr(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  unsigned count = b & COUNT_MASK;
  if (count == 0) return a;
  uint32_t r = a >> count;
  set_shift_flags(flags, r, a >> (count - 1) & 1, a & size_sign(size), size);
  return r;
}

uint32_t alu_sar(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  unsigned count = b & COUNT_MASK;
  if (count == 0) return a;
  int32_t wide = (int32_t)sign_extend(a, size);
  uint32_t r = (uint32_t)(wide >> count);
  set_shift_flags(flags, r, wide >> (count - 1) & 1, false, size);
  return r;
}

// --- rotations: SF, ZF, AF, PF stay ----------------------------------------------------------------------------------

static inline void set_rotate_flags(uint32_t* flags, bool carry, bool overflow) {
  set_flags(flags, CORE_CF | CORE_OF, flag_if(carry, CORE_CF) | flag_if(overflow, CORE_OF));
}

uint32_t alu_rol(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  if ((b & COUNT_MASK) == 0) return a;
  unsigned bits = 8 * size, count = b & (bits - 1);
  uint32_t r = count ? a << count | a >> (bits - count) : a;
  bool carry = r & 1, sign = r & size_sign(size);
  set_rotate_flags(flags, carry, carry != sign);
  return r;
}

uint32_t alu_ror(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  if ((b & COUNT_MASK) == 0) return a;
  unsigned bits = 8 * size, count = b & (bits - 1);
  uint32_t r = count ? a >> count | a << (bits - count) : a;
  bool carry = r & size_sign(size), next = r & size_sign(size) >> 1;
  set_rotate_flags(flags, carry, carry != next);
  return r;
}

// Through the carry: size * 8 + 1 bits go round. Kept as carry:value in 64 bits.
static inline uint32_t rotate_through_carry(uint32_t a, unsigned left, unsigned size, uint32_t* flags) {
  unsigned bits = 8 * size + 1;
  uint64_t ring = (uint64_t)(*flags & CORE_CF) << (bits - 1) | a;
  ring = left ? ring << left | ring >> (bits - left) : ring;
  set_flags(flags, CORE_CF, flag_if(ring >> (bits - 1) & 1, CORE_CF));
  return (uint32_t)ring;
}

uint32_t alu_rcl(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  unsigned count = (b & COUNT_MASK) % (8 * size + 1);
  if (count == 0) return a;
  uint32_t r = rotate_through_carry(a, count, size, flags);
  set_flags(flags, CORE_OF, flag_if(!(*flags & CORE_CF) != !(r & size_sign(size)), CORE_OF));
  return r;
}

uint32_t alu_rcr(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  unsigned bits = 8 * size + 1, count = (b & COUNT_MASK) % bits;
  if (count == 0) return a;
  uint32_t r = rotate_through_carry(a, bits - count, size, flags);
  set_flags(flags, CORE_OF, flag_if(!(r & size_sign(size)) != !(r & size_sign(size) >> 1), CORE_OF));
  return r;
}

// --- double shifts: for a count beyond the size result and flags are undefined ---------------------------------------

uint32_t alu_shld(uint32_t a, uint32_t from, unsigned count, unsigned size, uint32_t* flags) {
  count &= COUNT_MASK;
  if (count == 0) return a;
  unsigned bits = 8 * size;
  uint64_t wide = ((uint64_t)a << bits | from) << count;
  uint32_t r = (uint32_t)(wide >> bits);
  bool carry = count <= bits && (a >> (bits - count) & 1);
  set_shift_flags(flags, r, carry, (a ^ r) & size_sign(size), size);
  return r;
}

uint32_t alu_shrd(uint32_t a, uint32_t from, unsigned count, unsigned size, uint32_t* flags) {
  count &= COUNT_MASK;
  if (count == 0) return a;
  uint64_t wide = (uint64_t)from << (8 * size) | a;
  uint32_t r = (uint32_t)(wide >> count);
  set_shift_flags(flags, r, wide >> (count - 1) & 1, (a ^ r) & size_sign(size), size);
  return r;
}

// --- bits: CF is the bit; OF, SF, AF, PF are undefined and stay, as ZF does ------------------------------------------

static inline uint32_t test_bit(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  uint32_t bit = 1u << (b & (8 * size - 1));
  set_flags(flags, CORE_CF, flag_if(a & bit, CORE_CF));
  return bit;
}
uint32_t alu_bt(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return test_bit(a, b, size, flags); }
uint32_t alu_bts(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return a | test_bit(a, b, size, flags); }
uint32_t alu_btr(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return a & ~test_bit(a, b, size, flags); }
uint32_t alu_btc(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) { return a ^ test_bit(a, b, size, flags); }

// --- IMUL with two or three operands: CF and OF if the product does not fit; SF, ZF, AF, PF are undefined and stay ---

uint32_t alu_imul(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  int64_t product = (int64_t)(int32_t)sign_extend(a, size) * (int32_t)sign_extend(b, size);
  bool fits = product == (int32_t)sign_extend((uint32_t)product & size_mask(size), size);
  set_flags(flags, CORE_CF | CORE_OF, flag_if(!fits, CORE_CF | CORE_OF));
  return (uint32_t)product;
}

// --- moves -----------------------------------------------------------------------------------------------------------

uint32_t alu_copy(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b, (void)size, (void)flags;
  return a;
}
uint32_t alu_sign8(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b, (void)size, (void)flags;
  return sign_extend(a, 1);
}
uint32_t alu_sign16(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b, (void)size, (void)flags;
  return sign_extend(a, 2);
}
// BSWAP of a 16-bit register is undefined; 0, as processors do.
uint32_t alu_bswap(uint32_t a, uint32_t b, unsigned size, uint32_t* flags) {
  (void)b, (void)flags;
  return size == 4 ? __builtin_bswap32(a) : 0;
}
