// SPDX-License-Identifier: MIT
// Gives the processor to the next process that is ready.
#ifndef _SCHED_H
#define _SCHED_H

int sched_yield(void);

#endif
