// SPDX-License-Identifier: MIT
// Programs without a processor: a test plays the instructions of whichever process the kernel says runs, over the fake
// HAL's memory and its own check of segments.
#ifndef PAGEWALK_TESTS_FIRMWARE_SHARE_RIG_H
#define PAGEWALK_TESTS_FIRMWARE_SHARE_RIG_H

#include "fake_hal.h"
#include "kernel/kernel.h"

// Where a program's words are, by the linker's addresses; what an address leads to is checked by rig_check_program.
enum { RIG_TEXT = 0x1000, RIG_DATA = 0x3000, RIG_DATA_BYTES = 0x1800 };

// The calls that are played.
enum { RIG_EXIT = 1, RIG_FORK = 2, RIG_BRK = 45, RIG_YIELD = 158 };

struct share_rig {
  struct fake_hal fake;
  struct kernel* kernel;
  void* arena;
  struct kernel_context context;  // of the process that runs
  int pid;                        // it, or 0: all have ended
};

// A kernel of that way of sharing, with programs number 0 and 1 (alike), number 2 (1 without relocation records) and
// number 3 (needs 48 KiB of data). quantum 0: a process runs until it waits.
void rig_open(struct share_rig* rig, enum kernel_sharing sharing, uint64_t frames, uint64_t process_bytes,
              uint64_t blocks);
void rig_close(struct share_rig* rig);

int rig_start(struct share_rig* rig, unsigned program);

// Lets the kernel choose who runs, through all waiting. False: all have ended.
bool rig_run(struct share_rig* rig);
// A system call of the process that runs; its result, if it runs on. Others may run then: see pid.
int32_t rig_call(struct share_rig* rig, uint32_t number, uint32_t argument);
// Yields until that process runs.
void rig_switch(struct share_rig* rig, int pid);
// The timer interrupts.
bool rig_tick(struct share_rig* rig);

// References of the process that runs. False: it faulted, and was ended for it.
bool rig_touch(struct share_rig* rig, uint32_t va, unsigned size, enum fake_kind kind, uint64_t* pa);
bool rig_store(struct share_rig* rig, uint32_t va, uint32_t value);
bool rig_load(struct share_rig* rig, uint32_t va, uint32_t* value);
// One that must not fault.
uint32_t rig_word(struct share_rig* rig, uint32_t va);

// What it was started with: the addresses of code and data lead to each other, and to what the program holds.
void rig_check_program(struct share_rig* rig, uint32_t entry);

const struct kernel_stats* rig_stats(struct share_rig* rig);
bool rig_process(struct share_rig* rig, int pid, struct kernel_process* process);

#endif
