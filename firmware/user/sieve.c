// SPDX-License-Identifier: MIT
// sieve [LIMIT]: primes below LIMIT by the sieve of Eratosthenes, checked by dividing. Locality (ledger B10): the sieve
// walks over an array of LIMIT bytes with strides that grow: first within pages, then from page to page.
#include <stdio.h>
#include <stdlib.h>

static void cross_out(char* composite, int limit) {
  for (int p = 2; p <= (limit - 1) / p; p++) {
    if (composite[p]) continue;
    for (int multiple = p * p; multiple < limit; multiple += p) composite[multiple] = 1;
  }
}

static int is_prime(int number) {
  for (int divisor = 2; divisor <= number / divisor; divisor++)
    if (number % divisor == 0) return 0;
  return 1;
}

int main(int argc, char** argv) {
  int limit = argc > 1 ? atoi(argv[1]) : 10000, count = 0, last = 0;
  char* composite = limit > 2 ? calloc((size_t)limit, 1) : NULL;
  if (!composite) {
    fprintf(stderr, limit > 2 ? "sieve: no memory; try a smaller LIMIT\n" : "sieve: LIMIT must be more than 2\n");
    return 1;
  }
  cross_out(composite, limit);
  for (int number = 2; number < limit; number++) {
    if (composite[number] == is_prime(number)) {
      fprintf(stderr, "sieve: it is wrong about %d\n", number);
      return 1;
    }
    if (composite[number]) continue;
    count++;
    last = number;
  }
  printf("%d primes below %d, the last is %d\n", count, limit, last);
  return 0;
}
