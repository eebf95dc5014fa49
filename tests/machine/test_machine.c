// SPDX-License-Identifier: MIT
// The whole machine on the model engine: processes demand-page, swap and die on it; every cycle is accounted for.
#include "machine/machine.h"

#include <string.h>

#include "check.h"
#include "kernel/mm/mmu.h"
#include "machine/inside.h"
#include "small.h"

struct world {
  struct config config;
  struct machine* machine;
  int pid;
  uint64_t kills, waits;  // notes
};

static void count_notes(void* ctx, uint64_t cycle, const struct hal_note* note) {
  struct world* world = ctx;
  (void)cycle;
  world->kills += note->kind == HAL_NOTE_KILL;
  world->waits += note->kind == HAL_NOTE_WAIT;
}

// Second level, walk caches and timing caches, all so small that they are too small.
static void have_everything(struct config* config) {
  struct error err;
  const char* const sets[] = {"stlb.sets=8",      "stlb.ways=3",     "psc.pde=2",        "psc.pdpte=2",
                              "psc.pml4e=1",      "psc.pml5e=1",     "cache.l1d.sets=4", "cache.l1d.ways=2",
                              "cache.l2.sets=16", "cache.l2.ways=2", "cache.l3.sets=64"};
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    if (!config_set(config, sets[i], &err)) fail_msg("%s", err.text);
  if (!config_validate(config, &err)) fail_msg("%s", err.text);
}

static void begin_on(struct world* world, enum engine_kind engine, enum paging_mode mode, bool everything,
                     uint64_t frames) {
  struct error err = {{0}};
  *world = (struct world){.pid = 0};
  small_machine(&world->config);
  world->config.mode = mode;
  if (everything) have_everything(&world->config);
  struct machine_params params = {
      .config = &world->config, .engine = engine, .frames = frames, .narrate = count_notes, .narrate_ctx = world};
  world->machine = machine_create(&params, &err);
  if (!world->machine) fail_msg("%s", err.text);
  world->pid = kernel_spawn(machine_kernel(world->machine));
  assert_true(world->pid > 0);
  assert_int_equal(kernel_switch(machine_kernel(world->machine), world->pid), 0);
}

static void begin(struct world* world, enum paging_mode mode, uint64_t frames) {
  begin_on(world, ENGINE_MODEL, mode, false, frames);
}

static void end(struct world* world) { machine_destroy(world->machine); }

static void map(struct world* world, uint64_t start, uint64_t end, unsigned prot) {
  assert_int_equal(kernel_map(machine_kernel(world->machine), world->pid, start, end, prot), 0);
}

static struct kernel_stats stats(const struct world* world) {
  struct kernel_stats now;
  kernel_stats(machine_kernel(world->machine), &now);
  return now;
}

static uint64_t sum(const struct cycle_account* c) {
  return c->base + c->stlb + c->walk + c->ad_update + c->data + c->flush + c->trap + c->kernel + c->idle;
}

static void all_cycles_are_accounted_for(const struct world* world, uint64_t since) {
  struct cycle_account cycles;
  machine_cycles(world->machine, &cycles);
  assert_int_equal(sum(&cycles), machine_now(world->machine) - since);
}

static enum machine_stop play_one(struct world* world, uint64_t va, enum access_kind kind, unsigned size,
                                  struct machine_run* run) {
  struct ref ref = {.va = va, .size = (uint16_t)size, .kind = (uint8_t)kind, .flags = REF_USER};
  struct machine_run ignored;
  if (!run) run = &ignored;
  machine_play(world->machine, &ref, 1, true, NULL, run);
  return run->stop;
}

// ---------------------------------------------------------------------------------------------------------------------
// A synthetic program: code, data and stack in places far apart; loads, stores of all sizes, many across pages

enum { CODE_PAGES = 6, DATA_PAGES = 48, STACK_PAGES = 10 };
static const uint64_t CODE = 0x08048000, DATA = 0x40000000 - 20 * 4096;

// In each mode the data lie across the border between two entries of the root, and the stack ends with user space.
struct places {
  uint64_t code, data, stack;
};

