// SPDX-License-Identifier: MIT
// The functions behind the table: one an instruction, named after its entry in SDM vol. 2.
#ifndef PAGEWALK_CORE_EXECUTE_H
#define PAGEWALK_CORE_EXECUTE_H

#include "core/insn.h"

// What carries out MOVE, UPDATE and TEST (generic.c), by the kinds of the first and second operand.
execute_fn* generic_execute(enum access access, enum operand_kind first, enum operand_kind second);

// No instruction, or none in this form: #UD. Longer than 15 bytes, or privileged at CPL > 0: #GP(0). x87: #NM.
execute_fn execute_undefined, execute_forbidden, execute_no_coprocessor;

// data.c
execute_fn execute_lea, execute_xchg, execute_cmov, execute_setcc, execute_xlat, execute_bit_string;
execute_fn execute_cmpxchg, execute_cmpxchg8b, execute_xadd, execute_shld, execute_shrd;
execute_fn execute_bsf, execute_bsr, execute_cbw, execute_cwd, execute_nop;
execute_fn execute_lahf, execute_sahf, execute_clc, execute_stc, execute_cmc, execute_cld, execute_std, execute_salc;

// multiply.c
execute_fn execute_mul, execute_imul, execute_div, execute_idiv;
execute_fn execute_daa, execute_das, execute_aaa, execute_aas, execute_aam, execute_aad;

// stack.c
execute_fn execute_push, execute_pop, execute_pusha, execute_popa, execute_pushf, execute_popf;
execute_fn execute_enter, execute_leave;

// flow.c
execute_fn execute_jcc, execute_jmp, execute_jmp_indirect, execute_call, execute_call_indirect, execute_ret;
execute_fn execute_loop, execute_loope, execute_loopne, execute_jecxz, execute_bound;
execute_fn execute_int, execute_int3, execute_int1, execute_into, execute_iret;
execute_fn execute_jmp_far, execute_jmp_far_indirect, execute_call_far, execute_call_far_indirect, execute_ret_far;

// string.c
execute_fn execute_movs, execute_cmps, execute_stos, execute_lods, execute_scas, execute_ins, execute_outs;

// system.c
execute_fn execute_hlt, execute_cli, execute_sti, execute_in, execute_out, execute_cpuid;
execute_fn execute_mov_from_segment, execute_mov_to_segment, execute_push_segment, execute_pop_segment;
execute_fn execute_load_far_pointer;
execute_fn execute_mov_from_cr, execute_mov_to_cr, execute_mov_from_dr, execute_mov_to_dr;
execute_fn execute_invlpg, execute_load_table, execute_store_table, execute_load_selector, execute_store_selector;
execute_fn execute_smsw, execute_lmsw, execute_clts, execute_invd, execute_wbinvd;
execute_fn execute_rdtsc, execute_rdmsr, execute_wrmsr;

#endif
