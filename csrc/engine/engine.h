// SPDX-License-Identifier: MIT
// One interface, several engines: the Verilated RTL, the cycle-exact C model, and both in lockstep.
//
// An engine is an MMU with two access ports (fetch, data), a control port and a memory port. Function: docs/paging.md.
// Time: docs/timing.md. Two ways to drive it:
//   engine_tick  one cycle, every port under the caller's control (scripts, lockstep campaigns);
//   engine_play  a serial core: a stream of references in program order, each issued in the cycle after the one before
//                it was answered (runs). The same machine state, the same cycles.
// All times are cycles of one clock that starts at 0 when the engine is created.
#ifndef PAGEWALK_ENGINE_ENGINE_H
#define PAGEWALK_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------------------------------
// References and answers

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };  // fetches use the fetch port, the others the data port
enum port { PORT_FETCH, PORT_DATA, PORT_COUNT };

enum ref_flag {
  REF_USER = 1,      // CPL = 3
  REF_AC = 2,        // EFLAGS.AC = 1
  REF_IMPLICIT = 4,  // an implicit supervisor access (descriptor load, TSS): supervisor at any CPL; SMAP ignores AC
};

// A reference as a core makes it. 16 bytes, so that long traces stay small.
struct ref {
  uint64_t va;      // of the first byte: the offset in its segment (segment 0 is flat unless it was loaded otherwise)
  uint16_t size;    // bytes, 1..4096; where it crosses a 4 KiB page the core splits it in two parts
  uint8_t kind;     // enum access_kind
  uint8_t flags;    // enum ref_flag, or-ed
  uint8_t segment;  // 0..SEGMENT_COUNT-1
  uint8_t unused[3];
};

enum answer_path { PATH_OFF, PATH_L1, PATH_STLB, PATH_WALK };  // "off": paging is off
enum fault_kind { FAULT_NONE, FAULT_PF, FAULT_GP, FAULT_BUS };

// Page-fault error code (SDM vol. 3A, 4.7).
enum { PFEC_P = 1, PFEC_W = 2, PFEC_U = 4, PFEC_RSVD = 8, PFEC_ID = 16, PFEC_PK = 32 };

// A segment register (docs/timing.md, "Segments").
enum { SEGMENT_COUNT = 8 };
struct segment {
  uint64_t base, limit;  // limit: the last valid offset; expand-down: the last invalid one
  bool present, writable, expand_down;
  uint8_t privilege;  // 0 or 3: user accesses need 3
};

// What a port says of one part of a reference.
struct answer {
  uint64_t accept, cycle;  // the cycles of acceptance and of the answer; cycles = cycle - accept + 1
  uint64_t pa;             // physical address of the first byte; 0 unless fault == FAULT_NONE
  uint64_t across;         // physical address of the second part's first byte; 0 unless the reference crossed a page
  uint64_t cr2;            // the faulting linear address; 0 unless fault == FAULT_PF
  uint8_t path;            // enum answer_path; a write that hit an entry with D clear keeps the path of its hit
  uint8_t fault;           // enum fault_kind
  uint8_t error;           // page-fault error code; 0 unless fault == FAULT_PF
  uint8_t merged;          // 1 if it shared another port's walk
  uint32_t reads;          // entries read for it, repeats after a failed compare-and-swap included
  // Where its cycles went. cycle - accept + 1 = base + stlb + walk + ad_update + the wait for the other port's walk.
  uint32_t base, stlb, walk, ad_update;
  uint32_t
      data;  // beyond the answer: cycles by which the data come later than from L1D (docs/timing.md, "data itself")
};

// ---------------------------------------------------------------------------------------------------------------------
// Control operations

enum control_op {
  CONTROL_CR0,
  CONTROL_CR3,
  CONTROL_CR4,
  CONTROL_EFER,
  CONTROL_PKRU,
  CONTROL_INVLPG,
  CONTROL_INVPCID,
  CONTROL_SEGMENT,
};

struct control {
  uint8_t op;      // enum control_op
  bool user;       // tried at CPL 3: #GP (PKRU excepted)
  uint64_t value;  // the value written; the linear address for INVLPG and INVPCID
  uint64_t type;   // INVPCID: 0..3, more is #GP
  uint64_t pcid;   // INVPCID: the descriptor's first 8 bytes; bits 63:12 set is #GP
  uint8_t index;   // SEGMENT: which one
  struct segment segment;
};

// ---------------------------------------------------------------------------------------------------------------------
// Memory, as the walker sees it

