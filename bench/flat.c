// SPDX-License-Identifier: MIT
#include "flat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { STACK_TOP = 0xbffff000u, SYS_EXIT = 1, SYS_WRITE = 4, SYS_BRK = 45, SYS_EXIT_GROUP = 252, FRAME = 4096 };

_Noreturn void die(const char* text) {
  fprintf(stderr, "bench: %s\n", text);
  exit(1);
}

double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// --- the bus ---------------------------------------------------------------------------------------------------------

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

const struct core_bus flat_bus = {.peek = flat_peek,
                                  .fetch = flat_fetch,
                                  .load = flat_load,
                                  .store = flat_store,
                                  .load_modify = flat_load,
                                  .store_modify = flat_store,
                                  .system = flat_system};

// --- programs --------------------------------------------------------------------------------------------------------

void flat_open(struct flat* flat) {
  *flat = (struct flat){.references = 0};
  flat->bytes =
      mmap(NULL, ((size_t)1 << 32) + FRAME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (flat->bytes == MAP_FAILED) die("no address space");
}

// Zeroes what the last program has left of its heap.
static void load(struct flat* flat, const struct elf* elf) {
  uint32_t end = 0;
  for (unsigned i = 0; i < elf->segment_count; i++) {
    const struct elf_segment* s = &elf->segments[i];
    memcpy(flat->bytes + s->address, elf->image + s->offset, s->file_bytes);
    memset(flat->bytes + s->address + s->file_bytes, 0, s->memory_bytes - s->file_bytes);
    end = s->address + s->memory_bytes;
  }
  if (flat->brk > end) memset(flat->bytes + end, 0, flat->brk - end);
  flat->brk = (end + FRAME - 1) & ~(uint32_t)(FRAME - 1);
}

// argc, argv and a NULL, as the System V ABI has them. Returns the stack pointer.
static uint32_t push_arguments(struct flat* flat, int argc, const char* const* argv) {
  uint32_t words[16], top = STACK_TOP;
  if (argc > 14) die("too many arguments");
  words[0] = (uint32_t)argc;
  for (int i = 0; i < argc; i++) {
    top -= (uint32_t)strlen(argv[i]) + 1;
    strcpy((char*)flat->bytes + top, argv[i]);
    words[i + 1] = top;
  }
  words[argc + 1] = 0;
  top = (top & ~15u) - (uint32_t)sizeof words;
  memcpy(flat->bytes + top, words, sizeof words);
  return top;
}

static void serve(struct flat* flat, struct core_state* state) {
  uint32_t* reg = state->reg;
  switch (reg[CORE_EAX]) {
    case SYS_BRK:
      if (reg[CORE_EBX] >= flat->brk) flat->brk = reg[CORE_EBX];
      reg[CORE_EAX] = flat->brk;
      break;
    case SYS_WRITE:
      reg[CORE_EAX] = reg[CORE_EDX];
      break;
    default:
      reg[CORE_EAX] = 0;
  }
}

uint32_t flat_run(struct core* core, const struct elf* elf, int argc, const char* const* argv) {
  struct flat* flat = core->owner;
  load(flat, elf);
  core->state.eip = elf->entry;
  core->state.reg[CORE_ESP] = push_arguments(flat, argc, argv);
  for (;;) {
    struct core_stop stop = core_run(core, UINT64_MAX);
    if (stop.kind != CORE_STOP_CALL) die("the program stopped otherwise than by a call");
    uint32_t call = core->state.reg[CORE_EAX];
    if (call == SYS_EXIT || call == SYS_EXIT_GROUP) return core->state.reg[CORE_EBX];
    serve(flat, &core->state);
  }
}
