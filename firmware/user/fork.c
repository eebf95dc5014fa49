// SPDX-License-Identifier: MIT
// fork: the demo of note 001, as it stands there (ledger C13): which values of x are printed, which addresses? Parent
// and child print the same address, each its own value.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  int x = 0;
  pid_t pid = fork();
  if (pid < 0) return 1; /* fork error */
  if (pid > 0) {
    x++;
    printf("[Parent] x: %d (%p)\n", x, (void*)&x);
  } else {
    printf("[Child] x: %d (%p)\n", x, (void*)&x);
  }
  return 0;
}
