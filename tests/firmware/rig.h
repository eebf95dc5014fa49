// SPDX-License-Identifier: MIT
// Programs without a processor: each is a list of steps that this rig takes as a processor would take instructions,
// with every reference through the fake's MMU, and traps into the kernel. EIP counts the steps, two bytes each.
#ifndef PAGEWALK_TESTS_FIRMWARE_RIG_H
#define PAGEWALK_TESTS_FIRMWARE_RIG_H

#include "firmware/fake_hal.h"

enum {
  RIG_TEXT = 0x1000,    // code: the steps begin here; two pages
  RIG_RODATA = 0x2800,  // in it: bytes with rig_byte(address)
  RIG_DATA = 0x4000,    // data: one page and a half with rig_byte(address), then two pages of zeros
  RIG_DATA_FILE = 0x1800,
  RIG_DATA_BYTES = 0x3800,
  RIG_HEAP = 0x8000,  // where the heap begins
  RIG_LOG = 4096
};

enum rig_op {
  RIG_CALL,   // system call a with arguments b, c, d
  RIG_STORE,  // the 4 bytes at a := b
  RIG_KEEP,   // the 4 bytes at a := EAX
  RIG_CHECK,  // the 4 bytes at a must be b
  RIG_EAX,    // EAX must be a
  RIG_FETCH,  // jumps to a: a fetch from there
  RIG_SPIN,   // a cycles pass
  RIG_GO,     // the next step is number a
  RIG_ZERO,   // the same, if EAX is 0
  RIG_STACK,  // ESP := a
  RIG_RAISE,  // exception a with error code b
  RIG_LOGS,   // a goes to the log
  RIG_EXIT    // exit(a)
};
struct rig_step {
  enum rig_op op;
  uint32_t of[4];  // a, b, c, d
};

struct rig {
  struct fake_hal fake;
  struct kernel* kernel;
  void* arena;
  struct kernel_params params;
  struct kernel_program programs[8];
  struct kernel_segment segments[8][2];
  const struct rig_step* steps[8];
  uint8_t* image;
  enum kernel_next next;
  struct kernel_context context;
  uint64_t taken;  // steps
  struct {
    int pid;
    uint32_t what;
    uint64_t cycle;
  } log[RIG_LOG];
  unsigned logged;
};

// What the file of every program holds at an address.
uint8_t rig_byte(uint32_t address);
uint32_t rig_word(uint32_t address);

// Boots a kernel. Programs are named "a", "b", ... in the order of the lists, NULL ends them. What is 0 in params gets
// a default: 32-bit paging, 256 frames, 64 blocks.
void rig_boot(struct rig* rig, const struct kernel_params* params, const struct rig_step* const* steps);

// Starts a program with one argument, its name. Returns its pid.
int rig_start(struct rig* rig, unsigned program);

// Runs until no process is left.
void rig_run(struct rig* rig);
// Runs until so many steps have been taken, of all processes together, or no process is left.
void rig_run_steps(struct rig* rig, uint64_t steps);

// All processes have ended: whatever they had is free again. Destroys everything.
void rig_end(struct rig* rig);

struct kernel_stats rig_stats(const struct rig* rig);
// The log must be these (pid, what), in this order; pid 0 ends the list.
void rig_expect_log(const struct rig* rig, const uint32_t (*expected)[2]);
// How the process with this pid ended, from the notes; fails if it did not.
int rig_status(const struct rig* rig, int pid);

#endif
