// SPDX-License-Identifier: MIT
// Time and sleep. The machine's clock begins at 0 when it is switched on.
#ifndef _TIME_H
#define _TIME_H

typedef long time_t;
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1 };

time_t time(time_t* seconds);
int clock_gettime(int clock, struct timespec* now);
int nanosleep(const struct timespec* duration, struct timespec* left);

#endif
