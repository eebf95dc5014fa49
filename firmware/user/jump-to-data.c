// SPDX-License-Identifier: MIT
// jump-to-data: calls instructions that lie in its data (ledger A10). Stopped where data may not be executed: by the NX
// bit of PAE and later modes, or by segments. Two-level paging can't.
#include <stdio.h>

static unsigned char instructions[] = {0xb8, 2, 0, 0, 0, 0xc3};  // movl $2, %eax; ret

int main(void) {
  // The page must be there, so that it is the right to execute that is missing.
  if (*(volatile unsigned char*)instructions != 0xb8) return 1;
  int (*function)(void) = (int (*)(void))(void*)instructions;
  __asm__ volatile("" : "+r"(function));
  printf("nothing stopped me: data answered %d\n", function());
  return 1;
}