// Only the walker and PDPTE loads read and write memory from inside an engine. `size` is 4 or 8; addresses are aligned.
// Both return false on a bus error. `cas` writes `desired` if memory holds `expected`, tells by *swapped, and must be
// atomic against everything else that writes memory.
struct memory_bus {
  void* ctx;
  bool (*read)(void* ctx, uint64_t pa, unsigned size, uint64_t* value);
  bool (*cas)(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped);
};

// ---------------------------------------------------------------------------------------------------------------------
// Events: everything that the MMU does, with its cycle. Both engines emit the same events; within one cycle their order
// is that of this enumeration, then port (fetch first), then kind, array, set and way.

enum tlb_array {
  ARRAY_ITLB,
  ARRAY_ITLB_LARGE,
  ARRAY_DTLB,
  ARRAY_DTLB_LARGE,
  ARRAY_STLB,
  ARRAY_STLB_LARGE,
  ARRAY_PSC_PDE,  // the paging-structure caches; they have one set
  ARRAY_PSC_PDPTE,
  ARRAY_PSC_PML4E,
  ARRAY_PSC_PML5E,
  ARRAY_COUNT
};

// Who serves a memory access.
enum served_by { SERVED_L1D, SERVED_L2, SERVED_L3, SERVED_DRAM, SERVED_COUNT };

enum event_type {
  EVENT_ACCEPT,      // port, kind (access_kind), va: the linear address, as in all events
  EVENT_LOOKUP,      // port, array that hit (or the main array on a miss), hit 0/1, set and way on a hit, va
  EVENT_WALK_BEGIN,  // port, va: the first cycle of walk.start (or the cycle of the first read if start is 0); again
                     // after a failed compare-and-swap
  EVENT_PSC,      // port, array (each level looked up, deepest first), hit, way on a hit: the last cycle of walk.start
  EVENT_READ,     // port, level (1 = the leaf table: PTE; 2 PDE; 3 PDPTE; ...), pa, value: the first cycle of latency
  EVENT_CAS,      // port, level, pa, value = what it wrote or wanted to write, hit = 1 if it succeeded: first cycle
  EVENT_FILL,     // port, array, set, way, shift (12, 21, 22, 30), va = first byte of the page, pa = of the frame,
                  // hit = 1 if it replaced a valid entry of another page
  EVENT_DROP,     // array, set, way: an entry goes, by a control operation or a fault
  EVENT_PDPTE,    // level 3, pa of the four PDPTEs: the first cycle of the load's latency
  EVENT_CONTROL,  // kind (control_op), hit = 1 if it was refused (#GP), va = the operand: its last cycle
  EVENT_DATA,     // port, pa, served: the data of a part are looked up in the timing caches
  EVENT_WRITEBACK,  // pa of a dirty line that leaves the last cache level
  EVENT_ANSWER,     // port, kind = fault_kind, level = path, pa, value = error code, va
  EVENT_TYPE_COUNT
};

// Fields that a type does not name are 0. WALK_BEGIN, PSC, READ and FILL that are a prefetch's have kind = 1.
struct event {
  uint64_t cycle, va, pa, value;
  uint8_t type, port, array, kind, hit, level, shift;
  uint8_t served;  // enum served_by, of READ, CAS, PDPTE, DATA
  uint16_t set, way;
};

typedef void event_fn(void* ctx, const struct event* event);

// ---------------------------------------------------------------------------------------------------------------------
// Counters (docs/timing.md, "What is counted"). They only grow; callers subtract snapshots.

struct tlb_counters {
  uint64_t hits, misses;      // one lookup a part of a reference; hits + misses = lookups
  uint64_t fills, evictions;  // evictions: fills that replaced a valid entry of another page; prefetches apart
  uint64_t drops;             // entries dropped by control operations, faults and fills
};

// A TLB level's hits, fills and evictions by page size: 4 KiB; 2 MiB and 4 MiB; 1 GiB. Where large pages have an array
// of their own the size tells the array, too. An eviction counts under the size of the page that came.
enum size_class { SIZE_4K, SIZE_LARGE, SIZE_1G, SIZE_CLASSES };
struct size_counters {
  uint64_t hits[SIZE_CLASSES], fills[SIZE_CLASSES], evictions[SIZE_CLASSES];
};

// What the prefetcher did (docs/timing.md, "Prefetch").
struct prefetch_counters {
  uint64_t walks, refs, fills, evictions, cycles;
};

enum { LEVEL_COUNT = 5, ERROR_CODES = 64, CONTROL_OPS = 8, INVPCID_TYPES = 4, WALKERS_MAX = 2 };

// A timing cache: lookups by the walker (PDPTE loads too) and for data.
struct cache_counters {
  uint64_t walk_hits, walk_misses, data_hits, data_misses;
};

