// SPDX-License-Identifier: MIT
// sleeper [MS]: sleeps, and looks at the clock if it was long enough. While it sleeps others run, or nobody.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long nanoseconds(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) exit(1);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int main(int argc, char** argv) {
  int ms = argc > 1 ? atoi(argv[1]) : 20;
  struct timespec duration = {ms / 1000, ms % 1000 * 1000000};
  long long begin = nanoseconds();
  int result = nanosleep(&duration, NULL);
  if (result != 0 || nanoseconds() - begin < ms * 1000000ll) {
    fprintf(stderr, "sleeper: woke too early\n");
    return 1;
  }
  printf("slept %d ms\n", ms);
  return 0;
}