static struct places places_of(enum paging_mode mode) {
  static const struct places places[MODE_COUNT] = {
      [MODE_32BIT] = {CODE, DATA, 0xbfff0000},
      [MODE_PAE] = {CODE, DATA, 0xbfff0000},
      [MODE_4LEVEL] = {CODE, 0x8000000000 - 20 * 4096, 0x7fffffff0000},
      [MODE_5LEVEL] = {CODE, 0x1000000000000 - 20 * 4096, 0xfffffffff60000},
  };
  return places[mode];
}

static uint32_t next_random(uint32_t* seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  return *seed ^= *seed << 5;
}

static struct ref random_ref(const struct places* places, uint32_t* seed) {
  static const uint16_t sizes[] = {1, 2, 4, 8, 16, 64, 3, 4096};
  uint32_t where = next_random(seed) % 10, r = next_random(seed);
  struct ref ref = {.flags = REF_USER, .size = sizes[next_random(seed) % 8]};
  uint64_t start = where < 4 ? places->code : where < 8 ? places->data : places->stack;
  uint64_t bytes = (where < 4 ? CODE_PAGES : where < 8 ? DATA_PAGES : STACK_PAGES) * PGSIZE;
  ref.kind = where < 4 ? ACCESS_FETCH : r >> 30 ? ACCESS_READ : ACCESS_WRITE;
  ref.va = start + r % (bytes - ref.size + 1);
  if (next_random(seed) % 4 == 0 && ref.size > 1 && ref.size < 4096)  // across a page
    ref.va = start + (1 + r % (bytes / PGSIZE - 1)) * PGSIZE - 1 - r % (ref.size - 1);
  return ref;
}

static uint8_t* shadow_of(uint8_t* shadow, const struct places* p, uint64_t va) {
  if (va >= p->stack) return shadow + (CODE_PAGES + DATA_PAGES) * PGSIZE + (va - p->stack);
  return va >= p->data ? shadow + CODE_PAGES * PGSIZE + (va - p->data) : shadow + (va - p->code);
}

static void replay_on_shadow(uint8_t* shadow, const struct places* places, const struct ref* refs, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (unsigned b = 0; refs[i].kind == ACCESS_WRITE && b < refs[i].size; b++)
      *shadow_of(shadow, places, refs[i].va + b) = (uint8_t)(machine_store_word(i, b / 8) >> b % 8 * 8);
}

static void memory_equals_shadow(struct world* world, uint8_t* shadow, uint64_t start, unsigned pages) {
  uint8_t page[4096];
  struct places places = places_of(world->config.mode);
  for (unsigned i = 0; i < pages; i++) {
    uint64_t va = start + i * PGSIZE, pa;
    assert_int_equal(play_one(world, va, ACCESS_READ, 1, NULL), MACHINE_END);
    assert_true(kernel_translate(machine_kernel(world->machine), world->pid, va, &pa));
    ram_read(machine_ram(world->machine), pa, page, sizeof page);
    assert_memory_equal(page, shadow_of(shadow, &places, va), sizeof page);
  }
}

static void map_program(struct world* world) {
  struct places at = places_of(world->config.mode);
  map(world, at.code, at.code + CODE_PAGES * PGSIZE, PROT_READ | PROT_EXEC);
  map(world, at.data, at.data + DATA_PAGES * PGSIZE, PROT_READ | PROT_WRITE);
  map(world, at.stack, at.stack + STACK_PAGES * PGSIZE, PROT_READ | PROT_WRITE);
}

