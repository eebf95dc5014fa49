// SPDX-License-Identifier: MIT
// The table of instructions: opcode -> name, what it does, operands (SDM vol. 2D, appendix A, tables ).
// What is not in it is #UD: among others everything from MMX on, LAR, LSL, VERR, VERW, ARPL and SYSENTER.
#include "core/arithmetic.h"
#include "core/execute.h"

// clang-format off
#define DO(name, function, ...)      {name, OWN, {.execute = function}, {__VA_ARGS__}, 0}
#define DO_BYTES(name, function, ...) {name, OWN, {.execute = function}, {__VA_ARGS__}, BYTES}
#define DO_LOCK(name, function, ...) {name, OWN, {.execute = function}, {__VA_ARGS__}, LOCKABLE}
#define COPY(name, function, ...)    {name, MOVE, {.compute = function}, {__VA_ARGS__}, 0}
#define CHANGE(name, function, ...)  {name, UPDATE, {.compute = function}, {__VA_ARGS__}, 0}
#define CHANGE_LOCK(name, function, ...) {name, UPDATE, {.compute = function}, {__VA_ARGS__}, LOCKABLE}
#define LOOK(name, function, ...)    {name, TEST, {.compute = function}, {__VA_ARGS__}, 0}
#define ENTRIES_OF(...)              {"", OWN, {.group = (const struct instruction[8]){__VA_ARGS__}}, {NONE}, GROUP}

// An arithmetic instruction's six forms; CMP does not write.
#define SIX(first, what, name, function)                                                       \
  [first] = what(name, function, Eb, Gb), [(first) + 1] = what(name, function, Ev, Gv),        \
  [(first) + 2] = what(name, function, Gb, Eb), [(first) + 3] = what(name, function, Gv, Ev),  \
  [(first) + 4] = what(name, function, AL, Ib), [(first) + 5] = what(name, function, eAX, Iz)

#define EIGHT(first, ...) \
  [first] = __VA_ARGS__, [(first) + 1] = __VA_ARGS__, [(first) + 2] = __VA_ARGS__, [(first) + 3] = __VA_ARGS__, \
  [(first) + 4] = __VA_ARGS__, [(first) + 5] = __VA_ARGS__, [(first) + 6] = __VA_ARGS__, [(first) + 7] = __VA_ARGS__
#define SIXTEEN(first, ...) EIGHT(first, __VA_ARGS__), EIGHT((first) + 8, __VA_ARGS__)

// Groups by ModRM.reg (table A-6).
#define GROUP_1(e, i) ENTRIES_OF(                                                                     \
  CHANGE_LOCK("ADD", alu_add, e, i), CHANGE_LOCK("OR", alu_or, e, i), CHANGE_LOCK("ADC", alu_adc, e, i),  \
  CHANGE_LOCK("SBB", alu_sbb, e, i), CHANGE_LOCK("AND", alu_and, e, i), CHANGE_LOCK("SUB", alu_sub, e, i), \
  CHANGE_LOCK("XOR", alu_xor, e, i), LOOK("CMP", alu_sub, e, i))
// /6 is SHL, as on every processor, though the SDM does not list it.
#define GROUP_2(e, count) ENTRIES_OF(                                                                      \
  CHANGE("ROL", alu_rol, e, count), CHANGE("ROR", alu_ror, e, count), CHANGE("RCL", alu_rcl, e, count),     \
  CHANGE("RCR", alu_rcr, e, count), CHANGE("SHL", alu_shl, e, count), CHANGE("SHR", alu_shr, e, count),     \
  CHANGE("SHL", alu_shl, e, count), CHANGE("SAR", alu_sar, e, count))
#define GROUP_3(e, i) ENTRIES_OF(                                                                 \
  LOOK("TEST", alu_and, e, i), LOOK("TEST", alu_and, e, i), CHANGE_LOCK("NOT", alu_not, e),       \
  CHANGE_LOCK("NEG", alu_neg, e), DO("MUL", execute_mul, e), DO("IMUL", execute_imul, e),         \
  DO("DIV", execute_div, e), DO("IDIV", execute_idiv, e))
#define GROUP_4 ENTRIES_OF(CHANGE_LOCK("INC", alu_inc, Eb), CHANGE_LOCK("DEC", alu_dec, Eb))
#define GROUP_5 ENTRIES_OF(                                                                                  \
  CHANGE_LOCK("INC", alu_inc, Ev), CHANGE_LOCK("DEC", alu_dec, Ev), DO("CALL", execute_call_indirect, Ev),    \
  DO("CALL far", execute_call_far_indirect, M), DO("JMP", execute_jmp_indirect, Ev),                          \
  DO("JMP far", execute_jmp_far_indirect, M), DO("PUSH", execute_push, Ev))
