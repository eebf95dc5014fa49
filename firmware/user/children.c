// SPDX-License-Identifier: MIT
// children [COUNT]: forks COUNT children at once (ledger C13); each works in its own copy of the memory and ends with
// its number. The parent's memory must be as before, and each number must come back once.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 100, WORDS = 256 };

static int shared_before[WORDS];  // and each has its own afterwards

static int work(int number) {
  for (int i = 0; i < WORDS; i++) shared_before[i] += number;
  for (int i = 0; i < WORDS; i++)
    if (shared_before[i] != i + number) return 0;
  return number;
}

int main(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 4, status, seen[MOST + 1] = {0};
  if (count < 1 || count > MOST) {
    fprintf(stderr, "children: COUNT must be 1 to %d\n", MOST);
    return 1;
  }
  for (int i = 0; i < WORDS; i++) shared_before[i] = i;
  for (int number = 1; number <= count; number++) {
    pid_t pid = fork();
    if (pid == 0) return work(number);
    if (pid < 0) {
      fprintf(stderr, "children: fork: %s\n", strerror(errno));
      return 1;
    }
  }
  for (int i = 0; i < count; i++) {
    if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > count || seen[WEXITSTATUS(status)]++) {
      fprintf(stderr, "children: one ended with %x\n", (unsigned)status);
      return 1;
    }
  }
  if (seen[0] || work(0) != 0 || shared_before[1] != 1) {
    fprintf(stderr, "children: memory is not as it was\n");
    return 1;
  }
  printf("%d children came back\n", count);
  return 0;
}