static void demand_paging(enum engine_kind engine, enum paging_mode mode, bool everything, uint64_t frames,
                          uint32_t seed) {
  enum { REFS = 30000 };
  const struct places places = places_of(mode);
  struct world world;
  struct machine_run run;
  struct ref* refs = malloc(REFS * sizeof *refs);
  uint8_t* shadow = calloc(CODE_PAGES + DATA_PAGES + STACK_PAGES, PGSIZE);
  for (unsigned i = 0; i < REFS; i++) refs[i] = random_ref(&places, &seed);
  begin_on(&world, engine, mode, everything, frames);
  map_program(&world);
  machine_start(world.machine);
  uint64_t started = machine_now(world.machine);
  for (size_t done = 0; done < REFS; done += run.done) {  // in parts, of odd lengths
    size_t n = REFS - done < 1777 ? REFS - done : 1777;
    machine_play(world.machine, refs + done, n, true, NULL, &run);
    if (run.stop != MACHINE_END)
      fail_msg("stopped: %s %s", run.kill.reason, machine_trouble(world.machine) ? machine_trouble(world.machine) : "");
    assert_int_equal(run.done, n);
    all_cycles_are_accounted_for(&world, started);
  }
  struct counters process, kernel;
  struct cycle_account cycles;
  machine_counters(world.machine, &process, &kernel);
  machine_cycles(world.machine, &cycles);
  struct kernel_stats s = stats(&world);
  assert_int_equal(process.refs, REFS);
  assert_int_equal(process.dtlb.hits + process.dtlb.misses, process.parts[ACCESS_READ] + process.parts[ACCESS_WRITE]);
  assert_int_equal(process.itlb.hits + process.itlb.misses, process.parts[ACCESS_FETCH]);
  assert_int_equal(process.faults_pf, s.faults_minor + s.faults_major);
  assert_int_equal(kernel.faults_pf, 0);
  assert_int_equal(process.controls, 0);
  uint64_t misses = process.itlb.misses + process.dtlb.misses;
  assert_int_equal(process.stlb.hits + process.stlb.misses, everything ? misses : 0);
  assert_int_equal(cycles.stlb, everything ? misses * world.config.stlb.latency : 0);
  assert_true(everything == (process.psc[0].hits > 0) && everything == (process.cache[CACHE_L2].walk_hits > 0));
  assert_true(everything == (cycles.data > 0) && everything == (kernel.cycles_data > 0));
  assert_true(kernel.refs > 0 && kernel.parts[ACCESS_FETCH] == 0);
  assert_true(s.faults_major > 1000 && s.swap_outs > 500);
  assert_int_equal(s.swap_ins, s.faults_major);
  assert_int_equal(s.checksum_errors, 0);
  assert_int_equal(cycles.trap, (process.faults_pf + world.waits) * world.config.core.trap +
                                    process.faults_pf * world.config.core.iret);
  uint64_t transfer = world.config.disk.latency_us * world.config.clock_mhz;
  assert_true(cycles.idle <= (s.swap_ins + s.swap_outs) * transfer);
  assert_true(cycles.idle > (s.swap_ins + s.swap_outs) * transfer / 2);
  replay_on_shadow(shadow, &places, refs, REFS);
  memory_equals_shadow(&world, shadow, places.code, CODE_PAGES);
  memory_equals_shadow(&world, shadow, places.data, DATA_PAGES);
  memory_equals_shadow(&world, shadow, places.stack, STACK_PAGES);
  all_cycles_are_accounted_for(&world, started);
  kernel_exit(machine_kernel(world.machine), world.pid);
  s = stats(&world);
  assert_int_equal(s.frames_free, s.frames_total - s.frames_kernel);
  assert_int_equal(s.swap_used, 0);
  assert_null(machine_trouble(world.machine));
  uint64_t pa;
  if (engine == ENGINE_BOTH && !ram_equal(world.machine->ram, world.machine->second, &pa))
    fail_msg("the memories differ at 0x%lx", (unsigned long)pa);
  end(&world);
  free(refs);
  free(shadow);
}

static void a_program_larger_than_memory_keeps_its_data(void** state) {
  (void)state;
  demand_paging(ENGINE_MODEL, MODE_32BIT, false, 16, 99);
  demand_paging(ENGINE_MODEL, MODE_32BIT, false, 40, 100);
  demand_paging(ENGINE_MODEL, MODE_PAE, false, 24, 101);
  demand_paging(ENGINE_MODEL, MODE_4LEVEL, false, 32, 104);
  demand_paging(ENGINE_MODEL, MODE_5LEVEL, false, 36, 105);
}

