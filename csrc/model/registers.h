// SPDX-License-Identifier: MIT
// The control registers of paging and the segments: names of their bits, and the mode that they select (docs/paging.md,
// "Modes").
#ifndef PAGEWALK_MODEL_REGISTERS_H
#define PAGEWALK_MODEL_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/engine.h"

#define BIT(n) (UINT64_C(1) << (n))

// Bits low..end-1, both 0..63; none if end <= low.
static inline uint64_t bits_between(unsigned low, unsigned end) {
  return end <= low ? 0 : (~UINT64_C(0) << low) & (end < 64 ? BIT(end) - 1 : ~UINT64_C(0));
}

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)

#define CR3_PCID bits_between(0, 12)
#define CR3_NO_FLUSH BIT(63)

#define CR4_VME BIT(0)
#define CR4_PVI BIT(1)
#define CR4_TSD BIT(2)
#define CR4_DE BIT(3)
#define CR4_PSE BIT(4)
#define CR4_PAE BIT(5)
#define CR4_MCE BIT(6)
#define CR4_PGE BIT(7)
#define CR4_PCE BIT(8)
#define CR4_OSFXSR BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP BIT(11)
#define CR4_LA57 BIT(12)
#define CR4_FSGSBASE BIT(16)
#define CR4_PCIDE BIT(17)
#define CR4_OSXSAVE BIT(18)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)
#define CR4_PKE BIT(22)

#define EFER_SCE BIT(0)
#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)

enum { REGISTER_COUNT = CONTROL_PKRU + 1, PDPTE_COUNT = 4 };

struct registers {
  uint64_t value[REGISTER_COUNT];  // by enum control_op
  uint64_t pdpte[PDPTE_COUNT];     // PAE: the top level lives here
  struct segment segment[SEGMENT_COUNT];
};

static inline bool registers_have(const struct registers* r, enum control_op reg, uint64_t bit) {
  return (r->value[reg] & bit) != 0;
}

static inline enum paging_mode registers_mode(const struct registers* r) {
  if (!registers_have(r, CONTROL_CR0, CR0_PG)) return MODE_NONE;
  if (!registers_have(r, CONTROL_CR4, CR4_PAE)) return MODE_32BIT;
  if (!registers_have(r, CONTROL_EFER, EFER_LME)) return MODE_PAE;
  return registers_have(r, CONTROL_CR4, CR4_LA57) ? MODE_5LEVEL : MODE_4LEVEL;
}

#endif
