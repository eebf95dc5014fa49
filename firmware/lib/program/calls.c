// SPDX-License-Identifier: MIT
// System calls, as Linux has them for i386: INT 80 with the number in EAX, arguments in EBX, ECX, EDX; the result or a
// negative errno value comes back in EAX. So the same program runs on Linux and on this system.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  CALL_EXIT = 1,
  CALL_FORK = 2,
  CALL_READ = 3,
  CALL_WRITE = 4,
  CALL_WAITPID = 7,
  CALL_EXECVE = 11,
  CALL_TIME = 13,
  CALL_GETPID = 20,
  CALL_KILL = 37,
  CALL_BRK = 45,
  CALL_GETPPID = 64,
  CALL_SCHED_YIELD = 158,
  CALL_NANOSLEEP = 162,
  CALL_CLOCK_GETTIME = 265
};

int errno;

long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

static int call(long number, long a, long b, long c) {
  long result = system_call(number, a, b, c);
  if (result < 0) {
    errno = (int)-result;
    return -1;
  }
  return (int)result;
}

void _exit(int status) {
  for (;;) system_call(CALL_EXIT, status, 0, 0);
}

pid_t fork(void) { return call(CALL_FORK, 0, 0, 0); }

int execve(const char* path, char* const argv[], char* const envp[]) {
  return call(CALL_EXECVE, (long)path, (long)argv, (long)envp);
}

pid_t waitpid(pid_t pid, int* status, int options) { return call(CALL_WAITPID, pid, (long)status, options); }
pid_t wait(int* status) { return waitpid(-1, status, 0); }
pid_t getpid(void) { return call(CALL_GETPID, 0, 0, 0); }
pid_t getppid(void) { return call(CALL_GETPPID, 0, 0, 0); }
int kill(pid_t pid, int signal) { return call(CALL_KILL, pid, signal, 0); }
int sched_yield(void) { return call(CALL_SCHED_YIELD, 0, 0, 0); }

void abort(void) {
  kill(getpid(), SIGABRT);
  _exit(128 + SIGABRT);
}

ssize_t read(int fd, void* to, size_t bytes) { return call(CALL_READ, fd, (long)to, (long)bytes); }
ssize_t write(int fd, const void* from, size_t bytes) { return call(CALL_WRITE, fd, (long)from, (long)bytes); }

time_t time(time_t* seconds) { return call(CALL_TIME, (long)seconds, 0, 0); }
int clock_gettime(int clock, struct timespec* now) { return call(CALL_CLOCK_GETTIME, clock, (long)now, 0); }
int nanosleep(const struct timespec* duration, struct timespec* left) {
  return call(CALL_NANOSLEEP, (long)duration, (long)left, 0);
}

// The kernel returns the heap's end: the new one, or the old one if there is no room. It is an address, no errno value.
static char* set_heap_end(char* end) { return (char*)system_call(CALL_BRK, (long)end, 0, 0); }

int brk(void* end) {
  if (set_heap_end(end) == end) return 0;
  errno = ENOMEM;
  return -1;
}

void* sbrk(intptr_t increment) {
  char* old = set_heap_end(NULL);
  if (increment == 0 || brk(old + increment) == 0) return old;
  return (void*)-1;
}
