// SPDX-License-Identifier: MIT
// native FILE: executes the cases of a file (native.h) on the processor and writes the results into it. A 32-bit
// program. Each case begins when the signal handler returns into it with its registers, and ends with a signal: a fault
// of its own, or the INT3 behind it.
#include "native.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)  // Linux 4.7; not in every C library's headers
#endif

enum { FIXED_AND_IF = 0x202, PAGE_FAULT = 14 };

// The handler has no other way to its state.
static struct native_file* file;
static uint32_t current;
static int handler_running;

static const int registers[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};

static void die(const char* what) {
  perror(what);
  _exit(1);
}

static void* pointer(uint32_t address) { return (void*)address; }

static uint32_t code_bytes(const struct native_case* c) {
  uint32_t room = NATIVE_CODE + NATIVE_CODE_BYTES - c->eip;
  return room < sizeof c->code ? room : sizeof c->code;
}

static void begin(greg_t* gregs) {
  const struct native_case* c = &file->cases[current];
  memcpy(pointer(c->poke_at), c->poke, c->poke_bytes);
  memcpy(pointer(c->eip), c->code, code_bytes(c));
  for (int i = 0; i < 8; i++) gregs[registers[i]] = (greg_t)c->reg[i];
  gregs[REG_EIP] = (greg_t)c->eip;
  gregs[REG_EFL] = (greg_t)(c->eflags | FIXED_AND_IF);
}

static void finish(const ucontext_t* context) {
  const greg_t* gregs = context->uc_mcontext.gregs;
  struct native_case* c = &file->cases[current];
  for (int i = 0; i < 8; i++) c->after[i] = (uint32_t)gregs[registers[i]];
  c->after_eip = (uint32_t)gregs[REG_EIP];
  c->after_eflags = (uint32_t)gregs[REG_EFL];
  c->vector = (uint32_t)gregs[REG_TRAPNO];
  c->error = (uint32_t)gregs[REG_ERR];
  c->cr2 = c->vector == PAGE_FAULT ? (uint32_t)context->uc_mcontext.cr2 : 0;
  memcpy(c->window, pointer(NATIVE_WINDOW), NATIVE_WINDOW_BYTES);
  memcpy(c->window + NATIVE_WINDOW_BYTES, pointer(NATIVE_EDGE), NATIVE_EDGE_BYTES);
  memset(pointer(c->eip), NATIVE_INT3, code_bytes(c));
}

static void on_signal(int number, siginfo_t* info, void* context_pointer) {
  (void)number, (void)info;
  ucontext_t* context = context_pointer;
  if (handler_running) _exit(3);
  handler_running = 1;
  if (current != UINT32_MAX) finish(context);
  if (++current == file->count) _exit(0);
  begin(context->uc_mcontext.gregs);
  context->uc_mcontext.gregs[REG_DS] = context->uc_mcontext.gregs[REG_ES] = NATIVE_DS;
  handler_running = 0;
}

static void map(uint32_t address, uint32_t bytes, int protection) {
  void* place = mmap(pointer(address), bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (place != pointer(address)) die("native: mmap");
}

static void map_all(void) {
  volatile uint8_t* read_only = pointer(NATIVE_READ_ONLY);
  map(NATIVE_BEGIN, NATIVE_DATA - NATIVE_BEGIN, PROT_NONE);
  map(NATIVE_DATA, NATIVE_DATA_BYTES, PROT_READ | PROT_WRITE);
  map(NATIVE_HOLE, NATIVE_READ_ONLY - NATIVE_HOLE, PROT_NONE);
  map(NATIVE_READ_ONLY, 0x1000, PROT_READ);
  map(NATIVE_READ_ONLY + 0x1000, NATIVE_END - NATIVE_READ_ONLY - 0x1000, PROT_NONE);
  map(NATIVE_CODE, NATIVE_CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
  map(NATIVE_CODE + NATIVE_CODE_BYTES, 0x10000, PROT_NONE);
  (void)*read_only;  // so that it is present
  for (uint32_t i = 0; i < NATIVE_DATA_BYTES; i++) ((uint8_t*)pointer(NATIVE_DATA))[i] = native_byte(file->seed, i);
  memset(pointer(NATIVE_CODE), NATIVE_INT3, NATIVE_CODE_BYTES);
}

static void catch_all(void) {
  static uint8_t stack[65536];
  static const int signals[] = {SIGSEGV, SIGTRAP, SIGILL, SIGFPE, SIGBUS};
  // Not even a case whose ESP happens to lie in this stack is taken for a handler that runs on it.
  stack_t place = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = (int)SS_AUTODISARM};
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  if (sigaltstack(&place, NULL) != 0) die("native: sigaltstack");
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int fd = open(argv[1], O_RDWR);
  off_t bytes = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
  if (bytes <= 0) die(argv[1]);
  file = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (file == MAP_FAILED) die(argv[1]);
  map_all();
  catch_all();
  current = UINT32_MAX;
  __asm__ volatile("int3");
  return 4;
}
