// SPDX-License-Identifier: MIT
// A machine: puts engine, RAM, disk and kernel together, and plays a process's references on them.
#include "machine/machine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/overlap.h"
#include "machine/inside.h"

enum {
  SWAP_BLOCKS = KERNEL_SWAP_BLOCKS_MAX,  // as many as entries of every mode can name: 4 GiB
  PLAY_AT_ONCE = 1 << 16,                // references between two looks at *interrupt
  MOVE_AT_ONCE = 512                     // references whose answers are kept, to move their data
};

// ---------------------------------------------------------------------------------------------------------------------
// Trouble

void machine_break(struct machine* machine, const char* format, ...) {
  if (machine->broken) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(machine->trouble, sizeof machine->trouble, format, arguments);
  va_end(arguments);
  machine->broken = true;
}

// What a machine-check handler would print: what was done, where, for whom, and where the tables begin.
void machine_bus_error(struct machine* machine, const char* agent, const struct ref* ref) {
  static const char* const kinds[] = {"read of", "write to", "fetch from"};
  const struct machine_bus* bus = &machine->bus;
  uint64_t registers[5], pdptes[4];
  char what[128] = "an entry";
  engine_registers(machine->engine, registers, pdptes);
  if (bus->refused)
    snprintf(what, sizeof what, "%s %u bytes at 0x%" PRIx64, bus->swap ? "the update (A, D) of" : "the read of",
             bus->size, bus->pa);
  machine_break(machine,
                "machine check in cycle %" PRIu64 ": bus error: %s, in the page walk for the %s's %s 0x%" PRIx64
                "; memory ends at 0x%" PRIx64 ", CR3 is 0x%" PRIx64 ": the page tables point beyond the memory",
                machine_now(machine), what, agent, kinds[ref->kind], ref->va, ram_bytes(machine->ram),
                registers[CONTROL_CR3]);
}

bool machine_check(struct machine* machine) {
  const char* report = NULL;
  if (!machine->broken && !engine_agrees(machine->engine, &report))
    machine_break(machine, "%s", report ? report : "the engines differ");
  return !machine->broken;
}

const char* machine_trouble(const struct machine* machine) { return machine->broken ? machine->trouble : NULL; }

// ---------------------------------------------------------------------------------------------------------------------
// Putting it together

static uint64_t frames_of(const struct machine_params* params) {
  return params->frames ? params->frames : config_frames(params->config);
}

static struct kernel_params kernel_params_of(const struct machine_params* params) {
  const struct config* config = params->config;
  static const enum kernel_paging paging[MODE_COUNT] = {[MODE_32BIT] = KERNEL_PAGING_32BIT,
                                                        [MODE_PAE] = KERNEL_PAGING_PAE,
                                                        [MODE_4LEVEL] = KERNEL_PAGING_4LEVEL,
                                                        [MODE_5LEVEL] = KERNEL_PAGING_5LEVEL};
  return (struct kernel_params){.paging = paging[config->mode],
                                .maxphyaddr = config->maxphyaddr,
                                .global_pages = config->global,
                                .frames = frames_of(params),
                                .sharing = params->sharing,
                                .tagging = params->tagging,
                                .programs = params->programs,
                                .program_count = params->program_count,
                                .quantum = params->quantum,
                                .mhz = config->clock_mhz,
                                .process_bytes = params->process_bytes,
                                .swap_blocks = SWAP_BLOCKS,
                                .work = config->kernel.work};
}

static bool has_pcids(const struct config* config) {
  return config->pcid && (config->mode == MODE_4LEVEL || config->mode == MODE_5LEVEL);
}

static bool acceptable(const struct machine_params* params, struct error* err) {
  const struct config* config = params->config;
  struct kernel_params kernel = kernel_params_of(params);
  if (config->mode == MODE_NONE && params->sharing == KERNEL_SHARE_PAGING)
    return error_set(err, "mode none: the operating system needs paging: set mode=32-bit, pae, 4-level or 5-level");
  if (params->tagging == KERNEL_TAG_PCID && !has_pcids(config))
    return error_set(err, "address spaces are tagged by PCIDs: that needs 4- or 5-level paging and pcid=true");
  if (kernel.frames > (uint64_t)1 << 40)
    return error_set(err, "%" PRIu64 " frames are more than 52-bit addresses reach: use fewer", kernel.frames);
  uint64_t needed = kernel_frames_needed(&kernel);
  bool paged = kernel.sharing == KERNEL_SHARE_PAGING;
  if (kernel.frames < needed)
    return error_set(err,
                     "%" PRIu64 " frames are too few: with %s%s the kernel and one small process need %" PRIu64
                     ": use more (--frames, or ram.frames or ram.mib)",
                     kernel.frames, paged ? paging_mode_name(config->mode) : "the memory shared by ",
                     paged ? " paging" : kernel_sharing_names[kernel.sharing], needed);
  return true;
}

