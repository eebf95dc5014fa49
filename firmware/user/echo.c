// SPDX-License-Identifier: MIT
// echo [WORD...]: prints its arguments; shows that argv arrives on the stack.
#include <stdio.h>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) printf("%s%s", argv[i], i + 1 < argc ? " " : "");
  printf("\n");
  return argv[argc] == NULL ? 0 : 1;
}
