// SPDX-License-Identifier: MIT
// What a program tried that only the kernel may do. For reports: the instruction is read past the MMU.
#include "kernel/mm/mmu.h"
#include "kernel/proc/program.h"
#include "kernel/state.h"
#include "lib/text.h"

enum { BYTES = 15 };  // of the longest instruction

static unsigned read_code(const struct kernel* kernel, const struct process* process, uint8_t bytes[BYTES]) {
  uint64_t pa;
  for (unsigned i = 0; i < BYTES; i++) {
    uint32_t va = process->trap.start + i;
    if (!kernel->space->translate || !kernel->space->translate(kernel, process, va, &pa)) return i;
    bytes[i] = (uint8_t)hal_peek(kernel->hal, pa, 1);
  }
  return BYTES;
}

static bool is_prefix(uint8_t byte) {
  return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || byte == 0x36 ||
         byte == 0x3e || byte == 0x26 || byte == 0x64 || byte == 0x65;
}

// Instructions that are privileged whatever their operands, of one byte (SDM vol. 3A, 5.9; the I/O ones: vol. 1, 19.5).
static const char* of_one_byte(uint8_t code) {
  if ((code & 0xfc) == 0xe4 || (code & 0xfc) == 0xec || (code & 0xfc) == 0x6c) return "to use an I/O port";
  if (code == 0xf4) return "to halt the processor (HLT)";
  if (code == 0xfa || code == 0xfb) return "to switch interrupts off or on (CLI, STI)";
  return NULL;
}

// Of two bytes, the first being 0F; `operand`: the third.
static const char* of_two_bytes(uint8_t code, uint8_t operand) {
  static const char* const written[] = {"to write CR0", NULL, "to write CR2", "to write CR3", "to write CR4"};
  unsigned reg = operand >> 3 & 7;
  switch (code) {
    case 0x00:
      return reg == 2 || reg == 3 ? "to load LDTR or TR" : NULL;
    case 0x01:
      if (reg == 7) return "to invalidate a TLB entry (INVLPG)";
      return reg == 2 || reg == 3 ? "to load GDTR or IDTR" : reg == 6 ? "to write CR0 (LMSW)" : NULL;
    case 0x06:
      return "to write CR0 (CLTS)";
    case 0x08:
    case 0x09:
      return "to empty the caches";
    case 0x20:
      return "to read a control register";
    case 0x22:
      return reg < 5 && written[reg] ? written[reg] : "to write a control register";
    case 0x21:
    case 0x23:
      return "to use a debug register";
    case 0x30:
    case 0x32:
      return "to use a model-specific register";
    default:
      return NULL;
  }
}

static const char* privileged(const uint8_t* bytes, unsigned count) {
  unsigned i = 0;
  while (i < count && is_prefix(bytes[i])) i++;
  if (i == count) return NULL;
  if (bytes[i] != 0x0f) return of_one_byte(bytes[i]);
  return i + 2 < count ? of_two_bytes(bytes[i + 1], bytes[i + 2]) : NULL;
}

bool explain_privilege(struct kernel* kernel, const struct process* process, struct kernel_end* end) {
  uint32_t error = process->trap.error;
  struct text reason = text_in(end->reason, sizeof end->reason);
  if (error & 2) {  // the index of a gate of the IDT
    text_add(&reason, "it called interrupt ");
    text_add_number(&reason, error >> 3);
    text_add(&reason, ", but system calls are interrupt 128 (#GP)");
    return true;
  }
  if (error) {  // a selector
    text_add(&reason, "it tried to load a segment register with selector ");
    text_add_hex(&reason, error);
    text_add(&reason, ", which is not its own (#GP)");
    return true;
  }
  uint8_t bytes[BYTES];
  const char* what = privileged(bytes, read_code(kernel, process, bytes));
  if (!what) return false;
  text_add(&reason, "it tried ");
  text_add(&reason, what);
  text_add(&reason, ", which only the kernel may (#GP)");
  return true;
}
