// SPDX-License-Identifier: MIT
// bench-core PROGRAM.elf...: instructions per second of the i386 core alone. Memory is a stub: one flat 4 GiB of the
// host, no MMU, no faults; every fetch, load and store still goes through the bus. Time is the CPU time of this
// process; best of five passes each.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/core.h"
#include "core/elf.h"

enum { PASSES = 5, STACK_TOP = 0xbffff000u, SYS_EXIT = 1, RUNS = 20 };

struct flat {
  uint8_t* bytes;
  uint64_t references;
};

static void die(const char* text) {
  fprintf(stderr, "bench-core: %s\n", text);
  exit(1);
}

static inline uint8_t* at(struct core* core, uint32_t offset) {
  struct flat* flat = core->owner;
  flat->references++;
  return flat->bytes + offset;
}

static inline void move(void* to, const void* from, unsigned size) {
  if (size == 4)
    memcpy(to, from, 4);
  else if (size == 1)
    memcpy(to, from, 1);
  else if (size == 2)
    memcpy(to, from, 2);
  else
    memcpy(to, from, size);
}

static unsigned flat_peek(struct core* core, uint32_t eip, uint8_t bytes[CORE_INSTRUCTION_BYTES]) {
  memcpy(bytes, ((struct flat*)core->owner)->bytes + eip, CORE_INSTRUCTION_BYTES);
  return CORE_INSTRUCTION_BYTES;
}
static const uint8_t* flat_fetch(struct core* core, uint32_t eip, unsigned size) {
  (void)size;
  return at(core, eip);
}
static bool flat_load(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data) {
  (void)segment;
  move(data, at(core, offset), size);
  return true;
}
static bool flat_store(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, const void* data) {
  (void)segment;
  move(at(core, offset), data, size);
  return true;
}
static bool flat_system(struct core* core, struct core_system* operation) {
  (void)core, (void)operation;
  return true;
}

static const struct core_bus bus = {.peek = flat_peek,
                                    .fetch = flat_fetch,
                                    .load = flat_load,
                                    .store = flat_store,
                                    .load_modify = flat_load,
                                    .store_modify = flat_store,
                                    .system = flat_system};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// From a fresh load to its exit.
static void run_once(struct core* core, const struct elf* elf) {
  struct flat* flat = core->owner;
  for (unsigned i = 0; i < elf->segment_count; i++) {
    const struct elf_segment* s = &elf->segments[i];
    memcpy(flat->bytes + s->address, elf->image + s->offset, s->file_bytes);
    memset(flat->bytes + s->address + s->file_bytes, 0, s->memory_bytes - s->file_bytes);
  }
  core->state.eip = elf->entry;
  core->state.reg[CORE_ESP] = STACK_TOP;
  for (;;) {
    struct core_stop stop = core_run(core, UINT64_MAX);
    if (stop.kind != CORE_STOP_CALL) die("the program stopped otherwise than by a call");
    if (core->state.reg[CORE_EAX] == SYS_EXIT) return;
  }
}

static void bench(struct flat* flat, const char* path) {
  struct error err;
  struct elf elf;
  if (!elf_read(&elf, path, 0, &err)) die(err.text);
  struct core* core = core_create(&bus, flat);
  if (!core) die("out of memory");
  double best = 0, references = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    uint64_t before = core->instructions;
    flat->references = 0;
    double start = seconds();
    for (int run = 0; run < RUNS; run++) run_once(core, &elf);
    double done = (double)(core->instructions - before), rate = done / (seconds() - start);
    references = (double)flat->references / done;
    if (rate > best) best = rate;
  }
  const char* name = strrchr(path, '/');
  printf("%-24s %8.1f million instructions/s, %.2f references each\n", name ? name + 1 : path, best / 1e6, references);
  core_destroy(core);
  elf_free(&elf);
}

int main(int argc, char** argv) {
  struct flat flat = {.references = 0};
  flat.bytes =
      mmap(NULL, ((size_t)1 << 32) + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (flat.bytes == MAP_FAILED) die("no address space");
  if (argc < 2) die("which programs?");
  for (int i = 1; i < argc; i++) bench(&flat, argv[i]);
  return 0;
}
