// SPDX-License-Identifier: MIT
// load-cr3: gives itself another address space (ledger A7). Must be stopped: #GP. `privileged` tries the rest.
#include <stdio.h>

int main(void) {
  __asm__ volatile("movl %0, %%cr3" : : "r"(0));
  printf("nothing stopped me\n");
  return 1;
}
