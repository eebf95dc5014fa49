// SPDX-License-Identifier: MIT
// null: reads through a null pointer (ledger A10). Must be stopped: nothing is mapped there, or a segment's rights
// forbid it; a machine without translation has memory at address 0 as well.
#include <stdio.h>

int main(void) {
  int* volatile pointer = NULL;
  printf("nothing stopped me: %d at address 0\n", *(volatile int*)pointer);
  return 1;
}
