// SPDX-License-Identifier: MIT
// child [STATUS]: ends with this exit status. What `parent` executes (ledger C30).
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  int status = argc > 1 ? atoi(argv[1]) : 0;
  printf("child: ending with status %d\n", status);
  return status;
}
