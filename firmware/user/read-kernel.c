// SPDX-License-Identifier: MIT
// read-kernel [ADDRESS]: reads a word of the kernel's memory (ledger A10, A11). Must be stopped: page fault, user read;
// or beyond the limit of its segment.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  unsigned long address = argc > 1 ? strtoul(argv[1], NULL, 0) : 0xc0000000;
  unsigned value = *(volatile unsigned*)address;
  printf("nothing stopped me: %08x at %08lx\n", value, address);
  return 1;
}
