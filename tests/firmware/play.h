// SPDX-License-Identifier: MIT
// Programs without a processor: a test plays the instructions of whichever process the kernel says runs, over the fake
// HAL's memory and its own check of segments.
#ifndef PAGEWALK_TESTS_FIRMWARE_PLAY_H
#define PAGEWALK_TESTS_FIRMWARE_PLAY_H

#include "firmware/fake_hal.h"
#include "kernel/kernel.h"

// Where a program's words are, by the linker's addresses; what an address leads to is checked by play_check_program.
enum { PLAY_TEXT = 0x1000, PLAY_DATA = 0x3000, PLAY_DATA_BYTES = 0x1800 };

// The calls that are played.
enum { PLAY_EXIT = 1, PLAY_FORK = 2, PLAY_TIME = 13, PLAY_KILL = 37, PLAY_BRK = 45, PLAY_YIELD = 158 };

enum { PLAY_PIDS = 4096 };

struct play {
  struct fake_hal fake;
  struct kernel* kernel;
  void* arena;
  struct kernel_context context;  // of the process that runs
  int pid;                        // it, or 0: all have ended
  uint32_t behind[PLAY_PIDS];     // EIP behind the call that each is in
};

// A kernel of that way of sharing, with programs number 0 and 1 (alike), number 2 (1 without relocation records) and
// number 3 (needs 48 KiB of data). quantum 0: a process runs until it waits.
void play_open(struct play* play, enum kernel_sharing sharing, uint64_t frames, uint64_t process_bytes,
               uint64_t blocks);
void play_close(struct play* play);

int play_start(struct play* play, unsigned program);

// Lets the kernel choose who runs, through all waiting. False: all have ended.
bool play_run(struct play* play);
// A system call of the process that runs; its result, if it runs on. Others may run then: see pid.
int32_t play_call(struct play* play, uint32_t number, uint32_t argument);
// Yields until that process runs.
void play_switch(struct play* play, int pid);
// The timer interrupts.
bool play_tick(struct play* play);

// References of the process that runs. False: it faulted, and was ended for it.
bool play_touch(struct play* play, uint32_t va, unsigned size, enum fake_kind kind, uint64_t* pa);
bool play_store(struct play* play, uint32_t va, uint32_t value);
bool play_load(struct play* play, uint32_t va, uint32_t* value);
// One that must not fault.
uint32_t play_word(struct play* play, uint32_t va);

// What it was started with: the addresses of code and data lead to each other, and to what the program holds.
void play_check_program(struct play* play, uint32_t entry);

const struct kernel_stats* play_stats(struct play* play);
bool play_process(struct play* play, int pid, struct kernel_process* process);

#endif
