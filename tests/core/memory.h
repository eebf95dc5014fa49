// SPDX-License-Identifier: MIT
// A memory for a core in tests: 32-bit pages with rights, faults as an MMU would report them, and faults on purpose.
#ifndef PAGEWALK_TESTS_CORE_MEMORY_H
#define PAGEWALK_TESTS_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"

enum { MEMORY_PAGE = 4096, MEMORY_PAGES = 1 << 20, MEMORY_MAPPED_MAX = 4096 };
enum memory_right { MEMORY_PRESENT = 1, MEMORY_WRITE = 2, MEMORY_USER = 4, MEMORY_EXECUTE = 8 };
enum { MEMORY_ALL = MEMORY_PRESENT | MEMORY_WRITE | MEMORY_USER | MEMORY_EXECUTE };
enum memory_kind { MEMORY_LOAD, MEMORY_STORE, MEMORY_MODIFY, MEMORY_MODIFY_BACK, MEMORY_FETCH, MEMORY_KINDS };

struct memory {
  uint8_t* page[MEMORY_PAGES];  // or NULL: never mapped
  uint8_t rights[MEMORY_PAGES];
  uint32_t mapped[MEMORY_MAPPED_MAX];  // the pages that are there
  unsigned mapped_count;
  uint8_t code[32];  // of the last fetch, if it lies in two pages or at the end of one
  uint64_t references[MEMORY_KINDS];
  // Asked before each reference; false makes it a page fault. NULL: never.
  bool (*permit)(struct memory* memory, enum memory_kind kind, uint32_t offset, unsigned size);
  void* permit_ctx;
  bool bus_error;  // what `permit` refuses is a bus error instead
  struct core* core;
  // System operations: the last one, how many, and what is answered.
  struct core_system last;
  unsigned operations;
  bool refuse_system;  // #GP(0)
  bool blind;          // peek sees nothing
  // A segment with a limit, for tests of #GP and #SS: offsets beyond it fault. UINT32_MAX: none.
  enum core_segment limited;
  uint32_t limit;
};

// With a core connected to it. Both live until memory_destroy.
struct memory* memory_create(void);
void memory_destroy(struct memory* memory);

// Zeroed pages with these rights over [start, start + bytes); pages that exist keep their bytes.
void memory_map(struct memory* memory, uint32_t start, uint32_t bytes, unsigned rights);
// Past all rights; the pages exist.
void memory_write(struct memory* memory, uint32_t offset, const void* data, size_t bytes);
void memory_read(const struct memory* memory, uint32_t offset, void* data, size_t bytes);
// True if both have the same pages with the same bytes; else *offset is one that differs.
bool memory_equal(const struct memory* a, const struct memory* b, uint32_t* offset);

#endif
