// SPDX-License-Identifier: MIT
// Programs without a processor: each is a list of steps that this runner takes as a processor would take instructions,
// with every reference through the fake's MMU, and traps into the kernel. EIP counts the steps, two bytes each.
#ifndef PAGEWALK_TESTS_FIRMWARE_RUN_H
#define PAGEWALK_TESTS_FIRMWARE_RUN_H

#include "firmware/fake_hal.h"

enum {
  RUN_TEXT = 0x1000,    // code: the steps begin here; two pages
  RUN_RODATA = 0x2800,  // in it: bytes with runner_byte(address)
  RUN_DATA = 0x4000,    // data: one page and a half with runner_byte(address), then two pages of zeros
  RUN_DATA_FILE = 0x1800,
  RUN_DATA_BYTES = 0x3800,
  RUN_HEAP = 0x8000,  // where the heap begins
  RUN_LOG = 4096
};

enum runner_op {
  RUN_CALL,   // system call a with arguments b, c, d
  RUN_STORE,  // the 4 bytes at a := b
  RUN_KEEP,   // the 4 bytes at a := EAX
  RUN_CHECK,  // the 4 bytes at a must be b
  RUN_SAME,   // the 4 bytes at a must be the pid
  RUN_EAX,    // EAX must be a
  RUN_FETCH,  // jumps to a: a fetch from there
  RUN_SPIN,   // a cycles pass
  RUN_GO,     // the next step is number a
  RUN_ZERO,   // the same, if EAX is 0
  RUN_STACK,  // ESP := a
  RUN_RAISE,  // exception a with error code b
  RUN_LOGS,   // a goes to the log
  RUN_EXIT    // exit(a)
};
struct runner_step {
  enum runner_op op;
  uint32_t of[4];  // a, b, c, d
};

struct runner {
  struct fake_hal fake;
  struct kernel* kernel;
  void* arena;
  struct kernel_params params;
  struct kernel_program programs[8];
  struct kernel_segment segments[8][2];
  const struct runner_step* steps[8];
  uint8_t* image;  // the file of all of them: byte a - RUN_TEXT of it is at address a; runner_byte(a) at first
  enum kernel_next next;
  struct kernel_context context;
  uint64_t taken, idles;  // steps; times that nobody could run
  uint64_t announced;     // the last transfer of whose end the disk has told
  struct {
    int pid;
    uint32_t what;
    uint64_t cycle;
  } log[RUN_LOG];
  unsigned logged;
};

// What the file of every program holds at an address.
uint8_t runner_byte(uint32_t address);
uint32_t runner_word(uint32_t address);

// Boots a kernel. Programs are named "a", "b", ... in the order of the lists, NULL ends them. What is 0 in params gets
// a default: 32-bit paging, 256 frames, 64 blocks.
void runner_boot(struct runner* runner, const struct kernel_params* params, const struct runner_step* const* steps);

// Starts a program with one argument, its name. Returns its pid.
int runner_start(struct runner* runner, unsigned program);

// Runs until no process is left.
void runner_run(struct runner* runner);
// Runs until so many steps have been taken, of all processes together, or no process is left.
void runner_run_steps(struct runner* runner, uint64_t steps);

// All processes have ended: whatever they had is free again. Destroys everything.
void runner_end(struct runner* runner);
// Destroys everything, in the midst of a run.
void runner_destroy(struct runner* runner);

struct kernel_stats runner_stats(const struct runner* runner);
// The 4 bytes at an address of a process, past the MMU; fails if no page is there.
uint32_t runner_peek(const struct runner* runner, int pid, uint32_t va);

// The log must be these (pid, what), in this order; pid 0 ends the list.
void runner_expect_log(const struct runner* runner, const uint32_t (*expected)[2]);
// How the process with this pid ended, from the notes; fails if it did not.
int runner_status(const struct runner* runner, int pid);

#endif
