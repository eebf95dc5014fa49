// SPDX-License-Identifier: MIT
// The rules of docs/paging.md as plain functions: what registers accept, what an entry means, who may do what. Written
// from that page alone (segments: docs/timing.md, finer points 15 and 16), for the judge; no engine uses it.
#ifndef PAGEWALK_FUZZ_RULES_H
#define PAGEWALK_FUZZ_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/engine.h"

// What the architecture knows of a processor's state: "Modes".
struct rules {
  unsigned maxphyaddr;        // bits
  bool has_pcid, has_global;  // features of the machine
  uint64_t cr0, cr3, cr4, efer, pkru, pdpte[4];
  struct segment segment[SEGMENT_COUNT];
};

// Bits of the registers and of entries that the judge asks about.
#define RULES_BIT(n) (UINT64_C(1) << (n))
enum { RULES_P = 1, RULES_RW = 2, RULES_US = 4, RULES_A = 0x20, RULES_D = 0x40, RULES_PS = 0x80, RULES_G = 0x100 };

// The state after reset.
void rules_reset(struct rules* rules, const struct config* config);

enum paging_mode rules_mode(const struct rules* rules);
bool rules_long_mode(const struct rules* rules);  // 4-level or 5-level
bool rules_pcide(const struct rules* rules);
unsigned rules_pcid(const struct rules* rules);  // the current one; 0 while CR4.PCIDE = 0

// --- addresses

unsigned rules_levels(enum paging_mode mode);      // of tables in memory: PAE has 2, its PDPTEs are registers
unsigned rules_entry_size(enum paging_mode mode);  // bytes
unsigned rules_shift(enum paging_mode mode, unsigned level);  // log2 of what an entry of the level (1 = PTE) maps
// Physical address of the entry for `va` in the table at `table`.
uint64_t rules_entry_at(enum paging_mode mode, unsigned level, uint64_t table, uint64_t va);

// The linear address of a part, and whether its segment allows it.
uint64_t rules_linear(const struct rules* rules, const struct ref* ref);
bool rules_segment_allows(const struct rules* rules, const struct ref* ref);
bool rules_canonical(const struct rules* rules, uint64_t va);    // outside long mode every address is
uint64_t rules_operand(const struct rules* rules, uint64_t va);  // of INVLPG, INVPCID: modulo 2^32 outside long mode

// --- entries (present ones)

bool rules_is_leaf(const struct rules* rules, unsigned level, uint64_t entry);
bool rules_reserved(const struct rules* rules, unsigned level, uint64_t entry);
uint64_t rules_table(const struct rules* rules, uint64_t entry);  // that a non-leaf points to
uint64_t rules_frame(const struct rules* rules, unsigned level, uint64_t entry);

// --- rights

// Combined over the levels.
struct rules_rights {
  bool writable, user, no_execute;
  uint8_t key;
};
static const struct rules_rights rules_all_rights = {.writable = true, .user = true};

struct rules_rights rules_combine(const struct rules* rules, struct rules_rights above, uint64_t entry, bool leaf);

bool rules_is_user(const struct ref* ref);  // the access counts as a user's
// The error code of an access whose translation was found (bit P set), 0 if the access is allowed.
unsigned rules_denial(const struct rules* rules, struct rules_rights rights, const struct ref* ref);
// The bits W/R, U/S and I/D of any error code of this access.
unsigned rules_error_bits(const struct rules* rules, const struct ref* ref);

// --- control operations

// The write, if nothing refuses it, loads the PDPTE registers from the 32 bytes at *base.
bool rules_loads_pdptes(const struct rules* rules, const struct control* control, uint64_t* base);
// #GP: by what the operation alone says; and by the PDPTEs that it would load.
bool rules_refuses(const struct rules* rules, const struct control* control);
bool rules_refuses_pdptes(const struct rules* rules, const uint64_t pdpte[4]);
// The registers afterwards. `pdpte`: the loaded ones, or NULL.
void rules_apply(struct rules* rules, const struct control* control, const uint64_t pdpte[4]);

#endif
