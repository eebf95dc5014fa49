// SPDX-License-Identifier: MIT
// The operating system, as the machine sees it: boot, processes and their memory, traps, statistics.
//
// No globals: everything hangs off struct kernel, which lives in memory that the machine hands over, so that several
// kernels run at once. Calls return 0 or a negative POSIX errno value (kernel/errno.h).
#ifndef PAGEWALK_FIRMWARE_KERNEL_KERNEL_H
#define PAGEWALK_FIRMWARE_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/hal.h"

struct kernel;

enum kernel_paging { KERNEL_PAGING_32BIT, KERNEL_PAGING_PAE, KERNEL_PAGING_4LEVEL, KERNEL_PAGING_5LEVEL };

// How programs share the memory (docs/programs.md). All but KERNEL_SHARE_PAGING leave paging off.
enum kernel_sharing {
  KERNEL_SHARE_PAGING,
  KERNEL_SHARE_ALONE,     // uniprogramming: one process in memory, at the address it was linked for, until it ends
  KERNEL_SHARE_IMAGES,    // time sharing: one process in memory; a switch writes its image to disk and reads another
  KERNEL_SHARE_STATIC,    // static relocation: addresses are rewritten when the image is loaded; no protection
  KERNEL_SHARE_BASE,      // a base register is added to every address; no protection
  KERNEL_SHARE_BOUNDS,    // base and bounds
  KERNEL_SHARE_SEGMENTS,  // code, heap and stack each with base and limit
  KERNEL_SHARINGS
};
extern const char* const kernel_sharing_names[KERNEL_SHARINGS];  // "paging", "alone", "images", "static", "base",
                                                                 // "bounds", "segments"

// What a change of address space does to the TLB.
enum kernel_tagging {
  KERNEL_TAG_GLOBAL,  // CR3 is loaded: all goes but global pages (all, if the processor has none)
  KERNEL_TAG_FLUSH,   // the kernel's pages are not marked global: all goes
  KERNEL_TAG_PCID     // address spaces are tagged: nothing goes (4- and 5-level paging)
};

struct kernel_params {
  enum kernel_paging paging;
  enum kernel_sharing sharing;
  enum kernel_tagging tagging;
  const struct kernel_program* programs;  // [program_count] that can be run; they live as long as the kernel
  unsigned program_count;
  uint64_t quantum;        // cycles that a program runs before the next one's turn; 0: until it waits
  uint64_t mhz;            // of the clock, for programs that ask for the time; 0: 1000
  uint64_t process_bytes;  // without paging: of the memory of one process, heap and stack included
  unsigned maxphyaddr;     // bits
  bool global_pages;       // the processor has them: CR4.PGE can be set
  uint64_t frames;         // frames of RAM, from physical address 0; those that the mode can reach belong to the kernel
  uint64_t swap_blocks;    // pages on the swap disk: blocks 1..swap_blocks, at most KERNEL_SWAP_BLOCKS_MAX are used
  uint64_t work;           // cycles of handler work per fault or call
};

enum { KERNEL_SWAP_BLOCKS_MAX = (1 << 20) - 1 };  // a block's number must fit where an entry keeps its frame

// The smallest number of frames with which a kernel of these parameters boots and runs one small process.
uint64_t kernel_frames_needed(const struct kernel_params* params);

// Bytes of host memory that kernel_boot needs (frame descriptors, VMAs, process table).
size_t kernel_arena_bytes(const struct kernel_params* params);

// Builds the kernel's page tables with paging off, turns paging on, and is then ready for processes. `arena` is zeroed
// memory of kernel_arena_bytes(). NULL if it can't, after a HAL_NOTE_PANIC that says why.
struct kernel* kernel_boot(void* arena, size_t bytes, struct hal* hal, const struct kernel_params* params);

// --- processes -------------------------------------------------------------------------------------------------------

enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };

// First address that user space may not use.
uint64_t kernel_user_end(const struct kernel* kernel);

// An empty address space. Returns its pid (> 0) or a negative errno value.
int kernel_spawn(struct kernel* kernel);

// Adds a VMA of anonymous memory: [start, end), both multiples of 4096. Nothing is mapped, nothing allocated
// (laziness). Neighbours of equal protection merge. -EINVAL, -ENOMEM, -EEXIST if it overlaps.
int kernel_map(struct kernel* kernel, int pid, uint64_t start, uint64_t end, unsigned prot);