static bool no_memory(struct error* err, const char* what) {
  return error_set(err, "the host has no memory for the machine's %s: use fewer frames", what);
}

static bool make_memory(struct machine* machine, const struct machine_params* params, struct error* err) {
  uint64_t bytes = frames_of(params) * 4096;
  machine->ram = ram_create(bytes);
  if (!machine->ram) return no_memory(err, "RAM");
  if (params->engine == ENGINE_BOTH) {
    machine->second = ram_create(bytes);
    if (!machine->second) return no_memory(err, "second RAM");
    ram_mirror(machine->ram, machine->second);
  }
  machine->disk =
      disk_create(machine->ram, (uint64_t)SWAP_BLOCKS + 1, params->config->disk.latency_us * params->config->clock_mhz);
  return machine->disk || no_memory(err, "disk");
}

static bool refuse(struct machine_bus* bus, uint64_t pa, unsigned size, bool swap) {
  bus->refused = true;
  bus->swap = swap;
  bus->pa = pa;
  bus->size = size;
  return false;
}

static bool bus_read(void* ctx, uint64_t pa, unsigned size, uint64_t* value) {
  struct machine_bus* bus = ctx;
  return bus->ram.read(bus->ram.ctx, pa, size, value) || refuse(bus, pa, size, false);
}

static bool bus_cas(void* ctx, uint64_t pa, unsigned size, uint64_t expected, uint64_t desired, bool* swapped) {
  struct machine_bus* bus = ctx;
  return bus->ram.cas(bus->ram.ctx, pa, size, expected, desired, swapped) || refuse(bus, pa, size, true);
}

static bool make_engine(struct machine* machine, const struct machine_params* params, struct error* err) {
  struct memory_bus second = {0};
  if (machine->second) second = ram_bus(machine->second);
  machine->bus.ram = ram_bus(machine->ram);
  struct memory_bus bus = {.ctx = &machine->bus, .read = bus_read, .cas = bus_cas};
  machine->engine =
      engine_create(params->engine, params->config, bus, machine->second ? &second : NULL, params->traced, err);
  if (machine->engine && params->wrap)
    machine->engine = params->wrap(params->wrap_ctx, machine->engine, machine->ram, err);
  return machine->engine != NULL;
}

static bool boot(struct machine* machine, const struct machine_params* params, struct error* err) {
  struct kernel_params kernel = kernel_params_of(params);
  size_t bytes = kernel_arena_bytes(&kernel);
  machine->arena = calloc(1, bytes);
  if (!machine->arena) return no_memory(err, "frame descriptors");
  machine->agent = AGENT_KERNEL;
  machine->kernel = kernel_boot(machine->arena, bytes, &machine->hal, &kernel);
  if (machine->broken) return error_set(err, "%s", machine->trouble);
  return true;
}

struct machine* machine_create(const struct machine_params* params, struct error* err) {
  if (!acceptable(params, err)) return NULL;
  struct machine* machine = calloc(1, sizeof *machine);
  if (!machine) {
    no_memory(err, "parts");
    return NULL;
  }
  machine->hal.ops = &machine_hal_ops;
  machine->config = *params->config;
  machine->narrate = params->narrate;
  machine->narrate_ctx = params->narrate_ctx;
  machine->console = params->console;
  machine->console_ctx = params->console_ctx;
  machine->timer = UINT64_MAX;
  if (make_memory(machine, params, err) && make_engine(machine, params, err) &&
      (cpu_create(&machine->cpu, machine) || no_memory(err, "core")) && boot(machine, params, err))
    return machine;
  machine_destroy(machine);
  return NULL;
}

void machine_destroy(struct machine* machine) {
  if (!machine) return;
  cpu_destroy(&machine->cpu);
  if (machine->engine) engine_destroy(machine->engine);
  disk_destroy(machine->disk);
  ram_destroy(machine->ram);
  ram_destroy(machine->second);
  free(machine->arena);
  free(machine);
}

struct engine* machine_engine(struct machine* machine) {
  return machine->engine;
}
struct ram* machine_ram(struct machine* machine) {
  return machine->ram;
}
struct disk* machine_disk(struct machine* machine) {
  return machine->disk;
}
struct kernel* machine_kernel(struct machine* machine) {
  return machine->kernel;
}
uint64_t machine_now(const struct machine* machine) { return engine_now(machine->engine); }

// ---------------------------------------------------------------------------------------------------------------------
// The data that a process's stores move: there are none in a trace, so they are made up

