// SPDX-License-Identifier: MIT
// load-segment [SELECTOR]: loads DS with a selector that belongs to the kernel (ledger A7). Must be stopped: #GP.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  unsigned selector = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 0x10;
  __asm__ volatile("movw %w0, %%ds" : : "r"(selector));
  printf("nothing stopped me: DS is %x\n", selector);
  return 1;
}
