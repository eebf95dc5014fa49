// SPDX-License-Identifier: MIT
// A machine: geometry, latencies, features. Read from YAML and changed by `--set key=value`.
// The keys are the field names below, written with dots (dtlb.large.sets).
#ifndef PAGEWALK_CONFIG_CONFIG_H
#define PAGEWALK_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

// Paging modes (SDM vol. 3A, 4.1.1). A run's operating system starts in the config's mode; in scripts and case files
// the control registers decide.
enum paging_mode { MODE_NONE, MODE_32BIT, MODE_PAE, MODE_4LEVEL, MODE_5LEVEL, MODE_COUNT };

enum replacement { REPLACE_LRU, REPLACE_PLRU, REPLACE_FIFO, REPLACE_NRU, REPLACE_RANDOM, REPLACE_COUNT };

// Level-one arrays for 4 KiB pages, and beside them one for large pages.
// sets: a power of two; ways: 1..64, a power of two for PLRU. large_sets 0 = mixed: large pages live in the main array.
struct tlb_config {
  uint32_t sets, ways;
  enum replacement replacement;
  uint32_t large_sets, large_ways;
  uint32_t latency;  // cycles, >= 1
};

// A timing cache: tags of 64-byte lines. sets: a power of two, 0 = this level does not exist; ways 1..16.
struct cache_config {
  uint32_t sets, ways;
  uint32_t latency;  // cycles of an access that it serves, >= 1
};
enum cache_level { CACHE_L1D, CACHE_L2, CACHE_L3, CACHE_LEVELS };
enum data_cache { DATA_CACHE_NONE, DATA_CACHE_TIMED, DATA_CACHE_COUNT };

enum prefetch { PREFETCH_NONE, PREFETCH_NEXT_PAGE, PREFETCH_ADJACENT, PREFETCH_COUNT };  // docs/timing.md, "Prefetch"

struct config {
  char name[64];  // file name without folder and ending; "default" when built in

  enum paging_mode mode;
  uint32_t maxphyaddr;  // bits, 32..52
  uint32_t clock_mhz;

  struct tlb_config itlb, dtlb;
  struct tlb_config stlb;  // sets 0: no second level

  struct {
    uint32_t pde, pdpte, pml4e, pml5e;  // entries, 0: none
  } psc;
  uint32_t walkers;  // 1 or 2

  struct {
    uint32_t start, step, cas;  // cycles, >= 0 (docs/timing.md, "What a reference costs")
  } walk;
  struct {
    struct cache_config l1d, l2, l3;
    enum cache_level walker;  // where the walker enters
  } cache;
  struct {
    enum data_cache cache;
  } data;
  struct {
    uint32_t latency;                // cycles, >= 1; with banks: of an access that finds no row open
    uint32_t banks;                  // a power of two, 0 = every access takes `latency`
    uint32_t row;                    // bytes of a row, a power of two
    uint32_t row_hit, row_conflict;  // cycles, >= 1: the row is open; another one is
  } dram;
  struct {
    uint32_t overlap;     // 0 or 1: the fetch port may run ahead by one instruction
    uint32_t trap, iret;  // cycles, >= 1
  } core;
  struct {
    uint32_t work;  // cycles of handler work per fault or call
  } kernel;
  struct {
    uint32_t cr, invlpg, invpcid, segment;  // cycles, >= 1
  } op;
  uint32_t pcid, global;   // 0 or 1: the machine has PCIDs (CR4.PCIDE, INVPCID); global pages (CR4.PGE)
  enum prefetch prefetch;  // TLB prefetcher
  struct {
    uint32_t mib;
    uint64_t frames;  // of 4 KiB, for machines smaller than a MiB; 0: mib decides
  } ram;
  struct {
    uint64_t latency_us;  // time of one 4 KiB transfer, microseconds
  } disk;
};

// The default machine (docs/timing.md, "Reset").
void config_default(struct config* config);

// Reads a YAML file over the default machine. `name` is a path, or the name of a file in configs/ without its ending.
// Errors name file, line and key; unknown keys come with a suggestion. On failure *config is unchanged.
bool config_load(struct config* config, const char* name, struct error* err);

// Applies one "key=value". On failure *config is unchanged. Does not validate the whole: call config_validate after the
// last one.
bool config_set(struct config* config, const char* assignment, struct error* err);

// Checks ranges and combinations (powers of two, PLRU ways, ...). The message names the key.
bool config_validate(const struct config* config, struct error* err);

// Visits every key with its value as text (in the order of the struct), for listings, JSON and hashes.
void config_visit(const struct config* config, void (*visit)(void* ctx, const char* key, const char* value), void* ctx);

// FNV-1a (64 bits) over "key=value" lines in that order: equal machines have equal hashes, whatever their names.
uint64_t config_hash(const struct config* config);

// Frames of 4 KiB that ram.frames or ram.mib give.
uint64_t config_frames(const struct config* config);

const char* paging_mode_name(enum paging_mode mode);  // "none", "32-bit", "pae", "4-level", "5-level"
const char* replacement_name(enum replacement policy);

#ifdef __cplusplus
}
#endif
#endif
