// SPDX-License-Identifier: MIT
// The errno values that kernel calls return, negated (the numbers are Linux's on i386).
#ifndef PAGEWALK_FIRMWARE_KERNEL_ERRNO_H
#define PAGEWALK_FIRMWARE_KERNEL_ERRNO_H

enum {
  KERNEL_ESRCH = 3,    // no such process
  KERNEL_EAGAIN = 11,  // the process table is full
  KERNEL_ENOMEM = 12,
  KERNEL_EEXIST = 17,
  KERNEL_EINVAL = 22,
};

#endif
