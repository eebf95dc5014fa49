// SPDX-License-Identifier: MIT
#ifndef _SYS_TYPES_H
#define _SYS_TYPES_H

#include <stdint.h>

typedef int pid_t;
typedef int ssize_t;

#endif
