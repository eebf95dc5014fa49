// SPDX-License-Identifier: MIT
// The work that static-array and dynamic have in common: random numbers, put in order, and the one in the middle.
#ifndef PAGEWALK_FIRMWARE_USER_NUMBERS_H
#define PAGEWALK_FIRMWARE_USER_NUMBERS_H

#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS_WORST_CASE = 16384 };

// 1 .. NUMBERS_WORST_CASE, from the first argument; 0 after a message.
static inline int numbers_count(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 100;
  if (count >= 1 && count <= NUMBERS_WORST_CASE) return count;
  fprintf(stderr, "%s: COUNT must be 1 to %d\n", argv[0], NUMBERS_WORST_CASE);
  return 0;
}

static inline int numbers_compare(const void* a, const void* b) {
  int left = *(const int*)a, right = *(const int*)b;
  return left < right ? -1 : left > right;
}

// The exit status.
static inline int numbers_work(int* numbers, int count) {
  for (int i = 0; i < count; i++) numbers[i] = rand() % 1000;
  qsort(numbers, (size_t)count, sizeof *numbers, numbers_compare);
  for (int i = 1; i < count; i++) {
    if (numbers[i - 1] <= numbers[i]) continue;
    fprintf(stderr, "the numbers are not in order\n");
    return 1;
  }
  printf("the median of %d numbers is %d\n", count, numbers[count / 2]);
  return 0;
}

#endif
