// SPDX-License-Identifier: MIT
// quiz: note 003, "Match that Address Space" (ledger A9, E10): where do x, main, y, z and *z live? The answers: static
// data, code, stack, stack, heap; so from the lowest address to the highest: main, x, *z, then y and z.
#include <stdio.h>
#include <stdlib.h>

int x;

int main(int argc, char* argv[]) {
  int y = argc;
  int* z = malloc(sizeof(int));
  (void)argv;
  if (!z) {
    fprintf(stderr, "quiz: no memory\n");
    return 1;
  }
  printf("x    %p\n", (void*)&x);
  printf("main %p\n", (void*)main);
  printf("y    %p\n", (void*)&y);
  printf("z    %p\n", (void*)&z);
  printf("*z   %p\n", (void*)z);
  char *code = (char*)main, *data = (char*)&x, *heap = (char*)z;
  if (code < data && data < heap && heap < (char*)&y && heap < (char*)&z) return 0;
  fprintf(stderr, "quiz: code, static data, heap and stack do not lie in this order\n");
  return 1;
}
