// SPDX-License-Identifier: MIT
// The architectural judge: sees what software does to an MMU and what the MMU answers, and says whether docs/paging.md
// allows it. It knows nothing of sets, ways or cycles; it shares no code with the engines.
//
// What it keeps, beside the registers and every word of memory with its past values:
//   - every translation that may be in a TLB: one for each walk that was answered without a fault (and each prefetch),
//     until an operation that has to drop it, or a page fault of its address;
//   - every non-leaf entry that may be in a walk cache, in the same way.
// So a TLB of infinite size in which all versions of a page live side by side. The verdict on an answer:
//   path l1, stlb   it must follow from one of the translations kept. None kept: the entry had to be gone;
//   path walk       it must follow from some walk over the tables as they were between the walk's begin and its answer,
//                   beginning at the root or below an entry kept; A (and D) must have been set in the entries used;
// and each compare-and-swap must set A (and D for a write) in an entry that an access in flight uses and is allowed to.
// Memory must be zero when the judge begins. Times are cycles; calls come in order of time.
#ifndef PAGEWALK_FUZZ_JUDGE_H
#define PAGEWALK_FUZZ_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/engine.h"

struct judge;

// Of an MMU in reset state; `config` is copied; `memory` ends after so many bytes (beyond: bus errors).
struct judge* judge_create(const struct config* config, uint64_t memory);
void judge_destroy(struct judge* judge);

// --- what happens, within a cycle in this order

// A cycle begins. Every part and every control operation has to be answered within JUDGE_PATIENCE cycles.
enum { JUDGE_PATIENCE = 2000000 };
void judge_waited(struct judge* judge, uint64_t cycle);

// Another agent (software, a device) has written memory: the aligned 8-byte word at `pa` holds `value`.
void judge_wrote(struct judge* judge, uint64_t cycle, uint64_t pa, uint64_t value);

void judge_control_arrived(struct judge* judge, uint64_t cycle, const struct control* control);
void judge_accepted(struct judge* judge, uint64_t cycle, enum port port, const struct ref* part);

// The MMU's commands on its memory bus.
void judge_read(struct judge* judge, uint64_t cycle, uint64_t pa, unsigned size, uint64_t value);
void judge_swapped(struct judge* judge, uint64_t cycle, uint64_t pa, unsigned size, uint64_t expected,
                   uint64_t desired);

// A prefetch has filled `array` with what it found at linear address `va` (EVENT_FILL with kind 1).
void judge_prefetched(struct judge* judge, uint64_t cycle, enum port port, enum tlb_array array, uint64_t va);

// All answers of a cycle; NULL for a port that answered nothing. `psc_level` is a hint for judge_last and decides no
// verdict: the level of the walk-cache entry that the port's walk began below, 0: the root.
void judge_answered(struct judge* judge, uint64_t cycle, const struct answer* const answer[PORT_COUNT],
                    const unsigned psc_level[PORT_COUNT]);

void judge_control_done(struct judge* judge, uint64_t cycle, bool gp);

// What engine_registers says, when no control operation is under way.
void judge_registers(struct judge* judge, const uint64_t registers[5], const uint64_t pdptes[4]);

// --- the verdict

// NULL while all was allowed; else what was not, which rule it broke and what would have been allowed. It stays with
// the first; later calls change nothing.
const char* judge_verdict(const struct judge* judge);

// --- what the judge knows of a port's last answer: for coverage

enum judge_cause { CAUSE_OK, CAUSE_ABSENT, CAUSE_RESERVED, CAUSE_RIGHTS, CAUSE_KEY, CAUSE_GP, CAUSE_BUS, CAUSE_COUNT };

struct judge_finding {
  enum paging_mode mode;
  struct ref part;
  enum judge_cause cause;
  unsigned level;      // of the entry that decided: the leaf, or the absent or reserved one; 0: no entry did
  bool from_walk;      // a walk decided, not a TLB entry
  bool under_control;  // a control operation arrived between its acceptance and its answer
};
const struct judge_finding* judge_last(const struct judge* judge, enum port port);

#endif
