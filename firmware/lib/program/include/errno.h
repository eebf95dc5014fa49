// SPDX-License-Identifier: MIT
// Why the last call failed. The numbers are Linux's on i386.
#ifndef _ERRNO_H
#define _ERRNO_H

extern int errno;

enum {
  EPERM = 1,
  ENOENT = 2,
  ESRCH = 3,
  EINTR = 4,
  E2BIG = 7,
  ENOEXEC = 8,
  EBADF = 9,
  ECHILD = 10,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  EFAULT = 14,
  EINVAL = 22,
  ENOSYS = 38
};

#endif