#define GROUP_6 ENTRIES_OF(                                                                           \
  DO("SLDT", execute_store_selector, RvMw), DO("STR", execute_store_selector, RvMw),                  \
  DO("LLDT", execute_load_selector, Ew), DO("LTR", execute_load_selector, Ew))
#define GROUP_7 ENTRIES_OF(                                                                             \
  DO("SGDT", execute_store_table, M), DO("SIDT", execute_store_table, M), DO("LGDT", execute_load_table, M), \
  DO("LIDT", execute_load_table, M), DO("SMSW", execute_smsw, RvMw), {.name = NULL},                     \
  DO("LMSW", execute_lmsw, Ew), DO("INVLPG", execute_invlpg, M))
#define BIT(what, name, function, traits) {name, what, {.compute = function}, {Ev, Gv}, traits}
#define GROUP_8 ENTRIES_OF(                                                                               \
  {.name = NULL}, {.name = NULL}, {.name = NULL}, {.name = NULL}, LOOK("BT", alu_bt, Ev, Ib),              \
  CHANGE_LOCK("BTS", alu_bts, Ev, Ib), CHANGE_LOCK("BTR", alu_btr, Ev, Ib), CHANGE_LOCK("BTC", alu_btc, Ev, Ib))
#define GROUP_9 ENTRIES_OF({.name = NULL}, DO_LOCK("CMPXCHG8B", execute_cmpxchg8b, M))
#define GROUP_1A ENTRIES_OF(DO("POP", execute_pop, Ev))
#define GROUP_11(e, i) ENTRIES_OF(COPY("MOV", alu_copy, e, i))

