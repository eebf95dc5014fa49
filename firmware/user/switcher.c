// SPDX-License-Identifier: MIT
// switcher [PAGES [TIMES]]: touches a word in each of PAGES pages, then lets the next process run, TIMES times. Two of
// them measure what a context switch costs (ledger A12), the TLB misses of coming back included.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE_WORDS = 1024 };

int main(int argc, char** argv) {
  int pages = argc > 1 ? atoi(argv[1]) : 8, times = argc > 2 ? atoi(argv[2]) : 50, sum = 0;
  int* memory = pages > 0 ? calloc((size_t)pages * PAGE_WORDS, sizeof *memory) : NULL;
  if (!memory) {
    fprintf(stderr, "switcher: %s\n", pages > 0 ? "no memory; try fewer PAGES" : "PAGES must be at least 1");
    return 1;
  }
  for (int i = 0; i < times; i++) {
    for (int page = 0; page < pages; page++) memory[page * PAGE_WORDS]++;
    sched_yield();
  }
  for (int page = 0; page < pages; page++) sum += memory[page * PAGE_WORDS];
  printf("%d pages, %d times\n", pages, times);
  if (sum == pages * times) return 0;
  fprintf(stderr, "switcher: a count is wrong\n");
  return 1;
}
