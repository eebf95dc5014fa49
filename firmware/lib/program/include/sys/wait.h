// SPDX-License-Identifier: MIT
// Waiting for children.
#ifndef _SYS_WAIT_H
#define _SYS_WAIT_H

#include <sys/types.h>

enum { WNOHANG = 1 };

pid_t wait(int* status);
pid_t waitpid(pid_t pid, int* status, int options);

// How a child ended: Linux's encoding.
#define WIFEXITED(status) (((status)&0x7f) == 0)
#define WEXITSTATUS(status) ((status) >> 8 & 0xff)
#define WIFSIGNALED(status) (((status)&0x7f) != 0)
#define WTERMSIG(status) ((status)&0x7f)

#endif