static void the_account_adds_up_with_every_cache_there_is(void** state) {
  (void)state;
  demand_paging(ENGINE_MODEL, MODE_32BIT, true, 24, 106);
  demand_paging(ENGINE_MODEL, MODE_PAE, true, 24, 107);
  demand_paging(ENGINE_MODEL, MODE_4LEVEL, true, 32, 108);
  demand_paging(ENGINE_MODEL, MODE_5LEVEL, true, 36, 109);
}

// The same on the RTL, with the model in lockstep: each has a memory of its own, and they end alike.
static void the_engines_agree_below_the_operating_system(void** state) {
  (void)state;
  demand_paging(ENGINE_BOTH, MODE_32BIT, false, 40, 102);
  demand_paging(ENGINE_BOTH, MODE_PAE, false, 24, 103);
}

// ---------------------------------------------------------------------------------------------------------------------

static void booting_is_the_kernels_time(void** state) {
  (void)state;
  for (enum paging_mode mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    struct world world;
    struct cycle_account cycles;
    begin(&world, mode, 64);
    all_cycles_are_accounted_for(&world, 0);
    machine_cycles(world.machine, &cycles);
    assert_true(cycles.kernel > 0 && cycles.flush > 0);
    assert_int_equal(cycles.kernel + cycles.flush, machine_now(world.machine));
    uint64_t registers[5], pdptes[4];
    engine_registers(machine_engine(world.machine), registers, pdptes);
    assert_int_equal(registers[CONTROL_CR0], 0x80010011);
    static const uint64_t cr4s[MODE_COUNT] = {0, 0x90, 0xa0, 0xa0, 0x10a0};  // PSE, PAE, PGE, LA57
    assert_int_equal(registers[CONTROL_CR4], cr4s[mode]);
    static const uint64_t efers[MODE_COUNT] = {0, 0, 0x800, 0xd00, 0xd00};  // NXE, LME; LMA follows
    assert_int_equal(registers[CONTROL_EFER], efers[mode]);
    end(&world);
  }
}

static size_t entries_in(struct engine* engine, enum tlb_array array) { return engine_dump(engine, array, NULL, 0); }

static void a_start_is_cold(enum paging_mode mode, bool everything) {
  struct world world;
  struct counters process, kernel, none = {0};
  begin_on(&world, ENGINE_MODEL, mode, everything, 64);
  map(&world, DATA, DATA + 8 * PGSIZE, PROT_READ | PROT_WRITE);
  assert_int_equal(kernel_populate(machine_kernel(world.machine), world.pid), 0);
  assert_int_equal(play_one(&world, DATA, ACCESS_WRITE, 4, NULL), MACHINE_END);
  assert_true(entries_in(machine_engine(world.machine), ARRAY_DTLB_LARGE) > 0);
  machine_start(world.machine);
  for (unsigned array = 0; array < ARRAY_COUNT; array++)
    assert_int_equal(entries_in(machine_engine(world.machine), array), 0);
  machine_counters(world.machine, &process, &kernel);
  assert_memory_equal(&process, &none, sizeof none);
  assert_memory_equal(&kernel, &none, sizeof none);
  all_cycles_are_accounted_for(&world, machine_now(world.machine));
  assert_int_equal(play_one(&world, DATA + PGSIZE, ACCESS_READ, 4, NULL), MACHINE_END);
  machine_counters(world.machine, &process, &kernel);
  assert_int_equal(process.dtlb.misses, 1);
  assert_int_equal(process.faults_pf + kernel.refs, 0);  // everything was mapped before
  end(&world);
}

static void a_start_is_cold_and_counts_from_zero(void** state) {
  (void)state;
  a_start_is_cold(MODE_PAE, false);
  a_start_is_cold(MODE_5LEVEL, true);
}

