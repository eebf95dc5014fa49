// SPDX-License-Identifier: MIT
// The one table of config keys.
#include "config/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

static const char* const mode_names[] = {"none", "32-bit", "pae", "4-level", "5-level"};
static const char* const level_names[] = {"l1d", "l2", "l3"};
static const char* const data_cache_names[] = {"none", "timed"};
static const char* const switch_names[] = {"false", "true"};
static const char* const prefetch_names[] = {"none", "next-page", "adjacent"};
static const char* const replacement_names[] = {"lru", "plru", "fifo", "nru", "random"};

const char* paging_mode_name(enum paging_mode mode) { return mode_names[mode]; }
const char* replacement_name(enum replacement policy) { return replacement_names[policy]; }

#define FIELD(member) .offset = offsetof(struct config, member), .size = sizeof((struct config*)NULL)->member
#define CHOICE(names, last) .max = (last), .choices = (names), .choice_count = sizeof(names) / sizeof *(names)
#define CACHE_KEYS(cache, title)                                                                                     \
  {#cache ".sets", title ": sets of 64-byte lines; 0: none", FIELD(cache.sets), .max = 65536, .power_of_two = true}, \
      {#cache ".ways", title ": ways of a set", FIELD(cache.ways), .min = 1, .max = 32}, {                           \
#cache ".latency", title ": cycles of an access that it serves", FIELD(cache.latency), CYCLES(1)                 \
  }
#define CYCLES(least) .min = (least), .max = 1000000

// clang-format off: a table
#define TLB_KEYS(tlb, title, least)                                                                                    \
  {#tlb ".sets", title ": sets, for 4 KiB pages", FIELD(tlb.sets), .min = (least), .max = 4096, .power_of_two = true}, \
      {#tlb ".ways", title ": ways of a set", FIELD(tlb.ways), .min = 1, .max = 64},                                   \
      {#tlb ".replacement", title ": who leaves a full set", FIELD(tlb.replacement),                                   \
       CHOICE(replacement_names, REPLACE_RANDOM)},                                                                     \
      {#tlb ".large.sets", title ": sets of the array for large pages; 0: they share the main array",                  \
       FIELD(tlb.large_sets), .max = 4096, .power_of_two = true},                                                      \
      {#tlb ".large.ways", title ": ways of a set for large pages", FIELD(tlb.large_ways), .min = 1, .max = 64}, {     \
#tlb ".latency", title ": cycles of a hit", FIELD(tlb.latency), CYCLES(1)                                          \
  }

const struct config_key config_keys[] = {
    {"mode", "paging mode in which the operating system runs", FIELD(mode), CHOICE(mode_names, MODE_5LEVEL)},
    {"maxphyaddr", "width of physical addresses, bits", FIELD(maxphyaddr), .min = 32, .max = 52},
    {"clock.mhz", "processor clock, MHz; turns the disk's time into cycles", FIELD(clock_mhz), .min = 1, .max = 100000},
    TLB_KEYS(itlb, "instruction TLB", 1),
    TLB_KEYS(dtlb, "data TLB", 1),
    TLB_KEYS(stlb, "second-level TLB (sets 0: none)", 0),
    {"psc.pde", "paging-structure cache for PDEs, entries; 0: none", FIELD(psc.pde), .max = 128},
    {"psc.pdpte", "paging-structure cache for PDPTEs, entries; 0: none", FIELD(psc.pdpte), .max = 128},
    {"psc.pml4e", "paging-structure cache for PML4Es, entries; 0: none", FIELD(psc.pml4e), .max = 128},
    {"psc.pml5e", "paging-structure cache for PML5Es, entries; 0: none", FIELD(psc.pml5e), .max = 128},
    {"walkers", "page walkers", FIELD(walkers), .min = 1, .max = 2},
    {"walk.start", "cycles between a miss and the walk's first read", FIELD(walk.start), CYCLES(0)},
    {"walk.step", "cycles of the walker for each entry, beyond the memory's", FIELD(walk.step), CYCLES(0)},
    {"walk.cas", "cycles of a compare-and-swap of A or D, beyond the memory's", FIELD(walk.cas), CYCLES(0)},
    CACHE_KEYS(cache.l1d, "L1 data cache"),
    CACHE_KEYS(cache.l2, "L2 cache"),
    CACHE_KEYS(cache.l3, "L3 cache"),
    {"cache.walker", "cache level at which the walker enters", FIELD(cache.walker), CHOICE(level_names, CACHE_L3)},
    {"data.cache", "whether the data of references take time in the caches", FIELD(data.cache),
     CHOICE(data_cache_names, DATA_CACHE_TIMED)},
    {"dram.latency", "cycles of a memory access; with dram.banks of one that finds no row open", FIELD(dram.latency),
     CYCLES(1)},
    {"dram.banks", "banks of open-row memory; 0: every access takes dram.latency", FIELD(dram.banks), .max = 64,
     .power_of_two = true},
    {"dram.row", "bytes of a memory row", FIELD(dram.row), .min = 64, .max = 65536, .power_of_two = true},
    {"dram.row_hit", "cycles of a memory access to the row that its bank holds open", FIELD(dram.row_hit), CYCLES(1)},
    {"dram.row_conflict", "cycles of a memory access when its bank holds another row open", FIELD(dram.row_conflict),
     CYCLES(1)},
    {"core.overlap", "the fetch port may run ahead by one instruction while a data reference waits",
     FIELD(core.overlap), CHOICE(switch_names, 1)},
    {"core.trap", "cycles from a fault to the kernel's first instruction", FIELD(core.trap), CYCLES(1)},
    {"core.iret", "cycles of the return from the kernel", FIELD(core.iret), CYCLES(1)},
    {"kernel.work", "cycles that the kernel computes for each fault or call, beside its memory references",
     FIELD(kernel.work), CYCLES(0)},
    {"op.cr", "cycles of a write to a control register", FIELD(op.cr), CYCLES(1)},
    {"op.invlpg", "cycles of INVLPG", FIELD(op.invlpg), CYCLES(1)},
    {"op.invpcid", "cycles of INVPCID", FIELD(op.invpcid), CYCLES(1)},
    {"op.segment", "cycles of a segment load", FIELD(op.segment), CYCLES(1)},
    {"pcid", "the machine has PCIDs", FIELD(pcid), CHOICE(switch_names, 1)},
    {"global", "the machine has global pages", FIELD(global), CHOICE(switch_names, 1)},
    {"prefetch", "TLB prefetcher", FIELD(prefetch), CHOICE(prefetch_names, PREFETCH_ADJACENT)},
    {"ram.mib", "size of memory, MiB", FIELD(ram.mib), .min = 1, .max = UINT32_MAX},
    {"ram.frames", "size of memory, frames of 4 KiB; 0: ram.mib decides", FIELD(ram.frames), .max = UINT64_C(1) << 40},
    {"disk.latency_us", "time to move one page to or from the disk, microseconds", FIELD(disk.latency_us), .min = 1,
     .max = 1000000000},
};
// clang-format on
const size_t config_key_count = sizeof config_keys / sizeof *config_keys;

uint64_t config_key_get(const struct config_key* key, const struct config* config) {
  const char* field = (const char*)config + key->offset;
  uint32_t narrow;
  uint64_t wide;
  if (key->size == sizeof narrow) {
    memcpy(&narrow, field, sizeof narrow);
    return narrow;
  }
  memcpy(&wide, field, sizeof wide);
  return wide;
}

void config_key_put(const struct config_key* key, struct config* config, uint64_t value) {
  char* field = (char*)config + key->offset;
  uint32_t narrow = (uint32_t)value;
  if (key->size == sizeof narrow)
    memcpy(field, &narrow, sizeof narrow);
  else
    memcpy(field, &value, sizeof value);
}

bool config_key_is_switch(const struct config_key* key) { return key->choices == switch_names; }

const char* config_key_text(const struct config_key* key, uint64_t value, char text[CONFIG_VALUE_MAX]) {
  if (key->choices && value < key->choice_count) return key->choices[value];
  snprintf(text, CONFIG_VALUE_MAX, "%llu", (unsigned long long)value);
  return text;
}

void config_key_range(const struct config_key* key, char* text, size_t room) {
  if (!key->choices) {
    if (key->power_of_two)
      snprintf(text, room, "%sa power of two up to %llu", key->min == 0 ? "0 or " : "", (unsigned long long)key->max);
    else
      snprintf(text, room, "%llu..%llu", (unsigned long long)key->min, (unsigned long long)key->max);
    return;
  }
  size_t used = 0;
  text[0] = '\0';
  for (uint64_t i = key->min; i <= key->max && used < room; i++) {
    const char* glue = i == key->min ? "" : i == key->max ? " or " : ", ";
    used += (size_t)snprintf(text + used, room - used, "%s%s", glue, key->choices[i]);
  }
}

const struct config_key* config_key_find(const char* name) {
  for (size_t i = 0; i < config_key_count; i++)
    if (strcmp(config_keys[i].name, name) == 0) return &config_keys[i];
  return NULL;
}

// True if `name` is `start`, or `start` followed by a dot.
static bool begins_with_key(const char* name, const char* start) {
  size_t length = strlen(start);
  return strncmp(name, start, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

static bool is_section(const char* name) {
  for (size_t i = 0; i < config_key_count; i++)
    if (begins_with_key(config_keys[i].name, name)) return true;
  return false;
}

enum { CONFIG_KEYS_MAX = sizeof config_keys / sizeof *config_keys };

// The nearest among whole keys and, for a word without a dot, sections; the first key of a section stands for it.
static const char* nearest_key(const char* name) {
  const char* names[2 * CONFIG_KEYS_MAX + 1];
  char sections[CONFIG_KEYS_MAX][32];
  size_t n = 0, s = 0;
  for (size_t i = 0; i < config_key_count; i++) names[n++] = config_keys[i].name;
  if (!strchr(name, '.')) {
    for (size_t i = 0; i < config_key_count; i++) {
      const char* dot = strchr(config_keys[i].name, '.');
      if (!dot) continue;
      snprintf(sections[s], sizeof sections[s], "%.*s", (int)(dot - config_keys[i].name), config_keys[i].name);
      if (s == 0 || strcmp(sections[s], sections[s - 1]) != 0) s++;
    }
    for (size_t i = 0; i < s; i++) names[n++] = sections[i];
  }
  names[n] = NULL;
  const char* near = error_suggest(name, names);
  if (!near) return NULL;
  for (size_t i = 0; i < config_key_count; i++)
    if (begins_with_key(config_keys[i].name, near)) return config_keys[i].name;
  return NULL;
}

bool config_key_unknown(const char* name, struct error* err) {
  if (is_section(name)) return error_set(err, "%s: holds several keys and has no value of its own", name);
  const char* near = nearest_key(name);
  if (near) {
    bool section = !strchr(name, '.') && strchr(near, '.');
    int shown = section ? (int)(strchr(near, '.') - near) : (int)strlen(near);
    return error_set(err, "%s: unknown key; did you mean %.*s?", name, shown, near);
  }
  return error_set(err, "%s: unknown key; `pagewalk configs --keys` lists them", name);
}

static bool parse_choice(const struct config_key* key, const char* text, uint64_t* value, struct error* err) {
  const char* names[16] = {NULL};
  char range[128];
  config_key_range(key, range, sizeof range);
  for (uint64_t i = 0; i < key->choice_count; i++) {
    names[i] = key->choices[i];
    if (strcmp(text, key->choices[i]) != 0) continue;
    *value = i;
    return config_key_check(key, i, err);
  }
  const char* near = error_suggest(text, names);
  if (near) return error_set(err, "%s: no '%s' here; did you mean %s? (%s)", key->name, text, near, range);
  return error_set(err, "%s: no '%s' here; it is %s", key->name, text, range);
}

bool config_key_parse(const struct config_key* key, const char* text, uint64_t* value, struct error* err) {
  if (strchr(text, '\n')) return error_set(err, "%s: its value has more than one line; write it in one", key->name);
  if (key->choices) return parse_choice(key, text, value, err);
  char range[128];
  config_key_range(key, range, sizeof range);
  if (!number_parse(text, value)) return error_set(err, "%s: '%s' is not a number; it is %s", key->name, text, range);
  return config_key_check(key, *value, err);
}

bool config_key_check(const struct config_key* key, uint64_t value, struct error* err) {
  char range[128], text[CONFIG_VALUE_MAX];
  config_key_range(key, range, sizeof range);
  if (key->choices && value > key->max && value < key->choice_count)
    return error_set(err, "%s: %s comes with a later version; this one has %s", key->name, key->choices[value], range);
  bool sound = value >= key->min && value <= key->max && !(key->power_of_two && (value & (value - 1)) != 0);
  if (sound) return true;
  return error_set(err, "%s: %s is out of range; it is %s", key->name, config_key_text(key, value, text), range);
}
