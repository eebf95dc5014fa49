// SPDX-License-Identifier: MIT
// static-array [COUNT]: memory sized when the program is compiled must be enough for the worst case (ledger A14): 64
// KiB, though most runs need 400 bytes. `dynamic` does the same work with memory that is asked for.
#include "numbers.h"

static int numbers[NUMBERS_WORST_CASE];

int main(int argc, char** argv) {
  int count = numbers_count(argc, argv);
  return count > 0 ? numbers_work(numbers, count) : 1;
}