uint64_t machine_store_word(uint64_t reference, unsigned word) {
  uint64_t x = (reference << 10 | word) + 0x9e3779b97f4a7c15u;  // at most 512 words: 10 bits keep references apart
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

// Bytes [first, first + bytes) of a store, at consecutive physical addresses.
static void store_part(struct machine* machine, uint64_t reference, unsigned first, uint64_t pa, unsigned bytes) {
  uint8_t data[4096];
  for (unsigned i = 0; i < bytes; i++) {
    unsigned at = first + i;
    data[i] = (uint8_t)(machine_store_word(reference, at / 8) >> at % 8 * 8);
  }
  ram_write(machine->ram, pa, data, bytes);
}

// One that crosses a page: its bytes go to two places.
static void store_across(struct machine* machine, uint64_t reference, const struct ref* ref,
                         const struct answer* answer) {
  unsigned first = 4096 - (unsigned)(ref->va & 4095);
  store_part(machine, reference, 0, answer->pa, first);
  store_part(machine, reference, first, answer->across, ref->size - first);
}

static void move_stores(struct machine* machine, const struct ref* refs, const struct answer* answers, size_t n) {
  for (size_t i = 0; i < n && !machine->broken; i++) {
    if (refs[i].kind != ACCESS_WRITE) continue;
    uint64_t reference = machine->references + i;
    uint64_t highest = answers[i].across > answers[i].pa ? answers[i].across : answers[i].pa;
    if (highest >= ram_bytes(machine->ram))
      machine_break(machine, "the store to 0x%" PRIx64 " leads to 0x%" PRIx64 ", beyond the memory", refs[i].va,
                    highest);
    else if ((refs[i].va & 4095) + refs[i].size > 4096)
      store_across(machine, reference, &refs[i], &answers[i]);
    else if (refs[i].size <= 8)
      ram_write_word(machine->ram, answers[i].pa, refs[i].size, machine_store_word(reference, 0));
    else
      store_part(machine, reference, 0, answers[i].pa, refs[i].size);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Playing

// The processor waits for the disk; its interrupt enters the kernel again.
static enum kernel_action wait_for_disk(struct machine* machine, struct kernel_kill* kill) {
  uint64_t over = disk_next(machine->disk), now = machine_now(machine);
  if (over == UINT64_MAX) {
    machine_break(machine, "kernel panic: a process waits for the disk, which has nothing to do");
    return KERNEL_WAIT;
  }
  if (over > now) machine_pass(machine, over - now, &machine->idle);
  disk_advance(machine->disk, machine_now(machine));
  machine_pass(machine, machine->config.core.trap, &machine->trap);
  return kernel_poll(machine->kernel, kill);
}

// Into the kernel and back. KERNEL_WAIT only if the machine broke or was interrupted.
static enum kernel_action take_fault(struct machine* machine, const struct answer* fault, const volatile int* interrupt,
                                     struct kernel_kill* kill) {
  machine_charge(machine, AGENT_KERNEL);
  machine_pass(machine, machine->config.core.trap, &machine->trap);
  enum kernel_action action = kernel_page_fault(machine->kernel, fault->cr2, fault->error, kill);
  while (action == KERNEL_WAIT && !machine->broken && !(interrupt && *interrupt)) action = wait_for_disk(machine, kill);
  if (action == KERNEL_RESUME) machine_pass(machine, machine->config.core.iret, &machine->trap);
  machine_charge(machine, AGENT_PROCESS);
  return action;
}

static bool goes_on(struct machine* machine, const struct ref* ref, const struct answer* fault,
                    const volatile int* interrupt, struct machine_run* run) {
  if (fault->fault == FAULT_BUS) {
    machine_bus_error(machine, "process", ref);
    return false;
  }
  if (fault->fault != FAULT_PF) {
    machine_break(machine, "the process met a general protection fault, which the operating system does not handle");
    return false;
  }
  if (take_fault(machine, fault, interrupt, &run->kill) == KERNEL_KILLED && !machine->broken) {
    run->stop = MACHINE_KILLED;
    return false;
  }
  return !machine->broken;
}

void machine_play(struct machine* machine, const struct ref* refs, size_t n, bool move_data,
                  const volatile int* interrupt, struct machine_run* run) {
  struct answer answers[MOVE_AT_ONCE];
  size_t at_once = move_data ? MOVE_AT_ONCE : PLAY_AT_ONCE;
  *run = (struct machine_run){.stop = MACHINE_END};
  if (!machine->broken) machine_charge(machine, AGENT_PROCESS);
  while (run->done < n && !machine->broken && run->stop == MACHINE_END) {
    if (interrupt && *interrupt) {
      run->stop = MACHINE_STOPPED;
      break;
    }
    const struct ref* next = refs + run->done;
    size_t count = overlap_cut(next, n - run->done, at_once, at_once);
    struct play play = {.until = UINT64_MAX, .answers = move_data ? answers : NULL};
    engine_play(machine->engine, next, count, &play);
    if (!machine_check(machine)) break;
    if (move_data) move_stores(machine, next, answers, play.done);
    run->done += play.done;
    machine->references += play.done;
    if (play.stop == PLAY_FAULT && !machine->broken && !goes_on(machine, &next[play.done], &play.fault, interrupt, run))
      break;
  }
  if (!machine->broken) machine_charge(machine, AGENT_KERNEL);
  if (machine->broken) run->stop = MACHINE_BROKEN;
}
