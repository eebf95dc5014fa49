// SPDX-License-Identifier: MIT
// Quick sort, heap sort, merge sort of pseudo-random numbers and strings; binary search.
#include "../runtime.h"

enum { COUNT = 1200 };
static int numbers[3][COUNT];
static char words[64][12];
static const char* order[64];

static uint32_t next(uint32_t* state) { return *state = *state * 1664525u + 1013904223u; }

static void swap(int* a, int* b) {
  int t = *a;
  *a = *b;
  *b = t;
}

static void quick(int* a, int n) {
  if (n < 2) return;
  int pivot = a[n / 2], i = 0, j = n - 1;
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) swap(&a[i++], &a[j--]);
  }
  quick(a, j + 1);
  quick(a + i, n - i);
}

static void sift(int* a, int root, int n) {
  for (int child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && a[child] < a[child + 1]) child++;
    if (a[root] >= a[child]) return;
    swap(&a[root], &a[child]);
  }
}

static void heap(int* a, int n) {
  for (int i = n / 2; i >= 0; i--) sift(a, i, n);
  for (int i = n - 1; i > 0; i--) swap(&a[0], &a[i]), sift(a, 0, i);
}

static void merge(int* a, int n) {
  static int room[COUNT];
  if (n < 2) return;
  int half = n / 2, i = 0, j = half;
  merge(a, half);
  merge(a + half, n - half);
  for (int k = 0; k < n; k++) room[k] = j >= n || (i < half && a[i] <= a[j]) ? a[i++] : a[j++];
  memcpy(a, room, (size_t)n * sizeof *a);
}

static uint32_t digest(const int* a) {
  uint32_t sum = 0;
  for (int i = 0; i < COUNT; i++) sum = (sum << 5 | sum >> 27) ^ (uint32_t)a[i];
  return sum;
}

static void sort_words(int (*compare)(const char*, const char*)) {
  for (int i = 1; i < 64; i++)
    for (int j = i; j > 0 && compare(order[j - 1], order[j]) > 0; j--) {
      const char* t = order[j];
      order[j] = order[j - 1];
      order[j - 1] = t;
    }
}
static int backwards(const char* a, const char* b) { return strcmp(b, a); }

int main(void) {
  uint32_t state = 42;
  for (int i = 0; i < COUNT; i++) numbers[0][i] = numbers[1][i] = numbers[2][i] = (int)next(&state) >> (i % 20);
  quick(numbers[0], COUNT);
  heap(numbers[1], COUNT);
  merge(numbers[2], COUNT);
  for (int i = 0; i < 3; i++) show("sorted", digest(numbers[i]));
  if (memcmp(numbers[0], numbers[1], sizeof numbers[0]) || memcmp(numbers[1], numbers[2], sizeof numbers[0])) return 1;
  for (int i = 0; i < 64; i++) {
    for (int k = 0; k < 8; k++) words[i][k] = (char)('a' + (next(&state) >> 24) % 26);
    order[i] = words[i];
  }
  sort_words(strcmp);
  print(order[0]);
  print("\n");
  sort_words(backwards);
  print(order[0]);
  print("\n");
  return 0;
}
