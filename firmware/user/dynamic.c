// SPDX-License-Identifier: MIT
// dynamic [COUNT]: memory is asked for when it is known how much is needed (ledger A14). Compare with `static-array`,
// which does the same work with memory for the worst case.
#include "numbers.h"

int main(int argc, char** argv) {
  int count = numbers_count(argc, argv);
  if (count == 0) return 1;
  int* numbers = malloc((size_t)count * sizeof *numbers);
  if (!numbers) {
    fprintf(stderr, "dynamic: no memory; try a smaller COUNT\n");
    return 1;
  }
  int status = numbers_work(numbers, count);
  free(numbers);
  return status;
}
