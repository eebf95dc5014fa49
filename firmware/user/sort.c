// SPDX-License-Identifier: MIT
// sort [COUNT [SEED]]: sorts random numbers on the heap by quicksort and by the library's heapsort; both must agree, be
// in order, and have the sum that the numbers had before. Its working set (ledger D9) is 8 * COUNT bytes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned sum(const int* numbers, int count) {
  unsigned total = 0;
  for (int i = 0; i < count; i++) total += (unsigned)numbers[i];
  return total;
}

static void swap(int* a, int* b) {
  int old = *a;
  *a = *b;
  *b = old;
}

// The smaller part by recursion, the larger one by going on: the stack stays small.
static void quicksort(int* numbers, int count) {
  while (count > 1) {
    int pivot = numbers[count / 2], low = 0, high = count - 1;
    while (low <= high) {
      while (numbers[low] < pivot) low++;
      while (numbers[high] > pivot) high--;
      if (low <= high) swap(&numbers[low++], &numbers[high--]);
    }
    if (high + 1 < count - low) {
      quicksort(numbers, high + 1);
      numbers += low;
      count -= low;
    } else {
      quicksort(numbers + low, count - low);
      count = high + 1;
    }
  }
}

static int compare(const void* a, const void* b) {
  int left = *(const int*)a, right = *(const int*)b;
  return left < right ? -1 : left > right;
}

static int fail(const char* why) {
  fprintf(stderr, "sort: %s\n", why);
  return 1;
}

int main(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 2000, seed = argc > 2 ? atoi(argv[2]) : 1;
  if (count < 1) return fail("COUNT must be at least 1");
  size_t bytes = (size_t)count * sizeof(int);
  int *numbers = malloc(bytes), *again = malloc(bytes);
  if (!numbers || !again) return fail("no memory; try a smaller COUNT");
  srand((unsigned)seed);
  for (int i = 0; i < count; i++) numbers[i] = rand();
  memcpy(again, numbers, bytes);
  unsigned before = sum(numbers, count);
  quicksort(numbers, count);
  qsort(again, (size_t)count, sizeof(int), compare);
  for (int i = 1; i < count; i++)
    if (numbers[i - 1] > numbers[i]) return fail("the numbers are not in order");
  if (sum(numbers, count) != before) return fail("a number was lost");
  if (memcmp(numbers, again, bytes) != 0) return fail("quicksort and heapsort differ");
  printf("sorted %d numbers: %d, ..., %d, ..., %d\n", count, numbers[0], numbers[count / 2], numbers[count - 1]);
  return 0;
}
