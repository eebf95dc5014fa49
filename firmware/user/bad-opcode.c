// SPDX-License-Identifier: MIT
// bad-opcode: executes bytes that are no instruction (ledger A10). Must be stopped: #UD, which ends it with SIGILL.
#include <stdio.h>

int main(void) {
  __asm__ volatile("ud2");
  printf("nothing stopped me\n");
  return 1;
}
