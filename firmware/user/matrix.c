// SPDX-License-Identifier: MIT
// matrix [N [row|column]]: C = A * B for N x N matrices of integers. "row" goes along the rows of B in the innermost
// loop, "column" down its columns, which touches a page for each element as soon as a row is as long as a page (ledger
// B10). Checked as Freivalds does: C * r must be A * (B * r).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned number;  // modulo 2^32, in which sums need no care

static number* new_numbers(int count) {
  number* numbers = calloc((size_t)count, sizeof *numbers);
  if (numbers) return numbers;
  fprintf(stderr, "matrix: no memory; try a smaller N\n");
  exit(1);
}

static number* new_random(int count) {
  number* numbers = new_numbers(count);
  for (int i = 0; i < count; i++) numbers[i] = (number)rand();
  return numbers;
}

static void multiply_by_row(number* c, const number* a, const number* b, int n) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++)
      for (int j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
}

static void multiply_by_column(number* c, const number* a, const number* b, int n) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n; k++) c[i * n + j] += a[i * n + k] * b[k * n + j];
}

static number* times_vector(const number* m, const number* vector, int n) {
  number* product = new_numbers(n);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++) product[i] += m[i * n + k] * vector[k];
  return product;
}

int main(int argc, char** argv) {
  int n = argc > 1 ? atoi(argv[1]) : 32;
  int by_column = argc > 2 && strcmp(argv[2], "column") == 0;
  if (n < 1 || n > 10000) {
    fprintf(stderr, "matrix: N must be 1 to 10000\n");
    return 1;
  }
  number *a = new_random(n * n), *b = new_random(n * n), *c = new_numbers(n * n);
  (by_column ? multiply_by_column : multiply_by_row)(c, a, b, n);
  number *r = new_random(n), *right = times_vector(a, times_vector(b, r, n), n), *left = times_vector(c, r, n);
  if (memcmp(left, right, (size_t)n * sizeof *left) != 0) {
    fprintf(stderr, "matrix: the product is wrong\n");
    return 1;
  }
  number trace = 0;
  for (int i = 0; i < n; i++) trace += c[i * n + i];
  printf("%d x %d: the product's trace is %u\n", n, n, trace);
  return 0;
}
