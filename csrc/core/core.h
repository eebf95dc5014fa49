// SPDX-License-Identifier: MIT
// An i386 processor core that interprets machine code: the integer instructions of i386 to i686, privilege levels
// included (docs/core.md). It owns registers; every fetch, load, store and system operation goes through a table of
// functions, so that an engine's MMU, a test's memory or a page fault injector can stand behind it.
//
// Exact restart: an instruction changes nothing, neither register nor memory, until all its references have succeeded.
// A reference may fault; the core then stops with the exception, as if the instruction had not begun, and running it
// again is all that a handler must ask for. A repeated string instruction commits each iteration, so the pages of one
// iteration suffice for progress: two of code, two each of source and destination.
//
// Sources: Intel SDM vol. 2 (instructions), vol. 1 chapter 3 (registers), vol. 3A chapters 2, 5, 6 (system, protection,
// exceptions). Code segments are 32-bit ones (D = 1). The host is little-endian.
#ifndef PAGEWALK_CORE_CORE_H
#define PAGEWALK_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---------------------------------------------------------------------------------------------------------------------
// Registers

enum core_register { CORE_EAX, CORE_ECX, CORE_EDX, CORE_EBX, CORE_ESP, CORE_EBP, CORE_ESI, CORE_EDI, CORE_REGISTERS };
enum core_segment { CORE_ES, CORE_CS, CORE_SS, CORE_DS, CORE_FS, CORE_GS, CORE_SEGMENTS };

// EFLAGS (SDM vol. 1, 3.4.3).
enum core_flag {
  CORE_CF = 1 << 0,
  CORE_FIXED = 1 << 1,  // always 1
  CORE_PF = 1 << 2,
  CORE_AF = 1 << 4,
  CORE_ZF = 1 << 6,
  CORE_SF = 1 << 7,
  CORE_TF = 1 << 8,
  CORE_IF = 1 << 9,
  CORE_DF = 1 << 10,
  CORE_OF = 1 << 11,
  CORE_IOPL = 3 << 12,
  CORE_NT = 1 << 14,
  CORE_AC = 1 << 18,
  CORE_ID = 1 << 21,
};

// What a program sees, and all that a context switch must save.
struct core_state {
  uint32_t reg[CORE_REGISTERS];
  uint32_t eip;
  uint32_t eflags;
  uint16_t selector[CORE_SEGMENTS];
  uint8_t cpl;  // 0..3
};

// ---------------------------------------------------------------------------------------------------------------------
// The bus: whatever the core is connected to

struct core;

// Vectors of exceptions (SDM vol. 3A, 6.15).
enum core_vector {
  CORE_DE = 0,
  CORE_DB = 1,
  CORE_BP = 3,
  CORE_OV = 4,
  CORE_BR = 5,
  CORE_UD = 6,
  CORE_NM = 7,
  CORE_TS = 10,
  CORE_NP = 11,
  CORE_SS_FAULT = 12,
  CORE_GP = 13,
  CORE_PF_FAULT = 14,
  CORE_MC = 18,
};

// Why a reference or a system operation failed. Whoever refuses one fills core->fault: CORE_PF_FAULT with error and
// cr2; CORE_GP for a segment's limit or rights (which the core reports as #SS where the segment is SS); CORE_MC for a
// bus error; or another vector of a segment load.
struct core_fault {
  uint8_t vector;  // enum core_vector
  uint32_t error;
  uint32_t cr2;
};

// The operations that reach beyond registers and memory. The core has checked the privilege before it asks.
enum core_system_op {
  CORE_READ_CR,       // index: 0, 2, 3, 4; value: out
  CORE_WRITE_CR,      // index, value
  CORE_READ_DR,       // index 0..7; value: out
  CORE_WRITE_DR,      // index, value
  CORE_INVLPG,        // value: the offset, segment: its segment
  CORE_LOAD_SEGMENT,  // index: enum core_segment (never CS), value: the selector; checks rights and loads it
  CORE_LOAD_CS,       // value: the selector; index: 0 far jump, 1 far call, 2 return; high: SS's selector, to be loaded
                      // too, where a return goes to an outer level. All or nothing; sets state.cpl, if it changes
  CORE_LOAD_TABLE,    // index: 0 GDTR, 1 IDTR, 2 LDTR, 3 TR; value: base, or selector; limit in `limit`
  CORE_STORE_TABLE,   // the same, out
  CORE_READ_MSR,      // index; value and high: out
  CORE_WRITE_MSR,     // index, value, high
  CORE_IN,            // index: port, size; value: out
  CORE_OUT,           // index: port, size, value
  CORE_READ_TSC,      // value and high: out
  CORE_CACHE          // index: 0 INVD, 1 WBINVD, 2 CLTS
};
struct core_system {
  uint8_t op;       // enum core_system_op
  uint8_t size;     // bytes, of IN and OUT
  uint8_t segment;  // enum core_segment, of INVLPG
  uint32_t index, value, high, limit;
};

