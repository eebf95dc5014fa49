// SPDX-License-Identifier: MIT
// The core's cycle: fetch, decode, execute; and why it stops.
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/insn.h"
#include "core/operand.h"

// --- decoded instructions --------------------------------------------------------------------------------------------

// One entry for each address modulo CACHE_ENTRIES. An entry counts if it is of this generation and address, and is used
// only if the bytes fetched are those that it was decoded from.
enum { CACHE_ENTRIES = 16384 };
struct core_cache {
  uint32_t generation;  // 0 is never current, so that zeroed entries are invalid
  struct insn entries[CACHE_ENTRIES];
};

static struct insn* cache_place(struct core_cache* cache, uint32_t eip) {
  return &cache->entries[eip & (CACHE_ENTRIES - 1)];
}

void core_forget(struct core* core) {
  struct core_cache* cache = core->cache;
  if (++cache->generation != 0) return;
  memset(cache->entries, 0, sizeof cache->entries);
  cache->generation = 1;
}

struct core* core_create(const struct core_bus* bus, void* owner) {
  struct core* core = calloc(1, sizeof *core);
  struct core_cache* cache = calloc(1, sizeof *cache);
  if (!core || !cache) {
    free(core);
    free(cache);
    return NULL;
  }
  cache->generation = 1;
  core->cache = cache;
  core->bus = bus;
  core->owner = owner;
  core->state.eflags = CORE_FIXED | CORE_IF;
  core->state.cpl = 3;
  return core;
}

void core_destroy(struct core* core) {
  if (!core) return;
  free(core->cache);
  free(core);
}

// --- fetch -----------------------------------------------------------------------------------------------------------

static inline bool same_bytes(const struct insn* insn, const uint8_t* code) {
  uint64_t bytes[2];
  memcpy(bytes, code, sizeof bytes);
  return ((bytes[0] ^ insn->bytes[0]) & insn->mask[0]) == 0 && ((bytes[1] ^ insn->bytes[1]) & insn->mask[1]) == 0;
}

// Decodes what a fetch would get. False: the instruction goes on where a fetch would fault; *size is how long a
// reference must be to meet that fault.
static bool decode_ahead(struct core* core, struct insn* insn, unsigned* size) {
  uint8_t bytes[CORE_INSTRUCTION_BYTES];
  uint32_t eip = core->state.eip;
  unsigned count = core->bus->peek(core, eip, bytes);
  if (!decode(bytes, count, insn)) {
    *size = count + 1;
    insn->generation = 0;
    return false;
  }
  insn->eip = eip;
  insn->generation = core->cache->generation;
  *size = insn->length;
  return true;
}

// The bytes are not those that the core expected: code was modified in memory. Decodes anew and fetches again, as
// processors do (a machine clear). A bus whose peek and fetch never agree has a fault of its own.
static __attribute__((noinline)) const struct insn* fetch_anew(struct core* core, struct insn* insn) {
  enum { TRIES = 16 };
  unsigned size;
  for (int i = 0; i < TRIES; i++) {
    bool whole = decode_ahead(core, insn, &size);
    const uint8_t* code = core->bus->fetch(core, core->state.eip, size);
    if (!code) return NULL;
    if (whole && same_bytes(insn, code)) return insn;
  }
  raise_fault(core, CORE_MC, 0);
  return NULL;
}

// A fetch by an old entry's length faulted. The fault is the instruction's own unless the code has changed.
static __attribute__((noinline)) const struct insn* fetch_faulted(struct core* core, struct insn* insn) {
  struct core_fault fault = core->fault;
  unsigned old = insn->length, size;
  bool whole = decode_ahead(core, insn, &size);
  core->fault = fault;
  return whole && size != old ? fetch_anew(core, insn) : NULL;
}

// The fetch reference, and what was fetched. NULL: core->fault.
static inline const struct insn* fetch(struct core* core) {
  uint32_t eip = core->state.eip;
  struct insn* insn = cache_place(core->cache, eip);
  if (__builtin_expect(insn->eip != eip || insn->generation != core->cache->generation, 0))
    return fetch_anew(core, insn);
  const uint8_t* code = core->bus->fetch(core, eip, insn->length);
  if (__builtin_expect(!code, 0)) return fetch_faulted(core, insn);
  if (__builtin_expect(!same_bytes(insn, code), 0)) return fetch_anew(core, insn);
  return insn;
}

// --- stops -----------------------------------------------------------------------------------------------------------

static bool pushes_error(unsigned vector) {
  return vector == CORE_TS || vector == CORE_NP || vector == CORE_SS_FAULT || vector == CORE_GP ||
         vector == CORE_PF_FAULT;
}

static struct core_stop stop_exception(const struct core* core, uint32_t eip) {
  const struct core_fault* fault = &core->fault;
  bool has_error = pushes_error(fault->vector);
  return (struct core_stop){.kind = CORE_STOP_EXCEPTION,
                            .vector = fault->vector,
                            .has_error = has_error,
                            .error = has_error ? fault->error : 0,
                            .cr2 = fault->vector == CORE_PF_FAULT ? fault->cr2 : 0,
                            .eip = eip};
}

static struct core_stop stop_fault(struct core* core, uint32_t eip) {
  core->state.eip = eip;
  return stop_exception(core, eip);
}

static struct core_stop stop_at(const struct core* core, enum core_stop_kind kind, uint32_t eip) {
  return (struct core_stop){.kind = kind, .vector = kind == CORE_STOP_CALL ? core->fault.vector : 0, .eip = eip};
}

