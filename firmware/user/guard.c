// SPDX-License-Identifier: MIT
// guard [ROUNDS]: watches 4 KiB of its own data while others run, and tells if anybody changed them. With static
// relocation or a mere base register a wild store of another process does (ledger A3); with protection none can (A10).
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 4096, PATTERN = 0x5a };

static unsigned char watched[BYTES];

int main(int argc, char** argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 20;
  memset(watched, PATTERN, sizeof watched);
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < BYTES; i++) {
      if (watched[i] == PATTERN) continue;
      printf("somebody wrote %02x into byte %d of my data\n", watched[i], i);
      return 1;
    }
    sched_yield();
  }
  printf("nobody touched my data\n");
  return 0;
}