// Maps a zeroed frame for every page of every VMA now (eager paging). -ENOMEM when frames run out.
int kernel_populate(struct kernel* kernel, int pid);

// Makes this the process whose address space is loaded.
int kernel_switch(struct kernel* kernel, int pid);

// The pid of the process whose address space is loaded, or 0.
int kernel_current(const struct kernel* kernel);

// Ends it: every frame, table and swap block comes back.
void kernel_exit(struct kernel* kernel, int pid);

// --- traps -----------------------------------------------------------------------------------------------------------

enum kernel_action {
  KERNEL_RESUME,  // restart the reference
  KERNEL_WAIT,    // the process waits for the disk: call kernel_poll when time has passed
  KERNEL_KILLED   // the process is gone; the reason went out as a note and is in *report
};

enum kernel_cause {
  KERNEL_CAUSE_DENIED,     // it has no right to the access
  KERNEL_CAUSE_NO_MEMORY,  // no frame could be had
  KERNEL_CAUSE_DAMAGE      // the disk gave back something else
};
struct kernel_kill {  // why a process was killed
  int pid;
  enum kernel_cause cause;
  uint64_t cr2;
  unsigned error;    // page-fault error code
  char reason[160];  // one sentence
};

// A page fault of the current process: the six steps.
enum kernel_action kernel_page_fault(struct kernel* kernel, uint64_t cr2, unsigned error, struct kernel_kill* kill);

// The current process waited for the disk. Takes up its fault again, from the start, when the disk is done.
enum kernel_action kernel_poll(struct kernel* kernel, struct kernel_kill* kill);

// --- programs --------------------------------------------------------------------------------------------------------
// A process that is a program has registers as well as an address space. The machine runs it until something stops it,
// and then asks the kernel what to do: kernel_trap. System calls are those of Linux for i386 (INT 80: number in EAX,
// arguments in EBX, ECX, EDX, ESI, EDI; result in EAX, errors negative), as many as docs/programs.md lists.

// Registers in the order of their numbers in machine code (SDM vol. 2A, 2.1.5).
enum kernel_register {
  KERNEL_EAX,
  KERNEL_ECX,
  KERNEL_EDX,
  KERNEL_EBX,
  KERNEL_ESP,
  KERNEL_EBP,
  KERNEL_ESI,
  KERNEL_EDI,
  KERNEL_REGISTERS
};
struct kernel_context {
  uint32_t reg[KERNEL_REGISTERS];
  uint32_t eip, eflags;
  uint32_t segments;  // what the program has loaded into data segment registers: the machine's own; 0 at the start
};

// An executable, as a linker made it. The bytes live outside of the simulated memory, as a boot image's would.
struct kernel_segment {
  uint32_t address, memory_bytes;  // no two share a page
  uint32_t file_bytes;             // the rest is zero
  const uint8_t* bytes;            // [file_bytes]
  unsigned prot;
};
struct kernel_program {
  const char* name;
  uint32_t entry;
  unsigned segment_count;
  const struct kernel_segment* segments;  // in address order
  bool relocatable;                       // the linker kept its relocation records
  unsigned relocation_count;
  const uint32_t* relocations;  // addresses of words that hold absolute addresses
};

enum { KERNEL_ARGUMENTS_MAX = 64, KERNEL_ARGUMENT_BYTES_MAX = 4096 };  // of argv, terminating zeros included

// Makes a process of program number `program` with these arguments, ready to run. argv[0..argc). Returns its pid, or
// -E2BIG, -ENOMEM (it will never fit), -EAGAIN (no process slot), -ENOEXEC (this way of sharing can't place it).
int kernel_start(struct kernel* kernel, unsigned program, int argc, const char* const* argv);

enum kernel_trap_kind {
  KERNEL_TRAP_START,      // no program has run yet, or all wait: is there one to run now?
  KERNEL_TRAP_CALL,       // INT 80
  KERNEL_TRAP_EXCEPTION,  // vector, error, cr2
  KERNEL_TRAP_INTERRUPT   // the timer or the disk
};
struct kernel_trap {
  enum kernel_trap_kind kind;
  uint8_t vector;  // of the exception (SDM vol. 3A, 6.15)
  uint32_t error;
  uint64_t cr2;    // of #PF; of a segment violation (#GP, #SS) or a bus error (#MC) the program's address, else 0
  uint32_t start;  // EIP of the instruction that trapped: where a call is started over
};