struct counters {
  uint64_t refs;      // references answered by engine_play without a fault (a crossing one counts once)
  uint64_t parts[3];  // parts answered, faulting ones too, by access_kind
  struct tlb_counters itlb, dtlb, stlb;  // main and large array together
  struct tlb_counters psc[4];            // paging-structure caches: PDE, PDPTE, PML4E, PML5E
  struct cache_counters cache[3];        // L1D, L2, L3
  uint64_t writebacks;                   // dirty lines that left the last cache level
  uint64_t merged;                       // misses that shared another's walk
  uint64_t walks, walk_refs;             // a walk that starts over counts once; every entry read counts
  uint64_t walk_cycles;                  // cycles of all walks, their A/D updates included
  uint64_t ad_updates, cas_failures;     // compare-and-swaps that succeeded; that failed
  uint64_t faults_pf, faults_gp;
  uint64_t controls, control_gps;  // control operations done; of them refused
  // The same in more detail, each group's sum with the total above.
  struct size_counters itlb_sizes, dtlb_sizes, stlb_sizes;
  uint64_t walk_reads[LEVEL_COUNT][4];      // walk_refs by level (0: the leaf table) and enum served_by
  uint64_t faults_by_error[ERROR_CODES];    // faults_pf by error code
  uint64_t controls_by_op[CONTROL_OPS];     // controls that were not refused, by enum control_op: the causes of flushes
  uint64_t invpcid_by_type[INVPCID_TYPES];  // of them the INVPCIDs, by type
  uint64_t walker_cycles[WALKERS_MAX];      // walk_cycles by walker: its occupancy; with one walker all in [0]
  struct prefetch_counters prefetch;
  uint64_t dram_row_hits, dram_row_opens, dram_row_conflicts;
  // Cycles of parts answered and of control operations. The wait of a port for the other's walk is in none of them:
  // where two ports wait, the cycle belongs to the older reference.
  uint64_t cycles_base, cycles_stlb, cycles_walk, cycles_ad_update, cycles_data, cycles_flush;
};

// Counters are uint64_t and nothing else: COUNTER_COUNT of them, in the order of the struct, which is also how the
// RTL's control port numbers them.
enum { COUNTER_COUNT = sizeof(struct counters) / sizeof(uint64_t) };

// Their names, such as "dtlb.hits", then NULL. "faults.15" are the page faults with error code 15, hexadecimal (P, U
// and I/D), as in err=15 of a script.
extern const char* const counter_names[];

// ---------------------------------------------------------------------------------------------------------------------
// One TLB entry, as the debug port shows it

struct tlb_entry {
  uint16_t set, way;
  uint64_t va, pa;  // first byte of page and frame
  uint8_t shift;    // page size = 1 << shift
  bool writable, user, no_execute, dirty, global;
  uint16_t pcid;
  uint8_t key;  // protection key
};

// ---------------------------------------------------------------------------------------------------------------------
// The engine

struct engine;

enum engine_kind { ENGINE_RTL, ENGINE_MODEL, ENGINE_BOTH };

// Creates an MMU in its reset state (docs/timing.md, "Reset"). `config` is validated already and copied. The RTL engine
// builds its shared object if it is not there yet, with a line on stderr saying so. `traced`: an RTL build that can
// write waveforms. ENGINE_BOTH needs `second`, a memory of its own with the same content, for the model; the others
// ignore it. Returns NULL with a message.
struct engine* engine_create(enum engine_kind kind, const struct config* config, struct memory_bus memory,
                             const struct memory_bus* second, bool traced, struct error* err);
void engine_destroy(struct engine* engine);

// The cycle that comes next: nothing has happened in it yet.
uint64_t engine_now(const struct engine* engine);

// --- one cycle -------------------------------------------------------------------------------------------------------

struct tick_in {
  // A part (it does not cross a 4 KiB page) presented at each port, or NULL. Hold it, unchanged, until accepted.
  // A port takes one at a time: after `accepted` present nothing until it was answered.
  const struct ref* part[PORT_COUNT];
  // A control operation that arrives in this cycle, or NULL: a strobe. No other may arrive before `control_done`.
  const struct control* control;
};

struct tick_out {
  bool accepted[PORT_COUNT], answered[PORT_COUNT];
  struct answer answer[PORT_COUNT];  // where answered
  bool control_done, control_gp;     // this was the operation's last cycle; it was refused
  uint64_t next;  // the earliest cycle in which anything but waiting can happen (>= this cycle + 1), if the caller
                  // presents nothing new; UINT64_MAX when the MMU is idle
};

// Executes the cycle `now`: engine_now(engine) <= now, and now <= the last tick's `next`. What other agents do to
// memory in this cycle has been done before the call.
void engine_tick(struct engine* engine, uint64_t now, const struct tick_in* in, struct tick_out* out);

