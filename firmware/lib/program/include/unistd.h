// SPDX-License-Identifier: MIT
// System calls of programs: processes and output. They return -1 and set errno when they fail.
#ifndef _UNISTD_H
#define _UNISTD_H

#include <stddef.h>
#include <sys/types.h>

enum { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };

void _exit(int status) __attribute__((noreturn));
pid_t fork(void);
int execve(const char* path, char* const argv[], char* const envp[]);
pid_t getpid(void);
pid_t getppid(void);
ssize_t read(int fd, void* to, size_t bytes);
ssize_t write(int fd, const void* from, size_t bytes);

// The end of the heap: set it to an address, or move it by an increment and get the old one ((void*)-1: no room).
int brk(void* end);
void* sbrk(intptr_t increment);

// The kernel's own answer: the result, or a negative errno value.
long system_call(long number, long a, long b, long c);

#endif