enum kernel_next {
  KERNEL_RUN,   // *context belongs to the process to run; its address space is loaded
  KERNEL_IDLE,  // all wait: let time pass until the disk or the timer interrupts, then KERNEL_TRAP_START
  KERNEL_DONE   // no process is left (or the kernel panicked)
};

// Enters the kernel. *context: in, the registers of the process that was running (ignored by KERNEL_TRAP_START); out,
// on KERNEL_RUN, those of the process to run.
enum kernel_next kernel_trap(struct kernel* kernel, const struct kernel_trap* trap, struct kernel_context* context);

enum kernel_state { KERNEL_READY, KERNEL_RUNNING, KERNEL_BLOCKED, KERNEL_ZOMBIE };

// What is known of a process: for `show top`.
struct kernel_process {
  int pid, parent;
  char name[32];
  enum kernel_state state;
  uint64_t cycles;             // that it ran in user mode, up to now
  uint64_t faults, calls;      // page faults, system calls
  uint64_t switches;           // times that the processor came to it
  uint64_t bytes;              // of memory that it has a right to
  uint64_t resident, swapped;  // pages (of images: in memory or not)
};
void kernel_processes(const struct kernel* kernel, void (*visit)(void* ctx, const struct kernel_process* process),
                      void* ctx);

// How a program ended. Kept for processes that nobody waits for, too.
struct kernel_end {
  int pid;
  char name[32];
  bool signalled;
  int code;        // exit status 0..255, or the signal: 4 SIGILL, 5 SIGTRAP, 7 SIGBUS, 8 SIGFPE, 9 SIGKILL, 11 SIGSEGV
  uint8_t vector;  // of the exception behind the signal
  uint32_t error, eip;
  uint64_t cr2;
  struct kernel_context context;
  char reason[160];  // one sentence about "it": the name is not in it
};
// How the first program that was started ended. False: it has not.
bool kernel_first_end(const struct kernel* kernel, struct kernel_end* end);

// --- figures ---------------------------------------------------------------------------------------------------------

struct kernel_stats {
  uint64_t faults_minor;                     // served without reading the disk
  uint64_t faults_major;                     // waited for a disk read
  uint64_t faults_protection;                // present page, illegal access
  uint64_t zero_fills, swap_ins, swap_outs;  // swap_outs = pages written to disk
  uint64_t program_fills;                    // pages brought from programs' files
  uint64_t evictions;                        // pages thrown out, clean or dirty
  uint64_t evictions_clean;
  uint64_t invlpgs, invpcids;
  uint64_t checksum_errors;  // pages that came back different from how they left
  uint64_t frames_total, frames_free, frames_kernel, frames_tables,
      frames_process;  // now; the last four add up to the first
  uint64_t frames_process_peak;
  uint64_t swap_used;    // blocks, now
  uint64_t window_maps;  // temporary mappings made for frames beyond the direct map
  // Programs.
  uint64_t calls, switches, interrupts;
  uint64_t switch_cycles;                   // spent in changes of address space: registers, images, control registers
  uint64_t images_out, images_in;           // whole images written to and read from disk
  uint64_t image_moves;                     // pieces of images moved in memory: to close up holes, or to grow
  uint64_t placements_failed;               // that found no hole, though there was as much free memory in all
  uint64_t internal_bytes, external_bytes;  // without paging, now: given to processes but unused; free, but in holes
  uint64_t holes, largest_hole;             // now; bytes
};
void kernel_stats(const struct kernel* kernel, struct kernel_stats* stats);

// Visits the VMAs of a process in address order.
struct kernel_vma {
  uint64_t start, end;  // end is one past the last byte
  unsigned prot;
  uint64_t resident;  // pages present now
  uint64_t swapped;   // pages on disk now
  const char* what;   // "code", "data" (of a program), "heap", "stack"; "": nothing is known
};
void kernel_vmas(const struct kernel* kernel, int pid, void (*visit)(void* ctx, const struct kernel_vma* vma),
                 void* ctx);

// Walks the tables as the kernel keeps them (no MMU access): the physical address of a user page, or false if not
// mapped.
bool kernel_translate(const struct kernel* kernel, int pid, uint64_t va, uint64_t* pa);

#endif
