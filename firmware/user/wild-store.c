// SPDX-License-Identifier: MIT
// wild-store TARGET [BYTES [VALUE]]: writes bytes at an address that it has no business with. With protection it is
// stopped; with static relocation or a mere base register it hits whoever lives there (ledger A3, A10; see `guard`).
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "wild-store: at which address? (wild-store TARGET [BYTES [VALUE]])\n");
    return 1;
  }
  unsigned long target = strtoul(argv[1], NULL, 0), bytes = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
  unsigned long value = argc > 3 ? strtoul(argv[3], NULL, 0) : 0xff;
  for (unsigned long i = 0; i < bytes; i++) ((volatile unsigned char*)target)[i] = (unsigned char)value;
  printf("nothing stopped me: %lu bytes at %08lx are %02lx now\n", bytes, target, value & 0xff);
  return 0;
}
