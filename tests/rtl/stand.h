// SPDX-License-Identifier: MIT
// A test stand for the RTL engine: RAM, page tables, an engine with short latencies, and its events.
//
// Latencies of stand_config: L1 1, walk.start 1, walk.step 1, walk.cas 4, dram 10, op.cr 5, op.invlpg 5. So an entry
// takes ENTRY cycles, a compare-and-swap CAS, and a walk of two entries answers in WALK2 (1 + 1 + 2 x 11).
#ifndef PAGEWALK_TESTS_RTL_STAND_H
#define PAGEWALK_TESTS_RTL_STAND_H

#include "check.h"
#include "engine/engine.h"
#include "machine/ram.h"

enum { ENTRY = 11, CAS = 14, WALK1 = 13, WALK2 = 24, WALK3 = 35 };
enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100 };
enum { CR0_ON = (int)0x80000011, CR0_OFF = 0x11, CR0_WP = 0x10000 };
enum { CR4_PSE = 0x10, CR4_PAE = 0x20, CR4_PGE = 0x80, CR4_SMEP = 0x100000, CR4_SMAP = 0x200000 };
enum { EFER_NXE = 0x800 };

// Where the stand puts its tables: level 2 tables at TABLE2 (four of them with PAE, one after another), level 1 tables
// at TABLE1 + 4096 x (number of the level 2 entry), the PDPTEs at PDPTES.
enum { PDPTES = 0x20, TABLE2 = 0x1000, TABLE1 = 0x1000000 };

enum { EVENTS_MAX = 4096 };

struct stand {
  struct config config;
  struct ram* ram;
  struct engine* engine;
  bool pae;
  struct event events[EVENTS_MAX];
  size_t event_count;
};

struct config stand_config(void);
void stand_create(struct stand* stand, const struct config* config);
void stand_destroy(struct stand* stand);

// Turns paging on, with these further bits of CR4, CR0 and EFER.
void stand_start(struct stand* stand, bool pae, uint64_t cr4, uint64_t cr0, uint64_t efer);

// Maps a small page: the level 2 entry gets `table_flags`, the level 1 entry the frame and `flags`. Returns the level 1
// entry's address.
uint64_t stand_map(struct stand* stand, uint64_t va, uint64_t frame, uint64_t flags, uint64_t table_flags);
// Writes a level 2 entry as it stands.
uint64_t stand_set2(struct stand* stand, uint64_t va, uint64_t entry);
uint64_t stand_entry2_pa(const struct stand* stand, uint64_t va);
uint64_t stand_entry1_pa(const struct stand* stand, uint64_t va);
unsigned stand_entry_bytes(const struct stand* stand);

bool stand_write_register(struct stand* stand, enum control_op op, uint64_t value);
void stand_invlpg(struct stand* stand, uint64_t va);

// One access by tick, on an idle MMU, stepping through every cycle.
struct answer stand_access(struct stand* stand, enum access_kind kind, uint64_t va, unsigned flags);
static inline uint64_t stand_cycles(const struct answer* answer) { return answer->cycle - answer->accept + 1; }

// What happens `at` cycles into an access, before all else in that cycle.
struct intrusion {
  uint64_t at;
  const struct control* control;  // or NULL
  uint64_t pa, value;             // else memory is written, if pa != 0
};
// As stand_access, with an intrusion; goes on until the control operation is done too. *done: its last cycle, counted
// from the access's first presentation.
struct answer stand_access_with(struct stand* stand, enum access_kind kind, uint64_t va, unsigned flags,
                                const struct intrusion* intrusion, uint64_t* done);

// A fetch and a data reference presented in the same cycle; NULL: none.
void stand_both(struct stand* stand, const struct ref* fetch, const struct ref* data,
                struct answer answers[PORT_COUNT]);

// How many events of a type (and, if >= 0, of an array) were seen since stand_forget; *last gets the last one.
size_t stand_events(const struct stand* stand, enum event_type type, int array, struct event* last);
void stand_forget(struct stand* stand);

struct counters stand_counters(const struct stand* stand);
size_t stand_entries(struct stand* stand, enum tlb_array array);  // how many are valid

#define assert_ok(got, pa_, path_, cycles_)       \
  do {                                            \
    struct answer a_ = (got);                     \
    assert_int_equal(a_.fault, FAULT_NONE);       \
    assert_int_equal(a_.pa, pa_);                 \
    assert_int_equal(a_.path, path_);             \
    assert_int_equal(stand_cycles(&a_), cycles_); \
  } while (0)

#define assert_fault(got, error_, path_, cycles_) \
  do {                                            \
    struct answer a_ = (got);                     \
    assert_int_equal(a_.fault, FAULT_PF);         \
    assert_int_equal(a_.error, error_);           \
    assert_int_equal(a_.path, path_);             \
    assert_int_equal(stand_cycles(&a_), cycles_); \
    assert_int_equal(a_.pa, 0);                   \
  } while (0)

#endif
