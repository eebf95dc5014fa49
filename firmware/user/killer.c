// SPDX-License-Identifier: MIT
// killer: kills a child that would never end, and sees that it died of it.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int status = 0;
  pid_t pid = fork();
  if (pid == 0)
    for (volatile unsigned turns = 0;; turns++) continue;
  if (pid < 0 || kill(pid, SIGKILL) != 0 || waitpid(pid, &status, 0) != pid) {
    fprintf(stderr, "killer: a call failed (errno %d)\n", errno);
    return 1;
  }
  printf("the child died of signal %d\n", WTERMSIG(status));
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && kill(pid, SIGKILL) == -1 && errno == ESRCH ? 0 : 1;
}
