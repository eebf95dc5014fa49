// SPDX-License-Identifier: MIT
// A model engine on a RAM, with a log of its events, for tests that drive it cycle by cycle.
#ifndef PAGEWALK_TESTS_MODEL_RIG_H
#define PAGEWALK_TESTS_MODEL_RIG_H

#include "machine/ram.h"
#include "model/model.h"
#include "model/registers.h"

enum { RIG_LOG = 4096 };

struct rig {
  struct config config;
  struct ram* ram;
  struct engine* engine;
  struct event log[RIG_LOG];  // the first ones since rig_clear
  size_t logged;
  uint64_t tables;  // of long mode, that rig_entry_long has made
};

// 16 x 4 LRU and 8 large pages beside it on both sides; walk 1/1/4, DRAM 200, CR writes 30, INVLPG and INVPCID 100,
// segment loads 10; MAXPHYADDR 40. No second level, no caches, one walker.
void rig_config(struct config* config);
void rig_create(struct rig* rig, const struct config* config);
void rig_destroy(struct rig* rig);

uint64_t rig_now(const struct rig* rig);
void rig_tick(struct rig* rig, uint64_t now, const struct tick_in* in, struct tick_out* out);
struct counters rig_counters(const struct rig* rig);
void rig_clear(struct rig* rig);

// Runs to its end, from the next cycle on. Returns false on #GP.
bool rig_control(struct rig* rig, enum control_op op, uint64_t value);
struct answer rig_access(struct rig* rig, enum access_kind kind, uint64_t va, unsigned flags);
// Any control operation, any part.
bool rig_operate(struct rig* rig, const struct control* control);
struct answer rig_part(struct rig* rig, const struct ref* part);
// A fetch and a data reference, accepted in the same cycle.
void rig_both(struct rig* rig, const struct ref part[PORT_COUNT], struct answer answer[PORT_COUNT]);

// Paging on, CR0.WP set, with empty tables whose entries rig_map_* make. `cr4` beside PSE or PAE.
void rig_start_32bit(struct rig* rig, uint64_t cr4);
void rig_start_pae(struct rig* rig, uint64_t cr4, uint64_t efer);
// Long mode; five levels if cr4 has LA57. CR3 is RIG_ROOT.
void rig_start_long(struct rig* rig, uint64_t cr4, uint64_t efer);

enum { RIG_ROOT = 0x1000, RIG_SPARE_ROOT = 0x2000, RIG_TABLES = 0x100000 };

// Where the entries of `va` lie; `level` 1 PTE, 2 PDE, 3 PDPTE. Entries above are made as needed, with P, W, U, A set.
uint64_t rig_entry_32bit(struct rig* rig, unsigned level, uint64_t va);
uint64_t rig_entry_pae(struct rig* rig, unsigned level, uint64_t va);
// `top`: the number of levels, 4 or 5.
uint64_t rig_entry_long(struct rig* rig, unsigned top, unsigned level, uint64_t va);
void rig_write(struct rig* rig, uint64_t pa, unsigned size, uint64_t value);
uint64_t rig_read(struct rig* rig, uint64_t pa, unsigned size);

// Maps a 4 KiB page; `bits` are the leaf's low and high bits.
void rig_map_32bit(struct rig* rig, uint64_t va, uint64_t bits_and_frame);
void rig_map_pae(struct rig* rig, uint64_t va, uint64_t bits_and_frame);
void rig_map_long(struct rig* rig, unsigned top, uint64_t va, uint64_t bits_and_frame);

// Number of logged events of a type; the nth of them (it must exist).
size_t rig_count(const struct rig* rig, enum event_type type);
const struct event* rig_event(const struct rig* rig, enum event_type type, size_t n);

// Fail the test at the first difference.
void rig_same_answer(const struct answer* a, const struct answer* b);
void rig_same_events(const struct rig* a, const struct rig* b);

// Is there an entry for the page at `va` in this array?
bool rig_holds(struct rig* rig, enum tlb_array array, uint64_t va, unsigned shift);

// xorshift; *state must not be 0.
uint64_t rig_random(uint64_t* state);

#endif
