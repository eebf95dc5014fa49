// SPDX-License-Identifier: MIT
// The default machine, single assignments, and what must hold between keys.
#include "config/config.h"

#include <stdio.h>
#include <string.h>

#include "config/keys.h"

void config_default(struct config* config) {
  const struct tlb_config tlb = {
      .sets = 16, .ways = 4, .replacement = REPLACE_LRU, .large_sets = 1, .large_ways = 8, .latency = 1};
  *config = (struct config){
      .name = "default",
      .mode = MODE_32BIT,
      .maxphyaddr = 40,
      .clock_mhz = 2500,
      .itlb = tlb,
      .dtlb = tlb,
      .stlb = {.sets = 128, .ways = 12, .replacement = REPLACE_LRU, .large_sets = 0, .large_ways = 8, .latency = 7},
      .psc = {.pde = 4, .pdpte = 4, .pml4e = 4, .pml5e = 4},
      .walkers = 1,
      .walk = {.start = 1, .step = 1, .cas = 4},
      .cache = {.l1d = {.sets = 64, .ways = 8, .latency = 4},
                .l2 = {.sets = 1024, .ways = 8, .latency = 14},
                .l3 = {.sets = 0, .ways = 16, .latency = 40},
                .walker = CACHE_L1D},
      .data = {.cache = DATA_CACHE_TIMED},
      .dram = {.latency = 200, .banks = 0, .row = 8192, .row_hit = 166, .row_conflict = 234},
      .core = {.trap = 100, .iret = 50},
      .kernel = {.work = 500},
      .op = {.cr = 30, .invlpg = 100, .invpcid = 100, .segment = 10},
      .pcid = 1,
      .global = 1,
      .prefetch = PREFETCH_NONE,
      .ram = {.mib = 256},
      .disk = {.latency_us = 100},
  };
}

bool config_set(struct config* config, const char* assignment, struct error* err) {
  const char* equals = strchr(assignment, '=');
  if (!equals || equals == assignment)
    return error_set(err, "'%s': not an assignment; write key=value, as in dtlb.ways=8", assignment);
  char name[64];
  int length = (int)(equals - assignment);
  snprintf(name, sizeof name, "%.*s", length, assignment);
  const struct config_key* key = config_key_find(name);
  if (!key) return config_key_unknown(name, err);
  uint64_t value;
  if (!config_key_parse(key, equals + 1, &value, err)) return false;
  config_key_put(key, config, value);
  return true;
}

static bool is_power_of_two(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

static bool check_tlb(const char* name, const struct tlb_config* tlb, struct error* err) {
  if (tlb->replacement != REPLACE_PLRU) return true;
  if (!is_power_of_two(tlb->ways))
    return error_set(err,
                     "%s.ways: %u is not a power of two, which the tree of %s.replacement=plru needs; lru does not",
                     name, tlb->ways, name);
  if (tlb->large_sets != 0 && !is_power_of_two(tlb->large_ways))
    return error_set(
        err, "%s.large.ways: %u is not a power of two, which the tree of %s.replacement=plru needs; lru does not", name,
        tlb->large_ways, name);
  return true;
}

static bool check_ram(const struct config* config, struct error* err) {
  uint64_t room = UINT64_C(1) << (config->maxphyaddr - 12), frames = config_frames(config);
  if (frames <= room) return true;
  return error_set(err, "%s: %llu frames of memory are more than maxphyaddr=%u can address (%llu)",
                   config->ram.frames ? "ram.frames" : "ram.mib", (unsigned long long)frames, config->maxphyaddr,
                   (unsigned long long)room);
}

bool config_validate(const struct config* config, struct error* err) {
  for (size_t i = 0; i < config_key_count; i++)
    if (!config_key_check(&config_keys[i], config_key_get(&config_keys[i], config), err)) return false;
  return check_tlb("itlb", &config->itlb, err) && check_tlb("dtlb", &config->dtlb, err) &&
         check_tlb("stlb", &config->stlb, err) && check_ram(config, err);
}

void config_visit(const struct config* config, void (*visit)(void* ctx, const char* key, const char* value),
                  void* ctx) {
  char text[CONFIG_VALUE_MAX];
  for (size_t i = 0; i < config_key_count; i++) {
    const struct config_key* key = &config_keys[i];
    visit(ctx, key->name, config_key_text(key, config_key_get(key, config), text));
  }
}

static void hash_text(uint64_t* hash, const char* text) {
  for (; *text; text++) *hash = (*hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
}

static void hash_line(void* ctx, const char* key, const char* value) {
  hash_text(ctx, key);
  hash_text(ctx, "=");
  hash_text(ctx, value);
  hash_text(ctx, "\n");
}

uint64_t config_hash(const struct config* config) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  config_visit(config, hash_line, &hash);
  return hash;
}

uint64_t config_frames(const struct config* config) {
  return config->ram.frames ? config->ram.frames : (uint64_t)config->ram.mib * 256;
}