// The kernel's pages are global: after a switch its next reference hits.
static void kernel_mappings_survive_a_switch(void** state) {
  (void)state;
  for (enum paging_mode mode = MODE_32BIT; mode < MODE_COUNT; mode++) {
    struct world world;
    struct counters before, after;
    begin(&world, mode, 64);
    map(&world, DATA, DATA + 8 * PGSIZE, PROT_READ | PROT_WRITE);
    struct kernel* kernel = machine_kernel(world.machine);
    int other = kernel_spawn(kernel);
    assert_int_equal(play_one(&world, DATA, ACCESS_WRITE, 4, NULL), MACHINE_END);
    assert_true(entries_in(machine_engine(world.machine), ARRAY_DTLB) > 0);
    kernel_switch(kernel, other);
    assert_int_equal(entries_in(machine_engine(world.machine), ARRAY_DTLB), 0);  // the user's entry went
    struct tlb_entry entry;
    assert_int_equal(engine_dump(machine_engine(world.machine), ARRAY_DTLB_LARGE, &entry, 1), 1);
    static const uint64_t bases[MODE_COUNT] = {0, KERNBASE, KERNBASE, 0xffff800000000000, 0xff00000000000000};
    static const uint8_t shifts[MODE_COUNT] = {0, 22, 21, 30, 30};
    assert_true(entry.va == bases[mode]);
    assert_int_equal(entry.shift, shifts[mode]);
    assert_true(entry.global && !entry.user);
    machine_counters(world.machine, NULL, &before);
    assert_int_equal(kernel_map(kernel, other, DATA, DATA + 8 * PGSIZE, PROT_READ), 0);
    assert_int_equal(kernel_populate(kernel, other), 0);
    machine_counters(world.machine, NULL, &after);
    assert_true(after.dtlb.hits > before.dtlb.hits);
    assert_int_equal(after.dtlb.misses, before.dtlb.misses);
    end(&world);
  }
}

static void dies(enum paging_mode mode, uint64_t va, enum access_kind kind, unsigned size, unsigned error, uint64_t cr2,
                 const char* words) {
  struct world world;
  struct machine_run run;
  begin(&world, mode, 64);
  map_program(&world);
  map(&world, 0x20000000, 0x20002000, PROT_READ);
  assert_int_equal(play_one(&world, 0x20000000, ACCESS_READ, 4, NULL), MACHINE_END);
  assert_int_equal(play_one(&world, 0x20001000, ACCESS_READ, 4, NULL), MACHINE_END);
  assert_int_equal(play_one(&world, va, kind, size, &run), MACHINE_KILLED);
  assert_int_equal(run.done, 0);
  assert_int_equal(run.kill.pid, world.pid);
  assert_int_equal(run.kill.cr2, cr2);
  assert_int_equal(run.kill.error, error);
  if (!strstr(run.kill.reason, words)) fail_msg("the reason is: %s", run.kill.reason);
  assert_int_equal(world.kills, 1);
  struct kernel_stats s = stats(&world);
  assert_int_equal(s.frames_free, s.frames_total - s.frames_kernel);
  assert_null(machine_trouble(world.machine));
  all_cycles_are_accounted_for(&world, 0);
  end(&world);
}

