// SPDX-License-Identifier: MIT
// parent [STATUS]: forks, the child executes the program `child`, and the parent waits for it and looks how it ended
// (ledger C30).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char* what) {
  perror(what);
  return 1;
}

int main(int argc, char** argv) {
  char* wanted = argc > 1 ? argv[1] : "7";
  char *arguments[] = {"child", wanted, NULL}, *environment[] = {NULL};
  int status;
  pid_t pid = fork();
  if (pid < 0) return fail("parent: fork");
  if (pid == 0) {
    execve("child", arguments, environment);
    return fail("parent: child");
  }
  if (waitpid(pid, &status, 0) != pid) return fail("parent: waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != (atoi(wanted) & 0xff)) {
    fprintf(stderr, "parent: the child ended with %x\n", (unsigned)status);
    return 1;
  }
  printf("parent: the child ended with status %d\n", WEXITSTATUS(status));
  return wait(&status) == -1 && errno == ECHILD ? 0 : fail("parent: there should be no other child, but");
}