// Whatever is not "go on with the next instruction". `eip`: of the instruction.
static struct core_stop stop_for(struct core* core, enum outcome outcome, uint32_t eip) {
  if (outcome == FAULT) return stop_fault(core, eip);
  core->instructions++;
  core->steps++;
  if (outcome == CALLED) return stop_at(core, CORE_STOP_CALL, eip);
  if (outcome == HALTED) return stop_at(core, CORE_STOP_HALT, eip);
  return stop_exception(core, eip);
}

// --- the cycle -------------------------------------------------------------------------------------------------------

// Further iterations of a repeated string instruction, until it is done, something else happens, or no steps are left.
static enum outcome repeat(struct core* core, const struct insn* insn, uint64_t last) {
  enum outcome outcome = AGAIN;
  while (outcome == AGAIN && core->steps < last && !core->timer) {
    outcome = insn->execute(core, insn);
    if (outcome == AGAIN) core->steps++;
  }
  return outcome;
}

struct core_stop core_run(struct core* core, uint64_t steps) {
  uint64_t last = steps > UINT64_MAX - core->steps ? UINT64_MAX : core->steps + steps;
  while (core->steps < last) {
    uint32_t eip = core->state.eip;
    const struct insn* insn = fetch(core);
    if (__builtin_expect(!insn, 0)) return stop_fault(core, eip);
    bool single_step = core->state.eflags & CORE_TF;
    core->state.eip = eip + insn->length;
    enum outcome outcome = insn->execute(core, insn);
    if (outcome == AGAIN) {
      core->steps++;
      if (!single_step) outcome = repeat(core, insn, last);
      if (outcome == AGAIN) core->state.eip = eip;
    }
    if (outcome == DONE) {
      core->instructions++;
      core->steps++;
    } else if (outcome != AGAIN) {
      return stop_for(core, outcome, eip);
    }
    if (__builtin_expect(single_step, 0)) {
      core->fault = (struct core_fault){.vector = CORE_DB};
      return stop_exception(core, eip);
    }
    if (__builtin_expect(core->timer, 0)) {
      core->timer = false;
      return stop_at(core, CORE_STOP_TIMER, core->state.eip);
    }
  }
  return stop_at(core, CORE_STOP_LIMIT, core->state.eip);
}

// --- for reports -----------------------------------------------------------------------------------------------------

static const struct {
  uint8_t vector;
  const char *name, *meaning;
} vectors[] = {
    {CORE_DE, "#DE", "divide error"},
    {CORE_DB, "#DB", "single step"},
    {CORE_BP, "#BP", "breakpoint"},
    {CORE_OV, "#OF", "overflow"},
    {CORE_BR, "#BR", "index out of bounds"},
    {CORE_UD, "#UD", "no such instruction"},
    {CORE_NM, "#NM", "no floating-point unit"},
    {CORE_TS, "#TS", "invalid TSS"},
    {CORE_NP, "#NP", "segment not present"},
    {CORE_SS_FAULT, "#SS", "stack segment"},
    {CORE_GP, "#GP", "protection"},
    {CORE_PF_FAULT, "#PF", "page fault"},
    {CORE_MC, "#MC", "bus error"},
};

static const char* find_vector(unsigned vector, bool meaning) {
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    if (vectors[i].vector == vector) return meaning ? vectors[i].meaning : vectors[i].name;
  return NULL;
}

const char* core_vector_name(unsigned vector) { return find_vector(vector, false); }

const char* core_instruction_name(const uint8_t* bytes, unsigned size, unsigned* length) {
  struct insn insn;
  if (!decode(bytes, size < CORE_INSTRUCTION_BYTES ? size : CORE_INSTRUCTION_BYTES, &insn)) return NULL;
  *length = insn.length;
  return insn.name;
}

static void page_fault_text(const struct core_stop* stop, char* text, size_t room) {
  enum { PRESENT = 1, WRITE = 2, USER = 4, RESERVED = 8, FETCH = 16 };
  snprintf(text, room, "page fault (#PF) at address %08x, error code %x: %s by %s code, %s", stop->cr2, stop->error,
           stop->error & FETCH   ? "a fetch"
           : stop->error & WRITE ? "a write"
                                 : "a read",
           stop->error & USER ? "user" : "kernel",
           stop->error & RESERVED  ? "a reserved bit is set in its tables"
           : stop->error & PRESENT ? "the page's rights forbid it"
                                   : "no page there");
}

const char* core_stop_text(const struct core_stop* stop, char* text, size_t room) {
  const char* name = find_vector(stop->vector, false);
  switch (stop->kind) {
    case CORE_STOP_LIMIT:
      snprintf(text, room, "limit of steps reached");
      break;
    case CORE_STOP_TIMER:
      snprintf(text, room, "timer");
      break;
    case CORE_STOP_CALL:
      snprintf(text, room, "call by INT %02x", stop->vector);
      break;
    case CORE_STOP_HALT:
      snprintf(text, room, "halted");
      break;
    case CORE_STOP_EXCEPTION:
      if (stop->vector == CORE_PF_FAULT)
        page_fault_text(stop, text, room);
      else if (!name)
        snprintf(text, room, "exception %u", stop->vector);
      else if (stop->has_error)
        snprintf(text, room, "%s (%s), error code %x", find_vector(stop->vector, true), name, stop->error);
      else
        snprintf(text, room, "%s (%s)", find_vector(stop->vector, true), name);
  }
  return text;
}