static void illegal_accesses_are_killed_with_the_exact_error_code(void** state) {
  (void)state;
  dies(MODE_32BIT, 0x1000, ACCESS_READ, 4, PFEC_U, 0x1000, "where the process has no memory");
  dies(MODE_32BIT, 0x1000, ACCESS_WRITE, 4, PFEC_U | PFEC_W, 0x1000, "where the process has no memory");
  dies(MODE_32BIT, 0x20000010, ACCESS_WRITE, 4, PFEC_U | PFEC_W | PFEC_P, 0x20000010, "is not writable");
  dies(MODE_32BIT, 0xc0000123, ACCESS_READ, 4, PFEC_U | PFEC_P, 0xc0000123, "belongs to the kernel");
  dies(MODE_32BIT, 0x20001ffe, ACCESS_READ, 4, PFEC_U, 0x20002000, "read of 0x20002000");  // its second part
  dies(MODE_PAE, DATA, ACCESS_FETCH, 4, PFEC_U | PFEC_ID, DATA, "is not executable");
  dies(MODE_PAE, 0x20000010, ACCESS_FETCH, 4, PFEC_U | PFEC_ID | PFEC_P, 0x20000010, "is not executable");
  dies(MODE_PAE, 0xc0000123, ACCESS_WRITE, 4, PFEC_U | PFEC_P | PFEC_W, 0xc0000123, "belongs to the kernel");
  dies(MODE_PAE, CODE, ACCESS_WRITE, 1, PFEC_U | PFEC_W, CODE, "is not writable");
  dies(MODE_4LEVEL, CODE, ACCESS_WRITE, 1, PFEC_U | PFEC_W, CODE, "is not writable");
  dies(MODE_4LEVEL, 0x7fffffff9ffe, ACCESS_READ, 4, PFEC_U, 0x7fffffffa000, "read of 0x7fffffffa000");
  dies(MODE_4LEVEL, 0xffff800000000123, ACCESS_READ, 4, PFEC_U | PFEC_P, 0xffff800000000123, "belongs to the kernel");
  dies(MODE_4LEVEL, 0xffffffffff600000, ACCESS_FETCH, 4, PFEC_U | PFEC_ID, 0xffffffffff600000, "belongs to the kernel");
  dies(MODE_5LEVEL, 0x20000010, ACCESS_FETCH, 4, PFEC_U | PFEC_ID | PFEC_P, 0x20000010, "is not executable");
  dies(MODE_5LEVEL, 0xff00000000000123, ACCESS_WRITE, 4, PFEC_U | PFEC_P | PFEC_W, 0xff00000000000123,
       "belongs to the kernel");
}

static void damage_on_the_disk_is_caught(void** state) {
  (void)state;
  struct world world;
  struct machine_run run = {.stop = MACHINE_END};
  begin(&world, MODE_32BIT, 16);
  map(&world, DATA, DATA + 32 * PGSIZE, PROT_READ | PROT_WRITE);
  for (unsigned i = 0; i < 32; i++)
    assert_int_equal(play_one(&world, DATA + i * PGSIZE, ACCESS_WRITE, 8, NULL), MACHINE_END);
  struct ram* medium = disk_medium(machine_disk(world.machine));
  uint64_t at = 1 * DISK_BLOCK_BYTES + 4095;  // the first page that went out
  ram_write_word(medium, at, 1, ram_read_word(medium, at, 1) ^ 0x80);
  for (unsigned i = 0; i < 32 && run.stop == MACHINE_END; i++)
    play_one(&world, DATA + i * PGSIZE, ACCESS_READ, 8, &run);
  assert_int_equal(run.stop, MACHINE_KILLED);
  assert_non_null(strstr(run.kill.reason, "came back from swap block 1 different"));
  assert_int_equal(stats(&world).checksum_errors, 1);
  all_cycles_are_accounted_for(&world, 0);
  end(&world);
}

// User pages above 4 GiB: what 32-bit tables could not name. The kernel zeroes them through its window.
static void pae_reaches_memory_above_4_gib(void** state) {
  (void)state;
  struct world world;
  uint64_t pa;
  begin(&world, MODE_PAE, (uint64_t)8 << 18);
  map(&world, DATA, DATA + 64 * PGSIZE, PROT_READ | PROT_WRITE);
  for (unsigned i = 0; i < 64; i++) {
    assert_int_equal(play_one(&world, DATA + i * PGSIZE + 8, ACCESS_WRITE, 8, NULL), MACHINE_END);
    assert_true(kernel_translate(machine_kernel(world.machine), world.pid, DATA + i * PGSIZE + 8, &pa));
    assert_true(pa >= (uint64_t)4 << 30);
    assert_true(ram_read_word(machine_ram(world.machine), pa, 8) == machine_store_word(i, 0));
  }
  assert_int_equal(stats(&world).window_maps, 64);
  all_cycles_are_accounted_for(&world, 0);
  end(&world);
}

