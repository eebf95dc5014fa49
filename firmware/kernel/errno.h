// SPDX-License-Identifier: MIT
// The errno values that kernel calls return, negated (the numbers are Linux's on i386).
#ifndef PAGEWALK_FIRMWARE_KERNEL_ERRNO_H
#define PAGEWALK_FIRMWARE_KERNEL_ERRNO_H

enum {
  KERNEL_ENOENT = 2,   // no such program
  KERNEL_ESRCH = 3,    // no such process
  KERNEL_E2BIG = 7,    // too many arguments, or too long ones
  KERNEL_ENOEXEC = 8,  // a program that can't be placed
  KERNEL_EBADF = 9,    // not an open file
  KERNEL_ECHILD = 10,  // no child to wait for
  KERNEL_EAGAIN = 11,  // the process table is full
  KERNEL_ENOMEM = 12,
  KERNEL_EFAULT = 14,  // an address that the process has no right to
  KERNEL_EEXIST = 17,
  KERNEL_EINVAL = 22,
  KERNEL_ENAMETOOLONG = 36,
  KERNEL_ENOSYS = 38,  // no such system call
};

#endif
