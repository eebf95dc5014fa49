// SPDX-License-Identifier: MIT
// The arithmetic of instructions: results and flags from values. Nothing here knows where operands come from.
//
// Flags that the SDM leaves undefined keep the value that the same formula gives, or their old one: one choice, the
// same on every host (docs/core.md, "Undefined").
#ifndef PAGEWALK_CORE_ARITHMETIC_H
#define PAGEWALK_CORE_ARITHMETIC_H

#include "core/insn.h"

compute_fn alu_add, alu_or, alu_adc, alu_sbb, alu_and, alu_sub, alu_xor, alu_inc, alu_dec, alu_neg, alu_not;
compute_fn alu_rol, alu_ror, alu_rcl, alu_rcr, alu_shl, alu_shr, alu_sar;
compute_fn alu_bt, alu_bts, alu_btr, alu_btc;
compute_fn alu_imul;
compute_fn alu_copy, alu_sign8, alu_sign16, alu_bswap;

// SHLD, SHRD: bits come in from `from`.
uint32_t alu_shld(uint32_t a, uint32_t from, unsigned count, unsigned size, uint32_t* flags);
uint32_t alu_shrd(uint32_t a, uint32_t from, unsigned count, unsigned size, uint32_t* flags);

// SF, ZF and PF of a result of `size` bytes, for instructions with rules of their own.
uint32_t flags_of_result(uint32_t result, unsigned size);

enum { CORE_SZP = CORE_SF | CORE_ZF | CORE_PF, CORE_STATUS = CORE_SZP | CORE_OF | CORE_AF | CORE_CF };

#endif