static void an_interrupt_stops_the_run_where_it_can_go_on(void** state) {
  (void)state;
  struct world world;
  struct machine_run run;
  volatile int interrupt = 1;
  struct ref ref = {.va = DATA, .size = 4, .kind = ACCESS_READ, .flags = REF_USER};
  begin(&world, MODE_32BIT, 64);
  map(&world, DATA, DATA + PGSIZE, PROT_READ);
  machine_play(world.machine, &ref, 1, false, &interrupt, &run);
  assert_int_equal(run.stop, MACHINE_STOPPED);
  assert_int_equal(run.done, 0);
  interrupt = 0;
  machine_play(world.machine, &ref, 1, false, &interrupt, &run);
  assert_int_equal(run.stop, MACHINE_END);
  assert_int_equal(run.done, 1);
  end(&world);
}

// The kernel's own mapping is destroyed behind its back: its next reference faults, and the run ends in good order.
static void a_fault_of_the_kernel_stops_the_machine(void** state) {
  (void)state;
  struct world world;
  struct machine_run run;
  begin(&world, MODE_32BIT, 64);
  map(&world, DATA, DATA + 4 * PGSIZE, PROT_READ | PROT_WRITE);
  uint64_t registers[5], pdptes[4];
  engine_registers(machine_engine(world.machine), registers, pdptes);
  ram_write_word(machine_ram(world.machine), registers[CONTROL_CR3] + 4 * PDX(KERNBASE), 4, 0);
  machine_start(world.machine);  // the TLB forgets it, too
  assert_int_equal(play_one(&world, DATA, ACCESS_WRITE, 4, &run), MACHINE_BROKEN);
  assert_non_null(strstr(machine_trouble(world.machine), "the kernel's own read of 0xc000"));
  assert_non_null(strstr(machine_trouble(world.machine), "page fault, error code 0x0"));
  assert_int_equal(play_one(&world, DATA, ACCESS_WRITE, 4, &run), MACHINE_BROKEN);  // and stays so
  kernel_exit(machine_kernel(world.machine), world.pid);
  end(&world);
}

static void refused(enum paging_mode mode, uint64_t frames, const char* words) {
  struct config config;
  struct error err = {{0}};
  config_default(&config);
  config.mode = mode;
  struct machine_params params = {.config = &config, .engine = ENGINE_MODEL, .frames = frames};
  assert_null(machine_create(&params, &err));
  if (!strstr(err.text, words)) fail_msg("the message is: %s", err.text);
}

static void impossible_machines_are_refused_with_a_message(void** state) {
  (void)state;
  refused(MODE_NONE, 64, "mode none: the operating system needs paging: set mode=32-bit, pae, 4-level or 5-level");
  refused(MODE_32BIT, 3, "3 frames are too few: with 32-bit paging the kernel and one small process need 8");
  refused(MODE_PAE, 10, "10 frames are too few: with pae paging the kernel and one small process need 11");
  refused(MODE_4LEVEL, 12, "12 frames are too few: with 4-level paging the kernel and one small process need 13");
  refused(MODE_5LEVEL, 15, "15 frames are too few: with 5-level paging the kernel and one small process need 16");
  refused(MODE_PAE, UINT64_MAX, "more than 52-bit addresses reach");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_program_larger_than_memory_keeps_its_data),
    cmocka_unit_test(the_account_adds_up_with_every_cache_there_is),
    cmocka_unit_test(the_engines_agree_below_the_operating_system),
    cmocka_unit_test(booting_is_the_kernels_time),
    cmocka_unit_test(a_start_is_cold_and_counts_from_zero),
    cmocka_unit_test(kernel_mappings_survive_a_switch),
    cmocka_unit_test(illegal_accesses_are_killed_with_the_exact_error_code),
    cmocka_unit_test(damage_on_the_disk_is_caught),
    cmocka_unit_test(pae_reaches_memory_above_4_gib),
    cmocka_unit_test(an_interrupt_stops_the_run_where_it_can_go_on),
    cmocka_unit_test(a_fault_of_the_kernel_stops_the_machine),
    cmocka_unit_test(impossible_machines_are_refused_with_a_message),
};

TEST_MAIN(tests)
