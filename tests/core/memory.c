// SPDX-License-Identifier: MIT
// The memory of the core's tests.
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { FAULT_P = 1, FAULT_W = 2, FAULT_U = 4, FAULT_FETCH = 16, ROOM = 16 };

static struct memory* of(struct core* core) { return core->owner; }

static bool refuse(struct core* core, uint32_t cr2, unsigned error) {
  core->fault = (struct core_fault){.vector = CORE_PF_FAULT, .error = error, .cr2 = cr2};
  return false;
}

static bool writes(enum memory_kind kind) {
  return kind == MEMORY_STORE || kind == MEMORY_MODIFY || kind == MEMORY_MODIFY_BACK;
}

// One part, within a page.
static bool check_part(struct core* core, enum memory_kind kind, uint32_t offset) {
  struct memory* memory = of(core);
  unsigned rights = memory->rights[offset / MEMORY_PAGE], user = core->state.cpl == 3;
  unsigned error = (writes(kind) ? FAULT_W : 0) | (user ? FAULT_U : 0) | (kind == MEMORY_FETCH ? FAULT_FETCH : 0);
  if (!(rights & MEMORY_PRESENT)) return refuse(core, offset, error);
  bool denied = (user && !(rights & MEMORY_USER)) || (writes(kind) && !(rights & MEMORY_WRITE)) ||
                (kind == MEMORY_FETCH && !(rights & MEMORY_EXECUTE));
  return !denied || refuse(core, offset, error | FAULT_P);
}

static unsigned first_part(uint32_t offset, unsigned size) {
  unsigned room = MEMORY_PAGE - offset % MEMORY_PAGE;
  return size < room ? size : room;
}

static bool check(struct core* core, enum memory_kind kind, enum core_segment segment, uint32_t offset, unsigned size) {
  struct memory* memory = of(core);
  bool code_is_not_writable = segment == CORE_CS && writes(kind);
  if (code_is_not_writable) {
    core->fault = (struct core_fault){.vector = CORE_GP};
    return false;
  }
  if (segment == memory->limited && (uint64_t)offset + size > (uint64_t)memory->limit + 1) {
    core->fault = (struct core_fault){.vector = CORE_GP};
    return false;
  }
  if (!check_part(core, kind, offset)) return false;
  unsigned first = first_part(offset, size);
  if (first < size && !check_part(core, kind, offset + first)) return false;
  if (memory->permit && !memory->permit(memory, kind, offset, size)) {
    if (!memory->bus_error) return refuse(core, offset, 0);
    core->fault = (struct core_fault){.vector = CORE_MC};
    return false;
  }
  memory->references[kind]++;
  return true;
}

void memory_write(struct memory* memory, uint32_t offset, const void* data, size_t bytes) {
  for (const uint8_t* from = data; bytes > 0;) {
    size_t part = first_part(offset, bytes < MEMORY_PAGE ? (unsigned)bytes : MEMORY_PAGE);
    memcpy(memory->page[offset / MEMORY_PAGE] + offset % MEMORY_PAGE, from, part);
    from += part, bytes -= part, offset += (uint32_t)part;
  }
}

void memory_read(const struct memory* memory, uint32_t offset, void* data, size_t bytes) {
  for (uint8_t* to = data; bytes > 0;) {
    size_t part = first_part(offset, bytes < MEMORY_PAGE ? (unsigned)bytes : MEMORY_PAGE);
    memcpy(to, memory->page[offset / MEMORY_PAGE] + offset % MEMORY_PAGE, part);
    to += part, bytes -= part, offset += (uint32_t)part;
  }
}

static unsigned bus_peek(struct core* core, uint32_t eip, uint8_t bytes[CORE_INSTRUCTION_BYTES]) {
  struct memory* memory = of(core);
  struct core_fault before = core->fault;
  unsigned count = 0;
  while (!memory->blind && count < CORE_INSTRUCTION_BYTES && check_part(core, MEMORY_FETCH, eip + count) &&
         !(memory->limited == CORE_CS && eip + count > memory->limit)) {
    memory_read(memory, eip + count, &bytes[count], 1);
    count++;
  }
  core->fault = before;
  return count;
}