enum { CORE_INSTRUCTION_BYTES = 15, CORE_CODE_ROOM = 16 };

// References: `offset` in the segment `segment`, `size` bytes (1, 2, 4; up to 128 for instructions that move a block),
// at state.cpl. One that crosses a page is one reference in two parts. False: it failed, and core->fault says why;
// nothing was moved.
struct core_bus {
  // The bytes of the instruction at `eip`, as many of the first 15 as a fetch would get without a fault. No reference:
  // asked only when the core does not know how long the instruction is.
  unsigned (*peek)(struct core* core, uint32_t eip, uint8_t bytes[CORE_INSTRUCTION_BYTES]);
  // The fetch reference of one instruction. Returns its bytes; CORE_CODE_ROOM bytes can be read there, though only
  // `size` count. NULL: it failed.
  const uint8_t* (*fetch)(struct core* core, uint32_t eip, unsigned size);
  bool (*load)(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data);
  bool (*store)(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, const void* data);
  // The two halves of a read-modify-write. The read asks for the permission to write; the write of the same bytes
  // follows at once, and so finds it granted.
  bool (*load_modify)(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data);
  bool (*store_modify)(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, const void* data);
  bool (*system)(struct core* core, struct core_system* operation);
};

// ---------------------------------------------------------------------------------------------------------------------
// The core

struct core_cache;  // instructions decoded before

struct core {
  struct core_state state;
  const struct core_bus* bus;
  void* owner;              // the bus functions' own
  struct core_fault fault;  // filled by a bus function that fails
  bool timer;               // set by a bus function or the caller: stop after this instruction or iteration
  uint64_t instructions;    // completed since creation; a repeated string instruction counts once
  uint64_t steps;           // the same, but each iteration of a repeated string instruction counts
  struct core_cache* cache;
};

// A core in protected mode at CPL 3, registers 0, flags CORE_FIXED and CORE_IF. NULL: the host has no memory.
struct core* core_create(const struct core_bus* bus, void* owner);
void core_destroy(struct core* core);

// Forgets decoded instructions: to be called when the translation of code addresses may have changed (another address
// space, INVLPG). Code that changes in memory needs no call: what was decoded is compared with the bytes fetched.
void core_forget(struct core* core);

enum core_stop_kind {
  CORE_STOP_LIMIT,      // as many steps as were asked for
  CORE_STOP_TIMER,      // `timer` was set; it is cleared
  CORE_STOP_CALL,       // INT n: state.eip is behind it, `eip` at it (to start the call over)
  CORE_STOP_EXCEPTION,  // faults: state.eip is at the instruction; traps (#BP, #OF, #DB): behind it
  CORE_STOP_HALT,       // HLT at CPL 0
};

struct core_stop {
  enum core_stop_kind kind;
  uint8_t vector;  // exceptions: enum core_vector; calls: n
  bool has_error;  // this exception pushes an error code
  uint32_t error;
  uint32_t cr2;  // #PF only
  uint32_t eip;  // of the instruction that stopped, or where the core goes on
};

// Runs until something stops it, at most `steps` steps. The state is exact at every stop.
struct core_stop core_run(struct core* core, uint64_t steps);

// The gate of system calls. At CPL 3 INT of another vector is #GP(8n + 2), INT 3 and INT 4 excepted, which are traps;
// at CPL 0 every other INT n stops as a call.
enum { CORE_CALL_VECTOR = 0x80 };

// --- for reports -----------------------------------------------------------------------------------------------------

// "#PF", "#DE"; NULL if the vector is none of those above.
const char* core_vector_name(unsigned vector);
// The name of the instruction whose bytes these are ("ADD"), and its length. NULL: not an instruction of this core, or
// cut off.
const char* core_instruction_name(const uint8_t* bytes, unsigned size, unsigned* length);
// Why it stopped, in one line without an address: "page fault (#PF) at address 00000000, error code 6: a write by user
// code, no page there". Returns `text`.
const char* core_stop_text(const struct core_stop* stop, char* text, size_t room);

#endif
