// SPDX-License-Identifier: MIT
// divide: divides by zero (ledger A10). Must be stopped: #DE, which ends it with SIGFPE.
#include <stdio.h>

int main(void) {
  volatile int one = 1, zero = 0;
  printf("nothing stopped me: 1 / 0 = %d\n", one / zero);
  return 1;
}
