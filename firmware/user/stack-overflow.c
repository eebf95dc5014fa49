// SPDX-License-Identifier: MIT
// stack-overflow: calls itself without end (ledger A10, C15). Must be stopped: where the stack's limit is, not in
// somebody else's memory.
#include <stdio.h>

static volatile int forever = 1;

static int deeper(int depth) {
  volatile int locals[64];
  locals[depth % 64] = depth;
  if (!forever) return 0;
  return deeper(depth + 1) + locals[depth % 64];
}

int main(void) {
  printf("nothing stopped me: %d\n", deeper(0));
  return 1;
}
