// SPDX-License-Identifier: MIT
// recurse [DEPTH]: calls itself DEPTH times (up to 65535), with an array in each frame that must be as it was when the
// call returns. The stack needs about 100 bytes a call, so it grows (ledger C15, E10) or must have been given enough.
#include <stdio.h>
#include <stdlib.h>

enum { LOCALS = 16 };

// The sum of 1 .. depth; -1 if a frame was damaged.
static int sum(int depth) {
  volatile int locals[LOCALS];
  if (depth == 0) return 0;
  for (int i = 0; i < LOCALS; i++) locals[i] = depth + i;
  int below = sum(depth - 1);
  for (int i = 0; i < LOCALS; i++)
    if (locals[i] != depth + i) return -1;
  return below < 0 ? -1 : below + depth;
}

int main(int argc, char** argv) {
  int depth = argc > 1 ? atoi(argv[1]) : 100, result = sum(depth);
  printf("the sum of 1 to %d is %d\n", depth, result);
  if (result == (long long)depth * (depth + 1) / 2) return 0;
  fprintf(stderr, "recurse: that is wrong\n");
  return 1;
}