// --- a serial core ---------------------------------------------------------------------------------------------------

enum play_stop {
  PLAY_END,     // all references answered
  PLAY_FAULT,   // refs[done] faulted
  PLAY_UNTIL,   // `until` came
  PLAY_DIFFERS  // ENGINE_BOTH: the engines differ (engine_agrees)
};

struct play {
  uint64_t until;          // in: issue nothing in or after this cycle (UINT64_MAX: no limit)
  struct answer* answers;  // in: room for n answers, one a reference (crossing ones: path of the slower part, pa of the
                           // first, the sums of the rest), or NULL: faster
  enum play_stop stop;     // out
  size_t done;             // out: references answered without a fault; on PLAY_FAULT refs[done] faulted
  struct answer fault;     // out, on PLAY_FAULT: of the part that faulted
};

// Plays refs[0..n) from the cycle engine_now(). The MMU must be idle. Afterwards engine_now() is the cycle after the
// last answer.
void engine_play(struct engine* engine, const struct ref* refs, size_t n, struct play* play);

// One reference, as engine_play of it alone: for a core that can't know the next one before this one's data have come.
// True: answered, its data are there, engine_now() is the cycle after; of *answer only cycle, data, pa and across are
// certain. False: it faulted, and *answer is the fault; or the engines differ (engine_agrees), and answer->fault is
// FAULT_NONE.
bool engine_issue(struct engine* engine, const struct ref* ref, struct answer* answer);

// Does one control operation on an idle MMU and lets its cycles pass. Returns false on #GP.
bool engine_control(struct engine* engine, const struct control* control);

// Lets time pass on an idle MMU: engine_now() becomes `cycle` (not before the current one).
void engine_wait(struct engine* engine, uint64_t cycle);

// --- looking in ------------------------------------------------------------------------------------------------------

void engine_counters(const struct engine* engine, struct counters* counters);

// Calls `fn` for every event from now on; NULL stops. Costs speed.
void engine_on_event(struct engine* engine, event_fn* fn, void* ctx);

// The debug port: what `part`, presented now and alone, would be answered, without disturbing anything (docs/timing.md,
// "The debug port"). accept, cycle and the parts of time are 0. `part` does not cross a 4 KiB page. Works at any time.
void engine_probe(struct engine* engine, const struct ref* part, struct answer* answer);

// Copies the valid entries of an array in order of set and way, at most `room`; returns how many there are.
size_t engine_dump(struct engine* engine, enum tlb_array array, struct tlb_entry* entries, size_t room);

// The values of CR0, CR3, CR4, EFER, PKRU (indexed by control_op) and the four PDPTE registers.
void engine_registers(const struct engine* engine, uint64_t registers[5], uint64_t pdptes[4]);

// RTL engine created as traced: writes an FST of the cycles first..last. One unit of its time is a cycle, counted from
// `zero` <= first on. A skipped stretch is shown with step_i low.
bool engine_wave(struct engine* engine, const char* path, uint64_t zero, uint64_t first, uint64_t last,
                 struct error* err);

// ENGINE_BOTH, and engines that watch another: true while the engines agree. After the first difference the engine
// answers no more (ticks and plays return at once) and `report`, if not NULL, gets the text that shows both histories
// (valid until destroy).
bool engine_agrees(const struct engine* engine, const char** report);

const char* engine_kind_name(enum engine_kind kind);  // "rtl", "model", "both"

// ---------------------------------------------------------------------------------------------------------------------
// What an engine implements

struct engine_ops {
  void (*destroy)(void* self);
  uint64_t (*now)(const void* self);
  void (*tick)(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out);
  void (*play)(void* self, const struct ref* refs, size_t n, struct play* play);
  void (*wait)(void* self, uint64_t cycle);
  void (*counters)(const void* self, struct counters* counters);
  void (*on_event)(void* self, event_fn* fn, void* ctx);
  void (*probe)(void* self, const struct ref* part, struct answer* answer);
  size_t (*dump)(void* self, enum tlb_array array, struct tlb_entry* entries, size_t room);
  void (*registers)(const void* self, uint64_t registers[5], uint64_t pdptes[4]);
  // May be NULL.
  bool (*wave)(void* self, const char* path, uint64_t zero, uint64_t first, uint64_t last, struct error* err);
  // May be NULL: true while nothing is wrong (engine_agrees).
  bool (*agrees)(const void* self, const char** report);
  // May be NULL: `play` does it.
  bool (*issue)(void* self, const struct ref* ref, struct answer* answer);
};

struct engine {
  const struct engine_ops* ops;
  void* self;
};

#ifdef __cplusplus
}
#endif
#endif