const struct instruction opcode_map[2][256] = {
  {
    SIX(0x00, CHANGE_LOCK, "ADD", alu_add), SIX(0x08, CHANGE_LOCK, "OR", alu_or),
    SIX(0x10, CHANGE_LOCK, "ADC", alu_adc), SIX(0x18, CHANGE_LOCK, "SBB", alu_sbb),
    SIX(0x20, CHANGE_LOCK, "AND", alu_and), SIX(0x28, CHANGE_LOCK, "SUB", alu_sub),
    SIX(0x30, CHANGE_LOCK, "XOR", alu_xor), SIX(0x38, LOOK, "CMP", alu_sub),
    [0x06] = DO("PUSH", execute_push_segment), [0x07] = DO("POP", execute_pop_segment),
    [0x0e] = DO("PUSH", execute_push_segment),
    [0x16] = DO("PUSH", execute_push_segment), [0x17] = DO("POP", execute_pop_segment),
    [0x1e] = DO("PUSH", execute_push_segment), [0x1f] = DO("POP", execute_pop_segment),
    [0x27] = DO("DAA", execute_daa), [0x2f] = DO("DAS", execute_das),
    [0x37] = DO("AAA", execute_aaa), [0x3f] = DO("AAS", execute_aas),
    EIGHT(0x40, CHANGE("INC", alu_inc, Zv)), EIGHT(0x48, CHANGE("DEC", alu_dec, Zv)),
    EIGHT(0x50, DO("PUSH", execute_push, Zv)), EIGHT(0x58, DO("POP", execute_pop, Zv)),
    [0x60] = DO("PUSHA", execute_pusha), [0x61] = DO("POPA", execute_popa),
    [0x62] = DO("BOUND", execute_bound, Gv, M),
    [0x68] = DO("PUSH", execute_push, Iz), [0x69] = COPY("IMUL", alu_imul, Gv, Ev, Iz),
    [0x6a] = DO("PUSH", execute_push, Is), [0x6b] = COPY("IMUL", alu_imul, Gv, Ev, Is),
    [0x6c] = DO_BYTES("INS", execute_ins), [0x6d] = DO("INS", execute_ins),
    [0x6e] = DO_BYTES("OUTS", execute_outs), [0x6f] = DO("OUTS", execute_outs),
    SIXTEEN(0x70, DO("Jcc", execute_jcc, Jb)),
    [0x80] = GROUP_1(Eb, Ib), [0x81] = GROUP_1(Ev, Iz), [0x82] = GROUP_1(Eb, Ib), [0x83] = GROUP_1(Ev, Is),
    [0x84] = LOOK("TEST", alu_and, Eb, Gb), [0x85] = LOOK("TEST", alu_and, Ev, Gv),
    [0x86] = DO_LOCK("XCHG", execute_xchg, Eb, Gb), [0x87] = DO_LOCK("XCHG", execute_xchg, Ev, Gv),
    [0x88] = COPY("MOV", alu_copy, Eb, Gb), [0x89] = COPY("MOV", alu_copy, Ev, Gv),
    [0x8a] = COPY("MOV", alu_copy, Gb, Eb), [0x8b] = COPY("MOV", alu_copy, Gv, Ev),
    [0x8c] = DO("MOV", execute_mov_from_segment, RvMw), [0x8d] = DO("LEA", execute_lea, Gv, M),
    [0x8e] = DO("MOV", execute_mov_to_segment, NONE, Ew), [0x8f] = GROUP_1A,
    EIGHT(0x90, DO("XCHG", execute_xchg, Zv, eAX)),  // 90, of EAX with itself, is NOP
    [0x98] = DO("CBW", execute_cbw), [0x99] = DO("CWD", execute_cwd),
    [0x9a] = DO("CALL far", execute_call_far, Ap), [0x9b] = DO("WAIT", execute_nop),
    [0x9c] = DO("PUSHF", execute_pushf), [0x9d] = DO("POPF", execute_popf),
    [0x9e] = DO("SAHF", execute_sahf), [0x9f] = DO("LAHF", execute_lahf),
    [0xa0] = COPY("MOV", alu_copy, AL, Ob), [0xa1] = COPY("MOV", alu_copy, eAX, Ov),
    [0xa2] = COPY("MOV", alu_copy, Ob, AL), [0xa3] = COPY("MOV", alu_copy, Ov, eAX),
    [0xa4] = DO_BYTES("MOVS", execute_movs), [0xa5] = DO("MOVS", execute_movs),
    [0xa6] = DO_BYTES("CMPS", execute_cmps), [0xa7] = DO("CMPS", execute_cmps),
    [0xa8] = LOOK("TEST", alu_and, AL, Ib), [0xa9] = LOOK("TEST", alu_and, eAX, Iz),
    [0xaa] = DO_BYTES("STOS", execute_stos), [0xab] = DO("STOS", execute_stos),
    [0xac] = DO_BYTES("LODS", execute_lods), [0xad] = DO("LODS", execute_lods),
    [0xae] = DO_BYTES("SCAS", execute_scas), [0xaf] = DO("SCAS", execute_scas),
    EIGHT(0xb0, COPY("MOV", alu_copy, Zb, Ib)), EIGHT(0xb8, COPY("MOV", alu_copy, Zv, Iz)),
    [0xc0] = GROUP_2(Eb, Ib), [0xc1] = GROUP_2(Ev, Ib),
    [0xc2] = DO("RET", execute_ret, Iw), [0xc3] = DO("RET", execute_ret),
    [0xc4] = DO("LES", execute_load_far_pointer, Gv, M), [0xc5] = DO("LDS", execute_load_far_pointer, Gv, M),
    [0xc6] = GROUP_11(Eb, Ib), [0xc7] = GROUP_11(Ev, Iz),
    [0xc8] = DO("ENTER", execute_enter, Iw, Ib), [0xc9] = DO("LEAVE", execute_leave),
    [0xca] = DO("RET far", execute_ret_far, Iw), [0xcb] = DO("RET far", execute_ret_far),
    [0xcc] = DO("INT3", execute_int3), [0xcd] = DO("INT", execute_int, Ib),
    [0xce] = DO("INTO", execute_into), [0xcf] = DO("IRET", execute_iret),
    [0xd0] = GROUP_2(Eb, One), [0xd1] = GROUP_2(Ev, One), [0xd2] = GROUP_2(Eb, CL), [0xd3] = GROUP_2(Ev, CL),
    [0xd4] = DO("AAM", execute_aam, Ib), [0xd5] = DO("AAD", execute_aad, Ib),
    [0xd6] = DO("SALC", execute_salc), [0xd7] = DO("XLAT", execute_xlat),
    EIGHT(0xd8, DO("ESC", execute_no_coprocessor, Ev)),
    [0xe0] = DO("LOOPNE", execute_loopne, Jb), [0xe1] = DO("LOOPE", execute_loope, Jb),
    [0xe2] = DO("LOOP", execute_loop, Jb), [0xe3] = DO("JECXZ", execute_jecxz, Jb),
    [0xe4] = DO("IN", execute_in, AL, Ib), [0xe5] = DO("IN", execute_in, eAX, Ib),
    [0xe6] = DO_BYTES("OUT", execute_out, Ib), [0xe7] = DO("OUT", execute_out, Ib),
    [0xe8] = DO("CALL", execute_call, Jz), [0xe9] = DO("JMP", execute_jmp, Jz),
    [0xea] = DO("JMP far", execute_jmp_far, Ap), [0xeb] = DO("JMP", execute_jmp, Jb),
    [0xec] = DO("IN", execute_in, AL), [0xed] = DO("IN", execute_in, eAX),
    [0xee] = DO_BYTES("OUT", execute_out), [0xef] = DO("OUT", execute_out),
    [0xf1] = DO("INT1", execute_int1), [0xf4] = DO("HLT", execute_hlt), [0xf5] = DO("CMC", execute_cmc),
    [0xf6] = GROUP_3(Eb, Ib), [0xf7] = GROUP_3(Ev, Iz),
    [0xf8] = DO("CLC", execute_clc), [0xf9] = DO("STC", execute_stc),
    [0xfa] = DO("CLI", execute_cli), [0xfb] = DO("STI", execute_sti),
    [0xfc] = DO("CLD", execute_cld), [0xfd] = DO("STD", execute_std),
    [0xfe] = GROUP_4, [0xff] = GROUP_5,
  },
  {
    [0x00] = GROUP_6, [0x01] = GROUP_7, [0x06] = DO("CLTS", execute_clts),
    [0x08] = DO("INVD", execute_invd), [0x09] = DO("WBINVD", execute_wbinvd),
    [0x0d] = DO("NOP", execute_nop, Ev), EIGHT(0x18, DO("NOP", execute_nop, Ev)),  // hints
    [0x20] = DO("MOV", execute_mov_from_cr, Rd), [0x21] = DO("MOV", execute_mov_from_dr, Rd),
    [0x22] = DO("MOV", execute_mov_to_cr, Rd), [0x23] = DO("MOV", execute_mov_to_dr, Rd),
    [0x30] = DO("WRMSR", execute_wrmsr), [0x31] = DO("RDTSC", execute_rdtsc), [0x32] = DO("RDMSR", execute_rdmsr),
    SIXTEEN(0x40, DO("CMOVcc", execute_cmov, Gv, Ev)),
    SIXTEEN(0x80, DO("Jcc", execute_jcc, Jz)),
    SIXTEEN(0x90, DO("SETcc", execute_setcc, Eb)),
    [0xa0] = DO("PUSH", execute_push_segment), [0xa1] = DO("POP", execute_pop_segment),
    [0xa2] = DO("CPUID", execute_cpuid), [0xa3] = BIT(TEST, "BT", alu_bt, BITS),
    [0xa4] = DO("SHLD", execute_shld, Ev, Gv, Ib), [0xa5] = DO("SHLD", execute_shld, Ev, Gv),
    [0xa8] = DO("PUSH", execute_push_segment), [0xa9] = DO("POP", execute_pop_segment),
    [0xab] = BIT(UPDATE, "BTS", alu_bts, BITS | LOCKABLE),
    [0xac] = DO("SHRD", execute_shrd, Ev, Gv, Ib), [0xad] = DO("SHRD", execute_shrd, Ev, Gv),
    [0xaf] = CHANGE("IMUL", alu_imul, Gv, Ev),
    [0xb0] = DO_LOCK("CMPXCHG", execute_cmpxchg, Eb, Gb), [0xb1] = DO_LOCK("CMPXCHG", execute_cmpxchg, Ev, Gv),
    [0xb2] = DO("LSS", execute_load_far_pointer, Gv, M), [0xb3] = BIT(UPDATE, "BTR", alu_btr, BITS | LOCKABLE),
    [0xb4] = DO("LFS", execute_load_far_pointer, Gv, M), [0xb5] = DO("LGS", execute_load_far_pointer, Gv, M),
    [0xb6] = COPY("MOVZX", alu_copy, Gv, Eb), [0xb7] = COPY("MOVZX", alu_copy, Gv, Ew),
    [0xba] = GROUP_8, [0xbb] = BIT(UPDATE, "BTC", alu_btc, BITS | LOCKABLE),
    [0xbc] = DO("BSF", execute_bsf, Gv, Ev), [0xbd] = DO("BSR", execute_bsr, Gv, Ev),
    [0xbe] = COPY("MOVSX", alu_sign8, Gv, Eb), [0xbf] = COPY("MOVSX", alu_sign16, Gv, Ew),
    [0xc0] = DO_LOCK("XADD", execute_xadd, Eb, Gb), [0xc1] = DO_LOCK("XADD", execute_xadd, Ev, Gv),
    [0xc7] = GROUP_9,
    EIGHT(0xc8, CHANGE("BSWAP", alu_bswap, Zv)),
  },
};
// clang-format on
