// SPDX-License-Identifier: MIT
// The i386 core alone: memory is one flat 4 GiB of the host, no MMU, no faults, no kernel; every fetch, load and store
// still goes through the bus. For the programs that measure speed.
#ifndef PAGEWALK_BENCH_FLAT_H
#define PAGEWALK_BENCH_FLAT_H

#include <stdint.h>

#include "core/core.h"
#include "core/elf.h"

struct flat {
  uint8_t* bytes;
  uint64_t references;
  uint32_t brk;  // the end of the heap
};

// Ends the program with a message if the host has no such address space.
void flat_open(struct flat* flat);

// Puts the program into the memory and runs it from its start with these arguments to its exit: of system calls only
// exit and brk do anything. Returns its exit status.
uint32_t flat_run(struct core* core, const struct elf* elf, int argc, const char* const* argv);

extern const struct core_bus flat_bus;

// CPU time of this process.
double cpu_seconds(void);

_Noreturn void die(const char* text);

#endif