static const uint8_t* bus_fetch(struct core* core, uint32_t eip, unsigned size) {
  struct memory* memory = of(core);
  if (!check(core, MEMORY_FETCH, CORE_CS, eip, size)) return NULL;
  uint32_t in_page = eip % MEMORY_PAGE;
  if (in_page <= MEMORY_PAGE - ROOM) return memory->page[eip / MEMORY_PAGE] + in_page;
  memory_read(memory, eip, memory->code, size);
  return memory->code;
}

static bool bus_load(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data) {
  if (!check(core, MEMORY_LOAD, segment, offset, size)) return false;
  memory_read(of(core), offset, data, size);
  return true;
}
static bool bus_store(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, const void* data) {
  if (!check(core, MEMORY_STORE, segment, offset, size)) return false;
  memory_write(of(core), offset, data, size);
  return true;
}
static bool bus_load_modify(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data) {
  if (!check(core, MEMORY_MODIFY, segment, offset, size)) return false;
  memory_read(of(core), offset, data, size);
  return true;
}
static bool bus_store_modify(struct core* core, enum core_segment segment, uint32_t offset, unsigned size,
                             const void* data) {
  if (!check(core, MEMORY_MODIFY_BACK, segment, offset, size)) return false;
  memory_write(of(core), offset, data, size);
  return true;
}

// Answers what it was asked last; a far transfer takes the privilege from the selector.
static bool bus_system(struct core* core, struct core_system* operation) {
  struct memory* memory = of(core);
  memory->operations++;
  bool no_such_segment = operation->op == CORE_LOAD_CS && (operation->value & ~3u) == 0;
  if (memory->refuse_system || no_such_segment) {
    core->fault = (struct core_fault){.vector = CORE_GP};
    return false;
  }
  if (operation->op == CORE_LOAD_CS) core->state.cpl = operation->value & 3;
  if (operation->op == CORE_READ_CR || operation->op == CORE_IN || operation->op == CORE_READ_TSC) {
    operation->value = 0x12345678 + operation->index;
    operation->high = 0x9abcdef0;
  }
  memory->last = *operation;
  return true;
}

static const struct core_bus bus = {
    .peek = bus_peek,
    .fetch = bus_fetch,
    .load = bus_load,
    .store = bus_store,
    .load_modify = bus_load_modify,
    .store_modify = bus_store_modify,
    .system = bus_system,
};

struct memory* memory_create(void) {
  struct memory* memory = calloc(1, sizeof *memory);
  if (!memory) abort();
  memory->limited = CORE_SEGMENTS;
  memory->core = core_create(&bus, memory);
  if (!memory->core) abort();
  return memory;
}

void memory_destroy(struct memory* memory) {
  for (unsigned i = 0; i < memory->mapped_count; i++) free(memory->page[memory->mapped[i]]);
  core_destroy(memory->core);
  free(memory);
}

static void add_page(struct memory* memory, uint32_t page) {
  memory->page[page] = calloc(1, MEMORY_PAGE);
  if (!memory->page[page] || memory->mapped_count == MEMORY_MAPPED_MAX) abort();
  memory->mapped[memory->mapped_count++] = page;
}

void memory_map(struct memory* memory, uint32_t start, uint32_t bytes, unsigned rights) {
  for (uint64_t at = start / MEMORY_PAGE * MEMORY_PAGE; at < (uint64_t)start + bytes; at += MEMORY_PAGE) {
    uint32_t page = (uint32_t)(at / MEMORY_PAGE);
    if (!memory->page[page]) add_page(memory, page);
    memory->rights[page] = (uint8_t)rights;
  }
}

bool memory_equal(const struct memory* a, const struct memory* b, uint32_t* offset) {
  for (unsigned i = 0; i < a->mapped_count; i++) {
    uint32_t page = a->mapped[i];
    *offset = page * MEMORY_PAGE;
    if (!b->page[page]) return false;
    for (unsigned byte = 0; byte < MEMORY_PAGE; byte++, ++*offset)
      if (a->page[page][byte] != b->page[page][byte]) return false;
  }
  return a->mapped_count == b->mapped_count;
}
