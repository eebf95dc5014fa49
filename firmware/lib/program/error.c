// SPDX-License-Identifier: MIT
// What goes wrong, in words.
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char* strerror(int error) {
  switch (error) {
    case 0:
      return "Success";
    case EPERM:
      return "Operation not permitted";
    case ENOENT:
      return "No such file or directory";
    case ESRCH:
      return "No such process";
    case EINTR:
      return "Interrupted system call";
    case E2BIG:
      return "Argument list too long";
    case ENOEXEC:
      return "Exec format error";
    case EBADF:
      return "Bad file descriptor";
    case ECHILD:
      return "No child processes";
    case EAGAIN:
      return "Resource temporarily unavailable";
    case ENOMEM:
      return "Cannot allocate memory";
    case EACCES:
      return "Permission denied";
    case EFAULT:
      return "Bad address";
    case EINVAL:
      return "Invalid argument";
    case ENOSYS:
      return "Function not implemented";
    default:
      return "Unknown error";
  }
}

void perror(const char* what) { fprintf(stderr, "%s: %s\n", what, strerror(errno)); }

void assert_failed(const char* claim, const char* file, int line) {
  fprintf(stderr, "%s:%d: this is wrong: %s\n", file, line, claim);
  abort();
}
